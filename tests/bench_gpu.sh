#!/bin/sh
# Every row of the GPU benchmark on the OpenCL device at hand, small: it runs, and says how well it agrees.
root=$(cd "$(dirname "$0")/.." && pwd)
build=${VXG_BUILD:-$root/build}
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT
if [ ! -x "$build/bin/bench_gpu" ] || ! "$build/bin/voxgrad" devices 2>/dev/null | grep -q 'opencl:0'; then
    echo "SKIP bench_gpu.opencl: no benchmark, no command or no OpenCL device"
    exit 0
fi
"$build/bin/bench_gpu" --device opencl:0 --size 24 --views 5 --reps 1 >"$out" 2>&1
rc=$?
rows=$(grep -c '^| [a-z].* | 24^3 | 5 of 24^2 | [0-9]' "$out")
# Against the plain kernels: none, rounding, for the atomics plain float positions; for textures what a GPU's sampler
# with 8 bits of fraction may be off, 1/512 per axis of differences as large as the values.
wrong=$(awk -F'|' '/ of (voxel|gather)/ { split($8, a, " "); if (!(a[1] < ($2 ~ /texture/ ? 4e-3 : 1e-4))) print $2, a[1] }' "$out")
compared=$(grep -cE '\| [0-9.e+-]+ of (voxel|gather)' "$out")
if [ "$rc" = 0 ] && [ "$rows" = 11 ] && [ "$compared" = 5 ] && [ -z "$wrong" ]; then
    echo "PASS bench_gpu.opencl"
else
    echo "FAIL bench_gpu.opencl: exit code $rc, $rows rows, $compared compared, $wrong $(tail -n 1 "$out")"
    exit 1
fi
