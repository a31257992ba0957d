#!/bin/sh
# Mesa's rusticl on the processor (llvmpipe), where it is installed.
cd "$(dirname "$0")/../.." || exit 1
for f in /usr/lib/*/libRusticlOpenCL.so.1 /usr/lib64/libRusticlOpenCL.so.1; do
    [ -f "$f" ] && driver=$f
done
if [ -z "${driver:-}" ]; then
    echo "SKIP opencl_rusticl.all: no libRusticlOpenCL.so.1 (Debian: mesa-opencl-icd from version 24 on)"
    exit 0
fi
RUSTICL_ENABLE=llvmpipe
export RUSTICL_ENABLE
sh tests/tools/opencl_on.sh rusticl "$driver"
