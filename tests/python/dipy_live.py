"""voxgrad.dwi and voxgrad.track beside DIPY itself, on measured data whose image is turned: directions along the image's axes
there, in scanner coordinates here."""

import sys

import numpy as np

import dwi_helpers as h
import harness
import voxgrad as vxg

SUITE, NEEDS = "python_dipy_live", "dipy"
dwi, track = vxg.dwi, vxg.track
LEGACY = "descoteaux07-legacy"


def near(found, want, tolerance):
    found, want = np.asarray(found, float), np.asarray(want, float)
    assert found.shape == want.shape and np.abs(found - want).max() <= tolerance, np.abs(found - want).max()


def small():
    """(nibabel's image, DIPY's table, ours, axes of the image)."""
    import nibabel as nib
    from dipy.core.gradients import gradient_table
    image = nib.load(h.data("dwi_small_64D", "small_64D.nii"))
    gtab = gradient_table(np.loadtxt(h.data("dwi_small_64D", "small_64D.bval")),
                          bvecs=np.loadtxt(h.data("dwi_small_64D", "small_64D.bvec")))
    axes = image.affine[:3, :3] / np.linalg.norm(image.affine[:3, :3], axis=0)
    return image, gtab, dwi.Gradients.from_dipy(gtab, image), axes


def test_tensor():
    """Maps, and eigenvectors turned to the scanner's axes."""
    from dipy.reconst.dti import TensorModel
    image, gtab, g, axes = small()
    data = image.get_fdata()
    for method, iterations in (("WLS", 1), ("OLS", 0)):
        theirs, own = TensorModel(gtab, fit_method=method).fit(data), dwi.tensor(data, g, iterations=iterations)
        near(own.fa, theirs.fa, 1e-6)
        near(own.md, theirs.md, 1e-9)
        near(own.eigenvalues, theirs.evals, 1e-9)
        along = np.einsum("...i,...i", own.eigenvectors[..., :, 0], theirs.evecs[..., :, 0] @ axes.T)
        certain = theirs.evals[..., 0] > 1.02 * theirs.evals[..., 1]
        assert np.abs(along[certain]).min() > 1 - 1e-4 and certain.mean() > 0.9


def test_functions():
    """Orientation functions and densities: DIPY's harmonics, turned, are ours; so are the peaks."""
    from dipy.core.sphere import HemiSphere
    from dipy.data import default_sphere, small_sphere
    from dipy.direction import peak_directions
    from dipy.reconst.csdeconv import ConstrainedSphericalDeconvModel
    from dipy.reconst.shm import CsaOdfModel, OpdtModel, QballModel
    image, gtab, g, axes = small()
    data = image.get_fdata()
    for kind, model in (("csa", CsaOdfModel), ("opdt", OpdtModel), ("qball", QballModel)):
        theirs = model(gtab, sh_order_max=4, smooth=0.006, min_signal=1).fit(data).shm_coeff
        own = dwi.odf(data, g, kind=kind, order=4, min_signal=1, basis=LEGACY)
        near(own, dwi.sh_rotate(theirs, axes, LEGACY), 2e-5 * np.abs(theirs).max())
    response = dwi.response_auto(data, g, fa=0.5)
    theirs = ConstrainedSphericalDeconvModel(gtab, (response.eigenvalues, response.s0), sh_order_max=8).fit(data).shm_coeff
    there = dwi.Sphere(small_sphere.vertices @ axes.T, symmetric=True)  # where DIPY looks at the constraint
    along = dwi.response_tensor(dwi.Gradients(gtab.bvals, gtab.bvecs), response.eigenvalues, response.s0)
    own = dwi.csd(data, g, along, basis=LEGACY, sphere=there)  # its response fits the image's directions
    near(own, dwi.sh_rotate(theirs, axes, LEGACY), 1e-4 * np.abs(theirs).max())
    turned = dwi.Sphere(default_sphere.vertices @ axes.T, symmetric=True)
    odf = theirs @ dwi.sh_matrix(8, default_sphere.vertices, LEGACY).T
    found = dwi.peaks(dwi.sh_rotate(theirs, axes, LEGACY), sphere=turned, basis=LEGACY, peaks=3)
    whole = HemiSphere(xyz=default_sphere.vertices)
    for at in ((5, 5, 5), (2, 3, 4), (8, 1, 7)):
        d, v, i = peak_directions(odf[at], whole, relative_peak_threshold=0.5, min_separation_angle=25)
        n = min(3, len(v))
        assert list(found.numbers[at][:n]) == list(i[:n])
        near(found.values[at][:n], v[:n], 1e-6)
        near(np.abs(np.einsum("ij,ij->i", found.directions[at][:n], d[:n] @ axes.T)), np.ones(n), 1e-6)


def test_streamlines():
    """The same streamlines, point for point, where nothing is drawn: DIPY's deterministic ones from the same seeds."""
    from dipy.data import default_sphere
    from dipy.direction import DeterministicMaximumDirectionGetter
    from dipy.tracking.local_tracking import LocalTracking
    from dipy.tracking.stopping_criterion import ThresholdStoppingCriterion
    image, gtab, g, axes = small()
    data = image.get_fdata()
    fa = dwi.tensor(data, g, iterations=1).fa
    sh = dwi.odf(data, g, kind="csa", basis=LEGACY)
    back = dwi.sh_rotate(sh, axes.T, LEGACY)  # along the image's axes
    seeds = track.seeds(fa > 0.3, image, number=150, seed=4)
    getter = DeterministicMaximumDirectionGetter.from_shcoeff(back, max_angle=30.0, sphere=default_sphere, basis_type=None,
                                                              pmf_threshold=0.1)
    theirs = list(LocalTracking(getter, ThresholdStoppingCriterion(fa, 0.2), seeds, image.affine, step_size=0.5,
                                return_all=True))
    field = track.Field.harmonics(sh, image, map=fa, basis=LEGACY,
                                  sphere=dwi.Sphere(default_sphere.vertices @ axes.T, symmetric=True))
    own = list(track.run(field, seeds, rules="dipy", getter="deterministic", step=0.5, max_angle=30, threshold=0.2,
                         relative_peak_threshold=0.5, min_separation=25, peaks=16))
    def within(line):
        """Whether it is among ours, from either end."""
        return any(len(o) == len(line) and min(np.abs(o - line).max(), np.abs(o[::-1] - line).max()) < 1e-3 for o in own)
    longer = [np.asarray(line) for line in theirs if len(line) > 1]  # a seed without a direction is a line of one point there
    same = sum(map(within, longer))  # all of ours are; a seed may have one peak more there, where low values become 0 first
    assert len(longer) > 200 and same == len(own) > 0.98 * len(longer), (same, len(longer), len(own))


if __name__ == "__main__":
    sys.exit(harness.main("__main__", sys.argv[1:]))
