/* The command killed before each of its calls that make, write, close, rename, link, remove or
 * flush a file: where the last file of a run (the seal) is, all are the old ones or all the new
 * ones. Whatever the moment, the next run finds the old result or the new one, whole, and nothing
 * hidden is left; a new run with --force succeeds. */
#include "faults.h"

#include <sys/file.h>
#include <sys/mman.h>
#include <sys/wait.h>

static char files[8][512], scan[300], folder[300];
static int nfiles, nnew; /* files before; after */
static char *format;

static void add_file(const char *name) {
    snprintf(files[nfiles++], sizeof files[0], "%s/%s", work, name);
}

/* In a process of its own, killed before its k-th call; the exit code, -1 when it was killed. */
static int apart(char **argv, int k) {
    int state = 0;
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        fault.kills = k > 0 && k < NEVER;
        _exit(run_command(argv, k));
    }
    if (child < 0 || waitpid(child, &state, 0) != child) return -2;
    return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

static int simulate(int k, int force) {
    char *argv[] = {"voxgrad",   "simulate",     "-q",       "-o",
                    files[2],    "--volume-out", files[0],   "--geometry-out",
                    files[1],    "--views=2",    "--rows=2", "--cols=6",
                    "--flats=1", "--darks=1",    "-pdisc",   force ? "--force" : NULL,
                    NULL};
    return apart(argv, k);
}
static int with_report;
static int recon(int k, int force) {
    static char *const more[] = {"--report", "-asirt", "--iterations=2"};
    char *argv[20] = {"voxgrad", "recon",        "-q",          "-c3",           scan,  "-o",
                      folder,    "--device=cpu", "--threads=1", "--no-checksum", format};
    int n = 11;
    for (int i = 0; with_report && i < 3; i++) argv[n++] = more[i];
    if (force) argv[n++] = "--force";
    return apart(argv, k);
}
static int make_scan(void) {
    char *argv[] = {"voxgrad",   "simulate", "-q",       "-o",        scan,
                    "--views=4", "--rows=2", "--cols=6", "--flats=1", "--darks=1",
                    "-pdisc",    "--force",  NULL};
    snprintf(scan, sizeof scan, "%s.h5", work);
    snprintf(folder, sizeof folder, "%s", work);
    return apart(argv, 0);
}

/* Files that are not old, and hidden ones; folders are looked into. */
static void survey(const char *path, int *fresh, int *hidden) {
    DIR *dir = opendir(path);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        char name[1024];
        struct stat st;
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
        snprintf(name, sizeof name, "%s/%s", path, e->d_name);
        if (lstat(name, &st) == 0 && S_ISDIR(st.st_mode)) {
            survey(name, fresh, hidden);
        } else if (e->d_name[0] == '.') {
            ++*hidden;
        } else {
            *fresh += !is_old(name);
        }
    }
    if (dir) closedir(dir);
}

static const char *whole(int force, int *hidden) {
    int old_ones = 0, fresh = 0;
    *hidden = 0;
    survey(work, &fresh, hidden);
    for (int i = 0; i < nfiles; i++) old_ones += is_old(files[i]);
    if (old_ones == (force ? nfiles : 0) && fresh == 0) return "old";
    return old_ones == 0 && fresh == nnew ? "new" : NULL;
}

static void start_from(int force) {
    int kept = 0;
    entries(work, &kept, 1);
    for (int i = 0; force && i < nfiles; i++) put(files[i]);
}

/* Of the writes that follow one another, to a file that has its temporary name, most are left out.
 */
static int is_passed(int k) {
    return fault.seen[k] == WRITE + 1 && fault.seen[k - 1] == WRITE + 1 && k % 8 != 0;
}

typedef int command(int k, int force);
/* seal: the file of files[] that says that all are there. */
static void every_kill(command *run, int force, const char *seal, int next_forced) {
    int killed = 0, forward = 0, back = 0, partly = 0, last = 1;
    start_from(force);
    memset(fault.seen, 0, 1000);
    CHECK(run(NEVER, force) == 0, "fails without a fault");
    while (last < 1000 && fault.seen[last]) last++; /* calls of a run */
    for (int k = 1; k < last; k++) {
        int hidden = 0;
        if (is_passed(k)) continue;
        start_from(force);
        const int code = run(k, force);
        CHECK(code == -1, "kill %d: exit code %d", k, code);
        killed++;
        const char *state = whole(force, &hidden);
        EXPECT(state || access(seal, F_OK) != 0, "kill %d: the last file is there, not the others",
               k);
        partly += !state;
        /* The next run, which replaces nothing: it finds something whole, or nothing at all. */
        if (next_forced || (!force && hidden == 0 && state && !strcmp(state, "old"))) {
            EXPECT(run(0, 1) == 0, "kill %d: the next run fails", k);
            state = whole(force, &hidden);
            EXPECT(state && !strcmp(state, "new") && !hidden,
                   "kill %d: not the new files alone, "
                   "%d hidden",
                   k, hidden);
            continue;
        }
        const int next = run(0, 0);
        state = whole(force, &hidden);
        EXPECT(next == (force || (state && !strcmp(state, "new")) ? 4 : 0) || next == 0,
               "kill %d: the next run ends with %d", k, next);
        EXPECT(state, "kill %d: a mixture stays", k);
        /* Refused at its first name, it does not look into the other folders. */
        EXPECT(!hidden || run == simulate, "kill %d: %d hidden files", k, hidden);
        forward += state && !strcmp(state, "new");
        back += state && !strcmp(state, "old");
    }
    CHECK(killed > 20, "only %d kills", killed);
    if (next_forced) return;
    EXPECT(partly > 0 && forward > 0 && (back > 0 || !force),
           "%d kills left a part; %d times new, %d old", partly, forward, back);
}

#define NEEDS_SCAN                                                                                 \
    do {                                                                                           \
        nfiles = 0;                                                                                \
        const int code = make_scan();                                                              \
        if (code == vxg_status_exit_code(VXG_ERR_UNSUPPORTED)) SKIP("built without HDF5");         \
        CHECK(code == 0, "no scan: exit code %d", code);                                           \
    } while (0)

TEST(simulate_in_three_folders)
{
    NEEDS_SCAN;
    add_file("a/v.npy"), add_file("b/g.json"), add_file("s.h5");
    nnew = 3;
    every_kill(simulate, 1, files[2], 0);
    every_kill(simulate, 1, files[2], 1);
    every_kill(simulate, 0, files[2], 0);
}

static void kill_recon(char *volume_format, int slices, int force, int next_forced) {
    NEEDS_SCAN;
    format = volume_format;
    add_file("orthoslices.png"), add_file("provenance.json");
    for (int z = 0; z < slices; z++) { /* two more than the new volume has */
        char name[32];
        snprintf(name, sizeof name, "recon_%05d.tiff", z);
        add_file(name);
    }
    if (!slices) add_file("recon.npy");
    if (with_report) add_file("report.html"), add_file("convergence.csv");
    nnew = (slices ? 4 : 3) + 2 * with_report;
    every_kill(recon, force, files[1], next_forced);
}
TEST(recon_one_file)
{
    kill_recon("--save-format=npy", 0, 1, 0);
    kill_recon("--save-format=npy", 0, 0, 0);
}
/* A page and a table are outputs like the others. */
TEST(recon_with_report)
{
    with_report = 1;
    kill_recon("--save-format=npy", 0, 1, 0);
    kill_recon("--save-format=npy", 0, 0, 0);
    with_report = 0;
}
TEST(recon_slices)
{ kill_recon("--save-format=tiff", 4, 1, 0); }
TEST(recon_slices_new)
{ kill_recon("--save-format=tiff", 4, 0, 0); }
TEST(recon_slices_forced_again)
{ kill_recon("--save-format=tiff", 4, 1, 1); }

/* Two runs at once: the second is refused, and named is who writes. */
static int lock_by_hand(const char *name, const char *words) {
    char path[600];
    snprintf(path, sizeof path, "%s/.%s.vxg-lock", work, name);
    const int fd = open(path, O_RDWR | O_CREAT, 0644);
    if (fd >= 0 && (flock(fd, LOCK_EX) != 0 || write(fd, words, strlen(words)) < 0)) return -1;
    return fd;
}
TEST(two_at_once)
{
    static const char words[] = "voxgrad-lock 1\nprocess 7 on elsewhere since yesterday\n";
    int hidden = 0;
    NEEDS_SCAN;
    add_file("a/v.npy"), add_file("b/g.json"), add_file("s.h5");
    nnew = 3;
    start_from(1);
    const int fd = lock_by_hand("s.h5", words);
    EXPECT(simulate(0, 1) == 4, "the second run is not refused");
    EXPECT(!strcmp(whole(1, &hidden), "old") && hidden == 1, "it changed files");
    close(fd); /* the first one is dead */
    EXPECT(simulate(0, 1) == 0 && !strcmp(whole(1, &hidden), "new") && !hidden,
           "a dead run's lock file blocks");
}

static const test_entry list[] = {T(simulate_in_three_folders),
                                  T(recon_one_file),
                                  T(recon_with_report),
                                  T(recon_slices),
                                  T(recon_slices_new),
                                  T(recon_slices_forced_again),
                                  T(two_at_once)};
int main(int argc, char **argv) {
    int kept = 0;
    if (test_scratch(work, sizeof work, "cli_kill", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm"))
        return 1;
    fault.seen = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (fault.seen == MAP_FAILED) return 1;
    const int rc = test_run("cli_kill", list, (int)(sizeof list / sizeof *list), argc, argv);
    entries(work, &kept, 1);
    unlink(scan);
    return rmdir(work) ? 1 : rc;
}
