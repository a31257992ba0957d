/* What made an output: version, command, effective options, input checksum, device. */
#include "cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int cli_provenance_add(cli_provenance *p, const char *name, const char *format, ...) {
    va_list ap;
    char *key = strdup(name), *text = NULL;
    va_start(ap, format);
    int n = vasprintf(&text, format, ap);
    va_end(ap);
    if (!key || n < 0 || p->count == CLI_MAX_ATTRIBUTES) {
        free(key);
        if (n >= 0) free(text);
        return vxg_error_set(VXG_ERR_MEMORY, "no room for the provenance entry %s", name);
    }
    p->owned[p->nowned++] = key;
    p->owned[p->nowned++] = text;
    p->list[p->count++] = (vxg_attribute){key, text};
    return VXG_OK;
}

void cli_provenance_drop(cli_provenance *p) {
    p->count--;
    free(p->owned[--p->nowned]);
    free(p->owned[--p->nowned]);
}

/* Options that change only what is shown, not what is computed. */
static int is_talk(const char *name) {
    static const char *const talk[] = {"json", "quiet", "verbose", "help", "dry-run"};
    for (size_t i = 0; i < sizeof talk / sizeof *talk; i++)
        if (!strcmp(talk[i], name)) return 1;
    return 0;
}

int cli_provenance_start(cli_provenance *p, const cli_run *run) {
    memset(p, 0, sizeof *p);
    int status = cli_provenance_add(p, "software", "voxgrad %s", vxg_version());
    if (!status) status = cli_provenance_add(p, "command", "%s", run->command);
    for (int i = 0; !status && i < run->verb->count; i++) {
        const vxg_option *o = &run->verb->options[i];
        char name[80], text[4096];
        if (is_talk(o->name)) continue;
        snprintf(name, sizeof name, "option.%s", o->name);
        vxg_options_text(o, run->options, text, sizeof text);
        status = cli_provenance_add(p, name, "%s", text);
    }
    return status;
}

int cli_provenance_device(cli_provenance *p, const vxg_device *dev) {
    const vxg_device_info *info = vxg_device_get_info(dev);
    int status = cli_provenance_add(p, "device", "%s", info->spec);
    if (!status) status = cli_provenance_add(p, "device.name", "%s", info->name);
    if (!status)
        status = cli_provenance_add(
            p, strcmp(info->backend, "cpu") ? "device.driver" : "device.isa", "%s", info->driver);
    return status;
}

int cli_provenance_file(cli_provenance *p, const char *key, const char *path, int checksum) {
    char name[80], hex[65];
    if (!path || !*path) return VXG_OK;
    int status = cli_provenance_add(p, key, "%s", path);
    if (status || !checksum) return status;
    snprintf(name, sizeof name, "%s.sha256", key);
    status = vxg_file_sha256(path, hex);
    return status ? status : cli_provenance_add(p, name, "%s", hex);
}

static void put_linked(cli_json *j, const cli_provenance *p) {
    cli_json_open(j, "input.files", '[');
    for (int64_t i = 0; i < p->nlinked; i++) {
        const struct cli_linked *l = &p->linked[i];
        cli_json_open(j, NULL, '{');
        cli_json_text(j, "path", l->path);
        cli_json_int(j, "bytes", l->bytes);
        if (l->hex[0]) cli_json_text(j, "sha256", l->hex);
        cli_json_close(j, '}');
    }
    cli_json_close(j, ']');
}

const char *cli_provenance_date(cli_provenance *p) {
    const time_t now = time(NULL);
    struct tm tm;
    if (!p->date[0]) strftime(p->date, sizeof p->date, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
    return p->date;
}

void cli_provenance_json(cli_provenance *p, cli_json *j) {
    cli_json_text(j, "date", cli_provenance_date(p));
    for (int i = 0; i < p->count; i++) cli_json_text(j, p->list[i].name, p->list[i].text);
    if (p->nlinked) put_linked(j, p);
}

int cli_provenance_write(cli_provenance *p, vxg_outputs *set, const char *path, int force) {
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    if (!f) return vxg_error_set(VXG_ERR_MEMORY, "out of memory writing %s", path);
    cli_json j = {.f = f};
    cli_json_open(&j, NULL, '{');
    cli_provenance_json(p, &j);
    cli_json_close(&j, '}');
    int bad = fclose(f);
    int status = bad ? vxg_error_set(VXG_ERR_MEMORY, "out of memory writing %s", path)
                     : vxg_outputs_text(set, path, text, force);
    free(text);
    return status;
}

void cli_provenance_free(cli_provenance *p) {
    for (int i = 0; i < p->nowned; i++) free(p->owned[i]);
    for (int64_t i = 0; i < p->nlinked; i++) free(p->linked[i].path);
    free(p->linked);
    memset(p, 0, sizeof *p);
}
