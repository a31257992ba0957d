/* HDF5 by blocks: a dataset of a file that is read through the helper (h5/). */
#include "io/h5_block.h"

#include "io/notes.h"

#include <stdio.h>
#include <string.h>

typedef struct h5_block {
    vxg_block_reader base;
    vxg__h5_session *file;
    int owns; /* the session is this reader's alone */
    vxg__h5_dataset data;
    char part[256], title[1024]; /* title: "a.h5: exchange/data", for messages */
} h5_block;

static void h5_close(vxg_block_reader *self) {
    h5_block *b = self->impl;
    vxg__h5_dataset_close(&b->data);
    if (b->owns) vxg__h5_session_close(b->file);
    vxg__free(b);
}

static int h5_read(vxg_block_reader *self, const int64_t *start, const int64_t *count,
                   vxg_dtype dtype, void *dst) {
    h5_block *b = self->impl;
    const enum vxg__h5_as as = dtype == VXG_F32   ? VXG__H5_AS_FLOAT
                               : dtype == VXG_F64 ? VXG__H5_AS_DOUBLE
                                                  : VXG__H5_AS_IS;
    return vxg__h5_dataset_read(&b->data, b->title, start, count, as, dst);
}

/* Chunks are unpacked whole. */
static int h5_cost(vxg_block_reader *self, const int64_t *start, const int64_t *count,
                   vxg_block_cost *out) {
    h5_block *b = self->impl;
    int64_t grain[VXG_MAX_DIMS];
    VXG_TRY(vxg__h5_dataset_grain(&b->data, grain, &out->memory));
    out->unpacked = b->data.bytes;
    for (int i = 0; i < b->data.ndim; i++) {
        const int64_t first = start[i] / grain[i] * grain[i];
        int64_t end = (start[i] + count[i] + grain[i] - 1) / grain[i] * grain[i];
        if (end > b->data.shape[i]) end = b->data.shape[i];
        out->unpacked *= end - first;
    }
    return VXG_OK;
}

static int h5_dtype(const char *name, vxg_dtype *out) {
    for (int i = 0; vxg_dtype_size((vxg_dtype)i); i++)
        if (!strcmp(vxg_dtype_name((vxg_dtype)i), name)) {
            *out = (vxg_dtype)i;
            return VXG_OK;
        }
    VXG_FAIL(VXG_ERR_UNSUPPORTED, "elements of type %s", name);
}

static int get_note(void *context, const char *name, char *out, size_t size) {
    h5_block *b = context;
    return vxg__h5_text_of(b->file, b->part, name, out, size);
}

static int describe(h5_block *b) {
    vxg_block_info *info = &b->base.info;
    int64_t memory = 0;
    info->size = sizeof *info, info->ndim = b->data.ndim;
    VXG_TRY(h5_dtype(b->data.dtype, &info->dtype));
    for (int i = 0; i < info->ndim; i++) info->axis[i].count = b->data.shape[i];
    VXG_TRY(vxg__notes_read(info, get_note, b));
    const int status = vxg__h5_dataset_grain(&b->data, b->base.grain, &memory);
    if (status == VXG_ERR_MEMORY) return status;
    if (!status) return VXG_OK;
    vxg_error_clear(); /* what cannot be read says so when it is read */
    for (int i = 0; i < info->ndim; i++) b->base.grain[i] = 1;
    return VXG_OK;
}

int vxg__h5_block_new(vxg__h5_session *file, const char *part, int owns, vxg_block_reader **out) {
    h5_block *b = vxg__calloc(1, sizeof *b);
    if (!b) return VXG_ERR_MEMORY;
    b->file = file;
    snprintf(b->title, sizeof b->title, "%s: %s", file->path, part + (*part == '/'));
    b->base = (vxg_block_reader){.size = sizeof b->base,
                                 .path = file->path,
                                 .format = "hdf5",
                                 .read = h5_read,
                                 .cost = h5_cost,
                                 .close = h5_close,
                                 .impl = b};
    vxg__file_id(&file->was, &b->base.id);
    int status = VXG_OK;
    if (snprintf(b->part, sizeof b->part, "%s", part) >= (int)sizeof b->part)
        status = vxg_error_set(VXG_ERR_INPUT, "%s: dataset path too long", file->path);
    if (!status) status = vxg__h5_dataset_open(file, part, b->title, &b->data);
    if (!status) status = describe(b);
    if (status) {
        h5_close(&b->base);
        return status;
    }
    b->owns = owns;
    *out = &b->base;
    return VXG_OK;
}

int vxg__h5_block_open(const char *path, const vxg_block_opts *opts, vxg_block_reader **out) {
    const vxg__h5_opts how = {
        .follow = opts->follow_links, .in_process = opts->in_process, .memory = opts->max_memory};
    vxg__h5_session *file = NULL;
    VXG_TRY(vxg__h5_session_open(path, &how, &file));
    const int status = vxg__h5_block_new(file, opts->part ? opts->part : "exchange/data", 1, out);
    if (status) vxg__h5_session_close(file);
    return status;
}

int vxg__h5_block_holds(const vxg_block_reader *r) {
    int64_t count = 1;
    if (r->read != h5_read) return VXG_OK;
    const h5_block *b = r->impl;
    for (int i = 0; i < b->data.ndim; i++) count *= b->data.shape[i];
    VXG_FAIL_IF(count / 1024 > b->data.file_bytes && b->data.layout != VXG__H5_VIRTUAL,
                VXG_ERR_INPUT, "%s: %lld elements in a file of %lld bytes", b->title,
                (long long)count, (long long)b->data.file_bytes);
    return VXG_OK;
}

/* The signature lies at byte 0, 512, 1024... */
int vxg__h5_sniff(const uint8_t *head, size_t n) {
    for (size_t at = 0; at + 8 <= n; at = at ? 2 * at : 512)
        if (!memcmp(head + at, "\x89HDF\r\n\x1a\n", 8)) return 100;
    return 0;
}
