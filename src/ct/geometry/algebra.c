/* New geometries out of old ones: chosen views, several together, moved, scaled, rotated. */
#include <math.h>
#include <string.h>

#include "ct/geometry/tools.h"

/* ---- Rays ---- */
void vxg__ct_point(const vxg_ct_geometry *geo, const vxg_ct_view *v, double q, double r,
                   double *point) {
    for (int k = 0; k < 3; k++) point[k] = v->d[k] + q * v->U[k] + r * v->V[k];
    if (vxg_ct_geometry_detector(geo) != VXG_CT_DETECTOR_CURVED) return;
    double n[3];
    for (int k = 0; k < 3; k++) n[k] = v->d[k] - v->s[k];
    const double rho = vxg__norm3(n), u = vxg__norm3(v->U);
    const double g = (q + vxg_ct_geometry_column_offset(geo)) * u / rho;
    for (int k = 0; k < 3; k++)
        point[k] = v->s[k] + cos(g) * n[k] + rho * sin(g) * v->U[k] / u + r * v->V[k];
}

void vxg__ct_ray(const vxg_ct_geometry *geo, const vxg_ct_view *v, double q, double r, double *from,
                 double *dir) {
    const int cone = vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_CONE;
    double point[3];
    vxg__ct_point(geo, v, q, r, point);
    for (int k = 0; k < 3; k++) {
        from[k] = cone ? v->s[k] : point[k];
        dir[k] = cone ? point[k] - v->s[k] : v->r[k];
    }
    const double length = vxg__norm3(dir);
    for (int k = 0; k < 3; k++) dir[k] /= length;
}

void vxg__ct_normal(const vxg_ct_geometry *geo, const vxg_ct_view *v, double *n) {
    double along[3];
    const int cone = vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_CONE;
    vxg__cross3(v->V, v->U, n);
    for (int k = 0; k < 3; k++) along[k] = cone ? v->d[k] - v->s[k] : v->r[k];
    const double length = vxg__norm3(n) * (vxg__dot3(n, along) < 0 ? -1 : 1);
    for (int k = 0; k < 3; k++) n[k] /= length;
}

int vxg__ct_see(const vxg_ct_geometry *geo, const vxg_ct_view *v, const double *p, double *q,
                double *r) {
    const int cone = vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_CONE;
    double n[3], a[3], x[3], m[3], w[3];
    vxg__ct_normal(geo, v, n);
    for (int k = 0; k < 3; k++) a[k] = v->d[k] - v->s[k], x[k] = p[k] - (cone ? v->s : v->d)[k];
    const double depth = vxg__dot3(n, x), u = vxg__norm3(v->U);
    if (cone && !(depth > 0)) return 0;
    if (vxg_ct_geometry_detector(geo) == VXG_CT_DETECTOR_CURVED) {
        const double rho = vxg__norm3(a), across = vxg__dot3(x, v->U) / u;
        *q = atan2(across, depth) * rho / u - vxg_ct_geometry_column_offset(geo);
        *r = vxg__dot3(x, v->V) / vxg__dot3(v->V, v->V) * rho / hypot(across, depth);
        return 1;
    }
    /* x on the plane through d, then its coordinates along U and V */
    const double far = cone ? vxg__dot3(n, a) / depth : 1;
    for (int k = 0; k < 3; k++) x[k] = cone ? far * x[k] - a[k] : x[k];
    vxg__cross3(v->V, cone ? n : v->r, m);
    vxg__cross3(cone ? n : v->r, v->U, w);
    const double det = vxg__dot3(v->U, m);
    *q = vxg__dot3(x, m) / det, *r = vxg__dot3(x, w) / det;
    return 1;
}

double vxg__ct_magnification(const vxg_ct_geometry *geo, const vxg_ct_view *v, const double *p) {
    double n[3], a[3], b[3];
    if (vxg_ct_geometry_beam(geo) != VXG_CT_BEAM_CONE) return 1;
    vxg__ct_normal(geo, v, n);
    for (int k = 0; k < 3; k++) a[k] = v->d[k] - v->s[k], b[k] = p[k] - v->s[k];
    return vxg__dot3(n, a) / vxg__dot3(n, b);
}

double vxg__ct_angle(const vxg_ct_geometry *geo, const vxg_ct_view *v) {
    double n[3];
    if (vxg_ct_geometry_beam(geo) != VXG_CT_BEAM_CONE) return atan2(-v->r[0], v->r[1]);
    if (hypot(v->s[0], v->s[1]) > 0) return atan2(v->s[0], -v->s[1]);
    vxg__ct_normal(geo, v, n);
    return atan2(-n[0], n[1]);
}

int vxg_ct_geometry_angles(const vxg_ct_geometry *geo, double *t) {
    VXG_FAIL_IF(!geo || !t, VXG_ERR_ARGUMENT, "geometry or angles is NULL");
    for (int64_t i = 0; i < vxg_ct_geometry_nviews(geo); i++) {
        const double a = vxg__ct_angle(geo, vxg_ct_geometry_view(geo, i));
        t[i] = i ? t[i - 1] + remainder(a - t[i - 1], 2 * M_PI) : a;
    }
    return VXG_OK;
}

/* ---- Views ---- */
int vxg__ct_with_views(const vxg_ct_geometry *geo, int64_t n, const vxg_ct_view *views,
                       vxg_ct_geometry **out) {
    return vxg_ct_geometry_new(&(vxg_ct_views){.beam = vxg_ct_geometry_beam(geo),
                                               .detector = vxg_ct_geometry_detector(geo),
                                               .nviews = n,
                                               .nv = vxg_ct_geometry_nv(geo),
                                               .nu = vxg_ct_geometry_nu(geo),
                                               .column_offset = vxg_ct_geometry_column_offset(geo),
                                               .views = views},
                               out);
}

/* Checks geo and makes room for n of its views. */
static int begin(const vxg_ct_geometry *geo, int64_t n, vxg_ct_view **views,
                 vxg_ct_geometry **out) {
    *out = NULL;
    VXG_FAIL_IF(!geo, VXG_ERR_ARGUMENT, "geometry is NULL");
    return vxg__ct_views_new(n, vxg_ct_geometry_nv(geo), vxg_ct_geometry_nu(geo), views);
}

static int finish(const vxg_ct_geometry *geo, int64_t n, vxg_ct_view *views,
                  vxg_ct_geometry **out) {
    int status = vxg__ct_with_views(geo, n, views, out);
    vxg__free(views);
    return status;
}

int vxg_ct_geometry_take(const vxg_ct_geometry *geo, int64_t n, const int64_t *index,
                         vxg_ct_geometry **out) {
    vxg_ct_view *views;
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "%s: out is NULL", __func__);
    *out = NULL;
    VXG_FAIL_IF(!geo || !index, VXG_ERR_ARGUMENT, "geometry: geo or index is NULL");
    /* before the list is read: a number that no list has is refused */
    VXG_TRY(vxg__ct_sizes_check(n, vxg_ct_geometry_nv(geo), vxg_ct_geometry_nu(geo)));
    for (int64_t i = 0; i < n; i++)
        VXG_FAIL_IF(index[i] < 0 || index[i] >= vxg_ct_geometry_nviews(geo), VXG_ERR_ARGUMENT,
                    "geometry: index[%lld] is %lld, outside the views 0 to %lld", (long long)i,
                    (long long)index[i], (long long)vxg_ct_geometry_nviews(geo) - 1);
    VXG_TRY(begin(geo, n, &views, out));
    for (int64_t i = 0; i < n; i++) views[i] = *vxg_ct_geometry_view(geo, index[i]);
    return finish(geo, n, views, out);
}

int vxg_ct_geometry_slice(const vxg_ct_geometry *geo, int64_t first, int64_t end, int64_t step,
                          vxg_ct_geometry **out) {
    vxg_ct_view *views;
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "%s: out is NULL", __func__);
    *out = NULL;
    VXG_FAIL_IF(!geo, VXG_ERR_ARGUMENT, "geometry is NULL");
    const int64_t all = vxg_ct_geometry_nviews(geo);
    VXG_FAIL_IF(step == 0 || step > INT32_MAX || step < -INT32_MAX, VXG_ERR_ARGUMENT,
                "geometry: step is %lld, not 0 and below 2^31 is expected", (long long)step);
    VXG_FAIL_IF(first < 0 || first >= all || end < -1 || end > all, VXG_ERR_ARGUMENT,
                "geometry: views %lld to %lld reach outside 0 to %lld", (long long)first,
                (long long)end, (long long)all);
    const int64_t span = step > 0 ? end - first : first - end, by = step > 0 ? step : -step;
    VXG_FAIL_IF(span < 1, VXG_ERR_ARGUMENT, "geometry: no view lies between begin and end");
    const int64_t n = (span + by - 1) / by;
    VXG_TRY(begin(geo, n, &views, out));
    for (int64_t i = 0; i < n; i++) views[i] = *vxg_ct_geometry_view(geo, first + i * step);
    return finish(geo, n, views, out);
}

static int same_kind(const vxg_ct_geometry *a, const vxg_ct_geometry *b, int64_t index) {
    const char *what = NULL;
    if (vxg_ct_geometry_beam(a) != vxg_ct_geometry_beam(b)) what = "beam";
    if (vxg_ct_geometry_detector(a) != vxg_ct_geometry_detector(b)) what = "detector";
    if (vxg_ct_geometry_nv(a) != vxg_ct_geometry_nv(b)) what = "number of rows";
    if (vxg_ct_geometry_nu(a) != vxg_ct_geometry_nu(b)) what = "number of columns";
    if (vxg_ct_geometry_column_offset(a) != vxg_ct_geometry_column_offset(b))
        what = "column offset";
    VXG_FAIL_IF(what, VXG_ERR_ARGUMENT,
                "geometry: the %s of geometry %lld differs from the first's", what,
                (long long)index);
    return VXG_OK;
}

int vxg_ct_geometry_concat(int64_t n, const vxg_ct_geometry *const *list, vxg_ct_geometry **out) {
    vxg_ct_view *views;
    int64_t total = 0, at = 0;
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "%s: out is NULL", __func__);
    *out = NULL;
    VXG_FAIL_IF(n < 1 || !list, VXG_ERR_ARGUMENT, "geometry: the list is empty");
    for (int64_t k = 0; k < n; k++) {
        VXG_FAIL_IF(!list[k], VXG_ERR_ARGUMENT, "geometry: list[%lld] is NULL", (long long)k);
        VXG_TRY(same_kind(list[0], list[k], k));
        total += vxg_ct_geometry_nviews(list[k]);
        VXG_FAIL_IF(total > INT32_MAX, VXG_ERR_ARGUMENT, "geometry: more than 2^31 - 1 views");
    }
    VXG_TRY(begin(list[0], total, &views, out));
    for (int64_t k = 0; k < n; k++)
        for (int64_t i = 0; i < vxg_ct_geometry_nviews(list[k]); i++)
            views[at++] = *vxg_ct_geometry_view(list[k], i);
    return finish(list[0], total, views, out);
}

/* ---- Moves: x -> M x + b on points, M x on vectors ---- */
static void map(const double *M, const double *b, double *x) {
    double y[3] = {vxg__dot3(M, x), vxg__dot3(M + 3, x), vxg__dot3(M + 6, x)};
    for (int k = 0; k < 3; k++) x[k] = y[k] + (b ? b[k] : 0);
}

static int move(const vxg_ct_geometry *geo, const double *M, const double *b,
                vxg_ct_geometry **out) {
    vxg_ct_view *views;
    *out = NULL;
    VXG_FAIL_IF(!geo, VXG_ERR_ARGUMENT, "geometry is NULL");
    const int64_t n = vxg_ct_geometry_nviews(geo);
    VXG_TRY(begin(geo, n, &views, out));
    for (int64_t i = 0; i < n; i++) {
        vxg_ct_view *v = &views[i];
        *v = *vxg_ct_geometry_view(geo, i);
        map(M, vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_CONE ? b : NULL, v->s);
        map(M, b, v->d);
        map(M, NULL, v->U);
        map(M, NULL, v->V);
    }
    return finish(geo, n, views, out);
}

static int finite3(const double *x, const char *name) {
    VXG_FAIL_IF(!x, VXG_ERR_ARGUMENT, "geometry: %s is NULL", name);
    for (int k = 0; k < 3; k++)
        VXG_FAIL_IF(!isfinite(x[k]), VXG_ERR_ARGUMENT, "geometry: %s[%d] is not a finite number",
                    name, k);
    return VXG_OK;
}

int vxg_ct_geometry_shift(const vxg_ct_geometry *geo, const double by[3], vxg_ct_geometry **out) {
    static const double one[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "%s: out is NULL", __func__);
    *out = NULL;
    VXG_TRY(finite3(by, "by"));
    return move(geo, one, by, out);
}

int vxg_ct_geometry_scale(const vxg_ct_geometry *geo, const double factor[3],
                          vxg_ct_geometry **out) {
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "%s: out is NULL", __func__);
    *out = NULL;
    VXG_TRY(finite3(factor, "factor"));
    for (int k = 0; k < 3; k++)
        VXG_FAIL_IF(!(factor[k] > 0), VXG_ERR_ARGUMENT, "geometry: factor[%d] must be positive", k);
    const double M[9] = {factor[0], 0, 0, 0, factor[1], 0, 0, 0, factor[2]};
    return move(geo, M, NULL, out);
}

int vxg_ct_geometry_rotate(const vxg_ct_geometry *geo, const double R[9], vxg_ct_geometry **out) {
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "%s: out is NULL", __func__);
    *out = NULL;
    VXG_FAIL_IF(!R, VXG_ERR_ARGUMENT, "geometry: R is NULL");
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            VXG_FAIL_IF(!(fabs(vxg__dot3(R + 3 * i, R + 3 * j) - (i == j)) < 1e-9),
                        VXG_ERR_ARGUMENT, "geometry: R is not orthonormal (rows %d and %d)", i, j);
    return move(geo, R, NULL, out);
}

void vxg_ct_rotation(double roll, double pitch, double yaw, double R[9]) {
    if (!R) return;
    const double ca = cos(roll), sa = sin(roll), cb = cos(pitch), sb = sin(pitch), cc = cos(yaw),
                 sc = sin(yaw);
    const double m[9] = {cc * cb,
                         cc * sb * sa - sc * ca,
                         cc * sb * ca + sc * sa,
                         sc * cb,
                         sc * sb * sa + cc * ca,
                         sc * sb * ca - cc * sa,
                         -sb,
                         cb * sa,
                         cb * ca};
    memcpy(R, m, sizeof m);
}

/* ---- The point all views look at ---- */
/* Solves the symmetric system A x = b of size 3; 0 when it is singular. */
static int solve3(const double A[9], const double *b, double *x) {
    double c[3][3];
    for (int i = 0; i < 3; i++) vxg__cross3(A + 3 * ((i + 1) % 3), A + 3 * ((i + 2) % 3), c[i]);
    const double det = vxg__dot3(A, c[0]), trace = A[0] + A[4] + A[8];
    if (!(fabs(det) > 1e-9 * trace * trace * trace)) return 0;
    for (int k = 0; k < 3; k++) x[k] = (c[0][k] * b[0] + c[1][k] * b[1] + c[2][k] * b[2]) / det;
    return 1;
}

int vxg_ct_geometry_isocenter(const vxg_ct_geometry *geo, double point[3]) {
    double A[9] = {0}, b[3] = {0};
    VXG_FAIL_IF(!geo || !point, VXG_ERR_ARGUMENT, "geometry or point is NULL");
    for (int64_t i = 0; i < vxg_ct_geometry_nviews(geo); i++) {
        double from[3], e[3];
        vxg__ct_ray(geo, vxg_ct_geometry_view(geo, i), 0, 0, from, e);
        for (int r = 0; r < 3; r++)
            for (int c = 0; c < 3; c++) {
                const double p = (r == c) - e[r] * e[c];
                A[3 * r + c] += p;
                b[r] += p * from[c];
            }
    }
    VXG_FAIL_IF(!solve3(A, b, point), VXG_ERR_ARGUMENT,
                "geometry: the views' middle rays are parallel: no point is nearest to them");
    return VXG_OK;
}

int vxg_ct_geometry_recenter(const vxg_ct_geometry *geo, const double *point,
                             vxg_ct_geometry **out) {
    double p[3], by[3];
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "%s: out is NULL", __func__);
    *out = NULL;
    if (point) {
        VXG_TRY(finite3(point, "point"));
        memcpy(p, point, sizeof p);
    } else {
        VXG_TRY(vxg_ct_geometry_isocenter(geo, p));
    }
    for (int k = 0; k < 3; k++) by[k] = -p[k];
    return vxg_ct_geometry_shift(geo, by, out);
}

/* ---- The detector ---- */
int vxg_ct_detector_roll(const vxg_ct_geometry *geo, double angle, vxg_ct_geometry **out) {
    vxg_ct_view *views;
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "%s: out is NULL", __func__);
    *out = NULL;
    VXG_FAIL_IF(!geo, VXG_ERR_ARGUMENT, "geometry is NULL");
    VXG_FAIL_IF(!isfinite(angle), VXG_ERR_ARGUMENT, "geometry: angle is not a finite number");
    VXG_FAIL_IF(vxg_ct_geometry_detector(geo) != VXG_CT_DETECTOR_FLAT, VXG_ERR_ARGUMENT,
                "geometry: only a flat detector can be rotated in its plane");
    const int64_t n = vxg_ct_geometry_nviews(geo);
    const double c = cos(angle), s = sin(angle);
    VXG_TRY(begin(geo, n, &views, out));
    for (int64_t i = 0; i < n; i++) {
        vxg_ct_view *v = &views[i];
        double normal[3], u[3], w[3];
        *v = *vxg_ct_geometry_view(geo, i);
        /* a rotation about the normal keeps lengths and the angle between U and V */
        vxg__cross3(v->U, v->V, normal);
        const double length = vxg__norm3(normal);
        for (int k = 0; k < 3; k++) normal[k] /= length;
        vxg__cross3(normal, v->U, u);
        vxg__cross3(normal, v->V, w);
        for (int k = 0; k < 3; k++) {
            v->U[k] = c * v->U[k] + s * u[k];
            v->V[k] = c * v->V[k] + s * w[k];
        }
    }
    return finish(geo, n, views, out);
}

int vxg_ct_detector_shift(const vxg_ct_geometry *geo, double columns, double rows,
                          vxg_ct_geometry **out) {
    vxg_ct_view *views;
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "%s: out is NULL", __func__);
    *out = NULL;
    VXG_FAIL_IF(!geo, VXG_ERR_ARGUMENT, "geometry is NULL");
    VXG_FAIL_IF(!isfinite(columns) || !isfinite(rows), VXG_ERR_ARGUMENT,
                "geometry: columns or rows is not a finite number");
    const int curved = vxg_ct_geometry_detector(geo) == VXG_CT_DETECTOR_CURVED;
    VXG_FAIL_IF(curved && rows != 0, VXG_ERR_ARGUMENT,
                "geometry: a curved detector cannot be moved along its rows");
    const int64_t n = vxg_ct_geometry_nviews(geo);
    VXG_TRY(begin(geo, n, &views, out));
    for (int64_t i = 0; i < n; i++) {
        vxg_ct_view *v = &views[i];
        *v = *vxg_ct_geometry_view(geo, i);
        for (int k = 0; k < 3 && !curved; k++) v->d[k] += columns * v->U[k] + rows * v->V[k];
    }
    int status =
        vxg_ct_geometry_new(&(vxg_ct_views){.beam = vxg_ct_geometry_beam(geo),
                                            .detector = vxg_ct_geometry_detector(geo),
                                            .nviews = n,
                                            .nv = vxg_ct_geometry_nv(geo),
                                            .nu = vxg_ct_geometry_nu(geo),
                                            .column_offset = vxg_ct_geometry_column_offset(geo) +
                                                             (curved ? columns : 0),
                                            .views = views},
                            out);
    vxg__free(views);
    return status;
}
