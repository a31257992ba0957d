#!/bin/sh
# ./dev gpu: on a machine with an NVIDIA GPU, its driver, NVRTC, a C compiler and CMake: builds, runs the
# device tests and the parity table with CUDA required, measures, and writes a table. Installs nothing;
# HDF5, TIFF, PNG, zlib and OpenCL may be missing. Exit code 0 when everything agreed.
#
#   OUT               folder of the table and its raw output (default bench/results)
#   VXG_GPU_BUILD     an existing build folder to use instead of building build-gpu
#   VXG_GPU_BENCH     arguments of the benchmark (default: the standard sizes)
#   VXG_GPU_RATES     arguments of one run of bench_gpu (default: --size 512 and --size 1024)
#   VXG_GPU_CHECK     arguments of the check (default: every example)
set -u
cd "$(dirname "$0")/.." || exit 1
root=$(pwd)
begin=$(date +%s)
out=${OUT:-$root/bench/results}
build=${VXG_GPU_BUILD:-$root/build-gpu}
failed=0
mkdir -p "$out" || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
VXG_CACHE_DIR=$work/cache
export VXG_CACHE_DIR
unset VXG_DEVICE VXG_ISA VXG_CACHE 2>/dev/null || true

say() { printf '%s\n' "$*"; }
die() {
    printf 'gpu: %s\n' "$*" >&2
    exit 1
}
stage() { say "== $1 ($(($(date +%s) - begin)) s)"; }
# limited SECONDS COMMAND...: stops what hangs, where timeout is there; the whole run stays under 8
# minutes.
limited() {
    seconds=$1
    shift
    left=$((460 - $(date +%s) + begin))
    [ "$seconds" -lt "$left" ] || seconds=$left
    [ "$seconds" -ge 5 ] || seconds=5
    if command -v timeout >/dev/null 2>&1; then
        timeout -k 5 "$seconds" "$@"
    else
        "$@"
    fi
}

# ---- Build ----
if [ -z "${VXG_GPU_BUILD:-}" ]; then
    stage "build"
    jobs=$(nproc 2>/dev/null || echo 2)
    if ! { cmake -S . -B "$build" -DCMAKE_BUILD_TYPE=Release &&
        cmake --build "$build" -j"$jobs"; } >"$work/build.log" 2>&1; then
        grep -E -A 12 'error|Error' "$work/build.log" | head -n 40 >&2
        die "the build failed"
    fi
fi
v=$build/bin/voxgrad
[ -x "$v" ] || die "$v is missing"

# ---- Is there a device? ----
stage "devices"
"$v" devices | tee "$work/devices"
grep -q 'cuda:0' "$work/devices" ||
    die "no CUDA device: $("$v" devices 2>&1 | grep -i cuda | tail -n 1)"
name=$(sed -n 's/^[* ]*cuda:0  *\(.*[^ ]\)   *[0-9][0-9]*  *.*/\1/p' "$work/devices" | sed 's/  *$//')
[ -n "$name" ] || name=cuda

# ---- Tests: a skip that names CUDA is a failure here ----
run_test() {
    limited "$2" "$build/tests/test_$1" >"$work/$1.out" 2>&1 </dev/null
    rc=$?
    grep -E '^(PASS|FAIL|SKIP) ' "$work/$1.out" >>"$work/lines"
    [ "$rc" = 0 ] || grep -q '^FAIL ' "$work/$1.out" ||
        echo "FAIL $1: exit code $rc" | tee -a "$work/lines"
    grep '^FAIL ' "$work/$1.out"
    grep -iE '^SKIP .*(cuda|nvrtc)' "$work/$1.out" | sed 's/^SKIP/FAIL (required here)/' |
        tee -a "$work/lines"
}
stage "tests"
: >"$work/lines"
run_test device_basics 60
run_test device_kernels 60
run_test device_conformance 60
run_test internal_nvrtc 120
run_test ct_cone_gpu 60
run_test ct_texture 60
run_test ct_prepared_list 60
passed=$(grep -c '^PASS ' "$work/lines")
bad=$(grep -c '^FAIL ' "$work/lines")
say "$passed passed, $bad failed"
[ "$bad" = 0 ] || failed=1

# ---- Every operator against the CPU ----
stage "check"
# shellcheck disable=SC2086
limited 180 "$v" check --device cuda:0 --quiet ${VXG_GPU_CHECK:-} >"$work/check" 2>"$work/check.err"
rc=$?
cat "$work/check"
if [ "$rc" != 0 ]; then
    failed=1
    tail -n 3 "$work/check.err" | tee -a "$work/check"
    say "check: exit code $rc" | tee -a "$work/check"
fi

# ---- Speed ----
stage "bench"
: >"$work/bench"
# shellcheck disable=SC2086
limited 150 "$v" bench --device cuda:0 --quiet ${VXG_GPU_BENCH:-} >"$work/bench" 2>"$work/bench.err"
rc=$?
cat "$work/bench"
[ "$rc" = 0 ] || {
    failed=1
    tail -n 3 "$work/bench.err"
    say "bench: exit code $rc" | tee -a "$work/bench"
}

# ---- Rates of the operators on scans of 512^3 and 1024^3 ----
stage "rates"
: >"$work/rates"
rates() {
    limited 120 "$build/bin/bench_gpu" --device cuda:0 "$@" >>"$work/rates" 2>"$work/rates.err"
    rc=$?
    echo >>"$work/rates"
    [ "$rc" = 0 ] && return
    failed=1
    tail -n 3 "$work/rates.err"
    echo "bench_gpu $*: exit code $rc" >>"$work/rates"
}
if [ -n "${VXG_GPU_RATES:-}" ]; then
    # shellcheck disable=SC2086
    rates $VXG_GPU_RATES
else
    rates --size 512 --budget 400
    rates --size 1024 --budget 600 --reps 3
fi
cat "$work/rates"

# ---- Memory errors in the kernels, where the toolkit's checker is installed ----
stage "sanitizer"
if command -v compute-sanitizer >/dev/null 2>&1; then
    limited 120 compute-sanitizer --error-exitcode 9 "$build/bin/bench_gpu" --device cuda:0 --size 24 --views 5 \
        --reps 1 >"$work/sanitizer" 2>&1
    rc=$?
    sanitizer="compute-sanitizer: $(grep 'ERROR SUMMARY' "$work/sanitizer" | tail -n 1), exit code $rc."
    [ "$rc" = 0 ] || {
        failed=1
        grep -m 10 '=====' "$work/sanitizer"
    }
else
    sanitizer="compute-sanitizer: not installed."
fi
say "$sanitizer"

# ---- Table ----
seconds=$(($(date +%s) - begin))
file=$out/gpu-$(printf '%s' "$name" | tr -cs 'A-Za-z0-9' '-' | sed 's/^-*//; s/-*$//').md
{
    echo "# $name"
    echo
    echo "Written by \`./dev gpu\` on $(date -u +%Y-%m-%d), $("$v" version | head -n 1)," \
        "commit $(git rev-parse --short HEAD 2>/dev/null || echo unknown)."
    echo "Tests: $passed passed, $bad failed. Whole run: $seconds s."
    for part in devices check bench; do
        echo
        echo "## voxgrad $part"
        echo
        echo '```'
        cat "$work/$part"
        echo '```'
    done
    echo
    echo "## Rates (bench/gpu.c)"
    echo
    cat "$work/rates"
    echo "$sanitizer"
    if [ "$bad" != 0 ]; then
        echo
        echo "## Failures"
        echo
        echo '```'
        grep '^FAIL ' "$work/lines"
        echo '```'
    fi
} >"$file" || die "$file cannot be written"
stage "done"
say "table: $file"
exit "$failed"
