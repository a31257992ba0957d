/* What the files around scan geometry share. */
#ifndef VXG_CT_GEOMETRY_TOOLS_H
#define VXG_CT_GEOMETRY_TOOLS_H

#include <voxgrad/geometry.h>

#include "ct/geometry/geometry.h"

/* Counts from 1 to 2^31 - 1 and at most 2^40 values, or an error that names the count. */
int vxg__ct_sizes_check(int64_t nviews, int64_t rows, int64_t cols);
/* Room for views after their sizes were checked. vxg__free it. */
int vxg__ct_views_new(int64_t nviews, int64_t rows, int64_t cols, vxg_ct_view **out);

/* A geometry like `geo` with other views: same beam, detector and sizes. */
int vxg__ct_with_views(const vxg_ct_geometry *geo, int64_t n, const vxg_ct_view *views,
                       vxg_ct_geometry **out);

/* Unit direction of the rays at the middle of a view (cone: along the detector's normal, from the
 * source's side), and the depth of a point along it from the source (parallel: from d). */
void vxg__ct_normal(const vxg_ct_geometry *geo, const vxg_ct_view *v, double *n);
/* How much larger the detector shows what lies at point p; parallel 1. */
double vxg__ct_magnification(const vxg_ct_geometry *geo, const vxg_ct_view *v, const double *p);
/* Centre of pixel (q, r), counted from the detector's middle. */
void vxg__ct_point(const vxg_ct_geometry *geo, const vxg_ct_view *v, double q, double r,
                   double *point);
/* Start and direction of the ray through (column, row), counted from the detector's middle. */
void vxg__ct_ray(const vxg_ct_geometry *geo, const vxg_ct_view *v, double q, double r, double *from,
                 double *dir);
/* Column and row, counted from the detector's middle, at which a point is seen; 0: it is behind the
 * source. */
int vxg__ct_see(const vxg_ct_geometry *geo, const vxg_ct_view *v, const double *p, double *q,
                double *r);
/* Where a ray passes the z axis: signed distance (positive on the side of +U) and height. */
void vxg__ct_passing(const vxg_ct_geometry *geo, const vxg_ct_view *v, double q, double r,
                     double *side, double *z);
/* Corner 0 to 7 of a volume's box. */
void vxg__ct_corner(const vxg_ct_volume *vol, int corner, double *p);
/* Angle of a view about z: t of the standard scans. */
double vxg__ct_angle(const vxg_ct_geometry *geo, const vxg_ct_view *v);

/* A scan on a circle or helix about z that vxg_ct_trajectory can repeat. */
typedef struct vxg__circle {
    double sod, sdd, pixel, row_pitch, center, center_row, tilt, roll;
    double z_first, z_per_radian; /* helical when not 0 */
    int has_center, has_center_row;
    double *angles; /* of the views, continuous; vxg__free it */
} vxg__circle;
/* *found: every view agrees with the circle to `tolerance` of the larger of sdd and the detector's
 * width. The status is that of memory. */
int vxg__ct_circle_fit(const vxg_ct_geometry *geo, double tolerance, int *found, vxg__circle *out);
/* Ends the unit's label, whatever the caller left there, and checks the volume's size. */
int vxg__ct_notes_check(vxg_ct_notes *notes);
#endif
