#!/bin/sh
# voxgrad recon --resume, --shard and merge: killed at random moments and gone on with, shared and joined, in a
# quarter of the memory: the same bytes, and nothing is made twice.
cd "$(dirname "$0")/.." || exit 1
suite=cli_job
. tests/tools/cli.sh
$V simulate -q -o "$W/scan.h5" --views 40 --rows 300 --cols 48 >/dev/null
run() { # NAME options; $limit: seconds until it is killed
    name=$1
    shift
    ${limit:+timeout -s KILL $limit} $V recon "$W/scan.h5" -o "$W/$name" -c 23.5 --device cpu --save-format npy $quiet "$@" >"$W/.$name" 2>&1
}
quiet=-q
same() { cmp -s "$W/plain/recon.npy" "$W/$1/recon.npy"; }
run plain --ring 5
# 50 runs, each killed; the times come from the kernel's own disorder and a fixed list
i=0
while [ $i -lt 50 ]; do
    limit=0.$(printf %02d $(((i * 37 + 11) % 45 + 2)))
    run killed --ring 5 --resume --no-checksum
    limit=
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
# methods that look at the whole volume keep their solver's state
killed() { # NAME MILLISECONDS options: broken off again and again within the time that it takes, then gone on with
    work=$1 all=$2 i=1
    shift 2
    while [ $i -lt 9 ] && [ ! -e "$W/$work/recon.npy" ]; do
        limit=$(awk "BEGIN { print $all * (0.1 + 0.05 * $i) / 1000 }")
        run "$work" "$@" --resume --keep-every 0 --no-checksum
        limit=
        [ -d "$W/$work.job" ] && ls "$W/$work.job" | grep piece_ | tail -n 3 >>"$W/.states.$work"
        [ -d "$W/$work.job" ] && [ "$(ls "$W/$work.job" | grep -c piece_)" -gt 2 ] && : >"$W/.many"
        i=$((i + 1))
    done
    [ -e "$W/$work/recon.npy" ] && return
    quiet=
    run "$work" "$@" --resume --keep-every 0 --no-checksum
    quiet=-q
    grep -q ' iterations are done' "$W/.$work" || : >"$W/.anew"
}
states() {
    work=$1
    shift
    begin=$(date +%s%3N)
    run "$work.plain" "$@"
    killed "$work" $(($(date +%s%3N) - begin)) "$@"
    check "states_$work" "a state gone on with is another volume, or none was kept" sh -c \
        "cat '$W/.$work'; cmp '$W/$work.plain/recon.npy' '$W/$work/recon.npy' && [ \$(sort -u '$W/.states.$work' | wc -l) -gt 1 ] && [ ! -e '$W/$work.job' ] && [ ! -e '$W/.many' ] && [ ! -e '$W/.anew' ]"
}
until_kept() { # FOLDER.job command: runs until a state is kept there, and is killed
    kept=$1
    shift
    "$@" >/dev/null 2>&1 &
    work=$!
    i=0
    while [ $i -lt 3000 ] && kill -0 $work 2>/dev/null && ! ls "$kept" 2>/dev/null | grep -q '^piece_'; do
        sleep 0.02
        i=$((i + 1))
    done
    kill -KILL $work 2>/dev/null
    wait $work 2>/dev/null
}
states tv -a fista-tv --weight 0.05 --iterations 100 --rows 100:140
states rule -a cgls --tolerance 1e-9 --iterations 500 --rows 100:160
$V simulate -q -o "$W/fan.h5" --views 60 --rows 24 --cols 40 --sod 300 --sdd 450 --geometry-out "$W/fan.json" >/dev/null
cone() {
    name=$1
    shift
    $V recon "$W/fan.h5" -g "$W/fan.json" -o "$W/$name" --device cpu --save-format npy -q -a os-sart --iterations 6 "$@" >"$W/.$name" 2>&1
}
cone cone_plain
timeout -s KILL 0.6 sh -c "$V recon '$W/fan.h5' -g '$W/fan.json' -o '$W/cone' --device cpu --save-format npy -q -a os-sart --iterations 6 --resume --keep-every 0" >/dev/null 2>&1
cone cone --resume --keep-every 0
check states_cone "with a geometry file a state gone on with is another volume" cmp -s "$W/cone_plain/recon.npy" "$W/cone/recon.npy"
until_kept "$W/other_cone.job" $V recon "$W/fan.h5" -g "$W/fan.json" -o "$W/other_cone" --device cpu -q -a os-sart --iterations 600 --resume --keep-every 0
# filtered backprojection with a geometry file: blocks of slices, killed and in parts
$V simulate -q -o "$W/high.h5" --views 40 --rows 260 --cols 40 --sod 300 --sdd 450 --geometry-out "$W/high.json" >/dev/null
fdk() {
    name=$1
    shift
    ${limit:+timeout -s KILL $limit} $V recon "$W/high.h5" -g "$W/high.json" -o "$W/$name" --device cpu --save-format npy -q "$@" >"$W/.$name" 2>&1
}
fdk fdk
killed_fdk() {
    fdk fdk_killed --resume --no-checksum
    [ -d "$W/fdk_killed.job" ] && ls "$W/fdk_killed.job" | grep piece_ >>"$W/.blocks"
}
for limit in 0.03 0.05 0.07 0.09 0.11 0.14 0.17 0.2; do killed_fdk; done
for limit in 0.4 0.8 1.6 3 6 12; do # slow builds need longer for a first block
    [ -s "$W/.blocks" ] || killed_fdk
done
limit=
fdk fdk_killed --resume --no-checksum
check fdk "with a geometry file blocks are another volume, or none was kept" sh -c \
    "cmp '$W/fdk/recon.npy' '$W/fdk_killed/recon.npy' && [ ! -e '$W/fdk_killed.job' ] && [ -s '$W/.blocks' ]"
for i in 1 2 3; do fdk "cut$i" --shard $i/3 --max-memory 256; done
$V merge "$W/cut1.job" "$W/cut2.job" "$W/cut3.job" >/dev/null
fdk cut1 --resume
facts() { sed '/"date"/d; /"command"/d; /"option.output"/d; /"option.resume"/d; /"option.shard"/d; /"option.no-checksum"/d' "$1/provenance.json"; }
facts "$W/fdk" >"$W/.facts"
check fdk_parts "joined parts of slices are another volume or tell something else" sh -c \
    "cat '$W/.cut1'; cmp '$W/fdk/recon.npy' '$W/cut1/recon.npy'"
facts "$W/cut1" >"$W/.told"
check fdk_told "joined parts of slices tell something else" cmp "$W/.facts" "$W/.told"
sed 's/"sdd": [0-9.]*/"sdd": 451/' "$W/fan.json" >"$W/.fan" && mv "$W/.fan" "$W/fan.json"
check states_kept "with --geometry no state was kept" sh -c "ls '$W/other_cone.job' | grep -q '^piece_'"
check another_geometry "a state of another geometry is taken" sh -c \
    "$V recon '$W/fan.h5' -g '$W/fan.json' -o '$W/other_cone' --device cpu -q -a os-sart --iterations 600 --resume 2>&1 | grep -q 'holds pieces of other work'"
# what would be silent nonsense
run other --shard 1/2
R="$V recon $W/scan.h5 -o $W/refused -c 23.5 --device cpu"
refuses shard 2 "'3/2' is no part" $R --shard 3/2
refuses both 2 '\-\-resume does not go with --shard' $R --shard 1/2 --resume
refuses slice 2 '\-\-resume goes with --type full' $R --type slice --resume
refuses every 2 '\-\-keep-every goes with --resume' $R -a cgls --keep-every 3
refuses whole 2 '\-\-shard does not go with --algorithm cgls' $R -a cgls --shard 1/2
refuses rule 2 '\-\-shard does not go with --algorithm sirt and a rule' $R -a sirt --tolerance 0.1 --shard 1/2
refuses geometry 2 '\-\-shard does not go with --algorithm sirt and --geometry' $V recon "$W/fan.h5" -g "$W/fan.json" -o "$W/refused" --device cpu -a sirt --shard 1/2
refuses no_job 3 'cannot open' $V merge "$W/nobody.job"
run other --shard 2/2 --ring 7
check other_work "pieces of other work are taken" grep -q "there 'option.ring 0', here 'option.ring 7'" "$W/.other"
printf x | dd of="$W/other.job/piece_00000000" bs=1 seek=50 conv=notrunc 2>/dev/null
run other --resume
check damaged "a damaged piece is used" grep -q 'damaged: its checksum' "$W/.other"
check nothing "results beside a damaged piece" test ! -e "$W/other/recon.npy"
# what a scan leads to is part of the work
attack=$build/tools/h5_attack
if [ -x "$attack" ]; then
    "$attack" good "$W/frames.h5"
    "$attack" link_set "$W/led.h5" frames.h5 exchange/data
    led() { $V recon "$W/led.h5" -o "$W/led" -c 3.5 --no-minus-log --device cpu -q "$@" >"$W/.led" 2>&1; }
    led --shard 1/2
    printf '\377' | dd of="$W/frames.h5" bs=1 seek=$(($(wc -c <"$W/frames.h5") - 3)) conv=notrunc 2>/dev/null
    led --shard 2/2
    check linked "other frames behind a link are taken for the same work" grep -q 'holds pieces of other work' "$W/.led"
fi
# pieces that stand for others: exchanged, of another scan, of options that nobody knows any more; a pipe by that name
run mixed --shard 1/1
cp -r "$W/mixed.job" "$W/lost.job"
mv "$W/mixed.job/piece_00000001" "$W/.x" && mv "$W/mixed.job/piece_00000002" "$W/mixed.job/piece_00000001" && mv "$W/.x" "$W/mixed.job/piece_00000002"
run mixed --resume
check exchanged "pieces that were exchanged are used" grep -q 'of other work or of another block' "$W/.mixed"
rm "$W/lost.job/job.txt"
run lost --resume --ring 9
check lost "pieces of options that nobody knows are used" grep -q 'of other work or of another block' "$W/.lost"
check lost_nothing "results of such pieces" test ! -e "$W/lost/recon.npy"
if mkfifo "$W/pipe" 2>/dev/null; then
    run piped --shard 1/1
    mv "$W/pipe" "$W/piped.job/piece_00000001"
    limit=20
    run piped --resume
    limit=
    check pipe "a pipe by the name of a piece is waited for" sh -c "[ -s '$W/.piped' ] || [ -e '$W/piped/recon.npy' ]"
fi
R="$V recon $W/scan.h5 -c 23.5 --device cpu --dry-run -o $W/other"
check dry_other "a dry run does not see that pieces are of other work" sh -c "$R --ring 9 --resume 2>&1 | grep -q 'holds pieces of other work'"
: >"$W/dry.job"
check dry_file "a dry run does not see a file in the job's place" sh -c "$V recon $W/scan.h5 -c 23.5 --device cpu --dry-run -o $W/dry --resume 2>&1 | grep -q 'cannot make the folder'"
# what is there is no obstacle where it is of this work, or of a run that was refused before its first piece
check dry_own "a dry run refuses its own pieces" sh -c "$V recon $W/scan.h5 -o $W/mixed2 -c 23.5 --device cpu -q --shard 1/2 && $V recon $W/scan.h5 -o $W/mixed2 -c 23.5 --device cpu -q --resume --dry-run >/dev/null"
$V recon "$W/high.h5" -g "$W/high.json" -o "$W/bare" --projections 0:9 --resume --device cpu -q >"$W/.bare" 2>&1
check refused_first "a short arc is taken" sh -c "grep -q 'arc' '$W/.bare' && ! ls '$W/bare.job' 2>/dev/null | grep -q piece_"
check bare "the work of a run that was refused stays in the way" $V recon "$W/high.h5" -g "$W/high.json" -o "$W/bare" --resume --device cpu -q
# a state of other options, and one that was damaged
until_kept "$W/state.job" $V recon "$W/scan.h5" -o "$W/state" -c 23.5 --device cpu -q -a cgls --iterations 4000 --resume --keep-every 0
run state -a cgls --iterations 4000 --damping 0.1 --resume
check other_state "a state of other options is taken" grep -q 'holds pieces of other work' "$W/.state"
file=$(ls "$W"/state.job/piece_* | tail -n 1)
printf x | dd of="$file" bs=1 seek=5000 conv=notrunc 2>/dev/null
run state -a cgls --iterations 4000 --resume
check damaged_state "a damaged state is used" grep -q 'damaged: its checksum' "$W/.state"
exit $failed
