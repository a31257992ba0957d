# Written by ./dev docs (tools/python_stubs.py).
"""Tracking: streamlines through orientation functions, from seeds, and files of streamlines (TRK, TCK, TRX).

Positions are in mm towards right, front and top, steps and lengths in mm. Images are arrays in nibabel's order of axes,
(i, j, k, numbers), with an affine (4, 4) from the index of a voxel's centre to mm, or images that have one (nibabel's,
or of `voxgrad.io.read_image`). The same seeds and options give the same streamlines, bit for bit on one device, whatever
the threads and blocks.
"""

import os
from typing import Any, Callable, Literal, Sequence

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from . import Device
from .dwi import Gradients
from .dwi import Sphere

class Field:
    """The image that streamlines run through; made by `harmonics`, `samples` or `series`, and kept for any number of
    runs.

    affine: (4, 4), None: the image's own. map: (i, j, k), an array or image: a streamline goes on while it is above the
    threshold; of booleans that is 0.5 unless it is given. None: everywhere in the image. sphere: the directions that are
    looked at, None: "hemi:repulsion724". device: where it is kept and tracked.
    """
    def __init__(self, handle: Any) -> None: ...
    @classmethod
    def harmonics(
        cls, sh: Any, affine: Any = None, *, map: Any = None,
        basis: Literal['tournier07', 'descoteaux07-legacy', 'descoteaux07'] = 'tournier07',
        sphere: Sphere | str | ArrayLike | None = None, device: Device | str | None = None
    ) -> Field:
        """Spherical harmonics (i, j, k, n) of an orientation function, as `voxgrad.dwi.csd` and `odf` give them, in that
        basis.
        """
        ...
    @classmethod
    def samples(
        cls, values: Any, sphere: Sphere | str | ArrayLike, affine: Any = None, *, map: Any = None,
        device: Device | str | None = None
    ) -> Field:
        """An orientation function's values (i, j, k, n) on the n directions of a sphere."""
        ...
    @classmethod
    def series(
        cls, dwi: Any, gradients: Gradients, affine: Any = None, *, map: Any = None,
        sphere: Sphere | str | ArrayLike | None = None, device: Device | str | None = None,
        kind: Literal['amplitudes', 'qball', 'csa', 'opdt'] = 'opdt', order: int | None = None,
        shell: int | None = None, smooth: float | None = None, min_signal: float | None = None
    ) -> Field:
        """A series (i, j, k, volumes) itself, for the bootstrap; the options are those of the orientation function that
        is fitted to resampled signals, "opdt" or "csa".

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
    groups: dict of streamlines' numbers.
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
    64), folder: of TRX. What a format cannot hold is an UnsupportedError that names it.
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
        format: str | None = None, force: bool = False, offset_bits: int = 0, folder: bool = False
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
    getter: Literal['probabilistic', 'deterministic', 'bootstrap'] | None = None,
    rules: Literal['own', 'dipy', 'cuslines'] = 'own', attempts: int | None = None,
    step: float | None = None, max_angle: float | None = None, min_length: float | None = None,
    max_length: float | None = None, threshold: float | None = None,
    pmf_threshold: float | None = None, peaks: int | None = None, block: int | None = None,
    relative_peak_threshold: float | None = None, min_separation: float | None = None,
    seed: int | None = None, first: int | None = None
) -> Any:
    """Tracks from seeds (n, 3), mm, in order: a Tractogram, with `stats`.

    out: a path (.trk, .tck, .trx) or a Writer, into which streamlines are written while tracking goes on, so that memory
    is that of a block of seeds; or a function that is called with a Tractogram for every block. The result is then
    `stats` alone: seeds, outside (seeds that are not in the image), streamlines, points, short_ones (left out by
    min_length), length (mm, of all), ended (halves by how they ended). A path that is there is replaced only with
    force=True; on an error or Ctrl-C nothing of a path is left.

    The getter's default is the field's: "bootstrap" of a series, else "probabilistic". Sources: of bootstrap tracking: R. A.
    Berman et al., NeuroImage 39 (2008) 215; of the rest docs/tracking.md.

    Options:
        getter ('probabilistic' | 'deterministic' | 'bootstrap'): how the next direction is found
        rules ('own' | 'dipy' | 'cuslines'): what these programs do otherwise
        attempts (int): of a bootstrap step; 0: 5
        step (float, mm): length of a step; 0: half the smallest side of a voxel
        max_angle (float, deg): between steps; 0: 20, of the bootstrap 60
        min_length (float, mm): shorter streamlines are left out
        max_length (float, mm): of each half; 0: 500
        threshold (float): a streamline goes on while the map is above it
        pmf_threshold (float): values below that share of the highest do not count; 0: 0.1, below 0: none
        peaks (int): streamlines of a seed at most, one for each peak there; 0: 1
        block (int, seeds): worked on together; 0: chosen here
        relative_peak_threshold (float): share of the first peak's height over the minimum; 0: 0.5, below 0: none
        min_separation (float, deg): angle between two peaks at least; 0: 25
        seed (int): of the random numbers
        first (int): the number of the first seed
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

__all__ = ['Field', 'Reader', 'Tractogram', 'Writer', 'read', 'run', 'write']
