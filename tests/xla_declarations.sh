#!/bin/sh
# The library's own declarations of XLA's foreign function interface against XLA's header, where jaxlib brings it.
root=$(cd "$(dirname "$0")/.." && pwd)
folder=$("${VXG_PYTHON:-python3}" -c 'import jaxlib, os; print(os.path.dirname(jaxlib.__file__))' 2>/dev/null)
header=$folder/include/xla/ffi/api/c_api.h
if [ -z "$folder" ] || [ ! -f "$header" ]; then
    echo "SKIP xla.declarations: no jaxlib with XLA's header"
    exit 0
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
# "our struct: XLA's: our member=XLA's..."; structs that grew at their end are compared as far as ours reach
{
    echo '#include <stddef.h>'
    echo '#include <stdint.h>'
    echo "#include \"$header\""
    echo '#include "op/xla.h"'
    while read -r own theirs members; do
        for pair in $members; do
            m=${pair%%=*} t=${pair##*=}
            echo "_Static_assert(offsetof(vxg_xla_$own, $m) == offsetof(XLA_FFI_$theirs, $t), \"$own.$m\");"
            echo "_Static_assert(sizeof(((vxg_xla_$own *)0)->$m) == sizeof(((XLA_FFI_$theirs *)0)->$t), \"size of $own.$m\");"
        done
    done <<'TXT'
extension Extension_Base struct_size type next
version Api_Version struct_size extension_start major_version minor_version
metadata Metadata struct_size api_version traits
metadata_extension Metadata_Extension base=extension_base metadata
buffer Buffer struct_size extension_start dtype data rank dims
values Args struct_size extension_start size types values=args
values Rets struct_size extension_start size types values=rets
text ByteSpan ptr len
scalar Scalar dtype value
attributes Attrs struct_size extension_start size types names values=attrs
error_args Error_Create_Args struct_size extension_start message code=errc
stream_args Stream_Get_Args struct_size extension_start context=ctx stream
api Api struct_size extension_start version=api_version internal=internal_api error_create=XLA_FFI_Error_Create stream_get=XLA_FFI_Stream_Get
frame CallFrame struct_size extension_start api context=ctx stage args rets attrs
TXT
    while read -r own theirs; do
        echo "_Static_assert((int)VXG_XLA_$own == (int)XLA_FFI_$theirs, \"$own\");"
    done <<'TXT'
METADATA Extension_Metadata
BUFFER ArgType_BUFFER
BUFFER RetType_BUFFER
SCALAR AttrType_SCALAR
EXECUTE ExecutionStage_EXECUTE
S64 DataType_S64
F32 DataType_F32
F64 DataType_F64
C64 DataType_C64
C128 DataType_C128
CANCELLED Error_Code_CANCELLED
UNKNOWN Error_Code_UNKNOWN
INVALID Error_Code_INVALID_ARGUMENT
EXHAUSTED Error_Code_RESOURCE_EXHAUSTED
UNIMPLEMENTED Error_Code_UNIMPLEMENTED
TXT
} >"$work/check.c"
asserts=$(grep -c _Static_assert "$work/check.c")
if [ "$asserts" -ge 100 ] && ${CC:-cc} -std=c11 -I"$root/src" -fsyntax-only "$work/check.c" >"$work/log" 2>&1; then
    echo "PASS xla.declarations"
else
    echo "FAIL xla.declarations: $asserts values; $(head -n 3 "$work/log" | tr '\n' ' ')"
    exit 1
fi
sed 's/    int64_t rank;/    int rank;/' "$root/src/op/xla.h" >"$work/xla.h"
sed "s|op/xla.h|$work/xla.h|" "$work/check.c" >"$work/wrong.c"
if ${CC:-cc} -std=c11 -fsyntax-only "$work/wrong.c" >/dev/null 2>&1; then
    echo "FAIL xla.declarations_teeth: a wrong member was not seen"
    exit 1
fi
echo "PASS xla.declarations_teeth"
