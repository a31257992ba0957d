"""Operators through Python: values against dense matrices, arrays of every layout, misuse."""

import copy
import ctypes
import gc
import sys
import threading

import numpy as np

import harness
import voxgrad as vxg
from voxgrad._library import lib

SUITE = "python_operators"


def small(dtype=None, views=5, columns=8):
    return vxg.ct.XrayTransform(vxg.ct.ParallelGeometry.circular(views, 1, columns), dtype=dtype)


def numbers(shape, dtype=np.float32, seed=1):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def dense(A, dtype=np.float64):
    n = int(np.prod(A.domain_shape))
    return np.stack([A(e.reshape(A.domain_shape)).ravel() for e in np.eye(n, dtype=dtype)], 1)


def test_declarations():
    """Every struct has the table's offsets and size, and every function's types are known."""
    fields = 0
    for name in lib.structs.names():
        row = lib.structs.row(name)
        if not row.bytes:
            continue
        kind = lib.structs[name]
        assert ctypes.sizeof(kind) == row.bytes, name
        for i in range(row.nfields):
            member, f = row.fields[i].name.decode(), row.fields[i]
            assert getattr(kind, member).offset == f.offset, (name, member)
            assert getattr(kind, member).size == f.bytes, (name, member)
            fields += 1
    assert fields > 300, fields
    for name in lib.functions.names():
        getattr(lib, name)
    harness.refused(AttributeError, "vxg_nothing", lambda: lib.vxg_nothing)


def test_dense():
    for dtype, tolerance in ((np.float32, 1e-6), (np.float64, 1e-14)):
        A = small()
        M, x, y = dense(A, dtype), numbers(A.domain_shape, dtype), numbers(A.range_shape, dtype)
        scale = np.abs(M).sum(1).max()
        assert np.abs(A(x).ravel() - M @ x.ravel()).max() < tolerance * scale * 4
        assert np.abs(A.T(y).ravel() - M.T @ y.ravel()).max() < tolerance * scale * 8
        assert A(x).dtype == dtype and A.T(y).dtype == dtype
        assert abs(A.norm(dtype=dtype) / np.linalg.norm(M, 2) - 1) < 1e-4
        B = small(views=3)
        pairs = (((A + A)(x), 2 * (M @ x.ravel())), ((3 * A)(x), 3 * (M @ x.ravel())),
                 ((-A)(x), -(M @ x.ravel())), ((A - A)(x), 0 * (M @ x.ravel())),
                 (A.normal(x), M.T @ (M @ x.ravel())), ((A.T @ A)(x), M.T @ (M @ x.ravel())),
                 (vxg.stack(A, B)(x), np.r_[M, dense(B, dtype)] @ x.ravel()),
                 (A.T.T(x), M @ x.ravel()), (A @ x, M @ x.ravel()), (A @ x.ravel(), M @ x.ravel()))
        for i, (got, want) in enumerate(pairs):
            assert np.abs(got.ravel() - want).max() < tolerance * scale ** 2 * 8, i


def test_adjoint_is_c_s():
    """The dot test through Python and the library's own agree; all checks of the library pass."""
    A = small(views=30, columns=40)
    for dtype, most in ((np.float32, 1e-6), (np.float64, 1e-12)):
        x, y = numbers(A.domain_shape, dtype, 2), numbers(A.range_shape, dtype, 3)
        Ax, Aty = A(x).astype(float), A.T(y).astype(float)
        difference = abs(np.vdot(Ax, y) - np.vdot(x.astype(float), Aty))
        residual = difference / (np.linalg.norm(Ax) * np.linalg.norm(y)
                                 + np.linalg.norm(x) * np.linalg.norm(Aty))
        assert residual < most, residual
        results = {r.name: r for r in vxg.check(A, dtype=dtype)}
        assert all(r.passed for r in results.values()), results
        assert set(results) >= {"adjoint", "jvp", "vjp", "batch", "repeat", "subset"}
        assert results["adjoint"].residual < most


def test_layouts():
    """The same bits from every layout of the same numbers; nothing that is read is written."""
    A = small(views=7, columns=16)
    x = numbers(A.domain_shape)
    want = A(x)
    wide = np.zeros((32, 48), np.float32)
    wide[::2, ::3] = x
    frozen = x.copy()
    frozen.flags.writeable = False
    shifted = np.frombuffer(b"ab" + x.tobytes(), np.uint8)[2:].view(np.float32).reshape(x.shape)
    layouts = {"fortran": np.asfortranarray(x), "steps": wide[::2, ::3], "read-only": frozen,
               "backwards": x[::-1, ::-1].copy()[::-1, ::-1], "big-endian": x.astype(">f4"),
               "misaligned": shifted, "transposed": x.T.copy().T}
    for name, layout in layouts.items():
        before = layout.copy()
        assert np.array_equal(A(layout), want), name
        assert np.array_equal(layout, before), name
    constant = np.broadcast_to(np.float32(2), A.domain_shape)
    assert np.array_equal(A(constant), A(np.full(A.domain_shape, 2, np.float32)))
    out = np.empty((7, 48), np.float32)[:, ::3]
    assert A(x, out=out) is out and np.array_equal(out, want)
    batch = np.stack([x, 2 * x, x * 0])
    assert np.array_equal(A(batch)[0], want) and A(batch).shape == (3, 7, 16)
    assert A(np.zeros((0,) + A.domain_shape, np.float32)).shape == (0, 7, 16)


def test_derivatives():
    A = small()
    x, t, y = numbers(A.domain_shape), numbers(A.domain_shape, seed=4), numbers(A.range_shape)
    assert np.array_equal(A.jvp(x, t), A(t)) and np.array_equal(A.vjp(x, y), A.T(y))


def test_views():
    A = small(views=9, columns=12)
    x = numbers(A.domain_shape)
    y = A(x)
    mask = np.arange(9) % 4 == 1
    for views, want in ((3, y[3:4]), (slice(1, 8, 3), y[1:8:3]), ([5, 0, 5], y[[5, 0, 5]]),
                        (-1, y[-1:]), (mask, y[mask]), (slice(None, None, -2), y[::-2])):
        B = A[views]
        assert np.array_equal(B(x), want), views
        r = numbers(want.shape)
        full = np.zeros_like(y)
        np.add.at(full, np.atleast_1d(np.arange(9)[views]), r)
        assert np.abs(B.T(r) - A.T(full)).max() < 1e-4, views
    harness.refused(IndexError, "0..8", lambda: A[9])
    harness.refused(IndexError, "one at least", lambda: A[[]])


def test_wrong_arrays():
    A = small()
    x = np.ones(A.domain_shape, np.float32)
    frozen = np.empty(A.range_shape, np.float32)
    frozen.flags.writeable = False
    harness.refused(ValueError, ["input", "(8, 8)", "(3, 8)"], A, x[:3])
    harness.refused(TypeError, ["float32 or float64", "int64"], A, x.astype(np.int64))
    harness.refused(TypeError, "float16", A, x.astype(np.float16))
    harness.refused(TypeError, "an array is expected", A, "text")
    harness.refused(TypeError, "an array is expected", A, None)
    harness.refused(TypeError, "1 inputs", A, x, x)
    harness.refused(ValueError, "read-only", A, x, out=frozen)
    harness.refused(ValueError, ["(5, 8)", "(4, 8)"], A, x, out=np.empty((4, 8), np.float32))
    harness.refused(ValueError, "float64", A, x, out=np.empty((5, 8)))
    harness.refused(ValueError, "aligned", A, x, out=np.empty((5, 8), ">f4"))
    harness.refused(ValueError, "axes", A, np.ones((1,) * 5 + A.domain_shape, np.float32))
    harness.refused(TypeError, "float64", small(dtype=np.float32), x.astype(float))
    harness.refused(vxg.DeviceError, "cuda:77", vxg.Device, "cuda:77")
    harness.refused(TypeError, "masked", A, np.ma.masked_array(x, x > 0))
    harness.refused(TypeError, "real numbers", A.matvec, x.ravel() + 1j)
    harness.refused(ValueError, "64", A.matvec, np.ones((32, 2)))
    harness.refused(TypeError, "float32", lambda: small(dtype=np.float32).T @ small(dtype=np.float64)
                    @ x.astype(float))
    harness.refused(TypeError, "", lambda: x * A)
    harness.refused(TypeError, "None", A.jvp, x, None)
    assert np.isfinite(A(x)).all()


def test_devices():
    A, rows = small(), vxg.devices()
    x = numbers(A.domain_shape)
    assert rows[0].spec == "cpu" and vxg.Device("cpu") is rows[0] and rows[0].has_float64
    held = vxg.Device("cpu").array(x)
    y = A(held)
    assert isinstance(y, vxg.Array) and np.array_equal(y.numpy(), A(x))
    assert np.shares_memory(np.asarray(held), np.asarray(held))
    np.asarray(held)[...] = 0
    assert not A(held).numpy().any()
    cpu = vxg.Device("cpu")
    harness.refused(ValueError, ["out", "(4, 8)"], A, held, out=cpu.zeros((4, 8)))
    harness.refused(ValueError, "float64", A, held, out=cpu.zeros((5, 8), np.float64))
    kept = cpu.zeros((5, 8))
    assert A(held, out=kept) is kept
    others = [d for d in rows if d.backend != "cpu"]
    if not others:
        raise harness.Skip("no device beside the cpu")
    moved = others[0].array(x)
    close = np.abs(A(moved).numpy() - A(x)).max()
    assert close < 1e-5 * np.abs(A(x)).max(), close
    harness.refused(ValueError, [others[0].spec, "Device("], vxg.ct.XrayTransform(
        A.geometry, device=others[0]), x)
    harness.refused(ValueError, "made for cpu", vxg.ct.XrayTransform(A.geometry, device="cpu"),
                    moved)


def test_threads():
    """One operator in several threads: the same bits, each with a workspace of its own."""
    A = small(views=40, columns=64)
    x = numbers(A.domain_shape)
    want, bad = A.T(A(x)), []

    def work():
        for _ in range(20):
            if not np.array_equal(A.T(A(x)), want):
                bad.append(1)
    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not bad, len(bad)


def test_no_memory():
    """Calls on one array ask the library for no memory after the first."""
    A = small(views=20, columns=32)
    x = numbers(A.domain_shape)
    y = A(x)
    A.T(y, out=x)
    lib.vxg_alloc_count()
    for _ in range(100):
        A(x, out=y)
        A.T(y, out=x)
    assert lib.vxg_alloc_count() == 0


def test_scipy():
    try:
        from scipy.sparse.linalg import aslinearoperator, lsqr
    except ImportError:
        raise harness.Skip("SciPy is not installed") from None
    A = small(views=12, columns=10)
    x = numbers(A.domain_shape, np.float64)
    L = aslinearoperator(vxg.ct.XrayTransform(A.geometry, dtype=np.float64))
    b = L @ x.ravel()
    got = lsqr(L, b, iter_lim=300, atol=1e-13, btol=1e-13)[0]
    assert np.linalg.norm(L @ got - b) < 1e-8 * np.linalg.norm(b)


def test_functions():
    """Operators of functions in Python: in checks, in solvers, with errors of their own."""
    M = numbers((7, 5), np.float64)
    good = vxg.FunctionOperator(lambda v: M @ v, lambda w: M.T @ w, (5,), (7,))
    wrong = vxg.FunctionOperator(lambda v: M @ v, lambda w: 2 * (M.T @ w), (5,), (7,))
    assert all(r.passed for r in vxg.check(good, dtype=np.float64))
    assert not {r.name: r.passed for r in vxg.check(wrong, dtype=np.float64)}["adjoint"]
    x = vxg.solve.cgls(good, M @ np.arange(5.0), iterations=20).x
    assert np.abs(x - np.arange(5.0)).max() < 1e-10
    broken = vxg.FunctionOperator(lambda v: 1 / 0, None, (5,), (7,))
    harness.refused(ZeroDivisionError, "", broken, np.ones(5))
    harness.refused(vxg.UnsupportedError, "", broken.T, np.ones(7))
    shape = vxg.FunctionOperator(lambda v: v, None, (5,), (7,))
    harness.refused(ValueError, ["(5,)", "(7,)"], shape, np.ones(5))
    assert np.abs((good.T @ good)(np.ones(5)) - M.T @ (M @ np.ones(5))).max() < 1e-12
    X = numbers((5, 5), np.float64)
    assert np.allclose(good @ X, M @ X) and copy.deepcopy(good) is good
    harness.refused(TypeError, "complex", vxg.FunctionOperator(lambda v: v * 1j, None, (5,), (5,)), np.ones(5))
    kept = []  # what a function keeps is its own
    keeper = vxg.FunctionOperator(lambda v: kept.append(v) or v, None, (5,), (5,))
    keeper(np.arange(5.0))
    keeper(np.zeros(5))
    assert np.array_equal(kept[0], np.arange(5.0))
    g = vxg.ct.ParallelGeometry.circular(4, 1, 8)
    prepared = vxg.ct.Prepared(g, vxg.FunctionOperator(lambda v: 2 * v, lambda w: 2 * w, (1, 1, 8), (1, 1, 8)))
    gc.collect()  # nobody else holds the filter
    y = numbers(g.shape)
    got = prepared.update(y).backproject(g.fit_volume())
    assert np.allclose(got, vxg.ct.backprojector(g)(2 * y), atol=1e-4)


SIGMOID = """/* y = 1 / (1 + exp(-steepness x)) */
K_KERNEL2(sigmoid, K_GLOBAL const real *, x, K_GLOBAL real *, y) {
    y[gx] = K_R(1.0) / (K_R(1.0) + K_exp(-K_P(0) * x[gx]));
}
"""


def test_kernel():
    """A kernel of one's own: on the cpu in both precisions, on another device, with its errors."""
    try:
        own = vxg.Kernel(SIGMOID, "sigmoid")
    except vxg.DeviceError as e:
        raise harness.Skip(str(e)) from None
    x = numbers(100)
    y = np.zeros_like(x)
    own(100, x, y, reals=[2.0])
    assert np.abs(y - 1 / (1 + np.exp(-2.0 * x))).max() < 1e-6
    wide = x.astype(float)
    exact = np.zeros_like(wide)
    vxg.Kernel(SIGMOID, "sigmoid", dtype=np.float64)(100, wide, exact, reals=[2.0])
    assert np.abs(exact - 1 / (1 + np.exp(-2.0 * wide))).max() < 1e-14
    harness.refused(ValueError, ["sigmoid", "buffer"], own, 100, x, reals=[2.0])
    harness.refused(vxg.UnsupportedError, "C order", own, 50, x[::2], y)
    harness.refused(vxg.UnsupportedError, "byte order", own, 100, x, y.astype(">f4"))
    harness.refused(ValueError, ["array 1", "small"], own, 100, x, y[:10].copy(), reals=[1.0])
    harness.refused(TypeError, "float64", own, 100, x, y.astype(float))
    harness.refused(ValueError, ["missing"], vxg.Kernel, SIGMOID.replace("K_exp", "missing"), "sigmoid")
    for device in vxg.devices()[1:]:
        there = vxg.Kernel(SIGMOID, "sigmoid", device=device)
        a, b = device.array(x), device.zeros(100)
        there(100, a, b, reals=[2.0])
        assert np.abs(b.numpy() - y).max() < 1e-6, device


if __name__ == "__main__":
    sys.exit(harness.main("__main__", sys.argv[1:]))
