#!/bin/sh
# voxgrad recon --resume, --shard and merge: killed at random moments and gone on with, shared and joined, in a
# quarter of the memory: the same bytes, and nothing is made twice.
cd "$(dirname "$0")/.." || exit 1
suite=cli_job
. tests/tools/cli.sh
$V simulate -q -o "$W/scan.h5" --views 40 --rows 300 --cols 48 >/dev/null
run() { # NAME options
    name=$1
    shift
    $V recon "$W/scan.h5" -o "$W/$name" -c 23.5 --device cpu --save-format npy -q "$@" >"$W/.$name" 2>&1
}
same() { cmp -s "$W/plain/recon.npy" "$W/$1/recon.npy"; }
run plain --ring 5
# 50 runs, each killed; the times come from the kernel's own disorder and a fixed list
i=0
while [ $i -lt 50 ]; do
    run killed --ring 5 --resume --no-checksum &
    pid=$!
    sleep "0.$(((i * 37 + 11) % 45 + 2))"
    kill -9 $pid 2>/dev/null
    pkill -9 -P $pid 2>/dev/null
    wait $pid 2>/dev/null
    [ -d "$W/killed.job" ] && ls -i "$W/killed.job" | grep piece_ >>"$W/.pieces"
    i=$((i + 1))
done
run killed --ring 5 --resume --no-checksum
check killed "killed 50 times and resumed it is another volume" same killed
once() { # every piece that was there stayed the same file
    [ -s "$W/.pieces" ] && sort -u "$W/.pieces" | awk '{ n[$2]++ } END { for (k in n) if (n[k] > 1) exit 1 }'
}
check once "a block was made again, or none was there in 50 runs" once
check clean "pieces stay behind" test ! -e "$W/killed.job"
# three parts in folders of their own, each in less memory
for i in 1 2 3; do run "part$i" --ring 5 --shard $i/3 --max-memory 256 || exit 1; done
check no_results "a part makes results" test ! -e "$W/part1"
check early "results before all is there" sh -c "! $V merge '$W/part1.job' '$W/part2.job' --json | grep -q '\"blocks_left\": 0'"
check merged "something is left" sh -c "$V merge '$W/part1.job' '$W/part2.job' '$W/part3.job' --json | grep -q '\"blocks_left\": 0'"
run part1 --ring 5 --resume
check shards "joined parts are another volume" same part1
check told "joined parts tell something else" sh -c "sed '/\"date\"/d; /\"command\"/d; /\"option.output\"/d; /\"option.resume\"/d; /\"chunk\"/d' '$W/plain/provenance.json' >'$W/.a'
    sed '/\"date\"/d; /\"command\"/d; /\"option.output\"/d; /\"option.resume\"/d; /\"chunk\"/d' '$W/part1/provenance.json' | cmp -s - '$W/.a'"
# rows that begin in the middle of a block, by an iterative method
run some -a sirt --iterations 3 --rows 100:210
run some_parts -a sirt --iterations 3 --rows 100:210 --shard 2/2
run some_parts -a sirt --iterations 3 --rows 100:210 --resume
check sirt "slices by sirt are others in blocks" cmp -s "$W/some/recon.npy" "$W/some_parts/recon.npy"
# what would be silent nonsense
run other --shard 1/2
R="$V recon $W/scan.h5 -o $W/refused -c 23.5 --device cpu"
refuses shard 2 "'3/2' is no part" $R --shard 3/2
refuses both 2 '\-\-resume does not go with --shard' $R --shard 1/2 --resume
refuses slice 2 '\-\-resume goes with --type full' $R --type slice --resume
refuses whole 2 '\-\-shard does not go with --algorithm cgls' $R -a cgls --shard 1/2
refuses rule 2 '\-\-resume does not go with --algorithm sirt and a rule' $R -a sirt --tolerance 0.1 --resume
refuses no_job 3 'cannot open' $V merge "$W/nobody.job"
run other --shard 2/2 --ring 7
check other_work "pieces of other work are taken" grep -q "there 'option.ring 0', here 'option.ring 7'" "$W/.other"
printf x | dd of="$W/other.job/piece_00000000" bs=1 seek=50 conv=notrunc 2>/dev/null
run other --resume
check damaged "a damaged piece is used" grep -q 'damaged: its checksum' "$W/.other"
check nothing "results beside a damaged piece" test ! -e "$W/other/recon.npy"
exit $failed
