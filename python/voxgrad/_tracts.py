"""Streamlines in memory and in files (TRK, TCK, TRX): parts of voxgrad.track."""

from __future__ import annotations

import collections
import ctypes
import itertools
import operator

import numpy as np

from . import _images, _options
from ._calls import Reporting, call, guard, make
from ._devices import dtype_number, numpy_dtype
from ._library import ArgumentError, InputError, lib
from ._options import options as _takes
from .io import _bytes, _loaded, _member, _text

_byref = ctypes.byref
_RAS, _CORNER = (lib.enums["vxg_tract_space"]["VXG_TRACT_" + n] for n in ("RAS", "CORNER"))
_FAILED = lib.enums["vxg_status"]["VXG_ERR_FAILED"]


class Tractogram:
    """Streamlines: `positions` (points, 3) in mm towards right, front and top, one after the other; streamline n has those
    from `offsets[n]` to `offsets[n + 1]`. `len(t)`, `t[n]`, `t[list or mask]` (a Tractogram), and iteration, which gives
    views.

    affine, grid: of the image that they belong to, (4, 4) and (ni, nj, nk), or None. point_data, line_data: dicts of
    arrays, one row for each point or streamline. groups: dict of streamlines' numbers. attributes: dict of texts.
    stats: what `run` counted."""

    def __init__(self, positions, offsets, affine=None, grid=None, *, point_data=None, line_data=None, groups=None,
                 attributes=None, stats=None):
        self.positions = _positions(positions)
        self.offsets = _offsets(offsets, len(self.positions))
        self.affine = None if affine is None else _images.matrix(_images.affine_of(affine))
        self.grid = None if grid is None else _grid(grid)
        self.point_data = _columns(point_data, len(self.positions), "point_data")
        self.line_data = _columns(line_data, len(self), "line_data")
        self.groups = {str(n): _group(g, len(self), n) for n, g in _dict(groups, "groups").items()}
        self.attributes, self.stats = dict(_dict(attributes, "attributes")), stats

    @classmethod
    def of(cls, streamlines, affine=None, grid=None, **data) -> Tractogram:
        """Of a list of arrays (n, 3), of nibabel's Tractogram in scanner coordinates, or its ArraySequence."""
        if isinstance(streamlines, Tractogram):
            return streamlines
        given = getattr(streamlines, "streamlines", streamlines)
        parts = []
        for i, s in enumerate(given):
            part = np.asarray(s)
            if part.ndim != 2 or part.shape[1] != 3:
                raise ArgumentError("streamline %d: shape (n, 3) is expected, not %s" % (i, part.shape))
            parts.append(part)
        offsets = np.concatenate([[0], np.cumsum([len(p) for p in parts])]).astype(np.int64)
        return cls(np.concatenate(parts) if parts else np.zeros((0, 3), np.float32), offsets, affine, grid, **data)

    def __len__(self):
        return len(self.offsets) - 1

    def __iter__(self):
        for n in range(len(self)):
            yield self.positions[self.offsets[n]:self.offsets[n + 1]]

    def __getitem__(self, which):
        """A streamline by its number, or some of them as a Tractogram without groups."""
        if np.ndim(which) == 0 and not isinstance(which, slice):
            n = int(_options.indices(which, len(self), "streamlines")[0])
            return self.positions[self.offsets[n]:self.offsets[n + 1]]
        index = _options.indices(which, len(self), "streamlines")
        counts = self.counts[index]
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        points = np.arange(offsets[-1]) - np.repeat(offsets[:-1] - self.offsets[index], counts)
        return Tractogram(
            self.positions[points], offsets, self.affine, self.grid,
            point_data={n: v[points] for n, v in self.point_data.items()},
            line_data={n: v[index] for n, v in self.line_data.items()}, attributes=self.attributes)

    @property
    def counts(self) -> np.ndarray:
        """(n,): points of every streamline."""
        return np.diff(self.offsets)

    @property
    def lengths(self) -> np.ndarray:
        """(n,): their lengths along the points, mm."""
        out = np.zeros(len(self))
        if len(self):
            lib.check(lib.vxg_tract_lengths(_byref(_batch_of(self)[0]), out.ctypes.data))
        return out

    @_takes("vxg_tract_linearize_opts")
    def linearize(self, **options) -> Tractogram:
        """The same lines with the points that they need: those go that lie within the tolerance of the line between the
        ones that stay, with their point data. Source: C. Presseau et al., NeuroImage 109 (2015) 73."""
        opts = _options.fill("vxg_tract_linearize_opts", options, [])
        batch, keep = _batch_of(self)
        offsets, kept = np.zeros(len(self) + 1, np.int64), np.empty(len(self.positions), np.int64)
        if len(self):
            call(lib.vxg_tract_linearize, _byref(batch), _byref(opts), offsets.ctypes.data, kept.ctypes.data)
        del keep
        kept = kept[:offsets[-1]]
        return Tractogram(self.positions[kept], offsets, self.affine, self.grid,
                          point_data={n: v[kept] for n, v in self.point_data.items()}, line_data=self.line_data,
                          groups=self.groups, attributes=self.attributes, stats=self.stats)

    @_takes("vxg_tract_resample_opts")
    def resample(self, **options) -> Tractogram:
        """The same lines with points that are spaced evenly along them, so many or so far apart; the ends stay. Data of
        points do not go with them."""
        opts = _options.fill("vxg_tract_resample_opts", options, [])
        batch, keep = _batch_of(self)
        offsets, out = np.zeros(len(self) + 1, np.int64), np.zeros((0, 3))
        for positions in (False, True) if len(self) else ():  # first how many there are
            out = np.empty((int(offsets[-1]), 3)) if positions else out
            call(lib.vxg_tract_resample, _byref(batch), _byref(opts), offsets.ctypes.data,
                 out.ctypes.data if positions else None)
        del keep
        return Tractogram(out.astype(self.positions.dtype), offsets, self.affine, self.grid, line_data=self.line_data,
                          groups=self.groups, attributes=self.attributes, stats=self.stats)

    @property
    def ends(self) -> np.ndarray:
        """(n, 2, 3): first and last point of every streamline; NaN of one without points."""
        out = np.full((len(self), 2, 3), np.nan, self.positions.dtype)
        some = self.counts > 0
        out[some, 0] = self.positions[self.offsets[:-1][some]]
        out[some, 1] = self.positions[self.offsets[1:][some] - 1]
        return out

    def to_nibabel(self):
        """A Tractogram of nibabel's on the same positions, with point and streamline data."""
        from nibabel.streamlines import ArraySequence
        from nibabel.streamlines import Tractogram as Other

        def sequence(values):
            made = ArraySequence()
            made._data, made._offsets, made._lengths = values, self.offsets[:-1].copy(), self.counts
            return made
        two = {n: v.reshape(len(v), -1) for n, v in self.point_data.items()}
        return Other(sequence(self.positions), affine_to_rasmm=np.eye(4),
                     data_per_streamline={n: v.reshape(len(self), -1) for n, v in self.line_data.items()},
                     data_per_point={n: sequence(v) for n, v in two.items()})

    def save(self, path, **options) -> None:
        """Writes a file; `write` says what the options are."""
        write(path, self, **options)

    def __repr__(self):
        return "<voxgrad.track.Tractogram %d streamlines, %d points>" % (len(self), len(self.positions))


def _positions(given):
    p = np.asarray(given)
    if p.ndim != 2 or p.shape[1] != 3:
        raise ArgumentError("positions: shape (points, 3) is expected, not %s" % (p.shape,))
    if p.dtype.kind not in "iuf":
        raise TypeError("positions: real numbers are expected, not elements of type %s" % p.dtype)
    if p.dtype not in (np.float32, np.float64):
        p = p.astype(np.float32 if p.dtype == np.float16 else np.float64)
    return p


def _offsets(given, points):
    o = np.asarray(given)
    if o.ndim != 1 or not o.size or o.dtype.kind not in "iu":
        raise ArgumentError("offsets: whole numbers, one more than streamlines, are expected")
    o = o.astype(np.int64)
    if o[0] != 0 or o[-1] != points or (np.diff(o) < 0).any():
        raise ArgumentError("offsets: numbers that rise from 0 to %d are expected" % points)
    return o


def _grid(given):
    grid = np.asarray(given)
    if grid.shape != (3,) or grid.dtype.kind not in "iu" or grid.min() < 1:
        raise ArgumentError("grid: three sizes (ni, nj, nk) are expected, not %r" % (given,))
    return tuple(int(n) for n in grid)


def _dict(given, what):
    if given is None or isinstance(given, dict):
        return given or {}
    raise TypeError("%s: a dict is expected, not %s" % (what, type(given).__name__))


def _columns(given, rows, what):
    out = {}
    for name, values in _dict(given, what).items():
        v = np.asarray(values)
        if v.dtype == bool:
            v = v.astype(np.uint8)
        if v.ndim not in (1, 2) or len(v) != rows:
            raise ArgumentError("%s: '%s': %d rows are expected, not shape %s" % (what, name, rows, v.shape))
        dtype_number(v.dtype.newbyteorder("="), "%s: '%s'" % (what, name))
        out[str(name)] = v
    return out


def _group(given, lines, name):
    index = _options.indices(given, lines, "group '%s'" % name)
    return index.astype(np.uint32)


# ---- Batches ----
def _batch_of(t):
    """(vxg_tract_batch of a Tractogram's lines, without data, what it needs)."""
    p = np.ascontiguousarray(t.positions, t.positions.dtype.newbyteorder("="))
    offsets = np.ascontiguousarray(t.offsets)
    return lib.new("vxg_tract_batch", dtype=dtype_number(p.dtype), lines=len(t), offsets=offsets.ctypes.data,
                   positions=p.ctypes.data), (p, offsets)


def _batch_arrays(batch, info):
    """(offsets, positions, point columns, line columns) of a vxg_tract_batch, copied; info: a vxg_tract_info."""
    offsets = np.array((ctypes.c_int64 * (batch.lines + 1)).from_address(batch.offsets))
    points, kind = int(offsets[-1]), numpy_dtype(batch.dtype)
    positions = _copied(batch.positions, points * 3, kind).reshape(-1, 3)
    told = []
    for count, columns, values, rows in (
            (info.npoint_columns, info.point_columns, batch.point_values, points),
            (info.nline_columns, info.line_columns, batch.line_values, batch.lines)):
        found = {}
        for i, c in enumerate(_column_structs(count, columns)):
            at = ctypes.c_void_p.from_address(values + i * ctypes.sizeof(ctypes.c_void_p)).value
            v = _copied(at, rows * c.components, numpy_dtype(c.dtype))
            found[c.name.decode("utf-8", "replace")] = v if c.components == 1 else v.reshape(-1, c.components)
        told.append(found)
    return offsets, positions, told[0], told[1]


def _column_structs(count, address):
    return (lib.structs["vxg_tract_column"] * count).from_address(address) if count else ()


def _copied(address, count, dtype):
    if not count:
        return np.zeros(0, dtype)
    return np.frombuffer((ctypes.c_char * (count * dtype.itemsize)).from_address(address), dtype).copy()


class _Growing:
    """Rows that are added, in one array that grows by half."""

    def __init__(self):
        self.values, self.count = None, 0

    def add(self, rows):
        if self.values is None:
            self.values = np.empty((0,) + rows.shape[1:], rows.dtype)
        need = self.count + len(rows)
        if need > len(self.values):
            room = max(need, self.count + self.count // 2)
            self.values.resize((room,) + self.values.shape[1:], refcheck=False)
        self.values[self.count:need] = rows
        self.count = need

    def all(self, nothing):
        if self.values is None:
            return nothing
        self.values.resize((self.count,) + self.values.shape[1:], refcheck=False)
        return self.values


class Joined:
    """Batches that become one."""

    def __init__(self):
        self._positions, self._counts, self._data = _Growing(), _Growing(), ({}, {})

    def add(self, offsets, positions, *columns):
        """A batch, as `_batch_arrays` gives it."""
        self._counts.add(np.diff(offsets))
        self._positions.add(positions)
        for all_of, given in zip(self._data, columns):
            for name, values in given.items():
                all_of.setdefault(name, _Growing()).add(values)

    def parts(self, dtype=np.float32):
        """(positions, offsets, point data, line data)."""
        counts = self._counts.all(np.zeros(0, np.int64))
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        data = [{n: g.all(None) for n, g in d.items()} for d in self._data]
        return self._positions.all(np.zeros((0, 3), dtype)), offsets, data[0], data[1]


class Receiver:
    """A vxg_tract_writer whose batches are given to a function of (offsets, positions), mm."""

    def __init__(self, take):
        def write(address, batch):
            offsets, positions, _, _ = _batch_arrays(lib.structs["vxg_tract_batch"].from_address(batch),
                                                     self.struct.info)
            take(offsets, positions)
        self._kept = lib.member_callback("vxg_tract_writer", "write")(guard(write, _FAILED))
        self.struct = lib.new("vxg_tract_writer", write=ctypes.cast(self._kept, ctypes.c_void_p).value)
        self.address = ctypes.addressof(self.struct)


# ---- Files ----
def _letters(rows):
    """The order of an affine's axes in letters, as TRK wants it: "LPS"."""
    m = rows.reshape(3, 4)[:, :3]
    shares = np.abs(m) / np.maximum(np.linalg.norm(m, axis=0), 1e-300)
    best = max(itertools.permutations(range(3)), key=lambda p: sum(shares[p[k], k] for k in range(3)))
    return "".join("LPI"[a] if m[a, k] < 0 else "RAS"[a] for k, a in enumerate(best))


@_takes("vxg_tract_filter_opts")
class Writer:
    """A file of streamlines that is written piece by piece: `with voxgrad.track.Writer("a.trx", affine, grid) as w`,
    `w.write(streamlines)`. It appears whole at the end of the block, or, when that is left by an exception, not at all.

    The path's ending, or format, is "trk", "tck" or "trx". affine (4, 4) or an image, and grid (ni, nj, nk): of the image
    they belong to, which TRK and TRX need. dtype: of positions in the file, float32, float64 (TCK, TRX) or float16 (TRX).
    point_columns, line_columns: dicts, name: (components, dtype), of the data that come with every piece. groups: dict
    of lists of streamlines' numbers (TRX); attributes: dict of texts. force: replaces what exists. offset_bits (32,
    64), folder: of TRX. What a format cannot hold is an UnsupportedError that names it. The options leave points or
    streamlines out as they are written; groups go with the latter only if all of them stay."""

    def __init__(self, path, affine=None, grid=None, *, dtype=np.float32, point_columns=None, line_columns=None,
                 groups=None, attributes=None, format=None, force=False, offset_bits=0, folder=False, **options):
        _loaded()
        self._keep, self._handle = [], None
        opts = lib.new("vxg_tract_create_opts", force=int(force), format=_bytes(format), folder=int(folder),
                       offset_bits=operator.index(offset_bits))
        kind = format or str(path).rpartition(".")[2].lower()
        self._place(opts.info, affine, grid, kind)
        opts.info.dtype = dtype_number(np.dtype(dtype), "dtype")
        self.point_columns = dict(_dict(point_columns, "point_columns"))
        self.line_columns = dict(_dict(line_columns, "line_columns"))
        self._put_columns(opts.info)
        self._put_groups(opts.info, _dict(groups, "groups"))
        self._put_attributes(opts.info, _dict(attributes, "attributes"))
        out = ctypes.c_void_p()
        call(lib.vxg_tract_create, _bytes(path), _byref(opts), _byref(out))
        self._handle, self.path = out.value, str(path)
        self._struct = lib.structs["vxg_tract_writer"].from_address(out.value)
        if any(v not in (None, False, 0) for v in options.values()):
            self._filter(options, groups)
        rows = (ctypes.c_double * 12)()
        lib.check(lib.vxg_tract_from_ras(_byref(self._struct.info), rows))
        self._rows = rows if self._struct.info.space == _CORNER else None

    def _filter(self, options, groups):
        """Puts the library's filter before the file."""
        out = ctypes.c_void_p()
        try:
            if groups and (options.get("min_length") or options.get("max_length")):
                raise ArgumentError("groups: their numbers are of streamlines that min_length or max_length leave out")
            opts = _options.fill("vxg_tract_filter_opts", options, [])
            call(lib.vxg_tract_filter_new, self._handle, None, _byref(opts), _byref(out))
        except BaseException:
            self.abandon()
            raise
        self._handle = out.value
        self._struct = lib.structs["vxg_tract_writer"].from_address(out.value)

    @staticmethod
    def _place(info, affine, grid, kind):
        info.size = ctypes.sizeof(info)
        if grid is None and _images.is_image(affine):
            grid = _images.shape_of(affine)[:3]
        if affine is not None:
            rows = _images.affine_of(affine)
            info.has_affine, info.affine[:] = 1, list(rows)
            info.voxel[:] = list(np.linalg.norm(rows.reshape(3, 4)[:, :3], axis=0))
            info.voxel_order = _letters(rows).encode()
        if grid is not None:
            info.grid[:] = _grid(grid)
        info.space = _CORNER if kind == "trk" else _RAS
        if kind == "trk" and (affine is None or grid is None):
            raise ArgumentError("%s: TRK needs the image's affine and grid" % ("affine" if affine is None else "grid"))

    def _structs(self, columns, what):
        made = (lib.structs["vxg_tract_column"] * max(1, len(columns)))()
        for c, (name, (components, dtype)) in zip(made, columns.items()):
            text = str(name).encode()
            if len(text) > 63:
                raise ArgumentError("%s: the name '%s' is longer than 63 bytes" % (what, name))
            c.size, c.name, c.components = ctypes.sizeof(c), text, operator.index(components)
            c.dtype = dtype_number(np.dtype(dtype).newbyteorder("="), "%s: '%s'" % (what, name))
        self._keep.append(made)
        return ctypes.addressof(made)

    def _put_columns(self, info):
        info.npoint_columns, info.nline_columns = len(self.point_columns), len(self.line_columns)
        info.point_columns = self._structs(self.point_columns, "point_columns")
        info.line_columns = self._structs(self.line_columns, "line_columns")

    def _put_groups(self, info, groups):
        made = (lib.structs["vxg_tract_group"] * max(1, len(groups)))()
        for g, (name, index) in zip(made, groups.items()):
            numbers, text = np.ascontiguousarray(index, np.uint32), str(name).encode()
            if len(text) > 63:
                raise ArgumentError("groups: the name '%s' is longer than 63 bytes" % name)
            self._keep.append(numbers)
            g.size, g.name, g.count, g.index = ctypes.sizeof(g), text, numbers.size, numbers.ctypes.data
        self._keep.append(made)
        info.ngroups, info.groups = len(groups), ctypes.addressof(made)

    def _put_attributes(self, info, attributes):
        made = (lib.structs["vxg_attribute"] * max(1, len(attributes)))()
        for a, (name, text) in zip(made, attributes.items()):
            a.name, a.text = str(name).encode(), str(text).encode()
        self._keep.append(made)
        info.nattributes, info.attributes = len(attributes), ctypes.addressof(made)

    def _open(self):
        if self._handle is None:
            raise ValueError("the file is closed")
        return self._handle

    def write(self, streamlines) -> None:
        """Adds a Tractogram, with the data that the file's columns name, or what `Tractogram.of` takes."""
        handle, t = self._open(), Tractogram.of(streamlines)
        p = np.array(t.positions, t.positions.dtype.newbyteorder("="), order="C") if self._rows is not None \
            else np.ascontiguousarray(t.positions, t.positions.dtype.newbyteorder("="))
        if self._rows is not None:
            lib.check(lib.vxg_tract_move(self._rows, dtype_number(p.dtype), len(p), p.ctypes.data))
        keep = []
        pointers = [self._values(c, d, keep, what) for c, d, what in (
            (self.point_columns, t.point_data, "point_data"), (self.line_columns, t.line_data, "line_data"))]
        offsets = np.ascontiguousarray(t.offsets)
        batch = lib.new("vxg_tract_batch", dtype=dtype_number(p.dtype), lines=len(t), offsets=offsets.ctypes.data,
                        positions=p.ctypes.data, point_values=pointers[0], line_values=pointers[1])
        call(lib.vxg_tract_write, handle, _byref(batch))

    @staticmethod
    def _values(columns, data, keep, what):
        made = (ctypes.c_void_p * max(1, len(columns)))()
        for i, (name, (components, dtype)) in enumerate(columns.items()):
            if name not in data:
                raise ArgumentError("%s: '%s' is missing" % (what, name))
            v = np.ascontiguousarray(data[name], np.dtype(dtype).newbyteorder("="))
            if v.size != len(v) * components:
                raise ArgumentError("%s: '%s': %d numbers a row are expected, not shape %s"
                                    % (what, name, components, v.shape))
            keep.append(v)
            made[i] = v.ctypes.data
        keep.append(made)
        return ctypes.addressof(made)

    def close(self) -> None:
        """Completes the file."""
        if self._handle is not None:
            handle, finish = self._handle, _member(self._struct, "vxg_tract_writer", "finish")
            self._handle = None
            call(finish, handle)

    def abandon(self) -> None:
        """Gives it up: nothing is left."""
        if self._handle is not None:
            handle, abandon = self._handle, _member(self._struct, "vxg_tract_writer", "abandon")
            self._handle = None
            abandon(handle)

    def __enter__(self):
        return self

    def __exit__(self, kind, *error):
        if kind is None:
            self.close()
        else:
            self.abandon()

    def __del__(self):
        try:
            self.abandon()
        except (AttributeError, TypeError):  # it was never made, or the interpreter ends
            pass

    def __reduce__(self):
        raise TypeError("a Writer is neither copied nor pickled")


def write(path, streamlines, *, affine=None, grid=None, dtype=None, format=None, force=False, offset_bits=0,
          folder=False) -> None:
    """A file of a Tractogram with its data and groups, or of what `Tractogram.of` takes. affine, grid: None: the
    Tractogram's; the other arguments are those of `Writer`."""
    t = Tractogram.of(streamlines)
    columns = [{n: (v.shape[1] if v.ndim == 2 else 1, v.dtype) for n, v in d.items()}
               for d in (t.point_data, t.line_data)]
    with Writer(path, t.affine if affine is None else affine, t.grid if grid is None else grid,
                dtype=np.float32 if dtype is None else dtype, point_columns=columns[0], line_columns=columns[1],
                groups=t.groups, attributes=t.attributes, format=format, force=force, offset_bits=offset_bits,
                folder=folder) as w:
        w.write(t)


class Reader:
    """A file of streamlines that is read piece by piece: `with voxgrad.track.Reader("a.trk") as r`, `for batch in r`, each
    batch a Tractogram in mm towards right, front and top, whatever the file holds.

    batch: streamlines at a time, at most; dtype: float32 or float64, what positions become. format: None: by the file's
    first bytes. streamlines, points: None where the file does not say. affine, grid: None: not known; attributes: dict;
    groups: dict of streamlines' numbers; point_columns, line_columns: as a Writer takes them."""

    def __init__(self, path, *, batch=10000, dtype=np.float32, format=None, max_memory=0):
        _loaded()
        if np.dtype(dtype) not in (np.float32, np.float64):
            raise TypeError("dtype: float32 or float64 is expected, not %s" % np.dtype(dtype))
        if operator.index(batch) < 1:
            raise ArgumentError("batch: 1 at least is expected, not %d" % batch)
        opts = lib.new("vxg_tract_open_opts", format=_bytes(format), max_memory=operator.index(max_memory))
        self._handle = make(lib.vxg_tract_open, _bytes(path), _byref(opts), release=lib.vxg_tract_close)
        self._reader = lib.structs["vxg_tract_reader"].from_address(self._handle.address)
        info = self._reader.info
        self.path, self.format, self.dtype, self._batch = str(path), _text(self._reader.format), np.dtype(dtype), batch
        self.streamlines, self.points = (None if n < 0 else n for n in (info.streamlines, info.points))
        self.affine = _images.matrix(info.affine) if info.has_affine else None
        self.grid = tuple(info.grid) if min(info.grid) > 0 else None
        self.stored = numpy_dtype(info.dtype)
        groups = (lib.structs["vxg_tract_group"] * info.ngroups).from_address(info.groups) if info.ngroups else ()
        self.groups = {g.name.decode("utf-8", "replace"): _copied(g.index, g.count, np.dtype(np.uint32)) for g in groups}
        rows = (lib.structs["vxg_attribute"] * info.nattributes).from_address(info.attributes) \
            if info.nattributes else ()
        self.attributes = {_text(a.name): _text(a.text) for a in rows}
        self.point_columns, self.line_columns = (
            {c.name.decode("utf-8", "replace"): (c.components, numpy_dtype(c.dtype)) for c in _column_structs(*given)}
            for given in ((info.npoint_columns, info.point_columns), (info.nline_columns, info.line_columns)))
        self._rows = (ctypes.c_double * 12)()
        lib.check(lib.vxg_tract_to_ras(_byref(info), self._rows))
        self._moves = info.space != _RAS

    def _next(self):
        """The arrays of the next batch, None: the end."""
        if self._handle is None:
            raise ValueError("the file is closed")
        batch = lib.new("vxg_tract_batch")
        call(lib.vxg_tract_next, self._handle, self._batch, 1 << 24, dtype_number(self.dtype), _byref(batch))
        if not batch.lines:
            return None
        arrays = _batch_arrays(batch, self._reader.info)
        if self._moves:
            p = arrays[1]
            lib.check(lib.vxg_tract_move(self._rows, dtype_number(p.dtype), len(p), p.ctypes.data))
        return arrays

    def __iter__(self):
        while True:
            found = self._next()
            if found is None:
                return
            offsets, positions, point_data, line_data = found
            yield Tractogram(positions, offsets, self.affine, self.grid, point_data=point_data, line_data=line_data,
                             attributes=self.attributes)

    def close(self) -> None:
        """Gives the file back; what was read stays."""
        self._handle = self._reader = None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def __repr__(self):
        return "<voxgrad.track.Reader %s: %s, %s streamlines>" % (
            self.path, self.format, "?" if self.streamlines is None else self.streamlines)


def read(path, *, dtype=np.float32, format=None, progress=None) -> Tractogram:
    """A whole file of streamlines (TRK, TCK, TRX), with its data and groups; `Reader` says what the arguments are."""
    joined = Joined()
    with Reader(path, dtype=dtype, format=format) as r, Reporting(None, progress) as told:
        total, done = r.streamlines or 0, 0
        while True:
            found = r._next()
            if found is None:
                break
            joined.add(*found)
            done += len(found[0]) - 1
            told.tell("streamlines", done, max(total, done))
        positions, offsets, point_data, line_data = joined.parts(r.dtype)
        for name, index in r.groups.items():
            if index.size and index.max() >= len(offsets) - 1:
                raise InputError("%s: group '%s' names streamline %d of %d" % (path, name, index.max(), len(offsets) - 1))
        return Tractogram(positions, offsets, r.affine, r.grid, point_data=point_data, line_data=line_data,
                          groups=r.groups, attributes=r.attributes)


Density = collections.namedtuple("Density", "counts colors stats")
Density.__doc__ = """What `density` gives. counts (i, j, k): streamlines in each voxel, uint32. colors (i, j, k, 3): the
direction of each voxel's streamlines as magnitudes, times their number, or None. stats: streamlines, points, outside
(points that lie in no voxel), leaving (streamlines with such points), missed (streamlines that count in no voxel)."""


@_takes("vxg_tract_density_opts", leave="grid affine")
def density(streamlines, affine=None, grid=None, **options) -> Density:
    """How many streamlines there are in each voxel of an image: of a Tractogram, a path (batch by batch) or what
    `Tractogram.of` takes. affine (4, 4) or an image, and grid (ni, nj, nk): None: those of the streamlines."""
    if _images.is_path(streamlines):
        with Reader(streamlines) as r:
            return _density(r, r.affine, r.grid, affine, grid, options)
    t = Tractogram.of(streamlines)
    return _density([t], t.affine, t.grid, affine, grid, options)


def _density(batches, own_affine, own_grid, affine, grid, options):
    if grid is None and _images.is_image(affine):
        grid = _images.shape_of(affine)[:3]
    affine, grid = own_affine if affine is None else affine, own_grid if grid is None else grid
    if grid is None:
        raise ArgumentError("grid: three sizes (ni, nj, nk) are expected: the streamlines do not say them")
    opts = _options.fill("vxg_tract_density_opts", options, [])
    opts.grid[:], opts.affine[:] = _grid(grid), list(_images.affine_of(affine))
    made = make(lib.vxg_tract_density_new, _byref(opts), release=lib.vxg_tract_density_free)
    info = lib.new("vxg_tract_info")
    for t in batches:
        batch, keep = _batch_of(t)
        call(lib.vxg_tract_density_add, made, _byref(info), _byref(batch))
        del keep
    shape = tuple(opts.grid)[::-1]
    count = int(np.prod(shape))
    counts = _copied(lib.vxg_tract_density_counts(made), count, np.dtype(np.uint32)).reshape(shape).T
    colors = None
    if opts.color:
        found = np.empty((3,) + shape, np.float32)
        lib.check(lib.vxg_tract_density_colors(made, found.ctypes.data))
        colors = found.transpose(3, 2, 1, 0)
    stats = lib.new("vxg_tract_density_stats")
    lib.check(lib.vxg_tract_density_get_stats(made, _byref(stats)))
    names = ("streamlines", "points", "outside", "leaving", "missed")
    return Density(counts, colors, {n: getattr(stats, n) for n in names})


__all__ = ["Density", "density", "Joined", "Reader", "Receiver", "Tractogram", "Writer", "read", "write"]
