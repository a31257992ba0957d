"""Checks that prove an operator: the adjoint, derivatives, batches, repeats. They are the
library's own and run on every operator, those made in Python too."""

from __future__ import annotations

import collections
import ctypes

from ._calls import call
from ._devices import Device
from ._library import UnsupportedError, lib

CheckResult = collections.namedtuple("CheckResult", "name passed residual tolerance detail")
CheckResult.__doc__ = """What a check found: residual <= tolerance passes; detail: where it is worst."""

_LINEAR = ("adjoint", "normal")
_ALL = ("adjoint", "jvp", "vjp", "accumulate", "batch", "repeat", "normal", "subset", "bind")


def check(operator, names=None, device="cpu", dtype=None, seed=1, kinks=()) -> list[CheckResult]:
    """Runs the checks called `names` (None: all that apply) and gives a list of CheckResult.

    kinks: inputs whose derivative jumps, which differences leave alone. What a check needs and the
    operator does not have (one linear input, several inputs) is left out of all, and an error by
    name."""
    made = operator.on(Device(device), dtype)
    opts = lib.new("vxg_check_opts", seed=seed, kinks=sum(1 << i for i in kinks))
    results = []
    for name in names or _ALL:
        if names is None and name in _LINEAR and not lib.vxg_op_is_linear(made.handle):
            continue
        out = lib.new("vxg_check_result")
        try:
            call(getattr(lib, "vxg_check_" + name), made.handle, ctypes.byref(opts),
                 ctypes.byref(out))
        except UnsupportedError:
            if names is not None:
                raise
            continue
        results.append(CheckResult(name, bool(out.passed), out.residual, out.tolerance,
                                   out.detail.decode("utf-8", "replace")))
    return results


__all__ = ["CheckResult", "check"]
