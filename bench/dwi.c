/* Local models of diffusion: voxels a second of one processor, 64 directions at b = 1000 and 3000
 * s/mm2, on crossing fibres with noise. Arguments: voxels (default 100000), device. */
#include <voxgrad/voxgrad.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { N = 65 };

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
#define TRY(call)                                                                                  \
    if (call) return fprintf(stderr, "%s\n", vxg_error_message()), 1

/* One unweighted volume and a spiral of 64 directions. */
static void table_of(double b, double *bs, double *d) {
    for (int i = 0; i < N; i++) {
        const double z = i ? (i - 0.5) / (N - 1) : 0, r = sqrt(1 - z * z), phi = 2.399963 * i;
        bs[i] = i ? b : 0;
        d[3 * i] = r * cos(phi), d[3 * i + 1] = r * sin(phi), d[3 * i + 2] = z;
    }
}
static void signal_of(int64_t voxels, const double *b, const double *d, float *x) {
    const uint32_t key[2] = {1, 2};
    for (int64_t v = 0; v < voxels; v++) {
        uint32_t counter[4] = {(uint32_t)v, 0, 0, 0}, r[4];
        double f[2][3];
        vxg_philox(counter, key, r);
        for (int k = 0; k < 2; k++) {
            const double z = r[2 * k] * 0x1p-32, s = sqrt(1 - z * z),
                         phi = r[2 * k + 1] * 0x1p-32 * 6.2831853;
            f[k][0] = s * cos(phi), f[k][1] = s * sin(phi), f[k][2] = z;
        }
        for (int i = 0; i < N; i++) {
            double s = 0;
            for (int k = 0; k < 2; k++) {
                const double c =
                    f[k][0] * d[3 * i] + f[k][1] * d[3 * i + 1] + f[k][2] * d[3 * i + 2];
                s += 0.5 * exp(-b[i] * (0.0003 + 0.0014 * c * c));
            }
            counter[1] = (uint32_t)(i + 1);
            vxg_philox(counter, key, r);
            x[i * voxels + v] =
                (float)(1000 * (s + 0.03 * ((double)r[0] + r[1] + r[2]) * 0x1p-32 - 0.045));
        }
    }
}
static int array_of(vxg_device *dev, int64_t rows, int64_t voxels, vxg_array *a) {
    return vxg_array_new(dev, VXG_F32, 2, (int64_t[2]){rows, voxels}, a);
}
static void row(const char *name, int64_t voxels, double t) {
    printf("%-28s %10.0f voxels/s  %8.3f us\n", name, (double)voxels / t, 1e6 * t / (double)voxels);
    fflush(stdout);
}

int main(int argc, char **argv) {
    const int64_t voxels = argc > 1 ? atoll(argv[1]) : 100000;
    double b[N], d[3 * N], t;
    float *x = malloc((size_t)voxels * N * sizeof *x);
    vxg_device *dev = NULL;
    vxg_array dwi = {0}, sh = {0}, one = {0};
    vxg_tensor_maps maps = {0};
    vxg_peaks_maps peaks = {0};
    vxg_gradients *g = NULL;
    vxg_response r = {0};
    const double fibre[3] = {0.0017, 0.0003, 0.0003};
    TRY(vxg_device_open(argc > 2 ? argv[2] : "cpu", &dev));
    table_of(1000, b, d);
    signal_of(voxels, b, d, x);
    TRY(vxg_gradients_new(N, b, d, NULL, &g));
    TRY(array_of(dev, N, voxels, &dwi));
    TRY(vxg_array_write(NULL, &dwi, x));
    TRY(array_of(dev, 1, voxels, &maps.fa));
    TRY(array_of(dev, 1, voxels, &maps.md));
    TRY(array_of(dev, 3, voxels, &maps.eigenvalues));
    TRY(array_of(dev, 9, voxels, &maps.eigenvectors));
    for (int it = 0; it <= 2; it++) {
        const vxg_tensor_opts o = {.iterations = it};
        t = seconds();
        TRY(vxg_dwi_tensor(NULL, g, &dwi, NULL, &o, &maps));
        row(it == 0   ? "tensor, OLS"
            : it == 1 ? "tensor, WLS"
                      : "tensor, WLS, 2 iterations",
            voxels, seconds() - t);
    }
    TRY(array_of(dev, 15, voxels, &one));
    for (int kind = VXG_ODF_QBALL; kind <= VXG_ODF_OPDT; kind++) {
        static const char *const names[] = {"", "q-ball 4", "csa 4", "opdt 4"};
        const vxg_odf_opts o = {.kind = (vxg_odf_kind)kind, .order = 4};
        t = seconds();
        TRY(vxg_dwi_odf(NULL, g, &dwi, NULL, &o, &one));
        row(names[kind], voxels, seconds() - t);
    }
    vxg_gradients_release(g);
    table_of(3000, b, d);
    signal_of(voxels, b, d, x);
    TRY(vxg_array_write(NULL, &dwi, x));
    TRY(vxg_gradients_new(N, b, d, NULL, &g));
    TRY(array_of(dev, 45, voxels, &sh));
    TRY(vxg_response_tensor(g, 1, 8, fibre, 1000, &r));
    t = seconds();
    TRY(vxg_dwi_csd(NULL, g, &dwi, NULL, &r, NULL, &sh));
    row("csd 8", voxels, seconds() - t);
    TRY(array_of(dev, 15, voxels, &peaks.directions));
    TRY(array_of(dev, 5, voxels, &peaks.values));
    t = seconds();
    TRY(vxg_dwi_peaks(NULL, &sh, NULL, NULL, NULL, &peaks));
    row("peaks of 8, 362 directions", voxels, seconds() - t);
    return 0;
}
