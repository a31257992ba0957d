"""Thirty noisy views: filtered backprojection, SIRT and total variation beside each other.

    python3 few_views.py [FOLDER]          writes few_views.png"""

import os
import sys

import numpy as np

import voxgrad as vxg

folder = sys.argv[1] if len(sys.argv) > 1 else "."
n = 128
y, x = np.mgrid[:n, :n] - (n - 1) / 2
image = np.where(x * x + y * y < 55 ** 2, 0.02, 0).astype(np.float32)
image[40:60, 50:90] = 0.05
image[75:95, 35:50] = 0.0
geometry = vxg.ct.ParallelGeometry.circular(30, rows=1, columns=n)
A = vxg.ct.XrayTransform(geometry)
exact = A(image)
sinogram = exact + np.random.default_rng(1).normal(0, 0.02 * exact.max(), exact.shape).astype(np.float32)

results = {
    "fbp": vxg.ct.fbp(sinogram, geometry),
    "sirt": vxg.solve.sirt(A, sinogram, iterations=60, bounds="positive").x,
    "tv": vxg.solve.pdhg_tv(A, sinogram, weight=0.4, iterations=400, bounds="positive").x,
}
for name, found in results.items():
    print("%-5s root mean square error %.4f" % (name, np.sqrt(np.mean((found - image) ** 2))))
vxg.io.write_png(os.path.join(folder, "few_views.png"), np.hstack([image] + list(results.values())), 0, 0.06, scale=2,
                 force=True)
