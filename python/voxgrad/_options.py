"""Keywords from the library's option tables: a keyword is an option's name with underscores (and one
behind it where Python has the word for itself: lambda_), its type, default and words are the table's."""

import ctypes
import difflib
import functools
import inspect
import keyword
import operator

import numpy as np

from ._library import ArgumentError, check, lib

(_FLAG, _INT, _REAL, _TEXT, _CHOICE, _RANGE, _INT64, _FILE, _OUTPUT, _SPAN, _NUMBERS, _RANGES,
 _WORDS, _GROUP) = range(14)  # vxg_option_type; the check below compares it with the library's
_NAMES = "FLAG INT REAL TEXT CHOICE RANGE INT64 FILE OUTPUT SPAN NUMBERS RANGES WORDS GROUP".split()
if [lib.enums["vxg_option_type"]["VXG_OPT_" + n] for n in _NAMES] != list(range(14)):
    raise ImportError("voxgrad: the library's types of options are not those of this package")


_KINDS = {_FLAG: "bool", _INT: "int", _REAL: "float", _TEXT: "str", _CHOICE: "word", _INT64: "int",
          _FILE: "path", _OUTPUT: "path", _SPAN: "(int, int)", _NUMBERS: "list of float"}


class Option:
    """One row of a table."""

    def __init__(self, row):
        self.name = row.name.decode().replace("-", "_")
        self.name += "_" if keyword.iskeyword(self.name) else ""
        self.type, self.offset, self.count = row.type, row.offset, row.count
        self.choices = row.choices.decode().split("|") if row.type == _CHOICE else []
        self.unit = row.unit.decode() if row.unit else ""
        self.help = row.help.decode() if row.help else ""
        fallback = row.fallback.decode() if row.fallback else None
        # what not giving it means where the table says so; None: the library decides
        self.default = (fallback or self.choices[0] if self.choices
                        else False if self.type == _FLAG else None)
        # what is given, in words of Python; None: nothing, the option is no keyword
        kind = _KINDS.get(self.type)
        if self.name == "real" or self.name.startswith("has_"):
            kind = None  # of the arrays' types, and set with the option that it belongs to
        self.kind = "list of %d %s" % (self.count, kind) if kind and self.count else kind

    def words(self):
        """A line of a docstring."""
        kind = " | ".join(map(repr, self.choices)) if self.choices else self.kind
        unit = ", %s" % self.unit if self.unit else ""
        return "%s (%s%s): %s" % (self.name, kind, unit, self.help)


@functools.lru_cache(maxsize=None)
def table(struct):
    """The options of a struct by keyword; {}: it has no table."""
    count = ctypes.c_int()
    address = lib.vxg_option_table(struct.encode(), ctypes.byref(count))
    if not address:
        return {}
    rows = (lib.structs["vxg_option"] * count.value).from_address(address)
    found = {o.name: o for o in map(Option, rows)}
    for name, o in found.items():
        if name.startswith("has_") and name[4:] in found:  # not giving NAME says the same
            other = found[name[4:]]
            other.help = other.help.partition("; see ")[0] + ";" + o.help.partition(";")[2]
    return found


def _number(option, value, convert):
    try:
        if isinstance(value, str):
            raise TypeError
        return convert(value)
    except TypeError:
        raise TypeError("%s: a number is expected, not %r" % (option.name, value)) from None


def _choice(option, value):
    if isinstance(value, str):
        word = value.replace("_", "-").lower()
        if word in option.choices:
            return option.choices.index(word)
        raise ArgumentError(
            "%s: '%s' is none of %s" % (option.name, value, ", ".join(option.choices))
        )
    return _number(option, value, operator.index)


def _numbers(option, values):
    try:
        return [float(v) for v in values]
    except TypeError:
        raise TypeError("%s: a list of numbers is expected, not %r" % (option.name, values)) from None


def _put(made, option, value, keep):
    """Writes one value where the table says; what it points at is kept in `keep`."""
    at = ctypes.addressof(made) + option.offset
    kind = option.type
    if option.count and kind in (_INT, _REAL, _INT64):
        element = {_INT: ctypes.c_int, _REAL: ctypes.c_double, _INT64: ctypes.c_int64}[kind]
        values = _numbers(option, value) if hasattr(value, "__len__") else [value] * option.count
        if len(values) != option.count:
            raise ArgumentError("%s: %d numbers are expected, not %d"
                                % (option.name, option.count, len(values)))
        convert = float if kind == _REAL else int
        (element * option.count).from_address(at)[:] = [convert(v) for v in values]
    elif kind == _FLAG:
        if value not in (0, 1) or isinstance(value, str):
            raise TypeError("%s: True or False is expected, not %r" % (option.name, value))
        ctypes.c_int.from_address(at).value = bool(value)
    elif kind in (_INT, _INT64):
        place = (ctypes.c_int if kind == _INT else ctypes.c_int64).from_address(at)
        number = place.value = _number(option, value, operator.index)
        if place.value != number:
            raise ArgumentError("%s: %d is too large" % (option.name, number))
    elif kind == _REAL:
        ctypes.c_double.from_address(at).value = _number(option, value, float)
    elif kind == _CHOICE:
        ctypes.c_int.from_address(at).value = _choice(option, value)
    elif kind in (_TEXT, _FILE, _OUTPUT):
        text = ctypes.create_string_buffer(str(value).encode())
        keep.append(text)
        ctypes.c_void_p.from_address(at).value = ctypes.addressof(text)
    elif kind == _SPAN:
        begin, end = value
        (ctypes.c_int64 * 2).from_address(at)[:] = [operator.index(begin), operator.index(end)]
    elif kind == _NUMBERS:
        values = _numbers(option, value)
        array = (ctypes.c_double * max(1, len(values)))(*values)
        keep.append(array)
        place = lib.structs["vxg_numbers"].from_address(at)
        place.count, place.value = len(values), ctypes.addressof(array)
    else:
        raise TypeError("%s cannot be given as a keyword" % option.name)


def fill(struct, keywords, keep, **members):
    """A struct with its keywords set. None means not given; a member `has_NAME` is set with NAME.
    members: fields that no text can give. keep: a list for what must live as long as the struct."""
    made = lib.new(struct)
    for name, value in members.items():
        setattr(made, name, value)
    update(made, struct, keywords, keep)
    return made


def update(made, struct, keywords, keep):
    """Sets keywords of a struct that is there."""
    options = table(struct)
    for name, value in keywords.items():
        if value is None:
            continue
        option = None if name == "real" or name.startswith("has_") else options.get(name)
        if option is None:
            near = difflib.get_close_matches(name, options, 1)
            raise TypeError("'%s' is no option of %s%s" % (
                name, struct, "; did you mean '%s'?" % near[0] if near else ""))
        _put(made, option, value, keep)
        if hasattr(made, "has_" + name):
            setattr(made, "has_" + name, 1)


def indices(views, count, what="views"):
    """Entries of an axis of `count` as int64: of a number, a slice, a list or array of numbers, or a
    mask of as many."""
    if isinstance(views, slice):
        return np.arange(*views.indices(count), dtype=np.int64)
    given = np.asarray(views)
    if given.dtype == bool:
        if given.shape != (count,):
            raise IndexError("%s: a mask of %d is expected, not of shape %s"
                             % (what, count, given.shape))
        return np.flatnonzero(given).astype(np.int64)
    if given.ndim > 1 or given.size and given.dtype.kind not in "iu":
        raise TypeError("%s: a whole number, a slice, a list of them or a mask is expected, not %r"
                        % (what, views))
    index = np.atleast_1d(given).astype(np.int64)
    if index.size and (index.min() < -count or index.max() >= count):
        raise IndexError("%s must lie in 0..%d" % (what, count - 1))
    return np.where(index < 0, index + count, index)


def real_array(values, what, dtype=np.float64):
    """A copy in C order; complex numbers are refused."""
    given = np.asarray(values)
    if given.dtype.kind == "c":
        raise TypeError("%s: real numbers are expected" % what)
    return np.array(given, dtype, order="C")


def numbers(made, struct):
    """The numbers of a struct that are not 0, by keyword."""
    kinds = {_INT: ctypes.c_int, _REAL: ctypes.c_double, _INT64: ctypes.c_int64}
    at = ctypes.addressof(made)
    found = {o.name: kinds[o.type].from_address(at + o.offset).value
             for o in table(struct).values() if o.type in kinds and not o.count}
    return {name: value for name, value in found.items() if value}


def apart(given, **own):
    """Both: keywords that were given, and those that the function sets itself."""
    for name in own:
        if name in given:
            raise TypeError("'%s' is an argument of the function itself here" % name)
    return dict(given, **own)


# ---- Signatures and docstrings ----
def keywords(struct, leave=()):
    """The options of a struct that are keywords, by name."""
    return {o.name: o for o in table(struct).values() if o.kind and o.name not in leave}


def described(function, taken, defaults=None):
    """Puts options into the signature and docstring of a function with **options, or of a class.

    defaults: values that are not the table's."""
    defaults = defaults or {}
    target = function.__init__ if isinstance(function, type) else function
    signature = inspect.signature(target)
    own = [p for p in signature.parameters.values() if p.kind != p.VAR_KEYWORD]
    names = {p.name for p in own}
    taken = {n: o for n, o in taken.items() if n not in names}
    own += [inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY, default=defaults.get(n, o.default))
            for n, o in taken.items()]
    target.__signature__ = signature.replace(parameters=own)
    lines = ["    %s" % o.words() for o in taken.values()]
    words = inspect.cleandoc(function.__doc__ or "")
    function.__doc__ = "%s\n\nOptions:\n%s" % (words, "\n".join(lines))
    function.__options__ = taken  # for the tool that writes stubs and the reference
    return function


def options(struct, leave="", defaults=None):
    """A decorator: `**options` of the function are those of this struct, but for the names in
    `leave`, which mean nothing to it or are said otherwise. Signature and docstring say so; what
    is called stays the same function."""
    return lambda function: described(function, keywords(struct, leave.split()), defaults)


__all__ = ["apart", "check", "described", "fill", "keywords", "numbers", "options", "table", "update"]
