#!/bin/sh
# ./dev test: every build, every test, one last line "N passed, N failed, N skipped".
# The packages are there already. VXG_TEST_DATA names the folder of further measured scans.
set -u
cd "$(dirname "$0")/.." || exit 1
root=$(pwd)
jobs=$(nproc 2>/dev/null || echo 2)
VXG_LOG=$root/build/log
VXG_CACHE_DIR=$root/build/cache
VXG_SOURCE=$root
export VXG_LOG VXG_CACHE_DIR VXG_SOURCE
unset VXG_DEVICE VXG_ISA VXG_CACHE 2>/dev/null || true
begin=$(date +%s)
rm -rf "$VXG_LOG" "$VXG_CACHE_DIR"
mkdir -p "$VXG_LOG"
: >"$VXG_LOG/results"

stage() { printf '\n== %s (%s s)\n' "$1" "$(($(date +%s) - begin))"; }
result() { # PASS|FAIL|SKIP name words
    printf '%s %s%s\n' "$1" "$2" "${3:+: $3}" | tee -a "$VXG_LOG/results"
}
finish() {
    passed=$(grep -c '^PASS ' "$VXG_LOG/results")
    failed=$(grep -c '^FAIL ' "$VXG_LOG/results")
    skipped=$(grep -c '^SKIP ' "$VXG_LOG/results")
    stage summary
    grep -E '^(FAIL|SKIP) ' "$VXG_LOG/results" | sort
    printf 'time: %s s on %s cores\n' "$(($(date +%s) - begin))" "$jobs"
    printf '%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
    [ "$failed" = 0 ]
    exit
}

# build_tree NAME FOLDER options...: one PASS or FAIL line.
build_tree() {
    name=$1 folder=$2
    shift 2
    if cmake -S . -B "$folder" -DVXG_WERROR=ON -DVXG_TESTS=ON "$@" >"$VXG_LOG/$name.log" 2>&1 &&
        cmake --build "$folder" -j"$jobs" >>"$VXG_LOG/$name.log" 2>&1; then
        result PASS "build.$name"
        return 0
    fi
    grep -E -B 2 -A 12 'error|undefined|Error' "$VXG_LOG/$name.log" | head -n 60
    result FAIL "build.$name" "the log is build/log/$name.log"
    return 1
}

# Lines "NAME SECONDS COMMAND" on standard input, two at a time.
run_two() { xargs -P 2 -L 1 sh tools/run_one.sh; }

stage "build with gcc"
build_tree gcc build -DCMAKE_C_COMPILER=gcc || finish

stage "test programs and scripts"
VXG_BUILD=$root/build
BUILD=$VXG_BUILD
export VXG_BUILD BUILD
{
    for t in build/tests/test_*; do
        [ -x "$t" ] && echo "$(basename "$t" | sed s/^test_//) 600 $t"
    done
    for t in tests/*.sh; do
        [ "$t" = tests/planted_faults.sh ] || echo "$(basename "$t" .sh) 1200 sh $t"
    done
} | run_two

stage "lint, format, documents"
sh tools/run_one.sh lint 120 sh tools/lint.sh
sh tools/run_one.sh docs 60 sh tools/docs.sh check

stage "build with clang"
build_tree clang build-clang -DCMAKE_C_COMPILER=clang

stage "address and undefined-behaviour sanitizers"
if build_tree asan build-asan -DCMAKE_C_COMPILER=gcc -DVXG_SANITIZE=ON \
    -DCMAKE_BUILD_TYPE=RelWithDebInfo "-DCMAKE_C_FLAGS_RELWITHDEBINFO=-O1 -g"; then
    # Drivers found at run time keep memory until the process ends; it is not ours to free.
    ASAN_OPTIONS=detect_leaks=1:abort_on_error=0
    LSAN_OPTIONS=suppressions=$root/tools/lsan.supp:print_suppressions=0
    export ASAN_OPTIONS LSAN_OPTIONS
    VXG_BUILD=$root/build-asan
    {
        for t in build-asan/tests/test_*; do
            [ -x "$t" ] && echo "asan_$(basename "$t" | sed s/^test_//) 900 $t"
        done
        for t in tests/cli_*.sh; do
            echo "asan_$(basename "$t" .sh) 900 sh $t"
        done
    } | run_two
    unset ASAN_OPTIONS LSAN_OPTIONS
    VXG_BUILD=$root/build
fi

stage valgrind
sh tools/run_one.sh valgrind 600 sh tools/valgrind.sh

if [ -f tests/planted_faults.sh ]; then
    stage "planted faults"
    sh tools/run_one.sh planted_faults 2400 sh tests/planted_faults.sh
fi
finish
