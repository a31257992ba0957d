/* Private side of operators. */
#ifndef VXG_OP_PRIVATE_H
#define VXG_OP_PRIVATE_H

#include <voxgrad/op.h>

#include "base/base.h"

struct vxg_op {
    vxg_object object;
    vxg_op_class cls; /* a copy */
    vxg_device *dev;
    uint32_t linear; /* bit i: linear in input i with the others fixed */
    int ninputs;
    vxg_subsets subsets;
    vxg_space in[VXG_MAX_INPUTS], out;
    void *state;
    double norm;    /* atomic; below 0: not known yet */
    int references; /* atomic */
};

/* Refuses a space with an unknown type or rank, or with more elements than an array may have;
 * `what` and number name it. */
int vxg__space_check(const vxg_space *s, const char *name, const char *what, int number);
/* Makes an operator linear in its only input; takes state as vxg_op_new does. */
int vxg__op_new_linear(const vxg_op_class *cls, vxg_device *dev, const vxg_space *in,
                       const vxg_space *out, vxg_subsets subsets, void *state, vxg_op **result);
/* The queue's own, or the device's; refuses one of another device. */
int vxg__op_queue(const vxg_op *op, vxg_queue **queue);
/* out = A'A in (set, or added as the call says) within the workspace of vxg__op_normal_workspace:
 * by the class's slot, or one after the other. op is linear in its only input. */
int vxg__op_normal(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                   const vxg_array *out);
size_t vxg__op_normal_workspace(const vxg_op *op, const vxg_call *call);

/* ---- Subsets ---- */
/* Whether all entries lie in 0..n-1; message names the operator. */
int vxg__subset_check(const vxg_subset *s, int64_t n, const char *name);
/* The entries `of` of s: s->at(of->at(i)). Where that is neither a range nor a shifted list, *owned
 * receives the list (vxg__free), else NULL. */
int vxg__subset_of(const vxg_subset *s, const vxg_subset *of, vxg_subset *out, int64_t **owned);

/* Entries of a call: those of its subset, or all n. */
static inline int64_t vxg__call_count(const vxg_call *call, int64_t n) {
    assert(n >= 0 && (!call->subset || call->subset->count > 0));
    return call->subset ? call->subset->count : n;
}
/* The rows of a table that a call's entries need, one a row, in their order: the table itself, a
 * part of it, or a copy in the call's workspace, whose mark moves. Of a device table, borrowed; of
 * a table of the host (cpu device), `row` bytes each, NULL when the workspace is too small. */
int vxg__call_rows(vxg_call *call, const vxg_array *table, vxg_array *out);
const void *vxg__call_host_rows(vxg_call *call, const void *table, size_t row);
/* The bytes that such a copy takes; 0 where there is none. */
size_t vxg__call_rows_bytes(const vxg_call *call, size_t row);

/* Rows [begin, begin + count) of an array's first axis, borrowed. */
static inline vxg_array vxg__rows(const vxg_array *a, int64_t begin, int64_t count) {
    vxg_array v = *a;
    assert(a->ndim > 0 && begin >= 0 && begin < (a->shape[0] ? a->shape[0] : 1) && count >= 0);
    v.offset += begin * v.stride[0];
    v.shape[0] = count;
    return v;
}

/* Sums of sizes stay at the largest: what a class cannot say is not taken for little. */
static inline size_t vxg__bytes_add(size_t a, size_t b) {
    return a > SIZE_MAX - b ? SIZE_MAX : a + b;
}

/* ---- What combinators share ---- */
typedef struct vxg_parts {
    int count;
    double factor;     /* scale */
    vxg_subset subset; /* subset: its index is owned */
    int64_t *index;
    int input;       /* bind */
    vxg_array value; /* bind */
    vxg_op *op[];    /* retained */
} vxg_parts;
vxg_parts *vxg__parts_new(const vxg_op *const *ops, int count);
void vxg__parts_free(void *parts);
/* The parts of a combinator. */
static inline const vxg_parts *vxg__parts(const vxg_op *op) {
    return vxg_op_state(op);
}
/* The most that one of the parts needs for such a call. */
size_t vxg__parts_workspace(const vxg_op *op, const vxg_call *call);
/* Whether entries that a part makes have the bits of the whole, as a combinator's subsets: what the
 * core takes from the whole has. */
static inline vxg_subsets vxg__part_subsets(const vxg_op *part) {
    if (part->out.ndim < 1) return VXG_SUBSETS_NONE;
    return part->subsets == VXG_SUBSETS_OWN ? VXG_SUBSETS_OWN : VXG_SUBSETS_EXACT;
}
/* An operator with the inputs of `like`; takes p, which may be NULL (out of memory). */
int vxg__parts_op(const vxg_op_class *cls, uint32_t linear, vxg_subsets subsets, const vxg_op *like,
                  const vxg_space *range, vxg_parts *p, vxg_op **out);
/* All combinators begin so: *out = NULL. */
int vxg__combine_begin(vxg_op **out, const char *what);
/* Refuses an array that is missing, or not of this space, device and buffer; what and number name
 * it. */
int vxg__check_array(const vxg_op *op, const vxg_array *array, const vxg_space *space,
                     const char *what, int number);
/* The same call for a part: set or added as told. */
static inline vxg_call vxg__part_call(const vxg_call *call, int accumulate) {
    vxg_call c = *call;
    c.accumulate = accumulate;
    return c;
}
/* Whether it is an operator that is alive. */
static inline int vxg__op_is(const vxg_op *op) {
    return vxg__object_is(op, VXG_KIND_OP);
}
#define VXG_NEED_OP(op, what)                                                                      \
    VXG_FAIL_IF(!vxg__op_is(op), VXG_ERR_ARGUMENT, "%s: the operator is NULL or was released", what)

/* Where input is drawn from, by a row's or a check's table. */
void vxg__input_range(const double (*ranges)[2], int n, int input, double *lo, double *hi);

/* Rows of a room, joined in src/rooms.c. */
typedef struct vxg_room {
    const vxg_op_row *rows;
    const int *count;
} vxg_room;
extern const vxg_room vxg__rooms[]; /* ends with rows NULL */
extern const vxg_option_set vxg__op_option_sets[];
extern const vxg_op_row vxg__math_rows[], vxg__fft_rows[];
extern const int vxg__math_row_count, vxg__fft_row_count;

#endif
