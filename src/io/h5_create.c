/* HDF5 files of one dataset, exchange/data, made here; their elements go to their place in the file
 * without HDF5 (block_write.c). */
#include "io/block_write.h"
#include "io/h5.h"
#include "io/notes.h"

#include <string.h>

#ifdef VXG_HAVE_HDF5

static int put_text(void *context, const char *name, const char *text) {
    return vxg__h5_put_text(*(hid_t *)context, name, text);
}

static int put_numbers(void *context, const char *name, const double *x, int n) {
    const hsize_t count = (hsize_t)n;
    const hid_t space = H5Screate_simple(1, &count, NULL);
    hid_t attribute = -1;
    if (space >= 0)
        attribute =
            H5Acreate2(*(hid_t *)context, name, H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, H5P_DEFAULT);
    int good = attribute >= 0 && H5Awrite(attribute, H5T_NATIVE_DOUBLE, x) >= 0;
    int status = good ? VXG_OK : vxg__h5_fail(VXG_ERR_OUTPUT, "attribute %s", name);
    if (attribute >= 0) H5Aclose(attribute);
    if (space >= 0) H5Sclose(space);
    return status;
}

static int put_attributes(hid_t object, const vxg_block_info *info) {
    for (int i = 0; i < info->nattributes; i++)
        VXG_TRY(vxg__h5_put_text(object, info->attributes[i].name, info->attributes[i].text));
    return VXG_OK;
}

/* The type in this machine's byte order; close it. */
static hid_t type_of(vxg_dtype dtype) {
    switch (dtype) {
    case VXG_F32: return H5Tcopy(H5T_NATIVE_FLOAT);
    case VXG_F64: return H5Tcopy(H5T_NATIVE_DOUBLE);
    case VXG_I8: return H5Tcopy(H5T_NATIVE_INT8);
    case VXG_U8: return H5Tcopy(H5T_NATIVE_UINT8);
    case VXG_I16: return H5Tcopy(H5T_NATIVE_INT16);
    case VXG_U16: return H5Tcopy(H5T_NATIVE_UINT16);
    case VXG_I32: return H5Tcopy(H5T_NATIVE_INT32);
    case VXG_U32: return H5Tcopy(H5T_NATIVE_UINT32);
    case VXG_I64: return H5Tcopy(H5T_NATIVE_INT64);
    case VXG_U64: return H5Tcopy(H5T_NATIVE_UINT64);
    case VXG_F16: return vxg__h5_half(H5Tget_order(H5T_NATIVE_FLOAT));
    default: return -1;
    }
}

static int make_data(hid_t file, const vxg_block_info *info, int64_t *offset) {
    int64_t shape[VXG_MAX_DIMS];
    for (int i = 0; i < info->ndim; i++) shape[i] = info->axis[i].count;
    hid_t type = type_of(info->dtype), id = -1;
    hid_t group = H5Gcreate2(file, "exchange", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    const vxg__notes_out to = {put_text, put_numbers, &id};
    int status = group < 0 || type < 0
                     ? vxg__h5_fail(VXG_ERR_OUTPUT, "exchange")
                     : vxg__h5_put_data(group, "data", type, info->ndim, shape, &id, offset);
    if (!status) status = vxg__notes_write(info, &to);
    if (!status) status = put_attributes(id, info);
    if (id >= 0) H5Dclose(id);
    if (group >= 0) H5Gclose(group);
    if (type >= 0) H5Tclose(type);
    return status;
}

static int make_file(const char *path, const vxg_block_info *info, int64_t *offset) {
    vxg__h5_guard guard;
    vxg__h5_enter(&guard);
    int status = VXG_OK;
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    if (file < 0) status = vxg__h5_fail(VXG_ERR_OUTPUT, "cannot make the file");
    if (!status) status = put_attributes(file, info);
    if (!status) status = vxg__h5_put_implements(file, "exchange");
    if (!status) status = make_data(file, info, offset);
    if (file >= 0 && H5Fclose(file) < 0 && !status)
        status = vxg__h5_fail(VXG_ERR_OUTPUT, "cannot write");
    vxg__h5_leave(&guard);
    return status;
}
#else
static int make_file(const char *path, const vxg_block_info *info, int64_t *offset) {
    (void)path, (void)info, (void)offset;
    VXG_FAIL(VXG_ERR_UNSUPPORTED,
             "built without HDF5; install its headers (Debian: libhdf5-dev) and build again");
}
#endif

static int write_header(const vxg__output *out, const char *path, const vxg_block_info *info,
                        int64_t *offset) {
    *offset = 0;
    /* HDF5 cannot recover from a disk that is full while it writes: try before. */
    VXG_TRY(vxg__reserve(out->fd, vxg__block_bytes(info) + 65536, path));
    const int status = make_file(out->temp, info, offset);
    return status ? vxg_error_context(status, "%s", path) : VXG_OK;
}

int vxg__h5_block_create(const char *path, const vxg_block_create_opts *o, vxg_block_writer **out) {
    VXG_FAIL_IF(o->info.dtype == VXG_C64 || o->info.dtype == VXG_C128, VXG_ERR_UNSUPPORTED,
                "%s: HDF5 has no element type %s", path, vxg_dtype_name(o->info.dtype));
    return vxg__block_writer_open(path, o, 0, write_header, out);
}
