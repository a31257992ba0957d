#!/bin/sh
# Tracking beside DIPY's on a generated phantom: the same seeds, fields, directions and stopping maps. DIPY is PyPI's, in an
# environment of its own in build/track-dipy; VXG_DIPY_PYTHON names a Python that has it already.
cd "$(dirname "$0")/../.." || exit 1
suite=track_dipy
build=${VXG_BUILD:-$PWD/build-test}
python=${VXG_DIPY_PYTHON:-$PWD/build/track-dipy/bin/python}
if [ -z "${VXG_DIPY_PYTHON:-}" ]; then
    mkdir -p build
    why=$(sh tests/tools/pip_folder.sh "$PWD/build/track-dipy" dipy nibabel)
    [ -z "$why" ] || {
        echo "SKIP $suite.all: $why"
        exit 0
    }
fi
"$python" -c 'import dipy, nibabel, scipy' 2>/dev/null || {
    echo "SKIP $suite.all: $python has no DIPY"
    exit 0
}
[ -x "$build/tools/dwi_run" ] || {
    echo "FAIL $suite.all: $build/tools/dwi_run is not built"
    exit 1
}
folder=$(mktemp -d "${TMPDIR:-/tmp}/voxgrad_dipy_XXXXXX") || exit 1
trap 'rm -rf "$folder"' EXIT INT TERM
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$PWD/tests/deep DIPY_HOME=$folder OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 \
    "$python" -W ignore tests/deep/track_dipy.py "$build/tools" "$folder"
