/* Puts elements and stored chunks into the window. Elements that lie in a file one after another
 * are read past libhdf5, which takes what is beyond a file's end for zeros. */
#include "io/h5/server.h"

#ifdef VXG_HAVE_HDF5
#include <errno.h>
#include <string.h>
#include <unistd.h>

static int get_set(vxg__h5_server *s, vxg__h5_body *request, vxg__h5_set **out) {
    const int64_t i = vxg__h5_take(request);
    VXG_FAIL_IF(i < 0 || i >= VXG__H5_MOST_SETS || !s->sets[i].used, VXG_ERR_ARGUMENT,
                "no such dataset is open");
    *out = &s->sets[i];
    return VXG_OK;
}

static int read_at(int fd, int64_t at, uint8_t *to, size_t n, const char *path) {
    while (n > 0) {
        const ssize_t got = pread(fd, to, n, (off_t)at);
        if (got < 0 && errno == EINTR) continue;
        VXG_FAIL_IF(got < 0, VXG_ERR_INPUT, "cannot read %s: %s", path, strerror(errno));
        VXG_FAIL_IF(got == 0, VXG_ERR_INPUT, "%s ends inside its elements", path);
        to += got, at += got, n -= (size_t)got;
    }
    return VXG_OK;
}

/* n bytes at place `at` of the elements. */
static int read_run(const vxg__h5_server *s, const vxg__h5_set *d, int64_t at, uint8_t *to,
                    size_t n) {
    const vxg__h5_file *f = &s->files[d->file];
    if (!d->nraw) return read_at(f->fd, d->offset + at, to, n, f->path);
    for (int i = 0; i < d->nraw && n > 0; i++) {
        const vxg__h5_raw *raw = &d->raw[i];
        if (at >= raw->bytes) {
            at -= raw->bytes;
            continue;
        }
        const size_t part = (uint64_t)(raw->bytes - at) < n ? (size_t)(raw->bytes - at) : n;
        VXG_TRY(read_at(raw->fd, raw->at + at, to, part, raw->path));
        to += part, n -= part, at = 0;
    }
    VXG_FAIL_IF(n > 0, VXG_ERR_INPUT, "its raw files end too early");
    return VXG_OK;
}

/* The box in runs of elements that lie side by side. */
static int read_runs(const vxg__h5_server *s, const vxg__h5_set *d, const int64_t *start,
                     const int64_t *count, uint8_t *to) {
    int64_t step[VXG__H5_RANK + 1], index[VXG__H5_RANK] = {0}, run = 1;
    int axis = d->ndim - 1; /* of the outer loop's last index */
    step[d->ndim] = 1;
    for (int i = d->ndim - 1; i >= 0; i--) step[i] = step[i + 1] * d->shape[i];
    while (axis >= 0) {
        run *= count[axis];
        if (count[axis] != d->shape[axis]) break;
        axis--;
    }
    for (int done = 0; !done;) {
        int64_t at = 0;
        for (int i = 0; i < d->ndim; i++) at += (start[i] + index[i]) * step[i + 1];
        VXG_TRY(read_run(s, d, at * d->bytes, to, (size_t)(run * d->bytes)));
        to += run * d->bytes;
        done = 1;
        for (int i = axis - 1; i >= 0 && done; i--) {
            done = ++index[i] == count[i];
            if (done) index[i] = 0;
        }
    }
    return VXG_OK;
}

/* Elements in the file's own type, through libhdf5. */
static int read_library(const vxg__h5_set *d, const int64_t *start, const int64_t *count,
                        uint8_t *to) {
    hsize_t first[VXG__H5_RANK], sizes[VXG__H5_RANK];
    for (int i = 0; i < d->ndim; i++) first[i] = (hsize_t)start[i], sizes[i] = (hsize_t)count[i];
    const hid_t space = H5Dget_space(d->id);
    const hid_t memory =
        d->ndim > 0 ? H5Screate_simple(d->ndim, sizes, NULL) : H5Screate(H5S_SCALAR);
    const int good = space >= 0 && memory >= 0 &&
                     (d->ndim == 0 ||
                      H5Sselect_hyperslab(space, H5S_SELECT_SET, first, NULL, sizes, NULL) >= 0) &&
                     H5Dread(d->id, d->type, memory, space, H5P_DEFAULT, to) >= 0;
    const int status = good ? VXG_OK : vxg__h5_fail(VXG_ERR_INPUT, "cannot read");
    if (memory >= 0) H5Sclose(memory);
    if (space >= 0) H5Sclose(space);
    return status;
}

static int unchanged(const vxg__h5_server *s, const vxg__h5_set *d) {
    VXG_TRY(vxg__h5_file_unchanged(&s->files[d->file]));
    for (int i = 0; i < d->nraw; i++) {
        struct stat now;
        VXG_FAIL_IF(fstat(d->raw[i].fd, &now) != 0 || !vxg__stat_same(&now, &d->raw[i].was),
                    VXG_ERR_INPUT, "%s changed while it was read", d->raw[i].path);
    }
    return VXG_OK;
}

/* Bytes of a stored chunk, 0: it was never written. The first call is fast and fails for those; the
 * second goes through the list of all chunks. */
static int chunk_bytes(const vxg__h5_set *d, const hsize_t *offset, hsize_t *bytes) {
    unsigned mask = 0;
    haddr_t at = HADDR_UNDEF;
    *bytes = 0;
    if (H5Dget_chunk_storage_size(d->id, offset, bytes) >= 0) return VXG_OK;
    H5Eclear2(H5E_DEFAULT);
    *bytes = 0;
    if (H5Dget_chunk_info_by_coord(d->id, offset, &mask, &at, bytes) < 0)
        return vxg__h5_fail(VXG_ERR_INPUT, "the list of its chunks cannot be read");
    if (at == HADDR_UNDEF) *bytes = 0;
    return VXG_OK;
}

/* A box of a dataset with chunks lies in one chunk. Reply: 1 when it was never written. */
int vxg__h5_serve_box(vxg__h5_server *s, vxg__h5_body *request, vxg__h5_body *reply) {
    vxg__h5_set *d = NULL;
    int64_t start[VXG__H5_RANK], count[VXG__H5_RANK];
    VXG_TRY(get_set(s, request, &d));
    const int64_t place = vxg__h5_take(request);
    for (int i = 0; i < d->ndim; i++) start[i] = vxg__h5_take(request);
    for (int i = 0; i < d->ndim; i++) count[i] = vxg__h5_take(request);
    double bytes = (double)d->bytes;
    int good = !request->bad && place >= 0 && (uint64_t)place <= s->window_bytes && d->bytes > 0;
    for (int i = 0; i < d->ndim && good; i++) {
        good = start[i] >= 0 && count[i] > 0 && start[i] < d->shape[i] &&
               count[i] <= d->shape[i] - start[i];
        bytes *= (double)count[i];
    }
    VXG_FAIL_IF(!good || bytes > (double)(s->window_bytes - (size_t)place), VXG_ERR_ARGUMENT,
                "a block outside the dataset or the window");
    uint8_t *to = s->window + place;
    int status = VXG_OK, missing = d->layout == VXG__H5_UNALLOCATED;
    if (d->layout == VXG__H5_CHUNKED) {
        hsize_t offset[VXG__H5_RANK], stored = 0;
        for (int i = 0; i < d->ndim; i++)
            offset[i] = (hsize_t)(start[i] / d->chunk[i] * d->chunk[i]);
        VXG_TRY(chunk_bytes(d, offset, &stored));
        missing = stored == 0;
    }
    if (d->layout == VXG__H5_CONTIGUOUS) {
        status = read_runs(s, d, start, count, to);
    } else if (missing) {
        status = VXG_OK;
    } else if (d->layout == VXG__H5_COMPACT || d->layout == VXG__H5_CHUNKED) {
        status = read_library(d, start, count, to);
    } else {
        status = vxg_error_set(VXG_ERR_ARGUMENT, "a block of a virtual dataset");
    }
    /* a file that became shorter says more than what came of it */
    VXG_TRY(unchanged(s, d));
    vxg__h5_put(reply, missing);
    return status;
}

/* One stored chunk; *bytes 0: never written. *full: there is no room for it. */
static int read_chunk(const vxg__h5_server *s, const vxg__h5_set *d, const hsize_t *offset,
                      int64_t place, int64_t room, int64_t *bytes, uint32_t *mask) {
    hsize_t stored = 0;
    *bytes = 0, *mask = 0;
    VXG_TRY(chunk_bytes(d, offset, &stored));
    VXG_FAIL_IF(stored > (hsize_t)s->files[d->file].was.st_size, VXG_ERR_INPUT,
                "a chunk of %llu bytes, more than the file has", (unsigned long long)stored);
    *bytes = (int64_t)stored;
    if (stored == 0 || (int64_t)stored > room) return VXG_OK;
    if (H5Dread_chunk(d->id, H5P_DEFAULT, offset, mask, s->window + place) < 0)
        return vxg__h5_fail(VXG_ERR_INPUT, "a chunk cannot be read");
    return VXG_OK;
}

/* As many chunks as there is room for; of the first that has none its bytes are said, negative. */
int vxg__h5_serve_chunks(vxg__h5_server *s, vxg__h5_body *request, vxg__h5_body *reply) {
    vxg__h5_set *d = NULL;
    VXG_TRY(get_set(s, request, &d));
    int64_t place = vxg__h5_take(request), room = vxg__h5_take(request);
    const int64_t n = vxg__h5_take(request);
    VXG_FAIL_IF(request->bad || place < 0 || room < 0 || n < 0 || d->layout != VXG__H5_CHUNKED ||
                    (uint64_t)place > s->window_bytes ||
                    (uint64_t)room > s->window_bytes - (uint64_t)place,
                VXG_ERR_ARGUMENT, "chunks outside the window");
    int status = VXG_OK, full = 0;
    for (int64_t i = 0; i < n && !status && !full; i++) {
        hsize_t offset[VXG__H5_RANK];
        int64_t bytes = 0;
        uint32_t mask = 0;
        for (int k = 0; k < d->ndim; k++) {
            offset[k] = (hsize_t)vxg__h5_take(request);
            VXG_FAIL_IF(request->bad || offset[k] >= (hsize_t)d->shape[k] ||
                            offset[k] % (hsize_t)d->chunk[k] != 0,
                        VXG_ERR_ARGUMENT, "no chunk begins there");
        }
        status = read_chunk(s, d, offset, place, room, &bytes, &mask);
        full = bytes > room;
        vxg__h5_put(reply, full ? -bytes : bytes);
        vxg__h5_put(reply, mask);
        place += bytes, room -= bytes;
    }
    VXG_TRY(unchanged(s, d));
    return status;
}
#else
typedef int vxg__no_h5_elements;
#endif
