"""Trajectories: tensors of vectors for every view. n_views: a number, or (circles) the angles, whose
graph is kept."""

import math

import torch

from .. import _orbits

_F32 = torch.float32


def _angles(n_views, start, end, device, dtype):
    if isinstance(n_views, torch.Tensor) and n_views.ndim == 1:
        return n_views.to(device=device, dtype=dtype)
    return _orbits.steps(torch, n_views, start, end, dtype=dtype).to(device)


def _turn(n_views, start, device, dtype, turn=2 * math.pi):
    return _angles(n_views, start, start + turn, device, dtype)


def circular_trajectory_3d(n_views, sid, sdd, start_angle=0.0, end_angle=None, device="cpu", dtype=_F32):
    """A circle about z: source, detector centre, u, v, each (views, 3)."""
    end = 2 * math.pi if end_angle is None else end_angle
    return _orbits.circle(_angles(n_views, start_angle, end, device, dtype), sid, sdd)


def random_trajectory_3d(n_views, sid_mean, sdd_mean, sid_std=0.0, pos_std=0.0, angle_std=0.0,
                         device="cpu", dtype=_F32, seed=None):
    """A circle with normal errors of the source's distance, of both places, of the detector's angle;
    the program's own random numbers stay as they are."""
    phi = _angles(n_views, 0.0, 2 * math.pi, device, dtype)
    generator = None if seed is None else torch.Generator(device).manual_seed(seed)
    return _orbits.shaken(phi, sid_mean, sdd_mean, sid_std, pos_std, angle_std, lambda shape: torch.randn(
        shape, generator=generator, device=device, dtype=dtype))


def spiral_trajectory_3d(n_views, sid, sdd, z_range=100.0, n_turns=2.0, start_angle=0.0, device="cpu",
                         dtype=_F32):
    """A helix; z runs from -z_range / 2 to z_range / 2, both ends included."""
    phi = _angles(n_views, start_angle, start_angle + 2 * math.pi * n_turns, device, dtype)
    return _orbits.spiral(phi, sid, sdd, z_range)


def sinusoidal_trajectory_3d(n_views, sid, sdd, amplitude=50.0, frequency=2.0, start_angle=0.0,
                             device="cpu", dtype=_F32):
    """The source's distance swings."""
    return _orbits.sinusoidal(_turn(n_views, start_angle, device, dtype), sid, sdd, amplitude, frequency)


def saddle_trajectory_3d(n_views, sid, sdd, z_amplitude=50.0, radial_amplitude=30.0, start_angle=0.0,
                         device="cpu", dtype=_F32):
    """Height and distance swing."""
    return _orbits.saddle(_turn(n_views, start_angle, device, dtype), sid, sdd, z_amplitude,
                          radial_amplitude)


def custom_trajectory_3d(n_views, sid, sdd, source_path_fn, start_angle=0.0, device="cpu", dtype=_F32):
    """Any path of the source: source_path_fn(angles, sid) gives (views, 3)."""
    return _orbits.facing(source_path_fn(_turn(n_views, start_angle, device, dtype), sid), sdd)


def circular_trajectory_2d_fan(n_views, sid, sdd, start_angle=0.0, end_angle=None, device="cpu",
                               dtype=_F32):
    """A circle, in the plane: source, detector centre, u, each (views, 2)."""
    return _orbits.planar(circular_trajectory_3d(n_views, sid, sdd, start_angle, end_angle, device, dtype))


def sinusoidal_trajectory_2d_fan(n_views, sid, sdd, amplitude=50.0, frequency=2.0, start_angle=0.0,
                                 device="cpu", dtype=_F32):
    """The source's distance swings, in the plane."""
    return _orbits.planar(sinusoidal_trajectory_3d(n_views, sid, sdd, amplitude, frequency, start_angle,
                                                   device, dtype))


def custom_trajectory_2d_fan(n_views, sid, sdd, source_path_fn, start_angle=0.0, device="cpu", dtype=_F32):
    """Any path of the source in the plane: source_path_fn(angles, sid) gives (views, 2)."""
    return _orbits.planar(custom_trajectory_3d(n_views, sid, sdd, _orbits.lifted(source_path_fn),
                                               start_angle, device, dtype))


def circular_trajectory_2d_parallel(n_views, detector_distance=0.0, start_angle=0.0, end_angle=None,
                                    device="cpu", dtype=_F32):
    """Half a turn: rays, detector origins, u; detector_distance moves the detector along u, as diffct's
    does."""
    end = math.pi if end_angle is None else end_angle
    return _orbits.parallel(_angles(n_views, start_angle, end, device, dtype), detector_distance)


def sinusoidal_trajectory_2d_parallel(n_views, amplitude=50.0, frequency=2.0, start_angle=0.0,
                                      device="cpu", dtype=_F32):
    """The detector swings along u."""
    phi = _turn(n_views, start_angle, device, dtype, math.pi)
    return _orbits.parallel(phi, amplitude * torch.sin(frequency * phi))


def custom_trajectory_2d_parallel(n_views, ray_dir_fn, det_origin_fn, start_angle=0.0, device="cpu",
                                  dtype=_F32):
    """Rays and detector origins of functions of the angles, each (views, 2); u lies across the ray."""
    phi = _turn(n_views, start_angle, device, dtype, math.pi)
    ray = ray_dir_fn(phi)
    ray = ray / ray.norm(dim=-1, keepdim=True)
    return ray, det_origin_fn(phi), torch.stack([-ray[:, 1], ray[:, 0]], -1)


def circular_trajectory_3d_parallel(n_views, detector_distance=0.0, start_angle=0.0, end_angle=None,
                                    device="cpu", dtype=_F32):
    """Half a turn about z: rays, detector centres, u, v."""
    flat = circular_trajectory_2d_parallel(n_views, detector_distance, start_angle, end_angle, device,
                                           dtype)
    parts = [torch.nn.functional.pad(p, (0, 1)) for p in flat]
    v = torch.zeros_like(parts[0])
    v[:, 2] = 1
    return tuple(parts) + (v,)


def transform_trajectory(trajectory, rotation=None, translation=None, *, beam="cone"):
    """Places become R p + t, directions R d; R is a rotation (d, d), one or one a view."""
    if beam not in ("cone", "fan", "parallel", "parallel3d"):
        raise ValueError("beam: one of cone, parallel3d, fan, parallel is expected, not %r" % (beam,))
    places = (0, 1) if beam in ("cone", "fan") else (1,)
    out = []
    for i, part in enumerate(trajectory):
        if rotation is not None:
            turned = torch.as_tensor(rotation, dtype=part.dtype)
            square = turned @ turned.transpose(-1, -2)
            if not torch.allclose(torch.linalg.det(turned), torch.ones((), dtype=part.dtype), atol=1e-4) \
                    or not torch.allclose(square, torch.eye(square.shape[-1], dtype=part.dtype).expand_as(square),
                                          atol=1e-4):
                raise ValueError("rotation: a rotation matrix, with determinant 1, is expected")
            part = (turned @ part[..., None])[..., 0]
        if translation is not None and i in places:
            moved = torch.as_tensor(translation, dtype=part.dtype)
            if tuple(moved.shape) not in (tuple(part.shape[1:]), tuple(part.shape)) or not moved.isfinite().all():
                raise ValueError("translation: %d finite numbers are expected, one set or one a view, not %s"
                                 % (part.shape[1], tuple(moved.shape)))
            part = part + moved
        out.append(part)
    return tuple(out)
