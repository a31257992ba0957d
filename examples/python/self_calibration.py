"""A fan-beam scan on a shaky stage: the detector's shift and every view's angle are found from the data alone, by
descent along the derivatives of the projections with respect to the geometry.

    python3 self_calibration.py [FOLDER]   writes self_calibration.png (needs PyTorch)"""

import os
import sys

import numpy as np
import torch

import voxgrad as vxg

folder = sys.argv[1] if len(sys.argv) > 1 else "."
n, views, columns = 96, 90, 144
volume = vxg.ct.Volume((1, n, n))
stated = vxg.ct.FanGeometry.circular(views, columns, sod=240, sdd=320)
vectors = torch.tensor(stated.vectors, dtype=torch.float32)  # (views, 4, 3): source, detector's middle, column, row


def change(shift, angles):
    """What a shift along the columns (pixels) and angles (degrees) added to the views' own do to the vectors."""
    t = torch.deg2rad(angles)[:, None]
    moved = torch.stack([vectors[:, 0], vectors[:, 1] + shift * vectors[:, 2], vectors[:, 2], vectors[:, 3]], 1)
    x, y, z = moved.unbind(-1)
    return torch.stack([torch.cos(t) * x - torch.sin(t) * y, torch.sin(t) * x + torch.cos(t) * y, z], -1) - vectors


def image_of(sinogram, shift, angles, iterations):
    """The image that fits the data best under this geometry."""
    moved = (vectors + change(shift, angles)).numpy()
    A = vxg.ct.XrayTransform(vxg.ct.FanGeometry.from_vectors("fan", moved, 1, columns), volume)
    return vxg.solve.cgls(A, sinogram, iterations=iterations).x


y, x = np.mgrid[:n, :n] - (n - 1) / 2
image = (x * x + y * y < 40 ** 2).astype(np.float32)
image[(abs(x - 14) < 8) & (abs(y + 10) < 12)] = 1.5
for k in range(16):                                   # dots along a spiral, which tell the views' angles
    cx, cy = (10 + 1.6 * k) * np.cos(2.4 * k), (10 + 1.6 * k) * np.sin(2.4 * k)
    image[(x - cx) ** 2 + (y - cy) ** 2 < 2.2 ** 2] = 2 if k % 2 else 0

noise = torch.Generator().manual_seed(0)
true_shift, true_angles = torch.tensor(2.5), 1.5 * torch.randn(views, generator=noise)
true_angles -= true_angles.mean()                     # an angle of all views alike only rotates the image
F = vxg.ct.GeometryTransform(stated, volume)
sinogram = F(torch.tensor(image), change(true_shift, true_angles))
sinogram += 0.2 * torch.randn(sinogram.shape, generator=noise)

shift, angles = torch.zeros((), requires_grad=True), torch.zeros(views, requires_grad=True)
optimiser = torch.optim.Adam([shift, angles], 0.2)
schedule = torch.optim.lr_scheduler.ExponentialLR(optimiser, 0.98)
for _ in range(100):
    # The image is the best for the geometry as it is, so that the geometry's own derivative is all there is.
    best = image_of(sinogram, shift.detach(), angles.detach(), 10)
    optimiser.zero_grad()
    loss = (F(best, change(shift, angles)) - sinogram).square().mean()
    loss.backward()
    optimiser.step()
    schedule.step()

results = []
with torch.no_grad():
    for name, s, a in (("before", 0 * shift, 0 * angles), ("after", shift, angles)):
        results.append(image_of(sinogram, s, a, 15).numpy())
        print("%-6s shift off by %.3f pixels, angles by %.3f degrees, root mean square error %.3f"
              % (name, (s - true_shift).abs(), (a - a.mean() - true_angles).square().mean().sqrt(),
                 np.sqrt(np.mean((results[-1] - image) ** 2))))
vxg.io.write_png(os.path.join(folder, "self_calibration.png"), np.hstack([image] + results), 0, 1.8, scale=3,
                 force=True)
