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
#define SIZES 2147483647.0

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
#define SPAN(id, T, field, measure, about)                                                         \
    {                                                                                              \
        .name = id, .type = VXG_OPT_SPAN, .offset = FIELD(T, field), .max = MOST, .unit = measure, \
        .choices = "A:B", .help = about                                                            \
    }
/* What several structs have, under one name with one meaning. */
#define WINDOW_ROWS(T)                                                                             \
    CHOICE("window", T, window, "ramp", WINDOWS, "window on the ramp filter"),                     \
        REAL("cutoff", T, cutoff, NULL, 0, 1, "of Nyquist",                                        \
             "where the window ends; 0: the window's own default")
#define REAL_ROW(T) CHOICE("real", T, real, "float32", REALS, "arithmetic")
#define PLAIN_ROW(T) FLAG("no-schedule", T, no_schedule, "always the plain loop")
#define PLACE_ROWS(T)                                                                              \
    REAL("center", T, center, NULL, 0, 0, "px", "column of the axis; see has-center"),             \
        FLAG("has-center", T, has_center, "center is given; without: the middle")
#define SIZE_ROWS(T, least)                                                                        \
    WHOLE("rows", VXG_OPT_INT64, T, rows, least, SIZES, "px", "detector rows"),                    \
        WHOLE("cols", VXG_OPT_INT64, T, cols, least, SIZES, "px", "detector columns")
#define VIEWS_ROW(T, least)                                                                        \
    WHOLE("nviews", VXG_OPT_INT64, T, nviews, least, SIZES, NULL, "number of projections")
#define PITCH_ROW(T)                                                                               \
    REAL("row-pitch", T, row_pitch, NULL, 0, 1e12, "length", "pitch of the rows; 0: as pixel")
#define PIXEL_ROW(T) /* where 0 stands for 1 */                                                    \
    REAL("pixel", T, pixel, NULL, 0, 1e12, "length", "pitch of the columns; 0: 1")
#define NEEDED_PIXEL_ROW(T)                                                                        \
    REAL("pixel", T, pixel, NULL, 1e-12, 1e12, "length", "pitch of the columns")
#define SOURCE_ROWS(T)                                                                             \
    CHOICE("detector", T, detector, "flat", "flat|curved",                                         \
           "shape of the detector; curved: focused on the source"),                                \
        REAL("sod", T, sod, NULL, 0, 1e12, "length", "source to axis; cone and fan beams"),        \
        REAL("sdd", T, sdd, NULL, 0, 1e12, "length", "source to detector; cone and fan beams")
static const vxg_option projector[] = {
    CHOICE("model", vxg_ct_projector_opts, model, "joseph", "joseph|siddon|footprint|footprint-tt",
           "how a ray, or a bin, meets the voxels"),
    REAL_ROW(vxg_ct_projector_opts),
    PLAIN_ROW(vxg_ct_projector_opts),
    CHOICE("weighting", vxg_ct_projector_opts, weighting, "none", "none|distance",
           "weight of voxels in backprojectors"),
    FLAG("texture", vxg_ct_projector_opts, texture,
         "backprojectors of cone and fan beams read through the device's sampler"),
};
static const vxg_option fbp[] = {
    WINDOW_ROWS(vxg_ct_fbp_opts),
    REAL_ROW(vxg_ct_fbp_opts),
    PLAIN_ROW(vxg_ct_fbp_opts),
    CHOICE("half-acquisition", vxg_ct_fbp_opts, half_acquisition, "auto", HALF_FANS,
           "full turn with the axis at the detector's side"),
};
static const vxg_option fourier[] = {
    WINDOW_ROWS(vxg_ct_fourier_opts),
    REAL("accuracy", vxg_ct_fourier_opts, accuracy, NULL, 0, 2e-2, NULL,
         "how far a wave may be off, of its height, from 2e-5; 0: 0.02"),
    REAL_ROW(vxg_ct_fourier_opts),
    PLAIN_ROW(vxg_ct_fourier_opts),
    CHOICE("half-acquisition", vxg_ct_fourier_opts, half_acquisition, "auto", HALF_FANS,
           "a full turn whose axis is at the detector's side"),
    FLAG("sharp", vxg_ct_fourier_opts, sharp, "rows are not smoothed as fbp smooths them"),
};
static const vxg_option fdk[] = {
    WINDOW_ROWS(vxg_ct_fdk_opts),
    REAL_ROW(vxg_ct_fdk_opts),
    PLAIN_ROW(vxg_ct_fdk_opts),
    CHOICE("arc", vxg_ct_fdk_opts, arc, "auto", "auto|full|short|limited",
           "what counts as measured of a turn"),
    CHOICE("half-fan", vxg_ct_fdk_opts, half_fan, "auto", HALF_FANS,
           "full turn with a detector that reaches further to one side"),
    REAL("extend", vxg_ct_fdk_opts, extend, NULL, 0, 2, "of the detector's width",
         "truncated projections: rows are continued by this fraction on both sides"),
};
static const vxg_option recon[] = {
    WINDOW_ROWS(vxg_ct_recon_opts),
    REAL("center", vxg_ct_recon_opts, center, NULL, 0, 0, "px",
         "rotation axis, 0-based column of the full detector"),
    WHOLE("ring-size", VXG_OPT_INT, vxg_ct_recon_opts, ring_size, 0, 999, "px",
          "ring removal by sorting with a median of this odd width; 0: none"),
    FLAG("reverse", vxg_ct_recon_opts, reverse, "the stage turns clockwise"),
    SPAN("rows", vxg_ct_recon_opts, row_begin, "px", "detector rows to use, B excluded"),
    SPAN("views", vxg_ct_recon_opts, view_begin, NULL, "projections to use, B excluded"),
    SPAN("cols", vxg_ct_recon_opts, col_begin, "px", "detector columns to use, B excluded"),
    SPAN("slices", vxg_ct_recon_opts, slice_begin, NULL,
         "of filtered backprojection with a geometry: slices to make, B excluded"),
    WHOLE("max-memory", VXG_OPT_INT64, vxg_ct_recon_opts, max_memory, 0, 1e15, "bytes",
          "what the pipeline may hold at once; 0: chosen from the device's memory"),
    FLAG("no-minus-log", vxg_ct_recon_opts, no_minus_log,
         "the data are line integrals already: no flat and dark correction, no logarithm"),
    WHOLE("side", VXG_OPT_INT64, vxg_ct_recon_opts, side, 0, MOST, "px",
          "voxels along x and y; 0: as many as columns"),
    {.name = "scratch",
     .type = VXG_OPT_FILE,
     .offset = FIELD(vxg_ct_recon_opts, scratch),
     .choices = "FOLDER",
     .help = "folder of the scratch file"},
    FLAG("part", vxg_ct_recon_opts, part,
         "the rows are a part of the work: judged with the others"),
    {.name = "algorithm",
     .type = VXG_OPT_TEXT,
     .offset = FIELD(vxg_ct_recon_opts, algorithm),
     .choices = "NAME",
     .help = "auto (fbp or fourier, by the scan's sizes), fbp, fourier, or an iterative method: "
             "sirt, sart, os-sart, mlem, osem go slab by slab; "
             "landweber, cgls, lsqr, pdhg-tv, fista-tv, tv-pocs, asd-pocs, awtv-pocs, dart, lbfgs, "
             "adam and geometry files take all at once"},
};
static const vxg_option center[] = {
    REAL("lo", vxg_ct_center_opts, lo, NULL, 0, 0, "px",
         "first column searched; both 0: the middle half of the detector"),
    REAL("hi", vxg_ct_center_opts, hi, NULL, 0, 0, "px", "last column searched"),
    REAL("step", vxg_ct_center_opts, step, NULL, 0, 1e6, "px", "coarse step; 0: 0.5"),
    REAL("fine", vxg_ct_center_opts, fine, NULL, 0, 1e6, "px", "fine step; 0: 0.05"),
    REAL("smooth", vxg_ct_center_opts, smooth, NULL, 0, 1e6, "px",
         "sigma of a Gaussian that smooths rows; 0: as little as the method can do with"),
};
#define PATH vxg_ct_trajectory_opts
static const vxg_option trajectory[] = {
    CHOICE("path", PATH, path, "circular", "circular|helical|sinusoidal|saddle|random",
           "where the source goes"),
    CHOICE("beam", PATH, beam, "parallel", "parallel|cone", "beam; a fan is a cone of one row"),
    VIEWS_ROW(PATH, 1),
    SIZE_ROWS(PATH, 1),
    NEEDED_PIXEL_ROW(PATH),
    PITCH_ROW(PATH),
    SOURCE_ROWS(PATH),
    REAL("start", PATH, start, NULL, 0, 0, "rad", "angle of the first view"),
    REAL("range", PATH, range, NULL, 0, 0, "rad", "angle from the first view's to behind the last"),
    FLAG("endpoint", PATH, endpoint, "the last view lies at start + range"),
    FLAG("reverse", PATH, reverse, "the scan turns clockwise"),
    PLACE_ROWS(PATH),
    REAL("center-row", PATH, center_row, NULL, 0, 0, "px",
         "row of the plane of the source; see has-center-row"),
    FLAG("has-center-row", PATH, has_center_row, "center-row is given; without: the middle"),
    REAL("tilt", PATH, tilt, NULL, 0, 0, "rad", "laminography: rays below the x-y plane"),
    REAL("roll", PATH, roll, NULL, 0, 0, "rad", "detector rotated in its plane"),
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
    {.name = "center",
     .type = VXG_OPT_REAL,
     .offset = FIELD(vxg_phantom_opts, center),
     .count = 3,
     .help = "world place of the phantom's origin: x, y, z"},
    SPAN("range", vxg_phantom_opts, begin, NULL, "views or slices to compute, B excluded"),
    WHOLE("samples", VXG_OPT_INT, vxg_phantom_opts, samples, 0, 64, NULL,
          "sub-samples along each side; 0: 1 of a pixel, 4 of a voxel"),
};

static const vxg_option exposure[] = {
    REAL("photons", vxg_ct_exposure, photons, NULL, 0, 1e12, "per pixel",
         "mean photons of the open beam, with Poisson noise; 0: no noise"),
    REAL("white", vxg_ct_exposure, white, NULL, 1e-3, 1e9, "counts",
         "counts of the open beam above the dark level; what passes 65535 is saturated"),
    REAL("dark", vxg_ct_exposure, dark, NULL, 0, 65535, "counts", "counts without beam"),
    REAL("flat-pattern", vxg_ct_exposure, flat_pattern, NULL, 0, 0.99, NULL,
         "pixels differ in sensitivity by up to this part, half of it smooth, half at random"),
    WHOLE("seed", VXG_OPT_INT64, vxg_ct_exposure, seed, 0, 9007199254740992.0, NULL,
          "of all random numbers; the same seed gives the same counts"),
};
static const vxg_option detector_size[] = {
    SIZE_ROWS(vxg_ct_detector_size, 0),
    NEEDED_PIXEL_ROW(vxg_ct_detector_size),
    PITCH_ROW(vxg_ct_detector_size),
};
static const vxg_option parallel[] = {
    VIEWS_ROW(vxg_ct_parallel_opts, 1), SIZE_ROWS(vxg_ct_parallel_opts, 1),
    PIXEL_ROW(vxg_ct_parallel_opts),    PITCH_ROW(vxg_ct_parallel_opts),
    PLACE_ROWS(vxg_ct_parallel_opts),
};
static const vxg_option cone[] = {
    VIEWS_ROW(vxg_ct_cone_opts, 1),
    SIZE_ROWS(vxg_ct_cone_opts, 0),
    PIXEL_ROW(vxg_ct_cone_opts),
    PITCH_ROW(vxg_ct_cone_opts),
    SOURCE_ROWS(vxg_ct_cone_opts),
    PLACE_ROWS(vxg_ct_cone_opts),
    REAL("center-row", vxg_ct_cone_opts, center_row, NULL, 0, 0, "px",
         "row of the plane of the source; see has-center-row"),
    FLAG("has-center-row", vxg_ct_cone_opts, has_center_row,
         "center-row is given; without: the middle"),
};

const vxg_option_set vxg__ct_option_sets[] = {
    {"vxg_ct_projector_opts", projector, COUNT(projector)},
    {"vxg_ct_fbp_opts", fbp, COUNT(fbp)},
    {"vxg_ct_fourier_opts", fourier, COUNT(fourier)},
    {"vxg_ct_fdk_opts", fdk, COUNT(fdk)},
    {"vxg_ct_recon_opts", recon, COUNT(recon)},
    {"vxg_ct_center_opts", center, COUNT(center)},
    {"vxg_ct_trajectory_opts", trajectory, COUNT(trajectory)},
    {"vxg_ct_parallel_opts", parallel, COUNT(parallel)},
    {"vxg_ct_cone_opts", cone, COUNT(cone)},
    {"vxg_ct_detector_size", detector_size, COUNT(detector_size)},
    {"vxg_ct_exposure", exposure, COUNT(exposure)},
    {"vxg_phantom_opts", phantom, COUNT(phantom)},
    {NULL, NULL, 0},
};
