"""For scripts written for diffct-mlx 2.x: its names and conventions over this library.

    import voxgrad.diffct_mlx as dct

Arrays are NumPy's, PyTorch's or JAX's: results are of the kind of the data, trajectories and cases of
`dct.get_backend()` (the environment's DIFFCT_BACKEND, else the package that the program has imported
already, else NumPy). There: projectors by Siddon and by footprints, trajectories, FBP and FDK with
their filters and weights, SART, SIRT, normalised SART, TV-, ASD- and AwTV-POCS, DART with every
parameter, cases, operators, solvers by name, functionals, measured projections.

Its conventions, which are not this library's nor diffct 2.x's: detector sample k of n lies at
(k - n / 2) times the pitch, half a pixel beside the middle; projections are in voxels (times
voxel_spacing they are lengths); volumes (D, H, W), projections (views, u, v). What is not there is
refused by name.
"""

import sys
import typing

from ._analytic import (  # noqa: F401
    FBPParameters, FDKParameters, angular_integration_weights, cone_cosine_weights,
    cone_weighted_backproject, detector_coordinates_1d, fan_cosine_weights, fan_weighted_backproject,
    parallel_weighted_backproject, parker_weights, ramp_filter, ramp_filter_1d, reconstruct_fbp,
    reconstruct_fdk, run_fbp, run_fdk)
from ._cases import (  # noqa: F401
    ReconstructionCase, build_cone_3d_case, build_fan_2d_case, build_parallel_2d_case,
    reconstruct_case_fdk)
from ._iterative import (  # noqa: F401
    ASD_POCS_Parameter, ASDPOCSParameters, AwTV_POCS_Parameter, AwTVPOCSParameters,
    Reconstruction_Parameter, ReconstructionParameters, Regularisation_Parameter,
    RegularizationParameters, SARTParameters, SIRTParameters, TV_POCS_Parameter, TVPOCSParameters,
    reconstruct_asd_pocs, reconstruct_awtv_pocs, reconstruct_sart, reconstruct_sirt,
    reconstruct_tv_pocs, run_asd_pocs, run_awtv_pocs, run_sart, run_sirt, run_tv_pocs)
from ._dart import DARTParameters, reconstruct_dart, run_dart  # noqa: F401
from ._measured import (  # noqa: F401
    MeasuredConeDataConfig, NpyProjectionsConfig, apply_detector_array_convention,
    apply_detector_geometry_convention, apply_upper_left_detector_transform,
    auto_voxel_spacing_from_detector, build_measured_cone_3d_case, build_npy_cone_3d_case,
    build_upper_left_detector_transform, load_tiff_projections, mu_to_hu, mu_to_uint16,
    normalize_volume, resize_volume_to_shape, shift_detector_center, transform_detector_offsets)
from ._operators import (  # noqa: F401
    DiagonalOperator, FunctionOperator, IdentityOperator, LinearOperator, ProjectionOperator,
    make_cone_3d_operator, make_cone_3d_operators, make_fan_2d_operator, make_fan_2d_operators,
    make_parallel_2d_operator, make_parallel_2d_operators)
from ._phantoms import shepp_logan_2d, shepp_logan_3d  # noqa: F401
from ._projectors import (  # noqa: F401
    cone_backward, cone_backward_footprint, cone_forward, cone_forward_footprint, fan_backward,
    fan_backward_footprint, fan_forward, fan_forward_footprint, parallel_backward,
    parallel_backward_footprint, parallel_forward, parallel_forward_footprint)
from ._solvers import (  # noqa: F401
    AdaptiveWeightedTV, Box, Functional, Huber, IterativeReconstructor, L1Norm, LpNorm, NonNegativity,
    SquaredL2, Tikhonov, TotalVariation, cgls, dls, get_algorithm, landweber, list_algorithms, ls, mlem,
    mltr, osem, pcg, power_iteration, rdls, reconstruct, register_algorithm, rls, rwls, soft_threshold,
    wls)
from ._trajectories import (  # noqa: F401
    circular_trajectory_2d_fan, circular_trajectory_2d_parallel, circular_trajectory_3d,
    custom_trajectory_2d_fan, custom_trajectory_2d_parallel, custom_trajectory_3d,
    diagnose_cone_geometry, estimate_cone_isocenter, get_backend, laminography_trajectory_3d,
    load_arbitrary_cone_geometry_from_json, random_trajectory_3d, saddle_trajectory_3d, set_backend,
    sinusoidal_trajectory_2d_fan, sinusoidal_trajectory_2d_parallel, sinusoidal_trajectory_3d,
    spiral_trajectory_3d)
from ._tv import (  # noqa: F401
    asd_pocs, awtv_gradient, awtv_pocs, awtv_regularizer, l2_regularizer,
    normalize_reconstruction_volume, tv_gradient, tv_pocs, tv_regularizer, tv_regularizer_3d,
    weight_d_volume)


# ---- The classes of functions that scripts of the older package call: .apply(data, vectors...) ----
def _function(name, target):
    return type(name, (), {"apply": staticmethod(target), "__doc__": target.__doc__})


ParallelProjectorFunction = _function("ParallelProjectorFunction", parallel_forward)
ParallelBackprojectorFunction = _function("ParallelBackprojectorFunction", parallel_backward)
FanProjectorFunction = _function("FanProjectorFunction", fan_forward)
FanBackprojectorFunction = _function("FanBackprojectorFunction", fan_backward)
ConeProjectorFunction = _function("ConeProjectorFunction", cone_forward)
ConeBackprojectorFunction = _function("ConeBackprojectorFunction", cone_backward)

_ELSEWHERE = {
    "physics": "spectra and corrections; voxgrad.ct has flat fields, rings and zingers",
    "Spectrum": "spectra", "simulate_scan": "simulation of scans; `voxgrad simulate` makes them",
    "filters": "denoisers", "rebinning": "rebinning", "calibration": "calibration",
    "orchestration": "work beyond memory; `voxgrad recon` does it",
    "Bilateral": "denoisers", "Guided": "denoisers", "Median": "denoisers",
    "HistogramSparsity": "denoisers", "Azimuthal": "denoisers", "DictionarySparsity": "denoisers",
    "RegularizerSequence": "denoisers", "azimuthal_smooth": "denoisers", "bilateral_filter": "denoisers",
    "box_filter": "denoisers", "dictionary_denoise": "denoisers", "guided_filter": "denoisers",
    "histogram_sparsity": "denoisers", "median_filter": "denoisers", "Ellipsoid": "phantoms of one's own; voxgrad.ct has none yet",
    "Phantom": "phantoms of one's own", "shepp_logan_phantom": "phantoms of one's own",
    "estimate_center_of_rotation": "calibration; voxgrad.ct.find_center finds axes",
    "refine_center_by_sharpness": "calibration; voxgrad.ct.find_center finds axes",
    "apply_center_offset": "calibration", "apply_parker_weighting": "rebinning; see parker_weights",
    "apply_offset_weighting": "rebinning", "extend_truncation": "rebinning",
    "fan_to_parallel": "rebinning", "curved_to_flat": "rebinning", "flat_to_curved": "rebinning"}


# Modules of the original whose names are all here.
_PARTS = ("functionals", "geometry", "operators", "phantoms", "projectors", "regularizers", "tv_gradients",
          "reconstruction_algorithms", "real_measured_data_helper")


def __getattr__(name):
    if name == "backend":
        return get_backend()
    if name in _PARTS:
        return sys.modules[__name__]
    if name in ("ForwardProjector", "BackProjector"):  # what the drivers' functions are, for annotations
        return typing.Callable[[typing.Any, int], typing.Any]
    if name in _ELSEWHERE:
        raise AttributeError("voxgrad.diffct_mlx has no %s: %s" % (name, _ELSEWHERE[name]))
    raise AttributeError("voxgrad.diffct_mlx has no %s" % name)
