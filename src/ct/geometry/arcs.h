/* Which angles a scan covers: quadrature weights of its views and the arcs that were not measured
 * (gaps). */
#ifndef VXG_CT_GEOMETRY_ARCS_H
#define VXG_CT_GEOMETRY_ARCS_H

#include "ct/geometry/geometry.h"

typedef enum vxg__wedge {
    VXG__WEDGE_NONE,  /* all of the circle counts */
    VXG__WEDGE_AUTO,  /* spacings that irregular angles do not explain were not measured */
    VXG__WEDGE_WIDEST /* so was the widest spacing, in any case */
} vxg__wedge;

typedef struct vxg__gap { /* between two neighbouring views, from < to, from in [0, period) */
    double from, to;
} vxg__gap;

typedef struct vxg__cover {
    double period;         /* radians: 2 pi, or pi where opposite views count as one */
    double median;         /* spacing of the views */
    vxg__gap *gaps;        /* ascending; vxg__cover_free frees them */
    int64_t ngaps, widest; /* widest: index of the widest gap */
    double missing;        /* all gaps together, each less one median spacing */
    double first, range;   /* the scan begins behind the widest gap; without gaps: the period */
} vxg__cover;

/* weights: nviews. VXG_ERR_ARGUMENT names an angle that is no number. */
int vxg__cover_new(int64_t nviews, const double *angles, double period, vxg__wedge wedge,
                   double *weights, vxg__cover *out);
void vxg__cover_free(vxg__cover *c);

/* How far the angle t is from the nearest gap, 0 within one; infinite without gaps. Half a median
 * spacing beyond the views at a gap's rim is not part of the gap. */
double vxg__cover_inside(const vxg__cover *c, double t);
/* The part (0 to 1) of the rays with fan angles up to `fan` (0: a parallel beam) that no view of a
 * turn measures: the ray (t, g) is also (t + pi - 2 g, -g). */
double vxg__cover_unseen(const vxg__cover *c, double fan);
#endif
