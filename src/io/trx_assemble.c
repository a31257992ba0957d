/* The end of writing TRX: header.json, groups, and all parts in one zip file or a folder. */
#include "io/trx_write.h"

#include "base/json.h"
#include "io/elements.h"
#include "io/outputs.h"

#include <stdio.h>
#ifdef VXG_HAVE_ZLIB
#include <zlib.h>
#endif

enum { COPY = 1 << 16 };

/* ---- header.json ---- */

static int is_own(const char *key) {
    return !strcmp(key, "DIMENSIONS") || !strcmp(key, "VOXEL_TO_RASMM") ||
           !strcmp(key, "NB_STREAMLINES") || !strcmp(key, "NB_VERTICES");
}

int vxg__trx_check_attributes(const char *path, const vxg_tract_info *info) {
    for (int i = 0; i < info->nattributes; i++) {
        const vxg_attribute *a = &info->attributes[i];
        VXG_FAIL_IF(is_own(a->name), VXG_ERR_ARGUMENT,
                    "%s: the attribute '%s' is the TRX header's own", path, a->name);
        VXG_FAIL_IF(!vxg__json_is_utf8(a->name) || !vxg__json_is_utf8(a->text), VXG_ERR_ARGUMENT,
                    "%s: the attribute '%s' is not UTF-8", path, VXG_SHOW(a->name));
    }
    return VXG_OK;
}

static void add_quoted(vxg_text *t, const char *text) {
    vxg__text_append(t, "\"", 1);
    for (const char *p = text; *p; p++) {
        if (*p == '"' || *p == '\\')
            vxg__text_add(t, "\\%c", *p);
        else if ((unsigned char)*p < ' ')
            vxg__text_add(t, "\\u%04x", (unsigned)*p);
        else
            vxg__text_append(t, p, 1);
    }
    vxg__text_append(t, "\"", 1);
}

/* The shortest digits that are this number again. */
static void add_number(vxg_text *t, double x) {
    char digits[40];
    for (int n = 6; n <= 17; n++) {
        vxg__format(digits, sizeof digits, "%.*g", n, x);
        if (vxg__number(digits, NULL) == x) break;
    }
    vxg__text_add(t, "%s", digits);
}

/* Names that are there twice, as TCK has them, are one entry of several lines: JSON has each key
 * once. */
static void add_attributes(vxg_text *t, const vxg_tract_info *info) {
    for (int i = 0; i < info->nattributes; i++) {
        const vxg_attribute *a = &info->attributes[i];
        vxg_text text = {0};
        int before = 0;
        for (int k = 0; k < i; k++) before |= !strcmp(info->attributes[k].name, a->name);
        if (before) continue;
        vxg__text_add(&text, "%s", a->text);
        for (int k = i + 1; k < info->nattributes; k++)
            if (!strcmp(info->attributes[k].name, a->name))
                vxg__text_add(&text, "\n%s", info->attributes[k].text);
        vxg__text_add(t, ", ");
        add_quoted(t, a->name);
        vxg__text_add(t, ": ");
        add_quoted(t, text.s ? text.s : "");
        t->failed |= text.failed;
        vxg__text_free(&text);
    }
}

static int make_header(const vxg__trx_out *o, vxg_text *t) {
    const vxg_tract_info *info = &o->base.info;
    vxg__text_add(t, "{\"DIMENSIONS\": [%lld, %lld, %lld], ", (long long)info->grid[0],
                  (long long)info->grid[1], (long long)info->grid[2]);
    vxg__text_add(t, "\"NB_STREAMLINES\": %lld, \"NB_VERTICES\": %lld, \"VOXEL_TO_RASMM\": [",
                  (long long)o->lines, (long long)o->points);
    for (int i = 0; i < 12; i++) {
        vxg__text_add(t, i % 4 ? ", " : "[");
        add_number(t, info->affine[i]);
        if (i % 4 == 3) vxg__text_add(t, "], ");
    }
    vxg__text_add(t, "[0, 0, 0, 1]]");
    add_attributes(t, info);
    vxg__text_add(t, "}");
    return t->failed ? VXG_ERR_MEMORY : VXG_OK;
}

/* ---- One member after the other ---- */

static uint32_t checksum(const void *p, size_t n) {
#ifdef VXG_HAVE_ZLIB
    return (uint32_t)crc32(0, p, (uInt)n);
#else
    (void)p, (void)n;
    return 0;
#endif
}

/* Bytes in memory: into the zip file, or as a file of the folder. */
static int add_bytes(vxg__trx_out *t, vxg__zip_out *z, const char *name, const void *p, size_t n) {
    if (!t->folder) {
        VXG_TRY(vxg__zip_add(z, name, (int64_t)n, checksum(p, n)));
        return vxg__sink_add(&z->sink, p, n);
    }
    vxg_text path = {0};
    vxg__output out = {.fd = -1};
    vxg__text_add(&path, "%s/%s", t->path, name);
    int status = path.failed ? VXG_ERR_MEMORY : vxg__output_open(path.s, t->force, t->set, &out);
    vxg__text_free(&path);
    if (status) return status;
    status = vxg__write_all(out.fd, p, n, 0, out.path);
    if (!status) return vxg__output_commit(&out);
    vxg__output_abandon(&out);
    return status;
}

/* Bytes of a scratch file; narrow: every second half of 8 is left out. */
static int copy_scratch(const vxg__trx_part *p, int narrow, vxg__sink *to) {
    uint8_t *bytes = vxg__calloc(COPY, 1);
    int status = bytes ? VXG_OK : VXG_ERR_MEMORY;
    for (int64_t at = 0; at < p->sink.done && !status;) {
        size_t n = p->sink.done - at < COPY ? (size_t)(p->sink.done - at) : COPY;
        status = vxg__read_exact(p->scratch, bytes, n, at, to->path);
        at += (int64_t)n;
        if (narrow && !status) {
            for (size_t i = 0; i < n / 8; i++) memmove(bytes + 4 * i, bytes + 8 * i, 4);
            n /= 2;
        }
        if (!status) status = vxg__sink_add(to, bytes, n);
    }
    vxg__free(bytes);
    return status;
}

static int is_narrow(const vxg__trx_out *t) {
    return t->offset_bits == 32 || (t->offset_bits == 0 && t->points <= UINT32_MAX);
}

static const char *offsets_name(const vxg__trx_out *t) {
    return is_narrow(t) ? "offsets.uint32" : "offsets.uint64";
}

/* A folder's offsets, which were spooled. */
static int write_offsets(vxg__trx_out *t) {
    vxg__output out = {.fd = -1};
    vxg__sink sink = {0};
    vxg_text path = {0};
    vxg__text_add(&path, "%s/%s", t->path, offsets_name(t));
    int status = path.failed ? VXG_ERR_MEMORY : vxg__output_open(path.s, t->force, t->set, &out);
    vxg__text_free(&path);
    if (status) return status;
    status = vxg__sink_open(out.fd, out.path, &sink);
    if (!status) status = copy_scratch(&t->parts[VXG__TRX_OFFSETS], is_narrow(t), &sink);
    if (!status) status = vxg__sink_flush(&sink);
    vxg__sink_free(&sink);
    if (!status) return vxg__output_commit(&out);
    vxg__output_abandon(&out);
    return status;
}

/* A file of the folder is complete; one of no streamlines has no arrays. */
static int end_part(vxg__trx_out *t, vxg__trx_part *p) {
    if (t->lines == 0) {
        vxg__output_abandon(&p->out);
        return VXG_OK;
    }
    return vxg__output_commit(&p->out);
}

static int add_parts(vxg__trx_out *t, vxg__zip_out *z) {
    for (int i = 0; i < t->nparts; i++) {
        vxg__trx_part *p = &t->parts[i];
        const int offsets = i == VXG__TRX_OFFSETS, narrow = offsets && is_narrow(t);
        if (t->folder && !offsets) {
            VXG_TRY(end_part(t, p));
        } else if (t->lines == 0) {
            continue;
        } else if (t->folder) {
            VXG_TRY(write_offsets(t));
        } else {
            VXG_TRY(vxg__zip_add(z, offsets ? offsets_name(t) : p->name,
                                 narrow ? p->sink.done / 2 : p->sink.done,
                                 narrow ? t->narrow : p->sink.crc));
            VXG_TRY(copy_scratch(p, narrow, &z->sink));
        }
    }
    return VXG_OK;
}

/* ---- Groups ---- */

static int add_elements(vxg__trx_out *t, vxg__zip_out *z, const char *folder,
                        const vxg_tract_column *c, const void *values, int64_t n) {
    const size_t bytes = (size_t)n * vxg_dtype_size(c->dtype);
    vxg_text name = {0};
    vxg__text_add(&name, "%s%s", folder, c->name);
    if (c->components > 1) vxg__text_add(&name, ".%d", (int)c->components);
    vxg__text_add(&name, ".%s", vxg__trx_type(c->dtype));
    uint8_t *copy = vxg__calloc(bytes + 1, 1);
    int status = copy && !name.failed ? VXG_OK : VXG_ERR_MEMORY;
    if (!status && bytes > 0) memcpy(copy, values, bytes);
    if (!status && !vxg__host_is_little()) vxg__elements_turn(c->dtype, copy, n);
    if (!status) status = add_bytes(t, z, name.s, copy, bytes);
    vxg__free(copy);
    vxg__text_free(&name);
    return status;
}

static int add_group(vxg__trx_out *t, vxg__zip_out *z, const vxg_tract_group *g) {
    vxg_tract_column index = {.components = 1, .dtype = VXG_U32};
    char folder[80];
    memcpy(index.name, g->name, sizeof index.name);
    for (int64_t i = 0; i < g->count; i++)
        VXG_FAIL_IF(g->index[i] >= t->lines, VXG_ERR_ARGUMENT,
                    "%s: the group '%s' has streamline %lld; %lld were written", t->path, g->name,
                    (long long)g->index[i], (long long)t->lines);
    VXG_TRY(add_elements(t, z, "groups/", &index, g->index, g->count));
    snprintf(folder, sizeof folder, "dpg/%s/", g->name);
    for (int k = 0; k < g->ncolumns; k++)
        VXG_TRY(add_elements(t, z, folder, &g->columns[k], g->values[k], g->columns[k].components));
    return VXG_OK;
}

/* ---- A folder that was there ---- */

static int is_part(const char *name) {
    static const char *const begins[] = {"positions.", "offsets.", "dpv/",
                                         "dps/",       "groups/",  "dpg/"};
    if (!strcmp(name, "header.json")) return 1;
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
        if (!strncmp(name, begins[i], strlen(begins[i]))) return 1;
    return 0;
}

static int is_folder(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int vxg__trx_look_at_old(const vxg__trx_out *t) {
    vxg__trx_store s = {.fd = -1};
    if (!is_folder(t->path)) return VXG_OK;
    int status = vxg__trx_store_open(t->path, &s);
    for (int64_t i = 0; i < s.zip.count && !status && !t->force; i++)
        if (is_part(s.zip.members[i].name))
            status = vxg_error_set(VXG_ERR_OUTPUT, "%s exists and is not replaced without force",
                                   t->path);
    vxg__trx_store_close(&s);
    return status;
}

static int remove_one(const vxg__trx_out *t, const char *name) {
    vxg__claim *claim = NULL;
    vxg_text path = {0};
    int replaced = 0, claimed = 0; /* of an array that is not written after all: claimed only */
    vxg__text_add(&path, "%s/%s", t->path, name);
    if (path.failed) return VXG_ERR_MEMORY;
    for (int i = 0; i < t->set->count; i++) replaced |= !strcmp(t->set->items[i].path, path.s);
    for (int i = 0; i < t->set->nclaims; i++) claimed |= !strcmp(t->set->claims[i].path, path.s);
    int status = VXG_OK;
    if (!replaced && !claimed) status = vxg__outputs_use(t->set, path.s, 0, 1, &claim);
    if (!replaced && !status) status = vxg__outputs_add_file(t->set, path.s, NULL, 1);
    vxg__text_free(&path);
    return status;
}

/* Arrays of before that no new one replaces. */
static int remove_old(const vxg__trx_out *t) {
    vxg__trx_store s = {.fd = -1};
    if (!t->force || !is_folder(t->path)) return VXG_OK;
    int status = vxg__trx_store_open(t->path, &s);
    for (int64_t i = 0; i < s.zip.count && !status; i++)
        if (is_part(s.zip.members[i].name) && strcmp(s.zip.members[i].name, "header.json") != 0)
            status = remove_one(t, s.zip.members[i].name);
    vxg__trx_store_close(&s);
    return status;
}

/* ---- All of it ---- */

/* A folder's header is its last file: where it is, the rest is. */
static int add_all(vxg__trx_out *t, vxg__zip_out *z, const vxg_text *header) {
    if (!t->folder) VXG_TRY(add_bytes(t, z, "header.json", header->s, header->length));
    VXG_TRY(add_parts(t, z));
    for (int i = 0; i < t->base.info.ngroups && t->lines > 0; i++)
        VXG_TRY(add_group(t, z, &t->base.info.groups[i]));
    if (!t->folder) return vxg__zip_end(z);
    return vxg__write_all(t->out.fd, header->s, header->length, 0, t->out.path);
}

int vxg__trx_assemble(vxg__trx_out *t) {
    vxg__zip_out z = {0};
    vxg_text header = {0};
    int status = make_header(t, &header);
    if (!status && !t->folder) status = vxg__zip_begin(t->out.fd, t->path, &z);
    if (!status) status = add_all(t, &z, &header);
    if (!status && t->folder) status = remove_old(t);
    if (!status) status = vxg__output_commit(&t->out); /* abandons by itself on failure */
    vxg__zip_out_free(&z);
    vxg__text_free(&header);
    return status;
}
