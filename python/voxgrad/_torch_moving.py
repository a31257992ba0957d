"""Projectors of tensors whose geometry moves: derivatives by the data to every order, by the vectors
(views, 4, 3) to the first, out of the operator whose geometry is an input (Joseph's)."""

import torch


def _by_vectors(moving, volume, projections, vectors):
    """The derivative by the vectors of <projections, A(vectors) volume>; a batch is summed."""
    batch = tuple(volume.shape[:volume.ndim - len(moving.domain_shapes[0])])
    delta = torch.zeros(batch + tuple(vectors.shape), dtype=volume.dtype)
    found = moving.vjp((volume.detach(), delta), projections.detach().contiguous(), (False, True))[1]
    return found.reshape((-1,) + tuple(vectors.shape)).sum(0).to(vectors.dtype)


class _Project(torch.autograd.Function):
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
        gv = _by_vectors(moving, x, gradient, vectors) if ctx.needs_input_grad[1] else None
        return gx, gv, None, None


class _Backproject(torch.autograd.Function):
    @staticmethod
    def forward(ctx, y, vectors, operator, moving):
        ctx.save_for_backward(y, vectors)
        ctx.operators = operator, moving
        return operator._adjoint(y.detach())

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, gradient):
        y, vectors = ctx.saved_tensors
        operator, moving = ctx.operators
        gy = operator(gradient) if ctx.needs_input_grad[0] else None
        gv = _by_vectors(moving, gradient, y, vectors) if ctx.needs_input_grad[1] else None
        return gy, gv, None, None


def project(x, vectors, operator, moving):
    """A x of tensors, differentiable by both. operator: what gives the values; moving: the
    GeometryTransform that gives the derivatives by the vectors, its own geometry where they are."""
    return _Project.apply(x, vectors, operator, moving)


def backproject(y, vectors, operator, moving):
    """A' y likewise."""
    return _Backproject.apply(y, vectors, operator, moving)


__all__ = ["backproject", "project"]
