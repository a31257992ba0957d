/* voxgrad check: every property of every registered operator on every device, as one table. */
#include "cli.h"

#include <dlfcn.h>
#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct options {
    cli_shared shared;
    cli_compute compute;
    const char *plugin;
    int examples, thorough;
} options;

static const cli_row rows[] = {
    CLI_OWN("plugin", 0, VXG_OPT_FILE, offsetof(options, plugin), NULL, 0, 0, NULL, "LIB",
            "load a shared library that registers operators of yours: it exports int "
            "vxg_plugin_register(void)"),
    CLI_OWN("thorough", 0, VXG_OPT_FLAG, offsetof(options, thorough), NULL, 0, 0, NULL, NULL,
            "run every example in both sizes (minutes); otherwise every tiny one (up to 8^3 "
            "voxels) and a "
            "few small ones (up to 64^3)"),
    CLI_OWN("examples", 0, VXG_OPT_INT, offsetof(options, examples), "0", 0, 100000, NULL, NULL,
            "random examples per operator; 0: as many as the operator's row says"),
    CLI_COMPUTE_ROWS(options, "all"),
    CLI_SHARED_ROWS(options),
};

enum {
    ADJOINT,
    TRANSPOSE,
    JVP,
    VJP,
    ACCUMULATE,
    BATCH,
    REPEAT,
    NORMAL,
    SUBSET,
    BIND,
    PARITY,
    NCHECKS
};
typedef int (*check_fn)(const vxg_op *, const vxg_check_opts *, vxg_check_result *);
enum { TINY = 1, SMALL = 2 };
static const struct {
    const char *name;
    check_fn fn; /* NULL: parity, which takes two operators */
    int linear_only, sizes;
} checks[NCHECKS] = {
    {"adjoint", vxg_check_adjoint, 1, TINY | SMALL},
    {"transpose", vxg_check_transpose, 1, TINY},
    {"jvp", vxg_check_jvp, 0, TINY},
    {"vjp", vxg_check_vjp, 0, TINY | SMALL},
    {"accumulate", vxg_check_accumulate, 0, TINY},
    {"batch", vxg_check_batch, 0, TINY},
    {"repeat", vxg_check_repeat, 0, SMALL}, /* tiny problems do not split over threads */
    {"normal", vxg_check_normal, 1, TINY},
    {"subset", vxg_check_subset, 0, TINY},
    {"bind", vxg_check_bind, 0, TINY},
    {"parity", NULL, 0, TINY | SMALL},
};
enum { FEW = 5 };

typedef struct target { /* a column of work: a device and a precision */
    vxg_device *dev;
    vxg_real real;
    char name[48];
} target;

typedef struct cell {
    int runs, failed;
    double worst, tolerance;
    char detail[320]; /* of the first failure */
} cell;

typedef struct line {
    const vxg_op_row *row;
    const target *target;
    cell cells[NCHECKS];
    int made; /* examples */
    int failed;
} line;

static int load_plugin(const char *path) {
    char full[4200];
    int (*fn)(void);
    /* A bare file name means this folder, not the loader's search path. */
    snprintf(full, sizeof full, "%s%s", strchr(path, '/') ? "" : "./", path);
    void *lib = dlopen(full, RTLD_NOW | RTLD_LOCAL);
    if (!lib) return vxg_error_set(VXG_ERR_INPUT, "--plugin: %s", dlerror());
    void *symbol = dlsym(lib, "vxg_plugin_register");
    memcpy(&fn, &symbol, sizeof fn); /* ISO C has no cast from object to function pointer */
    if (!fn)
        return vxg_error_set(VXG_ERR_INPUT, "--plugin: %s exports no vxg_plugin_register()", path);
    int status = fn(); /* the library stays loaded: its rows are kept by reference */
    return status ? vxg_error_context(status, "--plugin: %s", path) : VXG_OK;
}

static int add_target(target *list, int *n, const char *spec, vxg_real real) {
    target *t = &list[*n];
    int status = vxg_device_open(spec, &t->dev);
    if (status) return status;
    t->real = real;
    snprintf(t->name, sizeof t->name, "%s%s", vxg_device_get_info(t->dev)->spec,
             real == VXG_REAL_F64 ? " f64" : "");
    ++*n;
    return VXG_OK;
}

/* "all": everything listed, and the CPU in double too. */
static int find_targets(const char *spec, target *list, int *n) {
    vxg_device_info info[16] = {0};
    int count = 0, all = !strcmp(spec, "all"), status = VXG_OK;
    *n = 0;
    if (all) {
        status = vxg_device_list(info, 16, &count);
        if (count > 16) count = 16;
    } else {
        count = 1;
        snprintf(info[0].spec, sizeof info[0].spec, "%s", spec);
    }
    for (int i = 0; !status && i < count; i++) {
        status = add_target(list, n, info[i].spec, VXG_REAL_F32);
        if (!status && vxg_device_get_info(list[*n - 1].dev)->has_f64)
            status = add_target(list, n, info[i].spec, VXG_REAL_F64);
    }
    return status;
}

static void note(cell *c, const vxg_check_result *r, int status, int example) {
    double excess = r->tolerance > 0 ? r->residual / r->tolerance : r->residual;
    double worst = c->tolerance > 0 ? c->worst / c->tolerance : c->worst;
    int failed = status || !r->passed;
    c->runs++;
    if (c->runs == 1 || !(excess <= worst)) {
        c->worst = r->residual;
        c->tolerance = r->tolerance;
    }
    if (failed && !c->failed++)
        snprintf(c->detail, sizeof c->detail, "example %d: %s", example,
                 status ? vxg_error_message() : r->detail);
}

/* A plug-in's make may fail without words, or give nothing. */
static int make_example(const vxg_op_row *row, vxg_device *dev, const vxg_problem *p, vxg_op **op) {
    *op = NULL;
    vxg_error_clear();
    const int status = row->make(dev, p, op);
    if (status && !*vxg_error_message())
        return vxg_error_set(VXG_ERR_FAILED, "its make gives status %d without words", status);
    if (!status && !*op) return vxg_error_set(VXG_ERR_FAILED, "its make gives no operator");
    return status;
}

static int check_example(line *l, vxg_device *reference, int example, vxg_problem_size size) {
    const vxg_op_row *row = l->row;
    vxg_problem p = {.real = l->target->real, .scale = size, .seed = (uint64_t)example};
    vxg_op *op = NULL, *other = NULL;
    int status = make_example(row, l->target->dev, &p, &op);
    if (status) return status;
    l->made++;
    vxg_check_opts opts = {.seed = (uint64_t)example,
                           .input_range = row->input_range,
                           .nranges = row->nranges,
                           .declared_empty = row->is_empty && row->is_empty(&p),
                           .ties = row->ties,
                           .kinks = row->kinks};
    for (int k = 0; k < NCHECKS && !cli_cancel; k++) {
        vxg_check_result r = {0};
        if (!checks[k].fn && l->target->dev == reference) continue; /* it would agree with itself */
        if (!(checks[k].sizes & (size == VXG_PROBLEM_TINY ? TINY : SMALL))) continue;
        if (checks[k].linear_only && !vxg_op_is_linear(op)) continue;
        if (checks[k].fn == vxg_check_vjp && size == VXG_PROBLEM_SMALL && vxg_op_is_linear(op))
            continue; /* the dot test of adjoint once more */
        if (checks[k].fn) {
            status = checks[k].fn(op, &opts, &r);
        } else if (!(status = make_example(row, reference, &p, &other))) {
            status = vxg_check_backends(op, other, &opts, &r);
            vxg_op_release(other);
        }
        if (status == VXG_ERR_MEMORY || status == VXG_ERR_CANCELLED) break;
        if (status != VXG_ERR_UNSUPPORTED) note(&l->cells[k], &r, status, example);
        status = VXG_OK; /* unsupported: no room for a batch axis */
    }
    vxg_op_release(op);
    return status;
}

static int check_row(line *l, vxg_device *reference, const options *o) {
    int n = o->examples ? o->examples : l->row->examples;
    int every = o->thorough || n < FEW ? 1 : n / FEW;
    for (int i = 0; i < n && !cli_cancel; i++) {
        int status = check_example(l, reference, i, VXG_PROBLEM_TINY);
        if (!status && i % every == 0) status = check_example(l, reference, i, VXG_PROBLEM_SMALL);
        if (status == VXG_ERR_UNSUPPORTED) return VXG_OK; /* a row may lack float64 */
        if (status) return vxg_error_context(status, "%s on %s", l->row->name, l->target->name);
    }
    for (int k = 0; k < NCHECKS; k++) l->failed += l->cells[k].failed;
    return cli_cancel ? vxg_error_set(VXG_ERR_CANCELLED, "interrupted") : VXG_OK;
}

static int checks_run(const line *l) {
    int runs = 0;
    for (int k = 0; k < NCHECKS; k++) runs += l->cells[k].runs;
    return runs;
}
/* Not made: the row lacks this device or precision. Not checked: no check does such an operator. */
static const char *verdict(const line *l) {
    if (l->failed) return "FAIL";
    return checks_run(l) ? "ok" : l->made ? "not checked" : "not made";
}

/* ---- output ---- */

static void print_head(void) {
    printf("%-28s %-10s", "operator", "device");
    for (int k = 0; k < NCHECKS; k++) printf(" %10s", checks[k].name);
    printf("\n");
}

static void print_line(const line *l) {
    printf("%-28s %-10s", l->row->name, l->target->name);
    for (int k = 0; k < NCHECKS; k++) {
        const cell *c = &l->cells[k];
        char text[24] = "-";
        if (c->runs) snprintf(text, sizeof text, "%.1e%s", c->worst, c->failed ? "!" : "");
        printf(" %10s", text);
    }
    printf("  %s\n", verdict(l));
    for (int k = 0; k < NCHECKS; k++)
        if (l->cells[k].failed)
            printf("  ! %s: %.3e over %.0e in %d of %d examples; %s\n", checks[k].name,
                   l->cells[k].worst, l->cells[k].tolerance, l->cells[k].failed, l->cells[k].runs,
                   l->cells[k].detail);
    fflush(stdout);
}

static void json_line(cli_json *j, const line *l) {
    cli_json_open(j, NULL, '{');
    cli_json_text(j, "operator", l->row->name);
    cli_json_text(j, "device", vxg_device_get_info(l->target->dev)->spec);
    cli_json_text(j, "dtype", vxg_real_name(l->target->real));
    cli_json_bool(j, "passed", !l->failed && checks_run(l));
    if (!checks_run(l)) cli_json_text(j, "skipped", verdict(l));
    for (int k = 0; k < NCHECKS; k++) {
        const cell *c = &l->cells[k];
        if (!c->runs) continue;
        cli_json_open(j, checks[k].name, '{');
        cli_json_real(j, "residual", c->worst);
        cli_json_real(j, "tolerance", c->tolerance);
        cli_json_int(j, "examples", c->runs);
        cli_json_int(j, "failed", c->failed);
        if (c->failed) cli_json_text(j, "detail", c->detail);
        cli_json_close(j, '}');
    }
    cli_json_close(j, '}');
}

int cli_row_matches(const char *pattern, const char *name) {
    if (!pattern) return 1;
    if (strpbrk(pattern, "*?[")) return !fnmatch(pattern, name, 0);
    return strstr(name, pattern) != NULL;
}

static int run_all(const cli_run *r, const options *o, const target *targets, int ntargets,
                   vxg_device *reference) {
    const char *pattern = r->noperands ? r->operands[0] : NULL;
    int failed = 0, ok = 0, unchecked = 0, total = 0, status = VXG_OK;
    cli_json j = {.f = stdout};
    if (r->shared->json) {
        cli_json_open(&j, NULL, '{');
        cli_json_open(&j, "checks", '[');
    }
    for (int i = 0; !status && i < vxg_op_row_count(); i++) {
        const vxg_op_row *row = vxg_op_row_at(i);
        if (!cli_row_matches(pattern, row->name)) continue;
        for (int t = 0; !status && t < ntargets; t++) {
            line l = {.row = row, .target = &targets[t]};
            status = check_row(&l, reference, o);
            if (status) break;
            if (!total && !r->shared->json) print_head();
            if (r->shared->json) {
                json_line(&j, &l);
            } else {
                print_line(&l);
            }
            failed += l.failed != 0, total++;
            ok += !l.failed && checks_run(&l), unchecked += l.made && !checks_run(&l);
        }
    }
    if (r->shared->json) {
        cli_json_close(&j, ']');
        cli_json_int(&j, "failed", failed);
        cli_json_int(&j, "skipped", total - ok - failed);
        cli_json_close(&j, '}');
    }
    if (status) return status;
    if (!total)
        return vxg_error_set(VXG_ERR_ARGUMENT, "no registered operator matches '%s'",
                             pattern ? pattern : "");
    if (failed)
        return vxg_error_set(VXG_ERR_FAILED, "%d of %d lines have checks that fail", failed, total);
    if (unchecked || !ok)
        return vxg_error_set(VXG_ERR_FAILED, "%d of %d lines were not checked", total - ok, total);
    char skipped[48] = "";
    if (total > ok) snprintf(skipped, sizeof skipped, ", %d not made", total - ok);
    cli_say(r, "%s%d lines ok%s (worst residual over all examples; parity is against the CPU)",
            total > ok ? "" : "all ", ok, skipped);
    return VXG_OK;
}

static int run(cli_run *r) {
    const options *o = r->options;
    target targets[32] = {0};
    vxg_device *reference = NULL;
    int n = 0, status = o->compute.threads ? vxg_set_threads(o->compute.threads) : VXG_OK;
    if (!status && o->plugin) status = load_plugin(o->plugin);
    if (!status) status = find_targets(o->compute.device, targets, &n);
    /* The same precision and the same roundings, fused where the kernel says so: a model with
     * borders between cells makes of another rounding another share of a cell. */
    if (!status) status = vxg_device_open("cpu", &reference);
    if (!status) status = run_all(r, o, targets, n, reference);
    for (int i = 0; i < n; i++) vxg_device_release(targets[i].dev);
    vxg_device_release(reference);
    return status;
}

const cli_verb cli_verb_check = {
    .name = "check",
    .operands = "[PATTERN]",
    .summary = "check adjoints, gradients and agreement of devices",
    .about =
        "A line per operator and device with the worst residual over the operator's random "
        "examples. adjoint: dot test; transpose: A column by column against A' row by row; jvp: "
        "against differences (linear operators: against apply); vjp: against jvp; accumulate: "
        "adding equals setting and adding; batch: a batch and strided arrays equal single calls; "
        "repeat: the same bits for 1, 2, 3 and 7 threads; normal: A'A in one go equals A' after A; "
        "subset: some views equal the same rows of all; bind: an input bound to a value equals "
        "that "
        "input; parity: another device against "
        "the CPU in the same precision (Siddon, whose weights jump at borders of cells: of a "
        "constant). A "
        "residual with ! is over its tolerance. PATTERN is a part of the name or a shell "
        "pattern. The command fails (exit code 1) when any check does, when an operator is of a "
        "type "
        "that no check does (not checked), and when no operator could be made. A line of an "
        "operator that lacks the device or the precision says \"not made\".",
    .examples = "  voxgrad check\n  voxgrad check ct.parallel --device cpu\n"
                "  voxgrad check mine.* --plugin ./libmine.so\n",
    .max_operands = 1,
    CLI_ROWS(rows),
    .size = sizeof(options),
    .run = run,
};
