/* Images of voxels that are read: what a verb needs to know of the file, grids that are the same,
 * masks, numbers that are none. */
#include "image.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A voxel's corner may lie this share of the smallest side elsewhere: headers hold affines as
 * float32, or as a rotation and sizes. */
#define GRID_TOLERANCE 0.01

static int out_of_memory(const cli_image *im) {
    return vxg_error_set(VXG_ERR_MEMORY, "%s: out of memory", im->file->path);
}

static void axes_text(const vxg_block_info *info, char *out, size_t size) {
    size_t n = 0;
    out[0] = 0;
    for (int k = info->ndim - 1; k >= 0 && n < size; k--)
        n += (size_t)snprintf(out + n, size - n, "%s%lld", n ? " x " : "",
                              (long long)info->axis[k].count);
}

static int check_info(const char *path, const vxg_block_info *info, int axes) {
    char text[160];
    axes_text(info, text, sizeof text);
    if (axes ? info->ndim != axes : info->ndim != 3 && info->ndim != 4)
        return vxg_error_set(VXG_ERR_INPUT, "%s: %d axes, %s; %s expected", path, info->ndim, text,
                             axes == 4   ? "a series has four, the volumes last, and that is"
                             : axes == 3 ? "three are"
                                         : "three or four are");
    if (info->dtype == VXG_C64 || info->dtype == VXG_C128)
        return vxg_error_set(VXG_ERR_INPUT, "%s: complex numbers (%s); real ones are expected",
                             path, vxg_dtype_name(info->dtype));
    if (!info->has_affine)
        return vxg_error_set(
            VXG_ERR_INPUT, "%s: no affine: where the voxels are in the scanner is not known", path);
    if (info->affine_unit[0] && strcmp(info->affine_unit, "mm") != 0)
        return vxg_error_set(VXG_ERR_INPUT, "%s: the affine is in %s; mm is expected", path,
                             info->affine_unit);
    return VXG_OK;
}

int cli_image_open(const char *path, int axes, cli_image *im) {
    memset(im, 0, sizeof *im);
    int status = vxg_block_open(path, NULL, &im->file);
    if (!status) status = check_info(path, &im->file->info, axes);
    if (status) {
        cli_image_close(im);
        return status;
    }
    const vxg_block_info *info = &im->file->info;
    im->rows = info->ndim == 4 ? info->axis[0].count : 1;
    im->voxels = 1;
    for (int k = 0; k < 3; k++) {
        im->shape[k] = info->axis[info->ndim - 3 + k].count;
        im->voxels *= im->shape[k];
        im->size[k] =
            sqrt(info->affine[k] * info->affine[k] + info->affine[4 + k] * info->affine[4 + k] +
                 info->affine[8 + k] * info->affine[8 + k]);
    }
    memcpy(im->affine, info->affine, sizeof im->affine);
    return VXG_OK;
}

void cli_image_close(cli_image *im) {
    vxg_block_close(im->file);
    im->file = NULL;
}

/* mm by which corner c (bits: the far side of i, j, k) lies elsewhere. */
static double corner_off(const cli_image *a, const cli_image *b, int c) {
    double off = 0;
    for (int row = 0; row < 3; row++) {
        double d = a->affine[4 * row + 3] - b->affine[4 * row + 3];
        for (int k = 0; k < 3; k++)
            d += (a->affine[4 * row + k] - b->affine[4 * row + k]) *
                 (c >> k & 1 ? (double)a->shape[2 - k] - 0.5 : -0.5);
        off += d * d;
    }
    return sqrt(off);
}

int cli_image_same_grid(const cli_image *im, const cli_image *other) {
    double off = 0;
    for (int k = 0; k < 3; k++)
        if (im->shape[k] != other->shape[k])
            return vxg_error_set(VXG_ERR_INPUT,
                                 "%s: %lld x %lld x %lld voxels, of %s %lld x %lld x %lld: not the "
                                 "same grid",
                                 other->file->path, (long long)other->shape[2],
                                 (long long)other->shape[1], (long long)other->shape[0],
                                 im->file->path, (long long)im->shape[2], (long long)im->shape[1],
                                 (long long)im->shape[0]);
    for (int c = 0; c < 8; c++) off = fmax(off, corner_off(im, other, c));
    const double side = fmin(im->size[0], fmin(im->size[1], im->size[2]));
    if (off <= GRID_TOLERANCE * side) return VXG_OK;
    return vxg_error_set(VXG_ERR_INPUT,
                         "%s: its affine puts a corner %.4g mm from where that of %s does (voxels "
                         "of %.4g mm): not the same grid",
                         other->file->path, off, im->file->path, side);
}

/* ---- Numbers ---- */

/* Volumes that are read at once: about 64 MB of them. */
static int64_t volumes_at_once(const cli_image *im) {
    const int64_t n = (16 << 20) / im->voxels;
    return n < 1 ? 1 : n > im->rows ? im->rows : n;
}

static int read_volumes(const cli_image *im, int64_t first, int64_t n, float *values) {
    const vxg_block_info *info = &im->file->info;
    const int four = info->ndim == 4;
    int64_t start[4] = {first, 0, 0, 0};
    int64_t count[4] = {n, im->shape[0], im->shape[1], im->shape[2]};
    if (cli_cancel) return vxg_error_set(VXG_ERR_CANCELLED, "interrupted");
    int status = vxg_block_read(im->file, start + !four, count + !four, VXG_F32, values);
    if (status || info->dtype != VXG_F32 || info->slope == 0) return status;
    /* a reader leaves elements of the file's own type unscaled */
    for (int64_t i = 0; i < n * im->voxels; i++)
        values[i] = (float)(info->slope * (double)values[i] + info->intercept);
    return VXG_OK;
}

static void mark_bad(float *values, int64_t n, int64_t voxels, unsigned char *bad, int64_t *nbad) {
    for (int64_t i = 0; i < n; i++) {
        if (isfinite(values[i])) continue;
        *nbad += !bad[i % voxels];
        bad[i % voxels] = 1;
        values[i] = 0;
    }
}

/* Voxels with a bad value somewhere are 0 in the volumes before and behind it, too. */
static int clear_bad(const cli_image *im, const unsigned char *bad, float *values, vxg_array *out) {
    int status = VXG_OK;
    for (int64_t row = 0; row < im->rows && !status; row++) {
        vxg_array one = {0};
        status = vxg_array_index(out, row, &one);
        if (!status) status = vxg_array_read(NULL, &one, values);
        for (int64_t i = 0; i < im->voxels && !status; i++)
            if (bad[i]) values[i] = 0;
        if (!status) status = vxg_array_write(NULL, &one, values);
        vxg_array_release(&one);
    }
    return status;
}

int cli_image_read(const cli_image *im, vxg_device *dev, unsigned char *bad, int64_t *nbad,
                   vxg_array *out) {
    const int64_t shape[4] = {im->rows, im->shape[0], im->shape[1], im->shape[2]};
    const int64_t step = volumes_at_once(im);
    float *values = malloc((size_t)(step * im->voxels) * sizeof *values);
    *nbad = 0;
    int status = values ? vxg_array_new(dev, VXG_F32, 4, shape, out) : out_of_memory(im);
    for (int64_t first = 0; first < im->rows && !status; first += step) {
        const int64_t n = im->rows - first < step ? im->rows - first : step;
        vxg_array part = {0};
        status = read_volumes(im, first, n, values);
        if (!status) mark_bad(values, n * im->voxels, im->voxels, bad, nbad);
        if (!status) status = vxg_array_slice(out, 0, first, first + n, &part);
        if (!status) status = vxg_array_write(NULL, &part, values);
        vxg_array_release(&part);
    }
    if (!status && *nbad) status = clear_bad(im, bad, values, out);
    free(values);
    return status;
}

int cli_image_mask(const cli_run *run, const cli_image *im, unsigned char *inside, int64_t *count) {
    int64_t bad = 0;
    float *values = malloc((size_t)im->voxels * sizeof *values);
    int status = values ? read_volumes(im, 0, 1, values) : out_of_memory(im);
    *count = 0;
    for (int64_t i = 0; i < im->voxels && !status; i++) {
        inside[i] = isfinite(values[i]) && values[i] != 0;
        *count += inside[i], bad += !isfinite(values[i]);
    }
    if (!status && bad)
        cli_warn(run,
                 "%s: %lld of %lld voxels hold a value that is NaN or infinite: they are not in it",
                 im->file->path, (long long)bad, (long long)im->voxels);
    free(values);
    return status;
}

int cli_image_list(const cli_run *run, const cli_image *im, vxg_device *dev, unsigned char *inside,
                   const unsigned char *bad, int64_t *count, vxg_array *list) {
    uint32_t *numbers = malloc((size_t)im->voxels * sizeof *numbers);
    int64_t nbad = 0, left_out = 0;
    if (!numbers) return out_of_memory(im);
    *count = 0;
    for (int64_t i = 0; i < im->voxels; i++) {
        nbad += bad[i], left_out += inside[i] && bad[i];
        if (bad[i]) inside[i] = 0;
        if (inside[i]) numbers[(*count)++] = (uint32_t)i;
    }
    if (nbad)
        cli_warn(run,
                 "%s: %lld of %lld voxels hold a value that is NaN or infinite: they are left out, "
                 "%lld of them in the mask",
                 im->file->path, (long long)nbad, (long long)im->voxels, (long long)left_out);
    int status = VXG_OK;
    if (!*count)
        status = vxg_error_set(VXG_ERR_INPUT,
                               "%s: every voxel of the mask holds a value that is NaN or infinite",
                               im->file->path);
    if (!status) status = vxg_array_new(dev, VXG_U32, 1, count, list);
    if (!status) status = vxg_array_write(NULL, list, numbers);
    free(numbers);
    return status;
}

int cli_image_provenance(cli_provenance *p, const char *key, const cli_image *im, int checksum) {
    char name[80], hex[65];
    int status = cli_provenance_add(p, key, "%s", im->file->path);
    snprintf(name, sizeof name, "%s.format", key);
    if (!status) status = cli_provenance_add(p, name, "%s", im->file->format);
    if (status || !checksum) return status;
    snprintf(name, sizeof name, "%s.sha256", key);
    status = vxg_file_sha256_of(im->file->path, &im->file->id, hex);
    return status ? status : cli_provenance_add(p, name, "%s", hex);
}
