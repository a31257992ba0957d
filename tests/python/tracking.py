"""voxgrad.track: fibres that are known, the same bits in every way of running, files of streamlines against readers of
their own, what is refused."""

import os
import pickle
import struct
import sys
import tempfile
import threading

import numpy as np

import dwi_helpers as h
import harness
import voxgrad as vxg

SUITE = "python_tracking"
track, dwi = vxg.track, vxg.dwi


def near(found, want, tolerance):
    found, want = np.asarray(found, float), np.asarray(want, float)
    assert found.shape == want.shape and (not found.size or np.abs(found - want).max() <= tolerance), (found, want)


def straight(direction, shape=(12, 10, 8), dtype=np.float32):
    """Harmonics of one fibre everywhere."""
    return np.broadcast_to(h.lobe_sh(direction), shape + (45,)).astype(dtype)


def curved(shape=(16, 14, 10), dtype=np.float32):
    """Fibres that turn around the middle."""
    i, j, _ = np.meshgrid(*map(np.arange, shape), indexing="ij")
    mm = (np.stack([i, j, 0 * i], -1) - (np.array(shape) - 1) / 2) @ (h.AFFINE[:3, :3]).T
    along = np.cross(h.AXES[:, 2], mm)
    along /= np.maximum(np.linalg.norm(along, axis=-1), 1e-6)[..., None]
    u = dwi.Sphere("repulsion724").directions
    values = np.exp(12 * ((along.reshape(-1, 3) @ u.T) ** 2 - 1))
    sh = values @ np.linalg.pinv(dwi.sh_matrix(8, u)).T
    return sh.reshape(shape + (45,)).astype(dtype)


def seeds(n, shape=(16, 14, 10), seed=0):
    ijk = np.random.default_rng(seed).uniform(0, np.array(shape) - 1, (n, 3))
    return ijk @ h.AFFINE[:3, :3].T + h.AFFINE[:3, 3]


# ---- Known fibres ----
def test_straight():
    """Steps of the given length along the nearest direction of the set, to the image's border, in voxels of unlike sides
    and turned axes."""
    for number in (3, 100, 250):
        v = dwi.Sphere().directions[number]
        for dtype, tolerance in ((np.float32, 2e-4), (np.float64, 1e-9)):
            field = track.Field.harmonics(straight(v, dtype=dtype), h.AFFINE)
            found = track.run(field, field.to_mm([[5.5, 4.5, 3.5]]), getter="deterministic", step=0.25)
            p = found[0].astype(float)
            assert len(found) == 1 and p.dtype == float and found.positions.dtype == dtype
            steps = np.diff(p, axis=0)
            near(np.abs(steps @ v), np.full(len(steps), 0.25), tolerance)
            near(np.linalg.norm(steps, axis=1), np.full(len(steps), 0.25), tolerance)
            near(found.lengths, [0.25 * len(steps)], tolerance * len(steps))
            back = (np.linalg.inv(h.AFFINE) @ np.c_[p, np.ones(len(p))].T)[:3].T
            assert (back > -0.5 - 1e-4).all() and (back < np.array([11.5, 9.5, 7.5]) + 1e-4).all()
            grown = np.array([back[0] + back[0] - back[1], back[-1] + back[-1] - back[-2]])
            assert ((grown < -0.5) | (grown > [11.5, 9.5, 7.5])).any(axis=1).all()  # one step more is outside
            ended = found.stats["ended"]
            assert ended.pop("outside") == 2 and not any(ended.values()) and len(ended) == 5, ended
            assert found.stats["points"] == len(p) and abs(found.stats["length"] - found.lengths[0]) < 1e-3


def test_circles():
    """Circles stay circles: the radius is kept to a part of a step."""
    field = track.Field.harmonics(curved(), h.AFFINE)
    middle = field.to_mm([[7.5, 6.5, 4.5]])[0]
    begin = field.to_mm([[7.5 + 3, 6.5, 4.5], [7.5, 6.5 + 3, 4.5]])
    found = track.run(field, begin, getter="deterministic", step=0.2, max_length=8)
    for line, start in zip(found, begin):
        flat = (line - middle) - np.outer((line - middle) @ h.AXES[:, 2], h.AXES[:, 2])
        radius = np.linalg.norm(start - middle)
        assert np.abs(np.linalg.norm(flat, axis=1) - radius).max() < 0.45, radius
    assert (np.linalg.norm(found.ends[:, 1] - found.ends[:, 0], axis=1) < 0.9 * found.lengths).all()


def test_maps():
    """A streamline goes on where the map is above the threshold: half a way between voxels."""
    v = h.AXES[:, 0]
    sh, mask = straight(v), np.zeros((12, 10, 8), bool)
    mask[4:8] = True
    field = track.Field.harmonics(sh, h.AFFINE, map=mask)
    for shown, given, edge in ((field, {}, 0.5), (track.Field.harmonics(sh, h.AFFINE, map=mask.astype(np.uint8)),
                                                  {"threshold": 0.25}, 0.75)):
        line = track.run(shown, shown.to_mm([[5.5, 4.5, 3.5]]), getter="deterministic", step=0.05, **given)[0]
        x = np.sort((np.linalg.inv(h.AFFINE) @ np.r_[np.c_[line[[0, -1]], [1, 1]]].T)[0])
        near(x, [4 - edge, 7 + edge], 0.06)
    out = track.run(field, field.to_mm([[1, 4.5, 3.5], [5, 5, 5], [50, 5, 5]]), rules="own")
    assert len(out) == 1 and out.stats["outside"] == 1 and out.stats["seeds"] == 3


def test_fields_agree():
    """Harmonics, and their samples on the sphere, lead the same way."""
    sh, s = curved(dtype=np.float64), dwi.Sphere("hemi:repulsion200")
    samples = sh @ dwi.sh_matrix(8, s.directions).T
    fields = [track.Field.harmonics(sh, h.AFFINE, sphere=s), track.Field.samples(samples, s, h.AFFINE),
              track.Field.harmonics(dwi.sh_convert(sh, "descoteaux07"), h.AFFINE, basis="descoteaux07", sphere=s)]
    for getter in ("deterministic", "probabilistic"):
        found = [track.run(f, seeds(60), getter=getter, step=0.4, seed=11) for f in fields]
        for other in found[1:]:
            same = [a.shape == b.shape and np.abs(a - b).max() < 1e-6 for a, b in zip(found[0], other)]
            assert sum(same) >= 58, sum(same)  # an order of sums may turn a draw over


def test_samples_alone():
    """What another run has left in a walker's memory counts nowhere: fewer directions behind more, smaller values behind
    larger ones."""
    found = []
    for names in (["repulsion100"], ["repulsion724", "repulsion100"]) * 3:
        for name in names:
            s = dwi.Sphere("hemi:" + name)
            high = 1e6 if name == "repulsion724" else 1
            values = np.broadcast_to(high * (1 + h.lobe(s.directions, np.array([1, 0.2, 0]))), (12, 10, 8, len(s)))
            field = track.Field.samples(values.astype(np.float32), s, h.AFFINE)
            last = track.run(field, seeds(200, (12, 10, 8)), step=0.5, max_angle=40)
        found.append(last)
    assert all(np.array_equal(f.positions, found[0].positions) for f in found), [len(f.positions) for f in found]


def circles(shape=(24, 24, 6), affine=np.diag([1.0, 1.2, 1.5, 1.0])):
    """(unit vectors along circles about the middle, affine, the middle in mm)."""
    middle = ((np.array(shape) - 1) / 2) * np.diag(affine)[:3]
    ijk = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1)
    mm = ijk * np.diag(affine)[:3] - middle
    along = np.cross([0, 0, 1.0], mm)
    return along / np.linalg.norm(along, axis=-1)[..., None], affine, middle


def test_followers():
    """Vectors, tensors and peaks of harmonics along circles: radii stay, better with Runge-Kutta's steps."""
    along, affine, middle = circles()
    d = 1e-3 * (0.2 * np.eye(3) + 1.5 * along[..., :, None] * along[..., None, :])
    tensors = d[..., (0, 1, 2, 0, 0, 1), (0, 1, 2, 1, 2, 2)]
    u = dwi.Sphere("repulsion724").directions
    sh = (np.exp(12 * ((along.reshape(-1, 3) @ u.T) ** 2 - 1)) @ np.linalg.pinv(dwi.sh_matrix(8, u)).T).reshape(
        along.shape[:3] + (45,))
    two = np.stack([np.broadcast_to([0.0, 0, 0.5], along.shape), along], -2)
    two *= np.random.default_rng(0).choice([-1.0, 1.0], two.shape[:-1])[..., None]  # signs mean nothing
    start = middle + [[7.0, 0.3, 0.1], [0.5, -8.2, 0.4]]
    g = h.gradients(20)
    series = 100 * np.exp(-g.b * np.einsum("vi,...ij,vj->...v", g.directions, d, g.directions))
    for kind, field in (("vectors", track.Field.vectors(two, affine)), ("one", track.Field.vectors(along, affine)),
                        ("flat", track.Field.vectors(two.reshape(two.shape[:3] + (6,)), affine)),
                        ("tensors", track.Field.tensors(tensors, affine)), ("peak", track.Field.harmonics(sh, affine)),
                        ("series", track.Field.series(series, g, affine))):
        off = {}
        for integrator in ("euler", "rk4"):
            getter = {"peak": "peak", "series": "tensor"}.get(kind)
            found = track.run(field, start, getter=getter, step=0.5, max_length=25, integrator=integrator, cutoff=-1)
            assert len(found) == 2 and found.counts.min() > 60, (kind, found.counts)
            radius = [np.linalg.norm((x - middle)[:, :2], axis=1) for x in found]
            off[integrator] = max(np.abs(r - np.linalg.norm((s - middle)[:2])).max() for r, s in zip(radius, start))
            near(np.concatenate([x[:, 2] - s[2] for x, s in zip(found, start)]), np.zeros(len(found.positions)), 0.02)
        assert off["rk4"] < 0.1 < off["euler"] < 2, (kind, off)
    F = track.Field
    harness.refused(ValueError, ["tensors", "6"], F.tensors, tensors[..., :5], affine)
    harness.refused(ValueError, ["vectors", "4"], F.vectors, sh[..., :4], affine)
    harness.refused(ValueError, ["getter", "vectors"], track.run, F.vectors(along, affine), start, getter="tensor")
    harness.refused(vxg.Error, "integrator", track.run, F.harmonics(sh, affine), start, integrator="rk4")


def test_bootstrap():
    """Of the measured crop: first steps lie along peaks of the set, from the voxel's own peak; without residuals all go
    one way."""
    image, g = h.small()
    field = track.Field.series(image, g, min_signal=1)
    at = field.to_mm([[5, 5, 5]] * 300)
    look = {"relative_peak_threshold": 0.25, "min_separation": 45}
    found = track.run(field, at, rules="dipy", step=0.2, max_length=0.2, seed=3, **look)
    assert len(found) == 300 and found.positions.dtype == np.float64
    u = dwi.Sphere().directions
    kinds = set()
    for line in found:
        for step in np.diff(line, axis=0):
            step = step / np.linalg.norm(step)
            kinds.add(int(np.argmax(np.abs(u @ step))))
            assert np.abs(u @ step).max() > 1 - 1e-9  # steps are along directions of the set
    assert 5 < len(kinds) < 60 and 339 in kinds, kinds
    b = dwi.sh_matrix(4, g.directions[1:])
    smooth = np.array(image.data)
    smooth[..., 1:] = np.tile((b @ np.linalg.lstsq(b, smooth[5, 5, 5, 1:], rcond=None)[0]), (10, 10, 10, 1))
    smooth[..., 0] = smooth[5, 5, 5, 0]
    for kind in ("opdt", "csa"):
        field = track.Field.series(smooth, g, image, kind=kind, min_signal=1)
        found = track.run(field, at[:20], step=0.5)
        assert all(np.array_equal(line, found[0]) for line in found) and len(found[0]) > 5


def test_regions():
    """Streamlines end before a region, are left out for one, or for not coming to others; each for itself and together."""
    sh = straight(h.AXES[:, 0])
    masks = [np.zeros((12, 10, 8), bool) for _ in range(4)]
    masks[0][9:] = True
    masks[1][:, 6:] = True
    masks[2][:, :, :5] = True
    masks[3][2] = True
    index = np.array([[5.5, j, k] for j in range(1, 9) for k in range(1, 7)], float)

    def run(**regions):
        f = track.Field.harmonics(sh, h.AFFINE, **regions)
        found = track.run(f, f.to_mm(index), getter="deterministic", step=0.2)
        back = [(np.linalg.inv(h.AFFINE) @ np.c_[line, np.ones(len(line))].T)[:3].T for line in found]
        return found.stats, np.array([b[len(b) // 2] for b in back]).reshape(-1, 3), back
    stats, _, back = run(stop=masks[0])
    assert stats["ended"]["a region"] == 48 and max(b[:, 0].max() for b in back) < 8.5 and stats["streamlines"] == 48
    stats, middle, _ = run(exclude=masks[1])
    low = index[:, 1] < 5.5
    assert stats["region_ones"] == (~low).sum() and len(middle) == low.sum() and middle[:, 1].max() < 5.5
    stats, middle, _ = run(include=masks[2])
    deep = index[:, 2] < 4.5
    assert stats["region_ones"] == (~deep).sum() and middle[:, 2].max() < 4.6
    stats, middle, _ = run(include=[masks[3], vxg.io.Image(masks[2], h.AFFINE, {})], exclude=masks[1].astype(int))
    assert len(middle) == (low & deep).sum()
    stats, middle, _ = run(include=[masks[3], masks[0]], stop=masks[0])
    assert not len(middle) and stats["region_ones"] == 48  # it ends before it comes there
    F = track.Field.harmonics
    harness.refused(ValueError, ["stop", "(12, 10, 8)"], F, sh, h.AFFINE, stop=masks[0][1:])
    harness.refused(ValueError, ["include", "17"], F, sh, h.AFFINE, include=[masks[0]] * 17)
    harness.refused(ValueError, ["include 1", "affine"], F, vxg.io.Image(sh, h.AFFINE, {}),
                    include=[masks[0], vxg.io.Image(masks[2], np.eye(4), {})])


def test_seeds():
    """Where seeds lie, how many there are, parts of them; each depends on its number alone."""
    mask = np.zeros((5, 4, 3), np.uint8)
    mask[1:4, 2, 1], mask[0, 0, 0] = 1, 2
    inverse = np.linalg.inv(h.AFFINE)

    def voxels(p):
        return (inverse @ np.c_[p, np.ones(len(p))].T)[:3].T
    random = track.seeds(mask, h.AFFINE, number=4000, seed=3)
    at = voxels(random)
    near(np.abs(at - np.rint(at)).max(axis=0), np.full(3, 0.5), 0.01)
    found, counts = np.unique(np.rint(at).astype(int), axis=0, return_counts=True)
    assert np.array_equal(found, np.argwhere(mask)) and counts.min() > 850, counts
    each = voxels(track.seeds(mask, h.AFFINE, kind="per-voxel", number=3))
    order = np.argwhere(mask.T)[:, ::-1]
    assert np.array_equal(np.rint(each), np.repeat(order, 3, 0))
    grid = voxels(track.seeds(vxg.io.Image(mask, h.AFFINE, {}), kind="grid", number=2))
    near(np.sort(np.abs(grid - np.repeat(order, 8, 0)), axis=0), np.full((32, 3), 0.25), 1e-9)
    assert len(np.unique(grid.round(6), axis=0)) == 32
    parts = [track.seeds(mask, h.AFFINE, number=4000, seed=3, first=f, count=1500) for f in (0, 1500, 3000)]
    assert [len(p) for p in parts] == [1500, 1500, 1000] and np.array_equal(np.concatenate(parts), random)
    assert not np.array_equal(track.seeds(mask, h.AFFINE, number=4000, seed=4), random)
    assert len(track.seeds(mask, h.AFFINE)) == 1
    assert np.array_equal(track.seeds(mask[..., None] > 0, h.AFFINE, number=9), track.seeds(mask, h.AFFINE, number=9))
    for kind, words, given, options in (
            (vxg.InputError, "empty", (mask * 0, h.AFFINE), {}), (ValueError, "mask", (mask[0], h.AFFINE), {}),
            (ValueError, "affine", (mask,), {}), (vxg.Error, "number", (mask, h.AFFINE), {"number": -1}),
            (TypeError, ["nummer", "number"], (mask, h.AFFINE), {"nummer": 1}),
            (ValueError, "count", (mask, h.AFFINE), {"count": -1}),
            (vxg.InputError, "finite", (np.where(mask, np.nan, 1.0), h.AFFINE), {})):
        harness.refused(kind, words, lambda: track.seeds(*given, **options))  # noqa: B023


def test_weights_and_halves():
    """angular_weight prefers going on, 0 is none; half precision is near, and of float32 alone."""
    field, at = track.Field.harmonics(curved(), h.AFFINE), seeds(300)
    plain = track.run(field, at, max_angle=60, seed=2)

    def turns(t):
        unit = [np.diff(x, axis=0) for x in t if len(x) > 2]
        return np.concatenate([(u[1:] * u[:-1]).sum(1) / (u[0] ** 2).sum() for u in unit]).mean()
    assert np.array_equal(track.run(field, at, max_angle=60, seed=2, angular_weight=0).positions, plain.positions)
    assert turns(track.run(field, at, max_angle=60, seed=2, angular_weight=1.0)) > turns(plain) + 0.005
    halved = track.run(field, at[:50], getter="deterministic", step=0.5, half=True)
    whole = track.run(field, at[:50], getter="deterministic", step=0.5)
    same = [a.shape == b.shape and np.abs(a - b).max() < 1e-4 for a, b in zip(halved, whole)]
    assert np.mean(same) > 0.7, np.mean(same)
    double = track.Field.harmonics(curved(dtype=np.float64), h.AFFINE)
    harness.refused(vxg.Error, "half", track.run, double, at, half=True)


# ---- The same in every way ----
def test_repeatable():
    """Blocks, parts, threads, files and callbacks change no bit; another seed does."""
    field = track.Field.harmonics(curved(), h.AFFINE, map=np.ones((16, 14, 10)))
    at, options = seeds(150), {"step": 0.5, "seed": 9, "max_angle": 40}
    want = track.run(field, at, **options)
    assert len(want) > 100
    for block in (7, 64):
        assert np.array_equal(track.run(field, at, block=block, **options).positions, want.positions)
    two = [track.run(field, at[a:b], first=a, **options) for a, b in ((0, 70), (70, 150))]
    assert np.array_equal(np.concatenate([t.positions for t in two]), want.positions)
    before = vxg.threads()
    try:
        vxg.set_threads(1)
        assert np.array_equal(track.run(field, at, **options).positions, want.positions)
    finally:
        vxg.set_threads(before)
    parts = []
    stats = track.run(field, at, block=32, out=parts.append, **options)
    assert len(parts) == 5 and np.array_equal(np.concatenate([t.positions for t in parts]), want.positions)
    assert stats == want.stats and sum(len(t) for t in parts) == stats["streamlines"]
    assert not np.array_equal(track.run(field, at, **dict(options, seed=10)).positions, want.positions)
    found = []
    threads = [threading.Thread(target=lambda: found.append(track.run(field, at, **options))) for _ in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert all(np.array_equal(t.positions, want.positions) for t in found) and len(found) == 2
    with tempfile.TemporaryDirectory() as folder:
        for ending in ("trx", "tck", "trk"):
            path = os.path.join(folder, "a." + ending)
            assert track.run(field, at, out=path, **options) == want.stats
            near(track.read(path).positions, want.positions, 0 if ending != "trk" else 2e-5)
            harness.refused(vxg.OutputError, "force", track.run, field, at, out=path, **options)
            with track.Writer(path, field.affine, field.grid, force=True) as w:
                for part in (at[:70], at[70:]):
                    track.run(field, part, out=w, first=0 if len(part) == 70 else 70, **options)
            near(track.read(path).positions, want.positions, 0 if ending != "trk" else 2e-5)


def test_devices():
    """Fields on other devices: nearly all streamlines are the cpu's to a step."""
    others = [d for d in vxg.devices() if not d.is_host]
    if not others:
        raise harness.Skip("no other device")
    at, options = seeds(100), {"step": 0.5, "seed": 9}
    want = track.run(track.Field.harmonics(curved(), h.AFFINE), at, **options)
    for d in others[:2]:
        mask = np.ones((16, 14, 10), bool)
        field = track.Field.harmonics(curved(), h.AFFINE, map=mask, stop=~mask, device=d)
        found = track.run(field, at, **options)
        same = [a.shape == b.shape and np.abs(a - b).max() < 0.5 for a, b in zip(found, want)]
        assert len(found) == len(want) and np.mean(same) > 0.95, (d, np.mean(same))


def test_callbacks():
    """What callbacks raise comes out, nothing of a file is left; progress is told; Ctrl-C on the main thread."""
    field, at = track.Field.harmonics(curved(), h.AFFINE), seeds(200)

    def broken(*_):
        raise KeyError("mine")
    harness.refused(KeyError, "mine", track.run, field, at, out=broken)
    told = []
    track.run(field, at, block=50, progress=lambda *words: told.append(words))
    assert told[0] == ("tracking", 0, 200) and told[-1] == ("tracking", 200, 200), told
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a.trx")
        harness.refused(KeyError, "mine", track.run, field, at, out=path, progress=broken)
        assert os.listdir(folder) == []
        import signal
        many = np.tile(at, (5000, 1))
        before = signal.signal(signal.SIGALRM, lambda *_: broken())
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            harness.refused(KeyError, "mine", track.run, field, many, out=path, step=0.02, max_angle=60)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        assert os.listdir(folder) == []


# ---- Streamlines in memory ----
def lines(seed=3, n=12):
    rng = np.random.default_rng(seed)
    return [rng.uniform(-20, 20, (c, 3)).astype(np.float32) for c in rng.integers(1, 9, n)]


def test_tractogram():
    given = lines()
    given[4] = given[4][:0]
    t = track.Tractogram.of(given, h.AFFINE, (4, 5, 6), line_data={"w": np.arange(12.0)},
                            point_data={"p": np.arange(sum(map(len, given)))}, groups={"g": [1, 3]})
    assert len(t) == 12 and [len(x) for x in t] == list(t.counts) == list(map(len, given))
    assert all(np.array_equal(a, b) for a, b in zip(t, given)) and np.array_equal(t[-1], given[-1])
    want = [np.linalg.norm(np.diff(x, axis=0), axis=1).sum() for x in given]
    near(t.lengths, want, 1e-4)
    for which in ([3, 0, 4, 3], slice(2, None, 4), np.arange(12) % 2 == 0):
        some = t[which]
        index = np.arange(12)[which]
        assert all(np.array_equal(a, given[i]) for a, i in zip(some, index)) and len(some) == len(index)
        assert np.array_equal(some.line_data["w"], index) and some.grid == (4, 5, 6)
        points = np.concatenate([np.arange(a, b) for a, b in zip(t.offsets[:-1][index], t.offsets[1:][index])])
        assert np.array_equal(some.point_data["p"], points)
    assert np.array_equal(t.ends[3], given[3][[0, -1]]) and np.isnan(t.ends[4]).all()
    again = pickle.loads(pickle.dumps(t))
    assert np.array_equal(again.positions, t.positions) and list(again.groups["g"]) == [1, 3]
    empty = track.Tractogram.of([])
    assert len(empty) == 0 and len(empty.lengths) == 0 and list(empty) == []
    nib = harness.optional("nibabel")
    if nib:
        full = t[t.counts > 0]
        other = full.to_nibabel()
        assert all(np.array_equal(a, b) for a, b in zip(other.streamlines, full))
        assert np.array_equal(other[2].data_for_streamline["w"], full.line_data["w"][2:3])
        assert all(np.array_equal(a, b) for a, b in zip(track.Tractogram.of(other), full))


def test_linearize():
    """Points that go lie within the tolerance of the segment that stands for them; data of points go with theirs."""
    t = track.run(track.Field.harmonics(curved(), h.AFFINE), seeds(40), step=0.3, max_angle=40)
    t.point_data["number"] = np.arange(len(t.positions))
    t.groups["g"] = np.arange(3, dtype=np.uint32)
    for tolerance in (0.02, 0.3):
        found = t.linearize(tolerance=tolerance, max_segment=4)
        kept = found.point_data["number"]
        assert len(found) == len(t) and np.array_equal(t.positions[kept], found.positions) and len(found.groups["g"]) == 3
        share = len(found.positions) / len(t.positions)
        assert np.array_equal(found.ends, t.ends) and share < (0.99 if tolerance < 0.1 else 0.7), share
        for n in range(len(t)):
            p, k = t[n].astype(float), kept[found.offsets[n]:found.offsets[n + 1]] - t.offsets[n]
            for first, last in zip(k[:-1], k[1:]):
                a, u = p[first], p[last] - p[first]
                size = np.linalg.norm(u)
                along = np.clip((p[first:last + 1] - a) @ u / size ** 2, 0, 1)
                off = np.linalg.norm(p[first:last + 1] - a - along[:, None] * u, axis=1).max()
                assert off <= tolerance * 1.001 + 1e-5 and size <= 4.001
    assert len(track.Tractogram.of([]).linearize()) == 0
    harness.refused(vxg.Error, "tolerance", t.linearize, tolerance=-1)


def test_resample():
    """So many points, or so far apart, evenly along the line; DIPY's set_number_of_points in NumPy."""
    t = track.run(track.Field.harmonics(curved(), h.AFFINE), seeds(30), step=0.3, max_angle=40)
    t = t[t.counts > 1]
    t.line_data["n"], t.point_data["p"] = np.arange(len(t)), np.arange(len(t.positions))
    found = t.resample(points=7)
    assert (found.counts == 7).all() and np.array_equal(found.line_data["n"], t.line_data["n"]) and not found.point_data
    for a, b in zip(found, t):
        along = np.r_[0, np.cumsum(np.linalg.norm(np.diff(b.astype(float), axis=0), axis=1))]
        want = np.stack([np.interp(np.linspace(0, along[-1], 7), along, b[:, k]) for k in range(3)], 1)
        near(a, want, 2e-5)
    near(t.resample(step=1.0).counts, np.maximum(np.rint(t.lengths), 1) + 1, 0)
    assert len(track.Tractogram.of([]).resample(points=3)) == 0
    harness.refused(vxg.Error, "", t.resample)
    harness.refused(vxg.Error, "", t.resample, points=3, step=1.0)
    harness.refused(vxg.Error, "points", t.resample, points=1)


def test_density():
    """Streamlines in each voxel, counted in NumPy by their points; from memory and from a file; directions."""
    t = track.run(track.Field.harmonics(curved(), h.AFFINE), seeds(60), step=0.3, max_angle=40)
    want = np.zeros((16, 14, 10), int)
    for line in t:
        ijk = np.rint((line - h.AFFINE[:3, 3]) @ np.linalg.inv(h.AFFINE[:3, :3]).T).astype(int)
        for voxel in {tuple(v) for v in ijk}:
            want[voxel] += 1
    found = track.density(t, by="points", color=True)
    assert found.counts.shape == (16, 14, 10) and (found.counts != want).mean() < 0.002  # points on a face
    assert found.stats["streamlines"] == len(t) and found.stats["points"] == len(t.positions)
    size = np.linalg.norm(found.colors, axis=-1)
    assert found.colors.min() >= 0 and (size <= found.counts * 1.001).all() and (size[want > 0] > 0).mean() > 0.99
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a.trx")
        t.save(path)
        assert np.array_equal(track.density(path).counts, track.density(t).counts)
        t.save(os.path.join(folder, "a.tck"))
        there = track.density(os.path.join(folder, "a.tck"), vxg.io.Image(want, h.AFFINE, {}))
        assert np.array_equal(there.counts, track.density(t).counts) and there.colors is None
        harness.refused(ValueError, "grid", track.density, os.path.join(folder, "a.tck"))
    assert (track.density(t).counts >= found.counts).all()  # by segments
    half = track.density(t, h.AFFINE, (8, 14, 10))
    assert half.counts.shape == (8, 14, 10) and half.stats["outside"] > 0
    harness.refused(ValueError, ["by", "nix"], track.density, t, by="nix")


# ---- Files ----
def test_written():
    """Files that are read here by their bytes: the numbers that TrackVis and MRtrix define."""
    given = [x for x in lines() if len(x)]
    t = track.Tractogram.of(given, h.AFFINE, (11, 12, 13))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a.trk")
        t.save(path)
        with open(path, "rb") as f:
            raw = f.read()
        assert raw[:5] == b"TRACK" and struct.unpack("<3h", raw[6:12]) == (11, 12, 13)
        near(struct.unpack("<3f", raw[12:24]), (1.5, 2.0, 2.5), 1e-6)
        near(np.frombuffer(raw, "<f4", 16, 440).reshape(4, 4), h.AFFINE, 1e-5)
        count, version, size = struct.unpack("<3i", raw[988:1000])
        assert (count, version, size) == (len(given), 2, 1000)
        letters = raw[948:951].decode()
        for k, letter in enumerate(letters):  # axis k runs towards it most
            towards = {"R": (0, 1), "L": (0, -1), "A": (1, 1), "P": (1, -1), "S": (2, 1), "I": (2, -1)}[letter]
            assert np.argmax(np.abs(h.AXES[:, k])) == towards[0] and h.AXES[towards[0], k] * towards[1] > 0
        at = 1000
        for x in given:
            assert struct.unpack("<i", raw[at:at + 4])[0] == len(x)
            corner = np.frombuffer(raw, "<f4", 3 * len(x), at + 4).reshape(-1, 3)
            near((corner / [1.5, 2.0, 2.5] - 0.5) @ h.AFFINE[:3, :3].T + h.AFFINE[:3, 3], x, 1e-5)
            at += 4 + 12 * len(x)
        assert at == len(raw)
        path = os.path.join(folder, "a.tck")
        t.save(path)
        with open(path, "rb") as f:
            raw = f.read()
        begin = int(raw[raw.index(b"file: . ") + 8:].split(b"\n")[0])
        p = np.frombuffer(raw, "<f4", offset=begin).reshape(-1, 3)
        assert b"Float32LE" in raw[:begin] and np.isinf(p[-1]).all()
        ends = np.flatnonzero(np.isnan(p).all(axis=1))
        assert len(ends) == len(given)
        for x, first, last in zip(given, np.r_[0, ends[:-1] + 1], ends):
            near(p[first:last], x, 0)


def test_files():
    """Positions, data, groups and attributes of every format come back."""
    given = lines()
    for ending, dtype in (("trk", "f4"), ("tck", "f4"), ("tck", "f8"), ("trx", "f2"), ("trx", "f4"), ("trx", "f8")):
        data = {} if ending == "tck" else {
            "point_data": {"fa": np.random.default_rng(1).random(sum(map(len, given)), np.float32),
                           "rgb": np.arange(3.0 * sum(map(len, given)), dtype=np.float32).reshape(-1, 3)},
            "line_data": {"weight": np.arange(12, dtype=np.float32)}}
        if ending == "trx":
            data.update(groups={"left": [1, 5], "none": np.zeros(12, bool)},
                        line_data={"n": np.arange(12, dtype=np.uint16), "w": np.arange(12.0)})
        t = track.Tractogram.of(given, h.AFFINE, (11, 12, 13), **data)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a." + ending)
            t.save(path, dtype=dtype, folder=ending == "trx" and dtype == "f4")
            for kind in (np.float32, np.float64):
                back = track.read(path, dtype=kind)
                assert back.positions.dtype == kind and np.array_equal(back.offsets, t.offsets)
                near(back.positions, t.positions, 2e-2 if dtype == "f2" else 1e-5)
                for a, b in ((back.point_data, t.point_data), (back.line_data, t.line_data), (back.groups, t.groups)):
                    assert set(a) == set(b) and all(np.array_equal(a[n], b[n]) and (
                        a[n].dtype == b[n].dtype) for n in a), (ending, a, b)
                if ending == "trx":
                    assert list(back.groups["left"]) == [1, 5] and back.groups["none"].size == 0
                if ending != "tck":
                    near(back.affine, h.AFFINE, 1e-5)
                    assert back.grid == (11, 12, 13)
            with track.Reader(path, batch=5) as r:
                parts = list(r)
                assert [len(p) for p in parts] == [5, 5, 2] and r.format == ending and r.stored == dtype
                assert np.array_equal(np.concatenate([p.positions for p in parts]), track.read(path).positions)
            harness.refused(ValueError, "closed", next, iter(r))


def test_filters():
    """A Writer that leaves points or streamlines out as they come; parts of a file to another one, with its columns."""
    t = track.run(track.Field.harmonics(curved(), h.AFFINE), seeds(80), step=0.3, max_angle=40)
    t.line_data["n"] = np.arange(len(t), dtype=np.float32)
    with tempfile.TemporaryDirectory() as folder:
        path, other = os.path.join(folder, "a.trk"), os.path.join(folder, "b.trx")
        low, high = np.quantile(t.lengths, [0.3, 0.8])
        with track.Writer(path, t.affine, t.grid, line_columns={"n": (1, np.float32)}, linearize=True, tolerance=0.2,
                          min_length=low, max_length=high) as w:
            for part in (t[:30], t[30:]):
                w.write(part)
        found = track.read(path)
        want = t[(t.lengths >= low) & (t.lengths <= high)]
        assert np.array_equal(found.line_data["n"], want.line_data["n"])
        near(found.ends, want.ends, 1e-4)
        assert len(found.positions) < 0.7 * len(want.positions)
        with track.Reader(path, batch=7) as r, track.Writer(
                other, r.affine, r.grid, point_columns=r.point_columns, line_columns=r.line_columns) as w:
            for batch in r:
                w.write(batch)
        again = track.read(other)
        near(again.positions, found.positions, 1e-6)
        assert np.array_equal(again.line_data["n"], found.line_data["n"])
        with track.Writer(path, t.affine, t.grid, force=True, linearize=True) as w:
            stats = track.run(track.Field.harmonics(curved(), h.AFFINE), seeds(80), out=w, step=0.3, max_angle=40)
        assert stats["points"] == len(t.positions) > 1.2 * len(track.read(path).positions)
        harness.refused(ValueError, "groups", track.Writer, other, t.affine, t.grid, force=True, groups={"g": [1]},
                        min_length=3)
        harness.refused(vxg.Error, "tolerance", track.Writer, path, t.affine, t.grid, force=True, linearize=True,
                        tolerance=-1)
        assert sorted(os.listdir(folder)) == ["a.trk", "b.trx"]


def test_peers():
    """nibabel reads what is written, and what it writes is read."""
    nib = harness.optional("nibabel")
    if nib is None:
        raise harness.Skip("nibabel is not installed")
    given = lines()
    with tempfile.TemporaryDirectory() as folder:
        for flips in ((1, 1, 1), (-1, 1, 1), (1, -1, -1)):
            affine = h.AFFINE @ np.diag(flips + (1,))
            t = track.Tractogram.of(given, affine, (11, 12, 13))
            for ending in ("trk", "tck"):
                path = os.path.join(folder, "a." + ending)
                t.save(path, force=True)
                theirs = nib.streamlines.load(path)
                near(theirs.streamlines._data, t.positions, 1e-4)
                if ending == "trk":
                    near(theirs.affine, affine, 1e-4)
                header = {"voxel_to_rasmm": affine, "dimensions": (11, 12, 13), "voxel_sizes": (1.5, 2.0, 2.5),
                          "voxel_order": "".join(nib.aff2axcodes(affine))}
                nib.streamlines.save(t.to_nibabel(), path, **({"header": header} if ending == "trk" else {}))
                near(track.read(path).positions, t.positions, 1e-4)


def test_measured():
    """Tractograms of other programs: as nibabel reads them, where that is installed; round and round."""
    nib = harness.optional("nibabel")
    for name in ("dipy_tracks300.trk", "mrtrix_tracks.tck", "nibabel_complex.trk", "nibabel_standard.LPS.trk",
                 "nibabel_simple.tck", "nibabel_empty.trk", "trx_small.trx"):
        path = h.data("tractograms", name)
        found = track.read(path)
        with track.Reader(path) as r:
            assert r.streamlines in (None, len(found))
        if nib and not name.endswith("trx"):
            theirs = nib.streamlines.load(path).streamlines
            assert len(theirs) == len(found)
            if len(found):
                near(found.positions, theirs._data, 1e-4)
        with tempfile.TemporaryDirectory() as folder:
            again = os.path.join(folder, name)
            found.save(again)
            back = track.read(again)
            near(back.positions, found.positions, 1e-4)
            assert set(back.line_data) == set(found.line_data) and set(back.point_data) == set(found.point_data)


# ---- Mistakes ----
def test_wrong():
    """What is wrong is named, and files that cannot be are left alone."""
    sh, s = curved(), dwi.Sphere("hemi:repulsion100")
    field, F = track.Field.harmonics(sh, h.AFFINE), track.Field
    g, at = h.gradients(42, unweighted=3), seeds(3)
    nan = sh.copy()
    nan[3, 4, 5, 6] = np.nan
    t = track.Tractogram.of(lines())
    for kind, words, function in (
            (TypeError, "Field.harmonics", lambda: F(None)), (TypeError, ["field", "int"], lambda: track.run(3, at)),
            (ValueError, ["sh", "(16, 14, 10)"], lambda: F.harmonics(sh[..., 0], h.AFFINE)),
            (ValueError, "44", lambda: F.harmonics(sh[..., :44], h.AFFINE)),
            (ValueError, ["sh", "(0, 14, 10, 45)"], lambda: F.harmonics(sh[:0], h.AFFINE)),
            (vxg.InputError, ["sh", "(3, 4, 5)"], lambda: F.harmonics(nan, h.AFFINE)),
            (vxg.InputError, ["map", "(3, 4, 5)"], lambda: F.harmonics(sh, h.AFFINE, map=nan[..., 6])),
            (ValueError, "affine", lambda: F.harmonics(sh)), (TypeError, "affine", lambda: F.harmonics(sh, "x")),
            (ValueError, ["map", "(16, 14, 10)"], lambda: F.harmonics(sh, h.AFFINE, map=np.ones((4, 4, 4)))),
            (ValueError, "basis", lambda: F.harmonics(sh, h.AFFINE, basis="nix")),
            (ValueError, ["values", "45", "50"], lambda: F.samples(sh, s, h.AFFINE)),
            (ValueError, "sphere", lambda: F.samples(sh, None, h.AFFINE)),
            (ValueError, ["dwi", "45", "44"], lambda: F.series(sh, g[1:], h.AFFINE)),
            (TypeError, ["gradients", "None"], lambda: F.series(sh, None, h.AFFINE)),
            (ValueError, ["getter", "series"], lambda: track.run(field, at, getter="bootstrap")),
            (ValueError, ["getter", "harmonics"], lambda: track.run(F.series(np.abs(sh) + 1, g, h.AFFINE), at,
                                                                    getter="probabilistic")),
            (vxg.Error, "plane", lambda: track.run(F.harmonics(sh, np.diag([1, 0, 1, 1])), at)),
            (ValueError, ["seeds", "(3,)"], lambda: track.run(field, at[0])),
            (ValueError, ["seeds", "(3, 2)"], lambda: track.run(field, at[:, :2])),
            (TypeError, "seeds", lambda: track.run(field, np.full((2, 3), "a"))),
            (ValueError, "seed 1", lambda: track.run(field, [[0, 0, 0], [0, np.inf, 0]])),
            (TypeError, ["stepp", "step"], lambda: track.run(field, at, stepp=3)),
            (vxg.Error, "step", lambda: track.run(field, at, step=-1)),
            (vxg.Error, "max_angle", lambda: track.run(field, at, max_angle=np.nan)),
            (vxg.Error, "getter", lambda: track.run(field, at, getter="nix")),
            (vxg.Error, "peaks", lambda: track.run(field, at, peaks=99)),
            (vxg.Error, "", lambda: track.run(field, at, out="a.nix")),
            (TypeError, "copied", lambda: pickle.dumps(field)),
            (ValueError, ["positions", "(3, 2)"], lambda: track.Tractogram(np.zeros((3, 2)), [0, 3])),
            (ValueError, "offsets", lambda: track.Tractogram(np.zeros((3, 3)), [0, 2])),
            (ValueError, "offsets", lambda: track.Tractogram(np.zeros((3, 3)), [0, 4, 3])),
            (ValueError, ["line_data", "w"], lambda: track.Tractogram.of(lines(), line_data={"w": [1]})),
            (ValueError, "streamline 0", lambda: track.Tractogram.of([np.zeros((3, 2))])),
            (IndexError, "11", lambda: t[12]), (IndexError, "mask", lambda: t[np.ones(3, bool)]),
            (vxg.InputError, "nowhere", lambda: track.read("/nowhere.trk")),
            (ValueError, "batch", lambda: track.Reader("/nowhere.trk", batch=0)),
            (ValueError, ["affine", "TRK"], lambda: t.save("never.trk")), (vxg.Error, "", lambda: t.save("never.trx"))):
        try:
            harness.refused(kind, words, function)
        except AssertionError as e:
            raise AssertionError("line %d: %s" % (function.__code__.co_firstlineno, e)) from e
    assert not os.path.exists("never.trk") and not os.path.exists("never.trx") and not os.path.exists("a.nix")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a.tck")
        with open(path, "w", encoding="ascii"):
            pass
        for function in (lambda p: track.run(field, at, out=p), t.save):
            harness.refused(vxg.OutputError, "b.tck", function, os.path.join(path, "b.tck"))  # a file is no folder
        os.remove(path)
        w = track.Writer(path)
        harness.refused(vxg.Error, "", w.write, [np.full((2, 3), np.nan)])
        w.abandon()
        harness.refused(ValueError, "closed", w.write, lines())
        harness.refused(vxg.UnsupportedError, "", track.write, path, track.Tractogram.of(lines(), groups={"g": [1]}))
        harness.refused(vxg.UnsupportedError, "", track.write, path, t, dtype=np.float16)
        trx = os.path.join(folder, "a.trx")
        with track.Writer(trx, h.AFFINE, (4, 4, 4), line_columns={"w": (1, np.float32)}) as w:
            harness.refused(ValueError, "'w'", w.write, t)
            harness.refused(ValueError, "columns", track.run, field, at, out=w)
            w.write(track.Tractogram.of(lines(), line_data={"w": np.ones(12, np.float32)}))
        del w
        assert os.listdir(folder) == ["a.trx"]
        track.Writer(path).write(lines())  # given up when nobody holds it
        assert os.listdir(folder) == ["a.trx"]
        with open(trx, "r+b") as f:
            f.truncate(os.path.getsize(trx) // 2)
        harness.refused(vxg.InputError, "a.trx", track.read, trx)


def test_anything():
    """Arguments of any kind are a result or a refusal in words."""
    sh, g = curved((6, 5, 4)), h.gradients(42, unweighted=3)
    field, t = track.Field.harmonics(sh, h.AFFINE), track.Tractogram.of(lines())
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a.trx")
        functions = [
            (track.Field.harmonics, dict(sh=sh, affine=h.AFFINE, map=sh[..., 0], basis="tournier07", sphere="repulsion100")),
            (track.Field.samples, dict(values=sh, sphere=dwi.Sphere(g.directions[3:]), affine=h.AFFINE)),
            (track.Field.series, dict(dwi=sh + 1, gradients=g, affine=h.AFFINE, kind="csa", order=4)),
            (track.run, dict(field=field, seeds=seeds(4, (6, 5, 4)), step=0.5, max_angle=30, seed=3, getter=None, first=0)),
            (track.Tractogram, dict(positions=t.positions, offsets=t.offsets, affine=h.AFFINE, grid=(3, 3, 3),
                                    line_data={}, groups={})),
            (track.Tractogram.of, dict(streamlines=lines(), affine=h.AFFINE)), (lambda which: t[which], dict(which=3)),
            (lambda **k: track.write(path, force=True, **k), dict(streamlines=t, affine=h.AFFINE, grid=(4, 4, 4),
                                                                  dtype=np.float32, offset_bits=32)),
            (lambda indices: field.to_mm(indices), dict(indices=[[1, 2, 3]]))]
        assert h.thrown_at(functions, 600) > 150


if __name__ == "__main__":
    sys.exit(harness.main("__main__", sys.argv[1:]))
