"""Analytic reconstruction in diffct's steps: cosine, (short scan,) ramp, angles' weights, gathering.
Each step's weights can be given, as tensors that are learned."""

import math

import numpy as np
import torch

from .. import _recipes, _spaces, ct
from .. import torch as adapter
from ._projector import _AXES, Projector, _numbers, check_options


# ---- Weights and ramp ----
def detector_coordinates_1d(num_detectors, detector_spacing, detector_offset=0.0, device=None,
                            dtype=torch.float32):
    """(k - (n - 1) / 2) spacing + offset."""
    k = torch.arange(num_detectors, device=device, dtype=dtype)
    return (k - 0.5 * (num_detectors - 1)) * detector_spacing + detector_offset


def angular_integration_weights(angles, redundant_full_scan=True):
    """Trapezoidal weights of views in the order given: of half and whole turns, closed or not, as of a
    period; a whole turn counts half, so that both sum to pi."""
    angles = torch.as_tensor(angles)
    kind = angles.dtype if angles.is_floating_point() else torch.float32
    return torch.as_tensor(_recipes.angle_weights(_spaces.host(angles), redundant_full_scan), dtype=kind,
                           device=angles.device)


def fan_cosine_weights(num_detectors, detector_spacing, sdd, detector_offset=0.0, device=None,
                       dtype=torch.float32):
    """sdd / sqrt(sdd^2 + u^2), (num_detectors,)."""
    u = detector_coordinates_1d(num_detectors, detector_spacing, detector_offset, device, dtype)
    return sdd / torch.sqrt(sdd * sdd + u * u)


def cone_cosine_weights(det_u, det_v, du, dv, sdd, detector_offset_u=0.0, detector_offset_v=0.0,
                        device=None, dtype=torch.float32):
    """sdd / sqrt(sdd^2 + u^2 + v^2), (det_u, det_v)."""
    u = detector_coordinates_1d(det_u, du, detector_offset_u, device, dtype)[:, None]
    v = detector_coordinates_1d(det_v, dv, detector_offset_v, device, dtype)[None, :]
    return sdd / torch.sqrt(sdd * sdd + u * u + v * v)


def parker_weights(angles, num_detectors, detector_spacing, sdd, detector_offset=0.0):
    """Weights (views, num_detectors) of a short scan: opposite rays sum to one, over-scans too. A whole
    turn: ones."""
    u = detector_coordinates_1d(num_detectors, detector_spacing, detector_offset, dtype=torch.float64)
    angles = torch.as_tensor(angles)
    w = _recipes.parker(_spaces.host(angles), np.arctan(u.numpy() / sdd))
    return torch.as_tensor(w, dtype=angles.dtype if angles.is_floating_point() else torch.float32)


def _response(bins, pitch, window, pad_factor, given, like):
    """(response, length)."""
    length = int(pad_factor) * bins
    if given is not None:
        return torch.as_tensor(given).to(like.dtype), length
    h = _recipes.sampled_ramp(length) * _recipes.window(window, np.fft.rfftfreq(length)) / pitch
    return torch.as_tensor(h, dtype=like.dtype), length


def ramp_filter_1d(sinogram_tensor, dim=-1, sample_spacing=1.0, pad_factor=1, window=None, use_rfft=True):
    """The ramp's samples (pi / 2, -2 / (pi k^2) at odd k) over the spacing, times a window, along one
    axis, which is lengthened by zeros to pad_factor times as many samples."""
    del use_rfft
    if not sample_spacing > 0:
        raise ValueError("sample_spacing must be above 0, not %r" % (sample_spacing,))
    length = sinogram_tensor.shape[dim] * max(1, int(pad_factor or 1))
    h = _recipes.sampled_ramp(length) * _recipes.window(window, np.fft.rfftfreq(length))
    return _recipes.filtered(sinogram_tensor, dim, torch.as_tensor(h / sample_spacing,
                                                                   dtype=sinogram_tensor.dtype), length)


# ---- Gathering ----
def _scale(beam, trajectory, isocenter):
    """Factors of views behind (sdd / U)^2: sdd / (2 pi sid) (sid / sdd)^2."""
    if beam.startswith("parallel"):
        return 1 / (2 * math.pi)
    middle = _recipes.isocenter(trajectory) if isocenter is None else _spaces.host(isocenter, np.float64)
    sid, sdd = _recipes.distances(trajectory, middle)
    return sid / sdd / (2 * math.pi)


def _projector(sinogram, trajectory, volume_shape, beam, detector_spacing, voxel_spacing):
    axes = _AXES.get(beam)
    if axes is None:
        raise ValueError("beam: one of %s is expected, not %r" % (", ".join(_AXES), beam))
    if any(getattr(f, "requires_grad", False) for f in trajectory):
        raise ValueError("trajectory: analytic reconstruction has no derivatives by it; detach it")
    return Projector(trajectory, volume_shape, sinogram.shape[1 - axes:], beam=beam,
                     detector_spacing=detector_spacing, voxel_spacing=voxel_spacing)


def _gather(p, sinogram, trajectory, isocenter):
    return _recipes.gathered(sinogram, p._operator.geometry, p._volume,
                             _scale(p.beam, trajectory, isocenter), not p.beam.startswith("parallel"),
                             len(p._bins) == 1)


def parallel_weighted_backproject(sinogram, ray_dir, det_origin, det_u_vec, detector_spacing, H, W,
                                  voxel_spacing=1.0):
    """An image (H, W) of a filtered sinogram that was multiplied by its angles' weights."""
    t = (ray_dir, det_origin, det_u_vec)
    return _gather(_projector(sinogram, t, (H, W), "parallel", detector_spacing, voxel_spacing), sinogram,
                   t, None)


def fan_weighted_backproject(sinogram, src_pos, det_center, det_u_vec, detector_spacing, H, W,
                             voxel_spacing=1.0, *, isocenter=None):
    """The same of a fan beam."""
    t = (src_pos, det_center, det_u_vec)
    return _gather(_projector(sinogram, t, (H, W), "fan", detector_spacing, voxel_spacing), sinogram, t,
                   isocenter)


def cone_weighted_backproject(sinogram, src_pos, det_center, det_u_vec, det_v_vec, D, H, W, du, dv,
                              voxel_spacing=1.0, *, isocenter=None):
    """A volume (D, H, W) of filtered projections (views, u, v)."""
    t = (src_pos, det_center, det_u_vec, det_v_vec)
    return _gather(_projector(sinogram, t, (D, H, W), "cone", (du, dv), voxel_spacing), sinogram, t,
                   isocenter)


# ---- The whole way ----
def _short(p, trajectory, angles):
    """Parker's weights (views, columns) of a circular scan, by its own frames."""
    s, d, u = [_spaces.host(f, np.float64) for f in trajectory[:3]]
    middle, n = _recipes.isocenter(trajectory)[:2], _recipes.normals(trajectory)
    r = s[:, :2] - middle
    sid, sdd = _recipes.distances(trajectory, np.r_[middle, s[0, 2:]])
    off = ((d - s - sdd[:, None] * n) * u).sum(1)
    steps = np.diff(angles)
    if len(angles) < 3 or not ((steps > 0).all() or (steps < 0).all()):
        raise ValueError("short_scan: angles that ascend or descend are expected")
    for what, values in (("the source's distance", np.linalg.norm(r, axis=1)), ("sid", sid),
                         ("sdd", sdd), ("the detector's offset", off)):
        if np.ptp(values) > 1e-4 * sdd.mean():
            raise ValueError("short_scan: a circle is expected; %s changes from view to view" % what)
    way = np.sign(steps[0]) * np.stack([-r[0, 1], r[0, 0]])
    sign = -np.sign((u[0, :2] * way).sum())
    columns = (np.arange(p._bins[0]) - (p._bins[0] - 1) / 2) * p._pitch[0] + off[0]
    gamma = sign * np.arctan(columns / sdd[0])
    span = abs(angles[-1] - angles[0]) + abs(np.median(steps))
    if span < math.pi + 2 * np.abs(gamma).max() - 1e-3:
        raise ValueError("short_scan: %.4g rad are measured, %.4g are needed"
                         % (span, math.pi + 2 * np.abs(gamma).max()))
    return _recipes.parker(np.abs(angles - angles[0]), gamma)


def _fits(weights, y, name):
    weights = torch.as_tensor(weights)
    try:
        shape = torch.broadcast_shapes(tuple(weights.shape), tuple(y.shape))
    except RuntimeError:
        shape = None
    if shape != tuple(y.shape):
        raise ValueError("%s: a shape that broadcasts to %s is expected, not %s"
                         % (name, tuple(y.shape), tuple(weights.shape)))
    return weights.to(y.dtype)


def _angles(angles, count):
    phi = _spaces.host(angles, np.float64)
    if phi.shape != (count,) or not np.isfinite(phi).all():
        raise ValueError("angles: %d finite numbers are expected, not shape %s" % (count, phi.shape))
    return phi


def _steps(p, sinogram, trajectory, angles, window, pad_factor, projection_weights, angular_weights,
           filter_response, short_scan):
    """Weighted, filtered, weighted by angle."""
    y, axis = sinogram, -len(p._bins)
    tail = (1,) * len(p._bins)
    cosine = projection_weights
    if cosine is None and not p.beam.startswith("parallel"):
        cosine = torch.as_tensor(_recipes.cosines(trajectory, p._bins, p._pitch), dtype=y.dtype)
    if cosine is not None:
        y = y * _fits(cosine, y, "projection_weights")
    if short_scan:
        if p.beam.startswith("parallel"):
            raise ValueError("short_scan is for fan and cone beams")
        w = _short(p, trajectory, _angles(angles, len(trajectory[0])))
        y = y * torch.as_tensor(w if len(p._bins) == 1 else w[:, :, None], dtype=y.dtype)
    h, length = _response(p._bins[0], p._pitch[0], window, pad_factor, filter_response, y)
    y = _recipes.filtered(y, axis, h, length)
    if angular_weights is None:
        angular_weights = torch.as_tensor(_recipes.angle_weights(
            _angles(angles, len(trajectory[0])), not short_scan), dtype=y.dtype)
    angular_weights = torch.as_tensor(angular_weights)
    if tuple(angular_weights.shape) != (len(trajectory[0]),):
        raise ValueError("angular_weights: %d numbers are expected, not shape %s"
                         % (len(trajectory[0]), tuple(angular_weights.shape)))
    return y * angular_weights.to(y.dtype).reshape((-1,) + tail)


def _reconstruct(sinogram, trajectory, volume_shape, angles, beam, detector_spacing, voxel_spacing, window,
                 pad_factor, projection_weights, angular_weights, filter_response, short_scan, isocenter,
                 precision, options):
    check_options("fdk" if beam == "cone" else "fbp", options)
    if precision not in ("fast", "float32", "float64"):
        raise ValueError("precision: 'fast', 'float32' or 'float64' is expected, not %r" % (precision,))
    if isinstance(pad_factor, bool) or int(pad_factor) != pad_factor or pad_factor < 2:
        raise ValueError("pad_factor: a whole number from 2 on is expected, not %r" % (pad_factor,))
    if precision != "fast" or sinogram.dtype not in (torch.float32, torch.float64):
        sinogram = sinogram.to(torch.float64 if precision == "float64" else torch.float32)
    p = _projector(sinogram, trajectory, volume_shape, beam, detector_spacing, voxel_spacing)
    own = all(v is None for v in (angles, projection_weights, angular_weights, filter_response, isocenter))
    if own and pad_factor != 2:
        raise ValueError("pad_factor: the library's own reconstruction has none; give the angles")
    if not own:
        y = _steps(p, sinogram, trajectory, angles, window, pad_factor, projection_weights,
                   angular_weights, filter_response, short_scan)
        return _gather(p, y, trajectory, isocenter)
    geometry, flat = p._operator.geometry, len(p._bins) == 1
    word = "ramp" if window is None else str(window).lower().replace("_", "-")
    _recipes.window(window, np.zeros(1))  # refuses what is no window
    word = {"ram-lak": "ramp", "ramlak": "ramp", "none": "ramp", "hanning": "hann"}.get(word, word)
    if beam.startswith("parallel"):
        operator = ct.fbp_operator(geometry, p._volume, window=word)
    else:
        operator = ct.fdk_operator(geometry, p._volume, arc="short" if short_scan else "auto", window=word)
    x = adapter.apply(operator, sinogram.unsqueeze(-2) if flat else sinogram.transpose(-1, -2))
    return x.squeeze(-3) if flat else x


def fbp(sinogram, trajectory, volume_shape, angles=None, *, beam="parallel", detector_spacing=1.0,
        voxel_spacing=1.0, window="ram-lak", pad_factor=2, projection_weights=None, angular_weights=None,
        filter_response=None, short_scan=False, isocenter=None, precision="fast", **options):
    """Attenuation (H, W) of a parallel or fan beam, differentiable in the data and the tensors given.

    projection_weights: instead of the cosine; angular_weights (views,): instead of the angles'
    quadrature; filter_response (pad_factor bins // 2 + 1): the whole multiplier, in one over the length.
    angles None and nothing of one's own: the library's own reconstruction, which takes angles and
    weights from the trajectory."""
    if beam not in ("parallel", "fan"):
        raise ValueError("beam: 'parallel' or 'fan' is expected, not %r" % (beam,))
    return _reconstruct(sinogram, trajectory, volume_shape, angles, beam, detector_spacing, voxel_spacing,
                        window, pad_factor, projection_weights, angular_weights, filter_response,
                        short_scan, isocenter, precision, options)


def fdk(sinogram, trajectory, volume_shape, angles=None, *, detector_spacing=1.0, voxel_spacing=1.0,
        window="ram-lak", pad_factor=2, projection_weights=None, angular_weights=None,
        filter_response=None, short_scan=False, isocenter=None, precision="fast", **options):
    """Attenuation (D, H, W) of a cone beam; see `fbp`."""
    return _reconstruct(sinogram, trajectory, volume_shape, angles, "cone", detector_spacing,
                        voxel_spacing, window, pad_factor, projection_weights, angular_weights,
                        filter_response, short_scan, isocenter, precision, options)


# ---- Helices ----
def helical_view_weights(angles, source_z, slice_z):
    """(slices, views): of every slice the views of the turn about it, by trapezoids cut at its ends;
    each sums to pi. A slice without a whole turn is an error."""
    phi, z, at = [np.asarray(_spaces.host(v), np.float64) for v in (angles, source_z, slice_z)]
    if phi.ndim != 1 or phi.size < 2 or z.shape != phi.shape or at.ndim != 1 or not at.size:
        raise ValueError("angles and source_z: as many numbers, 2 at least, and slices are expected")
    for name, values in (("angles", phi), ("source_z", z)):
        steps = np.diff(values)
        if not ((steps > 0).all() or (steps < 0).all()):
            raise ValueError("%s must ascend or descend" % name)
    order, rising = np.argsort(phi), np.argsort(z)
    if at.min() < z.min() or at.max() > z.max():
        raise ValueError("source_z: the sources do not reach all slices")
    phi = phi - phi[0]
    middle = np.interp(at, z[rising], phi[rising])[:, None]
    sorted_ = phi[order]
    slack = 1e-6 * max(1.0, np.ptp(phi))
    if (middle - math.pi < sorted_[0] - slack).any() or (middle + math.pi > sorted_[-1] + slack).any():
        raise ValueError("angles: every slice needs a whole turn about it")
    edges = np.concatenate([sorted_[:1], (sorted_[:-1] + sorted_[1:]) / 2, sorted_[-1:]])
    part = np.minimum(edges[1:], middle + math.pi) - np.maximum(edges[:-1], middle - math.pi)
    w = np.empty_like(part)
    w[:, order] = np.maximum(part, 0) / 2
    angles = torch.as_tensor(angles)
    return torch.as_tensor(w, dtype=angles.dtype if angles.is_floating_point() else torch.float32)


def helical_weighted_backproject(sinogram, trajectory, volume_shape, view_weights, *, isocenter,
                                 detector_spacing=1.0, voxel_spacing=1.0):
    """A volume of filtered projections of a helix about z, each slice of its own weights (D, views)."""
    p = _projector(sinogram, trajectory, volume_shape, "cone", detector_spacing, voxel_spacing)
    middle = _spaces.host(isocenter, np.float64)
    if middle.shape != (3,):
        raise ValueError("isocenter: (x, y, z) is expected, not shape %s" % (middle.shape,))
    r = _spaces.host(trajectory[0], np.float64)[:, :2] - middle[:2]
    n, steps = _recipes.normals(trajectory), np.diff(_spaces.host(trajectory[0], np.float64)[:, 2])
    away = r / np.linalg.norm(r, axis=1, keepdims=True)
    if np.ptp(np.linalg.norm(r, axis=1)) > 1e-4 * np.linalg.norm(r[0]):
        raise ValueError("trajectory: the source's distance from the axis changes, which is no helix")
    if np.abs(n[:, 2]).max() > 1e-3 or np.abs(n[:, :2] + away).max() > 1e-3:
        raise ValueError("trajectory: a helix whose detectors face the axis is expected")
    if not ((steps > 0).all() or (steps < 0).all()):
        raise ValueError("trajectory: the sources' heights must ascend or descend")
    depth, view_weights = volume_shape[0], torch.as_tensor(view_weights)
    if tuple(view_weights.shape) != (depth, len(trajectory[0])):
        raise ValueError("view_weights: shape %s is expected, not %s"
                         % ((depth, len(trajectory[0])), tuple(view_weights.shape)))
    z = _spaces.host(trajectory[0], np.float64)[:, 2]
    level = np.stack([np.full_like(z, middle[0]), np.full_like(z, middle[1]), z], 1)
    sid, sdd = _recipes.distances(trajectory, level)
    scale, geometry = sid / sdd / (2 * math.pi), p._operator.geometry
    dz, dy, dx = _numbers(voxel_spacing, 3, "voxel_spacing")
    slices = []
    for k in range(depth):
        used = np.flatnonzero(_spaces.host(view_weights[k]))
        if view_weights.requires_grad or not used.size:  # weights of 0 may be learned
            used = np.arange(len(z))
        w = view_weights[k][used].to(sinogram.dtype)[:, None, None]
        one = ct.Volume((1,) + tuple(volume_shape[1:]), (dz, dy, dx), (0, 0, (k - (depth - 1) / 2) * dz))
        slices.append(_recipes.gathered(sinogram[used] * w, geometry[used], one, scale[used], True, False))
    return torch.cat(slices, 0)


def helical_fdk(sinogram, trajectory, volume_shape, angles, *, isocenter, detector_spacing=1.0,
                voxel_spacing=1.0, window="ram-lak", pad_factor=2, projection_weights=None,
                view_weights=None, filter_response=None):
    """FDK of a helix about z: every slice from the turn about it. Approximate, as FDK is beside its
    middle plane."""
    p = _projector(sinogram, trajectory, volume_shape, "cone", detector_spacing, voxel_spacing)
    phi = _angles(angles, len(trajectory[0]))
    s = _spaces.host(trajectory[0], np.float64)
    middle = _spaces.host(isocenter, np.float64)
    turned = np.arctan2(-(s[:, 0] - middle[0]), s[:, 1] - middle[1]) - phi
    if np.abs(np.angle(np.exp(1j * (turned - turned[0])))).max() > 5e-3:
        raise ValueError("angles: they are not those of the sources about the isocentre")
    if view_weights is None:
        dz = _numbers(voxel_spacing, 3, "voxel_spacing")[0]
        at = (np.arange(volume_shape[0]) - (volume_shape[0] - 1) / 2) * dz
        view_weights = helical_view_weights(phi, s[:, 2], at).to(sinogram.dtype)
    ones = torch.ones(len(phi), dtype=sinogram.dtype)
    y = _steps(p, sinogram, trajectory, phi, window, pad_factor, projection_weights, ones,
               filter_response, False)
    return helical_weighted_backproject(y, trajectory, volume_shape, view_weights, isocenter=middle,
                                        detector_spacing=detector_spacing, voxel_spacing=voxel_spacing)
