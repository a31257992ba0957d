/* Files of one format by blocks: boxes at both ends, as the file's own type and as float64; one
 * element alone is the same as in a box. */
#ifndef VXG_FUZZ_BLOCKS_H
#define VXG_FUZZ_BLOCKS_H
#include "fuzz.h"

#include <string.h>

static void fuzz_box(vxg_block_reader *r, int last) {
    static double values[1 << 14];
    static unsigned char own[16 << 14];
    int64_t start[VXG_MAX_DIMS] = {0}, count[VXG_MAX_DIMS], n = 1;
    const int64_t ones[VXG_MAX_DIMS] = {1, 1, 1, 1, 1, 1};
    const size_t size = vxg_dtype_size(r->info.dtype);
    for (int i = 0; i < r->info.ndim; i++) {
        const int64_t all = r->info.axis[i].count, room = (1 << 14) / n;
        count[i] = all < room ? all : room;
        if (count[i] > 9 && i % 2 == last) count[i] = 9;
        start[i] = last ? all - count[i] : 0;
        n *= count[i];
    }
    const int first = vxg_block_read(r, start, count, r->info.dtype, own);
    const int second = vxg_block_read(r, start, count, VXG_F64, values);
    if (first) return;
    const int complex = r->info.dtype == VXG_C64 || r->info.dtype == VXG_C128;
    if ((second == VXG_OK) == complex) abort();
    for (int i = 0; i < r->info.ndim; i++) start[i] += count[i] - 1;
    unsigned char one[16];
    if (vxg_block_read(r, start, ones, r->info.dtype, one)) abort();
    if (memcmp(one, own + (size_t)(n - 1) * size, size) != 0) abort();
}

static void fuzz_blocks(const char *path, const char *format) {
    vxg_block_reader *r = NULL;
    vxg_block_cost cost = {.size = sizeof cost};
    const int64_t zeros[VXG_MAX_DIMS] = {0}, ones[VXG_MAX_DIMS] = {1, 1, 1, 1, 1, 1};
    /* in memory and in a scratch file by turns */
    static unsigned turn;
    const vxg_block_opts opts = {.format = format, .max_memory = ++turn % 64 ? 0 : 1};
    if (vxg_io_register()) abort();
    if (vxg_block_open(path, &opts, &r)) {
        if (r || !*vxg_error_message()) abort();
        return;
    }
    for (int i = 0; i < r->info.nattributes; i++)
        if (!*r->info.attributes[i].name || !r->info.attributes[i].text) abort();
    for (int i = 0; r->info.has_affine && i < 12; i++)
        if (r->info.affine[i] - r->info.affine[i] != 0) abort(); /* not finite */
    for (int last = 0; last < 2; last++) fuzz_box(r, last);
    if (vxg_block_cost_of(r, zeros, ones, &cost) || cost.wanted <= 0) abort();
    vxg_block_close(r);
}
#endif
