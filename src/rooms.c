/* The only file that knows all rooms: it joins their operator rows. */
#include "ct/registry/registry.h"
#include "op/op.h"

const vxg_room vxg__rooms[] = {
    {vxg__math_rows, &vxg__math_row_count},
    {vxg__fft_rows, &vxg__fft_row_count},
    {vxg__ct_rows, &vxg__ct_row_count},
    {vxg__ct_cone_rows, &vxg__ct_cone_row_count},
    {vxg__ct_fdk_rows, &vxg__ct_fdk_row_count},
    {vxg__ct_footprint_rows, &vxg__ct_footprint_row_count},
    {vxg__ct_gradient_rows, &vxg__ct_gradient_row_count},
    {0, 0},
};
