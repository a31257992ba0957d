#!/bin/sh
# Plug-in hosts load and unload the library while its threads exist: nothing may crash. $BUILD: the build folder.
set -u
cd "$(dirname "$0")/.." || exit 1
build=${BUILD:-${VXG_BUILD:-build}}
failed=0
lib=$build/lib/libvoxgrad.so
out=$("$build/tools/unload" "$lib" 2>&1)
code=$?
if [ $code = 0 ] && [ "$out" = alive ]; then
    echo "PASS unload.dlclose"
else
    echo "FAIL unload.dlclose: exit $code: $out"
    failed=1
fi
exit $failed
