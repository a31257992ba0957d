/* docs/adding/operator.md: the class, with what a room has around it. */
#include "array/launch.h"
#include <voxgrad/op.h>

typedef struct foo_state {
    int64_t n;
} foo_state;
enum { n = 8 };
static int foo_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                   const vxg_array *cotangent, const vxg_array *grad) {
    (void)op, (void)call, (void)in, (void)cotangent, (void)grad;
    return 0;
}
static void foo_free(void *state) {
    (void)state;
}
/* The lines between leave parts out. */
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include "snippet.inc"
const vxg_op_class *snippet_class(void) {
    return &foo_class;
}
