# Written by ./dev docs (tools/python_stubs.py).
"""Checks that prove an operator: the adjoint, derivatives, batches, repeats. They are the
library's own and run on every operator, those made in Python too.
"""

from typing import NamedTuple, Sequence
from numpy.typing import DTypeLike

from . import Device
from .operators import Operator

class CheckResult(NamedTuple):
    """What a check found: residual <= tolerance passes; detail: where it is worst."""
    name: str
    passed: bool
    residual: float
    tolerance: float
    detail: str

def check(
    operator: Operator, names: Sequence[str] | None = None, device: Device | str | None = 'cpu',
    dtype: DTypeLike | None = None, seed: int = 1, kinks: Sequence[int] = ()
) -> list[CheckResult]:
    """Runs the checks called `names` (None: all that apply) and gives a list of CheckResult.

    kinks: inputs whose derivative jumps, which differences leave alone. What a check needs and the
    operator does not have (one linear input, several inputs) is left out of all, and an error by
    name.
    """
    ...

__all__ = ['CheckResult', 'check']
