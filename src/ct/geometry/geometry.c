/* Scan geometry: per-view vectors, checked once, immutable afterwards. */
#include <math.h>
#include <string.h>

#include "ct/ct.h"
#include "ct/geometry/tools.h"

struct vxg_ct_geometry {
    vxg_ct_beam beam;
    vxg_ct_detector detector;
    int64_t nviews, nv, nu;
    double column_offset;
    vxg_ct_view *views;
    int references; /* atomic */
};

double vxg__dot3(const double *a, const double *b) {
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
double vxg__norm3(const double *a) {
    return sqrt(vxg__dot3(a, a));
}
void vxg__cross3(const double *a, const double *b, double *out) {
    double c[3] = {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
    memcpy(out, c, sizeof c);
}

/* A curved detector is focused on the source and at right angles. */
static int check_curved(const vxg_ct_views *g, const vxg_ct_view *v, const double *n,
                        int64_t index) {
    const double u = vxg__norm3(v->U), w = vxg__norm3(v->V), rho = vxg__norm3(n);
    VXG_FAIL_IF(!(fabs(vxg__dot3(v->U, n)) < 1e-6 * u * rho) ||
                    !(fabs(vxg__dot3(v->V, n)) < 1e-6 * w * rho) ||
                    !(fabs(vxg__dot3(v->U, v->V)) < 1e-6 * u * w),
                VXG_ERR_ARGUMENT,
                "geometry: view %lld: U, V and d - s of a curved detector must be at right angles",
                (long long)index);
    const double reach = (0.5 * (double)g->nu + fabs(g->column_offset)) * u / rho;
    VXG_FAIL_IF(!(reach < 1.55), VXG_ERR_ARGUMENT,
                "geometry: view %lld: the curved detector reaches %.1f degrees to one side, below "
                "88.8 is expected",
                (long long)index, reach * 180 / M_PI);
    return VXG_OK;
}

int vxg__ct_view_check(const vxg_ct_views *g, const vxg_ct_view *v, int64_t index) {
    const double *const vectors[] = {v->s, v->d, v->U, v->V};
    const int cone = g->beam == VXG_CT_BEAM_CONE;
    const char *names = cone ? "sdUV" : "rdUV";
    double n[3], ray[3];
    for (int f = 0; f < 4; f++) {
        for (int i = 0; i < 3; i++)
            VXG_FAIL_IF(!isfinite(vectors[f][i]), VXG_ERR_ARGUMENT,
                        "geometry: view %lld: %c[%d] is not a finite number", (long long)index,
                        names[f], i);
        VXG_FAIL_IF((f > 1 || (f == 0 && !cone)) && !(vxg__norm3(vectors[f]) > 0), VXG_ERR_ARGUMENT,
                    "geometry: view %lld: %c has no length", (long long)index, names[f]);
    }
    for (int i = 0; i < 3; i++) ray[i] = cone ? v->d[i] - v->s[i] : v->r[i];
    vxg__cross3(v->U, v->V, n);
    VXG_FAIL_IF(!(vxg__norm3(n) > 1e-9 * vxg__norm3(v->U) * vxg__norm3(v->V)), VXG_ERR_ARGUMENT,
                "geometry: view %lld: U and V are parallel", (long long)index);
    VXG_FAIL_IF(!(fabs(vxg__dot3(n, ray)) > 1e-6 * vxg__norm3(n) * vxg__norm3(ray)),
                VXG_ERR_ARGUMENT, "geometry: view %lld: %s the detector plane", (long long)index,
                cone ? "the source s lies in" : "the rays r lie in");
    return g->detector == VXG_CT_DETECTOR_CURVED ? check_curved(g, v, ray, index) : VXG_OK;
}

static int check_views(const vxg_ct_views *g) {
    VXG_FAIL_IF(!g, VXG_ERR_ARGUMENT, "geometry is NULL");
    VXG_FAIL_IF((int)g->beam < 0 || g->beam > VXG_CT_BEAM_CONE, VXG_ERR_ARGUMENT,
                "geometry: unknown beam %d", (int)g->beam);
    VXG_FAIL_IF((int)g->detector < 0 || g->detector > VXG_CT_DETECTOR_CURVED, VXG_ERR_ARGUMENT,
                "geometry: unknown detector %d", (int)g->detector);
    VXG_FAIL_IF(g->detector == VXG_CT_DETECTOR_CURVED && g->beam != VXG_CT_BEAM_CONE,
                VXG_ERR_ARGUMENT, "geometry: a curved detector needs a source (cone or fan beam)");
    VXG_FAIL_IF(!isfinite(g->column_offset), VXG_ERR_ARGUMENT,
                "geometry: column_offset is not a finite number");
    const int64_t sizes[] = {g->nviews, g->nv, g->nu};
    static const char *const names[] = {"views", "rows", "cols"};
    for (int i = 0; i < 3; i++)
        VXG_FAIL_IF(sizes[i] < 1 || sizes[i] > INT32_MAX, VXG_ERR_ARGUMENT,
                    "geometry: %s is %lld, at least 1 and below 2^31 is expected", names[i],
                    (long long)sizes[i]);
    VXG_FAIL_IF(g->nv > VXG_MAX_ELEMENTS / g->nu || g->nviews > VXG_MAX_ELEMENTS / (g->nv * g->nu),
                VXG_ERR_ARGUMENT, "geometry: more than 2^40 projection values");
    VXG_FAIL_IF(!g->views, VXG_ERR_ARGUMENT, "geometry: views is NULL");
    for (int64_t i = 0; i < g->nviews; i++) VXG_TRY(vxg__ct_view_check(g, &g->views[i], i));
    return VXG_OK;
}

int vxg_ct_geometry_new(const vxg_ct_views *o, vxg_ct_geometry **out) {
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "geometry: out is NULL");
    *out = NULL;
    VXG_READ(vxg_ct_views, o);
    VXG_TRY(check_views(o));
    vxg_ct_geometry *g = vxg__calloc(1, sizeof *g);
    if (g) g->views = vxg__calloc((size_t)o->nviews, sizeof *g->views);
    if (!g || !g->views) {
        vxg__free(g);
        return VXG_ERR_MEMORY;
    }
    memcpy(g->views, o->views, (size_t)o->nviews * sizeof *o->views);
    g->beam = o->beam, g->detector = o->detector;
    g->column_offset = o->detector == VXG_CT_DETECTOR_CURVED ? o->column_offset : 0;
    g->nviews = o->nviews, g->nv = o->nv, g->nu = o->nu, g->references = 1;
    *out = g;
    return VXG_OK;
}

int vxg_ct_parallel_views(int64_t nviews, int64_t nv, int64_t nu, const vxg_ct_view *views,
                          vxg_ct_geometry **out) {
    return vxg_ct_geometry_new(
        &(vxg_ct_views){.nviews = nviews, .nv = nv, .nu = nu, .views = views}, out);
}

int vxg_ct_cone_views(int64_t nviews, int64_t nv, int64_t nu, const vxg_ct_view *views,
                      vxg_ct_geometry **out) {
    return vxg_ct_geometry_new(
        &(vxg_ct_views){
            .beam = VXG_CT_BEAM_CONE, .nviews = nviews, .nv = nv, .nu = nu, .views = views},
        out);
}

int vxg_ct_parallel_circular(const vxg_ct_parallel_opts *o, vxg_ct_geometry **out) {
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "geometry: out is NULL");
    *out = NULL;
    VXG_READ(vxg_ct_parallel_opts, o);
    VXG_FAIL_IF(!o || !o->angles || o->nviews < 1, VXG_ERR_ARGUMENT,
                "geometry: angles or views is missing");
    VXG_TRY(vxg__ct_sizes_check(o->nviews, o->rows, o->cols));
    VXG_FAIL_IF(!(o->pixel >= 0) || !(o->row_pitch >= 0) || !isfinite(o->pixel + o->row_pitch),
                VXG_ERR_ARGUMENT, "geometry: pixel pitch must be positive");
    double pu = o->pixel > 0 ? o->pixel : 1, pv = o->row_pitch > 0 ? o->row_pitch : pu;
    double center = o->has_center ? o->center : 0.5 * (double)(o->cols - 1);
    VXG_FAIL_IF(!isfinite(center), VXG_ERR_ARGUMENT, "geometry: center is not a finite number");
    double shift = (0.5 * (double)(o->cols - 1) - center) * pu;
    vxg_ct_view *views;
    VXG_TRY(vxg__ct_views_new(o->nviews, o->rows, o->cols, &views));
    for (int64_t i = 0; i < o->nviews; i++) {
        double c = cos(o->angles[i]), s = sin(o->angles[i]);
        views[i] = (vxg_ct_view){.r = {-s, c, 0},
                                 .d = {shift * c, shift * s, 0},
                                 .U = {pu * c, pu * s, 0},
                                 .V = {0, 0, pv}};
    }
    int status = vxg_ct_parallel_views(o->nviews, o->rows, o->cols, views, out);
    vxg__free(views);
    return status;
}

static int check_cone(const vxg_ct_cone_opts *o) {
    VXG_FAIL_IF(!o || o->nviews < 1, VXG_ERR_ARGUMENT, "geometry: views is missing");
    VXG_TRY(vxg__ct_sizes_check(o->nviews, o->rows ? o->rows : 1, o->cols));
    VXG_FAIL_IF(!(o->sod > 0) || !isfinite(o->sod), VXG_ERR_ARGUMENT,
                "geometry: sod (source to axis) must be positive");
    VXG_FAIL_IF(!(o->sdd > 0) || !isfinite(o->sdd), VXG_ERR_ARGUMENT,
                "geometry: sdd (source to detector) must be positive");
    VXG_FAIL_IF(!(o->pixel >= 0) || !(o->row_pitch >= 0) || !isfinite(o->pixel + o->row_pitch),
                VXG_ERR_ARGUMENT, "geometry: pixel pitch must be positive");
    VXG_FAIL_IF((o->has_center && !isfinite(o->center)) ||
                    (o->has_center_row && !isfinite(o->center_row)),
                VXG_ERR_ARGUMENT, "geometry: center is not a finite number");
    VXG_FAIL_IF(o->has_center_row && o->detector == VXG_CT_DETECTOR_CURVED, VXG_ERR_ARGUMENT,
                "geometry: center_row needs a flat detector");
    return VXG_OK;
}

int vxg_ct_cone_circular(const vxg_ct_cone_opts *o, vxg_ct_geometry **out) {
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "geometry: out is NULL");
    *out = NULL;
    VXG_READ(vxg_ct_cone_opts, o);
    VXG_TRY(check_cone(o));
    const int64_t rows = o->rows ? o->rows : 1;
    const double pu = o->pixel > 0 ? o->pixel : 1, pv = o->row_pitch > 0 ? o->row_pitch : pu;
    const double mu = 0.5 * (double)(o->cols - 1), mv = 0.5 * (double)(rows - 1);
    const double columns = o->has_center ? mu - o->center : 0;
    const double lift = (o->has_center_row ? mv - o->center_row : 0) * pv;
    /* the middle of a curved detector stays on the axis: its columns are counted with an offset */
    const int curved = o->detector == VXG_CT_DETECTOR_CURVED;
    const double shift = curved ? 0 : columns * pu;
    vxg_ct_view *views;
    VXG_TRY(vxg__ct_views_new(o->nviews, rows, o->cols, &views));
    for (int64_t i = 0; i < o->nviews; i++) {
        const double t = o->angles ? o->angles[i] : 2 * M_PI * (double)i / (double)o->nviews;
        const double c = cos(t), s = sin(t), depth = o->sdd - o->sod;
        views[i] = (vxg_ct_view){
            .s = {o->sod * s, -o->sod * c, 0},
            .d = {shift * c - depth * s, shift * s + depth * c, lift},
            .U = {pu * c, pu * s, 0},
            .V = {0, 0, pv},
        };
    }
    int status = vxg_ct_geometry_new(&(vxg_ct_views){.beam = VXG_CT_BEAM_CONE,
                                                     .detector = o->detector,
                                                     .column_offset = curved ? columns : 0,
                                                     .nviews = o->nviews,
                                                     .nv = rows,
                                                     .nu = o->cols,
                                                     .views = views},
                                     out);
    vxg__free(views);
    return status;
}

vxg_ct_geometry *vxg_ct_geometry_retain(const vxg_ct_geometry *geo) {
    vxg_ct_geometry *g = (vxg_ct_geometry *)(uintptr_t)geo;
    __atomic_add_fetch(&g->references, 1, __ATOMIC_RELAXED);
    return g;
}
void vxg_ct_geometry_release(vxg_ct_geometry *geo) {
    if (!geo || __atomic_sub_fetch(&geo->references, 1, __ATOMIC_ACQ_REL)) return;
    vxg__free(geo->views);
    vxg__free(geo);
}
vxg_ct_beam vxg_ct_geometry_beam(const vxg_ct_geometry *geo) {
    return geo->beam;
}
vxg_ct_detector vxg_ct_geometry_detector(const vxg_ct_geometry *geo) {
    return geo->detector;
}
double vxg_ct_geometry_column_offset(const vxg_ct_geometry *geo) {
    return geo->column_offset;
}
int64_t vxg_ct_geometry_nviews(const vxg_ct_geometry *geo) {
    return geo->nviews;
}
int64_t vxg_ct_geometry_nv(const vxg_ct_geometry *geo) {
    return geo->nv;
}
int64_t vxg_ct_geometry_nu(const vxg_ct_geometry *geo) {
    return geo->nu;
}
const vxg_ct_view *vxg_ct_geometry_view(const vxg_ct_geometry *geo, int64_t view) {
    return view >= 0 && view < geo->nviews ? &geo->views[view] : NULL;
}

int vxg_ct_fit_volume(const vxg_ct_geometry *geo, vxg_ct_volume *out) {
    VXG_FAIL_IF(!geo || !out, VXG_ERR_ARGUMENT, "fit_volume: geometry or volume is NULL");
    const vxg_ct_view *w = &geo->views[0];
    double pu = vxg__norm3(w->U), pv = vxg__norm3(w->V);
    if (geo->beam == VXG_CT_BEAM_CONE) {
        double n[3], ray[3];
        for (int i = 0; i < 3; i++) ray[i] = w->d[i] - w->s[i];
        vxg__cross3(w->U, w->V, n);
        double magnification = fabs(vxg__dot3(n, ray) / vxg__dot3(n, w->s));
        if (isfinite(magnification)) pu /= magnification, pv /= magnification;
    }
    *out = (vxg_ct_volume){.size = (uint32_t)sizeof *out,
                           .nz = geo->nv,
                           .ny = geo->nu,
                           .nx = geo->nu,
                           .dz = pv,
                           .dy = pu,
                           .dx = pu};
    return VXG_OK;
}

int vxg__ct_volume_check(const vxg_ct_volume *in, vxg_ct_volume *out) {
    VXG_FAIL_IF(!in, VXG_ERR_ARGUMENT, "volume is NULL");
    VXG_TRY(VXG_FIXED(vxg_ct_volume, in));
    *out = *in;
    out->size = (uint32_t)sizeof *out;
    const int64_t n[] = {in->nz, in->ny, in->nx};
    double *d[] = {&out->dz, &out->dy, &out->dx};
    static const char *const names[] = {"z", "y", "x"};
    for (int i = 0; i < 3; i++) {
        VXG_FAIL_IF(n[i] < 1 || n[i] > INT32_MAX, VXG_ERR_ARGUMENT,
                    "volume: n%s is %lld, at least 1 and below 2^31 is expected", names[i],
                    (long long)n[i]);
        if (*d[i] == 0) *d[i] = 1;
        VXG_FAIL_IF(!(*d[i] > 0) || !isfinite(*d[i]), VXG_ERR_ARGUMENT,
                    "volume: voxel size d%s must be positive", names[i]);
        VXG_FAIL_IF(!isfinite(in->center[i]), VXG_ERR_ARGUMENT,
                    "volume: center[%d] is not a finite number", i);
    }
    VXG_FAIL_IF(n[1] > VXG_MAX_ELEMENTS / n[2] || n[0] > VXG_MAX_ELEMENTS / (n[1] * n[2]),
                VXG_ERR_ARGUMENT, "volume: more than 2^40 voxels");
    int zero = 1;
    for (int i = 0; i < 9; i++) zero = zero && in->rotation[i] == 0;
    if (zero) out->rotation[0] = out->rotation[4] = out->rotation[8] = 1;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            double dot = vxg__dot3(out->rotation + 3 * i, out->rotation + 3 * j);
            VXG_FAIL_IF(!(fabs(dot - (i == j)) < 1e-9), VXG_ERR_ARGUMENT,
                        "volume: rotation is not orthonormal (rows %d and %d)", i, j);
        }
    return VXG_OK;
}

/* World vector to voxel index units about the volume's middle (a point when `point`). */
void vxg__ct_to_index(const vxg_ct_volume *vol, const double *w, int point, double *out) {
    const double size[3] = {vol->dx, vol->dy, vol->dz};
    double p[3];
    for (int i = 0; i < 3; i++) p[i] = w[i] - (point ? vol->center[i] : 0);
    for (int i = 0; i < 3; i++)
        out[i] =
            (vol->rotation[i] * p[0] + vol->rotation[3 + i] * p[1] + vol->rotation[6 + i] * p[2]) /
            size[i];
}

void vxg__ct_index_view(const vxg_ct_volume *vol, const vxg_ct_view *view, vxg_ct_view *out) {
    double r[3];
    for (int i = 0; i < 3; i++) r[i] = view->r[i] / vxg__norm3(view->r); /* |r| = 1 in the world */
    vxg__ct_to_index(vol, r, 0, out->r);
    vxg__ct_to_index(vol, view->d, 1, out->d);
    vxg__ct_to_index(vol, view->U, 0, out->U);
    vxg__ct_to_index(vol, view->V, 0, out->V);
}

void vxg__ct_index_cone(const vxg_ct_volume *vol, const vxg_ct_view *view, vxg_ct_view *out) {
    vxg__ct_to_index(vol, view->s, 1, out->s);
    vxg__ct_to_index(vol, view->d, 1, out->d);
    vxg__ct_to_index(vol, view->U, 0, out->U);
    vxg__ct_to_index(vol, view->V, 0, out->V);
}
