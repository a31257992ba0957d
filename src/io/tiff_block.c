/* TIFF stacks as blocks that are written: pages, rows, columns, with ImageJ's voxel size. */
#include "io/block_write.h"
#include "io/notes.h"

#include <string.h>

void vxg__tiff_tell(const double voxel[3], const char *unit) {
    for (int i = 1; i < 3; i++) {
        if (voxel[i] == 0 || vxg__tiff_fits(voxel[i])) continue;
        vxg__log(0, "TIFF cannot hold the pixel size %g %s: it is left out", voxel[i], unit);
        return;
    }
}

static int usual_name(const vxg_axis *a, int from_last) {
    static const char *const names[3] = {"x", "y", "z"};
    return !a->name[0] || !strcmp(a->name, names[from_last]);
}

static int check_info(const char *path, const vxg_block_info *info) {
    const int n = info->ndim;
    int unusual = 0;
    VXG_FAIL_IF(n != 2 && n != 3, VXG_ERR_UNSUPPORTED,
                "%s: TIFF holds 2 axes (rows, columns) or 3 (pages, rows, columns), not %d", path,
                n);
    VXG_FAIL_IF(info->dtype == VXG_C64 || info->dtype == VXG_C128, VXG_ERR_UNSUPPORTED,
                "%s: TIFF is not written with elements of %s", path, vxg_dtype_name(info->dtype));
    VXG_FAIL_IF(info->has_affine || info->slope != 0, VXG_ERR_UNSUPPORTED,
                "%s: TIFF keeps no %s; HDF5 and NPY do", path,
                info->has_affine ? "affine" : "slope");
    for (int i = n - 2; i < n; i++)
        VXG_FAIL_IF(info->axis[i].count > UINT32_MAX, VXG_ERR_ARGUMENT,
                    "%s: a TIFF slice of %lld x %lld is too large", path,
                    (long long)info->axis[n - 2].count, (long long)info->axis[n - 1].count);
    for (int i = 0; i < n; i++) {
        unusual |= !usual_name(&info->axis[i], n - 1 - i);
        VXG_FAIL_IF(strcmp(info->axis[i].unit, info->axis[n - 1].unit) != 0 &&
                        info->axis[i].step > 0,
                    VXG_ERR_UNSUPPORTED, "%s: TIFF keeps one unit; axis %d has '%s', axis %d '%s'",
                    path, i, info->axis[i].unit, n - 1, info->axis[n - 1].unit);
    }
    if (unusual) vxg__log(0, "%s: TIFF keeps no names of axes: they are left out", path);
    return VXG_OK;
}

static int write_header(const vxg__output *out, const char *path, const vxg_block_info *info,
                        int64_t *offset) {
    const vxg_axis *last = &info->axis[info->ndim - 1];
    const double voxel[3] = {info->ndim == 3 ? info->axis[0].step : 0, last[-1].step, last->step};
    uint8_t *bytes = NULL;
    char *software = NULL;
    vxg__tiff_tell(voxel, last->unit);
    VXG_TRY(vxg__notes_lines(info->attributes, info->nattributes, &software));
    const vxg__tiff_layout layout = {.dtype = info->dtype,
                                     .pages = info->ndim == 3 ? info->axis[0].count : 1,
                                     .ny = last[-1].count,
                                     .nx = last->count,
                                     .voxel = voxel,
                                     .unit = last->unit,
                                     .software = software};
    int status = vxg__tiff_header(&layout, 1, &bytes, offset);
    if (!status) status = vxg__write_all(out->fd, bytes, (size_t)*offset, 0, path);
    vxg__free(bytes);
    vxg__free(software);
    return status;
}

int vxg__tiff_block_create(const char *path, const vxg_block_create_opts *o,
                           vxg_block_writer **out) {
    VXG_TRY(vxg__notes_check(path, &o->info)); /* names and units end */
    VXG_TRY(check_info(path, &o->info));
    return vxg__block_writer_open(path, o, 0, write_header, out);
}
