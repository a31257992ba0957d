"""Objectives, and solvers for operators of this module by name: `reconstruct("cgls", A, b)`."""

import numpy as np

from .. import _spaces
from ._operators import DiagonalOperator, IdentityOperator
from ._tv import awtv_gradient, awtv_regularizer, tv_gradient, tv_regularizer

_EPS = 1e-12
_ALGORITHMS = {}


# ---- Objectives ----
def soft_threshold(x, tau):
    """sign(x) max(|x| - tau, 0)."""
    xp = _spaces.space(x)
    return xp.sign(x) * _spaces.positive(xp.abs(x) - tau)


class Functional:
    """value(x); gradient(x) where it is smooth; prox(x, tau), the least of f(z) + |z - x|^2 / (2 tau),
    where there is a formula for it."""

    is_smooth = is_proximable = False

    def value(self, x):
        """f(x)."""
        raise NotImplementedError("%s has no value" % type(self).__name__)

    def gradient(self, x):
        """f'(x)."""
        raise NotImplementedError("%s is not smooth" % type(self).__name__)

    def prox(self, x, tau):
        """The proximal map."""
        raise NotImplementedError("%s has no proximal map" % type(self).__name__)

    def __mul__(self, factor):
        return _Scaled(self, factor)

    __rmul__ = __mul__

    def __add__(self, other):
        return _Sum(self, other)


class _Scaled(Functional):
    def __init__(self, base, factor):
        self.base, self.factor = base, float(factor)
        self.is_smooth, self.is_proximable = base.is_smooth, base.is_proximable

    def value(self, x):
        return self.factor * self.base.value(x)

    def gradient(self, x):
        return self.factor * self.base.gradient(x)

    def prox(self, x, tau):
        return self.base.prox(x, self.factor * tau)


class _Sum(Functional):
    def __init__(self, *terms):
        self.terms, self.is_smooth = terms, all(t.is_smooth for t in terms)

    def value(self, x):
        return sum(t.value(x) for t in self.terms)

    def gradient(self, x):
        return sum(t.gradient(x) for t in self.terms)


class SquaredL2(Functional):
    """weight / 2 |x - offset|^2."""

    is_smooth = is_proximable = True

    def __init__(self, weight=1.0, offset=None):
        self.weight, self.offset = float(weight), 0.0 if offset is None else offset

    def value(self, x):
        return self.weight / 2 * ((x - self.offset) ** 2).sum()

    def gradient(self, x):
        return self.weight * (x - self.offset)

    def prox(self, x, tau):
        return (x + self.weight * tau * self.offset) / (1 + self.weight * tau)


Tikhonov = SquaredL2


class LpNorm(Functional):
    """weight sum |x|^p: smooth for p > 1, proximable for p = 1."""

    def __init__(self, p=1.0, weight=1.0, eps=1e-8):
        self.p, self.weight, self.eps = float(p), float(weight), float(eps)
        self.is_smooth, self.is_proximable = p > 1, p == 1

    def value(self, x):
        return self.weight * (_spaces.space(x).abs(x) ** self.p).sum()

    def gradient(self, x):
        if not self.is_smooth:
            return super().gradient(x)
        xp = _spaces.space(x)
        return self.weight * self.p * xp.sign(x) * (xp.abs(x) + self.eps) ** (self.p - 1)

    def prox(self, x, tau):
        return soft_threshold(x, self.weight * tau) if self.is_proximable else super().prox(x, tau)


class L1Norm(LpNorm):
    """weight sum |x|."""

    def __init__(self, weight=1.0):
        super().__init__(1.0, weight)


class Huber(Functional):
    """weight sum of x^2 / 2 up to delta, straight on beyond."""

    is_smooth = True

    def __init__(self, delta=1.0, weight=1.0):
        self.delta, self.weight = float(delta), float(weight)

    def value(self, x):
        xp, d = _spaces.space(x), self.delta
        a = xp.abs(x)
        return self.weight * xp.where(a <= d, x * x / 2, d * (a - d / 2)).sum()

    def gradient(self, x):
        return self.weight * _spaces.between(x, -self.delta, self.delta)


class TotalVariation(Functional):
    """weight times tv_regularizer."""

    is_smooth = True

    def __init__(self, weight=1.0, eps=1e-6):
        self.weight, self.eps = float(weight), float(eps)

    def value(self, x):
        return self.weight * tv_regularizer(x, self.eps)

    def gradient(self, x):
        return self.weight * tv_gradient(x, self.eps)


class AdaptiveWeightedTV(Functional):
    """weight times awtv_regularizer."""

    is_smooth = True

    def __init__(self, weight=1.0, delta=0.006, eps=1e-6):
        self.weight, self.delta, self.eps = float(weight), float(delta), float(eps)

    def value(self, x):
        return self.weight * awtv_regularizer(x, self.delta, self.eps)

    def gradient(self, x):
        return self.weight * awtv_gradient(x, self.delta, self.eps)


class Box(Functional):
    """0 from lo to hi, infinite elsewhere: its proximal map clips."""

    is_proximable = True

    def __init__(self, lo=0.0, hi=float("inf")):
        self.lo = -np.inf if lo is None else float(lo)
        self.hi = np.inf if hi is None else float(hi)

    def value(self, x):
        return x.sum() * 0

    def prox(self, x, tau):
        return _spaces.between(x, self.lo, self.hi)


class NonNegativity(Box):
    """0 where nothing is negative."""

    def __init__(self):
        super().__init__(0.0)


# ---- The registry ----
def register_algorithm(name, fn=None):
    """Makes reconstruct(name, ...) call it; also a decorator."""
    def put(f):
        _ALGORITHMS[name] = f
        return f
    return put if fn is None else put(fn)


def get_algorithm(name):
    """The function of a name."""
    if name not in _ALGORITHMS:
        raise KeyError("no algorithm %r: one of %s is expected" % (name, ", ".join(list_algorithms())))
    return _ALGORITHMS[name]


def list_algorithms():
    """The names."""
    return sorted(_ALGORITHMS)


def reconstruct(name, *arguments, **options):
    """Calls an algorithm by name."""
    return get_algorithm(name)(*arguments, **options)


class IterativeReconstructor:
    """A base: step(A, b, x, k) gives the next x."""

    def __init__(self, iterations=10, nonnegative=False):
        self.iterations, self.nonnegative = int(iterations), nonnegative

    def step(self, A, b, x, k):
        """The next x."""
        raise NotImplementedError

    def run(self, A, b, *, x0=None, callback=None):
        """All iterations."""
        x = _start(A, b, x0)
        for k in range(self.iterations):
            x = self.step(A, b, x, k)
            x = _spaces.positive(x) if self.nonnegative else x
            _tell(callback, k, x)
        return x

    __call__ = run


def _start(A, b, x0, value=0.0):
    if x0 is not None:
        return x0
    if A.domain_shape is None:
        raise ValueError("x0 is needed: the operator does not say its domain's shape")
    xp = _spaces.space(b)
    return _spaces.new(xp, np.full(A.domain_shape, value, np.float32), b)


def _tell(callback, k, x):
    if callback is not None:
        callback(k, x)


def _dot(a, b):
    return (a * b).sum()


# ---- Solvers ----
def power_iteration(normal_apply, shape, iterations=15):
    """The largest eigenvalue of a symmetric operator, by powers."""
    from ._trajectories import backend_space
    v = np.random.default_rng(0).standard_normal(tuple(shape)).astype(np.float32)
    v = _spaces.new(backend_space(), v / (np.linalg.norm(v) + _EPS))
    size = 1.0
    for _ in range(int(iterations)):
        w = normal_apply(v)
        size = _spaces.norm(w)
        if size <= 0:
            break
        v = w / size
    return size


@register_algorithm("landweber")
def landweber(A, b, *, x0=None, iterations=30, step_size=1e-3, nonnegative=True, callback=None):
    """x - step A'(A x - b)."""
    x = _start(A, b, x0)
    for k in range(int(iterations)):
        x = x - step_size * (A.T @ (A @ x - b))
        x = _spaces.positive(x) if nonnegative else x
        _tell(callback, k, x)
    return x


@register_algorithm("cgls")
def cgls(A, b, *, x0=None, iterations=20, tol=1e-6, nonnegative=False, callback=None):
    """Least squares by conjugate gradients (Bjorck 1996, 7.4)."""
    x = _start(A, b, x0)
    r = b - A @ x
    s = p = A.T @ r
    gamma = first = _dot(s, s)
    for k in range(int(iterations)):
        q = A @ p
        size = _dot(q, q)
        if float(size) <= 0:
            break
        a = gamma / size
        x, r = x + a * p, r - a * q
        s = A.T @ r
        now = _dot(s, s)
        p, gamma = s + (now / gamma) * p, now
        _tell(callback, k, x)
        if float(first) > 0 and float(gamma) < tol ** 2 * float(first):
            break
    return _spaces.positive(x) if nonnegative else x


@register_algorithm("pcg")
def pcg(H, c, *, x0=None, iterations=25, tol=1e-6, precond=None, nonnegative=False, callback=None):
    """H x = c for a symmetric positive operator, by conjugate gradients."""
    x = _start(H, c, x0)
    r = c - H @ x
    z = p = r if precond is None else precond(r)
    rz, first = _dot(r, z), float(_dot(r, r))
    for k in range(int(iterations)):
        q = H @ p
        size = _dot(p, q)
        if float(size) <= 0:
            break
        a = rz / size
        x, r = x + a * p, r - a * q
        z = r if precond is None else precond(r)
        now = _dot(r, z)
        p, rz = z + (now / (rz + _EPS)) * p, now
        _tell(callback, k, x)
        if first > 0 and float(_dot(r, r)) < tol ** 2 * first:
            break
    return _spaces.positive(x) if nonnegative else x


@register_algorithm("wls")
def wls(A, b, *, weights=None, beta=0.0, **options):
    """|A x - b|^2 weighted, plus beta |x|^2, by pcg of the normal equations."""
    W = IdentityOperator(A.range_shape) if weights is None else DiagonalOperator(weights)
    H = A.T @ (W @ A)
    if beta:
        H = H + float(beta) * IdentityOperator(A.domain_shape)
    return pcg(H, A.T @ (W @ b), **options)


@register_algorithm("ls")
def ls(A, b, **options):
    """|A x - b|^2."""
    options.pop("weights", None)
    options.pop("beta", None)
    return wls(A, b, **options)


@register_algorithm("rls")
def rls(A, b, *, beta=1e-2, **options):
    """|A x - b|^2 + beta |x|^2."""
    return wls(A, b, beta=beta, **options)


@register_algorithm("rwls")
def rwls(A, b, *, regularizer=None, constraint=None, weights=None, x0=None, iterations=50,
         step_size=None, nonnegative=True, callback=None):
    """|A x - b|^2 / 2 weighted, plus a smooth regularizer, under a constraint's proximal map, by FISTA
    (Beck and Teboulle 2009). step_size: None: 0.9 over the operator's norm squared."""
    if regularizer is not None and not regularizer.is_smooth:
        raise ValueError("regularizer: %s is not smooth; give it as the constraint"
                         % type(regularizer).__name__)
    if constraint is None:
        constraint = NonNegativity() if nonnegative else Box(None, None)
    W = IdentityOperator() if weights is None else DiagonalOperator(weights)
    if step_size is None:
        like = _start(A, b, None)

        def normal(v):
            return A.T @ (W @ (A @ _spaces.new(_spaces.space(b), v, like)))
        step_size = 0.9 / (power_iteration(normal, A.domain_shape) + _EPS)
    x = z = _start(A, b, x0)
    t = 1.0
    for k in range(int(iterations)):
        g = A.T @ (W @ (A @ z - b))
        if regularizer is not None:
            g = g + regularizer.gradient(z)
        new = constraint.prox(z - step_size * g, step_size)
        after = (1 + (1 + 4 * t * t) ** 0.5) / 2
        z = new + ((t - 1) / after) * (new - x)
        x, t = new, after
        _tell(callback, k, x)
    return x


@register_algorithm("dls")
def dls(A, b, **options):
    """Few views: ls, with a `precond`."""
    return ls(A, b, **options)


@register_algorithm("rdls")
def rdls(A, b, **options):
    """Few views: rwls, with a `regularizer`."""
    return rwls(A, b, **options)


def _expectation(A, b, x, sums):
    return _spaces.positive(x * (A.T @ (b / _spaces.positive(A @ x, _EPS))) / sums)


def _sums(A, b):
    ones = _spaces.new(_spaces.space(b), np.ones(A.range_shape, np.float32), b)
    return _spaces.positive(A.T @ ones, _EPS)


@register_algorithm("mlem")
def mlem(A, b, *, x0=None, iterations=20, callback=None):
    """Poisson data of emission: x A'(b / A x) / A'1."""
    b, x, sums = _spaces.positive(b), _spaces.positive(_start(A, b, x0, 1.0), _EPS), _sums(A, b)
    for k in range(int(iterations)):
        x = _expectation(A, b, x, sums)
        _tell(callback, k, x)
    return x


@register_algorithm("osem")
def osem(A, b, *, subsets=8, x0=None, iterations=5, callback=None):
    """The same by subsets of views."""
    b, x = _spaces.positive(b), _spaces.positive(_start(A, b, x0, 1.0), _EPS)
    count = max(1, min(int(subsets), A.n_views))
    parts = [(A.subset(range(k, A.n_views, count)), b[k::count]) for k in range(count)]
    sums = [_sums(part, b) for part, _ in parts]
    for k in range(int(iterations)):
        for (part, data), s in zip(parts, sums):
            x = _expectation(part, data, x, s)
        _tell(callback, k, x)
    return x


@register_algorithm("mltr")
def mltr(A, counts, blank, *, x0=None, iterations=60, beta=0.0, regularizer=None, relaxation=1.0,
         curvature="optimal", callback=None):
    """Counts y of transmission, Poisson with mean blank exp(-A x): x + relaxation A'(mean - y) /
    A'(c A1), c the mean ("optimal") or the blank ("max")."""
    curvature = str(curvature).lower()
    if curvature not in ("optimal", "max"):
        raise ValueError("curvature: 'optimal' or 'max' is expected, not %r" % (curvature,))
    xp = _spaces.space(counts)
    y, x = _spaces.positive(counts), _start(A, counts, x0)
    full = blank if hasattr(blank, "shape") else xp.zeros_like(y) + float(blank)
    lengths = A @ (xp.zeros_like(x) + 1)
    for k in range(int(iterations)):
        mean = full * xp.exp(-(A @ x))
        above = A.T @ (mean - y)
        below = _spaces.positive(A.T @ ((full if curvature == "max" else mean) * lengths), _EPS)
        if regularizer is not None and beta > 0:
            above, below = above - beta * regularizer.gradient(x), below + beta
        x = _spaces.positive(x + relaxation * above / below)
        _tell(callback, k, x)
    return x
