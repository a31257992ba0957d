/* File to file: a scan of 512 views x 128 x 128 (1/64 of 1 GB of uint16) in HDF5 is reconstructed
 * by child processes that say how much memory they took, with 1, 2 and 64 threads and several
 * limits; all write the same file. */
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <voxgrad/voxgrad.h>

#include "io_test.h"

#define VIEWS 512
#define SIDE 128
#define LIMIT ((int64_t)32 << 20)

/* ---- The scan: one cone on its tip, off the axis ---- */
static double line_integral(int64_t view, int64_t row, int64_t col) {
    double t = M_PI * (double)view / VIEWS, r = 10 + 0.3 * (double)row;
    double s = (double)col - 65.2 - 9 * cos(t) + 4 * sin(t);
    return fabs(s) < r ? 0.02 * 2 * sqrt(r * r - s * s) : 0;
}
static double flat_at(int64_t row, int64_t col) {
    return 30000 + 40 * (double)row + 500 * sin(0.2 * (double)col);
}

/* A volume file of the library is a Data Exchange scan without flats, darks and angles. */
static int write_scan(const char *path, int64_t views, int64_t rows, int64_t cols) {
    vxg_volume_writer_opts o = {
        .format = VXG_VOLUME_H5, .path = path, .nz = views, .ny = rows, .nx = cols};
    vxg_volume_writer *w;
    float *frame = malloc((size_t)(rows * cols) * sizeof *frame);
    int status = vxg_volume_writer_open(&o, &w);
    if (status) return free(frame), status;
    for (int64_t v = 0; v < views && !status; v++) {
        for (int64_t k = 0; k < rows * cols; k++) {
            int64_t r = k / cols, c = k % cols;
            frame[k] = (float)floor(100 + flat_at(r, c) * exp(-line_integral(v, r, c)));
        }
        status = w->write(w, v, 1, frame);
    }
    free(frame);
    if (!status) return w->finish(w);
    w->abandon(w);
    return status;
}

/* The file's frames, and ten flats and five darks beside them. */
static int read_all(vxg_scan_reader *self, vxg_frame_kind kind, int64_t v0, int64_t v1, int64_t r0,
                    int64_t r1, int64_t c0, int64_t c1, float *dst) {
    vxg_scan_reader *file = self->impl;
    if (kind == VXG_FRAME_DATA) return file->read(file, kind, v0, v1, r0, r1, c0, c1, dst);
    for (int64_t v = v0; v < v1; v++)
        for (int64_t r = r0; r < r1; r++)
            for (int64_t c = c0; c < c1; c++)
                *dst++ = (float)(100 + (kind == VXG_FRAME_FLAT ? flat_at(r, c) : 0));
    return VXG_OK;
}

/* ---- In the child: reconstructs argv[2] to argv[3] and prints its peak memory in kB; argv[5]:
 * bytes beside what reading takes, which is mostly another process' ---- */
static int child(char **argv) {
    vxg_device *dev;
    vxg_scan_reader *file, scan;
    vxg_volume_writer *w;
    vxg_ct_recon_opts o = {.center = 65.2, .ring_size = 5};
    struct rusage use;
    vxg_set_threads(atoi(argv[4]));
    o.max_memory = atoll(argv[5]);
    int status = vxg_device_open("cpu", &dev);
    if (!status) status = vxg_scan_open(argv[2], &file);
    if (status) return fprintf(stderr, "%s\n", vxg_error_message()), 1;
    vxg_read_cost cost = {.size = sizeof cost};
    if (file->cost(file, VXG_FRAME_DATA, 0, file->nrows, &cost)) return 1;
    if (o.max_memory) o.max_memory += cost.memory - (1 << 20); /* the window is seen here too */
    scan = *file;
    scan.nflats = 10, scan.ndarks = 5, scan.read = read_all, scan.impl = file;
    if (scan.ncols < 100) o.center = 2;
    vxg_volume_writer_opts wo = {.format = VXG_VOLUME_NPY, .path = argv[3], .nz = scan.nrows};
    wo.ny = wo.nx = scan.ncols;
    status = vxg_volume_writer_open(&wo, &w);
    if (!status) status = vxg_ct_reconstruct(dev, &scan, &o, w, NULL);
    if (!status) status = w->finish(w);
    if (status) return fprintf(stderr, "%s\n", vxg_error_message()), 1;
    vxg_scan_close(file);
    vxg_device_release(dev);
    getrusage(RUSAGE_SELF, &use);
    printf("%ld\n", use.ru_maxrss);
    return 0;
}

static char *self;

/* Peak memory in kB of a child process of its own (its memory is not this one's), -1 on failure. */
static long run_child(const char *scan, const char *out, int threads, int64_t memory) {
    int ends[2];
    char t[16], m[32], answer[64] = "";
    snprintf(t, sizeof t, "%d", threads), snprintf(m, sizeof m, "%lld", (long long)memory);
    if (pipe(ends)) return -1;
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], 1);
        close(ends[0]);
        execl(self, self, "--child", scan, out, t, m, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    for (size_t n = 0; n + 1 < sizeof answer;) {
        ssize_t got = read(ends[0], answer + n, sizeof answer - 1 - n);
        if (got <= 0) break;
        n += (size_t)got;
    }
    close(ends[0]);
    if (pid < 0 || waitpid(pid, NULL, 0) < 0 || !*answer) return -1;
    return atol(answer);
}

static int made; /* 1: the scan stands at scan.h5 */
static void make_scan(void) {
    if (made) return;
    int status = write_scan(at("scan.h5"), VIEWS, SIDE, SIDE);
    if (status == VXG_ERR_UNSUPPORTED) SKIP("%s", vxg_error_message());
    CHECK(!status, "%s", vxg_error_message());
    CHECK_OK(write_scan(at("tiny.h5"), 8, 1, 5));
    made = 1;
}

TEST(memory_stays_under_the_limit)
{
    static const int threads[] = {1, 2, 64};
#if defined(__SANITIZE_ADDRESS__)
    SKIP("the address sanitizer's own memory hides what the pipeline takes");
#endif
    make_scan();
    if (!made) return;
    long base = run_child(at("tiny.h5"), at("tiny.npy"), 1, 2 << 20);
    CHECK(base > 0, "the base run failed");
    for (int i = 0; i < 3; i++) {
        char out[64];
        snprintf(out, sizeof out, "threads%d.npy", threads[i]);
        long kb = run_child(at("scan.h5"), at(out), threads[i], LIMIT);
        EXPECT(kb > 0, "%d threads: the run failed", threads[i]);
        const long own = 64 * (threads[i] - 1); /* stacks and the C library's notes, see ct.h */
        EXPECT(kb - base <= LIMIT / 1024 + own, "%d threads: %ld kB above the base of %ld kB",
               threads[i], kb - base, base);
        if (getenv("SHOW")) printf("%d threads: %ld above %ld\n", threads[i], kb - base, base);
    }
}

TEST(the_same_file_whatever_memory_and_threads)
{
    static const struct {
        int threads;
        int64_t memory;
    } runs[] = {{3, 6 << 20}, {7, 12 << 20}, {2, 0}};
    make_scan();
    if (!made) return;
    if (access(at("threads1.npy"), R_OK))
        CHECK(run_child(at("scan.h5"), at("threads1.npy"), 1, LIMIT) > 0, "the first run failed");
    for (int i = 0; i < 3; i++) {
        CHECK(run_child(at("scan.h5"), at("other.npy"), runs[i].threads, runs[i].memory) > 0,
              "run %d failed", i);
        EXPECT(same_files(at("threads1.npy"), at("other.npy")),
               "%d threads and %lld bytes give another file", runs[i].threads,
               (long long)runs[i].memory);
        unlink(at("other.npy"));
    }
    for (int i = 0; i < 2; i++) {
        const char *name = i ? "threads64.npy" : "threads2.npy";
        EXPECT(access(at(name), R_OK) || same_files(at("threads1.npy"), at(name)), "%s differs",
               name);
    }
}

/* What came out is the cone: true attenuation in every slice, at its place, larger from row to row.
 */
TEST(the_file_holds_the_cone)
{
    float *data;
    int64_t shape[3];
    make_scan();
    if (!made) return;
    if (access(at("threads1.npy"), R_OK))
        CHECK(run_child(at("scan.h5"), at("threads1.npy"), 1, LIMIT) > 0, "the run failed");
    CHECK_OK(vxg_volume_read(at("threads1.npy"), &data, shape));
    for (int64_t z = 0; z < SIDE; z += 21) {
        double inside = 0, sum = 0, r = 10 + 0.3 * (double)z, cx = 63.5 + 9, cy = 63.5 - 4;
        int64_t n = 0;
        for (int64_t y = 0; y < SIDE; y++)
            for (int64_t x = 0; x < SIDE; x++) {
                double d = hypot((double)x - cx, (double)y - cy),
                       v = data[(z * SIDE + y) * SIDE + x];
                if (d < r - 4) inside += v, n++;
                if (d < r + 6) sum += v;
            }
        EXPECT(fabs(inside / (double)n - 0.02) < 2e-4, "slice %d: mean %.5f, 0.02 is true", (int)z,
               inside / (double)n);
        EXPECT(fabs(sum / (0.02 * M_PI * r * r) - 1) < 0.02, "slice %d: area %.3f of the true one",
               (int)z, sum / (0.02 * M_PI * r * r));
    }
    vxg_free(data);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(memory_stays_under_the_limit),
                                      T(the_same_file_whatever_memory_and_threads),
                                      T(the_file_holds_the_cone)};
    if (argc == 6 && !strcmp(argv[1], "--child")) return child(argv);
    self = argv[0];
    return test_run("pipeline_files", list, 3, argc, argv);
}
