"""Writes scipy.txt: least squares by SciPy after some iterations, which tests/solve_scipy.c compares with.

A line "problem ROWS COLUMNS", the matrix by rows, the data; then for every case a line "METHOD DAMPING ITERATIONS"
and x. lsqr: scipy.sparse.linalg.lsqr with all rules for stopping switched off. cgls: scipy.sparse.linalg.cg on the
normal equations, whose iterates are the same.
"""
import pathlib

import numpy as np
import scipy
from scipy.sparse.linalg import cg, lsqr

rng = np.random.default_rng(7)
rows, cols = 24, 15
a = rng.uniform(0, 1, (rows, cols)) * (rng.uniform(0, 1, (rows, cols)) < 0.5)
b = rng.uniform(0, 3, rows)


def line(values):
    return " ".join("%.17g" % v for v in values)


out = ["# SciPy %s, NumPy %s: make.py" % (scipy.__version__, np.__version__), "problem %d %d" % (rows, cols)]
out += [line(r) for r in a] + [line(b)]
for damping in (0, 0.7):
    for k in (1, 4, 9):
        x = lsqr(a, b, damp=damping, atol=0, btol=0, conlim=0, iter_lim=k)[0]
        out += ["lsqr %g %d" % (damping, k), line(x)]
        normal, right = a.T @ a + damping**2 * np.eye(cols), a.T @ b
        try:
            x = cg(normal, right, rtol=0, atol=0, maxiter=k)[0]
        except TypeError:  # before SciPy 1.12
            x = cg(normal, right, tol=0, atol=0, maxiter=k)[0]
        out += ["cgls %g %d" % (damping, k), line(x)]
pathlib.Path(__file__).with_name("scipy.txt").write_text("\n".join(out) + "\n")
