#!/bin/sh
# voxgrad track: a tractogram out of a series; the same bits for threads, blocks, parts, runs that are killed and one
# seed alone; what is written beside it; ready-made functions, regions, lists of seeds; wrong inputs; the processor
# against OpenCL.
cd "$(dirname "$0")/.." || exit 1
suite=cli_track
. tests/tools/cli.sh
python3 tests/tools/dwi_files.py make "$W"
good=$W/good.nii.gz mask=$W/mask.nii.gz
# run NAME options: a tractogram $W/NAME.trx, the processor's unless the options say another
run() {
    name=$1
    shift
    "$V" track --device cpu --mask "$mask" --no-report -o "$W/$name.trx" "$@" >"$W/.out" 2>"$W/.err" && return 0
    cat "$W/.err"
    fail "$name" "the command fails"
    return 1
}
holds() { check "$1" "not so" python3 tests/tools/tract_files.py check "$2"; }
says() { check "$1" "nothing about '$2'" grep -qE "$2" "$W/.err"; }
same() { check "$1" "$2 and $3 differ" cmp "$W/$2.trx" "$W/$3.trx"; }
regions() { # halves of the image along i, and a plane
    PYTHONPATH=tests/tools python3 -c "
import sys
from dwi_files import *
n = SIZE[0] * SIZE[1] * SIZE[2]
for name, rule in (('left', lambda i: i < 6), ('right', lambda i: i >= 6), ('plane', lambda i: i == 6), ('far', lambda i: i == 11)):
    write(sys.argv[1] + '/' + name + '.nii', SIZE, [1 if rule(v % SIZE[0]) else 0 for v in range(n)], code=2)
write(sys.argv[1] + '/top.nii', SIZE, [1 if v // SIZE[0] // SIZE[1] >= 4 else 0 for v in range(n)], code=2)
write(sys.argv[1] + '/stop.nii', SIZE, [0.9 if 3 <= v % SIZE[0] < 9 else 0.1 for v in range(n)])
write(sys.argv[1] + '/holes.nii', SIZE, [math.nan if v % 7 == 0 else 0.9 for v in range(n)])
write(sys.argv[1] + '/gaps.nii', SIZE, [math.nan if v % 7 == 0 else 1 if v % SIZE[0] < 6 else 0 for v in range(n)])
write(sys.argv[1] + '/left_of_gaps.nii', SIZE, [1 if v % 7 and v % SIZE[0] < 6 else 0 for v in range(n)], code=2)
write(sys.argv[1] + '/no_numbers.nii', SIZE, [math.nan] * n)
write(sys.argv[1] + '/half.nii', (6, 10, 8), [1] * (n // 2), code=2)
" "$W"
}
regions

# ---- alone ----
"$V" track "$good" -o "$W/plain.trx" --mask "$mask" --seeds 2000 --device cpu --json >"$W/.out" 2>"$W/.err" || cat "$W/.err"
check json "no JSON" valid_json "$W/.out"
says chosen 'probabilistic tracking through densities of fibres \(CSD\) of order 6 \(chosen from the data: 30 directions\)'
says response 'response: [0-9]+ voxels'
# fibres run along x: streamlines do, from one side of the ball to the other
holds along_x "all(abs(l[0][0] - l[-1][0]) > 0.8 * length(l) for l in lines('$W/plain.trx')) and
    len(lines('$W/plain.trx')) > 1000 and min(map(length, lines('$W/plain.trx'))) >= 9.999"
holds about "(lambda a: a['model'] == 'csd' and a['model.order'] == '6' and a['option.seeds'] == '2000' and
    len(a['input.sha256']) == 64 and int(a['streamlines']) == len(lines('$W/plain.trx')) and
    int(a['seeds']) == 2000 and sum(int(a['ended.' + k]) for k in ('direction', 'map', 'outside', 'length', 'region',
    'turn')) >= 2 * int(a['streamlines']) and int(a['points']) == sum(map(len, lines('$W/plain.trx'))))(about('$W/plain.json'))"
commissural() { # along x, in voxels, through the middle of the grid
    python3 tests/tools/tract_files.py check "int(about('$W/plain.json')['streamlines.commissural']) == sum(
        min((11 - p[0]) / 2 for p in l) < 6 < max((11 - p[0]) / 2 for p in l) for l in lines('$W/plain.trx'))"
}
check commissural "another number of commissural streamlines" commissural
holds page "page('$W/plain.html') == 12 and 'chosen from the data' in open('$W/plain.html').read()"

# ---- the same bits ----
run one --seeds 2000 --threads 1 "$good"
run two --seeds 2000 --threads 2 --block 1000 "$good"
run all --seeds 2000 --block 100000 "$good"
same threads plain one
same blocks plain two
same one_block plain all
run many --seeds 40000 "$good"
for i in 1 2 3; do "$V" track "$good" --device cpu --mask "$mask" -o "$W/part$i.trx" --seeds 40000 --shard $i/3 -q || exit 1; done
check no_results "a part makes results" test ! -e "$W/part1.trx"
check merged "something is left" sh -c "'$V' merge '$W/part1.trx.job' '$W/part2.trx.job' '$W/part3.trx.job' --json |
    grep -q '\"blocks_left\": 0'"
run part1 --seeds 40000 --resume "$good"
same shards many part1
check clean "pieces stay behind" test ! -e "$W/part1.trx.job"
run whole --seeds 40000 --resume "$good"
same pieces many whole
holds told "all(about('$W/many.json')[k] == about('$W/part1.json')[k] for k in about('$W/many.json')
    if not k.startswith(('option', 'command', 'date')))"
"$V" track "$good" --mask "$mask" --no-report -q -o "$W/dealt.trx" --seeds 40000 --device cpu,cpu >/dev/null
same dealt many dealt
holds dealt_told "all(about('$W/many.json')[k] == about('$W/dealt.json')[k] for k in about('$W/many.json')
    if not k.startswith(('option', 'command', 'date')))"
run short --seeds 12 --min-length 0 "$good"
i=0
while [ $i -lt 12 ]; do
    run only$i --seeds 12 --min-length 0 --only-seed $i "$good"
    i=$((i + 1))
done
holds only_seed "sum((lines('$W/only%d.trx' % i) for i in range(12)), []) == lines('$W/short.trx') != []"
# killed at any moment and called again
i=0
while [ $i -lt 12 ]; do
    timeout -s KILL 0.$(printf %02d $(((i * 37 + 11) % 45 + 5))) "$V" track "$good" --device cpu --mask "$mask" \
        --no-report -o "$W/killed.trx" --seeds 40000 --resume -q >/dev/null 2>&1
    [ -e "$W/killed.trx" ] && break
    i=$((i + 1))
done
[ -e "$W/killed.trx" ] || run killed --seeds 40000 --resume "$good"
same killed many killed
refuses other_work 3 'other work|pieces' sh -c "
    '$V' track '$good' --device cpu --mask '$mask' -o '$W/o.trx' --seeds 40000 --shard 1/3 -q &&
    '$V' track '$good' --device cpu --mask '$mask' -o '$W/o.trx' --seeds 40000 --resume --max-angle 30 -q; rc=\$?
    rm -r '$W/o.trx.job'; exit \$rc"

mkdir "$W/plain.trx.job"
refuses left_over 4 'plain.trx exists .*; .*plain.trx.job is still there, too' "$V" track "$good" -o "$W/plain.trx" --resume
rmdir "$W/plain.trx.job"

# ---- the file ----
run thick --seeds 500 --getter deterministic "$good"
run thin --seeds 500 --getter deterministic --linearize 0.1 "$good"
holds linearize "sum(map(len, lines('$W/thin.trx'))) < 0.6 * sum(map(len, lines('$W/thick.trx'))) and
    [(l[0], l[-1]) for l in lines('$W/thin.trx')] == [(l[0], l[-1]) for l in lines('$W/thick.trx')] and
    int(about('$W/thin.json')['points.written']) == sum(map(len, lines('$W/thin.trx')))"
run half --seeds 2000 --dtype float16 "$good"
holds float16 "apart(lines('$W/half.trx'), lines('$W/plain.trx'), 0.01) == 0"
for end in trk tck; do
    "$V" track "$good" --device cpu --mask "$mask" --no-report -q -o "$W/other_$end.$end" --seeds 2000 >/dev/null
    "$V" tracks convert "$W/other_$end.$end" "$W/back_$end.trx" --reference "$good" -q
    holds $end "apart(lines('$W/back_$end.trx'), lines('$W/plain.trx'), 1e-4) == 0"
done

# ---- what streamlines run through ----
"$V" csd "$good" --device cpu --mask "$mask" -o "$W/fod.nii" -q >/dev/null
run ready --seeds 2000 --fod "$W/fod.nii" "$good"
same fod plain ready
run fod_alone --seeds 500 --fod "$W/fod.nii"
says fod_alone 'probabilistic tracking through harmonics of --fod'
"$V" peaks "$W/fod.nii" --device cpu --mask "$mask" --maps peaks -o "$W/pk.nii" -q >/dev/null
run vectors --seeds 500 --peaks "$W/pk.nii"
holds vectors "lines('$W/vectors.trx') and all(abs(l[0][0] - l[-1][0]) > 0.95 * length(l) for l in lines('$W/vectors.trx'))"
for getter in deterministic peak vector bootstrap ptt; do
    run "$getter" --seeds 300 --getter $getter "$good"
    holds $getter "len(lines('$W/$getter.trx')) > 100 and all(abs(l[0][0] - l[-1][0]) > 0.7 * length(l) for l in lines('$W/$getter.trx'))"
done
run few --seeds 300 "$good" --bvals "$W/few.bval" --bvecs "$W/good.bvec" --json
says few 'tensor tracking through diffusion tensors \(chosen from the data: 11 directions are too few'
check few_json "the JSON does not say why" grep -q '"why": "chosen from the data: 11 directions are too few' "$W/.out"
holds few_page "'too few' in about('$W/few.json')['model.why']"
run shells --seeds 300 "$good" --bvals "$W/two.bval" --bvecs "$W/good.bvec" --model opdt
says highest_shell 'shell 2 of 2, the highest \(--shell\): 15 directions of b = 2000 s/mm2'
run shell_asked --seeds 300 "$good" --bvals "$W/two.bval" --bvecs "$W/good.bvec" --model csa --shell 1
says shell_asked 'shell 1 of 2: 15 directions of b = 1000 s/mm2'
run single --seeds 300 "$good" --model tensor --getter deterministic
says deterministic_tensor 'tensor tracking through diffusion tensors \(as asked for\)'

# ---- where they end, which are kept ----
run stopped --seeds 500 "$good" --stop-map "$W/stop.nii" --threshold 0.5 --min-length 0
holds stop_map "max(abs(p[0]) for l in lines('$W/stopped.trx') for p in l) < 7"
run kept --seeds 500 "$good" --stop-mask "$W/left.nii" --min-length 0
holds stop_mask "min(p[0] for l in lines('$W/kept.trx') for p in l) >= 0"
holds one_side "about('$W/kept.json')['streamlines.commissural'] == '0' != about('$W/kept.json')['streamlines']"
run through --seeds 2000 "$good" --include "$W/left.nii" --include "$W/right.nii" --include "$W/plane.nii"
holds include "[l for l in lines('$W/plain.trx') if all(any(a <= round((11 - p[0]) / 2) <= b for p in l) for a, b in
    ((0, 5), (6, 11), (6, 6)))] == lines('$W/through.trx')"
run around --seeds 2000 "$good" --exclude "$W/plane.nii"
says none 'warning: no streamline: of 2000 seeds'
holds exclude "lines('$W/around.trx') == []"
run below --seeds 2000 "$good" --exclude "$W/top.nii" --exclude "$W/far.nii" --force
holds exclude_two "[l for l in lines('$W/plain.trx') if not any(p[2] >= 0.75 or p[0] <= -10 for p in l)] == lines('$W/below.trx') != []"
run holes --seeds 200 "$good" --stop-map "$W/holes.nii" --min-length 0
says nan_map 'holes.nii: [0-9]+ of 960 voxels hold a value that is NaN'
run gaps --seeds 500 "$good" --stop-mask "$W/gaps.nii" --min-length 0
says nan_region 'gaps.nii: 138 of 960 voxels hold a value that is NaN or infinite: they are not in it'
check nan_once "said more than once" test "$(grep -c 'hold a value' "$W/.err")" = 1
run no_gaps --seeds 500 "$good" --stop-mask "$W/left_of_gaps.nii" --min-length 0
same nan_region_same gaps no_gaps
run gaps_in --seeds 50 "$good" --include "$W/gaps.nii" --seed-mask "$W/gaps.nii" --min-length 0
check nan_regions "not said of both" test "$(grep -c 'gaps.nii: 138 of 960' "$W/.err")" = 2
run from --seeds 200 "$good" --seed-mask "$W/left.nii" --min-length 0
says low_seeds 'left.nii: [0-9]+ of 480 voxels are at or below the threshold'
run grid --seed-grid 1 "$good" --min-length 0 --json
holds grid "int(about('$W/grid.json')['seeds']) > 100"

# ---- lists of seeds ----
printf '0 0 0\n1 0 1\n500 0 0\n' >"$W/seeds.txt"
printf '500 0 0\n600 0 0\n' >"$W/outside.txt"
printf '0 0\n1 0\n' >"$W/pairs.txt"
run list --seed-list "$W/seeds.txt" "$good"
says outside '1 of 3 seeds lie outside the image'
holds list "len(lines('$W/list.trx')) == 2 and all(min(math.dist(p, q) for p in l) < 1e-5 for l, q in
    zip(lines('$W/list.trx'), ((0, 0, 0), (1, 0, 1))))"

# ---- what would be done ----
before=$(listing)
"$V" track "$good" -o "$W/dry.trx" --mask "$mask" --device cpu --dry-run >"$W/.out" 2>"$W/.err"
check dry_code "code" test $? = 0
check dry_nothing "something was written" test "$before" = "$(listing)"
check dry_words "what would be done" sh -c "for line in 'model: csd' 'order: 6' 'getter: probabilistic' 'seeds: 100000' \
    'device: cpu' 'output: $W/dry.trx' 'output: $W/dry.json' 'output: $W/dry.html'; do
    grep -qx \"\$line\" '$W/.out' || { echo \"no \$line\"; exit 1; }; done; grep -q '^memory_of_field_bytes: [1-9]' '$W/.out'"
refuses dry_exists 4 'plain.trx exists' "$V" track "$good" -o "$W/plain.trx" --mask "$mask" --dry-run

# ---- run_gpu_streamlines.py's options ----
five="$good $W/good.bval $W/good.bvec $mask $mask"
cus() { "$V" track --cuslines $five --device cpu --no-report "$@" >"$W/.out" 2>"$W/.err"; }
check cuslines "the command fails" cus --output-prefix "$W/cus" --nseeds 300 --json
says cuslines_getter 'bootstrap tracking through orientation functions \(OPDT\) of order 4'
# steps of half a voxel: of sides 2, 2 and 2.5 mm in the mean
holds cuslines_step "all(abs(math.dist(a, b) - 6.5 / 6) < 1e-4 for l in lines('$W/cus.trx') for a, b in zip(l, l[1:]))"
says cuslines_sides 'voxels of 2 x 2 x 2.5 mm'
holds cuslines_values "about('$W/cus.json')['threshold'].startswith('0.1') and about('$W/cus.json')['option.max-angle'] == '60'"
check cuslines_prob "the command fails" cus --output-prefix "$W/cusp" --nseeds 300 --dg prob --write-method trk
says cuslines_csd 'probabilistic tracking through densities of fibres \(CSD\) of order 4'
check cuslines_trk "no file" test -s "$W/cusp.trk"
before=$(listing)
check cuslines_nothing "the command fails" cus --nseeds 50
check cuslines_no_file "something was written" test "$before" = "$(listing)"
check cuslines_peaks "the command fails" cus --output-prefix "$W/apart" --nseeds 300 --dg prob --relative-peak-threshold 0 \
    --min-separation-angle 25
check cuslines_all_peaks "the command fails" cus --output-prefix "$W/near" --nseeds 300 --dg prob \
    --relative-peak-threshold 0 --min-separation-angle 0
holds cuslines_separation "len(lines('$W/near.trx')) > len(lines('$W/apart.trx'))"
refuses cuslines_angle 2 '\-\-max-angle: 0 degrees; above 0' "$V" track --cuslines $five --max-angle 0
refuses hardi 2 'Stanford HARDI' "$V" track --cuslines hardi
refuses no_roi 2 'the ROI is not given' "$V" track --cuslines "$good" "$W/good.bval" "$W/good.bvec" "$mask"
refuses no_cache 2 'unknown option.*cache-dir' "$V" track --cuslines $five --cache-dir "$W"

# ---- wrong inputs ----
bad() { "$V" track --device cpu --mask "$mask" -o "$W/n.trx" "$@"; }
table() { bad "$good" "$@"; }
refuses bval_count 3 'short.bval: ' table --bvals "$W/short.bval" --bvecs "$W/good.bvec"
refuses bvec_count 3 'short.bvec: directions of 3 x 30' table --bvals "$W/good.bval" --bvecs "$W/short.bvec"
refuses bvec_length 3 'volume 5' table --bvals "$W/good.bval" --bvecs "$W/long.bvec"
refuses all_b0 3 'no volume is weighted' table --bvals "$W/zero.bval" --bvecs "$W/good.bvec"
refuses cut 3 'cut.nii.gz' bad "$W/cut.nii.gz"
refuses three_axes 3 'three.nii.gz: 3 axes' bad "$W/three.nii.gz"
refuses mask_grid 3 'mask_small.nii.gz: 11 x 10 x 8 voxels' "$V" track "$good" -o "$W/n.trx" --mask "$W/mask_small.nii.gz"
refuses seed_mask_grid 3 '\-\-seed-mask: .*half.nii: 6 x 10 x 8' table --seed-mask "$W/half.nii"
refuses include_grid 3 '\-\-include: .*half.nii: 6 x 10 x 8' table --include "$W/left.nii,$W/half.nii"
refuses seed_mask_empty 3 'mask_empty.nii.gz: no voxel is in the mask of seeds' table --seed-mask "$W/mask_empty.nii.gz"
refuses stop_mask_empty 3 '\-\-stop-mask: .*mask_empty.nii.gz: no voxel is in it' table --stop-mask "$W/mask_empty.nii.gz"
refuses stop_mask_nan 3 '\-\-stop-mask: .*no_numbers.nii: no voxel is in it' table --stop-mask "$W/no_numbers.nii"
refuses stop_mask_elsewhere 3 'no voxel of the mask within --stop-mask has a map above' table --stop-mask "$W/left.nii" \
    --mask "$W/right.nii"
refuses mask_nan 3 'no_numbers.nii: no voxel is in the mask' table --mask "$W/no_numbers.nii"
refuses all_nan 3 'allnan.nii.gz: every voxel' bad "$W/allnan.nii.gz"
run nan_voxel --seeds 200 "$W/nan.nii.gz"
says nan_voxel '2 of 960 voxels hold a value that is NaN or infinite: they are left out'
refuses step_zero 2 '\-\-step: 0 mm' table --step 0
refuses step_negative 2 '\-\-step' table --step -1
refuses all_outside 3 'outside.txt: all of 2 seeds lie outside' table --seed-list "$W/outside.txt"
refuses pairs 3 'pairs.txt: 2 numbers a line; x y z' table --seed-list "$W/pairs.txt"
refuses no_seeds 3 'above --threshold 2' table --threshold 2
refuses two_kinds 2 '\-\-seeds does not go with --seed-grid' table --seeds 5 --seed-grid 2
refuses no_output 2 '\-\-output is missing' "$V" track "$good"
refuses ending 2 'ends in none of .trx, .trk and .tck' "$V" track "$good" -o "$W/n.vtk"
refuses half_trk 2 '\-\-dtype float16 does not go with trk' "$V" track "$good" -o "$W/n.trk" --dtype float16
refuses no_input 2 'an operand is missing: a diffusion series' "$V" track -o "$W/n.trx"
refuses two_functions 2 'one is enough' table --fod "$W/fod.nii" --peaks "$W/pk.nii"
refuses model_of_fod 2 '\-\-model does not go with --fod' table --fod "$W/fod.nii" --model csd
refuses getter 2 '\-\-getter tensor does not go with densities' table --model csd --getter tensor
refuses few_getter 2 '11 directions a shell, which determine no' table --getter probabilistic --bvals "$W/few.bval" \
    --bvecs "$W/good.bvec"
refuses unheeded 2 '\-\-order does not go with the model tensor' table --model tensor --order 4
# what the model, the getter or the inputs do not look at
alone() { bad --peaks "$W/pk.nii" "$@"; }
refuses unheeded_bvals 2 '\-\-bvals does not go with --fod alone: it is of a series' bad --fod "$W/fod.nii" \
    --bvals "$W/good.bval" --bvecs "$W/good.bvec"
refuses unheeded_grad 2 '\-\-grad does not go with --peaks alone' alone --grad "$W/good.b"
refuses unheeded_b0 2 '\-\-b0-threshold does not go with --fod alone' bad --fod "$W/fod.nii" --b0-threshold 10
run table_beside --seeds 100 --fod "$W/fod.nii" "$good" --bvals "$W/good.bval" --bvecs "$W/good.bvec"
refuses unheeded_map 2 '\-\-threshold does not go with --peaks alone: there is no map' alone --threshold 0.2
refuses unheeded_rules 2 '\-\-rules cuslines does not go with --peaks alone' alone --rules cuslines
run vectors_map --seeds 100 --peaks "$W/pk.nii" --stop-map "$W/stop.nii" --threshold 0.5 --rules cuslines
for from in recursive "$W/response.txt"; do
    refuses "unheeded_fa_$(basename "$from" .txt)" 2 '\-\-response-fa is of --response auto, and this is' \
        table --response "$from" --response-fa 0.6
done
refuses unheeded_everywhere 2 '\-\-response-everywhere is of --response auto' table --response recursive \
    --response-everywhere
refuses unheeded_attempts 2 '\-\-attempts is of --getter bootstrap, and this is probabilistic' table --attempts 3
refuses unheeded_follow 2 '\-\-attempts is of --getter bootstrap, and this is peak' table --getter peak --attempts 3
refuses unheeded_nibrary 2 '\-\-rules nibrary is of --getter ptt' table --rules nibrary
refuses unheeded_pmf 2 '\-\-pmf-threshold is of --getter probabilistic, deterministic, and this is ptt' \
    table --getter ptt --pmf-threshold 0.2
refuses unheeded_half 2 '\-\-half is of --getter probabilistic, deterministic, ptt, peak, and this is bootstrap' \
    table --getter bootstrap --half
for option in 'sphere repulsion100' 'peaks-per-seed 2' 'min-separation 30'; do
    # shellcheck disable=SC2086
    refuses "unheeded_${option% *}" 2 "\-\-${option% *} does not go with the model tensor, which" \
        table --model tensor --$option
done
refuses unheeded_sphere_vectors 2 '\-\-sphere does not go with the model vectors' alone --sphere repulsion100
run heeded_vector --seeds 100 "$good" --getter vector --sphere repulsion100 --peaks-per-seed 2 --min-separation 30
run heeded_tensor --seeds 100 "$good" --model tensor --rules dipy
run heeded_boot --seeds 100 "$good" --getter bootstrap --attempts 3 --sphere repulsion100 --rules cuslines
# parallel transport's, by the options' names
ptt() { table --getter ptt --seeds 10 "$@"; }
refuses ptt_quality 2 '\-\-probe-quality 1: 2 points at least' ptt --probe-quality 1
refuses ptt_ring 2 '\-\-probe-radius 0 mm and --probe-count 3: a ring' ptt --probe-count 3
refuses ptt_round 2 'voxgrad: --probe-length 900 mm with --min-radius 1 mm: the probe goes round' ptt --probe-length 900 \
    --min-radius 1
refuses ptt_another 2 '\-\-probe-quality is of --getter ptt, and this is probabilistic' table --probe-quality 3
refuses lengths_turned 2 '\-\-min-length 30 mm is more than two halves of --max-length 10 mm' table --min-length 30 \
    --max-length 10
refuses too_many_points 2 'voxgrad: --max-length 500 mm in steps of 0.0001 mm' table --step 0.0001
refuses odd_sh 3 'odd_sh.nii: 14 volumes are no set of harmonics' bad --fod "$W/odd_sh.nii"
refuses samples 3 'odd_sh.nii: 14 samples; --sphere hemi:repulsion724 has 362' bad --odf "$W/odd_sh.nii"
refuses only_beyond 2 '\-\-only-seed 5: there are 5' table --seeds 5 --only-seed 5
refuses dealt_parts 2 '\-\-device cpu,cpu does not go with --shard' "$V" track "$good" -o "$W/n.trx" --device cpu,cpu --shard 1/2
refuses dealt_hole 2 "\-\-device: 'cpu,,cpu' is no list" "$V" track "$good" -o "$W/n.trx" --device cpu,,cpu
refuses dealt_none 5 'nosuch' "$V" track "$good" -o "$W/n.trx" --mask "$mask" --device cpu,nosuch
refuses shard_word 2 "\-\-shard: '4/3' is no part" table --shard 4/3
refuses shard_resume 2 '\-\-resume does not go with --shard' table --shard 1/3 --resume
refuses exists 4 'plain.trx exists \(--force' "$V" track "$good" -o "$W/plain.trx"
refuses is_input 4 'good.nii.gz' "$V" track "$good" -o "$W/n.trx" --report "$good" --force
limited() { (ulimit -f 64 && "$@"); }
refuses size_limit 4 'File too large|No space|no room' limited "$V" track "$good" --device cpu --mask "$mask" \
    -o "$W/n.trx" --seeds 20000
if mkdir "$W/disk" && mount -t tmpfs -o size=64k tmpfs "$W/disk" 2>/dev/null; then
    refuses full_disk 4 'No space|no room' "$V" track "$good" --device cpu --mask "$mask" -o "$W/disk/n.trx" --seeds 20000
    umount "$W/disk"
else
    skip full_disk "mounting a small file system is not allowed here"
fi
rmdir "$W/disk" 2>/dev/null
interrupted interrupt 2 "$W/" "$V" track "$good" --device cpu --mask "$mask" -o "$W/n.trx" --seeds 20000

# ---- the processor against OpenCL ----
if "$V" devices --json | grep -q '"opencl:0"'; then
    run cpu --seeds 2000 --min-length 0 "$good"
    run ocl --seeds 2000 --min-length 0 --device opencl:0 "$good"
    python3 tests/tools/tract_files.py check "print(apart(lines('$W/cpu.trx'), lines('$W/ocl.trx'), 1.0), 'of',
        len(lines('$W/cpu.trx')), 'streamlines differ by more than a step') or True"
    holds opencl "apart(lines('$W/cpu.trx'), lines('$W/ocl.trx'), 1.0) < 0.001 * len(lines('$W/cpu.trx'))"
else
    skip opencl "no OpenCL device here"
fi
exit $failed
