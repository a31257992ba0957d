"""voxgrad.diffct: its conventions against lengths worked out by hand, adjoints, gradients."""

import sys

import numpy as np

import harness
import voxgrad as vxg

SUITE, NEEDS = "python_diffct", "torch"
torch = harness.optional("torch")
if torch:
    import voxgrad.diffct as diffct


def test_lengths():
    """A cube along the rays of every beam: the length in it, at the right bin."""
    image = torch.zeros(16, 16)
    image[4:12, 6:10] = 1                       # y from -4 to 4, x from -2 to 2
    p = diffct.Projector(diffct.circular_trajectory_2d_parallel(4), (16, 16), 20, beam="parallel",
                         voxel_spacing=0.5, detector_spacing=0.5)
    y = p(image)
    assert y.shape == (4, 20) and p.projection_shape == (4, 20)
    assert torch.allclose(y[0].sum(), torch.tensor(8 * 2.0)) and y[0].max() == 2   # along x
    assert torch.allclose(y[2, 8:12], torch.full((4,), 4.0)) and y[2].count_nonzero() == 4
    volume = torch.zeros(8, 10, 12)             # (D, H, W) = (z, y, x)
    volume[2:4, 5:9, 3:5] = 1                   # z -2..0, y 0..4, x -3..-1
    far = 1e6
    q = diffct.Projector(diffct.circular_trajectory_3d(4, far, far + 1), volume.shape, (24, 16))
    y = q(volume)
    assert y.shape == (4, 24, 16)
    # view 0: from +y towards -y, u along x, v along z: bins (u, v)
    seen = y[0].nonzero()
    assert seen[:, 0].min() == 9 and seen[:, 0].max() == 10, seen   # x -2.5, -1.5
    assert seen[:, 1].min() == 6 and seen[:, 1].max() == 7          # z -1.5, -0.5
    assert torch.allclose(y[0, 9, 6], torch.tensor(4.0), rtol=1e-4)
    assert torch.allclose(y[1].max(), torch.tensor(2.0), rtol=1e-4)


def test_pairs():
    """Adjoints and second derivatives of every beam; both models; batches."""
    g = torch.Generator().manual_seed(0)
    fan = diffct.circular_trajectory_2d_fan(7, 20.0, 30.0, dtype=torch.float64)
    cases = [("fan", fan, (8, 9), 11), ("fan", diffct.sinusoidal_trajectory_2d_fan(
                 5, 20.0, 30.0, amplitude=3.0), (8, 9), 11),
             ("parallel", diffct.sinusoidal_trajectory_2d_parallel(6, amplitude=2.0), (8, 8), 12)]
    for make in (diffct.circular_trajectory_3d, diffct.spiral_trajectory_3d,
                 diffct.saddle_trajectory_3d):
        options = {} if make is diffct.circular_trajectory_3d else \
            {"z_range": 4.0} if make is diffct.spiral_trajectory_3d else \
            {"z_amplitude": 2.0, "radial_amplitude": 1.0}
        cases.append(("cone", make(5, 20.0, 30.0, **options), (6, 7, 8), (9, 10)))
    cases.append(("cone", diffct.custom_trajectory_3d(
        5, 20.0, 30.0, lambda t, sid: torch.stack([sid * torch.cos(t), sid * torch.sin(t), 3 * torch.sin(t)], -1)),
        (6, 7, 8), (9, 10)))
    for beam, trajectory, shape, bins in cases:
        for model in ("siddon", "joseph"):
            p = diffct.Projector(trajectory, shape, bins, beam=beam, model=model, voxel_spacing=0.9)
            x = torch.rand(*shape, dtype=torch.float64, generator=g, requires_grad=True)
            y = p(x)
            r = torch.rand(*y.shape, dtype=torch.float64, generator=g)
            back = p.backproject(r)
            assert abs((y * r).sum() - (x * back).sum()) < 1e-10 * (y * r).sum().abs(), beam
            (gradient,) = torch.autograd.grad(y, x, r)
            assert torch.equal(gradient, back), beam
            assert torch.equal(p(torch.stack([x, 2 * x]))[0], y)


def test_trajectories():
    """Frames are orthonormal, the detector lies sdd from the source through the axis; turned ones
    see what the volume turned the other way shows."""
    makers = [diffct.circular_trajectory_3d(6, 20.0, 30.0, 0.3, 2.0),
              diffct.spiral_trajectory_3d(6, 20.0, 30.0, 8.0, 3.0, 0.2),
              diffct.sinusoidal_trajectory_3d(6, 20.0, 30.0, 3.0, 2.0, 0.2),
              diffct.saddle_trajectory_3d(6, 20.0, 30.0, 2.0, 1.0, 0.2),
              diffct.custom_trajectory_3d(6, 20.0, 30.0, lambda t, r: torch.stack(
                  [r * torch.cos(t), r * torch.sin(t), 0 * t], -1))]
    for s, d, u, v in makers:
        assert torch.allclose((d - s).norm(dim=1), torch.tensor(30.0))
        assert torch.allclose((u * v).sum(1), torch.zeros(6), atol=1e-6)
        assert torch.allclose(((d - s) * u).sum(1), torch.zeros(6), atol=1e-4)
        assert torch.allclose(u.norm(dim=1), torch.ones(6)) and torch.allclose(v.norm(dim=1), torch.ones(6))
    assert makers[1][0][0, 2] == -4 and makers[1][0][-1, 2] == 4
    quarter = torch.tensor([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    x = torch.rand(4, 8, 8)
    t = diffct.circular_trajectory_3d(3, 20.0, 30.0)
    a = diffct.Projector(t, x.shape, (12, 10))(x)
    b = diffct.Projector(diffct.transform_trajectory(t, quarter), x.shape, (12, 10))(
        torch.rot90(x, 1, (2, 1)))
    assert torch.allclose(a, b, atol=1e-4)
    ray, origin, u, v = diffct.circular_trajectory_3d_parallel(5, 2.0)
    assert torch.allclose(torch.cross(ray, u, dim=1), v, atol=1e-6)
    assert torch.allclose(diffct.transform_trajectory((ray, origin, u, v), translation=[1.0, 2, 3],
                                                      beam="parallel3d")[1], origin + torch.tensor([1.0, 2, 3]))
    harness.refused(ValueError, "determinant", diffct.transform_trajectory, t, -torch.eye(3))


def test_function_classes():
    """The classes under the projector: the same numbers, in the order of their arguments."""
    x, t = torch.rand(4, 5, 6), diffct.circular_trajectory_3d(3, 20.0, 30.0)
    p = diffct.Projector(t, x.shape, (8, 7), detector_spacing=(1.1, 1.2), voxel_spacing=0.9)
    y = diffct.ConeProjectorFunction.apply(x, *t, 8, 7, 1.1, 1.2, 0.9)
    assert torch.equal(y, p(x))
    assert torch.equal(diffct.ConeBackprojectorFunction.apply(y, *t, 4, 5, 6, 1.1, 1.2, 0.9), p.backproject(y))
    for name, make in (("Fan", lambda: diffct.circular_trajectory_2d_fan(3, 20.0, 30.0)),
                       ("Parallel", lambda: diffct.circular_trajectory_2d_parallel(3))):
        p = diffct.Projector(make(), (5, 6), 9, beam=name.lower(), detector_spacing=1.1)
        y = getattr(diffct, name + "ProjectorFunction").apply(x[0], *make(), 9, 1.1)
        assert torch.equal(y, p(x[0])), name
        back = getattr(diffct, name + "BackprojectorFunction").apply(y, *make(), 1.1, 5, 6)
        assert torch.equal(back, p.backproject(y)), name
    harness.refused(TypeError, "arguments", diffct.FanProjectorFunction.apply, x[0], *make(), 9)


def test_trajectory_gradient():
    s, d, u, v = diffct.circular_trajectory_3d(2, 20.0, 30.0, start_angle=0.3, dtype=torch.float64)
    d = d + torch.tensor([0.137, 0.091, 0.233])  # no ray along a line of voxels
    x = torch.rand(5, 6, 7, dtype=torch.float64)

    def f(s, d):
        return diffct.Projector((s, d, u, v), x.shape, (4, 5), model="joseph",
                                detector_spacing=0.83)(x)
    inputs = tuple(t.clone().requires_grad_() for t in (s, d))
    assert torch.autograd.gradcheck(f, inputs, eps=1e-7, atol=1e-4, rtol=1e-3)
    p = diffct.Projector((s, d, u, v), x.shape, (4, 5))
    moved = (s + 0.1, d, u, v)
    assert torch.equal(p(x, trajectory=moved), diffct.Projector(moved, x.shape, (4, 5))(x))
    harness.refused(vxg.UnsupportedError, ["joseph", "siddon"], p, x,
                    trajectory=(inputs[0], d, u, v))
    b = torch.rand(2, 4, 5, dtype=torch.float64)

    def back(s, d):
        return diffct.Projector((s, d, u, v), x.shape, (4, 5), model="joseph",
                                detector_spacing=0.83).backproject(b)
    assert torch.autograd.gradcheck(back, inputs, eps=1e-7, atol=1e-4, rtol=1e-3)
    moving = diffct.Projector((inputs[0], d, u, v), x.shape, (4, 5), model="joseph", detector_spacing=0.83)
    both = moving(torch.stack([x, 2 * x]))         # batches
    assert torch.allclose(both[1], 2 * f(*inputs))
    assert torch.autograd.grad(both.sum(), inputs[0])[0].abs().sum() > 0
    harness.refused(ValueError, "derivatives", diffct.fdk, b, (inputs[0], d, u, v), x.shape)


def test_solvers():
    p = diffct.Projector(diffct.circular_trajectory_3d(20, 40.0, 60.0), (8, 8, 8), (14, 12))
    x = torch.zeros(8, 8, 8)
    x[2:6, 3:5, 2:7] = 1
    b = p(x)
    r = diffct.cgls(p, b, 30)
    assert (p(r.volume) - b).norm() < 1e-3 * b.norm() and (r.volume - x).abs().max() < 0.2
    assert abs(r.residual_history[0] / b.norm() - 1) < 1e-6 and len(r.residual_history) == r.iterations + 1
    seen = []
    r = diffct.sirt(p, b, 50, callback=lambda i, residual, volume: seen.append(i) or i < 7)
    assert r.reason == "callback stopped" and not r.converged and seen[-1] == 7
    assert r.volume.min() >= 0 and len(r.residual_history) == 8
    assert abs(r.residual_history[-1] / (p(r.volume) - b).norm() - 1) < 1e-5
    for f in (diffct.cgls, diffct.sirt, diffct.tv_reconstruction):
        none = f(p, b, 0)
        assert none.iterations == 0 and not none.volume.any() and none.reason == "iteration limit reached"
        exact = f(p, b, 5, x0=x, rtol=1e-4)         # nothing is left to do
        assert exact.iterations == 0 and exact.converged and torch.equal(exact.volume, x)
        harness.refused(ValueError, "finite", f, p, b * float("nan"), 3)
        harness.refused(ValueError, "x0", f, p, b, 3, x0=b)
        harness.refused(vxg.UnsupportedError, "resume", f, p, b, 3, resume="there")
    first = diffct.sirt(p, b, 30, rtol=0.3)         # the residual of the x that is returned decides
    assert first.converged and first.residual_history[-2] > 0.3 * b.norm() >= first.residual_history[-1]
    seen = []
    diffct.sirt(p, b, 2, callback=lambda i, residual, volume: seen.append(
        residual / (p(volume) - b).norm()) or True)
    assert np.allclose(seen, 1, rtol=1e-5)
    r = diffct.tv_reconstruction(p, b, 40, weight=1e-3)
    assert r.residual_history[-1] < 0.3 * r.residual_history[0] and len(r.residual_history) == 41
    step = torch.zeros(4, 5)
    step[:, 2:] = 3
    assert abs(diffct.total_variation(step, voxel_spacing=(1.0, 2.0), eps=1e-12, reduction="sum") - 6) < 1e-4


def turn(views, end=2 * np.pi):
    return torch.arange(views) * (end / views)


def test_recipes():
    """The steps in diffct's order beside the library's own reconstructions; short scans either way
    round, moved scans, weights and filters that are learned."""
    y, x = torch.meshgrid(torch.arange(64) - 31.5, torch.arange(64) - 31.5, indexing="ij")
    disc = (x * x + (y - 5) ** 2 < 15 ** 2).float()
    inside = x * x + (y - 5) ** 2 < 11 ** 2
    widest = float(np.arctan(64 * 1.2 / 300))
    cases = [("parallel", diffct.circular_trajectory_2d_parallel(120), turn(120, np.pi), False),
             ("fan", diffct.circular_trajectory_2d_fan(180, 200.0, 300.0), turn(180), False)]
    for sign in (1, -1):
        span = sign * (np.pi + 2 * widest + 0.2)
        cases.append(("fan", diffct.circular_trajectory_2d_fan(120, 200.0, 300.0, 0.4, 0.4 + span),
                      0.4 + turn(120, span), True))
    for beam, t, angles, short in cases:
        p = diffct.Projector(t, (64, 64), 128, beam=beam, detector_spacing=1.2)
        got = diffct.fbp(p(disc), t, (64, 64), angles, beam=beam, detector_spacing=1.2, short_scan=short)
        own = diffct.fbp(p(disc), t, (64, 64), beam=beam, detector_spacing=1.2, short_scan=short)
        assert abs(got[inside].mean() - 1) < 0.01 and (got - own)[inside].abs().max() < 0.02, (beam, short)
    away = torch.tensor([7.0, -3.0])               # the scan moved, the volume with its middle at the origin
    s, d, u = diffct.circular_trajectory_2d_fan(180, 200.0, 300.0)
    moved = diffct.transform_trajectory((s, d + 4 * u, u), translation=away, beam="fan")
    p = diffct.Projector(moved, (64, 64), 128, beam="fan", detector_spacing=1.2)
    got = diffct.fbp(p(disc), moved, (64, 64), turn(180), beam="fan", detector_spacing=1.2)
    assert abs(got[inside].mean() - 1) < 0.01, got[inside].mean()
    small = torch.rand(12, 20, dtype=torch.float64, requires_grad=True)
    ring = diffct.circular_trajectory_2d_fan(12, 40.0, 60.0)
    weights = [torch.rand(*n, dtype=torch.float64, requires_grad=True) for n in ((12, 20), (12,), (21,))]

    def f(y, a, b, c):
        return diffct.fbp(y, ring, (6, 7), turn(12), beam="fan", projection_weights=a, angular_weights=b,
                          filter_response=c)
    assert torch.autograd.gradcheck(f, (small, *weights))
    harness.refused(ValueError, "needed", diffct.fbp, torch.ones(12, 20), diffct.circular_trajectory_2d_fan(
        12, 40.0, 60.0, 0.0, 3.0), (6, 7), turn(12, 3.0), beam="fan", short_scan=True)
    harness.refused(ValueError, "distance", diffct.fbp, torch.ones(12, 20), diffct.sinusoidal_trajectory_2d_fan(
        12, 40.0, 60.0, 5.0), (6, 7), turn(12), beam="fan", short_scan=True)
    harness.refused(ValueError, "isocenter", diffct.fbp, torch.ones(1, 20), tuple(p[:1] for p in ring), (6, 7),
                    turn(1), beam="fan")


def test_helix():
    """A ball out of a helix: every slice from its own turn; slices without one are refused."""
    views, shape = 360, (12, 24, 24)
    t = diffct.spiral_trajectory_3d(views, 120.0, 180.0, z_range=36.0, n_turns=6.0)
    p = diffct.Projector(t, shape, (60, 40), detector_spacing=1.2)
    z, y, x = torch.meshgrid(*[torch.arange(n) - (n - 1) / 2 for n in shape], indexing="ij")
    ball = ((x - 2) ** 2 + y ** 2 + z ** 2 < 5 ** 2).float()
    inside = (x - 2) ** 2 + y ** 2 + z ** 2 < 3 ** 2
    data = p(ball).requires_grad_()
    got = diffct.helical_fdk(data, t, shape, turn(views, 12 * np.pi), isocenter=(0.0, 0.0, 0.0),
                             detector_spacing=1.2)
    assert abs(got[inside].mean() - 1) < 0.03, got[inside].mean()
    got.sum().backward()
    assert data.grad.abs().sum() > 0
    w = diffct.helical_view_weights(turn(views, 12 * np.pi), t[0][:, 2], torch.arange(12) - 5.5).requires_grad_()
    diffct.helical_weighted_backproject(data.detach(), t, shape, w, isocenter=(0.0, 0.0, 0.0),
                                        detector_spacing=1.2).sum().backward()
    assert w.grad[6][w[6] == 0].abs().max() > 0    # weights of 0 can be learned
    w = diffct.helical_view_weights(turn(views, 12 * np.pi), t[0][:, 2], torch.tensor([0.0, 2.5]))
    assert torch.allclose(w.sum(1), torch.full((2,), np.pi)) and (w[0] > 0).sum() in (60, 61)
    harness.refused(ValueError, "whole turn", diffct.helical_view_weights, turn(views, 12 * np.pi), t[0][:, 2],
                    torch.tensor([17.0]))
    harness.refused(ValueError, "angles", diffct.helical_fdk, p(ball), t, shape, turn(views, 11 * np.pi),
                    isocenter=(0.0, 0.0, 0.0))
    harness.refused(vxg.UnsupportedError, "NpyStore", diffct.NpyStore, "x.npy")


def test_analytic():
    """Discs and a ball out of their own projections: the value inside, gradients to the data."""
    y, x = torch.meshgrid(torch.arange(64) - 31.5, torch.arange(64) - 31.5, indexing="ij")
    disc = (x * x + (y - 5) ** 2 < 15 ** 2).float()
    inside = x * x + (y - 5) ** 2 < 11 ** 2
    for beam, t in (("parallel", diffct.circular_trajectory_2d_parallel(120)),
                    ("fan", diffct.circular_trajectory_2d_fan(180, 200.0, 300.0))):
        p = diffct.Projector(t, (64, 64), 128, beam=beam, detector_spacing=1.2)
        sinogram = p(disc).requires_grad_()
        for window in ("ram-lak", "hann", None):
            got = diffct.fbp(sinogram, t, (64, 64), beam=beam, detector_spacing=1.2, window=window)
            assert abs(got[inside].mean() - 1) < 0.02, (beam, window, got[inside].mean())
        got.sum().backward()
        assert sinogram.grad.abs().sum() > 0
    t = diffct.circular_trajectory_3d(120, 150.0, 220.0)
    p = diffct.Projector(t, (24, 32, 32), (64, 48), detector_spacing=1.2)
    z, y, x = torch.meshgrid(*[torch.arange(n) - (n - 1) / 2 for n in (24, 32, 32)], indexing="ij")
    r = (x * x + y * y + z * z).sqrt()
    got = diffct.fdk(p((r < 9).float()), t, (24, 32, 32), detector_spacing=1.2)
    assert abs(got[r < 6].mean() - 1) < 0.03, got[r < 6].mean()
    harness.refused(ValueError, "97 numbers", diffct.fdk, p(torch.zeros(24, 32, 32)), t, (24, 32, 32),
                    turn(120), filter_response=torch.ones(64), pad_factor=3)
    harness.refused(ValueError, "projection_weights", diffct.fdk, p(torch.zeros(24, 32, 32)), t, (24, 32, 32),
                    turn(120), projection_weights=torch.ones(3, 64, 48))
    harness.refused(ValueError, "pad_factor", diffct.fdk, p(torch.zeros(24, 32, 32)), t, (24, 32, 32),
                    turn(120), pad_factor=1)
    harness.refused(ValueError, "'blackman'", diffct.fdk, p(torch.zeros(24, 32, 32)), t, (24, 32, 32),
                    window="blackman")


def test_refusals():
    t = diffct.circular_trajectory_3d(4, 20.0, 30.0)
    P = diffct.Projector
    harness.refused(vxg.UnsupportedError, "detector_surface", P, t, (4, 4, 4), (4, 4), detector_surface=1)
    harness.refused(vxg.UnsupportedError, "distributed", P, t, (4, 4, 4), (4, 4), distributed=True)
    harness.refused(TypeError, "chunks", P, t, (4, 4, 4), (4, 4), chunks=1)
    harness.refused(ValueError, "'helix'", P, t, (4, 4, 4), (4, 4), beam="helix")
    harness.refused(ValueError, "axes", P, t, (4, 4), (4, 4))
    harness.refused(ValueError, "3 tensors", P, t, (4, 4), 4, beam="fan")
    harness.refused(ValueError, "voxel_spacing", P, t, (4, 4, 4), (4, 4), voxel_spacing=0)
    harness.refused(ValueError, "unit", P, (t[0], t[1], 2 * t[2], t[3]), (4, 4, 4), (4, 4))
    harness.refused(ValueError, "right angles", P, (t[0], t[1], t[2], t[2]), (4, 4, 4), (4, 4))
    harness.refused(ValueError, "'half'", P, t, (4, 4, 4), (4, 4), precision="half")
    harness.refused(vxg.UnsupportedError, "numba", P, t, (4, 4, 4), (4, 4), backend="numba")
    harness.refused(vxg.UnsupportedError, "distributed", diffct.fdk, torch.ones(4, 4, 4), t, (4, 4, 4),
                    distributed=True)
    harness.refused(ValueError, "pad_factor", diffct.fdk, torch.ones(4, 4, 4), t, (4, 4, 4), pad_factor=-7)
    shear = torch.tensor([[1.0, 0.5, 0], [0, 1, 0], [0, 0, 1]])
    harness.refused(ValueError, "rotation", diffct.transform_trajectory, t, shear)
    harness.refused(ValueError, "translation", diffct.transform_trajectory, t, None, torch.tensor([1.0]))
    p = P(t, (4, 4, 4), (4, 4), precision="float64", backend="torch", view_chunk_size=2)
    assert p(torch.ones(4, 4, 4)).dtype == torch.float64
    long = diffct.custom_trajectory_2d_parallel(5, lambda a: 3 * torch.stack([a.cos(), a.sin()], -1),
                                                lambda a: torch.zeros(5, 2))
    assert torch.allclose(long[0].norm(dim=1), torch.ones(5)) and torch.allclose(long[2].norm(dim=1), torch.ones(5))
    assert torch.allclose(diffct.angular_integration_weights(torch.arange(4)).sum(), torch.tensor(3.1416), atol=1e-3)


if __name__ == "__main__":
    sys.exit(harness.main("__main__", sys.argv[1:]))
