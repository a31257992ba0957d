# Written by ./dev docs (tools/python_stubs.py).
"""Files: tomographic scans (HDF5 Data Exchange, NXtomo), and blocks of numbers in any format that
the library knows (HDF5, TIFF, NPY, NIfTI, MRtrix's images).

A file that is not there or not as it should be is an InputError, one that cannot be written an
OutputError, a format that this build lacks an UnsupportedError. `progress=True` shows a bar, and a
function of (words, done, total) is called.
"""

import os
from typing import Any, Callable, Literal, NamedTuple, Sequence

import numpy as np
from numpy.typing import DTypeLike

class Image(NamedTuple):
    """An image in space, as `read_image` gives it.

    data: the numbers, (i, j, k) or (i, j, k, volumes). affine: (4, 4), from the index of a voxel's centre to mm
    towards right, front and top; None: not known. attributes: further texts of the file by name. Functions of
    voxgrad.dwi and voxgrad.track take it, as they take nibabel's images.
    """
    data: np.ndarray
    affine: np.ndarray | None
    attributes: dict[str, str]

class Scan:
    """A scan that is read piece by piece: `with voxgrad.io.Scan("scan.h5") as scan`.

    shape: (views, rows, columns). angles: radians. pixel_size in pixel_unit, 0: unknown. flats,
    darks: how many frames of them. dataset: the HDF5 dataset of the projections, None: the format's.
    follow_links: also into other files. in_process: without the helper process that guards against
    broken files. Threads that read wait for each other. A pickled scan opens its file again.
    """
    path: str
    format: str
    dtype: str
    shape: tuple[int, int, int]
    flats: int
    darks: int
    angles: np.ndarray
    angles_missing: bool
    pixel_size: float
    pixel_unit: str
    def __init__(
        self, path: str | os.PathLike[str], dataset: str | None = None, follow_links: bool = False,
        in_process: bool = False
    ) -> None: ...
    def read(
        self, kind: Literal['data', 'flat', 'dark'] = 'data', views: Any = None, rows: Any = None,
        columns: Any = None, *, progress: bool | Callable[[str, float, float], Any] | None = None
    ) -> np.ndarray:
        """Frames of one kind ("data", "flat", "dark") as float32 (view, row, column); ranges are
        (begin, end) or None for all.
        """
        ...
    def close(self) -> None:
        """Gives the file back; what was read stays."""
        ...
    def __enter__(self) -> Any: ...
    def __exit__(self, *error: Any) -> Any: ...

def read(
    path: str | os.PathLike[str], part: str | None = None, dtype: DTypeLike | None = None, *,
    progress: bool | Callable[[str, float, float], Any] | None = None
) -> np.ndarray:
    """All numbers of a file in its own storage type (dtype: or float32 or float64, with the file's
    slope and intercept). part: an HDF5 dataset, None: the format's usual place.
    """
    ...

def read_image(
    path: str | os.PathLike[str], dtype: DTypeLike | None = np.float32, *,
    progress: bool | Callable[[str, float, float], Any] | None = None
) -> Image:
    """A NIfTI or MRtrix image with its affine, in nibabel's order of axes: (i, j, k, volumes), i contiguous.
    dtype: float32 or float64, with the file's slope and intercept; None: as stored.
    """
    ...

def write(
    path: str | os.PathLike[str], values: Any, spacing: float | Sequence[float] | None = None,
    unit: str = '', force: bool = False, *,
    progress: bool | Callable[[str, float, float], Any] | None = None
) -> None:
    """An array to a file whose ending names the format (.npy, .h5, .tif, .nii.gz...). spacing:
    distance of neighbours along each axis, in `unit`. A file that is there is replaced only with
    force=True; it appears whole or not at all.
    """
    ...

def write_image(
    path: str | os.PathLike[str], data: Any, affine: Any, *, force: bool = False,
    progress: bool | Callable[[str, float, float], Any] | None = None
) -> None:
    """An array (i, j, k) or (i, j, k, volumes) to a NIfTI or MRtrix image (.nii, .nii.gz, .mif), in its own type.
    affine: (4, 4), or an image whose one it is. Booleans are stored as bytes.
    """
    ...

def write_png(
    path: str | os.PathLike[str], image: Any, lo: float | None = None, hi: float | None = None,
    scale: int = 1, force: bool = False
) -> None:
    """An image (rows, columns) as a grey picture; lo is black and hi white (None: the least and the
    largest value), `scale` pixels for an element.
    """
    ...

__all__ = ['Image', 'Scan', 'read', 'read_image', 'write', 'write_image', 'write_png']
