/* docs/adding/operator.md: the registry row. */
#include <voxgrad/op.h>

int make_foo(vxg_device *dev, const vxg_problem *problem, vxg_op **out);
double foo_updates(const vxg_op *op);
const vxg_op_row *snippet_rows(void);

#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
static const vxg_op_row rows[] = {
#include "snippet.inc"
};
const vxg_op_row *snippet_rows(void) {
    return rows;
}
