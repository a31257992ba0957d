/* The interface as data: what the build worked out, handed out. */
#include "base/layout.h"

#include "base/base.h"

uint32_t vxg_abi_version(void) {
    return VXG_ABI_VERSION;
}

int vxg_layout_table(vxg_layout *out) {
    const vxg_layout table = {.abi = VXG_ABI_VERSION,
                              .nstructs = vxg__layout_counts[0],
                              .nenums = vxg__layout_counts[1],
                              .nfunctions = vxg__layout_counts[2],
                              .ncallbacks = vxg__layout_counts[3],
                              .structs = vxg__layout_structs,
                              .enums = vxg__layout_enums,
                              .functions = vxg__layout_functions,
                              .callbacks = vxg__layout_callbacks};
    return VXG_OUT(vxg_layout, out, &table);
}
