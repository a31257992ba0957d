"""Parallel and fan beams whose source or detector does not go round in a circle: OS-SART with the orbit as it is, and
with the same data taken for those of a circle.

    python3 orbits_2d.py [FOLDER]          writes orbits_2d.png: a row of each, parallel, then fan"""

import os
import sys

import numpy as np

import voxgrad as vxg

folder = sys.argv[1] if len(sys.argv) > 1 else "."
n, views, columns, sod, sdd = 96, 120, 160, 250.0, 400.0
t = np.arange(views) * 2 * np.pi / views
noise = np.random.default_rng(0)


def flat(x, y):
    return np.stack([x, y, 0 * x], 1)


def parallel(angle, shift):
    """Rays at these angles, the detector moved along its columns by `shift`."""
    u = flat(np.cos(angle), np.sin(angle))
    ray = flat(-np.sin(angle), np.cos(angle))
    vectors = np.stack([ray, 100 * ray + shift[:, None] * u, u, u * 0 + [0, 0, 1]], 1)
    return vxg.ct.ParallelGeometry.from_vectors("parallel", vectors, 1, columns)


def fan(x, y):
    """The source at (x, y), the detector at right angles to the ray through the origin."""
    s = flat(x, y)
    away = -s / np.linalg.norm(s, axis=1, keepdims=True)
    u = flat(away[:, 1], -away[:, 0])
    return vxg.ct.FanGeometry.from_vectors("fan", np.stack([s, s + sdd * away, u, u * 0 + [0, 0, 1]], 1), 1, columns)


# Of the ellipse: the detector lies along its tangent, `normal` is the direction of the inner normal.
path, radius, normal = vxg.ct.trajectory, sod + 60 * t / np.pi - 60, np.arctan2(1.2 * np.sin(t), np.cos(t))
parallels = {
    "sinusoidal": path("sinusoidal", "parallel", views, 1, columns, range=2 * np.pi, amplitude=6.0, frequency=3.0),
    "wobble": parallel(t + 0.06 * np.sin(5 * t), 4 * np.sin(7 * t)),
    "elliptical": parallel(normal, 100 * (np.sin(t) * np.cos(normal) - 1.2 * np.cos(t) * np.sin(normal))),
    "random": parallel(t + noise.normal(0, 0.05, views), noise.normal(0, 3, views)),
}
fans = {
    "sinusoidal": path("sinusoidal", "cone", views, 1, columns, sod=sod, sdd=sdd, amplitude=40.0, frequency=3.0),
    "wobble": fan(sod * np.sin(t) + 15 * np.sin(7 * t), -sod * np.cos(t) + 15 * np.cos(5 * t)),
    "elliptical": fan(1.3 * sod * np.sin(t), -0.9 * sod * np.cos(t)),
    "spiral": fan(radius * np.sin(t), -radius * np.cos(t)),
}
y, x = np.mgrid[:n, :n] - (n - 1) / 2
image = np.where(x * x + y * y < 42 ** 2, 1, 0).astype(np.float32)
for cx, cy, r, value in ((18, -12, 9, 0.5), (-16, 10, 7, -1), (-10, -18, 3, 1), (5, 25, 2, -1), (12, 12, 2, 1)):
    image[(x - cx) ** 2 + (y - cy) ** 2 < r * r] += value

rows = []
for beam, orbits, circle in (
        ("parallel", parallels, vxg.ct.ParallelGeometry.circular(t, 1, columns)),
        ("fan", fans, vxg.ct.FanGeometry.circular(views, columns, sod, sdd))):
    known, circular = [image], [0 * image]
    for name, geometry in orbits.items():
        A, C = (vxg.ct.XrayTransform(g, vxg.ct.Volume((1, n, n))) for g in (geometry, circle))
        sinogram = A(image)
        for op, out in ((A, known), (C, circular)):
            out.append(vxg.solve.os_sart(op, sinogram, iterations=10, subsets=12, bounds="positive").x)
        print("%-8s %-10s root mean square error %.3f, taken for a circle %.3f" % ((beam, name) + tuple(
            np.sqrt(np.mean((out[-1] - image) ** 2)) for out in (known, circular))))
    rows += [np.hstack(known), np.hstack(circular)]
vxg.io.write_png(os.path.join(folder, "orbits_2d.png"), np.vstack(rows), 0, 1.6, scale=2, force=True)
