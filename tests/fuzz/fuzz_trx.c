/* Zip files as they are; what begins in another way is a list of members (bytes of the name, the
 * name, two bytes of length, the bytes), which become a stored zip file with right checksums: no
 * mutation finds those. */
#include "tract_readers.h"

#include <zlib.h>

static uint8_t zip[1 << 18];

static void put(uint8_t **p, uint64_t v, int bytes) {
    for (int i = 0; i < bytes; i++) *(*p)++ = (uint8_t)(v >> 8 * i);
}

/* sizes, checksum and length of the name, as both headers have them */
static void put_fields(uint8_t **p, const uint8_t *bytes, size_t n, size_t name) {
    put(p, 0, 8);
    put(p, crc32(0, bytes, (uInt)n), 4);
    put(p, n, 4), put(p, n, 4), put(p, name, 2), put(p, 0, 2);
}

static size_t make_zip(const uint8_t *data, size_t n) {
    static uint8_t directory[1 << 17];
    uint8_t *p = zip, *d = directory;
    int count = 0;
    for (size_t at = 0; at < n && count < 200; count++) {
        size_t name = data[at++] % 64;
        if (name > n - at) name = n - at;
        const uint8_t *word = data + at;
        at += name;
        if (n - at < 2) break;
        size_t size = data[at] | (size_t)data[at + 1] << 8;
        at += 2;
        if (size > n - at) size = n - at;
        const size_t place = (size_t)(p - zip);
        put(&p, 0x04034b50, 4), put(&p, 20, 2);
        put_fields(&p, data + at, size, name);
        memcpy(p, word, name), p += name;
        memcpy(p, data + at, size), p += size;
        put(&d, 0x02014b50, 4), put(&d, 20, 2), put(&d, 20, 2);
        put_fields(&d, data + at, size, name);
        put(&d, 0, 8), put(&d, 0, 2), put(&d, place, 4);
        memcpy(d, word, name), d += name;
        at += size;
    }
    const size_t begin = (size_t)(p - zip), length = (size_t)(d - directory);
    memcpy(p, directory, length), p += length;
    put(&p, 0x06054b50, 4), put(&p, 0, 4), put(&p, (uint64_t)count, 2), put(&p, (uint64_t)count, 2);
    put(&p, length, 4), put(&p, begin, 4), put(&p, 0, 2);
    return (size_t)(p - zip);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    const int whole = n < 2 || !memcmp(data, "PK", 2) || n > 60000;
    const size_t size = whole ? n : make_zip(data, n);
    tract_fuzz(whole ? data : zip, size, "trx");
    return 0;
}
