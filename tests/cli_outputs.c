/* `simulate` with three outputs, every call of the library that makes, writes, closes or renames a
 * file failing once: the files that were there are there as before, nothing else is, or all three
 * are new. The command runs inside this process, whose own system calls below come before the C
 * library's. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>
#include <voxgrad/voxgrad.h>

#include "test.h"

int voxgrad_main(int argc, char **argv); /* cli/main.c */

/* ---- Faults ---- */
enum { OPEN, WRITE, PWRITE, CLOSE, RESERVE, MAKE, RENAME, LINK, KINDS };
static struct {
    int calls, at;       /* counted since the start; the one that fails, 0: none */
    int renaming_broken; /* from then on nothing is renamed */
    int failed[KINDS];
} fault;

static int fails(int kind, const void *caller) {
    Dl_info info;
    if (!fault.at || !dladdr(caller, &info) || !strstr(info.dli_fname, "libvoxgrad")) return 0;
    const int now = ++fault.calls == fault.at;
    if (!now && !(fault.renaming_broken && kind == RENAME && fault.calls > fault.at)) return 0;
    fault.failed[kind]++;
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

/* ---- The folder ---- */
static char work[256];
static const char old[] = "what was there before\n";

static void put(const char *path) {
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

static char files[3][512];
static void name_files(const char *scan, const char *volume, const char *geometry) {
    const char *const names[3] = {scan, volume, geometry};
    for (int i = 0; i < 3; i++) snprintf(files[i], sizeof files[i], "%s/%s", work, names[i]);
}

/* Exit code of the command with its k-th call failing; messages go nowhere. */
static int simulate(int k, int force) {
    char *argv[] = {"voxgrad",   "simulate",     "-q",       "-o",
                    files[0],    "--volume-out", files[1],   "--geometry-out",
                    files[2],    "--views=2",    "--rows=2", "--cols=6",
                    "--flats=1", "--darks=1",    "-pdisc",   force ? "--force" : NULL,
                    NULL};
    int argc = 0;
    while (argv[argc]) argc++;
    fflush(stdout);
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

static int has_scans(void) {
    vxg_scan_writer *w = NULL;
    const double t = 0;
    vxg_scan_writer_opts o = {.path = files[0], .nviews = 1, .nrows = 1, .ncols = 1, .theta = &t};
    const int status = vxg_scan_writer_open(&o, &w);
    if (!status) w->abandon(w);
    return status != VXG_ERR_UNSUPPORTED;
}

/* Every k until no call is the k-th; counts of failures and of faults that do no harm. */
static void every_fault(int force, int all_renames) {
    int bad = 0, good = 0;
    memset(&fault, 0, sizeof fault);
    fault.renaming_broken = all_renames;
    for (int k = 1; k < 1000; k++) {
        int kept = 0;
        entries(work, &kept, 1);
        for (int i = 0; force && i < 3; i++) put(files[i]);
        const int code = simulate(k, force), reached = fault.calls >= k;
        kept = 0;
        const int n = entries(work, &kept, 0);
        if (code == 0) {
            EXPECT(kept == 0 && n >= 3, "fault %d does no harm, but %d old files stay", k, kept);
            good++;
        } else if (all_renames) { /* under whatever name */
            EXPECT(kept == 3 * force, "fault %d: %d of the old files are left", k, kept);
            bad++;
        } else {
            const int same = is_old(files[0]) + is_old(files[1]) + is_old(files[2]);
            EXPECT(same == 3 * force && n == same, "fault %d: %d old files of %d entries", k, same,
                   n);
            EXPECT(code == 4, "fault %d: exit code %d", k, code);
            bad++;
        }
        if (!reached) break;
    }
    CHECK(good > 0 && bad >= 15, "%d faults fail, %d do not", bad, good);
    for (int i = 0; i < KINDS; i++)
        EXPECT(fault.failed[i] || i == (force ? MAKE : RENAME), "call %d was never reached", i);
}

TEST(replaced_whole_or_not)
{
    name_files("s.h5", "v.npy", "g.json");
    if (!has_scans()) SKIP("built without HDF5");
    every_fault(1, 0);
}
TEST(new_whole_or_not)
{
    name_files("deep/er/s.h5", "deep/v.npy", "deep/er/more/g.json");
    if (!has_scans()) SKIP("built without HDF5");
    every_fault(0, 0);
}
TEST(nothing_lost_when_renaming_breaks)
{
    name_files("s.h5", "v.npy", "g.json");
    if (!has_scans()) SKIP("built without HDF5");
    every_fault(1, 1);
}

/* One file under two names: refused, whatever the spelling. */
TEST(one_file_twice)
{
    int kept = 0;
    entries(work, &kept, 1);
    name_files("s.h5", "s.h5", "g.json");
    if (!has_scans()) SKIP("built without HDF5");
    EXPECT(simulate(0, 1) == 2 && entries(work, &kept, 0) == 0, "the same name is taken");
    name_files("s.h5", "./s.h5", "g.json");
    EXPECT(simulate(0, 1) != 0 && entries(work, &kept, 0) == 0, "another spelling is taken");
    put(files[0]);
    kept = 0;
    EXPECT(simulate(0, 1) != 0 && entries(work, &kept, 0) == 1 && kept == 1, "replaced twice");
    EXPECT(simulate(0, 0) == 4 && is_old(files[0]), "replaced without --force");
}

static const test_entry list[] = {T(replaced_whole_or_not), T(new_whole_or_not),
                                  T(nothing_lost_when_renaming_breaks), T(one_file_twice)};
int main(int argc, char **argv) {
    int kept = 0;
    if (test_scratch(work, sizeof work, "cli_outputs", "/tmp")) return 1;
    const int rc = test_run("cli_outputs", list, (int)(sizeof list / sizeof *list), argc, argv);
    entries(work, &kept, 1);
    return rmdir(work) ? 1 : rc;
}
