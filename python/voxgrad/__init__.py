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

from __future__ import annotations

from . import ct, dwi, io, solve, track
from ._devices import Array, Device, devices
from ._library import (ArgumentError, CancelledError, DeviceError, Error, InputError,
                       NumericalError, OutOfMemoryError, OutputError, UnsupportedError, lib)
from .checks import CheckResult, check
from .functions import FunctionOperator, Kernel
from .operators import Operator, stack

__version__ = lib.vxg_version().decode()


def set_threads(n=0) -> None:
    """Threads of the pool, 0: as many as the process may use. Results do not depend on it."""
    lib.check(lib.vxg_set_threads(n))


def threads() -> int:
    """How many threads the pool has."""
    return lib.vxg_threads()


__all__ = ["ArgumentError", "Array", "CancelledError", "CheckResult", "Device", "DeviceError",
           "Error", "FunctionOperator", "InputError", "Kernel", "NumericalError", "Operator",
           "OutOfMemoryError", "OutputError", "UnsupportedError", "check", "ct", "devices", "io",
           "set_threads", "solve", "stack", "threads"]
