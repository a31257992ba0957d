"""What goes with a long call: Ctrl-C and other signals, and exceptions of callbacks.

The library asks `poll` on the calling thread every 20 milliseconds; running it lets Python handle
its signals. What a handler or a callback raises is kept, ends the call, and is raised from it.

A signal that is pending when a callback begins is handled before the callback's first line: what
its handler raises cannot be caught there, and ctypes hands it to sys.unraisablehook. So while the
main thread is in a call that hook is ours for these, and they end the call through `cancel`.
"""

import ctypes
import sys
import threading

from ._library import Handle, check, lib
from ._progress import Shown, shown


class _Raised(threading.local):
    error = None
    depth = 0  # calls that the thread is in: callbacks may make more


_raised = _Raised()
_cancel = ctypes.c_int()  # the main thread's
_main = threading.main_thread().ident


def guard(function, failure=1):
    """A callback that keeps what it raises; `failure` is what the library is told then."""

    def guarded(*arguments):
        try:
            return function(*arguments) or 0
        except BaseException as e:  # KeyboardInterrupt too: it is raised again by `call`
            _raised.error = e
            words = "%s: %s" % (type(e).__name__, e)  # for callers that are not of Python
            return lib.vxg_error_set(failure, words.replace("%", "%%").encode("utf-8", "replace"))

    return guarded


def _nothing(context):
    return 0


def _progress(**members):
    return lib.new("vxg_progress", poll=ctypes.cast(_poll, ctypes.c_void_p).value,
                   cancel=ctypes.addressof(_cancel), **members)


_poll = lib.member_callback("vxg_progress", "poll")(guard(_nothing))
_quiet = _progress()
_QUIET = ctypes.addressof(_quiet)


def progress():
    """The address of the vxg_progress of a call on this thread, None: signals are not handled on
    it, and nobody waits for words."""
    return _QUIET if threading.get_ident() == _main else None


_quiet_address = progress  # where an argument has that name


def _silent(words, done, total):
    pass


class Reporting:
    """What a call says of how far it is: to report(words, done, total), to `progress`, a function
    like it or True (a bar), or to both or nobody. `address`: the vxg_progress. What was shown ends
    with `close`, or with the `with` around the call."""

    def __init__(self, report=None, progress=None):
        told = [f for f in (report, shown(progress)) if f]
        self._close = [f.close for f in told if isinstance(f, Shown)]
        self.last = None  # (words, done, total) of the last report
        if not told:
            self.tell, self.address = _silent, _quiet_address()
            return

        def tell(words, done, total):
            self.last = words, done, total
            for f in told:
                f(words, done, total)
        self.tell = tell
        kind = lib.member_callback("vxg_progress", "report")
        self._told = kind(guard(lambda context, words, done, total:
                                tell((words or b"").decode("utf-8", "replace"), done, total)))
        members = {"report": ctypes.cast(self._told, ctypes.c_void_p).value}
        on_main = threading.get_ident() == _main
        self._made = _progress(**members) if on_main else lib.new("vxg_progress", **members)
        self.address = ctypes.addressof(self._made)

    def close(self):
        """Ends what was shown."""
        for close in self._close:
            close()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


def _hook(unraisable):
    text = "%s %s" % (unraisable.err_msg or "", unraisable.object)
    if threading.get_ident() == _main and "ctypes callback" in text:
        _raised.error = unraisable.exc_value
        _cancel.value = 1
    else:
        _before(unraisable)


_before = sys.unraisablehook


def call(function, *arguments):
    """A function of the library that may take long: raises what its status or a callback says."""
    global _before
    outermost = not _raised.depth
    watched = outermost and threading.get_ident() == _main
    if outermost:
        _raised.error = None  # what a callback of somebody else's call has left
    if watched:
        _before, sys.unraisablehook = sys.unraisablehook, _hook
    _raised.depth += 1
    try:
        status = function(*arguments)
    finally:
        _raised.depth -= 1
        if watched:
            if sys.unraisablehook is _hook:  # a callback may have set another
                sys.unraisablehook = _before
            _cancel.value = 0
    if status or _raised.error is not None:
        error, _raised.error = _raised.error, None
        if error is not None:
            raise error
        check(status)


def make(function, *arguments, release):
    """The object that a function leaves in its last parameter."""
    out = ctypes.c_void_p()
    call(function, *arguments, ctypes.byref(out))
    return Handle(out.value, release)
