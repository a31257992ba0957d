/* NPY files (NumPy's format description, versions 1.0 to 3.0). */
#include "io/npy.h"

#include "io/elements.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* NumPy's word for a storage type: byte order, kind, bytes. */
static void npy_word(vxg_dtype dtype, char out[8]) {
    const size_t size = vxg_dtype_size(dtype);
    const char kind = dtype == VXG_F16 || dtype == VXG_F32 || dtype == VXG_F64  ? 'f'
                      : dtype == VXG_C64 || dtype == VXG_C128                   ? 'c'
                      : dtype == VXG_U8 || dtype == VXG_U16 || dtype == VXG_U32 ? 'u'
                      : dtype == VXG_U64                                        ? 'u'
                                                                                : 'i';
    snprintf(out, 8, "%c%c%d",
             size == 1               ? '|'
             : vxg__host_is_little() ? '<'
                                     : '>',
             kind, (int)size);
}

int vxg__npy_header(vxg_text *out, vxg_dtype dtype, int ndim, const int64_t *shape) {
    vxg_text d = {0};
    char word[8];
    npy_word(dtype, word);
    vxg__text_add(&d, "{'descr': '%s', 'fortran_order': False, 'shape': (", word);
    for (int i = 0; i < ndim; i++)
        vxg__text_add(&d, ndim == 1 ? "%lld," : i ? ", %lld" : "%lld", (long long)shape[i]);
    vxg__text_add(&d, "), }");
    /* Padded so that the elements start at a multiple of 64 bytes, closed by a line feed. */
    while (!d.failed && (10 + d.length + 1) % 64 != 0) vxg__text_append(&d, " ", 1);
    vxg__text_append(&d, "\n", 1);
    const char lead[10] = {(char)0x93,
                           'N',
                           'U',
                           'M',
                           'P',
                           'Y',
                           1,
                           0,
                           (char)(d.length & 255),
                           (char)(d.length >> 8 & 255)};
    vxg__text_append(out, lead, sizeof lead);
    if (!d.failed) vxg__text_append(out, d.s, d.length);
    int failed = d.failed || out->failed;
    vxg__text_free(&d);
    return failed ? VXG_ERR_MEMORY : VXG_OK;
}

int vxg_npy_write(const char *path, vxg_dtype dtype, int ndim, const int64_t *shape,
                  const void *data, int force) {
    VXG_FAIL_IF(!vxg_dtype_size(dtype), VXG_ERR_ARGUMENT, "dtype is %d", (int)dtype);
    VXG_FAIL_IF(ndim < 0 || ndim > VXG_MAX_DIMS || (ndim && !shape), VXG_ERR_ARGUMENT,
                "rank %d of %s is not in 0..%d", ndim, path ? path : "", VXG_MAX_DIMS);
    int64_t count = 1;
    for (int i = 0; i < ndim; i++) {
        VXG_FAIL_IF(shape[i] < 0 || (shape[i] && count > VXG_MAX_ELEMENTS / shape[i]),
                    VXG_ERR_ARGUMENT, "size %d of %s is %lld", i, path ? path : "",
                    (long long)shape[i]);
        count *= shape[i];
    }
    VXG_FAIL_IF(count && !data, VXG_ERR_ARGUMENT, "data is NULL");
    vxg__output out;
    vxg_text header = {0};
    VXG_TRY(vxg__output_open(path, force, NULL, &out));
    int status = vxg__npy_header(&header, dtype, ndim, shape);
    if (!status) status = vxg__write_all(out.fd, header.s, header.length, -1, path);
    if (!status)
        status = vxg__write_all(out.fd, data, (size_t)count * vxg_dtype_size(dtype), -1, path);
    vxg__text_free(&header);
    if (!status) return vxg__output_commit(&out);
    vxg__output_abandon(&out);
    return status;
}

/* ---- reading ---- */

/* NumPy's kinds of elements that storage types have; bool is read as uint8. */
static const struct {
    char kind;
    int size;
    vxg_dtype dtype;
} kinds[] = {{'f', 2, VXG_F16}, {'f', 4, VXG_F32},  {'f', 8, VXG_F64}, {'i', 1, VXG_I8},
             {'i', 2, VXG_I16}, {'i', 4, VXG_I32},  {'i', 8, VXG_I64}, {'u', 1, VXG_U8},
             {'u', 2, VXG_U16}, {'u', 4, VXG_U32},  {'u', 8, VXG_U64}, {'b', 1, VXG_U8},
             {'c', 8, VXG_C64}, {'c', 16, VXG_C128}};

/* Position behind 'key': in the header's text, or NULL. */
static const char *value_of(const char *text, const char *key) {
    const char *p = strstr(text, key);
    if (!p) return NULL;
    p += strlen(key);
    while (*p == ' ' || *p == ':') p++;
    return p;
}

/* "'<f4'": byte order, kind, bytes. */
static int parse_descr(const char *path, const char *p, vxg__npy_info *info) {
    const char quote = p && (*p == '\'' || *p == '"') ? *p : 0, order = quote ? p[1] : 0;
    const int good = order && strchr("<>|=", order);
    for (size_t k = 0; good && k < sizeof kinds / sizeof *kinds; k++) {
        char word[8];
        const int n = snprintf(word, sizeof word, "%c%d%c", kinds[k].kind, kinds[k].size, quote);
        if (strncmp(p + 2, word, (size_t)n) != 0) continue;
        if (order == '|' && kinds[k].size > 1) break;
        info->dtype = kinds[k].dtype;
        info->turned = order == (vxg__host_is_little() ? '>' : '<') && kinds[k].size > 1;
        return VXG_OK;
    }
    VXG_FAIL(VXG_ERR_INPUT,
             "%s: NPY element type %.12s is not read; numbers are: f2 f4 f8, i1 to i8, u1 to u8, "
             "c8 c16, b1",
             path, p ? VXG_SHOW(p) : "(none)");
}

static int parse_shape(const char *path, const char *p, vxg__npy_info *info) {
    VXG_FAIL_IF(!p || *p != '(', VXG_ERR_INPUT, "%s: NPY header has no shape", path);
    info->ndim = 0, info->count = 1;
    for (p++;;) {
        while (*p == ' ') p++;
        if (*p == ')') return VXG_OK;
        VXG_FAIL_IF(*p < '0' || *p > '9', VXG_ERR_INPUT, "%s: NPY shape is not a list of sizes",
                    path);
        VXG_FAIL_IF(info->ndim == VXG_MAX_DIMS, VXG_ERR_INPUT, "%s: NPY rank is over %d", path,
                    VXG_MAX_DIMS);
        char *end = NULL;
        errno = 0;
        long long n = strtoll(p, &end, 10);
        VXG_FAIL_IF(errno || n > VXG_MAX_ELEMENTS || (n && info->count > VXG_MAX_ELEMENTS / n),
                    VXG_ERR_INPUT, "%s: NPY shape has more than 2^40 elements", path);
        info->shape[info->ndim++] = n;
        info->count *= n;
        for (p = end; *p == ' ';) p++;
        if (*p == ',') p++;
    }
}

int vxg__npy_look(int fd, int64_t file_bytes, const char *path, vxg__npy_info *info) {
    uint8_t lead[12];
    char text[4096];
    VXG_FAIL_IF(file_bytes < 12, VXG_ERR_INPUT, "%s: %lld bytes are too few for an NPY file", path,
                (long long)file_bytes);
    VXG_TRY(vxg__read_exact(fd, lead, sizeof lead, 0, path));
    VXG_FAIL_IF(memcmp(lead, "\x93NUMPY", 6) != 0, VXG_ERR_INPUT, "%s: not an NPY file", path);
    int64_t length = lead[8] | lead[9] << 8;
    info->offset = 10;
    if (lead[6] >= 2)
        length |= (int64_t)lead[10] << 16 | (int64_t)lead[11] << 24, info->offset = 12;
    VXG_FAIL_IF(lead[6] < 1 || lead[6] > 3, VXG_ERR_INPUT, "%s: NPY version %d, 1 to 3 expected",
                path, lead[6]);
    VXG_FAIL_IF(length >= (int64_t)sizeof text || info->offset + length > file_bytes, VXG_ERR_INPUT,
                "%s: NPY header of %lld bytes is too long", path, (long long)length);
    VXG_TRY(vxg__read_exact(fd, text, (size_t)length, info->offset, path));
    text[length] = 0;
    info->offset += length;
    VXG_TRY(parse_descr(path, value_of(text, "'descr'"), info));
    VXG_TRY(parse_shape(path, value_of(text, "'shape'"), info));
    const char *order = value_of(text, "'fortran_order'");
    int fortran = order && !strncmp(order, "True", 4) && info->ndim > 1;
    VXG_FAIL_IF(fortran, VXG_ERR_INPUT, "%s: NPY in Fortran order; C order expected", path);
    int64_t need = info->offset + info->count * (int64_t)vxg_dtype_size(info->dtype);
    VXG_FAIL_IF(need > file_bytes, VXG_ERR_INPUT, "%s: NPY file is cut: %lld bytes, %lld expected",
                path, (long long)file_bytes, (long long)need);
    return VXG_OK;
}

int vxg__npy_read_run(int fd, const char *path, const vxg__npy_info *info, int64_t at, int64_t n,
                      vxg_dtype dtype, void *dst) {
    enum { PIECE = 1 << 14 };
    const int64_t size = (int64_t)vxg_dtype_size(info->dtype), most = PIECE / size;
    const int64_t step = (int64_t)vxg_dtype_size(dtype);
    _Alignas(16) uint8_t buffer[PIECE];
    if (dtype == info->dtype) {
        VXG_TRY(vxg__read_exact(fd, dst, (size_t)(n * size), info->offset + at * size, path));
        if (info->turned) vxg__elements_turn(dtype, dst, n);
        return VXG_OK;
    }
    VXG_FAIL_IF(vxg__is_complex(info->dtype), VXG_ERR_UNSUPPORTED,
                "%s: %s elements are no real numbers: they are read as they are", path,
                vxg_dtype_name(info->dtype));
    for (int64_t i = 0; i < n; i += most) {
        const int64_t part = n - i < most ? n - i : most;
        VXG_TRY(vxg__read_exact(fd, buffer, (size_t)(part * size), info->offset + (at + i) * size,
                                path));
        if (info->turned) vxg__elements_turn(info->dtype, buffer, part);
        vxg__elements_convert(info->dtype, buffer, part, dtype, (char *)dst + i * step);
    }
    return VXG_OK;
}

int vxg_npy_read(const char *path, float **data, int *ndim, int64_t *shape) {
    VXG_FAIL_IF(!path || !data || !ndim || !shape, VXG_ERR_ARGUMENT, "an argument is NULL");
    *data = NULL, *ndim = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    VXG_FAIL_IF(fd < 0, VXG_ERR_INPUT, "%s: cannot open: %s", path, strerror(errno));
    struct stat st;
    vxg__npy_info info = {0};
    float *values = NULL;
    int status = VXG_OK;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        status = vxg_error_set(VXG_ERR_INPUT, "%s: not a regular file", path);
    if (!status) status = vxg__npy_look(fd, (int64_t)st.st_size, path, &info);
    if (!status) {
        values = vxg__calloc(info.count ? (size_t)info.count : 1, sizeof(float));
        status = values ? vxg__npy_read_run(fd, path, &info, 0, info.count, VXG_F32, values)
                        : VXG_ERR_MEMORY;
    }
    close(fd);
    if (status) {
        vxg__free(values);
        return status;
    }
    *data = values, *ndim = info.ndim;
    memcpy(shape, info.shape, (size_t)info.ndim * sizeof *shape);
    return VXG_OK;
}
