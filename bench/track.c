/* Tracking: points a second of one processor through crossing fibres in 40 x 40 x 40 voxels of 2
 * mm, 64 directions at b = 2000 s/mm2. Arguments: seeds (default 5000), device. */
#include <voxgrad/voxgrad.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { N = 65, SIDE = 40, VOXELS = SIDE * SIDE * SIDE };

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
#define TRY(call)                                                                                  \
    if (call) return fprintf(stderr, "%s\n", vxg_error_message()), 1

static int drop(vxg_tract_writer *self, const vxg_tract_batch *b) {
    (void)self, (void)b;
    return VXG_OK;
}
/* Two fibres in every voxel, along x bent upwards and along y. */
static void series_of(const double *b, const double *d, float *x) {
    const uint32_t key[2] = {3, 4};
    for (int v = 0; v < VOXELS; v++) {
        const double t = (v % SIDE) * 0.03, f[2][3] = {{cos(t), 0, sin(t)}, {0, 1, 0}};
        uint32_t counter[4] = {(uint32_t)v, 0, 0, 0}, r[4];
        for (int i = 0; i < N; i++) {
            double s = 0;
            for (int k = 0; k < 2; k++) {
                const double c =
                    f[k][0] * d[3 * i] + f[k][1] * d[3 * i + 1] + f[k][2] * d[3 * i + 2];
                s += (k ? 0.4 : 0.6) * exp(-b[i] * (0.0003 + 0.0014 * c * c));
            }
            counter[1] = (uint32_t)i;
            vxg_philox(counter, key, r);
            x[(int64_t)i * VOXELS + v] =
                (float)(1000 * (s + 0.05 * (((double)r[0] + r[1]) * 0x1p-32 - 1)));
        }
    }
}
static int image(vxg_device *dev, int ndim, int64_t rows, vxg_array *a) {
    return vxg_array_new(dev, VXG_F32, ndim,
                         (int64_t[4]){ndim == 4 ? rows : SIDE, SIDE, SIDE, SIDE}, a);
}
static int run(const char *name, const vxg_track_field *f, int64_t n, const double *seeds,
               const vxg_track_opts *o) {
    vxg_tract_writer w = {.size = sizeof w, .write = drop};
    vxg_track_stats s = {0};
    const double t = seconds();
    TRY(vxg_track_run(NULL, f, n, seeds, o, &w, &s));
    const double used = seconds() - t;
    printf("%-34s %9.0f points/s  %8.0f streamlines/s  %6.1f points each\n", name,
           (double)s.points / used, (double)s.streamlines / used,
           (double)s.points / (double)s.streamlines);
    fflush(stdout);
    return 0;
}

int main(int argc, char **argv) {
    const int64_t n = argc > 1 ? atoll(argv[1]) : 5000;
    static double b[N], d[3 * N], basis[362 * 45];
    float *x = malloc(sizeof(float) * N * VOXELS), *c = malloc(sizeof(float) * 45 * VOXELS);
    float *samples = malloc(sizeof(float) * 362 * VOXELS);
    double *seeds = malloc(sizeof *seeds * 3 * (size_t)n);
    vxg_device *dev = NULL;
    vxg_array dwi = {0}, sh = {0}, odf = {0}, map = {0};
    vxg_gradients *g = NULL;
    vxg_sphere *sphere = NULL;
    vxg_response r = {0};
    TRY(vxg_device_open(argc > 2 ? argv[2] : "cpu", &dev));
    for (int i = 0; i < N; i++) {
        const double z = i ? (i - 0.5) / (N - 1) : 0, q = sqrt(1 - z * z), phi = 2.399963 * i;
        b[i] = i ? 2000 : 0;
        d[3 * i] = q * cos(phi), d[3 * i + 1] = q * sin(phi), d[3 * i + 2] = z;
    }
    series_of(b, d, x);
    for (int64_t i = 0; i < 3 * n; i++) {
        uint32_t counter[4] = {(uint32_t)i, 9, 0, 0}, key[2] = {5, 6}, w[4];
        vxg_philox(counter, key, w);
        seeds[i] = 2 * (SIDE - 1) * (w[0] * 0x1p-32);
    }
    TRY(vxg_gradients_new(N, b, d, NULL, &g));
    TRY(vxg_sphere_named(NULL, &sphere));
    TRY(image(dev, 4, N, &dwi));
    TRY(image(dev, 4, 45, &sh));
    TRY(image(dev, 4, 362, &odf));
    TRY(image(dev, 3, 0, &map));
    TRY(vxg_array_fill(NULL, &map, 1));
    TRY(vxg_array_write(NULL, &dwi, x));
    TRY(vxg_response_tensor(g, 1, 8, (double[3]){0.0017, 0.0003, 0.0003}, 1000, &r));
    TRY(vxg_dwi_csd(NULL, g, &dwi, NULL, &r, NULL, &sh));
    TRY(vxg_array_read(NULL, &sh, c));
    TRY(vxg_sh_matrix(VXG_SH_TOURNIER07, 8, 362, vxg_sphere_directions(sphere), basis));
    for (int i = 0; i < 362; i++)
        for (int64_t v = 0; v < VOXELS; v++) {
            double s = 0;
            for (int k = 0; k < 45; k++) s += basis[i * 45 + k] * (double)c[k * VOXELS + v];
            samples[i * VOXELS + v] = s > 0 ? (float)s : 0;
        }
    TRY(vxg_array_write(NULL, &odf, samples));
    const vxg_odf_opts opdt = {.kind = VXG_ODF_OPDT, .order = 4, .min_signal = 1};
    vxg_track_field f = {
        .values = odf, .samples = 1, .map = map, .affine = {2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0}};
    vxg_track_opts o = {.rules = VXG_TRACK_DIPY, .step = 1, .seed = 1};
    if (run("probabilistic, 362 samples", &f, n, seeds, &o)) return 1;
    o.getter = VXG_TRACK_DETERMINISTIC;
    if (run("deterministic, 362 samples", &f, n, seeds, &o)) return 1;
    o.getter = VXG_TRACK_PROBABILISTIC, o.half = 1;
    if (run("probabilistic, samples in halves", &f, n, seeds, &o)) return 1;
    f.values = sh, f.samples = 0, o.half = 0;
    if (run("probabilistic, harmonics 8", &f, n, seeds, &o)) return 1;
    o.half = 1;
    if (run("probabilistic, harmonics in halves", &f, n, seeds, &o)) return 1;
    o.getter = VXG_TRACK_PTT, o.half = 0, o.step = 0.5;
    if (run("parallel transport, DIPY's set", &f, n / 5, seeds, &o)) return 1;
    o.rules = VXG_TRACK_OWN, o.step = 1;
    if (run("parallel transport, own set", &f, n / 5, seeds, &o)) return 1;
    o.rules = VXG_TRACK_DIPY;
    f.values = dwi, f.gradients = g, f.model = &opdt;
    o.getter = VXG_TRACK_BOOTSTRAP;
    return run("bootstrap, opdt 4", &f, n / 5, seeds, &o);
}
