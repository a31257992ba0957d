/* voxgrad csd: densities of fibres by constrained spherical deconvolution. */
#include "dwi.h"

#include <stdlib.h>
#include <string.h>

typedef struct options {
    cli_shared shared;
    cli_compute compute;
    cli_dwi_opts in;
    cli_maps_opts out;
    vxg_csd_opts csd;
    cli_response_opts response;
    const char *sphere;
} options;

#define CSD(name, usual) CLI_FIELD(name, 0, offsetof(options, csd), vxg_csd_opts, name, usual)
static const cli_row rows[] = {
    CLI_ONE_MAP_ROWS(options, "model-CSD_param-FOD_dwimap"),
    CLI_DWI_ROWS(offsetof(options, in)),
    CLI_RESPONSE_ROWS(offsetof(options, response)),
    CSD("order", "8"),
    CSD("shell", NULL),
    CSD("rules", NULL),
    CSD("basis", NULL),
    CSD("iterations", "50"),
    CSD("lambda", "1"),
    CSD("tau", "0.1"),
    CLI_OWN("sphere", 0, VXG_OPT_TEXT, offsetof(options, sphere), "hemi:symmetric362", 0, 0, NULL,
            "NAME",
            "directions where the density is looked at: repulsion724, repulsion200, repulsion100, "
            "symmetric724, symmetric642, symmetric362, hemi: in front for one of each pair"),
    CLI_COMPUTE_ROWS(options, "auto"),
    CLI_SHARED_ROWS(options),
};

typedef struct job {
    const options *opt;
    cli_dwi dwi;
    cli_maps files;
    cli_map map;
    vxg_csd_opts csd;
    vxg_response response;
    vxg_sphere *sphere;
    vxg_array sh;
} job;

static void put_model(cli_json *j, const void *context) {
    const job *c = context;
    cli_json_open(j, "Model", '{');
    cli_json_text(j, "Description", "Constrained spherical deconvolution (Tournier et al. 2007)");
    cli_json_open(j, "Parameters", '{');
    cli_json_text(j, "Rules", c->csd.rules == VXG_CSD_MRTRIX ? "mrtrix" : "dipy");
    cli_json_real(j, "Lambda", c->csd.lambda);
    cli_json_real(j, "Tau", c->csd.tau);
    cli_json_int(j, "Iterations", c->csd.iterations);
    cli_json_text(j, "Sphere", c->opt->sphere);
    cli_json_close(j, '}');
    cli_json_close(j, '}');
    cli_response_json(j, &c->response);
    cli_sh_json(j, c->csd.basis, c->csd.order);
}
static const cli_map_row kind = {.name = "fod",
                                 .label = "model-CSD_param-FOD_dwimap",
                                 .what = "Density of fibres over directions, spherical harmonics",
                                 .unit = "1",
                                 .intent = "FOD",
                                 .more = put_model};

/* The names of the outputs are kept before any work. */
static int claim(job *j, const cli_run *r) {
    const options *o = j->opt;
    const int file = strcmp(o->response.from, "auto") && strcmp(o->response.from, "recursive");
    const char *inputs[CLI_DWI_INPUTS + 1];
    memcpy(inputs, j->dwi.inputs, sizeof j->dwi.inputs);
    inputs[CLI_DWI_INPUTS] = file ? o->response.from : NULL;
    int status =
        cli_maps_open(&j->files, r, &j->dwi.image, o->out.force, inputs, CLI_DWI_INPUTS + 1);
    if (!status) status = cli_maps_claim(&j->files, &j->map, 1);
    if (!status && o->response.out)
        status = cli_claimed(vxg_outputs_claim(j->files.set, o->response.out, o->out.force));
    return status;
}

static int fit(job *j) {
    const int64_t *n = j->dwi.image.shape;
    const int64_t shape[4] = {vxg_sh_count(j->csd.order), n[0], n[1], n[2]};
    int status = vxg_array_new(j->dwi.dev, VXG_F32, 4, shape, &j->sh);
    j->csd.progress = cli_progress(j->dwi.run);
    if (!status)
        status = vxg_dwi_csd(NULL, j->dwi.gradients, &j->dwi.series, &j->dwi.voxels, &j->response,
                             &j->csd, &j->sh);
    cli_progress_end();
    return status;
}

static void print_result(const cli_run *r, const job *j, double seconds) {
    cli_json out = {.f = stdout};
    if (!r->shared->json) {
        cli_maps_print(NULL, &j->map, 1);
        if (j->opt->response.out) printf("%s\n", j->opt->response.out);
        return;
    }
    cli_dwi_json_begin(&out, &j->dwi);
    cli_json_int(&out, "order", j->csd.order);
    cli_json_int(&out, "shell", j->csd.shell);
    cli_response_json(&out, &j->response);
    cli_json_int(&out, "response_voxels", j->response.voxels);
    cli_json_text(&out, "response_file", j->opt->response.out);
    cli_maps_print(&out, &j->map, 1);
    cli_json_real(&out, "seconds", seconds);
    cli_json_close(&out, '}');
}

static int run(cli_run *r) {
    const double start = cli_now();
    const options *o = r->options;
    job *j = calloc(1, sizeof *j);
    if (!j) return vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    j->opt = o, j->csd = o->csd, j->map.context = j;
    int status = cli_response_heeded(r, &o->response);
    if (!status) status = cli_maps_choose(&o->out, &kind, 1, &j->map);
    if (!status) status = cli_sphere(o->sphere, &j->sphere);
    if (!status) status = cli_dwi_open(&j->dwi, r, r->operands[0], &o->in, 1);
    if (!status) status = cli_csd_plan(&j->dwi, &j->csd, cli_given(r, "order"));
    if (!status) status = claim(j, r);
    j->csd.sphere = j->sphere;
    if (!status) status = cli_dwi_read(&j->dwi, &o->compute);
    if (!status) status = cli_response(&j->dwi, &o->response, &j->csd, &j->response);
    if (!status) status = cli_dwi_provenance(&j->dwi, &j->files.prov);
    if (!status) status = cli_response_provenance(&j->files.prov, &j->response);
    if (!status) status = fit(j);
    if (!status) status = cli_map_write(&j->files, &j->map, &j->sh);
    if (!status)
        status = cli_response_write(&j->dwi, &j->csd, &j->response, o->response.out, j->files.set,
                                    o->out.force);
    if (!status && !(status = cli_maps_commit(&j->files))) {
        cli_say(r, "densities of order %d in %lld voxels, %.1f s on %s", j->csd.order,
                (long long)j->dwi.count, cli_now() - start, vxg_device_get_info(j->dwi.dev)->spec);
        print_result(r, j, cli_now() - start);
    }
    vxg_array_release(&j->sh);
    vxg_sphere_release(j->sphere);
    cli_maps_close(&j->files);
    cli_dwi_close(&j->dwi);
    free(j);
    return status;
}

const cli_verb cli_verb_csd = {
    .name = "csd",
    .operands = "DWI -o FILE",
    .summary = "densities of fibres by spherical deconvolution",
    .about =
        "Constrained spherical deconvolution of one shell (Tournier et al. 2007), in every voxel "
        "of "
        "the mask. The result is an image of spherical harmonics, one coefficient a volume: by "
        "default as MRtrix3 has them (tournier07), of even order up to --order. With fewer "
        "directions than the order has coefficients the order is lowered, and that is said.\n\n"
        "The response, the signal of one fibre, is found in the data (--response auto or "
        "recursive) or read from a file; --response-out keeps it. With --rules mrtrix and its "
        "response the result is that of dwi2fod csd.",
    .examples =
        "  voxgrad csd dwi.nii.gz --bvals dwi.bval --bvecs dwi.bvec -o fod.nii.gz\n"
        "  voxgrad csd dwi.mif -o fod.mif --mask mask.mif --response response.txt --rules "
        "mrtrix\n"
        "  voxgrad csd dwi.nii.gz -o sub-01 --response recursive --response-out response.txt\n",
    .min_operands = 1,
    .max_operands = 1,
    CLI_ROWS(rows),
    .size = sizeof(options),
    .run = run,
};
