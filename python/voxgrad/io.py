"""Files: tomographic scans (HDF5 Data Exchange, NXtomo), and blocks of numbers in any format that
the library knows (HDF5, TIFF, NPY, NIfTI, MRtrix's images).

A file that is not there or not as it should be is an InputError, one that cannot be written an
OutputError, a format that this build lacks an UnsupportedError. `progress=True` shows a bar, and a
function of (words, done, total) is called."""

from __future__ import annotations

import ctypes
import threading

import numpy as np

from ._calls import Reporting, call, make
from ._devices import dtype_number, numpy_dtype
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


def read(path, part=None, dtype=None, *, progress=None) -> np.ndarray:
    """All numbers of a file in its own storage type (dtype: or float32 or float64, with the file's
    slope and intercept). part: an HDF5 dataset, None: the format's usual place."""
    _loaded()
    text = _bytes(part)
    opts = lib.new("vxg_block_opts", part=text)
    reader = make(lib.vxg_block_open, _bytes(path), _byref(opts), release=lib.vxg_block_close)
    info = lib.structs["vxg_block_reader"].from_address(reader.address).info
    shape = tuple(info.axis[i].count for i in range(info.ndim))
    kind = numpy_dtype(info.dtype) if dtype is None else np.dtype(dtype)
    out = np.empty(shape, kind)
    ends = (ctypes.c_int64 * max(1, len(shape)))
    with Reporting(None, progress) as told:
        for begin, end in _pieces(len(out), out.nbytes, progress):
            call(lib.vxg_block_read, reader, ends(begin), ends(end - begin, *shape[1:]),
                 dtype_number(kind), out[begin:].ctypes.data)
            told.tell("slices", end, len(out))
    return out


def write(path, values, spacing=None, unit="", force=False, *, progress=None) -> None:
    """An array to a file whose ending names the format (.npy, .h5, .tif, .nii.gz...). spacing:
    distance of neighbours along each axis, in `unit`. A file that is there is replaced only with
    force=True; it appears whole or not at all."""
    _loaded()
    values = np.asarray(values)
    values = np.asarray(values, values.dtype.newbyteorder("="), order="C")
    opts = lib.new("vxg_block_create_opts", force=int(force))
    info = opts.info
    info.size, info.ndim, info.dtype = ctypes.sizeof(info), values.ndim, dtype_number(values.dtype)
    steps = (0,) * values.ndim if spacing is None else np.broadcast_to(spacing, values.ndim)
    for i, (n, step) in enumerate(zip(values.shape, steps)):
        info.axis[i].count, info.axis[i].step = n, step
        info.axis[i].unit = unit.encode()
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


__all__ = ["Scan", "read", "write", "write_png"]
