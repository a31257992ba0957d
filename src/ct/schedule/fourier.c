/* Fourier reconstruction on the cpu, host side: tables of kernels/ct/schedule/fourier.cpu.h, and
 * its three steps for as many slices as a vector has lanes. */
#include "ct/schedule/fourier.h"

#include <math.h>
#include <string.h>

#include "array/launch.h"
#include "device/cpu/cpu.h"
#include "kernels/ct/schedule/fourier_args.h"
#include "op/fft.h"

#define MOST_POINTS (1 << 16) /* of a line */
#define BAND_BYTES (1 << 22)  /* a worker's columns of the grid: few are shared with the next */
#define ALL_BANDS (1 << 26)   /* of all workers */

_Static_assert(VXG__FOURIER_FINE == VXG_FOURIER_FINE && VXG__FOURIER_MOST_TAPS == VXG_FOURIER_TAPS,
               "the plan's tables are the schedule's");

struct vxg__fourier_schedule {
    vxg_schedule_fn spectra, spread, image;
    vxg_fourier_args args;
    int64_t nz, shift;
    int lanes;
    float *floats; /* memory of the tables */
    float *steps;
    int *order; /* and places behind it */
};

static void phase(double turns, double factor, double *to) {
    turns -= floor(turns);
    to[0] = factor * cos(2 * M_PI * turns), to[1] = factor * sin(2 * M_PI * turns);
}
void vxg__fourier_phases(const vxg__fourier_plan *p, const double *weights, double *out) {
    const int64_t coarse = vxg__fourier_coarse(p), each = 2 * (VXG__FOURIER_FINE + coarse);
    for (int64_t i = 0; i < p->nviews; i++) {
        double *to = out + p->view[i].view * each;
        const double turn = p->view[i].at / (double)p->n;
        const double weight = weights ? weights[p->view[i].view] : 1;
        for (int64_t k = 0; k < VXG__FOURIER_FINE; k++) phase((double)k * turn, weight, to + 2 * k);
        for (int64_t k = 0; k < coarse; k++)
            phase((double)(k * VXG__FOURIER_FINE) * turn, 1, to + 2 * (VXG__FOURIER_FINE + k));
    }
}

void vxg__fourier_steps(const vxg__fourier_plan *p, int64_t i, double out[4]) {
    const double most = (double)(p->far[0] > p->far[1] ? p->far[0] : p->far[1]) + 1;
    const double unit = exp2(ceil(log2(most)) - 23);
    for (int k = 0; k < 2; k++) {
        const double step = p->view[i].x[k] * (double)p->grid[k] / (double)p->n;
        out[2 * k] = unit * nearbyint(step / unit);
        out[2 * k + 1] = step - out[2 * k];
    }
}

void vxg__fourier_schedule_free(vxg__fourier_schedule *s) {
    if (!s) return;
    vxg__free(s->floats), vxg__free(s->steps), vxg__free(s->order);
    vxg__free(s);
}

/* ---- Tables ---- */
static int views(const vxg__fourier_plan *p, const double *weights, float *phases,
                 vxg__fourier_schedule *s) {
    const int64_t count = p->nviews * 2 * (VXG__FOURIER_FINE + vxg__fourier_coarse(p));
    double *t = vxg__calloc((size_t)count, sizeof *t);
    s->steps = vxg__calloc((size_t)(4 * p->nviews), sizeof *s->steps);
    s->order = vxg__calloc((size_t)(2 * p->nviews), sizeof *s->order);
    if (!t || !s->steps || !s->order) {
        vxg__free(t);
        return VXG_ERR_MEMORY;
    }
    vxg__fourier_phases(p, weights, t);
    for (int64_t i = 0; i < count; i++) phases[i] = (float)t[i];
    vxg__free(t);
    for (int64_t i = 0; i < p->nviews; i++) {
        double step[4];
        s->order[i] = (int)p->view[i].view, s->order[p->nviews + p->view[i].view] = (int)i;
        vxg__fourier_steps(p, i, step);
        for (int k = 0; k < 4; k++) s->steps[4 * i + k] = (float)step[k];
    }
    return VXG_OK;
}

/* A line's passes, its table at t; returns what is behind it. */
static float *line(int64_t n, float *t, vxg_fft_line *out) {
    *out = (vxg_fft_line){.twiddle = t, .m = (int)n};
    out->passes = vxg__fft_line(n, t, out->radix);
    return t + 2 * n;
}

static int tables(const vxg__fourier_plan *p, const double *weights, vxg__fourier_schedule *s) {
    vxg_fourier_args *const a = &s->args;
    const int64_t phases = p->nviews * 2 * (VXG__FOURIER_FINE + vxg__fourier_coarse(p));
    const int64_t shares = (p->degree + 1) * VXG_FOURIER_TAPS, align = 16;
    const int64_t total = align + shares + p->most + 1 + phases + p->nx + p->ny +
                          2 * (p->n + p->grid[0] + p->grid[1]);
    float *t = s->floats = vxg__calloc((size_t)total, sizeof *t);
    if (!t) return VXG_ERR_MEMORY;
    while ((uintptr_t)t % (align * sizeof *t)) t++;
    for (int d = 0; d <= p->degree; d++)
        for (int m = 0; m < p->taps; m++)
            t[d * VXG_FOURIER_TAPS + m] = (float)p->shares[d * p->taps + m];
    a->shares = t, t += shares;
    for (int64_t k = 0; k <= p->most; k++) t[k] = (float)p->response[k];
    a->response = t, t += p->most + 1;
    a->phases = t;
    VXG_TRY(views(p, weights, t, s));
    a->order = s->order, a->place = s->order + p->nviews, a->steps = s->steps, t += phases;
    for (int64_t i = 0; i < p->nx; i++) t[i] = (float)p->scale[i];
    a->scale_x = t, t += p->nx;
    for (int64_t i = 0; i < p->ny; i++)
        t[i] = (float)((i - p->ny / 2) % 2 ? -p->scale[p->nx + i] : p->scale[p->nx + i]);
    a->scale_y = t, t += p->ny;
    t = line(p->n, t, &a->rows), t = line(p->grid[0], t, &a->along_x);
    line(p->grid[1], t, &a->along_y);
    return VXG_OK;
}

static void sizes(const vxg__fourier_plan *p, vxg__fourier_schedule *s) {
    vxg_fourier_args *const a = &s->args;
    a->nviews = (int)p->nviews, a->nv = (int)p->nv, a->nu = (int)p->nu;
    a->ny = (int)p->ny, a->nx = (int)p->nx, a->n = (int)p->n, a->most = (int)p->most;
    a->gx = (int)p->grid[0], a->gy = (int)p->grid[1], a->taps = p->taps, a->degree = p->degree;
    a->turns = (int)((p->far[0] + p->grid[0] - 1) / p->grid[0]);
    s->nz = p->nz, s->shift = p->shift;
}

int vxg__fourier_schedule_new(const vxg_device *dev, const vxg__fourier_plan *p,
                              const double *weights, vxg__fourier_schedule **out) {
    const vxg__fourier_schedule found = {.spectra = vxg__cpu_schedule(dev, "fourier_rows_lanes"),
                                         .spread = vxg__cpu_schedule(dev, "fourier_spread_lanes"),
                                         .image = vxg__cpu_schedule(dev, "fourier_image_lanes")};
    *out = NULL;
    if (!found.spectra || !found.spread || !found.image) return VXG_OK;
    if (p->n > MOST_POINTS || p->grid[0] > MOST_POINTS || p->grid[1] > MOST_POINTS ||
        p->nviews > 1 << 24 || p->nv > 1 << 24)
        return VXG_OK;
    vxg__fourier_schedule *s = vxg__calloc(1, sizeof *s);
    if (!s) return VXG_ERR_MEMORY;
    *s = found;
    s->lanes = vxg__cpu_lanes(dev);
    sizes(p, s);
    const int status = tables(p, weights, s);
    if (status) {
        vxg__fourier_schedule_free(s);
        return status;
    }
    *out = s;
    return VXG_OK;
}

/* ---- Running ---- */
/* Columns that a worker fills at a time; no bit depends on it. */
static int band_of(const vxg__fourier_schedule *s) {
    const int64_t column = 2 * (s->args.gy + VXG_FOURIER_PAD) * (int64_t)s->lanes * 4;
    int64_t bytes = ALL_BANDS / vxg_threads();
    if (bytes > BAND_BYTES) bytes = BAND_BYTES;
    return bytes / column < 4 ? 4 : bytes / column > 32 ? 32 : (int)(bytes / column);
}

static size_t vectors(const vxg__fourier_schedule *s, int64_t count) {
    return (size_t)(count * s->lanes) * sizeof(float);
}
static size_t spectra_bytes(const vxg__fourier_schedule *s) {
    const int64_t blocks = s->args.n / 2 / VXG_FOURIER_BLOCK + 1;
    return vectors(s, 2 * s->args.nviews * blocks * VXG_FOURIER_BLOCK);
}
static size_t columns_bytes(const vxg__fourier_schedule *s) {
    return vectors(s, 2 * (int64_t)(s->args.gx / 2 + 1) * s->args.ny);
}
/* A worker's, of the three steps. */
static void worker_bytes(const vxg__fourier_schedule *s, size_t bytes[3]) {
    const vxg_fourier_args *a = &s->args;
    bytes[0] = vectors(s, 4 * (int64_t)a->n);
    bytes[1] = vectors(s, 2 * (int64_t)(a->gy + VXG_FOURIER_PAD) * band_of(s) + 2 * (int64_t)a->gy);
    bytes[2] = vectors(s, 4 * (int64_t)a->gx);
}
static size_t scratch_bytes(const vxg__fourier_schedule *s) {
    size_t bytes[3], most = 0;
    worker_bytes(s, bytes);
    for (int i = 0; i < 3; i++)
        if (bytes[i] > most) most = bytes[i];
    return vxg__cpu_scratch(most);
}

size_t vxg__fourier_schedule_workspace(const vxg__fourier_schedule *s) {
    return vxg_workspace_bytes(spectra_bytes(s)) + vxg_workspace_bytes(columns_bytes(s)) +
           vxg_workspace_bytes(scratch_bytes(s));
}

/* Slices [z, z + args->slices). */
static int run_slices(const vxg__fourier_schedule *s, const vxg_fourier_args *a, void *scratch,
                      const vxg_progress *progress) {
    size_t bytes[3];
    worker_bytes(s, bytes);
    VXG_TRY(vxg__cpu_run_in(s->spectra, a, (a->nviews + 1) / 2, scratch, bytes[0], progress));
    VXG_TRY(vxg__cpu_run_in(s->spread, a, (a->gx / 2 + a->band) / a->band, scratch, bytes[1],
                            progress));
    return vxg__cpu_run_in(s->image, a, (a->ny + 1) / 2, scratch, bytes[2], progress);
}

int vxg__fourier_schedule_run(const vxg__fourier_schedule *s, const vxg_call *call,
                              const vxg_array *in, const vxg_array *out) {
    vxg_call c = *call;
    vxg_fourier_args a = s->args;
    const int64_t slice = (int64_t)a.ny * a.nx;
    const float *const from = vxg__host_floats(in);
    float *const to = vxg__host_floats(out);
    a.spectra = vxg_call_scratch(&c, spectra_bytes(s));
    a.columns = vxg_call_scratch(&c, columns_bytes(s));
    void *const scratch = vxg_call_scratch(&c, scratch_bytes(s));
    VXG_FAIL_IF(!a.spectra || !a.columns || !scratch, VXG_ERR_FAILED,
                "fourier: the workspace is too small");
    a.add = call->accumulate, a.band = band_of(s);
    /* slices that a row sees; the others are empty */
    const int64_t begin = s->shift > 0 ? s->shift : 0;
    const int64_t behind = s->shift + a.nv < s->nz ? s->shift + a.nv : s->nz;
    for (int64_t z = 0; z < s->nz && !a.add; z++)
        if (z < begin || z >= behind) memset(to + z * slice, 0, (size_t)slice * sizeof *to);
    for (int64_t z = begin; z < behind; z += s->lanes) {
        a.slices = behind - z < s->lanes ? (int)(behind - z) : s->lanes;
        a.in = from + (z - s->shift) * a.nu;
        a.out = to + z * slice;
        VXG_TRY(run_slices(s, &a, scratch, call->progress));
    }
    return VXG_OK;
}
