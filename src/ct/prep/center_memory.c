/* What the searches for the rotation centre take, so that callers can bound it. */
#include <voxgrad/ct.h>

#include "base/base.h"
#include "ct/prep/center_search.h"

int64_t vxg_ct_center_memory(int64_t nviews, int64_t nv, int64_t nu,
                             const vxg_ct_center_opts *opts) {
    vxg_ct_center_opts o;
    if (nviews < 1 || nv < 1 || nu < 8) {
        vxg_error_set(VXG_ERR_ARGUMENT,
                      "centre: %lld views of %lld rows, %lld columns; expected 1 view, 1 row and 8 "
                      "columns or more",
                      (long long)nviews, (long long)nv, (long long)nu);
        return -1;
    }
    if (vxg__center_resolve("centre", opts, nu, &o)) return -1;
    const double candidates = (double)nu / o.step + 2 * (2 * o.step + 1) / o.fine + 4;
    const int64_t vo = vxg__center_vo_bytes(nviews, nu);
    const int64_t pair = vxg__center_pair_bytes(nviews, nv, nu);
    const int64_t opposite = vxg__center_opposite_bytes(nviews, nv, nu);
    const int64_t conjugate = vxg__center_conjugate_bytes(nviews, nu);
    int64_t most = vo > pair ? vo : pair;
    most = most > conjugate ? most : conjugate;
    return (most > opposite ? most : opposite) + vxg__views_bytes(nviews) + 8 * (int64_t)candidates;
}
