/* What kind of scan a geometry is for analytic reconstruction: its axis, the arcs it covers, where
 * the axis is seen, and what follows from them. Field of view, words about a scan, FBP and FDK all
 * ask here, so that they cannot disagree. */
#ifndef VXG_CT_GEOMETRY_SCAN_KIND_H
#define VXG_CT_GEOMETRY_SCAN_KIND_H

#include "ct/geometry/arcs.h"

typedef enum vxg__scan_method { /* how measurements of the same ray share its weight */
                                VXG__SCAN_EVEN, /* evenly: whole turns, half turns of parallel beams
                                                 */
                                VXG__SCAN_PARKER, /* by Parker's weights: fan and cone, one gap */
                                VXG__SCAN_OFFSET, /* a whole turn, the axis at the detector's side:
                                                     by position */
                                VXG__SCAN_SHARED, /* by how far views are from gaps, and by position
                                                   */
                                VXG__SCAN_HELIX
} vxg__scan_method;

typedef struct vxg__ct_scan {
    vxg_ct_beam beam;
    int64_t nviews;
    double axis[2];  /* x, y of the rotation axis along z */
    int circle;      /* 0: no circle fits the sources; the axis is then the origin */
    double *angles;  /* of the views, about the axis */
    double *radius;  /* cone: of the sources about the axis; NULL */
    vxg__cover turn; /* views as directions of a whole turn */
    double *turn_weights;
    vxg__cover half; /* parallel: views and their opposites as one; zero */
    double *half_weights;
    /* Position across the detector, about the axis, positive towards (cos t, sin t): the fan angle,
     * of parallel beams the distance. All views and (reach) all rows get at least that far. */
    double border[2];      /* outer borders of the middle row */
    double reach[2];       /* centres of the first and last column of every row */
    double most;           /* largest position of all, either sign */
    int64_t before, after; /* columns that would make the short side as long as the far one */
    double offset;         /* of the axis from the detector's middle, over the detector's width */
    int aside;             /* offset is large enough to matter */
    int helix;       /* source or detector move along z by more than what tolerances explain */
    double unseen;   /* part of the rays through the field of view that no view measures */
    double pitch[2]; /* least and greatest distance of rays of neighbouring columns (cone: of the
                      * columns) along the level */
    /* decided by vxg__ct_scan_decide */
    vxg__scan_method method;
    int by_position;     /* rays beyond the short side are seen once and count in full */
    double first, range; /* PARKER: the arc its weights are for */
} vxg__ct_scan;

typedef struct vxg__scan_opts {
    const char *who;  /* in messages: "fdk" */
    const char *half; /* the option's name there: "half_fan" */
    vxg_ct_arc arc;
    vxg_ct_half_fan half_fan;
} vxg__scan_opts;

/* Looks at any geometry; refuses none. VXG_ERR_MEMORY. */
int vxg__ct_scan_look(const vxg_ct_geometry *geo, vxg_ct_arc arc, vxg__ct_scan *out);
void vxg__ct_scan_free(vxg__ct_scan *s);
/* The axis is at the side of a full turn: opposite views complete each other. */
int vxg__ct_scan_half_fan(const vxg__ct_scan *s);
/* Chooses the method, or refuses by name: VXG_ERR_ARGUMENT, VXG_ERR_UNSUPPORTED (laminography,
 * parallel beams on a helix). */
int vxg__ct_scan_decide(const vxg_ct_geometry *geo, const vxg__scan_opts *o, vxg__ct_scan *s);
/* In one line what vxg__ct_scan_decide chose. */
int vxg__ct_scan_words(const vxg__ct_scan *s, char *out, size_t size);

/* ---- Axis and positions ---- */
/* Distance of the rays of neighbouring columns (cone: of the columns) along the level. */
double vxg__ct_level_pitch(const vxg_ct_geometry *geo, const vxg_ct_view *v);
typedef struct vxg__ct_view_frame { /* level unit vectors: across the fan, from source to axis */
    double u[3], c[3], radius;
} vxg__ct_view_frame;
void vxg__ct_frame(const vxg_ct_view *v, const double axis[2], vxg__ct_view_frame *f);
/* Position of a ray (see vxg__ct_scan); q and r count from the detector's middle. */
double vxg__ct_across(const vxg_ct_geometry *geo, const vxg_ct_view *v, const double axis[2],
                      double q, double r);
/* The point that detectors of parallel beams turn about; the origin where views do not tell. */
int vxg__ct_parallel_axis(const vxg_ct_geometry *geo, double axis[2]);
#endif
