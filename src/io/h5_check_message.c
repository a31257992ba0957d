/* Messages of HDF5 object headers (specification, IV.A.2). */
#include "io/h5_check.h"

#include <string.h>

enum { MOST_RANK = 32, MOST_NESTING = 16 };

typedef struct type_info {
    int class;
    uint64_t size;
    uint64_t base_size; /* of the elements of a variable-length type */
} type_info;

static int bad_message(const vxg__h5_check *c, const vxg__h5_bytes *b, const char *what) {
    return vxg__h5_damaged(c, b->at, what);
}

/* Skips a text that ends with a zero byte, with its padding. */
static int skip_text(const vxg__h5_check *c, vxg__h5_bytes *b, int padded) {
    const uint8_t *zero = b->p < b->end ? memchr(b->p, 0, (size_t)(b->end - b->p)) : NULL;
    if (!zero) return bad_message(c, b, "a name without end");
    uint64_t n = (uint64_t)(zero - b->p) + 1;
    vxg__h5_skip(b, padded ? (n + 7) / 8 * 8 : n);
    return VXG_OK;
}

/* ---- dataspace ---- */

static int dataspace(const vxg__h5_check *c, vxg__h5_bytes *b, int *rank, double *points) {
    int version = (int)vxg__h5_take(b, 1), flags;
    *rank = (int)vxg__h5_take(b, 1);
    flags = (int)vxg__h5_take(b, 1);
    int null = 0;
    if (version == 1) {
        vxg__h5_skip(b, 5);
    } else if (version == 2) {
        null = vxg__h5_take(b, 1) == 2;
    } else {
        return bad_message(c, b, "a dataspace of unknown version");
    }
    if (*rank > MOST_RANK) return bad_message(c, b, "a dataspace of more than 32 axes");
    *points = null ? 0 : 1;
    for (int i = 0; i < *rank; i++) *points *= (double)vxg__h5_take(b, c->length);
    if (flags & 1) vxg__h5_skip(b, (uint64_t)*rank * (uint64_t)c->length);
    if (b->bad) return bad_message(c, b, "a dataspace that is cut");
    return VXG_OK;
}

/* ---- datatype ---- */

static int datatype(const vxg__h5_check *c, vxg__h5_bytes *b, int nesting, type_info *t);

static int fixed_type(const vxg__h5_check *c, vxg__h5_bytes *b, uint64_t size) {
    uint64_t offset = vxg__h5_take(b, 2), precision = vxg__h5_take(b, 2);
    if (precision == 0 || offset + precision > 8 * size)
        return bad_message(c, b, "a number type with bits outside it");
    return VXG_OK;
}

static int float_type(const vxg__h5_check *c, vxg__h5_bytes *b, uint64_t size, unsigned flags) {
    uint64_t offset = vxg__h5_take(b, 2), precision = vxg__h5_take(b, 2);
    uint64_t exponent = vxg__h5_take(b, 1), exponent_size = vxg__h5_take(b, 1);
    uint64_t mantissa = vxg__h5_take(b, 1), mantissa_size = vxg__h5_take(b, 1);
    vxg__h5_skip(b, 4);
    if (precision == 0 || offset + precision > 8 * size || exponent_size == 0 ||
        mantissa_size == 0 || exponent + exponent_size > precision ||
        mantissa + mantissa_size > precision || (flags >> 8 & 255) >= precision)
        return bad_message(c, b, "a float type with bits outside it");
    return VXG_OK;
}

static int compound_type(const vxg__h5_check *c, vxg__h5_bytes *b, int version, unsigned members,
                         int nesting, uint64_t size) {
    int offset_bytes = 4;
    if (version >= 3)
        for (offset_bytes = 1; offset_bytes < 4 && size >> 8 * offset_bytes;) offset_bytes++;
    if (members == 0) return bad_message(c, b, "a compound type without members");
    for (unsigned i = 0; i < members; i++) {
        type_info member;
        VXG_TRY(skip_text(c, b, version < 3));
        uint64_t offset = vxg__h5_take(b, offset_bytes);
        if (version == 1) {
            if (vxg__h5_take(b, 1) > 4) return bad_message(c, b, "a compound type's member");
            vxg__h5_skip(b, 3 + 4 + 4 + 16);
        }
        VXG_TRY(datatype(c, b, nesting + 1, &member));
        if (offset > size || member.size > size - offset)
            return bad_message(c, b, "a compound type with a member outside it");
    }
    return VXG_OK;
}

static int enum_type(const vxg__h5_check *c, vxg__h5_bytes *b, int version, unsigned members,
                     int nesting, uint64_t size) {
    type_info base;
    VXG_TRY(datatype(c, b, nesting + 1, &base));
    if (base.size != size || base.class != 0) return bad_message(c, b, "an enumeration's base");
    for (unsigned i = 0; i < members; i++) VXG_TRY(skip_text(c, b, version < 3));
    vxg__h5_skip(b, members * size);
    return VXG_OK;
}

static int array_type(const vxg__h5_check *c, vxg__h5_bytes *b, int version, int nesting,
                      uint64_t size) {
    type_info base;
    uint64_t rank = vxg__h5_take(b, 1);
    double count = 1;
    if (version < 3) vxg__h5_skip(b, 3);
    if (rank == 0 || rank > MOST_RANK) return bad_message(c, b, "an array type's rank");
    for (uint64_t i = 0; i < rank; i++) count *= (double)vxg__h5_take(b, 4);
    if (version < 3) vxg__h5_skip(b, 4 * rank);
    VXG_TRY(datatype(c, b, nesting + 1, &base));
    if (count * (double)base.size != (double)size) return bad_message(c, b, "an array type's size");
    return VXG_OK;
}

static int datatype(const vxg__h5_check *c, vxg__h5_bytes *b, int nesting, type_info *t) {
    unsigned head = (unsigned)vxg__h5_take(b, 4);
    int version = (int)(head >> 4 & 15);
    unsigned flags = head >> 8;
    type_info base = {0};
    *t = (type_info){.class = (int)(head & 15), .size = vxg__h5_take(b, 4)};
    if (nesting > MOST_NESTING) return bad_message(c, b, "types nested too deep");
    if (version < 1 || version > 3 || t->size == 0 || b->bad)
        return bad_message(c, b, "a datatype of unknown version or size 0");
    int status = VXG_OK;
    switch (t->class) {
    case 0: status = fixed_type(c, b, t->size); break;
    case 1: status = float_type(c, b, t->size, flags); break;
    case 2: vxg__h5_skip(b, 2); break;
    case 3: break;
    case 4: status = fixed_type(c, b, t->size); break;
    case 5: /* the tag is decoded from its own bytes; it must end there */
        vxg__h5_skip(b, flags & 255);
        break;
    case 6: status = compound_type(c, b, version, flags & 0xffff, nesting, t->size); break;
    case 7: break;
    case 8: status = enum_type(c, b, version, flags & 0xffff, nesting, t->size); break;
    case 9:
        status = datatype(c, b, nesting + 1, &base);
        t->base_size = base.size;
        if (!status && t->size != 8 + (uint64_t)c->address)
            status = bad_message(c, b, "a variable-length type's size");
        break;
    case 10: status = array_type(c, b, version, nesting, t->size); break;
    default: return bad_message(c, b, "a datatype of unknown class");
    }
    if (!status && b->bad) status = bad_message(c, b, "a datatype that is cut");
    return status;
}

/* ---- attributes ---- */

/* A reference to a message kept elsewhere, mostly a named datatype. */
static int shared_message(vxg__h5_check *c, vxg__h5_bytes *b) {
    int version = (int)vxg__h5_take(b, 1), kind = (int)vxg__h5_take(b, 1);
    if (version == 1) vxg__h5_skip(b, 6);
    if (version < 1 || version > 3) return bad_message(c, b, "a shared message of unknown version");
    if (version == 3 && kind == 1) return VXG_OK; /* in a fractal heap: has checksums */
    if (version == 1) {
        /* Version 1 keeps a symbol table entry's header address behind a name offset. */
        vxg__h5_skip(b, (uint64_t)c->length);
    }
    uint64_t address = vxg__h5_address(c, b);
    if (b->bad) return bad_message(c, b, "a shared message that is cut");
    return vxg__h5_check_object(c, address);
}

/* The elements of a variable-length attribute lie in global heaps. */
static int attribute_elements(vxg__h5_check *c, const type_info *t, double points,
                              vxg__h5_bytes *b) {
    for (double i = 0; i < points; i++) {
        uint64_t count = vxg__h5_take(b, 4), address = vxg__h5_address(c, b);
        uint64_t index = vxg__h5_take(b, 4);
        if (b->bad) return bad_message(c, b, "an attribute that is cut");
        if (address == 0) continue; /* no elements */
        if (count > UINT64_MAX / t->base_size) return bad_message(c, b, "an attribute's length");
        VXG_TRY(vxg__h5_check_global(c, address, index, count * t->base_size));
    }
    return VXG_OK;
}

static int attribute(vxg__h5_check *c, vxg__h5_bytes *b) {
    int version = (int)vxg__h5_take(b, 1), flags = (int)vxg__h5_take(b, 1);
    uint64_t sizes[3];
    vxg__h5_bytes parts[3];
    if (version < 1 || version > 3) return bad_message(c, b, "an attribute of unknown version");
    for (int i = 0; i < 3; i++) sizes[i] = vxg__h5_take(b, 2);
    if (version == 3) vxg__h5_skip(b, 1);
    for (int i = 0; i < 3; i++) {
        parts[i] = vxg__h5_part(b, sizes[i]);
        if (version == 1) vxg__h5_skip(b, (8 - sizes[i] % 8) % 8);
    }
    if (b->bad) return bad_message(c, b, "an attribute that is cut");
    VXG_TRY(skip_text(c, &parts[0], 0));
    type_info type = {0};
    int rank = 0, shared_type = version > 1 && flags & 1, shared_space = version > 1 && flags & 2;
    double points = 0;
    VXG_TRY(shared_type ? shared_message(c, &parts[1]) : datatype(c, &parts[1], 0, &type));
    VXG_TRY(shared_space ? shared_message(c, &parts[2]) : dataspace(c, &parts[2], &rank, &points));
    if (shared_type || shared_space) return VXG_OK; /* sizes are not known here */
    if (points * (double)type.size > (double)(b->end - b->p))
        return bad_message(c, b, "an attribute with fewer bytes than elements");
    return type.class == 9 ? attribute_elements(c, &type, points, b) : VXG_OK;
}

/* ---- datasets ---- */

static int chunk_dims(const vxg__h5_check *c, vxg__h5_object *o, vxg__h5_bytes *b, int rank,
                      int size) {
    if (rank < 1 || rank > MOST_RANK + 1 || size < 1 || size > 8)
        return bad_message(c, b, "a layout's rank");
    o->chunk_rank = rank, o->chunk_bytes = 1;
    for (int i = 0; i < rank; i++) {
        uint64_t n = vxg__h5_take(b, size);
        if (n == 0) return bad_message(c, b, "a chunk of size 0");
        o->chunk_bytes *= (double)n;
    }
    if (o->chunk_bytes > 4294967295.0) return bad_message(c, b, "a chunk of more than 4 GB");
    return VXG_OK;
}

static int layout(vxg__h5_check *c, vxg__h5_object *o, vxg__h5_bytes *b) {
    int version = (int)vxg__h5_take(b, 1), rank = 0, status = VXG_OK;
    o->layout_version = version;
    if (version == 1 || version == 2) {
        rank = (int)vxg__h5_take(b, 1);
        o->layout_class = (int)vxg__h5_take(b, 1);
        vxg__h5_skip(b, 5);
        if (o->layout_class != 0) o->storage = vxg__h5_address(c, b);
        if (o->layout_class == 2) {
            status = chunk_dims(c, o, b, rank, 4);
        } else {
            if (rank > MOST_RANK) return bad_message(c, b, "a layout's rank");
            vxg__h5_skip(b, 4 * (uint64_t)rank);
        }
        if (!status && o->layout_class == 0) {
            o->storage = vxg__h5_take(b, 4);
            vxg__h5_skip(b, o->storage);
        }
    } else if (version == 3 || version == 4) {
        o->layout_class = (int)vxg__h5_take(b, 1);
        if (o->layout_class == 0) {
            o->storage = vxg__h5_take(b, 2);
            vxg__h5_skip(b, o->storage);
        } else if (o->layout_class == 1) {
            o->storage = vxg__h5_address(c, b);
            vxg__h5_skip(b, (uint64_t)c->length);
        } else if (o->layout_class == 2 && version == 3) {
            rank = (int)vxg__h5_take(b, 1);
            o->storage = vxg__h5_address(c, b);
            status = chunk_dims(c, o, b, rank, 4);
        } else if (o->layout_class == 2) {
            vxg__h5_skip(b, 1);
            rank = (int)vxg__h5_take(b, 1);
            status = chunk_dims(c, o, b, rank, (int)vxg__h5_take(b, 1));
        } else {
            uint64_t address = vxg__h5_address(c, b), index = vxg__h5_take(b, 4);
            if (!b->bad && address != UINT64_MAX)
                status = vxg__h5_check_global(c, address, index, UINT64_MAX);
        }
    } else {
        return bad_message(c, b, "a layout of unknown version");
    }
    if (!status && (b->bad || o->layout_class > 3))
        status = bad_message(c, b, "a layout that is cut");
    o->has_layout = 1;
    return status;
}

static int filters(const vxg__h5_check *c, vxg__h5_object *o, vxg__h5_bytes *b) {
    int version = (int)vxg__h5_take(b, 1), count = (int)vxg__h5_take(b, 1);
    if (version != 1 && version != 2) return bad_message(c, b, "filters of unknown version");
    if (count > 32) return bad_message(c, b, "more than 32 filters");
    if (version == 1) vxg__h5_skip(b, 6);
    int plain = 1;
    o->deflate = -1;
    for (int i = 0; i < count; i++) {
        uint64_t id = vxg__h5_take(b, 2), name = 0;
        if (version == 1 || id >= 256) name = vxg__h5_take(b, 2);
        vxg__h5_skip(b, 2);
        uint64_t values = vxg__h5_take(b, 2);
        vxg__h5_bytes text = vxg__h5_part(b, version == 1 ? (name + 7) / 8 * 8 : name);
        if (name > 0 && !b->bad) VXG_TRY(skip_text(c, &text, 0));
        vxg__h5_skip(b, 4 * values);
        if (version == 1 && values % 2) vxg__h5_skip(b, 4);
        VXG_FAIL_IF(id == 5 || id == 6, VXG_ERR_INPUT,
                    "%s: the n-bit and scale-offset filters are not read", c->path);
        /* Shuffles, deflate, checksums, in this order: then the stored bytes are a deflate stream
         * of the chunk, which can be looked at. */
        if (id == 1 && !o->resizing && plain) o->deflate = i;
        plain &= o->deflate == i || id == (o->deflate >= 0 ? 3 : 2);
        o->resizing |= id != 2 && id != 3;
    }
    if (!plain) o->deflate = -1;
    return b->bad ? bad_message(c, b, "filters that are cut") : VXG_OK;
}

static int fill_value(const vxg__h5_check *c, vxg__h5_bytes *b) {
    int version = (int)vxg__h5_take(b, 1);
    uint64_t size = 0;
    if (version == 1 || version == 2) {
        vxg__h5_skip(b, 2);
        int defined = (int)vxg__h5_take(b, 1);
        if (version == 1 || defined) size = vxg__h5_take(b, 4);
        if (size == UINT32_MAX) size = 0; /* undefined */
    } else if (version == 3) {
        if (vxg__h5_take(b, 1) & 0x20) size = vxg__h5_take(b, 4);
    } else {
        return bad_message(c, b, "a fill value of unknown version");
    }
    vxg__h5_skip(b, size);
    return b->bad ? bad_message(c, b, "a fill value that is cut") : VXG_OK;
}

/* ---- links ---- */

static int link_message(vxg__h5_check *c, vxg__h5_bytes *b) {
    int version = (int)vxg__h5_take(b, 1), flags = (int)vxg__h5_take(b, 1), type = 0;
    if (version != 1) return bad_message(c, b, "a link of unknown version");
    if (flags & 8) type = (int)vxg__h5_take(b, 1);
    if (flags & 4) vxg__h5_skip(b, 8);
    if (flags & 16) vxg__h5_skip(b, 1);
    uint64_t name = vxg__h5_take(b, 1 << (flags & 3));
    if (name == 0) return bad_message(c, b, "a link without name");
    vxg__h5_skip(b, name);
    uint64_t target = type == 0 ? vxg__h5_address(c, b) : vxg__h5_take(b, 2);
    if (type != 0) vxg__h5_skip(b, target);
    if (b->bad) return bad_message(c, b, "a link that is cut");
    return type == 0 ? vxg__h5_check_object(c, target) : VXG_OK;
}

int vxg__h5_check_message(vxg__h5_check *c, vxg__h5_object *o, int type, int flags,
                          vxg__h5_bytes *b) {
    /* Least sizes of messages whose contents cannot lead anywhere. */
    static const uint8_t least[] = {
        [0x02] = 10, [0x0a] = 2, [0x0e] = 14, [0x12] = 8, [0x13] = 7, [0x15] = 2, [0x16] = 5};
    type_info t = {0};
    if (flags & 2) {
        if (type == 1) o->has_space = 2;
        if (type == 3) o->has_type = 2;
        return shared_message(c, b);
    }
    switch (type) {
    case 0x01: o->has_space = 1; return dataspace(c, b, &o->rank, &o->points);
    case 0x03:
        VXG_TRY(datatype(c, b, 0, &t));
        o->has_type = 1, o->type_class = t.class, o->type_size = t.size;
        return VXG_OK;
    case 0x04: vxg__h5_skip(b, vxg__h5_take(b, 4)); break;
    case 0x05: return fill_value(c, b);
    case 0x06: return link_message(c, b);
    case 0x07: VXG_FAIL(VXG_ERR_INPUT, "%s: datasets in external raw files are not read", c->path);
    case 0x08: return layout(c, o, b);
    case 0x0b: return filters(c, o, b);
    case 0x0c: return attribute(c, b);
    case 0x0d: return skip_text(c, b, 0);
    case 0x11: {
        uint64_t tree = vxg__h5_address(c, b), heap = vxg__h5_address(c, b);
        if (b->bad) break;
        return vxg__h5_check_group(c, tree, heap);
    }
    default:
        if (type >= 0 && type < (int)sizeof least) vxg__h5_skip(b, least[type]);
    }
    return b->bad ? bad_message(c, b, "a message that is cut") : VXG_OK;
}
