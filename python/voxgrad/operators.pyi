# Written by ./dev docs (tools/python_stubs.py).
"""Operators: y = F(x_0, ..., x_n-1) with exact adjoints and derivatives, made of the library's own
or of functions in Python.
"""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from . import Device

class Operator:
    """y = F(x): `A(x)`, `A.T(y)`, `A.H`, `A @ x`, `A[views]`, `A + B`, `2 * A`, `A @ B`,
    `A.norm()`, `A.jvp`, `A.vjp`.

    An operator runs where its arrays are, in their arithmetic (float32 or float64), and leading
    axes beyond its own are a batch. It is immutable and may be shared between threads. As a matrix
    it has `shape`, `dtype`, `matvec` and `rmatvec`, which is what SciPy's and PyLops' linear
    operators are made of. It can be pickled: a copy is made by the same call, on the same device.

    Arrays that do not fit are a TypeError (elements) or a ValueError (shape, device); nothing is
    converted or moved in silence.
    """
    device: Device | None
    def __init__(
        self, maker: Any, device: Device | str | None = None, dtype: DTypeLike | None = None
    ) -> None: ...
    def on(self, device: Device | str | None = 'cpu', dtype: DTypeLike | None = None) -> Any:
        """The library's operator on this device (a parameter for functions of `voxgrad.lib`)."""
        ...
    @property
    def ninputs(self) -> int:
        """How many inputs there are."""
        ...
    @property
    def domain_shape(self) -> tuple[int, ...]:
        """Shape of the input."""
        ...
    @property
    def domain_shapes(self) -> list[tuple[int, ...]]: ...
    @property
    def range_shape(self) -> tuple[int, ...]:
        """Shape of the output."""
        ...
    @property
    def dtype(self) -> np.dtype:
        """For shape-only users."""
        ...
    @property
    def is_linear(self) -> bool:
        """Has one input and is linear in it."""
        ...
    @property
    def name(self) -> str: ...
    @property
    def shape(self) -> tuple[int, int]:
        """(elements of the range, elements of the domain), as of a matrix."""
        ...
    def __call__(self, *inputs: Any, out: Any = None) -> Any:
        """F of the inputs: an array of the kind of the first, or `out`. Of PyTorch's tensors and
        JAX's arrays it is differentiable.
        """
        ...
    def adjoint(self, y: Any, out: Any = None) -> Any:
        """A' y, for an operator that is linear in its only input."""
        ...
    def jvp(self, inputs: Any, tangents: Any) -> Any:
        """The derivative at `inputs` along `tangents`: sum_i dF/dx_i t_i. Each is one array or a
        tuple of as many as there are inputs; None: zero, or an input that does not matter.
        """
        ...
    def vjp(self, inputs: Any, cotangent: Any, wanted: Any = None) -> Any:
        """(dF/dx_i)' cotangent at `inputs`: one array, or a tuple for several inputs with None
        where wanted[i] is false.
        """
        ...
    def matvec(self, x: Any) -> Any:
        """A times a vector of `shape[1]` elements (or (n, 1))."""
        ...
    def rmatvec(self, y: Any) -> Any:
        """A' times a vector of `shape[0]` elements (or (m, 1))."""
        ...
    def __matmul__(self, x: Any) -> Any: ...
    def norm(self, device: Device | str | None = None, dtype: DTypeLike | None = None) -> float:
        """The largest singular value, by power iteration, to some 1e-5 from below. Kept."""
        ...
    @property
    def T(self) -> Operator:
        """The adjoint as an operator; the same object every time."""
        ...
    @property
    def H(self) -> Operator:
        """The adjoint as an operator; the same object every time."""
        ...
    @property
    def normal(self) -> Operator:
        """A' A as an operator."""
        ...
    def __getitem__(self, views: Any) -> Operator:
        """These entries of the range's first axis: an int, a slice, a list, a mask."""
        ...
    def __add__(self, other: Any) -> Operator: ...
    def __mul__(self, factor: float) -> Operator: ...
    def __rmul__(self, factor: float) -> Operator: ...
    def __neg__(self) -> Operator: ...
    def __sub__(self, other: Any) -> Operator: ...
    def bind(self, index: int, value: Any) -> Operator:
        """The operator of the other inputs with this one fixed; the value is copied."""
        ...

def stack(*operators: Operator) -> Operator:
    """Operators of one domain, their ranges joined along the first axis."""
    ...

__all__ = ['Operator', 'stack']
