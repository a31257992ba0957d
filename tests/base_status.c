/* Status codes, message chains, log, counted memory, SHA-256. */
#include <pthread.h>
#include <unistd.h>
#include <voxgrad/voxgrad.h>

#include "test.h"

TEST(exit_codes)
{
    static const int codes[][2] = {{VXG_OK, 0},
                                   {VXG_ERR_FAILED, 1},
                                   {VXG_ERR_ARGUMENT, 2},
                                   {VXG_ERR_INPUT, 3},
                                   {VXG_ERR_OUTPUT, 4},
                                   {VXG_ERR_DEVICE, 5},
                                   {VXG_ERR_MEMORY, 5},
                                   {VXG_ERR_NUMERICAL, 6},
                                   {VXG_ERR_UNSUPPORTED, 1},
                                   {VXG_ERR_CANCELLED, 130},
                                   {-5, 1},
                                   {99, 1}};
    for (int i = 0; i < (int)(sizeof codes / sizeof *codes); i++) {
        EXPECT(vxg_status_exit_code(codes[i][0]) == codes[i][1], "status %d: exit code %d",
               codes[i][0], vxg_status_exit_code(codes[i][0]));
        EXPECT(*vxg_status_text(codes[i][0]), "status %d has no words", codes[i][0]);
    }
    EXPECT(!strcmp(vxg_version(), VXG_VERSION), "version %s", vxg_version());
}

TEST(message_chain)
{
    vxg_error_clear();
    EXPECT(!*vxg_error_message(), "after clear: '%s'", vxg_error_message());
    EXPECT(vxg_error_set(VXG_ERR_INPUT, "row %d of %s", 7, "a.h5") == VXG_ERR_INPUT, "status");
    EXPECT(vxg_error_context(VXG_ERR_INPUT, "reading %s", "b") == VXG_ERR_INPUT, "status");
    EXPECT(!strcmp(vxg_error_message(), "reading b: row 7 of a.h5"), "'%s'", vxg_error_message());
    vxg_error_set(VXG_ERR_FAILED, "again: %s", vxg_error_message()); /* the old one as argument */
    EXPECT(!strcmp(vxg_error_message(), "again: reading b: row 7 of a.h5"), "'%s'",
           vxg_error_message());
    for (int i = 0; i < 5000; i++) vxg_error_context(VXG_ERR_FAILED, "%0100d", i);
    EXPECT(strlen(vxg_error_message()) > 1000, "a long chain is cut, not lost");
    EXPECT(!strncmp(vxg_error_message() + 95, "04999: ", 7), "the outermost words come first");
    vxg_error_clear();
}

static void *other_thread(void *context) {
    int *good = context;
    *good = !*vxg_error_message();
    vxg_error_set(VXG_ERR_FAILED, "theirs");
    return NULL;
}
TEST(messages_belong_to_threads)
{
    pthread_t t;
    int good = 0;
    vxg_error_set(VXG_ERR_FAILED, "mine");
    CHECK(!pthread_create(&t, NULL, other_thread, &good), "no thread");
    pthread_join(t, NULL);
    EXPECT(good, "a new thread starts with a message");
    EXPECT(!strcmp(vxg_error_message(), "mine"), "'%s'", vxg_error_message());
}

/* ---- Log ---- */
static char seen[4096];
static void take(void *context, int level, const char *text) {
    (void)level;
    ++*(int *)context;
    snprintf(seen, sizeof seen, "%s", text);
}
TEST(log_is_off_by_default)
{
    int lines = 0;
    vxg_device *dev;
    vxg_set_log(take, &lines, 2);
    vxg_set_log(NULL, NULL, 2); /* off again */
    CHECK_OK(vxg_device_open("cpu", &dev));
    vxg_device_release(dev);
    EXPECT(lines == 0, "%d lines after switching off", lines);
}

/* Inside the callback everything may be called; what that logs is dropped. */
static const char broken[] = "K_KERNEL1(broken, K_GLOBAL real *, y) { y[gx] = no_such_name; }";
static void fail_again(void) {
    vxg_device *dev;
    vxg_kernel *k;
    if (vxg_device_open("cpu", &dev)) return;
    if (!vxg_kernel_from_source(dev, broken, "broken", NULL, VXG_REAL_F32, &k))
        vxg_kernel_release(k);
    vxg_device_release(dev);
}
static int deep;
static void call_back(void *context, int level, const char *text) {
    int *lines = context;
    if (++deep > 1) *lines = -1000; /* called inside itself */
    ++*lines;
    (void)level, (void)text;
    if (*lines == 1) fail_again();
    vxg_error_set(VXG_ERR_FAILED, "the callback's own failure");
    if (*lines == 3) vxg_set_log(NULL, NULL, -1);
    deep--;
}
TEST(log_callback_may_call_the_library)
{
    int lines = 0;
    if (system("cc --version >/dev/null 2>&1")) SKIP("no C compiler");
    alarm(120);
    vxg_set_log(call_back, &lines, 2);
    fail_again();
    EXPECT(lines == 3, "%d lines until the callback switched the log off", lines);
    EXPECT(strstr(vxg_error_message(), "broken"), "the message is the callback's: '%s'",
           vxg_error_message());
    fail_again();
    EXPECT(lines == 3, "%d lines after that", lines);
    alarm(0);
}

/* ---- Threads ---- */
TEST(thread_counts)
{
    EXPECT(vxg_set_threads(-1) == VXG_ERR_ARGUMENT, "-1 threads");
    EXPECT(vxg_set_threads(100000) == VXG_ERR_ARGUMENT, "100000 threads");
    CHECK_OK(vxg_set_threads(5));
    EXPECT(vxg_threads() == 5, "%d threads", vxg_threads());
    CHECK_OK(vxg_set_threads(0));
    EXPECT(vxg_threads() >= 1, "%d threads by default", vxg_threads());
}

/* ---- Counted memory ---- */
TEST(failing_allocations)
{
    vxg_device *dev;
    vxg_array a;
    int64_t shape[1] = {1000}, before, requests;
    CHECK_OK(vxg_device_open("cpu", &dev));
    before = vxg_alloc_live();
    vxg_alloc_count();
    CHECK_OK(vxg_array_new(dev, VXG_F32, 1, shape, &a));
    requests = vxg_alloc_count();
    EXPECT(requests > 0 && vxg_alloc_count() == 0, "counting starts again: %d", (int)requests);
    EXPECT(vxg_alloc_live() == before + requests, "%d blocks alive", (int)vxg_alloc_live());
    vxg_array_release(&a);
    for (int64_t n = 0; n < requests; n++) {
        vxg_alloc_fail_at(n);
        EXPECT(vxg_array_new(dev, VXG_F32, 1, shape, &a) == VXG_ERR_MEMORY, "request %d", (int)n);
        EXPECT(strstr(vxg_error_message(), "memory"), "'%s'", vxg_error_message());
        EXPECT(vxg_alloc_live() == before, "request %d leaks", (int)n);
    }
    vxg_alloc_fail_at(-1);
    CHECK_OK(vxg_array_new(dev, VXG_F32, 1, shape, &a));
    vxg_array_release(&a);
    vxg_device_release(dev);
}

/* ---- SHA-256, known answers of FIPS 180-4's examples ---- */
static void digest_of(const char *data, size_t n, const char *want) {
    char path[] = "/tmp/voxgrad-sha-XXXXXX", got[65];
    int fd = mkstemp(path);
    CHECK(fd >= 0, "no temporary file");
    int good = write(fd, data, n) == (ssize_t)n;
    close(fd);
    CHECK(good, "cannot write %s", path);
    int status = vxg_file_sha256(path, got);
    unlink(path);
    CHECK(!status, "%s", vxg_error_message());
    EXPECT(!strcmp(got, want), "%zu bytes: %s", n, got);
}
TEST(sha256)
{
    static char million[1000000];
    memset(million, 'a', sizeof million);
    digest_of("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    digest_of("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    digest_of(million, sizeof million,
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    digest_of(million, 55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
    digest_of(million, 64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
    char none[65];
    EXPECT(vxg_file_sha256("/nowhere/at/all", none) == VXG_ERR_INPUT, "a missing file");
}

TEST_MAIN("base", T(exit_codes), T(message_chain), T(messages_belong_to_threads),
          T(log_is_off_by_default), T(log_callback_may_call_the_library), T(thread_counts),
          T(failing_allocations), T(sha256))
