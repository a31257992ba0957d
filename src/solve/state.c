/* A solver's state in bytes, so that a run can be broken off and gone on with, elsewhere or later,
 * to the same bits: x, all vectors that a method carries, its scalars and the history; what a
 * subset spoils is not. What was given (operator, data, weights, mask, options) is not in it, and
 * is the caller's to give again.
 *
 * "VXGSOLVE", then header, vectors one after the other, the SHA-256 of all that as 64 digits.
 * Numbers as the machine holds them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "solve/solve.h"

#define VERSION 2
#define PIECE ((int64_t)1 << 18) /* elements that go through the host at once */
#define MOST_VECTORS (2 * VXG_SOLVE_VECTORS + 2 * VXG_SOLVE_PAIRS + 9)

typedef struct header {
    char magic[8];
    uint32_t version, one; /* 1, told apart from 1 in the other order of bytes */
    char method[32];
    int32_t real, iteration, iterations, broken, pairs, newest;
    double pace;
    int64_t count[MOST_VECTORS]; /* reals in each vector */
} header;

/* Where bytes go to or come from. */
typedef struct stream {
    int (*put)(void *context, const void *bytes, size_t n);
    int (*get)(void *context, void *bytes, size_t n);
    void *context;
    vxg_sha256 sum;
    int length; /* of the vectors, as they are listed */
    vxg_array *vector[MOST_VECTORS];
} stream;

static void list(vxg_solver *s, stream *t) {
    vxg_array *const single[] = {&s->x,       &s->slopes[0], &s->slopes[1],
                                 &s->scalars, &s->residual,  &s->penalty,
                                 &s->history, &s->before,    &s->pair_scalars};
    for (int i = 0; i < 9; i++) t->vector[t->length++] = single[i];
    for (int i = 0; i < 2 * VXG_SOLVE_PAIRS; i++) t->vector[t->length++] = &s->pair[i];
    for (int i = 0; i < VXG_SOLVE_VECTORS; i++) {
        t->vector[t->length++] = &s->range[i];
        t->vector[t->length++] = &s->domain[i];
    }
    assert(t->length == MOST_VECTORS);
}

static int64_t count_of(const vxg_array *a) {
    return vxg__has(a) ? vxg_array_count(a) : 0;
}
static vxg_array piece_of(const vxg_array *a, int64_t begin, int64_t n) {
    vxg_array p = *a; /* contiguous, as all of a solver's own are */
    p.ndim = 1, p.shape[0] = n, p.stride[0] = 1, p.offset += begin;
    return p;
}

static int put(stream *t, const void *bytes, size_t n) {
    vxg__sha256_add(&t->sum, bytes, n);
    return t->put(t->context, bytes, n);
}
static int get(stream *t, void *bytes, size_t n) {
    VXG_TRY(t->get(t->context, bytes, n));
    vxg__sha256_add(&t->sum, bytes, n);
    return VXG_OK;
}

/* A vector through the host, one way or the other. */
static int pass(vxg_solver *s, stream *t, const vxg_array *a, void *host) {
    const int64_t count = count_of(a);
    for (int64_t begin = 0; begin < count; begin += PIECE) {
        const int64_t n = count - begin < PIECE ? count - begin : PIECE;
        const size_t bytes = (size_t)n * vxg_dtype_size(a->dtype);
        const vxg_array piece = piece_of(a, begin, n);
        if (t->put) {
            VXG_TRY(vxg_array_read(s->queue, &piece, host));
            VXG_TRY(put(t, host, bytes));
        } else {
            VXG_TRY(get(t, host, bytes));
            VXG_TRY(vxg_array_write(s->queue, &piece, host));
        }
    }
    return VXG_OK;
}
static int pass_all(vxg_solver *s, stream *t) {
    void *host = vxg__calloc((size_t)PIECE, sizeof(double));
    int status = host ? VXG_OK : VXG_ERR_MEMORY;
    for (int i = 0; i < t->length && !status; i++) status = pass(s, t, t->vector[i], host);
    vxg__free(host);
    return status;
}

static header header_of(const vxg_solver *s, const stream *t) {
    header h = {.magic = {'V', 'X', 'G', 'S', 'O', 'L', 'V', 'E'}, .version = VERSION, .one = 1};
    vxg__format(h.method, sizeof h.method, "%s", s->method->row.name);
    h.real = (int32_t)s->real, h.iteration = s->iteration, h.iterations = s->opts.iterations;
    h.broken = s->broken, h.pace = s->pace, h.pairs = s->pairs, h.newest = s->newest;
    for (int i = 0; i < t->length; i++) h.count[i] = count_of(t->vector[i]);
    return h;
}

int vxg_solver_save(vxg_solver *s, int (*write)(void *context, const void *bytes, size_t n),
                    void *context) {
    VXG_FAIL_IF(!s || !write, VXG_ERR_ARGUMENT, "solver save: the solver or write is NULL");
    stream t = {.put = write, .context = context};
    char digits[65];
    VXG_TRY(vxg__solve_usable(s));
    list(s, &t);
    vxg__sha256_start(&t.sum);
    const header h = header_of(s, &t);
    VXG_TRY(put(&t, &h, sizeof h));
    VXG_TRY(pass_all(s, &t));
    vxg__sha256_hex(&t.sum, digits);
    return write(context, digits, 64);
}

/* Whether the state is of a solver like this one. */
static int check(const vxg_solver *s, const stream *t, const header *h) {
    const header own = header_of(s, t);
    const char *const name = s->method->row.name;
    VXG_FAIL_IF(memcmp(h->magic, own.magic, sizeof own.magic) != 0 || h->one != 1 ||
                    h->version != VERSION,
                VXG_ERR_INPUT, "%s: no state of a solver, or of another version or machine", name);
    VXG_FAIL_IF(memcmp(h->method, own.method, sizeof own.method) != 0, VXG_ERR_INPUT,
                "%s: the state is of %.31s", name, h->method);
    VXG_FAIL_IF(h->real != own.real || h->iterations != own.iterations ||
                    memcmp(h->count, own.count, sizeof own.count) != 0,
                VXG_ERR_INPUT,
                "%s: the state is of another problem: the arithmetic, the number of iterations or "
                "the size of vectors differs",
                name);
    VXG_FAIL_IF(h->iteration < 0 || h->iteration > 1 << 30, VXG_ERR_INPUT,
                "%s: the state is damaged: iteration %d", name, h->iteration);
    const int most = s->method->needs(&s->opts, vxg__has(&s->weights), s->subsets.count).pairs;
    VXG_FAIL_IF(h->pairs < -1 || h->pairs > most || h->newest < -1 ||
                    h->newest >= (most ? most : 1) || (h->pairs > 0 && h->newest < 0),
                VXG_ERR_INPUT, "%s: the state is damaged: %d pairs, the newest %d", name, h->pairs,
                h->newest);
    return VXG_OK;
}

int vxg_solver_load(vxg_solver *s, int (*read)(void *context, void *bytes, size_t n),
                    void *context) {
    VXG_FAIL_IF(!s || !read, VXG_ERR_ARGUMENT, "solver load: the solver or read is NULL");
    stream t = {.get = read, .context = context};
    char digits[65], stored[65] = {0};
    header h;
    list(s, &t);
    vxg__sha256_start(&t.sum);
    VXG_TRY(get(&t, &h, sizeof h));
    h.method[sizeof h.method - 1] = 0;
    VXG_TRY(check(s, &t, &h));
    s->spoilt = 1; /* until all of it is there */
    VXG_TRY(pass_all(s, &t));
    vxg__sha256_hex(&t.sum, digits);
    VXG_TRY(read(context, stored, 64));
    VXG_FAIL_IF(memcmp(digits, stored, 64) != 0, VXG_ERR_INPUT,
                "%s: the state is damaged: its checksum is another", s->method->row.name);
    s->iteration = h.iteration, s->broken = h.broken != 0, s->pace = h.pace;
    s->pairs = h.pairs, s->newest = h.newest;
    s->changed = NAN, s->spoilt = 0;
    return VXG_OK;
}
