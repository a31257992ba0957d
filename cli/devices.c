/* voxgrad devices: what there is to compute on, and why something is missing. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

typedef struct options {
    cli_shared shared;
} options;

static const cli_row rows[] = {CLI_SHARED_ROWS(options)};
static const char *const optional[] = {"opencl", "cuda"};

static void print_json(const vxg_device_info *list, int n, const char *chosen) {
    cli_json j = {.f = stdout};
    cli_json_open(&j, NULL, '{');
    cli_json_text(&j, "default", chosen);
    cli_json_open(&j, "devices", '[');
    for (int i = 0; i < n; i++) {
        const vxg_device_info *d = &list[i];
        cli_json_open(&j, NULL, '{');
        cli_json_text(&j, "device", d->spec);
        cli_json_text(&j, "backend", d->backend);
        cli_json_text(&j, "name", d->name);
        cli_json_text(&j, "driver", d->driver);
        cli_json_int(&j, "memory", d->memory);
        cli_json_int(&j, "max_buffer", d->max_buffer);
        cli_json_int(&j, "units", d->units);
        cli_json_bool(&j, "is_cpu", d->is_cpu);
        cli_json_bool(&j, "float64", d->has_f64);
        cli_json_close(&j, '}');
    }
    cli_json_close(&j, ']');
    cli_json_open(&j, "missing", '{');
    for (size_t i = 0; i < sizeof optional / sizeof *optional; i++) {
        const char *why = vxg_device_why(optional[i]);
        if (*why) cli_json_text(&j, optional[i], why);
    }
    cli_json_close(&j, '}');
    cli_json_close(&j, '}');
}

static void print_text(const vxg_device_info *list, int n, const char *chosen) {
    printf("  %-10s %-44s %6s %9s %8s  %s\n", "device", "name", "units", "memory", "float64",
           "driver");
    for (int i = 0; i < n; i++) {
        const vxg_device_info *d = &list[i];
        printf("%c %-10s %-44.44s %6d %9s %8s  %s\n", strcmp(d->spec, chosen) ? ' ' : '*', d->spec,
               d->name, d->units, d->memory ? cli_bytes((double)d->memory) : "-",
               d->has_f64 ? "yes" : "no", d->driver);
    }
    printf("* is used when none is named\n");
    for (size_t i = 0; i < sizeof optional / sizeof *optional; i++) {
        const char *why = vxg_device_why(optional[i]);
        if (*why) printf("no %s device: %s\n", optional[i], why);
    }
}

static int run(cli_run *r) {
    vxg_device_info list[32] = {0};
    vxg_device *dev = NULL;
    char chosen[32] = "";
    int n = 0, status = vxg_device_list(list, 32, &n);
    if (n > 32) n = 32;
    if (!status && !(status = vxg_device_open(NULL, &dev))) {
        /* "cpu:v4" is the listed "cpu" at one instruction-set level */
        snprintf(chosen, sizeof chosen, "%s", vxg_device_get_info(dev)->spec);
        for (int i = 0, exact = 0; i < n && !exact; i++)
            if (!(exact = !strcmp(list[i].spec, chosen)) && i == n - 1 &&
                !strcmp(vxg_device_get_info(dev)->backend, list[0].backend))
                snprintf(chosen, sizeof chosen, "%s", list[0].spec);
        vxg_device_release(dev);
    }
    if (status) return status;
    if (r->shared->json) {
        print_json(list, n, chosen);
    } else {
        print_text(list, n, chosen);
    }
    return VXG_OK;
}

const cli_verb cli_verb_devices = {
    .name = "devices",
    .operands = "",
    .summary = "list the processors and graphics devices that can be used",
    .about = "The CPU is always there. OpenCL and CUDA devices appear when the system's own "
             "libraries are found at run time; otherwise the last lines say what is missing.",
    .examples = "  voxgrad devices\n  voxgrad devices --json\n",
    CLI_ROWS(rows),
    .size = sizeof(options),
    .run = run,
};
