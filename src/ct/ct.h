/* Private side of ct. */
#ifndef VXG_CT_PRIVATE_H
#define VXG_CT_PRIVATE_H

#include <voxgrad/ct.h>

#include "base/base.h"

extern const vxg_op_row vxg__ct_rows[];
extern const int vxg__ct_row_count;

#endif
