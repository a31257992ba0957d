/* Outputs that appear whole or not at all: folders, temporary names, renames, full disks. */
#include "io/io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* "a/b" to "a" */
static void cut_last(char *name) {
    size_t n = strlen(name);
    while (n > 0 && name[n - 1] != '/') n--;
    while (n > 1 && name[n - 1] == '/') n--;
    name[n] = 0;
}

int vxg__folder_make(const char *path, vxg__folder *f) {
    const char *slash = strrchr(path, '/');
    f->made = 0;
    f->name = vxg__strdup(slash ? path : ".");
    if (!f->name) return VXG_ERR_MEMORY;
    if (slash) f->name[slash == path ? 1 : slash - path] = 0;
    size_t length = strlen(f->name);
    for (size_t i = 1; i <= length; i++) {
        if (i < length && f->name[i] != '/') continue;
        char end = f->name[i];
        struct stat st;
        f->name[i] = 0;
        int exists = stat(f->name, &st) == 0, error = 0;
        if (exists && !S_ISDIR(st.st_mode)) error = ENOTDIR;
        if (!exists && mkdir(f->name, 0777) == 0) {
            f->made++;
        } else if (!exists && errno != EEXIST) {
            error = errno; /* EEXIST: somebody else made it just now, which is as good */
        }
        if (error) {
            int status = vxg_error_set(VXG_ERR_OUTPUT, "%s: cannot make the folder %s: %s", path,
                                       f->name, strerror(error));
            cut_last(f->name); /* those above may have been made */
            vxg__folder_undo(f);
            return status;
        }
        f->name[i] = end;
    }
    return VXG_OK;
}

void vxg__folder_undo(vxg__folder *f) {
    for (; f->name && f->made > 0; f->made--) {
        if (rmdir(f->name) != 0) break; /* somebody put files there: it stays */
        cut_last(f->name);
    }
    vxg__folder_keep(f);
}

void vxg__folder_keep(vxg__folder *f) {
    vxg__free(f->name);
    f->name = NULL, f->made = 0;
}

char *vxg__temp_name(const char *folder, const char *name) {
    static atomic_uint counter;
    vxg_text t = {0};
    const char *slash = folder[0] && folder[strlen(folder) - 1] == '/' ? "" : "/";
    /* Hidden, cut so that long names stay legal, unique over processes and threads. */
    vxg__text_add(&t, "%s%s.%.150s.part-%lx-%x", folder, slash, name, (unsigned long)getpid(),
                  atomic_fetch_add(&counter, 1));
    if (!t.failed) return t.s;
    vxg__text_free(&t);
    return NULL;
}

/* Finds where path really leads and whether it may be written there. */
static int resolve(const char *path, int force, vxg__output *out, int *direct) {
    struct stat st;
    char real[PATH_MAX];
    const char *final = path;
    *direct = 0;
    if (stat(path, &st) == 0) {
        VXG_FAIL_IF(S_ISDIR(st.st_mode), VXG_ERR_OUTPUT, "%s is a folder, a file name expected",
                    path);
        *direct = !S_ISREG(st.st_mode); /* a device or pipe: nothing to replace, no renaming */
        VXG_FAIL_IF(!*direct && !force, VXG_ERR_OUTPUT,
                    "%s exists and is not replaced without force", path);
        /* A link's target is replaced, not the link. */
        if (!*direct && realpath(path, real)) final = real;
    } else if (lstat(path, &st) == 0) {
        VXG_FAIL_IF(!force, VXG_ERR_OUTPUT, "%s exists (a link that leads nowhere)", path);
    }
    out->path = vxg__strdup(final);
    return out->path ? VXG_OK : VXG_ERR_MEMORY;
}

static int open_temp(vxg__output *out) {
    VXG_TRY(vxg__folder_make(out->path, &out->folder));
    const char *slash = strrchr(out->path, '/');
    const char *name = slash ? slash + 1 : out->path;
    VXG_FAIL_IF(!*name, VXG_ERR_ARGUMENT, "output path %s has no file name", out->path);
    for (int attempt = 0; attempt < 100 && out->fd < 0; attempt++) {
        out->temp = vxg__temp_name(out->folder.name, name);
        if (!out->temp) return VXG_ERR_MEMORY;
        out->fd = open(out->temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (out->fd >= 0) return VXG_OK;
        int error = errno;
        vxg__free(out->temp);
        out->temp = NULL;
        VXG_FAIL_IF(error != EEXIST, VXG_ERR_OUTPUT, "%s: cannot write here: %s", out->path,
                    strerror(error));
    }
    VXG_FAIL(VXG_ERR_OUTPUT, "%s: no free temporary name beside it", out->path);
}

int vxg__output_open(const char *path, int force, vxg_outputs *set, vxg__output *out) {
    memset(out, 0, sizeof *out);
    out->fd = -1, out->force = force, out->set = set;
    VXG_FAIL_IF(!path || !*path, VXG_ERR_ARGUMENT, "the output path is empty");
    int direct = 0, status = resolve(path, force, out, &direct);
    if (!status && direct) {
        out->fd = open(out->path, O_WRONLY | O_CLOEXEC);
        if (out->fd < 0)
            status = vxg_error_set(VXG_ERR_OUTPUT, "%s: cannot open for writing: %s", path,
                                   strerror(errno));
    } else if (!status) {
        status = open_temp(out);
    }
    if (status) vxg__output_abandon(out);
    return status;
}

void vxg__output_abandon(vxg__output *out) {
    if (out->fd >= 0) close(out->fd);
    if (out->temp) unlink(out->temp);
    vxg__free(out->temp);
    out->fd = -1, out->temp = NULL;
    /* In a set another file may still lie in the folder: it goes with the last one. */
    if (out->set && out->folder.name && vxg__outputs_add(out->set, out) == VXG_OK) return;
    vxg__folder_undo(&out->folder);
    vxg__free(out->path);
    memset(out, 0, sizeof *out);
    out->fd = -1;
}

int vxg__output_rename(const char *temp, const char *path, int force) {
    if (!force) {
        /* link() is the portable rename that never replaces; not every file system has links. */
        if (link(temp, path) == 0) {
            unlink(temp);
            return VXG_OK;
        }
        VXG_FAIL_IF(errno == EEXIST || access(path, F_OK) == 0, VXG_ERR_OUTPUT,
                    "%s exists and is not replaced without force", path);
    }
    VXG_FAIL_IF(rename(temp, path) != 0, VXG_ERR_OUTPUT, "%s: cannot rename %s: %s", path, temp,
                strerror(errno));
    return VXG_OK;
}

int vxg__output_commit(vxg__output *out) {
    int status = VXG_OK;
    int closed = close(out->fd); /* network file systems report a full disk only here */
    out->fd = -1;
    if (closed != 0)
        status = vxg_error_set(VXG_ERR_OUTPUT, "%s: cannot write: %s", out->path, strerror(errno));
    if (!status && out->temp && out->set && !(status = vxg__outputs_add(out->set, out)))
        return VXG_OK; /* renamed with the set */
    if (!status && out->temp) status = vxg__output_rename(out->temp, out->path, out->force);
    if (!status) {
        vxg__free(out->temp);
        out->temp = NULL;
        vxg__folder_keep(&out->folder);
    }
    vxg__output_abandon(out);
    return status;
}

int vxg__write_all(int fd, const void *data, size_t n, int64_t offset, const char *path) {
    const char *p = data;
    while (n > 0) {
        size_t piece = n < ((size_t)1 << 30) ? n : (size_t)1 << 30;
        ssize_t done = offset < 0 ? write(fd, p, piece) : pwrite(fd, p, piece, (off_t)offset);
        if (done < 0 && errno == EINTR) continue;
        VXG_FAIL_IF(done <= 0, VXG_ERR_OUTPUT, "%s: cannot write: %s", path,
                    strerror(done < 0 ? errno : ENOSPC));
        p += done, n -= (size_t)done;
        if (offset >= 0) offset += done;
    }
    return VXG_OK;
}

int vxg__reserve(int fd, int64_t bytes, const char *path) {
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) return VXG_OK;
    int error = 0; /* never made shorter: what is there stays */
    if ((int64_t)st.st_size < bytes && ftruncate(fd, (off_t)bytes) != 0) error = errno;
#ifdef __linux__
    /* Not posix_fallocate: where the file system cannot reserve, that writes every block. */
    if (!error && bytes > 0 && fallocate(fd, 0, 0, (off_t)bytes) != 0 &&
        (errno == ENOSPC || errno == EFBIG || errno == EDQUOT))
        error = errno;
#endif
    VXG_FAIL_IF(error, VXG_ERR_OUTPUT, "%s: no room for %.1f MB: %s", path, (double)bytes / 1e6,
                strerror(error));
    return VXG_OK;
}

int vxg__count(int ndim, const int64_t *shape, int64_t *count) {
    int64_t n = 1;
    for (int i = 0; i < ndim; i++) {
        VXG_FAIL_IF(shape[i] <= 0, VXG_ERR_INPUT, "size %d is %lld, at least 1 expected", i,
                    (long long)shape[i]);
        VXG_FAIL_IF(shape[i] > VXG_MAX_ELEMENTS / n, VXG_ERR_INPUT, "more than 2^40 elements");
        n *= shape[i];
    }
    *count = n;
    return VXG_OK;
}

int vxg_text_write(const char *path, const char *text, int force) {
    VXG_FAIL_IF(!text, VXG_ERR_ARGUMENT, "text is NULL");
    vxg__output out;
    VXG_TRY(vxg__output_open(path, force, NULL, &out));
    int status = vxg__write_all(out.fd, text, strlen(text), -1, path);
    if (!status) return vxg__output_commit(&out);
    vxg__output_abandon(&out);
    return status;
}

int vxg_file_sha256(const char *path, char out[65]) {
    VXG_FAIL_IF(!path || !out, VXG_ERR_ARGUMENT, "path or out is NULL");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    VXG_FAIL_IF(fd < 0, VXG_ERR_INPUT, "%s: cannot open: %s", path, strerror(errno));
    size_t size = (size_t)1 << 18;
    uint8_t *buffer = vxg__calloc(size, 1);
    vxg_sha256 sha;
    vxg__sha256_start(&sha);
    int status = buffer ? VXG_OK : VXG_ERR_MEMORY;
    while (!status) {
        ssize_t n = read(fd, buffer, size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0)
            status = vxg_error_set(VXG_ERR_INPUT, "%s: cannot read: %s", path, strerror(errno));
        if (n <= 0) break;
        vxg__sha256_add(&sha, buffer, (size_t)n);
    }
    if (!status) vxg__sha256_hex(&sha, out);
    vxg__free(buffer);
    close(fd);
    return status;
}
