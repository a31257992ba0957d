"""Runs a file's functions called test_...: one line PASS, FAIL or SKIP for each, as C's tests do."""

import importlib
import importlib.util
import sys
import traceback


class Skip(Exception):
    """Raised by a test that cannot run here, with why."""


def optional(package):
    """The package, None: it is not installed. One that is there and broken is an error."""
    return importlib.import_module(package) if importlib.util.find_spec(package) else None


def main(module, names):
    """All tests of a module, or those that `names` name; the exit code. NEEDS: a package without
    which it is left out."""
    space, failed = sys.modules[module], 0
    suite = space.SUITE
    if optional(getattr(space, "NEEDS", "sys")) is None:
        print("SKIP %s.all: %s is not installed" % (suite, space.NEEDS))
        return 0
    for name in [n for n in vars(space) if n.startswith("test_")]:
        short = name[len("test_"):]
        if names and short not in names:
            continue
        try:
            getattr(space, name)()
            print("PASS %s.%s" % (suite, short), flush=True)
        except Skip as e:
            print("SKIP %s.%s: %s" % (suite, short, e), flush=True)
        except Exception as e:  # a test that fails in any way
            failed = 1
            where = traceback.extract_tb(e.__traceback__)
            own = [f for f in where if f.filename == space.__file__] or where
            words = str(e).split("\n")[0] or own[-1].line
            print("FAIL %s.%s: line %d: %s: %s"
                  % (suite, short, own[-1].lineno, type(e).__name__, words), flush=True)
    return failed


def refused(kind, words, function, *arguments, **keywords):
    """The call must raise `kind` with all of `words` (a text or several) in its message."""
    try:
        function(*arguments, **keywords)
    except kind as e:
        for word in [words] if isinstance(words, str) else words:
            assert word in str(e), "'%s' lacks '%s'" % (e, word)
        return
    raise AssertionError("%s was not raised" % kind.__name__)
