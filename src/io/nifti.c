/* NIfTI files by blocks (nifti1.h, nifti2.h). A file's first axis is the fastest, so the block's
 * axes are the file's backwards: element (i, j, k, t) of the file is (t, k, j, i) of the block. */
#include "io/nifti.h"

#include "io/elements.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* ---- names of pairs ---- */

/* Where the three letters "hdr" or "img" of a pair's name stand, "a.img.gz" too; 0: no such name.
 */
static size_t pair_letters(const char *path) {
    const size_t whole = strlen(path);
    const size_t n = whole > 3 && !strcasecmp(path + whole - 3, ".gz") ? whole - 3 : whole;
    if (n < 5 || path[n - 4] != '.') return 0;
    return !strncasecmp(path + n - 3, "hdr", 3) || !strncasecmp(path + n - 3, "img", 3) ? n - 3 : 0;
}

static int is_image(const char *path) {
    const size_t at = pair_letters(path);
    return at && (path[at] | 32) == 'i';
}

/* The name of the other file of the pair; NULL: out of memory. */
static char *partner_name(const char *path, int packed) {
    const size_t at = pair_letters(path);
    const char *letters = is_image(path) ? "hdr.gz" : "img.gz";
    const int large = path[at] < 'a';
    vxg_text t = {0};
    vxg__text_append(&t, path, at);
    for (int i = 0; i < (packed ? 6 : 3); i++)
        vxg__text_add(&t, "%c", large && letters[i] != '.' ? letters[i] - 32 : letters[i]);
    if (!t.failed) return t.s;
    vxg__text_free(&t);
    return NULL;
}

/* The same of the one that is there: packed as this one is or the other way. */
static char *partner(const char *path) {
    const int packed = path[pair_letters(path) + 3] != 0;
    char *first = partner_name(path, packed);
    if (!first || access(first, F_OK) == 0) return first;
    char *second = partner_name(path, !packed);
    const int there = second && access(second, F_OK) == 0;
    vxg__free(second && !there ? second : first);
    return second && !there ? first : second;
}

/* ---- what it is ---- */

int vxg__nifti_sniff(const uint8_t *head, size_t n) {
    uint8_t unpacked[VXG__NIFTI_2];
    int big, pair;
    if (n >= 2 && head[0] == 0x1f && head[1] == 0x8b) {
        if (vxg__gz_check("")) return 1; /* nobody can see what it is: opening it says why */
        n = vxg__gz_head(head, n, unpacked, sizeof unpacked);
        head = unpacked;
    }
    const int bytes = vxg__nifti_begins(head, n, &big);
    if (!bytes) return 0;
    /* Without its magic it may be one that is damaged, or ANALYZE 7.5: that is said then. */
    return n >= (size_t)bytes && vxg__nifti_magic(head, bytes, &pair) ? 100 : 30;
}

int vxg__nifti_sniff_path(const char *path) {
    vxg__stream s = VXG__STREAM_NONE;
    uint8_t head[VXG__NIFTI_2];
    size_t n = 0;
    if (!is_image(path)) return 0;
    char *name = partner(path);
    int sure = 0;
    if (name && access(name, F_OK) == 0) {
        const int status = vxg__stream_open(&s, name, VXG__BY_CONTENT);
        if (status == VXG_ERR_UNSUPPORTED) sure = 1; /* packed, without zlib */
        if (!status && !vxg__stream_head(&s, head, sizeof head, &n))
            sure = vxg__nifti_sniff(head, n);
    }
    vxg__stream_close(&s);
    vxg__free(name);
    return sure;
}

/* ---- the header ---- */

static int look(vxg__grid *g, vxg__nifti *h) {
    const char *path = g->file.path;
    uint8_t head[VXG__NIFTI_2] = {0};
    size_t n = 0;
    VXG_TRY(vxg__stream_head(&g->file, head, sizeof head, &n));
    h->bytes = vxg__nifti_begins(head, n, &h->big);
    VXG_FAIL_IF(!h->bytes, VXG_ERR_INPUT, "%s: not a NIfTI file: it does not begin with 348 or 540",
                path);
    VXG_FAIL_IF(n < (size_t)h->bytes, VXG_ERR_INPUT,
                "%s: %zu bytes are too few for a NIfTI header of %d", path, n, h->bytes);
    char magic[5] = "";
    memcpy(magic, head + (h->bytes == VXG__NIFTI_1 ? 344 : 4), 4);
    VXG_FAIL_IF(
        !vxg__nifti_magic(head, h->bytes, &h->pair), VXG_ERR_INPUT,
        "%s: NIfTI header: magic is '%s', %s expected (ANALYZE 7.5 has none and is not read)", path,
        VXG_SHOW(magic),
        h->bytes == VXG__NIFTI_1 ? "n+1 or ni1" : "n+2 or ni2 and four bytes of line ends");
    vxg__nifti_get(head, h);
    return VXG_OK;
}

/* Axes of one element at the end count for nothing, so that a volume has three. */
static int read_shape(const char *path, const vxg__nifti *h, int *ndim) {
    int64_t n = 1;
    VXG_FAIL_IF(!(h->dim[0] >= 1 && h->dim[0] <= 7), VXG_ERR_INPUT,
                "%s: NIfTI header: dim[0] is %.0f, 1 to 7 expected", path, h->dim[0]);
    *ndim = (int)h->dim[0];
    for (int i = 1; i <= *ndim; i++) {
        VXG_FAIL_IF(!(h->dim[i] >= 1), VXG_ERR_INPUT,
                    "%s: NIfTI header: dim[%d] is %.0f, at least 1 expected", path, i, h->dim[i]);
        VXG_FAIL_IF(h->dim[i] > (double)(VXG_MAX_ELEMENTS / n), VXG_ERR_INPUT,
                    "%s: NIfTI header: dim[1] to dim[%d] make more than 2^40 elements", path, i);
        n *= (int64_t)h->dim[i];
    }
    while (*ndim > 3 && h->dim[*ndim] == 1) --*ndim;
    VXG_FAIL_IF(*ndim > VXG_MAX_DIMS, VXG_ERR_UNSUPPORTED,
                "%s: a NIfTI file of %d axes; at most %d are read", path, *ndim, VXG_MAX_DIMS);
    return VXG_OK;
}

static void set_axes(vxg__grid *g, const vxg__nifti *h, int ndim) {
    int64_t step = 1;
    g->base.info.ndim = ndim;
    for (int k = 0; k < ndim; k++) {
        vxg_axis *a = &g->base.info.axis[ndim - 1 - k];
        const int64_t count = (int64_t)h->dim[k + 1];
        const double size = fabs(h->pixdim[k + 1]);
        vxg__grid_axis(g, ndim, k, count, step);
        step *= count;
        a->step = isnormal(size) ? size : 0;
        if (k < 4)
            snprintf(a->unit, sizeof a->unit, "%s",
                     k < 3 ? vxg__nifti_length((int)h->units) : vxg__nifti_time((int)h->units));
    }
}

static int set_type(vxg__grid *g, const vxg__nifti *h) {
    vxg_block_info *info = &g->base.info;
    const char *path = g->file.path;
    const char *other = vxg__nifti_type((int)h->datatype, &info->dtype);
    VXG_FAIL_IF(other, VXG_ERR_UNSUPPORTED, "%s: NIfTI header: datatype %.0f (%s) is not read",
                path, h->datatype, other);
    g->turned = h->big == vxg__host_is_little();
    if (vxg__is_complex(info->dtype) || !isfinite(h->slope) || h->slope == 0) return VXG_OK;
    VXG_FAIL_IF(!isfinite(h->inter), VXG_ERR_INPUT,
                "%s: NIfTI header: scl_inter is %g beside scl_slope %g", path, h->inter, h->slope);
    info->slope = h->slope, info->intercept = h->inter;
    return VXG_OK;
}

/* ---- affines ---- */

/* How far apart two affines put a corner of the volume, at most. */
static double apart(const vxg_block_info *info, const double a[12], const double b[12]) {
    double most = 0;
    for (int corner = 0; corner < 8; corner++)
        for (int i = 0; i < 3; i++) {
            double off = a[4 * i + 3] - b[4 * i + 3];
            for (int k = 0; k < 3; k++)
                if (corner >> k & 1 && k < info->ndim)
                    off += (a[4 * i + k] - b[4 * i + k]) *
                           (double)(info->axis[info->ndim - 1 - k].count - 1);
            most = fmax(most, fabs(off));
        }
    return most;
}

/* Both are set and disagree: the sform holds, the other is there to be seen. */
static int tell_other(vxg__grid *g, const double sform[12], const double qform[12]) {
    double step[3];
    vxg_text t = {0};
    vxg__affine_steps(sform, step);
    const double off = apart(&g->base.info, sform, qform);
    if (off <= 0.01 * fmin(step[0], fmin(step[1], step[2]))) return VXG_OK;
    vxg__log(0, "%s: sform and qform differ by up to %.3g mm: the sform is taken", g->file.path,
             off);
    for (int i = 0; i < 12; i++) vxg__text_add(&t, "%s%.9g", i ? " " : "", qform[i]);
    const int status = t.failed ? VXG_ERR_MEMORY : vxg__grid_attribute(g, "qform", t.s);
    vxg__text_free(&t);
    return status;
}

/* The standard's order: sform, qform, sizes alone. In mm, whatever the file's unit. */
static int set_affine(vxg__grid *g, const vxg__nifti *h) {
    vxg_block_info *info = &g->base.info;
    const double mm = vxg__millimetres(vxg__nifti_length((int)h->units));
    double sform[12], qform[12];
    const int s = h->sform > 0, q = h->qform > 0 && vxg__nifti_qform(h, info->ndim, qform);
    vxg__nifti_sform(h, sform);
    for (int i = 0; i < 12; i++) sform[i] *= mm, qform[i] = q ? qform[i] * mm : 0;
    VXG_FAIL_IF(
        s && !vxg__affine_good(sform), VXG_ERR_INPUT,
        "%s: NIfTI header: the affine in srow_x, srow_y and srow_z (sform_code %.0f) is not "
        "finite or cannot be inverted",
        g->file.path, h->sform);
    VXG_FAIL_IF(
        !s && h->qform > 0 && !q, VXG_ERR_INPUT,
        "%s: NIfTI header: the quaternion %g %g %g (qform_code %.0f) with pixdim %g %g %g is "
        "no affine that can be inverted",
        g->file.path, h->quatern[0], h->quatern[1], h->quatern[2], h->qform, h->pixdim[1],
        h->pixdim[2], h->pixdim[3]);
    info->has_affine = s || q || vxg__grid_centred(info, info->affine);
    if (s || q) memcpy(info->affine, s ? sform : qform, sizeof info->affine);
    if (info->has_affine) snprintf(info->affine_unit, sizeof info->affine_unit, "mm");
    return s && q ? tell_other(g, sform, qform) : VXG_OK;
}

static int add_number(vxg__grid *g, const char *name, double number) {
    char text[32];
    vxg__format(text, sizeof text, "%.9g", number);
    return vxg__grid_attribute(g, name, text);
}

static int set_attributes(vxg__grid *g, const vxg__nifti *h) {
    if (h->descrip[0]) VXG_TRY(vxg__grid_attribute(g, "descrip", h->descrip));
    if (h->intent_name[0]) VXG_TRY(vxg__grid_attribute(g, "intent_name", h->intent_name));
    if (h->intent != 0) VXG_TRY(add_number(g, "intent_code", h->intent));
    if (h->sform > 0) VXG_TRY(add_number(g, "sform_code", h->sform));
    if (h->qform > 0) VXG_TRY(add_number(g, "qform_code", h->qform));
    if (isfinite(h->cal_min) && isfinite(h->cal_max) && (h->cal_min != 0 || h->cal_max != 0)) {
        VXG_TRY(add_number(g, "cal_min", h->cal_min));
        VXG_TRY(add_number(g, "cal_max", h->cal_max));
    }
    return VXG_OK;
}

/* ---- the elements ---- */

/* The file they are in, and where they begin; what stands between (extensions) is passed over. */
static int find_elements(vxg__grid *g, const vxg__nifti *h) {
    const char *path = g->file.path;
    const int least = h->pair ? 0 : h->bytes + 4;
    const double at = h->vox_offset;
    VXG_FAIL_IF(!(at >= least && at <= (double)VXG_MAX_ELEMENTS && at == floor(at)), VXG_ERR_INPUT,
                "%s: NIfTI header: vox_offset is %g, a whole number of at least %d expected", path,
                at, least);
    g->offset = (int64_t)at;
    if (!h->pair) return VXG_OK;
    VXG_FAIL_IF(
        !pair_letters(path), VXG_ERR_INPUT,
        "%s: NIfTI header: the elements are in a file of their own (magic ni%d), but the name "
        "does not end in .hdr",
        path, h->bytes == VXG__NIFTI_1 ? 1 : 2);
    char *name = partner(path);
    if (!name) return VXG_ERR_MEMORY;
    const size_t n = strlen(name);
    const int packed = name[n - 1] == 'z' || name[n - 1] == 'Z';
    const int status = vxg__stream_open(&g->other, name, packed ? VXG__PACKED : VXG__PLAIN);
    vxg__free(name);
    return status;
}

static int read_header(vxg__grid *g) {
    vxg__nifti h = {0};
    int ndim = 0;
    VXG_TRY(look(g, &h));
    VXG_TRY(read_shape(g->file.path, &h, &ndim));
    VXG_TRY(set_type(g, &h));
    set_axes(g, &h, ndim);
    VXG_TRY(find_elements(g, &h));
    VXG_TRY(set_affine(g, &h));
    return set_attributes(g, &h);
}

int vxg__nifti_open(const char *path, const vxg_block_opts *opts, vxg_block_reader **out) {
    vxg__grid *g = NULL;
    VXG_FAIL_IF(opts->part, VXG_ERR_ARGUMENT, "%s: a NIfTI file has no parts", path);
    char *header = is_image(path) ? partner(path) : vxg__strdup(path);
    if (!header) return VXG_ERR_MEMORY;
    int status = vxg__grid_new(header, opts, "nifti", &g);
    vxg__free(header);
    if (status) return status;
    status = read_header(g);
    if (!status) status = vxg__grid_ready(g, out);
    if (status) vxg__grid_close(g);
    return status;
}
