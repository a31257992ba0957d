#!/bin/sh
# The newest PyTorch of PyPI, which an ordinary run does not install (its CUDA packages are 7 GB): derivatives,
# operations of its own, compiling, and the modules in diffct's conventions. The environment is made once, in
# build/python-torch; VXG_TORCH_PYTHON names a Python that has it already.
cd "$(dirname "$0")/../.." || exit 1
python=${VXG_TORCH_PYTHON:-$PWD/build/python-torch/bin/python}
if [ -z "${VXG_TORCH_PYTHON:-}" ] && [ ! -f build/python-torch/made ]; then
    rm -rf build/python-torch
    mkdir -p build
    { python3 -m venv build/python-torch || /usr/bin/python3 -m venv build/python-torch; } >/dev/null 2>&1 &&
        build/python-torch/bin/pip -q --disable-pip-version-check install --no-cache-dir torch numpy \
            >build/python-torch/log 2>&1 && touch build/python-torch/made
fi
if ! "$python" -c 'import torch' 2>/dev/null; then
    echo "SKIP python_torch_current.all: PyTorch cannot be installed: $(tail -n 1 build/python-torch/log 2>/dev/null)"
    exit 0
fi
VOXGRAD_LIBRARY=${VXG_BUILD:-$PWD/build-test}/lib
PYTHONPATH=$PWD/python:$PWD/tests/python
PYTHONDONTWRITEBYTECODE=1
export VOXGRAD_LIBRARY PYTHONPATH PYTHONDONTWRITEBYTECODE
failed=0
for file in torch_autograd torch_compile diffct_module diffct_mlx examples; do
    "$python" -W ignore "tests/python/$file.py" | sed 's/^\([A-Z]*\) python_/\1 python_current_/' >"build/python-torch.out"
    cat build/python-torch.out
    grep -q '^FAIL ' build/python-torch.out && failed=1
    [ -s build/python-torch.out ] || { echo "FAIL python_current.$file: it says nothing"; failed=1; }
done
rm -f build/python-torch.out
exit $failed
