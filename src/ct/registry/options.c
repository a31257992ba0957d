/* The option tables of CT: what the functions' option structs hold, for whoever sets them from
 * words. A field that no text can give (arrays, geometries, progress) has no row. */
#include "ct/registry/registry.h"

#include <stddef.h>
#include <voxgrad/geometry.h>
#include <voxgrad/phantom.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))
#define FIELD(T, field) offsetof(T, field)
#define WORD(e, name) "|" name
#define WINDOWS &(VXG_CT_WINDOW_LIST(WORD))[1]
#define REALS "float32|float64"
#define HALF_FANS "auto|no|yes"
#define MOST 1099511627776.0 /* 2^40 */

#define CHOICE(id, T, field, usual, words, about)                                                  \
    {                                                                                              \
        .name = id, .type = VXG_OPT_CHOICE, .offset = FIELD(T, field), .fallback = usual,          \
        .choices = words, .help = about                                                            \
    }
#define FLAG(id, T, field, about)                                                                  \
    { .name = id, .type = VXG_OPT_FLAG, .offset = FIELD(T, field), .help = about }
#define REAL(id, T, field, usual, lo, hi, measure, about)                                          \
    {                                                                                              \
        .name = id, .type = VXG_OPT_REAL, .offset = FIELD(T, field), .fallback = usual, .min = lo, \
        .max = hi, .unit = measure, .help = about                                                  \
    }
#define WHOLE(id, kind, T, field, lo, hi, measure, about)                                          \
    {                                                                                              \
        .name = id, .type = kind, .offset = FIELD(T, field), .min = lo, .max = hi,                 \
        .unit = measure, .help = about                                                             \
    }

static const vxg_option projector[] = {
    CHOICE("model", vxg_ct_projector_opts, model, "joseph", "joseph|siddon|footprint|footprint-tt",
           "how a ray, or a bin, meets the voxels"),
    CHOICE("real", vxg_ct_projector_opts, real, "float32", REALS, "arithmetic"),
    FLAG("no-schedule", vxg_ct_projector_opts, no_schedule, "always the plain loop"),
    CHOICE("weighting", vxg_ct_projector_opts, weighting, "none", "none|distance",
           "weight of voxels in backprojectors"),
    FLAG("texture", vxg_ct_projector_opts, texture,
         "backprojectors of cone and fan beams read through the device's sampler"),
};
static const vxg_option fbp[] = {
    CHOICE("window", vxg_ct_fbp_opts, window, "ramp", WINDOWS, "window on the ramp filter"),
    REAL("cutoff", vxg_ct_fbp_opts, cutoff, NULL, 0, 1, "of Nyquist",
         "where the window ends; 0: the window's own default"),
    CHOICE("real", vxg_ct_fbp_opts, real, "float32", REALS, "arithmetic"),
    FLAG("no-schedule", vxg_ct_fbp_opts, no_schedule, "always the plain loop"),
    CHOICE("half-acquisition", vxg_ct_fbp_opts, half_acquisition, "auto", HALF_FANS,
           "full turn with the axis at the detector's side"),
};
static const vxg_option fdk[] = {
    CHOICE("window", vxg_ct_fdk_opts, window, "ramp", WINDOWS, "window on the ramp filter"),
    REAL("cutoff", vxg_ct_fdk_opts, cutoff, NULL, 0, 1, "of Nyquist",
         "where the window ends; 0: the window's own default"),
    CHOICE("real", vxg_ct_fdk_opts, real, "float32", REALS, "arithmetic"),
    FLAG("no-schedule", vxg_ct_fdk_opts, no_schedule, "always the plain loop"),
    CHOICE("arc", vxg_ct_fdk_opts, arc, "auto", "auto|full|short|limited",
           "what counts as measured of a turn"),
    CHOICE("half-fan", vxg_ct_fdk_opts, half_fan, "auto", HALF_FANS,
           "full turn with a detector that reaches further to one side"),
    REAL("extend", vxg_ct_fdk_opts, extend, NULL, 0, 2, "of the detector's width",
         "truncated projections: rows are continued by this fraction on both sides"),
};
static const vxg_option recon[] = {
    CHOICE("window", vxg_ct_recon_opts, window, "ramp", WINDOWS, "window on the ramp filter"),
    REAL("center", vxg_ct_recon_opts, center, NULL, 0, 0, "px",
         "rotation axis, 0-based column of the full detector"),
    REAL("cutoff", vxg_ct_recon_opts, cutoff, NULL, 0, 1, "of Nyquist",
         "where the window ends; 0: the window's own default"),
    WHOLE("ring-size", VXG_OPT_INT, vxg_ct_recon_opts, ring_size, 0, 999, "px",
          "ring removal by sorting with a median of this odd width; 0: none"),
    FLAG("reverse", vxg_ct_recon_opts, reverse, "the stage turns clockwise"),
    WHOLE("row-begin", VXG_OPT_INT64, vxg_ct_recon_opts, row_begin, 0, MOST, "px",
          "first detector row; both 0: all"),
    WHOLE("row-end", VXG_OPT_INT64, vxg_ct_recon_opts, row_end, 0, MOST, "px",
          "row behind the last"),
    WHOLE("view-begin", VXG_OPT_INT64, vxg_ct_recon_opts, view_begin, 0, MOST, NULL,
          "first projection; both 0: all"),
    WHOLE("view-end", VXG_OPT_INT64, vxg_ct_recon_opts, view_end, 0, MOST, NULL,
          "projection behind the last"),
    WHOLE("col-begin", VXG_OPT_INT64, vxg_ct_recon_opts, col_begin, 0, MOST, "px",
          "first detector column; both 0: all"),
    WHOLE("col-end", VXG_OPT_INT64, vxg_ct_recon_opts, col_end, 0, MOST, "px",
          "column behind the last"),
    WHOLE("max-memory", VXG_OPT_INT64, vxg_ct_recon_opts, max_memory, 0, 1e15, "bytes",
          "what the pipeline may hold at once; 0: chosen from the device's memory"),
    FLAG("no-minus-log", vxg_ct_recon_opts, no_minus_log, "data are line integrals already"),
    WHOLE("side", VXG_OPT_INT64, vxg_ct_recon_opts, side, 0, MOST, "px",
          "voxels along x and y; 0: as many as columns"),
    {.name = "scratch",
     .type = VXG_OPT_FILE,
     .offset = FIELD(vxg_ct_recon_opts, scratch),
     .choices = "FOLDER",
     .help = "folder of the scratch file"},
};
static const vxg_option center[] = {
    REAL("lo", vxg_ct_center_opts, lo, NULL, 0, 0, "px",
         "first column searched; both 0: the middle half of the detector"),
    REAL("hi", vxg_ct_center_opts, hi, NULL, 0, 0, "px", "last column searched"),
    REAL("step", vxg_ct_center_opts, step, NULL, 0, 1e6, "px", "coarse step; 0: 0.5"),
    REAL("fine", vxg_ct_center_opts, fine, NULL, 0, 1e6, "px", "fine step; 0: 0.05"),
};
#define PATH vxg_ct_trajectory_opts
static const vxg_option trajectory[] = {
    CHOICE("path", PATH, path, "circular", "circular|helical|sinusoidal|saddle|random",
           "where the source goes"),
    CHOICE("beam", PATH, beam, "parallel", "parallel|cone", "beam; a fan is a cone of one row"),
    CHOICE("detector", PATH, detector, "flat", "flat|curved", "shape of the detector"),
    WHOLE("nviews", VXG_OPT_INT64, PATH, nviews, 0, MOST, NULL, "number of views"),
    WHOLE("rows", VXG_OPT_INT64, PATH, rows, 0, MOST, "px", "detector rows"),
    WHOLE("cols", VXG_OPT_INT64, PATH, cols, 0, MOST, "px", "detector columns"),
    REAL("start", PATH, start, NULL, 0, 0, "rad", "angle of the first view"),
    REAL("range", PATH, range, NULL, 0, 0, "rad", "angle from the first view's to behind the last"),
    FLAG("endpoint", PATH, endpoint, "the last view lies at start + range"),
    FLAG("reverse", PATH, reverse, "the scan turns clockwise"),
    REAL("sod", PATH, sod, NULL, 0, 0, NULL, "distance from the source to the axis"),
    REAL("sdd", PATH, sdd, NULL, 0, 0, NULL, "distance from the source to the detector"),
    REAL("pixel", PATH, pixel, NULL, 0, 0, NULL, "column pitch"),
    REAL("row-pitch", PATH, row_pitch, NULL, 0, 0, NULL, "row pitch; 0: as pixel"),
    REAL("center", PATH, center, NULL, 0, 0, "px", "column of the axis; see has-center"),
    REAL("center-row", PATH, center_row, NULL, 0, 0, "px",
         "row of the plane of the source; see has-center-row"),
    FLAG("has-center", PATH, has_center, "center is given; without: the middle"),
    FLAG("has-center-row", PATH, has_center_row, "center-row is given; without: the middle"),
    REAL("tilt", PATH, tilt, NULL, 0, 0, "rad", "laminography: rays below the x-y plane"),
    REAL("roll", PATH, roll, NULL, 0, 0, "rad", "detector turned in its plane"),
    REAL("z-range", PATH, z_range, NULL, 0, 0, NULL, "helical: height of the path"),
    REAL("turns", PATH, turns, NULL, 0, 0, NULL, "helical: number of turns"),
    REAL("amplitude", PATH, amplitude, NULL, 0, 0, NULL, "sinusoidal: change of the distance"),
    REAL("frequency", PATH, frequency, NULL, 0, 0, NULL, "sinusoidal: waves per turn"),
    REAL("z-amplitude", PATH, z_amplitude, NULL, 0, 0, NULL, "saddle: change of height"),
    REAL("radial-amplitude", PATH, radial_amplitude, NULL, 0, 0, NULL,
         "saddle: change of the distance"),
    REAL("sod-std", PATH, sod_std, NULL, 0, 0, NULL, "random: error of sod and sdd"),
    REAL("position-std", PATH, position_std, NULL, 0, 0, NULL,
         "random: error of each component of a place"),
    REAL("angle-std", PATH, angle_std, NULL, 0, 0, "rad", "random: error of the detector's angle"),
    WHOLE("seed", VXG_OPT_INT64, PATH, seed, 0, 9007199254740992.0, NULL,
          "random: which errors; the same seed is the same scan"),
};
static const vxg_option phantom[] = {
    CHOICE("dtype", vxg_phantom_opts, dtype, "float32", REALS, "storage of the output"),
    REAL("unit", vxg_phantom_opts, unit, NULL, 0, 1e300, NULL,
         "world length of one phantom unit; 0: 1"),
    REAL("density", vxg_phantom_opts, density, NULL, 0, 0, NULL, "factor on all values; 0: 1"),
    WHOLE("begin", VXG_OPT_INT64, vxg_phantom_opts, begin, 0, MOST, NULL,
          "first view or slice; both 0: all"),
    WHOLE("end", VXG_OPT_INT64, vxg_phantom_opts, end, 0, MOST, NULL,
          "view or slice behind the last"),
    WHOLE("samples", VXG_OPT_INT, vxg_phantom_opts, samples, 0, 64, NULL,
          "sub-samples along each side; 0: 1 of a pixel, 4 of a voxel"),
};

const vxg_option_set vxg__ct_option_sets[] = {
    {"vxg_ct_projector_opts", projector, COUNT(projector)},
    {"vxg_ct_fbp_opts", fbp, COUNT(fbp)},
    {"vxg_ct_fdk_opts", fdk, COUNT(fdk)},
    {"vxg_ct_recon_opts", recon, COUNT(recon)},
    {"vxg_ct_center_opts", center, COUNT(center)},
    {"vxg_ct_trajectory_opts", trajectory, COUNT(trajectory)},
    {"vxg_phantom_opts", phantom, COUNT(phantom)},
    {NULL, NULL, 0},
};
