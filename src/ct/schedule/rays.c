/* Directions of rays out of the coefficients of a view. */
#include "ct/schedule/rays.h"

void vxg__ct_ray_direction(const double *c, double alpha, double beta, double r, double *d) {
    for (int i = 0; i < 3; i++)
        d[i] = alpha * c[RAY_D + i] + beta * c[RAY_D + 3 + i] + r * c[RAY_D + 6 + i];
}
