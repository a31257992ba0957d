/* A mask of the head: the unweighted volume, smoothed by medians, above Otsu's threshold. */
#include "array/launch.h"
#include "dwi/dwi.h"

#include <math.h>
#include <string.h>

enum { BINS = 256, MOST_RADIUS = 32, MOST_PASSES = 100 };

typedef struct head {
    vxg_mask_opts opts;
    vxg_queue *queue;
    vxg_device *dev;
    vxg_real real;
    int64_t n[3], all; /* voxels along i, j, k */
    double *values;    /* all */
    uint8_t *state;    /* all */
} head;

static int take_options(vxg_mask_opts *o, const vxg_mask_opts *given) {
    VXG_TRY(VXG_IN(vxg_mask_opts, o, given));
    VXG_FAIL_IF(o->radius < 0 || o->radius > MOST_RADIUS, VXG_ERR_ARGUMENT,
                "mask: a radius of %d voxels; 1 to %d are expected", o->radius, MOST_RADIUS);
    VXG_FAIL_IF(o->passes < -1 || o->passes > MOST_PASSES, VXG_ERR_ARGUMENT,
                "mask: %d passes; 1 to %d are expected, or -1 for none", o->passes, MOST_PASSES);
    VXG_FAIL_IF(o->dilate < 0 || o->dilate > 1000, VXG_ERR_ARGUMENT,
                "mask: %d dilations; 0 to 1000 are expected", o->dilate);
    VXG_FAIL_IF((unsigned)o->clean > VXG_MASK_BOTH, VXG_ERR_ARGUMENT, "mask: clean is %d",
                (int)o->clean);
    if (o->radius == 0) o->radius = 4;
    if (o->passes == 0) o->passes = 4;
    return VXG_OK;
}

/* ---- The unweighted volume ---- */

static int take_mean(head *h, const vxg_gradients *g, const vxg_array *dwi) {
    int64_t bad = 0;
    double *work = vxg__calloc((size_t)h->all + 1, sizeof *work);
    if (!work) return VXG_ERR_MEMORY;
    const int status = vxg__mean_unweighted(h->queue, g, dwi, h->all, work, h->values);
    vxg__free(work);
    VXG_TRY(status);
    for (int64_t i = 0; i < h->all; i++) bad += !isfinite(h->values[i]);
    VXG_FAIL_IF(bad, VXG_ERR_INPUT,
                "mask: the mean unweighted signal of %lld voxels is NaN or infinite",
                (long long)bad);
    return VXG_OK;
}

/* ---- Medians ---- */
typedef struct medians {
    int64_t row, padded_row; /* elements of a row */
    vxg_array volume, padded;
} medians;

static int launch(head *h, const medians *m, const char *name, const vxg_array *x,
                  const vxg_array *y, int pad) {
    const int r = h->opts.radius;
    vxg_launch l = {
        .nints = 6,
        .ints = {(int)h->n[0], (int)h->n[1], (int)h->n[2], r, (int)m->row, (int)m->padded_row}};
    l.global[0] = pad ? m->padded_row : m->row;
    l.global[1] = h->n[1] + (pad ? 2 * r : 0);
    l.global[2] = h->n[2] + (pad ? 2 * r : 0);
    vxg__push_array(&l, x);
    vxg__push_array(&l, y);
    return vxg__launch(h->dev, h->queue, name, h->real, &l);
}

/* The volume to the device, or back: the device's rows are longer. */
static int move(head *h, const medians *m, int back) {
    const size_t size = vxg_real_size(h->real), n = (size_t)vxg_array_count(&m->volume);
    unsigned char *bytes = vxg__calloc(n, size);
    int status = bytes ? VXG_OK : VXG_ERR_MEMORY;
    if (!status && back) status = vxg_array_read(h->queue, &m->volume, bytes);
    float *f = (float *)(void *)bytes;
    double *d = (double *)(void *)bytes;
    for (int64_t v = 0; v < h->all && !status; v++) {
        const int64_t at = v / h->n[0] * m->row + v % h->n[0];
        if (back)
            h->values[v] = h->real == VXG_REAL_F64 ? d[at] : (double)f[at];
        else if (h->real == VXG_REAL_F64)
            d[at] = h->values[v];
        else
            f[at] = (float)h->values[v];
    }
    if (!status && !back) status = vxg_array_write(h->queue, &m->volume, bytes);
    vxg__free(bytes);
    return status;
}

static int smooth(head *h) {
    const int64_t r = h->opts.radius, row = (h->n[0] + 31) / 32 * 32;
    medians m = {.row = row, .padded_row = row + 2 * r};
    const int64_t shape[3] = {h->n[2], h->n[1], row};
    const int64_t padded[3] = {h->n[2] + 2 * r, h->n[1] + 2 * r, m.padded_row};
    const vxg_dtype dtype = vxg_real_dtype(h->real);
    int status = vxg_array_new(h->dev, dtype, 3, shape, &m.volume);
    if (!status) status = vxg_array_new(h->dev, dtype, 3, padded, &m.padded);
    if (!status) status = move(h, &m, 0);
    for (int i = 0; i < h->opts.passes && !status; i++) {
        status = launch(h, &m, "mask_pad", &m.volume, &m.padded, 1);
        if (!status) status = launch(h, &m, "mask_median", &m.padded, &m.volume, 0);
    }
    if (!status) status = move(h, &m, 1);
    vxg_array_release(&m.volume), vxg_array_release(&m.padded);
    return status;
}

/* ---- Otsu's threshold: N. Otsu, IEEE Trans. Syst. Man Cybern. 9, 1979 ---- */

/* As NumPy's histogram counts: edges evenly from the least to the highest value, each bin with its
 * lower one. */
static void count_bins(const head *h, double lo, double hi, double *edge, double *count) {
    for (int i = 0; i <= BINS; i++) edge[i] = i * ((hi - lo) / BINS) + lo;
    edge[BINS] = hi;
    for (int64_t v = 0; v < h->all; v++) {
        const double x = h->values[v];
        int i = (int)((x - lo) / (hi - lo) * BINS);
        if (i >= BINS) i = BINS - 1;
        if (x < edge[i])
            i--;
        else if (i < BINS - 1 && x >= edge[i + 1])
            i++;
        count[i]++;
    }
}

/* Where the variance between what is below and what is above is highest. Values stand for their
 * bins' upper edges, and the threshold is the lower edge of the last bin below, as in DIPY. */
static double otsu(const double *edge, const double *count) {
    double under = 0, sum = 0, all = 0, total = 0, best = -1, threshold = edge[0];
    for (int i = 0; i < BINS; i++) all += count[i], total += count[i] * edge[i + 1];
    for (int i = 0; i < BINS - 1; i++) {
        under += count[i], sum += count[i] * edge[i + 1];
        const double off = sum / under - (total - sum) / (all - under);
        const double between = under * (all - under) * off * off;
        if (between > best) best = between, threshold = edge[i];
    }
    return threshold;
}

static int cut(head *h) {
    double edge[BINS + 1], count[BINS] = {0}, lo = INFINITY, hi = -INFINITY;
    for (int64_t v = 0; v < h->all; v++) lo = fmin(lo, h->values[v]), hi = fmax(hi, h->values[v]);
    VXG_FAIL_IF(!(lo < hi), VXG_ERR_NUMERICAL,
                "mask: the smoothed unweighted signal is %g in every voxel: there is nothing to "
                "tell the head by",
                lo);
    count_bins(h, lo, hi, edge, count);
    const double threshold = otsu(edge, count);
    for (int64_t v = 0; v < h->all; v++) h->state[v] = h->values[v] > threshold;
    return VXG_OK;
}

/* ---- Parts of the mask: voxels that share a side ---- */

/* The neighbours of v; returns how many are inside the image. */
static int neighbours(const head *h, int64_t v, int64_t out[6]) {
    const int64_t step[3] = {1, h->n[0], h->n[0] * h->n[1]};
    int64_t left = v;
    int count = 0;
    for (int k = 0; k < 3; k++) {
        const int64_t at = left % h->n[k];
        left /= h->n[k];
        if (at > 0) out[count++] = v - step[k];
        if (at < h->n[k] - 1) out[count++] = v + step[k];
    }
    return count;
}

static void dilate(head *h) {
    int64_t near[6];
    for (int64_t v = 0; v < h->all; v++) {
        const int n = h->state[v] ? 0 : neighbours(h, v, near);
        for (int k = 0; k < n; k++)
            if (h->state[near[k]] == 1) h->state[v] = 2; /* not seen by the voxels behind it */
    }
    for (int64_t v = 0; v < h->all; v++) h->state[v] = h->state[v] != 0;
}

/* The part of state `from` that v is in gets the state `to`: how many voxels, and whether one lies
 * at the image's border. list: room for all voxels. */
static int64_t flood(head *h, int64_t v, uint8_t from, uint8_t to, int64_t *list, int *border) {
    int64_t near[6], count = 0, waiting = 1;
    list[0] = v;
    h->state[v] = to;
    *border = 0;
    while (waiting) {
        const int64_t at = list[--waiting];
        const int n = neighbours(h, at, near);
        count++;
        *border |= n < 6;
        for (int k = 0; k < n; k++) {
            if (h->state[near[k]] != from) continue;
            h->state[near[k]] = to;
            list[waiting++] = near[k];
        }
    }
    return count;
}

static void keep_largest(head *h, int64_t *list) {
    int64_t most = 0, where = -1;
    int border;
    for (int64_t v = 0; v < h->all; v++) {
        if (h->state[v] != 1) continue;
        const int64_t n = flood(h, v, 1, 2, list, &border);
        if (n > most) most = n, where = v;
    }
    if (where >= 0) (void)flood(h, where, 2, 3, list, &border);
    for (int64_t v = 0; v < h->all; v++) h->state[v] = h->state[v] == 3;
}

static void fill_holes(head *h, int64_t *list) {
    int border;
    for (int64_t v = 0; v < h->all; v++) {
        if (h->state[v] != 0) continue;
        (void)flood(h, v, 0, 2, list, &border);
        if (!border) (void)flood(h, v, 2, 1, list, &border);
    }
    for (int64_t v = 0; v < h->all; v++) h->state[v] = h->state[v] == 1;
}

static int clean(head *h) {
    if (h->opts.clean == VXG_MASK_NONE) return VXG_OK;
    int64_t *list = vxg__calloc((size_t)h->all + 1, sizeof *list);
    if (!list) return VXG_ERR_MEMORY;
    if (h->opts.clean != VXG_MASK_HOLES) keep_largest(h, list);
    if (h->opts.clean != VXG_MASK_ISLANDS) fill_holes(h, list);
    vxg__free(list);
    return VXG_OK;
}

/* ---- Together ---- */

static int check_arrays(head *h, const vxg_gradients *g, const vxg_array *dwi,
                        const vxg_array *mask) {
    vxg__voxels v;
    if (g) VXG_TRY(vxg__gradients_check(g, "mask"));
    VXG_TRY(vxg__voxels_begin(&v, h->queue, dwi, NULL, "mask"));
    VXG_FAIL_IF(dwi->ndim != 4, VXG_ERR_ARGUMENT,
                "mask: a series of %d axes; (volumes, k, j, i) is expected", dwi->ndim);
    VXG_FAIL_IF(g && g->n != v.volumes, VXG_ERR_ARGUMENT, "mask: %lld volumes and a table of %lld",
                (long long)v.volumes, (long long)g->n);
    VXG_FAIL_IF(g && !g->shell_count[0], VXG_ERR_INPUT, "mask: there is no unweighted volume");
    VXG_TRY(vxg__array_check_written(mask, "mask: result"));
    VXG_FAIL_IF(mask->dtype != VXG_U32 || mask->ndim != 3 || !vxg_array_is_contiguous(mask) ||
                    vxg_buffer_device(mask->buffer) != v.dev ||
                    memcmp(mask->shape, dwi->shape + 1, 3 * sizeof *mask->shape) != 0,
                VXG_ERR_ARGUMENT,
                "mask: a contiguous array (k, j, i) of uint32 on the series' device is expected");
    VXG_FAIL_IF(vxg__arrays_overlap(mask, dwi), VXG_ERR_ARGUMENT, "mask overlaps the series");
    VXG_FAIL_IF(!v.volumes || !v.all, VXG_ERR_ARGUMENT, "mask: an empty series");
    h->dev = v.dev, h->real = v.real, h->all = v.all;
    for (int k = 0; k < 3; k++) {
        h->n[k] = dwi->shape[3 - k];
        VXG_FAIL_IF(h->n[k] > 1 << 20, VXG_ERR_UNSUPPORTED, "mask: %lld voxels along one axis",
                    (long long)h->n[k]);
    }
    return VXG_OK;
}

int vxg_dwi_mask(vxg_queue *queue, const vxg_gradients *g, const vxg_array *dwi,
                 const vxg_mask_opts *given, const vxg_array *mask) {
    head h = {.queue = queue};
    VXG_TRY(take_options(&h.opts, given));
    VXG_TRY(check_arrays(&h, g, dwi, mask));
    h.values = vxg__calloc((size_t)h.all, sizeof *h.values);
    h.state = vxg__calloc((size_t)h.all, sizeof *h.state);
    uint32_t *marks = vxg__calloc((size_t)h.all, sizeof *marks);
    int status = h.values && h.state && marks ? take_mean(&h, g, dwi) : VXG_ERR_MEMORY;
    if (!status && h.opts.passes > 0) status = smooth(&h);
    if (!status) status = cut(&h);
    for (int i = 0; i < h.opts.dilate && !status; i++) dilate(&h);
    if (!status) status = clean(&h);
    for (int64_t v = 0; v < h.all && !status; v++) marks[v] = h.state[v];
    if (!status) status = vxg_array_write(queue, mask, marks);
    vxg__free(h.values), vxg__free(h.state), vxg__free(marks);
    return status;
}
