#!/bin/sh
# ./dev gpu's script on the simulated CUDA device: the mechanics, not the speed. And without a device: a
# clear refusal.
root=$(cd "$(dirname "$0")/.." && pwd)
build=${VXG_BUILD:-$root/build}
fake=$build/tests/libfake_cuda.so
if [ ! -x "$build/bin/voxgrad" ] || [ ! -f "$fake" ] || ! cc --version >/dev/null 2>&1; then
    echo "SKIP gpu_script.simulated: no command, no simulated driver or no C compiler"
    exit 0
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0
mkdir -p "$work/build/tests"
# conformance, the parity of the cheapest operators and one small benchmark
ln -s "$build/bin" "$work/build/bin"
ln -s "$build/lib" "$work/build/lib"
for t in device_basics device_conformance ct_cone_gpu; do ln -s "$build/tests/test_$t" "$work/build/tests/"; done
for t in device_kernels internal_nvrtc ct_texture ct_prepared_list; do
    printf '#!/bin/sh\necho "PASS %s.left_out"\n' $t >"$work/build/tests/test_$t"
    chmod +x "$work/build/tests/test_$t"
done
run() {
    OUT=$work/out VXG_GPU_RATES="--size 16 --views 5 --reps 1" VXG_GPU_BUILD=$work/build VXG_GPU_CHECK="math.scale --examples 1" \
        VXG_GPU_BENCH="ct.parallel.joseph --size 16 --slices 2 --runs 1" \
        sh "$root/tools/gpu.sh" >"$work/log" 2>&1
}
if VXG_CUDA_LIB=$fake VXG_NVRTC_LIB=$fake run && table=$(ls "$work"/out/gpu-*.md) &&
    grep -q 'Simulated GPU' "$table" && grep -q 'math.scale.*ok' "$table" &&
    grep -q 'ct.parallel.joseph' "$table" && [ "$(grep -c '^| [a-z].* | 16^3 | 5 of ' "$table")" = 11 ] &&
    grep -q '^compute-sanitizer: ' "$table" && grep -q '[1-9][0-9]* passed, 0 failed' "$table"; then
    echo "PASS gpu_script.simulated"
else
    echo "FAIL gpu_script.simulated: $(tail -n 3 "$work/log" | tr '\n' ' ')"
    failed=1
fi
rm -rf "$work/out"
if VXG_CUDA_LIB=/nonexistent/libcuda.so run; then
    echo "FAIL gpu_script.no_device: it succeeded"
    failed=1
elif grep -q 'no CUDA device.*install the NVIDIA driver' "$work/log"; then
    echo "PASS gpu_script.no_device"
else
    echo "FAIL gpu_script.no_device: $(tail -n 3 "$work/log" | tr '\n' ' ')"
    failed=1
fi
# A test that skips for want of CUDA fails here.
printf '#!/bin/sh\necho "SKIP device_kernels.cuda: no libcuda"\n' >"$work/build/tests/test_device_kernels"
if VXG_CUDA_LIB=$fake VXG_NVRTC_LIB=$fake run; then
    echo "FAIL gpu_script.skip_is_failure: it succeeded"
    failed=1
elif grep -q 'required here' "$work/log"; then
    echo "PASS gpu_script.skip_is_failure"
else
    echo "FAIL gpu_script.skip_is_failure: $(tail -n 3 "$work/log" | tr '\n' ' ')"
    failed=1
fi
exit $failed
