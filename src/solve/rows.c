/* The methods, in the order in which they are listed. */
#include <string.h>

#include "solve/solve.h"

const vxg__method *const vxg__solve_methods[] = {
    &vxg__solve_landweber,
    &vxg__solve_sirt,
    &vxg__solve_sart,
    &vxg__solve_os_sart,
    &vxg__solve_cgls,
    &vxg__solve_lsqr,
    &vxg__solve_mlem,
    &vxg__solve_osem,
    &vxg__solve_pdhg,
    &vxg__solve_fista,
    &vxg__solve_tv_pocs,
    &vxg__solve_asd_pocs,
    &vxg__solve_awtv_pocs,
    &vxg__solve_dart,
    &vxg__solve_lbfgs,
    &vxg__solve_adam,
    NULL,
};

int vxg_solve_row_count(void) {
    int n = 0;
    while (vxg__solve_methods[n]) n++;
    return n;
}

const vxg_solve_row *vxg_solve_row_at(int index) {
    return index >= 0 && index < vxg_solve_row_count() ? &vxg__solve_methods[index]->row : NULL;
}

const vxg_solve_row *vxg_solve_row_find(const char *name) {
    for (int i = 0; name && vxg__solve_methods[i]; i++)
        if (!strcmp(vxg__solve_methods[i]->row.name, name)) return &vxg__solve_methods[i]->row;
    return NULL;
}
