/* Lists of formats: adding rows, and finding one by its name, a file's content or its ending. */
#include "array/rows.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEAD = 4096 };

VXG_LOCK(rows_lock, VXG_RANK_LEAF);

int vxg__rows_count(const vxg__rows *rows) {
    return __atomic_load_n(&rows->count, __ATOMIC_ACQUIRE);
}

static const void *own_row(const vxg__rows *rows, int i) {
    return (const char *)rows->own + (size_t)i * rows->size;
}

const void *vxg__rows_at(const vxg__rows *rows, int i) {
    return i >= 0 && i < vxg__rows_count(rows) ? own_row(rows, i) : NULL;
}

/* -1: no such row */
static int find(const vxg__rows *rows, const char *name) {
    for (int i = 0; name && i < vxg__rows_count(rows); i++)
        if (!strcmp(rows->row[i].name, name)) return i;
    return -1;
}

const void *vxg__rows_find(const vxg__rows *rows, const char *name) {
    return vxg__rows_at(rows, find(rows, name));
}

int vxg__rows_add(vxg__rows *rows, const vxg__row *row, const void *own) {
    VXG_FAIL_IF(!row->name || !*row->name || !row->summary || !row->extensions, VXG_ERR_ARGUMENT,
                "format row: name, summary or extensions is missing");
    VXG_FAIL_IF(!row->read && !row->written, VXG_ERR_ARGUMENT,
                "format %s is neither read nor written", row->name);
    VXG_FAIL_IF(row->read && !row->sniff && !row->sniff_path, VXG_ERR_ARGUMENT,
                "format %s: sniff is missing", row->name);
    int status = VXG_OK;
    vxg__lock(&rows_lock);
    if (find(rows, row->name) >= 0) {
        status = vxg_error_set(VXG_ERR_ARGUMENT, "format '%s' is registered already", row->name);
    } else if (rows->count == VXG__MOST_ROWS) {
        status = vxg_error_set(VXG_ERR_ARGUMENT, "more than %d formats", VXG__MOST_ROWS);
    } else {
        memcpy((char *)rows->own + (size_t)rows->count * rows->size, own, rows->size);
        rows->row[rows->count] = *row;
        __atomic_store_n(&rows->count, rows->count + 1, __ATOMIC_RELEASE);
    }
    vxg__unlock(&rows_lock);
    return status;
}

/* ", "-separated names of the formats that are read (or written). */
static const char *names(const vxg__rows *rows, int written, char *out, size_t size) {
    size_t at = 0;
    out[0] = 0;
    for (int i = 0; i < vxg__rows_count(rows) && at < size; i++) {
        if (!(written ? rows->row[i].written : rows->row[i].read)) continue;
        const int n = vxg__format(out + at, size - at, "%s%s", at ? ", " : "", rows->row[i].name);
        at += n > 0 ? (size_t)n : 0;
    }
    return at ? out : "none";
}

/* The row that knows a path whose contents say nothing best, or -1. */
static int by_path(const vxg__rows *rows, const char *path) {
    int row = -1, best = 0;
    for (int i = 0; i < vxg__rows_count(rows); i++) {
        const vxg__row *r = &rows->row[i];
        const int sure = r->read && r->sniff_path ? r->sniff_path(path) : 0;
        if (sure > best) best = sure, row = i;
    }
    return row;
}

static int by_content(const vxg__rows *rows, const char *path, int *row) {
    uint8_t head[HEAD];
    struct stat st;
    char list[512];
    int best = 0;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    const int reason = errno;
    *row = -1;
    if (fd < 0 && (*row = by_path(rows, path)) >= 0) return VXG_OK;
    VXG_FAIL_IF(fd < 0, VXG_ERR_INPUT, "%s: cannot open: %s", path, strerror(reason));
    const int regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    const ssize_t n = regular ? pread(fd, head, sizeof head, 0) : 0;
    close(fd);
    if (!regular && (*row = by_path(rows, path)) >= 0) return VXG_OK;
    VXG_FAIL_IF(!regular, VXG_ERR_INPUT, "%s: not a regular file", path);
    for (int i = 0; i < vxg__rows_count(rows); i++) {
        const vxg__row *r = &rows->row[i];
        const int sure = r->read && r->sniff ? r->sniff(head, n > 0 ? (size_t)n : 0) : 0;
        if (sure > best) best = sure, *row = i;
    }
    if (*row < 0) *row = by_path(rows, path);
    VXG_FAIL_IF(*row < 0, VXG_ERR_INPUT, "%s: a file of none of the formats %s", path,
                names(rows, 0, list, sizeof list));
    return VXG_OK;
}

static int has_extension(const char *list, const char *word) {
    const size_t n = strlen(word);
    for (const char *p = list; *p; p += strspn(p, " ")) {
        const size_t length = strcspn(p, " ");
        if (length == n && !strncasecmp(p, word, n)) return 1;
        p += length;
    }
    return 0;
}

static int by_name(const vxg__rows *rows, const char *name, int written, int *row) {
    char list[512];
    *row = find(rows, name);
    VXG_FAIL_IF(*row < 0, VXG_ERR_ARGUMENT, "format '%s' is unknown; there is: %s", VXG_SHOW(name),
                names(rows, written, list, sizeof list));
    const vxg__row *r = &rows->row[*row];
    VXG_FAIL_IF(written ? !r->written : !r->read, VXG_ERR_UNSUPPORTED, "format %s is not %s",
                r->name, written ? "written" : "read");
    return VXG_OK;
}

/* The longest ending that a format has: "nii.gz" before "gz". */
static int by_extension(const vxg__rows *rows, const char *path, int *row) {
    char list[512];
    const char *slash = strrchr(path, '/'), *dot = slash ? slash : path;
    *row = -1;
    while (*row < 0 && (dot = strchr(dot, '.'))) {
        dot++;
        for (int i = 0; i < vxg__rows_count(rows) && *row < 0; i++)
            if (rows->row[i].written && has_extension(rows->row[i].extensions, dot)) *row = i;
    }
    VXG_FAIL_IF(*row < 0, VXG_ERR_ARGUMENT, "%s: the ending names none of the formats %s", path,
                names(rows, 1, list, sizeof list));
    return VXG_OK;
}

int vxg__rows_open(const vxg__rows *rows, const char *path, const char *format, const void **own) {
    int row = -1;
    VXG_TRY(format ? by_name(rows, format, 0, &row) : by_content(rows, path, &row));
    *own = own_row(rows, row);
    return VXG_OK;
}

int vxg__rows_create(const vxg__rows *rows, const char *path, const char *format,
                     const void **own) {
    int row = -1;
    VXG_TRY(format ? by_name(rows, format, 1, &row) : by_extension(rows, path, &row));
    *own = own_row(rows, row);
    return VXG_OK;
}
