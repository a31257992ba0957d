"""A fan beam around discs by filtered backprojection: a full turn, the shortest arc that suffices, a curved detector.

    python3 fbp_fan.py [FOLDER]            writes fbp_fan.png: below the images ten times their errors"""

import os
import sys

import numpy as np

import voxgrad as vxg

folder = sys.argv[1] if len(sys.argv) > 1 else "."
n, sod, sdd, columns = 192, 500, 800, 384


def discs(n, spacing):
    """The object on n x n cells; data come of finer ones than those that are reconstructed."""
    y, x = (np.mgrid[:n, :n] - (n - 1) / 2) * spacing
    image = np.zeros((n, n), np.float32)
    for cx, cy, r, value in ((0, 0, 80, 0.010), (25, -20, 22, 0.010), (-30, 15, 14, -0.006), (-20, -35, 6, 0.02)):
        image[(x - cx) ** 2 + (y - cy) ** 2 < r * r] += value
    return image, x * x + y * y < 70 ** 2


(fine, _), (image, inside) = discs(2 * n, 0.5), discs(n, 1)
arc = np.pi + 2 * np.arctan(columns / 2 / sdd)     # half a turn and the fan's angle
scans = {
    "full turn": vxg.ct.FanGeometry.circular(360, columns, sod, sdd),
    "short scan": vxg.ct.FanGeometry.circular(np.linspace(0, arc, 206), columns, sod, sdd),
    "curved": vxg.ct.FanGeometry.circular(360, columns, sod, sdd, detector="curved"),
}
images, errors = [image], [0 * image + 0.015]
for name, geometry in scans.items():
    sinogram = vxg.ct.XrayTransform(geometry, vxg.ct.Volume((1, 2 * n, 2 * n), spacing=(1, 0.5, 0.5)))(fine)
    images.append(vxg.ct.fdk(sinogram, geometry, vxg.ct.Volume((1, n, n)), window="shepp-logan"))
    errors.append(0.015 + 10 * (images[-1] - image))
    print("%-10s mean error inside: %.2e of %.3f" % (name, np.abs(images[-1] - image)[inside].mean(), image.max()))
vxg.io.write_png(os.path.join(folder, "fbp_fan.png"), np.vstack([np.hstack(images), np.hstack(errors)]), 0, 0.03,
                 scale=2, force=True)
