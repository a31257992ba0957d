"""voxgrad.dwi: against DIPY's and MRtrix3's numbers on measured data, NumPy's least squares, closed forms; how images come
in and go out; what is refused."""

import os
import pickle
import sys
import tempfile
import types

import numpy as np

import dwi_helpers as h
import harness
import voxgrad as vxg
from voxgrad import _images

SUITE = "python_diffusion"
dwi = vxg.dwi


# ---- Numbers of other programs ----
def near(found, want, tolerance):
    found, want = np.asarray(found, float), np.asarray(want, float)
    assert np.abs(found - want).max() <= tolerance, (found, want)


def test_dipy_numbers():
    """Values that DIPY 1.6.0 gives on the 64-direction crop."""
    image, g = h.small()
    wls, ols = dwi.tensor(image, g, iterations=1), dwi.tensor(image, g)
    near([wls.fa.mean(), wls.md.mean(), wls.fa[5, 5, 5]], [0.3930722336, 1.2786859906e-03, 0.6508432958], 1e-9)
    near(wls.eigenvalues[5, 5, 5], [.00112375, .00073457, .00011927], 1e-8)
    near([ols.fa.mean(), ols.fa[5, 5, 5]], [0.3936440975, 0.5919051780], 1e-9)
    legacy = {"basis": "descoteaux07-legacy", "min_signal": 1}
    look = {"relative_threshold": 0.25, "min_separation": 45, "basis": "descoteaux07-legacy"}
    for kind, order, total, spread, which in (
            ("opdt", 4, 1458.82142969, .40030186, [339, 61]), ("csa", 4, 269.59769394, .44926562, [339, 61, 159]),
            ("csa", 6, 265.84654840, .51011257, [356, 90, 58, 316]), ("qball", 4, 1425.39362472, .09493432, None)):
        sh = dwi.odf(image, g, kind=kind, order=order, **legacy)
        assert sh.shape == (10, 10, 10, dwi.sh_count(order)) and sh.dtype == np.float64
        near([sh.sum(), dwi.gfa(sh).mean()], [total, spread], 3e-7 * total)
        if which:
            p = dwi.peaks(sh, **look)
            assert list(p.numbers[5, 5, 5]) == which + [-1] * (5 - len(which)), p.numbers[5, 5, 5]
            u = dwi.Sphere().directions
            near(p.directions[5, 5, 5, 0], u[which[0]], 1e-12)
            near(p.values[5, 5, 5, 0], dwi.sh_matrix(order, u[which[:1]], legacy["basis"])[0] @ sh[5, 5, 5], 1e-9)
            assert not p.directions[5, 5, 5, len(which):].any()
    r = dwi.response_auto(image, g, fa=0.5)
    near(r.eigenvalues, [.00138591, .000463, .000463], 1e-8)
    near([r.s0, r.b], [198.1841, 994.19], 5e-3)
    fod = dwi.csd(image, g, r, basis="descoteaux07-legacy")
    near(fod.sum(), 217.5378990, 1e-6)
    near(fod[5, 5, 5, :6], [.23577638, .14488502, .09418805, -.17087309, .18516708, .08390141], 1e-7)


def test_mrtrix_numbers():
    """Tensors and densities of MRtrix3, from its own image and from the NIfTI of the same numbers."""
    mif = vxg.io.read_image(h.data("dwi_mrtrix_b3000", "dwi.mif"), np.float64)
    mask = vxg.io.read_image(h.data("dwi_mrtrix_b3000", "mask.mif"))
    g = dwi.Gradients.from_mrtrix(mif)
    near(g.directions, dwi.Gradients.from_mrtrix(h.data("dwi_mrtrix_b3000", "dwi.grad_mrtrix.b")).directions, 1e-6)
    nifti = vxg.io.read_image(h.data("dwi_mrtrix_b3000", "dwi.nii.gz"))
    fsl = dwi.Gradients.from_fsl(h.data("dwi_mrtrix_b3000", "dwi.bval"), h.data("dwi_mrtrix_b3000", "dwi.bvec"), nifti)
    near(fsl.directions, g.directions, 2e-4)
    assert np.linalg.det(nifti.affine[:3, :3]) > 0 and len(g.shells) == 2 and abs(g.shells[1] - 3000) < 5

    def want(*parts):
        return vxg.io.read_image(h.data("dwi_mrtrix_b3000", *parts), np.float64).data
    inside = mask.data > 0
    found = dwi.tensor(mif, g, mask=mask, min_share=1e-6, maps="tensor").tensor
    ols = want("dwi2tensor", "out_ols_it0.mif")
    near(found[inside], ols[inside], 1e-5 * np.abs(ols[inside]).max())
    assert not found[~inside].any()
    response = dwi.Response(h.data("dwi_mrtrix_b3000", "response.txt"), b=3000)
    fod = dwi.csd(mif, g, response, mask=inside, rules="mrtrix", sphere="hemi:symmetric642")  # not MRtrix3's 300 directions
    mrtrix = want("dwi2fod", "out_mask.mif")
    apart = np.linalg.norm(fod - mrtrix, axis=-1)[inside] / np.linalg.norm(mrtrix, axis=-1)[inside]
    assert apart.max() < 0.06 and not fod[~inside].any(), apart.max()
    single = dwi.csd(nifti, fsl, response, mask=inside, rules="mrtrix", sphere="hemi:symmetric642")
    assert single.dtype == np.float32
    near(single, fod, 2e-3 * np.abs(fod).max())


# ---- Closed forms and NumPy ----
def test_tensor():
    """Ordinary and weighted least squares written in NumPy, on noise; every map of exact signals."""
    g, n = h.gradients(), 40
    frames, true = h.rotations(n), np.array([1.7e-3, 4e-4, 2e-4])
    m = dwi.tensor(h.tensor_signals(g, frames, true), g)
    near(m.eigenvalues, np.tile(true, (n, 1)), 1e-12)
    near(m.s0, np.full(n, 100.0), 1e-8)
    near(np.abs(np.einsum("nij,nij->nj", m.eigenvectors, frames)), np.ones((n, 3)), 1e-9)
    fa = np.sqrt(1.5 * ((true - true.mean()) ** 2).sum() / (true ** 2).sum())
    near(m.fa, np.full(n, fa), 1e-9)
    near([m.md[0], m.ad[0], m.rd[0]], [true.mean(), true[0], true[1:].mean()], 1e-12)
    near(m.rgb, np.abs(frames[:, :, 0]) * fa, 1e-9)
    d = (frames * true) @ np.swapaxes(frames, 1, 2)
    near(m.tensor, d[:, (0, 1, 2, 0, 0, 1), (0, 1, 2, 1, 2, 2)], 1e-12)

    rng = np.random.default_rng(5)
    noisy = np.abs(h.tensor_signals(g, frames) + rng.normal(0, 4, (n, len(g))))
    v, b = g.directions, g.b
    design = np.stack([-b * v[:, i] * v[:, j] * (1 if i == j else 2) for i, j in
                       ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))] + [np.ones(len(g))], 1)
    for iterations in (0, 1, 2):
        for s, t in zip(noisy, dwi.tensor(noisy, g, iterations=iterations).tensor):
            y, w = np.log(s), np.ones(len(s))
            for k in range(iterations + 1):
                x = np.linalg.lstsq(design * w[:, None], y * w, rcond=None)[0]
                w = np.exp(design @ x)
            near(t, x[:6], 1e-9)


def test_harmonics():
    """Low orders in closed form, orthonormality by quadrature, conversions, rotations."""
    u = h.rotations(50)[:, 0]
    x, y, z = u.T
    a, c = np.sqrt(15 / np.pi) / 2, np.sqrt(5 / np.pi) / 4
    tournier = np.stack([np.full(50, np.sqrt(1 / np.pi) / 2), a * x * y, -a * y * z, c * (3 * z * z - 1), -a * x * z,
                         a / 2 * (x * x - y * y)], 1)  # with the Condon-Shortley phase
    near(dwi.sh_matrix(2, u), tournier, 1e-12)
    near(dwi.sh_matrix(2, 7 * u), tournier, 1e-12)
    cosines, weights = np.polynomial.legendre.leggauss(24)
    angles = np.arange(48) * 2 * np.pi / 48
    grid = np.stack([np.outer(np.sqrt(1 - cosines ** 2), np.cos(angles)), np.outer(np.sqrt(1 - cosines ** 2), np.sin(angles)),
                     np.repeat(cosines[:, None], 48, 1)], -1).reshape(-1, 3)
    w = np.repeat(weights, 48) * 2 * np.pi / 48
    for basis in ("tournier07", "descoteaux07-legacy", "descoteaux07"):
        m = dwi.sh_matrix(10, grid, basis)
        near(m.T @ (m * w[:, None]), np.eye(66), 1e-12)
        coefficients = np.random.default_rng(3).normal(size=(2, 3, 45))
        there = dwi.sh_convert(coefficients, basis)
        near(dwi.sh_matrix(8, u, basis) @ there[1, 2], dwi.sh_matrix(8, u) @ coefficients[1, 2], 1e-12)
        near(dwi.sh_convert(there, "tournier07", basis), coefficients, 1e-12)
        for r in (h.rotations(1)[0], -h.rotations(2)[1]):
            turned = dwi.sh_rotate(coefficients, r, basis)
            near(dwi.sh_matrix(8, u @ r.T, basis) @ turned[0, 1], dwi.sh_matrix(8, u, basis) @ coefficients[0, 1], 1e-12)
    assert [dwi.sh_count(n) for n in (0, 2, 8, 20)] == [1, 6, 45, 231]
    assert [dwi.sh_order(n) for n in (1, 6, 45, 231)] == [0, 2, 8, 20]
    assert dwi.sh_convert(np.ones((2, 6), np.float32), "descoteaux07").dtype == np.float32


def test_fibres():
    """One fibre and two that cross, deconvolved by the response of their tensor: the peaks are where they are."""
    g = h.gradients(90, 3000.0)
    response = dwi.response_tensor(g, [1.7e-3, 3e-4, 3e-4], 100.0)
    one = np.array([h.frame(v) for v in ([1, 0, 0], [1, 2, 3], [-3, 1, 1])])
    s = h.tensor_signals(g, one, (1.7e-3, 3e-4, 3e-4))
    p = dwi.peaks(dwi.csd(s, g, response), sphere="hemi:symmetric724", peaks=2)
    near(np.abs(np.einsum("ni,ni->n", p.directions[:, 0], one[:, :, 0])), np.ones(3), 0.005)
    assert (p.numbers[:, 1] == -1).all() and p.numbers.dtype == np.int32
    cross = 0.5 * (s[0] + h.tensor_signals(g, np.array([h.frame([0.2, 1, 0])]), (1.7e-3, 3e-4, 3e-4)))
    d = dwi.peaks(dwi.csd(cross, g, response), peaks=2).directions[0]
    found = np.abs(d @ np.array([[1, 0, 0], [0.196, 0.981, 0]]).T).max(axis=1)
    assert (found > 0.99).all(), d
    auto = dwi.response_auto(h.tensor_signals(g, h.rotations(20), (1.7e-3, 3e-4, 3e-4)), g)
    near(auto.zonal, response.zonal, 1e-6 * response.zonal[0])
    assert auto.voxels == 20 and response.voxels == 0
    harness.refused(vxg.Error, "", dwi.csd, s, h.gradients(90, 1000.0), response)  # of another shell


def test_heads():
    """A bright ball in noise, with a hole and a speck; of all volumes and of the unweighted ones alone."""
    g, rng = h.gradients(6, unweighted=2), np.random.default_rng(0)
    i = np.stack(np.meshgrid(*map(np.arange, (24, 22, 20)), indexing="ij"), -1) - [11.5, 10.5, 9.5]
    ball = np.linalg.norm(i, axis=-1) < 7
    s = np.where(ball, 100.0, 5.0)[..., None] * np.where(g.b > 50, 0.3, 1) + rng.normal(0, 2, ball.shape + (len(g),))
    s = s.astype(np.float32)
    found = dwi.head_mask(s, g, radius=1, passes=2)
    assert found.dtype == bool and found.shape == ball.shape and (found != ball).mean() < 0.02
    assert np.array_equal(found, dwi.head_mask(s[..., g.b < 50], radius=1, passes=2))
    assert dwi.head_mask(s, g, radius=1, passes=2, dilate=1).sum() > found.sum()
    assert np.array_equal(dwi.head_mask(np.asfortranarray(s), g, radius=1, passes=2), found)
    harness.refused(ValueError, ["dwi", "axes"], dwi.head_mask, s[0], g)
    harness.refused(ValueError, ["dwi", "7 volumes"], dwi.head_mask, s[..., :7], g)
    harness.refused(vxg.NumericalError, "", dwi.head_mask, np.ones((5, 5, 5, 8), np.float32), g)
    harness.refused(vxg.Error, "radius", dwi.head_mask, s, g, radius=-1)


def test_recursive():
    """Voxels of one fibre and of two: the response is that of the first."""
    g, true = h.gradients(64, 1000.0), (1.7e-3, 3e-4, 3e-4)
    one = h.tensor_signals(g, h.rotations(60), true)
    two = 0.5 * (one[:20] + h.tensor_signals(g, h.rotations(20, 7), true))
    response = dwi.response_recursive(np.concatenate([one, two]), g, sphere="hemi:repulsion200")
    want = dwi.response_tensor(g, true, 100.0)
    assert np.abs(response.zonal - want.zonal).max() < 0.06 * want.zonal[0] and 40 <= response.voxels <= 80, response
    harness.refused(vxg.Error, "iterations", dwi.response_recursive, one, g, iterations=-1)
    harness.refused(TypeError, "gradients", dwi.response_recursive, one, None)


def test_spheres():
    for name in dwi.Sphere.names():
        whole, half = dwi.Sphere(name), dwi.Sphere("hemi:" + name)
        assert len(whole) == 2 * len(half) == int("".join(c for c in name if c.isdigit()))
        near(np.linalg.norm(whole.directions, axis=1), np.ones(len(whole)), 1e-12)
        assert len(whole.edges) == 3 * len(whole) - 6 and whole.edges.shape[1] == 2  # Euler, triangles
        assert half.symmetric and not whole.symmetric
    own = dwi.Sphere(dwi.Sphere("hemi:repulsion100").directions, symmetric=True)
    assert {frozenset(e) for e in own.edges.tolist()} == {
        frozenset(e) for e in dwi.Sphere("hemi:repulsion100").edges.tolist()}


def test_gradients():
    """Both rules of FSL's x, rotated axes, files, shells, some volumes, pickles."""
    g = h.gradients(20, 1000.0)
    for flip in (1, -1):
        affine = h.AFFINE.copy()
        affine[:3, 0] *= flip
        r = h.AXES * [flip, 1, 1]
        image = types.SimpleNamespace(affine=affine, data=None)
        along = r.T @ g.directions.T  # the image's axes
        x = along * [[-1], [1], [1]] if np.linalg.det(r) > 0 else along
        for vectors in (x, x.T):
            near(dwi.Gradients.from_fsl(g.b, vectors, affine).directions, g.directions, 1e-12)
        dipy = types.SimpleNamespace(bvals=g.b, bvecs=along.T, b0_threshold=50)
        near(dwi.Gradients.from_dipy(dipy, image).directions, g.directions, 1e-12)
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, n) for n in ("a.bval", "a.bvec", "a.b")]
        np.savetxt(paths[0], g.b[None])
        np.savetxt(paths[1], g.directions.T)
        np.savetxt(paths[2], np.hstack([g.directions, g.b[:, None]]))
        near(dwi.Gradients.from_fsl(paths[0], paths[1], np.diag([-2, 2, 2, 1])).directions,
             g.directions * [-1, 1, 1], 1e-9)
        near(dwi.Gradients.from_mrtrix(paths[2]).directions, g.directions, 1e-9)
    two = dwi.Gradients(np.r_[g.b, 2990, 3000, 3010], np.vstack([g.directions, np.eye(3)]))
    assert list(two.shells) == [0, 1000, 3000] and list(two.shell_of[-4:]) == [1, 2, 2, 2]
    assert len(dwi.Gradients(two.b, two.directions, shell_tolerance=5).shells) == 5
    assert np.array_equal(two[-3:].b, [2990, 3000, 3010]) and len(two[two.b > 50]) == 23
    again = pickle.loads(pickle.dumps(two[::2]))
    assert np.array_equal(again.directions, two.directions[::2]) and repr(again) == repr(two[::2])
    s = pickle.loads(pickle.dumps(dwi.Sphere("hemi:repulsion100")))
    assert len(s) == 50 and s.symmetric
    r = dwi.response_tensor(g, [1e-3, 2e-4, 2e-4], 1.0, order=4)
    assert np.array_equal(pickle.loads(pickle.dumps(r)).zonal, r.zonal) and r.order == 4 and len(r.zonal) == 3


# ---- Arrays ----
def series(dtype=np.float32, shape=(4, 3, 2)):
    g = h.gradients(12)
    s = h.tensor_signals(g, h.rotations(int(np.prod(shape)))).reshape(shape + (len(g),))
    return np.asfortranarray(np.round(s)).astype(dtype), g


def test_progress():
    """Fits tell how far they are; what the function raises ends them."""
    s, g = series()
    sh, r = dwi.odf(s, g, kind="csa"), dwi.response_tensor(g, [1e-3, 2e-4, 2e-4], 100, order=2)

    def stop(words, done, total):
        raise KeyError("enough")

    for fit in (lambda p: dwi.tensor(s, g, progress=p), lambda p: dwi.odf(s, g, kind="csa", progress=p),
                lambda p: dwi.csd(s, g, r, order=2, progress=p), lambda p: dwi.peaks(sh, progress=p)):
        heard = []
        fit(lambda *told: heard.append(told))
        assert heard[0] == ("voxels", 0, 24) and heard[-1] == ("voxels", 24, 24), heard
        harness.refused(KeyError, "enough", fit, stop)
        harness.refused(TypeError, "progress", fit, 5)


def test_layouts():
    """Whatever lies in memory how, the same numbers come out; what fits is not copied."""
    s, g = series()
    want = dwi.tensor(s, g)
    assert want.fa.shape == (4, 3, 2) and want.eigenvectors.shape == (4, 3, 2, 3, 3) and want.fa.dtype == np.float32
    wide = np.zeros((4, 3, 4, 2 * len(g)), np.float32)
    wide[:, :, ::2, ::2] = s
    still = s.copy(order="F")
    still.flags.writeable = False
    for other in (np.ascontiguousarray(s), s[::-1][::-1], wide[:, :, ::2, ::2], s.astype(np.int16), s.astype(">f4"),
                  s.astype(">i2"), s.astype(np.uint8), s.astype(np.float16), still, vxg.io.Image(s, h.AFFINE, {}),
                  types.SimpleNamespace(dataobj=s.astype(np.int16), affine=h.AFFINE), s.tolist() and s):
        found = dwi.tensor(other, g)
        for name in want._fields:
            assert np.array_equal(getattr(found, name), getattr(want, name)), (name, type(other))
    for wider in (s.astype(np.float64), s.astype(np.int32), s.astype(np.int64)):
        found = dwi.tensor(wider, g)
        assert found.fa.dtype == np.float64 and np.abs(found.fa - want.fa).max() < 1e-5
    flat = dwi.tensor(s.reshape(-1, len(g), order="F"), g)
    assert np.array_equal(flat.fa, want.fa.ravel(order="F"))
    five = dwi.tensor(s.reshape(2, 2, 3, 2, len(g), order="F"), g)
    assert np.array_equal(five.rgb.reshape(4, 3, 2, 3, order="F"), want.rgb)
    seen = _images.Voxels(s, "dwi")
    assert np.shares_memory(seen.operand.keep[0], s)
    assert not np.shares_memory(_images.Voxels(np.ascontiguousarray(s), "dwi").operand.keep[0], s)
    only = dwi.tensor(s, g, maps=["fa", "rgb"])
    assert only.tensor is None and np.array_equal(only.rgb, want.rgb)


def test_packages():
    """Tensors of PyTorch and arrays of JAX, in and out."""
    s, g = series()
    want = dwi.tensor(s, g).fa
    torch, jax = harness.optional("torch"), harness.optional("jax")
    if torch is None and jax is None:
        raise harness.Skip("neither torch nor jax is installed")
    if torch is not None:
        x = torch.tensor(s)
        found = dwi.tensor(x, g)
        assert isinstance(found.fa, torch.Tensor) and np.array_equal(found.fa.numpy(), want)
        assert np.array_equal(dwi.tensor(x.permute(3, 2, 1, 0).contiguous().permute(3, 2, 1, 0), g).fa, want)
        harness.refused(vxg.UnsupportedError, ["dwi", "detach"], dwi.tensor, x.requires_grad_(), g)
    if jax is not None:
        found = dwi.tensor(jax.numpy.asarray(s), g)
        assert isinstance(found.fa, jax.Array) and np.array_equal(found.fa, want)


def test_images():
    """What is written is read, with its place, and by nibabel where that is installed."""
    s, g = series()
    nib = harness.optional("nibabel")
    with tempfile.TemporaryDirectory() as folder:
        for ending in ("nii", "nii.gz", "mif"):
            path = os.path.join(folder, "a." + ending)
            vxg.io.write_image(path, s, h.AFFINE)
            back = vxg.io.read_image(path)
            assert np.array_equal(back.data, s) and back.data.flags.f_contiguous
            near(back.affine, h.AFFINE, 1e-5)
            harness.refused(vxg.OutputError, "force", vxg.io.write_image, path, s, h.AFFINE)
            fa = dwi.tensor(back, g).fa
            vxg.io.write_image(path, fa > 0.5, back, force=True)
            mask = vxg.io.read_image(path, None)
            assert mask.data.dtype == np.uint8 and np.array_equal(mask.data > 0, fa > 0.5)
            if nib and ending != "mif":
                vxg.io.write_image(path, s.astype(np.int16), h.AFFINE, force=True)
                image = nib.load(path)
                near(image.affine, h.AFFINE, 1e-5)
                assert np.array_equal(image.get_fdata(), s) and image.header.get_xyzt_units()[0] == "mm"
                found = dwi.tensor(image, g, mask=nib.Nifti1Image((fa > 0.5).astype(np.uint8), image.affine))
                assert np.array_equal(found.fa, np.where(fa > 0.5, fa, 0))
                image.header.set_slope_inter(0.5, 3)
                scaled = nib.Nifti1Image(s.astype(np.float64) / 3, h.AFFINE)
                scaled.set_data_dtype(np.int16)
                scaled.to_filename(path)
                found = dwi.tensor(nib.load(path), g)
                assert found.fa.dtype == np.float32
                near(found.fa, dwi.tensor(vxg.io.read_image(path), g).fa, 1e-6)
        other = vxg.io.Image(fa > 0.5, h.AFFINE + np.eye(4, k=3), {})
        harness.refused(ValueError, ["mask", "affine"], dwi.tensor, back, g, mask=other)
        harness.refused(ValueError, "data", vxg.io.write_image, os.path.join(folder, "b.nii"), s[0, 0], h.AFFINE)
        harness.refused(vxg.InputError, "nowhere", vxg.io.read_image, "/nowhere.nii")


def test_masks():
    """Voxels outside get 0 and may hold anything; those inside are what they are alone."""
    s, g = series()
    want = dwi.tensor(s, g)
    mask = np.random.default_rng(2).random(s.shape[:3]) < 0.5
    broken = s.copy(order="F")
    broken[~mask] = np.nan
    for given in (mask, mask.astype(np.uint8), mask.astype(np.float64), mask.tolist(), mask[..., None]):
        found = dwi.tensor(broken, g, mask=given)
        assert np.array_equal(found.fa, np.where(mask, want.fa, 0))
        assert np.array_equal(found.rgb[mask], want.rgb[mask]) and not found.rgb[~mask].any()
    for function in (lambda m: dwi.odf(broken, g, mask=m, kind="csa"), lambda m: dwi.tensor(broken, g, mask=m).md):
        assert np.isfinite(function(mask)).all()
    assert not dwi.tensor(s, g, mask=np.zeros(s.shape[:3], bool)).fa.any()
    first = tuple(int(i) for i in np.transpose(np.nonzero(~mask.T))[0][::-1])
    harness.refused(vxg.InputError, ["dwi", "%d voxels" % (~mask).sum(), str(first)], dwi.tensor, broken, g)
    harness.refused(ValueError, ["mask", "(4, 3, 2)"], dwi.tensor, s, g, mask=mask[:3])
    harness.refused(vxg.InputError, "mask", dwi.tensor, s, g, mask=np.where(mask, np.nan, 1))
    harness.refused(TypeError, "mask", dwi.tensor, s, g, mask=np.full(mask.shape, "a"))


def test_devices():
    """Other devices give what the cpu gives, to single precision; arrays stay on the host."""
    s, g = series()
    want = dwi.tensor(s, g)
    others = [d for d in vxg.devices() if not d.is_host]
    if not others:
        raise harness.Skip("no other device")
    for d in others[:2]:
        found = dwi.tensor(s, g, device=d, mask=want.fa > 0.1)
        assert isinstance(found.fa, np.ndarray) and np.abs(found.fa - np.where(want.fa > 0.1, want.fa, 0)).max() < 1e-4
        harness.refused(ValueError, [d.spec, "dwi"], dwi.tensor, d.array(np.ascontiguousarray(s)), g)


# ---- Mistakes ----
def test_wrong():
    """What is wrong is named."""
    s, g = series()
    sh = dwi.odf(s, g, kind="csa")
    r = dwi.response_tensor(g, [1e-3, 2e-4, 2e-4], 100, order=2)
    for kind, words, function, *given in (
            (ValueError, ["dwi", "14 volumes", "15"], dwi.tensor, s[..., :14], g),
            (ValueError, ["dwi", "axes"], dwi.tensor, s[0, 0, 0], g),
            (ValueError, ["dwi", "empty"], dwi.tensor, s[:0], g),
            (TypeError, ["dwi", "complex64"], dwi.tensor, s.astype(complex).astype(np.complex64), g),
            (TypeError, ["dwi", "masked"], dwi.tensor, np.ma.masked_array(s), g),
            (TypeError, ["dwi", "str"], dwi.tensor, "dwi.nii.gz", g),
            (TypeError, ["gradients", "int"], dwi.tensor, s, 3),
            (TypeError, ["gradients", "from_dipy"], dwi.tensor, s, h.dipy_table(g)),
            (TypeError, ["response", "list"], dwi.csd, s, g, [1, 2]),
            (ValueError, "44", dwi.gfa, np.ones((3, 44))),
            (ValueError, ["b", "axes"], dwi.Gradients, [[1]], np.zeros((1, 3))),
            (ValueError, ["directions", "(2, 3)"], dwi.Gradients, [0, 1000], np.zeros((3, 3))),
            (vxg.InputError, "volume 1", dwi.Gradients, [0, 1000], [[0, 0, 0], [2, 0, 0]]),
            (vxg.InputError, "volume 1", dwi.Gradients, [0, -5], np.zeros((2, 3))),
            (vxg.InputError, "volume 0", dwi.Gradients, [np.nan, 5], np.zeros((2, 3))),
            (ValueError, ["table", "four"], dwi.Gradients.from_mrtrix, np.zeros((4, 3))),
            (ValueError, ["table", "dw_scheme"], dwi.Gradients.from_mrtrix, vxg.io.Image(s, h.AFFINE, {})),
            (vxg.Error, "", dwi.Gradients.from_fsl, g.b, np.zeros((2, len(g))), h.AFFINE),
            (ValueError, ["affine", "(2, 2)"], dwi.Gradients.from_fsl, g.b, g.directions, np.eye(2)),
            (ValueError, ["affine", "finite"], dwi.Gradients.from_fsl, g.b, g.directions, np.full((4, 4), np.nan)),
            (ValueError, ["affine", "last row"], dwi.Gradients.from_fsl, g.b, g.directions, np.ones((4, 4))),
            (vxg.InputError, "nowhere", dwi.Gradients.from_fsl, "/nowhere", g.directions, h.AFFINE),
            (ValueError, ["order", "7"], dwi.sh_count, 7), (ValueError, "order", dwi.sh_matrix, -2, g.directions),
            (ValueError, ["basis", "nix"], dwi.sh_matrix, 2, g.directions, "nix"),
            (ValueError, ["to", "nix"], dwi.sh_convert, np.ones(6), "nix"),
            (ValueError, "5", dwi.sh_convert, np.ones(5), "tournier07"),
            (ValueError, "rotation", dwi.sh_rotate, np.ones(6), np.ones((3, 3))),
            (vxg.Error, "nix", dwi.Sphere, "nix"), (vxg.Error, "", dwi.Sphere, np.zeros((5, 3))),
            (ValueError, ["directions", "(4, 2)"], dwi.Sphere, np.zeros((4, 2))),
            (ValueError, "zonal", dwi.Response, []), (ValueError, "zonal", dwi.Response, [np.inf]),
            (ValueError, "eigenvalues", dwi.response_tensor, g, [1e-3], 1)):
        try:
            harness.refused(kind, words, function, *given)
        except AssertionError as e:
            raise AssertionError("%s: %s: %s" % (function.__name__, words, e)) from e
    for kind, words, function, given, options in (
            (TypeError, ["iteration", "iterations"], dwi.tensor, (s, g), {"iteration": 2}),
            (ValueError, ["maps", "'fb'"], dwi.tensor, (s, g), {"maps": "fb"}),
            (vxg.Error, "iterations", dwi.tensor, (s, g), {"iterations": -1}),
            (TypeError, "min_signal", dwi.tensor, (s, g), {"min_signal": "x"}),
            (ValueError, ["kind", "nix"], dwi.odf, (s, g), {"kind": "nix"}),
            (ValueError, "3", dwi.odf, (s, g), {"kind": "csa", "order": 3}),
            (vxg.Error, "", dwi.odf, (s, g), {"kind": "amplitudes", "order": 8}),  # 12 directions
            (vxg.Error, "shell", dwi.odf, (s, g), {"kind": "csa", "shell": 4}),
            (ValueError, "fa", dwi.response_auto, (s, g), {"fa": 2}),
            (vxg.NumericalError, "", dwi.response_auto, (s, g), {"fa": 0.99}),
            (vxg.Error, "", dwi.csd, (s, g, r), {"order": 30}),
            (ValueError, "peaks", dwi.peaks, (sh,), {"peaks": 40}),
            (vxg.Error, "nix", dwi.peaks, (sh,), {"sphere": "nix"}),
            (vxg.Error, "min_separation", dwi.peaks, (sh,), {"min_separation": -3}),
            (vxg.DeviceError, "nix", dwi.tensor, (s, g), {"device": "nix:0"})):
        try:
            harness.refused(kind, words, lambda: function(*given, **options))  # noqa: B023
        except AssertionError as e:
            raise AssertionError("%s: %s: %s" % (function.__name__, options, e)) from e
    for made in (g, dwi.Sphere()):
        harness.refused(TypeError, "anew", pickle.dumps, made._handle)


def test_anything():
    """Arguments of any kind are a result or a refusal in words."""
    s, g = series()
    sh, r = dwi.odf(s, g, kind="csa"), dwi.response_tensor(g, [1e-3, 2e-4, 2e-4], 100, order=2)
    mask = np.ones(s.shape[:3], bool)
    functions = [
        (dwi.tensor, dict(dwi=s, gradients=g, mask=mask, iterations=1, min_signal=1e-3)),
        (dwi.odf, dict(dwi=s, gradients=g, mask=mask, kind="csa", order=2, shell=1)),
        (dwi.csd, dict(dwi=s, gradients=g, response=r, mask=mask, order=2, sphere=None)),
        (dwi.peaks, dict(sh=sh, mask=mask, sphere="repulsion100", peaks=2)), (dwi.gfa, dict(sh=sh, mask=mask)),
        (dwi.response_auto, dict(dwi=s, gradients=g, mask=mask, fa=0.5, order=2)),
        (dwi.response_tensor, dict(gradients=g, eigenvalues=[1e-3, 2e-4, 2e-4], s0=1.0, order=2, shell=1)),
        (dwi.Gradients, dict(b=g.b, directions=g.directions, b0_threshold=5)),
        (dwi.Gradients.from_fsl, dict(bvals=g.b, bvecs=g.directions, affine=h.AFFINE)),
        (dwi.Gradients.from_mrtrix, dict(table=np.zeros((3, 4)))), (dwi.Sphere, dict(directions=g.directions)),
        (dwi.sh_matrix, dict(order=2, directions=g.directions, basis="tournier07")),
        (dwi.sh_convert, dict(coefficients=sh, to="descoteaux07")),
        (dwi.sh_rotate, dict(coefficients=sh, rotation=np.eye(3))), (g.__getitem__, dict(volumes=[1, 2])),
        (dwi.Response, dict(zonal=[1.0, 2.0], b=3.0))]
    functions = [(f if f != g.__getitem__ else lambda volumes: g[volumes], good) for f, good in functions]
    assert h.thrown_at(functions, 1500) > 500


if __name__ == "__main__":
    sys.exit(harness.main("__main__", sys.argv[1:]))
