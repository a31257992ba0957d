#!/bin/sh
# Runs one test and keeps its output: run_one.sh NAME SECONDS COMMAND...
# Writes $VXG_LOG/NAME.out and adds its PASS, FAIL and SKIP lines to $VXG_LOG/results. A test that
# dies, runs too long or says nothing is a failure. Prints one line.
name=$1 limit=$2
shift 2
out=$VXG_LOG/$name.out
begin=$(date +%s)
timeout -k 10 "$limit" "$@" >"$out" 2>&1 </dev/null
rc=$?
seconds=$(($(date +%s) - begin))
lines=$VXG_LOG/$name.lines
grep -E '^(PASS|FAIL|SKIP) ' "$out" >"$lines"
if [ "$rc" = 124 ] || [ "$rc" = 137 ]; then
    echo "FAIL $name.time: stopped after $seconds s" >>"$lines"
elif [ "$rc" != 0 ] && ! grep -q '^FAIL ' "$lines"; then
    echo "FAIL $name.exit: exit code $rc" >>"$lines"
elif [ ! -s "$lines" ]; then
    echo "FAIL $name.silent: no PASS, FAIL or SKIP line" >>"$lines"
fi
cat "$lines" >>"$VXG_LOG/results" # one write: lines of two tests do not mix
passed=$(grep -c '^PASS ' "$lines")
failed=$(grep -c '^FAIL ' "$lines")
skipped=$(grep -c '^SKIP ' "$lines")
text="$passed passed"
[ "$failed" = 0 ] || text="$text, $failed FAILED"
[ "$skipped" = 0 ] || text="$text, $skipped skipped"
printf '%-34s %s (%s s)\n' "$name" "$text" "$seconds"
if [ "$failed" != 0 ]; then
    grep '^FAIL ' "$lines" | head -n 20
    echo "--- end of $out"
    tail -n 25 "$out"
    echo "---"
fi
exit 0
