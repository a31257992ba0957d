"""What the tests of diffusion and tracking share: measured data, simulated signals, classes that look like DIPY's."""

import os
import types

import numpy as np

import harness
import voxgrad as vxg

AXES = np.linalg.qr(np.array([[-1.9, 0.3, 0.1], [0.3, 2.1, -0.6], [0.1, 0.8, 2.6]]))[0]
AFFINE = np.block([[AXES * [1.5, 2.0, 2.5], np.array([[20.0], [-30.0], [7.0]])], [np.array([0, 0, 0, 1.0])]])


def data(*parts):
    """A path in the measured data."""
    root = os.environ.get("VXG_TEST_DATA", "")
    path = os.path.join(root, *parts)
    if not root or not os.path.exists(path):
        raise harness.Skip("no %s in VXG_TEST_DATA" % "/".join(parts))
    return path


def small():
    """(image, gradients) of the 64-direction crop, directions as they stand in the file."""
    image = vxg.io.read_image(data("dwi_small_64D", "small_64D.nii"), np.float64)
    b = np.loadtxt(data("dwi_small_64D", "small_64D.bval"))
    return image, vxg.dwi.Gradients(b, np.loadtxt(data("dwi_small_64D", "small_64D.bvec")))


def gradients(directions=60, b=1000.0, unweighted=3, seed=0):
    """A table of one shell."""
    rng = np.random.default_rng(seed)
    v = rng.normal(size=(unweighted + directions, 3))
    v /= np.linalg.norm(v, axis=1)[:, None]
    bs = np.repeat([0.0, b], [unweighted, directions])
    v[:unweighted] = 0
    return vxg.dwi.Gradients(bs, v)


def rotations(n, seed=1):
    """(n, 3, 3)."""
    found = np.linalg.qr(np.random.default_rng(seed).normal(size=(n, 3, 3)))[0]
    return found * np.linalg.det(found)[:, None, None]


def tensor_signals(g, frames, eigenvalues=(1.7e-3, 4e-4, 2e-4), s0=100.0):
    """Signals (n, volumes) of tensors whose axes are the columns of frames (n, 3, 3)."""
    d = (frames * np.asarray(eigenvalues)) @ np.swapaxes(frames, 1, 2)
    v = g.directions
    return s0 * np.exp(-g.b * np.einsum("vi,nij,vj->nv", v, d, v))


def frame(direction):
    """A rotation whose first column is a direction."""
    a = np.asarray(direction, float) / np.linalg.norm(direction)
    b = np.cross(a, np.eye(3)[np.argmin(np.abs(a))])
    b /= np.linalg.norm(b)
    return np.stack([a, b, np.cross(a, b)], 1)


def lobe(directions, fibre, sharp=40.0):
    """A symmetric function with its peak along a fibre, at directions (n, 3)."""
    return np.exp(sharp * ((directions @ (fibre / np.linalg.norm(fibre))) ** 2 - 1))


def lobe_sh(fibre, order=8, sharp=12.0):
    """Its harmonics."""
    u = vxg.dwi.Sphere("repulsion724").directions
    return np.linalg.lstsq(vxg.dwi.sh_matrix(order, u), lobe(u, np.asarray(fibre, float), sharp), rcond=None)[0]


def dipy_table(g):
    """What looks like DIPY's GradientTable."""
    return types.SimpleNamespace(bvals=g.b, bvecs=g.directions, b0_threshold=50)


class DipySphere:
    """What looks like DIPY's Sphere, of all directions."""

    def __init__(self, name="repulsion200"):
        s = vxg.dwi.Sphere(name)
        self.vertices, self.edges = s.directions, s.edges.astype(np.uint16)


class HemiSphere(DipySphere):
    """Its HemiSphere."""


# What no function may crash on; what is raised must be one of these.
ODD = [None, 0, -1, 3.5, float("nan"), "x", b"x", [], {}, (1, 2), [[1, 2], [3]], np.zeros(0), np.zeros((2, 0)),
       np.zeros((3, 3)), np.full((2, 2, 2, 7), np.nan), np.zeros((2, 2, 2, 7), complex), np.array(["a"]), object(), True,
       np.zeros((1,) * 7), np.ma.masked_array([1.0, 2.0], [True, False]), np.arange(5, dtype=">i8"), 1 << 70,
       np.zeros((2, 3), "M8[s]")]
REFUSALS = (vxg.Error, TypeError, ValueError, IndexError, OverflowError)


def thrown_at(functions, rounds, seed=0):
    """Calls functions, each (callable, list of good arguments by name), with one or two arguments replaced by odd ones;
    whatever happens is a result or a refusal in words."""
    rng = np.random.default_rng(seed)
    refused = 0
    for _ in range(rounds):
        function, good = functions[rng.integers(len(functions))]
        given = dict(good)
        for name in rng.choice(list(good), rng.integers(1, 3)):
            given[name] = ODD[rng.integers(len(ODD))]
        try:
            function(**given)
        except REFUSALS as e:
            refused += 1
            assert str(e), (function, given)
    return refused
