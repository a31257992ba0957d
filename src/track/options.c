/* The option table of tracking. */
#include "track/track.h"

#include <stddef.h>

#define ROW(id, kind, field, ...)                                                                  \
    { .name = id, .type = kind, .offset = offsetof(vxg_track_opts, field), __VA_ARGS__ }

static const vxg_option track[] = {
    ROW("getter", VXG_OPT_CHOICE, getter, .fallback = "probabilistic",
        .choices = "probabilistic|deterministic|bootstrap",
        .help = "how the next direction is found"),
    ROW("rules", VXG_OPT_CHOICE, rules, .fallback = "own", .choices = "own|dipy|cuslines",
        .help = "what these programs do otherwise"),
    ROW("attempts", VXG_OPT_INT, attempts, .max = 100, .help = "of a bootstrap step; 0: 5"),
    ROW("step", VXG_OPT_REAL, step, .max = 1e3, .unit = "mm",
        .help = "length of a step; 0: half the smallest side of a voxel"),
    ROW("max-angle", VXG_OPT_REAL, max_angle, .max = 180, .unit = "deg",
        .help = "between steps; 0: 20, of the bootstrap 60"),
    ROW("min-length", VXG_OPT_REAL, min_length, .max = 1e6, .unit = "mm",
        .help = "shorter streamlines are left out"),
    ROW("max-length", VXG_OPT_REAL, max_length, .max = 1e6, .unit = "mm",
        .help = "of each half; 0: 500"),
    ROW("threshold", VXG_OPT_REAL, threshold, .min = -1e30, .max = 1e30,
        .help = "a streamline goes on while the map is above it"),
    ROW("pmf-threshold", VXG_OPT_REAL, pmf_threshold, .min = -1, .max = 1,
        .help = "values below that share of the highest do not count; 0: 0.1, below 0: none"),
    ROW("peaks", VXG_OPT_INT, peaks, .max = 16,
        .help = "streamlines of a seed at most, one for each peak there; 0: 1"),
    ROW("block", VXG_OPT_INT, block, .max = 4194304, .unit = "seeds",
        .help = "worked on together; 0: chosen here"),
    ROW("relative-peak-threshold", VXG_OPT_REAL, relative_peak_threshold, .min = -1, .max = 1,
        .help = "share of the first peak's height over the minimum; 0: 0.5, below 0: none"),
    ROW("min-separation", VXG_OPT_REAL, min_separation, .max = 180, .unit = "deg",
        .help = "angle between two peaks at least; 0: 25"),
    ROW("seed", VXG_OPT_INT64, seed, .max = 9007199254740992.0, .help = "of the random numbers"),
    ROW("first", VXG_OPT_INT64, first, .max = 1e15, .help = "the number of the first seed"),
};
const vxg_option_set vxg__track_option_sets[] = {
    {"vxg_track_opts", track, (int)(sizeof track / sizeof *track)},
    {0, 0, 0},
};
