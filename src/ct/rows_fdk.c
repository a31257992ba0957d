/* Registry rows: fdk. */
#include "ct/examples.h"

const vxg_op_row vxg__ct_fdk_rows[] = {{0}};
const int vxg__ct_fdk_row_count = 0;
