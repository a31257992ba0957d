/* Lanes: one text for many equal small problems, such as a fit in every voxel. A `vreal` holds one number of each of
 * V_LANES neighbouring items: on the CPU a vector of the instruction-set level, in one item of a GPU (and in float64)
 * a single number, V_LANES being 1. An entry K_LANES_KERNELn runs once for V_LANES items; every path is taken by all
 * lanes together, and V_select chooses. Lanes never see each other (but for V_any), so that a result does not depend
 * on its neighbours, nor on how many lanes there are.
 *
 *   V_set(x)                  x in every lane; arithmetic with + - * / also takes a real on one side
 *   V_load(p), V_store(p, v)  V_LANES numbers side by side; no alignment
 *   V_load_half(p), V_store_half   the same of k_u16 that hold numbers of half precision (IEEE 754, none infinite); K_of_half
 *                             of one of them, K_to_half the nearest to a number (beyond 65504: that)
 *   V_gather(p, i), V_gather_int, V_gather_half   p[i] for each lane, i a vint; V_imin, V_imax, V_iset of vints
 *   V_fma(a, b, c), V_sqrt(x), V_abs(x), V_min(a, b), V_max(a, b)   as K_fma ...; of a NaN in a they give b
 *   V_finite(x)               x, and NaN instead of what is infinite
 *   V_above(x, least)         least where x is smaller, else x: a NaN stays
 *   V_lt(a, b), V_le(a, b), V_eq(a, b)    masks (vmask); & | join them, V_not turns one round
 *   V_select(m, a, b)         a where m holds, else b
 *   V_any(m)                  whether it holds in one of the lanes at least: for leaving a loop
 *   V_bits(x), V_of_bits(i), V_int(x), V_real(i)     of vint, the int as wide as a real
 *   where V_LANES > 1 alone: vuint, V_uset(i), V_mulhi(a, b) as K_mulhi, V_index(i): i, i + 1 ...; V_mask_bits(m): a bit for
 *                             each lane, V_lowest_bit of an int that is not 0
 *
 * In group kernels lanes go along memory that the group shares: the text in K_STRIPS(i, n) { ... } K_END_STRIPS runs
 * for V_LANES elements from i on at a time, n being a multiple of 16: on the CPU one strip after the other, on GPUs
 * one element an item and a barrier behind all. K_STRIPS4 is the same for four strips together, from i, i + V_STEP,
 * i + 2 V_STEP and i + 3 V_STEP on; there n is a multiple of 128, and a group has at most 32 items.
 *   V_highest(v), V_lowest(v)     over the lanes of one item */
#ifndef K_LANES_H
#define K_LANES_H
/* Numbers of half precision through a float's bits, of float32 alone: the exponents are off by 112, which a product mends,
 * of numbers below the normal ones too (unless the device takes those for 0). */
#define K_HALF_SCALE K_R(5.192296858534827628530496329220096e33)
K_FN real K_of_half(const k_u16 h) {
    const real size = K_of_bits((k_sbits)((int)(h & 0x7fff) << 13)) * K_HALF_SCALE;
    return h & 0x8000 ? -size : size;
}
K_FN k_u16 K_to_half(const real x) {
    const int sign = x < K_R(0.0) ? 0x8000 : 0;
    const real size = K_abs(x);
    if (!(size < K_R(65520.0))) return (k_u16)(size >= K_R(65520.0) ? sign | 0x7bff : 0);
    /* The place of its last digit: a power of two, 2^-24 at least. */
    int power = 0;
    real unit = K_R(5.9604644775390625e-8);
    for (; size >= unit * K_R(2048.0); power++) unit = unit * K_R(2.0);
    const real q = size / unit, low = K_floor(q), rest = q - low;
    int digits = K_int(low);
    if (rest > K_R(0.5) || (rest == K_R(0.5) && (digits & 1))) digits++;
    /* digits of 2^power units: up to 1023 they stand as they are, from 1024 on their first digit is hidden. */
    return (k_u16)(sign | ((power << 10) + digits));
}
#if defined(K_VECTORS)
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif
#if defined(__AVX512F__)
#define V_LANES 16
#elif defined(__AVX__)
#define V_LANES 8
#else
#define V_LANES 4
#endif
typedef float vreal __attribute__((vector_size(4 * V_LANES)));
typedef float vreal_near __attribute__((vector_size(4 * V_LANES), aligned(4), may_alias));
typedef int32_t vint __attribute__((vector_size(4 * V_LANES)));
#define V_FN static inline __attribute__((always_inline, unused))

V_FN vreal V_load(K_GLOBAL const real *p) {
    return *(const vreal_near *)p;
}
V_FN void V_store(K_GLOBAL real *p, const vreal v) {
    *(vreal_near *)p = v;
}
typedef uint16_t vhalf_near __attribute__((vector_size(2 * V_LANES), aligned(2), may_alias));
V_FN vreal V_set(const real x) {
    return x - (vreal){0}; /* not a sum: of -0 that would be 0 */
}
V_FN vint V_gather_int(K_GLOBAL const int *p, const vint i) {
#if defined(__AVX512F__)
    return (vint)_mm512_i32gather_epi32((__m512i)i, p, 4);
#elif defined(__AVX2__)
    return (vint)_mm256_i32gather_epi32(p, (__m256i)i, 4);
#else
    vint v;
    for (int l = 0; l < V_LANES; l++) v[l] = p[i[l]];
    return v;
#endif
}
V_FN vreal V_gather(K_GLOBAL const real *p, const vint i) {
    return (vreal)V_gather_int((K_GLOBAL const int *)p, i);
}
V_FN vreal V_half(const vint h) {
    const vreal size = (vreal)((h & 0x7fff) << 13) * K_HALF_SCALE;
    return (vreal)((vint)size | (h & 0x8000) << 16);
}
/* There must be one number more behind the last that is read. */
V_FN vreal V_gather_half(K_GLOBAL const k_u16 *p, const vint i) {
#if defined(__AVX512F__)
    return V_half((vint)_mm512_i32gather_epi32((__m512i)i, p, 2) & 0xffff);
#elif defined(__AVX2__)
    return V_half((vint)_mm256_i32gather_epi32((const int *)p, (__m256i)i, 2) & 0xffff);
#else
    vint h;
    for (int l = 0; l < V_LANES; l++) h[l] = p[i[l]];
    return V_half(h);
#endif
}
V_FN vreal V_load_half(K_GLOBAL const k_u16 *p) {
    return V_half(__builtin_convertvector(*(const vhalf_near *)p, vint));
}
V_FN void V_store_half(K_GLOBAL k_u16 *p, const vreal v) {
    for (int l = 0; l < V_LANES; l++) p[l] = K_to_half(v[l]);
}
V_FN vint V_imin(const vint a, const vint b) {
    const vint m = a < b;
    return (a & m) | (b & ~m);
}
V_FN vint V_imax(const vint a, const vint b) {
    const vint m = a > b;
    return (a & m) | (b & ~m);
}
V_FN vint V_iset(const int i) {
    return i - (vint){0};
}
typedef uint32_t vuint __attribute__((vector_size(4 * V_LANES)));
V_FN vuint V_uset(const k_uint i) {
    return i - (vuint){0};
}
/* i, i + 1 ... */
V_FN vint V_index(const int i) {
    vint v;
    for (int l = 0; l < V_LANES; l++) v[l] = i + l;
    return v;
}
V_FN vuint V_mulhi(const vuint a, const vuint b) {
#if V_LANES == 16
    const __m512i low = _mm512_mul_epu32((__m512i)a, (__m512i)b);
    const __m512i high = _mm512_mul_epu32(_mm512_srli_epi64((__m512i)a, 32), _mm512_srli_epi64((__m512i)b, 32));
    return (vuint)_mm512_mask_blend_epi32(0xaaaa, _mm512_srli_epi64(low, 32), high);
#elif defined(__AVX2__)
    const __m256i low = _mm256_mul_epu32((__m256i)a, (__m256i)b);
    const __m256i high = _mm256_mul_epu32(_mm256_srli_epi64((__m256i)a, 32), _mm256_srli_epi64((__m256i)b, 32));
    return (vuint)_mm256_blend_epi32(_mm256_srli_epi64(low, 32), high, 0xaa);
#else
    vuint v;
    for (int l = 0; l < V_LANES; l++) v[l] = K_mulhi(a[l], b[l]);
    return v;
#endif
}
V_FN vint V_bits(const vreal x) {
    return (vint)x;
}
V_FN vreal V_of_bits(const vint i) {
    return (vreal)i;
}
V_FN vint V_int(const vreal x) {
    return __builtin_convertvector(x, vint);
}
V_FN vreal V_real(const vint i) {
    return __builtin_convertvector(i, vreal);
}
/* With AVX-512 a mask is a bit for each lane, elsewhere all bits of a lane. */
#if V_LANES == 16
typedef __mmask16 vmask;
V_FN vreal V_select(const vmask m, const vreal a, const vreal b) {
    return (vreal)_mm512_mask_blend_ps(m, (__m512)b, (__m512)a);
}
V_FN vmask V_lt(const vreal a, const vreal b) {
    return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_LT_OS);
}
V_FN vmask V_le(const vreal a, const vreal b) {
    return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_LE_OS);
}
V_FN vmask V_eq(const vreal a, const vreal b) {
    return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_EQ_OQ);
}
#define V_not(m) ((vmask) ~(m))
#else
typedef vint vmask;
V_FN vreal V_select(const vmask m, const vreal a, const vreal b) {
#if V_LANES == 8
    return (vreal)_mm256_blendv_ps((__m256)b, (__m256)a, (__m256)m);
#else
    return (vreal)(((vint)a & m) | ((vint)b & ~m));
#endif
}
#define V_lt(a, b) ((vmask)((a) < (b)))
#define V_le(a, b) ((vmask)((a) <= (b)))
#define V_eq(a, b) ((vmask)((a) == (b)))
#define V_not(m) (~(m))
#endif
V_FN vreal V_abs(const vreal x) {
    return (vreal)((vint)x & 0x7fffffff);
}
#if V_LANES == 16
V_FN vreal V_fma(const vreal a, const vreal b, const vreal c) {
    return (vreal)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
}
V_FN vreal V_sqrt(const vreal x) {
    return (vreal)_mm512_sqrt_ps((__m512)x);
}
V_FN int V_any(const vmask m) {
    return m != 0;
}
#elif V_LANES == 8
V_FN vreal V_fma(const vreal a, const vreal b, const vreal c) {
#if defined(__FMA__)
    return (vreal)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
    return a * b + c;
#endif
}
V_FN vreal V_sqrt(const vreal x) {
    return (vreal)_mm256_sqrt_ps((__m256)x);
}
V_FN int V_any(const vmask m) {
    return _mm256_movemask_ps((__m256)m) != 0;
}
#elif defined(__aarch64__)
V_FN vreal V_fma(const vreal a, const vreal b, const vreal c) {
    return (vreal)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
}
V_FN vreal V_sqrt(const vreal x) {
    return (vreal)vsqrtq_f32((float32x4_t)x);
}
V_FN int V_any(const vmask m) {
    return (m[0] | m[1] | m[2] | m[3]) != 0;
}
#else
V_FN vreal V_fma(const vreal a, const vreal b, const vreal c) {
    return a * b + c;
}
V_FN vreal V_sqrt(const vreal x) {
    vreal y;
    for (int l = 0; l < V_LANES; l++) y[l] = K_sqrt(x[l]);
    return y;
}
V_FN int V_any(const vmask m) {
    return (m[0] | m[1] | m[2] | m[3]) != 0;
}
#endif
V_FN int V_mask_bits(const vmask m) {
#if V_LANES == 16
    return m;
#elif V_LANES == 8
    return _mm256_movemask_ps((__m256)m);
#else
    return (m[0] & 1) | (m[1] & 2) | (m[2] & 4) | (m[3] & 8);
#endif
}
V_FN int V_lowest_bit(const int bits) {
    return __builtin_ctz((unsigned)bits);
}
V_FN real V_highest(const vreal v) {
    real most = v[0];
    for (int l = 1; l < V_LANES; l++) most = K_max(v[l], most);
    return most;
}
V_FN real V_lowest(const vreal v) {
    real least = v[0];
    for (int l = 1; l < V_LANES; l++) least = K_min(v[l], least);
    return least;
}
/* The instructions of x86 give b where a is no number and where both are zeros, as the comparisons do. */
V_FN vreal V_min(const vreal a, const vreal b) {
#if V_LANES == 16
    return (vreal)_mm512_min_ps((__m512)a, (__m512)b);
#elif V_LANES == 8
    return (vreal)_mm256_min_ps((__m256)a, (__m256)b);
#elif defined(__x86_64__)
    return (vreal)_mm_min_ps((__m128)a, (__m128)b);
#else
    return V_select(V_lt(a, b), a, b);
#endif
}
V_FN vreal V_max(const vreal a, const vreal b) {
#if V_LANES == 16
    return (vreal)_mm512_max_ps((__m512)a, (__m512)b);
#elif V_LANES == 8
    return (vreal)_mm256_max_ps((__m256)a, (__m256)b);
#elif defined(__x86_64__)
    return (vreal)_mm_max_ps((__m128)a, (__m128)b);
#else
    return V_select(V_lt(b, a), a, b);
#endif
}
#else
#define V_LANES 1
typedef real vreal;
typedef k_sbits vint;
typedef int vmask;
#define V_FN K_FN
#define V_load(p) (*(p))
#define V_load_half(p) K_of_half(*(p))
#define V_store_half(p, v) (*(p) = K_to_half(v))
#define V_gather_int(p, i) ((vint)(p)[i])
#define V_gather(p, i) ((p)[i])
#define V_gather_half(p, i) K_of_half((p)[i])
#define V_imin(a, b) ((a) < (b) ? (a) : (b))
#define V_imax(a, b) ((a) > (b) ? (a) : (b))
#define V_iset(i) ((vint)(i))
#define V_store(p, v) (*(p) = (v))
#define V_set(x) ((real)(x))
#define V_bits(x) K_bits(x)
#define V_of_bits(i) K_of_bits(i)
#define V_int(x) ((vint)(x))
#define V_real(i) ((real)(i))
#define V_select(m, a, b) ((m) ? (a) : (b))
#define V_lt(a, b) ((a) < (b))
#define V_le(a, b) ((a) <= (b))
#define V_eq(a, b) ((a) == (b))
#define V_not(m) (!(m))
#define V_abs(x) K_abs(x)
#define V_fma(a, b, c) K_fma(a, b, c)
#define V_sqrt(x) K_sqrt(x)
#define V_any(m) (m)
#define V_min(a, b) K_min(a, b)
#define V_max(a, b) K_max(a, b)
#define V_highest(v) (v)
#define V_lowest(v) (v)
#endif
V_FN vreal V_finite(const vreal x) {
    return x + (x - x);
}
V_FN vreal V_above(const vreal x, const vreal least) {
    return V_select(V_lt(x, least), least, x);
}
#define V_STEP K_STRIP_STEP
#define K_STRIPS(i, n) for (int i = K_STRIP_FIRST; i < (n); i += V_STEP) {
#define K_STRIPS4(i, n) for (int i = K_STRIP_FIRST; i < (n); i += 4 * V_STEP) {
#define K_END_STRIPS } K_STRIP_END
#endif
