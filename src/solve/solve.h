/* Private side of solvers: what every method is given, and what it is made of. */
#ifndef VXG_SOLVE_PRIVATE_H
#define VXG_SOLVE_PRIVATE_H

#include <voxgrad/solve.h>

#include "base/base.h"

enum { VXG_SOLVE_VECTORS = 6, VXG_SOLVE_SCALARS = 13, VXG_SOLVE_PAIRS = 32, VXG_SOLVE_LEVELS = 12 };

/* What a method needs of this problem, known before anything is made. */
typedef struct vxg__solve_needs {
    int range, part, domain; /* vectors: of all rays, of the largest subset's, of x's space */
    int slopes;              /* vectors with three reals for every one of x */
    int columns;             /* sums of columns that are kept: one for every subset, or none */
    int pairs;               /* pairs of vectors of x's space, and of scalars */
} vxg__solve_needs;

/* The rows of the range's first axis in subsets, and the order in which they are taken. Vectors of
 * all rays stand sorted by subset: those of subset k are rows [begin[k], begin[k] + count). */
typedef struct vxg__subsets {
    int count;
    vxg_subset *subset;
    int64_t *begin, *order, norder;
} vxg__subsets;

typedef struct vxg__method {
    vxg_solve_row row; /* positive: x starts at ones, too */
    int differences;   /* 1: takes differences along x's axes; 2: where its penalty has a weight */
    int subsets;       /* how many when none are asked for: 0 one for every view, -1 takes none */
    int any_loss;      /* 1: A may be any operator of one input, and the loss may be another */
    int levels;        /* 1: values have levels, which must be given */
    vxg__solve_needs (*needs)(const vxg_solve_opts *o, int has_weights, int subsets);
    int (*prepare)(vxg_solver *s); /* vectors are zero, x is the start */
    /* Begins what is carried along anew, from x as it is; NULL: the method carries nothing. */
    int (*restart)(vxg_solver *s);
    /* One iteration; puts the square of the residual into s->residual. Waits for nothing. */
    int (*iterate)(vxg_solver *s);
} vxg__method;
extern const vxg__method vxg__solve_landweber, vxg__solve_sirt, vxg__solve_sart, vxg__solve_os_sart,
    vxg__solve_cgls, vxg__solve_lsqr, vxg__solve_mlem, vxg__solve_osem, vxg__solve_pdhg,
    vxg__solve_fista, vxg__solve_tv_pocs, vxg__solve_asd_pocs, vxg__solve_awtv_pocs,
    vxg__solve_dart, vxg__solve_lbfgs, vxg__solve_adam;
extern const vxg__method *const vxg__solve_methods[]; /* ends with NULL */

extern const vxg_option_set vxg__solve_option_sets[];

struct vxg_solver {
    const vxg__method *method;
    vxg_op *op;
    vxg_device *dev;
    vxg_queue *queue;
    int own_queue, iteration;
    int has_start;    /* x began as the caller said */
    int part_of_data; /* 1: some slices of many; whether squares are numbers is judged of them all
                       */
    vxg_real real;
    vxg_solve_opts opts;           /* with the method's defaults */
    vxg_call call;                 /* queue, workspace, progress */
    vxg_array x, b, weights, mask; /* b and weights sorted by subset */
    vxg__subsets subsets;
    vxg_array range[VXG_SOLVE_VECTORS], part[VXG_SOLVE_VECTORS], domain[VXG_SOLVE_VECTORS];
    vxg_array b_now, weights_now; /* of the subset, borrowed */
    int64_t now;
    vxg_array slopes[2];
    vxg_array *columns;                  /* one for every subset, where they are kept */
    vxg_array pair[2 * VXG_SOLVE_PAIRS]; /* vectors, two by two */
    vxg_array pair_scalars;              /* two device scalars for every pair */
    int pairs, newest;                   /* how many there are, and the newest */
    double level[VXG_SOLVE_LEVELS];      /* of dart, in x's unit */
    int nlevels;
    const vxg_array *sweep_free; /* what sweeps' steps are multiplied by, or NULL */
    vxg_array scalars, scalar[VXG_SOLVE_SCALARS]; /* the method's: one array, and its pairs */
    vxg_array scratch;                            /* of reductions */
    vxg_array residual; /* square of the residual of this iteration, a device scalar */
    vxg_array penalty;  /* and what is added to its half, likewise */
    vxg_array history;  /* both, of all iterations that were asked for: (iterations, 2, 2) */
    vxg_array before;   /* x before the iteration, where its change is looked at */
    vxg_array told;     /* a device scalar of what is looked at between iterations */
    /* Told of every iteration when rules have been looked at; NULL: nobody. */
    int (*after)(void *context, vxg_solver *s);
    void *after_context;
    int spoilt;                /* 1: a state was loaded in part: nothing can be done with it */
    int broken;                /* 1: what is carried along does not belong to x any more */
    double data_norm, changed; /* NaN: not known yet */
    double guard;              /* below it terms of counts are parabolas */
    double pace;               /* of methods that steer by a number of the host */
    const vxg_array *pace_by;  /* a device scalar that sweeps' steps are multiplied by, or NULL */
};

/* ---- Subsets ---- */
int vxg__subsets_make(const vxg_solve_opts *o, const char *name, int64_t rows, int count,
                      vxg__subsets *out);
void vxg__subsets_free(vxg__subsets *s);
/* Columns' sums of few subsets are kept; of many they are made each time, in a vector. */
static inline int vxg__keeps_columns(int subsets) {
    return subsets <= 16;
}

static inline int vxg__has(const vxg_array *a) {
    return a->buffer != NULL;
}

/* VXG_ERR_FAILED where a state was loaded in part. */
int vxg__solve_usable(const vxg_solver *s);

/* ---- What methods are made of; all of it on the solver's queue, nothing waits ---- */
/* Refuses options that no problem makes right, as vxg_solver_new does. */
int vxg__solve_check(const char *method, const vxg_solve_opts *opts);
/* vxg_solver_memory, and what of it is vectors. */
int vxg__solver_memory(const char *method, const vxg_solve_problem *problem,
                       const vxg_solve_opts *opts, int64_t *bytes, int64_t *vectors);
/* vxg_solver_new for some slices of many, whose data may be too small or large by themselves. */
int vxg__solver_new_part(const char *method, const vxg_solve_problem *problem,
                         const vxg_solve_opts *opts, vxg_solver **out);
/* VXG_ERR_INPUT where squares of data, `most` at most, are beyond the arithmetic. */
int vxg__solve_range(const char *method, vxg_real real, double most);
/* Makes subset k the one that everything below means: vectors of `part` get its rows, b_now and
 * weights_now are its data. Nothing is done where there is one subset. */
void vxg__solve_subset(vxg_solver *s, int64_t k);
/* An iteration over the subsets in their order; take adds to the residual (vxg__solve_square). */
int vxg__solve_each_subset(vxg_solver *s, int (*take)(vxg_solver *s, int64_t k));
/* The rows of the subset of a sorted vector of all rays, borrowed. */
vxg_array vxg__solve_now(const vxg_solver *s, const vxg_array *all);
int vxg__solve_apply(vxg_solver *s, const vxg_array *x, const vxg_array *y);
int vxg__solve_adjoint(vxg_solver *s, const vxg_array *y, const vxg_array *x);
/* A kernel of kernels/solve/update.k over all elements; arrays are flat and of equal length, those
 * that are absent (no buffer) are replaced by the last, device scalars stay whole. */
int vxg__solve_launch(vxg_solver *s, const char *kernel, const vxg_array *const *arrays, int n,
                      const double reals[4]);
/* The same with another number of reals. */
int vxg__solve_launch_with(vxg_solver *s, const char *kernel, const vxg_array *const *arrays, int n,
                           const double *reals, int nreals);
/* Where x has to stay: *low and *high by the options' bounds. */
void vxg__solve_box(const vxg_solver *s, double *low, double *high);
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
/* out = x'y, and the iteration's residual gets it added. */
int vxg__solve_square(vxg_solver *s, const vxg_array *x, const vxg_array *y, const vxg_array *out);
int vxg__solve_dot(vxg_solver *s, const vxg_array *x, const vxg_array *y, const vxg_array *out);
/* out = 1 / (A' w) or, of rows, 1 / (A 1), 0 where that is 0. ones, spare: vectors over the domain
 * and the subset's rays to spoil. Rows: VXG_ERR_UNSUPPORTED where A has negative entries. */
int vxg__solve_columns(vxg_solver *s, const vxg_array *ones, const vxg_array *out);
/* sums = 1 / sums, 0 where that is not above 0. */
int vxg__solve_inverse(vxg_solver *s, const vxg_array *sums);
int vxg__solve_columns_now(vxg_solver *s, const vxg_array *ones, const vxg_array *scratch,
                           const vxg_array **out);
/* x -= pace g, bounds and mask; ahead = 2 x - x before */
int vxg__solve_ahead(vxg_solver *s, const vxg_array *g, const vxg_array *pace,
                     const vxg_array *ahead);

/* ---- A sweep over the subsets (sirt.c), which other methods begin with ---- */
enum {
    VXG_SWEEP_SCALAR = VXG_SOLVE_SCALARS - 1
}; /* that it uses, beside two vectors of x's space */
vxg__solve_needs vxg__sweep_needs(const vxg_solve_opts *o, int has_weights, int subsets);
int vxg__sweep_prepare(vxg_solver *s);
/* Steps of sweeps move what is free alone, a vector over the domain of ones and zeros: rows' sums
 * are anew those of A free. */
int vxg__sweep_among(vxg_solver *s, const vxg_array *free);
int vxg__sweep(vxg_solver *s); /* steps are s->pace long, times s->pace_by */

/* ---- Differences of neighbours, D; q has three reals for every one of x ---- */
int vxg__tv_check(const vxg_op *op, const vxg_solve_opts *o, const char *name);
double vxg__tv_columns(const vxg_solver *s); /* the most that |D|' 1 is */
double vxg__tv_step(const vxg_solver *s);    /* 1 over the most that |D| 1 is */
/* q = prox of the conjugate of weight times the penalty, of q + step D v */
int vxg__tv_dual(vxg_solver *s, const vxg_array *v, double weight, double step, const vxg_array *q);
/* g = the gradient of the sum over voxels that have all neighbours of sqrt(f(d) + smooth^2), f(d)
 * the sum over axes of d^2, or of d^2 exp(-(d / delta)^2) where delta > 0 */
int vxg__tv_gradient(vxg_solver *s, const vxg_array *x, double smooth, double delta,
                     const vxg_array *g);
double vxg__tv_norm(const vxg_solver *s); /* the most that the largest eigenvalue of D' D is */
/* g = keep g + D' q */
int vxg__tv_transpose(vxg_solver *s, const vxg_array *q, double keep, const vxg_array *g);
/* The residual's square, from image = A x, and the weighted penalty of x; the rest is spoilt: r and
 * weighed over the range (the latter with weights alone), spare over the domain. */
int vxg__tv_tell(vxg_solver *s, const vxg_array *image, const vxg_array *r,
                 const vxg_array *weighed, const vxg_array *spare);

/* g = keep g + factor times the gradient of the smoothed penalty of x; and its sum, by spare of x's
 * space, which may be g where keep is 0. */
int vxg__tv_slope(vxg_solver *s, const vxg_array *x, double keep, double factor,
                  const vxg_array *g);
int vxg__tv_sum(vxg_solver *s, const vxg_array *x, const vxg_array *spare, const vxg_array *out);
/* Sizes of x along its last three axes, x first, and 1 / spacing of these. */
void vxg__tv_sizes(const vxg_solver *s, int64_t n[3]);

/* ---- Losses (loss.c): what lbfgs and adam minimise ---- */
/* Vectors of the subset's rays that they take, the first two of s->part. */
enum { VXG_LOSS_IMAGE, VXG_LOSS_VALUES, VXG_LOSS_PARTS };
/* The loss of the subset's data at x, as twice its value, to out, a device scalar (where the
 * operator is the loss: its value), and the slope by A x, kept until the next call. */
int vxg__loss_value(vxg_solver *s, const vxg_array *x, const vxg_array *out);
/* What else is minimised, of x: weight times the penalty, half damping^2 x'x; spare: over the
 * domain, the scalar `work` is spoilt. */
int vxg__loss_rest(vxg_solver *s, const vxg_array *x, const vxg_array *spare, const vxg_array *work,
                   const vxg_array *out);
/* g = the gradient at x, of which vxg__loss_value came last: `share` times that of the subset's
 * data, and of the rest; 0 under the mask. */
int vxg__loss_gradient(vxg_solver *s, const vxg_array *x, double share, const vxg_array *g);
/* x between its bounds, and what the loss needs to know of the data; waits. */
int vxg__loss_prepare(vxg_solver *s);
/* Whether the operator is the loss. */
static inline int vxg__loss_is_own(const vxg_solver *s) {
    return s->method->any_loss && !vxg__has(&s->b);
}

/* out = 1 over the largest eigenvalue of A' W A, a little more; v, g, r and, with weights, spare
 * are spoilt, and the last two of the method's scalars. */
int vxg__solve_step_length(vxg_solver *s, const vxg_array *v, const vxg_array *g,
                           const vxg_array *r, const vxg_array *spare, const vxg_array *out);
/* u = z - g, bounds and mask */
int vxg__solve_point(vxg_solver *s, const vxg_array *z, const vxg_array *g, const vxg_array *u);
int vxg__solve_rows(vxg_solver *s, const vxg_array *ones, const vxg_array *spare,
                    const vxg_array *out);
/* VXG_ERR_UNSUPPORTED where A of the subset has negative entries that count, by A 1, which is
 * `sums`, and A of random numbers: |A v| exceeds it then. Both vectors are spoilt. */
int vxg__solve_signs(vxg_solver *s, const vxg_array *v, const vxg_array *spare,
                     const vxg_array *sums);
/* VXG_ERR_INPUT where `square`, a device scalar of squares of a's elements, is 0 or infinite though
 * they are not: they are beyond the arithmetic. Waits. */
int vxg__solve_scale(vxg_solver *s, const vxg_array *square, const vxg_array *a, const char *what);
/* The largest magnitude of a, or its least value; waits. */
int vxg__solve_extreme(vxg_solver *s, vxg_reduction kind, const vxg_array *a, double *out);

#endif
