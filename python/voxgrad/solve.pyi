# Written by ./dev docs (tools/python_stubs.py).
"""Iterative methods of the library for any operator: sirt, cgls, mlem, pdhg_tv... `methods()` lists
them; each is a function of this module (`voxgrad.solve.sirt(A, b, iterations=50)`).

x has the shape of the operator's domain, data and weights that of its range, in one arithmetic
(float32 or float64). Residuals are in the data's unit, x in data over the operator's.
"""

from typing import Any, Callable, Literal, NamedTuple, Sequence

import numpy as np

from .operators import Operator

class Report(NamedTuple):
    """What a callback is told after an iteration (vxg_solve_report)."""
    iteration: int
    residual: float
    data: float
    change: float
    penalty: float

class Result(NamedTuple):
    """What a method has found.

    x: the solution, in the caller's type. iterations: how many were done. reason: why it ended, one of
    'iterations', 'tolerance', 'noise', 'change', 'callback', 'exactly'. residual, penalty: arrays, one number for each iteration (|b - A x|; what is added to its square's
    half). data: |b|.
    """
    x: Any
    iterations: int
    reason: str
    residual: np.ndarray
    penalty: np.ndarray
    data: float

class Solver:
    """A method under way: `step()`, `run()`, `x`, `restart()`; `solve` makes one and runs it, and
    says what the arguments are. Ctrl-C works on the thread that has made it; a solver belongs to one
    thread at a time.

    Options:
        iterations (int): how many; 0: the method's own number
        relaxation (float): factor of every step; 0: the method's own
        bounds ('none' | 'positive' | 'box'): what values may be, after every iteration
        lower (float): least value of a box
        upper (float): largest value of a box
        damping (float): adds its square times the square of x to what is minimised (cgls, lsqr; lbfgs, adam: half of that)
        tolerance (float): stop at this residual, relative to the data; 0: do not
        noise (float): stop at this residual, in the data's unit: the discrepancy principle; 0: do not
        change (float): stop when an iteration changes less, relative to the result; 0: do not
        subsets (int): subsets of the views (sart, os-sart, osem, -pocs, dart, adam); 0: the method's own number
        order ('sequential' | 'random' | 'golden' | 'given'): in which order subsets are taken
        seed (int): of the random order, and of dart's random voxels
        list (list of float): the order that is given: subsets' numbers
        plain (bool): steps are not divided by the columns' sums (sirt, sart, os-sart, -pocs, dart)
        penalty ('tv' | 'tv-by-axis' | 'huber' | 'square'): what is said of differences of neighbours (methods that end in -tv, lbfgs, adam)
        weight (float): of the penalty (methods that end in -tv, which need it above 0; lbfgs, adam)
        bend (float): difference at which Huber's penalty turns from a square into a line
        spacing (list of 3 float): of values along z, y, x; 0: 1
        inner (int): steps of the inner iteration (fista-tv, methods that end in -pocs; 0: 20), or sweeps between two segmentations (dart; 0: 10)
        alpha (float): length of steps that lessen total variation, of the sweep's change; 0: 0.2 (-pocs)
        smooth (float): difference far below which total variation is a square; 0: 0.001 (-pocs, lbfgs, adam)
        epsilon (float): residual down to which steps adapt (asd-pocs; 0: 5), or change of it below which the relaxation falls (awtv-pocs; 0: 1)
        delta (float): difference from which on edges are let be, about the contrast of x (awtv-pocs; recon needs it, 0 is the library's 0.006)
        r_max (float): share of the sweep's change that steps may have; 0: 0.95 (asd-pocs)
        alpha_red (float): what steps are multiplied by where they change more; 0: 0.95 (asd-pocs)
        beta_red (float): what the relaxation is multiplied by; 0: 0.995 (asd-pocs, awtv-pocs)
        levels (list of float): the values of x, 2 to 12 that ascend (dart, which needs them)
        levels_factor (float): what levels are multiplied by; 0: 1
        fixed (float): chance of a voxel among its like to be held at its level; 0: 0.85 (dart)
        kept (float): what smoothing leaves of voxels at borders of levels, 1: all; 0: 0.8 (dart)
        first (int): sweeps before levels are looked at; 0: 50 (dart)
        segmented (bool): the result is levels alone (dart)
        loss ('gaussian' | 'poisson'): how far projections are from the data (lbfgs, adam)
        history (int): steps that are remembered; 0: 8 (lbfgs)
        step (float): how far a value moves in an iteration, about a hundredth of the contrast of x (adam; recon needs it, 0 is the library's 0.001)
        beta1 (float): what the mean gradient keeps of itself, below 1; 0: 0.9 (adam)
        beta2 (float): what the gradient's mean square keeps of itself, below 1; 0: 0.999 (adam)
        eps (float): added to the root of the gradient's mean square; 0: 1e-8 (adam)
    """
    def __init__(
        self, method: str, operator: Operator, data: Any = None, *, start: Any = None,
        weights: Any = None, mask: Any = None, callback: Callable[[Report, Any], Any] | None = None,
        report: Callable[[str, float, float], Any] | None = None,
        progress: bool | Callable[[str, float, float], Any] | None = None,
        iterations: int | None = None, relaxation: float | None = None,
        bounds: Literal['none', 'positive', 'box'] = 'none', lower: float | None = None,
        upper: float | None = None, damping: float | None = None, tolerance: float | None = None,
        noise: float | None = None, change: float | None = None, subsets: int | None = None,
        order: Literal['sequential', 'random', 'golden', 'given'] = 'sequential',
        seed: int | None = None, list: Sequence[float] | None = None, plain: bool = False,
        penalty: Literal['tv', 'tv-by-axis', 'huber', 'square'] = 'tv', weight: float | None = None,
        bend: float | None = None, spacing: float | Sequence[float] | None = None,
        inner: int | None = None, alpha: float | None = None, smooth: float | None = None,
        epsilon: float | None = None, delta: float | None = None, r_max: float | None = None,
        alpha_red: float | None = None, beta_red: float | None = None,
        levels: Sequence[float] | None = None, levels_factor: float | None = None,
        fixed: float | None = None, kept: float | None = None, first: int | None = None,
        segmented: bool = False, loss: Literal['gaussian', 'poisson'] = 'gaussian',
        history: int | None = None, step: float | None = None, beta1: float | None = None,
        beta2: float | None = None, eps: float | None = None
    ) -> None: ...
    @property
    def x(self) -> Any:
        """A copy of x as it is, in the type of the data."""
        ...
    def step(self) -> None:
        """One iteration."""
        ...
    def run(self) -> str:
        """Iterations until a rule or the callback ends them; the reason, as in Result."""
        ...
    def restart(self) -> None:
        """To be called after x was written."""
        ...
    @property
    def report(self) -> Report:
        """Numbers of the last iteration."""
        ...
    @property
    def history(self) -> tuple[np.ndarray, np.ndarray]:
        """(residuals, penalties) of the iterations that are done."""
        ...

def methods() -> dict[str, str]:
    """Names of the methods, with a line on each."""
    ...

def solve(
    method: str, operator: Operator, data: Any = None, *, start: Any = None, weights: Any = None,
    mask: Any = None, callback: Callable[[Report, Any], Any] | None = None,
    report: Callable[[str, float, float], Any] | None = None,
    progress: bool | Callable[[str, float, float], Any] | None = None,
    iterations: int | None = None, relaxation: float | None = None,
    bounds: Literal['none', 'positive', 'box'] = 'none', lower: float | None = None,
    upper: float | None = None, damping: float | None = None, tolerance: float | None = None,
    noise: float | None = None, change: float | None = None, subsets: int | None = None,
    order: Literal['sequential', 'random', 'golden', 'given'] = 'sequential',
    seed: int | None = None, list: Sequence[float] | None = None, plain: bool = False,
    penalty: Literal['tv', 'tv-by-axis', 'huber', 'square'] = 'tv', weight: float | None = None,
    bend: float | None = None, spacing: float | Sequence[float] | None = None,
    inner: int | None = None, alpha: float | None = None, smooth: float | None = None,
    epsilon: float | None = None, delta: float | None = None, r_max: float | None = None,
    alpha_red: float | None = None, beta_red: float | None = None,
    levels: Sequence[float] | None = None, levels_factor: float | None = None,
    fixed: float | None = None, kept: float | None = None, first: int | None = None,
    segmented: bool = False, loss: Literal['gaussian', 'poisson'] = 'gaussian',
    history: int | None = None, step: float | None = None, beta1: float | None = None,
    beta2: float | None = None, eps: float | None = None
) -> Result:
    """Runs a method by name.

    data: b of A x = b. start: the first x, None: zeros, of methods that multiply ones. weights: a
    residual counts by them, 0: not at all. mask: x is 0 where it is 0. callback(report, x): after
    every iteration, x to be read where it lies; False ends. report(words, done, total): how far it
    is; progress: such a function, or True for a bar. Each method takes some of the options and refuses the rest by name
    (ArgumentError, a ValueError); data that are not finite are an InputError.

    Options:
        iterations (int): how many; 0: the method's own number
        relaxation (float): factor of every step; 0: the method's own
        bounds ('none' | 'positive' | 'box'): what values may be, after every iteration
        lower (float): least value of a box
        upper (float): largest value of a box
        damping (float): adds its square times the square of x to what is minimised (cgls, lsqr; lbfgs, adam: half of that)
        tolerance (float): stop at this residual, relative to the data; 0: do not
        noise (float): stop at this residual, in the data's unit: the discrepancy principle; 0: do not
        change (float): stop when an iteration changes less, relative to the result; 0: do not
        subsets (int): subsets of the views (sart, os-sart, osem, -pocs, dart, adam); 0: the method's own number
        order ('sequential' | 'random' | 'golden' | 'given'): in which order subsets are taken
        seed (int): of the random order, and of dart's random voxels
        list (list of float): the order that is given: subsets' numbers
        plain (bool): steps are not divided by the columns' sums (sirt, sart, os-sart, -pocs, dart)
        penalty ('tv' | 'tv-by-axis' | 'huber' | 'square'): what is said of differences of neighbours (methods that end in -tv, lbfgs, adam)
        weight (float): of the penalty (methods that end in -tv, which need it above 0; lbfgs, adam)
        bend (float): difference at which Huber's penalty turns from a square into a line
        spacing (list of 3 float): of values along z, y, x; 0: 1
        inner (int): steps of the inner iteration (fista-tv, methods that end in -pocs; 0: 20), or sweeps between two segmentations (dart; 0: 10)
        alpha (float): length of steps that lessen total variation, of the sweep's change; 0: 0.2 (-pocs)
        smooth (float): difference far below which total variation is a square; 0: 0.001 (-pocs, lbfgs, adam)
        epsilon (float): residual down to which steps adapt (asd-pocs; 0: 5), or change of it below which the relaxation falls (awtv-pocs; 0: 1)
        delta (float): difference from which on edges are let be, about the contrast of x (awtv-pocs; recon needs it, 0 is the library's 0.006)
        r_max (float): share of the sweep's change that steps may have; 0: 0.95 (asd-pocs)
        alpha_red (float): what steps are multiplied by where they change more; 0: 0.95 (asd-pocs)
        beta_red (float): what the relaxation is multiplied by; 0: 0.995 (asd-pocs, awtv-pocs)
        levels (list of float): the values of x, 2 to 12 that ascend (dart, which needs them)
        levels_factor (float): what levels are multiplied by; 0: 1
        fixed (float): chance of a voxel among its like to be held at its level; 0: 0.85 (dart)
        kept (float): what smoothing leaves of voxels at borders of levels, 1: all; 0: 0.8 (dart)
        first (int): sweeps before levels are looked at; 0: 50 (dart)
        segmented (bool): the result is levels alone (dart)
        loss ('gaussian' | 'poisson'): how far projections are from the data (lbfgs, adam)
        history (int): steps that are remembered; 0: 8 (lbfgs)
        step (float): how far a value moves in an iteration, about a hundredth of the contrast of x (adam; recon needs it, 0 is the library's 0.001)
        beta1 (float): what the mean gradient keeps of itself, below 1; 0: 0.9 (adam)
        beta2 (float): what the gradient's mean square keeps of itself, below 1; 0: 0.999 (adam)
        eps (float): added to the root of the gradient's mean square; 0: 1e-8 (adam)
    """
    ...

def landweber(
    operator: Operator, data: Any = None, *, start: Any = None, weights: Any = None,
    mask: Any = None, callback: Callable[[Report, Any], Any] | None = None,
    report: Callable[[str, float, float], Any] | None = None,
    progress: bool | Callable[[str, float, float], Any] | None = None, iterations: int = 100,
    relaxation: float = 1.0, bounds: Literal['none', 'positive', 'box'] = 'none',
    lower: float | None = None, upper: float | None = None, tolerance: float | None = None,
    noise: float | None = None, change: float | None = None
) -> Result:
    """Steepest descent with a fixed step, bounds after each.

    Source: Landweber 1951. The other arguments are those of `solve`.

    Options:
        iterations (int): how many; 0: the method's own number
        relaxation (float): factor of every step; 0: the method's own
        bounds ('none' | 'positive' | 'box'): what values may be, after every iteration
        lower (float): least value of a box
        upper (float): largest value of a box
        tolerance (float): stop at this residual, relative to the data; 0: do not
        noise (float): stop at this residual, in the data's unit: the discrepancy principle; 0: do not
        change (float): stop when an iteration changes less, relative to the result; 0: do not
    """
    ...

def sirt(
    operator: Operator, data: Any = None, *, start: Any = None, weights: Any = None,
    mask: Any = None, callback: Callable[[Report, Any], Any] | None = None,
    report: Callable[[str, float, float], Any] | None = None,
    progress: bool | Callable[[str, float, float], Any] | None = None, iterations: int = 100,
    relaxation: float = 1.0, bounds: Literal['none', 'positive', 'box'] = 'none',
    lower: float | None = None, upper: float | None = None, tolerance: float | None = None,
    noise: float | None = None, change: float | None = None, plain: bool = False
) -> Result:
    """Simultaneous iteration, rows and columns normalised.

    Source: Gregor and Benson 2008. The other arguments are those of `solve`.

    Options:
        iterations (int): how many; 0: the method's own number
        relaxation (float): factor of every step; 0: the method's own
        bounds ('none' | 'positive' | 'box'): what values may be, after every iteration
        lower (float): least value of a box
        upper (float): largest value of a box
        tolerance (float): stop at this residual, relative to the data; 0: do not
        noise (float): stop at this residual, in the data's unit: the discrepancy principle; 0: do not
        change (float): stop when an iteration changes less, relative to the result; 0: do not
        plain (bool): steps are not divided by the columns' sums (sirt, sart, os-sart, -pocs, dart)
    """
    ...

def sart(
    operator: Operator, data: Any = None, *, start: Any = None, weights: Any = None,
    mask: Any = None, callback: Callable[[Report, Any], Any] | None = None,
    report: Callable[[str, float, float], Any] | None = None,
    progress: bool | Callable[[str, float, float], Any] | None = None, iterations: int = 10,
    relaxation: float = 1.0, bounds: Literal['none', 'positive', 'box'] = 'none',
    lower: float | None = None, upper: float | None = None, tolerance: float | None = None,
    noise: float | None = None, change: float | None = None, subsets: int | None = None,
    order: Literal['sequential', 'random', 'golden', 'given'] = 'sequential',
    seed: int | None = None, list: Sequence[float] | None = None, plain: bool = False
) -> Result:
    """The same view by view.

    Source: Andersen and Kak 1984. The other arguments are those of `solve`.

    Options:
        iterations (int): how many; 0: the method's own number
        relaxation (float): factor of every step; 0: the method's own
        bounds ('none' | 'positive' | 'box'): what values may be, after every iteration
        lower (float): least value of a box
        upper (float): largest value of a box
        tolerance (float): stop at this residual, relative to the data; 0: do not
        noise (float): stop at this residual, in the data's unit: the discrepancy principle; 0: do not
        change (float): stop when an iteration changes less, relative to the result; 0: do not
        subsets (int): subsets of the views (sart, os-sart, osem, -pocs, dart, adam); 0: the method's own number
        order ('sequential' | 'random' | 'golden' | 'given'): in which order subsets are taken
        seed (int): of the random order, and of dart's random voxels
        list (list of float): the order that is given: subsets' numbers
        plain (bool): steps are not divided by the columns' sums (sirt, sart, os-sart, -pocs, dart)
    """
    ...

def os_sart(
    operator: Operator, data: Any = None, *, start: Any = None, weights: Any = None,
    mask: Any = None, callback: Callable[[Report, Any], Any] | None = None,
    report: Callable[[str, float, float], Any] | None = None,
    progress: bool | Callable[[str, float, float], Any] | None = None, iterations: int = 20,
    relaxation: float = 1.0, bounds: Literal['none', 'positive', 'box'] = 'none',
    lower: float | None = None, upper: float | None = None, tolerance: float | None = None,
    noise: float | None = None, change: float | None = None, subsets: int | None = None,
    order: Literal['sequential', 'random', 'golden', 'given'] = 'sequential',
    seed: int | None = None, list: Sequence[float] | None = None, plain: bool = False
) -> Result:
    """The same by ordered subsets of the views.

    Source: Wang and Jiang 2004. The other arguments are those of `solve`.

    Options:
        iterations (int): how many; 0: the method's own number
        relaxation (float): factor of every step; 0: the method's own
        bounds ('none' | 'positive' | 'box'): what values may be, after every iteration
        lower (float): least value of a box
        upper (float): largest value of a box
        tolerance (float): stop at this residual, relative to the data; 0: do not
        noise (float): stop at this residual, in the data's unit: the discrepancy principle; 0: do not
        change (float): stop when an iteration changes less, relative to the result; 0: do not
        subsets (int): subsets of the views (sart, os-sart, osem, -pocs, dart, adam); 0: the method's own number
        order ('sequential' | 'random' | 'golden' | 'given'): in which order subsets are taken
        seed (int): of the random order, and of dart's random voxels
        list (list of float): the order that is given: subsets' numbers
        plain (bool): steps are not divided by the columns' sums (sirt, sart, os-sart, -pocs, dart)
    """
    ...

def cgls(
    operator: Operator, data: Any = None, *, start: Any = None, weights: Any = None,
    mask: Any = None, callback: Callable[[Report, Any], Any] | None = None,
    report: Callable[[str, float, float], Any] | None = None,
    progress: bool | Callable[[str, float, float], Any] | None = None, iterations: int = 30,
    damping: float | None = None, tolerance: float | None = None, noise: float | None = None,
    change: float | None = None
) -> Result:
    """Conjugate gradients for least squares.

    Source: Bjorck 1996, 7.4. The other arguments are those of `solve`.

    Options:
        iterations (int): how many; 0: the method's own number
        damping (float): adds its square times the square of x to what is minimised (cgls, lsqr; lbfgs, adam: half of that)
        tolerance (float): stop at this residual, relative to the data; 0: do not
        noise (float): stop at this residual, in the data's unit: the discrepancy principle; 0: do not
        change (float): stop when an iteration changes less, relative to the result; 0: do not
    """
    ...

def lsqr(
    operator: Operator, data: Any = None, *, start: Any = None, weights: Any = None,
    mask: Any = None, callback: Callable[[Report, Any], Any] | None = None,
    report: Callable[[str, float, float], Any] | None = None,
    progress: bool | Callable[[str, float, float], Any] | None = None, iterations: int = 30,
    damping: float | None = None, tolerance: float | None = None, noise: float | None = None,
    change: float | None = None
) -> Result:
    """Least squares by bidiagonalisation.

    Source: Paige and Saunders 1982. The other arguments are those of `solve`.

    Options:
        iterations (int): how many; 0: the method's own number
        damping (float): adds its square times the square of x to what is minimised (cgls, lsqr; lbfgs, adam: half of that)
        tolerance (float): stop at this residual, relative to the data; 0: do not
        noise (float): stop at this residual, in the data's unit: the discrepancy principle; 0: do not
        change (float): stop when an iteration changes less, relative to the result; 0: do not
    """
    ...

def mlem(
    operator: Operator, data: Any = None, *, start: Any = None, weights: Any = None,
    mask: Any = None, callback: Callable[[Report, Any], Any] | None = None,
    report: Callable[[str, float, float], Any] | None = None,
    progress: bool | Callable[[str, float, float], Any] | None = None, iterations: int = 50,
    relaxation: float = 1.0, bounds: Literal['none', 'positive', 'box'] = 'none',
    lower: float | None = None, upper: float | None = None, tolerance: float | None = None,
    noise: float | None = None, change: float | None = None
) -> Result:
    """Maximum likelihood of Poisson counts, by expectation maximisation.

    Source: Shepp and Vardi 1982. The other arguments are those of `solve`.

    Options:
        iterations (int): how many; 0: the method's own number
        relaxation (float): factor of every step; 0: the method's own
        bounds ('none' | 'positive' | 'box'): what values may be, after every iteration
        lower (float): least value of a box
        upper (float): largest value of a box
        tolerance (float): stop at this residual, relative to the data; 0: do not
        noise (float): stop at this residual, in the data's unit: the discrepancy principle; 0: do not
        change (float): stop when an iteration changes less, relative to the result; 0: do not
    """
    ...

def osem(
    operator: Operator, data: Any = None, *, start: Any = None, weights: Any = None,
    mask: Any = None, callback: Callable[[Report, Any], Any] | None = None,
    report: Callable[[str, float, float], Any] | None = None,
    progress: bool | Callable[[str, float, float], Any] | None = None, iterations: int = 10,
    relaxation: float = 1.0, bounds: Literal['none', 'positive', 'box'] = 'none',
    lower: float | None = None, upper: float | None = None, tolerance: float | None = None,
    noise: float | None = None, change: float | None = None, subsets: int | None = None,
    order: Literal['sequential', 'random', 'golden', 'given'] = 'sequential',
    seed: int | None = None, list: Sequence[float] | None = None
) -> Result:
    """The same by ordered subsets of the views.

    Source: Hudson and Larkin 1994. The other arguments are those of `solve`.

    Options:
        iterations (int): how many; 0: the method's own number
        relaxation (float): factor of every step; 0: the method's own
        bounds ('none' | 'positive' | 'box'): what values may be, after every iteration
        lower (float): least value of a box
        upper (float): largest value of a box
        tolerance (float): stop at this residual, relative to the data; 0: do not
        noise (float): stop at this residual, in the data's unit: the discrepancy principle; 0: do not
        change (float): stop when an iteration changes less, relative to the result; 0: do not
        subsets (int): subsets of the views (sart, os-sart, osem, -pocs, dart, adam); 0: the method's own number
        order ('sequential' | 'random' | 'golden' | 'given'): in which order subsets are taken
        seed (int): of the random order, and of dart's random voxels
        list (list of float): the order that is given: subsets' numbers
    """
    ...

def pdhg_tv(
    operator: Operator, data: Any = None, *, start: Any = None, weights: Any = None,
    mask: Any = None, callback: Callable[[Report, Any], Any] | None = None,
    report: Callable[[str, float, float], Any] | None = None,
    progress: bool | Callable[[str, float, float], Any] | None = None, iterations: int = 200,
    relaxation: float = 1.0, bounds: Literal['none', 'positive', 'box'] = 'none',
    lower: float | None = None, upper: float | None = None, tolerance: float | None = None,
    noise: float | None = None, change: float | None = None,
    penalty: Literal['tv', 'tv-by-axis', 'huber', 'square'] = 'tv', weight: float | None = None,
    bend: float | None = None, spacing: float | Sequence[float] | None = None
) -> Result:
    """Least squares and a penalty of differences, primal-dual.

    Source: Chambolle and Pock 2011. The other arguments are those of `solve`.

    Options:
        iterations (int): how many; 0: the method's own number
        relaxation (float): factor of every step; 0: the method's own
        bounds ('none' | 'positive' | 'box'): what values may be, after every iteration
        lower (float): least value of a box
        upper (float): largest value of a box
        tolerance (float): stop at this residual, relative to the data; 0: do not
        noise (float): stop at this residual, in the data's unit: the discrepancy principle; 0: do not
        change (float): stop when an iteration changes less, relative to the result; 0: do not
        penalty ('tv' | 'tv-by-axis' | 'huber' | 'square'): what is said of differences of neighbours (methods that end in -tv, lbfgs, adam)
        weight (float): of the penalty (methods that end in -tv, which need it above 0; lbfgs, adam)
        bend (float): difference at which Huber's penalty turns from a square into a line
        spacing (list of 3 float): of values along z, y, x; 0: 1
    """
    ...

def fista_tv(
    operator: Operator, data: Any = None, *, start: Any = None, weights: Any = None,
    mask: Any = None, callback: Callable[[Report, Any], Any] | None = None,
    report: Callable[[str, float, float], Any] | None = None,
    progress: bool | Callable[[str, float, float], Any] | None = None, iterations: int = 100,
    relaxation: float = 1.0, bounds: Literal['none', 'positive', 'box'] = 'none',
    lower: float | None = None, upper: float | None = None, tolerance: float | None = None,
    noise: float | None = None, change: float | None = None,
    penalty: Literal['tv', 'tv-by-axis', 'huber', 'square'] = 'tv', weight: float | None = None,
    bend: float | None = None, spacing: float | Sequence[float] | None = None,
    inner: int | None = None
) -> Result:
    """Least squares and a penalty of differences, proximal gradients.

    Source: Beck and Teboulle 2009. The other arguments are those of `solve`.

    Options:
        iterations (int): how many; 0: the method's own number
        relaxation (float): factor of every step; 0: the method's own
        bounds ('none' | 'positive' | 'box'): what values may be, after every iteration
        lower (float): least value of a box
        upper (float): largest value of a box
        tolerance (float): stop at this residual, relative to the data; 0: do not
        noise (float): stop at this residual, in the data's unit: the discrepancy principle; 0: do not
        change (float): stop when an iteration changes less, relative to the result; 0: do not
        penalty ('tv' | 'tv-by-axis' | 'huber' | 'square'): what is said of differences of neighbours (methods that end in -tv, lbfgs, adam)
        weight (float): of the penalty (methods that end in -tv, which need it above 0; lbfgs, adam)
        bend (float): difference at which Huber's penalty turns from a square into a line
        spacing (list of 3 float): of values along z, y, x; 0: 1
        inner (int): steps of the inner iteration (fista-tv, methods that end in -pocs; 0: 20), or sweeps between two segmentations (dart; 0: 10)
    """
    ...

def tv_pocs(
    operator: Operator, data: Any = None, *, start: Any = None, weights: Any = None,
    mask: Any = None, callback: Callable[[Report, Any], Any] | None = None,
    report: Callable[[str, float, float], Any] | None = None,
    progress: bool | Callable[[str, float, float], Any] | None = None, iterations: int = 10,
    relaxation: float = 1.0, bounds: Literal['none', 'positive', 'box'] = 'none',
    lower: float | None = None, upper: float | None = None, tolerance: float | None = None,
    noise: float | None = None, change: float | None = None, subsets: int | None = None,
    order: Literal['sequential', 'random', 'golden', 'given'] = 'sequential',
    seed: int | None = None, list: Sequence[float] | None = None, plain: bool = False,
    spacing: float | Sequence[float] | None = None, inner: int | None = None,
    alpha: float | None = None, smooth: float | None = None
) -> Result:
    """Sweeps over the views, and steps that lessen total variation.

    Source: Sidky, Kao and Pan 2006. The other arguments are those of `solve`.

    Options:
        iterations (int): how many; 0: the method's own number
        relaxation (float): factor of every step; 0: the method's own
        bounds ('none' | 'positive' | 'box'): what values may be, after every iteration
        lower (float): least value of a box
        upper (float): largest value of a box
        tolerance (float): stop at this residual, relative to the data; 0: do not
        noise (float): stop at this residual, in the data's unit: the discrepancy principle; 0: do not
        change (float): stop when an iteration changes less, relative to the result; 0: do not
        subsets (int): subsets of the views (sart, os-sart, osem, -pocs, dart, adam); 0: the method's own number
        order ('sequential' | 'random' | 'golden' | 'given'): in which order subsets are taken
        seed (int): of the random order, and of dart's random voxels
        list (list of float): the order that is given: subsets' numbers
        plain (bool): steps are not divided by the columns' sums (sirt, sart, os-sart, -pocs, dart)
        spacing (list of 3 float): of values along z, y, x; 0: 1
        inner (int): steps of the inner iteration (fista-tv, methods that end in -pocs; 0: 20), or sweeps between two segmentations (dart; 0: 10)
        alpha (float): length of steps that lessen total variation, of the sweep's change; 0: 0.2 (-pocs)
        smooth (float): difference far below which total variation is a square; 0: 0.001 (-pocs, lbfgs, adam)
    """
    ...

def asd_pocs(
    operator: Operator, data: Any = None, *, start: Any = None, weights: Any = None,
    mask: Any = None, callback: Callable[[Report, Any], Any] | None = None,
    report: Callable[[str, float, float], Any] | None = None,
    progress: bool | Callable[[str, float, float], Any] | None = None, iterations: int = 10,
    relaxation: float = 1.0, bounds: Literal['none', 'positive', 'box'] = 'none',
    lower: float | None = None, upper: float | None = None, tolerance: float | None = None,
    noise: float | None = None, change: float | None = None, subsets: int | None = None,
    order: Literal['sequential', 'random', 'golden', 'given'] = 'sequential',
    seed: int | None = None, list: Sequence[float] | None = None, plain: bool = False,
    spacing: float | Sequence[float] | None = None, inner: int | None = None,
    alpha: float | None = None, smooth: float | None = None, epsilon: float | None = None,
    r_max: float | None = None, alpha_red: float | None = None, beta_red: float | None = None
) -> Result:
    """The same with steps that adapt to the sweeps'.

    Source: Sidky and Pan 2008. The other arguments are those of `solve`.

    Options:
        iterations (int): how many; 0: the method's own number
        relaxation (float): factor of every step; 0: the method's own
        bounds ('none' | 'positive' | 'box'): what values may be, after every iteration
        lower (float): least value of a box
        upper (float): largest value of a box
        tolerance (float): stop at this residual, relative to the data; 0: do not
        noise (float): stop at this residual, in the data's unit: the discrepancy principle; 0: do not
        change (float): stop when an iteration changes less, relative to the result; 0: do not
        subsets (int): subsets of the views (sart, os-sart, osem, -pocs, dart, adam); 0: the method's own number
        order ('sequential' | 'random' | 'golden' | 'given'): in which order subsets are taken
        seed (int): of the random order, and of dart's random voxels
        list (list of float): the order that is given: subsets' numbers
        plain (bool): steps are not divided by the columns' sums (sirt, sart, os-sart, -pocs, dart)
        spacing (list of 3 float): of values along z, y, x; 0: 1
        inner (int): steps of the inner iteration (fista-tv, methods that end in -pocs; 0: 20), or sweeps between two segmentations (dart; 0: 10)
        alpha (float): length of steps that lessen total variation, of the sweep's change; 0: 0.2 (-pocs)
        smooth (float): difference far below which total variation is a square; 0: 0.001 (-pocs, lbfgs, adam)
        epsilon (float): residual down to which steps adapt (asd-pocs; 0: 5), or change of it below which the relaxation falls (awtv-pocs; 0: 1)
        r_max (float): share of the sweep's change that steps may have; 0: 0.95 (asd-pocs)
        alpha_red (float): what steps are multiplied by where they change more; 0: 0.95 (asd-pocs)
        beta_red (float): what the relaxation is multiplied by; 0: 0.995 (asd-pocs, awtv-pocs)
    """
    ...

def awtv_pocs(
    operator: Operator, data: Any = None, *, start: Any = None, weights: Any = None,
    mask: Any = None, callback: Callable[[Report, Any], Any] | None = None,
    report: Callable[[str, float, float], Any] | None = None,
    progress: bool | Callable[[str, float, float], Any] | None = None, iterations: int = 10,
    relaxation: float = 1.0, bounds: Literal['none', 'positive', 'box'] = 'none',
    lower: float | None = None, upper: float | None = None, tolerance: float | None = None,
    noise: float | None = None, change: float | None = None, subsets: int | None = None,
    order: Literal['sequential', 'random', 'golden', 'given'] = 'sequential',
    seed: int | None = None, list: Sequence[float] | None = None, plain: bool = False,
    spacing: float | Sequence[float] | None = None, inner: int | None = None,
    alpha: float | None = None, smooth: float | None = None, epsilon: float | None = None,
    delta: float | None = None, beta_red: float | None = None
) -> Result:
    """The same with differences that count less at edges.

    Source: Liu, Ma, Fan and Liang 2012. The other arguments are those of `solve`.

    Options:
        iterations (int): how many; 0: the method's own number
        relaxation (float): factor of every step; 0: the method's own
        bounds ('none' | 'positive' | 'box'): what values may be, after every iteration
        lower (float): least value of a box
        upper (float): largest value of a box
        tolerance (float): stop at this residual, relative to the data; 0: do not
        noise (float): stop at this residual, in the data's unit: the discrepancy principle; 0: do not
        change (float): stop when an iteration changes less, relative to the result; 0: do not
        subsets (int): subsets of the views (sart, os-sart, osem, -pocs, dart, adam); 0: the method's own number
        order ('sequential' | 'random' | 'golden' | 'given'): in which order subsets are taken
        seed (int): of the random order, and of dart's random voxels
        list (list of float): the order that is given: subsets' numbers
        plain (bool): steps are not divided by the columns' sums (sirt, sart, os-sart, -pocs, dart)
        spacing (list of 3 float): of values along z, y, x; 0: 1
        inner (int): steps of the inner iteration (fista-tv, methods that end in -pocs; 0: 20), or sweeps between two segmentations (dart; 0: 10)
        alpha (float): length of steps that lessen total variation, of the sweep's change; 0: 0.2 (-pocs)
        smooth (float): difference far below which total variation is a square; 0: 0.001 (-pocs, lbfgs, adam)
        epsilon (float): residual down to which steps adapt (asd-pocs; 0: 5), or change of it below which the relaxation falls (awtv-pocs; 0: 1)
        delta (float): difference from which on edges are let be, about the contrast of x (awtv-pocs; recon needs it, 0 is the library's 0.006)
        beta_red (float): what the relaxation is multiplied by; 0: 0.995 (asd-pocs, awtv-pocs)
    """
    ...

def dart(
    operator: Operator, data: Any = None, *, start: Any = None, weights: Any = None,
    mask: Any = None, callback: Callable[[Report, Any], Any] | None = None,
    report: Callable[[str, float, float], Any] | None = None,
    progress: bool | Callable[[str, float, float], Any] | None = None, iterations: int = 20,
    relaxation: float = 1.0, bounds: Literal['none', 'positive', 'box'] = 'none',
    lower: float | None = None, upper: float | None = None, tolerance: float | None = None,
    noise: float | None = None, change: float | None = None, subsets: int | None = None,
    order: Literal['sequential', 'random', 'golden', 'given'] = 'sequential',
    seed: int | None = None, list: Sequence[float] | None = None, plain: bool = False,
    inner: int | None = None, levels: Sequence[float] | None = None, fixed: float | None = None,
    kept: float | None = None, first: int | None = None, segmented: bool = False
) -> Result:
    """A few grey values: sweeps that move voxels at their borders.

    Source: Batenburg and Sijbers 2011. The other arguments are those of `solve`.

    Options:
        iterations (int): how many; 0: the method's own number
        relaxation (float): factor of every step; 0: the method's own
        bounds ('none' | 'positive' | 'box'): what values may be, after every iteration
        lower (float): least value of a box
        upper (float): largest value of a box
        tolerance (float): stop at this residual, relative to the data; 0: do not
        noise (float): stop at this residual, in the data's unit: the discrepancy principle; 0: do not
        change (float): stop when an iteration changes less, relative to the result; 0: do not
        subsets (int): subsets of the views (sart, os-sart, osem, -pocs, dart, adam); 0: the method's own number
        order ('sequential' | 'random' | 'golden' | 'given'): in which order subsets are taken
        seed (int): of the random order, and of dart's random voxels
        list (list of float): the order that is given: subsets' numbers
        plain (bool): steps are not divided by the columns' sums (sirt, sart, os-sart, -pocs, dart)
        inner (int): steps of the inner iteration (fista-tv, methods that end in -pocs; 0: 20), or sweeps between two segmentations (dart; 0: 10)
        levels (list of float): the values of x, 2 to 12 that ascend (dart, which needs them)
        fixed (float): chance of a voxel among its like to be held at its level; 0: 0.85 (dart)
        kept (float): what smoothing leaves of voxels at borders of levels, 1: all; 0: 0.8 (dart)
        first (int): sweeps before levels are looked at; 0: 50 (dart)
        segmented (bool): the result is levels alone (dart)
    """
    ...

def lbfgs(
    operator: Operator, data: Any = None, *, start: Any = None, weights: Any = None,
    mask: Any = None, callback: Callable[[Report, Any], Any] | None = None,
    report: Callable[[str, float, float], Any] | None = None,
    progress: bool | Callable[[str, float, float], Any] | None = None, iterations: int = 50,
    bounds: Literal['none', 'positive', 'box'] = 'none', lower: float | None = None,
    upper: float | None = None, damping: float | None = None, tolerance: float | None = None,
    noise: float | None = None, change: float | None = None,
    penalty: Literal['tv', 'tv-by-axis', 'huber', 'square'] = 'tv', weight: float | None = None,
    bend: float | None = None, spacing: float | Sequence[float] | None = None,
    smooth: float | None = None, loss: Literal['gaussian', 'poisson'] = 'gaussian',
    history: int | None = None
) -> Result:
    """Any loss and operator: quasi-Newton steps between bounds.

    Source: Liu and Nocedal 1989. The other arguments are those of `solve`.

    Options:
        iterations (int): how many; 0: the method's own number
        bounds ('none' | 'positive' | 'box'): what values may be, after every iteration
        lower (float): least value of a box
        upper (float): largest value of a box
        damping (float): adds its square times the square of x to what is minimised (cgls, lsqr; lbfgs, adam: half of that)
        tolerance (float): stop at this residual, relative to the data; 0: do not
        noise (float): stop at this residual, in the data's unit: the discrepancy principle; 0: do not
        change (float): stop when an iteration changes less, relative to the result; 0: do not
        penalty ('tv' | 'tv-by-axis' | 'huber' | 'square'): what is said of differences of neighbours (methods that end in -tv, lbfgs, adam)
        weight (float): of the penalty (methods that end in -tv, which need it above 0; lbfgs, adam)
        bend (float): difference at which Huber's penalty turns from a square into a line
        spacing (list of 3 float): of values along z, y, x; 0: 1
        smooth (float): difference far below which total variation is a square; 0: 0.001 (-pocs, lbfgs, adam)
        loss ('gaussian' | 'poisson'): how far projections are from the data (lbfgs, adam)
        history (int): steps that are remembered; 0: 8 (lbfgs)
    """
    ...

def adam(
    operator: Operator, data: Any = None, *, start: Any = None, weights: Any = None,
    mask: Any = None, callback: Callable[[Report, Any], Any] | None = None,
    report: Callable[[str, float, float], Any] | None = None,
    progress: bool | Callable[[str, float, float], Any] | None = None, iterations: int = 200,
    bounds: Literal['none', 'positive', 'box'] = 'none', lower: float | None = None,
    upper: float | None = None, damping: float | None = None, tolerance: float | None = None,
    noise: float | None = None, change: float | None = None, subsets: int | None = None,
    order: Literal['sequential', 'random', 'golden', 'given'] = 'sequential',
    seed: int | None = None, list: Sequence[float] | None = None,
    penalty: Literal['tv', 'tv-by-axis', 'huber', 'square'] = 'tv', weight: float | None = None,
    bend: float | None = None, spacing: float | Sequence[float] | None = None,
    smooth: float | None = None, loss: Literal['gaussian', 'poisson'] = 'gaussian',
    step: float | None = None, beta1: float | None = None, beta2: float | None = None,
    eps: float | None = None
) -> Result:
    """Any loss and operator: steps by the gradient over its size, by subsets.

    Source: Kingma and Ba 2015. The other arguments are those of `solve`.

    Options:
        iterations (int): how many; 0: the method's own number
        bounds ('none' | 'positive' | 'box'): what values may be, after every iteration
        lower (float): least value of a box
        upper (float): largest value of a box
        damping (float): adds its square times the square of x to what is minimised (cgls, lsqr; lbfgs, adam: half of that)
        tolerance (float): stop at this residual, relative to the data; 0: do not
        noise (float): stop at this residual, in the data's unit: the discrepancy principle; 0: do not
        change (float): stop when an iteration changes less, relative to the result; 0: do not
        subsets (int): subsets of the views (sart, os-sart, osem, -pocs, dart, adam); 0: the method's own number
        order ('sequential' | 'random' | 'golden' | 'given'): in which order subsets are taken
        seed (int): of the random order, and of dart's random voxels
        list (list of float): the order that is given: subsets' numbers
        penalty ('tv' | 'tv-by-axis' | 'huber' | 'square'): what is said of differences of neighbours (methods that end in -tv, lbfgs, adam)
        weight (float): of the penalty (methods that end in -tv, which need it above 0; lbfgs, adam)
        bend (float): difference at which Huber's penalty turns from a square into a line
        spacing (list of 3 float): of values along z, y, x; 0: 1
        smooth (float): difference far below which total variation is a square; 0: 0.001 (-pocs, lbfgs, adam)
        loss ('gaussian' | 'poisson'): how far projections are from the data (lbfgs, adam)
        step (float): how far a value moves in an iteration, about a hundredth of the contrast of x (adam; recon needs it, 0 is the library's 0.001)
        beta1 (float): what the mean gradient keeps of itself, below 1; 0: 0.9 (adam)
        beta2 (float): what the gradient's mean square keeps of itself, below 1; 0: 0.999 (adam)
        eps (float): added to the root of the gradient's mean square; 0: 1e-8 (adam)
    """
    ...

__all__ = [
    'Report', 'Result', 'Solver', 'methods', 'solve', 'landweber', 'sirt', 'sart', 'os_sart',
    'cgls', 'lsqr', 'mlem', 'osem', 'pdhg_tv', 'fista_tv', 'tv_pocs', 'asd_pocs', 'awtv_pocs',
    'dart', 'lbfgs', 'adam'
]
