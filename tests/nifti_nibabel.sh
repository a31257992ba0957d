#!/bin/sh
# NIfTI files against nibabel, with the first Python here that has it and NumPy (Debian: python3-nibabel).
cd "$(dirname "$0")/.." || exit 1
VOXGRAD_LIBRARY=${VOXGRAD_LIBRARY:-${VXG_BUILD:-$PWD/build}/lib}
PYTHONPATH=${VXG_PYTHON_TREE:-$PWD}/python:$PWD/tests/python
PYTHONDONTWRITEBYTECODE=1
export VOXGRAD_LIBRARY PYTHONPATH PYTHONDONTWRITEBYTECODE
if [ ! -e "$VOXGRAD_LIBRARY/libvoxgrad_io.so" ]; then
    echo "SKIP nifti_nibabel.all: no libvoxgrad_io.so in $VOXGRAD_LIBRARY"
    exit 0
fi
for p in "${VXG_PYTHON:-/usr/bin/python3}" python3 "$PWD/build/python-jax/bin/python"; do
    if "$p" -c 'import numpy, nibabel' 2>/dev/null; then
        exec "$p" tests/python/nifti_nibabel.py "$@"
    fi
done
echo "SKIP nifti_nibabel.all: no Python with nibabel (Debian: apt install python3-nibabel)"
