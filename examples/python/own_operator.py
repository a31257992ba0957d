"""An operator of one's own, of two functions in Python: the blur of a detector, joined to the library's projector. CGLS
with the blur in the model beside CGLS without it.

    python3 own_operator.py [FOLDER]       writes own_operator.png"""

import os
import sys

import numpy as np

import voxgrad as vxg

folder = sys.argv[1] if len(sys.argv) > 1 else "."
n, views, columns = 128, 180, 192
geometry = vxg.ct.ParallelGeometry.circular(views, rows=1, columns=columns)
A = vxg.ct.XrayTransform(geometry, vxg.ct.Volume((1, n, n)))

# Light that runs to one side of the screen: a decay that is not symmetric, so that the adjoint is another function.
kernel = np.exp(-np.arange(12) / 4.0)
kernel /= kernel.sum()


def blur(y):
    return np.stack([np.convolve(row, kernel)[:columns] for row in y])


def blur_adjoint(y):
    return np.stack([np.convolve(row[::-1], kernel)[:columns][::-1] for row in y])


B = vxg.FunctionOperator(blur, blur_adjoint, A.range_shape, A.range_shape, name="blur")
for found in vxg.check(B):                            # the library's proofs: adjoint, batches, repeats...
    if not found.passed:
        sys.exit("own_operator: %s" % (found,))
model = B @ A

y, x = np.mgrid[:n, :n] - (n - 1) / 2
image = (x * x + y * y < 55 ** 2).astype(np.float32)
for k in range(6):                                    # bars that are finer and finer
    for i in range(3):
        image[24 + 15 * k:34 + 15 * k, 44 + 2 * i * (6 - k):44 + (2 * i + 1) * (6 - k)] = 0.2
sinogram = model(image)
sinogram += np.random.default_rng(0).normal(0, 0.05, sinogram.shape).astype(np.float32)
u, v = (np.random.default_rng(1).normal(size=s) for s in (model.domain_shape, model.range_shape))
print("adjoint off by %.1e" % abs(np.vdot(model(u), v) / np.vdot(u, model.T(v)) - 1))
results = [vxg.solve.cgls(op, sinogram, iterations=50).x for op in (A, model)]
for name, found in zip(("without the blur", "with the blur"), results):
    print("%-17s root mean square error %.3f" % (name, np.sqrt(np.mean((found - image) ** 2))))
vxg.io.write_png(os.path.join(folder, "own_operator.png"), np.hstack([image] + results), 0, 1.2, scale=3, force=True)
