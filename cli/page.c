/* What pages of reports share: tables of rows, warnings, options in force, what made an output. */
#include "cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- Rows of tables ---- */
static void keep(cli_table *r, const char *name, const char *text) {
    if (r->n < CLI_MAX_ATTRIBUTES) r->list[r->n++] = (vxg_attribute){name, text};
}
void cli_table_row(cli_table *r, const char *name, const char *format, ...) {
    va_list ap;
    char *text = NULL;
    va_start(ap, format);
    const int n = vasprintf(&text, format, ap);
    va_end(ap);
    if (n < 0 || r->nowned == CLI_MAX_ATTRIBUTES) {
        r->failed = 1;
        if (n >= 0) free(text);
        return;
    }
    r->owned[r->nowned++] = text;
    keep(r, name, text);
}
int cli_table_put(vxg_report *page, cli_table *r) {
    const int status = r->failed ? vxg_error_set(VXG_ERR_MEMORY, "out of memory for the report")
                                 : vxg_report_table(page, r->list, r->n);
    for (int i = 0; i < r->nowned; i++) free(r->owned[i]);
    memset(r, 0, sizeof *r);
    return status;
}

int cli_page_kept(vxg_report *page, int any) {
    const char *const *kept;
    int status = VXG_OK;
    const int n = cli_kept_warnings(&kept);
    for (int i = 0; i < n && !status; i++) status = vxg_report_warning(page, kept[i]);
    if (status || any || n) return status;
    return vxg_report_paragraph(page, "None.");
}

/* Empty options and flags that are off say nothing about a run. */
static int says_something(const cli_run *run, int i, const char *text) {
    const vxg_option *o = &run->verb->options[i];
    static const char *const talk[] = {"json", "quiet", "verbose", "help"};
    for (size_t k = 0; k < sizeof talk / sizeof *talk; k++)
        if (!strcmp(o->name, talk[k])) return 0;
    return *text && (o->type != VXG_OPT_FLAG || cli_given(run, o->name));
}

int cli_page_options(vxg_report *page, const cli_run *run,
                     int (*in_force)(const void *context, int row), const void *context) {
    char name[80], text[4096];
    cli_table r = {0};
    int status = vxg_report_section(page, "Command and options");
    if (!status) status = vxg_report_code(page, run->command);
    char(*names)[80] = calloc((size_t)run->verb->count, sizeof *names);
    if (!names) return vxg_error_set(VXG_ERR_MEMORY, "out of memory for the report");
    for (int i = 0; i < run->verb->count; i++) {
        const vxg_option *o = &run->verb->options[i];
        vxg_options_text(o, run->options, text, sizeof text);
        if (!says_something(run, i, text)) continue;
        if (!cli_given(run, o->name) && !in_force(context, i)) continue;
        snprintf(name, sizeof name, "--%s", o->name);
        memcpy(names[i], name, sizeof name);
        const int unit = o->unit && strspn(text, "+-.0123456789") > 0; /* "auto" has none */
        cli_table_row(&r, names[i], "%s%s%s%s", o->type == VXG_OPT_FLAG ? "yes" : text,
                      unit ? " " : "", unit ? o->unit : "",
                      cli_given(run, o->name) ? "" : " (default)");
    }
    const int put_status = cli_table_put(page, &r);
    free(names);
    return status ? status : put_status;
}

static int starts(const char *text, const char *with) {
    return !strncmp(text, with, strlen(with));
}

int cli_page_entries(vxg_report *page, const cli_provenance *p, int input) {
    cli_table r = {0};
    for (int i = 0; i < p->count; i++) {
        const char *name = p->list[i].name;
        if (starts(name, "option.") || starts(name, "warning.") || !strcmp(name, "command"))
            continue;
        if (starts(name, "input") == input) keep(&r, name, p->list[i].text);
    }
    for (int64_t i = 0; input && i < p->nlinked && r.n + 3 < CLI_MAX_ATTRIBUTES; i++) {
        const struct cli_linked *l = &p->linked[i];
        cli_table_row(&r, "file it leads to", "%s, %lld bytes%s%s", l->path, (long long)l->bytes,
                      l->hex[0] ? ", SHA-256 " : "", l->hex);
    }
    return cli_table_put(page, &r);
}
