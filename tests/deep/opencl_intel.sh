#!/bin/sh
# Intel's OpenCL run time for processors, from PyPI (intel-opencl-rt).
cd "$(dirname "$0")/../.." || exit 1
venv=$PWD/build/deep/intel-opencl
mkdir -p build/deep
why=$(sh tests/tools/pip_folder.sh "$venv" intel-opencl-rt intel-cmplr-lib-rt) || {
    echo "SKIP opencl_intel.all: $why"
    exit 0
}
sh tests/tools/opencl_on.sh intel "$venv/lib/libintelocl.so" "$venv/lib"
