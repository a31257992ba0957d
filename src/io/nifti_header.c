/* The bytes of NIfTI headers (nifti1.h and nifti2.h of the NIfTI Data Format Working Group). */
#include "io/nifti.h"

#include "io/elements.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

typedef enum kind { U8, I16, I32, I64, F32, F64 } kind;
static const int kind_bytes[] = {1, 2, 4, 8, 4, 8};

/* Numbers: where they are in a header of version 1 and of version 2, and in the struct. */
static const struct {
    int at1;
    kind kind1;
    int at2;
    kind kind2;
    int count;
    size_t member;
} numbers[] = {{40, I16, 16, I64, 8, offsetof(vxg__nifti, dim)},
               {68, I16, 504, I32, 1, offsetof(vxg__nifti, intent)},
               {70, I16, 12, I16, 1, offsetof(vxg__nifti, datatype)},
               {72, I16, 14, I16, 1, offsetof(vxg__nifti, bitpix)},
               {76, F32, 104, F64, 8, offsetof(vxg__nifti, pixdim)},
               {108, F32, 168, I64, 1, offsetof(vxg__nifti, vox_offset)},
               {112, F32, 176, F64, 1, offsetof(vxg__nifti, slope)},
               {116, F32, 184, F64, 1, offsetof(vxg__nifti, inter)},
               {123, U8, 500, I32, 1, offsetof(vxg__nifti, units)},
               {124, F32, 192, F64, 1, offsetof(vxg__nifti, cal_max)},
               {128, F32, 200, F64, 1, offsetof(vxg__nifti, cal_min)},
               {252, I16, 344, I32, 1, offsetof(vxg__nifti, qform)},
               {254, I16, 348, I32, 1, offsetof(vxg__nifti, sform)},
               {256, F32, 352, F64, 3, offsetof(vxg__nifti, quatern)},
               {268, F32, 376, F64, 3, offsetof(vxg__nifti, qoffset)},
               {280, F32, 400, F64, 12, offsetof(vxg__nifti, srow)}};

static const char single1[4] = "n+1", pair1[4] = "ni1";
static const char single2[8] = {'n', '+', '2', 0, '\r', '\n', 0x1a, '\n'};
static const char pair2[8] = {'n', 'i', '2', 0, '\r', '\n', 0x1a, '\n'};

/* ---- bytes ---- */

static uint64_t get_bits(const uint8_t *p, int n, int big) {
    uint64_t v = 0;
    for (int i = 0; i < n; i++) v = v << 8 | p[big ? i : n - 1 - i];
    return v;
}

static double get(const uint8_t *p, kind what, int big) {
    const uint64_t v = get_bits(p, kind_bytes[what], big);
    const uint32_t low = (uint32_t)v;
    float f;
    double d;
    memcpy(&f, &low, sizeof f);
    memcpy(&d, &v, sizeof d);
    switch (what) {
    case U8: return (double)v;
    case I16: return (int16_t)v;
    case I32: return (int32_t)low;
    case I64: return (double)(int64_t)v;
    case F32: return f;
    case F64: break;
    }
    return d;
}

static void put(uint8_t *p, kind what, int big, double number) {
    const float f = (float)number;
    uint64_t v = 0;
    uint32_t low;
    memcpy(&low, &f, sizeof low);
    if (what == F32) v = low;
    if (what == F64) memcpy(&v, &number, sizeof v);
    if (what < F32) v = (uint64_t)(int64_t)number;
    const int n = kind_bytes[what];
    for (int i = 0; i < n; i++) p[big ? n - 1 - i : i] = (uint8_t)(v >> 8 * i);
}

int vxg__nifti_begins(const uint8_t *head, size_t n, int *big) {
    for (*big = 0; n >= 4 && *big < 2; ++*big) {
        const uint64_t size = get_bits(head, 4, *big);
        if (size == VXG__NIFTI_1 || size == VXG__NIFTI_2) return (int)size;
    }
    *big = 0;
    return 0;
}

int vxg__nifti_magic(const uint8_t *head, int bytes, int *pair) {
    if (bytes == VXG__NIFTI_2) {
        *pair = !memcmp(head + 4, pair2, sizeof pair2);
        return *pair || !memcmp(head + 4, single2, sizeof single2);
    }
    *pair = !memcmp(head + 344, pair1, sizeof pair1);
    return *pair || !memcmp(head + 344, single1, sizeof single1);
}

void vxg__nifti_get(const uint8_t *head, vxg__nifti *h) {
    const int second = h->bytes == VXG__NIFTI_2;
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) {
        const kind what = second ? numbers[k].kind2 : numbers[k].kind1;
        const uint8_t *from = head + (second ? numbers[k].at2 : numbers[k].at1);
        double *to = (double *)((char *)h + numbers[k].member);
        for (int i = 0; i < numbers[k].count; i++)
            to[i] = get(from + i * kind_bytes[what], what, h->big);
    }
    memcpy(h->descrip, head + (second ? 240 : 148), 80);
    memcpy(h->intent_name, head + (second ? 508 : 328), 16);
    h->descrip[80] = h->intent_name[16] = 0;
}

void vxg__nifti_put(const vxg__nifti *h, uint8_t *head) {
    const int second = h->bytes == VXG__NIFTI_2;
    put(head, I32, h->big, h->bytes);
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) {
        const kind what = second ? numbers[k].kind2 : numbers[k].kind1;
        uint8_t *to = head + (second ? numbers[k].at2 : numbers[k].at1);
        const double *from = (const double *)((const char *)h + numbers[k].member);
        for (int i = 0; i < numbers[k].count; i++)
            put(to + i * kind_bytes[what], what, h->big, from[i]);
    }
    memcpy(head + (second ? 240 : 148), h->descrip, 80);
    memcpy(head + (second ? 508 : 328), h->intent_name, 16);
    memcpy(head + (second ? 4 : 344), second ? single2 : single1, second ? 8 : 4);
}

/* ---- types ---- */

static const struct {
    int code;
    vxg_dtype dtype;
} types[] = {{2, VXG_U8},    {4, VXG_I16},    {8, VXG_I32},    {16, VXG_F32},
             {32, VXG_C64},  {64, VXG_F64},   {256, VXG_I8},   {512, VXG_U16},
             {768, VXG_U32}, {1024, VXG_I64}, {1280, VXG_U64}, {1792, VXG_C128}};

const char *vxg__nifti_type(int code, vxg_dtype *dtype) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].code == code) {
            *dtype = types[i].dtype;
            return NULL;
        }
    switch (code) {
    case 1: return "binary, one bit an element";
    case 128: return "rgb24";
    case 1536: return "float128";
    case 2048: return "complex256";
    case 2304: return "rgba32";
    default: return "no type of NIfTI";
    }
}

int vxg__nifti_code(vxg_dtype dtype) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].dtype == dtype) return types[i].code;
    return 0;
}

static const struct {
    int code, fourth;
    const char *word;
} units[] = {{0, 0, ""},    {1, 0, "m"},    {2, 0, "mm"},    {3, 0, "um"},
             {0, 1, ""},    {8, 1, "s"},    {16, 1, "ms"},   {24, 1, "us"},
             {32, 1, "Hz"}, {40, 1, "ppm"}, {48, 1, "rad/s"}};

static const char *unit_word(int code, int fourth) {
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (units[i].code == code && units[i].fourth == fourth) return units[i].word;
    return "";
}

const char *vxg__nifti_length(int code) {
    return unit_word(code & 7, 0);
}

const char *vxg__nifti_time(int code) {
    return unit_word(code & 0x38, 1);
}

int vxg__nifti_unit(const char *word, int fourth) {
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (units[i].fourth == fourth && !strcmp(units[i].word, word)) return units[i].code;
    return -1;
}

/* ---- affines ---- */

void vxg__nifti_sform(const vxg__nifti *h, double affine[12]) {
    memcpy(affine, h->srow, sizeof h->srow);
}

static void rotation(const double q[4], double r[9]) {
    const double a = q[0], b = q[1], c = q[2], d = q[3];
    const double m[9] = {a * a + b * b - c * c - d * d, 2 * (b * c - a * d),
                         2 * (b * d + a * c),           2 * (b * c + a * d),
                         a * a + c * c - b * b - d * d, 2 * (c * d - a * b),
                         2 * (b * d - a * c),           2 * (c * d + a * b),
                         a * a + d * d - c * c - b * b};
    memcpy(r, m, sizeof m);
}

int vxg__nifti_qform(const vxg__nifti *h, int ndim, double affine[12]) {
    double q[4] = {0, h->quatern[0], h->quatern[1], h->quatern[2]}, r[9];
    double rest = 1 - (q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
    if (rest < 1e-7) { /* half a turn, or rounded to more than 1 */
        const double size = sqrt(1 - rest);
        for (int i = 1; i < 4; i++) q[i] /= size;
        rest = 0;
    }
    q[0] = sqrt(rest);
    rotation(q, r);
    for (int k = 0; k < 3; k++) {
        double step = h->pixdim[k + 1];
        if (k >= ndim && !(step > 0)) step = 1; /* of an axis that is not there */
        if (!(step > 0)) return 0;
        if (k == 2 && h->pixdim[0] < 0) step = -step;
        for (int i = 0; i < 3; i++) affine[4 * i + k] = r[3 * i + k] * step;
        affine[4 * k + 3] = h->qoffset[k];
    }
    return vxg__affine_good(affine);
}

/* The quaternion of a rotation, a >= 0: by the largest of its parts, so that nothing small is
 * divided by. */
static void quaternion(const double r[9], double q[4]) {
    const double square[4] = {1 + r[0] + r[4] + r[8], 1 + r[0] - r[4] - r[8],
                              1 - r[0] + r[4] - r[8], 1 - r[0] - r[4] + r[8]};
    int k = 0;
    for (int i = 1; i < 4; i++)
        if (square[i] > square[k]) k = i;
    const double x[4][4] = {{square[0], r[7] - r[5], r[2] - r[6], r[3] - r[1]},
                            {r[7] - r[5], square[1], r[1] + r[3], r[2] + r[6]},
                            {r[2] - r[6], r[1] + r[3], square[2], r[5] + r[7]},
                            {r[3] - r[1], r[2] + r[6], r[5] + r[7], square[3]}};
    const double size = 2 * sqrt(square[k]), sign = x[k][0] < 0 ? -1 : 1;
    for (int i = 0; i < 4; i++) q[i] = sign * x[k][i] / size;
}

int vxg__nifti_turn(vxg__nifti *h, const double affine[12]) {
    double step[3], r[9], back[9], q[4];
    vxg__affine_steps(affine, step);
    for (int i = 0; i < 9; i++) r[i] = affine[i / 3 * 4 + i % 3] / step[i % 3];
    const double det = r[0] * (r[4] * r[8] - r[5] * r[7]) - r[1] * (r[3] * r[8] - r[5] * r[6]) +
                       r[2] * (r[3] * r[7] - r[4] * r[6]);
    for (int i = 2; i < 9 && det < 0; i += 3) r[i] = -r[i];
    quaternion(r, q);
    rotation(q, back);
    for (int i = 0; i < 9; i++)
        if (!(fabs(back[i] - r[i]) < 1e-5)) return 0;
    h->pixdim[0] = det < 0 ? -1 : 1;
    for (int i = 0; i < 3; i++) h->quatern[i] = q[i + 1], h->qoffset[i] = affine[4 * i + 3];
    return 1;
}
