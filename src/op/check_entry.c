/* The public property checks: arguments and the callers' structs; the work is in check.c,
 * check_runs.c and check_parts.c. */
#include "op/check.h"

typedef int (*check_fn)(const vxg_op *op, const vxg_check_opts *opts, vxg_check_result *out);

static int run(check_fn fn, const vxg_op *op, const vxg_op *other, const vxg_check_opts *opts,
               vxg_check_result *out) {
    vxg_check_result found = {0};
    VXG_NEED_OP(op, "check");
    if (!fn) VXG_NEED_OP(other, "check");
    VXG_TRY(VXG_OUT_CHECK(vxg_check_result, out));
    VXG_READ_OPTS(vxg_check_opts, opts);
    const int status = fn ? fn(op, opts, &found) : vxg__check_backends(op, other, opts, &found);
    VXG_TRY(VXG_OUT(vxg_check_result, out, &found)); /* what was found so far, on failure too */
    return status;
}

#define CHECK(name)                                                                                \
    int vxg_check_##name(const vxg_op *op, const vxg_check_opts *opts, vxg_check_result *out) {    \
        return run(vxg__check_##name, op, NULL, opts, out);                                        \
    }
CHECK(adjoint)
CHECK(transpose)
CHECK(jvp)
CHECK(vjp)
CHECK(accumulate)
CHECK(batch)
CHECK(repeat)
CHECK(normal)
CHECK(subset)
CHECK(bind)

int vxg_check_backends(const vxg_op *a, const vxg_op *b, const vxg_check_opts *opts,
                       vxg_check_result *out) {
    return run(NULL, a, b, opts, out);
}
