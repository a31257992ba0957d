"""Measured cone-beam projections: TIFF files or a stack of numbers beside a geometry file."""

import dataclasses
import json
import os
import re
import typing

import numpy as np

from .. import _spaces, io
from .._library import UnsupportedError
from . import _cases, _operators, _trajectories

_PATH = typing.Union[str, "os.PathLike[str]"]


# ---- Conventions of detectors ----
def apply_detector_geometry_convention(det_u_vec=None, det_v_vec=None, *, du=None, dv=None,
                                       det_u=None, det_v=None, flip_u=False, flip_v=False,
                                       transpose_uv=False):
    """Axes reversed and exchanged: (u, v, du, dv, det_u, det_v)."""
    u = None if det_u_vec is None else _spaces.host(det_u_vec, np.float64) * (-1 if flip_u else 1)
    v = None if det_v_vec is None else _spaces.host(det_v_vec, np.float64) * (-1 if flip_v else 1)
    return (v, u, dv, du, det_v, det_u) if transpose_uv else (u, v, du, dv, det_u, det_v)


def apply_detector_array_convention(projections, det_u_vec=None, det_v_vec=None, *, du=None, dv=None,
                                    flip_u=False, flip_v=False, transpose_uv=False):
    """The same with projections (views, u, v): (projections, u, v, du, dv)."""
    y = _spaces.host(projections)
    if y.ndim != 3:
        raise ValueError("projections: shape (views, u, v) is expected, not %s" % (y.shape,))
    y = y[:, ::-1 if flip_u else 1, ::-1 if flip_v else 1]
    found = apply_detector_geometry_convention(det_u_vec, det_v_vec, du=du, dv=dv, flip_u=flip_u,
                                               flip_v=flip_v, transpose_uv=transpose_uv)
    return (y.transpose(0, 2, 1) if transpose_uv else y,) + found[:4]


def build_upper_left_detector_transform(detector_pixels_u, detector_pixels_v, *, detector_binning_u=1,
                                        detector_binning_v=1, flip_v_axis=True):
    """(3, 3): from pixels about the detector's middle to pixels from its upper left."""
    u = max(1, int(detector_pixels_u) // max(1, int(detector_binning_u)))
    v = max(1, int(detector_pixels_v) // max(1, int(detector_binning_v)))
    return np.array([[1, 0, (v - 1) / 2], [0, -1 if flip_v_axis else 1, (u - 1) / 2], [0, 0, 1.0]])


def apply_upper_left_detector_transform(projection_matrix, *sizes, **options):
    """That matrix times a projection matrix (3, 4)."""
    m = np.asarray(projection_matrix, np.float64)
    if m.shape != (3, 4):
        raise ValueError("projection_matrix: shape (3, 4) is expected, not %s" % (m.shape,))
    return build_upper_left_detector_transform(*sizes, **options) @ m


def transform_detector_offsets(horizontal_px, vertical_px, config):
    """A header's offsets in a convention (flip_u, flip_v, transpose_uv): (u, v)."""
    u = -float(horizontal_px) if config["flip_u"] else float(horizontal_px)
    v = -float(vertical_px) if config["flip_v"] else float(vertical_px)
    return (v, u) if config["transpose_uv"] else (u, v)


def shift_detector_center(det_center, det_u_vec, det_v_vec, du, dv, offset_u_px=0.0, offset_v_px=0.0):
    """Centres moved by pixels along u and v."""
    d, u, v = [_spaces.host(p, np.float64) for p in (det_center, det_u_vec, det_v_vec)]
    return d + offset_u_px * du * u + offset_v_px * dv * v


def auto_voxel_spacing_from_detector(volume_shape, detector_shape_uv, detector_pitch_u_mm,
                                     detector_pitch_v_mm, magnification, fov_margin_mm=8.0):
    """The spacing with which a volume fills what the detector sees, less a margin."""
    if not magnification > 0:
        raise ValueError("magnification: a number above 0 is expected, not %r" % (magnification,))
    fields = [n * p / magnification for n, p in zip(detector_shape_uv,
                                                   (detector_pitch_u_mm, detector_pitch_v_mm))]
    u, v = [f - 2 * fov_margin_mm if f > 2 * fov_margin_mm else f for f in fields]
    return min(u / volume_shape[2], u / volume_shape[1], v / volume_shape[0])


# ---- Values ----
def mu_to_hu(mu, mu_water_mm=0.02):
    """Attenuation in 1/mm as Hounsfield units."""
    return 1000 * (_spaces.host(mu, np.float32) / mu_water_mm - 1)


def mu_to_uint16(mu, mu_max_mm, mu_min_mm=0.0):
    """Attenuation from mu_min_mm to mu_max_mm as 0 to 65535."""
    if not mu_max_mm > mu_min_mm:
        raise ValueError("mu_max_mm must be above mu_min_mm")
    share = (_spaces.host(mu, np.float32) - mu_min_mm) / (mu_max_mm - mu_min_mm)
    return np.clip(share * 65535, 0, 65535).astype(np.uint16)


def normalize_volume(volume, upper_percentile=None):
    """The least value becomes 0, the largest (or a percentile) 1."""
    x = _spaces.host(volume, np.float32)
    high = x.max() if upper_percentile is None else np.percentile(x, upper_percentile)
    low = x.min()
    return np.clip((x - low) / (high - low), 0, 1).astype(np.float32) if high > low else np.zeros_like(x)


def resize_volume_to_shape(volume, target_shape):
    """Linear interpolation, corners on corners."""
    x = _spaces.host(volume, np.float32)
    for axis, n in enumerate(target_shape):
        old = x.shape[axis]
        if n == old:
            continue
        at = np.linspace(0, old - 1, n)
        low = np.minimum(at.astype(int), max(old - 2, 0))
        share = (at - low).astype(np.float32).reshape((-1,) + (1,) * (x.ndim - 1 - axis))
        x = np.take(x, low, axis) * (1 - share) + np.take(x, np.minimum(low + 1, old - 1), axis) * share
    return x


def _fitted(volume, shape):
    """Cut or filled with zeros about the middle."""
    for axis, n in enumerate(shape):
        old = volume.shape[axis]
        first = max(0, (old - n) // 2)
        volume = np.take(volume, range(first, first + min(n, old)), axis)
        before = max(0, n - old) // 2
        volume = _spaces.pad(volume, axis, before, max(0, n - old) - before)
    return volume


# ---- Projections ----
def _edges(y, width):
    """A border's values, (views, ...), or all of them."""
    if width <= 0:
        return y.reshape(len(y), -1)
    parts = [y[:, :width], y[:, -width:], y[:, :, :width], y[:, :, -width:]]
    return np.concatenate([p.reshape(len(y), -1) for p in parts], 1)


def _without_air(y, width, percentile):
    air = np.percentile(_edges(y, width), percentile, axis=1).astype(np.float32)
    return np.maximum(y - air[:, None, None], 0)


def _binned(image, bin_u, bin_v):
    """Means over whole blocks of an image (v, u)."""
    v, u = image.shape[0] // bin_v, image.shape[1] // bin_u
    if not u or not v:
        raise ValueError("an image of %s is smaller than a block of %d x %d" % (image.shape, bin_v, bin_u))
    return image[:v * bin_v, :u * bin_u].reshape(v, bin_v, u, bin_u).mean((1, 3), dtype=np.float64)


def load_tiff_projections(proj_dir, log_transform=False, revert=False, i0_percentile=99.9,
                          viewwise_i0=True, air_border_px=16, subtract_air_baseline=True,
                          air_baseline_percentile=50.0, view_stride=1, detector_binning_u=1,
                          detector_binning_v=1, debug_visualization=False, debug_output_path=None):
    """A folder's TIFF images in the order of the numbers in their names, (views, v, u), binned; as
    -log of what is left of the light, whose value is a percentile of the border."""
    if debug_visualization or debug_output_path is not None:
        raise UnsupportedError("load_tiff_projections: debug pictures are not there")
    names = [n for n in os.listdir(proj_dir) if n.lower().endswith((".tif", ".tiff"))]
    if not names:
        raise FileNotFoundError("%s: no TIFF images" % proj_dir)
    names.sort(key=lambda n: ([int(d) for d in re.findall(r"\d+", n)], n))
    images = []
    for name in names[::max(1, int(view_stride))]:
        image = io.read(os.path.join(proj_dir, name))
        image = _binned(image.reshape(image.shape[-2:]), max(1, int(detector_binning_u)),
                        max(1, int(detector_binning_v))).astype(np.float32)
        if images and image.shape != images[0].shape:
            raise ValueError("%s: shape %s is expected, not %s" % (name, images[0].shape, image.shape))
        images.append(image)
    y = np.stack(images)
    if revert:
        y = 65535 - y
    if not (log_transform or revert):
        return y
    light = np.percentile(_edges(y, air_border_px) if viewwise_i0 and log_transform
                          else y.reshape(1, -1), i0_percentile, axis=1)
    y = np.clip(y / np.maximum(light, 1)[:, None, None], 1e-6, 1).astype(np.float32)
    if not log_transform:
        return y
    y = -np.log(y)
    return _without_air(y, air_border_px, air_baseline_percentile) if subtract_air_baseline else y


# ---- Cases ----
@dataclasses.dataclass
class MeasuredConeDataConfig:
    """TIFF projections (rows along v) beside a geometry file with "detector" (num_pixels, pixel_size_mm,
    offset_px) and "source" (magnification)."""

    data_dir: _PATH
    volume_shape: typing.Tuple[int, int, int] = (128, 128, 128)
    voxel_spacing_mm: typing.Optional[float] = None
    target_view_count: int = 360
    target_detector_shape: typing.Tuple[int, int] = (256, 256)
    trajectory_json_path: typing.Optional[_PATH] = None
    reference_volume_path: typing.Optional[_PATH] = None
    reference_meta_path: typing.Optional[_PATH] = None
    recenter_to_isocenter: bool = True
    flip_det_u: bool = False
    flip_det_v: bool = False
    transpose_uv: bool = True
    flip_u: bool = False
    flip_v: bool = False
    log_transform: bool = True
    revert: bool = False
    viewwise_i0: bool = True
    air_border_px: int = 16
    subtract_air_baseline: bool = True
    air_baseline_percentile: float = 50.0
    measured_fov_margin_mm: float = 8.0
    use_leap_fov_support_mask: bool = True
    support_mask_sensitivity_threshold_ratio: float = 1e-3
    iterative_volume_support_mask_mode: str = "final"
    iterative_projection_subset_count: int = 1
    iterative_normalized_sart_relaxation: float = 0.9
    iterative_backprojection_scale: typing.Optional[float] = None
    projector_mode: str = "footprint"
    normalize_reference: bool = True


@dataclasses.dataclass
class NpyProjectionsConfig:
    """Projections of a .npy file, (views, v, u), or (views, u, v) with transpose_uv=False, whose values
    are in voxels, beside a geometry file."""

    projections_npy_path: _PATH
    geometry_json_path: _PATH
    volume_shape: typing.Tuple[int, int, int] = (384, 384, 384)
    voxel_spacing_mm: float = 0.3
    projector_mode: str = "footprint"
    flip_det_u: bool = False
    flip_det_v: bool = False
    recenter_to_isocenter: bool = True
    flip_u: bool = False
    flip_v: bool = False
    transpose_uv: bool = True
    subtract_air_baseline: bool = False
    air_border_px: int = 16
    air_baseline_percentile: float = 50.0


def _view_weights(src_pos):
    """Shares of views by the angles between neighbouring sources, one on the mean."""
    s = _spaces.host(src_pos, np.float64)
    if len(s) < 2:
        return (1.0,) * len(s)
    ray = s / np.maximum(np.linalg.norm(s, axis=1, keepdims=True), 1e-6)
    arc = np.arccos(np.clip((ray[:-1] * ray[1:]).sum(1), -1, 1))
    w = (np.concatenate([arc[:1], arc]) + np.concatenate([arc, arc[-1:]])) / 2
    return tuple(w / w[w > 0].mean()) if (w > 0).any() else (1.0,) * len(s)


def _seen(case_back, shape_of_data, ratio, c, spacing, pitch_u, frames):
    """Voxels that views see, inside the circle that all see."""
    xp = _trajectories.backend_space()
    sums = _spaces.host(case_back(_spaces.new(xp, np.ones(shape_of_data, np.float32))))
    s, d = [_spaces.host(p, np.float64) for p in frames[:2]]
    nearer = np.linalg.norm(s, axis=1) / np.maximum(np.linalg.norm(d - s, axis=1), 1e-6)
    radius = max((shape_of_data[1] * pitch_u / 2 * nearer).min() - c.measured_fov_margin_mm, spacing)
    y, x = [(np.arange(n) - (n - 1) / 2) * spacing for n in c.volume_shape[1:]]
    circle = y[:, None] ** 2 + x ** 2 <= radius ** 2
    return (sums >= max(sums.max() * ratio, np.finfo(np.float32).eps)) & circle


def _turned(c, y, u, v):
    """(projections (views, u, v), u, v) of a stack as a config describes it. The stack is transposed, not
    the geometry: FDK filters along the axis that comes first."""
    if c.transpose_uv:
        y = y.transpose(0, 2, 1)
    return y, -u if c.flip_u else u, -v if c.flip_v else v


def _case(name, y, frames, config, du, dv, spacing, scale, **more):
    """The parts that both have; y (views, u, v)."""
    xp = _trajectories.backend_space()
    frames = tuple(_spaces.new(xp, f) for f in frames)
    shape, bins = tuple(config.volume_shape), tuple(y.shape[1:])
    forward, back, back_all = _operators.make_cone_3d_operators(
        *frames, volume_shape=shape, detector_shape=bins, du=du, dv=dv, voxel_spacing=spacing,
        projector_mode=config.projector_mode)
    weight, filtered, whole = _cases.fdk_steps(frames, shape, bins, du, dv, spacing, scale)
    return _cases.ReconstructionCase(
        name, _spaces.new(xp, np.ascontiguousarray(y)), shape, forward, back, back_all,
        supports_fdk=True, voxel_spacing=float(spacing), fdk_weight=weight, fdk_filter=filtered,
        fdk_back_project=whole, pocs_iterative_update_method="normalized_sart",
        iterative_voxel_sensitivity_normalization=config.projector_mode == "footprint",
        iterative_projection_weights=_view_weights(frames[0]), **more)


def _geometry(path, config):
    with open(path, encoding="utf-8") as f:
        text = json.load(f)
    if not isinstance(text, dict) or "detector" not in text:
        raise ValueError("%s: 'detector' is missing" % path)
    frames = _trajectories.load_arbitrary_cone_geometry_from_json(
        path, flip_det_u=config.flip_det_u, flip_det_v=config.flip_det_v,
        recenter_to_isocenter=config.recenter_to_isocenter)
    return text, [_spaces.host(f, np.float64) for f in frames]


def build_npy_cone_3d_case(config):
    """A case of a NpyProjectionsConfig."""
    c = config
    text, (s, d, u, v) = _geometry(c.geometry_json_path, c)
    y = np.load(c.projections_npy_path, allow_pickle=False).astype(np.float32)
    if y.ndim != 3 or len(y) > len(s):
        raise ValueError("%s: at most %d views of two axes are expected, not shape %s"
                         % (c.projections_npy_path, len(s), y.shape))
    if c.subtract_air_baseline:
        y = _without_air(y, c.air_border_px, c.air_baseline_percentile)
    pitch = text["detector"]["pixel_size_mm"]
    s, d, u, v = [part[:len(y)] for part in (s, d, u, v)]
    y, u, v = _turned(c, y, u, v)
    return _case("NPY Cone 3D", y, (s, d, u, v), c, float(pitch["u"]), float(pitch["v"]),
                 float(c.voxel_spacing_mm), float(c.voxel_spacing_mm))


def _spacing(c, text, bins, du, dv):
    """(voxel spacing, reference or None)."""
    spacing, reference, meta = c.voxel_spacing_mm, None, None
    if c.reference_meta_path is not None and os.path.exists(c.reference_meta_path):
        with open(c.reference_meta_path, encoding="utf-8") as f:
            meta = json.load(f)
        size, shape = float(meta["voxel_size_mm"]), meta["shape_zyx"]
        factors = [a / b for a, b in zip(shape, c.volume_shape)]
        if spacing is None and max(factors) - min(factors) > 1e-6:
            raise ValueError("the reference volume cannot be resized by one factor: %s" % factors)
        if c.reference_volume_path is not None and os.path.exists(c.reference_volume_path):
            reference = np.load(c.reference_volume_path, allow_pickle=False)
            if spacing is None:
                reference = resize_volume_to_shape(reference, c.volume_shape)
            else:
                scale = size / spacing
                shape = [max(1, int(round(n * scale))) for n in shape]
                reference = _fitted(resize_volume_to_shape(reference, shape), c.volume_shape)
            if c.normalize_reference:
                reference = normalize_volume(reference)
        spacing = size * factors[0] if spacing is None else spacing
    if spacing is None:
        spacing = auto_voxel_spacing_from_detector(c.volume_shape, bins, du, dv,
                                                   float(text["source"]["magnification"]),
                                                   c.measured_fov_margin_mm)
    return float(spacing), reference


def build_measured_cone_3d_case(config):
    """A case of a MeasuredConeDataConfig. Projections are lengths: FDK gives attenuation in 1/mm,
    iterative methods attenuation in one over a voxel."""
    c = config
    text, (s, d, u, v) = _geometry(c.trajectory_json_path, c)
    detector = text["detector"]
    stride = -(-len(s) // c.target_view_count)
    bin_u, bin_v = [-(-int(detector["num_pixels"][n]) // t) for n, t in zip("uv", c.target_detector_shape)]
    y = load_tiff_projections(
        c.data_dir, log_transform=c.log_transform, revert=c.revert, viewwise_i0=c.viewwise_i0,
        air_border_px=c.air_border_px, subtract_air_baseline=c.subtract_air_baseline,
        air_baseline_percentile=c.air_baseline_percentile, view_stride=stride,
        detector_binning_u=bin_u, detector_binning_v=bin_v)
    s, d, u, v = [part[::stride] for part in (s, d, u, v)]
    if len(y) != len(s):
        raise ValueError("%s: %d images for the geometry's %d views" % (c.data_dir, len(y), len(s)))
    offsets = detector.get("offset_px", {})
    y, u, v = _turned(c, y, u, v)
    du, dv = [float(detector["pixel_size_mm"][n]) * b for n, b in zip("uv", (bin_u, bin_v))]
    off_u, off_v = transform_detector_offsets(
        float(offsets.get("horizontal") or 0) / bin_u, float(offsets.get("vertical") or 0) / bin_v,
        {"flip_u": c.flip_u, "flip_v": c.flip_v, "transpose_uv": False})
    d = shift_detector_center(d, u, v, du, dv, off_u, off_v)
    spacing, reference = _spacing(c, text, y.shape[1:], du, dv)
    case = _case("Measured Cone 3D", y, (s, d, u, v), c, du, dv, spacing, 1.0,
                 iterative_projection_subset_count=c.iterative_projection_subset_count,
                 iterative_normalized_sart_relaxation=c.iterative_normalized_sart_relaxation,
                 iterative_backprojection_scale=c.iterative_backprojection_scale,
                 iterative_volume_support_mask_mode=c.iterative_volume_support_mask_mode)
    xp = _trajectories.backend_space()
    if reference is not None:
        case.reference, case.reference_title = _spaces.new(xp, reference), "Reference Volume"
    if c.use_leap_fov_support_mask:
        case.iterative_volume_support_mask = _seen(
            case.back_project_all, y.shape, c.support_mask_sensitivity_threshold_ratio, c, spacing, du,
            (s, d))
    return case
