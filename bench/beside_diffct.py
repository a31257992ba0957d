"""This package beside diffct 2.5 on the CPU, in one process: values of projections, adjoints and
reconstructions, and processor time. For an environment of its own that has both:

    PYTHONPATH=python:FOLDER_OF_DIFFCT python3 bench/beside_diffct.py"""

import statistics
import time

import diffct
import torch

import voxgrad as vxg
from voxgrad import diffct as ours

CPU = {"device": "cpu"}


def difference(a, b):
    """max |a - b| over max |b|."""
    return float((a - b).abs().max() / b.abs().max())


def seconds(work, runs):
    """Median processor time."""
    times = []
    for _ in range(runs):
        begin = time.process_time()
        work()
        times.append(time.process_time() - begin)
    return statistics.median(times)


def cases(n):
    """(beam, trajectory, volume, detector)."""
    sid, sdd = 4.0 * n, 6.0 * n
    yield "parallel", diffct.circular_trajectory_2d_parallel(n, **CPU), (n, n), (3 * n // 2,)
    yield "fan", diffct.circular_trajectory_2d_fan(2 * n, sid, sdd, **CPU), (n, n), (3 * n,)
    yield "cone", diffct.circular_trajectory_3d(n, sid, sdd, **CPU), (n, n, n), (3 * n, 3 * n)


def recipes(n):
    """(name, largest difference) of fbp and fdk in diffct's steps: windows, padding, tensors of one's
    own, scans that are moved with detectors off centre, short scans either way round."""
    sid, sdd, pi = 4.0 * n, 6.0 * n, torch.pi
    fan, cone = diffct.circular_trajectory_2d_fan, diffct.circular_trajectory_3d
    for beam, make, shape, bins in (("fan", fan, (n, n), (90,)), ("cone", cone, (n, n, n), (90, 80))):
        def both(y, t, angles, **options):
            words = {"beam": beam} if beam == "fan" else {}
            name = "fbp" if beam == "fan" else "fdk"
            return difference(getattr(ours, name)(y, t, shape, angles, **words, **options),
                              getattr(diffct, name)(y, t, shape, angles, backend="torch", **words, **options))
        ring, angles = make(2 * n, sid, sdd, **CPU), torch.arange(2 * n) * (pi / n)
        y = torch.rand(2 * n, *bins)
        yield beam + ", windows and padding", max(
            both(y, ring, angles, window=w, pad_factor=p) for w in ("ram-lak", "hann", "shepp-logan") for p in (2, 3))
        yield beam + ", weights and filter given", both(
            y, ring, angles, projection_weights=torch.rand_like(y), angular_weights=torch.rand(2 * n),
            filter_response=torch.rand(bins[0] + 1))
        away = torch.tensor([1.0, 2.0] if beam == "fan" else [1.0, 2.0, 0.5])
        moved = diffct.transform_trajectory((ring[0], ring[1] + 3.3 * ring[2]) + ring[2:], translation=away, beam=beam)
        yield beam + ", moved, detector off centre", both(y, moved, angles)
        spans = [sign * (pi + 2 * float(torch.atan(torch.tensor(45 / sdd))) + more)
                 for sign in (1, -1) for more in (0.1, 0.5)]
        yield beam + ", short scans", max(both(
            torch.rand(60, *bins), make(60, sid, sdd, start_angle=0.3, end_angle=0.3 + s, **CPU),
            0.3 + torch.arange(60) * (s / 60), short_scan=True) for s in spans)
    turns = torch.arange(200, dtype=torch.float64) * 0.1
    heights, slices = torch.linspace(-10, 10, 200, dtype=torch.float64), torch.tensor([-2.0, 0.0, 3.3])
    yield "helical_view_weights", difference(ours.helical_view_weights(turns, heights, slices),
                                             diffct.helical_view_weights(turns, heights, slices))


def gaussian(frames, n, bins, middle, sigma):
    """Exact line integrals of a Gaussian blob."""
    s, d, u, v = frames
    k, m = [torch.arange(b, dtype=torch.float64) - (b - 1) / 2 for b in bins]
    pixel = d[:, None, None] + k[None, :, None, None] * u[:, None, None] + m[None, None, :, None] * v[:, None, None]
    ray = pixel - s[:, None, None]
    ray = ray / ray.norm(dim=-1, keepdim=True)
    away = middle - s[:, None, None]
    squares = (away * away).sum(-1) - (away * ray).sum(-1) ** 2
    return sigma * (2 * torch.pi) ** 0.5 * torch.exp(-squares / (2 * sigma ** 2))


def gradients(n):
    """Of a sum that asks for shifts, by source, detector, u and v: how far diffct's (Siddon's) and this
    package's (Joseph's) are from the exact blob's, norms over norms."""
    frames = [p.double() for p in diffct.circular_trajectory_3d(6, 4.0 * n, 6.0 * n, start_angle=0.3, **CPU)]
    frames[1] = frames[1] + torch.tensor([0.137, 0.091, 0.233], dtype=torch.float64)
    bins, sigma = (2 * n, 2 * n), 0.12 * n
    middle = torch.tensor([0.1, -0.05, 0.08], dtype=torch.float64) * n
    z, y, x = torch.meshgrid(*[torch.arange(n, dtype=torch.float64) - (n - 1) / 2] * 3, indexing="ij")
    blob = torch.exp(-((x - middle[0]) ** 2 + (y - middle[1]) ** 2 + (z - middle[2]) ** 2) / (2 * sigma ** 2))
    weights, found = None, []
    for kind, options in ((None, {}), (diffct, dict(backend="torch", precision="float64")), (ours, dict(model="joseph"))):
        moving = [p.clone().requires_grad_() for p in frames]
        if kind is None:
            seen = gaussian(moving, n, bins, middle, sigma)
        else:
            p = kind.Projector(tuple(frames), blob.shape, bins, **options)
            seen = p.project(blob, trajectory=tuple(moving))
        if weights is None:
            weights = sum(torch.roll(seen, 1, a) - torch.roll(seen, -1, a) for a in (1, 2)).detach()
        (seen * weights).sum().backward()
        found.append([p.grad for p in moving])
    return [[float((a - b).norm() / b.norm()) for a, b in zip(part, found[0])] for part in found[1:]]


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    vxg.set_threads(1)
    print("| beam | volume | forward | adjoint | fbp / fdk | theirs, forward | ours | ratio |")
    print("|---|---|---|---|---|---|---|---|")
    for beam, a, shape, bins in cases(32):
        theirs = diffct.Projector(a, shape, bins, beam=beam, backend="torch")
        mine = ours.Projector(a, shape, bins, beam=beam)
        x = torch.rand(*shape)
        y = theirs(x)
        r = torch.rand_like(y)
        forward = difference(mine(x), y)
        adjoint = difference(mine.backproject(r), theirs.backproject(r))
        angles = torch.arange(len(a[0])) * ((torch.pi if beam == "parallel" else 2 * torch.pi) / len(a[0]))
        if beam == "cone":
            analytic = difference(ours.fdk(y, a, shape, window="hann"),
                                  diffct.fdk(y, a, shape, angles, window="hann", backend="torch"))
        else:
            analytic = difference(ours.fbp(y, a, shape, beam=beam, window="hann"),
                                  diffct.fbp(y, a, shape, angles, beam=beam, window="hann",
                                             backend="torch"))
        slow, fast = seconds(lambda: theirs(x), 3), seconds(lambda: mine(x), 9)
        print("| %s | %s | %.1e | %.1e | %.1e | %.4g s | %.4g s | %.0f |"
              % (beam, " x ".join(map(str, shape)), forward, adjoint, analytic, slow, fast, slow / fast))
    print("\n| reconstruction | largest difference |\n|---|---|")
    for name, value in recipes(24):
        print("| %s | %.1e |" % (name, value))
    print("\n| voxels | by source | detector | u | v |\n|---|---|---|---|---|")
    for n in (16, 24, 32, 48):
        print("| %d^3 | %s |" % (n, " | ".join("%.3f, %.4f" % pair for pair in zip(*gradients(n)))))


if __name__ == "__main__":
    main()
