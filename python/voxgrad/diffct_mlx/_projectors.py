"""Projectors in diffct-mlx's conventions: values in voxels (a length is value times voxel_spacing),
detector sample k of n at (k - n / 2) pitch, whole lines through the volume.

The geometry is given to the library in units of a voxel, its detector half a pixel back: all the rest
is this library's own projectors, adjoints and derivatives.
"""

import collections
import threading
import warnings

import numpy as np

from .. import _arrays, _spaces, ct

_AXES = {"cone": 3, "fan": 2, "parallel": 2}
_KEPT = 4  # operators that are kept: making one costs a tenth of a millisecond


def _pitches(beam, pitch):
    both = list(pitch) if hasattr(pitch, "__len__") else [pitch]
    if any(not p > 0 for p in both):
        raise ValueError("the detector's spacing must be above 0, not %r" % (pitch,))
    return both if beam == "cone" else both + [1.0]


def vectors(xp, beam, frames, pitch, voxel):
    """(views, 4, 3) of this library, in voxels, of the package xp: source or ray, detector centre,
    steps along u and v."""
    if not voxel > 0:
        raise ValueError("voxel_spacing must be above 0, not %r" % (voxel,))
    count = 4 if beam == "cone" else 3
    if len(frames) != count:
        raise ValueError("%s beam: %d arrays of vectors are expected, not %d"
                         % (beam, count, len(frames)))
    axes = _AXES[beam]
    views = len(frames[0])
    for part in frames:
        if tuple(part.shape) != (views, axes):
            raise ValueError("%s beam: vectors of shape %s are expected, not %s"
                             % (beam, (views, axes), tuple(part.shape)))
    du, dv = _pitches(beam, pitch)
    parts = list(frames)
    if axes == 2:
        parts = [_spaces.pad(p, 1, 0, 1) for p in parts]
        v = xp.zeros_like(parts[0]) + _spaces.new(xp, [0.0, 0.0, 1.0], parts[0])
        parts.append(v * voxel)  # one slice, whatever its height
    else:
        parts[3] = parts[3] * dv
    parts[2] = parts[2] * du
    back = parts[2] / 2 if axes == 2 else (parts[2] + parts[3]) / 2
    parts[1] = parts[1] - back
    first = parts[0] if beam == "parallel" else parts[0] / voxel  # a direction has no length
    return xp.stack([first] + [p / voxel for p in parts[1:]], 1)


class _Kept:
    """The operators that were used last."""

    def __init__(self):
        self.lock, self.rows = threading.Lock(), collections.OrderedDict()

    def get(self, beam, model, numbers, bins, shape):
        key = (beam, model, numbers.tobytes(), bins, shape)
        with self.lock:
            found = self.rows.get(key)
            if found is None:
                found = self.rows[key] = transform(beam, model, numbers, bins, shape)
                if len(self.rows) > _KEPT:
                    self.rows.popitem(last=False)
            self.rows.move_to_end(key)
        return found


_kept = _Kept()


def geometry(beam, numbers, bins):
    """A Geometry of vectors (views, 4, 3) in voxels; bins: (u, v) or (u,)."""
    rows = bins[1] if len(bins) == 2 else 1
    kind = "parallel" if beam == "parallel" else "cone"
    return ct.Geometry.from_vectors(kind, numbers, rows, bins[0])


def grid(shape):
    """The Volume of an image or volume of unit voxels."""
    return ct.Volume(((1,) if len(shape) == 2 else ()) + tuple(shape), 1.0)


_LEAN = 1e-3  # rad off z, up to which the library has footprints


def transform(beam, model, numbers, bins, shape):
    """An XrayTransform with rows before columns."""
    v = numbers[:, 3]
    if model == "footprint" and (np.abs(v[:, :2]).max(1) > _LEAN * np.abs(v[:, 2])).any():
        warnings.warn("footprints are there for detectors whose v lies along z; rays that are "
                      "interpolated (Joseph) are taken instead", stacklevel=6)
        model = "joseph"
    return ct.XrayTransform(geometry(beam, numbers, bins), grid(shape), model,
                            planar=len(bins) == 1)


def _moved(parts):
    return any(getattr(p, "requires_grad", False) for p in parts)


def _numbers(beam, frames, pitch, voxel):
    host = [_spaces.host(p, np.float64) for p in frames]
    return np.ascontiguousarray(vectors(np, beam, host, pitch, voxel))


def _sizes(words, values):
    for word, value in zip(words.split(), values):
        if isinstance(value, bool) or int(value) != value or value < 1:
            raise ValueError("%s: a whole number above 0 is expected, not %r" % (word, value))
    return tuple(int(v) for v in values)


def _array(x, axes, what):
    """An array of float32 or float64 with at least so many axes; lists become float32."""
    if not (_arrays.is_tensor(x) or _arrays.is_jax(x)):
        x = np.asarray(x)
        if x.dtype not in (np.float32, np.float64):
            x = x.astype(np.float32)
    if x.ndim < axes:
        raise ValueError("%s: %d axes are expected, not shape %s" % (what, axes, tuple(x.shape)))
    return x


def forward(beam, model, x, frames, bins, pitch, voxel, numbers=None):
    """Projections (..., views, u[, v]) of x. numbers: what `_numbers` makes of the frames."""
    axes = _AXES[beam]
    x = _array(x, axes, "image" if axes == 2 else "volume")
    bins = _sizes("det_u det_v" if axes == 3 else "num_detectors", bins)
    shape = tuple(x.shape[-axes:])
    numbers = _numbers(beam, frames, pitch, voxel) if numbers is None else numbers
    A = _kept.get(beam, model, numbers, bins, shape)
    if _moved(frames):
        y = _with_geometry("project", A, beam, x, frames, pitch, voxel)
    else:
        y = A(x)
    return _spaces.swap(y, -1, -2) if axes == 3 else y


def _with_geometry(way, A, beam, x, frames, pitch, voxel):
    """A x or A' x of tensors, with derivatives by the vectors too: those of the interpolated volume
    (Joseph's). Cells have steps at their faces, whose exact derivative says little about where rays
    should go."""
    from .. import _torch_moving
    import torch
    x = x if isinstance(x, torch.Tensor) else torch.as_tensor(x)
    frames = [torch.as_tensor(p, dtype=torch.float64) for p in frames]
    moving = ct.GeometryTransform(A.geometry, A.volume, planar=len(A.range_shape) == 2)
    return getattr(_torch_moving, way)(x, vectors(torch, beam, frames, pitch, voxel), A, moving)


def backward(beam, model, y, frames, shape, pitch, voxel, numbers=None):
    """The exact adjoint of `forward`."""
    axes = _AXES[beam]
    y = _array(y, axes, "sinogram")
    shape = _sizes("D H W" if axes == 3 else "H W", shape)
    if y.shape[-axes] != len(frames[0]):
        raise ValueError("sinogram: %d views are expected, not shape %s" % (len(frames[0]),
                                                                             tuple(y.shape)))
    bins = tuple(y.shape[1 - axes:])
    numbers = _numbers(beam, frames, pitch, voxel) if numbers is None else numbers
    A = _kept.get(beam, model, numbers, bins, shape)
    y = _spaces.swap(y, -1, -2) if axes == 3 else y
    if _moved(frames):
        return _with_geometry("backproject", A, beam, y, frames, pitch, voxel)
    return A.T(y)


# ---- The functions ----
def parallel_forward(image, ray_dir, det_origin, det_u_vec, num_detectors=128, detector_spacing=1.0,
                     voxel_spacing=1.0):
    """Sinogram (views, num_detectors) of an image (H, W), in voxels."""
    return forward("parallel", "siddon", image, (ray_dir, det_origin, det_u_vec), (num_detectors,),
                   detector_spacing, voxel_spacing)


def parallel_backward(sinogram, ray_dir, det_origin, det_u_vec, detector_spacing=1.0, H=128, W=128,
                      voxel_spacing=1.0):
    """Its exact adjoint: an image (H, W)."""
    return backward("parallel", "siddon", sinogram, (ray_dir, det_origin, det_u_vec), (H, W),
                    detector_spacing, voxel_spacing)


def fan_forward(image, src_pos, det_center, det_u_vec, num_detectors=128, detector_spacing=1.0,
                voxel_spacing=1.0):
    """Sinogram (views, num_detectors) of an image (H, W), in voxels."""
    return forward("fan", "siddon", image, (src_pos, det_center, det_u_vec), (num_detectors,),
                   detector_spacing, voxel_spacing)


def fan_backward(sinogram, src_pos, det_center, det_u_vec, detector_spacing=1.0, H=128, W=128,
                 voxel_spacing=1.0):
    """Its exact adjoint: an image (H, W)."""
    return backward("fan", "siddon", sinogram, (src_pos, det_center, det_u_vec), (H, W),
                    detector_spacing, voxel_spacing)


def cone_forward(volume, src_pos, det_center, det_u_vec, det_v_vec, det_u=128, det_v=128, du=1.0,
                 dv=1.0, voxel_spacing=1.0):
    """Projections (views, det_u, det_v) of a volume (D, H, W), in voxels."""
    return forward("cone", "siddon", volume, (src_pos, det_center, det_u_vec, det_v_vec),
                   (det_u, det_v), (du, dv), voxel_spacing)


def cone_backward(sinogram, src_pos, det_center, det_u_vec, det_v_vec, D=128, H=128, W=128, du=1.0,
                  dv=1.0, voxel_spacing=1.0):
    """Its exact adjoint: a volume (D, H, W)."""
    return backward("cone", "siddon", sinogram, (src_pos, det_center, det_u_vec, det_v_vec),
                    (D, H, W), (du, dv), voxel_spacing)


def parallel_forward_footprint(image, ray_dir, det_origin, det_u_vec, num_detectors=128,
                               detector_spacing=1.0, voxel_spacing=1.0):
    """The same by separable footprints: means over pixels."""
    return forward("parallel", "footprint", image, (ray_dir, det_origin, det_u_vec),
                   (num_detectors,), detector_spacing, voxel_spacing)


def parallel_backward_footprint(sinogram, ray_dir, det_origin, det_u_vec, detector_spacing=1.0,
                                H=128, W=128, voxel_spacing=1.0):
    """Its exact adjoint."""
    return backward("parallel", "footprint", sinogram, (ray_dir, det_origin, det_u_vec), (H, W),
                    detector_spacing, voxel_spacing)


def fan_forward_footprint(image, src_pos, det_center, det_u_vec, num_detectors=128,
                          detector_spacing=1.0, voxel_spacing=1.0):
    """The same by separable footprints: means over pixels."""
    return forward("fan", "footprint", image, (src_pos, det_center, det_u_vec), (num_detectors,),
                   detector_spacing, voxel_spacing)


def fan_backward_footprint(sinogram, src_pos, det_center, det_u_vec, detector_spacing=1.0, H=128,
                           W=128, voxel_spacing=1.0):
    """Its exact adjoint."""
    return backward("fan", "footprint", sinogram, (src_pos, det_center, det_u_vec), (H, W),
                    detector_spacing, voxel_spacing)


def cone_forward_footprint(volume, src_pos, det_center, det_u_vec, det_v_vec, det_u=128, det_v=128,
                           du=1.0, dv=1.0, voxel_spacing=1.0):
    """The same by separable footprints: means over pixels."""
    return forward("cone", "footprint", volume, (src_pos, det_center, det_u_vec, det_v_vec),
                   (det_u, det_v), (du, dv), voxel_spacing)


def cone_backward_footprint(sinogram, src_pos, det_center, det_u_vec, det_v_vec, D=128, H=128,
                            W=128, du=1.0, dv=1.0, voxel_spacing=1.0, indices=None):
    """Its exact adjoint; indices: voxels by their places in the flat volume, which gives a vector."""
    x = backward("cone", "footprint", sinogram, (src_pos, det_center, det_u_vec, det_v_vec),
                 (D, H, W), (du, dv), voxel_spacing)
    return x if indices is None else _spaces.take(x.reshape(-1), indices)
