/* The readers of geometry texts by number, for the fuzz target and for the test that replays its
 * seeds. */
#ifndef VXG_FUZZ_GEOMETRY_READERS_H
#define VXG_FUZZ_GEOMETRY_READERS_H
#include <voxgrad/geometry.h>

enum { READ_JSON, READ_ASTRA, READ_RTK, READ_MATRIX, READ_TIGRE, READ_LEAP, READ_CIL, READERS };

static inline int read_geometry(int reader, const char *text, size_t n, vxg_ct_notes *notes,
                                vxg_ct_geometry **geo) {
    static const vxg_ct_detector_size size = {.rows = 3, .cols = 4, .pixel = 0.5};
    switch (reader) {
    case READ_JSON: return vxg_ct_geometry_from_json(text, n, notes, geo);
    case READ_ASTRA: return vxg_ct_geometry_from_astra(text, n, geo);
    case READ_RTK: return vxg_ct_geometry_from_rtk(text, n, &size, geo);
    case READ_MATRIX: return vxg_ct_geometry_from_matrix_text(text, n, &size, geo);
    case READ_TIGRE: return vxg_ct_geometry_from_tigre(text, n, notes, geo);
    case READ_LEAP: return vxg_ct_geometry_from_leap(text, n, notes, geo);
    default: return vxg_ct_geometry_from_cil(text, n, notes, geo);
    }
}
#endif
