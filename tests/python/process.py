"""What the process sees: signals, forks, ends with live objects, memory that comes back, time."""

import gc
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

import numpy as np

import dwi_helpers
import harness
import voxgrad as vxg
from voxgrad._library import lib

SUITE = "python_process"
signal.signal(signal.SIGINT, signal.default_int_handler)  # a run in the background may ignore it


def cone(views=180, n=128):
    return vxg.ct.XrayTransform(vxg.ct.ConeGeometry.circular(views, n, n, sod=4.0 * n, sdd=6.0 * n))


def interrupted(work):
    """SIGINT while work runs must come out of it as KeyboardInterrupt, and soon."""
    began = threading.Event()

    def send():
        began.wait()
        time.sleep(0.3)
        os.kill(os.getpid(), signal.SIGINT)
    sender = threading.Thread(target=send)
    sender.start()
    try:
        began.set()
        work()
        raise AssertionError("the work ended by itself")
    except KeyboardInterrupt:
        pass
    finally:
        sender.join()


def test_interrupt_call():
    A = cone()
    x = np.ones(A.domain_shape, np.float32)
    A(x)

    def work():
        while True:
            A(x)
    for _ in range(3):
        interrupted(work)
    assert np.isfinite(A(x)).all()


def test_interrupt_solver():
    """With and without a callback: the signal may arrive in the callback's first line. It ends the
    iterations, which would go on for a while."""
    A = cone(60, 64)
    b = np.ones(A.range_shape, np.float32)
    for callback in (lambda report, x: None, None):
        for _ in range(3):
            solver = vxg.solve.Solver("sirt", A, b, iterations=1000, callback=callback)
            interrupted(solver.run)
            assert solver.report.iteration < 900, solver.report.iteration
    assert sys.unraisablehook is sys.__unraisablehook__


def test_report():
    """Words and numbers of how far it is; what report raises ends the work."""
    A, told = cone(20, 16), []
    b = np.ones(A.range_shape, np.float32)
    vxg.solve.sirt(A, b, iterations=5, report=lambda words, done, total: told.append((done, total)))
    assert told and all(0 <= d <= t for d, t in told), told

    def broken(words, done, total):
        raise KeyError("mine")
    harness.refused(KeyError, "mine", vxg.solve.sirt, A, b, report=broken)


def test_fork():
    """A child computes the parent's bits, also when the parent's pool was at work."""
    A = cone(20, 32)
    x = np.random.default_rng(1).random(A.domain_shape, np.float32)
    want = A(x)
    for _ in range(5):
        child = os.fork()
        if child == 0:
            os._exit(0 if np.array_equal(A(x), want) else 3)
        assert os.waitpid(child, 0)[1] == 0


def test_exit_with_live_objects():
    """The interpreter ends quietly with operators, arrays and solvers alive, half way through."""
    text = """
import numpy as np, voxgrad as vxg
A = vxg.ct.XrayTransform(vxg.ct.ParallelGeometry.circular(9, 1, 16))
x = vxg.Device("cpu").array(np.ones(A.domain_shape, np.float32))
s = vxg.solve.Solver("sirt", A, np.ones(A.range_shape, np.float32))
s.step()
y = A(x)
cycle = [A, x, s, y]
cycle.append(cycle)
"""
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stderr


def diffusion():
    """The same of voxgrad.dwi and voxgrad.track."""
    g, dwi = dwi_helpers.gradients(12), vxg.dwi
    s = np.ones((2, 2, 2, 15), np.float32) + np.arange(15, dtype=np.float32)
    sh = np.ones((2, 2, 2, 6), np.float32)
    field = vxg.track.Field.harmonics(sh, np.eye(4), sphere="hemi:repulsion100")

    def gradients():
        return dwi.Gradients(g.b, g.directions)[3:].shells

    def fail():
        try:
            dwi.tensor(s[..., 1:], g)
        except ValueError as e:
            return str(e)
        return None

    def run():
        return vxg.track.run(field, [[0.5, 0.5, 0.5]], step=0.5, max_length=2)

    def broken():
        try:
            vxg.track.run(field, [[0.5, 0.5, 0.5]], step=0.5, max_length=2, out=lambda t: 1 / 0)
        except ZeroDivisionError as e:
            return str(e)
        return None

    def files():
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.trx")
            vxg.track.run(field, [[0.5, 0.5, 0.5]], step=0.5, max_length=2, out=path)
            vxg.track.Writer(path, field.affine, field.grid, force=True).write([[[0, 0, 0]]])  # given up
            return vxg.track.read(path), next(iter(vxg.track.Reader(path)))
    return {"gradients": gradients, "tensor": lambda: dwi.tensor(s, g, mask=s[..., 0] > 0), "bad volumes": fail,
            "peaks": lambda: dwi.peaks(sh, sphere=dwi.Sphere("hemi:repulsion100")), "track": run,
            "broken": broken, "files": files}


def test_leaks():
    """Ten thousand rounds of each class leave nothing."""
    A = vxg.ct.XrayTransform(vxg.ct.ParallelGeometry.circular(4, 1, 8))
    x = np.ones(A.domain_shape, np.float32)
    b = np.ones(A.range_shape, np.float32)
    cpu = vxg.Device("cpu")
    f = vxg.FunctionOperator(lambda v: v, lambda w: w, (3,), (3,))

    def geometry():
        g = vxg.ct.ParallelGeometry.circular(4, 1, 8)
        return g[1:], g.vectors

    def transform():
        return vxg.ct.XrayTransform(A.geometry)(x)

    def fail():
        try:
            A(x[:2])
        except ValueError as e:
            return str(e)
        return None

    def solver():
        return vxg.solve.cgls(A, b, iterations=1).x

    def function():
        return vxg.FunctionOperator(lambda v: v, lambda w: w, (3,), (3,))(np.ones(3))

    def fresh():
        return A(np.ones(A.domain_shape, np.float32))
    classes = {"device": lambda: vxg.Device("cpu"), "array": lambda: cpu.array(x).numpy(),
               "geometry": geometry, "operator": transform, "views": lambda: A[1:3](x),
               "adjoint": lambda: A.T(b), "solver": solver, "error": fail, "function": function,
               "f": lambda: f(np.ones(3)), "fresh": fresh, "norm": lambda: (A + A).norm(),
               "volume": lambda: vxg.ct.Volume((2, 3, 4)).box((0, 1))}
    classes.update(diffusion())
    rounds = 10000 if os.environ.get("VXG_DEEP") else 300
    for name, work in classes.items():
        for _ in range(100):  # caches fill
            work()
        gc.collect()
        before = lib.vxg_alloc_live()
        for _ in range(rounds):
            work()
        gc.collect()
        left = lib.vxg_alloc_live() - before
        assert left <= 0, "%s: %d blocks of %d rounds are left" % (name, left, rounds)


def test_import():
    """Importing asks for NumPy and nothing else that is large."""
    text = "import sys, voxgrad; print([m for m in ('torch', 'jax', 'scipy', 'matplotlib') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stdout + done.stderr


def test_missing_library():
    env = dict(os.environ, VOXGRAD_LIBRARY="/nowhere")
    done = subprocess.run([sys.executable, "-c", "import voxgrad"], capture_output=True, text=True,
                          env=env)
    assert "ImportError" in done.stderr and "VOXGRAD_LIBRARY" in done.stderr, done.stderr


if __name__ == "__main__":
    sys.exit(harness.main("__main__", sys.argv[1:]))
