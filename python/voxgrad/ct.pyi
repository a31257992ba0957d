# Written by ./dev docs (tools/python_stubs.py).
"""X-ray computed tomography: geometry, projectors, reconstruction.

Volumes are (z, y, x), projections (view, row, column). The frame is right-handed with z the axis
of rotation; at angle t rays run along (-sin t, cos t, 0) and columns along (cos t, sin t, 0).
Lengths are in any one unit, angles in radians, attenuation in 1/unit (docs/conventions.md).
What is wrong with an argument is said in an ArgumentError (a ValueError) or a TypeError.
"""

import os
from typing import Any, Callable, Literal, Sequence

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from . import Device
from .operators import Operator
from .io import Scan

class ConeGeometry:
    """Cone beams: functions that make a Geometry."""
    @staticmethod
    def circular(
        angles: int | ArrayLike, rows: int, columns: int, sod: float, sdd: float, *,
        pixel: float | None = None, row_pitch: float | None = None,
        detector: Literal['flat', 'curved'] = 'flat', center: float | None = None,
        center_row: float | None = None
    ) -> Geometry:
        """The standard scan about z. angles: radians, or a number of views over a turn, the end
        excluded. sod, sdd: from the source to the axis, and to the detector.

        Options:
            pixel (float, length): pitch of the columns; 0: 1
            row_pitch (float, length): pitch of the rows; 0: as pixel
            detector ('flat' | 'curved'): shape of the detector; curved: focused on the source
            center (float, px): column of the axis; without: the middle
            center_row (float, px): row of the plane of the source; without: the middle
        """
        ...
    @staticmethod
    def trajectory(
        path: Literal['circular', 'helical', 'sinusoidal', 'saddle', 'random'], nviews: int,
        rows: int, columns: int, *, pixel: float = 1.0, row_pitch: float | None = None,
        detector: Literal['flat', 'curved'] = 'flat', sod: float | None = None,
        sdd: float | None = None, start: float | None = None, range: float = 6.283185307179586,
        endpoint: bool = False, reverse: bool = False, center: float | None = None,
        center_row: float | None = None, tilt: float | None = None, roll: float | None = None,
        z_range: float = 100.0, turns: float = 2.0, amplitude: float = 50.0, frequency: float = 2.0,
        z_amplitude: float = 50.0, radial_amplitude: float = 30.0, sod_std: float | None = None,
        position_std: float | None = None, angle_std: float | None = None, seed: int | None = None
    ) -> Geometry:
        """A path by name: see `trajectory`.

        Options:
            pixel (float, length): pitch of the columns
            row_pitch (float, length): pitch of the rows; 0: as pixel
            detector ('flat' | 'curved'): shape of the detector; curved: focused on the source
            sod (float, length): source to axis; cone and fan beams
            sdd (float, length): source to detector; cone and fan beams
            start (float, rad): angle of the first view
            range (float, rad): angle from the first view's to behind the last
            endpoint (bool): the last view lies at start + range
            reverse (bool): the scan turns clockwise
            center (float, px): column of the axis; without: the middle
            center_row (float, px): row of the plane of the source; without: the middle
            tilt (float, rad): laminography: rays below the x-y plane
            roll (float, rad): detector rotated in its plane
            z_range (float): helical: height of the path
            turns (float): helical: number of turns
            amplitude (float): sinusoidal: change of the distance
            frequency (float): sinusoidal: waves per turn
            z_amplitude (float): saddle: change of height
            radial_amplitude (float): saddle: change of the distance
            sod_std (float): random: error of sod and sdd
            position_std (float): random: error of each component of a place
            angle_std (float, rad): random: error of the detector's angle
            seed (int): random: which errors; the same seed is the same scan
        """
        ...
    @staticmethod
    def helical(
        nviews: int, rows: int, columns: int, sod: float, sdd: float, *, pixel: float = 1.0,
        row_pitch: float | None = None, detector: Literal['flat', 'curved'] = 'flat',
        start: float | None = None, reverse: bool = False, center: float | None = None,
        center_row: float | None = None, tilt: float | None = None, roll: float | None = None,
        z_range: float = 100.0, turns: float = 2.0
    ) -> Geometry:
        """A helix: z grows with the angle, from -z_range / 2 to z_range / 2, both ends included.

        Options:
            pixel (float, length): pitch of the columns
            row_pitch (float, length): pitch of the rows; 0: as pixel
            detector ('flat' | 'curved'): shape of the detector; curved: focused on the source
            start (float, rad): angle of the first view
            reverse (bool): the scan turns clockwise
            center (float, px): column of the axis; without: the middle
            center_row (float, px): row of the plane of the source; without: the middle
            tilt (float, rad): laminography: rays below the x-y plane
            roll (float, rad): detector rotated in its plane
            z_range (float): helical: height of the path
            turns (float): helical: number of turns
        """
        ...
    @staticmethod
    def from_vectors(
        beam: Literal['parallel', 'fan', 'cone'], vectors: ArrayLike, rows: int, columns: int,
        curved: bool = False, column_offset: float = 0.0
    ) -> Geometry:
        """As `Geometry.from_vectors`."""
        ...
    @staticmethod
    def from_function(
        beam: Literal['parallel', 'fan', 'cone'], function: Callable[[Any], Sequence[Any]],
        views: int | ArrayLike, rows: int, columns: int, *, vectorised: bool = False,
        curved: bool = False, column_offset: float = 0.0
    ) -> Geometry:
        """As `Geometry.from_function`."""
        ...
    @staticmethod
    def from_matrices(matrices: ArrayLike, rows: int, columns: int, sdd: float = 1.0) -> Geometry:
        """As `Geometry.from_matrices`."""
        ...
    @staticmethod
    def from_astra(kind: str, vectors: ArrayLike, rows: int, columns: int) -> Geometry:
        """As `Geometry.from_astra`."""
        ...
    @staticmethod
    def from_json(text: str) -> Geometry:
        """As `Geometry.from_json`."""
        ...
    @staticmethod
    def load(path: str | os.PathLike[str]) -> Geometry:
        """As `Geometry.load`."""
        ...

class FanGeometry:
    """Fan beams, which are cones of one row: functions that make a Geometry."""
    @staticmethod
    def circular(
        angles: int | ArrayLike, columns: int, sod: float, sdd: float, *,
        pixel: float | None = None, detector: Literal['flat', 'curved'] = 'flat',
        center: float | None = None
    ) -> Geometry:
        """The standard scan about z; the arguments are those of a cone's.

        Options:
            pixel (float, length): pitch of the columns; 0: 1
            detector ('flat' | 'curved'): shape of the detector; curved: focused on the source
            center (float, px): column of the axis; without: the middle
        """
        ...
    @staticmethod
    def from_vectors(
        beam: Literal['parallel', 'fan', 'cone'], vectors: ArrayLike, rows: int, columns: int,
        curved: bool = False, column_offset: float = 0.0
    ) -> Geometry:
        """As `Geometry.from_vectors`."""
        ...
    @staticmethod
    def from_function(
        beam: Literal['parallel', 'fan', 'cone'], function: Callable[[Any], Sequence[Any]],
        views: int | ArrayLike, rows: int, columns: int, *, vectorised: bool = False,
        curved: bool = False, column_offset: float = 0.0
    ) -> Geometry:
        """As `Geometry.from_function`."""
        ...
    @staticmethod
    def from_matrices(matrices: ArrayLike, rows: int, columns: int, sdd: float = 1.0) -> Geometry:
        """As `Geometry.from_matrices`."""
        ...
    @staticmethod
    def from_astra(kind: str, vectors: ArrayLike, rows: int, columns: int) -> Geometry:
        """As `Geometry.from_astra`."""
        ...
    @staticmethod
    def from_json(text: str) -> Geometry:
        """As `Geometry.from_json`."""
        ...
    @staticmethod
    def load(path: str | os.PathLike[str]) -> Geometry:
        """As `Geometry.load`."""
        ...

class Geometry:
    """A scan: for every view the source or ray direction, the detector's centre and its steps.

    Made by `ParallelGeometry.circular`, `ConeGeometry.circular` and its like, `trajectory`,
    `from_vectors`, `from_function`, `from_matrices`, `from_astra`, `from_package`, `load`.
    Immutable. `geometry[views]`, `a + b`, `shift`, `rotate`, `scale` make new ones. Pixel (r, q) is
    centred at d + (q - (columns - 1) / 2) U + (r - (rows - 1) / 2) V.
    """
    def __init__(self, handle: Any) -> None: ...
    @classmethod
    def from_vectors(
        cls, beam: Literal['parallel', 'fan', 'cone'], vectors: ArrayLike, rows: int, columns: int,
        curved: bool = False, column_offset: float = 0.0
    ) -> Geometry:
        """Vectors (views, 4, 3): ray direction (beam "parallel") or source ("cone", "fan"),
        detector's centre, step of a column, step of a row. curved: focused on the source, with
        column_offset in columns.
        """
        ...
    @classmethod
    def from_function(
        cls, beam: Literal['parallel', 'fan', 'cone'], function: Callable[[Any], Sequence[Any]],
        views: int | ArrayLike, rows: int, columns: int, *, vectorised: bool = False,
        curved: bool = False, column_offset: float = 0.0
    ) -> Geometry:
        """A path of one's own: function(t) gives a view's source (beam "cone", "fan") or ray
        direction ("parallel"), the detector's centre, the step of a column and the step of a row.

        views: how many there are, t is 0, 1, 2...; or the values of t themselves, angles for
        instance. Vectors have three numbers, or two in the plane z = 0; without a row's step rows
        are as high as columns are wide, along z. vectorised: the function is called once with all t
        as an array, and each part is (views, 3), or (3,) for all views alike.
        """
        ...
    @classmethod
    def from_matrices(
        cls, matrices: ArrayLike, rows: int, columns: int, sdd: float = 1.0
    ) -> Geometry:
        """Projection matrices (views, 3, 4), from (x, y, z, 1) to 0-based (column, row, 1) up to a
        factor; a third row of (0, 0, 0, c): a parallel beam. sdd: where a cone's detector is laid,
        any distance describes the same rays. Source: R. Hartley, A. Zisserman, Multiple View
        Geometry (2004), chapter 6.
        """
        ...
    @classmethod
    def from_astra(cls, kind: str, vectors: ArrayLike, rows: int, columns: int) -> Geometry:
        """Vectors of the ASTRA toolbox, (views, 6) of kind "parallel" and "fanflat", (views, 12) of
        "parallel3d" and "cone", with or without "_vec".
        """
        ...
    @classmethod
    def from_json(cls, text: str) -> Geometry:
        """The text of a geometry file (docs/geometry.md)."""
        ...
    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Geometry:
        """A geometry file (JSON, docs/geometry.md). InputError names the line that is wrong."""
        ...
    @property
    def nviews(self) -> int: ...
    @property
    def rows(self) -> int: ...
    @property
    def columns(self) -> int: ...
    @property
    def shape(self) -> tuple[int, int, int]:
        """Of projections: (views, rows, columns)."""
        ...
    @property
    def beam(self) -> Literal['parallel', 'cone']:
        """"parallel" or "cone" (a fan is a cone of one row)."""
        ...
    @property
    def is_curved(self) -> bool:
        """Whether the detector is an arc or cylinder about the source."""
        ...
    @property
    def column_offset(self) -> float:
        """Of a curved detector, in columns."""
        ...
    def __len__(self) -> int: ...
    @property
    def vectors(self) -> np.ndarray:
        """A copy of all views, (n, 4, 3): r or s, d, U, V."""
        ...
    @property
    def angles(self) -> np.ndarray:
        """Angle of every view about z in radians, continuous from view to view."""
        ...
    def matrices(self) -> np.ndarray:
        """Projection matrices (n, 3, 4) of flat detectors."""
        ...
    def to_json(self, vectors: bool = False) -> str:
        """The text of a geometry file; vectors: one entry for each view, bit for bit."""
        ...
    def save(self, path: str | os.PathLike[str], vectors: bool = False) -> None:
        """Writes a geometry file; a file that is there is replaced."""
        ...
    @classmethod
    def from_package(
        cls, package: Literal['astra', 'rtk', 'tigre', 'leap', 'cil', 'matrix'], text: str, *,
        rows: int | None = None, cols: int | None = None, pixel: float | None = None,
        row_pitch: float | None = None
    ) -> Geometry:
        """The text of another package's geometry: "astra", "rtk", "tigre", "leap", "cil" or
        "matrix" (docs/geometry.md). The options are for rtk and matrix, which hold no detector.

        Options:
            rows (int, px): detector rows
            cols (int, px): detector columns
            pixel (float, length): pitch of the columns
            row_pitch (float, length): pitch of the rows; 0: as pixel
        """
        ...
    def to_package(self, package: Literal['astra', 'rtk', 'tigre', 'leap', 'cil', 'matrix']) -> str:
        """The text of this geometry for another package; UnsupportedError or InputError names what
        its format cannot say.
        """
        ...
    def plot(self, volume: Volume | None = None, axes: Any = None) -> Any:
        """Sources (or rays), the first view's detector and the volume in Matplotlib's 3-D axes,
        which are returned.
        """
        ...
    def explain(self) -> str:
        """What the scan is, in lines of text."""
        ...
    def svg(self) -> str:
        """A sketch of the scan, in SVG."""
        ...
    def fit_volume(self) -> Volume:
        """The volume that a standard scan reconstructs."""
        ...
    def isocenter(self) -> tuple[float, float, float]:
        """The point nearest to the middle rays of all views (x, y, z)."""
        ...
    def __getitem__(self, views: Any) -> Geometry: ...
    def __add__(self, other: Geometry) -> Geometry:
        """All views of both, one after the other."""
        ...
    def shift(self, by: Sequence[float]) -> Geometry:
        """Source and detector moved by (x, y, z)."""
        ...
    def scale(self, factor: float | Sequence[float]) -> Geometry:
        """Every length multiplied, by one factor or three (x, y, z)."""
        ...
    def rotate(self, matrix: ArrayLike) -> Geometry:
        """Source and detector rotated by a matrix (3, 3)."""
        ...
    def recenter(self, point: Sequence[float] | None = None) -> Geometry:
        """Shifted so that the point (None: the isocentre) is the origin."""
        ...
    def detector_roll(self, angle: float) -> Geometry:
        """The detector rotated in its plane about its middle by an angle in radians, from columns
        towards rows.
        """
        ...
    def detector_shift(self, columns: float = 0.0, rows: float = 0.0) -> Geometry:
        """The detector moved along its columns' and rows' steps, by so many pixels."""
        ...

class GeometryTransform(Operator):
    """Joseph's projector with the geometry as a second input: volume and delta (views, 4, 3), a
    change of every view's vectors in world units; `A(x, delta)`, with derivatives by both (`jvp`,
    `vjp`). Flat detectors. `geometry` itself is delta = 0.

    Options:
        no_schedule (bool): always the plain loop
    """
    geometry: Geometry
    volume: Volume
    def __init__(
        self, geometry: Geometry, volume: Volume | None = None, *, planar: bool | None = None,
        device: Device | str | None = None, dtype: DTypeLike | None = None,
        no_schedule: bool = False
    ) -> None: ...

class ParallelGeometry:
    """Parallel beams: functions that make a Geometry."""
    @staticmethod
    def circular(
        angles: int | ArrayLike, rows: int, columns: int, *, pixel: float | None = None,
        row_pitch: float | None = None, center: float | None = None
    ) -> Geometry:
        """The standard scan about z. angles: radians, or a number of views over half a turn, the end
        excluded. center: the axis' column, 0-based; the middle is (columns - 1) / 2.

        Options:
            pixel (float, length): pitch of the columns; 0: 1
            row_pitch (float, length): pitch of the rows; 0: as pixel
            center (float, px): column of the axis; without: the middle
        """
        ...
    @staticmethod
    def trajectory(
        path: Literal['circular', 'helical', 'sinusoidal', 'saddle', 'random'], nviews: int,
        rows: int, columns: int, *, pixel: float = 1.0, row_pitch: float | None = None,
        start: float | None = None, range: float = 3.141592653589793, endpoint: bool = False,
        reverse: bool = False, center: float | None = None, tilt: float | None = None,
        roll: float | None = None, z_range: float = 100.0, turns: float = 2.0,
        amplitude: float = 50.0, frequency: float = 2.0, z_amplitude: float = 50.0,
        radial_amplitude: float = 30.0, sod_std: float | None = None,
        position_std: float | None = None, angle_std: float | None = None, seed: int | None = None
    ) -> Geometry:
        """A path by name: see `trajectory`.

        Options:
            pixel (float, length): pitch of the columns
            row_pitch (float, length): pitch of the rows; 0: as pixel
            start (float, rad): angle of the first view
            range (float, rad): angle from the first view's to behind the last
            endpoint (bool): the last view lies at start + range
            reverse (bool): the scan turns clockwise
            center (float, px): column of the axis; without: the middle
            tilt (float, rad): laminography: rays below the x-y plane
            roll (float, rad): detector rotated in its plane
            z_range (float): helical: height of the path
            turns (float): helical: number of turns
            amplitude (float): sinusoidal: change of the distance
            frequency (float): sinusoidal: waves per turn
            z_amplitude (float): saddle: change of height
            radial_amplitude (float): saddle: change of the distance
            sod_std (float): random: error of sod and sdd
            position_std (float): random: error of each component of a place
            angle_std (float, rad): random: error of the detector's angle
            seed (int): random: which errors; the same seed is the same scan
        """
        ...
    @staticmethod
    def from_vectors(
        beam: Literal['parallel', 'fan', 'cone'], vectors: ArrayLike, rows: int, columns: int,
        curved: bool = False, column_offset: float = 0.0
    ) -> Geometry:
        """As `Geometry.from_vectors`."""
        ...
    @staticmethod
    def from_function(
        beam: Literal['parallel', 'fan', 'cone'], function: Callable[[Any], Sequence[Any]],
        views: int | ArrayLike, rows: int, columns: int, *, vectorised: bool = False,
        curved: bool = False, column_offset: float = 0.0
    ) -> Geometry:
        """As `Geometry.from_function`."""
        ...
    @staticmethod
    def from_matrices(matrices: ArrayLike, rows: int, columns: int, sdd: float = 1.0) -> Geometry:
        """As `Geometry.from_matrices`."""
        ...
    @staticmethod
    def from_astra(kind: str, vectors: ArrayLike, rows: int, columns: int) -> Geometry:
        """As `Geometry.from_astra`."""
        ...
    @staticmethod
    def from_json(text: str) -> Geometry:
        """As `Geometry.from_json`."""
        ...
    @staticmethod
    def load(path: str | os.PathLike[str]) -> Geometry:
        """As `Geometry.load`."""
        ...

class Prepared:
    """Projections that are kept, filtered once, and backprojected many times: into any volumes
    (patches, slices), from all views or some, with views replaced as new ones arrive. Float32.

    filter: a linear operator on (1, rows, columns) or on k views at a time, applied as views arrive;
    weights: a factor for each view.
    """
    geometry: Geometry
    device: Device
    def __init__(
        self, geometry: Geometry, filter: Operator | None = None, weights: Any = None, *,
        device: Device | str | None = 'cpu'
    ) -> None: ...
    def update(self, views: Any, first: int = 0) -> Prepared:
        """Replaces the views from `first` on by these (n, rows, columns)."""
        ...
    def backproject(
        self, volume: Volume, views: Any = None, *, out: Any = None, no_schedule: bool = False,
        weighting: Literal['none', 'distance'] = 'none', texture: bool = False
    ) -> Any:
        """A volume (nz, ny, nx) from all views or those of a list; the options are those of
        `backprojector`. With the same volume object and the same views again nothing is made anew.

        Options:
            no_schedule (bool): always the plain loop
            weighting ('none' | 'distance'): weight of voxels in backprojectors
            texture (bool): backprojectors of cone and fan beams read through the device's sampler
        """
        ...

class Volume:
    """A box of voxels: `shape` (nz, ny, nx), `spacing` (dz, dy, dx) or one length, `center`
    (x, y, z) of its middle and a rotation matrix (3, 3). Voxel (k, j, i) is centred at center +
    rotation ((i - (nx - 1) / 2) dx, (j - (ny - 1) / 2) dy, (k - (nz - 1) / 2) dz).
    """
    def __init__(
        self, shape: Sequence[int], spacing: float | Sequence[float] = 1.0,
        center: Sequence[float] = (0.0, 0.0, 0.0), rotation: ArrayLike | None = None
    ) -> None: ...
    @property
    def shape(self) -> tuple[int, int, int]: ...
    @property
    def spacing(self) -> tuple[float, float, float]: ...
    @property
    def center(self) -> tuple[float, float, float]: ...
    @property
    def rotation(self) -> np.ndarray:
        """The rotation matrix (3, 3)."""
        ...
    def box(
        self, z: tuple[int, int] | None = None, y: tuple[int, int] | None = None,
        x: tuple[int, int] | None = None
    ) -> Volume:
        """The voxels z[0]..z[1] (excluded) and so on as a volume; None: all along that axis."""
        ...

class XrayTransform(Operator):
    """Line integrals of a volume (nz, ny, nx) along the rays of a geometry, (views, rows, columns),
    with the exact transpose.

    model: "joseph", "siddon", "footprint" or "footprint-tt". volume: None, the one that
    `geometry.fit_volume()` gives. A volume of one slice under one row is an image: domain (ny, nx),
    range (views, columns); `planar=False` keeps three axes. device, dtype: where and in what it
    computes, None: as its arrays. Values are attenuation times length.

    Sources: P. M. Joseph, IEEE Trans. Med. Imaging 1 (1982) 192; R. L. Siddon, Med. Phys. 12 (1985)
    252; footprints: Y. Long, J. A. Fessler, J. M. Balter, IEEE Trans. Med. Imaging 29 (2010) 1839.

    Options:
        no_schedule (bool): always the plain loop
    """
    geometry: Geometry
    volume: Volume
    def __init__(
        self, geometry: Geometry, volume: Volume | None = None,
        model: Literal['joseph', 'siddon', 'footprint', 'footprint-tt'] = 'joseph', *,
        planar: bool | None = None, device: Device | str | None = None,
        dtype: DTypeLike | None = None, no_schedule: bool = False
    ) -> None: ...
    @property
    def domain_shape(self) -> tuple[int, ...]: ...
    @property
    def range_shape(self) -> tuple[int, ...]: ...

def backprojector(
    geometry: Geometry, volume: Volume | None = None, *, device: Device | str | None = None,
    dtype: DTypeLike | None = None, no_schedule: bool = False,
    weighting: Literal['none', 'distance'] = 'none', texture: bool = False
) -> Operator:
    """Voxel-driven bilinear backprojection as an operator from (views, rows, columns) to
    (nz, ny, nx): each voxel adds, over views, the projection interpolated where its centre falls. Not
    the adjoint of XrayTransform. weighting="distance", of fans and cones: times the square of the
    magnification at the voxel.

    Options:
        no_schedule (bool): always the plain loop
        weighting ('none' | 'distance'): weight of voxels in backprojectors
        texture (bool): backprojectors of cone and fan beams read through the device's sampler
    """
    ...

def fbp(
    projections: Any, geometry: Geometry, volume: Volume | None = None, *, out: Any = None,
    device: Device | str | None = None, dtype: DTypeLike | None = None, window: Literal['ramp',
    'shepp-logan', 'cosine', 'hann', 'hamming', 'parzen', 'butterworth', 'none'] = 'ramp',
    cutoff: float | None = None, no_schedule: bool = False,
    half_acquisition: Literal['auto', 'no', 'yes'] = 'auto'
) -> Any:
    """Attenuation (nz, ny, nx) of a parallel scan's projections (views, rows, columns), leading axes
    are a batch, by filtered backprojection; `fbp_operator` says how. A sinogram (views, columns) under
    one row gives an image (ny, nx). out: an array to write into.

    Options:
        window ('ramp' | 'shepp-logan' | 'cosine' | 'hann' | 'hamming' | 'parzen' | 'butterworth' | 'none'): window on the ramp filter
        cutoff (float, of Nyquist): where the window ends; 0: the window's own default
        no_schedule (bool): always the plain loop
        half_acquisition ('auto' | 'no' | 'yes'): full turn with the axis at the detector's side
    """
    ...

def fbp_operator(
    geometry: Geometry, volume: Volume | None = None, *, device: Device | str | None = None,
    dtype: DTypeLike | None = None, window: Literal['ramp', 'shepp-logan', 'cosine', 'hann',
    'hamming', 'parzen', 'butterworth', 'none'] = 'ramp', cutoff: float | None = None,
    no_schedule: bool = False, half_acquisition: Literal['auto', 'no', 'yes'] = 'auto'
) -> Operator:
    """Filtered backprojection of a parallel beam as one linear operator, from (views, rows, columns)
    to attenuation (nz, ny, nx). Source: A. C. Kak, M. Slaney, Principles of Computerized Tomographic
    Imaging (1988), section 3.3.

    Options:
        window ('ramp' | 'shepp-logan' | 'cosine' | 'hann' | 'hamming' | 'parzen' | 'butterworth' | 'none'): window on the ramp filter
        cutoff (float, of Nyquist): where the window ends; 0: the window's own default
        no_schedule (bool): always the plain loop
        half_acquisition ('auto' | 'no' | 'yes'): full turn with the axis at the detector's side
    """
    ...

def fdk(
    projections: Any, geometry: Geometry, volume: Volume | None = None, *, out: Any = None,
    device: Device | str | None = None, dtype: DTypeLike | None = None, window: Literal['ramp',
    'shepp-logan', 'cosine', 'hann', 'hamming', 'parzen', 'butterworth', 'none'] = 'ramp',
    cutoff: float | None = None, no_schedule: bool = False,
    arc: Literal['auto', 'full', 'short', 'limited'] = 'auto',
    half_fan: Literal['auto', 'no', 'yes'] = 'auto', extend: float | None = None
) -> Any:
    """Attenuation (nz, ny, nx) of a fan or cone scan's projections (views, rows, columns), leading
    axes are a batch; `fdk_operator` says how. A fan's sinogram (views, columns) gives an image
    (ny, nx). out: an array to write into.

    Options:
        window ('ramp' | 'shepp-logan' | 'cosine' | 'hann' | 'hamming' | 'parzen' | 'butterworth' | 'none'): window on the ramp filter
        cutoff (float, of Nyquist): where the window ends; 0: the window's own default
        no_schedule (bool): always the plain loop
        arc ('auto' | 'full' | 'short' | 'limited'): what counts as measured of a turn
        half_fan ('auto' | 'no' | 'yes'): full turn with a detector that reaches further to one side
        extend (float, of the detector's width): truncated projections: rows are continued by this fraction on both sides
    """
    ...

def fdk_operator(
    geometry: Geometry, volume: Volume | None = None, *, device: Device | str | None = None,
    dtype: DTypeLike | None = None, window: Literal['ramp', 'shepp-logan', 'cosine', 'hann',
    'hamming', 'parzen', 'butterworth', 'none'] = 'ramp', cutoff: float | None = None,
    no_schedule: bool = False, arc: Literal['auto', 'full', 'short', 'limited'] = 'auto',
    half_fan: Literal['auto', 'no', 'yes'] = 'auto', extend: float | None = None
) -> Operator:
    """Reconstruction of a circular fan or cone scan as one linear operator, from
    (views, rows, columns) to attenuation (nz, ny, nx): full turns, short scans, half fans
    (docs/fan-cone-reconstruction.md). Source: L. A. Feldkamp, L. C. Davis, J. W. Kress, J. Opt. Soc.
    Am. A 1 (1984) 612.

    Options:
        window ('ramp' | 'shepp-logan' | 'cosine' | 'hann' | 'hamming' | 'parzen' | 'butterworth' | 'none'): window on the ramp filter
        cutoff (float, of Nyquist): where the window ends; 0: the window's own default
        no_schedule (bool): always the plain loop
        arc ('auto' | 'full' | 'short' | 'limited'): what counts as measured of a turn
        half_fan ('auto' | 'no' | 'yes'): full turn with a detector that reaches further to one side
        extend (float, of the detector's width): truncated projections: rows are continued by this fraction on both sides
    """
    ...

def filter_operator(
    shape: Sequence[int], response: ArrayLike, weights: Any = None, *,
    device: Device | str | None = None, dtype: DTypeLike | None = None
) -> Operator:
    """Filters rows of projections of a shape (views, rows, columns) by a response, as
    `filter_response` gives it; weights: a factor for each view.
    """
    ...

def filter_response(
    window: str = 'ramp', size: int = 1024, pitch: float = 1.0, cutoff: float = 0.0
) -> np.ndarray:
    """Response H[0..size/2] of a window times the ramp for a column pitch; size: a power of two.
    window and cutoff are those of `fbp`. Source: Kak and Slaney 1988, equation 3.61.
    """
    ...

def find_center(
    projections: Any, angles: ArrayLike, method: Literal['vo', 'pair', 'opposite'] = 'vo', *,
    lo: float | None = None, hi: float | None = None, step: float | None = None,
    fine: float | None = None, smooth: float | None = None
) -> float:
    """The rotation axis' column, 0-based, of line integrals of a parallel beam; angles in radians.

    method: "vo" (half a turn, one sinogram (views, columns); N. T. Vo et al., Opt. Express 22 (2014)
    19078), "pair" (views at 0 and 180 degrees) or "opposite" (a full turn, all pairs of opposite
    views; it looks at the whole detector). The last two take projections (views, rows, columns) as
    well. Data that agree nowhere are an InputError.

    Options:
        lo (float, px): first column searched; both 0: the middle half of the detector
        hi (float, px): last column searched
        step (float, px): coarse step; 0: 0.5
        fine (float, px): fine step; 0: 0.05
        smooth (float, px): sigma of a Gaussian that smooths rows; 0: as little as the method can do with
    """
    ...

def fourier(
    projections: Any, geometry: Geometry, volume: Volume | None = None, *, out: Any = None,
    device: Device | str | None = None, dtype: DTypeLike | None = None, window: Literal['ramp',
    'shepp-logan', 'cosine', 'hann', 'hamming', 'parzen', 'butterworth', 'none'] = 'ramp',
    cutoff: float | None = None, accuracy: float | None = None, no_schedule: bool = False,
    half_acquisition: Literal['auto', 'no', 'yes'] = 'auto', sharp: bool = False
) -> Any:
    """The same as `fbp` by the slices' spectra; `fourier_operator` says how.

    Options:
        window ('ramp' | 'shepp-logan' | 'cosine' | 'hann' | 'hamming' | 'parzen' | 'butterworth' | 'none'): window on the ramp filter
        cutoff (float, of Nyquist): where the window ends; 0: the window's own default
        accuracy (float): how far a wave may be off, of its height, from 2e-5; 0: 0.02
        no_schedule (bool): always the plain loop
        half_acquisition ('auto' | 'no' | 'yes'): a full turn whose axis is at the detector's side
        sharp (bool): rows are not smoothed as fbp smooths them
    """
    ...

def fourier_operator(
    geometry: Geometry, volume: Volume | None = None, *, device: Device | str | None = None,
    dtype: DTypeLike | None = None, window: Literal['ramp', 'shepp-logan', 'cosine', 'hann',
    'hamming', 'parzen', 'butterworth', 'none'] = 'ramp', cutoff: float | None = None,
    accuracy: float | None = None, no_schedule: bool = False,
    half_acquisition: Literal['auto', 'no', 'yes'] = 'auto', sharp: bool = False
) -> Operator:
    """The same by the slices' spectra (docs/fourier.md). Source: J. D. O'Sullivan, IEEE Trans. Med.
    Imaging 4 (1985) 200.

    Options:
        window ('ramp' | 'shepp-logan' | 'cosine' | 'hann' | 'hamming' | 'parzen' | 'butterworth' | 'none'): window on the ramp filter
        cutoff (float, of Nyquist): where the window ends; 0: the window's own default
        accuracy (float): how far a wave may be off, of its height, from 2e-5; 0: 0.02
        no_schedule (bool): always the plain loop
        half_acquisition ('auto' | 'no' | 'yes'): a full turn whose axis is at the detector's side
        sharp (bool): rows are not smoothed as fbp smooths them
    """
    ...

def minus_log(
    data: Any, flat: ArrayLike, dark: ArrayLike | None = None, floor: float = 0.0
) -> tuple[np.ndarray, dict[str, int]]:
    """Line integrals -log((data - dark) / (flat - dark)) of counts (views, rows, columns); flat and
    dark: one frame, or several, whose mean is taken. Transmissions that are not positive or not
    finite become `floor` (0: 1e-6), pixels whose flat does not exceed the dark 0: (integrals,
    {"nonpositive": n, "nonfinite": n, "dead": n}).
    """
    ...

def recon(
    scan: Scan | str | os.PathLike[str], geometry: Geometry | None = None,
    volume: Volume | None = None, *, device: Device | str | None = 'cpu',
    report: Callable[[str, float, float], Any] | None = None,
    progress: bool | Callable[[str, float, float], Any] | None = None,
    solve: dict[str, Any] | None = None, window: Literal['ramp', 'shepp-logan', 'cosine', 'hann',
    'hamming', 'parzen', 'butterworth', 'none'] = 'ramp', cutoff: float | None = None,
    center: float | None = None, ring_size: int | None = None, reverse: bool = False,
    rows: tuple[int, int] | None = None, views: tuple[int, int] | None = None,
    cols: tuple[int, int] | None = None, slices: tuple[int, int] | None = None,
    max_memory: int | None = None, no_minus_log: bool = False, side: int | None = None,
    scratch: str | os.PathLike[str] | None = None, part: bool = False, algorithm: str | None = None
) -> tuple[np.ndarray, dict[str, object]]:
    """A scan file to a volume (z, y, x): read, corrected, filtered and reconstructed slab by slab, as
    `voxgrad recon` does: (volume, {"algorithm": name, "repaired": values, ...}).

    scan: a path or a voxgrad.io.Scan. geometry: of fan and cone beams; else a parallel beam with
    `center`, the axis' column, and attenuation per pixel of the detector; volume: with a geometry,
    where it is reconstructed. report(words, done, total): how far it is; progress: such a function,
    or True for a bar. solve: options of an iterative `algorithm` (voxgrad.solve), a dict.

    Options:
        window ('ramp' | 'shepp-logan' | 'cosine' | 'hann' | 'hamming' | 'parzen' | 'butterworth' | 'none'): window on the ramp filter
        cutoff (float, of Nyquist): where the window ends; 0: the window's own default
        center (float, px): rotation axis, 0-based column of the full detector
        ring_size (int, px): ring removal by sorting with a median of this odd width; 0: none
        reverse (bool): the stage turns clockwise
        rows ((int, int), px): detector rows to use, B excluded
        views ((int, int)): projections to use, B excluded
        cols ((int, int), px): detector columns to use, B excluded
        slices ((int, int)): of filtered backprojection with a geometry: slices to make, B excluded
        max_memory (int, bytes): what the pipeline may hold at once; 0: chosen from the device's memory
        no_minus_log (bool): the data are line integrals already: no flat and dark correction, no logarithm
        side (int, px): voxels along x and y; 0: as many as columns
        scratch (path): folder of the scratch file
        part (bool): the rows are a part of the work: judged with the others
        algorithm (str): auto (fbp or fourier, by the scan's sizes), fbp, fourier, or an iterative method: sirt, sart, os-sart, mlem, osem go slab by slab; landweber, cgls, lsqr, pdhg-tv, fista-tv, tv-pocs, asd-pocs, awtv-pocs, dart, lbfgs, adam and geometry files take all at once
    """
    ...

def remove_rings(
    projections: Any, size: int = 21, method: Literal['sort', 'mean'] = 'sort', *,
    progress: bool | Callable[[str, float, float], Any] | None = None
) -> np.ndarray:
    """Projections (views, rows, columns) or a sinogram (views, columns) without rings, float32.

    method: "sort" (N. T. Vo, R. C. Atwood, M. Drakopoulos, Opt. Express 26 (2018) 28396, algorithm
    3) or "mean" (what differs from the smoothed mean of all views). size: columns of the median,
    odd. progress: True for a bar, or a function of (words, done, total).
    """
    ...

def trajectory(
    path: Literal['circular', 'helical', 'sinusoidal', 'saddle', 'random'],
    beam: Literal['parallel', 'cone'], nviews: int, rows: int, columns: int, *,
    angles: ArrayLike | None = None, pixel: float | None = None, row_pitch: float | None = None,
    detector: Literal['flat', 'curved'] = 'flat', sod: float | None = None,
    sdd: float | None = None, start: float | None = None, range: float | None = None,
    endpoint: bool = False, reverse: bool = False, center: float | None = None,
    center_row: float | None = None, tilt: float | None = None, roll: float | None = None,
    z_range: float | None = None, turns: float | None = None, amplitude: float | None = None,
    frequency: float | None = None, z_amplitude: float | None = None,
    radial_amplitude: float | None = None, sod_std: float | None = None,
    position_std: float | None = None, angle_std: float | None = None, seed: int | None = None
) -> Geometry:
    """A path by name: "circular", "helical", "sinusoidal", "saddle" or "random"; beam: "parallel" or
    "cone". angles: of every view, in radians, instead of start and range. A cone's sod and sdd must be
    given. Without `range` it is a turn, of a parallel beam half a turn; the numbers of each path have
    the defaults of `ConeGeometry.trajectory`.

    Options:
        pixel (float, length): pitch of the columns
        row_pitch (float, length): pitch of the rows; 0: as pixel
        detector ('flat' | 'curved'): shape of the detector; curved: focused on the source
        sod (float, length): source to axis; cone and fan beams
        sdd (float, length): source to detector; cone and fan beams
        start (float, rad): angle of the first view
        range (float, rad): angle from the first view's to behind the last
        endpoint (bool): the last view lies at start + range
        reverse (bool): the scan turns clockwise
        center (float, px): column of the axis; without: the middle
        center_row (float, px): row of the plane of the source; without: the middle
        tilt (float, rad): laminography: rays below the x-y plane
        roll (float, rad): detector rotated in its plane
        z_range (float): helical: height of the path
        turns (float): helical: number of turns
        amplitude (float): sinusoidal: change of the distance
        frequency (float): sinusoidal: waves per turn
        z_amplitude (float): saddle: change of height
        radial_amplitude (float): saddle: change of the distance
        sod_std (float): random: error of sod and sdd
        position_std (float): random: error of each component of a place
        angle_std (float, rad): random: error of the detector's angle
        seed (int): random: which errors; the same seed is the same scan
    """
    ...

__all__ = [
    'ConeGeometry', 'FanGeometry', 'Geometry', 'GeometryTransform', 'ParallelGeometry', 'Prepared',
    'Volume', 'XrayTransform', 'backprojector', 'fbp', 'fbp_operator', 'fdk', 'fdk_operator',
    'filter_operator', 'filter_response', 'find_center', 'fourier', 'fourier_operator', 'minus_log',
    'recon', 'remove_rings', 'trajectory'
]
