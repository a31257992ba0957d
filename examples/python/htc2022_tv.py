"""A measured fan-beam scan (Helsinki Tomography Challenge 2022: a disc of acrylic with holes) from thirty of its views:
total variation beside filtered backprojection. What all 720 views give stands for the truth.

    python3 htc2022_tv.py [FOLDER]         writes htc2022_tv.png; the scan is below the folder VXG_TEST_DATA"""

import os
import sys

import numpy as np

import voxgrad as vxg

folder = sys.argv[1] if len(sys.argv) > 1 else "."
path = os.path.join(os.environ.get("VXG_TEST_DATA", ""), "ct_fan_htc2022_ta", "htc2022_ta_full.h5")
if not os.path.exists(path):
    sys.exit("htc2022_tv: ct_fan_htc2022_ta is not in VXG_TEST_DATA")

sinogram = vxg.io.read(path, part="sinogram")[:720]     # half a degree apart; the last view is the first again
geometry = vxg.ct.FanGeometry.circular(np.radians(90 + 0.5 * np.arange(720)), 560, sod=410.66, sdd=553.74, pixel=0.2)
n = 200
volume = vxg.ct.Volume((1, n, n), spacing=(1, 0.4, 0.4))  # millimetres
few = slice(0, 720, 24)
A = vxg.ct.XrayTransform(geometry[few], volume)

truth = vxg.ct.fdk(sinogram, geometry, volume, window="hann")
fbp = vxg.ct.fdk(sinogram[few], geometry[few], volume, window="hann")
tv = vxg.solve.fista_tv(A, sinogram[few], weight=0.02, iterations=100, bounds="positive").x


def matthews(image):
    """The challenge's score, acrylic (0.034/mm) told from air at half its attenuation: 1 is every cell right."""
    return np.corrcoef((image > 0.017).ravel(), (truth > 0.017).ravel())[0, 1]


for name, image in (("fbp", fbp), ("tv", tv)):
    print("%-4s root mean square difference %.4f per mm, score %.4f"
          % (name, np.sqrt(np.mean((image - truth) ** 2)), matthews(image)))
vxg.io.write_png(os.path.join(folder, "htc2022_tv.png"), np.hstack([truth, fbp, tv]), 0, 0.05, scale=2, force=True)
