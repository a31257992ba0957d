/* Lengths of streamlines: of batches, their distribution, its chart. */
#include "track_picture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BARS = 100 };

/* Millimetres along axes that are not perpendicular are none: TrackVis' positions are moved first,
 * where it is known how. */
int cli_lengths_of(const vxg_tract_info *info, const vxg_tract_batch *b, double *out) {
    double rows[12];
    vxg_tract_batch moved = *b;
    if (info->space == VXG_TRACT_RAS || !info->has_affine || b->lines < 1)
        return vxg_tract_lengths(b, out);
    const int64_t n = b->offsets[b->lines];
    int status = vxg_tract_to_ras(info, rows);
    double *p = status ? NULL : malloc(3 * (size_t)n * sizeof *p + 1);
    if (!status && !p) status = vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    for (int64_t i = 0; i < 3 * n && !status; i++)
        p[i] = b->dtype == VXG_F64 ? ((const double *)b->positions)[i]
                                   : (double)((const float *)b->positions)[i];
    if (!status) status = vxg_tract_move(rows, VXG_F64, n, p);
    moved.positions = p, moved.dtype = VXG_F64;
    if (!status) status = vxg_tract_lengths(&moved, out);
    free(p);
    return status;
}

int cli_lengths_add(cli_values *lengths, const vxg_tract_info *info, const vxg_tract_batch *b) {
    double *mm = malloc((size_t)b->lines * sizeof *mm + 1);
    if (!mm) return vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    const int status = cli_lengths_of(info, b, mm);
    for (int64_t i = 0; i < b->lines && !status; i++) {
        const float x = (float)mm[i];
        cli_values_add(lengths, &x, 1);
    }
    free(mm);
    return status;
}

int cli_lengths_chart(vxg_report *page, const cli_values *lengths) {
    double middle[BARS + 1], count[BARS + 1], x[2 * BARS + 4], y[2 * BARS + 4];
    const int n = cli_values_curve(lengths, 0, BARS, middle, count);
    const double half = n > 1 ? (middle[1] - middle[0]) / 2 : 0.5;
    int k = 0;
    if (!n) return VXG_OK;
    x[k] = middle[0] - half, y[k++] = 0;
    for (int i = 0; i < n; i++) {
        x[k] = middle[i] - half, y[k++] = count[i];
        x[k] = middle[i] + half, y[k++] = count[i];
    }
    x[k] = middle[n - 1] + half, y[k++] = 0;
    const vxg_curve curve = {.x = x, .y = y, .n = k, .mark = cli_values_mean(lengths)};
    return vxg_report_chart(page, &curve, 1, "Lengths of the streamlines, with their mean",
                            "length [mm]", "streamlines", 0);
}
