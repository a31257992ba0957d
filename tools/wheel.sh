#!/bin/sh
# ./dev wheel [FOLDER]: makes voxgrad-VERSION-py3-none-manylinux_X_Y_ARCH.whl in FOLDER (dist), with HDF5, TIFF, PNG and
# zlib inside, and prints its path.
#
# X.Y is the highest version of glibc's symbols that a file of the wheel asks for, not the build machine's glibc, which is
# never lower. The loader refuses a file for what it asks for and for nothing else, glibc keeps old symbols as they were,
# and PEP 600's "works with glibc X.Y and later" says no more; a higher number would keep the wheel from systems that run
# it. tools/wheel_check.sh reads it off the files, each time.
set -u
cd "$(dirname "$0")/.." || exit 1
root=$(pwd)
log=$root/build/log/wheel.log
dist=${1:-dist}
mkdir -p build/log "$dist" || exit 1
exec 9>build/wheel.lock
flock 9
say() { echo "wheel: $*" >&2; }
die() {
    say "$*"
    exit 1
}
CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc 2>/dev/null || echo 2)}
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)} # the same files, the same wheel
export CMAKE_BUILD_PARALLEL_LEVEL SOURCE_DATE_EPOCH

sh tools/wheel_formats.sh build/wheel-deps || exit 1

# What makes wheels, in an environment of its own.
tools=$root/build/wheel-tools
if [ ! -f "$tools/complete" ]; then
    rm -rf "$tools"
    { /usr/bin/python3 -m venv "$tools" || python3 -m venv "$tools"; } >"$log" 2>&1 ||
        die "Python makes no virtual environment (package python3-venv): the log is build/log/wheel.log"
    "$tools/bin/pip" -q --disable-pip-version-check install 'scikit-build-core>=0.10' wheel >"$log" 2>&1 ||
        die "pip does not get scikit-build-core and wheel: $(tail -n 1 "$log")"
    touch "$tools/complete"
fi

# The same wheel as of `pip wheel .`, in a build folder of its own.
work=$root/build/wheel-work
rm -rf "$work"
mkdir -p "$work/made" "$work/files"
say "building voxgrad"
"$tools/bin/python" - "$work/made" "$root/build/wheel-deps/prefix" >"$log" 2>&1 <<'PY' || { tail -n 30 "$log" >&2; die "the build failed: the whole log is build/log/wheel.log"; }
import sys
from scikit_build_core import build
build.build_wheel(sys.argv[1], {"build-dir": "build/wheel-static", "build.targets": "voxgrad;voxgrad_io;voxgrad_h5;voxgrad_cli",
                              "cmake.define.VXG_STATIC_FORMATS": sys.argv[2]})
PY
made=$(ls "$work"/made/*.whl)
"$tools/bin/python" -m zipfile -e "$made" "$work/files" || exit 1
glibc=$(sh tools/wheel_check.sh "$work/files") || {
    printf '%s\n' "$glibc" >&2
    die "this is no wheel to give away"
}
if grep -rlaF "$root" "$work/files" >&2; then die "these files of the wheel name this folder"; fi
platform=manylinux_$(echo "$glibc" | tr . _)_$(uname -m)
name=$("$tools/bin/wheel" tags --remove --platform-tag "$platform" "$made" | tail -n 1) &&
    [ -f "$work/made/$name" ] && mv "$work/made/$name" "$dist/$name" || die "the tag $platform was not set"
rm -rf "$work"
say "$(wc -c <"$dist/$name") bytes, needs glibc $glibc; built on $(getconf GNU_LIBC_VERSION)"
echo "$dist/$name"
