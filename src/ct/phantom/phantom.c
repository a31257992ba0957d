/* Phantoms: lists of shapes, checked once, immutable afterwards. */
#include "ct/phantom/phantom.h"

#include <math.h>
#include <string.h>

#define MAX_SHAPES 1000000

static int is_planar(vxg_shape_kind kind) {
    return kind == VXG_SHAPE_ELLIPSE || kind == VXG_SHAPE_RECTANGLE;
}

static int check_shape(const vxg_shape *s, long long index) {
    static const char axes[] = "xyz";
    VXG_FAIL_IF((int)s->kind < 0 || s->kind > VXG_SHAPE_RECTANGLE, VXG_ERR_ARGUMENT,
                "phantom: shape %lld: unknown kind %d", index, (int)s->kind);
    VXG_FAIL_IF(!isfinite(s->value), VXG_ERR_ARGUMENT,
                "phantom: shape %lld: value is not a finite number", index);
    for (int i = 0; i < (is_planar(s->kind) ? 2 : 3); i++) {
        VXG_FAIL_IF(!isfinite(s->center[i]), VXG_ERR_ARGUMENT,
                    "phantom: shape %lld: center %c is not a finite number", index, axes[i]);
        VXG_FAIL_IF(!(s->half[i] > 0) || !isfinite(1 / s->half[i]) || !isfinite(s->half[i]),
                    VXG_ERR_ARGUMENT, "phantom: shape %lld: half axis %c must be positive", index,
                    axes[i]);
    }
    for (int i = 0; i < 3; i++)
        VXG_FAIL_IF(!isfinite(s->angle[i]), VXG_ERR_ARGUMENT,
                    "phantom: shape %lld: angle %d is not a finite number", index, i);
    VXG_FAIL_IF(is_planar(s->kind) && (s->angle[1] != 0 || s->angle[2] != 0), VXG_ERR_ARGUMENT,
                "phantom: shape %lld: a 2-D shape rotates about z only", index);
    return VXG_OK;
}

int vxg_phantom_new(const vxg_shape *shapes, int64_t n, vxg_phantom **out) {
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "phantom: out is NULL");
    *out = NULL;
    VXG_FAIL_IF(!shapes || n < 1 || n > MAX_SHAPES, VXG_ERR_ARGUMENT,
                "phantom: %lld shapes, 1 to %d are expected", (long long)n, MAX_SHAPES);
    for (int64_t i = 0; i < n; i++) VXG_TRY(check_shape(&shapes[i], (long long)i));
    vxg_phantom *p = vxg__calloc(1, sizeof *p);
    if (p) p->shapes = vxg__calloc((size_t)n, sizeof *shapes);
    if (!p || !p->shapes) {
        vxg__free(p);
        return VXG_ERR_MEMORY;
    }
    memcpy(p->shapes, shapes, (size_t)n * sizeof *shapes);
    p->n = n;
    for (int64_t i = 0; i < n; i++) p->replaces |= shapes[i].replace != 0;
    *out = p;
    return VXG_OK;
}

void vxg_phantom_release(vxg_phantom *p) {
    if (!p) return;
    vxg__free(p->shapes);
    vxg__free(p);
}

int64_t vxg_phantom_count(const vxg_phantom *p) {
    return p ? p->n : 0;
}

const vxg_shape *vxg_phantom_shapes(const vxg_phantom *p) {
    return p ? p->shapes : NULL;
}

int vxg__phantom_opts(const vxg_phantom *phantom, const vxg_phantom_opts *in, int64_t n,
                      int samples, vxg_phantom_opts *out) {
    VXG_FAIL_IF(!phantom, VXG_ERR_ARGUMENT, "phantom is NULL");
    VXG_TRY(VXG_IN(vxg_phantom_opts, out, in));
    VXG_TRY(vxg__progress_check(out->progress));
    if (out->unit == 0) out->unit = 1;
    if (out->density == 0) out->density = 1;
    if (out->samples == 0) out->samples = samples;
    if (out->end == 0) out->end = n; /* to the last */
    VXG_FAIL_IF(!(out->unit > 0) || !isfinite(out->unit), VXG_ERR_ARGUMENT,
                "phantom: unit must be positive");
    VXG_FAIL_IF(!isfinite(out->density), VXG_ERR_ARGUMENT,
                "phantom: density is not a finite number");
    for (int i = 0; i < 3; i++)
        VXG_FAIL_IF(!isfinite(out->center[i]), VXG_ERR_ARGUMENT,
                    "phantom: center[%d] is not a finite number", i);
    VXG_FAIL_IF(out->samples < 1 || out->samples > 64, VXG_ERR_ARGUMENT,
                "phantom: samples is %d, 1 to 64 is expected", out->samples);
    VXG_FAIL_IF(out->begin < 0 || out->end <= out->begin || out->end > n, VXG_ERR_ARGUMENT,
                "phantom: range %lld:%lld is outside 0:%lld", (long long)out->begin,
                (long long)out->end, (long long)n);
    VXG_FAIL_IF(out->dtype != VXG_F32 && out->dtype != VXG_F64, VXG_ERR_UNSUPPORTED,
                "phantom: elements are %s; float32 and float64 are done",
                vxg_dtype_name(out->dtype));
    return VXG_OK;
}

/* R = Rz(a) Ry(b) Rz(c), row-major. */
static void euler(const double *angle, double *m) {
    const double c0 = cos(angle[0]), s0 = sin(angle[0]), c1 = cos(angle[1]), s1 = sin(angle[1]);
    const double c2 = cos(angle[2]), s2 = sin(angle[2]);
    m[0] = c0 * c1 * c2 - s0 * s2, m[1] = -c0 * c1 * s2 - s0 * c2, m[2] = c0 * s1;
    m[3] = s0 * c1 * c2 + c0 * s2, m[4] = -s0 * c1 * s2 + c0 * c2, m[5] = s0 * s1;
    m[6] = -s1 * c2, m[7] = s1 * s2, m[8] = c1;
}

static vxg__body body(const vxg_shape *s, const vxg_phantom_opts *o) {
    const int planar = is_planar(s->kind);
    vxg__body b = {.kind = s->kind, .replace = s->replace, .value = s->value * o->density};
    if (s->kind == VXG_SHAPE_ELLIPSE) b.kind = VXG_SHAPE_CYLINDER;
    if (s->kind == VXG_SHAPE_RECTANGLE) b.kind = VXG_SHAPE_BOX;
    double m[9], corner[3];
    euler(s->angle, m);
    for (int i = 0; i < 3; i++) {
        const double scale = planar && i == 2 ? 0 : 1 / (s->half[i] * o->unit);
        b.center[i] = o->center[i] + o->unit * (planar && i == 2 ? 0 : s->center[i]);
        for (int j = 0; j < 3; j++) b.to[3 * i + j] = scale * m[3 * j + i]; /* R transposed */
        b.reach = fmax(b.reach, scale);
        corner[i] = s->half[i] * o->unit;
    }
    const double longest = fmax(fmax(corner[0], corner[1]), corner[2]);
    b.ball2 = b.kind == VXG_SHAPE_ELLIPSOID ? longest * longest : vxg__dot3(corner, corner);
    if (planar) b.ball2 = INFINITY;
    return b;
}

int vxg__phantom_bodies(const vxg_phantom *phantom, const vxg_phantom_opts *opts, vxg__body **out) {
    *out = vxg__calloc((size_t)phantom->n, sizeof **out);
    if (!*out) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < phantom->n; i++) (*out)[i] = body(&phantom->shapes[i], opts);
    return VXG_OK;
}
