/* HDF5 files that are legal and odd, and files that are made to do harm: all of the first are read
 * right, all of the second give an error in words, within bounds of time and memory. The files come
 * from tests/tools/h5_attack.c. */
#include "io_test.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { V = 6, R = 4, C = 8 };

/* Makes a file of the scratch folder; 0: done. */
static int make(const char *mode, const char *name, const char *a, const char *b, const char *c) {
    char command[2048];
    snprintf(command, sizeof command, "'%s/tools/h5_attack' %s '%s' '%s' '%s' '%s' >/dev/null 2>&1",
             VXG_BINARY_DIR, mode, at(name), a ? a : "", b ? b : "", c ? c : "");
    return system(command);
}
#define MAKE(...) CHECK(make(__VA_ARGS__) == 0, "the file cannot be made")
#define NEED_HDF5()                                                                                \
    do {                                                                                           \
        vxg_scan_reader *r_ = NULL;                                                                \
        if (vxg_scan_open(VXG_SOURCE_DIR "/tests/data/io/plain.h5", &r_) == VXG_ERR_UNSUPPORTED && \
            strstr(vxg_error_message(), "without HDF5"))                                           \
            SKIP("%s", vxg_error_message());                                                       \
        vxg_scan_close(r_);                                                                        \
    } while (0)

static int64_t expected(int64_t v, int64_t r, int64_t c) {
    return 1000 + 100 * v + 10 * r + c;
}

/* Opens and reads it all, and a part; 0 and right values, else a status with its message. */
static int reads(const char *name, const vxg_scan_opts *opts, int *wrong) {
    static float all[V * R * C], part[2 * 2 * 3];
    vxg_scan_reader *r = NULL;
    *wrong = 0;
    int status = vxg_scan_open_opts(at(name), opts, &r);
    if (status) return status;
    if (r->nviews != V || r->nrows != R || r->ncols != C) {
        vxg_scan_close(r);
        return *wrong = 1, VXG_OK;
    }
    status = r->read(r, VXG_FRAME_DATA, 0, V, 0, R, 0, C, all);
    if (!status) status = r->read(r, VXG_FRAME_DATA, 1, 3, 2, 4, 4, 7, part);
    vxg_scan_close(r);
    for (int i = 0; i < V * R * C && !status; i++)
        if (all[i] != (float)expected(i / (R * C), i / C % R, i % C)) *wrong = 1;
    for (int i = 0; i < 12 && !status; i++)
        if (part[i] != (float)expected(1 + i / 6, 2 + i / 3 % 2, 4 + i % 3)) *wrong = 1;
    return status;
}

static void right(const char *name, const vxg_scan_opts *opts) {
    int wrong = 0;
    const int status = reads(name, opts, &wrong);
    EXPECT(!status && !wrong, "%s: status %d, %s: %s", name, status, wrong ? "wrong" : "right",
           vxg_error_message());
}

/* The message has the file's name and the words. */
static void refused(const char *name, const vxg_scan_opts *opts, int wanted, const char *words) {
    int wrong = 0;
    vxg_error_clear();
    const int status = reads(name, opts, &wrong);
    EXPECT(status == wanted, "%s: status %d: %s", name, status, vxg_error_message());
    EXPECT(strstr(vxg_error_message(), words) && strstr(vxg_error_message(), name),
           "%s: the message is '%s', without '%s'", name, vxg_error_message(), words);
    EXPECT(vxg_alloc_live() == 0, "%s: %lld blocks left", name, (long long)vxg_alloc_live());
}

static const vxg_scan_opts follow = {.follow_links = 1}, inside = {.in_process = 1};

TEST(legal)
{
    static const char *const modes[] = {"good",  "dense",       "filters",      "checksum_only",
                                        "twice", "plain_edges", "scale_offset", "compact",
                                        "turns", "numbered",    "soft"};
    NEED_HDF5();
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        MAKE(modes[i], "legal.h5", NULL, NULL, NULL);
        vxg_error_clear();
        rename(at("legal.h5"), at(modes[i])); /* a name for messages */
        right(modes[i], NULL);
        right(modes[i], &inside);
    }
    MAKE("chain", "chain.h5", "10", NULL, NULL);
    right("chain.h5", NULL);
}

/* What nobody wrote is an error, and has never the fill value, whoever chose that; the views that
 * are there can be read. */
static void unwritten_after_two(const char *mode, const char *words) {
    static float v[V * R * C];
    const vxg_scan_opts *how[2] = {NULL, &inside};
    vxg_scan_reader *r = NULL;
    for (int i = 0; i < 2; i++) {
        refused(mode, how[i], VXG_ERR_INPUT, words);
        CHECK_OK(vxg_scan_open_opts(at(mode), how[i], &r));
        EXPECT(r->read(r, VXG_FRAME_DATA, 0, 2, 0, R, 0, C, v) == 0 && v[1] == 1001, "%s",
               vxg_error_message());
        EXPECT(r->read(r, VXG_FRAME_DATA, 1, 3, 2, 3, 0, 1, v) == VXG_ERR_INPUT, "view 2 is read");
        vxg_scan_close(r);
    }
}

TEST(fill_values)
{
    static const char *const chunks[] = {"holes", "filled", "filled_source"};
    NEED_HDF5();
    for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
        MAKE(chunks[i], chunks[i], NULL, NULL, NULL);
        unwritten_after_two(chunks[i], "the chunk at (2, 0, 0): it was never written");
    }
    MAKE("filled_foreign", "filled_foreign", NULL, NULL, NULL);
    unwritten_after_two("filled_foreign", "the elements from (2, 0, 0) on were never written");
    MAKE("unwritten", "unwritten.h5", NULL, NULL, NULL);
    refused("unwritten.h5", NULL, VXG_ERR_INPUT, "never written");
    MAKE("filled_plain", "unwritten.h5", NULL, NULL, NULL);
    refused("unwritten.h5", NULL, VXG_ERR_INPUT, "never written");
}

TEST(fill_values_of_flats)
{
    static const char *const modes[] = {"filled_flats", "filled_darks"};
    static float v[V * R * C];
    NEED_HDF5();
    for (int i = 0; i < 2; i++) {
        vxg_scan_reader *r = NULL;
        const vxg_frame_kind kind = i ? VXG_FRAME_DARK : VXG_FRAME_FLAT;
        MAKE(modes[i], "flats.h5", NULL, NULL, NULL);
        CHECK_OK(vxg_scan_open(at("flats.h5"), &r));
        EXPECT(r->read(r, kind, 0, 2, 0, R, 0, C, v) == 0, "%s", vxg_error_message());
        EXPECT(r->read(r, kind, 0, V, 0, R, 0, C, v) == VXG_ERR_INPUT, "%s are read", modes[i]);
        EXPECT(strstr(vxg_error_message(), "never written"), "%s", vxg_error_message());
        vxg_scan_close(r);
    }
}

/* Elements of a virtual dataset that no source has; the others can be read. */
TEST(no_source)
{
    static float v[V * R * C];
    static const char *const fill[] = {NULL, "fill"};
    vxg_scan_reader *r = NULL;
    NEED_HDF5();
    MAKE("tiles", "tiles.h5", "all", NULL, NULL);
    right("tiles.h5", NULL);
    for (int i = 0; i < 2; i++) {
        MAKE("tiles", "gap.h5", "gap", fill[i], NULL);
        refused("gap.h5", NULL, VXG_ERR_INPUT,
                "the elements from (4, 3, 7) on are in none of its sources");
        CHECK_OK(vxg_scan_open(at("gap.h5"), &r));
        EXPECT(r->read(r, VXG_FRAME_DATA, 0, 4, 0, R, 0, C, v) == 0 && v[7] == 1007, "%s",
               vxg_error_message());
        EXPECT(r->read(r, VXG_FRAME_DATA, 0, V, 0, R, 0, C - 1, v) == 0, "%s", vxg_error_message());
        EXPECT(r->read(r, VXG_FRAME_DATA, 5, 6, 3, 4, 7, 8, v) == VXG_ERR_INPUT, "it is read");
        vxg_scan_close(r);
    }
    MAKE("odd_views", "odd.h5", NULL, NULL, NULL);
    refused("odd.h5", NULL, VXG_ERR_INPUT, "the elements from (1, 0, 0) on are in none");
    CHECK_OK(vxg_scan_open(at("odd.h5"), &r));
    EXPECT(r->read(r, VXG_FRAME_DATA, 4, 5, 0, R, 0, C, v) == 0 && v[0] == 1400, "%s",
           vxg_error_message());
    vxg_scan_close(r);
}

TEST(links_in_circles)
{
    static const char *const modes[] = {"soft_circle", "soft_self", "hard_circle", "many_links"};
    NEED_HDF5();
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        MAKE(modes[i], "circle.h5", NULL, NULL, NULL);
        refused("circle.h5", NULL, VXG_ERR_INPUT, i < 2 ? "in a circle" : "no scan");
    }
    MAKE("link_group", "self.h5", "self.h5", "/exchange", NULL);
    refused("self.h5", NULL, VXG_ERR_INPUT, "in a circle");
    MAKE("whole", "virtual.h5", ".", "exchange/data", NULL);
    refused("virtual.h5", NULL, VXG_ERR_INPUT, "in a circle");
    MAKE("chain", "virtual.h5", "200", NULL, NULL);
    refused("virtual.h5", NULL, VXG_ERR_INPUT, "more than 16 deep");
}

/* Links and sources lead to files of the scan's folder; to others when somebody says so. */
TEST(other_files)
{
    char outside[512], secret[512];
    NEED_HDF5();
    mkdir(at("in"), 0777);
    mkdir(at("in/deep"), 0777);
    MAKE("good", "other.h5", NULL, NULL, NULL);
    MAKE("filters", "in/other.h5", NULL, NULL, NULL);
    MAKE("good", "in/deep/other.h5", NULL, NULL, NULL);
    snprintf(outside, sizeof outside, "%s", at("other.h5"));
    snprintf(secret, sizeof secret, "%s", at("secret.bin"));
    CHECK(!spill(secret, "SSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSS", 48), "cannot write");
    static const char *const modes[] = {"link_set", "whole"};
    for (int i = 0; i < 2; i++) {
        MAKE(modes[i], "in/scan.h5", "other.h5", "exchange/data", NULL);
        right("in/scan.h5", NULL);
        MAKE(modes[i], "in/scan.h5", "deep/other.h5", "exchange/data", NULL);
        right("in/scan.h5", NULL);
        MAKE(modes[i], "in/scan.h5", "../other.h5", "exchange/data", NULL);
        refused("in/scan.h5", NULL, VXG_ERR_INPUT, "--follow-links");
        right("in/scan.h5", &follow);
        MAKE(modes[i], "in/scan.h5", outside, "exchange/data", NULL);
        refused("in/scan.h5", NULL, VXG_ERR_INPUT, outside);
        right("in/scan.h5", &follow);
        MAKE(modes[i], "in/scan.h5", "gone.h5", "exchange/data", NULL);
        refused("in/scan.h5", NULL, VXG_ERR_INPUT, "gone.h5");
        MAKE(modes[i], "in/scan.h5", "other.h5", "exchange/gone", NULL);
        if (i == 1) refused("in/scan.h5", NULL, VXG_ERR_INPUT, "its source exchange/gone");
        MAKE(modes[i], "in/scan.h5", "/etc/passwd", "exchange/data", NULL);
        refused("in/scan.h5", NULL, VXG_ERR_INPUT, "--follow-links");
        refused("in/scan.h5", &follow, VXG_ERR_INPUT, "passwd");
    }
    MAKE("link_group", "in/scan.h5", "other.h5", "/exchange", NULL);
    right("in/scan.h5", NULL);
    symlink(outside, at("in/alias.h5")); /* what counts is where it leads */
    MAKE("link_set", "in/scan.h5", "alias.h5", "exchange/data", NULL);
    refused("in/scan.h5", NULL, VXG_ERR_INPUT, "--follow-links");
    mkfifo(at("in/pipe.h5"), 0600);
    MAKE("link_set", "in/scan.h5", "pipe.h5", "exchange/data", NULL);
    refused("in/scan.h5", NULL, VXG_ERR_INPUT, "not a regular file");
    MAKE("small_source", "in/scan.h5", NULL, NULL, NULL);
    refused("in/scan.h5", NULL, VXG_ERR_INPUT,
            "its source parts/short of . has not the size that is expected");
    /* external raw files */
    static const char *const raws[] = {"raw", "raw_dense"};
    for (int i = 0; i < 2; i++) {
        MAKE(raws[i], "in/scan.h5", "/etc/passwd", NULL, NULL);
        refused("in/scan.h5", NULL, VXG_ERR_INPUT, "--follow-links");
        MAKE(raws[i], "in/scan.h5", secret, NULL, NULL);
        refused("in/scan.h5", &follow, VXG_ERR_INPUT, "ends inside its elements");
    }
    MAKE("raw", "other.h5", "/etc/passwd", NULL, NULL); /* behind a source */
    MAKE("whole", "in/scan.h5", outside, "exchange/data", NULL);
    refused("in/scan.h5", NULL, VXG_ERR_INPUT, "--follow-links");
    uint8_t bytes[V * R * C];
    float v[V * R * C];
    for (int i = 0; i < V * R * C; i++) bytes[i] = (uint8_t)i;
    CHECK(!spill(secret, bytes, sizeof bytes), "cannot write");
    MAKE("raw", "in/scan.h5", secret, NULL, NULL);
    vxg_scan_reader *r = NULL;
    CHECK_OK(vxg_scan_open_opts(at("in/scan.h5"), &follow, &r));
    EXPECT(r->read(r, VXG_FRAME_DATA, 0, V, 1, 2, 0, C, v) == 0 && v[C + 1] == R * C + C + 1, "%s",
           vxg_error_message());
    vxg_scan_close(r);
}

/* ---- In a child of its own, so that peaks are of one file: argv[2] scan, argv[3] max_memory ----
 */
static int child(char **argv) {
    static float v[65536];
    vxg_scan_reader *r = NULL;
    struct rusage self, helper;
    const vxg_scan_opts o = {.max_memory = atoll(argv[3])};
    int status = vxg_scan_open_opts(argv[2], &o, &r);
    for (int64_t i = 0; !status && i < r->nviews; i++)
        status = r->read(r, VXG_FRAME_DATA, i, i + 1, 0, r->nrows < 64 ? r->nrows : 64, 0,
                         r->ncols < 1024 ? r->ncols : 1024, v);
    vxg_scan_close(r);
    getrusage(RUSAGE_SELF, &self);
    getrusage(RUSAGE_CHILDREN, &helper);
    printf("%d %ld %ld %s\n", status, self.ru_maxrss / 1024, helper.ru_maxrss / 1024,
           vxg_error_message());
    return 0;
}

static char *self;
static int in_child(const char *name, int64_t memory, long mb[2], char *words, size_t size) {
    char command[1024];
    int status = -1, used = 0;
    snprintf(command, sizeof command, "'%s' --child '%s' %lld", self, at(name), (long long)memory);
    FILE *f = popen(command, "r");
    words[0] = 0, mb[0] = mb[1] = -1;
    if (!f) return -1;
    if (fgets(words, (int)size, f) &&
        sscanf(words, "%d %ld %ld %n", &status, &mb[0], &mb[1], &used) >= 3)
        memmove(words, words + used, strlen(words + used) + 1);
    pclose(f);
    return status;
}

/* 64 kB chunks that unpack to gigabytes or to a few bytes: an error that names the chunk. */
TEST(chunks)
{
    static const struct {
        const char *which, *bytes, *words;
    } cases[] = {{"1", "3e9", "the chunk at (1, 0, 0)"},
                 {"0", "3e9", "the chunk at (0, 0, 0)"},
                 {"1", "16", "the chunk at (1, 0, 0)"},
                 {"3", "65535", "the chunk at (3, 0, 0)"},
                 {"2", "65537", "(2, 0, 0)"}};
    long mb[2];
    char words[600];
    NEED_HDF5();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        MAKE("wrong_chunk", "wrong.h5", cases[i].which, cases[i].bytes, NULL);
        const int status = in_child("wrong.h5", 0, mb, words, sizeof words);
        EXPECT(status == VXG_ERR_INPUT && strstr(words, cases[i].words), "status %d: %s", status,
               words);
#if !defined(__SANITIZE_ADDRESS__)
        EXPECT(mb[0] < 60 && mb[1] < 60, "%ld and %ld MB were taken", mb[0], mb[1]);
#endif
    }
    MAKE("short_chunk", "wrong.h5", NULL, NULL, NULL);
    const int status = in_child("wrong.h5", 0, mb, words, sizeof words);
    EXPECT(status == VXG_ERR_INPUT && strstr(words, "the chunk at (1, 0, 0)"), "status %d: %s",
           status, words);
    MAKE("huge_chunk", "wrong.h5", "700", NULL, NULL);
    const int dear = in_child("wrong.h5", (int64_t)100 << 20, mb, words, sizeof words);
    EXPECT(dear == VXG_ERR_INPUT && strstr(words, "more memory"), "status %d: %s", dear, words);
#if !defined(__SANITIZE_ADDRESS__)
    EXPECT(mb[0] < 60 && mb[1] < 60, "%ld and %ld MB were taken", mb[0], mb[1]);
#endif
}

/* Any bit of a packed file may be wrong: an error or the right values, nothing else. */
TEST(flipped_bits)
{
    size_t n = 0;
    int wrong = 0, bad = 0, silent = 0, good = 0;
    NEED_HDF5();
    setenv("VXG_H5_SECONDS", "1", 1);
    MAKE("filters", "whole.h5", NULL, NULL, NULL);
    uint8_t *whole = slurp(at("whole.h5"), &n);
    CHECK(whole, "cannot read");
    for (size_t i = 0; i < n; i += 67) {
        whole[i] ^= (uint8_t)(1 << i % 8);
        spill(at("flipped.h5"), whole, n);
        const int status = reads("flipped.h5", NULL, &wrong);
        if (status != VXG_OK && status != VXG_ERR_INPUT && status != VXG_ERR_UNSUPPORTED) bad++;
        if (!status && wrong) silent++;
        if (!status && !wrong) good++;
        whole[i] ^= (uint8_t)(1 << i % 8);
    }
    free(whole);
    unsetenv("VXG_H5_SECONDS");
    EXPECT(!bad, "%d files gave an odd status", bad);
    EXPECT(good > 0, "no file was read");
    EXPECT(silent <= 2, "%d files gave wrong values in silence",
           silent); /* sizes, types may change */
    EXPECT(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

/* One bit of an element is wrong, and a checksum is all that can tell. */
TEST(checksum_alone)
{
    const uint16_t row[3] = {1010, 1011, 1012}; /* of the first chunk */
    size_t n = 0;
    NEED_HDF5();
    MAKE("checksum_only", "sum.h5", NULL, NULL, NULL);
    right("sum.h5", NULL);
    uint8_t *file = slurp(at("sum.h5"), &n), *place = memmem(file, n, row, sizeof row);
    CHECK(place, "the elements are not in the file");
    place[2] ^= 1;
    spill(at("damaged.h5"), file, n);
    free(file);
    refused("damaged.h5", NULL, VXG_ERR_INPUT, "the chunk at (0, 0, 0): its checksum is wrong");
    refused("damaged.h5", &inside, VXG_ERR_INPUT, "the chunk at (0, 0, 0): its checksum is wrong");
}

/* A virtual dataset's source that is too small for its part is refused whatever is read of it: also
 * where only views are wanted that are there. */
TEST(small_source)
{
    static const char *const modes[] = {"small_source", "small_part"};
    static float v[V * R * C];
    NEED_HDF5();
    for (int i = 0; i < 2; i++) {
        vxg_scan_reader *r = NULL;
        MAKE(modes[i], "small.h5", NULL, NULL, NULL);
        CHECK_OK(vxg_scan_open(at("small.h5"), &r));
        EXPECT(r->read(r, VXG_FRAME_DATA, 0, 2, 0, R, 0, C, v) == VXG_ERR_INPUT, "%s is read",
               modes[i]);
        EXPECT(strstr(vxg_error_message(), "parts/short of . has not the size that is expected"),
               "%s", vxg_error_message());
        vxg_scan_close(r);
    }
}

TEST(missing_filter)
{
    NEED_HDF5();
    MAKE("no_filter", "packed.h5", NULL, NULL, NULL);
    int wrong = 0;
    const int status = reads("packed.h5", NULL, &wrong);
    if (!status && !wrong) SKIP("the filter is installed here");
    EXPECT(status == VXG_ERR_INPUT, "status %d", status);
    EXPECT(strstr(vxg_error_message(), "LZ4") && strstr(vxg_error_message(), "32004"), "%s",
           vxg_error_message());
}

/* A file that becomes shorter or is written anew while it is open. */
TEST(changes)
{
    float v[V * R * C];
    static const char *const modes[] = {"good", "filters", "compact", "turns"};
    NEED_HDF5();
    for (int i = 0; i < 12; i++) {
        struct stat was;
        vxg_scan_reader *r = NULL;
        MAKE(modes[i / 3], "change.h5", NULL, NULL, NULL);
        CHECK(stat(at("change.h5"), &was) == 0, "stat");
        usleep(20000); /* so that the next change has another time */
        CHECK_OK(vxg_scan_open(at("change.h5"), &r));
        EXPECT(r->read(r, VXG_FRAME_DATA, 0, 1, 0, R, 0, C, v) == 0, "%s", vxg_error_message());
        if (i % 3 == 1) {
            CHECK(truncate(at("change.h5"), 600) == 0, "truncate");
        } else {
            FILE *f = fopen(at("change.h5"), "r+b"); /* the same length, other bytes */
            fseek(f, 100, SEEK_SET);
            fputs("x", f);
            fclose(f);
        }
        if (i % 3 == 2) { /* and the time of change that can be put back */
            const struct timespec back[2] = {was.st_atim, was.st_mtim};
            CHECK(utimensat(AT_FDCWD, at("change.h5"), back, 0) == 0, "utimensat");
        }
        const int status = r->read(r, VXG_FRAME_DATA, 1, V, 0, R, 0, C, v);
        EXPECT(status == VXG_ERR_INPUT && strstr(vxg_error_message(), "change"),
               "%s: status %d: %s", modes[i / 3], status, vxg_error_message());
        vxg_scan_close(r);
    }
    /* a new file of the name is another file: the old one is read on */
    vxg_scan_reader *r = NULL;
    MAKE("good", "change.h5", NULL, NULL, NULL);
    CHECK_OK(vxg_scan_open(at("change.h5"), &r));
    MAKE("holes", "new.h5", NULL, NULL, NULL);
    CHECK(rename(at("new.h5"), at("change.h5")) == 0, "rename");
    EXPECT(r->read(r, VXG_FRAME_DATA, 5, V, 0, R, 0, C, v) == 0 && v[0] == 1500, "%s",
           vxg_error_message());
    vxg_scan_close(r);
}

/* ---- the helper itself ---- */

static void script(const char *name, const char *text) {
    spill(at(name), text, strlen(text));
    chmod(at(name), 0755);
    setenv("VXG_H5_HELPER", at(name), 1);
}

TEST(helpers)
{
    NEED_HDF5();
    MAKE("good", "good.h5", NULL, NULL, NULL);
    script("crash", "#!/bin/sh\nkill -SEGV $$\n");
    refused("good.h5", NULL, VXG_ERR_INPUT, "crashed HDF5 (signal 11");
    script("leave", "#!/bin/sh\nexit 7\n");
    refused("good.h5", NULL, VXG_ERR_INPUT, "code 7");
    script("babble", "#!/bin/sh\nhead -c 100000 /dev/zero >&3; sleep 1\n");
    refused("good.h5", NULL, VXG_ERR_INPUT, "HDF5 helper");
    script("other", "#!/bin/sh\nexit 3\n");
    refused("good.h5", NULL, VXG_ERR_INPUT, "another version");
    setenv("VXG_H5_HELPER", at("nowhere"), 1);
    refused("good.h5", NULL, VXG_ERR_UNSUPPORTED, "cannot be run");
    right("good.h5", &inside);
    setenv("VXG_H5", "inprocess", 1);
    right("good.h5", NULL);
    setenv("VXG_H5", "nonsense", 1);
    refused("good.h5", NULL, VXG_ERR_ARGUMENT, "nonsense");
    unsetenv("VXG_H5");
    unsetenv("VXG_H5_HELPER");
    right("good.h5", NULL);
}

static int children(void) { /* processes this one has started and not waited for */
    char path[64];
    int n = 0;
    snprintf(path, sizeof path, "/proc/self/task/%ld/children", (long)getpid());
    FILE *f = fopen(path, "r");
    for (int pid; f && fscanf(f, "%d", &pid) == 1;) n++;
    if (f) fclose(f);
    return n;
}

TEST(nothing_stays)
{
    vxg_scan_reader *r = NULL;
    float v[V * R * C];
    NEED_HDF5();
    MAKE("good", "good.h5", NULL, NULL, NULL);
    const int before = children();
    CHECK_OK(vxg_scan_open(at("good.h5"), &r));
    vxg_scan_close(r);
    EXPECT(children() == before, "a helper stays");
    /* SIGCHLD ignored: nobody can wait for it */
    signal(SIGCHLD, SIG_IGN);
    CHECK_OK(vxg_scan_open(at("good.h5"), &r));
    EXPECT(r->read(r, VXG_FRAME_DATA, 0, V, 0, R, 0, C, v) == 0, "%s", vxg_error_message());
    vxg_scan_close(r);
    signal(SIGCHLD, SIG_DFL);
    /* standard streams closed: the helper's descriptors are others */
    pid_t pid = fork();
    if (pid == 0) {
        int wrong = 0;
        close(0), close(1), close(2);
        _exit(reads("good.h5", NULL, &wrong) || wrong);
    }
    int end = -1;
    waitpid(pid, &end, 0);
    EXPECT(WIFEXITED(end) && WEXITSTATUS(end) == 0, "with closed streams: %d", end);
    /* a reader that a fork took along is refused there, and still works here */
    CHECK_OK(vxg_scan_open(at("good.h5"), &r));
    pid = fork();
    if (pid == 0) {
        const int status = r->read(r, VXG_FRAME_DATA, 0, V, 0, R, 0, C, v);
        vxg_scan_close(r);
        _exit(status != VXG_ERR_ARGUMENT);
    }
    waitpid(pid, &end, 0);
    EXPECT(WIFEXITED(end) && WEXITSTATUS(end) == 0, "after a fork: %d", end);
    EXPECT(r->read(r, VXG_FRAME_DATA, 0, V, 0, R, 0, C, v) == 0, "%s", vxg_error_message());
    vxg_scan_close(r);
}

/* A killed process leaves no helper. */
TEST(parent_killed)
{
    int ends[2], helper = 0;
    NEED_HDF5();
    MAKE("good", "good.h5", NULL, NULL, NULL);
    CHECK(pipe(ends) == 0, "no pipe");
    const pid_t pid = fork();
    if (pid == 0) {
        vxg_scan_reader *r = NULL;
        char path[64];
        int number = 0;
        if (vxg_scan_open(at("good.h5"), &r)) _exit(1);
        snprintf(path, sizeof path, "/proc/self/task/%ld/children", (long)getpid());
        FILE *f = fopen(path, "r");
        if (!f || fscanf(f, "%d", &number) != 1) number = -1;
        if (write(ends[1], &number, sizeof number) < 0) _exit(1);
        pause();
    }
    close(ends[1]);
    const ssize_t got = read(ends[0], &helper, sizeof helper);
    close(ends[0]);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    CHECK(got == (ssize_t)sizeof helper, "the child failed");
    if (helper <= 0) SKIP("/proc does not list children here");
    for (int i = 0; i < 600 && kill(helper, 0) == 0; i++) {
        char path[64], state = 0;
        snprintf(path, sizeof path, "/proc/%d/stat", helper);
        FILE *f = fopen(path, "r");
        if (!f || fscanf(f, "%*d %*s %c", &state) != 1 || state == 'Z') helper = 0;
        if (f) fclose(f);
        if (!helper) return;
        usleep(100000);
    }
    EXPECT(kill(helper, 0) != 0, "the helper lives on");
}

/* Row bands of a scan whose chunks go through all views, and of one with a chunk a frame: within
 * the limit, helper and all. */
TEST(memory)
{
    long mb[2];
    char words[600];
    NEED_HDF5();
#if defined(__SANITIZE_ADDRESS__)
    SKIP("the address sanitizer's own memory hides what reading takes");
#endif
    static const char *const how[] = {"deep", "flat"};
    for (int i = 0; i < 2; i++) {
        MAKE("large", "large.h5", "64", "512", how[i]);
        const int status = in_child("large.h5", (int64_t)24 << 20, mb, words, sizeof words);
        EXPECT(status == VXG_OK, "%s: %s", how[i], words);
        EXPECT(mb[0] + mb[1] < 24 + 40, "%s: %ld and %ld MB", how[i], mb[0], mb[1]);
    }
}

/* What bands of rows cost is said, and a copy in a scratch file makes them cheap: same values. */
TEST(costs)
{
    enum { VIEWS = 20, SIDE = 96 };
    static float before[VIEWS * 5 * SIDE], after[VIEWS * 5 * SIDE];
    static const char *const how[] = {"deep", "flat"};
    NEED_HDF5();
    for (int i = 0; i < 2; i++) {
        vxg_scan_reader *r = NULL;
        vxg_read_cost c = {.size = sizeof c};
        MAKE("large", "cost.h5", "20", "96", how[i]);
        CHECK_OK(vxg_scan_open(at("cost.h5"), &r));
        const int64_t row = (int64_t)VIEWS * SIDE * 2, step = i ? SIDE : 16;
        EXPECT(r->cost(r, VXG_FRAME_DATA, 17, 22, &c) == 0, "%s", vxg_error_message());
        EXPECT(c.row_step == step && c.wanted == 5 * row && c.unpacked == step * row,
               "%s: step %lld, %lld of %lld bytes", how[i], (long long)c.row_step,
               (long long)c.wanted, (long long)c.unpacked);
        EXPECT(c.memory > 0 && c.memory < (int64_t)40 << 20, "%lld bytes", (long long)c.memory);
        EXPECT(r->cost(r, VXG_FRAME_FLAT, 0, 96, &c) == 0 && c.unpacked == 0, "no flats");
        EXPECT(r->cost(r, VXG_FRAME_DATA, 0, 97, &c) == VXG_ERR_ARGUMENT, "rows outside");
        EXPECT(r->read(r, VXG_FRAME_DATA, 0, VIEWS, 17, 22, 8, 88, before) == 0, "%s",
               vxg_error_message());
        const int files = entries(scratch);
        EXPECT(r->prepare(r, VXG_FRAME_DATA, 8, 96, at("nowhere"), NULL) == VXG_ERR_OUTPUT,
               "a folder that is not there");
        EXPECT(r->prepare(r, VXG_FRAME_DATA, 8, 96, scratch, NULL) == 0, "%s", vxg_error_message());
        EXPECT(entries(scratch) == files, "a scratch file has a name");
        EXPECT(r->cost(r, VXG_FRAME_DATA, 17, 22, &c) == 0 && c.row_step == 1 &&
                   c.unpacked == 5 * (int64_t)VIEWS * 88 * 4,
               "%lld bytes after the copy", (long long)c.unpacked);
        EXPECT(r->read(r, VXG_FRAME_DATA, 0, VIEWS, 17, 22, 8, 88, after) == 0, "%s",
               vxg_error_message());
        EXPECT(!memcmp(before, after, VIEWS * 5 * 80 * sizeof *after), "other values");
        EXPECT(before[0] == 3 * 17 + 8 && before[5 * 80] == 7 + 3 * 17 + 8, "wrong values");
        EXPECT(r->read(r, VXG_FRAME_DATA, 3, 5, 17, 22, 8, 96, before) == 0 &&
                   before[88] == 21 + 3 * 18 + 8,
               "all columns of the copy");
        EXPECT(r->read(r, VXG_FRAME_DATA, 3, 4, 90, 91, 0, 96, before) == 0 &&
                   before[95] == 21 + 3 * 90 + 95,
               "columns the copy lacks");
        vxg_scan_close(r);
    }
    EXPECT(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

/* The checksum is of the file that was opened, or there is none. */
TEST(checksums)
{
    char hex[65], again[65];
    vxg_scan_reader *r = NULL;
    NEED_HDF5();
    MAKE("good", "sum.h5", NULL, NULL, NULL);
    CHECK_OK(vxg_scan_open(at("sum.h5"), &r));
    CHECK_OK(vxg_file_sha256_of(at("sum.h5"), &r->id, hex));
    CHECK_OK(vxg_file_sha256(at("sum.h5"), again));
    EXPECT(!strcmp(hex, again), "another checksum");
    struct stat was;
    CHECK(stat(at("sum.h5"), &was) == 0, "stat");
    usleep(20000);
    FILE *f = fopen(at("sum.h5"), "r+b");
    CHECK(f && fseek(f, 100, SEEK_SET) == 0 && fputs("x", f) >= 0 && fclose(f) == 0, "write");
    const struct timespec back[2] = {was.st_atim, was.st_mtim};
    CHECK(utimensat(AT_FDCWD, at("sum.h5"), back, 0) == 0, "utimensat");
    EXPECT(vxg_file_sha256_of(at("sum.h5"), &r->id, hex) == VXG_ERR_INPUT, "the time is put back");
    MAKE("holes", "new.h5", NULL, NULL, NULL);
    CHECK(rename(at("new.h5"), at("sum.h5")) == 0, "rename");
    EXPECT(vxg_file_sha256_of(at("sum.h5"), &r->id, hex) == VXG_ERR_INPUT &&
               strstr(vxg_error_message(), "changed"),
           "%s", vxg_error_message());
    vxg_scan_close(r);
}

/* The files that a scan leads to: those that are named before, and all that were opened after all
 * of it was read. */
TEST(files)
{
    static float v[V * R * C];
    static const char *const names[] = {"late.h5", "a.h5", "b.h5", "c.h5"};
    const vxg_scan_opts *how[2] = {NULL, &inside};
    NEED_HDF5();
    MAKE("good", "a.h5", NULL, NULL, NULL);
    MAKE("good", "c.h5", NULL, NULL, NULL);
    MAKE("whole", "b.h5", "c.h5", "exchange/data", NULL);
    MAKE("halves", "late.h5", "a.h5", "b.h5", NULL);
    for (int i = 0; i < 2; i++) {
        const vxg_scan_file *f = NULL;
        vxg_scan_reader *r = NULL;
        int64_t n = 0;
        CHECK_OK(vxg_scan_open_opts(at("late.h5"), how[i], &r));
        CHECK(r->size == sizeof *r && r->files, "no list");
        CHECK_OK(r->files(r, &f, &n));
        CHECK(n == 3, "%lld files", (long long)n);
        for (int k = 0; k < 3; k++)
            EXPECT(strstr(f[k].path, names[k]) && f[k].opened == (k < 2), "%d: %s", k, f[k].path);
        CHECK_OK(r->read(r, VXG_FRAME_DATA, 0, V, 0, R, 0, C, v));
        CHECK_OK(r->files(r, &f, &n));
        CHECK(n == 4, "%lld files", (long long)n);
        for (int k = 0; k < 4; k++) {
            char hex[65];
            EXPECT(f[k].opened && strstr(f[k].path, names[k]), "%d: %s", k, f[k].path);
            EXPECT(!vxg_file_sha256_of(f[k].path, &f[k].id, hex), "%s", vxg_error_message());
        }
        vxg_scan_close(r);
    }
    EXPECT(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(legal),
                                      T(fill_values),
                                      T(fill_values_of_flats),
                                      T(no_source),
                                      T(links_in_circles),
                                      T(other_files),
                                      T(chunks),
                                      T(flipped_bits),
                                      T(checksum_alone),
                                      T(small_source),
                                      T(missing_filter),
                                      T(changes),
                                      T(helpers),
                                      T(nothing_stays),
                                      T(parent_killed),
                                      T(memory),
                                      T(costs),
                                      T(checksums),
                                      T(files)};
    self = argv[0];
    if (argc == 4 && !strcmp(argv[1], "--child")) return child(argv);
    return test_run("io_h5", list, (int)(sizeof list / sizeof *list), argc, argv);
}
