/* Prefix sums, lists of what is marked, sorting by key (kernels/num/order.k), on the device. */
#include "array/launch.h"
#include "base/base.h"

#define PART 4096 /* ORDER_PART of order.k, K_GROUP being 64 */
#define DIGITS 16
#define ROW 65536 /* items along x of the kernels of single elements */

static int64_t parts_of(int64_t n) {
    return (n + PART - 1) / PART;
}

/* Sums of the parts, of their parts, ... until one part holds all. */
static int64_t scan_scratch(int64_t n) {
    int64_t all = 1;
    for (int64_t parts = parts_of(n); parts >= 1; parts = parts_of(parts)) {
        all += parts;
        if (parts == 1) break;
    }
    return all;
}

int64_t vxg_order_scratch(int64_t count) {
    if (count < 0 || count > INT32_MAX) return 0;
    const int64_t counts = DIGITS * parts_of(count);
    return 2 * count + counts + scan_scratch(counts > count ? counts : count);
}

typedef struct order_job {
    vxg_device *dev;
    vxg_queue *queue;
    int64_t n;
} order_job;

static vxg_launch groups_of(int64_t n) {
    vxg_launch l = {.global = {parts_of(n), 1, 1}};
    vxg__push_long(&l, n);
    return l;
}
static vxg_launch items_of(int64_t n) {
    vxg_launch l = {.global = {n < ROW ? n : ROW, (n + ROW - 1) / ROW, 1}};
    vxg__push_long(&l, n);
    return l;
}

/* y = sums of what stands before in x (which may be y); the sum of all is left in *total, borrowed
 * of scratch. */
static int scan(const order_job *j, int64_t n, int marks, const vxg_array *x, const vxg_array *y,
                const vxg_array *scratch, vxg_array *total) {
    const int64_t parts = parts_of(n);
    vxg_array sums = *scratch, rest = *scratch;
    rest.offset += parts;
    vxg_launch l = groups_of(n);
    l.ints[l.nints++] = marks;
    vxg__push_array(&l, x);
    vxg__push_array(&l, y);
    vxg__push_array(&l, &sums);
    VXG_TRY(vxg__launch(j->dev, j->queue, "order_scan", VXG_REAL_F32, &l));
    *total = sums;
    if (parts == 1) return VXG_OK;
    VXG_TRY(scan(j, parts, 0, &sums, &sums, &rest, total));
    l = items_of(n);
    vxg__push_array(&l, &sums);
    vxg__push_array(&l, y);
    return vxg__launch(j->dev, j->queue, "order_add", VXG_REAL_F32, &l);
}

/* A contiguous list of 32-bit whole numbers on the device of the first. */
static int check_list(const order_job *j, const vxg_array *a, const char *what, int written,
                      int64_t least) {
    VXG_TRY(written ? vxg__array_check_written(a, what) : vxg__array_check(a, what));
    VXG_FAIL_IF(a->dtype != VXG_U32 || !vxg_array_is_contiguous(a), VXG_ERR_ARGUMENT,
                "%s: a contiguous array of uint32 is expected", what);
    VXG_FAIL_IF(j->dev && vxg_buffer_device(a->buffer) != j->dev, VXG_ERR_ARGUMENT,
                "%s is on another device", what);
    VXG_FAIL_IF(vxg_array_count(a) < least, VXG_ERR_ARGUMENT,
                "%s has %lld elements; at least %lld are expected", what,
                (long long)vxg_array_count(a), (long long)least);
    return VXG_OK;
}

static int begin(order_job *j, vxg_queue *queue, const vxg_array *x, const char *what) {
    *j = (order_job){.queue = queue};
    VXG_TRY(check_list(j, x, what, 0, 0));
    j->dev = vxg_buffer_device(x->buffer), j->n = vxg_array_count(x);
    VXG_FAIL_IF(j->n > INT32_MAX, VXG_ERR_ARGUMENT, "%s: more than 2^31 - 1 elements", what);
    return VXG_OK;
}

static int apart(const vxg_array *a, const vxg_array *b, const char *what, const char *other) {
    VXG_FAIL_IF(a && b && vxg__arrays_overlap(a, b), VXG_ERR_ARGUMENT, "%s overlaps %s", what,
                other);
    return VXG_OK;
}

/* The caller's scratch, or one for the call, to be released (own). */
static int take_scratch(const order_job *j, const vxg_array *given, vxg_array *own,
                        vxg_array *scratch) {
    const int64_t need = vxg_order_scratch(j->n);
    if (!given) VXG_TRY(vxg_array_new(j->dev, VXG_U32, 1, &need, own));
    *scratch = given ? *given : *own;
    return VXG_OK;
}

static int copy_one(const order_job *j, const vxg_array *from, const vxg_array *to) {
    return vxg_buffer_copy(j->queue, to->buffer, (size_t)to->offset * 4, from->buffer,
                           (size_t)from->offset * 4, 4);
}

int vxg_array_scan(vxg_queue *queue, const vxg_array *x, const vxg_array *scratch,
                   const vxg_array *out, const vxg_array *total) {
    order_job j;
    vxg_array own = {0}, work, sum;
    VXG_TRY(begin(&j, queue, x, "scan"));
    VXG_TRY(check_list(&j, out, "scan: out", 1, j.n));
    if (scratch) VXG_TRY(check_list(&j, scratch, "scan: scratch", 1, vxg_order_scratch(j.n)));
    if (total) VXG_TRY(check_list(&j, total, "scan: total", 1, 1));
    VXG_TRY(apart(scratch, x, "scan: scratch", "what is summed"));
    VXG_TRY(apart(scratch, out, "scan: scratch", "the result"));
    VXG_TRY(apart(total, x, "scan: total", "what is summed"));
    VXG_TRY(apart(total, out, "scan: total", "the result"));
    VXG_TRY(apart(total, scratch, "scan: total", "scratch"));
    if (x->buffer != out->buffer || x->offset != out->offset)
        VXG_TRY(apart(out, x, "scan: the result", "a part of what is summed"));
    if (j.n == 0) return total ? vxg__array_clear(queue, total) : VXG_OK;
    VXG_TRY(take_scratch(&j, scratch, &own, &work));
    int status = scan(&j, j.n, 0, x, out, &work, &sum);
    if (!status && total) status = copy_one(&j, &sum, total);
    vxg_array_release(&own);
    return status;
}

int vxg_array_compact(vxg_queue *queue, const vxg_array *marks, const vxg_array *scratch,
                      const vxg_array *list, const vxg_array *count) {
    order_job j;
    vxg_array own = {0}, place, rest, sum;
    VXG_TRY(begin(&j, queue, marks, "compact"));
    VXG_TRY(check_list(&j, list, "compact: list", 1, j.n));
    VXG_TRY(check_list(&j, count, "compact: count", 1, 1));
    if (scratch) VXG_TRY(check_list(&j, scratch, "compact: scratch", 1, vxg_order_scratch(j.n)));
    VXG_TRY(apart(list, marks, "compact: list", "the marks"));
    VXG_TRY(apart(count, marks, "compact: count", "the marks"));
    VXG_TRY(apart(count, list, "compact: count", "the list"));
    VXG_TRY(apart(scratch, marks, "compact: scratch", "the marks"));
    VXG_TRY(apart(scratch, list, "compact: scratch", "the list"));
    VXG_TRY(apart(scratch, count, "compact: scratch", "count"));
    if (j.n == 0) return vxg__array_clear(queue, count);
    VXG_TRY(take_scratch(&j, scratch, &own, &place));
    rest = place, rest.offset += j.n;
    int status = scan(&j, j.n, 1, marks, &place, &rest, &sum);
    if (!status) status = copy_one(&j, &sum, count);
    vxg_launch l = items_of(j.n);
    vxg__push_array(&l, marks);
    vxg__push_array(&l, &place);
    vxg__push_array(&l, list);
    if (!status) status = vxg__launch(j.dev, queue, "order_list", VXG_REAL_F32, &l);
    vxg_array_release(&own);
    return status;
}

typedef struct pairs {
    vxg_array keys, values;
} pairs;

/* One digit: from -> to. counts and what follows them are scratch. */
static int sort_pass(const order_job *j, int bit, const pairs *from, const pairs *to,
                     const vxg_array *counts) {
    const int64_t parts = parts_of(j->n);
    vxg_array rest = *counts, sum;
    rest.offset += DIGITS * parts;
    vxg_launch l = groups_of(j->n);
    l.ints[l.nints++] = bit, l.ints[l.nints++] = (int)parts;
    vxg_launch move = l;
    vxg__push_array(&l, &from->keys);
    vxg__push_array(&l, counts);
    VXG_TRY(vxg__launch(j->dev, j->queue, "order_count", VXG_REAL_F32, &l));
    VXG_TRY(scan(j, DIGITS * parts, 0, counts, counts, &rest, &sum));
    const vxg_array *const all[] = {&from->keys, &from->values, counts, &to->keys, &to->values};
    for (int i = 0; i < 5; i++) vxg__push_array(&move, all[i]);
    return vxg__launch(j->dev, j->queue, "order_move", VXG_REAL_F32, &move);
}

int vxg_array_sort(vxg_queue *queue, int bits, const vxg_array *keys, const vxg_array *values,
                   const vxg_array *scratch) {
    order_job j;
    vxg_array own = {0}, work;
    VXG_FAIL_IF(bits < 1 || bits > 32, VXG_ERR_ARGUMENT, "sort: %d bits of 1 to 32", bits);
    VXG_TRY(begin(&j, queue, keys, "sort"));
    VXG_TRY(check_list(&j, keys, "sort: keys", 1, 0));
    VXG_TRY(check_list(&j, values, "sort: values", 1, j.n));
    if (scratch) VXG_TRY(check_list(&j, scratch, "sort: scratch", 1, vxg_order_scratch(j.n)));
    VXG_TRY(apart(keys, values, "sort: keys", "the values"));
    VXG_TRY(apart(scratch, keys, "sort: scratch", "the keys"));
    VXG_TRY(apart(scratch, values, "sort: scratch", "the values"));
    if (j.n < 2) return VXG_OK;
    VXG_TRY(take_scratch(&j, scratch, &own, &work));
    /* An even number of passes, so that the result is where the input was. */
    const int passes = ((bits + 3) / 4 + 1) / 2 * 2;
    pairs here = {*keys, *values}, there = {work, work};
    there.values.offset += j.n;
    work.offset += 2 * j.n;
    int status = VXG_OK;
    for (int p = 0; p < passes && !status; p++)
        status = sort_pass(&j, 4 * p, p % 2 ? &there : &here, p % 2 ? &here : &there, &work);
    vxg_array_release(&own);
    return status;
}
