/* Registry rows of ct. */
#include "ct/ct.h"

const vxg_op_row vxg__ct_rows[] = {{.name = 0}};
const int vxg__ct_row_count = 0;
