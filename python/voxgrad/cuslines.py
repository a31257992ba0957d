"""For scripts written for cuslines 2.x: its names over this library, on any device.

    import voxgrad.cuslines as cuslines

There: `Tracker` with `generate_sft`, `generate_trx`, `set_compression_parameters` and `seed_propagator`,
`BootDirectionGetter` (by `from_dipy_opdt`, `from_dipy_csa`), `ProbDirectionGetter`, `PttDirectionGetter`, `BACKEND`.
Everything is in voxel indices, as there: seeds, and steps, which are of `step_size` times the smallest side of a voxel,
so that voxels of unlike sides are walked through as they are; directions are along the image's axes; angles in radians.
What is not there is refused by name; what cuslines does wrong is not done (docs/python.md lists it).
"""

from __future__ import annotations

import math
import warnings

import numpy as np

from . import _images, dwi, track
from ._devices import Device
from ._library import ArgumentError, UnsupportedError
from ._tracts import Joined

_STEPS = 500  # of a half, at most
_PEAKS = 16  # streamlines of a seed, at most


def __getattr__(name):
    if name == "BACKEND":
        return _backend()
    raise AttributeError("module %s has no attribute %s" % (__name__, name))


def _backend():
    """"cuda" or "opencl" where a GPU is there, else None."""
    best = Device("auto")
    return None if best.is_host else best.backend


# ---- Direction getters ----
def _weight(getter):
    """The options of a getter's angular weight."""
    return {"angular_weight": _images.real(getter.angular_weight, "angular_weight")}


class BootDirectionGetter:
    """Bootstrap tracking; made by `from_dipy_opdt` or `from_dipy_csa`. The attribute angular_weight (0: none) prefers
    directions near the last one."""

    angular_weight = 0.0

    def __init__(self, model_type=None, min_signal=None, H=None, R=None, delta_b=None, delta_q=None,
                 sampling_matrix=None, b0s_mask=None):
        raise UnsupportedError("BootDirectionGetter(...) of matrices is not there: its gradients are needed; "
                               "BootDirectionGetter.from_dipy_opdt(gtab, sphere, ...) or from_dipy_csa")

    @classmethod
    def from_dipy_opdt(cls, gtab, sphere, sh_order_max=6, full_basis=False, sh_lambda=0.006,
                       min_signal=1) -> BootDirectionGetter:
        """Of the orientation probability density transform."""
        return cls._of("opdt", gtab, sphere, sh_order_max, full_basis, sh_lambda, min_signal)

    @classmethod
    def from_dipy_csa(cls, gtab, sphere, sh_order_max=6, full_basis=False, sh_lambda=0.006,
                      min_signal=1) -> BootDirectionGetter:
        """Of the constant solid angle function."""
        return cls._of("csa", gtab, sphere, sh_order_max, full_basis, sh_lambda, min_signal)

    @classmethod
    def _of(cls, kind, gtab, sphere, order, full_basis, smooth, min_signal):
        if full_basis:
            raise UnsupportedError("full_basis: harmonics of odd order are not there")
        made = cls.__new__(cls)
        if not hasattr(gtab, "bvecs"):
            raise TypeError("gtab: DIPY's GradientTable is expected, not %s" % type(gtab).__name__)
        made.gradients = dwi.Gradients(gtab.bvals, gtab.bvecs,
                                       b0_threshold=max(float(getattr(gtab, "b0_threshold", 50)), 1e-6))
        made.vertices = np.asarray(getattr(sphere, "vertices", sphere), np.float64)
        made.model = {"kind": kind, "order": order, "smooth": smooth if smooth > 0 else -1.0,
                      "min_signal": float(min_signal)}
        return made

    def _field(self, tracker, affine):
        if self.vertices.shape != tracker.sphere_vertices.shape \
                or np.abs(self.vertices - tracker.sphere_vertices).max() > 1e-4:
            raise ArgumentError("sphere_vertices: they are not those of the direction getter's sphere")
        field = track.Field.series(tracker.dataf, self.gradients, affine, map=tracker.metric_map,
                                   sphere=tracker._sphere.made, device=tracker.device, **self.model)
        return field, dict(_weight(self), getter="bootstrap")


class ProbDirectionGetter:
    """Directions drawn by the orientation function's values on the sphere."""

    angular_weight = 0.0

    def _field(self, tracker, affine):
        field = track.Field.samples(tracker._sphere.samples(tracker.dataf), tracker._sphere.made, affine,
                                    map=tracker.metric_map, device=tracker.device)
        return field, dict(_weight(self), getter="probabilistic", pmf_threshold=0.05)


class PttDirectionGetter:
    """Parallel transport tracking; lengths in voxels."""

    def __init__(self, odf_lut_res=128, probe_length=0.25, target_short_step=0.025, probe_quality=8):
        raise UnsupportedError("PttDirectionGetter: parallel transport tracking is not in this library yet")


# ---- Directions ----
def _edge_set(edges):
    return set(map(tuple, np.sort(np.asarray(edges, np.int64), 1).tolist()))


class _Directions:
    """The sphere that a tracker was given, as ours: `made`. A set with the opposite of each direction is one of pairs,
    each looked at once: lines found in both would be there twice."""

    def __init__(self, vertices, edges, symmetric, is_series):
        self._pairs, self._symmetric = _opposites(vertices), symmetric
        whole = dwi.Sphere(vertices, symmetric=symmetric and self._pairs is None)
        if _edge_set(edges) != _edge_set(whole.edges):
            half = None if whole.symmetric or self._pairs is not None else dwi.Sphere(vertices, symmetric=True)
            if half is None or _edge_set(edges) != _edge_set(half.edges):
                raise UnsupportedError("sphere_edges: neighbours are those of the convex hull here; these are others")
            whole = half
        self._whole, self.made = whole, whole
        if self._pairs is not None:
            self._first = np.flatnonzero(np.arange(len(vertices)) < self._pairs)
            self._half = dwi.Sphere(vertices[self._first], symmetric=True)
            self.made = self._half if is_series else whole

    def samples(self, values):
        """Those of the directions that are looked at; `made` follows."""
        if self._pairs is None:
            return values
        a, b = values[..., self._first], values[..., self._pairs[self._first]]
        self.made = self._half
        if self._symmetric:
            return (a + b) / 2
        if np.abs(a - b).max() > 1e-3 * np.abs(values).max():
            self.made = self._whole  # a function that is not symmetric
            return values
        return a


def _opposites(vertices):
    """For each direction the number of its opposite, None: not all have one."""
    cosines = vertices @ vertices.T
    found = np.argmin(cosines, axis=1)
    return found if (cosines[np.arange(len(found)), found] < -1 + 1e-6).all() else None


# ---- The tracker ----
class _Propagator:
    """`tracker.seed_propagator`: the streamlines of the last `propagate`."""

    def __init__(self, tracker):
        self._tracker, self._found = tracker, None

    def propagate(self, seeds) -> None:
        """Tracks from seeds (n, 3) in voxel indices, in voxels of `tracker.voxel_size`."""
        self._found = self._tracker._run(seeds, self._tracker.voxel_size, None)

    def _last(self):
        if self._found is None:
            raise ValueError("seed_propagator: propagate comes first")
        return self._found

    @property
    def nSlines(self) -> int:
        """How many there are."""
        return len(self._last())

    def get_buffer_size(self) -> int:
        """Of the points, in MB, rounded up."""
        return int(math.ceil(self._last().positions.nbytes / (1 << 20)))

    def as_generator(self):
        """The streamlines (n, 3) in voxel indices. They are those of now, whatever is propagated later."""
        return iter(self._last())

    def as_array_sequence(self):
        """As nibabel's ArraySequence."""
        return self._last().to_nibabel().streamlines


class Tracker:
    """Tracks from seeds in voxel indices; a context manager, as in cuslines, but for nothing that need be given back.

    dg: a direction getter. dataf: (i, j, k, volumes), the series itself for the bootstrap, else the orientation function
    on the sphere. A half ends where stop_map is at or below stop_threshold. sphere_edges: pairs of neighbours.
    min_pts, max_pts: points of streamlines that are kept. step_size in voxels, angles in radians. rng_offset: the
    number of the first seed. chunk_size: results do not depend on it. ngpus: 1.

    voxel_size: (3,) in mm, of `seed_propagator`; generate_sft and generate_trx take the image's. device: None: the best
    GPU, else the CPU."""

    def __init__(self, dg, dataf, stop_map, stop_threshold, sphere_vertices, sphere_edges, sphere_symm=False,
                 max_angle=math.radians(60), step_size=0.5, min_pts=0, max_pts=np.inf, relative_peak_thresh=0.25,
                 min_separation_angle=math.radians(45), ngpus=1, rng_seed=0, rng_offset=0, chunk_size=25000, *,
                 voxel_size=(1.0, 1.0, 1.0), device=None):
        if not isinstance(dg, (BootDirectionGetter, ProbDirectionGetter, PttDirectionGetter)):
            raise TypeError("dg: a direction getter of voxgrad.cuslines is expected, not %s" % type(dg).__name__)
        if ngpus != 1:
            raise UnsupportedError("ngpus: one device is tracked on, not %r" % (ngpus,))
        if not step_size > 0 or not np.isfinite(step_size):
            raise ArgumentError("step_size: a number of voxels above 0 is expected, not %r" % (step_size,))
        if int(chunk_size) < 1:
            raise ArgumentError("chunk_size: 1 at least is expected, not %r" % (chunk_size,))
        self.dg, self.device = dg, Device("auto" if device is None else device)
        self.dataf = _images.numbers(dataf, "dataf", 4).astype(np.float32, copy=False)
        self.metric_map = _images.numbers(stop_map, "stop_map", 3).astype(np.float32, copy=False)
        if self.metric_map.shape != self.dataf.shape[:3]:
            raise ArgumentError("stop_map: shape %s is expected, not %s" % (self.dataf.shape[:3], self.metric_map.shape))
        self.dimx, self.dimy, self.dimz, self.dimt = self.dataf.shape
        self.sphere_vertices = dwi._doubles(sphere_vertices, "sphere_vertices", 2)
        self.sphere_edges = _edges(sphere_edges, len(self.sphere_vertices))
        self.nedges, self.sphere_symm = len(self.sphere_edges), bool(sphere_symm)
        is_series = isinstance(dg, BootDirectionGetter)
        if not is_series and self.dimt != len(self.sphere_vertices):
            raise ArgumentError("dataf: %d values of a voxel, and sphere_vertices has %d directions"
                                % (self.dimt, len(self.sphere_vertices)))
        self._sphere = _Directions(self.sphere_vertices, self.sphere_edges, self.sphere_symm, is_series)
        self.tc_threshold, self.step_size, self.max_angle = float(stop_threshold), float(step_size), float(max_angle)
        self.relative_peak_thresh, self.min_separation_angle = float(relative_peak_thresh), float(min_separation_angle)
        self.min_pts, self.max_pts, self.ngpus, self.chunk_size = min_pts, max_pts, 1, int(chunk_size)
        self.rng_seed, self.rng_offset, self.voxel_size = int(rng_seed), int(rng_offset), _sides(voxel_size)
        self._field_of = None  # (sides, the options that belong to it, the field)
        self.stats = None
        self.set_compression_parameters()
        self.seed_propagator = _Propagator(self)

    def set_compression_parameters(self, pos_dtype=np.float32, linearize=False, tol_error=0.1,
                                   max_segment_length=10) -> None:
        """Of `generate_trx`: the positions' type (float16, 32, 64); linearize: leaves points out that lie within tol_error
        (mm) of the line between those that stay, at most max_segment_length (mm) apart, by DIPY's
        `compress_streamlines`."""
        if np.dtype(pos_dtype) not in (np.float16, np.float32, np.float64):
            raise ArgumentError("pos_dtype: float16, float32 or float64 is expected, not %s" % np.dtype(pos_dtype))
        self.pos_dtype, self.linearize = pos_dtype, bool(linearize)
        self.tol_error, self.max_segment_length = float(tol_error), float(max_segment_length)

    def _field(self, sides):
        weight = getattr(self.dg, "angular_weight", 0)
        if self._field_of is None or not np.array_equal(self._field_of[0], sides) or self._field_of[1] != weight:
            field, options = self.dg._field(self, np.diag(list(sides) + [1.0]))
            self._field_of = sides, weight, field, options
        return self._field_of[2:]

    def _run(self, seeds, sides, progress):
        """A Tractogram in voxel indices."""
        field, own = self._field(sides)
        step = self.step_size * min(sides)
        joined = Joined()

        def keep(part):
            counts = part.counts
            part = part[(counts >= self.min_pts) & (counts <= self.max_pts)]
            joined.add(part.offsets, part.positions / sides.astype(part.positions.dtype))
        points = track._seeds(seeds) * sides
        self.stats = track.run(
            field, points, out=keep, progress=progress, rules="cuslines", step=step,
            max_angle=math.degrees(self.max_angle), max_length=_STEPS * step, threshold=self.tc_threshold,
            relative_peak_threshold=self.relative_peak_thresh if self.relative_peak_thresh > 0 else -1.0,
            min_separation=math.degrees(self.min_separation_angle), peaks=_PEAKS, seed=self.rng_seed,
            first=self.rng_offset, **own)
        if self.stats["ended"]["too long"]:
            warnings.warn("%d halves of streamlines were ended after %d steps" % (
                self.stats["ended"]["too long"], _STEPS), stacklevel=3)
        if self.stats["outside"]:
            warnings.warn("%d seeds are outside the image; seeds are voxel indices here" % self.stats["outside"],
                          stacklevel=3)
        positions, offsets, _, _ = joined.parts()
        return track.Tractogram(positions, offsets, stats=self.stats)

    def _of_image(self, ref_img, seeds, progress):
        """(a Tractogram in voxel indices, the image's affine)."""
        affine = _images.matrix(_images.affine_of(ref_img, "ref_img"))
        shape = tuple(getattr(ref_img, "shape", ()) or getattr(ref_img, "data").shape)[:3]
        if shape != self.dataf.shape[:3]:
            raise ArgumentError("ref_img: it has %s voxels, dataf %s" % (shape, self.dataf.shape[:3]))
        return self._run(seeds, np.linalg.norm(affine[:3, :3], axis=0), progress), affine

    def generate(self, seeds, ref_img, *, progress=None) -> track.Tractogram:
        """Our own Tractogram in mm, of seeds (n, 3) in voxel indices of the image."""
        t, affine = self._of_image(ref_img, seeds, progress)
        p = (t.positions.astype(np.float64) @ affine[:3, :3].T + affine[:3, 3]).astype(np.float32)
        return track.Tractogram(p, t.offsets, affine, self.dataf.shape[:3], stats=t.stats)

    def generate_sft(self, seeds, ref_img, *, progress=None):
        """DIPY's StatefulTractogram in voxel indices, of seeds (n, 3) in voxel indices of the image. Needs dipy."""
        from dipy.io.stateful_tractogram import Space, StatefulTractogram
        t, _ = self._of_image(ref_img, seeds, progress)
        return StatefulTractogram(t.to_nibabel().streamlines, ref_img, Space.VOX)

    def generate_trx(self, seeds, ref_img, *, progress=None):
        """trx-python's TrxFile in mm, of seeds (n, 3) in voxel indices of the image. Needs trx-python."""
        from trx.trx_file_memmap import TrxFile
        t = self.generate(seeds, ref_img, progress=progress)
        if self.linearize and len(t):
            from dipy.tracking.streamlinespeed import compress_streamlines
            t = track.Tractogram.of(compress_streamlines(t.to_nibabel().streamlines, tol_error=self.tol_error,
                                                         max_segment_length=self.max_segment_length))
        empty = TrxFile(reference=ref_img)
        empty.streamlines._data = empty.streamlines._data.astype(self.pos_dtype)
        empty.streamlines._offsets = empty.streamlines._offsets.astype(np.uint64)
        if not len(t):
            return empty
        made = TrxFile(nb_streamlines=len(t), nb_vertices=len(t.positions), init_as=empty)
        made.streamlines._data[:] = t.positions.astype(self.pos_dtype)
        made.streamlines._offsets[:] = t.offsets[:-1]
        made.streamlines._lengths[:] = t.counts
        return made

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._field_of = None
        return False


def _edges(given, count):
    edges = np.asarray(given)
    if edges.ndim != 2 or edges.shape[1] != 2 or edges.dtype.kind not in "iu":
        raise ArgumentError("sphere_edges: whole numbers of shape (m, 2) are expected, not %s of %s"
                            % (edges.shape, edges.dtype))
    if edges.size and (edges.min() < 0 or edges.max() >= count):
        raise ArgumentError("sphere_edges: numbers of %d directions are expected, not %d" % (count, edges.max()))
    return edges.astype(np.int32)


def _sides(given):
    sides = np.broadcast_to(np.asarray(given, np.float64), 3).copy()
    if not (np.isfinite(sides).all() and sides.min() > 0):
        raise ArgumentError("voxel_size: positive numbers are expected, not %r" % (given,))
    return sides


__all__ = ["BACKEND", "BootDirectionGetter", "ProbDirectionGetter", "PttDirectionGetter", "Tracker"]
