/* Operators of this room: what their rows share. */
#ifndef VXG_SOLVE_OPERATORS_H
#define VXG_SOLVE_OPERATORS_H

#include <voxgrad/solve.h>

extern const vxg_op_row vxg__solve_op_rows[], vxg__prox_rows[];
extern const int vxg__solve_op_row_count, vxg__prox_row_count;

/* A space of example problem->seed of 4: three axes, one of them of 1, two, one. */
vxg_space vxg__solve_example(const vxg_problem *p);
double vxg__solve_elements(const vxg_op *op);

#endif
