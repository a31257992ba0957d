/* The only file that knows all rooms: it joins backends, operator rows and option tables. */
#include <string.h>

#include "ct/registry/registry.h"
#include "device/backend.h"
#include "dwi/dwi.h"
#include "op/op.h"
#include "solve/operators.h"
#include "solve/solve.h"
#include "track/track.h"

const vxg_backend *const vxg__backends[] = {&vxg__backend_cpu, &vxg__backend_cuda,
                                            &vxg__backend_opencl, NULL};

const vxg_room vxg__rooms[] = {
    {vxg__math_rows, &vxg__math_row_count},
    {vxg__fft_rows, &vxg__fft_row_count},
    {vxg__solve_op_rows, &vxg__solve_op_row_count},
    {vxg__prox_rows, &vxg__prox_row_count},
    {vxg__ct_rows, &vxg__ct_row_count},
    {vxg__ct_cone_rows, &vxg__ct_cone_row_count},
    {vxg__ct_fdk_rows, &vxg__ct_fdk_row_count},
    {vxg__ct_footprint_rows, &vxg__ct_footprint_row_count},
    {vxg__ct_gradient_rows, &vxg__ct_gradient_row_count},
    {0, 0},
};

/* ---- Option tables by name: this library's own, then those that others have registered ---- */
enum { MOST_SETS = 256 };
static const vxg_option_set *const own_sets[] = {vxg__ct_option_sets,    vxg__op_option_sets,
                                                 vxg__solve_option_sets, vxg__dwi_option_sets,
                                                 vxg__track_option_sets, vxg__shape_option_sets};
VXG_LOCK(sets_lock, VXG_RANK_LEAF);
static vxg_option_set others[MOST_SETS];
static int nothers; /* atomic: a set is complete before it counts */

static const vxg_option_set *option_set(int index, const char *name) {
    int n = 0;
    for (size_t i = 0; i < sizeof own_sets / sizeof *own_sets; i++)
        for (const vxg_option_set *s = own_sets[i]; s->name; s++, n++)
            if (name ? !strcmp(s->name, name) : n == index) return s;
    for (int i = 0; i < __atomic_load_n(&nothers, __ATOMIC_ACQUIRE); i++, n++)
        if (name ? !strcmp(others[i].name, name) : n == index) return &others[i];
    return NULL;
}

const vxg_option *vxg_option_table(const char *name, int *count) {
    const vxg_option_set *s = name ? option_set(0, name) : NULL;
    if (count) *count = s ? s->count : 0;
    return s ? s->rows : NULL;
}

const char *vxg_option_table_name(int index) {
    const vxg_option_set *s = index < 0 ? NULL : option_set(index, NULL);
    return s ? s->name : NULL;
}

int vxg_option_register(const char *name, const vxg_option *rows, int count) {
    VXG_FAIL_IF(!name || !*name || !rows || count < 1, VXG_ERR_ARGUMENT,
                "option table: name or rows are missing");
    VXG_TRY(vxg_options_check(rows, count));
    int status = VXG_OK;
    vxg__lock(&sets_lock);
    const vxg_option_set *old = option_set(0, name);
    if (old && (old->rows != rows || old->count != count)) {
        status = vxg_error_set(VXG_ERR_ARGUMENT, "there is another option table '%s'", name);
    } else if (!old && nothers == MOST_SETS) {
        status = vxg_error_set(VXG_ERR_ARGUMENT, "more than %d option tables", MOST_SETS);
    } else if (!old) {
        others[nothers] = (vxg_option_set){name, rows, count};
        __atomic_store_n(&nothers, nothers + 1, __ATOMIC_RELEASE);
    }
    vxg__unlock(&sets_lock);
    return status;
}
