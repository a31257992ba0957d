#!/bin/sh
# The deep set: everything beside the ordinary tests that can be run at all, cut into units so that it can be
# stopped and resumed, and so that every ordinary run can do a slice of it.
#   deep.sh list [STAGE...]     units, "STAGE NAME"
#   deep.sh stages              stages and what they are
#   deep.sh run [STAGE...]      all units that have not passed yet for these sources; the report is build/deep/report
#   deep.sh slice SECONDS       consecutive units worth about SECONDS of two idle cores, chosen by the commit
# Environment as set by tools/test.sh. Prints a line a unit; result lines go to $VXG_LOG/results.
set -u
cd "$(dirname "$0")/.." || exit 1
root=$(pwd)
jobs=$(nproc 2>/dev/null || echo 2)
VXG_LOG=${VXG_LOG:-$root/build/deep}
VXG_DEEP=1 # tests that have more examples than an ordinary run takes run them all
export VXG_LOG VXG_DEEP
mkdir -p "$VXG_LOG" build/deep

stages() {
    cat <<'TXT'
clang    every test program and script with a clang build
asan     every test program and the command's scripts with the address and undefined-behaviour sanitizers
tsan     threads, devices, queues, cache and pipeline with the thread sanitizer
levels   operators, parity and schedules at every instruction-set level of this processor
arm64    operators, parity and schedules for 64-bit Arm, under an emulator
nvrtc    every kernel compiled for every NVIDIA target by NVRTC, from a package where it is not installed
opencl   every kernel under an OpenCL checker, and other implementations of OpenCL
valgrind the command under valgrind
fuzz     mutated files through every reader
python   the Python package's tests with all their rounds, and with the newest PyTorch
wheel    the Python wheel: what it needs, alone with NumPy, beside h5py, PyTorch and JAX in one process
track    streamlines beside DIPY's, which is installed for it
pages    a report opened in a browser, where Chromium is installed
planted  planted faults, each of which some test must notice
TXT
}

programs() { for t in tests/*.c; do basename "$t" .c; done; }
scripts() { for t in tests/"$1"*.sh; do [ -f "$t" ] && basename "$t"; done; }
thread_programs='array base_status device_basics device_kernels device_order device_races fork internal_threads internal_cache internal_order internal_poll op_checks ct_pipeline ct_schedule'

# What belongs to no other stage's own list is a script of tests/deep/, named STAGE_NAME.sh.
units() { # STAGE
    case $1 in
    clang) programs ;;
    asan)
        programs
        scripts cli_
        ;;
    tsan) for t in $thread_programs; do [ -f "tests/$t.c" ] && echo "$t"; done ;;
    levels) for l in v2 v3; do for t in op_checks parity $(programs | grep ct_schedule); do echo "$l.$t"; done; done ;;
    arm64) for t in op_checks parity $(programs | grep ct_schedule); do echo "$t"; done ;;
    valgrind) echo command ;;
    fuzz) for t in tests/fuzz/fuzz_*.c; do basename "$t" .c | sed s/^fuzz_//; done ;;
    planted) sh tests/planted_faults.sh --list ;;
    esac
    for t in tests/deep/"$1"_*.sh; do [ -f "$t" ] && basename "$t" .sh | sed "s/^$1_//"; done
}
list() {
    [ $# -gt 0 ] || set -- $(stages | awk '{print $1}')
    for s in "$@"; do units "$s" | sed "s/^/$s /"; done
}

# tree FOLDER TARGET options...: builds one target in the stage's folder, one build at a time.
tree() {
    folder=$1 target=$2
    shift 2
    (
        flock 9
        cmake -S . -B "$folder" -DVXG_WERROR=ON -DVXG_TESTS=ON "$@" &&
            cmake --build "$folder" -j"$jobs" --target "$target"
    ) 9>"build/deep/$folder.lock" >"$VXG_LOG/$folder.$target.log" 2>&1 && return 0
    grep -E -A 6 'error|undefined|Error' "$VXG_LOG/$folder.$target.log" | head -n 30
    echo "FAIL $folder.build.$target: the log is $VXG_LOG/$folder.$target.log"
    return 1
}
# in_tree FOLDER UNIT options...: builds what the unit needs and runs it.
in_tree() {
    folder=$1 unit=$2
    shift 2
    VXG_BUILD=$root/$folder BUILD=$root/$folder
    export VXG_BUILD BUILD
    case $unit in
    *.sh)
        tree "$folder" all "$@" || return 1
        sh "tests/$unit"
        ;;
    *)
        tree "$folder" "test_$unit" "$@" || return 1
        "$folder/tests/test_$unit"
        ;;
    esac
}

# The work of one unit; its output has PASS, FAIL and SKIP lines.
work() { # STAGE NAME
    if [ -f "tests/deep/$1_$2.sh" ]; then
        sh "tests/deep/$1_$2.sh"
        return
    fi
    case $1 in
    clang) in_tree build-clang "$2" -DCMAKE_C_COMPILER=clang ;;
    asan)
        # Refused sizes are asked for by tests; drivers found at run time keep memory until the process ends; it is not
        # ours to free. LLVM, which PoCL brings, gives threads signal stacks of its own that the sanitizer must not unmap.
        ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:allocator_may_return_null=1:use_sigaltstack=0
        LSAN_OPTIONS=suppressions=$root/tools/lsan.supp:print_suppressions=0
        export ASAN_OPTIONS LSAN_OPTIONS
        # The leak checker sometimes dies by a signal in its own tracer, at the end of a run with an OpenCL driver in
        # it. That says nothing of leaks, so the program is run again.
        for try in 1 2 3; do
            in_tree build-asan "$2" -DCMAKE_C_COMPILER=gcc -DVXG_ASSERT=ON -DVXG_SANITIZE=address,undefined \
                -DVXG_KERNEL_FLAGS=-O1 -DCMAKE_BUILD_TYPE=RelWithDebInfo \
                "-DCMAKE_C_FLAGS_RELWITHDEBINFO=-O1 -g" >"$VXG_LOG/asan.$2.try" 2>&1
            code=$?
            grep -q 'LeakSanitizer has encountered a fatal error' "$VXG_LOG/asan.$2.try" || break
        done
        cat "$VXG_LOG/asan.$2.try"
        return $code
        ;;
    tsan)
        TSAN_OPTIONS=halt_on_error=0:exitcode=66:die_after_fork=0:allocator_may_return_null=1
        export TSAN_OPTIONS
        in_tree build-tsan "$2" -DCMAKE_C_COMPILER=clang -DVXG_ASSERT=ON -DVXG_SANITIZE=thread \
            -DVXG_KERNEL_FLAGS=-O1 -DCMAKE_BUILD_TYPE=RelWithDebInfo "-DCMAKE_C_FLAGS_RELWITHDEBINFO=-O1 -g"
        ;;
    levels)
        VXG_ISA=${2%%.*}
        export VXG_ISA
        in_tree build-test "${2#*.}" -DCMAKE_C_COMPILER=gcc -DVXG_ASSERT=ON
        ;;
    arm64) sh tools/arm64.sh "$2" ;;
    valgrind) sh tools/valgrind.sh ;;
    fuzz) sh tests/fuzz/run.sh "${VXG_FUZZ_RUNS:-100000}" "$2" ;;
    planted) sh tests/planted_faults.sh "$2" ;;
    esac
}

# The sources as they are: resuming is for the same ones only.
sources() { { git rev-parse HEAD; git diff HEAD; } 2>/dev/null | sha256sum | cut -c1-16; }
report=build/deep/report
open_report() {
    seen=
    [ ! -f "$report" ] || read -r _ seen _ <"$report" || seen=
    [ "$seen" = "$(sources)" ] && return
    echo "sources $(sources) $(git rev-parse --short HEAD 2>/dev/null), $jobs cores, begun $(date -u +%Y-%m-%dT%H:%MZ)" >"$report"
}
one() { # STAGE NAME: runs, prints and notes one unit
    begin=$(date +%s)
    sh tools/run_one.sh "deep.$1.$2" sh tools/deep.sh work "$1" "$2"
    code=$?
    result=passed
    [ $code = 0 ] || result=FAILED
    echo "$1/$2 $result $(($(date +%s) - begin)) s" >>"$report"
    return $code
}
left() { # units of "STAGE NAME" lines on standard input that have not passed
    while read -r s n; do grep -qF "$s/$n passed" "$report" || echo "$s $n"; done
}
# Planted faults, those of one copy of the sources in one call: its lines are noted one by one as they come.
planted() { # SHARE NAME...
    share=$1
    shift
    out=$VXG_LOG/deep.planted.$share.out
    begin=$(date +%s)
    : >"$out"
    VXG_PLANTED=$root/build/planted.$share timeout -k 10 14400 sh tests/planted_faults.sh "$@" 2>&1 </dev/null |
        while read -r word name rest; do
            echo "$word $name $rest" >>"$out"
            case $word in PASS | FAIL) ;; *) continue ;; esac
            now=$(date +%s)
            result=passed
            [ "$word" = PASS ] || result=FAILED
            echo "${name%:}" | sed "s|^planted\.\(.*\)|planted/\1 $result $((now - begin)) s|" >>"$report"
            echo "$word $name $rest" | tee -a "$VXG_LOG/results"
            begin=$now
        done
    for name in "$@"; do
        grep -qE "^(PASS|FAIL) planted\.$name(:| |$)" "$out" ||
            echo "FAIL planted.$name: the run ended before it" | tee -a "$VXG_LOG/results"
    done
}
# Two units at a time; of planted faults two copies of the sources, where there are many.
many() {
    grep -v '^planted ' "$1" | xargs -r -P 2 -L 1 sh tools/deep.sh one
    grep '^planted ' "$1" | awk '
        { name[++n] = $2 }
        END {
            shares = n > 9 ? 2 : 1
            for (s = 1; s <= shares; s++) {
                line = s
                for (i = int((s - 1) * n / shares) + 1; i <= int(s * n / shares); i++) line = line " " name[i]
                if (n) print line
            }
        }' | xargs -r -P 2 -L 1 sh tools/deep.sh planted
}

command=${1:-list}
[ $# -gt 0 ] && shift
case $command in
stages) stages ;;
list) list "$@" ;;
work) work "$@" ;;
one) one "$@" || true ;;
planted) planted "$@" ;;
run)
    for s in "$@"; do
        stages | grep -q "^$s " || {
            echo "there is no stage '$s'; there are: $(stages | awk '{printf "%s ", $1}')" >&2
            exit 2
        }
    done
    open_report
    list "$@" | left >"$VXG_LOG/todo"
    many "$VXG_LOG/todo" 2>&1
    ;;
slice)
    VXG_FUZZ_RUNS=${VXG_FUZZ_RUNS:-20000}
    export VXG_FUZZ_RUNS
    open_report
    # The commit picks a second of the whole list; from the unit there on, units are taken until their seconds (of
    # tools/deep_seconds.txt, 15 where it says nothing; 40 more for the first of a stage, which builds) are spent.
    pick=$(git rev-parse HEAD 2>/dev/null | cut -c1-7)
    list | awk -v budget="$1" -v pick="$((0x${pick:-0}))" '
        BEGIN { while ((getline line < "tools/deep_seconds.txt") > 0) { split(line, f, " "); cost[f[1]] = f[2] } }
        { unit[NR] = $0; c = cost[$1 "/" $2]; seconds[NR] = c == "" ? 15 : c; total += seconds[NR] }
        END {
            at = total ? pick % int(total + 1) : 0
            for (first = 1; first < NR && at >= seconds[first]; first++) at -= seconds[first]
            for (k = 0; k < NR; k++) {
                i = (first + k - 1) % NR + 1
                split(unit[i], f, " ")
                spent += seconds[i] + (f[1] == stage ? 0 : 40)
                if (k && spent > budget) break
                stage = f[1]
                print unit[i]
            }
        }' >"$VXG_LOG/slice"
    many "$VXG_LOG/slice" 2>&1
    ;;
*)
    echo "deep.sh: unknown word '$command'" >&2
    exit 2
    ;;
esac
