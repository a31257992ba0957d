"""What a program needs to treat arrays of NumPy, PyTorch and JAX alike: their package, and the few
functions whose names or arguments differ."""

import os
import sys

import numpy as np

from . import _arrays


def space(x):
    """The package of an array: numpy, torch or jax.numpy."""
    if _arrays.is_tensor(x):
        return sys.modules["torch"]
    if _arrays.is_jax(x):
        return sys.modules["jax"].numpy
    return np


def named(name):
    """The package of a name: "numpy", "torch" or "jax"."""
    if name == "numpy":
        return np
    if name == "torch":
        import torch
        return torch
    if name == "jax":
        import jax.numpy
        return jax.numpy
    raise ValueError("arrays of numpy, torch or jax are expected, not of %r" % (name,))


def default(variable):
    """The name of the package that new arrays come from: what the environment's variable says, else
    the one that the program has imported already, else numpy."""
    said = os.environ.get(variable, "")
    if said:
        named(said)  # refuses what is no such package
        return said
    return next((name for name in ("torch", "jax") if name in sys.modules), "numpy")


def host(x, dtype=None):
    """A NumPy array of the same numbers, without gradients."""
    if _arrays.is_tensor(x):
        x = x.detach().cpu().numpy()
    return np.asarray(x, dtype)


def new(xp, values, like=None, dtype=None):
    """An array of the package with these values; like: of the type and on the device of that one."""
    if dtype is None:
        dtype = like.dtype if like is not None else xp.float32
    if xp.__name__ == "torch":
        device = like.device if like is not None and _arrays.is_tensor(like) else None
        if _arrays.is_tensor(values):
            return values.to(dtype=dtype, device=device)
        return xp.as_tensor(np.array(values), dtype=dtype, device=device)
    if _arrays.is_tensor(values):
        values = host(values)
    return xp.asarray(values, dtype)


def cast(x, dtype):
    """x with elements of this type of its own package."""
    return x.to(dtype) if _arrays.is_tensor(x) else x.astype(dtype)


def pad(x, axis, before, after):
    """Zeros before and after, along one axis."""
    widths = [(0, 0)] * x.ndim
    widths[axis] = (before, after)
    xp = space(x)
    if xp.__name__ == "torch":
        return xp.nn.functional.pad(x, [n for pair in reversed(widths) for n in pair])
    return xp.pad(x, widths)


def swap(x, a, b):
    """Two axes exchanged."""
    return x.transpose(a, b) if _arrays.is_tensor(x) else space(x).swapaxes(x, a, b)


def take(x, index):
    """Entries of the first axis, in the order of a list of numbers or a slice."""
    if isinstance(index, slice):
        return x[index]
    return x[new(space(x), index, dtype=space(x).int64)] if _arrays.is_tensor(x) else x[np.asarray(index)]


def positive(x, least=0.0):
    """The larger of x and a number."""
    return x.clamp(min=least) if _arrays.is_tensor(x) else space(x).maximum(x, least)


def between(x, lower, upper):
    """x between two numbers; an infinite one is no bound."""
    lower = lower if np.isfinite(lower) else None
    upper = upper if np.isfinite(upper) else None
    if lower is None and upper is None:
        return x
    return x.clamp(lower, upper) if _arrays.is_tensor(x) else space(x).clip(x, lower, upper)


def norm(x):
    """The root of the sum of squares, a number of Python's."""
    return float((x * x).sum()) ** 0.5


def ascending(x):
    """A flat copy in ascending order."""
    flat = x.reshape(-1)
    return flat.sort().values if _arrays.is_tensor(x) else space(x).sort(flat)
