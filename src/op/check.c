/* Property checks as library functions: adjoint, transpose, jvp, vjp. See check_runs.c for the
 * others. */
#include "op/check.h"
#include "array/launch.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void vxg__check_start(const vxg_check_opts *opts, double fallback, vxg_check_result *out) {
    memset(out, 0, sizeof *out);
    out->tolerance = opts && opts->tolerance > 0 ? opts->tolerance : fallback;
}

void vxg__check_finish(vxg_check_result *out) {
    out->passed = out->residual <= out->tolerance; /* NaN fails */
}

int vxg__is_f64(const vxg_op *op) {
    return op && vxg__arithmetic(vxg_op_range(op)->dtype) == VXG_REAL_F64;
}

int vxg__random_input(const vxg_op *op, int input, uint64_t seed, const vxg_check_opts *o,
                      vxg_array *out) {
    double lo, hi;
    VXG_TRY(vxg_op_new_array(op, input, out));
    vxg__input_range(o ? o->input_range : NULL, o ? o->nranges : 0, input, &lo, &hi);
    int status = vxg_array_random(NULL, out, seed * 64 + (uint64_t)(input + 1), lo, hi);
    if (status) vxg_array_release(out);
    return status;
}

int vxg__random_inputs(const vxg_op *op, uint64_t seed, const vxg_check_opts *o, vxg_array *in) {
    memset(in, 0, VXG_MAX_INPUTS * sizeof *in);
    for (int i = 0; i < vxg_op_inputs(op); i++) {
        int status = vxg__random_input(op, i, seed, o, &in[i]);
        if (status) {
            vxg__release_all(in);
            return status;
        }
    }
    return VXG_OK;
}

void vxg__release_all(vxg_array *in) {
    for (int i = 0; i < VXG_MAX_INPUTS; i++) vxg_array_release(&in[i]);
}

/* ---- Dot test ---- */
static double dot_residual(double axy, double xaty, double ax, double y, double x, double aty) {
    return fabs(axy - xaty) / (ax * y + x * aty);
}

/* One pair (x, y); empty receives 1 when both images are exactly zero. */
static int dot_pair(const vxg_op *op, const vxg_array *x, const vxg_array *y, const vxg_array *ax,
                    const vxg_array *aty, double *residual, int *empty) {
    double d[6];
    VXG_TRY(vxg_op_apply(op, NULL, x, ax));
    VXG_TRY(vxg_op_apply_adjoint(op, NULL, y, aty));
    VXG_TRY(vxg_array_dot(NULL, ax, y, &d[0]));
    VXG_TRY(vxg_array_dot(NULL, x, aty, &d[1]));
    VXG_TRY(vxg_array_dot(NULL, ax, ax, &d[2]));
    VXG_TRY(vxg_array_dot(NULL, y, y, &d[3]));
    VXG_TRY(vxg_array_dot(NULL, x, x, &d[4]));
    VXG_TRY(vxg_array_dot(NULL, aty, aty, &d[5]));
    *residual = dot_residual(d[0], d[1], sqrt(d[2]), sqrt(d[3]), sqrt(d[4]), sqrt(d[5]));
    VXG_TRY(vxg_array_max_diff(NULL, ax, NULL, &d[2]));
    VXG_TRY(vxg_array_max_diff(NULL, aty, NULL, &d[5]));
    *empty = d[2] == 0 && d[5] == 0;
    return VXG_OK;
}

int vxg__check_adjoint(const vxg_op *op, const vxg_check_opts *opts, vxg_check_result *out) {
    static const double lo[] = {-1, 0}; /* zero-mean and positive vectors */
    static const char *const words[] = {"zero-mean vectors", "positive vectors"};
    uint64_t seed = opts ? opts->seed : 0;
    int declared = opts && opts->declared_empty, status = VXG_OK;
    vxg_array x = {0}, y = {0}, ax = {0}, aty = {0};
    vxg__check_start(opts, vxg__is_f64(op) ? 1e-12 : 1e-6, out);
    VXG_FAIL_IF(!vxg_op_is_linear(op), VXG_ERR_UNSUPPORTED, "%s is not linear", vxg_op_name(op));
    if ((status = vxg_op_new_array(op, 0, &x)) || (status = vxg_op_new_array(op, -1, &y)) ||
        (status = vxg_op_new_array(op, -1, &ax)) || (status = vxg_op_new_array(op, 0, &aty)))
        goto done;
    for (int pair = 0; pair < 2; pair++) {
        double residual;
        int empty;
        VXG_GOTO(status, vxg_array_random(NULL, &x, seed * 4 + 1, lo[pair], 1), done);
        VXG_GOTO(status, vxg_array_random(NULL, &y, seed * 4 + 2, lo[pair], 1), done);
        VXG_GOTO(status, dot_pair(op, &x, &y, &ax, &aty, &residual, &empty), done);
        if (declared) residual = empty ? 0 : INFINITY;
        if (!(residual <= out->residual)) { /* NaN (0/0) is the worst */
            out->residual = residual;
            vxg__format(out->detail, sizeof out->detail, "%s%s", words[pair],
                        declared          ? ": declared empty but not zero"
                        : isnan(residual) ? ": both images are zero"
                                          : "");
        }
        if (isnan(residual)) break;
    }
    vxg__check_finish(out);
done:
    vxg_array_release(&x), vxg_array_release(&y), vxg_array_release(&ax), vxg_array_release(&aty);
    return status;
}

/* ---- Transpose test ---- */
#define MOST_ENTRIES 1024

static int64_t space_reals(const vxg_space *s) {
    return vxg_space_count(s) * vxg__reals(s->dtype);
}

/* Unit vectors of `from` one by one through the operator (or its adjoint); image k goes to
 * matrix[k * count(to) ...]. */
static int write_matrix(const vxg_op *op, int adjoint, double *matrix) {
    vxg_array from = {0}, to = {0};
    double unit[MOST_ENTRIES] = {0}, image[MOST_ENTRIES];
    int status = vxg_op_new_array(op, adjoint ? -1 : 0, &from);
    if (!status) status = vxg_op_new_array(op, adjoint ? 0 : -1, &to);
    int64_t n = status ? 0 : vxg_array_count(&from) * vxg__reals(from.dtype);
    int64_t m = status ? 0 : vxg_array_count(&to) * vxg__reals(to.dtype);
    int wide = vxg__is_f64(op);
    for (int64_t k = 0; k < n && !status; k++) {
        if (wide) {
            memset(unit, 0, sizeof unit), unit[k] = 1;
        } else {
            memset(unit, 0, sizeof unit), ((float *)unit)[k] = 1;
        }
        status = vxg_array_write(NULL, &from, unit);
        if (!status)
            status = adjoint ? vxg_op_apply_adjoint(op, NULL, &from, &to)
                             : vxg_op_apply(op, NULL, &from, &to);
        if (!status) status = vxg_array_read(NULL, &to, image);
        for (int64_t i = 0; i < m && !status; i++)
            matrix[k * m + i] = wide ? image[i] : (double)((float *)image)[i];
    }
    vxg_array_release(&from), vxg_array_release(&to);
    return status;
}

int vxg__check_transpose(const vxg_op *op, const vxg_check_opts *opts, vxg_check_result *out) {
    vxg__check_start(opts, vxg__is_f64(op) ? 1e-12 : 1e-5, out);
    VXG_FAIL_IF(!vxg_op_is_linear(op), VXG_ERR_UNSUPPORTED, "%s is not linear", vxg_op_name(op));
    int64_t n = space_reals(vxg_op_domain(op, 0)), m = space_reals(vxg_op_range(op));
    VXG_FAIL_IF(n > MOST_ENTRIES || m > MOST_ENTRIES, VXG_ERR_ARGUMENT,
                "transpose test of %s: %lld x %lld, at most %d x %d", vxg_op_name(op), (long long)m,
                (long long)n, MOST_ENTRIES, MOST_ENTRIES);
    double *a = vxg__calloc((size_t)(n * m), sizeof *a),
           *t = vxg__calloc((size_t)(n * m), sizeof *t);
    int status = a && t ? VXG_OK : VXG_ERR_MEMORY;
    if (!status) status = write_matrix(op, 0, a); /* a[j m + i] = A_ij */
    if (!status) status = write_matrix(op, 1, t); /* t[i n + j] = A'_ji */
    double largest = 0, worst = 0;
    for (int64_t j = 0; j < n && !status; j++)
        for (int64_t i = 0; i < m; i++) {
            double d = fabs(a[j * m + i] - t[i * n + j]);
            if (fabs(a[j * m + i]) > largest) largest = fabs(a[j * m + i]);
            if (!(d <= worst) && !isnan(worst)) {
                worst = d;
                vxg__format(out->detail, sizeof out->detail, "A[%lld,%lld] = %.9g, A' has %.9g",
                            (long long)i, (long long)j, a[j * m + i], t[i * n + j]);
            }
        }
    int declared = opts && opts->declared_empty;
    out->residual = declared ? (worst == 0 && largest == 0 ? 0 : INFINITY) : worst / largest;
    if (!declared && largest == 0) vxg__format(out->detail, sizeof out->detail, "A is zero");
    vxg__free(a), vxg__free(t);
    vxg__check_finish(out);
    return status;
}

/* ---- jvp against central differences ---- */
/* residual = max |(F(x + h t) - F(x - h t)) / 2h - J t| / max |J t| */
static int difference(const vxg_op *op, const vxg_array *x, const vxg_array *t, const vxg_array *jt,
                      double h, vxg_array *work, double *residual) {
    vxg_array moved[VXG_MAX_INPUTS] = {{0}};
    double scale, worst;
    int status = VXG_OK;
    for (int i = 0; i < vxg_op_inputs(op) && !status; i++)
        status = vxg_op_new_array(op, i, &moved[i]);
    for (int side = 0; side < 2 && !status; side++) {
        for (int i = 0; i < vxg_op_inputs(op) && !status; i++) {
            status = vxg_array_copy(NULL, &x[i], &moved[i]);
            if (!status) status = vxg_array_axpby(NULL, side ? -h : h, &t[i], 1, &moved[i]);
        }
        if (!status) status = vxg_op_apply(op, NULL, moved, &work[side]);
    }
    if (!status) status = vxg_array_axpby(NULL, -1 / (2 * h), &work[1], 1 / (2 * h), &work[0]);
    if (!status) status = vxg_array_max_diff(NULL, &work[0], jt, &worst);
    if (!status) status = vxg_array_max_diff(NULL, jt, NULL, &scale);
    if (!status) *residual = worst / scale;
    vxg__release_all(moved);
    return status;
}

int vxg__check_jvp(const vxg_op *op, const vxg_check_opts *opts, vxg_check_result *out) {
    uint64_t seed = opts ? opts->seed : 0;
    vxg_array x[VXG_MAX_INPUTS], t[VXG_MAX_INPUTS] = {{0}}, jt = {0}, work[2] = {{0}};
    int linear = vxg_op_is_linear(op), wide = vxg__is_f64(op);
    vxg__check_start(opts, linear ? 0 : wide ? 1e-6 : 2e-3, out);
    VXG_TRY(vxg__random_inputs(op, seed + 1, opts, x));
    int status = vxg__random_inputs(op, seed + 2, NULL, t);
    int moved = 0;
    for (int i = 0; i < vxg_op_inputs(op) && !status; i++) {
        const int jumps = opts && opts->kinks >> i & 1;
        if (jumps) status = vxg_array_fill(NULL, &t[i], 0);
        moved += !jumps;
    }
    if (!status) status = vxg_op_new_array(op, -1, &jt);
    for (int i = 0; i < 2 && !status; i++) status = vxg_op_new_array(op, -1, &work[i]);
    if (!status) status = vxg_op_jvp(op, NULL, x, t, &jt);
    if (!status && linear) { /* must be the operator itself, bit for bit */
        status = vxg_op_apply(op, NULL, t, &work[0]);
        if (!status) status = vxg_array_max_diff(NULL, &work[0], &jt, &out->residual);
    }
    if (!linear) out->residual = moved ? INFINITY : 0; /* no input moves: nothing to compare */
    linear |= !moved;
    for (double h = wide ? 1e-3 : 0.1; h > (wide ? 1e-8 : 1e-5) && !status && !linear; h /= 4) {
        double r = INFINITY;
        status = difference(op, x, t, &jt, h, work, &r);
        if (isnan(r)) out->residual = r; /* NaN in the derivative: no step cures it */
        if (r < out->residual) {
            out->residual = r;
            vxg__format(out->detail, sizeof out->detail, "best step %.2g", h);
        }
    }
    if (!status && opts && opts->declared_empty) { /* zero, not 0/0 of itself */
        double most = 0;
        status = vxg_array_max_diff(NULL, &jt, NULL, &most);
        out->residual = most == 0 ? 0 : INFINITY;
    }
    vxg__release_all(x), vxg__release_all(t);
    vxg_array_release(&jt), vxg_array_release(&work[0]), vxg_array_release(&work[1]);
    vxg__check_finish(out);
    return status;
}

/* ---- vjp against jvp: <J t, c> = <t, J' c> ---- */
int vxg__check_vjp(const vxg_op *op, const vxg_check_opts *opts, vxg_check_result *out) {
    uint64_t seed = opts ? opts->seed : 0;
    vxg_array x[VXG_MAX_INPUTS], t[VXG_MAX_INPUTS] = {{0}}, g[VXG_MAX_INPUTS] = {{0}};
    vxg_array jt = {0}, c = {0};
    double left = 0, right = 0, d, tt = 0, gg = 0, jj = 0, cc = 0, largest = 0;
    vxg__check_start(opts, vxg__is_f64(op) ? 1e-12 : 1e-6, out);
    VXG_TRY(vxg__random_inputs(op, seed + 3, opts, x));
    int status = vxg__random_inputs(op, seed + 4, NULL, t);
    if (!status) status = vxg__random_input(op, -1, seed + 5, NULL, &c);
    if (!status) status = vxg_op_new_array(op, -1, &jt);
    for (int i = 0; i < vxg_op_inputs(op) && !status; i++) status = vxg_op_new_array(op, i, &g[i]);
    if (!status) status = vxg_op_jvp(op, NULL, x, t, &jt);
    if (!status) status = vxg_op_vjp(op, NULL, x, &c, g);
    if (!status) status = vxg_array_dot(NULL, &jt, &c, &left);
    if (!status) status = vxg_array_dot(NULL, &jt, &jt, &jj);
    if (!status) status = vxg_array_dot(NULL, &c, &c, &cc);
    if (!status) status = vxg_array_max_diff(NULL, &jt, NULL, &largest);
    for (int i = 0; i < vxg_op_inputs(op) && !status; i++) {
        if (!(status = vxg_array_dot(NULL, &t[i], &g[i], &d))) right += d;
        if (!status && !(status = vxg_array_dot(NULL, &t[i], &t[i], &d))) tt += d;
        if (!status && !(status = vxg_array_dot(NULL, &g[i], &g[i], &d))) gg += d;
    }
    out->residual = dot_residual(left, right, sqrt(jj), sqrt(cc), sqrt(tt), sqrt(gg));
    if (opts && opts->declared_empty) out->residual = largest == 0 && gg == 0 ? 0 : INFINITY;
    vxg__release_all(x), vxg__release_all(t), vxg__release_all(g);
    vxg_array_release(&jt), vxg_array_release(&c);
    vxg__check_finish(out);
    return status;
}
