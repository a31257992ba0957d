#!/bin/sh
# ./dev test: builds, runs the tests, one last line "N passed, N failed, N skipped".
#   test.sh                     the ordinary run
#   test.sh --deep [STAGE...]   the deep set (tools/deep.sh), or stages of it; goes on where it was stopped
#   test.sh --stages            what stages there are
# The packages are there already. VXG_TEST_DATA names the folder of further measured scans.
set -u
cd "$(dirname "$0")/.." || exit 1
root=$(pwd)
jobs=$(nproc 2>/dev/null || echo 2)
deep=0
case ${1:-} in
--stages) exec sh tools/deep.sh stages ;;
--deep)
    deep=1
    shift
    ;;
'') ;;
*)
    echo "test: unknown word '$1'; there are --deep [STAGE...] and --stages" >&2
    exit 2
    ;;
esac
VXG_LOG=$root/build/log
[ $deep = 0 ] || VXG_LOG=$root/build/deep/log
VXG_CACHE_DIR=$root/build/cache
VXG_SOURCE=$root
VXG_BUILD=$root/build-test # with asserts; build is what ./dev build makes, without
BUILD=$VXG_BUILD
export VXG_LOG VXG_CACHE_DIR VXG_SOURCE VXG_BUILD BUILD
unset VXG_DEVICE VXG_ISA VXG_CACHE 2>/dev/null || true
begin=$(date +%s)
rm -rf "$VXG_LOG" "$VXG_CACHE_DIR"
mkdir -p "$VXG_LOG"
: >"$VXG_LOG/results"
: >"$VXG_LOG/times"

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
    printf 'longest, processor seconds: %s\n' "$(sort -k2 -rn "$VXG_LOG/times" | head -n 6 | tr '\n' ';')"
    printf 'time: %s s on %s cores\n' "$(($(date +%s) - begin))" "$jobs"
    printf '%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
    [ "$failed" = 0 ]
    exit
}

# build_tree NAME FOLDER TARGETS options...: one PASS or FAIL line.
build_tree() {
    name=$1 folder=$2 targets=$3
    shift 3
    # shellcheck disable=SC2086
    if cmake -S . -B "$folder" -DVXG_WERROR=ON -DVXG_TESTS=ON "$@" >"$VXG_LOG/$name.log" 2>&1 &&
        cmake --build "$folder" -j"$jobs" --target $targets >>"$VXG_LOG/$name.log" 2>&1; then
        result PASS "build.$name"
        return 0
    fi
    grep -E -B 2 -A 12 'error|undefined|Error' "$VXG_LOG/$name.log" | head -n 60
    result FAIL "build.$name" "the log is ${VXG_LOG#"$root"/}/$name.log"
    return 1
}

# Lines "NAME COMMAND" on standard input, two at a time.
run_two() { xargs -P 2 -L 1 sh tools/run_one.sh; }

stage "build with gcc"
build_tree gcc build-test all -DCMAKE_C_COMPILER=gcc -DVXG_ASSERT=ON || finish

if [ $deep = 1 ]; then
    stage "deep set ${*:-}"
    sh tools/deep.sh run "$@" || exit
    printf 'the report: build/deep/report\n'
    finish
fi

stage "test programs and scripts"
{
    for t in tests/*.c; do echo "$(basename "$t" .c) build-test/tests/test_$(basename "$t" .c)"; done
    for t in tests/*.sh; do
        case $t in
        tests/planted_faults.sh) ;; # of the deep set
        *) echo "$(basename "$t" .sh) sh $t" ;;
        esac
    done
} | run_two

stage "lint, format, documents"
sh tools/run_one.sh lint sh tools/lint.sh
sh tools/run_one.sh docs sh tools/docs.sh check

stage "clang: library, command and test programs compile without a warning"
build_tree clang build-clang all -DCMAKE_C_COMPILER=clang
asserts=$(sh tools/asserts.sh build-test on; sh tools/asserts.sh build-clang off)
if [ -z "$asserts" ]; then result PASS asserts.only_in_tests; else result FAIL asserts.only_in_tests "$asserts"; fi

# What crosses most pointers; the deep set does all of them.
stage "address and undefined-behaviour sanitizers"
for t in base_status base_options array device_basics device_abuse array_abuse op_registry op_misuse op_memory api_abuse internal_alloc io_replay ct_geometry_json; do
    echo "asan $t"
done >"$VXG_LOG/asan"
while read -r s t; do sh tools/deep.sh one "$s" "$t"; done <"$VXG_LOG/asan"

stage "a slice of the deep set"
sh tools/deep.sh slice 180
finish
