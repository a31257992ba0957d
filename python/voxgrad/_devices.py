"""Devices, and arrays that live on them."""

from __future__ import annotations

import ctypes
import threading

import numpy as np

from . import _dlpack
from ._calls import make
from ._library import ArgumentError, Handle, check, lib

_DTYPES = {
    np.dtype(name): lib.enums["vxg_dtype"]["VXG_" + short]
    for name, short in (
        ("float32", "F32"), ("float64", "F64"), ("int8", "I8"), ("uint8", "U8"), ("int16", "I16"),
        ("uint16", "U16"), ("int32", "I32"), ("uint32", "U32"), ("int64", "I64"),
        ("uint64", "U64"), ("float16", "F16"), ("complex64", "C64"), ("complex128", "C128"))
}
_NUMPY = {number: dtype for dtype, number in _DTYPES.items()}
MAX_DIMS = 6


def dtype_number(dtype, what="array"):
    """vxg_dtype of a NumPy dtype."""
    try:
        return _DTYPES[dtype]
    except KeyError:
        raise TypeError("%s: elements of type %s are not supported" % (what, dtype)) from None


def numpy_dtype(number):
    """The NumPy dtype of a vxg_dtype."""
    return _NUMPY[number]


class Device:
    """Where arrays live and kernels run: "cpu", "opencl:0", "cuda:0"; "auto" is the best GPU, else
    the cpu. One object for a device, however often it is opened; shared between threads."""

    _open = {}
    _lock = threading.Lock()

    def __new__(cls, spec="auto"):
        if isinstance(spec, Device):
            return spec
        handle = make(lib.vxg_device_open, spec.encode(), release=lib.vxg_device_release)
        with cls._lock:
            self = cls._open.get(handle.address)
            if self is None:
                self = cls._open[handle.address] = super().__new__(cls)
                self._handle = self._as_parameter_ = handle
                info = lib.vxg_device_get_info(handle)
                self._info = lib.structs["vxg_device_info"].from_address(info)
                self.spec = self._info.spec.decode()
                self.backend = self._info.backend.decode()
                self.is_host = self.backend == "cpu"
        return self

    name = property(lambda self: self._info.name.decode(), doc="The vendor's name.")
    driver = property(lambda self: self._info.driver.decode(), doc="Driver or instruction set.")
    memory = property(lambda self: self._info.memory, doc="Bytes of memory, 0: not known.")
    units = property(lambda self: self._info.units, doc="Compute units, or threads of the pool.")
    has_float64 = property(lambda self: bool(self._info.has_f64), doc="Computes in float64.")

    def __repr__(self):
        return "<voxgrad.Device %s: %s>" % (self.spec, self.name)

    def __reduce__(self):
        return Device, (self.spec,)

    def array(self, values) -> Array:
        """A copy of a NumPy array on this device."""
        values = np.ascontiguousarray(values)
        made = Array(self, values.shape, values.dtype)
        check(lib.vxg_array_write(None, ctypes.byref(made._struct), values.ctypes.data))
        return made

    def zeros(self, shape, dtype=np.float32) -> Array:
        """A new array of zeros."""
        return Array(self, shape, dtype)


class Array:
    """An array on a device, C order. `numpy()` copies it to the host; on the cpu device
    `np.asarray` looks at the same memory."""

    def __init__(self, device, shape, dtype=np.float32):
        self.device = Device(device)
        shape = tuple(int(n) for n in (shape if hasattr(shape, "__len__") else (shape,)))
        if len(shape) > MAX_DIMS:
            raise ArgumentError("an array has at most %d axes, not %d" % (MAX_DIMS, len(shape)))
        self._struct = lib.structs["vxg_array"]()
        sizes = (ctypes.c_int64 * max(1, len(shape)))(*shape)
        check(lib.vxg_array_new(self.device, dtype_number(np.dtype(dtype)), len(shape), sizes,
                                ctypes.byref(self._struct)))
        self.shape, self.dtype = shape, np.dtype(dtype)

    def __del__(self):
        try:
            lib.vxg_array_release(ctypes.byref(self._struct))
        except (AttributeError, TypeError):  # it was never made, or the interpreter ends
            pass

    ndim = property(lambda self: len(self.shape))
    size = property(lambda self: int(np.prod(self.shape, dtype=np.int64)))

    def numpy(self) -> np.ndarray:
        """A copy on the host."""
        out = np.empty(self.shape, self.dtype)
        check(lib.vxg_array_read(None, ctypes.byref(self._struct), out.ctypes.data))
        return out

    def __array__(self, dtype=None, copy=None):
        if not self.device.is_host:
            if copy is False:
                raise ValueError("an array of %s is copied to the host" % self.device.spec)
            out = self.numpy()
        else:
            out = np.asarray(_HostView(self))
            out = out.copy() if copy else out
        return out if dtype is None else out.astype(dtype, copy=False)

    def _pointer(self):
        """Its address, once all work on it is done."""
        at = ctypes.c_void_p()
        check(lib.vxg_buffer_pointer(self._struct.buffer, None, 1, ctypes.byref(at)))
        return at.value or 0

    @property
    def __cuda_array_interface__(self):
        """For packages that take arrays on NVIDIA devices; all work on it is done."""
        if self.device.backend != "cuda":
            raise AttributeError("the array is on %s" % self.device.spec)
        return {"version": 3, "shape": self.shape, "typestr": self.dtype.str, "strides": None,
                "data": (self._pointer(), False), "stream": None}

    def __dlpack_device__(self):
        kinds = {"cpu": _dlpack.HOST, "cuda": _dlpack.CUDA}
        if self.device.backend not in kinds:
            raise BufferError("arrays on %s have no DLPack" % self.device.spec)
        return kinds[self.device.backend], int(self.device.spec.partition(":")[2] or 0)

    def __dlpack__(self, *, stream=None, max_version=None, dl_device=None, copy=None):
        del stream, max_version  # all work is done
        where = self.__dlpack_device__()
        if copy or dl_device not in (None, where):
            raise BufferError("voxgrad.Array gives no copies by DLPack")
        return _dlpack.show(self._pointer(), self.shape, self.dtype, where, self)

    def __reduce__(self):
        return Device.array, (self.device, self.numpy())

    def __repr__(self):
        return "<voxgrad.Array %s %s on %s>" % (self.shape, self.dtype, self.device.spec)


class _HostView:
    """The memory of an array of the cpu, for NumPy; it keeps the array."""

    def __init__(self, array):
        self._array = array
        self.__array_interface__ = {
            "version": 3,
            "shape": array.shape,
            "typestr": array.dtype.str,
            "data": (lib.vxg_buffer_host(array._struct.buffer) or 0, False),
        }


def devices() -> list[Device]:
    """All devices there are, the cpu first."""
    info = lib.structs["vxg_device_info"]
    count = ctypes.c_int()
    check(lib.vxg_device_list(None, 0, ctypes.byref(count)))
    rows = (info * max(1, count.value))()
    check(lib.vxg_device_list(rows, count.value, ctypes.byref(count)))
    return [Device(rows[i].spec.decode()) for i in range(min(count.value, len(rows)))]


__all__ = ["Array", "Device", "Handle", "devices", "dtype_number", "numpy_dtype"]
