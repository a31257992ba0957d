#!/bin/sh
# Smoke run under valgrind: a small reconstruction, a centre, a check, and a refused command. AVX-512
# is more than valgrind knows, so the level is v3.
set -u
build=${VXG_BUILD:-build}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
VXG_ISA=v3
export VXG_ISA
command -v valgrind >/dev/null || {
    echo "SKIP valgrind.smoke: no valgrind here"
    exit 0
}
[ -x "$build/tools/make_scan" ] || {
    echo "SKIP valgrind.smoke: built without HDF5"
    exit 0
}
"$build/tools/make_scan" "$work/scan.h5" views=24 rows=3 cols=32

run() { # NAME EXPECTED-CODE ARGUMENTS
    name=$1 want=$2
    shift 2
    valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite \
        --errors-for-leak-kinds=definite "$build/bin/voxgrad" "$@" >"$work/out" 2>&1
    rc=$?
    if [ $rc = "$want" ]; then
        echo "PASS valgrind.$name"
    else
        cat "$work/out"
        echo "FAIL valgrind.$name: exit code $rc, not $want"
    fi
}
run info 0 info "$work/scan.h5"
run center 0 center "$work/scan.h5" -o "$work/curve.png"
run recon 0 recon "$work/scan.h5" -o "$work/full" --device cpu --rotation-axis 16
run recon_h5 0 recon "$work/scan.h5" -o "$work/h5" --device cpu --rotation-axis 16 --save-format h5
run try 0 recon "$work/scan.h5" -o "$work/try" --device cpu --type try --center-range 15:18
run check 0 check ct.parallel.joseph --device cpu --examples 2
run refused 4 recon "$work/scan.h5" -o "$work/full" --device cpu --rotation-axis 16
run unknown 2 recon "$work/scan.h5" --outptu x
