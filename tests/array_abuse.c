/* Wrong use of arrays gives a status with words, never a crash and never work on memory that is not
 * theirs: a table of faults for every function. Arrays of every storage type are moved about. */
#include "abuse.h"

static vxg_device *dev, *other;
static vxg_op *op;
static const int64_t shape[3] = {4, 8, 8};
static vxg_array x, far_away, released;

/* ---- Arrays ---- */
typedef struct fault {
    const char *name;
    void (*make)(vxg_array *a);
} fault;
static void empty_struct(vxg_array *a) {
    *a = (vxg_array){0};
}
static void no_buffer(vxg_array *a) {
    a->buffer = NULL;
}
static void freed(vxg_array *a) {
    *a = released;
}
static void other_size(vxg_array *a) {
    a->size = 24;
}
static void no_type(vxg_array *a) {
    a->dtype = (vxg_dtype)99;
}
static void negative_type(vxg_array *a) {
    a->dtype = (vxg_dtype)-1;
}
static void wider_type(vxg_array *a) {
    a->dtype = VXG_C128;
}
static void high_rank(vxg_array *a) {
    a->ndim = 40;
}
static void negative_rank(vxg_array *a) {
    a->ndim = -3;
}
static void negative_size(vxg_array *a) {
    a->shape[0] = -4;
}
static void more_rows(vxg_array *a) {
    a->shape[0] = 5;
}
static void huge_sizes(vxg_array *a) {
    a->shape[0] = a->shape[1] = (int64_t)1 << 32;
}
static void long_stride(vxg_array *a) {
    a->stride[0] = 1 << 28;
}
static void overflowing_stride(vxg_array *a) {
    a->stride[0] = INT64_MAX / 2;
}
static void backwards(vxg_array *a) {
    a->stride[0] = -64;
}
static void before(vxg_array *a) {
    a->offset = -1;
}
static void behind(vxg_array *a) {
    a->offset = 1;
}
static void far_behind(vxg_array *a) {
    a->offset = INT64_MAX;
}
#define F(name)                                                                                    \
    { #name, name }
static const fault faults[] = {
    F(empty_struct),  F(no_buffer),  F(freed),       F(other_size),         F(no_type),
    F(negative_type), F(wider_type), F(high_rank),   F(negative_rank),      F(negative_size),
    F(more_rows),     F(huge_sizes), F(long_stride), F(overflowing_stride), F(backwards),
    F(before),        F(behind),     F(far_behind)};

static int do_slice(const vxg_array *a) {
    vxg_array out;
    return vxg_array_slice(a, 0, 0, 1, &out);
}
static int do_index(const vxg_array *a) {
    vxg_array out;
    return vxg_array_index(a, 0, &out);
}
static int do_permute(const vxg_array *a) {
    vxg_array out;
    return vxg_array_permute(a, (const int[]){2, 1, 0, 0, 0, 0}, &out);
}
static int do_reshape(const vxg_array *a) {
    vxg_array out;
    return vxg_array_reshape(a, 1, (const int64_t[]){256}, &out);
}
static float host[512];
static int do_write(const vxg_array *a) {
    return vxg_array_write(NULL, a, host);
}
static int do_read(const vxg_array *a) {
    return vxg_array_read(NULL, a, host);
}
static int do_copy_from(const vxg_array *a) {
    return vxg_array_copy(NULL, a, &x);
}
static int do_copy_to(const vxg_array *a) {
    return vxg_array_copy(NULL, &x, a);
}
static int do_copy_self(const vxg_array *a) {
    return vxg_array_copy(NULL, a, a);
}
static int do_fill(const vxg_array *a) {
    return vxg_array_fill(NULL, a, 1);
}
static int do_axpby(const vxg_array *a) {
    return vxg_array_axpby(NULL, 1, a, 1, a);
}
static int do_dot(const vxg_array *a) {
    double d;
    return vxg_array_dot(NULL, a, a, &d);
}
static int do_max_diff(const vxg_array *a) {
    double d;
    return vxg_array_max_diff(NULL, a, NULL, &d);
}
static int do_random(const vxg_array *a) {
    return vxg_array_random(NULL, a, 1, 0, 1);
}
static int do_apply(const vxg_array *a) {
    vxg_array y;
    if (vxg_op_new_array(op, -1, &y)) return 0;
    const int status = vxg_op_apply(op, NULL, a, &y);
    vxg_array_release(&y);
    return status;
}
typedef struct use {
    const char *name;
    int (*call)(const vxg_array *a);
} use;
static const use uses[] = {F(do_slice),     F(do_index),  F(do_permute),   F(do_reshape),
                           F(do_write),     F(do_read),   F(do_copy_from), F(do_copy_to),
                           F(do_copy_self), F(do_fill),   F(do_axpby),     F(do_dot),
                           F(do_max_diff),  F(do_random), F(do_apply)};

TEST(array_faults)
{
    for (size_t f = 0; f < sizeof faults / sizeof *faults; f++)
        for (size_t u = 0; u < sizeof uses / sizeof *uses; u++) {
            vxg_array a = x;
            faults[f].make(&a);
            vxg_error_clear();
            const int status = uses[u].call(&a);
            EXPECT(status && *vxg_error_message(), "%s of %s: %d", uses[u].name, faults[f].name,
                   status);
            /* counting is no use of memory: any number, no crash */
            vxg_array_count(&a), vxg_array_is_contiguous(&a);
        }
}

TEST(array_nulls)
{
    vxg_array t;
    double d;
    BAD(vxg_array_new(NULL, VXG_F32, 3, shape, &t));
    BAD(vxg_array_new(dev, VXG_F32, 3, NULL, &t));
    BAD(vxg_array_new(dev, VXG_F32, 3, shape, NULL));
    BAD(vxg_array_new(dev, (vxg_dtype)13, 3, shape, &t));
    BAD(vxg_array_new(dev, VXG_F32, 7, (const int64_t[]){1, 1, 1, 1, 1, 1, 1}, &t));
    BAD(vxg_array_new(dev, VXG_F32, -1, shape, &t));
    BAD(vxg_array_new(dev, VXG_F32, 3, (const int64_t[]){4, -1, 8}, &t));
    BAD(vxg_array_new(dev, VXG_F32, 3, (const int64_t[]){1 << 20, 1 << 20, 2}, &t));
    BAD(vxg_array_new(dev, VXG_F32, 3, (const int64_t[]){(int64_t)1 << 62, (int64_t)1 << 62, 0},
                      &t));
    EXPECT(!t.buffer && !t.ndim, "a failed array is not empty");
    for (size_t u = 0; u + 1 < sizeof uses / sizeof *uses; u++) {
        vxg_error_clear();
        EXPECT(uses[u].call(NULL) && *vxg_error_message(), "%s of NULL", uses[u].name);
    }
    BAD(vxg_array_slice(&x, 9, 0, 1, &t));
    BAD(vxg_array_slice(&x, 0, 3, 1, &t));
    BAD(vxg_array_slice(&x, 0, 0, 1, NULL));
    BAD(vxg_array_index(&x, -1, &t));
    BAD(vxg_array_index(&x, 4, &t));
    BAD(vxg_array_index(&x, 0, NULL));
    BAD(vxg_array_permute(&x, NULL, &t));
    BAD(vxg_array_permute(&x, (const int[]){0, 0, 1}, &t));
    BAD(vxg_array_permute(&x, (const int[]){0, 1, 2}, NULL));
    BAD(vxg_array_reshape(&x, 2, NULL, &t));
    BAD(vxg_array_reshape(&x, 1, (const int64_t[]){256}, NULL));
    BAD(vxg_array_write(NULL, &x, NULL));
    BAD(vxg_array_read(NULL, &x, NULL));
    BAD(vxg_array_dot(NULL, &x, NULL, &d));
    BAD(vxg_array_dot(NULL, &x, &x, NULL));
    BAD(vxg_array_max_diff(NULL, &x, NULL, NULL));
    BAD(vxg_array_axpby(NULL, 1, &far_away, 0, &x));
    BAD(vxg_array_dot(NULL, &far_away, &x, &d));
    EXPECT(vxg_array_count(NULL) == 0 && !vxg_array_is_contiguous(NULL), "count of NULL");
    t = vxg_array_retain(NULL);
    EXPECT(!t.buffer, "retained NULL");
    vxg_array_release(NULL);
    vxg_queue *q;
    CHECK_OK(vxg_queue_new(other, &q));
    BAD(vxg_array_fill(q, &x, 1));
    BAD(vxg_array_write(q, &x, host));
    BAD(vxg_array_read(q, &x, host));
    vxg_queue_free(q);
}

/* Negative sizes whose product fits, and products that overflow to what fits. */
TEST(reshape)
{
    vxg_array t, none;
    BAD(vxg_array_reshape(&x, 2, (const int64_t[]){-2, -128}, &t));
    BAD(vxg_array_reshape(&x, 3, (const int64_t[]){(int64_t)1 << 32, (int64_t)1 << 32, 256}, &t));
    BAD(vxg_array_reshape(&x, -1, shape, &t));
    BAD(vxg_array_reshape(&x, 7, shape, &t));
    BAD(vxg_array_reshape(&x, 2, (const int64_t[]){4, 65}, &t));
    CHECK_OK(vxg_array_new(dev, VXG_F32, 1, (const int64_t[]){0}, &none));
    BAD(vxg_array_reshape(&none, 2, (const int64_t[]){(int64_t)1 << 32, (int64_t)1 << 32}, &t));
    BAD(vxg_array_reshape(&none, 2, (const int64_t[]){-1, 0}, &t));
    CHECK_OK(vxg_array_reshape(&none, 3, (const int64_t[]){4, 0, 7}, &t));
    CHECK_OK(vxg_array_fill(NULL, &t, 1));
    EXPECT(vxg_array_count(&t) == 0, "empty");
    vxg_array_release(&t), vxg_array_release(&none);
    CHECK_OK(vxg_array_reshape(&x, 2, (const int64_t[]){2, 128}, &t));
    vxg_array_release(&t);
}

/* Types without arithmetic here are refused by name; moving them about works for all. */
TEST(storage)
{
    unsigned char from[16 * 24], to[16 * 24];
    for (int type = VXG_F32; type <= VXG_C128; type++) {
        const size_t size = vxg_dtype_size((vxg_dtype)type);
        const int wide = type == VXG_F32 || type == VXG_F64 || type == VXG_C64 || type == VXG_C128;
        vxg_array a, turned, rows, twin;
        double d;
        for (size_t i = 0; i < sizeof from; i++) from[i] = (unsigned char)(i * 7 + i / 256);
        CHECK_OK(vxg_array_new(dev, (vxg_dtype)type, 3, (const int64_t[]){2, 3, 4}, &a));
        CHECK_OK(vxg_array_write(NULL, &a, from));
        CHECK_OK(vxg_array_permute(&a, (const int[]){2, 0, 1}, &turned));
        CHECK_OK(vxg_array_read(NULL, &turned, to));
        for (size_t i = 0; i < 24; i++) { /* (4, 2, 3) of (2, 3, 4) */
            const size_t at = i / 3 % 2 * 12 + i % 3 * 4 + i / 6;
            EXPECT(!memcmp(to + i * size, from + at * size, size), "%s: element %zu",
                   vxg_dtype_name((vxg_dtype)type), i);
        }
        CHECK_OK(vxg_array_new(dev, (vxg_dtype)type, 3, turned.shape, &twin));
        CHECK_OK(vxg_array_copy(NULL, &turned, &twin));
        memset(to, 0, sizeof to);
        CHECK_OK(vxg_array_write(NULL, &turned, to));
        CHECK_OK(vxg_array_copy(NULL, &twin, &turned));
        CHECK_OK(vxg_array_read(NULL, &a, to));
        EXPECT(!memcmp(to, from, 24 * size), "%s: there and back", vxg_dtype_name((vxg_dtype)type));
        CHECK_OK(vxg_array_slice(&a, 1, 1, 3, &rows));
        const int calls[] = {vxg_array_fill(NULL, &rows, 1), vxg_array_axpby(NULL, 1, &a, 1, &a),
                             vxg_array_dot(NULL, &a, &a, &d),
                             vxg_array_max_diff(NULL, &a, NULL, &d),
                             vxg_array_random(NULL, &a, 1, 0, 1)};
        for (int k = 0; k < 5; k++)
            EXPECT(calls[k] == (wide ? VXG_OK : VXG_ERR_UNSUPPORTED), "%s: call %d: %d",
                   vxg_dtype_name((vxg_dtype)type), k, calls[k]);
        EXPECT(wide || strstr(vxg_error_message(), vxg_dtype_name((vxg_dtype)type)), "'%s'",
               vxg_error_message());
        vxg_array_release(&a), vxg_array_release(&turned), vxg_array_release(&rows);
        vxg_array_release(&twin);
    }
    EXPECT(vxg_dtype_size((vxg_dtype)13) == 0 && !strcmp(vxg_dtype_name((vxg_dtype)-1), "unknown"),
           "types that are none");
}

TEST(numbers)
{
    double re[8] = {0}, im[8] = {0};
    BAD(vxg_fft_host(re, im, 3, 1));
    BAD(vxg_fft_host(NULL, NULL, 8, 1));
    BAD(vxg_fft_host(re, im, -8, 1));
    BAD(vxg_fft_host(re, im, 8, 0));
    EXPECT(vxg_fft_size(-5) == 1 && vxg_fft_size(INT64_MAX) == (int64_t)1 << 62, "sizes");
}

static int prepare(void) {
    const vxg_space space = {.ndim = 3, .shape = {4, 8, 8}};
    if (vxg_device_open("cpu", &dev)) return 1;
    if (vxg_device_open("cpu:v2", &other) && vxg_device_open("cpu:base", &other)) return 1;
    int status = vxg_op_math(dev, VXG_MATH_SCALE, 2, &space, &op);
    if (!status) status = vxg_array_new(dev, VXG_F32, 3, shape, &x);
    if (!status) status = vxg_array_new(other, VXG_F32, 3, shape, &far_away);
    if (!status) status = vxg_array_new(dev, VXG_F32, 3, shape, &released);
    vxg_buffer_release(released.buffer); /* the struct still names it */
    return status;
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(array_faults), T(array_nulls), T(reshape), T(storage),
                                      T(numbers)};
    if (prepare()) {
        printf("FAIL array_abuse.prepare: %s\n", vxg_error_message());
        return 1;
    }
    const int failed = test_run("array_abuse", list, (int)(sizeof list / sizeof *list), argc, argv);
    vxg_array_release(&x), vxg_array_release(&far_away);
    vxg_op_release(op);
    vxg_device_release(dev), vxg_device_release(other);
    nothing_left();
    return failed || test_failed;
}
