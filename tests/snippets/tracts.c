/* docs/tractograms.md: a file, then the lines of the document, which copy it. */
#include <string.h>
#include <unistd.h>
#include <voxgrad/voxgrad.h>

static int copy(void) {
#include "snippet.inc"
    return status;
}

/* One streamline of two points. */
static int make(const char *path) {
    static const float points[6] = {1, 2, 3, 4, 5, 6};
    static const int64_t offsets[2] = {0, 2};
    const vxg_tract_batch b = {.lines = 1, .offsets = offsets, .positions = points};
    vxg_tract_create_opts o = {.force = 1, .info = {.has_affine = 1, .grid = {4, 4, 4}}};
    vxg_tract_writer *w = NULL;
    for (int i = 0; i < 3; i++) o.info.affine[5 * i] = 1;
    if (vxg_io_register() || vxg_tract_create(path, &o, &w)) return 1;
    return vxg_tract_write(w, &b) ? 1 : w->finish(w);
}

int main(void) {
    vxg_tract_reader *r = NULL;
    vxg_tract_batch b = {0};
    if (make("in.trx") || copy()) return 1;
    const int bad = vxg_tract_open("out.trx", NULL, &r) || vxg_tract_next(r, 9, 9, VXG_F32, &b) ||
                    b.lines != 1 || ((const float *)b.positions)[5] != 6;
    vxg_tract_close(r);
    return unlink("out.trx") || bad;
}
