/* The generated layout table (tools/layout.c). */
#ifndef VXG_BASE_LAYOUT_H
#define VXG_BASE_LAYOUT_H
#include <voxgrad/layout.h>

extern const vxg_layout_struct vxg__layout_structs[];
extern const vxg_layout_enum vxg__layout_enums[];
extern const vxg_layout_function vxg__layout_functions[], vxg__layout_callbacks[];
extern const uint32_t vxg__layout_counts[4]; /* of the four, in that order */
#endif
