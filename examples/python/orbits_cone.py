"""A cone beam on six orbits that are no circle: CGLS with the orbit as it is, and with the same data taken for those of
a circle with the same angles.

    python3 orbits_cone.py [FOLDER]        writes orbits_cone.png: x-y slices, the same as a circle, then x-z slices"""

import os
import sys

import numpy as np

import voxgrad as vxg

folder = sys.argv[1] if len(sys.argv) > 1 else "."
n, views, rows, columns, sod, sdd = 48, 72, 88, 80, 160.0, 240.0
t = np.arange(views) * 2 * np.pi / views
volume = vxg.ct.Volume((n, n, n))


def from_sources(x, y, z):
    """The source at (x, y, z) looks at the origin; the detector's columns lie level, at right angles to the ray."""
    s = np.stack([x, y, z], 1)
    away = -s / np.linalg.norm(s, axis=1, keepdims=True)
    u = np.cross(away, [0, 0, 1])
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    vectors = np.stack([s, s + sdd * away, u, np.cross(u, away)], 1)
    return vxg.ct.ConeGeometry.from_vectors("cone", vectors, rows, columns)


def library(path, **options):
    return vxg.ct.ConeGeometry.trajectory(path, views, rows, columns, sod=sod, sdd=sdd, **options)


swing, lift = 2.1 * np.cos(t), 60 * np.sin(2 * t)  # a C-arm that swings to and fro, 120 degrees to each side
orbits = {
    "sinusoidal": library("sinusoidal", amplitude=30.0, frequency=3.0),
    "wobble": from_sources(sod * np.sin(t) + 9 * np.sin(7 * t), 9 * np.cos(5 * t) - sod * np.cos(t), 9 * np.sin(9 * t)),
    "elliptical": from_sources(1.25 * sod * np.sin(t), -0.9 * sod * np.cos(t), 0 * t),
    "spiral": library("helical", turns=2.0, z_range=30.0),
    "saddle": library("saddle", z_amplitude=10.0, radial_amplitude=20.0),
    "figure-8": from_sources(sod * np.sin(swing), -sod * np.cos(swing), lift),
}
z, y, x = np.mgrid[:n, :n, :n] - (n - 1) / 2
ball = (x * x + y * y + (z / 0.9) ** 2 < 20 ** 2).astype(np.float32)
for cx, cy, cz, r, value in ((9, -5, 0, 5, 0.5), (-8, 6, 0, 4, -1), (-4, -9, 0, 2, -1), (0, 0, 9, 4, 0.5),
                             (7, 0, -9, 3, -1)):
    ball[(x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2 < r * r] += value

columns_of_picture = [np.vstack([ball[n // 2], 0 * ball[n // 2], ball[:, n // 2]])]
for name, geometry in orbits.items():
    circle = vxg.ct.ConeGeometry.circular(geometry.angles, rows, columns, sod, sdd)
    A, C = (vxg.ct.XrayTransform(g, volume) for g in (geometry, circle))
    projections = A(ball)
    known, circular = (vxg.solve.cgls(op, projections, iterations=10).x for op in (A, C))
    print("%-10s root mean square error %.3f, taken for a circle %.3f" % (
        (name,) + tuple(np.sqrt(np.mean((v - ball) ** 2)) for v in (known, circular))))
    columns_of_picture.append(np.vstack([known[n // 2], circular[n // 2], known[:, n // 2]]))
vxg.io.write_png(os.path.join(folder, "orbits_cone.png"), np.hstack(columns_of_picture), 0, 1.6, scale=3, force=True)
