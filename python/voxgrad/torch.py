"""PyTorch: operators as differentiable functions of tensors, and layers made of them.

`A(x)` of a tensor is differentiable by itself; `apply` is what it calls. Tensors of the cpu are
looked at where they lie. A linear operator's backward is its exact adjoint and can be
differentiated again, as often as one likes; of other inputs (geometry) first derivatives are
there. Leading axes beyond the operator's are a batch in one call.
"""

from __future__ import annotations

import numpy as np
import torch

from . import ct
from ._library import lib
from ._options import options as _takes
from .operators import Operator

_NEW = hasattr(torch.autograd.Function, "setup_context")  # since torch 2.0


def _run(function, *tensors):
    return function(*[t if t is None else t.detach() for t in tensors])


class _Linear(torch.autograd.Function):
    """y = A x, for an operator that is linear in its only input. forward, backward and jvp are all
    calls of it again, so that every derivative is there."""

    if _NEW:

        @staticmethod
        def forward(x, operator):
            return _run(operator._evaluate, x)

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.operator = inputs[1]

        @staticmethod
        def jvp(ctx, tangent, _):
            return _Linear.apply(tangent, ctx.operator)

        @staticmethod
        def vmap(info, in_dims, x, operator):
            return _Linear.apply(x.movedim(in_dims[0], 0), operator), 0
    else:

        @staticmethod
        def forward(ctx, x, operator):
            ctx.operator = operator
            return _run(operator._evaluate, x)

    @staticmethod
    def backward(ctx, gradient):
        return _Linear.apply(gradient, ctx.operator.T), None


class _General(torch.autograd.Function):
    """y = F(x_0, ...): first derivatives by every input."""

    @staticmethod
    def forward(ctx, operator, *inputs):
        ctx.operator = operator
        ctx.save_for_backward(*inputs)
        return _run(operator._evaluate, *inputs)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, gradient):
        wanted = ctx.needs_input_grad[1:]
        inputs = tuple(x.detach() for x in ctx.saved_tensors)
        out = ctx.operator.vjp(inputs, gradient.detach(), wanted)
        return (None,) + (out if isinstance(out, tuple) else (out,))


def apply(operator, *inputs) -> torch.Tensor:
    """F of tensors (batch..., *domain_shape), float32 or float64, differentiable."""
    if operator.ninputs != len(inputs):
        raise TypeError("%d inputs are expected, not %d" % (operator.ninputs, len(inputs)))
    if operator.is_linear:
        return _Linear.apply(inputs[0], operator)
    return _General.apply(operator, *inputs)


class Layer(torch.nn.Module):
    """An operator as a module: of tensors (batch..., *domain_shape)."""

    def __init__(self, operator):
        super().__init__()
        if not isinstance(operator, Operator):
            raise TypeError("an Operator is expected, not %s" % type(operator).__name__)
        self.operator = operator

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


class FilteredBackprojection(torch.nn.Module):
    """Filtered backprojection of a parallel beam with a response that can be learned.

    Projections (..., views, rows, columns), or (..., views, columns) under one row, to volumes (or
    images). `response`: a parameter, one number a frequency of rows padded to a power of two that
    is at least twice as long; it begins as the window times the ramp."""

    def __init__(self, geometry, volume=None, window="ramp", cutoff=0.0, dtype=torch.float32):
        super().__init__()
        if geometry.beam != "parallel":
            raise ValueError("FilteredBackprojection: a parallel beam is expected, not a %s beam"
                             % geometry.beam)
        self.geometry = geometry
        self.volume = volume if volume is not None else geometry.fit_volume()
        self.padded = 1 << (2 * geometry.columns - 1).bit_length()
        pitch = float(np.linalg.norm(geometry.vectors[0, 2]))
        response = ct.filter_response(window, self.padded, pitch, cutoff)
        self.response = torch.nn.Parameter(torch.tensor(response, dtype=dtype))
        angles, weights = geometry.angles, np.empty(geometry.nviews)
        lib.check(lib.vxg_ct_angle_weights(geometry.nviews, angles.ctypes.data,
                                           weights.ctypes.data))
        self.register_buffer("weights", torch.tensor(weights, dtype=dtype)[:, None, None])
        self.operator = ct.backprojector(geometry, self.volume)

    def forward(self, projections) -> torch.Tensor:
        flat = self.geometry.rows == 1 and self.volume.shape[0] == 1 \
            and projections.shape[-2:] == (self.geometry.nviews, self.geometry.columns)
        y = projections.unsqueeze(-2) if flat else projections
        spectrum = torch.fft.rfft(y, self.padded) * self.response
        filtered = torch.fft.irfft(spectrum, self.padded)[..., :y.shape[-1]] * self.weights
        x = apply(self.operator, filtered)
        return x.squeeze(-3) if flat else x


__all__ = ["Backprojection", "FilteredBackprojection", "Layer", "Projection", "apply"]
