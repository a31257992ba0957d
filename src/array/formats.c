/* Formats of files as rows, and what is the same for all of them: finding the row, checking blocks.
 */
#include <voxgrad/array.h>

#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_FORMATS = 64, HEAD = 4096 };

VXG_LOCK(formats_lock, VXG_RANK_LEAF);
static vxg_format formats[MOST_FORMATS];
static int nformats; /* atomic: rows are complete before they count */

int vxg_format_count(void) {
    return __atomic_load_n(&nformats, __ATOMIC_ACQUIRE);
}

const vxg_format *vxg_format_at(int i) {
    return i >= 0 && i < vxg_format_count() ? &formats[i] : NULL;
}

const vxg_format *vxg_format_find(const char *name) {
    for (int i = 0; name && i < vxg_format_count(); i++)
        if (!strcmp(formats[i].name, name)) return &formats[i];
    return NULL;
}

int vxg_format_register(const vxg_format *given) {
    vxg_format own;
    VXG_FAIL_IF(!given, VXG_ERR_ARGUMENT, "format row is NULL");
    VXG_TRY(VXG_IN(vxg_format, &own, given));
    VXG_FAIL_IF(!own.name || !*own.name || !own.summary || !own.extensions, VXG_ERR_ARGUMENT,
                "format row: name, summary or extensions is missing");
    VXG_FAIL_IF(!own.open && !own.create, VXG_ERR_ARGUMENT, "format %s is neither read nor written",
                own.name);
    VXG_FAIL_IF(own.open && !own.sniff && !own.sniff_path, VXG_ERR_ARGUMENT,
                "format %s: sniff is missing", own.name);
    int status = VXG_OK;
    vxg__lock(&formats_lock);
    if (vxg_format_find(own.name)) {
        status = vxg_error_set(VXG_ERR_ARGUMENT, "format '%s' is registered already", own.name);
    } else if (nformats == MOST_FORMATS) {
        status = vxg_error_set(VXG_ERR_ARGUMENT, "more than %d formats", MOST_FORMATS);
    } else {
        formats[nformats] = own;
        __atomic_store_n(&nformats, nformats + 1, __ATOMIC_RELEASE);
    }
    vxg__unlock(&formats_lock);
    return status;
}

/* ", "-separated names of the formats that are read (or written). */
static const char *names(int written, char *out, size_t size) {
    size_t at = 0;
    out[0] = 0;
    for (int i = 0; i < vxg_format_count() && at < size; i++) {
        if (!(written ? (void *)(uintptr_t)formats[i].create : (void *)(uintptr_t)formats[i].open))
            continue;
        const int n = vxg__format(out + at, size - at, "%s%s", at ? ", " : "", formats[i].name);
        at += n > 0 ? (size_t)n : 0;
    }
    return at ? out : "none";
}

/* The row that knows a path whose contents say nothing best, or NULL. */
static const vxg_format *by_path(const char *path) {
    const vxg_format *row = NULL;
    int best = 0;
    for (int i = 0; i < vxg_format_count(); i++) {
        const int sure = formats[i].open && formats[i].sniff_path ? formats[i].sniff_path(path) : 0;
        if (sure > best) {
            best = sure;
            row = &formats[i];
        }
    }
    return row;
}

static int by_content(const char *path, const vxg_format **row) {
    uint8_t head[HEAD];
    struct stat st;
    char list[512];
    int best = 0;
    *row = NULL;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    const int reason = errno;
    if (fd < 0 && (*row = by_path(path))) return VXG_OK;
    VXG_FAIL_IF(fd < 0, VXG_ERR_INPUT, "%s: cannot open: %s", path, strerror(reason));
    const int regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    const ssize_t n = regular ? pread(fd, head, sizeof head, 0) : 0;
    close(fd);
    if (!regular && (*row = by_path(path))) return VXG_OK;
    VXG_FAIL_IF(!regular, VXG_ERR_INPUT, "%s: not a regular file", path);
    for (int i = 0; i < vxg_format_count(); i++) {
        const int sure =
            formats[i].open && formats[i].sniff ? formats[i].sniff(head, n > 0 ? (size_t)n : 0) : 0;
        if (sure > best) {
            best = sure;
            *row = &formats[i];
        }
    }
    if (!*row) *row = by_path(path);
    VXG_FAIL_IF(!*row, VXG_ERR_INPUT, "%s: a file of none of the formats %s", path,
                names(0, list, sizeof list));
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

static int by_name(const char *name, int written, const vxg_format **row) {
    char list[512];
    *row = vxg_format_find(name);
    VXG_FAIL_IF(!*row, VXG_ERR_ARGUMENT, "format '%s' is unknown; there is: %s", VXG_SHOW(name),
                names(written, list, sizeof list));
    VXG_FAIL_IF(written ? !(*row)->create : !(*row)->open, VXG_ERR_UNSUPPORTED,
                "format %s is not %s", (*row)->name, written ? "written" : "read");
    return VXG_OK;
}

/* The longest ending that a format has: "nii.gz" before "gz". */
static int by_extension(const char *path, const vxg_format **row) {
    char list[512];
    const char *slash = strrchr(path, '/'), *dot = slash ? slash : path;
    *row = NULL;
    while (!*row && (dot = strchr(dot, '.'))) {
        dot++;
        for (int i = 0; i < vxg_format_count() && !*row; i++)
            if (formats[i].create && has_extension(formats[i].extensions, dot)) *row = &formats[i];
    }
    VXG_FAIL_IF(!*row, VXG_ERR_ARGUMENT, "%s: the ending names none of the formats %s", path,
                names(1, list, sizeof list));
    return VXG_OK;
}

/* ---- reading ---- */

static int check_reader(const vxg_format *row, vxg_block_reader *r) {
    int good = r && r->read && r->close && r->info.ndim >= 0 && r->info.ndim <= VXG_MAX_DIMS;
    for (int i = 0; good && i < r->info.ndim; i++) good = r->info.axis[i].count > 0;
    VXG_FAIL_IF(!good, VXG_ERR_FAILED, "format %s opened a reader that is not complete", row->name);
    return VXG_OK;
}

int vxg_block_open(const char *path, const vxg_block_opts *given, vxg_block_reader **out) {
    vxg_block_opts opts;
    const vxg_format *row = NULL;
    VXG_FAIL_IF(!path || !out, VXG_ERR_ARGUMENT, "path or out is NULL");
    *out = NULL;
    VXG_TRY(VXG_IN(vxg_block_opts, &opts, given));
    VXG_FAIL_IF(opts.max_memory < 0, VXG_ERR_ARGUMENT, "max_memory is negative");
    VXG_TRY(opts.format ? by_name(opts.format, 0, &row) : by_content(path, &row));
    vxg_block_reader *r = NULL;
    VXG_TRY(row->open(path, &opts, &r));
    const int status = check_reader(row, r);
    if (status) return status;
    *out = r;
    return VXG_OK;
}

static int check_box(const vxg_block_info *info, const int64_t *start, const int64_t *count,
                     int64_t *elements) {
    *elements = 1;
    VXG_FAIL_IF(info->ndim > 0 && (!start || !count), VXG_ERR_ARGUMENT, "start or count is NULL");
    for (int i = 0; i < info->ndim; i++) {
        const int64_t n = info->axis[i].count;
        VXG_FAIL_IF(start[i] < 0 || count[i] < 0 || start[i] > n || count[i] > n - start[i],
                    VXG_ERR_ARGUMENT, "axis %d: %lld:%lld is outside 0:%lld", i,
                    (long long)start[i], (long long)(start[i] + count[i]), (long long)n);
        *elements *= count[i];
    }
    return VXG_OK;
}

static void scale(const vxg_block_info *info, int64_t n, vxg_dtype dtype, void *p) {
    float *f = p;
    double *d = p;
    for (int64_t i = 0; i < n; i++)
        if (dtype == VXG_F32)
            f[i] = (float)(info->slope * (double)f[i] + info->intercept);
        else
            d[i] = info->slope * d[i] + info->intercept;
}

int vxg_block_read(vxg_block_reader *r, const int64_t *start, const int64_t *count, vxg_dtype dtype,
                   void *dst) {
    int64_t elements = 0;
    VXG_FAIL_IF(!r, VXG_ERR_ARGUMENT, "reader is NULL");
    VXG_TRY(check_box(&r->info, start, count, &elements));
    VXG_FAIL_IF(dtype != r->info.dtype && dtype != VXG_F32 && dtype != VXG_F64, VXG_ERR_UNSUPPORTED,
                "%s: elements of %s are read as such, as float32 or float64, not as %s", r->path,
                vxg_dtype_name(r->info.dtype), vxg_dtype_name(dtype));
    if (elements == 0) return VXG_OK;
    VXG_FAIL_IF(!dst, VXG_ERR_ARGUMENT, "dst is NULL");
    VXG_TRY(r->read(r, start, count, dtype, dst));
    if (r->info.slope != 0 && dtype != r->info.dtype) scale(&r->info, elements, dtype, dst);
    return VXG_OK;
}

int vxg_block_cost_of(vxg_block_reader *r, const int64_t *start, const int64_t *count,
                      vxg_block_cost *out) {
    int64_t elements = 0;
    VXG_FAIL_IF(!r, VXG_ERR_ARGUMENT, "reader is NULL");
    VXG_TRY(VXG_OUT_CHECK(vxg_block_cost, out));
    VXG_TRY(check_box(&r->info, start, count, &elements));
    vxg_block_cost cost = {.wanted = elements * (int64_t)vxg_dtype_size(r->info.dtype)};
    cost.unpacked = cost.wanted;
    if (r->cost && elements) VXG_TRY(r->cost(r, start, count, &cost));
    return VXG_OUT(vxg_block_cost, out, &cost);
}

void vxg_block_close(vxg_block_reader *reader) {
    if (reader) reader->close(reader);
}

/* ---- writing ---- */

int vxg_block_create(const char *path, const vxg_block_create_opts *given, vxg_block_writer **out) {
    vxg_block_create_opts opts;
    const vxg_format *row = NULL;
    VXG_FAIL_IF(!path || !*path || !out || !given, VXG_ERR_ARGUMENT,
                "path, opts or out is NULL or empty");
    *out = NULL;
    VXG_TRY(VXG_IN(vxg_block_create_opts, &opts, given));
    VXG_FAIL_IF(opts.info.ndim < 1 || opts.info.ndim > VXG_MAX_DIMS, VXG_ERR_ARGUMENT,
                "%s: rank %d, 1 to %d expected", path, (int)opts.info.ndim, VXG_MAX_DIMS);
    int64_t most = VXG_MAX_ELEMENTS;
    for (int i = 0; i < opts.info.ndim; i++) {
        const int64_t n = opts.info.axis[i].count;
        VXG_FAIL_IF(n < 1 || n > most, VXG_ERR_ARGUMENT, "%s: %lld elements along axis %d", path,
                    (long long)n, i);
        most /= n;
    }
    VXG_TRY(opts.format ? by_name(opts.format, 1, &row) : by_extension(path, &row));
    return row->create(path, &opts, out);
}
