/* What HDF5 files of volumes and scans have in common when they are written. */
#include "io/h5.h"

#ifdef VXG_HAVE_HDF5
#include <string.h>

static int put_words(hid_t object, const char *name, const char *text) {
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

int vxg__h5_put_text(hid_t object, const char *name, const char *text) {
    char *words = vxg__plain_words(text, 1);
    int status = words ? put_words(object, name, words) : VXG_ERR_MEMORY;
    vxg__free(words);
    return status;
}

int vxg__h5_put_implements(hid_t file, const char *groups) {
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR), id = -1;
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    if (type >= 0 && space >= 0 && list >= 0 && H5Tset_size(type, strlen(groups)) >= 0 &&
        H5Pset_obj_track_times(list, 0) >= 0)
        id = H5Dcreate2(file, "implements", type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    int good = id >= 0 && H5Dwrite(id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, groups) >= 0;
    int status = good ? VXG_OK : vxg__h5_fail(VXG_ERR_OUTPUT, "implements");
    if (id >= 0) H5Dclose(id);
    if (list >= 0) H5Pclose(list);
    if (space >= 0) H5Sclose(space);
    if (type >= 0) H5Tclose(type);
    return status;
}

int vxg__h5_put_data(hid_t group, const char *name, hid_t type, int ndim, const int64_t *shape,
                     hid_t *id, int64_t *offset) {
    hsize_t sizes[VXG_MAX_DIMS];
    for (int i = 0; i < ndim; i++) sizes[i] = (hsize_t)shape[i];
    hid_t space = H5Screate_simple(ndim, sizes, NULL), list = H5Pcreate(H5P_DATASET_CREATE);
    *id = -1;
    if (space >= 0 && list >= 0 && H5Pset_layout(list, H5D_CONTIGUOUS) >= 0 &&
        H5Pset_alloc_time(list, H5D_ALLOC_TIME_EARLY) >= 0 &&
        H5Pset_fill_time(list, H5D_FILL_TIME_NEVER) >= 0 &&
        H5Pset_obj_track_times(list, 0) >= 0) /* the same contents give the same bytes */
        *id = H5Dcreate2(group, name, type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    haddr_t at = *id < 0 ? HADDR_UNDEF : H5Dget_offset(*id);
    int status = at == HADDR_UNDEF ? vxg__h5_fail(VXG_ERR_OUTPUT, "%s", name) : VXG_OK;
    *offset = (int64_t)at;
    if (list >= 0) H5Pclose(list);
    if (space >= 0) H5Sclose(space);
    return status;
}
#endif
