"""The C library, loaded by ctypes.

Structs, enums, functions and types of callbacks are taken from the library's own table
(include/voxgrad/layout.h), so that nothing of its interface is written twice. The structs below
are that table's own and the only ones declared here.
"""

import ctypes
import os
import re
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))


# ---- Errors ----
class Error(Exception):
    """What the library refused or could not do; `status` is its number (vxg_status)."""

    status = 1


class ArgumentError(Error, ValueError):
    """An argument that is wrong: the message names it and says what was expected."""

    status = 2


class InputError(Error, ValueError):
    """A file or data that cannot be read or used."""

    status = 3


class OutputError(Error, OSError):
    """A file that is there already or cannot be written."""

    status = 4


class DeviceError(Error, RuntimeError):
    """A device that is not there or failed."""

    status = 5


class NumericalError(Error, ArithmeticError):
    """Numbers that are not finite any more, or no result that could be trusted."""

    status = 6


class OutOfMemoryError(Error, MemoryError):
    """Memory was refused, of the host or of a device."""

    status = 7


class UnsupportedError(Error, NotImplementedError):
    """What this device, operator or method cannot do."""

    status = 8


class CancelledError(Error):
    """Work that was stopped by a callback or an interrupt."""

    status = 9


_ERRORS = {kind.status: kind for kind in Error.__subclasses__()}


# ---- The table ----
class _Field(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("type", ctypes.c_char_p),
        ("offset", ctypes.c_uint32),
        ("bytes", ctypes.c_uint32),
        ("count", ctypes.c_uint32),
        ("reserved", ctypes.c_uint32),
    ]


class _Struct(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("header", ctypes.c_char_p),
        ("bytes", ctypes.c_uint32),
        ("first", ctypes.c_uint32),
        ("nfields", ctypes.c_uint32),
        ("sized", ctypes.c_uint32),
        ("fields", ctypes.POINTER(_Field)),
    ]


class _Value(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("value", ctypes.c_int64)]


class _Enum(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("header", ctypes.c_char_p),
        ("nvalues", ctypes.c_uint32),
        ("reserved", ctypes.c_uint32),
        ("values", ctypes.POINTER(_Value)),
    ]


class _Function(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("header", ctypes.c_char_p),
        ("result", ctypes.c_char_p),
        ("nparameters", ctypes.c_uint32),
        ("reserved", ctypes.c_uint32),
        ("parameters", ctypes.POINTER(_Field)),
    ]


class _Layout(ctypes.Structure):
    _fields_ = [
        ("size", ctypes.c_uint32),
        ("abi", ctypes.c_uint32),
        ("nstructs", ctypes.c_uint32),
        ("nenums", ctypes.c_uint32),
        ("nfunctions", ctypes.c_uint32),
        ("ncallbacks", ctypes.c_uint32),
        ("structs", ctypes.POINTER(_Struct)),
        ("enums", ctypes.POINTER(_Enum)),
        ("functions", ctypes.POINTER(_Function)),
        ("callbacks", ctypes.POINTER(_Function)),
    ]


_PLAIN = {
    "char": ctypes.c_char,
    "int": ctypes.c_int,
    "unsigned": ctypes.c_uint,
    "float": ctypes.c_float,
    "double": ctypes.c_double,
    "size_t": ctypes.c_size_t,
    "int8_t": ctypes.c_int8,
    "uint8_t": ctypes.c_uint8,
    "int16_t": ctypes.c_int16,
    "uint16_t": ctypes.c_uint16,
    "int32_t": ctypes.c_int32,
    "uint32_t": ctypes.c_uint32,
    "int64_t": ctypes.c_int64,
    "uint64_t": ctypes.c_uint64,
    "unsigned long long": ctypes.c_ulonglong,
}


def _candidates():
    """Where the libraries may lie, best first."""
    own = os.environ.get("VOXGRAD_LIBRARY")
    if own:
        yield own
        return
    yield os.path.join(_HERE, "_lib")
    yield os.path.join(os.path.dirname(os.path.dirname(_HERE)), "build", "lib")
    yield ""  # the loader's own path


def _open(name):
    """libNAME, from the first place that has it."""
    end = ".dylib" if sys.platform == "darwin" else ".so"
    tried = []
    for folder in _candidates():
        for file in ("lib" + name + end, "lib" + name + end + ".0"):
            path = os.path.join(folder, file)
            if folder and not os.path.exists(path):
                tried.append(path)
                continue
            try:
                return ctypes.CDLL(path)
            except OSError as e:
                tried.append(str(e))
    raise ImportError(
        "voxgrad: lib%s%s cannot be loaded; set VOXGRAD_LIBRARY to the folder it lies in.\n  %s"
        % (name, end, "\n  ".join(tried))
    )


class _Rows(dict):
    """Rows of a part of the table by name; what is made of one is made when it is asked for."""

    def __init__(self, rows, count, make):
        super().__init__()
        self._rows = {rows[i].name.decode(): rows[i] for i in range(count)}
        self._make = make

    def __missing__(self, name):
        made = self[name] = self._make(self._rows[name])
        return made

    def names(self):
        """All there are."""
        return list(self._rows)

    def row(self, name):
        """The table's own row, None: there is no such name."""
        return self._rows.get(name)


class Library:
    """Functions as attributes (`lib.vxg_version()`), `structs`, `enums` and `callbacks` by name."""

    def __init__(self):
        self._base = _open("voxgrad")
        self._io = None
        table = _Layout(size=ctypes.sizeof(_Layout))
        self._base.vxg_layout_table(ctypes.byref(table))
        self.abi = table.abi
        self.structs = _Rows(table.structs, table.nstructs, self._struct)
        self.enums = _Rows(table.enums, table.nenums, self._enum)
        self.functions = _Rows(table.functions, table.nfunctions, self._function)
        self.callbacks = _Rows(table.callbacks, table.ncallbacks, self._callback)

    def __getattr__(self, name):
        if self.functions.row(name) is None:
            raise AttributeError("the library has no function %s" % name)
        found = self.functions[name]
        setattr(self, name, found)
        return found

    def io(self):
        """libvoxgrad_io, with its formats registered; loaded when it is first needed."""
        if self._io is None:
            self._io = _open("voxgrad_io")
            self.check(self.vxg_io_register())
        return self._io

    # ---- Types ----
    def _type(self, text, argument=False):
        """The ctypes type of a text of C; pointers are addresses, but for texts."""
        text = text.replace("volatile ", "").strip()
        if "(*)" in text:
            return ctypes.c_void_p
        if text.endswith("*"):
            return ctypes.c_char_p if text == "const char *" else ctypes.c_void_p
        if text.startswith("const "):
            text = text[6:]
        if text == "void":
            return None
        if text in _PLAIN:
            return _PLAIN[text]
        if self.enums.row(text) is not None:
            return ctypes.c_int
        if self.callbacks.row(text) is not None:
            return ctypes.c_void_p
        if self.structs.row(text) is not None and not argument:
            return self.structs[text]
        raise ImportError("voxgrad: type '%s' of the library is not known" % text)

    def _struct(self, row):
        """A Structure with the table's offsets: gaps are filled, members of a union share one."""
        name, at, fields, aliases = row.name.decode(), 0, [], {}
        for i in range(row.nfields):
            f = row.fields[i]
            member = self._type(f.type.decode())
            if f.count:
                member = member * f.count
            if f.offset < at:
                aliases[f.name.decode()] = fields[-1][0]
                continue
            if f.offset > at:
                fields.append(("_gap%d" % i, ctypes.c_ubyte * (f.offset - at)))
            fields.append((f.name.decode(), member))
            at = f.offset + ctypes.sizeof(member)
        if row.bytes > at:
            fields.append(("_end", ctypes.c_ubyte * (row.bytes - at)))
        made = type(name, (ctypes.Structure,), {"_pack_": 1, "_fields_": fields})
        for alias, member in aliases.items():
            setattr(made, alias, getattr(made, member))
        if ctypes.sizeof(made) != row.bytes:
            raise ImportError("voxgrad: struct %s has another size" % name)
        made._sized_ = bool(row.sized)
        return made

    @staticmethod
    def _enum(row):
        return {row.values[i].name.decode(): row.values[i].value for i in range(row.nvalues)}

    def _signature(self, row):
        kinds = [
            self._type(row.parameters[i].type.decode(), argument=True)
            for i in range(row.nparameters)
            if row.parameters[i].name != b"..."
        ]
        return self._type(row.result.decode()), kinds

    def _function(self, row):
        lib = self.io() if row.header == b"io.h" else self._base
        f = getattr(lib, row.name.decode())
        f.restype, f.argtypes = self._signature(row)
        return f

    def _callback(self, row):
        result, kinds = self._signature(row)
        return ctypes.CFUNCTYPE(result, *kinds)

    def member_callback(self, struct, member):
        """The type of the pointer to a function that a struct's member is."""
        row = self.structs.row(struct)
        for i in range(row.nfields):
            if row.fields[i].name.decode() == member:
                text = row.fields[i].type.decode()
                break
        else:
            raise AttributeError("%s has no member %s" % (struct, member))
        result, parameters = re.match(r"(.*?)\(\*\)\((.*)\)$", text).groups()
        kinds = [re.sub(r"(\w+)$", "", p.strip()).strip() for p in parameters.split(",")]
        return ctypes.CFUNCTYPE(self._type(result), *[self._type(k, argument=True) for k in kinds])

    # ---- Calls ----
    def new(self, struct, **members):
        """A zeroed struct with its `size` set."""
        kind = self.structs[struct]
        made = kind(**members)
        if kind._sized_:
            made.size = ctypes.sizeof(kind)
        return made

    def check(self, status):
        """Raises what a status other than 0 stands for, with the library's words."""
        if status:
            kind = _ERRORS.get(status, Error)
            raise kind(self.vxg_error_message().decode("utf-8", "replace") or
                       self.vxg_status_text(status).decode())

    def text(self, function, *arguments):
        """What a function leaves in its last parameter, a text to be freed."""
        out = ctypes.c_void_p()
        self.check(function(*arguments, ctypes.byref(out)))
        try:
            return ctypes.string_at(out.value).decode("utf-8", "replace")
        finally:
            self.vxg_free(out)


lib = Library()
check = lib.check


class Handle:
    """An object of the library: its address, and the function that gives it back."""

    __slots__ = ("address", "_release", "_as_parameter_", "__weakref__")

    def __init__(self, address, release):
        self.address = address
        self._as_parameter_ = address
        self._release = release

    def __reduce__(self):  # a copy of the address would be given back twice
        raise TypeError("objects of the library are neither copied nor pickled: make them anew")

    def __del__(self):
        try:
            if self.address:
                self._release(self.address)
        except AttributeError:  # it was never made, or the interpreter ends
            pass
