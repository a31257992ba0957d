/* MRtrix images that are written by blocks: .mif and .mif.gz, the elements in the block's order. */
#include "io/mif.h"

#include "io/block_write.h"
#include "io/elements.h"

#include <math.h>
#include <string.h>
#include <strings.h>

static void add_number(vxg_text *t, const char *before, double x) {
    char word[VXG__NUMBER];
    vxg__number_word(x, word);
    vxg__text_add(t, "%s%s", before, word);
}

/* The lines of an attribute; empty ones have no meaning in MRtrix's headers. */
static int add_attribute(vxg_text *t, const char *path, const vxg_attribute *a) {
    char *name = vxg__plain_words(a->name, 0), *text = vxg__plain_words(a->text, 1);
    int status = name && text ? VXG_OK : VXG_ERR_MEMORY;
    if (!status && (vxg__mif_reserved(name) || strchr(name, ':') || *name == '#' || *name == ' ' ||
                    name[strlen(name) - 1] == ' '))
        status = vxg_error_set(VXG_ERR_ARGUMENT, "%s: attribute '%s' is no key of an MRtrix header",
                               path, VXG_SHOW(a->name));
    for (const char *line = text; !status && *line;) {
        const size_t n = strcspn(line, "\n");
        if (strspn(line, " ") < n) vxg__text_add(t, "%s: %.*s\n", name, (int)n, line);
        line += n + (line[n] == '\n');
    }
    vxg__free(name);
    vxg__free(text);
    return status;
}

/* Sizes in mm and, with an affine, the rotation and origin. */
static int add_sizes(vxg_text *t, const char *path, const vxg_block_info *info) {
    double step[VXG_MAX_DIMS], length[3];
    const double mm = info->has_affine ? vxg__millimetres(info->affine_unit) : 1;
    VXG_FAIL_IF(mm == 0, VXG_ERR_UNSUPPORTED, "%s: MRtrix images are in mm, not '%s'", path,
                info->affine_unit);
    VXG_FAIL_IF(info->has_affine && !vxg__affine_good(info->affine), VXG_ERR_ARGUMENT,
                "%s: the affine cannot be inverted", path);
    vxg__affine_steps(info->affine, length);
    for (int k = 0; k < info->ndim; k++) {
        const vxg_axis *a = &info->axis[info->ndim - 1 - k];
        const double scale = k < 3 ? vxg__millimetres(a->unit) : 1;
        VXG_FAIL_IF(scale == 0 && !info->has_affine, VXG_ERR_UNSUPPORTED,
                    "%s: MRtrix images are in mm, not '%s'", path, a->unit);
        step[k] = k < 3 && info->has_affine ? length[k] * mm : a->step > 0 ? a->step * scale : NAN;
        add_number(t, k ? "," : "vox: ", step[k]);
    }
    vxg__text_append(t, "\n", 1);
    for (int i = 0; i < 3 && info->has_affine; i++) {
        for (int k = 0; k < 3; k++) /* an axis that is not there has size 1 */
            add_number(t, k ? "," : "transform: ",
                       info->affine[4 * i + k] * (k < info->ndim ? 1 / length[k] : mm));
        add_number(t, ",", info->affine[4 * i + 3] * mm);
        vxg__text_append(t, "\n", 1);
    }
    return VXG_OK;
}

static int make_header(vxg_text *t, const char *path, const vxg_block_info *info) {
    const char *type = vxg__mif_type(info->dtype);
    VXG_FAIL_IF(!type, VXG_ERR_UNSUPPORTED, "%s: MRtrix images are not written with elements of %s",
                path, vxg_dtype_name(info->dtype));
    VXG_FAIL_IF(info->slope != 0 && vxg__is_complex(info->dtype), VXG_ERR_UNSUPPORTED,
                "%s: MRtrix images keep no slope of complex elements", path);
    vxg__text_add(t, "mrtrix image\n");
    for (int k = 0; k < info->ndim; k++)
        vxg__text_add(t, "%s%lld",
                      k ? "," : "dim: ", (long long)info->axis[info->ndim - 1 - k].count);
    vxg__text_append(t, "\n", 1);
    VXG_TRY(add_sizes(t, path, info));
    for (int k = 0; k < info->ndim; k++) vxg__text_add(t, "%s+%d", k ? "," : "layout: ", k);
    vxg__text_add(t, "\ndatatype: %s\n", type);
    if (info->slope != 0) {
        add_number(t, "scaling: ", info->intercept);
        add_number(t, ",", info->slope);
        vxg__text_append(t, "\n", 1);
    }
    for (int i = 0; i < info->nattributes; i++)
        VXG_TRY(add_attribute(t, path, &info->attributes[i]));
    /* The elements begin at a multiple of 16 bytes; the number takes some itself. */
    const size_t begins = (t->length + 48) / 16 * 16;
    vxg__text_add(t, "file: . %zu\nEND\n", begins);
    while (!t->failed && t->length < begins) vxg__text_append(t, "", 1);
    return t->failed ? VXG_ERR_MEMORY : VXG_OK;
}

static int write_header(const vxg__output *out, const char *path, const vxg_block_info *info,
                        int64_t *offset) {
    vxg_text t = {0};
    int status = make_header(&t, path, info);
    *offset = (int64_t)t.length;
    if (!status) status = vxg__write_all(out->fd, t.s, t.length, 0, path);
    vxg__text_free(&t);
    return status;
}

int vxg__mif_create(const char *path, const vxg_block_create_opts *o, vxg_block_writer **out) {
    const size_t n = strlen(path);
    VXG_FAIL_IF(n > 4 && !strcasecmp(path + n - 4, ".mih"), VXG_ERR_UNSUPPORTED,
                "%s: MRtrix images in two files are read, not written: .mif or .mif.gz", path);
    return vxg__block_writer_open(path, o, n > 3 && !strcasecmp(path + n - 3, ".gz"), write_header,
                                  out);
}
