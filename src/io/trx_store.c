/* TRX: the members of a zip file or a folder, and what their names mean. */
#include "io/trx.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { DEEPEST = 3, MOST_FILES = 1 << 16 };

/* ---- Names ---- */

static const struct {
    const char *name;
    vxg_dtype dtype;
} types[] = {{"float16", VXG_F16}, {"float32", VXG_F32}, {"float64", VXG_F64}, {"int8", VXG_I8},
             {"uint8", VXG_U8},    {"int16", VXG_I16},   {"uint16", VXG_U16},  {"int32", VXG_I32},
             {"uint32", VXG_U32},  {"int64", VXG_I64},   {"uint64", VXG_U64},  {"bit", VXG_U8}};

const char *vxg__trx_type(vxg_dtype dtype) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].dtype == dtype) return types[i].name;
    return "unknown";
}

int vxg__trx_parse(const char *path, const char *member, vxg__trx_name *out) {
    const char *slash = strrchr(member, '/'), *base = slash ? slash + 1 : member;
    const size_t n = strcspn(base, ".");
    const char *dot = strchr(base, '.'), *type = strrchr(base, '.');
    char *end = NULL;
    VXG_FAIL_IF(!dot || n == 0 || n >= sizeof out->base, VXG_ERR_INPUT,
                "%s: '%s' is no name of an array, base[.components].type", path, VXG_SHOW(member));
    memset(out, 0, sizeof *out);
    memcpy(out->base, base, n);
    for (const char *p = out->base; *p;) {
        const int bytes = vxg_utf8_length(p);
        VXG_FAIL_IF(bytes == 0 || (unsigned char)*p < ' ', VXG_ERR_INPUT,
                    "%s: the name of '%s' is not UTF-8", path, VXG_SHOW(member));
        p += bytes;
    }
    const long k = dot == type ? 1 : strtol(dot + 1, &end, 10);
    VXG_FAIL_IF((dot != type && (end != type || dot[1] < '0' || dot[1] > '9')) || k < 1 ||
                    k > 1 << 15,
                VXG_ERR_INPUT, "%s: '%s' says no number of components, 1 to %d", path,
                VXG_SHOW(member), 1 << 15);
    out->components = (int32_t)k;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (!strcmp(type + 1, types[i].name)) {
            out->dtype = types[i].dtype;
            return VXG_OK;
        }
    VXG_FAIL(VXG_ERR_INPUT, "%s: '%s' is of an unknown type", path, VXG_SHOW(member));
}

int vxg__trx_sniff(const uint8_t *head, size_t n) {
    static const char *const first[] = {"header.json", "positions.", "offsets.", "dpv/",
                                        "dps/",        "groups/",    "dpg/"};
    if (n < 34 || memcmp(head, "PK\3\4", 4) != 0) return 0;
    for (size_t i = 0; i < sizeof first / sizeof *first; i++)
        if (n >= 30 + strlen(first[i]) && !memcmp(head + 30, first[i], strlen(first[i]))) return 90;
    return 20; /* another member may come first */
}

int vxg__trx_sniff_path(const char *path) {
    char name[4096];
    struct stat st;
    const int n = snprintf(name, sizeof name, "%s/header.json", path);
    return n < (int)sizeof name && stat(name, &st) == 0 && S_ISREG(st.st_mode) ? 90 : 0;
}

/* ---- Folders ---- */

static int add_file(vxg__trx_store *s, const char *name, int64_t size) {
    vxg__zip *z = &s->zip;
    VXG_FAIL_IF(z->count == MOST_FILES, VXG_ERR_INPUT, "%s: more than %d files", s->path,
                MOST_FILES);
    if (z->count == s->room) {
        const int64_t room = s->room ? 2 * s->room : 16;
        void *more = vxg__realloc(z->members, (size_t)room, sizeof *z->members);
        if (!more) return VXG_ERR_MEMORY;
        z->members = more, s->room = room;
    }
    z->members[z->count] = (vxg__zip_member){.name = vxg__strdup(name), .size = size};
    if (!z->members[z->count].name) return VXG_ERR_MEMORY;
    z->count++;
    return VXG_OK;
}

/* prefix: "" or "dpv/". */
static int list_folder(vxg__trx_store *s, const char *prefix, int depth) {
    vxg_text t = {0};
    vxg__text_add(&t, "%s/%s", s->path, prefix);
    DIR *dir = t.failed ? NULL : opendir(t.s);
    const int error = errno, failed = t.failed;
    vxg__text_free(&t);
    if (failed) return VXG_ERR_MEMORY;
    VXG_FAIL_IF(!dir, VXG_ERR_INPUT, "%s/%s: cannot open: %s", s->path, prefix, strerror(error));
    int status = VXG_OK;
    for (struct dirent *e; !status && (e = readdir(dir));) {
        struct stat st;
        vxg_text name = {0};
        if (e->d_name[0] == '.') continue; /* what systems and unfinished outputs leave there */
        vxg__text_add(&name, "%s%s", prefix, e->d_name);
        if (name.failed) status = VXG_ERR_MEMORY;
        if (!status && fstatat(dirfd(dir), e->d_name, &st, 0) == 0) {
            if (S_ISREG(st.st_mode)) status = add_file(s, name.s, (int64_t)st.st_size);
            vxg__text_append(&name, "/", 1);
            if (name.failed) status = VXG_ERR_MEMORY;
            if (!status && S_ISDIR(st.st_mode) && depth < DEEPEST)
                status = list_folder(s, name.s, depth + 1);
        }
        vxg__text_free(&name);
    }
    closedir(dir);
    return status;
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const vxg__zip_member *)a)->name, ((const vxg__zip_member *)b)->name);
}

/* ---- The store ---- */

void vxg__trx_store_close(vxg__trx_store *s) {
    if (s->fd >= 0) close(s->fd);
    vxg__zip_free(&s->zip);
    vxg__free(s->path);
    *s = (vxg__trx_store){.fd = -1};
}

int vxg__trx_store_open(const char *path, vxg__trx_store *s) {
    *s = (vxg__trx_store){.fd = -1};
    s->path = vxg__strdup(path);
    if (!s->path) return VXG_ERR_MEMORY;
    s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    VXG_FAIL_IF(s->fd < 0, VXG_ERR_INPUT, "%s: cannot open: %s", path, strerror(errno));
    VXG_FAIL_IF(fstat(s->fd, &s->was) != 0, VXG_ERR_INPUT, "%s: cannot look at it: %s", path,
                strerror(errno));
    s->folder = S_ISDIR(s->was.st_mode);
    VXG_FAIL_IF(!s->folder && !S_ISREG(s->was.st_mode), VXG_ERR_INPUT,
                "%s: neither a regular file nor a folder", path);
    if (!s->folder) {
        VXG_TRY(vxg__zip_open(s->fd, path, (int64_t)s->was.st_size, &s->zip));
    } else {
        VXG_TRY(list_folder(s, "", 1));
    }
    /* The order of names, whatever wrote them. */
    if (s->zip.count > 1)
        qsort(s->zip.members, (size_t)s->zip.count, sizeof *s->zip.members, by_name);
    return VXG_OK;
}

const vxg__zip_member *vxg__trx_find(const vxg__trx_store *s, const char *name) {
    for (int64_t i = 0; i < s->zip.count; i++)
        if (!strcmp(s->zip.members[i].name, name)) return &s->zip.members[i];
    return NULL;
}

int vxg__trx_stream(const vxg__trx_store *s, const vxg__zip_member *m, vxg__zip_stream *out) {
    if (!s->folder) return vxg__zip_stream_member(s->fd, s->path, &s->zip, m, out);
    vxg_text t = {0};
    *out = (vxg__zip_stream){.fd = -1};
    vxg__text_add(&t, "%s/%s", s->path, m->name);
    int status = t.failed ? VXG_ERR_MEMORY : vxg__zip_stream_file(t.s, out);
    vxg__text_free(&t);
    if (!status && out->size != m->size)
        status = vxg_error_set(VXG_ERR_INPUT, "%s/%s changed while it was read", s->path, m->name);
    return status;
}

int vxg__trx_load(const vxg__trx_store *s, const vxg__zip_member *m, int64_t most, char **bytes) {
    vxg__zip_stream stream = {.fd = -1};
    *bytes = NULL;
    VXG_FAIL_IF(m->size > most, VXG_ERR_MEMORY, "%s: '%s' is %lld bytes; %lld may be read", s->path,
                VXG_SHOW(m->name), (long long)m->size, (long long)most);
    int status = vxg__trx_stream(s, m, &stream);
    if (!status && !(*bytes = vxg__calloc((size_t)m->size + 1, 1))) status = VXG_ERR_MEMORY;
    if (!status) status = vxg__zip_stream_read(&stream, *bytes, (size_t)m->size);
    vxg__zip_stream_close(&stream);
    if (!status) return VXG_OK;
    vxg__free(*bytes);
    *bytes = NULL;
    return status;
}
