# Written by ./dev docs (tools/python_stubs.py).
"""PyTorch: operators as differentiable functions of tensors, and layers made of them.

`A(x)` of a tensor is differentiable by itself; `apply` is what it calls. Tensors of the cpu are
looked at where they lie. A linear operator's backward is its exact adjoint and can be
differentiated again, as often as one likes; of other inputs (geometry) first derivatives are
there. Leading axes beyond the operator's are a batch in one call.
"""

from typing import Any, Literal
import torch

from .ct import Geometry
from .operators import Operator
from .ct import Volume

def apply(operator: Operator, *inputs: Any) -> torch.Tensor:
    """F of tensors (batch..., *domain_shape), float32 or float64, differentiable."""
    ...

class Layer(torch.nn.Module):
    """An operator as a module: of tensors (batch..., *domain_shape)."""
    operator: Operator
    def __init__(self, operator: Operator) -> None: ...
    def forward(self, *inputs: Any) -> torch.Tensor: ...
    def extra_repr(self) -> str: ...

class Projection(Layer):
    """Line integrals of volumes; the arguments are those of `voxgrad.ct.XrayTransform`.

    Options:
        no_schedule (bool): always the plain loop
    """
    def __init__(
        self, geometry: Geometry, volume: Volume | None = None,
        model: Literal['joseph', 'siddon', 'footprint', 'footprint-tt'] = 'joseph', *,
        no_schedule: bool = False
    ) -> None: ...

class Backprojection(Layer):
    """The exact transpose of `Projection`.

    Options:
        no_schedule (bool): always the plain loop
    """
    def __init__(
        self, geometry: Geometry, volume: Volume | None = None,
        model: Literal['joseph', 'siddon', 'footprint', 'footprint-tt'] = 'joseph', *,
        no_schedule: bool = False
    ) -> None: ...

class FilteredBackprojection(_Filtered):
    """Filtered backprojection of a parallel beam with a response that can be learned.

    Projections (..., views, rows, columns), or (..., views, columns) under one row, to volumes (or
    images). `response`: a parameter, one number a frequency of rows padded to a power of two that
    is at least twice as long; it begins as the window times the ramp.
    """
    def __init__(
        self, geometry: Geometry, volume: Volume | None = None, window: str = 'ramp',
        cutoff: float = 0.0, dtype: Any = torch.float32
    ) -> None: ...

class FDK(_Filtered):
    """Feldkamp, Davis and Kress' reconstruction of a fan or cone beam that goes all the way round, with a
    response that can be learned; else as FilteredBackprojection. Short scans: `voxgrad.ct.fdk`.
    """
    def __init__(
        self, geometry: Geometry, volume: Volume | None = None, window: str = 'ramp',
        cutoff: float = 0.0, dtype: Any = torch.float32
    ) -> None: ...

__all__ = ['apply', 'Layer', 'Projection', 'Backprojection', 'FilteredBackprojection', 'FDK']
