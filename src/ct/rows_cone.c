/* Registry rows: cone. */
#include "ct/examples.h"

const vxg_op_row vxg__ct_cone_rows[] = {{0}};
const int vxg__ct_cone_row_count = 0;
