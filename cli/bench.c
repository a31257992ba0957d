/* voxgrad bench: updates per second and bytes per second of registered operators. */
#include "cli.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SCHEDULE_AUTO, SCHEDULE_OFF };

typedef struct options {
    cli_shared shared;
    cli_compute compute;
    int schedule, size, slices, runs, compare;
} options;

static const cli_row rows[] = {
    CLI_OWN("schedule", 0, VXG_OPT_CHOICE, offsetof(options, schedule), "auto", 0, 0, NULL,
            "auto|off", "off: the plain loop on the CPU too (operators ct.parallel.*)"),
    CLI_OWN("size", 0, VXG_OPT_INT, offsetof(options, size), "0", 0, 8192, "px", NULL,
            "columns, views and volume width of ct.parallel.joseph, .backprojector and .fbp, no "
            "others; 0: 512"),
    CLI_OWN("slices", 0, VXG_OPT_INT, offsetof(options, slices), "0", 0, 8192, NULL, NULL,
            "slices of the same; 0: 64"),
    CLI_OWN("runs", 0, VXG_OPT_INT, offsetof(options, runs), "0", 0, 1000, NULL, NULL,
            "timed runs after one that does not count; 0: 5, fewer when they take long"),
    CLI_OWN("compare", 0, VXG_OPT_FLAG, offsetof(options, compare), NULL, 0, 0, NULL, NULL,
            "also run the plain loop and print the largest difference over the largest value "
            "(ct.parallel.*)"),
    CLI_COMPUTE_ROWS(options, "auto"),
    CLI_SHARED_ROWS(options),
};

/* ---- standard scans of any size; the registry's own are one fixed size ---- */
typedef struct scan {
    vxg_ct_geometry *geo;
    vxg_ct_volume vol;
    double *angles;
} scan;

static int scan_new(const options *o, scan *s) {
    int64_t n = o->size ? o->size : 512, slices = o->slices ? o->slices : 64;
    memset(s, 0, sizeof *s);
    s->angles = malloc((size_t)n * sizeof *s->angles);
    if (!s->angles) return vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    for (int64_t i = 0; i < n; i++) s->angles[i] = M_PI * (double)i / (double)n;
    vxg_ct_parallel_opts p = {.angles = s->angles, .nviews = n, .rows = slices, .cols = n};
    int status = vxg_ct_parallel_circular(&p, &s->geo);
    if (!status) vxg_ct_fit_volume(s->geo, &s->vol);
    return status;
}

static void scan_free(scan *s) {
    if (s->geo) vxg_ct_geometry_release(s->geo);
    free(s->angles);
}

/* 1 when the name is one of the standard scans' operators. */
static int is_standard(const char *name) {
    return !strcmp(name, "ct.parallel.joseph") || !strcmp(name, "ct.parallel.backprojector") ||
           !strcmp(name, "ct.parallel.fbp");
}

/* --size and --slices are of the standard scans alone. */
static int check_sizes(const cli_run *run, const char *pattern) {
    static const char *const names[] = {"size", "slices"};
    for (int k = 0; k < 2; k++)
        for (int i = 0; cli_given(run, names[k]) && i < vxg_op_row_count(); i++) {
            const char *name = vxg_op_row_at(i)->name;
            if (!cli_row_matches(pattern, name) || is_standard(name)) continue;
            return vxg_error_set(VXG_ERR_ARGUMENT,
                                 "--%s does not go with %s, which is measured at one size: it is "
                                 "for ct.parallel.joseph, ct.parallel.backprojector and "
                                 "ct.parallel.fbp",
                                 names[k], name);
        }
    return VXG_OK;
}

static int make_standard(const char *name, vxg_device *dev, const scan *s, int plain,
                         vxg_op **out) {
    vxg_ct_projector_opts p = {.no_schedule = plain};
    vxg_ct_fbp_opts f = {.no_schedule = plain};
    if (!strcmp(name, "ct.parallel.fbp")) return vxg_ct_fbp(dev, s->geo, &s->vol, &f, out);
    return !strcmp(name, "ct.parallel.joseph")
               ? vxg_ct_projector(dev, s->geo, &s->vol, &p, out)
               : vxg_ct_backprojector(dev, s->geo, &s->vol, &p, out);
}

static int make(const vxg_op_row *row, vxg_device *dev, const options *o, int plain, vxg_op **out) {
    vxg_problem p = {.scale = VXG_PROBLEM_BENCH};
    scan s;
    if (!is_standard(row->name)) return row->make(dev, &p, out);
    int status = scan_new(o, &s);
    if (!status) status = make_standard(row->name, dev, &s, plain, out);
    scan_free(&s);
    return status;
}

/* ---- one measurement ---- */
typedef struct result {
    const char *name, *direction, *schedule;
    char device[32], isa[96], shape[112];
    int is_cpu, threads, runs;
    double wall, cpu, updates, bytes, error; /* median seconds; error NaN: not compared */
} result;

static double cpu_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int call(const vxg_op *op, vxg_queue *q, int adjoint, const vxg_array *in,
                const vxg_array *out) {
    vxg_call c = {.queue = q};
    int status = adjoint ? vxg_op_apply_adjoint(op, &c, in, out) : vxg_op_apply(op, &c, in, out);
    return status ? status : vxg_queue_sync(q);
}

static int time_runs(const vxg_op *op, vxg_queue *q, int adjoint, const vxg_array *in,
                     const vxg_array *out, int wanted, result *r) {
    double wall[1000], cpu[1000], begin = cli_now();
    int n = 0, most = wanted ? wanted : 5, status = call(op, q, adjoint, in, out);
    while (!status && n < most && (wanted || n < 1 || cli_now() - begin < 20)) {
        double w = cli_now(), c = cpu_now();
        status = cli_cancel ? vxg_error_set(VXG_ERR_CANCELLED, "interrupted")
                            : call(op, q, adjoint, in, out);
        wall[n] = cli_now() - w, cpu[n] = cpu_now() - c, n++;
    }
    qsort(wall, (size_t)n, sizeof *wall, by_value);
    qsort(cpu, (size_t)n, sizeof *cpu, by_value);
    if (n) {
        r->wall = wall[n / 2];
        r->cpu = cpu[n / 2];
        r->runs = n;
    }
    return status;
}

static int compare(const vxg_op_row *row, vxg_device *dev, const options *o, vxg_queue *q,
                   int adjoint, const vxg_array *in, const vxg_array *out, double *error) {
    vxg_op *plain = NULL;
    vxg_array ref = {0};
    double difference = 0, largest = 0;
    int status = make(row, dev, o, 1, &plain);
    if (!status) status = vxg_op_new_array(plain, adjoint ? 0 : -1, &ref);
    if (!status) status = call(plain, q, adjoint, in, &ref);
    if (!status) status = vxg_array_max_diff(q, out, &ref, &difference);
    if (!status) status = vxg_array_max_diff(q, &ref, NULL, &largest);
    if (!status) *error = largest > 0 ? difference / largest : difference;
    vxg_array_release(&ref);
    if (plain) vxg_op_release(plain);
    return status;
}

static double bytes_of(const vxg_array *a) {
    return (double)vxg_array_count(a) * (double)vxg_dtype_size(a->dtype);
}

static void shape_text(const vxg_space *s, char *out, size_t size) {
    size_t n = 0;
    for (int i = 0; i < s->ndim && n < size; i++)
        n += (size_t)snprintf(out + n, size - n, "%s%lld", i ? "x" : "", (long long)s->shape[i]);
}

static int measure(const vxg_op_row *row, const vxg_op *op, const options *o, int adjoint,
                   result *r) {
    vxg_array in[VXG_MAX_INPUTS] = {{0}}, out = {0};
    vxg_device *dev = vxg_op_device(op);
    vxg_queue *q = NULL;
    int inputs = adjoint ? 1 : vxg_op_inputs(op), standard = is_standard(row->name);
    int status = vxg_queue_new(dev, &q);
    for (int i = 0; !status && i < inputs; i++) {
        double lo, hi;
        vxg_op_row_range(row, i, &lo, &hi);
        status = vxg_op_new_array(op, adjoint ? -1 : i, &in[i]);
        if (!status) status = vxg_array_random(q, &in[i], 1 + (uint64_t)i, lo, hi);
        if (!status) r->bytes += bytes_of(&in[i]);
    }
    if (!status) status = vxg_op_new_array(op, adjoint ? 0 : -1, &out);
    if (!status) r->bytes += bytes_of(&out);
    if (!status) status = time_runs(op, q, adjoint, in, &out, o->runs, r);
    r->error = NAN;
    if (!status && o->compare && standard)
        status = compare(row, dev, o, q, adjoint, in, &out, &r->error);
    const vxg_device_info *info = vxg_device_get_info(dev);
    char a[48], b[48];
    shape_text(vxg_op_domain(op, 0), a, sizeof a);
    shape_text(vxg_op_range(op), b, sizeof b);
    snprintf(r->shape, sizeof r->shape, "%s -> %s", adjoint ? b : a, adjoint ? a : b);
    snprintf(r->device, sizeof r->device, "%s", info->spec);
    snprintf(r->isa, sizeof r->isa, "%s", info->driver);
    r->name = row->name, r->direction = adjoint ? "adjoint" : "forward";
    r->schedule = !standard || o->schedule == SCHEDULE_AUTO ? "auto" : "off";
    r->is_cpu = info->is_cpu, r->threads = vxg_threads();
    r->updates = row->updates ? row->updates(op) : (double)vxg_array_count(&out);
    for (int i = 0; i < inputs; i++) vxg_array_release(&in[i]);
    vxg_array_release(&out);
    vxg_queue_free(q);
    return status;
}

/* ---- output ---- */

static void print_text(const result *r, int first) {
    char per_core[24] = "-", error[24] = "-";
    if (first)
        printf("%-26s %-8s %-9s %4s %3s %11s %8s %8s %11s %8s  %s\n", "operator", "way", "device",
               "sch.", "thr", "ms (median)", "GUPS", "GB/s", "GUPS/core", "error", "arrays");
    if (r->is_cpu && r->cpu > 0)
        snprintf(per_core, sizeof per_core, "%.3g", r->updates / r->cpu / 1e9);
    if (isfinite(r->error)) snprintf(error, sizeof error, "%.1e", r->error);
    printf("%-26s %-8s %-9s %4s %3d %11.4g %8.3g %8.3g %11s %8s  %s\n", r->name, r->direction,
           r->device, r->schedule, r->threads, 1e3 * r->wall, r->updates / r->wall / 1e9,
           r->bytes / r->wall / 1e9, per_core, error, r->shape);
    fflush(stdout);
}

static void print_json(cli_json *j, const result *r) {
    cli_json_open(j, NULL, '{');
    cli_json_text(j, "operator", r->name);
    cli_json_text(j, "direction", r->direction);
    cli_json_text(j, "device", r->device);
    cli_json_text(j, "driver", r->isa);
    cli_json_text(j, "schedule", r->schedule);
    cli_json_text(j, "layout", "C order in and out");
    cli_json_text(j, "arrays", r->shape);
    cli_json_int(j, "threads", r->threads);
    cli_json_int(j, "runs", r->runs);
    cli_json_real(j, "seconds", r->wall);
    cli_json_real(j, "cpu_seconds", r->is_cpu ? r->cpu : NAN);
    cli_json_real(j, "updates", r->updates);
    cli_json_real(j, "gups", r->updates / r->wall / 1e9);
    cli_json_real(j, "gups_per_core", r->is_cpu ? r->updates / r->cpu / 1e9 : NAN);
    cli_json_real(j, "gb_per_second", r->bytes / r->wall / 1e9);
    cli_json_real(j, "error_against_plain_loop", r->error);
    cli_json_close(j, '}');
}

static int bench_row(const cli_run *run, const options *o, const vxg_op_row *row, vxg_device *dev,
                     cli_json *j, int *printed) {
    vxg_op *op = NULL;
    int status = make(row, dev, o, o->schedule == SCHEDULE_OFF, &op);
    if (status) return vxg_error_context(status, "%s", row->name);
    for (int adjoint = 0; !status && adjoint <= vxg_op_is_linear(op); adjoint++) {
        result r = {0};
        status = measure(row, op, o, adjoint, &r);
        if (status) break;
        if (run->shared->json) {
            print_json(j, &r);
        } else {
            print_text(&r, !*printed);
        }
        ++*printed;
    }
    vxg_op_release(op);
    return status ? vxg_error_context(status, "%s", row->name) : VXG_OK;
}

static int run(cli_run *r) {
    const options *o = r->options;
    const char *pattern = r->noperands ? r->operands[0] : NULL;
    vxg_device_info info[16] = {0};
    int count = 1, printed = 0,
        status = o->compute.threads ? vxg_set_threads(o->compute.threads) : VXG_OK;
    if (!status) status = check_sizes(r, pattern);
    cli_json j = {.f = stdout};
    snprintf(info[0].spec, sizeof info[0].spec, "%s", o->compute.device);
    if (!status && !strcmp(o->compute.device, "all")) status = vxg_device_list(info, 16, &count);
    if (!status && r->shared->json) cli_json_open(&j, NULL, '[');
    for (int d = 0; !status && d < count && d < 16; d++) {
        vxg_device *dev = NULL;
        status = vxg_device_open(info[d].spec, &dev);
        for (int i = 0; !status && i < vxg_op_row_count(); i++) {
            const vxg_op_row *row = vxg_op_row_at(i);
            if (cli_row_matches(pattern, row->name))
                status = bench_row(r, o, row, dev, &j, &printed);
        }
        vxg_device_release(dev);
    }
    if (r->shared->json && j.depth) cli_json_close(&j, ']');
    if (!status && !printed)
        status = vxg_error_set(VXG_ERR_ARGUMENT, "no registered operator matches '%s'",
                               pattern ? pattern : "");
    return status;
}

const cli_verb cli_verb_bench = {
    .name = "bench",
    .operands = "[PATTERN]",
    .summary = "measure the speed of registered operators",
    .about =
        "A line per operator, direction and device: the median time of several runs, updates per "
        "second (GUPS: 10^9 voxels x views, or elements), bytes in and out per second, and updates "
        "per second of CPU time (GUPS/core). Arrays start and end in C order; transposes are in "
        "the time. --device all measures every device.",
    .examples = "  voxgrad bench ct.parallel\n  voxgrad bench ct.parallel.back --size 256 "
                "--compare\n  voxgrad bench --device all --json > rates.json\n",
    .max_operands = 1,
    CLI_ROWS(rows),
    .size = sizeof(options),
    .run = run,
};
