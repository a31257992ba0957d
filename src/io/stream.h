/* The bytes of a file, packed by gzip or not, for formats that are a header and then elements. What
 * is packed is unpacked from the beginning to the end once: into memory, or, where less is allowed,
 * into a scratch file. */
#ifndef VXG_IO_STREAM_H
#define VXG_IO_STREAM_H

#include "io/io.h"

typedef struct vxg__stream {
    char *path;
    int fd, packed;
    struct stat was;
    /* of a packed file, once vxg__stream_keep was called: the part of its stream that is at hand */
    int64_t first, bytes;
    uint8_t *memory;
    int scratch; /* < 0: none */
} vxg__stream;

typedef enum vxg__packing { VXG__PLAIN, VXG__PACKED, VXG__BY_CONTENT } vxg__packing;

/* Of a closed stream: zeros but for the descriptors. */
#define VXG__STREAM_NONE                                                                           \
    (vxg__stream) {                                                                                \
        .fd = -1, .scratch = -1                                                                    \
    }

int vxg__stream_open(vxg__stream *s, const char *path, vxg__packing packing);
void vxg__stream_close(vxg__stream *s); /* one that is closed is fine */
int vxg__stream_unchanged(const vxg__stream *s);
/* The first bytes, *n of them, fewer than size where the stream is shorter. */
int vxg__stream_head(const vxg__stream *s, void *head, size_t size, size_t *n);
/* Whether `bytes` bytes from `first` on can be in the file, before memory is taken for them; of a
 * packed one only that much is known. `what` is said in the message. */
int vxg__stream_holds(const vxg__stream *s, int64_t first, int64_t bytes, const char *what);
/* Unpacks the bytes [first, first + bytes) and checks the rest of the stream, which may be a little
 * longer. max_memory 0: a quarter of the machine's. */
int vxg__stream_keep(vxg__stream *s, int64_t first, int64_t bytes, int64_t max_memory);
int vxg__stream_kept(const vxg__stream *s);
/* n bytes from `at` on; of a packed file inside what is kept. */
int vxg__stream_read(const vxg__stream *s, void *data, size_t n, int64_t at);

/* Unpacks as many bytes as the beginning of a gzip file gives, for looking at what it is. */
size_t vxg__gz_head(const uint8_t *packed, size_t n, uint8_t *out, size_t room);
/* Packs the first `bytes` bytes of a file into another; the same bytes give the same file. */
int vxg__gz_pack(int from, int64_t bytes, int to, const char *path);
int vxg__gz_check(const char *path); /* VXG_ERR_UNSUPPORTED: built without zlib */

/* A file without a name in `folder`, NULL: in TMPDIR, or /var/tmp; nothing is left of it, however
 * the process ends. Room for that many bytes is reserved. */
int vxg__nameless_open(const char *folder, int64_t bytes, int *fd);

#endif
