"""DLPack by ctypes: tensors of other packages looked at, and this package's arrays shown to them."""

import collections
import ctypes

import numpy as np

HOST, CUDA = 1, 2  # device types


class Tensor(ctypes.Structure):
    """DLTensor."""

    _fields_ = [
        ("data", ctypes.c_void_p), ("device_type", ctypes.c_int), ("device_id", ctypes.c_int),
        ("ndim", ctypes.c_int), ("code", ctypes.c_uint8), ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16), ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)), ("byte_offset", ctypes.c_uint64)]


class _Versioned(ctypes.Structure):
    _fields_ = [
        ("major", ctypes.c_uint32), ("minor", ctypes.c_uint32), ("context", ctypes.c_void_p),
        ("deleter", ctypes.c_void_p), ("flags", ctypes.c_uint64), ("tensor", Tensor)]


class _Managed(ctypes.Structure):
    _fields_ = [("tensor", Tensor), ("context", ctypes.c_void_p), ("deleter", ctypes.c_void_p)]


_READ_ONLY = 1  # of flags
_CODES = {0: "int", 1: "uint", 2: "float", 5: "complex"}
_KINDS = {"i": 0, "u": 1, "f": 2, "c": 5}
_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_pointer.restype, _pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
_is_valid = ctypes.pythonapi.PyCapsule_IsValid
_is_valid.restype, _is_valid.argtypes = ctypes.c_int, [ctypes.py_object, ctypes.c_char_p]

Seen = collections.namedtuple("Seen", "address shape strides dtype read_only ordinal keep")


def read(x, what, **stream):
    """A Seen of an object with `__dlpack__`; strides in elements. `keep` keeps the memory."""
    capsule = x.__dlpack__(**stream)
    if _is_valid(capsule, b"dltensor_versioned"):
        whole = _Versioned.from_address(_pointer(capsule, b"dltensor_versioned"))
        tensor, read_only = whole.tensor, bool(whole.flags & _READ_ONLY)
    else:
        tensor, read_only = Tensor.from_address(_pointer(capsule, b"dltensor")), False
    if tensor.lanes != 1 or tensor.code not in _CODES:
        raise TypeError("%s: elements of DLPack type %d are not supported" % (what, tensor.code))
    dtype = np.dtype(_CODES[tensor.code] + str(tensor.bits))
    shape = tuple(tensor.shape[i] for i in range(tensor.ndim))
    if tensor.strides:
        strides = tuple(tensor.strides[i] for i in range(tensor.ndim))
    else:
        strides = tuple(int(np.prod(shape[i + 1:], dtype=np.int64)) for i in range(tensor.ndim))
    return Seen((tensor.data or 0) + tensor.byte_offset, shape, strides, dtype, read_only,
                tensor.device_id, capsule)


# ---- The other way ----
_shown = {}  # what consumers hold, by the address of its struct
_new = ctypes.pythonapi.PyCapsule_New
_new.restype, _new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
_DELETER = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_DESTRUCTOR = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_get_raw = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi))
_valid_raw = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p)(
    ("PyCapsule_IsValid", ctypes.pythonapi))


@_DELETER
def _deleter(address):
    _shown.pop(address, None)


@_DESTRUCTOR
def _destructor(capsule):
    if _valid_raw(capsule, b"dltensor"):  # nobody took it
        _shown.pop(_get_raw(capsule, b"dltensor"), None)


def show(address, shape, dtype, device, keep):
    """A capsule over memory in C order; device: (type, number); `keep` lives as long as its consumer."""
    sizes = (ctypes.c_int64 * max(1, len(shape)))(*shape)
    made = _Managed(deleter=ctypes.cast(_deleter, ctypes.c_void_p).value)
    t = made.tensor
    t.data, t.device_type, t.device_id = address, device[0], device[1]
    t.ndim, t.code, t.bits, t.lanes = len(shape), _KINDS[dtype.kind], 8 * dtype.itemsize, 1
    t.shape = ctypes.cast(sizes, ctypes.POINTER(ctypes.c_int64))
    at = ctypes.addressof(made)
    _shown[at] = made, sizes, keep
    return _new(at, b"dltensor", ctypes.cast(_destructor, ctypes.c_void_p))
