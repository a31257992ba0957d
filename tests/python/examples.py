"""Runs the examples of examples/python: each ends well, says the error it should, draws its picture."""

import os
import re
import subprocess
import sys
import tempfile

import harness

SUITE = "python_examples"
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "python")


def run(name):
    """Numbers that an example prints."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([sys.executable, os.path.join(FOLDER, name + ".py"), folder],
                              capture_output=True, text=True)
        if "No module named 'torch'" in done.stderr:
            raise harness.Skip("PyTorch is not installed")
        if "UnsupportedError" in done.stderr:
            raise harness.Skip(done.stderr.strip().split("\n")[-1])
        assert done.returncode == 0 and not done.stderr, done.stderr
        assert os.listdir(folder) == [name + ".png"], os.listdir(folder)
        with open(os.path.join(folder, name + ".png"), "rb") as f:
            assert f.read(4) == b"\x89PNG"
        return [float(v) for v in re.findall(r"\d+\.\d+(?:e-\d+)?", done.stdout)]


def test_fbp_parallel():
    error, largest = run("fbp_parallel")
    assert error < 0.02 * largest


def test_fdk_cone():
    assert max(run("fdk_cone")) < 0.08


def test_few_views():
    fbp, sirt, tv = run("few_views")
    assert tv < 0.7 * sirt and sirt < 0.6 * fbp


def test_learned_filter():
    before, after = run("learned_filter")
    assert after < 0.75 * before


def test_all():
    """Every example has its test."""
    for name in os.listdir(FOLDER):
        assert not name.endswith(".py") or "test_" + name[:-3] in globals(), name


if __name__ == "__main__":
    sys.exit(harness.main("__main__", sys.argv[1:]))
