/* CUDA C++ as far as the kernel dialect uses it, in C: put in front of a program's text by the
 * simulated NVRTC, so that the very text a GPU would get runs on the processor. */
#define __device__
#define __forceinline__ inline __attribute__((unused))
#define __global__ __attribute__((visibility("default")))
#define __launch_bounds__(n)
#define __shared__ static /* blocks run one after another */

typedef struct {
    unsigned x, y, z;
} fake_uint3;
static _Thread_local fake_uint3 threadIdx, blockIdx, blockDim;
static _Thread_local void (*fake_barrier)(void *);
static _Thread_local void *fake_barrier_context;
#define __syncthreads() fake_barrier(fake_barrier_context)

__attribute__((visibility("default"))) void fake_place(const unsigned *at, void (*barrier)(void *),
                                                       void *context) {
    threadIdx = (fake_uint3){at[0], at[1], at[2]};
    blockIdx = (fake_uint3){at[3], at[4], at[5]};
    blockDim = (fake_uint3){at[6], at[7], at[8]};
    fake_barrier = barrier, fake_barrier_context = context;
}

#define __fmaf_rn __builtin_fmaf
#define fabsf __builtin_fabsf
float floorf(float), ceilf(float), sqrtf(float), expf(float), logf(float), sinf(float);
float cosf(float), atanf(float), atan2f(float, float), powf(float, float);
#define isfinite(x) __builtin_isfinite(x)
static inline __attribute__((unused)) unsigned __umulhi(unsigned a, unsigned b) {
    return (unsigned)((unsigned long long)a * b >> 32);
}
static inline __attribute__((unused)) int __float_as_int(float x) {
    int i;
    __builtin_memcpy(&i, &x, 4);
    return i;
}
static inline __attribute__((unused)) float __int_as_float(int i) {
    float x;
    __builtin_memcpy(&x, &i, 4);
    return x;
}

static inline __attribute__((unused)) float fake_add_float(float *p, float v) {
    unsigned old = __atomic_load_n((unsigned *)p, __ATOMIC_RELAXED), want;
    float now;
    do {
        __builtin_memcpy(&now, &old, 4);
        now += v;
        __builtin_memcpy(&want, &now, 4);
    } while (!__atomic_compare_exchange_n((unsigned *)p, &old, want, 1, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
    return now - v;
}

#define FAKE_ATOMICS(T)                                                                            \
    static inline __attribute__((unused)) T fake_add_##T(T *p, T v) {                              \
        return __atomic_fetch_add(p, v, __ATOMIC_RELAXED);                                         \
    }                                                                                              \
    static inline __attribute__((unused)) T fake_min_##T(T *p, T v) {                              \
        T old = __atomic_load_n(p, __ATOMIC_RELAXED);                                              \
        while (v < old &&                                                                          \
               !__atomic_compare_exchange_n(p, &old, v, 1, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {} \
        return old;                                                                                \
    }                                                                                              \
    static inline __attribute__((unused)) T fake_max_##T(T *p, T v) {                              \
        T old = __atomic_load_n(p, __ATOMIC_RELAXED);                                              \
        while (v > old &&                                                                          \
               !__atomic_compare_exchange_n(p, &old, v, 1, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {} \
        return old;                                                                                \
    }
FAKE_ATOMICS(int)
FAKE_ATOMICS(unsigned)
#define FAKE_PICK(what, p)                                                                         \
    _Generic((p), int * : fake_##what##_int, unsigned * : fake_##what##_unsigned)
#define atomicAdd(p, v)                                                                            \
    _Generic((p), float *: fake_add_float, int *: fake_add_int, unsigned *: fake_add_unsigned)(p, v)
#define atomicMin(p, v) FAKE_PICK(min, p)(p, v)
#define atomicMax(p, v) FAKE_PICK(max, p)(p, v)

/* As an NVIDIA sampler filters: positions count from texels' corners, fractions have 8 bits, the
 * border is 0. */
typedef struct {
    const float *data;
    int width, height;
} fake_texture;
static inline __attribute__((unused)) float fake_texel(const fake_texture *t, int layer, int col,
                                                       int row) {
    if (col < 0 || col >= t->width || row < 0 || row >= t->height) return 0;
    return t->data[((long long)layer * t->height + row) * t->width + col];
}
static inline __attribute__((unused)) float fake_tex2DLayered(unsigned long long texture, float x,
                                                              float y, int layer) {
    const fake_texture *t = (const fake_texture *)texture;
    if (!(x > -1 && x < (float)t->width + 1 && y > -1 && y < (float)t->height + 1)) return 0;
    const float q = floorf((x - 0.5f) * 256 + 0.5f) / 256,
                r = floorf((y - 0.5f) * 256 + 0.5f) / 256;
    const float u = q - floorf(q), v = r - floorf(r);
    const int col = (int)floorf(q), row = (int)floorf(r);
    const float up =
        (1 - u) * fake_texel(t, layer, col, row) + u * fake_texel(t, layer, col + 1, row);
    const float down =
        (1 - u) * fake_texel(t, layer, col, row + 1) + u * fake_texel(t, layer, col + 1, row + 1);
    return (1 - v) * up + v * down;
}
