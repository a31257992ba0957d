/* Solvers: what is checked, made and let go. */
#include <math.h>
#include <string.h>

#include "array/launch.h"
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

/* The options with the method's defaults. */
static int resolve(const vxg__method *m, const vxg_solve_opts *given, vxg_solve_opts *o) {
    *o = *given;
    const char *const name = m->row.name;
    const struct {
        const char *name;
        int given;
    } own[] = {{"bounds", o->bounds != VXG_BOUNDS_NONE}, {"damping", o->damping != 0}};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        VXG_FAIL_IF(own[i].given && !takes(m, own[i].name), VXG_ERR_ARGUMENT,
                    "%s: takes no %s; it takes: %s", name, own[i].name, m->row.uses);
    VXG_FAIL_IF(o->iterations < 0, VXG_ERR_ARGUMENT, "%s: iterations is %d", name, o->iterations);
    VXG_FAIL_IF(o->bounds < VXG_BOUNDS_NONE || o->bounds > VXG_BOUNDS_BOX, VXG_ERR_ARGUMENT,
                "%s: bounds is %d", name, (int)o->bounds);
    VXG_FAIL_IF(o->bounds == VXG_BOUNDS_BOX && !(o->lower <= o->upper), VXG_ERR_ARGUMENT,
                "%s: a box from %g to %g", name, o->lower, o->upper);
    const struct {
        const char *name;
        double value;
    } sizes[] = {{"relaxation", o->relaxation},
                 {"damping", o->damping},
                 {"tolerance", o->tolerance},
                 {"noise", o->noise},
                 {"change", o->change}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        VXG_FAIL_IF(!(sizes[i].value >= 0) || !isfinite(sizes[i].value), VXG_ERR_ARGUMENT,
                    "%s: %s is %g; expected 0 or more", name, sizes[i].name, sizes[i].value);
    if (!o->iterations) o->iterations = m->row.iterations;
    if (o->relaxation == 0) o->relaxation = m->row.relaxation;
    return VXG_OK;
}

static int check_problem(const vxg__method *m, const vxg_solve_problem *p) {
    VXG_NEED_OP(p->op, m->row.name);
    VXG_FAIL_IF(!vxg_op_is_linear(p->op), VXG_ERR_ARGUMENT, "%s: '%s' is not linear in one input",
                m->row.name, vxg_op_name(p->op));
    const vxg_space *in = vxg_op_domain(p->op, 0), *out = vxg_op_range(p->op);
    VXG_FAIL_IF((in->dtype != VXG_F32 && in->dtype != VXG_F64) || in->dtype != out->dtype,
                VXG_ERR_UNSUPPORTED, "%s: '%s' is not float32 or float64 on both sides",
                m->row.name, vxg_op_name(p->op));
    VXG_FAIL_IF(!p->data, VXG_ERR_ARGUMENT, "%s: data is NULL", m->row.name);
    VXG_TRY(vxg__check_array(p->op, p->data, out, "data", 0));
    if (p->start) VXG_TRY(vxg__check_array(p->op, p->start, in, "start", 0));
    if (p->weights) VXG_TRY(vxg__check_array(p->op, p->weights, out, "weights", 0));
    if (p->mask) VXG_TRY(vxg__check_array(p->op, p->mask, in, "mask", 0));
    return VXG_OK;
}

/* ---- Numbers that would spoil everything in silence ---- */
static int extreme(vxg_solver *s, vxg_reduction kind, const vxg_array *a, double *out) {
    if (vxg_array_count(a) == 0) return *out = 0, VXG_OK;
    VXG_TRY(vxg_array_reduce(s->queue, kind, a, NULL, &s->scratch, &s->residual));
    return vxg_scalar_read(s->queue, &s->residual, out);
}

static int check_numbers(vxg_solver *s) {
    const struct {
        const char *name;
        const vxg_array *a;
        int positive;
    } all[] = {{"data", &s->b, s->method->multiplies},
               {"start", &s->x, s->method->multiplies},
               {"weights", &s->weights, 1},
               {"mask", &s->mask, 0}};
    const char *const name = s->method->row.name;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        double most, least;
        if (!vxg__has(all[i].a)) continue;
        VXG_TRY(extreme(s, VXG_REDUCE_MAX_ABS, all[i].a, &most));
        VXG_FAIL_IF(!isfinite(most), VXG_ERR_INPUT, "%s: %s holds a number that is not finite%s",
                    name, all[i].name, i == 0 ? "; put a number there, with weight 0" : "");
        if (!all[i].positive) continue;
        VXG_TRY(extreme(s, VXG_REDUCE_MIN, all[i].a, &least));
        VXG_FAIL_IF(least < 0, VXG_ERR_INPUT, "%s: %s holds %g; expected none below 0", name,
                    all[i].name, least);
        VXG_FAIL_IF(all[i].a == &s->weights && most == 0, VXG_ERR_INPUT,
                    "%s: all weights are 0: there is nothing to fit", name);
    }
    return VXG_OK;
}

/* ---- Making ---- */
static int64_t bytes_of(const vxg_solver *s, const vxg_solve_problem *p) {
    const vxg_space *in = vxg_op_domain(s->op, 0), *out = vxg_op_range(s->op);
    const vxg__solve_needs n = s->method->needs(p->weights != NULL);
    const int64_t x = (int64_t)vxg_space_bytes(in), y = (int64_t)vxg_space_bytes(out);
    int64_t bytes = x * (1 + n.domain + (s->opts.change > 0)) + y * n.range;
    if (!vxg_array_is_contiguous(p->data)) bytes += y;
    if (p->weights && !vxg_array_is_contiguous(p->weights)) bytes += y;
    if (p->mask && !vxg_array_is_contiguous(p->mask)) bytes += x;
    return bytes + (int64_t)vxg_op_workspace(s->op, NULL);
}

static int vector(vxg_solver *s, const vxg_space *space, vxg_array *out) {
    return vxg_array_new(s->dev, space->dtype, space->ndim, space->shape, out);
}

static int make_vectors(vxg_solver *s, const vxg_solve_problem *p) {
    const vxg_space *in = vxg_op_domain(s->op, 0), *out = vxg_op_range(s->op);
    const vxg__solve_needs n = s->method->needs(p->weights != NULL);
    const int64_t a = vxg_space_count(in), b = vxg_space_count(out);
    const size_t workspace = vxg_op_workspace(s->op, NULL);
    VXG_TRY(vector(s, in, &s->x));
    for (int i = 0; i < n.domain; i++) VXG_TRY(vector(s, in, &s->domain[i]));
    for (int i = 0; i < n.range; i++) VXG_TRY(vector(s, out, &s->range[i]));
    if (s->opts.change > 0) VXG_TRY(vector(s, in, &s->before));
    VXG_TRY(vxg_array_new(s->dev, in->dtype, 1, (int64_t[]){vxg_reduce_scratch(a > b ? a : b)},
                          &s->scratch));
    VXG_TRY(vxg_scalar_new(s->dev, s->real, VXG_SOLVE_SCALARS, &s->scalars));
    for (int i = 0; i < VXG_SOLVE_SCALARS; i++)
        VXG_TRY(vxg_array_index(&s->scalars, i, &s->scalar[i]));
    VXG_TRY(vxg_scalar_new(s->dev, s->real, 1, &s->residual));
    VXG_TRY(vxg_array_new(s->dev, in->dtype, 2, (int64_t[]){s->opts.iterations, 2}, &s->history));
    VXG_TRY(vxg__array_contiguous(s->queue, p->data, &s->b));
    if (p->weights) VXG_TRY(vxg__array_contiguous(s->queue, p->weights, &s->weights));
    if (p->mask) VXG_TRY(vxg__array_contiguous(s->queue, p->mask, &s->mask));
    return workspace ? vxg_buffer_new(s->dev, workspace, &s->call.workspace) : VXG_OK;
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
    VXG_TRY(make_vectors(s, p));
    if (p->start) {
        VXG_TRY(vxg_array_copy(s->queue, p->start, &s->x));
    } else if (s->method->multiplies) {
        VXG_TRY(vxg_array_fill(s->queue, &s->x, 1));
    }
    VXG_TRY(check_numbers(s));
    VXG_TRY(vxg__solve_masked(s, &s->x));
    return s->method->prepare(s);
}

/* What both entries begin with; op is not retained yet. */
static int begin(const char *method, const vxg_solve_problem *problem, const vxg_solve_opts *opts,
                 vxg_solver *s) {
    *s = (vxg_solver){.method = method_of(method), .data_norm = NAN};
    if (!s->method) return no_method(method);
    VXG_FAIL_IF(!problem, VXG_ERR_ARGUMENT, "%s: problem is NULL", method);
    VXG_READ(vxg_solve_problem, problem);
    VXG_READ_OPTS(vxg_solve_opts, opts);
    VXG_TRY(vxg__progress_check(opts->progress));
    VXG_TRY(resolve(s->method, opts, &s->opts));
    VXG_TRY(check_problem(s->method, problem));
    s->op = (vxg_op *)problem->op, s->dev = vxg_op_device(problem->op);
    s->real = vxg__arithmetic(vxg_op_range(problem->op)->dtype);
    return VXG_OK;
}

int vxg_solver_new(const char *method, const vxg_solve_problem *problem, const vxg_solve_opts *opts,
                   vxg_solver **out) {
    vxg_solver plan;
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "solver: out is NULL");
    *out = NULL;
    VXG_TRY(begin(method, problem, opts, &plan));
    VXG_READ(vxg_solve_problem, problem);
    vxg_solver *s = vxg__calloc(1, sizeof *s);
    if (!s) return VXG_ERR_MEMORY;
    *s = plan;
    s->op = vxg_op_retain(problem->op);
    const int status = make(s, problem);
    if (status) {
        vxg_solver_release(s);
        return status;
    }
    *out = s;
    return VXG_OK;
}

int vxg_solver_memory(const char *method, const vxg_solve_problem *problem,
                      const vxg_solve_opts *opts, int64_t *bytes) {
    vxg_solver plan;
    VXG_FAIL_IF(!bytes, VXG_ERR_ARGUMENT, "solver: bytes is NULL");
    VXG_TRY(begin(method, problem, opts, &plan));
    VXG_READ(vxg_solve_problem, problem);
    *bytes = bytes_of(&plan, problem);
    return VXG_OK;
}

void vxg_solver_release(vxg_solver *s) {
    if (!s) return;
    vxg_array *const single[] = {&s->x,       &s->b,        &s->weights, &s->mask,  &s->scalars,
                                 &s->scratch, &s->residual, &s->history, &s->before};
    for (size_t i = 0; i < sizeof single / sizeof *single; i++) vxg_array_release(single[i]);
    for (int i = 0; i < VXG_SOLVE_VECTORS; i++)
        vxg_array_release(&s->range[i]), vxg_array_release(&s->domain[i]);
    for (int i = 0; i < VXG_SOLVE_SCALARS; i++) vxg_array_release(&s->scalar[i]);
    vxg_buffer_release(s->call.workspace);
    if (s->own_queue) vxg_queue_free(s->queue);
    vxg_op_release(s->op);
    vxg__free(s);
}

const vxg_array *vxg_solver_x(const vxg_solver *solver) {
    return solver ? &solver->x : NULL;
}
