/* Random scans of the registry's examples: functions of the seed alone. */
#ifndef VXG_CT_EXAMPLES_H
#define VXG_CT_EXAMPLES_H

#include "ct/registry/registry.h"

#define VXG_CT_EXAMPLES 20 /* per row */

typedef struct vxg__dice { /* key = {seed, a constant of the purpose}, counter = 0 */
    uint32_t key[2], counter[4];
} vxg__dice;
double vxg__roll(vxg__dice *d, double lo, double hi);
int64_t vxg__roll_int(vxg__dice *d, int64_t lo, int64_t hi); /* both ends included */
/* A rotation matrix about x, then y, then z by up to `most` radians each. */
void vxg__roll_rotation(vxg__dice *d, double most, double *m);
void vxg__rotate(const double *m, double *v); /* v = m v */

/* A random cone-beam scan with a flat detector, a fan-beam scan when planar; as vxg__ct_example. */
int vxg__ct_cone_example(const vxg_problem *problem, int planar, vxg_ct_geometry **geo,
                         vxg_ct_volume *vol);

/* Volume of example p->seed, one slice when planar: 3 is a single voxel, 5 and more shifted and
 * anisotropic, 15 and more (3-D) rotated. */
void vxg__ct_example_volume(vxg__dice *d, const vxg_problem *p, int planar, vxg_ct_volume *v);
#endif
