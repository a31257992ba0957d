/* Arrays of random numbers: element n depends on (seed, n) alone (philox.c). */
#include <math.h>

#include "array/launch.h"
#include "base/base.h"

#define CHUNK 65536

typedef struct fill_job {
    void *dst;
    vxg_dtype dtype;
    int64_t n;
    uint64_t seed;
    double lo, hi;
} fill_job;

static void fill_chunk(void *context, int64_t begin, int64_t end, int worker) {
    const fill_job *j = context;
    uint32_t key[2] = {(uint32_t)j->seed, (uint32_t)(j->seed >> 32)}, r[4];
    int64_t stop = end * CHUNK < j->n ? end * CHUNK : j->n;
    (void)worker;
    for (int64_t i = begin * CHUNK; i < stop; i++) {
        uint32_t counter[4] = {(uint32_t)i, (uint32_t)((uint64_t)i >> 32), 0, 0};
        vxg_philox(counter, key, r);
        /* 24 bits: exact in float32, and the same number in both precisions */
        double u = (double)(r[0] >> 8) * (1.0 / 16777216.0), v = j->lo + (j->hi - j->lo) * u;
        float f = (float)v;
        if ((double)f >= j->hi) f = nextafterf((float)j->hi, (float)j->lo); /* rounded up to hi */
        if (j->dtype == VXG_F64) {
            ((double *)j->dst)[i] = (double)f;
        } else {
            ((float *)j->dst)[i] = f;
        }
    }
}

int vxg_array_random(vxg_queue *queue, const vxg_array *a, uint64_t seed, double lo, double hi) {
    VXG_TRY(vxg__array_check_written(a, "random"));
    int64_t n = vxg_array_count(a) * vxg__reals(a->dtype);
    fill_job job = {.n = n, .seed = seed, .lo = lo, .hi = hi};
    vxg_real real;
    VXG_TRY(vxg__real_of(a->dtype, "random", &real));
    if (n == 0) return VXG_OK;
    job.dtype = vxg_real_dtype(real);
    if (!(job.dst = vxg__calloc((size_t)n, vxg_dtype_size(job.dtype)))) return VXG_ERR_MEMORY;
    vxg__parallel((n + CHUNK - 1) / CHUNK, 1, fill_chunk, &job);
    int status = vxg_array_write(queue, a, job.dst);
    vxg__free(job.dst);
    return status;
}
