"""Arrays of other packages on GPUs, on a simulated CUDA driver: `__cuda_array_interface__`, DLPack, streams,
results and what is refused. The simulated memory is the host's, so that NumPy can look at it."""

import ctypes
import os
import sys

import numpy as np

import harness

SUITE = "python_gpu"
FAKE = os.path.join(os.path.dirname(os.environ.get("VOXGRAD_LIBRARY", "")), "tests", "libfake_cuda.so")
HERE = os.path.exists(FAKE)
if HERE:
    os.environ["VXG_CUDA_LIB"] = os.environ["VXG_NVRTC_LIB"] = FAKE

import voxgrad as vxg  # noqa: E402 (the library reads the environment when it opens devices)
from voxgrad import _dlpack  # noqa: E402

cuda = ctypes.CDLL(FAKE) if HERE else None


def here():
    """Skips where there is no simulated driver, or no compiler for its kernels."""
    if not HERE:
        raise harness.Skip("there is no libfake_cuda.so beside the library")
    try:
        return vxg.Device("cuda:0")
    except vxg.Error as e:
        raise harness.Skip(str(e).split("\n")[0]) from None


class Memory:
    """Bytes of the simulated device, and a NumPy array on them."""

    def __init__(self, values, read_only=False):
        vxg.Device("cuda:0")                       # its context is there
        context = ctypes.c_void_p()
        assert cuda.cuDevicePrimaryCtxRetain(ctypes.byref(context), 0) == 0
        assert cuda.cuCtxPushCurrent_v2(context) == 0
        self.pointer = ctypes.c_uint64()
        assert cuda.cuMemAlloc_v2(ctypes.byref(self.pointer), ctypes.c_size_t(max(1, values.nbytes))) == 0
        cuda.cuCtxPopCurrent_v2(ctypes.byref(context))
        self.values, self.read_only = values, read_only
        self.look()[...] = np.ascontiguousarray(values)

    def look(self):
        """What lies there, once the default stream is done."""
        cuda.cuStreamSynchronize(None)
        return self.peek()

    def peek(self):
        """What lies there now."""
        kind = ctypes.c_char * self.values.nbytes
        return np.frombuffer(kind.from_address(self.pointer.value), self.values.dtype).reshape(self.values.shape)


class Interface(Memory):
    """As Numba's arrays are."""

    stream = None

    @property
    def __cuda_array_interface__(self):
        return {"version": 3, "shape": self.values.shape, "typestr": self.values.dtype.str, "strides": None,
                "data": (self.pointer.value, self.read_only), "stream": self.stream}


class Strided(Interface):
    """Every second column of it."""

    @property
    def __cuda_array_interface__(self):
        d = dict(super().__cuda_array_interface__)
        item = self.values.dtype.itemsize
        d["shape"] = self.values.shape[:-1] + (self.values.shape[-1] // 2,)
        d["strides"] = self.values.strides[:-1] + (2 * item,)
        return d


class Packed(Memory):
    """By DLPack alone."""

    asked = None

    def __dlpack_device__(self):
        return 2, 0

    def __dlpack__(self, stream=None):
        self.asked = stream
        return _dlpack.show(self.pointer.value, self.values.shape, self.values.dtype, (2, 0), self)


def operator():
    return vxg.ct.XrayTransform(vxg.ct.ParallelGeometry.circular(5, 1, 8))


def image(seed=1):
    return np.random.default_rng(seed).random((8, 8)).astype(np.float32)


def test_read():
    """The numbers of the host's arrays, out of either protocol; results stay on the device."""
    here()
    A, x = operator(), image()
    want = A(x)
    for made in (Interface(x), Interface(x, read_only=True), Packed(x)):
        y = A(made)
        assert isinstance(y, vxg.Array) and y.device.spec == "cuda:0"
        assert np.allclose(y.numpy(), want, rtol=1e-5)
        if isinstance(made, Packed):
            assert made.asked == 1                 # made ready on the default stream
    back = A.T(Interface(want)).numpy()
    assert np.allclose(back, A.T(want), rtol=1e-5)
    wide = np.zeros((8, 16), np.float32)
    wide[:, ::2] = x
    assert np.allclose(A(Strided(wide)).numpy(), want, rtol=1e-5)
    assert np.allclose(A(Interface(np.stack([x, 2 * x]))).numpy()[1], 2 * want, rtol=1e-5)


def test_write():
    """out= of either protocol, where it lies."""
    here()
    A, x = operator(), image()
    want = A(x)
    for kind in (Interface, Packed):
        out = kind(np.zeros_like(want))
        assert A(Interface(x), out=out) is out
        assert np.allclose(out.look(), want, rtol=1e-5)
    harness.refused(ValueError, "read-only", A, Interface(x), out=Interface(want, read_only=True))
    harness.refused(ValueError, ["(5, 8)", "(8, 8)"], A, Interface(x), out=Interface(x))


def test_streams():
    """Work goes on the stream that the array names."""
    here()
    stream = ctypes.c_void_p()
    context = ctypes.c_void_p()
    cuda.cuDevicePrimaryCtxRetain(ctypes.byref(context), 0)
    cuda.cuCtxPushCurrent_v2(context)
    assert cuda.cuStreamCreate(ctypes.byref(stream), 1) == 0
    cuda.cuCtxPopCurrent_v2(ctypes.byref(context))
    A, x = operator(), image()
    want, made, out = A(x), Interface(x), Interface(np.zeros((5, 8), np.float32))
    made.stream = out.stream = stream.value
    for _ in range(20):
        A(made, out=out)
    assert not out.peek().any()                    # nobody has waited yet
    cuda.cuStreamSynchronize(stream)
    assert np.allclose(out.peek(), want, rtol=1e-5)
    elsewhere = Interface(np.zeros((5, 8), np.float32))
    A(made, out=elsewhere)                         # out= belongs to the default stream
    assert np.allclose(elsewhere.peek(), want, rtol=1e-5)
    found = vxg.solve.cgls(A, Interface(want), iterations=3)
    assert np.allclose(found.x.numpy(), vxg.solve.cgls(A, want, iterations=3).x, rtol=1e-4, atol=1e-5)
    made.stream = 0
    harness.refused(ValueError, "stream 0", A, made)


def test_shown():
    """voxgrad.Array by both protocols: another consumer sees the same memory, and keeps it."""
    device = here()
    x = image()
    on = device.array(x)
    d = on.__cuda_array_interface__
    seen = np.frombuffer((ctypes.c_char * x.nbytes).from_address(d["data"][0]), x.dtype).reshape(d["shape"])
    assert np.array_equal(seen, x)
    taken = _dlpack.read(on, "array")
    assert taken.shape == (8, 8) and taken.strides == (8, 1) and on.__dlpack_device__() == (2, 0)
    del on, taken
    host = vxg.Device("cpu").array(x)
    if hasattr(np, "from_dlpack"):
        assert np.array_equal(np.from_dlpack(host), x)
    harness.refused(AttributeError, "cpu", lambda: host.__cuda_array_interface__)
    before = len(_dlpack._shown)
    capsule = host.__dlpack__()
    assert len(_dlpack._shown) == before + 1
    del capsule
    assert len(_dlpack._shown) == before           # nobody took it


def test_never_moved():
    """Arrays of two places do not meet in silence."""
    device = here()
    A, x = operator(), image()
    fixed = vxg.ct.XrayTransform(vxg.ct.ParallelGeometry.circular(5, 1, 8), device="cpu")
    harness.refused(ValueError, "made for cpu", fixed, Interface(x))
    harness.refused(ValueError, "host", A, Interface(x), out=np.zeros((5, 8), np.float32))
    harness.refused(ValueError, "host", A, device.array(x), out=np.zeros((5, 8), np.float32))
    harness.refused(ValueError, "cuda", A, x, out=Interface(np.zeros((5, 8), np.float32)))
    harness.refused(vxg.UnsupportedError, "negative", A, type("Turned", (Interface,), {
        "__cuda_array_interface__": property(lambda s: dict(Interface.__cuda_array_interface__.fget(s),
                                                            strides=(-32, 4)))})(x))
    harness.refused(TypeError, "masked", A, type("Masked", (Interface,), {
        "__cuda_array_interface__": property(lambda s: dict(Interface.__cuda_array_interface__.fget(s),
                                                            mask=1))})(x))


if __name__ == "__main__":
    sys.exit(harness.main("__main__", sys.argv[1:]))
