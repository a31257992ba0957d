"""The wheel in an environment that has NumPy and nothing else: tests/deep/wheel_alone.sh."""

import os
import re
import subprocess
import sys
import tempfile

import numpy as np

import harness
import voxgrad as vxg

SUITE = "wheel_alone"
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
TOOTH = os.path.join(ROOT, "data", "ct_parallel_tooth", "tooth.h5")


def run(*words):
    """Standard output of a command, which must end well."""
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_place():
    """It is the wheel that is imported, and nothing points it elsewhere."""
    assert os.path.realpath(vxg.__file__).startswith(os.path.realpath(sys.prefix) + os.sep), vxg.__file__
    assert not {"PYTHONPATH", "VOXGRAD_LIBRARY", "LD_LIBRARY_PATH"} & set(os.environ)
    from importlib import metadata
    names = {d.metadata["Name"].lower() for d in metadata.distributions()}
    assert names <= {"numpy", "pip", "setuptools", "wheel", "voxgrad"}, names
    assert metadata.version("voxgrad") == vxg.__version__


def test_readme():
    """The README's own example."""
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as f:
        code = re.search(r"```python\n(.*?)```", f.read(), re.S).group(1)
    space = {}
    exec(compile(code, "README.md", "exec"), space)
    assert abs(space["x"][60, 70] - 0.02) < 1e-3


def test_scan():
    """HDF5 by the helper and in this process gives the same numbers, and a volume."""
    with vxg.io.Scan(TOOTH) as scan, vxg.io.Scan(TOOTH, in_process=True) as here:
        assert scan.shape == (181, 2, 640)
        assert np.array_equal(scan.read(), here.read())
        volume, told = vxg.ct.recon(scan, center=295.8, rows=(0, 1))
    assert volume.shape == (1, 640, 640) and np.isfinite(volume).all() and volume.std() > 1e-4


def test_formats():
    """What is written is read back; a PNG is one for others too."""
    values = np.random.default_rng(1).random((3, 40, 50), np.float32)
    with tempfile.TemporaryDirectory() as folder:
        for name in ("v.h5", "v.tif", "v.npy"):
            path = os.path.join(folder, name)
            vxg.io.write(path, values)
            assert np.array_equal(vxg.io.read(path), values), name
        path = os.path.join(folder, "v.png")
        vxg.io.write_png(path, values[0])
        with open(path, "rb") as f:
            head = f.read(24)
        assert head[:8] == b"\x89PNG\r\n\x1a\n" and head[16:] == bytes([0, 0, 0, 50, 0, 0, 0, 40])


def test_libraries():
    """All formats were used, and the system's libraries for them were not (Python itself brings zlib and lzma)."""
    with open("/proc/self/maps") as f:
        loaded = {os.path.basename(line.split()[-1]) for line in f if ".so" in line}
    assert any(n.startswith("libvoxgrad_io") for n in loaded), loaded
    found = [n for n in loaded if re.match(r"lib(hdf5|tiff|png|jpeg|zstd|webp|sz|aec|deflate|jbig|Lerc)", n)]
    assert not found, found


def test_command():
    """The command in the environment's folder, and by the package's name."""
    command = os.path.join(os.path.dirname(sys.executable), "voxgrad")
    assert vxg.__version__ in run(command, "--version")
    assert run(sys.executable, "-m", "voxgrad", "--version") == run(command, "--version")
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out")
        run(command, "recon", TOOTH, "-o", out, "-q", "-c", "295.8", "--device", "cpu")
        slices = sorted(n for n in os.listdir(out) if n.endswith((".tif", ".tiff")))
        assert len(slices) == 2, os.listdir(out)
        with vxg.io.Scan(TOOTH) as scan:
            volume = vxg.ct.recon(scan, center=295.8)[0]
        first = np.squeeze(vxg.io.read(os.path.join(out, slices[0])))
        assert np.abs(first - volume[0]).max() < 1e-5 * np.abs(volume).max()
        run(command, "recon", TOOTH, "-o", os.path.join(folder, "h5"), "-q", "-c", "295.8", "--device", "cpu",
            "--save-format", "h5")
        run(command, "center", TOOTH, "-o", os.path.join(folder, "center.png"))
        with open(os.path.join(folder, "center.png"), "rb") as f:
            assert f.read(4) == b"\x89PNG"


if __name__ == "__main__":
    sys.exit(harness.main("__main__", sys.argv[1:]))
