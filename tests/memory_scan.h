/* A scan that lies in memory, (views, rows, columns) of line integrals, for tests of pipelines. */
#ifndef MEMORY_SCAN_H
#define MEMORY_SCAN_H
#include <voxgrad/array.h>

typedef struct memory_scan {
    const float *lines;
    int64_t nrows, ncols; /* of lines; a reader may say that there are fewer columns */
} memory_scan;

static int memory_scan_read(vxg_scan_reader *self, vxg_frame_kind kind, int64_t v0, int64_t v1,
                            int64_t r0, int64_t r1, int64_t c0, int64_t c1, float *dst) {
    const memory_scan *m = self->impl;
    (void)kind;
    for (int64_t v = v0; v < v1; v++)
        for (int64_t r = r0; r < r1; r++)
            for (int64_t c = c0; c < c1; c++) *dst++ = m->lines[(v * m->nrows + r) * m->ncols + c];
    return VXG_OK;
}

/* theta: degrees; m and theta are borrowed. */
static inline vxg_scan_reader memory_scan_reader(memory_scan *m, int64_t nviews,
                                                 const double *theta) {
    return (vxg_scan_reader){.path = "memory",
                             .format = "memory",
                             .dtype = "float32",
                             .nviews = nviews,
                             .nrows = m->nrows,
                             .ncols = m->ncols,
                             .theta = theta,
                             .pixel_unit = "",
                             .read = memory_scan_read,
                             .impl = m};
}
#endif
