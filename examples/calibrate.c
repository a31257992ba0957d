/* Finds what is wrong with a cone-beam scanner from one scan of a known object: the axis is not
 * where it should be (source and detector sit aside), the detector is shifted, and it is turned in
 * its plane. Descent on |A(geometry) x - y|^2: the gradient comes from the projector's vjp, the
 * length of the step from its jvp along the three unknowns (Gauss-Newton). A reconstruction with
 * the geometry before and after goes to a picture.
 *
 * usage: calibrate OUT.png [SIZE]      SIZE voxels a side, 48 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <voxgrad/voxgrad.h>

#define VIEWS 48
#define UNKNOWNS 3
static const char *const names[UNKNOWNS] = {"axis (voxels)", "detector shift (columns)",
                                            "detector turn (degrees)"};
static const double truth[UNKNOWNS] = {1.3, -2.2, 1.5};

typedef struct bench { /* all of one calibration */
    vxg_device *dev;
    vxg_ct_geometry *geo; /* what the maker of the scanner says */
    vxg_ct_volume vol;
    vxg_op *model;             /* (volume, delta) -> projections */
    vxg_array in[2], measured; /* the object and delta */
    vxg_array along[UNKNOWNS]; /* derivative of the projections by each unknown */
} bench;

/* What the unknowns change in a view, and (k >= 0) the derivative by unknown k. */
static void view_delta(const vxg_ct_view *v, const double *p, int k, double *delta) {
    const double pitch = sqrt(v->U[0] * v->U[0] + v->U[1] * v->U[1]), t = p[2] * M_PI / 180;
    const double u[3] = {v->U[0] / pitch, v->U[1] / pitch, 0}, z[3] = {0, 0, 1};
    double axis = p[0], shift = p[1] * pitch, c = cos(t) - 1, s = sin(t);
    if (k >= 0) {
        axis = k == 0, shift = k == 1 ? pitch : 0;
        c = k == 2 ? -sin(t) * M_PI / 180 : 0, s = k == 2 ? cos(t) * M_PI / 180 : 0;
    }
    for (int i = 0; i < 3; i++) {
        delta[i] = axis * u[i];
        delta[3 + i] = (axis + shift) * u[i];
        delta[6 + i] = pitch * (c * u[i] + s * z[i]);
        delta[9 + i] = pitch * (c * z[i] - s * u[i]);
    }
}
static void all_deltas(const bench *b, const double *p, int k, float *delta) {
    for (int v = 0; v < VIEWS; v++) {
        double d[12];
        view_delta(vxg_ct_geometry_view(b->geo, v), p, k, d);
        for (int i = 0; i < 12; i++) delta[v * 12 + i] = (float)d[i];
    }
}

/* The geometry with these unknowns. */
static int corrected(const bench *b, const double *p, vxg_ct_geometry **out) {
    vxg_ct_view views[VIEWS];
    for (int v = 0; v < VIEWS; v++) {
        double d[12];
        views[v] = *vxg_ct_geometry_view(b->geo, v);
        view_delta(&views[v], p, -1, d);
        for (int i = 0; i < 3; i++) {
            views[v].s[i] += d[i], views[v].d[i] += d[3 + i];
            views[v].U[i] += d[6 + i], views[v].V[i] += d[9 + i];
        }
    }
    return vxg_ct_cone_views(VIEWS, vxg_ct_geometry_nv(b->geo), vxg_ct_geometry_nu(b->geo), views,
                             out);
}

/* The object's exact projections by the true scanner, as photons are counted: 1e6 of them per open
 * pixel. */
static int measure(const bench *b, const vxg_phantom *object, const vxg_phantom_opts *opts) {
    const int64_t n = vxg_array_count(&b->measured);
    const uint32_t key[2] = {1, 2};
    vxg_ct_geometry *geo = NULL;
    float *y = malloc((size_t)n * sizeof *y);
    int e = corrected(b, truth, &geo);
    if (!e) e = vxg_phantom_project(object, geo, opts, y);
    for (int64_t i = 0; i < n && !e; i++) {
        const uint32_t counter[4] = {(uint32_t)i};
        const double photons = vxg_poisson(1e6 * exp(-(double)y[i]), key, counter);
        y[i] = (float)-log(fmax(photons, 1) / 1e6);
    }
    if (!e) e = vxg_array_write(NULL, &b->measured, y);
    vxg_ct_geometry_release(geo);
    free(y);
    return e;
}

static int prepare(bench *b, int64_t n) {
    const vxg_ct_cone_opts scan = {.nviews = VIEWS,
                                   .rows = 2 * n / 3,
                                   .cols = 8 * n / 9,
                                   .sod = 3.0 * (double)n,
                                   .sdd = 4.5 * (double)n,
                                   .pixel = 2.4};
    vxg_phantom_opts opts = {
        .unit = 0.5 * (double)n, .density = 1.5 / (double)n, .samples = 6, .dtype = VXG_F32};
    vxg_phantom *object = NULL;
    float *x = malloc((size_t)(n * n * n) * sizeof *x);
    b->vol = (vxg_ct_volume){.nz = n, .ny = n, .nx = n};
    int e = vxg_device_open(NULL, &b->dev);
    if (!e) e = vxg_ct_cone_circular(&scan, &b->geo);
    if (!e) e = vxg_ct_projector_geometry(b->dev, b->geo, &b->vol, NULL, &b->model);
    for (int i = 0; i < 2 && !e; i++) e = vxg_op_new_array(b->model, i, &b->in[i]);
    if (!e) e = vxg_op_new_array(b->model, -1, &b->measured);
    for (int k = 0; k < UNKNOWNS && !e; k++) e = vxg_op_new_array(b->model, -1, &b->along[k]);
    if (!e) e = vxg_phantom_named("spheres", &object);
    if (!e) e = vxg_phantom_voxelize(object, &b->vol, &opts, x);
    if (!e) e = vxg_array_write(NULL, &b->in[0], x);
    opts.samples = 3; /* a pixel sees the mean over its area */
    if (!e) e = measure(b, object, &opts);
    vxg_phantom_release(object);
    free(x);
    return e;
}

/* ---- One step of descent ---- */
/* a p = g for a symmetric 3 x 3 matrix, by Cramer's rule. */
static double det3(const double *a, const double *b, const double *c) {
    return a[0] * (b[1] * c[2] - b[2] * c[1]) + a[1] * (b[2] * c[0] - b[0] * c[2]) +
           a[2] * (b[0] * c[1] - b[1] * c[0]);
}
static void solve3(double (*a)[3], const double *g, double *p) {
    const double d = det3(a[0], a[1], a[2]);
    p[0] = det3(g, a[1], a[2]) / d, p[1] = det3(a[0], g, a[2]) / d, p[2] = det3(a[0], a[1], g) / d;
}

static int step(bench *b, double *p, double *misfit) {
    float delta[VIEWS * 12], slope[VIEWS * 12], by_view[VIEWS * 12];
    vxg_array residual = {0}, t[2] = {{0}}, g[2] = {{0}};
    double h[3][3], gradient[3] = {0}, move[3];
    all_deltas(b, p, -1, delta);
    int e = vxg_array_write(NULL, &b->in[1], delta);
    if (!e) e = vxg_op_new_array(b->model, -1, &residual);
    if (!e) e = vxg_op_new_array(b->model, 1, &t[1]);
    if (!e) e = vxg_op_new_array(b->model, 1, &g[1]);
    if (!e) e = vxg_op_apply(b->model, NULL, b->in, &residual);
    if (!e) e = vxg_array_axpby(NULL, -1, &b->measured, 1, &residual);
    if (!e) e = vxg_array_dot(NULL, &residual, &residual, misfit);
    if (!e) e = vxg_op_vjp(b->model, NULL, b->in, &residual, g); /* by every view's vectors */
    if (!e) e = vxg_array_read(NULL, &g[1], by_view);
    for (int k = 0; k < UNKNOWNS && !e; k++) {
        all_deltas(b, p, k, slope);
        for (int i = 0; i < VIEWS * 12; i++) gradient[k] += (double)slope[i] * (double)by_view[i];
        e = vxg_array_write(NULL, &t[1], slope);
        if (!e) e = vxg_op_jvp(b->model, NULL, b->in, t, &b->along[k]);
        for (int i = 0; i <= k && !e; i++) {
            e = vxg_array_dot(NULL, &b->along[i], &b->along[k], &h[i][k]);
            h[k][i] = h[i][k];
        }
    }
    if (!e) solve3(h, gradient, move);
    for (int k = 0; k < UNKNOWNS && !e; k++) p[k] -= move[k];
    vxg_array_release(&residual), vxg_array_release(&t[1]), vxg_array_release(&g[1]);
    return e;
}

/* ---- Pictures ---- */
/* The middle slice of a reconstruction with these unknowns, in units of the object's density. */
static int reconstruct(const bench *b, const double *p, float *slice) {
    vxg_ct_volume one = b->vol;
    vxg_ct_geometry *geo = NULL;
    vxg_op *fdk = NULL;
    vxg_array out = {0};
    const vxg_ct_fdk_opts opts = {.half_fan = VXG_CT_HALF_FAN_NO}; /* both sides are seen */
    one.nz = 1;
    int e = corrected(b, p, &geo);
    if (!e) e = vxg_ct_fdk(b->dev, geo, &one, &opts, &fdk);
    if (!e) e = vxg_op_new_array(fdk, -1, &out);
    if (!e) e = vxg_op_apply(fdk, NULL, &b->measured, &out);
    if (!e) e = vxg_array_read(NULL, &out, slice);
    vxg_array_release(&out);
    vxg_op_release(fdk);
    vxg_ct_geometry_release(geo);
    return e;
}

static int draw(const bench *b, const double *p, const char *path) {
    static const char *const labels[3] = {"before", "after", "true"};
    const double nothing[UNKNOWNS] = {0}, *const at[3] = {nothing, p, truth};
    const int64_t n = b->vol.nx;
    vxg_picture picture;
    float *slices = malloc((size_t)(3 * n * n) * sizeof *slices);
    int e = 0;
    for (int i = 0; i < 3 && !e; i++) e = reconstruct(b, at[i], slices + i * n * n);
    if (!e) e = vxg_picture_montage(slices, 3, n, n, labels, &picture);
    if (!e) {
        e = vxg_picture_write_png(&picture, path, NULL, 0, 1);
        vxg_picture_free(&picture);
    }
    free(slices);
    return e;
}

static void close_bench(bench *b) {
    for (int k = 0; k < UNKNOWNS; k++) vxg_array_release(&b->along[k]);
    vxg_array_release(&b->in[0]), vxg_array_release(&b->in[1]), vxg_array_release(&b->measured);
    vxg_op_release(b->model);
    vxg_ct_geometry_release(b->geo);
    vxg_device_release(b->dev);
}

int main(int argc, char **argv) {
    if (argc < 2) return fprintf(stderr, "usage: calibrate OUT.png [SIZE]\n"), 2;
    const int64_t n = argc > 2 ? atoi(argv[2]) : 48;
    if (n < 16 || n > 512) return fprintf(stderr, "calibrate: SIZE is 16 to 512\n"), 2;
    double p[UNKNOWNS] = {0}, misfit, last = INFINITY;
    bench b = {0};
    int e = prepare(&b, n);
    for (int i = 0; i < 20 && !e; i++) {
        const double before[UNKNOWNS] = {p[0], p[1], p[2]};
        e = step(&b, p, &misfit);
        if (e) break;
        printf("step %d: misfit %.6g", i, misfit);
        for (int k = 0; k < UNKNOWNS; k++) printf(", %s %.4f", names[k], before[k]);
        printf("\n");
        if (!(misfit < last * (1 - 1e-5))) break;
        last = misfit;
    }
    if (!e) e = draw(&b, p, argv[1]);
    for (int k = 0; k < UNKNOWNS && !e; k++)
        printf("%s: found %.4f, true %.4f\n", names[k], p[k], truth[k]);
    if (e) fprintf(stderr, "calibrate: %s\n", vxg_error_message());
    close_bench(&b);
    return vxg_status_exit_code(e);
}
