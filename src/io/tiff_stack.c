/* TIFF stacks by blocks: one file, its pages along the first axis. */
#include "io/tiff.h"

#include <stdio.h>
#include <string.h>

typedef struct stack {
    vxg_block_reader base;
    vxg__tiff *file;
    char *path;
} stack;

void vxg__tiff_info(const vxg__tiff_facts *f, int64_t pages, vxg_block_reader *r) {
    static const char *const names[3] = {"z", "y", "x"};
    const int64_t counts[3] = {pages, f->ny, f->nx}, grain[3] = {1, f->strip, 1};
    r->info.size = sizeof r->info, r->info.ndim = 3, r->info.dtype = f->dtype;
    for (int i = 0; i < 3; i++) {
        vxg_axis *a = &r->info.axis[i];
        a->count = counts[i], a->step = f->voxel[i];
        snprintf(a->name, sizeof a->name, "%s", names[i]);
        snprintf(a->unit, sizeof a->unit, "%s", f->unit);
        r->grain[i] = grain[i];
    }
    r->id = f->id;
}

int vxg__tiff_cost(vxg_block_reader *self, const int64_t *start, const int64_t *count,
                   vxg_block_cost *out) {
    const int64_t strip = self->grain[1], rows = self->info.axis[1].count;
    const int64_t first = start[1] / strip * strip,
                  bytes = (int64_t)vxg_dtype_size(self->info.dtype);
    int64_t end = (start[1] + count[1] + strip - 1) / strip * strip;
    if (end > rows) end = rows;
    out->unpacked = count[0] * (end - first) * self->info.axis[2].count * bytes;
    out->memory = (strip + 1) * self->info.axis[2].count * bytes;
    return VXG_OK;
}

static int stack_read(vxg_block_reader *self, const int64_t *start, const int64_t *count,
                      vxg_dtype dtype, void *dst) {
    stack *s = self->impl;
    const int64_t page = count[1] * count[2] * (int64_t)vxg_dtype_size(dtype);
    for (int64_t z = 0; z < count[0]; z++)
        VXG_TRY(vxg__tiff_box(s->file, start[0] + z, start + 1, count + 1, dtype,
                              (char *)dst + z * page));
    return vxg__tiff_unchanged(s->file);
}

static void stack_close(vxg_block_reader *self) {
    stack *s = self->impl;
    vxg__tiff_close(s->file);
    vxg__free(s->path);
    vxg__free(s);
}

int vxg__tiff_stack_open(const char *path, const vxg_block_opts *opts, vxg_block_reader **out) {
    vxg__tiff_facts f;
    VXG_FAIL_IF(opts->part, VXG_ERR_ARGUMENT, "%s: a TIFF file has no parts", path);
    stack *s = vxg__calloc(1, sizeof *s);
    if (!s) return VXG_ERR_MEMORY;
    s->base = (vxg_block_reader){.size = sizeof s->base,
                                 .format = "tiff",
                                 .read = stack_read,
                                 .cost = vxg__tiff_cost,
                                 .close = stack_close,
                                 .impl = s};
    int status = (s->path = vxg__strdup(path)) ? VXG_OK : VXG_ERR_MEMORY;
    if (!status) status = vxg__tiff_open(path, &s->file);
    if (status) {
        stack_close(&s->base);
        return status;
    }
    vxg__tiff_describe(s->file, &f);
    vxg__tiff_info(&f, f.pages, &s->base);
    s->base.path = s->path;
    *out = &s->base;
    return VXG_OK;
}

int vxg__tiff_sniff(const uint8_t *head, size_t n) {
    static const char magic[4][5] = {"II*", "MM\0*", "II+", "MM\0+"};
    for (int i = 0; n >= 8 && i < 4; i++)
        if (!memcmp(head, magic[i], 4)) return 100;
    return 0;
}
