/* The option tables of what is done with streamlines after tracking. */
#include "track/track.h"

#include <stddef.h>

#define LINEAR(id, field, ...)                                                                     \
    {                                                                                              \
        .name = id, .type = VXG_OPT_REAL, .offset = offsetof(vxg_tract_linearize_opts, field),     \
        .max = 1e6, .unit = "mm", __VA_ARGS__                                                      \
    }
static const vxg_option linearize[] = {
    LINEAR("tolerance", tolerance, .help = "points go that lie no further from the rest; 0: 0.1"),
    LINEAR("max-segment", max_segment, .help = "segments do not become longer; 0: 10"),
};
#define FILTER(id, kind, field, ...)                                                               \
    { .name = id, .type = kind, .offset = offsetof(vxg_tract_filter_opts, field), __VA_ARGS__ }
static const vxg_option filter[] = {
    FILTER("linearize", VXG_OPT_FLAG, linearize, .help = "points that are not needed go"),
    FILTER("tolerance", VXG_OPT_REAL, tolerance, .max = 1e6, .unit = "mm",
           .help = "points go that lie no further from the rest; 0: 0.1"),
    FILTER("max-segment", VXG_OPT_REAL, max_segment, .max = 1e6, .unit = "mm",
           .help = "segments do not become longer; 0: 10"),
    FILTER("min-length", VXG_OPT_REAL, min_length, .max = 1e6, .unit = "mm",
           .help = "shorter streamlines stay behind"),
    FILTER("max-length", VXG_OPT_REAL, max_length, .max = 1e6, .unit = "mm",
           .help = "longer streamlines stay behind; 0: none"),
    FILTER("points", VXG_OPT_INT, points, .max = 2147483647.0,
           .help = "of each streamline, spaced evenly along it; 0: as they are"),
    FILTER("step", VXG_OPT_REAL, step, .max = 1e6, .unit = "mm",
           .help = "points are spaced evenly, as near to this as equal steps come; 0: as they are"),
};

#define DENSITY(id, kind, field, ...)                                                              \
    { .name = id, .type = kind, .offset = offsetof(vxg_tract_density_opts, field), __VA_ARGS__ }
static const vxg_option density[] = {
    DENSITY("by", VXG_OPT_CHOICE, by, .fallback = "segments", .choices = "segments|points|samples",
            .help = "a streamline counts in voxels that it passes through, has a point in, or one "
                    "of samples between"),
    DENSITY("color", VXG_OPT_FLAG, color, .help = "directions are added too"),
    DENSITY("grid", VXG_OPT_INT64, grid, .count = 3, .max = 2147483647.0, .unit = "voxels",
            .help = "along i, j, k"),
    DENSITY("affine", VXG_OPT_REAL, affine, .count = 12, .min = -1e30, .max = 1e30,
            .help = "rows of 4: index of a voxel's centre and 1 to mm"),
};
#define RESAMPLE(id, kind, field, ...)                                                             \
    { .name = id, .type = kind, .offset = offsetof(vxg_tract_resample_opts, field), __VA_ARGS__ }
static const vxg_option resample[] = {
    RESAMPLE("points", VXG_OPT_INT, points, .max = 2147483647.0, .help = "of each streamline"),
    RESAMPLE("step", VXG_OPT_REAL, step, .max = 1e6, .unit = "mm",
             .help = "along it between neighbours, as near as equal steps come"),
};
const vxg_option_set vxg__shape_option_sets[] = {
    {"vxg_tract_filter_opts", filter, (int)(sizeof filter / sizeof *filter)},
    {"vxg_tract_density_opts", density, (int)(sizeof density / sizeof *density)},
    {"vxg_tract_resample_opts", resample, (int)(sizeof resample / sizeof *resample)},
    {"vxg_tract_linearize_opts", linearize, (int)(sizeof linearize / sizeof *linearize)},
    {0, 0, 0},
};
