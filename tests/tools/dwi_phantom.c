/* dwi_phantom PREFIX [NAME=NUMBER...]: a generated series (../dwi_phantom.h) as PREFIX.nii (int16),
 * .bval and .bvec (FSL), .b (MRtrix, scanner axes), and the fibres' share of every voxel as
 * PREFIX_fibres.nii. Names: n (voxels of 2 mm along a side, 48), vx vy vz (mm, 2), b (s/mm2, 2000),
 * unweighted (1), directions (64), snr (30; 0: no noise), seed (1). The affine has no rotation;
 * its origin is the block's middle. */
#include "../dwi_phantom.h"

#include <stdio.h>
#include <stdlib.h>

enum { MOST_UNWEIGHTED = 1024 };

static int fail(void) {
    fprintf(stderr, "dwi_phantom: %s\n", vxg_error_message());
    return 1;
}

static int take(int argc, char **argv, dwi_phantom *p) {
    double n = 48, unweighted = 1, directions = 64, seed = 1;
    *p = (dwi_phantom){.voxel = {2, 2, 2}, .b = 2000, .snr = 30};
    const struct {
        const char *name;
        double *to;
    } all[] = {
        {"n", &n},      {"vx", p->voxel}, {"vy", p->voxel + 1},        {"vz", p->voxel + 2},
        {"b", &p->b},   {"snr", &p->snr}, {"unweighted", &unweighted}, {"directions", &directions},
        {"seed", &seed}};
    for (int i = 2; i < argc; i++) {
        const char *text = strchr(argv[i], '=');
        int found = 0;
        for (size_t k = 0; k < sizeof all / sizeof *all && text; k++) {
            const size_t length = (size_t)(text - argv[i]);
            if (strlen(all[k].name) != length || strncmp(all[k].name, argv[i], length)) continue;
            *all[k].to = atof(text + 1), found = 1;
        }
        if (!found) return fprintf(stderr, "dwi_phantom: what is %s?\n", argv[i]), 1;
    }
    p->side = 2 * n, p->unweighted = (int)unweighted, p->directions = (int)directions;
    p->seed = (uint32_t)seed;
    if (!(n >= 1 && unweighted >= 0 && unweighted <= MOST_UNWEIGHTED && directions >= 6 &&
          directions <= PHANTOM_DIRECTIONS))
        return fprintf(stderr, "dwi_phantom: n, unweighted or directions\n"), 1;
    phantom_begin(p);
    return 0;
}

static int write_image(const char *path, const dwi_phantom *p, vxg_dtype dtype, int64_t volumes,
                       const void *data) {
    vxg_block_create_opts o = {.force = 1, .info = {.dtype = dtype, .has_affine = 1}};
    vxg_block_writer *w = NULL;
    const int four = volumes > 1;
    int64_t start[4] = {0}, count[4] = {volumes, p->n[2], p->n[1], p->n[0]};
    o.info.ndim = 3 + four;
    snprintf(o.info.affine_unit, sizeof o.info.affine_unit, "mm");
    for (int i = 0; i < o.info.ndim; i++) o.info.axis[i].count = count[i + !four];
    for (int k = 0; k < 3; k++) {
        o.info.affine[5 * k] = p->voxel[k];
        o.info.affine[4 * k + 3] = -0.5 * (double)(p->n[k] - 1) * p->voxel[k];
    }
    int status = vxg_block_create(path, &o, &w);
    if (!status) status = w->write(w, start, count + !four, data);
    if (!status) return w->finish(w);
    if (w) w->abandon(w);
    return status;
}

static int write_tables(const char *prefix, const dwi_phantom *p) {
    enum { MOST = PHANTOM_DIRECTIONS + MOST_UNWEIGHTED };
    static double b[MOST], fsl[3 * MOST], mrtrix[4 * MOST];
    char path[1024];
    const int n = p->unweighted + p->directions;
    for (int v = 0; v < n; v++) {
        const double *g = p->direction + 3 * (v - p->unweighted);
        b[v] = v < p->unweighted ? 0 : p->b;
        for (int k = 0; k < 3 && v >= p->unweighted; k++) {
            fsl[k * n + v] = k ? g[k] : -g[k]; /* the affine's determinant is positive */
            mrtrix[4 * v + k] = g[k];
        }
        mrtrix[4 * v + 3] = b[v];
    }
    snprintf(path, sizeof path, "%s.bval", prefix);
    int status = vxg_numbers_write(path, b, 1, n, NULL, NULL, 1);
    snprintf(path, sizeof path, "%s.bvec", prefix);
    if (!status) status = vxg_numbers_write(path, fsl, 3, n, NULL, NULL, 1);
    snprintf(path, sizeof path, "%s.b", prefix);
    if (!status) status = vxg_numbers_write(path, mrtrix, n, 4, NULL, NULL, 1);
    return status;
}

int main(int argc, char **argv) {
    dwi_phantom p;
    char path[1024];
    if (argc < 2) return fprintf(stderr, "dwi_phantom PREFIX [NAME=NUMBER...]\n"), 2;
    if (take(argc, argv, &p)) return 2;
    const int64_t voxels = p.n[0] * p.n[1] * p.n[2], volumes = p.unweighted + p.directions;
    int16_t *series = malloc((size_t)(voxels * volumes) * sizeof *series);
    float *fibres = malloc((size_t)voxels * sizeof *fibres);
    double *signal = malloc((size_t)volumes * sizeof *signal);
    if (!series || !fibres || !signal) return fprintf(stderr, "dwi_phantom: no memory\n"), 1;
    for (int64_t v = 0; v < voxels; v++) {
        fibres[v] = (float)phantom_voxel(&p, v, signal);
        for (int64_t i = 0; i < volumes; i++) series[i * voxels + v] = (int16_t)rint(signal[i]);
    }
    if (vxg_io_register()) return fail();
    snprintf(path, sizeof path, "%s.nii", argv[1]);
    if (write_image(path, &p, VXG_I16, volumes, series)) return fail();
    snprintf(path, sizeof path, "%s_fibres.nii", argv[1]);
    if (write_image(path, &p, VXG_F32, 1, fibres)) return fail();
    if (write_tables(argv[1], &p)) return fail();
    free(series), free(fibres), free(signal);
    return 0;
}
