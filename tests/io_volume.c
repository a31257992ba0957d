/* Volume writers and reading volumes back. */
#include "io_test.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

enum { NZ = 5, NY = 7, NX = 9 };
static const vxg_attribute attributes[] = {{"version", "0.1.0"},
                                           {"command", "voxgrad recon \"a b.h5\""}};

static float value(int64_t z, int64_t y, int64_t x) {
    return (float)((z * NY + y) * NX + x) * 0.25f - 7;
}
static void fill(float *v) {
    for (int64_t i = 0; i < NZ * NY * NX; i++) v[i] = value(0, 0, i);
}

static vxg_volume_writer_opts options(vxg_volume_format format, const char *path) {
    return (vxg_volume_writer_opts){.format = format,
                                    .path = path,
                                    .nz = NZ,
                                    .ny = NY,
                                    .nx = NX,
                                    .voxel = {1.5, 0.65, 0.8},
                                    .unit = "um",
                                    .attributes = attributes,
                                    .nattributes = 2};
}

static const struct {
    vxg_volume_format format;
    const char *path, *first; /* what is given, and a file that comes out */
    int files;
} formats[] = {{VXG_VOLUME_TIFF, "v/recon", "v/recon_00000.tiff", NZ},
               {VXG_VOLUME_TIFF_STACK, "v/recon.tif", "v/recon.tif", 1},
               {VXG_VOLUME_H5, "v/recon.h5", "v/recon.h5", 1},
               {VXG_VOLUME_NPY, "v/recon.npy", "v/recon.npy", 1}};
enum { FORMATS = sizeof formats / sizeof *formats };

/* Writes the volume in slabs of an odd order. */
static int write_all(vxg_volume_writer_opts o) {
    static const int slabs[][2] = {{4, 1}, {1, 2}, {0, 1}, {3, 1}};
    float v[NZ * NY * NX];
    vxg_volume_writer *w = NULL;
    fill(v);
    int status = vxg_volume_writer_open(&o, &w);
    for (int i = 0; i < 4 && !status; i++)
        status = w->write(w, slabs[i][0], slabs[i][1], v + slabs[i][0] * NY * NX);
    if (!status) return w->finish(w);
    if (w) w->abandon(w);
    return status;
}

static void check_volume(const char *path, int64_t z0, int64_t nz) {
    float *v = NULL;
    int64_t shape[3];
    CHECK_OK(vxg_volume_read(path, &v, shape));
    CHECK(shape[0] == nz && shape[1] == NY && shape[2] == NX, "%s: %lld x %lld x %lld", path,
          (long long)shape[0], (long long)shape[1], (long long)shape[2]);
    for (int64_t i = 0; i < nz * NY * NX; i++)
        CHECK(v[i] == value(z0, 0, i), "%s: element %lld is %g", path, (long long)i, v[i]);
    vxg_free(v);
}

TEST(round_trips)
{
    for (int k = 0; k < FORMATS; k++) {
        CHECK_OK(write_all(options(formats[k].format, at(formats[k].path))));
        CHECK(entries(at("v")) == formats[k].files, "%d files", entries(at("v")));
        if (formats[k].format == VXG_VOLUME_TIFF) {
            for (int z = 0; z < NZ; z++) {
                char name[64];
                snprintf(name, sizeof name, "v/recon_%05d.tiff", z);
                check_volume(at(name), z, 1);
            }
        } else {
            check_volume(at(formats[k].first), 0, NZ);
        }
        scratch_clear(at("v")), rmdir(at("v"));
    }
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

TEST(same_bytes_again)
{
    char other[64];
    for (int k = 0; k < FORMATS; k++)
        CHECK_OK(write_all(options(formats[k].format, at(formats[k].path))));
    sleep(1); /* another second: no time of writing may be in the files */
    for (int k = 0; k < FORMATS; k++) {
        snprintf(other, sizeof other, "w%s", formats[k].path + 1);
        CHECK_OK(write_all(options(formats[k].format, at(other))));
        snprintf(other, sizeof other, "w%s", formats[k].first + 1);
        CHECK(same_files(at(formats[k].first), at(other)), "%s differs", other);
    }
    scratch_clear(at(""));
}

TEST(one_voxel_and_no_units)
{
    for (int k = 0; k < FORMATS; k++) {
        vxg_volume_writer *w = NULL;
        vxg_volume_writer_opts o = {.format = formats[k].format, .path = at(formats[k].path)};
        float one = 42, *v = NULL;
        int64_t shape[3];
        o.nz = o.ny = o.nx = 1;
        CHECK_OK(vxg_volume_writer_open(&o, &w));
        CHECK_OK(w->write(w, 0, 1, &one));
        CHECK_OK(w->finish(w));
        CHECK_OK(vxg_volume_read(at(formats[k].first), &v, shape));
        CHECK(v[0] == 42 && shape[0] == 1 && shape[1] == 1 && shape[2] == 1, "one voxel");
        vxg_free(v);
    }
    scratch_clear(at(""));
}

/* ---- TIFF structure, read here without the library ---- */

typedef struct tiff {
    const uint8_t *p;
    size_t n;
    int big;
} tiff;

static uint64_t get(const tiff *t, uint64_t at_, int bytes) {
    uint64_t v = 0;
    if (at_ + (uint64_t)bytes > t->n) return 0;
    for (int i = 0; i < bytes; i++) v |= (uint64_t)t->p[at_ + (uint64_t)i] << 8 * i;
    return v;
}

/* The value of a tag of the directory at `at_`, where it stands; 0: no such tag. */
static uint64_t tag(const tiff *t, uint64_t at_, int wanted, uint64_t *count) {
    int word = t->big ? 8 : 4, row = t->big ? 20 : 12, head = t->big ? 8 : 2, last = 0;
    uint64_t n = get(t, at_, head);
    for (uint64_t i = 0; i < n; i++) {
        uint64_t e = at_ + (uint64_t)head + i * (uint64_t)row;
        int id = (int)get(t, e, 2), type = (int)get(t, e + 2, 2);
        if (id <= last) return 0; /* the format demands ascending tags */
        last = id;
        if (id != wanted) continue;
        static const int sizes[] = {[2] = 1, [3] = 2, [4] = 4, [5] = 8, [16] = 8};
        *count = get(t, e + 4, word);
        uint64_t bytes = *count * (uint64_t)sizes[type];
        return bytes <= (uint64_t)word ? e + 4 + (uint64_t)word
                                       : get(t, e + 4 + (uint64_t)word, word);
    }
    return 0;
}

static double ratio(const tiff *t, uint64_t at_) {
    return (double)get(t, at_, 4) / (double)get(t, at_ + 4, 4);
}

TEST(tiff_stack_is_what_fiji_reads)
{
    CHECK_OK(write_all(options(VXG_VOLUME_TIFF_STACK, at("s.tif"))));
    tiff t = {.big = 1};
    uint64_t count = 0, pages = 0, first = 0;
    t.p = slurp(at("s.tif"), &t.n);
    CHECK(get(&t, 0, 4) == 0x2b4949 && get(&t, 4, 4) == 8, "not a BigTIFF");
    uint64_t ifd = get(&t, 8, 8), d = tag(&t, ifd, 270, &count);
    CHECK(d && d % 2 == 0, "no ImageDescription");
    const char *text = (const char *)t.p + d;
    CHECK(strlen(text) + 1 == count, "the description's count is %d", (int)count);
    CHECK(!strncmp(text, "ImageJ=", 7) && strstr(text, "\nimages=5\n") &&
              strstr(text, "\nslices=5\n") && strstr(text, "\nunit=micron\n") &&
              strstr(text, "\nspacing=1.5\n"),
          "description is %s", text);
    CHECK(fabs(ratio(&t, tag(&t, ifd, 282, &count)) * 0.8 - 1) < 1e-8, "XResolution");
    CHECK(fabs(ratio(&t, tag(&t, ifd, 283, &count)) * 0.65 - 1) < 1e-8, "YResolution");
    CHECK(get(&t, tag(&t, ifd, 296, &count), 2) == 1, "ResolutionUnit");
    text = (const char *)t.p + tag(&t, ifd, 305, &count);
    CHECK(!strcmp(text, "version=0.1.0\ncommand=voxgrad recon \"a b.h5\""), "Software is %s", text);
    for (; ifd; pages++) {
        uint64_t strip = get(&t, tag(&t, ifd, 273, &count), 8);
        CHECK(get(&t, tag(&t, ifd, 256, &count), 4) == NX, "width");
        CHECK(get(&t, tag(&t, ifd, 257, &count), 4) == NY, "length");
        CHECK(get(&t, tag(&t, ifd, 258, &count), 2) == 32, "bits");
        CHECK(get(&t, tag(&t, ifd, 259, &count), 2) == 1, "compression");
        CHECK(get(&t, tag(&t, ifd, 278, &count), 4) == NY, "rows per strip");
        CHECK(get(&t, tag(&t, ifd, 279, &count), 8) == NY * NX * 4, "strip bytes");
        CHECK(get(&t, tag(&t, ifd, 339, &count), 2) == 3, "sample format");
        if (pages == 0) first = strip;
        CHECK(strip == first + pages * NY * NX * 4, "pages are not one after another");
        ifd = get(&t, ifd + 8 + 20 * get(&t, ifd, 8), 8);
    }
    CHECK(pages == NZ && first + pages * NY * NX * 4 == t.n, "%d pages", (int)pages);
    free((void *)(uintptr_t)t.p);
}

TEST(tiff_slices_are_classic)
{
    CHECK_OK(write_all(options(VXG_VOLUME_TIFF, at("t/slice"))));
    for (int z = 0; z < 2; z++) {
        tiff t = {.big = 0};
        uint64_t count = 0;
        t.p = slurp(at(z ? "t/slice_00001.tiff" : "t/slice_00000.tiff"), &t.n);
        CHECK(t.p && get(&t, 0, 4) == 0x2a4949, "not a TIFF");
        uint64_t ifd = get(&t, 4, 4), d = tag(&t, ifd, 270, &count);
        CHECK(d && strstr((const char *)t.p + d, "unit=micron"), "no unit");
        CHECK(fabs(ratio(&t, tag(&t, ifd, 282, &count)) * 0.8 - 1) < 1e-8, "XResolution");
        CHECK((tag(&t, ifd, 305, &count) == 0) == (z > 0), "attributes belong to the first slice");
        free((void *)(uintptr_t)t.p);
    }
    scratch_clear(at(""));
}

TEST(hdf5_has_attributes)
{
    size_t n = 0;
    vxg_scan_reader *r = NULL;
    CHECK_OK(write_all(options(VXG_VOLUME_H5, at("a.h5"))));
    uint8_t *p = slurp(at("a.h5"), &n);
    static const char *const words[] = {"voxgrad recon \"a b.h5\"",
                                        "command",
                                        "voxel_size",
                                        "voxel_unit",
                                        "z:y:x",
                                        "implements",
                                        "exchange"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        CHECK(contains(p, n, words[i]), "no %s in the file", words[i]);
    free(p);
    CHECK_OK(vxg_scan_open(at("a.h5"), &r)); /* a volume is also valid Data Exchange */
    CHECK(r->nviews == NZ && !strcmp(r->dtype, "float32"), "shape");
    vxg_scan_close(r);
    char *big = calloc(70001, 1);
    memset(big, 'x', 70000);
    vxg_attribute a = {"long", big};
    vxg_volume_writer_opts o = options(VXG_VOLUME_H5, at("b.h5"));
    o.attributes = &a, o.nattributes = 1;
    int status = write_all(o);
    free(big);
    CHECK(status == VXG_ERR_ARGUMENT && strstr(vxg_error_message(), "attribute long"), "%s",
          vxg_error_message());
    CHECK(access(at("b.h5"), F_OK) != 0 && entries(at("")) == 1, "something was left");
    scratch_clear(at(""));
}

/* ---- what must not happen ---- */

TEST(slices_are_checked)
{
    float v[NZ * NY * NX];
    fill(v);
    for (int k = 0; k < FORMATS; k++) {
        vxg_volume_writer *w = NULL;
        vxg_volume_writer_opts o = options(formats[k].format, at(formats[k].path));
        CHECK_OK(vxg_volume_writer_open(&o, &w));
        CHECK_OK(w->write(w, 1, 2, v));
        CHECK(w->write(w, 2, 1, v) == VXG_ERR_ARGUMENT, "slice 2 twice");
        CHECK(strstr(vxg_error_message(), "slice 2 was written"), "%s", vxg_error_message());
        CHECK(w->write(w, 4, 2, v) == VXG_ERR_ARGUMENT, "slice 5 of 5");
        CHECK(w->write(w, -1, 1, v) == VXG_ERR_ARGUMENT, "slice -1");
        CHECK(w->write(w, 0, 1, NULL) == VXG_ERR_ARGUMENT, "NULL");
        CHECK_OK(w->write(w, 3, 1, v));
        CHECK(w->finish(w) == VXG_ERR_ARGUMENT, "finished without slices 0 and 4");
        CHECK(strstr(vxg_error_message(), "2 of 5") && strstr(vxg_error_message(), "first is 0"),
              "%s", vxg_error_message());
        CHECK(entries(at("")) == 0, "%d entries were left", entries(at("")));
    }
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

TEST(abandon_leaves_nothing)
{
    float v[NZ * NY * NX];
    fill(v);
    for (int k = 0; k < FORMATS; k++) {
        char deep[64];
        vxg_volume_writer *w = NULL;
        snprintf(deep, sizeof deep, "new/deeper/%s", formats[k].path);
        vxg_volume_writer_opts o = options(formats[k].format, at(deep));
        CHECK_OK(vxg_volume_writer_open(&o, &w));
        CHECK_OK(w->write(w, 0, NZ, v));
        CHECK(entries(at("new/deeper/v")) >= 1, "nothing was written");
        CHECK(access(at(formats[k].first), F_OK) != 0, "the final name is there too early");
        w->abandon(w);
        CHECK(entries(at("")) == 0, "%s: %d entries were left", deep, entries(at("")));
        /* A folder that was there, or that somebody used meanwhile, stays. */
        CHECK(mkdir(at("new"), 0777) == 0, "mkdir");
        CHECK_OK(vxg_volume_writer_open(&o, &w));
        CHECK(!spill(at("new/deeper/other"), "x", 1), "spill");
        w->abandon(w);
        CHECK(entries(at("new")) == 1 && entries(at("new/deeper")) == 1, "folders");
        scratch_clear(at(""));
    }
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

TEST(existing_output)
{
    for (int k = 0; k < FORMATS; k++) {
        vxg_volume_writer *w = NULL;
        vxg_volume_writer_opts o = options(formats[k].format, at(formats[k].path));
        CHECK(mkdir(at("v"), 0777) == 0 && !spill(at(formats[k].first), "precious", 8), "setup");
        CHECK(vxg_volume_writer_open(&o, &w) == VXG_ERR_OUTPUT && !w, "it was not refused");
        CHECK(strstr(vxg_error_message(), formats[k].first) && strstr(vxg_error_message(), "force"),
              "%s", vxg_error_message());
        size_t n = 0;
        uint8_t *p = slurp(at(formats[k].first), &n);
        CHECK(n == 8 && !memcmp(p, "precious", 8), "it was changed");
        free(p);
        o.force = 1;
        CHECK_OK(write_all(o));
        check_volume(at(formats[k].first), 0, formats[k].files == 1 ? NZ : 1);
        CHECK(entries(at("v")) == formats[k].files, "%d files", entries(at("v")));
        scratch_clear(at(""));
    }
}

TEST(appears_meanwhile)
{
    float v[NZ * NY * NX];
    fill(v);
    for (int k = 0; k < FORMATS; k++) {
        vxg_volume_writer *w = NULL;
        size_t n = 0;
        vxg_volume_writer_opts o = options(formats[k].format, at(formats[k].path));
        CHECK_OK(vxg_volume_writer_open(&o, &w));
        CHECK_OK(w->write(w, 0, NZ, v));
        const char *name = formats[k].files > 1 ? "v/recon_00003.tiff" : formats[k].first;
        CHECK(!spill(at(name), "precious", 8), "setup");
        CHECK(w->finish(w) == VXG_ERR_OUTPUT, "it was not refused");
        uint8_t *p = slurp(at(name), &n);
        CHECK(n == 8 && !memcmp(p, "precious", 8), "it was changed");
        free(p);
        CHECK(entries(at("v")) == 1, "%d entries were left", entries(at("v")));
        scratch_clear(at(""));
    }
}

TEST(longer_volume_is_replaced_whole)
{
    vxg_volume_writer_opts o = options(VXG_VOLUME_TIFF, at("v/recon"));
    CHECK_OK(write_all(o));
    CHECK(!spill(at("v/recon_00009.tiff"), "old", 3) && !spill(at("v/recon_9.tiff"), "mine", 4) &&
              !spill(at("v/recon2_00009.tiff"), "mine", 4),
          "setup");
    CHECK(write_all(o) == VXG_ERR_OUTPUT, "not refused");
    o.force = 1;
    CHECK_OK(write_all(o));
    CHECK(entries(at("v")) == NZ + 2 && access(at("v/recon_00009.tiff"), F_OK) != 0,
          "the old volume's slice 9 is still there");
    scratch_clear(at(""));
}

TEST(bad_options)
{
    vxg_volume_writer *w = NULL;
    vxg_volume_writer_opts o = options(VXG_VOLUME_NPY, at("x.npy")), b;
    b = o, b.path = "";
    CHECK(vxg_volume_writer_open(&b, &w) == VXG_ERR_ARGUMENT, "empty path");
    b = o, b.nz = 0;
    CHECK(vxg_volume_writer_open(&b, &w) == VXG_ERR_ARGUMENT, "no slices");
    b = o, b.ny = INT64_C(1) << 30, b.nx = INT64_C(1) << 30;
    CHECK(vxg_volume_writer_open(&b, &w) == VXG_ERR_ARGUMENT, "too large");
    b = o, b.format = (vxg_volume_format)9;
    CHECK(vxg_volume_writer_open(&b, &w) == VXG_ERR_ARGUMENT, "format");
    b = o, b.format = VXG_VOLUME_TIFF, b.path = at("folder/");
    CHECK(vxg_volume_writer_open(&b, &w) == VXG_ERR_ARGUMENT, "no prefix");
    b = o, b.path = scratch;
    CHECK(vxg_volume_writer_open(&b, &w) == VXG_ERR_OUTPUT, "a folder");
    b = o, b.path = at("file/x.npy");
    CHECK(!spill(at("file"), "x", 1), "setup");
    CHECK(vxg_volume_writer_open(&b, &w) == VXG_ERR_OUTPUT, "a file as folder");
    CHECK(strstr(vxg_error_message(), "Not a directory"), "%s", vxg_error_message());
    CHECK(vxg_volume_writer_open(NULL, &w) == VXG_ERR_ARGUMENT, "NULL");
    CHECK(entries(scratch) == 1, "something was left");
    scratch_clear(scratch);
}

TEST(full_disk)
{
    float v[NZ * NY * NX];
    fill(v);
    for (int k = 0; k < FORMATS; k++) {
        /* 100 bytes: not even a header; 700 or 1200: not the elements. */
        static const int limits[] = {100, 300, 700, 1200};
        for (int i = 0; i < 4; i++) {
            vxg_volume_writer_opts o = options(formats[k].format, at(formats[k].path));
            if (formats[k].format == VXG_VOLUME_TIFF && limits[i] >= 700) continue; /* fits */
            limit_file_size((rlim_t)limits[i]);
            int status = write_all(o);
            limit_file_size(0);
            CHECK(status == VXG_ERR_OUTPUT, "%s at %d bytes: status %d", formats[k].path, limits[i],
                  status);
            CHECK(strstr(vxg_error_message(), "File too large") &&
                      strstr(vxg_error_message(), formats[k].path),
                  "%s", vxg_error_message());
            CHECK(entries(at("")) == 0, "%s: %d entries were left", formats[k].path,
                  entries(at("")));
        }
    }
    CHECK_OK(write_all(options(VXG_VOLUME_H5, at("after.h5")))); /* libhdf5 still works */
    check_volume(at("after.h5"), 0, NZ);
    scratch_clear(at(""));
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

/* A volume so large that no disk here takes it: refused when opened, before anything is computed.
 */
TEST(larger_than_the_disk)
{
    for (int k = 0; k < FORMATS; k++) {
        vxg_volume_writer *w = NULL;
        vxg_volume_writer_opts o = options(formats[k].format, at(formats[k].path));
        o.nz = 1024, o.ny = 32768, o.nx = 32768; /* 4.4 TB */
        limit_file_size((rlim_t)1 << 30);
        int status = vxg_volume_writer_open(&o, &w);
        limit_file_size(0);
        if (!status) w->abandon(w);
        if (!status && formats[k].format == VXG_VOLUME_TIFF) continue; /* there is such a disk */
        CHECK(status == VXG_ERR_OUTPUT, "%s: status %d", formats[k].path, status);
        CHECK(strstr(vxg_error_message(), "no room"), "%s", vxg_error_message());
        CHECK(entries(at("")) == 0, "%d entries were left", entries(at("")));
    }
}

/* Lets this process mount: as root, or as root of a user namespace of its own. */
static int may_mount(void) {
    char uids[64], gids[64];
    if (unshare(CLONE_NEWNS) == 0) return 1;
    snprintf(uids, sizeof uids, "0 %d 1\n", (int)getuid());
    snprintf(gids, sizeof gids, "0 %d 1\n", (int)getgid());
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return 0;
    return !spill("/proc/self/setgroups", "deny", 4) &&
           !spill("/proc/self/uid_map", uids, strlen(uids)) &&
           !spill("/proc/self/gid_map", gids, strlen(gids));
}

/* In a process of its own with a real disk of 256 kB, where the system lets us make one. Returns
 * words on what went wrong, NULL: nothing, "": no such disk. */
static const char *on_tiny_disk(void) {
    static char words[256];
    if (!may_mount()) return "";
    if (mount("none", "/", "", MS_REC | MS_PRIVATE, NULL) != 0) return "";
    if (mount("tmpfs", at("disk"), "tmpfs", 0, "size=256k") != 0) return "";
    for (int k = 0; k < FORMATS; k++) {
        vxg_volume_writer *w = NULL;
        char path[64];
        snprintf(path, sizeof path, "disk/%s", formats[k].path);
        vxg_volume_writer_opts o = options(formats[k].format, at(path));
        o.nz = 10, o.ny = o.nx = 100; /* 400 kB */
        int status = vxg_volume_writer_open(&o, &w);
        if (w) w->abandon(w);
        snprintf(words, sizeof words, "%s: status %d, %d entries, %.150s", path, status,
                 entries(at("disk")), vxg_error_message());
        if (status != VXG_ERR_OUTPUT || entries(at("disk")) != 0) return words;
        if (!strstr(words, "No space left on device")) return words;
        if (write_all(options(formats[k].format, at(path))) != 0) return vxg_error_message();
        scratch_clear(at("disk"));
        /* Filled up while slices are written. */
        o.nz = 2, o.ny = o.nx = 100, status = vxg_volume_writer_open(&o, &w);
        static char rest[300000];
        static float slices[2 * 100 * 100];
        spill(at("disk/rest"), rest, sizeof rest);
        if (!status) status = w->write(w, 0, 2, slices);
        if (!status)
            status = w->finish(w);
        else if (w)
            w->abandon(w);
        snprintf(words, sizeof words, "%s while writing: status %d, %d entries, %.150s", path,
                 status, entries(at("disk")), vxg_error_message());
        /* One-file formats have reserved their room; the folder fails and leaves nothing. */
        int want = formats[k].files > 1 ? VXG_ERR_OUTPUT : 0;
        if (status != want || entries(at("disk")) != 1 + (want == 0)) return words;
        scratch_clear(at("disk"));
    }
    return NULL;
}

TEST(no_space_left)
{
    int pipes[2];
    char words[256] = "";
    CHECK(mkdir(at("disk"), 0777) == 0 && pipe(pipes) == 0, "setup");
    pid_t child = fork();
    if (child == 0) {
        const char *problem = on_tiny_disk();
        const char *sent = !problem ? "fine" : *problem ? problem : "none";
        ssize_t n = write(pipes[1], sent, strlen(sent));
        _exit(n < 0);
    }
    close(pipes[1]);
    ssize_t n = read(pipes[0], words, sizeof words - 1);
    close(pipes[0]);
    waitpid(child, NULL, 0);
    rmdir(at("disk"));
    CHECK(n > 0, "the process died");
    if (!strcmp(words, "none")) SKIP("this system lets no test mount a small disk");
    CHECK(!strcmp(words, "fine"), "%s", words);
}

TEST(other_tiff_files)
{
    static const struct {
        const char *name;
        int64_t pages;
        double last; /* the last element; the first is 0 */
    } files[] = {{"u8", 1, 11},           {"u16_lzw", 1, 11}, {"f32_deflate", 1, 11},
                 {"i32_packbits", 1, 11}, {"stack", 2, 12},   {"strips", 1, 11},
                 {"ours_big", 2, 23}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[512];
        float *v = NULL;
        int64_t s[3];
        snprintf(path, sizeof path, "%s/tests/fuzz/corpus/tiff/%s.tif", VXG_SOURCE_DIR,
                 files[i].name);
        CHECK_OK(vxg_volume_read(path, &v, s));
        CHECK(s[0] == files[i].pages && s[1] == 3 && s[2] == 4, "%s: shape", files[i].name);
        CHECK(v[0] == 0 && v[s[0] * 12 - 1] == files[i].last, "%s: %g", files[i].name,
              v[s[0] * 12 - 1]);
        vxg_free(v);
    }
}

/* 1 / XResolution of a classic TIFF file; 0: it has none. */
static double pixel_size_of(const char *path) {
    size_t n = 0;
    uint8_t *p = slurp(path, &n);
    uint32_t at = 0, ratio[2] = {0, 0};
    uint16_t count = 0, tag = 0;
    double size = 0;
    if (p && n > 8) memcpy(&at, p + 4, 4), memcpy(&count, p + at, 2);
    for (int i = 0; i < count; i++) {
        const uint8_t *entry = p + at + 2 + 12 * i;
        uint32_t where;
        memcpy(&tag, entry, 2), memcpy(&where, entry + 8, 4);
        if (tag == 282) memcpy(ratio, p + where, 8), size = (double)ratio[1] / ratio[0];
    }
    free(p);
    return size;
}

/* No length is refused before any work; what TIFF cannot hold is left out; the rest is exact. */
TEST(voxel_sizes)
{
    static const double wrong[] = {NAN, INFINITY, -1, 4.9e-324, 1e-310};
    static const double held[] = {3.25e-7, 2.4e-10, 1e-9, 0.65, 1, 1.7, 1e6, 4.2e9};
    static const double left_out[] = {1e-300, 1e-11, 5e9, 1e300};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        for (int k = 0; k < FORMATS; k++) {
            vxg_volume_writer_opts o = options(formats[k].format, at(formats[k].path));
            o.voxel[i % 3] = wrong[i];
            CHECK(write_all(o) == VXG_ERR_ARGUMENT, "%s: %g is taken", o.path, wrong[i]);
            CHECK(strstr(vxg_error_message(), "is no length"), "%s", vxg_error_message());
            CHECK(entries(at("v")) <= 0, "something is left");
        }
    }
    const size_t nheld = sizeof held / sizeof *held, all = nheld + sizeof left_out / sizeof *held;
    for (size_t i = 0; i < all; i++) {
        const double size = i < nheld ? held[i] : left_out[i - nheld];
        vxg_volume_writer_opts o = options(VXG_VOLUME_TIFF, at("v/recon"));
        o.voxel[1] = o.voxel[2] = size, o.force = 1;
        CHECK_OK(write_all(o));
        const double got = pixel_size_of(at("v/recon_00001.tiff"));
        if (i < nheld) {
            EXPECT(fabs(got / size - 1) < 2e-9, "%.12g became %.12g", size, got);
        } else {
            EXPECT(got == 0, "%g became %g", size, got);
        }
    }
    scratch_clear(at(""));
}

/* Texts of any bytes: no file holds what is not UTF-8, no line of TIFF's text is broken. */
TEST(odd_attributes)
{
    const vxg_attribute odd = {"input", "a\xff\nb=\xc3\xa9"};
    for (int k = 0; k < FORMATS; k++) {
        size_t n = 0;
        vxg_volume_writer_opts o = options(formats[k].format, at(formats[k].path));
        o.attributes = &odd, o.nattributes = 1, o.unit = "m\nm\xff";
        CHECK_OK(write_all(o));
        char *p = (char *)slurp(at(formats[k].first), &n), *found = NULL;
        for (size_t i = 0; i + 8 < n && !found; i++)
            if (!memcmp(p + i, "a\\xff", 5)) found = p + i;
        if (formats[k].format != VXG_VOLUME_NPY) {
            CHECK(found, "%s has no such text", formats[k].first);
            EXPECT(!strncmp(found, k < 2 ? "a\\xff\\x0ab=\xc3\xa9" : "a\\xff\nb=\xc3\xa9",
                            k < 2 ? 13 : 10),
                   "%s: %.20s", formats[k].first, found);
        }
        free(p);
    }
    scratch_clear(at(""));
}

TEST(bad_volumes)
{
    float *v = NULL;
    int64_t s[3];
    CHECK(vxg_volume_read(at("absent"), &v, s) == VXG_ERR_INPUT, "absent");
    CHECK(vxg_volume_read(VXG_SOURCE_DIR "/tests/io_volume.c", &v, s) == VXG_ERR_INPUT, "a text");
    CHECK(strstr(vxg_error_message(), "none of the formats hdf5, npy, tiff"), "%s",
          vxg_error_message());
    for (int k = 0; k < FORMATS; k++) {
        size_t n = 0;
        CHECK_OK(write_all(options(formats[k].format, at(formats[k].path))));
        uint8_t *whole = slurp(at(formats[k].first), &n);
        for (size_t cut = 0; cut < n; cut += 13) {
            CHECK(!spill(at("cut"), whole, cut), "spill");
            int status = vxg_volume_read(at("cut"), &v, s);
            CHECK(status == VXG_ERR_INPUT && !v, "%s cut to %zu of %zu bytes: status %d",
                  formats[k].first, cut, n, status);
        }
        free(whole);
        scratch_clear(at(""));
    }
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

TEST_MAIN("io_volume", T(round_trips), T(same_bytes_again), T(one_voxel_and_no_units),
          T(tiff_stack_is_what_fiji_reads), T(tiff_slices_are_classic), T(hdf5_has_attributes),
          T(slices_are_checked), T(abandon_leaves_nothing), T(existing_output),
          T(appears_meanwhile), T(longer_volume_is_replaced_whole), T(bad_options), T(full_disk),
          T(larger_than_the_disk), T(no_space_left), T(other_tiff_files), T(voxel_sizes),
          T(odd_attributes), T(bad_volumes))
