# Written by ./dev docs (tools/python_stubs.py).
"""Operators of functions in Python, and kernels of one's own."""

from typing import Any, Callable, Sequence

import numpy as np
from numpy.typing import DTypeLike

from . import Device
from .operators import Operator

class FunctionOperator(Operator):
    """An operator of functions of NumPy arrays, for all that takes operators: solvers, checks,
    combinations.

    apply(x): A x. adjoint(y): A' y; without one there is no adjoint. Both get copies of the
    operator's shapes, on the cpu, and return an array. Linear. `voxgrad.check(op)` says whether the
    two fit each other.
    """
    def __init__(
        self, apply: Callable[[np.ndarray], Any], adjoint: Callable[[np.ndarray], Any] | None,
        domain_shape: Sequence[int], range_shape: Sequence[int], *, name: str = 'python',
        dtype: DTypeLike | None = None
    ) -> None: ...
    @property
    def domain_shape(self) -> tuple[int, ...]: ...
    @property
    def range_shape(self) -> tuple[int, ...]: ...

class Kernel:
    """A kernel of the dialect (docs/kernels.md), compiled for a device when it is made.

    text: the whole text, or None for one of the library's own by name. options: "-DNAME=VALUE"
    words.
    """
    device: Device
    name: str
    dtype: np.dtype
    def __init__(
        self, text: str | None, name: str, *, options: str | None = None,
        device: Device | str | None = 'cpu', dtype: DTypeLike | None = np.float32
    ) -> None: ...
    def __call__(
        self, size: int | Sequence[int], *arrays: Any, ints: Sequence[int] = (),
        reals: Sequence[float] = (), small: Sequence[int] = ()
    ) -> None:
        """Runs over `size` items (a number, or up to three along x, y, z): arrays are the
        kernel's buffers (NumPy arrays in C order on the cpu, voxgrad.Array on any device), ints and
        reals its numbers. Returns when it is done.

        Nothing looks at what a kernel reads and writes: an array with fewer elements than there are
        items is refused unless its number is in `small`; beyond that its reach is the text's own
        doing, and one that reaches beyond an array's end overwrites memory.
        """
        ...

__all__ = ['FunctionOperator', 'Kernel']
