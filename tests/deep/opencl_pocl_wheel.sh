#!/bin/sh
# The PoCL that pyopencl uses, from PyPI (pocl-binary-distribution): another version than the system's, with a
# compiler of its own.
cd "$(dirname "$0")/../.." || exit 1
venv=$PWD/build/deep/pocl-wheel
mkdir -p build/deep
why=$(sh tests/tools/pip_folder.sh "$venv" pocl-binary-distribution) || {
    echo "SKIP opencl_pocl_wheel.all: $why"
    exit 0
}
driver=$(find "$venv" -name 'libpocl*.so' | head -n 1)
sh tests/tools/opencl_on.sh pocl_wheel "$driver" "$(dirname "$driver")"
