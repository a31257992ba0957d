"""Tracking: streamlines through orientation functions, from seeds, and files of streamlines (TRK, TCK, TRX).

Positions are in mm towards right, front and top, steps and lengths in mm. Images are arrays in nibabel's order of axes,
(i, j, k, numbers), with an affine (4, 4) from the index of a voxel's centre to mm, or images that have one (nibabel's,
or of `voxgrad.io.read_image`). The same seeds and options give the same streamlines, bit for bit on one device, whatever
the threads and blocks.
"""

from __future__ import annotations

import ctypes

import numpy as np

from . import _images, _options, dwi
from ._calls import Reporting, call
from ._devices import Array, Device
from ._library import ArgumentError, lib
from ._options import options as _takes
from ._tracts import Density, Joined, Reader, Receiver, Tractogram, Writer, density, read, write

_byref = ctypes.byref
# vxg_track_stats.ended, from 1 on
_ENDS = ("no direction", "the map", "outside", "too long", "a region", "a turn")
_STOP, _EXCLUDE, _INCLUDE, _REGIONS = 1, 2, 4, 16  # VXG_TRACK_STOP...


class Field:
    """The image that streamlines run through; made by `harmonics`, `samples`, `tensors`, `vectors` or `series`, and kept
    for any number of runs.

    affine: (4, 4), None: the image's own. map: (i, j, k), an array or image: a streamline goes on while it is above the
    threshold; of booleans that is 0.5 unless it is given. None: everywhere in the image. sphere: the directions that are
    looked at, None: "hemi:repulsion724". device: where it is kept and tracked.

    Regions are masks (i, j, k), looked up at the nearest voxel of every point: stop ends a streamline before it comes
    there, exclude leaves out those that come there; include is a mask or a list of up to 16, of which a streamline must
    come to each."""

    def __init__(self, handle):
        raise TypeError("a Field is made by Field.harmonics, samples, tensors, vectors or series")

    @classmethod
    def _made(cls, kind, what, values, affine, shared, keep=()):
        """shared: the keywords that all fields have."""
        shared = dict(_SHARED, **shared)
        made = cls.__new__(cls)
        made.kind, made.device = kind, Device("cpu" if shared["device"] is None else shared["device"])
        made._sphere = dwi._sphere(shared["sphere"])
        rows = _images.affine_of(values if affine is None and _images.is_image(values) else affine)
        numbers = _images.numbers(values, what)
        if kind == "vectors" and numbers.ndim == 5:  # a vector's components last, as of dwi.Peaks
            numbers = numbers.reshape(numbers.shape[:3] + (-1,))
        if numbers.ndim != 4 or not numbers.size:
            raise ArgumentError("%s: axes (i, j, k, numbers) are expected, not shape %s" % (what, numbers.shape))
        made.grid, made.affine = numbers.shape[:3], _images.matrix(rows)
        _images.same_grid(shared["map"], values, "map")
        made._is_mask, stop = _map(shared["map"], made.grid, numbers.dtype)
        made._values = _laid(numbers, made.grid, made.device, what)
        made._map = None if stop is None else _laid(stop, made.grid, made.device, "map")
        made._regions, count = _regions(shared, values, made.grid, made.device)
        made._keep = keep
        struct = made._struct = lib.new("vxg_track_field", values=made._values.struct, nregions=count)
        for name, operand in (("map", made._map), ("regions", made._regions)):
            if operand is not None:
                setattr(struct, name, operand.struct)
        struct.affine[:] = list(rows)
        if made._sphere is not None:
            struct.sphere = made._sphere._handle.address
        return made

    @classmethod
    def harmonics(cls, sh, affine=None, *, map=None, basis="tournier07", sphere=None, stop=None, exclude=None,
                  include=None, device=None) -> Field:
        """Spherical harmonics (i, j, k, n) of an orientation function, as `voxgrad.dwi.csd` and `odf` give them, in that
        basis."""
        made = cls._made("harmonics", "sh", sh, affine, dict(map=map, sphere=sphere, stop=stop, exclude=exclude,
                                                             include=include, device=device))
        dwi.sh_order(made._values.shape[0])
        made._struct.basis = dwi._basis(basis)
        return made

    @classmethod
    def samples(cls, values, sphere, affine=None, *, map=None, stop=None, exclude=None, include=None,
                device=None) -> Field:
        """An orientation function's values (i, j, k, n) on the n directions of a sphere."""
        made = cls._made("samples", "values", values, affine, dict(map=map, sphere=sphere, stop=stop, exclude=exclude,
                                                                   include=include, device=device))
        if made._sphere is None:
            raise ArgumentError("sphere: the directions that the samples lie on are expected")
        if len(made._sphere) != made._values.shape[0]:
            raise ArgumentError("values: %d samples, and the sphere has %d directions"
                                % (made._values.shape[0], len(made._sphere)))
        made._struct.samples = 1
        return made

    @classmethod
    def tensors(cls, tensors, affine=None, *, map=None, stop=None, exclude=None, include=None, device=None) -> Field:
        """Diffusion tensors (i, j, k, 6), as `voxgrad.dwi.tensor` gives them."""
        made = cls._made("tensors", "tensors", tensors, affine, dict(map=map, stop=stop, exclude=exclude,
                                                                     include=include, device=device))
        if made._values.shape[0] != 6:
            raise ArgumentError("tensors: 6 numbers a voxel are expected, not %d" % made._values.shape[0])
        return made

    @classmethod
    def vectors(cls, vectors, affine=None, *, map=None, stop=None, exclude=None, include=None, device=None) -> Field:
        """Vectors (i, j, k, 3), or several a voxel (i, j, k, n, 3) as `voxgrad.dwi.peaks` gives them, in scanner
        coordinates; their sign means nothing, 0 0 0 is none."""
        made = cls._made("vectors", "vectors", vectors, affine, dict(map=map, stop=stop, exclude=exclude,
                                                                     include=include, device=device))
        if made._values.shape[0] % 3:
            raise ArgumentError("vectors: three numbers each are expected, not %d" % made._values.shape[0])
        return made

    @classmethod
    @_takes("vxg_odf_opts", "basis", {"kind": "opdt"})
    def series(cls, dwi, gradients, affine=None, *, map=None, sphere=None, stop=None, exclude=None, include=None,
               device=None, **options) -> Field:
        """A series (i, j, k, volumes) itself: for the bootstrap, where the options are those of the orientation function
        that is fitted to resampled signals, "opdt" or "csa"; or for tensors that are fitted at every step."""
        g = _gradients(gradients)
        options = dict(options)
        options.setdefault("kind", "opdt")
        model = _options.fill("vxg_odf_opts", options, [])
        made = cls._made("series", "dwi", dwi, affine, dict(map=map, sphere=sphere, stop=stop, exclude=exclude,
                                                            include=include, device=device), (g, model))
        if made._values.shape[0] != len(g):
            raise ArgumentError("dwi: %d volumes, and the gradient table has %d" % (made._values.shape[0], len(g)))
        made._struct.gradients, made._struct.model = g._handle.address, ctypes.addressof(model)
        return made

    def to_mm(self, indices) -> np.ndarray:
        """Positions (n, 3) in mm of voxel indices (n, 3), such as `np.argwhere(mask)` or fractions."""
        ijk = np.asarray(indices)
        if ijk.dtype.kind not in "iuf":
            raise TypeError("indices: real numbers are expected, not elements of type %s" % ijk.dtype)
        if ijk.ndim != 2 or ijk.shape[1] != 3:
            raise ArgumentError("indices: shape (n, 3) is expected, not %s" % (ijk.shape,))
        return ijk @ self.affine[:3, :3].T + self.affine[:3, 3]

    def __reduce__(self):
        raise TypeError("a Field is neither copied nor pickled: make it anew of its image")

    def __repr__(self):
        return "<voxgrad.track.Field %s of %d x %d x %d on %s>" % ((self.kind,) + self.grid + (self.device.spec,))


_SHARED = dict.fromkeys(("map", "sphere", "stop", "exclude", "include", "device"))
_gradients = dwi._gradients  # where an argument has the module's name


def _laid(values, grid, device, what):
    """An Operand over finite numbers (i, j, k...) in the library's order."""
    laid = np.ascontiguousarray(values.T)
    _images.finite(laid.reshape(-1, int(np.prod(grid))), grid, what)
    return _images.put(laid, device, what)


def _map(given, grid, dtype):
    """(whether it is a mask, the map in the field's arithmetic)."""
    if given is None:
        return False, None
    source = _images.numbers(given, "map")
    if source.shape == grid + (1,):
        source = source[..., 0]
    if source.shape != grid:
        raise ArgumentError("map: shape %s is expected, that of the voxels, not %s" % (grid, source.shape))
    is_mask = str(getattr(given, "dtype", "")).endswith("bool")
    return is_mask, source.astype(dtype, copy=False)


def _regions(given, values, grid, device):
    """(an Operand of every voxel's bits, None: there are none; how many include regions)."""
    include = given["include"]
    if include is None:
        include = []
    elif not isinstance(include, (list, tuple)) or _images.is_image(include):
        include = [include]
    if len(include) > _REGIONS:
        raise ArgumentError("include: %d regions at most are expected, not %d" % (_REGIONS, len(include)))
    masks = [(given["stop"], _STOP, "stop"), (given["exclude"], _EXCLUDE, "exclude")] + [
        (m, _INCLUDE << n, "include %d" % n) for n, m in enumerate(include)]
    bits = np.zeros(grid, np.uint32)
    for mask, bit, what in masks:
        if mask is not None:
            _images.same_grid(mask, values, what)
            bits[_images.mask_of(mask, grid, what)] |= np.uint32(bit)
    if not include and given["stop"] is None and given["exclude"] is None:
        return None, 0
    return _images.put(np.ascontiguousarray(bits.T), device, "regions"), len(include)


def _seeds(seeds):
    if isinstance(seeds, Array):
        seeds = seeds.numpy()
    given = np.asarray(seeds)
    if given.dtype.kind not in "iuf":
        raise TypeError("seeds: real numbers are expected, not elements of type %s" % given.dtype)
    if given.ndim != 2 or given.shape[1] != 3:
        raise ArgumentError("seeds: shape (n, 3) in mm is expected, not %s" % (given.shape,))
    given = np.ascontiguousarray(given, np.float64)
    bad = np.flatnonzero(~np.isfinite(given).all(axis=1))
    if bad.size:
        raise ArgumentError("seeds: seed %d holds %s" % (bad[0], given[bad[0]]))
    return given


_WALKS_IN = {"bootstrap": ("series",), "peak": ("harmonics",), "tensor": ("tensors", "series"),
             "vector": ("vectors",)}  # the others: harmonics, samples
_GETTERS = {"series": "bootstrap", "tensors": "tensor", "vectors": "vector"}  # the others: probabilistic


def _check_getter(field, getter):
    fields = _WALKS_IN.get(getter, ("harmonics", "samples"))
    if not isinstance(getter, str):
        raise TypeError("getter: a name is expected, not %r" % (getter,))
    if field.kind not in fields:
        raise ArgumentError("getter: '%s' walks in a field of %s, and this one is of %s"
                            % (getter, " or ".join(fields), field.kind))


def _stats(struct):
    """A dict of a vxg_track_stats."""
    names = [n for n, *_ in struct._fields_ if n not in ("size", "reserved0") and n[0] != "_"]
    found = {n: getattr(struct, n) for n in names}
    found["ended"] = {n: int(v) for n, v in zip(_ENDS, list(found["ended"])[1:])}
    return found


@_takes("vxg_seeds_opts")
def seeds(mask, affine=None, *, count=None, **options) -> np.ndarray:
    """Seeds (n, 3) in mm in a mask (i, j, k), an array or image; affine: (4, 4), None: the image's own. `number` of them
    at random anywhere in it, or in each of its voxels, or a grid of number^3 in each. Each depends on its number and the
    mask alone: `first` and count (None: all) give a part of them."""
    rows = _images.affine_of(mask if affine is None and _images.is_image(mask) else affine)
    shape = _images.shape_of(mask) if _images.is_image(mask) else np.shape(mask)
    if len(shape) == 4 and shape[3] == 1:
        shape = shape[:3]
    if len(shape) != 3:
        raise ArgumentError("mask: axes (i, j, k) are expected, not shape %s" % (shape,))
    inside = np.ascontiguousarray(_images.mask_of(mask, shape).T, np.uint8)
    sizes, opts = (ctypes.c_int64 * 3)(*shape), _options.fill("vxg_seeds_opts", options, [])
    total, got = ctypes.c_int64(), ctypes.c_int64()
    lib.check(lib.vxg_track_seeds_count(sizes, inside.ctypes.data, _byref(opts), _byref(total)))
    room = max(0, total.value - opts.first)
    room = room if count is None else min(room, _images.whole(count, "count", 0))
    out = np.empty((room, 3))
    call(lib.vxg_track_seeds, sizes, inside.ctypes.data, rows.ctypes.data, _byref(opts), room, out.ctypes.data,
         _byref(got))
    return out[:got.value]


@_takes("vxg_track_opts", defaults={"getter": None})
def run(field, seeds, *, out=None, force=False, progress=None, **options):
    """Tracks from seeds (n, 3), mm, in order: a Tractogram, with `stats`.

    out: a path (.trk, .tck, .trx) or a Writer, into which streamlines are written while tracking goes on, so that memory
    is that of a block of seeds; or a function that is called with a Tractogram for every block. The result is then
    `stats` alone: seeds, outside (seeds that are not in the image), streamlines, points, short_ones (left out by
    min_length), region_ones (by regions), length (mm, of all), ended (halves by how they ended). A path that is there
    is replaced only with force=True; on an error or Ctrl-C nothing of a path is left.

    The getter's default is the field's: "bootstrap" of a series, "tensor" of tensors, "vector" of vectors, else
    "probabilistic". docs/tracking.md says what each does. Sources: of bootstrap tracking: J. I.
    Berman et al., NeuroImage 39 (2008) 215; of the rest docs/tracking.md."""
    if not isinstance(field, Field):
        raise TypeError("field: a Field is expected, not %s" % type(field).__name__)
    points = _seeds(seeds)
    getter = options.get("getter")
    getter = _GETTERS.get(field.kind, "probabilistic") if getter is None else getter
    options = dict(options, getter=getter.replace("_", "-").lower() if isinstance(getter, str) else getter)
    if options.get("threshold") is None and field._is_mask:
        options = dict(options, threshold=0.5)
    _check_getter(field, options["getter"])
    if callable(out):
        return _tracked(field, points, Receiver(lambda o, p: out(Tractogram(p, o, field.affine, field.grid))), progress,
                        options)
    if isinstance(out, Writer):
        return _tracked(field, points, _Open(out), progress, options)
    if out is not None:
        with Writer(out, field.affine, field.grid, force=force) as w:
            return _tracked(field, points, _Open(w), progress, options)
    joined = Joined()
    stats = _tracked(field, points, Receiver(joined.add), progress, options)
    positions, offsets, _, _ = joined.parts(field._values.dtype)
    return Tractogram(positions, offsets, field.affine, field.grid, stats=stats)


class _Open:
    """A file's writer, as a Receiver."""

    def __init__(self, writer):
        if writer.point_columns or writer.line_columns:
            raise ArgumentError("out: the file has columns of data, which tracking does not give")
        self.address = writer._open()


def _tracked(field, seeds, receiver, progress, options):
    stats = lib.new("vxg_track_stats")
    with Reporting(None, progress) as told:
        opts = _options.fill("vxg_track_opts", options, [], progress=told.address)
        struct = type(field._struct).from_buffer_copy(field._struct)
        if options["getter"] != "bootstrap":
            struct.model = None
        call(lib.vxg_track_run, None, _byref(struct), len(seeds), seeds.ctypes.data, _byref(opts),
             receiver.address, _byref(stats))
    return _stats(stats)


__all__ = ["Density", "Field", "Reader", "Tractogram", "Writer", "density", "read", "run", "seeds", "write"]
