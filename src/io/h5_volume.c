/* Volumes as HDF5: made here, their elements written by volume.c; and read back whole. */
#include "io/h5.h"

#ifdef VXG_HAVE_HDF5
#include <string.h>

static int text_attribute(hid_t object, const char *name, const char *text) {
    size_t n = strlen(text);
    VXG_FAIL_IF(n > 64000, VXG_ERR_ARGUMENT, "attribute %s has %zu bytes, HDF5 takes at most 64000",
                name, n);
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR), attribute = -1;
    int good = type >= 0 && space >= 0 && H5Tset_size(type, n ? n : 1) >= 0 &&
               H5Tset_strpad(type, H5T_STR_NULLPAD) >= 0 && H5Tset_cset(type, H5T_CSET_UTF8) >= 0;
    if (good) attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    good = good && attribute >= 0 && H5Awrite(attribute, type, text) >= 0;
    int status = good ? VXG_OK : vxg__h5_fail(VXG_ERR_OUTPUT, "attribute %s", name);
    if (attribute >= 0) H5Aclose(attribute);
    if (space >= 0) H5Sclose(space);
    if (type >= 0) H5Tclose(type);
    return status;
}

static int size_attribute(hid_t object, const double voxel[3]) {
    const hsize_t three = 3;
    hid_t space = H5Screate_simple(1, &three, NULL), attribute = -1;
    if (space >= 0)
        attribute =
            H5Acreate2(object, "voxel_size", H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, H5P_DEFAULT);
    int good = attribute >= 0 && H5Awrite(attribute, H5T_NATIVE_DOUBLE, voxel) >= 0;
    int status = good ? VXG_OK : vxg__h5_fail(VXG_ERR_OUTPUT, "attribute voxel_size");
    if (attribute >= 0) H5Aclose(attribute);
    if (space >= 0) H5Sclose(space);
    return status;
}

static int attributes(hid_t object, const vxg_volume_writer_opts *o, int is_dataset) {
    if (is_dataset) {
        int sized = o->voxel[0] > 0 && o->voxel[1] > 0 && o->voxel[2] > 0;
        VXG_TRY(text_attribute(object, "axes", "z:y:x"));
        VXG_TRY(text_attribute(object, "voxel_unit", o->unit && *o->unit ? o->unit : "pixel"));
        if (sized) VXG_TRY(size_attribute(object, o->voxel));
    }
    for (int i = 0; i < o->nattributes; i++)
        VXG_TRY(text_attribute(object, o->attributes[i].name, o->attributes[i].text));
    return VXG_OK;
}

/* Root dataset "implements": how Data Exchange files say what they hold. */
static int implements(hid_t file) {
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR), id = -1;
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    if (type >= 0 && space >= 0 && list >= 0 && H5Tset_size(type, 8) >= 0 &&
        H5Pset_obj_track_times(list, 0) >= 0)
        id = H5Dcreate2(file, "implements", type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    int good = id >= 0 && H5Dwrite(id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, "exchange") >= 0;
    int status = good ? VXG_OK : vxg__h5_fail(VXG_ERR_OUTPUT, "implements");
    if (id >= 0) H5Dclose(id);
    if (list >= 0) H5Pclose(list);
    if (space >= 0) H5Sclose(space);
    if (type >= 0) H5Tclose(type);
    return status;
}

/* exchange/data, contiguous and allocated at once so that its place in the file is known. */
static int make_data(hid_t file, const vxg_volume_writer_opts *o, haddr_t *offset) {
    const hsize_t shape[3] = {(hsize_t)o->nz, (hsize_t)o->ny, (hsize_t)o->nx};
    hid_t group = H5Gcreate2(file, "exchange", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(3, shape, NULL), list = H5Pcreate(H5P_DATASET_CREATE), id = -1;
    if (group >= 0 && space >= 0 && list >= 0 && H5Pset_layout(list, H5D_CONTIGUOUS) >= 0 &&
        H5Pset_alloc_time(list, H5D_ALLOC_TIME_EARLY) >= 0 &&
        H5Pset_fill_time(list, H5D_FILL_TIME_NEVER) >= 0 &&
        H5Pset_obj_track_times(list, 0) >= 0) /* the same volume gives the same bytes */
        id = H5Dcreate2(group, "data", H5T_NATIVE_FLOAT, space, H5P_DEFAULT, list, H5P_DEFAULT);
    *offset = id < 0 ? HADDR_UNDEF : H5Dget_offset(id);
    int status = *offset == HADDR_UNDEF ? vxg__h5_fail(VXG_ERR_OUTPUT, "exchange/data") : VXG_OK;
    if (!status) status = attributes(id, o, 1);
    if (id >= 0) H5Dclose(id);
    if (list >= 0) H5Pclose(list);
    if (space >= 0) H5Sclose(space);
    if (group >= 0) H5Gclose(group);
    return status;
}

int vxg__h5_volume_create(const char *path, const vxg_volume_writer_opts *o, int64_t *offset) {
    vxg__h5_guard guard;
    haddr_t at = HADDR_UNDEF;
    vxg__h5_enter(&guard);
    int status = VXG_OK;
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    if (file < 0) status = vxg__h5_fail(VXG_ERR_OUTPUT, "cannot make the file");
    if (!status) status = attributes(file, o, 0);
    if (!status) status = implements(file);
    if (!status) status = make_data(file, o, &at);
    if (file >= 0 && H5Fclose(file) < 0 && !status)
        status = vxg__h5_fail(VXG_ERR_OUTPUT, "cannot write");
    vxg__h5_leave(&guard);
    *offset = (int64_t)at;
    return status ? vxg_error_context(status, "%s", o->path) : VXG_OK;
}

static int read_volume(const char *path, hid_t file, int64_t bytes, float **data,
                       int64_t shape[3]) {
    char title[1024];
    vxg__h5_dataset d;
    snprintf(title, sizeof title, "%s: exchange/data", path);
    VXG_FAIL_IF(!vxg__h5_exists(file, "exchange/data"), VXG_ERR_INPUT, "%s: not there", title);
    VXG_TRY(vxg__h5_dataset_open(file, "exchange/data", title, bytes, &d));
    int status = VXG_OK;
    if (d.ndim != 3)
        status = vxg_error_set(VXG_ERR_INPUT, "%s: rank %d, rank 3 expected", title, d.ndim);
    int64_t count = status ? 0 : d.shape[0] * d.shape[1] * d.shape[2];
    if (!status && count / 1024 > bytes) /* chunks never written or packed beyond belief */
        status = vxg_error_set(VXG_ERR_INPUT, "%s: %lld elements in a file of %lld bytes", title,
                               (long long)count, (long long)bytes);
    float *values = status ? NULL : vxg__calloc((size_t)count, sizeof *values);
    if (!status && !values) status = VXG_ERR_MEMORY;
    if (!status) status = vxg__h5_dataset_read(&d, title, NULL, NULL, H5T_NATIVE_FLOAT, values);
    vxg__h5_dataset_close(&d);
    if (status) {
        vxg__free(values);
        return status;
    }
    *data = values;
    memcpy(shape, d.shape, 3 * sizeof *shape);
    return VXG_OK;
}

int vxg__h5_read(const char *path, float **data, int64_t shape[3]) {
    vxg__h5_guard guard;
    hid_t file = -1;
    int64_t bytes = 0;
    vxg__h5_enter(&guard);
    int status = vxg__h5_open(path, &file, &bytes);
    if (!status) status = read_volume(path, file, bytes, data, shape);
    if (file >= 0) H5Fclose(file);
    vxg__h5_leave(&guard);
    return status;
}
#else
static int missing(const char *path) {
    VXG_FAIL(VXG_ERR_UNSUPPORTED,
             "%s: built without HDF5; install its headers (Debian: libhdf5-dev) and build again",
             path);
}
int vxg__h5_volume_create(const char *path, const vxg_volume_writer_opts *opts, int64_t *offset) {
    (void)path, (void)offset;
    return missing(opts->path);
}
int vxg__h5_read(const char *path, float **data, int64_t shape[3]) {
    (void)data, (void)shape;
    return missing(path);
}
#endif
