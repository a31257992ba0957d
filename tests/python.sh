#!/bin/sh
# The Python package against the library of this build: with the first Python here that has NumPy (Debian's, where
# PyTorch is too), and in an environment of its own with the newest NumPy, SciPy and JAX, in build/python-jax.
cd "$(dirname "$0")/.." || exit 1
VOXGRAD_LIBRARY=${VXG_BUILD:-$PWD/build}/lib
PYTHONPATH=${VXG_PYTHON_TREE:-$PWD}/python:$PWD/tests/python
PYTHONDONTWRITEBYTECODE=1
JAX_PLATFORMS=cpu
export VOXGRAD_LIBRARY PYTHONPATH PYTHONDONTWRITEBYTECODE JAX_PLATFORMS
failed=0

python=
for p in "${VXG_PYTHON:-/usr/bin/python3}" python3; do
    if "$p" -c 'import numpy' 2>/dev/null; then
        python=$p
        break
    fi
done
if [ -z "$python" ]; then
    echo "SKIP python.all: no Python with NumPy"
else
    for file in operators reconstruction process files stubs torch_autograd torch_compile gpu_arrays diffct_module diffct_mlx diffusion tracking cuslines_module documents examples; do
        "$python" "tests/python/$file.py" "$@" || failed=1
    done
fi

# Made once, beside the builds; without a network there is none.
newest=$PWD/build/python-jax
if [ ! -f "$newest/made" ]; then
    rm -rf "$newest"
    mkdir -p build
    { python3 -m venv "$newest" || /usr/bin/python3 -m venv "$newest"; } >/dev/null 2>&1 &&
        "$newest/bin/pip" -q --disable-pip-version-check install jax scipy >"$newest/log" 2>&1 && touch "$newest/made"
fi
if [ -f "$newest/made" ]; then
    for file in operators files stubs diffct_mlx jax_autodiff diffusion tracking documents; do
        names=$*
        [ "$file" != diffct_mlx ] || [ $# -gt 0 ] || names=jax # the rest of it has run above
        # shellcheck disable=SC2086
        "$newest/bin/python" "tests/python/$file.py" $names | sed 's/^\([A-Z]*\) python_/\1 python_newest_/' >"$newest/out.$$"
        cat "$newest/out.$$"
        grep -q '^FAIL ' "$newest/out.$$" && failed=1
        [ -s "$newest/out.$$" ] || [ $# -gt 0 ] || { echo "FAIL python_newest.$file: it says nothing"; failed=1; }
        rm -f "$newest/out.$$"
    done
else
    echo "SKIP python_newest.all: JAX and SciPy cannot be installed: $(tail -n 1 "$newest/log" 2>/dev/null)"
fi
exit $failed
