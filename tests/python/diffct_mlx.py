"""voxgrad.diffct_mlx: its conventions against lengths worked out by hand, its drivers against dense
matrices, its own accuracy cases and parameter sets, on NumPy's arrays and PyTorch's."""

import json
import math
import os
import sys
import tempfile
import warnings

import numpy as np

import harness
import voxgrad as vxg
import voxgrad.diffct_mlx as dct

SUITE = "python_diffct_mlx"
torch = harness.optional("torch")
DEEP = os.environ.get("VXG_DEEP") == "1"
dct.set_backend("numpy")


def random(shape, seed=1, dtype=np.float64):
    return np.random.default_rng(seed).random(shape).astype(dtype)


def test_lengths():
    """A block along the rays: bins at (k - n / 2) times the pitch, values in voxels."""
    image = np.zeros((16, 16), np.float32)
    image[4:12, 6:10] = 1                         # y -4..4, x -2..2 about the middle
    frames = dct.circular_trajectory_2d_parallel(4)
    y = dct.parallel_forward(image, *frames, 20)
    assert y.shape == (4, 20) and y.dtype == np.float32
    # view 2 looks along y, u = -x: bins 9, 10, 11 lie inside, 8 and 12 on the border
    assert np.array_equal(y[2, 9:12], [8, 8, 8]) and y[2].sum() == 32 and y[0].sum() == 32
    coarse = dct.parallel_forward(image, *[f * s for f, s in zip(frames, (1, 0.5, 1))], 20, 0.5, 0.5)
    assert np.allclose(coarse, y)                 # all lengths halved: voxels stay voxels
    volume = np.zeros((8, 10, 12), np.float32)    # (z, y, x)
    volume[2:4, 5:9, 3:5] = 1                     # z -2..0, y 0..4, x -3..-1
    y = dct.cone_forward(volume, *dct.circular_trajectory_3d(4, 1e5, 1e5 + 1), 24, 16)
    seen = np.argwhere(y[0] > 0.5)                # from +y: bins u = x + 12, v = z + 8
    assert y.shape == (4, 24, 16)
    assert seen[:, 0].min() in (9, 10) and seen[:, 0].max() in (10, 11), seen
    assert seen[:, 1].min() in (6, 7) and seen[:, 1].max() in (7, 8), seen
    assert abs(y[0, 10, 7] - 4) < 1e-3            # x = -2, z = -1: inside
    foot = dct.cone_forward_footprint(volume, *dct.circular_trajectory_3d(1, 1e5, 1e5 + 1), 24, 16)
    assert abs(foot.sum() - 16) < 0.05            # means over pixels keep the sum


def cases():
    flat, cone = (9, 8), (6, 7, 8)
    yield "parallel", dct.sinusoidal_trajectory_2d_parallel(5, 2.0), flat, (11,), (1.1,)
    yield "fan", dct.sinusoidal_trajectory_2d_fan(5, 20.0, 30.0, 3.0), flat, (11,), (1.1,)
    yield "cone", dct.saddle_trajectory_3d(5, 20.0, 30.0, 2.0, 1.0), cone, (9, 10), (1.1, 1.2)
    yield "cone", dct.spiral_trajectory_3d(4, 20.0, 30.0, 4.0, 1.3), cone, (9, 10), (1.1, 1.2)
    yield "cone", dct.laminography_trajectory_3d(4, 20.0, 30.0, 25.0), cone, (9, 10), (1.1, 1.2)


def test_pairs():
    """Exact adjoints of every projector and trajectory, both models; voxels of another size."""
    for beam, frames, shape, bins, pitch in cases():
        for model in ("", "_footprint"):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore" if "lamino" in str(frames) else "default")
                x = random(shape)
                y = getattr(dct, beam + "_forward" + model)(x, *frames, *bins, *pitch, 0.9)
                r = random(y.shape, 2)
                back = getattr(dct, beam + "_backward" + model)(
                    r, *frames, *(pitch + shape if len(shape) == 2 else shape + pitch), 0.9)
            assert y.dtype == np.float64 and back.shape == shape
            assert abs((y * r).sum() - (x * back).sum()) < 1e-12 * (y * r).sum(), (beam, model)
    some = dct.cone_backward_footprint(random((4, 9, 10)), *dct.circular_trajectory_3d(4, 20.0, 30.0),
                                       *shape, 1.1, 1.2, 0.9, indices=[5, 17])
    whole = dct.cone_backward_footprint(random((4, 9, 10)), *dct.circular_trajectory_3d(4, 20.0, 30.0),
                                        *shape, 1.1, 1.2, 0.9)
    assert np.array_equal(some, whole.reshape(-1)[[5, 17]])


def test_leaning_footprints():
    """Where there are no footprints it says so and interpolates."""
    frames, x = dct.laminography_trajectory_3d(3, 20.0, 30.0, 25.0), random((6, 7, 8))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        y = dct.cone_forward_footprint(x, *frames, 9, 10)
    assert len(told) == 1 and "Joseph" in str(told[0].message)
    assert abs(y.sum() / dct.cone_forward(x, *frames, 9, 10).sum() - 1) < 0.05


# ---- Analytic reconstruction: the package's own cases, its bounds divided by three ----
def heads(n, axes):
    """The phantoms of its accuracy tests: voxel n / 2 at the origin."""
    if axes == 3:
        at = (np.mgrid[:n, :n, :n] - n / 2) / (n / 2)
        return at, n
    return (np.mgrid[:n, :n] - n / 2) / (n / 2), n


def ellipses(n):
    (y, x), _ = heads(n, 2)
    out = np.zeros((n, n), np.float32)
    for x0, y0, a, b, turn, value in ((0, 0, 0.69, 0.92, 0, 1), (0, -0.0184, 0.6624, 0.874, 0, -0.8),
                                      (0.22, 0, 0.11, 0.31, -18, -0.8), (-0.22, 0, 0.16, 0.41, 18, -0.8),
                                      (0, 0.35, 0.21, 0.25, 0, 0.7)):
        c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
        u, v = (x - x0) * c + (y - y0) * s, -(x - x0) * s + (y - y0) * c
        out[(u / a) ** 2 + (v / b) ** 2 <= 1] += value
    return np.clip(out, 0, 1)


def rms(a, b):
    return float(np.sqrt(np.mean((np.asarray(a) - np.asarray(b)) ** 2)))


def analytic(beam, image, frames, angles, bins, pitch, sdd, window):
    """Its recipe: cosine, ramp, angles' weights, gather."""
    y = getattr(dct, beam + "_forward")(image, *frames, *bins, *pitch, 1.0)
    if beam == "fan":
        y = y * dct.fan_cosine_weights(*bins, *pitch, sdd)
    elif beam == "cone":
        y = y * dct.cone_cosine_weights(*bins, *pitch, sdd)
    y = dct.ramp_filter_1d(y, 1, pitch[0], 2, window)
    y = y * dct.angular_integration_weights(angles).reshape((-1,) + (1,) * (y.ndim - 1))
    tail = (*image.shape, *pitch) if beam == "cone" else (*pitch, *image.shape)
    return getattr(dct, beam + "_weighted_backproject")(y, *frames, *tail)


def turn(n, end):
    return (np.arange(n) * (end / n)).astype(np.float32)


def test_accuracy():
    """Parallel 256^2 and fan 256^2: they accept 0.1. With their window (Hann), which blurs edges, and
    without; 0.035 is what the library's own fbp and its exact spectra leave of these pixels at this
    sampling, so that a third of 0.1 takes an iterative method."""
    image = ellipses(256)
    for beam, frames, angles, bins, sdd in (
            ("parallel", dct.circular_trajectory_2d_parallel(360), turn(360, math.pi), (512,), None),
            ("fan", dct.circular_trajectory_2d_fan(360, 500.0, 800.0), turn(360, 2 * math.pi), (600,), 800.0)):
        for window, most in (("hann", 0.06 if beam == "parallel" else 0.043), (None, 0.038)):
            x = analytic(beam, image, frames, angles, bins, (1.0,), sdd, window)
            assert rms(x, image) < most and x.max() < 1.5 and x.min() > -0.3, (beam, window, rms(x, image))
    if not DEEP:
        return
    A = dct.make_fan_2d_operator(*frames, image_shape=image.shape, num_detectors=600, projector_mode="siddon")
    assert rms(dct.cgls(A, A @ image, iterations=25), image) < 0.1 / 3


def test_cone_accuracy():
    """A 128^3 head (64^3 in an ordinary run), FDK; of three ellipsoids, as in its test."""
    n = 128 if DEEP else 64
    (z, y, x), _ = heads(n, 3)
    volume = np.clip(((x / 0.69) ** 2 + (y / 0.92) ** 2 + (z / 0.81) ** 2 <= 1) * 1.0
                     - 0.8 * ((x / 0.6624) ** 2 + ((y + 0.0184) / 0.874) ** 2 + (z / 0.78) ** 2 <= 1)
                     + 0.1 * ((x / 0.21) ** 2 + ((y - 0.35) / 0.25) ** 2 + ((z + 0.15) / 0.41) ** 2 <= 1),
                     0, 1).astype(np.float32)
    views = 360 if DEEP else 180
    frames = dct.circular_trajectory_3d(views, 600.0 * n / 128, 900.0 * n / 128)
    got = analytic("cone", volume, frames, turn(views, 2 * math.pi), (2 * n, 2 * n), (1.0, 1.0),
                   900.0 * n / 128, None)
    middle = n // 2
    assert rms(got[middle], volume[middle]) < 0.04 and rms(got, volume) < 0.035, \
        (rms(got[middle], volume[middle]), rms(got, volume))


def test_quantitative():
    """A cylinder of known attenuation, pitch and magnification of a real camera: they accept 0.92 to
    1.06 of it."""
    n, spacing, mu = 64, 0.556, 0.05
    z, y, x = np.mgrid[:n, :n, :n] - (n - 1) / 2
    r = np.sqrt(x * x + y * y)
    body = (((r <= 0.375 * n) & (abs(z) <= 0.35 * n)) * mu).astype(np.float32)
    frames = dct.circular_trajectory_3d(120, 300.0, 600.0)
    case_y = dct.cone_forward(body, *frames, 136, 136, 1.112, 1.112, spacing) * spacing
    from voxgrad.diffct_mlx._cases import fdk_steps
    weight, filtered, back = fdk_steps(frames, body.shape, (136, 136), 1.112, 1.112, spacing, 1.0)
    got = back(filtered(weight(case_y)))
    ratio = np.median(got[(r <= 0.25 * n) & (abs(z) <= 0.2 * n)]) / mu
    assert abs(ratio - 1) < 0.02, ratio
    for spacing, scale in ((1.0, 1), (0.5, 2)):    # attenuation is in one over the unit
        case = dct.build_cone_3d_case(volume_shape=(64, 64, 64), num_views=120, detector_shape=(160, 160),
                                      du=spacing, dv=spacing, sid=300.0 * spacing, sdd=600.0 * spacing,
                                      voxel_spacing=spacing)
        got = dct.reconstruct_case_fdk(case)
        assert abs((got * case.reference).sum() / (case.reference ** 2).sum() - 1) < 0.04


def test_weights():
    """Sums to pi of half and whole turns, closed or not; opposite rays of a short scan sum to one."""
    for end in (math.pi, 2 * math.pi):
        for closed in (False, True):
            phi = np.linspace(0, end, 91 if closed else 90, endpoint=closed)
            w = dct.angular_integration_weights(np.random.default_rng(0).permutation(phi))
            assert abs(w.sum() - math.pi) < 1e-9, (end, closed, w.sum())
    assert abs(dct.angular_integration_weights(phi, False).sum() - 2 * math.pi) < 1e-9
    bins, sdd, views = 101, 80.0, 400
    widest = math.atan(50.5 / sdd)
    for span in (math.pi + 2 * widest, math.pi + 3 * widest):  # the second is an over-scan
        phi = np.arange(views) * (span / views)
        w = dct.parker_weights(phi, bins, 1.0, sdd)
        gamma = np.arctan((np.arange(bins) - bins / 2) / sdd)
        total = []
        for k in range(30, bins - 30):
            at = phi + math.pi + 2 * gamma[k]      # the ray from the other side
            other = np.interp(-gamma[k], gamma, np.arange(bins))
            back = np.array([np.interp(a, phi, w[:, int(round(other))], 0, 0) for a in at])
            inside = phi < 0.2
            total.extend((w[inside, k] + back[inside]))
        assert abs(np.mean(total) - 1) < 0.02, (span, np.mean(total))
    assert (dct.parker_weights(turn(90, 2 * math.pi), 11, 1.0, 80.0) == 1).all()


# ---- Drivers ----
def dense(views=6, bins=14, shape=(7, 8)):
    """Operators of single views and their matrices."""
    ray, origin, u = dct.circular_trajectory_2d_parallel(views, start_angle=0.2, end_angle=3.3)
    A = dct.make_parallel_2d_operator(ray, origin + 0.137 * u, u, image_shape=shape, num_detectors=bins)
    n = shape[0] * shape[1]
    m = np.stack([(A @ e.reshape(shape)) for e in np.eye(n)], -1)   # (views, bins, n)
    return A, m, A.single()


def by_hand(m, data, p, iterations):
    """Sweeps as the parameters' documentation has them, with matrices."""
    views, bins, n = m.shape
    order = np.arange(views, dtype=np.int32)
    if p.shuffle_projection_order:
        np.random.default_rng(p.projection_order_seed).shuffle(order)
    lengths = m.sum(2)
    for row in lengths:
        positive = np.sort(row[row > 0])
        row[row <= positive[int(p.raylength_quantile * (len(positive) - 1))]] = 0
    mask = (lengths > p.raylength_epsilon).astype(float)
    mask[:, :p.detector_border_u] = mask[:, bins - p.detector_border_u:] = 0
    x = np.zeros(n)
    scale = p.backprojection_scale or (0.9 if p.iterative_update_method == "normalized_sart" else 1)

    def correction(x, i):
        d = np.where(data[i] < 0, 0, data[i])
        return np.where(mask[i] > 0, (d - m[i] @ x) / np.maximum(lengths[i], p.raylength_epsilon), 0)

    def over(above, below):
        return np.where(below > p.raylength_epsilon, above / np.maximum(below, p.raylength_epsilon), 0)
    for _ in range(iterations * p.sart_iteration_count):
        if p.iterative_update_method == "sart":
            for i in order:
                b = m[i].T @ correction(x, i)
                x = x + scale * (over(b, m[i].T @ mask[i]) if p.voxel_sensitivity_normalization else b)
        elif p.iterative_update_method == "sirt":
            b = sum(m[i].T @ correction(x, i) for i in order)
            all_ = sum(m[i].T @ mask[i] for i in order)
            x = x + scale * (over(b, all_) if p.voxel_sensitivity_normalization else b / views)
        else:
            count = p.projection_subset_count
            w = np.ones(views) if p.projection_weights is None else np.asarray(p.projection_weights)
            for k in range(count):
                part = order[k::count]
                x = x + scale * over(sum(w[i] * (m[i].T @ correction(x, i)) for i in part),
                                     sum(w[i] * (m[i].T @ mask[i]) for i in part))
        if p.enforce_positivity and p.positivity_mode == "per_iteration":
            x = np.maximum(x, 0)
    return x


def test_sweeps():
    """Every update against matrices, with their defaults and without."""
    A, m, (forward, back, _) = dense()
    data = A @ random(A.domain_shape) + 0.1 * (random(A.range_shape, 3) - 0.5)
    data[0, :2] = -1
    more = [{}, dict(voxel_sensitivity_normalization=False, backprojection_scale=0.03),
            dict(detector_border_u=2, shuffle_projection_order=False, raylength_quantile=0.15),
            dict(projection_order_seed=5, enforce_positivity=False)]
    for method in ("sart", "sirt", "normalized_sart"):
        for options in more:
            if method == "normalized_sart":
                options = dict(options, projection_subset_count=2, projection_weights=[1, 2, 1, 1, 3, 1])
            p = dct.ReconstructionParameters(A.domain_shape, 1, 3, method, dtype=np.float64, **options)
            run = dct.run_sirt if method == "sirt" else dct.run_sart
            got = run(list(data), forward, back, p, show_progress=False)
            want = by_hand(m, data, p, 1)
            assert np.abs(got.reshape(-1) - want).max() < 1e-10 * np.abs(want).max(), (method, options)


def test_bounds():
    """Masks, borders, boxes, starts, when positivity holds, what a debug callback is told."""
    A, _, (forward, back, _) = dense()
    data = list(A @ random(A.domain_shape))
    support = np.zeros(A.domain_shape)
    support[2:5, 2:6] = 1
    named = dct.ReconstructionParameters(A.domain_shape, 1, iterative_update_method="normalized_sart", dtype=np.float64)
    plain = dct.SIRTParameters(A.domain_shape, 1, backprojection_scale=0.9, dtype=np.float64)
    assert np.array_equal(dct.run_sirt(data, forward, back, named, show_progress=False),
                          dct.run_sirt(data, forward, back, plain, show_progress=False))
    told = []
    p = dct.ReconstructionParameters(A.domain_shape, 2, volume_support_mask=support, volume_border_width=1,
                                     voxel_extreme_values=(0.1, 0.3), sart_debug_callback=told.append,
                                     dtype=np.float64, initial_volume=np.ones(A.domain_shape))
    x = dct.run_sart(data, forward, back, p, show_progress=False)
    assert (x[support == 0] == 0).all() and x[support > 0].min() >= 0.1 and x.max() <= 0.3
    assert len(told) == 12 and told[0]["backprojection_scale"] == 1 and "correction_norm" in told[0]
    for mode, least in (("none", None), ("final", 0)):
        p = dct.ReconstructionParameters(A.domain_shape, 1, positivity_mode=mode, dtype=np.float64)
        x = dct.run_sart([-d for d in data], forward, back,
                         dct.ReconstructionParameters(**dict(vars(p), pixel_extreme_values=(-9e9, 9e9))),
                         show_progress=False)
        assert (x.min() < 0) if least is None else (x.min() >= 0), mode


def test_pocs():
    """Total variation lowers the error of few noisy views; steps have the length asked for."""
    A = dct.make_parallel_2d_operator(*dct.circular_trajectory_2d_parallel(10), image_shape=(32, 32),
                                      num_detectors=48)
    image = np.zeros((32, 32))
    image[8:20, 10:24] = 1
    data = A @ image
    data = list(data + 0.3 * np.random.default_rng(0).normal(size=data.shape))
    forward, back, _ = A.single()
    p = dct.ReconstructionParameters((32, 32), 8, 1, dtype=np.float64)
    plain = rms(dct.run_sart(data, forward, back, p, show_progress=False), image)
    for run, r in ((dct.run_tv_pocs, dct.TVPOCSParameters(20, 0.2)),
                   (dct.run_asd_pocs, dct.ASDPOCSParameters(20, 0.02, epsilon=0.1)),
                   (dct.run_awtv_pocs, dct.AwTVPOCSParameters(20, 0.05, delta=0.6))):
        assert rms(run(data, forward, back, p, r), image) < 0.8 * plain, (run, plain)
    x = random((6, 7, 8))
    y, _ = dct.tv_pocs(x, x * 0, 1, 0.1)
    assert abs(np.linalg.norm(y - x) / (0.1 * np.linalg.norm(x)) - 1) < 1e-9
    _, _, length = dct.asd_pocs(x, x * 0.9, 0, 20, 100.0, 0.0, 0.2, 0.9, 0.95, 5.0)
    change = np.linalg.norm(x * 0.1)
    assert abs(length / (0.2 * change) - 0.9) < 1e-9    # 20 steps of a fifth are more than r_max


def test_total_variation():
    """Values by hand, gradients by differences, second derivatives by torch."""
    step = np.zeros((4, 5))
    step[:, 2:] = 3
    assert abs(dct.tv_regularizer(step, 0.0) - 3 * 3 / 12) < 1e-12
    assert dct.tv_regularizer(np.ones((1, 5))) == 0 and not dct.tv_gradient(np.ones((1, 5))).any()
    x = random((4, 5, 6)) * 0.01
    for value, gradient in ((lambda v: dct.tv_regularizer(v, 1e-3), lambda v: dct.tv_gradient(v, 1e-3)),
                            (lambda v: dct.awtv_regularizer(v, 0.006, 1e-3),
                             lambda v: dct.awtv_gradient(v, 0.006, 1e-3))):
        d = random(x.shape, 4)
        h = 1e-6
        slope = (value(x + h * d) - value(x - h * d)) / (2 * h)
        assert abs(slope - (gradient(x) * d).sum()) < 1e-6 * abs(slope)
    if torch:
        t = torch.tensor(x[:2, :3, :3] * 30, requires_grad=True)
        assert torch.autograd.gradcheck(lambda v: dct.tv_gradient(v, 1e-2), (t,))


def test_dart():
    """A body with a hole out of few views, as levels; holes are filled where asked."""
    A = dct.make_parallel_2d_operator(*dct.circular_trajectory_2d_parallel(8), image_shape=(24, 24),
                                      num_detectors=36)
    image = np.zeros((24, 24), np.float32)
    image[5:19, 6:18] = 1
    image[9:13, 10:14] = 0
    forward, back, _ = A.single()
    p = dct.DARTParameters((24, 24), 8, 5, initial_reconstruction_sweeps=20, return_segmented_volume=True)
    x = dct.run_dart(list(A @ image), forward, back, p, show_progress=False)
    assert (x != image).sum() <= 4 and set(np.unique(x)) <= {0, 1}, (x != image).sum()
    held = dct.DARTParameters(**dict(vars(p), free_pixel_probability=0.0, return_segmented_volume=False,
                                     apply_smoothing=False, iteration_count=1))
    y = dct.run_dart(list(A @ image + 0.5), forward, back, held, show_progress=False)
    between = (y != 0) & (y != 1)                 # borders alone may lie between levels
    assert between.any() and between.sum() < 250, between.sum()
    full = dct.run_dart(list(A @ image), forward, back,
                        dct.DARTParameters(**dict(vars(p), binary_fill_holes=True)), show_progress=False)
    assert full[9:13, 10:14].all()
    otsu = dct.DARTParameters(**dict(vars(p), segmentation_threshold_method="otsu", convergence_epsilon=0.5))
    assert (dct.run_dart(list(A @ image), forward, back, otsu, show_progress=False) != image).mean() < 0.1
    for words, options in (("ascend", dict(gray_levels=(1, 0))), ("sart", dict(iterative_update_method="sirt")),
                           ("two gray_levels", dict(gray_levels=(0, 1, 2), binary_fill_holes=True)),
                           ("smoothing_beta", dict(smoothing_beta=2))):
        harness.refused(ValueError, words, dct.run_dart, list(A @ image), forward, back,
                        dct.DARTParameters(**dict(vars(p), **options)), show_progress=False)


# ---- Operators and solvers ----
def test_algebra():
    A, m, _ = dense()
    x, y = random(A.domain_shape), random(A.range_shape, 2)
    B = dct.DiagonalOperator(y)
    for op, dense_ in ((A, m.reshape(-1, m.shape[2])), (2 * A - A, m.reshape(-1, m.shape[2])),
                       (B @ A, y.reshape(-1, 1) * m.reshape(-1, m.shape[2])),
                       (A.subset([4, 1]), m[[4, 1]].reshape(-1, m.shape[2])),
                       (A.subset(slice(1, 6, 2)), m[1:6:2].reshape(-1, m.shape[2]))):
        assert np.allclose((op @ x).reshape(-1), dense_ @ x.reshape(-1))
        r = random(op.range_shape, 3)
        assert np.allclose((op.T @ r).reshape(-1), dense_.T @ r.reshape(-1)) and op.T.T is op
    assert np.array_equal(A.subset([True, False, False, True, False, False]) @ x, A.subset([0, 3]) @ x)
    harness.refused(TypeError, "list", A.subset, 3)
    harness.refused(ValueError, "one view", A.subset, [])
    harness.refused(ValueError, "projector_mode", dct.make_fan_2d_operator,
                    *dct.circular_trajectory_2d_fan(3, 20.0, 30.0), image_shape=(4, 4), num_detectors=5,
                    projector_mode="joseph")


def test_solvers():
    """Least squares against NumPy's; likelihoods that rise; a solver of one's own by name."""
    A, m, _ = dense(9, 16)
    x = random(A.domain_shape)
    b = A @ x
    full = m.reshape(-1, m.shape[2])
    want = np.linalg.lstsq(full, b.reshape(-1), rcond=None)[0].reshape(x.shape)
    for name in ("cgls", "ls", "wls"):
        got = dct.reconstruct(name, A, b, iterations=400, tol=1e-12)
        assert np.linalg.norm(A @ (got - want)) < 1e-5 * np.linalg.norm(b), name
    ridge = np.linalg.solve(full.T @ full + 0.5 * np.eye(x.size), full.T @ b.reshape(-1))
    assert np.abs(dct.rls(A, b, beta=0.5, iterations=200, tol=1e-12).reshape(-1) - ridge).max() < 1e-6
    w = random(b.shape, 5) + 0.5
    got = dct.wls(A, b + w, weights=w, iterations=400, tol=1e-13)
    r = (full @ got.reshape(-1)) - (b + w).reshape(-1)
    assert np.abs(full.T @ (w.reshape(-1) * r)).max() < 1e-5
    L = dct.power_iteration(lambda v: A.T @ (A @ v), A.domain_shape, 60)
    assert abs(L / np.linalg.norm(full, 2) ** 2 - 1) < 1e-3
    for x0 in (dct.landweber(A, b, iterations=200, step_size=1.8 / L), dct.rwls(A, b, iterations=200)):
        assert np.linalg.norm(A @ x0 - b) < 0.02 * np.linalg.norm(b)
    noisy = b + 0.2 * np.random.default_rng(1).normal(size=b.shape)
    flat = dct.rwls(A, noisy, regularizer=dct.TotalVariation(20.0), iterations=200)
    assert dct.tv_regularizer(flat) < 0.5 * dct.tv_regularizer(dct.rwls(A, noisy, iterations=200))

    def likelihood(v):
        mean = np.maximum(A @ v, 1e-12)
        return float((b * np.log(mean) - mean).sum())
    seen = []
    dct.mlem(A, b, iterations=10, callback=lambda k, v: seen.append(likelihood(v)))
    assert (np.diff(seen) >= -1e-9).all()
    assert likelihood(dct.osem(A, b, subsets=3, iterations=10)) > seen[-1]
    counts = 1e3 * np.exp(-b / 10)
    got = dct.mltr(A, counts, 1e3, iterations=200)
    assert np.linalg.norm(A @ got - b / 10) < 0.02 * np.linalg.norm(b / 10)

    @dct.register_algorithm("mine")
    def mine(A, b, *, gain=1.0):
        return gain * (A.T @ b)
    assert np.array_equal(dct.reconstruct("mine", A, b, gain=2), 2 * (A.T @ b)) and "mine" in dct.list_algorithms()
    harness.refused(KeyError, "cgls", dct.get_algorithm, "cg")
    harness.refused(ValueError, "constraint", dct.rwls, A, b, regularizer=dct.L1Norm())


def test_functionals():
    x, y = random((5, 6)) - 0.5, random((5, 6), 2) - 0.5
    for f in (dct.SquaredL2(2.0, y), dct.Huber(0.2, 3.0), dct.LpNorm(1.5, eps=0), dct.TotalVariation(2.0),
              dct.AdaptiveWeightedTV(1.0, 0.3), 2 * dct.Huber() + dct.Tikhonov()):
        d, h = random(x.shape, 3), 1e-6
        slope = (f.value(x + h * d) - f.value(x - h * d)) / (2 * h)
        assert f.is_smooth and abs(slope - (f.gradient(x) * d).sum()) < 1e-5 * abs(slope), f
    for f in (dct.SquaredL2(2.0, y), dct.L1Norm(0.5), dct.Box(-0.2, 0.1), dct.NonNegativity(), 3 * dct.L1Norm(0.1)):
        z = f.prox(x, 0.7)
        best = f.value(z) + ((z - x) ** 2).sum() / 1.4
        for seed in range(5):
            other = f.prox(z + 0.01 * (random(x.shape, seed) - 0.5), 0) if isinstance(f, dct.Box) \
                else z + 0.01 * (random(x.shape, seed) - 0.5)
            assert f.value(other) + ((other - x) ** 2).sum() / 1.4 >= best - 1e-12, f
    harness.refused(NotImplementedError, "smooth", dct.L1Norm().gradient, x)


# ---- Its README and example scripts ----
def test_readme():
    """The first blocks of its README after the import is changed."""
    volume = dct.shepp_logan_3d((24, 24, 24))
    src, det_c, det_u, det_v = dct.circular_trajectory_3d(36, sid=600, sdd=900)
    assert dct.cone_forward(volume, src, det_c, det_u, det_v, 48, 40, 1., 1., 1.).shape == (36, 48, 40)
    case = dct.build_parallel_2d_case(image_shape=(96, 96), num_views=180)
    reco = dct.reconstruct_fbp(case.sinogram, case.back_project_all,
                               dct.FBPParameters(normalization_scale=case.fbp_normalization_scale),
                               weight_projections=case.fbp_weight)
    assert rms(reco, case.reference) < 0.06
    fan = dct.build_fan_2d_case(image_shape=(64, 64), num_views=120, num_detectors=150)
    forward, back = fan.forward_single, fan.back_single
    assert forward.project_slice(fan.reference, 2, 5).shape == (3, 150)
    got = dct.run_sart(list(fan.sinogram), forward, back,
                       dct.SARTParameters(fan.volume_shape, 2, backprojection_scale=None), show_progress=False)
    assert rms(got, fan.reference) < 0.1


def adam(forward, label, shape, epochs):
    """Its iterative examples: AdamW at 0.1, MSE, values kept above 0; the losses."""
    x = torch.zeros(shape, requires_grad=True)
    optimiser, losses = torch.optim.AdamW([x], lr=0.1), []
    for _ in range(epochs):
        optimiser.zero_grad()
        loss = torch.nn.functional.mse_loss(forward(x), label)
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            x.clamp_(min=0)
        losses.append(loss.item())
    return losses, x.detach()


def test_examples():
    """Parallel 128^2 and cone 64^3 on four orbits, through the Function classes."""
    if torch is None:
        raise harness.Skip("PyTorch is not installed")
    dct.set_backend("torch")
    try:
        image = torch.tensor(dct.shepp_logan_2d((128, 128)))
        frames = dct.circular_trajectory_2d_parallel(360, end_angle=2 * math.pi)

        def parallel(x):
            return dct.ParallelProjectorFunction.apply(x, *frames, 256, 0.5, 1.0)
        losses, x = adam(parallel, parallel(image), image.shape, 200 if DEEP else 4)
        assert losses[-1] < (1e-3 if DEEP else 0.7) * losses[0], losses[-1] / losses[0]

        def eight(angles, sid):
            return torch.stack([-sid * torch.sin(angles), sid * torch.cos(angles) * torch.sin(angles),
                                50 * torch.sin(2 * angles)], 1)
        volume = torch.tensor(dct.shepp_logan_3d((64, 64, 64)))
        views = 180 if DEEP else 30
        for make in (lambda: dct.spiral_trajectory_3d(n_views=views, sid=400.0, sdd=600.0, z_range=80.0, n_turns=2.0),
                     lambda: dct.sinusoidal_trajectory_3d(views, 400.0, 600.0, amplitude=50.0, frequency=3.0),
                     lambda: dct.saddle_trajectory_3d(views, 400.0, 600.0, z_amplitude=60.0, radial_amplitude=40.0),
                     lambda: dct.custom_trajectory_3d(views, 400.0, 600.0, eight)):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")   # the figure 8 goes through the origin, which is said
                frames3 = make()

            def cone(x):
                return dct.ConeProjectorFunction.apply(x, *frames3, 128, 128, 1.0, 1.0, 1.0)
            losses, x = adam(cone, cone(volume), volume.shape, 60 if DEEP else 4)
            assert losses[-1] < (0.01 if DEEP else 0.7) * losses[0], losses
    finally:
        dct.set_backend("numpy")


def test_torch():
    """The same numbers for tensors; derivatives of data to second order, of the geometry to first."""
    if torch is None:
        raise harness.Skip("PyTorch is not installed")
    assert (dct.angular_integration_weights(torch.arange(4)).sum() - 3.1416).abs() < 1e-3
    assert dct.geometry.spiral_trajectory_3d is dct.spiral_trajectory_3d
    for beam, frames, shape, bins, pitch in cases():
        f = getattr(dct, beam + "_forward")
        x = torch.tensor(random(shape), requires_grad=True)
        y = f(x, *frames, *bins, *pitch, 0.9)
        assert np.array_equal(y.detach().numpy(), f(x.detach().numpy(), *frames, *bins, *pitch, 0.9))
        assert torch.autograd.gradcheck(lambda v: f(v, *frames, *bins, *pitch, 0.9), (x,))
        assert torch.autograd.gradgradcheck(lambda v: f(v, *frames, *bins, *pitch, 0.9).square(), (x,))
    A, _, (forward, back, _) = dense()
    data = torch.tensor(A @ random(A.domain_shape), requires_grad=True)
    p = dct.SIRTParameters(A.domain_shape, 2, dtype=torch.float64, enforce_positivity=False)
    x = dct.run_sirt(list(data), forward, back, p, show_progress=False)
    want = dct.run_sirt(list(data.detach().numpy()), forward, back,
                        dct.SIRTParameters(A.domain_shape, 2, dtype=np.float64, enforce_positivity=False),
                        show_progress=False)
    assert np.abs(x.detach().numpy() - want).max() < 1e-12
    x.square().sum().backward()                   # a driver as a layer
    assert data.grad.abs().sum() > 0
    y = dct.ramp_filter_1d(data, 1, 1.0, 2, "hann")
    assert np.allclose(y.detach().numpy(), dct.ramp_filter_1d(data.detach().numpy(), 1, 1.0, 2, "hann"))


def test_jax():
    """The same numbers for JAX's arrays: projectors, filters, a driver, a gradient through them."""
    jax = harness.optional("jax")
    if jax is None:
        raise harness.Skip("JAX is not installed")
    import jax.numpy as jnp
    for beam, frames, shape, bins, pitch in cases():
        f = getattr(dct, beam + "_forward")
        x = random(shape, dtype=np.float32)
        y = f(jnp.asarray(x), *frames, *bins, *pitch, 0.9)
        assert isinstance(y, jax.Array) and np.allclose(y, f(x, *frames, *bins, *pitch, 0.9), rtol=1e-6)
        back = getattr(dct, beam + "_backward")(
            y, *frames, *(pitch + shape if len(shape) == 2 else shape + pitch), 0.9)
        (gradient,) = jax.grad(lambda v: (f(v, *frames, *bins, *pitch, 0.9) ** 2).sum(), argnums=(0,))(jnp.asarray(x))
        assert np.allclose(gradient, 2 * back, rtol=1e-4, atol=1e-4)
    A, _, (forward, back, _) = dense()
    data = (A @ random(A.domain_shape)).astype(np.float32)
    found = [dct.run_sart(list(d), forward, back, dct.SARTParameters(A.domain_shape, 2), show_progress=False)
             for d in (data, jnp.asarray(data))]
    assert isinstance(found[1], jax.Array) and np.allclose(*found, rtol=1e-4, atol=1e-5)
    assert np.allclose(dct.ramp_filter_1d(jnp.asarray(data), 1, 1.0, 2, "hann"),
                       dct.ramp_filter_1d(data, 1, 1.0, 2, "hann"), atol=1e-5)
    assert np.allclose(dct.tv_gradient(jnp.asarray(data)), dct.tv_gradient(data), atol=1e-6)
    dct.set_backend("jax")
    try:
        case = dct.build_fan_2d_case(image_shape=(24, 24), num_views=30, num_detectors=60)
        assert isinstance(case.sinogram, jax.Array) and isinstance(dct.spiral_trajectory_3d(4, 20.0, 30.0)[0], jax.Array)
    finally:
        dct.set_backend("numpy")


def test_pose():
    """A detector that was moved is found again by its gradient, by Siddon's projections."""
    if torch is None:
        raise harness.Skip("PyTorch is not installed")
    z, y, x = np.mgrid[:20, :20, :20] - 9.5
    body = torch.tensor(np.exp(-(x ** 2 + (y - 3) ** 2 + (z + 2) ** 2) / 18)).float()
    frames = [torch.tensor(f).double() for f in dct.circular_trajectory_3d(12, 60.0, 90.0)]
    off = torch.tensor([0.8, -0.5], dtype=torch.float64)
    s, d, u, v = frames
    label = dct.cone_forward(body, s, d + off[0] * u + off[1] * v, u, v, 36, 36)
    found = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.Adam([found], 0.1)
    for _ in range(60):
        optimiser.zero_grad()
        y = dct.cone_forward(body, s, d + found[0] * u + found[1] * v, u, v, 36, 36)
        (y - label).square().mean().backward()
        optimiser.step()
    assert (found.detach() - off).abs().max() < 0.05, found


# ---- Trajectories and files ----
def test_trajectories():
    made = [dct.circular_trajectory_3d(6, 20.0, 30.0, 0.3, 2.0), dct.spiral_trajectory_3d(6, 20.0, 30.0, 8.0, 3.0, 0.2),
            dct.sinusoidal_trajectory_3d(6, 20.0, 30.0, 3.0), dct.saddle_trajectory_3d(6, 20.0, 30.0, 2.0, 1.0),
            dct.laminography_trajectory_3d(6, 20.0, 30.0, 25.0),
            dct.custom_trajectory_3d(6, 20.0, 30.0, lambda t, r: np.stack([r * np.cos(t), r * np.sin(t), 0 * t], -1))]
    for s, d, u, v in made:
        assert s.dtype == np.float32 and np.allclose(np.linalg.norm(d - s, axis=1), 30, atol=1e-4)
        for a, b in ((u, v), (u, d - s)):
            assert np.abs((a * b).sum(1)).max() < 1e-4
        assert np.allclose(np.linalg.norm(u, axis=1), 1) and np.allclose(np.linalg.norm(v, axis=1), 1)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        s, d, u, v = dct.custom_trajectory_3d(2, 20.0, 30.0, lambda t, r: np.stack([0 * t, r * t / 4, 0 * t], -1))
    assert len(told) == 1 and "origin" in str(told[0].message)
    assert np.array_equal(d[0], [-30, 0, 0]) and np.array_equal(u[0], [0, 1, 0]) and np.array_equal(v[0], [0, 0, 1])
    assert np.allclose(made[4][0][:, 2], 20 * math.sin(math.radians(25)))
    assert made[1][0][0, 2] == -4 and made[1][0][-1, 2] == 4
    a = dct.random_trajectory_3d(6, 20.0, 30.0, 1.0, 0.5, 0.1, seed=3)
    b = dct.random_trajectory_3d(6, 20.0, 30.0, 1.0, 0.5, 0.1, seed=3)
    assert all(np.array_equal(p, q) for p, q in zip(a, b)) and np.allclose(np.linalg.norm(a[2], axis=1), 1)
    harness.refused(ValueError, "n_views", dct.circular_trajectory_3d, 2.5, 20.0, 30.0)
    harness.refused(ValueError, "(6, 3)", dct.custom_trajectory_3d, 6, 20.0, 30.0, lambda t, r: t)
    harness.refused(ValueError, "sdd", dct.custom_trajectory_3d, 6, 20.0, 30.0,
                    lambda t, r: np.stack([40 + t, t, t], -1))


def measured(folder, views=40, n=32):
    """TIFF files and a geometry file of a body of attenuation 0.04 / mm; all of it in mm."""
    z, y, x = np.mgrid[:n, :n, :n] - (n - 1) / 2
    body = ((x ** 2 + (y - 2) ** 2 <= 8 ** 2) & (abs(z) <= 9)).astype(np.float32) * 0.04
    s, d, u, v = dct.circular_trajectory_3d(views, 300.0, 600.0)
    lines = dct.cone_forward(body, s, d, u, v, 56, 56, 2.0, 2.0, 1.0)
    os.mkdir(os.path.join(folder, "tiff"))
    for i in range(views):
        image = (60000 * np.exp(-lines[i].T)).astype(np.float32)   # (v, u), as cameras write it
        vxg.io.write(os.path.join(folder, "tiff", "view_%d.tif" % i), image)
    with open(os.path.join(folder, "geometry.json"), "w") as f:
        json.dump({"src_pos": s.tolist(), "det_center": d.tolist(), "det_u_vec": u.tolist(),
                   "det_v_vec": v.tolist(), "sdd": 600.0, "source": {"magnification": 2.0},
                   "detector": {"num_pixels": {"u": 56, "v": 56}, "pixel_size_mm": {"u": 2.0, "v": 2.0},
                                "offset_px": {"horizontal": 0.0, "vertical": 0.0}}}, f)
    return body, lines


def test_measured():
    """Projections on disk to attenuation in 1/mm, with what the camera's rows are."""
    with tempfile.TemporaryDirectory() as folder:
        body, lines = measured(folder)
        stack = dct.load_tiff_projections(os.path.join(folder, "tiff"), log_transform=True, air_border_px=4)
        assert stack.shape == (40, 56, 56) and np.abs(stack - lines.transpose(0, 2, 1)).max() < 0.01
        config = dct.MeasuredConeDataConfig(
            os.path.join(folder, "tiff"), volume_shape=(32, 32, 32), voxel_spacing_mm=1.0,
            trajectory_json_path=os.path.join(folder, "geometry.json"), air_border_px=4,
            target_detector_shape=(56, 56), measured_fov_margin_mm=14.0, recenter_to_isocenter=False)
        case = dct.build_measured_cone_3d_case(config)
        x = dct.reconstruct_case_fdk(case)
        # the camera's rows lie along v: axes exchanged give another handedness, the same body
        inside = np.zeros_like(body, bool)
        inside[10:22, 14:20, 12:20] = True
        assert abs(x[inside].mean() / 0.04 - 1) < 0.05, x[inside].mean()
        assert case.iterative_volume_support_mask.any() and not case.iterative_volume_support_mask.all()
        np.save(os.path.join(folder, "lines.npy"), lines.transpose(0, 2, 1))
        case = dct.build_npy_cone_3d_case(dct.NpyProjectionsConfig(
            os.path.join(folder, "lines.npy"), os.path.join(folder, "geometry.json"), (32, 32, 32), 1.0,
            recenter_to_isocenter=False))
        assert abs(dct.reconstruct_case_fdk(case)[inside].mean() / 0.04 - 1) < 0.05
        frames = dct.load_arbitrary_cone_geometry_from_json(os.path.join(folder, "geometry.json"),
                                                            recenter_to_isocenter=True)
        assert np.abs(dct.estimate_cone_isocenter(frames[0], frames[1])).max() < 1e-3
        told = dct.diagnose_cone_geometry(*frames)
        assert told["n_views"] == 40 and abs(told["sdd_max_mm"] - 600) < 1e-3
        assert told["ray_to_isocenter_max_mm"] < 1e-3 and abs(told["ray_vs_minus_source_mean"] - 1) < 1e-6
        harness.refused(FileNotFoundError, "TIFF", dct.load_tiff_projections, folder)
        with open(os.path.join(folder, "bare.json"), "w") as f:
            json.dump({"source_positions": frames[0].tolist()}, f)
        harness.refused(ValueError, "sdd", dct.load_arbitrary_cone_geometry_from_json,
                        os.path.join(folder, "bare.json"))


def test_refusals():
    A, _, (forward, back, _) = dense()
    data = list(A @ random(A.domain_shape))
    P = dct.ReconstructionParameters
    for words, options in (("iteration_count", dict(iteration_count=0)), ("quantile", dict(raylength_quantile=1.0)),
                           ("positivity_mode", dict(positivity_mode="always")),
                           ("initial_volume", dict(initial_volume=np.ones((2, 2)))),
                           ("projection_weights", dict(projection_weights=[1.0])),
                           ("projection_order", dict(projection_order=[0, 1])),
                           ("border", dict(detector_border_u=-1)), ("epsilon", dict(raylength_epsilon=0))):
        p = P(**dict(dict(volume_shape=A.domain_shape, iteration_count=1), **options))
        harness.refused(ValueError, words, dct.run_sart, data, forward, back, p, show_progress=False)
    harness.refused(ValueError, "one at least", dct.run_sart, [], forward, back, P(A.domain_shape, 1))
    harness.refused(ValueError, "(14,)", dct.run_sart, [d[:-1] for d in data], forward, back,
                    P(A.domain_shape, 1), show_progress=False)
    frames = dct.circular_trajectory_2d_fan(3, 20.0, 30.0)
    harness.refused(ValueError, "voxel_spacing", dct.fan_forward, np.ones((4, 4)), *frames, 5, 1.0, 0.0)
    harness.refused(ValueError, "num_detectors", dct.fan_forward, np.ones((4, 4)), *frames, 0)
    harness.refused(ValueError, "3 views", dct.fan_backward, np.ones((4, 5)), *frames, 1.0, 4, 4)
    harness.refused(ValueError, "axes", dct.cone_forward, np.ones((4, 4)), *dct.circular_trajectory_3d(3, 20.0, 30.0))
    harness.refused(ValueError, "'blackman'", dct.ramp_filter_1d, np.ones((2, 4)), window="blackman")
    harness.refused(AttributeError, "simulate", lambda: dct.simulate_scan)
    harness.refused(AttributeError, "no nothing", lambda: dct.nothing)
    harness.refused(ValueError, "mlx", dct.set_backend, "mlx")
    assert dct.backend == "numpy"


if __name__ == "__main__":
    sys.exit(harness.main("__main__", sys.argv[1:]))
