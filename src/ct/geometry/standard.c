/* The standard scans on a circle about z, parallel and cone beam. */
#include <math.h>

#include "ct/geometry/tools.h"

int vxg_ct_parallel_circular(const vxg_ct_parallel_opts *o, vxg_ct_geometry **out) {
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "geometry: out is NULL");
    *out = NULL;
    VXG_READ(vxg_ct_parallel_opts, o);
    VXG_FAIL_IF(!o || !o->angles || o->nviews < 1, VXG_ERR_ARGUMENT,
                "geometry: angles or views is missing");
    VXG_TRY(vxg__ct_sizes_check(o->nviews, o->rows, o->cols));
    VXG_FAIL_IF(!(o->pixel >= 0) || !(o->row_pitch >= 0) || !isfinite(o->pixel + o->row_pitch),
                VXG_ERR_ARGUMENT, "geometry: pixel pitch must be positive");
    double pu = o->pixel > 0 ? o->pixel : 1, pv = o->row_pitch > 0 ? o->row_pitch : pu;
    double center = o->has_center ? o->center : 0.5 * (double)(o->cols - 1);
    VXG_FAIL_IF(!isfinite(center), VXG_ERR_ARGUMENT, "geometry: center is not a finite number");
    double shift = (0.5 * (double)(o->cols - 1) - center) * pu;
    vxg_ct_view *views;
    VXG_TRY(vxg__ct_views_new(o->nviews, o->rows, o->cols, &views));
    for (int64_t i = 0; i < o->nviews; i++) {
        double c = cos(o->angles[i]), s = sin(o->angles[i]);
        views[i] = (vxg_ct_view){.r = {-s, c, 0},
                                 .d = {shift * c, shift * s, 0},
                                 .U = {pu * c, pu * s, 0},
                                 .V = {0, 0, pv}};
    }
    int status = vxg_ct_parallel_views(o->nviews, o->rows, o->cols, views, out);
    vxg__free(views);
    return status;
}

static int check_cone(const vxg_ct_cone_opts *o) {
    VXG_FAIL_IF(!o || o->nviews < 1, VXG_ERR_ARGUMENT, "geometry: views is missing");
    VXG_TRY(vxg__ct_sizes_check(o->nviews, o->rows ? o->rows : 1, o->cols));
    VXG_FAIL_IF(!(o->sod > 0) || !isfinite(o->sod), VXG_ERR_ARGUMENT,
                "geometry: sod (source to axis) must be positive");
    VXG_FAIL_IF(!(o->sdd > 0) || !isfinite(o->sdd), VXG_ERR_ARGUMENT,
                "geometry: sdd (source to detector) must be positive");
    VXG_FAIL_IF(!(o->pixel >= 0) || !(o->row_pitch >= 0) || !isfinite(o->pixel + o->row_pitch),
                VXG_ERR_ARGUMENT, "geometry: pixel pitch must be positive");
    VXG_FAIL_IF((o->has_center && !isfinite(o->center)) ||
                    (o->has_center_row && !isfinite(o->center_row)),
                VXG_ERR_ARGUMENT, "geometry: center is not a finite number");
    VXG_FAIL_IF(o->has_center_row && o->detector == VXG_CT_DETECTOR_CURVED, VXG_ERR_ARGUMENT,
                "geometry: center_row needs a flat detector");
    return VXG_OK;
}

int vxg_ct_cone_circular(const vxg_ct_cone_opts *o, vxg_ct_geometry **out) {
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "geometry: out is NULL");
    *out = NULL;
    VXG_READ(vxg_ct_cone_opts, o);
    VXG_TRY(check_cone(o));
    const int64_t rows = o->rows ? o->rows : 1;
    const double pu = o->pixel > 0 ? o->pixel : 1, pv = o->row_pitch > 0 ? o->row_pitch : pu;
    const double mu = 0.5 * (double)(o->cols - 1), mv = 0.5 * (double)(rows - 1);
    const double columns = o->has_center ? mu - o->center : 0;
    const double lift = (o->has_center_row ? mv - o->center_row : 0) * pv;
    /* the middle of a curved detector stays on the axis: its columns are counted with an offset */
    const int curved = o->detector == VXG_CT_DETECTOR_CURVED;
    const double shift = curved ? 0 : columns * pu;
    vxg_ct_view *views;
    VXG_TRY(vxg__ct_views_new(o->nviews, rows, o->cols, &views));
    for (int64_t i = 0; i < o->nviews; i++) {
        const double t = o->angles ? o->angles[i] : 2 * M_PI * (double)i / (double)o->nviews;
        const double c = cos(t), s = sin(t), depth = o->sdd - o->sod;
        views[i] = (vxg_ct_view){
            .s = {o->sod * s, -o->sod * c, 0},
            .d = {shift * c - depth * s, shift * s + depth * c, lift},
            .U = {pu * c, pu * s, 0},
            .V = {0, 0, pv},
        };
    }
    int status = vxg_ct_geometry_new(&(vxg_ct_views){.beam = VXG_CT_BEAM_CONE,
                                                     .detector = o->detector,
                                                     .column_offset = curved ? columns : 0,
                                                     .nviews = o->nviews,
                                                     .nv = rows,
                                                     .nu = o->cols,
                                                     .views = views},
                                     out);
    vxg__free(views);
    return status;
}
