#!/usr/bin/python3
"""Writes a Data Exchange scan of three ellipsoids (exact line integrals, uint16 counts with Poisson noise):

    make_scan.py OUT.h5 VIEWS ROWS COLUMNS [CENTER]

One view is in memory at a time, so any size works. Needs numpy and h5py. Benchmarks and the memory test
use it.
"""
import sys

import h5py
import numpy as np

# centre x, y, z and half axes a, b, c in units of half the detector width (z: half the height); 1/unit
BODIES = [(0.05, -0.02, 0.0, 0.70, 0.55, 0.9, 1.0), (0.2, 0.15, 0.1, 0.15, 0.2, 0.5, 0.8),
          (-0.25, -0.1, -0.2, 0.2, 0.1, 0.4, -0.6)]


def view(t, s, z):
    """Line integrals of the bodies: chord of an ellipsoid along (-sin t, cos t, 0)."""
    out = np.zeros((z.size, s.size))
    for x0, y0, z0, a, b, c, mu in BODIES:
        r2 = (a * np.cos(t)) ** 2 + (b * np.sin(t)) ** 2
        d = s - (x0 * np.cos(t) + y0 * np.sin(t))
        inside = np.clip(1 - ((z - z0) / c)[:, None] ** 2 - (d ** 2 / r2)[None, :], 0, None)
        out += mu * 2 * a * b / np.sqrt(r2) * np.sqrt(inside)
    return out


def main():
    if len(sys.argv) not in (5, 6):
        sys.exit(__doc__)
    path, (views, rows, cols) = sys.argv[1], map(int, sys.argv[2:5])
    center = float(sys.argv[5]) if len(sys.argv) == 6 else (cols - 1) / 2 + 1.25
    rng = np.random.default_rng(1)
    s = (np.arange(cols) - center) / (cols / 2)
    z = (np.arange(rows) - (rows - 1) / 2) / (rows / 2)
    theta = np.arange(views) * 180.0 / views
    with h5py.File(path, "w") as f:
        data = f.create_dataset("exchange/data", (views, rows, cols), "u2")
        for i, t in enumerate(np.deg2rad(theta)):
            data[i] = 100 + rng.poisson(30000 * np.exp(-view(t, s, z)), (rows, cols)).clip(0, 65000)
        f["exchange/data_white"] = (100 + rng.poisson(30000, (10, rows, cols))).astype("u2")
        f["exchange/data_dark"] = np.full((5, rows, cols), 100, "u2")
        f["exchange/theta"] = theta


main()
