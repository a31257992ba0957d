/* Rows of the formats this library reads and writes by blocks: HDF5, NPY, TIFF stacks. */
#include "io/h5/dataset.h"
#include "io/npy.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void axis_name(vxg_axis *a, const char *name, size_t n) {
    snprintf(a->name, sizeof a->name, "%.*s", (int)n, name);
}

/* "z:y:x" to names of as many axes, when there are as many. */
static void name_axes(vxg_block_info *info, const char *text) {
    int n = 1;
    for (const char *p = text; *p; p++) n += *p == ':';
    if (!*text || n != info->ndim) return;
    for (int i = 0; i < n; i++, text += *text == ':') {
        const size_t length = strcspn(text, ":");
        axis_name(&info->axis[i], text, length);
        text += length;
    }
}

/* ---- HDF5 ---- */

typedef struct h5_block {
    vxg_block_reader base;
    vxg__h5_session *file;
    vxg__h5_dataset data;
    char title[1024];
} h5_block;

static void h5_close(vxg_block_reader *self) {
    h5_block *b = self->impl;
    vxg__h5_dataset_close(&b->data);
    vxg__h5_session_close(b->file);
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
    static const vxg_dtype all[] = {VXG_I8,  VXG_U8,  VXG_I16, VXG_U16, VXG_I32,
                                    VXG_U32, VXG_I64, VXG_U64, VXG_F32, VXG_F64};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!strcmp(vxg_dtype_name(all[i]), name)) {
            *out = all[i];
            return VXG_OK;
        }
    VXG_FAIL(VXG_ERR_UNSUPPORTED, "elements of type %s", name);
}

/* What attributes say: our own volumes', see vxg_volume_writer_open. */
static int h5_describe(h5_block *b, const char *part) {
    vxg_block_info *info = &b->base.info;
    char axes[64], unit[16], sizes[128];
    int64_t memory = 0;
    info->size = sizeof *info, info->ndim = b->data.ndim;
    VXG_TRY(h5_dtype(b->data.dtype, &info->dtype));
    VXG_TRY(vxg__h5_text_of(b->file, part, "axes", axes, sizeof axes));
    VXG_TRY(vxg__h5_text_of(b->file, part, "voxel_unit", unit, sizeof unit));
    VXG_TRY(vxg__h5_text_of(b->file, part, "voxel_size", sizes, sizeof sizes));
    for (int i = 0; i < info->ndim; i++) info->axis[i].count = b->data.shape[i];
    name_axes(info, axes);
    char *next = sizes;
    for (int i = 0; *sizes && i < info->ndim; i++) {
        const double step = vxg__number(next, &next);
        if (!(step > 0)) break;
        info->axis[i].step = step;
        snprintf(info->axis[i].unit, sizeof info->axis[i].unit, "%s", unit);
    }
    return vxg__h5_dataset_grain(&b->data, b->base.grain, &memory);
}

static int h5_open(const char *path, const vxg_block_opts *opts, vxg_block_reader **out) {
    const char *part = opts->part ? opts->part : "exchange/data";
    const vxg__h5_opts how = {
        .follow = opts->follow_links, .in_process = opts->in_process, .memory = opts->max_memory};
    h5_block *b = vxg__calloc(1, sizeof *b);
    if (!b) return VXG_ERR_MEMORY;
    snprintf(b->title, sizeof b->title, "%s: %s", path, part + (*part == '/'));
    b->base = (vxg_block_reader){.size = sizeof b->base,
                                 .format = "hdf5",
                                 .read = h5_read,
                                 .cost = h5_cost,
                                 .close = h5_close,
                                 .impl = b};
    int status = vxg__h5_session_open(path, &how, &b->file);
    if (!status) status = vxg__h5_dataset_open(b->file, part, b->title, &b->data);
    if (!status) status = h5_describe(b, part);
    if (status) {
        h5_close(&b->base);
        return status;
    }
    b->base.path = b->file->path;
    vxg__file_id(&b->file->was, &b->base.id);
    *out = &b->base;
    return VXG_OK;
}

/* The signature lies at byte 0, 512, 1024... */
static int h5_sniff(const uint8_t *head, size_t n) {
    for (size_t at = 0; at + 8 <= n; at = at ? 2 * at : 512)
        if (!memcmp(head + at, "\x89HDF\r\n\x1a\n", 8)) return 100;
    return 0;
}

/* ---- writing, through the volume writers ---- */

typedef struct volume_block {
    vxg_block_writer base;
    vxg_volume_writer *w;
} volume_block;

static int volume_write(vxg_block_writer *self, const int64_t *start, const int64_t *count,
                        const void *src) {
    volume_block *b = self->impl;
    VXG_FAIL_IF(!start || !count, VXG_ERR_ARGUMENT, "start or count is NULL");
    for (int i = 1; i < 3; i++)
        VXG_FAIL_IF(start[i] != 0 || count[i] != self->info.axis[i].count, VXG_ERR_ARGUMENT,
                    "a block of whole slices expected");
    return b->w->write(b->w, start[0], count[0], src);
}
static int volume_finish(vxg_block_writer *self) {
    volume_block *b = self->impl;
    const int status = b->w->finish(b->w);
    vxg__free(b);
    return status;
}
static void volume_abandon(vxg_block_writer *self) {
    if (!self) return;
    volume_block *b = self->impl;
    b->w->abandon(b->w);
    vxg__free(b);
}

static int volume_create(vxg_volume_format format, const char *path, const vxg_block_create_opts *o,
                         vxg_block_writer **out) {
    const vxg_block_info *info = &o->info;
    VXG_FAIL_IF(info->ndim != 3 || info->dtype != VXG_F32, VXG_ERR_UNSUPPORTED,
                "%s: %s of rank %d; volumes of float32 are written so far", path,
                vxg_dtype_name(info->dtype), (int)info->ndim);
    VXG_FAIL_IF(info->has_affine || info->slope != 0, VXG_ERR_UNSUPPORTED,
                "%s: this format keeps no %s", path, info->has_affine ? "affine" : "slope");
    vxg_volume_writer_opts v = {.format = format,
                                .path = path,
                                .nz = info->axis[0].count,
                                .ny = info->axis[1].count,
                                .nx = info->axis[2].count,
                                .unit = info->axis[0].unit,
                                .attributes = info->attributes,
                                .nattributes = info->nattributes,
                                .force = o->force,
                                .outputs = o->outputs};
    for (int i = 0; i < 3; i++) v.voxel[i] = info->axis[i].step;
    volume_block *b = vxg__calloc(1, sizeof *b);
    if (!b) return VXG_ERR_MEMORY;
    b->base = (vxg_block_writer){.size = sizeof b->base,
                                 .info = *info,
                                 .write = volume_write,
                                 .finish = volume_finish,
                                 .abandon = volume_abandon,
                                 .impl = b};
    b->base.info.attributes = NULL, b->base.info.nattributes = 0; /* the caller's */
    const int status = vxg_volume_writer_open(&v, &b->w);
    if (status) {
        vxg__free(b);
        return status;
    }
    *out = &b->base;
    return VXG_OK;
}
static int h5_create(const char *path, const vxg_block_create_opts *o, vxg_block_writer **out) {
    return volume_create(VXG_VOLUME_H5, path, o, out);
}
static int npy_create(const char *path, const vxg_block_create_opts *o, vxg_block_writer **out) {
    return volume_create(VXG_VOLUME_NPY, path, o, out);
}
static int tiff_create(const char *path, const vxg_block_create_opts *o, vxg_block_writer **out) {
    return volume_create(VXG_VOLUME_TIFF_STACK, path, o, out);
}

static int npy_sniff(const uint8_t *head, size_t n) {
    return n >= 6 && !memcmp(head, "\x93NUMPY", 6) ? 100 : 0;
}

/* ---- the rows ---- */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int registered;

static void register_all(void) {
    static const vxg_format rows[] = {
        {.name = "hdf5",
         .summary = "HDF5: one dataset of a file",
         .extensions = "h5 hdf5 hdf nxs",
         .sniff = h5_sniff,
         .open = h5_open,
         .create = h5_create},
        {.name = "npy",
         .summary = "NumPy's array file",
         .extensions = "npy",
         .sniff = npy_sniff,
         .open = vxg__npy_block_open,
         .create = npy_create},
        {.name = "tiff",
         .summary = "a TIFF stack with voxel size, as Fiji opens it (written only)",
         .extensions = "tif tiff",
         .create = tiff_create},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows && !registered; i++)
        registered = vxg_format_register(&rows[i]);
    if (!registered) registered = vxg__io_register_options();
}

int vxg_io_register(void) {
    pthread_once(&once, register_all);
    VXG_FAIL_IF(registered, registered,
                "the formats or option tables of libvoxgrad_io could not be registered");
    return VXG_OK;
}
