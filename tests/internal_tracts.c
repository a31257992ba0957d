/* Streamlines beyond what a test can write: members of more than 2^31 bytes, files of more than
 * 2^32, offsets of more than 2^32 points. Holes stand for the bytes. */
#include "io/trx_write.h"

#include "io/elements.h"
#include "tracts.h"

#include <fcntl.h>

typedef struct wanted {
    const char *name;
    int64_t size;
} wanted;

/* Members of holes; what is between them is not written. */
static int write_holes(int fd, const wanted *m, int n) {
    vxg__zip_out z;
    int status = vxg__zip_begin(fd, "holes", &z);
    for (int i = 0; i < n && !status; i++) {
        status = vxg__zip_add(&z, m[i].name, m[i].size, 7);
        if (!status) status = vxg__sink_flush(&z.sink);
        z.sink.done += m[i].size;
    }
    if (!status) status = vxg__zip_end(&z);
    vxg__zip_out_free(&z);
    return status;
}

TEST(large_zip)
{
    const int64_t edge = INT32_MAX;
    const wanted m[] = {
        {"edge", edge}, {"above", edge + 1}, {"small", 5}, {"large", 5 * edge}, {"last", 0}};
    enum { N = sizeof m / sizeof *m };
    const int fd = open(at("large.zip"), O_RDWR | O_CREAT, 0666);
    struct stat st;
    vxg__zip z;
    CHECK(fd >= 0, "open");
    if (write_holes(fd, m, N)) {
        close(fd);
        SKIP("no file with holes here: %s", vxg_error_message());
    }
    CHECK(fstat(fd, &st) == 0 && st.st_size > 7 * edge, "size");
    CHECK_OK(vxg__zip_open(fd, "large", (int64_t)st.st_size, &z));
    CHECK(z.count == N, "%d members", (int)z.count);
    int64_t place = 0;
    for (int i = 0; i < N; i++) {
        uint8_t local[30];
        int64_t begin = 0;
        const vxg__zip_member *found = &z.members[i];
        const int64_t extra = m[i].size > edge ? 20 : 0, name = (int64_t)strlen(m[i].name);
        CHECK(!strcmp(found->name, m[i].name) && found->size == m[i].size &&
                  found->packed == m[i].size && found->place == place && found->crc == 7,
              "%s: %lld bytes at %lld", found->name, (long long)found->size,
              (long long)found->place);
        CHECK_OK(vxg__zip_place(fd, "large", &z, found, &begin));
        CHECK(begin == place + 30 + name + extra, "%s begins at %lld", found->name,
              (long long)begin);
        CHECK(pread(fd, local, 30, (off_t)place) == 30 && local[28] == extra && local[29] == 0,
              "%s: %d bytes of extra fields", found->name, local[28]);
        place = begin + m[i].size;
    }
    vxg__zip_free(&z);
    close(fd);
}

/* As if so many points had been written before. */
TEST(wide_offsets)
{
    static const struct {
        int64_t before;
        int bits, wide, refused;
    } cases[] = {{UINT32_MAX - OWN_POINTS, 0, 0, 0},
                 {UINT32_MAX - OWN_POINTS + 1, 0, 1, 0},
                 {UINT32_MAX - OWN_POINTS, 32, 0, 0},
                 {UINT32_MAX - OWN_POINTS + 1, 32, 0, 1},
                 {5, 64, 1, 0},
                 {VXG_MAX_ELEMENTS, 0, 1, 1}};
    CHECK_OK(vxg_io_register());
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vxg_tract_create_opts o = own_opts(VXG_TRACT_RAS, 0);
        vxg_tract_writer *w = NULL;
        const vxg_tract_batch b = own_batch();
        o.offset_bits = cases[i].bits, o.force = 1;
        CHECK_OK(vxg_tract_create(at("wide.trx"), &o, &w));
        ((vxg__trx_out *)w->impl)->points = cases[i].before;
        const int status = vxg_tract_write(w, &b);
        CHECK((status != 0) == cases[i].refused, "%d: status %d", (int)i, status);
        if (status) {
            w->abandon(w);
            continue;
        }
        CHECK_OK(w->finish(w));
        vxg__trx_store s;
        char *bytes = NULL;
        CHECK_OK(vxg__trx_store_open(at("wide.trx"), &s));
        const vxg__zip_member *m =
            vxg__trx_find(&s, cases[i].wide ? "offsets.uint64" : "offsets.uint32");
        CHECK(m, "%d: offsets of another type", (int)i);
        CHECK_OK(vxg__trx_load(&s, m, 1000, &bytes)); /* the checksum too */
        const uint8_t *last = (const uint8_t *)bytes + OWN_LINES * (cases[i].wide ? 8 : 4);
        const uint64_t v = cases[i].wide ? vxg__u64le(last) : vxg__u32le(last);
        CHECK(v == (uint64_t)(cases[i].before + OWN_POINTS), "%d: %llu", (int)i,
              (unsigned long long)v);
        vxg__free(bytes);
        vxg__trx_store_close(&s);
    }
}

/* A streamline of more than 2^32 points is counted, if not read. */
TEST(many_points)
{
    static const char header[] = "{\"DIMENSIONS\": [4, 5, 6], \"NB_STREAMLINES\": 1, "
                                 "\"NB_VERTICES\": 4294967301, \"VOXEL_TO_RASMM\": "
                                 "[1,0,0,0,0,2,0,0,0,0,3,0,0,0,0,1]}";
    const uint64_t ends[2] = {0, 4294967301u};
    const vxg_tract_open_opts o = {.max_memory = 1 << 20};
    vxg_tract_reader *r = NULL;
    vxg_tract_batch b = {0};
    CHECK_OK(vxg_io_register());
    CHECK(mkdir(at("m"), 0777) == 0 && !spill(at("m/header.json"), header, sizeof header - 1) &&
              !spill(at("m/offsets.uint64"), ends, sizeof ends) &&
              !spill(at("m/positions.3.float16"), "", 0),
          "write");
    if (truncate(at("m/positions.3.float16"), (off_t)(6 * ends[1])) != 0)
        SKIP("no file with a hole of 24 GiB here");
    CHECK_OK(vxg_tract_open(at("m"), &o, &r));
    EXPECT(vxg_tract_next(r, 1, INT64_MAX, VXG_F32, &b) == VXG_ERR_MEMORY &&
               strstr(vxg_error_message(), "4294967301 points"),
           "%s", vxg_error_message());
    vxg_tract_close(r);
}

/* Every float16 number, and the halves between two of them. */
TEST(half_numbers)
{
    CHECK(vxg__half_bits((double)NAN) == 0x7e00, "NaN");
    CHECK(vxg__half_bits(1e300) == 0x7c00 && vxg__half_bits(-65520) == 0xfc00, "beyond");
    CHECK(vxg__half_bits(65519.999) == 0x7bff && vxg__half_bits(1e-300) == 0, "the ends");
    for (int i = 0; i < 0x7c00; i++) {
        const double x = vxg__half_number((uint16_t)i);
        CHECK(vxg__half_bits(x) == i && vxg__half_bits(-x) == (i | 0x8000), "%04x", i);
        if (i == 0x7bff) break;
        const double half = (x + vxg__half_number((uint16_t)(i + 1))) / 2;
        CHECK(vxg__half_bits(half) == i + (i & 1), "between %04x and the next", i);
        CHECK(vxg__half_bits(nextafter(half, 0)) == i &&
                  vxg__half_bits(nextafter(half, 1e9)) == i + 1,
              "beside the middle of %04x and the next", i);
    }
}

TEST_MAIN("internal_tracts", T(large_zip), T(wide_offsets), T(many_points), T(half_numbers))
