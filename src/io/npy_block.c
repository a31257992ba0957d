/* NPY files by blocks. */
#include "io/npy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct npy_block {
    vxg_block_reader base;
    vxg__npy_info info;
    int fd;
    struct stat was;
    char *path;
} npy_block;

static void npy_close(vxg_block_reader *self) {
    npy_block *b = self->impl;
    if (b->fd >= 0) close(b->fd);
    vxg__free(b->path);
    vxg__free(b);
}

static int unchanged(const npy_block *b) {
    struct stat now;
    VXG_FAIL_IF(fstat(b->fd, &now) != 0 || now.st_size != b->was.st_size ||
                    now.st_mtim.tv_sec != b->was.st_mtim.tv_sec ||
                    now.st_mtim.tv_nsec != b->was.st_mtim.tv_nsec,
                VXG_ERR_INPUT, "%s changed while it was read", b->path);
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

static int look(npy_block *b, const char *path) {
    b->path = vxg__strdup(path);
    if (!b->path) return VXG_ERR_MEMORY;
    b->fd = open(path, O_RDONLY | O_CLOEXEC);
    VXG_FAIL_IF(b->fd < 0, VXG_ERR_INPUT, "%s: cannot open: %s", path, strerror(errno));
    VXG_FAIL_IF(fstat(b->fd, &b->was) != 0 || !S_ISREG(b->was.st_mode), VXG_ERR_INPUT,
                "%s: not a regular file", path);
    VXG_TRY(vxg__npy_look(b->fd, (int64_t)b->was.st_size, path, &b->info));
    for (int i = 0; i < b->info.ndim; i++)
        VXG_FAIL_IF(b->info.shape[i] == 0, VXG_ERR_INPUT, "%s: no elements", path);
    return VXG_OK;
}

int vxg__npy_block_open(const char *path, const vxg_block_opts *opts, vxg_block_reader **out) {
    npy_block *b = vxg__calloc(1, sizeof *b);
    VXG_FAIL_IF(opts->part, VXG_ERR_ARGUMENT, "%s: an NPY file has no parts", path);
    if (!b) return VXG_ERR_MEMORY;
    b->fd = -1;
    b->base = (vxg_block_reader){
        .size = sizeof b->base, .format = "npy", .read = npy_read, .close = npy_close, .impl = b};
    const int status = look(b, path);
    if (status) {
        npy_close(&b->base);
        return status;
    }
    vxg_block_info *info = &b->base.info;
    info->size = sizeof *info, info->ndim = b->info.ndim;
    info->dtype = vxg__npy_dtype(&b->info);
    for (int i = 0; i < info->ndim; i++) {
        info->axis[i].count = b->info.shape[i];
        b->base.grain[i] = 1;
    }
    b->base.path = b->path;
    vxg__file_id(&b->was, &b->base.id);
    *out = &b->base;
    return VXG_OK;
}
