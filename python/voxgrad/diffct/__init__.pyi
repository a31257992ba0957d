# Written by ./dev docs (tools/python_stubs.py).
"""For scripts written for diffct 2.x: its names and conventions over this library, on the CPU.

    import voxgrad.diffct as diffct

There: the thirteen trajectories, `Projector`, `fbp`, `fdk`, `helical_fdk` with weights and filters of
one's own, `cgls`, `sirt`, `tv_reconstruction`, `SolverResult` and the Function classes. World (x, y, z);
volumes (D, H, W), images (H, W); sinograms (views, U, V) or (views, bins); values are lengths. diffct
traces the rays of fans and cones from the source to the pixel; here they are whole lines, which is the
same as long as the volume lies between the two. Rays cross cells (model="siddon", as diffct's do) or are
interpolated (model="joseph": derivatives by the trajectory are there). What is not there is refused by
name.
"""

from typing import Any, Callable, NamedTuple
import torch
from numpy.typing import ArrayLike

from ..operators import Operator
from ..ct import Volume

class Projector:
    """project(volume), backproject(sinogram) (the exact adjoint), both differentiable.

    beam: "cone", "fan", "parallel", "parallel3d". model: "siddon" or "joseph". precision: "fast"
    computes in the data's type, "float32" and "float64" in that.
    """
    beam: str
    model: str
    volume_shape: Any
    voxel_spacing: Any
    precision: Any
    backend: str
    dtype: Any
    detector_shape: Any
    detector_spacing: Any
    projection_shape: Any
    def __init__(
        self, trajectory: Any, volume_shape: Any, detector_shape: Any, *, beam: str = 'cone',
        detector_spacing: Any = 1.0, voxel_spacing: Any = 1.0, precision: Any = 'fast',
        model: str = 'siddon', **options: Any
    ) -> None: ...
    def project(self, volume: Any, *, trajectory: Any = None) -> Any:
        """Line integrals (..., views, U, V) of volumes (..., D, H, W)."""
        ...
    def __call__(self, volume: Volume | None, *, trajectory: Any = None) -> Any:
        """Line integrals (..., views, U, V) of volumes (..., D, H, W)."""
        ...
    def backproject(self, sinogram: Any, *, trajectory: Any = None) -> Any:
        """The exact adjoint."""
        ...
    def project_into(self, *_: Any, **__: Any) -> Any:
        """Refused: work beyond memory is voxgrad.ct.recon's."""
        ...
    def backproject_into(self, *_: Any, **__: Any) -> Any:
        """Refused: work beyond memory is voxgrad.ct.recon's."""
        ...

def detector_coordinates_1d(
    num_detectors: Any, detector_spacing: Any, detector_offset: Any = 0.0, device: Any = None,
    dtype: Any = torch.float32
) -> Any:
    """(k - (n - 1) / 2) spacing + offset."""
    ...

def angular_integration_weights(angles: Any, redundant_full_scan: Any = True) -> Any:
    """Trapezoidal weights of views in the order given: of half and whole turns, closed or not, as of a
    period; a whole turn counts half, so that both sum to pi.
    """
    ...

def fan_cosine_weights(
    num_detectors: Any, detector_spacing: Any, sdd: float, detector_offset: Any = 0.0,
    device: Any = None, dtype: Any = torch.float32
) -> Any:
    """sdd / sqrt(sdd^2 + u^2), (num_detectors,)."""
    ...

def cone_cosine_weights(
    det_u: Any, det_v: Any, du: Any, dv: Any, sdd: float, detector_offset_u: Any = 0.0,
    detector_offset_v: Any = 0.0, device: Any = None, dtype: Any = torch.float32
) -> Any:
    """sdd / sqrt(sdd^2 + u^2 + v^2), (det_u, det_v)."""
    ...

def parker_weights(
    angles: Any, num_detectors: Any, detector_spacing: Any, sdd: float, detector_offset: Any = 0.0
) -> Any:
    """Weights (views, num_detectors) of a short scan: opposite rays sum to one, over-scans too. A whole
    turn: ones.
    """
    ...

def ramp_filter_1d(
    sinogram_tensor: Any, dim: Any = -1, sample_spacing: Any = 1.0, pad_factor: Any = 1,
    window: Any = None, use_rfft: Any = True
) -> Any:
    """The ramp's samples (pi / 2, -2 / (pi k^2) at odd k) over the spacing, times a window, along one
    axis, which is lengthened by zeros to pad_factor times as many samples.
    """
    ...

def parallel_weighted_backproject(
    sinogram: Any, ray_dir: Any, det_origin: Any, det_u_vec: Any, detector_spacing: Any, H: Any,
    W: Any, voxel_spacing: Any = 1.0
) -> Any:
    """An image (H, W) of a filtered sinogram that was multiplied by its angles' weights."""
    ...

def fan_weighted_backproject(
    sinogram: Any, src_pos: Any, det_center: Any, det_u_vec: Any, detector_spacing: Any, H: Any,
    W: Any, voxel_spacing: Any = 1.0, *, isocenter: Any = None
) -> Any:
    """The same of a fan beam."""
    ...

def cone_weighted_backproject(
    sinogram: Any, src_pos: Any, det_center: Any, det_u_vec: Any, det_v_vec: Any, D: Any, H: Any,
    W: Any, du: Any, dv: Any, voxel_spacing: Any = 1.0, *, isocenter: Any = None
) -> Any:
    """A volume (D, H, W) of filtered projections (views, u, v)."""
    ...

def fbp(
    sinogram: Any, trajectory: Any, volume_shape: Any, angles: Any = None, *,
    beam: str = 'parallel', detector_spacing: Any = 1.0, voxel_spacing: Any = 1.0,
    window: Any = 'ram-lak', pad_factor: Any = 2, projection_weights: Any = None,
    angular_weights: Any = None, filter_response: Any = None, short_scan: Any = False,
    isocenter: Any = None, precision: Any = 'fast', **options: Any
) -> Any:
    """Attenuation (H, W) of a parallel or fan beam, differentiable in the data and the tensors given.

    projection_weights: instead of the cosine; angular_weights (views,): instead of the angles'
    quadrature; filter_response (pad_factor bins // 2 + 1): the whole multiplier, in one over the length.
    angles None and nothing of one's own: the library's own reconstruction, which takes angles and
    weights from the trajectory.
    """
    ...

def fdk(
    sinogram: Any, trajectory: Any, volume_shape: Any, angles: Any = None, *,
    detector_spacing: Any = 1.0, voxel_spacing: Any = 1.0, window: Any = 'ram-lak',
    pad_factor: Any = 2, projection_weights: Any = None, angular_weights: Any = None,
    filter_response: Any = None, short_scan: Any = False, isocenter: Any = None,
    precision: Any = 'fast', **options: Any
) -> Any:
    """Attenuation (D, H, W) of a cone beam; see `fbp`."""
    ...

def helical_view_weights(angles: Any, source_z: Any, slice_z: Any) -> Any:
    """(slices, views): of every slice the views of the turn about it, by trapezoids cut at its ends;
    each sums to pi. A slice without a whole turn is an error.
    """
    ...

def helical_weighted_backproject(
    sinogram: Any, trajectory: Any, volume_shape: Any, view_weights: Any, *, isocenter: Any,
    detector_spacing: Any = 1.0, voxel_spacing: Any = 1.0
) -> Any:
    """A volume of filtered projections of a helix about z, each slice of its own weights (D, views).
    """
    ...

def helical_fdk(
    sinogram: Any, trajectory: Any, volume_shape: Any, angles: Any, *, isocenter: Any,
    detector_spacing: Any = 1.0, voxel_spacing: Any = 1.0, window: Any = 'ram-lak',
    pad_factor: Any = 2, projection_weights: Any = None, view_weights: Any = None,
    filter_response: Any = None
) -> Any:
    """FDK of a helix about z: every slice from the turn about it. Approximate, as FDK is beside its
    middle plane.
    """
    ...

class SolverResult(NamedTuple):
    """What a solver gives: residual_history begins with |b - A x0|."""
    volume: Any
    iterations: int
    residual_history: list[float]
    converged: bool
    reason: str

def cgls(
    operator: Operator, measurements: Any, iterations: Any = 30, *, x0: Any = None,
    rtol: Any = 1e-06, atol: Any = 0.0, callback: Callable[..., Any] | None = None,
    checkpoint_directory: Any = None, resume: Any = None
) -> Any:
    """Least squares by conjugate gradients. callback(iteration, residual, x): False ends."""
    ...

def sirt(
    operator: Operator, measurements: Any, iterations: Any = 100, *, x0: Any = None,
    rtol: Any = 1e-06, atol: Any = 0.0, callback: Callable[..., Any] | None = None,
    checkpoint_directory: Any = None, resume: Any = None, relaxation: Any = 1.0,
    nonnegative: Any = True
) -> Any:
    """x + relaxation C A'(R (b - A x)), R and C one over the sums of rows and columns; see `cgls`.
    """
    ...

def total_variation(
    volume: Any, *, operator: Operator | None = None, voxel_spacing: Any = 1.0, eps: Any = 1e-06,
    reduction: Any = 'mean'
) -> Any:
    """Sum or mean over voxels of sqrt(sum of squared forward differences over the spacing + eps); a
    difference is 0 at the far border.
    """
    ...

def tv_reconstruction(
    operator: Operator, measurements: Any, iterations: Any = 100, weight: Any = 1.0, lr: Any = 0.1,
    *, x0: Any = None, rtol: Any = 1e-06, atol: Any = 0.0,
    callback: Callable[..., Any] | None = None, checkpoint_directory: Any = None, resume: Any = None
) -> Any:
    """Adam on half the mean square of the residual and weight times the total variation; values below
    0 become 0 after every step. See `cgls`.
    """
    ...

def circular_trajectory_3d(
    n_views: Any, sid: Any, sdd: float, start_angle: Any = 0.0, end_angle: Any = None,
    device: Any = 'cpu', dtype: Any = _F32
) -> Any:
    """A circle about z: source, detector centre, u, v, each (views, 3)."""
    ...

def random_trajectory_3d(
    n_views: Any, sid_mean: Any, sdd_mean: Any, sid_std: Any = 0.0, pos_std: Any = 0.0,
    angle_std: Any = 0.0, device: Any = 'cpu', dtype: Any = _F32, seed: int | None = None
) -> Any:
    """A circle with normal errors of the source's distance, of both places, of the detector's angle;
    the program's own random numbers stay as they are.
    """
    ...

def spiral_trajectory_3d(
    n_views: Any, sid: Any, sdd: float, z_range: Any = 100.0, n_turns: Any = 2.0,
    start_angle: Any = 0.0, device: Any = 'cpu', dtype: Any = _F32
) -> Any:
    """A helix; z runs from -z_range / 2 to z_range / 2, both ends included."""
    ...

def sinusoidal_trajectory_3d(
    n_views: Any, sid: Any, sdd: float, amplitude: Any = 50.0, frequency: Any = 2.0,
    start_angle: Any = 0.0, device: Any = 'cpu', dtype: Any = _F32
) -> Any:
    """The source's distance swings."""
    ...

def saddle_trajectory_3d(
    n_views: Any, sid: Any, sdd: float, z_amplitude: Any = 50.0, radial_amplitude: Any = 30.0,
    start_angle: Any = 0.0, device: Any = 'cpu', dtype: Any = _F32
) -> Any:
    """Height and distance swing."""
    ...

def custom_trajectory_3d(
    n_views: Any, sid: Any, sdd: float, source_path_fn: Any, start_angle: Any = 0.0,
    device: Any = 'cpu', dtype: Any = _F32
) -> Any:
    """Any path of the source: source_path_fn(angles, sid) gives (views, 3)."""
    ...

def circular_trajectory_2d_fan(
    n_views: Any, sid: Any, sdd: float, start_angle: Any = 0.0, end_angle: Any = None,
    device: Any = 'cpu', dtype: Any = _F32
) -> Any:
    """A circle, in the plane: source, detector centre, u, each (views, 2)."""
    ...

def sinusoidal_trajectory_2d_fan(
    n_views: Any, sid: Any, sdd: float, amplitude: Any = 50.0, frequency: Any = 2.0,
    start_angle: Any = 0.0, device: Any = 'cpu', dtype: Any = _F32
) -> Any:
    """The source's distance swings, in the plane."""
    ...

def custom_trajectory_2d_fan(
    n_views: Any, sid: Any, sdd: float, source_path_fn: Any, start_angle: Any = 0.0,
    device: Any = 'cpu', dtype: Any = _F32
) -> Any:
    """Any path of the source in the plane: source_path_fn(angles, sid) gives (views, 2)."""
    ...

def circular_trajectory_2d_parallel(
    n_views: Any, detector_distance: Any = 0.0, start_angle: Any = 0.0, end_angle: Any = None,
    device: Any = 'cpu', dtype: Any = _F32
) -> Any:
    """Half a turn: rays, detector origins, u; detector_distance moves the detector along u, as diffct's
    does.
    """
    ...

def sinusoidal_trajectory_2d_parallel(
    n_views: Any, amplitude: Any = 50.0, frequency: Any = 2.0, start_angle: Any = 0.0,
    device: Any = 'cpu', dtype: Any = _F32
) -> Any:
    """The detector swings along u."""
    ...

def custom_trajectory_2d_parallel(
    n_views: Any, ray_dir_fn: Any, det_origin_fn: Any, start_angle: Any = 0.0, device: Any = 'cpu',
    dtype: Any = _F32
) -> Any:
    """Rays and detector origins of functions of the angles, each (views, 2); u lies across the ray.
    """
    ...

def circular_trajectory_3d_parallel(
    n_views: Any, detector_distance: Any = 0.0, start_angle: Any = 0.0, end_angle: Any = None,
    device: Any = 'cpu', dtype: Any = _F32
) -> Any:
    """Half a turn about z: rays, detector centres, u, v."""
    ...

def transform_trajectory(
    trajectory: Any, rotation: ArrayLike | None = None, translation: Any = None, *,
    beam: str = 'cone'
) -> Any:
    """Places become R p + t, directions R d; R is a rotation (d, d), one or one a view."""
    ...

ParallelProjectorFunction: Any

ParallelBackprojectorFunction: Any

FanProjectorFunction: Any

FanBackprojectorFunction: Any

ConeProjectorFunction: Any

ConeBackprojectorFunction: Any

NpyStore: Any

TensorStore: Any

fbp_into: Any

fdk_into: Any

cgls_into: Any

ParameterizedSurface: Any

__all__ = [
    'Projector', 'detector_coordinates_1d', 'angular_integration_weights', 'fan_cosine_weights',
    'cone_cosine_weights', 'parker_weights', 'ramp_filter_1d', 'parallel_weighted_backproject',
    'fan_weighted_backproject', 'cone_weighted_backproject', 'fbp', 'fdk', 'helical_view_weights',
    'helical_weighted_backproject', 'helical_fdk', 'SolverResult', 'cgls', 'sirt',
    'total_variation', 'tv_reconstruction', 'circular_trajectory_3d', 'random_trajectory_3d',
    'spiral_trajectory_3d', 'sinusoidal_trajectory_3d', 'saddle_trajectory_3d',
    'custom_trajectory_3d', 'circular_trajectory_2d_fan', 'sinusoidal_trajectory_2d_fan',
    'custom_trajectory_2d_fan', 'circular_trajectory_2d_parallel',
    'sinusoidal_trajectory_2d_parallel', 'custom_trajectory_2d_parallel',
    'circular_trajectory_3d_parallel', 'transform_trajectory', 'ParallelProjectorFunction',
    'ParallelBackprojectorFunction', 'FanProjectorFunction', 'FanBackprojectorFunction',
    'ConeProjectorFunction', 'ConeBackprojectorFunction', 'NpyStore', 'TensorStore', 'fbp_into',
    'fdk_into', 'cgls_into', 'ParameterizedSurface'
]
