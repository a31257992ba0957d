#!/bin/sh
# voxgrad simulate: what comes back out of a simulated scan, repeatability, bad input, bad luck.
cd "$(dirname "$0")/.." || exit 1
suite=cli_simulate
. tests/tools/cli.sh
if ! has_hdf5; then
    skip all "built without HDF5"
    exit 0
fi

sim() { # NAME OPTIONS...: $W/NAME.h5 and its JSON in $W/NAME.json
    scan=$1
    shift
    "$V" simulate -o "$W/$scan.h5" --json -q "$@" >"$W/$scan.json" 2>"$W/err" || cat "$W/err"
}
recon() { # NAME OPTIONS...: $W/NAME/recon.npy
    scan=$1
    shift
    "$V" recon "$W/$scan.h5" -o "$W/$scan" --save-format npy -q --device cpu "$@" >"$W/out" 2>"$W/err" ||
        cat "$W/err"
}

# ---- the phantom comes back: means over balls inside its regions, times the scale ----
# means NAME TOLERANCE "X Y Z RADIUS VALUE"...: in phantom units; tolerance relative to value 1
means() {
    scan=$1
    shift
    python3 - "$W/$scan/recon.npy" "$W/$scan.json" "$@" <<'PY'
import array, ast, json, struct, sys
raw = open(sys.argv[1], "rb").read()
head = struct.unpack("<H", raw[8:10])[0]
shape = ast.literal_eval(raw[10:10 + head].decode())["shape"]
v = array.array("f", raw[10 + head:])
j = json.load(open(sys.argv[2]))
size, scale, tolerance = j["size"], j["scale"], float(sys.argv[3])
nz, ny, nx = shape
for region in sys.argv[4:]:
    x, y, z, radius, value = map(float, region.split())
    total = count = 0
    for k in range(nz):
        dz = (k - (nz - 1) / 2) / size - z
        if abs(dz) >= radius:
            continue
        for row in range(ny):
            dy = (row - (ny - 1) / 2) / size - y
            for i in range(nx):
                dx = (i - (nx - 1) / 2) / size - x
                if dx * dx + dy * dy + dz * dz < radius * radius:
                    total += v[(k * ny + row) * nx + i]
                    count += 1
    assert count > 20, region
    mean = total / count / scale
    assert abs(mean - value) <= tolerance, f"{region}: mean {mean:.4f}"
PY
}
sim disc -p disc --rows 3 --cols 161 --views 240 --photons 30000 --flat-pattern 0.2 --flats 40
recon disc -c 80
check disc_comes_back "means of the reconstructed disc" \
    means disc 0.01 '0.1 -0.05 0 0.6 1' '-0.75 0.4 0 0.12 0' '0.3 0.2 0 0.2 1'
sim spheres -p spheres --rows 60 --cols 120 --views 200 --photons 100000 --center 57.3
recon spheres -c 57.3
check spheres_come_back "means of the reconstructed spheres" \
    means spheres 0.06 '0 0 0 0.12 1' '0.35 0.1 0.1 0.14 2' '-0.25 -0.35 -0.15 0.09 0' \
    '-0.2 0.45 0.25 0.07 1.5' '-0.1 -0.02 0.2 0.12 1' '0.05 0.25 -0.4 0.13 0.5'
check axis_found "the axis is not where --center put it" sh -c \
    "$V center '$W/spheres.h5' -q | awk '{exit !(\$1 > 57.1 && \$1 < 57.5)}'"
# Without noise the only error is that of filtered backprojection.
sim exact -p disc --rows 1 --cols 161 --views 240 --photons 0 --white 60000 --range 360
recon exact -c 80
check noise_free "means without noise" means exact 0.004 '0.1 -0.05 0 0.6 1' '-0.75 0.4 0 0.12 0'

# ---- the file ----
check described "info does not see the sizes" sh -c "$V info '$W/disc.h5' |
    grep -q 'Data Exchange scan: 240 projections of 3 x 161 (uint16), 40 flats, 10 darks, theta 0.*179'"
check provenance "no command in the file" grep -aq 'voxgrad simulate -o' "$W/disc.h5"
check json "no JSON" valid_json "$W/disc.json"
sim units --rows 2 --cols 16 --views 4 --pixel 0.05 --unit mm
check pixel_size "no pixel size" sh -c "$V info '$W/units.h5' | grep -q '0.05 mm'"
sim peak -p cube --rows 32 --cols 32 --views 16 --peak 3 --photons 0
check peak "the largest integral is not 3" \
    grep -q '"largest_integral": \(3\|2.99999999\|3.00000000\)' "$W/peak.json"
for beam in "flat 32" "curved 32" "curved 1"; do
    set -- $beam
    check "cone_$1_$2" "a cone-beam scan is not written" "$V" simulate -q -o "$W/cone.h5" --force \
        --sod 200 --sdd 300 --detector "$1" --rows "$2" --cols 32 --views 8 -p forbild-head-like \
        --volume-out "$W/cone.tiff" --geometry-out "$W/cone.json"
    check "geometry_$1_$2" "the geometry file does not say what was scanned" sh -c \
        "tr -d ' \\n' <'$W/cone.json' | grep -q '\"sod\":200' &&
         tr -d ' \\n' <'$W/cone.json' | grep -q '\"sdd\":300'"
    check "geometry_json_$1_$2" "no JSON" valid_json "$W/cone.json"
done
# A scan described by its own geometry file is the same scan.
sim direct -p spheres --rows 20 --cols 48 --views 30 --photons 0 --range 360 --center 22.5 \
    --geometry-out "$W/direct.geometry"
sim through -p spheres --photons 0 --geometry "$W/direct.geometry" \
    --size "$(sed -n 's/.*"size": \([0-9.]*\).*/\1/p' "$W/direct.json")"
recon direct -c 22.5
recon through -c 22.5
check geometry_file "other counts from the geometry file" \
    cmp "$W/direct/recon.npy" "$W/through/recon.npy"
cat >"$W/helix.geometry" <<'JSON'
{"beam": "cone", "units": "mm", "rows": 12, "cols": 32, "pixel": 2, "sod": 200, "sdd": 300,
 "views": 40, "range_deg": 720, "z_per_turn": 12, "z_start": -12}
JSON
check helix "a helical scan is not written" "$V" simulate -q -o "$W/helix.h5" \
    --geometry "$W/helix.geometry" --volume-out "$W/helix.npy"
check helix_described "info does not see the helix" sh -c "$V info '$W/helix.h5' |
    grep -q '40 projections of 12 x 32.*theta 0.*702'"
printf 'phantom 1\nbox add 1 0 0 0 .5 .5 .5 45\n' >"$W/own.phantom"
check own_phantom "a phantom file is not used" "$V" simulate -q -o "$W/own.h5" -p "$W/own.phantom" \
    --rows 4 --cols 16 --views 4
check own_phantom_hash "no hash of the phantom file" sh -c \
    "grep -aq \$(sha256sum '$W/own.phantom' | cut -d' ' -f1) '$W/own.h5'"

# ---- the same seed gives the same numbers, whatever the threads and memory ----
small="-p spheres --rows 40 --cols 64 --views 50 --photons 3000 --flat-pattern 0.1"
same() { # NAME OPTIONS: the reconstruction's sum
    sim "$@"
    recon "$1" -c 31.5
    cksum <"$W/$1/recon.npy"
}
# shellcheck disable=SC2086
{
    one=$(same one $small --threads 1)
    two=$(same two $small --threads 3 --max-memory 1)
    other=$(same other $small --seed 2)
}
check repeatable "other numbers with other threads and memory" [ "$one" = "$two" ]
check seed "another seed gives the same numbers" [ "$one" != "$other" ]
"$V" simulate -q -o "$W/again.h5" $small --volume-out "$W/v1.npy" >/dev/null
"$V" simulate -q -o "$W/again.h5" $small --volume-out "$W/v2.npy" --threads 1 --force >/dev/null
check repeatable_volume "another volume with one thread" cmp "$W/v1.npy" "$W/v2.npy"

# ---- bad input ----
refuses no_output 2 '\-\-output is missing' "$V" simulate
refuses no_sdd 2 '\-\-sdd is missing' "$V" simulate -o "$W/n.h5" --sod 100
refuses no_sod 2 '\-\-sod is missing' "$V" simulate -o "$W/n.h5" --sdd 100
refuses parallel_curved 2 '\-\-detector: curved needs a source' "$V" simulate -o "$W/n.h5" --detector curved
refuses unknown_phantom 2 "\-\-phantom: .*'moon' is none of cube" "$V" simulate -o "$W/n.h5" -p moon
refuses no_phantom_file 3 'moon.txt: cannot open: No such file' "$V" simulate -o "$W/n.h5" -p "$W/moon.txt"
printf 'phantom 1\nbox add 1 0 0 0 .5 -1 .5\n' >"$W/bad.phantom"
refuses bad_phantom 3 'bad.phantom: line 2: half axis y must be positive' \
    "$V" simulate -o "$W/n.h5" -p "$W/bad.phantom"
refuses binary_phantom 3 'one.h5: (line 1|not a text file)' "$V" simulate -o "$W/n.h5" -p "$W/one.h5"
refuses bad_axis 2 "\-\-rotation-axis: 'left'" "$V" simulate -o "$W/n.h5" --center left
refuses axis_off_detector 2 '\-\-size is needed' "$V" simulate -o "$W/n.h5" --center 500
refuses nothing_hit 2 'no ray meets anything of cube' \
    "$V" simulate -o "$W/n.h5" -p cube --center 500 --size 10
refuses bad_volume 2 '\-\-volume-out: .*does not end in' \
    "$V" simulate -o "$W/n.h5" --volume-out "$W/v.raw"
refuses too_many_views 2 "\-\-views: '0'" "$V" simulate -o "$W/n.h5" --views 0
refuses exists 4 'one.h5 exists \(--force' "$V" simulate -o "$W/one.h5"
refuses volume_exists 4 'v1.npy exists \(--force' "$V" simulate -o "$W/n.h5" --volume-out "$W/v1.npy"
refuses geometry_exists 4 'v1.npy exists \(--force' "$V" simulate -o "$W/n.h5" --geometry-out "$W/v1.npy"
refuses no_room_for_geometry 4 'cannot make the folder' \
    "$V" simulate -o "$W/n.h5" --geometry-out /proc/nowhere/g.json --rows 4 --views 4 \
    --volume-out "$W/n.npy"
refuses described_twice 2 '\-\-cols: the scan is described by --geometry already' \
    "$V" simulate -o "$W/n.h5" --geometry "$W/empty.geometry" --cols 9
refuses curved_twice 2 '\-\-detector: the scan is described' \
    "$V" simulate -o "$W/n.h5" --geometry "$W/empty.geometry" --detector curved
refuses no_geometry 3 'none.json: cannot open' "$V" simulate -o "$W/n.h5" --geometry "$W/none.json"
[ -n "$reads_geometry" ] && refuses bad_geometry 3 'bad.phantom' "$V" simulate -o "$W/n.h5" --geometry "$W/bad.phantom"
refuses unwritable 4 'cannot make the folder' "$V" simulate -o /proc/nowhere/n.h5
refuses no_room_for_volume 4 'cannot make the folder' \
    "$V" simulate -o "$W/n.h5" --volume-out /proc/nowhere/v.npy --rows 4 --views 4
limited() { (ulimit -f 600 && "$@"); }
refuses size_limit 4 'File too large|No space|no room' limited "$V" simulate -o "$W/deep/er/n.h5"
if mkdir "$W/disk" && mount -t tmpfs -o size=2m tmpfs "$W/disk" 2>/dev/null; then
    refuses full_disk 4 'No space|no room' "$V" simulate -o "$W/disk/n.h5"
    umount "$W/disk"
else
    skip full_disk "mounting a small file system is not allowed here"
fi
rmdir "$W/disk" 2>/dev/null

# ---- interrupted ----
stopped() { # NAME SIGNAL
    interrupted "$1" "$2" "$W/stopped/deep/" "$V" simulate -o "$W/stopped/deep/n.h5" \
        --volume-out "$W/stopped/n.npy" --rows 64 --cols 64 --views 40 --threads 1
}
stopped interrupt 2
stopped terminate 15
exit $failed
