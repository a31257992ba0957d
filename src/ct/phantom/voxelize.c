/* Phantoms as volumes: exact where no surface crosses a voxel, sub-samples where one does. */
#include "ct/phantom/phantom.h"

#include <math.h>

typedef struct near_body { /* a shape that may touch the row or voxel at hand */
    const vxg__body *body;
    int inside; /* the whole voxel is */
} near_body;

typedef struct job {
    const vxg__body *bodies;
    int64_t n;
    vxg_ct_volume vol;
    const vxg_phantom_opts *opts;
    void *out;
    int workers;
    near_body *lists;  /* 2 n per worker: of the row, of the voxel */
    double step[3][3]; /* world vectors of one voxel along x, y, z */
    double radius;     /* of the ball around a voxel */
    int64_t first_row;
} job;

/* Own distance from the middle: below 1 inside. A norm, so that it changes by at most `reach` per
 * world length. */
static double own_norm(const vxg__body *b, const double *world) {
    double p[3];
    vxg__body_point(b, world, p);
    if (b->kind == VXG_SHAPE_ELLIPSOID) return vxg__norm3(p);
    if (b->kind == VXG_SHAPE_CYLINDER) return fmax(sqrt(p[0] * p[0] + p[1] * p[1]), fabs(p[2]));
    return fmax(fmax(fabs(p[0]), fabs(p[1])), fabs(p[2]));
}

static void place(const job *j, double k, double y, double x, double *world) {
    const double a = x - 0.5 * (double)(j->vol.nx - 1), b = y - 0.5 * (double)(j->vol.ny - 1);
    const double c = k - 0.5 * (double)(j->vol.nz - 1);
    for (int i = 0; i < 3; i++)
        world[i] = j->vol.center[i] + a * j->step[0][i] + b * j->step[1][i] + c * j->step[2][i];
}

/* Half-open, so that boxes side by side share no point. */
static int contains(const vxg__body *b, const double *world) {
    double p[3];
    vxg__body_point(b, world, p);
    const int z = p[2] >= -1 && p[2] < 1;
    if (b->kind == VXG_SHAPE_ELLIPSOID) return vxg__dot3(p, p) < 1;
    if (b->kind == VXG_SHAPE_CYLINDER) return p[0] * p[0] + p[1] * p[1] < 1 && z;
    return p[0] >= -1 && p[0] < 1 && p[1] >= -1 && p[1] < 1 && z;
}

static double density_at(const near_body *list, int64_t n, const double *world) {
    double v = 0;
    for (int64_t i = 0; i < n; i++) {
        const vxg__body *b = list[i].body;
        if (list[i].inside || contains(b, world)) v = b->replace ? b->value : v + b->value;
    }
    return v;
}

static double voxel(const job *j, int64_t k, int64_t y, int64_t x, const near_body *row,
                    int64_t nrow, near_body *list) {
    const int s = j->opts->samples;
    int64_t n = 0;
    int crossed = 0;
    double p[3], sum = 0;
    place(j, (double)k, (double)y, (double)x, p);
    for (int64_t i = 0; i < nrow; i++) {
        const double d = own_norm(row[i].body, p), e = row[i].body->reach * j->radius;
        if (d - e > 1) continue;
        const int whole = d + e < 1;
        crossed |= !whole;
        list[n++] = (near_body){row[i].body, whole};
    }
    if (!crossed) return density_at(list, n, p);
    for (int a = 0; a < s; a++)
        for (int b = 0; b < s; b++)
            for (int c = 0; c < s; c++) {
                place(j, (double)k + (a + 0.5) / s - 0.5, (double)y + (b + 0.5) / s - 0.5,
                      (double)x + (c + 0.5) / s - 0.5, p);
                sum += density_at(list, n, p);
            }
    return sum / ((double)s * s * s);
}

static void one_row(const job *j, int64_t k, int64_t y, near_body *row, near_body *list) {
    const int64_t nx = j->vol.nx, at = ((k - j->opts->begin) * j->vol.ny + y) * nx;
    const double reach = j->radius + 0.5 * (double)(nx - 1) * j->vol.dx;
    double p[3];
    int64_t n = 0;
    place(j, (double)k, (double)y, 0.5 * (double)(nx - 1), p);
    for (int64_t i = 0; i < j->n; i++) {
        const vxg__body *b = &j->bodies[i];
        if (own_norm(b, p) - b->reach * reach <= 1) row[n++] = (near_body){b, 0};
    }
    for (int64_t x = 0; x < nx; x++) {
        const double v = n ? voxel(j, k, y, x, row, n, list) : 0;
        if (j->opts->dtype == VXG_F64) {
            ((double *)j->out)[at + x] = v;
        } else {
            ((float *)j->out)[at + x] = (float)v;
        }
    }
}

static void fill_rows(void *context, int64_t begin, int64_t end, int worker) {
    const job *j = context;
    near_body *lists = j->lists + 2 * (int64_t)worker * j->n;
    for (int64_t i = j->first_row + begin; i < j->first_row + end; i++) {
        if (vxg__cancelled(j->opts->progress)) return;
        one_row(j, i / j->vol.ny, i % j->vol.ny, lists, lists + j->n);
    }
}

static int fill_all(job *j) {
    const vxg_phantom_opts *o = j->opts;
    const int64_t rows = 64 * (int64_t)j->workers, last = o->end * j->vol.ny;
    for (int64_t at = o->begin * j->vol.ny; at < last; at += rows) {
        const int64_t n = last - at < rows ? last - at : rows;
        j->first_row = at;
        vxg__parallel_on(j->workers, n, 8, fill_rows, j);
        VXG_FAIL_IF(vxg__poll(o->progress), VXG_ERR_CANCELLED, "interrupted");
        vxg__report(o->progress, "slices", (double)(at + n) / (double)j->vol.ny - (double)o->begin,
                    (double)(o->end - o->begin));
    }
    return VXG_OK;
}

int vxg_phantom_voxelize(const vxg_phantom *phantom, const vxg_ct_volume *vol,
                         const vxg_phantom_opts *opts, void *out) {
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "phantom: output is NULL");
    vxg_phantom_opts o;
    vxg__body *bodies = NULL;
    job j = {.opts = &o, .out = out, .workers = vxg_threads()};
    VXG_TRY(vxg__ct_volume_check(vol, &j.vol));
    VXG_TRY(vxg__phantom_opts(phantom, opts, j.vol.nz, 4, &o));
    const double size[3] = {j.vol.dx, j.vol.dy, j.vol.dz};
    for (int a = 0; a < 3; a++)
        for (int i = 0; i < 3; i++) j.step[a][i] = j.vol.rotation[3 * i + a] * size[a];
    j.radius = 0.5 * vxg__norm3(size), j.n = phantom->n;
    int status = vxg__phantom_bodies(phantom, &o, &bodies);
    j.bodies = bodies;
    if (!status) {
        j.lists = vxg__calloc(2 * (size_t)j.n * (size_t)j.workers, sizeof *j.lists);
        status = j.lists ? fill_all(&j) : VXG_ERR_MEMORY;
    }
    vxg__free(j.lists);
    vxg__free(bodies);
    return status;
}
