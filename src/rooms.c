/* The only file that knows all rooms: it joins their operator rows. */
#include "ct/ct.h"
#include "op/op.h"

const vxg_room vxg__rooms[] = {
    {vxg__math_rows, &vxg__math_row_count},
    {vxg__ct_rows, &vxg__ct_row_count},
    {0, 0},
};
