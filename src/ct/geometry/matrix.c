/* Projection matrices and pixel positions. */
#include <math.h>
#include <string.h>

#include "ct/geometry/tools.h"

int vxg_ct_pixel(const vxg_ct_geometry *geo, int64_t view, double column, double row,
                 double point[3]) {
    VXG_FAIL_IF(!geo || !point, VXG_ERR_ARGUMENT, "geometry or point is NULL");
    const vxg_ct_view *v = vxg_ct_geometry_view(geo, view);
    VXG_FAIL_IF(!v, VXG_ERR_ARGUMENT, "geometry: there is no view %lld", (long long)view);
    VXG_FAIL_IF(!isfinite(column) || !isfinite(row), VXG_ERR_ARGUMENT,
                "geometry: column or row is not a finite number");
    vxg__ct_point(geo, v, column - 0.5 * (double)(vxg_ct_geometry_nu(geo) - 1),
                  row - 0.5 * (double)(vxg_ct_geometry_nv(geo) - 1), point);
    return VXG_OK;
}

/* ---- From matrices ---- */
/* Inverse of the left 3 x 3 block of a 3 x 4 matrix; 0 when it is singular. */
static int invert(const double *P, double *inverse) {
    double c[3][3], scale = 1;
    const double *const rows[3] = {P, P + 4, P + 8};
    for (int i = 0; i < 3; i++) {
        vxg__cross3(rows[(i + 1) % 3], rows[(i + 2) % 3], c[i]);
        scale *= vxg__norm3(rows[i]);
    }
    const double det = vxg__dot3(rows[0], c[0]);
    if (!(fabs(det) > 1e-12 * scale)) return 0;
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++) inverse[3 * k + i] = c[i][k] / det;
    return 1;
}

/* The pixel (column, row) lies along inverse (column, row, 1) from the source, and all pixels at
 * one factor lie in one plane, of normal P's third row. */
static int cone_from(const double *P, int64_t i, double mu, double mv, double sdd, vxg_ct_view *v) {
    double inverse[9];
    const double p4[3] = {P[3], P[7], P[11]}, middle[3] = {mu, mv, 1};
    VXG_FAIL_IF(!invert(P, inverse), VXG_ERR_ARGUMENT,
                "geometry: view %lld: the matrix is singular: it has no source", (long long)i);
    for (int k = 0; k < 3; k++) v->s[k] = -vxg__dot3(inverse + 3 * k, p4);
    /* the factor's sign puts the detector on the side of the origin, whose depth is P[11] */
    VXG_FAIL_IF(!(fabs(P[11]) > 1e-12 * vxg__norm3(P + 8) * vxg__norm3(v->s)), VXG_ERR_ARGUMENT,
                "geometry: view %lld: the origin lies beside the source, not before it",
                (long long)i);
    const double factor = (P[11] < 0 ? -sdd : sdd) * vxg__norm3(P + 8);
    for (int k = 0; k < 3; k++) {
        v->U[k] = factor * inverse[3 * k], v->V[k] = factor * inverse[3 * k + 1];
        v->d[k] = v->s[k] + factor * vxg__dot3(inverse + 3 * k, middle);
    }
    return VXG_OK;
}

/* column = m1 . x + p1, row = m2 . x + p2: U and V are the dual vectors in the plane of m1, m2. */
static int parallel_from(const double *P, int64_t i, double mu, double mv, vxg_ct_view *v) {
    double a[3], b[3], n[3];
    for (int k = 0; k < 3; k++) a[k] = P[k] / P[11], b[k] = P[4 + k] / P[11];
    vxg__cross3(b, a, n);
    const double size = vxg__dot3(n, n);
    VXG_FAIL_IF(!(size > 1e-24 * vxg__dot3(a, a) * vxg__dot3(b, b)), VXG_ERR_ARGUMENT,
                "geometry: view %lld: the matrix is singular: its first rows are parallel",
                (long long)i);
    vxg__cross3(n, b, v->U);
    vxg__cross3(a, n, v->V);
    const double q = mu - P[3] / P[11], r = mv - P[7] / P[11];
    for (int k = 0; k < 3; k++) {
        v->r[k] = n[k] / sqrt(size);
        v->U[k] /= size, v->V[k] /= size;
    }
    for (int k = 0; k < 3; k++) v->d[k] = q * v->U[k] + r * v->V[k];
    return VXG_OK;
}

static int is_affine(const double *P) {
    return P[8] == 0 && P[9] == 0 && P[10] == 0 && P[11] != 0;
}

int vxg_ct_from_matrices(int64_t nviews, int64_t rows, int64_t cols, const double *P, double sdd,
                         vxg_ct_geometry **out) {
    vxg_ct_view *views;
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "%s: out is NULL", __func__);
    *out = NULL;
    VXG_FAIL_IF(!P, VXG_ERR_ARGUMENT, "geometry: P is NULL");
    VXG_FAIL_IF(!(sdd > 0) || !isfinite(sdd), VXG_ERR_ARGUMENT, "geometry: sdd must be positive");
    VXG_TRY(vxg__ct_views_new(nviews, rows, cols, &views));
    const int parallel = is_affine(P);
    const double mu = 0.5 * (double)(cols - 1), mv = 0.5 * (double)(rows - 1);
    int status = VXG_OK;
    for (int64_t i = 0; i < nviews && !status; i++) {
        const double *Q = P + 12 * i;
        for (int k = 0; k < 12 && !status; k++)
            if (!isfinite(Q[k]))
                status = vxg_error_set(VXG_ERR_ARGUMENT,
                                       "geometry: view %lld: P[%d] is not a finite number",
                                       (long long)i, k);
        if (!status && is_affine(Q) != parallel)
            status = vxg_error_set(VXG_ERR_ARGUMENT,
                                   "geometry: view %lld: parallel and cone beams are mixed",
                                   (long long)i);
        if (!status)
            status = parallel ? parallel_from(Q, i, mu, mv, &views[i])
                              : cone_from(Q, i, mu, mv, sdd, &views[i]);
    }
    if (!status)
        status = vxg_ct_geometry_new(
            &(vxg_ct_views){.beam = parallel ? VXG_CT_BEAM_PARALLEL : VXG_CT_BEAM_CONE,
                            .nviews = nviews,
                            .nv = rows,
                            .nu = cols,
                            .views = views},
            out);
    vxg__free(views);
    return status;
}

/* ---- To matrices ---- */
/* Vectors with a . U = 1, a . V = 0, a . n = 0 and the like; n is the direction left out. */
static void duals(const vxg_ct_view *v, const double *n, double *a, double *b) {
    vxg__cross3(v->V, n, a);
    vxg__cross3(n, v->U, b);
    const double det = vxg__dot3(v->U, a);
    for (int k = 0; k < 3; k++) a[k] /= det, b[k] /= det;
}

int vxg_ct_to_matrices(const vxg_ct_geometry *geo, double *P) {
    VXG_FAIL_IF(!geo || !P, VXG_ERR_ARGUMENT, "geometry or P is NULL");
    VXG_FAIL_IF(vxg_ct_geometry_detector(geo) != VXG_CT_DETECTOR_FLAT, VXG_ERR_UNSUPPORTED,
                "geometry: a curved detector has no projection matrix");
    const int cone = vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_CONE;
    const double middle[2] = {0.5 * (double)(vxg_ct_geometry_nu(geo) - 1),
                              0.5 * (double)(vxg_ct_geometry_nv(geo) - 1)};
    for (int64_t i = 0; i < vxg_ct_geometry_nviews(geo); i++) {
        const vxg_ct_view *v = vxg_ct_geometry_view(geo, i);
        double n[3], dual[2][3], arm[3], *Q = P + 12 * i;
        vxg__ct_normal(geo, v, n);
        duals(v, cone ? n : v->r, dual[0], dual[1]);
        for (int k = 0; k < 3; k++) arm[k] = cone ? v->d[k] - v->s[k] : 0;
        const double depth = vxg__dot3(n, arm);
        for (int row = 0; row < 2; row++) {
            const double at = middle[row] - vxg__dot3(dual[row], cone ? arm : v->d);
            for (int k = 0; k < 3; k++)
                Q[4 * row + k] = cone ? depth * dual[row][k] + at * n[k] : dual[row][k];
            Q[4 * row + 3] = cone ? -vxg__dot3(Q + 4 * row, v->s) : at;
        }
        for (int k = 0; k < 3; k++) Q[8 + k] = cone ? n[k] : 0;
        Q[11] = cone ? -vxg__dot3(n, v->s) : 1;
    }
    return VXG_OK;
}
