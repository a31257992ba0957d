#!/bin/sh
# Every kernel at tiny size under Oclgrind, which simulates an OpenCL device and reports reads and writes outside
# buffers, data races and wrong calls of the API.
#
# The kernels are built without optimisation: Oclgrind 21.10 does not know all that the optimiser writes (a
# function it has no meaning for, and a barrier whose group comes out wrong). Its report of values that were
# never written is off: it does not see clEnqueueFillBuffer, by which buffers are born zero.
build=${VXG_BUILD:-build}
runtime=
for f in /usr/lib/oclgrind /usr/lib/*/oclgrind /usr/local/lib/oclgrind /usr/lib; do
    [ -f "$f/liboclgrind-rt.so" ] && runtime=$f/liboclgrind-rt.so
done
if ! command -v oclgrind >/dev/null 2>&1 || [ -z "$runtime" ]; then
    echo "SKIP oclgrind.all: oclgrind is not installed (Debian: oclgrind)"
    exit 0
fi
log=$(mktemp)
trap 'rm -f "$log" "$log.out"' EXIT
VXG_EVERY_KERNEL_DEVICE=opencl:0 VXG_CACHE=0 VXG_OPENCL_LIB=$runtime oclgrind --data-races --check-api --max-errors 50 --log "$log" \
    --build-options -cl-opt-disable "$build/tests/test_internal_every_kernel" >"$log.out" 2>&1 </dev/null
sed -n 's/^\(PASS\|FAIL\|SKIP\) every_kernel\./\1 oclgrind./p; s/^\(PASS\|FAIL\|SKIP\) conformance\./\1 oclgrind.conformance./p' "$log.out"
if grep -q '^SKIP' "$log.out" && ! grep -q '^PASS' "$log.out"; then exit 0; fi
if [ -s "$log" ]; then
    echo "FAIL oclgrind.report: $(grep -cE 'race|nvalid|rror' "$log") lines of trouble, the first: $(grep -vE '^[[:space:]]*$' "$log" | head -n 2 | tr -s '\n\t ' ' ')"
    cat "$log"
    exit 1
fi
echo "PASS oclgrind.report"
! grep -q '^FAIL' "$log.out"
