"""Runs the examples of examples/python: each ends well, says the error it should, draws its picture."""

import os
import re
import subprocess
import sys
import tempfile

import harness

SUITE = "python_examples"
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "python")


def run(name, *options):
    """Numbers that an example prints."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([sys.executable, os.path.join(FOLDER, name + ".py"), folder] + list(options),
                              capture_output=True, text=True)
        last = done.stderr.strip().split("\n")[-1]
        if "No module named 'torch'" in last:
            raise harness.Skip("PyTorch is not installed")
        if "UnsupportedError" in last or "is not in VXG_TEST_DATA" in last or "no C compiler" in last:
            raise harness.Skip(last)
        assert done.returncode == 0 and not done.stderr, done.stderr
        assert os.listdir(folder) == [name + ".png"], os.listdir(folder)
        with open(os.path.join(folder, name + ".png"), "rb") as f:
            assert f.read(4) == b"\x89PNG"
        return [float(v) for v in re.findall(r"\d+\.\d+(?:e-\d+)?", done.stdout)]


def training(name, short):
    """Numbers of a training that is cut to `short` steps; the whole of it in the deep set."""
    return run(name) if os.environ.get("VXG_DEEP") else run(name, str(short))


def test_fbp_parallel():
    error, largest = run("fbp_parallel")
    assert error < 0.02 * largest


def test_fbp_fan():
    full, largest, short, _, curved, _ = run("fbp_fan")
    assert max(full, curved) < 0.006 * largest and short < 0.0075 * largest


def test_fdk_cone():
    assert max(run("fdk_cone")) < 0.08


def test_orbits_2d():
    numbers = run("orbits_2d")
    assert len(numbers) == 16 and max(numbers[::2]) < 0.075
    assert min(numbers[1::2]) > 0.12                  # an orbit that is not known is seen


def test_orbits_cone():
    numbers = run("orbits_cone")
    assert len(numbers) == 12 and max(numbers[::2]) < 0.085
    assert all(circle > 1.4 * known for known, circle in zip(numbers[::2], numbers[1::2]))


def test_few_views():
    fbp, sirt, tv = run("few_views")
    assert tv < 0.7 * sirt and sirt < 0.6 * fbp


def test_htc2022_tv():
    fbp, fbp_score, tv, tv_score = run("htc2022_tv")
    assert tv < 0.0033 and tv < 0.5 * fbp and tv_score > 0.99 > fbp_score > 0.93


def test_self_calibration():
    shift, angles, error, shift_after, angles_after, error_after = run("self_calibration")
    assert shift == 2.5 and shift_after < 0.03
    assert angles_after < 0.4 * angles and error_after < 0.4 * error


def test_random_views():
    numbers = run("random_views")
    subsets, replaced = numbers[:4], numbers[4:]
    assert subsets[0] < 0.045 and subsets[3] < 0.15 and subsets == sorted(subsets)
    assert replaced[0] > 0.15 and replaced == sorted(replaced, reverse=True)
    assert replaced[3] < 0.045                        # nothing of what was there before is left


def test_patches():
    first, last, few, network = training("patches", 60)
    most = (0.25, 0.45) if os.environ.get("VXG_DEEP") else (0.65, 0.75)
    assert last < most[0] * first and network < most[1] * few


def test_primal_dual():
    first, last, fbp, learned = training("primal_dual", 100)
    most = (0.25, 0.45) if os.environ.get("VXG_DEEP") else (0.7, 0.95)
    assert last < most[0] * first and learned < most[1] * fbp


def test_own_kernel():
    fbp, smooth, difference = run("own_kernel")
    assert smooth < 0.65 * fbp and difference < 1e-5


def test_own_operator():
    adjoint, without, modelled = run("own_operator")
    assert adjoint < 1e-12 and modelled < 0.085 and modelled < 0.4 * without


def test_learned_filter():
    before, after = run("learned_filter")
    assert after < 0.75 * before


def test_all():
    """Every example has its test."""
    for name in os.listdir(FOLDER):
        assert not name.endswith(".py") or "test_" + name[:-3] in globals(), name


if __name__ == "__main__":
    sys.exit(harness.main("__main__", sys.argv[1:]))
