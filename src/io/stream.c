/* Files that may be packed by gzip (RFC 1952), several members in a row too. */
#include "io/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#ifdef VXG_HAVE_ZLIB
#include <zlib.h>
#endif

enum { PIECE = 1 << 16, SLACK = 1 << 20 };

int vxg__gz_check(const char *path) {
#ifdef VXG_HAVE_ZLIB
    (void)path;
    return VXG_OK;
#else
    VXG_FAIL(VXG_ERR_UNSUPPORTED, "%s: packed by gzip; this library was built without zlib", path);
#endif
}

static int look(vxg__stream *s, vxg__packing packing) {
    uint8_t magic[2] = {0};
    s->fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    VXG_FAIL_IF(s->fd < 0, VXG_ERR_INPUT, "%s: cannot open: %s", s->path, strerror(errno));
    VXG_FAIL_IF(fstat(s->fd, &s->was) != 0 || !S_ISREG(s->was.st_mode), VXG_ERR_INPUT,
                "%s: not a regular file", s->path);
    if (packing != VXG__PLAIN && pread(s->fd, magic, 2, 0) == 2)
        s->packed = magic[0] == 0x1f && magic[1] == 0x8b;
    VXG_FAIL_IF(packing == VXG__PACKED && !s->packed, VXG_ERR_INPUT, "%s: not packed by gzip",
                s->path);
    return s->packed ? vxg__gz_check(s->path) : VXG_OK;
}

int vxg__stream_open(vxg__stream *s, const char *path, vxg__packing packing) {
    *s = VXG__STREAM_NONE;
    if (!(s->path = vxg__strdup(path))) return VXG_ERR_MEMORY;
    const int status = look(s, packing);
    if (status) vxg__stream_close(s);
    return status;
}

void vxg__stream_close(vxg__stream *s) {
    if (s->fd >= 0) close(s->fd);
    if (s->scratch >= 0) close(s->scratch);
    vxg__free(s->memory);
    vxg__free(s->path);
    *s = VXG__STREAM_NONE;
}

int vxg__stream_unchanged(const vxg__stream *s) {
    struct stat now;
    VXG_FAIL_IF(fstat(s->fd, &now) != 0 || !vxg__stat_same(&now, &s->was), VXG_ERR_INPUT,
                "%s changed while it was read", s->path);
    return VXG_OK;
}

int vxg__stream_holds(const vxg__stream *s, int64_t first, int64_t bytes, const char *what) {
    const int64_t size = (int64_t)s->was.st_size;
    /* deflate makes at most 1032 bytes of one */
    const int64_t most = s->packed && size < INT64_MAX / 1040 ? size * 1032 : size;
    VXG_FAIL_IF(first < 0 || first > most || bytes > most - first, VXG_ERR_INPUT,
                "%s: %lld bytes%s cannot hold %lld bytes of %s from byte %lld on", s->path,
                (long long)size, s->packed ? " packed by gzip" : "", (long long)bytes, what,
                (long long)first);
    return VXG_OK;
}

/* ---- unpacking ---- */

#ifdef VXG_HAVE_ZLIB
typedef struct unpacking {
    const vxg__stream *s;
    z_stream z;
    uint8_t *in;
    int64_t at, made; /* bytes read from the file; bytes given */
    int between;      /* a member has ended */
} unpacking;

static int unpacking_start(unpacking *u, const vxg__stream *s) {
    memset(u, 0, sizeof *u);
    u->s = s;
    if (!(u->in = vxg__calloc(PIECE, 1))) return VXG_ERR_MEMORY;
    if (inflateInit2(&u->z, 15 + 16) == Z_OK) return VXG_OK;
    vxg__free(u->in);
    VXG_FAIL(VXG_ERR_MEMORY, "%s: no memory to unpack it", s->path);
}

static void unpacking_end(unpacking *u) {
    inflateEnd(&u->z);
    vxg__free(u->in);
}

/* More packed bytes, where there are any. */
static int refill(unpacking *u) {
    const int64_t left = (int64_t)u->s->was.st_size - u->at;
    const size_t n = left < PIECE ? (size_t)left : PIECE;
    if (u->z.avail_in > 0 || n == 0) return VXG_OK;
    VXG_TRY(vxg__read_exact(u->s->fd, u->in, n, u->at, u->s->path));
    u->z.next_in = u->in, u->z.avail_in = (uInt)n;
    u->at += (int64_t)n;
    return VXG_OK;
}

/* Behind a member zeros, then the end or another member. */
static int next_member(unpacking *u) {
    for (;;) {
        VXG_TRY(refill(u));
        if (u->z.avail_in == 0 || *u->z.next_in != 0) break;
        u->z.next_in++, u->z.avail_in--;
    }
    if (u->z.avail_in == 0) return VXG_OK;
    VXG_FAIL_IF(*u->z.next_in != 0x1f, VXG_ERR_INPUT,
                "%s: what follows the packed stream of %lld bytes is no gzip stream", u->s->path,
                (long long)u->made);
    inflateReset(&u->z);
    u->between = 0;
    return VXG_OK;
}

static int reason(const unpacking *u, int state) {
    VXG_FAIL_IF(state == Z_MEM_ERROR, VXG_ERR_MEMORY, "%s: no memory to unpack it", u->s->path);
    VXG_FAIL(VXG_ERR_INPUT, "%s: the packed stream is damaged after %lld bytes: %s", u->s->path,
             (long long)u->made,
             state == Z_NEED_DICT ? "it needs a dictionary"
             : u->z.msg           ? u->z.msg
                                  : "it makes no sense");
}

/* Up to `room` bytes; fewer where the stream ends. */
static int unpack(unpacking *u, uint8_t *out, size_t room, size_t *got) {
    *got = 0;
    while (*got < room) {
        if (u->between) VXG_TRY(next_member(u));
        if (u->between) return VXG_OK; /* the end */
        VXG_TRY(refill(u));
        const size_t left = room - *got, part = left < (1 << 30) ? left : 1 << 30;
        u->z.next_out = out + *got, u->z.avail_out = (uInt)part;
        const int state = inflate(&u->z, Z_NO_FLUSH);
        *got += part - u->z.avail_out, u->made += (int64_t)(part - u->z.avail_out);
        VXG_FAIL_IF(state == Z_BUF_ERROR && u->z.avail_in == 0, VXG_ERR_INPUT,
                    "%s: the packed stream is cut: it ends after %lld bytes", u->s->path,
                    (long long)u->made);
        if (state == Z_STREAM_END) {
            u->between = 1;
        } else if (state != Z_OK && state != Z_BUF_ERROR) {
            return reason(u, state);
        }
    }
    return VXG_OK;
}

static int packed_head(const vxg__stream *s, void *head, size_t size, size_t *n) {
    unpacking u;
    VXG_TRY(unpacking_start(&u, s));
    const int status = unpack(&u, head, size, n);
    unpacking_end(&u);
    return status;
}

size_t vxg__gz_head(const uint8_t *packed, size_t n, uint8_t *out, size_t room) {
    z_stream z = {.next_in = (Bytef *)(uintptr_t)packed, .avail_in = (uInt)n};
    if (n < 2 || packed[0] != 0x1f || packed[1] != 0x8b || inflateInit2(&z, 15 + 16) != Z_OK)
        return 0;
    z.next_out = out, z.avail_out = (uInt)room;
    while (z.avail_out > 0 && inflate(&z, Z_SYNC_FLUSH) == Z_STREAM_END) {
        for (; z.avail_in > 0 && *z.next_in == 0; z.avail_in--) z.next_in++;
        inflateReset(&z);
    }
    inflateEnd(&z);
    return room - z.avail_out;
}

/* The end of the stream: its checksum, and no more than a little behind what was wanted, whatever
 * the stream would unpack to. */
static int check_rest(unpacking *u, int64_t wanted, uint8_t *piece) {
    for (size_t got = PIECE; got == PIECE;) {
        VXG_TRY(unpack(u, piece, PIECE, &got));
        VXG_FAIL_IF(u->made > wanted + SLACK, VXG_ERR_INPUT,
                    "%s: the packed stream is longer than the %lld bytes its header says",
                    u->s->path, (long long)wanted);
    }
    return VXG_OK;
}

static int take(unpacking *u, vxg__stream *s, uint8_t *piece) {
    int64_t skip = s->first, done = 0;
    while (skip > 0 || done < s->bytes) {
        const int64_t left = skip > 0 ? skip : s->bytes - done;
        uint8_t *to = skip > 0 || !s->memory ? piece : s->memory + done;
        const int64_t most = to == piece ? PIECE : left;
        const size_t n = (size_t)(left < most ? left : most);
        size_t got = 0;
        VXG_TRY(unpack(u, to, n, &got));
        VXG_FAIL_IF(
            got < n, VXG_ERR_INPUT,
            "%s: the packed stream has %lld bytes, %lld are needed for what its header says",
            s->path, (long long)u->made, (long long)(s->first + s->bytes));
        if (skip > 0) {
            skip -= (int64_t)n;
            continue;
        }
        if (!s->memory) VXG_TRY(vxg__write_all(s->scratch, piece, n, done, "the scratch file"));
        done += (int64_t)n;
    }
    return check_rest(u, s->first + s->bytes, piece);
}

static int64_t usual_memory(void) {
    const int64_t pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    return pages > 0 && page > 0 ? pages * page / 4 : (int64_t)1 << 30;
}

static int keep(vxg__stream *s, int64_t max_memory) {
    unpacking u;
    if (s->bytes <= (max_memory > 0 ? max_memory : usual_memory())) {
        if (!(s->memory = vxg__calloc(s->bytes ? (size_t)s->bytes : 1, 1))) return VXG_ERR_MEMORY;
    } else {
        VXG_TRY(vxg__nameless_open(NULL, s->bytes, &s->scratch));
    }
    uint8_t *piece = vxg__calloc(PIECE, 1);
    if (!piece) return VXG_ERR_MEMORY;
    int status = unpacking_start(&u, s);
    if (!status) {
        status = take(&u, s, piece);
        unpacking_end(&u);
    }
    vxg__free(piece);
    return status;
}

int vxg__stream_keep(vxg__stream *s, int64_t first, int64_t bytes, int64_t max_memory) {
    s->first = first, s->bytes = bytes;
    const int status = keep(s, max_memory);
    if (!status) return VXG_OK;
    if (s->scratch >= 0) close(s->scratch);
    vxg__free(s->memory);
    s->memory = NULL, s->scratch = -1;
    return status;
}

/* ---- packing ---- */

static int pack(z_stream *z, int from, int64_t bytes, int to, const char *path, uint8_t *in,
                uint8_t *out) {
    int64_t at = 0;
    for (int state = Z_OK; state != Z_STREAM_END;) {
        if (z->avail_in == 0 && at < bytes) {
            const size_t n = bytes - at < PIECE ? (size_t)(bytes - at) : PIECE;
            VXG_TRY(vxg__read_exact(from, in, n, at, path));
            z->next_in = in, z->avail_in = (uInt)n;
            at += (int64_t)n;
        }
        z->next_out = out, z->avail_out = PIECE;
        state = deflate(z, at < bytes ? Z_NO_FLUSH : Z_FINISH);
        VXG_FAIL_IF(state == Z_STREAM_ERROR, VXG_ERR_FAILED, "%s: zlib does not pack", path);
        VXG_TRY(vxg__write_all(to, out, PIECE - z->avail_out, -1, path));
    }
    return VXG_OK;
}

int vxg__gz_pack(int from, int64_t bytes, int to, const char *path) {
    z_stream z = {0};
    uint8_t *in = vxg__calloc(PIECE, 2);
    if (!in) return VXG_ERR_MEMORY;
    /* No name and no time in the header: zlib's usual one. */
    int status = VXG_ERR_MEMORY;
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) ==
        Z_OK) {
        status = pack(&z, from, bytes, to, path, in, in + PIECE);
        deflateEnd(&z);
    } else {
        vxg_error_set(status, "%s: no memory to pack it", path);
    }
    vxg__free(in);
    return status;
}
#else
static int packed_head(const vxg__stream *s, void *head, size_t size, size_t *n) {
    (void)head, (void)size, (void)n;
    return vxg__gz_check(s->path);
}
size_t vxg__gz_head(const uint8_t *packed, size_t n, uint8_t *out, size_t room) {
    (void)packed, (void)n, (void)out, (void)room;
    return 0;
}
int vxg__stream_keep(vxg__stream *s, int64_t first, int64_t bytes, int64_t max_memory) {
    (void)first, (void)bytes, (void)max_memory;
    return vxg__gz_check(s->path);
}
int vxg__gz_pack(int from, int64_t bytes, int to, const char *path) {
    (void)from, (void)bytes, (void)to;
    return vxg__gz_check(path);
}
#endif

int vxg__stream_head(const vxg__stream *s, void *head, size_t size, size_t *n) {
    if (s->packed) return packed_head(s, head, size, n);
    *n = (int64_t)s->was.st_size < (int64_t)size ? (size_t)s->was.st_size : size;
    return vxg__read_exact(s->fd, head, *n, 0, s->path);
}

int vxg__stream_kept(const vxg__stream *s) {
    return s->memory || s->scratch >= 0;
}

int vxg__stream_read(const vxg__stream *s, void *data, size_t n, int64_t at) {
    if (!s->packed) return vxg__read_exact(s->fd, data, n, at, s->path);
    assert(vxg__stream_kept(s) && at >= s->first && (int64_t)n <= s->bytes - (at - s->first));
    if (!s->memory) return vxg__read_exact(s->scratch, data, n, at - s->first, "the scratch file");
    memcpy(data, s->memory + (at - s->first), n);
    return VXG_OK;
}
