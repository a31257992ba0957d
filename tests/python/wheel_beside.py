"""The wheel in one process with h5py, PyTorch and JAX, imported before and after it: tests/deep/wheel_beside.sh.

Each order is a process of its own, which prints checksums of what it read and computed; all orders must print the
same. `wheel_beside.py ORDER` is such a process."""

import hashlib
import importlib.util
import itertools
import os
import subprocess
import sys
import tempfile
import threading

import numpy as np

import harness

SUITE = "wheel_beside"
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
TOOTH = os.path.join(ROOT, "data", "ct_parallel_tooth", "tooth.h5")
OTHERS = [name for name in ("h5py", "torch", "jax") if importlib.util.find_spec(name)]


# ---- what one package does, in an order's process ----
def voxgrad(folder):
    import voxgrad as vxg
    assert os.path.realpath(vxg.__file__).startswith(os.path.realpath(sys.prefix) + os.sep), vxg.__file__
    path = os.path.join(folder, "ours.h5")
    with vxg.io.Scan(TOOTH) as scan, vxg.io.Scan(TOOTH, in_process=True) as here:
        frames = scan.read()
        assert np.array_equal(frames, here.read())
        volume = vxg.ct.recon(scan, center=295.8, rows=(0, 1))[0]
    vxg.io.write(path, volume, force=True)
    assert np.array_equal(vxg.io.read(path), volume)
    vxg.io.write(os.path.join(folder, "ours.tif"), volume, force=True)
    assert np.array_equal(vxg.io.read(os.path.join(folder, "ours.tif")), volume)
    return frames, volume


def h5py(folder):
    import h5py
    path = os.path.join(folder, "theirs.h5")
    with h5py.File(TOOTH, "r") as f:
        frames = f["exchange/data"][...]
    with h5py.File(path, "w") as f:
        f.create_dataset("exchange/data", data=frames, compression="gzip", chunks=(20, 2, 640), shuffle=True)
    with h5py.File(path, "r") as f:
        assert np.array_equal(f["exchange/data"][...], frames)
        try:  # its errors stay its own: raised, not printed
            f["nix"]
            raise AssertionError("a dataset that is not there")
        except KeyError:
            pass
    return frames,


def torch(folder):
    import torch
    x = torch.arange(12.0).reshape(3, 4).requires_grad_()
    (x @ x.T).square().sum().backward()
    return x.grad.numpy(),


def jax(folder):
    import jax
    return np.asarray(jax.jit(jax.grad(lambda v: (v ** 3).sum()))(np.arange(5, dtype=np.float32))),


def h5py_both(folder):
    """The same files by both, each other's files, open at the same time, from two threads."""
    import h5py

    import voxgrad as vxg
    with h5py.File(TOOTH, "r") as theirs, vxg.io.Scan(TOOTH) as ours, vxg.io.Scan(TOOTH, in_process=True) as here:
        frames = theirs["exchange/data"][...]
        assert np.array_equal(ours.read(), frames) and np.array_equal(here.read(), frames)
        right = []

        def by_h5py():
            right.extend(np.array_equal(theirs["exchange/data"][...], frames) for _ in range(20))

        def by_voxgrad():
            right.extend(np.array_equal(here.read(), frames) for _ in range(20))
        threads = [threading.Thread(target=f) for f in (by_h5py, by_voxgrad)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert len(right) == 40 and all(right), right
    path = os.path.join(folder, "theirs.h5")
    assert np.array_equal(vxg.io.read(path, part="exchange/data"), frames)
    with h5py.File(os.path.join(folder, "ours.h5"), "r") as f:
        found = []
        f.visititems(lambda name, item: found.append(item[...]) if isinstance(item, h5py.Dataset) and
                     item.ndim == 3 else None)
    assert len(found) == 1 and np.array_equal(found[0], vxg.io.read(os.path.join(folder, "ours.h5")))
    return found[0],


def torch_both(folder):
    import torch

    import voxgrad as vxg
    import voxgrad.torch
    A = vxg.ct.XrayTransform(vxg.ct.ParallelGeometry.circular(20, 1, 32))
    x = torch.ones(A.domain_shape, requires_grad=True)
    A(x).square().sum().backward()
    return x.grad.numpy(),


def jax_both(folder):
    import jax

    import voxgrad as vxg
    import voxgrad.jax
    A = vxg.ct.XrayTransform(vxg.ct.ParallelGeometry.circular(20, 1, 32))
    return np.asarray(jax.jit(jax.grad(lambda v: (A(v) ** 2).sum()))(np.ones(A.domain_shape, np.float32))),


def order(names):
    """Each in turn, then all once more, then what two do together: a line "NAME CHECKSUM" each."""
    space = globals()
    with tempfile.TemporaryDirectory() as folder:
        for step in names + names + [n + "_both" for n in names if n != "voxgrad"]:
            parts = [np.ascontiguousarray(part) for part in space[step](folder)]
            print(step, hashlib.sha256(b"".join(p.tobytes() for p in parts)).hexdigest()[:16])


# ---- the tests ----
def told(names):
    """The lines of an order's process, which must end well and complain of nothing."""
    done = subprocess.run([sys.executable, __file__, ",".join(names)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True, timeout=900)
    assert done.returncode == 0 and "HDF5" not in done.stderr, "%s: %d: %s" % (names, done.returncode, done.stderr[-2000:])
    return sorted(set(done.stdout.split("\n")) - {""})


def orders(others):
    """All orders of voxgrad and these; one line a step, whatever the order."""
    first = None
    for names in itertools.permutations(["voxgrad"] + others):
        lines = told(list(names))
        assert len(lines) == 1 + 2 * len(others), lines
        first = first or lines
        assert lines == first, "%s: %s, not %s" % (names, lines, first)


def needs(name):
    if importlib.util.find_spec(name) is None:
        raise harness.Skip("%s is not installed" % name)


def test_h5py():
    needs("h5py")
    orders(["h5py"])


def test_torch():
    needs("torch")
    orders(["torch"])


def test_jax():
    needs("jax")
    orders(["jax"])


def test_all():
    if len(OTHERS) < 2:
        raise harness.Skip("a second package is not installed")
    orders(OTHERS)


def test_plugins():
    """Filters of hdf5plugin are found by the helper's own HDF5, by their folder alone."""
    needs("hdf5plugin")
    import h5py
    import hdf5plugin

    import voxgrad as vxg
    values = np.random.default_rng(1).integers(0, 100, (8, 40, 50)).astype(np.uint16)
    with tempfile.TemporaryDirectory() as folder:
        for name in ("LZ4", "Bitshuffle", "Blosc", "Zstd"):
            path = os.path.join(folder, name + ".h5")
            with h5py.File(path, "w") as f:
                f.create_dataset("d", data=values, chunks=(1, 40, 50), **getattr(hdf5plugin, name)())
            os.environ["HDF5_PLUGIN_PATH"] = folder
            harness.refused(vxg.InputError, "HDF5_PLUGIN_PATH", vxg.io.read, path, part="d")
            os.environ["HDF5_PLUGIN_PATH"] = hdf5plugin.PLUGINS_PATH
            assert np.array_equal(vxg.io.read(path, part="d"), values), name


if __name__ == "__main__":
    if len(sys.argv) == 2 and "voxgrad" in sys.argv[1]:
        order(sys.argv[1].split(","))
    else:
        sys.exit(harness.main("__main__", sys.argv[1:]))
