"""Iterative methods of the library for any operator: sirt, cgls, mlem, pdhg_tv... `methods()` lists
them; each is a function of this module (`voxgrad.solve.sirt(A, b, iterations=50)`).

x has the shape of the operator's domain, data and weights that of its range, in one arithmetic
(float32 or float64). Residuals are in the data's unit, x in data over the operator's."""

from __future__ import annotations

import collections
import ctypes

import numpy as np

from . import _arrays, _foreign, _options
from ._calls import call, guard, make, Reporting
from ._library import ArgumentError, lib

_byref = ctypes.byref
_STOP, _WROTE = -1, -2
_REASONS = {value: name[len("VXG_SOLVED_"):].lower()
            for name, value in lib.enums["vxg_solve_reason"].items()}

Result = collections.namedtuple("Result", "x iterations reason residual penalty data")
Result.__doc__ = """What a method has found.

x: the solution, in the caller's type. iterations: how many were done. reason: why it ended, one of
%s. residual, penalty: arrays, one number for each iteration (|b - A x|; what is added to its square's
half). data: |b|.""" % ", ".join("'%s'" % r for r in _REASONS.values())

Report = collections.namedtuple("Report", "iteration residual data change penalty")
Report.__doc__ = """What a callback is told after an iteration (vxg_solve_report)."""


def _rows():
    kind = lib.structs["vxg_solve_row"]
    return [kind.from_address(lib.vxg_solve_row_at(i)) for i in range(lib.vxg_solve_row_count())]


def methods() -> dict[str, str]:
    """Names of the methods, with a line on each."""
    return {r.name.decode(): r.summary.decode() for r in _rows()}


class _Given:
    """Arrays of a problem, read where the operator runs."""

    def __init__(self, operator, data):
        model = data if data is not None else np.zeros(0, operator.dtype)
        self.device, self.made = operator._pick([model])
        self.kept = []

    def take(self, x, want, what):
        if x is None:
            return None
        operand = _arrays.read(x, self.device, what)
        shape, dtype = want
        if operand.dtype != dtype:
            raise TypeError("%s: elements of type %s are expected, not %s"
                            % (what, dtype, operand.dtype))
        if operand.shape != shape:
            raise ValueError("%s: shape %s is expected, not %s" % (what, shape, operand.shape))
        self.kept.append(operand)
        return ctypes.addressof(operand.struct)


def _callback(callback, x):
    """The library's callback of one in Python: what counts as False ends, None goes on."""

    def told(context, report, address):
        r = lib.structs["vxg_solve_report"].from_address(report)
        answer = callback(Report(r.iteration, r.residual, r.data, r.change, r.penalty), x())
        return _STOP if answer is not None and not answer else 0

    return lib.member_callback("vxg_solve_opts", "callback")(guard(told))


@_options.options("vxg_solve_opts")
class Solver:
    """A method under way: `step()`, `run()`, `x`, `restart()`; `solve` makes one and runs it, and
    says what the arguments are. Ctrl-C works on the thread that has made it; a solver belongs to one
    thread at a time."""

    def __init__(self, method, operator, data=None, *, start=None, weights=None, mask=None,
                 callback=None, report=None, progress=None, **options):
        if options.get("iterations") == 0:
            raise ArgumentError("iterations: a number above 0 is expected; left out it is the method's own")
        given = _Given(operator, data)
        _foreign.settle(given.device, (data, start, weights, mask))
        domain, range_ = given.made.domains[0], given.made.range
        problem = lib.new("vxg_solve_problem", op=given.made.handle.address,
                          data=given.take(data, range_, "data"),
                          start=given.take(start, domain, "start"),
                          weights=given.take(weights, range_, "weights"),
                          mask=given.take(mask, domain, "mask"))
        self._keep = [given, operator]
        self._told = told = Reporting(report, progress)
        members = {"progress": told.address}
        if callback:
            function = _callback(callback, lambda: self._view())
            members["callback"] = ctypes.cast(function, ctypes.c_void_p).value
            self._keep.append(function)
        self._keep.append(told)
        opts = _options.fill("vxg_solve_opts", options, self._keep, **members)
        self._model, self._device = data, given.device
        self._shape, self._dtype = domain
        self._handle = self._as_parameter_ = make(
            lib.vxg_solver_new, method.replace("_", "-").encode(), _byref(problem), _byref(opts),
            release=lib.vxg_solver_release)

    def _struct(self):
        return lib.structs["vxg_array"].from_address(lib.vxg_solver_x(self))

    def _view(self):
        """x where it lies, to be read: a NumPy array on the cpu, else a copy."""
        struct = self._struct()
        if self._device.is_host:
            return _arrays.view(struct, self, read_only=True)
        out = np.empty(self._shape, self._dtype)
        lib.check(lib.vxg_array_read(None, _byref(struct), out.ctypes.data))
        return out

    @property
    def x(self):
        """A copy of x as it is, in the type of the data."""
        model = self._model if self._model is not None else np.empty(0, self._dtype)
        made, operand = _arrays.like(model, self._shape, self._dtype, self._device)
        lib.check(lib.vxg_array_copy(None, _byref(self._struct()), _byref(operand.struct)))
        return _arrays.finish(made, operand)

    def step(self) -> None:
        """One iteration."""
        call(lib.vxg_solver_step, self)

    def run(self) -> str:
        """Iterations until a rule or the callback ends them; the reason, as in Result."""
        reason = ctypes.c_int()
        with self._told as told:
            call(lib.vxg_solver_run, self, _byref(reason))
            if told.last:  # the library reports before every iteration
                told.tell(told.last[0], self.report.iteration, told.last[2])
        return _REASONS[reason.value]

    def restart(self) -> None:
        """To be called after x was written."""
        call(lib.vxg_solver_restart, self)

    @property
    def report(self) -> Report:
        """Numbers of the last iteration."""
        r = lib.new("vxg_solve_report")
        lib.check(lib.vxg_solver_report(self, _byref(r)))
        return Report(r.iteration, r.residual, r.data, r.change, r.penalty)

    @property
    def history(self) -> tuple[np.ndarray, np.ndarray]:
        """(residuals, penalties) of the iterations that are done."""
        count = ctypes.c_int()
        lib.check(lib.vxg_solver_history(self, None, None, 0, _byref(count)))
        both = np.empty((2, max(1, count.value)))
        lib.check(lib.vxg_solver_history(self, both[0].ctypes.data, both[1].ctypes.data,
                                         count.value, _byref(count)))
        return both[0, :count.value].copy(), both[1, :count.value].copy()

    def __reduce__(self):
        raise TypeError("a Solver is neither copied nor pickled: keep its x and begin with start=x")


@_options.options("vxg_solve_opts")
def solve(method, operator, data=None, *, start=None, weights=None, mask=None, callback=None,
          report=None, progress=None, **options) -> Result:
    """Runs a method by name.

    data: b of A x = b. start: the first x, None: zeros, of methods that multiply ones. weights: a
    residual counts by them, 0: not at all. mask: x is 0 where it is 0. callback(report, x): after
    every iteration, x to be read where it lies; False ends. report(words, done, total): how far it
    is; progress: such a function, or True for a bar. Each method takes some of the options and refuses the rest by name
    (ArgumentError, a ValueError); data that are not finite are an InputError."""
    solver = Solver(method, operator, data, start=start, weights=weights, mask=mask,
                    callback=callback, report=report, progress=progress, **options)
    reason = solver.run()
    residual, penalty = solver.history
    r = solver.report
    return Result(solver.x, r.iteration, reason, residual, penalty, r.data)


_EVERY = ("iterations", "tolerance", "noise", "change")  # those that every method takes


def _function(row):
    name = row.name.decode()
    uses = set((row.uses or b"").decode().replace("-", "_").split()).union(_EVERY)
    taken = {n: o for n, o in _options.keywords("vxg_solve_opts").items() if n in uses}

    def method(operator, data=None, *, start=None, weights=None, mask=None, callback=None,
               report=None, progress=None, **options) -> Result:
        return solve(name, operator, data, start=start, weights=weights, mask=mask,
                     callback=callback, report=report, progress=progress, **options)

    method.__name__ = method.__qualname__ = name.replace("-", "_")
    words = row.summary.decode()
    method.__doc__ = "%s%s.\n\nSource: %s. The other arguments are those of `solve`." % (
        words[:1].upper(), words[1:], row.source.decode())
    return _options.described(method, taken, {"iterations": row.iterations,
                                              "relaxation": row.relaxation})


for _row in _rows():
    globals()[_row.name.decode().replace("-", "_")] = _function(_row)

__all__ = ["Report", "Result", "Solver", "methods", "solve"] + [
    r.name.decode().replace("-", "_") for r in _rows()]
del _row
