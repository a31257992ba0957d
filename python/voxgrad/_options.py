"""Keywords from the library's option tables: a keyword is an option's name with underscores, its
type, default and words are the table's."""

import ctypes
import difflib
import functools
import operator

import numpy as np

from ._library import ArgumentError, check, lib

(_FLAG, _INT, _REAL, _TEXT, _CHOICE, _RANGE, _INT64, _FILE, _OUTPUT, _SPAN, _NUMBERS, _RANGES,
 _WORDS, _GROUP) = range(14)  # vxg_option_type; the check below compares it with the library's
_NAMES = "FLAG INT REAL TEXT CHOICE RANGE INT64 FILE OUTPUT SPAN NUMBERS RANGES WORDS GROUP".split()
if [lib.enums["vxg_option_type"]["VXG_OPT_" + n] for n in _NAMES] != list(range(14)):
    raise ImportError("voxgrad: the library's types of options are not those of this package")


class Option:
    """One row of a table."""

    def __init__(self, row):
        self.name = row.name.decode().replace("-", "_")
        self.type, self.offset, self.count = row.type, row.offset, row.count
        self.choices = row.choices.decode().split("|") if row.type == _CHOICE else []
        self.unit = row.unit.decode() if row.unit else ""
        self.help = row.help.decode() if row.help else ""
        self.fallback = row.fallback.decode() if row.fallback else None


@functools.lru_cache(maxsize=None)
def table(struct):
    """The options of a struct by keyword; {}: it has no table."""
    count = ctypes.c_int()
    address = lib.vxg_option_table(struct.encode(), ctypes.byref(count))
    if not address:
        return {}
    rows = (lib.structs["vxg_option"] * count.value).from_address(address)
    return {o.name: o for o in map(Option, rows)}


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


def names(struct):
    """The keywords of a struct."""
    return list(table(struct))


def words(struct, leave=()):
    """The options as lines of a docstring."""
    lines = []
    for o in table(struct).values():
        if o.name in leave or o.name == "real" or o.name.startswith("has_"):
            continue
        kind = "one of " + ", ".join(o.choices) if o.choices else ""
        unit = " [%s]" % o.unit if o.unit else ""
        lines.append("    %s: %s%s%s" % (o.name, o.help, unit, " (%s)" % kind if kind else ""))
    return "\n".join(lines)


__all__ = ["check", "fill", "names", "table", "words"]
