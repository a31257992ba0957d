#!/bin/sh
# voxgrad geometry: explain, sketches, conversions, refusals.
cd "$(dirname "$0")/.." || exit 1
suite=cli_geometry
. tests/tools/cli.sh
g=tests/geometry
cat >"$W/htc.json" <<'TXT'
{"beam": "fan", "units": "mm", "cols": 560, "sod": 410.66, "sdd": 553.74, "pixel": 0.2,
 "start_deg": 90, "views": 721, "range_deg": 360, "endpoint": true, "volume": {}}
TXT
$V geometry explain "$W/htc.json" >"$W/out" 2>"$W/err"

# ---- explain ----
check words "the words of a fan-beam scan" sh -c "grep -q '^fan beam, flat detector, 721 views' '$W/out' &&
    grep -q 'magnification 1.34841' '$W/out' && grep -q 'counter-clockwise' '$W/out' &&
    grep -q 'disc of diameter 82.6' '$W/out' && grep -q '^warning (duplicate-view)' '$W/out'"
check nothing_wrong "a good scan has no warning" sh -c \
    "$V geometry explain $g/short-coverage.ok.json | grep -q '^nothing looks wrong'"
$V geometry explain $g/direction-reversed.json --json >"$W/json"
check json "--json is not valid" valid_json "$W/json"
check json_values "the numbers of --json" python3 -c "
import json
j = json.load(open('$W/json'))
assert j['beam'] == 'cone' and abs(j['sdd'][0] - 500) < 1e-6 and j['direction'] == 1, j
assert [w['id'] for w in j['warnings']] == ['direction-reversed'], j['warnings']"
check svg "the sketch" sh -c "$V geometry explain '$W/htc.json' --svg '$W/a.svg' >/dev/null &&
    python3 -c \"import xml.dom.minidom as m; m.parse('$W/a.svg')\""
refuses svg_exists 4 'a.svg exists' $V geometry explain "$W/htc.json" --svg "$W/a.svg"
check svg_force "--force" $V geometry explain "$W/htc.json" --svg "$W/a.svg" --force

python3 -c "
import json
t = list(range(0, 59, 2)) + list(range(120, 179, 2))
json.dump(dict(beam='parallel', rows=1, cols=64, pixel=1, angles_deg=t), open('$W/hole.json', 'w'))"
$V geometry explain "$W/hole.json" >"$W/out" 2>"$W/err"
check hole "$(cat "$W/err" "$W/out")" sh -c "grep -q '2 gaps, the widest that opposite views do not fill from 58 to 120' '$W/out' &&
    grep -q 'gaps between the views, the widest that opposite views do not fill from 58 to 120 degrees' '$W/out'"

# ---- convert ----
there_and_back() { # FORMAT [options of the way back]
    f=$1
    shift
    $V geometry convert $g/duplicate-view.ok.json --to "$f" -o "$W/$f.geo" &&
        $V geometry convert "$W/$f.geo" "$@" -o "$W/$f.back.json" &&
        python3 -c "
import json
j = json.load(open('$W/$f.back.json'))
for k, v in dict(beam='cone', rows=40, cols=60, sod=300, sdd=500, pixel=2, views=90).items():
    assert j[k] == v or abs(j[k] - v) < 1e-6, (k, j)"
}
check json_back "json there and back" there_and_back json
check vectors_back "vectors there and back" there_and_back vectors
check astra_back "ASTRA there and back" there_and_back astra
check rtk_back "RTK there and back" there_and_back rtk --rows 40 --cols 60 --pixel 2
check tigre_back "TIGRE there and back" there_and_back tigre
check leap_back "LEAP there and back" there_and_back leap
check cil_back "CIL there and back" there_and_back cil
check matrices_back "matrices there and back" there_and_back matrices --from matrices \
    --rows 40 --cols 60 --pixel 2
# The volume and the units stay behind in silence nowhere.
echo '{"beam": "parallel", "units": "mm", "rows": 3, "cols": 4, "pixel": 1, "views": 5, "volume": {"nx": 4, "ny": 4, "nz": 3, "voxel": 1}}' \
    >"$W/volume.json"
for f in astra rtk matrices; do
    $V geometry convert "$W/volume.json" --to $f -o "$W/volume.$f" 2>"$W/err"
    check "left_out_$f" "$(cat "$W/err")" sh -c "grep -q 'warning: volume: $f has no place for it: 3 x 4 x 4' '$W/err' &&
        grep -q \"warning: units: $f .*'mm' is left out\" '$W/err'"
done
check rtk_file "RTK's own file" sh -c "$V geometry convert $g/rtk_cone.xml --rows 40 --cols 60 |
    grep -q '\"s\"'"

check tigre_file "a geometry of TIGRE" sh -c "$V geometry convert $g/tigre_cone.json | grep -q '\"s\"'"
echo '{"beam": "parallel", "rows": 3, "cols": 4, "pixel": 1, "views": 5, "tilt_deg": 9}' >"$W/tilted.json"

# ---- refusals ----
cat >"$W/curved.json" <<'END'
{"beam": "cone", "rows": 30, "cols": 40, "pixel": 0.5, "sod": 100, "sdd": 200, "views": 17, "detector": "curved"}
END
for f in astra rtk tigre cil matrices; do # one code for what a format cannot hold
    refuses "curved_$f" 1 'curved|cylindrical' $V geometry convert "$W/curved.json" --to $f
done
refuses verb 2 "'explian' is not explain or convert" $V geometry explian $g/mirrored.json
refuses operand 2 'operand is missing' $V geometry explain
refuses no_file 3 'none.json: No such file' $V geometry explain "$W/none.json"
refuses folder 3 'Is a directory' $V geometry explain "$W"
echo '{"beam": "fan", "cols": 3, "pixels": 3}' >"$W/bad.json"
refuses not_text 3 'tooth.h5: no geometry file but an HDF5 file' $V geometry explain $tooth
printf 'nothing of the kind\n' >"$W/words.txt"
refuses not_known 3 'words.txt: no geometry file of a format that is known .--from' $V geometry explain "$W/words.txt"
refuses from_said 3 'words.txt: .*[Aa][Ss][Tt][Rr][Aa]' $V geometry explain "$W/words.txt" --from astra
refuses unknown_key 3 'bad.json: geometry file: unknown key "pixels" \(did you mean "pixel"' \
    $V geometry explain "$W/bad.json"
refuses rtk_size 2 'rows or cols is missing' $V geometry convert $g/rtk_cone.xml
refuses output_exists 4 'json.geo exists' $V geometry convert $g/mirrored.json -o "$W/json.geo"
refuses mirrored_rtk 1 'RTK cannot say' $V geometry convert $g/mirrored.json --to rtk
refuses output_of_explain 2 'output goes with convert' $V geometry explain $g/mirrored.json -o "$W/x"
refuses format 2 "'tiger' is not one of" $V geometry convert $g/mirrored.json --to tiger
printf 'geometry = fan\nnumRows = 3\npixelWidth = 1\n' >"$W/bad.leap"
refuses leap_missing 3 'bad.leap: LEAP parameters: numAngles is missing' $V geometry explain "$W/bad.leap"
refuses tigre_tilted 1 'TIGRE geometry: angles' $V geometry convert "$W/tilted.json" --to tigre
exit $failed
