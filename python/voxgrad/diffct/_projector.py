"""Projectors: their options, and the six classes of functions under them."""

import torch

from .. import _torch_moving, ct
from .. import torch as adapter
from .._library import UnsupportedError

_AXES = {"cone": 3, "parallel3d": 3, "fan": 2, "parallel": 2}
_HINTS = ("volume_chunk_shape", "view_chunk_size", "detector_chunk_shape", "schedule")  # of speed
_ELSEWHERE = dict(devices=None, distributed=False, process_group=None, detector_surface=None,
                  partition="views", partition_grid=None, native_volume_layout=False)


def check_options(name, options):
    """Refuses options of diffct that are not there by name, unless they are left at what they were;
    takes those that say how fast alone."""
    for word, value in options.items():
        if word in _HINTS or word == "backend" and value in ("auto", "torch"):
            continue
        if word == "backend":
            raise UnsupportedError("%s: backend=%r is not there; this package's own is the only one"
                                   % (name, value))
        if word not in _ELSEWHERE:
            raise TypeError("%s has no option '%s'" % (name, word))
        if value != _ELSEWHERE[word]:
            raise UnsupportedError("%s: %s=%r is not there; leave it at %r"
                                   % (name, word, value, _ELSEWHERE[word]))


def _numbers(value, count, what):
    values = [float(v) for v in (value if hasattr(value, "__len__") else [value] * count)]
    if len(values) != count or min(values) <= 0:
        raise ValueError("%s: %d positive numbers are expected, not %r" % (what, count, value))
    return values


class Projector:
    """project(volume), backproject(sinogram) (the exact adjoint), both differentiable.

    beam: "cone", "fan", "parallel", "parallel3d". model: "siddon" or "joseph". precision: "fast"
    computes in the data's type, "float32" and "float64" in that."""

    def __init__(self, trajectory, volume_shape, detector_shape, *, beam="cone",
                 detector_spacing=1.0, voxel_spacing=1.0, precision="fast", model="siddon",
                 **options):
        if beam not in _AXES:
            raise ValueError("beam: one of %s is expected, not %r" % (", ".join(_AXES), beam))
        check_options("Projector", options)
        if precision not in ("fast", "float32", "float64"):
            raise ValueError("precision: 'fast', 'float32' or 'float64' is expected, not %r" % (precision,))
        axes = _AXES[beam]
        detector_shape = tuple(detector_shape) if hasattr(detector_shape, "__len__") \
            else (detector_shape,)
        if len(volume_shape) != axes or len(detector_shape) != axes - 1:
            raise ValueError("beam %r: a volume of %d and a detector of %d axes are expected, not "
                             "%s and %s" % (beam, axes, axes - 1, volume_shape, detector_shape))
        self.beam, self.model = beam, model
        self.volume_shape, self._bins = tuple(volume_shape), detector_shape
        self.voxel_spacing = _numbers(voxel_spacing, axes, "voxel_spacing")
        self._pitch = _numbers(detector_spacing, axes - 1, "detector_spacing")
        self.precision, self.backend = precision, "voxgrad"
        self.dtype = torch.float64 if precision == "float64" else torch.float32
        self.detector_shape, self.detector_spacing = detector_shape, tuple(self._pitch)
        flat = axes == 2
        shape = ((1,) if flat else ()) + self.volume_shape
        spacing = ([1.0] if flat else []) + self.voxel_spacing
        self._volume = ct.Volume(shape, spacing)
        self._trajectory = trajectory
        self._operator = ct.XrayTransform(self._geometry(trajectory), self._volume, model,
                                          planar=flat)
        self.projection_shape = (len(trajectory[0]),) + detector_shape

    def _vectors(self, trajectory):
        """(views, 4, 3) of this library: the detector's steps are u and v by their pitches."""
        count = 4 if _AXES[self.beam] == 3 else 3
        if len(trajectory) != count:
            raise ValueError("beam %r: a trajectory of %d tensors is expected, not %d"
                             % (self.beam, count, len(trajectory)))
        parts = [torch.as_tensor(p, dtype=torch.float64) for p in trajectory]
        axes = parts[2:] if self.beam in ("cone", "fan") else [parts[0]] + parts[2:]
        for p in axes:
            if not bool((p.detach().norm(dim=-1) - 1).abs().max() < 1e-3):
                raise ValueError("trajectory: directions must be unit vectors")
        if count == 4 and not bool((parts[2] * parts[3]).detach().sum(-1).abs().max() < 1e-3):
            raise ValueError("trajectory: u and v must be at right angles")
        if count == 3:
            parts = [torch.nn.functional.pad(p, (0, 1)) for p in parts]
            v = torch.zeros_like(parts[0])
            v[:, 2] = 1
            parts.append(v)
        else:
            parts[3] = parts[3] * self._pitch[1]
        parts[2] = parts[2] * self._pitch[0]
        return torch.stack(parts, 1)

    def _geometry(self, trajectory):
        vectors = self._vectors(trajectory).detach().numpy()
        rows = self._bins[1] if len(self._bins) == 2 else 1
        beam = "parallel" if self.beam.startswith("parallel") else "cone"
        return ct.Geometry.from_vectors(beam, vectors, rows, self._bins[0])

    def _apply(self, x, trajectory, way):
        """A x or A' x where a trajectory is, with its derivatives where it asks for some."""
        x = x if self.precision == "fast" and x.dtype in (torch.float32, torch.float64) else x.to(self.dtype)
        operator = self._operator
        if trajectory is None:
            trajectory = self._trajectory
        else:
            operator = ct.XrayTransform(self._geometry(trajectory), self._volume, self.model,
                                        planar=len(self._bins) == 1)
        if not any(getattr(p, "requires_grad", False) for p in trajectory):
            return adapter.apply(operator if way == "project" else operator.T, x)
        if self.model != "joseph":
            raise UnsupportedError("derivatives by the trajectory: model='joseph' is needed, not %r"
                                   % self.model)
        moving = ct.GeometryTransform(self._geometry(trajectory), self._volume,
                                      planar=len(self._bins) == 1)
        return getattr(_torch_moving, way)(x, self._vectors(trajectory), operator, moving)

    def project(self, volume, *, trajectory=None):
        """Line integrals (..., views, U, V) of volumes (..., D, H, W)."""
        y = self._apply(volume, trajectory, "project")
        return y.transpose(-1, -2) if len(self._bins) == 2 else y

    __call__ = project

    def backproject(self, sinogram, *, trajectory=None):
        """The exact adjoint."""
        y = sinogram.transpose(-1, -2) if len(self._bins) == 2 else sinogram
        return self._apply(y, trajectory, "backproject")

    def project_into(self, *_, **__):
        """Refused: work beyond memory is voxgrad.ct.recon's."""
        raise UnsupportedError("project_into and backproject_into are not there: work beyond memory is "
                               "voxgrad.ct.recon's, with max_memory")

    backproject_into = project_into


# ---- The functions under the projector: .apply(data, *vectors, sizes, pitches, voxel_spacing) ----
def function_class(name, beam, back):
    """One of the six."""
    axes = _AXES[beam]
    count = 4 if axes == 3 else 3

    def apply(data, *rest):
        vectors, rest = rest[:count], rest[count:]
        bins = axes - 1
        most = (bins + axes if back else 2 * bins) + 1
        if not most - 1 <= len(rest) <= most:
            raise TypeError("%s.apply: %d to %d arguments are expected behind the vectors, not %d"
                            % (name, most - 1, most, len(rest)))
        spacing = rest[most - 1] if len(rest) == most else 1.0
        if back:
            sizes = rest[:axes] if axes == 3 else rest[1:3]
            pitch = rest[axes:axes + bins] if axes == 3 else rest[:1]
            p = Projector(vectors, sizes, data.shape[-bins:], beam=beam, detector_spacing=pitch,
                          voxel_spacing=spacing)
            return p.backproject(data)
        p = Projector(vectors, data.shape[-axes:], rest[:bins], beam=beam,
                      detector_spacing=rest[bins:2 * bins], voxel_spacing=spacing)
        return p.project(data)
    return type(name, (), {"apply": staticmethod(apply), "__doc__": "%s, %s." % (
        beam, "sinogram to volume" if back else "volume to sinogram")})
