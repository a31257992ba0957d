#!/bin/sh
# What the command owes its surroundings: standard streams that are closed, full or no longer read,
# and every signal that ends a process.
cd "$(dirname "$0")/.." || exit 1
suite=cli_process
. tests/tools/cli.sh
if ! "$V" simulate -o "$W/scan.h5" --views 24 --rows 8 --cols 32 --flats 2 --darks 2 -q \
    >/dev/null 2>&1; then
    skip all "built without HDF5"
    exit 0
fi
recon() { "$V" recon "$W/scan.h5" -c 15.5 -t 1 --device cpu "$@"; }

# ---- closed streams: no words in the results ----
recon -o "$W/whole" --save-format npy -q >/dev/null
closed() { # NAME CODE, descriptors as for sh
    name=$1 code=$2 streams=$3
    rm -rf "$W/o"
    (eval "recon -o '$W/o' --save-format npy >'$W/.out' 2>'$W/.err' $streams")
    rc=$?
    if [ $rc != "$code" ]; then
        fail "$name" "exit code $rc, $code expected"
    elif ! cmp "$W/whole/recon.npy" "$W/o/recon.npy"; then
        fail "$name" "the volume is another one"
    elif ! valid_json "$W/o/provenance.json"; then
        fail "$name" "the provenance is damaged"
    else
        pass "$name"
    fi
}
closed no_stdin_no_stderr 0 '<&- 2>&-'
closed no_stderr 0 '2>&-'
closed no_stdin 0 '<&-'
closed no_stdout 4 '>&-'
closed no_stream_at_all 4 '<&- >&- 2>&-'

# ---- standard output that takes nothing ----
loses() { # NAME REDIRECTION COMMAND...
    name=$1 to=$2
    shift 2
    if [ "$to" = closed ]; then "$@" >&- 2>"$W/.err"; else "$@" >"$to" 2>"$W/.err"; fi
    rc=$?
    if [ $rc = 4 ] && grep -q 'cannot write to standard output' "$W/.err"; then pass "$name"; else
        cat "$W/.err"
        fail "$name" "exit code $rc, 4 expected"
    fi
}
$V simulate -o "$W/g.h5" --views 4 --rows 2 --cols 8 --geometry-out "$W/g.json" -q >/dev/null
for to in closed /dev/full; do
    [ $to = closed ] || [ -w $to ] || continue
    end=$(basename $to)
    loses "devices_$end" $to "$V" devices
    loses "info_$end" $to "$V" info "$W/scan.h5"
    loses "info_json_$end" $to "$V" info --json "$W/scan.h5"
    loses "center_$end" $to "$V" center "$W/scan.h5" -q
    loses "geometry_$end" $to "$V" geometry convert "$W/g.json"
    loses "help_$end" $to "$V" --help
    loses "help_verb_$end" $to "$V" recon --help
    loses "man_$end" $to "$V" man
    loses "completion_$end" $to "$V" completion bash
    loses "version_$end" $to "$V" version
    loses "check_$end" $to "$V" check math.scale --device cpu
done
# A reader that goes away: the work is done all the same, its files are whole.
rm -rf "$W/o"
{
    recon -o "$W/o" --save-format npy 2>&1
    echo $? >"$W/.rc"
} | true
rc=$(cat "$W/.rc")
check reader_gone "exit code $rc, or the files are not whole" \
    sh -c "{ [ $rc = 0 ] || [ $rc = 4 ]; } && cmp '$W/whole/recon.npy' '$W/o/recon.npy' &&
           [ \$(ls -A '$W/o' | wc -l) = 3 ]"

# ---- signals ----
rm -rf "$W/o"
mkdir "$W/sim"
for number in 1 2 3 10 12 14 15 24 26 27; do
    interrupted "signal_$number" $number "$W/o/" \
        "$V" recon "$W/scan.h5" -c 15.5 -t 1 --device cpu -o "$W/o"
    interrupted "signal_${number}_simulate" $number sim/ "$V" simulate -o "$W/sim/new.h5" --views 9
done
env SIGNAL_IGNORED=1 SIGNAL_NUMBER=1 SIGNAL_PATH="$W/o/" \
    ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0" \
    LD_PRELOAD="$build/tools/signal_on_write.so" \
    "$V" recon "$W/scan.h5" -c 15.5 -t 1 --device cpu -o "$W/o" -q --save-format npy >/dev/null
check hang_up_ignored "a signal that is ignored ended the work" \
    cmp "$W/whole/recon.npy" "$W/o/recon.npy"
exit $failed
