/* Prepared projections: sets of views that are not a range, and the texture form, shared and
 * replaced a few views at a time. */
#include <voxgrad/voxgrad.h>

#include "test.h"

#define VIEWS 8
#define NV 9
#define NU 11
#define VIEW (NV * NU)
static const vxg_ct_volume volume[2] = {{.nz = 9, .ny = 8, .nx = 7},
                                        {.nz = 6, .ny = 5, .nx = 9, .center = {1, -1, 0.5}}};
#define NVOX (9 * 8 * 7)
static const int64_t chosen[] = {6, 0, 1, 2, 2, 7}; /* a run inside, a repeat, backwards */
#define N 6

static double noise(int n) { /* in [-1/2, 1), repeatable */
    const double x = sin(n * 12.9898 + 4.1) * 43758.5453;
    return (x - floor(x)) * 1.5 - 0.5;
}

static int geometry(vxg_ct_geometry **whole, vxg_ct_geometry **part) {
    vxg_ct_view v[VIEWS];
    for (int i = 0; i < VIEWS; i++) {
        const double t = 0.8 * i, c = cos(t), s = sin(t);
        v[i] = (vxg_ct_view){
            .s = {30 * s, -30 * c, 0}, .d = {-9 * s, 9 * c, 0}, .U = {c, s, 0}, .V = {0, 0, 1.1}};
    }
    const int status = vxg_ct_cone_views(VIEWS, NV, NU, v, whole);
    return status ? status : vxg_ct_geometry_take(*whole, N, chosen, part);
}

typedef struct setup {
    vxg_device *dev;
    vxg_ct_geometry *whole, *part;
    vxg_ct_prepared *p;
    float y[VIEWS * VIEW];
} setup;

/* Views [first, first + n) of s->y into the prepared ones. */
static int update(setup *s, int64_t first, int64_t n) {
    vxg_array views;
    int status = vxg_array_new(s->dev, VXG_F32, 3, (int64_t[]){n, NV, NU}, &views);
    if (!status) status = vxg_array_write(NULL, &views, s->y + first * VIEW);
    if (!status) status = vxg_ct_prepared_update(s->p, first, NULL, &views);
    vxg_array_release(&views);
    return status;
}

static int begin(setup *s, const char *spec) {
    const vxg_space space = {.dtype = VXG_F32, .ndim = 3, .shape = {VIEWS, NV, NU}};
    memset(s, 0, sizeof *s);
    for (int i = 0; i < VIEWS * VIEW; i++) s->y[i] = (float)noise(i);
    int status = vxg_device_open(spec, &s->dev);
    if (!status) status = geometry(&s->whole, &s->part);
    if (!status) status = vxg_ct_prepared_new(&space, s->dev, NULL, NULL, &s->p);
    return status ? status : update(s, 0, VIEWS);
}
static void end(setup *s) {
    vxg_ct_prepared_release(s->p);
    if (s->whole) vxg_ct_geometry_release(s->whole), vxg_ct_geometry_release(s->part);
    vxg_device_release(s->dev);
}

/* The operator itself on views laid side by side: all of them, or those of the list; onto 2. */
static int direct(const setup *s, const vxg_op *op, int listed, float *out) {
    vxg_array x = {0}, y = {0};
    const vxg_call add = {.accumulate = 1};
    float taken[VIEWS * VIEW];
    for (int i = 0; i < (listed ? N : VIEWS); i++)
        memcpy(taken + i * VIEW, s->y + (listed ? chosen[i] : i) * VIEW, VIEW * sizeof *taken);
    int status = vxg_op_new_array(op, 0, &y);
    if (!status) status = vxg_op_new_array(op, -1, &x);
    if (!status) status = vxg_array_fill(NULL, &x, 2);
    if (!status) status = vxg_array_write(NULL, &y, taken);
    if (!status) status = vxg_op_apply(op, &add, &y, &x);
    if (!status) status = vxg_array_read(NULL, &x, out);
    vxg_array_release(&x), vxg_array_release(&y);
    return status;
}
static int prepared(const setup *s, const vxg_op *op, int listed, float *out) {
    vxg_array x = {0};
    const vxg_call add = {.accumulate = 1};
    int status = vxg_op_new_array(op, -1, &x);
    if (!status) status = vxg_array_fill(NULL, &x, 2);
    if (!status)
        status = listed ? vxg_ct_prepared_backproject_list(s->p, op, N, chosen, &add, &x)
                        : vxg_ct_prepared_backproject(s->p, op, 0, &add, &x);
    if (!status) status = vxg_array_read(NULL, &x, out);
    vxg_array_release(&x);
    return status;
}

static double worst(const float *a, const float *b, int64_t n) {
    double w = 0, most = 0;
    for (int64_t i = 0; i < n; i++) {
        w = fmax(w, fabs((double)a[i] - (double)b[i])), most = fmax(most, fabs((double)b[i]));
    }
    return w / most;
}

static void compare(const setup *s, int box, int texture, const char *when) {
    static float got[NVOX], want[NVOX];
    const vxg_ct_projector_opts o = {.texture = texture};
    const vxg_ct_volume *v = &volume[box];
    for (int listed = 0; listed < 2; listed++) {
        vxg_op *op;
        CHECK_OK(vxg_ct_backprojector(s->dev, listed ? s->part : s->whole, v, &o, &op));
        CHECK_OK(direct(s, op, listed, want));
        CHECK_OK(prepared(s, op, listed, got));
        /* runs of a texture's layers are summed one after the other: rounding */
        const double d = worst(got, want, v->nz * v->ny * v->nx);
        EXPECT(d <= (texture ? 1e-6 : 0), "%s, box %d, %s%s: %.3g of the largest", when, box,
               listed ? "listed" : "all", texture ? ", texture" : "", d);
        vxg_op_release(op);
    }
}

static void on_device(const char *spec) {
    setup s;
    if (begin(&s, spec)) SKIP("%s", vxg_error_message());
    for (int box = 0; box < 2; box++) compare(&s, box, 0, "as made");
    const int status = vxg_ct_prepared_keep_texture(s.p, NULL);
    if (status == VXG_ERR_UNSUPPORTED) SKIP("%s", vxg_error_message());
    CHECK_OK(status);
    for (int box = 0; box < 2; box++) compare(&s, box, 1, "as made");
    for (int i = VIEW; i < 3 * VIEW; i++) s.y[i] = (float)noise(i + 10000);
    CHECK_OK(update(&s, 1, 2));
    for (int texture = 0; texture < 2; texture++)
        for (int box = 0; box < 2; box++) compare(&s, box, texture, "two views replaced");
    end(&s);
}
TEST(cpu)
{ on_device("cpu"); }
TEST(opencl)
{ on_device("opencl:0"); }
TEST(cuda)
{ on_device("cuda:0"); }

/* The second call with a list requests no memory. */
TEST(no_requests)
{
    setup s;
    vxg_op *op;
    vxg_array x;
    CHECK_OK(begin(&s, "cpu"));
    CHECK_OK(vxg_ct_backprojector(s.dev, s.part, &volume[0], NULL, &op));
    CHECK_OK(vxg_op_new_array(op, -1, &x));
    CHECK_OK(vxg_ct_prepared_backproject_list(s.p, op, N, chosen, NULL, &x));
    vxg_alloc_count();
    CHECK_OK(vxg_ct_prepared_backproject_list(s.p, op, N, chosen, NULL, &x));
    const int64_t requests = vxg_alloc_count();
    EXPECT(requests == 0, "%lld requests", (long long)requests);
    vxg_array_release(&x);
    vxg_op_release(op);
    end(&s);
}

TEST(refusals)
{
    static const int64_t far[N] = {0, 3, VIEWS, 1, 2, 4};
    setup s;
    vxg_op *op;
    vxg_array x;
    CHECK_OK(begin(&s, "cpu"));
    CHECK_OK(vxg_ct_backprojector(s.dev, s.part, &volume[0], NULL, &op));
    CHECK_OK(vxg_op_new_array(op, -1, &x));
    EXPECT(vxg_ct_prepared_backproject_list(s.p, op, N, far, NULL, &x) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "view 8, number 2 of the list"),
           "%s", vxg_error_message());
    EXPECT(vxg_ct_prepared_backproject_list(s.p, op, N - 1, chosen, NULL, &x) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "does not take 5"),
           "%s", vxg_error_message());
    vxg_ct_prepared *wide;
    const vxg_space wider = {.dtype = VXG_F32, .ndim = 3, .shape = {VIEWS, NV, NU + 1}};
    CHECK_OK(vxg_ct_prepared_new(&wider, s.dev, NULL, NULL, &wide));
    EXPECT(vxg_ct_prepared_backproject_list(wide, op, N, chosen, NULL, &x) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "the prepared size"),
           "%s", vxg_error_message());
    vxg_ct_prepared_release(wide);
    vxg_array_release(&x);
    vxg_op_release(op);
    const vxg_space space = {.dtype = VXG_F64, .ndim = 3, .shape = {VIEWS, NV, NU}};
    CHECK_OK(vxg_ct_prepared_new(&space, s.dev, NULL, NULL, &wide));
    EXPECT(vxg_ct_prepared_keep_texture(wide, NULL) == VXG_ERR_UNSUPPORTED &&
               strstr(vxg_error_message(), "texture"),
           "%s", vxg_error_message());
    vxg_ct_prepared_release(wide);
    end(&s);
}

TEST_MAIN("ct_prepared_list", T(cpu), T(opencl), T(cuda), T(no_requests), T(refusals))
