/* Coordinates of files of streamlines: TrackVis' millimetres from the corner to the scanner's, and
 * back. */
#include "track/track.h"

#include <math.h>
#include <string.h>

/* Axis 0, 1, 2 of right-left, front-back, top-bottom, and its sign towards right, front, top; -1:
 * no letter of one. */
static int letter_axis(char c, int *sign) {
    static const char up[] = "RAS", down[] = "LPI";
    for (int k = 0; k < 3; k++) {
        *sign = c == down[k] ? -1 : 1;
        if (c == up[k] || c == down[k]) return k;
    }
    return -1;
}

static int read_order(const char *text, int axis[3], int sign[3]) {
    int seen = 0;
    if (!*text) text = "LPS"; /* what TrackVis takes it for */
    for (int k = 0; k < 3; k++) {
        axis[k] = strlen(text) == 3 ? letter_axis(text[k], &sign[k]) : -1;
        if (axis[k] >= 0) seen |= 1 << axis[k];
    }
    VXG_FAIL_IF(seen != 7, VXG_ERR_INPUT,
                "the order of axes '%s' does not name right, front and top once each",
                VXG_SHOW(text));
    return VXG_OK;
}

/* Which scanner axis each of the affine's columns runs along most, the most certain first. */
static void affine_order(const double a[12], int axis[3], int sign[3]) {
    int column[3] = {0}, row[3] = {0};
    for (int step = 0; step < 3; step++) {
        double best = -1;
        int c = 0, r = 0;
        for (int k = 0; k < 3; k++) {
            const double length = sqrt(a[k] * a[k] + a[4 + k] * a[4 + k] + a[8 + k] * a[8 + k]);
            for (int i = 0; i < 3; i++) {
                const double share = length > 0 ? fabs(a[4 * i + k]) / length : 0;
                if (!column[k] && !row[i] && share > best) best = share, c = k, r = i;
            }
        }
        column[c] = row[r] = 1;
        axis[c] = r, sign[c] = a[4 * r + c] < 0 ? -1 : 1;
    }
}

/* out = a b, both rows of 4. */
static void multiply(const double a[12], const double b[12], double out[12]) {
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 4; k++) {
            double s = k == 3 ? a[4 * i + 3] : 0;
            for (int j = 0; j < 3; j++) s += a[4 * i + j] * b[4 * j + k];
            out[4 * i + k] = s;
        }
}

int vxg_tract_to_ras(const vxg_tract_info *info, double rows[12]) {
    static const double identity[12] = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0};
    int given[3], given_sign[3], own[3], own_sign[3];
    VXG_FAIL_IF(!info || !rows, VXG_ERR_ARGUMENT, "streamlines: info or rows is NULL");
    memcpy(rows, identity, sizeof identity);
    if (info->space == VXG_TRACT_RAS) return VXG_OK;
    VXG_FAIL_IF(!info->has_affine, VXG_ERR_INPUT,
                "the file does not say where its voxels lie: an image of the same grid must");
    for (int k = 0; k < 3; k++)
        VXG_FAIL_IF(!(info->voxel[k] > 0) || !isfinite(info->voxel[k]), VXG_ERR_INPUT,
                    "the file's voxels have a side of %g mm", info->voxel[k]);
    VXG_TRY(read_order(info->voxel_order, given, given_sign));
    affine_order(info->affine, own, own_sign);
    double index[12] = {0}; /* of the affine's axes out of the file's */
    for (int a = 0; a < 3; a++)
        for (int g = 0; g < 3; g++) {
            if (given[g] != own[a]) continue;
            const int same = given_sign[g] == own_sign[a];
            VXG_FAIL_IF(!same && info->grid[g] < 1, VXG_ERR_INPUT,
                        "the file's axes run against its affine's and its grid is not known");
            index[4 * a + g] = (same ? 1 : -1) / info->voxel[g];
            index[4 * a + 3] = same ? -0.5 : (double)info->grid[g] - 0.5;
        }
    multiply(info->affine, index, rows);
    return VXG_OK;
}

int vxg__affine_inverse(const double a[12], double inverse[12]) {
    double c[9], det = 0;
    for (int i = 0; i < 12; i++)
        VXG_FAIL_IF(!isfinite(a[i]), VXG_ERR_INPUT, "the affine is not finite");
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            const int p = (j + 1) % 3, q = (j + 2) % 3, r = (i + 1) % 3, s = (i + 2) % 3;
            c[3 * i + j] = a[4 * p + r] * a[4 * q + s] - a[4 * p + s] * a[4 * q + r];
        }
    for (int j = 0; j < 3; j++) det += a[4 * j] * c[j];
    VXG_FAIL_IF(det == 0 || !isfinite(det), VXG_ERR_INPUT, "the affine's axes lie in a plane");
    for (int i = 0; i < 3; i++) {
        inverse[4 * i + 3] = 0;
        for (int j = 0; j < 3; j++) {
            inverse[4 * i + j] = c[3 * i + j] / det;
            inverse[4 * i + 3] -= inverse[4 * i + j] * a[4 * j + 3];
        }
    }
    return VXG_OK;
}

int vxg_tract_from_ras(const vxg_tract_info *info, double rows[12]) {
    double forward[12];
    VXG_TRY(vxg_tract_to_ras(info, forward));
    return vxg__affine_inverse(forward, rows);
}

void vxg__batch_mm(const vxg_tract_batch *b, int64_t first, int64_t n, const double rows[12],
                   double *mm) {
    for (int64_t i = 0; i < n; i++) {
        const int64_t at = 3 * (first + i);
        double p[3];
        for (int k = 0; k < 3; k++)
            p[k] = b->dtype == VXG_F64 ? ((const double *)b->positions)[at + k]
                                       : (double)((const float *)b->positions)[at + k];
        for (int k = 0; k < 3; k++) mm[3 * i + k] = vxg__dwi_dot(rows + 4 * k, p) + rows[4 * k + 3];
    }
}

int vxg_tract_move(const double rows[12], vxg_dtype dtype, int64_t n, void *positions) {
    VXG_FAIL_IF(!rows || (n > 0 && !positions) || n < 0, VXG_ERR_ARGUMENT,
                "streamlines: rows or positions is NULL");
    VXG_FAIL_IF(dtype != VXG_F32 && dtype != VXG_F64, VXG_ERR_ARGUMENT,
                "streamlines: positions of %s; float32 or float64 is expected",
                vxg_dtype_name(dtype));
    float *f = positions;
    double *d = positions;
    for (int64_t i = 0; i < n; i++) {
        double p[3], q[3];
        for (int k = 0; k < 3; k++) p[k] = dtype == VXG_F32 ? (double)f[3 * i + k] : d[3 * i + k];
        for (int k = 0; k < 3; k++) q[k] = vxg__dwi_dot(rows + 4 * k, p) + rows[4 * k + 3];
        for (int k = 0; k < 3; k++) {
            if (dtype == VXG_F32) f[3 * i + k] = (float)q[k];
            if (dtype == VXG_F64) d[3 * i + k] = q[k];
        }
    }
    return VXG_OK;
}
