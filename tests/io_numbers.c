/* Tables of numbers: what is read, what is refused and where, what is written. */
#include "io_test.h"

static int read_text(const char *text, size_t n, double **v, int64_t *rows, int64_t *columns,
                     char **version) {
    if (spill(at("t"), text, n)) return -1;
    return vxg_numbers_read(at("t"), v, rows, columns, version);
}

TEST(read)
{
    static const struct {
        const char *text;
        int64_t rows, columns;
        double first, last;
    } tables[] = {{"1 2 3\n4 5 6\n", 2, 3, 1, 6},
                  {"1 2 3\r\n4 5 6", 2, 3, 1, 6},
                  {"1\t2\r3\t4\r", 2, 2, 1, 4},
                  {"\xef\xbb\xbf 0.5,-1e3 ; 7 \n", 1, 3, 0.5, 7},
                  {"# words\n\n  # more\n1;2\n# 3\n4;5 # 6\n", 2, 2, 1, 5},
                  {"1,2,\n3,4,\n", 2, 2, 1, 4},
                  {"inf -inf\n+Infinity 1", 2, 2, INFINITY, 1},
                  {"+1. .5 5e-1 1E+2", 1, 4, 1, 100},
                  {"7", 1, 1, 7, 7},
                  {"1e-320", 1, 1, 1e-320, 1e-320},
                  {"%--a--b--\n1 2\n", 1, 2, 1, 2},
                  {"1 \v\f 2", 1, 2, 1, 2}};
    for (size_t k = 0; k < sizeof tables / sizeof *tables; k++) {
        double *v = NULL;
        int64_t rows = 0, columns = 0;
        CHECK(!read_text(tables[k].text, strlen(tables[k].text), &v, &rows, &columns, NULL),
              "%s: %s", tables[k].text, vxg_error_message());
        EXPECT(rows == tables[k].rows && columns == tables[k].columns && v[0] == tables[k].first &&
                   v[rows * columns - 1] == tables[k].last,
               "%s: %d x %d, %g to %g", tables[k].text, (int)rows, (int)columns, v[0],
               v[rows * columns - 1]);
        vxg_free(v);
    }
    double *v = NULL;
    int64_t rows = 0, columns = 0;
    CHECK(!read_text("nan NaN -nan 4", 14, &v, &rows, &columns, NULL) && isnan(v[0]) &&
              isnan(v[1]) && isnan(v[2]) && v[3] == 4,
          "%s", vxg_error_message());
    vxg_free(v);
    scratch_clear(at(""));
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

TEST(versions)
{
    static const char text[] = "# a scheme\nVERSION: STEJSKALTANNER \r\n0 0 1 0.1\n1 0 0 0.2\n";
    double *v = NULL;
    char *version = NULL;
    int64_t rows = 0, columns = 0;
    CHECK_OK(read_text(text, sizeof text - 1, &v, &rows, &columns, &version));
    EXPECT(version && !strcmp(version, "STEJSKALTANNER") && rows == 2 && columns == 4, "'%s'",
           version);
    vxg_free(v);
    vxg_free(version);
    CHECK(read_text(text, sizeof text - 1, &v, &rows, &columns, NULL) == VXG_ERR_INPUT &&
              strstr(vxg_error_message(), "t:2: 'VERSION:' is no number"),
          "%s", vxg_error_message());
    CHECK(read_text("1\nVERSION: 2\n", 13, &v, &rows, &columns, &version) == VXG_ERR_INPUT && !v &&
              !version,
          "not on the first line: %s", vxg_error_message());
    CHECK_OK(read_text("1 2", 3, &v, &rows, &columns, &version));
    EXPECT(!version, "'%s'", version);
    vxg_free(v);
    scratch_clear(at(""));
}

TEST(refused)
{
    static const struct {
        const char *text, *words;
    } lies[] = {{"", "there is no number in it"},
                {"# nothing\n\n", "there is no number in it"},
                {"1 2\n\n3\n", "t:3: a row of 1 numbers, 2 expected"},
                {"1 2\r3 4 5\r", "t:2: a row of 3 numbers"},
                {"1 two 3\n", "t:1: 'two' is no number"},
                {"1\n2\n3x\n", "t:3: '3x' is no number"},
                {"0x10\n", "'0x10' is no number"},
                {"0x1p3\n", "'0x1p3' is no number"},
                {"nan(1)\n", "'nan(1)' is no number"},
                {"1e\n", "'1e' is no number"},
                {"1 %2\n", "'%2' is no number"},
                {"--1\n", "'--1' is no number"},
                {"-\n", "'-' is no number"},
                {"1e400\n", "'1e400' is too large"},
                {"1,,2\n", "t:1: a number is missing before ','"},
                {",1\n", "a number is missing before ','"},
                {"1 , ; 2\n", "a number is missing before ';'"},
                {"1 2\n\x01\n", "t:2: byte 1 is no text"},
                {"1\x80\n", "is no number"}};
    double *v = (double *)(uintptr_t)1;
    int64_t rows = 0, columns = 0;
    for (size_t k = 0; k < sizeof lies / sizeof *lies; k++) {
        const int status = read_text(lies[k].text, strlen(lies[k].text), &v, &rows, &columns, NULL);
        EXPECT(status == VXG_ERR_INPUT && strstr(vxg_error_message(), lies[k].words) && !v,
               "'%s': status %d: %s", lies[k].text, status, vxg_error_message());
    }
    EXPECT(read_text("1 2\n3\0 4\n", 9, &v, &rows, &columns, NULL) == VXG_ERR_INPUT &&
               strstr(vxg_error_message(), "t:2: byte 0 is no text"),
           "%s", vxg_error_message());
    CHECK(!spill(at("t"), "1", 1) && !truncate(at("t"), (1 << 30) + 1), "truncate");
    EXPECT(vxg_numbers_read(at("t"), &v, &rows, &columns, NULL) == VXG_ERR_INPUT &&
               strstr(vxg_error_message(), "has at most"),
           "%s", vxg_error_message());
    EXPECT(vxg_numbers_read(at("none"), &v, &rows, &columns, NULL) == VXG_ERR_INPUT &&
               strstr(vxg_error_message(), "cannot open"),
           "%s", vxg_error_message());
    EXPECT(vxg_numbers_read(at(""), &v, &rows, &columns, NULL) == VXG_ERR_INPUT &&
               strstr(vxg_error_message(), "not a regular file"),
           "%s", vxg_error_message());
    EXPECT(vxg_numbers_read(NULL, &v, &rows, &columns, NULL) == VXG_ERR_ARGUMENT &&
               vxg_numbers_read(at("t"), NULL, &rows, &columns, NULL) == VXG_ERR_ARGUMENT &&
               vxg_numbers_read(at("t"), &v, NULL, &columns, NULL) == VXG_ERR_ARGUMENT &&
               vxg_numbers_read(at("t"), &v, &rows, NULL, NULL) == VXG_ERR_ARGUMENT,
           "NULL");
    scratch_clear(at(""));
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

/* Whatever number is written is the one that is read, in as few digits as that takes. */
TEST(written)
{
    enum { ROWS = 500, COLUMNS = 7 };
    static double v[ROWS * COLUMNS];
    double *back = NULL;
    int64_t rows = 0, columns = 0;
    size_t n = 0;
    uint64_t bits = 1;
    for (int i = 0; i < ROWS * COLUMNS; i++) {
        bits = bits * 6364136223846793005u + 1442695040888963407u;
        memcpy(&v[i], &bits, 8);
    }
    v[0] = 0.1, v[1] = -0.0, v[2] = 1000, v[3] = 1.0 / 3, v[4] = NAN, v[5] = -INFINITY,
    v[6] = 5e-324;
    CHECK_OK(vxg_numbers_write(at("out/w.txt"), v, ROWS, COLUMNS, "one\n\ntwo #\n", NULL, 0));
    char *text = (char *)slurp(at("out/w.txt"), &n);
    static const char begin[] =
        "# one\n#\n# two #\n0.1 -0 1000 0.3333333333333333 nan -inf 5e-324\n";
    EXPECT(!strncmp(text, begin, sizeof begin - 1), "%.80s", text);
    free(text);
    CHECK_OK(vxg_numbers_read(at("out/w.txt"), &back, &rows, &columns, NULL));
    CHECK(rows == ROWS && columns == COLUMNS, "%d x %d", (int)rows, (int)columns);
    for (int i = 0; i < ROWS * COLUMNS; i++)
        EXPECT(isnan(v[i]) ? isnan(back[i]) : !memcmp(&v[i], &back[i], 8), "%.17g is %.17g", v[i],
               back[i]);
    vxg_free(back);
    EXPECT(vxg_numbers_write(at("out/w.txt"), v, 1, 1, NULL, NULL, 0) == VXG_ERR_OUTPUT, "exists");
    CHECK_OK(vxg_numbers_write(at("out/w.txt"), v, 1, 1, NULL, NULL, 1));
    CHECK_OK(vxg_numbers_write(at("out/w.txt"), v, 0, 1, NULL, NULL, 1)); /* empty */
    limit_file_size(500);
    const int full = vxg_numbers_write(at("full.txt"), v, ROWS, COLUMNS, NULL, NULL, 0);
    limit_file_size(0);
    EXPECT(full == VXG_ERR_OUTPUT && entries(at("")) == 1, "status %d", full);
    EXPECT(vxg_numbers_write(at("x"), v, -1, 1, NULL, NULL, 0) == VXG_ERR_ARGUMENT &&
               vxg_numbers_write(at("x"), v, 1, -1, NULL, NULL, 0) == VXG_ERR_ARGUMENT &&
               vxg_numbers_write(at("x"), v, (int64_t)1 << 40, (int64_t)1 << 40, NULL, NULL, 0) ==
                   VXG_ERR_ARGUMENT &&
               vxg_numbers_write(at("x"), NULL, 1, 1, NULL, NULL, 0) == VXG_ERR_ARGUMENT &&
               vxg_numbers_write(NULL, v, 1, 1, NULL, NULL, 0) == VXG_ERR_ARGUMENT,
           "wrong arguments");
    /* one of several outputs */
    vxg_outputs *set = NULL;
    CHECK_OK(vxg_outputs_new(&set));
    CHECK_OK(vxg_numbers_write(at("set/a.bval"), v, 1, 3, NULL, set, 0));
    CHECK_OK(vxg_numbers_write(at("set/a.bvec"), v, 3, 1, NULL, set, 0));
    struct stat st;
    EXPECT(stat(at("set/a.bval"), &st) != 0, "it is there before the set is");
    CHECK_OK(vxg_outputs_commit(set));
    EXPECT(stat(at("set/a.bval"), &st) == 0 && entries(at("set")) == 2, "the set");
    scratch_clear(at(""));
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

/* More than a million numbers; and a table that could not be read back is refused. */
TEST(large)
{
    const int64_t n = 700000;
    double *v = malloc((size_t)n * 2 * sizeof *v), *back = NULL;
    int64_t rows = 0, columns = 0;
    CHECK(v, "memory");
    for (int64_t i = 0; i < 2 * n; i++) v[i] = (double)i;
    CHECK_OK(vxg_numbers_write(at("l.txt"), v, n, 1, NULL, NULL, 0));
    CHECK_OK(vxg_numbers_read(at("l.txt"), &back, &rows, &columns, NULL));
    EXPECT(rows == n && columns == 1 && back[n - 1] == (double)(n - 1), "%d rows", (int)rows);
    vxg_free(back);
    for (int64_t i = 0; i < 2 * n; i++) v[i] = 1.0 / (double)(i + 3);
    CHECK_OK(vxg_numbers_write(at("l.txt"), v, n, 2, NULL, NULL, 1));
    CHECK_OK(vxg_numbers_read(at("l.txt"), &back, &rows, &columns, NULL));
    EXPECT(rows == n && columns == 2 && !memcmp(back, v, (size_t)n * 16), "%d rows", (int)rows);
    vxg_free(back);
    EXPECT(vxg_numbers_write(at("m.txt"), v, ((int64_t)1 << 28) + 1, 2, NULL, NULL, 0) ==
                   VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "m.txt: a table of"),
           "%s", vxg_error_message());
    free(v);
    scratch_clear(at(""));
}

TEST(measured)
{
    static const struct {
        const char *name;
        int64_t rows, columns;
    } files[] = {{"dwi_mrtrix_b3000/dwi.bval", 1, 68},
                 {"dwi_mrtrix_b3000/dwi.bvec", 3, 68},
                 {"dwi_mrtrix_b3000/dwi.grad_mrtrix.b", 68, 4},
                 {"dwi_mrtrix_b3000/response.txt", 1, 5},
                 {"dwi_philips_brain/dwi.bvec", 3, 17},
                 {"micro_camino_cylinders/default.scheme", 350, 7},
                 {"micro_camino_parallel_D1_7/schemefile_hcp_wu_minn.scheme1", 288, 7},
                 {"micro_isbi2015_genu/isbi_schemefile.txt", 3612, 7}};
    int found = 0;
    for (size_t k = 0; k < sizeof files / sizeof *files; k++) {
        char path[512], *version = NULL;
        double *v = NULL;
        int64_t rows = 0, columns = 0;
        if (!test_data(files[k].name, path, sizeof path)) continue;
        found++;
        CHECK_OK(vxg_numbers_read(path, &v, &rows, &columns, &version));
        EXPECT(rows == files[k].rows && columns == files[k].columns, "%s: %d x %d, %s",
               files[k].name, (int)rows, (int)columns, version ? version : "no version");
        vxg_free(v);
        vxg_free(version);
    }
    if (!found) SKIP("no VXG_TEST_DATA");
}

static int all_of_it(void) {
    double *v = NULL;
    char *version = NULL;
    int64_t rows, columns;
    const double out[2] = {1, 2};
    int status = vxg_numbers_write(at("out/f"), out, 1, 2, "words", NULL, 0);
    if (!status) status = spill(at("out/g"), "VERSION: 1\n1 2\n", 15) ? VXG_ERR_FAILED : VXG_OK;
    if (!status) status = vxg_numbers_read(at("out/g"), &v, &rows, &columns, &version);
    vxg_free(v);
    vxg_free(version);
    if (status) unlink(at("out/f")), unlink(at("out/g")), rmdir(at("out"));
    return status;
}

TEST(memory_fails)
{
    int64_t requests;
    scratch_clear(at(""));
    vxg_alloc_count();
    CHECK_OK(all_of_it());
    requests = vxg_alloc_count();
    scratch_clear(at(""));
    for (int64_t i = 0; i < requests; i++) {
        vxg_alloc_fail_at(i);
        const int status = all_of_it();
        vxg_alloc_fail_at(-1);
        CHECK(status == VXG_ERR_MEMORY && vxg_alloc_live() == 0 && entries(at("")) == 0,
              "request %d of %d: status %d: %s", (int)i, (int)requests, status,
              vxg_error_message());
    }
}

TEST_MAIN("io_numbers", T(read), T(versions), T(refused), T(written), T(large), T(measured),
          T(memory_fails))
