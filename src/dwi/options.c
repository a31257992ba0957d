/* The option tables of this room. */
#include "dwi/dwi.h"

#include <stddef.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))
#define ROW(T, id, kind, field, ...)                                                               \
    { .name = id, .type = kind, .offset = offsetof(T, field), __VA_ARGS__ }
#define BASES "tournier07|descoteaux07-legacy|descoteaux07"

static const vxg_option gradients[] = {
    ROW(vxg_gradients_opts, "b0-threshold", VXG_OPT_REAL, b0_threshold, .max = 1e6, .unit = "s/mm2",
        .help = "b-values up to it count as unweighted; 0: 50"),
    ROW(vxg_gradients_opts, "unit-tolerance", VXG_OPT_REAL, unit_tolerance, .max = 1,
        .help = "how far from 1 the length of a direction may be; 0: 0.01"),
    ROW(vxg_gradients_opts, "shell-tolerance", VXG_OPT_REAL, shell_tolerance, .max = 1e6,
        .unit = "s/mm2", .help = "b-values further apart are of two shells; 0: 80"),
};
static const vxg_option mask[] = {
    ROW(vxg_mask_opts, "radius", VXG_OPT_INT, radius, .max = 32, .unit = "voxels",
        .help = "of the boxes whose medians are taken; 0: 4"),
    ROW(vxg_mask_opts, "passes", VXG_OPT_INT, passes, .min = -1, .max = 100,
        .help = "medians one after the other; 0: 4, -1: none"),
    ROW(vxg_mask_opts, "dilate", VXG_OPT_INT, dilate, .max = 1000, .unit = "voxels",
        .help = "layers of voxels that are put around the mask"),
    ROW(vxg_mask_opts, "clean", VXG_OPT_CHOICE, clean, .fallback = "none",
        .choices = "none|islands|holes|both",
        .help = "what is left out or put in: all but the largest part, what it encloses"),
};
static const vxg_option tensor[] = {
    ROW(vxg_tensor_opts, "iterations", VXG_OPT_INT, iterations, .max = 100,
        .help = "weighted fits after the first; 0: ordinary least squares"),
    ROW(vxg_tensor_opts, "start", VXG_OPT_CHOICE, start, .fallback = "ols", .choices = "ols|data",
        .help = "weights begin with the signal that ordinary least squares predicts, or with the "
                "data, which is one weighted fit more"),
    ROW(vxg_tensor_opts, "min-signal", VXG_OPT_REAL, min_signal, .max = 1e30,
        .help = "smaller signals count as that; 0: 0.0001"),
    ROW(vxg_tensor_opts, "min-share", VXG_OPT_REAL, min_share, .max = 1,
        .help = "signals below that share of the voxel's largest count as that"),
    ROW(vxg_tensor_opts, "min-eigenvalue", VXG_OPT_REAL, min_eigenvalue, .min = -1, .max = 1,
        .unit = "mm2/s",
        .help = "smaller eigenvalues count as that; 0: 1e-6 over the design's largest entry, below "
                "0: none"),
};
static const vxg_option odf[] = {
    ROW(vxg_odf_opts, "kind", VXG_OPT_CHOICE, kind, .fallback = "amplitudes",
        .choices = "amplitudes|qball|csa|opdt", .help = "which function of the signals"),
    ROW(vxg_odf_opts, "order", VXG_OPT_INT, order, .max = VXG_SH_MOST,
        .help = "of the harmonics, even; 0: 4"),
    ROW(vxg_odf_opts, "shell", VXG_OPT_INT, shell, .max = 1e6,
        .help = "which, by rising b from 1; 0: the only one there is"),
    ROW(vxg_odf_opts, "basis", VXG_OPT_CHOICE, basis, .fallback = "tournier07", .choices = BASES,
        .help = "of the result"),
    ROW(vxg_odf_opts, "smooth", VXG_OPT_REAL, smooth, .min = -1, .max = 1e6,
        .help = "factor of the squared Laplace-Beltrami operator; 0: 0.006, of amplitudes none; "
                "below 0: none"),
    ROW(vxg_odf_opts, "min-signal", VXG_OPT_REAL, min_signal, .max = 1e30,
        .help = "smaller signals count as that; 0: 0.00001"),
};
static const vxg_option recursive[] = {
    ROW(vxg_recursive_opts, "order", VXG_OPT_INT, order, .max = 16,
        .help = "of the deconvolution and of the response, even; 0: 8"),
    ROW(vxg_recursive_opts, "shell", VXG_OPT_INT, shell, .max = 1e6,
        .help = "which, by rising b from 1; 0: the only one"),
    ROW(vxg_recursive_opts, "iterations", VXG_OPT_INT, iterations, .max = 1000,
        .help = "deconvolutions at most; 0: 8"),
    ROW(vxg_recursive_opts, "peak-threshold", VXG_OPT_REAL, peak_threshold, .max = 0.999,
        .help = "a second peak below that share of the first is none; 0: 0.01"),
    ROW(vxg_recursive_opts, "fa", VXG_OPT_REAL, fa, .max = 0.999,
        .help = "fractional anisotropy of the tensor that it begins with; 0: 0.08"),
    ROW(vxg_recursive_opts, "trace", VXG_OPT_REAL, trace, .max = 0.999, .unit = "mm2/s",
        .help = "of that tensor; 0: 0.0021"),
    ROW(vxg_recursive_opts, "convergence", VXG_OPT_REAL, convergence, .max = 0.999,
        .help = "it ends when no term changes by more than that share; 0: 0.001"),
};
static const vxg_option csd[] = {
    ROW(vxg_csd_opts, "rules", VXG_OPT_CHOICE, rules, .fallback = "dipy", .choices = "dipy|mrtrix",
        .help = "whose constraint and weights"),
    ROW(vxg_csd_opts, "order", VXG_OPT_INT, order, .max = 16, .help = "of the result, even; 0: 8"),
    ROW(vxg_csd_opts, "shell", VXG_OPT_INT, shell, .max = 1e6,
        .help = "which, by rising b from 1; 0: the highest with directions enough"),
    ROW(vxg_csd_opts, "iterations", VXG_OPT_INT, iterations, .max = 1000, .help = "at most; 0: 50"),
    ROW(vxg_csd_opts, "basis", VXG_OPT_CHOICE, basis, .fallback = "tournier07", .choices = BASES,
        .help = "of the result"),
    ROW(vxg_csd_opts, "lambda", VXG_OPT_REAL, lambda, .max = 1e6,
        .help = "weight of the constraint; 0: 1"),
    ROW(vxg_csd_opts, "tau", VXG_OPT_REAL, tau, .max = 1e3,
        .help = "densities below that share of the mean are pressed down (dipy); 0: 0.1"),
};
static const vxg_option peaks[] = {
    ROW(vxg_peaks_opts, "peaks", VXG_OPT_INT, peaks, .max = 32, .help = "how many at most; 0: 5"),
    ROW(vxg_peaks_opts, "basis", VXG_OPT_CHOICE, basis, .fallback = "tournier07", .choices = BASES,
        .help = "of the harmonics"),
    ROW(vxg_peaks_opts, "relative-threshold", VXG_OPT_REAL, relative_threshold, .min = -1, .max = 1,
        .help = "share of the first peak's height over the minimum; 0: 0.5, below 0: none"),
    ROW(vxg_peaks_opts, "min-separation", VXG_OPT_REAL, min_separation, .max = 180, .unit = "deg",
        .help = "angle between two peaks at least; 0: 25"),
};
const vxg_option_set vxg__dwi_option_sets[] = {
    {"vxg_gradients_opts", gradients, COUNT(gradients)},
    {"vxg_mask_opts", mask, COUNT(mask)},
    {"vxg_tensor_opts", tensor, COUNT(tensor)},
    {"vxg_odf_opts", odf, COUNT(odf)},
    {"vxg_recursive_opts", recursive, COUNT(recursive)},
    {"vxg_csd_opts", csd, COUNT(csd)},
    {"vxg_peaks_opts", peaks, COUNT(peaks)},
    {0, 0, 0},
};
