"""Rates of DIPY, of cuslines' numba tracker and of Voxgrad on the same phantom, voxels and seeds, in alternated rounds of one
run; processor time, one thread each. Prints rows of a table.

    python bench/track_peers.py TOOLS FOLDER [VOXELS ALONG A SIDE [ROUNDS [WORDS]]]

WORDS: rows whose names have them alone.
What is timed: of fits the call that fits, with FA and MD of tensors; of trackers the tracking, from fields that are ready.
Voxgrad's field is made in its tracking call: the time of a call without seeds is taken off, and stands beside (the least of three of both). Compilation
by numba is not counted. Each peer's job is a process of its own, whose memory is the largest it had."""

import json
import statistics
import subprocess
import sys
import time

import nibabel as nib
import numpy as np
from dipy_beside import OUR_PEAKS, Phantom, Voxgrad, dipy, sampled

STEP, MOST = 1.0, 300


# ---- Jobs of the peers, each in a process of its own: what is counted a second, and what is kept in memory ----
def voxels_of(phantom, count, above=-1):
    data = np.asarray(nib.load(phantom.path).dataobj)[phantom.fibres > above]
    return data[np.random.default_rng(2).permutation(len(data))[:count]].astype(float)


def points(lines):
    return sum(len(line) for line in lines)


def job_tensor(phantom, count, method):
    from dipy.reconst.dti import TensorModel

    data, model = voxels_of(phantom, count), TensorModel(phantom.gradients(), fit_method=method)
    begin = time.process_time()
    fit = model.fit(data)
    fit.fa, fit.md  # noqa: B018
    return len(data), time.process_time() - begin


def job_csd(phantom, count):
    from dipy.reconst.csdeconv import ConstrainedSphericalDeconvModel

    data = voxels_of(phantom, count, 0)
    model = ConstrainedSphericalDeconvModel(phantom.gradients(), (np.array([1.7e-3, 3e-4, 3e-4]), 1000.0), sh_order_max=8)
    begin = time.process_time()
    model.fit(data).shm_coeff  # noqa: B018
    return len(data), time.process_time() - begin


def job_odf(phantom, count):
    from dipy.reconst.shm import OpdtModel

    data, model = voxels_of(phantom, count), OpdtModel(phantom.gradients(), sh_order_max=4, min_signal=1)
    begin = time.process_time()
    model.fit(data).shm_coeff  # noqa: B018
    return len(data), time.process_time() - begin


def job_bootstrap(phantom, count, kind):
    lines, seconds = dipy(phantom.bootstrap(kind, 60), phantom, phantom.seeds(count), STEP, MOST)
    return points(lines), seconds


def field_of(phantom, kind):
    return np.ascontiguousarray(nib.load(f"{phantom.prefix}_{kind}.nii").get_fdata(dtype=np.float64))


def job_classic(phantom, count, what, kind):
    """LocalTracking."""
    name = {"sh": "harmonics", "samples": "samples"}[kind]
    lines, seconds = dipy(sampled(what, 20, **{name: field_of(phantom, kind)}), phantom, phantom.seeds(count), STEP, MOST)
    return points(lines), seconds


def job_tracker(phantom, count, what, kind):
    """The newer functions of dipy.tracking.tracker."""
    from dipy.data import default_sphere
    from dipy.tracking.stopping_criterion import ThresholdStoppingCriterion
    from dipy.tracking.tracker import probabilistic_tracking, ptt_tracking

    run = {"probabilistic": probabilistic_tracking, "ptt": ptt_tracking}[what]
    field = {{"sh": "sh", "samples": "sf"}[kind]: field_of(phantom, kind)}
    if kind == "sh":
        field["basis_type"] = "descoteaux07"
    seeds, stop = phantom.seeds(count).astype(float), ThresholdStoppingCriterion(phantom.fibres, 0.5)
    begin = time.process_time()
    lines = run(seeds, stop, phantom.affine, sphere=default_sphere, step_size=STEP, max_len=2 * MOST, nbr_threads=1,
                random_seed=1, max_angle=20, **field)
    lines = [np.asarray(line) for line in lines]
    return points(lines), time.process_time() - begin


def job_cuslines(phantom, count):
    from cuslines.numba import CPUProbDirectionGetter, CPUTracker
    from dipy.data import default_sphere

    samples = np.ascontiguousarray(nib.load(f"{phantom.prefix}_samples.nii").get_fdata(dtype=np.float32))
    side = phantom.affine[0, 0]
    with CPUTracker(CPUProbDirectionGetter(), samples, phantom.fibres, 0.5, default_sphere.vertices, default_sphere.edges,
                    sphere_symm=True, max_angle=np.radians(20), step_size=STEP / side) as tracker:
        seeds = (phantom.seeds(count) - phantom.affine[:3, 3]) / side
        tracker.seed_propagator.propagate(seeds[:10])
        begin = time.process_time()
        tracker.seed_propagator.propagate(seeds)
        return int(tracker.seed_propagator.sline_lens.sum()), time.process_time() - begin


def peer(folder, name, *words):
    run = subprocess.run([sys.executable, "-W", "ignore", __file__, "job", folder, name, *map(str, words)],
                         capture_output=True, text=True)
    if run.returncode:
        raise SystemExit(f"{name} {words}: {run.stderr[-2000:]}")
    return json.loads(run.stdout.splitlines()[-1])


def most_memory():
    """Of this process, in bytes."""
    with open("/proc/self/status") as status:
        return next(1024 * int(line.split()[1]) for line in status if line.startswith("VmHWM"))


def job():
    phantom = Phantom(Voxgrad("", sys.argv[2]), "bench")
    words = [int(w) if w.isdigit() else w for w in sys.argv[4:]]
    count, seconds = globals()["job_" + sys.argv[3]](phantom, *words)
    print(json.dumps({"count": count, "cpu": seconds, "rss": most_memory()}))


# ---- The run ----
def median(values):
    return statistics.median(values)


class Bench:
    def __init__(self, voxgrad, phantom, rounds, words):
        self.voxgrad, self.phantom, self.rounds, self.words = voxgrad, phantom, rounds, words
        self.peak = voxgrad("peak")
        print(f"One core, {self.peak['driver']}: {self.peak['fma'] / 1e9:.1f} G multiply-adds/s, memory "
              f"{self.peak['memory'] / 1e9:.1f} GB/s, measured at the beginning of the run.\n")
        print("| what | peer | its rate | ours | ratio (range) | wanted | multiply-adds each | share of the peak | memory, its and ours, MB |")
        print("|---|---|---|---|---|---|---|---|---|", flush=True)

    def row(self, what, who, wanted, each, theirs, ours):
        """theirs, ours: functions that give {count, cpu, rss}; one after the other, in rounds."""
        if self.words not in what:
            return
        pairs = [(theirs(), ours()) for _ in range(self.rounds)]
        rates = [[r["count"] / r["cpu"] for r in side] for side in zip(*pairs)]
        ratios = sorted(o / t for t, o in zip(*rates))
        mine = median(rates[1])
        share = f"{100 * each * mine / self.peak['fma']:.0f} %" if each else ""
        memory = ", ".join(f"{max(r['rss'] for r in side) / 1e6:.0f}" for side in zip(*pairs))
        print(f"| {what} | {who} | {median(rates[0]):.4g} | {mine:.4g} | {median(ratios):.3g} ({ratios[0]:.3g} to {ratios[-1]:.3g}) | "
              f"{wanted} | {each or ''} | {share} | {memory} |", flush=True)

    def fits(self, mask):
        """Tensors and functions of all voxels (DIPY: some of them, at random), densities of those with fibres."""

        def run(kind, **options):
            def once():
                said = self.voxgrad(kind, self.phantom.path, "-", table=self.phantom.table_path, repeats=3, **options)
                return {"count": said["voxels"], "cpu": median(said["cpu"]), "rss": said["rss"]}
            return once

        def them(*words):
            return lambda: peer(self.voxgrad.folder, *words)

        n = len(self.phantom.table)
        # The design's inverse times the logarithms; the weighted normal matrix, its right side and two predictions.
        self.row("tensor, OLS, voxels/s", "DIPY", "20 x", 7 * n, them("tensor", 60000, "OLS"), run("tensor"))
        self.row("tensor, WLS, voxels/s", "DIPY", "50 x", (7 + 28 + 7 + 7 + 7) * n, them("tensor", 20000, "WLS"), run("tensor", iterations=1))
        self.row("OPDT of order 4, voxels/s", "DIPY", "", 2 * 15 * n, them("odf", 20000), run("odf", order=4, **{"min-signal": 1}))
        self.row("CSD of order 8, voxels/s", "DIPY", "8 x", 0, them("csd", 3000), run("csd", mask=mask))

    def tracks(self, what, who, wanted, each, theirs, field, count, **options):
        fibres, seeds = self.phantom.fibres_path, self.voxgrad.folder / "seeds.npy"
        common = {"rules": "dipy", "step": STEP, "threshold": 0.5, "max-length": MOST, "basis": "legacy", **options}

        def ours():
            np.save(seeds, self.phantom.seeds(count))
            said = self.voxgrad("track", field, fibres, seeds, "-", repeats=3, **common)
            self.prepared = said["prepared"]
            return {"count": said["points"], "cpu": min(said["cpu"]) - self.prepared, "rss": said["rss"]}

        self.row(what, who, wanted, each, lambda: peer(self.voxgrad.folder, *theirs), ours)
        if self.words in what:
            print(f"<!-- the field of {what}: {self.prepared:.2f} s -->", flush=True)


def prepare(voxgrad, n):
    """The phantom, harmonics and samples on DIPY's sphere where there are fibres, and a list of their voxels."""
    from dipy.data import default_sphere
    from dipy.reconst.shm import sh_to_sf_matrix

    phantom = voxgrad.phantom("bench", n=n, snr=30)
    mask = phantom.save("mask", (phantom.fibres > 0).astype("f4"))
    voxgrad("csd", phantom.path, f"{phantom.prefix}_sh.nii", table=phantom.table_path, basis="legacy", mask=mask)
    harmonics = nib.load(f"{phantom.prefix}_sh.nii")
    matrix = sh_to_sf_matrix(default_sphere, sh_order_max=8, basis_type="descoteaux07", legacy=True, return_inv=False)
    inside = phantom.fibres > 0
    samples = np.zeros((*inside.shape, matrix.shape[1]), dtype="f4", order="F")
    samples[inside] = (np.asarray(harmonics.dataobj)[inside] @ matrix).clip(0)
    phantom.save("samples", samples)
    return phantom, mask


def main():
    voxgrad = Voxgrad(sys.argv[1], sys.argv[2])
    given = sys.argv[3:6]
    n, rounds, words = given + ["96", "3", ""][len(given):]
    n, rounds = int(n), int(rounds)
    phantom, mask = prepare(voxgrad, n)
    print(f"{n}^3 voxels of 2 mm, {int((phantom.fibres > 0).sum())} with fibres, {len(phantom.table)} volumes, steps of {STEP:g} mm, "
          f"{rounds} rounds.", flush=True)
    bench = Bench(voxgrad, phantom, rounds, words)
    bench.fits(mask)
    series, sh, samples = phantom.path, f"{phantom.prefix}_sh.nii", f"{phantom.prefix}_samples.nii"
    terms, volumes, sphere = 15, 64, 384  # directions with padding
    each = 8 * 80 + 16 * volumes + 2 * 16 * volumes + terms * sphere
    for kind in ("opdt", "csa"):
        bench.tracks(f"bootstrap, {kind.upper()} of order 4, points/s", "DIPY", "150 x", each if kind == "opdt" else each - 16 * volumes,
                     ("bootstrap", 150, kind), series, 15000, table=phantom.table_path, model=kind, order=4, getter="bootstrap",
                     **{"min-signal": 1, "max-angle": 60}, **OUR_PEAKS)
    drawn = {"getter": "probabilistic", "max-angle": 20}
    cone = 96  # directions: about three of the twelve blocks that they stand in reach into a cone of 20 degrees
    each = {"samples": (8 + 3) * cone, "sh": 8 * 48 + (45 + 3) * cone}
    fields = {"samples": (samples, {"samples": 1}), "sh": (sh, {})}
    for kind, words in (("samples", "samples"), ("sh", "harmonics of order 8")):
        for who, theirs in (("DIPY, LocalTracking", ("classic", 3000, "probabilistic", kind)), ("DIPY, tracker", ("tracker", 3000, "probabilistic", kind))):
            bench.tracks(f"probabilistic, {words}, points/s", who, "8 x", each[kind], theirs, fields[kind][0], 60000, **drawn, **fields[kind][1])
    bench.tracks("probabilistic, samples, points/s", "cuslines, numba", "5 x", each["samples"], ("cuslines", 5000), samples, 60000,
                 **{**drawn, "rules": "cuslines", "pmf-threshold": 0.05}, samples=1)
    bench.tracks("probabilistic, harmonics of order 8, points/s", "cuslines, numba (samples)", "5 x", each["sh"], ("cuslines", 5000), sh, 60000,
                 **{**drawn, "rules": "cuslines", "pmf-threshold": 0.05})
    # The functions' own parameters differ: 7 points along 1.5 mm, and 3 along 0.5 mm.
    transport = {"getter": "ptt", "max-angle": 20}
    short = {"probe-length": 0.5, "probe-quality": 3}
    for kind, words in (("samples", "samples"), ("sh", "harmonics of order 8")):
        field, options = fields[kind]
        bench.tracks(f"parallel transport, {words}, points/s", "DIPY, tracker", "50 x", 0, ("tracker", 150, "ptt", kind), field, 30000,
                     **transport, **options)
        bench.tracks(f"parallel transport, short probes, {words}, points/s", "DIPY, LocalTracking", "50 x", 0,
                     ("classic", 300, "ptt", kind), field, 30000, **transport, **short, **options)


if len(sys.argv) > 3 and sys.argv[1] == "job":
    job()
else:
    main()
