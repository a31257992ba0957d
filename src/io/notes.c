/* Axes, units, affine and slope of blocks as names and texts. */
#include "io/notes.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LIST = VXG_MAX_DIMS * 17 }; /* bytes of a list of axes' words */

/* ---- writing ---- */

/* A word that stands in a list with colons and, in some formats, on a line. */
static int check_word(const char *path, const char *what, const char *word, size_t size) {
    char *plain = NULL;
    VXG_FAIL_IF(!memchr(word, 0, size), VXG_ERR_ARGUMENT, "%s: %s has no end", path, what);
    VXG_FAIL_IF(strchr(word, ':'), VXG_ERR_ARGUMENT, "%s: %s '%s' has a colon", path, what, word);
    if (!(plain = vxg__plain_words(word, 0))) return VXG_ERR_MEMORY;
    const int same = !strcmp(plain, word);
    vxg__free(plain);
    VXG_FAIL_IF(!same, VXG_ERR_ARGUMENT, "%s: %s '%s' is no plain text", path, what,
                VXG_SHOW(word));
    return VXG_OK;
}

static int check_axes(const char *path, const vxg_block_info *info) {
    for (int i = 0; i < info->ndim; i++) {
        const vxg_axis *a = &info->axis[i];
        char what[40];
        VXG_FAIL_IF(a->step != 0 && !(isnormal(a->step) && a->step > 0), VXG_ERR_ARGUMENT,
                    "%s: step %g of axis %d is no length (0 says that it is unknown)", path,
                    a->step, i);
        snprintf(what, sizeof what, "name of axis %d", i);
        VXG_TRY(check_word(path, what, a->name, sizeof a->name));
        snprintf(what, sizeof what, "unit of axis %d", i);
        VXG_TRY(check_word(path, what, a->unit, sizeof a->unit));
    }
    return VXG_OK;
}

int vxg__notes_check(const char *path, const vxg_block_info *info) {
    VXG_FAIL_IF(!vxg_dtype_size(info->dtype), VXG_ERR_ARGUMENT, "%s: dtype is %d", path,
                (int)info->dtype);
    VXG_TRY(check_axes(path, info));
    for (int i = 0; info->has_affine && i < 12; i++)
        VXG_FAIL_IF(!isfinite(info->affine[i]), VXG_ERR_ARGUMENT,
                    "%s: number %d of the affine is not finite", path, i);
    if (info->has_affine)
        VXG_TRY(check_word(path, "affine_unit", info->affine_unit, sizeof info->affine_unit));
    VXG_FAIL_IF(!isfinite(info->slope) || !isfinite(info->intercept), VXG_ERR_ARGUMENT,
                "%s: slope %g and intercept %g are not finite", path, info->slope, info->intercept);
    VXG_FAIL_IF(info->nattributes < 0 || (info->nattributes && !info->attributes), VXG_ERR_ARGUMENT,
                "%s: attributes are NULL", path);
    for (int i = 0; i < info->nattributes; i++)
        VXG_FAIL_IF(!info->attributes[i].name || !*info->attributes[i].name ||
                        !info->attributes[i].text,
                    VXG_ERR_ARGUMENT, "%s: attribute %d has no name or no text", path, i);
    return VXG_OK;
}

int vxg__notes_any(const vxg_block_info *info) {
    int any = info->has_affine || info->slope != 0 || info->nattributes > 0;
    for (int i = 0; i < info->ndim; i++)
        any |= info->axis[i].step > 0 || info->axis[i].name[0] || info->axis[i].unit[0];
    return any;
}

static void join(const vxg_block_info *info, int units, char out[LIST], int *any, int *same) {
    size_t at = 0;
    *any = 0, *same = 1;
    for (int i = 0; i < info->ndim; i++) {
        const char *word = units ? info->axis[i].unit : info->axis[i].name;
        const char *first = units ? info->axis[0].unit : info->axis[0].name;
        at += (size_t)snprintf(out + at, LIST - at, "%s%.15s", i ? ":" : "", word);
        *any |= *word != 0, *same &= !strcmp(word, first);
    }
}

int vxg__notes_write(const vxg_block_info *info, const vxg__notes_out *out) {
    char words[LIST];
    double steps[VXG_MAX_DIMS];
    int any, same, sized = 0;
    join(info, 0, words, &any, &same);
    if (any) VXG_TRY(out->text(out->context, "axes", words));
    join(info, 1, words, &any, &same);
    const char *unit = info->axis[0].unit;
    VXG_TRY(same ? out->text(out->context, "voxel_unit", *unit ? unit : "pixel")
                 : out->text(out->context, "axis_units", words));
    for (int i = 0; i < info->ndim; i++) {
        steps[i] = info->axis[i].step;
        sized |= steps[i] > 0;
    }
    if (sized) VXG_TRY(out->numbers(out->context, "voxel_size", steps, info->ndim));
    if (info->has_affine) {
        VXG_TRY(out->numbers(out->context, "affine", info->affine, 12));
        if (info->affine_unit[0])
            VXG_TRY(out->text(out->context, "affine_unit", info->affine_unit));
    }
    if (info->slope == 0) return VXG_OK;
    VXG_TRY(out->numbers(out->context, "slope", &info->slope, 1));
    return out->numbers(out->context, "intercept", &info->intercept, 1);
}

/* ---- reading ---- */

/* "z:y:x" to words of as many axes, when there are as many. */
static void split(vxg_block_info *info, const char *text, int units) {
    int n = 1;
    for (const char *p = text; *p; p++) n += *p == ':';
    if (!*text || n != info->ndim) return;
    for (int i = 0; i < n; i++, text += *text == ':') {
        const size_t length = strcspn(text, ":");
        char *to = units ? info->axis[i].unit : info->axis[i].name;
        snprintf(to, sizeof info->axis[i].name, "%.*s", (int)length, text);
        text += length;
    }
}

/* So many finite numbers, or 0. */
static int numbers(const char *text, double *x, int n) {
    char *next = (char *)(uintptr_t)text;
    for (int i = 0; i < n; i++) {
        const char *from = next;
        x[i] = vxg__number(from, &next);
        if (next == from || !isfinite(x[i])) return 0;
    }
    return *next == 0;
}

int vxg__notes_read(vxg_block_info *info, vxg__notes_get *get, void *context) {
    char text[512];
    double x[12], y;
    VXG_TRY(get(context, "axes", text, sizeof text));
    split(info, text, 0);
    VXG_TRY(get(context, "voxel_unit", text, sizeof text));
    for (int i = 0; strcmp(text, "pixel") && i < info->ndim; i++)
        snprintf(info->axis[i].unit, sizeof info->axis[i].unit, "%.15s", text);
    VXG_TRY(get(context, "axis_units", text, sizeof text));
    split(info, text, 1);
    VXG_TRY(get(context, "voxel_size", text, sizeof text));
    if (info->ndim > 0 && numbers(text, x, info->ndim))
        for (int i = 0; i < info->ndim; i++)
            if (x[i] > 0) info->axis[i].step = x[i];
    VXG_TRY(get(context, "affine", text, sizeof text));
    if (numbers(text, x, 12)) {
        memcpy(info->affine, x, sizeof info->affine);
        info->has_affine = 1;
        VXG_TRY(get(context, "affine_unit", text, sizeof text));
        snprintf(info->affine_unit, sizeof info->affine_unit, "%.15s", text);
    }
    VXG_TRY(get(context, "slope", text, sizeof text));
    if (!numbers(text, x, 1)) return VXG_OK;
    VXG_TRY(get(context, "intercept", text, sizeof text));
    info->slope = x[0], info->intercept = numbers(text, &y, 1) ? y : 0;
    return VXG_OK;
}

int vxg__notes_lines(const vxg_attribute *attributes, int n, char **out) {
    vxg_text t = {0};
    for (int i = 0; i < n; i++) {
        char *name = vxg__plain_words(attributes[i].name, 0);
        char *words = vxg__plain_words(attributes[i].text, 0);
        vxg__text_add(&t, "%s%s=%s", i ? "\n" : "", name ? name : "", words ? words : "");
        t.failed |= !name || !words;
        vxg__free(name);
        vxg__free(words);
    }
    *out = t.s;
    if (!t.failed) return VXG_OK;
    vxg__text_free(&t);
    *out = NULL;
    return VXG_ERR_MEMORY;
}
