/* PNG files through libpng, with provenance as text chunks. */
#include "io/io.h"

#ifdef VXG_HAVE_PNG
#include <png.h>
#include <setjmp.h>
#include <string.h>

typedef struct job {
    const vxg_picture *pic;
    const char *path; /* for messages */
    vxg_text *to;     /* NULL: fd */
    int fd, status;
    char *text; /* of an attribute: an error jumps over its end */
} job;

/* libpng demands that its error function does not return: the jump stays inside this file. */
static void on_error(png_structp png, png_const_charp words) {
    job *j = png_get_error_ptr(png);
    if (!j->status) j->status = vxg_error_set(VXG_ERR_FAILED, "%s: libpng: %s", j->path, words);
    png_longjmp(png, 1);
}
static void on_warning(png_structp png, png_const_charp words) {
    (void)png, (void)words;
}
static void on_write(png_structp png, png_bytep data, size_t n) {
    job *j = png_get_io_ptr(png);
    if (j->to) {
        vxg__text_append(j->to, (const char *)data, n);
        j->status = j->to->failed ? VXG_ERR_MEMORY : VXG_OK;
    } else {
        j->status = vxg__write_all(j->fd, data, n, -1, j->path);
    }
    if (j->status) png_error(png, "cannot write");
}
static void on_flush(png_structp png) {
    (void)png;
}
static png_voidp on_alloc(png_structp png, png_alloc_size_t n) {
    job *j = png_get_mem_ptr(png);
    void *p = vxg__calloc(n, 1);
    if (!p && j) j->status = VXG_ERR_MEMORY;
    return p;
}
static void on_free(png_structp png, png_voidp p) {
    (void)png;
    vxg__free(p);
}

static int is_ascii(const char *text) {
    for (; *text; text++)
        if ((unsigned char)*text > 126) return 0;
    return 1;
}

static void set_attribute(png_structp png, png_infop info, const vxg_attribute *a) {
    char key[80];
    job *j = png_get_error_ptr(png);
    char *text = j->text = vxg__plain_words(a->text, 1);
    if (!text) {
        j->status = VXG_ERR_MEMORY;
        png_error(png, "out of memory");
    }
    size_t n = strlen(a->name);
    memcpy(key, a->name, n < 79 ? n : 79); /* the format's limit */
    key[n < 79 ? n : 79] = 0;
    png_text chunk = {.compression = PNG_TEXT_COMPRESSION_NONE, .key = key, .text = text};
    chunk.text_length = strlen(text);
#ifdef PNG_iTXt_SUPPORTED
    if (!is_ascii(text)) { /* tEXt is Latin-1, iTXt is UTF-8 */
        chunk.compression = PNG_ITXT_COMPRESSION_NONE;
        chunk.itxt_length = chunk.text_length, chunk.text_length = 0;
    }
#endif
    png_set_text(png, info, &chunk, 1); /* keeps a copy */
    vxg__free(text);
    j->text = NULL;
}

static int encode(png_structp png, png_infop info, const job *j, const vxg_attribute *attributes,
                  int nattributes) {
    const vxg_picture *pic = j->pic;
    if (setjmp(png_jmpbuf(png))) return 1;
    png_set_IHDR(png, info, (png_uint_32)pic->width, (png_uint_32)pic->height, 8,
                 pic->channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    for (int i = 0; i < nattributes; i++) set_attribute(png, info, &attributes[i]);
    png_write_info(png, info);
    for (int64_t y = 0; y < pic->height; y++)
        png_write_row(png, pic->pixels + y * pic->width * pic->channels);
    png_write_end(png, info);
    return 0;
}

static int check(const vxg_picture *pic, const vxg_attribute *attributes, int nattributes) {
    VXG_TRY(VXG_FIXED(vxg_picture, pic));
    VXG_FAIL_IF(!pic->pixels || (pic->channels != 1 && pic->channels != 3), VXG_ERR_ARGUMENT,
                "the picture is empty or has not 1 or 3 channels");
    VXG_FAIL_IF(pic->width > 1000000 || pic->height > 1000000, VXG_ERR_ARGUMENT,
                "PNG pictures are at most 1000000 pixels wide and high");
    VXG_FAIL_IF(nattributes < 0 || (nattributes && !attributes), VXG_ERR_ARGUMENT,
                "attributes are NULL");
    for (int i = 0; i < nattributes; i++)
        VXG_FAIL_IF(!attributes[i].name || !*attributes[i].name || !attributes[i].text,
                    VXG_ERR_ARGUMENT, "attribute %d has no name or no text", i);
    return VXG_OK;
}

/* All of the file, to where the job says. */
static int make_png(job *j, const vxg_attribute *attributes, int nattributes) {
    png_structp png = png_create_write_struct_2(PNG_LIBPNG_VER_STRING, j, on_error, on_warning, j,
                                                on_alloc, on_free);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (info) png_set_write_fn(png, j, on_write, on_flush);
    const int failed = !info || encode(png, info, j, attributes, nattributes);
    int status = j->status;
    if (failed && !status) status = vxg_error_set(VXG_ERR_FAILED, "%s: libpng failed", j->path);
    if (png) png_destroy_write_struct(&png, info ? &info : NULL);
    vxg__free(j->text);
    return status;
}

int vxg__png_text(const vxg_picture *pic, vxg_text *out) {
    job j = {.pic = pic, .path = "a picture", .to = out};
    VXG_TRY(check(pic, NULL, 0));
    return make_png(&j, NULL, 0);
}

/* set: the one it belongs to, or NULL */
static int write_png(vxg_outputs *set, const vxg_picture *pic, const char *path,
                     const vxg_attribute *attributes, int nattributes, int force) {
    vxg__output out;
    VXG_TRY(check(pic, attributes, nattributes));
    VXG_TRY(vxg__output_open(path, force, set, &out));
    job j = {.pic = pic, .path = path, .fd = out.fd};
    const int status = make_png(&j, attributes, nattributes);
    if (!status) return vxg__output_commit(&out);
    vxg__output_abandon(&out);
    return status;
}
#else
int vxg__png_text(const vxg_picture *pic, vxg_text *out) {
    (void)pic, (void)out;
    VXG_FAIL(
        VXG_ERR_UNSUPPORTED,
        "built without PNG, which pictures of a report need; install libpng's headers (Debian: "
        "libpng-dev) and build again");
}

static int write_png(vxg_outputs *set, const vxg_picture *pic, const char *path,
                     const vxg_attribute *attributes, int nattributes, int force) {
    (void)set, (void)pic, (void)attributes, (void)nattributes, (void)force;
    VXG_FAIL(VXG_ERR_UNSUPPORTED,
             "%s: built without PNG; install libpng's headers (Debian: libpng-dev) and build again",
             path ? path : "");
}
#endif

int vxg_picture_write_png(const vxg_picture *pic, const char *path, const vxg_attribute *attributes,
                          int nattributes, int force) {
    return write_png(NULL, pic, path, attributes, nattributes, force);
}

int vxg_outputs_picture(vxg_outputs *set, const vxg_picture *pic, const char *path,
                        const vxg_attribute *attributes, int nattributes, int force) {
    VXG_FAIL_IF(!set, VXG_ERR_ARGUMENT, "outputs is NULL");
    return write_png(set, pic, path, attributes, nattributes, force);
}
