#!/bin/sh
# The house rules a compiler does not see. Prints PASS/FAIL lines; exit 1 when a rule is broken.
# $BUILD: a build folder with the library (for exported names).
set -u
cd "$(dirname "$0")/.."
build=${BUILD:-${VXG_BUILD:-build}}
failed=0
result() { # result NAME FINDINGS: passes when there are none
    if [ -z "$2" ]; then
        echo "PASS lint.$1"
    else
        echo "FAIL lint.$1: $(printf '%s' "$2" | head -n 1)"
        printf '%s\n' "$2" | head -n 20 | sed 's/^/  /' >&2
        failed=1
    fi
}

# ---- who may include whom: room, then the rooms and public headers it may see ----
layers() {
    # includes of src, against tools/layers.txt
    grep -rnE '^#include "' src --include='*.c' --include='*.h' | awk -F: '
        function room(path) { sub(/\/[^\/]*$/, "", path); return path }
        BEGIN {
            while ((getline line < "tools/layers.txt") > 0) {
                n = split(line, f, " ")
                if (n == 0 || f[1] == "#") continue
                for (i = 2; i <= n; i++) may[f[1], f[i]] = 1
                known[f[1]] = 1
            }
        }
        {
            from = room(substr($1, 5))
            split($3, part, "\"")
            if (part[2] !~ /\// || from !~ /./ || from == "src" || $1 ~ /^src\/[^\/]*$/) next
            if (!(from in known)) { print $1 ": the room " from " is not in tools/layers.txt"; next }
            to = room(part[2])
            if (part[2] ~ /^kernels\//) {
                if (from != "device/cpu" && from !~ /\/schedule$/) print $0 ": kernels belong to device/cpu and schedules"
            } else if (to in known && !((from, to) in may)) print $0
        }'
    # public headers of rooms above
    while read -r room allowed; do
        grep -rnE '^#include <voxgrad/' "src/$room" --include='*.c' --include='*.h' | grep -vE "<voxgrad/($allowed)\.h"
    done <<'TXT'
base base|layout
device base|device
array base|device|array|tracts
op base|device|array|op
ct base|device|array|op|ct|phantom|geometry
dwi base|device|array|op|dwi
track base|device|array|tracts|op|dwi|track
io base|array|tracts|io
TXT
    # outside src: the public headers only
    grep -nE '^#include "(base|device|array|op|ct|io)/' cli/*.c cli/*.h examples/*.c bench/*.c tests/*.c 2>/dev/null |
        grep -v '^tests/internal_'
}
result layers "$(layers)"
result calls "$(sh tools/symbols.sh "$build")" # the same of calls, and no circles of files

result planted "$(sh tests/planted_faults.sh --check 2>&1)" # faults of the deep tests still find their place

# ---- vendor headers stay in the folder that owns them ----
vendors() {
    grep -rnE '^ *# *include *[<"](hdf5|H5|tiff|png|zlib)' src cli include tests/*.c examples bench 2>/dev/null | grep -v '^src/io/'
    grep -rnE '^ *# *include *[<"](CL/|cuda|nvrtc|Metal)' src cli include tests/*.c examples bench 2>/dev/null |
        grep -vE '^src/device/(opencl|cuda|metal)/|tests/(internal_|fake_cuda)'
}
result vendors "$(vendors)"

# ---- kernels know no backend ----
result kernels "$(grep -nE '#.*(__OPENCL|__CUDA|__METAL|OPENCL_VERSION|__NVCC)' $(find kernels -name '*.k' -o -name '*.h' | grep -v prelude/))"
result literals "$(grep -nE '[^A-Za-z0-9_.(][0-9]+\.[0-9]*f?\b' $(find kernels -name '*.k') | grep -vE '^[^:]*:[0-9]+: *(/?\*|//)|K_R\(' || true)"

# ---- exported names: of libvoxgrad also the table that libvoxgrad_io uses ----
exported() { nm -D --defined-only "$build/lib/$1.so" | awk '$2 ~ /[A-Z]/ {print $3}'; }
declared() { # LIBRARY HEADER...: every function that is declared there exists
    library=$1
    shift
    exported "$library" >"$build/exported"
    grep -ohE '\b(vxg_[a-z0-9_]+)\(' "$@" | tr -d '(' | sort -u | while read -r f; do
        grep -qE "VXG_API[^;]*\b$f\(" "$@" || continue
        grep -qx "$f" "$build/exported" || echo "$f is declared but not in $library"
    done
}
if [ -f "$build/lib/libvoxgrad.so" ] && [ -f "$build/lib/libvoxgrad_io.so" ]; then
    result exports "$(exported libvoxgrad | grep -vE '^(vxg_[a-z0-9][A-Za-z0-9_]*|vxgi_base_v1|_init|_fini|__.*(asan|odr).*)$'
    exported libvoxgrad_io | grep -vE '^(vxg_[a-z0-9][A-Za-z0-9_]*|_init|_fini|__.*(asan|odr).*)$')"
    # shellcheck disable=SC2046
    result declared "$(declared libvoxgrad $(ls include/voxgrad/*.h | grep -v '/io\.h$')
    declared libvoxgrad_io include/voxgrad/io.h)"
    # needs nothing but the C library
    result needed "$(objdump -p "$build/lib/libvoxgrad.so" | awk '$1 == "NEEDED" {print $2}' |
        grep -vE '^(libc|libm|libpthread|libdl|ld-linux[a-z0-9_-]*)\.so\.[0-9]+$|^lib[a-z]*san\.so' |
        sed 's/^/libvoxgrad needs /')"
    # asserts are in builds that were told to have them, in no other
    grep -q '^VXG_ASSERT:BOOL=ON' "$build/CMakeCache.txt" && asserts=on || asserts=off
    result asserts "$(sh tools/asserts.sh "$build" $asserts)"
else
    echo "FAIL lint.exports: no $build/lib/libvoxgrad.so and libvoxgrad_io.so; build first"
    failed=1
fi

# ---- every public constructor of a ct or math operator is reached by a registry row ----
constructors() {
    grep -ohE '^VXG_API int vxg_(ct|op)_[a-z0-9_]+\(vxg_device \*dev' include/voxgrad/*.h |
        sed -E 's/VXG_API int ([a-z0-9_]+)\(.*/\1/' | sort -u | while read -r f; do
        # pipelines, and operators of functions that are the caller's (tests/op_views.c)
        case $f in vxg_ct_reconstruct | vxg_ct_reconstruct_views | vxg_ct_recon_plan | vxg_ct_try_centers* | vxg_op_views) continue ;; esac
        grep -qw "$f" src/ct/registry/rows*.c src/op/math.c src/op/fft.c src/solve/operators.c src/solve/prox.c || echo "$f has no registry row"
    done
}
result rows "$(constructors)"

# ---- headers say what is stable (docs/abi.md) ----
stability() {
    for h in include/voxgrad/*.h; do
        line=$(awk '{print} /\*\//{exit}' "$h" | grep -oE 'Stability: (stable but for what is marked|stable) \(' || true)
        marks=$(grep -cE '(Experimental|For tests):' "$h" || true)
        case $line in
        'Stability: stable (') [ "$marks" = 0 ] || echo "$h says that it is stable, and has $marks marks" ;;
        Stability*) [ "$marks" != 0 ] || echo "$h has nothing marked" ;;
        *) echo "the first comment of $h does not say its stability" ;;
        esac
        grep -ni 'experimental' "$h" | grep -v 'Experimental:' | sed "s|^|$h: |"
    done
}
result stability "$(stability)"

# ---- files stay readable ----
result sizes "$(find src cli kernels include tests bench examples tools -name '*.[chk]' -o -name '*.sh' | xargs wc -l |
    awk '$2 != "total" && $1 > 800 {print $2 ": " $1 " lines"}')"
result fast_math "$(grep -nE -e '-ffast-math|-Ofast' CMakeLists.txt dev tools/*.sh 2>/dev/null | grep -v 'tools/lint.sh')"
if command -v clang-format >/dev/null 2>&1; then
    result format "$(find src cli include tests bench examples tools -name '*.[ch]' | xargs clang-format --dry-run 2>&1 | grep warning | head -n 20)"
else
    echo "SKIP lint.format: clang-format is not installed"
fi
exit $failed
