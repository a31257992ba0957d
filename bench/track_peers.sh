#!/bin/sh
# Beside DIPY and cuslines (numba) in one run, on a generated phantom of 64 directions: bench/track_peers.py. They come from
# PyPI, into build/track-peers; VXG_PEERS_PYTHON names a Python that has them. Arguments: voxels along a side (96), rounds (3).
cd "$(dirname "$0")/.." || exit 1
build=${VXG_BUILD:-$PWD/build}
python=${VXG_PEERS_PYTHON:-$PWD/build/track-peers/bin/python}
if [ -z "${VXG_PEERS_PYTHON:-}" ]; then
    mkdir -p build
    why=$(sh tests/tools/pip_folder.sh "$PWD/build/track-peers" dipy nibabel cuslines)
    [ -z "$why" ] || {
        echo "track_peers: $why" >&2
        exit 1
    }
fi
[ -x "$build/tools/dwi_run" ] || {
    echo "track_peers: $build/tools/dwi_run is not there: ./dev build" >&2
    exit 1
}
folder=$(mktemp -d "${TMPDIR:-/tmp}/voxgrad_peers_XXXXXX") || exit 1
trap 'rm -rf "$folder"' EXIT INT TERM
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$PWD/tests/deep DIPY_HOME=$folder \
    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 NUMBA_NUM_THREADS=1 \
    "$python" -W ignore bench/track_peers.py "$build/tools" "$folder" "$@"
