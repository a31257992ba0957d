/* Scan to volume: values, the same bits whatever the memory and threads, errors, memory held. The
 * scan is a reader in memory: counts of a cylinder of known attenuation behind uneven flats and
 * darks. */
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <voxgrad/voxgrad.h>

#include "test.h"

#define PI 3.14159265358979323846

/* ---- a scan that is computed when it is read ---- */
typedef struct fake {
    vxg_scan_reader self;
    double theta[512], center, radius, mu; /* px, px, 1/px */
    int64_t fail_row;                      /* reading it fails; -1: none */
    int64_t dead_rows;                     /* the first rows have no open beam */
    int64_t reads;
    int64_t step, memory, copy;    /* what it says of itself: rows of a chunk, bytes */
    int64_t across, copies, fails; /* reads of projections that begin inside a chunk; copies made of
                                    * them, and how often that fails */
} fake;

static double dark_at(int64_t row, int64_t col) {
    return 90 + (double)((row + 2 * col) % 7);
}
static double flat_at(const fake *f, int64_t row, int64_t col) {
    if (row < f->dead_rows) return dark_at(row, col);
    return dark_at(row, col) + 20000 + 500 * sin(0.3 * (double)col) + 10 * (double)row;
}

/* The cylinder stands at (x, y) = (0.2, -0.1) radii; its radius shrinks from row to row. */
static double line_integral(const fake *f, int64_t view, int64_t row, int64_t col) {
    double t = f->theta[view] * PI / 180, r = f->radius * (1 - 0.004 * (double)row);
    double s = (double)col - f->center - f->radius * (0.2 * cos(t) - 0.1 * sin(t));
    return fabs(s) < r ? 2 * f->mu * sqrt(r * r - s * s) : 0;
}

static int fake_read(vxg_scan_reader *self, vxg_frame_kind kind, int64_t v0, int64_t v1, int64_t r0,
                     int64_t r1, int64_t c0, int64_t c1, float *dst) {
    fake *f = self->impl;
    f->reads++;
    f->across += kind == VXG_FRAME_DATA && f->step > 1 && r0 % f->step && r0 > 0;
    if (f->fail_row >= r0 && f->fail_row < r1)
        return vxg_error_set(VXG_ERR_INPUT, "row %d is unreadable", (int)f->fail_row);
    for (int64_t v = v0; v < v1; v++)
        for (int64_t r = r0; r < r1; r++)
            for (int64_t c = c0; c < c1; c++, dst++) {
                double dark = dark_at(r, c), open = flat_at(f, r, c) - dark;
                *dst = (float)(kind == VXG_FRAME_DARK ? dark + (v % 2 ? 1 : -1)
                               : kind == VXG_FRAME_FLAT
                                   ? dark + open
                                   : dark + open * exp(-line_integral(f, v, r, c)));
            }
    return VXG_OK;
}
static void fake_close(vxg_scan_reader *self) {
    (void)self;
}

static int fake_cost(vxg_scan_reader *self, vxg_frame_kind kind, int64_t r0, int64_t r1,
                     vxg_read_cost *out) {
    const fake *f = self->impl;
    const int64_t step = f->copies && kind == VXG_FRAME_DATA ? 1 : f->step;
    *out = (vxg_read_cost){.size = sizeof *out,
                           .row_step = step,
                           .memory = f->memory,
                           .copy_memory = f->copy,
                           .wanted = r1 - r0,
                           .unpacked = (r1 + step - 1) / step * step - r0 / step * step};
    return VXG_OK;
}
static int fake_prepare(vxg_scan_reader *self, vxg_frame_kind kind, int64_t c0, int64_t c1,
                        const char *folder, const vxg_progress *progress) {
    fake *f = self->impl;
    (void)c0, (void)c1, (void)folder, (void)progress;
    if (kind != VXG_FRAME_DATA) return VXG_OK;
    f->copies++;
    return f->fails ? vxg_error_set(VXG_ERR_OUTPUT, "no room for a copy") : VXG_OK;
}
/* The same scan in chunks of so many rows. */
static void fake_chunks(fake *f, int64_t step) {
    f->step = step, f->memory = 300000, f->copy = 10000;
    f->self.cost = fake_cost, f->self.prepare = fake_prepare;
}

static void fake_scan(fake *f, int64_t views, int64_t rows, int64_t cols) {
    memset(f, 0, sizeof *f);
    for (int64_t i = 0; i < views; i++) f->theta[i] = 180.0 * (double)i / (double)views;
    f->center = 0.5 * (double)(cols - 1) + 1.3, f->radius = 0.3 * (double)cols, f->mu = 0.02;
    f->fail_row = -1;
    f->self = (vxg_scan_reader){.path = "fake",
                                .format = "fake",
                                .dtype = "float32",
                                .nviews = views,
                                .nrows = rows,
                                .ncols = cols,
                                .nflats = 3,
                                .ndarks = 2,
                                .theta = f->theta,
                                .pixel_unit = "",
                                .read = fake_read,
                                .close = fake_close,
                                .impl = f};
}

/* ---- a writer into memory ---- */
typedef struct sink {
    vxg_volume_writer self;
    float *data;
    int64_t slice, fail_at, written;
} sink;
static int sink_write(vxg_volume_writer *self, int64_t z0, int64_t nz, const float *src) {
    sink *s = self->impl;
    if (s->fail_at >= z0 && s->fail_at < z0 + nz)
        return vxg_error_set(VXG_ERR_OUTPUT, "no room for slice %d", (int)s->fail_at);
    if (s->data) memcpy(s->data + z0 * s->slice, src, (size_t)(nz * s->slice) * sizeof *src);
    s->written += nz;
    return VXG_OK;
}
static void sink_open(sink *s, int64_t nz, int64_t n, int keep) {
    *s = (sink){.self = {.write = sink_write, .impl = s}, .slice = n * n, .fail_at = -1};
    if (keep) s->data = calloc((size_t)(nz * n * n), sizeof *s->data);
}

static vxg_device *dev;

/* Mean of the disc of `part` radii about the cylinder's middle in slice z (first column c0 cut
 * off). */
static double disc_mean(const fake *f, const sink *s, int64_t z, int64_t row, int64_t n,
                        double part) {
    double r = part * f->radius * (1 - 0.004 * (double)row), sum = 0;
    double cx = 0.5 * (double)(n - 1) + 0.2 * f->radius,
           cy = 0.5 * (double)(n - 1) - 0.1 * f->radius;
    int64_t count = 0;
    for (int64_t y = 0; y < n; y++)
        for (int64_t x = 0; x < n; x++) {
            double dx = (double)x - cx, dy = (double)y - cy;
            if (dx * dx + dy * dy < r * r) sum += s->data[z * s->slice + y * n + x], count++;
        }
    return sum / (double)count;
}

TEST(attenuation_is_true)
{
    fake f;
    sink s;
    vxg_ct_recon_stats stats = {0};
    fake_scan(&f, 180, 7, 96);
    sink_open(&s, 7, 96, 1);
    vxg_ct_recon_opts o = {.center = f.center};
    CHECK_OK(vxg_ct_reconstruct(dev, &f.self, &o, &s.self, &stats));
    CHECK(s.written == 7 && stats.slices == 7 && stats.nx == 96, "slices %d", (int)s.written);
    for (int64_t z = 0; z < 7; z++) {
        double inside = disc_mean(&f, &s, z, z, 96, 0.8);
        EXPECT(fabs(inside - f.mu) < 0.002 * f.mu, "slice %d: mean %.6f, true %.6f", (int)z, inside,
               f.mu);
    }
    EXPECT(stats.bad.nonpositive == 0 && stats.bad.dead == 0, "nothing is bad in this scan");
    free(s.data);
}

/* The least memory a scan needs: what the refusal of one byte says. */
static int64_t least_memory(fake *f, vxg_ct_recon_opts o) {
    vxg_ct_recon_stats stats = {0};
    sink s;
    sink_open(&s, 1, 1, 0);
    o.max_memory = 1, o.progress = NULL;
    int status = vxg_ct_reconstruct(dev, &f->self, &o, &s.self, &stats);
    return status == VXG_ERR_MEMORY ? stats.peak_bytes : -1;
}

/* A part of the scan is the same as that part of the whole. */
TEST(ranges)
{
    fake f;
    sink whole, part;
    fake_scan(&f, 60, 9, 64);
    sink_open(&whole, 9, 64, 1), sink_open(&part, 4, 64, 1);
    vxg_ct_recon_opts o = {.center = f.center};
    CHECK_OK(vxg_ct_reconstruct(dev, &f.self, &o, &whole.self, NULL));
    o.row_begin = 3, o.row_end = 7;
    CHECK_OK(vxg_ct_reconstruct(dev, &f.self, &o, &part.self, NULL));
    EXPECT(!memcmp(part.data, whole.data + 3 * 64 * 64, 4 * 64 * 64 * sizeof(float)),
           "rows 3:7 differ from those rows of the whole");
    free(part.data);
    sink_open(&part, 6, 64, 1);
    o.row_end = 0, o.view_begin = 0, o.col_begin = 0; /* to the last */
    CHECK_OK(vxg_ct_reconstruct(dev, &f.self, &o, &part.self, NULL));
    EXPECT(!memcmp(part.data, whole.data + 3 * 64 * 64, 6 * 64 * 64 * sizeof(float)),
           "rows from 3 on differ from those rows of the whole");
    o.row_begin = 9;
    EXPECT(vxg_ct_reconstruct(dev, &f.self, &o, &part.self, NULL) == VXG_ERR_ARGUMENT,
           "rows from behind the last on");
    free(part.data);
    sink_open(&part, 9, 50, 1);
    o = (vxg_ct_recon_opts){.center = f.center, .col_begin = 8, .col_end = 58};
    CHECK_OK(vxg_ct_reconstruct(dev, &f.self, &o, &part.self, NULL));
    /* the axis keeps its place: the middle of columns 8:58 is column 32.5, 1 px right of 31.5 */
    double d = disc_mean(&f, &part, 2, 2, 50, 0.5) - disc_mean(&f, &whole, 2, 2, 64, 0.5);
    EXPECT(fabs(d) < 0.01 * f.mu, "cut columns change the mean by %g", d);
    free(part.data);
    sink_open(&part, 9, 64, 1);
    o = (vxg_ct_recon_opts){.center = f.center, .view_begin = 10, .view_end = 60};
    CHECK_OK(vxg_ct_reconstruct(dev, &f.self, &o, &part.self, NULL));
    EXPECT(memcmp(part.data, whole.data, sizeof(float) * 64 * 64), "views 10:60 change nothing");
    o.row_end = 10, o.row_begin = 2;
    EXPECT(vxg_ct_reconstruct(dev, &f.self, &o, &part.self, NULL) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "rows 2:10"),
           "rows outside: %s", vxg_error_message());
    free(part.data), free(whole.data);
}

TEST(bits_do_not_depend_on_memory_or_threads)
{
    static const struct {
        int64_t memory;
        int threads;
    } runs[] = {{0, 1}, {1, 1}, {2, 2}, {600000, 3}, {1000000, 7}, {4000000, 64}, {0, 64}};
    fake f;
    sink first, again;
    fake_scan(&f, 45, 37, 50);
    sink_open(&first, 37, 50, 1), sink_open(&again, 37, 50, 1);
    for (int i = 0; i < 7; i++) {
        vxg_ct_recon_opts o = {.center = f.center,
                               .ring_size = 5,
                               .window = VXG_CT_WINDOW_HANN,
                               .max_memory = runs[i].memory};
        vxg_ct_recon_stats stats = {0};
        vxg_set_threads(runs[i].threads);
        if (runs[i].memory == 1 || runs[i].memory == 2) {
            o.max_memory = least_memory(&f, o);
            CHECK(o.max_memory > 0, "one byte is enough: %s", vxg_error_message());
            EXPECT(strstr(vxg_error_message(), "this scan needs"), "%s", vxg_error_message());
            o.max_memory += (runs[i].memory - 1) * o.max_memory / 2;
        }
        CHECK_OK(vxg_ct_reconstruct(dev, &f.self, &o, i ? &again.self : &first.self, &stats));
        EXPECT(runs[i].memory != 1 || stats.chunk == 1, "least: slabs of %d", (int)stats.chunk);
        EXPECT(!o.max_memory || stats.peak_bytes <= o.max_memory, "%d of %d bytes",
               (int)stats.peak_bytes, (int)o.max_memory);
        EXPECT(!i || !memcmp(first.data, again.data, 37 * 50 * 50 * sizeof(float)),
               "%d bytes, %d threads: other bits", (int)runs[i].memory, runs[i].threads);
    }
    vxg_set_threads(0);
    free(first.data), free(again.data);
}

/* What reading takes is a part of the limit; slabs begin where chunks do; chunks that would be
 * unpacked over and over are copied, where there is memory for a copy: never other bits. */
TEST(the_reader_is_asked)
{
    enum { VIEWS = 24, ROWS = 150, N = 32 };
    static const struct {
        int64_t step, more, copy, fails, copies, across;
    } runs[] = {{1, 0, 0, 0, 0, 0},        /* one row at a time */
                {7, 1 << 24, 0, 0, 0, 0},  /* slabs of 63 rows, not 64 */
                {60, 1 << 24, 0, 0, 0, 0}, /* slabs of a chunk: nothing comes again */
                {60, 0, 0, 0, 1, 147},     /* 150 slabs of the same chunks */
                {60, 0, 0, 1, 1, 147},     /* the copy cannot be made: slower, no failure */
                {60, 0, 1 << 20, 0, 0, 147} /* no memory for it */};
    fake f;
    sink first, s;
    int64_t plain;
    fake_scan(&f, VIEWS, ROWS, N);
    sink_open(&first, ROWS, N, 1);
    vxg_ct_recon_opts o = {.center = f.center};
    plain = least_memory(&f, o);
    CHECK_OK(vxg_ct_reconstruct(dev, &f.self, &o, &first.self, NULL));
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        vxg_ct_recon_stats stats = {.size = sizeof stats};
        fake_scan(&f, VIEWS, ROWS, N);
        fake_chunks(&f, runs[i].step);
        f.fails = runs[i].fails, f.copy += runs[i].copy;
        const int64_t least = least_memory(&f, o);
        EXPECT(least == plain + f.memory, "run %zu: %lld bytes, %lld without its reader", i,
               (long long)least, (long long)plain);
        o.max_memory = least + runs[i].more;
        sink_open(&s, ROWS, N, 1);
        CHECK_OK(vxg_ct_reconstruct(dev, &f.self, &o, &s.self, &stats));
        EXPECT(stats.peak_bytes <= o.max_memory, "run %zu: %lld bytes", i,
               (long long)stats.peak_bytes);
        EXPECT(!memcmp(s.data, first.data, ROWS * N * N * sizeof *s.data), "run %zu: bits", i);
        EXPECT(f.copies == runs[i].copies && f.across == runs[i].across,
               "run %zu: %lld copies, %lld reads across chunks", i, (long long)f.copies,
               (long long)f.across);
        free(s.data);
    }
    free(first.data);
}

/* One centre after another in the memory of one slice, or a refusal that says what is needed. */
TEST(trials_are_bounded)
{
    enum { VIEWS = 40, N = 64, MOST = 5 };
    fake f;
    sink s;
    double centers[MOST];
    float *tries = calloc(MOST * N * N, sizeof *tries);
    vxg_ct_recon_stats stats = {.size = sizeof stats};
    fake_scan(&f, VIEWS, 3, N);
    fake_chunks(&f, 1);
    for (int i = 0; i < MOST; i++) centers[i] = f.center - 2 + i;
    vxg_ct_recon_opts o = {.max_memory = 1};
    CHECK_OK(vxg_ct_try_centers(dev, &f.self, &(vxg_ct_recon_opts){0}, 1, MOST, centers, tries));
    sink_open(&s, MOST, N, 1);
    EXPECT(vxg_ct_try_centers_write(dev, &f.self, &o, 1, MOST, centers, &s.self, &stats) ==
                   VXG_ERR_MEMORY &&
               s.written == 0,
           "one byte is enough");
    EXPECT(vxg_ct_try_centers(dev, &f.self, &o, 1, MOST, centers, tries) == VXG_ERR_MEMORY,
           "one byte is enough");
    o.max_memory = stats.peak_bytes;
    EXPECT(o.max_memory > f.memory, "%lld bytes", (long long)o.max_memory);
    f.reads = 0;
    CHECK_OK(vxg_ct_try_centers_write(dev, &f.self, &o, 1, MOST, centers, &s.self, &stats));
    EXPECT(f.reads == 3, "the row is read %d times", (int)f.reads); /* with its flats and darks */
    EXPECT(s.written == MOST && stats.slices == MOST, "%d slices", (int)s.written);
    EXPECT(!memcmp(s.data, tries, MOST * N * N * sizeof *tries), "other slices");
    free(s.data);
    free(tries);
}

TEST(failures_come_through)
{
    fake f;
    sink s;
    volatile int cancel = 1;
    vxg_progress progress = {.cancel = &cancel};
    fake_scan(&f, 20, 12, 32);
    vxg_ct_recon_opts o = {.center = f.center};
    o.max_memory = least_memory(&f, o);
    for (int64_t row = 0; row < 12; row += 5) {
        sink_open(&s, 12, 32, 0);
        f.fail_row = row;
        EXPECT(vxg_ct_reconstruct(dev, &f.self, &o, &s.self, NULL) == VXG_ERR_INPUT &&
                   strstr(vxg_error_message(), "is unreadable"),
               "reader, row %d: %s", (int)row, vxg_error_message());
        f.fail_row = -1, s.fail_at = row;
        EXPECT(vxg_ct_reconstruct(dev, &f.self, &o, &s.self, NULL) == VXG_ERR_OUTPUT &&
                   strstr(vxg_error_message(), "no room for slice"),
               "writer, slice %d: %s", (int)row, vxg_error_message());
    }
    sink_open(&s, 12, 32, 0);
    o.progress = &progress;
    EXPECT(vxg_ct_reconstruct(dev, &f.self, &o, &s.self, NULL) == VXG_ERR_CANCELLED, "cancelled");
    o.progress = NULL, o.center = 40;
    EXPECT(vxg_ct_reconstruct(dev, &f.self, &o, &s.self, NULL) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "outside the detector"),
           "centre: %s", vxg_error_message());
    f.self.nflats = 0, o.center = f.center;
    EXPECT(vxg_ct_reconstruct(dev, &f.self, &o, &s.self, NULL) == VXG_ERR_INPUT &&
               strstr(vxg_error_message(), "no flat fields"),
           "no flats: %s", vxg_error_message());
    o.no_minus_log = 1;
    CHECK_OK(vxg_ct_reconstruct(dev, &f.self, &o, &s.self, NULL));
}

/* Rows without beam are empty slices wherever slabs begin and end; a scan without beam is an error.
 */
TEST(dead_rows)
{
    fake f;
    sink s;
    vxg_ct_recon_stats stats = {0};
    double largest = 0;
    fake_scan(&f, 20, 6, 32);
    f.dead_rows = 2;
    for (int64_t memory = 0; memory < 2; memory++) {
        vxg_ct_recon_opts o = {.center = f.center};
        if (memory) o.max_memory = least_memory(&f, o);
        sink_open(&s, 6, 32, 1);
        CHECK_OK(vxg_ct_reconstruct(dev, &f.self, &o, &s.self, &stats));
        CHECK(stats.bad.dead == 64, "%d dead pixels, 64 are", (int)stats.bad.dead);
        for (int i = 0; i < 2 * 32 * 32; i++) largest = fmax(largest, fabs((double)s.data[i]));
        EXPECT(largest == 0, "a dead row reconstructs to %g", largest);
        EXPECT(disc_mean(&f, &s, 3, 3, 32, 0.5) > 0.9 * f.mu, "a live row is lost");
        free(s.data);
    }
    f.dead_rows = 6;
    vxg_ct_recon_opts o = {.center = f.center};
    sink_open(&s, 6, 32, 0);
    EXPECT(vxg_ct_reconstruct(dev, &f.self, &o, &s.self, NULL) == VXG_ERR_INPUT &&
               strstr(vxg_error_message(), "flat field is zero"),
           "all dead: %s", vxg_error_message());
}

TEST(trials_equal_reconstructions)
{
    fake f;
    sink s;
    double centers[3];
    float *tries = calloc(3 * 40 * 40, sizeof *tries);
    fake_scan(&f, 30, 5, 40);
    for (int i = 0; i < 3; i++) centers[i] = f.center - 2 + 2 * i;
    vxg_ct_recon_opts o = {0};
    CHECK_OK(vxg_ct_try_centers(dev, &f.self, &o, 3, 3, centers, tries));
    for (int i = 0; i < 3; i++) {
        sink_open(&s, 5, 40, 1);
        o = (vxg_ct_recon_opts){.center = centers[i]};
        CHECK_OK(vxg_ct_reconstruct(dev, &f.self, &o, &s.self, NULL));
        EXPECT(!memcmp(s.data + 3 * 1600, tries + i * 1600, 1600 * sizeof(float)),
               "centre %g: the trial is not that slice", centers[i]);
        free(s.data);
    }
    centers[1] = -3;
    EXPECT(vxg_ct_try_centers(dev, &f.self, &o, 3, 3, centers, tries) == VXG_ERR_ARGUMENT, "range");
    free(tries);
}

/* ---- memory: 1/64 of 512 views x 1024 x 1024 under 1/64 of 2 GB, above what a tiny scan takes
 * ---- */
static long peak_kb(int64_t views, int64_t rows, int64_t cols, int threads) {
    int pipe_ends[2];
    long kb = -1;
    if (pipe(pipe_ends)) return -1;
    pid_t pid = fork();
    if (pid == 0) {
        static fake f;
        sink s;
        struct rusage use;
        fake_scan(&f, views, rows, cols);
        sink_open(&s, rows, cols, 0);
        vxg_ct_recon_opts o = {.center = f.center, .max_memory = 16 << 20};
        vxg_set_threads(threads);
        int status = vxg_ct_reconstruct(dev, &f.self, &o, &s.self, NULL);
        getrusage(RUSAGE_SELF, &use);
        kb = status ? -1 : use.ru_maxrss;
        if (write(pipe_ends[1], &kb, sizeof kb) < 0) _exit(2);
        _exit(0);
    }
    close(pipe_ends[1]);
    if (pid > 0 && read(pipe_ends[0], &kb, sizeof kb) != sizeof kb) kb = -1;
    close(pipe_ends[0]);
    if (pid > 0) waitpid(pid, NULL, 0);
    return kb;
}

TEST(memory_is_bounded)
{
    static const int threads[] = {1, 2, 64};
#if SANITIZED
    SKIP("the sanitizer's own memory hides what the pipeline takes");
#endif
    long base = peak_kb(8, 1, 8, 1);
    CHECK(base > 0, "the base run failed");
    for (int i = 0; i < 3; i++) {
        long kb = peak_kb(512, 128, 128, threads[i]);
        EXPECT(kb > 0 && kb - base < 32 * 1024, "%d threads: %ld kB above the base of %ld kB",
               threads[i], kb - base, base);
    }
}

int main(int argc, char **argv) {
    static const test_entry list[] = {
        T(memory_is_bounded), /* first: its children inherit what the process has touched */
        T(attenuation_is_true),
        T(ranges),
        T(bits_do_not_depend_on_memory_or_threads),
        T(the_reader_is_asked),
        T(trials_are_bounded),
        T(failures_come_through),
        T(dead_rows),
        T(trials_equal_reconstructions),
    };
    if (vxg_device_open("cpu", &dev)) return printf("FAIL pipeline: %s\n", vxg_error_message()), 1;
    int failed = test_run("pipeline", list, (int)(sizeof list / sizeof *list), argc, argv);
    vxg_device_release(dev);
    return failed;
}
