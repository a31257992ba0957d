/* Registry rows: gradient. */
#include "ct/examples.h"

const vxg_op_row vxg__ct_gradient_rows[] = {{0}};
const int vxg__ct_gradient_row_count = 0;
