"""Learned primal-dual (Adler and Oektem 2018): an iteration between image and sinogram whose steps are small networks,
with the library's projector and its exact adjoint between them; for twenty noisy views.

    python3 primal_dual.py [FOLDER [STEPS]]    writes primal_dual.png (needs PyTorch; 800 steps, about a minute)"""

import os
import sys

import torch

import voxgrad as vxg
import voxgrad.torch as vt

folder = sys.argv[1] if len(sys.argv) > 1 else "."
steps = int(sys.argv[2]) if len(sys.argv) > 2 else 800
n, views, columns, batch = 64, 20, 92, 4
torch.manual_seed(1)
y, x = torch.meshgrid(torch.arange(n) - (n - 1) / 2, torch.arange(n) - (n - 1) / 2, indexing="ij")
geometry = vxg.ct.ParallelGeometry.circular(views, rows=1, columns=columns)
volume = vxg.ct.Volume((1, n, n))
operator = vxg.ct.XrayTransform(geometry, volume)
norm = operator.norm()
project, back = (vt.Layer(op * (1 / norm)) for op in (operator, operator.T))  # of norm 1


def fbp(data):
    """What the iteration begins with, and is compared with."""
    return vxg.ct.fbp(data, geometry, volume, window="hann") * norm


def ellipses(count):
    """Images of ten random ellipses each, and their noisy sinograms."""
    images = torch.zeros(count, n, n)
    for image in images:
        image[x * x + y * y < 28 ** 2] = 0.5
        for cx, cy, a, b, angle, value in torch.rand(10, 6):
            c, s = torch.cos(3.14 * angle), torch.sin(3.14 * angle)
            u, v = x - 36 * (cx - 0.5), y - 36 * (cy - 0.5)
            image[((c * u + s * v) / (2 + 8 * a)) ** 2 + ((c * v - s * u) / (2 + 8 * b)) ** 2 < 1] = value
    sinograms = project(images)
    return images, sinograms + 0.01 * sinograms.max() * torch.randn(sinograms.shape)


class Step(torch.nn.Module):
    """A change of the first input that is learned from all of them."""

    def __init__(self, inputs, outputs):
        super().__init__()
        layers = [torch.nn.Conv2d(inputs, 16, 3, padding=1), torch.nn.PReLU(16), torch.nn.Conv2d(16, 16, 3, padding=1),
                  torch.nn.PReLU(16), torch.nn.Conv2d(16, outputs, 3, padding=1)]
        layers[-1].weight.data *= 0.1                 # the iteration begins near FBP
        self.layers = torch.nn.Sequential(*layers)

    def forward(self, first, *more):
        return first + self.layers(torch.cat((first,) + more, 1))


class PrimalDual(torch.nn.Module):
    """Each of the iterations remembers a few images and sinograms."""

    def __init__(self, iterations=4, memory=4):
        super().__init__()
        self.memory = memory
        self.dual = torch.nn.ModuleList(Step(memory + 2, memory) for _ in range(iterations))
        self.primal = torch.nn.ModuleList(Step(memory + 1, memory) for _ in range(iterations))

    def forward(self, data):
        data = data[:, None]
        image = fbp(data).expand(-1, self.memory, -1, -1)
        sinogram = data.new_zeros(len(data), self.memory, views, columns)
        for dual, primal in zip(self.dual, self.primal):
            sinogram = dual(sinogram, project(image[:, 1:2]), data)
            image = primal(image, back(sinogram[:, :1]))
        return image[:, 0]


images, test = ellipses(64), ellipses(4)
network = PrimalDual()
optimiser = torch.optim.Adam(network.parameters(), 3e-3)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
losses = []
for step in range(steps):
    chosen = torch.randint(len(images[0]), (batch,))
    optimiser.zero_grad()
    loss = (network(images[1][chosen]) - images[0][chosen]).square().mean()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimiser.step()
    schedule.step()
    losses.append(loss.item())
print("loss of the first five steps %.5f, of the last five %.5f" % (sum(losses[:5]) / 5, sum(losses[-5:]) / 5))
with torch.no_grad():
    found, analytic = network(test[1]), fbp(test[1])
print("mean square error of new images: fbp %.5f, learned %.5f"
      % tuple((v - test[0]).square().mean() for v in (analytic, found)))
rows = torch.cat([torch.cat(list(t), 1) for t in (test[0], analytic, found)], 0)
vxg.io.write_png(os.path.join(folder, "primal_dual.png"), rows.numpy(), -0.1, 1.1, scale=3, force=True)
