#!/bin/sh
# voxgrad recon --algorithm: values, units, what is said, refusals.
cd "$(dirname "$0")/.." || exit 1
suite=cli_solve
. tests/tools/cli.sh
cat >"$W/.values.py" <<'TXT'
import json, struct, sys
def npy(path):
    raw = open(path, 'rb').read()
    n = 10 + struct.unpack('<H', raw[8:10])[0]
    count = 1
    for size in eval(raw[10:n])['shape']: count *= size
    return struct.unpack('<%df' % count, raw[n:n + 4 * count])
def apart(a, b):
    return (sum((x - y) ** 2 for x, y in zip(a, b)) / sum(y * y for y in b)) ** 0.5
TXT
values() { python3 -c "import sys; sys.path.insert(0, '$W'); exec(open('$W/.values.py').read())
$1"; }
$V simulate -q -o "$W/few.h5" --views 24 --rows 3 --cols 64 --pixel 0.25 --unit mm --volume-out "$W/truth.npy" >/dev/null
run() { # NAME options: a volume in $W/NAME, messages in $W/.NAME
    name=$1
    shift
    $V recon "$W/few.h5" -o "$W/$name" -c 31.5 --save-format npy --device cpu "$@" >"$W/.$name.json" 2>"$W/.$name"
}
run fbp
for a in sirt sart os-sart mlem; do
    run "$a" -a "$a" --bounds positive --json
    check "$a" "few views by $a are no better than filtered backprojection" values "
truth = npy('$W/truth.npy')
got, fbp = apart(npy('$W/$a/recon.npy'), truth), apart(npy('$W/fbp/recon.npy'), truth)
print(got, fbp)
assert got < 0.75 * fbp
j = json.load(open('$W/.$a.json'))
assert j['iterations'] > 0 and 0 < j['residual'] < 0.2, j
assert (j['negative_values'] > 0) == ('$a' == 'mlem'), j"
done
check says "how it went is not said" grep -q 'mlem: 50 iterations, residual .* % of the data' "$W/.mlem"
check says_negative "values below 0 are not said" grep -q 'line integrals are below 0.*count as 0: mlem takes none' "$W/.mlem"
check notes "the provenance has no residual" grep -q '"residual": "0\.0[0-9]* of the data"' "$W/sirt/provenance.json"
# a few grey values, and any loss: in 1/mm, and no worse than filtered backprojection
run dart -a dart --levels 0,0.05 --segmented --iterations 5
check dart "dart with --segmented has other values than its levels" values "
v = npy('$W/dart/recon.npy')
assert all(min(abs(x), abs(x - 0.05)) < 1e-6 for x in v) and max(v) > 0.04"
run lbfgs -a lbfgs --bounds positive --iterations 30 --json
run poisson -a lbfgs --loss poisson --bounds positive --iterations 30 --json
run adam -a adam --bounds positive --iterations 30 --subsets 4 --step 0.01 --json
for a in lbfgs poisson adam; do
    check "$a" "few views by $a are no better than filtered backprojection" values "
truth = npy('$W/truth.npy')
got, fbp = apart(npy('$W/$a/recon.npy'), truth), apart(npy('$W/fbp/recon.npy'), truth)
print(got, fbp)
assert got < 0.75 * fbp
j = json.load(open('$W/.$a.json'))
assert j['iterations'] == 30 and 0 < j['residual'] < 0.3, j
assert (j['negative_values'] > 0) == ('$a' == 'poisson'), j"
done
# without iterations: one of two by the scan's sizes, which is said
$V simulate -q -o "$W/wide.h5" --views 256 --rows 2 --cols 512 --photons 0 >/dev/null 2>&1
for a in auto fbp; do
    $V recon "$W/wide.h5" -o "$W/wide_$a" -c 255.5 --save-format npy --device cpu -a $a --json >"$W/.wide_$a.json" 2>"$W/.wide_$a"
done
check chosen "which algorithm it was is not said" values "
assert json.load(open('$W/.wide_auto.json'))['algorithm'] == 'fourier'
assert json.load(open('$W/.wide_fbp.json'))['algorithm'] == 'fbp'
assert json.load(open('$W/wide_auto/provenance.json'))['algorithm'] == 'fourier'
assert 'by Fourier reconstruction' in open('$W/.wide_auto').read()
assert 'Fourier' not in open('$W/.wide_fbp').read()"
# bounds are in 1/mm
run box -a sirt --iterations 20 --bounds box --lower 0.01 --upper 0.1
check box "a box in the volume's unit" values "
v = npy('$W/box/recon.npy')
assert abs(min(v) - 0.01) < 1e-6 and abs(max(v) - 0.1) < 1e-6, (min(v), max(v))"
# what is minimised does not know the unit: the same scan in um
$V simulate -q -o "$W/um.h5" --views 24 --rows 3 --cols 64 --pixel 250 --unit um >/dev/null
run tv -a fista-tv --iterations 10 --weight 0.05
$V recon "$W/um.h5" -q -o "$W/um" -c 31.5 --save-format npy --device cpu -a fista-tv --iterations 10 --weight 50 >/dev/null
check weight "a penalty's weight in another unit" values "
a, b = npy('$W/tv/recon.npy'), npy('$W/um/recon.npy')
print(apart([1000 * x for x in b], a))
assert apart([1000 * x for x in b], a) < 1e-5"
check long_steps "too long steps are not said" sh -c "$V recon '$W/few.h5' -o '$W/long' -c 31.5 --device cpu -a sirt \\
    --relaxation 3 --iterations 40 2>&1 | grep -q 'warning.*the residual is larger than the data'"
$V recon "$W/few.h5" -o "$W/quiet" -c 31.5 --device cpu -a sirt --relaxation 3 --iterations 40 -q --json >"$W/.quiet.json" 2>"$W/.quiet"
check quiet "quiet is not" test ! -s "$W/.quiet"
check quiet_warns "warnings of a quiet run are lost" values "
j, p = json.load(open('$W/.quiet.json')), open('$W/quiet/provenance.json').read()
assert any('the residual is larger than the data' in w for w in j['warnings']), j
assert '\"warning.residual-above-data\"' in p, p"
# the same scan in its geometry file's unit, and in another
for p in 0.25 1e-6; do
    $V simulate -q -o "$W/g$p.h5" --views 24 --rows 3 --cols 64 --pixel $p --unit mm --geometry-out "$W/g$p.json" >/dev/null
done
for a in "pdhg-tv --weight 0.01" "tv-pocs" "lsqr --damping 0.1"; do
    n=${a%% *}
    # shellcheck disable=SC2086
    run "$n" -a $a --iterations 5
    $V recon "$W/g0.25.h5" -g "$W/g0.25.json" -q -o "$W/$n.g" --save-format npy --device cpu -a $a --iterations 5 >/dev/null
    check "geometry_$n" "$n in a geometry file's unit" values "
a, b = npy('$W/$n/recon.npy'), npy('$W/$n.g/recon.npy')
print(apart(a, b))
assert apart(a, b) < 1e-3"
done
$V recon "$W/g1e-6.h5" -g "$W/g1e-6.json" -q -o "$W/small" --save-format npy --device cpu -a pdhg-tv --weight 4e-8 --iterations 5 >/dev/null
check geometry_unit "pdhg-tv where voxels are 1e-6 long" values "
a, b = npy('$W/pdhg-tv.g/recon.npy'), npy('$W/small/recon.npy')
print(apart([x * 4e-6 for x in b], a))
assert apart([x * 4e-6 for x in b], a) < 1e-3"
run one -a sirt --type slice --nsino 1 --iterations 5
run all -a sirt --iterations 5
check slice "a slice is not that of the volume" values "
one, all = npy('$W/one/slice_00001.npy'), npy('$W/all/recon.npy')
assert one == all[4096:8192]"
R="$V recon $W/few.h5 -o $W/o -c 31.5 --device cpu"
# shellcheck disable=SC2086
{
    refuses try 2 '\-\-type try does not go with --algorithm sirt' $R -a sirt --type try
    refuses cutoff 2 '\-\-cutoff does not go with --algorithm sirt' $R -a sirt --cutoff 0.5
    refuses filter 2 '\-\-filter does not go with --algorithm sirt' $R -a sirt --filter hann
    refuses of_fbp 2 '\-\-iterations goes with iterative methods; --algorithm is auto' $R --iterations 5
    refuses fourier_try 2 '\-\-type try does not go with --algorithm fourier' $R -a fourier --type try
    refuses unknown 2 "\-\-algorithm: there is no 'sort'" $R -a sort
    refuses of_another 2 '\-\-damping does not go with --algorithm sirt' $R -a sirt --damping 0
    refuses no_list 2 '\-\-order given: a list is given in C alone' $R -a sart --order given
    refuses half_a_box 2 '\-\-bounds box needs --lower and --upper' $R -a sirt --bounds box --lower -1
    refuses no_box 2 '\-\-bounds box from 0.2 to 0.1' $R -a sirt --bounds box --lower 0.2 --upper 0.1
    refuses box_below 2 '\-\-lower -2 does not go with --algorithm mlem, whose values are never below 0' $R -a mlem --bounds box --lower -2 --upper -1
    refuses bounds_of_none 2 '\-\-lower goes with --bounds box' $R -a sirt --bounds positive --lower 0
    refuses seed_of_none 2 '\-\-seed goes with --order random' $R -a sart --order golden --seed 5
    refuses bend_of_tv 2 '\-\-bend goes with --penalty huber' $R -a fista-tv --weight 1 --bend 0.1
    refuses no_weight 2 '\-\-algorithm pdhg-tv needs --weight' $R -a pdhg-tv
    refuses no_levels 2 '\-\-algorithm dart needs --levels' $R -a dart
    refuses levels_down 2 'levels\[1\] is 0 after' $R -a dart --levels 0.1,0
    refuses levels_of_another 2 '\-\-levels does not go with --algorithm sirt' $R -a sirt --levels 0,1
    refuses no_step 2 '\-\-algorithm adam needs --step' $R -a adam
    refuses loss_of_another 2 '\-\-loss does not go with --algorithm sirt' $R -a sirt --loss poisson
    refuses penalty_of_none 2 '\-\-penalty goes with --weight' $R -a lbfgs --penalty square
    refuses no_delta 2 '\-\-algorithm awtv-pocs needs --delta' $R -a awtv-pocs
    refuses diverged 6 'numbers are not finite' $R -a sirt --relaxation 5
}
# the example: sizes of scan and geometry differ; a geometry file of any length is read to its end
ex=$build/examples/few_views
if [ -x "$ex" ]; then
    for n in 64 72; do
        $V simulate -q -o "$W/fan$n.h5" --views 721 --rows 1 --cols $n --sod 300 --sdd 450 --geometry-out "$W/fan$n.json" >/dev/null
    done
    { printf '%70000s' '' && cat "$W/fan72.json"; } >"$W/long.json"
    for g in fan72 long; do
        refuses "few_views_$g" 3 'the geometry has 721 views of 1 x 72 pixels, the scan 721 of 1 x 64' "$ex" "$W/fan64.h5" exchange/data "$W/$g.json" "$W/no.png" 16
    done
else
    skip few_views "the example is not built"
fi
exit $failed
