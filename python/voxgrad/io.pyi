# Written by ./dev docs (tools/python_stubs.py).
"""Files: tomographic scans (HDF5 Data Exchange, NXtomo), and blocks of numbers in any format that
the library knows (HDF5, TIFF, NPY, NIfTI, MRtrix's images).

A file that is not there or not as it should be is an InputError, one that cannot be written an
OutputError, a format that this build lacks an UnsupportedError. `progress=True` shows a bar, and a
function of (words, done, total) is called.
"""

import os
from typing import Any, Callable, Literal, Sequence

import numpy as np
from numpy.typing import DTypeLike

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

def write_png(
    path: str | os.PathLike[str], image: Any, lo: float | None = None, hi: float | None = None,
    scale: int = 1, force: bool = False
) -> None:
    """An image (rows, columns) as a grey picture; lo is black and hi white (None: the least and the
    largest value), `scale` pixels for an element.
    """
    ...

__all__ = ['Scan', 'read', 'write', 'write_png']
