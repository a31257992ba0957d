/* Private side of solvers: what every method is given, and what it is made of. */
#ifndef VXG_SOLVE_PRIVATE_H
#define VXG_SOLVE_PRIVATE_H

#include <voxgrad/solve.h>

#include "base/base.h"

enum { VXG_SOLVE_VECTORS = 6, VXG_SOLVE_SCALARS = 10 };

/* What a method needs of this problem, known before anything is made. */
typedef struct vxg__solve_needs {
    int range, domain; /* vectors */
} vxg__solve_needs;

typedef struct vxg__method {
    vxg_solve_row row;
    int multiplies; /* 1: x starts at ones, data must not be negative */
    /* has_weights: the problem has some. */
    vxg__solve_needs (*needs)(int has_weights);
    int (*prepare)(vxg_solver *s); /* vectors are zero, x is the start */
    /* One iteration; puts the square of the residual into s->residual. Waits for nothing. */
    int (*iterate)(vxg_solver *s);
} vxg__method;
extern const vxg__method vxg__solve_landweber, vxg__solve_sirt, vxg__solve_cgls, vxg__solve_lsqr,
    vxg__solve_mlem;
extern const vxg__method *const vxg__solve_methods[]; /* ends with NULL */

extern const vxg_option_set vxg__solve_option_sets[];

struct vxg_solver {
    const vxg__method *method;
    vxg_op *op;
    vxg_device *dev;
    vxg_queue *queue;
    int own_queue, iteration;
    vxg_real real;
    vxg_solve_opts opts; /* with the method's defaults */
    vxg_call call;       /* queue, workspace, progress */
    vxg_array x, b, weights, mask;
    vxg_array range[VXG_SOLVE_VECTORS], domain[VXG_SOLVE_VECTORS];
    vxg_array scalars, scalar[VXG_SOLVE_SCALARS]; /* the method's: one array, and its pairs */
    vxg_array scratch;                            /* of reductions */
    vxg_array residual; /* square of the residual of this iteration, a device scalar */
    vxg_array history;  /* of all that were asked for, (iterations, 2) */
    vxg_array before;   /* x before the iteration, where its change is looked at */
    double data_norm;
};

static inline int vxg__has(const vxg_array *a) {
    return a->buffer != NULL;
}

/* ---- What methods are made of; all of it on the solver's queue, nothing waits ---- */
int vxg__solve_apply(vxg_solver *s, const vxg_array *x, const vxg_array *y);
int vxg__solve_adjoint(vxg_solver *s, const vxg_array *y, const vxg_array *x);
/* A kernel of kernels/solve/update.k over all elements; arrays are flat and of equal length, those
 * that are absent (no buffer) are replaced by the last. */
int vxg__solve_launch(vxg_solver *s, const char *kernel, const vxg_array *const *arrays, int n,
                      const double reals[4]);
/* A kernel of one item over the method's scalars, all of them. */
int vxg__solve_scalars(vxg_solver *s, const char *kernel, const double reals[4]);
/* a = 0 where, a square, it is but rounding against the square b; device scalars. */
int vxg__solve_floor(vxg_solver *s, const vxg_array *a, const vxg_array *b);
/* r = b - A x */
int vxg__solve_residual(vxg_solver *s, const vxg_array *r);
/* *out = w r and out of the two the one that was written: spare with weights, else r itself. */
int vxg__solve_weigh(vxg_solver *s, const vxg_array *r, const vxg_array *spare,
                     const vxg_array **out);
/* x += factor c g, bounds and mask; c may have no buffer. */
int vxg__solve_step(vxg_solver *s, double factor, const vxg_array *c, const vxg_array *g);
/* x = x (c g)^power, bounds and mask */
int vxg__solve_factor(vxg_solver *s, double power, const vxg_array *c, const vxg_array *g);
/* Bounds and mask of the options for x; the mask alone for a direction. */
int vxg__solve_bound(vxg_solver *s);
int vxg__solve_masked(vxg_solver *s, const vxg_array *x);
int vxg__solve_dot(vxg_solver *s, const vxg_array *x, const vxg_array *y, const vxg_array *out);
/* out = 1 / (A' w) or, of rows, 1 / (A 1), 0 where that is 0. ones: a vector to spoil. */
int vxg__solve_columns(vxg_solver *s, const vxg_array *ones, const vxg_array *out);
int vxg__solve_rows(vxg_solver *s, const vxg_array *ones, const vxg_array *out);

#endif
