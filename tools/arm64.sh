#!/bin/sh
# The NEON kernels and schedules: cross-built for 64-bit Arm, their parity tests under an emulator.
#   arm64.sh [TEST...]   test programs; op_checks, parity and ct_schedule* when none is named
set -u
cd "$(dirname "$0")/.."
for program in aarch64-linux-gnu-gcc qemu-aarch64 cmake; do
    command -v "$program" >/dev/null 2>&1 || {
        echo "SKIP arm64.build: $program is not installed"
        exit 0
    }
done
build=build-arm64
if [ $# = 0 ]; then
    set -- op_checks parity
    for source in tests/ct_schedule*.c; do set -- "$@" "$(basename "$source" .c)"; done
fi
log=${VXG_LOG:-build/log}/arm64.build.$1.log
mkdir -p "$(dirname "$log")"
targets=$(printf 'test_%s ' "$@")
# shellcheck disable=SC2086
exec 9>"$(dirname "$log")/arm64.lock"
flock 9 # two of these at once would build in the same folder
if cmake -S . -B $build -DCMAKE_TOOLCHAIN_FILE=tools/arm64.cmake -DVXG_WERROR=ON -DVXG_ASSERT=ON -DCMAKE_C_FLAGS=-DVXG_QUICK=1 \
    >"$log" 2>&1 && cmake --build $build -j2 --target $targets >>"$log" 2>&1; then
    echo "PASS arm64.build.$1"
else
    grep -E 'error|Error' "$log" | head -n 5 >&2
    echo "FAIL arm64.build: the log is $log"
    exit 1
fi
flock -u 9
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
