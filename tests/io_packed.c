/* Files packed by gzip: members in a row, scratch files, streams that are cut, damaged, longer or
 * shorter than their header says; the same bytes out of the same elements. */
#include "io_grid.h"

static const int64_t sizes[3] = {6, 5, 7};
enum { COUNT = 6 * 5 * 7 };
static uint8_t elements[16 * MOST_ELEMENTS];

static int write_block(const char *path, vxg_dtype type, int force) {
    vxg_block_create_opts o = {.force = force, .info = {.ndim = 3, .dtype = type}};
    vxg_block_writer *w = NULL;
    const int64_t size = (int64_t)vxg_dtype_size(type);
    for (int i = 0; i < 3; i++) o.info.axis[i].count = sizes[i];
    for (int64_t i = 0; i < COUNT; i++) put_element(type, i, elements + i * size);
    int status = vxg_block_create(path, &o, &w);
    for (int k = 0; k < 2 && !status; k++) {
        const int64_t start[3] = {k ? 0 : 2}, count[3] = {k ? 2 : 4, sizes[1], sizes[2]};
        status = w->write(w, start, count, elements + start[0] * sizes[1] * sizes[2] * size);
    }
    if (!status) return w->finish(w);
    if (w) w->abandon(w);
    return status;
}

/* Opens and reads all; the elements are what was written. */
static int read_all(const char *path, int64_t max_memory, vxg_dtype type) {
    const vxg_block_opts opts = {.max_memory = max_memory};
    const int64_t zeros[VXG_MAX_DIMS] = {0}, ones[VXG_MAX_DIMS] = {1, 1, 1, 1, 1, 1};
    static uint8_t back[16 * COUNT];
    vxg_block_reader *r = NULL;
    int status = vxg_block_open(path, &opts, &r);
    /* a header that was damaged may say another shape */
    if (!status) status = vxg_block_read(r, zeros, ones, r->info.dtype, back);
    if (!status) status = vxg_block_read(r, zeros, sizes, type, back);
    if (!status && memcmp(back, elements, (size_t)COUNT * vxg_dtype_size(type)) != 0)
        status = vxg_error_set(VXG_ERR_FAILED, "other elements");
    vxg_block_close(r);
    return status;
}

#define SKIP_WITHOUT_ZLIB(path)                                                                    \
    do {                                                                                           \
        if (write_block(path, VXG_U16, 1) == VXG_ERR_UNSUPPORTED && without_zlib())                \
            SKIP("built without zlib");                                                            \
    } while (0)

static const char *const endings[] = {"nii.gz", "mif.gz"};

TEST(memory_and_scratch)
{
    CHECK_OK(vxg_io_register());
    SKIP_WITHOUT_ZLIB(at("a.nii.gz"));
    for (int k = 0; k < 2; k++)
        for (int64_t memory = 0; memory < 600; memory += 210) { /* 420 bytes of elements */
            char name[32];
            const vxg_block_opts opts = {.max_memory = memory};
            vxg_block_reader *r = NULL;
            vxg_block_cost cost = {.size = sizeof cost};
            const int64_t start[3] = {1, 2, 3}, count[3] = {2, 2, 2};
            snprintf(name, sizeof name, "m.%s", endings[k]);
            CHECK_OK(write_block(at(name), VXG_U16, 1));
            CHECK_OK(vxg_block_open(at(name), &opts, &r));
            CHECK_OK(vxg_block_cost_of(r, start, count, &cost));
            EXPECT(cost.wanted == 16 && cost.unpacked >= 420 && cost.memory > 0, "%d of %d",
                   (int)cost.unpacked, (int)cost.wanted);
            check_boxes(r, elements, 20);
            CHECK_OK(vxg_block_cost_of(r, start, count, &cost));
            EXPECT(cost.unpacked == 16, "unpacked once: %d", (int)cost.unpacked);
            vxg_block_close(r);
        }
    CHECK(entries(at("")) == 3, "%d entries", entries(at("")));
    /* no room for the scratch file */
    limit_file_size(100);
    const int status = read_all(at("m.nii.gz"), 1, VXG_U16);
    limit_file_size(0);
    EXPECT(status == VXG_ERR_OUTPUT && strstr(vxg_error_message(), "File too large"),
           "status %d: %s", status, vxg_error_message());
    const char *tmp = getenv("TMPDIR");
    char *before = tmp ? strdup(tmp) : NULL;
    setenv("TMPDIR", "/nowhere/at/all", 1);
    EXPECT(read_all(at("m.nii.gz"), 1, VXG_U16) == VXG_ERR_OUTPUT &&
               strstr(vxg_error_message(), "no scratch file"),
           "%s", vxg_error_message());
    EXPECT(read_all(at("m.nii.gz"), 0, VXG_U16) == VXG_OK, "%s", vxg_error_message());
    before ? setenv("TMPDIR", before, 1) : unsetenv("TMPDIR");
    free(before);
    scratch_clear(at(""));
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

static uint8_t packed[1 << 16];

/* What the whole stream is put together from. */
static int read_spilled(size_t n, const char *words) {
    if (spill(at("s.nii.gz"), packed, n)) return -1;
    const int status = read_all(at("s.nii.gz"), 0, VXG_U16);
    if (status && words && !strstr(vxg_error_message(), words)) return -2;
    return status;
}

TEST(streams)
{
    size_t n = 0, m;
    CHECK_OK(vxg_io_register());
    SKIP_WITHOUT_ZLIB(at("a.nii.gz"));
    CHECK_OK(write_block(at("a.nii"), VXG_U16, 1));
    uint8_t *plain = slurp(at("a.nii"), &n);
    CHECK(n == 352 + 420, "%d bytes", (int)n);
    m = gzip_stored(plain, n, packed);
    EXPECT(read_spilled(m, NULL) == 0, "one member: %s", vxg_error_message());
    /* members that end in the header, at its end, in the elements; empty ones; zeros between */
    for (size_t cut = 0; cut <= n; cut += 4) {
        m = gzip_stored(plain, cut, packed);
        if (cut % 3 == 0) m += gzip_stored(plain, 0, packed + m);
        if (cut % 5 == 0) memset(packed + m, 0, 30), m += 30;
        m += gzip_stored(plain + cut, n - cut, packed + m);
        CHECK(read_spilled(m, NULL) == 0, "cut at %d: %s", (int)cut, vxg_error_message());
    }
    memset(packed + m, 0, 700);
    EXPECT(read_spilled(m + 700, NULL) == 0, "zeros behind: %s", vxg_error_message());
    packed[m + 699] = 7;
    EXPECT(read_spilled(m + 700, "is no gzip stream") == VXG_ERR_INPUT, "%s", vxg_error_message());
    EXPECT(read_spilled(m + 5, NULL) == 0, "%s", vxg_error_message());
    packed[m] = 0x1f;
    EXPECT(read_spilled(m + 1, "is cut") == VXG_ERR_INPUT, "a beginning of a member: %s",
           vxg_error_message());
    /* too short by one byte, though whole; a little longer */
    m = gzip_stored(plain, n - 1, packed);
    EXPECT(read_spilled(m, "has 771 bytes, 772 are needed") == VXG_ERR_INPUT, "%s",
           vxg_error_message());
    uint8_t *more = calloc(1, n + 60000);
    memcpy(more, plain, n);
    m = gzip_stored(more, n + 50000, packed);
    EXPECT(read_spilled(m, NULL) == 0, "padding: %s", vxg_error_message());
    free(more);
    free(plain);
    scratch_clear(at(""));
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

/* Much more than the header says: refused before all of it is unpacked. And a header that says more
 * than the packed bytes can be. */
TEST(bombs)
{
    size_t n = 0, total = 0;
    CHECK_OK(vxg_io_register());
    SKIP_WITHOUT_ZLIB(at("a.nii.gz"));
    CHECK_OK(write_block(at("a.nii"), VXG_U16, 1));
    uint8_t *plain = slurp(at("a.nii"), &n);
    static uint8_t zeros[60000], file[3 << 20];
    total = gzip_stored(plain, n, file);
    while (total + 61000 < sizeof file) total += gzip_stored(zeros, sizeof zeros, file + total);
    CHECK(!spill(at("b.nii.gz"), file, total), "spill");
    EXPECT(read_all(at("b.nii.gz"), 0, VXG_U16) == VXG_ERR_INPUT &&
               strstr(vxg_error_message(), "longer than the 772 bytes"),
           "%s", vxg_error_message());
    plain[42 + 4] = 0xff, plain[42 + 5] = 0x7f; /* dim[3] */
    total = gzip_stored(plain, n, file);
    CHECK(!spill(at("b.nii.gz"), file, total), "spill");
    EXPECT(read_all(at("b.nii.gz"), 0, VXG_U16) == VXG_ERR_INPUT &&
               strstr(vxg_error_message(), "cannot hold"),
           "%s", vxg_error_message());
    free(plain);
    scratch_clear(at(""));
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

/* Every length but the whole, and every byte changed: an error that says why, never other elements.
 * (A few bits of a gzip header and of its codes mean nothing.) */
TEST(cut_and_damaged)
{
    CHECK_OK(vxg_io_register());
    SKIP_WITHOUT_ZLIB(at("a.nii.gz"));
    for (int k = 0; k < 2; k++) {
        char name[32];
        size_t n = 0;
        int passed = 0;
        snprintf(name, sizeof name, "a.%s", endings[k]);
        CHECK_OK(write_block(at(name), VXG_U16, 1));
        uint8_t *whole = slurp(at(name), &n);
        for (size_t cut = 0; cut < n; cut++) {
            CHECK(!spill(at("c"), whole, cut), "spill");
            const int status = read_all(at("c"), cut & 1, VXG_U16);
            CHECK(status == VXG_ERR_INPUT, "%s cut to %zu of %zu: status %d: %s", name, cut, n,
                  status, vxg_error_message());
        }
        for (size_t i = 0; i < n; i++)
            for (int bit = 0; bit < 8; bit += 3) {
                whole[i] ^= (uint8_t)(1 << bit);
                CHECK(!spill(at("c"), whole, n), "spill");
                const int status = read_all(at("c"), 0, VXG_U16);
                whole[i] ^= (uint8_t)(1 << bit);
                passed += !status;
                CHECK(!status || status == VXG_ERR_INPUT || status == VXG_ERR_UNSUPPORTED,
                      "%s byte %zu: status %d: %s", name, i, status, vxg_error_message());
            }
        EXPECT(passed > 0, "no byte means nothing");
        free(whole);
    }
    scratch_clear(at(""));
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

TEST(same_bytes)
{
    CHECK_OK(vxg_io_register());
    SKIP_WITHOUT_ZLIB(at("a.nii.gz"));
    for (int k = 0; k < 2; k++) {
        char one[32], two[32];
        size_t n = 0;
        snprintf(one, sizeof one, "1.%s", endings[k]),
            snprintf(two, sizeof two, "2.%s", endings[k]);
        CHECK_OK(write_block(at(one), VXG_F64, 1));
        usleep(10000);
        CHECK_OK(write_block(at(two), VXG_F64, 1));
        EXPECT(same_files(at(one), at(two)), "%s differs from itself", endings[k]);
        uint8_t *p = slurp(at(one), &n);
        EXPECT(n > 10 && p[0] == 0x1f && p[1] == 0x8b && !p[3] && !p[4] && !p[5] && !p[6] && !p[7],
               "a name or a time is in the file");
        free(p);
        CHECK_OK(read_all(at(one), 0, VXG_F64));
        CHECK(write_block(at(one), VXG_F64, 0) == VXG_ERR_OUTPUT, "it exists");
    }
    scratch_clear(at(""));
}

TEST(changed)
{
    const int64_t zeros[3] = {0};
    static uint16_t back[COUNT];
    static const char *const names[] = {"x.nii.gz", "x.nii", "x.mif"};
    CHECK_OK(vxg_io_register());
    for (int k = 0; k < 3; k++) {
        vxg_block_reader *r = NULL;
        size_t n = 0;
        const int status = write_block(at(names[k]), VXG_U16, 1);
        if (status == VXG_ERR_UNSUPPORTED && without_zlib()) continue;
        CHECK(!status, "%s", vxg_error_message());
        uint8_t *whole = slurp(at(names[k]), &n);
        CHECK_OK(vxg_block_open(at(names[k]), NULL, &r));
        CHECK_OK(vxg_block_read(r, zeros, sizes, VXG_U16, back));
        EXPECT(r->id.size && r->id.bytes == (int64_t)n, "no id");
        usleep(20000);
        CHECK(!spill(at(names[k]), whole, n), "spill");
        EXPECT(vxg_block_read(r, zeros, sizes, VXG_U16, back) == VXG_ERR_INPUT &&
                   strstr(vxg_error_message(), "changed while it was read"),
               "%s: %s", names[k], vxg_error_message());
        vxg_block_close(r);
        free(whole);
    }
    scratch_clear(at(""));
}

/* A full disk, for the file and for the scratch file before it. */
TEST(full_disk)
{
    static const char *const names[] = {"d.nii", "d.mif", "d.nii.gz", "d.mif.gz"};
    CHECK_OK(vxg_io_register());
    for (int k = 0; k < 4; k++)
        for (rlim_t limit = 10; limit < 900; limit += 170) {
            limit_file_size(limit);
            const int status = write_block(at(names[k]), VXG_U16, 1);
            limit_file_size(0);
            if (status == VXG_ERR_UNSUPPORTED && without_zlib()) continue;
            if (!status) { /* room enough */
                CHECK(limit > 520, "%d bytes are enough for %s", (int)limit, names[k]);
                CHECK_OK(read_all(at(names[k]), 0, VXG_U16));
                scratch_clear(at(""));
                continue;
            }
            CHECK(status == VXG_ERR_OUTPUT && strstr(vxg_error_message(), "File too large"),
                  "%s at %d bytes: status %d: %s", names[k], (int)limit, status,
                  vxg_error_message());
            CHECK(entries(at("")) == 0, "%s: %d entries were left", names[k], entries(at("")));
        }
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

static int nifti(void) {
    const int status = write_block(at("out/f.nii.gz"), VXG_U16, 0);
    const int back = status ? status : read_all(at("out/f.nii.gz"), 0, VXG_U16);
    if (back) unlink(at("out/f.nii.gz")), rmdir(at("out"));
    return back;
}
static int mif(void) {
    const int status = write_block(at("out/f.mif.gz"), VXG_U16, 0);
    const int back = status ? status : read_all(at("out/f.mif.gz"), 1, VXG_U16);
    if (back) unlink(at("out/f.mif.gz")), rmdir(at("out"));
    return back;
}

TEST(memory_fails)
{
    CHECK_OK(vxg_io_register());
    SKIP_WITHOUT_ZLIB(at("a.nii.gz"));
    fail_each(nifti);
    fail_each(mif);
    scratch_clear(at(""));
}

TEST_MAIN("io_packed", T(memory_and_scratch), T(streams), T(bombs), T(cut_and_damaged),
          T(same_bytes), T(changed), T(full_disk), T(memory_fails))
