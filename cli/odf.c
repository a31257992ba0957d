/* voxgrad odf: orientation functions of one shell as spherical harmonics. */
#include "dwi.h"

#include <stdlib.h>

typedef struct options {
    cli_shared shared;
    cli_compute compute;
    cli_dwi_opts in;
    cli_maps_opts out;
    vxg_odf_opts odf;
} options;

#define ODF(name, usual) CLI_FIELD(name, 0, offsetof(options, odf), vxg_odf_opts, name, usual)
static const cli_row rows[] = {
    CLI_MAPS_ROWS(options, "sh,gfa",
                  "sh (the function's spherical harmonics), gfa (its generalised fractional "
                  "anisotropy)"),
    CLI_DWI_ROWS(offsetof(options, in)),
    CLI_FIELD_ALSO("model", "kind", 0, offsetof(options, odf), vxg_odf_opts, "kind", "csa"),
    ODF("order", "4"),
    ODF("shell", NULL),
    ODF("basis", NULL),
    ODF("smooth", NULL),
    ODF("min-signal", NULL),
    CLI_COMPUTE_ROWS(options, "auto"),
    CLI_SHARED_ROWS(options),
};

/* ---- What the files hold ---- */
static const char *const models[] = {
    "Signals of one shell", "Q-ball (Descoteaux et al. 2007)",
    "Constant solid angle (Aganj et al. 2010)",
    "Orientation probability density transform (Tristan-Vega et al. 2009)"};

static void put_model(cli_json *j, const void *context) {
    const vxg_odf_opts *o = context;
    cli_json_open(j, "Model", '{');
    cli_json_text(j, "Description", models[o->kind]);
    cli_json_open(j, "Parameters", '{');
    cli_json_int(j, "Order", o->order);
    cli_json_int(j, "Shell", o->shell);
    cli_json_real(j, "Smooth", o->smooth);
    cli_json_real(j, "MinSignal", o->min_signal);
    cli_json_close(j, '}');
    cli_json_close(j, '}');
}
static void put_sh(cli_json *j, const void *context) {
    const vxg_odf_opts *o = context;
    put_model(j, context);
    cli_sh_json(j, o->basis, o->order);
}
enum { SH, GFA, KINDS };
#define ROWS(model, param, unit)                                                                   \
    {                                                                                              \
        {"sh", "model-" model "_param-" param "_dwimap",                                           \
         0,    "Orientation function, spherical harmonics",                                        \
         unit, param,                                                                              \
         0,    put_sh},                                                                            \
        {                                                                                          \
            "gfa", "model-" model "_param-GFA_dwimap", 1,                                          \
                "Generalised fractional anisotropy of the orientation function", "1", "GFA", 0,    \
                put_model                                                                          \
        }                                                                                          \
    }
static const cli_map_row kinds[][KINDS] = {ROWS("SH", "amplitudes", NULL),
                                           ROWS("QBALL", "ODF", "1"), ROWS("CSA", "ODF", "1"),
                                           ROWS("OPDT", "ODF", "1")};

typedef struct job {
    const options *opt;
    cli_dwi dwi;
    cli_maps files;
    cli_map map[KINDS];
    vxg_odf_opts odf;
    vxg_array sh, gfa;
} job;

/* ---- The fit ---- */

/* One shell is meant, and its directions should determine the order. */
static int check_shell(job *j) {
    const vxg_gradients *g = j->dwi.gradients;
    const int shells = vxg_gradients_shells(g) - 1;
    if (j->odf.shell > shells || (!j->odf.shell && shells > 1))
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "--shell %d: the series has %d shells; say which is meant, from 1 by "
                             "rising b",
                             j->odf.shell, shells);
    if (!vxg_sh_count(j->odf.order))
        return vxg_error_set(VXG_ERR_ARGUMENT, "--order: %d is odd", j->odf.order);
    const int64_t n = vxg_gradients_shell_count(g, j->odf.shell ? j->odf.shell : 1);
    if (n >= vxg_sh_count(j->odf.order)) return VXG_OK;
    if (!cli_given(j->dwi.run, "order")) {
        while (j->odf.order > 2 && n < vxg_sh_count(j->odf.order)) j->odf.order -= 2;
        cli_say(j->dwi.run, "%lld directions: order %d instead of %d", (long long)n, j->odf.order,
                j->opt->odf.order);
    } else {
        cli_warn(j->dwi.run,
                 "--order %d: %lld directions determine fewer than its %lld coefficients; --smooth "
                 "has to do the rest",
                 j->odf.order, (long long)n, (long long)vxg_sh_count(j->odf.order));
    }
    return VXG_OK;
}

static int fit(job *j) {
    const int64_t *n = j->dwi.image.shape;
    const int64_t shape[4] = {vxg_sh_count(j->odf.order), n[0], n[1], n[2]};
    int status = vxg_array_new(j->dwi.dev, VXG_F32, 4, shape, &j->sh);
    j->odf.progress = cli_progress(j->dwi.run);
    if (!status)
        status =
            vxg_dwi_odf(NULL, j->dwi.gradients, &j->dwi.series, &j->dwi.voxels, &j->odf, &j->sh);
    cli_progress_end();
    if (status || !j->map[GFA].row) return status;
    status = vxg_array_new(j->dwi.dev, VXG_F32, 3, n, &j->gfa);
    return status ? status : vxg_dwi_gfa(NULL, &j->sh, &j->dwi.voxels, &j->gfa);
}

static void print_result(const cli_run *r, const job *j, double seconds) {
    cli_json out = {.f = stdout};
    if (r->shared->json) cli_dwi_json_begin(&out, &j->dwi);
    cli_maps_print(r->shared->json ? &out : NULL, j->map, KINDS);
    if (!r->shared->json) return;
    cli_json_int(&out, "order", j->odf.order);
    cli_json_real(&out, "seconds", seconds);
    cli_json_close(&out, '}');
}

static int run(cli_run *r) {
    const double start = cli_now();
    const options *o = r->options;
    job *j = calloc(1, sizeof *j);
    if (!j) return vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    j->opt = o, j->odf = o->odf;
    for (int i = 0; i < KINDS; i++) j->map[i].context = &j->odf;
    int status = cli_maps_choose(&o->out, kinds[o->odf.kind], KINDS, j->map);
    if (!status) status = cli_dwi_open(&j->dwi, r, r->operands[0], &o->in, 1);
    if (!status) status = check_shell(j);
    if (!status)
        status =
            cli_maps_open(&j->files, r, &j->dwi.image, o->out.force, j->dwi.inputs, CLI_DWI_INPUTS);
    if (!status) status = cli_maps_claim(&j->files, j->map, KINDS);
    if (!status) status = cli_dwi_read(&j->dwi, &o->compute);
    if (!status) status = cli_dwi_provenance(&j->dwi, &j->files.prov);
    if (!status) status = fit(j);
    if (!status && j->map[SH].row) status = cli_map_write(&j->files, &j->map[SH], &j->sh);
    if (!status && j->map[GFA].row) status = cli_map_write(&j->files, &j->map[GFA], &j->gfa);
    if (!status && !(status = cli_maps_commit(&j->files))) {
        cli_say(r, "%s, order %d, in %lld voxels, %.1f s on %s", models[o->odf.kind], j->odf.order,
                (long long)j->dwi.count, cli_now() - start, vxg_device_get_info(j->dwi.dev)->spec);
        print_result(r, j, cli_now() - start);
    }
    vxg_array_release(&j->sh), vxg_array_release(&j->gfa);
    cli_maps_close(&j->files);
    cli_dwi_close(&j->dwi);
    free(j);
    return status;
}

const cli_verb cli_verb_odf = {
    .name = "odf",
    .operands = "DWI -o NAME",
    .summary = "orientation functions: q-ball, CSA, OPDT; GFA",
    .about =
        "Orientation functions of one shell, as spherical harmonics, one coefficient a volume: by "
        "default as MRtrix3 has them (tournier07), and their generalised fractional anisotropy. "
        "Kinds but amplitudes divide by the mean unweighted signal.\n\n"
        "Files are NAME_model-CSA_param-ODF_dwimap.nii.gz and so on, each with a JSON file that "
        "says what it is. The kinds and their sources are in docs/diffusion.md.",
    .examples = "  voxgrad odf dwi.nii.gz --bvals dwi.bval --bvecs dwi.bvec -o sub-01\n"
                "  voxgrad odf dwi.nii.gz -o opdt.nii.gz --maps sh --kind opdt --order 6\n"
                "  voxgrad odf dwi.mif -o amplitudes.mif --maps sh --kind amplitudes --shell 1\n",
    .min_operands = 1,
    .max_operands = 1,
    CLI_ROWS(rows),
    .size = sizeof(options),
    .run = run,
};
