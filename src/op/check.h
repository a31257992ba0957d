/* Shared by the property checks. */
#ifndef VXG_CHECK_H
#define VXG_CHECK_H
#include "op/op.h"

void vxg__check_start(const vxg_check_opts *opts, double fallback, vxg_check_result *out);
void vxg__check_finish(vxg_check_result *out); /* sets passed */
int vxg__is_f64(const vxg_op *op);
/* Random arrays: input -1 is the range; inputs are drawn from the options' interval. */
int vxg__random_input(const vxg_op *op, int input, uint64_t seed, const vxg_check_opts *o,
                      vxg_array *out);
int vxg__random_inputs(const vxg_op *op, uint64_t seed, const vxg_check_opts *o, vxg_array *in);
/* max |a - b| / max |b|; two zero arrays agree. */
int vxg__check_relative(const vxg_array *a, const vxg_array *b, double *out);
void vxg__release_all(vxg_array *in); /* VXG_MAX_INPUTS of them */

/* The checks behind the public ones: opts are whole, out is the library's own. */
int vxg__check_adjoint(const vxg_op *op, const vxg_check_opts *opts, vxg_check_result *out);
int vxg__check_transpose(const vxg_op *op, const vxg_check_opts *opts, vxg_check_result *out);
int vxg__check_jvp(const vxg_op *op, const vxg_check_opts *opts, vxg_check_result *out);
int vxg__check_vjp(const vxg_op *op, const vxg_check_opts *opts, vxg_check_result *out);
int vxg__check_accumulate(const vxg_op *op, const vxg_check_opts *opts, vxg_check_result *out);
int vxg__check_batch(const vxg_op *op, const vxg_check_opts *opts, vxg_check_result *out);
int vxg__check_backends(const vxg_op *a, const vxg_op *b, const vxg_check_opts *opts,
                        vxg_check_result *out);
int vxg__check_normal(const vxg_op *op, const vxg_check_opts *opts, vxg_check_result *out);
int vxg__check_subset(const vxg_op *op, const vxg_check_opts *opts, vxg_check_result *out);
int vxg__check_bind(const vxg_op *op, const vxg_check_opts *opts, vxg_check_result *out);
int vxg__check_repeat(const vxg_op *op, const vxg_check_opts *opts, vxg_check_result *out);
#endif
