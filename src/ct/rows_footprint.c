/* Registry rows: footprint. */
#include "ct/examples.h"

const vxg_op_row vxg__ct_footprint_rows[] = {{0}};
const int vxg__ct_footprint_row_count = 0;
