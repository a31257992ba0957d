/* voxgrad-h5: reads HDF5 files for libvoxgrad_io in a process of its own, within limits.
 *
 *   voxgrad-h5 WIRE PARENT HEAP SECONDS SEGMENT     (not for people)
 *
 * Descriptor 3 is the socket, 4 the window, unless SEGMENT is one of System V memory (not -1). It
 * ends when the socket does, when its parent is gone, or when a limit is reached; it writes no
 * file. */
#include "io/h5/server.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SOCKET = 3, WINDOW = 4 };

/* What the parent had open beside the two: pipes of its own would never end while they are here. */
static void close_others(void) {
#ifdef SYS_close_range
    if (syscall(SYS_close_range, WINDOW + 1, ~0U, 0) == 0) return;
#endif
    const long most = sysconf(_SC_OPEN_MAX);
    for (int fd = WINDOW + 1; fd < (most > 0 && most < 65536 ? most : 65536); fd++) close(fd);
}

static void limit(int what, rlim_t most) {
    struct rlimit r;
    if (getrlimit(what, &r) != 0) return;
    if (r.rlim_max == RLIM_INFINITY || most < r.rlim_max) r.rlim_max = most;
    r.rlim_cur = r.rlim_max;
    setrlimit(what, &r);
}

/* What is mapped now, the window too, and `heap` more. */
static void limit_memory(long long heap) {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    long long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f) return;
    if (fscanf(f, "%lld", &pages) == 1 && heap > 0)
        limit(RLIMIT_AS, (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + (rlim_t)heap);
    fclose(f);
#else
    (void)heap; /* the sanitizer's own memory passes every bound */
#endif
}

/* So many seconds of processor time from now on, not in all: long scans are read for hours. */
static void limit_time(long seconds) {
    struct rusage used;
    struct rlimit r;
    if (getrusage(RUSAGE_SELF, &used) != 0 || getrlimit(RLIMIT_CPU, &r) != 0) return;
    const rlim_t soft = (rlim_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec + 1 + seconds);
    if (r.rlim_max == RLIM_INFINITY || soft < r.rlim_max) r.rlim_cur = soft;
    setrlimit(RLIMIT_CPU, &r);
}

static void settle(long long heap) {
    /* Keys and batch systems signal whole groups of processes; here the socket's end is what
     * counts. */
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGTSTP, SIGXFSZ};
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) signal(ignored[i], SIG_IGN);
    close_others();
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, 0);
    limit_memory(heap);
#ifdef PR_SET_NO_NEW_PRIVS
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
#endif
}

#ifdef VXG_HAVE_HDF5
/* Waits for a request; looks now and then whether the parent lives. A signal at its death
 * (PR_SET_PDEATHSIG) would come when the thread ends that started this process. */
static int wait_for(pid_t parent) {
    for (;;) {
        struct pollfd p = {.fd = SOCKET, .events = POLLIN};
        const int ready = poll(&p, 1, 500);
        if (getppid() != parent) return -1;
        if (ready > 0) return 0;
        if (ready < 0 && errno != EINTR) return -1;
    }
}

static int answer(vxg__h5_server *s, int what, vxg__h5_body *request, vxg__h5_body *reply) {
    vxg__h5_head head = {.wire = VXG__H5_WIRE};
    vxg_error_clear();
    head.what = vxg__h5_serve(s, what, request, reply);
    if (head.what) {
        vxg__h5_body_clear(reply);
        vxg__h5_put_words(reply, vxg_error_message());
    }
    head.bytes = (uint32_t)reply->n;
    return vxg__h5_send(SOCKET, &head, reply);
}

/* Maps the window, before the memory is limited. */
static int map_window(vxg__h5_server *s, int segment) {
    struct stat st;
    struct shmid_ds facts;
    void *p = MAP_FAILED;
    if (segment >= 0) {
        if (shmctl(segment, IPC_STAT, &facts) != 0) return -1;
        s->window_bytes = facts.shm_segsz;
        p = shmat(segment, NULL, 0);
    } else {
        if (fstat(WINDOW, &st) != 0 || st.st_size <= 0) return -1;
        s->window_bytes = (size_t)st.st_size;
        p = mmap(NULL, s->window_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, WINDOW, 0);
    }
    s->window = p;
    return p == MAP_FAILED ? -1 : 0;
}

static vxg__h5_server server;

static int serve(pid_t parent, long seconds) {
    vxg__h5_body request = {0}, reply = {0};
    vxg__h5_head head;
    int got = 0;
    vxg__h5_guard guard;
    vxg__h5_enter(&guard); /* one thread: for good */
    while (wait_for(parent) == 0) {
        if (vxg__h5_receive(SOCKET, 60000, &head, &request, &got) != 0 || !got) break;
        limit_time(seconds);
        if (answer(&server, head.what, &request, &reply) != 0) break;
    }
    return 0; /* the system closes and frees faster than HDF5 does */
}
#endif

int main(int argc, char **argv) {
    if (argc == 2 && !strcmp(argv[1], "--version")) return puts("voxgrad-h5 " VXG_VERSION) < 0;
    if (argc != 6 || atoi(argv[1]) != VXG__H5_WIRE) {
        fprintf(stderr, "voxgrad-h5 reads HDF5 files for voxgrad; it is started by the library\n");
        return 3;
    }
#ifdef VXG_HAVE_HDF5
    if (map_window(&server, atoi(argv[5])) != 0) return 2;
    settle(atoll(argv[3]));
    _exit(serve((pid_t)atol(argv[2]), atol(argv[4])));
#else
    settle(0);
    return 4;
#endif
}
