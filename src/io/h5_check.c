/* Walks the structures of an HDF5 file: superblock, objects, groups, chunk trees, heaps. */
#include "io/h5_check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef VXG_HAVE_ZLIB
#include <zlib.h>
#endif

enum { MOST_BLOCKS = 1024, MOST_DEPTH = 64, MOST_SEEN = 1 << 24 };
static const uint64_t most_bytes = (uint64_t)256 << 20; /* of any one piece of metadata */

/* ---- bytes ---- */

int vxg__h5_damaged(const vxg__h5_check *c, int64_t at, const char *what) {
    VXG_FAIL(VXG_ERR_INPUT, "%s: the HDF5 file is damaged: %s, near byte %lld", c->path, what,
             (long long)at);
}

int vxg__h5_load(const vxg__h5_check *c, uint64_t address, uint64_t n, const char *what,
                 vxg__h5_bytes *out) {
    *out = (vxg__h5_bytes){.bad = 1};
    uint64_t room = (uint64_t)(c->bytes - c->base);
    if (address > room || n > room - address || n > most_bytes)
        return vxg__h5_damaged(c, (int64_t)(address & INT64_MAX), what);
    uint8_t *p = vxg__calloc(n ? n : 1, 1);
    if (!p) return VXG_ERR_MEMORY;
    int64_t at = c->base + (int64_t)address;
    *out = (vxg__h5_bytes){.p = p, .end = p + n, .at = at, .memory = p};
    for (uint64_t done = 0; done < n;) {
        ssize_t got = pread(c->fd, p + done, n - done, (off_t)(at + (int64_t)done));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) {
            vxg__free(p);
            *out = (vxg__h5_bytes){.bad = 1};
            VXG_FAIL(VXG_ERR_INPUT, "%s: cannot read: %s", c->path,
                     got < 0 ? strerror(errno) : "the file became shorter");
        }
        done += (uint64_t)got;
    }
    return VXG_OK;
}

uint64_t vxg__h5_take(vxg__h5_bytes *b, int n) {
    uint64_t v = 0;
    if (b->bad || b->end - b->p < n) {
        b->bad = 1;
        return 0;
    }
    for (int i = 0; i < n; i++) v |= (uint64_t)b->p[i] << 8 * i;
    b->p += n;
    return v;
}

void vxg__h5_skip(vxg__h5_bytes *b, uint64_t n) {
    if (b->bad || (uint64_t)(b->end - b->p) < n) {
        b->bad = 1;
    } else {
        b->p += n;
    }
}

vxg__h5_bytes vxg__h5_part(vxg__h5_bytes *b, uint64_t n) {
    vxg__h5_bytes part = {.p = b->p, .at = b->at};
    vxg__h5_skip(b, n);
    part.bad = b->bad;
    part.end = b->bad ? part.p : b->p;
    return part;
}

uint64_t vxg__h5_address(const vxg__h5_check *c, vxg__h5_bytes *b) {
    uint64_t v = vxg__h5_take(b, c->address), none = UINT64_MAX >> (64 - 8 * c->address);
    return v == none ? UINT64_MAX : v;
}

/* ---- what was visited ---- */

static int64_t *slot_of(int64_t *table, int64_t room, int64_t key) {
    uint64_t i = (uint64_t)key * UINT64_C(0x9e3779b97f4a7c15) >> 20;
    while (table[i & (uint64_t)(room - 1)] && table[i & (uint64_t)(room - 1)] != key) i++;
    return &table[i & (uint64_t)(room - 1)];
}

int vxg__h5_visit(vxg__h5_check *c, int64_t key) {
    if (key == 0) key = INT64_MIN;
    if (2 * (c->seen_count + 1) > c->seen_room) {
        int64_t room = c->seen_room ? 2 * c->seen_room : 1024;
        if (room > MOST_SEEN) return vxg_error_set(-1, "out of memory: too many objects");
        int64_t *table = vxg__calloc((size_t)room, sizeof *table);
        if (!table) return -1;
        for (int64_t i = 0; i < c->seen_room; i++)
            if (c->seen[i]) *slot_of(table, room, c->seen[i]) = c->seen[i];
        vxg__free(c->seen);
        c->seen = table, c->seen_room = room;
    }
    int64_t *slot = slot_of(c->seen, c->seen_room, key);
    if (*slot) return 1;
    *slot = key;
    c->seen_count++;
    return 0;
}

/* Notes a structure: *again 1 when it was noted before. kind keeps kinds apart. */
static int visit(vxg__h5_check *c, uint64_t address, int kind, int *again) {
    *again = vxg__h5_visit(c, (int64_t)(address * 8 + (uint64_t)kind));
    if (*again >= 0) return VXG_OK;
    return vxg_error_context(VXG_ERR_MEMORY, "%s: checking its objects", c->path);
}
enum { OBJECT, GROUP, NODE, COLLECTION };

/* ---- heaps ---- */

static int free_list(const vxg__h5_check *c, const vxg__h5_bytes *data, uint64_t at) {
    uint64_t size = (uint64_t)(data->end - data->p), least = 2 * (uint64_t)c->length;
    for (uint64_t steps = 0; at != 1; steps++) {
        if (at > size || least > size - at || steps > size / least)
            return vxg__h5_damaged(c, data->at, "free space of a heap outside it");
        vxg__h5_bytes b = {.p = data->p + at, .end = data->end, .at = data->at};
        uint64_t next = vxg__h5_take(&b, c->length), n = vxg__h5_take(&b, c->length);
        if (n < least || n > size - at)
            return vxg__h5_damaged(c, data->at, "free space of a heap outside it");
        at = next;
    }
    return VXG_OK;
}

/* Loads the names of a group. */
static int local_heap(const vxg__h5_check *c, uint64_t address, vxg__h5_bytes *data) {
    vxg__h5_bytes b;
    uint64_t head = 8 + 2 * (uint64_t)c->length + (uint64_t)c->address;
    *data = (vxg__h5_bytes){.bad = 1};
    VXG_TRY(vxg__h5_load(c, address, head, "a local heap outside the file", &b));
    int good = !memcmp(b.p, "HEAP", 4) && b.p[4] == 0;
    vxg__h5_skip(&b, 8);
    uint64_t size = vxg__h5_take(&b, c->length), list = vxg__h5_take(&b, c->length);
    uint64_t at = vxg__h5_address(c, &b);
    vxg__free(b.memory);
    if (!good) return vxg__h5_damaged(c, (int64_t)address, "no local heap");
    VXG_TRY(vxg__h5_load(c, at, size, "a local heap's names outside the file", data));
    return free_list(c, data, list);
}

static int is_name(const vxg__h5_bytes *heap, uint64_t offset) {
    uint64_t size = (uint64_t)(heap->end - heap->p);
    return offset < size && memchr(heap->p + offset, 0, (size_t)(size - offset)) != NULL;
}

static int collection(const vxg__h5_check *c, vxg__h5_bytes *b, uint64_t index, uint64_t bytes) {
    int found = 0;
    const uint64_t head =
        (8 + (uint64_t)c->length + 7) / 8 * 8; /* of the collection, of an object */
    vxg__h5_skip(b, head);
    while ((uint64_t)(b->end - b->p) >= head) {
        uint64_t i = vxg__h5_take(b, 2);
        vxg__h5_skip(b, 6);
        uint64_t n = vxg__h5_take(b, c->length);
        vxg__h5_skip(b, head - 8 - (uint64_t)c->length);
        uint64_t rest = (uint64_t)(b->end - b->p);
        /* Index 0 is free space and counts its own head. */
        if (i == 0 && n < head) return vxg__h5_damaged(c, b->at, "free space in a global heap");
        if (i == 0) n -= head;
        if (n > rest) return vxg__h5_damaged(c, b->at, "a global heap's object outside it");
        if (i == index && i != 0) found = n == bytes || bytes == UINT64_MAX;
        uint64_t padded = i ? (n + 7) / 8 * 8 : n;
        if (padded > rest) return vxg__h5_damaged(c, b->at, "a global heap's object outside it");
        vxg__h5_skip(b, padded);
    }
    return found ? VXG_OK : vxg__h5_damaged(c, b->at, "no such object in a global heap");
}

int vxg__h5_check_global(vxg__h5_check *c, uint64_t address, uint64_t index, uint64_t bytes) {
    vxg__h5_bytes b;
    uint64_t head = 8 + (uint64_t)c->length;
    VXG_TRY(vxg__h5_load(c, address, head, "a global heap outside the file", &b));
    int good = !memcmp(b.p, "GCOL", 4) && b.p[4] == 1;
    vxg__h5_skip(&b, 8);
    uint64_t size = vxg__h5_take(&b, c->length);
    vxg__free(b.memory);
    if (!good || size < 4096) return vxg__h5_damaged(c, (int64_t)address, "no global heap");
    VXG_TRY(vxg__h5_load(c, address, size, "a global heap outside the file", &b));
    int status = collection(c, &b, index, bytes);
    vxg__free(b.memory);
    return status;
}

/* ---- trees ---- */

typedef struct tree {
    int type; /* 0 group, 1 chunks */
    uint64_t key_bytes;
    const vxg__h5_bytes *names; /* group: the local heap */
    const vxg__h5_object *o;    /* chunks: the dataset */
    int inflated;               /* chunks: one was unpacked */
} tree;

static int symbol(vxg__h5_check *c, const vxg__h5_bytes *names, vxg__h5_bytes *b) {
    uint64_t name = vxg__h5_take(b, c->length), object = vxg__h5_address(c, b);
    uint64_t cached = vxg__h5_take(b, 4);
    vxg__h5_skip(b, 4);
    vxg__h5_bytes scratch = vxg__h5_part(b, 16);
    if (b->bad || cached > 2) return vxg__h5_damaged(c, b->at, "a symbol table entry");
    if (names && !is_name(names, name)) return vxg__h5_damaged(c, b->at, "a name outside its heap");
    if (cached == 2) { /* a symbolic link: its text is in the heap too */
        if (names && !is_name(names, vxg__h5_take(&scratch, 4)))
            return vxg__h5_damaged(c, b->at, "a symbolic link outside its heap");
        return VXG_OK;
    }
    if (cached == 1) {
        uint64_t root = vxg__h5_address(c, &scratch), heap = vxg__h5_address(c, &scratch);
        if (scratch.bad) return vxg__h5_damaged(c, b->at, "a symbol table entry");
        VXG_TRY(vxg__h5_check_group(c, root, heap));
    }
    return vxg__h5_check_object(c, object);
}

static int symbol_node(vxg__h5_check *c, const tree *t, uint64_t address) {
    vxg__h5_bytes b;
    VXG_TRY(vxg__h5_load(c, address, 8, "a symbol table node outside the file", &b));
    int good = !memcmp(b.p, "SNOD", 4) && b.p[4] == 1;
    uint64_t count = b.p[6] | (uint64_t)b.p[7] << 8;
    vxg__free(b.memory);
    if (!good) return vxg__h5_damaged(c, (int64_t)address, "no symbol table node");
    VXG_TRY(vxg__h5_load(c, address, 8 + count * ((uint64_t)c->length + (uint64_t)c->address + 24),
                         "a symbol table node outside the file", &b));
    vxg__h5_skip(&b, 8);
    int status = VXG_OK;
    for (uint64_t i = 0; i < count && !status; i++) status = symbol(c, t->names, &b);
    vxg__free(b.memory);
    return status;
}

#ifdef VXG_HAVE_ZLIB
/* Bytes that a deflate stream of the file unpacks to, -1 when it is none; in pieces, to memory of a
 * fixed size whatever the file claims. */
static int inflated_size(const vxg__h5_check *c, uint64_t address, uint64_t size, double *bytes) {
    enum { PIECE = 65536 };
    z_stream z = {0};
    vxg__h5_bytes b = {0};
    uint8_t *plain = vxg__calloc(PIECE, 1);
    int status = plain ? VXG_OK : VXG_ERR_MEMORY, state = Z_OK;
    *bytes = 0;
    if (!status && inflateInit(&z) != Z_OK)
        status = vxg_error_set(VXG_ERR_MEMORY, "%s: zlib has no memory", c->path);
    while (!status && state == Z_OK) {
        if (z.avail_in == 0) {
            uint64_t n = size < PIECE ? size : PIECE;
            vxg__free(b.memory);
            status = vxg__h5_load(c, address, n, "a chunk outside the file", &b);
            z.next_in = b.memory, z.avail_in = (uInt)n;
            address += n, size -= n;
        }
        z.next_out = plain, z.avail_out = PIECE;
        if (!status) state = inflate(&z, Z_NO_FLUSH);
        *bytes += PIECE - z.avail_out;
    }
    if (state != Z_STREAM_END) *bytes = -1;
    if (plain) inflateEnd(&z);
    vxg__free(b.memory);
    vxg__free(plain);
    return status;
}
#endif

/* libhdf5 does not look whether an unpacked chunk is as long as it should be. One chunk is unpacked
 * here: when a header is damaged, all are wrong; when a chunk is, its checksum tells. */
static int unpack(const vxg__h5_check *c, const vxg__h5_object *o, uint64_t address,
                  uint64_t size) {
#ifdef VXG_HAVE_ZLIB
    double bytes = 0;
    VXG_TRY(inflated_size(c, address, size, &bytes));
    if (bytes != o->chunk_bytes)
        return vxg__h5_damaged(c, (int64_t)address, "a chunk that unpacks to another size");
#else
    (void)c, (void)o, (void)address, (void)size;
#endif
    return VXG_OK;
}

static int chunk(vxg__h5_check *c, tree *t, uint64_t size, uint64_t mask, uint64_t address) {
    const vxg__h5_object *o = t->o;
    uint64_t room = (uint64_t)(c->bytes - c->base);
    int packed = o->resizing && !(o->deflate >= 0 && mask >> o->deflate & 1);
    if (address > room || size > room - address)
        return vxg__h5_damaged(c, (int64_t)(address & INT64_MAX), "a chunk outside the file");
    if (!packed && (double)size < o->chunk_bytes)
        return vxg__h5_damaged(c, (int64_t)address, "a chunk that is too short");
    if (!packed || o->deflate < 0 || t->inflated) return VXG_OK;
    t->inflated = 1;
    return unpack(c, o, address, size);
}

static int tree_node(vxg__h5_check *c, tree *t, uint64_t address, int level);

static int tree_entries(vxg__h5_check *c, tree *t, vxg__h5_bytes *b, uint64_t count, int level) {
    for (uint64_t i = 0; i <= count; i++) {
        vxg__h5_bytes key = vxg__h5_part(b, t->key_bytes);
        uint64_t first = vxg__h5_take(&key, t->type == 0 ? c->length : 4);
        uint64_t mask = t->type == 1 ? vxg__h5_take(&key, 4) : 0;
        if (b->bad) return vxg__h5_damaged(c, b->at, "a B-tree node that is cut");
        if (t->type == 0 && count > 0 && !is_name(t->names, first))
            return vxg__h5_damaged(c, b->at, "a B-tree key outside its heap");
        if (i == count) break;
        uint64_t child = vxg__h5_address(c, b);
        if (level > 0) {
            VXG_TRY(tree_node(c, t, child, level - 1));
        } else if (t->type == 0) {
            VXG_TRY(symbol_node(c, t, child));
        } else {
            VXG_TRY(chunk(c, t, first, mask, child));
        }
    }
    return VXG_OK;
}

/* level < 0: the root, which may have any level. */
static int tree_node(vxg__h5_check *c, tree *t, uint64_t address, int level) {
    vxg__h5_bytes b;
    int again = 0;
    const uint64_t head = 8 + 2 * (uint64_t)c->address;
    VXG_TRY(visit(c, address, NODE, &again));
    if (again) return vxg__h5_damaged(c, (int64_t)address, "a B-tree node that is used twice");
    VXG_TRY(vxg__h5_load(c, address, head, "a B-tree node outside the file", &b));
    int good = !memcmp(b.p, "TREE", 4) && b.p[4] == t->type, found = b.p[5];
    uint64_t count = b.p[6] | (uint64_t)b.p[7] << 8;
    vxg__free(b.memory);
    if (!good || found > 20 || (level >= 0 && found != level) || (found > 0 && count == 0))
        return vxg__h5_damaged(c, (int64_t)address, "no B-tree node, or of the wrong level");
    VXG_TRY(vxg__h5_load(c, address,
                         head + count * (t->key_bytes + (uint64_t)c->address) + t->key_bytes,
                         "a B-tree node outside the file", &b));
    vxg__h5_skip(&b, head);
    int status = tree_entries(c, t, &b, count, found);
    vxg__free(b.memory);
    return status;
}

int vxg__h5_check_group(vxg__h5_check *c, uint64_t root, uint64_t heap) {
    int again = 0;
    vxg__h5_bytes names;
    VXG_TRY(visit(c, root * 31 + heap, GROUP, &again));
    if (again) return VXG_OK;
    if (c->depth >= MOST_DEPTH) return vxg__h5_damaged(c, 0, "groups nested too deep");
    c->depth++;
    int status = local_heap(c, heap, &names);
    tree t = {.type = 0, .key_bytes = (uint64_t)c->length, .names = &names};
    if (!status) status = tree_node(c, &t, root, -1);
    vxg__free(names.memory);
    c->depth--;
    return status;
}

/* ---- objects ---- */

typedef struct blocks { /* the parts of an object header still to be read */
    uint64_t at[MOST_BLOCKS], size[MOST_BLOCKS];
    int n, done;
} blocks;

static int add_block(const vxg__h5_check *c, blocks *q, uint64_t at, uint64_t size) {
    if (q->n == MOST_BLOCKS)
        return vxg__h5_damaged(c, (int64_t)(at & INT64_MAX), "an object header without end");
    q->at[q->n] = at, q->size[q->n] = size;
    q->n++;
    return VXG_OK;
}

/* The messages of one block. */
static int messages(vxg__h5_check *c, vxg__h5_object *o, blocks *q, vxg__h5_bytes *b, int version,
                    int order) {
    const int head = version == 1 ? 8 : order ? 6 : 4;
    while (b->end - b->p >= head) {
        int type = (int)vxg__h5_take(b, version == 1 ? 2 : 1);
        uint64_t size = vxg__h5_take(b, 2);
        int flags = (int)vxg__h5_take(b, 1);
        vxg__h5_skip(b, (uint64_t)(head - (version == 1 ? 5 : 4)));
        vxg__h5_bytes body = vxg__h5_part(b, size);
        if (b->bad) return vxg__h5_damaged(c, b->at, "an object header with a message outside it");
        if (type == 0x10) {
            uint64_t at = vxg__h5_address(c, &body), n = vxg__h5_take(&body, c->length);
            if (body.bad) return vxg__h5_damaged(c, b->at, "an object header's continuation");
            VXG_TRY(add_block(c, q, at, n));
        } else if (type != 0) {
            VXG_TRY(vxg__h5_check_message(c, o, type, flags, &body));
        }
    }
    return VXG_OK;
}

static int later_blocks(vxg__h5_check *c, vxg__h5_object *o, blocks *q, int version, int order) {
    for (; q->done < q->n; q->done++) {
        vxg__h5_bytes b;
        VXG_TRY(vxg__h5_load(c, q->at[q->done], q->size[q->done],
                             "an object header's continuation outside the file", &b));
        int status = VXG_OK;
        if (version == 2) { /* signature in front, checksum behind */
            if (b.end - b.p < 8 || memcmp(b.p, "OCHK", 4) != 0) {
                status = vxg__h5_damaged(c, b.at, "no continuation of an object header");
            } else {
                b.p += 4, b.end -= 4;
            }
        }
        if (!status) status = messages(c, o, q, &b, version, order);
        vxg__free(b.memory);
        VXG_TRY(status);
    }
    return VXG_OK;
}

/* Where the first block of messages is, and how the rest is to be read. */
static int object_head(const vxg__h5_check *c, uint64_t address, int *version, int *order,
                       uint64_t *at, uint64_t *size) {
    vxg__h5_bytes b;
    VXG_TRY(vxg__h5_load(c, address, 16, "an object header outside the file", &b));
    if (!memcmp(b.p, "OHDR", 4)) {
        int flags = b.p[5], width = 1 << (flags & 3);
        uint64_t skip = 6 + (uint64_t)(flags & 0x20 ? 16 : 0) + (uint64_t)(flags & 0x10 ? 4 : 0);
        *version = b.p[4], *order = flags & 4;
        vxg__free(b.memory);
        VXG_TRY(vxg__h5_load(c, address, skip + (uint64_t)width, "an object header", &b));
        vxg__h5_skip(&b, skip);
        *size = vxg__h5_take(&b, width), *at = address + skip + (uint64_t)width;
    } else {
        *version = b.p[0], *order = 0;
        vxg__h5_skip(&b, 8);
        *size = vxg__h5_take(&b, 4), *at = address + 16;
        if (*version != 1) *version = 0;
    }
    vxg__free(b.memory);
    if (*version != 1 && *version != 2)
        return vxg__h5_damaged(c, (int64_t)address, "no object header");
    return VXG_OK;
}

/* What the messages of a dataset say together. */
static int dataset(vxg__h5_check *c, const vxg__h5_object *o) {
    if (!o->has_layout && !o->has_space) return VXG_OK; /* a group or a named type */
    if (!o->has_layout || !o->has_space || !o->has_type)
        return vxg__h5_damaged(c, 0, "a dataset without layout, dataspace or datatype");
    if (o->has_space == 2 || o->has_type == 2) return VXG_OK;
    double need = o->points * (double)o->type_size;
    if (o->layout_class == 0 && need > (double)o->storage)
        return vxg__h5_damaged(c, 0, "a compact dataset with fewer bytes than elements");
    if (o->layout_class != 2) return VXG_OK;
    if (o->chunk_rank != o->rank + 1)
        return vxg__h5_damaged(c, 0, "chunks of another rank than their dataset");
    if (o->layout_version == 4 || o->storage == UINT64_MAX) return VXG_OK;
    tree t = {.type = 1, .key_bytes = 8 + 8 * (uint64_t)o->chunk_rank, .o = o};
    return tree_node(c, &t, o->storage, -1);
}

int vxg__h5_check_object(vxg__h5_check *c, uint64_t address) {
    int again = 0, version = 0, order = 0;
    uint64_t at = 0, size = 0;
    vxg__h5_bytes b;
    VXG_TRY(visit(c, address, OBJECT, &again));
    if (again) return VXG_OK;
    VXG_TRY(object_head(c, address, &version, &order, &at, &size));
    blocks *q = vxg__calloc(1, sizeof *q);
    if (!q) return VXG_ERR_MEMORY;
    vxg__h5_object o = {.deflate = -1};
    int status = vxg__h5_load(c, at, size, "an object header outside the file", &b);
    if (c->depth >= MOST_DEPTH) status = vxg__h5_damaged(c, 0, "objects nested too deep");
    c->depth++;
    if (!status) status = messages(c, &o, q, &b, version, order);
    vxg__free(b.memory);
    if (!status) status = later_blocks(c, &o, q, version, order);
    if (!status) status = dataset(c, &o);
    c->depth--;
    vxg__free(q);
    return status;
}

/* ---- superblock ---- */

static int superblock(vxg__h5_check *c, vxg__h5_bytes *b) {
    int version = b->p[8], old = version < 2;
    c->address = b->p[old ? 13 : 9], c->length = b->p[old ? 14 : 10];
    int good = (c->address == 2 || c->address == 4 || c->address == 8) &&
               (c->length == 2 || c->length == 4 || c->length == 8) && version <= 3;
    if (!good) return vxg__h5_damaged(c, 0, "the superblock has an unknown version or word size");
    vxg__h5_skip(b, old ? (version == 1 ? 28 : 24) : 12);
    uint64_t base = vxg__h5_address(c, b), second = vxg__h5_address(c, b);
    vxg__h5_address(c, b); /* end of file: libhdf5 compares it */
    uint64_t last = vxg__h5_address(c, b);
    if (b->bad || base > (uint64_t)c->bytes)
        return vxg__h5_damaged(c, 0, "the superblock points outside the file");
    c->base = (int64_t)base;
    if (!old) {
        if (second != UINT64_MAX) VXG_TRY(vxg__h5_check_object(c, second));
        return vxg__h5_check_object(c, last);
    }
    VXG_FAIL_IF(last != UINT64_MAX, VXG_ERR_INPUT, "%s: a part of an HDF5 family or split file",
                c->path);
    return symbol(c, NULL, b);
}

int vxg__h5_check_file(const char *path, int fd, int64_t bytes) {
    vxg__h5_check c = {.fd = fd, .path = path, .bytes = bytes};
    vxg__h5_bytes b = {.bad = 1};
    int status = VXG_OK;
    /* The signature stands at 0, 512, 1024, 2048...: a user block may come first. */
    for (int64_t at = 0; b.bad && at + 96 <= bytes; at = at ? 2 * at : 512) {
        vxg__h5_bytes head;
        c.base = at;
        VXG_TRY(vxg__h5_load(&c, 0, 96, "the superblock", &head));
        if (!memcmp(head.p, "\x89HDF\r\n\x1a\n", 8)) {
            b = head;
        } else {
            vxg__free(head.memory);
        }
    }
    VXG_FAIL_IF(b.bad, VXG_ERR_INPUT, "%s: not an HDF5 file", path);
    status = superblock(&c, &b);
    vxg__free(b.memory);
    vxg__free(c.seen);
    return status;
}
