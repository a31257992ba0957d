"""What is PyTorch's alone: derivatives by the geometry, and the Function classes' names."""

import torch

from .. import torch as adapter


class _Project(torch.autograd.Function):
    """A x, with the derivative by the vectors of the interpolated volume (Joseph's): cells have steps
    at their faces, whose exact derivative says little about where rays should go."""

    @staticmethod
    def forward(ctx, x, vectors, operator, moving):
        ctx.save_for_backward(x, vectors)
        ctx.operators = operator, moving
        return operator._evaluate(x.detach())

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, gradient):
        x, vectors = ctx.saved_tensors
        operator, moving = ctx.operators
        gx = operator.T(gradient) if ctx.needs_input_grad[0] else None
        gv = None
        if ctx.needs_input_grad[1]:
            batch = x.shape[:x.ndim - len(operator.domain_shape)]
            delta = torch.zeros(batch + tuple(vectors.shape), dtype=x.dtype)
            gv = moving.vjp((x.detach(), delta), gradient.contiguous(), (False, True))[1]
            gv = gv.reshape((-1,) + tuple(vectors.shape)).sum(0).to(vectors.dtype)
        return gx, gv, None, None


def project(x, vectors, operator, moving):
    """A x of tensors, differentiable by both."""
    return _Project.apply(x, vectors, operator, moving)


__all__ = ["adapter", "project"]
