"""Files and the way from a scan to a volume through Python: the bundled scan, NumPy's own files."""

import os
import sys
import tempfile

import numpy as np

import harness
import voxgrad as vxg

SUITE = "python_files"
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
TOOTH = os.path.join(ROOT, "data", "ct_parallel_tooth", "tooth.h5")


def scan():
    try:
        return vxg.io.Scan(TOOTH)
    except vxg.UnsupportedError as e:
        raise harness.Skip(str(e)) from None


def test_scan():
    with scan() as s:
        assert s.shape == (181, 2, 640) and (s.flats, s.darks) == (10, 10), s
        assert s.format == "Data Exchange" and abs(s.angles[-1] - np.pi) < 0.02
        whole = s.read()
        assert whole.shape == s.shape and whole.dtype == np.float32
        part = s.read("data", views=(3, 9), rows=(1, 2), columns=(100, 200))
        assert np.array_equal(part, whole[3:9, 1:2, 100:200])
        assert s.read("flat").mean() > s.read("dark").mean()
        harness.refused(ValueError, "rows", s.read, rows=(1, 9, 2))
        harness.refused(ValueError, "views", s.read, "flat", views=(10, 12))
        harness.refused(ValueError, "'bright'", s.read, "bright")
    harness.refused(ValueError, "closed", s.read)
    harness.refused(vxg.InputError, "nowhere.h5", vxg.io.Scan, "/nowhere.h5")


def test_recon():
    """The pipeline's volume is that of the steps taken one by one."""
    with scan() as s:
        y, bad = vxg.ct.minus_log(s.read(), s.read("flat"), s.read("dark"))
        assert bad == {"nonpositive": 0, "nonfinite": 0, "dead": 0}
        center = vxg.ct.find_center(y[:, 0], s.angles)
        assert abs(center - 295.8) < 0.5, center
        told = []
        volume, stats = vxg.ct.recon(s, center=center, ring_size=21, window="shepp-logan",
                                     report=lambda words, done, total: told.append(done / total))
        assert stats["algorithm"] == "fbp" and volume.shape == (2, 640, 640) and max(told) == 1
        g = vxg.ct.ParallelGeometry.circular(s.angles, 2, 640, center=center)
        steps = vxg.ct.fbp(vxg.ct.remove_rings(y), g, window="shepp-logan")
        assert np.abs(steps - volume).max() < 1e-5 * np.abs(volume).max()
        x, stats = vxg.ct.recon(s, center=center, rows=(0, 1), algorithm="sirt",
                                solve={"iterations": 2, "bounds": "positive"})
        assert stats["iterations"] == 2 and x.shape == (1, 640, 640) and x.min() >= 0
        harness.refused(TypeError, ["centre", "center"], vxg.ct.recon, s, centre=3)
        harness.refused(ValueError, "nix", vxg.ct.recon, s, algorithm="nix")
        harness.refused(ValueError, "ring_size", vxg.ct.recon, s, center=center, ring_size=-1)
        harness.refused(ValueError, "max_memory", vxg.ct.recon, s, center=center, max_memory=-1)
        harness.refused(ValueError, "geometry", vxg.ct.recon, s, volume=vxg.ct.Volume((1, 8, 8)))
        harness.refused(vxg.OutOfMemoryError, "", vxg.ct.recon, s, center=center, max_memory=1000)

        def broken(words, done, total):
            raise KeyError("mine")
        harness.refused(KeyError, "mine", vxg.ct.recon, s, center=center, report=broken)


def test_steps():
    counts = np.full((4, 3), 50.0)
    counts[1, 1] = 0
    y, bad = vxg.ct.minus_log(counts, np.full((2, 3), 110.0), np.full(3, 10.0))
    assert np.allclose(y[0], -np.log(0.4)) and bad["nonpositive"] == 1
    assert np.all(counts[0] == 50)
    harness.refused(ValueError, ["flat", "(3,)"], vxg.ct.minus_log, counts, np.ones(4))
    striped = np.random.default_rng(0).normal(size=(60, 2, 80)).astype(np.float32)
    striped[:, :, 40] += 5
    for method in ("sort", "mean"):
        assert abs(vxg.ct.remove_rings(striped, 9, method)[:, 0, 40].mean()) < 1, method
    harness.refused(ValueError, "'none'", vxg.ct.remove_rings, striped, 9, "none")
    harness.refused(ValueError, "", vxg.ct.remove_rings, striped, 8)
    harness.refused(ValueError, "angles", vxg.ct.find_center, striped[:, 0], np.zeros(3))
    harness.refused(ValueError, "'best'", vxg.ct.find_center, striped[:, 0], np.zeros(60), "best")


def test_blocks():
    """Every format and type that NumPy has too; nothing is replaced unasked."""
    with tempfile.TemporaryDirectory() as folder:
        for dtype in ("float32", "float64", "uint8", "int16", "uint16", "int32", "complex64"):
            values = (np.arange(24).reshape(2, 3, 4) % 7).astype(dtype)
            path = os.path.join(folder, dtype + ".npy")
            vxg.io.write(path, values)
            assert np.array_equal(np.load(path), values) and np.load(path).dtype == dtype
            got = vxg.io.read(path)
            assert np.array_equal(got, values) and got.dtype == dtype, dtype
        turned = os.path.join(folder, "turned.npy")
        vxg.io.write(turned, values.T.astype(">c8"))  # another order of axes and of bytes
        assert np.array_equal(vxg.io.read(turned), values.T)
        harness.refused(vxg.OutputError, "force", vxg.io.write, path, values)
        vxg.io.write(path, 2 * values, force=True)
        assert np.array_equal(vxg.io.read(path), 2 * values)
        np.save(os.path.join(folder, "f.npy"), np.asfortranarray(np.arange(6.0).reshape(2, 3)))
        harness.refused(vxg.InputError, "Fortran", vxg.io.read, os.path.join(folder, "f.npy"))
        try:
            path = os.path.join(folder, "v.h5")
            volume = np.random.default_rng(1).random((3, 4, 5), np.float32)
            vxg.io.write(path, volume, spacing=(0.1, 0.2, 0.3), unit="mm")
            assert np.array_equal(vxg.io.read(path), volume)
            assert vxg.io.read(path, dtype=np.float64).dtype == np.float64
        except vxg.UnsupportedError:
            pass  # built without HDF5
        harness.refused(vxg.InputError, "nowhere", vxg.io.read, "/nowhere.npy")
        harness.refused(vxg.Error, "", vxg.io.write, os.path.join(folder, "x.unknown"), volume)
        assert sorted(os.listdir(folder))[-1] != "x.unknown"


if __name__ == "__main__":
    sys.exit(harness.main("__main__", sys.argv[1:]))
