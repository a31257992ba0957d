"""What `progress=True` shows of a long call: a bar of tqdm where that is installed, else a line on
standard error where that is a terminal."""

import sys
import time


class Shown:
    """Something that is shown while calls (words, done, total) come, until `close`."""

    def close(self):
        """What is shown last stays; a call may follow, and begins anew."""


class _Bars(Shown):
    """A bar of tqdm for each stage, by its words."""

    def __init__(self):
        try:
            from tqdm.auto import tqdm  # in notebooks a widget
        except ModuleNotFoundError:
            from tqdm import tqdm
        self._tqdm, self._bars = tqdm, {}

    def __call__(self, words, done, total):
        bar = self._bars.get(words)
        if bar is None:
            bar = self._bars[words] = self._tqdm(total=_whole(total), desc=words)
        bar.total = _whole(total)
        bar.update(_whole(done) - bar.n)

    def close(self):
        for bar in self._bars.values():
            bar.close()
        self._bars = {}


class _Line(Shown):
    """One line, written anew at most every second."""

    _seconds = 1.0

    def __init__(self):
        self._next, self._last, self._width = 0.0, None, 0

    def __call__(self, words, done, total):
        self._last = "%s: %.15g of %.15g" % (words, done, total)
        if time.monotonic() >= self._next and sys.stderr.isatty():
            self._write()
            self._next = time.monotonic() + self._seconds

    def _write(self):
        sys.stderr.write("\r" + self._last.ljust(self._width))
        sys.stderr.flush()
        self._width, self._last = len(self._last), None

    def close(self):
        if self._last and sys.stderr.isatty():
            self._write()
        if self._width:
            sys.stderr.write("\n")
            sys.stderr.flush()
        self._next, self._last, self._width = 0.0, None, 0


def _whole(number):
    return int(number) if number == int(number) else number


def shown(progress):
    """What `progress=` stands for: a function, None: nothing."""
    if progress is None or progress is False:
        return None
    if callable(progress):
        return progress
    if progress is not True:
        raise TypeError("progress: True or a function of (words, done, total) is expected, not %r"
                        % (progress,))
    try:
        return _Bars()
    except ModuleNotFoundError as e:
        if (e.name or "").partition(".")[0] != "tqdm":
            raise  # it is there and broken
        return _Line()
