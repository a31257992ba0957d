/* The voxgrad command: finds the verb, parses its options, runs it, converts a status to an exit
 * code. */
#include "cli.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

const cli_verb *const cli_verbs[] = {
    &cli_verb_devices,    &cli_verb_info,     &cli_verb_center,   &cli_verb_recon,
    &cli_verb_merge,      &cli_verb_simulate, &cli_verb_geometry, &cli_verb_mask,
    &cli_verb_dti,        &cli_verb_odf,      &cli_verb_csd,      &cli_verb_peaks,
    &cli_verb_track,      &cli_verb_cuslines, &cli_verb_tracks,   &cli_verb_check,
    &cli_verb_bench,      &cli_verb_version,  &cli_verb_help,     &cli_verb_man,
    &cli_verb_completion,
};
const int cli_verb_count = (int)(sizeof cli_verbs / sizeof *cli_verbs);

const cli_variable cli_variables[] = {
    {"VXG_DEVICE", "device used when none is given, as in --device"},
    {"VXG_ISA", "CPU instruction-set level: v2, v3 or v4 (default: the highest there is)"},
    {"VXG_CPU_SCHEDULE", "0: plain loops on the CPU instead of the fast schedules"},
    {"VXG_CACHE_DIR", "folder of compiled device programs (default: $XDG_CACHE_HOME/voxgrad)"},
    {"VXG_CACHE", "0 switches that cache off"},
    {"VXG_CACHE_MB", "largest size of that cache in megabytes (default: 512)"},
    {"VXG_CC", "C compiler for kernels handed in as text on the CPU (default: cc)"},
    {"VXG_H5", "inprocess: the HDF5 library reads inside the process, for files you trust"},
    {"VXG_H5_HELPER", "the program voxgrad-h5, where it is not found"},
    {"VXG_H5_SECONDS", "processor time in seconds for one request to it (default: 30)"},
    {"VXG_CUDA_POOL_MB",
     "device memory that is kept for later use in megabytes (default: a quarter)"},
    {"VXG_CUDA_PATH", "folder of the CUDA run-time compiler (NVRTC)"},
};
const int cli_variable_count = (int)(sizeof cli_variables / sizeof *cli_variables);

const cli_verb *cli_verb_find(const char *word) {
    char name[64];
    cli_american(word, name, sizeof name);
    for (int i = 0; i < cli_verb_count; i++) {
        const cli_verb *v = cli_verbs[i];
        if (!strcmp(v->name, name) || (v->alias && !strcmp(v->alias, name))) return v;
    }
    return NULL;
}

/* A word as a shell would need it again. Bytes that are not UTF-8 and control characters stand in
 * $'...', so that the line is text whatever the word is. At most 4 letters a byte, and 3. */
static char *join_word(char *p, const char *s) {
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "-_=+:,./%@";
    int plain = 1;
    if (*s && strspn(s, safe) == strlen(s)) return stpcpy(p, s);
    for (const char *c = s; *c && plain; c += vxg_utf8_length(c))
        plain = vxg_utf8_length(c) > 1 || (*c >= ' ' && *c < 127);
    p = stpcpy(p, plain ? "'" : "$'");
    for (int n; *s; s += n) {
        n = vxg_utf8_length(s);
        if (*s == '\'') {
            p = stpcpy(p, plain ? "'\\''" : "\\'");
        } else if (!plain && *s == '\\') {
            p = stpcpy(p, "\\\\");
        } else if (!n || (n == 1 && (*s < ' ' || *s == 127))) {
            p += sprintf(p, "\\x%02x", (unsigned)(unsigned char)*s);
            n = 1;
        } else {
            p = mempcpy(p, s, (size_t)n);
        }
    }
    return stpcpy(p, "'");
}

/* The command line. malloc'ed, or NULL. */
static char *join(int argc, char **argv) {
    size_t size = 1;
    for (int i = 0; i < argc; i++) size += 4 * strlen(argv[i]) + 5;
    char *text = malloc(size), *p = text;
    for (int i = 0; text && i < argc; i++) {
        if (i) *p++ = ' ';
        p = join_word(p, i ? argv[i] : "voxgrad");
    }
    if (text) *p = 0;
    return text;
}

/* Letters to put in, take out, exchange or swap with a neighbour to make b of a. */
static int distance(const char *a, const char *b) {
    enum { MOST = 32 };
    int d[MOST + 1][MOST + 1];
    const int n = (int)strlen(a), m = (int)strlen(b);
    if (n > MOST || m > MOST) return MOST;
    for (int i = 0; i <= n; i++) {
        for (int j = 0; j <= m; j++) {
            if (!i || !j) {
                d[i][j] = i + j;
                continue;
            }
            int best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            if (d[i - 1][j] + 1 < best) best = d[i - 1][j] + 1;
            if (d[i][j - 1] + 1 < best) best = d[i][j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                d[i - 2][j - 2] + 1 < best)
                best = d[i - 2][j - 2] + 1;
            d[i][j] = best;
        }
    }
    return d[n][m];
}

static int unknown_verb(const char *name) {
    char list[256];
    const char *near = NULL;
    int n = 0, least = 3;
    for (int i = 0; i < cli_verb_count; i++) {
        const int off = distance(name, cli_verbs[i]->name);
        const int begins = strlen(name) > 2 && !strncmp(cli_verbs[i]->name, name, strlen(name));
        if (cli_verbs[i]->hidden || (off >= least && !begins)) continue;
        least = begins ? 0 : off;
        near = cli_verbs[i]->name;
    }
    for (int i = 0; i < cli_verb_count; i++)
        if (!cli_verbs[i]->hidden)
            n += snprintf(list + n, sizeof list - (size_t)n, "%s%s", n ? ", " : "",
                          cli_verbs[i]->name);
    return vxg_error_set(VXG_ERR_ARGUMENT, "unknown verb '%s'%s%s%s; the verbs are %s", name,
                         near ? " (did you mean " : "", near ? near : "", near ? "?)" : "", list);
}

static int run_verb(const cli_verb *verb, int argc, char **argv) {
    cli_run run = {.verb = verb};
    void *options = calloc(1, verb->size);
    char *command = join(argc, argv);
    int status = options && command ? VXG_OK : vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    run.command = command;
    if (!status) status = cli_parse(&run, options, argc, argv, 2);
    if (!status && run.shared->help) {
        cli_help_verb(stdout, verb);
    } else if (!status) {
        const int level = run.shared->verbose ? 2 : run.shared->quiet ? -1 : 0;
        vxg_set_log(cli_log_to_stderr, NULL, level);
        status = verb->run(&run);
        vxg_set_log(NULL, NULL, -1);
    }
    free(command);
    vxg_options_free(verb->options, verb->count, options);
    free(options);
    return status;
}

int main(int argc, char **argv) {
    int status;
    cli_hold_streams();
    cli_set_signals();
    status = cli_tables();
    setlocale(LC_CTYPE, ""); /* numbers stay in the C locale */
    const char *word = argc > 1 ? argv[1] : NULL;
    const cli_verb *verb = word ? cli_verb_find(word) : NULL;
    for (int i = 2; i < argc && verb == &cli_verb_track; i++)
        if (!strcmp(argv[i], "--cuslines")) verb = &cli_verb_cuslines; /* other options */
    if (!word && !status) {
        cli_help_all(stderr);
        return vxg_status_exit_code(VXG_ERR_ARGUMENT);
    } else if (status) {
        /* a row names what the library does not have */
    } else if (verb) {
        status = run_verb(verb, argc, argv);
    } else if (!strcmp(word, "--help") || !strcmp(word, "-h")) {
        cli_help_all(stdout);
        status = VXG_OK;
    } else if (!strcmp(word, "--version") || !strcmp(word, "-V")) {
        status = run_verb(&cli_verb_version, 2, argv);
    } else {
        status = unknown_verb(word);
    }
    if (!status) status = cli_flush_results();
    cli_progress_end();
    if (status) {
        const char *message = vxg_error_message();
        cli_to_stderr("voxgrad: ", *message ? message : vxg_status_text(status));
    }
    return cli_exit_code(status);
}
