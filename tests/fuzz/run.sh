#!/bin/sh
# Fuzzes the readers: run.sh [RUNS] [reader...]; at least RUNS (100000) mutated inputs for each of
# hdf5, tiff, npy, nifti, mif, numbers, trk, tck, trx and geometry. Prints a line with the counts for each; crashing inputs are stored in
# tests/fuzz/findings and make the exit code 1. Needs clang with libFuzzer; VXG_FUZZ_CC, VXG_FUZZ_BUILD and VXG_FUZZ_SECONDS (the most
# time for one reader) may be set.
set -u
runs=${1:-100000}
[ $# -gt 0 ] && shift
readers=${*:-hdf5 tiff npy nifti mif numbers trk tck trx geometry}
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${VXG_FUZZ_BUILD:-$root/build-fuzz}
cc=${VXG_FUZZ_CC:-clang}
seconds=${VXG_FUZZ_SECONDS:-1200}

command -v "$cc" >/dev/null || {
    echo "$cc is not there; on Debian: apt install clang" >&2
    exit 1
}
mkdir -p "$build" || exit 1

flags="-std=c11 -D_GNU_SOURCE -O1 -g -fno-omit-frame-pointer -I$root/include -I$root/src"
flags="$flags -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined"
libs="-lm -lpthread"
have() { # package, macro
    pkg-config --exists "$1" 2>/dev/null || { echo "$1: not there, its format is left out"; return; }
    # As system headers: their warnings are not ours.
    flags="$flags -DVXG_HAVE_$2=1 $(pkg-config --cflags "$1" | sed 's/-I/-isystem /g')"
    libs="$libs $(pkg-config --libs "$1")"
}
have hdf5 HDF5
have libtiff-4 TIFF
have libpng PNG
have zlib ZLIB

# Blocks of files are found by rows of formats, which are the library's.
formats="$root/src/array/formats.c $root/src/array/rows.c $root/src/array/tract*.c $root/src/device/handle.c"
# Of ct what reads, explains and writes geometry texts; it needs no device.
ct="$root/src/ct/geometry/*.c $root/src/array/philox.c"

objects=
geometry_objects=
session_objects=
for source in "$root"/src/base/*.c "$root"/src/io/*.c "$root"/src/io/h5/*.c $formats $ct; do
    object=$build/$(basename "$(dirname "$source")")_$(basename "$source" .c).o
    # shellcheck disable=SC2086
    $cc $flags -c "$source" -o "$object" || exit 1
    case $source in
    */h5/helper.c | */h5/helper_base.c | */base/export.c | */base/layout.c) ;;
    */h5/session.c | */h5/launch.c) session_objects="$session_objects $object" ;;
    */src/ct/* | */src/array/philox.c) geometry_objects="$geometry_objects $object" ;;
    *) objects="$objects $object" ;;
    esac
done

# Memory that is refused is an error message and no finding. libhdf5 itself leaks a few bytes on some
# damaged files (README.md); leaks of this library are counted by the targets.
export ASAN_OPTIONS=allocator_may_return_null=1:detect_leaks=0
failed=0
for reader in $readers; do
    target=$build/fuzz_$reader
    more=$session_objects
    [ "$reader" != hdf5 ] || more= # the target stands in for them
    [ "$reader" != geometry ] || more="$more $geometry_objects"
    # shellcheck disable=SC2086
    $cc $flags -fsanitize=fuzzer "$root/tests/fuzz/fuzz_$reader.c" $objects $more $libs -o "$target" || exit 1
    work=$build/$reader
    rm -rf "$work"
    mkdir -p "$work/corpus" "$work/crashes" "$root/tests/fuzz/findings"
    cp "$root/tests/fuzz/corpus/$reader"/* "$work/corpus"
    "$target" -fork=1 -ignore_crashes=1 -ignore_timeouts=1 -ignore_ooms=1 -runs="$runs" \
        -max_total_time="$seconds" -max_len=20000 -timeout=25 -rss_limit_mb=3000 \
        -artifact_prefix="$work/crashes/" "$work/corpus" >"$work/log" 2>&1
    count=$(sed -n 's/^#\([0-9]*\):.*/\1/p' "$work/log" | tail -n 1)
    found=0
    for crash in "$work/crashes"/*; do
        [ -s "$crash" ] || continue
        found=$((found + 1))
        cp "$crash" "$root/tests/fuzz/findings/$reader-$(basename "$crash")"
        echo "finding: tests/fuzz/findings/$reader-$(basename "$crash")"
    done
    said="fuzz $reader: ${count:-0} inputs, $found findings"
    if [ "${count:-0}" -ge "$runs" ] && [ "$found" -eq 0 ]; then
        echo "PASS fuzz.$reader: $said"
    else
        echo "FAIL fuzz.$reader: $said; at least $runs inputs were asked for"
        failed=1
    fi
done
exit $failed
