/* Writing by blocks: slices counted, each written once, at its place. */
#include "io/block_write.h"

#include "io/notes.h"
#include "io/stream.h"

#include <string.h>
#include <unistd.h>

typedef struct file_block {
    vxg_block_writer base;
    vxg__output out;
    int64_t n, left;       /* slices; those not yet written */
    int64_t offset, slice; /* bytes: of the elements in the file, of a slice */
    uint8_t *seen;         /* n flags */
    int scratch;           /* the whole file before it is packed; < 0: it is not */
} file_block;

int64_t vxg__block_bytes(const vxg_block_info *info) {
    int64_t n = (int64_t)vxg_dtype_size(info->dtype);
    for (int i = 0; i < info->ndim; i++) n *= info->axis[i].count;
    return n;
}

static int block_write(vxg_block_writer *self, const int64_t *start, const int64_t *count,
                       const void *src) {
    file_block *b = self->impl;
    VXG_FAIL_IF(!start || !count, VXG_ERR_ARGUMENT, "start or count is NULL");
    const int64_t z0 = start[0], nz = count[0];
    VXG_FAIL_IF(!src && nz > 0, VXG_ERR_ARGUMENT, "src is NULL");
    VXG_FAIL_IF(z0 < 0 || nz < 0 || z0 > b->n || nz > b->n - z0, VXG_ERR_ARGUMENT,
                "slices %lld:%lld are outside the volume's 0:%lld", (long long)z0,
                (long long)(z0 + nz), (long long)b->n);
    for (int i = 1; i < self->info.ndim; i++)
        VXG_FAIL_IF(start[i] != 0 || count[i] != self->info.axis[i].count, VXG_ERR_ARGUMENT,
                    "axis %d: %lld:%lld, whole slices (0:%lld) expected", i, (long long)start[i],
                    (long long)(start[i] + count[i]), (long long)self->info.axis[i].count);
    for (int64_t z = z0; z < z0 + nz; z++)
        VXG_FAIL_IF(b->seen[z], VXG_ERR_ARGUMENT, "slice %lld was written already", (long long)z);
    VXG_TRY(vxg__write_all(b->scratch >= 0 ? b->scratch : b->out.fd, src, (size_t)(nz * b->slice),
                           b->offset + z0 * b->slice, b->out.path));
    if (nz > 0) memset(b->seen + z0, 1, (size_t)nz);
    b->left -= nz;
    return VXG_OK;
}

static void block_abandon(vxg_block_writer *self) {
    if (!self) return;
    file_block *b = self->impl;
    vxg__output_abandon(&b->out);
    if (b->scratch >= 0) close(b->scratch);
    vxg__free(b->seen);
    vxg__free(b);
}

static int block_finish(vxg_block_writer *self) {
    file_block *b = self->impl;
    int status = VXG_OK;
    if (b->left > 0) {
        const uint8_t *missing = memchr(b->seen, 0, (size_t)b->n);
        status = vxg_error_set(
            VXG_ERR_ARGUMENT, "%lld of %lld slices were never written, the first is %lld",
            (long long)b->left, (long long)b->n, (long long)(missing ? missing - b->seen : 0));
    } else if (b->scratch >= 0) {
        status = vxg__gz_pack(b->scratch, b->offset + b->n * b->slice, b->out.fd, b->out.path);
    }
    if (!status) status = vxg__output_commit(&b->out); /* abandons by itself on failure */
    block_abandon(self);
    return status;
}

/* What is packed is first written to a scratch file as it would be otherwise: slices come in any
 * order. */
static int open_file(file_block *b, const char *path, const vxg_block_create_opts *o, int packed,
                     vxg__block_header *header) {
    b->seen = vxg__calloc((size_t)b->n, 1);
    if (!b->seen) return VXG_ERR_MEMORY;
    if (packed) VXG_TRY(vxg__gz_check(path));
    VXG_TRY(vxg__output_open(path, o->force, o->outputs, &b->out));
    vxg__output to = b->out;
    if (packed) {
        VXG_TRY(vxg__nameless_open(NULL, vxg__block_bytes(&o->info), &b->scratch));
        to.fd = b->scratch;
    }
    VXG_TRY(header(&to, path, &o->info, &b->offset));
    return vxg__reserve(to.fd, b->offset + vxg__block_bytes(&o->info), path);
}

int vxg__block_writer_open(const char *path, const vxg_block_create_opts *o, int packed,
                           vxg__block_header *header, vxg_block_writer **out) {
    VXG_TRY(vxg__notes_check(path, &o->info));
    file_block *b = vxg__calloc(1, sizeof *b);
    if (!b) return VXG_ERR_MEMORY;
    b->base = (vxg_block_writer){.size = sizeof b->base,
                                 .info = o->info,
                                 .write = block_write,
                                 .finish = block_finish,
                                 .abandon = block_abandon,
                                 .impl = b};
    b->base.info.attributes = NULL, b->base.info.nattributes = 0; /* the caller's */
    b->out.fd = b->scratch = -1, b->n = b->left = o->info.axis[0].count;
    b->slice = vxg__block_bytes(&o->info) / b->n;
    const int status = open_file(b, path, o, packed, header);
    if (status) {
        block_abandon(&b->base);
        return status;
    }
    *out = &b->base;
    return VXG_OK;
}
