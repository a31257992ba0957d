"""Shepp and Logan's phantom in the contrast that diffct-mlx's cases use (Toft 1996), clipped to 0..1:
numpy arrays, the outermost voxels' centres at -1 and 1."""

import math

import numpy as np

# x, y, z, half axes along x, y, z, angle in units of pi / 10, value
_ELLIPSOIDS = (
    (0, 0, 0, 0.69, 0.92, 0.81, 0, 1), (0, -0.0184, 0, 0.6624, 0.874, 0.78, 0, -0.8),
    (0.22, 0, 0, 0.11, 0.31, 0.22, -1, -0.2), (-0.22, 0, 0, 0.16, 0.41, 0.28, 1, -0.2),
    (0, 0.35, -0.15, 0.21, 0.25, 0.41, 0, 0.1), (0, 0.1, 0.25, 0.046, 0.046, 0.05, 0, 0.1),
    (0, -0.1, 0.25, 0.046, 0.046, 0.05, 0, 0.1), (-0.08, -0.605, 0, 0.046, 0.023, 0.05, 0, 0.1),
    (0, -0.605, 0, 0.023, 0.023, 0.02, 0, 0.1), (0.06, -0.605, 0, 0.023, 0.046, 0.02, 0, 0.1))


def _shape(first, rest, axes):
    given = tuple(first) if hasattr(first, "__len__") else (first,) + tuple(n for n in rest if n)
    shape = given * axes if len(given) == 1 else given
    if len(shape) != axes or min(shape) < 2:
        raise ValueError("a shape of %d numbers above 1 is expected, not %r" % (axes, given))
    return tuple(int(n) for n in shape)


def _grid(shape):
    return np.meshgrid(*[np.linspace(-1, 1, n, dtype=np.float32) for n in shape], indexing="ij",
                       sparse=True)


def shepp_logan_2d(shape_or_nx, ny=None):
    """(ny, nx): of one number a square, of two (nx, ny)."""
    shape = _shape(shape_or_nx, (ny,), 2)
    if not hasattr(shape_or_nx, "__len__"):
        shape = shape[::-1]
    y, x = _grid(shape)
    return _sum(x, y, None)


def shepp_logan_3d(shape_or_nz, ny=None, nx=None):
    """(nz, ny, nx)."""
    z, y, x = _grid(_shape(shape_or_nz, (ny, nx), 3))
    return _sum(x, y, z)


def _sum(x, y, z):
    out = 0
    for x0, y0, z0, a, b, c, turn, value in _ELLIPSOIDS:
        cos, sin = math.cos(turn * math.pi / 10), math.sin(turn * math.pi / 10)
        u, v = cos * (x - x0) - sin * (y - y0), sin * (x - x0) + cos * (y - y0)
        inside = (u / a) ** 2 + (v / b) ** 2 + (0 if z is None else ((z - z0) / c) ** 2) <= 1
        out = out + np.where(inside, np.float32(value), np.float32(0))
    return np.clip(out, 0, 1).astype(np.float32)
