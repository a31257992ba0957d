"""Scans to volumes, and what is done to projections before: parts of voxgrad.ct."""

from __future__ import annotations

import ctypes
import operator

import numpy as np

from . import _options, io
from ._calls import Reporting, call, guard
from ._devices import Device
from ._library import ArgumentError, lib

_byref = ctypes.byref


def _float32(values, ndim, what):
    """A copy in float32, C order, to be changed in place."""
    out = _options.real_array(values, what, np.float32)
    if not out.size:
        raise ArgumentError("%s: it is empty" % what)
    if out.ndim not in (ndim if isinstance(ndim, tuple) else (ndim,)):
        raise ArgumentError("%s: %s axes are expected, not %d" % (what, ndim, out.ndim))
    return out


def minus_log(data, flat, dark=None, floor=0.0) -> tuple[np.ndarray, dict[str, int]]:
    """Line integrals -log((data - dark) / (flat - dark)) of counts (views, rows, columns); flat and
    dark: one frame, or several, whose mean is taken. Transmissions that are not positive or not
    finite become `floor` (0: 1e-6), pixels whose flat does not exceed the dark 0: (integrals,
    {"nonpositive": n, "nonfinite": n, "dead": n})."""
    out = _float32(data, (2, 3), "data")
    frame = out.shape[1:]
    means = []
    for values, what in ((flat, "flat"), (dark, "dark")):
        if values is None:
            means.append(None)
            continue
        frames = np.ascontiguousarray(values, np.float32).reshape((-1,) + np.shape(values)[-len(frame):])
        if frames.shape[1:] != frame:
            raise ArgumentError("%s: frames of shape %s are expected, not %s"
                                % (what, frame, frames.shape[1:]))
        mean = np.empty(frame, np.float32)
        lib.check(lib.vxg_ct_frame_mean(frames.ctypes.data, len(frames), mean.size, mean.ctypes.data))
        means.append(mean)
    counts = lib.new("vxg_ct_bad_counts")
    call(lib.vxg_ct_normalize, out.ctypes.data, len(out), out[0].size, means[0].ctypes.data,
         None if means[1] is None else means[1].ctypes.data, float(floor), _byref(counts))
    return out, {n: getattr(counts, n) for n in ("nonpositive", "nonfinite", "dead")}


def remove_rings(projections, size=21, method="sort", *, progress=None) -> np.ndarray:
    """Projections (views, rows, columns) or a sinogram (views, columns) without rings, float32.

    method: "sort" (N. T. Vo, R. C. Atwood, M. Drakopoulos, Opt. Express 26 (2018) 28396, algorithm
    3) or "mean" (what differs from the smoothed mean of all views). size: columns of the median,
    odd. progress: True for a bar, or a function of (words, done, total)."""
    out = _float32(projections, (2, 3), "projections")
    shaped = out.reshape(len(out), -1, out.shape[-1])
    if method == "mean":
        call(lib.vxg_ct_ring_mean, shaped.ctypes.data, *shaped.shape, operator.index(size))
        return out
    if method != "sort":
        raise ArgumentError("method: 'sort' or 'mean' is expected, not %r" % (method,))
    rows = shaped.shape[1]
    with Reporting(None, progress) as told:
        for row in range(rows):
            sinogram = np.ascontiguousarray(shaped[:, row])
            call(lib.vxg_ct_ring_sort, sinogram.ctypes.data, *sinogram.shape, operator.index(size))
            shaped[:, row] = sinogram
            told.tell("rows", row + 1, rows)
    return out


@_options.options("vxg_ct_center_opts")
def find_center(projections, angles, method="vo", **options) -> float:
    """The rotation axis' column, 0-based, of line integrals of a parallel beam; angles in radians.

    method: "vo" (half a turn, one sinogram (views, columns); N. T. Vo et al., Opt. Express 22 (2014)
    19078), "pair" (views at 0 and 180 degrees) or "opposite" (a full turn, all pairs of opposite
    views; it looks at the whole detector). The last two take projections (views, rows, columns) as
    well. Data that agree nowhere are an InputError."""
    functions = {"vo": lib.vxg_ct_center_vo, "pair": lib.vxg_ct_center_pair,
                 "opposite": lib.vxg_ct_center_opposite}
    if method not in functions:
        raise ArgumentError("method: one of %s is expected, not %r" % (", ".join(functions), method))
    y = _float32(projections, 2 if method == "vo" else (2, 3), "projections")
    theta = np.ascontiguousarray(angles, np.float64)
    if theta.shape != (len(y),):
        raise ArgumentError("angles: %d are expected, not shape %s" % (len(y), theta.shape))
    sizes = y.shape if method == "vo" else y.reshape(len(y), -1, y.shape[-1]).shape
    opts, out = _options.fill("vxg_ct_center_opts", options, []), ctypes.c_double()
    call(functions[method], y.ctypes.data, *sizes, theta.ctypes.data, _byref(opts), None, _byref(out))
    return out.value


class _Writer:
    """A vxg_volume_writer into an array that is made with the first slices' sizes."""

    def __init__(self, shape):
        self.volume = np.empty(shape, np.float32)
        names = ("write", "finish", "abandon")
        told = (self._write, lambda address: 0, lambda address: None)
        failed = lib.enums["vxg_status"]["VXG_ERR_FAILED"]
        self._kept = [lib.member_callback("vxg_volume_writer", n)(guard(f, failed) if n == "write" else f)
                      for n, f in zip(names, told)]
        self.struct = lib.new("vxg_volume_writer", **{
            n: ctypes.cast(k, ctypes.c_void_p).value for n, k in zip(names, self._kept)})

    def _write(self, address, first, count, source):
        n = int(np.prod(self.volume.shape[1:])) * count
        block = (ctypes.c_float * n).from_address(source)
        self.volume[first:first + count] = np.frombuffer(block, np.float32).reshape(
            (count,) + self.volume.shape[1:])


@_options.options("vxg_ct_recon_opts")
def recon(scan, geometry=None, volume=None, *, device="cpu", report=None, progress=None,
          solve=None, **options) -> tuple[np.ndarray, dict[str, object]]:
    """A scan file to a volume (z, y, x): read, corrected, filtered and reconstructed slab by slab, as
    `voxgrad recon` does: (volume, {"algorithm": name, "repaired": values, ...}).

    scan: a path or a voxgrad.io.Scan. geometry: of fan and cone beams; else a parallel beam with
    `center`, the axis' column, and attenuation per pixel of the detector; volume: with a geometry,
    where it is reconstructed. report(words, done, total): how far it is; progress: such a function,
    or True for a bar. solve: options of an iterative `algorithm` (voxgrad.solve), a dict."""
    if volume is not None and geometry is None:
        raise ArgumentError("volume: only with a geometry; `side` and `rows` say how large slices are")
    if not isinstance(scan, io.Scan):
        scan = io.Scan(scan)
    with scan._lock:
        with Reporting(report, progress) as told:
            return _recon(scan, geometry, volume, Device(device), told, solve, options)


def _recon(scan, geometry, volume, device, told, solve, options):
    keep = []
    members = {"progress": told.address}
    if solve is not None:
        opts = _options.fill("vxg_solve_opts", solve, keep)
        keep.append(opts)
        members["solve"] = ctypes.addressof(opts)
    opts = _options.fill("vxg_ct_recon_opts", options, keep, **members)
    reader = scan._open()
    stats = lib.new("vxg_ct_recon_stats")
    shape = volume or (geometry.fit_volume() if geometry else None)
    where = (geometry, _byref(shape._struct)) if geometry else (None, None)
    call(lib.vxg_ct_recon_plan, device, reader, *where, _byref(opts), _byref(stats))
    writer = _Writer((stats.slices, stats.ny, stats.nx))
    if geometry:
        call(lib.vxg_ct_reconstruct_views, device, reader, *where, _byref(opts),
             _byref(writer.struct), _byref(stats))
    else:
        call(lib.vxg_ct_reconstruct, device, reader, _byref(opts), _byref(writer.struct),
             _byref(stats))
    names = ("repaired", "empty_rows", "negative", "iterations", "residual", "data", "peak_bytes")
    told = {n: getattr(stats, n) for n in names}
    told["algorithm"] = stats.algorithm.decode() if stats.algorithm else ""
    return writer.volume, told
