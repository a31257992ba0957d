"""Total variation, plain and weighted, as diffct-mlx has it: the mean over the voxels that have a
neighbour along every axis of sqrt(sum d^2 + eps); weighted, d^2 exp(-(d / delta)^2) for d^2."""

import numpy as np

from .. import _spaces


def _differences(x):
    """Of every axis, over the voxels that all axes have them for."""
    inner = (slice(0, -1),) * x.ndim
    return [x[inner[:k] + (slice(1, None),) + inner[k + 1:]] - x[inner] for k in range(x.ndim)]


def _is_thin(x):
    return any(int(n) < 2 for n in x.shape)


def weight_d_volume(d_volume, delta):
    """d exp(-(d / delta)^2)."""
    if not delta > 0:
        raise ValueError("delta: a number above 0 is expected, not %r" % (delta,))
    return d_volume * _spaces.space(d_volume).exp(-(d_volume / delta) ** 2)


def _value(x, squares, eps):
    xp = _spaces.space(x)
    if _is_thin(x):
        return x.sum() * 0
    return xp.sqrt(sum(squares) + eps).mean()


def tv_regularizer(volume, eps=1e-6):
    """Total variation."""
    return _value(volume, [] if _is_thin(volume) else [d * d for d in _differences(volume)], eps)


tv_regularizer_3d = tv_regularizer


def awtv_regularizer(volume, delta, eps=1e-6):
    """Weighted total variation."""
    d = [] if _is_thin(volume) else _differences(volume)
    return _value(volume, [a * weight_d_volume(a, delta) for a in d], eps)


def _gradient(x, slopes, squares, eps):
    """slopes: half the derivative of each axis' square by its difference."""
    if _is_thin(x):
        return x * 0
    root = _spaces.space(x).sqrt(sum(squares) + eps)
    count = float(np.prod(root.shape))
    out = 0
    for axis, slope in enumerate(slopes):
        share = slope / root / count
        for other in range(x.ndim):
            if other != axis:
                share = _spaces.pad(share, other, 0, 1)
        out = out + _spaces.pad(share, axis, 1, 0) - _spaces.pad(share, axis, 0, 1)
    return out


def tv_gradient(volume, eta=1e-6):
    """The gradient of tv_regularizer; differentiable again."""
    d = [] if _is_thin(volume) else _differences(volume)
    return _gradient(volume, d, [a * a for a in d], eta)


def awtv_gradient(volume, delta, eta=1e-6):
    """The gradient of awtv_regularizer; differentiable again."""
    d = [] if _is_thin(volume) else _differences(volume)
    weighted = [weight_d_volume(a, delta) for a in d]
    slopes = [w * (1 - (a / delta) ** 2) for a, w in zip(d, weighted)]
    return _gradient(volume, slopes, [a * w for a, w in zip(d, weighted)], eta)


def l2_regularizer(volume):
    """The mean square."""
    return (volume * volume).mean()


def normalize_reconstruction_volume(volume, eps=1e-6):
    """Values below 0 become 0, the largest 1."""
    x = _spaces.positive(volume)
    return x / max(float(x.max()), eps)


def _down(volume, length, count, gradient):
    for _ in range(int(count)):
        g = gradient(volume)
        size = _spaces.norm(g)
        if size > 0:
            volume = volume - length * (g / size)
    return volume


def tv_pocs(volume, backup_volume, reg_iteration_count, alpha, eta=1e-6):
    """Steps of alpha |volume - backup|: (volume, the same as the new backup)."""
    length = alpha * _spaces.norm(volume - backup_volume)
    x = _down(volume, length, reg_iteration_count, lambda v: tv_gradient(v, eta))
    return x, x


def asd_pocs(volume, backup_volume, iteration_index, reg_iteration_count, dd, dtvg, alpha, alpha_red,
             r_max, epsilon, eta=1e-6):
    """Steps that adapt: (volume, the same, length of the next steps)."""
    change = _spaces.norm(volume - backup_volume)
    length = alpha * change if int(iteration_index) == 0 else dtvg
    x = _down(volume, length, reg_iteration_count, lambda v: tv_gradient(v, eta))
    if _spaces.norm(x - volume) > r_max * change and dd > epsilon:
        length *= alpha_red
    return x, x, float(length)


def awtv_pocs(volume, backup_volume, reg_iteration_count, alpha, delta, eta=1e-6):
    """Steps of alpha |volume - backup| down weighted total variation: (volume, the same, next alpha)."""
    length = alpha * _spaces.norm(volume - backup_volume)
    x = _down(volume, length, reg_iteration_count, lambda v: awtv_gradient(v, delta, eta))
    return x, x, alpha * 0.995
