/* Outputs that appear whole or not at all: folders, temporary names, renames, full disks. */
#include "io/outputs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
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

/* ---- Hidden names ---- */

void vxg__random_word(char word[VXG__RANDOM]) {
    static atomic_uint counter;
    uint64_t bits = 0;
    if (getentropy(&bits, sizeof bits) != 0) { /* then unlike all others of this machine at least */
        struct timespec t = {0};
        clock_gettime(CLOCK_REALTIME, &t);
        bits = ((uint64_t)t.tv_nsec << 32) ^ ((uint64_t)t.tv_sec << 20) ^ (uint64_t)getpid() ^
               ((uint64_t)atomic_fetch_add(&counter, 1) << 44);
    }
    snprintf(word, VXG__RANDOM, "%016" PRIx64, bits);
}

int vxg__is_random_word(const char *text, size_t n) {
    return n == VXG__RANDOM - 1 && strspn(text, "0123456789abcdef") >= n;
}

/* The name inside its folder, cut at a letter's end so that what is added still fits. */
static void add_stem(vxg_text *t, const char *name) {
    enum { MOST = 200, KEPT = 180 };
    char hex[65];
    size_t n = strlen(name);
    if (n <= MOST) {
        vxg__text_append(t, name, n);
        return;
    }
    vxg_sha256 sha;
    vxg__sha256_start(&sha);
    vxg__sha256_add(&sha, name, n);
    vxg__sha256_hex(&sha, hex);
    for (n = KEPT; n > 0 && ((unsigned char)name[n] & 0xc0) == 0x80;) n--;
    vxg__text_append(t, name, n);
    vxg__text_add(t, "~%.16s", hex);
}

char *vxg__hidden_name(const char *path, const char *ending, int random) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    char word[VXG__RANDOM] = "";
    vxg_text t = {0};
    vxg__text_append(&t, path, (size_t)(name - path));
    vxg__text_append(&t, ".", 1);
    add_stem(&t, name);
    if (random) vxg__random_word(word);
    vxg__text_add(&t, "%s%s", ending, word);
    if (!t.failed) return t.s;
    vxg__text_free(&t);
    return NULL;
}

/* ---- One output ---- */

/* As the umask has it; an old file's rights come at the end (vxg__output_rights). */
int vxg__temp_open(const char *temp, int private_file) {
    return open(temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, private_file ? 0600 : 0666);
}

static int open_temp(const vxg__claim *c, vxg__output *out) {
    for (int attempt = 0; attempt < 100; attempt++) {
        out->temp = vxg__hidden_name(out->path, ".part-", 1);
        if (!out->temp) return VXG_ERR_MEMORY;
        out->fd = vxg__temp_open(out->temp, c->old.st_mode != 0);
        if (out->fd >= 0) return VXG_OK;
        const int error = errno;
        vxg__free(out->temp);
        out->temp = NULL;
        VXG_FAIL_IF(error != EEXIST, VXG_ERR_OUTPUT, "%s: cannot write here: %s", out->path,
                    strerror(error));
    }
    VXG_FAIL(VXG_ERR_OUTPUT, "%s: no free temporary name beside it", out->path);
}

int vxg__output_open(const char *path, int force, vxg_outputs *set, vxg__output *out) {
    vxg__claim *c = NULL;
    memset(out, 0, sizeof *out);
    out->fd = -1, out->force = force, out->set = set;
    VXG_FAIL_IF(!path || !*path, VXG_ERR_ARGUMENT, "the output path is empty");
    if (!set) VXG_TRY(vxg_outputs_new(&out->own));
    if (!set) out->set = out->own;
    int status = vxg__outputs_use(out->set, path, 0, force, &c);
    if (!status && !(out->path = vxg__strdup(c->path))) status = VXG_ERR_MEMORY;
    if (!status) status = open_temp(c, out);
    if (!status) out->old = c->old;
    if (status) vxg__output_abandon(out);
    return status;
}

void vxg__output_abandon(vxg__output *out) {
    if (out->fd >= 0) close(out->fd);
    if (out->temp) unlink(out->temp);
    vxg__free(out->temp);
    vxg__free(out->path);
    vxg_outputs_abandon(out->own);
    memset(out, 0, sizeof *out);
    out->fd = -1;
}

/* A replaced file keeps its owner where that is allowed, and who may read and write it. */
static void keep_rights(int fd, const struct stat *old) {
    struct stat now;
    if (!old->st_mode || fstat(fd, &now) != 0) return;
    mode_t mode = old->st_mode & 0777;
    if ((now.st_uid != old->st_uid || now.st_gid != old->st_gid) &&
        fchown(fd, old->st_uid, old->st_gid) != 0 && fchown(fd, (uid_t)-1, old->st_gid) != 0)
        mode = (mode & 0707) | (mode & 07) << 3; /* another group: as everybody else */
    (void)!fchmod(fd, mode);
}

int vxg__output_done(int fd, const struct stat *old, const char *path) {
    int error = 0;
    keep_rights(fd, old);
    if (fsync(fd) != 0 && errno != EINVAL && errno != ENOTSUP && errno != ENOSYS) error = errno;
    /* Network file systems report a full disk only here. */
    if (close(fd) != 0 && !error) error = errno;
    VXG_FAIL_IF(error, VXG_ERR_OUTPUT, "%s: cannot write: %s", path, strerror(error));
    return VXG_OK;
}

int vxg__output_commit(vxg__output *out) {
    int status = vxg__output_done(out->fd, &out->old, out->path);
    out->fd = -1;
    if (!status) status = vxg__outputs_add_file(out->set, out->path, out->temp, out->force);
    if (!status) { /* the set's from now on */
        vxg__free(out->temp);
        out->temp = NULL;
        if (out->own) status = vxg_outputs_commit(out->own);
        out->own = NULL;
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

int vxg__read_exact(int fd, void *data, size_t n, int64_t offset, const char *path) {
    char *p = data;
    while (n > 0) {
        ssize_t got = pread(fd, p, n < ((size_t)1 << 30) ? n : (size_t)1 << 30, (off_t)offset);
        if (got < 0 && errno == EINTR) continue;
        VXG_FAIL_IF(got < 0, VXG_ERR_INPUT, "%s: cannot read: %s", path, strerror(errno));
        VXG_FAIL_IF(got == 0, VXG_ERR_INPUT, "%s: the file ends too early", path);
        p += got, n -= (size_t)got, offset += got;
    }
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

void vxg__file_id(const struct stat *st, vxg_file_id *out) {
    *out = (vxg_file_id){.size = sizeof *out,
                         .device = (uint64_t)st->st_dev,
                         .inode = (uint64_t)st->st_ino,
                         .bytes = (int64_t)st->st_size,
                         .seconds = (int64_t)st->st_ctim.tv_sec,
                         .nanoseconds = (int64_t)st->st_ctim.tv_nsec};
}

static int same_id(const struct stat *st, const vxg_file_id *id) {
    vxg_file_id now;
    vxg__file_id(st, &now);
    return now.device == id->device && now.inode == id->inode && now.bytes == id->bytes &&
           now.seconds == id->seconds && now.nanoseconds == id->nanoseconds;
}

static int sha256_of(int fd, const char *path, const vxg_file_id *id, char out[65]) {
    const size_t size = (size_t)1 << 18;
    struct stat st;
    vxg_sha256 sha;
    uint8_t *buffer = vxg__calloc(size, 1);
    int status = buffer ? VXG_OK : VXG_ERR_MEMORY;
    vxg__sha256_start(&sha);
    while (!status) {
        const ssize_t n = read(fd, buffer, size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0)
            status = vxg_error_set(VXG_ERR_INPUT, "%s: cannot read: %s", path, strerror(errno));
        if (n <= 0) break;
        vxg__sha256_add(&sha, buffer, (size_t)n);
    }
    if (!status && id && id->size && (fstat(fd, &st) != 0 || !same_id(&st, id)))
        status = vxg_error_set(VXG_ERR_INPUT, "%s changed while it was read", path);
    if (!status) vxg__sha256_hex(&sha, out);
    vxg__free(buffer);
    return status;
}

int vxg_file_sha256_of(const char *path, const vxg_file_id *id, char out[65]) {
    VXG_FAIL_IF(!path || !out, VXG_ERR_ARGUMENT, "path or out is NULL");
    if (id) VXG_TRY(VXG_FIXED(vxg_file_id, id));
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a pipe is waited for nowhere */
    VXG_FAIL_IF(fd < 0, VXG_ERR_INPUT, "%s: cannot open: %s", path, strerror(errno));
    struct stat st;
    const int status = fstat(fd, &st) == 0 && S_ISREG(st.st_mode)
                           ? sha256_of(fd, path, id, out)
                           : vxg_error_set(VXG_ERR_INPUT, "%s: not a regular file", path);
    close(fd);
    return status;
}

int vxg_file_sha256(const char *path, char out[65]) {
    return vxg_file_sha256_of(path, NULL, out);
}
