"""Voxgrad's tracking beside DIPY's classic one on a generated phantom: deterministic streamlines are the same; of drawn
ones lengths and densities are, as far as two runs of DIPY's are. python track_dipy.py TOOLS FOLDER"""

import sys
from pathlib import Path

import nibabel as nib
import numpy as np
from dipy.tracking.utils import density_map
from dipy_beside import OUR_PEAKS, Voxgrad, dipy, sampled
from scipy.stats import ks_2samp

failed = []


def result(name, good, words):
    print(f"{'PASS' if good else 'FAIL'} track_dipy.{name}: {words}", flush=True)
    if not good:
        failed.append(name)


def lengths(lines):
    return np.array([len(line) for line in lines], dtype=float)


class Pair:
    """Streamlines of two runs from the same seeds, the first of which DIPY made."""

    def __init__(self, phantom, ours, theirs):
        a, b = lengths(ours), lengths(theirs)
        maps = [density_map(lines, phantom.affine, phantom.fibres.shape).ravel().astype(float) for lines in (ours, theirs)]
        self.correlation = np.corrcoef(*maps)[0, 1]
        self.p = ks_2samp(a, b).pvalue
        self.ratio = a.mean() / b.mean()
        apart = np.hypot(a.std() / len(a) ** 0.5, b.std() / len(b) ** 0.5)
        if len(a) == len(b):  # the same seeds: their differences say more
            apart = (a - b).std() / len(a) ** 0.5
        self.z = (a.mean() - b.mean()) / apart if apart else 0.0

    def same(self):
        return self.correlation > 0.99 and self.p > 0.001 and abs(self.z) < 3.5

    def __str__(self):
        return f"density {self.correlation:.4f}, lengths p {self.p:.3g}, mean {self.ratio:.4f} ({self.z:+.1f} errors)"


def drawn(name, phantom, seeds, step, most, getter, run, crossings=1):
    """Two runs of ours against two of DIPY's, and DIPY's against each other."""
    theirs = [dipy(getter, phantom, seeds, step, most, seed=s, crossings=crossings)[0] for s in (1, 2)]
    ours = [run(seed=s)[0] for s in (1, 2)]
    pairs = [Pair(phantom, a, b) for a, b in zip(ours, theirs)]
    ceiling = Pair(phantom, *theirs)
    result(name, all(p.same() for p in pairs) and ceiling.correlation > 0.99,
           f"{pairs[0]}; {pairs[1]}; DIPY against itself {ceiling}; {len(ours[0])} and {len(theirs[0])} lines")


def equal(name, phantom, theirs, ours, least):
    """Streamlines one by one."""
    good = [len(a) == len(b) and np.abs(a - b).max() < 1e-3 for a, b in zip(ours, theirs)]
    result(name, len(ours) == len(theirs) and np.mean(good) >= least,
           f"{sum(good)} of {len(theirs)} streamlines within 1e-3 mm, {len(ours)} here; mean points {lengths(theirs).mean():.1f}, {lengths(ours).mean():.1f}")


def deterministic(voxgrad):
    """Equal and unlike voxels, axes that run backwards, turned ones."""
    c, s = np.cos(0.4), np.sin(0.4)
    axes = {"plain": np.eye(3), "mirrored": np.diag([-1.0, 1, 1]), "turned": [[c, -s, 0], [s, c, 0], [0, 0, 1]]}
    for name, turn in axes.items():
        sides = {} if name == "plain" else {"vx": 1.5, "vy": 2, "vz": 2.6}
        phantom = voxgrad.phantom(name, n=40, **sides).turned(turn)
        seeds, step = phantom.seeds(2000), 0.8
        path, harmonics = phantom.harmonics()
        theirs, _ = dipy(sampled("deterministic", 30, harmonics=harmonics), phantom, seeds, step, 320)
        common = {"sphere": f"{phantom.prefix}_sphere.npy", "basis": "legacy", "rules": "dipy", "getter": "deterministic",
                  "step": step, "max-angle": 30, "threshold": 0.5, "max-length": 320}
        for double, least in ((1, 0.995), (0, 0.98)):
            ours, _ = voxgrad.track("o.tck", path, phantom.fibres_path, seeds, double=double, **common)
            equal(f"deterministic_{name}_{64 if double else 32}", phantom, theirs, ours, least)


def probabilistic(voxgrad):
    phantom = voxgrad.phantom("prob", n=32, snr=20)
    seeds, step, most = phantom.seeds(16000), 1.0, 199
    path, harmonics = phantom.harmonics()
    from dipy.data import default_sphere
    from dipy.reconst.shm import sh_to_sf

    samples = sh_to_sf(harmonics, default_sphere, sh_order_max=8, basis_type="descoteaux07", legacy=True).clip(0)
    samples = np.ascontiguousarray(samples.astype("f4").astype(float))
    common = {"basis": "legacy", "rules": "dipy", "step": step, "max-angle": 25, "threshold": 0.5, "max-length": most}
    fields = {"harmonics": (path, {"harmonics": harmonics}, {}),
              "samples": (phantom.save("samples", samples), {"samples": samples}, {"samples": 1})}
    for name, (field, theirs, ours) in fields.items():
        def run(seed, more):
            return voxgrad.track("o.tck", field, phantom.fibres_path, seeds, seed=seed, **common, **ours, **more)
        drawn(f"probabilistic_{name}", phantom, seeds, step, most, sampled("probabilistic", 25, **theirs),
              lambda seed, run=run: run(seed, {}))
    drawn("probabilistic_all_peaks", phantom, seeds, step, most, sampled("probabilistic", 25, samples=samples),
          lambda seed: run(seed, {"peaks": 16}), crossings=None)


def bootstrap(voxgrad):
    for kind, snr in (("opdt", 20), ("csa", 30), ("opdt", 10)):
        phantom = voxgrad.phantom("boot", n=32, snr=snr)
        seeds, step, most = phantom.seeds(4000 if snr > 10 else 6000), 1.0, 199
        options = {"table": phantom.table_path, "model": kind, "order": 4, "min-signal": 1, "basis": "legacy",
                   "getter": "bootstrap", "rules": "dipy", "step": step, "max-angle": 60, "threshold": 0.5,
                   "max-length": most, **OUR_PEAKS}
        drawn(f"bootstrap_{kind}_snr{snr}", phantom, seeds, step, most, phantom.bootstrap(kind, 60),
              lambda seed: voxgrad.track("o.tck", phantom.path, phantom.fibres_path, seeds, seed=seed, **options))


def longer(voxgrad):
    """Fibres of cuslines' rules, and what of the rules makes them longer: its threshold of FA lets streamlines into noise."""
    for snr, least in ((10, 1.1), (20, 1.01), (30, 1)):
        phantom = voxgrad.phantom("long", n=24, snr=snr)
        fa = Path(f"{phantom.prefix}_fa.nii")
        voxgrad("tensor", phantom.path, fa, table=phantom.table_path, iterations=1)
        phantom.fibres = np.ascontiguousarray(nib.load(fa).get_fdata()[..., 0])
        seeds, step, most = phantom.seeds(1500, above=0.3), 1.0, 199
        options = {"table": phantom.table_path, "model": "opdt", "order": 4, "min-signal": 1, "basis": "legacy",
                   "getter": "bootstrap", "step": step, "max-angle": 60, "threshold": 0.1, "max-length": most, **OUR_PEAKS}
        theirs, _ = dipy(phantom.bootstrap("opdt", 60), phantom, seeds, step, most, threshold=0.1)
        runs = {"dipy": {}, "dipy in float64": {"double": 1}, "cuslines": {}, "cuslines with one attempt": {"attempts": 1}}
        lines = {name: voxgrad.track("o.tck", phantom.path, fa, seeds, rules=name.split()[0], **more, **options)[0]
                 for name, more in runs.items()}
        pair, gain = Pair(phantom, lines["dipy"], theirs), lengths(lines["cuslines"]).mean() / lengths(lines["dipy"]).mean()
        once = lengths(lines["cuslines with one attempt"]).mean() / lengths(lines["dipy"]).mean()
        words = ", ".join(f"{name} {lengths(some).mean():.2f}" for name, some in lines.items())
        result(f"longer_snr{snr}", pair.p > 0.001 and abs(pair.z) < 3.5 and gain > least and abs(once - 1) < 0.005,
               f"mean points: DIPY {lengths(theirs).mean():.2f}, {words}; cuslines over dipy {gain:.3f}; dipy and DIPY: {pair}")


def main():
    voxgrad = Voxgrad(sys.argv[1], sys.argv[2])
    for part in (deterministic, probabilistic, bootstrap, longer):
        if len(sys.argv) < 4 or part.__name__ in sys.argv[3:]:
            part(voxgrad)
    return 1 if failed else 0


sys.exit(main())
