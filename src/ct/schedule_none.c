/* Schedules that do not exist yet: the plain kernels run. */
#include "ct/ct.h"

int vxg__ct_schedule_joseph(const vxg_op *op, const vxg_ct_projection *p, const vxg_call *call,
                            const vxg_array *vol, const vxg_array *proj, int adjoint, int *status) {
    (void)op, (void)p, (void)call, (void)vol, (void)proj, (void)adjoint, (void)status;
    return 0;
}
int vxg__ct_schedule_backproject(const vxg_op *op, const vxg_ct_projection *p, const vxg_call *call,
                                 const vxg_array *proj, const vxg_array *vol, int *status) {
    (void)op, (void)p, (void)call, (void)vol, (void)proj, (void)status;
    return 0;
}
int vxg__ct_schedule_filter(const vxg_op *op, const vxg_ct_filter_state *s, const vxg_call *call,
                            const vxg_array *in, const vxg_array *out, int *status) {
    (void)op, (void)s, (void)call, (void)in, (void)out, (void)status;
    return 0;
}
