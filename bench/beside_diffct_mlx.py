"""voxgrad.diffct_mlx beside diffct-mlx 2.1 itself: its drivers, total variation, weights, trajectories and
solvers on tensors of the CPU, over the same projectors (this library's; its own need CUDA). For an
environment that has PyTorch, numba and both:

    DIFFCT_BACKEND=torch NUMBA_ENABLE_CUDASIM=1 PYTHONPATH=python:FOLDER python3 bench/beside_diffct_mlx.py"""

import diffct as vendored
import diffct_mlx as theirs
import numpy as np
import torch

import voxgrad.diffct_mlx as ours


def difference(a, b):
    """max |a - b| over max |b|."""
    return float((a - b).abs().max() / b.abs().max())


def problem():
    """A small parallel scan, noisy; its operators; what is seen."""
    rng = np.random.default_rng(0)
    ray, origin, u = ours.circular_trajectory_2d_parallel(7, start_angle=0.2, end_angle=3.3)
    A = ours.make_parallel_2d_operator(ray, origin + 0.137 * u, u, image_shape=(9, 10), num_detectors=16)
    image = torch.tensor(rng.random((9, 10)), dtype=torch.float32)
    noise = torch.tensor(rng.random((7, 16)) - 0.5, dtype=torch.float32)
    return A, image, A @ image + 0.1 * noise


def sweeps(A, data):
    """(name, largest difference over what parameters)."""
    forward, back, _ = A.single()
    more = ({}, dict(voxel_sensitivity_normalization=False, backprojection_scale=0.03),
            dict(detector_border_u=2, raylength_quantile=0.2),
            dict(positivity_mode="final", volume_border_width=1),
            dict(projection_order_seed=4, voxel_extreme_values=(0.1, 0.7)))
    for method in ("sart", "sirt", "normalized_sart"):
        name = "run_sirt" if method == "sirt" else "run_sart"
        worst = 0.0
        for options in more:
            both = [getattr(m, name)(list(data), forward, back, m.ReconstructionParameters(
                A.domain_shape, 2, 2, method, projection_subset_count=2, **options), show_progress=False)
                for m in (ours, theirs)]
            worst = max(worst, difference(*both))
        yield method, worst


def pocs(A, image, data):
    """The same for methods with total variation, with a start and without."""
    forward, back, _ = A.single()
    for name, kind, options in (("run_tv_pocs", "TVPOCSParameters", {}),
                                ("run_asd_pocs", "ASDPOCSParameters", dict(epsilon=0.01)),
                                ("run_awtv_pocs", "AwTVPOCSParameters", dict(delta=0.3, epsilon=0.5))):
        worst = 0.0
        for start in (None, image * 0.5):
            both = [getattr(m, name)(list(data), forward, back, m.ReconstructionParameters(
                A.domain_shape, 4, initial_volume=start), getattr(m, kind)(reg_iteration_count=5, alpha=0.1, **options))
                for m in (ours, theirs)]
            worst = max(worst, difference(*both))
        yield name, worst


def darts(A, image):
    """And for DART."""
    forward, back, _ = A.single()
    data, worst = list(A @ (image > 0.5).float()), 0.0
    for options in ({}, dict(segmentation_threshold_method="otsu"),
                    dict(boundary_connectivity="full", binary_fill_holes=True),
                    dict(return_segmented_volume=True, convergence_epsilon=0.05),
                    dict(apply_smoothing=False, gray_levels=(0, 0.5, 1))):
        both = [m.run_dart(data, forward, back, m.DARTParameters(
            A.domain_shape, 3, 2, initial_reconstruction_sweeps=5, **options), show_progress=False)
            for m in (ours, theirs)]
        worst = max(worst, difference(*both))
    yield "run_dart", worst


def parts():
    """Total variation, filters, phantoms, trajectories."""
    x, y = torch.rand(5, 6, 7), torch.rand(5, 31)
    yield "tv_gradient", difference(ours.tv_gradient(x), theirs.tv_gradient(x))
    yield "awtv_gradient", difference(ours.awtv_gradient(x, 0.3), theirs.awtv_gradient(x, 0.3))
    yield "ramp_filter_1d", difference(ours.ramp_filter_1d(y, 1, 0.7, 2, "hann"),
                                       vendored.ramp_filter_1d(y, 1, 0.7, 2, "hann"))
    beta = torch.linspace(0, np.pi + 2 * np.arctan(20.5 / 60) - 0.05, 60)
    yield "parker_weights", difference(ours.parker_weights(beta, 41, 1.0, 60.0),
                                       vendored.parker_weights(beta, 41, 1.0, 60.0))
    for name, shape in (("shepp_logan_2d", (20, 30)), ("shepp_logan_3d", (12, 14, 16))):
        yield name, float(np.abs(getattr(ours, name)(shape) - getattr(theirs, name)(shape)).max())
    for name in ("circular_trajectory_3d", "spiral_trajectory_3d", "saddle_trajectory_3d",
                 "sinusoidal_trajectory_3d", "circular_trajectory_2d_fan"):
        both = getattr(ours, name)(6, 20.0, 30.0), getattr(theirs, name)(6, 20.0, 30.0, device="cpu")
        yield name, max(float((a - b).abs().max()) for a, b in zip(*both))


def solvers(A, data):
    """Solvers over an operator of functions."""
    B = theirs.FunctionOperator(lambda v: A @ v, lambda v: A.T @ v, domain_shape=A.domain_shape,
                                range_shape=A.range_shape)
    for name in ("cgls", "landweber", "rwls", "mlem"):
        yield name, difference(getattr(ours, name)(A, data), getattr(theirs, name)(B, data))


def main():
    torch.manual_seed(0)
    ours.set_backend("torch")
    A, image, data = problem()
    print("| what | largest difference |\n|---|---|")
    for rows in (sweeps(A, data), pocs(A, image, data), darts(A, image), parts(), solvers(A, data)):
        for name, value in rows:
            print("| `%s` | %.1e |" % (name, value))


if __name__ == "__main__":
    main()
