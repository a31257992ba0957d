/* README.md, "In C". */
#include <stdio.h>
#include <voxgrad/voxgrad.h>

int main(void) {
    double angles[90];
    for (int i = 0; i < 90; i++) angles[i] = 0.0349 * i;
#include "snippet.inc"
    vxg_array_release(&x);
    vxg_array_release(&y);
    vxg_op_release(A);
    vxg_ct_geometry_release(geo);
    vxg_device_release(dev);
    return e || vxg_alloc_live() != 0;
}
