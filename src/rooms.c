/* The only file that knows all rooms: it joins backends, operator rows and option tables. */
#include <string.h>

#include "ct/registry/registry.h"
#include "device/backend.h"
#include "op/op.h"

const vxg_backend *const vxg__backends[] = {&vxg__backend_cpu, &vxg__backend_cuda,
                                            &vxg__backend_opencl, NULL};

const vxg_room vxg__rooms[] = {
    {vxg__math_rows, &vxg__math_row_count},
    {vxg__fft_rows, &vxg__fft_row_count},
    {vxg__ct_rows, &vxg__ct_row_count},
    {vxg__ct_cone_rows, &vxg__ct_cone_row_count},
    {vxg__ct_fdk_rows, &vxg__ct_fdk_row_count},
    {vxg__ct_footprint_rows, &vxg__ct_footprint_row_count},
    {vxg__ct_gradient_rows, &vxg__ct_gradient_row_count},
    {0, 0},
};

static const vxg_option_set *const option_sets[] = {vxg__ct_option_sets};

static const vxg_option_set *option_set(int index, const char *name) {
    int n = 0;
    for (size_t i = 0; i < sizeof option_sets / sizeof *option_sets; i++)
        for (const vxg_option_set *s = option_sets[i]; s->name; s++, n++)
            if (name ? !strcmp(s->name, name) : n == index) return s;
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
