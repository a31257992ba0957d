"""Files: tomographic scans (HDF5 Data Exchange, NXtomo), and blocks of numbers in any format that
the library knows (HDF5, TIFF, NPY, NIfTI, MRtrix's images).

A file that is not there or not as it should be is an InputError, one that cannot be written an
OutputError, a format that this build lacks an UnsupportedError. `progress=True` shows a bar, and a
function of (words, done, total) is called."""

from __future__ import annotations

import collections
import ctypes
import threading

import numpy as np

from ._calls import Reporting, call, make
from ._devices import dtype_number, numpy_dtype
from ._images import affine_of, matrix
from ._library import ArgumentError, lib

_byref = ctypes.byref
_KINDS = {"data": 0, "flat": 1, "dark": 2}  # vxg_frame_kind
if [lib.enums["vxg_frame_kind"]["VXG_FRAME_" + k.upper()] for k in _KINDS] != [0, 1, 2]:
    raise ImportError("voxgrad: the library's kinds of frames are not those of this package")


def _loaded():
    """libvoxgrad_io with its formats."""
    lib.io()
    return lib


def _member(struct, kind, name):
    """The function that a struct's member points at."""
    return lib.member_callback(kind, name)(ctypes.cast(getattr(struct, name), ctypes.c_void_p).value)


def _bytes(text):
    return None if text is None else str(text).encode()


def _text(value):
    return value.decode("utf-8", "replace") if value else ""


def _range(given, most, what):
    if given is None:
        return 0, most
    begin, end, step = slice(*given).indices(most) if not isinstance(given, slice) \
        else given.indices(most)
    if step != 1 or end <= begin:
        raise ArgumentError("%s: a range begin..end within %d is expected, not %r"
                            % (what, most, given))
    return begin, end


_PIECE = 16 << 20  # bytes that are read or written between two reports, at least


def _pieces(count, nbytes, progress):
    """(begin, end) of pieces of an axis of `count`, which are told one after another: one piece
    where nobody listens, else of _PIECE bytes at least and a hundredth of all."""
    each = count if progress is None else max(
        1, -(-count // 100), _PIECE * count // max(1, nbytes))
    return [(b, min(count, b + each)) for b in range(0, count, each)] if count else [(0, 0)]


class Scan:
    """A scan that is read piece by piece: `with voxgrad.io.Scan("scan.h5") as scan`.

    shape: (views, rows, columns). angles: radians. pixel_size in pixel_unit, 0: unknown. flats,
    darks: how many frames of them. dataset: the HDF5 dataset of the projections, None: the format's.
    follow_links: also into other files. in_process: without the helper process that guards against
    broken files. Threads that read wait for each other. A pickled scan opens its file again."""

    def __init__(self, path, dataset=None, follow_links=False, in_process=False):
        _loaded()
        text = _bytes(dataset)
        opts = lib.new("vxg_scan_opts", dataset=text, follow_links=int(follow_links),
                       in_process=int(in_process))
        self._lock = threading.Lock()
        self._made_by = (str(path), dataset, follow_links, in_process)
        self._handle = make(lib.vxg_scan_open_opts, _bytes(path), _byref(opts),
                            release=lib.vxg_scan_close)
        self._reader = r = lib.structs["vxg_scan_reader"].from_address(self._handle.address)
        self.path, self.format, self.dtype = _text(r.path), _text(r.format), _text(r.dtype)
        self.shape = (r.nviews, r.nrows, r.ncols)
        self.flats, self.darks = r.nflats, r.ndarks
        theta = np.ctypeslib.as_array((ctypes.c_double * r.nviews).from_address(r.theta))
        self.angles = np.radians(theta)
        self.angles_missing = bool(r.theta_missing)
        self.pixel_size, self.pixel_unit = r.pixel_size, _text(r.pixel_unit)

    def _open(self):
        if self._handle is None:
            raise ValueError("the scan is closed")
        return self._handle

    def __reduce__(self):
        return Scan, self._made_by

    def read(self, kind="data", views=None, rows=None, columns=None, *, progress=None) -> np.ndarray:
        """Frames of one kind ("data", "flat", "dark") as float32 (view, row, column); ranges are
        (begin, end) or None for all."""
        self._open()
        if kind not in _KINDS:
            raise ArgumentError("kind: one of %s is expected, not %r" % (", ".join(_KINDS), kind))
        most = (self.shape[0] if kind == "data" else self.flats if kind == "flat" else self.darks,
                self.shape[1], self.shape[2])
        ends = [_range(g, n, w) for g, n, w in zip((views, rows, columns), most,
                                                   ("views", "rows", "columns"))]
        out = np.empty([e - b for b, e in ends], np.float32)
        first, n = ends[0][0], len(out)
        with self._lock, Reporting(None, progress) as told:
            for begin, end in _pieces(n, out.nbytes, progress):
                self._read(_KINDS[kind], [(first + begin, first + end)] + ends[1:], out[begin:end])
                told.tell("views", end, n)
        return out

    def _read(self, kind, ends, out):
        handle = self._open()
        call(_member(self._reader, "vxg_scan_reader", "read"), handle, kind,
             *[v for r in ends for v in r], out.ctypes.data)

    def close(self) -> None:
        """Gives the file back; what was read stays."""
        self._handle = self._reader = None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def __repr__(self):
        return "<voxgrad.io.Scan %s: %s, %d views of %d x %d, %d flat, %d dark>" % (
            (self.path, self.format) + self.shape + (self.flats, self.darks))


def _open_block(path, part=None):
    """(reader, its info)."""
    _loaded()
    text = _bytes(part)
    opts = lib.new("vxg_block_opts", part=text)
    reader = make(lib.vxg_block_open, _bytes(path), _byref(opts), release=lib.vxg_block_close)
    return reader, lib.structs["vxg_block_reader"].from_address(reader.address).info


def _read_block(reader, info, kind, progress):
    """All numbers of an open file as an array in the block's order."""
    shape = tuple(info.axis[i].count for i in range(info.ndim))
    out = np.empty(shape, kind)
    ends = (ctypes.c_int64 * max(1, len(shape)))
    with Reporting(None, progress) as told:
        for begin, end in _pieces(len(out), out.nbytes, progress):
            call(lib.vxg_block_read, reader, ends(begin), ends(end - begin, *shape[1:]),
                 dtype_number(kind), out[begin:].ctypes.data)
            told.tell("slices", end, len(out))
    return out


def read(path, part=None, dtype=None, *, progress=None) -> np.ndarray:
    """All numbers of a file in its own storage type (dtype: or float32 or float64, with the file's
    slope and intercept). part: an HDF5 dataset, None: the format's usual place."""
    reader, info = _open_block(path, part)
    return _read_block(reader, info, numpy_dtype(info.dtype) if dtype is None else np.dtype(dtype), progress)


Image = collections.namedtuple("Image", "data affine attributes")
Image.__doc__ = """An image in space, as `read_image` gives it.

data: the numbers, (i, j, k) or (i, j, k, volumes). affine: (4, 4), from the index of a voxel's centre to mm
towards right, front and top; None: not known. attributes: further texts of the file by name. Functions of
voxgrad.dwi and voxgrad.track take it, as they take nibabel's images."""


def read_image(path, dtype=np.float32, *, progress=None) -> Image:
    """A NIfTI or MRtrix image with its affine, in nibabel's order of axes: (i, j, k, volumes), i contiguous.
    dtype: float32 or float64, with the file's slope and intercept; None: as stored."""
    reader, info = _open_block(path)
    kind = numpy_dtype(info.dtype) if dtype is None else np.dtype(dtype)
    if dtype is None and info.slope not in (0, 1):
        raise ArgumentError("dtype: the file has a slope, %g: float32 or float64 is expected" % info.slope)
    if info.affine_unit and info.affine_unit not in (b"mm", b"") and info.has_affine:
        raise ArgumentError("%s: its affine is in %s, not mm" % (path, info.affine_unit.decode()))
    rows = lib.structs["vxg_attribute"]
    found = (rows * info.nattributes).from_address(info.attributes) if info.nattributes else ()
    words = {_text(a.name): _text(a.text) for a in found}
    affine = matrix(info.affine) if info.has_affine else None
    return Image(_read_block(reader, info, kind, progress).T, affine, words)


def write_image(path, data, affine, *, force=False, progress=None) -> None:
    """An array (i, j, k) or (i, j, k, volumes) to a NIfTI or MRtrix image (.nii, .nii.gz, .mif), in its own type.
    affine: (4, 4), or an image whose one it is. Booleans are stored as bytes."""
    rows = affine_of(affine)
    values = np.asarray(data)
    values = values.astype(np.uint8) if values.dtype == bool else values
    if not 3 <= values.ndim <= 5:
        raise ArgumentError("data: axes (i, j, k) or (i, j, k, volumes) are expected, not shape %s" % (values.shape,))
    steps = np.zeros(values.ndim)
    steps[-3:] = np.linalg.norm(rows.reshape(3, 4)[:, :3], axis=0)[::-1]
    _write_block(path, values.T, steps, "mm", force, progress, rows)


def write(path, values, spacing=None, unit="", force=False, *, progress=None) -> None:
    """An array to a file whose ending names the format (.npy, .h5, .tif, .nii.gz...). spacing:
    distance of neighbours along each axis, in `unit`. A file that is there is replaced only with
    force=True; it appears whole or not at all."""
    values = np.asarray(values)
    steps = (0,) * values.ndim if spacing is None else np.broadcast_to(spacing, values.ndim)
    _write_block(path, values, steps, unit, force, progress)


def _write_block(path, values, steps, unit, force, progress, affine=None):
    """The same, with an affine's rows of 4 too."""
    _loaded()
    values = np.asarray(values, values.dtype.newbyteorder("="), order="C")
    opts = lib.new("vxg_block_create_opts", force=int(force))
    info = opts.info
    info.size, info.ndim, info.dtype = ctypes.sizeof(info), values.ndim, dtype_number(values.dtype)
    for i, (n, step) in enumerate(zip(values.shape, steps)):
        info.axis[i].count, info.axis[i].step = n, step
        info.axis[i].unit = unit.encode() if step or affine is None else b""
    if affine is not None:
        info.has_affine, info.affine_unit = 1, unit.encode()
        info.affine[:] = list(affine)
    out = ctypes.c_void_p()
    call(lib.vxg_block_create, _bytes(path), _byref(opts), _byref(out))
    writer = lib.structs["vxg_block_writer"].from_address(out.value)
    ends = (ctypes.c_int64 * max(1, values.ndim))
    finish, abandon = (_member(writer, "vxg_block_writer", n) for n in ("finish", "abandon"))
    put = _member(writer, "vxg_block_writer", "write")
    try:
        with Reporting(None, progress) as told:
            for begin, end in _pieces(len(values), values.nbytes, progress):
                call(put, out, ends(begin), ends(end - begin, *values.shape[1:]),
                     values[begin:].ctypes.data)
                told.tell("slices", end, len(values))
    except BaseException:
        abandon(out)
        raise
    call(finish, out)


def write_png(path, image, lo=None, hi=None, scale=1, force=False) -> None:
    """An image (rows, columns) as a grey picture; lo is black and hi white (None: the least and the
    largest value), `scale` pixels for an element."""
    _loaded()
    image = np.array(image, np.float32, order="C")
    if image.ndim != 2 or not image.size:
        raise ArgumentError("image: two axes are expected, not shape %s" % (image.shape,))
    lo = float(np.nanmin(image)) if lo is None else float(lo)
    hi = float(np.nanmax(image)) if hi is None else float(hi)
    picture, (ny, nx) = lib.new("vxg_picture"), image.shape
    lib.check(lib.vxg_picture_gray(image.ctypes.data, ny, nx, lo, hi if hi > lo else lo + 1,
                                   nx * scale, ny * scale, _byref(picture)))
    try:
        lib.check(lib.vxg_picture_write_png(_byref(picture), _bytes(path), None, 0, int(force)))
    finally:
        lib.vxg_picture_free(_byref(picture))


__all__ = ["Image", "Scan", "read", "read_image", "write", "write_image", "write_png"]
