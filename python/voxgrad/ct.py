"""X-ray computed tomography: geometry, projectors, reconstruction.

Volumes are (z, y, x), projections (view, row, column). The frame is right-handed with z the axis
of rotation; at angle t rays run along (-sin t, cos t, 0) and columns along (cos t, sin t, 0).
Lengths are in any one unit, angles in radians, attenuation in 1/unit (docs/conventions.md).
What is wrong with an argument is said in an ArgumentError (a ValueError) or a TypeError.
"""

from __future__ import annotations

import collections
import ctypes
import math
import operator

import numpy as np

from . import _arrays, _options
from ._calls import call, make
from ._devices import Device
from ._library import ArgumentError, lib
from ._options import options as _takes
from ._pipeline import find_center, minus_log, recon, remove_rings
from .operators import Operator, real_of, space

_byref = ctypes.byref
_view = lib.structs["vxg_ct_view"]
_release = lib.vxg_ct_geometry_release


class Volume:
    """A box of voxels: `shape` (nz, ny, nx), `spacing` (dz, dy, dx) or one length, `center`
    (x, y, z) of its middle and a rotation matrix (3, 3). Voxel (k, j, i) is centred at center +
    rotation ((i - (nx - 1) / 2) dx, (j - (ny - 1) / 2) dy, (k - (nz - 1) / 2) dz)."""

    def __init__(self, shape, spacing=1.0, center=(0.0, 0.0, 0.0), rotation=None):
        shape = tuple(operator.index(n) for n in shape)
        if len(shape) != 3 or min(shape) < 1:
            raise ArgumentError("shape: three sizes (nz, ny, nx) are expected, not %r" % (shape,))
        steps = np.broadcast_to(np.asarray(spacing, float), 3)
        if not (np.isfinite(steps).all() and steps.min() > 0):
            raise ArgumentError("spacing: positive numbers are expected, not %r" % (spacing,))
        if rotation is not None and not np.allclose(
                np.dot(rotation, np.transpose(rotation)), np.eye(3), atol=1e-6):
            raise ArgumentError("rotation: a rotation matrix (3, 3) is expected")
        v = lib.new("vxg_ct_volume", nz=shape[0], ny=shape[1], nx=shape[2], dz=steps[0],
                    dy=steps[1], dx=steps[2])
        v.center[:] = np.broadcast_to(np.asarray(center, float), 3)
        if rotation is not None:
            v.rotation[:] = np.asarray(rotation, float).reshape(9)
        self._struct = v

    @classmethod
    def _of(cls, struct):
        made = cls.__new__(cls)
        made._struct = struct
        return made

    shape = property(lambda self: (self._struct.nz, self._struct.ny, self._struct.nx))
    spacing = property(lambda self: tuple(getattr(self._struct, d) or 1.0 for d in ("dz", "dy", "dx")))
    center = property(lambda self: tuple(self._struct.center))

    @property
    def rotation(self) -> np.ndarray:
        """The rotation matrix (3, 3)."""
        r = np.array(self._struct.rotation).reshape(3, 3)
        return r if r.any() else np.eye(3)

    def box(self, z=None, y=None, x=None) -> Volume:
        """The voxels z[0]..z[1] (excluded) and so on as a volume; None: all along that axis."""
        ends = [r or (0, n) for r, n in zip((z, y, x), self.shape)]
        out = lib.new("vxg_ct_volume")
        lib.check(lib.vxg_ct_volume_box(_byref(self._struct), *[e for r in ends for e in r],
                                        _byref(out)))
        return Volume._of(out)

    def __reduce__(self):
        return Volume, (self.shape, self.spacing, self.center, self.rotation)

    def __repr__(self):
        return "Volume(%s, spacing=%s, center=%s)" % (self.shape, self.spacing, self.center)


def _angles(angles):
    return np.ascontiguousarray(np.atleast_1d(np.asarray(angles, np.float64)))


class Geometry:
    """A scan: for every view the source or ray direction, the detector's centre and its steps.

    Made by `ParallelGeometry.circular`, `ConeGeometry.circular` and its like, `trajectory`,
    `from_vectors`, `from_function`, `from_matrices`, `from_astra`, `from_package`, `load`.
    Immutable. `geometry[views]`, `a + b`, `shift`, `rotate`, `scale` make new ones. Pixel (r, q) is
    centred at d + (q - (columns - 1) / 2) U + (r - (rows - 1) / 2) V."""

    def __init__(self, handle):
        self._handle = self._as_parameter_ = handle

    # ---- Making ----
    @staticmethod
    def _new(function, *arguments):
        return Geometry(make(function, *arguments, release=_release))

    @classmethod
    def _scan(cls, function, struct, angles, keywords):
        keep = []
        members = {}
        if angles is not None:
            angles = _angles(angles)
            keywords = dict(keywords, nviews=angles.size)
            members["angles"] = angles.ctypes.data
        opts = _options.fill(struct, keywords, keep, **members)
        return cls._new(function, _byref(opts))

    @classmethod
    def from_vectors(cls, beam, vectors, rows, columns, curved=False,
                     column_offset=0.0) -> Geometry:
        """Vectors (views, 4, 3): ray direction (beam "parallel") or source ("cone", "fan"),
        detector's centre, step of a column, step of a row. curved: focused on the source, with
        column_offset in columns."""
        vectors = np.ascontiguousarray(vectors, np.float64)
        if vectors.ndim != 3 or vectors.shape[1:] != (4, 3):
            raise ArgumentError("vectors: shape (views, 4, 3) is expected, not %s"
                                % (vectors.shape,))
        kinds = {"parallel": 0, "cone": 1, "fan": 1}
        if beam not in kinds:
            raise ArgumentError("beam: 'parallel', 'fan' or 'cone' is expected, not %r" % (beam,))
        views = lib.new("vxg_ct_views", beam=kinds[beam], detector=int(curved), nviews=len(vectors),
                        nv=rows, nu=columns, column_offset=column_offset,
                        views=vectors.ctypes.data)
        return cls._new(lib.vxg_ct_geometry_new, _byref(views))

    @classmethod
    def from_function(cls, beam, function, views, rows, columns, *, vectorised=False, curved=False,
                      column_offset=0.0) -> Geometry:
        """A path of one's own: function(t) gives a view's source (beam "cone", "fan") or ray
        direction ("parallel"), the detector's centre, the step of a column and the step of a row.

        views: how many there are, t is 0, 1, 2...; or the values of t themselves, angles for
        instance. Vectors have three numbers, or two in the plane z = 0; without a row's step rows
        are as high as columns are wide, along z. vectorised: the function is called once with all t
        as an array, and each part is (views, 3), or (3,) for all views alike."""
        t = np.arange(views) if np.ndim(views) == 0 else np.asarray(views)
        if t.ndim != 1 or not t.size:
            raise ArgumentError("views: a number above 0 or a list is expected, not %r" % (views,))
        if vectorised:
            given = [(None, _parts(function(t), "all views"))]
        else:
            given = [(i, _parts(function(v), "view %d" % i)) for i, v in enumerate(t)]
        vectors = np.empty((t.size, 4, 3))
        for i, parts in given:
            at = slice(None) if i is None else i
            for k, part in enumerate(parts):
                try:
                    vectors[at, k] = part
                except ValueError:
                    raise ArgumentError(
                        "from_function: %s of %s has shape %s, not %s"
                        % (_PARTS[k], "all views" if i is None else "view %d" % i, part.shape,
                           vectors[at, k].shape)) from None
        return cls.from_vectors(beam, vectors, rows, columns, curved, column_offset)

    @classmethod
    def from_matrices(cls, matrices, rows, columns, sdd=1.0) -> Geometry:
        """Projection matrices (views, 3, 4), from (x, y, z, 1) to 0-based (column, row, 1) up to a
        factor; a third row of (0, 0, 0, c): a parallel beam. sdd: where a cone's detector is laid,
        any distance describes the same rays. Source: R. Hartley, A. Zisserman, Multiple View
        Geometry (2004), chapter 6."""
        p = np.ascontiguousarray(matrices, np.float64)
        if p.ndim != 3 or p.shape[1:] != (3, 4):
            raise ArgumentError("matrices: shape (views, 3, 4) is expected, not %s" % (p.shape,))
        return cls._new(lib.vxg_ct_from_matrices, len(p), rows, columns, p.ctypes.data, float(sdd))

    @classmethod
    def from_astra(cls, kind, vectors, rows, columns) -> Geometry:
        """Vectors of the ASTRA toolbox, (views, 6) of kind "parallel" and "fanflat", (views, 12) of
        "parallel3d" and "cone", with or without "_vec"."""
        kinds = ("parallel", "fanflat", "parallel3d", "cone")
        name = kind.replace("_vec", "")
        if name not in kinds:
            raise ArgumentError("kind: one of %s is expected, not %r" % (", ".join(kinds), kind))
        v = np.ascontiguousarray(vectors, np.float64)
        width = 6 if kinds.index(name) < 2 else 12
        if v.ndim != 2 or v.shape[1] != width:
            raise ArgumentError("vectors: shape (views, %d) is expected, not %s" % (width, v.shape))
        return cls._new(lib.vxg_ct_from_astra, kinds.index(name), len(v), rows, columns,
                        v.ctypes.data)

    @classmethod
    def from_json(cls, text) -> Geometry:
        """The text of a geometry file (docs/geometry.md)."""
        data = text.encode()
        return cls._new(lib.vxg_ct_geometry_from_json, data, len(data), None)

    @classmethod
    def load(cls, path) -> Geometry:
        """A geometry file (JSON, docs/geometry.md). InputError names the line that is wrong."""
        with open(path, encoding="utf-8") as f:
            return cls.from_json(f.read())

    # ---- Looking ----
    nviews = property(lambda self: lib.vxg_ct_geometry_nviews(self))
    rows = property(lambda self: lib.vxg_ct_geometry_nv(self))
    columns = property(lambda self: lib.vxg_ct_geometry_nu(self))
    shape = property(lambda self: (self.nviews, self.rows, self.columns),
                     doc="Of projections: (views, rows, columns).")
    beam = property(lambda self: ("parallel", "cone")[lib.vxg_ct_geometry_beam(self)],
                    doc='"parallel" or "cone" (a fan is a cone of one row).')
    is_curved = property(lambda self: bool(lib.vxg_ct_geometry_detector(self)),
                         doc="Whether the detector is an arc or cylinder about the source.")
    column_offset = property(lambda self: lib.vxg_ct_geometry_column_offset(self),
                             doc="Of a curved detector, in columns.")

    def __len__(self):
        return self.nviews

    @property
    def vectors(self) -> np.ndarray:
        """A copy of all views, (n, 4, 3): r or s, d, U, V."""
        first = lib.vxg_ct_geometry_view(self, 0)
        return np.array((ctypes.c_double * (12 * self.nviews)).from_address(first)).reshape(-1, 4, 3)

    @property
    def angles(self) -> np.ndarray:
        """Angle of every view about z in radians, continuous from view to view."""
        out = np.empty(self.nviews)
        lib.check(lib.vxg_ct_geometry_angles(self, out.ctypes.data))
        return out

    def matrices(self) -> np.ndarray:
        """Projection matrices (n, 3, 4) of flat detectors."""
        out = np.empty((self.nviews, 3, 4))
        lib.check(lib.vxg_ct_to_matrices(self, out.ctypes.data))
        return out

    def to_json(self, vectors=False) -> str:
        """The text of a geometry file; vectors: one entry for each view, bit for bit."""
        return lib.text(lib.vxg_ct_geometry_to_json, self, None, int(vectors))

    def save(self, path, vectors=False) -> None:
        """Writes a geometry file; a file that is there is replaced."""
        with open(path, "w", encoding="utf-8") as f:
            f.write(self.to_json(vectors))

    @classmethod
    @_takes("vxg_ct_detector_size")
    def from_package(cls, package, text, **detector) -> Geometry:
        """The text of another package's geometry: "astra", "rtk", "tigre", "leap", "cil" or
        "matrix" (docs/geometry.md). The options are for rtk and matrix, which hold no detector."""
        data = text.encode()
        function = cls._package(package, "from")
        if package in ("rtk", "matrix"):
            size = _options.fill("vxg_ct_detector_size", detector, [])
            return cls._new(function, data, len(data), _byref(size))
        if detector:
            raise TypeError("%s: the text says %s itself" % (package, ", ".join(detector)))
        more = () if package == "astra" else (None,)
        return cls._new(function, data, len(data), *more)

    def to_package(self, package) -> str:
        """The text of this geometry for another package; UnsupportedError or InputError names what
        its format cannot say."""
        more = (None,) if package in ("tigre", "leap", "cil") else ()
        return lib.text(self._package(package, "to"), self, *more)

    @staticmethod
    def _package(package, way):
        kinds = ("astra", "rtk", "tigre", "leap", "cil", "matrix")
        if package not in kinds:
            raise ArgumentError("package: one of %s is expected, not %r" % (", ".join(kinds), package))
        name = "matrix_text" if package == "matrix" else package
        return getattr(lib, "vxg_ct_geometry_%s_%s" % (way, name))

    def plot(self, volume=None, axes=None):
        """Sources (or rays), the first view's detector and the volume in Matplotlib's 3-D axes,
        which are returned."""
        from matplotlib import pyplot
        axes = pyplot.figure().add_subplot(projection="3d") if axes is None else axes
        v = self.vectors
        path = v[:, 0] if self.beam == "cone" else v[:, 1]
        axes.plot(*path.T, ".-", label="source" if self.beam == "cone" else "detector")
        half = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]]) / 2
        corner = v[0, 1] + half @ (v[0, 2:] * np.array([[self.columns], [self.rows]]))
        axes.plot(*corner.T, label="detector of view 0")
        box = volume or self.fit_volume()
        size = np.array(box.shape[::-1]) * np.array(box.spacing[::-1]) / 2
        edges = np.array([[-1, -1, -1], [1, -1, -1], [1, 1, -1], [-1, 1, -1], [-1, -1, -1], [-1, -1, 1],
                          [1, -1, 1], [1, 1, 1], [-1, 1, 1], [-1, -1, 1]])
        axes.plot(*((edges * size) @ box.rotation.T + box.center).T, label="volume")
        axes.set_xlabel("x"), axes.set_ylabel("y"), axes.set_zlabel("z")
        axes.set_aspect("equal") if hasattr(axes, "set_box_aspect") else None
        axes.legend()
        return axes

    def explain(self) -> str:
        """What the scan is, in lines of text."""
        return lib.text(lib.vxg_ct_geometry_words, self, None)

    def svg(self) -> str:
        """A sketch of the scan, in SVG."""
        return lib.text(lib.vxg_ct_geometry_svg, self, None)

    _repr_svg_ = svg

    def fit_volume(self) -> Volume:
        """The volume that a standard scan reconstructs."""
        out = lib.new("vxg_ct_volume")
        lib.check(lib.vxg_ct_fit_volume(self, _byref(out)))
        return Volume._of(out)

    def isocenter(self) -> tuple[float, float, float]:
        """The point nearest to the middle rays of all views (x, y, z)."""
        out = (ctypes.c_double * 3)()
        lib.check(lib.vxg_ct_geometry_isocenter(self, out))
        return tuple(out)

    # ---- Algebra ----
    def __getitem__(self, views) -> Geometry:
        index = _options.indices(views, self.nviews)
        return self._new(lib.vxg_ct_geometry_take, self, index.size, index.ctypes.data)

    def __add__(self, other) -> Geometry:
        """All views of both, one after the other."""
        if not isinstance(other, Geometry):
            return NotImplemented
        both = (ctypes.c_void_p * 2)(self._handle.address, other._handle.address)
        return self._new(lib.vxg_ct_geometry_concat, 2, both)

    @staticmethod
    def _triple(values):
        return (ctypes.c_double * 3)(*np.broadcast_to(np.asarray(values, float), 3))

    def shift(self, by) -> Geometry:
        """Source and detector moved by (x, y, z)."""
        return self._new(lib.vxg_ct_geometry_shift, self, self._triple(by))

    def scale(self, factor) -> Geometry:
        """Every length multiplied, by one factor or three (x, y, z)."""
        return self._new(lib.vxg_ct_geometry_scale, self, self._triple(factor))

    def rotate(self, matrix) -> Geometry:
        """Source and detector rotated by a matrix (3, 3)."""
        r = np.ascontiguousarray(matrix, np.float64).reshape(9)
        return self._new(lib.vxg_ct_geometry_rotate, self, r.ctypes.data)

    def recenter(self, point=None) -> Geometry:
        """Shifted so that the point (None: the isocentre) is the origin."""
        return self._new(lib.vxg_ct_geometry_recenter, self,
                         None if point is None else self._triple(point))

    def detector_roll(self, angle) -> Geometry:
        """The detector rotated in its plane about its middle by an angle in radians, from columns
        towards rows."""
        return self._new(lib.vxg_ct_detector_roll, self, float(angle))

    def detector_shift(self, columns=0.0, rows=0.0) -> Geometry:
        """The detector moved along its columns' and rows' steps, by so many pixels."""
        return self._new(lib.vxg_ct_detector_shift, self, float(columns), float(rows))

    def __repr__(self):
        return "<voxgrad.ct.Geometry %s beam, %d views of %d x %d>" % (
            self.beam, self.nviews, self.rows, self.columns)

    def __reduce__(self):
        return Geometry.from_vectors, (self.beam, self.vectors, self.rows, self.columns,
                                       self.is_curved, self.column_offset)


_PARTS = ("source or ray", "detector's centre", "step of a column", "step of a row")


def _parts(given, what):
    """Four arrays (..., 3) of what a function of `from_function` gave."""
    parts = [np.asarray(p, np.float64) for p in given]
    if len(parts) not in (3, 4) or any(p.shape[-1:] not in ((2,), (3,)) for p in parts):
        raise ArgumentError(
            "from_function: three or four vectors of 2 or 3 numbers are expected of %s, not shapes %s"
            % (what, ", ".join(str(p.shape) for p in parts)))
    parts = [np.concatenate([p, np.zeros(p.shape[:-1] + (1,))], -1) if p.shape[-1] == 2 else p
             for p in parts]
    if len(parts) == 3:
        parts.append(np.linalg.norm(parts[2], axis=-1)[..., None] * np.array([0.0, 0.0, 1.0]))
    return parts


def _defaults(path, beam):
    """The library's defaults of a path, by numbers: a vxg_ct_trajectory_opts."""
    opts = lib.new("vxg_ct_trajectory_opts")
    lib.check(lib.vxg_ct_trajectory_defaults(path, beam, _byref(opts)))
    return opts


def _numbers(path, beam):
    opts = _defaults(*[_options.table("vxg_ct_trajectory_opts")[n].choices.index(w)
                       for n, w in (("path", path), ("beam", beam))])
    return _options.numbers(opts, "vxg_ct_trajectory_opts")


def _turn(views, turn):
    return np.arange(views) * (turn / views) if np.ndim(views) == 0 else views


class ParallelGeometry:
    """Parallel beams: functions that make a Geometry."""

    @staticmethod
    @_takes("vxg_ct_parallel_opts", leave="nviews rows cols")
    def circular(angles, rows, columns, **options) -> Geometry:
        """The standard scan about z. angles: radians, or a number of views over half a turn, the end
        excluded. center: the axis' column, 0-based; the middle is (columns - 1) / 2."""
        return Geometry._scan(lib.vxg_ct_parallel_circular, "vxg_ct_parallel_opts",
                              _turn(angles, math.pi),
                              _options.apart(options, rows=rows, cols=columns))

    @staticmethod
    @_takes("vxg_ct_trajectory_opts", "path beam nviews rows cols sod sdd center_row detector",
            _numbers("circular", "parallel"))
    def trajectory(path, nviews, rows, columns, **options) -> Geometry:
        """A path by name: see `trajectory`."""
        return trajectory(path, "parallel", nviews, rows, columns, **options)


class ConeGeometry:
    """Cone beams: functions that make a Geometry."""

    @staticmethod
    @_takes("vxg_ct_cone_opts", leave="nviews rows cols")
    def circular(angles, rows, columns, sod, sdd, **options) -> Geometry:
        """The standard scan about z. angles: radians, or a number of views over a turn, the end
        excluded. sod, sdd: from the source to the axis, and to the detector."""
        return Geometry._scan(lib.vxg_ct_cone_circular, "vxg_ct_cone_opts",
                              _turn(angles, 2 * math.pi),
                              _options.apart(options, rows=rows, cols=columns, sod=sod,
                                             sdd=sdd))

    @staticmethod
    @_takes("vxg_ct_trajectory_opts", "path beam nviews rows cols", _numbers("circular", "cone"))
    def trajectory(path, nviews, rows, columns, **options) -> Geometry:
        """A path by name: see `trajectory`."""
        return trajectory(path, "cone", nviews, rows, columns, **options)

    @staticmethod
    @_takes("vxg_ct_trajectory_opts", "path beam nviews rows cols range endpoint amplitude frequency "
            "z_amplitude radial_amplitude sod_std position_std angle_std seed",
            _numbers("helical", "cone"))
    def helical(nviews, rows, columns, sod, sdd, **options) -> Geometry:
        """A helix: z grows with the angle, from -z_range / 2 to z_range / 2, both ends included."""
        return trajectory("helical", "cone", nviews, rows, columns, sod=sod, sdd=sdd, **options)


class FanGeometry:
    """Fan beams, which are cones of one row: functions that make a Geometry."""

    @staticmethod
    @_takes("vxg_ct_cone_opts", leave="nviews rows cols row_pitch center_row")
    def circular(angles, columns, sod, sdd, **options) -> Geometry:
        """The standard scan about z; the arguments are those of a cone's."""
        return ConeGeometry.circular(angles, 1, columns, sod, sdd, **options)


for _kind in (ParallelGeometry, ConeGeometry, FanGeometry):
    for _name in ("from_vectors", "from_function", "from_matrices", "from_astra", "from_json", "load"):
        setattr(_kind, _name, getattr(Geometry, _name))


@_takes("vxg_ct_trajectory_opts", leave="cols")
def trajectory(path, beam, nviews, rows, columns, *, angles=None, **options) -> Geometry:
    """A path by name: "circular", "helical", "sinusoidal", "saddle" or "random"; beam: "parallel" or
    "cone". angles: of every view, in radians, instead of start and range. A cone's sod and sdd must be
    given. Without `range` it is a turn, of a parallel beam half a turn; the numbers of each path have
    the defaults of `ConeGeometry.trajectory`."""
    words = _options.table("vxg_ct_trajectory_opts")
    for name, word in (("path", path), ("beam", beam)):
        if word not in words[name].choices:
            raise ArgumentError("%s: one of %s is expected, not %r"
                                % (name, ", ".join(words[name].choices), word))
    number = [words[n].choices.index(w) for n, w in (("path", path), ("beam", beam))]
    opts, keep = _defaults(*number), []
    if angles is not None:
        angles = _angles(angles)
        if angles.size != nviews:
            raise ArgumentError("angles: %d are expected, not %d" % (nviews, angles.size))
        opts.angles = angles.ctypes.data
    _options.update(opts, "vxg_ct_trajectory_opts",
                    _options.apart(options, nviews=nviews, rows=rows, cols=columns), keep)
    return Geometry._new(lib.vxg_ct_trajectory, _byref(opts))


# ---- Operators ----
def _volume(geometry, volume):
    """The volume, or the geometry's own; both are looked at."""
    for given, kind, what in ((geometry, Geometry, "geometry"), (volume, Volume, "volume")):
        if not (isinstance(given, kind) or given is None and kind is Volume):
            raise TypeError("%s: a %s is expected, not %s" % (what, kind.__name__, type(given).__name__))
    return volume if volume is not None else geometry.fit_volume()


def _is_flat(geometry, volume):
    return geometry.rows == 1 and volume.shape[0] == 1


@_takes("vxg_ct_projector_opts", leave="weighting texture")
class XrayTransform(Operator):
    """Line integrals of a volume (nz, ny, nx) along the rays of a geometry, (views, rows, columns),
    with the exact transpose.

    model: "joseph", "siddon", "footprint" or "footprint-tt". volume: None, the one that
    `geometry.fit_volume()` gives. A volume of one slice under one row is an image: domain (ny, nx),
    range (views, columns); `planar=False` keeps three axes. device, dtype: where and in what it
    computes, None: as its arrays. Values are attenuation times length.

    Sources: P. M. Joseph, IEEE Trans. Med. Imaging 1 (1982) 192; R. L. Siddon, Med. Phys. 12 (1985)
    252; footprints: Y. Long, J. A. Fessler, J. M. Balter, IEEE Trans. Med. Imaging 29 (2010) 1839."""

    def __init__(self, geometry, volume=None, model="joseph", *, planar=None, device=None,
                 dtype=None, **options):
        self.geometry = geometry
        self.volume = volume = _volume(geometry, volume)
        planar = _is_flat(geometry, self.volume) if planar is None else planar
        function = lib.vxg_ct_projector2d if planar else lib.vxg_ct_projector
        for name in {"weighting", "texture"} & set(options):
            raise TypeError("'%s' is an option of backprojectors" % name)
        keywords = dict(options, model=model)

        def maker(on, kind):
            keep = []
            opts = _options.fill("vxg_ct_projector_opts", keywords, keep, real=real_of(kind))
            return make(function, on, geometry, _byref(volume._struct), _byref(opts),
                        release=lib.vxg_op_release)
        super().__init__(maker, device, dtype)
        _options.fill("vxg_ct_projector_opts", keywords, [])  # refuses what is wrong at once
        self._shapes = (self.volume.shape[1:] if planar else self.volume.shape,
                        (geometry.nviews, geometry.columns) if planar else geometry.shape)
        self._made_by = XrayTransform, (geometry, volume, model), dict(
            options, planar=planar, device=device, dtype=dtype)

    domain_shape = property(lambda self: self._shapes[0])
    range_shape = property(lambda self: self._shapes[1])


@_takes("vxg_ct_projector_opts", leave="model weighting texture")
class GeometryTransform(Operator):
    """Joseph's projector with the geometry as a second input: volume and delta (views, 4, 3), a
    change of every view's vectors in world units; `A(x, delta)`, with derivatives by both (`jvp`,
    `vjp`). Flat detectors. `geometry` itself is delta = 0."""

    def __init__(self, geometry, volume=None, *, planar=None, device=None, dtype=None, **options):
        self.geometry = geometry
        self.volume = volume = _volume(geometry, volume)
        planar = _is_flat(geometry, self.volume) if planar is None else planar
        function = lib.vxg_ct_projector2d_geometry if planar else lib.vxg_ct_projector_geometry
        _options.fill("vxg_ct_projector_opts", options, [])

        def maker(on, kind):
            opts = _options.fill("vxg_ct_projector_opts", options, [], real=real_of(kind))
            return make(function, on, geometry, _byref(volume._struct), _byref(opts),
                        release=lib.vxg_op_release)
        super().__init__(maker, device, dtype)
        self._made_by = GeometryTransform, (geometry, volume), dict(
            options, planar=planar, device=device, dtype=dtype)


def _reconstructor(public, function, struct, geometry, volume, device, dtype, options):
    """An Operator from projections to a volume; public: the function that makes it."""
    volume = _volume(geometry, volume)
    _options.fill(struct, options, [])

    def maker(on, kind):
        opts = _options.fill(struct, options, [], real=real_of(kind))
        return make(function, on, geometry, _byref(volume._struct), _byref(opts),
                    release=lib.vxg_op_release)
    made = Operator(maker, device, dtype)
    made._made_by = public, (geometry, volume), dict(options, device=device, dtype=dtype)
    return made


@_takes("vxg_ct_projector_opts", leave="model")
def backprojector(geometry, volume=None, *, device=None, dtype=None, **options) -> Operator:
    """Voxel-driven bilinear backprojection as an operator from (views, rows, columns) to
    (nz, ny, nx): each voxel adds, over views, the projection interpolated where its centre falls. Not
    the adjoint of XrayTransform. weighting="distance", of fans and cones: times the square of the
    magnification at the voxel."""
    return _reconstructor(backprojector, lib.vxg_ct_backprojector, "vxg_ct_projector_opts",
                          geometry, volume, device, dtype, options)


@_takes("vxg_ct_fbp_opts")
def fbp_operator(geometry, volume=None, *, device=None, dtype=None, **options) -> Operator:
    """Filtered backprojection of a parallel beam as one linear operator, from (views, rows, columns)
    to attenuation (nz, ny, nx). Source: A. C. Kak, M. Slaney, Principles of Computerized Tomographic
    Imaging (1988), section 3.3."""
    return _reconstructor(fbp_operator, lib.vxg_ct_fbp, "vxg_ct_fbp_opts", geometry, volume,
                          device, dtype, options)


@_takes("vxg_ct_fourier_opts")
def fourier_operator(geometry, volume=None, *, device=None, dtype=None, **options) -> Operator:
    """The same by the slices' spectra (docs/fourier.md). Source: J. D. O'Sullivan, IEEE Trans. Med.
    Imaging 4 (1985) 200."""
    return _reconstructor(fourier_operator, lib.vxg_ct_fourier, "vxg_ct_fourier_opts", geometry,
                          volume, device, dtype, options)


@_takes("vxg_ct_fdk_opts")
def fdk_operator(geometry, volume=None, *, device=None, dtype=None, **options) -> Operator:
    """Reconstruction of a circular fan or cone scan as one linear operator, from
    (views, rows, columns) to attenuation (nz, ny, nx): full turns, short scans, half fans
    (docs/fan-cone-reconstruction.md). Source: L. A. Feldkamp, L. C. Davis, J. W. Kress, J. Opt. Soc.
    Am. A 1 (1984) 612."""
    return _reconstructor(fdk_operator, lib.vxg_ct_fdk, "vxg_ct_fdk_opts", geometry, volume,
                          device, dtype, options)


def _three_axes(sinogram, geometry):
    """(projections with three axes, whether one was added)."""
    shape = tuple(getattr(sinogram, "shape", ()))
    if geometry.rows == 1 and shape[-2:] == (geometry.nviews, geometry.columns) \
            and hasattr(sinogram, "reshape"):
        return sinogram.reshape(shape[:-2] + geometry.shape), True
    return sinogram, False


def _reconstruct(maker, projections, geometry, volume, out, options):
    volume = _volume(geometry, volume)
    y, flat = _three_axes(projections, geometry)
    x = maker(geometry, volume, **options)(y, out=out)
    one = flat and x.shape[-3] == 1 and out is None
    return x.reshape(tuple(x.shape[:-3]) + tuple(x.shape[-2:])) if one else x


@_takes("vxg_ct_fbp_opts")
def fbp(projections, geometry, volume=None, *, out=None, device=None, dtype=None, **options):
    """Attenuation (nz, ny, nx) of a parallel scan's projections (views, rows, columns), leading axes
    are a batch, by filtered backprojection; `fbp_operator` says how. A sinogram (views, columns) under
    one row gives an image (ny, nx). out: an array to write into."""
    return _reconstruct(fbp_operator, projections, geometry, volume, out,
                        dict(options, device=device, dtype=dtype))


@_takes("vxg_ct_fourier_opts")
def fourier(projections, geometry, volume=None, *, out=None, device=None, dtype=None, **options):
    """The same as `fbp` by the slices' spectra; `fourier_operator` says how."""
    return _reconstruct(fourier_operator, projections, geometry, volume, out,
                        dict(options, device=device, dtype=dtype))


@_takes("vxg_ct_fdk_opts")
def fdk(projections, geometry, volume=None, *, out=None, device=None, dtype=None, **options):
    """Attenuation (nz, ny, nx) of a fan or cone scan's projections (views, rows, columns), leading
    axes are a batch; `fdk_operator` says how. A fan's sinogram (views, columns) gives an image
    (ny, nx). out: an array to write into."""
    return _reconstruct(fdk_operator, projections, geometry, volume, out,
                        dict(options, device=device, dtype=dtype))


def filter_response(window="ramp", size=1024, pitch=1.0, cutoff=0.0) -> np.ndarray:
    """Response H[0..size/2] of a window times the ramp for a column pitch; size: a power of two.
    window and cutoff are those of `fbp`. Source: Kak and Slaney 1988, equation 3.61."""
    choices = _options.table("vxg_ct_fbp_opts")["window"].choices
    if window not in choices:
        raise ArgumentError("window: one of %s is expected, not %r" % (", ".join(choices), window))
    out = np.empty(size // 2 + 1)
    lib.check(lib.vxg_ct_filter_response(choices.index(window), float(cutoff), size, float(pitch),
                                         out.ctypes.data))
    return out


def filter_operator(shape, response, weights=None, *, device=None, dtype=None) -> Operator:
    """Filters rows of projections of a shape (views, rows, columns) by a response, as
    `filter_response` gives it; weights: a factor for each view."""
    h = _options.real_array(response, "response")
    w = None if weights is None else _options.real_array(weights, "weights")
    if w is not None and w.shape != (shape[0],):
        raise ArgumentError("weights: one for each of %d views is expected, not shape %s"
                            % (shape[0], w.shape))

    def maker(on, kind):
        return make(lib.vxg_ct_filter, on, _byref(space(shape, kind)), h.ctypes.data,
                    2 * (h.size - 1), None if w is None else w.ctypes.data, real_of(kind),
                    release=lib.vxg_op_release)
    made = Operator(maker, device, dtype)
    made._made_by = filter_operator, (shape, h, w), dict(device=device, dtype=dtype)
    return made


class Prepared:
    """Projections that are kept, filtered once, and backprojected many times: into any volumes
    (patches, slices), from all views or some, with views replaced as new ones arrive. Float32.

    filter: a linear operator on (1, rows, columns) or on k views at a time, applied as views arrive;
    weights: a factor for each view."""

    _most = 16

    def __init__(self, geometry, filter=None, weights=None, *, device="cpu"):
        self.geometry, self.device = geometry, Device(device)
        if weights is not None:
            weights = np.ascontiguousarray(weights, np.float64)
            if weights.shape != (geometry.nviews,):
                raise ArgumentError("weights: one for each of %d views is expected, not shape %s"
                                    % (geometry.nviews, weights.shape))
        made = None if filter is None else filter.on(self.device, np.float32)
        self._filter = filter, made
        self._handle = make(
            lib.vxg_ct_prepared_new, _byref(space(geometry.shape, np.float32)), self.device,
            None if made is None else made.handle, None if weights is None else weights.ctypes.data,
            release=lib.vxg_ct_prepared_release)
        self._operators = collections.OrderedDict()  # the last few

    def update(self, views, first=0) -> Prepared:
        """Replaces the views from `first` on by these (n, rows, columns)."""
        y = _arrays.read(views, self.device, "views")
        if y.dtype != np.float32 or y.shape[1:] != self.geometry.shape[1:]:
            raise ValueError("views: float32 of shape (n, %d, %d) is expected, not %s of %s"
                             % (self.geometry.shape[1:] + (y.dtype, y.shape)))
        call(lib.vxg_ct_prepared_update, self._handle, operator.index(first), None, _byref(y.struct))
        return self

    @_takes("vxg_ct_projector_opts", leave="model")
    def backproject(self, volume, views=None, *, out=None, **options):
        """A volume (nz, ny, nx) from all views or those of a list; the options are those of
        `backprojector`. With the same volume object and the same views again nothing is made anew."""
        index = None if views is None else _options.indices(views, self.geometry.nviews)
        key = (id(volume), None if index is None else index.tobytes(), tuple(sorted(options.items())))
        found = self._operators.get(key)
        if found is None:
            part = self.geometry if index is None else self.geometry[index]
            made = backprojector(part, volume, **options).on(self.device, np.float32)
            found = self._operators[key] = (made, volume)
            if len(self._operators) > self._most:
                self._operators.popitem(last=False)
        self._operators.move_to_end(key)
        made = found[0]
        if out is None:
            out, x = _arrays.like(np.empty(0), volume.shape, np.dtype(np.float32), self.device)
        else:
            x = _arrays.write(out, self.device, volume.shape, np.dtype(np.float32))
        if index is None:
            call(lib.vxg_ct_prepared_backproject, self._handle, made.handle, 0, None,
                 _byref(x.struct))
        else:
            call(lib.vxg_ct_prepared_backproject_list, self._handle, made.handle, index.size,
                 index.ctypes.data, None, _byref(x.struct))
        return out

    def __reduce__(self):
        raise TypeError("Prepared is neither copied nor pickled: make another and update it")


__all__ = ["ConeGeometry", "FanGeometry", "Geometry", "GeometryTransform", "ParallelGeometry",
           "Prepared", "Volume", "XrayTransform", "backprojector", "fbp", "fbp_operator", "fdk",
           "fdk_operator", "filter_operator", "filter_response", "find_center", "fourier",
           "fourier_operator", "minus_log", "recon", "remove_rings", "trajectory"]
