/* Writing TCK: the number of streamlines is put into the header at the end. */
#include "io/tracts.h"

#include <math.h>
#include <stdio.h>

enum { DIGITS = 10 }; /* of the count, as MRtrix writes it */

/* ---- The header ---- */

static int is_own(const char *key) {
    return !strcmp(key, "datatype") || !strcmp(key, "file") || !strcmp(key, "END");
}

/* A text of several lines is as many lines of one key. */
static int add_lines(vxg_text *t, const char *path, const vxg_attribute *a) {
    VXG_FAIL_IF(strpbrk(a->name, ":\r\n") || a->name[0] == ' ' || a->name[0] == '\t',
                VXG_ERR_ARGUMENT,
                "%s: the attribute '%s' has a name that is no key of a TCK header", path,
                VXG_SHOW(a->name));
    VXG_FAIL_IF(is_own(a->name), VXG_ERR_ARGUMENT, "%s: the attribute '%s' is the TCK header's own",
                path, a->name);
    if (!strcmp(a->name, "count")) return VXG_OK; /* what is counted stands there */
    for (const char *p = a->text;; p++) {
        const size_t n = strcspn(p, "\n");
        vxg__text_add(t, "%s: %.*s\n", a->name, (int)n, p);
        p += n;
        if (!*p) return VXG_OK;
    }
}

/* The offset is a part of what it tells the length of. */
static void add_offset(vxg_text *t) {
    int offset = 0;
    for (int last = -1; last != offset;) {
        last = offset;
        offset = (int)t->length + snprintf(NULL, 0, "file: . %d\nEND\n", last);
        offset = (offset + 3) / 4 * 4;
    }
    vxg__text_add(t, "file: . %d\nEND\n", offset);
    while (!t->failed && t->length < (size_t)offset) vxg__text_append(t, "\n", 1);
}

static int make_header(vxg__line_file *t, const char *path, const vxg_tract_info *info,
                       vxg_text *text) {
    vxg__text_add(text, "mrtrix tracks\n");
    for (int i = 0; i < info->nattributes; i++)
        VXG_TRY(add_lines(text, path, &info->attributes[i]));
    VXG_FAIL_IF(text->length > 1 << 23, VXG_ERR_ARGUMENT, "%s: attributes of %zu bytes", path,
                text->length);
    vxg__text_add(text, "datatype: Float%dLE\ncount: ", 8 * t->size);
    t->count_at = (int64_t)text->length;
    vxg__text_add(text, "%0*d\n", DIGITS, 0);
    add_offset(text);
    return text->failed ? VXG_ERR_MEMORY : VXG_OK;
}

static int check(const char *path, const vxg_tract_create_opts *o) {
    const vxg_tract_info *info = &o->info;
    VXG_FAIL_IF(o->folder || o->offset_bits, VXG_ERR_ARGUMENT,
                "%s: folder and offset_bits are of TRX", path);
    VXG_FAIL_IF(info->space != VXG_TRACT_RAS, VXG_ERR_UNSUPPORTED,
                "%s: TCK holds streamlines in scanner coordinates; info.space is another", path);
    VXG_FAIL_IF(info->dtype == VXG_F16, VXG_ERR_UNSUPPORTED,
                "%s: TCK holds positions of float32 or float64, not of float16", path);
    VXG_FAIL_IF(info->npoint_columns > 0, VXG_ERR_UNSUPPORTED,
                "%s: TCK holds no numbers beside the points, as '%s'", path,
                info->point_columns[0].name);
    VXG_FAIL_IF(info->nline_columns > 0, VXG_ERR_UNSUPPORTED,
                "%s: TCK holds no numbers beside the points, as '%s'", path,
                info->line_columns[0].name);
    VXG_FAIL_IF(info->ngroups > 0, VXG_ERR_UNSUPPORTED, "%s: TCK holds no groups, as '%s'", path,
                info->groups[0].name);
    return VXG_OK;
}

/* ---- Points ---- */

static int add_triplet(vxg__line_file *t, const double p[3]) {
    uint8_t bytes[24];
    for (int k = 0; k < 3; k++) {
        uint64_t bits = 0;
        uint32_t low = 0;
        const float f = (float)p[k];
        memcpy(&bits, &p[k], sizeof bits);
        memcpy(&low, &f, sizeof low);
        vxg__put_le(bytes + k * t->size, t->size == 8 ? bits : low, t->size);
    }
    return vxg__sink_add(&t->sink, bytes, 3 * (size_t)t->size);
}

static int add_line(vxg__line_file *t, const vxg_tract_batch *b, int64_t line) {
    static const double end[3] = {(double)NAN, (double)NAN, (double)NAN};
    for (int64_t i = 3 * b->offsets[line]; i < 3 * b->offsets[line + 1]; i += 3) {
        double p[3];
        for (int k = 0; k < 3; k++) {
            p[k] = b->dtype == VXG_F64 ? ((const double *)b->positions)[i + k]
                                       : (double)((const float *)b->positions)[i + k];
            VXG_FAIL_IF(t->size == 4 && !isfinite((float)p[k]), VXG_ERR_ARGUMENT,
                        "%s: a position is beyond float32", t->out.path);
        }
        VXG_TRY(add_triplet(t, p));
    }
    return add_triplet(t, end);
}

static int end_file(vxg__line_file *t) {
    static const double end[3] = {(double)INFINITY, (double)INFINITY, (double)INFINITY};
    char count[32];
    const int n = snprintf(count, sizeof count, "%0*lld", DIGITS, (long long)t->lines);
    VXG_FAIL_IF(n > DIGITS, VXG_ERR_UNSUPPORTED,
                "%s: %lld streamlines; the header has room for %d digits", t->out.path,
                (long long)t->lines, DIGITS);
    VXG_TRY(add_triplet(t, end));
    VXG_TRY(vxg__sink_flush(&t->sink));
    return vxg__write_all(t->out.fd, count, DIGITS, t->count_at, t->out.path);
}

int vxg__tck_create(const char *path, const vxg_tract_create_opts *o, vxg_tract_writer **out) {
    vxg_text text = {0};
    vxg__line_file like = {
        .size = o->info.dtype == VXG_F64 ? 8 : 4, .add_line = add_line, .end = end_file};
    VXG_TRY(check(path, o));
    int status = make_header(&like, path, &o->info, &text);
    if (!status) status = vxg__line_file_create(path, o, &like, text.s, text.length, out);
    vxg__text_free(&text);
    return status;
}
