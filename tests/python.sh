#!/bin/sh
# The Python package against the library of this build, with the first Python here that has NumPy.
cd "$(dirname "$0")/.." || exit 1
for python in "${VXG_PYTHON:-python3}" /usr/bin/python3; do
    "$python" -c 'import numpy' 2>/dev/null && break
    python=
done
if [ -z "$python" ]; then
    echo "SKIP python.all: no Python with NumPy"
    exit 0
fi
VOXGRAD_LIBRARY=${VXG_BUILD:-$PWD/build}/lib
PYTHONPATH=$PWD/python:$PWD/tests/python
PYTHONDONTWRITEBYTECODE=1
export VOXGRAD_LIBRARY PYTHONPATH PYTHONDONTWRITEBYTECODE
failed=0
for file in operators reconstruction process torch_autograd jax_autodiff documents; do
    "$python" "tests/python/$file.py" "$@" || failed=1
done
exit $failed
