"""Operators: y = F(x_0, ..., x_n-1) with exact adjoints and derivatives, made of the library's own
or of functions in Python."""

from __future__ import annotations

import ctypes
import itertools
import math
import operator
import threading
import weakref

import numpy as np

from . import _arrays, _foreign, _options
from ._calls import call, make, progress
from ._devices import Device, numpy_dtype
from ._library import ArgumentError, lib

_byref = ctypes.byref
_array = lib.structs["vxg_array"]
_call_struct = lib.structs["vxg_call"]
_REALS = {np.dtype(np.float32): lib.enums["vxg_real"]["VXG_REAL_F32"],
          np.dtype(np.float64): lib.enums["vxg_real"]["VXG_REAL_F64"]}


def real_of(dtype, what="dtype"):
    """vxg_real of a NumPy dtype: what an operator computes in."""
    found = _REALS.get(np.dtype(dtype))
    if found is None:
        raise TypeError("%s: float32 or float64 is expected, not %s" % (what, np.dtype(dtype)))
    return found


def space(shape, dtype):
    """A vxg_space."""
    made = lib.new("vxg_space", dtype=_arrays.dtype_number(np.dtype(dtype)), ndim=len(shape))
    made.shape[:len(shape)] = shape
    return made


def _subset(views, count):
    """(vxg_subset, kept) of entries of an axis of `count`."""
    index = _options.indices(views, count)
    if not index.size:
        raise IndexError("views: one at least is expected")
    return lib.new("vxg_subset", count=index.size, index=index.ctypes.data), index


class _Made:
    """An operator of the library on one device in one arithmetic, with room for its calls."""

    def __init__(self, handle, owner):
        self.handle = self._as_parameter_ = handle
        self.owner = owner  # what the library's operator calls lives as long
        self.ninputs = lib.vxg_op_inputs(handle)
        self.domains = [self._space(lib.vxg_op_domain(handle, i)) for i in range(self.ninputs)]
        self.range = self._space(lib.vxg_op_range(handle))
        self.lock = threading.Lock()
        self.call = _call_struct(size=ctypes.sizeof(_call_struct))
        self.workspace, self.room = None, 0

    @staticmethod
    def _space(address):
        s = lib.structs["vxg_space"].from_address(address)
        return tuple(s.shape[:s.ndim]), numpy_dtype(s.dtype)

    def run(self, function, device, *arguments, queue=(None, False)):
        """function(op, call, *arguments) with this operator's workspace, or, when another thread
        has that, with one of the call's own. queue: of _foreign.meet."""
        self._run(function, device, queue[0].address if queue[0] else None, arguments)
        if queue[1]:
            lib.check(lib.vxg_queue_sync(queue[0]))

    def _run(self, function, device, at, arguments):
        if not self.lock.acquire(blocking=False):
            spare = _call_struct(size=ctypes.sizeof(_call_struct), progress=progress(), queue=at)
            call(function, self.handle, _byref(spare), *arguments)
            return
        try:
            if self.workspace is None:
                self._make_room(device)
            self.call.progress, self.call.queue = progress(), at
            call(function, self.handle, _byref(self.call), *arguments)
        finally:
            self.lock.release()

    def _make_room(self, device):
        self.room = lib.vxg_op_workspace(self.handle, None)
        flags = 1  # VXG_BUFFER_UNINITIALISED
        self.workspace = make(lib.vxg_buffer_new_with, device, self.room, flags,
                              release=lib.vxg_buffer_release)
        self.call.workspace = self.workspace.address if self.room else None


def again(function, arguments, keywords):
    """What an operator was made by, called by whoever unpickles it."""
    return function(*arguments, **keywords)


def _adapter(x):
    """The module that makes calls with x differentiable, None: x is no array of such a package."""
    if _arrays.is_tensor(x):
        from . import torch
        return torch
    if _arrays.is_jax(x):
        from . import jax
        return jax
    return None


_numbers, _numbered = itertools.count(1), weakref.WeakValueDictionary()


def by_number(number):
    """The operator with this number in this process."""
    found = _numbered.get(number)
    if found is None:
        raise RuntimeError("operator number %d is gone: keep it as long as what was made of it"
                           % number)
    return found


class Operator:
    """y = F(x): `A(x)`, `A.T(y)`, `A.H`, `A @ x`, `A[views]`, `A + B`, `2 * A`, `A @ B`,
    `A.norm()`, `A.jvp`, `A.vjp`.

    An operator runs where its arrays are, in their arithmetic (float32 or float64), and leading
    axes beyond its own are a batch. It is immutable and may be shared between threads. As a matrix
    it has `shape`, `dtype`, `matvec` and `rmatvec`, which is what SciPy's and PyLops' linear
    operators are made of. It can be pickled: a copy is made by the same call, on the same device.

    Arrays that do not fit are a TypeError (elements) or a ValueError (shape, device); nothing is
    converted or moved in silence.
    """

    _made_by = None  # (function, arguments, keywords) that make it again

    def __init__(self, maker, device=None, dtype=None):
        # maker(device, dtype): a Handle of the library's operator; device, dtype: fixed, or None:
        # those of the arrays
        self._maker = maker
        self._made, self._making = {}, threading.Lock()
        self._adjoint_operator = None
        self._facts = None
        self._number = next(_numbers)
        _numbered[self._number] = self
        self.device = None if device is None else Device(device)
        self._dtype = None if dtype is None else np.dtype(dtype)
        if self._dtype is not None:
            real_of(self._dtype)

    # ---- The library's operators ----
    def __reduce__(self):
        if self._made_by is None:
            raise TypeError("%r cannot be pickled: it was made of a function" % self)
        return again, self._made_by

    def on(self, device="cpu", dtype=None):
        """The library's operator on this device (a parameter for functions of `voxgrad.lib`)."""
        device, dtype = Device(device), np.dtype(dtype or self._dtype or np.float32)
        if self._dtype is not None and dtype != self._dtype:
            raise TypeError("the operator was made for %s, not for %s" % (self._dtype, dtype))
        found = self._made.get((device, dtype))
        if found is None:
            if self.device is not None and device is not self.device:
                raise ValueError("the operator was made for %s, the array is on %s: move it with "
                                 "Device('%s').array" % (self.device.spec, device.spec,
                                                         self.device.spec))
            with self._making:
                found = self._made.get((device, dtype))
                if found is None:
                    real_of(dtype)
                    found = _Made(self._maker(device, dtype), self._maker)
                    self._made[(device, dtype)] = found
        return found

    def _known(self):
        """One that was made already, for shapes; else the first."""
        for made in self._made.values():
            return made
        return self.on(self.device or "cpu")

    def _look(self):
        """(inputs, whether it is linear in its only one), which never change."""
        if self._facts is None:
            made = self._known()
            self._facts = made.ninputs, bool(lib.vxg_op_is_linear(made.handle))
        return self._facts

    ninputs = property(lambda self: self._look()[0], doc="How many inputs there are.")
    domain_shape = property(lambda self: self._known().domains[0][0], doc="Shape of the input.")
    domain_shapes = property(lambda self: [self.domain_shape] if self.ninputs == 1 else
                             [s for s, _ in self._known().domains])
    range_shape = property(lambda self: self._known().range[0], doc="Shape of the output.")
    dtype = property(lambda self: self._dtype or np.dtype(np.float32), doc="For shape-only users.")
    is_linear = property(lambda self: self._look()[1], doc="Has one input and is linear in it.")
    name = property(lambda self: lib.vxg_op_name(self._known().handle).decode())

    @property
    def shape(self) -> tuple[int, int]:
        """(elements of the range, elements of the domain), as of a matrix."""
        return math.prod(self.range_shape), math.prod(self.domain_shape)

    # ---- Evaluation ----
    def _pick(self, arrays):
        """(device, made) for these arrays; their types must be float32 or float64, and one."""
        first = next((a for a in arrays if a is not None), None)
        if first is None:
            raise TypeError("an array is expected, not None")
        device = _arrays.device_of(first)
        dtype = self._dtype
        if dtype is None:
            dtype = _arrays.dtype_of(first, "input")
            if dtype.kind == "c":
                dtype = np.dtype("f%d" % (dtype.itemsize // 2))
            dtype = dtype.newbyteorder("=")
        return device, self.on(device, dtype)

    @staticmethod
    def _read(x, want, device, what):
        shape, dtype = want
        got = _arrays.read(x, device, what)
        if got.dtype != dtype:
            raise TypeError("%s: elements of type %s are expected, not %s" % (what, dtype, got.dtype))
        batch = len(got.shape) - len(shape)
        if batch < 0 or got.shape[batch:] != shape:
            raise ValueError("%s: shape %s is expected (with batch axes in front or without), "
                             "not %s" % (what, shape, got.shape))
        return got, got.shape[:batch]

    def _output(self, out, model, want, batch, device):
        shape, dtype = batch + want[0], want[1]
        if out is None:
            return _arrays.like(model, shape, dtype, device)
        return out, _arrays.write(out, device, shape, dtype)

    def __call__(self, *inputs, out=None):
        """F of the inputs: an array of the kind of the first, or `out`. Of PyTorch's tensors and
        JAX's arrays it is differentiable."""
        adapter = next(filter(None, map(_adapter, inputs)), None)
        if adapter and out is None:
            return adapter.apply(self, *inputs)
        _arrays.about_to_write(out, inputs)
        result = self._evaluate(*inputs, out=out)
        if out is not None:
            _arrays.written(out)
        return result

    def _evaluate(self, *inputs, out=None):
        device, made = self._pick(inputs)
        if len(inputs) != made.ninputs:
            raise TypeError("%d inputs are expected, not %d" % (made.ninputs, len(inputs)))
        read = [self._read(x, made.domains[i], device, self._word(i, made))
                for i, x in enumerate(inputs)]
        result, y = self._output(out, inputs[0], made.range, read[0][1], device)
        made.run(lib.vxg_op_apply, device, self._list([r[0] for r in read]), _byref(y.struct),
                 queue=_foreign.meet(device, inputs, out))
        return _arrays.finish(result, y)

    @staticmethod
    def _word(i, made):
        return "input" if made.ninputs == 1 else "input %d" % i

    @staticmethod
    def _list(operands):
        """A C array of vxg_array; None is an array that is absent."""
        if len(operands) == 1 and operands[0] is not None:
            return _byref(operands[0].struct)
        return (_array * len(operands))(*[_array() if o is None else o.struct for o in operands])

    def adjoint(self, y, out=None):
        """A' y, for an operator that is linear in its only input."""
        return self.T(y, out=out)

    def _adjoint(self, y, out=None):
        device, made = self._pick([y])
        read, batch = self._read(y, made.range, device, "input of the adjoint")
        result, x = self._output(out, y, made.domains[0], batch, device)
        made.run(lib.vxg_op_apply_adjoint, device, _byref(read.struct), _byref(x.struct),
                 queue=_foreign.meet(device, (y,), out))
        return _arrays.finish(result, x)

    def jvp(self, inputs, tangents):
        """The derivative at `inputs` along `tangents`: sum_i dF/dx_i t_i. Each is one array or a
        tuple of as many as there are inputs; None: zero, or an input that does not matter."""
        inputs, tangents = self._tuple(inputs), self._tuple(tangents)
        if all(t is None for t in tangents):
            raise TypeError("jvp: one tangent at least must not be None")
        device, made = self._pick(tangents + inputs)
        at = self._several(inputs, made, device, "input")
        along = self._several(tangents, made, device, "tangent")
        model = next(t for t in tangents if t is not None)
        batch = next(r[1] for r in along if r is not None)
        result, y = self._output(None, model, made.range, batch, device)
        made.run(lib.vxg_op_jvp, device, self._list([r and r[0] for r in at]),
                 self._list([r and r[0] for r in along]), _byref(y.struct),
                 queue=_foreign.meet(device, tangents + inputs))
        return _arrays.finish(result, y)

    def vjp(self, inputs, cotangent, wanted=None):
        """(dF/dx_i)' cotangent at `inputs`: one array, or a tuple for several inputs with None
        where wanted[i] is false."""
        inputs = self._tuple(inputs)
        device, made = self._pick((cotangent,) + inputs)
        at = self._several(inputs, made, device, "input")
        read, batch = self._read(cotangent, made.range, device, "cotangent")
        wanted = [True] * made.ninputs if wanted is None else list(wanted)
        grads = [self._output(None, cotangent, made.domains[i], batch, device) if wanted[i] else None
                 for i in range(made.ninputs)]
        made.run(lib.vxg_op_vjp, device, self._list([r and r[0] for r in at]), _byref(read.struct),
                 self._list([g and g[1] for g in grads]), queue=_foreign.meet(device, (cotangent,) + inputs))
        out = tuple(g and _arrays.finish(*g) for g in grads)
        return out[0] if made.ninputs == 1 else out

    @staticmethod
    def _tuple(values):
        return tuple(values) if isinstance(values, (tuple, list)) else (values,)

    def _several(self, values, made, device, what):
        if len(values) != made.ninputs:
            raise TypeError("%d of %s are expected, not %d" % (made.ninputs, what, len(values)))
        return [None if v is None else self._read(v, made.domains[i], device, what)
                for i, v in enumerate(values)]

    # ---- As a matrix ----
    def _vector(self, x, n):
        """In an arithmetic that the operator has, flat or a column."""
        x = np.asarray(x)
        if x.dtype.kind == "c":
            raise TypeError("vectors of real numbers are expected; apply the operator to the real and "
                            "the imaginary part")
        if x.shape not in ((n,), (n, 1)):
            raise ValueError("a vector of %d is expected, not shape %s" % (n, x.shape))
        wide = x.dtype in _REALS and self._dtype in (None, x.dtype)
        return x if wide else x.astype(self._dtype or np.float64)

    def matvec(self, x):
        """A times a vector of `shape[1]` elements (or (n, 1))."""
        x = self._vector(x, self.shape[1])
        y = self(x.reshape(self.domain_shape))
        return y.reshape((-1,) + x.shape[1:])

    def rmatvec(self, y):
        """A' times a vector of `shape[0]` elements (or (m, 1))."""
        y = self._vector(y, self.shape[0])
        x = self.adjoint(y.reshape(self.range_shape))
        return x.reshape((-1,) + y.shape[1:])

    def __matmul__(self, x):
        if isinstance(x, Operator):
            return self._combined(x, operator.matmul, lib.vxg_op_compose)
        domain = self.domain_shape
        if getattr(x, "ndim", 0) == 1 and len(domain) > 1:
            return self(x.reshape(domain)).reshape(-1) if _adapter(x) else self.matvec(x)
        if getattr(x, "ndim", 0) == 2 and len(domain) == 1:
            return self(x.T).T  # columns, as of a matrix
        return self(x)

    __array_ufunc__ = None  # `array * A` is not an array of operators

    def __copy__(self):
        return self  # it is immutable

    def __deepcopy__(self, memo):
        return self

    def norm(self, device=None, dtype=None) -> float:
        """The largest singular value, by power iteration, to some 1e-5 from below. Kept."""
        device = Device(device or self.device or "cpu")
        made, out = self.on(device, dtype), ctypes.c_double()
        made.run(lib.vxg_op_norm, device, _byref(out))
        return out.value

    # ---- Other operators of it ----
    def _derived(self, by, function, before=(), after=()):
        def maker(device, dtype):
            return make(function, *before, self.on(device, dtype).handle, *after,
                        release=lib.vxg_op_release)
        made = Operator(maker, self.device, self._dtype)
        made._made_by = by[0], (self,) + by[1:], {}
        return made

    def _combined(self, other, by, function):
        if not isinstance(other, Operator):
            return NotImplemented

        def maker(device, dtype):
            return make(function, self.on(device, dtype).handle, other.on(device, dtype).handle,
                        release=lib.vxg_op_release)
        made = Operator(maker, self.device or other.device, self._dtype or other._dtype)
        made._made_by = by, (self, other), {}
        return made

    @property
    def T(self) -> Operator:
        """The adjoint as an operator; the same object every time."""
        if self._adjoint_operator is None:
            self._adjoint_operator = _Adjoint(self)
        return self._adjoint_operator

    H = T

    @property
    def normal(self) -> Operator:
        """A' A as an operator."""
        return self._derived((operator.attrgetter("normal"),), lib.vxg_op_normal)

    def __getitem__(self, views) -> Operator:
        """These entries of the range's first axis: an int, a slice, a list, a mask."""
        subset, kept = _subset(views, self.range_shape[0])
        made = self._derived((operator.getitem, kept), lib.vxg_op_subset, after=(_byref(subset),))
        made._kept = kept
        return made

    def __add__(self, other) -> Operator:
        return self._combined(other, operator.add, lib.vxg_op_add)

    def __mul__(self, factor) -> Operator:
        factor = float(factor)
        return self._derived((operator.mul, factor), lib.vxg_op_scale, before=(factor,))

    __rmul__ = __mul__

    def __neg__(self) -> Operator:
        return self * -1.0

    def __sub__(self, other) -> Operator:
        return self + -other if isinstance(other, Operator) else NotImplemented

    def bind(self, index, value) -> Operator:
        """The operator of the other inputs with this one fixed; the value is copied."""
        value = _options.real_array(value, "value")

        def maker(device, dtype):
            fixed = device.array(value.astype(dtype, copy=False))
            return make(lib.vxg_op_bind, self.on(device, dtype).handle, index,
                        _byref(fixed._struct), release=lib.vxg_op_release)
        made = Operator(maker, self.device, self._dtype)
        made._made_by = Operator.bind, (self, index, value), {}
        return made

    def __repr__(self):
        return "<%s %s -> %s>" % (type(self).__name__, self.domain_shape, self.range_shape)


_transpose = operator.attrgetter("T")


class _Adjoint(Operator):
    """A', which calls A's own adjoint: nothing is made anew."""

    def __init__(self, of):
        super().__init__(lambda device, dtype: make(
            lib.vxg_op_adjoint, of.on(device, dtype).handle, release=lib.vxg_op_release),
            of.device, of._dtype)
        self._of = of

    domain_shape = property(lambda self: self._of.range_shape)
    range_shape = property(lambda self: self._of.domain_shape)

    ninputs = property(lambda self: 1)
    is_linear = property(lambda self: self._of.is_linear)

    def _evaluate(self, y, out=None):
        return self._of._adjoint(y, out)

    def _adjoint(self, y, out=None):
        return self._of._evaluate(y, out=out)

    def __reduce__(self):
        return _transpose, (self._of,)

    @property
    def T(self):
        return self._of

    H = T


def stack(*operators) -> Operator:
    """Operators of one domain, their ranges joined along the first axis."""
    if not operators:
        raise ArgumentError("stack: one operator at least")

    def maker(device, dtype):
        handles = [o.on(device, dtype).handle.address for o in operators]
        return make(lib.vxg_op_stack, (ctypes.c_void_p * len(handles))(*handles), len(handles),
                    release=lib.vxg_op_release)
    made = Operator(maker, next((o.device for o in operators if o.device), None),
                    next((o._dtype for o in operators if o._dtype), None))
    made._made_by = stack, operators, {}
    return made


__all__ = ["Operator", "stack"]
