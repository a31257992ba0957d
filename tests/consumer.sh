#!/bin/sh
# Installs into a scratch prefix and builds a tiny program against it, by pkg-config and by find_package.
# $BUILD: the build folder.
set -eu
cd "$(dirname "$0")/.."
build=${BUILD:-${VXG_BUILD:-build}}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
pass() { echo "PASS consumer.$1"; }
fail() {
    echo "FAIL consumer.$1: $2"
    sed 's/^/  /' "$tmp/log" >&2
    failed=1
}
failed=0
cmake --install "$build" --prefix "$tmp/prefix" >"$tmp/log" 2>&1 || {
    fail install "cmake --install"
    exit 1
}
libdir=$(dirname "$(find "$tmp/prefix" -name 'libvoxgrad.so' | head -n 1)")
# the installed description names the configured prefix: point it at this one
export PKG_CONFIG_PATH="$libdir/pkgconfig"
if cc tests/consumer/main.c -o "$tmp/a" $(pkg-config --define-variable=prefix="$tmp/prefix" --cflags --libs voxgrad) \
    >"$tmp/log" 2>&1 && LD_LIBRARY_PATH=$libdir "$tmp/a" >"$tmp/log" 2>&1 && grep -q 'on cpu' "$tmp/log"; then
    pass pkg_config
else
    fail pkg_config "building or running with pkg-config"
fi
if cmake -S tests/consumer -B "$tmp/b" -DCMAKE_PREFIX_PATH="$tmp/prefix" >"$tmp/log" 2>&1 &&
    cmake --build "$tmp/b" >>"$tmp/log" 2>&1 && "$tmp/b/consumer" >"$tmp/log" 2>&1 && grep -q 'on cpu' "$tmp/log"; then
    pass find_package
else
    fail find_package "building or running with find_package"
fi
# an operator of one's own: the plug-in that docs/adding/operator.md shows, outside the tree
block() { # block WORD FILE: the fenced block under the comment with WORD
    awk -v word="$1" 'index($0, word) { found = 1 } found && /^```/ { if (inside) exit; inside = 1; next } inside' "$2"
}
block tests/snippets/operator_plugin.c docs/adding/operator.md >"$tmp/difference.c"
sed 's/y\[at + 1\]/y[at]/' "$tmp/difference.c" >"$tmp/wrong.c"
plugin() { # plugin NAME: builds it with the installed headers alone, and checks it
    cc -std=c11 -Wall -Wextra -Werror -shared -fPIC "$tmp/$1.c" -o "$tmp/$1.so" $(pkg-config --cflags --libs voxgrad) \
        >"$tmp/log" 2>&1 &&
        VXG_CACHE_DIR="$tmp/cache" "$tmp/prefix/bin/voxgrad" check mine.difference --plugin "$tmp/$1.so" --device cpu \
            >"$tmp/log" 2>&1
}
if ! grep -q vxg_plugin_register "$tmp/difference.c"; then
    fail plugin "docs/adding/operator.md has no plug-in"
elif ldd "$libdir/libvoxgrad.so" | grep -q 'san\.so'; then
    echo "SKIP consumer.plugin: the sanitizers' run-time is not in a plug-in built without them"
elif plugin difference && [ "$(grep -c ' ok$' "$tmp/log")" = 2 ]; then
    pass plugin
    if plugin wrong; then
        fail plugin_wrong "a wrong adjoint passes"
    elif grep -q '! adjoint' "$tmp/log"; then
        pass plugin_wrong
    else
        fail plugin_wrong "the check does not name the adjoint"
    fi
else
    fail plugin "building against the installed headers, or checking"
fi
# files: the second library, which brings the first
if cc tests/consumer/reader.c -o "$tmp/r" $(pkg-config --cflags --libs voxgrad_io) >"$tmp/log" 2>&1 &&
    LD_LIBRARY_PATH=$libdir "$tmp/r" "$tmp/r.npy" >"$tmp/log" 2>&1 && grep -q '1 axis, 1.5' "$tmp/log"; then
    pass pkg_config_io
else
    fail pkg_config_io "building or running with voxgrad_io by pkg-config"
fi
if "$tmp/b/reader" "$tmp/r.npy" >"$tmp/log" 2>&1 && grep -q '1 axis, 1.5' "$tmp/log"; then
    pass find_package_io
else
    fail find_package_io "running with voxgrad::voxgrad_io"
fi
# libvoxgrad asks for nothing but the C library, also through what it needs
if ldd "$libdir/libvoxgrad.so" >"$tmp/log" 2>&1 &&
    ! grep -vE 'linux-vdso|(libc|libm|libpthread|libdl)\.so|ld-linux|lib[a-z]*san\.so' "$tmp/log" |
        grep -q .; then
    pass ldd
else
    fail ldd "libvoxgrad needs more than the C library"
fi
if [ -L "$libdir/libvoxgrad_io.so.0" ]; then pass soname_io; else fail soname_io "no libvoxgrad_io.so.0"; fi
if [ -L "$libdir/libvoxgrad.so.0" ]; then pass soname; else fail soname "no libvoxgrad.so.0"; fi
for header in "$tmp"/prefix/include/voxgrad/*.h; do
    if ! cc -std=c11 -Wall -Wextra -Werror -I"$tmp/prefix/include" -fsyntax-only "$header" >"$tmp/log" 2>&1; then
        fail headers "$(basename "$header") does not compile as C11"
    elif command -v c++ >/dev/null 2>&1 && ! c++ -std=c++14 -x c++ -Wall -Werror -I"$tmp/prefix/include" -fsyntax-only "$header" >"$tmp/log" 2>&1; then
        fail headers "$(basename "$header") does not compile as C++14"
    fi
done
[ $failed = 1 ] || pass headers
exit $failed
