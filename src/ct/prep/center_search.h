/* What the centre methods share: view order, search grid, sub-pixel minimum, score curve. */
#ifndef VXG_CENTER_SEARCH_H
#define VXG_CENTER_SEARCH_H

#include <voxgrad/ct.h>

#define VXG__CENTER_MAX_GAP 20.0 /* degrees of the half turn that may be missing in one piece */

/* Two views, one row and eight columns at least, and no more than can be counted. */
int vxg__center_views_check(const char *who, int64_t nviews, int64_t nv, int64_t nu);

/* Distinct views by angle: angle[i] >= 0 is counted from the first, which follows the widest gap of
 * the circle. view[i] is the caller's index. Views at one angle: the first stays. */
typedef struct vxg__views {
    int64_t n;
    double step; /* median */
    double *angle;
    int64_t *view;
} vxg__views;
int vxg__views_order(const char *who, int64_t nviews, const double *theta, vxg__views *out);
int64_t vxg__views_bytes(int64_t nviews); /* while it is made */
void vxg__views_free(vxg__views *views);

/* Score of a centre, lower is better, NaN: no statement. Called from the pool. */
typedef double (*vxg__center_score)(void *context, double center);
/* Fills in the defaults and checks. */
int vxg__center_resolve(const char *who, const vxg_ct_center_opts *given, int64_t nu,
                        vxg_ct_center_opts *resolved);
typedef struct vxg__judged { /* first and last column of a search with a score, and its finest step
                              */
    double lo, hi, fine;
} vxg__judged;
/* Coarse grid, fine grid about its minimum, parabola through the fine minimum. */
int vxg__center_search(const char *who, const vxg_ct_center_opts *opts, int64_t nu,
                       vxg__center_score score, void *context, vxg_ct_center_curve *curve,
                       vxg__judged *judged, double *center);
int vxg__center_at_border(const vxg__judged *judged, double center);
/* Once for a method, what it judged and whether its result lies at the border of that: into the
 * curve or, without one, into the log. */
int vxg__center_tell(const char *who, const vxg__judged *judged, int at_border,
                     vxg_ct_center_curve *curve);

/* Bytes each method takes at most beside what it is given and the search (below). */
int64_t vxg__center_vo_bytes(int64_t nviews, int64_t nu);
int64_t vxg__center_opposite_bytes(int64_t nviews, int64_t nv, int64_t nu);
int64_t vxg__center_conjugate_bytes(int64_t nviews, int64_t nu);
int64_t vxg__center_pair_bytes(int64_t nviews, int64_t nv, int64_t nu);

#endif
