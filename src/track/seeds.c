/* Seeds from a mask. Each is a function of its number: random ones come from Philox words whose
 * counter it is. */
#include "track/track.h"

#include <math.h>

typedef struct mask_voxels {
    int64_t count;
    int64_t *list; /* numbers of the mask's voxels, NULL: only counted */
} mask_voxels;

static int list_voxels(const int64_t n[3], const uint8_t *mask, int wanted, mask_voxels *out) {
    for (int k = 0; k < 3; k++)
        VXG_FAIL_IF(n[k] < 1 || n[k] > 65535, VXG_ERR_ARGUMENT, "seeds: %lld voxels along axis %d",
                    (long long)n[k], k);
    VXG_FAIL_IF(!mask, VXG_ERR_ARGUMENT, "seeds: the mask is NULL");
    const int64_t all = n[0] * n[1] * n[2];
    *out = (mask_voxels){0};
    for (int64_t i = 0; i < all; i++) out->count += mask[i] != 0;
    VXG_FAIL_IF(!out->count, VXG_ERR_INPUT, "seeds: the mask is empty");
    VXG_FAIL_IF(out->count >> 32, VXG_ERR_UNSUPPORTED,
                "seeds: a mask of %lld voxels; 4294967295 at most are done", (long long)out->count);
    if (!wanted) return VXG_OK;
    out->list = vxg__calloc((size_t)out->count, sizeof *out->list);
    if (!out->list) return VXG_ERR_MEMORY;
    for (int64_t i = 0, at = 0; i < all; i++)
        if (mask[i]) out->list[at++] = i;
    return VXG_OK;
}

static int take_opts(vxg_seeds_opts *o, const vxg_seeds_opts *given) {
    VXG_TRY(VXG_IN(vxg_seeds_opts, o, given));
    VXG_FAIL_IF((int)o->kind < 0 || o->kind > VXG_SEEDS_GRID, VXG_ERR_ARGUMENT,
                "seeds: there is no kind %d", (int)o->kind);
    VXG_FAIL_IF(o->number < 0 || o->number > (int64_t)1 << 40, VXG_ERR_ARGUMENT,
                "seeds: number is %lld", (long long)o->number);
    VXG_FAIL_IF(o->kind == VXG_SEEDS_GRID && o->number > 1000, VXG_ERR_ARGUMENT,
                "seeds: %lld along an axis of a voxel; 1000 at most are expected",
                (long long)o->number);
    VXG_FAIL_IF(o->first < 0, VXG_ERR_ARGUMENT, "seeds: first is %lld", (long long)o->first);
    if (o->number == 0) o->number = 1;
    return VXG_OK;
}

static int64_t seeds_of_voxel(const vxg_seeds_opts *o) {
    return o->kind == VXG_SEEDS_GRID ? o->number * o->number * o->number : o->number;
}

int vxg_track_seeds_count(const int64_t n[3], const uint8_t *mask, const vxg_seeds_opts *opts,
                          int64_t *count) {
    vxg_seeds_opts o;
    mask_voxels v;
    VXG_TRY(take_opts(&o, opts));
    VXG_FAIL_IF(!n || !count, VXG_ERR_ARGUMENT, "seeds: n or count is NULL");
    VXG_TRY(list_voxels(n, mask, 0, &v));
    VXG_FAIL_IF(v.count > ((int64_t)1 << 60) / seeds_of_voxel(&o), VXG_ERR_ARGUMENT,
                "seeds: too many");
    *count = o.kind == VXG_SEEDS_RANDOM ? o.number : v.count * seeds_of_voxel(&o);
    return VXG_OK;
}

/* Three numbers of [0, 1) and a word of 64 bits for seed `number`. */
static uint64_t random_place(uint64_t seed, int64_t number, double at[3]) {
    const uint64_t key = seed ^ VXG__PURPOSE_SEEDS;
    uint32_t a[4], b[4];
    for (uint32_t k = 0; k < 2; k++) {
        const uint32_t counter[4] = {(uint32_t)number, (uint32_t)((uint64_t)number >> 32), k, 0};
        const uint32_t keys[2] = {(uint32_t)key, (uint32_t)(key >> 32)};
        vxg_philox(counter, keys, k ? b : a);
    }
    for (int k = 0; k < 3; k++) at[k] = ((double)a[k] + b[k] / 4294967296.0) / 4294967296.0;
    return (uint64_t)a[3] << 32 | b[3];
}

/* The whole part of word / 2^64 times count. */
static int64_t share_of(uint64_t word, int64_t count) {
    const uint64_t n = (uint64_t)count, high = word >> 32, low = word & 0xffffffffu;
    return (int64_t)((high * n + (low * n >> 32)) >> 32);
}

int vxg_track_seeds(const int64_t n[3], const uint8_t *mask, const double affine[12],
                    const vxg_seeds_opts *opts, int64_t room, double *seeds, int64_t *got) {
    vxg_seeds_opts o;
    mask_voxels v = {0};
    int64_t all = 0;
    VXG_FAIL_IF(!affine || !got || room < 0 || (room && !seeds), VXG_ERR_ARGUMENT,
                "seeds: affine, seeds or got is NULL, or room is negative");
    for (int k = 0; k < 12; k++)
        VXG_FAIL_IF(!isfinite(affine[k]), VXG_ERR_ARGUMENT, "seeds: the affine holds %g",
                    affine[k]);
    VXG_TRY(take_opts(&o, opts));
    VXG_TRY(vxg_track_seeds_count(n, mask, &o, &all));
    VXG_TRY(list_voxels(n, mask, 1, &v));
    const int64_t each = seeds_of_voxel(&o), left = o.first < all ? all - o.first : 0;
    *got = left < room ? left : room;
    for (int64_t i = 0; i < *got; i++) {
        const int64_t number = o.first + i;
        double at[3];
        uint64_t word = 0;
        if (o.kind != VXG_SEEDS_GRID) word = random_place(o.seed, number, at);
        if (o.kind == VXG_SEEDS_GRID)
            for (int64_t k = 0, rest = number % each; k < 3; k++, rest /= o.number)
                at[k] = ((double)(rest % o.number) + 0.5) / (double)o.number;
        const int64_t voxel =
            v.list[o.kind == VXG_SEEDS_RANDOM ? share_of(word, v.count) : number / each];
        const double p[3] = {(double)(voxel % n[0]) + at[0] - 0.5,
                             (double)(voxel / n[0] % n[1]) + at[1] - 0.5,
                             (double)(voxel / n[0] / n[1]) + at[2] - 0.5};
        for (int k = 0; k < 3; k++)
            seeds[3 * i + k] = vxg__dwi_dot(affine + 4 * k, p) + affine[4 * k + 3];
    }
    vxg__free(v.list);
    return VXG_OK;
}
