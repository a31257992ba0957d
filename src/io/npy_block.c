/* NPY files by blocks.
 *
 * NumPy's header has no room for axes and units. What there is to say of them stands behind the
 * elements, where NumPy and most others do not look: "VXGNOTES", the bytes that follow as 8
 * hexadecimal digits, then lines "name=text" (notes.h), attributes as "@name=text". */
#include "io/npy.h"

#include "io/block_write.h"
#include "io/notes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct npy_block {
    vxg_block_reader base;
    vxg__npy_info info;
    int fd;
    struct stat was;
    char *path, *notes; /* notes: lines that end with zeros */
    vxg_attribute *attributes;
} npy_block;

#define NOTES "VXGNOTES"
enum { NOTES_HEAD = 16, MOST_NOTES = 1 << 24 };

static void npy_close(vxg_block_reader *self) {
    npy_block *b = self->impl;
    if (b->fd >= 0) close(b->fd);
    vxg__free(b->path);
    vxg__free(b->notes);
    vxg__free(b->attributes);
    vxg__free(b);
}

static int unchanged(const npy_block *b) {
    struct stat now;
    VXG_FAIL_IF(fstat(b->fd, &now) != 0 || !vxg__stat_same(&now, &b->was), VXG_ERR_INPUT,
                "%s changed while it was read", b->path);
    return VXG_OK;
}

/* Runs of elements that lie side by side, converted piece by piece. */
static int npy_read(vxg_block_reader *self, const int64_t *start, const int64_t *count,
                    vxg_dtype dtype, void *dst) {
    npy_block *b = self->impl;
    const vxg_block_info *info = &self->info;
    int64_t step[VXG_MAX_DIMS + 1], index[VXG_MAX_DIMS] = {0}, run = 1;
    int axis = info->ndim - 1;
    char *to = dst;
    step[info->ndim] = 1;
    for (int i = info->ndim - 1; i >= 0; i--) step[i] = step[i + 1] * info->axis[i].count;
    while (axis >= 0) {
        run *= count[axis];
        if (count[axis] != info->axis[axis].count) break;
        axis--;
    }
    for (int done = 0; !done;) {
        int64_t at = 0;
        for (int i = 0; i < info->ndim; i++) at += (start[i] + index[i]) * step[i + 1];
        VXG_TRY(vxg__npy_read_run(b->fd, b->path, &b->info, at, run, dtype, to));
        to += run * (int64_t)vxg_dtype_size(dtype);
        done = 1;
        for (int i = axis - 1; i >= 0 && done; i--) {
            done = ++index[i] == count[i];
            if (done) index[i] = 0;
        }
    }
    return unchanged(b);
}

/* ---- notes ---- */

/* Bytes behind the elements that are not ours are nobody's: NumPy does not look at them either. */
static int load_notes(npy_block *b) {
    char head[NOTES_HEAD + 1] = {0}, *end = NULL;
    const int64_t at = b->info.offset + b->info.count * (int64_t)vxg_dtype_size(b->info.dtype);
    const int64_t left = (int64_t)b->was.st_size - at;
    const size_t there = left < NOTES_HEAD ? (size_t)left : NOTES_HEAD;
    VXG_TRY(vxg__read_exact(b->fd, head, there, at, b->path));
    if (there == 0 || memcmp(head, NOTES, there < 8 ? there : 8) != 0) return VXG_OK;
    const long n = strtol(head + 8, &end, 16);
    VXG_FAIL_IF(end != head + NOTES_HEAD || n < 0 || n > MOST_NOTES || n != left - NOTES_HEAD,
                VXG_ERR_INPUT, "%s: what stands behind the elements is damaged", b->path);
    if (!(b->notes = vxg__calloc((size_t)n + 2, 1))) return VXG_ERR_MEMORY;
    VXG_TRY(vxg__read_exact(b->fd, b->notes, (size_t)n, at + NOTES_HEAD, b->path));
    for (long i = 0; i < n; i++) {
        VXG_FAIL_IF(!b->notes[i], VXG_ERR_INPUT, "%s: what stands behind the elements is damaged",
                    b->path);
        if (b->notes[i] == '\n') b->notes[i] = 0;
    }
    return VXG_OK;
}

static int get_note(void *context, const char *name, char *out, size_t size) {
    const npy_block *b = context;
    const size_t n = strlen(name);
    out[0] = 0;
    for (const char *p = b->notes; p && *p; p += strlen(p) + 1)
        if (!strncmp(p, name, n) && p[n] == '=') snprintf(out, size, "%s", p + n + 1);
    return VXG_OK;
}

static int list_attributes(npy_block *b) {
    int n = 0;
    for (const char *p = b->notes; p && *p; p += strlen(p) + 1) n += *p == '@' && strchr(p, '=');
    if (n == 0) return VXG_OK;
    if (!(b->attributes = vxg__calloc((size_t)n, sizeof *b->attributes))) return VXG_ERR_MEMORY;
    n = 0;
    for (char *p = b->notes, *next; *p; p = next) {
        char *text = strchr(p, '=');
        next = p + strlen(p) + 1;
        if (*p != '@' || !text) continue;
        *text = 0;
        b->attributes[n++] = (vxg_attribute){.name = p + 1, .text = text + 1};
    }
    b->base.info.attributes = b->attributes, b->base.info.nattributes = n;
    return VXG_OK;
}

static int note_text(void *context, const char *name, const char *text) {
    vxg__text_add(context, "%s=%s\n", name, text);
    return VXG_OK;
}

static int note_numbers(void *context, const char *name, const double *x, int n) {
    vxg__text_add(context, "%s=", name);
    for (int i = 0; i < n; i++) vxg__text_add(context, "%s%.17g", i ? " " : "", x[i]);
    vxg__text_append(context, "\n", 1);
    return VXG_OK;
}

static int write_notes(const vxg__output *out, const char *path, const vxg_block_info *info,
                       int64_t at) {
    char head[NOTES_HEAD + 1], *lines = NULL;
    vxg_text t = {0};
    const vxg__notes_out to = {note_text, note_numbers, &t};
    if (!vxg__notes_any(info)) return VXG_OK;
    int status = vxg__notes_write(info, &to);
    for (int i = 0; i < info->nattributes && !status; i++) {
        const vxg_attribute one = {info->attributes[i].name, info->attributes[i].text};
        status = vxg__notes_lines(&one, 1, &lines);
        if (!status) vxg__text_add(&t, "@%s\n", lines);
        vxg__free(lines);
        lines = NULL;
    }
    if (!status && t.failed) status = VXG_ERR_MEMORY;
    if (!status && t.length > MOST_NOTES)
        status = vxg_error_set(VXG_ERR_ARGUMENT, "%s: attributes of %zu bytes, at most %d expected",
                               path, t.length, MOST_NOTES);
    snprintf(head, sizeof head, NOTES "%08x", (unsigned)t.length);
    if (!status) status = vxg__write_all(out->fd, head, NOTES_HEAD, at, path);
    if (!status) status = vxg__write_all(out->fd, t.s, t.length, at + NOTES_HEAD, path);
    vxg__text_free(&t);
    return status;
}

static int write_header(const vxg__output *out, const char *path, const vxg_block_info *info,
                        int64_t *offset) {
    int64_t shape[VXG_MAX_DIMS];
    vxg_text t = {0};
    for (int i = 0; i < info->ndim; i++) shape[i] = info->axis[i].count;
    int status = vxg__npy_header(&t, info->dtype, info->ndim, shape);
    *offset = (int64_t)t.length;
    if (!status) status = vxg__write_all(out->fd, t.s, t.length, 0, path);
    vxg__text_free(&t);
    if (status) return status;
    VXG_TRY(vxg__reserve(out->fd, *offset + vxg__block_bytes(info), path));
    return write_notes(out, path, info, *offset + vxg__block_bytes(info));
}

int vxg__npy_block_create(const char *path, const vxg_block_create_opts *o,
                          vxg_block_writer **out) {
    return vxg__block_writer_open(path, o, 0, write_header, out);
}

/* ---- opening ---- */

static int look(npy_block *b, const char *path) {
    b->path = vxg__strdup(path);
    if (!b->path) return VXG_ERR_MEMORY;
    b->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    VXG_FAIL_IF(b->fd < 0, VXG_ERR_INPUT, "%s: cannot open: %s", path, strerror(errno));
    VXG_FAIL_IF(fstat(b->fd, &b->was) != 0 || !S_ISREG(b->was.st_mode), VXG_ERR_INPUT,
                "%s: not a regular file", path);
    VXG_TRY(vxg__npy_look(b->fd, (int64_t)b->was.st_size, path, &b->info));
    for (int i = 0; i < b->info.ndim; i++)
        VXG_FAIL_IF(b->info.shape[i] == 0, VXG_ERR_INPUT, "%s: no elements", path);
    return load_notes(b);
}

int vxg__npy_block_open(const char *path, const vxg_block_opts *opts, vxg_block_reader **out) {
    VXG_FAIL_IF(opts->part, VXG_ERR_ARGUMENT, "%s: an NPY file has no parts", path);
    npy_block *b = vxg__calloc(1, sizeof *b);
    if (!b) return VXG_ERR_MEMORY;
    b->fd = -1;
    b->base = (vxg_block_reader){
        .size = sizeof b->base, .format = "npy", .read = npy_read, .close = npy_close, .impl = b};
    vxg_block_info *info = &b->base.info;
    int status = look(b, path);
    info->size = sizeof *info, info->ndim = b->info.ndim;
    info->dtype = b->info.dtype;
    for (int i = 0; i < info->ndim; i++) {
        info->axis[i].count = b->info.shape[i];
        b->base.grain[i] = 1;
    }
    if (!status) status = vxg__notes_read(info, get_note, b);
    if (!status) status = list_attributes(b);
    if (status) {
        npy_close(&b->base);
        return status;
    }
    b->base.path = b->path;
    vxg__file_id(&b->was, &b->base.id);
    *out = &b->base;
    return VXG_OK;
}
