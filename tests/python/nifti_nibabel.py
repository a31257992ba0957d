"""NIfTI files of nibabel's, read here, and files written here, read by nibabel."""

import ctypes
import gzip
import itertools
import os
import sys
import tempfile

import numpy as np

import harness
import voxgrad as vxg
from voxgrad._calls import call, make
from voxgrad._devices import dtype_number
from voxgrad._library import lib

SUITE, NEEDS = "nifti_nibabel", "nibabel"
TYPES = ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8", "c8", "c16"]


def _info(path):
    """Affine (4 x 4, None: none), steps of the file's axes, slope and intercept."""
    lib.io()
    opts = lib.new("vxg_block_opts")
    reader = make(lib.vxg_block_open, str(path).encode(), ctypes.byref(opts),
                  release=lib.vxg_block_close)
    i = lib.structs["vxg_block_reader"].from_address(reader.address).info
    affine = np.vstack([np.reshape(list(i.affine), (3, 4)), [0, 0, 0, 1]]) if i.has_affine else None
    steps = [i.axis[k].step for k in reversed(range(i.ndim))]
    return affine, steps, i.slope, i.intercept


def _write(path, values, affine=None, slope=0, intercept=0, steps=None):
    """All of it at once; values in the block's order."""
    lib.io()
    opts = lib.new("vxg_block_create_opts", force=1)
    info = opts.info
    info.size, info.ndim, info.dtype = ctypes.sizeof(info), values.ndim, dtype_number(values.dtype)
    for k, n in enumerate(values.shape):
        info.axis[k].count, info.axis[k].step = n, steps[k] if steps else 0
    if affine is not None:
        info.has_affine, info.affine_unit = 1, b"mm"
        for k, x in enumerate(np.ravel(affine[:3])):
            info.affine[k] = x
    info.slope, info.intercept = slope, intercept
    out = ctypes.c_void_p()
    call(lib.vxg_block_create, str(path).encode(), ctypes.byref(opts), ctypes.byref(out))
    writer = lib.structs["vxg_block_writer"].from_address(out.value)

    def member(name):
        return lib.member_callback("vxg_block_writer", name)(
            ctypes.cast(getattr(writer, name), ctypes.c_void_p).value)
    ends = ctypes.c_int64 * values.ndim
    finish = member("finish")
    call(member("write"), out, ends(), ends(*values.shape), values.ctypes.data)
    call(finish, out)


def _values(rng, kind, shape):
    kind = np.dtype(kind)
    if kind.kind in "ui":
        span = np.iinfo(kind)
        return rng.integers(span.min, span.max, shape, kind, True)
    if kind.kind == "c":
        return (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(kind)
    return rng.normal(size=shape).astype(kind)


def _affine(rng, rigid):
    q, r = np.linalg.qr(rng.normal(size=(3, 3)))
    out = np.eye(4)
    out[:3, :3] = q * rng.uniform(0.5, 4, 3) if rigid else q @ r
    out[:3, 3] = rng.uniform(-90, 90, 3)
    return out


def _image(cls, values, affine, order):
    """An image whose bytes are in that order."""
    h = cls.header_class(endianness=order)
    h.set_data_dtype(values.dtype.newbyteorder(order))
    return cls(values, affine, h)


def test_read():
    import nibabel as nib
    rng = np.random.default_rng(3)
    shapes = [(5,), (4, 3), (5, 4, 3), (4, 3, 2, 6), (3, 2, 2, 1, 4), (3, 4, 2, 1, 1)]
    with tempfile.TemporaryDirectory() as folder:
        cases = itertools.product([nib.Nifti1Image, nib.Nifti2Image, nib.Nifti1Pair], TYPES, "<>",
                                  ["", ".gz"])
        for n, (cls, kind, order, packed) in enumerate(cases):
            values = _values(rng, kind, shapes[n % len(shapes)])
            affine = _affine(rng, n % 2)
            image = _image(cls, values, affine, order)
            if n % 3 == 1 and values.ndim >= 3 and n % 2:
                image.set_sform(None, 0), image.set_qform(affine, 2)
            ending = ".img" if cls is nib.Nifti1Pair else ".nii"
            path = os.path.join(folder, "a%d%s%s" % (n, ending, packed))
            image.to_filename(path)
            back = nib.load(path)
            assert back.header.endianness == order
            found = vxg.io.read(path)
            wanted = np.asanyarray(back.dataobj).T
            wanted = wanted.reshape(found.shape)  # axes of one element at the end are left out
            assert found.dtype == np.dtype(kind) and np.array_equal(found, wanted), (kind, path)
            own, steps, slope, _ = _info(path)
            assert slope in (0, 1)
            assert np.allclose(own, back.affine, rtol=0, atol=1e-4), (own, back.affine)
            zooms = np.array(back.header.get_zooms()[:len(steps)])
            assert np.allclose(steps, zooms, rtol=1e-6), (steps, zooms)


def test_scaled():
    import nibabel as nib
    rng = np.random.default_rng(4)
    with tempfile.TemporaryDirectory() as folder:
        for kind in ["u1", "i2", "u2", "i4", "f4"]:
            path = os.path.join(folder, kind + ".nii.gz")
            image = nib.Nifti1Image(rng.normal(5, 100, (4, 5, 6)), np.eye(4))
            image.set_data_dtype(kind)
            image.to_filename(path)
            back = nib.load(path)
            _, _, slope, intercept = _info(path)
            if kind != "f4":
                assert slope == back.dataobj.slope and intercept == back.dataobj.inter, slope
            found = vxg.io.read(path, dtype="f8")
            assert np.allclose(found, np.asanyarray(back.dataobj).T, rtol=1e-12)


def test_members():
    """Several gzip streams in a row."""
    import nibabel as nib
    rng = np.random.default_rng(5)
    values = _values(rng, "i2", (20, 30, 40))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a.nii")
        nib.Nifti1Image(values, np.eye(4)).to_filename(path)
        with open(path, "rb") as f:
            raw = f.read()
        with open(path + ".gz", "wb") as f:
            for begin in range(0, len(raw), 7001):
                f.write(gzip.compress(raw[begin:begin + 7001], 1 + begin % 9))
        assert np.array_equal(vxg.io.read(path + ".gz"), values.T)


def test_written():
    import nibabel as nib
    rng = np.random.default_rng(6)
    with tempfile.TemporaryDirectory() as folder:
        for n, (kind, ending) in enumerate(itertools.product(TYPES, [".nii", ".nii.gz"])):
            shape = [(6, 5, 4), (2, 6, 5, 4), (3, 1, 4, 3, 2), (7, 3)][n % 4]
            values = _values(rng, kind, shape)
            affine = _affine(rng, n % 3)
            slope, intercept = (0.5, -2.25) if kind in ("u1", "i2", "u2", "f4") else (0, 0)
            path = os.path.join(folder, "w%d%s" % (n, ending))
            _write(path, values, affine, slope, intercept)
            image = nib.load(path)
            assert isinstance(image, nib.Nifti1Image) and image.header.endianness == "<"
            assert image.get_data_dtype() == np.dtype(kind)
            assert np.array_equal(image.dataobj.get_unscaled().T, values), path
            if slope:
                assert np.allclose(image.get_fdata().T, values * slope + intercept)
            assert np.allclose(image.affine, affine, atol=1e-4)
            assert int(image.header["sform_code"]) == 1
            assert (int(image.header["qform_code"]) == 1) == bool(n % 3), n
            if n % 3:
                assert np.allclose(image.get_qform(), affine, atol=1e-3), (image.get_qform(), affine)
            assert image.header.get_xyzt_units()[0] == "mm"
            zooms = np.linalg.norm(affine[:3, :3], axis=0)
            many = min(3, values.ndim)
            assert np.allclose(image.header.get_zooms()[:many], zooms[:many], rtol=1e-5)
            with open(path, "rb") as f:
                header = f.read() if ending == ".nii" else gzip.decompress(f.read())
            assert not nib.Nifti1Header.diagnose_binaryblock(header[:348])


def test_written_2():
    import nibabel as nib
    values = np.arange(2 * 40000, dtype="i4").reshape(2, 40000)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "w.nii")
        _write(path, values, np.diag([1 / 3, 2, 3, 1]))
        image = nib.load(path)
        assert isinstance(image, nib.Nifti2Image) and np.array_equal(image.dataobj, values.T)
        assert image.affine[0, 0] == 1 / 3


def test_codes():
    """Without a form: the middle is the origin, as in nibabel, but x grows with i."""
    import nibabel as nib
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "w.nii")
        _write(path, np.zeros((3, 4, 5), "u1"), steps=[3, 2, 1.5])
        image = nib.load(path)
        assert int(image.header["sform_code"]) == int(image.header["qform_code"]) == 0
        own = _info(path)[0]
        assert np.allclose(image.affine, np.diag([-1, 1, 1, 1]) @ own), (image.affine, own)


def test_measured():
    import nibabel as nib
    root = os.environ.get("VXG_TEST_DATA", "")
    names = ["dwi_small_64D/small_64D.nii", "dwi_philips_brain/dwi.nii.gz",
             "dwi_philips_brain/mask_derived.nii.gz", "tractograms/nibabel_standard.nii.gz",
             "dwi_mrtrix_b3000/dwi.nii.gz"]
    found = [os.path.join(root, n) for n in names if os.path.exists(os.path.join(root, n))]
    if not root or not found:
        raise harness.Skip("no VXG_TEST_DATA")
    for path in found:
        image = nib.load(path)
        assert np.allclose(_info(path)[0], image.affine, atol=1e-6), path
        values = vxg.io.read(path, dtype="f8")
        assert np.allclose(values, image.get_fdata().T, rtol=1e-12), path


if __name__ == "__main__":
    sys.exit(harness.main(__name__, sys.argv[1:]))
