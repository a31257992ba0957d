/* --max-memory is held: the most memory of the whole process, as the system saw it, stays below
 * the limit, the volume has the same bits, and a limit that is too small is refused in words. */
#include <sys/resource.h>
#include <sys/wait.h>

#include "command.h"

/* Runs recon of a scan; the process' peak in kB, -1: it failed. */
static long peak_kb(const char *scan, const char *more, double limit, const char *out) {
    char line[2048];
    struct rusage use;
    int status;
    snprintf(line, sizeof line,
             "exec %s/bin/voxgrad recon %s/%s -o %s/%s --max-memory %g --save-format npy --force "
             "--device cpu --no-checksum %s >%s/log 2>&1",
             VXG_BINARY_DIR, work, scan, work, out, limit, more, work);
    const pid_t pid = fork();
    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", line, (char *)NULL);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &use) != pid) return -1;
    if (!WIFEXITED(status)) return -1;
    return WEXITSTATUS(status) ? -WEXITSTATUS(status) : use.ru_maxrss;
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

static int same_volumes(void) {
    char line[1200];
    snprintf(line, sizeof line, "cmp -s %s/most/recon.npy %s/some/recon.npy", work, work);
    return system(line) == 0;
}

/* limits in MB: the last is plenty. */
static void held(const char *scan, const char *more, const double *limits, int n) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    SKIP("the sanitizer's own memory hides what the command takes");
#endif
    CHECK(peak_kb(scan, more, limits[n - 1], "most") > 0, "the command failed");
    for (int i = 0; i + 1 < n; i++) {
        const long kb = peak_kb(scan, more, limits[i], "some");
        CHECK(kb > 0, "%s, limit %g MB: exit code %ld", scan, limits[i], -kb);
        EXPECT((double)kb * 1.024e-3 <= limits[i], "%s, limit %g MB: %.1f MB", scan, limits[i],
               (double)kb * 1.024e-3);
        EXPECT(same_volumes(), "%s, limit %g MB: other bits", scan, limits[i]);
    }
    EXPECT(peak_kb(scan, more, 12, "least") == -5 && log_has("--max-memory 12") &&
               log_has("this scan needs"),
           "%s: a limit below the least must be exit code 5 in words", scan);
}

TEST(parallel)
{
    RUN("simulate -o %s/p.h5 --views 160 --rows 150 --cols 400 --photons 0", work);
    held("p.h5", "-c 199.5", (const double[]){30, 60, 400}, 3);
    held("p.h5", "-c 199.5 --ring 9", (const double[]){34, 400}, 2);
}

static void cone(const char *name, const char *more) {
    char scan[64], geometry[600];
    RUN("simulate -o %s/%s.h5 --views 160 --rows 150 --cols 240 --sod 600 --sdd 900 --photons 0 "
        "%s --geometry-out %s/%s.json",
        work, name, more, work, name);
    snprintf(scan, sizeof scan, "%s.h5", name);
    snprintf(geometry, sizeof geometry, "-g %s/%s.json", work, name);
    held(scan, geometry, (const double[]){75, 90, 400}, 3);
}
TEST(flat_detector)
{ cone("flat", ""); }
TEST(curved_detector)
{ cone("curved", "--detector curved"); }

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
    held("crooked.h5", more, (const double[]){75, 90, 400}, 3);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(parallel), T(flat_detector), T(curved_detector),
                                      T(views_that_differ)};
    return run_in_work("cli_memory", list, (int)(sizeof list / sizeof *list), argc, argv);
}
