/* Folders of TIFF slices by blocks: files of one page whose names are the same but for a number, in
 * the order of their numbers, along the first axis. A path is the folder, which then has one such
 * series, or folder/prefix. A number that is missing is an error. */
#include "io/tiff.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

typedef struct slice {
    char *name;    /* in the folder */
    size_t prefix; /* bytes before its number */
    int64_t number;
    struct stat was;
} slice;

typedef struct slices {
    vxg_block_reader base;
    char *path, *folder;
    slice *list;
    int64_t n, room;
    vxg__tiff *file; /* the one that was read last */
    int64_t current; /* which that is */
} slices;

/* "ct_0012.tif": where its number begins, and the number; -1: no such name. */
static int64_t number_of(const char *name, size_t *prefix) {
    const char *dot = strrchr(name, '.');
    if (*name == '.' || !dot || (strcasecmp(dot, ".tif") && strcasecmp(dot, ".tiff"))) return -1;
    const char *digits = dot;
    while (digits > name && digits[-1] >= '0' && digits[-1] <= '9') digits--;
    if (digits == dot || dot - digits > 15) return -1;
    *prefix = (size_t)(digits - name);
    return strtoll(digits, NULL, 10);
}

/* folder/prefix into both; a folder's prefix is "". 0: the path is too long for a name. */
static int split(const char *path, char folder[PATH_MAX], const char **prefix) {
    struct stat st;
    const char *slash = strrchr(path, '/');
    const int whole = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    const size_t n = whole ? strlen(path) : slash == path ? 1 : slash ? (size_t)(slash - path) : 0;
    *prefix = whole ? "" : slash ? slash + 1 : path;
    return snprintf(folder, PATH_MAX, "%.*s", n ? (int)n : 1, n ? path : ".") < PATH_MAX;
}

/* The beginning a path gives: of a name up to its number, with or without what stands between, such
 * as the "_" of "recon_00000.tiff". */
static int begins(const char *name, size_t before, const char *prefix) {
    const size_t n = strlen(prefix);
    if (n == 0) return 1;
    if (strncmp(name, prefix, n) != 0 || n > before) return 0;
    return n == before || (n + 1 == before && strchr("_-. ", name[n]));
}

int vxg__tiff_slices_sniff(const char *path) {
    char folder[PATH_MAX];
    const char *prefix = NULL;
    struct stat st;
    int sure = 0;
    if (!split(path, folder, &prefix) || (stat(path, &st) == 0 && S_ISREG(st.st_mode))) return 0;
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir && !sure && (e = readdir(dir));) {
        size_t before = 0;
        sure = number_of(e->d_name, &before) >= 0 && begins(e->d_name, before, prefix) ? 80 : 0;
    }
    if (dir) closedir(dir);
    return sure;
}

static int add(slices *s, const char *name, size_t prefix, int64_t number) {
    if (s->n == s->room) {
        const int64_t room = s->room ? 2 * s->room : 64;
        slice *list = vxg__realloc(s->list, (size_t)room, sizeof *list);
        if (!list) return VXG_ERR_MEMORY;
        s->list = list, s->room = room;
    }
    char *copy = vxg__strdup(name);
    if (!copy) return VXG_ERR_MEMORY;
    s->list[s->n++] = (slice){.name = copy, .prefix = prefix, .number = number};
    return VXG_OK;
}

static int by_number(const void *a, const void *b) {
    const slice *x = a, *y = b;
    if (x->number != y->number) return x->number < y->number ? -1 : 1;
    return strcmp(x->name, y->name);
}

static int check_series(const slices *s) {
    const slice *first = &s->list[0];
    for (int64_t i = 1; i < s->n; i++) {
        const slice *l = &s->list[i];
        VXG_FAIL_IF(l->prefix != first->prefix || strncmp(l->name, first->name, l->prefix),
                    VXG_ERR_INPUT,
                    "%s: slices of more than one series, as %s and %s; folder/beginning names one",
                    s->path, first->name, l->name);
    }
    for (int64_t i = 1; i < s->n; i++) {
        VXG_FAIL_IF(s->list[i].number == s->list[i - 1].number, VXG_ERR_INPUT,
                    "%s: two slices have the number %lld: %s and %s", s->path,
                    (long long)s->list[i].number, s->list[i - 1].name, s->list[i].name);
        VXG_FAIL_IF(s->list[i].number != s->list[i - 1].number + 1, VXG_ERR_INPUT,
                    "%s: slice %lld is missing: %s is followed by %s", s->path,
                    (long long)s->list[i - 1].number + 1, s->list[i - 1].name, s->list[i].name);
    }
    return VXG_OK;
}

static int list_names(slices *s, const char *prefix) {
    DIR *dir = opendir(s->folder);
    int status = VXG_OK;
    VXG_FAIL_IF(!dir, VXG_ERR_INPUT, "%s: cannot open: %s", s->path, strerror(errno));
    for (struct dirent *e; !status && (e = readdir(dir));) {
        size_t before = 0;
        const int64_t number = number_of(e->d_name, &before);
        if (number >= 0 && begins(e->d_name, before, prefix))
            status = add(s, e->d_name, before, number);
    }
    closedir(dir);
    if (status) return status;
    VXG_FAIL_IF(s->n == 0, VXG_ERR_INPUT, "%s: no numbered TIFF slices are there", s->path);
    qsort(s->list, (size_t)s->n, sizeof *s->list, by_number);
    return check_series(s);
}

static int path_of(const slices *s, int64_t i, vxg_text *t) {
    vxg__text_add(t, "%s/%s", s->folder, s->list[i].name);
    return t->failed ? VXG_ERR_MEMORY : VXG_OK;
}

/* How the files are when the series is opened: those that change later are found out. */
static int look_at_all(slices *s) {
    int status = VXG_OK;
    for (int64_t i = 0; i < s->n && !status; i++) {
        vxg_text t = {0};
        status = path_of(s, i, &t);
        if (!status && stat(t.s, &s->list[i].was) != 0)
            status = vxg_error_set(VXG_ERR_INPUT, "%s: cannot open: %s", t.s, strerror(errno));
        vxg__text_free(&t);
    }
    return status;
}

static int check_slice(const slices *s, const char *path, const vxg__tiff_facts *f) {
    const vxg_block_info *info = &s->base.info;
    VXG_FAIL_IF(f->pages != 1, VXG_ERR_INPUT, "%s: %lld pages, one slice expected", path,
                (long long)f->pages);
    if (info->ndim == 0) return VXG_OK; /* it is the first that is looked at */
    VXG_FAIL_IF(f->ny != info->axis[1].count || f->nx != info->axis[2].count ||
                    f->dtype != info->dtype,
                VXG_ERR_INPUT, "%s: %lld x %lld of %s, %lld x %lld of %s expected as in %s", path,
                (long long)f->ny, (long long)f->nx, vxg_dtype_name(f->dtype),
                (long long)info->axis[1].count, (long long)info->axis[2].count,
                vxg_dtype_name(info->dtype), s->list[0].name);
    return VXG_OK;
}

static int open_slice(slices *s, int64_t i, vxg__tiff_facts *f) {
    vxg_text t = {0};
    struct stat now;
    if (s->file && s->current == i) return VXG_OK;
    vxg__tiff_close(s->file);
    s->file = NULL;
    int status = path_of(s, i, &t);
    if (!status) status = vxg__tiff_open(t.s, &s->file);
    if (!status) vxg__tiff_describe(s->file, f);
    if (!status) status = check_slice(s, t.s, f);
    if (!status && (stat(t.s, &now) != 0 || !vxg__stat_same(&now, &s->list[i].was)))
        status = vxg_error_set(VXG_ERR_INPUT, "%s changed while it was read", t.s);
    vxg__text_free(&t);
    if (!status) {
        s->current = i;
        return VXG_OK;
    }
    vxg__tiff_close(s->file);
    s->file = NULL;
    return status;
}

static int slices_read(vxg_block_reader *self, const int64_t *start, const int64_t *count,
                       vxg_dtype dtype, void *dst) {
    slices *s = self->impl;
    const int64_t page = count[1] * count[2] * (int64_t)vxg_dtype_size(dtype);
    for (int64_t z = 0; z < count[0]; z++) {
        vxg__tiff_facts f;
        VXG_TRY(open_slice(s, start[0] + z, &f));
        VXG_TRY(vxg__tiff_box(s->file, 0, start + 1, count + 1, dtype, (char *)dst + z * page));
        VXG_TRY(vxg__tiff_unchanged(s->file));
    }
    return VXG_OK;
}

static void slices_close(vxg_block_reader *self) {
    slices *s = self->impl;
    vxg__tiff_close(s->file);
    for (int64_t i = 0; i < s->n; i++) vxg__free(s->list[i].name);
    vxg__free(s->list);
    vxg__free(s->path);
    vxg__free(s->folder);
    vxg__free(s);
}

int vxg__tiff_slices_open(const char *path, const vxg_block_opts *opts, vxg_block_reader **out) {
    const char *prefix = "";
    char folder[PATH_MAX];
    vxg__tiff_facts f;
    VXG_FAIL_IF(opts->part, VXG_ERR_ARGUMENT, "%s: a folder of slices has no parts", path);
    slices *s = vxg__calloc(1, sizeof *s);
    if (!s) return VXG_ERR_MEMORY;
    s->base = (vxg_block_reader){.size = sizeof s->base,
                                 .format = "tiff-slices",
                                 .read = slices_read,
                                 .cost = vxg__tiff_cost,
                                 .close = slices_close,
                                 .impl = s};
    int status = (s->path = vxg__strdup(path)) ? VXG_OK : VXG_ERR_MEMORY;
    if (!status && !split(path, folder, &prefix))
        status = vxg_error_set(VXG_ERR_INPUT, "%s: the path is too long", path);
    if (!status && !(s->folder = vxg__strdup(folder))) status = VXG_ERR_MEMORY;
    if (!status) status = list_names(s, prefix);
    if (!status) status = look_at_all(s);
    if (!status) status = open_slice(s, 0, &f);
    if (status) {
        slices_close(&s->base);
        return status;
    }
    vxg__tiff_info(&f, s->n, &s->base);
    s->base.path = s->path;
    *out = &s->base;
    return VXG_OK;
}
