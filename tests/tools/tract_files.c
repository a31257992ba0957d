/* tract_files FOLDER: streamlines as TRK, TCK and TRX in all the ways that they are written, for
 * other programs' readers. The scanner's coordinates and the numbers beside them are on stdout.
 * tract_files FROM TO: copies a file into another of its kind. */
#include "../tracts.h"

#include <math.h>

/* nibabel does not read a TRK file in which a streamline has no points: of these each has some. */
static const int64_t full_offsets[OWN_LINES + 1] = {0, 2, 3, 4, 9};
static const int16_t labels[OWN_POINTS] = {5, 4, 3, 2, 1, 0, -1, -2, -3};
static const double lengths[2 * OWN_LINES] = {1, 2, 3, 4, 5, 6, 7, 8};
static const uint32_t some[2] = {3, 0};
static const void *const point_values[2] = {own_fa, labels};
static const void *const line_values[1] = {lengths};
static const void *const group_values[1] = {own_fa};

static int fail(void) {
    fprintf(stderr, "tract_files: %s\n", vxg_error_message());
    return 1;
}

static int write_trx(const char *folder, const char *name, vxg_dtype dtype, int bits, int is_folder,
                     int lines) {
    static const vxg_tract_column points[2] = {
        {.components = 1, .dtype = VXG_F32, .name = "fa"},
        {.components = 1, .dtype = VXG_I16, .name = "labels"}};
    static const vxg_tract_column line[1] = {
        {.components = 2, .dtype = VXG_F64, .name = "lengths"}};
    static const vxg_tract_column mean[1] = {{.components = 3, .dtype = VXG_F32, .name = "mean"}};
    const vxg_tract_group groups[2] = {{.count = 2,
                                        .index = some,
                                        .name = "some",
                                        .ncolumns = 1,
                                        .columns = mean,
                                        .values = group_values},
                                       {.name = "nobody"}};
    static const vxg_attribute who[1] = {{"made_by", "a \"test\""}};
    char path[1024];
    vxg_tract_create_opts o = own_opts(VXG_TRACT_RAS, 0);
    vxg_tract_batch b = own_batch();
    vxg_tract_writer *w = NULL;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    o.format = "trx", o.info.dtype = dtype, o.offset_bits = bits, o.folder = is_folder;
    o.info.npoint_columns = 2, o.info.point_columns = points;
    o.info.nline_columns = 1, o.info.line_columns = line;
    o.info.ngroups = lines ? 2 : 0, o.info.groups = groups;
    o.info.nattributes = 1, o.info.attributes = who;
    b.point_values = point_values, b.line_values = line_values, b.lines = lines;
    int status = vxg_tract_create(path, &o, &w);
    if (!status) status = vxg_tract_write(w, &b);
    return status ? status : w->finish(w);
}

/* The points of own_batch() where TrackVis has them, in the order of the axes that is said. */
static int write_trk(const char *folder, const char *name, const char *order) {
    static float corner[3 * OWN_POINTS];
    char path[1024];
    vxg_tract_create_opts o = own_opts(VXG_TRACT_CORNER, 1);
    vxg_tract_batch b = own_batch();
    vxg_tract_writer *w = NULL;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    memcpy(o.info.voxel_order, order, 4);
    for (int i = 0; i < 3 * OWN_POINTS; i++) {
        const int k = i % 3;
        const double voxel = (own_positions[i] - o.info.affine[4 * k + 3]) / o.info.affine[5 * k];
        const double turned = strchr("LPI", order[k]) ? (double)o.info.grid[k] - 1 - voxel : voxel;
        corner[i] = (float)((turned + 0.5) * o.info.voxel[k]);
    }
    b.positions = corner, b.offsets = full_offsets;
    int status = vxg_tract_create(path, &o, &w);
    if (!status) status = vxg_tract_write(w, &b);
    return status ? status : w->finish(w);
}

static int write_tck(const char *folder, const char *name) {
    char path[1024];
    const vxg_tract_create_opts o = own_opts(VXG_TRACT_RAS, 0);
    vxg_tract_batch b = own_batch();
    vxg_tract_writer *w = NULL;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    b.offsets = full_offsets;
    int status = vxg_tract_create(path, &o, &w);
    if (!status) status = vxg_tract_write(w, &b);
    return status ? status : w->finish(w);
}

/* Which streamline it is in TRX and in the others, where, and two numbers. */
static void say(void) {
    for (int k = 0, i = 0, j = 0; k < OWN_POINTS; k++) {
        while (own_offsets[i + 1] <= k) i++;
        while (full_offsets[j + 1] <= k) j++;
        printf("%d %d %.9g %.9g %.9g %.9g %d\n", i, j, (double)own_positions[3 * k],
               (double)own_positions[3 * k + 1], (double)own_positions[3 * k + 2],
               (double)own_fa[k], labels[k]);
    }
}

int main(int argc, char **argv) {
    const vxg_tract_create_opts as_is = {.force = 1};
    if (argc < 2 || vxg_io_register()) return 2;
    if (argc == 3) return rewrite(argv[1], argv[2], as_is, NULL) ? fail() : 0;
    const char *f = argv[1];
    if (write_trk(f, "ras.trk", "RAS") || write_trk(f, "lps.trk", "LPS")) return fail();
    if (write_tck(f, "f4.tck")) return fail(); /* nibabel reads no others */
    if (write_trx(f, "f2.trx", VXG_F16, 64, 0, OWN_LINES) ||
        write_trx(f, "f4.trx", VXG_F32, 0, 0, OWN_LINES) ||
        write_trx(f, "f8.trx", VXG_F64, 0, 0, OWN_LINES) ||
        write_trx(f, "folder", VXG_F32, 0, 1, OWN_LINES) ||
        write_trx(f, "none.trx", VXG_F32, 0, 0, 0))
        return fail();
    say();
    return 0;
}
