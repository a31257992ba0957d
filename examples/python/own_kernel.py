"""A kernel of one's own, compiled when it is made: a bilateral filter, which takes noise out of a reconstruction and
leaves its edges, beside the same in NumPy.

    python3 own_kernel.py [FOLDER]         writes own_kernel.png (needs a C compiler)"""

import os
import sys

import numpy as np

import voxgrad as vxg

folder = sys.argv[1] if len(sys.argv) > 1 else "."
TEXT = """
/* y = mean of x within 3 cells, which count less the further away they are and the more they differ.
 * I0, I1: columns, rows. P0, P1: the two widths. */
K_KERNEL2(bilateral, K_GLOBAL const real *, x, K_GLOBAL real *, y) {
    const real middle = x[gy * K_I(0) + gx];
    real sum = K_R(0.0), weights = K_R(0.0);
    for (int j = K_imax(gy - 3, 0); j <= K_imin(gy + 3, K_I(1) - 1); j++)
        for (int i = K_imax(gx - 3, 0); i <= K_imin(gx + 3, K_I(0) - 1); i++) {
            const real there = x[j * K_I(0) + i], d = (there - middle) / K_P(1);
            const real r = K_real((i - gx) * (i - gx) + (j - gy) * (j - gy)) / (K_P(0) * K_P(0));
            const real w = K_exp(K_R(-0.5) * (r + d * d));
            sum += w * there;
            weights += w;
        }
    y[gy * K_I(0) + gx] = sum / weights;
}
"""
n, across, value = 160, 2.0, 0.3
y, x = np.mgrid[:n, :n] - (n - 1) / 2
image = (x * x + y * y < 70 ** 2).astype(np.float32)
image[40:70, 60:110] = 1.8
image[95:115, 45:65] = 0
geometry = vxg.ct.ParallelGeometry.circular(180, rows=1, columns=230)
volume = vxg.ct.Volume((1, n, n))
sinogram = vxg.ct.XrayTransform(geometry, volume)(image)
sinogram += np.random.default_rng(0).normal(0, 2.0, sinogram.shape).astype(np.float32)
noisy = vxg.ct.fbp(sinogram, geometry, volume, window="shepp-logan")

bilateral = vxg.Kernel(TEXT, "bilateral")
smooth = np.empty_like(noisy)
bilateral((n, n), noisy, smooth, ints=[n, n], reals=[across, value])

sums = np.zeros((2, n, n))                            # the same with whole images, shifted
padded = np.pad(noisy.astype(float), 3, constant_values=np.nan)
for j in range(7):
    for i in range(7):
        there = padded[j:j + n, i:i + n]
        w = np.exp(-0.5 * (((i - 3) ** 2 + (j - 3) ** 2) / across ** 2 + ((there - noisy) / value) ** 2))
        sums += np.nan_to_num([w * there, w])
for name, found in (("fbp", noisy), ("smooth", smooth)):
    print("%-7s root mean square error %.3f" % (name, np.sqrt(np.mean((found - image) ** 2))))
print("largest difference from NumPy's: %.1e" % np.abs(smooth - sums[0] / sums[1]).max())
vxg.io.write_png(os.path.join(folder, "own_kernel.png"), np.hstack([image, noisy, smooth]), -0.3, 2.1, scale=2,
                 force=True)
