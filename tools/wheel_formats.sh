#!/bin/sh
# wheel_formats.sh FOLDER: zlib, libpng, TIFF and HDF5 as static libraries for a wheel, in FOLDER/prefix, from Debian's
# source packages of the release that this machine runs (so with its security fixes). Made once for their versions, the
# compiler and this script; a later run without a network takes what is there. Nothing of the system is changed: apt
# gets a configuration, lists and a cache of its own in FOLDER.
# Nothing optional is in them: HDF5 and TIFF have deflate alone, no tools, no other languages. HDF5 is not built
# thread-safe, as libvoxgrad_io calls it behind one lock (src/io/h5.c) and the helper has one thread.
set -u
script=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
[ $# = 1 ] || {
    echo "usage: wheel_formats.sh FOLDER" >&2
    exit 2
}
mkdir -p "$1" && cd "$1" || exit 1
folder=$(pwd)
exec 8>lock # one at a time
flock 8
prefix=$folder/prefix
jobs=$(nproc 2>/dev/null || echo 2)
[ "$jobs" -lt 4 ] || jobs=4

say() { echo "wheel: $*" >&2; }
die() {
    say "$*"
    exit 1
}
for tool in apt-get dpkg-source cmake make cc; do
    command -v $tool >/dev/null || die "$tool is not here; the formats' sources come from Debian (packages dpkg-dev, cmake, make, gcc)"
done

# ---- which versions there are ----
keys=/usr/share/keyrings/debian-archive-keyring.gpg
release=$(. /etc/os-release && echo "${ID:-} ${VERSION_CODENAME:-}")
case $release in
"debian "?*) release=${release#debian } ;;
*) die "this is not a Debian release (/etc/os-release says '$release'): give static libraries by -DVXG_STATIC_FORMATS" ;;
esac
[ -f $keys ] || die "$keys is not here: package debian-archive-keyring"
mkdir -p apt/lists/partial apt/archives/partial sources
cat >apt/sources.list <<TXT
deb-src [signed-by=$keys] http://deb.debian.org/debian $release main
deb-src [signed-by=$keys] http://deb.debian.org/debian-security $release-security main
TXT
own_apt() {
    apt-get -qq -o Dir::State="$folder/apt" -o Dir::State::lists="$folder/apt/lists" -o Dir::Cache="$folder/apt" \
        -o Dir::Etc::sourcelist="$folder/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o APT::Sandbox::User= "$@"
}
packages='zlib libpng1.6 tiff hdf5'
offline() { # what is there is taken, where something is
    [ -f made ] || die "$1, which the wheel's formats are built from: $(grep '^E:' apt/log | head -n 1)"
    say "$1: the libraries that are there are taken"
    exit 0
}
own_apt update >apt/log 2>&1 || offline "no list of Debian's sources"
# Each package's newest sources; a mirror that lists a security update and has it no more leaves the release's own.
# apt checks the signed checksums and fetches no file twice (nor lists one that is in the folder).
: >apt/found
for package in $packages; do
    for wanted in "$package" "$package/$release"; do
        dsc=$(cd apt && own_apt source --print-uris "$wanted" 2>>log | sed -n 's/^[^ ]* \([^ ]*\.dsc\) .*/\1/p')
        [ -n "$dsc" ] && (cd sources && own_apt source --download-only "$wanted") >>apt/log 2>&1 && break
        say "Debian's sources of $wanted cannot be had${dsc:+: $dsc}"
        dsc=
    done
    [ -n "$dsc" ] || offline "no sources of $package"
    echo "$package $dsc" >>apt/found
done
{
    cat apt/found "$script"
    cc --version
} | sha256sum >apt/key
[ -f made ] && cmp -s apt/key made && exit 0

rm -rf made prefix build log
mkdir -p build log prefix/licenses
while read -r package dsc; do
    dpkg-source --no-check -x "sources/$dsc" "build/$package.source" >"log/$package" 2>&1 ||
        die "$dsc cannot be unpacked: the log is $folder/log/$package"
    echo "$package $(sed -n 's/^Version: //p' "sources/$dsc" | tail -n 1), Debian's source package with its patches" \
        >>prefix/licenses/versions.txt
done <apt/found
cp build/zlib.source/LICENSE prefix/licenses/zlib.txt &&
    cp build/libpng1.6.source/LICENSE prefix/licenses/libpng.txt &&
    cp build/tiff.source/LICENSE.md prefix/licenses/tiff.txt &&
    cat build/hdf5.source/COPYING build/hdf5.source/COPYING_LBNL_HDF5 >prefix/licenses/hdf5.txt || die "a licence is not where it was"

# ---- the builds ----
# Every function in a section of its own, so that what is not called stays out; files are read in the caller's process
# too, so checked as Debian builds them; no path of this machine in the messages, no warnings about other people's texts.
flags="-O2 -w -fPIC -fvisibility=hidden -ffunction-sections -fdata-sections -fstack-protector-strong -D_FORTIFY_SOURCE=2"
flags="$flags -ffile-prefix-map=$folder/build/="
by_cmake() { # PACKAGE options...: configures, builds and installs
    package=$1
    shift
    say "building $package"
    mkdir -p "build/$package"
    # from inside: programs that HDF5's description runs leave files where cmake was called
    (cd "build/$package" && cmake "../$package.source" -DCMAKE_BUILD_TYPE=None "-DCMAKE_C_FLAGS=$flags" \
        -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_PREFIX_PATH="$prefix" \
        -DBUILD_SHARED_LIBS=OFF -DCMAKE_POSITION_INDEPENDENT_CODE=ON \
        -DZLIB_INCLUDE_DIR="$prefix/include" -DZLIB_LIBRARY="$prefix/lib/libz.a" "$@") >>"log/$package" 2>&1 &&
        cmake --build "build/$package" -j"$jobs" >>"log/$package" 2>&1 &&
        cmake --install "build/$package" >>"log/$package" 2>&1 || {
        tail -n 20 "log/$package" >&2
        die "$package cannot be built: the log is $folder/log/$package"
    }
}
say "building zlib"
(cd build/zlib.source && CFLAGS="$flags" ./configure --static --prefix="$prefix" && make -j"$jobs" libz.a && make install) >>log/zlib 2>&1 ||
    die "zlib cannot be built: the log is $folder/log/zlib"
by_cmake libpng1.6 -DPNG_SHARED=OFF -DPNG_TESTS=OFF -DPNG_EXECUTABLES=OFF
by_cmake tiff -Dzlib=ON -Djpeg=OFF -Dold-jpeg=OFF -Djbig=OFF -Dlerc=OFF -Dlibdeflate=OFF -Dlzma=OFF -Dpixarlog=OFF -Dwebp=OFF \
    -Dzstd=OFF -Dcxx=OFF -Dtiff-tools=OFF -Dtiff-tests=OFF -Dtiff-contrib=OFF -Dtiff-docs=OFF -Dtiff-opengl=OFF
# The interface of 1.8 as in Debian's own build. Its list of settings names the machine: left out.
by_cmake hdf5 -DBUILD_STATIC_LIBS=ON -DBUILD_TESTING=OFF -DHDF5_BUILD_TOOLS=OFF -DHDF5_BUILD_UTILS=OFF \
    -DHDF5_BUILD_EXAMPLES=OFF -DHDF5_BUILD_HL_LIB=OFF -DHDF5_BUILD_CPP_LIB=OFF -DHDF5_BUILD_FORTRAN=OFF \
    -DHDF5_BUILD_JAVA=OFF -DHDF5_ENABLE_PARALLEL=OFF -DHDF5_ENABLE_THREADSAFE=OFF -DHDF5_ENABLE_SZIP_SUPPORT=OFF \
    -DHDF5_ENABLE_Z_LIB_SUPPORT=ON -DZLIB_USE_EXTERNAL=OFF -DHDF5_ENABLE_EMBEDDED_LIBINFO=OFF -DDEFAULT_API_VERSION=v18
# CMake's FindHDF5 asks the compiler's wrapper or the package's own description, whose libraries are named by their
# targets; plain files are found as they lie.
rm -rf prefix/bin prefix/share prefix/cmake prefix/lib/cmake build
for library in z png tiff hdf5; do
    [ -f prefix/lib/lib$library.a ] || die "prefix/lib/lib$library.a was not made"
done
cp apt/key made
