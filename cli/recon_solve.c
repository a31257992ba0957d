/* voxgrad recon --algorithm: options of iterative methods, and what is said of them. */
#include "cli.h"

#include <string.h>

int cli_is_iterative(const cli_recon *o) {
    const char *name = o->recon.algorithm;
    return name && *name && strcmp(name, "auto") != 0 && strcmp(name, "fbp") != 0 &&
           strcmp(name, "fourier") != 0;
}

/* Whether `word` is one of the words of a list with spaces between them. */
static int in_list(const char *list, const char *word) {
    const size_t n = strlen(word);
    for (const char *at = list; (at = strstr(at, word)); at += n)
        if ((at == list || at[-1] == ' ') && (at[n] == ' ' || !at[n])) return 1;
    return 0;
}

static int is_of_solvers(const cli_row *row) {
    return row->table && !strcmp(row->table, "vxg_solve_opts");
}

int cli_solve_takes(const cli_recon *o, const cli_row *row) {
    static const char *const analytic[] = {"window", "cutoff"};
    const vxg_solve_row *method =
        cli_is_iterative(o) ? vxg_solve_row_find(o->recon.algorithm) : NULL;
    if (is_of_solvers(row))
        return method && (in_list(method->uses, row->field) ||
                          in_list("iterations tolerance noise change", row->field));
    for (int i = 0; method && row->field && i < 2; i++)
        if (!strcmp(row->field, analytic[i])) return 0;
    return 1;
}

/* Flags that the method does not take, or that say nothing without another. */
static int heeded(const cli_run *r, const cli_recon *o, const vxg_solve_row *method) {
    const vxg_solve_opts *s = &o->solve;
    for (int i = 0; i < r->verb->count; i++) {
        const cli_row *row = &r->verb->rows[i];
        if (is_of_solvers(row) && cli_row_given(r, i) && !in_list(method->uses, row->field) &&
            !in_list("iterations tolerance noise change", row->field))
            return vxg_error_set(VXG_ERR_ARGUMENT, "--%s does not go with --algorithm %s",
                                 row->own.name, method->name);
    }
    const struct {
        const char *flag, *needs;
        int there;
    } pairs[] = {
        {"lower", "--bounds box", s->bounds == VXG_BOUNDS_BOX},
        {"upper", "--bounds box", s->bounds == VXG_BOUNDS_BOX},
        {"seed", "--order random", s->order == VXG_ORDER_RANDOM || in_list(method->uses, "levels")},
        {"bend", "--penalty huber", s->penalty == VXG_PENALTY_HUBER},
        {"penalty", "--weight", cli_given(r, "weight")}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (cli_given(r, pairs[i].flag) && !pairs[i].there)
            return vxg_error_set(VXG_ERR_ARGUMENT, "--%s goes with %s", pairs[i].flag,
                                 pairs[i].needs);
    return VXG_OK;
}

/* What a method cannot do without. */
static int complete(const cli_run *r, const cli_recon *o, const vxg_solve_row *method) {
    const vxg_solve_opts *s = &o->solve;
    if (s->bounds == VXG_BOUNDS_BOX && !(cli_given(r, "lower") && cli_given(r, "upper")))
        return vxg_error_set(VXG_ERR_ARGUMENT, "--bounds box needs --lower and --upper");
    if (s->bounds == VXG_BOUNDS_BOX && !(s->lower < s->upper))
        return vxg_error_set(VXG_ERR_ARGUMENT, "--bounds box from %g to %g", s->lower, s->upper);
    if (s->bounds == VXG_BOUNDS_BOX && method->positive && s->lower < 0)
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "--lower %g does not go with --algorithm %s, whose values are never "
                             "below 0",
                             s->lower, method->name);
    if (s->order == VXG_ORDER_GIVEN)
        return vxg_error_set(VXG_ERR_ARGUMENT, "--order given: a list is given in C alone");
    if (in_list(method->uses, "weight") && !in_list(method->uses, "loss") && !(s->weight > 0))
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "--algorithm %s needs --weight: how much its penalty counts",
                             method->name);
    if (in_list(method->uses, "delta") && !(s->delta > 0))
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "--algorithm %s needs --delta: the difference from which on edges are "
                             "let be, about the volume's contrast",
                             method->name);
    if (in_list(method->uses, "step") && !(s->step > 0))
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "--algorithm %s needs --step: how far a value moves in an iteration, "
                             "about a hundredth of the volume's contrast",
                             method->name);
    if (in_list(method->uses, "levels") && s->levels.count < 2)
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "--algorithm %s needs --levels: the volume's values, such as 0,0.02",
                             method->name);
    return VXG_OK;
}

int cli_solve_check(const cli_run *r, const cli_recon *o) {
    static const char *const filtered[] = {"filter", "cutoff"};
    if (!cli_is_iterative(o)) {
        for (int i = 0; i < r->verb->count; i++)
            if (is_of_solvers(&r->verb->rows[i]) && cli_row_given(r, i))
                return vxg_error_set(VXG_ERR_ARGUMENT,
                                     "--%s goes with iterative methods; --algorithm is %s",
                                     r->verb->rows[i].own.name, o->recon.algorithm);
        if (!strcmp(o->recon.algorithm, "fourier") && (o->geometry || o->type == CLI_TYPE_TRY))
            return vxg_error_set(VXG_ERR_ARGUMENT, "%s does not go with --algorithm fourier",
                                 o->geometry ? "--geometry" : "--type try");
        return VXG_OK;
    }
    for (size_t i = 0; i < sizeof filtered / sizeof *filtered; i++)
        if (cli_given(r, filtered[i]))
            return vxg_error_set(VXG_ERR_ARGUMENT, "--%s does not go with --algorithm %s",
                                 filtered[i], o->recon.algorithm);
    if (o->type == CLI_TYPE_TRY)
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "--type try does not go with --algorithm %s: centres are told by "
                             "filtered backprojection",
                             o->recon.algorithm);
    if (o->type == CLI_TYPE_SLICE && o->geometry)
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "--type slice does not go with --algorithm %s and --geometry: rays "
                             "cross slices, so the volume is solved for as a whole",
                             o->recon.algorithm);
    const vxg_solve_row *method = vxg_solve_row_find(o->recon.algorithm);
    if (!method)
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "--algorithm: there is no '%.64s'; `voxgrad recon --help` lists them",
                             o->recon.algorithm);
    const int status = heeded(r, o, method);
    return status ? status : complete(r, o, method);
}

/* x per pixel is x per length unit times the pixel; what is minimised stays the same. What stands
 * for 0 is per pixel. */
int cli_solve_set(cli_job *job) {
    if (!cli_is_iterative(job->opt)) return VXG_OK;
    job->solve = job->opt->solve;
    job->solve.size = sizeof job->solve;
    job->recon.solve = &job->solve;
    return vxg_solve_opts_scale(&job->solve, job->pixel > 0 ? job->pixel : 1);
}

/* A result that is worse than none, said like what is odd about a scan. */
static int say_divergence(cli_job *job) {
    const char *const id = "residual-above-data";
    char name[80];
    cli_odd_add(&job->odd, id, 0,
                "%s: the residual is larger than the data: the steps are too long (--relaxation), "
                "or --bounds keep values from what was measured",
                job->recon.algorithm);
    cli_odd_say(job->run, job->scan->path, &job->odd);
    const cli_odd *odd = &job->odd;
    if (!odd->n || strcmp(odd->list[odd->n - 1].id, id) != 0) return VXG_OK; /* no place left */
    snprintf(name, sizeof name, "warning.%s", id);
    return cli_provenance_add(&job->prov, name, "%s", odd->list[odd->n - 1].text);
}

/* Which of the two it was, where nobody chose. */
static int said_analytic(cli_job *job, const vxg_ct_recon_stats *s) {
    const int chosen = strcmp(job->recon.algorithm, "fourier") != 0;
    if (chosen && !strcmp(s->algorithm, "fourier"))
        cli_say(job->run,
                "by Fourier reconstruction, which is faster at this size (--algorithm fbp "
                "for filtered backprojection)");
    return cli_provenance_add(&job->prov, "algorithm", "%s", s->algorithm);
}

int cli_solve_say(cli_job *job, const vxg_ct_recon_stats *s) {
    const char *const name = job->recon.algorithm;
    const double part = s->data > 0 ? s->residual / s->data : 0;
    if (!cli_is_iterative(job->opt)) return said_analytic(job, s);
    cli_say(job->run, "%s: %d iterations, residual %.3g %% of the data", name, s->iterations,
            100 * part);
    if (s->negative)
        cli_say(job->run,
                "%lld line integrals are below 0 (brighter than the flat field) and count as 0: "
                "%s takes none",
                (long long)s->negative, name);
    int status = part > 1 ? say_divergence(job) : VXG_OK;
    if (!status) status = cli_provenance_add(&job->prov, "iterations", "%d", s->iterations);
    if (!status) status = cli_provenance_add(&job->prov, "residual", "%.9g of the data", part);
    if (!status && s->negative)
        status =
            cli_provenance_add(&job->prov, "replaced.negative", "%lld", (long long)s->negative);
    return status;
}
