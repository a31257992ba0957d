/* voxgrad mask: the voxels of the head. */
#include "dwi.h"

#include <stdlib.h>

typedef struct options {
    cli_shared shared;
    cli_compute compute;
    cli_dwi_opts in;
    cli_maps_opts out;
    vxg_mask_opts mask;
} options;

#define MASK(name, usual) CLI_FIELD(name, 0, offsetof(options, mask), vxg_mask_opts, name, usual)
static const cli_row rows[] = {
    CLI_ONE_MAP_ROWS(options, "desc-brain_mask"),
    CLI_TABLE_ROWS(offsetof(options, in)),
    MASK("radius", "4"),
    MASK("passes", "4"),
    MASK("dilate", NULL),
    MASK("clean", "both"),
    CLI_COMPUTE_ROWS(options, "auto"),
    CLI_SHARED_ROWS(options),
};

static void put_type(cli_json *j, const void *context) {
    const options *o = context;
    cli_json_text(j, "Type", "Brain");
    cli_json_open(j, "Model", '{');
    cli_json_text(j, "Description", "Medians of the mean unweighted volume, Otsu's threshold");
    cli_json_open(j, "Parameters", '{');
    cli_json_int(j, "Radius", o->mask.radius);
    cli_json_int(j, "Passes", o->mask.passes);
    cli_json_int(j, "Dilate", o->mask.dilate);
    cli_json_close(j, '}');
    cli_json_close(j, '}');
}
static const cli_map_row kind = {.name = "mask",
                                 .label = "desc-brain_mask",
                                 .what = "Voxels of the head: 1, others: 0",
                                 .unit = "1",
                                 .intent = "mask",
                                 .bytes = 1,
                                 .more = put_type};

typedef struct job {
    cli_dwi_opts in;
    cli_dwi dwi;
    cli_maps files;
    cli_map map;
    vxg_array values; /* float32, as maps are written */
} job;

static int make_map(job *j) {
    float *f = malloc((size_t)j->dwi.image.voxels * sizeof *f);
    int status = f ? vxg_array_new(j->dwi.dev, VXG_F32, 3, j->dwi.image.shape, &j->values)
                   : vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    for (int64_t i = 0; i < j->dwi.image.voxels && !status; i++) f[i] = j->dwi.inside[i];
    if (!status) status = vxg_array_write(NULL, &j->values, f);
    free(f);
    return status;
}

static void say(const cli_run *r, const job *j, int64_t count, double seconds) {
    const double *size = j->dwi.image.size, ml = size[0] * size[1] * size[2] * 1e-3;
    const double share = (double)count / (double)j->dwi.image.voxels;
    cli_say(r, "mask: %lld of %lld voxels, %.0f ml, %.1f s on %s", (long long)count,
            (long long)j->dwi.image.voxels, (double)count * ml, seconds,
            vxg_device_get_info(j->dwi.dev)->spec);
    if (share > 0.9 || share < 0.02)
        cli_warn(r, "%s: %.1f %% of the image are in the mask: look at it", j->map.path,
                 100 * share);
    if (!r->shared->json) {
        cli_maps_print(NULL, &j->map, 1);
        return;
    }
    cli_json out = {.f = stdout};
    cli_dwi_json_begin(&out, &j->dwi);
    cli_json_int(&out, "mask_voxels", count);
    cli_json_real(&out, "mask_ml", (double)count * ml);
    cli_maps_print(&out, &j->map, 1);
    cli_json_real(&out, "seconds", seconds);
    cli_json_close(&out, '}');
}

static int run(cli_run *r) {
    const double start = cli_now();
    const options *o = r->options;
    int64_t count = 0;
    job *j = calloc(1, sizeof *j);
    if (!j) return vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    j->in = o->in;
    j->in.mask = "none"; /* it is what is looked for */
    j->map.context = o;
    int status = cli_maps_choose(&o->out, &kind, 1, &j->map);
    if (!status) status = cli_dwi_open(&j->dwi, r, r->operands[0], &j->in, 0);
    if (!status)
        status =
            cli_maps_open(&j->files, r, &j->dwi.image, o->out.force, j->dwi.inputs, CLI_DWI_INPUTS);
    if (!status) status = cli_maps_claim(&j->files, &j->map, 1);
    if (!status) status = cli_dwi_read(&j->dwi, &o->compute);
    if (!status) status = cli_dwi_provenance(&j->dwi, &j->files.prov);
    if (!status) status = cli_dwi_auto_mask(&j->dwi, &o->mask, &count);
    if (!status && !count)
        status = vxg_error_set(VXG_ERR_NUMERICAL, "%s: no voxel is in the mask", r->operands[0]);
    if (!status) status = make_map(j);
    if (!status) status = cli_map_write(&j->files, &j->map, &j->values);
    if (!status && !(status = cli_maps_commit(&j->files))) say(r, j, count, cli_now() - start);
    vxg_array_release(&j->values);
    cli_maps_close(&j->files);
    cli_dwi_close(&j->dwi);
    free(j);
    return status;
}

const cli_verb cli_verb_mask = {
    .name = "mask",
    .operands = "DWI -o FILE",
    .summary = "the voxels of the head in a diffusion series",
    .about =
        "The mean of the unweighted volumes, smoothed by medians over boxes of voxels, above "
        "Otsu's threshold, as DIPY's median_otsu; then the largest part alone, with what it "
        "encloses (--clean). 1 inside, 0 outside, uint8, with a JSON file beside it that says how "
        "it was made.\n\n"
        "The other verbs of diffusion make the same mask where none is given.",
    .examples = "  voxgrad mask dwi.nii.gz --bvals dwi.bval --bvecs dwi.bvec -o mask.nii.gz\n"
                "  voxgrad mask dwi.mif -o mask.mif --radius 2 --passes 2\n"
                "  voxgrad mask dwi.nii.gz -o mask.nii.gz --clean none\n",
    .min_operands = 1,
    .max_operands = 1,
    CLI_ROWS(rows),
    .size = sizeof(options),
    .run = run,
};
