/* NIfTI files that are written by blocks: one file, version 2 where a size needs it. */
#include "io/nifti.h"

#include "io/block_write.h"
#include "io/elements.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const kept[] = {"descrip",    "intent_name", "intent_code", "sform_code",
                                   "qform_code", "cal_min",     "cal_max"};

/* A number out of an attribute, if it is there. */
static int number_of(const char *path, const vxg_block_info *info, const char *name, double least,
                     double most, double *out) {
    const char *text = vxg__attribute_of(info, name);
    char *end = NULL;
    if (!text) return VXG_OK;
    const double x = vxg__number(text, &end);
    VXG_FAIL_IF(end == text || *end || !(x >= least && x <= most), VXG_ERR_ARGUMENT,
                "%s: attribute %s is '%s', a number of %g to %g expected", path, name,
                VXG_SHOW(text), least, most);
    *out = x;
    return VXG_OK;
}

static int code_of(const char *path, const vxg_block_info *info, const char *name, double *out) {
    VXG_TRY(number_of(path, info, name, 0, 32767, out));
    VXG_FAIL_IF(*out != floor(*out), VXG_ERR_ARGUMENT, "%s: attribute %s is %g, no whole number",
                path, name, *out);
    return VXG_OK;
}

/* As much of a text as there is room for, up to the end of a letter. */
static void put_text(const char *path, const vxg_block_info *info, const char *name, char *to,
                     size_t most) {
    const char *text = vxg__attribute_of(info, name);
    if (!text) return;
    size_t n = strlen(text);
    if (n > most) {
        for (n = most; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80;) n--;
        vxg__log(0, "%s: NIfTI keeps %zu bytes of %s: the rest is left out", path, most, name);
    }
    memcpy(to, text, n);
}

static int set_attributes(const char *path, const vxg_block_info *info, vxg__nifti *h) {
    put_text(path, info, "descrip", h->descrip, 79);
    put_text(path, info, "intent_name", h->intent_name, 15);
    VXG_TRY(code_of(path, info, "intent_code", &h->intent));
    VXG_TRY(number_of(path, info, "cal_min", -3e38, 3e38, &h->cal_min));
    VXG_TRY(number_of(path, info, "cal_max", -3e38, 3e38, &h->cal_max));
    for (int i = 0; i < info->nattributes; i++) {
        int known = !strcmp(info->attributes[i].name, "qform");
        for (size_t k = 0; k < sizeof kept / sizeof *kept; k++)
            known |= !strcmp(info->attributes[i].name, kept[k]);
        if (!known)
            vxg__log(0, "%s: NIfTI keeps no attribute '%s': it is left out", path,
                     VXG_SHOW(info->attributes[i].name));
    }
    return VXG_OK;
}

/* One unit of length of the first three axes, and of the affine where there is one. */
static int set_units(const char *path, const vxg_block_info *info, vxg__nifti *h) {
    const char *length = info->has_affine ? info->affine_unit : "", *fourth = "";
    int spatial = info->has_affine;
    for (int k = 0; k < info->ndim; k++) {
        const vxg_axis *a = &info->axis[info->ndim - 1 - k];
        if (k == 3 && a->step > 0) fourth = a->unit;
        if (k > 3 && a->unit[0])
            vxg__log(0, "%s: NIfTI keeps no unit of axis %d: it is left out", path,
                     info->ndim - 1 - k);
        if (k > 2 || info->has_affine || (a->step == 0 && !a->unit[0])) continue;
        VXG_FAIL_IF(spatial && strcmp(length, a->unit) != 0, VXG_ERR_UNSUPPORTED,
                    "%s: NIfTI keeps one unit of length, not '%s' and '%s'", path, length, a->unit);
        length = a->unit, spatial = 1;
    }
    const int first = vxg__nifti_unit(length, 0), second = vxg__nifti_unit(fourth, 1);
    VXG_FAIL_IF(first < 0, VXG_ERR_UNSUPPORTED, "%s: NIfTI keeps lengths in m, mm and um, not '%s'",
                path, length);
    VXG_FAIL_IF(second < 0, VXG_ERR_UNSUPPORTED,
                "%s: NIfTI keeps s, ms, us, Hz, ppm and rad/s along the fourth axis, not '%s'",
                path, fourth);
    h->units = first + second;
    return VXG_OK;
}

static int set_affine(const char *path, const vxg_block_info *info, vxg__nifti *h) {
    double affine[12], step[3];
    h->pixdim[0] = 1;
    for (int k = 0; k < 7; k++) h->pixdim[k + 1] = 1;
    for (int k = 0; k < info->ndim; k++) h->pixdim[k + 1] = info->axis[info->ndim - 1 - k].step;
    memcpy(affine, info->affine, sizeof affine);
    /* Without codes a reader makes the same out of the sizes. */
    if (!info->has_affine && !vxg__grid_centred(info, affine)) return VXG_OK;
    memcpy(h->srow, affine, sizeof affine);
    if (!info->has_affine) {
        const double mm = vxg__millimetres(vxg__nifti_length((int)h->units));
        for (int i = 0; i < 12; i++) h->srow[i] = affine[i] / mm;
        return VXG_OK;
    }
    VXG_FAIL_IF(!vxg__affine_good(affine), VXG_ERR_ARGUMENT, "%s: the affine cannot be inverted",
                path);
    vxg__affine_steps(affine, step);
    for (int k = 0; k < 3; k++) h->pixdim[k + 1] = step[k];
    h->sform = 1;
    VXG_TRY(code_of(path, info, "sform_code", &h->sform));
    if (h->sform == 0) h->sform = 1; /* the affine is said by the sform */
    if (!vxg__nifti_turn(h, affine)) return VXG_OK;
    h->qform = h->sform;
    return code_of(path, info, "qform_code", &h->qform);
}

static int make_header(const char *path, const vxg_block_info *info, vxg__nifti *h) {
    *h = (vxg__nifti){.bytes = VXG__NIFTI_1, .big = !vxg__host_is_little()};
    h->datatype = vxg__nifti_code(info->dtype);
    VXG_FAIL_IF(h->datatype == 0, VXG_ERR_UNSUPPORTED,
                "%s: NIfTI is not written with elements of %s", path, vxg_dtype_name(info->dtype));
    VXG_FAIL_IF(info->slope != 0 && vxg__is_complex(info->dtype), VXG_ERR_UNSUPPORTED,
                "%s: NIfTI keeps no slope of complex elements", path);
    h->bitpix = 8 * (double)vxg_dtype_size(info->dtype);
    h->dim[0] = info->ndim;
    for (int k = 1; k < 8; k++) h->dim[k] = 1;
    for (int k = 0; k < info->ndim; k++) {
        const int64_t n = info->axis[info->ndim - 1 - k].count;
        h->dim[k + 1] = (double)n;
        if (n > 32767) h->bytes = VXG__NIFTI_2;
    }
    h->vox_offset = h->bytes + 4; /* no extension */
    h->slope = info->slope, h->inter = info->slope != 0 ? info->intercept : 0;
    VXG_TRY(set_units(path, info, h));
    VXG_TRY(set_affine(path, info, h));
    return set_attributes(path, info, h);
}

static int write_header(const vxg__output *out, const char *path, const vxg_block_info *info,
                        int64_t *offset) {
    uint8_t head[VXG__NIFTI_2 + 4] = {0};
    vxg__nifti h;
    VXG_TRY(make_header(path, info, &h));
    vxg__nifti_put(&h, head);
    *offset = h.bytes + 4;
    return vxg__write_all(out->fd, head, (size_t)*offset, 0, path);
}

int vxg__nifti_create(const char *path, const vxg_block_create_opts *o, vxg_block_writer **out) {
    const size_t n = strlen(path);
    const char *last = strrchr(path, '.');
    VXG_FAIL_IF(last && (!strcasecmp(last, ".hdr") || !strcasecmp(last, ".img")),
                VXG_ERR_UNSUPPORTED,
                "%s: pairs of NIfTI files are read, not written: .nii or .nii.gz", path);
    return vxg__block_writer_open(path, o, n > 3 && !strcasecmp(path + n - 3, ".gz"), write_header,
                                  out);
}
