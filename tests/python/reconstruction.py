"""Geometry, reconstruction and solvers through Python: against closed forms, NumPy, and C's words."""

import pickle
import sys

import numpy as np

import harness
import voxgrad as vxg

SUITE = "python_ct"


def disc(n=128, radius=40.0, value=0.02):
    y, x = np.mgrid[:n, :n] - (n - 1) / 2
    return np.where(x * x + y * y < radius * radius, value, 0).astype(np.float32)


def disc_sinogram(views=180, n=128, radius=40.0, value=0.02):
    u = np.arange(n) - (n - 1) / 2
    row = 2 * value * np.sqrt(np.maximum(radius * radius - u * u, 0))
    return np.tile(row, (views, 1)).astype(np.float32)


def parallel(views=180, columns=128, **options):
    return vxg.ct.ParallelGeometry.circular(views, 1, columns, **options)


def test_vectors():
    """The vectors are those of the convention, and come back from every way of making a scan."""
    t = np.array([0.1, 0.9, 2.0])
    g = vxg.ct.ConeGeometry.circular(t, 4, 6, sod=50, sdd=80, pixel=1.5)
    s = 50 * np.stack([np.sin(t), -np.cos(t), 0 * t], 1)
    d = 30 * np.stack([-np.sin(t), np.cos(t), 0 * t], 1)
    u = 1.5 * np.stack([np.cos(t), np.sin(t), 0 * t], 1)
    v = np.tile([0, 0, 1.5], (3, 1))
    assert np.abs(g.vectors - np.stack([s, d, u, v], 1)).max() < 1e-13
    assert g.shape == (3, 4, 6) and g.beam == "cone" and np.abs(g.angles - t).max() < 1e-12
    again = [vxg.ct.Geometry.from_vectors("cone", g.vectors, 4, 6),
             vxg.ct.ConeGeometry.from_astra("cone_vec", g.vectors.reshape(3, 12), 4, 6),
             vxg.ct.Geometry.from_json(g.to_json(vectors=True)), pickle.loads(pickle.dumps(g)),
             g[0:1] + g[1:], g[[0, 1, 2]], g.shift([1, 2, 3]).shift([-1, -2, -3])]
    for i, other in enumerate(again):
        assert np.abs(other.vectors - g.vectors).max() < 1e-12, i
    back = vxg.ct.Geometry.from_matrices(g.matrices(), 4, 6, sdd=80)
    assert np.abs(back.vectors - g.vectors).max() < 1e-9
    assert np.array_equal(g[::-1].vectors, g.vectors[::-1]) and len(g[-1]) == 1
    assert "cone" in g.explain() and g.svg().startswith("<svg") and "3 views" in repr(g)
    helix = vxg.ct.ConeGeometry.helical(90, 8, 8, sod=50, sdd=80, z_range=20.0, turns=3.0)
    assert np.ptp(helix.vectors[:, 0, 2]) == 20


def test_packages():
    """Other packages' texts, there and back."""
    g = vxg.ct.ConeGeometry.circular(6, 4, 6, sod=50, sdd=80, pixel=1.5)
    sizes = {"rows": 4, "cols": 6, "pixel": 1.5}
    for package in ("astra", "rtk", "tigre", "leap", "cil", "matrix"):
        text = g.to_package(package)
        again = vxg.ct.Geometry.from_package(package, text, **(sizes if package in ("rtk", "matrix") else {}))
        x = np.random.default_rng(2).random((5, 6, 7), np.float32)
        v = vxg.ct.Volume(x.shape)
        a, b = vxg.ct.XrayTransform(g, v)(x), vxg.ct.XrayTransform(again, v)(x)
        assert np.abs(a - b).max() < 1e-4 * a.max(), package
    harness.refused(ValueError, ["astra", "'odl'"], g.to_package, "odl")
    harness.refused(TypeError, "rows", vxg.ct.Geometry.from_package, "astra", g.to_package("astra"), rows=3)
    harness.refused(vxg.InputError, "", vxg.ct.Geometry.from_package, "tigre", "{}")


def test_plot():
    try:
        import matplotlib
    except ImportError:
        raise harness.Skip("Matplotlib is not installed") from None
    matplotlib.use("Agg")
    axes = vxg.ct.ConeGeometry.circular(6, 4, 6, sod=50, sdd=80).plot()
    assert len(axes.lines) == 3 and np.ptp(axes.lines[2].get_data_3d()[0]) > 1


def test_geometry_refusals():
    harness.refused(ValueError, ["sdd"], vxg.ct.ConeGeometry.circular, 5, 4, 4, sod=50, sdd=0)
    harness.refused(TypeError, ["'pixels'", "'pixel'"], parallel, pixels=2)
    harness.refused(TypeError, ["pixel", "'wide'"], parallel, pixel="wide")
    harness.refused(ValueError, "(views, 4, 3)", vxg.ct.Geometry.from_vectors, "cone",
                    np.zeros((3, 12)), 4, 4)
    harness.refused(ValueError, ["view 0", "s[0]"], vxg.ct.Geometry.from_vectors, "cone",
                    np.full((3, 4, 3), np.nan), 4, 4)
    harness.refused(ValueError, "'laser'", vxg.ct.Geometry.from_vectors, "laser",
                    np.zeros((1, 4, 3)), 4, 4)
    harness.refused(IndexError, "0..8", lambda: parallel(9)[9])
    assert len(list(parallel(3))) == 3
    harness.refused(ValueError, "shape", vxg.ct.Volume, (3, 4))
    harness.refused(ValueError, "spacing", vxg.ct.Volume, (3, 4, 5), 0)
    harness.refused(ValueError, "rotation", vxg.ct.Volume, (3, 4, 5), rotation=np.zeros((3, 3)))
    harness.refused(TypeError, "", vxg.ct.Volume, (3, 4.9, 5))
    harness.refused(ValueError, ["angles", "6"], vxg.ct.trajectory, "circular", "parallel", 6, 1, 16,
                    angles=[0, 1])
    g = parallel(4)
    harness.refused(IndexError, "mask", lambda: g[[True, False]])
    harness.refused(TypeError, "1.5", lambda: g[[1.5]])
    assert g[[True, False, False, True]].nviews == 2
    harness.refused(TypeError, "True or False", vxg.ct.fbp_operator, g, no_schedule="false")
    harness.refused(TypeError, "'real'", vxg.ct.fbp_operator, g, real="float64")
    harness.refused(TypeError, "'has_center'", parallel, has_center=1)
    assert pickle.loads(pickle.dumps(vxg.ct.Volume((2, 3, 4), 0.5))).spacing == (0.5, 0.5, 0.5)
    harness.refused(ValueError, "line 1", vxg.ct.Geometry.from_json, "{")


def test_fbp():
    """A disc's exact projections give the disc, by two methods and as operators with adjoints."""
    g, want = parallel(), disc()
    inside = disc(radius=35) > 0
    for method, most in ((vxg.ct.fbp, 2e-3), (vxg.ct.fourier, 2e-3)):
        got = method(disc_sinogram(), g)
        assert got.shape == (128, 128) and got.dtype == np.float32
        assert abs(got[inside].mean() / 0.02 - 1) < most, got[inside].mean()
        assert np.abs(got - want)[~(disc(radius=43) > 0)].max() < 2e-3
    F = vxg.ct.fbp_operator(parallel(12, 16), window="hann")
    assert all(r.passed for r in vxg.check(F))
    several = vxg.ct.fbp(np.stack([disc_sinogram()] * 2), g)
    assert several.shape == (2, 128, 128) and np.array_equal(several[1], vxg.ct.fbp(disc_sinogram(), g))
    half = vxg.ct.fbp(disc_sinogram(), g, window="hann", cutoff=0.5)
    assert half.std() < got.std()
    harness.refused(ValueError, ["ramp", "'hamm'"], vxg.ct.fbp, disc_sinogram(), g, window="hamm")
    harness.refused(ValueError, "(180, 1, 128)", vxg.ct.fbp, disc_sinogram(170), g)
    harness.refused(ValueError, ["fan", "cone"], vxg.ct.fbp, np.ones((5, 4, 4), np.float32),
                    vxg.ct.ConeGeometry.circular(5, 4, 4, sod=50, sdd=80))


def test_fdk():
    """A ball's projections, by the library's projector, give the ball in its own unit."""
    g = vxg.ct.ConeGeometry.circular(120, 48, 64, sod=400, sdd=600, pixel=1.5)
    A = vxg.ct.XrayTransform(g, vxg.ct.Volume((40, 48, 48)))
    z, y, x = np.mgrid[:40, :48, :48] - np.array([19.5, 23.5, 23.5])[:, None, None, None]
    r = np.sqrt(x * x + y * y + z * z)
    ball = np.clip(15.5 - r, 0, 1).astype(np.float32)
    got = vxg.ct.fdk(A(ball), g, A.volume)
    assert abs(got[r < 12].mean() - 1) < 0.01, got[r < 12].mean()
    assert np.abs(got[r > 18]).max() < 0.2
    fan = vxg.ct.FanGeometry.circular(90, 64, sod=400, sdd=600, pixel=1.5)
    assert vxg.ct.fdk(np.ones((90, 64), np.float32), fan).shape == (64, 64)


def test_models():
    """Every model is a pair, images and volumes; a projection keeps the mass."""
    g = parallel(9, 20)
    image = disc(20, 6, 1.0)
    for model in ("joseph", "siddon", "footprint"):
        options = {} if model != "footprint" else {"planar": False}
        A = vxg.ct.XrayTransform(g, model=model, **options)
        x = image.reshape(A.domain_shape)
        assert all(r.passed for r in vxg.check(A, ["adjoint", "batch"])), model
        assert np.abs(A(x).reshape(9, 20).sum(1) / image.sum() - 1).max() < 0.02, model
    harness.refused(ValueError, ["josef", "joseph"], vxg.ct.XrayTransform, g, model="josef")
    harness.refused(TypeError, "modell", vxg.ct.XrayTransform, g, modell="siddon")
    harness.refused(TypeError, "backprojectors", vxg.ct.XrayTransform, g, texture=True)
    harness.refused(TypeError, ["volume", "ndarray"], vxg.ct.XrayTransform, g, image)
    harness.refused(TypeError, ["geometry", "ndarray"], vxg.ct.fbp, image, image)


def test_filter():
    h = vxg.ct.filter_response("ramp", 256)
    assert h.shape == (129,) and h[0] < 0.01 and np.all(np.diff(h) > 0)
    F = vxg.ct.filter_operator((6, 1, 100), h, weights=np.arange(6.0))
    y = F(np.ones((6, 1, 100), np.float32))
    assert not y[0].any() and np.allclose(y[4], 2 * y[2], rtol=1e-5)
    assert all(r.passed for r in vxg.check(F))
    harness.refused(ValueError, "weights", vxg.ct.filter_operator, (6, 1, 100), h, np.ones(5))


def test_volume_boxes():
    """A part of a volume projects as the whole with zeros elsewhere."""
    g = vxg.ct.ConeGeometry.circular(7, 12, 12, sod=60, sdd=90)
    whole = vxg.ct.Volume((10, 12, 14), spacing=(0.5, 1.0, 0.75), center=(1, 2, 3))
    x = np.zeros(whole.shape, np.float32)
    x[2:5, 3:9, 4:14] = 1
    part = whole.box((2, 5), (3, 9), (4, 14))
    assert part.shape == (3, 6, 10) and part.spacing == (0.5, 1.0, 0.75)
    assert np.array_equal(part.rotation, np.eye(3)) and vxg.ct.Volume((1, 2, 3)).spacing == (1, 1, 1)
    a = vxg.ct.XrayTransform(g, whole, "siddon")(x)
    b = vxg.ct.XrayTransform(g, part, "siddon")(np.ones(part.shape, np.float32))
    assert np.abs(a - b).max() < 1e-4 * a.max()
    harness.refused(ValueError, "z", whole.box, (5, 11))


def test_prepared():
    """Filtered once, backprojected into any volume: the bits of the operators; views are replaced."""
    g = vxg.ct.ParallelGeometry.circular(40, 3, 32)
    y = np.random.default_rng(3).normal(size=g.shape).astype(np.float32)
    h = vxg.ct.filter_response("hann", 64)
    w = np.linspace(0.5, 1.5, 40)
    p = vxg.ct.Prepared(g, vxg.ct.filter_operator((1, 3, 32), h), w).update(y)
    filtered = vxg.ct.filter_operator(g.shape, h, w)(y)
    whole = g.fit_volume()
    want = vxg.ct.backprojector(g, whole)(filtered)
    assert np.abs(p.backproject(whole) - want).max() < 1e-5 * np.abs(want).max()
    patch = whole.box((1, 2), (4, 20), (7, 30))
    got = p.backproject(patch)
    assert np.abs(got - want[1:2, 4:20, 7:30]).max() < 1e-5 * np.abs(want).max()
    some = [3, 17, 3, 30]
    few = vxg.ct.backprojector(g[some], whole)(filtered[some])
    assert np.abs(p.backproject(whole, some) - few).max() < 1e-5 * np.abs(few).max()
    p.update(np.zeros((2, 3, 32), np.float32), first=5)
    filtered[5:7] = 0
    out = np.empty(whole.shape, np.float32)
    assert p.backproject(whole, out=out) is out
    want = vxg.ct.backprojector(g, whole)(filtered)
    assert np.abs(out - want).max() < 1e-5 * np.abs(want).max()
    harness.refused(ValueError, ["views", "float64"], p.update, y.astype(float))
    harness.refused(ValueError, "view", p.update, y, 5)
    harness.refused(ValueError, "weights", vxg.ct.Prepared, g, None, w[:3])
    harness.refused(IndexError, "0..39", p.backproject, whole, [40])
    mask = np.arange(40) % 2 == 0
    assert np.array_equal(p.backproject(whole, mask), p.backproject(whole, slice(0, 40, 2)))


# ---- Solvers ----
def test_sirt_and_cgls():
    """Against the same iterations and the least squares of NumPy, in double."""
    A = vxg.ct.XrayTransform(parallel(8, 10), dtype=np.float64)
    M = np.stack([A(e.reshape(10, 10)).ravel() for e in np.eye(100)], 1)
    b = M @ np.random.default_rng(5).random(100)
    R, C = [np.divide(1, s, out=np.zeros_like(s), where=s > 0) for s in (M.sum(1), M.sum(0))]
    x, residuals = np.zeros(100), []
    for _ in range(15):
        residuals.append(np.linalg.norm(b - M @ x))
        x = x + C * (M.T @ (R * (b - M @ x)))
    got = vxg.solve.sirt(A, b.reshape(A.range_shape), iterations=15)
    assert np.abs(got.x.ravel() - x).max() < 1e-10 and got.iterations == 15
    assert np.allclose(got.residual, residuals, rtol=1e-8) and abs(got.data - np.linalg.norm(b)) < 1e-9
    got = vxg.solve.cgls(A, b.reshape(A.range_shape), iterations=400, tolerance=1e-9)
    assert got.reason == "tolerance" and np.linalg.norm(M @ got.x.ravel() - b) < 2e-9 * np.linalg.norm(b)
    start = got.x
    again = vxg.solve.cgls(A, b.reshape(A.range_shape), start=start, tolerance=1e-6)
    assert again.iterations <= 1
    mask = np.zeros((10, 10))
    mask[2:8, 2:8] = 1
    inside = vxg.solve.sirt(A, b.reshape(A.range_shape), mask=mask, bounds="box", lower=0, upper=0.5)
    assert not inside.x[mask == 0].any() and inside.x.min() >= 0 and inside.x.max() <= 0.5


def test_every_method():
    """All of them run through Python, each a function with its own words."""
    A = vxg.ct.XrayTransform(parallel(12, 16))
    x = disc(16, 5, 1.0)
    b = A(x)
    needed = {"dart": {"levels": [0, 1]}, "pdhg-tv": {"weight": 0.01}, "fista-tv": {"weight": 0.01}}
    assert len(vxg.solve.methods()) >= 16
    for name in vxg.solve.methods():
        method = getattr(vxg.solve, name.replace("-", "_"))
        r = method(A, b, iterations=3, **needed.get(name, {}))
        assert r.x.shape == x.shape and np.isfinite(r.x).all() and r.iterations == 3, name
        assert "iterations" in method.__doc__ and "Source" in method.__doc__, name


def test_callbacks():
    A = vxg.ct.XrayTransform(parallel(12, 16))
    b, told = A(disc(16, 5, 1.0)), []

    def callback(report, x):
        told.append((report.iteration, report.residual, float(x.sum())))
        assert not x.flags.writeable
        return report.iteration < 4
    r = vxg.solve.sirt(A, b, callback=callback)
    assert r.reason == "callback" and r.iterations == 4 and [t[0] for t in told] == [1, 2, 3, 4]
    assert np.allclose([t[1] for t in told], r.residual, rtol=1e-6)

    def broken(report, x):
        raise KeyError("mine")
    harness.refused(KeyError, "mine", vxg.solve.sirt, A, b, callback=broken)
    s = vxg.solve.Solver("cgls", A, b, iterations=5)
    s.step()
    first = s.x
    assert s.report.iteration == 1 and s.run() == "iterations"
    assert np.array_equal(first, vxg.solve.cgls(A, b, iterations=1).x)


def test_solver_refusals():
    A = vxg.ct.XrayTransform(parallel(12, 16))
    b = np.ones(A.range_shape, np.float32)
    for words, keywords in ((["sirt", "weight"], {"weight": 1}), (["start", "(16, 16)"], {"start": b}),
                            (["box"], {"bounds": "box"}), (["bounds", "'round'"], {"bounds": "round"})):
        harness.refused(ValueError, words, vxg.solve.sirt, A, b, **keywords)
    harness.refused(vxg.ArgumentError, "iterations", vxg.solve.sirt, A, b, iterations=0)
    harness.refused(TypeError, ["iteration", "iterations"], vxg.solve.sirt, A, b, iteration=3)
    harness.refused(ValueError, "too large", vxg.solve.sirt, A, b, iterations=2 ** 32 + 3)
    r = vxg.solve.sirt(A, b, callback=lambda report, x: np.float32(report.iteration) < 2)
    assert r.reason == "callback" and r.iterations == 2  # np.False_ ends too
    harness.refused(ValueError, "no-such", vxg.solve.solve, "no-such", A, b)
    harness.refused(vxg.InputError, "", vxg.solve.sirt, A, np.full_like(b, np.nan))
    harness.refused(TypeError, "float64", vxg.solve.sirt, A, b, weights=np.ones(A.range_shape))


if __name__ == "__main__":
    sys.exit(harness.main("__main__", sys.argv[1:]))
