"""What DIPY makes of the same files: dwi_dipy.py BRAIN SMALL FOLDER, files of voxgrad in FOLDER. Result lines."""
import glob
import os
import sys
import warnings

import nibabel
import numpy as np

warnings.filterwarnings("ignore")
from dipy.core.gradients import gradient_table
from dipy.io import read_bvals_bvecs
from dipy.reconst import csdeconv, dti
from dipy.segment.mask import median_otsu
from scipy import ndimage

brain, small, folder = sys.argv[1:]
failed = 0


def result(name, good, words):
    global failed
    print(f"PASS python_dipy_dwi.{name}" if good else f"FAIL python_dipy_dwi.{name}: {words}")
    failed |= not good


def series(path):
    image = nibabel.load(path + (".nii.gz" if os.path.exists(path + ".nii.gz") else ".nii"))
    b, v = read_bvals_bvecs(path + ".bval", path + ".bvec")
    return image.get_fdata(), gradient_table(b, bvecs=np.nan_to_num(v), b0_threshold=50)


load = lambda name: nibabel.load(os.path.join(folder, name)).get_fdata()
x, g = series(brain)
unweighted = np.flatnonzero(g.b0s_mask)
for path in sorted(glob.glob(os.path.join(folder, "mask_*.nii.gz"))):
    radius, passes, dilate, clean = os.path.basename(path)[5:-7].split("_")
    _, mask = median_otsu(x, vol_idx=unweighted, median_radius=int(radius), numpass=int(passes),
                          dilate=int(dilate) or None)
    if clean == "islands":
        parts, _ = ndimage.label(mask)
        mask = parts == np.argmax(np.bincount(parts.flat)[1:]) + 1
    apart = int((nibabel.load(path).get_fdata() != mask).sum())
    result(f"mask_{radius}_{passes}_{dilate}_{clean}", apart == 0, f"{apart} of {int(mask.sum())} voxels")

inside = load("mask_4_4_0_none.nii.gz") > 0
for fit in ("WLS", "OLS"):
    model = dti.TensorModel(g, fit_method=fit, min_signal=1e-4).fit(x[inside])
    for param, want in (("FA", model.fa), ("MD", model.md)):
        off = np.abs(load(f"{fit.lower()}_model-DTI_param-{param}_dwimap.nii.gz")[inside] - want)
        # float32 here; where the smallest eigenvalue is held up a last digit decides
        result(f"{fit}_{param}".lower(), np.quantile(off, 0.999) < 5e-6 * np.abs(want).max(),
               f"99.9 % of voxels within {np.quantile(off, 0.999):.3g}")

x, g = series(small)
response, _ = csdeconv.auto_response_ssst(g, x, roi_radii=10, fa_thr=0.5)
want = csdeconv.ConstrainedSphericalDeconvModel(g, response, sh_order_max=8).fit(x).shm_coeff
off = np.abs(load("fod.nii.gz") - want).max(axis=-1) / np.abs(want).max(axis=-1)
result("csd", np.quantile(off, 0.99) < 1e-4, f"99 % of voxels within {np.quantile(off, 0.99):.3g}")
r = csdeconv.recursive_response(g, x, sh_order_max=8)
off = np.abs(np.loadtxt(os.path.join(folder, "recursive.txt")) / r.dwi_response - 1).max()
result("recursive", off < 1e-4, f"the response is {off:.3g} off")
want = csdeconv.ConstrainedSphericalDeconvModel(g, r, sh_order_max=8).fit(x).shm_coeff
off = np.abs(load("recursive.nii.gz") - want).max(axis=-1) / np.abs(want).max(axis=-1)
result("csd_recursive", np.quantile(off, 0.98) < 1e-4, f"98 % of voxels within {np.quantile(off, 0.98):.3g}")
sys.exit(failed)
