/* Writing TRX. Arrays come in pieces, all at once, and lie one behind the other in the end. So each
 * is spooled into a scratch file without a name beside the output, in bounded memory; a zip file is
 * put together when all are complete. In a folder arrays are files, and only the offsets, whose
 * type is not known before the end, are spooled. */
#include "io/trx.h"

#include "io/elements.h"
#include "io/outputs.h"
#include "io/trx_write.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>
#ifdef VXG_HAVE_ZLIB
#include <zlib.h>
#endif

enum { PIECE = 4096 };

/* ---- Parts ---- */

/* A file that is there as long as it is open. */
static int scratch_open(const char *beside, int *fd) {
    char *name = vxg__hidden_name(beside, ".part-", 1);
    if (!name) return VXG_ERR_MEMORY;
    *fd = vxg__temp_open(name, 1);
    const int error = errno;
    if (*fd >= 0) unlink(name);
    vxg__free(name);
    VXG_FAIL_IF(*fd < 0, VXG_ERR_OUTPUT, "%s: cannot write a scratch file beside it: %s", beside,
                strerror(error));
    return VXG_OK;
}

static void part_free(vxg__trx_part *p) {
    if (p->scratch >= 0) close(p->scratch);
    vxg__output_abandon(&p->out);
    vxg__sink_free(&p->sink);
    vxg__free(p->name);
    *p = (vxg__trx_part){.scratch = -1, .out.fd = -1};
}

/* name[.components].type of a column in dpv/, dps/... */
static char *column_name(const char *folder, const vxg_tract_column *c) {
    vxg_text t = {0};
    vxg__text_add(&t, "%s%s", folder, c->name);
    if (c->components > 1) vxg__text_add(&t, ".%d", (int)c->components);
    vxg__text_add(&t, ".%s", vxg__trx_type(c->dtype));
    if (!t.failed) return t.s;
    vxg__text_free(&t);
    return NULL;
}

/* An output of the folder. */
static int open_output(vxg__trx_out *t, const char *name, vxg__output *out) {
    vxg_text path = {0};
    vxg__text_add(&path, "%s/%s", t->path, name);
    const int status =
        path.failed ? VXG_ERR_MEMORY : vxg__output_open(path.s, t->force, t->set, out);
    vxg__text_free(&path);
    return status;
}

/* Takes over the name. */
static int add_part(vxg__trx_out *t, char *name, int spooled) {
    vxg__trx_part *p = &t->parts[t->nparts++];
    *p = (vxg__trx_part){.name = name, .scratch = -1, .out.fd = -1};
    if (!name) return VXG_ERR_MEMORY;
    if (spooled || !t->folder) {
        VXG_TRY(scratch_open(t->path, &p->scratch));
    } else {
        VXG_TRY(open_output(t, name, &p->out));
    }
    VXG_TRY(vxg__sink_open(p->scratch >= 0 ? p->scratch : p->out.fd, t->path, &p->sink));
    p->sink.sum = !t->folder;
    return VXG_OK;
}

static int open_parts(vxg__trx_out *t) {
    const vxg_tract_info *info = &t->base.info;
    const size_t n = (size_t)info->npoint_columns + (size_t)info->nline_columns + 2;
    vxg_text name = {0};
    t->parts = vxg__calloc(n, sizeof *t->parts);
    if (!t->parts) return VXG_ERR_MEMORY;
    vxg__text_add(&name, "positions.3.%s", vxg__trx_type(info->dtype));
    if (name.failed) vxg__text_free(&name);
    VXG_TRY(add_part(t, name.s, 0));
    VXG_TRY(add_part(t, vxg__strdup("offsets"), 1));
    for (int i = 0; i < info->npoint_columns; i++)
        VXG_TRY(add_part(t, column_name("dpv/", &info->point_columns[i]), 0));
    for (int i = 0; i < info->nline_columns; i++)
        VXG_TRY(add_part(t, column_name("dps/", &info->line_columns[i]), 0));
    return VXG_OK;
}

/* ---- Streamlines ---- */

static int add_elements(vxg__trx_part *p, vxg_dtype dtype, const void *from, int64_t n) {
    const size_t each = vxg_dtype_size(dtype);
    if (vxg__host_is_little()) return vxg__sink_add(&p->sink, from, (size_t)n * each);
    uint8_t piece[PIECE];
    const int64_t most = PIECE / (int64_t)each;
    for (int64_t i = 0, k = 0; i < n; i += k) {
        k = n - i < most ? n - i : most;
        memcpy(piece, (const char *)from + (size_t)i * each, (size_t)k * each);
        vxg__elements_turn(dtype, piece, k);
        VXG_TRY(vxg__sink_add(&p->sink, piece, (size_t)k * each));
    }
    return VXG_OK;
}

/* n numbers of positions as the file's type. */
static int add_positions(vxg__trx_out *t, const vxg_tract_batch *b, int64_t n) {
    const vxg_dtype dtype = t->base.info.dtype;
    union {
        uint16_t h[PIECE];
        float f[PIECE];
        double d[PIECE];
    } piece;
    if (b->dtype == dtype)
        return add_elements(&t->parts[VXG__TRX_POSITIONS], dtype, b->positions, n);
    for (int64_t i = 0, k = 0; i < n; i += k) {
        int odd = 0;
        k = n - i < PIECE ? n - i : PIECE;
        for (int64_t j = 0; j < k; j++) {
            const double x = b->dtype == VXG_F64 ? ((const double *)b->positions)[i + j]
                                                 : (double)((const float *)b->positions)[i + j];
            if (dtype == VXG_F16) odd |= ((piece.h[j] = vxg__half_bits(x)) & 0x7c00) == 0x7c00;
            if (dtype == VXG_F32) odd |= !isfinite(piece.f[j] = (float)x);
            if (dtype == VXG_F64) piece.d[j] = x;
        }
        VXG_FAIL_IF(odd, VXG_ERR_ARGUMENT, "%s: a position is beyond %s", t->path,
                    vxg_dtype_name(dtype));
        VXG_TRY(add_elements(&t->parts[VXG__TRX_POSITIONS], dtype, &piece, k));
    }
    return VXG_OK;
}

/* Ends of streamlines as 64-bit numbers, with the checksum that 32-bit ones would have. */
static int add_offsets(vxg__trx_out *t, const int64_t *ends, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        uint8_t bytes[8];
        vxg__put_le(bytes, (uint64_t)(t->points + ends[i]), 8);
#ifdef VXG_HAVE_ZLIB
        if (!t->folder) t->narrow = (uint32_t)crc32(t->narrow, bytes, 4);
#endif
        VXG_TRY(vxg__sink_add(&t->parts[VXG__TRX_OFFSETS].sink, bytes, 8));
    }
    return VXG_OK;
}

static int add_batch(vxg__trx_out *t, const vxg_tract_batch *b) {
    const vxg_tract_info *info = &t->base.info;
    const int64_t points = b->offsets[b->lines];
    VXG_FAIL_IF(points > VXG_MAX_ELEMENTS - t->points, VXG_ERR_UNSUPPORTED,
                "%s: more than 2^40 points", t->path);
    VXG_FAIL_IF(t->offset_bits == 32 && t->points + points > UINT32_MAX, VXG_ERR_ARGUMENT,
                "%s: offsets of 32 bits do not count more than 2^32-1 points", t->path);
    VXG_TRY(add_positions(t, b, 3 * points));
    VXG_TRY(add_offsets(t, b->offsets + 1, b->lines));
    vxg__trx_part *p = &t->parts[VXG__TRX_COLUMNS];
    for (int i = 0; i < info->npoint_columns; i++, p++) {
        const vxg_tract_column *c = &info->point_columns[i];
        if (points > 0)
            VXG_TRY(add_elements(p, c->dtype, b->point_values[i], points * c->components));
    }
    for (int i = 0; i < info->nline_columns; i++, p++) {
        const vxg_tract_column *c = &info->line_columns[i];
        VXG_TRY(add_elements(p, c->dtype, b->line_values[i], b->lines * c->components));
    }
    t->points += points, t->lines += b->lines;
    return VXG_OK;
}

static int trx_write(vxg_tract_writer *self, const vxg_tract_batch *b) {
    vxg__trx_out *t = self->impl;
    VXG_FAIL_IF(t->broken, VXG_ERR_ARGUMENT, "%s: a call before has failed", t->path);
    if (b->lines == 0) return VXG_OK;
    const int status = add_batch(t, b);
    t->broken = status != VXG_OK;
    return status;
}

/* ---- Opening and the end ---- */

static void trx_abandon(vxg_tract_writer *self) {
    if (!self) return;
    vxg__trx_out *t = self->impl;
    for (int i = 0; t->parts && i < t->nparts; i++) part_free(&t->parts[i]);
    vxg__free(t->parts);
    vxg__output_abandon(&t->out);
    vxg_outputs_abandon(t->own);
    vxg__tract_info_free(&self->info);
    vxg__free(t->path);
    vxg__free(t);
}

static int trx_finish(vxg_tract_writer *self) {
    vxg__trx_out *t = self->impl;
    int status = VXG_OK;
    if (t->broken)
        status = vxg_error_set(VXG_ERR_ARGUMENT, "%s: a call before has failed", t->path);
    for (int i = 0; i < t->nparts && !status; i++) status = vxg__sink_flush(&t->parts[i].sink);
    if (!status) status = vxg__trx_assemble(t);
    if (!status && t->own) { /* frees itself, whatever comes of it */
        status = vxg_outputs_commit(t->own);
        t->own = NULL;
    }
    trx_abandon(self);
    return status;
}

static int check(const char *path, const vxg_tract_create_opts *o) {
    const vxg_tract_info *info = &o->info;
#ifndef VXG_HAVE_ZLIB
    VXG_FAIL_IF(!o->folder, VXG_ERR_UNSUPPORTED,
                "%s: TRX files need zlib, which this library was built without; a folder does not",
                path);
#endif
    VXG_FAIL_IF(info->space != VXG_TRACT_RAS, VXG_ERR_UNSUPPORTED,
                "%s: TRX holds streamlines in scanner coordinates; info.space is another", path);
    VXG_FAIL_IF(!info->has_affine, VXG_ERR_ARGUMENT,
                "%s: TRX needs the image's matrix: info.affine is missing", path);
    VXG_FAIL_IF(!vxg__tract_affine_good(info->affine), VXG_ERR_ARGUMENT,
                "%s: info.affine is no matrix that places voxels", path);
    for (int i = 0; i < 3; i++)
        VXG_FAIL_IF(info->grid[i] < 1 || info->grid[i] > UINT16_MAX, VXG_ERR_ARGUMENT,
                    "%s: TRX needs the image's size, 1 to %d along each axis: info.grid[%d] is "
                    "%lld",
                    path, UINT16_MAX, i, (long long)info->grid[i]);
    return vxg__trx_check_attributes(path, info);
}

static int open_all(vxg__trx_out *t, const char *path, const vxg_tract_create_opts *o) {
    static const int64_t zero[1] = {0};
    VXG_TRY(vxg__tract_info_copy(&o->info, &t->base.info));
    size_t n = strlen(path);
    while (t->folder && n > 1 && path[n - 1] == '/') n--;
    if (!(t->path = vxg__calloc(n + 1, 1))) return VXG_ERR_MEMORY;
    memcpy(t->path, path, n);
    if (!t->folder) {
        VXG_TRY(vxg__output_open(path, o->force, o->outputs, &t->out));
    } else {
        t->set = o->outputs;
        if (!t->set) VXG_TRY(vxg_outputs_new(&t->own));
        if (!t->set) t->set = t->own;
        VXG_TRY(vxg__trx_look_at_old(t));
        VXG_TRY(open_output(t, "header.json", &t->out));
    }
    VXG_TRY(open_parts(t));
    return add_offsets(t, zero, 1);
}

int vxg__trx_create(const char *path, const vxg_tract_create_opts *o, vxg_tract_writer **out) {
    VXG_TRY(check(path, o));
    vxg__trx_out *t = vxg__calloc(1, sizeof *t);
    if (!t) return VXG_ERR_MEMORY;
    t->base = (vxg_tract_writer){.size = sizeof t->base,
                                 .write = trx_write,
                                 .finish = trx_finish,
                                 .abandon = trx_abandon,
                                 .impl = t};
    t->out.fd = -1, t->folder = o->folder != 0, t->force = o->force;
    t->offset_bits = o->offset_bits;
    const int status = open_all(t, path, o);
    if (status) {
        trx_abandon(&t->base);
        return status;
    }
    *out = &t->base;
    return VXG_OK;
}
