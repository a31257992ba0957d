/* Private side of operators. */
#ifndef VXG_OP_PRIVATE_H
#define VXG_OP_PRIVATE_H

#include <voxgrad/op.h>

#include "base/base.h"

/* Bytes an array of this space takes in a workspace (a multiple of the alignment). */
size_t vxg__space_bytes(const vxg_space *space);
int64_t vxg__space_count(const vxg_space *space);
/* Linear in this input with the others fixed. */
int vxg__op_linear_in(const vxg_op *op, int input);
int vxg__space_equal(const vxg_space *a, const vxg_space *b);
/* A contiguous array over the next bytes of the call's workspace; moves call->workspace_used.
 * Borrowed: not to be released. */
vxg_array vxg__workspace_array(vxg_call *call, const vxg_space *space);

/* Rows of a room, joined in src/rooms.c. */
typedef struct vxg_room {
    const vxg_op_row *rows;
    const int *count;
} vxg_room;
extern const vxg_room vxg__rooms[]; /* ends with rows NULL */
extern const vxg_op_row vxg__math_rows[];
extern const int vxg__math_row_count;

#endif
