"""Images at the border: arrays (i, j, k, numbers) in nibabel's order of axes, and the library's (numbers, k, j, i).

In memory the two are the same where i is contiguous, as in what nibabel and `voxgrad.io.read_image` give: such arrays of
float32 and float64 are looked at where they lie. Others are copied into that order.
"""

import operator
import os

import numpy as np

from . import _arrays
from ._devices import Array, Device
from ._library import ArgumentError, InputError, UnsupportedError, lib

_EXACT = (np.dtype(np.float32), np.dtype(np.float64))


def is_image(x):
    """Whether x is an image of nibabel's or of voxgrad.io: numbers with an affine."""
    return hasattr(x, "affine") and (hasattr(x, "dataobj") or hasattr(x, "data"))


def kind_of(dtype, what):
    """The arithmetic that numbers of a storage type are worked on in: their own, float32 for integers and halves that it
    holds exactly, else float64."""
    if dtype in _EXACT:
        return dtype
    if dtype == bool or dtype.kind in "iu" or dtype == np.float16:
        return np.dtype(np.float32 if dtype.itemsize <= 2 else np.float64)
    raise TypeError("%s: real numbers are expected, not elements of type %s" % (what, dtype))


def _values(x, what):
    """(a NumPy array in its own type, the type that it is to become)."""
    if is_image(x):
        source = x.dataobj if hasattr(x, "dataobj") else x.data
        stored = np.dtype(getattr(source, "dtype", np.float64))  # in the file, before its slope
        return source, kind_of(stored.newbyteorder("="), what)
    if getattr(x, "requires_grad", False):
        raise UnsupportedError("%s: a tensor that requires a gradient: there is none here; x.detach()" % what)
    if isinstance(x, Array) and not x.device.is_host:
        raise ArgumentError("%s is on %s: an array of the host is expected, and device= moves it" % (what, x.device.spec))
    if isinstance(x, (list, tuple)):
        x = np.asarray(x)
    found = np.asarray(x) if isinstance(x, Array) else _arrays.as_host(x, what)
    return found, kind_of(found.dtype.newbyteorder("="), what)


def numbers(x, what, ndim=None):
    """The numbers of an image or array, float32 or float64; ndim: how many axes are expected."""
    source, kind = _values(x, what)
    out = np.asarray(source, dtype=kind)
    if ndim is not None and out.ndim != ndim:
        raise ArgumentError("%s: %d axes are expected, not shape %s" % (what, ndim, out.shape))
    return out


def finite(laid, shape, what, mask=None):
    """Refuses numbers (rows, voxels) that are not finite, by the voxel; mask: where they are looked at; both in the
    library's order."""
    bad = np.zeros(laid.shape[1], bool)
    for row in laid:
        bad |= ~np.isfinite(row)
    if mask is not None:
        bad &= mask
    if bad.any():
        first = tuple(int(i) for i in np.unravel_index(np.argmax(bad), shape, order="F"))
        raise InputError("%s: %d voxels hold numbers that are not finite, the first is %s%s" % (
            what, np.count_nonzero(bad), first, "; a mask leaves them out" if mask is None else ""))


def mask_of(mask, shape, what="mask"):
    """A boolean array of that shape, None: all; what is not 0 belongs to it."""
    if mask is None:
        return None
    given = np.asarray(mask.dataobj if hasattr(mask, "dataobj") else mask.data) if is_image(mask) \
        else _arrays.as_host(np.asarray(mask) if isinstance(mask, (list, tuple, Array)) else mask, what)
    if given.dtype.kind not in "biuf":
        raise TypeError("%s: booleans or numbers are expected, not elements of type %s" % (what, given.dtype))
    if given.shape == tuple(shape) + (1,):  # files of one volume
        given = given[..., 0]
    if given.shape != tuple(shape):
        raise ArgumentError("%s: shape %s is expected, that of the voxels, not %s" % (what, tuple(shape), given.shape))
    if given.dtype.kind == "f" and not np.isfinite(given).all():
        raise InputError("%s: it holds numbers that are not finite" % what)
    return given != 0


def same_grid(image, other, what):
    """Refuses an image whose affine is another than that of `other`, where both are images."""
    if is_image(image) and is_image(other):
        a, b = affine_of(image, what), affine_of(other, what)
        if np.abs(a - b).max() > 1e-3 * max(1.0, np.abs(b).max()):
            raise ArgumentError("%s: its affine is not that of the series" % what)


def affine_of(x, what="affine"):
    """Rows of 4 (12 numbers) of an affine (4, 4) or (3, 4), or of an image's."""
    given = x.affine if is_image(x) else x
    if given is None:
        raise ArgumentError("%s: a matrix (4, 4), or an image that has one, is expected" % what)
    a = np.asarray(given)
    if a.dtype.kind not in "iuf":
        raise TypeError("%s: a matrix (4, 4) or an image is expected, not %s" % (what, type(given).__name__))
    a = a.astype(np.float64)
    if a.shape not in ((4, 4), (3, 4)):
        raise ArgumentError("%s: a matrix (4, 4) is expected, not shape %s" % (what, a.shape))
    if not np.isfinite(a).all():
        raise ArgumentError("%s: it holds numbers that are not finite" % what)
    if a.shape == (4, 4) and np.abs(a[3] - (0, 0, 0, 1)).max() > 1e-6:
        raise ArgumentError("%s: its last row is %s, not 0 0 0 1" % (what, a[3]))
    return np.ascontiguousarray(a[:3]).reshape(12)


def matrix(rows):
    """The (4, 4) of 12 numbers."""
    out = np.eye(4)
    out[:3] = np.reshape(list(rows), (3, 4))
    return out


def put(values, device, what):
    """An Operand over a NumPy array in C order, on the cpu where it lies, else a copy on the device."""
    return _arrays.read(values if device.is_host else device.array(values), device, what)


class Voxels:
    """A series (i, j, k..., numbers) as the library sees it, (numbers, voxels): `struct`, and rooms for results."""

    def __init__(self, x, what, mask=None, device=None):
        values = numbers(x, what)
        if values.ndim < 2:
            raise ArgumentError("%s: axes (i, j, k, numbers) are expected, not shape %s" % (what, values.shape))
        if not values.size:
            raise ArgumentError("%s: it is empty, shape %s" % (what, values.shape))
        self.model, self.shape, self.rows = x, values.shape[:-1], values.shape[-1]
        self.dtype, self.device = values.dtype, Device("cpu" if device is None else device)
        same_grid(mask, x, "mask")
        mask = mask_of(mask, self.shape)
        inside = None if mask is None else mask.T.ravel()
        laid = np.ascontiguousarray(values.T).reshape(self.rows, -1)
        finite(laid, self.shape, what, inside)
        self.operand = put(laid, self.device, what)
        self.list = None if mask is None else put(np.flatnonzero(inside).astype(np.uint32), self.device, "mask")
        self.struct = self.operand.struct

    def room(self, *rows):
        """An Operand for results of that many rows."""
        shape = (int(np.prod(rows)), int(np.prod(self.shape)))
        if self.device.is_host:
            return _arrays.read(np.empty(shape, self.dtype), self.device, "result")
        made = Array(self.device, shape, self.dtype)
        return _arrays.read(made, self.device, "result")

    def result(self, operand, *rows):
        """What stands in it, (i, j, k..., rows...), of the kind of the series."""
        kept = operand.keep
        out = kept.numpy() if isinstance(kept, Array) else kept[0]
        out = out.reshape(tuple(rows) + self.shape[::-1])
        order = tuple(range(out.ndim - 1, len(rows) - 1, -1)) + tuple(range(len(rows)))
        return like(out.transpose(order), self.model)


def like(out, model):
    """An array of the kind of the model where that is PyTorch's or JAX's."""
    if _arrays.is_tensor(model):
        import torch
        return torch.from_numpy(out)
    if _arrays.is_jax(model):
        import jax
        return jax.numpy.asarray(out)
    return out


def real(value, what):
    """A finite number."""
    if isinstance(value, (bool, str)) or np.ma.is_masked(value) or np.ndim(value) or not np.isreal(value):
        raise TypeError("%s: a number is expected, not %r" % (what, value))
    try:
        found = float(value)
    except (TypeError, ValueError):
        raise TypeError("%s: a number is expected, not %r" % (what, value)) from None
    if not np.isfinite(found):
        raise ArgumentError("%s: a finite number is expected, not %r" % (what, value))
    return found


def whole(value, what, least=None, most=None):
    """A whole number."""
    if isinstance(value, (bool, str)) or not hasattr(value, "__index__"):
        raise TypeError("%s: a whole number is expected, not %r" % (what, value))
    found = operator.index(value)
    if least is not None and found < least or most is not None and found > most:
        raise ArgumentError("%s: a number from %s to %s is expected, not %d" % (what, least, most, found))
    return found


def is_path(x):
    """Whether x names a file."""
    return isinstance(x, (str, os.PathLike))


__all__ = ["Voxels", "affine_of", "finite", "is_image", "is_path", "lib", "like", "mask_of", "matrix", "numbers", "put"]
