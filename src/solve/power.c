/* The longest step of a gradient: 1 over the largest eigenvalue of A' W A, by power iteration from
 * a random positive vector. */
#include "solve/solve.h"

#define STEPS 30

/* g = A' W A v */
static int normal(vxg_solver *s, const vxg_array *v, const vxg_array *r, const vxg_array *spare,
                  const vxg_array *g) {
    const vxg_array *wr;
    VXG_TRY(vxg__solve_apply(s, v, r));
    VXG_TRY(vxg__solve_weigh(s, r, spare, &wr));
    VXG_TRY(vxg__solve_adjoint(s, wr, g));
    return vxg__solve_masked(s, g);
}

/* Of what STEPS make of it: v'v / v'A'WAv, from above. */
int vxg__solve_step_length(vxg_solver *s, const vxg_array *v, const vxg_array *g,
                           const vxg_array *r, const vxg_array *spare, const vxg_array *out) {
    const vxg_array *square = &s->scalar[VXG_SOLVE_SCALARS - 1];
    const vxg_array *product = &s->scalar[VXG_SOLVE_SCALARS - 2];
    VXG_TRY(vxg_array_random(s->queue, v, 1, 0.5, 1));
    VXG_TRY(vxg__solve_masked(s, v));
    for (int i = 0; i < STEPS; i++) {
        VXG_TRY(normal(s, v, r, spare, g));
        VXG_TRY(vxg__solve_dot(s, v, v, square));
        VXG_TRY(vxg__solve_dot(s, v, g, product));
        if (i == 0)
            VXG_TRY(vxg__solve_scale(s, product, vxg__has(&s->weights) ? spare : r,
                                     "A of a random vector"));
        VXG_TRY(vxg_scalar_combine(s->queue, VXG_SCALAR_DIVIDE, 1, square, product, out));
        VXG_TRY(vxg_array_axpby_by(s->queue, 1, out, g, 0, NULL, v));
    }
    return VXG_OK;
}
