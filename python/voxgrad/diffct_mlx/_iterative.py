"""SART, SIRT and normalised SART over a caller's projectors of single views, and the methods with
total variation and with levels (DART) around them: diffct-mlx 2.1's parameters, steps and defaults.

forward_project(volume, view) gives a projection, back_project(projection, view) a volume; both get
and give arrays of the package that the data come from, so that derivatives flow where it has them.
"""

import dataclasses
import math
import typing

import numpy as np

from .. import _spaces
from ._tv import asd_pocs, awtv_pocs, tv_pocs

_INF = float("inf")
_ANY = typing.Any


@dataclasses.dataclass
class ReconstructionParameters:
    """What all methods share.

    pixel_extreme_values: data above are taken as the computed value, below as 0. raylength_...: rays
    that cross little of the volume are left out: the smallest share (quantile) of every view, and
    what is at most epsilon. voxel_sensitivity_normalization: updates are divided by what the view
    gives to a voxel."""

    volume_shape: typing.Tuple[int, ...]
    iteration_count: int
    sart_iteration_count: int = 1
    iterative_update_method: str = "sart"
    pixel_extreme_values: typing.Tuple[float, float] = (0.0, _INF)
    voxel_extreme_values: typing.Tuple[float, float] = (-_INF, _INF)
    initial_volume: _ANY = None
    enforce_positivity: bool = True
    positivity_mode: str = "per_iteration"
    projection_order: typing.Optional[typing.Sequence[int]] = None
    shuffle_projection_order: bool = True
    projection_order_seed: int = 0
    sart_debug_callback: _ANY = None
    raylength_thresholding: bool = True
    raylength_quantile: float = 1e-3
    raylength_epsilon: float = 5e-4
    detector_border_u: int = 0
    detector_border_v: int = 0
    volume_border_width: int = 0
    volume_support_mask: _ANY = None
    volume_support_mask_mode: str = "always"
    voxel_sensitivity_normalization: bool = True
    projection_chunk_size: typing.Optional[int] = None
    projection_subset_count: int = 1
    projection_weights: typing.Optional[typing.Sequence[float]] = None
    normalized_sart_relaxation: float = 0.9
    backprojection_scale: typing.Optional[float] = None
    dtype: _ANY = None  # of the package's; None: float32


@dataclasses.dataclass
class SARTParameters(ReconstructionParameters):
    """Of run_sart."""


@dataclasses.dataclass
class SIRTParameters(ReconstructionParameters):
    """Of run_sirt."""

    iterative_update_method: str = "sirt"


@dataclasses.dataclass
class RegularizationParameters:
    """Steps down the gradient of total variation, of alpha times the sweep's change each."""

    reg_iteration_count: int = 20
    alpha: float = 0.2
    tv_eps: float = 1e-6


@dataclasses.dataclass
class TVPOCSParameters(RegularizationParameters):
    """Of run_tv_pocs."""


@dataclasses.dataclass
class ASDPOCSParameters(RegularizationParameters):
    """Of run_asd_pocs: steps become alpha_red times as long where they change x by more than r_max of
    the sweep while the residual is above epsilon."""

    epsilon: float = 5.0
    r_max: float = 0.95
    alpha_red: float = 0.95
    beta: float = 1.0
    beta_red: float = 0.995


@dataclasses.dataclass
class AwTVPOCSParameters(RegularizationParameters):
    """Of run_awtv_pocs: differences far above delta count little."""

    epsilon: float = 1.0
    delta: float = 0.006
    beta: float = 1.0
    beta_red: float = 0.995


def _one_of(value, name, words):
    if value not in words:
        raise ValueError("%s: one of %s is expected, not %r" % (name, ", ".join(words), value))


def _check(params, data):
    """Refuses what cannot be meant."""
    p, count = params, len(data)
    shape = tuple(p.volume_shape)
    if count == 0:
        raise ValueError("measured_projections: one at least is expected")
    if not shape or any(int(n) < 1 for n in shape):
        raise ValueError("volume_shape: numbers above 0 are expected, not %r" % (p.volume_shape,))
    for name in ("iteration_count", "sart_iteration_count", "projection_subset_count"):
        if int(getattr(p, name)) < 1:
            raise ValueError("%s: a number above 0 is expected, not %r" % (name, getattr(p, name)))
    _one_of(p.iterative_update_method, "iterative_update_method", ("sart", "sirt", "normalized_sart"))
    _one_of(p.positivity_mode, "positivity_mode", ("per_iteration", "final", "none"))
    _one_of(p.volume_support_mask_mode, "volume_support_mask_mode", ("always", "final", "none"))
    if not 0 <= p.raylength_quantile < 1:
        raise ValueError("raylength_quantile: a number from 0 and below 1 is expected, not %r"
                         % (p.raylength_quantile,))
    for name in ("raylength_epsilon", "normalized_sart_relaxation"):
        if not getattr(p, name) > 0:
            raise ValueError("%s: a number above 0 is expected, not %r" % (name, getattr(p, name)))
    for name in ("detector_border_u", "detector_border_v", "volume_border_width"):
        if getattr(p, name) < 0:
            raise ValueError("%s must not be negative" % name)
    if p.projection_chunk_size is not None and p.projection_chunk_size < 1:
        raise ValueError("projection_chunk_size: a number above 0 is expected, not %r"
                         % (p.projection_chunk_size,))
    for name in ("volume_support_mask", "initial_volume"):
        given = getattr(p, name)
        if given is not None and tuple(np.shape(given)) != shape:
            raise ValueError("%s: shape %s is expected, not %s" % (name, shape, tuple(np.shape(given))))
    if p.projection_weights is not None and len(p.projection_weights) != count:
        raise ValueError("projection_weights: %d numbers are expected, not %d"
                         % (count, len(p.projection_weights)))


def _order(p, count):
    """The views' numbers in the order of a sweep."""
    if p.projection_order is None:
        order = np.arange(count, dtype=np.int32)
        if p.shuffle_projection_order:
            np.random.default_rng(int(p.projection_order_seed)).shuffle(order)
        return [int(i) for i in order]
    order = [int(i) for i in p.projection_order]
    if len(order) != count or min(order) < 0 or max(order) >= count:
        raise ValueError("projection_order: %d numbers from 0 to %d are expected" % (count, count - 1))
    return order


class _Sweeps:
    """The views, what is known of them, and passes over them."""

    def __init__(self, data, forward, back, params):
        _check(params, data)
        self.p, self.forward, self.back = params, forward, back
        self.xp = xp = _spaces.space(data[0])
        self.dtype = params.dtype if params.dtype is not None else xp.float32
        self.data = [self._new(d) for d in data]
        self.order = _order(params, len(data))
        scale = params.backprojection_scale
        method = params.iterative_update_method
        default = params.normalized_sart_relaxation if method == "normalized_sart" else 1.0
        self.scale = float(default if scale is None else scale)
        self.support = None if params.volume_support_mask is None \
            else self._new(_spaces.host(params.volume_support_mask)) > 0
        self.inside = self._border(tuple(params.volume_shape), [params.volume_border_width] * 9)
        self.lengths, self.masks, self.sums, self.kept = None, None, None, {}

    def _new(self, x):
        if _spaces.space(x) is self.xp and hasattr(x, "dtype"):
            return x if x.dtype == self.dtype else _spaces.cast(x, self.dtype)
        return _spaces.new(self.xp, x, dtype=self.dtype)

    def start(self):
        """(x, ones)."""
        shape = tuple(self.p.volume_shape)
        given = self.p.initial_volume
        x = self.xp.zeros(shape, dtype=self.dtype) if given is None else self._new(given)
        return x, self.xp.ones(shape, dtype=self.dtype)

    def _border(self, shape, widths):
        """True inside a border, None: there is none."""
        if not any(widths[:len(shape)]):
            return None
        keep = np.zeros(shape, bool)
        keep[tuple(slice(w, max(w, n - w)) for n, w in zip(shape, widths))] = True
        return _spaces.new(self.xp, keep, dtype=self.xp.bool if self.xp.__name__ == "torch" else bool)

    def _only(self, mask, x):
        return x if mask is None else self.xp.where(mask, x, self.xp.zeros_like(x))

    def clamp(self, x, stage):
        """Bounds, positivity where this stage has it, border and support."""
        p = self.p
        lower, upper = p.voxel_extreme_values
        positive = p.enforce_positivity and {
            "none": False, "final": stage == "final", "per_iteration": stage != "update"}[p.positivity_mode]
        x = _spaces.between(x, max(lower, 0.0) if positive else lower, upper)
        x = self._only(self.inside, x)
        whole = p.volume_support_mask_mode
        return self._only(self.support, x) if whole == "always" or whole == stage else x

    def prepare(self, ones):
        """Lengths of rays and which pixels count, of every view, once."""
        if self.lengths is not None:
            return
        p, zeros = self.p, self.xp.zeros_like
        self.lengths, self.masks = [], []
        for i in range(len(self.data)):
            length = self.forward(ones, i)
            if p.raylength_thresholding and p.raylength_quantile > 0:
                ordered = _spaces.ascending(length)
                count = int((ordered > 0).sum())
                if count:
                    at = ordered.shape[0] - count + int(p.raylength_quantile * (count - 1))
                    if bool(ordered[at] < ordered[-1]):  # rays that are all alike all count
                        length = self.xp.where(length <= ordered[at], zeros(length), length)
            shape = tuple(length.shape)
            if shape != tuple(self.data[i].shape):
                raise ValueError("forward_project gives shape %s, measured_projections[%d] has %s"
                                 % (shape, i, tuple(self.data[i].shape)))
            counts = length > p.raylength_epsilon
            edge = self._border(shape, (p.detector_border_u, p.detector_border_v)[:len(shape)])
            self.masks.append(counts if edge is None else counts & edge)
            self.lengths.append(_spaces.positive(length, p.raylength_epsilon))

    def correction(self, i, computed):
        """(data - computed) over the rays' lengths, where pixels count."""
        lower, upper = self.p.pixel_extreme_values
        measured = self.data[i]
        if math.isfinite(upper):
            measured = self.xp.where(measured > upper, computed, measured)
        if math.isfinite(lower):
            measured = self.xp.where(measured < lower, self.xp.zeros_like(measured), measured)
        return self._only(self.masks[i], (measured - computed) / self.lengths[i])

    def sensitivity(self, i):
        """What view i gives to every voxel. Kept for as many views as 2 GB hold."""
        found = self.kept.get(i)
        if found is None:
            mask = self.masks[i]
            found = self.back(_spaces.cast(mask, self.dtype), i)
            if (len(self.kept) + 1) * math.prod(self.p.volume_shape) * 8 <= 2e9:
                self.kept[i] = found
        return found

    def _over(self, x, sums):
        least = self.p.raylength_epsilon
        return self._only(sums > least, x / _spaces.positive(sums, least))

    def _tell(self, **numbers):
        if self.p.sart_debug_callback is None:
            return
        told = {}
        for name, value in numbers.items():
            if hasattr(value, "shape") and tuple(value.shape):
                flat = _spaces.host(value)
                told.update({name + "_min": float(flat.min()), name + "_max": float(flat.max()),
                             name + "_mean": float(flat.mean()),
                             name + "_norm": float(np.linalg.norm(flat.ravel()))})
            else:
                told[name] = float(value)
        self.p.sart_debug_callback(told)

    def run(self, x, ones, beta=1.0, outer=0):
        """The sweeps of an iteration."""
        self.prepare(ones)
        method = getattr(self, "_" + self.p.iterative_update_method)
        for sweep in range(self.p.sart_iteration_count):
            x = method(x, beta * self.scale, dict(outer_iteration=outer, sart_sweep=sweep, beta=beta,
                                                  backprojection_scale=self.scale))
        return x

    def _step(self, x, i, told):
        """A view's correction, backprojected."""
        computed = self.forward(x, i)
        c = self.correction(i, computed)
        b = self.back(c, i)
        self._tell(projection_index=i, measured=self.data[i], computed=computed,
                   raylength=self.lengths[i], correction=c, backprojection=b, volume=x, **told)
        return b

    def _sart(self, x, step, told):
        for i in self.order:
            b = self._step(x, i, told)
            if self.p.voxel_sensitivity_normalization:
                b = self._over(b, self.sensitivity(i))
            x = self.clamp(x + step * b, "update")
        return x

    def _sirt(self, x, step, told):
        total = self.xp.zeros_like(x)
        for i in self.order:
            total = total + self._step(x, i, told)
        if self.p.voxel_sensitivity_normalization:
            if self.sums is None:
                self.sums = sum(self.back(_spaces.cast(m, self.dtype), i) for i, m in enumerate(self.masks))
            total = self._over(total, self.sums)
        else:
            total = total / len(self.order)
        return self.clamp(x + step * total, "update")

    def _normalized_sart(self, x, step, told):
        weights = self.p.projection_weights
        count = min(int(self.p.projection_subset_count), len(self.order))
        for k in range(count):
            above, below = self.xp.zeros_like(x), self.xp.zeros_like(x)
            for i in self.order[k::count]:
                w = 1.0 if weights is None else float(weights[i])
                above = above + w * self._step(x, i, dict(told, subset_index=k))
                below = below + w * self.sensitivity(i)
            x = self.clamp(x + step * self._over(above, below), "update")
        return x


def _bar(shown, done, count):
    """One line that is written over."""
    if shown:
        full = 10 * done // count
        print("\r|%s%s| iteration %d of %d" % ("#" * full, "-" * (10 - full), done, count),
              end="\n" if done == count else "", flush=True)


def _plain(data, forward, back, params, show_progress):
    s = _Sweeps(data, forward, back, params)
    x, ones = s.start()
    for k in range(params.iteration_count):
        x = s.clamp(s.run(x, ones, outer=k), "iteration")
        _bar(show_progress, k + 1, params.iteration_count)
    return s.clamp(x, "final")


def reconstruct_sart(measured_projections, forward_project, back_project, params, *,
                     show_progress=True):
    """View after view (Andersen and Kak 1984)."""
    return _plain(measured_projections, forward_project, back_project, params, show_progress)


def reconstruct_sirt(measured_projections, forward_project, back_project, params, *,
                     show_progress=True):
    """All views of a sweep from one x."""
    if params.iterative_update_method != "sirt":  # which leaves the step of the method that was named
        step = params.backprojection_scale
        if step is None and params.iterative_update_method == "normalized_sart":
            step = params.normalized_sart_relaxation
        params = dataclasses.replace(params, iterative_update_method="sirt", backprojection_scale=step)
    return _plain(measured_projections, forward_project, back_project, params, show_progress)


class _Pocs:
    """A sweep and steps of total variation in turn."""

    def __init__(self, data, forward, back, params, regularize, show_progress):
        self.s = _Sweeps(data, forward, back, params)
        self.p, self.r, self.shown = params, regularize, show_progress
        self.beta = getattr(regularize, "beta", 1.0)
        self.first = self.s.order[0]

    def run(self, step, last=True):
        """step(x, before the sweep, iteration): x; last: in the last iteration too. A start takes the
        first sweep's place."""
        s, p = self.s, self.p
        x, ones = s.start()
        for k in range(p.iteration_count):
            if k == 0 and p.initial_volume is not None:
                before = s.xp.zeros_like(x)
            else:
                before, x = x, s.run(x, ones, self.beta, k)
            x = s.clamp(x, "iteration")
            if self.r.reg_iteration_count > 0 and (last or k < p.iteration_count - 1):
                x = s.clamp(step(x, before, k), "regularization")
            _bar(self.shown, k + 1, p.iteration_count)
        return s.clamp(x, "final")


def reconstruct_tv_pocs(measured_projections, forward_project, back_project, reco_params, reg_params,
                        *, show_progress=False):
    """Total variation, steps of alpha times the sweep's change."""
    r = reg_params
    m = _Pocs(measured_projections, forward_project, back_project, reco_params, r, show_progress)
    return m.run(lambda x, before, _: tv_pocs(x, before, r.reg_iteration_count, r.alpha, r.tv_eps)[0])


def reconstruct_asd_pocs(measured_projections, forward_project, back_project, reco_params, reg_params,
                         *, show_progress=False):
    """Total variation, steps that adapt (Sidky and Pan 2008). The residual looked at is the first
    view's of the order."""
    r, length = reg_params, [0.0]
    m = _Pocs(measured_projections, forward_project, back_project, reco_params, r, show_progress)

    def step(x, before, k):
        residual = _spaces.norm(m.s.data[m.first] - forward_project(x, m.first))
        x, _, length[0] = asd_pocs(x, before, k, r.reg_iteration_count, residual, length[0], r.alpha,
                                   r.alpha_red, r.r_max, r.epsilon, r.tv_eps)
        m.beta *= r.beta_red
        return x
    return m.run(step, last=False)


def reconstruct_awtv_pocs(measured_projections, forward_project, back_project, reco_params,
                          reg_params, *, show_progress=False):
    """Total variation that lets edges be (Liu and others 2012); alpha falls by 0.995 an iteration."""
    r, alpha, seen = reg_params, [reg_params.alpha], [None]
    m = _Pocs(measured_projections, forward_project, back_project, reco_params, r, show_progress)

    def step(x, before, _):
        now = forward_project(x, m.first)
        if seen[0] is not None and _spaces.norm(seen[0] - now) < r.epsilon:
            m.beta *= r.beta_red
        x, _, alpha[0] = awtv_pocs(x, before, r.reg_iteration_count, alpha[0], r.delta, r.tv_eps)
        seen[0] = now
        return x
    return m.run(step)


Reconstruction_Parameter = ReconstructionParameters
Regularisation_Parameter = RegularizationParameters
TV_POCS_Parameter = TVPOCSParameters
ASD_POCS_Parameter = ASDPOCSParameters
AwTV_POCS_Parameter = AwTVPOCSParameters
run_sart = reconstruct_sart
run_sirt = reconstruct_sirt
run_tv_pocs = reconstruct_tv_pocs
run_asd_pocs = reconstruct_asd_pocs
run_awtv_pocs = reconstruct_awtv_pocs
