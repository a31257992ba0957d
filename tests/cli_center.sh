#!/bin/sh
# The rotation axis of measured and simulated scans, from the command.
cd "$(dirname "$0")/.." || exit 1
suite=cli_center
. tests/tools/cli.sh

# near NAME FILE EXPECTED TOLERANCE OPTIONS: both methods and the one used.
near() {
    name=$1 file=$2 expected=$3 tolerance=$4
    shift 4
    if $V center "$file" --json "$@" >"$W/c.json" 2>"$W/err" &&
        python3 - "$W/c.json" "$expected" "$tolerance" <<'PY'; then
import json, sys
c = json.load(open(sys.argv[1]))
for key in ("fourier_wedge", "registration", "center"):
    off = abs(c[key] - float(sys.argv[2]))
    assert off <= float(sys.argv[3]), f"{key} {c[key]}, {sys.argv[2]} expected"
PY
        pass "$name"
    else
        cat "$W/err"
        fail "$name" "not $expected within $tolerance"
    fi
}
near tooth $tooth 295.7 0.4
near tooth_one_row $tooth 295.7 0.4 --nsino 0
near tooth_fewer_columns $tooth 295.7 0.4 --columns 60:600
near grain $grain 85.8 0.5
near grain_range $grain 85.8 0.5 --center-range 80:92
if has_hdf5; then
    "$make_scan" "$W/sim.h5" views=180 rows=9 cols=128 center=59.3
    near simulated "$W/sim.h5" 59.3 0.15
    near simulated_reversed "$W/sim.h5" 59.3 0.15 --reverse
    "$make_scan" "$W/full.h5" views=360 rows=9 cols=128 center=66.8 arc=360
    near full_turn "$W/full.h5" 66.8 0.15
    "$make_scan" "$W/nx.h5" views=181 rows=5 cols=128 center=70.25 format=nxtomo
    near nxtomo "$W/nx.h5" 70.25 0.15
    # one NAME EXPECTED TOLERANCE FILE: the axis that is used.
    one() {
        check "$1" "not $2 within $3" python3 -c "
import subprocess, sys
c = float(subprocess.run(['$V', 'center', '$4'], stdout=subprocess.PIPE, check=True).stdout)
sys.exit(abs(c - $2) > $3)"
    }
    # contrast 0.1, rings of the noise in a single flat field, noise
    for seed in 1 2 3; do
        "$V" simulate -o "$W/faint.h5" -p disc --peak 0.1 --rows 4 --cols 1258 -c 629 --views 360 \
            --range 360 --flats 1 --photons 4000 --seed $seed -q --force >/dev/null
        one faint_$seed 629 0.5 "$W/faint.h5"
    done
    for c in 13 26 51 77 102 115; do
        "$V" simulate -o "$W/side.h5" --rows 3 --cols 128 -c $c --views 360 --range 360 -q --force >/dev/null
        one side_$c $c 0.15 "$W/side.h5"
    done
    "$V" center "$W/side.h5" --json 2>/dev/null >"$W/c.json"
    check side_json "how it was found" grep -q 'registration of all opposite views' "$W/c.json"
    "$V" recon "$W/side.h5" -o "$W/side" --type slice --device cpu 2>"$W/err" >"$W/out"
    check side_recon "$(cat "$W/err")" sh -c "grep -q 'slices of [0-9]* x [0-9]* voxels from 128' '$W/err' &&
        grep -q '\"center.method\": \"registration of all' '$W'/side/*.json"
    # ---- an axis that cannot be told, or lies outside what was searched, is not given in silence ----
    border='warning \(centre-at-border\): the axis is put at column .*may lie beyond'
    for c in 7 119; do
        "$V" simulate -o "$W/edge.h5" -p disc --rows 3 --cols 128 -c $c --views 180 --range 360 --photons 20000 -q \
            --force >/dev/null
        "$V" center "$W/edge.h5" --json -o "$W/edge.png" --force >"$W/c.json" 2>"$W/err"
        check "edge_$c" "$(cat "$W/err")" sh -c "[ \$(grep -cE '$border' '$W/err') = 1 ] &&
            ! grep -q 'best score' '$W/err' && grep -q '\"the axis is put at column' '$W/c.json' &&
            grep -aq 'warning.centre-at-border' '$W/edge.png'"
    done
    "$V" simulate -o "$W/over.h5" --rows 3 --cols 128 -c 3 --views 180 --range 360 -q >/dev/null
    "$V" center "$W/over.h5" --json >"$W/c.json" 2>"$W/err"
    check edge_unlike "$(cat "$W/err")" sh -c "grep -q 'warning (centre-uncertain): .*opposite ones do not show' '$W/err' &&
        grep -q 'opposite ones do not show' '$W/c.json'"
    "$V" recon "$W/edge.h5" -o "$W/edge" --type slice --device cpu --json -q >"$W/c.json" 2>"$W/err"
    check edge_recon "$(cat "$W/err")" sh -c "[ ! -s '$W/err' ] && grep -q 'axis is put at column' '$W/c.json' &&
        grep -q '\"warning.centre-at-border\": ' '$W'/edge/*.json"
    "$V" center "$W/sim.h5" --center-range 62:70 >"$W/out" 2>"$W/err"
    check edge_range "$(cat "$W/err")" grep -qE "$border, outside --center-range" "$W/err"
    "$V" center "$W/side.h5" >"$W/out" 2>"$W/err"
    check edge_not "$(cat "$W/err")" sh -c "! grep -q 'centre-at-border' '$W/err'"
    for r in 40: :128 40:128 58.9:59.9:0.01; do
        near "range_$r" "$W/sim.h5" 59.3 0.15 --center-range $r
    done
    refuses range_fine 2 '\-\-center-range: .*steps 1e-06' "$V" center "$W/sim.h5" --center-range 40:80:1e-6
    # ---- fan and cone: the scan has its axis elsewhere than the geometry file says ----
    # fan NAME COLUMN OPTIONS: simulated with the axis at COLUMN, found by a file that has it in the middle
    fan() {
        name=$1 c=$2
        shift 2
        common="--cols 128 --sod 300 --sdd 500 --views 240 --unit mm -q --force"
        # shellcheck disable=SC2086
        "$V" simulate -o "$W/fan.h5" $common -c "$c" "$@" --geometry-out "$W/right.json" >/dev/null
        # shellcheck disable=SC2086
        "$V" simulate -o "$W/middle.h5" $common "$@" --geometry-out "$W/wrong.json" >/dev/null
        "$V" recon "$W/fan.h5" -g "$W/wrong.json" -c auto -o "$W/auto" --type slice --save-format npy \
            --device cpu --force >"$W/out" 2>"$W/err"
        "$V" recon "$W/fan.h5" -g "$W/right.json" -o "$W/given" --type slice --save-format npy \
            --device cpu --force -q >"$W/out"
        check "$name" "$(cat "$W/err")" python3 - "$W" "$c" <<'PY'
import array, glob, json, sys
w, c = sys.argv[1], float(sys.argv[2])
p = json.load(open(glob.glob(w + "/auto/slice_*.json")[0]))
def value(d, key):
    if isinstance(d, dict):
        if key in d:
            return d[key]
        d = list(d.values())
    for x in d if isinstance(d, list) else []:
        v = value(x, key)
        if v is not None:
            return v
found = float(value(p, "center"))
assert abs(found - c) < 0.1, found
assert abs(float(value(p, "geometry.detector_shift").split()[0]) - (63.5 - found)) < 1e-9, p
assert value(p, "center.method") == "conjugate rays"
a, b = (array.array("f", open(glob.glob(f"{w}/{d}/slice_*.npy")[0], "rb").read()[128:]) for d in ("auto", "given"))
most = max(map(abs, b))
worst = sum(abs(x - y) for x, y in zip(a, b)) / len(a)
assert worst < 0.005 * most, (worst, most)
PY
    }
    fan fan 66.3 --rows 1
    fan fan_low 58 --rows 1 --flats 1 --photons 4000
    fan fan_curved 60.2 --rows 1 --detector curved
    fan fan_clockwise 66.3 --rows 1 --range -360
    fan fan_uneven 61.25 --rows 1 --views 241
    fan cone 61.8 --rows 32
    fan cone_odd 65.4 --rows 9
    check fan_said "$(cat "$W/err")" grep -qE 'axis at column 65.[34][0-9] by conjugate rays; .*wrong.json sees it at 63.50: the detector is moved by -1.[89][0-9] columns .-1.[89][0-9]* mm along its rows' "$W/err"
    "$V" simulate -o "$W/short.h5" --rows 1 --cols 128 --views 150 --range 230 --sod 300 --sdd 500 -q \
        --geometry-out "$W/short.json" >/dev/null
    refuses fan_short 3 'rotation-axis auto.*a short scan has too few conjugate rays.*gap of 13[0-9]' \
        "$V" recon "$W/short.h5" -g "$W/short.json" -c auto -o "$W/none" --device cpu
    "$V" simulate -o "$W/flat.h5" --rows 1 --cols 128 --views 150 -q --geometry-out "$W/flat.json" >/dev/null
    refuses fan_parallel 2 'describes a parallel beam' \
        "$V" recon "$W/flat.h5" -g "$W/flat.json" -c auto -o "$W/none" --device cpu
    if [ -f "${VXG_TEST_DATA:-}/ct_fan_htc2022_ta/htc2022_ta_full.h5" ]; then
        cat >"$W/htc.json" <<'TXT'
{"beam": "fan", "units": "mm", "cols": 560, "sod": 410.66, "sdd": 553.74, "pixel": 0.2,
 "center": 284, "start_deg": 90, "views": 721, "range_deg": 360, "endpoint": true, "volume": {}}
TXT
        "$V" recon "$VXG_TEST_DATA/ct_fan_htc2022_ta/htc2022_ta_full.h5" --dataset sinogram -g "$W/htc.json" \
            -c auto -o "$W/htc" --type slice --device cpu --no-checksum 2>"$W/err" >"$W/out"
        check fan_measured "$(cat "$W/err")" grep -qE 'axis at column 279.[3-7]' "$W/err"
    else
        skip fan_measured "ct_fan_htc2022_ta is not in VXG_TEST_DATA"
    fi
else
    skip simulated "built without HDF5"
fi
check says_rows "the number of rows is not told" sh -c \
    "$V center $grain 2>&1 >/dev/null | grep -q 'from 9 rows'"
check prints_number "standard output is not one number" sh -c \
    "$V center $tooth 2>/dev/null | grep -qE '^29[56]\.[0-9]{2}$'"
$V center $tooth -o "$W/pic/curve.png" -q >/dev/null
check curve "no PNG picture" sh -c "head -c 8 '$W/pic/curve.png' | od -An -tx1 | grep -q '89 50 4e 47'"
check curve_provenance "no command in the picture" grep -aq 'voxgrad center' "$W/pic/curve.png"
exit $failed
