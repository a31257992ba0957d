"""Trajectories of diffct and diffct-mlx: for every view vectors of length one and places, (views, 2)
or (views, 3) each, of whatever package the angles come from."""

import math
import warnings

from . import _spaces


def steps(xp, n, start, end, like=None, dtype=None):
    """n angles from start, the end excluded."""
    if isinstance(n, bool) or int(n) != n or n < 1:
        raise ValueError("n_views: a whole number above 0 is expected, not %r" % (n,))
    step = (end - start) / n
    return _spaces.new(xp, [start + i * step for i in range(int(n))], like, dtype)


def stack(*parts):
    """Vectors of their components; what is a number stands for all views."""
    xp = _spaces.space(next(p for p in parts if hasattr(p, "shape")))
    one = xp.zeros_like(next(p for p in parts if hasattr(p, "shape")))
    return xp.stack([one + p for p in parts], -1)


def norm(x):
    """Lengths of vectors, (views, 1)."""
    xp = _spaces.space(x)
    return xp.sqrt((x * x).sum(-1))[:, None]


def cross(a, b):
    """a x b of vectors (views, 3)."""
    return stack(a[:, 1] * b[:, 2] - a[:, 2] * b[:, 1], a[:, 2] * b[:, 0] - a[:, 0] * b[:, 2],
                 a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])


def circle(phi, sid, sdd, z=0.0):
    """Source, detector centre, u, v about z; sid may differ from view to view."""
    xp = _spaces.space(phi)
    s, c = xp.sin(phi), xp.cos(phi)
    far = sdd - sid
    return (stack(-sid * s, sid * c, z), stack(far * s, -far * c, z), stack(c, s, 0.0),
            stack(0 * s, 0.0, 1.0))


def spiral(phi, sid, sdd, z_range):
    """A helix; z from -z_range / 2 to z_range / 2, both ends included."""
    n = phi.shape[0]
    xp = _spaces.space(phi)
    share = _spaces.new(xp, [i / max(n - 1, 1) - 0.5 for i in range(n)], phi)
    return circle(phi, sid, sdd, z_range * share)


def sinusoidal(phi, sid, sdd, amplitude, frequency):
    """The source's distance swings."""
    return circle(phi, sid + amplitude * _spaces.space(phi).sin(frequency * phi), sdd)


def saddle(phi, sid, sdd, z_amplitude, radial_amplitude):
    """Height and distance swing twice a turn."""
    xp = _spaces.space(phi)
    return circle(phi, sid + radial_amplitude * xp.sin(2 * phi), sdd, z_amplitude * xp.cos(2 * phi))


def facing(s, sdd, anyway=False):
    """What lies behind the origin of sources (views, 3): the detector's centre sdd away from the
    source, u across the axis (x for a source on it), v across both. A source on the origin is refused;
    anyway: it looks along -x, with a warning."""
    xp = _spaces.space(s)
    far = norm(s)
    lost = ~(far > 1e-6)
    one = xp.ones_like(s[:, 0])
    x, y = stack(one, 0.0, 0.0), stack(0.0 * one, 1.0, 0.0)
    if not bool((far < sdd).all()) or bool(lost.any()) and not anyway:
        raise ValueError("the source must lie between 1e-6 and sdd from the origin")
    if bool(lost.any()):
        warnings.warn("a source lies on the origin, from where no direction is the one to the "
                      "detector: -x is taken", stacklevel=4)
    ray = xp.where(lost, x, s / _spaces.positive(far, 1e-6))
    u = stack(-s[:, 1], s[:, 0], 0.0)
    flat = norm(u)
    u = xp.where(flat > 1e-12, u / _spaces.positive(flat, 1e-12), xp.where(lost, y, x))
    v = cross(ray, u)
    return s, s - sdd * ray, u, v / norm(v)


def laminography(phi, sid, sdd, tilt):
    """A circle at the height sid sin(tilt), looking at the origin; tilt in radians."""
    xp = _spaces.space(phi)
    level = sid * math.cos(tilt)
    return facing(stack(level * xp.cos(phi), level * xp.sin(phi), sid * math.sin(tilt)), sdd)


def planar(views):
    """The same in the plane z = 0: source, detector centre, u."""
    return tuple(part[:, :2] for part in views[:3])


def lifted(path):
    """A path in the plane as one in space."""
    def made(phi, sid):
        s = path(phi, sid)
        return stack(s[:, 0], s[:, 1], 0.0)
    return made


def parallel(phi, along):
    """Rays (cos, sin), a detector along (-sin, cos) that is moved by `along` in its own direction."""
    xp = _spaces.space(phi)
    u = stack(-xp.sin(phi), xp.cos(phi))
    return stack(xp.cos(phi), xp.sin(phi)), (along * xp.ones_like(phi))[:, None] * u, u


def shaken(phi, sid, sdd, sid_std, pos_std, angle_std, draw):
    """A circle with errors: the source's distance, both places, then the detector rotated about z;
    draw(shape): normal numbers, in this order, for errors that are not 0."""
    xp = _spaces.space(phi)
    s, d, u, v = circle(phi, sid, sdd)
    if sid_std > 0:
        s = circle(phi, sid + draw(tuple(phi.shape)) * sid_std, sdd)[0]
    if pos_std > 0:
        s = s + draw(tuple(s.shape)) * pos_std
        d = d + draw(tuple(d.shape)) * pos_std
    if angle_std > 0:
        off = draw(tuple(phi.shape)) * angle_std
        u = stack(u[:, 0] * xp.cos(off) - u[:, 1] * xp.sin(off),
                  u[:, 0] * xp.sin(off) + u[:, 1] * xp.cos(off), u[:, 2])
    return s, d, u / norm(u), v
