"""PyTorch: operators as differentiable functions of tensors, and layers made of them.

`A(x)` of a tensor is differentiable by itself; `apply` is what it calls. Tensors of the cpu are
looked at where they lie. A linear operator's backward is its exact adjoint and can be
differentiated again, as often as one likes; of other inputs (geometry) first derivatives are
there. Leading axes beyond the operator's are a batch in one call.
"""

from __future__ import annotations

import numpy as np
import torch

from . import _recipes, ct
from ._library import lib
from ._options import options as _takes
from .operators import Operator

_NEW = hasattr(torch.autograd.Function, "setup_context")  # since torch 2.0
_OPS = hasattr(torch.library, "custom_op")  # since torch 2.4
if _OPS:
    from . import _torch_ops  # noqa: F401 (it registers them)


def _run(function, *tensors):
    return function(*[t if t is None else t.detach() for t in tensors])


class _Linear(torch.autograd.Function):
    """y = A x, for an operator that is linear in its only input. backward and jvp are calls of it
    again, so that every derivative is there."""

    @staticmethod
    def forward(ctx, x, operator):
        ctx.operator = operator
        return _run(operator._evaluate, x)

    @staticmethod
    def backward(ctx, gradient):
        return _linear(gradient, ctx.operator.T), None

    @staticmethod
    def jvp(ctx, tangent, _):
        return _linear(tangent, ctx.operator)


class _LinearUnder(_Linear):
    """The same under torch.func, which asks for this form; it costs 25 us a call more."""

    if _NEW:

        @staticmethod
        def forward(x, operator):
            return _run(operator._evaluate, x)

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.operator = inputs[1]

        @staticmethod
        def vmap(info, in_dims, x, operator):
            return _linear(x.movedim(in_dims[0], 0), operator), 0


_is_under = getattr(torch._C, "_are_functorch_transforms_active", lambda: False)


def _linear(x, operator):
    return (_LinearUnder if _NEW and _is_under() else _Linear).apply(x, operator)


class _General(torch.autograd.Function):
    """y = F(x_0, ...): first derivatives by every input."""

    if _NEW:

        @staticmethod
        def forward(operator, *inputs):
            return _run(operator._evaluate, *inputs)

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.operator = inputs[0]
            ctx.save_for_backward(*inputs[1:])

        @staticmethod
        def vmap(info, in_dims, operator, *inputs):
            wide = [x.movedim(d, 0) if d is not None else x.expand((info.batch_size,) + x.shape)
                    for x, d in zip(inputs, in_dims[1:])]
            return _General.apply(operator, *wide), 0
    else:

        @staticmethod
        def forward(ctx, operator, *inputs):
            ctx.operator = operator
            ctx.save_for_backward(*inputs)
            return _run(operator._evaluate, *inputs)

    @staticmethod
    def backward(ctx, gradient):
        wanted = [bool(w) for w in ctx.needs_input_grad[1:]]
        found = _Gradients.apply(ctx.operator, wanted, gradient, *ctx.saved_tensors)
        return (None,) + tuple(g if w else None for g, w in zip(found, wanted))


class _Gradients(torch.autograd.Function):
    """(dF/dx_i)' of a gradient; a function of its own, so that torch.func can look into it."""

    if _NEW:

        @staticmethod
        def forward(operator, wanted, gradient, *inputs):
            return _gradients(operator, wanted, gradient, inputs)

        @staticmethod
        def setup_context(ctx, inputs, output):
            pass

        @staticmethod
        def vmap(info, in_dims, operator, wanted, gradient, *inputs):
            wide = [x.movedim(d, 0) if d is not None else x.expand((info.batch_size,) + x.shape)
                    for x, d in zip((gradient,) + inputs, in_dims[2:])]
            found = _Gradients.apply(operator, wanted, *wide)
            return found, tuple(0 if w else None for w in wanted)
    else:

        @staticmethod
        def forward(ctx, operator, wanted, gradient, *inputs):
            return _gradients(operator, wanted, gradient, inputs)

    @staticmethod
    def backward(ctx, *_):
        raise RuntimeError("second derivatives are there of operators that are linear in their only input")


def _gradients(operator, wanted, gradient, inputs):
    found = operator.vjp(tuple(x.detach() for x in inputs), gradient.detach(), wanted)
    found = found if isinstance(found, tuple) else (found,)
    return tuple(gradient.new_empty(0) if g is None else g for g in found)


def apply(operator, *inputs) -> torch.Tensor:
    """F of tensors (batch..., *domain_shape), float32 or float64, differentiable."""
    count, is_linear = operator._facts or operator._look()
    if count != len(inputs):
        raise TypeError("%d inputs are expected, not %d" % (count, len(inputs)))
    if _OPS and torch.compiler.is_compiling():
        if is_linear:
            return torch.ops.voxgrad.linear(inputs[0], operator._number)
        return torch.ops.voxgrad.evaluate(list(inputs), operator._number)
    if is_linear:
        return _linear(inputs[0], operator)
    return _General.apply(operator, *inputs)


class Layer(torch.nn.Module):
    """An operator as a module: of tensors (batch..., *domain_shape)."""

    def __init__(self, operator):
        super().__init__()
        if not isinstance(operator, Operator):
            raise TypeError("an Operator is expected, not %s" % type(operator).__name__)
        self.operator = operator
        operator._look()  # so that compiling need not ask the library

    def forward(self, *inputs) -> torch.Tensor:
        return apply(self.operator, *inputs)

    def extra_repr(self) -> str:
        return "%s -> %s" % (self.operator.domain_shape, self.operator.range_shape)


@_takes("vxg_ct_projector_opts", leave="weighting texture")
class Projection(Layer):
    """Line integrals of volumes; the arguments are those of `voxgrad.ct.XrayTransform`."""

    def __init__(self, geometry, volume=None, model="joseph", **options):
        super().__init__(ct.XrayTransform(geometry, volume, model, **options))


@_takes("vxg_ct_projector_opts", leave="weighting texture")
class Backprojection(Layer):
    """The exact transpose of `Projection`."""

    def __init__(self, geometry, volume=None, model="joseph", **options):
        super().__init__(ct.XrayTransform(geometry, volume, model, **options).T)


class _Filtered(torch.nn.Module):
    """Weights, a response that can be learned, backprojection: what both below share."""

    def __init__(self, geometry, volume, response, pixel_weights, view_weights, distance, dtype):
        super().__init__()
        self.geometry = geometry
        self.volume = volume if volume is not None else geometry.fit_volume()
        self.padded = 2 * (len(response) - 1)
        self.response = torch.nn.Parameter(torch.tensor(response, dtype=dtype))
        weights = torch.tensor(view_weights, dtype=dtype)[:, None, None]
        self.register_buffer("weights", weights)
        before = None if pixel_weights is None else torch.tensor(pixel_weights, dtype=dtype)
        self.register_buffer("before", before)
        self.operator = ct.backprojector(geometry, self.volume,
                                         weighting="distance" if distance else "none")
        self.operator._look()  # so that compiling need not ask the library
        flat = geometry.rows == 1 and self.volume.shape[0] == 1
        self._flat = (geometry.nviews, geometry.columns) if flat else None

    def forward(self, projections) -> torch.Tensor:
        flat = self._flat is not None and tuple(projections.shape[-2:]) == self._flat
        y = projections.unsqueeze(-2) if flat else projections
        columns = y.shape[-1]
        if self.before is not None:
            y = y * self.before
        spectrum = torch.fft.rfft(y, self.padded) * self.response
        filtered = torch.fft.irfft(spectrum, self.padded)[..., :columns] * self.weights
        x = apply(self.operator, filtered)
        return x.squeeze(-3) if flat else x


def _one_pitch(name, geometry):
    """The pixels' sizes, (2,); an error where they change from view to view."""
    pitch = np.linalg.norm(geometry.vectors[:, 2:], axis=2)
    if np.ptp(pitch[:, 0]) > 1e-6 * pitch[0, 0]:
        raise ValueError("%s: columns of one size are expected, not of %g to %g; voxgrad.ct takes them"
                         % (name, pitch[:, 0].min(), pitch[:, 0].max()))
    return pitch[0]


class FilteredBackprojection(_Filtered):
    """Filtered backprojection of a parallel beam with a response that can be learned.

    Projections (..., views, rows, columns), or (..., views, columns) under one row, to volumes (or
    images). `response`: a parameter, one number a frequency of rows padded to a power of two that
    is at least twice as long; it begins as the window times the ramp."""

    def __init__(self, geometry, volume=None, window="ramp", cutoff=0.0, dtype=torch.float32):
        if geometry.beam != "parallel":
            raise ValueError("FilteredBackprojection: a parallel beam is expected, not a %s beam"
                             % geometry.beam)
        ct.fbp_operator(geometry, volume).on("cpu")  # refuses what no filtered backprojection can do
        padded = 1 << (2 * geometry.columns - 1).bit_length()
        pitch = _one_pitch("FilteredBackprojection", geometry)[0]
        angles, weights = geometry.angles, np.empty(geometry.nviews)
        lib.check(lib.vxg_ct_angle_weights(geometry.nviews, angles.ctypes.data,
                                           weights.ctypes.data))
        super().__init__(geometry, volume, ct.filter_response(window, padded, pitch, cutoff), None,
                         weights, False, dtype)


class FDK(_Filtered):
    """Feldkamp, Davis and Kress' reconstruction of a fan or cone beam that goes all the way round, with a
    response that can be learned; else as FilteredBackprojection. Short scans: `voxgrad.ct.fdk`."""

    def __init__(self, geometry, volume=None, window="ramp", cutoff=0.0, dtype=torch.float32):
        if geometry.beam == "parallel" or geometry.is_curved:
            raise ValueError("FDK: a fan or cone beam on a flat detector is expected")
        _one_pitch("FDK", geometry)
        ct.fdk_operator(geometry, volume, arc="full").on("cpu")  # refuses what FDK cannot do
        v = geometry.vectors
        pitch = np.linalg.norm(v[:, 2:], axis=2)
        frames = v[:, 0], v[:, 1], v[:, 2] / pitch[:, :1], v[:, 3] / pitch[:, 1:]
        middle = _recipes.isocenter((frames[0][:, :2], frames[1][:, :2], frames[2][:, :2]))
        level = np.column_stack([np.tile(middle, (len(v), 1)), frames[0][:, 2]])
        sid, sdd = _recipes.distances(frames, level)
        turn = np.unwrap(np.arctan2(*(frames[0][:, :2] - middle).T[::-1]))
        step = abs(np.median(np.diff(turn))) if len(turn) > 1 else 0.0
        if _recipes.period(np.ptp(turn), step) != 2 * np.pi or np.ptp(sid) > 1e-4 * sid.mean() \
                or np.ptp(frames[0][:, 2]) > 1e-4 * sid.mean():
            raise ValueError("FDK: a source that goes once round in a circle at one height is expected, "
                             "views in order; voxgrad.ct.fdk takes other scans")
        padded = 1 << (2 * geometry.columns - 1).bit_length()
        super().__init__(geometry, volume, ct.filter_response(window, padded, pitch[0, 0], cutoff),
                         _recipes.cosines(frames, (geometry.columns, geometry.rows), pitch[0])
                         .swapaxes(1, 2), _recipes.angle_weights(turn) * sid / sdd, True, dtype)


__all__ = ["Backprojection", "FDK", "FilteredBackprojection", "Layer", "Projection", "apply"]
