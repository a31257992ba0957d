/* A JSON writer of a few lines: keys and values in order, always valid. */
#include "cli.h"

#include <math.h>

/* Names of files may hold any bytes. One that is not UTF-8 becomes \udcXX, as Python reads and
 * writes such names ("surrogateescape"): the name can be had back exactly. */
static void quoted(FILE *f, const char *s) {
    fputc('"', f);
    for (int n; *s; s += n) {
        const unsigned char c = (unsigned char)*s;
        n = vxg_utf8_length(s);
        if (!n) {
            fprintf(f, "\\udc%02x", c);
            n = 1;
        } else if (c == '"' || c == '\\') {
            fprintf(f, "\\%c", c);
        } else if (c == '\n') {
            fputs("\\n", f);
        } else if (c < 32) {
            fprintf(f, "\\u%04x", c);
        } else {
            fwrite(s, 1, (size_t)n, f);
        }
    }
    fputc('"', f);
}

static void item(cli_json *j, const char *key) {
    if (j->depth) fprintf(j->f, "%s\n%*s", j->fresh ? "" : ",", 2 * j->depth, "");
    if (key) {
        quoted(j->f, key);
        fputs(": ", j->f);
    }
    j->fresh = 0;
}

void cli_json_open(cli_json *j, const char *key, char bracket) {
    item(j, key);
    fputc(bracket, j->f);
    j->depth++;
    j->fresh = 1;
}

void cli_json_close(cli_json *j, char bracket) {
    j->depth--;
    if (!j->fresh) fprintf(j->f, "\n%*s", 2 * j->depth, "");
    fputc(bracket, j->f);
    j->fresh = 0;
    if (!j->depth) fputc('\n', j->f);
}

void cli_json_text(cli_json *j, const char *key, const char *value) {
    item(j, key);
    if (value) {
        quoted(j->f, value);
    } else {
        fputs("null", j->f);
    }
}

void cli_json_real(cli_json *j, const char *key, double value) {
    char text[40];
    item(j, key);
    if (!isfinite(value)) {
        fputs("null", j->f);
        return;
    }
    /* The shortest of the spellings that reads back as the same number. */
    for (int digits = 6; digits <= 17; digits++) {
        double back;
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (sscanf(text, "%lf", &back) == 1 && back == value) break;
    }
    fputs(text, j->f);
}

void cli_json_int(cli_json *j, const char *key, int64_t value) {
    item(j, key);
    fprintf(j->f, "%lld", (long long)value);
}

void cli_json_bool(cli_json *j, const char *key, int value) {
    item(j, key);
    fputs(value ? "true" : "false", j->f);
}
