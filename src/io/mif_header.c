/* Lines of MRtrix headers (the MRtrix image formats of MRtrix3's documentation). */
#include "io/mif.h"

#include "io/elements.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *word;
    vxg_dtype dtype;
    int bits;
} types[] = {{"Bit", VXG_U8, 1},       {"Int8", VXG_I8, 0},      {"UInt8", VXG_U8, 0},
             {"Int16", VXG_I16, 0},    {"UInt16", VXG_U16, 0},   {"Int32", VXG_I32, 0},
             {"UInt32", VXG_U32, 0},   {"Int64", VXG_I64, 0},    {"UInt64", VXG_U64, 0},
             {"Float16", VXG_F16, 0},  {"Float32", VXG_F32, 0},  {"Float64", VXG_F64, 0},
             {"CFloat32", VXG_C64, 0}, {"CFloat64", VXG_C128, 0}};

const char *vxg__mif_type(vxg_dtype dtype) {
    static const char *const words[2][VXG_C128 + 1] = {{[VXG_I8] = "Int8",
                                                        [VXG_U8] = "UInt8",
                                                        [VXG_I16] = "Int16BE",
                                                        [VXG_U16] = "UInt16BE",
                                                        [VXG_I32] = "Int32BE",
                                                        [VXG_U32] = "UInt32BE",
                                                        [VXG_I64] = "Int64BE",
                                                        [VXG_U64] = "UInt64BE",
                                                        [VXG_F32] = "Float32BE",
                                                        [VXG_F64] = "Float64BE",
                                                        [VXG_C64] = "CFloat32BE",
                                                        [VXG_C128] = "CFloat64BE"},
                                                       {[VXG_I8] = "Int8",
                                                        [VXG_U8] = "UInt8",
                                                        [VXG_I16] = "Int16LE",
                                                        [VXG_U16] = "UInt16LE",
                                                        [VXG_I32] = "Int32LE",
                                                        [VXG_U32] = "UInt32LE",
                                                        [VXG_I64] = "Int64LE",
                                                        [VXG_U64] = "UInt64LE",
                                                        [VXG_F32] = "Float32LE",
                                                        [VXG_F64] = "Float64LE",
                                                        [VXG_C64] = "CFloat32LE",
                                                        [VXG_C128] = "CFloat64LE"}};
    return words[vxg__host_is_little()][dtype];
}

/* ---- values ---- */

/* Numbers with commas or blanks between them; how many, or -1: a word that is none. */
static int numbers(const char *text, double *out, int most) {
    int n = 0;
    for (;;) {
        char *end = NULL;
        text += strspn(text, " \t");
        if (!*text) return n;
        const double x = vxg__number(text, &end);
        if (end == text || n == most) return -1;
        out[n++] = x;
        text = end + strspn(end, " \t");
        if (*text == ',') text++;
    }
}

static int read_dim(const char *path, vxg__mif *m, const char *value) {
    double x[VXG__MIF_AXES];
    const int n = numbers(value, x, VXG__MIF_AXES);
    VXG_FAIL_IF(n < 1, VXG_ERR_INPUT, "%s: MIF header: dim is '%s', 1 to %d sizes expected", path,
                VXG_SHOW(value), VXG__MIF_AXES);
    for (int i = 0; i < n; i++) {
        VXG_FAIL_IF(!(x[i] >= 1 && x[i] <= (double)VXG_MAX_ELEMENTS) || x[i] != floor(x[i]),
                    VXG_ERR_INPUT, "%s: MIF header: size %d of dim is %g", path, i, x[i]);
        m->dim[i] = (int64_t)x[i];
    }
    m->ndim = n;
    return VXG_OK;
}

static int read_vox(const char *path, vxg__mif *m, const char *value) {
    const int n = numbers(value, m->vox, VXG__MIF_AXES);
    VXG_FAIL_IF(n < 1, VXG_ERR_INPUT, "%s: MIF header: vox is '%s', sizes or nan expected", path,
                VXG_SHOW(value));
    for (int i = n; i < VXG__MIF_AXES; i++) m->vox[i] = NAN;
    return VXG_OK;
}

/* "-0,-1,+2,+3": a sign, which may be missing, and the place in the order of strides. */
static int read_layout(const char *path, vxg__mif *m, const char *value) {
    int n = 0, good = 1;
    for (const char *p = value; good && *p; n++) {
        char *end = NULL;
        p += strspn(p, " \t");
        good = n < VXG__MIF_AXES;
        if (!good) break;
        m->backwards[n] = *p == '-';
        p += *p == '-' || *p == '+';
        const long order = *p >= '0' && *p <= '9' ? strtol(p, &end, 10) : -1;
        good = order >= 0 && order < VXG__MIF_AXES;
        if (!good) break;
        m->order[n] = (int)order;
        p = end + strspn(end, " \t");
        good = !*p || (*p == ',' && p[1]);
        p += *p == ',';
    }
    VXG_FAIL_IF(!good || !n, VXG_ERR_INPUT,
                "%s: MIF header: layout is '%s', such as -0,-1,+2 expected", path, VXG_SHOW(value));
    for (int i = n; i < VXG__MIF_AXES; i++) m->order[i] = -1;
    return VXG_OK;
}

static int read_type(const char *path, vxg__mif *m, const char *value) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        const size_t n = strlen(types[i].word);
        const char *rest = value + n;
        if (strncasecmp(value, types[i].word, n) != 0) continue;
        const int little = !strcasecmp(rest, "LE"), big = !strcasecmp(rest, "BE");
        if (*rest && !((little || big) && n > 3 && vxg_dtype_size(types[i].dtype) > 1)) continue;
        m->typed = 1;
        m->dtype = types[i].dtype, m->bits = types[i].bits;
        m->turned = *rest && big == vxg__host_is_little();
        return VXG_OK;
    }
    VXG_FAIL(VXG_ERR_UNSUPPORTED,
             "%s: MIF header: datatype '%s' is not read; there are Bit, Int8 to UInt64, Float16 to "
             "Float64, CFloat32 and CFloat64, with LE or BE",
             path, VXG_SHOW(value));
}

static int read_transform(const char *path, vxg__mif *m, const char *value) {
    const int good = m->rows < 4 && numbers(value, m->transform + 4 * m->rows, 4) == 4;
    VXG_FAIL_IF(!good, VXG_ERR_INPUT,
                "%s: MIF header: transform is '%s', lines of 4 numbers expected", path,
                VXG_SHOW(value));
    m->rows++;
    return VXG_OK;
}

static int read_scaling(const char *path, vxg__mif *m, const char *value) {
    const int good = numbers(value, m->scaling, 2) == 2 && isfinite(m->scaling[0]) &&
                     isfinite(m->scaling[1]) && m->scaling[1] != 0;
    VXG_FAIL_IF(!good, VXG_ERR_INPUT,
                "%s: MIF header: scaling is '%s', an offset and a scale that is not 0 expected",
                path, VXG_SHOW(value));
    m->scaled = 1;
    return VXG_OK;
}

/* ". 2054", "name.dat", "name.dat 100": a file beside the header, never one elsewhere. */
static int read_file(const char *path, vxg__mif *m, const char *value) {
    const size_t length = strlen(value);
    size_t n = length;
    while (n > 0 && value[n - 1] >= '0' && value[n - 1] <= '9') n--;
    const int offset = n > 1 && n < length && length - n < 16 && strchr(" \t", value[n - 1]);
    size_t name = offset ? n : length;
    m->offset = offset ? strtoll(value + n, NULL, 10) : 0;
    while (name > 0 && strchr(" \t", value[name - 1])) name--;
    vxg__free(m->file);
    m->file = vxg__calloc(name + 1, 1);
    if (!m->file) return VXG_ERR_MEMORY;
    memcpy(m->file, value, name);
    if (!strcmp(m->file, ".")) m->file[0] = 0;
    const int many = strchr(m->file, '[') || strchr(m->file, '%');
    VXG_FAIL_IF(many, VXG_ERR_UNSUPPORTED,
                "%s: MIF header: file is '%s': elements in several files are not read", path,
                VXG_SHOW(value));
    VXG_FAIL_IF(strchr(m->file, '/') || !strcmp(m->file, ".."), VXG_ERR_INPUT,
                "%s: MIF header: file is '%s', which leads out of the folder", path,
                VXG_SHOW(value));
    return VXG_OK;
}

typedef int read_value(const char *path, vxg__mif *m, const char *value);
static const struct {
    const char *key;
    read_value *read;
} keys[] = {{"dim", read_dim},        {"vox", read_vox},   {"layout", read_layout},
            {"datatype", read_type},  {"file", read_file}, {"transform", read_transform},
            {"scaling", read_scaling}};

int vxg__mif_reserved(const char *key) {
    int found = !strcasecmp(key, "END");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) found |= !strcasecmp(key, keys[i].key);
    return found;
}

int vxg__mif_line(const char *path, vxg__mif *m, const char *key, const char *value, int *known) {
    *known = 0;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (strcasecmp(key, keys[i].key) != 0) continue;
        const int twice = (keys[i].read == read_dim && m->ndim) ||
                          (keys[i].read == read_file && m->file) ||
                          (keys[i].read == read_type && m->typed) ||
                          (keys[i].read == read_layout && m->order[0] >= 0) ||
                          (keys[i].read == read_scaling && m->scaled);
        VXG_FAIL_IF(twice, VXG_ERR_INPUT, "%s: MIF header: %s is said twice", path, keys[i].key);
        *known = 1;
        return keys[i].read(path, m, value);
    }
    return VXG_OK;
}
