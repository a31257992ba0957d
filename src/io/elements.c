/* Storage types of files: conversion and byte order. */
#include "io/elements.h"

#include <math.h>
#include <string.h>

int vxg__host_is_little(void) {
    const uint16_t one = 1;
    return *(const uint8_t *)&one == 1;
}

int vxg__is_complex(vxg_dtype dtype) {
    return dtype == VXG_C64 || dtype == VXG_C128;
}

double vxg__half_number(uint16_t bits) {
    const int exponent = bits >> 10 & 31, rest = bits & 1023;
    double x = exponent ? ldexp(1024 + rest, exponent - 25) : ldexp(rest, -24);
    if (exponent == 31) x = rest ? (double)NAN : (double)INFINITY;
    return bits >> 15 ? -x : x;
}

uint16_t vxg__half_bits(double x) {
    const uint16_t sign = signbit(x) ? 0x8000 : 0;
    int exponent = 0;
    if (isnan(x)) return sign | 0x7e00;
    if (x == 0) return sign;
    const double m = frexp(fabs(x), &exponent); /* 0.5 to 1 times 2^exponent */
    if (isinf(x) || exponent > 16) return sign | 0x7c00;
    /* Steps of the last of 11 digits, or of the smallest number there is. */
    const int step = exponent < -13 ? -24 : exponent - 11;
    const double n = nearbyint(ldexp(m, exponent - step));
    /* Digits that round up to one more carry into the exponent, where 65520 becomes infinity. */
    return (uint16_t)(sign | (uint16_t)((step + 24) * 1024 + (int)n));
}

/* Each type on its own: through double 64-bit integers would be rounded twice on their way to
 * float. */
#define LOOP(type, number)                                                                         \
    do {                                                                                           \
        const type *v = src;                                                                       \
        if (to == VXG_F32)                                                                         \
            for (int64_t i = 0; i < n; i++) ((float *)dst)[i] = (float)(number);                   \
        else                                                                                       \
            for (int64_t i = 0; i < n; i++) ((double *)dst)[i] = (double)(number);                 \
    } while (0)

void vxg__elements_convert(vxg_dtype from, const void *src, int64_t n, vxg_dtype to, void *dst) {
    if (from == to) {
        memcpy(dst, src, (size_t)n * vxg_dtype_size(from));
        return;
    }
    switch (from) {
    case VXG_F32: LOOP(float, v[i]); break;
    case VXG_F64: LOOP(double, v[i]); break;
    case VXG_I8: LOOP(int8_t, v[i]); break;
    case VXG_U8: LOOP(uint8_t, v[i]); break;
    case VXG_I16: LOOP(int16_t, v[i]); break;
    case VXG_U16: LOOP(uint16_t, v[i]); break;
    case VXG_I32: LOOP(int32_t, v[i]); break;
    case VXG_U32: LOOP(uint32_t, v[i]); break;
    case VXG_I64: LOOP(int64_t, v[i]); break;
    case VXG_U64: LOOP(uint64_t, v[i]); break;
    case VXG_F16: LOOP(uint16_t, vxg__half_number(v[i])); break;
    case VXG_C64:
    case VXG_C128: break; /* refused before */
    }
}

void vxg__elements_turn(vxg_dtype dtype, void *p, int64_t n) {
    const int parts = vxg__is_complex(dtype) ? 2 : 1;
    const size_t size = vxg_dtype_size(dtype) / (size_t)parts;
    uint8_t *b = p;
    if (size == 1) return;
    for (int64_t i = 0; i < n * parts; i++, b += size)
        for (size_t k = 0; k < size / 2; k++) {
            const uint8_t first = b[k];
            b[k] = b[size - 1 - k], b[size - 1 - k] = first;
        }
}
