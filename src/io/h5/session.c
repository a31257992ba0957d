/* Requests to the helper, or to libhdf5 in this process. */
#include "io/h5/session.h"
#include "io/h5/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <unistd.h>

#ifdef VXG_HAVE_HDF5
static const int64_t MIB = (int64_t)1 << 20;

static int64_t clamp(int64_t v, int64_t least, int64_t most) {
    return v < least ? least : v > most ? most : v;
}

static int64_t default_memory(void) {
    const int64_t pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    return pages > 0 && page > 0 ? pages * page / 4 : 1024 * MIB;
}

/* HDF5's signature at byte 0, 512, 1024...: the first that is there counts. */
static int is_hdf5(int fd) {
    uint8_t head[8];
    for (int64_t at = 0; at <= (int64_t)1 << 30; at = at ? 2 * at : 512) {
        if (pread(fd, head, sizeof head, (off_t)at) != (ssize_t)sizeof head) return 0;
        if (!memcmp(head, "\x89HDF\r\n\x1a\n", 8)) return 1;
    }
    return 0;
}

static int look(vxg__h5_session *s) {
    s->fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    VXG_FAIL_IF(s->fd < 0, VXG_ERR_INPUT, "cannot open: %s", strerror(errno));
    VXG_FAIL_IF(fstat(s->fd, &s->was) != 0 || !S_ISREG(s->was.st_mode), VXG_ERR_INPUT,
                "not a regular file");
    VXG_FAIL_IF(!is_hdf5(s->fd), VXG_ERR_INPUT, "not an HDF5 file");
    return VXG_OK;
}

/* Memory both sides see. It is reserved, not taken: only what is used counts. Its size is sealed:
 * a helper gone wrong could otherwise take memory away under the reader. */
static int make_window(vxg__h5_session *s, int shared, int *fd, int *segment) {
    const size_t bytes = (size_t)clamp(s->memory / 4, 8 * MIB, 1024 * MIB);
    struct rlimit files;
    void *p = MAP_FAILED;
    *fd = *segment = -1;
    if (shared && getrlimit(RLIMIT_FSIZE, &files) == 0 && files.rlim_cur < bytes) {
        /* The limit on files holds for nameless ones too; not for this kind of memory, which goes
         * with the last process that has it. */
        *segment = shmget(IPC_PRIVATE, bytes, IPC_CREAT | SHM_NORESERVE | 0600);
        if (*segment >= 0) {
            p = shmat(*segment, NULL, 0);
            shmctl(*segment, IPC_RMID, NULL);
        }
        s->attached = p != MAP_FAILED;
    } else if (shared) {
        *fd = memfd_create("voxgrad-h5", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        if (*fd >= 0 && ftruncate(*fd, (off_t)bytes) == 0 &&
            fcntl(*fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
            p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
    } else {
        p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }
    VXG_FAIL_IF(p == MAP_FAILED, VXG_ERR_MEMORY, "no memory to read HDF5 through: %s",
                strerror(errno));
    s->window = p, s->window_bytes = (int64_t)bytes;
    return VXG_OK;
}

static int start(vxg__h5_session *s, const vxg__h5_opts *opts) {
    const char *how = getenv("VXG_H5");
    const int in_process = opts->in_process || (how && !strcmp(how, "inprocess"));
    int window_fd = -1, segment = -1;
    VXG_FAIL_IF(how && *how && !in_process && strcmp(how, "helper") != 0, VXG_ERR_ARGUMENT,
                "VXG_H5 is \"%s\"; helper or inprocess expected", VXG_SHOW(how));
    VXG_TRY(make_window(s, !in_process, &window_fd, &segment));
    if (!in_process) {
        const int status =
            vxg__h5_launch(s, window_fd, segment, clamp(s->memory / 2, 96 * MIB, 2048 * MIB));
        if (window_fd >= 0) close(window_fd);
        return status;
    }
    vxg__h5_server *server = vxg__calloc(1, sizeof *server);
    if (!server) return VXG_ERR_MEMORY;
    server->window = s->window, server->window_bytes = (size_t)s->window_bytes;
    s->server = server;
    return VXG_OK;
}

static int open_file(vxg__h5_session *s, const vxg__h5_opts *opts) {
    VXG_TRY(look(s));
    VXG_TRY(start(s, opts));
    vxg__h5_body *b = vxg__h5_request(s);
    vxg__h5_put_words(b, s->path);
    vxg__h5_put(b, opts->follow);
    VXG_TRY(vxg__h5_ask(s, VXG__H5_OPEN));
    const int64_t id[7] = {(int64_t)s->was.st_dev,          (int64_t)s->was.st_ino,
                           (int64_t)s->was.st_size,         (int64_t)s->was.st_mtim.tv_sec,
                           (int64_t)s->was.st_mtim.tv_nsec, (int64_t)s->was.st_ctim.tv_sec,
                           (int64_t)s->was.st_ctim.tv_nsec};
    for (int i = 0; i < 7; i++)
        VXG_FAIL_IF(vxg__h5_take(&s->reply) != id[i], VXG_ERR_INPUT,
                    "it changed while it was opened");
    return VXG_OK;
}

int vxg__h5_session_open(const char *path, const vxg__h5_opts *opts, vxg__h5_session **out) {
    vxg__h5_session *s = vxg__calloc(1, sizeof *s);
    *out = NULL;
    if (!s) return VXG_ERR_MEMORY;
    s->fd = s->socket = -1;
    s->memory = opts->memory > 0 ? opts->memory : default_memory();
    /* With a limit, most of it is the caller's: reading keeps to an eighth where chunks allow. */
    s->share = opts->memory > 0 ? s->memory / 4 : s->memory;
    s->path = vxg__strdup(path);
    const int status = s->path ? open_file(s, opts) : VXG_ERR_MEMORY;
    if (status) {
        vxg__h5_session_close(s);
        return vxg_error_context(status, "%s", path);
    }
    *out = s;
    return VXG_OK;
}

void vxg__h5_session_close(vxg__h5_session *s) {
    if (!s) return;
    if (s->server) {
        vxg__h5_guard guard;
        vxg__h5_enter(&guard);
        vxg__h5_server_close(s->server);
        vxg__h5_leave(&guard);
        vxg__free(s->server);
    } else {
        vxg__h5_autopsy(s, 0);
    }
    if (s->window && s->attached) shmdt(s->window);
    if (s->window && !s->attached) munmap(s->window, (size_t)s->window_bytes);
    if (s->fd >= 0) close(s->fd);
    vxg__h5_body_free(&s->request);
    vxg__h5_body_free(&s->reply);
    vxg__free(s->path);
    vxg__free(s);
}

vxg__h5_body *vxg__h5_request(vxg__h5_session *s) {
    vxg__h5_body_clear(&s->request);
    return &s->request;
}

int vxg__h5_begin(vxg__h5_session *s, int what) {
    VXG_FAIL_IF(s->request.bad, VXG_ERR_MEMORY, "out of memory for a request to the HDF5 helper");
    s->waiting = what;
    if (s->server) return VXG_OK; /* served by finish */
    VXG_FAIL_IF(s->dead[0], VXG_ERR_INPUT, "%s", s->dead);
    VXG_FAIL_IF(s->owner != getpid(), VXG_ERR_ARGUMENT,
                "a reader that was opened before a fork is used in the new process");
    const vxg__h5_head head = {.bytes = (uint32_t)s->request.n, .what = what, .wire = VXG__H5_WIRE};
    if (vxg__h5_send(s->socket, &head, &s->request) == 0) return VXG_OK;
    vxg__h5_autopsy(s, 0);
    s->waiting = 0;
    VXG_FAIL(VXG_ERR_INPUT, "%s", s->dead);
}

static int serve_here(vxg__h5_session *s, int what) {
    vxg__h5_guard guard;
    vxg__h5_enter(&guard);
    const int status = vxg__h5_serve(s->server, what, &s->request, &s->reply);
    vxg__h5_leave(&guard);
    return status;
}

static int known_status(int status) {
    switch (status) {
    case VXG_ERR_MEMORY: return VXG_ERR_MEMORY;
    case VXG_ERR_UNSUPPORTED: return VXG_ERR_UNSUPPORTED;
    case VXG_ERR_ARGUMENT: return VXG_ERR_ARGUMENT;
    default: return VXG_ERR_INPUT;
    }
}

int vxg__h5_finish(vxg__h5_session *s) {
    vxg__h5_head head;
    int got = 0;
    const int what = s->waiting;
    s->waiting = 0;
    if (s->server) return serve_here(s, what);
    VXG_FAIL_IF(s->dead[0], VXG_ERR_INPUT, "%s", s->dead);
    if (vxg__h5_receive(s->socket, 20000 * s->seconds, &head, &s->reply, &got) != 0 || !got) {
        const int why = got ? 0 : errno;
        if (why == ENOMEM) return VXG_ERR_MEMORY;
        vxg__h5_autopsy(s, why == ETIMEDOUT);
        VXG_FAIL(VXG_ERR_INPUT, "%s", s->dead);
    }
    if (head.what == VXG_OK) return VXG_OK;
    return vxg_error_set(known_status(head.what), "%s", vxg__h5_take_words(&s->reply));
}

int vxg__h5_ask(vxg__h5_session *s, int what) {
    VXG_TRY(vxg__h5_begin(s, what));
    return vxg__h5_finish(s);
}

int vxg__h5_session_unchanged(const vxg__h5_session *s) {
    struct stat now;
    VXG_FAIL_IF(fstat(s->fd, &now) != 0, VXG_ERR_INPUT, "%s: %s", s->path, strerror(errno));
    VXG_FAIL_IF(!vxg__stat_same(&now, &s->was), VXG_ERR_INPUT, "%s changed while it was read",
                s->path);
    return VXG_OK;
}
#else
int vxg__h5_session_open(const char *path, const vxg__h5_opts *opts, vxg__h5_session **out) {
    (void)opts;
    *out = NULL;
    VXG_FAIL(VXG_ERR_UNSUPPORTED,
             "%s: built without HDF5; install its headers (Debian: libhdf5-dev) and build again",
             path);
}
void vxg__h5_session_close(vxg__h5_session *s) {
    (void)s;
}
vxg__h5_body *vxg__h5_request(vxg__h5_session *s) {
    return &s->request;
}
int vxg__h5_begin(vxg__h5_session *s, int what) {
    (void)s, (void)what;
    return VXG_ERR_UNSUPPORTED;
}
int vxg__h5_finish(vxg__h5_session *s) {
    (void)s;
    return VXG_ERR_UNSUPPORTED;
}
int vxg__h5_ask(vxg__h5_session *s, int what) {
    (void)s, (void)what;
    return VXG_ERR_UNSUPPORTED;
}
int vxg__h5_session_unchanged(const vxg__h5_session *s) {
    (void)s;
    return VXG_OK;
}
#endif
