/* Voxel-driven bilinear backprojector of cone and fan beams, flat and curved detectors:
 * coefficients in double, rounded once, then one kernel each way
 * (kernels/ct/project/cone_backproject.k, cone_columns.k).
 */
#include <math.h>
#include <string.h>

#include "array/launch.h"
#include "ct/project/project.h"
#include "ct/project/texture.h"
#include "ct/schedule/cone.h"

/* The form (p - s) . g of world points p as one of voxel indices counted from the volume's middle.
 */
static void affine(const vxg_ct_volume *vol, const double *s, const double *g, double scale,
                   double *c) {
    const double size[3] = {vol->dx, vol->dy, vol->dz};
    c[0] = 0;
    for (int i = 0; i < 3; i++) {
        c[0] += (vol->center[i] - s[i]) * g[i] * scale;
        double along = 0;
        for (int k = 0; k < 3; k++) along += vol->rotation[3 * k + i] * g[k];
        c[1 + i] = along * size[i] * scale;
    }
}

/* With w = p - s and e = d - s the ray through p meets the detector at q' = w.(V x e) / w.(U x V),
 * r' = w.(e x U) / w.(U x V). */
static void flat_coefs(const vxg_ct_volume *vol, const vxg_ct_view *v, double *c) {
    double e[3], n[3], qn[3], rn[3];
    for (int i = 0; i < 3; i++) e[i] = v->d[i] - v->s[i];
    vxg__cross3(v->U, v->V, n);
    vxg__cross3(v->V, e, qn);
    vxg__cross3(e, v->U, rn);
    const double scale = 1 / vxg__dot3(e, n); /* W = 1 on the detector */
    affine(vol, v->s, n, scale, c);
    affine(vol, v->s, qn, scale, c + 4);
    affine(vol, v->s, rn, scale, c + 8);
}

static void curved_coefs(const vxg_ct_volume *vol, const vxg_ct_view *v, int64_t nu, double offset,
                         double *c) {
    double e[3];
    for (int i = 0; i < 3; i++) e[i] = v->d[i] - v->s[i];
    const double rho = vxg__norm3(e), u = vxg__norm3(v->U), w = vxg__norm3(v->V);
    const double reach = 1.02 * u / rho;
    affine(vol, v->s, e, 1 / (rho * rho), c);
    affine(vol, v->s, v->U, 1 / (u * rho), c + 4);
    affine(vol, v->s, v->V, 1 / (w * w), c + 8);
    c[12] = rho / u;
    c[13] = 0.5 * (double)(nu - 1) - offset;
    c[14] = u / rho;
    c[15] = reach < 1.4 ? 1.001 / cos(reach) : 0;
}

/* Whether the form is the same float at every z' from -m to m: rounding is monotone. */
static int same_along_z(const double *c, double m) {
    const float c0 = (float)c[0], slope = (float)c[3];
    return fmaf(slope, (float)m, c0) == c0 && fmaf(slope, (float)-m, c0) == c0;
}

/* W, Q and R with voxels and pixels counted from 0. Slopes along z that move no column by 1e-6
 * become 0. */
static void from_first(const vxg_ct_cone_bp *p, const double *c, double *out) {
    const int64_t n[3] = {p->vol.nx, p->vol.ny, p->vol.nz};
    const double nu = (double)vxg_ct_geometry_nu(p->geo), nv = (double)vxg_ct_geometry_nv(p->geo);
    memcpy(out, c, 12 * sizeof *out);
    for (int i = 0; i < 4; i++) out[4 + i] += 0.5 * (nu - 1) * out[i];
    for (int i = 0; i < 4; i++) out[8 + i] += 0.5 * (nv - 1) * out[i];
    if ((fabs(out[7]) + nu * fabs(out[3])) * (double)n[2] < 1e-6) out[3] = out[7] = 0;
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < 3; i++) out[4 * k] -= 0.5 * (double)(n[i] - 1) * out[4 * k + 1 + i];
}

/* The most that a form, and W times a pixel's number, can be in the volume. */
static double most_whole(const vxg_ct_cone_bp *p, const double *forms) {
    const double n[3] = {(double)p->vol.nx, (double)p->vol.ny, (double)p->vol.nz};
    const double nu = (double)vxg_ct_geometry_nu(p->geo), nv = (double)vxg_ct_geometry_nv(p->geo);
    double most[3];
    for (int k = 0; k < 3; k++) {
        most[k] = fabs(forms[4 * k]);
        for (int i = 0; i < 3; i++) most[k] += fabs(forms[4 * k + 1 + i]) * (n[i] + 1);
    }
    return fmax(fmax(most[0] * (fmax(nu, nv) + 2), most[1]), most[2]);
}

/* A view's row of the kernels' table in float32. */
static void whole_row(const vxg_ct_cone_bp *p, const double *c, float *row) {
    double forms[12];
    int64_t whole[12];
    for (int i = 0; i < VXG_CONE_BP_COEFS; i++) row[i] = (float)c[i];
    from_first(p, c, forms);
    const double units = exp2(60 - ceil(log2(most_whole(p, forms)))); /* sums of two fit */
    for (int i = 0; i < 12; i++) whole[i] = llrint(forms[i] * units);
    row[VXG_CONE_UNITS] = (float)units;
    memcpy(row + VXG_CONE_WHOLE, whole, sizeof whole);
}

static int make_table(vxg_device *dev, vxg_real real, vxg_ct_cone_bp *p) {
    const int64_t nviews = vxg_ct_geometry_nviews(p->geo);
    if (real == VXG_REAL_F64)
        return vxg__array_from_doubles(dev, real, 2, (int64_t[]){nviews, VXG_CONE_BP_COEFS},
                                       p->coef64, &p->coef);
    VXG_TRY(vxg_array_new(dev, VXG_F32, 2, (int64_t[]){nviews, VXG_CONE_ROW}, &p->coef));
    float *rows = vxg__calloc((size_t)nviews * VXG_CONE_ROW, sizeof *rows);
    if (!rows) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < nviews; i++)
        whole_row(p, p->coef64 + i * VXG_CONE_BP_COEFS, rows + i * VXG_CONE_ROW);
    const int status = vxg_array_write(NULL, &p->coef, rows);
    vxg__free(rows);
    return status;
}

/* Whether column and weight of every view are the same along z, in whole numbers too. */
static int is_steady(const vxg_ct_cone_bp *p) {
    const double m = 0.5 * (double)(p->vol.nz - 1);
    for (int64_t i = 0; i < vxg_ct_geometry_nviews(p->geo); i++) {
        const double *c = p->coef64 + i * VXG_CONE_BP_COEFS;
        double forms[12];
        if (!same_along_z(c, m) || !same_along_z(c + 4, m)) return 0;
        from_first(p, c, forms);
        if (!p->curved && (forms[3] != 0 || forms[7] != 0)) return 0;
    }
    return 1;
}

/* GPUs take several voxels along z per item (kernels/ct/project/cone_columns.k), with one column
 * and division for them all where every view allows; the bits are those of cone_bp. */
static const char *pick_kernel(const vxg_device *dev, const vxg_ct_projector_opts *opts,
                               const vxg_ct_cone_bp *p) {
    const int64_t pixels = vxg_ct_geometry_nu(p->geo) * vxg_ct_geometry_nv(p->geo);
    if (!strcmp(vxg_device_get_info(dev)->backend, "cpu") || opts->no_schedule ||
        p->vol.nz <= VXG_CONE_RUN / 2 || pixels > INT32_MAX)
        return "cone_bp";
    return p->steady ? "cone_bp_steady" : "cone_bp_run";
}

static void cone_bp_free(void *state) {
    vxg_ct_cone_bp *p = state;
    vxg_ct_geometry_release(p->geo);
    vxg_array_release(&p->coef);
    vxg__free(p->coef64);
    vxg__ct_cone_bp_plan_free(p->plan);
    vxg__ct_texture_free(p->texture);
    vxg__free(p);
}

static int fill(vxg_device *dev, const vxg_ct_projector_opts *opts, vxg_ct_cone_bp *p) {
    const int64_t nviews = vxg_ct_geometry_nviews(p->geo), nu = vxg_ct_geometry_nu(p->geo);
    p->coef64 = vxg__calloc((size_t)(nviews * VXG_CONE_BP_COEFS), sizeof *p->coef64);
    if (!p->coef64) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < nviews; i++) {
        const vxg_ct_view *v = vxg_ct_geometry_view(p->geo, i);
        double *c = p->coef64 + i * VXG_CONE_BP_COEFS;
        if (p->curved) {
            curved_coefs(&p->vol, v, nu, vxg_ct_geometry_column_offset(p->geo), c);
        } else {
            flat_coefs(&p->vol, v, c);
        }
    }
    VXG_TRY(make_table(dev, opts->real, p));
    p->steady = is_steady(p);
    p->kernel = pick_kernel(dev, opts, p);
    if (opts->texture)
        return vxg__ct_texture_new(dev, nviews, vxg_ct_geometry_nv(p->geo), nu, &p->texture);
    if (opts->real != VXG_REAL_F32 || opts->no_schedule) return VXG_OK;
    return vxg__ct_cone_bp_plan_new(dev, p, &p->plan);
}

/* The sizes, and ints 7 and 8, of every kernel. */
static void common_ints(const vxg_ct_cone_bp *p, const vxg_call *call, int to_pixels,
                        vxg_launch *l) {
    vxg__ct_sizes(&p->vol, vxg_ct_geometry_nu(p->geo), vxg_ct_geometry_nv(p->geo),
                  vxg_ct_geometry_nviews(p->geo), to_pixels, call->accumulate, l);
    l->ints[l->nints++] = p->weighted, l->ints[l->nints++] = p->curved;
}

/* One launch over pixels (to_projections) or voxels, from -> to. */
static int run(const vxg_op *op, const vxg_call *call, int to_projections, const vxg_array *from,
               const vxg_array *to) {
    const vxg_ct_cone_bp *p = vxg_op_state(op);
    const vxg_ct_task task = to_projections ? VXG_CT_TASK_SPREAD : VXG_CT_TASK_BACKPROJECT;
    if (p->plan && vxg__ct_cone_bp_plan_has(p->plan, task))
        return vxg__ct_cone_bp_plan_run(p->plan, task, call, from, to);
    vxg_launch l = {0};
    common_ints(p, call, to_projections, &l);
    if (!to_projections && strcmp(p->kernel, "cone_bp") != 0)
        l.global[2] = (p->vol.nz + VXG_CONE_RUN - 1) / VXG_CONE_RUN;
    vxg__push_array(&l, from);
    vxg__push_array(&l, &p->coef);
    vxg__push_array(&l, to);
    return vxg__launch(vxg_op_device(op), call->queue,
                       to_projections ? "cone_bp_adjoint" : p->kernel, vxg__arithmetic(to->dtype),
                       &l);
}

static int apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                 const vxg_array *out) {
    return run(op, call, 0, in, out);
}
static int vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
               const vxg_array *cotangent, const vxg_array *grad) {
    (void)in;
    return grad->buffer ? run(op, call, 1, cotangent, grad) : VXG_OK;
}
static size_t workspace(const vxg_op *op, const vxg_call *call) {
    (void)call;
    const vxg_ct_cone_bp *p = vxg_op_state(op);
    return p->plan ? vxg__ct_cone_bp_plan_workspace(p->plan) : 0;
}

static const vxg_op_class cone_bp_class = {.name = "ct.cone.backprojector",
                                           .accumulates = 1,
                                           .apply = apply,
                                           .vjp = vjp,
                                           .workspace = workspace,
                                           .destroy = cone_bp_free};

/* ---- From a texture ---- */
/* How many of the n views from views[0] on (views NULL: first and so on) are layers in a row. */
static int64_t layers_in_a_row(const vxg_ct_texture *t, const int64_t *views, int64_t first,
                               int64_t n) {
    const int64_t begin = views ? views[0] : first, left = t->chunk - begin % t->chunk;
    int64_t k = 1;
    while (k < n && k < left && (!views || views[k] == begin + k)) k++;
    return k;
}

/* Layers in a row are one launch; further ones add. */
static int texture_run(const vxg_op *op, const vxg_call *call, const vxg_ct_texture *t,
                       const int64_t *views, int64_t first, const vxg_array *to) {
    const vxg_ct_cone_bp *p = vxg_op_state(op);
    const int64_t nviews = vxg_ct_geometry_nviews(p->geo);
    for (int64_t v = 0, part; v < nviews; v += part) {
        const int64_t view = views ? views[v] : first + v, layer = view % t->chunk;
        part = layers_in_a_row(t, views ? views + v : NULL, view, nviews - v);
        vxg_launch l = {.nbuffers = 1, .buffer = {t->image[view / t->chunk]}};
        common_ints(p, call, 0, &l);
        l.ints[5] = (int)part, l.ints[6] = call->accumulate || v > 0;
        l.ints[l.nints++] = p->steady, l.ints[l.nints++] = (int)layer;
        l.global[2] = (p->vol.nz + VXG_CONE_RUN - 1) / VXG_CONE_RUN;
        vxg__push_array(&l, &p->coef);
        l.offset[1] += v * VXG_CONE_ROW * (int64_t)sizeof(float);
        vxg__push_array(&l, to);
        VXG_TRY(vxg__launch(vxg_op_device(op), call->queue, "cone_bp_texture", VXG_REAL_F32, &l));
    }
    return VXG_OK;
}

static int texture_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                         const vxg_array *out) {
    const vxg_ct_cone_bp *p = vxg_op_state(op);
    VXG_TRY(vxg__ct_texture_write(p->texture, call->queue, 0, in));
    return texture_run(op, call, p->texture, NULL, 0, out);
}

/* No vjp: the sampler's weights are the device's, their exact transpose is not known. */
static const vxg_op_class cone_texture_class = {.name = "ct.cone.backprojector.texture",
                                                .accumulates = 1,
                                                .apply = texture_apply,
                                                .destroy = cone_bp_free};

int vxg__ct_is_texture_op(const vxg_op *op) {
    return vxg_op_name(op) == cone_texture_class.name;
}

int vxg__ct_texture_apply(const vxg_op *op, const vxg_call *call, const vxg_ct_texture *t,
                          const int64_t *views, int64_t first, const vxg_array *out) {
    const vxg_space *s = vxg_op_range(op);
    int same = out && out->buffer && out->ndim == s->ndim && out->dtype == s->dtype &&
               vxg_array_is_contiguous(out) && vxg_buffer_device(out->buffer) == vxg_op_device(op);
    for (int i = 0; i < s->ndim && same; i++) same = out->shape[i] == s->shape[i];
    VXG_FAIL_IF(!same, VXG_ERR_ARGUMENT,
                "%s from prepared textures: the output must be a C-order array of the operator's "
                "shape",
                vxg_op_name(op));
    return texture_run(op, call, t, views, first, out);
}

static int check_texture(const vxg_ct_projector_opts *opts) {
    VXG_FAIL_IF(opts->texture && opts->real != VXG_REAL_F32, VXG_ERR_UNSUPPORTED,
                "backprojector: texture holds float32 only");
    return VXG_OK;
}

int vxg__ct_cone_backprojector(vxg_device *dev, const vxg_ct_geometry *geo,
                               const vxg_ct_volume *vol, const vxg_ct_projector_opts *opts,
                               vxg_op **out) {
    vxg_ct_volume checked = {0};
    vxg_space volume = {0}, projections = {0};
    *out = NULL;
    VXG_TRY(check_texture(opts));
    VXG_TRY(vxg__ct_volume_check(vol, &checked));
    vxg_ct_cone_bp *p = vxg__calloc(1, sizeof *p);
    if (!p) return VXG_ERR_MEMORY;
    p->geo = vxg_ct_geometry_retain(geo);
    p->vol = checked;
    p->curved = vxg_ct_geometry_detector(geo) == VXG_CT_DETECTOR_CURVED;
    p->weighted = opts->weighting == VXG_CT_WEIGHTING_DISTANCE;
    const int status = fill(dev, opts, p);
    if (status) {
        cone_bp_free(p);
        return status;
    }
    vxg__ct_spaces(geo, &p->vol, opts->real, 0, &volume, &projections);
    return vxg__op_new_linear(p->texture ? &cone_texture_class : &cone_bp_class, dev, &projections,
                              &volume, VXG_SUBSETS_NONE, p, out);
}
