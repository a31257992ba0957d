#!/bin/sh
# Runs conformance, every kernel and the parity of every operator on one implementation of OpenCL:
#   opencl_on.sh NAME DRIVER.so [FOLDER of its libraries]
# Result lines begin with opencl_NAME. A driver that finds no device or does not know this processor is a skip.
name=$1 driver=$2 libraries=${3:-}
build=${VXG_BUILD:-build}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "$driver" >"$work/driver.icd"
OCL_ICD_VENDORS=$work
# The system's loader, not one that a package brought along.
for f in /usr/lib/*/libOpenCL.so.1 /usr/lib64/libOpenCL.so.1 /usr/lib/libOpenCL.so.1; do
    [ -f "$f" ] && VXG_OPENCL_LIB=$f
done
VXG_CACHE_DIR=$work/cache
LD_LIBRARY_PATH=$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export OCL_ICD_VENDORS VXG_OPENCL_LIB VXG_CACHE_DIR LD_LIBRARY_PATH
"$build/bin/voxgrad" devices >"$work/devices" 2>&1
if ! grep -q 'opencl:0' "$work/devices"; then
    echo "SKIP opencl_$name.all: $(grep 'opencl' "$work/devices" | head -n 1)"
    exit 0
fi
"$build/bin/voxgrad" check math.scale --device opencl:0 >"$work/check" 2>&1
if grep -q 'unknown target CPU' "$work/check"; then
    echo "SKIP opencl_$name.all: the driver's compiler does not know this processor ($(grep -m 1 'unknown target CPU' "$work/check"))"
    exit 0
fi
sed -n "s/^ *opencl:0 */opencl_$name: /p" "$work/devices"
VXG_EVERY_KERNEL_DEVICE=opencl:0 "$build/tests/test_internal_every_kernel" >"$work/out" 2>&1 </dev/null || echo "exit code $?" >>"$work/out"
VXG_PARITY_DEVICE=opencl:0 "$build/tests/test_parity" >>"$work/out" 2>&1 </dev/null || echo "exit code $?" >>"$work/out"
sed -n "s/^\(PASS\|FAIL\|SKIP\) /\1 opencl_$name./p" "$work/out"
grep -q '^FAIL ' "$work/out" && exit 1
if ! grep -q '^PASS ' "$work/out" || grep -q '^exit code' "$work/out"; then
    echo "FAIL opencl_$name.exit: $(tail -n 2 "$work/out" | tr '\n' ' ')"
    exit 1
fi
