#!/bin/sh
# MRtrix3's densities with the 300 directions that its program looks at: read out of Debian's package, which is unpacked
# into a scratch folder and not installed.
cd "$(dirname "$0")/../.." || exit 1
suite=levels_dwi_mrtrix
folder=$(mktemp -d "${TMPDIR:-/tmp}/voxgrad_mrtrix_XXXXXX") || exit 1
trap 'rm -rf "$folder"' EXIT INT TERM
program=$folder/x/usr/lib/mrtrix3/bin/dwi2fod
(cd "$folder" && apt-get download mrtrix3 && dpkg -x mrtrix3_*.deb x) >"$folder/log" 2>&1
[ -f "$program" ] || {
    echo "SKIP $suite.all: Debian's package mrtrix3 cannot be had: $(tail -n 1 "$folder/log")"
    exit 0
}
# The table begins with these two numbers.
python3 - "$program" >"$folder/directions" <<'P'
import struct
import sys
data = open(sys.argv[1], "rb").read()
at = data.find(struct.pack("<2d", 2.832910411, 1.21211455))
if at < 0:
    sys.exit("the table is not where it was")
numbers = struct.unpack("<600d", data[at : at + 4800])
for i in range(300):
    print(repr(numbers[2 * i]), repr(numbers[2 * i + 1]))
P
[ -s "$folder/directions" ] || {
    echo "FAIL $suite.directions: the 300 directions were not found in dwi2fod"
    exit 1
}
VXG_MRTRIX_DIRECTIONS=$folder/directions "${VXG_BUILD:-build-test}/tests/test_dwi_mrtrix"
