/* Opens datasets and says what they are: sizes, element type, layout, filters, sources. */
#include "io/h5/server.h"

#ifdef VXG_HAVE_HDF5
#include <string.h>
#include <unistd.h>

/* 'u', 'i' or 'f' for a standard number type in either byte order, 0 for all others: odd offsets,
 * precisions and paddings are left to nobody. */
static char number_kind(hid_t type, int *big) {
    const hid_t standard[] = {H5T_STD_U8LE,   H5T_STD_U8BE,   H5T_STD_U16LE,  H5T_STD_U16BE,
                              H5T_STD_U32LE,  H5T_STD_U32BE,  H5T_STD_U64LE,  H5T_STD_U64BE,
                              H5T_STD_I8LE,   H5T_STD_I8BE,   H5T_STD_I16LE,  H5T_STD_I16BE,
                              H5T_STD_I32LE,  H5T_STD_I32BE,  H5T_STD_I64LE,  H5T_STD_I64BE,
                              H5T_IEEE_F32LE, H5T_IEEE_F32BE, H5T_IEEE_F64LE, H5T_IEEE_F64BE};
    for (int i = 0; i < (int)(sizeof standard / sizeof *standard); i++) {
        if (H5Tequal(type, standard[i]) <= 0) continue;
        *big = i % 2;
        return i < 8 ? 'u' : i < 16 ? 'i' : 'f';
    }
    for (*big = 0; *big < 2; ++*big) {
        const hid_t half = vxg__h5_half(*big ? H5T_ORDER_BE : H5T_ORDER_LE);
        const int same = half >= 0 && H5Tequal(type, half) > 0;
        if (half >= 0) H5Tclose(half);
        if (same) return 'f';
    }
    *big = 0;
    return 0;
}

static int get_shape(vxg__h5_set *d) {
    hsize_t dims[VXG__H5_RANK] = {0};
    const hid_t space = H5Dget_space(d->id);
    d->ndim = space < 0 ? -1 : H5Sget_simple_extent_ndims(space);
    int good = d->ndim >= 0 && d->ndim <= VXG__H5_RANK &&
               H5Sget_simple_extent_type(space) != H5S_NULL &&
               (d->ndim == 0 || H5Sget_simple_extent_dims(space, dims, NULL) >= 0);
    if (space >= 0) H5Sclose(space);
    for (int i = 0; good && i < d->ndim; i++) {
        good = dims[i] <= INT64_MAX;
        d->shape[i] = (int64_t)dims[i];
    }
    return good ? VXG_OK : vxg__h5_fail(VXG_ERR_INPUT, "its sizes cannot be read");
}

static int get_raw(vxg__h5_server *s, vxg__h5_set *d, int n) {
    VXG_FAIL_IF(n > VXG__H5_MOST_RAW, VXG_ERR_INPUT, "its elements are in %d other files", n);
    d->raw = vxg__calloc((size_t)n, sizeof *d->raw);
    if (!d->raw) return VXG_ERR_MEMORY;
    for (int i = 0; i < n; i++) {
        char name[4096] = "";
        off_t at = 0;
        hsize_t bytes = 0;
        if (H5Pget_external(d->list, (unsigned)i, sizeof name - 1, name, &at, &bytes) < 0)
            return vxg__h5_fail(VXG_ERR_INPUT, "where its elements are cannot be read");
        d->nraw = i + 1;
        VXG_TRY(vxg__h5_raw_open(s, d->file, name, &d->raw[i]));
        const int64_t there = (int64_t)d->raw[i].was.st_size;
        VXG_FAIL_IF(at < 0 || (int64_t)at > there, VXG_ERR_INPUT, "%s: cut", d->raw[i].path);
        d->raw[i].at = (int64_t)at;
        d->raw[i].bytes =
            bytes == H5F_UNLIMITED || bytes > (hsize_t)INT64_MAX ? INT64_MAX : (int64_t)bytes;
    }
    return VXG_OK;
}

static int get_layout(vxg__h5_server *s, vxg__h5_set *d) {
    hsize_t chunk[VXG__H5_RANK + 1] = {0};
    const H5D_layout_t layout = H5Pget_layout(d->list);
    const int raw = H5Pget_external_count(d->list);
    d->offset = -1;
    switch (layout) {
    case H5D_COMPACT: d->layout = VXG__H5_COMPACT; return VXG_OK;
    case H5D_VIRTUAL: d->layout = VXG__H5_VIRTUAL; return VXG_OK;
    case H5D_CHUNKED:
        d->layout = VXG__H5_CHUNKED;
        if (H5Pget_chunk(d->list, VXG__H5_RANK, chunk) != d->ndim)
            return vxg__h5_fail(VXG_ERR_INPUT, "its chunks cannot be read");
        for (int i = 0; i < d->ndim; i++) d->chunk[i] = (int64_t)(chunk[i] & INT64_MAX);
        return VXG_OK;
    case H5D_CONTIGUOUS:
        d->layout = VXG__H5_CONTIGUOUS;
        if (raw > 0) return get_raw(s, d, raw);
        const haddr_t at = H5Dget_offset(d->id);
        if (at == HADDR_UNDEF) d->layout = VXG__H5_UNALLOCATED;
        VXG_FAIL_IF(at != HADDR_UNDEF && at > (haddr_t)INT64_MAX, VXG_ERR_INPUT,
                    "its elements are outside the file");
        if (at != HADDR_UNDEF) d->offset = (int64_t)at;
        return VXG_OK;
    default: VXG_FAIL(VXG_ERR_INPUT, "a layout of an unknown kind");
    }
}

static int put_filters(const vxg__h5_set *d, vxg__h5_body *reply) {
    const int n = H5Pget_nfilters(d->list);
    VXG_FAIL_IF(n < 0 || n > VXG__H5_FILTERS, VXG_ERR_INPUT, "its filters cannot be read");
    vxg__h5_put(reply, n);
    for (int i = 0; i < n; i++) {
        unsigned flags = 0, values[20] = {0}, config = 0;
        size_t nvalues = 20;
        char name[64] = "";
        const H5Z_filter_t id = H5Pget_filter2(d->list, (unsigned)i, &flags, &nvalues, values,
                                               sizeof name - 1, name, &config);
        if (id < 0) return vxg__h5_fail(VXG_ERR_INPUT, "its filters cannot be read");
        vxg__h5_put(reply, id);
        vxg__h5_put(reply, nvalues > 0 ? values[0] : 0);
        vxg__h5_put(reply, H5Zfilter_avail(id) > 0);
        vxg__h5_put_words(reply, name);
    }
    return VXG_OK;
}

/* Starts, steps, counts and block sizes of a selection along each axis; 0 axes: it is all there is
 * (of a source libhdf5 does not know how much); -1: it is no regular pattern of blocks. A count or
 * block of -1 has no end. */
static int put_selection(hid_t space, vxg__h5_body *reply) {
    hsize_t start[VXG__H5_RANK] = {0}, step[VXG__H5_RANK], count[VXG__H5_RANK];
    hsize_t block[VXG__H5_RANK];
    const int n = space < 0 ? -1 : H5Sget_simple_extent_ndims(space);
    int good = 0;
    if (space >= 0 && H5Sget_select_type(space) == H5S_SEL_ALL) {
        vxg__h5_put(reply, 0);
        return 0;
    }
    if (n < 1 || n > VXG__H5_RANK) return -1;
    if (H5Sget_select_type(space) == H5S_SEL_HYPERSLABS && H5Sis_regular_hyperslab(space) > 0) {
        good = H5Sget_regular_hyperslab(space, start, step, count, block) >= 0;
    }
    vxg__h5_put(reply, good ? n : -1);
    for (int i = 0; good && i < n; i++) {
        vxg__h5_put(reply, (int64_t)start[i]);
        vxg__h5_put(reply, (int64_t)step[i]);
        vxg__h5_put(reply, count[i] == H5S_UNLIMITED ? -1 : (int64_t)count[i]);
        vxg__h5_put(reply, block[i] == H5S_UNLIMITED ? -1 : (int64_t)block[i]);
    }
    return 0;
}

static int put_map(const vxg__h5_set *d, size_t i, vxg__h5_body *reply) {
    char file[4096] = "", name[4096] = "";
    const ssize_t a = H5Pget_virtual_filename(d->list, i, file, sizeof file);
    const ssize_t b = H5Pget_virtual_dsetname(d->list, i, name, sizeof name);
    const hid_t to = H5Pget_virtual_vspace(d->list, i), from = H5Pget_virtual_srcspace(d->list, i);
    const int good = a > 0 && b > 0 && a < (ssize_t)sizeof file && b < (ssize_t)sizeof name &&
                     put_selection(to, reply) == 0 && put_selection(from, reply) == 0;
    if (to >= 0) H5Sclose(to);
    if (from >= 0) H5Sclose(from);
    if (!good) return vxg__h5_fail(VXG_ERR_INPUT, "source %zu cannot be read", i);
    vxg__h5_put_words(reply, file);
    vxg__h5_put_words(reply, name);
    return VXG_OK;
}

static int put_maps(const vxg__h5_set *d, vxg__h5_body *reply) {
    size_t n = 0;
    if (d->layout == VXG__H5_VIRTUAL && H5Pget_virtual_count(d->list, &n) < 0)
        return vxg__h5_fail(VXG_ERR_INPUT, "its sources cannot be read");
    VXG_FAIL_IF(n > VXG__H5_MOST_MAPS, VXG_ERR_INPUT, "it has %zu sources, at most %d expected", n,
                VXG__H5_MOST_MAPS);
    vxg__h5_put(reply, (int64_t)n);
    for (size_t i = 0; i < n; i++) VXG_TRY(put_map(d, i, reply));
    return VXG_OK;
}

static int describe(vxg__h5_server *s, vxg__h5_set *d, vxg__h5_body *reply) {
    int big = 0;
    if ((d->type = H5Dget_type(d->id)) < 0 || (d->list = H5Dget_create_plist(d->id)) < 0)
        return vxg__h5_fail(VXG_ERR_INPUT, "cannot read");
    VXG_TRY(get_shape(d));
    const char kind = number_kind(d->type, &big);
    d->bytes = kind ? (int64_t)H5Tget_size(d->type) : 0;
    vxg__h5_put(reply, d - s->sets);
    vxg__h5_put(reply, d->ndim);
    for (int i = 0; i < d->ndim; i++) vxg__h5_put(reply, d->shape[i]);
    vxg__h5_put(reply, kind);
    vxg__h5_put(reply, d->bytes);
    vxg__h5_put(reply, big);
    if (!kind) return VXG_OK; /* nobody asks on */
    VXG_TRY(get_layout(s, d));
    vxg__h5_put(reply, d->layout);
    vxg__h5_put(reply, d->offset);
    vxg__h5_put(reply, d->nraw);
    vxg__h5_put(reply, d->layout == VXG__H5_VIRTUAL ? 0 : (int64_t)H5Dget_storage_size(d->id));
    vxg__h5_put(reply, (int64_t)s->files[d->file].was.st_size);
    for (int i = 0; i < d->ndim; i++) vxg__h5_put(reply, d->chunk[i]);
    unsigned options = 0;
    if (d->layout == VXG__H5_CHUNKED) H5Pget_chunk_opts(d->list, &options);
    vxg__h5_put(reply, (options & H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS) != 0);
    VXG_TRY(put_filters(d, reply));
    return put_maps(d, reply);
}

void vxg__h5_set_close(vxg__h5_server *s, vxg__h5_set *d) {
    if (!d->used) return;
    if (d->type >= 0) H5Tclose(d->type);
    if (d->list >= 0) H5Pclose(d->list);
    if (d->id >= 0) H5Dclose(d->id);
    for (int i = 0; i < d->nraw; i++) {
        if (d->raw[i].fd >= 0) close(d->raw[i].fd);
        vxg__free(d->raw[i].path);
    }
    vxg__free(d->raw);
    s->files[d->file].users--;
    memset(d, 0, sizeof *d);
}

int vxg__h5_set_open(vxg__h5_server *s, int file, const char *path, vxg__h5_body *reply) {
    vxg__h5_set *d = NULL;
    int in_file = file;
    hid_t object = -1;
    for (int i = 0; i < VXG__H5_MOST_SETS && !d; i++)
        if (!s->sets[i].used) d = &s->sets[i];
    VXG_FAIL_IF(!d, VXG_ERR_INPUT, "more than %d datasets at once", VXG__H5_MOST_SETS);
    VXG_TRY(vxg__h5_walk(s, file, path, &in_file, &object));
    VXG_FAIL_IF(object < 0, VXG_ERR_INPUT, "it is not there");
    if (H5Iget_type(object) != H5I_DATASET) {
        H5Oclose(object);
        VXG_FAIL(VXG_ERR_INPUT, "not a dataset");
    }
    *d = (vxg__h5_set){.used = 1, .id = object, .type = -1, .list = -1, .file = in_file};
    s->files[in_file].users++;
    const int status = describe(s, d, reply);
    if (status) vxg__h5_set_close(s, d);
    return status;
}
#else
typedef int vxg__no_h5_describe;
#endif
