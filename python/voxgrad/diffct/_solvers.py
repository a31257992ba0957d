"""Solvers over a Projector."""

import collections

import torch

from .._library import UnsupportedError
from ._projector import _numbers

SolverResult = collections.namedtuple(
    "SolverResult", "volume iterations residual_history converged reason")
SolverResult.__doc__ = "What a solver gives: residual_history begins with |b - A x0|."


_REASONS = ("residual tolerance reached", "callback stopped", "iteration limit reached",
            "normal equation breakdown")


class _Run:
    """What the solvers share: the data, where x begins, the residuals, when to stop."""

    def __init__(self, operator, measurements, iterations, x0, rtol, atol, callback, disk):
        if any(v is not None for v in disk):
            raise UnsupportedError("checkpoint_directory and resume are not there; leave them at None")
        if isinstance(iterations, bool) or int(iterations) != iterations or iterations < 0:
            raise ValueError("iterations: a whole number from 0 on is expected, not %r" % (iterations,))
        for name, value in (("rtol", rtol), ("atol", atol)):
            if not value >= 0:
                raise ValueError("%s: a number from 0 on is expected, not %r" % (name, value))
        kind = measurements.dtype if measurements.dtype in (torch.float32, torch.float64) else torch.float32
        if operator.precision != "fast":
            kind = operator.dtype
        self.operator, self.data = operator, measurements.detach().to(kind)
        if tuple(self.data.shape) != tuple(operator.projection_shape):
            raise ValueError("measurements: shape %s is expected, not %s"
                             % (tuple(operator.projection_shape), tuple(self.data.shape)))
        if not bool(self.data.isfinite().all()):
            raise ValueError("measurements: they must be finite")
        self.x = torch.zeros(operator.volume_shape, dtype=kind) if x0 is None else x0.detach().to(kind).clone()
        if tuple(self.x.shape) != tuple(operator.volume_shape):
            raise ValueError("x0: shape %s is expected, not %s"
                             % (tuple(operator.volume_shape), tuple(self.x.shape)))
        self.residual = self.data.clone() if x0 is None else self.data - operator.project(self.x)
        self.history = [_norm(self.residual)]
        self.limit, self.most = atol + rtol * _norm(self.data), int(iterations)
        self.callback, self.done, self.why = callback, 0, None

    def goes_on(self):
        """Whether there is another iteration."""
        return self.why is None and self.done < self.most and self.history[-1] > self.limit

    def told(self):
        """After an iteration: its residual, and the callback."""
        self.done += 1
        self.history.append(_norm(self.residual))
        if self.callback is not None and self.callback(self.done, self.history[-1], self.x.detach()) is False:
            self.why = _REASONS[1]

    def result(self):
        """The SolverResult."""
        met = self.history[-1] <= self.limit
        why = self.why or _REASONS[2]
        return SolverResult(self.x.detach(), self.done, self.history, met and self.why != _REASONS[1],
                            _REASONS[0] if met and self.why != _REASONS[1] else why)


def _norm(x):
    return float(x.detach().double().norm())


@torch.no_grad()
def cgls(operator, measurements, iterations=30, *, x0=None, rtol=1e-6, atol=0.0, callback=None,
         checkpoint_directory=None, resume=None):
    """Least squares by conjugate gradients. callback(iteration, residual, x): False ends."""
    run = _Run(operator, measurements, iterations, x0, rtol, atol, callback, (checkpoint_directory, resume))
    s = operator.backproject(run.residual) if run.goes_on() else torch.zeros_like(run.x)
    p, gamma = s.clone(), _norm(s) ** 2
    while run.goes_on():
        q = operator.project(p)
        size = _norm(q) ** 2
        if gamma == 0 or size == 0:
            run.why = _REASONS[3]
            break
        run.x += gamma / size * p
        run.residual -= gamma / size * q
        s = operator.backproject(run.residual)
        now = _norm(s) ** 2
        p = s + now / gamma * p
        gamma = now
        run.told()
    return run.result()


@torch.no_grad()
def sirt(operator, measurements, iterations=100, *, x0=None, rtol=1e-6, atol=0.0, callback=None,
         checkpoint_directory=None, resume=None, relaxation=1.0, nonnegative=True):
    """x + relaxation C A'(R (b - A x)), R and C one over the sums of rows and columns; see `cgls`."""
    if not relaxation > 0:
        raise ValueError("relaxation: a number above 0 is expected, not %r" % (relaxation,))
    run = _Run(operator, measurements, iterations, x0, rtol, atol, callback, (checkpoint_directory, resume))
    if run.goes_on():
        rows = operator.project(torch.ones_like(run.x))
        columns = operator.backproject(torch.ones_like(run.data))
        rows, columns = [torch.where(v > 0, 1 / v, torch.zeros_like(v)) for v in (rows, columns)]
    while run.goes_on():
        run.x += relaxation * columns * operator.backproject(rows * run.residual)
        if nonnegative:
            run.x.clamp_(min=0)
        run.residual = run.data - operator.project(run.x)
        run.told()
    return run.result()


def total_variation(volume, *, operator=None, voxel_spacing=1.0, eps=1e-6, reduction="mean"):
    """Sum or mean over voxels of sqrt(sum of squared forward differences over the spacing + eps); a
    difference is 0 at the far border."""
    del operator  # of a volume in parts on several devices
    if not eps > 0:
        raise ValueError("eps: a number above 0 is expected, not %r" % (eps,))
    if reduction not in ("mean", "sum"):
        raise ValueError("reduction: 'mean' or 'sum' is expected, not %r" % (reduction,))
    squares = torch.zeros_like(volume)
    for axis, step in enumerate(_numbers(voxel_spacing, volume.ndim, "voxel_spacing")):
        d = volume.diff(dim=axis) / step
        pad = [0, 0] * (volume.ndim - 1 - axis) + [0, 1]
        squares = squares + torch.nn.functional.pad(d, pad).square()
    values = (squares + eps).sqrt()
    return values.mean() if reduction == "mean" else values.sum()


def tv_reconstruction(operator, measurements, iterations=100, weight=1.0, lr=0.1, *, x0=None, rtol=1e-6,
                      atol=0.0, callback=None, checkpoint_directory=None, resume=None):
    """Adam on half the mean square of the residual and weight times the total variation; values below
    0 become 0 after every step. See `cgls`."""
    run = _Run(operator, measurements, iterations, x0, rtol, atol, callback, (checkpoint_directory, resume))
    x = run.x.requires_grad_()
    optimiser = torch.optim.Adam([x], lr)
    while run.goes_on():
        optimiser.zero_grad()
        loss = 0.5 * (operator(x) - run.data).square().mean() + weight * total_variation(
            x, voxel_spacing=operator.voxel_spacing)
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            x.clamp_(min=0)
            run.residual = run.data - operator(x)
        run.told()
    return run.result()
