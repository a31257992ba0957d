/* Writing zip files: members stored, of one time, without extra fields but zip64's where a member
 * is over 2^31-1 bytes. Python's zipfile writes local headers so, and readers of TRX that work out
 * where a member begins from what the directory says rely on that. */
#include "io/zip.h"

enum { LOCAL = 30, CENTRAL = 46, FIRST_DAY = 1 << 5 | 1 }; /* 1980-01-01 */

static const int64_t limit = INT32_MAX;

int vxg__zip_begin(int fd, const char *path, vxg__zip_out *z) {
    *z = (vxg__zip_out){0};
    return vxg__sink_open(fd, path, &z->sink);
}

void vxg__zip_out_free(vxg__zip_out *z) {
    vxg__sink_free(&z->sink);
    vxg__text_free(&z->directory);
}

static int is_ascii(const char *name) {
    for (; *name; name++)
        if ((unsigned char)*name > 126) return 0;
    return 1;
}

/* What both headers of a member say, behind their first bytes; old: the 32-bit size. */
static void put_common(uint8_t *p, const char *name, uint32_t crc, int wide, uint64_t old,
                       size_t extra) {
    vxg__put_le(p, wide ? 45 : 20, 2);
    vxg__put_le(p + 2, is_ascii(name) ? 0 : 0x800, 2);
    vxg__put_le(p + 4, 0, 2); /* stored */
    vxg__put_le(p + 6, 0, 2);
    vxg__put_le(p + 8, FIRST_DAY, 2);
    vxg__put_le(p + 10, crc, 4);
    vxg__put_le(p + 14, old, 4);
    vxg__put_le(p + 18, old, 4);
    vxg__put_le(p + 22, strlen(name), 2);
    vxg__put_le(p + 24, extra, 2);
}

/* Zip64's field: both sizes where they are large, the place where it is. */
static size_t put_extra(uint8_t extra[28], int64_t size, int64_t place) {
    size_t n = 4;
    if (size > limit) {
        vxg__put_le(extra + n, (uint64_t)size, 8);
        vxg__put_le(extra + n + 8, (uint64_t)size, 8);
        n += 16;
    }
    if (place > limit) {
        vxg__put_le(extra + n, (uint64_t)place, 8);
        n += 8;
    }
    if (n == 4) return 0;
    vxg__put_le(extra, 1, 2);
    vxg__put_le(extra + 2, n - 4, 2);
    return n;
}

int vxg__zip_add(vxg__zip_out *z, const char *name, int64_t size, uint32_t crc) {
    uint8_t local[LOCAL] = "PK\3\4", central[CENTRAL] = "PK\1\2", extra[28];
    const int64_t place = z->sink.done;
    const uint64_t old = size > limit ? 0xffffffffu : (uint64_t)size;
    size_t n = put_extra(extra, size, 0);
    put_common(local + 4, name, crc, n > 0, old, n);
    VXG_TRY(vxg__sink_add(&z->sink, local, LOCAL));
    VXG_TRY(vxg__sink_add(&z->sink, name, strlen(name)));
    VXG_TRY(vxg__sink_add(&z->sink, extra, n));
    n = put_extra(extra, size, place);
    vxg__put_le(central + 4, n ? 45 : 20, 2); /* as of whom; of no system */
    put_common(central + 6, name, crc, n > 0, old, n);
    vxg__put_le(central + 42, place > limit ? 0xffffffffu : (uint64_t)place, 4);
    vxg__text_append(&z->directory, (const char *)central, CENTRAL);
    vxg__text_append(&z->directory, name, strlen(name));
    vxg__text_append(&z->directory, (const char *)extra, n);
    z->count++;
    return z->directory.failed ? VXG_ERR_MEMORY : VXG_OK;
}

static int add_end64(vxg__zip_out *z, int64_t begin, int64_t bytes) {
    uint8_t end[56] = "PK\6\6", locator[20] = "PK\6\7";
    vxg__put_le(end + 4, sizeof end - 12, 8);
    vxg__put_le(end + 12, 45, 2);
    vxg__put_le(end + 14, 45, 2);
    vxg__put_le(end + 24, (uint64_t)z->count, 8);
    vxg__put_le(end + 32, (uint64_t)z->count, 8);
    vxg__put_le(end + 40, (uint64_t)bytes, 8);
    vxg__put_le(end + 48, (uint64_t)begin, 8);
    vxg__put_le(locator + 8, (uint64_t)(begin + bytes), 8);
    vxg__put_le(locator + 16, 1, 4);
    VXG_TRY(vxg__sink_add(&z->sink, end, sizeof end));
    return vxg__sink_add(&z->sink, locator, sizeof locator);
}

int vxg__zip_end(vxg__zip_out *z) {
    uint8_t end[22] = "PK\5\6";
    const int64_t begin = z->sink.done, bytes = (int64_t)z->directory.length;
    const int wide = begin > limit || bytes > limit || z->count > 65534;
    VXG_TRY(vxg__sink_add(&z->sink, z->directory.s, z->directory.length));
    if (wide) VXG_TRY(add_end64(z, begin, bytes));
    vxg__put_le(end + 8, wide ? 0xffff : (uint64_t)z->count, 2);
    vxg__put_le(end + 10, wide ? 0xffff : (uint64_t)z->count, 2);
    vxg__put_le(end + 12, wide ? 0xffffffffu : (uint64_t)bytes, 4);
    vxg__put_le(end + 16, wide ? 0xffffffffu : (uint64_t)begin, 4);
    VXG_TRY(vxg__sink_add(&z->sink, end, sizeof end));
    return vxg__sink_flush(&z->sink);
}
