"""Trajectories: lists of vectors for every view, arrays of the package that `backend` names."""

import json
import math
import warnings

import numpy as np

from .. import _orbits, _spaces

_BACKEND = [None]


def get_backend():
    """The package that new arrays come from: "numpy", "torch" or "jax"; see `set_backend`."""
    if _BACKEND[0] is None:
        _BACKEND[0] = _spaces.default("DIFFCT_BACKEND")
    return _BACKEND[0]


def set_backend(name):
    """Says where new arrays come from. Before it is said: the environment's DIFFCT_BACKEND, else the
    package that the program has imported already (torch, jax), else numpy."""
    _spaces.named(name)
    _BACKEND[0] = name


def backend_space():
    """Its functions."""
    return _spaces.named(get_backend())


def _angles(n_views, start, end, device=None, dtype=None):
    xp = backend_space()
    phi = _orbits.steps(xp, n_views, start, end, dtype=dtype)
    return phi.to(device) if device is not None and get_backend() == "torch" else phi


def circular_trajectory_3d(n_views, sid, sdd, start_angle=0.0, end_angle=None, device=None,
                           dtype=None):
    """A circle about z: source, detector centre, u, v, each (views, 3); the end angle is left out."""
    end = 2 * math.pi if end_angle is None else end_angle
    return _orbits.circle(_angles(n_views, start_angle, end, device, dtype), sid, sdd)


def random_trajectory_3d(n_views, sid_mean, sdd_mean, sid_std=0.0, pos_std=0.0, angle_std=0.0,
                         device=None, dtype=None, seed=None):
    """A circle with normal errors of the source's distance, of both places, of the detector's angle."""
    phi = _angles(n_views, 0.0, 2 * math.pi, device, dtype)
    if get_backend() == "torch":
        import torch
        generator = None if seed is None else torch.Generator().manual_seed(seed)

        def draw(shape):
            return torch.randn(shape, generator=generator, dtype=phi.dtype)
    else:
        normal = np.random.default_rng(seed).normal

        def draw(shape):
            return _spaces.new(backend_space(), normal(size=shape), phi)
    return _orbits.shaken(phi, sid_mean, sdd_mean, sid_std, pos_std, angle_std, draw)


def spiral_trajectory_3d(n_views, sid, sdd, z_range=100.0, n_turns=2.0, start_angle=0.0, device=None,
                         dtype=None):
    """A helix; z from -z_range / 2 to z_range / 2, both ends included."""
    end = start_angle + 2 * math.pi * n_turns
    return _orbits.spiral(_angles(n_views, start_angle, end, device, dtype), sid, sdd, z_range)


def _turn(n_views, start, device, dtype, turn=2 * math.pi):
    return _angles(n_views, start, start + turn, device, dtype)


def sinusoidal_trajectory_3d(n_views, sid, sdd, amplitude=50.0, frequency=2.0, start_angle=0.0,
                             device=None, dtype=None):
    """The source's distance swings."""
    return _orbits.sinusoidal(_turn(n_views, start_angle, device, dtype), sid, sdd, amplitude,
                              frequency)


def saddle_trajectory_3d(n_views, sid, sdd, z_amplitude=50.0, radial_amplitude=30.0, start_angle=0.0,
                         device=None, dtype=None):
    """Height and distance swing."""
    return _orbits.saddle(_turn(n_views, start_angle, device, dtype), sid, sdd, z_amplitude,
                          radial_amplitude)


def _path(function, phi, sid, axes):
    s = function(phi, sid)
    if tuple(s.shape) != (phi.shape[0], axes):
        raise ValueError("source_path_fn: an array of shape %s is expected, not %s"
                         % ((phi.shape[0], axes), tuple(s.shape)))
    return s


def custom_trajectory_3d(n_views, sid, sdd, source_path_fn, start_angle=0.0, device=None, dtype=None):
    """Any path of the source: source_path_fn(angles, sid) gives (views, 3). The detector's middle
    lies sdd from the source, behind the origin."""
    phi = _turn(n_views, start_angle, device, dtype)
    return _orbits.facing(_path(source_path_fn, phi, sid, 3), sdd, anyway=True)


def circular_trajectory_2d_fan(n_views, sid, sdd, start_angle=0.0, end_angle=None, device=None,
                               dtype=None):
    """A circle, in the plane: source, detector centre, u, each (views, 2)."""
    return _orbits.planar(circular_trajectory_3d(n_views, sid, sdd, start_angle, end_angle, device,
                                                 dtype))


def sinusoidal_trajectory_2d_fan(n_views, sid, sdd, amplitude=50.0, frequency=2.0, start_angle=0.0,
                                 device=None, dtype=None):
    """The source's distance swings, in the plane."""
    return _orbits.planar(sinusoidal_trajectory_3d(n_views, sid, sdd, amplitude, frequency,
                                                   start_angle, device, dtype))


def custom_trajectory_2d_fan(n_views, sid, sdd, source_path_fn, start_angle=0.0, device=None,
                             dtype=None):
    """Any path of the source in the plane: source_path_fn(angles, sid) gives (views, 2)."""
    phi = _turn(n_views, start_angle, device, dtype)
    s = _path(source_path_fn, phi, sid, 2)
    return _orbits.planar(_orbits.facing(_orbits.stack(s[:, 0], s[:, 1], 0.0), sdd, anyway=True))


def circular_trajectory_2d_parallel(n_views, detector_distance=0.0, start_angle=0.0, end_angle=None,
                                    device=None, dtype=None):
    """Half a turn: rays, detector origins, u. detector_distance moves the detector along u."""
    end = math.pi if end_angle is None else end_angle
    return _orbits.parallel(_angles(n_views, start_angle, end, device, dtype), detector_distance)


def sinusoidal_trajectory_2d_parallel(n_views, amplitude=50.0, frequency=2.0, start_angle=0.0,
                                      device=None, dtype=None):
    """Half a turn; the detector swings along u."""
    phi = _turn(n_views, start_angle, device, dtype, math.pi)
    return _orbits.parallel(phi, amplitude * backend_space().sin(frequency * phi))


def custom_trajectory_2d_parallel(n_views, ray_dir_fn, det_origin_fn, start_angle=0.0, device=None,
                                  dtype=None):
    """Rays and detector origins of functions of the angles, each (views, 2); u lies across the ray."""
    phi = _turn(n_views, start_angle, device, dtype, math.pi)
    ray, origin = ray_dir_fn(phi), det_origin_fn(phi)
    for name, part in (("ray_dir_fn", ray), ("det_origin_fn", origin)):
        if tuple(part.shape) != (phi.shape[0], 2):
            raise ValueError("%s: an array of shape %s is expected, not %s"
                             % (name, (phi.shape[0], 2), tuple(part.shape)))
    ray = ray / _orbits.norm(ray)
    return ray, origin, _orbits.stack(-ray[:, 1], ray[:, 0])


def laminography_trajectory_3d(n_views, sid, sdd, tilt_deg=30.0, start_angle=0.0, end_angle=None):
    """A circle at the height sid sin(tilt), looking at the origin; tilt_deg = 0 is a cone scan."""
    end = 2 * math.pi if end_angle is None else end_angle
    return _orbits.laminography(_angles(n_views, start_angle, end), sid, sdd, math.radians(tilt_deg))


# ---- Geometry files ----
_SOURCES = ("src_pos", "source_positions", "source_path", "trajectory.src_pos",
            "trajectory.source_positions_mm")
_CENTERS = ("det_center", "detector_center", "trajectory.det_center", "trajectory.detector_centers_mm")
_DISTANCES = ("sdd", "source.source_to_detector_distance_mm", "source.source_to_detector_distance")


def _axis(letter):
    words = ("det_%s_vec" % letter, "detector_%s_vec" % letter)
    return words + tuple("trajectory." + w for w in words)


def _found(text, names):
    """The first of the names (with dots for what lies inside) that a file has, or None."""
    for name in names:
        at = text
        for word in name.split("."):
            at = at.get(word) if isinstance(at, dict) else None
        if at is not None:
            return at
    return None


def _vectors(values, what):
    v = np.asarray(values, np.float64)
    if v.ndim != 2 or v.shape[1] != 3 or not np.isfinite(v).all():
        raise ValueError("%s: finite numbers of shape (views, 3) are expected, not %s" % (what, v.shape))
    return v


def estimate_cone_isocenter(src_pos, det_center):
    """The point nearest to all lines from source to detector centre (least squares), (3,)."""
    s, d = _spaces.host(src_pos, np.float64), _spaces.host(det_center, np.float64)
    ray = (d - s) / np.linalg.norm(d - s, axis=1, keepdims=True)
    across = np.eye(3) - ray[:, :, None] * ray[:, None, :]
    return np.linalg.lstsq(across.sum(0), (across @ s[:, :, None]).sum(0)[:, 0], rcond=None)[0]


def diagnose_cone_geometry(src_pos, det_center, det_u_vec, det_v_vec):
    """How a scan lies, as a dict of diffct-mlx's names: ranges of distances, the largest cosines between
    the detector's axes and to the central ray, the point nearest to all central rays and how far they
    pass from it."""
    s, d = [_vectors(_spaces.host(p), n) for p, n in ((src_pos, "src_pos"), (det_center, "det_center"))]
    u, v = [_unit(_vectors(_spaces.host(p), n)) for p, n in ((det_u_vec, "det_u_vec"), (det_v_vec, "det_v_vec"))]
    sid, sdd = np.linalg.norm(s, axis=1), np.linalg.norm(d - s, axis=1)
    ray, back = _unit(d - s), -_unit(s)
    middle = estimate_cone_isocenter(s, d)
    off = np.linalg.norm(np.cross(ray, s - middle), axis=1)

    def most(a, b):
        return float(np.abs((a * b).sum(1)).max())

    def mean(a, b):
        return float((a * b).sum(1).mean())
    found = {"n_views": len(s), "sid_min_mm": sid.min(), "sid_max_mm": sid.max(), "sdd_min_mm": sdd.min(),
             "sdd_max_mm": sdd.max(), "det_u_dot_det_v_max_abs": most(u, v),
             "det_u_dot_ray_max_abs": most(u, ray), "det_v_dot_ray_max_abs": most(v, ray),
             "normal_dot_ray_mean": mean(_unit(np.cross(u, v)), ray), "ray_vs_minus_source_mean": mean(ray, back),
             "ray_to_isocenter_max_mm": off.max(), "ray_to_isocenter_mean_mm": off.mean()}
    found.update(("estimated_isocenter_%s_mm" % n, x) for n, x in zip("xyz", middle))
    return {k: v if k == "n_views" else float(v) for k, v in found.items()}


def _unit(v):
    """Vectors of length one; of length zero they stay."""
    return v / np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-12)


def load_arbitrary_cone_geometry_from_json(json_path, *, flip_det_u=False, flip_det_v=False,
                                           warn_on_inconsistency=True,
                                           recenter_to_isocenter=False):
    """Source, detector centre, u, v of a JSON file. Without a detector it is made from the sources
    and the distance "sdd", which is warned of."""
    path = json_path
    with open(path, encoding="utf-8") as f:
        text = json.load(f)
    if not isinstance(text, dict):
        text = {"src_pos": text}
    sources, sdd = _found(text, _SOURCES), _found(text, _DISTANCES)
    if sources is None:
        raise ValueError("%s: source positions are missing (src_pos)" % path)
    s = _vectors(sources, "src_pos")
    parts = [_found(text, names) for names in (_CENTERS, _axis("u"), _axis("v"))]
    if any(p is None for p in parts):
        if sdd is None:
            raise ValueError("%s: neither the detector nor 'sdd' is there" % path)
        if warn_on_inconsistency:
            warnings.warn("%s: the detector is made from the sources and sdd" % path, stacklevel=2)
        s, d, u, v = _orbits.facing(s, float(np.mean(sdd)))
    else:
        d, u, v = [_vectors(p, n) for p, n in zip(parts, ("det_center", "det_u_vec", "det_v_vec"))]
        if not (np.linalg.norm(u, axis=1) > 0).all() or not (np.linalg.norm(v, axis=1) > 0).all():
            raise ValueError("%s: the detector's axes must not be of length 0" % path)
        u, v = _unit(u), _unit(v)
    u, v = (-u if flip_det_u else u), (-v if flip_det_v else v)
    if recenter_to_isocenter:
        middle = estimate_cone_isocenter(s, d)
        s, d = s - middle, d - middle
    if warn_on_inconsistency and sdd is not None:
        found = np.linalg.norm(d - s, axis=1)
        if abs(found.min() - np.min(sdd)) > 1e-3 or abs(found.max() - np.max(sdd)) > 1e-3:
            warnings.warn("%s: the detector lies %g to %g from the source, but sdd is %g to %g"
                          % (path, found.min(), found.max(), np.min(sdd), np.max(sdd)), stacklevel=2)
    return tuple(_spaces.new(backend_space(), part) for part in (s, d, u, v))
