# Written by ./dev docs (tools/python_stubs.py).
"""Tracking: streamlines through orientation functions, from seeds, and files of streamlines (TRK, TCK, TRX).

Positions are in mm towards right, front and top, steps and lengths in mm. Images are arrays in nibabel's order of axes,
(i, j, k, numbers), with an affine (4, 4) from the index of a voxel's centre to mm, or images that have one (nibabel's,
or of `voxgrad.io.read_image`). The same seeds and options give the same streamlines, bit for bit on one device, whatever
the threads and blocks.
"""

import os
from typing import Any, Callable, Literal, NamedTuple, Sequence

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from . import Device
from .dwi import Gradients
from .dwi import Sphere

class Density(NamedTuple):
    """What `density` gives. counts (i, j, k): streamlines in each voxel, uint32. colors (i, j, k, 3): the
    direction of each voxel's streamlines as magnitudes, times their number, or None. stats: streamlines, points, outside
    (points that lie in no voxel), leaving (streamlines with such points), missed (streamlines that count in no voxel).
    """
    counts: np.ndarray
    colors: np.ndarray | None
    stats: dict[str, int]

class Field:
    """The image that streamlines run through; made by `harmonics`, `samples`, `tensors`, `vectors` or `series`, and kept
    for any number of runs.

    affine: (4, 4), None: the image's own. map: (i, j, k), an array or image: a streamline goes on while it is above the
    threshold; of booleans that is 0.5 unless it is given. None: everywhere in the image. sphere: the directions that are
    looked at, None: "hemi:repulsion724". device: where it is kept and tracked.

    Regions are masks (i, j, k), looked up at the nearest voxel of every point: stop ends a streamline before it comes
    there, exclude leaves out those that come there; include is a mask or a list of up to 16, of which a streamline must
    come to each.
    """
    def __init__(self, handle: Any) -> None: ...
    @classmethod
    def harmonics(
        cls, sh: Any, affine: Any = None, *, map: Any = None,
        basis: Literal['tournier07', 'descoteaux07-legacy', 'descoteaux07'] = 'tournier07',
        sphere: Sphere | str | ArrayLike | None = None, stop: Any = None, exclude: Any = None,
        include: Any = None, device: Device | str | None = None
    ) -> Field:
        """Spherical harmonics (i, j, k, n) of an orientation function, as `voxgrad.dwi.csd` and `odf` give them, in that
        basis.
        """
        ...
    @classmethod
    def samples(
        cls, values: Any, sphere: Sphere | str | ArrayLike, affine: Any = None, *, map: Any = None,
        stop: Any = None, exclude: Any = None, include: Any = None,
        device: Device | str | None = None
    ) -> Field:
        """An orientation function's values (i, j, k, n) on the n directions of a sphere."""
        ...
    @classmethod
    def tensors(
        cls, tensors: Any, affine: Any = None, *, map: Any = None, stop: Any = None,
        exclude: Any = None, include: Any = None, device: Device | str | None = None
    ) -> Field:
        """Diffusion tensors (i, j, k, 6), as `voxgrad.dwi.tensor` gives them."""
        ...
    @classmethod
    def vectors(
        cls, vectors: ArrayLike, affine: Any = None, *, map: Any = None, stop: Any = None,
        exclude: Any = None, include: Any = None, device: Device | str | None = None
    ) -> Field:
        """Vectors (i, j, k, 3), or several a voxel (i, j, k, n, 3) as `voxgrad.dwi.peaks` gives them, in scanner
        coordinates; their sign means nothing, 0 0 0 is none.
        """
        ...
    @classmethod
    def series(
        cls, dwi: Any, gradients: Gradients, affine: Any = None, *, map: Any = None,
        sphere: Sphere | str | ArrayLike | None = None, stop: Any = None, exclude: Any = None,
        include: Any = None, device: Device | str | None = None,
        kind: Literal['amplitudes', 'qball', 'csa', 'opdt'] = 'opdt', order: int | None = None,
        shell: int | None = None, smooth: float | None = None, min_signal: float | None = None
    ) -> Field:
        """A series (i, j, k, volumes) itself: for the bootstrap, where the options are those of the orientation function
        that is fitted to resampled signals, "opdt" or "csa"; or for tensors that are fitted at every step.

        Options:
            kind ('amplitudes' | 'qball' | 'csa' | 'opdt'): which function of the signals
            order (int): of the harmonics, even; 0: 4
            shell (int): which, by rising b from 1; 0: the only one there is
            smooth (float): factor of the squared Laplace-Beltrami operator; 0: 0.006, of amplitudes none; below 0: none
            min_signal (float): smaller signals count as that; 0: 0.00001
        """
        ...
    def to_mm(self, indices: ArrayLike) -> np.ndarray:
        """Positions (n, 3) in mm of voxel indices (n, 3), such as `np.argwhere(mask)` or fractions.
        """
        ...

class Reader:
    """A file of streamlines that is read piece by piece: `with voxgrad.track.Reader("a.trk") as r`, `for batch in r`, each
    batch a Tractogram in mm towards right, front and top, whatever the file holds.

    batch: streamlines at a time, at most; dtype: float32 or float64, what positions become. format: None: by the file's
    first bytes. streamlines, points: None where the file does not say. affine, grid: None: not known; attributes: dict;
    groups: dict of streamlines' numbers; point_columns, line_columns: as a Writer takes them.
    """
    path: str
    format: str
    dtype: np.dtype
    streamlines: int | None
    points: int | None
    affine: np.ndarray | None
    grid: tuple[int, int, int] | None
    stored: np.dtype
    groups: dict[str, np.ndarray]
    attributes: dict[str, str]
    point_columns: dict[str, tuple[int, Any]] | None
    line_columns: dict[str, tuple[int, Any]] | None
    def __init__(
        self, path: str | os.PathLike[str], *, batch: int = 10000,
        dtype: DTypeLike | None = np.float32, format: str | None = None, max_memory: int = 0
    ) -> None: ...
    def close(self) -> None:
        """Gives the file back; what was read stays."""
        ...
    def __enter__(self) -> Any: ...
    def __exit__(self, *error: Any) -> Any: ...

class Tractogram:
    """Streamlines: `positions` (points, 3) in mm towards right, front and top, one after the other; streamline n has those
    from `offsets[n]` to `offsets[n + 1]`. `len(t)`, `t[n]`, `t[list or mask]` (a Tractogram), and iteration, which gives
    views.

    affine, grid: of the image that they belong to, (4, 4) and (ni, nj, nk), or None. point_data, line_data: dicts of
    arrays, one row for each point or streamline. groups: dict of streamlines' numbers. attributes: dict of texts.
    stats: what `run` counted.
    """
    positions: np.ndarray
    offsets: np.ndarray
    affine: np.ndarray | None
    grid: tuple[int, int, int] | None
    point_data: dict[str, np.ndarray]
    line_data: dict[str, np.ndarray]
    groups: dict[str, np.ndarray]
    attributes: dict[str, str]
    stats: dict[str, Any] | None
    def __init__(
        self, positions: ArrayLike, offsets: ArrayLike, affine: Any = None,
        grid: Sequence[int] | None = None, *, point_data: dict[str, ArrayLike] | None = None,
        line_data: dict[str, ArrayLike] | None = None, groups: dict[str, Any] | None = None,
        attributes: dict[str, str] | None = None, stats: dict[str, Any] | None = None
    ) -> None: ...
    @classmethod
    def of(
        cls, streamlines: Any, affine: Any = None, grid: Sequence[int] | None = None, **data: Any
    ) -> Tractogram:
        """Of a list of arrays (n, 3), of nibabel's Tractogram in scanner coordinates, or its ArraySequence.
        """
        ...
    def __len__(self) -> int: ...
    def __getitem__(self, which: Any) -> Any:
        """A streamline by its number, or some of them as a Tractogram without groups."""
        ...
    @property
    def counts(self) -> np.ndarray:
        """(n,): points of every streamline."""
        ...
    @property
    def lengths(self) -> np.ndarray:
        """(n,): their lengths along the points, mm."""
        ...
    def linearize(
        self, *, tolerance: float | None = None, max_segment: float | None = None
    ) -> Tractogram:
        """The same lines with the points that they need: those go that lie within the tolerance of the line between the
        ones that stay, with their point data. Source: C. Presseau et al., NeuroImage 109 (2015) 73.

        Options:
            tolerance (float, mm): points go that lie no further from the rest; 0: 0.1
            max_segment (float, mm): segments do not become longer; 0: 10
        """
        ...
    def resample(self, *, points: int | None = None, step: float | None = None) -> Tractogram:
        """The same lines with points that are spaced evenly along them, so many or so far apart; the ends stay. Data of
        points do not go with them.

        Options:
            points (int): of each streamline
            step (float, mm): along it between neighbours, as near as equal steps come
        """
        ...
    @property
    def ends(self) -> np.ndarray:
        """(n, 2, 3): first and last point of every streamline; NaN of one without points."""
        ...
    def to_nibabel(self) -> Any:
        """A Tractogram of nibabel's on the same positions, with point and streamline data."""
        ...
    def save(self, path: str | os.PathLike[str], **options: Any) -> None:
        """Writes a file; `write` says what the options are."""
        ...

class Writer:
    """A file of streamlines that is written piece by piece: `with voxgrad.track.Writer("a.trx", affine, grid) as w`,
    `w.write(streamlines)`. It appears whole at the end of the block, or, when that is left by an exception, not at all.

    The path's ending, or format, is "trk", "tck" or "trx". affine (4, 4) or an image, and grid (ni, nj, nk): of the image
    they belong to, which TRK and TRX need. dtype: of positions in the file, float32, float64 (TCK, TRX) or float16 (TRX).
    point_columns, line_columns: dicts, name: (components, dtype), of the data that come with every piece. groups: dict
    of lists of streamlines' numbers (TRX); attributes: dict of texts. force: replaces what exists. offset_bits (32,
    64), folder: of TRX. What a format cannot hold is an UnsupportedError that names it. The options leave points or
    streamlines out as they are written; groups go with the latter only if all of them stay.

    Options:
        linearize (bool): points that are not needed go
        tolerance (float, mm): points go that lie no further from the rest; 0: 0.1
        max_segment (float, mm): segments do not become longer; 0: 10
        min_length (float, mm): shorter streamlines stay behind
        max_length (float, mm): longer streamlines stay behind; 0: none
        points (int): of each streamline, spaced evenly along it; 0: as they are
        step (float, mm): points are spaced evenly, as near to this as equal steps come; 0: as they are
    """
    point_columns: dict[str, Any]
    line_columns: dict[str, Any]
    path: str
    def __init__(
        self, path: str | os.PathLike[str], affine: Any = None, grid: Sequence[int] | None = None,
        *, dtype: DTypeLike | None = np.float32,
        point_columns: dict[str, tuple[int, Any]] | None = None,
        line_columns: dict[str, tuple[int, Any]] | None = None,
        groups: dict[str, Any] | None = None, attributes: dict[str, str] | None = None,
        format: str | None = None, force: bool = False, offset_bits: int = 0, folder: bool = False,
        linearize: bool = False, tolerance: float | None = None, max_segment: float | None = None,
        min_length: float | None = None, max_length: float | None = None, points: int | None = None,
        step: float | None = None
    ) -> None: ...
    def write(self, streamlines: Any) -> None:
        """Adds a Tractogram, with the data that the file's columns name, or what `Tractogram.of` takes.
        """
        ...
    def close(self) -> None:
        """Completes the file."""
        ...
    def abandon(self) -> None:
        """Gives it up: nothing is left."""
        ...
    def __enter__(self) -> Any: ...
    def __exit__(self, kind: str, *error: Any) -> Any: ...

def density(
    streamlines: Any, affine: Any = None, grid: Sequence[int] | None = None, *,
    by: Literal['segments', 'points', 'samples'] = 'segments', color: bool = False
) -> Density:
    """How many streamlines there are in each voxel of an image: of a Tractogram, a path (batch by batch) or what
    `Tractogram.of` takes. affine (4, 4) or an image, and grid (ni, nj, nk): None: those of the streamlines.

    Options:
        by ('segments' | 'points' | 'samples'): a streamline counts in voxels that it passes through, has a point in, or one of samples between
        color (bool): directions are added too
    """
    ...

def read(
    path: str | os.PathLike[str], *, dtype: DTypeLike | None = np.float32,
    format: str | None = None, progress: bool | Callable[[str, float, float], Any] | None = None
) -> Tractogram:
    """A whole file of streamlines (TRK, TCK, TRX), with its data and groups; `Reader` says what the arguments are.
    """
    ...

def run(
    field: Field, seeds: ArrayLike, *, out: Any = None, force: bool = False,
    progress: bool | Callable[[str, float, float], Any] | None = None,
    getter: Literal['probabilistic', 'deterministic', 'bootstrap', 'ptt', 'peak', 'tensor',
    'vector'] | None = None, rules: Literal['own', 'dipy', 'cuslines', 'nibrary'] = 'own',
    attempts: int | None = None, step: float | None = None, max_angle: float | None = None,
    min_length: float | None = None, max_length: float | None = None,
    threshold: float | None = None, pmf_threshold: float | None = None, peaks: int | None = None,
    block: int | None = None, relative_peak_threshold: float | None = None,
    min_separation: float | None = None, angular_weight: float | None = None,
    cutoff: float | None = None, integrator: Literal['euler', 'rk4'] = 'euler', half: bool = False,
    probe_length: float | None = None, probe_radius: float | None = None,
    min_radius: float | None = None, min_support: float | None = None,
    support_power: float | None = None, probe_quality: int | None = None,
    probe_count: int | None = None, small_steps: int | None = None, disc_rings: int | None = None,
    tries: int | None = None, first_tries: int | None = None, weak_links: int | None = None,
    normalize: int | None = None, best: bool = False, seed: int | None = None,
    first: int | None = None
) -> Any:
    """Tracks from seeds (n, 3), mm, in order: a Tractogram, with `stats`.

    out: a path (.trk, .tck, .trx) or a Writer, into which streamlines are written while tracking goes on, so that memory
    is that of a block of seeds; or a function that is called with a Tractogram for every block. The result is then
    `stats` alone: seeds, outside (seeds that are not in the image), streamlines, points, short_ones (left out by
    min_length), region_ones (by regions), length (mm, of all), ended (halves by how they ended). A path that is there
    is replaced only with force=True; on an error or Ctrl-C nothing of a path is left.

    The getter's default is the field's: "bootstrap" of a series, "tensor" of tensors, "vector" of vectors, else
    "probabilistic". docs/tracking.md says what each does. Sources: of bootstrap tracking: J. I.
    Berman et al., NeuroImage 39 (2008) 215; of the rest docs/tracking.md.

    Options:
        getter ('probabilistic' | 'deterministic' | 'bootstrap' | 'ptt' | 'peak' | 'tensor' | 'vector'): how the next direction is found
        rules ('own' | 'dipy' | 'cuslines' | 'nibrary'): what these programs do otherwise
        attempts (int): of a bootstrap step; 0: 5
        step (float, mm): length of a step; 0: half the smallest side of a voxel
        max_angle (float, deg): between steps; 0: 20, of bootstrap, peak, tensor and vector 60
        min_length (float, mm): shorter streamlines are left out
        max_length (float, mm): of each half; 0: 500
        threshold (float): a streamline goes on while the map is above it
        pmf_threshold (float): values below that share of the highest do not count; 0: 0.1, with cuslines' rules 0.05, below 0: none
        peaks (int): streamlines of a seed at most, one for each peak there; 0: 1
        block (int, seeds): worked on together; 0: chosen here
        relative_peak_threshold (float): share of the first peak's height over the minimum; 0: 0.5, below 0: none
        min_separation (float, deg): angle between two peaks at least; 0: 25
        angular_weight (float): w: values at angle a to the last direction count 1 - w + w |cos a| times
        cutoff (float): peak: least height; tensor: least FA; vector: least length; 0: 0.1, below 0: none
        integrator ('euler' | 'rk4'): of peak, tensor and vector
        half (bool): hold the field in half precision
        probe_length (float, mm): ptt: how far ahead the function is looked at; 0: as the rules have it
        probe_radius (float, mm): ptt: of the ring of lines that are looked along
        min_radius (float, mm): ptt: of curvature; 0: as max-angle over a step has it
        min_support (float): ptt: least mean of the function along the probe; 0: 0.05, below 0: none
        support_power (float): ptt: weights are the support to that power; 0: 1
        probe_quality (int, points): ptt: along the probe; 0: as the rules have it
        probe_count (int, lines): ptt: on the ring; 0: 1
        small_steps (int): ptt: arcs a step; 0: as the rules have it
        disc_rings (int): ptt: rings of triangles that curvatures are drawn from; 0: 2
        tries (int): ptt: curvatures that are drawn before a half ends; 0: as the rules have it
        first_tries (int): ptt: turns of the frame at the seed; 0: as the rules have it
        weak_links (int): ptt: 1: points of the probe may lie below min-support, 2: none may; 0: as the rules have it
        normalize (int): ptt: 1: the function over its highest value in each voxel, 2: as it is; 0: as the rules have it
        best (bool): ptt: no draw, the curvatures next to the best
        seed (int): of the random numbers
        first (int): the number of the first seed
    """
    ...

def seeds(
    mask: Any, affine: Any = None, *, count: int | None = None,
    kind: Literal['random', 'per-voxel', 'grid'] = 'random', number: int | None = None,
    seed: int | None = None, first: int | None = None
) -> np.ndarray:
    """Seeds (n, 3) in mm in a mask (i, j, k), an array or image; affine: (4, 4), None: the image's own. `number` of them
    at random anywhere in it, or in each of its voxels, or a grid of number^3 in each. Each depends on its number and the
    mask alone: `first` and count (None: all) give a part of them.

    Options:
        kind ('random' | 'per-voxel' | 'grid'): where in the mask seeds lie
        number (int): of seeds in all, in each voxel, or along each axis of a voxel; 0: 1
        seed (int): of the random numbers
        first (int): the first seed that is wanted
    """
    ...

def write(
    path: str | os.PathLike[str], streamlines: Any, *, affine: Any = None,
    grid: Sequence[int] | None = None, dtype: DTypeLike | None = None, format: str | None = None,
    force: bool = False, offset_bits: int = 0, folder: bool = False
) -> None:
    """A file of a Tractogram with its data and groups, or of what `Tractogram.of` takes. affine, grid: None: the
    Tractogram's; the other arguments are those of `Writer`.
    """
    ...

__all__ = [
    'Density', 'Field', 'Reader', 'Tractogram', 'Writer', 'density', 'read', 'run', 'seeds', 'write'
]
