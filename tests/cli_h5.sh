#!/bin/sh
# The command and HDF5 files that lead elsewhere, change while they are read, or need what is not there.
cd "$(dirname "$0")/.." || exit 1
suite=cli_h5
. tests/tools/cli.sh
attack=$build/tools/h5_attack
if [ ! -x "$attack" ]; then
    skip all "built without HDF5"
    exit 0
fi
mkdir "$W/in"
"$attack" good "$W/frames.h5"
"$attack" link_set "$W/in/scan.h5" ../frames.h5 exchange/data
for verb in info center "recon -o $W/no"; do
    # shellcheck disable=SC2086
    refuses "outside_${verb%% *}" 3 'follow-links' "$V" $verb "$W/in/scan.h5"
done
[ ! -e "$W/no" ] && pass nothing_left || fail nothing_left "a refused scan leaves a folder"
check follow_info "info --follow-links" "$V" info "$W/in/scan.h5" --follow-links
check follow_recon "recon --follow-links" "$V" recon "$W/in/scan.h5" --follow-links -c 3.5 \
    --no-minus-log -o "$W/yes" -q
"$attack" raw_dense "$W/in/raw.h5" /etc/passwd
refuses raw_file 3 'passwd' "$V" info "$W/in/raw.h5"
refuses raw_file_recon 3 'passwd' "$V" recon "$W/in/raw.h5" --dataset exchange/data -c 0 -o "$W/no"
"$attack" no_filter "$W/packed.h5"
refuses filter 3 'LZ4 \(number 32004\)' "$V" recon "$W/packed.h5" -c 3.5 --no-minus-log -o "$W/no"
VXG_H5_HELPER=$W/absent refuses no_helper 1 'VXG_H5_HELPER' "$V" info "$W/frames.h5"
check in_process "VXG_H5=inprocess" env VXG_H5=inprocess "$V" info "$W/frames.h5"

# What was never written is no data, whatever its fill value: of the projections and the flats.
for kind in filled filled_flats filled_darks; do
    "$attack" $kind "$W/$kind.h5"
    refuses "unwritten_$kind" 3 'was never written' "$V" recon "$W/$kind.h5" -c 3.5 -o "$W/no"
done
"$attack" odd_views "$W/odd.h5"
refuses unwritten_views 3 'are in none of its sources' "$V" recon "$W/odd.h5" -c 3.5 --no-minus-log -o "$W/no"
check unwritten_chosen_away "views that are there" "$V" recon "$W/filled.h5" -c 3.5 --no-minus-log \
    --projections 0:2 -o "$W/there" -q

# What the scan leads to is an input like the scan itself: through an external link, a virtual dataset
# and one behind that, under the name of an output or of an old slice. One of the runs does not know
# the file before it has read all.
mkdir "$W/led"
"$attack" link_set "$W/led/linked.h5" frames.h5 exchange/data
"$attack" whole "$W/led/virtual.h5" frames.h5 exchange/data
"$attack" whole "$W/led/twice.h5" virtual.h5 exchange/data
"$attack" good "$W/led/other.h5"
"$attack" halves "$W/led/late.h5" other.h5 virtual.h5
led() { # led NAME SCAN OUTPUT COMMAND...: OUTPUT is where the frames lie
    name=$1 output=$W/led/$2
    shift 2
    "$attack" good "$W/led/frames.h5"
    mkdir -p "$(dirname "$output")"
    mv "$W/led/frames.h5" "$output"
    ln -s "$output" "$W/led/frames.h5"
    cp "$output" "$W/frames.before"
    refuses "$name" 4 'is the input .*which is not replaced' "$@"
    cmp -s "$output" "$W/frames.before" && pass "${name}_intact" || fail "${name}_intact" "$output was replaced"
    rm -f "$output" "$W/led/frames.h5"
}
for scan in linked virtual twice late; do
    for output in provenance.json recon_00001.tiff recon_00050.tiff; do
        led "led_${scan}_$output" "o/$output" "$V" recon "$W/led/$scan.h5" -c 3.5 --no-minus-log -o "$W/led/o" -f -q
    done
    led "led_${scan}_try" o/try_montage.png "$V" recon "$W/led/$scan.h5" --type try --nsino 1 \
        --center-range 3:5 --no-minus-log -o "$W/led/o" -f -q
    [ $scan = late ] || # six views have no axis to be found, and the file is known only at the end
        led "led_${scan}_center" curve.png "$V" center "$W/led/$scan.h5" --no-minus-log -o "$W/led/curve.png" -f -q
done
"$attack" good "$W/led/frames.h5"
"$attack" halves "$W/led/first.h5" frames.h5 nowhere.h5
check led_chosen "a source that is not there is chosen away" "$V" recon "$W/led/first.h5" -c 3.5 --no-minus-log \
    --projections 0:3 -o "$W/led/first" -q
# ... and its checksum stands in the provenance.
"$attack" good "$W/led/frames.h5"
sum=$(sha256sum <"$W/led/frames.h5" | cut -d' ' -f1)
for scan in linked virtual twice late; do
    "$V" recon "$W/led/$scan.h5" -c 3.5 --no-minus-log -o "$W/led/$scan" -q >/dev/null 2>&1
    if grep -A3 '"path": ".*/led/frames.h5"' "$W/led/$scan/provenance.json" | grep -q "$sum" &&
        grep -q "\"input.sha256\": \"$(sha256sum <"$W/led/$scan.h5" | cut -d' ' -f1)\"" "$W/led/$scan/provenance.json"; then
        pass "sum_$scan"
    else
        cat "$W/led/$scan/provenance.json"
        fail "sum_$scan" "the frames' checksum is missing"
    fi
done

# A scan that is cut, or written anew with the same size, while it is reconstructed: no result and no
# checksum. A pipe as progress shows when the work has begun.
"$build/tools/make_scan" "$W/big.h5" views=400 rows=64 cols=192
room=44
[ -z "${ASAN_OPTIONS:-}" ] || room=110 # the sanitizer's own memory counts as the program's
for how in cut anew back; do
    cp "$W/big.h5" "$W/s.h5"
    "$V" recon "$W/s.h5" -c 95.5 -t 1 --device cpu --max-memory $room --save-format npy -o "$W/o" -q \
        >"$W/out" 2>"$W/err" &
    job=$!
    i=0
    while [ $i -lt 2000 ] && kill -0 $job 2>/dev/null && ! ls -A "$W/o" 2>/dev/null | grep -q .; do
        i=$((i + 1))
        sleep 0.01
    done
    [ $how != back ] || touch -r "$W/s.h5" "$W/time"
    if [ $how = cut ]; then
        truncate -s 3000000 "$W/s.h5"
    else
        dd if=/dev/zero of="$W/s.h5" bs=1000 seek=5000 count=2000 conv=notrunc 2>/dev/null
    fi
    [ $how != back ] || touch -r "$W/time" "$W/s.h5" # the time of its contents is put back
    wait $job
    rc=$?
    if [ $rc = 3 ] && grep -q 'changed while it was read' "$W/err" && [ ! -e "$W/o/recon.npy" ]; then
        pass "changed_$how"
    elif [ $rc = 0 ] && grep -q "$(sha256sum <"$W/big.h5" | cut -d' ' -f1)" "$W/o/provenance.json"; then
        skip "changed_$how" "the work was done before the file changed"
    else
        cat "$W/err"
        fail "changed_$how" "exit code $rc"
    fi
    rm -rf "$W/o"
done
