"""A parallel scan of discs and its reconstruction by filtered backprojection.

    python3 fbp_parallel.py [FOLDER]       writes fbp_parallel.png"""

import os
import sys

import numpy as np

import voxgrad as vxg

folder = sys.argv[1] if len(sys.argv) > 1 else "."
n = 192
y, x = np.mgrid[:n, :n] - (n - 1) / 2
image = np.zeros((n, n), np.float32)
for cx, cy, radius, value in ((0, 0, 80, 0.010), (25, -20, 22, 0.010), (-30, 15, 14, -0.006), (-20, -35, 6, 0.02)):
    image[(x - cx) ** 2 + (y - cy) ** 2 < radius ** 2] += value

geometry = vxg.ct.ParallelGeometry.circular(240, rows=1, columns=n)
A = vxg.ct.XrayTransform(geometry)
sinogram = A(image)
found = vxg.ct.fbp(sinogram, geometry, window="shepp-logan")

inside = x * x + y * y < 70 ** 2
print("mean error inside: %.2e of %.3g" % (np.abs(found - image)[inside].mean(), image.max()))
vxg.io.write_png(os.path.join(folder, "fbp_parallel.png"), np.hstack([image, found]), 0, 0.03, scale=2, force=True)
