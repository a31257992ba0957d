/* docs/adding/operator.md: the plug-in, registered and checked. */
#include "snippet.inc"

#include <stdio.h>

typedef int (*check_fn)(const vxg_op *, const vxg_check_opts *, vxg_check_result *);
static const check_fn checks[] = {vxg_check_adjoint, vxg_check_transpose, vxg_check_jvp,
                                  vxg_check_vjp,     vxg_check_batch,     vxg_check_accumulate,
                                  vxg_check_normal,  vxg_check_subset,    vxg_check_repeat};

static int check(vxg_device *dev, const vxg_op_row *found, uint64_t seed, vxg_real real) {
    const vxg_problem problem = {.real = real, .scale = VXG_PROBLEM_TINY, .seed = seed};
    vxg_op *op;
    int status = found->make(dev, &problem, &op);
    for (size_t i = 0; i < sizeof checks / sizeof *checks && !status; i++) {
        vxg_check_result r = {0};
        status = checks[i](op, NULL, &r);
        if (!status && !r.passed) status = vxg_error_set(VXG_ERR_FAILED, "check %d", (int)i);
    }
    vxg_op_release(op);
    return status;
}

int main(void) {
    vxg_device *dev = NULL;
    int status = vxg_plugin_register();
    const vxg_op_row *found = vxg_op_row_find("mine.difference");
    if (!status) status = vxg_device_open("cpu", &dev);
    for (uint64_t seed = 0; seed < 4 && !status && found; seed++) {
        status = check(dev, found, seed, VXG_REAL_F64);
        if (!status) status = check(dev, found, seed, VXG_REAL_F32);
    }
    vxg_device_release(dev);
    if (status || !found) printf("FAIL %s\n", vxg_error_message());
    return status != 0 || !found;
}
