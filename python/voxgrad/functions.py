"""Operators of functions in Python, and kernels of one's own."""

import ctypes

import numpy as np

from . import _arrays
from ._calls import guard, make
from ._devices import Device
from ._library import ArgumentError, UnsupportedError, lib
from .operators import Operator, real_of, space

_array = lib.structs["vxg_array"]
_class = lib.structs["vxg_op_class"]


def _view(address, read_only=False):
    """A NumPy array on a vxg_array of the cpu."""
    return _arrays.view(_array.from_address(address), read_only=read_only)


class FunctionOperator(Operator):
    """An operator of functions of NumPy arrays, for all that takes operators: solvers, checks,
    combinations.

    apply(x): A x. adjoint(y): A' y; without one there is no adjoint. Both get arrays of the
    operator's shapes, on the cpu, to be read, and return one. Linear. `voxgrad.check(op)` says whether the two
    fit each other."""

    def __init__(self, apply, adjoint, domain_shape, range_shape, *, name="python", dtype=None):
        self._functions = self._callbacks(apply, adjoint)
        self._name = name.encode()
        self._shapes = tuple(domain_shape), tuple(range_shape)
        super().__init__(self._new, "cpu", dtype)

    domain_shape = property(lambda self: self._shapes[0])
    range_shape = property(lambda self: self._shapes[1])

    @staticmethod
    def _put(out, result, accumulate):
        if np.shape(result) != out.shape:
            raise ValueError("a function of the operator gave shape %s, not %s"
                             % (np.shape(result), out.shape))
        if accumulate:
            out += result
        else:
            out[...] = result

    def _callbacks(self, apply, adjoint):
        call_struct = lib.structs["vxg_call"]

        def forward(op, call, inputs, output):
            add = call_struct.from_address(call).accumulate
            self._put(_view(output), apply(_view(inputs, True)), add)

        def back(op, call, inputs, cotangent, gradient):
            add = call_struct.from_address(call).accumulate
            self._put(_view(gradient), adjoint(_view(cotangent, True)), add)

        failed = lib.enums["vxg_status"]["VXG_ERR_FAILED"]
        return (lib.member_callback("vxg_op_class", "apply")(guard(forward, failed)),
                lib.member_callback("vxg_op_class", "vjp")(guard(back, failed)) if adjoint else None)

    def _new(self, device, dtype):
        forward, back = [f and ctypes.cast(f, ctypes.c_void_p).value for f in self._functions]
        kind = lib.new("vxg_op_class", accumulates=1, name=self._name, apply=forward, vjp=back)
        domain, range_ = (space(s, dtype) for s in self._shapes)
        opts = lib.new("vxg_op_opts", linear=1, device=device._handle.address, ninputs=1)
        setattr(opts, "in", ctypes.addressof(domain))
        opts.out = ctypes.addressof(range_)
        real_of(dtype)
        return make(lib.vxg_op_new, ctypes.byref(kind), ctypes.byref(opts),
                    release=lib.vxg_op_release)


class Kernel:
    """A kernel of the dialect (docs/kernels.md), compiled for a device when it is made.

    text: the whole text, or None for one of the library's own by name. options: "-DNAME=VALUE"
    words."""

    def __init__(self, text, name, *, options=None, device="cpu", dtype=np.float32):
        self.device = Device(device)
        words = options.encode() if options else None
        real = real_of(dtype)
        if text is None:
            self._handle = make(lib.vxg_kernel_get_with, self.device, name.encode(), words, real,
                                release=lib.vxg_kernel_release)
        else:
            self._handle = make(lib.vxg_kernel_from_source, self.device, text.encode(),
                                name.encode(), words, real, release=lib.vxg_kernel_release)
        self.name, self.dtype = name, np.dtype(dtype)

    def __call__(self, size, *arrays, ints=(), reals=()):
        """Runs over `size` items (a number, or up to three along x, y, z): arrays are the
        kernel's buffers (NumPy arrays in C order on the cpu, voxgrad.Array on any device), ints and
        reals its numbers. Returns when it is done."""
        launch = lib.new("vxg_launch", nints=len(ints), nreals=len(reals))
        sizes = tuple(size) if np.ndim(size) else (size,)
        if len(sizes) > 3 or len(ints) > len(launch.ints) or len(reals) > len(launch.reals):
            raise ArgumentError("at most 3 sizes, %d ints and %d reals are possible"
                                % (len(launch.ints), len(launch.reals)))
        launch.ints[:len(ints)], launch.reals[:len(reals)] = list(ints), list(reals)
        launch.size = ctypes.sizeof(launch)
        getattr(launch, "global")[:len(sizes)] = sizes
        kept = []
        for i, a in enumerate(arrays):
            kept.append(self._operand(a, "array %d" % i))
            lib.check(lib.vxg_launch_array(ctypes.byref(launch), ctypes.byref(kept[-1].struct)))
        lib.check(lib.vxg_kernel_launch(self._handle, None, ctypes.byref(launch)))
        if not self.device.is_host:
            for operand in kept:  # waits for all that was given
                lib.check(lib.vxg_buffer_pointer(operand.struct.buffer, None, 1,
                                                 ctypes.byref(ctypes.c_void_p())))

    def _operand(self, a, what):
        if isinstance(a, np.ndarray) and not (a.flags.c_contiguous and a.flags.writeable):
            raise UnsupportedError("%s: kernels take arrays in C order that may be written" % what)
        return _arrays.read(a, self.device, what)


__all__ = ["FunctionOperator", "Kernel"]
