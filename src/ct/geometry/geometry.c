/* Scan geometry: per-view vectors, checked once, immutable afterwards. */
#include <math.h>
#include <string.h>

#include "ct/geometry/geometry.h"
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

int vxg__ct_sizes_check(int64_t nviews, int64_t rows, int64_t cols) {
    const int64_t sizes[] = {nviews, rows, cols};
    static const char *const names[] = {"views", "rows", "cols"};
    for (int i = 0; i < 3; i++)
        VXG_FAIL_IF(sizes[i] < 1 || sizes[i] > INT32_MAX, VXG_ERR_ARGUMENT,
                    "geometry: %s is %lld, at least 1 and below 2^31 is expected", names[i],
                    (long long)sizes[i]);
    VXG_FAIL_IF(rows > VXG_MAX_ELEMENTS / cols || nviews > VXG_MAX_ELEMENTS / (rows * cols),
                VXG_ERR_ARGUMENT, "geometry: views x rows x cols is more than 2^40 values");
    return VXG_OK;
}

int vxg__ct_views_new(int64_t nviews, int64_t rows, int64_t cols, vxg_ct_view **out) {
    *out = NULL;
    VXG_TRY(vxg__ct_sizes_check(nviews, rows, cols));
    *out = vxg__calloc((size_t)nviews, sizeof **out);
    return *out ? VXG_OK : VXG_ERR_MEMORY;
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

vxg_ct_geometry *vxg_ct_geometry_retain(const vxg_ct_geometry *geo) {
    vxg_ct_geometry *g = (vxg_ct_geometry *)(uintptr_t)geo;
    if (g) __atomic_add_fetch(&g->references, 1, __ATOMIC_RELAXED);
    return g;
}
void vxg_ct_geometry_release(vxg_ct_geometry *geo) {
    if (!geo || __atomic_sub_fetch(&geo->references, 1, __ATOMIC_ACQ_REL)) return;
    vxg__free(geo->views);
    vxg__free(geo);
}
vxg_ct_beam vxg_ct_geometry_beam(const vxg_ct_geometry *geo) {
    return geo ? geo->beam : VXG_CT_BEAM_PARALLEL;
}
vxg_ct_detector vxg_ct_geometry_detector(const vxg_ct_geometry *geo) {
    return geo ? geo->detector : VXG_CT_DETECTOR_FLAT;
}
double vxg_ct_geometry_column_offset(const vxg_ct_geometry *geo) {
    return geo ? geo->column_offset : 0;
}
int64_t vxg_ct_geometry_nviews(const vxg_ct_geometry *geo) {
    return geo ? geo->nviews : 0;
}
int64_t vxg_ct_geometry_nv(const vxg_ct_geometry *geo) {
    return geo ? geo->nv : 0;
}
int64_t vxg_ct_geometry_nu(const vxg_ct_geometry *geo) {
    return geo ? geo->nu : 0;
}
const vxg_ct_view *vxg_ct_geometry_view(const vxg_ct_geometry *geo, int64_t view) {
    return geo && view >= 0 && view < geo->nviews ? &geo->views[view] : NULL;
}
