/* What operators and array functions may write, and of which types: storage types that a
 * constructor does not do, memory for reading only, workspaces that are not aligned, outputs that
 * share memory. All of it is refused by name or done right. */
#include <voxgrad/voxgrad.h>

#include "test.h"

static vxg_device *dev;

#define REFUSED(call, code, words)                                                                 \
    do {                                                                                           \
        vxg_error_clear();                                                                         \
        const int status_ = (call);                                                                \
        EXPECT(status_ == (code) && strstr(vxg_error_message(), words), "%s: status %d, '%s'",     \
               #call, status_, vxg_error_message());                                               \
    } while (0)

/* ---- Every constructor that takes a space, of every storage type ---- */
#define TYPE(e, ...) VXG_##e,
static const vxg_dtype types[] = {VXG_DTYPE_LIST(TYPE)};
#define NTYPES ((int)(sizeof types / sizeof *types))

static int copy_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                      const vxg_array *out) {
    (void)op;
    return vxg_array_copy(call->queue, in, out);
}
static int copy_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                    const vxg_array *cotangent, const vxg_array *grad) {
    (void)op, (void)in;
    return vxg_array_copy(call->queue, cotangent, grad);
}
static int new_copy(const vxg_space *s, vxg_op **out) {
    static const vxg_op_class cls = {.name = "test.copy", .apply = copy_apply, .vjp = copy_vjp};
    return vxg_op_new(
        &cls, &(vxg_op_opts){.linear = 1, .device = dev, .in = s, .ninputs = 1, .out = s}, out);
}

static int make_scale(const vxg_space *s, vxg_op **out) {
    return vxg_op_math(dev, VXG_MATH_SCALE, 2, s, out);
}
static int make_exp(const vxg_space *s, vxg_op **out) {
    return vxg_op_math(dev, VXG_MATH_EXP, 2, s, out);
}
static int make_log(const vxg_space *s, vxg_op **out) {
    return vxg_op_math(dev, VXG_MATH_LOG, 2, s, out);
}
static int make_multiply(const vxg_space *s, vxg_op **out) {
    return vxg_op_multiply(dev, s, out);
}
static int make_fft(const vxg_space *s, vxg_op **out) {
    return vxg_op_fft(dev, s, NULL, out);
}
static int make_rfft(const vxg_space *s, vxg_op **out) {
    return vxg_op_fft(dev, s, &(vxg_fft_opts){.kind = VXG_FFT_REAL}, out);
}
static int make_half(const vxg_space *s, vxg_op **out) {
    return vxg_op_fft(dev, s, &(vxg_fft_opts){.kind = VXG_FFT_HALF}, out);
}
static int make_filter(const vxg_space *s, vxg_op **out) {
    double response[33];
    for (int i = 0; i < 33; i++) response[i] = 1;
    return vxg_ct_filter(dev, s, response, 64, NULL,
                         s->dtype == VXG_F64 ? VXG_REAL_F64 : VXG_REAL_F32, out);
}
static int make_scaled(const vxg_space *s, vxg_op **out) {
    vxg_op *part;
    const int status = new_copy(s, &part);
    if (status) return status;
    const int made = vxg_op_scale(3, part, out);
    vxg_op_release(part);
    return made;
}

typedef struct constructor {
    const char *name;
    int (*make)(const vxg_space *s, vxg_op **out);
    int reals, complexes; /* which types it does */
} constructor;
static const constructor constructors[] = {
    {"scale", make_scale, 1, 0},  {"exp", make_exp, 1, 0},
    {"log", make_log, 1, 0},      {"multiply", make_multiply, 1, 0},
    {"fft", make_fft, 0, 1},      {"rfft", make_rfft, 1, 0},
    {"half", make_half, 1, 0},    {"filter", make_filter, 1, 0},
    {"scaled", make_scaled, 1, 1}};

/* One that is made runs on all of its arrays: the memory checker sees what it touches. */
static void run_all(vxg_op *op, const char *name, vxg_dtype type) {
    vxg_array x[2] = {{0}}, g[2] = {{0}}, y;
    for (int i = 0; i < vxg_op_inputs(op); i++) {
        CHECK_OK(vxg_op_new_array(op, i, &x[i]));
        CHECK_OK(vxg_op_new_array(op, i, &g[i]));
        CHECK_OK(vxg_array_fill(NULL, &x[i], 1));
    }
    CHECK_OK(vxg_op_new_array(op, -1, &y));
    const int status = vxg_op_apply(op, NULL, x, &y);
    EXPECT(!status, "%s of %s: %s", name, vxg_dtype_name(type), vxg_error_message());
    CHECK_OK(vxg_op_vjp(op, NULL, x, &y, g));
    for (int i = 0; i < 2; i++) vxg_array_release(&x[i]), vxg_array_release(&g[i]);
    vxg_array_release(&y);
}

TEST(types)
{
    int refused = 0, made = 0;
    for (size_t c = 0; c < sizeof constructors / sizeof *constructors; c++)
        for (int t = 0; t < NTYPES; t++) {
            const constructor *k = &constructors[c];
            const vxg_space s = {.dtype = types[t], .ndim = 3, .shape = {2, 3, 32}};
            const int real = types[t] == VXG_F32 || types[t] == VXG_F64;
            const int is_complex = types[t] == VXG_C64 || types[t] == VXG_C128;
            vxg_op *op = NULL;
            vxg_error_clear();
            const int status = k->make(&s, &op);
            if ((real && k->reals) || (is_complex && k->complexes)) {
                CHECK(!status, "%s of %s: %s", k->name, vxg_dtype_name(types[t]),
                      vxg_error_message());
                run_all(op, k->name, types[t]);
                made++;
            } else {
                EXPECT((status == VXG_ERR_UNSUPPORTED || status == VXG_ERR_ARGUMENT) && !op &&
                           strstr(vxg_error_message(), vxg_dtype_name(types[t])),
                       "%s of %s: %d '%s'", k->name, vxg_dtype_name(types[t]), status,
                       vxg_error_message());
                refused++;
            }
            vxg_op_release(op);
        }
    EXPECT(made == 20 && refused == 9 * NTYPES - 20, "%d were made, %d refused", made, refused);
    vxg_op *op;
    REFUSED(vxg_op_multiply(dev, &(vxg_space){.dtype = VXG_C64}, &op), VXG_ERR_UNSUPPORTED,
            "math.multiply: the space is complex64");
    vxg_ct_prepared *p;
    REFUSED(vxg_ct_prepared_new(&(vxg_space){.dtype = VXG_I16, .ndim = 2, .shape = {2, 2}}, dev,
                                NULL, NULL, &p),
            VXG_ERR_UNSUPPORTED, "int16");
}

/* ---- Memory for reading only ---- */
static void read_only_view(const vxg_array *like, vxg_array *out) {
    *out = *like;
    CHECK_OK(vxg_buffer_wrap(dev, vxg_buffer_host(like->buffer), vxg_buffer_size(like->buffer),
                             VXG_WRAP_READ_ONLY, NULL, NULL, &out->buffer));
}

TEST(read_only_operators)
{
    int runs = 0;
    for (int r = 0; r < vxg_op_row_count(); r++)
        for (int adjoint = 0; adjoint < 2; adjoint++) {
            const vxg_op_row *row = vxg_op_row_at(r);
            const vxg_problem problem = {.scale = VXG_PROBLEM_TINY, .seed = 1};
            vxg_op *op;
            vxg_array x[VXG_MAX_INPUTS] = {{0}}, c, out, locked;
            CHECK_OK(row->make(dev, &problem, &op));
            for (int i = 0; i < vxg_op_inputs(op); i++) {
                double lo, hi;
                vxg_op_row_range(row, i, &lo, &hi);
                CHECK_OK(vxg_op_new_array(op, i, &x[i]));
                CHECK_OK(vxg_array_random(NULL, &x[i], 3, lo, hi));
            }
            CHECK_OK(vxg_op_new_array(op, -1, &c));
            CHECK_OK(vxg_op_new_array(op, adjoint ? 0 : -1, &out));
            read_only_view(&out, &locked);
            vxg_array grads[VXG_MAX_INPUTS] = {locked};
            vxg_error_clear();
            const int status =
                adjoint ? vxg_op_vjp(op, NULL, x, &c, grads) : vxg_op_apply(op, NULL, x, &locked);
            EXPECT(status == VXG_ERR_ARGUMENT && strstr(vxg_error_message(), "reading only"),
                   "%s: status %d, '%s'", row->name, status, vxg_error_message());
            double most;
            CHECK_OK(vxg_array_max_diff(NULL, &out, NULL, &most));
            EXPECT(most == 0, "%s wrote %g", row->name, most);
            for (int i = 0; i < vxg_op_inputs(op); i++) vxg_array_release(&x[i]);
            vxg_buffer_release(locked.buffer);
            vxg_array_release(&c), vxg_array_release(&out);
            vxg_op_release(op);
            runs++;
        }
    EXPECT(runs > 30, "%d runs", runs);
}

TEST(read_only_arrays)
{
    static float memory[12];
    const int64_t shape[2] = {3, 4};
    float numbers[12] = {1, 2, 3};
    vxg_array a, x, locked;
    CHECK_OK(vxg_array_new(dev, VXG_F32, 2, shape, &x));
    CHECK_OK(vxg_array_fill(NULL, &x, 5));
    a = x;
    CHECK_OK(
        vxg_buffer_wrap(dev, memory, sizeof memory, VXG_WRAP_READ_ONLY, NULL, NULL, &a.buffer));
    locked = a;
    locked.shape[0] = 4, locked.shape[1] = 3, locked.stride[0] = 1, locked.stride[1] = 4;
    vxg_array turned = x;
    memcpy(turned.shape, locked.shape, sizeof turned.shape);
    memcpy(turned.stride, locked.stride, sizeof turned.stride);
    const vxg_array *list[2] = {&a, &locked}, *from[2] = {&x, &turned};
    for (int i = 0; i < 2; i++) {
        REFUSED(vxg_array_fill(NULL, list[i], 1), VXG_ERR_ARGUMENT,
                "fill: the buffer of the array");
        REFUSED(vxg_array_copy(NULL, from[i], list[i]), VXG_ERR_ARGUMENT, "reading only");
        REFUSED(vxg_array_copy(NULL, list[i], list[i]), VXG_ERR_ARGUMENT, "reading only");
        REFUSED(vxg_array_axpby(NULL, 1, from[i], 0, list[i]), VXG_ERR_ARGUMENT,
                "axpby: the buffer");
        REFUSED(vxg_array_random(NULL, list[i], 1, 0, 1), VXG_ERR_ARGUMENT, "random: the buffer");
        REFUSED(vxg_array_write(NULL, list[i], numbers), VXG_ERR_ARGUMENT, "reading only");
        CHECK_OK(vxg_array_copy(NULL, list[i], from[i])); /* it is read */
    }
    for (int i = 0; i < 12; i++) EXPECT(memory[i] == 0, "%d: %g", i, memory[i]);
    vxg_buffer_release(a.buffer);
    vxg_array_release(&x);
}

/* ---- Workspaces: aligned as the library's own, and writable ---- */
TEST(workspaces)
{
    const vxg_space line = {.dtype = VXG_C64, .ndim = 2, .shape = {16, 64}};
    vxg_op *fft;
    vxg_array x, y, z;
    CHECK_OK(vxg_op_fft(dev, &line, NULL, &fft));
    CHECK_OK(vxg_op_new_array(fft, 0, &x));
    CHECK_OK(vxg_op_new_array(fft, -1, &y));
    CHECK_OK(vxg_op_new_array(fft, -1, &z));
    CHECK_OK(vxg_array_random(NULL, &x, 1, -1, 1));
    CHECK_OK(vxg_op_apply(fft, NULL, &x, &y));
    const size_t need = vxg_op_workspace(fft, NULL);
    vxg_buffer *room, *wrapped;
    CHECK_OK(vxg_buffer_new(dev, need + 128, &room));
    char *memory = vxg_buffer_host(room);
    for (size_t off = 0; off <= 64; off += 4) {
        CHECK_OK(vxg_buffer_wrap(dev, memory + off, need, 0, NULL, NULL, &wrapped));
        const vxg_call call = {.workspace = wrapped};
        if (off % VXG_WORKSPACE_BASE) {
            REFUSED(vxg_op_apply(fft, &call, &x, &z), VXG_ERR_ARGUMENT, "workspace begins at");
        } else {
            double d;
            CHECK_OK(vxg_op_apply(fft, &call, &x, &z));
            CHECK_OK(vxg_array_max_diff(NULL, &y, &z, &d));
            EXPECT(d == 0, "at %zu: off by %g", off, d);
        }
        vxg_buffer_release(wrapped);
    }
    CHECK_OK(vxg_buffer_wrap(dev, memory, need, VXG_WRAP_READ_ONLY, NULL, NULL, &wrapped));
    REFUSED(vxg_op_apply(fft, &(vxg_call){.workspace = wrapped}, &x, &z), VXG_ERR_ARGUMENT,
            "workspace was wrapped for reading only");
    vxg_buffer_release(wrapped), vxg_buffer_release(room);
    vxg_array_release(&x), vxg_array_release(&y), vxg_array_release(&z);
    vxg_op_release(fft);
}

static size_t endless(const vxg_op *op, const vxg_call *call) {
    (void)op, (void)call;
    return SIZE_MAX;
}

/* A size that cannot be had is not taken for none; neither is what a caller says is used. */
TEST(workspace_sizes)
{
    static const vxg_op_class cls = {
        .name = "test.endless", .apply = copy_apply, .vjp = copy_vjp, .workspace = endless};
    const vxg_space s = {.dtype = VXG_F32, .ndim = 1, .shape = {64}};
    vxg_op *op, *twice, *scaled, *normal, *scale, *both;
    vxg_array x, y;
    CHECK_OK(vxg_op_new(
        &cls, &(vxg_op_opts){.linear = 1, .device = dev, .in = &s, .ninputs = 1, .out = &s}, &op));
    CHECK_OK(vxg_op_compose(op, op, &twice));
    CHECK_OK(vxg_op_scale(2, op, &scaled));
    CHECK_OK(vxg_op_normal(op, &normal));
    const vxg_op *list[] = {op, twice, scaled, normal};
    const vxg_subset half = {.count = 32};
    for (int i = 0; i < 4; i++) {
        EXPECT(vxg_op_workspace(list[i], NULL) == SIZE_MAX, "operator %d", i);
        EXPECT(vxg_op_workspace(list[i], &(vxg_call){.subset = &half}) == SIZE_MAX, "subset, %d",
               i);
    }
    CHECK_OK(vxg_op_new_array(op, 0, &x));
    CHECK_OK(vxg_op_new_array(op, 0, &y));
    EXPECT(vxg_op_apply(op, NULL, &x, &y) == VXG_ERR_MEMORY, "it ran");
    /* the bytes of somebody else, with a number near the largest */
    CHECK_OK(vxg_op_math(dev, VXG_MATH_SCALE, 2, &s, &scale));
    CHECK_OK(vxg_op_compose(scale, scale, &both));
    CHECK_OK(vxg_array_fill(NULL, &x, 7));
    const vxg_call full = {.workspace = y.buffer, .workspace_used = SIZE_MAX - 3};
    vxg_array z;
    CHECK_OK(vxg_op_new_array(op, 0, &z));
    CHECK_OK(vxg_op_apply(both, &full, &x, &z));
    double most;
    CHECK_OK(vxg_array_max_diff(NULL, &y, NULL, &most));
    EXPECT(most == 0, "the workspace was written: %g", most);
    vxg_array_release(&x), vxg_array_release(&y), vxg_array_release(&z);
    vxg_op_release(twice), vxg_op_release(scaled), vxg_op_release(normal), vxg_op_release(op);
    vxg_op_release(both), vxg_op_release(scale);
}

/* ---- Outputs that share memory ---- */
static vxg_array view(vxg_buffer *b, int64_t offset, int ndim, const int64_t *shape,
                      const int64_t *stride) {
    vxg_array a = {.dtype = VXG_F32, .buffer = b, .offset = offset, .ndim = ndim};
    memcpy(a.shape, shape, (size_t)ndim * sizeof *shape);
    memcpy(a.stride, stride, (size_t)ndim * sizeof *stride);
    return a;
}
#define VIEW(b, offset, ndim, ...) view(b, offset, ndim, __VA_ARGS__)
#define N(...) ((const int64_t[]){__VA_ARGS__})

TEST(outputs)
{
    static float memory[64];
    const vxg_space line = {.dtype = VXG_F32, .ndim = 1, .shape = {8}};
    const vxg_space row = {.dtype = VXG_F32, .ndim = 2, .shape = {1, 8}};
    const vxg_space plane = {.dtype = VXG_F32, .ndim = 2, .shape = {3, 4}};
    vxg_op *product, *flat, *scale, *line_scale;
    vxg_array x, c, x3;
    vxg_buffer *b, *again;
    CHECK_OK(vxg_op_multiply(dev, &line, &product));
    CHECK_OK(vxg_op_multiply(dev, &row, &flat));
    CHECK_OK(vxg_op_math(dev, VXG_MATH_SCALE, 2, &plane, &scale));
    CHECK_OK(vxg_op_math(dev, VXG_MATH_SCALE, 2, &line, &line_scale));
    CHECK_OK(vxg_op_new_array(product, 0, &x));
    CHECK_OK(vxg_op_new_array(product, 0, &c));
    CHECK_OK(vxg_op_new_array(scale, 0, &x3));
    CHECK_OK(vxg_buffer_wrap(dev, memory, sizeof memory, 0, NULL, NULL, &b));
    CHECK_OK(vxg_buffer_wrap(dev, memory + 4, 32, 0, NULL, NULL, &again));
    const vxg_array in[2] = {x, x};
    vxg_array g[2] = {VIEW(b, 0, 1, N(8), N(1)), VIEW(b, 4, 1, N(8), N(1))};
    REFUSED(vxg_op_vjp(product, NULL, in, &c, g), VXG_ERR_ARGUMENT,
            "gradient 0 overlaps gradient 1");
    g[1] = VIEW(again, 0, 1, N(8), N(1)); /* another buffer over the same memory */
    REFUSED(vxg_op_vjp(product, NULL, in, &c, g), VXG_ERR_ARGUMENT,
            "gradient 0 overlaps gradient 1");
    g[1] = VIEW(b, 8, 1, N(8), N(1));
    CHECK_OK(vxg_op_vjp(product, NULL, in, &c, g));
    g[0] = VIEW(b, 0, 1, N(8), N(2)), g[1] = VIEW(b, 1, 1, N(8), N(2)); /* interleaved */
    CHECK_OK(vxg_op_vjp(product, NULL, in, &c, g));
    /* the same memory, a stride of an axis of size 1 apart */
    vxg_array lines[2] = {x, x}, cot = c;
    lines[0] = VIEW(x.buffer, 0, 2, N(1, 8), N(8, 1)), lines[1] = lines[0];
    cot = VIEW(c.buffer, 0, 2, N(1, 8), N(8, 1));
    g[0] = VIEW(b, 0, 2, N(1, 8), N(8, 1)), g[1] = VIEW(b, 0, 2, N(1, 8), N(99, 1));
    REFUSED(vxg_op_vjp(flat, NULL, lines, &cot, g), VXG_ERR_ARGUMENT, "same array as gradient 1");
    /* elements of one output */
    const int64_t bad[][2] = {{1, 1}, {3, 1}, {1, 2}, {2, 1}, {-1, 1}, {2, 4}, {-3, 1}, {3, 2}};
    const int64_t good[][2] = {{4, 1}, {1, 3}, {-4, 1}, {5, 2}, {8, 2}, {3, 4}, {4, 3}, {2, 7}};
    for (int i = 0; i < 8; i++) {
        const vxg_array y = VIEW(b, 20, 2, N(3, 4), bad[i]), z = VIEW(b, 20, 2, N(3, 4), good[i]);
        REFUSED(vxg_op_apply(scale, NULL, &x3, &y), VXG_ERR_ARGUMENT, "its elements share memory");
        EXPECT(!vxg_op_apply(scale, NULL, &x3, &z), "strides %d: %s", i, vxg_error_message());
    }
    /* a batch of which the input is the even and the output the odd elements */
    for (int i = 0; i < 64; i++) memory[i] = (float)i;
    const vxg_array even = VIEW(b, 0, 2, N(4, 8), N(16, 2)), odd = VIEW(b, 1, 2, N(4, 8), N(16, 2));
    CHECK_OK(vxg_op_apply(line_scale, NULL, &even, &odd));
    for (int i = 0; i < 64; i++) EXPECT(memory[i] == (float)(i % 2 ? 2 * i - 2 : i), "place %d", i);
    /* left and right half of a plane's rows: disjoint; one column more: not */
    const vxg_array left = VIEW(b, 0, 2, N(2, 8), N(32, 1)),
                    right = VIEW(b, 8, 2, N(2, 8), N(32, 1));
    CHECK_OK(vxg_op_apply(line_scale, NULL, &left, &right));
    const vxg_array beside = VIEW(b, 7, 2, N(2, 8), N(32, 1));
    REFUSED(vxg_op_apply(line_scale, NULL, &left, &beside), VXG_ERR_ARGUMENT,
            "of a batch overlaps");
    vxg_buffer_release(b), vxg_buffer_release(again);
    vxg_array_release(&x), vxg_array_release(&c), vxg_array_release(&x3);
    vxg_op_release(product), vxg_op_release(flat), vxg_op_release(scale);
    vxg_op_release(line_scale);
}

/* Random pairs of strided views against the list of their places: refused where they meet. */
TEST(overlaps)
{
    static float memory[400];
    static unsigned char seen[400];
    unsigned state = 7;
    int met = 0, apart = 0, shared = 0;
    vxg_buffer *b;
    CHECK_OK(vxg_buffer_wrap(dev, memory, sizeof memory, 0, NULL, NULL, &b));
    for (int run = 0; run < 20000; run++) {
        int64_t shape[3], strides[2][3], lo[2] = {0}, hi[2] = {0}, at[2];
        for (int i = 0; i < 3; i++) {
            shape[i] = 1 + (int64_t)((state = state * 1664525 + 1013904223) >> 16) % 4;
            for (int k = 0; k < 2; k++) {
                strides[k][i] = (int64_t)((state = state * 1664525 + 1013904223) >> 16) % 41 - 20;
                const int64_t way = strides[k][i] * (shape[i] - 1);
                way < 0 ? (lo[k] += way) : (hi[k] += way);
            }
        }
        for (int k = 0; k < 2; k++)
            at[k] = -lo[k] + (int64_t)((state = state * 1664525 + 1013904223) >> 16) %
                                 (200 - (hi[k] - lo[k]));
        int own = 0, both = 0;
        memset(seen, 0, sizeof seen);
        for (int k = 1; k >= 0; k--)
            for (int64_t p = 0; p < shape[0] * shape[1] * shape[2]; p++) {
                const int64_t i = p % shape[0], j = p / shape[0] % shape[1],
                              l = p / shape[0] / shape[1];
                unsigned char *s =
                    &seen[at[k] + i * strides[k][0] + j * strides[k][1] + l * strides[k][2]];
                if (k) {
                    own |= *s, *s = 1;
                } else {
                    both |= *s;
                }
            }
        const vxg_array x = view(b, at[0], 3, shape, strides[0]);
        const vxg_array y = view(b, at[1], 3, shape, strides[1]);
        int same = at[0] == at[1];
        for (int i = 0; i < 3; i++) same &= shape[i] == 1 || strides[0][i] == strides[1][i];
        const int status = vxg_array_copy(NULL, &x, &y);
        const int want = own || (both && !same) ? VXG_ERR_ARGUMENT : VXG_OK;
        CHECK(status == want, "run %d: %d, %d is expected: %s", run, status, want,
              vxg_error_message());
        own ? shared++ : both ? met++ : apart++;
    }
    EXPECT(met > 100 && apart > 100 && shared > 100, "%d %d %d", met, apart, shared);
    vxg_buffer_release(b);
}

/* Copies that overlap are refused, whole ones of both kinds of path; onto itself nothing moves. */
TEST(copies)
{
    static float memory[24];
    vxg_buffer *b;
    for (int i = 0; i < 24; i++) memory[i] = (float)i;
    CHECK_OK(vxg_buffer_wrap(dev, memory, sizeof memory, 0, NULL, NULL, &b));
    const vxg_array all = VIEW(b, 0, 1, N(24), N(1)), back = VIEW(b, 23, 1, N(24), N(-1));
    const vxg_array lead = VIEW(b, 0, 1, N(20), N(1)), tail = VIEW(b, 2, 1, N(20), N(1));
    const vxg_array even = VIEW(b, 0, 1, N(10), N(2)), later = VIEW(b, 2, 1, N(10), N(2));
    const vxg_array pairs[][2] = {{all, back}, {lead, tail}, {even, later}};
    for (int i = 0; i < 3; i++) {
        REFUSED(vxg_array_copy(NULL, &pairs[i][0], &pairs[i][1]), VXG_ERR_ARGUMENT,
                "copy: the two arrays overlap");
        REFUSED(vxg_array_axpby(NULL, 1, &pairs[i][0], 1, &pairs[i][1]), VXG_ERR_ARGUMENT,
                "axpby: the two arrays overlap");
        CHECK_OK(vxg_array_copy(NULL, &pairs[i][1], &pairs[i][1]));
    }
    const vxg_array point = VIEW(b, 0, 1, N(24), N(0));
    REFUSED(vxg_array_copy(NULL, &all, &point), VXG_ERR_ARGUMENT, "share memory");
    REFUSED(vxg_subset_take(NULL, &(vxg_subset){.count = 20}, &all, 0, &tail), VXG_ERR_ARGUMENT,
            "rows of a subset: the two arrays overlap");
    for (int i = 0; i < 24; i++) EXPECT(memory[i] == (float)i, "place %d: %g", i, memory[i]);
    CHECK_OK(vxg_array_axpby(NULL, 1, &all, 1, &all));
    EXPECT(memory[23] == 46, "twice: %g", memory[23]);
    vxg_buffer_release(b);
}

/* ---- Types without arithmetic: what is copied works, what is added is refused by name ---- */
TEST(any_type)
{
    unsigned char bytes[24 * 16], got[24 * 16];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)(i % 60);
    for (int t = 0; t < NTYPES; t++) {
        const vxg_space s = {.dtype = types[t], .ndim = 2, .shape = {4, 6}};
        const size_t size = vxg_dtype_size(types[t]);
        const int arithmetic = types[t] == VXG_F32 || types[t] == VXG_F64 || types[t] == VXG_C64 ||
                               types[t] == VXG_C128;
        const vxg_subset two = {.first = 3, .count = 2, .step = -2}; /* rows 3 and 1 */
        const vxg_call some = {.subset = &two}, add = {.accumulate = 1};
        vxg_op *op;
        vxg_array x, y, turned, rows, strided;
        CHECK_OK(new_copy(&s, &op));
        CHECK_OK(vxg_op_new_array(op, 0, &x));
        CHECK_OK(vxg_op_new_array(op, 0, &y));
        CHECK_OK(vxg_array_new(dev, types[t], 2, N(6, 4), &turned));
        CHECK_OK(vxg_array_permute(&turned, (const int[]){1, 0}, &strided));
        CHECK_OK(vxg_array_new(dev, types[t], 2, N(2, 6), &rows));
        CHECK_OK(vxg_array_write(NULL, &x, bytes));
        CHECK_OK(vxg_op_apply(op, NULL, &x, &strided));
        CHECK_OK(vxg_op_apply(op, NULL, &strided, &y));
        CHECK_OK(vxg_op_apply(op, NULL, &y, &y)); /* in place */
        CHECK_OK(vxg_array_read(NULL, &y, got));
        EXPECT(!memcmp(got, bytes, 24 * size), "%s: other bytes", vxg_dtype_name(types[t]));
        CHECK_OK(vxg_op_apply(op, &some, &x, &rows));
        CHECK_OK(vxg_array_read(NULL, &rows, got));
        EXPECT(!memcmp(got, bytes + 18 * size, 6 * size) &&
                   !memcmp(got + 6 * size, bytes + 6 * size, 6 * size),
               "%s: other rows", vxg_dtype_name(types[t]));
        CHECK_OK(vxg_op_jvp(op, NULL, &x, (const vxg_array[]){{0}}, &strided)); /* zero */
        CHECK_OK(vxg_array_read(NULL, &strided, got));
        for (size_t i = 0; i < 24 * size; i++) EXPECT(!got[i], "%s", vxg_dtype_name(types[t]));
        if (arithmetic) {
            CHECK_OK(vxg_op_apply(op, &add, &x, &y));
            CHECK_OK(vxg_op_vjp(op, &some, NULL, &rows, &y));
        } else {
            REFUSED(vxg_op_apply(op, &add, &x, &y), VXG_ERR_UNSUPPORTED, "which cannot be added");
            REFUSED(vxg_op_vjp(op, &some, NULL, &rows, &y), VXG_ERR_UNSUPPORTED, "cotangent is");
        }
        vxg_array_release(&x), vxg_array_release(&y), vxg_array_release(&turned);
        vxg_array_release(&rows), vxg_array_release(&strided);
        vxg_op_release(op);
    }
}

/* ---- Arrays without elements ---- */
TEST(empty)
{
    vxg_array a, c, d, flat, x, y;
    vxg_op *fft;
    CHECK_OK(vxg_array_new(dev, VXG_F32, 3, N(3, 0, 2), &a));
    EXPECT(vxg_array_is_contiguous(&a), "no element, no gap");
    CHECK_OK(vxg_array_reshape(&a, 1, N(0), &flat));
    CHECK_OK(vxg_array_new(dev, VXG_C64, 2, N(0, 4), &c));
    CHECK_OK(vxg_array_new(dev, VXG_C64, 2, N(0, 4), &d));
    CHECK_OK(vxg_array_axpby(NULL, 2, &c, 1, &d));
    CHECK_OK(vxg_array_fill(NULL, &d, 1));
    const vxg_space s = {.dtype = VXG_F32, .ndim = 3, .shape = {3, 0, 8}};
    CHECK_OK(vxg_op_fft(dev, &s, &(vxg_fft_opts){.kind = VXG_FFT_REAL}, &fft));
    CHECK_OK(vxg_op_new_array(fft, 0, &x));
    CHECK_OK(vxg_op_new_array(fft, -1, &y));
    CHECK_OK(vxg_op_apply(fft, NULL, &x, &y));
    CHECK_OK(vxg_op_apply(fft, &(vxg_call){.accumulate = 1}, &x, &y));
    CHECK_OK(vxg_op_apply_adjoint(fft, NULL, &y, &x));
    vxg_array_release(&a), vxg_array_release(&flat), vxg_array_release(&c), vxg_array_release(&d);
    vxg_array_release(&x), vxg_array_release(&y);
    vxg_op_release(fft);
}

/* ---- Numbers that no array has ---- */
TEST(absurd)
{
    float numbers[24] = {0};
    vxg_buffer *b;
    vxg_op *op;
    CHECK_OK(vxg_buffer_wrap(dev, numbers, sizeof numbers, 0, NULL, NULL, &b));
    const vxg_array x = VIEW(b, 0, 1, N(12), N(1)), y = VIEW(b, 12, 1, N(12), N(1));
    vxg_array bad = x;
    const vxg_subset all = {.count = 12}, sized = {.size = 4, .count = 12};
    bad.ndim = 1000;
    REFUSED(vxg_subset_take(NULL, &all, &bad, 0, &y), VXG_ERR_ARGUMENT, "rank 1000");
    REFUSED(vxg_subset_put(NULL, &all, &y, &bad), VXG_ERR_ARGUMENT, "rank 1000");
    REFUSED(vxg_subset_take(NULL, &sized, &x, 0, &y), VXG_ERR_ARGUMENT, "size is 4");
    CHECK_OK(vxg_subset_take(NULL, &all, &x, 0, &y));
    EXPECT(vxg_subset_run(&all, 15) == 1 && vxg_subset_run(&all, -1) == 1 &&
               vxg_subset_run(&all, 2) == 10,
           "runs");
    bad = x, bad.reserved[4] = 1;
    REFUSED(vxg_array_fill(NULL, &bad, 0), VXG_ERR_ARGUMENT, "must be zero");
    vxg_space s = {.dtype = VXG_F32, .ndim = 1, .shape = {12}};
    CHECK_OK(vxg_op_math(dev, VXG_MATH_SCALE, 2, &s, &op));
    REFUSED(vxg_op_apply(op, NULL, &bad, &y), VXG_ERR_ARGUMENT, "must be zero");
    vxg_op_release(op);
    s.reserved[1] = 1;
    REFUSED(vxg_op_math(dev, VXG_MATH_SCALE, 2, &s, &op), VXG_ERR_ARGUMENT, "must be zero");
    vxg_space huge = {
        .dtype = VXG_C64, .ndim = 3, .shape = {(int64_t)1 << 39, (int64_t)1 << 39, 4}};
    REFUSED(vxg_op_fft(dev, &huge, NULL, &op), VXG_ERR_ARGUMENT, "2^40");
    EXPECT(!vxg_space_count(&huge) && !vxg_space_bytes(&huge), "a count that overflows");
    huge.shape[0] = 0;
    REFUSED(vxg_op_fft(dev, &huge, &(vxg_fft_opts){.axes = 2}, &op), VXG_ERR_ARGUMENT, "2^40");
    huge.ndim = -1;
    EXPECT(!vxg_space_count(&huge) && !vxg_space_equal(&huge, &huge), "a rank that is none");
    vxg_kernel *k;
    CHECK_OK(vxg_kernel_from_source(dev, "K_KERNEL1(put, K_GLOBAL real *, y) { y[0] = 1; }\n",
                                    "put", NULL, VXG_REAL_F32, &k));
    vxg_launch l = {.global = {INT32_MAX, INT32_MAX, INT32_MAX}};
    CHECK_OK(vxg_launch_array(&l, &x));
    REFUSED(vxg_kernel_launch(k, NULL, &l), VXG_ERR_ARGUMENT, "more than 2^60");
    vxg_kernel_release(k);
    vxg_queue *q;
    double seconds;
    CHECK_OK(vxg_queue_new(dev, &q));
    REFUSED(vxg_queue_time_end(q, &seconds), VXG_ERR_ARGUMENT, "not begun");
    CHECK_OK(vxg_queue_time_begin(q));
    CHECK_OK(vxg_queue_time_end(q, &seconds));
    vxg_queue_free(q);
    vxg_buffer_release(b);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(types),
                                      T(read_only_operators),
                                      T(read_only_arrays),
                                      T(workspaces),
                                      T(workspace_sizes),
                                      T(outputs),
                                      T(overlaps),
                                      T(copies),
                                      T(any_type),
                                      T(empty),
                                      T(absurd)};
    if (vxg_device_open("cpu", &dev))
        return printf("FAIL op_memory.start: %s\n", vxg_error_message()), 1;
    const int failed = test_run("op_memory", list, (int)(sizeof list / sizeof *list), argc, argv);
    vxg_device_release(dev);
    return failed;
}
