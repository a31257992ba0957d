/* Lock files: who writes an output now, and whether a run that wrote it is dead.
 *
 * The lock is flock's: the kernel drops it when the process ends, however it ends. The file is
 * removed by its holder while it is held, so whoever gets the lock looks whether the name still
 * means that file. */
#include "io/outputs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

static const char first_line[] = "voxgrad-lock 1\n";
#define MOST_BYTES ((off_t)1 << 28) /* of a lock file with a journal */

vxg__lock_state vxg__lock_try(const char *path, int create, int *fd) {
    for (int attempt = 0; attempt < 100; attempt++) {
        const int flags = O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
        struct stat open_file, named;
        /* Not writable for others whatever the umask: a journal is obeyed. */
        *fd = open(path, O_RDWR | flags | (create ? O_CREAT : 0), 0644);
        if (*fd < 0 && errno == EACCES) { /* another user's, or the folder is */
            *fd = open(path, O_RDONLY | flags);
            if (*fd < 0) errno = EACCES;
        }
        if (*fd < 0) return errno == ENOENT && !create ? VXG__LOCK_ABSENT : VXG__LOCK_FAILED;
        if (fstat(*fd, &open_file) != 0 || !S_ISREG(open_file.st_mode)) {
            close(*fd);
            *fd = -1, errno = EEXIST;
            return VXG__LOCK_FAILED;
        }
        if (flock(*fd, LOCK_EX | LOCK_NB) != 0) {
            if (errno == EWOULDBLOCK) return VXG__LOCK_HELD;
            if (errno != EINTR) return VXG__LOCK_NONE;
        } else if (lstat(path, &named) == 0 && named.st_ino == open_file.st_ino &&
                   named.st_dev == open_file.st_dev) {
            return VXG__LOCK_TAKEN;
        }
        close(*fd);
        *fd = -1;
    }
    errno = EBUSY;
    return VXG__LOCK_FAILED;
}

char *vxg__lock_read(int fd) {
    struct stat st;
    const off_t size = fstat(fd, &st) == 0 && st.st_size <= MOST_BYTES ? st.st_size : 0;
    char *text = vxg__calloc((size_t)size + 1, 1);
    ssize_t got = 0;
    for (off_t at = 0; text && at < size; at += got) {
        got = pread(fd, text + at, (size_t)(size - at), at);
        if (got < 0 && errno == EINTR) got = 0;
        if (got <= 0) break;
    }
    return text;
}

/* "process 12 on lab3 since 2026-01-31T12:00:00Z", out of a file that anybody may have written. */
static void holder(const char *text, char *out, size_t size) {
    snprintf(out, size, "an unknown process");
    if (strncmp(text, first_line, sizeof first_line - 1) != 0) return;
    text += sizeof first_line - 1;
    size_t n = strcspn(text, "\n");
    if (n >= size) n = size - 1;
    for (size_t i = 0; i < n; i++) out[i] = text[i] < ' ' || text[i] > '~' ? '?' : text[i];
    out[n] = 0;
}

static void host_name(char *out, size_t size) {
    if (gethostname(out, size) != 0) snprintf(out, size, "unknown");
    out[size - 1] = 0;
    for (char *p = out; *p; p++)
        if (*p <= ' ' || *p > '~') *p = '?';
}

static int write_holder(int fd, const char *path) {
    char host[128], date[40];
    const time_t now = time(NULL);
    struct tm tm;
    vxg_text t = {0};
    host_name(host, sizeof host);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
    vxg__text_add(&t, "%sprocess %ld on %s since %s\n", first_line, (long)getpid(), host, date);
    int status = t.failed ? VXG_ERR_MEMORY : VXG_OK;
    if (!status && ftruncate(fd, 0) != 0)
        status = vxg_error_set(VXG_ERR_OUTPUT, "%s: cannot write: %s", path, strerror(errno));
    if (!status) status = vxg__write_all(fd, t.s, t.length, 0, path);
    vxg__text_free(&t);
    return status;
}

static int is_own(const vxg__claim *c, int fd, const vxg_outputs *others) {
    struct stat st, mine;
    for (int i = 0; i < others->nclaims; i++) {
        const vxg__claim *o = &others->claims[i];
        if (o != c && o->fd >= 0 && fstat(o->fd, &mine) == 0 && fstat(fd, &st) == 0 &&
            st.st_dev == mine.st_dev && st.st_ino == mine.st_ino)
            return 1;
    }
    return 0;
}

static int refuse_held(const vxg__claim *c, int fd) {
    char words[200];
    char *text = vxg__lock_read(fd);
    if (!text) return VXG_ERR_MEMORY;
    holder(text, words, sizeof words);
    vxg__free(text);
    VXG_FAIL(VXG_ERR_OUTPUT, "%s: another run is writing this (%s)", c->given, words);
}

/* A run that ends, or one that looks at what a dead run left, holds a lock for a moment. */
static int get_lock(vxg__claim *c, const vxg_outputs *others, int *known) {
    for (int wait = 0;; wait++) {
        const vxg__lock_state state = vxg__lock_try(c->lock, 1, &c->fd);
        *known = state == VXG__LOCK_TAKEN;
        VXG_FAIL_IF(state == VXG__LOCK_FAILED, VXG_ERR_OUTPUT, "%s: cannot write here: %s",
                    c->given, strerror(errno));
        if (state == VXG__LOCK_NONE)
            vxg__log(0,
                     "%s: this file system has no locks: another run that writes the same at "
                     "the same time is not noticed",
                     c->given);
        if (state != VXG__LOCK_HELD) return VXG_OK;
        int status = VXG_OK;
        if (is_own(c, c->fd, others)) {
            status = vxg_error_set(VXG_ERR_ARGUMENT, "%s: two outputs are this one file", c->given);
        } else if (wait == 25) {
            status = refuse_held(c, c->fd);
        }
        close(c->fd);
        c->fd = -1;
        if (status) return status;
        const struct timespec moment = {0, 20000000};
        nanosleep(&moment, NULL);
    }
}

static int make_whole(const vxg__claim *c, const char *text, int *keep) {
    *keep = 1;
    VXG_TRY(vxg__journal_recover(c->lock, c->fd, text));
    vxg__journal_sweep(c->lock);
    *keep = 0;
    return VXG_OK;
}

int vxg__lock_take(vxg__claim *c, const vxg_outputs *others) {
    struct stat st;
    for (int attempt = 0; attempt < 3; attempt++) {
        int known = 0, status = VXG_OK;
        VXG_TRY(get_lock(c, others, &known));
        const int own = fstat(c->fd, &st) == 0 && st.st_uid == geteuid();
        int keep = own && st.st_size > 0; /* as it is: what a dead run left is not whole yet */
        char *text = vxg__lock_read(c->fd);
        if (!text) status = VXG_ERR_MEMORY;
        if (!status && *text && known) status = make_whole(c, text, &keep);
        vxg__free(text);
        if (!status && own) status = write_holder(c->fd, c->given);
        if (status) {
            vxg__lock_drop(c, keep);
            return status;
        }
        if (own) return VXG_OK;
        if (unlink(c->lock) != 0 && errno != ENOENT) { /* another user's, who may still use it */
            status = vxg_error_set(VXG_ERR_OUTPUT, "%s: cannot remove %s: %s", c->given, c->lock,
                                   strerror(errno));
            vxg__lock_drop(c, 1);
            return status;
        }
        vxg__lock_drop(c, 1);
    }
    VXG_FAIL(VXG_ERR_OUTPUT, "%s: the lock file %s changes hands all the time", c->given, c->lock);
}

void vxg__lock_drop(vxg__claim *c, int keep) {
    if (c->fd < 0) return;
    if (!keep) unlink(c->lock);
    close(c->fd);
    c->fd = -1;
}

/* ---- Other outputs of dead runs in the same folder ---- */

static int is_of_this_machine(const char *text) {
    char host[128], words[200], place[200];
    host_name(host, sizeof host);
    holder(text, words, sizeof words);
    return sscanf(words, "process %*d on %199s", place) == 1 && !strcmp(place, host);
}

/* Locks of other machines are left alone: whether they are held cannot be asked everywhere. */
static void sweep_one(const char *path) {
    int fd = -1;
    struct stat st;
    if (vxg__lock_try(path, 0, &fd) == VXG__LOCK_TAKEN && fstat(fd, &st) == 0 &&
        st.st_uid == geteuid()) {
        char *text = vxg__lock_read(fd);
        /* Without words: its run died, or is about to take the lock, and then makes another. */
        const int ours = text && (!*text || is_of_this_machine(text));
        if (ours && !vxg__journal_recover(path, fd, text)) {
            vxg__journal_sweep(path);
            unlink(path);
        }
        vxg__free(text);
    }
    if (fd >= 0) close(fd);
}

void vxg__lock_sweep(const vxg__claim *c) {
    static const char ending[] = ".vxg-lock";
    DIR *dir = opendir(c->folder);
    if (!dir) return;
    for (struct dirent *e; (e = readdir(dir));) {
        const size_t n = strlen(e->d_name);
        vxg_text t = {0};
        if (e->d_name[0] != '.' || n <= sizeof ending ||
            strcmp(e->d_name + n - (sizeof ending - 1), ending) != 0)
            continue;
        vxg__text_add(&t, "%s/%s", c->folder, e->d_name);
        if (!t.failed) sweep_one(t.s);
        vxg__text_free(&t);
    }
    closedir(dir);
}
