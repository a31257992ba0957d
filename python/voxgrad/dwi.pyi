# Written by ./dev docs (tools/python_stubs.py).
"""Diffusion MRI: gradient tables, spherical harmonics, directions on the sphere, local models in every voxel.

Images are arrays in nibabel's order of axes, (i, j, k, volumes), or images (nibabel's, or of `voxgrad.io.read_image`);
float32 and float64 are worked on in that arithmetic, smaller integers in float32, larger ones in float64. Arrays
whose first axis is contiguous, as nibabel's are, are looked at where they lie; others are copied. Results are (i, j,
k) or (i, j, k, rows) of the same kind. b-values are in s/mm2, directions in scanner coordinates (right, front, top),
diffusivities in mm2/s.

Every function of a series takes mask=, what is not 0 belonging to it: voxels outside are not looked at and get 0. Numbers
that are not finite are an InputError that names the voxel. device: where it is computed ("cpu", "opencl:0", "cuda:0");
arrays stay on the host. progress: True for a bar, or a function of (words, done, total); Ctrl-C ends a fit between two
blocks of voxels.
"""

import os
from typing import Any, Callable, Literal, NamedTuple, Sequence

import numpy as np
from numpy.typing import ArrayLike

from . import Device

class Gradients:
    """What every volume of a series was weighted by: b-values (n,) in s/mm2 and unit directions (n, 3) in scanner
    coordinates. Made of both, or by `from_fsl`, `from_mrtrix`, `from_dipy`. Immutable; `g[volumes]` has some of them.

    A volume up to b0_threshold (50 s/mm2) is unweighted, its direction becomes 0. A direction whose length is off by more
    than unit_tolerance (0.01) is an InputError that names the volume.

    Options:
        b0_threshold (float, s/mm2): b-values up to it count as unweighted; 0: 50
        unit_tolerance (float): how far from 1 the length of a direction may be; 0: 0.01
        shell_tolerance (float, s/mm2): b-values further apart are of two shells; 0: 80
    """
    def __init__(
        self, b: ArrayLike, directions: ArrayLike, *, b0_threshold: float | None = None,
        unit_tolerance: float | None = None, shell_tolerance: float | None = None
    ) -> None: ...
    @classmethod
    def from_fsl(
        cls, bvals: str | os.PathLike[str] | ArrayLike, bvecs: str | os.PathLike[str] | ArrayLike,
        affine: Any, *, b0_threshold: float | None = None, unit_tolerance: float | None = None,
        shell_tolerance: float | None = None
    ) -> Gradients:
        """FSL's files or their numbers: b (n,), and directions (3, n) or (n, 3) along the image's axes. affine: (4, 4)
        of the image, or the image; where its determinant is positive FSL's x points against the first axis.

        Options:
            b0_threshold (float, s/mm2): b-values up to it count as unweighted; 0: 50
            unit_tolerance (float): how far from 1 the length of a direction may be; 0: 0.01
            shell_tolerance (float, s/mm2): b-values further apart are of two shells; 0: 80
        """
        ...
    @classmethod
    def from_mrtrix(
        cls, table: Any, *, b0_threshold: float | None = None, unit_tolerance: float | None = None,
        shell_tolerance: float | None = None
    ) -> Gradients:
        """MRtrix's table (n, 4), x y z b in scanner coordinates: a file or its numbers, or an image of a .mif
        (`voxgrad.io.read_image`) that holds one.

        Options:
            b0_threshold (float, s/mm2): b-values up to it count as unweighted; 0: 50
            unit_tolerance (float): how far from 1 the length of a direction may be; 0: 0.01
            shell_tolerance (float, s/mm2): b-values further apart are of two shells; 0: 80
        """
        ...
    @classmethod
    def from_dipy(
        cls, gtab: Any, affine: Any, *, b0_threshold: float | None = None,
        unit_tolerance: float | None = None, shell_tolerance: float | None = None
    ) -> Gradients:
        """A GradientTable of DIPY's: directions along the image's axes, as DIPY's own tracking takes them. affine: (4, 4)
        of the image, or the image. DIPY reads FSL's files as they are: of an image whose determinant is positive their x
        is then wrong, and `from_fsl` has it right.

        Options:
            b0_threshold (float, s/mm2): b-values up to it count as unweighted; 0: 50
            unit_tolerance (float): how far from 1 the length of a direction may be; 0: 0.01
            shell_tolerance (float, s/mm2): b-values further apart are of two shells; 0: 80
        """
        ...
    @property
    def b(self) -> np.ndarray:
        """(n,), s/mm2."""
        ...
    @property
    def directions(self) -> np.ndarray:
        """(n, 3), 0 0 0 of unweighted volumes."""
        ...
    def __len__(self) -> int: ...
    @property
    def shells(self) -> np.ndarray:
        """Mean b of every shell, by rising b; shell 0 is the unweighted volumes, also where there are none.
        """
        ...
    @property
    def shell_of(self) -> np.ndarray:
        """(n,): the shell of every volume."""
        ...
    def __getitem__(self, volumes: Any) -> Gradients: ...

class Peaks(NamedTuple):
    """What `peaks` gives, the highest first: directions (..., n, 3), 0 0 0 where there is none; values (...,
    n); numbers (..., n): of the direction on the sphere, -1: none.
    """
    directions: Any
    values: Any
    numbers: Any

class Response:
    """The signal of one fibre along z in a shell: its harmonics of m = 0, orders 0, 2... (`zonal`), as MRtrix3's files of
    responses hold them; of the shell `b` (s/mm2; 0: not said), s0: the unweighted signal. By `response_tensor` and
    `response_auto`, or of numbers or a file of one row.
    """
    def __init__(
        self, zonal: str | os.PathLike[str] | ArrayLike, b: float = 0.0, s0: float = 0.0
    ) -> None: ...
    @property
    def order(self) -> int:
        """Of the harmonics."""
        ...
    @property
    def zonal(self) -> np.ndarray:
        """(order / 2 + 1,)."""
        ...
    @property
    def b(self) -> float:
        """Of its shell, s/mm2; 0: not known."""
        ...
    @property
    def s0(self) -> float:
        """The unweighted signal; 0: not known."""
        ...
    @property
    def eigenvalues(self) -> np.ndarray:
        """Of the tensor that it was made of, mm2/s; 0: of none."""
        ...
    @property
    def voxels(self) -> int:
        """How many it was estimated from; 0: it was given."""
        ...

class Sphere:
    """A set of directions with their neighbours: by name (`Sphere.names()`; "hemi:" in front has one of each pair of
    opposites), or unit vectors (n, 3) of one's own, at least 6. symmetric, of one's own: each stands for its opposite
    too. Immutable.
    """
    def __init__(
        self, directions: str | ArrayLike = 'hemi:repulsion724', symmetric: bool = False
    ) -> None: ...
    @staticmethod
    def names() -> list[str]:
        """The sets that there are."""
        ...
    def __len__(self) -> int: ...
    @property
    def directions(self) -> np.ndarray:
        """(n, 3)."""
        ...
    @property
    def symmetric(self) -> bool:
        """Whether each direction stands for its opposite too."""
        ...
    @property
    def edges(self) -> np.ndarray:
        """(m, 2): pairs of neighbours, by number."""
        ...

class TensorMaps(NamedTuple):
    """What `tensor` gives; maps that were not asked for are None.

    tensor (..., 6): Dxx Dyy Dzz Dxy Dxz Dyz, mm2/s, scanner axes. s0: the unweighted signal. eigenvalues (..., 3): falling,
    mm2/s. eigenvectors (..., 3, 3): the first is [..., :, 0], as DIPY has them. fa: fractional anisotropy. md, ad, rd: mean,
    axial and radial diffusivity. rgb (..., 3): magnitudes of the first eigenvector times FA.
    """
    tensor: Any
    s0: Any
    eigenvalues: Any
    eigenvectors: Any
    fa: Any
    md: Any
    ad: Any
    rd: Any
    rgb: Any

def csd(
    dwi: Any, gradients: Gradients, response: Response, *, mask: Any = None,
    sphere: Sphere | str | ArrayLike | None = None, device: Device | str | None = None,
    progress: bool | Callable[[str, float, float], Any] | None = None,
    rules: Literal['dipy', 'mrtrix'] = 'dipy', order: int | None = None, shell: int | None = None,
    iterations: int | None = None,
    basis: Literal['tournier07', 'descoteaux07-legacy', 'descoteaux07'] = 'tournier07',
    lambda_: float | None = None, tau: float | None = None
) -> Any:
    """Constrained spherical deconvolution: the density of fibres as harmonics (..., sh_count(order)). sphere: where the
    constraint is looked at, None: "hemi:symmetric362".

    Source: J.-D. Tournier, F. Calamante, A. Connelly, NeuroImage 35 (2007) 1459.

    Options:
        rules ('dipy' | 'mrtrix'): whose constraint and weights
        order (int): of the result, even; 0: 8
        shell (int): which, by rising b from 1; 0: the highest with directions enough
        iterations (int): at most; 0: 50
        basis ('tournier07' | 'descoteaux07-legacy' | 'descoteaux07'): of the result
        lambda_ (float): weight of the constraint; 0: 1
        tau (float): densities below that share of the mean are pressed down (dipy); 0: 0.1
    """
    ...

def gfa(sh: Any, *, mask: Any = None, device: Device | str | None = None) -> Any:
    """Generalised fractional anisotropy (...) of harmonics (..., n): sqrt(1 - c0^2 / sum c^2)."""
    ...

def head_mask(
    dwi: Any, gradients: Gradients | None = None, *, device: Device | str | None = None,
    radius: int | None = None, passes: int | None = None, dilate: int | None = None,
    clean: Literal['none', 'islands', 'holes', 'both'] = 'none'
) -> Any:
    """A mask (i, j, k) of the head, booleans: the mean of the unweighted volumes (gradients None: of all) of a series
    (i, j, k, volumes), smoothed by medians, above Otsu's threshold. Without options DIPY's `median_otsu`.

    Options:
        radius (int, voxels): of the boxes whose medians are taken; 0: 4
        passes (int): medians one after the other; 0: 4, -1: none
        dilate (int, voxels): layers of voxels that are put around the mask
        clean ('none' | 'islands' | 'holes' | 'both'): what is left out or put in: all but the largest part, what it encloses
    """
    ...

def odf(
    dwi: Any, gradients: Gradients, *, mask: Any = None, device: Device | str | None = None,
    progress: bool | Callable[[str, float, float], Any] | None = None,
    kind: Literal['amplitudes', 'qball', 'csa', 'opdt'] = 'amplitudes', order: int | None = None,
    shell: int | None = None,
    basis: Literal['tournier07', 'descoteaux07-legacy', 'descoteaux07'] = 'tournier07',
    smooth: float | None = None, min_signal: float | None = None
) -> Any:
    """An orientation function out of one shell, as spherical harmonics (..., sh_count(order)). kind is needed; "amplitudes"
    are the signals themselves, which are lowest along fibres.

    Sources: M. Descoteaux et al., Magn. Reson. Med. 58 (2007) 497 (qball); I. Aganj et al., Magn. Reson. Med. 64 (2010) 554
    (csa); A. Tristan-Vega et al., NeuroImage 47 (2009) 638 (opdt).

    Options:
        kind ('amplitudes' | 'qball' | 'csa' | 'opdt'): which function of the signals
        order (int): of the harmonics, even; 0: 4
        shell (int): which, by rising b from 1; 0: the only one there is
        basis ('tournier07' | 'descoteaux07-legacy' | 'descoteaux07'): of the result
        smooth (float): factor of the squared Laplace-Beltrami operator; 0: 0.006, of amplitudes none; below 0: none
        min_signal (float): smaller signals count as that; 0: 0.00001
    """
    ...

def peaks(
    sh: Any, *, mask: Any = None, sphere: Sphere | str | ArrayLike | None = None,
    device: Device | str | None = None,
    progress: bool | Callable[[str, float, float], Any] | None = None, peaks: int | None = None,
    basis: Literal['tournier07', 'descoteaux07-legacy', 'descoteaux07'] = 'tournier07',
    relative_threshold: float | None = None, min_separation: float | None = None
) -> Peaks:
    """Peaks of harmonics (..., n) on a set of directions (a Sphere, a name; None: "hemi:repulsion724").

    Options:
        peaks (int): how many at most; 0: 5
        basis ('tournier07' | 'descoteaux07-legacy' | 'descoteaux07'): of the harmonics
        relative_threshold (float): share of the first peak's height over the minimum; 0: 0.5, below 0: none
        min_separation (float, deg): angle between two peaks at least; 0: 25
    """
    ...

def response_auto(
    dwi: Any, gradients: Gradients, *, mask: Any = None, fa: float = 0.7, order: int = 8,
    shell: int = 0, device: Device | str | None = None
) -> Response:
    """The response of the mean tensor of the voxels whose FA is above `fa`: the first eigenvalue, the second for both
    others, the mean unweighted signal. Where the second is above 0.3 of the first it is not of single fibres. mask: where
    it is looked for (DIPY's `auto_response_ssst` looks at a cube of side 20 in the middle). No such voxel is a
    NumericalError.
    """
    ...

def response_recursive(
    dwi: Any, gradients: Gradients, *, mask: Any = None,
    sphere: Sphere | str | ArrayLike | None = None, device: Device | str | None = None,
    progress: bool | Callable[[str, float, float], Any] | None = None, order: int | None = None,
    shell: int | None = None, iterations: int | None = None, peak_threshold: float | None = None,
    fa: float | None = None, trace: float | None = None, convergence: float | None = None
) -> Response:
    """Recursive calibration: the voxels of the mask (of white matter) are deconvolved, and those with a single peak make
    the next response. sphere: where peaks are looked for, None: "hemi:repulsion724". No such voxel is a NumericalError.

    Source: C. M. W. Tax et al., NeuroImage 86 (2014) 67.

    Options:
        order (int): of the deconvolution and of the response, even; 0: 8
        shell (int): which, by rising b from 1; 0: the only one
        iterations (int): deconvolutions at most; 0: 8
        peak_threshold (float): a second peak below that share of the first is none; 0: 0.01
        fa (float): fractional anisotropy of the tensor that it begins with; 0: 0.08
        trace (float, mm2/s): of that tensor; 0: 0.0021
        convergence (float): it ends when no term changes by more than that share; 0: 0.001
    """
    ...

def response_tensor(
    gradients: Gradients, eigenvalues: ArrayLike, s0: float, *, order: int = 8, shell: int = 0
) -> Response:
    """The response of a tensor: its signals at the shell's directions, fitted to the order. eigenvalues (3,), falling,
    mm2/s; shell 0: the only one there is.
    """
    ...

def sh_convert(
    coefficients: Any, to: Literal['tournier07', 'descoteaux07-legacy', 'descoteaux07'],
    basis: Literal['tournier07', 'descoteaux07-legacy', 'descoteaux07'] = 'tournier07'
) -> np.ndarray:
    """Coefficients (..., n) of a basis in another one: (..., n), `to` as in `sh_matrix`."""
    ...

def sh_count(order: int) -> int:
    """How many harmonics of even order up to `order` there are."""
    ...

def sh_matrix(
    order: int, directions: ArrayLike,
    basis: Literal['tournier07', 'descoteaux07-legacy', 'descoteaux07'] = 'tournier07'
) -> np.ndarray:
    """The harmonics (n, sh_count(order)) at n directions (n, 3), which need not be unit vectors.

    Real, of even order, orthonormal; coefficient (l, m) has the number l (l + 1) / 2 + m. basis: "tournier07" (MRtrix3's;
    ours), "descoteaux07-legacy" (DIPY's default) or "descoteaux07" (DIPY, legacy=False).
    """
    ...

def sh_order(count: int) -> int:
    """The order of so many harmonics."""
    ...

def sh_rotate(
    coefficients: Any, rotation: ArrayLike | None,
    basis: Literal['tournier07', 'descoteaux07-legacy', 'descoteaux07'] = 'tournier07'
) -> np.ndarray:
    """Coefficients (..., n) of a function that is turned by a matrix (3, 3), a reflection too: what had the value f at u
    has it at `rotation @ u`. Harmonics along an image's axes, as DIPY makes them, become ours with the columns of the
    image's affine, each divided by its length.
    """
    ...

def tensor(
    dwi: Any, gradients: Gradients, *, mask: Any = None, maps: str | Sequence[str] | None = None,
    device: Device | str | None = None,
    progress: bool | Callable[[str, float, float], Any] | None = None,
    iterations: int | None = None, start: Literal['ols', 'data'] = 'ols',
    min_signal: float | None = None, min_share: float | None = None,
    min_eigenvalue: float | None = None
) -> TensorMaps:
    """The diffusion tensor of every voxel. maps: names of the wanted ones, None: all of `TensorMaps`.

    Six directions and two b-values are needed. Source: P. J. Basser, J. Mattiello, D. LeBihan, J. Magn. Reson. B 103 (1994)
    247.

    Options:
        iterations (int): weighted fits after the first; 0: ordinary least squares
        start ('ols' | 'data'): weights begin with the signal that ordinary least squares predicts, or with the data, which is one weighted fit more
        min_signal (float): smaller signals count as that; 0: 0.0001
        min_share (float): signals below that share of the voxel's largest count as that
        min_eigenvalue (float, mm2/s): smaller eigenvalues count as that; 0: 1e-6 over the design's largest entry, below 0: none
    """
    ...

__all__ = [
    'Gradients', 'Peaks', 'Response', 'Sphere', 'TensorMaps', 'csd', 'gfa', 'head_mask', 'odf',
    'peaks', 'response_auto', 'response_recursive', 'response_tensor', 'sh_convert', 'sh_count',
    'sh_matrix', 'sh_order', 'sh_rotate', 'tensor'
]
