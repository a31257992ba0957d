/* --max-memory is held: the most memory of the command and of its HDF5 helper, as the system saw
 * them, added up, stays below the limit, results have the same bits, and a limit that is too small
 * is refused in words. */
#include <sys/resource.h>
#include <sys/wait.h>

#include "command.h"

/* The most memory a child of the process had so far, in kB; 0: it has none. */
static long helper_kb(pid_t pid) {
    char path[64], line[256];
    int child = 0;
    long kb = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
    FILE *f = fopen(path, "r");
    if (!f) return 0;
    if (fscanf(f, "%d", &child) != 1) child = 0;
    fclose(f);
    snprintf(path, sizeof path, "/proc/%d/status", child);
    if (!child || !(f = fopen(path, "r"))) return 0;
    while (fgets(line, sizeof line, f))
        if (sscanf(line, "VmHWM: %ld", &kb) == 1) break;
    fclose(f);
    return kb;
}

/* Runs the command; the peak in kB of it and its helper, -code: it failed, -1000: it had no helper.
 */
__attribute__((format(printf, 1, 2))) static long peak_kb(const char *format, ...) {
    char line[2048];
    struct rusage use;
    int status;
    long helper = 0;
    va_list ap;
    int n = snprintf(line, sizeof line, "exec %s/bin/voxgrad ", VXG_BINARY_DIR);
    va_start(ap, format);
    n += vsnprintf(line + n, sizeof line - (size_t)n, format, ap);
    va_end(ap);
    snprintf(line + n, sizeof line - (size_t)n, " >%s/log 2>&1", work);
    const pid_t pid = fork();
    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", line, (char *)NULL);
        _exit(127);
    }
    if (pid < 0) return -1;
    for (pid_t done = 0; done == 0; usleep(1000)) {
        const long now = helper_kb(pid);
        helper = now > helper ? now : helper;
        done = wait4(pid, &status, WNOHANG, &use);
        if (done < 0) return -1;
    }
    if (!WIFEXITED(status)) return -1;
    if (WEXITSTATUS(status)) return -WEXITSTATUS(status);
    return helper ? use.ru_maxrss + helper : -1000;
}

#define RECON                                                                                      \
    "recon %s/%s -o %s/%s --max-memory %g --save-format npy --force --device cpu --no-checksum %s"
static long recon_kb(const char *scan, const char *more, double limit, const char *out) {
    return peak_kb(RECON, work, scan, work, out, limit, more);
}

static int log_has(const char *word) {
    char path[512], text[4096] = "";
    snprintf(path, sizeof path, "%s/log", work);
    FILE *f = fopen(path, "r");
    if (!f) return 0;
    const size_t n = fread(text, 1, sizeof text - 1, f);
    text[n] = 0;
    fclose(f);
    return strstr(text, word) != NULL;
}

/* The last line of the log that is a number, NaN: none is. */
static double log_number(void) {
    char path[512], line[512], *end;
    double found = NAN;
    snprintf(path, sizeof path, "%s/log", work);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f)) {
        const double x = strtod(line, &end);
        if (end != line && *end == '\n') found = x;
    }
    if (f) fclose(f);
    return found;
}

static int make_scan(const char *name, const char *options) {
    char line[1200];
    snprintf(line, sizeof line, "%s/tools/make_scan %s/%s %s", VXG_BINARY_DIR, work, name, options);
    return system(line);
}

static int same_volumes(const char *a, const char *b) {
    char line[1200];
    snprintf(line, sizeof line, "cmp -s %s/%s/recon.npy %s/%s/recon.npy", work, a, work, b);
    return system(line) == 0;
}

static int skipped(void) {
    return SANITIZED;
}
#define NEED_TRUE_MEMORY()                                                                         \
    if (skipped()) SKIP("the sanitizer's own memory hides what the command takes")

/* limits in MB: the last is plenty. */
static void held(const char *scan, const char *more, const double *limits, int n) {
    NEED_TRUE_MEMORY();
    CHECK(recon_kb(scan, more, limits[n - 1], "most") > 0, "the command failed");
    for (int i = 0; i + 1 < n; i++) {
        const long kb = recon_kb(scan, more, limits[i], "some");
        CHECK(kb > 0, "%s, limit %g MB: exit code %ld", scan, limits[i], -kb);
        EXPECT((double)kb * 1.024e-3 <= limits[i], "%s, limit %g MB: %.1f MB", scan, limits[i],
               (double)kb * 1.024e-3);
        EXPECT(same_volumes("most", "some"), "%s, limit %g MB: other bits", scan, limits[i]);
    }
    EXPECT(recon_kb(scan, more, 12, "least") == -5 && log_has("--max-memory 12") &&
               log_has("this scan needs"),
           "%s: a limit below the least must be exit code 5 in words", scan);
}

TEST(parallel)
{
    RUN("simulate -o %s/p.h5 --views 160 --rows 150 --cols 400 --photons 0", work);
    held("p.h5", "-c 199.5", (const double[]){48, 70, 400}, 3);
    held("p.h5", "-c 199.5 --ring 9", (const double[]){52, 400}, 2);
}

static void cone(const char *name, const char *more) {
    char scan[64], geometry[600];
    RUN("simulate -o %s/%s.h5 --views 160 --rows 150 --cols 240 --sod 600 --sdd 900 --photons 0 "
        "%s --geometry-out %s/%s.json",
        work, name, more, work, name);
    snprintf(scan, sizeof scan, "%s.h5", name);
    snprintf(geometry, sizeof geometry, "-g %s/%s.json", work, name);
    held(scan, geometry, (const double[]){95, 110, 400}, 3);
}
TEST(flat_detector)
{ cone("flat", ""); }
TEST(curved_detector)
{ cone("curved", "--detector curved"); }

/* Iterative methods, slab by slab and all at once. */
TEST(iterative)
{
    RUN("simulate -o %s/i.h5 --views 60 --rows 100 --cols 300 --photons 0", work);
    held("i.h5", "-c 149.5 -a sirt --iterations 1", (const double[]){48, 70, 400}, 3);
    held("i.h5", "-c 149.5 -a os-sart --iterations 1", (const double[]){52, 400}, 2);
    held("i.h5", "-c 149.5 -a osem --iterations 1 --rows 0:40", (const double[]){48, 400}, 2);
    held("i.h5", "-c 149.5 -a cgls --iterations 1 --rows 0:40", (const double[]){100, 400}, 2);
}

/* The page of a report is held within the limit as well. */
TEST(report)
{
    RUN("simulate -o %s/r.h5 --views 60 --rows 24 --cols 640 --photons 0", work);
    held("r.h5", "-c 319.5 -a fbp --report", (const double[]){66, 90, 400}, 3);
    held("r.h5", "-c 319.5 -a sirt --iterations 1 --report", (const double[]){72, 400}, 2);
}

/* Tables of a projector with an entry for every view and column, where they are most of all: the
 * command keeps to every limit or refuses. */
TEST(iterative_tables)
{
    char more[700];
    int done = 0;
    NEED_TRUE_MEMORY();
    RUN("simulate -o %s/it.h5 --views 1500 --rows 2 --cols 600 --sod 1800 --sdd 2700 --photons 0 "
        "--geometry-out %s/it.json",
        work, work);
    snprintf(more, sizeof more, "-g %s/it.json -a sirt --iterations 1", work);
    for (int limit = 150; limit <= 230; limit += 40) {
        const long kb = recon_kb("it.h5", more, limit, "tables");
        CHECK(kb > 0 || kb == -5, "limit %d MB: exit code %ld", limit, -kb);
        EXPECT((double)kb * 1.024e-3 <= limit, "limit %d MB: %.1f MB", limit,
               (double)kb * 1.024e-3);
        done += kb > 0;
    }
    EXPECT(done > 0, "every limit was refused");
}

/* Vectors and projections that the limit does not hold lie in a scratch file, mapped: pages that
 * the system can take back. What it cannot (RLIMIT_DATA: private memory that can be written) stays
 * below the limit, and 24 MB for stacks. */
TEST(scratch_file)
{
    static const char *const methods[] = {"sirt", "os-sart --subsets 6", "fista-tv --weight 0.01"};
    const long allowed = (long)((80 + 24) / 1.024e-3);
    char more[700], line[2048];
    NEED_TRUE_MEMORY();
    RUN("simulate -o %s/w.h5 --views 120 --rows 128 --cols 160 --sod 400 --sdd 600 --photons 0 "
        "--geometry-out %s/w.json",
        work, work);
    for (int i = 0; i < 3; i++) {
        snprintf(more, sizeof more, "-g %s/w.json --iterations 2 -t 1 -a %s", work, methods[i]);
        CHECK(recon_kb("w.h5", more, 400, "most") > 0 && !log_has("scratch file"),
              "%s: the command failed, or used a file", methods[i]);
        for (int limit = 80; limit <= 400; limit += 320) {
            int n = snprintf(line, sizeof line, "ulimit -d %ld; exec %s/bin/voxgrad ", allowed,
                             VXG_BINARY_DIR);
            n += snprintf(line + n, sizeof line - (size_t)n, RECON, work, "w.h5", work, "some",
                          (double)limit, more);
            snprintf(line + n, sizeof line - (size_t)n, " >%s/log 2>&1", work);
            const int failed = system(line) != 0;
            EXPECT(failed == (limit == 400), "%s, limit %d MB: %s", methods[i], limit,
                   failed ? "failed" : "took less than this test takes for granted");
            EXPECT(failed || log_has("MB of vectors and projections lie in a scratch file"),
                   "%s: nothing is said of the scratch file", methods[i]);
            EXPECT(failed || same_volumes("most", "some"), "%s: other bits", methods[i]);
        }
    }
}

/* The axis of a geometry file is sought within the limit too. */
TEST(axis_of_a_fan)
{
    NEED_TRUE_MEMORY();
    RUN("simulate -o %s/fan.h5 --views 400 --rows 1 --cols 1200 --sod 3000 --sdd 4500 --photons 0 "
        "--geometry-out %s/fan.json",
        work, work);
    const long kb = peak_kb("recon %s/fan.h5 -g %s/fan.json -c auto -o %s/fan --max-memory 80 "
                            "--save-format npy --force --device cpu --no-checksum",
                            work, work, work);
    EXPECT(kb > 0 && (double)kb * 1.024e-3 <= 80, "%.1f MB", (double)kb * 1.024e-3);
    EXPECT(peak_kb("recon %s/fan.h5 -g %s/fan.json -c auto -o %s/fan --max-memory 42 --force "
                   "--device cpu --no-checksum",
                   work, work, work) == -5 &&
               log_has("to find the rotation axis"),
           "too little for the search");
}

/* Views that are not alike have tables of weights of their own. */
TEST(views_that_differ)
{
    enum { N = 160 };
    vxg_ct_geometry *g, *crooked;
    vxg_ct_view views[N];
    char path[512], more[600], *text;
    vxg_ct_cone_opts o = {
        .nviews = N, .rows = 150, .cols = 240, .sod = 600, .sdd = 900, .pixel = 1};
    CHECK_OK(vxg_ct_cone_circular(&o, &g));
    for (int i = 0; i < N; i++) {
        views[i] = *vxg_ct_geometry_view(g, i);
        views[i].d[2] += sin(i);
    }
    vxg_ct_views v = {.beam = VXG_CT_BEAM_CONE, .nviews = N, .nv = 150, .nu = 240, .views = views};
    CHECK_OK(vxg_ct_geometry_new(&v, &crooked));
    snprintf(path, sizeof path, "%s/crooked.json", work);
    CHECK_OK(vxg_ct_geometry_to_json(crooked, NULL, 1, &text));
    FILE *f = fopen(path, "w");
    CHECK(f && fputs(text, f) >= 0 && !fclose(f), "%s cannot be written", path);
    vxg_free(text);
    vxg_ct_geometry_release(g), vxg_ct_geometry_release(crooked);
    RUN("simulate -o %s/crooked.h5 --geometry %s --photons 0", work, path);
    snprintf(more, sizeof more, "-g %s", path);
    held("crooked.h5", more, (const double[]){95, 110, 400}, 3);
}

/* Files whose chunks lie across slabs: whole frames, sinograms, blocks, deep ones; one whose lists
 * of chunks are long. The contiguous file gives the same volume. */
TEST(chunks)
{
    static const struct {
        const char *name, *how;
        double limits[2];
    } files[] = {{"frames", "chunk=1,64,160 deflate=1", {48, 400}},
                 {"sinograms", "chunk=100,1,160 deflate=1", {48, 400}},
                 {"blocks", "chunk=16,16,64 deflate=1", {48, 400}},
                 {"deep", "chunk=100,40,160 deflate=1", {60, 400}},
                 {"plain", "chunk=100,40,160", {60, 400}},
                 {"many", "chunk=1,1,50", {60, 400}}};
    NEED_TRUE_MEMORY();
    CHECK(make_scan("c.h5", "views=100 rows=64 cols=160") == 0, "no scan");
    CHECK(recon_kb("c.h5", "-c 81.2", 400, "contiguous") > 0, "the command failed");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char name[64], how[200];
        snprintf(name, sizeof name, "%s.h5", files[i].name);
        snprintf(how, sizeof how, "views=100 rows=64 cols=160 %s", files[i].how);
        CHECK(make_scan(name, how) == 0, "%s: no scan", name);
        held(name, "-c 81.2", files[i].limits, 2);
        EXPECT(same_volumes("most", "contiguous"), "%s: another volume", name);
    }
}

/* A chunk that does not fit is refused before it is read: the peak stays below the limit. */
TEST(large_chunk)
{
    NEED_TRUE_MEMORY();
    CHECK(make_scan("l.h5", "views=160 rows=100 cols=500 chunk=160,100,500 deflate=1") == 0,
          "no scan");
    static const double limits[] = {20, 30, 60};
    for (int i = 0; i < 3; i++) {
        EXPECT(recon_kb("l.h5", "-c 251.2", limits[i], "large") == -5 && log_has("chunk"),
               "limit %g", limits[i]);
        EXPECT(peak_kb("center %s/l.h5 --max-memory %g", work, limits[i]) == -5 && log_has("chunk"),
               "centre, limit %g", limits[i]);
    }
    EXPECT(recon_kb("l.h5", "-c 251.2", 200, "large") > 0, "plenty");
}

/* Trials of one row take that row alone, one slice after another. */
TEST(trials)
{
    static const double limits[] = {80, 400};
    NEED_TRUE_MEMORY();
    CHECK(make_scan("t.h5", "views=150 rows=4 cols=500") == 0, "no scan");
    for (int i = 0; i < 2; i++) {
        const long kb =
            recon_kb("t.h5", "--type try --center-range 245:261", limits[i], i ? "most" : "some");
        CHECK(kb > 0, "limit %g MB: exit code %ld", limits[i], -kb);
        EXPECT((double)kb * 1.024e-3 <= limits[i], "limit %g MB: %.1f MB", limits[i],
               (double)kb * 1.024e-3);
    }
    char line[1200];
    snprintf(line, sizeof line,
             "for f in %s/most/*.npy; do cmp -s \"$f\" %s/some/${f##*/} || exit 1; done", work,
             work);
    EXPECT(system(line) == 0, "other slices");
    EXPECT(recon_kb("t.h5", "--type try --center-range 245:261", 60, "least") == -5 &&
               log_has("--max-memory 60") && log_has("this scan needs"),
           "a limit below the least must be exit code 5 in words");
}

/* The search for the axis, in its verb and in recon. */
TEST(axis)
{
    double found[2] = {0, -1};
    static const double limits[] = {66, 400};
    NEED_TRUE_MEMORY();
    CHECK(make_scan("a.h5", "views=300 rows=12 cols=700") == 0, "no scan");
    for (int i = 0; i < 2; i++) {
        const long kb = peak_kb("center %s/a.h5 --max-memory %g", work, limits[i]);
        CHECK(kb > 0, "limit %g MB: exit code %ld", limits[i], -kb);
        EXPECT((double)kb * 1.024e-3 <= limits[i], "limit %g MB: %.1f MB", limits[i],
               (double)kb * 1.024e-3);
        found[i] = log_number();
    }
    EXPECT(found[0] == found[1] && fabs(found[0] - 351.2) < 0.3, "axis %g and %g", found[0],
           found[1]);
    CHECK(make_scan("turn.h5", "views=300 rows=12 cols=700 arc=360 center=400") == 0, "no scan");
    const long full = peak_kb("center %s/turn.h5 --max-memory 80", work);
    EXPECT(full > 0 && (double)full * 1.024e-3 <= 80 && fabs(log_number() - 400) < 0.5,
           "a full turn: %.1f MB, axis %g", (double)full * 1.024e-3, log_number());
    EXPECT(peak_kb("center %s/a.h5 --max-memory 50", work) == -5 && log_has("--max-memory 50") &&
               log_has("to find the rotation axis"),
           "too little");
    EXPECT(recon_kb("a.h5", "", 50, "axis") == -5 && log_has("to find the rotation axis"),
           "recon that finds the axis");
    EXPECT(peak_kb("center %s/a.h5 --max-memory 50 --max-rows 2", work) > 0, "fewer rows");
}

int main(int argc, char **argv) {
    static const test_entry list[] = {
        T(parallel),     T(iterative),     T(iterative_tables), T(scratch_file),
        T(report),       T(flat_detector), T(curved_detector),  T(views_that_differ),
        T(chunks),       T(large_chunk),   T(trials),           T(axis),
        T(axis_of_a_fan)};
    return run_in_work("cli_memory", list, (int)(sizeof list / sizeof *list), argc, argv);
}
