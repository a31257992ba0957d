/* Rows of ct, and examples for them. */
#ifndef VXG_CT_REGISTRY_H
#define VXG_CT_REGISTRY_H

#include "ct/geometry/geometry.h"

extern const vxg_op_row vxg__ct_rows[];
extern const int vxg__ct_row_count;
extern const vxg_op_row vxg__ct_cone_rows[];
extern const int vxg__ct_cone_row_count;
extern const vxg_op_row vxg__ct_fdk_rows[];
extern const int vxg__ct_fdk_row_count;
extern const vxg_op_row vxg__ct_footprint_rows[];
extern const int vxg__ct_footprint_row_count;
extern const vxg_op_row vxg__ct_gradient_rows[];
extern const int vxg__ct_gradient_row_count;

extern const vxg_option_set vxg__ct_option_sets[];

/* Random scan geometries of the registry's examples; *empty: the beam misses the volume. */
int vxg__ct_example(const vxg_problem *problem, int planar, vxg_ct_geometry **geo,
                    vxg_ct_volume *vol, int *empty);
#endif
