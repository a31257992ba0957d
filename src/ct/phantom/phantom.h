/* Private side of phantoms: shapes made ready for rays and points. */
#ifndef VXG_CT_PHANTOM_PRIVATE_H
#define VXG_CT_PHANTOM_PRIVATE_H

#include <voxgrad/phantom.h>

#include "ct/geometry/geometry.h"

/* In the shape's own units the ellipsoid is the unit ball, the box [-1, 1)^3 and the cylinder the
 * unit disc times [-1, 1). A 2-D shape has 0 in the last row of `to`: its own z is always 0. */
typedef struct vxg__body {
    vxg_shape_kind kind; /* ELLIPSOID, BOX or CYLINDER */
    int replace;
    double value;
    double center[3]; /* world */
    double to[9];     /* world vector -> own units */
    double reach;     /* longest own length of a world unit vector */
    double ball2;     /* square of the radius of a world ball around it; infinite for 2-D shapes */
} vxg__body;

struct vxg_phantom {
    int64_t n;
    vxg_shape *shapes;
    int replaces; /* some shape does */
};

/* The options with their defaults, checked; n: views or slices there are. */
int vxg__phantom_opts(const vxg_phantom *phantom, const vxg_phantom_opts *in, int64_t n,
                      int samples, vxg_phantom_opts *out);
/* phantom->n bodies in world units; vxg__free them. */
int vxg__phantom_bodies(const vxg_phantom *phantom, const vxg_phantom_opts *opts, vxg__body **out);

static inline void vxg__body_rotate(const vxg__body *b, const double *w, double *own) {
    for (int i = 0; i < 3; i++)
        own[i] = b->to[3 * i] * w[0] + b->to[3 * i + 1] * w[1] + b->to[3 * i + 2] * w[2];
}
static inline void vxg__body_point(const vxg__body *b, const double *world, double *own) {
    const double w[3] = {world[0] - b->center[0], world[1] - b->center[1], world[2] - b->center[2]};
    vxg__body_rotate(b, w, own);
}

/* Texts of data/phantoms, written by the build. */
typedef struct vxg__phantom_text {
    const char *name, *text;
} vxg__phantom_text;
extern const vxg__phantom_text vxg__phantom_texts[]; /* ends with a NULL name */

#endif
