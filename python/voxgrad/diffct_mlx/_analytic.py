"""Filters, weights and backprojection for analytic reconstruction, and its two drivers."""

import dataclasses
import math
import typing

import numpy as np

from .. import _recipes, _spaces
from . import _projectors


def detector_coordinates_1d(num_detectors, detector_spacing, detector_offset=0.0, device=None,
                            dtype=None):
    """(k - n / 2) spacing + offset."""
    del device
    from ._trajectories import backend_space
    k = np.arange(num_detectors) - num_detectors / 2
    return _spaces.new(backend_space(), k * detector_spacing + detector_offset, dtype=dtype)


def angular_integration_weights(angles, redundant_full_scan=True):
    """Trapezoidal weights of views in the order given: of half and whole turns, closed or not, as of
    a period; a whole turn counts half, so that both sum to pi."""
    return _like(_recipes.angle_weights(_spaces.host(angles), redundant_full_scan), angles)


def _like(w, angles):
    """An array of the angles' package, in their type where that is one of fractions."""
    xp = _spaces.space(angles)
    floating = str(getattr(angles, "dtype", "")).rpartition(".")[2].startswith("float")
    return _spaces.new(xp, w, angles if floating else None)


def fan_cosine_weights(num_detectors, detector_spacing, sdd, detector_offset=0.0, device=None,
                       dtype=None):
    """sdd / sqrt(sdd^2 + u^2), (num_detectors,)."""
    u = detector_coordinates_1d(num_detectors, detector_spacing, detector_offset, device, dtype)
    return sdd / _spaces.space(u).sqrt(sdd * sdd + u * u)


def cone_cosine_weights(det_u, det_v, du, dv, sdd, detector_offset_u=0.0, detector_offset_v=0.0,
                        device=None, dtype=None):
    """sdd / sqrt(sdd^2 + u^2 + v^2), (det_u, det_v)."""
    u = detector_coordinates_1d(det_u, du, detector_offset_u, device, dtype)[:, None]
    v = detector_coordinates_1d(det_v, dv, detector_offset_v, device, dtype)[None, :]
    return sdd / _spaces.space(u).sqrt(sdd * sdd + u * u + v * v)


def parker_weights(angles, num_detectors, detector_spacing, sdd, detector_offset=0.0):
    """Weights (views, num_detectors) of a short scan of a fan: opposite rays sum to one (Parker 1982,
    with the half angle of the fan that an over-scan has; diffct-mlx gives over-scans one). A whole
    turn: ones."""
    u = (np.arange(num_detectors) - num_detectors / 2) * detector_spacing + detector_offset
    return _like(_recipes.parker(_spaces.host(angles), np.arctan(u / sdd)), angles)


def ramp_filter_1d(sinogram, dim=-1, sample_spacing=1.0, pad_factor=1, window=None, use_rfft=True):
    """|2 pi f| / spacing times a window along one axis, which is lengthened by zeros to pad_factor
    times as many samples. Differentiable."""
    del use_rfft
    if not sample_spacing > 0:
        raise ValueError("sample_spacing must be above 0, not %r" % (sample_spacing,))
    length = sinogram.shape[dim] * max(1, int(pad_factor or 1))
    h = _recipes.straight_ramp(length) * _recipes.window(window, np.fft.rfftfreq(length))
    return _recipes.filtered(sinogram, dim, h / sample_spacing, length)


def ramp_filter(sinogram, axis=1, pad_factor=1, sample_spacing=1.0):
    """2 |f| / spacing along one axis: the ramp that the drivers' normalisation belongs to."""
    return ramp_filter_1d(sinogram, axis, sample_spacing, pad_factor) / math.pi


def _backproject(beam, sinogram, frames, shape, pitch, voxel):
    """Voxels gather: (sid / U)^2 of the interpolated sinogram, times mean sdd / (2 pi mean sid), or
    1 / (2 pi) of a parallel beam."""
    axes = 3 if beam == "cone" else 2
    y = _projectors._array(sinogram, axes, "sinogram")
    numbers = _projectors._numbers(beam, frames, pitch, voxel)
    g = _projectors.geometry(beam, numbers, tuple(y.shape[1 - axes:]))
    scale = 1 / (2 * math.pi)
    if beam != "parallel":  # the library's weight is (sdd / U)^2
        sid, sdd = _recipes.distances(frames)
        scale = scale * (sid / sdd) ** 2 * sdd.mean() / sid.mean()
    return _recipes.gathered(y, g, _projectors.grid(shape), scale, beam != "parallel",
                             axes == 2)


def parallel_weighted_backproject(sinogram, ray_dir, det_origin, det_u_vec, detector_spacing, H, W,
                                  voxel_spacing=1.0):
    """An image (H, W) of a filtered sinogram that was multiplied by its angles' weights."""
    return _backproject("parallel", sinogram, (ray_dir, det_origin, det_u_vec), (H, W),
                        detector_spacing, voxel_spacing)


def fan_weighted_backproject(sinogram, src_pos, det_center, det_u_vec, detector_spacing, H, W,
                             voxel_spacing=1.0):
    """The same of a fan beam."""
    return _backproject("fan", sinogram, (src_pos, det_center, det_u_vec), (H, W), detector_spacing,
                        voxel_spacing)


def cone_weighted_backproject(sinogram, src_pos, det_center, det_u_vec, det_v_vec, D, H, W, du, dv,
                              voxel_spacing=1.0):
    """A volume (D, H, W) of filtered projections (views, u, v)."""
    return _backproject("cone", sinogram, (src_pos, det_center, det_u_vec, det_v_vec), (D, H, W),
                        (du, dv), voxel_spacing)


# ---- Drivers ----
@dataclasses.dataclass
class FBPParameters:
    """normalization_scale: what the backprojection is multiplied by; None: pi / views."""

    detector_spacing: float = 1.0
    voxel_spacing: float = 1.0
    enforce_positivity: bool = True
    normalization_scale: typing.Optional[float] = None
    pad_factor: int = 2
    dtype: typing.Any = None
    filter_axis: int = 1


@dataclasses.dataclass
class FDKParameters(FBPParameters):
    """The same for a cone beam."""


def reconstruct_fbp(sinogram, back_project, params, *, weight_projections=None,
                    filter_projections=None):
    """Weights, filters (2 |f| / detector_spacing unless filter_projections is given), backprojects by
    the function given, and scales."""
    y = _projectors._array(sinogram, 2, "sinogram")
    if params.dtype is not None:
        y = _spaces.cast(y, params.dtype)
    if weight_projections is not None:
        y = weight_projections(y)
    if filter_projections is not None:
        y = filter_projections(y)
    else:
        y = ramp_filter(y, params.filter_axis, params.pad_factor, params.detector_spacing)
    scale = params.normalization_scale
    x = back_project(y) * (math.pi / y.shape[0] if scale is None else scale)
    return _spaces.positive(x) if params.enforce_positivity else x


reconstruct_fdk = run_fdk = run_fbp = reconstruct_fbp
