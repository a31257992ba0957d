/* Frames out of a scan: blocks of rows and columns, what they cost, and a copy that costs less. */
#include "io/scan.h"
#include "io/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *vxg__scan_title(vxg__scan *s, const char *name) {
    snprintf(s->title, sizeof s->title, "%s: %s", s->file->path, name + (*name == '/'));
    return s->title;
}

static int read_run(const vxg__frames *f, int64_t first, int64_t n, const int64_t box[4],
                    float *dst) {
    const int64_t start[3] = {first, box[0], box[2]};
    const int64_t count[3] = {n, box[1] - box[0], box[3] - box[2]};
    if (f->rowless) {
        const int64_t from[2] = {first, box[2]}, size[2] = {n, box[3] - box[2]};
        return vxg_block_read(f->data, from, size, VXG_F32, dst);
    }
    int skip = f->data->info.ndim == 2; /* a single frame has no frame axis */
    return vxg_block_read(f->data, start + skip, count + skip, VXG_F32, dst);
}

/* ---- from the scratch file ---- */

static int read_floats(int fd, int64_t at, int64_t n, float *dst) {
    char *to = (char *)dst;
    for (int64_t left = 4 * n, from = 4 * at; left > 0;) {
        const ssize_t got = pread(fd, to, (size_t)left, (off_t)from);
        if (got < 0 && errno == EINTR) continue;
        VXG_FAIL_IF(got <= 0, VXG_ERR_INPUT, "the scratch file cannot be read: %s",
                    got < 0 ? strerror(errno) : "it is too short");
        to += got, from += got, left -= got;
    }
    return VXG_OK;
}

static int read_scratch(const vxg__scan *s, const vxg__frames *f, int64_t v0, int64_t v1,
                        const int64_t box[4], float *dst) {
    const int64_t cols = f->scratch_c1 - f->scratch_c0, n = box[3] - box[2];
    const int64_t rows = box[1] - box[0], run = n == cols ? rows * n : n;
    for (int64_t v = v0; v < v1; v++)
        for (int64_t r = box[0]; r < box[1]; r += run / n, dst += run)
            VXG_TRY(read_floats(
                f->scratch, (v * s->reader.nrows + r) * cols + box[2] - f->scratch_c0, run, dst));
    return VXG_OK;
}

static int scan_read(vxg_scan_reader *self, vxg_frame_kind kind, int64_t v0, int64_t v1, int64_t r0,
                     int64_t r1, int64_t c0, int64_t c1, float *dst) {
    static const char *const words[3] = {"projections", "flats", "darks"};
    vxg__scan *s = self->impl;
    VXG_FAIL_IF((int)kind < 0 || kind > VXG_FRAME_DARK, VXG_ERR_ARGUMENT,
                "frame kind %d is unknown", (int)kind);
    const vxg__frames *f = &s->kinds[kind];
    VXG_FAIL_IF(
        v0 < 0 || v1 < v0 || v1 > f->n || r0 < 0 || r1 < r0 || r1 > self->nrows || c0 < 0 ||
            c1 < c0 || c1 > self->ncols,
        VXG_ERR_ARGUMENT,
        "%s: block %lld:%lld x %lld:%lld x %lld:%lld of the %s is outside %lld x %lld x %lld",
        s->file->path, (long long)v0, (long long)v1, (long long)r0, (long long)r1, (long long)c0,
        (long long)c1, words[kind], (long long)f->n, (long long)self->nrows,
        (long long)self->ncols);
    int64_t frame = (r1 - r0) * (c1 - c0);
    if (v0 == v1 || frame == 0) return VXG_OK;
    VXG_FAIL_IF(!dst, VXG_ERR_ARGUMENT, "dst is NULL");
    const int64_t box[4] = {r0, r1, c0, c1};
    int status = VXG_OK;
    if (f->prepared && c0 >= f->scratch_c0 && c1 <= f->scratch_c1)
        return read_scratch(s, f, v0, v1, box, dst);
    for (int64_t v = v0, n = 0; v < v1 && !status; v += n, dst += n * frame) {
        int64_t first = f->map ? f->map[v] : v;
        for (n = 1; v + n < v1 && (!f->map || f->map[v + n] == first + n);) n++;
        status = read_run(f, first, n, box, dst);
    }
    return status;
}

void vxg__scan_free(vxg__scan *s) {
    for (int k = 0; k < 3; k++) {
        vxg_block_close(s->sets[k]);
        vxg__free(s->kinds[k].map);
        if (s->kinds[k].prepared) close(s->kinds[k].scratch);
    }
    vxg__h5_session_close(s->file);
    vxg__free(s->files);
    vxg__free(s->file_names);
    vxg__free(s->theta);
    vxg__free(s);
}

static void scan_close(vxg_scan_reader *self) {
    vxg__scan_free(self->impl);
}

/* ---- what a band of rows costs ---- */

typedef struct copy {
    vxg__scan *s;
    vxg_frame_kind kind;
    int64_t c0, c1;
    int64_t step[3]; /* frames, rows, columns of a block: whole chunks */
    int fd;
    float *block;
} copy;

static int64_t lesser(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* Blocks of whole chunks; as many columns as an eighth of the memory takes. */
static int64_t plan_copy(copy *c, const int64_t *chunk, int ndim, int64_t most) {
    vxg_scan_reader *r = &c->s->reader;
    const int64_t n = c->s->kinds[c->kind].n, cols = c->c1 - c->c0;
    c->step[0] = lesser(ndim == 3 ? chunk[0] : 1, n);
    c->step[1] = lesser(chunk[ndim - 2], r->nrows);
    c->step[2] = lesser(chunk[ndim - 1], cols);
    while (c->step[2] < cols && c->step[0] * c->step[1] * (c->step[2] + chunk[ndim - 1]) < most)
        c->step[2] = lesser(c->step[2] + chunk[ndim - 1], cols);
    return c->step[0] * c->step[1] * c->step[2];
}

static int64_t up_to(int64_t v, int64_t step) {
    return (v + step - 1) / step * step;
}

static int cost_of(vxg__scan *s, const vxg__frames *f, int64_t r0, int64_t r1, vxg_read_cost *out) {
    const int64_t nrows = s->reader.nrows, ncols = s->reader.ncols, rows = r1 - r0;
    vxg_block_reader *d = f->data;
    vxg_block_cost block = {.size = sizeof block};
    int64_t one[VXG_MAX_DIMS], zeros[VXG_MAX_DIMS] = {0};
    out->row_step = 1;
    if (!d || f->n == 0) return VXG_OK;
    const int64_t bytes = (int64_t)vxg_dtype_size(d->info.dtype), *grain = d->grain;
    for (int i = 0; i < d->info.ndim; i++) one[i] = 1;
    VXG_TRY(vxg_block_cost_of(d, zeros, one, &block));
    out->memory = block.memory;
    out->wanted = out->unpacked = f->n * rows * ncols * bytes;
    copy c = {.s = s, .kind = (vxg_frame_kind)(f - s->kinds), .c1 = ncols};
    if (!f->rowless && d->info.ndim >= 2)
        out->copy_memory = 4 * plan_copy(&c, grain, d->info.ndim, s->file->memory / 32);
    if (f->prepared) {
        out->unpacked = f->n * rows * (f->scratch_c1 - f->scratch_c0) * 4;
        return VXG_OK;
    }
    const int ndim = d->info.ndim;
    if (f->rowless || ndim < 2) return VXG_OK;
    out->row_step = grain[ndim - 2] < nrows ? grain[ndim - 2] : nrows;
    const int64_t first = r0 / out->row_step * out->row_step;
    int64_t touched = rows ? up_to(r1, out->row_step) - first : 0;
    if (touched > nrows - first) touched = nrows - first;
    out->unpacked = f->n * touched * ncols * bytes;
    return VXG_OK;
}

static int scan_cost(vxg_scan_reader *self, vxg_frame_kind kind, int64_t r0, int64_t r1,
                     vxg_read_cost *out) {
    vxg__scan *s = self->impl;
    vxg_read_cost cost = {0};
    VXG_TRY(VXG_OUT_CHECK(vxg_read_cost, out));
    VXG_FAIL_IF((int)kind < 0 || kind > VXG_FRAME_DARK || r0 < 0 || r1 < r0 || r1 > self->nrows,
                VXG_ERR_ARGUMENT, "rows %lld:%lld of frames of kind %d", (long long)r0,
                (long long)r1, (int)kind);
    VXG_TRY(cost_of(s, &s->kinds[kind], r0, r1, &cost));
    return VXG_OUT(vxg_read_cost, out, &cost);
}

/* ---- a copy in whose bands of rows nothing is unpacked twice ---- */

static int copy_block(const copy *c, int64_t v0, int64_t v1, int64_t r0, int64_t r1, int64_t q0,
                      int64_t q1) {
    vxg_scan_reader *r = &c->s->reader;
    const int64_t cols = c->c1 - c->c0, n = q1 - q0;
    const float *from = c->block;
    VXG_TRY(r->read(r, c->kind, v0, v1, r0, r1, q0, q1, c->block));
    const int64_t run = n == cols ? (r1 - r0) * n : n;
    for (int64_t v = v0; v < v1; v++)
        for (int64_t row = r0; row < r1; row += run / n, from += run)
            VXG_TRY(vxg__write_all(c->fd, from, (size_t)run * 4,
                                   4 * ((v * r->nrows + row) * cols + q0 - c->c0),
                                   "the scratch file"));
    return VXG_OK;
}

static int copy_all(const copy *c, const vxg_progress *progress) {
    const int64_t n = c->s->kinds[c->kind].n, rows = c->s->reader.nrows;
    for (int64_t v = 0; v < n; v += c->step[0])
        for (int64_t r = 0; r < rows; r += c->step[1]) {
            if (vxg__cancelled(progress)) return vxg_error_set(VXG_ERR_CANCELLED, "interrupted");
            vxg__report(progress, "unpacking", (double)(v * rows + r), (double)(n * rows));
            for (int64_t q = c->c0; q < c->c1; q += c->step[2])
                VXG_TRY(copy_block(c, v, lesser(v + c->step[0], n), r, lesser(r + c->step[1], rows),
                                   q, lesser(q + c->step[2], c->c1)));
        }
    return VXG_OK;
}

static int scan_prepare(vxg_scan_reader *self, vxg_frame_kind kind, int64_t c0, int64_t c1,
                        const char *folder, const vxg_progress *progress) {
    vxg__scan *s = self->impl;
    VXG_FAIL_IF((int)kind < 0 || kind > VXG_FRAME_DARK || !folder || c0 < 0 || c1 <= c0 ||
                    c1 > self->ncols,
                VXG_ERR_ARGUMENT, "columns %lld:%lld of frames of kind %d", (long long)c0,
                (long long)c1, (int)kind);
    vxg__frames *f = &s->kinds[kind];
    if (!f->data || f->n == 0 || f->rowless || f->data->info.ndim < 2 || f->prepared) return VXG_OK;
    copy c = {.s = s, .kind = kind, .c0 = c0, .c1 = c1};
    const int64_t block = plan_copy(&c, f->data->grain, f->data->info.ndim, s->file->memory / 32);
    VXG_FAIL_IF(4 * block > s->file->memory, VXG_ERR_MEMORY,
                "%s: a chunk needs %.0f MB, more than there is for reading",
                vxg__scan_title(s, f->name), 4e-6 * (double)block);
    VXG_TRY(vxg__nameless_open(folder, 4 * f->n * self->nrows * (c1 - c0), &c.fd));
    c.block = vxg__calloc((size_t)block, sizeof *c.block);
    int status = c.block ? copy_all(&c, progress) : VXG_ERR_MEMORY;
    vxg__free(c.block);
    if (status) {
        close(c.fd);
        return status;
    }
    f->prepared = 1, f->scratch = c.fd;
    f->scratch_c0 = c0, f->scratch_c1 = c1;
    return VXG_OK;
}

static int scan_files(vxg_scan_reader *self, const vxg_scan_file **out, int64_t *count) {
    vxg__scan *s = self->impl;
    VXG_FAIL_IF(!out || !count, VXG_ERR_ARGUMENT, "out or count is NULL");
    *out = NULL, *count = 0;
    vxg__free(s->files);
    vxg__free(s->file_names);
    VXG_TRY(vxg__h5_session_files(s->file, &s->files, count, &s->file_names));
    *out = s->files;
    return VXG_OK;
}

void vxg__scan_reader_functions(vxg__scan *s) {
    s->reader.size = sizeof s->reader;
    s->reader.read = scan_read, s->reader.close = scan_close, s->reader.impl = s;
    s->reader.cost = scan_cost, s->reader.prepare = scan_prepare;
    s->reader.files = scan_files;
}
