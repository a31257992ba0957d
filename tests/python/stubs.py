"""What the package says of itself: signatures and docstrings out of the option tables, the stubs
and the reference that are committed, what is pickled, how far a call is."""

import ast
import copy
import inspect
import os
import pickle
import subprocess
import sys
import tempfile

import numpy as np

import harness
import voxgrad as vxg
from voxgrad import _options

SUITE = "python_stubs"
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tools"))


def transform(**options):
    return vxg.ct.XrayTransform(vxg.ct.ParallelGeometry.circular(12, 1, 16), **options)


def signature(function):
    return inspect.signature(function).parameters


# ---- Signatures and docstrings ----
def test_signatures():
    """Keywords with the table's defaults; what the function itself says is not there twice."""
    p = signature(vxg.ct.fbp)
    assert list(p)[:6] == ["projections", "geometry", "volume", "out", "device", "dtype"]
    assert p["window"].default == "ramp" and p["window"].kind == p["window"].KEYWORD_ONLY
    assert p["cutoff"].default is None and p["no_schedule"].default is False and "real" not in p
    for row in vxg.solve._rows():
        name = row.name.decode().replace("-", "_")
        p = signature(getattr(vxg.solve, name))
        assert p["iterations"].default == row.iterations, name
        assert ("relaxation" in p) == ("relaxation" in row.uses.decode().split()), name
    p = signature(vxg.ct.ConeGeometry.helical)
    assert p["turns"].default == 2 and p["sod"].default is p["sod"].empty and "cols" not in p
    assert list(signature(vxg.ct.XrayTransform))[:3] == ["geometry", "volume", "model"]
    for text in (vxg.ct.fbp.__doc__, vxg.ct.recon.__doc__, vxg.ct.XrayTransform.__doc__):
        assert "Options:" in text
    assert "'hann'" in vxg.ct.fbp.__doc__ and "of Nyquist" in vxg.ct.fbp.__doc__
    assert "has-center" not in vxg.ct.ConeGeometry.circular.__doc__


def test_every_table():
    """No option of a table is lost: each is a keyword, or is left out for a reason named here."""
    apart = {"vxg_ct_parallel_opts": "nviews rows cols", "vxg_ct_cone_opts": "nviews rows cols sod sdd",
             "vxg_ct_trajectory_opts": "path beam nviews rows cols", "vxg_ct_projector_opts": "model",
             "vxg_tract_density_opts": "grid affine"}
    Gradients = vxg.dwi.Gradients
    who = {"vxg_ct_parallel_opts": [vxg.ct.ParallelGeometry.circular],
           "vxg_ct_cone_opts": [vxg.ct.ConeGeometry.circular],
           "vxg_ct_trajectory_opts": [vxg.ct.trajectory], "vxg_ct_fbp_opts": [vxg.ct.fbp, vxg.ct.fbp_operator],
           "vxg_ct_projector_opts": [vxg.ct.backprojector, vxg.ct.Prepared.backproject],
           "vxg_ct_fourier_opts": [vxg.ct.fourier, vxg.ct.fourier_operator],
           "vxg_ct_fdk_opts": [vxg.ct.fdk, vxg.ct.fdk_operator], "vxg_ct_center_opts": [vxg.ct.find_center],
           "vxg_ct_recon_opts": [vxg.ct.recon], "vxg_solve_opts": [vxg.solve.solve, vxg.solve.Solver],
           "vxg_ct_detector_size": [vxg.ct.Geometry.from_package],
           "vxg_gradients_opts": [Gradients, Gradients.from_fsl, Gradients.from_mrtrix],
           "vxg_tensor_opts": [vxg.dwi.tensor], "vxg_odf_opts": [vxg.dwi.odf], "vxg_csd_opts": [vxg.dwi.csd],
           "vxg_peaks_opts": [vxg.dwi.peaks], "vxg_mask_opts": [vxg.dwi.head_mask],
           "vxg_recursive_opts": [vxg.dwi.response_recursive], "vxg_track_opts": [vxg.track.run],
           "vxg_seeds_opts": [vxg.track.seeds], "vxg_tract_filter_opts": [vxg.track.Writer],
           "vxg_tract_linearize_opts": [vxg.track.Tractogram.linearize],
           "vxg_tract_resample_opts": [vxg.track.Tractogram.resample],
           "vxg_tract_density_opts": [vxg.track.density]}
    for struct, functions in who.items():
        keywords = {n: o for n, o in _options.table(struct).items() if o.kind}
        assert keywords, struct
        for name in keywords:
            if name in apart.get(struct, "").split():
                continue
            for f in functions:
                assert name in signature(f), (struct, name, f)
                assert "    %s (" % name in f.__doc__, (struct, name, f)


def test_options_of_methods():
    """What a method lists is taken, and what it does not list is refused."""
    A = transform()
    b = np.ones(A.range_shape, np.float32)
    given = {"relaxation": 0.5, "bounds": "positive", "damping": 0.1, "subsets": 3, "plain": True,
             "penalty": "huber", "weight": 0.1, "bend": 0.1, "spacing": 1.0, "inner": 2, "alpha": 0.1,
             "epsilon": 0.1, "delta": 0.1, "r_max": 0.5, "alpha_red": 0.9, "beta_red": 0.9,
             "levels": [0, 1], "fixed": 0.5, "kept": 0.5, "first": 2, "segmented": True,
             "loss": "poisson", "history": 3, "step": 0.1, "beta1": 0.5, "beta2": 0.5, "eps": 1e-6}
    needed = {"dart": {"levels": [0, 1]}, "pdhg-tv": {"weight": 0.01}, "fista-tv": {"weight": 0.01}}
    for method in vxg.solve.methods():
        listed = signature(getattr(vxg.solve, method.replace("-", "_")))
        for name, value in given.items():
            options = dict(needed.get(method, {}), iterations=2)
            if name == "bend":
                options["penalty"] = "huber"
            options[name] = value
            try:
                vxg.solve.Solver(method, A, b, **options)
                taken = True
            except vxg.ArgumentError as e:
                taken = " takes no " not in str(e)
            if name in ("bend", "penalty") and "penalty" not in listed:
                continue
            assert taken == (name in listed), (method, name)


def test_own_arguments():
    """A keyword that the function sets itself is refused, not left unheard."""
    harness.refused(TypeError, "'cols'", vxg.ct.ParallelGeometry.circular, 4, 1, 16, cols=8)
    harness.refused(TypeError, "'cols'", vxg.ct.trajectory, "circular", "parallel", 4, 1, 16, cols=8)


# ---- Stubs and reference ----
def test_committed():
    """What is committed is what the tool writes."""
    import python_stubs
    old = [os.path.basename(p) for p in python_stubs.stale()]
    assert not old, "run ./dev docs: %s" % ", ".join(old)


def test_stubs_name_all():
    """Every stub is Python and names what its module does, no more."""
    import python_api
    for name, file in python_api.files().items():
        with open(os.path.join(python_api.PACKAGE, file + "i"), encoding="utf-8") as f:
            stub = ast.parse(f.read())
        with open(os.path.join(python_api.PACKAGE, file), encoding="utf-8") as f:
            source = ast.parse(f.read())
        found = set()
        for node in stub.body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                found.add(node.name)
            elif isinstance(node, ast.AnnAssign):
                found.add(node.target.id)
            elif isinstance(node, ast.ImportFrom):
                found |= {a.asname for a in node.names if a.asname}
        module = vxg if not name else getattr(vxg, name, None)
        public = getattr(module, "__all__", None) or python_api.public_names(source)
        if os.sep in file:  # a package gives what it imports from its own parts too
            public += [a.asname or a.name for n in source.body if isinstance(n, ast.ImportFrom)
                       and n.level == 1 for a in n.names if (a.asname or a.name)[0] != "_"]
        assert found - {"__version__"} == set(public), (name, found ^ set(public))
        assert all(ast.get_docstring(n) for n in stub.body if isinstance(n, ast.FunctionDef)), name


def test_docstrings():
    """Every public function, class and method says something."""
    for module in (vxg, vxg.ct, vxg.dwi, vxg.track, vxg.solve, vxg.io, vxg.checks, vxg.functions, vxg.operators):
        for name in module.__all__:
            what = getattr(module, name)
            assert (what.__doc__ or "").strip(), name
            if isinstance(what, type):
                for n, member in vars(what).items():
                    if n[0] != "_" and inspect.isfunction(member):
                        assert (member.__doc__ or "").strip(), (name, n)


# ---- Paths of one's own ----
def test_from_function():
    """The circle, written down by hand in both ways, is the library's; mistakes are named."""
    G, t = vxg.ct.Geometry, np.linspace(0, 2 * np.pi, 9, endpoint=False)
    want = vxg.ct.ConeGeometry.circular(t, 4, 6, sod=50, sdd=80, pixel=1.5).vectors

    def one(a):
        s, c = np.sin(a), np.cos(a)
        return (50 * s, -50 * c, 0), (-30 * s, 30 * c, 0), (1.5 * c, 1.5 * s, 0), (0, 0, 1.5)

    def all_of(a):
        s, c, o = np.sin(a), np.cos(a), 0 * a
        stack = lambda *p: np.stack(p, -1)  # noqa: E731
        return stack(50 * s, -50 * c, o), stack(-30 * s, 30 * c), stack(1.5 * c, 1.5 * s), (0, 0, 1.5)
    for g in (G.from_function("cone", one, t, 4, 6),
              G.from_function("cone", all_of, t, 4, 6, vectorised=True),
              G.from_function("cone", lambda i: one(t[i])[:3], 9, 4, 6),
              vxg.ct.ConeGeometry.from_function("cone", lambda a: all_of(a)[:3], t, 4, 6, vectorised=True)):
        assert np.abs(g.vectors - want).max() < 1e-13 and g.shape == (9, 4, 6)
    harness.refused(ValueError, ["view 0", "(4,)"], G.from_function, "cone", lambda a: [np.ones(4)] * 4, t, 4, 6)
    harness.refused(ValueError, "view 0", G.from_function, "cone", lambda a: one(a)[:2], t, 4, 6)
    harness.refused(ValueError, ["centre", "(2, 3)"], G.from_function, "cone",
                    lambda a: (one(a)[0], np.ones((2, 3))) + one(a)[2:], t, 4, 6)
    harness.refused(ValueError, ["source", "(5, 3)", "(9, 3)"], G.from_function, "cone",
                    lambda a: (np.ones((5, 3)),) + one(0)[1:], t, 4, 6, vectorised=True)
    harness.refused(ValueError, "views", G.from_function, "cone", one, 0, 4, 6)
    harness.refused(KeyError, "mine", G.from_function, "cone", {}.__getitem__, ["mine"], 4, 6)


# ---- Pickles ----
def test_pickle():
    """What comes back computes the same bits: operators, those made of them, arrays, kernels."""
    A, rng = transform(), np.random.default_rng(1)
    g = A.geometry
    cone = vxg.ct.ConeGeometry.circular(5, 4, 6, sod=50, sdd=80)
    operators = [A, A.T, A[::3], A[[2, 0]], 2 * A, A + A, A.T @ A, A.normal, vxg.stack(A, A), -A - A,
                 transform(model="siddon", planar=False, dtype="float64"),
                 transform(device="cpu"), vxg.ct.backprojector(g), vxg.ct.fbp_operator(g, window="hann"),
                 vxg.ct.fourier_operator(g), vxg.ct.fdk_operator(cone),
                 vxg.ct.filter_operator((3, 1, 16), vxg.ct.filter_response("ramp", 32), np.arange(3.0)),
                 vxg.ct.GeometryTransform(g).bind(1, np.zeros((12, 4, 3))),
                 vxg.FunctionOperator(np.negative, np.negative, (3,), (3,))]
    for a in operators:
        b = pickle.loads(pickle.dumps(a))
        x = rng.random(a.domain_shape).astype(a.dtype)
        assert np.array_equal(a(x), b(x)) and a.dtype == b.dtype and a.device is b.device, a
    volume = vxg.ct.Volume((2, 3, 4), (1, 2, 3), (4, 5, 6), [[0, 1, 0], [-1, 0, 0], [0, 0, 1]])
    again = pickle.loads(pickle.dumps(volume))
    assert np.array_equal(again.rotation, volume.rotation) and repr(again) == repr(volume)
    array = vxg.Device("cpu").array(np.arange(6.0).reshape(2, 3))
    assert np.array_equal(pickle.loads(pickle.dumps(array)).numpy(), array.numpy())
    kernel = vxg.Kernel("K_KERNEL2(copy, K_GLOBAL const real *, x, K_GLOBAL real *, y) { y[gx] = x[gx]; }",
                        "copy")
    x, y = np.arange(5, dtype=np.float32), np.zeros(5, np.float32)
    pickle.loads(pickle.dumps(kernel))(5, x, y)
    assert np.array_equal(x, y)


def test_pickle_refused():
    A = transform()
    b = np.ones(A.range_shape, np.float32)
    harness.refused(TypeError, "start=x", pickle.dumps, vxg.solve.Solver("sirt", A, b))
    harness.refused(TypeError, "Prepared", pickle.dumps, vxg.ct.Prepared(A.geometry))
    harness.refused(TypeError, "function", pickle.dumps, vxg.Operator(A._maker))
    harness.refused(TypeError, "anew", copy.copy, A.geometry._handle)
    harness.refused((AttributeError, pickle.PicklingError), "lambda", pickle.dumps,
                    vxg.FunctionOperator(lambda v: v, None, (3,), (3,)))


# ---- How far it is ----
def test_progress_function():
    """The same function as report=, wherever there are long calls; what it raises comes out."""
    A, told = transform(), []
    b = np.ones(A.range_shape, np.float32)

    def tell(words, done, total):
        told.append((words, done, total))
    vxg.solve.sirt(A, b, iterations=4, progress=tell)
    assert told == [("sirt", i, 4) for i in range(5)], told
    both = []
    vxg.solve.sirt(A, b, iterations=2, progress=tell, report=lambda *words: both.append(words))
    assert both == told[5:] and len(both) == 3

    def broken(words, done, total):
        raise KeyError("mine")
    harness.refused(KeyError, "mine", vxg.solve.sirt, A, b, progress=broken)
    harness.refused(TypeError, ["progress", "7"], vxg.solve.sirt, A, b, progress=7)
    del told[:]
    vxg.ct.remove_rings(np.ones((8, 3, 16), np.float32), 5, progress=tell)
    assert told == [("rows", i, 3) for i in (1, 2, 3)], told
    with tempfile.TemporaryDirectory() as folder:
        path, values = os.path.join(folder, "v.npy"), np.arange(3 << 20, dtype=np.float32).reshape(6, -1)
        for piece in (1 << 20, 1 << 30):
            before, vxg.io._PIECE = vxg.io._PIECE, piece
            try:
                del told[:]
                vxg.io.write(path, values, force=True, progress=tell)
                assert np.array_equal(np.load(path), values) and told[-1] == ("slices", 6, 6)
                assert len(told) == (6 if piece == 1 << 20 else 1), told
                del told[:]
                assert np.array_equal(vxg.io.read(path, progress=tell), values)
                assert len(told) == (6 if piece == 1 << 20 else 1), told
            finally:
                vxg.io._PIECE = before
        harness.refused(KeyError, "mine", vxg.io.write, path, values, force=True, progress=broken)
        assert np.array_equal(np.load(path), values) and os.listdir(folder) == ["v.npy"]  # nothing is left behind


_STAND_IN = """
class tqdm:
    def __init__(self, total, desc):
        self.n, self.total, self.desc = 0, total, desc
        print("open", desc, total)
    def update(self, by):
        self.n += by
    def close(self):
        print("close", self.desc, self.n, self.total)
"""
_WORK = """
import numpy as np, voxgrad as vxg
A = vxg.ct.XrayTransform(vxg.ct.ParallelGeometry.circular(12, 1, 16))
b = np.ones(A.range_shape, np.float32)
vxg.solve.sirt(A, b, iterations=5, progress=True)
vxg.solve.sirt(A, b, iterations=5, progress=False)
try:
    vxg.solve.cgls(A, b, iterations=9, progress=True, callback=lambda report, x: 1 / 0)
except ZeroDivisionError:
    print("raised")
"""


def _run(prepare, folder, tty=False):
    env = dict(os.environ, PYTHONPATH=os.pathsep.join([folder, os.environ.get("PYTHONPATH", "")]))
    text = prepare + _WORK
    if tty:
        text = "import sys\nsys.stderr.isatty = lambda: True\n" + text
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, env=env)
    done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()  # with its \r
    return done


def test_progress_bar():
    """A stand-in for tqdm is opened, moved and closed, also when the call ends by an error."""
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "tqdm.py"), "w", encoding="utf-8") as f:
            f.write(_STAND_IN)
        done = _run("", folder)
        assert done.returncode == 0 and not done.stderr, done.stderr
        assert done.stdout.split("\n") == ["open sirt 5", "close sirt 5 5", "open cgls 9",
                                           "close cgls 0 9", "raised", ""], done.stdout
        with open(os.path.join(folder, "tqdm.py"), "w", encoding="utf-8") as f:
            f.write("import no_such_module")
        done = _run("", folder)
        assert "no_such_module" in done.stderr, done.stderr  # there and broken: said


def test_progress_line():
    """Without tqdm a line on a terminal, nothing elsewhere."""
    with tempfile.TemporaryDirectory() as folder:
        hide = "import sys\nsys.modules['tqdm'] = None\n"
        done = _run(hide, folder)
        assert (done.returncode, done.stderr, done.stdout) == (0, "", "raised\n"), done
        done = _run(hide, folder, tty=True)
        assert done.stderr == "\rsirt: 0 of 5\rsirt: 5 of 5\n\rcgls: 0 of 9\n", done.stderr


def test_import_time():
    """Importing stays quick, in processor time (some 10 ms, three times that without kept code)."""
    text = "import numpy, time; t = time.process_time(); import voxgrad; print(time.process_time() - t)"
    runs = [float(subprocess.run([sys.executable, "-c", text], capture_output=True, text=True,
                                 check=True).stdout) for _ in range(5)]
    assert min(runs) < 0.1, runs


if __name__ == "__main__":
    sys.exit(harness.main("__main__", sys.argv[1:]))
