"""Operators of functions in Python, and kernels of one's own."""

from __future__ import annotations

import ctypes

import numpy as np

from . import _arrays
from ._calls import guard, make
from ._devices import Array, Device
from ._library import ArgumentError, UnsupportedError, lib
from .operators import Operator, again, real_of, space

_array = lib.structs["vxg_array"]
_class = lib.structs["vxg_op_class"]


def _put(out, result, accumulate):
    if np.shape(result) != out.shape:
        raise ValueError("a function of the operator gave shape %s, not %s"
                         % (np.shape(result), out.shape))
    if np.iscomplexobj(result):
        raise TypeError("a function of the operator gave complex numbers")
    if accumulate:
        out += result
    else:
        out[...] = result


def _callback(member, function):
    """The library's callback of a function of one array. The function gets a copy: it may keep it."""

    def called(op, call, *arrays):  # apply: input, output; vjp: inputs, cotangent, gradient
        first, second = arrays[-2:]
        add = lib.structs["vxg_call"].from_address(call).accumulate
        given = np.array(_arrays.view(_array.from_address(first)))
        _put(_arrays.view(_array.from_address(second)), function(given), add)

    failed = lib.enums["vxg_status"]["VXG_ERR_FAILED"]
    return lib.member_callback("vxg_op_class", member)(guard(called, failed))


class FunctionOperator(Operator):
    """An operator of functions of NumPy arrays, for all that takes operators: solvers, checks,
    combinations.

    apply(x): A x. adjoint(y): A' y; without one there is no adjoint. Both get copies of the
    operator's shapes, on the cpu, and return an array. Linear. `voxgrad.check(op)` says whether the
    two fit each other."""

    def __init__(self, apply, adjoint, domain_shape, range_shape, *, name="python", dtype=None):
        functions = (_callback("apply", apply), _callback("vjp", adjoint) if adjoint else None)
        self._shapes = shapes = tuple(domain_shape), tuple(range_shape)
        words = name.encode()

        def maker(device, kind):
            forward, back = [f and ctypes.cast(f, ctypes.c_void_p).value for f in functions]
            cls = lib.new("vxg_op_class", accumulates=1, name=words, apply=forward, vjp=back)
            domain, range_ = (space(s, kind) for s in shapes)
            opts = lib.new("vxg_op_opts", linear=1, device=device._handle.address, ninputs=1,
                           out=ctypes.addressof(range_))
            setattr(opts, "in", ctypes.addressof(domain))
            return make(lib.vxg_op_new, ctypes.byref(cls), ctypes.byref(opts),
                        release=lib.vxg_op_release)
        super().__init__(maker, "cpu", dtype)
        self._made_by = FunctionOperator, (apply, adjoint) + shapes, {"name": name, "dtype": dtype}

    domain_shape = property(lambda self: self._shapes[0])
    range_shape = property(lambda self: self._shapes[1])


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
        self._made_by = Kernel, (text, name), {"options": options, "device": self.device,
                                               "dtype": self.dtype}

    def __reduce__(self):
        return again, self._made_by

    def __call__(self, size, *arrays, ints=(), reals=(), small=()) -> None:
        """Runs over `size` items (a number, or up to three along x, y, z): arrays are the
        kernel's buffers (NumPy arrays in C order on the cpu, voxgrad.Array on any device), ints and
        reals its numbers. Returns when it is done.

        Nothing looks at what a kernel reads and writes: an array with fewer elements than there are
        items is refused unless its number is in `small`; beyond that its reach is the text's own
        doing, and one that reaches beyond an array's end overwrites memory."""
        launch = lib.new("vxg_launch", nints=len(ints), nreals=len(reals))
        sizes = tuple(size) if np.ndim(size) else (size,)
        if len(sizes) > 3 or len(ints) > len(launch.ints) or len(reals) > len(launch.reals):
            raise ArgumentError("at most 3 sizes, %d ints and %d reals are possible"
                                % (len(launch.ints), len(launch.reals)))
        launch.ints[:len(ints)], launch.reals[:len(reals)] = list(ints), list(reals)
        launch.size = ctypes.sizeof(launch)
        getattr(launch, "global")[:len(sizes)] = sizes
        kept = []
        items = int(np.prod(sizes, dtype=np.int64))
        for i, a in enumerate(arrays):
            kept.append(self._operand(a, "array %d" % i))
            if np.prod(kept[-1].shape, dtype=np.int64) < items and i not in small:
                raise ArgumentError("array %d has fewer elements than there are items, %d; if the "
                                    "kernel knows, say small=(%d,)" % (i, items, i))
            lib.check(lib.vxg_launch_array(ctypes.byref(launch), ctypes.byref(kept[-1].struct)))
        lib.check(lib.vxg_kernel_launch(self._handle, None, ctypes.byref(launch)))
        if not self.device.is_host:
            for operand in kept:  # waits for all that was given
                lib.check(lib.vxg_buffer_pointer(operand.struct.buffer, None, 1,
                                                 ctypes.byref(ctypes.c_void_p())))

    def _operand(self, a, what):
        if isinstance(a, np.ndarray):
            flags = a.flags
            if not (flags.c_contiguous and flags.writeable and flags.aligned and a.dtype.isnative):
                raise UnsupportedError("%s: kernels take arrays in C order, aligned, in this machine's "
                                       "byte order, that may be written" % what)
        elif not isinstance(a, Array):
            raise TypeError("%s: a NumPy array or a voxgrad.Array is expected, not %s"
                            % (what, type(a).__name__))
        if a.dtype.kind in "fc" and a.dtype != np.float16 and a.dtype not in (self.dtype, np.dtype(
                "c%d" % (2 * self.dtype.itemsize))):
            raise TypeError("%s: elements of type %s are expected, not %s" % (what, self.dtype, a.dtype))
        return _arrays.read(a, self.device, what)


__all__ = ["FunctionOperator", "Kernel"]
