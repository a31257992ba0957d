"""Operators as operations of PyTorch's own, `torch.ops.voxgrad`, which it can compile, export and
check: they take the number that an operator has in this process. Since PyTorch 2.4; in eager mode
`voxgrad.torch` uses its classes of functions, which have forward derivatives too."""

from typing import List

import torch
from torch import Tensor

from .operators import by_number


def _result(shapes, x):
    """What an operator gives, without numbers: shapes (domain, range)."""
    domain, range_ = shapes
    return x.new_empty(tuple(x.shape[:x.ndim - len(domain)]) + tuple(range_))


@torch.library.custom_op("voxgrad::linear", mutates_args=())
def linear(x: Tensor, operator: int) -> Tensor:
    """A x of an operator that is linear in its only input."""
    return by_number(operator)._evaluate(x.detach())


@linear.register_fake
def _(x, operator):
    a = by_number(operator)
    return _result((a.domain_shape, a.range_shape), x)


def _keep_number(ctx, inputs, output):
    ctx.operator = inputs[1]


def _linear_backward(ctx, gradient):
    return linear(gradient, by_number(ctx.operator).T._number), None


linear.register_autograd(_linear_backward, setup_context=_keep_number)


@linear.register_vmap
def _(info, in_dims, x, operator):
    return linear(x.movedim(in_dims[0], 0), operator), 0


@torch.library.custom_op("voxgrad::evaluate", mutates_args=())
def evaluate(inputs: List[Tensor], operator: int) -> Tensor:
    """F of several inputs."""
    return by_number(operator)._evaluate(*[x.detach() for x in inputs])


@evaluate.register_fake
def _(inputs, operator):
    a = by_number(operator)
    return _result((a.domain_shapes[0], a.range_shape), inputs[0])


@torch.library.custom_op("voxgrad::gradients", mutates_args=())
def gradients(inputs: List[Tensor], gradient: Tensor, wanted: List[bool],
              operator: int) -> List[Tensor]:
    """(dF/dx_i)' of the gradient; an empty tensor where it is not wanted."""
    found = by_number(operator).vjp(tuple(x.detach() for x in inputs), gradient.detach(), wanted)
    found = found if isinstance(found, tuple) else (found,)
    return [gradient.new_empty(0) if g is None else g for g in found]


@gradients.register_fake
def _(inputs, gradient, wanted, operator):
    return [torch.empty_like(x, memory_format=torch.contiguous_format) if w else gradient.new_empty(0)
            for x, w in zip(inputs, wanted)]


def _keep_inputs(ctx, inputs, output):
    ctx.operator = inputs[1]
    ctx.save_for_backward(*inputs[0])


def _evaluate_backward(ctx, gradient):
    wanted = [bool(w) for w in ctx.needs_input_grad[0]]
    found = gradients(list(ctx.saved_tensors), gradient, wanted, ctx.operator)
    return [g if w else None for g, w in zip(found, wanted)], None


evaluate.register_autograd(_evaluate_backward, setup_context=_keep_inputs)


def _no_second(ctx, *_):
    raise RuntimeError("second derivatives are there of operators that are linear in their only input")


gradients.register_autograd(_no_second)
