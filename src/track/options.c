/* The option table of tracking. */
#include "track/track.h"

#include <stddef.h>

#define ROW(id, kind, field, ...)                                                                  \
    { .name = id, .type = kind, .offset = offsetof(vxg_track_opts, field), __VA_ARGS__ }

static const vxg_option track[] = {
    ROW("getter", VXG_OPT_CHOICE, getter, .fallback = "probabilistic",
        .choices = "probabilistic|deterministic|bootstrap|ptt|peak|tensor|vector",
        .help = "how the next direction is found"),
    ROW("rules", VXG_OPT_CHOICE, rules, .fallback = "own", .choices = "own|dipy|cuslines|nibrary",
        .help = "what these programs do otherwise"),
    ROW("attempts", VXG_OPT_INT, attempts, .max = 100, .help = "of a bootstrap step; 0: 5"),
    ROW("step", VXG_OPT_REAL, step, .max = 1e3, .unit = "mm",
        .help = "length of a step; 0: half the smallest side of a voxel"),
    ROW("max-angle", VXG_OPT_REAL, max_angle, .max = 180, .unit = "deg",
        .help = "between steps; 0: 20, of bootstrap, peak, tensor and vector 60"),
    ROW("min-length", VXG_OPT_REAL, min_length, .max = 1e6, .unit = "mm",
        .help = "shorter streamlines are left out"),
    ROW("max-length", VXG_OPT_REAL, max_length, .max = 1e6, .unit = "mm",
        .help = "of each half; 0: 500"),
    ROW("threshold", VXG_OPT_REAL, threshold, .min = -1e30, .max = 1e30,
        .help = "a streamline goes on while the map is above it"),
    ROW("pmf-threshold", VXG_OPT_REAL, pmf_threshold, .min = -1, .max = 1,
        .help = "values below that share of the highest do not count; 0: 0.1, with cuslines' rules "
                "0.05, below 0: none"),
    ROW("peaks", VXG_OPT_INT, peaks, .max = 16,
        .help = "streamlines of a seed at most, one for each peak there; 0: 1"),
    ROW("block", VXG_OPT_INT, block, .max = 4194304, .unit = "seeds",
        .help = "worked on together; 0: chosen here"),
    ROW("relative-peak-threshold", VXG_OPT_REAL, relative_peak_threshold, .min = -1, .max = 1,
        .help = "share of the first peak's height over the minimum; 0: 0.5, below 0: none"),
    ROW("min-separation", VXG_OPT_REAL, min_separation, .max = 180, .unit = "deg",
        .help = "angle between two peaks at least; 0: 25"),
    ROW("angular-weight", VXG_OPT_REAL, angular_weight, .max = 1,
        .help = "w: values at angle a to the last direction count 1 - w + w |cos a| times"),
    ROW("cutoff", VXG_OPT_REAL, cutoff, .min = -1e30, .max = 1e30,
        .help =
            "peak: least height; tensor: least FA; vector: least length; 0: 0.1, below 0: none"),
    ROW("integrator", VXG_OPT_CHOICE, integrator, .fallback = "euler", .choices = "euler|rk4",
        .help = "of peak, tensor and vector"),
    ROW("half", VXG_OPT_FLAG, half, .help = "hold the field in half precision"),
    ROW("probe-length", VXG_OPT_REAL, probe_length, .max = 1e3, .unit = "mm",
        .help = "ptt: how far ahead the function is looked at; 0: as the rules have it"),
    ROW("probe-radius", VXG_OPT_REAL, probe_radius, .max = 1e3, .unit = "mm",
        .help = "ptt: of the ring of lines that are looked along"),
    ROW("min-radius", VXG_OPT_REAL, min_radius, .max = 1e6, .unit = "mm",
        .help = "ptt: of curvature; 0: as max-angle over a step has it"),
    ROW("min-support", VXG_OPT_REAL, min_support, .min = -1e30, .max = 1e30,
        .help = "ptt: least mean of the function along the probe; 0: 0.05, below 0: none"),
    ROW("support-power", VXG_OPT_REAL, support_power, .max = 64,
        .help = "ptt: weights are the support to that power; 0: 1"),
    ROW("probe-quality", VXG_OPT_INT, probe_quality, .max = 64, .unit = "points",
        .help = "ptt: along the probe; 0: as the rules have it"),
    ROW("probe-count", VXG_OPT_INT, probe_count, .max = 16, .unit = "lines",
        .help = "ptt: on the ring; 0: 1"),
    ROW("small-steps", VXG_OPT_INT, small_steps, .max = 100,
        .help = "ptt: arcs a step; 0: as the rules have it"),
    ROW("disc-rings", VXG_OPT_INT, disc_rings, .max = 6,
        .help = "ptt: rings of triangles that curvatures are drawn from; 0: 2"),
    ROW("tries", VXG_OPT_INT, tries, .max = 10000,
        .help = "ptt: curvatures that are drawn before a half ends; 0: as the rules have it"),
    ROW("first-tries", VXG_OPT_INT, first_tries, .max = 1000,
        .help = "ptt: turns of the frame at the seed; 0: as the rules have it"),
    ROW("weak-links", VXG_OPT_INT, weak_links, .max = 2,
        .help =
            "ptt: 1: points of the probe may lie below min-support, 2: none may; 0: as the rules "
            "have it"),
    ROW("normalize", VXG_OPT_INT, normalize, .max = 2,
        .help = "ptt: 1: the function over its highest value in each voxel, 2: as it is; 0: as the "
                "rules have it"),
    ROW("best", VXG_OPT_FLAG, best, .help = "ptt: no draw, the curvatures next to the best"),
    ROW("seed", VXG_OPT_INT64, seed, .max = 9007199254740992.0, .help = "of the random numbers"),
    ROW("first", VXG_OPT_INT64, first, .max = 1e15, .help = "the number of the first seed"),
};
#undef ROW
#define ROW(id, kind_, field, ...)                                                                 \
    { .name = id, .type = kind_, .offset = offsetof(vxg_seeds_opts, field), __VA_ARGS__ }
static const vxg_option seeds[] = {
    ROW("kind", VXG_OPT_CHOICE, kind, .fallback = "random", .choices = "random|per-voxel|grid",
        .help = "where in the mask seeds lie"),
    ROW("number", VXG_OPT_INT64, number, .max = 1099511627776.0,
        .help = "of seeds in all, in each voxel, or along each axis of a voxel; 0: 1"),
    ROW("seed", VXG_OPT_INT64, seed, .max = 9007199254740992.0, .help = "of the random numbers"),
    ROW("first", VXG_OPT_INT64, first, .max = 1e15, .help = "the first seed that is wanted"),
};
const vxg_option_set vxg__track_option_sets[] = {
    {"vxg_track_opts", track, (int)(sizeof track / sizeof *track)},
    {"vxg_seeds_opts", seeds, (int)(sizeof seeds / sizeof *seeds)},
    {0, 0, 0},
};
