/* Volumes as HDF5: made here, their elements written by volume.c; and read back whole. */
#include "io/h5.h"
#include "io/h5/dataset.h"

#include <stdio.h>
#include <string.h>

#ifdef VXG_HAVE_HDF5

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
        VXG_TRY(vxg__h5_put_text(object, "axes", "z:y:x"));
        VXG_TRY(vxg__h5_put_text(object, "voxel_unit", o->unit && *o->unit ? o->unit : "pixel"));
        if (sized) VXG_TRY(size_attribute(object, o->voxel));
    }
    for (int i = 0; i < o->nattributes; i++)
        VXG_TRY(vxg__h5_put_text(object, o->attributes[i].name, o->attributes[i].text));
    return VXG_OK;
}

static int make_data(hid_t file, const vxg_volume_writer_opts *o, int64_t *offset) {
    const int64_t shape[3] = {o->nz, o->ny, o->nx};
    hid_t group = H5Gcreate2(file, "exchange", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), id = -1;
    int status = group < 0
                     ? vxg__h5_fail(VXG_ERR_OUTPUT, "exchange")
                     : vxg__h5_put_data(group, "data", H5T_NATIVE_FLOAT, 3, shape, &id, offset);
    if (!status) status = attributes(id, o, 1);
    if (id >= 0) H5Dclose(id);
    if (group >= 0) H5Gclose(group);
    return status;
}

int vxg__h5_volume_create(const char *path, const vxg_volume_writer_opts *o, int64_t *offset) {
    vxg__h5_guard guard;
    *offset = 0;
    vxg__h5_enter(&guard);
    int status = VXG_OK;
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    if (file < 0) status = vxg__h5_fail(VXG_ERR_OUTPUT, "cannot make the file");
    if (!status) status = attributes(file, o, 0);
    if (!status) status = vxg__h5_put_implements(file, "exchange");
    if (!status) status = make_data(file, o, offset);
    if (file >= 0 && H5Fclose(file) < 0 && !status)
        status = vxg__h5_fail(VXG_ERR_OUTPUT, "cannot write");
    vxg__h5_leave(&guard);
    return status ? vxg_error_context(status, "%s", o->path) : VXG_OK;
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
#endif

static int read_volume(vxg__h5_session *file, const char *title, float **data, int64_t shape[3]) {
    vxg__h5_dataset d;
    int there = 0;
    VXG_TRY(vxg__h5_exists(file, "exchange/data", &there));
    VXG_FAIL_IF(!there, VXG_ERR_INPUT, "%s: not there", title);
    VXG_TRY(vxg__h5_dataset_open(file, "exchange/data", title, &d));
    int status = VXG_OK;
    if (d.ndim != 3)
        status = vxg_error_set(VXG_ERR_INPUT, "%s: rank %d, rank 3 expected", title, d.ndim);
    const int64_t count = status ? 0 : d.shape[0] * d.shape[1] * d.shape[2];
    if (!status && count / 1024 > d.file_bytes && d.layout != VXG__H5_VIRTUAL)
        status = vxg_error_set(VXG_ERR_INPUT, "%s: %lld elements in a file of %lld bytes", title,
                               (long long)count, (long long)d.file_bytes);
    float *values = status ? NULL : vxg__calloc((size_t)count, sizeof *values);
    if (!status && !values) status = VXG_ERR_MEMORY;
    if (!status) status = vxg__h5_dataset_read(&d, title, NULL, NULL, VXG__H5_AS_FLOAT, values);
    if (!status) memcpy(shape, d.shape, 3 * sizeof *shape);
    vxg__h5_dataset_close(&d);
    if (status) {
        vxg__free(values);
        return status;
    }
    *data = values;
    return VXG_OK;
}

int vxg__h5_read(const char *path, float **data, int64_t shape[3]) {
    const vxg__h5_opts opts = {0};
    vxg__h5_session *file = NULL;
    char title[1024];
    snprintf(title, sizeof title, "%s: exchange/data", path);
    VXG_TRY(vxg__h5_session_open(path, &opts, &file));
    const int status = read_volume(file, title, data, shape);
    vxg__h5_session_close(file);
    return status;
}
