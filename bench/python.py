"""What the Python package costs over the library: PYTHONPATH=python python3 bench/python.py

Importing, beside NumPy's own time; a call of a tiny operator with NumPy arrays (and tensors, where
PyTorch is), beside the same call of C through ctypes with everything ready. Medians of 9 runs; one
thread, processor time."""

import ctypes
import statistics
import subprocess
import sys
import time

import numpy as np

import voxgrad as vxg
from voxgrad._library import lib

RUNS, CALLS = 9, 2000


def median_us(work):
    """Microseconds of processor time of a call."""
    times = []
    for _ in range(RUNS):
        begin = time.process_time()
        for _ in range(CALLS):
            work()
        times.append((time.process_time() - begin) / CALLS * 1e6)
    return statistics.median(times)


def import_ms(text):
    """Milliseconds that a fresh interpreter spends in `text` after NumPy."""
    code = "import numpy, time; t = time.perf_counter(); %s; print(time.perf_counter() - t)" % text
    runs = [float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                                 check=True).stdout) for _ in range(RUNS)]
    return 1e3 * statistics.median(runs)


def main():
    vxg.set_threads(1)
    A = vxg.ct.XrayTransform(vxg.ct.ParallelGeometry.circular(4, 1, 8))
    x = np.ones(A.domain_shape, np.float32)
    out = A(x)
    made = A.on("cpu")
    a, b = vxg._arrays._wrap(x, vxg.Device("cpu")), vxg._arrays._wrap(out, vxg.Device("cpu"))

    def plain():
        lib.vxg_op_apply(made.handle, ctypes.byref(made.call), ctypes.byref(a.struct),
                         ctypes.byref(b.struct))
    rows = [("C through ctypes", plain), ("A(x, out=y)", lambda: A(x, out=out)),
            ("A(x)", lambda: A(x)), ("A.T(y)", lambda: A.T(out))]
    try:
        import torch
        t, u = torch.tensor(x), torch.tensor(out)
        rows += [("A(tensor)", lambda: A(t)), ("A(tensor, out=)", lambda: A(t, out=u))]
    except ImportError:
        pass
    print("import voxgrad after numpy: %.1f ms" % import_ms("import voxgrad"))
    base = 0.0
    for name, work in rows:
        us = median_us(work)
        base = base or us
        print("%-18s %7.2f us, %7.2f over C" % (name, us, us - base))


if __name__ == "__main__":
    main()
