/* Voxgrad solvers: iterative reconstruction and inversion for any operator, on any device.
 *
 * A solver knows an operator A, linear in its only input (lbfgs and adam take any that has a
 * gradient), and measured data b. Its vectors live on the operator's device and are all made when
 * it is made: an iteration allocates nothing and does not wait for the device where the operator
 * does neither (numbers that steer it stay there too; lbfgs waits once for every evaluation) and as
 * long as there are no more threads than when it was made. Results are the same bits for any number
 * of threads. Data whose squares are beyond the arithmetic are refused (VXG_ERR_INPUT), and
 * what does not stay finite is an error: it is looked at whenever somebody looks, and at the end.
 *
 * Functions that return a status give VXG_ERR_ARGUMENT for what is NULL, of another device, shape
 * or type. A solver belongs to one thread at a time.
 *
 * Experimental: all of it, until problems and options have settled.
 * Stability: stable but for what is marked (docs/abi.md). */
#ifndef VOXGRAD_SOLVE_H
#define VOXGRAD_SOLVE_H

#include "op.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct vxg_solver vxg_solver;

/* What is to be solved: A x = b, or, for methods with a loss, the least of it. Arrays are
 * contiguous or not; they are copied where they are not, else borrowed for as long as the solver
 * lives. All have the operator's arithmetic, float32 or float64. */
typedef struct vxg_solve_problem {
    uint32_t size; /* of this struct; 0: the first layout */
    uint32_t reserved0;
    const vxg_op *op;         /* A, retained */
    const vxg_array *data;    /* b, of A's range; NULL: with lbfgs and adam, where that is one
                                 number: it is the loss */
    const vxg_array *start;   /* first x, of A's domain; NULL: zeros, and for methods that multiply
                                 ones where any ray meets them */
    const vxg_array *weights; /* of A's range, >= 0: a residual counts by them, 0 not at all; NULL:
                                 ones */
    const vxg_array *mask;    /* of A's domain: x is 0 where it is 0; NULL: none */
    vxg_queue *queue;         /* NULL: one of the solver's own */
} vxg_solve_problem;

typedef enum vxg_solve_bounds {
    VXG_BOUNDS_NONE,
    VXG_BOUNDS_POSITIVE, /* x >= 0 */
    VXG_BOUNDS_BOX       /* lower <= x <= upper; refused where lower is not below upper, and with
                            methods whose data must not be negative where it is below 0 */
} vxg_solve_bounds;

/* In which order subsets of views are taken; the same in every iteration. */
typedef enum vxg_solve_order {
    VXG_ORDER_SEQUENTIAL,
    VXG_ORDER_RANDOM, /* a permutation by the seed */
    VXG_ORDER_GOLDEN, /* by steps of the golden section: each far from those before */
    VXG_ORDER_GIVEN   /* as in `list` */
} vxg_solve_order;

/* What is said of the differences of neighbouring values, d along every axis, |d| their length. */
typedef enum vxg_solve_penalty {
    VXG_PENALTY_TV,         /* sum |d|: isotropic total variation */
    VXG_PENALTY_TV_BY_AXIS, /* sum of |d_x| + |d_y| + |d_z|: anisotropic */
    VXG_PENALTY_HUBER,      /* sum |d|^2 / (2 bend) up to |d| = bend, |d| - bend / 2 above */
    VXG_PENALTY_SQUARE      /* sum |d|^2 / 2: Tikhonov */
} vxg_solve_penalty;

/* How far A x is from b, of methods that take any (lbfgs, adam); W the weights. */
typedef enum vxg_solve_loss {
    VXG_LOSS_GAUSSIAN, /* 1/2 (b - A x)' W (b - A x) */
    /* sum w (y - b log y), y = A x, of counts b >= 0, less the least that it can be, so that it is
     * 0 where y is b. Below d = 1e-4 of the largest b, where y may be 0 or less, each term goes on
     * as a parabola with its value and slope at d and the curvature w max(b, d) / d^2: it is least
     * where y is b all the same. */
    VXG_LOSS_POISSON
} vxg_solve_loss;

/* How far a solver has come. Numbers that cost a wait for the device are there only where somebody
 * asked for them (vxg_solver_report, a callback, a rule for stopping). */
typedef struct vxg_solve_report {
    uint32_t size;   /* of this struct, set by the caller */
    int iteration;   /* how many are done */
    double residual; /* |b - A x|_2, by the square roots of the weights, of the x that the last
                        iteration began with, with subsets of the x that each subset began with;
                        methods that carry the residual along (cgls, lsqr): of the x it ended with
                        (lsqr with damping: the root of all that is minimised). Subsets that a given
                        order leaves out are not in it. Methods with a loss: the root of twice that
                        of the data (for the gaussian one the same), of lbfgs of the x it ended
                        with; 0 where the operator is the loss. dart: of the last sweep. */
    double data;     /* |b|_2 likewise; 0: there are none */
    double change;  /* |x - x before|_2 of the last iteration, where opts.change is set; else NaN */
    double penalty; /* what a method with a penalty or a loss adds to residual^2 / 2 to get what it
                       minimises, of the same x: penalty, damping, the loss where the operator is
                       that; else 0 */
} vxg_solve_report;

typedef struct vxg_solve_opts {
    uint32_t size;           /* of this struct; 0: the first layout */
    int iterations;          /* 0: the method's own number */
    double relaxation;       /* factor of every step, of the method's own kind; 0: its own */
    vxg_solve_bounds bounds; /* after every iteration */
    uint32_t reserved0;
    double lower, upper; /* of a box */
    double damping;      /* cgls, lsqr: adds damping^2 |x|^2 to what is minimised; lsqr: not with a
                            start; lbfgs, adam: half of that */
    /* Rules for stopping, 0: none. Each looks at a number after every iteration: a wait. */
    double tolerance;             /* residual <= tolerance |b| */
    double noise;                 /* residual <= noise: the discrepancy principle */
    double change;                /* |x - x before| <= change |x| */
    const vxg_progress *progress; /* between iterations and inside long launches */
    /* After every iteration, on the calling thread: 0 goes on, VXG_SOLVE_STOP ends with what there
     * is, VXG_SOLVE_WROTE says that x was written (vxg_solver_restart), another number is the
     * status that vxg_solver_run returns. Rules are looked at afterwards. */
    int (*callback)(void *context, const vxg_solve_report *report, const vxg_array *x);
    void *context;
    /* Methods with subsets (sart, os-sart, osem, -pocs, dart, adam): entries k, k + n, k + 2 n...
     * of the range's first axis are subset k of n. 0: the method's own number; at most as many as
     * there are entries. */
    int subsets;
    vxg_solve_order order;
    uint64_t seed;
    vxg_numbers list; /* VXG_ORDER_GIVEN: the subsets' numbers, copied; one may stand there more
                         than once, or not at all */
    int plain; /* 1 (sirt, sart, os-sart, -pocs, dart): steps are not divided by the columns' sums;
                  the relaxation is the whole factor then */
    vxg_solve_penalty penalty; /* methods that end in -tv; lbfgs, adam: tv and tv-by-axis smoothed,
                                  sqrt(d^2 + smooth^2) - smooth */
    double weight;             /* of the penalty */
    double bend;               /* of Huber's, in the unit of x over that of spacing */
    double spacing[3];         /* of values along z, y, x; 0: 1 */
    int inner;                 /* steps of the inner iteration (fista-tv, -pocs), 0: 20; sweeps
                                  between two segmentations (dart), 0: 10 */
    uint32_t reserved1;
    /* Methods that end in -pocs; 0 of each: what stands in parentheses. */
    double alpha;     /* length of their steps, of the sweep's change (0.2) */
    double smooth;    /* difference, in the unit of x over that of spacing, far below which total
                         variation is a square (1e-3); lbfgs, adam likewise */
    double epsilon;   /* residual, in the data's unit: asd-pocs: down to which steps adapt (5);
                         awtv-pocs: the change of it below which the relaxation falls (1) */
    double delta;     /* awtv-pocs: difference from which on edges are let be (0.006) */
    double r_max;     /* asd-pocs: share of the sweep's change that steps may have (0.95) */
    double alpha_red; /* asd-pocs: what their length is multiplied by where it is more (0.95) */
    double beta_red;  /* asd-pocs, awtv-pocs: what the relaxation is multiplied by (0.995) */
    /* dart; 0 of each: what stands in parentheses. */
    vxg_numbers levels;   /* the values of x, 2 to 12 that ascend, copied; they must be given */
    double levels_factor; /* what they are multiplied by (1) */
    double fixed;         /* chance of a voxel among its like to be held at its level (0.85); 1: all
                             of them are */
    double kept;          /* what smoothing leaves of voxels at borders of levels, the rest is the
                             mean of their neighbours (0.8); 1: nothing is smoothed */
    int first;            /* sweeps before levels are looked at (50, and none where there is a
                             start) */
    int segmented;        /* 1: x ends as levels alone, where all iterations are done; not with
                             rules for stopping */
    /* lbfgs and adam; 0 of each: what stands in parentheses. */
    vxg_solve_loss loss;
    int history;  /* lbfgs: steps that are remembered, at most 32 (8) */
    double step;  /* adam: how far a value moves in an iteration, in x's unit (1e-3) */
    double beta1; /* adam: what the mean gradient keeps of itself, below 1 (0.9) */
    double beta2; /* adam: what the mean square keeps, below 1 (0.999) */
    double eps;   /* adam: added to the root of the mean square, in the gradient's unit
                     (1e-8) */
} vxg_solve_opts;
#define VXG_SOLVE_STOP (-1)
#define VXG_SOLVE_WROTE (-2)

typedef enum vxg_solve_reason {
    VXG_SOLVED_ITERATIONS, /* as many as were asked for */
    VXG_SOLVED_TOLERANCE,
    VXG_SOLVED_NOISE,
    VXG_SOLVED_CHANGE,
    VXG_SOLVED_CALLBACK,
    VXG_SOLVED_EXACTLY /* seen by a rule or a callback: a residual of zero where nothing else is
                          asked of x */
} vxg_solve_reason;

/* A method: one row. */
typedef struct vxg_solve_row {
    uint32_t size;
    int iterations;      /* when none are asked for */
    double relaxation;   /* when none is */
    const char *name;    /* "sirt" */
    const char *summary; /* one line */
    const char *source;  /* where it was published */
    const char *uses;    /* options that it takes beside those that all do, separated by spaces */
    int slicewise;       /* 1: slices that A keeps apart stay apart: each may be solved by itself,
                            to the same bits (no rule for stopping, no callback) */
    int positive;        /* 1: data must not be negative */
} vxg_solve_row;
VXG_API int vxg_solve_row_count(void);
VXG_API const vxg_solve_row *vxg_solve_row_at(int index);
VXG_API const vxg_solve_row *vxg_solve_row_find(const char *name);

/* Options for x become those for x times `factor`: what is minimised stays the same, and so does
 * how the method goes. Bounds, bend, smooth, delta, step and levels (by levels_factor) are x's and
 * are multiplied; eps, a gradient's, is divided by the factor, and so is damping, as |x|^2 is
 * weighed by its square; the weight is divided by it, as
 * differences grow with x, and by its square where the penalty is of squares. The rest has no unit,
 * or the data's (noise, epsilon), or is a length (spacing). A relaxation stays a number, which
 * `plain` makes one for the scaled x. What is 0 stays 0: the method's own, for the scaled x.
 * VXG_ERR_ARGUMENT: a factor that is not above 0 and finite. */
VXG_API int vxg_solve_opts_scale(vxg_solve_opts *opts, double factor);

/* Makes a solver and all its vectors. VXG_ERR_ARGUMENT names an option that the method does not
 * take. opts may be NULL. */
VXG_API int vxg_solver_new(const char *method, const vxg_solve_problem *problem,
                           const vxg_solve_opts *opts, vxg_solver **out);
/* Bytes on the device that such a solver takes, beside what the problem holds; nothing is made.
 * Without data: of data that are contiguous. */
VXG_API int vxg_solver_memory(const char *method, const vxg_solve_problem *problem,
                              const vxg_solve_opts *opts, int64_t *bytes);
/* Iterations, until a rule says so or `iterations` of the options are done; a solver that was
 * stopped by a callback goes on when it is run again, and so does one that was cancelled or failed
 * half way through an iteration: what it carried along is begun anew from x as it is (lsqr with
 * damping refuses). Waits at the end. VXG_ERR_NUMERICAL: numbers are not finite any more. */
VXG_API int vxg_solver_run(vxg_solver *solver, vxg_solve_reason *reason);
/* One iteration, whatever the rules say; nothing is waited for. */
VXG_API int vxg_solver_step(vxg_solver *solver);
/* x as it is, borrowed; written by work on the solver's queue. */
VXG_API const vxg_array *vxg_solver_x(const vxg_solver *solver);
/* To be called after x was written between iterations: what the method carries along (cgls, lsqr,
 * lbfgs, adam, and methods with a penalty) is begun anew. VXG_ERR_UNSUPPORTED: lsqr with damping.
 */
VXG_API int vxg_solver_restart(vxg_solver *solver);
VXG_API int vxg_solver_report(vxg_solver *solver, vxg_solve_report *out);
/* Residuals and penalties of the iterations that are done, at most `capacity` of them, each NULL or
 * as many doubles; *count: how many there are. Waits once. */
VXG_API int vxg_solver_history(vxg_solver *solver, double *residual, double *penalty, int capacity,
                               int *count);
/* All that a solver carries, in bytes: a solver made of the same problem and options that loads it
 * goes on with the same bits as this one. write gets the bytes in order and returns a status, read
 * gives as many as it is asked for; both may be called many times. Waits. Of the problem the sizes
 * alone are checked: that operator, data and options are the same is the caller's to see to.
 * VXG_ERR_INPUT: no such state, one of another method, size, number of iterations or machine, or
 * damaged (a checksum is behind it). Where load fails after it has begun to write the solver can
 * only be released: VXG_ERR_FAILED. */
VXG_API int vxg_solver_save(vxg_solver *solver,
                            int (*write)(void *context, const void *bytes, size_t n),
                            void *context);
VXG_API int vxg_solver_load(vxg_solver *solver, int (*read)(void *context, void *bytes, size_t n),
                            void *context);
VXG_API void vxg_solver_release(vxg_solver *solver); /* NULL is fine */

/* ---- Differences, penalties, proximal maps as operators (rows solve.*) ----
 * Spaces are float32 or float64; VXG_ERR_UNSUPPORTED names another type. spacing: of values along
 * z, y, x, 0: 1; NULL: 1 along all. */
/* D: differences of neighbours along the 1 to 3 axes of a space, over their spacing, 0 at the far
 * border; linear. Range: (axes, ...), part 0 along the last axis (x), then y, z. */
VXG_API int vxg_op_differences(vxg_device *dev, const vxg_space *space, const double spacing[3],
                               vxg_op **out);
typedef struct vxg_penalty_opts {
    uint32_t size;          /* of this struct; 0: the first layout */
    vxg_solve_penalty kind; /* tv and tv-by-axis smoothed: sqrt(d^2 + smooth^2) - smooth */
    double bend;            /* of Huber's, above 0 */
    double smooth;          /* 0: 1e-3; in the unit of x over that of spacing */
    double spacing[3];
} vxg_penalty_opts;
/* x -> one number, the sum over all values of the penalty of their differences; its vjp is the
 * gradient. Range: (1). opts may be NULL. */
VXG_API int vxg_op_penalty(vxg_device *dev, const vxg_space *space, const vxg_penalty_opts *opts,
                           vxg_op **out);
/* Proximal maps, element by element: the y that has the least f(y) + (y - x)^2 / 2. */
typedef enum vxg_prox {
    VXG_PROX_SOFT,  /* f = a |y|: x less a in magnitude, 0 up to a; a >= 0 */
    VXG_PROX_BOX,   /* f = 0 from a to b: x between these; a <= b */
    VXG_PROX_SQUARE /* f = a y^2 / 2: x / (1 + a); a >= 0; linear */
} vxg_prox;
/* b is the box's alone, 0 else. Where a derivative jumps, at -a, a or b, it is that towards 0 of a
 * soft threshold, and 1 of a box. */
VXG_API int vxg_op_prox(vxg_device *dev, vxg_prox kind, double a, double b, const vxg_space *space,
                        vxg_op **out);

#ifdef __cplusplus
}
#endif
#endif
