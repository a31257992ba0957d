/* NPY files, text files, checksums of files. */
#include "io_test.h"

/* An NPY file made here: version, header text as given, elements. */
static const char *make(int version, const char *header, const void *data, size_t bytes) {
    uint8_t file[1024] = {0x93, 'N', 'U', 'M', 'P', 'Y', (uint8_t)version, 0};
    size_t n = strlen(header), head = version > 1 ? 12 : 10;
    file[8] = (uint8_t)n, file[9] = (uint8_t)(n >> 8);
    memcpy(file + head, header, n);
    memcpy(file + head + n, data, bytes);
    return spill(at("made.npy"), file, head + n + bytes) ? NULL : at("made.npy");
}

TEST(round_trips)
{
    float f[120], *v = NULL;
    double d[120];
    for (int i = 0; i < 120; i++) f[i] = (float)i / 3, d[i] = i / 8.0;
    const int64_t shape[VXG_MAX_DIMS] = {1, 2, 3, 4, 5, 1};
    int64_t s[VXG_MAX_DIMS];
    for (int ndim = 0; ndim <= VXG_MAX_DIMS; ndim++) {
        int got = -1, count = 1;
        for (int i = 0; i < ndim; i++) count *= (int)shape[i];
        CHECK_OK(vxg_npy_write(at("f.npy"), VXG_F32, ndim, shape, f, 1));
        CHECK_OK(vxg_npy_read(at("f.npy"), &v, &got, s));
        CHECK(got == ndim && !memcmp(s, shape, (size_t)ndim * sizeof *s), "rank %d", ndim);
        CHECK(!memcmp(v, f, (size_t)count * sizeof *f), "elements of rank %d", ndim);
        vxg_free(v);
        CHECK_OK(vxg_npy_write(at("d.npy"), VXG_F64, ndim, shape, d, 1));
        CHECK_OK(vxg_npy_read(at("d.npy"), &v, &got, s));
        for (int i = 0; i < count; i++) CHECK(v[i] == (float)d[i], "f8 element %d", i);
        vxg_free(v);
    }
    const int64_t none[2] = {3, 0};
    int got = 0;
    CHECK_OK(vxg_npy_write(at("none.npy"), VXG_F32, 2, none, NULL, 0));
    CHECK_OK(vxg_npy_read(at("none.npy"), &v, &got, s));
    CHECK(got == 2 && s[0] == 3 && s[1] == 0, "empty array");
    vxg_free(v);
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

/* The header as the format's description demands: padded to 64 bytes, closed by a line feed. */
TEST(header)
{
    const float one = 1;
    const int64_t shape[3] = {1, 1, 1};
    size_t n = 0;
    CHECK_OK(vxg_npy_write(at("h.npy"), VXG_F32, 3, shape, &one, 1));
    uint8_t *p = slurp(at("h.npy"), &n);
    CHECK(!memcmp(p, "\x93NUMPY\1\0", 8), "magic");
    int length = p[8] | p[9] << 8;
    CHECK((10 + length) % 64 == 0 && p[10 + length - 1] == '\n', "padding of %d", length);
    CHECK(n == (size_t)(10 + length + 4), "%zu bytes", n);
    CHECK(strstr((char *)p + 10, "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1), }"),
          "%s", (char *)p + 10);
    free(p);
    CHECK_OK(vxg_npy_write(at("h.npy"), VXG_F64, 1, shape, (const double[]){1}, 1));
    p = slurp(at("h.npy"), &n);
    CHECK(strstr((char *)p + 10, "'shape': (1,), }"), "%s", (char *)p + 10);
    free(p);
}

/* Every storage type has NumPy's word and its own bytes, which come back as written. */
TEST(storage_types)
{
    static const char *const words[] = {"f4", "f8", "i1", "u1", "i2", "u2", "i4",
                                        "u4", "i8", "u8", "f2", "c8", "c16"};
    uint8_t data[48];
    const int64_t n = 3;
    for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)(i * 37 + 1);
    for (int type = VXG_F32; type <= VXG_C128; type++) {
        const size_t bytes = 3 * vxg_dtype_size((vxg_dtype)type);
        char want[32], file[512];
        snprintf(want, sizeof want, "'descr': '%c%s'", bytes == 3 ? '|' : '<', words[type]);
        CHECK_OK(vxg_npy_write(at("t.npy"), (vxg_dtype)type, 1, &n, data, 1));
        FILE *f = fopen(at("t.npy"), "rb");
        CHECK(f, "no file");
        const size_t got = fread(file, 1, sizeof file - 1, f);
        fclose(f);
        file[got] = 0;
        CHECK(got == 128 + bytes && strstr(file + 10, want), "%s: %zu bytes", want, got);
        CHECK(!memcmp(file + 128, data, bytes), "%s: elements", want);
    }
}

TEST(element_types)
{
    static const struct {
        const char *descr;
        uint8_t bytes[8];
        int size;
        double value;
    } types[] = {
        {"|u1", {200}, 1, 200},
        {"<u2", {0x34, 0xf2}, 2, 0xf234},
        {"<u4", {0, 0, 0, 0xf0}, 4, 4026531840.0},
        {"<i2", {0xfe, 0xff}, 2, -2},
        {"<i4", {0xfd, 0xff, 0xff, 0xff}, 4, -3},
        {"<f4", {0, 0, 0x20, 0xc1}, 4, -10},
        {"<f8", {0, 0, 0, 0, 0, 0, 0xf8, 0x3f}, 8, 1.5},
        {"|i1", {0xfe}, 1, -2},
        {"|b1", {1}, 1, 1},
        {"<f2", {0x00, 0xc2}, 2, -3},
        {"<i8", {0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 8, -2},
        {"<u8", {0, 0, 0, 0, 0, 0, 0, 0x80}, 8, 9223372036854775808.0},
        {">u2", {0xf2, 0x34}, 2, 0xf234},
        {">f2", {0xc2, 0x00}, 2, -3},
        {">f4", {0xc1, 0x20, 0, 0}, 4, -10},
        {">f8", {0x3f, 0xf8, 0, 0, 0, 0, 0, 0}, 8, 1.5},
        {">i8", {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe}, 8, -2},
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        for (int version = 1; version <= 3; version++) {
            char header[128];
            uint8_t two[16];
            float *v = NULL;
            int ndim = 0;
            int64_t s[VXG_MAX_DIMS];
            memset(two, 0, sizeof two);
            memcpy(two + types[i].size, types[i].bytes, (size_t)types[i].size);
            snprintf(header, sizeof header,
                     "{'shape': (2,), 'fortran_order': False, \"descr\": \"%s\"}", types[i].descr);
            for (char *q = header; (q = strchr(q, '"'));) *q = '\'';
            const char *path = make(version, header, two, 2 * (size_t)types[i].size);
            CHECK(path, "cannot write");
            CHECK_OK(vxg_npy_read(path, &v, &ndim, s));
            CHECK(ndim == 1 && s[0] == 2 && v[0] == 0 && v[1] == types[i].value, "%s: %g",
                  types[i].descr, v[1]);
            vxg_free(v);
        }
}

TEST(bad_files)
{
    static const struct {
        int version;
        const char *header, *words;
        size_t bytes;
    } cases[] = {
        {1, "{'descr': '|f4', 'fortran_order': False, 'shape': (1,)}", "element type", 4},
        {1, "{'descr': '<f16', 'fortran_order': False, 'shape': (1,)}", "element type", 16},
        {1, "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", "element type", 4},
        {1, "{'fortran_order': False, 'shape': (1,)}", "element type", 4},
        {1, "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2)}", "Fortran", 16},
        {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2)}", "cut: ", 12},
        {1, "{'descr': '<f4', 'fortran_order': False}", "no shape", 4},
        {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, x)}", "list of sizes", 4},
        {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, -1)}", "list of sizes", 4},
        {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,", "list of sizes", 4},
        {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1)}", "rank", 4},
        {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (1048576,1048577)}", "2^40", 4},
        {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", "2^40",
         4},
        {4, "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", "version 4", 4},
        {1, "", "element type", 4},
    };
    float *v = NULL;
    int ndim = 0;
    int64_t s[VXG_MAX_DIMS];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *path =
            make(cases[i].version, cases[i].header, "0123456789abcdef", cases[i].bytes);
        int status = vxg_npy_read(path, &v, &ndim, s);
        CHECK(status == VXG_ERR_INPUT && !v, "case %d: status %d", (int)i, status);
        CHECK(strstr(vxg_error_message(), cases[i].words) &&
                  strstr(vxg_error_message(), "made.npy"),
              "case %d: %s", (int)i, vxg_error_message());
    }
    CHECK(vxg_npy_read(at("absent"), &v, &ndim, s) == VXG_ERR_INPUT, "absent");
    CHECK(vxg_npy_read(scratch, &v, &ndim, s) == VXG_ERR_INPUT, "a folder");
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

TEST(writing_is_atomic)
{
    const int64_t n = 1000;
    float v[1000] = {0};
    scratch_clear(at(""));
    CHECK_OK(vxg_npy_write(at("a/b/c.npy"), VXG_F32, 1, &n, v, 0)); /* folders are made */
    CHECK(vxg_npy_write(at("a/b/c.npy"), VXG_F32, 1, &n, v, 0) == VXG_ERR_OUTPUT, "replaced");
    CHECK(strstr(vxg_error_message(), "c.npy exists"), "%s", vxg_error_message());
    CHECK_OK(vxg_npy_write(at("a/b/c.npy"), VXG_F32, 1, &n, v, 1));
    CHECK(entries(at("a/b")) == 1, "temporary files were left");
    limit_file_size(500);
    int status = vxg_npy_write(at("a/b/c.npy"), VXG_F32, 1, &n, v, 1);
    int other = vxg_npy_write(at("new/c.npy"), VXG_F32, 1, &n, v, 0);
    limit_file_size(0);
    CHECK(status == VXG_ERR_OUTPUT && other == VXG_ERR_OUTPUT, "status %d, %d", status, other);
    struct stat st;
    CHECK(stat(at("a/b/c.npy"), &st) == 0 && st.st_size == 4128, "the old file was harmed");
    CHECK(entries(at("a/b")) == 1 && entries(at("")) == 1, "something was left");
    CHECK(vxg_npy_write(at("x"), VXG_F32, 7, &n, v, 0) == VXG_ERR_ARGUMENT, "rank 7");
    CHECK(vxg_npy_write(at("x"), (vxg_dtype)13, 1, &n, v, 0) == VXG_ERR_ARGUMENT, "dtype");
    CHECK(vxg_npy_write(at("x"), VXG_F32, 1, &n, NULL, 0) == VXG_ERR_ARGUMENT, "no data");
    CHECK(vxg_npy_write(at("x"), VXG_F32, 1, (const int64_t[]){-1}, v, 0) == VXG_ERR_ARGUMENT,
          "size -1");
}

/* What is no regular file is refused by what it is, with and without force, and never opened: a
 * pipe nobody reads would hang. */
TEST(not_a_regular_file)
{
    const int64_t n = 3;
    const float v[3] = {0};
    struct stat before, after;
    scratch_clear(at(""));
    CHECK(mkfifo(at("pipe"), 0600) == 0 && mkdir(at("folder"), 0700) == 0, "cannot make them");
    CHECK(symlink("pipe", at("link")) == 0 && symlink("loop", at("loop")) == 0, "no links");
    const struct {
        const char *path, *words;
    } cases[] = {{"pipe", "pipe is a pipe, a regular file expected"},
                 {"link", "link is a pipe, a regular file expected"},
                 {"folder", "folder is a folder, a regular file expected"},
                 {"loop", "loop exists, a link that leads nowhere"},
                 {"/dev/full", "/dev/full is a device, a regular file expected"}};
    CHECK(stat("/dev/full", &before) == 0, "there is no /dev/full");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int force = 0; force < 2; force++) {
            const char *path = cases[i].path[0] == '/' ? cases[i].path : at(cases[i].path);
            CHECK(vxg_text_write(path, "words", force) == VXG_ERR_OUTPUT, "%s", path);
            CHECK(strstr(vxg_error_message(), cases[i].words), "%s", vxg_error_message());
            CHECK(vxg_npy_write(path, VXG_F32, 1, &n, v, force) == VXG_ERR_OUTPUT, "%s", path);
        }
    }
    CHECK(stat("/dev/full", &after) == 0 && S_ISCHR(after.st_mode) && after.st_ino == before.st_ino,
          "the device was replaced");
    CHECK(entries(at("")) == 4, "%d entries", entries(at("")));
}

/* A file that replaces another may be read and written by whom that might. */
TEST(rights)
{
    struct stat st;
    scratch_clear(at(""));
    CHECK_OK(vxg_text_write(at("t"), "one", 0));
    for (int i = 0; i < 2; i++) {
        const mode_t mode = i ? 0604 : 0400;
        CHECK(chmod(at("t"), mode) == 0, "chmod");
        CHECK_OK(vxg_text_write(at("t"), "two", 1));
        CHECK(stat(at("t"), &st) == 0 && (st.st_mode & 07777) == mode, "mode %o became %o",
              (unsigned)mode, (unsigned)st.st_mode & 07777);
    }
}

/* Names of any length the file system takes, of any bytes; a file of the temporary name's kind is
 * no obstacle. */
TEST(odd_names)
{
    char path[700], name[256];
    scratch_clear(at(""));
    for (int i = 0; i < 2; i++) {
        memset(name, i ? '\xff' : 'n', 255);
        name[255] = 0;
        snprintf(path, sizeof path, "%s", at(name));
        CHECK_OK(vxg_text_write(path, "x", 0));
        CHECK_OK(vxg_text_write(path, "y", 1));
    }
    CHECK(entries(at("")) == 2, "%d entries", entries(at("")));
}

TEST(text)
{
    size_t n = 0;
    scratch_clear(at(""));
    CHECK_OK(vxg_text_write(at("t.txt"), "one\ntwo\n", 0));
    CHECK(vxg_text_write(at("t.txt"), "three", 0) == VXG_ERR_OUTPUT, "replaced");
    CHECK_OK(vxg_text_write(at("t.txt"), "three", 1));
    uint8_t *p = slurp(at("t.txt"), &n);
    CHECK(n == 5 && !memcmp(p, "three", 5), "text");
    free(p);
    CHECK(vxg_text_write("", "x", 0) == VXG_ERR_ARGUMENT, "no path");
    CHECK(vxg_text_write(at("t.txt"), NULL, 1) == VXG_ERR_ARGUMENT, "no text");
    CHECK(vxg_text_write(scratch, "x", 1) == VXG_ERR_OUTPUT, "a folder");
    /* A link's target is replaced and the link stays; a link to nowhere is something that exists.
     */
    struct stat st;
    CHECK(symlink("t.txt", at("link")) == 0 && symlink("gone", at("dangling")) == 0, "symlink");
    CHECK(vxg_text_write(at("link"), "four", 0) == VXG_ERR_OUTPUT, "through a link");
    CHECK_OK(vxg_text_write(at("link"), "four", 1));
    CHECK(lstat(at("link"), &st) == 0 && S_ISLNK(st.st_mode), "the link was replaced");
    CHECK(stat(at("t.txt"), &st) == 0 && st.st_size == 4, "its target was not");
    CHECK(vxg_text_write(at("dangling"), "x", 0) == VXG_ERR_OUTPUT, "a dangling link");
    mode_t mask = umask(022);
    umask(mask);
    CHECK_OK(vxg_text_write(at("new.txt"), "x", 0));
    CHECK(stat(at("new.txt"), &st) == 0 && (st.st_mode & 0777) == (0666 & ~mask), "mode is %o",
          (unsigned)st.st_mode);
    CHECK(entries(at("")) == 4, "%d entries", entries(at("")));
}

TEST(sha256)
{
    char hex[65];
    scratch_clear(at(""));
    CHECK(!spill(at("abc"), "abc", 3) && !spill(at("empty"), "", 0), "spill");
    CHECK_OK(vxg_file_sha256(at("abc"), hex));
    CHECK(!strcmp(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"), "%s",
          hex);
    CHECK_OK(vxg_file_sha256(at("empty"), hex));
    CHECK(!strcmp(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"), "%s",
          hex);
    /* A million "a" (FIPS 180-4's long example): several pieces. */
    char *a = malloc(1000000);
    memset(a, 'a', 1000000);
    CHECK(!spill(at("long"), a, 1000000), "spill");
    free(a);
    CHECK_OK(vxg_file_sha256(at("long"), hex));
    CHECK(!strcmp(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"), "%s",
          hex);
    CHECK(vxg_file_sha256(at("absent"), hex) == VXG_ERR_INPUT, "absent");
    CHECK(vxg_file_sha256(scratch, hex) == VXG_ERR_INPUT, "a folder");
}

TEST_MAIN("io_npy", T(round_trips), T(header), T(storage_types), T(element_types), T(bad_files),
          T(writing_is_atomic), T(not_a_regular_file), T(rights), T(odd_names), T(text), T(sha256))
