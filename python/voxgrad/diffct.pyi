# Written by ./dev docs (tools/python_stubs.py).
"""For scripts written for diffct 2.x: its names and conventions over this library, on the CPU.

    import voxgrad.diffct as diffct

There: trajectories, `Projector`, `fbp`, `fdk`, `cgls`, `sirt`,
`tv_reconstruction`, `SolverResult` and the Function classes. World (x, y, z); volumes (D, H, W),
images (H, W); sinograms (views, U, V) or (views, bins); values are lengths. diffct traces the rays
of fans and cones from the source to the pixel; here they are whole lines, which is the same as long
as the volume lies between the two. Rays cross cells (model="siddon", as diffct's do) or are
interpolated (model="joseph": derivatives by the trajectory are there). What is not there is refused
by name.
"""

from typing import Any, Callable, NamedTuple
import torch
from numpy.typing import ArrayLike

from .ct import Volume

class SolverResult(NamedTuple):
    """What a solver gives: residual_history begins with |b - A x0|."""
    volume: Any
    iterations: int
    residual_history: list[float]
    converged: bool
    reason: str

def circular_trajectory_3d(
    n_views: Any, sid: Any, sdd: float, start_angle: Any = 0.0, end_angle: Any = None,
    device: Any = 'cpu', dtype: Any = torch.float32
) -> Any:
    """A circle about z."""
    ...

def spiral_trajectory_3d(
    n_views: Any, sid: Any, sdd: float, z_range: Any = 100.0, n_turns: Any = 2.0,
    start_angle: Any = 0.0, device: Any = 'cpu', dtype: Any = torch.float32
) -> Any:
    """A helix; z runs from -z_range / 2 to z_range / 2, both ends included."""
    ...

def sinusoidal_trajectory_3d(
    n_views: Any, sid: Any, sdd: float, amplitude: Any = 50.0, frequency: Any = 2.0,
    start_angle: Any = 0.0, device: Any = 'cpu', dtype: Any = torch.float32
) -> Any:
    """The source's distance swings."""
    ...

def saddle_trajectory_3d(
    n_views: Any, sid: Any, sdd: float, z_amplitude: Any = 50.0, radial_amplitude: Any = 30.0,
    start_angle: Any = 0.0, device: Any = 'cpu', dtype: Any = torch.float32
) -> Any:
    """Height and distance swing."""
    ...

def custom_trajectory_3d(
    n_views: Any, sid: Any, sdd: float, source_path_fn: Any, start_angle: Any = 0.0,
    device: Any = 'cpu', dtype: Any = torch.float32
) -> Any:
    """Any path of the source: source_path_fn(angles, sid) gives (views, 3)."""
    ...

def circular_trajectory_2d_fan(
    n_views: Any, sid: Any, sdd: float, start_angle: Any = 0.0, end_angle: Any = None,
    device: Any = 'cpu', dtype: Any = torch.float32
) -> Any:
    """A circle, in the plane."""
    ...

def sinusoidal_trajectory_2d_fan(
    n_views: Any, sid: Any, sdd: float, amplitude: Any = 50.0, frequency: Any = 2.0,
    start_angle: Any = 0.0, device: Any = 'cpu', dtype: Any = torch.float32
) -> Any:
    """The source's distance swings, in the plane."""
    ...

def custom_trajectory_2d_fan(
    n_views: Any, sid: Any, sdd: float, source_path_fn: Any, start_angle: Any = 0.0,
    device: Any = 'cpu', dtype: Any = torch.float32
) -> Any:
    """Any path of the source in the plane: source_path_fn(angles, sid) gives (views, 2)."""
    ...

def circular_trajectory_2d_parallel(
    n_views: Any, detector_distance: Any = 0.0, start_angle: Any = 0.0, end_angle: Any = None,
    device: Any = 'cpu', dtype: Any = torch.float32
) -> Any:
    """Half a turn; detector_distance moves the detector along u, as diffct's does."""
    ...

def sinusoidal_trajectory_2d_parallel(
    n_views: Any, amplitude: Any = 50.0, frequency: Any = 2.0, start_angle: Any = 0.0,
    device: Any = 'cpu', dtype: Any = torch.float32
) -> Any:
    """The detector swings along u."""
    ...

def custom_trajectory_2d_parallel(
    n_views: Any, ray_dir_fn: Any, det_origin_fn: Any, start_angle: Any = 0.0, device: Any = 'cpu',
    dtype: Any = torch.float32
) -> Any:
    """Rays and detector origins of functions of the angles, each (views, 2); u lies across the ray.
    """
    ...

def circular_trajectory_3d_parallel(
    n_views: Any, detector_distance: Any = 0.0, start_angle: Any = 0.0, end_angle: Any = None,
    device: Any = 'cpu', dtype: Any = torch.float32
) -> Any:
    """Half a turn about z."""
    ...

def transform_trajectory(
    trajectory: Any, rotation: ArrayLike | None = None, translation: Any = None, *,
    beam: str = 'cone'
) -> Any:
    """Places become R p + t, directions R d; R is a rotation (d, d), one or one a view."""
    ...

class Projector:
    """project(volume), backproject(sinogram) (the exact adjoint), both differentiable.

    beam: "cone", "fan", "parallel", "parallel3d". model: "siddon" or "joseph".
    """
    beam: str
    model: str
    volume_shape: Any
    voxel_spacing: Any
    dtype: Any
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

ParallelProjectorFunction: Any

ParallelBackprojectorFunction: Any

FanProjectorFunction: Any

FanBackprojectorFunction: Any

ConeProjectorFunction: Any

ConeBackprojectorFunction: Any

def fbp(
    sinogram: Any, trajectory: Any, volume_shape: Any, angles: Any = None, *,
    beam: str = 'parallel', detector_spacing: Any = 1.0, voxel_spacing: Any = 1.0,
    window: Any = 'ram-lak', short_scan: Any = False, projection_weights: Any = None,
    angular_weights: Any = None, filter_response: Any = None, isocenter: Any = None
) -> Any:
    """Attenuation (H, W) of a parallel or fan beam. Angles and weights are those of the trajectory's
    own rays; `angles` is not looked at.
    """
    ...

def fdk(
    sinogram: Any, trajectory: Any, volume_shape: Any, angles: Any = None, *,
    detector_spacing: Any = 1.0, voxel_spacing: Any = 1.0, window: Any = 'ram-lak',
    short_scan: Any = False, projection_weights: Any = None, angular_weights: Any = None,
    filter_response: Any = None, isocenter: Any = None
) -> Any:
    """Attenuation (D, H, W) of a cone beam on a circle."""
    ...

def cgls(
    op: Any, b: Any, iterations: Any = 30, *, x0: Any = None, rtol: Any = 1e-06,
    callback: Callable[..., Any] | None = None
) -> Any:
    """Least squares by conjugate gradients."""
    ...

def sirt(
    op: Any, b: Any, iterations: Any = 100, relaxation: Any = 1.0, nonnegative: Any = True, *,
    x0: Any = None, rtol: Any = 1e-06, callback: Callable[..., Any] | None = None
) -> Any:
    """x + relaxation C A'(R (b - A x)), R and C one over the sums of rows and columns."""
    ...

def total_variation(
    volume: Any, *, voxel_spacing: Any = 1.0, eps: Any = 1e-06, reduction: Any = 'mean'
) -> Any:
    """Sum or mean over voxels of sqrt(sum of squared forward differences over the spacing + eps); a
    difference is 0 at the far border.
    """
    ...

def tv_reconstruction(
    op: Any, b: Any, iterations: Any = 100, weight: Any = 1.0, lr: Any = 0.1, *, x0: Any = None,
    rtol: Any = 1e-06, atol: Any = 0.0, callback: Callable[..., Any] | None = None
) -> Any:
    """Adam on half the mean square of the residual and weight times the total variation; values below
    0 become 0 after every step.
    """
    ...

__all__ = [
    'SolverResult', 'circular_trajectory_3d', 'spiral_trajectory_3d', 'sinusoidal_trajectory_3d',
    'saddle_trajectory_3d', 'custom_trajectory_3d', 'circular_trajectory_2d_fan',
    'sinusoidal_trajectory_2d_fan', 'custom_trajectory_2d_fan', 'circular_trajectory_2d_parallel',
    'sinusoidal_trajectory_2d_parallel', 'custom_trajectory_2d_parallel',
    'circular_trajectory_3d_parallel', 'transform_trajectory', 'Projector',
    'ParallelProjectorFunction', 'ParallelBackprojectorFunction', 'FanProjectorFunction',
    'FanBackprojectorFunction', 'ConeProjectorFunction', 'ConeBackprojectorFunction', 'fbp', 'fdk',
    'cgls', 'sirt', 'total_variation', 'tv_reconstruction'
]
