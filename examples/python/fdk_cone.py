"""A cone beam around a ball with holes: projections, FDK, and what CGLS makes of the same data.

    python3 fdk_cone.py [FOLDER]           writes fdk_cone.png"""

import os
import sys

import numpy as np

import voxgrad as vxg

folder = sys.argv[1] if len(sys.argv) > 1 else "."
geometry = vxg.ct.ConeGeometry.circular(120, rows=64, columns=96, sod=300, sdd=450, pixel=1.5)
volume = vxg.ct.Volume((48, 72, 72))
z, y, x = [a - (n - 1) / 2 for a, n in zip(np.mgrid[:48, :72, :72], (48, 72, 72))]
ball = (x * x + y * y + z * z < 22 ** 2).astype(np.float32)
for cx, cy, cz in ((8, 0, 0), (-8, 6, 4), (0, -10, -6)):
    ball[(x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2 < 4 ** 2] = 0

A = vxg.ct.XrayTransform(geometry, volume)
projections = A(ball)
fdk = vxg.ct.fdk(projections, geometry, volume)
cgls = vxg.solve.cgls(A, projections, iterations=12)
for name, v in (("fdk", fdk), ("cgls", cgls.x)):
    print("%-5s root mean square error %.3f" % (name, np.sqrt(np.mean((v - ball) ** 2))))
vxg.io.write_png(os.path.join(folder, "fdk_cone.png"), np.hstack([ball[24], fdk[24], cgls.x[24]]), 0, 1.2, scale=4,
                 force=True)
