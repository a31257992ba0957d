"""JAX: operators in compiled functions, with derivatives of every order in linear inputs.

`apply(A, x)` calls the library through XLA's foreign function interface: arrays are looked at
where they lie, also inside jit, vmap and grad. Where that interface is missing, and for the
derivatives of operators with several inputs, the host calls back.
"""

from __future__ import annotations

import ctypes

import jax
import numpy as np
from jax import numpy as jnp
from jax.interpreters import ad, batching, mlir

try:
    from jax.extend.core import Primitive
except ImportError:
    from jax.core import Primitive

from ._library import check, lib

_TARGET = "voxgrad_call"


def _interface():
    """jax's module for foreign functions, None: there is none."""
    try:
        from jax import ffi
    except ImportError:
        try:
            from jax.extend import ffi
        except ImportError:
            return None
    return ffi


_ffi = _interface()
if _ffi is not None:
    _capsule = _ffi.pycapsule(lib.vxg_xla_call)
    for _platform in ("cpu", "CUDA"):
        _ffi.register_ffi_target(_TARGET, _capsule, platform=_platform)


class _Entry:
    """An operator's handle for compiled programs; it lives as long as the operator."""

    def __init__(self, made):
        number = ctypes.c_int64()
        check(lib.vxg_xla_register(made.handle, ctypes.byref(number)))
        self.number, self._forget = number.value, lib.vxg_xla_forget

    def __del__(self):
        if hasattr(self, "_forget"):
            self._forget(self.number)


def _handle(operator, dtype):
    made = operator.on("cpu", dtype)
    entry = getattr(made, "xla", None)
    if entry is None:
        entry = made.xla = _Entry(made)
    return entry.number


def _checked(operator, inputs):
    """The arithmetic of the call; TypeError and ValueError as the operator's own."""
    dtype = np.dtype(inputs[0].dtype)
    if dtype not in (np.float32, np.float64):
        raise TypeError("dtype: float32 or float64 is expected, not %s" % dtype)
    if operator._dtype not in (None, dtype):
        raise TypeError("elements of type %s are expected, not %s" % (operator._dtype, dtype))
    for i, (x, shape) in enumerate(zip(inputs, operator.domain_shapes)):
        batch = x.ndim - len(shape)
        if batch < 0 or x.shape[batch:] != shape:
            raise ValueError("input %d: shape %s is expected (with batch axes in front or "
                             "without), not %s" % (i, shape, x.shape))
    return dtype


def _evaluate(operator, *inputs):
    """F of arrays, traced or not, without derivatives."""
    dtype = _checked(operator, inputs)
    batch = inputs[0].shape[:inputs[0].ndim - len(operator.domain_shapes[0])]
    out = jax.ShapeDtypeStruct(batch + tuple(operator.range_shape), dtype)
    if _ffi is None:
        return jax.pure_callback(lambda *x: operator._evaluate(*map(np.asarray, x)), out, *inputs,
                                 vmap_method="broadcast_all")
    call = _ffi.ffi_call(_TARGET, out, vmap_method="broadcast_all")
    return call(*inputs, operator=np.int64(_handle(operator, dtype)))


# ---- A linear operator as a primitive: compiled functions keep it, and so the operator ----
_linear = Primitive("voxgrad_linear")


@_linear.def_impl
def _(x, *, operator):
    return _evaluate(operator, x)


@_linear.def_abstract_eval
def _(x, *, operator):
    batch = x.shape[:x.ndim - len(operator.domain_shape)]
    return x.update(shape=batch + tuple(operator.range_shape), weak_type=False)


def _transpose(cotangent, x, *, operator):
    if type(cotangent) is ad.Zero:
        return [ad.Zero(x.aval)]
    return [_linear.bind(cotangent, operator=operator.T)]


def _batch(arrays, axes, *, operator):
    return _linear.bind(jnp.moveaxis(arrays[0], axes[0], 0), operator=operator), 0


ad.deflinear2(_linear, _transpose)
batching.primitive_batchers[_linear] = _batch
mlir.register_lowering(_linear, mlir.lower_fun(
    lambda x, *, operator: _evaluate(operator, x), multiple_results=False))


def _general(operator, *inputs):
    """First derivatives by every input, through the host."""

    @jax.custom_vjp
    def f(*x):
        return _evaluate(operator, *x)

    def forward(*x):
        return f(*x), x

    def backward(x, cotangent):
        shapes = tuple(jax.ShapeDtypeStruct(v.shape, v.dtype) for v in x)
        return jax.pure_callback(
            lambda c, *v: operator.vjp(tuple(map(np.asarray, v)), np.asarray(c)), shapes,
            cotangent, *x, vmap_method="sequential")
    f.defvjp(forward, backward)
    return f(*inputs)


def apply(operator, *inputs) -> jax.Array:
    """F of JAX arrays (batch..., *domain_shape), float32 or float64: differentiable, inside jit and
    vmap."""
    if operator.ninputs != len(inputs):
        raise TypeError("%d inputs are expected, not %d" % (operator.ninputs, len(inputs)))
    inputs = [jnp.asarray(x) for x in inputs]
    _checked(operator, inputs)
    return _linear.bind(inputs[0], operator=operator) if operator.is_linear else _general(operator, *inputs)


__all__ = ["apply"]
