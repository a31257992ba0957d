/* Stored chunks back to elements: deflate, shuffle, Fletcher-32, in the order the file says, every
 * step within the bytes it must give. Source: HDF5 File Format Specification 3.0, IV.A.2.l; the
 * checksum as libhdf5 forms it (big-endian 16-bit words, sums modulo 65535). */
#include "io/h5/dataset.h"

#include <stdio.h>
#include <string.h>
#ifdef VXG_HAVE_ZLIB
#include <zlib.h>
#endif

int vxg__h5_filter_known(int64_t id) {
#ifdef VXG_HAVE_ZLIB
    if (id == VXG__H5_DEFLATE) return 1;
#endif
    return id == VXG__H5_SHUFFLE || id == VXG__H5_FLETCHER32;
}

const char *vxg__h5_filter_name(const vxg__h5_filter *f) {
    static const struct {
        int id;
        const char *name;
    } names[] = {{1, "deflate"},  {2, "shuffle"},       {3, "Fletcher-32"}, {4, "szip"},
                 {5, "n-bit"},    {6, "scale-offset"},  {305, "LZO"},       {307, "bzip2"},
                 {32000, "LZF"},  {32001, "Blosc"},     {32004, "LZ4"},     {32008, "bitshuffle"},
                 {32013, "ZFP"},  {32015, "Zstandard"}, {32017, "SZ"},      {32018, "FCIDECOMP"},
                 {32019, "JPEG"}, {32024, "SZ3"},       {32026, "Blosc2"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].id == f->id) return names[i].name;
    return f->name[0] ? f->name : "unknown";
}

int64_t vxg__h5_decode_room(const vxg__h5_dataset *d, int64_t chunk_bytes) {
    /* checksums add 4 bytes each; an outer deflate's content is itself a little longer */
    return chunk_bytes + 4 * d->nfilters + (d->nfilters > 1 ? chunk_bytes / 512 + 4096 : 0);
}

static uint32_t fletcher32(const uint8_t *p, int64_t n) {
    uint32_t a = 0, b = 0;
    for (int64_t words = n / 2; words > 0;) {
        int64_t part = words > 360 ? 360 : words; /* no overflow within so many */
        words -= part;
        for (; part > 0; part--, p += 2) {
            a += (uint32_t)p[0] << 8 | p[1];
            b += a;
        }
        a = (a & 0xffff) + (a >> 16);
        b = (b & 0xffff) + (b >> 16);
    }
    if (n % 2) {
        a += (uint32_t)*p << 8;
        b += a;
        a = (a & 0xffff) + (a >> 16);
        b = (b & 0xffff) + (b >> 16);
    }
    a = (a & 0xffff) + (a >> 16);
    b = (b & 0xffff) + (b >> 16);
    return b << 16 | a;
}

/* Very old files have the checksum's halves with their bytes exchanged. */
static int checksum_holds(const uint8_t *p, int64_t n) {
    const uint32_t is = fletcher32(p, n - 4);
    const uint8_t *s = p + n - 4;
    const uint32_t said = s[0] | (uint32_t)s[1] << 8 | (uint32_t)s[2] << 16 | (uint32_t)s[3] << 24;
    const uint32_t old = s[1] | (uint32_t)s[0] << 8 | (uint32_t)s[3] << 16 | (uint32_t)s[2] << 24;
    return is == said || is == old;
}

static void unshuffle(const uint8_t *from, int64_t n, int64_t size, uint8_t *to) {
    const int64_t count = n / size;
    for (int64_t b = 0; b < size; b++)
        for (int64_t i = 0; i < count; i++) to[i * size + b] = from[b * count + i];
    memcpy(to + count * size, from + count * size, (size_t)(n - count * size));
}

/* want < 0: as many bytes as there are, at most room. Returns the bytes, or -1. */
static int64_t unpack(const uint8_t *from, int64_t n, uint8_t *to, int64_t room, int64_t want) {
#ifdef VXG_HAVE_ZLIB
    z_stream z = {0};
    int state = inflateInit(&z);
    int64_t made = 0;
    if (state != Z_OK) return -1;
    if (want >= 0) room = want;
    uint8_t beyond; /* one byte more than wanted shows that there are too many */
    while (state == Z_OK) {
        if (z.avail_in == 0) {
            const int64_t part = n < (1 << 30) ? n : 1 << 30;
            z.next_in = (Bytef *)(uintptr_t)from, z.avail_in = (uInt)part;
            from += part, n -= part;
        }
        const int64_t left = room - made, part = left < (1 << 30) ? left : 1 << 30;
        z.next_out = left ? to + made : &beyond;
        z.avail_out = left ? (uInt)part : 1;
        const uInt before = z.avail_out;
        state = inflate(&z, Z_NO_FLUSH);
        if (!left && z.avail_out == 0) state = Z_DATA_ERROR;
        if (left) made += before - z.avail_out;
        if (state == Z_BUF_ERROR && n > 0) state = Z_OK;
    }
    inflateEnd(&z);
    return state == Z_STREAM_END && (want < 0 || made == want) ? made : -1;
#else
    (void)from, (void)n, (void)to, (void)room, (void)want;
    return -1;
#endif
}

/* Bytes there must be before filter k was applied; -1: it depends on how well one packed. */
static int64_t bytes_before(const vxg__h5_dataset *d, uint32_t mask, int64_t chunk_bytes, int k) {
    for (int i = 0; i < k; i++) {
        if (mask >> i & 1) continue;
        if (d->filters[i].id == VXG__H5_DEFLATE) return -1;
        if (d->filters[i].id == VXG__H5_FLETCHER32) chunk_bytes += 4;
    }
    return chunk_bytes;
}

const char *vxg__h5_decode(const vxg__h5_dataset *d, uint32_t mask, int64_t chunk_bytes,
                           const uint8_t *stored, int64_t n, uint8_t *a, uint8_t *b,
                           const uint8_t **out) {
    const int64_t room = vxg__h5_decode_room(d, chunk_bytes);
    const uint8_t *now = stored;
    for (int k = d->nfilters - 1; k >= 0; k--) {
        const vxg__h5_filter *f = &d->filters[k];
        uint8_t *next = now == a ? b : a;
        if (mask >> k & 1) continue; /* left out when this chunk was written */
        if (f->id == VXG__H5_FLETCHER32) {
            if (n < 4 || !checksum_holds(now, n)) return "its checksum is wrong";
            n -= 4;
        } else if (f->id == VXG__H5_SHUFFLE) {
            const int64_t size = f->value > 0 && f->value <= 1 << 20 ? f->value : 1;
            if (n > room) return "it has too many bytes";
            if (size == 1) continue;
            unshuffle(now, n, size, next);
            now = next;
        } else {
            n = unpack(now, n, next, room, bytes_before(d, mask, chunk_bytes, k));
            if (n < 0) return "it does not unpack to the bytes a chunk has";
            now = next;
        }
    }
    if (n != chunk_bytes) return "it has not the bytes a chunk has";
    *out = now;
    return NULL;
}
