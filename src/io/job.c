/* Jobs: work in blocks that can be broken off at any moment, gone on with, and shared. A folder
 * with job.txt, which says what work it is, and a piece for every block that is done:
 * piece_00000012, a file that appears whole (written under a hidden name, on the disk before it is
 * renamed). There is no other record, so nothing can disagree with it; several processes may work
 * in one folder.
 *
 * A piece is its bytes, 64 digits and MARK. The digits are the SHA-256 of the work's text, the
 * block's number and the bytes, so that no piece stands for another. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/outputs.h"

#define MARK "VXGPIECE"
#define TAIL 72 /* digits and mark */
#define HEAD "voxgrad job 1\n"
#define MOST_BLOCKS ((int64_t)1 << 24)
#define STEP ((size_t)1 << 20) /* bytes read at once */

struct vxg_job {
    char *folder, *text; /* text: of job.txt */
    int64_t blocks, shard, shards, next;
    int64_t now; /* the block that is being written; -1: none */
    int fd;
    char *temp;
    vxg_sha256 sum;
};

static char *inside(const char *folder, const char *name) {
    vxg_text t = {0};
    vxg__text_add(&t, "%s/%s", folder, name);
    return t.failed ? NULL : t.s;
}
static char *piece_name(const char *folder, int64_t block) {
    char name[32];
    snprintf(name, sizeof name, "piece_%08" PRId64, block);
    return inside(folder, name);
}

/* The sum of a piece begins with what it is a piece of. */
static void start_sum(const vxg_job *j, int64_t block, vxg_sha256 *sum) {
    char name[32];
    snprintf(name, sizeof name, "piece %" PRId64 "\n", block);
    vxg__sha256_start(sum);
    vxg__sha256_add(sum, j->text, strlen(j->text));
    vxg__sha256_add(sum, name, strlen(name));
}

/* Of what should be a file; a pipe by its name must not be waited for. */
static int open_file(const char *path) {
    return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

/* ---- What work it is ---- */
static int wait_text(const char *path, char **text) {
    struct stat st;
    *text = NULL;
    const int fd = open_file(path);
    VXG_FAIL_IF(fd < 0, VXG_ERR_INPUT, "%s: cannot open: %s", path, strerror(errno));
    int status = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size < 1 << 24
                     ? VXG_OK
                     : vxg_error_set(VXG_ERR_INPUT, "%s: no text of a job", path);
    char *t = status ? NULL : vxg__calloc((size_t)st.st_size + 1, 1);
    if (!status && !t) status = VXG_ERR_MEMORY;
    if (!status) status = vxg__read_exact(fd, t, (size_t)st.st_size, 0, path);
    close(fd);
    if (status) {
        vxg__free(t);
        return status;
    }
    *text = t;
    return VXG_OK;
}

static void line_of(const char *text, char *out, size_t size) {
    const size_t n = strcspn(text, "\n");
    snprintf(out, size, "%.*s", (int)(n < 200 ? n : 200), text);
}

/* The first line in which they differ. */
static int same_work(const char *folder, const char *there, const char *here) {
    if (!strcmp(there, here)) return VXG_OK;
    while (*there && *here) {
        const size_t a = strcspn(there, "\n"), b = strcspn(here, "\n");
        if (a != b || memcmp(there, here, a) != 0) break;
        there += a + (there[a] != 0), here += b + (here[b] != 0);
    }
    char other[208], own[208];
    line_of(there, other, sizeof other), line_of(here, own, sizeof own);
    VXG_FAIL(VXG_ERR_INPUT, "%s holds pieces of other work: there '%s', here '%s'", folder, other,
             own);
}

/* A file beside path under a hidden name, held by a lock while this run lives, so that others leave
 * it alone (sweep). One that was swept before the lock was there is made anew. */
static int open_held(const char *path, char **temp, int *fd) {
    for (int attempt = 0; attempt < 100; attempt++) {
        struct stat own, named;
        *fd = -1;
        if (!(*temp = vxg__hidden_name(path, ".part-", 1))) return VXG_ERR_MEMORY;
        *fd = vxg__temp_open(*temp, 0);
        const int error = errno;
        if (*fd >= 0 && flock(*fd, LOCK_EX | LOCK_NB) == 0 && fstat(*fd, &own) == 0 &&
            stat(*temp, &named) == 0 && own.st_ino == named.st_ino)
            return VXG_OK;
        const int opened = *fd >= 0;
        if (opened) close(*fd), unlink(*temp);
        vxg__free(*temp);
        *temp = NULL, *fd = -1;
        VXG_FAIL_IF(!opened && error != EEXIST, VXG_ERR_OUTPUT, "%s: cannot write here: %s", path,
                    strerror(error));
    }
    VXG_FAIL(VXG_ERR_OUTPUT, "%s: cannot lock a file beside it", path);
}

/* A file of these bytes under a name that nobody has; *taken: somebody has. */
static int put_file(const char *path, const void *bytes, size_t n, int *taken) {
    char *temp;
    int fd;
    VXG_TRY(open_held(path, &temp, &fd));
    int status = vxg__write_all(fd, bytes, n, 0, path);
    if (!status && fsync(fd) != 0)
        status = vxg_error_set(VXG_ERR_OUTPUT, "%s: cannot write: %s", path, strerror(errno));
    *taken = 0;
    if (!status && link(temp, path) != 0) {
        *taken = errno == EEXIST;
        if (!*taken)
            status = vxg_error_set(VXG_ERR_OUTPUT, "%s: cannot write: %s", path, strerror(errno));
    }
    unlink(temp), close(fd);
    vxg__free(temp);
    return status;
}

/* 1: nobody holds the lock of a hidden file, its run has died; it goes, if it is to. */
static int drop_dead(const char *folder, const char *name, int remove) {
    char *path = inside(folder, name);
    const int fd = path ? open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -1;
    const int dead = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;
    if (dead && remove) unlink(path);
    if (fd >= 0) close(fd);
    vxg__free(path);
    return dead;
}

/* Hidden files of runs that have died. */
static void sweep(const char *folder) {
    DIR *d = opendir(folder);
    struct dirent *e;
    while (d && (e = readdir(d))) {
        if ((strncmp(e->d_name, ".piece_", 7) != 0 && strncmp(e->d_name, ".job.txt", 8) != 0) ||
            !strstr(e->d_name, ".part-"))
            continue;
        drop_dead(folder, e->d_name, 1);
    }
    if (d) closedir(d);
}

/* 1: no piece is there, nor one that a living run is at: a run that was refused before its first
 * one may have left the text of its work. */
static int is_bare(const char *folder) {
    DIR *d = opendir(folder);
    struct dirent *e;
    int bare = d != NULL;
    while (bare && (e = readdir(d)))
        if (!strncmp(e->d_name, "piece_", 6))
            bare = 0;
        else if (!strncmp(e->d_name, ".piece_", 7))
            bare = drop_dead(folder, e->d_name, 0);
    if (d) closedir(d);
    return bare;
}

static int state_work(vxg_job *j) {
    char *path = inside(j->folder, "job.txt"), *there = NULL;
    const size_t n = strlen(j->text);
    int taken = 0, status = path ? put_file(path, j->text, n, &taken) : VXG_ERR_MEMORY;
    if (!status && taken) status = wait_text(path, &there);
    if (!status && taken) status = same_work(j->folder, there, j->text);
    if (status == VXG_ERR_INPUT && there && is_bare(j->folder)) {
        vxg_error_clear();
        unlink(path);
        status = put_file(path, j->text, n, &taken);
        if (!status && taken) /* by another run, just now */
            status = vxg_error_set(VXG_ERR_INPUT, "%s: another run begins there", j->folder);
    }
    vxg__free(there), vxg__free(path);
    return status ? status : vxg__sync_folder(j->folder);
}

/* As it is there: what its text says. */
static int open_there(const char *folder, vxg_job **out) {
    char *path = inside(folder, "job.txt"), *text = NULL, *end = NULL;
    int status = path ? wait_text(path, &text) : VXG_ERR_MEMORY;
    const size_t n = strlen(HEAD "blocks ");
    if (!status && strncmp(text, HEAD "blocks ", n) != 0)
        status = vxg_error_set(VXG_ERR_INPUT, "%s: no text of a job", path);
    vxg_job_opts o = {.size = sizeof o};
    if (!status) o.blocks = strtoll(text + n, &end, 10);
    if (!status && (*end != '\n' || o.blocks < 1))
        status = vxg_error_set(VXG_ERR_INPUT, "%s: no number of blocks", path);
    if (!status) o.key = end + 1;
    if (!status) status = vxg_job_open(folder, &o, out);
    vxg__free(text), vxg__free(path);
    return status;
}

int vxg_job_open(const char *folder, const vxg_job_opts *opts, vxg_job **out) {
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "job: out is NULL");
    *out = NULL;
    VXG_FAIL_IF(!folder || !*folder, VXG_ERR_ARGUMENT, "job: the folder is NULL or empty");
    if (!opts) return open_there(folder, out);
    VXG_READ(vxg_job_opts, opts);
    VXG_FAIL_IF(opts->reserved0, VXG_ERR_ARGUMENT, "job: reserved0 is not 0");
    VXG_FAIL_IF(opts->blocks < 1 || opts->blocks > MOST_BLOCKS, VXG_ERR_ARGUMENT,
                "job: %lld blocks; expected 1 to %lld", (long long)opts->blocks,
                (long long)MOST_BLOCKS);
    const int64_t shards = opts->shards ? opts->shards : 1;
    VXG_FAIL_IF(shards < 1 || opts->shard < 0 || opts->shard >= shards, VXG_ERR_ARGUMENT,
                "job: shard %lld of %lld; expected 0 to one less than there are",
                (long long)opts->shard, (long long)shards);
    vxg_job *j = vxg__calloc(1, sizeof *j);
    if (!j) return VXG_ERR_MEMORY;
    *j = (vxg_job){.blocks = opts->blocks, .shard = opts->shard, .shards = shards, .now = -1};
    j->fd = -1, j->next = j->shard;
    vxg_text t = {0};
    vxg__text_add(&t, HEAD "blocks %lld\n%s", (long long)opts->blocks, opts->key ? opts->key : "");
    j->text = t.failed ? NULL : t.s;
    j->folder = vxg__strdup(folder);
    int status = j->text && j->folder ? VXG_OK : VXG_ERR_MEMORY;
    if (!status && mkdir(folder, 0777) != 0 && errno != EEXIST)
        status = vxg_error_set(VXG_ERR_OUTPUT, "%s: cannot make the folder: %s", folder,
                               strerror(errno));
    if (!status) status = state_work(j);
    if (status) {
        vxg_job_close(j);
        return status;
    }
    sweep(folder);
    *out = j;
    return VXG_OK;
}

int vxg_job_look(const char *folder, const vxg_job_opts *opts) {
    struct stat st;
    vxg_text t = {0};
    char *path, *there = NULL;
    VXG_FAIL_IF(!folder || !opts, VXG_ERR_ARGUMENT, "job: the folder or options are NULL");
    VXG_READ(vxg_job_opts, opts);
    if (lstat(folder, &st) != 0) return VXG_OK;
    VXG_FAIL_IF(stat(folder, &st) != 0 || !S_ISDIR(st.st_mode), VXG_ERR_OUTPUT,
                "%s: cannot make the folder: File exists", folder);
    path = inside(folder, "job.txt");
    if (!path) return VXG_ERR_MEMORY;
    int status = access(path, F_OK) == 0 ? wait_text(path, &there) : VXG_OK;
    vxg__text_add(&t, HEAD "blocks %lld\n%s", (long long)opts->blocks, opts->key ? opts->key : "");
    if (!status && t.failed) status = VXG_ERR_MEMORY;
    if (!status && there && !is_bare(folder)) status = same_work(folder, there, t.s);
    vxg__text_free(&t);
    vxg__free(there), vxg__free(path);
    return status;
}

/* ---- Which blocks are done ---- */
/* 1: there is a piece, whole by its end; the sum is looked at when it is read. */
static int has(const char *folder, int64_t block) {
    char *path = piece_name(folder, block), tail[8];
    struct stat st;
    const int fd = path ? open_file(path) : -1;
    const int whole = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= TAIL &&
                      pread(fd, tail, 8, st.st_size - 8) == 8 && !memcmp(tail, MARK, 8);
    if (fd >= 0) close(fd);
    vxg__free(path);
    return whole;
}

int vxg_job_left(const vxg_job *j, int64_t *count) {
    VXG_FAIL_IF(!j || !count, VXG_ERR_ARGUMENT, "job: the job or count is NULL");
    *count = 0;
    for (int64_t k = 0; k < j->blocks; k++) *count += !has(j->folder, k);
    return VXG_OK;
}

int vxg_job_next(vxg_job *j, int64_t *block) {
    VXG_FAIL_IF(!j || !block, VXG_ERR_ARGUMENT, "job: the job or block is NULL");
    while (j->next < j->blocks && has(j->folder, j->next)) j->next += j->shards;
    *block = j->next < j->blocks ? j->next : -1;
    j->next += j->shards;
    return VXG_OK;
}

/* ---- A piece ---- */
void vxg_job_drop(vxg_job *j) {
    if (!j || j->now < 0) return;
    if (j->fd >= 0) close(j->fd);
    if (j->temp) unlink(j->temp);
    vxg__free(j->temp);
    j->temp = NULL, j->fd = -1, j->now = -1;
}

int vxg_job_begin(vxg_job *j, int64_t block) {
    VXG_FAIL_IF(!j, VXG_ERR_ARGUMENT, "job: the job is NULL");
    VXG_FAIL_IF(j->now >= 0, VXG_ERR_ARGUMENT, "job: block %lld is being written",
                (long long)j->now);
    VXG_FAIL_IF(block < 0 || block >= j->blocks, VXG_ERR_ARGUMENT, "job: block %lld of %lld",
                (long long)block, (long long)j->blocks);
    char *path = piece_name(j->folder, block);
    const int status = path ? open_held(path, &j->temp, &j->fd) : VXG_ERR_MEMORY;
    vxg__free(path);
    if (status) return status;
    j->now = block;
    start_sum(j, block, &j->sum);
    return VXG_OK;
}

int vxg_job_write(vxg_job *j, const void *bytes, size_t n) {
    VXG_FAIL_IF(!j || (n && !bytes), VXG_ERR_ARGUMENT, "job: the job or bytes are NULL");
    VXG_FAIL_IF(j->now < 0, VXG_ERR_ARGUMENT, "job: no block was begun");
    vxg__sha256_add(&j->sum, bytes, n);
    return vxg__write_all(j->fd, bytes, n, -1, j->temp);
}

int vxg_job_done(vxg_job *j) {
    char tail[TAIL + 1];
    VXG_FAIL_IF(!j, VXG_ERR_ARGUMENT, "job: the job is NULL");
    VXG_FAIL_IF(j->now < 0, VXG_ERR_ARGUMENT, "job: no block was begun");
    vxg__sha256_hex(&j->sum, tail);
    memcpy(tail + 64, MARK, 8);
    char *path = piece_name(j->folder, j->now);
    int status = path ? vxg__write_all(j->fd, tail, TAIL, -1, path) : VXG_ERR_MEMORY;
    if (!status && (fsync(j->fd) != 0 || rename(j->temp, path) != 0))
        status = vxg_error_set(VXG_ERR_OUTPUT, "%s: cannot write: %s", path, strerror(errno));
    if (!status) {
        vxg__free(j->temp);
        j->temp = NULL; /* it has its name */
        status = vxg__sync_folder(j->folder);
    }
    vxg_job_drop(j);
    vxg__free(path);
    return status;
}

/* The bytes of a piece, `limit` of them, to use, or only to the sum. */
static int pass(int fd, int64_t limit, const char *path, vxg_sha256 *sum, void *buffer,
                int (*use)(void *, const void *, size_t), void *context) {
    for (int64_t at = 0; at < limit; at += (int64_t)STEP) {
        const size_t n = limit - at < (int64_t)STEP ? (size_t)(limit - at) : STEP;
        VXG_TRY(vxg__read_exact(fd, buffer, n, at, path));
        if (sum) vxg__sha256_add(sum, buffer, n);
        if (use) VXG_TRY(use(context, buffer, n));
    }
    return VXG_OK;
}

static int read_piece(const vxg_job *j, int64_t block, int fd, const char *path, void *buffer,
                      int (*use)(void *, const void *, size_t), void *context) {
    struct stat st;
    char tail[TAIL], digits[65];
    vxg_sha256 sum;
    VXG_FAIL_IF(fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size < TAIL, VXG_ERR_INPUT,
                "%s: it is cut off, or no file", path);
    const int64_t n = (int64_t)st.st_size - TAIL;
    start_sum(j, block, &sum);
    VXG_TRY(pass(fd, n, path, &sum, buffer, NULL, NULL));
    VXG_TRY(vxg__read_exact(fd, tail, TAIL, n, path));
    vxg__sha256_hex(&sum, digits);
    VXG_FAIL_IF(memcmp(tail, digits, 64) != 0 || memcmp(tail + 64, MARK, 8) != 0, VXG_ERR_INPUT,
                "%s: it is damaged: its checksum is another, or it is a piece of other work or of "
                "another block",
                path);
    return pass(fd, n, path, NULL, buffer, use, context);
}

int vxg_job_read(vxg_job *j, int64_t block, int (*use)(void *context, const void *bytes, size_t n),
                 void *context) {
    VXG_FAIL_IF(!j || !use, VXG_ERR_ARGUMENT, "job: the job or use is NULL");
    VXG_FAIL_IF(block < 0 || block >= j->blocks, VXG_ERR_ARGUMENT, "job: block %lld of %lld",
                (long long)block, (long long)j->blocks);
    char *path = piece_name(j->folder, block);
    void *buffer = path ? vxg__calloc(STEP, 1) : NULL;
    const int fd = buffer ? open_file(path) : -1;
    int status = !buffer  ? VXG_ERR_MEMORY
                 : fd < 0 ? vxg_error_set(VXG_ERR_INPUT, "%s: block %lld is not done", j->folder,
                                          (long long)block)
                          : read_piece(j, block, fd, path, buffer, use, context);
    if (fd >= 0) close(fd);
    vxg__free(buffer), vxg__free(path);
    return status;
}

int vxg_job_piece(const vxg_job *j, int64_t block, char *path, size_t size) {
    VXG_FAIL_IF(!j || !path || !size, VXG_ERR_ARGUMENT, "job: the job or path is NULL");
    VXG_FAIL_IF(block < 0 || block >= j->blocks, VXG_ERR_ARGUMENT, "job: block %lld of %lld",
                (long long)block, (long long)j->blocks);
    *path = 0;
    if (!has(j->folder, block)) return VXG_OK;
    char *name = piece_name(j->folder, block);
    const int fits = name && strlen(name) < size;
    if (fits) memcpy(path, name, strlen(name) + 1);
    vxg__free(name);
    VXG_FAIL_IF(!name, VXG_ERR_MEMORY, "out of memory for the name of a piece");
    VXG_FAIL_IF(!fits, VXG_ERR_ARGUMENT, "job: the name of a piece is too long");
    return VXG_OK;
}

int vxg_job_forget(vxg_job *j, int64_t block) {
    VXG_FAIL_IF(!j, VXG_ERR_ARGUMENT, "job: the job is NULL");
    VXG_FAIL_IF(block < 0 || block >= j->blocks, VXG_ERR_ARGUMENT, "job: block %lld of %lld",
                (long long)block, (long long)j->blocks);
    char *path = piece_name(j->folder, block);
    if (!path) return VXG_ERR_MEMORY;
    const int status =
        unlink(path) != 0 && errno != ENOENT
            ? vxg_error_set(VXG_ERR_OUTPUT, "%s: cannot remove: %s", path, strerror(errno))
            : VXG_OK;
    vxg__free(path);
    return status;
}

/* ---- Pieces of others, and the end ---- */
static int copy_piece(int in, const char *from, const char *to) {
    char *temp = NULL;
    int out = -1;
    ssize_t n = 0;
    void *buffer = vxg__calloc(STEP, 1);
    int status = buffer ? open_held(to, &temp, &out) : VXG_ERR_MEMORY;
    while (!status && (n = read(in, buffer, STEP)) > 0)
        status = vxg__write_all(out, buffer, (size_t)n, -1, to);
    if (!status && (n < 0 || fsync(out) != 0 || rename(temp, to) != 0))
        status =
            vxg_error_set(VXG_ERR_OUTPUT, "%s: cannot copy to %s: %s", from, to, strerror(errno));
    if (status && temp) unlink(temp);
    if (out >= 0) close(out);
    vxg__free(buffer), vxg__free(temp);
    return status;
}

/* Linked, or on another disk copied. */
static int adopt(const vxg_job *j, const char *folder, int64_t block) {
    char *from = piece_name(folder, block), *to = piece_name(j->folder, block);
    int status = from && to ? VXG_OK : VXG_ERR_MEMORY;
    if (!status) unlink(to); /* one that is cut off */
    if (!status && link(from, to) != 0 && errno != EEXIST) {
        const int in = open_file(from);
        status = in < 0 ? vxg_error_set(VXG_ERR_INPUT, "%s: cannot open: %s", from, strerror(errno))
                        : copy_piece(in, from, to);
        if (in >= 0) close(in);
    }
    vxg__free(from), vxg__free(to);
    return status;
}

int vxg_job_merge(vxg_job *j, const char *folder) {
    VXG_FAIL_IF(!j || !folder, VXG_ERR_ARGUMENT, "job: the job or folder is NULL");
    char *path = inside(folder, "job.txt"), *text = NULL;
    int status = path ? wait_text(path, &text) : VXG_ERR_MEMORY;
    if (!status) status = same_work(folder, text, j->text);
    for (int64_t k = 0; k < j->blocks && !status; k++)
        if (!has(j->folder, k) && has(folder, k)) status = adopt(j, folder, k);
    if (!status) status = vxg__sync_folder(j->folder);
    vxg__free(text), vxg__free(path);
    return status;
}

int vxg_job_remove(vxg_job *j) {
    VXG_FAIL_IF(!j, VXG_ERR_ARGUMENT, "job: the job is NULL");
    vxg_job_drop(j);
    char *path = inside(j->folder, "job.txt");
    int status = path ? VXG_OK : VXG_ERR_MEMORY;
    for (int64_t k = 0; k < j->blocks && !status; k++) {
        char *piece = piece_name(j->folder, k);
        if (piece) unlink(piece);
        vxg__free(piece);
    }
    sweep(j->folder);
    if (!status && unlink(path) != 0 && errno != ENOENT)
        status = vxg_error_set(VXG_ERR_OUTPUT, "%s: cannot remove: %s", path, strerror(errno));
    if (!status) (void)!rmdir(j->folder); /* what others put there stays */
    vxg__free(path);
    return status;
}

void vxg_job_close(vxg_job *j) {
    if (!j) return;
    vxg_job_drop(j);
    vxg__free(j->folder), vxg__free(j->text);
    vxg__free(j);
}
