#!/bin/sh
# The backend's own CUDA declarations against the vendor's headers, where they are installed.
root=$(cd "$(dirname "$0")/.." && pwd)
headers=
for folder in "$VXG_CUDA_PATH" /usr/local/cuda /usr/local/cuda-*; do
    [ -f "$folder/include/cuda.h" ] && [ -f "$folder/include/nvrtc.h" ] && headers=$folder/include
done
if [ -z "$headers" ]; then
    echo "SKIP cuda.declarations: no cuda.h and nvrtc.h on this machine"
    exit 0
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
procs=$root/src/device/cuda/procs.h
{
    echo '#include <cuda.h>'
    echo '#include <nvrtc.h>'
    echo '#define VXG_VENDOR_CUDA_TYPES 1'
    echo '#include "device/cuda/procs.h"'
    echo '#define X(name, arguments) CUresult name arguments;'
    echo 'VXG_CUDA_PROCS(X)'
    echo '#undef X'
    echo '#define X(name, arguments) nvrtcResult name arguments;'
    echo 'VXG_NVRTC_PROCS(X)'
    sed -n 's/^ *\(CUDA_[A-Z0-9_]*\|CU_[A-Z0-9_]*\|NVRTC_[A-Z_]*\) = \([0-9]*\),*$/_Static_assert((int)\1 == \2, "\1");/p' \
        "$procs"
    # structures: the same size, the members used at the same place
    echo '#include <stddef.h>'
    sed -n '/^typedef struct CUDA_ARRAY3D_DESCRIPTOR_st/,/^} CUmemPoolProps;/p' "$procs" |
        sed 's/CUDA_/OWN_/g; s/CUmemPoolProps/OWN_POOL/g'
    for pair in ARRAY3D_DESCRIPTOR:Depth,Format,NumChannels,Flags RESOURCE_DESC:resType,res,flags \
        MEMCPY3D:srcMemoryType,srcDevice,srcPitch,srcHeight,dstZ,dstMemoryType,dstArray,WidthInBytes,Height,Depth \
        TEXTURE_DESC:addressMode,filterMode,flags,borderColor; do
        t=${pair%%:*}
        echo "_Static_assert(sizeof(OWN_$t) == sizeof(CUDA_$t), \"size of $t\");"
        for m in $(echo "${pair#*:}" | tr , ' '); do
            echo "_Static_assert(offsetof(OWN_$t, $m) == offsetof(CUDA_$t, $m), \"$t.$m\");"
        done
    done
    echo '_Static_assert(sizeof(OWN_POOL) == sizeof(CUmemPoolProps), "size of CUmemPoolProps");'
    for m in allocType handleTypes location.type location.id win32SecurityAttributes maxSize; do
        echo "_Static_assert(offsetof(OWN_POOL, $m) == offsetof(CUmemPoolProps, $m), \"pool $m\");"
    done
} >"$work/check.c"
asserts=$(grep -c _Static_assert "$work/check.c")
compile="${CC:-cc} -std=c11 -Wall -Werror -I$root/src -I$headers -fsyntax-only"
if [ "$asserts" -ge 45 ] && $compile "$work/check.c" >"$work/log" 2>&1; then
    echo "PASS cuda.declarations"
else
    echo "FAIL cuda.declarations: $asserts values; $(head -n 3 "$work/log" | tr '\n' ' ')"
    exit 1
fi
# The check sees a wrong argument.
sed 's/cuMemsetD8Async, (CUdeviceptr dst, unsigned char value/cuMemsetD8Async, (CUdeviceptr dst, int value/' \
    "$procs" >"$work/procs.h"
sed "s|device/cuda/procs.h|$work/procs.h|" "$work/check.c" >"$work/wrong.c"
if $compile "$work/wrong.c" >/dev/null 2>&1; then
    echo "FAIL cuda.declarations_teeth: a wrong argument type was not seen"
    exit 1
fi
echo "PASS cuda.declarations_teeth"
