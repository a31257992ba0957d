"""Arrays of other packages on GPUs: looked at where they lie, worked on in their stream.

PyTorch's tensors and CuPy's arrays say device and stream themselves; others by
`__cuda_array_interface__` (version 2 or 3) or DLPack, whose producer makes the data ready on the default
stream. Results are of the caller's kind where the package can make arrays (PyTorch, CuPy), else
`voxgrad.Array`s on the same device, which speak both protocols.
"""

import collections
import sys
import threading

import numpy as np

from . import _devices, _dlpack
from ._calls import make
from ._devices import Array, Device
from ._library import UnsupportedError, check, lib

CUDA, CUDA_MANAGED = 2, 13  # device types of DLPack
_LEGACY = (None, 0, 1)  # numbers of the default stream

Seen = collections.namedtuple("Seen", "address shape strides dtype read_only spec stream keep")
Seen.__doc__ = """An array on a GPU: strides in elements, spec of its device, the stream its data are ready on
(None: the default one), and what keeps it."""


def _module(x):
    return type(x).__module__.partition(".")[0]


def _steps(strides, itemsize, what):
    if any(s % itemsize for s in strides):
        raise ValueError("%s: strides are whole elements" % what)
    return tuple(s // itemsize for s in strides)


def _by_interface(x, what):
    d = x.__cuda_array_interface__
    if d.get("mask") is not None:
        raise TypeError("%s: masked arrays are not taken: fill them" % what)
    dtype = np.dtype(d["typestr"])
    shape, strides = tuple(d["shape"]), d.get("strides")
    if strides is None:
        strides = np.cumprod((dtype.itemsize,) + shape[:0:-1])[::-1] if shape else ()
    address, read_only = d["data"]
    stream = d.get("stream")
    if stream == 0:
        raise ValueError("%s: __cuda_array_interface__ names stream 0, which may be several" % what)
    _, ordinal = x.__dlpack_device__() if hasattr(x, "__dlpack_device__") else (CUDA, 0)
    if _module(x) == "cupy":
        stream = sys.modules["cupy"].cuda.get_current_stream().ptr
    return Seen(address or 0, shape, _steps(strides, dtype.itemsize, what), dtype, bool(read_only),
                "cuda:%d" % ordinal, stream, x)


def _by_dlpack(x, what):
    seen = _dlpack.read(x, what, stream=1)
    return Seen(seen.address, seen.shape, seen.strides, seen.dtype, seen.read_only,
                "cuda:%d" % seen.ordinal, None, seen.keep)


def _tensor(x):
    torch = sys.modules["torch"]
    index = x.device.index or 0
    dtype = np.dtype(str(x.dtype).partition(".")[2])
    return Seen(x.data_ptr(), tuple(x.shape), tuple(x.stride()), dtype, False, "cuda:%d" % index,
                torch.cuda.current_stream(x.device).cuda_stream, x)


def look(x, what="array"):
    """A Seen of an array on a GPU, None: it is none."""
    if isinstance(x, (np.ndarray, Array)):
        return None
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(x, getattr(torch, "Tensor", ())):
        return _tensor(x) if x.device.type == "cuda" else None
    if hasattr(x, "__cuda_array_interface__"):
        return _by_interface(x, what)
    if hasattr(x, "__dlpack_device__"):
        kind, _ = x.__dlpack_device__()
        if kind in (CUDA, CUDA_MANAGED):
            return _by_dlpack(x, what)
    return None


def operand(seen, device, what, write=False):
    """(vxg_array, what keeps it)."""
    if write and seen.read_only:
        raise ValueError("%s is read-only" % what)
    if len(seen.shape) > _devices.MAX_DIMS:
        raise ValueError("%s has %d axes, at most %d are possible"
                         % (what, len(seen.shape), _devices.MAX_DIMS))
    if any(s < 0 for s in seen.strides):
        raise UnsupportedError("%s: negative strides are not taken on GPUs" % what)
    a = lib.structs["vxg_array"]()
    a.dtype, a.ndim = _devices.dtype_number(seen.dtype, what), len(seen.shape)
    count = 1 if seen.address else 0
    for i, (n, s) in enumerate(zip(seen.shape, seen.strides)):
        a.shape[i], a.stride[i] = n, s
        count = 0 if n == 0 else count + (n - 1) * s if count else 0
    buffer = make(lib.vxg_buffer_wrap, device, seen.address, count * seen.dtype.itemsize,
                  1 if seen.read_only else 0, None, None, release=lib.vxg_buffer_release)
    a.buffer = buffer.address
    return a, (seen.keep, buffer)


class _Queues(threading.local):
    """The queues over the streams that were used last."""

    most = 4

    def __init__(self):
        self.kept = collections.OrderedDict()

    def get(self, device, stream):
        key = device, None if stream in _LEGACY else stream
        found = self.kept.get(key)
        if found is None:
            found = self.kept[key] = make(lib.vxg_queue_wrap, device, key[1], 0,
                                          release=lib.vxg_queue_free)
            if len(self.kept) > self.most:
                self.kept.popitem(last=False)
        self.kept.move_to_end(key)
        return found


_queues = _Queues()


def meet(device, arrays, out=None):
    """(queue over the stream of the first array of another package, whether `out` belongs to another
    stream, which must see it finished), (None, False): there is none. Waits for what other arrays'
    streams are at."""
    if device.is_host:
        return None, False
    found, late = None, False
    for x in tuple(arrays) + (out,):
        seen = None if x is None or isinstance(x, Array) else look(x)
        if seen is None:
            continue
        own = _queues.get(device, seen.stream)
        if found is None:
            found = own
        elif own is not found:
            check(lib.vxg_queue_sync(own))
            late = late or x is out
    return found, late


def settle(device, arrays):
    """Waits for what arrays of other packages are still being filled by."""
    if not device.is_host:
        queue, _ = meet(device, arrays)
        if queue is not None:
            check(lib.vxg_queue_sync(queue))


def like(x, shape, dtype):
    """A new array of the package of x where that can make some, else None."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(x, getattr(torch, "Tensor", ())):
        return torch.empty(shape, dtype=getattr(torch, dtype.name), device=x.device)
    if _module(x) == "cupy":
        with x.device:
            return sys.modules["cupy"].empty(shape, dtype)
    return None


__all__ = ["like", "look", "meet", "operand"]
