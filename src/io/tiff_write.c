/* Headers of uncompressed TIFF and BigTIFF files (TIFF 6.0; the BigTIFF design page).
 *
 * Written here and not by libtiff because slabs arrive in any order: the layout is fixed in
 * advance, all directories first, then the pages' elements one after another, so a slab is one
 * write at its place. That is also the layout in which ImageJ reads a whole stack at once.
 */
#include "io/io.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { T_ASCII = 2, T_SHORT = 3, T_LONG = 4, T_RATIONAL = 5, T_LONG8 = 16 };

typedef struct maker {
    uint8_t *bytes;
    int64_t at;    /* where the next directory entry goes */
    int64_t extra; /* where the next value too long for its entry goes */
    int big;
} maker;

static void put(maker *m, const void *value, size_t n) {
    memcpy(m->bytes + m->at, value, n);
    m->at += (int64_t)n;
}
static void put16(maker *m, unsigned v) {
    uint16_t x = (uint16_t)v;
    put(m, &x, sizeof x);
}
static void put32(maker *m, uint64_t v) {
    uint32_t x = (uint32_t)v;
    put(m, &x, sizeof x);
}
/* An offset or count: 8 bytes in BigTIFF, 4 in classic TIFF. */
static void put_word(maker *m, uint64_t v) {
    if (m->big) {
        put(m, &v, sizeof v);
    } else {
        put32(m, v);
    }
}

/* One directory entry; the value stands in the entry when it fits, else in the extra part. */
static void entry(maker *m, int tag, int type, uint64_t count, const void *value, size_t n) {
    size_t room = m->big ? 8 : 4;
    uint8_t in_place[8] = {0};
    put16(m, (unsigned)tag);
    put16(m, (unsigned)type);
    put_word(m, count);
    if (n > room) {
        memcpy(m->bytes + m->extra, value, n);
        put_word(m, (uint64_t)m->extra);
        m->extra += (int64_t)(n + n % 2); /* values start at even offsets */
    } else {
        memcpy(in_place, value, n);
        put(m, in_place, room);
    }
}
static void entry_number(maker *m, int tag, int type, uint64_t v) {
    uint16_t s = (uint16_t)v;
    uint32_t l = (uint32_t)v;
    if (type == T_SHORT) {
        entry(m, tag, type, 1, &s, sizeof s);
    } else if (type == T_LONG || !m->big) {
        entry(m, tag, T_LONG, 1, &l, sizeof l);
    } else {
        entry(m, tag, type, 1, &v, sizeof v);
    }
}
/* A pixel size whose reciprocal is a ratio of 32-bit numbers. */
#define LEAST_SIZE (1 / 4294967295.0)
#define MOST_SIZE 4294967295.0
int vxg__tiff_fits(double size) {
    return size >= LEAST_SIZE && size <= MOST_SIZE;
}

/* 1 / size as a ratio of 32-bit numbers whose larger one is as large as can be: 9 digits. */
static void entry_per_size(maker *m, int tag, double size) {
    const double most = 4294967295.0;
    double pixels, length;
    if (size < 1) {
        length = floor(most * size), pixels = rint(length / size);
    } else {
        pixels = floor(most / size), length = rint(pixels * size);
    }
    const uint32_t ratio[2] = {(uint32_t)fmin(fmax(pixels, 1), most),
                               (uint32_t)fmin(fmax(length, 1), most)};
    entry(m, tag, T_RATIONAL, 1, ratio, sizeof ratio);
}

static int known(double size) {
    return isnormal(size) && size > 0;
}

/* ImageJ's text: it reads number of slices, spacing and unit from here and the pixel size from
 * XResolution. Its word for um is "micron". */
static void describe(const vxg__tiff_layout *l, vxg_text *t) {
    const char *unit = l->unit && *l->unit ? l->unit : "pixel";
    if (!strcmp(unit, "um") || !strcmp(unit, "\xc2\xb5m")) unit = "micron";
    vxg__text_add(t, "ImageJ=1.53t\nimages=%lld\n", (long long)l->pages);
    if (l->pages > 1) vxg__text_add(t, "slices=%lld\n", (long long)l->pages);
    vxg__text_add(t, "unit=%s\n", unit);
    if (known(l->voxel[0])) vxg__text_add(t, "spacing=%.9g\n", l->voxel[0]);
    vxg__text_add(t, "loop=false\n");
}

/* What is the same in all directories, and where the parts of the file lie. */
typedef struct plan {
    const vxg__tiff_layout *l;
    vxg_text text;      /* ImageDescription of the first page */
    int resolution;     /* the pixel size is known */
    int common;         /* entries of a directory other than the first */
    int64_t software;   /* bytes of the Software text with its end; 0: none */
    int64_t page_bytes; /* of one page's elements */
    int64_t data;       /* where the first page's elements start */
    int bits, format;   /* of an element; TIFF's SampleFormat */
} plan;

static int first_page_entries(const plan *p) {
    return 1 + (p->software > 0);
}

static void directory(maker *m, const plan *p, int64_t page) {
    const vxg__tiff_layout *l = p->l;
    int count = p->common + (page == 0 ? first_page_entries(p) : 0);
    if (m->big) {
        put_word(m, (uint64_t)count);
    } else {
        put16(m, (unsigned)count);
    }
    entry_number(m, 256, T_LONG, (uint64_t)l->nx);
    entry_number(m, 257, T_LONG, (uint64_t)l->ny);
    entry_number(m, 258, T_SHORT, (uint64_t)p->bits); /* bits per sample */
    entry_number(m, 259, T_SHORT, 1);                 /* no compression */
    entry_number(m, 262, T_SHORT, 1);                 /* 0 is black */
    if (page == 0) entry(m, 270, T_ASCII, p->text.length + 1, p->text.s, p->text.length + 1);
    entry_number(m, 273, T_LONG8, (uint64_t)(p->data + page * p->page_bytes)); /* strip offset */
    entry_number(m, 277, T_SHORT, 1);                                          /* samples */
    entry_number(m, 278, T_LONG, (uint64_t)l->ny);                             /* rows per strip */
    entry_number(m, 279, T_LONG8, (uint64_t)p->page_bytes);                    /* strip bytes */
    if (p->resolution) {
        entry_per_size(m, 282, l->voxel[2]);
        entry_per_size(m, 283, l->voxel[1]);
        entry_number(m, 296, T_SHORT, 1); /* the unit is in the description */
    }
    if (page == 0 && p->software)
        entry(m, 305, T_ASCII, (uint64_t)p->software, l->software, (size_t)p->software);
    entry_number(m, 339, T_SHORT, (uint64_t)p->format);
    put_word(m, page + 1 < l->pages ? (uint64_t)m->at + (m->big ? 8 : 4) : 0);
}

static int sample_format(vxg_dtype dtype) {
    switch (dtype) {
    case VXG_U8:
    case VXG_U16:
    case VXG_U32:
    case VXG_U64: return 1;
    case VXG_I8:
    case VXG_I16:
    case VXG_I32:
    case VXG_I64: return 2;
    default: return 3; /* IEEE floating point */
    }
}

int vxg__tiff_header(const vxg__tiff_layout *l, int big, uint8_t **bytes, int64_t *size) {
    plan p = {.l = l, .resolution = vxg__tiff_fits(l->voxel[1]) && vxg__tiff_fits(l->voxel[2])};
    p.common = 10 + (p.resolution ? 3 : 0);
    p.page_bytes = l->ny * l->nx * (int64_t)vxg_dtype_size(l->dtype);
    p.bits = 8 * (int)vxg_dtype_size(l->dtype);
    p.format = sample_format(l->dtype);
    p.software = l->software ? 1 + (int64_t)strlen(l->software) : 0;
    describe(l, &p.text);
    /* Sizes as in BigTIFF bound those of classic TIFF. */
    int64_t bound =
        64 + l->pages * (16 + (p.common + 2) * 20 + 16) + (int64_t)p.text.length + p.software;
    if (!big) big = bound + l->pages * p.page_bytes > INT64_C(0xfffffff0);
    int64_t head = big ? 16 : 8, row = big ? 20 : 12, each = (big ? 16 : 6) + p.common * row;
    maker m = {.big = big, .extra = head + l->pages * each + first_page_entries(&p) * row};
    m.bytes = p.text.failed ? NULL : vxg__calloc((size_t)bound, 1);
    if (!m.bytes) {
        vxg__text_free(&p.text);
        return VXG_ERR_MEMORY;
    }
    /* The elements start behind everything else. */
    p.data =
        m.extra + (int64_t)p.text.length + 2 + p.software + 1 + (p.resolution ? 16 * l->pages : 0);
    p.data = (p.data + 15) / 16 * 16;
    const uint16_t one = 1;
    put(&m, *(const uint8_t *)&one ? "II" : "MM", 2);
    put16(&m, big ? 43 : 42);
    if (big) put16(&m, 8), put16(&m, 0);
    put_word(&m, (uint64_t)head);
    for (int64_t page = 0; page < l->pages; page++) directory(&m, &p, page);
    vxg__text_free(&p.text);
    *bytes = m.bytes, *size = p.data;
    return VXG_OK;
}
