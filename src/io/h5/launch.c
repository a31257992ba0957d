/* Finds, starts and ends the HDF5 helper. */
#include "io/h5/session.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

#ifndef VXG_HELPER_PLACE
#define VXG_HELPER_PLACE "../libexec/voxgrad" /* from the library's folder */
#endif
enum { SECONDS = 30 }; /* of processor time for one request */

/* VXG_H5_HELPER, or beside the library (a wheel), or where an installation has it. */
static int find(char path[PATH_MAX]) {
    const char *given = secure_getenv("VXG_H5_HELPER");
    static const char *const places[] = {"", VXG_HELPER_PLACE "/", "../libexec/voxgrad/"};
    Dl_info info;
    char folder[PATH_MAX] = "";
    if (given && *given) {
        VXG_FAIL_IF(snprintf(path, PATH_MAX, "%s", given) >= PATH_MAX || access(path, X_OK) != 0,
                    VXG_ERR_UNSUPPORTED, "VXG_H5_HELPER is %s, which cannot be run", given);
        return VXG_OK;
    }
    if (dladdr((const void *)(uintptr_t)vxg__h5_launch, &info) && info.dli_fname &&
        realpath(info.dli_fname, folder)) {
        char *slash = strrchr(folder, '/');
        if (slash) slash[1] = 0;
    }
    for (size_t i = 0; folder[0] && i < sizeof places / sizeof *places; i++) {
        const int n = snprintf(path, PATH_MAX, "%s%svoxgrad-h5", folder, places[i]);
        if (n > 0 && n < PATH_MAX && access(path, X_OK) == 0) return VXG_OK;
    }
    VXG_FAIL(VXG_ERR_UNSUPPORTED,
             "HDF5 files are read by the program voxgrad-h5, which is neither in %s nor in %s%s: "
             "install voxgrad whole, name it by VXG_H5_HELPER, or set VXG_H5=inprocess to read "
             "files you trust without it",
             folder, folder, VXG_HELPER_PLACE);
}

/* Above what dup2 below writes to. */
static int lift(int fd) {
    const int high = fcntl(fd, F_DUPFD_CLOEXEC, 10);
    close(fd);
    return high;
}

static int spawn(const char *path, int socket, int window, const char *const *argv, pid_t *pid) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int error = posix_spawn_file_actions_init(&files);
    if (error) return error;
    if ((error = posix_spawnattr_init(&how)) != 0) {
        posix_spawn_file_actions_destroy(&files);
        return error;
    }
    for (int fd = 0; fd < 3 && !error; fd++)
        error = posix_spawn_file_actions_addopen(&files, fd, "/dev/null", O_RDWR, 0);
    if (!error) error = posix_spawn_file_actions_adddup2(&files, socket, 3);
    if (!error) error = posix_spawn_file_actions_adddup2(&files, window, 4);
    /* In a group of its own the terminal's keys do not reach it. */
    if (!error)
        error = posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                   POSIX_SPAWN_SETPGROUP);
    if (!error) error = posix_spawnattr_setpgroup(&how, 0);
    if (!error) error = posix_spawnattr_setsigmask(&how, &none);
    if (!error) error = posix_spawnattr_setsigdefault(&how, &all);
    if (!error)
        error = posix_spawn(pid, path, &files, &how, (char *const *)(uintptr_t)argv, environ);
    posix_spawnattr_destroy(&how);
    posix_spawn_file_actions_destroy(&files);
    return error;
}

int vxg__h5_launch(vxg__h5_session *s, int window_fd, int segment, int64_t heap) {
    char path[PATH_MAX], wire[16], parent[32], bytes[32], seconds[16], memory[16];
    const char *given = getenv("VXG_H5_SECONDS");
    int pair[2] = {-1, -1};
    pid_t pid = -1;
    VXG_TRY(find(path));
    s->seconds = given && atoi(given) > 0 ? atoi(given) : SECONDS;
    snprintf(wire, sizeof wire, "%d", VXG__H5_WIRE);
    snprintf(parent, sizeof parent, "%ld", (long)getpid());
    snprintf(bytes, sizeof bytes, "%lld", (long long)heap);
    snprintf(seconds, sizeof seconds, "%d", s->seconds);
    snprintf(memory, sizeof memory, "%d", segment);
    const char *const argv[] = {"voxgrad-h5", wire, parent, bytes, seconds, memory, NULL};
    VXG_FAIL_IF(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0, VXG_ERR_FAILED,
                "no socket for the HDF5 helper: %s", strerror(errno));
    const int far = lift(pair[1]);
    const int window = fcntl(window_fd >= 0 ? window_fd : far, F_DUPFD_CLOEXEC, 10);
    int error = far < 0 || window < 0 ? EMFILE : spawn(path, far, window, argv, &pid);
    if (far >= 0) close(far);
    if (window >= 0) close(window);
    if (error) {
        close(pair[0]);
        VXG_FAIL(VXG_ERR_FAILED, "cannot start %s: %s", path, strerror(error));
    }
    s->socket = pair[0], s->pid = (int)pid, s->owner = (int)getpid();
    return VXG_OK;
}

/* The process's end, waited for at most a second; -1: it is not known. A process that somebody
 * else has waited for is not killed: its number may be another's by now. */
static int collect(pid_t pid) {
    int end = 0;
    for (int i = 0; i < 1000; i++) {
        const pid_t done = waitpid(pid, &end, WNOHANG);
        if (done == pid) return end;
        if (done < 0 && errno != EINTR) return -1;
        if (i == 20) kill(pid, SIGKILL);
        const struct timespec ms = {0, 1000000};
        nanosleep(&ms, NULL);
    }
    return -1;
}

static void say(vxg__h5_session *s, int end, int timed_out) {
    static const char bad[] = "the file is damaged or made to do harm";
    if (timed_out) {
        snprintf(s->dead, sizeof s->dead, "reading it took more than %d s: %s", 20 * s->seconds,
                 bad);
    } else if (end == -1) {
        snprintf(s->dead, sizeof s->dead, "the HDF5 helper is gone: %s", bad);
    } else if (WIFSIGNALED(end) && WTERMSIG(end) == SIGXCPU) {
        snprintf(s->dead, sizeof s->dead,
                 "reading it took more than %d s of processor time in one place: %s", s->seconds,
                 bad);
    } else if (WIFSIGNALED(end) && WTERMSIG(end) == SIGKILL) {
        snprintf(s->dead, sizeof s->dead, "the HDF5 helper was killed, perhaps for want of memory");
    } else if (WIFSIGNALED(end)) {
        snprintf(s->dead, sizeof s->dead, "reading it crashed HDF5 (signal %d, %s): %s",
                 WTERMSIG(end), strsignal(WTERMSIG(end)), bad);
    } else if (WEXITSTATUS(end) == 3) {
        snprintf(s->dead, sizeof s->dead, "the HDF5 helper is of another version than the library");
    } else {
        snprintf(s->dead, sizeof s->dead, "the HDF5 helper ended with code %d", WEXITSTATUS(end));
    }
}

void vxg__h5_autopsy(vxg__h5_session *s, int timed_out) {
    if (s->socket < 0) return;
    const int own = s->owner == (int)getpid();
    /* Not only closed: after a fork another process may have the socket too. */
    if (own) shutdown(s->socket, SHUT_RDWR);
    close(s->socket);
    s->socket = -1;
    if (own) say(s, collect((pid_t)s->pid), timed_out);
}
