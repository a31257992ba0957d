/* The cpu schedule of cone-beam backprojection against the plain kernel in double: tilts,
 * magnifications, sources among the voxels, detectors of one pixel and beside the beam, several
 * slabs, blocks and chunks. */
#include <voxgrad/voxgrad.h>

#include "test.h"

#if defined(__SANITIZE_ADDRESS__) || defined(VXG_QUICK)
#define QUICK 1 /* code paths, not values */
#else
#define QUICK 0
#endif
#define TOLERANCE 1e-5 /* of the largest value */

static vxg_device *dev;

typedef struct scene { /* zero: the default */
    int nviews, nv, nu, nz, ny, nx;
    double sod, sdd, pixel, row_pitch; /* voxels have edge 1 */
    double roll, lean, turn;           /* the detector about its normal, its rows, its columns */
    double from, pitch;                /* first angle; z of source and detector per view */
    double beside;                     /* columns the detector is moved by */
    double quarter;                    /* 1: views 90 degrees apart */
    double tip;                        /* rotation of the volume about x */
    int flip;                          /* rows counted downwards */
    int curved;                        /* detector, around the source */
    double offset;                     /* its columns' */
    int plain;                         /* no schedule is expected */
} scene;

static void turn(double *a, double *b, double t) { /* both towards each other's place */
    for (int k = 0; k < 3; k++) {
        const double x = cos(t) * a[k] + sin(t) * b[k], y = cos(t) * b[k] - sin(t) * a[k];
        a[k] = x, b[k] = y;
    }
}

static int geometry(const scene *s, vxg_ct_geometry **geo) {
    vxg_ct_view view[96];
    for (int i = 0; i < s->nviews; i++) {
        const double t = s->from + (s->quarter > 0 ? 0.5 * M_PI * i : 2.4 * i);
        const double c = cos(t), n = sin(t), lift = s->pitch * (i - 0.5 * (s->nviews - 1));
        double u[3] = {c, n, 0}, v[3] = {0, 0, s->flip ? -1 : 1}, r[3] = {-n, c, 0};
        turn(u, v, s->roll), turn(v, r, s->lean), turn(u, r, s->turn);
        const double far = s->sdd - s->sod, pv = s->row_pitch > 0 ? s->row_pitch : s->pixel;
        view[i] = (vxg_ct_view){.s = {s->sod * n, -s->sod * c, lift}};
        for (int k = 0; k < 3; k++) {
            view[i].U[k] = u[k] * s->pixel, view[i].V[k] = v[k] * pv;
            view[i].d[k] = far * (k == 0 ? -n : k == 1 ? c : 0) + s->beside * view[i].U[k];
        }
        view[i].d[2] += lift;
    }
    const vxg_ct_views all = {.beam = VXG_CT_BEAM_CONE,
                              .detector = s->curved ? VXG_CT_DETECTOR_CURVED : VXG_CT_DETECTOR_FLAT,
                              .nviews = s->nviews,
                              .nv = s->nv,
                              .nu = s->nu,
                              .column_offset = s->offset,
                              .views = view};
    return vxg_ct_geometry_new(&all, geo);
}

static void volume(const scene *s, vxg_ct_volume *v) {
    *v = (vxg_ct_volume){.nz = s->nz, .ny = s->ny, .nx = s->nx};
    const double c = cos(s->tip), n = sin(s->tip);
    const double m[9] = {1, 0, 0, 0, c, -n, 0, n, c};
    memcpy(v->rotation, m, sizeof m);
}

typedef struct pictures {
    float *in, *out;
    double *wide, *want; /* in double */
    int64_t n, m;        /* projections, volume */
} pictures;

static void pictures_free(pictures *p) {
    free(p->in), free(p->out), free(p->wide), free(p->want);
}
static int pictures_new(const scene *s, pictures *p) {
    uint32_t dice = 7;
    p->n = (int64_t)s->nviews * s->nv * s->nu, p->m = (int64_t)s->nz * s->ny * s->nx;
    p->in = malloc((size_t)p->n * 4), p->out = malloc((size_t)p->m * 4);
    p->wide = malloc((size_t)p->n * 8), p->want = malloc((size_t)p->m * 8);
    if (!p->in || !p->out || !p->wide || !p->want) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < p->n; i++) {
        dice = dice * 1664525u + 1013904223u;
        p->wide[i] = p->in[i] = (float)(dice >> 8) / 16777216.0f - 0.3f;
    }
    return VXG_OK;
}

/* One backprojection; *workspace: whether a schedule ran and how large. */
static int run(const scene *s, vxg_dtype dtype, int weighted, int no_schedule, const void *in,
               void *out, size_t *workspace) {
    vxg_ct_projector_opts o = {.real = (vxg_real)dtype, .no_schedule = no_schedule};
    vxg_ct_geometry *geo = NULL;
    vxg_ct_volume vol = {0};
    vxg_array x = {0}, y = {0};
    vxg_op *op = NULL;
    o.weighting = weighted ? VXG_CT_WEIGHTING_DISTANCE : VXG_CT_WEIGHTING_NONE;
    volume(s, &vol);
    int status = geometry(s, &geo);
    if (!status) status = vxg_ct_backprojector(dev, geo, &vol, &o, &op);
    if (!status) status = vxg_op_new_array(op, 0, &x);
    if (!status) status = vxg_op_new_array(op, -1, &y);
    if (!status) status = vxg_array_write(NULL, &x, in);
    if (!status) status = vxg_op_apply(op, NULL, &x, &y);
    if (!status) status = vxg_array_read(NULL, &y, out);
    *workspace = status ? 0 : vxg_op_workspace(op, NULL);
    vxg_array_release(&x), vxg_array_release(&y);
    vxg_op_release(op);
    vxg_ct_geometry_release(geo);
    return status;
}

static void compare(const char *what, const scene *s) {
    for (int weighted = 0; weighted < 2; weighted++) {
        pictures p;
        size_t fast, none;
        double most = 0, worst = 0;
        CHECK_OK(pictures_new(s, &p));
        CHECK_OK(run(s, VXG_F32, weighted, 0, p.in, p.out, &fast));
        CHECK_OK(run(s, VXG_F64, weighted, 0, p.wide, p.want, &none));
        for (int64_t i = 0; i < p.m; i++) {
            const double d = fabs(p.out[i] - p.want[i]);
            most = fmax(most, fabs(p.want[i]));
            worst = d <= worst ? worst : d; /* NaN counts */
        }
        EXPECT((fast == 0) == s->plain, "%s: workspace of %d bytes", what, (int)fast);
        EXPECT(none == 0, "%s: a schedule for float64", what);
        EXPECT(worst <= TOLERANCE * most, "%s, weighting %d: off by %.3g of %.3g", what, weighted,
               worst, most);
        pictures_free(&p);
    }
}

static const scene usual = {.nviews = 7,
                            .nv = 27,
                            .nu = 31,
                            .nz = 21,
                            .ny = 19,
                            .nx = 23,
                            .sod = 90,
                            .sdd = 180,
                            .pixel = 2,
                            .from = 0.3};

TEST(tilts)
{
    static const double tilts[] = {0, 0.002, 0.02, 0.1, 0.5, 1.5};
    char what[64];
    for (int i = 0; i < 6; i++)
        for (int way = 0; way < 5; way++) {
            scene s = usual;
            if (way == 0) s.roll = tilts[i];
            if (way == 1) s.lean = tilts[i] * 0.9;
            if (way == 2) s.turn = tilts[i] * 0.9;
            if (way == 3) s.tip = -tilts[i];
            if (way == 4) s.roll = -tilts[i], s.lean = 0.3 * tilts[i], s.flip = 1;
            snprintf(what, sizeof what, "tilt %g, way %d", tilts[i], way);
            compare(what, &s);
            s.nv = s.nu = 90, s.nz = 70, s.ny = s.nx = 9; /* long columns, small pixels */
            if (!QUICK || way == 0) compare(what, &s);
        }
}

TEST(magnifications)
{
    static const double most[] = {1.05, 1.5, 3, 8, 20};
    static const double rows[] = {0.1, 0.6, 1, 1.4, 1.49, 1.69, 1.9, 3, 25}; /* per slice */
    char what[64];
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < (int)(sizeof rows / sizeof *rows); k++)
            for (int flip = 0; flip < 2; flip++) {
                scene s = usual;
                s.sod = 25 + 10 * i, s.sdd = most[i] * s.sod, s.pixel = most[i];
                s.row_pitch = most[i] / rows[k], s.flip = flip;
                s.nv = (int)(27 * rows[k]) + 1;
                snprintf(what, sizeof what, "magnification %g, %g rows a slice", most[i], rows[k]);
                compare(what, &s);
                s.roll = 0.03;
                if (!QUICK) compare(what, &s);
            }
}

TEST(borders)
{
    scene s = usual;
    s.sod = 96, s.sdd = 192, s.quarter = 1, s.from = 0, s.nviews = 4;
    s.nv = s.nz = s.ny = s.nx = s.nu = 17;
    compare("rays along axes, through voxel middles", &s);
    s.nz = s.ny = s.nx = 16;
    compare("rays along axes, through voxel edges", &s);
    s = usual, s.nv = s.nu = 1, s.pixel = 40;
    compare("one pixel", &s);
    s = usual, s.nv = 1;
    compare("one row", &s);
    s.roll = 0.4;
    compare("one turned row", &s);
    s = usual, s.nu = 1;
    compare("one column", &s);
    s = usual, s.beside = 1e4;
    compare("far beside the beam", &s);
    s.beside = 20;
    compare("half beside the beam", &s);
    s.roll = 0.3;
    compare("turned, half beside the beam", &s);
    s = usual, s.nz = 4;
    compare("four slices", &s);
}

/* Fewer slices than fill a vector. */
TEST(few_slices)
{
    static const double tilts[] = {0, 0.02, 0.5, 1.5}, sod[] = {16, 11.3, 4, 0.7};
    char what[64];
    for (int nz = 1; nz <= 3; nz++)
        for (int curved = 0; curved < 2; curved++) {
            scene s = usual;
            s.nz = nz, s.curved = curved, s.nx = 70, s.sod = 120, s.offset = 0.7 * curved;
            for (int i = 0; i < 4; i++) {
                s.roll = tilts[i], s.tip = curved ? tilts[i] : 0, s.flip = i % 2;
                snprintf(what, sizeof what, "%d slices, tilt %g", nz, tilts[i]);
                compare(what, &s);
            }
            s = usual, s.nz = nz, s.curved = curved, s.roll = 0.2;
            for (int i = 0; i < 4; i++) {
                s.sod = sod[i], s.sdd = sod[i] * 3, s.pixel = 0.9 * sod[i] / 9;
                snprintf(what, sizeof what, "%d slices, source at %g", nz, sod[i]);
                compare(what, &s);
            }
            s = usual, s.nz = nz, s.curved = curved, s.nv = 1;
            compare("few slices, one row", &s);
            s.pitch = 5, s.nv = 9;
            compare("few slices, helix", &s);
            s.nu = 1;
            compare("few slices, one column", &s);
        }
}

TEST(curved)
{
    static const double most[] = {1.05, 2, 8};
    static const double rows[] = {0.3, 0.9, 1.3, 1.6, 2.5, 9}; /* per slice */
    char what[64];
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 6; k++) {
            scene s = usual;
            s.curved = 1, s.offset = 0.7 * i, s.flip = k % 2;
            s.sod = 25 + 30 * i, s.sdd = most[i] * s.sod, s.pixel = most[i];
            s.row_pitch = most[i] / rows[k], s.nv = (int)(27 * rows[k]) + 1;
            snprintf(what, sizeof what, "magnification %g, %g rows a slice", most[i], rows[k]);
            compare(what, &s);
        }
    static const double sod[] = {16, 13, 11.3, 9, 4, 0.7};
    for (int i = 0; i < 6; i++) {
        scene s = usual;
        s.curved = 1, s.sod = sod[i], s.sdd = sod[i] * 3, s.pixel = 0.9 * sod[i] / 9;
        snprintf(what, sizeof what, "source at %g", sod[i]);
        compare(what, &s);
    }
    scene s = usual;
    s.curved = 1, s.offset = 14, s.pitch = 3, s.nz = 200, s.nx = s.ny = 9, s.nv = 60;
    compare("helix, columns on one side", &s);
    s.offset = 60;
    compare("far beside the beam", &s);
    s = usual, s.curved = s.plain = 1, s.roll = 0.1;
    compare("turned", &s);
}

TEST(near_the_source)
{
    static const double sod[] = {16, 13, 11.3, 9, 4, 0.7};
    char what[64];
    for (int i = 0; i < 6; i++)
        for (int way = 0; way < 3; way++) {
            scene s = usual;
            s.sod = sod[i], s.sdd = sod[i] * 3, s.pixel = 0.9 * sod[i] / 9;
            if (way == 1) s.roll = 0.2;
            if (way == 2) s.lean = -0.2, s.tip = 0.4;
            snprintf(what, sizeof what, "source at %g, way %d", sod[i], way);
            compare(what, &s);
        }
}

TEST(helix)
{
    scene s = usual; /* most views see a part of one slab */
    s.nz = 150, s.nviews = 75, s.pitch = 2, s.ny = s.nx = 9, s.nu = 15;
    if (QUICK) s.nz = 70, s.nviews = 34;
    compare("helix", &s);
    s.pitch = -2, s.flip = 1;
    compare("helix downwards", &s);
    s.roll = 0.01;
    compare("turned helix", &s);
}

/* More projections than are packed at a time. */
TEST(chunks)
{
    scene s = usual;
    s.nviews = 13, s.nv = 600, s.nu = 2000, s.pixel = 0.02, s.sod = 9, s.sdd = 18;
    if (QUICK) SKIP("too large for this build");
    pictures p;
    size_t fast;
    CHECK_OK(pictures_new(&s, &p));
    CHECK_OK(run(&s, VXG_F32, 0, 0, p.in, p.out, &fast));
    EXPECT(fast > 30e6 && fast < 64e6, "workspace of %.0f MB", 1e-6 * (double)fast);
    EXPECT((double)fast < 0.8 * 4 * s.nviews * s.nv * s.nu, "there is one chunk");
    pictures_free(&p);
    compare("chunks", &s);
}

TEST(threads)
{
    scene s = usual;
    s.nviews = 40, s.nz = 70, s.roll = 0.05, s.ny = 40;
    for (int way = 0; way < 2; way++) {
        pictures p;
        size_t fast;
        CHECK_OK(pictures_new(&s, &p));
        float *other = malloc((size_t)p.m * 4);
        CHECK(other, "no memory");
        CHECK_OK(vxg_set_threads(1));
        CHECK_OK(run(&s, VXG_F32, 1, 0, p.in, p.out, &fast));
        for (int n = 2; n < 6; n++) {
            CHECK_OK(vxg_set_threads(n));
            CHECK_OK(run(&s, VXG_F32, 1, 0, p.in, other, &fast));
            EXPECT(!memcmp(p.out, other, (size_t)p.m * 4), "%d threads: other bits", n);
        }
        CHECK_OK(vxg_set_threads(0));
        free(other);
        pictures_free(&p);
        s.roll = 0;
    }
}

/* Lanes share loads, not values: a pixel that is no number reaches the voxels it reaches in the
 * plain loop. */
TEST(not_a_number)
{
    for (int way = 0; way < 3; way++) {
        scene s = usual;
        pictures p;
        size_t fast;
        int64_t nans = 0;
        s.roll = way * 0.07, s.nz = 20; /* no voxel just on a row: weights of 0 are anyone's */
        if (way == 2) s.row_pitch = 1.3;
        CHECK_OK(pictures_new(&s, &p));
        const int64_t at = ((int64_t)2 * s.nv + 14) * s.nu + 15;
        p.in[at] = NAN, p.wide[at] = NAN;
        CHECK_OK(run(&s, VXG_F32, 0, 0, p.in, p.out, &fast));
        CHECK_OK(run(&s, VXG_F64, 0, 0, p.wide, p.want, &fast));
        for (int64_t i = 0; i < p.m; i++) {
            nans += isnan(p.want[i]);
            EXPECT(!isnan(p.out[i]) == !isnan(p.want[i]), "way %d: voxel %d: %g, %g is expected",
                   way, (int)i, p.out[i], p.want[i]);
        }
        EXPECT(nans > 10 && nans < p.m / 4, "%d voxels see the pixel", (int)nans);
        pictures_free(&p);
    }
}

TEST(switched_off)
{
    scene s = usual;
    pictures p;
    size_t plain, off;
    CHECK_OK(pictures_new(&s, &p));
    float *other = malloc((size_t)p.m * 4);
    CHECK(other, "no memory");
    CHECK_OK(run(&s, VXG_F32, 1, 1, p.in, p.out, &plain));
    setenv("VXG_CPU_SCHEDULE", "0", 1);
    CHECK_OK(run(&s, VXG_F32, 1, 0, p.in, other, &off));
    unsetenv("VXG_CPU_SCHEDULE");
    EXPECT(plain == 0 && off == 0, "workspaces of %d and %d bytes", (int)plain, (int)off);
    EXPECT(!memcmp(p.out, other, (size_t)p.m * 4), "other bits");
    free(other);
    pictures_free(&p);
}

/* Few columns beside a leaning one: a wide vector begins several columns beside the first view. */
TEST(few_columns)
{
    int tried = 0;
    for (int seed = 0; seed < 600; seed++) {
        uint32_t x = 12345u + 7919u * (uint32_t)seed;
        double u[9];
        for (int i = 0; i < 9; i++) {
            x ^= x << 13, x ^= x >> 17, x ^= x << 5;
            u[i] = x / 4294967296.0;
        }
        const vxg_ct_view view = {
            .s = {0, -40, 0}, .d = {0, 20, 0}, .U = {1, 0, 0}, .V = {0.6 * u[0] - 0.3, 0, 1}};
        const vxg_ct_volume vol = {.nz = 4 + (int64_t)(30 * u[1]),
                                   .ny = 1,
                                   .nx = 1 + (int64_t)(6 * u[2]),
                                   .dz = 0.3 + u[3],
                                   .dx = 0.3 + u[4],
                                   .center = {4 * u[5] - 2, 0, 10 * u[6] - 5}};
        const int64_t nv = 1 + (int64_t)(3 * u[7]), nu = 1 + (int64_t)(3 * u[8]);
        vxg_ct_geometry *geo = NULL;
        CHECK_OK(vxg_ct_cone_views(1, nv, nu, &view, &geo));
        float got[2][34 * 6], ones[9];
        double most = 0;
        int made = 0;
        for (int i = 0; i < 9; i++) ones[i] = 1;
        for (int plain = 0; plain < 2; plain++) {
            const vxg_ct_projector_opts opts = {.no_schedule = plain};
            vxg_op *op = NULL;
            vxg_array in = {0}, out = {0};
            if (vxg_ct_backprojector(dev, geo, &vol, &opts, &op)) break; /* misses it altogether */
            CHECK_OK(vxg_op_new_array(op, 0, &in));
            CHECK_OK(vxg_op_new_array(op, -1, &out));
            CHECK_OK(vxg_array_write(NULL, &in, ones));
            CHECK_OK(vxg_op_apply(op, NULL, &in, &out));
            CHECK_OK(vxg_array_read(NULL, &out, got[plain]));
            vxg_array_release(&in), vxg_array_release(&out), vxg_op_release(op);
            made++;
        }
        vxg_ct_geometry_release(geo);
        if (made < 2) continue;
        tried++;
        for (int64_t i = 0; i < vol.nz * vol.nx; i++)
            most = fmax(most, fabs(got[0][i] - got[1][i]));
        CHECK(most < 1e-4, "seed %d: %g beside the plain loop", seed, most);
    }
    CHECK(tried > 100, "%d", tried);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(tilts),           T(magnifications), T(borders),
                                      T(few_slices),      T(few_columns),    T(curved),
                                      T(near_the_source), T(helix),          T(chunks),
                                      T(threads),         T(not_a_number),   T(switched_off)};
    const char *levels[] = {"cpu:v2", "cpu"};
    int failed = 0;
    unsetenv("VXG_CPU_SCHEDULE");
    for (int i = 0; i < 2; i++) { /* every level has its own code */
        char suite[64];
        if (vxg_device_open(levels[i], &dev)) continue; /* not x86-64 */
        snprintf(suite, sizeof suite, "ct_schedule_cone.%s", i ? "best" : "v2");
        failed |= test_run(suite, list, (int)(sizeof list / sizeof *list), argc, argv);
        vxg_device_release(dev);
    }
    return failed;
}
