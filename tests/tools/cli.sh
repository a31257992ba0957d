# Sourced by tests/cli_*.sh, which set suite first. Result lines, a scratch folder $W, the command
# $V, and checks of exit codes, messages and leftovers.
build=${VXG_BUILD:-build}
V=$build/bin/voxgrad
make_scan=$build/tools/make_scan
tooth=data/ct_parallel_tooth/tooth.h5
grain=data/ct_parallel_24737/24737_nxtomo.h5
# Outputs are flushed to the disk: in memory that costs nothing.
if [ -z "${TMPDIR:-}" ] && [ -d /dev/shm ] && [ -w /dev/shm ]; then
    TMPDIR=/dev/shm
    export TMPDIR
fi
W=$(mktemp -d)
trap 'rm -rf "$W"' EXIT
failed=0
pass() { echo "PASS $suite.$1"; }
fail() {
    echo "FAIL $suite.$1: $2"
    failed=1
}
skip() { echo "SKIP $suite.$1: $2"; }
# check NAME WORDS COMMAND...: passes when the command succeeds.
check() {
    name=$1 words=$2
    shift 2
    if "$@" >"$W/.check" 2>&1; then pass "$name"; else
        cat "$W/.check"
        fail "$name" "$words"
    fi
}
listing() { (cd "$W" && find . -path './.?*' -prune -o -print | sort); }
# refuses NAME CODE PATTERN COMMAND...: the exit code, a message that matches, one line of it, and a
# scratch folder that looks as before.
refuses() {
    name=$1 code=$2 pattern=$3
    shift 3
    before=$(listing)
    "$@" >"$W/.out" 2>"$W/.err" </dev/null
    rc=$?
    after=$(listing)
    if [ "$rc" != "$code" ]; then
        cat "$W/.err"
        fail "$name" "exit code $rc, $code expected"
    elif ! grep -qE "$pattern" "$W/.err"; then
        cat "$W/.err"
        fail "$name" "the message does not match '$pattern'"
    elif [ "$before" != "$after" ]; then
        printf '%s\n' "$before" >"$W/.before"
        printf '%s\n' "$after" | diff "$W/.before" -
        fail "$name" "files were left behind or vanished"
    else
        pass "$name"
    fi
}
# interrupted NAME SIGNAL FOLDER COMMAND...: the signal arrives as the command makes its first file in
# FOLDER; it stops with 128 + SIGNAL, says so and leaves nothing.
interrupted() {
    name=$1 number=$2 path=$3
    shift 3
    refuses "$name" $((128 + number)) interrupted env SIGNAL_NUMBER="$number" SIGNAL_PATH="$path" \
        ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0" \
        LD_PRELOAD="$build/tools/signal_on_write.so" "$@"
}
valid_json() { python3 -m json.tool "$1" >/dev/null; }
has_hdf5() { [ -x "$make_scan" ]; }
