/* Faults of the file system, put into a command that runs inside the test's process: its own system
 * calls below come before the C library's. The k-th call of the library or the command fails, a
 * signal arrives there, or the process is killed there. Included by one file of a program. */
#ifndef VXG_FAULTS_H
#define VXG_FAULTS_H
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>
#include <voxgrad/voxgrad.h>

#include "test.h"

int voxgrad_main(int argc, char **argv); /* cli/main.c */
extern volatile int cli_cancel;          /* cli/process.c */

/* ---- Faults ---- */
enum { OPEN, WRITE, PWRITE, CLOSE, RESERVE, MAKE, RENAME, LINK, SYNC, KINDS };
enum { KILL_ONLY = KINDS, UNLINK, CUT, REMOVE, NEVER = 100000 }; /* their failures are not tested */
static struct {
    int calls, at;       /* counted since the start; the one that fails, 0: none */
    int renaming_broken; /* from then on nothing is renamed */
    int signals;         /* instead of a failure, as many; 2: at renamings only */
    int kills;           /* instead of a failure: the process ends before the call */
    unsigned char *seen; /* where a process apart writes the kinds of its calls, or NULL */
    int failed[KINDS];
    unsigned char kind[1000]; /* of each call of a run without a fault */
} fault;

static int fails(int kind, const void *caller) {
    Dl_info info;
    if (kind >= KINDS && !fault.kills) return 0;
    if (!fault.at || !dladdr(caller, &info) || !strstr(info.dli_fname, "libvoxgrad")) return 0;
    const int now = ++fault.calls == fault.at;
    if (fault.at == NEVER && fault.calls < 1000) fault.kind[fault.calls] = (unsigned char)kind;
    if (fault.at == NEVER && fault.seen && fault.calls < 1000)
        fault.seen[fault.calls] = (unsigned char)(kind + 1);
    if (!now && !(fault.renaming_broken && kind == RENAME && fault.calls > fault.at)) return 0;
    if (fault.kills && now) kill(getpid(), SIGKILL);
    fault.failed[kind]++;
    if (fault.signals && (fault.signals == 1 || kind == RENAME || kind == LINK))
        for (int i = 0; i < fault.signals; i++) raise(SIGINT);
    if (fault.signals) return 0;
    errno = kind == RESERVE || kind == WRITE || kind == PWRITE ? ENOSPC : EIO;
    return 1;
}

/* NEXT(type, name): the C library's function; ISO C has no cast from object to function pointer. */
#define NEXT(type, name)                                                                           \
    type next;                                                                                     \
    do {                                                                                           \
        void *symbol = dlsym(RTLD_NEXT, name);                                                     \
        memcpy(&next, &symbol, sizeof next);                                                       \
    } while (0)
#define CALLER __builtin_return_address(0)
#define SHOWN __attribute__((visibility("default")))

typedef int open_function(const char *, int, ...);
typedef ssize_t write_function(int, const void *, size_t);
typedef ssize_t pwrite_function(int, const void *, size_t, off_t);
typedef int close_function(int);
typedef int reserve_function(int, int, off_t, off_t);
typedef int make_function(const char *, mode_t);
typedef int name_function(const char *);
typedef int cut_function(int, off_t);
typedef int names_function(const char *, const char *);

SHOWN int open(const char *path, int flags, ...) {
    va_list args;
    va_start(args, flags);
    const unsigned mode = flags & O_CREAT ? va_arg(args, unsigned) : 0;
    va_end(args);
    NEXT(open_function *, "open");
    return (flags & O_CREAT) && fails(OPEN, CALLER) ? -1 : next(path, flags, mode);
}
SHOWN ssize_t write(int fd, const void *data, size_t n) {
    NEXT(write_function *, "write");
    return fails(WRITE, CALLER) ? -1 : next(fd, data, n);
}
SHOWN ssize_t pwrite(int fd, const void *data, size_t n, off_t offset) {
    NEXT(pwrite_function *, "pwrite");
    return fails(PWRITE, CALLER) ? -1 : next(fd, data, n, offset);
}
SHOWN int close(int fd) {
    NEXT(close_function *, "close");
    const int status = next(fd);
    return fails(CLOSE, CALLER) ? -1 : status;
}
SHOWN int fallocate(int fd, int mode, off_t offset, off_t length) {
    NEXT(reserve_function *, "fallocate");
    return fails(RESERVE, CALLER) ? -1 : next(fd, mode, offset, length);
}
SHOWN int mkdir(const char *path, mode_t mode) {
    NEXT(make_function *, "mkdir");
    return fails(MAKE, CALLER) ? -1 : next(path, mode);
}
SHOWN int rename(const char *from, const char *to) {
    NEXT(names_function *, "rename");
    return fails(RENAME, CALLER) ? -1 : next(from, to);
}
SHOWN int link(const char *from, const char *to) {
    NEXT(names_function *, "link");
    return fails(LINK, CALLER) ? -1 : next(from, to);
}

SHOWN int fsync(int fd) {
    NEXT(close_function *, "fsync");
    return fails(SYNC, CALLER) ? -1 : next(fd);
}
SHOWN int unlink(const char *path) {
    NEXT(name_function *, "unlink");
    return fails(UNLINK, CALLER) ? -1 : next(path);
}
SHOWN int rmdir(const char *path) {
    NEXT(name_function *, "rmdir");
    return fails(REMOVE, CALLER) ? -1 : next(path);
}
SHOWN int ftruncate(int fd, off_t size) {
    NEXT(cut_function *, "ftruncate");
    return fails(CUT, CALLER) ? -1 : next(fd, size);
}

/* ---- The folder ---- */
static char work[256];
static const char old[] = "what was there before\n";

static void put(const char *path) {
    char folder[1024];
    snprintf(folder, sizeof folder, "%s", path);
    *strrchr(folder, '/') = 0;
    mkdir(folder, 0777);
    FILE *f = fopen(path, "w");
    if (f) fputs(old, f), fclose(f);
}
static int is_old(const char *path) {
    char text[64] = "";
    FILE *f = fopen(path, "r");
    if (f && fread(text, 1, sizeof text - 1, f) == 0) text[0] = 0;
    if (f) fclose(f);
    return !strcmp(text, old);
}
/* Counts files, and folders too; removes them on request. */
static int entries(const char *folder, int *kept, int remove_them) {
    int n = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        char path[1024];
        struct stat st;
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        n++;
        if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
            n += entries(path, kept, remove_them);
            if (remove_them) rmdir(path);
        } else {
            *kept += is_old(path);
            if (remove_them) unlink(path);
        }
    }
    if (dir) closedir(dir);
    return n;
}

/* Exit code of the command with its k-th call failing; messages go nowhere. */
static int run_command(char **argv, int k) {
    int argc = 0;
    while (argv[argc]) argc++;
    fflush(stdout);
    cli_cancel = 0;
    const int out = dup(1), err = dup(2), sink = open("/dev/null", O_WRONLY);
    dup2(sink, 1), dup2(sink, 2);
    fault.calls = 0, fault.at = k;
    const int code = voxgrad_main(argc, argv);
    fflush(stdout);
    fault.at = 0;
    dup2(out, 1), dup2(err, 2);
    close(out), close(err), close(sink);
    return code;
}

#endif
