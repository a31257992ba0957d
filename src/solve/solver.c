/* Solvers: what is checked, made and let go. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "array/launch.h"
#include "device/spill.h"
#include "op/op.h"
#include "solve/solve.h"

/* ---- Checks ---- */
static const vxg__method *method_of(const char *name) {
    for (int i = 0; name && vxg__solve_methods[i]; i++)
        if (!strcmp(vxg__solve_methods[i]->row.name, name)) return vxg__solve_methods[i];
    return NULL;
}

static int no_method(const char *name) {
    vxg_text t = {0};
    for (int i = 0; vxg__solve_methods[i]; i++)
        vxg__text_add(&t, "%s%s", i ? ", " : "", vxg__solve_methods[i]->row.name);
    const int status =
        vxg_error_set(VXG_ERR_ARGUMENT, "solve: there is no method '%s'; there are %s",
                      name ? name : "", t.failed ? "others" : t.s);
    vxg__text_free(&t);
    return status;
}

static int takes(const vxg__method *m, const char *option) {
    const size_t n = strlen(option);
    for (const char *p = strstr(m->row.uses, option); p; p = strstr(p + 1, option))
        if ((p == m->row.uses || p[-1] == ' ') && (p[n] == ' ' || !p[n])) return 1;
    return 0;
}

#define MOST_ITERATIONS 1000000 /* as in the option table: their history is kept */

/* Levels that ascend, between the bounds; the factor does not change that. */
static int check_levels(const vxg__method *m, const vxg_solve_opts *o) {
    const vxg_numbers *l = &o->levels;
    const double factor = o->levels_factor > 0 ? o->levels_factor : 1;
    if (!m->levels) return VXG_OK;
    VXG_FAIL_IF(l->count < 2 || l->count > VXG_SOLVE_LEVELS || !l->value, VXG_ERR_ARGUMENT,
                "%s: levels has %lld numbers; expected 2 to %d, the values of x", m->row.name,
                (long long)(l->value ? l->count : 0), VXG_SOLVE_LEVELS);
    for (int64_t i = 0; i < l->count; i++) {
        const double v = l->value[i] * factor;
        VXG_FAIL_IF(!isfinite(v), VXG_ERR_ARGUMENT, "%s: levels[%lld] is %g", m->row.name,
                    (long long)i, v);
        VXG_FAIL_IF(i > 0 && !(v > l->value[i - 1] * factor), VXG_ERR_ARGUMENT,
                    "%s: levels[%lld] is %g after %g; they must ascend", m->row.name, (long long)i,
                    v, l->value[i - 1] * factor);
        VXG_FAIL_IF((o->bounds == VXG_BOUNDS_POSITIVE && v < 0) ||
                        (o->bounds == VXG_BOUNDS_BOX && (v < o->lower || v > o->upper)),
                    VXG_ERR_ARGUMENT, "%s: levels[%lld] is %g, which bounds do not allow",
                    m->row.name, (long long)i, v);
    }
    VXG_FAIL_IF(o->segmented && (o->tolerance > 0 || o->noise > 0 || o->change > 0),
                VXG_ERR_ARGUMENT,
                "%s: segmented goes with a number of iterations, not with tolerance, noise or "
                "change, as x is of levels after the last one",
                m->row.name);
    return VXG_OK;
}

/* What has an upper limit of its own. */
static int check_shares(const vxg_solve_opts *o, const char *name) {
    const struct {
        const char *name;
        double value;
        int one; /* 1: it may be 1 */
    } shares[] = {{"fixed", o->fixed, 1},
                  {"kept", o->kept, 1},
                  {"beta1", o->beta1, 0},
                  {"beta2", o->beta2, 0}};
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++)
        VXG_FAIL_IF(!(shares[i].value >= 0 && shares[i].value <= 1) ||
                        (shares[i].value == 1 && !shares[i].one),
                    VXG_ERR_ARGUMENT, "%s: %s is %g; expected 0 to 1%s", name, shares[i].name,
                    shares[i].value, shares[i].one ? "" : ", less than 1");
    VXG_FAIL_IF(o->first < 0 || o->first > MOST_ITERATIONS, VXG_ERR_ARGUMENT, "%s: first is %d",
                name, o->first);
    VXG_FAIL_IF(o->history < 0 || o->history > VXG_SOLVE_PAIRS, VXG_ERR_ARGUMENT,
                "%s: history is %d; expected 0 to %d", name, o->history, VXG_SOLVE_PAIRS);
    VXG_FAIL_IF(o->loss < VXG_LOSS_GAUSSIAN || o->loss > VXG_LOSS_POISSON, VXG_ERR_ARGUMENT,
                "%s: loss is %d", name, (int)o->loss);
    VXG_FAIL_IF(o->loss == VXG_LOSS_POISSON && o->tolerance > 0, VXG_ERR_ARGUMENT,
                "%s: tolerance is of the size of the data, which the loss poisson does not weigh; "
                "noise and change are looked at",
                name);
    return VXG_OK;
}

/* The options with the method's defaults. */
static int resolve(const vxg__method *m, const vxg_solve_opts *given, vxg_solve_opts *o) {
    *o = *given;
    const char *const name = m->row.name;
    const struct {
        const char *name;
        int given;
    } own[] = {{"relaxation", o->relaxation != 0},
               {"levels", o->levels.count != 0},
               {"fixed", o->fixed != 0},
               {"kept", o->kept != 0},
               {"first", o->first != 0},
               {"segmented", o->segmented != 0},
               {"loss", o->loss != VXG_LOSS_GAUSSIAN},
               {"history", o->history != 0},
               {"step", o->step != 0},
               {"beta1", o->beta1 != 0},
               {"beta2", o->beta2 != 0},
               {"eps", o->eps != 0},
               {"bounds", o->bounds != VXG_BOUNDS_NONE},
               {"damping", o->damping != 0},
               {"subsets", o->subsets != 0},
               {"order", o->order != VXG_ORDER_SEQUENTIAL},
               {"seed", o->seed != 0},
               {"list", o->list.count != 0},
               {"inner", o->inner != 0},
               {"alpha", o->alpha != 0},
               {"smooth", o->smooth != 0},
               {"epsilon", o->epsilon != 0},
               {"delta", o->delta != 0},
               {"r-max", o->r_max != 0},
               {"alpha-red", o->alpha_red != 0},
               {"beta-red", o->beta_red != 0},
               {"plain", o->plain != 0},
               {"weight", o->weight != 0},
               {"penalty", o->penalty != VXG_PENALTY_TV},
               {"bend", o->bend != 0},
               {"spacing", o->spacing[0] != 0 || o->spacing[1] != 0 || o->spacing[2] != 0}};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        VXG_FAIL_IF(own[i].given && !takes(m, own[i].name), VXG_ERR_ARGUMENT,
                    "%s: takes no %s; it takes: %s", name, own[i].name, m->row.uses);
    VXG_FAIL_IF(o->reserved0 || o->reserved1, VXG_ERR_ARGUMENT,
                "%s: reserved0 of the options is not 0", name);
    VXG_FAIL_IF(o->iterations < 0 || o->iterations > MOST_ITERATIONS, VXG_ERR_ARGUMENT,
                "%s: iterations is %d; expected 0 to %d", name, o->iterations, MOST_ITERATIONS);
    VXG_FAIL_IF(o->inner < 0, VXG_ERR_ARGUMENT, "%s: inner is %d", name, o->inner);
    VXG_FAIL_IF(o->bounds != VXG_BOUNDS_BOX && (o->lower != 0 || o->upper != 0), VXG_ERR_ARGUMENT,
                "%s: lower and upper are a box's; bounds is none", name);
    VXG_FAIL_IF(o->bounds < VXG_BOUNDS_NONE || o->bounds > VXG_BOUNDS_BOX, VXG_ERR_ARGUMENT,
                "%s: bounds is %d", name, (int)o->bounds);
    VXG_FAIL_IF(o->subsets < 0, VXG_ERR_ARGUMENT, "%s: subsets is %d", name, o->subsets);
    VXG_FAIL_IF(o->order < VXG_ORDER_SEQUENTIAL || o->order > VXG_ORDER_GIVEN, VXG_ERR_ARGUMENT,
                "%s: order is %d", name, (int)o->order);
    VXG_FAIL_IF(o->bounds == VXG_BOUNDS_BOX && !(o->lower < o->upper), VXG_ERR_ARGUMENT,
                "%s: a box from %g to %g", name, o->lower, o->upper);
    VXG_FAIL_IF(o->bounds == VXG_BOUNDS_BOX && m->row.positive && o->lower < 0, VXG_ERR_ARGUMENT,
                "%s: lower is %g; values are never below 0", name, o->lower);
    const struct {
        const char *name;
        double value;
    } sizes[] = {{"relaxation", o->relaxation},
                 {"damping", o->damping},
                 {"tolerance", o->tolerance},
                 {"noise", o->noise},
                 {"change", o->change},
                 {"weight", o->weight},
                 {"bend", o->bend},
                 {"alpha", o->alpha},
                 {"smooth", o->smooth},
                 {"epsilon", o->epsilon},
                 {"delta", o->delta},
                 {"r-max", o->r_max},
                 {"alpha-red", o->alpha_red},
                 {"beta-red", o->beta_red},
                 {"levels-factor", o->levels_factor},
                 {"step", o->step},
                 {"eps", o->eps}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        VXG_FAIL_IF(!(sizes[i].value >= 0) || !isfinite(sizes[i].value), VXG_ERR_ARGUMENT,
                    "%s: %s is %g; expected 0 or more", name, sizes[i].name, sizes[i].value);
    VXG_TRY(check_shares(o, name));
    VXG_TRY(check_levels(m, o));
    if (!o->iterations) o->iterations = m->row.iterations;
    if (o->relaxation == 0) o->relaxation = m->row.relaxation;
    return VXG_OK;
}

int vxg__solve_check(const char *method, const vxg_solve_opts *opts) {
    const vxg__method *m = method_of(method);
    vxg_solve_opts resolved;
    return m ? resolve(m, opts, &resolved) : no_method(method);
}

/* A box of float32 numbers, or of infinite ones; levels that are not one in float32. */
static int check_box(const vxg_solve_opts *o, const char *name) {
    const double sides[2] = {o->lower, o->upper};
    const double factor = o->levels_factor > 0 ? o->levels_factor : 1;
    for (int64_t i = 1; i < o->levels.count; i++) {
        const double low = o->levels.value[i - 1] * factor, high = o->levels.value[i] * factor;
        VXG_FAIL_IF(fmax(fabs(low), fabs(high)) > (double)FLT_MAX || (float)low >= (float)high,
                    VXG_ERR_ARGUMENT, "%s: levels %g and %g are one, or none, in float32", name,
                    low, high);
    }
    for (int i = 0; i < 2; i++)
        VXG_FAIL_IF(isfinite(sides[i]) && fabs(sides[i]) > (double)FLT_MAX, VXG_ERR_ARGUMENT,
                    "%s: %s is %g, beyond float32", name, i ? "upper" : "lower", sides[i]);
    return VXG_OK;
}

static int check_problem(const vxg__method *m, const vxg_solve_opts *o,
                         const vxg_solve_problem *p) {
    VXG_NEED_OP(p->op, m->row.name);
    VXG_FAIL_IF(p->reserved0, VXG_ERR_ARGUMENT, "%s: reserved0 of the problem is not 0",
                m->row.name);
    VXG_FAIL_IF(m == &vxg__solve_lsqr && p->start && o->damping > 0, VXG_ERR_UNSUPPORTED,
                "lsqr: damping with a start would be of the way from it; cgls takes both");
    VXG_FAIL_IF(m->any_loss && vxg_op_inputs(p->op) != 1, VXG_ERR_ARGUMENT,
                "%s: '%s' has %d inputs; vxg_op_bind gives values to the others", m->row.name,
                vxg_op_name(p->op), vxg_op_inputs(p->op));
    VXG_FAIL_IF(!m->any_loss && !vxg_op_is_linear(p->op), VXG_ERR_ARGUMENT,
                "%s: '%s' is not linear in one input; lbfgs and adam take what is not", m->row.name,
                vxg_op_name(p->op));
    const vxg_space *in = vxg_op_domain(p->op, 0), *out = vxg_op_range(p->op);
    VXG_FAIL_IF((in->dtype != VXG_F32 && in->dtype != VXG_F64) || in->dtype != out->dtype,
                VXG_ERR_UNSUPPORTED, "%s: '%s' is not float32 or float64 on both sides",
                m->row.name, vxg_op_name(p->op));
    if (in->dtype == VXG_F32) VXG_TRY(check_box(o, m->row.name));
    if (p->data) VXG_TRY(vxg__check_array(p->op, p->data, out, "data", 0));
    if (m->differences == 1 || m->levels || (m->differences && o->weight > 0))
        VXG_TRY(vxg__tv_check(p->op, o, m->row.name));
    if (p->start) VXG_TRY(vxg__check_array(p->op, p->start, in, "start", 0));
    if (p->weights) VXG_TRY(vxg__check_array(p->op, p->weights, out, "weights", 0));
    if (p->mask) VXG_TRY(vxg__check_array(p->op, p->mask, in, "mask", 0));
    return VXG_OK;
}

/* ---- Numbers that would spoil everything in silence ---- */
/* Squares of data this large or small are no numbers any more, or none that count. */
int vxg__solve_range(const char *method, vxg_real real, double most) {
    const double low = real == VXG_REAL_F64 ? 1e-140 : 1e-12,
                 high = real == VXG_REAL_F64 ? 1e145 : 1e15;
    VXG_FAIL_IF(most != 0 && !(most >= low && most <= high), VXG_ERR_INPUT,
                "%s: data is %g at most; expected %g to %g, whose squares are %s: scale it", method,
                most, low, high, real == VXG_REAL_F64 ? "float64" : "float32");
    return VXG_OK;
}

static int check_numbers(vxg_solver *s) {
    const struct {
        const char *name;
        const vxg_array *a;
        int positive;
    } all[] = {{"data", &s->b, s->method->row.positive || s->opts.loss == VXG_LOSS_POISSON},
               {"start", &s->x, s->method->row.positive},
               {"weights", &s->weights, 1},
               {"mask", &s->mask, 0}};
    const char *const name = s->method->row.name;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        double most, least;
        if (!vxg__has(all[i].a)) continue;
        VXG_TRY(vxg__solve_extreme(s, VXG_REDUCE_MAX_ABS, all[i].a, &most));
        VXG_FAIL_IF(!isfinite(most), VXG_ERR_INPUT, "%s: %s holds a number that is not finite%s",
                    name, all[i].name, i == 0 ? "; put a number there, with weight 0" : "");
        if (i == 0 && !s->part_of_data) VXG_TRY(vxg__solve_range(name, s->real, most));
        if (!all[i].positive) continue;
        VXG_TRY(vxg__solve_extreme(s, VXG_REDUCE_MIN, all[i].a, &least));
        VXG_FAIL_IF(least < 0, VXG_ERR_INPUT, "%s: %s holds %g; expected none below 0", name,
                    all[i].name, least);
        VXG_FAIL_IF(all[i].a == &s->weights && most == 0, VXG_ERR_INPUT,
                    "%s: all weights are 0: there is nothing to fit", name);
    }
    return VXG_OK;
}

/* ---- Making ---- */
static int64_t rows_of(const vxg_op *op) {
    const vxg_space *out = vxg_op_range(op);
    return out->ndim ? out->shape[0] : 1;
}

/* How many subsets; a number that is asked for fits or is refused. */
static int count_subsets(const vxg__method *m, const vxg_solve_opts *o, const vxg_op *op, int *n) {
    const int64_t rows = rows_of(op);
    *n = 1;
    if (m->subsets < 0 || vxg_space_count(vxg_op_range(op)) == 0) return VXG_OK;
    VXG_FAIL_IF(o->subsets > rows, VXG_ERR_ARGUMENT, "%s: %d subsets of %lld views", m->row.name,
                o->subsets, (long long)rows);
    int64_t own = m->subsets ? m->subsets : rows;
    if (own > rows) own = rows > 0 ? rows : 1;
    VXG_FAIL_IF(own > INT32_MAX, VXG_ERR_UNSUPPORTED, "%s: %lld views", m->row.name,
                (long long)own);
    *n = o->subsets ? o->subsets : (int)own;
    return VXG_OK;
}

/* The rays of the largest subset. */
static vxg_space part_space(const vxg_op *op, int subsets) {
    vxg_space part = *vxg_op_range(op);
    if (subsets > 1) part.shape[0] = (part.shape[0] + subsets - 1) / subsets;
    return part;
}

/* The most that a call with a subset takes: one of the first, which are the largest, or the last.
 */
static size_t workspace_of(const vxg_op *op, const vxg__subsets *sets) {
    vxg_call call = {.subset = sets->count > 1 ? &sets->subset[0] : NULL};
    size_t most = vxg_op_workspace(op, &call);
    if (sets->count > 1) {
        call.subset = &sets->subset[sets->count - 1];
        const size_t last = vxg_op_workspace(op, &call);
        if (last > most) most = last;
    }
    return most;
}

/* What make_vectors makes. */
static int64_t vector_bytes(const vxg_solver *s, const vxg_solve_problem *p) {
    const vxg_space *in = vxg_op_domain(s->op, 0), *out = vxg_op_range(s->op);
    const int sets = s->subsets.count;
    const vxg__solve_needs n = s->method->needs(&s->opts, p->weights != NULL, sets);
    const vxg_space part = part_space(s->op, sets);
    const int64_t x = (int64_t)vxg_space_bytes(in), y = (int64_t)vxg_space_bytes(out);
    int64_t bytes =
        x * (1 + n.domain + n.columns + 3 * n.slopes + 2 * n.pairs + (s->opts.change > 0)) +
        y * n.range + (int64_t)vxg_space_bytes(&part) * n.part;
    if (sets > 1 || (p->data && !vxg_array_is_contiguous(p->data))) bytes += y;
    if (p->weights && (sets > 1 || !vxg_array_is_contiguous(p->weights))) bytes += y;
    if (p->mask && !vxg_array_is_contiguous(p->mask)) bytes += x;
    return bytes;
}

/* Those, the history, scalars, what reductions take. */
static int64_t bytes_of(const vxg_solver *s, const vxg_solve_problem *p) {
    const vxg_space *in = vxg_op_domain(s->op, 0), *out = vxg_op_range(s->op);
    const vxg__solve_needs n = s->method->needs(&s->opts, p->weights != NULL, s->subsets.count);
    const int64_t a = vxg_space_count(in), b = vxg_space_count(out);
    const int64_t few = 4 * (int64_t)s->opts.iterations + 2 * (VXG_SOLVE_SCALARS + 3) +
                        4 * n.pairs + vxg_reduce_scratch(a > b ? a : b);
    return vector_bytes(s, p) + (int64_t)vxg_dtype_size(in->dtype) * few +
           (int64_t)workspace_of(s->op, &s->subsets);
}

static int vector(vxg_solver *s, const vxg_space *space, vxg_array *out) {
    return vxg_array_new(s->dev, space->dtype, space->ndim, space->shape, out);
}

/* The rows of `all` sorted by subset; the array itself where there is one. */
static int sorted(vxg_solver *s, const vxg_array *all, vxg_array *out) {
    const vxg__subsets *sets = &s->subsets;
    if (sets->count == 1) return vxg__array_contiguous(s->queue, all, out);
    VXG_TRY(vector(s, vxg_op_range(s->op), out));
    for (int k = 0; k < sets->count; k++) {
        const vxg_array rows = vxg__rows(out, sets->begin[k], sets->subset[k].count);
        VXG_TRY(vxg_subset_take(s->queue, &sets->subset[k], all, 0, &rows));
    }
    return VXG_OK;
}

static int make_vectors(vxg_solver *s, const vxg_solve_problem *p) {
    const vxg_space *in = vxg_op_domain(s->op, 0), *out = vxg_op_range(s->op);
    const vxg__solve_needs n = s->method->needs(&s->opts, p->weights != NULL, s->subsets.count);
    const vxg_space part = part_space(s->op, s->subsets.count);
    assert(n.domain <= VXG_SOLVE_VECTORS && n.range <= VXG_SOLVE_VECTORS);
    VXG_TRY(vector(s, in, &s->x));
    for (int i = 0; i < n.domain; i++) VXG_TRY(vector(s, in, &s->domain[i]));
    for (int i = 0; i < n.range; i++) VXG_TRY(vector(s, out, &s->range[i]));
    for (int i = 0; i < n.part; i++) VXG_TRY(vector(s, &part, &s->part[i]));
    for (int i = 0; i < n.slopes; i++) {
        const int64_t three = 3 * vxg_space_count(in);
        VXG_TRY(vxg_array_new(s->dev, in->dtype, 1, &three, &s->slopes[i]));
    }
    if (n.columns) {
        s->columns = vxg__calloc((size_t)n.columns, sizeof *s->columns);
        if (!s->columns) return VXG_ERR_MEMORY;
        for (int i = 0; i < n.columns; i++) VXG_TRY(vector(s, in, &s->columns[i]));
    }
    for (int i = 0; i < 2 * n.pairs; i++) VXG_TRY(vector(s, in, &s->pair[i]));
    if (n.pairs) VXG_TRY(vxg_scalar_new(s->dev, s->real, 2 * n.pairs, &s->pair_scalars));
    if (s->opts.change > 0) VXG_TRY(vector(s, in, &s->before));
    if (p->data) VXG_TRY(sorted(s, p->data, &s->b));
    if (p->weights) VXG_TRY(sorted(s, p->weights, &s->weights));
    return p->mask ? vxg__array_contiguous(s->queue, p->mask, &s->mask) : VXG_OK;
}

static int make_scalars(vxg_solver *s) {
    const vxg_space *in = vxg_op_domain(s->op, 0), *out = vxg_op_range(s->op);
    const int64_t a = vxg_space_count(in), b = vxg_space_count(out);
    const size_t workspace = workspace_of(s->op, &s->subsets);
    VXG_TRY(vxg_array_new(s->dev, in->dtype, 1, (int64_t[]){vxg_reduce_scratch(a > b ? a : b)},
                          &s->scratch));
    VXG_TRY(vxg_scalar_new(s->dev, s->real, VXG_SOLVE_SCALARS, &s->scalars));
    for (int i = 0; i < VXG_SOLVE_SCALARS; i++)
        VXG_TRY(vxg_array_index(&s->scalars, i, &s->scalar[i]));
    VXG_TRY(vxg_scalar_new(s->dev, s->real, 1, &s->residual));
    VXG_TRY(vxg_scalar_new(s->dev, s->real, 1, &s->penalty));
    VXG_TRY(vxg_scalar_new(s->dev, s->real, 1, &s->told));
    VXG_TRY(
        vxg_array_new(s->dev, in->dtype, 3, (int64_t[]){s->opts.iterations, 2, 2}, &s->history));
    if (!workspace) return VXG_OK;
    return vxg_buffer_new_with(s->dev, workspace, VXG_BUFFER_UNINITIALISED, &s->call.workspace);
}

static int make(vxg_solver *s, const vxg_solve_problem *p) {
    if (p->queue) {
        s->queue = p->queue;
        VXG_TRY(vxg__op_queue(s->op, &s->queue));
    } else {
        VXG_TRY(vxg_queue_new(s->dev, &s->queue));
        s->own_queue = 1;
    }
    s->call.queue = s->queue, s->call.progress = s->opts.progress;
    const int status = make_vectors(s, p);
    vxg__spill_use(NULL); /* vectors alone may lie in a file */
    VXG_TRY(status);
    VXG_TRY(make_scalars(s));
    s->has_start = p->start != NULL;
    if (p->start) {
        VXG_TRY(vxg_array_copy(s->queue, p->start, &s->x));
    } else if (s->method->row.positive) {
        VXG_TRY(vxg_array_fill(s->queue, &s->x, 1));
    }
    VXG_TRY(check_numbers(s));
    VXG_TRY(vxg__solve_masked(s, &s->x));
    vxg__solve_subset(s, 0);
    return s->method->prepare(s);
}

/* What both entries begin with; op is not retained yet. */
static int begin(const char *method, const vxg_solve_problem *problem, const vxg_solve_opts *opts,
                 vxg_solver *s) {
    *s = (vxg_solver){.method = method_of(method), .data_norm = NAN, .changed = NAN};
    if (!s->method) return no_method(method);
    VXG_FAIL_IF(!problem, VXG_ERR_ARGUMENT, "%s: problem is NULL", method);
    VXG_READ_OPTS(vxg_solve_opts, opts);
    VXG_TRY(vxg__progress_check(opts->progress));
    VXG_TRY(resolve(s->method, opts, &s->opts));
    VXG_TRY(check_problem(s->method, &s->opts, problem));
    s->op = (vxg_op *)problem->op, s->dev = vxg_op_device(problem->op);
    s->real = vxg__arithmetic(vxg_op_range(problem->op)->dtype);
    int n;
    VXG_TRY(count_subsets(s->method, &s->opts, problem->op, &n));
    return vxg__subsets_make(&s->opts, method, rows_of(problem->op), n, &s->subsets);
}

/* Without data the operator must be the loss, and nothing may be said of data. */
static int check_own_loss(const vxg_solver *s, const vxg_solve_problem *p) {
    const vxg_solve_opts *o = &s->opts;
    const char *const name = s->method->row.name;
    VXG_FAIL_IF(!s->method->any_loss, VXG_ERR_ARGUMENT, "%s: data is NULL", name);
    VXG_FAIL_IF(vxg_space_count(vxg_op_range(s->op)) != 1, VXG_ERR_ARGUMENT,
                "%s: data is NULL, and '%s' is no loss, which is one number", name,
                vxg_op_name(s->op));
    VXG_FAIL_IF(p->weights, VXG_ERR_ARGUMENT, "%s: weights are of data, which is NULL", name);
    VXG_FAIL_IF(o->loss != VXG_LOSS_GAUSSIAN, VXG_ERR_ARGUMENT,
                "%s: loss is of data, which is NULL: the operator is the loss", name);
    VXG_FAIL_IF(o->tolerance > 0 || o->noise > 0, VXG_ERR_ARGUMENT,
                "%s: %s is of data, which is NULL; change is looked at", name,
                o->tolerance > 0 ? "tolerance" : "noise");
    return VXG_OK;
}

static int new_solver(const char *method, const vxg_solve_problem *problem,
                      const vxg_solve_opts *opts, int part_of_data, vxg_solver **out) {
    vxg_solver plan;
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "solver: out is NULL");
    *out = NULL;
    VXG_READ(vxg_solve_problem, problem);
    int status = begin(method, problem, opts, &plan);
    if (!status && !problem->data) status = check_own_loss(&plan, problem);
    vxg_solver *s = status ? NULL : vxg__calloc(1, sizeof *s);
    if (!s) {
        vxg__subsets_free(&plan.subsets);
        return status ? status : VXG_ERR_MEMORY;
    }
    *s = plan;
    s->part_of_data = part_of_data;
    s->op = vxg_op_retain(problem->op);
    status = make(s, problem);
    if (status) {
        vxg_solver_release(s);
        return status;
    }
    *out = s;
    return VXG_OK;
}

int vxg_solver_new(const char *method, const vxg_solve_problem *problem, const vxg_solve_opts *opts,
                   vxg_solver **out) {
    return new_solver(method, problem, opts, 0, out);
}
int vxg__solver_new_part(const char *method, const vxg_solve_problem *problem,
                         const vxg_solve_opts *opts, vxg_solver **out) {
    return new_solver(method, problem, opts, 1, out);
}

int vxg__solver_memory(const char *method, const vxg_solve_problem *problem,
                       const vxg_solve_opts *opts, int64_t *bytes, int64_t *vectors) {
    vxg_solver plan;
    VXG_READ(vxg_solve_problem, problem);
    const int status = begin(method, problem, opts, &plan);
    if (!status) *bytes = bytes_of(&plan, problem), *vectors = vector_bytes(&plan, problem);
    vxg__subsets_free(&plan.subsets);
    return status;
}
int vxg_solver_memory(const char *method, const vxg_solve_problem *problem,
                      const vxg_solve_opts *opts, int64_t *bytes) {
    int64_t vectors;
    VXG_FAIL_IF(!bytes, VXG_ERR_ARGUMENT, "solver: bytes is NULL");
    return vxg__solver_memory(method, problem, opts, bytes, &vectors);
}

void vxg_solver_release(vxg_solver *s) {
    if (!s) return;
    vxg_array *const single[] = {&s->x,         &s->b,         &s->weights, &s->mask,   &s->scalars,
                                 &s->scratch,   &s->residual,  &s->history, &s->before, &s->penalty,
                                 &s->slopes[0], &s->slopes[1], &s->told};
    for (size_t i = 0; i < sizeof single / sizeof *single; i++) vxg_array_release(single[i]);
    for (int i = 0; i < VXG_SOLVE_VECTORS; i++)
        vxg_array_release(&s->range[i]), vxg_array_release(&s->part[i]),
            vxg_array_release(&s->domain[i]);
    for (int i = 0; s->columns && i < s->subsets.count; i++) vxg_array_release(&s->columns[i]);
    vxg__free(s->columns);
    vxg__subsets_free(&s->subsets);
    for (int i = 0; i < 2 * VXG_SOLVE_PAIRS; i++) vxg_array_release(&s->pair[i]);
    vxg_array_release(&s->pair_scalars);
    for (int i = 0; i < VXG_SOLVE_SCALARS; i++) vxg_array_release(&s->scalar[i]);
    vxg_buffer_release(s->call.workspace);
    if (s->own_queue) vxg_queue_free(s->queue);
    vxg_op_release(s->op);
    vxg__free(s);
}

const vxg_array *vxg_solver_x(const vxg_solver *solver) {
    return solver ? &solver->x : NULL;
}
