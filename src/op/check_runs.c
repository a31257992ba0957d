/* Property checks that compare runs with runs: accumulate, batch, backends, repeat. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "op/check.h"
#include "array/launch.h"

/* One evaluation of an operator at random inputs: the result and the gradient of every input. */
typedef struct trial {
    const vxg_op *op;
    vxg_array in[VXG_MAX_INPUTS], c, out, grad[VXG_MAX_INPUTS];
} trial;

static void trial_free(trial *t) {
    vxg__release_all(t->in), vxg__release_all(t->grad);
    vxg_array_release(&t->c), vxg_array_release(&t->out);
}

static int trial_new(const vxg_op *op, uint64_t seed, const vxg_check_opts *opts, trial *t) {
    memset(t, 0, sizeof *t);
    t->op = op;
    int status = vxg__random_inputs(op, seed, opts, t->in);
    if (!status) status = vxg__random_input(op, -1, seed, NULL, &t->c);
    if (!status) status = vxg_op_new_array(op, -1, &t->out);
    for (int i = 0; i < vxg_op_inputs(op) && !status; i++)
        status = vxg_op_new_array(op, i, &t->grad[i]);
    if (status) trial_free(t);
    return status;
}

static int trial_run(trial *t, int accumulate) {
    vxg_call call = {.accumulate = accumulate};
    VXG_TRY(vxg_op_apply(t->op, &call, t->in, &t->out));
    return vxg_op_vjp(t->op, &call, t->in, &t->c, t->grad);
}

static uint64_t seed_of(const vxg_check_opts *opts) {
    return opts ? opts->seed + 11 : 11;
}

static void note_worst(vxg_check_result *out, double value, const char *what, int index) {
    if (value <= out->residual || isnan(out->residual)) return;
    out->residual = value;
    if (index < 0) {
        snprintf(out->detail, sizeof out->detail, "%s", what);
    } else {
        snprintf(out->detail, sizeof out->detail, "%s %d", what, index);
    }
}

int vxg__check_relative(const vxg_array *a, const vxg_array *b, double *out) {
    double d, scale;
    VXG_TRY(vxg_array_max_diff(NULL, a, b, &d));
    VXG_TRY(vxg_array_max_diff(NULL, b, NULL, &scale));
    *out = d == 0 ? 0 : d / scale;
    return VXG_OK;
}

/* ---- accumulate ---- */
static int check_added(const vxg_array *base, const vxg_array *result, const vxg_array *added,
                       double *out) {
    /* added must be base + result */
    VXG_TRY(vxg_array_axpby(NULL, 1, result, 1, base));
    return vxg__check_relative(added, base, out);
}

int vxg__check_accumulate(const vxg_op *op, const vxg_check_opts *opts, vxg_check_result *out) {
    trial set, add, base;
    double r;
    vxg__check_start(opts, vxg__is_f64(op) ? 1e-14 : 1e-6, out);
    VXG_TRY(trial_new(op, seed_of(opts), opts, &set));
    int status = trial_new(op, seed_of(opts), opts, &add);
    if (status) {
        trial_free(&set);
        return status;
    }
    if ((status = trial_new(op, seed_of(opts), opts, &base)))
        return trial_free(&set), trial_free(&add), status;
    VXG_GOTO(status, trial_run(&set, 0), done);
    VXG_GOTO(status, vxg_array_random(NULL, &base.out, 99, -1, 1), done);
    VXG_GOTO(status, vxg_array_copy(NULL, &base.out, &add.out), done);
    for (int i = 0; i < vxg_op_inputs(op); i++) {
        VXG_GOTO(status, vxg_array_random(NULL, &base.grad[i], 98, -1, 1), done);
        VXG_GOTO(status, vxg_array_copy(NULL, &base.grad[i], &add.grad[i]), done);
    }
    VXG_GOTO(status, trial_run(&add, 1), done);
    VXG_GOTO(status, check_added(&base.out, &set.out, &add.out, &r), done);
    note_worst(out, r, "apply", -1);
    for (int i = 0; i < vxg_op_inputs(op); i++) {
        VXG_GOTO(status, check_added(&base.grad[i], &set.grad[i], &add.grad[i], &r), done);
        note_worst(out, r, "gradient of input", i);
    }
    vxg__check_finish(out);
done:
    trial_free(&set), trial_free(&add), trial_free(&base);
    return status;
}

/* ---- batch: leading axes and strides change nothing ---- */
#define BATCH 3

/* A (BATCH, ...) array stored with its batch axis innermost: every item is strided. */
static int batch_array(const vxg_op *op, int input, vxg_array *out) {
    const vxg_space *s = input < 0 ? vxg_op_range(op) : vxg_op_domain(op, input);
    int64_t shape[VXG_MAX_DIMS];
    int axes[VXG_MAX_DIMS];
    vxg_array stored;
    memcpy(shape, s->shape, (size_t)s->ndim * sizeof *shape);
    shape[s->ndim] = BATCH;
    axes[0] = s->ndim;
    for (int i = 0; i < s->ndim; i++) axes[i + 1] = i;
    VXG_TRY(vxg_array_new(vxg_op_device(op), s->dtype, s->ndim + 1, shape, &stored));
    int status = vxg_array_permute(&stored, axes, out);
    vxg_array_release(&stored);
    return status;
}

typedef struct batch {
    vxg_array in[VXG_MAX_INPUTS], c, out, grad[VXG_MAX_INPUTS];
} batch;

static int item_copy(const vxg_array *whole, int item, const vxg_array *one, int store) {
    vxg_array part;
    VXG_TRY(vxg_array_index(whole, item, &part));
    int status = store ? vxg_array_copy(NULL, one, &part) : vxg_array_copy(NULL, &part, one);
    vxg_array_release(&part);
    return status;
}

static int batch_fill(const vxg_op *op, batch *b, trial *items) {
    VXG_TRY(batch_array(op, -1, &b->out));
    VXG_TRY(batch_array(op, -1, &b->c));
    for (int i = 0; i < vxg_op_inputs(op); i++) {
        VXG_TRY(batch_array(op, i, &b->in[i]));
        VXG_TRY(batch_array(op, i, &b->grad[i]));
        for (int k = 0; k < BATCH; k++) VXG_TRY(item_copy(&b->in[i], k, &items[k].in[i], 1));
    }
    for (int k = 0; k < BATCH; k++) VXG_TRY(item_copy(&b->c, k, &items[k].c, 1));
    return VXG_OK;
}

static int batch_compare(const vxg_op *op, batch *b, trial *items, vxg_check_result *out) {
    for (int k = 0; k < BATCH; k++) {
        double d;
        VXG_TRY(trial_run(&items[k], 0));
        VXG_TRY(item_copy(&b->out, k, &items[k].c, 0)); /* c is free by now */
        VXG_TRY(vxg_array_max_diff(NULL, &items[k].c, &items[k].out, &d));
        note_worst(out, d, "apply, batch item", k);
        for (int i = 0; i < vxg_op_inputs(op); i++) {
            VXG_TRY(item_copy(&b->grad[i], k, &items[k].in[i], 0));
            VXG_TRY(vxg_array_max_diff(NULL, &items[k].in[i], &items[k].grad[i], &d));
            note_worst(out, d, "gradient, batch item", k);
        }
    }
    return VXG_OK;
}

int vxg__check_batch(const vxg_op *op, const vxg_check_opts *opts, vxg_check_result *out) {
    trial items[BATCH];
    batch b = {0};
    vxg__check_start(opts, 0, out);
    VXG_FAIL_IF(vxg_op_range(op)->ndim + 1 > VXG_MAX_DIMS, VXG_ERR_UNSUPPORTED,
                "%s: no room for a batch axis", vxg_op_name(op));
    int status = VXG_OK, made = 0;
    for (; made < BATCH && !status; made++) {
        status = trial_new(op, seed_of(opts) + (uint64_t)made, opts, &items[made]);
        if (status) break;
    }
    if (!status) status = batch_fill(op, &b, items);
    if (!status) status = vxg_op_apply(op, NULL, b.in, &b.out);
    if (!status) status = vxg_op_vjp(op, NULL, b.in, &b.c, b.grad);
    if (!status) status = batch_compare(op, &b, items, out);
    for (int k = 0; k < made; k++) trial_free(&items[k]);
    vxg__release_all(b.in), vxg__release_all(b.grad);
    vxg_array_release(&b.c), vxg_array_release(&b.out);
    vxg__check_finish(out);
    return status;
}

/* ---- backends: the same problem on two devices or precisions ---- */
static int read_wide(const vxg_array *a, double *dst) {
    int64_t n = vxg_array_count(a) * vxg__reals(a->dtype);
    VXG_TRY(vxg_array_read(NULL, a, dst));
    if (vxg__arithmetic(a->dtype) == VXG_REAL_F64) return VXG_OK;
    const float *narrow = (const float *)dst;
    for (int64_t i = n - 1; i >= 0; i--) { /* backwards: in place */
        float v = narrow[i];
        dst[i] = v;
    }
    return VXG_OK;
}

/* max |a - b| / max |b|. spare: where rays graze faces a result in a thousand may be over the
 * tolerance, by 1e-3 at most, and is left out: a ray that leaves the volume through a face at the
 * slope s is longer or shorter by rounding / s. */
static int compare_wide(const vxg_array *a, const vxg_array *b, double tolerance, int spare,
                        double *out) {
    int64_t n = vxg_array_count(a) * vxg__reals(a->dtype), over = 0;
    VXG_FAIL_IF(n != vxg_array_count(b) * vxg__reals(b->dtype), VXG_ERR_ARGUMENT,
                "backend check: different shapes");
    double *x = vxg__calloc((size_t)n, sizeof *x), *y = vxg__calloc((size_t)n, sizeof *y);
    int status = x && y ? VXG_OK : VXG_ERR_MEMORY;
    double worst = 0, within = 0, scale = 0;
    if (!status) status = read_wide(a, x);
    if (!status) status = read_wide(b, y);
    for (int64_t i = 0; i < n && !status; i++)
        if (fabs(y[i]) > scale) scale = fabs(y[i]);
    for (int64_t i = 0; i < n && !status; i++) {
        double d = fabs(x[i] - y[i]);
        if (!(d <= worst)) worst = d;
        if (isnan(d)) break;
        if (d > tolerance * scale) {
            over++;
        } else if (d > within) {
            within = d;
        }
    }
    if (spare && worst <= 1e-3 * scale && over <= 1 + n / 1000) worst = within;
    *out = worst == 0 ? 0 : worst / scale;
    vxg__free(x), vxg__free(y);
    return status;
}

int vxg__check_backends(const vxg_op *a, const vxg_op *b, const vxg_check_opts *opts,
                        vxg_check_result *out) {
    trial ta, tb;
    double r;
    vxg__check_start(opts, 1e-5, out);
    VXG_FAIL_IF(vxg_op_inputs(a) != vxg_op_inputs(b), VXG_ERR_ARGUMENT,
                "backend check: %s and %s have different inputs", vxg_op_name(a), vxg_op_name(b));
    const int ties = opts && opts->ties;
    VXG_TRY(trial_new(a, seed_of(opts), opts, &ta));
    int status = trial_new(b, seed_of(opts), opts, &tb);
    if (status) {
        trial_free(&ta);
        return status;
    }
    for (int i = 0; i < vxg_op_inputs(a) && ties; i++) {
        VXG_GOTO(status, vxg_array_fill(NULL, &ta.in[i], 1), done);
        VXG_GOTO(status, vxg_array_fill(NULL, &tb.in[i], 1), done);
    }
    VXG_GOTO(status, trial_run(&ta, 0), done);
    VXG_GOTO(status, trial_run(&tb, 0), done);
    VXG_GOTO(status, compare_wide(&ta.out, &tb.out, out->tolerance, ties > 1, &r), done);
    note_worst(out, r, ties ? "apply to a constant" : "apply", -1);
    for (int i = 0; i < vxg_op_inputs(a) && !ties; i++) {
        if (opts && opts->kinks >> i & 1) continue;
        VXG_GOTO(status, compare_wide(&ta.grad[i], &tb.grad[i], out->tolerance, 0, &r), done);
        note_worst(out, r, "gradient of input", i);
    }
    vxg__check_finish(out);
done:
    trial_free(&ta), trial_free(&tb);
    return status;
}

/* ---- repeat: the same bits, whatever the threads ---- */
static int same_bits(const vxg_array *a, const vxg_array *b, int *same) {
    size_t n = (size_t)vxg_array_count(a), size = vxg_dtype_size(a->dtype);
    char *x = vxg__calloc(n, size), *y = vxg__calloc(n, size);
    int status = x && y ? VXG_OK : VXG_ERR_MEMORY;
    if (!status) status = vxg_array_read(NULL, a, x);
    if (!status) status = vxg_array_read(NULL, b, y);
    if (!status) *same = !memcmp(x, y, n * size);
    vxg__free(x), vxg__free(y);
    return status;
}

int vxg__check_repeat(const vxg_op *op, const vxg_check_opts *opts, vxg_check_result *out) {
    static const int threads[] = {1, 2, 3, 7, 0};
    trial first, again;
    vxg__check_start(opts, 0, out);
    int status = VXG_OK, before = vxg__threads_wanted();
    VXG_TRY(trial_new(op, seed_of(opts), opts, &first));
    status = trial_new(op, seed_of(opts), opts, &again);
    if (status) {
        trial_free(&first);
        return status;
    }
    status = trial_run(&first, 0);
    for (int k = 0; k < 5 && !status; k++) {
        int same = 1;
        VXG_GOTO(status, vxg_set_threads(threads[k]), done);
        VXG_GOTO(status, trial_run(&again, 0), done);
        VXG_GOTO(status, same_bits(&first.out, &again.out, &same), done);
        if (!same) note_worst(out, 1, "apply differs, threads", threads[k]);
        for (int i = 0; i < vxg_op_inputs(op); i++) {
            VXG_GOTO(status, same_bits(&first.grad[i], &again.grad[i], &same), done);
            if (!same) note_worst(out, 1, "gradient differs, threads", threads[k]);
        }
    }
    vxg__check_finish(out);
done:
    vxg_set_threads(before);
    trial_free(&first), trial_free(&again);
    return status;
}
