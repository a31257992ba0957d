"""DART (Batenburg and Sijbers 2011) with diffct-mlx's parameters: sweeps over the voxels at borders of
levels and some others, the rest held at their levels."""

import dataclasses
import itertools
import typing

import numpy as np

from .. import _spaces
from ._iterative import ReconstructionParameters, _bar, _one_of, _Sweeps


@dataclasses.dataclass
class DARTParameters(ReconstructionParameters):
    """Of run_dart. free_pixel_probability: chance of a voxel among its like to be free too."""

    gray_levels: typing.Sequence[float] = (0.0, 1.0)
    free_pixel_probability: float = 0.15
    initial_reconstruction_sweeps: typing.Optional[int] = None
    apply_smoothing: bool = True
    smoothing_beta: float = 0.2
    convergence_epsilon: typing.Optional[float] = None
    boundary_connectivity: str = "axial"
    segmentation_threshold_method: str = "midpoint"
    segmentation_threshold_value: typing.Optional[float] = None
    otsu_foreground_only: bool = False
    otsu_percentile_window: typing.Optional[typing.Tuple[float, float]] = None
    binary_fill_holes: bool = False
    return_segmented_volume: bool = False
    random_seed: int = 0


def _share(value, name):
    if not 0 <= value <= 1:
        raise ValueError("%s: a number from 0 to 1 is expected, not %r" % (name, value))


def _levels(p):
    """The levels, once the rest of the parameters is what it must be."""
    levels = np.asarray(p.gray_levels, np.float32)
    if levels.ndim != 1 or levels.size < 2 or not np.isfinite(levels).all() or (np.diff(levels) < 0).any():
        raise ValueError("gray_levels: two or more finite numbers that ascend are expected, not %r"
                         % (p.gray_levels,))
    if len(p.volume_shape) not in (2, 3):
        raise ValueError("volume_shape: 2 or 3 axes are expected, not %r" % (p.volume_shape,))
    _share(p.free_pixel_probability, "free_pixel_probability")
    _share(p.smoothing_beta, "smoothing_beta")
    if p.convergence_epsilon is not None:
        _share(p.convergence_epsilon, "convergence_epsilon")
    if p.initial_reconstruction_sweeps is not None and p.initial_reconstruction_sweeps < 1:
        raise ValueError("initial_reconstruction_sweeps: a number above 0 is expected")
    _one_of(p.iterative_update_method, "iterative_update_method", ("sart",))
    _one_of(p.boundary_connectivity, "boundary_connectivity", ("axial", "full"))
    _one_of(p.segmentation_threshold_method, "segmentation_threshold_method", ("midpoint", "otsu"))
    two = (("segmentation_threshold_value", p.segmentation_threshold_value is not None),
           ("segmentation_threshold_method 'otsu'", p.segmentation_threshold_method == "otsu"),
           ("binary_fill_holes", p.binary_fill_holes))
    for name, given in two:
        if given and levels.size != 2:
            raise ValueError("%s is for two gray_levels, not for %d" % (name, levels.size))
    window = p.otsu_percentile_window
    if window is not None and not 0 <= window[0] < window[1] <= 100:
        raise ValueError("otsu_percentile_window: 0 <= low < high <= 100 is expected, not %r" % (window,))
    return levels


def _otsu(x, p):
    """The value that parts x into two classes with the most variance between them (256 bins)."""
    values = x[np.isfinite(x)]
    if p.otsu_foreground_only and (values > 0).any():
        values = values[values > 0]
    if p.otsu_percentile_window is not None and values.size:
        low, high = np.percentile(values, p.otsu_percentile_window)
        values = values[(values >= low) & (values <= high)]
    if not values.size or values.max() <= values.min():
        return float(values.min()) if values.size else 0.0
    counts, edges = np.histogram(values, 256, (values.min(), values.max()))
    middle = (edges[:-1] + edges[1:]) / 2
    weight, mean = np.cumsum(counts) / counts.sum(), np.cumsum(counts * middle) / counts.sum()
    below = weight * (1 - weight)
    between = np.divide((mean[-1] * weight - mean) ** 2, below, out=np.zeros(256), where=below > 0)
    return float(middle[np.argmax(between)])


def _neighbours(x, connectivity):
    """x moved to every neighbour, its border repeated."""
    wide = np.pad(x, 1, mode="edge")
    for step in itertools.product((-1, 0, 1), repeat=x.ndim):
        count = sum(map(abs, step))
        if count == 1 or count and connectivity == "full":
            yield wide[tuple(slice(1 + s, 1 + s + n) for s, n in zip(step, x.shape))]


def _filled(segmented, levels):
    """Holes of the lower level, which no path along the axes leads out of, become the upper one."""
    hollow = segmented == levels[0]
    outside = np.zeros_like(hollow)
    for axis in range(hollow.ndim):
        for end in (0, -1):
            face = (slice(None),) * axis + (end,)
            outside[face] = hollow[face]
    while True:
        grown = outside.copy()
        for axis in range(hollow.ndim):  # along an axis and back: what is reached spreads over a run
            for flip in (slice(None), slice(None, None, -1)):
                way = (slice(None),) * axis + (flip,)
                g, h = np.moveaxis(grown[way], axis, 0), np.moveaxis(hollow[way], axis, 0)
                for i in range(1, len(g)):
                    g[i] |= g[i - 1] & h[i]
        if (grown == outside).all():
            return np.where(hollow & ~outside, levels[-1], segmented)
        outside = grown


def _segmented(x, levels, p):
    if p.segmentation_threshold_value is not None:
        at = np.array([p.segmentation_threshold_value], np.float32)
    elif p.segmentation_threshold_method == "otsu":
        at = np.array([_otsu(x, p)], np.float32)
    else:
        at = (levels[:-1] + levels[1:]) / 2
    found = levels[np.digitize(x, at)]
    return _filled(found, levels) if p.binary_fill_holes else found


def reconstruct_dart(measured_projections, forward_project, back_project, params, *,
                     show_progress=True):
    """A volume of few levels."""
    p = params
    first = dataclasses.replace(p, sart_iteration_count=p.initial_reconstruction_sweeps
                                or p.sart_iteration_count)
    s = _Sweeps(measured_projections, forward_project, back_project, first)
    levels = _levels(p)
    x, ones = s.start()
    x = s.clamp(s.run(x, ones, outer=-1), "iteration")
    inner = dataclasses.replace(p, pixel_extreme_values=(-np.inf, np.inf))  # what is left may be negative
    random = np.random.default_rng(int(p.random_seed))
    for k in range(p.iteration_count):
        segmented = _segmented(_spaces.host(x), levels, p)
        border = np.zeros(segmented.shape, bool)
        for moved in _neighbours(segmented, p.boundary_connectivity):
            border |= moved != segmented
        free = border | (random.random(segmented.shape) < p.free_pixel_probability)
        mask = s._new(free.astype(np.float32))
        held = s._new(np.where(free, 0, segmented))
        rest = [d - forward_project(held, i) for i, d in enumerate(s.data)]
        part = _Sweeps(rest, lambda v, i, m=mask: forward_project(v * m, i),
                       lambda c, i, m=mask: back_project(c, i) * m, inner)
        x = part.run(s._new(segmented), ones, outer=k)
        if p.apply_smoothing and p.smoothing_beta > 0 and k < p.iteration_count - 1:
            values = _spaces.host(x)
            around = list(_neighbours(values, p.boundary_connectivity))
            mean = sum(around) / np.float32(len(around))
            share = np.float32(p.smoothing_beta)
            x = s._new(np.where(border, (1 - share) * values + share * mean, values))
        x = s.clamp(x, "iteration")
        _bar(show_progress, k + 1, p.iteration_count)
        if p.convergence_epsilon is not None:
            changed = np.mean(segmented != _segmented(_spaces.host(x), levels, p))
            if changed <= p.convergence_epsilon:
                break
    x = s.clamp(x, "final")
    return s._new(_segmented(_spaces.host(x), levels, p)) if p.return_segmented_volume else x


run_dart = reconstruct_dart
