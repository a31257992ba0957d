"""The filter of filtered backprojection learned by gradient descent, for sixteen views.

    python3 learned_filter.py [FOLDER]     writes learned_filter.png (needs PyTorch)"""

import os
import sys

import torch

import voxgrad as vxg
import voxgrad.torch as vt

folder = sys.argv[1] if len(sys.argv) > 1 else "."
torch.manual_seed(0)
n = 64
y, x = torch.meshgrid(torch.arange(n) - 31.5, torch.arange(n) - 31.5, indexing="ij")


def discs(count):
    """Images of three random discs each."""
    images = torch.zeros(count, n, n)
    for image in images:
        for _ in range(3):
            cx, cy, r = (torch.rand(3) * torch.tensor([30.0, 30.0, 10.0]) + torch.tensor([-15.0, -15.0, 3.0]))
            image[(x - cx) ** 2 + (y - cy) ** 2 < r * r] += 1
    return images


geometry = vxg.ct.ParallelGeometry.circular(16, rows=1, columns=n)
project, reconstruct = vt.Projection(geometry), vt.FilteredBackprojection(geometry)
images, test = discs(32), discs(4)
optimiser = torch.optim.Adam(reconstruct.parameters(), 1e-2)
with torch.no_grad():
    before = reconstruct(project(test))
for step in range(60):
    optimiser.zero_grad()
    batch = images[torch.randperm(len(images))[:8]]
    loss = (reconstruct(project(batch)) - batch).square().mean()
    loss.backward()
    optimiser.step()
with torch.no_grad():
    after = reconstruct(project(test))
print("mean square error of new images: ramp %.4f, learned %.4f"
      % ((before - test).square().mean(), (after - test).square().mean()))
rows = torch.cat([torch.cat(list(t), 1) for t in (test, before, after)], 0)
vxg.io.write_png(os.path.join(folder, "learned_filter.png"), rows.numpy(), -0.2, 2, scale=2, force=True)
