"""The steps of analytic reconstruction that the modules in diffct's conventions share: weights of
angles and of short scans, ramps and windows, voxels that gather. For arrays of any package; weights
are worked out in double precision on the host.

Sources: A. C. Kak and M. Slaney, Principles of Computerized Tomographic Imaging (1988), chapter 3;
L. A. Feldkamp, L. C. Davis, J. W. Kress, J. Opt. Soc. Am. A 1 (1984) 612; D. L. Parker, Med. Phys. 9
(1982) 254.
"""

import math

import numpy as np

from . import _orbits, _spaces, ct


# ---- Weights of views ----
def period(span, step):
    """Half a turn or a whole one that views `step` apart close, None: neither."""
    slack = max(1e-4, 0.05 * step)
    return next((p for p in (math.pi, 2 * math.pi) if -slack <= p - span <= 1.5 * step + slack), None)


def angle_weights(phi, halved=True):
    """Trapezoidal weights of angles in the order given: of half and whole turns as of a period.
    halved: a whole turn counts half, so that both sum to pi."""
    phi = np.asarray(phi, np.float64)
    n = phi.size
    if n < 2:
        return np.full(n, math.pi if halved else 1.0)
    order = np.argsort(phi, kind="stable")
    gaps = np.diff(phi[order])
    step, span = abs(np.median(gaps)), phi[order[-1]] - phi[order[0]]
    whole = period(span, step)
    ends = 0.0 if whole is None else max(whole - span, 0.0)
    sides = np.concatenate([[ends], gaps, [ends]])
    w = np.empty(n)
    w[order] = (sides[:-1] + sides[1:]) / 2
    turn = whole == 2 * math.pi or whole is None and abs(span - 2 * math.pi) <= max(1e-4, 0.05 * step)
    return w / 2 if halved and turn else w


def parker(beta, gamma):
    """Weights (views, columns) of a short scan: opposite rays sum to one. beta: angles along the scan's
    way; gamma: of the columns, positive where rays meet their opposite ones late. Over-scans: Parker's
    with the half angle that the span has. A whole turn: ones."""
    beta = np.asarray(beta, np.float64)
    span = beta.max() - beta.min()
    step = abs(np.median(np.diff(np.sort(beta)))) if beta.size > 1 else 0.0
    beta, gamma = (beta - beta.min())[:, None], np.asarray(gamma, np.float64)[None, :]
    if period(span, step) == 2 * math.pi:
        return np.ones((beta.size, gamma.size))
    delta = max(np.abs(gamma).max(), (span - math.pi) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        rising = np.sin(math.pi / 4 * beta / (delta - gamma)) ** 2
        falling = np.sin(math.pi / 4 * (math.pi + 2 * delta - beta) / (delta + gamma)) ** 2
    w = np.where(beta < 2 * (delta - gamma), rising, 1.0)
    w = np.where(beta > math.pi - 2 * gamma, falling, w)
    return np.where(beta > math.pi + 2 * delta, 0.0, w)


# ---- Filters ----
def window(name, f):
    """Of frequencies f in cycles a sample, 0 to 1/2."""
    word = "ram-lak" if name is None else str(name).lower().replace("_", "-")
    share = np.clip(2 * np.abs(f), 0, 1)
    made = {"ram-lak": lambda: np.ones_like(f), "hann": lambda: 0.5 + 0.5 * np.cos(np.pi * share),
            "hamming": lambda: 0.54 + 0.46 * np.cos(np.pi * share),
            "cosine": lambda: np.cos(np.pi * share / 2), "shepp-logan": lambda: np.sinc(share / 2)}
    word = {"ramlak": "ram-lak", "none": "ram-lak", "hanning": "hann"}.get(word, word)
    if word not in made:
        raise ValueError("window: one of %s is expected, not %r" % (", ".join(made), name))
    return made[word]()


def straight_ramp(length):
    """2 pi |f|."""
    return 2 * np.pi * np.fft.rfftfreq(length)


def sampled_ramp(length):
    """The transform of the ramp's samples, pi / 2 in the middle and -2 / (pi k^2) at odd k (Kak and
    Slaney, (61)), which keeps the mean that sampled frequencies lose."""
    k = np.minimum(np.arange(length), length - np.arange(length))
    taps = np.where(k % 2 == 1, -2 / (np.pi * np.maximum(k, 1) ** 2.0), 0.0)
    taps[0] = np.pi / 2
    return np.fft.rfft(taps).real


def filtered(x, axis, response, length):
    """x times a response (rfft of `length`, an array of any package) along one axis, lengthened by
    zeros. Differentiable in both."""
    xp, axis = _spaces.space(x), axis % x.ndim
    n = x.shape[axis]
    shape = [1] * x.ndim
    shape[axis] = length // 2 + 1
    if tuple(response.shape) != (length // 2 + 1,):
        raise ValueError("filter: %d numbers are expected, not shape %s"
                         % (length // 2 + 1, tuple(response.shape)))
    wide = _spaces.pad(x, axis, 0, length - n) if length > n else x
    if xp is np:  # whose transforms are of double precision
        spectrum = np.fft.rfft(wide, axis=axis) * _spaces.host(response).reshape(shape)
        y = np.fft.irfft(spectrum, length, axis).astype(x.dtype)
    else:
        word = {"dim": axis} if xp.__name__ == "torch" else {"axis": axis}
        h = response if _spaces.space(response) is xp else _spaces.new(xp, response, x)
        y = xp.fft.irfft(xp.fft.rfft(wide, **word) * h.reshape(shape), length, **word)
    return y[(slice(None),) * axis + (slice(0, n),)]


# ---- Geometry ----
def normals(frames):
    """The detectors' unit normals away from the source, of (source, detector, u[, v]) in double."""
    s, d, u = [_spaces.host(p, np.float64) for p in frames[:3]]
    if s.shape[1] == 2:
        n = np.stack([-u[:, 1], u[:, 0]], 1)
    else:
        n = _orbits.cross(u, _spaces.host(frames[3], np.float64))
    n = n / np.linalg.norm(n, axis=1, keepdims=True)
    return n * np.where(((d - s) * n).sum(1) < 0, -1.0, 1.0)[:, None]


def isocenter(frames):
    """The point nearest to all lines from a source along its detector's normal."""
    s, n = _spaces.host(frames[0], np.float64), normals(frames)
    across = np.eye(n.shape[1]) - n[:, :, None] * n[:, None, :]
    total = across.sum(0)
    if np.linalg.matrix_rank(total, tol=1e-9 * len(n)) < n.shape[1]:
        raise ValueError("isocenter: it must be given, the views' normals do not meet in a point")
    return np.linalg.solve(total, (across @ s[:, :, None]).sum(0)[:, 0])


def distances(frames, middle=None):
    """(sid, sdd) of every view along the normal: from the source to `middle` (None: the origin), and to
    the detector."""
    s, d = [_spaces.host(p, np.float64) for p in frames[:2]]
    n = normals(frames)
    sid = (((0 if middle is None else np.asarray(middle, np.float64)) - s) * n).sum(1)
    return np.maximum(sid, 1e-6), np.maximum(((d - s) * n).sum(1), 1e-6)


def cosines(frames, bins, pitch):
    """Of every pixel (views, u[, v]): the detector's distance over the ray's length, from the views' own
    frames."""
    s, d, u = [_spaces.host(f, np.float64) for f in frames[:3]]
    n = normals(frames)
    far = ((d - s) * n).sum(1)
    foot = s + far[:, None] * n - d  # the normal's foot, from the detector's middle
    columns = (np.arange(bins[0]) - (bins[0] - 1) / 2) * pitch[0]
    squares = (columns[None, :] - (foot * u).sum(1)[:, None]) ** 2
    far = far[:, None]
    if len(bins) == 2:
        v = _spaces.host(frames[3], np.float64)
        rows = (np.arange(bins[1]) - (bins[1] - 1) / 2) * pitch[1]
        squares = squares[:, :, None] + (rows[None, :] - (foot * v).sum(1)[:, None])[:, None, :] ** 2
        far = far[:, None]
    return far / np.sqrt(far ** 2 + squares)


def gathered(y, geometry, volume, scale, distance, flat):
    """Voxels add up the interpolated projections times a factor for each view: y (..., views, u, v), or
    (..., views, u) if `flat`.
    distance: also times (sdd / U)^2, U the voxel's depth from the source. Differentiable."""
    xp = _spaces.space(y)
    each = np.broadcast_to(np.asarray(scale, np.float64), (geometry.nviews,))
    y = y * _spaces.new(xp, each.reshape((-1,) + (1,) * (1 if flat else 2)), y)
    y = y[..., None, :] if flat else _spaces.swap(y, -1, -2)
    B = ct.backprojector(geometry, volume, weighting="distance" if distance else "none")
    x = B(y)
    return x.reshape(tuple(x.shape[:-3]) + tuple(x.shape[-2:])) if flat else x
