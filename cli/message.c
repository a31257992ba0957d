/* Messages, progress and small text helpers. Everything here goes to standard error. */
#include "cli.h"

#include <langinfo.h>
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct {
    int active, terminal, quiet, lines;
    double start, last;
    int last_step; /* tenths already told, when not on a terminal */
    double done, total;
    char what[64];
} bar;

double cli_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

const char *cli_utf8(const char *utf8, const char *ascii) {
    return strcmp(nl_langinfo(CODESET), "UTF-8") ? ascii : utf8;
}

const char *cli_bytes(double bytes) {
    static char text[4][32];
    static int slot;
    static const char *const unit[] = {"B", "kB", "MB", "GB", "TB"};
    int u = 0;
    while (bytes >= 999.5 && u < 4) {
        bytes /= 1000;
        u++;
    }
    slot = (slot + 1) % 4;
    snprintf(text[slot], sizeof text[slot], u ? "%.3g %s" : "%.0f %s", bytes, unit[u]);
    return text[slot];
}

static void clear_bar(void) {
    if (bar.active && bar.terminal && bar.lines) fprintf(stderr, "\r\033[K");
    bar.lines = 0;
}

/* A message names files, datasets and words out of files: what a terminal would obey becomes '?',
 * as in the library's messages. */
void cli_to_stderr(const char *before, const char *text) {
    clear_bar();
    fputs(before, stderr);
    for (; *text; text++) {
        const unsigned char c = (unsigned char)*text;
        fputc((c < ' ' && c != '\n' && c != '\t') || c == 127 ? '?' : c, stderr);
    }
    fputc('\n', stderr);
}

static void say_list(const char *before, const char *format, va_list list) {
    char *text = NULL;
    if (vasprintf(&text, format, list) < 0) return; /* no memory for words */
    cli_to_stderr(before, text);
    free(text);
}

/* ---- Warnings that are kept, for a report; the library's come from any thread ---- */
enum { MOST_KEPT = 64 };
static struct {
    pthread_mutex_t lock;
    int on, n;
    char *text[MOST_KEPT];
} kept = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void keep(const char *text) {
    pthread_mutex_lock(&kept.lock);
    int new = kept.on &&kept.n < MOST_KEPT;
    for (int i = 0; i < kept.n && new; i++) new = strcmp(kept.text[i], text) != 0;
    if (new && (kept.text[kept.n] = strdup(text))) kept.n++;
    pthread_mutex_unlock(&kept.lock);
}

static void log_kept(void *context, int level, const char *text) {
    const cli_run *run = context;
    if (!level) keep(text);
    if (!run->shared->quiet) cli_log_to_stderr(NULL, level, text);
}

void cli_keep_warnings(const cli_run *run) {
    cli_drop_warnings();
    kept.on = 1;
    vxg_set_log(log_kept, (void *)(uintptr_t)run, run->shared->verbose ? 2 : 0);
}

int cli_kept_warnings(const char *const **list) {
    *list = (const char *const *)(void *)kept.text;
    return kept.n;
}

void cli_drop_warnings(void) {
    pthread_mutex_lock(&kept.lock);
    while (kept.n > 0) free(kept.text[--kept.n]);
    kept.on = 0;
    pthread_mutex_unlock(&kept.lock);
}

void cli_say(const cli_run *run, const char *format, ...) {
    if (run->shared->quiet) return;
    va_list ap;
    va_start(ap, format);
    say_list("", format, ap);
    va_end(ap);
}

void cli_warn(const cli_run *run, const char *format, ...) {
    char *text = NULL;
    va_list ap;
    va_start(ap, format);
    const int n = vasprintf(&text, format, ap);
    va_end(ap);
    if (n < 0) return; /* no memory for words */
    keep(text);
    if (!run->shared->quiet) cli_to_stderr("voxgrad: warning: ", text);
    free(text);
}

void cli_log_to_stderr(void *context, int level, const char *text) {
    (void)context;
    cli_to_stderr(level ? "voxgrad: " : "voxgrad: warning: ", text);
}

static void time_text(double seconds, char *out, size_t size) {
    if (seconds < 9.95) {
        snprintf(out, size, "%.1f s", seconds);
    } else if (seconds < 90) {
        snprintf(out, size, "%.0f s", seconds);
    } else if (seconds < 5400) {
        snprintf(out, size, "%d min %02d s", (int)(seconds / 60), (int)fmod(seconds, 60));
    } else {
        snprintf(out, size, "%d h %02d min", (int)(seconds / 3600), (int)fmod(seconds / 60, 60));
    }
}

static void draw(double now) {
    char spent[32], left[32] = "";
    double fraction = bar.total > 0 ? bar.done / bar.total : 1;
    double elapsed = now - bar.start;
    time_text(elapsed, spent, sizeof spent);
    if (fraction > 0 && fraction < 1) {
        char t[32];
        time_text(elapsed * (1 - fraction) / fraction, t, sizeof t);
        snprintf(left, sizeof left, ", %.20s left", t);
    }
    if (!bar.terminal) {
        fprintf(stderr, "%3.0f%% %.0f/%.0f %s, %s%s\n", floor(100 * fraction), bar.done, bar.total,
                bar.what, spent, left);
        return;
    }
    fprintf(stderr, "\r%3.0f%% ", floor(100 * fraction));
    for (int i = 0; i < 20; i++)
        fputs(i < (int)(20 * fraction + 0.5) ? cli_utf8("\u2588", "#") : cli_utf8("\u2591", "."),
              stderr);
    fprintf(stderr, " %.0f/%.0f %s  %s%s\033[K", bar.done, bar.total, bar.what, spent, left);
    fflush(stderr);
    bar.lines = 1;
}

static void report(void *context, const char *what, double done, double total) {
    (void)context;
    double now = cli_now();
    if (strncmp(bar.what, what ? what : "", sizeof bar.what - 1)) {
        if (bar.what[0]) bar.start = now; /* the next kind of thing; the first began before */
        snprintf(bar.what, sizeof bar.what, "%s", what ? what : "");
        bar.last = bar.terminal ? 0 : now, bar.last_step = 0;
    }
    bar.done = done, bar.total = total;
    if (bar.quiet) return;
    if (bar.terminal) {
        if (now - bar.last < 0.1 && done < total) return;
        bar.last = now;
        draw(now);
        return;
    }
    /* Lines for logs: every tenth, but no more than one a second, and the last one. */
    int step = total > 0 ? (int)(10 * done / total) : 10;
    if (step <= bar.last_step || (now - bar.last < 1 && done < total)) return;
    bar.last_step = step, bar.last = now;
    draw(now);
}

const vxg_progress *cli_progress(const cli_run *run) {
    static vxg_progress progress;
    const char *term = getenv("TERM");
    memset(&bar, 0, sizeof bar);
    bar.active = 1;
    bar.quiet = run->shared->quiet;
    bar.terminal = isatty(2) && (!term || strcmp(term, "dumb"));
    bar.start = cli_now();
    progress = (vxg_progress){.report = report, .cancel = &cli_cancel};
    return &progress;
}

void cli_progress_end(void) {
    if (bar.active && bar.lines) fputc('\n', stderr);
    bar.active = bar.lines = 0;
}
