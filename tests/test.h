/* The test harness: one program per file, one line per test on stdout.
 *
 *   TEST(name) { CHECK(cond, "words %g", x); if (...) SKIP("why"); }
 *   TEST_MAIN(name, other)   or, for cases made at run time, test_case_begin/test_case_end.
 *
 * Lines: "PASS suite.name", "FAIL suite.name: where: words", "SKIP suite.name: why". Exit 1 when
 * any failed. A program's argument selects tests by substring.
 */
#ifndef VXG_TEST_H
#define VXG_TEST_H
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether a sanitizer keeps memory of its own beside the program's. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static int test_passed, test_failed, test_skipped;
static char test_reason[1024];
static int test_state; /* 0 passing, 1 failed, 2 skipped */
static const char *test_suite = "?";

__attribute__((format(printf, 4, 5), unused)) static void
test_note(int state, const char *file, int line, const char *format, ...) {
    if (test_state == 1) return; /* the first failure is the one to read */
    test_state = state;
    int n = state == 1 ? snprintf(test_reason, sizeof test_reason, "%s:%d: ", file, line) : 0;
    va_list ap;
    va_start(ap, format);
    vsnprintf(test_reason + n, sizeof test_reason - (size_t)n, format, ap);
    va_end(ap);
}
__attribute__((unused)) static void test_case_begin(void) {
    test_state = 0, test_reason[0] = 0;
}
__attribute__((unused)) static void test_case_end(const char *name) {
    if (test_state == 1) {
        test_failed++, printf("FAIL %s.%s: %s\n", test_suite, name, test_reason);
    } else if (test_state == 2) {
        test_skipped++, printf("SKIP %s.%s: %s\n", test_suite, name, test_reason);
    } else {
        test_passed++, printf("PASS %s.%s\n", test_suite, name);
    }
    fflush(stdout);
}
__attribute__((unused)) static const char *test_data(const char *relative, char *buffer, size_t n) {
    const char *root = getenv("VXG_TEST_DATA"); /* measured data; NULL when absent */
    if (!root || !*root) return NULL;
    snprintf(buffer, n, "%s/%s", root, relative);
    FILE *f = fopen(buffer, "rb");
    if (!f) return NULL;
    fclose(f);
    return buffer;
}

/* CHECK ends the test on failure; EXPECT goes on. CHECK_OK shows the library's message. */
#define CHECK(cond, ...)                                                                           \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            test_note(1, __FILE__, __LINE__, __VA_ARGS__);                                         \
            return;                                                                                \
        }                                                                                          \
    } while (0)
#define EXPECT(cond, ...)                                                                          \
    do {                                                                                           \
        if (!(cond)) test_note(1, __FILE__, __LINE__, __VA_ARGS__);                                \
    } while (0)
#define CHECK_OK(call) CHECK((call) == 0, "%s: %s", #call, vxg_error_message())
#define SKIP(...)                                                                                  \
    do {                                                                                           \
        test_note(2, __FILE__, __LINE__, __VA_ARGS__);                                             \
        return;                                                                                    \
    } while (0)

typedef struct test_entry {
    const char *name;
    void (*fn)(void);
} test_entry;
#define TEST(name) static void test_##name(void)
#define T(name)                                                                                    \
    { #name, test_##name }

__attribute__((unused)) static int test_run(const char *suite, const test_entry *list, int n,
                                            int argc, char **argv) {
    test_suite = suite;
    for (int i = 0; i < n; i++) {
        if (argc > 1 && !strstr(list[i].name, argv[1])) continue;
        test_case_begin();
        list[i].fn();
        test_case_end(list[i].name);
    }
    return test_failed != 0;
}
/* Makes a scratch folder in $TMPDIR, or in `usual` where that is not set; 0 on success. */
__attribute__((unused)) static int test_scratch(char *path, size_t size, const char *suite,
                                                const char *usual) {
    const char *tmp = getenv("TMPDIR");
    snprintf(path, size, "%s/voxgrad_%s_XXXXXX", tmp && *tmp ? tmp : usual, suite);
    return mkdtemp(path) ? 0 : -1;
}
#define TEST_MAIN(suite, ...)                                                                      \
    int main(int argc, char **argv) {                                                              \
        static const test_entry list[] = {__VA_ARGS__};                                            \
        return test_run(suite, list, (int)(sizeof list / sizeof *list), argc, argv);               \
    }
#endif
