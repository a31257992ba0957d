#!/bin/sh
# Masks, tensors, densities and responses beside DIPY's, run on the same files: $VXG_DIPY is an environment that has it, or
# PyPI's goes into build/dipy-peer.
cd "$(dirname "$0")/../.." || exit 1
suite=python_dipy_dwi
. tests/tools/cli.sh
data=${VXG_TEST_DATA:-/nowhere}
venv=${VXG_DIPY:-$PWD/build/dipy-peer}
mkdir -p build
[ -n "${VXG_DIPY:-}" ] || why=$(sh tests/tools/pip_folder.sh "$venv" dipy nibabel)
if ! "$venv/bin/python" -c 'import dipy, nibabel' 2>/dev/null; then
    skip all "DIPY is not here: ${why:-$venv has none}"
    exit 0
fi
if [ ! -f "$data/dwi_philips_brain/dwi.nii.gz" ]; then
    skip all "no test data"
    exit 0
fi
brain=$data/dwi_philips_brain/dwi small=$data/dwi_small_64D/small_64D
python3 tests/tools/dwi_files.py grad "$small.bval" "$small.bvec" >"$W/raw.b"
command() { "$V" "$@" -q --device cpu >/dev/null || fail "$1" "the command fails"; }
command mask "$brain.nii.gz" -o "$W/mask_4_4_0_none.nii.gz" --clean none
command mask "$brain.nii.gz" -o "$W/mask_2_2_0_islands.nii.gz" --clean islands --radius 2 --passes 2
command mask "$brain.nii.gz" -o "$W/mask_1_1_0_none.nii.gz" --clean none --radius 1 --passes 1
command mask "$brain.nii.gz" -o "$W/mask_3_1_2_none.nii.gz" --clean none --radius 3 --passes 1 --dilate 2
command dti "$brain.nii.gz" --mask "$W/mask_4_4_0_none.nii.gz" -o "$W/wls" --maps fa,md
command dti "$brain.nii.gz" --mask "$W/mask_4_4_0_none.nii.gz" -o "$W/ols" --maps fa,md --fit ols
as_it_stands="--grad $W/raw.b --mask none --basis descoteaux07-legacy"
# shellcheck disable=SC2086
{
    command csd "$small.nii" $as_it_stands -o "$W/fod.nii.gz" --response-fa 0.5
    command csd "$small.nii" $as_it_stands -o "$W/recursive.nii.gz" --response recursive \
        --response-out "$W/recursive.txt"
}
"$venv/bin/python" tests/tools/dwi_dipy.py "$brain" "$small" "$W" || failed=1
exit $failed
