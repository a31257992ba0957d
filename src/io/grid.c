/* Boxes of elements that stand in a file in any order of axes, forwards or backwards. They are read
 * in the order of the file, in spans that are no larger than a buffer, and put to their places. */
#include "io/grid.h"

#include "io/elements.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SPAN = 1 << 16, PAGE = 4096, WIDEST = 16, ROW = 1024 }; /* bytes, but for ROW: elements */

typedef struct buffers {
    _Alignas(16) uint8_t span[SPAN], gathered[ROW * WIDEST], converted[ROW * WIDEST];
} buffers;

/* ---- a box in the order of the file ---- */

typedef struct box {
    vxg__grid *g;
    vxg_dtype dtype;
    int64_t size, width; /* bytes of an element in the file's span and in dst */
    int n;               /* axes, the slowest first */
    struct {
        int64_t count, step, to; /* step > 0; to: elements of dst, < 0: backwards */
    } axis[VXG_MAX_DIMS];
    int64_t span[VXG_MAX_DIMS + 1]; /* elements of the file over which the axes from i on reach */
} box;

/* The box's axes of more than one element, and where its first element is in file and dst. */
static void plan(box *b, const int64_t *start, const int64_t *count, int64_t *from, int64_t *to) {
    const vxg__grid *g = b->g;
    int64_t width = 1;
    *from = g->first, *to = 0;
    for (int i = g->base.info.ndim - 1; i >= 0; i--) {
        const int64_t step = g->step[i], last = (count[i] - 1) * (step < 0);
        *from += (start[i] + last) * step;
        *to += last * width;
        if (count[i] > 1) {
            int k = b->n++;
            const int64_t size = step < 0 ? -step : step;
            for (; k > 0 && b->axis[k - 1].step < size; k--) b->axis[k] = b->axis[k - 1];
            b->axis[k].count = count[i], b->axis[k].step = size;
            b->axis[k].to = step < 0 ? -width : width;
        }
        width *= count[i];
    }
}

/* Axes that go on where the next one ends are one axis with it. */
static void join(box *b) {
    for (int i = b->n - 2; i >= 0; i--) {
        if (b->axis[i].step != b->axis[i + 1].step * b->axis[i + 1].count ||
            b->axis[i].to != b->axis[i + 1].to * b->axis[i + 1].count)
            continue;
        b->axis[i].count *= b->axis[i + 1].count;
        b->axis[i].step = b->axis[i + 1].step, b->axis[i].to = b->axis[i + 1].to;
        for (int k = i + 1; k < b->n - 1; k++) b->axis[k] = b->axis[k + 1];
        b->n--;
    }
    if (b->n == 0) { /* one element */
        b->n = 1;
        b->axis[0].count = b->axis[0].step = b->axis[0].to = 1;
    }
    b->span[b->n] = 1;
    for (int i = b->n - 1; i >= 0; i--)
        b->span[i] = (b->axis[i].count - 1) * b->axis[i].step + b->span[i + 1];
}

/* n elements from `from` on into the span buffer, in this machine's byte order. */
static int fetch(const box *b, int64_t from, int64_t n) {
    vxg__grid *g = b->g;
    buffers *u = g->buffers;
    if (g->bits) {
        const int64_t first = from / 8, bytes = (from + n - 1) / 8 - first + 1;
        static_assert(SPAN / 8 + 1 <= ROW * WIDEST, "the bits of a span fit");
        VXG_TRY(vxg__stream_read(vxg__grid_data(g), u->gathered, (size_t)bytes, g->offset + first));
        for (int64_t i = 0; i < n; i++) {
            const int64_t at = from - first * 8 + i;
            u->span[i] = u->gathered[at / 8] >> (7 - at % 8) & 1;
        }
        return VXG_OK;
    }
    VXG_TRY(vxg__stream_read(vxg__grid_data(g), u->span, (size_t)(n * b->size),
                             g->offset + from * b->size));
    if (g->turned) vxg__elements_turn(g->base.info.dtype, u->span, n);
    return VXG_OK;
}

/* n elements of `size` bytes, from and to places that are so many elements apart. */
static void spread(const uint8_t *from, int64_t from_step, uint8_t *to, int64_t to_step, int64_t n,
                   int64_t size) {
    for (int64_t i = 0; i < n; i++)
        memcpy(to + i * to_step * size, from + i * from_step * size, (size_t)size);
}

static void put_row(const box *b, int64_t n, int64_t step, int64_t to_step, int64_t at, char *to) {
    buffers *u = b->g->buffers;
    const vxg_dtype type = b->g->base.info.dtype;
    for (int64_t i = 0; i < n; i += ROW) {
        const int64_t part = n - i < ROW ? n - i : ROW;
        const uint8_t *src = u->span + (at + i * step) * b->size;
        uint8_t *dst = (uint8_t *)to + i * to_step * b->width;
        if (step != 1) {
            spread(src, step, u->gathered, 1, part, b->size);
            src = u->gathered;
        }
        if (to_step == 1) {
            vxg__elements_convert(type, src, part, b->dtype, dst);
        } else {
            vxg__elements_convert(type, src, part, b->dtype, u->converted);
            spread(u->converted, 1, dst, to_step, part, b->width);
        }
    }
}

/* The elements of the axes from `axis` on, the first with `count`, out of the span buffer. */
static void put(const box *b, int axis, int64_t count, int64_t at, char *to) {
    if (axis == b->n - 1) {
        put_row(b, count, b->axis[axis].step, b->axis[axis].to, at, to);
        return;
    }
    for (int64_t i = 0; i < count; i++)
        put(b, axis + 1, b->axis[axis + 1].count, at + i * b->axis[axis].step,
            to + i * b->axis[axis].to * b->width);
}

static int read_axes(const box *b, int axis, int64_t from, char *to) {
    const int64_t n = b->axis[axis].count, step = b->axis[axis].step, inner = b->span[axis + 1];
    const int64_t most = SPAN / b->size;
    const int apart = step > 16 * inner && step * b->size > PAGE;
    /* so many of this axis in one span; what lies far apart is not read together */
    const int64_t per = inner > most ? 0 : apart ? 1 : 1 + (most - inner) / step;
    for (int64_t i = 0; i < n; i += per ? per : 1) {
        const int64_t part = n - i < per ? n - i : per;
        char *dst = to + i * b->axis[axis].to * b->width;
        if (!per) {
            VXG_TRY(read_axes(b, axis + 1, from + i * step, dst));
            continue;
        }
        VXG_TRY(fetch(b, from + i * step, (part - 1) * step + inner));
        put(b, axis, part, 0, dst);
    }
    return VXG_OK;
}

static int keep(vxg__grid *g) {
    vxg__stream *s = vxg__grid_data(g);
    if (!s->packed || vxg__stream_kept(s)) return VXG_OK;
    return vxg__stream_keep(s, g->offset, g->bytes, g->max_memory);
}

static int grid_read(vxg_block_reader *self, const int64_t *start, const int64_t *count,
                     vxg_dtype dtype, void *dst) {
    vxg__grid *g = self->impl;
    const vxg_dtype type = self->info.dtype;
    int64_t from, to;
    VXG_FAIL_IF(dtype != type && vxg__is_complex(type), VXG_ERR_UNSUPPORTED,
                "%s: %s elements are no real numbers: they are read as they are", self->path,
                vxg_dtype_name(type));
    VXG_TRY(keep(g));
    box b = {.g = g, .dtype = dtype};
    b.size = (int64_t)vxg_dtype_size(type), b.width = (int64_t)vxg_dtype_size(dtype);
    plan(&b, start, count, &from, &to);
    join(&b);
    VXG_TRY(read_axes(&b, 0, from, (char *)dst + to * b.width));
    VXG_TRY(vxg__stream_unchanged(&g->file));
    return g->other.path ? vxg__stream_unchanged(&g->other) : VXG_OK;
}

static int grid_cost(vxg_block_reader *self, const int64_t *start, const int64_t *count,
                     vxg_block_cost *out) {
    vxg__grid *g = self->impl;
    const vxg__stream *s = vxg__grid_data(g);
    (void)start, (void)count;
    out->memory = (int64_t)sizeof(buffers);
    if (s->packed && !vxg__stream_kept(s)) out->unpacked = g->offset + g->bytes;
    if (s->packed && s->scratch < 0) out->memory += g->bytes;
    return VXG_OK;
}

/* ---- opening ---- */

static void reader_close(vxg_block_reader *self) {
    vxg__grid_close(self->impl);
}

int vxg__grid_new(const char *path, const vxg_block_opts *opts, const char *format,
                  vxg__grid **out) {
    vxg__grid *g = vxg__calloc(1, sizeof *g);
    if (!g) return VXG_ERR_MEMORY;
    g->file = g->other = VXG__STREAM_NONE;
    g->max_memory = opts->max_memory;
    g->base = (vxg_block_reader){.size = sizeof g->base,
                                 .format = format,
                                 .info.size = sizeof g->base.info,
                                 .read = grid_read,
                                 .cost = grid_cost,
                                 .close = reader_close,
                                 .impl = g};
    g->buffers = vxg__calloc(1, sizeof(buffers));
    const int status =
        g->buffers ? vxg__stream_open(&g->file, path, VXG__BY_CONTENT) : VXG_ERR_MEMORY;
    if (status) {
        vxg__grid_close(g);
        return status;
    }
    *out = g;
    return VXG_OK;
}

vxg__stream *vxg__grid_data(vxg__grid *g) {
    return g->other.path ? &g->other : &g->file;
}

void vxg__grid_close(vxg__grid *g) {
    if (!g) return;
    vxg__stream_close(&g->file);
    vxg__stream_close(&g->other);
    for (int i = 0; i < g->nlist; i++) {
        vxg__free((void *)(uintptr_t)g->list[i].name);
        vxg__free((void *)(uintptr_t)g->list[i].text);
    }
    vxg__free(g->list);
    vxg__free(g->buffers);
    vxg__free(g);
}

int vxg__grid_attribute(vxg__grid *g, const char *name, const char *text) {
    if (g->nlist == g->room) {
        const int room = g->room ? 2 * g->room : 8;
        vxg_attribute *list = vxg__realloc(g->list, (size_t)room, sizeof *list);
        if (!list) return VXG_ERR_MEMORY;
        g->list = list, g->room = room;
    }
    char *own_name = vxg__plain_words(name, 0), *own_text = vxg__plain_words(text, 1);
    if (!own_name || !own_text) {
        vxg__free(own_name);
        vxg__free(own_text);
        return VXG_ERR_MEMORY;
    }
    g->list[g->nlist++] = (vxg_attribute){.name = own_name, .text = own_text};
    return VXG_OK;
}

void vxg__grid_axis(vxg__grid *g, int ndim, int fastest, int64_t count, int64_t step) {
    static const char *const names[VXG_MAX_DIMS] = {"x", "y", "z", "t", "u", "v"};
    const int i = ndim - 1 - fastest;
    vxg_axis *a = &g->base.info.axis[i];
    a->count = count;
    snprintf(a->name, sizeof a->name, "%s", names[fastest]);
    g->step[i] = step;
}

int vxg__grid_ready(vxg__grid *g, vxg_block_reader **out) {
    vxg_block_info *info = &g->base.info;
    vxg__stream *data = vxg__grid_data(g);
    int64_t n = 1;
    for (int i = 0; i < info->ndim; i++) {
        const int64_t count = info->axis[i].count;
        VXG_FAIL_IF(count > VXG_MAX_ELEMENTS / n, VXG_ERR_INPUT, "%s: more than 2^40 elements",
                    g->file.path);
        n *= count;
        g->base.grain[i] = 1;
    }
    g->bytes = g->bits ? (n + 7) / 8 : n * (int64_t)vxg_dtype_size(info->dtype);
    VXG_TRY(vxg__stream_holds(data, g->offset, g->bytes, "elements"));
    info->attributes = g->list, info->nattributes = g->nlist;
    g->base.path = g->file.path;
    vxg__file_id(&g->file.was, &g->base.id);
    *out = &g->base;
    return VXG_OK;
}

/* ---- affines ---- */

double vxg__millimetres(const char *unit) {
    return !*unit || !strcmp(unit, "mm") ? 1
           : !strcmp(unit, "m")          ? 1000
           : !strcmp(unit, "um")         ? 1e-3
                                         : 0;
}

int vxg__grid_centred(const vxg_block_info *info, double affine[12]) {
    memset(affine, 0, 12 * sizeof *affine);
    for (int k = 0; k < 3; k++) {
        const vxg_axis *a = k < info->ndim ? &info->axis[info->ndim - 1 - k] : NULL;
        const double step = a ? a->step * vxg__millimetres(a->unit) : 1;
        if (!(step > 0)) return 0;
        affine[5 * k] = step;
        affine[4 * k + 3] = a ? -0.5 * (double)(a->count - 1) * step : 0;
    }
    return 1;
}

void vxg__affine_steps(const double affine[12], double step[3]) {
    for (int k = 0; k < 3; k++)
        step[k] = sqrt(affine[k] * affine[k] + affine[4 + k] * affine[4 + k] +
                       affine[8 + k] * affine[8 + k]);
}

int vxg__affine_good(const double a[12]) {
    double step[3];
    for (int i = 0; i < 12; i++)
        if (!isfinite(a[i])) return 0;
    vxg__affine_steps(a, step);
    const double det = a[0] * (a[5] * a[10] - a[6] * a[9]) - a[1] * (a[4] * a[10] - a[6] * a[8]) +
                       a[2] * (a[4] * a[9] - a[5] * a[8]);
    return isfinite(det) && fabs(det) > 1e-9 * step[0] * step[1] * step[2];
}

const char *vxg__attribute_of(const vxg_block_info *info, const char *name) {
    for (int i = 0; i < info->nattributes; i++)
        if (!strcmp(info->attributes[i].name, name)) return info->attributes[i].text;
    return NULL;
}
