/* CPU schedule of cone-beam backprojection, host side: there is none yet. */
#include "ct/cone_backproject.h"

int vxg__ct_cone_bp_plan_new(const vxg_device *dev, const vxg_ct_cone_bp *p,
                             vxg_ct_cone_bp_plan **out) {
    (void)dev, (void)p;
    *out = NULL;
    return VXG_OK;
}
void vxg__ct_cone_bp_plan_free(vxg_ct_cone_bp_plan *plan) {
    (void)plan;
}
int vxg__ct_cone_bp_plan_has(const vxg_ct_cone_bp_plan *plan, vxg_ct_task task) {
    (void)plan, (void)task;
    return 0;
}
size_t vxg__ct_cone_bp_plan_workspace(const vxg_ct_cone_bp_plan *plan) {
    (void)plan;
    return 0;
}
int vxg__ct_cone_bp_plan_run(const vxg_ct_cone_bp_plan *plan, vxg_ct_task task,
                             const vxg_call *call, const vxg_array *in, const vxg_array *out) {
    (void)plan, (void)task, (void)call, (void)in, (void)out;
    VXG_FAIL(VXG_ERR_UNSUPPORTED, "backprojector: no schedule");
}
