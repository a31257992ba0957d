/* Sets of directions and which of them are neighbours: edges of the convex hull, which is built
 * point by point. */
#include "dwi/dwi.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 8192, LEAST = 6 }; /* of a caller's set */
#define FLAT 1e-12               /* points so near a face's plane do not see it */

typedef struct face {
    int v[3];
    int gone;
    double normal[3], offset;
} face;

typedef struct hull {
    const double *p;
    face *faces;
    int nfaces, room;
    int (*rim)[2]; /* directed edges of the faces that a point sees */
    int nrim, rim_room;
    int n; /* points beyond are the opposites of those before */
} hull;

static void plane_of(const double *p, face *f) {
    double a[3], b[3];
    for (int i = 0; i < 3; i++) {
        a[i] = p[3 * f->v[1] + i] - p[3 * f->v[0] + i];
        b[i] = p[3 * f->v[2] + i] - p[3 * f->v[0] + i];
    }
    vxg__dwi_cross(a, b, f->normal);
    const double length = sqrt(vxg__dwi_dot(f->normal, f->normal));
    for (int i = 0; i < 3 && length > 0; i++) f->normal[i] /= length;
    f->offset = vxg__dwi_dot(f->normal, p + 3 * f->v[0]);
}

static int add_face(hull *h, int a, int b, int c) {
    if (h->nfaces == h->room) {
        const int room = h->room ? 2 * h->room : 256;
        face *more = vxg__realloc(h->faces, (size_t)room, sizeof *more);
        if (!more) return VXG_ERR_MEMORY;
        h->faces = more, h->room = room;
    }
    face *f = &h->faces[h->nfaces++];
    *f = (face){.v = {a, b, c}};
    plane_of(h->p, f);
    return VXG_OK;
}

static double height_of(const hull *h, const face *f, int point) {
    return vxg__dwi_dot(f->normal, h->p + 3 * point) - f->offset;
}

/* A tetrahedron of points far apart, faces turned outwards. */
static int begin(hull *h, int n, int four[4]) {
    double best = 0;
    four[0] = 0;
    for (int k = 1; k < 4; k++) {
        best = 0, four[k] = -1;
        for (int i = 0; i < n; i++) {
            double a[3], b[3], c[3], size = 0;
            for (int j = 0; j < 3; j++) a[j] = h->p[3 * i + j] - h->p[3 * four[0] + j];
            if (k == 1) size = vxg__dwi_dot(a, a);
            if (k > 1) {
                for (int j = 0; j < 3; j++) b[j] = h->p[3 * four[1] + j] - h->p[3 * four[0] + j];
                vxg__dwi_cross(a, b, c);
                size = vxg__dwi_dot(c, c);
            }
            if (k == 3) {
                face f = {.v = {four[0], four[1], four[2]}};
                plane_of(h->p, &f);
                size = fabs(height_of(h, &f, i));
            }
            if (size > best) best = size, four[k] = i;
        }
        VXG_FAIL_IF(four[k] < 0 || best < 1e-9, VXG_ERR_ARGUMENT,
                    "sphere: the directions lie in a plane");
    }
    for (int k = 0; k < 4; k++) { /* the face opposite to four[k] */
        const int a = four[(k + 1) % 4], b = four[(k + 2) % 4], c = four[(k + 3) % 4];
        VXG_TRY(add_face(h, a, b, c));
        face *f = &h->faces[h->nfaces - 1];
        if (height_of(h, f, four[k]) > 0) {
            f->v[1] = c, f->v[2] = b;
            plane_of(h->p, f);
        }
    }
    return VXG_OK;
}

/* Edges that two seen faces share stand there both ways round, and go. */
static int add_rim(hull *h, int a, int b) {
    for (int i = 0; i < h->nrim; i++)
        if (h->rim[i][0] == b && h->rim[i][1] == a) {
            h->rim[i][0] = h->rim[h->nrim - 1][0], h->rim[i][1] = h->rim[h->nrim - 1][1];
            h->nrim--;
            return VXG_OK;
        }
    if (h->nrim == h->rim_room) {
        const int room = h->rim_room ? 2 * h->rim_room : 64;
        int(*more)[2] = vxg__realloc(h->rim, (size_t)room, sizeof *more);
        if (!more) return VXG_ERR_MEMORY;
        h->rim = more, h->rim_room = room;
    }
    h->rim[h->nrim][0] = a, h->rim[h->nrim][1] = b;
    h->nrim++;
    return VXG_OK;
}

static int add_point(hull *h, int point) {
    int kept = 0;
    h->nrim = 0;
    for (int i = 0; i < h->nfaces; i++) {
        face *f = &h->faces[i];
        if (height_of(h, f, point) <= FLAT) continue;
        f->gone = 1;
        for (int k = 0; k < 3; k++) VXG_TRY(add_rim(h, f->v[k], f->v[(k + 1) % 3]));
    }
    for (int i = 0; i < h->nfaces; i++)
        if (!h->faces[i].gone) h->faces[kept++] = h->faces[i];
    h->nfaces = kept;
    VXG_FAIL_IF(h->nrim == 0, VXG_ERR_ARGUMENT,
                "sphere: direction %d stands there twice, or lies between others", point % h->n);
    for (int i = 0; i < h->nrim; i++) VXG_TRY(add_face(h, h->rim[i][0], h->rim[i][1], point));
    return VXG_OK;
}

static int by_pair(const void *a, const void *b) {
    const int32_t *x = a, *y = b;
    return x[0] != y[0] ? (x[0] > y[0]) - (x[0] < y[0]) : (x[1] > y[1]) - (x[1] < y[1]);
}

/* The faces' edges, each once. */
static int list_edges(const hull *h, vxg_sphere *s) {
    const int n = h->n;
    int32_t *pairs = vxg__calloc((size_t)h->nfaces * 3, 2 * sizeof *pairs);
    int64_t count = 0;
    if (!pairs) return VXG_ERR_MEMORY;
    for (int i = 0; i < h->nfaces; i++)
        for (int k = 0; k < 3; k++) {
            const int a = h->faces[i].v[k] % n, b = h->faces[i].v[(k + 1) % 3] % n;
            pairs[2 * count] = a < b ? a : b, pairs[2 * count + 1] = a < b ? b : a;
            count++;
        }
    qsort(pairs, (size_t)count, 2 * sizeof *pairs, by_pair);
    for (int64_t i = 0; i < count; i++) {
        if (s->nedges && !by_pair(pairs + 2 * i, pairs + 2 * (s->nedges - 1))) continue;
        memmove(pairs + 2 * s->nedges++, pairs + 2 * i, 2 * sizeof *pairs);
    }
    s->edges = pairs;
    return VXG_OK;
}

static int find_edges(vxg_sphere *s) {
    const int n = (int)s->n, all = s->symmetric ? 2 * n : n;
    double *p = vxg__calloc((size_t)all, 3 * sizeof *p);
    hull h = {.p = p, .n = n};
    int four[4] = {0}, status = p ? VXG_OK : VXG_ERR_MEMORY;
    for (int i = 0; i < 3 * all && !status; i++)
        p[i] = i < 3 * n ? s->directions[i] : -s->directions[i - 3 * n];
    if (!status) status = begin(&h, all, four);
    for (int i = 0; i < all && !status; i++)
        if (i != four[0] && i != four[1] && i != four[2] && i != four[3]) status = add_point(&h, i);
    if (!status) status = list_edges(&h, s);
    vxg__free(p), vxg__free(h.faces), vxg__free(h.rim);
    return status;
}

static int is_alive(const vxg_sphere *s) {
    return vxg__object_is(s, VXG_KIND_SPHERE);
}
int vxg__sphere_check(const vxg_sphere *s, const char *what) {
    VXG_FAIL_IF(!is_alive(s), VXG_ERR_ARGUMENT, "%s: the set of directions is NULL or was released",
                what);
    return VXG_OK;
}

static void destroy(vxg_sphere *s) {
    if (!s) return;
    vxg__free(s->directions), vxg__free(s->edges);
    vxg__object_free(s);
}

int vxg_sphere_new(int64_t n, const double *directions, int symmetric, vxg_sphere **out) {
    VXG_FAIL_IF(!directions || !out, VXG_ERR_ARGUMENT, "sphere: directions or out is NULL");
    *out = NULL;
    VXG_FAIL_IF(n < LEAST || n > MOST, VXG_ERR_ARGUMENT,
                "sphere: %lld directions; %d to %d are expected", (long long)n, LEAST, MOST);
    vxg_sphere *s = vxg__object_new(VXG_KIND_SPHERE, sizeof *s);
    if (!s) return VXG_ERR_MEMORY;
    s->references = 1, s->n = n, s->symmetric = symmetric != 0;
    s->directions = vxg__calloc((size_t)n, 3 * sizeof *s->directions);
    int status = s->directions ? VXG_OK : VXG_ERR_MEMORY;
    for (int64_t i = 0; i < n && !status; i++) {
        const double *d = directions + 3 * i, length = sqrt(vxg__dwi_dot(d, d));
        if (!isfinite(length) || length == 0)
            status = vxg_error_set(VXG_ERR_ARGUMENT, "sphere: direction %lld is %g %g %g",
                                   (long long)i, d[0], d[1], d[2]);
        for (int k = 0; k < 3 && !status; k++) s->directions[3 * i + k] = d[k] / length;
    }
    if (!status) status = find_edges(s);
    if (status) {
        destroy(s);
        return status;
    }
    *out = s;
    return VXG_OK;
}

const char *vxg_sphere_name_at(int index) {
    int n = 0;
    while (vxg__sphere_rows[n].name) n++;
    return index >= 0 && index < n ? vxg__sphere_rows[index].name : NULL;
}

int vxg_sphere_named(const char *name, vxg_sphere **out) {
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "sphere: out is NULL");
    *out = NULL;
    if (!name) name = "hemi:repulsion724";
    const int half = !strncmp(name, "hemi:", 5);
    const vxg_sphere_row *row = vxg__sphere_rows;
    while (row->name && strcmp(row->name, half ? name + 5 : name)) row++;
    VXG_FAIL_IF(!row->name, VXG_ERR_ARGUMENT, "there is no set of directions '%s'", VXG_SHOW(name));
    if (half) return vxg_sphere_new(row->half, row->directions, 1, out);
    double *both = vxg__calloc((size_t)row->half, 6 * sizeof *both);
    if (!both) return VXG_ERR_MEMORY;
    for (int i = 0; i < 3 * row->half; i++)
        both[i] = row->directions[i], both[i + 3 * row->half] = -row->directions[i];
    const int status = vxg_sphere_new(2 * (int64_t)row->half, both, 0, out);
    vxg__free(both);
    return status;
}

vxg_sphere *vxg_sphere_retain(vxg_sphere *s) {
    if (!is_alive(s)) return NULL;
    __atomic_add_fetch(&s->references, 1, __ATOMIC_RELAXED);
    return s;
}
void vxg_sphere_release(vxg_sphere *s) {
    if (is_alive(s) && __atomic_sub_fetch(&s->references, 1, __ATOMIC_ACQ_REL) == 0) destroy(s);
}
int64_t vxg_sphere_count(const vxg_sphere *s) {
    return is_alive(s) ? s->n : 0;
}
const double *vxg_sphere_directions(const vxg_sphere *s) {
    return is_alive(s) ? s->directions : NULL;
}
int64_t vxg_sphere_edges(const vxg_sphere *s, const int32_t **pairs) {
    if (pairs) *pairs = is_alive(s) ? s->edges : NULL;
    return is_alive(s) ? s->nedges : 0;
}
int vxg_sphere_is_symmetric(const vxg_sphere *s) {
    return is_alive(s) && s->symmetric;
}
