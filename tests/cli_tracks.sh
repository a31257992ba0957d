#!/bin/sh
# voxgrad tracks: what is said of files, conversions there and back, maps, pictures, refusals.
cd "$(dirname "$0")/.." || exit 1
suite=cli_tracks
. tests/tools/cli.sh
data=${VXG_TEST_DATA:-/nowhere}/tractograms
if [ ! -f "$data/trx_small.trx" ]; then
    skip all "no test data"
    exit 0
fi
small=$data/trx_small.trx standard=$data/nibabel_standard image=$data/nibabel_standard.nii.gz
tracks() { "$V" tracks "$@"; }

# ---- info ----
check info_words "the words of info" sh -c "$V tracks info '$small' >'$W/out' &&
    grep -q '^trx file: 1000 streamlines, 33886 points of float16' '$W/out' &&
    grep -q 'groups .*CC (34)' '$W/out' && grep -q 'mean 80.29, median 69.77' '$W/out'"
tracks info "$data/nibabel_complex.trk" --json -q >"$W/json"
check info_json "--json is not valid" valid_json "$W/json"
check info_values "$(cat "$W/json")" python3 -c "
import json
j = json.load(open('$W/json'))
assert (j['format'], j['streamlines'], j['points']) == ('trk', 3, 8)
assert [c['name'] for c in j['point_columns']] == ['colors', 'fa'], j['point_columns']
assert j['grid'] == [1, 1, 1] and abs(j['length_mm']['max'] - 20.784610) < 1e-5"
check info_empty "a file without streamlines" sh -c "$V tracks info '$data/nibabel_empty.tck' | grep -q '0 streamlines'"
check info_outside "points outside the image" sh -c \
    "$V tracks info '$data/dipy_tracks300.trk' | grep -q '14576 points lie outside the image'"
check info_mean "DIPY's mean length is 40.552547 mm" sh -c "$V tracks info '$data/dipy_tracks300.trk' --json |
    python3 -c 'import json, sys; assert abs(json.load(sys.stdin)[\"length_mm\"][\"mean\"] - 40.552547) < 1e-5'"

# ---- convert: there and back ----
tck_bytes() { python3 -c "
import sys
b = open(sys.argv[1], 'rb').read()
at = int(b[:b.index(b'\nEND')].split(b'file: . ')[1].split()[0])
sys.stdout.buffer.write(b[at:])" "$1"; }
same_points() { # A B: the points of two TCK files within 1e-4 mm
    tck_bytes "$1" >"$W/.a"
    tck_bytes "$2" >"$W/.b"
    python3 -c "
import array, math, sys
a, b = array.array('f'), array.array('f')
a.frombytes(open('$W/.a', 'rb').read()), b.frombytes(open('$W/.b', 'rb').read())
assert len(a) == len(b) > 3, (len(a), len(b))
for x, y in zip(a, b):
    assert (math.isnan(x) and math.isnan(y)) or x == y or abs(x - y) < 1e-4, (x, y)"
}
for kind in trk LPS.trk tck; do
    copy=$(echo $kind | tr . _)
    reference=
    [ $kind = tck ] && reference="--reference $image"
    # shellcheck disable=SC2086
    check "back_$copy" "$kind to TRX, TRK, TCK" sh -c "
        $V tracks convert '$standard.$kind' '$W/$copy.trx' $reference -q &&
        $V tracks convert '$W/$copy.trx' '$W/$copy.trk' -q &&
        $V tracks convert '$W/$copy.trk' '$W/$copy.tck' -q"
    check "same_$copy" "the points changed on the way" same_points "$standard.tck" "$W/$copy.tck"
done
# Version 1 of TRK has no matrix: the image's, if its grid is the file's.
python3 -c "
b = bytearray(open('$standard.trk', 'rb').read())
b[440:504], b[992:996] = bytes(64), (1).to_bytes(4, 'little')
open('$W/old.trk', 'wb').write(b)"
check old_trk "a TRK file without a matrix" $V tracks convert "$W/old.trk" "$W/old.tck" --reference "$image" -q
check old_trk_same "its points" same_points "$standard.tck" "$W/old.tck"
check old_trk_info "info of it" sh -c "$V tracks info '$W/old.trk' | grep -q 'affine    not said'"
refuses old_trk_alone 3 'does not say where its voxels lie' $V tracks convert "$W/old.trk" "$W/n.tck"
refuses old_trk_other 3 'old.trk lies on 4 x 5 x 7 voxels, --reference .* has 6 x 8 x 9' \
    $V tracks convert "$W/old.trk" "$W/n.tck" --reference "${VXG_TEST_DATA}/dwi_mrtrix_b3000/dwi.mif"
tracks convert "$small" "$W/small.trx" -q
check trx_same "a copy of a TRX file differs" python3 -c "
import zipfile
a, b = zipfile.ZipFile('$small'), zipfile.ZipFile('$W/small.trx')
names = [n for n in a.namelist() if not n.endswith('/') and not n.startswith(('header', 'offsets'))]
assert len(names) > 10
for n in names:
    if n.startswith('groups/'):
        import array
        x, y = array.array('q'), array.array('I')
        x.frombytes(a.read(n)), y.frombytes(b.read(n.replace('int64', 'uint32')))
        assert list(x) == list(y), n
    else:
        assert a.read(n) == b.read(n), n"
check provenance_trx "the TRX header does not say who made it" python3 -c "
import json, zipfile
h = json.loads(zipfile.ZipFile('$W/small.trx').read('header.json'))
assert h['voxgrad.command'].startswith('voxgrad tracks convert') and len(h['voxgrad.input.sha256']) == 64
assert 'voxgrad.option.voxel' not in h and 'voxgrad.option.linearize' in h, h"
check again_the_same "a copy of the copy says more than the copy" sh -c "
    $V tracks convert '$W/small.trx' '$W/again.trx' -q &&
    test \$($V tracks info '$W/again.trx' | grep -c header) = \$($V tracks info '$W/small.trx' | grep -c header)"
tracks convert "$small" "$W/half.trk" 2>"$W/err" >/dev/null
check trk_says_groups "$(cat "$W/err")" grep -q 'TRK holds no groups: left out are AF_L, AF_R, CC' "$W/err"
check trk_columns "columns in TRK" sh -c "$V tracks info '$W/half.trk' | grep -q 'commit_weights (float32)'"
check trk_provenance "no provenance beside a TRK file" valid_json "$W/half.trk.json"
tracks convert "$small" "$W/small.tck" 2>"$W/err" >/dev/null
check tck_says_columns "$(cat "$W/err")" grep -q 'TCK holds no numbers of points: left out are color_x' "$W/err"
check tck_header "a TCK file's header is kept" sh -c "$V tracks convert '$data/mrtrix_tracks.tck' '$W/mrtrix.tck' -q &&
    $V tracks info '$W/mrtrix.tck' | grep -q 'max_num_tracks: 500'"
tracks convert "$small" "$W/few.trx" --columns fa -q
check columns "--columns" sh -c "$V tracks info '$W/few.trx' --json | python3 -c 'import json, sys
j = json.load(sys.stdin)
assert [c[\"name\"] for c in j[\"point_columns\"]] == [\"fa\"] and not j[\"line_columns\"]'"
tracks convert "$small" "$W/wide.trx" --dtype float64 -q
check dtype "--dtype" sh -c "$V tracks info '$W/wide.trx' | grep -q 'of float64'"
check folder "--folder" sh -c "$V tracks convert '$small' '$W/folder.trx' --folder -q && test -f '$W/folder.trx/header.json' &&
    $V tracks info '$W/folder.trx' | grep -q '1000 streamlines'"

# ---- convert: fewer streamlines, fewer points ----
tracks convert "$small" "$W/long.trx" --min-length 50 --max-length 120 --linearize 0.5 2>"$W/err"
check filter_said "$(cat "$W/err")" sh -c "grep -q 'shorter than 50 mm' '$W/err' && grep -q 'longer than 120 mm' '$W/err' &&
    grep -q 'points were not needed' '$W/err'"
check groups_follow "groups after streamlines stayed behind" python3 -c "
import array, zipfile
a, b = zipfile.ZipFile('$small'), zipfile.ZipFile('$W/long.trx')
def read(z, name, code):
    n = [n for n in z.namelist() if n.startswith(name)][0]
    x = array.array(code); x.frombytes(z.read(n)); return x
wa, wb = read(a, 'dps/commit_weights', 'f'), read(b, 'dps/commit_weights', 'f')
some = 0
for g in ('AF_R', 'CC', 'CST_L'):
    ga, gb = read(a, 'groups/' + g, 'I'), read(b, 'groups/' + g, 'I')
    weights = [wa[i] for i in ga]
    assert 0 < len(gb) < len(ga) or g != 'CC', (g, len(ga), len(gb))
    for i in gb: assert wb[i] in weights, (g, i); some += 1
assert 0 < len(wb) < len(wa) and some > 5"
check lengths_hold "lengths after the filter" sh -c "$V tracks length '$W/long.trx' |
    awk '\$1 < 48 || \$1 > 120.001 { bad = 1 } END { exit bad || NR < 50 }'"

tracks convert "$small" "$W/twelve.trx" --points 12 2>"$W/err" >/dev/null
check points "$(cat "$W/err")" sh -c "grep -q 'set anew have no numbers: left out are color_x' '$W/err' &&
    $V tracks info '$W/twelve.trx' | grep -q '1000 streamlines, 12000 points'"
tracks convert "$standard.LPS.trk" "$W/step.trk" --step 1 -q
check step "steps of 1 mm along 3.74 mm" sh -c "$V tracks info '$W/step.trk' | grep -q '120 streamlines, 600 points' &&
    $V tracks info '$W/step.trk' | grep -q 'mean 3.742'"

tracks convert "$W/step.trk" "$W/step.tck" -q
tracks convert "$standard.tck" "$W/step_of_tck.tck" --step 1 -q
check step_places "points that are set anew in TrackVis' space" same_points "$W/step_of_tck.tck" "$W/step.tck"

# ---- merge ----
tracks merge "$small" "$W/long.trx" -o "$W/both.trx" -q
tracks info "$W/both.trx" --json >"$W/both.json" 2>/dev/null
tracks info "$W/long.trx" --json >"$W/long.json" 2>/dev/null
check merge "merge" python3 -c "
import json
j, n = json.load(open('$W/both.json')), json.load(open('$W/long.json'))
assert j['streamlines'] == 1000 + n['streamlines'] and j['points'] == 33886 + n['points']
count = lambda j: sum(g['streamlines'] for g in j['groups'])
assert count(j) == 64 + count(n) and len(j['groups']) == 5, (count(j), count(n))"
tracks merge "$small" "$W/few.trx" -o "$W/some.trx" 2>"$W/err" >/dev/null
check merge_columns "$(cat "$W/err")" grep -q 'not every file has these numbers: left out are color_x' "$W/err"

# ---- length ----
tracks length "$data/dipy_tracks300.trk" -o "$W/lengths.txt" -q
check length "mean of the lengths" sh -c "grep -v '^#' '$W/lengths.txt' |
    awk '{ s += \$1 } END { exit !(NR == 300 && (s / NR - 40.552547)^2 < 1e-10) }'"

check length_empty "lengths of a file without streamlines" sh -c "
    $V tracks length '$data/nibabel_empty.tck' >'$W/none.out' 2>'$W/err' && test ! -s '$W/none.out' &&
    grep -q 'nibabel_empty.tck: no streamlines' '$W/err' &&
    $V tracks length '$data/nibabel_empty.tck' -o '$W/none.txt' -q && grep -q '^# lengths of streamlines' '$W/none.txt' &&
    ! grep -qv '^#' '$W/none.txt'"

# ---- density ----
nifti() { python3 -c "
import gzip, struct, sys
b = gzip.open(sys.argv[1]).read() if sys.argv[1].endswith('gz') else open(sys.argv[1], 'rb').read()
dim, kind = struct.unpack('<8h', b[40:56]), struct.unpack('<h', b[70:72])[0]
n = 1
for d in dim[1:1 + dim[0]]: n *= d
x = struct.unpack('<%d%s' % (n, {8: 'i', 16: 'f'}[kind]), b[352:352 + 4 * n])
rows = struct.unpack('<12f', b[280:328])
$2" "$1"; }
brain=${VXG_TEST_DATA}/dwi_mrtrix_b3000/dwi.mif
tracks density "$data/mrtrix_tracks.tck" --reference "$brain" --by samples -o "$W/map.nii.gz" --json >"$W/json" 2>/dev/null
check density "MRtrix's map has 2073 in 6 x 8 x 9 voxels" nifti "$W/map.nii.gz" \
    "assert dim[:4] == (3, 6, 8, 9) and kind == 8 and sum(x) == 2073, (dim, kind, sum(x))"
check density_json "--json of density" python3 -c "
import json
j = json.load(open('$W/json'))
assert j['sum'] == 2073 and j['points_outside'] == 0 and j['streamlines'] == 500, j"
check density_sidecar "the map's sidecar" sh -c "grep -q 'by samples' '$W/map.json' && grep -q input.sha256 '$W/map.json'"
tracks density "$data/mrtrix_tracks.tck" --reference "$brain" --by points -o "$W/points.nii" -q
check density_points "by points" nifti "$W/points.nii" "assert sum(x) == 1932, sum(x)"
tracks density "$data/mrtrix_tracks.tck" --reference "$brain" -o "$W/segments.nii" -q
check density_segments "by segments" nifti "$W/segments.nii" "assert sum(x) == 2233, sum(x)"
tracks density "$data/mrtrix_tracks.tck" --reference "$brain" -o "$W/color.nii" --color --voxel 1 -q
check density_color "colours of 1 mm" nifti "$W/color.nii" "
assert dim[:5] == (4, 15, 20, 23, 3) and kind == 16 and min(x) == 0, (dim, kind)
side = [(rows[k] ** 2 + rows[4 + k] ** 2 + rows[8 + k] ** 2) ** 0.5 for k in range(3)]
assert max(abs(s - 1) for s in side) < 1e-5, side"
tracks density "$data/mrtrix_tracks.tck" --reference "$image" -o "$W/none.nii" >/dev/null 2>"$W/err"
check density_outside "$(cat "$W/err")" grep -q '3408 of 3408 points.*500 streamlines count nowhere' "$W/err"

# ---- picture ----
tracks picture "$data/dipy_tracks300.trk" -o "$W/views.png" --width 300 -q 2>"$W/err"
if grep -q 'built without PNG' "$W/err"; then
    skip picture "built without PNG"
else
    check picture "a picture" sh -c "head -c 8 '$W/views.png' | grep -q PNG && grep -qa 'From above' '$W/views.png'"
    refuses picture_of_none 3 'nibabel_empty.tck: there is no streamline to draw' \
        $V tracks picture "$data/nibabel_empty.tck" -o "$W/none.png"
fi

# ---- refusals ----
mkdir "$W/bad"
head -c 2000 "$standard.trk" >"$W/bad/cut.trk"
head -c 300000 "$small" >"$W/bad/cut.trx"
head -c 3000 "$data/mrtrix_tracks.tck" >"$W/bad/cut.tck"
for kind in trk trx tck; do
    for action in info length; do
        refuses "cut_${kind}_$action" 3 "cut.$kind" $V tracks $action "$W/bad/cut.$kind"
    done
    refuses "cut_${kind}_convert" 3 "cut.$kind" $V tracks convert "$W/bad/cut.$kind" "$W/n.tck"
    refuses "cut_${kind}_density" 3 "cut.$kind" \
        $V tracks density "$W/bad/cut.$kind" -o "$W/n.nii" --reference "$image"
done
refuses action 2 "'explain' is none of info, convert, merge, density, length, picture" $V tracks explain "$small"
refuses ending 2 'n.vtk: the ending is none of .trk, .tck and .trx' $V tracks convert "$small" "$W/n.vtk"
refuses map_ending 2 'n.png: the ending' $V tracks density "$small" -o "$W/n.png"
refuses no_file 3 'none.trk: cannot open' $V tracks info "$W/none.trk"
refuses no_streamlines 3 'a file of none of the formats' $V tracks info "$image"
refuses no_image 2 'does not say which image it lies on, as TRX must: --reference' \
    $V tracks convert "$standard.tck" "$W/n.trx"
refuses no_image_density 2 'does not say which image it lies on: --reference' \
    $V tracks density "$standard.tck" -o "$W/n.nii"
refuses other_image 3 'another image \(4 x 5 x 7 voxels\) than --reference .*\(6 x 8 x 9\)' \
    $V tracks convert "$standard.trk" "$W/n.trx" --reference "$brain"
refuses reference_is_no_image 3 'small.tck' $V tracks convert "$standard.tck" "$W/n.trx" --reference "$W/small.tck"
refuses two_images 3 'lies on another image than' $V tracks merge "$standard.trk" "$data/nibabel_simple.trk" -o "$W/n.trk"
refuses two_orders 2 'axes RAS\) and .*LPS.trk \(axes LPS\) measure from unlike corners of one image' \
    $V tracks merge "$standard.trk" "$standard.LPS.trk" -o "$W/n.trk"
refuses no_place 3 'old.trk: the file does not say where its voxels lie' $V tracks merge "$standard.trk" "$W/old.trk" -o "$W/n.trk"
check merge_of_old "a file without a matrix beside one with it" sh -c "$V tracks merge '$standard.trk' '$W/old.trk' \
    -o '$W/with_old.trk' --reference '$image' -q && $V tracks info '$W/with_old.trk' | grep -q '240 streamlines'"
tracks merge "$W/trk.tck" "$data/nibabel_empty.tck" "$W/LPS_trk.tck" -o "$W/three.tck" -q
check merge_tck "TCK files" sh -c "$V tracks info '$W/three.tck' | grep -q '240 streamlines, 720 points'"
refuses two_spaces 2 'unlike spaces: convert one first' $V tracks merge "$standard.trk" "$standard.tck" -o "$W/n.tck"
refuses trk_double 1 'TRK holds positions of float32' $V tracks convert "$small" "$W/n.trk" --dtype float64
refuses other_columns 2 "no numbers 'fb'" $V tracks convert "$small" "$W/n.trx" --columns fb
refuses exists 4 'small.trx exists \(--force' $V tracks convert "$small" "$W/small.trx"
refuses exists_map 4 'map.nii.gz exists \(--force' $V tracks density "$small" -o "$W/map.nii.gz"
rm "$W/map.nii.gz"
refuses exists_sidecar 4 'map.json exists \(--force' $V tracks density "$small" -o "$W/map.nii.gz"
refuses exists_lengths 4 'lengths.txt exists' $V tracks length "$small" -o "$W/lengths.txt"
check force "--force" $V tracks convert "$small" "$W/small.trx" --force -q
refuses input_is_output 4 'small.trx' $V tracks convert "$W/small.trx" "$W/small.trx" --force
refuses option_of_another 2 '\-\-voxel goes with density, not with info' $V tracks info "$small" --voxel 1
refuses max_segment_alone 2 '\-\-max-segment goes with --linearize' $V tracks convert "$small" "$W/n.trx" --max-segment 5
refuses points_and_step 2 'one of them' $V tracks convert "$small" "$W/n.trx" --points 5 --step 1
refuses no_output 2 'tracks density: --output is missing' $V tracks density "$small"
refuses one_name 2 'takes the file to read and the file to write, 1 given' $V tracks convert "$small"
refuses lengths_turned 2 'lengths of 9 to 4 mm' $V tracks convert "$small" "$W/n.trx" --min-length 9 --max-length 4
refuses no_folder 4 'proc' $V tracks convert "$small" /proc/nowhere/n.trx
for number in 2 15; do
    interrupted "stopped_$number" $number "$W/stopped/" "$V" tracks convert "$small" "$W/stopped/n.trx"
    interrupted "stopped_density_$number" $number "$W/stopped/" "$V" tracks density "$small" -o "$W/stopped/n.nii"
done
limited() { (ulimit -f 64 && "$@"); }
for kind in trk tck trx; do
    refuses "size_limit_$kind" 4 'File too large|No space|no room' limited "$V" tracks convert "$small" "$W/n.$kind" -q
done
refuses size_limit_density 4 'File too large|No space|no room' limited "$V" tracks density "$small" -o "$W/n.nii"
if mkdir "$W/disk" && mount -t tmpfs -o size=128k tmpfs "$W/disk" 2>/dev/null; then
    for kind in trk tck trx; do
        refuses "full_disk_$kind" 4 'No space|no room' "$V" tracks convert "$small" "$W/disk/n.$kind" -q
    done
    umount "$W/disk"
else
    skip full_disk "mounting a small file system is not allowed here"
fi
rmdir "$W/disk" 2>/dev/null
if [ -w /dev/full ]; then
    "$V" tracks length "$small" >/dev/full 2>"$W/err"
    rc=$?
    check full_stdout "exit code $rc: $(cat "$W/err")" test "$rc" = 4
fi
exit $failed
