# Written by ./dev docs (tools/python_stubs.py).
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

from typing import Any, Callable, Literal, Sequence
from numpy.typing import ArrayLike, DTypeLike

from .. import Device
from ..solve import Report
from ..ct import Volume

def detector_coordinates_1d(
    num_detectors: Any, detector_spacing: Any, detector_offset: Any = 0.0,
    device: Device | str | None = None, dtype: DTypeLike | None = None
) -> Any:
    """(k - n / 2) spacing + offset."""
    ...

def angular_integration_weights(angles: ArrayLike, redundant_full_scan: Any = True) -> Any:
    """Trapezoidal weights of views in the order given: of half and whole turns, closed or not, as of
    a period; a whole turn counts half, so that both sum to pi.
    """
    ...

def fan_cosine_weights(
    num_detectors: Any, detector_spacing: Any, sdd: float, detector_offset: Any = 0.0,
    device: Device | str | None = None, dtype: DTypeLike | None = None
) -> Any:
    """sdd / sqrt(sdd^2 + u^2), (num_detectors,)."""
    ...

def cone_cosine_weights(
    det_u: Any, det_v: Any, du: Any, dv: Any, sdd: float, detector_offset_u: Any = 0.0,
    detector_offset_v: Any = 0.0, device: Device | str | None = None, dtype: DTypeLike | None = None
) -> Any:
    """sdd / sqrt(sdd^2 + u^2 + v^2), (det_u, det_v)."""
    ...

def parker_weights(
    angles: ArrayLike, num_detectors: Any, detector_spacing: Any, sdd: float,
    detector_offset: Any = 0.0
) -> Any:
    """Weights (views, num_detectors) of a short scan of a fan: opposite rays sum to one (Parker 1982,
    with the half angle of the fan that an over-scan has; diffct-mlx gives over-scans one). A whole
    turn: ones.
    """
    ...

def ramp_filter_1d(
    sinogram: Any, dim: Any = -1, sample_spacing: Any = 1.0, pad_factor: Any = 1,
    window: str | None = None, use_rfft: Any = True
) -> Any:
    """|2 pi f| / spacing times a window along one axis, which is lengthened by zeros to pad_factor
    times as many samples. Differentiable.
    """
    ...

def ramp_filter(
    sinogram: Any, axis: Any = 1, pad_factor: Any = 1, sample_spacing: Any = 1.0
) -> Any:
    """2 |f| / spacing along one axis: the ramp that the drivers' normalisation belongs to."""
    ...

def parallel_weighted_backproject(
    sinogram: Any, ray_dir: Any, det_origin: Any, det_u_vec: Any, detector_spacing: Any, H: Any,
    W: Any, voxel_spacing: Any = 1.0
) -> Any:
    """An image (H, W) of a filtered sinogram that was multiplied by its angles' weights."""
    ...

def fan_weighted_backproject(
    sinogram: Any, src_pos: Any, det_center: Any, det_u_vec: Any, detector_spacing: Any, H: Any,
    W: Any, voxel_spacing: Any = 1.0
) -> Any:
    """The same of a fan beam."""
    ...

def cone_weighted_backproject(
    sinogram: Any, src_pos: Any, det_center: Any, det_u_vec: Any, det_v_vec: Any, D: Any, H: Any,
    W: Any, du: Any, dv: Any, voxel_spacing: Any = 1.0
) -> Any:
    """A volume (D, H, W) of filtered projections (views, u, v)."""
    ...

class FBPParameters:
    """normalization_scale: what the backprojection is multiplied by; None: pi / views."""
    detector_spacing: Any
    voxel_spacing: Any
    enforce_positivity: Any
    normalization_scale: Any
    pad_factor: Any
    dtype: DTypeLike | None
    filter_axis: Any
    def __init__(
        self, detector_spacing: Any = 1.0, voxel_spacing: Any = 1.0, enforce_positivity: Any = True,
        normalization_scale: Any = None, pad_factor: Any = 2, dtype: DTypeLike | None = None,
        filter_axis: Any = 1
    ) -> None: ...

class FDKParameters(FBPParameters):
    """The same for a cone beam."""
    def __init__(
        self, detector_spacing: Any = 1.0, voxel_spacing: Any = 1.0, enforce_positivity: Any = True,
        normalization_scale: Any = None, pad_factor: Any = 2, dtype: DTypeLike | None = None,
        filter_axis: Any = 1
    ) -> None: ...

def reconstruct_fbp(
    sinogram: Any, back_project: Any, params: Any, *, weight_projections: Any = None,
    filter_projections: Any = None
) -> Any:
    """Weights, filters (2 |f| / detector_spacing unless filter_projections is given), backprojects by
    the function given, and scales.
    """
    ...

def reconstruct_fdk(
    sinogram: Any, back_project: Any, params: Any, *, weight_projections: Any = None,
    filter_projections: Any = None
) -> Any:
    """As `reconstruct_fbp`."""
    ...

def run_fdk(
    sinogram: Any, back_project: Any, params: Any, *, weight_projections: Any = None,
    filter_projections: Any = None
) -> Any:
    """As `reconstruct_fbp`."""
    ...

def run_fbp(
    sinogram: Any, back_project: Any, params: Any, *, weight_projections: Any = None,
    filter_projections: Any = None
) -> Any:
    """As `reconstruct_fbp`."""
    ...

class ReconstructionCase:
    """sinogram, operators of single views and of all (`back_project_all`), a reference where there is
    one, and parameters that suit. Values of projections are in voxels.
    """
    name: str
    sinogram: Any
    volume_shape: Any
    forward_single: Any
    back_single: Any
    back_project_all: Any
    reference: Any
    reference_title: Any
    supports_fbp: Any
    supports_fdk: Any
    fbp_normalization_scale: Any
    iterative_iteration_count: Any
    sirt_iteration_count: Any
    iterative_sart_iteration_count: Any
    iterative_projection_subset_count: Any
    iterative_normalized_sart_relaxation: Any
    iterative_backprojection_scale: Any
    pocs_iterative_update_method: Any
    iterative_positivity_mode: Any
    iterative_detector_border_u: Any
    iterative_detector_border_v: Any
    iterative_volume_border_width: Any
    iterative_volume_support_mask: Any
    iterative_volume_support_mask_mode: Any
    iterative_voxel_sensitivity_normalization: Any
    iterative_projection_weights: Any
    tv_reg_iteration_count: Any
    tv_alpha: Any
    asd_reg_iteration_count: Any
    asd_alpha: Any
    asd_epsilon: Any
    awtv_reg_iteration_count: Any
    awtv_alpha: Any
    awtv_epsilon: Any
    awtv_delta: Any
    fdk_normalization_scale: Any
    fbp_weight: Any
    fdk_weight: Any
    voxel_spacing: Any
    fdk_filter: Any
    fdk_back_project: Any
    def __init__(
        self, name: str, sinogram: Any, volume_shape: Any, forward_single: Any, back_single: Any,
        back_project_all: Any, reference: Any = None, reference_title: Any = None,
        supports_fbp: Any = False, supports_fdk: Any = False, fbp_normalization_scale: Any = None,
        iterative_iteration_count: Any = 5, sirt_iteration_count: Any = 15,
        iterative_sart_iteration_count: Any = 2, iterative_projection_subset_count: Any = 1,
        iterative_normalized_sart_relaxation: Any = 0.9,
        iterative_backprojection_scale: Any = 0.215, pocs_iterative_update_method: Any = 'sart',
        iterative_positivity_mode: Any = 'per_iteration', iterative_detector_border_u: Any = 0,
        iterative_detector_border_v: Any = 0, iterative_volume_border_width: Any = 0,
        iterative_volume_support_mask: Any = None,
        iterative_volume_support_mask_mode: Any = 'always',
        iterative_voxel_sensitivity_normalization: Any = False,
        iterative_projection_weights: Any = None, tv_reg_iteration_count: Any = 6,
        tv_alpha: Any = 0.12, asd_reg_iteration_count: Any = 6, asd_alpha: Any = 0.12,
        asd_epsilon: Any = 0.05, awtv_reg_iteration_count: Any = 6, awtv_alpha: Any = 0.12,
        awtv_epsilon: Any = 0.08, awtv_delta: Any = 0.006, fdk_normalization_scale: Any = None,
        fbp_weight: Any = None, fdk_weight: Any = None, voxel_spacing: Any = 1.0,
        fdk_filter: Any = None, fdk_back_project: Any = None
    ) -> None: ...

def reconstruct_case_fdk(case: Any, *, enforce_positivity: Any = True) -> Any:
    """Attenuation in one over the geometry's unit, by the case's own steps."""
    ...

def build_parallel_2d_case(
    *, image_shape: Any = (96, 96), num_views: Any = 180, num_detectors: Any = 160,
    detector_spacing: Any = 1.0, voxel_spacing: Any = 1.0
) -> Any:
    """Shepp and Logan's head in a parallel beam, half a turn."""
    ...

def build_fan_2d_case(
    *, image_shape: Any = (256, 256), num_views: Any = 360, num_detectors: Any = 600,
    detector_spacing: Any = 1.0, voxel_spacing: Any = 1.0, sid: Any = 500.0, sdd: float = 800.0
) -> Any:
    """The same in a fan beam, a whole turn."""
    ...

def build_cone_3d_case(
    *, volume_shape: Any = (128, 128, 128), num_views: Any = 360, detector_shape: Any = (256, 256),
    du: Any = 1.0, dv: Any = 1.0, voxel_spacing: Any = 1.0, sid: Any = 600.0, sdd: float = 900.0
) -> Any:
    """The same in a cone beam."""
    ...

class ReconstructionParameters:
    """What all methods share.

    pixel_extreme_values: data above are taken as the computed value, below as 0. raylength_...: rays
    that cross little of the volume are left out: the smallest share (quantile) of every view, and
    what is at most epsilon. voxel_sensitivity_normalization: updates are divided by what the view
    gives to a voxel.
    """
    volume_shape: Any
    iteration_count: Any
    sart_iteration_count: Any
    iterative_update_method: Any
    pixel_extreme_values: Any
    voxel_extreme_values: Any
    initial_volume: Any
    enforce_positivity: Any
    positivity_mode: Any
    projection_order: Any
    shuffle_projection_order: Any
    projection_order_seed: Any
    sart_debug_callback: Any
    raylength_thresholding: Any
    raylength_quantile: Any
    raylength_epsilon: Any
    detector_border_u: Any
    detector_border_v: Any
    volume_border_width: Any
    volume_support_mask: Any
    volume_support_mask_mode: Any
    voxel_sensitivity_normalization: Any
    projection_chunk_size: Any
    projection_subset_count: Any
    projection_weights: Any
    normalized_sart_relaxation: Any
    backprojection_scale: Any
    dtype: DTypeLike | None
    def __init__(
        self, volume_shape: Any, iteration_count: Any, sart_iteration_count: Any = 1,
        iterative_update_method: Any = 'sart', pixel_extreme_values: Any = ...,
        voxel_extreme_values: Any = ..., initial_volume: Any = None, enforce_positivity: Any = True,
        positivity_mode: Any = 'per_iteration', projection_order: Any = None,
        shuffle_projection_order: Any = True, projection_order_seed: Any = 0,
        sart_debug_callback: Any = None, raylength_thresholding: Any = True,
        raylength_quantile: Any = 0.001, raylength_epsilon: Any = 0.0005,
        detector_border_u: Any = 0, detector_border_v: Any = 0, volume_border_width: Any = 0,
        volume_support_mask: Any = None, volume_support_mask_mode: Any = 'always',
        voxel_sensitivity_normalization: Any = True, projection_chunk_size: Any = None,
        projection_subset_count: Any = 1, projection_weights: Any = None,
        normalized_sart_relaxation: Any = 0.9, backprojection_scale: Any = None,
        dtype: DTypeLike | None = None
    ) -> None: ...

class SARTParameters(ReconstructionParameters):
    """Of run_sart."""
    def __init__(
        self, volume_shape: Any, iteration_count: Any, sart_iteration_count: Any = 1,
        iterative_update_method: Any = 'sart', pixel_extreme_values: Any = ...,
        voxel_extreme_values: Any = ..., initial_volume: Any = None, enforce_positivity: Any = True,
        positivity_mode: Any = 'per_iteration', projection_order: Any = None,
        shuffle_projection_order: Any = True, projection_order_seed: Any = 0,
        sart_debug_callback: Any = None, raylength_thresholding: Any = True,
        raylength_quantile: Any = 0.001, raylength_epsilon: Any = 0.0005,
        detector_border_u: Any = 0, detector_border_v: Any = 0, volume_border_width: Any = 0,
        volume_support_mask: Any = None, volume_support_mask_mode: Any = 'always',
        voxel_sensitivity_normalization: Any = True, projection_chunk_size: Any = None,
        projection_subset_count: Any = 1, projection_weights: Any = None,
        normalized_sart_relaxation: Any = 0.9, backprojection_scale: Any = None,
        dtype: DTypeLike | None = None
    ) -> None: ...

class SIRTParameters(ReconstructionParameters):
    """Of run_sirt."""
    iterative_update_method: Any
    def __init__(
        self, volume_shape: Any, iteration_count: Any, sart_iteration_count: Any = 1,
        iterative_update_method: Any = 'sirt', pixel_extreme_values: Any = ...,
        voxel_extreme_values: Any = ..., initial_volume: Any = None, enforce_positivity: Any = True,
        positivity_mode: Any = 'per_iteration', projection_order: Any = None,
        shuffle_projection_order: Any = True, projection_order_seed: Any = 0,
        sart_debug_callback: Any = None, raylength_thresholding: Any = True,
        raylength_quantile: Any = 0.001, raylength_epsilon: Any = 0.0005,
        detector_border_u: Any = 0, detector_border_v: Any = 0, volume_border_width: Any = 0,
        volume_support_mask: Any = None, volume_support_mask_mode: Any = 'always',
        voxel_sensitivity_normalization: Any = True, projection_chunk_size: Any = None,
        projection_subset_count: Any = 1, projection_weights: Any = None,
        normalized_sart_relaxation: Any = 0.9, backprojection_scale: Any = None,
        dtype: DTypeLike | None = None
    ) -> None: ...

class RegularizationParameters:
    """Steps down the gradient of total variation, of alpha times the sweep's change each."""
    reg_iteration_count: Any
    alpha: Any
    tv_eps: Any
    def __init__(
        self, reg_iteration_count: Any = 20, alpha: Any = 0.2, tv_eps: Any = 1e-06
    ) -> None: ...

class TVPOCSParameters(RegularizationParameters):
    """Of run_tv_pocs."""
    def __init__(
        self, reg_iteration_count: Any = 20, alpha: Any = 0.2, tv_eps: Any = 1e-06
    ) -> None: ...

class ASDPOCSParameters(RegularizationParameters):
    """Of run_asd_pocs: steps become alpha_red times as long where they change x by more than r_max of
    the sweep while the residual is above epsilon.
    """
    epsilon: Any
    r_max: Any
    alpha_red: Any
    beta: Any
    beta_red: Any
    def __init__(
        self, reg_iteration_count: Any = 20, alpha: Any = 0.2, tv_eps: Any = 1e-06,
        epsilon: Any = 5.0, r_max: Any = 0.95, alpha_red: Any = 0.95, beta: Any = 1.0,
        beta_red: Any = 0.995
    ) -> None: ...

class AwTVPOCSParameters(RegularizationParameters):
    """Of run_awtv_pocs: differences far above delta count little."""
    epsilon: Any
    delta: Any
    beta: Any
    beta_red: Any
    def __init__(
        self, reg_iteration_count: Any = 20, alpha: Any = 0.2, tv_eps: Any = 1e-06,
        epsilon: Any = 1.0, delta: Any = 0.006, beta: Any = 1.0, beta_red: Any = 0.995
    ) -> None: ...

def reconstruct_sart(
    measured_projections: Any, forward_project: Any, back_project: Any, params: Any, *,
    show_progress: Any = True
) -> Any:
    """View after view (Andersen and Kak 1984)."""
    ...

def reconstruct_sirt(
    measured_projections: Any, forward_project: Any, back_project: Any, params: Any, *,
    show_progress: Any = True
) -> Any:
    """All views of a sweep from one x."""
    ...

def reconstruct_tv_pocs(
    measured_projections: Any, forward_project: Any, back_project: Any, reco_params: Any,
    reg_params: Any, *, show_progress: Any = False
) -> Any:
    """Total variation, steps of alpha times the sweep's change."""
    ...

def reconstruct_asd_pocs(
    measured_projections: Any, forward_project: Any, back_project: Any, reco_params: Any,
    reg_params: Any, *, show_progress: Any = False
) -> Any:
    """Total variation, steps that adapt (Sidky and Pan 2008). The residual looked at is the first
    view's of the order.
    """
    ...

def reconstruct_awtv_pocs(
    measured_projections: Any, forward_project: Any, back_project: Any, reco_params: Any,
    reg_params: Any, *, show_progress: Any = False
) -> Any:
    """Total variation that lets edges be (Liu and others 2012); alpha falls by 0.995 an iteration.
    """
    ...

class Reconstruction_Parameter(ReconstructionParameters):
    """As `ReconstructionParameters`."""

class Regularisation_Parameter(RegularizationParameters):
    """As `RegularizationParameters`."""

class TV_POCS_Parameter(TVPOCSParameters):
    """As `TVPOCSParameters`."""

class ASD_POCS_Parameter(ASDPOCSParameters):
    """As `ASDPOCSParameters`."""

class AwTV_POCS_Parameter(AwTVPOCSParameters):
    """As `AwTVPOCSParameters`."""

def run_sart(
    measured_projections: Any, forward_project: Any, back_project: Any, params: Any, *,
    show_progress: Any = True
) -> Any:
    """As `reconstruct_sart`."""
    ...

def run_sirt(
    measured_projections: Any, forward_project: Any, back_project: Any, params: Any, *,
    show_progress: Any = True
) -> Any:
    """As `reconstruct_sirt`."""
    ...

def run_tv_pocs(
    measured_projections: Any, forward_project: Any, back_project: Any, reco_params: Any,
    reg_params: Any, *, show_progress: Any = False
) -> Any:
    """As `reconstruct_tv_pocs`."""
    ...

def run_asd_pocs(
    measured_projections: Any, forward_project: Any, back_project: Any, reco_params: Any,
    reg_params: Any, *, show_progress: Any = False
) -> Any:
    """As `reconstruct_asd_pocs`."""
    ...

def run_awtv_pocs(
    measured_projections: Any, forward_project: Any, back_project: Any, reco_params: Any,
    reg_params: Any, *, show_progress: Any = False
) -> Any:
    """As `reconstruct_awtv_pocs`."""
    ...

class DARTParameters(ReconstructionParameters):
    """Of run_dart. free_pixel_probability: chance of a voxel among its like to be free too."""
    gray_levels: Any
    free_pixel_probability: Any
    initial_reconstruction_sweeps: Any
    apply_smoothing: Any
    smoothing_beta: Any
    convergence_epsilon: Any
    boundary_connectivity: Any
    segmentation_threshold_method: Any
    segmentation_threshold_value: Any
    otsu_foreground_only: Any
    otsu_percentile_window: Any
    binary_fill_holes: Any
    return_segmented_volume: Any
    random_seed: Any
    def __init__(
        self, volume_shape: Any, iteration_count: Any, sart_iteration_count: Any = 1,
        iterative_update_method: Any = 'sart', pixel_extreme_values: Any = ...,
        voxel_extreme_values: Any = ..., initial_volume: Any = None, enforce_positivity: Any = True,
        positivity_mode: Any = 'per_iteration', projection_order: Any = None,
        shuffle_projection_order: Any = True, projection_order_seed: Any = 0,
        sart_debug_callback: Any = None, raylength_thresholding: Any = True,
        raylength_quantile: Any = 0.001, raylength_epsilon: Any = 0.0005,
        detector_border_u: Any = 0, detector_border_v: Any = 0, volume_border_width: Any = 0,
        volume_support_mask: Any = None, volume_support_mask_mode: Any = 'always',
        voxel_sensitivity_normalization: Any = True, projection_chunk_size: Any = None,
        projection_subset_count: Any = 1, projection_weights: Any = None,
        normalized_sart_relaxation: Any = 0.9, backprojection_scale: Any = None,
        dtype: DTypeLike | None = None, gray_levels: Any = ..., free_pixel_probability: Any = 0.15,
        initial_reconstruction_sweeps: Any = None, apply_smoothing: Any = True,
        smoothing_beta: Any = 0.2, convergence_epsilon: Any = None,
        boundary_connectivity: Any = 'axial', segmentation_threshold_method: Any = 'midpoint',
        segmentation_threshold_value: Any = None, otsu_foreground_only: Any = False,
        otsu_percentile_window: Any = None, binary_fill_holes: Any = False,
        return_segmented_volume: Any = False, random_seed: Any = 0
    ) -> None: ...

def reconstruct_dart(
    measured_projections: Any, forward_project: Any, back_project: Any, params: Any, *,
    show_progress: Any = True
) -> Any:
    """A volume of few levels."""
    ...

def run_dart(
    measured_projections: Any, forward_project: Any, back_project: Any, params: Any, *,
    show_progress: Any = True
) -> Any:
    """As `reconstruct_dart`."""
    ...

def apply_detector_geometry_convention(
    det_u_vec: Any = None, det_v_vec: Any = None, *, du: Any = None, dv: Any = None,
    det_u: Any = None, det_v: Any = None, flip_u: Any = False, flip_v: Any = False,
    transpose_uv: Any = False
) -> Any:
    """Axes reversed and exchanged: (u, v, du, dv, det_u, det_v)."""
    ...

def apply_detector_array_convention(
    projections: Any, det_u_vec: Any = None, det_v_vec: Any = None, *, du: Any = None,
    dv: Any = None, flip_u: Any = False, flip_v: Any = False, transpose_uv: Any = False
) -> Any:
    """The same with projections (views, u, v): (projections, u, v, du, dv)."""
    ...

def build_upper_left_detector_transform(
    detector_pixels_u: Any, detector_pixels_v: Any, *, detector_binning_u: Any = 1,
    detector_binning_v: Any = 1, flip_v_axis: Any = True
) -> Any:
    """(3, 3): from pixels about the detector's middle to pixels from its upper left."""
    ...

def apply_upper_left_detector_transform(projection_matrix: Any, *sizes: Any, **options: Any) -> Any:
    """That matrix times a projection matrix (3, 4)."""
    ...

def transform_detector_offsets(horizontal_px: Any, vertical_px: Any, config: Any) -> Any:
    """A header's offsets in a convention (flip_u, flip_v, transpose_uv): (u, v)."""
    ...

def shift_detector_center(
    det_center: Any, det_u_vec: Any, det_v_vec: Any, du: Any, dv: Any, offset_u_px: Any = 0.0,
    offset_v_px: Any = 0.0
) -> Any:
    """Centres moved by pixels along u and v."""
    ...

def auto_voxel_spacing_from_detector(
    volume_shape: Any, detector_shape_uv: Any, detector_pitch_u_mm: Any, detector_pitch_v_mm: Any,
    magnification: Any, fov_margin_mm: Any = 8.0
) -> Any:
    """The spacing with which a volume fills what the detector sees, less a margin."""
    ...

def mu_to_hu(mu: Any, mu_water_mm: Any = 0.02) -> Any:
    """Attenuation in 1/mm as Hounsfield units."""
    ...

def mu_to_uint16(mu: Any, mu_max_mm: Any, mu_min_mm: Any = 0.0) -> Any:
    """Attenuation from mu_min_mm to mu_max_mm as 0 to 65535."""
    ...

def normalize_volume(volume: Volume | None, upper_percentile: Any = None) -> Any:
    """The least value becomes 0, the largest (or a percentile) 1."""
    ...

def resize_volume_to_shape(volume: Volume | None, target_shape: Any) -> Any:
    """Linear interpolation, corners on corners."""
    ...

def load_tiff_projections(
    proj_dir: Any, log_transform: Any = False, revert: Any = False, i0_percentile: Any = 99.9,
    viewwise_i0: Any = True, air_border_px: Any = 16, subtract_air_baseline: Any = True,
    air_baseline_percentile: Any = 50.0, view_stride: Any = 1, detector_binning_u: Any = 1,
    detector_binning_v: Any = 1, debug_visualization: Any = False, debug_output_path: Any = None
) -> Any:
    """A folder's TIFF images in the order of the numbers in their names, (views, v, u), binned; as
    -log of what is left of the light, whose value is a percentile of the border.
    """
    ...

class MeasuredConeDataConfig:
    """TIFF projections (rows along v) beside a geometry file with "detector" (num_pixels, pixel_size_mm,
    offset_px) and "source" (magnification).
    """
    data_dir: Any
    volume_shape: Any
    voxel_spacing_mm: Any
    target_view_count: Any
    target_detector_shape: Any
    trajectory_json_path: Any
    reference_volume_path: Any
    reference_meta_path: Any
    recenter_to_isocenter: Any
    flip_det_u: Any
    flip_det_v: Any
    transpose_uv: Any
    flip_u: Any
    flip_v: Any
    log_transform: Any
    revert: Any
    viewwise_i0: Any
    air_border_px: Any
    subtract_air_baseline: Any
    air_baseline_percentile: Any
    measured_fov_margin_mm: Any
    use_leap_fov_support_mask: Any
    support_mask_sensitivity_threshold_ratio: Any
    iterative_volume_support_mask_mode: Any
    iterative_projection_subset_count: Any
    iterative_normalized_sart_relaxation: Any
    iterative_backprojection_scale: Any
    projector_mode: Any
    normalize_reference: Any
    def __init__(
        self, data_dir: Any, volume_shape: Any = ..., voxel_spacing_mm: Any = None,
        target_view_count: Any = 360, target_detector_shape: Any = ...,
        trajectory_json_path: Any = None, reference_volume_path: Any = None,
        reference_meta_path: Any = None, recenter_to_isocenter: Any = True, flip_det_u: Any = False,
        flip_det_v: Any = False, transpose_uv: Any = True, flip_u: Any = False, flip_v: Any = False,
        log_transform: Any = True, revert: Any = False, viewwise_i0: Any = True,
        air_border_px: Any = 16, subtract_air_baseline: Any = True,
        air_baseline_percentile: Any = 50.0, measured_fov_margin_mm: Any = 8.0,
        use_leap_fov_support_mask: Any = True,
        support_mask_sensitivity_threshold_ratio: Any = 0.001,
        iterative_volume_support_mask_mode: Any = 'final',
        iterative_projection_subset_count: Any = 1, iterative_normalized_sart_relaxation: Any = 0.9,
        iterative_backprojection_scale: Any = None, projector_mode: Any = 'footprint',
        normalize_reference: Any = True
    ) -> None: ...

class NpyProjectionsConfig:
    """Projections of a .npy file, (views, v, u), or (views, u, v) with transpose_uv=False, whose values
    are in voxels, beside a geometry file.
    """
    projections_npy_path: Any
    geometry_json_path: Any
    volume_shape: Any
    voxel_spacing_mm: Any
    projector_mode: Any
    flip_det_u: Any
    flip_det_v: Any
    recenter_to_isocenter: Any
    flip_u: Any
    flip_v: Any
    transpose_uv: Any
    subtract_air_baseline: Any
    air_border_px: Any
    air_baseline_percentile: Any
    def __init__(
        self, projections_npy_path: Any, geometry_json_path: Any, volume_shape: Any = ...,
        voxel_spacing_mm: Any = 0.3, projector_mode: Any = 'footprint', flip_det_u: Any = False,
        flip_det_v: Any = False, recenter_to_isocenter: Any = True, flip_u: Any = False,
        flip_v: Any = False, transpose_uv: Any = True, subtract_air_baseline: Any = False,
        air_border_px: Any = 16, air_baseline_percentile: Any = 50.0
    ) -> None: ...

def build_npy_cone_3d_case(config: Any) -> Any:
    """A case of a NpyProjectionsConfig."""
    ...

def build_measured_cone_3d_case(config: Any) -> Any:
    """A case of a MeasuredConeDataConfig. Projections are lengths: FDK gives attenuation in 1/mm,
    iterative methods attenuation in one over a voxel.
    """
    ...

class LinearOperator:
    """forward and adjoint; shapes where they are known, else None."""
    def forward(self, x: Any) -> Any:
        """A x."""
        ...
    def adjoint(self, y: Any) -> Any:
        """A' y."""
        ...
    def __call__(self, x: Any) -> Any:
        """A x."""
        ...
    @property
    def T(self) -> Any:
        """The adjoint operator."""
        ...
    @property
    def adjoint_operator(self) -> Any:
        """The adjoint operator."""
        ...
    def __matmul__(self, other: Any) -> Any: ...
    def __mul__(self, factor: float) -> Any: ...
    def __rmul__(self, factor: float) -> Any: ...
    def __neg__(self) -> Any: ...
    def __add__(self, other: Any) -> Any: ...
    def __sub__(self, other: Any) -> Any: ...

class IdentityOperator(LinearOperator):
    """x."""
    domain_shape: tuple[int, ...]
    range_shape: tuple[int, ...]
    def __init__(self, shape: Sequence[int] | None = None) -> None: ...

class DiagonalOperator(LinearOperator):
    """Element by element times an array."""
    diagonal: Any
    domain_shape: tuple[int, ...]
    range_shape: tuple[int, ...]
    def __init__(self, diagonal: Any) -> None: ...

class FunctionOperator(_Made):
    """Of two functions of the caller's."""
    def __init__(
        self, forward_fn: Any, adjoint_fn: Any, *, domain_shape: Sequence[int] | None = None,
        range_shape: Sequence[int] | None = None
    ) -> None: ...

class ProjectionOperator(LinearOperator):
    """All views of a scan. `voxel_spacing` times `A @ x` is a length."""
    beam: Literal['parallel', 'fan', 'cone']
    voxel_spacing: Any
    n_views: Any
    domain_shape: tuple[int, ...]
    range_shape: tuple[int, ...]
    def __init__(
        self, beam: Literal['parallel', 'fan', 'cone'],
        model: Literal['joseph', 'siddon', 'footprint', 'footprint-tt'], frames: Any, *,
        shape: Sequence[int], bins: Any, pitch: float, voxel_spacing: Any, numbers: Any = None
    ) -> None: ...
    def subset(self, view_indices: Any) -> Any:
        """The operator of some views: a slice, a list of numbers or a mask of all."""
        ...
    def single(self) -> Any:
        """(forward(x, view), back(projection, view), back of all), for the drivers."""
        ...

def make_parallel_2d_operator(
    ray_dir: Any, det_origin: Any, det_u_vec: Any, *, image_shape: Any, num_detectors: Any,
    detector_spacing: Any = 1.0, voxel_spacing: Any = 1.0, projector_mode: Any = 'footprint'
) -> Any:
    """A ProjectionOperator of a parallel beam."""
    ...

def make_fan_2d_operator(
    src_pos: Any, det_center: Any, det_u_vec: Any, *, image_shape: Any, num_detectors: Any,
    detector_spacing: Any = 1.0, voxel_spacing: Any = 1.0, projector_mode: Any = 'footprint'
) -> Any:
    """A ProjectionOperator of a fan beam."""
    ...

def make_cone_3d_operator(
    src_pos: Any, det_center: Any, det_u_vec: Any, det_v_vec: Any, *, volume_shape: Any,
    detector_shape: Any, du: Any = 1.0, dv: Any = 1.0, voxel_spacing: Any = 1.0,
    projector_mode: Any = 'footprint'
) -> Any:
    """A ProjectionOperator of a cone beam."""
    ...

def make_parallel_2d_operators(*frames: Any, **options: Any) -> Any:
    """The same as (forward_single, back_single, back_project_all)."""
    ...

def make_fan_2d_operators(*frames: Any, **options: Any) -> Any:
    """The same as (forward_single, back_single, back_project_all)."""
    ...

def make_cone_3d_operators(*frames: Any, **options: Any) -> Any:
    """The same as (forward_single, back_single, back_project_all)."""
    ...

def shepp_logan_2d(shape_or_nx: Any, ny: Any = None) -> Any:
    """(ny, nx): of one number a square, of two (nx, ny)."""
    ...

def shepp_logan_3d(shape_or_nz: Any, ny: Any = None, nx: Any = None) -> Any:
    """(nz, ny, nx)."""
    ...

def parallel_forward(
    image: Any, ray_dir: Any, det_origin: Any, det_u_vec: Any, num_detectors: Any = 128,
    detector_spacing: Any = 1.0, voxel_spacing: Any = 1.0
) -> Any:
    """Sinogram (views, num_detectors) of an image (H, W), in voxels."""
    ...

def parallel_backward(
    sinogram: Any, ray_dir: Any, det_origin: Any, det_u_vec: Any, detector_spacing: Any = 1.0,
    H: Any = 128, W: Any = 128, voxel_spacing: Any = 1.0
) -> Any:
    """Its exact adjoint: an image (H, W)."""
    ...

def fan_forward(
    image: Any, src_pos: Any, det_center: Any, det_u_vec: Any, num_detectors: Any = 128,
    detector_spacing: Any = 1.0, voxel_spacing: Any = 1.0
) -> Any:
    """Sinogram (views, num_detectors) of an image (H, W), in voxels."""
    ...

def fan_backward(
    sinogram: Any, src_pos: Any, det_center: Any, det_u_vec: Any, detector_spacing: Any = 1.0,
    H: Any = 128, W: Any = 128, voxel_spacing: Any = 1.0
) -> Any:
    """Its exact adjoint: an image (H, W)."""
    ...

def cone_forward(
    volume: Volume | None, src_pos: Any, det_center: Any, det_u_vec: Any, det_v_vec: Any,
    det_u: Any = 128, det_v: Any = 128, du: Any = 1.0, dv: Any = 1.0, voxel_spacing: Any = 1.0
) -> Any:
    """Projections (views, det_u, det_v) of a volume (D, H, W), in voxels."""
    ...

def cone_backward(
    sinogram: Any, src_pos: Any, det_center: Any, det_u_vec: Any, det_v_vec: Any, D: Any = 128,
    H: Any = 128, W: Any = 128, du: Any = 1.0, dv: Any = 1.0, voxel_spacing: Any = 1.0
) -> Any:
    """Its exact adjoint: a volume (D, H, W)."""
    ...

def parallel_forward_footprint(
    image: Any, ray_dir: Any, det_origin: Any, det_u_vec: Any, num_detectors: Any = 128,
    detector_spacing: Any = 1.0, voxel_spacing: Any = 1.0
) -> Any:
    """The same by separable footprints: means over pixels."""
    ...

def parallel_backward_footprint(
    sinogram: Any, ray_dir: Any, det_origin: Any, det_u_vec: Any, detector_spacing: Any = 1.0,
    H: Any = 128, W: Any = 128, voxel_spacing: Any = 1.0
) -> Any:
    """Its exact adjoint."""
    ...

def fan_forward_footprint(
    image: Any, src_pos: Any, det_center: Any, det_u_vec: Any, num_detectors: Any = 128,
    detector_spacing: Any = 1.0, voxel_spacing: Any = 1.0
) -> Any:
    """The same by separable footprints: means over pixels."""
    ...

def fan_backward_footprint(
    sinogram: Any, src_pos: Any, det_center: Any, det_u_vec: Any, detector_spacing: Any = 1.0,
    H: Any = 128, W: Any = 128, voxel_spacing: Any = 1.0
) -> Any:
    """Its exact adjoint."""
    ...

def cone_forward_footprint(
    volume: Volume | None, src_pos: Any, det_center: Any, det_u_vec: Any, det_v_vec: Any,
    det_u: Any = 128, det_v: Any = 128, du: Any = 1.0, dv: Any = 1.0, voxel_spacing: Any = 1.0
) -> Any:
    """The same by separable footprints: means over pixels."""
    ...

def cone_backward_footprint(
    sinogram: Any, src_pos: Any, det_center: Any, det_u_vec: Any, det_v_vec: Any, D: Any = 128,
    H: Any = 128, W: Any = 128, du: Any = 1.0, dv: Any = 1.0, voxel_spacing: Any = 1.0,
    indices: Any = None
) -> Any:
    """Its exact adjoint; indices: voxels by their places in the flat volume, which gives a vector.
    """
    ...

def soft_threshold(x: Any, tau: Any) -> Any:
    """sign(x) max(|x| - tau, 0)."""
    ...

class Functional:
    """value(x); gradient(x) where it is smooth; prox(x, tau), the least of f(z) + |z - x|^2 / (2 tau),
    where there is a formula for it.
    """
    def value(self, x: Any) -> Any:
        """f(x)."""
        ...
    def gradient(self, x: Any) -> Any:
        """f'(x)."""
        ...
    def prox(self, x: Any, tau: Any) -> Any:
        """The proximal map."""
        ...
    def __mul__(self, factor: float) -> Any: ...
    def __rmul__(self, factor: float) -> Any: ...
    def __add__(self, other: Any) -> Any: ...

class SquaredL2(Functional):
    """weight / 2 |x - offset|^2."""
    weight: Any
    offset: Any
    def __init__(self, weight: Any = 1.0, offset: Any = None) -> None: ...
    def value(self, x: Any) -> Any: ...
    def gradient(self, x: Any) -> Any: ...
    def prox(self, x: Any, tau: Any) -> Any: ...

class Tikhonov(SquaredL2):
    """As `SquaredL2`."""

class LpNorm(Functional):
    """weight sum |x|^p: smooth for p > 1, proximable for p = 1."""
    p: Any
    weight: Any
    eps: Any
    is_smooth: Any
    is_proximable: Any
    def __init__(self, p: Any = 1.0, weight: Any = 1.0, eps: Any = 1e-08) -> None: ...
    def value(self, x: Any) -> Any: ...
    def gradient(self, x: Any) -> Any: ...
    def prox(self, x: Any, tau: Any) -> Any: ...

class L1Norm(LpNorm):
    """weight sum |x|."""
    def __init__(self, weight: Any = 1.0) -> None: ...

class Huber(Functional):
    """weight sum of x^2 / 2 up to delta, straight on beyond."""
    delta: Any
    weight: Any
    def __init__(self, delta: Any = 1.0, weight: Any = 1.0) -> None: ...
    def value(self, x: Any) -> Any: ...
    def gradient(self, x: Any) -> Any: ...

class TotalVariation(Functional):
    """weight times tv_regularizer."""
    weight: Any
    eps: Any
    def __init__(self, weight: Any = 1.0, eps: Any = 1e-06) -> None: ...
    def value(self, x: Any) -> Any: ...
    def gradient(self, x: Any) -> Any: ...

class AdaptiveWeightedTV(Functional):
    """weight times awtv_regularizer."""
    weight: Any
    delta: Any
    eps: Any
    def __init__(self, weight: Any = 1.0, delta: Any = 0.006, eps: Any = 1e-06) -> None: ...
    def value(self, x: Any) -> Any: ...
    def gradient(self, x: Any) -> Any: ...

class Box(Functional):
    """0 from lo to hi, infinite elsewhere: its proximal map clips."""
    lo: float | None
    hi: float | None
    def __init__(self, lo: float | None = 0.0, hi: float | None = float('inf')) -> None: ...
    def value(self, x: Any) -> Any: ...
    def prox(self, x: Any, tau: Any) -> Any: ...

class NonNegativity(Box):
    """0 where nothing is negative."""
    def __init__(self) -> None: ...

def register_algorithm(name: str, fn: Any = None) -> Any:
    """Makes reconstruct(name, ...) call it; also a decorator."""
    ...

def get_algorithm(name: str) -> Any:
    """The function of a name."""
    ...

def list_algorithms() -> Any:
    """The names."""
    ...

def reconstruct(name: str, *arguments: Any, **options: Any) -> Any:
    """Calls an algorithm by name."""
    ...

class IterativeReconstructor:
    """A base: step(A, b, x, k) gives the next x."""
    iterations: Any
    nonnegative: Any
    def __init__(self, iterations: Any = 10, nonnegative: Any = False) -> None: ...
    def step(self, A: Any, b: Any, x: Any, k: Any) -> Any:
        """The next x."""
        ...
    def run(
        self, A: Any, b: Any, *, x0: Any = None,
        callback: Callable[[Report, Any], Any] | None = None
    ) -> Any:
        """All iterations."""
        ...
    def __call__(
        self, A: Any, b: Any, *, x0: Any = None,
        callback: Callable[[Report, Any], Any] | None = None
    ) -> Any:
        """All iterations."""
        ...

def power_iteration(normal_apply: Any, shape: Sequence[int], iterations: Any = 15) -> Any:
    """The largest eigenvalue of a symmetric operator, by powers."""
    ...

def landweber(
    A: Any, b: Any, *, x0: Any = None, iterations: Any = 30, step_size: Any = 0.001,
    nonnegative: Any = True, callback: Callable[[Report, Any], Any] | None = None
) -> Any:
    """x - step A'(A x - b)."""
    ...

def cgls(
    A: Any, b: Any, *, x0: Any = None, iterations: Any = 20, tol: Any = 1e-06,
    nonnegative: Any = False, callback: Callable[[Report, Any], Any] | None = None
) -> Any:
    """Least squares by conjugate gradients (Bjorck 1996, 7.4)."""
    ...

def pcg(
    H: Any, c: Any, *, x0: Any = None, iterations: Any = 25, tol: Any = 1e-06, precond: Any = None,
    nonnegative: Any = False, callback: Callable[[Report, Any], Any] | None = None
) -> Any:
    """H x = c for a symmetric positive operator, by conjugate gradients."""
    ...

def wls(A: Any, b: Any, *, weights: Any = None, beta: Any = 0.0, **options: Any) -> Any:
    """|A x - b|^2 weighted, plus beta |x|^2, by pcg of the normal equations."""
    ...

def ls(A: Any, b: Any, **options: Any) -> Any:
    """|A x - b|^2."""
    ...

def rls(A: Any, b: Any, *, beta: Any = 0.01, **options: Any) -> Any:
    """|A x - b|^2 + beta |x|^2."""
    ...

def rwls(
    A: Any, b: Any, *, regularizer: Any = None, constraint: Any = None, weights: Any = None,
    x0: Any = None, iterations: Any = 50, step_size: Any = None, nonnegative: Any = True,
    callback: Callable[[Report, Any], Any] | None = None
) -> Any:
    """|A x - b|^2 / 2 weighted, plus a smooth regularizer, under a constraint's proximal map, by FISTA
    (Beck and Teboulle 2009). step_size: None: 0.9 over the operator's norm squared.
    """
    ...

def dls(A: Any, b: Any, **options: Any) -> Any:
    """Few views: ls, with a `precond`."""
    ...

def rdls(A: Any, b: Any, **options: Any) -> Any:
    """Few views: rwls, with a `regularizer`."""
    ...

def mlem(
    A: Any, b: Any, *, x0: Any = None, iterations: Any = 20,
    callback: Callable[[Report, Any], Any] | None = None
) -> Any:
    """Poisson data of emission: x A'(b / A x) / A'1."""
    ...

def osem(
    A: Any, b: Any, *, subsets: Any = 8, x0: Any = None, iterations: Any = 5,
    callback: Callable[[Report, Any], Any] | None = None
) -> Any:
    """The same by subsets of views."""
    ...

def mltr(
    A: Any, counts: Any, blank: Any, *, x0: Any = None, iterations: Any = 60, beta: Any = 0.0,
    regularizer: Any = None, relaxation: Any = 1.0, curvature: Any = 'optimal',
    callback: Callable[[Report, Any], Any] | None = None
) -> Any:
    """Counts y of transmission, Poisson with mean blank exp(-A x): x + relaxation A'(mean - y) /
    A'(c A1), c the mean ("optimal") or the blank ("max").
    """
    ...

def get_backend() -> Any:
    """The package that new arrays come from: "numpy", "torch" or "jax"; see `set_backend`."""
    ...

def set_backend(name: str) -> Any:
    """Says where new arrays come from. Before it is said: the environment's DIFFCT_BACKEND, else the
    package that the program has imported already (torch, jax), else numpy.
    """
    ...

def circular_trajectory_3d(
    n_views: Any, sid: Any, sdd: float, start_angle: Any = 0.0, end_angle: Any = None,
    device: Device | str | None = None, dtype: DTypeLike | None = None
) -> Any:
    """A circle about z: source, detector centre, u, v, each (views, 3); the end angle is left out.
    """
    ...

def random_trajectory_3d(
    n_views: Any, sid_mean: Any, sdd_mean: Any, sid_std: Any = 0.0, pos_std: Any = 0.0,
    angle_std: Any = 0.0, device: Device | str | None = None, dtype: DTypeLike | None = None,
    seed: int | None = None
) -> Any:
    """A circle with normal errors of the source's distance, of both places, of the detector's angle.
    """
    ...

def spiral_trajectory_3d(
    n_views: Any, sid: Any, sdd: float, z_range: Any = 100.0, n_turns: Any = 2.0,
    start_angle: Any = 0.0, device: Device | str | None = None, dtype: DTypeLike | None = None
) -> Any:
    """A helix; z from -z_range / 2 to z_range / 2, both ends included."""
    ...

def sinusoidal_trajectory_3d(
    n_views: Any, sid: Any, sdd: float, amplitude: Any = 50.0, frequency: Any = 2.0,
    start_angle: Any = 0.0, device: Device | str | None = None, dtype: DTypeLike | None = None
) -> Any:
    """The source's distance swings."""
    ...

def saddle_trajectory_3d(
    n_views: Any, sid: Any, sdd: float, z_amplitude: Any = 50.0, radial_amplitude: Any = 30.0,
    start_angle: Any = 0.0, device: Device | str | None = None, dtype: DTypeLike | None = None
) -> Any:
    """Height and distance swing."""
    ...

def custom_trajectory_3d(
    n_views: Any, sid: Any, sdd: float, source_path_fn: Any, start_angle: Any = 0.0,
    device: Device | str | None = None, dtype: DTypeLike | None = None
) -> Any:
    """Any path of the source: source_path_fn(angles, sid) gives (views, 3). The detector's middle
    lies sdd from the source, behind the origin.
    """
    ...

def circular_trajectory_2d_fan(
    n_views: Any, sid: Any, sdd: float, start_angle: Any = 0.0, end_angle: Any = None,
    device: Device | str | None = None, dtype: DTypeLike | None = None
) -> Any:
    """A circle, in the plane: source, detector centre, u, each (views, 2)."""
    ...

def sinusoidal_trajectory_2d_fan(
    n_views: Any, sid: Any, sdd: float, amplitude: Any = 50.0, frequency: Any = 2.0,
    start_angle: Any = 0.0, device: Device | str | None = None, dtype: DTypeLike | None = None
) -> Any:
    """The source's distance swings, in the plane."""
    ...

def custom_trajectory_2d_fan(
    n_views: Any, sid: Any, sdd: float, source_path_fn: Any, start_angle: Any = 0.0,
    device: Device | str | None = None, dtype: DTypeLike | None = None
) -> Any:
    """Any path of the source in the plane: source_path_fn(angles, sid) gives (views, 2)."""
    ...

def circular_trajectory_2d_parallel(
    n_views: Any, detector_distance: Any = 0.0, start_angle: Any = 0.0, end_angle: Any = None,
    device: Device | str | None = None, dtype: DTypeLike | None = None
) -> Any:
    """Half a turn: rays, detector origins, u. detector_distance moves the detector along u."""
    ...

def sinusoidal_trajectory_2d_parallel(
    n_views: Any, amplitude: Any = 50.0, frequency: Any = 2.0, start_angle: Any = 0.0,
    device: Device | str | None = None, dtype: DTypeLike | None = None
) -> Any:
    """Half a turn; the detector swings along u."""
    ...

def custom_trajectory_2d_parallel(
    n_views: Any, ray_dir_fn: Any, det_origin_fn: Any, start_angle: Any = 0.0,
    device: Device | str | None = None, dtype: DTypeLike | None = None
) -> Any:
    """Rays and detector origins of functions of the angles, each (views, 2); u lies across the ray.
    """
    ...

def laminography_trajectory_3d(
    n_views: Any, sid: Any, sdd: float, tilt_deg: Any = 30.0, start_angle: Any = 0.0,
    end_angle: Any = None
) -> Any:
    """A circle at the height sid sin(tilt), looking at the origin; tilt_deg = 0 is a cone scan."""
    ...

def estimate_cone_isocenter(src_pos: Any, det_center: Any) -> Any:
    """The point nearest to all lines from source to detector centre (least squares), (3,)."""
    ...

def diagnose_cone_geometry(src_pos: Any, det_center: Any, det_u_vec: Any, det_v_vec: Any) -> Any:
    """How a scan lies, as a dict of diffct-mlx's names: ranges of distances, the largest cosines between
    the detector's axes and to the central ray, the point nearest to all central rays and how far they
    pass from it.
    """
    ...

def load_arbitrary_cone_geometry_from_json(
    json_path: Any, *, flip_det_u: Any = False, flip_det_v: Any = False,
    warn_on_inconsistency: Any = True, recenter_to_isocenter: Any = False
) -> Any:
    """Source, detector centre, u, v of a JSON file. Without a detector it is made from the sources
    and the distance "sdd", which is warned of.
    """
    ...

def weight_d_volume(d_volume: Any, delta: Any) -> Any:
    """d exp(-(d / delta)^2)."""
    ...

def tv_regularizer(volume: Volume | None, eps: Any = 1e-06) -> Any:
    """Total variation."""
    ...

def tv_regularizer_3d(volume: Volume | None, eps: Any = 1e-06) -> Any:
    """As `tv_regularizer`."""
    ...

def awtv_regularizer(volume: Volume | None, delta: Any, eps: Any = 1e-06) -> Any:
    """Weighted total variation."""
    ...

def tv_gradient(volume: Volume | None, eta: Any = 1e-06) -> Any:
    """The gradient of tv_regularizer; differentiable again."""
    ...

def awtv_gradient(volume: Volume | None, delta: Any, eta: Any = 1e-06) -> Any:
    """The gradient of awtv_regularizer; differentiable again."""
    ...

def l2_regularizer(volume: Volume | None) -> Any:
    """The mean square."""
    ...

def normalize_reconstruction_volume(volume: Volume | None, eps: Any = 1e-06) -> Any:
    """Values below 0 become 0, the largest 1."""
    ...

def tv_pocs(
    volume: Volume | None, backup_volume: Any, reg_iteration_count: Any, alpha: Any,
    eta: Any = 1e-06
) -> Any:
    """Steps of alpha |volume - backup|: (volume, the same as the new backup)."""
    ...

def asd_pocs(
    volume: Volume | None, backup_volume: Any, iteration_index: Any, reg_iteration_count: Any,
    dd: Any, dtvg: Any, alpha: Any, alpha_red: Any, r_max: Any, epsilon: Any, eta: Any = 1e-06
) -> Any:
    """Steps that adapt: (volume, the same, length of the next steps)."""
    ...

def awtv_pocs(
    volume: Volume | None, backup_volume: Any, reg_iteration_count: Any, alpha: Any, delta: Any,
    eta: Any = 1e-06
) -> Any:
    """Steps of alpha |volume - backup| down weighted total variation: (volume, the same, next alpha).
    """
    ...

ParallelProjectorFunction: Any

ParallelBackprojectorFunction: Any

FanProjectorFunction: Any

FanBackprojectorFunction: Any

ConeProjectorFunction: Any

ConeBackprojectorFunction: Any

__all__ = [
    'detector_coordinates_1d', 'angular_integration_weights', 'fan_cosine_weights',
    'cone_cosine_weights', 'parker_weights', 'ramp_filter_1d', 'ramp_filter',
    'parallel_weighted_backproject', 'fan_weighted_backproject', 'cone_weighted_backproject',
    'FBPParameters', 'FDKParameters', 'reconstruct_fbp', 'reconstruct_fdk', 'run_fdk', 'run_fbp',
    'ReconstructionCase', 'reconstruct_case_fdk', 'build_parallel_2d_case', 'build_fan_2d_case',
    'build_cone_3d_case', 'ReconstructionParameters', 'SARTParameters', 'SIRTParameters',
    'RegularizationParameters', 'TVPOCSParameters', 'ASDPOCSParameters', 'AwTVPOCSParameters',
    'reconstruct_sart', 'reconstruct_sirt', 'reconstruct_tv_pocs', 'reconstruct_asd_pocs',
    'reconstruct_awtv_pocs', 'Reconstruction_Parameter', 'Regularisation_Parameter',
    'TV_POCS_Parameter', 'ASD_POCS_Parameter', 'AwTV_POCS_Parameter', 'run_sart', 'run_sirt',
    'run_tv_pocs', 'run_asd_pocs', 'run_awtv_pocs', 'DARTParameters', 'reconstruct_dart',
    'run_dart', 'apply_detector_geometry_convention', 'apply_detector_array_convention',
    'build_upper_left_detector_transform', 'apply_upper_left_detector_transform',
    'transform_detector_offsets', 'shift_detector_center', 'auto_voxel_spacing_from_detector',
    'mu_to_hu', 'mu_to_uint16', 'normalize_volume', 'resize_volume_to_shape',
    'load_tiff_projections', 'MeasuredConeDataConfig', 'NpyProjectionsConfig',
    'build_npy_cone_3d_case', 'build_measured_cone_3d_case', 'LinearOperator', 'IdentityOperator',
    'DiagonalOperator', 'FunctionOperator', 'ProjectionOperator', 'make_parallel_2d_operator',
    'make_fan_2d_operator', 'make_cone_3d_operator', 'make_parallel_2d_operators',
    'make_fan_2d_operators', 'make_cone_3d_operators', 'shepp_logan_2d', 'shepp_logan_3d',
    'parallel_forward', 'parallel_backward', 'fan_forward', 'fan_backward', 'cone_forward',
    'cone_backward', 'parallel_forward_footprint', 'parallel_backward_footprint',
    'fan_forward_footprint', 'fan_backward_footprint', 'cone_forward_footprint',
    'cone_backward_footprint', 'soft_threshold', 'Functional', 'SquaredL2', 'Tikhonov', 'LpNorm',
    'L1Norm', 'Huber', 'TotalVariation', 'AdaptiveWeightedTV', 'Box', 'NonNegativity',
    'register_algorithm', 'get_algorithm', 'list_algorithms', 'reconstruct',
    'IterativeReconstructor', 'power_iteration', 'landweber', 'cgls', 'pcg', 'wls', 'ls', 'rls',
    'rwls', 'dls', 'rdls', 'mlem', 'osem', 'mltr', 'get_backend', 'set_backend',
    'circular_trajectory_3d', 'random_trajectory_3d', 'spiral_trajectory_3d',
    'sinusoidal_trajectory_3d', 'saddle_trajectory_3d', 'custom_trajectory_3d',
    'circular_trajectory_2d_fan', 'sinusoidal_trajectory_2d_fan', 'custom_trajectory_2d_fan',
    'circular_trajectory_2d_parallel', 'sinusoidal_trajectory_2d_parallel',
    'custom_trajectory_2d_parallel', 'laminography_trajectory_3d', 'estimate_cone_isocenter',
    'diagnose_cone_geometry', 'load_arbitrary_cone_geometry_from_json', 'weight_d_volume',
    'tv_regularizer', 'tv_regularizer_3d', 'awtv_regularizer', 'tv_gradient', 'awtv_gradient',
    'l2_regularizer', 'normalize_reconstruction_volume', 'tv_pocs', 'asd_pocs', 'awtv_pocs',
    'ParallelProjectorFunction', 'ParallelBackprojectorFunction', 'FanProjectorFunction',
    'FanBackprojectorFunction', 'ConeProjectorFunction', 'ConeBackprojectorFunction'
]
