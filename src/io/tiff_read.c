/* Reads TIFF slices and stacks through libtiff. */
#include "io/io.h"

#ifdef VXG_HAVE_TIFF
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <tiffio.h>

typedef struct page {
    uint32_t width, height;
    uint16_t bits, format;
} page;

typedef struct reason {
    char text[256]; /* libtiff's first words on what went wrong */
} reason;

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
static TIFF *open_quietly(const char *path, reason *r) {
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options) return NULL;
    TIFFOpenOptionsSetErrorHandlerExtR(options, note, r);
    TIFFOpenOptionsSetWarningHandlerExtR(options, ignore, NULL);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)1 << 32);
    TIFF *tif = TIFFOpenExt(path, "r", options);
    TIFFOpenOptionsFree(options);
    return tif;
}
#else
/* Older libtiff has only process-wide handlers: without them it prints. */
static TIFF *open_quietly(const char *path, reason *r) {
    (void)r;
    TIFFSetErrorHandler(NULL);
    TIFFSetWarningHandler(NULL);
    return TIFFOpen(path, "r");
}
#endif

static const char *words(const reason *r) {
    return r->text[0] ? r->text : "libtiff gave no reason";
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
    int is_float = p->format == SAMPLEFORMAT_IEEEFP;
    int is_int = p->format == SAMPLEFORMAT_UINT || p->format == SAMPLEFORMAT_INT;
    int good = (is_float && (p->bits == 32 || p->bits == 64)) ||
               (is_int && (p->bits == 8 || p->bits == 16 || p->bits == 32));
    VXG_FAIL_IF(!good, VXG_ERR_INPUT,
                "%s page %lld: %d-bit samples of format %d; 8, 16, 32-bit integers or 32, 64-bit "
                "floats expected",
                path, n, p->bits, p->format);
    VXG_FAIL_IF(TIFFScanlineSize64(tif) != (uint64_t)p->width * (p->bits / 8), VXG_ERR_INPUT,
                "%s page %lld: rows of %llu bytes, %llu expected", path, n,
                (unsigned long long)TIFFScanlineSize64(tif),
                (unsigned long long)p->width * (p->bits / 8));
    return VXG_OK;
}

static void convert(const page *p, const void *row, float *dst) {
#define COPY(type)                                                                                 \
    for (uint32_t i = 0; i < p->width; i++) dst[i] = (float)((const type *)row)[i]
    int is_signed = p->format == SAMPLEFORMAT_INT;
    if (p->format == SAMPLEFORMAT_IEEEFP) {
        if (p->bits == 32)
            COPY(float);
        else
            COPY(double);
    } else if (p->bits == 8) {
        if (is_signed)
            COPY(int8_t);
        else
            COPY(uint8_t);
    } else if (p->bits == 16) {
        if (is_signed)
            COPY(int16_t);
        else
            COPY(uint16_t);
    } else {
        if (is_signed)
            COPY(int32_t);
        else
            COPY(uint32_t);
    }
#undef COPY
}

/* Most bytes a page can hold for the bytes of the file: what a header claims beyond that is not
 * there, and no memory is taken for it. */
static int plausible(TIFF *tif, int64_t file_bytes, double page_bytes) {
    uint16_t compression = COMPRESSION_NONE;
    TIFFGetFieldDefaulted(tif, TIFFTAG_COMPRESSION, &compression);
    return page_bytes <= (double)file_bytes * (compression == COMPRESSION_NONE ? 1 : 65536);
}

static int read_page(TIFF *tif, const char *path, int64_t number, const page *p, void *row,
                     float *dst, const reason *r) {
    for (uint32_t y = 0; y < p->height; y++, dst += p->width) {
        VXG_FAIL_IF(TIFFReadScanline(tif, row, y, 0) != 1, VXG_ERR_INPUT,
                    "%s page %lld row %u: cannot read: %s", path, (long long)number, (unsigned)y,
                    words(r));
        convert(p, row, dst);
    }
    return VXG_OK;
}

/* Counts the pages and checks that all look like the first. */
static int survey(TIFF *tif, const char *path, int64_t file_bytes, page *first, int64_t shape[3],
                  const reason *r) {
    int64_t pages = 0, count = 0;
    double bytes = 0;
    do {
        page p;
        VXG_TRY(look(tif, path, pages, &p));
        if (pages == 0) *first = p;
        VXG_FAIL_IF(p.width != first->width || p.height != first->height || p.bits != first->bits ||
                        p.format != first->format,
                    VXG_ERR_INPUT,
                    "%s page %lld: %u x %u pixels of %d bits, %u x %u of %d expected", path,
                    (long long)pages, (unsigned)p.height, (unsigned)p.width, p.bits,
                    (unsigned)first->height, (unsigned)first->width, first->bits);
        bytes += (double)p.width * p.height * (p.bits / 8);
        VXG_FAIL_IF(!plausible(tif, file_bytes, bytes), VXG_ERR_INPUT,
                    "%s: %.0f bytes of pixels are claimed, the file has %lld bytes", path, bytes,
                    (long long)file_bytes);
        pages++;
    } while (TIFFReadDirectory(tif));
    VXG_FAIL_IF(r->text[0], VXG_ERR_INPUT, "%s page %lld: %s", path, (long long)pages, r->text);
    shape[0] = pages, shape[1] = first->height, shape[2] = first->width;
    if (vxg__count(3, shape, &count)) return vxg_error_context(VXG_ERR_INPUT, "%s", path);
    return VXG_OK;
}

static int read_pages(TIFF *tif, const char *path, const page *first, const int64_t shape[3],
                      float *dst, const reason *r) {
    void *row = vxg__calloc((size_t)first->width, (size_t)first->bits / 8);
    int status = row ? VXG_OK : VXG_ERR_MEMORY;
    if (!status && !TIFFSetDirectory(tif, 0))
        status = vxg_error_set(VXG_ERR_INPUT, "%s: %s", path, words(r));
    for (int64_t z = 0; z < shape[0] && !status; z++) {
        status = read_page(tif, path, z, first, row, dst + z * shape[1] * shape[2], r);
        if (!status && z + 1 < shape[0] && !TIFFReadDirectory(tif))
            status =
                vxg_error_set(VXG_ERR_INPUT, "%s page %lld: %s", path, (long long)z + 1, words(r));
    }
    vxg__free(row);
    return status;
}

int vxg__tiff_read(const char *path, int64_t file_bytes, float **data, int64_t shape[3]) {
    reason r = {{0}};
    page first = {0};
    float *values = NULL;
    TIFF *tif = open_quietly(path, &r);
    VXG_FAIL_IF(!tif, VXG_ERR_INPUT, "%s: cannot read this TIFF: %s", path, words(&r));
    int status = survey(tif, path, file_bytes, &first, shape, &r);
    if (!status) {
        values = vxg__calloc((size_t)(shape[0] * shape[1] * shape[2]), sizeof(float));
        status = values ? read_pages(tif, path, &first, shape, values, &r) : VXG_ERR_MEMORY;
    }
    TIFFClose(tif);
    if (status) {
        vxg__free(values);
        return status;
    }
    *data = values;
    return VXG_OK;
}
#else
int vxg__tiff_read(const char *path, int64_t file_bytes, float **data, int64_t shape[3]) {
    (void)file_bytes, (void)data, (void)shape;
    VXG_FAIL(VXG_ERR_UNSUPPORTED,
             "%s: built without TIFF reading; install libtiff's headers (Debian: libtiff-dev) and "
             "build again",
             path);
}
#endif
