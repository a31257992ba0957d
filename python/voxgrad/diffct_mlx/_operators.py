"""Linear operators with an algebra: `A @ x`, `A.T @ y`, `A @ B`, `A + B`, `2 * A`, `A.subset(views)`.
All of it is differentiable where the arrays are."""

import numpy as np

from .. import _options, _spaces
from . import _projectors


class LinearOperator:
    """forward and adjoint; shapes where they are known, else None."""

    domain_shape = range_shape = None

    def _forward(self, x):
        raise NotImplementedError

    def _adjoint(self, y):
        raise NotImplementedError

    def forward(self, x):
        """A x."""
        return self._forward(x)

    def adjoint(self, y):
        """A' y."""
        return self._adjoint(y)

    __call__ = forward

    @property
    def T(self):
        """The adjoint operator."""
        return _Made(self._adjoint, self._forward, self.range_shape, self.domain_shape, self)

    adjoint_operator = T

    def __matmul__(self, other):
        if not isinstance(other, LinearOperator):
            return self._forward(other)
        return _Made(lambda x: self._forward(other._forward(x)),
                     lambda y: other._adjoint(self._adjoint(y)), other.domain_shape, self.range_shape)

    def __mul__(self, factor):
        return _Made(lambda x: factor * self._forward(x), lambda y: factor * self._adjoint(y),
                     self.domain_shape, self.range_shape)

    __rmul__ = __mul__
    __array_ufunc__ = None  # `array * A` is no array of operators

    def __neg__(self):
        return -1.0 * self

    def __add__(self, other):
        return _Made(lambda x: self._forward(x) + other._forward(x),
                     lambda y: self._adjoint(y) + other._adjoint(y), self.domain_shape or other.domain_shape,
                     self.range_shape or other.range_shape)

    def __sub__(self, other):
        return self + -other

    def __repr__(self):
        return "<%s %s -> %s>" % (type(self).__name__, self.domain_shape, self.range_shape)


class _Made(LinearOperator):
    """Of two functions; `of`: what it is the adjoint of."""

    def __init__(self, forward, adjoint, domain_shape, range_shape, of=None):
        self._forward, self._adjoint = forward, adjoint
        self.domain_shape, self.range_shape, self._of = domain_shape, range_shape, of

    @property
    def T(self):
        return self._of if self._of is not None else super().T


class IdentityOperator(LinearOperator):
    """x."""

    def __init__(self, shape=None):
        self.domain_shape = self.range_shape = shape

    def _forward(self, x):
        return x

    _adjoint = _forward


class DiagonalOperator(LinearOperator):
    """Element by element times an array."""

    def __init__(self, diagonal):
        self.diagonal = diagonal if hasattr(diagonal, "shape") else np.asarray(diagonal)
        self.domain_shape = self.range_shape = tuple(self.diagonal.shape)

    def _forward(self, x):
        return self.diagonal * x

    _adjoint = _forward


class FunctionOperator(_Made):
    """Of two functions of the caller's."""

    def __init__(self, forward_fn, adjoint_fn, *, domain_shape=None, range_shape=None):
        super().__init__(forward_fn, adjoint_fn, domain_shape, range_shape)


class ProjectionOperator(LinearOperator):
    """All views of a scan. `voxel_spacing` times `A @ x` is a length."""

    def __init__(self, beam, model, frames, *, shape, bins, pitch, voxel_spacing, numbers=None):
        if model not in ("siddon", "footprint"):
            raise ValueError("projector_mode: 'siddon' or 'footprint' is expected, not %r" % (model,))
        self.beam, self._model, self._frames = beam, model, tuple(frames)
        self._bins, self._pitch, self.voxel_spacing = bins, pitch, float(voxel_spacing)
        moves = any(getattr(f, "requires_grad", False) for f in frames)  # may be others next time
        self._numbers = None if moves else numbers if numbers is not None \
            else _projectors._numbers(beam, frames, pitch, voxel_spacing)
        self.n_views = len(frames[0])
        self.domain_shape, self.range_shape = tuple(shape), (self.n_views,) + tuple(bins)

    def _forward(self, x):
        return _projectors.forward(self.beam, self._model, x, self._frames, self._bins, self._pitch,
                                   self.voxel_spacing, self._numbers)

    def _adjoint(self, y):
        return _projectors.backward(self.beam, self._model, y, self._frames, self.domain_shape,
                                    self._pitch, self.voxel_spacing, self._numbers)

    def subset(self, view_indices):
        """The operator of some views: a slice, a list of numbers or a mask of all."""
        if not hasattr(view_indices, "__len__") and not isinstance(view_indices, (slice, range)):
            raise TypeError("view_indices: a slice or a list is expected, not %r" % (view_indices,))
        if not isinstance(view_indices, slice):
            view_indices = _options.indices(_spaces.host(list(view_indices) if isinstance(
                view_indices, range) else view_indices), self.n_views, "view_indices")
            if not view_indices.size:
                raise ValueError("view_indices: one view at least is expected")
        frames = [_spaces.take(f, view_indices) for f in self._frames]
        numbers = None if self._numbers is None else self._numbers[view_indices]
        return ProjectionOperator(self.beam, self._model, frames, shape=self.domain_shape,
                                  bins=self._bins, pitch=self._pitch, voxel_spacing=self.voxel_spacing,
                                  numbers=numbers)

    def single(self):
        """(forward(x, view), back(projection, view), back of all), for the drivers."""
        def forward_single(volume, view):
            return self.subset([view])._forward(volume)[0]

        def back_single(projection, view):
            return self.subset([view])._adjoint(projection[None])

        def forward_slice(volume, start, stop):
            return self.subset(slice(start, stop))._forward(volume)

        def back_slice(projections, start, stop):
            return self.subset(slice(start, stop))._adjoint(projections)
        forward_single.project_slice, back_single.project_slice = forward_slice, back_slice
        return forward_single, back_single, self._adjoint


def make_parallel_2d_operator(ray_dir, det_origin, det_u_vec, *, image_shape, num_detectors,
                              detector_spacing=1.0, voxel_spacing=1.0, projector_mode="footprint"):
    """A ProjectionOperator of a parallel beam."""
    return ProjectionOperator("parallel", projector_mode, (ray_dir, det_origin, det_u_vec),
                              shape=image_shape, bins=(num_detectors,), pitch=detector_spacing,
                              voxel_spacing=voxel_spacing)


def make_fan_2d_operator(src_pos, det_center, det_u_vec, *, image_shape, num_detectors,
                         detector_spacing=1.0, voxel_spacing=1.0, projector_mode="footprint"):
    """A ProjectionOperator of a fan beam."""
    return ProjectionOperator("fan", projector_mode, (src_pos, det_center, det_u_vec),
                              shape=image_shape, bins=(num_detectors,), pitch=detector_spacing,
                              voxel_spacing=voxel_spacing)


def make_cone_3d_operator(src_pos, det_center, det_u_vec, det_v_vec, *, volume_shape, detector_shape,
                          du=1.0, dv=1.0, voxel_spacing=1.0, projector_mode="footprint"):
    """A ProjectionOperator of a cone beam."""
    return ProjectionOperator("cone", projector_mode, (src_pos, det_center, det_u_vec, det_v_vec),
                              shape=volume_shape, bins=tuple(detector_shape), pitch=(du, dv),
                              voxel_spacing=voxel_spacing)


def make_parallel_2d_operators(*frames, **options):
    """The same as (forward_single, back_single, back_project_all)."""
    return make_parallel_2d_operator(*frames, **options).single()


def make_fan_2d_operators(*frames, **options):
    """The same as (forward_single, back_single, back_project_all)."""
    return make_fan_2d_operator(*frames, **options).single()


def make_cone_3d_operators(*frames, **options):
    """The same as (forward_single, back_single, back_project_all)."""
    return make_cone_3d_operator(*frames, **options).single()
