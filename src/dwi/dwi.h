/* Private side of diffusion. */
#ifndef VXG_DWI_PRIVATE_H
#define VXG_DWI_PRIVATE_H

#include <voxgrad/dwi.h>

#include "base/base.h"

struct vxg_gradients {
    int references; /* atomic */
    int nshells;
    int64_t n;
    double *b, *directions; /* n; n, 3 */
    int32_t *shell;         /* n */
    double *shell_b;
    int64_t *shell_count;
    vxg_gradients_opts opts; /* as they were taken */
};

struct vxg_sphere {
    int references; /* atomic */
    int symmetric;
    int64_t n, nedges;
    double *directions; /* n, 3 */
    int32_t *edges;     /* nedges, 2 */
};
/* The sets that are built in: half of the directions of each, the other half are their opposites.
 */
typedef struct vxg_sphere_row {
    const char *name;
    int half;
    const double *directions; /* half, 3 */
} vxg_sphere_row;
extern const vxg_sphere_row vxg__sphere_rows[]; /* ends with name NULL */

static inline double vxg__dot3(const double *a, const double *b) {
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
static inline void vxg__cross3(const double *a, const double *b, double *out) {
    out[0] = a[1] * b[2] - a[2] * b[1];
    out[1] = a[2] * b[0] - a[0] * b[2];
    out[2] = a[0] * b[1] - a[1] * b[0];
}

#endif
