"""Runs a file's functions called test_...: one line PASS, FAIL or SKIP for each, as C's tests do."""

import sys
import traceback


class Skip(Exception):
    """Raised by a test that cannot run here, with why."""


def main(module, names):
    """All tests of a module, or those that `names` name; the exit code."""
    space, failed = sys.modules[module], 0
    suite = space.SUITE
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
