/* Iterative methods in the scan-to-volume pipelines: which one, how it goes, one solve. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ct/pipeline/pipeline.h"
#include "solve/solve.h"

static int no_algorithm(const char *name) {
    char list[256] = "auto, fbp, fourier";
    for (int i = 0; i < vxg_solve_row_count(); i++) {
        const size_t n = strlen(list);
        snprintf(list + n, sizeof list - n, ", %s", vxg_solve_row_at(i)->name);
    }
    VXG_FAIL(VXG_ERR_ARGUMENT, "algorithm: there is no '%.64s'; there are %s", name, list);
}

static int has_rule(const vxg_solve_opts *o) {
    return o->tolerance > 0 || o->noise > 0 || o->change > 0 || o->callback;
}

/* 1: an analytic reconstruction. */
static int is_analytic(const char *name, vxg__analytic *out) {
    *out = VXG__AUTO;
    if (!name || !*name || !strcmp(name, "auto")) return 1;
    *out = !strcmp(name, "fourier") ? VXG__FOURIER : VXG__FBP;
    return *out == VXG__FOURIER || !strcmp(name, "fbp");
}

int vxg__iterate_begin(const vxg_ct_recon_opts *opts, vxg__iterate *it) {
    const char *name = opts->algorithm;
    *it = (vxg__iterate){.outer = opts->progress};
    if (is_analytic(name, &it->analytic)) {
        VXG_FAIL_IF(opts->solve, VXG_ERR_ARGUMENT,
                    "reconstruct: solve has options of iterative methods, the algorithm is %s",
                    it->analytic == VXG__FOURIER ? "fourier" : "fbp");
        return VXG_OK;
    }
    it->row = vxg_solve_row_find(name);
    if (!it->row) return no_algorithm(name);
    VXG_FAIL_IF(
        opts->window || opts->cutoff != 0, VXG_ERR_ARGUMENT,
        "reconstruct: window and cutoff are of filtered backprojection, the algorithm is %s", name);
    if (opts->solve) VXG_TRY(VXG_IN(vxg_solve_opts, &it->opts, opts->solve));
    it->opts.size = sizeof it->opts, it->opts.progress = NULL;
    /* now, so that numbers are told as they were given */
    VXG_TRY(vxg__solve_check(name, &it->opts));
    it->slabs = it->row->slicewise && !has_rule(&it->opts);
    it->trace = opts->trace, it->trace_context = opts->trace_context;
    return VXG_OK;
}

/* The iterations of a slab are its part of what is reported. */
static void tell(void *context, const char *what, double done, double total) {
    const vxg__iterate *it = context;
    if (strcmp(what, it->row->name) != 0) return; /* of an operator inside */
    vxg__report(it->outer, it->unit, it->begun + it->part * done / total, it->whole);
}
static int ask(void *context) {
    const vxg__iterate *it = context;
    return it->outer->poll(it->outer->context);
}

void vxg__iterate_progress(vxg__iterate *it, const char *unit, double begun, double part,
                           double whole) {
    it->unit = unit, it->begun = begun, it->part = part, it->whole = whole;
    it->progress = (vxg_progress){.size = sizeof it->progress, .report = tell, .context = it};
    if (it->outer) it->progress.cancel = it->outer->cancel;
    if (it->outer && it->outer->poll) it->progress.poll = ask;
    it->opts.progress = it->outer ? &it->progress : NULL;
}

static int64_t larger(int64_t a, int64_t b) {
    return a > b ? a : b;
}
int vxg__iterate_bytes(const vxg__iterate *it, const vxg_op *op, vxg__iterate_need *need) {
    const vxg_solve_problem p = {.op = op};
    int64_t all;
    *need = (vxg__iterate_need){0};
    VXG_TRY(vxg__solver_memory(it->row->name, &p, &it->opts, &all, &need->vectors));
    /* the solver is gone when `measure` works */
    const vxg_call call = {.size = sizeof call, .accumulate = 1};
    const int64_t x = (int64_t)vxg_space_bytes(vxg_op_domain(op, 0));
    const int64_t work = (int64_t)vxg_op_workspace(op, &call);
    /* the course of all slabs, and that of one while it is read */
    const int64_t course = it->trace ? 6 * (int64_t)sizeof(double) * vxg__iterate_count(it) : 0;
    need->all = larger(all, x + work) + course;
    need->rest = larger(all - need->vectors, work) + course;
    return VXG_OK;
}

int vxg__iterate_count(const vxg__iterate *it) {
    if (!it->row) return 0;
    return it->opts.iterations ? it->opts.iterations : it->row->iterations;
}

/* Noise in bright fields makes line integrals below 0; what counts photons cannot take them. */
void vxg__iterate_data(vxg__iterate *it, float *data, int64_t n) {
    const int positive = it->row->positive || it->opts.loss == VXG_LOSS_POISSON;
    for (int64_t i = 0; i < n; i++) {
        if (positive && data[i] < 0) data[i] = 0, it->negative++;
        it->most = fmax(it->most, fabs((double)data[i]));
    }
}

/* Sums of squares row by row, so that they do not depend on how many rows are at hand. */
static double add_squares(double sum, const float *data, const int64_t *shape) {
    for (int64_t r = 0; r < shape[1]; r++) {
        double row = 0;
        for (int64_t v = 0; v < shape[0]; v++) {
            const float *const line = data + (v * shape[1] + r) * shape[2];
            for (int64_t c = 0; c < shape[2]; c++) row += (double)line[c] * line[c];
        }
        sum += row;
    }
    return sum;
}

/* Data become op x - data: how far off the result is. */
static int measure(vxg__iterate *it, const vxg_op *op, const vxg__staging *proj,
                   const vxg_array *x) {
    const int64_t *shape = vxg_op_range(op)->shape;
    const vxg_array y = vxg__staging_array(proj, shape);
    const vxg_call call = {.size = sizeof call, .accumulate = 1, .progress = it->opts.progress};
    it->data2 = add_squares(it->data2, proj->host, shape);
    VXG_TRY(vxg_array_axpby(NULL, -1, &y, 0, &y));
    VXG_TRY(vxg_op_apply(op, &call, x, &y));
    if (proj->owned) VXG_TRY(vxg_array_read(NULL, &y, proj->host));
    it->residual2 = add_squares(it->residual2, proj->host, shape);
    VXG_FAIL_IF(!isfinite(it->residual2), VXG_ERR_NUMERICAL,
                "%s: projections of the result are not finite after iteration %d: steps are too "
                "long for this operator (relaxation), or numbers too large for float32",
                it->row->name, it->iterations);
    return VXG_OK;
}

/* Adds how a slab went: squares of residuals add up, and so do penalties. */
static int add_course(vxg__iterate *it, vxg_solver *s) {
    const int room = vxg__iterate_count(it);
    int n;
    if (!it->trace || room < 1) return VXG_OK;
    if (!it->course) {
        it->course = vxg__calloc((size_t)room, 2 * sizeof *it->course);
        it->course_room = room;
    }
    double *both = vxg__calloc((size_t)room, 2 * sizeof *both);
    int status = it->course && both ? VXG_OK : VXG_ERR_MEMORY;
    if (!status) status = vxg_solver_history(s, both, both + room, room, &n);
    for (int i = 0; !status && i < n; i++) {
        it->course[i] += both[i] * both[i];
        it->course[room + i] += both[room + i];
    }
    if (!status && n > it->course_count) it->course_count = n;
    vxg__free(both);
    return status;
}

void vxg__iterate_end(vxg__iterate *it, int status) {
    for (int i = 0; !status && it->trace && i < it->course_count; i++)
        it->trace(it->trace_context, i + 1, sqrt(it->course[i]), it->course[it->course_room + i]);
    vxg__free(it->course);
    it->course = NULL;
}

static int solve(vxg__iterate *it, const vxg_op *op, const vxg_array *data, vxg_array *x) {
    const vxg_solve_problem p = {.op = op, .data = data};
    vxg_solver *s;
    vxg__spill_use(it->spill);
    const int made =
        (it->slabs ? vxg__solver_new_part : vxg_solver_new)(it->row->name, &p, &it->opts, &s);
    vxg__spill_use(NULL);
    VXG_TRY(made);
    s->after = it->keep, s->after_context = it->keep_context;
    int status = it->keep ? it->keep(it->keep_context, s) : VXG_OK;
    if (!status) status = vxg_solver_run(s, NULL);
    if (!status) status = add_course(it, s);
    if (!status) {
        it->iterations = s->iteration;
        *x = *vxg_solver_x(s);
        vxg_buffer_retain(x->buffer);
    }
    vxg_solver_release(s);
    return status;
}

int vxg__iterate_run(vxg__iterate *it, const vxg_op *op, const vxg__staging *proj, vxg_array *x) {
    const vxg_array y = vxg__staging_array(proj, vxg_op_range(op)->shape);
    *x = (vxg_array){0};
    if (proj->owned) VXG_TRY(vxg_array_write(NULL, &y, proj->host));
    VXG_TRY(solve(it, op, &y, x));
    const int status = measure(it, op, proj, x);
    if (status) vxg_array_release(x);
    return status;
}

/* After all data were seen: slabs alone cannot judge it. */
int vxg__iterate_judge(const vxg__iterate *it) {
    return it->row ? vxg__solve_range(it->row->name, VXG_REAL_F32, it->most) : VXG_OK;
}

void vxg__iterate_stats(const vxg__iterate *it, vxg_ct_recon_stats *s) {
    s->negative = it->negative, s->iterations = it->iterations;
    s->residual = sqrt(it->residual2), s->data = sqrt(it->data2);
    s->algorithm = it->row ? it->row->name : "fbp", s->largest = it->most;
}
