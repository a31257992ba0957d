"""DIPY and Voxgrad on the same files and seeds: what tests/deep/track_dipy.py and bench/track_peers.py share."""

import json
import subprocess
import time
from pathlib import Path

import nibabel as nib
import numpy as np
from dipy.core.gradients import gradient_table
from dipy.core.sphere import Sphere
from dipy.data import default_sphere, get_sphere
from dipy.direction import (
    BootDirectionGetter,
    DeterministicMaximumDirectionGetter,
    ProbabilisticDirectionGetter,
    PTTDirectionGetter,
)
from dipy.reconst.shm import CsaOdfModel, OpdtModel, sh_to_sf_matrix
from dipy.tracking.local_tracking import LocalTracking
from dipy.tracking.stopping_criterion import ThresholdStoppingCriterion

PEAKS = {"relative_peak_threshold": 0.25, "min_separation_angle": 45}
OUR_PEAKS = {"relative-peak-threshold": 0.25, "min-separation": 45}


class Voxgrad:
    """The programs of tests/tools, on files in a folder."""

    def __init__(self, tools, folder):
        self.tools, self.folder = Path(tools), Path(folder)

    def __call__(self, *words, **options):
        """dwi_run; what it says."""
        text = [f"{name.replace('_', '-')}={value}" for name, value in options.items()]
        run = subprocess.run([self.tools / "dwi_run", *map(str, words), *text], capture_output=True, text=True)
        if run.returncode:
            raise SystemExit(f"dwi_run {words} {text}: {run.stderr}")
        return json.loads(run.stdout)

    def phantom(self, name, **options):
        text = [f"{key}={value}" for key, value in options.items()]
        subprocess.run([self.tools / "dwi_phantom", self.folder / name, *text], check=True)
        return Phantom(self, name)

    def track(self, out, field, fibres, seeds, **options):
        """(streamlines, what the program says)."""
        np.save(self.folder / "seeds.npy", seeds.astype("f4"))
        said = self("track", field, fibres, self.folder / "seeds.npy", self.folder / out, **options)
        return lines_of(self.folder / out), said


def lines_of(path):
    return [np.asarray(line, dtype=float) for line in nib.streamlines.load(path).streamlines]


class Phantom:
    """A generated series, its table in scanner axes and, where the affine is turned, in the voxels', which DIPY works in."""

    def __init__(self, voxgrad, name):
        self.voxgrad, self.prefix = voxgrad, voxgrad.folder / name
        self.path, self.fibres_path, self.table_path = (Path(f"{self.prefix}{end}") for end in (".nii", "_fibres.nii", ".b"))
        image = nib.load(self.path)
        self.affine, self.turn = image.affine, np.eye(3)
        self.fibres = np.ascontiguousarray(nib.load(self.fibres_path).get_fdata())
        self.table = np.loadtxt(self.table_path)

    def turned(self, turn):
        """The same voxels under other axes: directions of the table turn with them (for the scanner), files are written anew."""
        self.turn = np.asarray(turn, dtype=float)
        sides = np.sqrt((self.affine[:3, :3] ** 2).sum(0))
        self.affine[:3, :3] = self.turn * sides
        for path in (self.path, self.fibres_path):
            image = nib.load(path)
            nib.save(nib.Nifti1Image(np.asarray(image.dataobj).copy(), self.affine), path)
        table = self.table.copy()
        table[:, :3] = self.table[:, :3] @ self.turn.T
        np.savetxt(self.table_path, table, fmt="%.17g")
        vertices = default_sphere.vertices @ self.turn.T
        np.save(f"{self.prefix}_sphere.npy", vertices.astype("f4"))
        return self

    def seeds(self, count, above=0.6, seed=1):
        """In voxels of fibres, at random in each; mm."""
        random = np.random.default_rng(seed)
        at = np.argwhere(self.fibres > above)
        place = at[random.integers(len(at), size=count)] + random.uniform(-0.5, 0.5, (count, 3))
        return (place @ self.affine[:3, :3].T + self.affine[:3, 3]).astype("f4")

    def harmonics(self):
        """CSD of order 8 in DIPY's legacy basis, made here: its path, and an array of the same functions in the voxels' axes."""
        path = Path(f"{self.prefix}_sh.nii")
        self.voxgrad("csd", self.path, path, table=self.table_path, basis="legacy")
        there = get_sphere(name="repulsion724").vertices @ self.turn.T
        turned, here = (sh_to_sf_matrix(Sphere(xyz=xyz), sh_order_max=8, basis_type="descoteaux07", legacy=True, return_inv=False).T
                        for xyz in (there, there @ self.turn))
        return path, np.ascontiguousarray(nib.load(path).get_fdata() @ np.linalg.lstsq(here, turned)[0].T)

    def save(self, name, values):
        path = Path(f"{self.prefix}_{name}.nii")
        nib.save(nib.Nifti1Image(values.astype("f4"), self.affine), path)
        return path

    def gradients(self):
        return gradient_table(self.table[:, 3], bvecs=self.table[:, :3])

    def bootstrap(self, kind, angle):
        """DIPY's getter with cuslines' thresholds of peaks."""
        model = {"opdt": OpdtModel, "csa": CsaOdfModel}[kind](self.gradients(), sh_order_max=4, smooth=0.006, min_signal=1)
        data = np.ascontiguousarray(nib.load(self.path).get_fdata())
        return BootDirectionGetter.from_data(data, model, angle, sphere=default_sphere, sh_order=4, **PEAKS)


def sampled(kind, angle, *, harmonics=None, samples=None, threshold=0.1):
    getter = {"probabilistic": ProbabilisticDirectionGetter, "deterministic": DeterministicMaximumDirectionGetter,
              "ptt": PTTDirectionGetter}[kind]
    options = {"max_angle": angle, "sphere": default_sphere, "pmf_threshold": threshold}
    if samples is not None:
        return getter.from_pmf(samples, **options)
    return getter.from_shcoeff(harmonics, **options)


def dipy(getter, phantom, seeds, step, most, *, seed=1, threshold=0.5, crossings=1):
    """DIPY's streamlines, and its processor time. most: mm of each half."""
    stop = ThresholdStoppingCriterion(phantom.fibres, threshold)
    begin = time.process_time()
    lines = LocalTracking(getter, stop, seeds.astype(float), phantom.affine, step, max_cross=crossings,
                          maxlen=int(round(most / step)) + 1, return_all=True, random_seed=seed)
    lines = [np.asarray(line) for line in lines]
    return lines, time.process_time() - begin
