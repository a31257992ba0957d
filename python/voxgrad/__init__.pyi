# Written by ./dev docs (tools/python_stubs.py).
"""Differentiable, physics-based imaging: X-ray CT with exact adjoints on any device.

    import numpy as np
    import voxgrad as vxg

    geometry = vxg.ct.ParallelGeometry.circular(180, rows=1, columns=256)
    A = vxg.ct.XrayTransform(geometry)
    image = np.zeros(A.domain_shape, np.float32)
    image[100:150, 90:160] = 1
    sinogram = A(image)
    again = vxg.ct.fbp(sinogram, geometry)
"""

from typing import Any, Sequence

import numpy as np
from numpy.typing import DTypeLike

from .checks import CheckResult as CheckResult
from .functions import FunctionOperator as FunctionOperator
from .functions import Kernel as Kernel
from .operators import Operator as Operator
from .checks import check as check
from . import ct as ct
from . import io as io
from . import solve as solve
from .operators import stack as stack

class ArgumentError(Error, ValueError):
    """An argument that is wrong: the message names it and says what was expected."""

class Array:
    """An array on a device, C order. `numpy()` copies it to the host; on the cpu device
    `np.asarray` looks at the same memory.
    """
    device: Device
    shape: tuple[int, ...]
    dtype: np.dtype
    def __init__(
        self, device: Device | str | None, shape: Sequence[int],
        dtype: DTypeLike | None = np.float32
    ) -> None: ...
    @property
    def ndim(self) -> int: ...
    @property
    def size(self) -> int: ...
    def numpy(self) -> np.ndarray:
        """A copy on the host."""
        ...
    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> Any: ...

class CancelledError(Error):
    """Work that was stopped by a callback or an interrupt."""

class Device:
    """Where arrays live and kernels run: "cpu", "opencl:0", "cuda:0"; "auto" is the best GPU, else
    the cpu. One object for a device, however often it is opened; shared between threads.
    """
    spec: str
    backend: str
    is_host: bool
    def __new__(cls, spec: Device | str = 'auto') -> Device: ...
    @property
    def name(self) -> str:
        """The vendor's name."""
        ...
    @property
    def driver(self) -> str:
        """Driver or instruction set."""
        ...
    @property
    def memory(self) -> int:
        """Bytes of memory, 0: not known."""
        ...
    @property
    def units(self) -> int:
        """Compute units, or threads of the pool."""
        ...
    @property
    def has_float64(self) -> bool:
        """Computes in float64."""
        ...
    def array(self, values: Any) -> Array:
        """A copy of a NumPy array on this device."""
        ...
    def zeros(self, shape: int | Sequence[int], dtype: DTypeLike | None = np.float32) -> Array:
        """A new array of zeros."""
        ...

class DeviceError(Error, RuntimeError):
    """A device that is not there or failed."""

class Error(Exception):
    """What the library refused or could not do; `status` is its number (vxg_status)."""

class InputError(Error, ValueError):
    """A file or data that cannot be read or used."""

class NumericalError(Error, ArithmeticError):
    """Numbers that are not finite any more, or no result that could be trusted."""

class OutOfMemoryError(Error, MemoryError):
    """Memory was refused, of the host or of a device."""

class OutputError(Error, OSError):
    """A file that is there already or cannot be written."""

class UnsupportedError(Error, NotImplementedError):
    """What this device, operator or method cannot do."""

def devices() -> list[Device]:
    """All devices there are, the cpu first."""
    ...

def set_threads(n: int = 0) -> None:
    """Threads of the pool, 0: as many as the process may use. Results do not depend on it."""
    ...

def threads() -> int:
    """How many threads the pool has."""
    ...

__version__: str

__all__ = [
    'ArgumentError', 'Array', 'CancelledError', 'Device', 'DeviceError', 'Error', 'InputError',
    'NumericalError', 'OutOfMemoryError', 'OutputError', 'UnsupportedError', 'devices',
    'set_threads', 'threads', 'CheckResult', 'FunctionOperator', 'Kernel', 'Operator', 'check',
    'ct', 'io', 'solve', 'stack'
]
