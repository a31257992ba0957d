/* Exact line integrals of phantoms. A ray meets a convex shape in one interval; without replacing
 * shapes the integral is the sum of value times length, with them the ray is cut at all interval
 * ends and each piece has the density of its middle. */
#include "ct/phantom/phantom.h"

#include <math.h>
#include <stdatomic.h>

typedef struct span {
    double t0, t1;
    int64_t shape;
} span;

typedef struct job {
    const vxg__body *bodies;
    int64_t n;
    int replaces;
    const vxg_ct_geometry *geo;
    vxg_ct_beam beam;
    vxg_ct_detector detector;
    int64_t nv, nu, first_row; /* rows are counted over all views */
    double offset;
    const vxg_phantom_opts *opts;
    void *out;
    int workers;
    span *spans;             /* n per worker */
    double *cuts;            /* 2 n per worker */
    double middle;           /* of the columns */
    _Atomic int64_t endless; /* view of a ray along an unbounded shape, or -1 */
} job;

typedef struct ray {
    double o[3], w[3], t_min;
} ray;

/* ---- the ray through row r, column q (fractional) of a view ---- */

static void normalise(double *w) {
    const double n = vxg__norm3(w);
    for (int i = 0; i < 3; i++) w[i] /= n;
}

static void pixel_ray(const job *j, const vxg_ct_view *v, double r, double q, ray *out) {
    const double a = q - j->middle, b = r - 0.5 * (double)(j->nv - 1);
    out->t_min = j->beam == VXG_CT_BEAM_CONE ? 0 : -INFINITY;
    if (j->beam != VXG_CT_BEAM_CONE) {
        for (int i = 0; i < 3; i++)
            out->o[i] = v->d[i] + a * v->U[i] + b * v->V[i], out->w[i] = v->r[i];
    } else if (j->detector == VXG_CT_DETECTOR_FLAT) {
        for (int i = 0; i < 3; i++)
            out->o[i] = v->s[i], out->w[i] = v->d[i] - v->s[i] + a * v->U[i] + b * v->V[i];
    } else {
        double n[3];
        for (int i = 0; i < 3; i++) n[i] = v->d[i] - v->s[i];
        const double rho = vxg__norm3(n), pitch = vxg__norm3(v->U);
        const double g = (a + j->offset) * pitch / rho, c = cos(g), s = sin(g) * rho / pitch;
        for (int i = 0; i < 3; i++)
            out->o[i] = v->s[i], out->w[i] = c * n[i] + s * v->U[i] + b * v->V[i];
    }
    normalise(out->w);
}

/* ---- where a ray is inside a shape, in the shape's own units ---- */

/* -1 <= o + t d < 1 */
static int slab(double o, double d, double *t0, double *t1) {
    if (d == 0) return o >= -1 && o < 1;
    const double a = (-1 - o) / d, b = (1 - o) / d;
    *t0 = fmax(*t0, fmin(a, b));
    *t1 = fmin(*t1, fmax(a, b));
    return *t0 < *t1;
}

/* |o + t d| < 1 over n coordinates, by way of the point nearest to the middle */
static int ball(const double *o, const double *d, int n, double *t0, double *t1) {
    double dd = 0, od = 0, far = 0;
    for (int i = 0; i < n; i++) dd += d[i] * d[i], od += o[i] * d[i];
    const double tc = dd > 0 ? -od / dd : 0;
    for (int i = 0; i < n; i++) {
        const double p = o[i] + tc * d[i];
        far += p * p;
    }
    if (far >= 1) return 0;
    if (dd == 0) return 1;
    const double half = sqrt((1 - far) / dd);
    *t0 = fmax(*t0, tc - half);
    *t1 = fmin(*t1, tc + half);
    return *t0 < *t1;
}

/* The ray passes the ball around the shape, by more than rounding could hide. */
static int passes_by(const vxg__body *b, const ray *r) {
    const double v[3] = {r->o[0] - b->center[0], r->o[1] - b->center[1], r->o[2] - b->center[2]};
    const double vv = vxg__dot3(v, v), vw = vxg__dot3(v, r->w);
    return vv - vw * vw > b->ball2 + 1e-9 * vv;
}

static int inside(const vxg__body *b, const ray *r, double *t0, double *t1) {
    double o[3], d[3];
    if (passes_by(b, r)) return 0;
    vxg__body_point(b, r->o, o);
    vxg__body_rotate(b, r->w, d);
    *t0 = r->t_min, *t1 = INFINITY;
    if (b->kind == VXG_SHAPE_ELLIPSOID) return ball(o, d, 3, t0, t1);
    if (b->kind == VXG_SHAPE_CYLINDER) return ball(o, d, 2, t0, t1) && slab(o[2], d[2], t0, t1);
    return slab(o[0], d[0], t0, t1) && slab(o[1], d[1], t0, t1) && slab(o[2], d[2], t0, t1);
}

/* ---- integrals ---- */

static double density_at(const job *j, const span *list, int64_t n, double t) {
    double v = 0;
    for (int64_t i = 0; i < n; i++) {
        if (t < list[i].t0 || t >= list[i].t1) continue;
        const vxg__body *b = &j->bodies[list[i].shape];
        v = b->replace ? b->value : v + b->value;
    }
    return v;
}

/* Intervals in the order of their shapes -> integral; cuts: room for 2 n numbers. */
static double pieces(const job *j, const span *list, int64_t n, double *cuts) {
    int64_t count = 0;
    double sum = 0;
    for (int64_t i = 0; i < 2 * n; i++) {
        const double t = i & 1 ? list[i / 2].t1 : list[i / 2].t0;
        int64_t k = count++;
        for (; k > 0 && cuts[k - 1] > t; k--) cuts[k] = cuts[k - 1];
        cuts[k] = t;
    }
    for (int64_t i = 0; i + 1 < count; i++)
        if (cuts[i + 1] > cuts[i])
            sum +=
                (cuts[i + 1] - cuts[i]) * density_at(j, list, n, 0.5 * cuts[i] + 0.5 * cuts[i + 1]);
    return sum;
}

static double integral(job *j, const ray *r, int64_t view, int worker) {
    span *list = j->spans + (int64_t)worker * j->n;
    int64_t n = 0;
    double sum = 0, t0, t1;
    for (int64_t i = 0; i < j->n; i++) {
        if (!inside(&j->bodies[i], r, &t0, &t1)) continue;
        if (t1 - t0 == INFINITY) {
            atomic_store(&j->endless, view);
            return 0;
        }
        sum += j->bodies[i].value * (t1 - t0);
        list[n++] = (span){t0, t1, i};
    }
    return j->replaces ? pieces(j, list, n, j->cuts + 2 * (int64_t)worker * j->n) : sum;
}

static double pixel(job *j, int64_t view, int64_t row, int64_t column, int worker) {
    const vxg_ct_view *v = vxg_ct_geometry_view(j->geo, view);
    const int k = j->opts->samples;
    double sum = 0;
    for (int a = 0; a < k; a++)
        for (int b = 0; b < k; b++) {
            ray r;
            pixel_ray(j, v, (double)row + (a + 0.5) / k - 0.5, (double)column + (b + 0.5) / k - 0.5,
                      &r);
            sum += integral(j, &r, view, worker);
        }
    return sum / (k * k);
}

static void project_rows(void *context, int64_t begin, int64_t end, int worker) {
    job *j = context;
    const vxg_progress *p = j->opts->progress;
    for (int64_t i = j->first_row + begin; i < j->first_row + end && !vxg__cancelled(p); i++) {
        const int64_t at = (i - j->opts->begin * j->nv) * j->nu;
        for (int64_t q = 0; q < j->nu; q++) {
            const double v = pixel(j, i / j->nv, i % j->nv, q, worker);
            if (j->opts->dtype == VXG_F64) {
                ((double *)j->out)[at + q] = v;
            } else {
                ((float *)j->out)[at + q] = (float)v;
            }
        }
    }
}

/* A few rows for every thread between two looks at progress; no value depends on how many. */
static int project_all(job *j) {
    const vxg_phantom_opts *o = j->opts;
    const int64_t rows = 64 * (int64_t)j->workers, last = o->end * j->nv;
    for (int64_t at = o->begin * j->nv; at < last; at += rows) {
        const int64_t n = last - at < rows ? last - at : rows;
        j->first_row = at;
        vxg__parallel_on(j->workers, n, 8, project_rows, j);
        VXG_FAIL_IF(vxg__poll(o->progress), VXG_ERR_CANCELLED, "interrupted");
        VXG_FAIL_IF(j->endless >= 0, VXG_ERR_ARGUMENT,
                    "phantom: a ray of view %lld runs along z through a shape without end in z",
                    (long long)j->endless);
        vxg__report(o->progress, "views", (double)(at + n) / (double)j->nv - (double)o->begin,
                    (double)(o->end - o->begin));
    }
    return VXG_OK;
}

int vxg_phantom_project(const vxg_phantom *phantom, const vxg_ct_geometry *geo,
                        const vxg_phantom_opts *opts, void *out) {
    VXG_FAIL_IF(!geo || !out, VXG_ERR_ARGUMENT, "phantom: geometry or output is NULL");
    vxg_phantom_opts o;
    vxg__body *bodies = NULL;
    VXG_TRY(vxg__phantom_opts(phantom, opts, vxg_ct_geometry_nviews(geo), 1, &o));
    const int workers = vxg_threads();
    const size_t room = (size_t)phantom->n * (size_t)workers;
    job j = {.n = phantom->n,
             .workers = workers,
             .replaces = phantom->replaces,
             .geo = geo,
             .beam = vxg_ct_geometry_beam(geo),
             .detector = vxg_ct_geometry_detector(geo),
             .nv = vxg_ct_geometry_nv(geo),
             .nu = vxg_ct_geometry_nu(geo),
             .offset = vxg_ct_geometry_column_offset(geo),
             .opts = &o,
             .out = out,
             .endless = -1};
    j.middle = 0.5 * (double)(j.nu - 1);
    int status = vxg__phantom_bodies(phantom, &o, &bodies);
    j.bodies = bodies;
    if (!status) {
        j.spans = vxg__calloc(room, sizeof *j.spans);
        j.cuts = vxg__calloc(2 * room, sizeof *j.cuts);
        status = j.spans && j.cuts ? project_all(&j) : VXG_ERR_MEMORY;
    }
    vxg__free(j.spans);
    vxg__free(j.cuts);
    vxg__free(bodies);
    return status;
}
