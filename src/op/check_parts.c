/* Property checks of an operator's optional parts: normal, subset, bind. */
#include <math.h>
#include <string.h>

#include "op/check.h"

static uint64_t seed_of(const vxg_check_opts *opts) {
    return opts ? opts->seed + 23 : 23;
}

/* Keeps the worst difference. */
static int compare(const vxg_array *a, const vxg_array *b, const char *what, int number,
                   vxg_check_result *out) {
    double d;
    VXG_TRY(vxg__check_relative(a, b, &d));
    if (d <= out->residual || isnan(out->residual)) return VXG_OK;
    out->residual = d;
    vxg__format(out->detail, sizeof out->detail, "%s %d", what, number);
    return VXG_OK;
}

/* ---- subset ---- */
enum { MOST_LISTED = 5 };
/* Subset number k of n entries; 0 where there is no such. */
static int subset_case(int k, int64_t n, int64_t *list, vxg_subset *s) {
    const int64_t count = n < MOST_LISTED ? n : MOST_LISTED;
    *s = (vxg_subset){.count = 1};
    switch (k) {
    case 0: /* a range in the middle */
        s->first = n / 3;
        s->count = n - s->first - n / 4;
        return 1;
    case 1: /* every second entry, backwards */
        s->first = n - 1, s->step = -2;
        s->count = (n + 1) / 2;
        return 1;
    case 2: /* a list: the last entry twice, then others up and down */
        for (int64_t i = 0; i < MOST_LISTED; i++) list[i] = i < 2 ? n - 1 : 7 * i % n;
        s->count = MOST_LISTED, s->index = list;
        return 1;
    case 3: /* a list shifted by first */
        for (int64_t i = 0; i < count; i++) list[i] = i - 1;
        s->first = 1, s->count = count < 2 ? 1 : count, s->index = list;
        return 1;
    }
    return 0;
}

/* What a subset's evaluations are compared with: those of the whole. */
typedef struct whole {
    vxg_array in[VXG_MAX_INPUTS], tangent[VXG_MAX_INPUTS], grad[VXG_MAX_INPUTS];
    vxg_array want[VXG_MAX_INPUTS]; /* gradients of the padded cotangent */
    vxg_array out, jvp, cotangent;
    int has_jvp;
} whole;

/* Arrays of the subset's size. */
typedef struct part {
    vxg_array got, want, cotangent;
} part;

static void whole_free(whole *w) {
    vxg__release_all(w->in), vxg__release_all(w->tangent);
    vxg__release_all(w->grad), vxg__release_all(w->want);
    vxg_array_release(&w->out), vxg_array_release(&w->jvp), vxg_array_release(&w->cotangent);
}
static void part_free(part *p) {
    vxg_array_release(&p->got), vxg_array_release(&p->want), vxg_array_release(&p->cotangent);
}

static int whole_new(const vxg_op *op, const vxg_check_opts *o, whole *w) {
    VXG_TRY(vxg__random_inputs(op, seed_of(o), o, w->in));
    VXG_TRY(vxg__random_inputs(op, seed_of(o) + 1, NULL, w->tangent));
    VXG_TRY(vxg_op_new_array(op, -1, &w->out));
    VXG_TRY(vxg_op_new_array(op, -1, &w->jvp));
    VXG_TRY(vxg_op_new_array(op, -1, &w->cotangent));
    for (int i = 0; i < vxg_op_inputs(op); i++) {
        VXG_TRY(vxg_op_new_array(op, i, &w->grad[i]));
        VXG_TRY(vxg_op_new_array(op, i, &w->want[i]));
    }
    VXG_TRY(vxg_op_apply(op, NULL, w->in, &w->out));
    const int status = vxg_op_jvp(op, NULL, w->in, w->tangent, &w->jvp);
    w->has_jvp = !status;
    return status == VXG_ERR_UNSUPPORTED ? VXG_OK : status;
}

static int part_new(const vxg_op *op, const vxg_call *call, part *p) {
    vxg_space s;
    VXG_TRY(vxg_op_call_range(op, call, &s));
    VXG_TRY(vxg_array_new(vxg_op_device(op), s.dtype, s.ndim, s.shape, &p->got));
    VXG_TRY(vxg_array_new(vxg_op_device(op), s.dtype, s.ndim, s.shape, &p->want));
    return vxg_array_new(vxg_op_device(op), s.dtype, s.ndim, s.shape, &p->cotangent);
}

/* apply and jvp against rows of the whole; then added to what is there. */
static int compare_rows(const vxg_op *op, const vxg_call *call, const whole *w, const part *p,
                        int k, vxg_check_result *out) {
    vxg_call add = *call;
    double d;
    add.accumulate = 1;
    VXG_TRY(vxg_array_fill(NULL, &p->got, NAN)); /* every element must be set */
    VXG_TRY(vxg_op_apply(op, call, w->in, &p->got));
    VXG_TRY(vxg_subset_take(NULL, call->subset, &w->out, 0, &p->want));
    VXG_TRY(compare(&p->got, &p->want, "apply, subset", k, out));
    VXG_TRY(vxg_array_max_diff(NULL, &p->got, &p->want, &d));
    if (vxg_op_subsets(op) != VXG_SUBSETS_OWN && d != 0) {
        out->residual = INFINITY;
        vxg__format(out->detail, sizeof out->detail, "apply, subset %d: other bits than the whole",
                    k);
    }
    VXG_TRY(vxg_op_apply(op, &add, w->in, &p->got));
    VXG_TRY(vxg_array_axpby(NULL, 1, &p->want, 1, &p->want));
    VXG_TRY(compare(&p->got, &p->want, "apply that adds, subset", k, out));
    if (!w->has_jvp) return VXG_OK;
    VXG_TRY(vxg_array_fill(NULL, &p->got, NAN));
    VXG_TRY(vxg_op_jvp(op, call, w->in, w->tangent, &p->got));
    VXG_TRY(vxg_subset_take(NULL, call->subset, &w->jvp, 0, &p->want));
    return compare(&p->got, &p->want, "jvp, subset", k, out);
}

/* vjp against that of the whole for a cotangent which is zero where there is no entry. */
static int compare_vjp(const vxg_op *op, const vxg_call *call, const whole *w, const part *p, int k,
                       const vxg_check_opts *o, vxg_check_result *out) {
    vxg_call add = *call;
    add.accumulate = 1;
    VXG_TRY(vxg_array_random(NULL, &p->cotangent, seed_of(o) + 2, -1, 1));
    VXG_TRY(vxg_array_fill(NULL, &w->cotangent, 0));
    VXG_TRY(vxg_subset_put(NULL, call->subset, &p->cotangent, &w->cotangent));
    for (int i = 0; i < vxg_op_inputs(op); i++) VXG_TRY(vxg_array_fill(NULL, &w->grad[i], NAN));
    VXG_TRY(vxg_op_vjp(op, NULL, w->in, &w->cotangent, w->want));
    VXG_TRY(vxg_op_vjp(op, call, w->in, &p->cotangent, w->grad));
    for (int i = 0; i < vxg_op_inputs(op); i++)
        VXG_TRY(compare(&w->grad[i], &w->want[i], "vjp, subset", k, out));
    VXG_TRY(vxg_op_vjp(op, &add, w->in, &p->cotangent, w->grad));
    for (int i = 0; i < vxg_op_inputs(op); i++) {
        VXG_TRY(vxg_array_axpby(NULL, 1, &w->want[i], 1, &w->want[i]));
        VXG_TRY(compare(&w->grad[i], &w->want[i], "vjp that adds, subset", k, out));
    }
    return VXG_OK;
}

static int subset_checks(const vxg_op *op, const vxg_check_opts *opts, whole *w,
                         vxg_check_result *out) {
    int64_t list[MOST_LISTED];
    vxg_subset s;
    VXG_TRY(whole_new(op, opts, w));
    for (int k = 0; subset_case(k, vxg_op_range(op)->shape[0], list, &s); k++) {
        const vxg_call call = {.subset = &s};
        part p = {.got = {0}};
        int status = part_new(op, &call, &p);
        if (!status) status = compare_rows(op, &call, w, &p, k, out);
        if (!status) status = compare_vjp(op, &call, w, &p, k, opts, out);
        part_free(&p);
        VXG_TRY(status);
    }
    return VXG_OK;
}

int vxg__check_subset(const vxg_op *op, const vxg_check_opts *opts, vxg_check_result *out) {
    whole w = {.has_jvp = 0};
    vxg__check_start(opts, vxg__is_f64(op) ? 1e-12 : 1e-5, out);
    VXG_FAIL_IF(vxg_op_range(op)->ndim < 1 || vxg_op_range(op)->shape[0] < 1, VXG_ERR_UNSUPPORTED,
                "%s: the range has no entries", vxg_op_name(op));
    const int status = subset_checks(op, opts, &w, out);
    whole_free(&w);
    vxg__check_finish(out);
    return status;
}

/* ---- normal ---- */
/* A'A in one go against one after the other, set and added. */
static int compare_normal(const vxg_op *op, const vxg_check_opts *opts, int k,
                          vxg_check_result *out) {
    vxg_array x = {0}, y = {0}, got = {0}, want = {0};
    vxg_call add = {.accumulate = 1};
    vxg_op *normal = NULL;
    int status = vxg_op_normal(op, &normal);
    if (!status) status = vxg__random_input(op, 0, seed_of(opts), opts, &x);
    if (!status) status = vxg_op_new_array(op, -1, &y);
    if (!status) status = vxg_op_new_array(op, 0, &got);
    if (!status) status = vxg_op_new_array(op, 0, &want);
    if (!status) status = vxg_array_fill(NULL, &got, NAN);
    if (!status) status = vxg_op_apply(normal, NULL, &x, &got);
    if (!status) status = vxg_op_apply(op, NULL, &x, &y);
    if (!status) status = vxg_op_apply_adjoint(op, NULL, &y, &want);
    if (!status) status = compare(&got, &want, "normal, operator", k, out);
    if (!status) status = vxg_op_apply(normal, &add, &x, &got);
    if (!status) status = vxg_array_axpby(NULL, 1, &want, 1, &want);
    if (!status) status = compare(&got, &want, "normal that adds, operator", k, out);
    vxg_array_release(&x), vxg_array_release(&y);
    vxg_array_release(&got), vxg_array_release(&want);
    vxg_op_release(normal);
    return status;
}

int vxg__check_normal(const vxg_op *op, const vxg_check_opts *opts, vxg_check_result *out) {
    int64_t list[MOST_LISTED];
    vxg_subset s;
    vxg_op *some = NULL;
    vxg__check_start(opts, vxg__is_f64(op) ? 1e-12 : 1e-5, out);
    VXG_FAIL_IF(!vxg_op_is_linear(op), VXG_ERR_UNSUPPORTED, "%s is not linear", vxg_op_name(op));
    int status = compare_normal(op, opts, 0, out);
    if (!status && vxg_op_range(op)->ndim > 0 && vxg_op_range(op)->shape[0] > 0) {
        subset_case(1, vxg_op_range(op)->shape[0], list, &s);
        status = vxg_op_subset(op, &s, &some);
        if (!status) status = compare_normal(some, opts, 1, out);
        vxg_op_release(some);
    }
    vxg__check_finish(out);
    return status;
}

/* ---- bind ---- */
/* The gradients of the inputs that are left, in the bound operator's order. */
static void without(const vxg_array *all, int n, int input, vxg_array *left) {
    memset(left, 0, VXG_MAX_INPUTS * sizeof *left);
    for (int i = 0, k = 0; i < n; i++)
        if (i != input) left[k++] = all[i];
}

/* Borrowed arrays in `in` and `want`; the bound operator's results go to `got`. */
static int compare_bound(const vxg_op *op, const vxg_op *bound, int input, const whole *w,
                         vxg_array *got, vxg_check_result *out) {
    vxg_array in[VXG_MAX_INPUTS], grad[VXG_MAX_INPUTS], want[VXG_MAX_INPUTS];
    const int n = vxg_op_inputs(op);
    without(w->in, n, input, in), without(w->grad, n, input, grad),
        without(w->want, n, input, want);
    VXG_TRY(vxg_array_fill(NULL, got, NAN));
    VXG_TRY(vxg_op_apply(bound, NULL, in, got));
    VXG_TRY(compare(got, &w->out, "apply, bound input", input, out));
    for (int i = 0; i < n - 1; i++) VXG_TRY(vxg_array_fill(NULL, &grad[i], NAN));
    VXG_TRY(vxg_op_vjp(bound, NULL, in, &w->cotangent, grad));
    for (int i = 0; i < n - 1; i++)
        VXG_TRY(compare(&grad[i], &want[i], "gradient, bound input", input, out));
    /* and where it says that it is linear: without a point */
    for (int i = 0; i < n - 1; i++) {
        if (!vxg_op_linear_in(bound, i)) continue;
        vxg_array one[VXG_MAX_INPUTS] = {{0}}, at[VXG_MAX_INPUTS];
        memcpy(at, in, sizeof at);
        at[i] = (vxg_array){0}, one[i] = grad[i];
        VXG_TRY(vxg_array_fill(NULL, &grad[i], NAN));
        VXG_TRY(vxg_op_vjp(bound, NULL, at, &w->cotangent, one));
        VXG_TRY(compare(&grad[i], &want[i], "gradient without a point, bound input", input, out));
    }
    return VXG_OK;
}

int vxg__check_bind(const vxg_op *op, const vxg_check_opts *opts, vxg_check_result *out) {
    whole w = {.has_jvp = 0};
    vxg_array got = {0};
    vxg__check_start(opts, vxg__is_f64(op) ? 1e-12 : 2e-5, out);
    VXG_FAIL_IF(vxg_op_inputs(op) < 2, VXG_ERR_UNSUPPORTED, "%s has a single input",
                vxg_op_name(op));
    int status = whole_new(op, opts, &w);
    if (!status) status = vxg_op_new_array(op, -1, &got);
    if (!status) status = vxg_array_random(NULL, &w.cotangent, seed_of(opts) + 2, -1, 1);
    if (!status) status = vxg_op_vjp(op, NULL, w.in, &w.cotangent, w.want);
    for (int i = 0; i < vxg_op_inputs(op) && !status; i++) {
        vxg_op *bound = NULL;
        status = vxg_op_bind(op, i, &w.in[i], &bound);
        if (!status) status = compare_bound(op, bound, i, &w, &got, out);
        vxg_op_release(bound);
    }
    whole_free(&w);
    vxg_array_release(&got);
    vxg__check_finish(out);
    return status;
}
