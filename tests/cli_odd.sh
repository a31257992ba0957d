#!/bin/sh
# What looks odd about a scan is said by info and recon alike, before the work, and stands in the
# provenance.
cd "$(dirname "$0")/.." || exit 1
suite=cli_odd
. tests/tools/cli.sh
if ! has_hdf5; then
    skip all "built without HDF5"
    exit 0
fi
# odd NAME ID PATTERN OPTIONS...: $W/NAME.h5 is odd.
odd() {
    name=$1 id=$2 pattern=$3
    shift 3
    "$V" recon "$W/$name.h5" -o "$W/o_$name" -c 31.5 --type slice --device cpu "$@" \
        >"$W/out" 2>"$W/err"
    said=$(grep -cE "warning \($id\): .*$pattern" "$W/err")
    if [ "$said" != 1 ]; then
        cat "$W/err"
        fail "$name" "recon says '$id: $pattern' $said times"
    elif [ -d "$W/o_$name" ] && ! grep -qE "\"warning.$id\": \".*$pattern" "$W/o_$name"/*.json; then
        fail "$name" "not in the provenance"
    else
        pass "$name"
    fi
}
informed() { # NAME PATTERN
    check "info_$1" "info does not say '$2'" sh -c "$V info '$W/$1.h5' | grep -E 'note .*$2'"
}
"$make_scan" "$W/radians.h5" arc=3.14159
odd radians angles-in-radians 'are the angles in radians'
informed radians 'are the angles in radians'
"$make_scan" "$W/one.h5" views=1
odd one one-view 'one projection only'
informed one 'one projection only'
"$make_scan" "$W/theta.h5" flaw=no-theta
odd theta no-angles 'the file has no angles'
informed theta 'the file has no angles'
"$make_scan" "$W/zero.h5" flaw=zero-data
odd zero all-the-same 'is 0: the data are empty'
informed zero 'is 0: the data are empty'
"$make_scan" "$W/zeros.h5" flaw=zero-data
odd zeros all-the-same 'is 0: the data are empty' --no-minus-log
"$make_scan" "$W/arc.h5" arc=90
odd arc short-coverage 'the views cover 90 degrees'
informed arc 'the views cover 90 degrees'
"$make_scan" "$W/wrapped.h5" flaw=int16
odd wrapped negative-counts 'counts as low as -[0-9]* in int16'
informed wrapped 'counts as low as -[0-9]* in int16'
"$make_scan" "$W/counts.h5"
odd counts integrals-like-counts 'are they counts' --no-minus-log

# ---- flats, darks, values that are no numbers, a pixel size without a unit ----
"$make_scan" "$W/bare.h5" flaw=no-flat
odd bare no-flats 'no flat fields: only data that are line integrals'
informed bare 'no flat fields'
check bare_left "a folder was left behind" [ ! -e "$W/o_bare" ]
"$make_scan" "$W/lit.h5" flaw=no-dark
odd lit no-darks "no dark fields: the camera's offset is taken as 0"
informed lit 'no dark fields'
"$make_scan" "$W/swapped.h5" flaw=swapped
odd swapped flats-no-brighter 'no brighter than the dark fields: are they swapped'
informed swapped 'no brighter than the dark fields'
"$make_scan" "$W/holes.h5" flaw=nan-data views=5
odd holes not-numbers '1 values are not numbers; they are replaced'
informed holes '1 values are not numbers'
"$make_scan" "$W/unitless.h5" flaw=no-unit
odd unitless pixel-size-unused 'the pixel size, 0.65, has no unit'

n=0
for size in 0 -1 nan inf 1e-320; do
    n=$((n + 1))
    "$make_scan" "$W/size$n.h5" pixel=$size
    odd size$n pixel-size-unused "the pixel size, .*, is no length and is left out"
done
informed size2 'the pixel size, -1, is no length'
# ---- units of angles: half a turn in any of them, and one that nobody knows ----
n=0
for unit in RAD:3.14159265 Radian:3.14159265 radians:3.14159265 mrad:3141.59265 Turns:0.5 rev:0.5 Degrees:180 \
    °:180 'deg.:180'; do
    n=$((n + 1))
    "$make_scan" "$W/unit$n.h5" "unit=${unit%:*}" "arc=${unit#*:}"
    check "unit$n" "${unit%:*} is not known" sh -c "'$V' info '$W/unit$n.h5' >'$W/out' &&
        grep -q 'theta 0[^0-9]*178' '$W/out' && ! grep -q 'unit of the angles' '$W/out'"
done
"$make_scan" "$W/gon.h5" unit=gon arc=200
odd gon angle-unit-unknown "the unit of the angles, 'gon', is not known"
informed gon "the unit of the angles, .gon.,? is not known"

"$V" recon "$W/counts.h5" -o "$W/fine" -c 31.5 --device cpu >"$W/out" 2>"$W/err"
check nothing_odd "$(cat "$W/err")" sh -c "! grep -q 'warning (' '$W/err' &&
    ! grep -q '\"warning' '$W/fine/provenance.json'"
"$V" recon "$W/arc.h5" -o "$W/try" -c 31.5 --type try --device cpu >"$W/out" 2>"$W/err"
check try "type try says nothing" sh -c "grep -q short-coverage '$W/err' &&
    grep -q warning.short-coverage '$W/try/try_provenance.json'"
"$V" recon "$W/arc.h5" -o "$W/json" -c 31.5 --json -q --device cpu >"$W/out" 2>"$W/err"
check json "no list of warnings" sh -c "grep -A1 '\"warnings\": \[' '$W/out' | grep -q 90"

# ---- two methods that disagree about the axis: both numbers, and what to do ----
"$V" simulate -o "$W/rings.h5" -p disc --peak 0.05 --rows 1 --cols 128 --views 90 --flats 1 --photons 1000 \
    -q >"$W/out"
said='disagree by [0-9.]* px: [0-9.]* by the Fourier wedge.*and [0-9.]* by registration.*--type try'
"$V" center "$W/rings.h5" >"$W/out" 2>"$W/err"
check center_disagrees "$(cat "$W/err")" grep -q "$said" "$W/err"
"$V" recon "$W/rings.h5" -o "$W/rings" --type slice --device cpu >"$W/out" 2>"$W/err"
check recon_disagrees "$(cat "$W/err")" grep -q "$said" "$W/err"
check disagreement_kept "not in the provenance" \
    grep -q "\"warning.centres-disagree\": \".*$said" "$W"/rings/*.json

# ---- open ranges ----
"$V" recon "$W/counts.h5" -o "$W/open" -c 31.5 --rows 6: --device cpu -q >"$W/out"
check open_end "--rows 6: of 8 rows" [ "$(find "$W/open" -name 'recon_*' | wc -l)" = 2 ]
check open_text "not in the provenance" grep -q '"option.rows": "6:"' "$W/open/provenance.json"
"$V" recon "$W/counts.h5" -o "$W/begin" -c 31.5 --rows :3 --device cpu -q >"$W/out"
check open_begin "--rows :3" [ "$(find "$W/begin" -name 'recon_*' | wc -l)" = 3 ]
refuses open_outside 2 'rows: 9:.*outside 0:8' "$V" recon "$W/counts.h5" -o "$W/no" --rows 9:

# ---- the pixel size of a scan: values per length ----
for u in "" "--unit mm"; do
    # shellcheck disable=SC2086
    "$V" simulate -o "$W/pixel${u#--unit }.h5" --pixel 0.5 $u --rows 3 --cols 32 --views 32 -q >"$W/out"
    for type in full try; do
        "$V" recon "$W/pixel${u#--unit }.h5" -o "$W/px_$type${u#--unit }" --type $type -c 15.5 --device cpu \
            --save-format npy >"$W/out" 2>"$W/err"
    done
    "$V" recon "$W/pixel${u#--unit }.h5" -o "$W/said${u#--unit }" -c 15.5 --device cpu >"$W/out" 2>"$W/said_in_${u#--unit }"
done
twice() {
    python3 - "$1" "$2" <<'PY'
import array, math, sys
def values(path):  # notes may follow them
    data = open(path, "rb").read()
    return array.array("f", data[128:128 + 4 * math.prod(eval(data[10:128])["shape"])])
a, b = map(values, sys.argv[1:])
assert len(a) == len(b) > 0 and any(a) and all(y == 2 * x for x, y in zip(a, b))
PY
}
check per_length "values are not divided by the pixel size" \
    twice "$W/px_full/recon.npy" "$W/px_fullmm/recon.npy"
check per_length_try "values of --type try are not divided by the pixel size" \
    twice "$W/px_try/try_15.50.npy" "$W/px_trymm/try_15.50.npy"
check unit_said "$(cat "$W/said_in_mm")" sh -c "grep -q 'volume .*, 1/mm,' '$W/said_in_mm' && grep -q 'volume .*, 1/px,' '$W/said_in_'"
check unit_kept "not in the provenance" sh -c "grep -q 'attenuation in 1/mm\"' '$W/px_fullmm/provenance.json' &&
    grep -q '\"pixel_size\": \"0.5 mm' '$W/px_fullmm/provenance.json' &&
    grep -q 'attenuation in 1/px' '$W/px_full/provenance.json'"

# ---- a bare dataset: angles beside it, or a warning that there are none ----
odd theta no-angles 'no 90 angles beside the dataset' --dataset exchange/data --force
"$make_scan" "$W/full.h5" arc=360
"$V" recon "$W/full.h5" --dataset exchange/data -o "$W/beside" -c 31.5 --device cpu --json --save-format npy \
    >"$W/out" 2>"$W/err"
check beside "$(cat "$W/err")" sh -c "! grep -q no-angles '$W/err' &&
    grep -q '\"angles\": \"beside the dataset' '$W/beside/provenance.json'"
"$V" recon "$W/full.h5" --no-minus-log -o "$W/scan" -c 31.5 --device cpu -q --save-format npy >"$W/out"
check beside_used "the angles beside the dataset are not used" \
    cmp "$W/beside/recon.npy" "$W/scan/recon.npy"
exit $failed
