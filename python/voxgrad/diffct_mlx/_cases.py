"""Problems that are ready to be solved: a phantom or measured projections with their operators."""

import dataclasses
import math
import typing

import numpy as np

from .. import _spaces
from . import _analytic, _operators, _phantoms, _trajectories

_ANY = typing.Any


@dataclasses.dataclass
class ReconstructionCase:
    """sinogram, operators of single views and of all (`back_project_all`), a reference where there is
    one, and parameters that suit. Values of projections are in voxels."""

    name: str
    sinogram: _ANY
    volume_shape: typing.Tuple[int, ...]
    forward_single: _ANY
    back_single: _ANY
    back_project_all: _ANY
    reference: _ANY = None
    reference_title: typing.Optional[str] = None
    supports_fbp: bool = False
    supports_fdk: bool = False
    fbp_normalization_scale: typing.Optional[float] = None
    iterative_iteration_count: int = 5
    sirt_iteration_count: int = 15
    iterative_sart_iteration_count: int = 2
    iterative_projection_subset_count: int = 1
    iterative_normalized_sart_relaxation: float = 0.9
    iterative_backprojection_scale: typing.Optional[float] = 0.215
    pocs_iterative_update_method: str = "sart"
    iterative_positivity_mode: str = "per_iteration"
    iterative_detector_border_u: int = 0
    iterative_detector_border_v: int = 0
    iterative_volume_border_width: int = 0
    iterative_volume_support_mask: _ANY = None
    iterative_volume_support_mask_mode: str = "always"
    iterative_voxel_sensitivity_normalization: bool = False
    iterative_projection_weights: _ANY = None
    tv_reg_iteration_count: int = 6
    tv_alpha: float = 0.12
    asd_reg_iteration_count: int = 6
    asd_alpha: float = 0.12
    asd_epsilon: float = 0.05
    awtv_reg_iteration_count: int = 6
    awtv_alpha: float = 0.12
    awtv_epsilon: float = 0.08
    awtv_delta: float = 0.006
    fdk_normalization_scale: typing.Optional[float] = None
    fbp_weight: _ANY = None
    fdk_weight: _ANY = None
    voxel_spacing: float = 1.0
    fdk_filter: _ANY = None
    fdk_back_project: _ANY = None


def fdk_steps(frames, volume_shape, detector_shape, du, dv, voxel_spacing, scale):
    """(weight, filter, backproject) that give attenuation: of projections times `scale`, which makes
    lengths of them. Weights of views are those of the source's angles about z."""
    s, d = [_spaces.host(p, np.float64) for p in frames[:2]]
    sdd = float(np.linalg.norm(d - s, axis=1).mean())
    cosine = _analytic.cone_cosine_weights(*detector_shape, du, dv, sdd)
    angles = np.unwrap(np.arctan2(s[:, 1], s[:, 0]))
    turn = _analytic.angular_integration_weights(angles)[:, None, None] * scale

    def weight(y):
        return y * _spaces.new(_spaces.space(y), cosine, y)

    def filtered(y):
        y = y * _spaces.new(_spaces.space(y), turn, y)
        return _analytic.ramp_filter_1d(y, 1, du, 2)

    def back(y):
        return _analytic.cone_weighted_backproject(y, *frames, *volume_shape, du, dv, voxel_spacing)
    return weight, filtered, back


def reconstruct_case_fdk(case, *, enforce_positivity=True):
    """Attenuation in one over the geometry's unit, by the case's own steps."""
    if case.fdk_back_project is None:
        raise ValueError("case %r has no FDK" % case.name)
    return _analytic.reconstruct_fdk(
        case.sinogram, case.fdk_back_project,
        _analytic.FDKParameters(normalization_scale=1.0, enforce_positivity=enforce_positivity),
        weight_projections=case.fdk_weight, filter_projections=case.fdk_filter)


def _parts(make, frames, **options):
    """Projections by Siddon of the phantom; single views by footprints, all by Siddon."""
    lines = make(*frames, projector_mode="siddon", **options)
    forward, back, _ = make(*frames, projector_mode="footprint", **options).single()
    return lines, dict(forward_single=forward, back_single=back, back_project_all=lines._adjoint)


def _reference(values):
    return _spaces.new(_trajectories.backend_space(), values)


def build_parallel_2d_case(*, image_shape=(96, 96), num_views=180, num_detectors=160,
                           detector_spacing=1.0, voxel_spacing=1.0):
    """Shepp and Logan's head in a parallel beam, half a turn."""
    frames = _trajectories.circular_trajectory_2d_parallel(num_views)
    lines, parts = _parts(_operators.make_parallel_2d_operator, frames, image_shape=image_shape,
                          num_detectors=num_detectors, detector_spacing=detector_spacing,
                          voxel_spacing=voxel_spacing)
    image = _reference(_phantoms.shepp_logan_2d(image_shape))
    return ReconstructionCase(
        "Parallel 2D", lines @ image, tuple(image_shape), reference=image, reference_title="Phantom",
        supports_fbp=True, fbp_normalization_scale=math.pi / (2 * num_views),
        voxel_spacing=float(voxel_spacing), iterative_voxel_sensitivity_normalization=True, **parts)


def build_fan_2d_case(*, image_shape=(256, 256), num_views=360, num_detectors=600,
                      detector_spacing=1.0, voxel_spacing=1.0, sid=500.0, sdd=800.0):
    """The same in a fan beam, a whole turn."""
    frames = _trajectories.circular_trajectory_2d_fan(num_views, sid, sdd)
    lines, parts = _parts(_operators.make_fan_2d_operator, frames, image_shape=image_shape,
                          num_detectors=num_detectors, detector_spacing=detector_spacing,
                          voxel_spacing=voxel_spacing)
    image = _reference(_phantoms.shepp_logan_2d(image_shape))
    cosine = _analytic.fan_cosine_weights(num_detectors, detector_spacing, sdd)
    return ReconstructionCase(
        "Fan 2D", lines @ image, tuple(image_shape), reference=image, reference_title="Phantom",
        supports_fbp=True, fbp_normalization_scale=math.pi / (2 * num_views),
        voxel_spacing=float(voxel_spacing), fbp_weight=lambda y: y * cosine,
        iterative_voxel_sensitivity_normalization=True, **parts)


def build_cone_3d_case(*, volume_shape=(128, 128, 128), num_views=360, detector_shape=(256, 256),
                       du=1.0, dv=1.0, voxel_spacing=1.0, sid=600.0, sdd=900.0):
    """The same in a cone beam."""
    frames = _trajectories.circular_trajectory_3d(num_views, sid, sdd)
    lines, parts = _parts(_operators.make_cone_3d_operator, frames, volume_shape=volume_shape,
                          detector_shape=detector_shape, du=du, dv=dv, voxel_spacing=voxel_spacing)
    volume = _reference(_phantoms.shepp_logan_3d(volume_shape))
    scale = math.pi * sid / (2 * sdd * num_views)
    weight, filtered, back = fdk_steps(frames, volume_shape, detector_shape, du, dv, voxel_spacing,
                                       voxel_spacing)
    return ReconstructionCase(
        "Cone 3D", lines @ volume, tuple(volume_shape), reference=volume, reference_title="Phantom",
        supports_fbp=True, supports_fdk=True, fbp_normalization_scale=scale,
        fdk_normalization_scale=scale, voxel_spacing=float(voxel_spacing), fbp_weight=weight,
        fdk_weight=weight, fdk_filter=filtered, fdk_back_project=back, **parts)
