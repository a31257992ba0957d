/* Iterative methods in the scan-to-volume pipelines: which one, how it goes, one solve. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ct/pipeline/pipeline.h"

static int no_algorithm(const char *name) {
    char list[256] = "fbp";
    for (int i = 0; i < vxg_solve_row_count(); i++) {
        const size_t n = strlen(list);
        snprintf(list + n, sizeof list - n, ", %s", vxg_solve_row_at(i)->name);
    }
    VXG_FAIL(VXG_ERR_ARGUMENT, "algorithm: there is no '%.64s'; there are %s", name, list);
}

static int has_rule(const vxg_solve_opts *o) {
    return o->tolerance > 0 || o->noise > 0 || o->change > 0 || o->callback;
}

int vxg__iterate_begin(const vxg_ct_recon_opts *opts, vxg__iterate *it) {
    const char *name = opts->algorithm;
    *it = (vxg__iterate){.outer = opts->progress};
    if (!name || !*name || !strcmp(name, "fbp")) {
        VXG_FAIL_IF(opts->solve, VXG_ERR_ARGUMENT,
                    "reconstruct: solve has options of iterative methods, the algorithm is fbp");
        return VXG_OK;
    }
    it->row = vxg_solve_row_find(name);
    if (!it->row) return no_algorithm(name);
    if (opts->solve) VXG_TRY(VXG_IN(vxg_solve_opts, &it->opts, opts->solve));
    it->opts.size = sizeof it->opts;
    it->slabs = it->row->slicewise && !has_rule(&it->opts);
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

int vxg__iterate_bytes(const vxg__iterate *it, const vxg_op *op, int64_t *bytes) {
    const vxg_solve_problem p = {.op = op};
    return vxg_solver_memory(it->row->name, &p, &it->opts, bytes);
}

/* Noise in bright fields makes line integrals below 0; what counts photons cannot take them. */
void vxg__iterate_data(vxg__iterate *it, float *data, int64_t n) {
    for (int64_t i = 0; it->row->positive && i < n; i++)
        if (data[i] < 0) data[i] = 0, it->negative++;
}

int vxg__iterate_run(vxg__iterate *it, const vxg_op *op, const vxg_array *data, vxg_solver **out) {
    const vxg_solve_problem p = {.op = op, .data = data};
    vxg_solve_report r = {.size = sizeof r};
    VXG_TRY(vxg_solver_new(it->row->name, &p, &it->opts, out));
    int status = vxg_solver_run(*out, NULL);
    if (!status) status = vxg_solver_report(*out, &r);
    if (status) {
        vxg_solver_release(*out);
        *out = NULL;
        return status;
    }
    it->iterations = r.iteration;
    it->residual2 += r.residual * r.residual, it->data2 += r.data * r.data;
    return VXG_OK;
}

void vxg__iterate_stats(const vxg__iterate *it, vxg_ct_recon_stats *s) {
    s->negative = it->negative, s->iterations = it->iterations;
    s->residual = sqrt(it->residual2), s->data = sqrt(it->data2);
}
