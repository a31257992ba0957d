# Written by ./dev docs (tools/python_stubs.py).
"""JAX: operators in compiled functions, with derivatives of every order in linear inputs.

`apply(A, x)` calls the library through XLA's foreign function interface: arrays are looked at
where they lie, also inside jit, vmap and grad. Where that interface is missing, and for the
derivatives of operators with several inputs, the host calls back.
"""

from typing import Any
import jax

from . import Array
from .operators import Operator

def apply(operator: Operator, *inputs: Any) -> jax.Array:
    """F of JAX arrays (batch..., *domain_shape), float32 or float64: differentiable, inside jit and
    vmap.
    """
    ...

__all__ = ['apply']
