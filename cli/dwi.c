/* A series of diffusion-weighted volumes: its table of gradients out of whichever file has it, the
 * numbers, the voxels that count. */
#include "dwi.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- The gradient table ---- */

static int check_options(const cli_dwi_opts *o) {
    if (o->grad && (o->bvals || o->bvecs))
        return vxg_error_set(VXG_ERR_ARGUMENT, "--grad does not go with --%s: one table is enough",
                             o->bvals ? "bvals" : "bvecs");
    if (!o->bvals != !o->bvecs)
        return vxg_error_set(VXG_ERR_ARGUMENT, "--%s is missing: it goes with --%s",
                             o->bvals ? "bvecs" : "bvals", o->bvals ? "bvals" : "bvecs");
    return VXG_OK;
}

/* NAME.bval and NAME.bvec beside NAME.nii.gz; 0 where one of them is not there. */
static int files_beside(const char *path, char *bvals, char *bvecs) {
    static const char *const ends[] = {".nii.gz", ".mif.gz", ".nii", ".mif",
                                       ".mih",    ".img",    ".hdr"};
    size_t n = strlen(path);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        const size_t m = strlen(ends[i]);
        if (n <= m || strcmp(path + n - m, ends[i]) != 0) continue;
        n -= m;
        break;
    }
    if (n + 8 > CLI_MAP_PATH) return 0;
    snprintf(bvals, CLI_MAP_PATH, "%.*s.bval", (int)n, path);
    snprintf(bvecs, CLI_MAP_PATH, "%.*s.bvec", (int)n, path);
    if (!access(bvals, F_OK) && !access(bvecs, F_OK)) return 1;
    bvals[0] = bvecs[0] = 0;
    return 0;
}

/* Two files in FSL's form. */
static int read_fsl(cli_dwi *d) {
    double *b = NULL, *vectors = NULL;
    int64_t rows = 0, columns = 0, brows = 0, bcolumns = 0;
    const int64_t n = d->image.rows;
    int status = vxg_numbers_read(d->bvals, &b, &brows, &bcolumns, NULL);
    if (!status && (brows * bcolumns != n || (brows > 1 && bcolumns > 1)))
        status = vxg_error_set(VXG_ERR_INPUT,
                               "%s: %lld x %lld b-values; %s has %lld volumes, each of which needs "
                               "one",
                               d->bvals, (long long)brows, (long long)bcolumns, d->image.file->path,
                               (long long)n);
    if (!status) status = vxg_numbers_read(d->bvecs, &vectors, &rows, &columns, NULL);
    if (!status && !(rows == 3 && columns == n) && !(rows == n && columns == 3))
        status = vxg_error_set(VXG_ERR_INPUT,
                               "%s: directions of %lld x %lld numbers; of %lld volumes 3 x %lld or "
                               "%lld x 3 are expected",
                               d->bvecs, (long long)rows, (long long)columns, (long long)n,
                               (long long)n, (long long)n);
    if (!status) {
        status = vxg_gradients_fsl(n, b, rows, columns, vectors, d->image.affine, &d->opts->table,
                                   &d->gradients);
        if (status) status = vxg_error_context(status, "%s, %s", d->bvals, d->bvecs);
    }
    vxg_free(b);
    vxg_free(vectors);
    return status;
}

/* (n, 4) in MRtrix's form; `from` in messages. */
static int take_mrtrix(cli_dwi *d, const double *table, int64_t rows, int64_t columns,
                       const char *from) {
    if (columns != 4 || rows != d->image.rows)
        return vxg_error_set(VXG_ERR_INPUT,
                             "%s: a table of %lld x %lld numbers; of %lld volumes %lld x 4 are "
                             "expected",
                             from, (long long)rows, (long long)columns, (long long)d->image.rows,
                             (long long)d->image.rows);
    int status = vxg_gradients_mrtrix(rows, table, &d->opts->table, &d->gradients);
    return status ? vxg_error_context(status, "%s", from) : VXG_OK;
}

static int read_grad(cli_dwi *d) {
    double *table = NULL;
    int64_t rows = 0, columns = 0;
    int status = vxg_numbers_read(d->opts->grad, &table, &rows, &columns, NULL);
    if (!status) status = take_mrtrix(d, table, rows, columns, d->opts->grad);
    vxg_free(table);
    return status;
}

static const char *scheme_of(const cli_image *im) {
    const vxg_block_info *info = &im->file->info;
    for (int i = 0; i < info->nattributes; i++)
        if (!strcmp(info->attributes[i].name, "dw_scheme")) return info->attributes[i].text;
    return NULL;
}

/* Lines "x,y,z,b" out of the header; more numbers in a line are MRtrix's phase encoding and such.
 */
static int read_scheme(cli_dwi *d, const char *text) {
    char from[CLI_MAP_PATH + 32];
    const int64_t n = d->image.rows;
    double *table = malloc((size_t)n * 4 * sizeof *table);
    int64_t rows = 0;
    int status = table ? VXG_OK : vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    snprintf(from, sizeof from, "%s: dw_scheme", d->image.file->path);
    for (const char *line = text; *line && !status; rows++) {
        const size_t length = strcspn(line, "\n");
        const char *p = line, *end = line + length;
        for (int k = 0; k < 4 && !status; k++) {
            char *after = NULL;
            const double x = strtod(p, &after);
            if (after == p || after > end)
                status = vxg_error_set(VXG_ERR_INPUT, "%s, line %lld: '%.*s' is not x,y,z,b", from,
                                       (long long)rows + 1, (int)length, line);
            if (!status && rows < n) table[4 * rows + k] = x;
            p = after + strspn(after, ", \t");
        }
        line = end + (*end == '\n');
    }
    if (!status) status = take_mrtrix(d, table, rows, 4, from);
    free(table);
    return status;
}

static int read_table(cli_dwi *d) {
    const cli_dwi_opts *o = d->opts;
    const char *path = d->image.file->path, *scheme = scheme_of(&d->image);
    if (o->grad) {
        d->table = "--grad";
        d->inputs[3] = o->grad;
        if (scheme) cli_say(d->run, "%s: its header's own table of gradients is left aside", path);
        return read_grad(d);
    }
    if (!o->bvals && scheme) {
        d->table = "dw_scheme in the image's header";
        return read_scheme(d, scheme);
    }
    d->table = "--bvals and --bvecs";
    if (o->bvals) {
        snprintf(d->bvals, sizeof d->bvals, "%s", o->bvals);
        snprintf(d->bvecs, sizeof d->bvecs, "%s", o->bvecs);
    } else if (files_beside(path, d->bvals, d->bvecs)) {
        d->table = "the files beside the image";
        cli_say(d->run, "gradient table: %s, %s", d->bvals, d->bvecs);
    } else {
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "%s: no gradient table: neither --bvals and --bvecs nor --grad is "
                             "given, its header has none and there are no files beside it with its "
                             "name and .bval and .bvec",
                             path);
    }
    if (scheme) cli_say(d->run, "%s: its header's own table of gradients is left aside", path);
    d->inputs[1] = d->bvals, d->inputs[2] = d->bvecs;
    return read_fsl(d);
}

/* "6 unweighted volumes; 64 of b = 996 s/mm2" */
static void shells_text(const vxg_gradients *g, char *out, size_t size) {
    size_t n = (size_t)snprintf(out, size, "%lld unweighted volume%s",
                                (long long)vxg_gradients_shell_count(g, 0),
                                vxg_gradients_shell_count(g, 0) == 1 ? "" : "s");
    for (int s = 1; s < vxg_gradients_shells(g) && n < size; s++)
        n += (size_t)snprintf(out + n, size - n, "%s%lld of b = %.0f s/mm2", s > 1 ? ", " : "; ",
                              (long long)vxg_gradients_shell_count(g, s),
                              vxg_gradients_shell_b(g, s));
}

/* ---- Which voxels count ---- */

static int open_mask(cli_dwi *d) {
    const char *mask = d->opts->mask;
    if (!strcmp(mask, "auto") || !strcmp(mask, "none")) return VXG_OK;
    d->inputs[4] = mask;
    int status = cli_image_open(mask, 3, &d->mask);
    return status ? status : cli_image_same_grid(&d->image, &d->mask);
}

int cli_dwi_auto_mask(cli_dwi *d, const vxg_mask_opts *opts, int64_t *count) {
    vxg_array marks = {0};
    uint32_t *values = malloc((size_t)d->image.voxels * sizeof *values);
    int status = values ? vxg_array_new(d->dev, VXG_U32, 3, d->image.shape, &marks)
                        : vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    *count = 0;
    if (!status) status = vxg_dwi_mask(NULL, d->gradients, &d->series, opts, &marks);
    if (!status) status = vxg_array_read(NULL, &marks, values);
    for (int64_t i = 0; i < d->image.voxels && !status; i++)
        *count += d->inside[i] = (unsigned char)values[i];
    vxg_array_release(&marks);
    free(values);
    return status ? vxg_error_context(status, "%s", d->image.file->path) : VXG_OK;
}

static int fill_mask(cli_dwi *d) {
    static const vxg_mask_opts usual = {.clean = VXG_MASK_BOTH};
    int64_t count = d->image.voxels;
    int status = VXG_OK;
    if (!strcmp(d->opts->mask, "none")) {
        memset(d->inside, 1, (size_t)d->image.voxels);
        d->mask_from = "none: every voxel";
        return VXG_OK;
    }
    if (d->mask.file) {
        status = cli_image_mask(d->run, &d->mask, d->inside, &count);
        d->mask_from = d->opts->mask;
    } else {
        status = cli_dwi_auto_mask(d, &usual, &count);
        if (status) return vxg_error_context(status, "--mask auto");
        d->mask_from = "auto: medians and Otsu's threshold";
    }
    if (!status && !count)
        return vxg_error_set(VXG_ERR_INPUT, "%s: no voxel is in the mask", d->mask_from);
    if (!status)
        cli_say(d->run, "mask (%s): %lld of %lld voxels, %.0f ml", d->mask_from, (long long)count,
                (long long)d->image.voxels,
                (double)count * d->image.size[0] * d->image.size[1] * d->image.size[2] * 1e-3);
    return status;
}

/* ---- Together ---- */

int cli_dwi_open(cli_dwi *d, const cli_run *run, const char *path, const cli_dwi_opts *opts,
                 int weighted) {
    char shells[256];
    memset(d, 0, sizeof *d);
    d->run = run, d->opts = opts;
    d->inputs[0] = path;
    int status = check_options(opts);
    if (!status) status = cli_image_open(path, 4, &d->image);
    if (!status && d->image.voxels > INT32_MAX)
        status = vxg_error_set(VXG_ERR_UNSUPPORTED, "%s: %lld voxels; at most 2^31 - 1", path,
                               (long long)d->image.voxels);
    if (!status) status = read_table(d);
    if (!status) status = open_mask(d);
    if (!status && weighted && vxg_gradients_shells(d->gradients) < 2)
        status = vxg_error_set(VXG_ERR_INPUT,
                               "%s: no volume is weighted: every b-value of %lld is at most "
                               "--b0-threshold",
                               d->table[0] == '-' && !d->bvals[0] ? opts->grad
                               : d->bvals[0]                      ? d->bvals
                                                                  : path,
                               (long long)d->image.rows);
    if (status) return status;
    shells_text(d->gradients, shells, sizeof shells);
    cli_say(run, "%s: %lld x %lld x %lld voxels of %.3g x %.3g x %.3g mm, %s", path,
            (long long)d->image.shape[2], (long long)d->image.shape[1],
            (long long)d->image.shape[0], d->image.size[0], d->image.size[1], d->image.size[2],
            shells);
    return VXG_OK;
}

int cli_dwi_read(cli_dwi *d, const cli_compute *compute) {
    const cli_run *run = d->run;
    unsigned char *bad = calloc((size_t)d->image.voxels, 1);
    d->inside = calloc((size_t)d->image.voxels, 1);
    int status = bad && d->inside ? VXG_OK : vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    if (!status && compute->threads) status = vxg_set_threads(compute->threads);
    if (!status) status = vxg_device_open(compute->device, &d->dev);
    if (!status) status = cli_image_read(&d->image, d->dev, bad, &d->not_finite, &d->series);
    if (!status) status = fill_mask(d);
    if (!status)
        status = cli_image_list(run, &d->image, d->dev, d->inside, bad, &d->count, &d->voxels);
    free(bad);
    return status;
}

int cli_dwi_provenance(cli_dwi *d, cli_provenance *p) {
    const int sum = !d->opts->no_checksum;
    char shells[256];
    shells_text(d->gradients, shells, sizeof shells);
    int status = cli_image_provenance(p, "input", &d->image, sum);
    if (!status) status = cli_provenance_add(p, "gradients", "%s", d->table);
    if (!status) status = cli_provenance_add(p, "gradients.shells", "%s", shells);
    if (!status) status = cli_provenance_file(p, "bvals", d->bvals, sum);
    if (!status) status = cli_provenance_file(p, "bvecs", d->bvecs, sum);
    if (!status) status = cli_provenance_file(p, "grad", d->opts->grad, sum);
    if (!status) status = cli_provenance_add(p, "mask", "%s", d->mask_from);
    if (!status && d->mask.file) status = cli_image_provenance(p, "mask.file", &d->mask, sum);
    if (!status) status = cli_provenance_add(p, "voxels", "%lld", (long long)d->count);
    if (!status && d->not_finite)
        status = cli_provenance_add(p, "voxels.not_finite", "%lld", (long long)d->not_finite);
    return status ? status : cli_provenance_device(p, d->dev);
}

void cli_dwi_json_begin(cli_json *j, const cli_dwi *d) {
    cli_json_open(j, NULL, '{');
    cli_json_text(j, "series", d->image.file->path);
    cli_json_open(j, "shape", '[');
    for (int k = 2; k >= 0; k--) cli_json_int(j, NULL, d->image.shape[k]);
    cli_json_int(j, NULL, d->image.rows);
    cli_json_close(j, ']');
    cli_json_text(j, "mask", d->mask_from);
    cli_json_int(j, "voxels", d->count);
    cli_json_int(j, "not_finite", d->not_finite);
}

int cli_sphere(const char *name, vxg_sphere **out) {
    char list[256];
    size_t n = 0;
    const char *at;
    int status = vxg_sphere_named(name, out);
    if (status != VXG_ERR_ARGUMENT) return status;
    for (int i = 0; (at = vxg_sphere_name_at(i)) && n < sizeof list; i++)
        n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", i ? ", " : "", at);
    return vxg_error_set(status, "--sphere: '%s' is none of %s, with or without hemi: in front",
                         name, list);
}

void cli_sh_json(cli_json *j, vxg_sh_basis basis, int order) {
    static const char *const names[] = {"MRtrix3", "Descoteaux", "Descoteaux"};
    static const char *const words[] = {"tournier07", "descoteaux07-legacy", "descoteaux07"};
    cli_json_open(j, "OrientationEncoding", '{');
    cli_json_int(j, "EncodingAxis", 3);
    cli_json_text(j, "Type", "sh");
    cli_json_text(j, "Reference", "xyz");
    cli_json_text(j, "SphericalHarmonicBasis", names[basis]);
    cli_json_text(j, "Basis", words[basis]);
    cli_json_int(j, "SphericalHarmonicDegree", order);
    cli_json_bool(j, "AntipodalSymmetry", 1);
    cli_json_close(j, '}');
}

void cli_dwi_close(cli_dwi *d) {
    vxg_array_release(&d->series);
    vxg_array_release(&d->voxels);
    vxg_gradients_release(d->gradients);
    vxg_device_release(d->dev);
    cli_image_close(&d->mask);
    cli_image_close(&d->image);
    free(d->inside);
    memset(d, 0, sizeof *d);
}
