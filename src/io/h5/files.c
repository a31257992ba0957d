/* Which files a scan may lead to, and that they stay as they were when they were opened. */
#include "io/h5/server.h"

#ifdef VXG_HAVE_HDF5
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int unchanged(int fd, const struct stat *was, const char *path) {
    struct stat now;
    VXG_FAIL_IF(fstat(fd, &now) != 0, VXG_ERR_INPUT, "%s: cannot look at it: %s", path,
                strerror(errno));
    VXG_FAIL_IF(!vxg__stat_same(&now, was), VXG_ERR_INPUT,
                "%s changed while it was read (%lld bytes before, %lld now)", path,
                (long long)was->st_size, (long long)now.st_size);
    return VXG_OK;
}

int vxg__h5_file_unchanged(const vxg__h5_file *f) {
    return unchanged(f->fd, &f->was, f->path);
}

/* Where a name leads to that a file in folder (ends with /) gives, as a real path. Like libhdf5: a
 * whole path that is not there is looked for by its last part beside the file. */
static int resolve(const char *folder, const char *name, char real[PATH_MAX]) {
    char path[PATH_MAX];
    const char *slash = strrchr(name, '/');
    if (*name == '/' && realpath(name, real)) return VXG_OK;
    const int n =
        snprintf(path, sizeof path, "%s%s", folder, *name == '/' && slash ? slash + 1 : name);
    VXG_FAIL_IF(n < 0 || n >= (int)sizeof path, VXG_ERR_INPUT, "the file name %s is too long",
                VXG_SHOW(name));
    VXG_FAIL_IF(!realpath(path, real), VXG_ERR_INPUT,
                "the file %s, where parts of it are, is not there: %s", name, strerror(errno));
    return VXG_OK;
}

static int is_inside(const vxg__h5_server *s, const char *real) {
    return !strncmp(real, s->folder, strlen(s->folder));
}

/* "/a/b.h5" to "/a/" */
static void folder_of(const char *real, char folder[PATH_MAX]) {
    const char *slash = strrchr(real, '/');
    const size_t n = slash ? (size_t)(slash - real) + 1 : 0;
    memcpy(folder, real, n);
    folder[n] = 0;
}

/* Opens a regular file; never waits for a pipe. */
static int open_regular(const char *path, int *fd, struct stat *st) {
    *fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    VXG_FAIL_IF(*fd < 0, VXG_ERR_INPUT, "%s: cannot open: %s", path, strerror(errno));
    if (fstat(*fd, st) == 0 && S_ISREG(st->st_mode)) return VXG_OK;
    close(*fd);
    *fd = -1;
    VXG_FAIL(VXG_ERR_INPUT, "%s: not a regular file", path);
}

int vxg__h5_raw_open(vxg__h5_server *s, int from, const char *name, vxg__h5_raw *out) {
    char folder[PATH_MAX], real[PATH_MAX];
    out->fd = -1, out->path = NULL;
    VXG_FAIL_IF(!s->follow, VXG_ERR_INPUT,
                "its elements are in another file, %s, which is read only when links may be "
                "followed (--follow-links)",
                name);
    folder_of(s->files[from].path, folder);
    VXG_TRY(resolve(folder, name, real));
    VXG_TRY(open_regular(real, &out->fd, &out->was));
    out->path = vxg__strdup(real);
    return out->path ? vxg__h5_see(s, real, &out->was, 1) : VXG_ERR_MEMORY;
}

int vxg__h5_file_named(const vxg__h5_server *s, int from, const char *name, char *real, size_t size,
                       struct stat *st) {
    char folder[PATH_MAX], path[PATH_MAX];
    folder_of(s->files[from].path, folder);
    if (resolve(folder, name, path) != VXG_OK) {
        vxg_error_clear(); /* who reads it says so */
        return 0;
    }
    return (s->follow || is_inside(s, path)) && stat(path, st) == 0 && S_ISREG(st->st_mode) &&
           snprintf(real, size, "%s", path) < (int)size;
}

/* libhdf5 keeps lists of chunks and the like, up to 32 MB of them; here 4. */
static void limit_lists(hid_t access) {
    H5AC_cache_config_t c = {.version = H5AC__CURR_CACHE_CONFIG_VERSION};
    if (H5Pget_mdc_config(access, &c) < 0) return;
    c.set_initial_size = 1, c.initial_size = (size_t)1 << 20;
    c.min_size = (size_t)1 << 20, c.max_size = (size_t)4 << 20;
    c.flash_incr_mode = H5C_flash_incr__off;
    if (H5Pset_mdc_config(access, &c) < 0) H5Eclear2(H5E_DEFAULT);
}

static int open_library(const char *path, hid_t *id) {
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    *id = -1;
    if (access < 0) return vxg__h5_fail(VXG_ERR_FAILED, "HDF5 does not work");
    H5Pset_sieve_buf_size(access, 0);   /* it would read 64 kB around every row */
    H5Pset_cache(access, 0, 1, 0, 1.0); /* chunks are kept by nobody here */
    limit_lists(access);
    H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
#if H5_VERSION_GE(1, 10, 7)
    H5Pset_file_locking(access, 1, 1); /* read-only and network file systems may have no locks */
#endif
    *id = H5Fopen(path, H5F_ACC_RDONLY, access);
    const int status =
        *id < 0 ? vxg__h5_fail(VXG_ERR_INPUT, "cannot open %s", strrchr(path, '/') + 1) : VXG_OK;
    H5Pclose(access);
    return status;
}

/* The file libhdf5 has is the one that was looked at. */
static int same_file(const vxg__h5_file *f) {
    void *handle = NULL;
    struct stat st;
    if (H5Fget_vfd_handle(f->id, H5P_DEFAULT, &handle) < 0 || !handle) return 0;
    return fstat(*(int *)handle, &st) == 0 && vxg__stat_same(&st, &f->was);
}

static int open_new(vxg__h5_file *f, const char *real) {
    *f = (vxg__h5_file){.id = -1, .fd = -1};
    VXG_TRY(open_regular(real, &f->fd, &f->was));
    f->path = vxg__strdup(real);
    int status = f->path ? VXG_OK : VXG_ERR_MEMORY;
    if (!status) status = open_library(real, &f->id);
    if (!status && !same_file(f))
        status = vxg_error_set(VXG_ERR_INPUT, "%s changed while it was opened", real);
    if (!status) return VXG_OK;
    if (f->id >= 0) H5Fclose(f->id);
    close(f->fd);
    vxg__free(f->path);
    *f = (vxg__h5_file){.id = -1, .fd = -1};
    return status;
}

int vxg__h5_file_open(vxg__h5_server *s, int from, const char *name, int *index) {
    char folder[PATH_MAX] = "", real[PATH_MAX];
    *index = -1;
    if (from >= 0) {
        folder_of(s->files[from].path, folder);
        VXG_TRY(resolve(folder, name, real));
    } else {
        VXG_FAIL_IF(!realpath(name, real), VXG_ERR_INPUT, "cannot open: %s", strerror(errno));
        folder_of(real, folder);
        s->folder = vxg__strdup(folder);
        if (!s->folder) return VXG_ERR_MEMORY;
    }
    VXG_FAIL_IF(!s->follow && !is_inside(s, real), VXG_ERR_INPUT,
                "it leads to %s, outside its folder %s, which is read only when links may be "
                "followed (--follow-links)",
                real, s->folder);
    int empty = -1;
    for (int i = 0; i < s->nfiles; i++) {
        if (s->files[i].path && !strcmp(s->files[i].path, real)) {
            *index = i;
            return VXG_OK;
        }
        /* a file without an open dataset gives way; the first one stays */
        if (i > 0 && !s->files[i].users && (empty < 0 || s->files[empty].path)) empty = i;
    }
    if (s->nfiles < VXG__H5_MOST_FILES) empty = s->nfiles;
    VXG_FAIL_IF(empty < 0, VXG_ERR_INPUT, "parts of it are in more than %d files at once",
                VXG__H5_MOST_FILES);
    vxg__h5_file *f = &s->files[empty];
    if (empty < s->nfiles && f->path) {
        VXG_TRY(vxg__h5_file_unchanged(f));
        H5Fclose(f->id);
        close(f->fd);
        vxg__free(f->path);
        *f = (vxg__h5_file){.id = -1, .fd = -1};
    }
    VXG_TRY(open_new(f, real));
    const int status = vxg__h5_see(s, real, &f->was, 1);
    if (status) {
        H5Fclose(f->id);
        close(f->fd);
        vxg__free(f->path);
        *f = (vxg__h5_file){.id = -1, .fd = -1};
        return status;
    }
    if (empty == s->nfiles) s->nfiles++;
    *index = empty;
    return VXG_OK;
}
#else
typedef int vxg__no_h5_files; /* a file without declarations is not C */
#endif
