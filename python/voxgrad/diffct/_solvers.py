"""Solvers over a Projector."""

import collections

import torch

from .. import solve
from ._projector import _numbers

SolverResult = collections.namedtuple(
    "SolverResult", "volume iterations residual_history converged reason")
SolverResult.__doc__ = "What a solver gives: residual_history begins with |b - A x0|."


def _solve(method, op, b, x0, iterations, rtol, callback, options):
    y = b.transpose(-1, -2).contiguous() if len(op._bins) == 2 else b
    told = None
    if callback is not None:
        def told(report, x):
            return callback(report.iteration, report.residual, torch.tensor(x)) is not False
    r = solve.solve(method, op._operator, y, start=x0, iterations=iterations, tolerance=rtol,
                    callback=told, **options)
    reasons = {"tolerance": "residual tolerance reached", "callback": "callback stopped",
               "iterations": "iteration limit reached", "exactly": "residual tolerance reached"}
    history = list(r.residual)
    if method == "cgls":  # which tells of the x that an iteration ended with
        history.insert(0, float((y if x0 is None else y - op._operator(x0)).norm()))
    else:  # of the x that it began with
        history.append(float((y - op._operator(r.x)).norm()))
    return SolverResult(r.x, r.iterations, history, r.reason in ("tolerance", "exactly"),
                        reasons.get(r.reason, r.reason))


def cgls(op, b, iterations=30, *, x0=None, rtol=1e-6, callback=None):
    """Least squares by conjugate gradients."""
    return _solve("cgls", op, b, x0, iterations, rtol, callback, {})


def sirt(op, b, iterations=100, relaxation=1.0, nonnegative=True, *, x0=None, rtol=1e-6,
         callback=None):
    """x + relaxation C A'(R (b - A x)), R and C one over the sums of rows and columns."""
    options = {"relaxation": relaxation, "bounds": "positive" if nonnegative else "none"}
    return _solve("sirt", op, b, x0, iterations, rtol, callback, options)


def total_variation(volume, *, voxel_spacing=1.0, eps=1e-6, reduction="mean"):
    """Sum or mean over voxels of sqrt(sum of squared forward differences over the spacing + eps); a
    difference is 0 at the far border."""
    if reduction not in ("mean", "sum"):
        raise ValueError("reduction: 'mean' or 'sum' is expected, not %r" % (reduction,))
    squares = torch.zeros_like(volume)
    for axis, step in enumerate(_numbers(voxel_spacing, volume.ndim, "voxel_spacing")):
        d = volume.diff(dim=axis) / step
        pad = [0, 0] * (volume.ndim - 1 - axis) + [0, 1]
        squares = squares + torch.nn.functional.pad(d, pad).square()
    values = (squares + eps).sqrt()
    return values.mean() if reduction == "mean" else values.sum()


def tv_reconstruction(op, b, iterations=100, weight=1.0, lr=0.1, *, x0=None, rtol=1e-6, atol=0.0,
                      callback=None):
    """Adam on half the mean square of the residual and weight times the total variation; values below
    0 become 0 after every step."""
    x = torch.zeros(op.volume_shape, dtype=b.dtype) if x0 is None else x0.clone()
    x.requires_grad_()
    optimiser = torch.optim.Adam([x], lr)
    with torch.no_grad():
        history = [float((op(x) - b).norm())]
    limit, reason = atol + rtol * float(b.norm()), "iteration limit reached"
    done = 0
    for done in range(1, iterations + 1):
        optimiser.zero_grad()
        loss = 0.5 * (op(x) - b).square().mean() + weight * total_variation(
            x, voxel_spacing=op.voxel_spacing)
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            x.clamp_(min=0)
            history.append(float((op(x) - b).norm()))
        if history[-1] <= limit:
            reason = "residual tolerance reached"
            break
        if callback is not None and callback(done, history[-1], x.detach()) is False:
            reason = "callback stopped"
            break
    return SolverResult(x.detach(), done, history, reason.startswith("residual"), reason)
