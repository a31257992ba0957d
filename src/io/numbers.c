/* Tables of numbers as text, read whole. */
#include "io/io.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 1 << 30 }; /* bytes of a file: lengths or seeds of tens of millions of streamlines */

typedef struct table {
    const char *path;
    char *text, *next;
    int64_t line; /* 1: the first */
    double *values;
    int64_t n, room, rows, columns;
    char *version;
} table;

/* ---- reading ---- */

static int load(table *t) {
    struct stat st;
    const int fd = open(t->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    VXG_FAIL_IF(fd < 0, VXG_ERR_INPUT, "%s: cannot open: %s", t->path, strerror(errno));
    int status = VXG_OK;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        status = vxg_error_set(VXG_ERR_INPUT, "%s: not a regular file", t->path);
    } else if (st.st_size > MOST) {
        status = vxg_error_set(VXG_ERR_INPUT, "%s: %lld bytes; a table of numbers has at most %d",
                               t->path, (long long)st.st_size, MOST);
    } else {
        t->text = vxg__calloc((size_t)st.st_size + 1, 1);
        status =
            t->text ? vxg__read_exact(fd, t->text, (size_t)st.st_size, 0, t->path) : VXG_ERR_MEMORY;
    }
    close(fd);
    if (status) return status;
    t->next = t->text;
    if (!strncmp(t->text, "\xef\xbb\xbf", 3)) t->next += 3;
    for (int64_t i = 0, line = 1; i < (int64_t)st.st_size; i++) {
        const unsigned char c = (unsigned char)t->text[i];
        VXG_FAIL_IF(c < ' ' && !(c >= '\t' && c <= '\r'), VXG_ERR_INPUT,
                    "%s:%lld: byte %d is no text", t->path, (long long)line, c);
        line += c == '\n' || (c == '\r' && t->text[i + 1] != '\n');
    }
    return VXG_OK;
}

/* The next line without its comment and end; NULL: there is none. */
static char *next_line(table *t) {
    char *line = t->next;
    if (!line || !*line) return NULL;
    const size_t n = strcspn(line, "\r\n");
    t->next = line + n;
    if (*t->next) t->next += t->next[0] == '\r' && t->next[1] == '\n' ? 2 : 1;
    line[n] = 0;
    line[*line == '%' ? 0 : strcspn(line, "#")] = 0;
    t->line++;
    return line;
}

static int add(table *t, double x) {
    if (t->n == t->room) {
        const int64_t room = t->room ? 2 * t->room : 64;
        double *values = vxg__realloc(t->values, (size_t)room, sizeof *values);
        if (!values) return VXG_ERR_MEMORY;
        t->values = values, t->room = room;
    }
    t->values[t->n++] = x;
    return VXG_OK;
}

/* A decimal number, or nan or inf in any letters. */
static int read_word(table *t, const char *word, size_t n) {
    char *end = NULL;
    const double x = vxg__number(word, &end);
    const int decimal = strspn(word, "0123456789+-.eE") >= n;
    VXG_FAIL_IF(end != word + n || (!decimal && isfinite(x)) || memchr(word, '(', n), VXG_ERR_INPUT,
                "%s:%lld: '%s' is no number", t->path, (long long)t->line, VXG_SHOW(word));
    VXG_FAIL_IF(decimal && !isfinite(x), VXG_ERR_INPUT, "%s:%lld: '%s' is too large for a number",
                t->path, (long long)t->line, VXG_SHOW(word));
    return add(t, x);
}

/* One row; nothing but blanks is none. */
static int read_row(table *t, char *line) {
    static const char blanks[] = " \t\v\f";
    const int64_t before = t->n;
    for (char *p = line + strspn(line, blanks); *p;) {
        const size_t n = strcspn(p, " \t\v\f,;");
        const char end = p[n];
        VXG_FAIL_IF(n == 0, VXG_ERR_INPUT, "%s:%lld: a number is missing before '%c'", t->path,
                    (long long)t->line, *p);
        p[n] = 0;
        VXG_TRY(read_word(t, p, n));
        if (!end) break;
        p[n] = end;
        p += n + strspn(p + n, blanks);
        if (*p == ',' || *p == ';') p += 1 + strspn(p + 1, blanks);
    }
    const int64_t found = t->n - before;
    if (found == 0) return VXG_OK;
    VXG_FAIL_IF(t->rows > 0 && found != t->columns, VXG_ERR_INPUT,
                "%s:%lld: a row of %lld numbers, %lld expected as in the rows before", t->path,
                (long long)t->line, (long long)found, (long long)t->columns);
    t->columns = found;
    t->rows++;
    return VXG_OK;
}

static int read_table(table *t, int versions) {
    static const char word[] = "VERSION:";
    int first = 1;
    VXG_TRY(load(t));
    for (char *line; (line = next_line(t));) {
        const char *p = line + strspn(line, " \t");
        if (!*p) continue;
        if (first && versions && !strncmp(p, word, sizeof word - 1)) {
            p += sizeof word - 1;
            p += strspn(p, " \t");
            if (!(t->version = vxg__plain_words(p, 0))) return VXG_ERR_MEMORY;
            for (size_t n = strlen(t->version); n > 0 && t->version[n - 1] == ' '; n--)
                t->version[n - 1] = 0;
        } else {
            VXG_TRY(read_row(t, line));
        }
        first = 0;
    }
    VXG_FAIL_IF(t->rows == 0, VXG_ERR_INPUT, "%s: there is no number in it", t->path);
    return VXG_OK;
}

int vxg_numbers_read(const char *path, double **values, int64_t *rows, int64_t *columns,
                     char **version) {
    VXG_FAIL_IF(!path || !values || !rows || !columns, VXG_ERR_ARGUMENT, "an argument is NULL");
    table t = {.path = path};
    *values = NULL, *rows = *columns = 0;
    if (version) *version = NULL;
    const int status = read_table(&t, version != NULL);
    vxg__free(t.text);
    if (status) {
        vxg__free(t.values);
        vxg__free(t.version);
        return status;
    }
    *values = t.values, *rows = t.rows, *columns = t.columns;
    if (version) *version = t.version;
    return VXG_OK;
}

/* ---- writing ---- */

static int make_text(vxg_text *t, const double *values, int64_t rows, int64_t columns,
                     const char *comment) {
    char *plain = comment ? vxg__plain_words(comment, 1) : NULL;
    if (comment && !plain) return VXG_ERR_MEMORY;
    for (const char *p = plain; p && *p;) {
        const size_t n = strcspn(p, "\n");
        vxg__text_append(t, "# ", n ? 2 : 1);
        vxg__text_append(t, p, n);
        vxg__text_append(t, "\n", 1);
        p += n + (p[n] == '\n');
    }
    vxg__free(plain);
    for (int64_t i = 0; i < rows * columns && !t->failed && t->length <= MOST; i++) {
        char word[VXG__NUMBER];
        vxg__number_word(values[i], word);
        vxg__text_append(t, word, strlen(word));
        vxg__text_append(t, (i + 1) % columns ? " " : "\n", 1);
    }
    VXG_FAIL_IF(t->length > MOST, VXG_ERR_ARGUMENT, "a table of more than %d bytes", MOST);
    return t->failed ? VXG_ERR_MEMORY : VXG_OK;
}

int vxg_numbers_write(const char *path, const double *values, int64_t rows, int64_t columns,
                      const char *comment, vxg_outputs *outputs, int force) {
    VXG_FAIL_IF(!path || !values, VXG_ERR_ARGUMENT, "path or values is NULL");
    VXG_FAIL_IF(rows < 0 || columns < 1 || rows > MOST / 2 / columns, VXG_ERR_ARGUMENT,
                "%s: a table of %lld rows and %lld columns", path, (long long)rows,
                (long long)columns);
    vxg_text t = {0};
    vxg__output out;
    int status = make_text(&t, values, rows, columns, comment);
    if (status == VXG_ERR_ARGUMENT) vxg_error_context(status, "%s", path);
    if (!status) status = vxg__output_open(path, force, outputs, &out);
    if (!status) {
        status = vxg__write_all(out.fd, t.s, t.length, -1, path);
        if (!status)
            status = vxg__output_commit(&out);
        else
            vxg__output_abandon(&out);
    }
    vxg__text_free(&t);
    return status;
}
