/* HDF5 with its rough edges covered. */
#include "io/h5.h"
#include "io/h5_check.h"

#ifdef VXG_HAVE_HDF5
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

VXG_LOCK(h5_lock, VXG_RANK_FILES);

void vxg__h5_enter(vxg__h5_guard *g) {
    vxg__lock(&h5_lock);
    g->print = NULL, g->context = NULL;
    H5Eget_auto2(H5E_DEFAULT, &g->print, &g->context);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

void vxg__h5_leave(vxg__h5_guard *g) {
    H5Eset_auto2(H5E_DEFAULT, g->print, g->context);
    vxg__unlock(&h5_lock);
}

static herr_t innermost(unsigned n, const H5E_error2_t *e, void *context) {
    (void)n;
    const char **words = context;
    if (!*words && e->desc && *e->desc) *words = e->desc;
    return 0;
}

int vxg__h5_fail(int status, const char *format, ...) {
    char text[1024];
    const char *words = NULL, *end;
    va_list ap;
    va_start(ap, format);
    vxg__format_list(text, sizeof text, format, ap);
    va_end(ap);
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, innermost, &words);
    if (!words) return vxg_error_set(status, "%s", text);
    /* Of the drivers' long records (time, descriptor, ...) people need the system's words. */
    const char *system = strstr(words, "error message = '");
    if (system) {
        system += strlen("error message = '");
        end = strchr(system, '\'');
        return vxg_error_set(status, "%s: %.*s", text,
                             end ? (int)(end - system) : (int)strlen(system), system);
    }
    return vxg_error_set(status, "%s (HDF5: %s)", text, words);
}

int vxg__h5_open(const char *path, hid_t *file, int64_t *bytes) {
    struct stat st;
    *file = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    VXG_FAIL_IF(fd < 0, VXG_ERR_INPUT, "%s: cannot open: %s", path, strerror(errno));
    int status = VXG_OK;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        status = vxg_error_set(VXG_ERR_INPUT, "%s: not a regular file", path);
    *bytes = status ? 0 : (int64_t)st.st_size;
    if (!status) status = vxg__h5_check_file(path, fd, *bytes);
    close(fd);
    VXG_TRY(status);
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (access < 0) return vxg__h5_fail(VXG_ERR_FAILED, "HDF5 does not work");
    /* The sieve buffer would read 64 kB around every row of a row range. */
    H5Pset_sieve_buf_size(access, 0);
#if H5_VERSION_GE(1, 10, 7)
    H5Pset_file_locking(access, 1, 1); /* read-only and network file systems may have no locks */
#endif
    *file = H5Fopen(path, H5F_ACC_RDONLY, access);
    status = *file < 0 ? vxg__h5_fail(VXG_ERR_INPUT, "%s: cannot open", path) : VXG_OK;
    H5Pclose(access);
    return status;
}

int vxg__h5_exists(hid_t where, const char *path) {
    char part[512];
    size_t n = strlen(path);
    if (n >= sizeof part) return 0;
    memcpy(part, path, n + 1);
    for (size_t i = 1; i <= n; i++) {
        if (i < n && part[i] != '/') continue;
        char end = part[i];
        part[i] = 0;
        /* Not just the link: what it points at. */
        int there = H5Lexists(where, part, H5P_DEFAULT) > 0 &&
                    H5Oexists_by_name(where, part, H5P_DEFAULT) > 0;
        part[i] = end;
        if (!there) return 0;
    }
    return 1;
}

/* The name of a plain number type, NULL for all others. */
static const char *type_name(hid_t type, int64_t *bytes) {
    static const struct {
        const char *name;
        int is_float, is_signed;
        size_t size;
    } names[] = {
        {"uint8", 0, 0, 1},   {"uint16", 0, 0, 2},  {"uint32", 0, 0, 4}, {"uint64", 0, 0, 8},
        {"int8", 0, 1, 1},    {"int16", 0, 1, 2},   {"int32", 0, 1, 4},  {"int64", 0, 1, 8},
        {"float32", 1, 0, 4}, {"float64", 1, 0, 8},
    };
    const hid_t standard[] = {H5T_STD_U8LE,   H5T_STD_U8BE,   H5T_STD_U16LE,  H5T_STD_U16BE,
                              H5T_STD_U32LE,  H5T_STD_U32BE,  H5T_STD_U64LE,  H5T_STD_U64BE,
                              H5T_STD_I8LE,   H5T_STD_I8BE,   H5T_STD_I16LE,  H5T_STD_I16BE,
                              H5T_STD_I32LE,  H5T_STD_I32BE,  H5T_STD_I64LE,  H5T_STD_I64BE,
                              H5T_IEEE_F32LE, H5T_IEEE_F32BE, H5T_IEEE_F64LE, H5T_IEEE_F64BE};
    /* Only the standard types: odd offsets, precisions and paddings take HDF5's bit-by-bit path. */
    for (size_t i = 0; i < sizeof standard / sizeof *standard; i++) {
        if (H5Tequal(type, standard[i]) <= 0) continue;
        *bytes = (int64_t)names[i / 2].size;
        return names[i / 2].name;
    }
    return NULL;
}

/* Refuses sizes the file cannot hold, so that nobody takes memory for them. */
static int check_storage(hid_t id, const char *title, int64_t count, int64_t element,
                         int64_t file_bytes) {
    hid_t plist = H5Dget_create_plist(id);
    if (plist < 0) return vxg__h5_fail(VXG_ERR_INPUT, "%s: cannot read its layout", title);
    H5D_layout_t layout = H5Pget_layout(plist);
    int elsewhere = layout == H5D_VIRTUAL || H5Pget_external_count(plist) > 0;
    H5Pclose(plist);
    if (elsewhere) return VXG_OK; /* the elements are in other files */
    int64_t need = count * element;
    if (layout == H5D_CONTIGUOUS) {
        haddr_t offset = H5Dget_offset(id);
        VXG_FAIL_IF(offset != HADDR_UNDEF &&
                        (offset > (haddr_t)file_bytes || need > file_bytes - (int64_t)offset),
                    VXG_ERR_INPUT, "%s: cut: %lld bytes at %llu expected, the file has %lld", title,
                    (long long)need, (unsigned long long)offset, (long long)file_bytes);
    }
    hsize_t stored = H5Dget_storage_size(id);
    VXG_FAIL_IF(stored > (hsize_t)file_bytes, VXG_ERR_INPUT,
                "%s: takes more bytes than the file has", title);
    /* No packing shrinks measured data so much; chunks that were never written are missing data. */
    VXG_FAIL_IF(layout == H5D_CHUNKED && (hsize_t)need / 65536 > stored, VXG_ERR_INPUT,
                "%s: %lld bytes expected, only %llu are stored", title, (long long)need,
                (unsigned long long)stored);
    return VXG_OK;
}

static int dataset_check(const char *title, int64_t file_bytes, vxg__h5_dataset *d) {
    hsize_t dims[H5S_MAX_RANK] = {0};
    hid_t space = H5Dget_space(d->id), type = H5Dget_type(d->id);
    int ndim = space < 0 ? -1 : H5Sget_simple_extent_ndims(space);
    int simple = ndim >= 0 && H5Sget_simple_extent_type(space) != H5S_NULL;
    if (simple && ndim <= VXG_MAX_DIMS) H5Sget_simple_extent_dims(space, dims, NULL);
    d->dtype = type < 0 ? NULL : type_name(type, &d->bytes);
    if (space >= 0) H5Sclose(space);
    if (type >= 0) H5Tclose(type);
    VXG_FAIL_IF(!simple || ndim > VXG_MAX_DIMS, VXG_ERR_INPUT, "%s: rank %d, at most %d expected",
                title, ndim, VXG_MAX_DIMS);
    VXG_FAIL_IF(!d->dtype, VXG_ERR_INPUT,
                "%s: elements are not plain numbers (8 to 64-bit integers, 32 or 64-bit floats)",
                title);
    int64_t count = 1;
    d->ndim = ndim;
    for (int i = 0; i < ndim; i++) {
        VXG_FAIL_IF(dims[i] == 0, VXG_ERR_INPUT, "%s: size %d is 0", title, i);
        VXG_FAIL_IF(dims[i] > (hsize_t)(VXG_MAX_ELEMENTS / count), VXG_ERR_INPUT,
                    "%s: more than 2^40 elements", title);
        d->shape[i] = (int64_t)dims[i];
        count *= d->shape[i];
    }
    return check_storage(d->id, title, count, d->bytes, file_bytes);
}

/* A chunk cache that holds a few chunks, so that neighbouring ranges do not unpack them again. */
static hid_t access_list(hid_t where, const char *name) {
    hsize_t chunk[H5S_MAX_RANK];
    hid_t id = H5Dopen2(where, name, H5P_DEFAULT), access = -1;
    hid_t plist = id < 0 ? -1 : H5Dget_create_plist(id), type = id < 0 ? -1 : H5Dget_type(id);
    if (plist >= 0 && type >= 0 && H5Pget_layout(plist) == H5D_CHUNKED) {
        int n = H5Pget_chunk(plist, H5S_MAX_RANK, chunk);
        double bytes = (double)H5Tget_size(type);
        for (int i = 0; i < n; i++) bytes *= (double)chunk[i];
        const double least = 1 << 20, most = 16 << 20;
        double cache = 4 * bytes < least ? least : 4 * bytes > most ? most : 4 * bytes;
        access = H5Pcreate(H5P_DATASET_ACCESS);
        if (access >= 0) H5Pset_chunk_cache(access, 1009, (size_t)cache, 1.0);
    }
    if (type >= 0) H5Tclose(type);
    if (plist >= 0) H5Pclose(plist);
    if (id >= 0) H5Dclose(id);
    return access;
}

int vxg__h5_dataset_open(hid_t where, const char *name, const char *title, int64_t file_bytes,
                         vxg__h5_dataset *out) {
    *out = VXG__H5_NONE;
    H5O_info_t info;
    if (H5Oget_info_by_name2(where, name, &info, H5O_INFO_BASIC, H5P_DEFAULT) < 0)
        return vxg__h5_fail(VXG_ERR_INPUT, "%s: cannot read", title);
    VXG_FAIL_IF(info.type != H5O_TYPE_DATASET, VXG_ERR_INPUT, "%s: not a dataset", title);
    hid_t access = access_list(where, name);
    out->id = H5Dopen2(where, name, access < 0 ? H5P_DEFAULT : access);
    int status = out->id < 0 ? vxg__h5_fail(VXG_ERR_INPUT, "%s: cannot read", title)
                             : dataset_check(title, file_bytes, out);
    if (access >= 0) H5Pclose(access);
    if (status) vxg__h5_dataset_close(out);
    return status;
}

void vxg__h5_dataset_close(vxg__h5_dataset *d) {
    if (d->id >= 0) H5Dclose(d->id);
    d->id = -1;
}

int vxg__h5_dataset_read(const vxg__h5_dataset *d, const char *title, const int64_t *start,
                         const int64_t *count, hid_t mem_type, void *dst) {
    hsize_t first[VXG_MAX_DIMS], sizes[VXG_MAX_DIMS];
    for (int i = 0; i < d->ndim; i++) {
        first[i] = start ? (hsize_t)start[i] : 0;
        sizes[i] = (hsize_t)(start ? count[i] : d->shape[i]);
    }
    hid_t file_space = H5Dget_space(d->id), memory = -1;
    int status = VXG_OK;
    if (d->ndim > 0) memory = H5Screate_simple(d->ndim, sizes, NULL);
    if (d->ndim == 0) memory = H5Screate(H5S_SCALAR);
    if (file_space < 0 || memory < 0 ||
        (d->ndim > 0 &&
         H5Sselect_hyperslab(file_space, H5S_SELECT_SET, first, NULL, sizes, NULL) < 0) ||
        H5Dread(d->id, mem_type, memory, file_space, H5P_DEFAULT, dst) < 0)
        status = vxg__h5_fail(VXG_ERR_INPUT, "%s: cannot read", title);
    if (memory >= 0) H5Sclose(memory);
    if (file_space >= 0) H5Sclose(file_space);
    return status;
}

int vxg__h5_read_doubles(hid_t where, const char *name, const char *title, int64_t file_bytes,
                         double **out, int64_t *count) {
    vxg__h5_dataset d;
    *out = NULL, *count = 0;
    VXG_TRY(vxg__h5_dataset_open(where, name, title, file_bytes, &d));
    int64_t n = 1;
    for (int i = 0; i < d.ndim; i++) n *= d.shape[i];
    int status = VXG_OK;
    /* Packed lists of angles or keys shrink at most about 1000-fold (deflate). */
    if (n > 4096 && n / 2048 > (int64_t)H5Dget_storage_size(d.id))
        status = vxg_error_set(VXG_ERR_INPUT, "%s: %lld elements, only %llu bytes are stored",
                               title, (long long)n, (unsigned long long)H5Dget_storage_size(d.id));
    double *values = status ? NULL : vxg__calloc((size_t)n, sizeof *values);
    if (!status && !values) status = VXG_ERR_MEMORY;
    if (!status) status = vxg__h5_dataset_read(&d, title, NULL, NULL, H5T_NATIVE_DOUBLE, values);
    vxg__h5_dataset_close(&d);
    if (status) {
        vxg__free(values);
        return status;
    }
    *out = values, *count = n;
    return VXG_OK;
}

/* The text of a string attribute of one element, of fixed or variable length. */
static void read_text(hid_t attribute, hid_t type, char *out, size_t size) {
    char fixed[256] = {0}, *variable = NULL;
    if (H5Tis_variable_str(type) > 0) {
        hid_t memory = H5Tcopy(H5T_C_S1);
        if (memory < 0) return;
        H5Tset_size(memory, H5T_VARIABLE);
        H5Tset_cset(memory, H5Tget_cset(type));
        if (H5Aread(attribute, memory, &variable) >= 0 && variable)
            snprintf(out, size, "%.*s", (int)size - 1, variable);
        if (variable) H5free_memory(variable);
        H5Tclose(memory);
    } else if (H5Tget_size(type) < sizeof fixed && H5Aread(attribute, type, fixed) >= 0) {
        snprintf(out, size, "%.*s", (int)size - 1, fixed);
    }
}

void vxg__h5_text_attribute(hid_t object, const char *name, char *out, size_t size) {
    out[0] = 0;
    if (H5Aexists(object, name) <= 0) return;
    hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
    if (attribute < 0) return;
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    if (type >= 0 && space >= 0 && H5Tget_class(type) == H5T_STRING &&
        H5Sget_simple_extent_npoints(space) == 1)
        read_text(attribute, type, out, size);
    if (space >= 0) H5Sclose(space);
    if (type >= 0) H5Tclose(type);
    H5Aclose(attribute);
    for (char *p = out; *p; p++)
        if ((unsigned char)*p < 32) *p = ' ';
}
#else
typedef int vxg__no_h5; /* a file without declarations is not C */
#endif
