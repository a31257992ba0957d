#!/bin/sh
# voxgrad.dwi, voxgrad.track and voxgrad.cuslines beside DIPY, trx-python and nibabel. DIPY is PyPI's, in an environment of its
# own in build/track-dipy; VXG_DIPY_PYTHON names a Python that has it already.
cd "$(dirname "$0")/../.." || exit 1
python=${VXG_DIPY_PYTHON:-$PWD/build/track-dipy/bin/python}
if [ -z "${VXG_DIPY_PYTHON:-}" ]; then
    mkdir -p build
    why=$(sh tests/tools/pip_folder.sh "$PWD/build/track-dipy" dipy nibabel)
    [ -z "$why" ] || {
        echo "SKIP python_dipy.all: $why"
        exit 0
    }
fi
"$python" -c 'import dipy, nibabel, trx' 2>/dev/null || {
    echo "SKIP python_dipy.all: $python has no DIPY"
    exit 0
}
folder=$(mktemp -d "${TMPDIR:-/tmp}/voxgrad_dipy_XXXXXX") || exit 1
trap 'rm -rf "$folder"' EXIT INT TERM
VOXGRAD_LIBRARY=${VXG_BUILD:-$PWD/build-test}/lib
PYTHONPATH=${VXG_PYTHON_TREE:-$PWD}/python:$PWD/tests/python
PYTHONDONTWRITEBYTECODE=1
DIPY_HOME=$folder
export VOXGRAD_LIBRARY PYTHONPATH PYTHONDONTWRITEBYTECODE DIPY_HOME
failed=0
for file in dipy_live diffusion tracking cuslines_module; do
    "$python" -W ignore "tests/python/$file.py" "$@" | sed 's/^\([A-Z]*\) python_/\1 python_dipy_/' >"$folder/out"
    cat "$folder/out"
    grep -q '^FAIL ' "$folder/out" && failed=1
    [ -s "$folder/out" ] || [ $# -gt 0 ] || { echo "FAIL python_dipy.$file: it says nothing"; failed=1; }
done
exit $failed
