#!/bin/sh
# The NEON kernels and schedules: cross-built for 64-bit Arm, their parity tests under an emulator.
set -u
cd "$(dirname "$0")/.."
for program in aarch64-linux-gnu-gcc qemu-aarch64 cmake; do
    command -v "$program" >/dev/null 2>&1 || {
        echo "SKIP arm64.build: $program is not installed"
        exit 0
    }
done
build=build-arm64
log=${VXG_LOG:-build/log}/arm64.build.log
mkdir -p "$(dirname "$log")"
set -- op_checks parity
for source in tests/ct_schedule*.c; do set -- "$@" "$(basename "$source" .c)"; done
targets=$(printf 'test_%s ' "$@")
# shellcheck disable=SC2086
if cmake -S . -B $build -DCMAKE_TOOLCHAIN_FILE=tools/arm64.cmake -DVXG_WERROR=ON -DCMAKE_C_FLAGS=-DVXG_QUICK=1 \
    >"$log" 2>&1 && cmake --build $build -j2 --target $targets >>"$log" 2>&1; then
    echo "PASS arm64.build"
else
    grep -E 'error|Error' "$log" | head -n 5 >&2
    echo "FAIL arm64.build: the log is $log"
    exit 1
fi
failed=0
run() { # run NAME FILTER
    # shellcheck disable=SC2086
    out=$(VXG_CACHE=0 qemu-aarch64 -L /usr/aarch64-linux-gnu $build/tests/test_$1 $2 2>&1) || failed=1
    printf '%s\n' "$out" | sed -n 's/^\(PASS\|FAIL\|SKIP\) /\1 arm64./p'
    printf '%s\n' "$out" | grep -q '^PASS' || {
        echo "FAIL arm64.$1: nothing ran: $(printf '%s' "$out" | tail -n 1)"
        failed=1
    }
}
for test in "$@"; do
    case $test in
    op_checks) run op_checks math ;;
    parity) # two rows with schedules; the schedules' own tests follow
        run parity ct.parallel.joseph
        run parity ct.cone.joseph
        ;;
    *) run "$test" "" ;;
    esac
done
exit $failed
