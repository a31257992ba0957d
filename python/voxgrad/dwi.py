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

from __future__ import annotations

import collections
import ctypes

import numpy as np

from . import _images, _options
from ._calls import Reporting, call, make
from ._images import Voxels
from ._library import ArgumentError, lib
from ._options import options as _takes

_byref = ctypes.byref
_MOST = 20  # VXG_SH_MOST


def _fit(function, opts, progress, *arguments):
    """A fit whose options say whom it tells how far it is."""
    with Reporting(None, progress) as told:
        opts.progress = told.address
        call(function, *arguments)


def _doubles(values, what, ndim):
    """Numbers of a list, an array or a file of a table, float64 in C order."""
    if _images.is_path(values):
        return _table(values)
    found = np.asarray(values)
    if found.dtype.kind not in "biuf":
        raise TypeError("%s: real numbers are expected, not elements of type %s" % (what, found.dtype))
    found = np.array(found, np.float64, order="C")
    if found.ndim != ndim:
        raise ArgumentError("%s: %d axes are expected, not shape %s" % (what, ndim, found.shape))
    return found


def _table(path):
    """A text file of numbers, (rows, columns)."""
    lib.io()
    rows, columns, values = ctypes.c_int64(), ctypes.c_int64(), ctypes.c_void_p()
    lib.check(lib.vxg_numbers_read(str(path).encode(), _byref(values), _byref(rows), _byref(columns), None))
    try:
        count = rows.value * columns.value
        return np.array((ctypes.c_double * count).from_address(values.value)).reshape(rows.value, columns.value)
    finally:
        lib.vxg_free(values)


def _seen(address, shape, kind=ctypes.c_double):
    """A copy of numbers of the library."""
    count = int(np.prod(shape))
    return np.array((kind * count).from_address(address)).reshape(shape) if count else np.zeros(shape, kind)


# ---- Gradient tables ----
@_takes("vxg_gradients_opts")
class Gradients:
    """What every volume of a series was weighted by: b-values (n,) in s/mm2 and unit directions (n, 3) in scanner
    coordinates. Made of both, or by `from_fsl`, `from_mrtrix`, `from_dipy`. Immutable; `g[volumes]` has some of them.

    A volume up to b0_threshold (50 s/mm2) is unweighted, its direction becomes 0. A direction whose length is off by more
    than unit_tolerance (0.01) is an InputError that names the volume."""

    def __init__(self, b, directions, **options):
        b = _doubles(b, "b", 1)
        directions = _doubles(directions, "directions", 2)
        if directions.shape != (b.size, 3):
            raise ArgumentError("directions: shape (%d, 3) is expected, not %s" % (b.size, directions.shape))
        self._make(lib.vxg_gradients_new, (b.size, b.ctypes.data, directions.ctypes.data), options)

    def _make(self, function, arguments, options):
        opts = _options.fill("vxg_gradients_opts", options, [])
        self._given = {n: v for n, v in options.items() if v is not None}
        self._handle = self._as_parameter_ = make(function, *arguments, _byref(opts),
                                                  release=lib.vxg_gradients_release)
        return self

    @classmethod
    @_takes("vxg_gradients_opts")
    def from_fsl(cls, bvals, bvecs, affine, **options) -> Gradients:
        """FSL's files or their numbers: b (n,), and directions (3, n) or (n, 3) along the image's axes. affine: (4, 4)
        of the image, or the image; where its determinant is positive FSL's x points against the first axis."""
        b = _doubles(bvals, "bvals", 1).ravel()
        vectors, rows = _doubles(bvecs, "bvecs", 2), _images.affine_of(affine)
        return cls.__new__(cls)._make(lib.vxg_gradients_fsl, (
            b.size, b.ctypes.data, *vectors.shape, vectors.ctypes.data, rows.ctypes.data), options)

    @classmethod
    @_takes("vxg_gradients_opts")
    def from_mrtrix(cls, table, **options) -> Gradients:
        """MRtrix's table (n, 4), x y z b in scanner coordinates: a file or its numbers, or an image of a .mif
        (`voxgrad.io.read_image`) that holds one."""
        if hasattr(table, "attributes"):
            text = table.attributes.get("dw_scheme")
            if not text:
                raise ArgumentError("table: the image holds no dw_scheme")
            table = [[float(w) for w in line.replace(",", " ").split()] for line in text.split("\n") if line]
        values = _doubles(table, "table", 2)
        if values.shape[1] != 4:
            raise ArgumentError("table: four columns, x y z b, are expected, not shape %s" % (values.shape,))
        return cls.__new__(cls)._make(lib.vxg_gradients_mrtrix, (len(values), values.ctypes.data), options)

    @classmethod
    @_takes("vxg_gradients_opts")
    def from_dipy(cls, gtab, affine, **options) -> Gradients:
        """A GradientTable of DIPY's: directions along the image's axes, as DIPY's own tracking takes them. affine: (4, 4)
        of the image, or the image. DIPY reads FSL's files as they are: of an image whose determinant is positive their x
        is then wrong, and `from_fsl` has it right."""
        rows = _images.affine_of(affine)
        vectors = np.array(gtab.bvecs, np.float64)
        if np.linalg.det(rows.reshape(3, 4)[:, :3]) > 0:
            vectors[:, 0] *= -1
        if options.get("b0_threshold") is None:
            options = dict(options, b0_threshold=max(float(getattr(gtab, "b0_threshold", 50)), 1e-6))
        return cls.from_fsl(gtab.bvals, vectors.T, rows.reshape(3, 4), **options)

    b = property(lambda self: _seen(lib.vxg_gradients_b(self), (len(self),)), doc="(n,), s/mm2.")
    directions = property(lambda self: _seen(lib.vxg_gradients_directions(self), (len(self), 3)),
                          doc="(n, 3), 0 0 0 of unweighted volumes.")

    def __len__(self):
        return lib.vxg_gradients_count(self)

    @property
    def shells(self) -> np.ndarray:
        """Mean b of every shell, by rising b; shell 0 is the unweighted volumes, also where there are none."""
        return np.array([lib.vxg_gradients_shell_b(self, i) for i in range(lib.vxg_gradients_shells(self))])

    @property
    def shell_of(self) -> np.ndarray:
        """(n,): the shell of every volume."""
        return np.array([lib.vxg_gradients_shell_of(self, i) for i in range(len(self))], np.int64)

    def __getitem__(self, volumes) -> Gradients:
        index = _options.indices(volumes, len(self), "volumes")
        made = Gradients.__new__(Gradients)
        made._given = self._given
        made._handle = made._as_parameter_ = make(lib.vxg_gradients_take, self, index.size, index.ctypes.data,
                                                  release=lib.vxg_gradients_release)
        return made

    def __reduce__(self):
        return _gradients_again, (self.b, self.directions, self._given)

    def __repr__(self):
        shells = lib.vxg_gradients_shells(self)
        words = ["%d of b = %.0f" % (lib.vxg_gradients_shell_count(self, i), lib.vxg_gradients_shell_b(self, i))
                 for i in range(shells)]
        return "<voxgrad.dwi.Gradients %d volumes: %s>" % (len(self), ", ".join(words))


def _gradients_again(b, directions, options):
    return Gradients(b, directions, **options)


def _gradients(g):
    if isinstance(g, Gradients):
        return g
    more = "; Gradients.from_dipy(gtab, affine)" if hasattr(g, "bvecs") else ""
    raise TypeError("gradients: a Gradients is expected, not %s%s" % (type(g).__name__, more))


def _shell(given, g):
    """A shell's number; 0: the only one, or chosen."""
    return _images.whole(given, "shell", 0, lib.vxg_gradients_shells(g) - 1)


# ---- Spherical harmonics ----
_BASES = _options.table("vxg_odf_opts")["basis"].choices


def _basis(name, what="basis"):
    if not isinstance(name, str) or name not in _BASES:
        raise ArgumentError("%s: one of %s is expected, not %r" % (what, ", ".join(_BASES), name))
    return _BASES.index(name)


def sh_count(order) -> int:
    """How many harmonics of even order up to `order` there are."""
    order = _images.whole(order, "order", 0, _MOST)
    if order % 2:
        raise ArgumentError("order: an even number is expected, not %d" % order)
    return lib.vxg_sh_count(order)


def sh_order(count) -> int:
    """The order of so many harmonics."""
    count = _images.whole(count, "count", 1, sh_count(_MOST))
    order = lib.vxg_sh_order(count)
    if order < 0:
        raise ArgumentError("%d coefficients are no set of harmonics of even order" % count)
    return order


def sh_matrix(order, directions, basis="tournier07") -> np.ndarray:
    """The harmonics (n, sh_count(order)) at n directions (n, 3), which need not be unit vectors.

    Real, of even order, orthonormal; coefficient (l, m) has the number l (l + 1) / 2 + m. basis: "tournier07" (MRtrix3's;
    ours), "descoteaux07-legacy" (DIPY's default) or "descoteaux07" (DIPY, legacy=False)."""
    v = _doubles(directions, "directions", 2)
    if v.shape[1] != 3:
        raise ArgumentError("directions: shape (n, 3) is expected, not %s" % (v.shape,))
    out = np.empty((len(v), sh_count(order)))
    lib.check(lib.vxg_sh_matrix(_basis(basis), order, len(v), v.ctypes.data, out.ctypes.data))
    return out


def sh_convert(coefficients, to, basis="tournier07") -> np.ndarray:
    """Coefficients (..., n) of a basis in another one: (..., n), `to` as in `sh_matrix`."""
    given = _images.numbers(coefficients, "coefficients")
    if not given.ndim:
        raise ArgumentError("coefficients: an axis of coefficients is expected")
    order = sh_order(given.shape[-1])
    out = np.array(given, np.float64, order="C")
    sets = out.size // out.shape[-1] if out.size else 0
    lib.check(lib.vxg_sh_convert(_basis(basis), _basis(to, "to"), order, sets, out.ctypes.data))
    return _images.like(out.astype(given.dtype, copy=False), coefficients)


def sh_rotate(coefficients, rotation, basis="tournier07") -> np.ndarray:
    """Coefficients (..., n) of a function that is turned by a matrix (3, 3), a reflection too: what had the value f at u
    has it at `rotation @ u`. Harmonics along an image's axes, as DIPY makes them, become ours with the columns of the
    image's affine, each divided by its length."""
    given = _images.numbers(coefficients, "coefficients")
    r = _doubles(rotation, "rotation", 2)
    if r.shape != (3, 3) or not np.allclose(r @ r.T, np.eye(3), atol=1e-3):
        raise ArgumentError("rotation: a matrix (3, 3) of unit columns at right angles is expected")
    order = sh_order(given.shape[-1] if given.ndim else 0)
    directions = Sphere("repulsion724").directions
    there = np.linalg.pinv(sh_matrix(order, directions, basis))
    m = there @ sh_matrix(order, directions @ r, basis)
    return _images.like(given @ m.T.astype(given.dtype), coefficients)


# ---- Directions on the sphere ----
class Sphere:
    """A set of directions with their neighbours: by name (`Sphere.names()`; "hemi:" in front has one of each pair of
    opposites), or unit vectors (n, 3) of one's own, at least 6. symmetric, of one's own: each stands for its opposite
    too. Immutable."""

    def __init__(self, directions="hemi:repulsion724", symmetric=False):
        if isinstance(directions, str):
            if symmetric:
                raise ArgumentError("symmetric: the name says it, with 'hemi:' in front")
            self._made_by = directions, False
            self._handle = make(lib.vxg_sphere_named, directions.encode(), release=lib.vxg_sphere_release)
        else:
            v = _doubles(directions, "directions", 2)
            if v.shape[1] != 3:
                raise ArgumentError("directions: shape (n, 3) is expected, not %s" % (v.shape,))
            self._made_by = v, bool(symmetric)
            self._handle = make(lib.vxg_sphere_new, len(v), v.ctypes.data, int(bool(symmetric)),
                                release=lib.vxg_sphere_release)
        self._as_parameter_ = self._handle

    @staticmethod
    def names() -> list[str]:
        """The sets that there are."""
        found, i = [], 0
        while True:
            name = lib.vxg_sphere_name_at(i)
            if name is None:
                return found
            found.append(name.decode())
            i += 1

    def __len__(self):
        return lib.vxg_sphere_count(self)

    directions = property(lambda self: _seen(lib.vxg_sphere_directions(self), (len(self), 3)), doc="(n, 3).")
    symmetric = property(lambda self: bool(lib.vxg_sphere_is_symmetric(self)),
                         doc="Whether each direction stands for its opposite too.")

    @property
    def edges(self) -> np.ndarray:
        """(m, 2): pairs of neighbours, by number."""
        at = ctypes.c_void_p()
        count = lib.vxg_sphere_edges(self, _byref(at))
        return _seen(at.value, (count, 2), ctypes.c_int32)

    def __reduce__(self):
        return Sphere, self._made_by

    def __repr__(self):
        name = repr(self._made_by[0]) if isinstance(self._made_by[0], str) else "of its own"
        return "<voxgrad.dwi.Sphere %s: %d directions>" % (name, len(self))


def _sphere(given):
    """A Sphere, None: the default set; of a name, an array of directions, or DIPY's with vertices."""
    if given is None or isinstance(given, Sphere):
        return given
    if hasattr(given, "vertices"):
        kind = type(given).__name__.startswith("Hemi")
        return Sphere(given.vertices, symmetric=kind)
    return Sphere(given)


# ---- Fits ----
def _series(dwi, gradients, mask, device):
    g = _gradients(gradients)
    v = Voxels(dwi, "dwi", mask, device)
    if v.rows != len(g):
        raise ArgumentError("dwi: %d volumes, and the gradient table has %d" % (v.rows, len(g)))
    return g, v


def _list(v):
    return None if v.list is None else _byref(v.list.struct)


@_takes("vxg_mask_opts")
def head_mask(dwi, gradients=None, *, device=None, **options):
    """A mask (i, j, k) of the head, booleans: the mean of the unweighted volumes (gradients None: of all) of a series
    (i, j, k, volumes), smoothed by medians, above Otsu's threshold. Without options DIPY's `median_otsu`."""
    v = Voxels(dwi, "dwi", None, device)
    if len(v.shape) != 3:
        raise ArgumentError("dwi: axes (i, j, k, volumes) are expected, not shape %s" % (v.shape + (v.rows,),))
    g = None if gradients is None else _gradients(gradients)
    if g is not None and v.rows != len(g):
        raise ArgumentError("dwi: %d volumes, and the gradient table has %d" % (v.rows, len(g)))
    opts, room = _options.fill("vxg_mask_opts", options, []), v.room(dtype=np.uint32)
    call(lib.vxg_dwi_mask, None, g, _byref(v.struct), _byref(opts), _byref(room.struct))
    found = v.result(room)
    return found > 0 if not hasattr(found, "bool") else found.bool()


_TENSOR = {"tensor": (6,), "s0": (), "eigenvalues": (3,), "eigenvectors": (3, 3), "fa": (), "md": (), "ad": (), "rd": (),
           "rgb": (3,)}
TensorMaps = collections.namedtuple("TensorMaps", list(_TENSOR))
TensorMaps.__doc__ = """What `tensor` gives; maps that were not asked for are None.

tensor (..., 6): Dxx Dyy Dzz Dxy Dxz Dyz, mm2/s, scanner axes. s0: the unweighted signal. eigenvalues (..., 3): falling,
mm2/s. eigenvectors (..., 3, 3): the first is [..., :, 0], as DIPY has them. fa: fractional anisotropy. md, ad, rd: mean,
axial and radial diffusivity. rgb (..., 3): magnitudes of the first eigenvector times FA."""


@_takes("vxg_tensor_opts")
def tensor(dwi, gradients, *, mask=None, maps=None, device=None, progress=None, **options) -> TensorMaps:
    """The diffusion tensor of every voxel. maps: names of the wanted ones, None: all of `TensorMaps`.

    Six directions and two b-values are needed. Source: P. J. Basser, J. Mattiello, D. LeBihan, J. Magn. Reson. B 103 (1994)
    247."""
    names = list(_TENSOR) if maps is None else [maps] if isinstance(maps, str) else list(maps)
    for name in names:
        if name not in _TENSOR:
            raise ArgumentError("maps: one of %s is expected, not %r" % (", ".join(_TENSOR), name))
    g, v = _series(dwi, gradients, mask, device)
    opts = _options.fill("vxg_tensor_opts", options, [])
    rooms = {name: v.room(*_TENSOR[name]) for name in names}
    out = lib.new("vxg_tensor_maps")
    for name, room in rooms.items():
        setattr(out, name, room.struct)
    _fit(lib.vxg_dwi_tensor, opts, progress, None, g, _byref(v.struct), _list(v), _byref(opts), _byref(out))
    found = {name: v.result(room, *_TENSOR[name]) for name, room in rooms.items()}
    if "eigenvectors" in found:
        found["eigenvectors"] = found["eigenvectors"].swapaxes(-1, -2)
    return TensorMaps(**{name: found.get(name) for name in _TENSOR})


@_takes("vxg_odf_opts")
def odf(dwi, gradients, *, mask=None, device=None, progress=None, **options):
    """An orientation function out of one shell, as spherical harmonics (..., sh_count(order)). kind is needed; "amplitudes"
    are the signals themselves, which are lowest along fibres.

    Sources: M. Descoteaux et al., Magn. Reson. Med. 58 (2007) 497 (qball); I. Aganj et al., Magn. Reson. Med. 64 (2010) 554
    (csa); A. Tristan-Vega et al., NeuroImage 47 (2009) 638 (opdt)."""
    g, v = _series(dwi, gradients, mask, device)
    if options.get("kind") is None:
        raise TypeError("odf: kind is needed: 'csa', 'opdt', 'qball', or 'amplitudes' (the signals themselves, lowest along "
                        "fibres)")
    opts = _options.fill("vxg_odf_opts", options, [])
    rows = sh_count(opts.order or 4)
    room = v.room(rows)
    _fit(lib.vxg_dwi_odf, opts, progress, None, g, _byref(v.struct), _list(v), _byref(opts), _byref(room.struct))
    return v.result(room, rows)


def gfa(sh, *, mask=None, device=None):
    """Generalised fractional anisotropy (...) of harmonics (..., n): sqrt(1 - c0^2 / sum c^2)."""
    v = Voxels(sh, "sh", mask, device)
    sh_order(v.rows)
    room = v.room()
    call(lib.vxg_dwi_gfa, None, _byref(v.struct), _list(v), _byref(room.struct))
    return v.result(room)


class Response:
    """The signal of one fibre along z in a shell: its harmonics of m = 0, orders 0, 2... (`zonal`), as MRtrix3's files of
    responses hold them; of the shell `b` (s/mm2; 0: not said), s0: the unweighted signal. By `response_tensor` and
    `response_auto`, or of numbers or a file of one row."""

    def __init__(self, zonal, b=0.0, s0=0.0):
        values = _doubles(zonal, "zonal", 1).ravel()
        if not 1 <= values.size <= _MOST // 2 + 1 or not np.isfinite(values).all():
            raise ArgumentError("zonal: 1 to %d finite numbers are expected, not %s" % (_MOST // 2 + 1, values))
        self._struct = r = lib.new("vxg_response", order=2 * (values.size - 1), b=_images.real(b, "b"),
                                   s0=_images.real(s0, "s0"))
        r.zonal[:values.size] = list(values)

    @classmethod
    def _of(cls, struct):
        made = cls.__new__(cls)
        made._struct = struct
        return made

    order = property(lambda self: self._struct.order, doc="Of the harmonics.")
    zonal = property(lambda self: np.array(self._struct.zonal[:self.order // 2 + 1]), doc="(order / 2 + 1,).")
    b = property(lambda self: self._struct.b, doc="Of its shell, s/mm2; 0: not known.")
    s0 = property(lambda self: self._struct.s0, doc="The unweighted signal; 0: not known.")
    eigenvalues = property(lambda self: np.array(self._struct.eigenvalues),
                           doc="Of the tensor that it was made of, mm2/s; 0: of none.")
    voxels = property(lambda self: self._struct.voxels, doc="How many it was estimated from; 0: it was given.")

    def __reduce__(self):
        return _response_again, (bytes(self._struct),)

    def __repr__(self):
        return "<voxgrad.dwi.Response of b = %g: %s>" % (self.b, ", ".join("%g" % z for z in self.zonal))


def _response_again(data):
    return Response._of(lib.structs["vxg_response"].from_buffer_copy(data))


def response_tensor(gradients, eigenvalues, s0, *, order=8, shell=0) -> Response:
    """The response of a tensor: its signals at the shell's directions, fitted to the order. eigenvalues (3,), falling,
    mm2/s; shell 0: the only one there is."""
    values = _doubles(eigenvalues, "eigenvalues", 1)
    if values.shape != (3,):
        raise ArgumentError("eigenvalues: three are expected, not shape %s" % (values.shape,))
    sh_count(order)
    g, out = _gradients(gradients), lib.new("vxg_response")
    call(lib.vxg_response_tensor, g, _shell(shell, g), order, values.ctypes.data,
         _images.real(s0, "s0"), _byref(out))
    return Response._of(out)


def response_auto(dwi, gradients, *, mask=None, fa=0.7, order=8, shell=0, device=None) -> Response:
    """The response of the mean tensor of the voxels whose FA is above `fa`: the first eigenvalue, the second for both
    others, the mean unweighted signal. Where the second is above 0.3 of the first it is not of single fibres. mask: where
    it is looked for (DIPY's `auto_response_ssst` looks at a cube of side 20 in the middle). No such voxel is a
    NumericalError."""
    g, v = _series(dwi, gradients, mask, device)
    sh_count(order)
    fa = _images.real(fa, "fa")
    if not 0 < fa <= 1:
        raise ArgumentError("fa: a number above 0 and up to 1 is expected, not %r" % (fa,))
    out = lib.new("vxg_response")
    call(lib.vxg_response_auto, None, g, _byref(v.struct), _list(v), _shell(shell, g), order, fa, _byref(out))
    return Response._of(out)


@_takes("vxg_recursive_opts")
def response_recursive(dwi, gradients, *, mask=None, sphere=None, device=None, progress=None, **options) -> Response:
    """Recursive calibration: the voxels of the mask (of white matter) are deconvolved, and those with a single peak make
    the next response. sphere: where peaks are looked for, None: "hemi:repulsion724". No such voxel is a NumericalError.

    Source: C. M. W. Tax et al., NeuroImage 86 (2014) 67."""
    g, v = _series(dwi, gradients, mask, device)
    s, out = _sphere(sphere), lib.new("vxg_response")
    opts = _options.fill("vxg_recursive_opts", options, [], sphere=None if s is None else s._handle.address)
    _fit(lib.vxg_response_recursive, opts, progress, None, g, _byref(v.struct), _list(v), _byref(opts), _byref(out))
    return Response._of(out)


def _response(given):
    if isinstance(given, Response):
        return given
    raise TypeError("response: a Response is expected, not %s" % type(given).__name__)


@_takes("vxg_csd_opts")
def csd(dwi, gradients, response, *, mask=None, sphere=None, device=None, progress=None, **options):
    """Constrained spherical deconvolution: the density of fibres as harmonics (..., sh_count(order)). sphere: where the
    constraint is looked at, None: "hemi:symmetric362".

    Source: J.-D. Tournier, F. Calamante, A. Connelly, NeuroImage 35 (2007) 1459."""
    g, v = _series(dwi, gradients, mask, device)
    s = _sphere(sphere)
    opts = _options.fill("vxg_csd_opts", options, [], sphere=None if s is None else s._handle.address)
    rows = sh_count(opts.order or 8)
    room = v.room(rows)
    _fit(lib.vxg_dwi_csd, opts, progress, None, g, _byref(v.struct), _list(v), _byref(_response(response)._struct),
         _byref(opts), _byref(room.struct))
    return v.result(room, rows)


Peaks = collections.namedtuple("Peaks", "directions values numbers")
Peaks.__doc__ = """What `peaks` gives, the highest first: directions (..., n, 3), 0 0 0 where there is none; values (...,
n); numbers (..., n): of the direction on the sphere, -1: none."""


@_takes("vxg_peaks_opts")
def peaks(sh, *, mask=None, sphere=None, device=None, progress=None, **options) -> Peaks:
    """Peaks of harmonics (..., n) on a set of directions (a Sphere, a name; None: "hemi:repulsion724")."""
    v = Voxels(sh, "sh", mask, device)
    s, opts = _sphere(sphere), _options.fill("vxg_peaks_opts", options, [])
    n = opts.peaks or 5
    if not 0 < n <= 32:
        raise ArgumentError("peaks: 1 to 32 are expected, not %d" % n)
    rooms = {"directions": (v.room(n, 3), (n, 3)), "values": (v.room(n), (n,)), "numbers": (v.room(n), (n,))}
    out = lib.new("vxg_peaks_maps", **{name: room.struct for name, (room, _) in rooms.items()})
    _fit(lib.vxg_dwi_peaks, opts, progress, None, _byref(v.struct), _list(v), s, _byref(opts), _byref(out))
    found = {name: v.result(room, *rows) for name, (room, rows) in rooms.items()}
    numbers = found["numbers"]
    found["numbers"] = numbers.int() if hasattr(numbers, "int") else numbers.astype(np.int32)
    return Peaks(**found)


__all__ = ["Gradients", "Peaks", "Response", "Sphere", "TensorMaps", "csd", "gfa", "head_mask", "odf", "peaks",
           "response_auto", "response_recursive", "response_tensor", "sh_convert", "sh_count", "sh_matrix", "sh_order",
           "sh_rotate", "tensor"]
