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
