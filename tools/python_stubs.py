"""Writes or checks the package's stubs (python/voxgrad/*.pyi) and docs/python-reference.md:

    PYTHONPATH=python python3 tools/python_stubs.py write | check

Names, defaults and docstrings are the package's, options with their choices the library's tables'.
What a parameter's name means is one type everywhere: the tables below.
"""

import os
import re
import sys

import python_api as api
import python_reference

WIDTH = 100
_NUMBERS = "float | Sequence[float]"
_TABLE = "str | os.PathLike[str] | ArrayLike"
_BASIS = "Literal['tournier07', 'descoteaux07-legacy', 'descoteaux07']"
_SPHERE = "Sphere | str | ArrayLike"
_DATA = "dict[str, ArrayLike] | None"
_COLUMNS = "dict[str, tuple[int, Any]] | None"
TYPES = {  # "Class.name" of attributes, "Class().name" of constructors, "function.name", or the name
    "geometry": "Geometry", "recon.geometry": "Geometry | None", "volume": "Volume | None",
    "backproject.volume": "Volume", "box.z": "tuple[int, int] | None",
    "box.y": "tuple[int, int] | None", "box.x": "tuple[int, int] | None",
    "XrayTransform.volume": "Volume", "GeometryTransform.volume": "Volume",
    "model": "Literal['joseph', 'siddon', 'footprint', 'footprint-tt']", "planar": "bool | None",
    "device": "Device | str | None", "Device().spec": "Device | str", "dtype": "DTypeLike | None",
    "Array.device": "Device", "Operator.device": "Device | None", "Prepared.device": "Device",
    "Kernel.device": "Device", "Array.dtype": "np.dtype", "Operator.dtype": "np.dtype",
    "Kernel.dtype": "np.dtype", "Array.shape": "tuple[int, ...]", "zeros.shape": "int | Sequence[int]",
    "rows": "int", "columns": "int", "nviews": "int", "views": "Any", "shape": "Sequence[int]",
    "Geometry.shape": "tuple[int, int, int]", "Volume.shape": "tuple[int, int, int]",
    "Scan.shape": "tuple[int, int, int]", "spacing": _NUMBERS, "center": "Sequence[float]",
    "Volume.spacing": "tuple[float, float, float]", "Volume.center": "tuple[float, float, float]",
    "rotation": "ArrayLike | None", "beam": "Literal['parallel', 'fan', 'cone']",
    "Geometry.beam": "Literal['parallel', 'cone']", "trajectory.beam": "Literal['parallel', 'cone']",
    "path": "str | os.PathLike[str]", "angles": "ArrayLike", "trajectory.angles": "ArrayLike | None",
    "trajectory.path": "Literal['circular', 'helical', 'sinusoidal', 'saddle', 'random']",
    "circular.angles": "int | ArrayLike", "vectors": "ArrayLike", "to_json.vectors": "bool",
    "save.vectors": "bool", "matrices": "ArrayLike", "curved": "bool", "column_offset": "float",
    "vectorised": "bool", "function": "Callable[[Any], Sequence[Any]]",
    "from_function.views": "int | ArrayLike", "sod": "float", "sdd": "float", "pitch": "float",
    "is_curved": "bool", "text": "str", "Kernel().text": "str | None", "name": "str",
    "Kernel.name": "str", "Kernel().options": "str | None", "by": "Sequence[float]", "factor": "float",
    "scale.factor": _NUMBERS, "matrix": "ArrayLike", "point": "Sequence[float] | None",
    "angle": "float", "detector_shift.columns": "float", "detector_shift.rows": "float",
    "kind": "str", "read.kind": "Literal['data', 'flat', 'dark']", "package":
    "Literal['astra', 'rtk', 'tigre', 'leap', 'cil', 'matrix']", "other": "Any", "axes": "Any",
    "Geometry.__add__.other": "Geometry", "operator": "Operator", "operators": "Operator",
    "Solver().method": "str", "solve.method": "str", "callback": "Callable[[Report, Any], Any] | None",
    "report": "Callable[[str, float, float], Any] | None",
    "progress": "bool | Callable[[str, float, float], Any] | None",
    "scan": "Scan | str | os.PathLike[str]", "recon.solve": "dict[str, Any] | None",
    "find_center.method": "Literal['vo', 'pair', 'opposite']",
    "remove_rings.method": "Literal['sort', 'mean']", "size": "int", "floor": "float",
    "data": "Any", "flat": "ArrayLike", "dark": "ArrayLike | None", "window": "str", "cutoff": "float",
    "response": "ArrayLike", "weights": "Any", "first": "int", "filter": "Operator | None",
    "domain_shape": "tuple[int, ...]", "domain_shapes": "list[tuple[int, ...]]",
    "range_shape": "tuple[int, ...]", "ninputs": "int", "is_linear": "bool", "index": "int",
    "apply": "Callable[[np.ndarray], Any]", "adjoint": "Callable[[np.ndarray], Any] | None",
    "FunctionOperator().domain_shape": "Sequence[int]",
    "FunctionOperator().range_shape": "Sequence[int]",
    "names": "Sequence[str] | None", "seed": "int", "kinks": "Sequence[int]", "n": "int",
    "Kernel.__call__.size": "int | Sequence[int]", "ints": "Sequence[int]", "reals": "Sequence[float]",
    "small": "Sequence[int]", "dataset": "str | None", "follow_links": "bool", "in_process": "bool",
    "read.views": "Any", "read.rows": "Any", "read.columns": "Any", "part": "str | None",
    "unit": "str", "force": "bool", "lo": "float | None", "hi": "float | None", "scale": "int",
    "spec": "str", "backend": "str", "is_host": "bool", "driver": "str", "memory": "int",
    "units": "int", "has_float64": "bool", "ndim": "int", "format": "str", "flats": "int",
    "darks": "int", "Scan.angles": "np.ndarray", "angles_missing": "bool", "pixel_size": "float",
    "pixel_unit": "str", "Scan.path": "str", "Scan.dtype": "str", "write.spacing": _NUMBERS + " | None",
    "Result.iterations": "int", "Result.reason": "str", "Result.residual": "np.ndarray",
    "Result.penalty": "np.ndarray", "Result.data": "float", "Report.iteration": "int",
    "Report.residual": "float", "Report.data": "float", "Report.change": "float",
    "Report.penalty": "float", "passed": "bool", "residual": "float", "tolerance": "float",
    "detail": "str", "copy": "bool | None", "from_astra.kind": "str", "padded": "int",
    "FilteredBackprojection.volume": "Volume", "SolverResult.volume": "Any",
    "SolverResult.iterations": "int",
    "FilteredBackprojection.response": "torch.nn.Parameter", "converged": "bool", "reason": "str",
    "residual_history": "list[float]", "total_variation.volume": "Any", "project.volume": "Any",
    "diffct.beam": "str", "diffct.model": "str", "diffct.trajectory": "Any", "diffct.window": "Any",
    "diffct.device": "Any", "diffct.shape": "Any", "diffct.angles": "Any",
    "diffct.callback": "Callable[..., Any] | None", "diffct.dtype": "Any", "torch.dtype": "Any",
    # diffusion: images are arrays or what has an affine, Any
    "dwi.b": "ArrayLike", "Gradients.b": "np.ndarray", "Response().b": "float", "Response.b": "float",
    "dwi.directions": "ArrayLike", "Gradients.directions": "np.ndarray", "Sphere.directions": "np.ndarray",
    "Sphere().directions": "str | ArrayLike", "dwi.bvals": _TABLE, "dwi.bvecs": _TABLE, "dwi.table": "Any",
    "dwi.gradients": "Gradients", "dwi.volumes": "Any", "dwi.order": "int", "dwi.count": "int", "dwi.symmetric": "bool",
    "dwi.basis": _BASIS, "sh_convert.to": _BASIS, "dwi.coefficients": "Any", "dwi.zonal": _TABLE,
    "Response.zonal": "np.ndarray", "Response.s0": "float", "Response.voxels": "int", "dwi.s0": "float",
    "dwi.eigenvalues": "ArrayLike", "Response.eigenvalues": "np.ndarray", "Response.order": "int", "dwi.fa": "float",
    "dwi.response": "ArrayLike", "csd.response": "Response", "dwi.shell": "int", "dwi.maps": "str | Sequence[str] | None",
    "dwi.sphere": _SPHERE + " | None", "samples.sphere": _SPHERE, "Image.data": "np.ndarray",
    "Image.affine": "np.ndarray | None", "Image.attributes": "dict[str, str]", "read_image.dtype": "DTypeLike | None",
    "Peaks.directions": "Any", "Peaks.values": "Any", "Peaks.numbers": "Any", "TensorMaps.s0": "Any",
    "TensorMaps.eigenvalues": "Any", "TensorMaps.fa": "Any",
    # streamlines
    "track.gradients": "Gradients", "track.sphere": _SPHERE + " | None", "track.basis": _BASIS,
    "run.field": "Field", "Field.kind": "str", "track.seeds": "ArrayLike", "track.indices": "ArrayLike",
    "track.positions": "ArrayLike", "Tractogram.positions": "np.ndarray", "track.offsets": "ArrayLike",
    "Tractogram.offsets": "np.ndarray", "Tractogram.affine": "np.ndarray | None",
    "Tractogram.grid": "tuple[int, int, int] | None", "track.grid": "Sequence[int] | None", "track.point_data": _DATA,
    "track.line_data": _DATA, "Tractogram.point_data": "dict[str, np.ndarray]",
    "Tractogram.line_data": "dict[str, np.ndarray]", "track.groups": "dict[str, Any] | None",
    "Tractogram.groups": "dict[str, np.ndarray]", "track.attributes": "dict[str, str] | None",
    "Tractogram.attributes": "dict[str, str]", "Tractogram.stats": "dict[str, Any] | None",
    "track.stats": "dict[str, Any] | None", "Reader.streamlines": "int | None", "Reader.points": "int | None",
    "Reader.affine": "np.ndarray | None", "Reader.grid": "tuple[int, int, int] | None",
    "Reader.groups": "dict[str, np.ndarray]", "Reader.attributes": "dict[str, str]", "Reader.stored": "np.dtype",
    "Reader.path": "str", "Reader.dtype": "np.dtype", "track.batch": "int", "track.max_memory": "int", "Writer.path": "str",
    "track.point_columns": _COLUMNS, "track.line_columns": _COLUMNS, "Writer.point_columns": "dict[str, Any]",
    "Writer.line_columns": "dict[str, Any]", "track.offset_bits": "int", "track.folder": "bool",
    "cuslines.device": "Device | str | None",
}
WHERE = {"Geometry": "ct", "Volume": "ct", "Operator": "operators", "Device": "", "Array": "",
         "Scan": "io", "Image": "io", "Gradients": "dwi", "Sphere": "dwi", "Response": "dwi", "Field": "track",
         "Tractogram": "track", "Report": "solve", "Result": "solve", "CheckResult": "checks"}
KINDS = {"bool": "bool", "int": "int", "float": "float", "str": "str", "path": "str | os.PathLike[str]",
         "(int, int)": "tuple[int, int]", "list of float": "Sequence[float]"}


def kind_of(option):
    """The type of a keyword of a table."""
    if option.choices:
        return "Literal[%s]" % ", ".join(map(repr, option.choices))
    if option.count:
        return _NUMBERS
    return KINDS[option.kind]


def type_of(name, owners=()):
    """What a name means, "Any" where that is not known. owners: the module, then the class, then the
    function, as far as there are; a constructor is "Class()"."""
    last = ".".join(owners[-2:]), owners[-1] if owners else "", owners[0] if owners else ""
    for owner in last:
        if owner + "." + name in TYPES:
            return TYPES[owner + "." + name]
    return TYPES.get(name, "Any")


def parameter(p, options, owners):
    """One of a signature."""
    if p.name in options:
        kind = kind_of(options[p.name])
    else:
        kind = type_of(p.name, owners)
    if p.kind == "**":
        kind = "Any"
    if p.default == "None" and "None" not in kind and kind != "Any":
        kind += " | None"
    stars = p.kind if p.kind != "only" else ""
    return "%s%s: %s%s" % (stars, p.name, kind, "" if p.default is None else " = " + p.default)


def wrapped(head, parts, tail, indent):
    """head(parts)tail in lines of at most WIDTH."""
    whole = indent + head + "(" + ", ".join(parts) + ")" + tail
    if len(whole) <= WIDTH:
        return whole
    lines, inner = [indent + head + "("], indent + "    "
    line = inner
    words = [p + ", " for p in parts[:-1]] + parts[-1:]
    for word in [w for long in words for w in (  # one that no line holds is cut at its commas
            [long] if len(inner + long.rstrip()) <= WIDTH else long.replace(", ", ", \0").split("\0"))]:
        if len(line) + len(word.rstrip()) > WIDTH and line.strip():
            lines.append(line.rstrip())
            line = inner
        line += word
    return "\n".join(lines + [line, indent + ")" + tail])


def wrapped_list(name, words):
    """name = [words]."""
    text = wrapped(name + " = ", [repr(w) for w in words], "", "")
    return text.replace(" = (", " = [").rstrip(")") + "]"


def docstring(text, indent):
    """Lines of a docstring."""
    if not text:
        return []
    text = text.replace("\\", "\\\\")
    lines = ['"""' + text.split("\n")[0]] + text.split("\n")[1:]
    lines = [indent + line if line else "" for line in lines]
    if len(lines) == 1 and len(lines[0]) + 3 <= WIDTH:
        return [lines[0] + '"""']
    return lines + [indent + '"""']


def option_lines(options):
    """What docstrings say of options."""
    lines = ["    " + o.words() for o in options.values()]
    return "\n\nOptions:\n" + "\n".join(lines) if lines else ""


def function(f, indent="", owners=()):
    """Lines of a stub of a function."""
    made = f.name in ("__init__", "__new__")
    inside = owners[:-1] + (owners[-1] + "()",) if made else owners + (f.name,)
    parts = [] if f.kind in ("function", "static") else [
        "cls" if f.kind == "class" or f.name == "__new__" else "self"]
    starred = False
    for p in f.parameters:
        if p.kind == "only" and not starred:
            parts.append("*")
        starred = starred or p.kind in ("*", "only")
        parts.append(parameter(p, f.options, inside))
    returns = f.returns or (type_of(f.name, owners) if f.kind == "property" else "Any")
    if f.name in ("__len__",):
        returns = "int"
    lines = {"static": [indent + "@staticmethod"], "class": [indent + "@classmethod"],
             "property": [indent + "@property"]}.get(f.kind, [])
    doc = docstring(f.doc + option_lines(f.options), indent + "    ")
    tail = " -> %s:%s" % (returns, "" if doc else " ...")
    lines = lines + [wrapped("def " + f.name, parts, tail, indent)] + doc
    return lines + [indent + "    ..."] if doc else lines


def class_lines(c, owners=()):
    """Lines of a stub of a class."""
    if c.bases == ["..."]:
        return ["%s: Any" % c.name]
    owners = owners + (c.name,)
    made = api.Function(c.name, "function", doc=c.doc)
    lines = ["class %s%s:" % (c.name, "(%s)" % ", ".join(c.bases) if c.bases else "")]
    lines += docstring(made.doc + option_lines(c.options), "    ")
    names = {m.name for m in c.members}
    lines += ["    %s: %s" % (n, type_of(n, owners))
              for n in c.fields + c.attributes if n not in names]
    if c.constructor:
        init = api.Function("__new__" if c.name == "Device" else "__init__", "method",
                            c.constructor.parameters, c.name if c.name == "Device" else "None",
                            options={})
        init.options = c.options
        text = function(init, "    ", owners)
        lines += [text[0].rstrip() + " ..." if text[0].endswith(":") else text[0]]
    for m in c.members:
        lines += function(m, "    ", owners)
    return lines if len(lines) > 1 else [lines[0] + " ..."]


def stub(module):
    """The text of a module's stub."""
    owner = (module.name.partition(".")[2],) if module.name != "voxgrad" else ()
    body = []
    for item in module.items:
        lines = class_lines if isinstance(item, api.Class) else function
        body += [""] + lines(item, owners=owner)
    if module.name == "voxgrad":
        body += ["", "__version__: str"]
    body += ["", wrapped_list("__all__", module.names)]
    code = "\n".join(body)
    used = set(re.findall(r"\b\w+\b", re.sub(r'"""(.|\n)*?"""', "", code)))
    head = ["# Written by ./dev docs (tools/python_stubs.py)."]
    head += docstring(module.doc, "")
    head += ["", "import os"] if "os" in used else [""]
    typing = sorted(used & {"Any", "Callable", "Iterable", "Literal", "NamedTuple", "Sequence"})
    head += ["from typing import " + ", ".join(typing)] if typing else []
    head += ["import %s" % n for n in ("jax", "torch") if re.search(r"\b%s\.\w" % n, code)]
    head += ["", "import numpy as np"] if "np" in used else []
    arrays = sorted(used & {"ArrayLike", "DTypeLike"})
    head += ["from numpy.typing import " + ", ".join(arrays)] if arrays else []
    head.append("")
    for name, home in sorted(module.others.items()):
        inner = home.partition(".")[2]
        head.append("from . import %s as %s" % (name, name) if inner == name
                    and "voxgrad." + name == home and name not in ("check",) else
                    "from .%s import %s as %s" % (inner, name, name))
    here = {i.name for i in module.items} | set(module.others)
    for name, home in sorted(WHERE.items()):
        if name in used and name not in here and home != module.name.partition(".")[2]:
            head.append("from .%s import %s" % (home, name))
    if os.sep in api.files()[module.name.partition(".")[2]]:  # a package inside: one level further up
        head = [re.sub(r"^from \.", "from ..", line) for line in head]
    return "\n".join(head).rstrip("\n") + "\n" + code + "\n"


def texts():
    """What is to be written: a text by its path."""
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    found, modules = {}, api.modules()
    for m in modules:
        file = api.files()[m.name.partition(".")[2]]
        found[os.path.join(api.PACKAGE, file + "i")] = stub(m)
    found[os.path.join(api.PACKAGE, "py.typed")] = ""
    found[os.path.join(root, "docs", "python-reference.md")] = python_reference.text(modules)
    return found


def stale():
    """Paths whose text is not what would be written now, and stubs of modules that are gone."""
    wanted, found = texts(), []
    for path, text in wanted.items():
        try:
            with open(path, encoding="utf-8") as f:
                if f.read() != text:
                    found.append(path)
        except FileNotFoundError:
            found.append(path)
    there = [os.path.join(folder, f) for folder, _, names in os.walk(api.PACKAGE) for f in names
             if f.endswith(".pyi")]
    return found + [p for p in there if p not in wanted]


def main(words):
    """write or check; the exit code."""
    if words == ["write"]:
        for path, text in texts().items():
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
        return 0
    old = stale()
    for path in old:
        print("%s is not what the package says now: run ./dev docs" % path)
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["check"]))
