"""voxgrad.cuslines: cuslines' names and defaults, its voxel indices on known fibres, what it does wrong and this does not;
with DIPY and trx-python, where they are installed, what it gives back."""

import inspect
import math
import sys
import types
import warnings

import numpy as np

import dwi_helpers as h
import harness
import voxgrad as vxg
import voxgrad.cuslines as cuslines

SUITE = "python_cuslines_module"
SIZES = np.array([1.5, 2.0, 2.5])
SHAPE = (12, 10, 8)


def image(shape=SHAPE, affine=h.AFFINE):
    """What looks like nibabel's image of those voxels."""
    return types.SimpleNamespace(affine=affine, shape=shape, dataobj=None)


def lobes(directions, sphere, shape=SHAPE):
    """Samples of fibres along those directions everywhere."""
    values = sum(h.lobe(sphere.vertices, np.asarray(d, float)) for d in directions)
    return np.broadcast_to(values, shape + values.shape).astype(np.float32)


def tracker(dataf, sphere, dg=None, stop_map=None, threshold=0.1, **options):
    stop_map = np.ones(dataf.shape[:3]) if stop_map is None else stop_map
    return cuslines.Tracker(dg or cuslines.ProbDirectionGetter(), dataf, stop_map, threshold, sphere.vertices,
                            sphere.edges, **options)


def hemisphere(name="repulsion200"):
    """What looks like DIPY's HemiSphere."""
    s = vxg.dwi.Sphere("hemi:" + name)
    return types.SimpleNamespace(vertices=s.directions, edges=s.edges)


def near(found, want, tolerance):
    assert np.abs(np.asarray(found) - want).max() <= tolerance, (found, want)


def seeds(n=40, seed=2):
    return np.random.default_rng(seed).uniform(1, np.array(SHAPE) - 2, (n, 3))


# ---- The interface ----
def test_names():
    """Names, their order and defaults are cuslines'."""
    want = {
        cuslines.Tracker: "dg dataf stop_map stop_threshold sphere_vertices sphere_edges sphere_symm=False "
        "max_angle=%r step_size=0.5 min_pts=0 max_pts=inf relative_peak_thresh=0.25 min_separation_angle=%r ngpus=1 "
        "rng_seed=0 rng_offset=0 chunk_size=25000" % (math.radians(60), math.radians(45)),
        cuslines.Tracker.set_compression_parameters: "pos_dtype=%r linearize=False tol_error=0.1 max_segment_length=10"
        % (np.float32,),
        cuslines.Tracker.generate_sft: "seeds ref_img", cuslines.Tracker.generate_trx: "seeds ref_img",
        cuslines.BootDirectionGetter: "model_type=None min_signal=None H=None R=None delta_b=None delta_q=None "
        "sampling_matrix=None b0s_mask=None",
        cuslines.BootDirectionGetter.from_dipy_opdt: "gtab sphere sh_order_max=6 full_basis=False sh_lambda=0.006 "
        "min_signal=1",
        cuslines.BootDirectionGetter.from_dipy_csa: "gtab sphere sh_order_max=6 full_basis=False sh_lambda=0.006 "
        "min_signal=1",
        cuslines.PttDirectionGetter: "odf_lut_res=128 probe_length=0.25 target_short_step=0.025 probe_quality=8",
        cuslines.ProbDirectionGetter: ""}
    for function, words in want.items():
        parameters = [p for p in inspect.signature(function).parameters.values() if p.name != "self"
                      and p.kind == p.POSITIONAL_OR_KEYWORD]
        found = " ".join(p.name + ("" if p.default is p.empty else "=%r" % (p.default,)) for p in parameters)
        assert found == words, (function, found)
    assert cuslines.BACKEND in (None, "cuda", "opencl")
    harness.refused(AttributeError, "nix", lambda: cuslines.nix)
    s = hemisphere()
    with tracker(lobes([[1, 0, 0]], s), s, sphere_symm=True) as t:
        for name in "propagate as_generator as_array_sequence get_buffer_size".split():
            assert callable(getattr(t.seed_propagator, name))
        assert (t.dimx, t.dimy, t.dimz, t.dimt, t.nedges) == SHAPE + (100, len(s.edges))


# ---- Known fibres ----
def test_straight():
    """Along the image's axes: steps of half the smallest side in mm, in voxels of unlike sides; ends at the map's edge."""
    s = hemisphere()
    for number in (0, 40, 77):
        d = s.vertices[number]
        with tracker(lobes([d], s), s, sphere_symm=True, max_angle=math.radians(5)) as t:
            found = t.generate(seeds(5), image())
            assert len(found) == 5
            for line in found:
                steps = np.diff(line.astype(float), axis=0)
                near(np.abs(steps @ (h.AXES @ d)), 0.5 * SIZES.min(), 1e-4)
            t.seed_propagator.propagate(seeds(5))  # voxels of 1 mm, as cuslines has them
            for line in t.seed_propagator.as_generator():
                near(np.abs(np.diff(line, axis=0) @ d), 0.5, 1e-4)
            t.voxel_size = SIZES
            t.seed_propagator.propagate(seeds(5))
            there = np.concatenate(list(t.seed_propagator.as_generator())) @ h.AFFINE[:3, :3].T + h.AFFINE[:3, 3]
            near(there, found.positions, 1e-4)
            assert t.seed_propagator.nSlines == 5 and t.seed_propagator.get_buffer_size() == 1
    stop = np.zeros(SHAPE)
    stop[4:8] = 1
    x = hemisphere()
    axis = int(np.argmax(np.abs(x.vertices[:, 0])))
    with tracker(lobes([x.vertices[axis]], x), x, stop_map=stop, threshold=0.5, sphere_symm=True, step_size=0.05,
                 max_angle=math.radians(5)) as t:
        t.seed_propagator.propagate([[5.5, 4.5, 3.5]])
        line = next(t.seed_propagator.as_generator())
        near(np.sort(line[[0, -1], 0]), [3.5, 7.5], 0.06)


def test_counts():
    """min_pts, max_pts; a stochastic run is not empty; many peaks give a line each, once."""
    s, whole = hemisphere(), h.DipySphere()
    dataf = lobes([[1, 0, 0], [0, 1, 0.2]], s)
    with tracker(dataf, s, sphere_symm=True) as t:
        every = t.generate(seeds(), image())
    assert len(every) == 80  # two peaks
    low, high = int(np.quantile(every.counts, 0.3)), int(np.quantile(every.counts, 0.7))
    with tracker(dataf, s, sphere_symm=True, min_pts=low, max_pts=high) as t:
        some = t.generate(seeds(), image())
    kept = every[(every.counts >= low) & (every.counts <= high)]
    assert np.array_equal(some.positions, kept.positions) and 0 < len(some) < 80
    for flag in (False, True):  # a whole sphere: lines in both directions are one; the flag is the caller's
        with tracker(lobes([[1, 0, 0], [0, 1, 0.2]], whole), whole, sphere_symm=flag) as t:
            assert len(t.generate(seeds(), image())) == 80, flag


def test_half_spheres():
    """Pairs of opposites are looked at once, by whatever order they are given in; the edges of a half sphere say that it
    is one."""
    whole = h.DipySphere()
    order = np.random.default_rng(3).permutation(200)
    mixed = types.SimpleNamespace(vertices=whole.vertices[order], edges=np.argsort(order)[whole.edges.astype(int)])
    d = [[1, 0.3, 0.1]]
    found = []
    for s, flag in ((whole, False), (mixed, False), (hemisphere(), True), (hemisphere(), False)):
        with tracker(lobes(d, s), s, sphere_symm=flag, max_angle=math.radians(20)) as t:
            found.append(t.generate(seeds(200), image()))
    means = [f.lengths.mean() for f in found]
    assert all(len(f) == 200 for f in found) and max(means) - min(means) < 0.1 * means[0], means
    assert np.array_equal(found[2].positions, found[3].positions)
    skew = lobes(d, whole) * (whole.vertices[:, 0] > 0)  # a function that is not symmetric stays what it is
    with tracker(skew, whole, max_angle=math.radians(20)) as t:
        assert t._sphere.samples(t.dataf) is t.dataf and not t._sphere.made.symmetric
    with tracker(skew, whole, sphere_symm=True) as t:
        near(t._sphere.samples(t.dataf)[0, 0, 0], lobes(d, whole)[0, 0, 0, t._sphere._first] / 2, 1e-3)


def test_bootstrap():
    """OPDT and CSA of the measured crop: lines within the image, long enough, another draw for another seed."""
    im, g = h.small()
    s, gtab = hemisphere("repulsion724"), h.dipy_table(g)
    ref = image(im.data.shape[:3], im.affine)
    for make in (cuslines.BootDirectionGetter.from_dipy_opdt, cuslines.BootDirectionGetter.from_dipy_csa):
        dg = make(gtab, s, sh_order_max=4)
        at = np.random.default_rng(1).uniform(2, 7, (60, 3))
        runs = []
        for seed in (0, 1):
            with tracker(im.data, s, dg, rng_seed=seed) as t:
                runs.append(t.generate(at, ref))
        assert len(runs[0]) >= 40 and runs[0].counts.mean() > 8
        back = (np.linalg.inv(im.affine) @ np.c_[runs[0].positions, np.ones(len(runs[0].positions))].T)[:3]
        assert back.min() > -0.51 and back.max() < 9.51
        assert not np.array_equal(runs[0].positions, runs[1].positions)
        weighted = {}
        for w in (0.0, 1.0):
            dg.angular_weight = w
            with tracker(im.data, s, dg) as t:
                weighted[w] = t.generate(at, ref)
        assert np.array_equal(weighted[0.0].positions, runs[0].positions)
        lost = {w: t.stats["ended"]["no direction"] + t.stats["ended"]["a turn"] for w, t in weighted.items()}
        assert lost[1.0] < 0.8 * lost[0.0], lost
        dg.angular_weight = 2.0
        harness.refused(vxg.Error, "angular_weight", lambda: tracker(im.data, s, dg).generate(at, ref))  # noqa: B023
    harness.refused(ValueError, "sphere_vertices", lambda: tracker(im.data, hemisphere(), dg).generate(at, ref))


# ---- Faults of cuslines ----
def test_not_its_faults():
    """Chunks are not repeated and do not matter, generators keep what they were made of, parts of the seeds are parts of
    the result, halves that are cut off and seeds in mm are said."""
    s = hemisphere()
    dataf = lobes([[1, 0.2, 0]], s)
    at, runs = seeds(90), []
    for chunk in (30, 7, 1000):
        with tracker(dataf, s, sphere_symm=True, chunk_size=chunk, rng_seed=4) as t:
            runs.append(t.generate(at, image()))
    assert all(np.array_equal(r.positions, runs[0].positions) for r in runs)
    assert len({r.positions[a:b].tobytes() for r in runs[:1] for a, b in zip(r.offsets, r.offsets[1:])}) == 90
    parts = []
    for first in (0, 50):
        with tracker(dataf, s, sphere_symm=True, rng_seed=4, rng_offset=first) as t:
            parts.append(t.generate(at[first:first + 50], image()))
    assert np.array_equal(np.concatenate([p.positions for p in parts]), runs[0].positions)
    with tracker(dataf, s, sphere_symm=True) as t:
        t.seed_propagator.propagate(at[:3])
        first = t.seed_propagator.as_generator()
        t.seed_propagator.propagate(at[3:6])
        second = list(t.seed_propagator.as_generator())
        assert not any(np.array_equal(a, b) for a, b in zip(first, second))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        with tracker(dataf, s, sphere_symm=True, step_size=0.005, max_angle=math.radians(3)) as t:
            assert t.generate(at[:4], image()).counts.max() <= 1001
            t.generate(at[:4] + 500, image())
    words = " ".join(str(w.message) for w in told)
    assert "500 steps" in words and "4 seeds are outside" in words, words


# ---- Packages ----
def test_dipy():
    """DIPY's gradients and spheres in, its StatefulTractogram and a TrxFile out."""
    if harness.optional("dipy") is None or harness.optional("trx") is None:
        raise harness.Skip("dipy and trx-python are not installed")
    import nibabel as nib
    from dipy.core.gradients import gradient_table
    from dipy.data import default_sphere, get_sphere, small_sphere
    im, g = h.small()
    ref = nib.Nifti1Image(im.data.astype(np.int16), im.affine)
    gtab = gradient_table(g.b, bvecs=g.directions)
    at = np.random.default_rng(1).uniform(2, 7, (60, 3))
    for s in (default_sphere, small_sphere, get_sphere(name="repulsion724"), get_sphere(name="symmetric362")):
        dg = cuslines.BootDirectionGetter.from_dipy_opdt(gtab, s, sh_order_max=4)
        with cuslines.Tracker(dg, im.data, np.ones((10, 10, 10)), 0.1, s.vertices, s.edges) as t:
            own = t.generate(at, ref)
            sft, trx = t.generate_sft(at, ref), t.generate_trx(at, ref)
            assert len(sft) == len(trx) == len(own) > 30 and sft.space.value == "vox"
            sft.to_rasmm()
            near(sft.streamlines._data, own.positions, 1e-3)
            near(trx.streamlines._data, own.positions, 1e-5)
            assert np.array_equal(trx.streamlines._lengths, own.counts)
            near(trx.header["VOXEL_TO_RASMM"], im.affine, 1e-5)
            trx.close()
            t.set_compression_parameters(np.float16, True, tol_error=0.2)
            small = t.generate_trx(at, ref)
            assert small.streamlines._data.dtype == np.float16 and len(small.streamlines._data) < len(own.positions)
            near([x[0] for x in small.streamlines], [x[0] for x in own], 0.05)
            small.close()
            nothing = t.generate_trx(at[:1] + 100, ref)
            assert len(nothing) == 0


# ---- Mistakes ----
def test_wrong():
    """What is not there is refused by name, what is wrong is named."""
    s = hemisphere()
    dataf, stop = lobes([[1, 0, 0]], s), np.ones(SHAPE)
    g, dg = h.gradients(97), cuslines.ProbDirectionGetter()
    Boot = cuslines.BootDirectionGetter

    def made(**other):
        given = dict(dg=dg, dataf=dataf, stop_map=stop, stop_threshold=0.1, sphere_vertices=s.vertices,
                     sphere_edges=s.edges, sphere_symm=True)
        given.update(other)
        return cuslines.Tracker(**given)
    broken = dataf.copy()
    broken[1, 2, 3, 4] = np.inf
    cases = [
        (vxg.UnsupportedError, "from_dipy_opdt", lambda: Boot("opdt", 1, None, None, None, None, None, None)),
        (vxg.UnsupportedError, "full_basis", lambda: Boot.from_dipy_csa(h.dipy_table(g), s, full_basis=True)),
        (TypeError, "gtab", lambda: Boot.from_dipy_csa(g, s)),
        (vxg.UnsupportedError, "ngpus", lambda: made(ngpus=2)), (TypeError, "dg", lambda: made(dg=None)),
        (ValueError, ["dataf", "(12, 10, 8)"], lambda: made(dataf=stop)),
        (ValueError, ["stop_map", "(3, 3, 3)"], lambda: made(stop_map=np.ones((3, 3, 3)))),
        (ValueError, ["dataf", "100", "99"], lambda: made(sphere_vertices=s.vertices[1:], sphere_edges=s.edges[:5] * 0)),
        (vxg.UnsupportedError, "sphere_edges", lambda: made(sphere_edges=s.edges[1:])),
        (ValueError, "sphere_edges", lambda: made(sphere_edges=s.edges + 1)),
        (ValueError, "sphere_edges", lambda: made(sphere_edges=s.edges.astype(float))),
        (ValueError, "step_size", lambda: made(step_size=0)), (ValueError, "chunk_size", lambda: made(chunk_size=0)),
        (ValueError, "voxel_size", lambda: made(voxel_size=(1, 0, 1))),
        (vxg.InputError, ["values", "(1, 2, 3)"], lambda: made(dataf=broken).generate(seeds(), image())),
        (ValueError, ["ref_img", "(3, 3, 3)"], lambda: made().generate(seeds(), image((3, 3, 3)))),
        (ValueError, "seeds", lambda: made().generate(seeds()[:, :2], image())),
        (ValueError, "propagate", lambda: made().seed_propagator.as_generator()),
        (vxg.Error, "max_angle", lambda: made(max_angle=7.0).generate(seeds(), image())),
        (ValueError, "pos_dtype", lambda: made().set_compression_parameters(np.int16))]
    for kind, words, function in cases:
        try:
            harness.refused(kind, words, function)
        except AssertionError as e:
            raise AssertionError("line %d: %s" % (function.__code__.co_firstlineno, e)) from e


if __name__ == "__main__":
    sys.exit(harness.main("__main__", sys.argv[1:]))
