"""Projectors of tensors whose geometry moves: derivatives by the data and by the vectors
(views, 4, 3), both to the first order, out of the operator whose geometry is an input (Joseph's)."""

import torch


def _by_vectors(moving, volume, projections, vectors):
    """The derivative by the vectors of <projections, A(vectors) volume>; a batch is summed."""
    batch = tuple(volume.shape[:volume.ndim - len(moving.domain_shapes[0])])
    delta = torch.zeros(batch + tuple(vectors.shape), dtype=volume.dtype)
    found = moving.vjp((volume.detach(), delta), projections.detach().contiguous(), (False, True))[1]
    return found.reshape((-1,) + tuple(vectors.shape)).sum(0).to(vectors.dtype)


class _Moving(torch.autograd.Function):
    """A x, or A' x where `back`: each is the other's derivative by the data, and both have the
    derivative by the vectors of the same inner product."""

    @staticmethod
    def forward(ctx, x, vectors, operator, moving, back):
        ctx.save_for_backward(x, vectors)
        ctx.operators = operator, moving, back
        return (operator._adjoint if back else operator._evaluate)(x.detach())

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, gradient):
        x, vectors = ctx.saved_tensors
        operator, moving, back = ctx.operators
        gx = gv = None
        if ctx.needs_input_grad[0]:
            gx = (operator if back else operator.T)(gradient)
        if ctx.needs_input_grad[1]:
            volume, projections = (gradient, x) if back else (x, gradient)
            gv = _by_vectors(moving, volume, projections, vectors)
        return gx, gv, None, None, None


def project(x, vectors, operator, moving):
    """A x of tensors, differentiable by both. operator: what gives the values; moving: the
    GeometryTransform that gives the derivatives by the vectors, its own geometry where they are."""
    return _Moving.apply(x, vectors, operator, moving, False)


def backproject(y, vectors, operator, moving):
    """A' y likewise."""
    return _Moving.apply(y, vectors, operator, moving, True)


__all__ = ["backproject", "project"]
