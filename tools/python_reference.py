"""The text of docs/python-reference.md, of what tools/python_api.py sees."""

import re

import python_api as api

HEAD = """# Python reference
<!-- Written by ./dev docs out of the package's docstrings and the library's option tables. -->

The [guide](python.md) shows how things are done. Every option can be left out: `None`, or not given,
is what the library decides. The same words are in `help()` and in the stubs beside the modules.
"""


def anchor(heading):
    """What GitHub calls a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def signature(f, name):
    """A call, with options as **options."""
    parts, starred = [], False
    for p in f.parameters:
        if p.name in f.options and p.kind == "only":
            continue
        if p.kind == "only" and not starred:
            parts.append("*")
        starred = starred or p.kind in ("*", "only")
        stars = p.kind if p.kind != "only" else ""
        parts.append(stars + p.name + ("" if p.default is None else "=" + p.default))
    if f.options:
        parts.append("**options")
    return "%s(%s)" % (name, ", ".join(parts))


def paragraphs(doc):
    """A docstring's paragraphs, each in one line; code stays as it is."""
    return [p if p.startswith("    ") else " ".join(p.split()) for p in doc.split("\n\n")]


class Options:
    """Tables, each written once: who has the same options says where they are."""

    def __init__(self):
        self._written = {}  # an option of a table: whose heading it is under

    def lines(self, options, defaults, where):
        """Of a function or class, under the heading `where`."""
        if not options:
            return []
        at = {self._written.get(id(o)) for o in options.values()}
        if len(at) == 1 and None not in at:
            said = {n: d for n, d in defaults.items() if d not in (None, "None")}
            names = ["`%s`%s" % (n, " (%s)" % said[n] if n in said else "") for n in options]
            home = at.pop()
            return ["Options, as [%s](#%s) has them: %s." % (home, anchor(home), ", ".join(names)),
                    ""]
        rows = ["| option | | default | |", "|---|---|---|---|"]
        for n, o in options.items():
            self._written.setdefault(id(o), where)
            kind = ", ".join("`'%s'`" % c for c in o.choices) if o.choices else o.kind
            unit = ", " + o.unit if o.unit else ""
            default = defaults.get(n)
            rows.append("| `%s` | %s%s | %s | %s |" % (
                n, kind, unit, "" if default in (None, "None") else "`%s`" % default,
                o.help.replace("|", "\\|")))
        return rows + [""]


def _defaults(f):
    return {p.name: p.default for p in f.parameters}


def member(m):
    """Lines of a method or property."""
    call = m.name if m.kind == "property" else signature(m, m.name)
    returns = m.returns if m.returns not in (None, "None", "Any") else None
    head = "* `%s`%s" % (call, " -> `%s`" % returns if returns else "")
    parts = paragraphs(m.doc) if m.doc else []
    lines = [head + (": " + parts[0] if parts else "")]
    for part in parts[1:]:
        lines += ["", "  " + part]
    return lines


def joined(call, doc):
    """A call and what it does, in one paragraph."""
    return [call + (": " + doc[0] if doc else ""), ""] + doc[2:]


def item(i, options):
    """Lines of a function or class."""
    lines, doc = ["### %s" % i.name], []
    for part in paragraphs(i.doc) if i.doc else []:
        doc += [part, ""]
    if isinstance(i, api.Function):
        arrow = " -> %s" % i.returns if i.returns not in (None, "None", "Any") else ""
        return lines + joined("`%s%s`" % (signature(i, i.name), arrow), doc) + options.lines(
            i.options, _defaults(i), i.name)
    if i.constructor and not i.is_inner:
        call = api.Function(i.name, "function", i.constructor.parameters)
        call.options = i.options
        lines += joined("`class %s`" % signature(call, i.name), doc)
    elif i.fields:
        lines += joined("`class %s(%s)`, a named tuple" % (i.name, ", ".join(i.fields)), doc)
    else:
        lines += doc
    lines += options.lines(i.options, _defaults(i.constructor) if i.constructor else {}, i.name)
    tables, same = [], [m for m in i.members if m.doc.startswith("As `")]  # another class's
    for m in i.members:
        if m.name[:2] == "__" and not m.doc or m in same:
            continue
        lines += member(m)
        if m.options:
            tables.append((m.name, m.options, _defaults(m)))
    if same:
        lines.append("* %s: as of `%s`" % (", ".join("`%s`" % m.name for m in same),
                                           same[0].doc[4:].partition(".")[0]))
    lines += [""] if i.members else []
    for name, taken, defaults in tables:
        where = "%s.%s" % (i.name, name)
        found = options.lines(taken, defaults, where)
        is_table = found[0].startswith("|")
        lines += ["#### %s" % where, ""] + found if is_table else ["`%s`: " % where + found[0], ""]
    return lines


def errors(items):
    """The exceptions in one table."""
    lines = ["### Errors", "", "| | is a | |", "|---|---|---|"]
    for i in items:
        lines.append("| `%s` | %s | %s |" % (i.name, ", ".join("`%s`" % b for b in i.bases),
                                             " ".join(i.doc.split())))
    return lines + [""]


def text(modules):
    """The whole page."""
    lines = HEAD.split("\n")
    for m in modules:
        lines.append("* [%s](#%s): %s" % (m.name, anchor(m.name), paragraphs(m.doc)[0]))
    lines.append("")
    options = Options()
    for m in modules:
        lines += ["## %s" % m.name]
        for part in paragraphs(m.doc):
            lines += [part, ""]
        if m.others:
            lines += ["Also here: %s." % ", ".join(
                "[%s](#%s)" % (n, anchor(h if h.endswith("." + n) and n != "check" else n))
                for n, h in m.others.items()), ""]
        classes = [i for i in m.items if isinstance(i, api.Class)]
        bad = [i for i in classes if "Error" in i.bases or i.name == "Error"]
        made = [i for i in classes if i.bases == ["..."]]
        for i in m.items:
            if i not in bad + made:
                lines += item(i, options)
        rest = [i.name for i in made]
        lines += ["Also: %s." % ", ".join("`%s`" % n for n in rest), ""] if rest else []
        lines += errors(bad) if bad else []
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip("\n") + "\n"
