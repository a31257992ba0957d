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
    """(name, beam, trajectory of theirs, of ours, volume, detector)."""
    sid, sdd = 4.0 * n, 6.0 * n
    yield ("parallel", "parallel", diffct.circular_trajectory_2d_parallel(n, **CPU),
           ours.circular_trajectory_2d_parallel(n), (n, n), (3 * n // 2,))
    yield ("fan", "fan", diffct.circular_trajectory_2d_fan(2 * n, sid, sdd, **CPU),
           ours.circular_trajectory_2d_fan(2 * n, sid, sdd), (n, n), (3 * n,))
    yield ("cone", "cone", diffct.circular_trajectory_3d(n, sid, sdd, **CPU),
           ours.circular_trajectory_3d(n, sid, sdd), (n, n, n), (3 * n, 3 * n))


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    vxg.set_threads(1)
    print("| beam | volume | forward | adjoint | fbp / fdk | theirs, forward | ours | ratio |")
    print("|---|---|---|---|---|---|---|---|")
    for name, beam, a, b, shape, bins in cases(32):
        theirs = diffct.Projector(a, shape, bins, beam=beam, backend="torch")
        mine = ours.Projector(b, shape, bins, beam=beam)
        x = torch.rand(*shape)
        y = theirs(x)
        r = torch.rand_like(y)
        forward = difference(mine(x), y)
        adjoint = difference(mine.backproject(r), theirs.backproject(r))
        angles = torch.arange(len(a[0])) * ((torch.pi if beam == "parallel" else 2 * torch.pi) / len(a[0]))
        if beam == "cone":
            analytic = difference(ours.fdk(y, b, shape, window="hann"),
                                  diffct.fdk(y, a, shape, angles, window="hann", backend="torch"))
        else:
            analytic = difference(ours.fbp(y, b, shape, beam=beam, window="hann"),
                                  diffct.fbp(y, a, shape, angles, beam=beam, window="hann",
                                             backend="torch"))
        slow, fast = seconds(lambda: theirs(x), 3), seconds(lambda: mine(x), 9)
        print("| %s | %s | %.1e | %.1e | %.1e | %.4g s | %.4g s | %.0f |"
              % (name, " x ".join(map(str, shape)), forward, adjoint, analytic, slow, fast, slow / fast))


if __name__ == "__main__":
    main()
