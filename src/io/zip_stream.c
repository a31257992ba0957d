/* A member of a zip file, or a file, from front to back. */
#include "io/zip.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#ifdef VXG_HAVE_ZLIB
#include <zlib.h>

enum { PACKED = 1 << 14 };

/* zlib's own memory is the library's too. */
static void *zip_alloc(void *context, unsigned count, unsigned size) {
    (void)context;
    return vxg__calloc(count, size);
}

static void zip_free(void *context, void *p) {
    (void)context;
    vxg__free(p);
}

typedef struct unpacker {
    z_stream z;
    int ended;
    uint8_t packed[PACKED];
} unpacker;

static int unpack_new(vxg__zip_stream *s) {
    unpacker *u = vxg__calloc(1, sizeof *u);
    if (!u) return VXG_ERR_MEMORY;
    u->z.zalloc = zip_alloc, u->z.zfree = zip_free;
    if (inflateInit2(&u->z, -MAX_WBITS) != Z_OK) {
        vxg__free(u);
        return VXG_ERR_MEMORY;
    }
    s->inflate = u;
    return VXG_OK;
}

static void unpack_free(vxg__zip_stream *s) {
    unpacker *u = s->inflate;
    if (u) inflateEnd(&u->z);
    vxg__free(u);
}

/* As many of n bytes as there are until the deflated ones end. */
static int unpack(vxg__zip_stream *s, void *to, size_t n, size_t *got) {
    unpacker *u = s->inflate;
    const size_t most = (size_t)1 << 30, piece = n < most ? n : most;
    u->z.next_out = to, u->z.avail_out = (uInt)piece;
    while (u->z.avail_out > 0 && !u->ended) {
        const int64_t left = s->end - s->at;
        if (u->z.avail_in == 0 && left > 0) {
            const size_t k = left < PACKED ? (size_t)left : PACKED;
            VXG_TRY(vxg__read_exact(s->fd, u->packed, k, s->at, s->path));
            u->z.next_in = u->packed, u->z.avail_in = (uInt)k;
            s->at += (int64_t)k;
        }
        const int r = inflate(&u->z, Z_NO_FLUSH);
        if (r == Z_MEM_ERROR) return VXG_ERR_MEMORY;
        u->ended = r == Z_STREAM_END;
        VXG_FAIL_IF(r != Z_OK && r != Z_STREAM_END, VXG_ERR_INPUT, "%s: '%s' is damaged: %s",
                    s->path, VXG_SHOW(s->name), u->z.msg ? u->z.msg : "its bytes end too early");
    }
    *got = piece - u->z.avail_out;
    return VXG_OK;
}

/* Behind the last byte there is nothing. */
static int unpack_end(vxg__zip_stream *s) {
    uint8_t more;
    size_t got = 0;
    const unpacker *u = s->inflate;
    VXG_TRY(unpack(s, &more, 1, &got));
    VXG_FAIL_IF(got > 0, VXG_ERR_INPUT, "%s: '%s' unpacks to more than the %lld bytes it says",
                s->path, VXG_SHOW(s->name), (long long)s->size);
    VXG_FAIL_IF(s->at != s->end || u->z.avail_in > 0, VXG_ERR_INPUT,
                "%s: '%s' has bytes behind its end", s->path, VXG_SHOW(s->name));
    return VXG_OK;
}

static uint32_t add_crc(uint32_t crc, const void *p, size_t n) {
    const uint8_t *b = p;
    for (const size_t most = (size_t)1 << 30; n > most; n -= most, b += most)
        crc = (uint32_t)crc32(crc, b, (uInt)most);
    return (uint32_t)crc32(crc, b, (uInt)n);
}
#else
static int unpack_new(vxg__zip_stream *s) {
    VXG_FAIL(VXG_ERR_UNSUPPORTED, "%s: '%s' is deflated; this library was built without zlib",
             s->path, VXG_SHOW(s->name));
}
static void unpack_free(vxg__zip_stream *s) {
    (void)s;
}
static int unpack(vxg__zip_stream *s, void *to, size_t n, size_t *got) {
    (void)s, (void)to, (void)n, (void)got;
    return VXG_ERR_UNSUPPORTED;
}
static int unpack_end(vxg__zip_stream *s) {
    (void)s;
    return VXG_OK;
}
static uint32_t add_crc(uint32_t crc, const void *p, size_t n) {
    (void)p, (void)n;
    return crc;
}
#endif

/* A member without bytes has a checksum too. */
static int check_sum(const vxg__zip_stream *s) {
#ifdef VXG_HAVE_ZLIB
    VXG_FAIL_IF(s->summed && s->crc != s->wanted, VXG_ERR_INPUT,
                "%s: '%s' is damaged: its checksum is another", s->path, VXG_SHOW(s->name));
#else
    (void)s;
#endif
    return VXG_OK;
}

int vxg__zip_stream_member(int fd, const char *path, const vxg__zip *z, const vxg__zip_member *m,
                           vxg__zip_stream *s) {
    *s = (vxg__zip_stream){.fd = fd, .path = path, .size = m->size, .wanted = m->crc, .summed = 1};
    VXG_TRY(vxg__zip_place(fd, path, z, m, &s->at));
    s->end = s->at + m->packed;
    s->name = vxg__strdup(m->name);
    if (!s->name) return VXG_ERR_MEMORY;
    if (m->deflated) VXG_TRY(unpack_new(s));
    if (m->size > 0) return VXG_OK;
    if (m->deflated) VXG_TRY(unpack_end(s));
    return check_sum(s);
}

int vxg__zip_stream_file(const char *path, vxg__zip_stream *s) {
    struct stat st;
    *s = (vxg__zip_stream){.fd = -1, .own_fd = 1};
    s->name = vxg__strdup(path);
    if (!s->name) return VXG_ERR_MEMORY;
    s->path = s->name;
    s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    VXG_FAIL_IF(s->fd < 0, VXG_ERR_INPUT, "%s: cannot open: %s", path, strerror(errno));
    VXG_FAIL_IF(fstat(s->fd, &st) != 0 || !S_ISREG(st.st_mode), VXG_ERR_INPUT,
                "%s: not a regular file", path);
    s->end = s->size = (int64_t)st.st_size;
    return VXG_OK;
}

int vxg__zip_stream_read(vxg__zip_stream *s, void *to, size_t n) {
    uint8_t *p = to;
    VXG_FAIL_IF((int64_t)n > s->size - s->given, VXG_ERR_INPUT, "%s: '%s' ends too early", s->path,
                VXG_SHOW(s->name));
    while (n > 0) {
        size_t got = n;
        if (s->inflate) {
            VXG_TRY(unpack(s, p, n, &got));
            VXG_FAIL_IF(got == 0, VXG_ERR_INPUT,
                        "%s: '%s' unpacks to less than the %lld bytes it says", s->path,
                        VXG_SHOW(s->name), (long long)s->size);
        } else {
            VXG_TRY(vxg__read_exact(s->fd, p, n, s->at, s->path));
            s->at += (int64_t)n;
        }
        if (s->summed) s->crc = add_crc(s->crc, p, got);
        s->given += (int64_t)got, p += got, n -= got;
        if (s->given < s->size) continue;
        if (s->inflate) VXG_TRY(unpack_end(s));
        VXG_TRY(check_sum(s));
    }
    return VXG_OK;
}

void vxg__zip_stream_close(vxg__zip_stream *s) {
    unpack_free(s);
    if (s->own_fd && s->fd >= 0) close(s->fd);
    vxg__free(s->name);
    *s = (vxg__zip_stream){.fd = -1};
}
