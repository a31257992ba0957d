"""What the Python package offers, as the tools that write stubs and the reference see it.

Modules that need nothing but NumPy are imported and looked at; those that need PyTorch or JAX are
read as text, so that neither has to be there. Options come from the library's tables either way.
"""

import ast
import importlib
import inspect
import os

import voxgrad
from voxgrad import _options

PACKAGE = os.path.dirname(os.path.abspath(voxgrad.__file__))
ELSEWHERE = ("torch", "jax", "mlx")  # packages that are not imported for this
SHOWN = ("__call__", "__getitem__", "__len__", "__add__", "__sub__", "__mul__", "__rmul__",
         "__neg__", "__matmul__", "__enter__", "__exit__", "__array__")
INNER = ("handle", "maker")  # first parameters of constructors that only the package calls


class Parameter:
    """One of a function: kind is "", "*", "**", or "only" of those behind a star."""

    def __init__(self, name, kind, default):
        self.name, self.kind, self.default = name, kind, default  # default: a text, None: none


class Function:
    """kind: "function", "method", "static", "class" or "property"."""

    def __init__(self, name, kind, parameters=(), returns=None, doc="", options=None):
        self.name, self.kind, self.returns = name, kind, returns
        self.parameters = list(parameters)
        self.doc, self.options = doc.partition("\n\nOptions:\n")[0], options or {}


class Class:
    """constructor: a Function or None; fields: names of a named tuple; attributes: names that its
    constructor sets."""

    def __init__(self, name, bases, doc):
        self.name, self.bases = name, bases
        self.doc, self.options = doc.partition("\n\nOptions:\n")[0], {}
        self.constructor, self.members, self.fields, self.attributes = None, [], [], []
        self.is_inner = False  # whether the constructor is only for the package itself


class Module:
    """name: "voxgrad.ct"; items: Function and Class in the source's order; others: what it takes
    from public modules, by their names."""

    def __init__(self, name, doc):
        self.name, self.doc, self.items, self.others = name, doc, [], {}

    @property
    def names(self):
        """All public names."""
        return [i.name for i in self.items] + list(self.others)


def files():
    """The public modules' files by their names, the package itself first; packages inside by their
    __init__.py."""
    names = sorted(f for f in os.listdir(PACKAGE) if f[0] != "_")
    found = {"": "__init__.py"}
    for name in names:
        inner = os.path.join(name, "__init__.py")
        if name.endswith(".py"):
            found[name[:-3]] = name
        elif os.path.exists(os.path.join(PACKAGE, inner)):
            found[name] = inner
    return found


def _source(file):
    with open(os.path.join(PACKAGE, file), encoding="utf-8") as f:
        return ast.parse(f.read())


def _needs_others(tree):
    """Whether importing a module imports what is not imported here."""
    flat = [inner for node in tree.body for inner in getattr(node, "body", [node])
            if not isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    for node in flat:
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module]
        if isinstance(node, ast.ImportFrom) and node.level:
            names = [a.name for a in node.names if not node.module] + [node.module or ""]
        if any(n.partition(".")[0] in ELSEWHERE for n in names):
            return True
    return False


def modules():
    """All public modules."""
    found = []
    for name, file in files().items():
        tree = _source(file)
        full = ".".join(["voxgrad", name]) if name else "voxgrad"
        if os.sep in file:
            found.append(_read_package(full, tree, os.path.dirname(file)))
        else:
            found.append(_read(full, tree) if _needs_others(tree) else _looked_at(full, tree))
    return found


# ---- Modules that are imported ----
def _default(value):
    """A default as text of Python."""
    if value is inspect.Parameter.empty:
        return None
    if isinstance(value, type) and value.__module__ == "numpy":
        return "np." + value.__name__
    simple = value is None or isinstance(value, (bool, int, float, str))
    return repr(value) if simple or value == () or isinstance(value, tuple) and all(
        isinstance(v, (int, float)) for v in value) else "..."


_STARS = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**",
          inspect.Parameter.KEYWORD_ONLY: "only"}


def _function(name, made, kind):
    """A Function of an object; a method's first parameter is left out."""
    signature = inspect.signature(made)
    parameters = [Parameter(p.name, _STARS.get(p.kind, ""), _default(p.default))
                  for p in signature.parameters.values()]
    returns = signature.return_annotation
    returns = None if returns is inspect.Signature.empty else str(returns)
    return Function(name, kind, parameters[1:] if kind == "method" else parameters, returns,
                    inspect.cleandoc(made.__doc__ or ""), vars(made).get("__options__"))


def _property(name, made):
    returns = getattr(made.fget, "__annotations__", {}).get("return")
    return Function(name, "property", (), returns, inspect.cleandoc(made.__doc__ or ""))


def _attributes(kind):
    """Public names that a class's constructor sets, in order."""
    tree = _source(os.path.basename(inspect.getsourcefile(kind)))
    made = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == kind.__name__)
    return _set_by_constructor(made)


def _set_by_constructor(tree):
    found = []
    for function in tree.body:
        if isinstance(function, ast.FunctionDef) and function.name in ("__init__", "__new__"):
            for node in ast.walk(function):
                targets = node.targets if isinstance(node, ast.Assign) else []
                flat = [t for target in targets for t in getattr(target, "elts", [target])]
                found += [t.attr for t in flat if isinstance(t, ast.Attribute) and t.attr[0] != "_"
                          and isinstance(t.value, ast.Name) and t.value.id == "self"]
    return list(dict.fromkeys(found))


def _class(kind):
    bases = [b.__name__ for b in kind.__bases__ if b is not object]
    if hasattr(kind, "_fields"):
        made = Class(kind.__name__, ["NamedTuple"], inspect.cleandoc(kind.__doc__))
        made.fields = list(kind._fields)
        return made
    made = Class(kind.__name__, bases, inspect.cleandoc(kind.__doc__ or ""))
    made.options = vars(kind).get("__options__", {})
    if issubclass(kind, Exception):
        return made
    made.attributes = _attributes(kind)
    for name, member in vars(kind).items():
        if name in ("__init__", "__new__"):
            made.constructor = _function(name, member if name == "__init__" else member.__func__,
                                         "method")
            made.is_inner = any(p.name in INNER for p in made.constructor.parameters[:1])
        elif name[0] == "_" and name not in SHOWN:
            continue
        elif isinstance(member, property):
            made.members.append(_property(name, member))
        elif isinstance(member, staticmethod):
            made.members.append(_function(name, member.__func__, "static"))
        elif isinstance(member, classmethod):
            of = _function(name, member.__func__, "method")
            of.kind = "class"
            made.members.append(of)
        elif inspect.ismethod(member):  # another class's, by its name here
            made.members.append(_function(name, member, "static"))
            made.members[-1].doc = "As `%s.%s`." % (member.__self__.__name__, name)
        elif inspect.isfunction(member):
            made.members.append(_function(name, member, "method"))
    return made


def _looked_at(full, tree):
    module = importlib.import_module(full)
    made = Module(full, module.__doc__.strip())
    public = {"voxgrad." + n for n in files() if n}
    for name in getattr(module, "__all__", None) or public_names(tree):
        what = getattr(module, name)
        home = what.__name__ if inspect.ismodule(what) else getattr(what, "__module__", None)
        if home in public and home != full:
            made.others[name] = home
        elif isinstance(what, type) and what.__name__ == name:
            made.items.append(_class(what))
        elif isinstance(what, type) or not callable(what):  # another name, or a value
            made.items.append(Class(name, ["..."], ""))
        else:
            made.items.append(_function(name, what, "function"))
    return made


# ---- Modules that are read ----
def _called(node, tree):
    """The options that a decorator of this package names, {}: there is none."""
    names = {a.asname or a.name for n in tree.body
             if isinstance(n, ast.ImportFrom) and n.module == "_options" for a in n.names}
    for d in node.decorator_list:
        if isinstance(d, ast.Call) and getattr(d.func, "id", None) in names:
            said = dict(zip(("struct", "leave"), map(ast.literal_eval, d.args)),
                        **{k.arg: ast.literal_eval(k.value) for k in d.keywords})
            return _options.keywords(said["struct"], said.get("leave", "").split())
    return {}


def _parameters(arguments):
    """Parameters of a function's text."""
    plain = arguments.posonlyargs + arguments.args
    values = [None] * (len(plain) - len(arguments.defaults)) + arguments.defaults
    text = lambda v: None if v is None else ast.unparse(v)  # noqa: E731
    found = [Parameter(a.arg, "", text(v)) for a, v in zip(plain, values)]
    if arguments.vararg:
        found.append(Parameter(arguments.vararg.arg, "*", None))
    found += [Parameter(a.arg, "only", text(v))
              for a, v in zip(arguments.kwonlyargs, arguments.kw_defaults)]
    if arguments.kwarg:
        found.append(Parameter(arguments.kwarg.arg, "**", None))
    return found


def _with_options(parameters, options):
    """As `_options.described` does it."""
    names = {p.name for p in parameters}
    taken = {n: o for n, o in options.items() if n not in names}
    if taken:
        parameters = [p for p in parameters if p.kind != "**"] + [
            Parameter(n, "only", repr(o.default)) for n, o in taken.items()]
    return parameters, taken


def _function_text(node, tree, kind):
    parameters, taken = _with_options(_parameters(node.args), _called(node, tree))
    words = {getattr(d, "id", None) for d in node.decorator_list}
    if kind == "method" and words & {"staticmethod", "classmethod", "property"}:
        kind = {"staticmethod": "static", "classmethod": "class", "property": "property"}[
            (words & {"staticmethod", "classmethod", "property"}).pop()]
    bound = kind in ("method", "class", "property")
    returns = node.returns and ast.unparse(node.returns)
    return Function(node.name, kind, parameters[1:] if bound else parameters, returns,
                    ast.get_docstring(node) or "", taken)


def _fields(node, items):
    """The constructor of a data class: its bases' fields, then its own."""
    found = {}
    for base in node.bases:
        above = next((i for i in items if i.name == ast.unparse(base)), None)
        found.update((p.name, p) for p in (above.constructor.parameters
                                           if above and above.constructor else ()))
    for member in node.body:
        if isinstance(member, ast.AnnAssign):
            default = member.value and ast.unparse(member.value)
            simple = default is None or isinstance(member.value, (ast.Constant, ast.UnaryOp))
            found[member.target.id] = Parameter(member.target.id, "", default if simple else "...")
    return Function("__init__", "method", found.values())


def _class_text(node, tree, items):
    made = Class(node.name, [ast.unparse(b) for b in node.bases], ast.get_docstring(node) or "")
    made.attributes = _set_by_constructor(node)
    options = _called(node, tree)
    if any("dataclass" in ast.unparse(d) for d in node.decorator_list):
        made.constructor = _fields(node, items)
    for member in node.body:
        if isinstance(member, ast.AnnAssign):  # of a dataclass
            made.attributes.append(member.target.id)
        elif isinstance(member, ast.Assign) and isinstance(member.value, ast.Name):
            for target in member.targets:  # an alias: __call__ = project
                same = next((m for m in made.members if m.name == member.value.id), None)
                if same and (target.id[0] != "_" or target.id in SHOWN):
                    made.members.append(Function(target.id, same.kind, same.parameters,
                                                 same.returns, same.doc))
        elif isinstance(member, ast.Assign) and getattr(
                getattr(member.value, "func", None), "id", None) == "property":
            doc = next((k.value.value for k in member.value.keywords if k.arg == "doc"), "")
            made.members.append(Function(member.targets[0].id, "property", doc=doc))
        elif not isinstance(member, ast.FunctionDef):
            continue
        elif member.name == "__init__":
            made.constructor = _function_text(member, tree, "method")
            parameters, made.options = _with_options(made.constructor.parameters, options)
            made.constructor.parameters = parameters
        elif member.name[0] != "_" or member.name in SHOWN:
            made.members.append(_function_text(member, tree, "method"))
    return made


def _named_tuple(node):
    """The fields of `NAME = collections.namedtuple(...)`, None: it is something else."""
    call = node.value
    if not isinstance(call, ast.Call) or "namedtuple" not in ast.unparse(call.func):
        return None
    fields = ast.literal_eval(call.args[1])
    return fields.replace(",", " ").split() if isinstance(fields, str) else list(fields)


def public_names(tree):
    """The public names of a module's text: its __all__, or what it defines."""
    found = []
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.append(node.name)
        elif isinstance(node, ast.Assign):
            names = [t.id for t in node.targets if isinstance(t, ast.Name)]
            if names == ["__all__"]:
                return list(ast.literal_eval(node.value))
            found += names
    return list(dict.fromkeys(n for n in found if n[0] != "_"))


def _assigned(name, node, items):
    """What a name stands for that is given a value."""
    same = next((i for i in items if isinstance(node.value, ast.Name) and i.name == node.value.id), None)
    if isinstance(same, Function):
        return Function(name, same.kind, same.parameters, same.returns, "As `%s`." % same.name, same.options)
    item, fields = Class(name, [], ""), _named_tuple(node)
    if fields:
        item.bases, item.fields = ["NamedTuple"], fields
    elif same:
        item.bases, item.doc = [same.name], "As `%s`." % same.name
    else:  # of a function that makes classes or values
        item.bases = ["..."]
    return item


def _read_package(full, tree, folder):
    """A package's public names, out of its inner modules' texts and its own."""
    made = Module(full, (ast.get_docstring(tree, clean=False) or "").strip())
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module:
            inner = _source(os.path.join(folder, node.module + ".py"))
            names = [a.name for a in node.names if (a.asname or a.name)[0] != "_"]
            made.items += [i for i in _read(full, inner, made.items).items if i.name in names]
    own = _read(full, tree, made.items)
    made.items += [i for i in own.items if i.name not in made.names]
    return made


def _read(full, tree, known=()):
    """known: items of modules that were read before, for what is made of them."""
    made = Module(full, (ast.get_docstring(tree, clean=False) or "").strip())
    names = public_names(tree)
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module:
            made.others.update({a.asname or a.name: "voxgrad." + node.module for a in node.names
                                if (a.asname or a.name) in names})
        elif isinstance(node, ast.FunctionDef) and node.name in names:
            made.items.append(_function_text(node, tree, "function"))
        elif isinstance(node, ast.ClassDef) and node.name in names:
            made.items.append(_class_text(node, tree, list(known) + made.items))
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            made.items += [_assigned(t.id, node, made.items) for t in node.targets if t.id in names]
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute) \
                and node.targets[0].attr == "__doc__" and made.items:
            made.items[-1].doc = inspect.cleandoc(ast.literal_eval(node.value))
    return made
