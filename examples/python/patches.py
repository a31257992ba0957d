"""Training on patches: filtered views are kept, and every step reconstructs only a few small boxes at random places. A
network learns to make of sixteen noisy views what all views without noise give.

    python3 patches.py [FOLDER [STEPS]]    writes patches.png (needs PyTorch; 1000 steps, less than a minute)"""

import os
import sys

import numpy as np
import torch

import voxgrad as vxg

folder = sys.argv[1] if len(sys.argv) > 1 else "."
steps = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
n, nz, columns, views, few, patch, batch = 96, 24, 136, 128, 16, 32, 8
random = np.random.default_rng(0)
torch.manual_seed(0)
geometry = vxg.ct.ParallelGeometry.circular(views, rows=nz, columns=columns)
volume = vxg.ct.Volume((nz, n, n))
A = vxg.ct.XrayTransform(geometry, volume)
z, y, x = (a - (s - 1) / 2 for a, s in zip(np.mgrid[:nz, :n, :n], (nz, n, n)))


def spheres():
    """A cylinder with forty balls of different density."""
    made = (x * x + y * y < 42 ** 2).astype(np.float32)
    for _ in range(40):
        (cx, cy), cz, r = random.uniform(-28, 28, 2), random.uniform(-12, 12), random.uniform(2, 8)
        made[(x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2 < r * r] = random.uniform(0, 2)
    return made


def prepare(projections, geometry):
    """Views that are filtered once and stay."""
    response = vxg.ct.filter_response("hann", 512)
    weights = np.full(geometry.nviews, np.pi / geometry.nviews)
    return vxg.ct.Prepared(geometry, vxg.ct.filter_operator((1, nz, columns), response), weights).update(projections)


def scan():
    """The same object seen by a few noisy views, and by all."""
    projections = A(spheres())
    noisy = projections[::views // few] + random.normal(0, 1.0, (few, nz, columns)).astype(np.float32)
    return prepare(noisy, geometry[::views // few]), prepare(projections, geometry)


def patches(scans):
    """Boxes of three slices at random places of random scans (of the middle slice is the goal)."""
    given, wanted = [], []
    for _ in range(batch):
        noisy, exact = scans[random.integers(len(scans))]
        (j, i), k = random.integers(0, n - patch + 1, 2), random.integers(1, nz - 1)
        box = (j, j + patch), (i, i + patch)
        given.append(noisy.backproject(volume.box((k - 1, k + 2), *box)))
        wanted.append(exact.backproject(volume.box((k, k + 1), *box)))
    return torch.tensor(np.array(given)), torch.tensor(np.array(wanted))


class Network(torch.nn.Module):
    """A few convolutions, which correct the middle one of three slices."""

    def __init__(self):
        super().__init__()
        layers = [3, 24, 24, 24, 1]
        self.layers = torch.nn.ModuleList(torch.nn.Conv2d(a, b, 5, padding=2) for a, b in zip(layers, layers[1:]))

    def forward(self, slices):
        v = slices
        for layer in self.layers[:-1]:
            v = torch.relu(layer(v))
        return slices[:, 1:2] + self.layers[-1](v)


training, (noisy, exact) = [scan() for _ in range(4)], scan()
network = Network()
optimiser = torch.optim.Adam(network.parameters(), 2e-3)
losses = []
for step in range(steps):
    given, wanted = patches(training)
    optimiser.zero_grad()
    loss = (network(given) - wanted).square().mean()
    loss.backward()
    optimiser.step()
    losses.append(loss.item())
print("loss of the first twenty steps %.4f, of the last twenty %.4f" % (np.mean(losses[:20]), np.mean(losses[-20:])))

k = nz // 2                                           # a slice of an object that was not trained on
slices, truth = noisy.backproject(volume.box((k - 1, k + 2))), exact.backproject(volume.box((k, k + 1)))[0]
with torch.no_grad():
    better = network(torch.tensor(slices[None]))[0, 0].numpy()
for name, found in (("few views", slices[1]), ("network", better)):
    print("new object, %-9s root mean square error %.3f" % (name, np.sqrt(np.mean((found - truth) ** 2))))
vxg.io.write_png(os.path.join(folder, "patches.png"), np.hstack([truth, slices[1], better]), -0.2, 2.2, scale=3,
                 force=True)
