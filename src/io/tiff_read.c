/* TIFF files through libtiff: their pages, all alike, by boxes of rows and columns. */
#include "io/tiff.h"

#ifdef VXG_HAVE_TIFF
#include "io/elements.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <tiffio.h>
#include <unistd.h>

typedef struct page {
    uint32_t width, height;
    uint16_t bits, format;
    vxg_dtype dtype;
} page;

typedef struct reason {
    char text[256]; /* libtiff's first words on what went wrong */
} reason;

typedef struct source {
    int fd;
    reason why;
} source;

/* ---- How libtiff reads: by these. An error of the system's ends what is read and is no -1, which
 * libtiff (4.5) counts as a length and then clears memory before its buffer. ---- */
static tmsize_t read_some(thandle_t handle, void *to, tmsize_t size) {
    source *f = handle;
    tmsize_t done = 0;
    while (done < size) {
        const ssize_t n = read(f->fd, (char *)to + done, (size_t)(size - done));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && !f->why.text[0])
            vxg__format(f->why.text, sizeof f->why.text, "reading: %s", strerror(errno));
        if (n <= 0) break;
        done += n;
    }
    return done;
}
static tmsize_t write_none(thandle_t handle, void *from, tmsize_t size) {
    (void)handle, (void)from, (void)size;
    return 0;
}
static toff_t seek_to(thandle_t handle, toff_t offset, int whence) {
    return (toff_t)lseek(((source *)handle)->fd, (off_t)offset, whence);
}
static int close_it(thandle_t handle) {
    return close(((source *)handle)->fd);
}
static toff_t size_of(thandle_t handle) {
    struct stat now;
    return fstat(((source *)handle)->fd, &now) == 0 ? (toff_t)now.st_size : 0;
}
#define PROCEDURES read_some, write_none, seek_to, close_it, size_of, NULL, NULL
#define MODE "rm" /* not mapped: a file that becomes shorter must be an error and no signal */

#if TIFFLIB_VERSION >= 20221213
/* Per-file handlers: nothing global is changed and nothing printed. */
static int note(TIFF *tif, void *user, const char *module, const char *format, va_list ap) {
    reason *r = user;
    (void)tif, (void)module;
    if (r && !r->text[0]) vxg__format_list(r->text, sizeof r->text, format, ap);
    return 1;
}
static int ignore(TIFF *tif, void *user, const char *module, const char *format, va_list ap) {
    (void)tif, (void)user, (void)module, (void)format, (void)ap;
    return 1;
}
static TIFF *open_quietly(const char *path, source *f) {
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options) return NULL;
    TIFFOpenOptionsSetErrorHandlerExtR(options, note, &f->why);
    TIFFOpenOptionsSetWarningHandlerExtR(options, ignore, NULL);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)1 << 32);
    TIFF *tif = TIFFClientOpenExt(path, MODE, f, PROCEDURES, options);
    TIFFOpenOptionsFree(options);
    return tif;
}
#else
/* Older libtiff has only process-wide handlers: without them it prints. */
static TIFF *open_quietly(const char *path, source *f) {
    TIFFSetErrorHandler(NULL);
    TIFFSetWarningHandler(NULL);
    return TIFFClientOpen(path, MODE, f, PROCEDURES);
}
#endif

static const char *words(const reason *r) {
    return r->text[0] ? r->text : "libtiff gave no reason";
}

static int storage_type(page *p) {
    static const struct {
        uint16_t format, bits;
        vxg_dtype dtype;
    } types[] = {{SAMPLEFORMAT_UINT, 8, VXG_U8},     {SAMPLEFORMAT_UINT, 16, VXG_U16},
                 {SAMPLEFORMAT_UINT, 32, VXG_U32},   {SAMPLEFORMAT_UINT, 64, VXG_U64},
                 {SAMPLEFORMAT_INT, 8, VXG_I8},      {SAMPLEFORMAT_INT, 16, VXG_I16},
                 {SAMPLEFORMAT_INT, 32, VXG_I32},    {SAMPLEFORMAT_INT, 64, VXG_I64},
                 {SAMPLEFORMAT_IEEEFP, 16, VXG_F16}, {SAMPLEFORMAT_IEEEFP, 32, VXG_F32},
                 {SAMPLEFORMAT_IEEEFP, 64, VXG_F64}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (p->format == types[i].format && p->bits == types[i].bits) {
            p->dtype = types[i].dtype;
            return 1;
        }
    return 0;
}

/* Size and element type of the current page, checked. */
static int look(TIFF *tif, const char *path, int64_t number, page *p) {
    uint16_t samples = 1, tiled = (uint16_t)TIFFIsTiled(tif);
    *p = (page){.bits = 1, .format = SAMPLEFORMAT_UINT};
    TIFFGetField(tif, TIFFTAG_IMAGEWIDTH, &p->width);
    TIFFGetField(tif, TIFFTAG_IMAGELENGTH, &p->height);
    TIFFGetFieldDefaulted(tif, TIFFTAG_BITSPERSAMPLE, &p->bits);
    TIFFGetFieldDefaulted(tif, TIFFTAG_SAMPLEFORMAT, &p->format);
    TIFFGetFieldDefaulted(tif, TIFFTAG_SAMPLESPERPIXEL, &samples);
    long long n = (long long)number;
    VXG_FAIL_IF(tiled, VXG_ERR_INPUT, "%s page %lld: tiles; strips expected", path, n);
    VXG_FAIL_IF(samples != 1, VXG_ERR_INPUT, "%s page %lld: %d samples per pixel, 1 expected", path,
                n, samples);
    VXG_FAIL_IF(!p->width || !p->height, VXG_ERR_INPUT, "%s page %lld: no pixels", path, n);
    VXG_FAIL_IF(!storage_type(p), VXG_ERR_INPUT,
                "%s page %lld: %d-bit samples of format %d; 8 to 64-bit integers or 16 to 64-bit "
                "floats expected",
                path, n, p->bits, p->format);
    VXG_FAIL_IF(TIFFScanlineSize64(tif) != (uint64_t)p->width * (p->bits / 8), VXG_ERR_INPUT,
                "%s page %lld: rows of %llu bytes, %llu expected", path, n,
                (unsigned long long)TIFFScanlineSize64(tif),
                (unsigned long long)p->width * (p->bits / 8));
    return VXG_OK;
}

/* Most bytes a page can hold for the bytes of the file: what a header claims beyond that is not
 * there, and no memory is taken for it. */
static int plausible(TIFF *tif, int64_t file_bytes, double page_bytes) {
    uint16_t compression = COMPRESSION_NONE;
    TIFFGetFieldDefaulted(tif, TIFFTAG_COMPRESSION, &compression);
    return page_bytes <= (double)file_bytes * (compression == COMPRESSION_NONE ? 1 : 65536);
}

struct vxg__tiff {
    TIFF *tif;
    source file;
    char *path;
    struct stat was;
    page first;
    int64_t pages, room;
    uint64_t *at;    /* where the pages' directories are */
    int64_t current; /* the page that is set; -1: none */
    int plain;       /* of that page: its strips are not packed */
    uint32_t rows;   /* in each of its strips */
    void *row;
    uint8_t *unpacked; /* a strip of that page, NULL: none */
    uint32_t strip;    /* which it is */
};

static int add_page(vxg__tiff *t) {
    if (t->pages == t->room) {
        const int64_t room = t->room ? 2 * t->room : 16;
        uint64_t *at = vxg__realloc(t->at, (size_t)room, sizeof *at);
        if (!at) return VXG_ERR_MEMORY;
        t->at = at, t->room = room;
    }
    t->at[t->pages++] = TIFFCurrentDirOffset(t->tif);
    return VXG_OK;
}

/* Finds the pages and checks that all look like the first. */
static int survey(vxg__tiff *t) {
    const char *path = t->path;
    const int64_t file_bytes = (int64_t)t->was.st_size;
    const page *first = &t->first;
    double bytes = 0;
    do {
        page p;
        VXG_TRY(look(t->tif, path, t->pages, &p));
        if (t->pages == 0) t->first = p;
        VXG_FAIL_IF(p.width != first->width || p.height != first->height || p.bits != first->bits ||
                        p.format != first->format,
                    VXG_ERR_INPUT,
                    "%s page %lld: %u x %u pixels of %d bits, %u x %u of %d expected", path,
                    (long long)t->pages, (unsigned)p.height, (unsigned)p.width, p.bits,
                    (unsigned)first->height, (unsigned)first->width, first->bits);
        bytes += (double)p.width * p.height * (p.bits / 8);
        VXG_FAIL_IF(!plausible(t->tif, file_bytes, bytes), VXG_ERR_INPUT,
                    "%s: %.0f bytes of pixels are claimed, the file has %lld bytes", path, bytes,
                    (long long)file_bytes);
        VXG_TRY(add_page(t));
    } while (TIFFReadDirectory(t->tif));
    VXG_FAIL_IF(t->file.why.text[0], VXG_ERR_INPUT, "%s page %lld: %s", path, (long long)t->pages,
                t->file.why.text);
    const int64_t shape[3] = {t->pages, first->height, first->width};
    int64_t count = 0;
    if (vxg__count(3, shape, &count)) return vxg_error_context(VXG_ERR_INPUT, "%s", path);
    t->current = -1;
    t->row = vxg__calloc(first->width, first->bits / 8u);
    return t->row ? VXG_OK : VXG_ERR_MEMORY;
}

int vxg__tiff_open(const char *path, vxg__tiff **out) {
    *out = NULL;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    VXG_FAIL_IF(fd < 0, VXG_ERR_INPUT, "%s: cannot open: %s", path, strerror(errno));
    vxg__tiff *t = vxg__calloc(1, sizeof *t);
    if (t) t->file.fd = fd;
    int status = t && (t->path = vxg__strdup(path)) ? VXG_OK : VXG_ERR_MEMORY;
    if (!status && (fstat(fd, &t->was) != 0 || !S_ISREG(t->was.st_mode)))
        status = vxg_error_set(VXG_ERR_INPUT, "%s: not a regular file", path);
    if (!status && !(t->tif = open_quietly(path, &t->file)))
        status = vxg_error_set(VXG_ERR_INPUT, "%s: cannot read this TIFF: %s", path,
                               words(&t->file.why));
    if (!t || !t->tif) close(fd);
    if (!status) status = survey(t);
    if (status) {
        vxg__tiff_close(t);
        return status;
    }
    *out = t;
    return VXG_OK;
}

void vxg__tiff_close(vxg__tiff *t) {
    if (!t) return;
    if (t->tif) TIFFClose(t->tif);
    vxg__free(t->path);
    vxg__free(t->at);
    vxg__free(t->row);
    vxg__free(t->unpacked);
    vxg__free(t);
}

static int set_page(vxg__tiff *t, int64_t number) {
    page p;
    uint16_t compression = COMPRESSION_NONE, order = FILLORDER_MSB2LSB;
    if (t->current == number) return VXG_OK;
    t->current = -1, t->file.why.text[0] = 0;
    vxg__free(t->unpacked);
    t->unpacked = NULL;
    VXG_FAIL_IF(!TIFFSetSubDirectory(t->tif, t->at[number]), VXG_ERR_INPUT, "%s page %lld: %s",
                t->path, (long long)number, words(&t->file.why));
    VXG_TRY(look(t->tif, t->path, number, &p));
    VXG_FAIL_IF(p.width != t->first.width || p.height != t->first.height ||
                    p.dtype != t->first.dtype,
                VXG_ERR_INPUT, "%s changed while it was read", t->path);
    TIFFGetFieldDefaulted(t->tif, TIFFTAG_COMPRESSION, &compression);
    TIFFGetFieldDefaulted(t->tif, TIFFTAG_FILLORDER, &order);
    TIFFGetFieldDefaulted(t->tif, TIFFTAG_ROWSPERSTRIP, &t->rows);
    t->plain = compression == COMPRESSION_NONE && order == FILLORDER_MSB2LSB;
    if (t->rows == 0 || t->rows > p.height) t->rows = p.height;
    t->current = number;
    return VXG_OK;
}

/* Rows of plain strips are read from their place in the file. */
static int plain_row(vxg__tiff *t, int64_t number, uint32_t y, const void **row) {
    const uint64_t bytes = (uint64_t)t->first.width * (t->first.bits / 8);
    const uint32_t strip = y / t->rows, line = y % t->rows;
    const uint64_t at = TIFFGetStrileOffset(t->tif, strip) + line * bytes;
    VXG_FAIL_IF(at > INT64_MAX || TIFFGetStrileByteCount(t->tif, strip) < (line + 1) * bytes,
                VXG_ERR_INPUT, "%s page %lld row %u: its strip has not the bytes it needs", t->path,
                (long long)number, (unsigned)y);
    const int status = vxg__read_exact(t->file.fd, t->row, (size_t)bytes, (int64_t)at, t->path);
    if (status)
        return vxg_error_context(status, "page %lld row %u", (long long)number, (unsigned)y);
    if (TIFFIsByteSwapped(t->tif)) vxg__elements_turn(t->first.dtype, t->row, t->first.width);
    *row = t->row;
    return VXG_OK;
}

/* Packed strips are unpacked whole and kept: libtiff's way of unpacking parts of them writes
 * outside its memory for damaged files. */
static int packed_row(vxg__tiff *t, int64_t number, uint32_t y, const void **row) {
    const int64_t bytes = (int64_t)t->first.width * (t->first.bits / 8);
    const uint32_t strip = y / t->rows, begin = strip * t->rows, left = t->first.height - begin;
    const int64_t wanted = bytes * (left < t->rows ? left : t->rows);
    if (t->strip != strip || !t->unpacked) {
        t->strip = strip;
        vxg__free(t->unpacked);
        t->unpacked = vxg__calloc((size_t)wanted, 1);
        if (!t->unpacked) return VXG_ERR_MEMORY;
        if (TIFFReadEncodedStrip(t->tif, strip, t->unpacked, (tmsize_t)wanted) != wanted) {
            vxg__free(t->unpacked);
            t->unpacked = NULL;
            VXG_FAIL(VXG_ERR_INPUT, "%s page %lld row %u: cannot read: %s", t->path,
                     (long long)number, (unsigned)y, words(&t->file.why));
        }
    }
    *row = t->unpacked + (y - begin) * bytes;
    return VXG_OK;
}

int vxg__tiff_box(vxg__tiff *t, int64_t number, const int64_t start[2], const int64_t count[2],
                  vxg_dtype dtype, void *dst) {
    const size_t bytes = vxg_dtype_size(t->first.dtype), step = vxg_dtype_size(dtype);
    char *to = dst;
    VXG_TRY(set_page(t, number));
    for (int64_t y = start[0]; y < start[0] + count[0]; y++, to += (size_t)count[1] * step) {
        const void *row = NULL;
        VXG_TRY((t->plain ? plain_row : packed_row)(t, number, (uint32_t)y, &row));
        vxg__elements_convert(t->first.dtype, (const char *)row + (size_t)start[1] * bytes,
                              count[1], dtype, to);
    }
    return VXG_OK;
}

int vxg__tiff_unchanged(const vxg__tiff *t) {
    struct stat now;
    VXG_FAIL_IF(fstat(t->file.fd, &now) != 0 || !vxg__stat_same(&now, &t->was), VXG_ERR_INPUT,
                "%s changed while it was read", t->path);
    return VXG_OK;
}

/* "key=" of ImageJ's description, up to the end of its line. */
static const char *entry_of(const char *text, const char *key, char *out, size_t size) {
    const char *p = strstr(text, key);
    out[0] = 0;
    if (p) snprintf(out, size, "%.*s", (int)strcspn(p + strlen(key), "\n"), p + strlen(key));
    return out;
}

static double per(float pixels) {
    const double size = 1 / (double)pixels;
    return pixels > 0 && isnormal(size) ? size : 0;
}

/* Voxel size and unit, where ImageJ's description says what the resolution means: other programs
 * write resolutions of a screen. */
static void read_sizes(vxg__tiff *t, vxg__tiff_facts *f) {
    const char *text = NULL;
    char word[32];
    float x = 0, y = 0;
    if (!TIFFGetField(t->tif, TIFFTAG_IMAGEDESCRIPTION, &text) || !text) return;
    if (strncmp(text, "ImageJ=", 7) != 0) return;
    entry_of(text, "\nunit=", word, sizeof word);
    if (!*word || !strcmp(word, "pixel") || !strcmp(word, "pixels")) *word = 0;
    snprintf(f->unit, sizeof f->unit, "%.15s", strcmp(word, "micron") ? word : "um");
    TIFFGetField(t->tif, TIFFTAG_XRESOLUTION, &x);
    TIFFGetField(t->tif, TIFFTAG_YRESOLUTION, &y);
    f->voxel[2] = per(x), f->voxel[1] = per(y);
    const double z = vxg__number(entry_of(text, "\nspacing=", word, sizeof word), NULL);
    if (isnormal(z) && z > 0) f->voxel[0] = z;
}

void vxg__tiff_describe(vxg__tiff *t, vxg__tiff_facts *f) {
    *f = (vxg__tiff_facts){.dtype = t->first.dtype,
                           .pages = t->pages,
                           .ny = t->first.height,
                           .nx = t->first.width,
                           .strip = 1};
    vxg__file_id(&t->was, &f->id);
    if (set_page(t, 0)) { /* reading says what is wrong */
        vxg_error_clear();
        return;
    }
    if (!t->plain) f->strip = t->rows;
    read_sizes(t, f);
}
#else
int vxg__tiff_open(const char *path, vxg__tiff **out) {
    *out = NULL;
    VXG_FAIL(VXG_ERR_UNSUPPORTED,
             "%s: built without TIFF reading; install libtiff's headers (Debian: libtiff-dev) and "
             "build again",
             path);
}
void vxg__tiff_close(vxg__tiff *t) {
    (void)t;
}
void vxg__tiff_describe(vxg__tiff *t, vxg__tiff_facts *f) {
    (void)t, (void)f;
}
int vxg__tiff_box(vxg__tiff *t, int64_t number, const int64_t start[2], const int64_t count[2],
                  vxg_dtype dtype, void *dst) {
    (void)t, (void)number, (void)start, (void)count, (void)dtype, (void)dst;
    return VXG_ERR_UNSUPPORTED;
}
int vxg__tiff_unchanged(const vxg__tiff *t) {
    (void)t;
    return VXG_OK;
}
#endif
