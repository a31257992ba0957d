/* voxgrad dti: the diffusion tensor and its maps. */
#include "dwi.h"

#include <stdlib.h>
#include <string.h>

typedef struct options {
    cli_shared shared;
    cli_compute compute;
    cli_dwi_opts in;
    cli_maps_opts out;
    vxg_tensor_opts tensor;
    int fit;
} options;
enum { FIT_WLS, FIT_OLS };

#define TENSOR(name, usual)                                                                        \
    CLI_FIELD(name, 0, offsetof(options, tensor), vxg_tensor_opts, name, usual)
static const cli_row rows[] = {
    CLI_MAPS_ROWS(options, "fa,md,ad,rd,v1,rgb,tensor,s0",
                  "fa, md, ad, rd, v1 (first eigenvector), rgb (v1 times FA), tensor, s0, "
                  "eigenvalues, eigenvectors"),
    CLI_DWI_ROWS(offsetof(options, in)),
    CLI_OWN("fit", 0, VXG_OPT_CHOICE, offsetof(options, fit), "wls", 0, 0, NULL, "wls|ols",
            "least squares of the logarithms, weighted by the squared signal or all alike"),
    TENSOR("iterations", "1"),
    TENSOR("start", NULL),
    TENSOR("min-signal", NULL),
    TENSOR("min-share", NULL),
    TENSOR("min-eigenvalue", NULL),
    CLI_COMPUTE_ROWS(options, "auto"),
    CLI_SHARED_ROWS(options),
};

/* ---- What the files hold ---- */

static void put_model(cli_json *j, const void *context) {
    const options *o = context;
    cli_json_open(j, "Model", '{');
    cli_json_text(j, "Description", "Diffusion tensor");
    cli_json_open(j, "Parameters", '{');
    cli_json_text(j, "FitMethod", o->fit == FIT_OLS ? "ols" : "wls");
    cli_json_int(j, "Iterations", o->fit == FIT_OLS ? 0 : o->tensor.iterations);
    cli_json_close(j, '}');
    cli_json_close(j, '}');
}
static void put_encoding(cli_json *j, const char *type, const char *order) {
    cli_json_open(j, "OrientationEncoding", '{');
    cli_json_int(j, "EncodingAxis", 3);
    cli_json_text(j, "Type", type);
    cli_json_text(j, "Reference", "xyz");
    cli_json_text(j, "Rows", order);
    cli_json_close(j, '}');
}
static void put_vector(cli_json *j, const void *context) {
    put_model(j, context);
    put_encoding(j, "unit3vector", "x y z, scanner axes: right, front, top");
}
static void put_vectors(cli_json *j, const void *context) {
    put_model(j, context);
    put_encoding(j, "unit3vector", "x y z of the first, the second and the third eigenvector");
}
static void put_rgb(cli_json *j, const void *context) {
    put_model(j, context);
    put_encoding(j, "3vector", "|x| |y| |z|: red left-right, green back-front, blue up-down");
}
static void put_tensor(cli_json *j, const void *context) {
    put_model(j, context);
    put_encoding(j, "tensor", "Dxx Dyy Dzz Dxy Dxz Dyz, scanner axes: right, front, top");
}

#define LABEL(param) "model-DTI_param-" param "_dwimap"
static const cli_map_row kinds[] = {
    {"fa", LABEL("FA"), 1, "Fractional anisotropy of the diffusion tensor", "1", "FA", 0,
     put_model},
    {"md", LABEL("MD"), 1, "Mean diffusivity", "mm2/s", "MD", 0, put_model},
    {"ad", LABEL("AD"), 1, "Axial diffusivity: the first eigenvalue", "mm2/s", "AD", 0, put_model},
    {"rd", LABEL("RD"), 1, "Radial diffusivity: the mean of the other eigenvalues", "mm2/s", "RD",
     0, put_model},
    {"v1", LABEL("V1"), 3, "First eigenvector of the diffusion tensor", "1", "V1", 0, put_vector},
    {"rgb", LABEL("RGB"), 3, "Magnitudes of the first eigenvector times fractional anisotropy", "1",
     "RGB", 0, put_rgb},
    {"tensor", LABEL("tensor"), 6, "Diffusion tensor", "mm2/s", "tensor", 0, put_tensor},
    {"s0", LABEL("S0"), 1, "Signal without weighting, as the tensor's fit has it", NULL, "S0", 0,
     put_model},
    {"eigenvalues", LABEL("eigenvalues"), 3, "Eigenvalues of the diffusion tensor, falling",
     "mm2/s", "eigenvalues", 0, put_model},
    {"eigenvectors", LABEL("eigenvectors"), 9, "Eigenvectors of the diffusion tensor", "1",
     "eigenvectors", 0, put_vectors},
};
enum { FA, MD, AD, RD, V1, RGB, TENSOR_MAP, S0, VALUES, VECTORS, KINDS };

typedef struct job {
    const options *opt;
    cli_dwi dwi;
    cli_maps files;
    cli_map map[KINDS];
    vxg_tensor_opts tensor;
    vxg_tensor_maps result;
    vxg_array v1; /* a view of the eigenvectors */
} job;

/* ---- The fit ---- */

static vxg_array *array_of(job *j, int kind) {
    vxg_tensor_maps *m = &j->result;
    vxg_array *const all[KINDS] = {&m->fa,  &m->md,     &m->ad, &m->rd,          &j->v1,
                                   &m->rgb, &m->tensor, &m->s0, &m->eigenvalues, &m->eigenvectors};
    return all[kind];
}

static int make_arrays(job *j) {
    int status = VXG_OK;
    for (int i = 0; i < KINDS && !status; i++) {
        const int64_t *n = j->dwi.image.shape;
        const int64_t shape[4] = {kinds[i].rows, n[0], n[1], n[2]};
        const int wanted =
            i == VECTORS ? j->map[V1].row || j->map[VECTORS].row : i != V1 && j->map[i].row;
        if (wanted) status = vxg_array_new(j->dwi.dev, VXG_F32, 4, shape, array_of(j, i));
    }
    if (!status && j->map[V1].row)
        status = vxg_array_slice(&j->result.eigenvectors, 0, 0, 3, &j->v1);
    return status;
}

static int check_options(const cli_run *r, const options *o) {
    if (o->fit == FIT_OLS && cli_given(r, "iterations") && o->tensor.iterations)
        return vxg_error_set(VXG_ERR_ARGUMENT, "--iterations does not go with --fit ols, which has "
                                               "no weights");
    if (o->fit == FIT_WLS && !o->tensor.iterations)
        return vxg_error_set(VXG_ERR_ARGUMENT, "--iterations 0 is --fit ols");
    return VXG_OK;
}

static void print_result(const cli_run *r, const job *j, double seconds) {
    cli_json out = {.f = stdout};
    if (r->shared->json) cli_dwi_json_begin(&out, &j->dwi);
    cli_maps_print(r->shared->json ? &out : NULL, j->map, KINDS);
    if (!r->shared->json) return;
    cli_json_real(&out, "seconds", seconds);
    cli_json_close(&out, '}');
}

static int run(cli_run *r) {
    const double start = cli_now();
    const options *o = r->options;
    job *j = calloc(1, sizeof *j);
    if (!j) return vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    j->opt = o, j->tensor = o->tensor;
    if (o->fit == FIT_OLS) j->tensor.iterations = 0;
    for (int i = 0; i < KINDS; i++) j->map[i].context = o;
    int status = check_options(r, o);
    if (!status) status = cli_maps_choose(&o->out, kinds, KINDS, j->map);
    if (!status) status = cli_dwi_open(&j->dwi, r, r->operands[0], &o->in, 1);
    if (!status)
        status =
            cli_maps_open(&j->files, r, &j->dwi.image, o->out.force, j->dwi.inputs, CLI_DWI_INPUTS);
    if (!status) status = cli_maps_claim(&j->files, j->map, KINDS);
    if (!status) status = cli_dwi_read(&j->dwi, &o->compute);
    if (!status) status = cli_dwi_provenance(&j->dwi, &j->files.prov);
    if (!status) status = make_arrays(j);
    j->tensor.progress = cli_progress(r);
    if (!status)
        status = vxg_dwi_tensor(NULL, j->dwi.gradients, &j->dwi.series, &j->dwi.voxels, &j->tensor,
                                &j->result);
    cli_progress_end();
    for (int i = 0; i < KINDS && !status; i++)
        if (j->map[i].row) status = cli_map_write(&j->files, &j->map[i], array_of(j, i));
    if (!status && !(status = cli_maps_commit(&j->files))) {
        cli_say(r, "tensors of %lld voxels, %.1f s on %s", (long long)j->dwi.count,
                cli_now() - start, vxg_device_get_info(j->dwi.dev)->spec);
        print_result(r, j, cli_now() - start);
    }
    for (int i = 0; i < KINDS; i++) vxg_array_release(array_of(j, i));
    cli_maps_close(&j->files);
    cli_dwi_close(&j->dwi);
    free(j);
    return status;
}

const cli_verb cli_verb_dti = {
    .name = "dti",
    .operands = "DWI -o NAME",
    .summary = "diffusion tensors: FA, MD, AD, RD, V1, RGB, S0",
    .about =
        "Fits the diffusion tensor in every voxel of a series (NIfTI, MRtrix) and writes each map "
        "as NAME_model-DTI_param-FA_dwimap.nii.gz and so on, with what it is and what made it in a "
        "JSON file beside it. Vectors and tensors are along the scanner's axes: right, front, "
        "top.\n\n"
        "Voxels that do not count (--mask) are 0. A voxel that holds a value that is NaN or "
        "infinite in any volume is left out, and how many are is said. Nothing is left behind when "
        "the command fails or is interrupted.",
    .examples = "  voxgrad dti dwi.nii.gz --bvals dwi.bval --bvecs dwi.bvec -o sub-01\n"
                "  voxgrad dti dwi.mif -o fa.mif --maps fa --mask mask.mif\n"
                "  voxgrad dti dwi.nii.gz -o out/sub-01 --maps fa,md --fit ols --mask none\n",
    .min_operands = 1,
    .max_operands = 1,
    CLI_ROWS(rows),
    .size = sizeof(options),
    .run = run,
};
