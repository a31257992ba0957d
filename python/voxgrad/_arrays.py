"""Arrays of other packages at the border: looked at without a copy, results in the caller's type.

NumPy arrays and whatever speaks DLPack (PyTorch, JAX, CuPy...) are wrapped where they lie. An
operator runs where its arrays are: nothing is moved between devices unless somebody says so
(`Device.array`, `Array.numpy`).
"""

import collections
import ctypes
import sys
import threading

import numpy as np

from . import _devices, _dlpack, _foreign
from ._devices import Array, Device, dtype_number
from ._calls import make
from ._library import Handle, UnsupportedError, check, lib

_array = lib.structs["vxg_array"]
_byref = ctypes.byref


def _host_view(x, what):
    """A NumPy array on the memory of an object with `__dlpack__`, which keeps it."""
    kind, number = x.__dlpack_device__()
    if kind != _dlpack.HOST:
        raise UnsupportedError("%s: arrays on device type %d of DLPack are not taken" % (what, kind))
    seen = _dlpack.read(x, what)
    item = seen.dtype.itemsize
    return np.asarray(_Interface({
        "version": 3, "shape": seen.shape, "typestr": seen.dtype.str,
        "data": (seen.address, seen.read_only), "strides": tuple(s * item for s in seen.strides)}, seen.keep))


class _Interface:
    def __init__(self, interface, keep):
        self.__array_interface__, self._keep = interface, keep


# ---- Wrapped memory ----
class _Wraps(threading.local):
    """Buffers over memory of the host, kept by address and size: wrapping an array again asks for
    no memory. They own nothing; one over memory that is gone is never used."""

    most = 64

    def __init__(self):
        self.kept = collections.OrderedDict()

    def get(self, device, address, nbytes):
        key = (device, address, nbytes)
        found = self.kept.get(key)
        if found is None:
            found = self.kept[key] = make(lib.vxg_buffer_wrap, device, address, nbytes, 0, None,
                                          None, release=lib.vxg_buffer_release)
            if len(self.kept) > self.most:
                self.kept.popitem(last=False)
        else:
            self.kept.move_to_end(key)
        return found


_wraps = _Wraps()


class Operand:
    """An array as the library sees it: `struct`, with what it needs kept beside it."""

    __slots__ = ("struct", "keep", "shape", "dtype")

    def __init__(self, struct, keep, shape, dtype):
        self.struct, self.keep, self.shape, self.dtype = struct, keep, shape, dtype


def _operand(x, device, address, shape, strides, dtype):
    """An Operand over memory of the host; strides in elements, x keeps it."""
    a, item = _array(), dtype.itemsize
    a.dtype, a.ndim = dtype_number(dtype), len(shape)
    low = high = 0
    size = 1
    for i, n in enumerate(shape):
        a.shape[i], a.stride[i] = n, strides[i]
        size *= n
        reach = (n - 1) * strides[i]
        if reach < 0:
            low += reach
        else:
            high += reach
    count = high - low + 1 if size else 0
    buffer = _wraps.get(device, address + low * item, count * item)
    a.buffer, a.offset = buffer.address, -low
    return Operand(a, (x, buffer), shape, dtype)


def _wrap(x, device):
    """An Operand over a NumPy array whose strides are whole elements."""
    item = x.dtype.itemsize
    return _operand(x, device, x.__array_interface__["data"][0], x.shape,
                    [s // item for s in x.strides], x.dtype)


# ---- PyTorch's tensors, without its slower protocols ----
_torch_dtypes = {}


def is_tensor(x):
    """Whether x is a tensor of PyTorch."""
    kind = getattr(sys.modules.get("torch"), "Tensor", None)
    return kind is not None and isinstance(x, kind)


def is_jax(x):
    """Whether x is an array of JAX, traced or not."""
    kind = getattr(sys.modules.get("jax"), "Array", None)
    return kind is not None and isinstance(x, kind)


def _tensor_dtype(x, what):
    found = _torch_dtypes.get(x.dtype)
    if found is None:
        name = str(x.dtype).partition(".")[2]
        try:
            found = _torch_dtypes[x.dtype] = np.dtype(name)
        except TypeError:
            raise TypeError("%s: elements of type %s are not supported" % (what, x.dtype)) from None
    return found


def _tensor(x, device, what):
    """An Operand over a tensor of the cpu."""
    if x.device.type != "cpu" or x.layout is not sys.modules["torch"].strided:
        raise UnsupportedError("%s: tensors on %s, %s, are not taken; dense ones on the cpu or cuda are"
                               % (what, x.device, x.layout))
    if x.is_conj() or x.is_neg():  # a view that is not what lies in memory
        x = x.resolve_conj().resolve_neg()
    return _operand(x, device, x.data_ptr(), tuple(x.shape), x.stride(), _tensor_dtype(x, what))


def dtype_of(x, what):
    """The NumPy dtype of an array's elements."""
    if isinstance(x, (np.ndarray, Array)):
        return x.dtype
    if is_tensor(x):
        return _tensor_dtype(x, what)
    seen = _foreign.look(x, what)
    return as_host(x, what).dtype if seen is None else seen.dtype


def _fits(x):
    """Whether the library can look at a NumPy array as it lies."""
    item = x.dtype.itemsize
    return (x.flags.aligned and x.dtype.isnative and x.ndim <= _devices.MAX_DIMS
            and all(s % item == 0 for s in x.strides))


def as_host(x, what):
    """A NumPy array on the caller's memory; TypeError where there is none."""
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError("%s: masked arrays are not taken: fill them" % what)
    if isinstance(x, np.ndarray):
        return x
    seen = _foreign.look(x, what)
    if seen is not None:
        raise ValueError("%s is on %s, not on the host" % (what, seen.spec))
    if hasattr(x, "__dlpack__"):
        return _host_view(x.detach() if hasattr(x, "detach") else x, what)
    if hasattr(x, "__array_interface__"):
        return np.asarray(x)
    raise TypeError("%s: an array is expected, not %s" % (what, type(x).__name__))


def device_of(x):
    """The device an array lies on."""
    if isinstance(x, np.ndarray):
        return Device("cpu")
    if isinstance(x, Array):
        return x.device
    seen = _foreign.look(x)
    return Device("cpu" if seen is None else seen.spec)


def _on_gpu(x, device, what, write=False):
    """An Operand over another package's array on this GPU."""
    seen = _foreign.look(x, what)
    if seen is None:
        raise ValueError("%s is on the host, the operator on %s: move it with Device('%s').array"
                         % (what, device.spec, device.spec))
    if Device(seen.spec) is not device:
        raise ValueError("%s is on %s, the operator on %s" % (what, seen.spec, device.spec))
    struct, keep = _foreign.operand(seen, device, what, write)
    return Operand(struct, keep, seen.shape, seen.dtype)


def read(x, device, what):
    """An array to be read. What the library cannot look at as it lies is copied."""
    if isinstance(x, Array):
        if x.device is not device:
            raise ValueError("%s is on %s, the operator on %s: move it with Device('%s').array"
                             % (what, x.device.spec, device.spec, device.spec))
        return Operand(x._struct, x, x.shape, x.dtype)
    if not device.is_host:
        return _on_gpu(x, device, what)
    if getattr(x, "ndim", 0) > _devices.MAX_DIMS:
        raise ValueError("%s has %d axes, at most %d are possible"
                         % (what, x.ndim, _devices.MAX_DIMS))
    if is_tensor(x):
        return _tensor(x, device, what)
    x = as_host(x, what)
    if not _fits(x):
        x = np.array(x, dtype=x.dtype.newbyteorder("="), order="C")
    return _wrap(x, device)


def write(x, device, shape, dtype, what="out"):
    """An array of the caller's to be written: of this shape and type, where it lies."""
    if isinstance(x, Array):
        operand = read(x, device, what)
    elif not device.is_host:
        return _expected(x, _on_gpu(x, device, what, True), shape, dtype, what)
    else:
        if is_jax(x):
            raise ValueError("%s: arrays of JAX are not written" % what)
        if is_tensor(x):
            if x.is_conj() or x.is_neg():
                raise ValueError("%s is a conjugate or negative view, which is not written" % what)
            return _expected(x, _tensor(x, device, what), shape, dtype, what)
        x = as_host(x, what)
        if not x.flags.writeable:
            raise ValueError("%s is read-only" % what)
        if not _fits(x):
            raise ValueError("%s: elements must be aligned, in this machine's byte order, and "
                             "strides whole elements" % what)
        operand = _wrap(x, device) if x.dtype == dtype and x.shape == shape else None
    return _expected(x, operand, shape, dtype, what)


def _expected(x, operand, shape, dtype, what):
    if operand is None or operand.shape != shape or operand.dtype != dtype:
        given = operand or x
        raise ValueError("%s: an array of shape %s and type %s is expected, not %s and %s"
                         % (what, shape, dtype, tuple(given.shape), given.dtype))
    return operand


def like(x, shape, dtype, device):
    """A new array of the kind of x: (what the caller gets, an Operand)."""
    if isinstance(x, Array) or not device.is_host:
        made = None if isinstance(x, Array) else _foreign.like(x, shape, dtype)
        if made is not None:
            return made, _on_gpu(made, device, "result")
        made = Array(device, shape, dtype)
        return made, Operand(made._struct, made, made.shape, made.dtype)
    if is_tensor(x):
        torch = sys.modules["torch"]
        made = torch.empty(shape, dtype=getattr(torch, dtype.name))
        return made, _tensor(made, device, "result")
    made = np.empty(shape, dtype)
    operand = _wrap(made, device)
    if is_jax(x):
        return sys.modules["jax"].numpy.asarray, operand
    return made, operand


def finish(made, operand):
    """What `like` promised, once it is written."""
    return made(operand.keep[0]) if callable(made) else made


def about_to_write(out, inputs):
    """What PyTorch asks of an operation with out=: no gradients."""
    if not is_tensor(out):
        return
    if sys.modules["torch"].is_grad_enabled() and any(
            getattr(x, "requires_grad", False) for x in (out,) + tuple(inputs)):
        raise ValueError("out= and tensors that require a gradient do not go together; leave out= "
                         "out, or use torch.no_grad()")


def written(out):
    """Tells autograd that a tensor is another now."""
    if is_tensor(out) and out.ndim:
        torch = sys.modules["torch"]
        with torch.no_grad():
            out[..., :0].zero_()


def view(struct, keep=None, read_only=False):
    """A NumPy array on a vxg_array of the cpu, for callbacks."""
    dtype = _devices.numpy_dtype(struct.dtype)
    n = struct.ndim
    address = (lib.vxg_buffer_host(struct.buffer) or 0) + struct.offset * dtype.itemsize
    interface = {"version": 3, "shape": tuple(struct.shape[:n]), "typestr": dtype.str,
                 "data": (address, read_only),
                 "strides": tuple(s * dtype.itemsize for s in struct.stride[:n])}
    return np.asarray(_Interface(interface, keep))


__all__ = ["Handle", "Operand", "as_host", "check", "device_of", "finish", "like", "read", "view",
           "write"]
