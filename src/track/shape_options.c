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
const vxg_option_set vxg__shape_option_sets[] = {
    {"vxg_tract_linearize_opts", linearize, (int)(sizeof linearize / sizeof *linearize)},
    {0, 0, 0},
};
