/* Users' kernels through the public API: compiled by the system's C compiler on the cpu device and
 * by the driver on OpenCL devices. */
#include <signal.h>
#include <unistd.h>
#include <voxgrad/voxgrad.h>

#include "test.h"

static const char text[] = "#include \"kernels/num/long.h\"\n"
                           "#ifndef FACTOR\n"
                           "#define FACTOR 2.0\n"
                           "#endif\n"
                           "K_FN real blend(K_GLOBAL const real *p, const real w) {\n"
                           "    return K_fma(w, p[1] - p[0], p[0]);\n"
                           "}\n"
                           "K_KERNEL2(halves, K_GLOBAL const real *, x, K_GLOBAL real *, y) {\n"
                           "    y[gx + K_L(0)] = K_R(FACTOR) * blend(x + gx, K_P(0));\n"
                           "}\n"
                           "K_GROUP_KERNEL2(first_item, K_GLOBAL real *, t, K_GLOBAL real *, y) {\n"
                           "    K_ITEMS(i) { t[gx * K_GROUP + i] = K_real(gx + i); }\n"
                           "    K_END_ITEMS\n"
                           "    K_ITEMS(i) { y[gx * K_GROUP + i] = t[gx * K_GROUP]; }\n"
                           "    K_END_ITEMS\n"
                           "}\n";
enum { N = 130 };

static double get(const void *p, vxg_dtype dtype, int i) {
    return dtype == VXG_F64 ? ((const double *)p)[i] : (double)((const float *)p)[i];
}

static void run_halves(vxg_device *dev, vxg_dtype dtype, const char *options, double factor) {
    double x64[N], back[N + 1];
    float x32[N];
    vxg_kernel *k;
    size_t size = vxg_dtype_size(dtype);
    vxg_launch l = {.global = {N - 1, 1, 1}, .nbuffers = 2, .nints = 2, .ints = {1}, .nreals = 1};
    l.reals[0] = 0.5;
    for (int i = 0; i < N; i++) x64[i] = i * i, x32[i] = (float)(i * i);
    CHECK_OK(vxg_kernel_from_source(dev, text, "halves", options, (vxg_real)dtype, &k));
    CHECK_OK(vxg_buffer_new(dev, N * size, &l.buffer[0]));
    CHECK_OK(vxg_buffer_new(dev, (N + 1) * size, &l.buffer[1]));
    CHECK_OK(
        vxg_buffer_write(NULL, l.buffer[0], 0, dtype == VXG_F64 ? (void *)x64 : x32, N * size));
    CHECK_OK(vxg_kernel_launch(k, NULL, &l));
    CHECK_OK(vxg_buffer_read(NULL, l.buffer[1], 0, back, (N + 1) * size));
    for (int i = 0; i < N - 1; i++) {
        double want = factor * (i * i + (i + 1) * (i + 1)) / 2;
        EXPECT(get(back, dtype, i + 1) == want, "%d: %g, expected %g", i, get(back, dtype, i + 1),
               want);
    }
    EXPECT(get(back, dtype, 0) == 0 && get(back, dtype, N) == 0, "wrote outside its range");
    vxg_kernel_release(k);
    for (int i = 0; i < 2; i++) vxg_buffer_release(l.buffer[i]);
}

static void run_group(vxg_device *dev) {
    float back[5 * 64];
    vxg_kernel *k;
    vxg_launch l = {.global = {5, 1, 1}, .nbuffers = 2};
    CHECK_OK(vxg_kernel_from_source(dev, text, "first_item", NULL, VXG_REAL_F32, &k));
    for (int i = 0; i < 2; i++) CHECK_OK(vxg_buffer_new(dev, sizeof back, &l.buffer[i]));
    CHECK_OK(vxg_kernel_launch(k, NULL, &l));
    CHECK_OK(vxg_buffer_read(NULL, l.buffer[1], 0, back, sizeof back));
    for (int i = 0; i < 5 * 64; i++)
        EXPECT(back[i] == (float)(i / 64), "item %d has %g", i, (double)back[i]);
    vxg_kernel_release(k);
    for (int i = 0; i < 2; i++) vxg_buffer_release(l.buffer[i]);
}

typedef struct logged {
    int lines, numbered;
} logged;
static void listen(void *context, int level, const char *line) {
    logged *l = context;
    l->lines += level == 2;
    l->numbered += strstr(line, "    2      y[gx] = nonsense;") != NULL;
}

static void expect_refused(vxg_device *dev, const char *source, const char *name,
                           const char *options, int status, const char *words) {
    vxg_kernel *k = NULL;
    int64_t before = vxg_alloc_live();
    int got = vxg_kernel_from_source(dev, source, name, options, VXG_REAL_F32, &k);
    EXPECT(got == status && !k && strstr(vxg_error_message(), words), "%d, expected %d '%s': %s",
           got, status, words, vxg_error_message());
    EXPECT(vxg_alloc_live() == before, "memory leak");
    vxg_kernel_release(k);
}

static void refusals(vxg_device *dev) {
    static const char bad[] = "K_KERNEL1(bad, K_GLOBAL real *, y) {\n    y[gx] = nonsense;\n}\n";
    logged seen = {0};
    vxg_set_log(listen, &seen, 2);
    expect_refused(dev, bad, "bad", NULL, VXG_ERR_ARGUMENT, "nonsense");
    EXPECT(strstr(vxg_error_message(), "kernel:2:"), "no line number: %s", vxg_error_message());
    vxg_set_log(NULL, NULL, 0);
    EXPECT(seen.numbered == 1 && seen.lines > 20, "the log has no numbered source");
    expect_refused(dev, text, "missing", NULL, VXG_ERR_ARGUMENT, "'missing'");
    expect_refused(dev, text, "half", NULL, VXG_ERR_ARGUMENT, "'half'"); /* not 'halves' */
    expect_refused(dev, text, "halves", "-O3", VXG_ERR_ARGUMENT, "-DNAME=VALUE");
    expect_refused(dev, "#include \"no/such.h\"\nK_KERNEL1(a, K_GLOBAL real *, y) { y[gx] = 0; }\n",
                   "a", NULL, VXG_ERR_ARGUMENT, "no/such.h");
    expect_refused(dev, NULL, "a", NULL, VXG_ERR_ARGUMENT, "NULL");
}

/* Definitions of a kernel of the library. */
static void definitions(vxg_device *dev) {
    static const struct {
        const char *options, *words;
    } bad[] = {{"-DCONFORMANCE_TYLE=5", "no definition CONFORMANCE_TYLE"},
               {"-DCONFORMANCE_TILE=5 -DCONFORMANCE_TILE=6", "CONFORMANCE_TILE is defined twice"},
               {"-DK_GROUP=0", "K_GROUP is the number of items"},
               {"-DK_GROUP=1025", "1 to 1024"},
               {"-DK_GROUP=8x", "K_GROUP is the number of items"},
               {"-DK_GROUP", "K_GROUP needs a value"},
               {"-DK_ITEMS=2", "K_ITEMS cannot be defined"},
               {"-DVXG_LEVEL=v9", "VXG_LEVEL cannot be defined"},
               {"-D=5", "only -DNAME=VALUE"},
               {"-D7=5", "only -DNAME=VALUE"},
               {"-Da(b)=5", "only -DNAME=VALUE"},
               {"-O3", "only -DNAME=VALUE"}};
    vxg_kernel *a, *b, *c;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t before = vxg_alloc_live();
        int status =
            vxg_kernel_get_with(dev, "conformance_definitions", bad[i].options, VXG_REAL_F32, &a);
        EXPECT(status == VXG_ERR_ARGUMENT && !a && strstr(vxg_error_message(), bad[i].words),
               "'%s': %d: %s", bad[i].options, status, vxg_error_message());
        EXPECT(vxg_alloc_live() == before, "memory leak");
    }
    const char *forwards = "-DCONFORMANCE_TILE=6 -DK_GROUP=32",
               *backwards = "\t-DK_GROUP=32  -DCONFORMANCE_TILE=6 ";
    CHECK_OK(vxg_kernel_get_with(dev, "conformance_definitions", forwards, VXG_REAL_F32, &a));
    CHECK_OK(vxg_kernel_get_with(dev, "conformance_definitions", backwards, VXG_REAL_F32, &b));
    CHECK_OK(vxg_kernel_get(dev, "conformance_definitions", VXG_REAL_F32, &c));
    EXPECT(a == b && a != c, "the order of definitions matters");
    vxg_alloc_count();
    CHECK_OK(vxg_kernel_get_with(dev, "conformance_definitions", forwards, VXG_REAL_F32, &b));
    EXPECT(vxg_alloc_count() == 0, "a kernel that is built asks for memory");
    vxg_kernel_release(b);
    vxg_kernel_release(a), vxg_kernel_release(b), vxg_kernel_release(c);
}

static void on_device(const char *spec) {
    vxg_device *dev;
    if (vxg_device_open(spec, &dev)) SKIP("%s", vxg_error_message());
    run_halves(dev, VXG_F32, NULL, 2);
    run_halves(dev, VXG_F32, "-DFACTOR=3.0", 3);
    if (vxg_device_get_info(dev)->has_f64) {
        run_halves(dev, VXG_F64, "-DFACTOR=0.5 -DUNUSED=1", 0.5);
    } else {
        vxg_kernel *k;
        EXPECT(vxg_kernel_from_source(dev, text, "halves", NULL, VXG_REAL_F64, &k) ==
                   VXG_ERR_UNSUPPORTED,
               "float64");
    }
    run_group(dev);
    definitions(dev);
    refusals(dev);
    vxg_device_release(dev);
}

TEST(cpu)
{
    if (system("cc --version >/dev/null 2>&1")) SKIP("no C compiler");
    on_device("cpu");
}
TEST(opencl)
{ on_device("opencl"); }
TEST(cuda)
{ on_device("cuda"); }

TEST(no_compiler)
{
    vxg_device *dev;
    CHECK_OK(vxg_device_open("cpu", &dev));
    setenv("VXG_CC", "/nonexistent/cc", 1);
    expect_refused(dev, text, "halves", NULL, VXG_ERR_DEVICE, "no C compiler: '/nonexistent/cc'");
    vxg_kernel *k = NULL;
    EXPECT(vxg_kernel_get_with(dev, "conformance_definitions", "-DCONFORMANCE_TILE=9", VXG_REAL_F32,
                               &k) == VXG_ERR_DEVICE &&
               strstr(vxg_error_message(), "no C compiler") &&
               strstr(vxg_error_message(), "'-DCONFORMANCE_TILE=5', '-DCONFORMANCE_TILE=6"),
           "%s", vxg_error_message());
    EXPECT(!vxg_kernel_get_with(dev, "conformance_definitions", "-DCONFORMANCE_TILE=5",
                                VXG_REAL_F32, &k),
           "%s", vxg_error_message());
    vxg_kernel_release(k);
    unsetenv("VXG_CC");
    setenv("TMPDIR", "/nonexistent", 1);
    expect_refused(dev, text, "halves", NULL, VXG_ERR_DEVICE, "no temporary folder");
    unsetenv("TMPDIR");
    vxg_device_release(dev);
}

TEST(nothing_left_behind)
{
    char dir[] = "/tmp/voxgrad-kernels-XXXXXX";
    vxg_device *dev;
    vxg_kernel *k = NULL;
    if (system("cc --version >/dev/null 2>&1")) SKIP("no C compiler");
    CHECK(mkdtemp(dir), "no temporary folder");
    setenv("TMPDIR", dir, 1);
    CHECK_OK(vxg_device_open("cpu", &dev));
    EXPECT(!vxg_kernel_from_source(dev, text, "halves", NULL, VXG_REAL_F32, &k), "%s",
           vxg_error_message());
    vxg_kernel_release(k);
    EXPECT(vxg_kernel_from_source(dev, "K_KERNEL1(a, K_GLOBAL real *, y) { y }", "a", NULL,
                                  VXG_REAL_F32, &k),
           "compiled");
    vxg_device_release(dev);
    unsetenv("TMPDIR");
    EXPECT(!rmdir(dir), "files were left in %s", dir);
}

/* The entry is what the compiler sees: not what stands in comments or quotes. */
TEST(entries_in_comments)
{
    static const char commented[] =
        "/* K_KERNEL1(twice, K_GLOBAL real *, y) and\n K_GROUP_KERNEL2(twice, a, b) */\n"
        "// K_KERNEL3(twice, a, b, c) \\\n K_KERNEL4(twice, a, b, c, d)\n"
        "#define WORDS \"K_KERNEL3(twice, \\\" K_KERNEL3(twice, \"\n"
        "#define NOT_K_KERNEL3(twice, y)\n"
        "K_KERNEL2(twice, K_GLOBAL const real *, x, K_GLOBAL real *, y) { y[gx] = x[gx] + x[gx]; "
        "}\n";
    vxg_device *dev;
    vxg_kernel *k = NULL;
    float x[3] = {1, 2, 3}, y[3] = {0};
    vxg_launch l = {.global = {3, 1, 1}, .nbuffers = 2};
    if (system("cc --version >/dev/null 2>&1")) SKIP("no C compiler");
    CHECK_OK(vxg_device_open("cpu", &dev));
    CHECK_OK(vxg_kernel_from_source(dev, commented, "twice", NULL, VXG_REAL_F32, &k));
    for (int i = 0; i < 2; i++) CHECK_OK(vxg_buffer_new(dev, sizeof x, &l.buffer[i]));
    CHECK_OK(vxg_buffer_write(NULL, l.buffer[0], 0, x, sizeof x));
    CHECK_OK(vxg_kernel_launch(k, NULL, &l));
    CHECK_OK(vxg_buffer_read(NULL, l.buffer[1], 0, y, sizeof y));
    EXPECT(y[0] == 2 && y[2] == 6, "%g %g", (double)y[0], (double)y[2]);
    for (int i = 0; i < 2; i++) vxg_buffer_release(l.buffer[i]);
    vxg_kernel_release(k);
    EXPECT(vxg_kernel_from_source(dev, "/* K_KERNEL1(a, K_GLOBAL real *, y) { y[gx] = 0; } ", "a",
                                  NULL, VXG_REAL_F32, &k) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "K_KERNELn"),
           "%s", vxg_error_message());
    vxg_device_release(dev);
}

/* A host that ignores SIGCHLD, or collects children itself, still gets kernels and the compiler's
 * words. */
/* Offsets are bytes, and each buffer has elements of its own size, whatever the arithmetic. */
TEST(offsets)
{
    static const char mixed[] =
        "typedef real mine;\n"
        "K_KERNEL4(mix, K_GLOBAL const double *, c, K_GLOBAL const int /* a table */ *, t,\n"
        "          K_GLOBAL const unsigned char *, b, K_GLOBAL real *, y) {\n"
        "    y[gx] = (real)(c[gx] + t[gx] + b[gx]);\n}\n"
        "K_KERNEL1(own, K_GLOBAL mine *, y) { y[gx] = 3; }\n";
    const double c[3] = {1, 2, 1000};
    const int t[4] = {0, 0, 0, 200};
    const unsigned char b[8] = {0, 0, 0, 0, 0, 30, 0, 0};
    static const int64_t wrong[4] = {4, 6, -1, 2}, outside[4] = {32, 20, 9, 12};
    vxg_device *dev;
    if (system("cc --version >/dev/null 2>&1")) SKIP("no C compiler");
    CHECK_OK(vxg_device_open("cpu", &dev));
    for (int wide = 0; wide < 2; wide++) {
        vxg_kernel *k = NULL, *own = NULL;
        double y = 0;
        float narrow[2] = {0};
        const size_t size = wide ? 8 : 4;
        vxg_launch l = {.global = {1, 1, 1}, .nbuffers = 4, .offset = {16, 12, 5, (int64_t)size}};
        CHECK_OK(vxg_kernel_from_source(dev, mixed, "mix", NULL, (vxg_real)wide, &k));
        CHECK_OK(vxg_kernel_from_source(dev, mixed, "own", NULL, (vxg_real)wide, &own));
        const size_t bytes[4] = {sizeof c, sizeof t, sizeof b, 2 * size};
        const void *from[3] = {c, t, b};
        for (int i = 0; i < 4; i++) {
            CHECK_OK(vxg_buffer_new(dev, bytes[i], &l.buffer[i]));
            if (i < 3) CHECK_OK(vxg_buffer_write(NULL, l.buffer[i], 0, from[i], bytes[i]));
        }
        CHECK_OK(vxg_kernel_launch(k, NULL, &l));
        CHECK_OK(vxg_buffer_read(NULL, l.buffer[3], size, wide ? (void *)&y : narrow, size));
        if (!wide) y = (double)narrow[0];
        EXPECT(y == 1230, "%g", y);
        for (int i = 0; i < 4; i++)
            for (int far = 0; far < 2; far++) {
                vxg_launch bad = l;
                bad.offset[i] = far ? outside[i] * (i == 3 ? 2 : 1) : wrong[i];
                EXPECT(vxg_kernel_launch(k, NULL, &bad) == VXG_ERR_ARGUMENT &&
                           strstr(vxg_error_message(), far || i == 2 ? "lies outside" : "multiple"),
                       "buffer %d, offset %lld: %s", i, (long long)bad.offset[i],
                       vxg_error_message());
            }
        vxg_launch alone = {.global = {1, 1, 1}, .nbuffers = 1, .buffer = {l.buffer[3]}};
        CHECK_OK(vxg_kernel_launch(own, NULL, &alone));
        alone.offset[0] = (int64_t)size;
        EXPECT(vxg_kernel_launch(own, NULL, &alone) == VXG_ERR_ARGUMENT &&
                   strstr(vxg_error_message(), "does not know"),
               "a type of its own: %s", vxg_error_message());
        for (int i = 0; i < 4; i++) vxg_buffer_release(l.buffer[i]);
        vxg_kernel_release(k), vxg_kernel_release(own);
    }
    vxg_device_release(dev);
}

TEST(host_that_ignores_its_children)
{
    static const char wrong[] = "K_KERNEL1(a, K_GLOBAL real *, y) { y[gx] = no_such_name; }";
    vxg_device *dev;
    vxg_kernel *k = NULL;
    if (system("cc --version >/dev/null 2>&1")) SKIP("no C compiler");
    CHECK_OK(vxg_device_open("cpu", &dev));
    void (*before)(int) = signal(SIGCHLD, SIG_IGN);
    const int good = vxg_kernel_from_source(dev, text, "halves", NULL, VXG_REAL_F32, &k);
    EXPECT(!good, "%s", vxg_error_message());
    if (!good) vxg_kernel_release(k);
    const int status = vxg_kernel_from_source(dev, wrong, "a", NULL, VXG_REAL_F32, &k);
    signal(SIGCHLD, before);
    EXPECT(status == VXG_ERR_ARGUMENT && strstr(vxg_error_message(), "no_such_name"),
           "status %d: %s", status, vxg_error_message());
    vxg_device_release(dev);
}

/* The example of the documentation, on every device there is. */
TEST(example)
{
    char command[4096];
    vxg_device_info info[8] = {0};
    int n;
    if (access(VXG_BINARY_DIR "/examples/custom_kernel", X_OK)) SKIP("examples are not built");
    if (system("cc --version >/dev/null 2>&1")) SKIP("no C compiler");
    CHECK_OK(vxg_device_list(info, 8, &n));
    for (int i = 0; i < n && i < 8; i++) {
        snprintf(command, sizeof command,
                 VXG_BINARY_DIR "/examples/custom_kernel %s | grep -q 'sigmoid(1) = 0.731059'",
                 info[i].spec);
        EXPECT(!system(command), "the example fails on %s", info[i].spec);
    }
}

TEST_MAIN("device_kernels", T(cpu), T(opencl), T(cuda), T(no_compiler), T(nothing_left_behind),
          T(entries_in_comments), T(offsets), T(host_that_ignores_its_children), T(example))
