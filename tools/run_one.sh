#!/bin/sh
# Runs one test and keeps its output: run_one.sh NAME COMMAND...
# Writes $VXG_LOG/NAME.out, adds its PASS, FAIL and SKIP lines to $VXG_LOG/results and its processor time to
# $VXG_LOG/times. A test that dies, says nothing or hangs is a failure: the limit of an hour is over ten times
# what the longest takes on an idle machine, so that a slow one does not meet it. Prints one line; the exit code
# is 1 when something failed.
name=$1
shift
out=$VXG_LOG/$name.out
begin=$(date +%s)
timeout -k 10 3600 "$@" >"$out" 2>&1 </dev/null
rc=$?
seconds=$(($(date +%s) - begin))
times >"$VXG_LOG/$name.lines" # second line: user and system time of what ran, "1m2.34s 0m0.50s"
sed -n '2{s/m/ /g;s/s//g;p;}' "$VXG_LOG/$name.lines" |
    awk -v name="$name" '{printf "%s %.1f\n", name, 60 * $1 + $2 + 60 * $3 + $4}' >>"$VXG_LOG/times"
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
printf '%-40s %s (%s s)\n' "$name" "$text" "$seconds"
[ "$failed" = 0 ] && exit 0
grep '^FAIL ' "$lines" | head -n 20
echo "--- end of $out"
tail -n 25 "$out"
echo "---"
exit 1
