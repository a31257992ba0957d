"""For scripts written for diffct 2.x: its names and conventions over this library, on the CPU.

    import voxgrad.diffct as diffct

There: trajectories, `Projector`, `fbp`, `fdk`, `cgls`, `sirt`,
`tv_reconstruction`, `SolverResult` and the Function classes. World (x, y, z); volumes (D, H, W),
images (H, W); sinograms (views, U, V) or (views, bins); values are lengths. diffct traces the rays
of fans and cones from the source to the pixel; here they are whole lines, which is the same as long
as the volume lies between the two. Rays cross cells (model="siddon", as diffct's do) or are
interpolated (model="joseph": derivatives by the trajectory are there). What is not there is refused
by name.
"""

import collections
import math

import torch

from . import ct, solve
from . import torch as adapter
from ._library import UnsupportedError

SolverResult = collections.namedtuple(
    "SolverResult", "volume iterations residual_history converged reason")
SolverResult.__doc__ = "What a solver gives: residual_history begins with |b - A x0|."


# ---- Trajectories: lists of vectors for every view ----
def _angles(n_views, start, end, device, dtype):
    """n angles from start to end, the end excluded, or those that were given."""
    if isinstance(n_views, torch.Tensor) and n_views.ndim == 1:
        return n_views.to(device=device, dtype=dtype)
    return start + torch.arange(n_views, device=device, dtype=dtype) * ((end - start) / n_views)


def _turn(n_views, start, device, dtype):
    return _angles(n_views, start, start + 2 * math.pi, device, dtype)


def _stack(*parts):
    return torch.stack(torch.broadcast_tensors(*parts), -1)


def _circle(phi, sid, sdd, z=None):
    """Source, detector centre, u, v on a circle; sid may differ from view to view."""
    s, c = torch.sin(phi), torch.cos(phi)
    zero, one = torch.zeros_like(phi), torch.ones_like(phi)
    z = zero if z is None else z
    far = sdd - sid
    return (_stack(-sid * s, sid * c, z), _stack(far * s, -far * c, z), _stack(c, s, zero),
            _stack(zero, zero, one))


def circular_trajectory_3d(n_views, sid, sdd, start_angle=0.0, end_angle=None, device="cpu",
                           dtype=torch.float32):
    """A circle about z."""
    end = 2 * math.pi if end_angle is None else end_angle
    return _circle(_angles(n_views, start_angle, end, device, dtype), sid, sdd)


def spiral_trajectory_3d(n_views, sid, sdd, z_range=100.0, n_turns=2.0, start_angle=0.0,
                         device="cpu", dtype=torch.float32):
    """A helix; z runs from -z_range / 2 to z_range / 2, both ends included."""
    phi = _angles(n_views, start_angle, start_angle + 2 * math.pi * n_turns, device, dtype)
    z = torch.linspace(-z_range / 2, z_range / 2, len(phi), device=device, dtype=dtype)
    return _circle(phi, sid, sdd, z)


def sinusoidal_trajectory_3d(n_views, sid, sdd, amplitude=50.0, frequency=2.0, start_angle=0.0,
                             device="cpu", dtype=torch.float32):
    """The source's distance swings."""
    phi = _turn(n_views, start_angle, device, dtype)
    return _circle(phi, sid + amplitude * torch.sin(frequency * phi), sdd)


def saddle_trajectory_3d(n_views, sid, sdd, z_amplitude=50.0, radial_amplitude=30.0,
                         start_angle=0.0, device="cpu", dtype=torch.float32):
    """Height and distance swing."""
    phi = _turn(n_views, start_angle, device, dtype)
    return _circle(phi, sid + radial_amplitude * torch.sin(2 * phi), sdd,
                   z_amplitude * torch.cos(2 * phi))


def custom_trajectory_3d(n_views, sid, sdd, source_path_fn, start_angle=0.0, device="cpu",
                         dtype=torch.float32):
    """Any path of the source: source_path_fn(angles, sid) gives (views, 3)."""
    phi = _turn(n_views, start_angle, device, dtype)
    s = source_path_fn(phi, sid)
    far = s.norm(dim=-1, keepdim=True)
    if not bool(((far > 1e-6) & (far < sdd)).all()):
        raise ValueError("the source must lie between 1e-6 and sdd from the origin")
    d = s - sdd * s / far
    u = torch.stack([-s[:, 1], s[:, 0], torch.zeros_like(phi)], -1)
    flat = u.norm(dim=-1, keepdim=True)
    x = torch.zeros_like(u)
    x[:, 0] = 1
    u = torch.where(flat > 1e-12, u / flat.clamp_min(1e-12), x)
    v = torch.cross(s / far, u, dim=-1)
    return s, d, u, v / v.norm(dim=-1, keepdim=True)


def _planar(views):
    return tuple(part[:, :2] for part in views[:3])


def circular_trajectory_2d_fan(n_views, sid, sdd, start_angle=0.0, end_angle=None, device="cpu",
                               dtype=torch.float32):
    """A circle, in the plane."""
    return _planar(circular_trajectory_3d(n_views, sid, sdd, start_angle, end_angle, device=device,
                                          dtype=dtype))


def sinusoidal_trajectory_2d_fan(n_views, sid, sdd, amplitude=50.0, frequency=2.0, start_angle=0.0,
                                 device="cpu", dtype=torch.float32):
    """The source's distance swings, in the plane."""
    return _planar(sinusoidal_trajectory_3d(n_views, sid, sdd, amplitude, frequency, start_angle,
                                            device, dtype))


def custom_trajectory_2d_fan(n_views, sid, sdd, source_path_fn, start_angle=0.0, device="cpu",
                             dtype=torch.float32):
    """Any path of the source in the plane: source_path_fn(angles, sid) gives (views, 2)."""
    def lifted(phi, far):
        return torch.nn.functional.pad(source_path_fn(phi, far), (0, 1))
    return _planar(custom_trajectory_3d(n_views, sid, sdd, lifted, start_angle, device, dtype))


def _parallel(phi, along):
    """Rays (cos, sin), a detector along (-sin, cos) that is moved by `along` in its own direction."""
    ray = _stack(torch.cos(phi), torch.sin(phi))
    u = _stack(-torch.sin(phi), torch.cos(phi))
    return ray, along[:, None] * u, u


def circular_trajectory_2d_parallel(n_views, detector_distance=0.0, start_angle=0.0, end_angle=None,
                                    device="cpu", dtype=torch.float32):
    """Half a turn; detector_distance moves the detector along u, as diffct's does."""
    end = math.pi if end_angle is None else end_angle
    phi = _angles(n_views, start_angle, end, device, dtype)
    return _parallel(phi, torch.full_like(phi, detector_distance))


def sinusoidal_trajectory_2d_parallel(n_views, amplitude=50.0, frequency=2.0, start_angle=0.0,
                                      device="cpu", dtype=torch.float32):
    """The detector swings along u."""
    phi = _angles(n_views, start_angle, start_angle + math.pi, device, dtype)
    return _parallel(phi, amplitude * torch.sin(frequency * phi))


def custom_trajectory_2d_parallel(n_views, ray_dir_fn, det_origin_fn, start_angle=0.0, device="cpu",
                                  dtype=torch.float32):
    """Rays and detector origins of functions of the angles, each (views, 2); u lies across the ray."""
    phi = _angles(n_views, start_angle, start_angle + math.pi, device, dtype)
    ray = ray_dir_fn(phi)
    return ray, det_origin_fn(phi), torch.stack([-ray[:, 1], ray[:, 0]], -1)


def circular_trajectory_3d_parallel(n_views, detector_distance=0.0, start_angle=0.0, end_angle=None,
                                    device="cpu", dtype=torch.float32):
    """Half a turn about z."""
    flat = circular_trajectory_2d_parallel(n_views, detector_distance, start_angle, end_angle, device,
                                           dtype)
    parts = [torch.nn.functional.pad(p, (0, 1)) for p in flat]
    v = torch.zeros_like(parts[0])
    v[:, 2] = 1
    return tuple(parts) + (v,)


def transform_trajectory(trajectory, rotation=None, translation=None, *, beam="cone"):
    """Places become R p + t, directions R d; R is a rotation (d, d), one or one a view."""
    if beam not in _AXES:
        raise ValueError("beam: one of %s is expected, not %r" % (", ".join(_AXES), beam))
    places = (0, 1) if beam in ("cone", "fan") else (1,)
    out = []
    for i, part in enumerate(trajectory):
        if rotation is not None:
            turned = torch.as_tensor(rotation, dtype=part.dtype)
            if not torch.allclose(torch.linalg.det(turned), torch.ones((), dtype=part.dtype), atol=1e-4):
                raise ValueError("rotation: a matrix with determinant 1 is expected")
            part = (turned @ part[..., None])[..., 0]
        if translation is not None and i in places:
            part = part + torch.as_tensor(translation, dtype=part.dtype)
        out.append(part)
    return tuple(out)


# ---- Projector ----
_AXES = {"cone": 3, "parallel3d": 3, "fan": 2, "parallel": 2}
_ELSEWHERE = dict(devices=None, distributed=False, process_group=None, detector_surface=None,
                  volume_chunk_shape=None, view_chunk_size=None, detector_chunk_shape=None,
                  schedule="auto", partition="views", backend="auto", partition_grid=None,
                  native_volume_layout=False)


def _numbers(value, count, what):
    values = [float(v) for v in (value if hasattr(value, "__len__") else [value] * count)]
    if len(values) != count or min(values) <= 0:
        raise ValueError("%s: %d positive numbers are expected, not %r" % (what, count, value))
    return values


class Projector:
    """project(volume), backproject(sinogram) (the exact adjoint), both differentiable.

    beam: "cone", "fan", "parallel", "parallel3d". model: "siddon" or "joseph"."""

    def __init__(self, trajectory, volume_shape, detector_shape, *, beam="cone",
                 detector_spacing=1.0, voxel_spacing=1.0, precision="fast", model="siddon",
                 **options):
        if beam not in _AXES:
            raise ValueError("beam: one of %s is expected, not %r" % (", ".join(_AXES), beam))
        for name, value in options.items():
            if name not in _ELSEWHERE:
                raise TypeError("Projector has no option '%s'" % name)
            if value != _ELSEWHERE[name]:
                raise UnsupportedError("Projector: %s=%r is not there; leave it at %r"
                                       % (name, value, _ELSEWHERE[name]))
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
        self.dtype = torch.float64 if precision == "float64" else torch.float32
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

    def _apply(self, x, trajectory):
        if trajectory is None:
            trajectory = self._trajectory
            moved = any(getattr(p, "requires_grad", False) for p in trajectory)
            if not moved:
                return adapter.apply(self._operator, x)
        if not any(getattr(p, "requires_grad", False) for p in trajectory):
            return adapter.apply(ct.XrayTransform(
                self._geometry(trajectory), self._volume, self.model,
                planar=len(self._bins) == 1), x)
        if self.model != "joseph":
            raise UnsupportedError("derivatives by the trajectory: model='joseph' is needed, not %r"
                                   % self.model)
        vectors = self._vectors(trajectory)
        moving = ct.GeometryTransform(self._geometry(trajectory), self._volume,
                                      planar=len(self._bins) == 1)
        return adapter.apply(moving, x, (vectors - vectors.detach()).to(x.dtype))

    def project(self, volume, *, trajectory=None):
        """Line integrals (..., views, U, V) of volumes (..., D, H, W)."""
        y = self._apply(volume, trajectory)
        return y.transpose(-1, -2) if len(self._bins) == 2 else y

    __call__ = project

    def backproject(self, sinogram, *, trajectory=None):
        """The exact adjoint."""
        y = sinogram.transpose(-1, -2) if len(self._bins) == 2 else sinogram
        operator = self._operator
        if trajectory is not None:
            operator = ct.XrayTransform(self._geometry(trajectory), self._volume, self.model,
                                        planar=len(self._bins) == 1)
        return adapter.apply(operator.T, y)


# ---- The functions under the projector: .apply(data, *vectors, sizes, pitches, voxel_spacing) ----
def _function(name, beam, back):
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


ParallelProjectorFunction = _function("ParallelProjectorFunction", "parallel", False)
ParallelBackprojectorFunction = _function("ParallelBackprojectorFunction", "parallel", True)
FanProjectorFunction = _function("FanProjectorFunction", "fan", False)
FanBackprojectorFunction = _function("FanBackprojectorFunction", "fan", True)
ConeProjectorFunction = _function("ConeProjectorFunction", "cone", False)
ConeBackprojectorFunction = _function("ConeBackprojectorFunction", "cone", True)


# ---- Analytic reconstruction ----
_WINDOWS = {"ram-lak": "ramp", "ramlak": "ramp", "none": "ramp", None: "ramp", "hann": "hann",
            "hanning": "hann", "hamming": "hamming", "cosine": "cosine", "shepp-logan": "shepp-logan"}


def _reconstruct(name, sinogram, trajectory, volume_shape, beam, detector_spacing, voxel_spacing,
                 window, short_scan, elsewhere):
    for word, value in elsewhere.items():
        if value is not None:
            raise UnsupportedError("%s: %s is not there; leave it at None" % (name, word))
    if window not in _WINDOWS:
        raise ValueError("window: one of %s is expected, not %r"
                         % (", ".join(w for w in _WINDOWS if w), window))
    axes = _AXES.get(beam, 3)
    p = Projector(trajectory, volume_shape, sinogram.shape[1 - axes:], beam=beam,
                  detector_spacing=detector_spacing, voxel_spacing=voxel_spacing)
    geometry = p._operator.geometry
    options = {"window": _WINDOWS[window]}
    if beam.startswith("parallel"):
        operator = ct.fbp_operator(geometry, p._volume, **options)
    else:
        operator = ct.fdk_operator(geometry, p._volume, arc="short" if short_scan else "auto", **options)
    y = sinogram.unsqueeze(-2) if axes == 2 else sinogram.transpose(-1, -2)
    x = adapter.apply(operator, y)
    return x.squeeze(-3) if axes == 2 else x


def fbp(sinogram, trajectory, volume_shape, angles=None, *, beam="parallel", detector_spacing=1.0,
        voxel_spacing=1.0, window="ram-lak", short_scan=False, projection_weights=None,
        angular_weights=None, filter_response=None, isocenter=None):
    """Attenuation (H, W) of a parallel or fan beam. Angles and weights are those of the trajectory's
    own rays; `angles` is not looked at."""
    del angles
    if beam not in ("parallel", "fan"):
        raise ValueError("beam: 'parallel' or 'fan' is expected, not %r" % (beam,))
    return _reconstruct("fbp", sinogram, trajectory, volume_shape, beam, detector_spacing,
                        voxel_spacing, window, short_scan,
                        dict(projection_weights=projection_weights, angular_weights=angular_weights,
                             filter_response=filter_response, isocenter=isocenter))


def fdk(sinogram, trajectory, volume_shape, angles=None, *, detector_spacing=1.0, voxel_spacing=1.0,
        window="ram-lak", short_scan=False, projection_weights=None, angular_weights=None,
        filter_response=None, isocenter=None):
    """Attenuation (D, H, W) of a cone beam on a circle."""
    del angles
    return _reconstruct("fdk", sinogram, trajectory, volume_shape, "cone", detector_spacing,
                        voxel_spacing, window, short_scan,
                        dict(projection_weights=projection_weights, angular_weights=angular_weights,
                             filter_response=filter_response, isocenter=isocenter))


# ---- Solvers ----
def _solve(method, op, b, x0, iterations, rtol, callback, options):
    y = b.transpose(-1, -2).contiguous() if len(op._bins) == 2 else b
    told = None
    if callback is not None:
        def told(report, x):
            return callback(report.iteration, report.residual, torch.tensor(x)) is not False
    r = solve.solve(method, op._operator, y, start=x0, iterations=iterations, tolerance=rtol,
                    callback=told, **options)
    reasons = {"tolerance": "residual tolerance reached", "callback": "callback stopped",
               "iterations": "iteration limit reached", "exactly": "residual tolerance reached"}
    history = list(r.residual)
    if method == "cgls":  # which tells of the x that an iteration ended with
        history.insert(0, float((y if x0 is None else y - op._operator(x0)).norm()))
    else:  # of the x that it began with
        history.append(float((y - op._operator(r.x)).norm()))
    return SolverResult(r.x, r.iterations, history, r.reason in ("tolerance", "exactly"),
                        reasons.get(r.reason, r.reason))


def cgls(op, b, iterations=30, *, x0=None, rtol=1e-6, callback=None):
    """Least squares by conjugate gradients."""
    return _solve("cgls", op, b, x0, iterations, rtol, callback, {})


def sirt(op, b, iterations=100, relaxation=1.0, nonnegative=True, *, x0=None, rtol=1e-6,
         callback=None):
    """x + relaxation C A'(R (b - A x)), R and C one over the sums of rows and columns."""
    options = {"relaxation": relaxation, "bounds": "positive" if nonnegative else "none"}
    return _solve("sirt", op, b, x0, iterations, rtol, callback, options)


def total_variation(volume, *, voxel_spacing=1.0, eps=1e-6, reduction="mean"):
    """Sum or mean over voxels of sqrt(sum of squared forward differences over the spacing + eps); a
    difference is 0 at the far border."""
    if reduction not in ("mean", "sum"):
        raise ValueError("reduction: 'mean' or 'sum' is expected, not %r" % (reduction,))
    squares = torch.zeros_like(volume)
    for axis, step in enumerate(_numbers(voxel_spacing, volume.ndim, "voxel_spacing")):
        d = volume.diff(dim=axis) / step
        pad = [0, 0] * (volume.ndim - 1 - axis) + [0, 1]
        squares = squares + torch.nn.functional.pad(d, pad).square()
    values = (squares + eps).sqrt()
    return values.mean() if reduction == "mean" else values.sum()


def tv_reconstruction(op, b, iterations=100, weight=1.0, lr=0.1, *, x0=None, rtol=1e-6, atol=0.0,
                      callback=None):
    """Adam on half the mean square of the residual and weight times the total variation; values below
    0 become 0 after every step."""
    x = torch.zeros(op.volume_shape, dtype=b.dtype) if x0 is None else x0.clone()
    x.requires_grad_()
    optimiser = torch.optim.Adam([x], lr)
    with torch.no_grad():
        history = [float((op(x) - b).norm())]
    limit, reason = atol + rtol * float(b.norm()), "iteration limit reached"
    done = 0
    for done in range(1, iterations + 1):
        optimiser.zero_grad()
        loss = 0.5 * (op(x) - b).square().mean() + weight * total_variation(
            x, voxel_spacing=op.voxel_spacing)
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            x.clamp_(min=0)
            history.append(float((op(x) - b).norm()))
        if history[-1] <= limit:
            reason = "residual tolerance reached"
            break
        if callback is not None and callback(done, history[-1], x.detach()) is False:
            reason = "callback stopped"
            break
    return SolverResult(x.detach(), done, history, reason.startswith("residual"), reason)
