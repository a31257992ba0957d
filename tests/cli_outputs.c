/* `simulate` with three outputs and `recon` with a volume (one file, or a file per slice), a
 * picture and its provenance, every call of the library that makes, writes, closes or renames a
 * file failing once, or a signal arriving there: the files that were there are there as before,
 * nothing else is, or all are new. The command runs inside this process, whose own system calls
 * below come before the C library's. */
#include "faults.h"

/* What there is before and must be kept or replaced. */
static char files[8][512];
static int nfiles;
static void add_file(const char *name) {
    snprintf(files[nfiles++], sizeof files[0], "%s/%s", work, name);
}
static void name_files(const char *scan, const char *volume, const char *geometry) {
    nfiles = 0;
    add_file(scan), add_file(volume), add_file(geometry);
}

typedef int command(int k, int force);
static int simulate(int k, int force) {
    char *argv[] = {"voxgrad",   "simulate",     "-q",       "-o",
                    files[0],    "--volume-out", files[1],   "--geometry-out",
                    files[2],    "--views=2",    "--rows=2", "--cols=6",
                    "--flats=1", "--darks=1",    "-pdisc",   force ? "--force" : NULL,
                    NULL};
    return run_command(argv, k);
}

static char scan[300], folder[300], *format;
static int recon(int k, int force) {
    char *argv[] = {"voxgrad",
                    "recon",
                    "-q",
                    "-c3",
                    scan,
                    "-o",
                    folder,
                    "--device=cpu",
                    "--threads=1",
                    format,
                    force ? "--force" : NULL,
                    NULL};
    return run_command(argv, k);
}
/* The scan lies outside the folder that is emptied each time. Before: a longer volume in slices. */
static int prepare_recon(char *volume_format) {
    format = volume_format;
    snprintf(scan, sizeof scan, "%s.h5", work);
    snprintf(folder, sizeof folder, "%s", work);
    char *argv[] = {"voxgrad",   "simulate", "-q",       "-o",        scan,
                    "--views=4", "--rows=2", "--cols=6", "--flats=1", "--darks=1",
                    "-pdisc",    "--force",  NULL};
    nfiles = 0;
    add_file("orthoslices.png"), add_file("provenance.json");
    if (strstr(format, "=npy")) {
        add_file("recon.npy");
    } else {
        for (int z = 0; z < 4; z++) {
            char name[32];
            snprintf(name, sizeof name, "recon_%05d.tiff", z);
            add_file(name);
        }
    }
    return run_command(argv, 0);
}

static int has_scans(void) {
    vxg_scan_writer *w = NULL;
    const double t = 0;
    vxg_scan_writer_opts o = {.path = files[0], .nviews = 1, .nrows = 1, .ncols = 1, .theta = &t};
    const int status = vxg_scan_writer_open(&o, &w);
    if (!status) w->abandon(w);
    return status != VXG_ERR_UNSUPPORTED;
}

static int has_pictures(void) {
    uint8_t pixel = 0;
    vxg_picture pic = {.channels = 1, .width = 1, .height = 1, .pixels = &pixel};
    const int status = vxg_picture_write_png(&pic, files[0], NULL, 0, 1);
    if (!status) unlink(files[0]);
    return status != VXG_ERR_UNSUPPORTED;
}

/* Pictures of recon take long: of the writes that follow one another most are left out, where
 * only renamings matter everything else. */
static int is_passed(command *run, int k, int last, int renamings_only) {
    const int kind = fault.kind[k];
    if (run != recon || k > last) return 0;
    if (kind == RENAME || kind == LINK) return 0;
    return renamings_only || (kind == WRITE && fault.kind[k - 1] == WRITE && k % 8);
}

/* Every k until no call is the k-th; counts of failures and of faults that do no harm. */
static void every_fault(command *run, int force, int all_renames, int signals) {
    int bad = 0, good = 0;
    memset(&fault, 0, sizeof fault);
    fault.renaming_broken = all_renames, fault.signals = signals;
    int kept = 0;
    entries(work, &kept, 1);
    for (int i = 0; force && i < nfiles; i++) put(files[i]);
    CHECK(run(NEVER, force) == 0, "fails without a fault");
    const int last = fault.calls, renamings = all_renames || signals == 2;
    for (int k = 1; k < 1000; k++) {
        if (is_passed(run, k, last, renamings)) continue;
        kept = 0;
        entries(work, &kept, 1);
        for (int i = 0; force && i < nfiles; i++) put(files[i]);
        const int code = run(k, force), reached = fault.calls >= k;
        kept = 0;
        const int n = entries(work, &kept, 0);
        if (code == 0) {
            EXPECT(kept == 0 && n >= 3, "fault %d does no harm, but %d old files stay", k, kept);
            good++;
        } else if (all_renames) { /* under whatever name */
            EXPECT(kept == nfiles * force, "fault %d: %d of the old files are left", k, kept);
            bad++;
        } else {
            int same = 0;
            for (int i = 0; i < nfiles; i++) same += is_old(files[i]);
            EXPECT(same == nfiles * force && n == same, "fault %d: %d old files of %d entries", k,
                   same, n);
            EXPECT(code == (signals ? 130 : 4), "fault %d: exit code %d", k, code);
            bad++;
        }
        if (!reached) break;
    }
    CHECK(good > 0 && bad >= (run == simulate ? 15
                              : signals == 2  ? 0
                                              : 2),
          "%d faults fail, %d do not", bad, good);
    const int many[KINDS] = {
        [OPEN] = !renamings, [WRITE] = !renamings, [CLOSE] = !renamings, [LINK] = 1};
    for (int i = 0; i < KINDS; i++)
        EXPECT(fault.failed[i] || !(run == recon ? many[i] : i != (force ? MAKE : RENAME)),
               "call %d was never reached", i);
}

TEST(replaced_whole_or_not)
{
    name_files("s.h5", "v.npy", "g.json");
    if (!has_scans()) SKIP("built without HDF5");
    every_fault(simulate, 1, 0, 0);
}
TEST(new_whole_or_not)
{
    name_files("deep/er/s.h5", "deep/v.npy", "deep/er/more/g.json");
    if (!has_scans()) SKIP("built without HDF5");
    every_fault(simulate, 0, 0, 0);
}
TEST(nothing_lost_when_renaming_breaks)
{
    name_files("s.h5", "v.npy", "g.json");
    if (!has_scans()) SKIP("built without HDF5");
    every_fault(simulate, 1, 1, 0);
}

static void recon_faults(int force, int all_renames, int signals) {
    static char *const formats[2] = {"--save-format=npy", "--save-format=tiff"};
    for (int i = 0; i < 2; i++) {
        CHECK(prepare_recon(formats[i]) == 0, "no scan: %s", vxg_error_message());
        every_fault(recon, force, all_renames, signals);
    }
}
#define NEEDS_RECON                                                                                \
    do {                                                                                           \
        name_files("s.h5", "v.npy", "g.json");                                                     \
        if (!has_scans()) SKIP("built without HDF5");                                              \
        if (!has_pictures()) SKIP("built without PNG");                                            \
    } while (0)
TEST(recon_replaced_whole_or_not)
{
    NEEDS_RECON;
    recon_faults(1, 0, 0);
}
TEST(recon_new_whole_or_not)
{
    NEEDS_RECON;
    recon_faults(0, 0, 0);
}
TEST(recon_nothing_lost_when_renaming_breaks)
{
    NEEDS_RECON;
    recon_faults(1, 1, 0);
}
TEST(recon_interrupted_anywhere)
{
    NEEDS_RECON;
    recon_faults(1, 0, 1);
}
/* A second signal kills, but not while files are being renamed. */
TEST(recon_interrupted_twice_while_renaming)
{
    NEEDS_RECON;
    recon_faults(1, 0, 2);
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

static const test_entry list[] = {T(replaced_whole_or_not),
                                  T(new_whole_or_not),
                                  T(nothing_lost_when_renaming_breaks),
                                  T(recon_replaced_whole_or_not),
                                  T(recon_new_whole_or_not),
                                  T(recon_nothing_lost_when_renaming_breaks),
                                  T(recon_interrupted_anywhere),
                                  T(recon_interrupted_twice_while_renaming),
                                  T(one_file_twice)};
int main(int argc, char **argv) {
    int kept = 0;
    if (test_scratch(work, sizeof work, "cli_outputs",
                     access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm"))
        return 1;
    const int rc = test_run("cli_outputs", list, (int)(sizeof list / sizeof *list), argc, argv);
    entries(work, &kept, 1);
    unlink(scan);
    return rmdir(work) ? 1 : rc;
}
