/* Order between queues without the caller's help, on any device: work that is slow, or held back,
 * on one queue, and work on another that must wait for it. */
#ifndef VXG_TEST_ORDER_H
#define VXG_TEST_ORDER_H
#include <unistd.h>
#include <voxgrad/voxgrad.h>

#include "test.h"

enum { ORDER_N = 4096 };
static const char order_text[] =
    "K_KERNEL2(slow_copy, K_GLOBAL const real *, x, K_GLOBAL real *, y) {\n"
    "    real v = x[gx];\n"
    "    for (int i = 0; i < K_I(0); i++) v = K_fma(v, K_R(0.5), K_R(0.5) * x[gx]);\n"
    "    y[gx] = v + K_P(0);\n"
    "}\n";

typedef struct order_scene {
    vxg_device *dev;
    vxg_queue *q[6];
    vxg_array a, b, c;
    vxg_kernel *slow;
    int spin; /* turns of the slow kernel's loop: much longer than a short one takes */
} order_scene;

static int order_array(vxg_device *dev, vxg_array *out) {
    const int64_t n = ORDER_N;
    return vxg_array_new(dev, VXG_F32, 1, &n, out);
}

static int order_open(order_scene *s, const char *spec, int spin) {
    memset(s, 0, sizeof *s);
    s->spin = spin;
    int status = vxg_device_open(spec, &s->dev);
    for (int i = 0; i < 6 && !status; i++) status = vxg_queue_new(s->dev, &s->q[i]);
    if (!status) status = order_array(s->dev, &s->a);
    if (!status) status = order_array(s->dev, &s->b);
    if (!status) status = order_array(s->dev, &s->c);
    if (!status)
        status =
            vxg_kernel_from_source(s->dev, order_text, "slow_copy", NULL, VXG_REAL_F32, &s->slow);
    for (int i = 0; i < 6 && !status; i++) { /* everything is built before work is given */
        status = vxg_array_fill(s->q[i], &s->a, 0);
        if (!status) status = vxg_array_axpby(s->q[i], 1, &s->a, 0, &s->b);
        if (!status) status = vxg_queue_sync(s->q[i]);
    }
    return status;
}
static void order_close(order_scene *s) {
    vxg_array_release(&s->a), vxg_array_release(&s->b), vxg_array_release(&s->c);
    vxg_kernel_release(s->slow);
    for (int i = 0; i < 6; i++) vxg_queue_free(s->q[i]);
    vxg_device_release(s->dev);
}

/* to = from + shift, late. */
static int order_slow(order_scene *s, vxg_queue *q, const vxg_array *from, const vxg_array *to,
                      double shift) {
    vxg_launch l = {.global = {ORDER_N, 1, 1}, .nbuffers = 2, .nints = 1, .nreals = 1};
    l.buffer[0] = from->buffer, l.buffer[1] = to->buffer;
    l.ints[0] = s->spin, l.reals[0] = shift;
    return vxg_kernel_launch(s->slow, q, &l);
}

static int order_wrong(vxg_queue *q, const vxg_array *a, float want, float *seen) {
    static float back[ORDER_N];
    const int status = vxg_array_read(q, a, back);
    for (int i = 0; i < ORDER_N && !status; i++)
        if (back[i] != want) return *seen = back[i], 1;
    return status ? status : 0;
}
#define ORDER_IS(q, a, want)                                                                       \
    do {                                                                                           \
        float seen_ = NAN;                                                                         \
        const int wrong_ = order_wrong(q, a, want, &seen_);                                        \
        EXPECT(!wrong_, "%s is %g, expected %g (%s)", #a, (double)seen_, (double)(want),           \
               wrong_ > 1 ? vxg_error_message() : "");                                             \
    } while (0)

/* Written on one queue, read on another and on the device's own. */
static void order_read_after_write(order_scene *s) {
    CHECK_OK(vxg_array_fill(s->q[0], &s->a, 1));
    CHECK_OK(order_slow(s, s->q[0], &s->a, &s->b, 1));
    ORDER_IS(NULL, &s->b, 2);
    CHECK_OK(order_slow(s, s->q[0], &s->a, &s->b, 2));
    CHECK_OK(vxg_array_axpby(s->q[1], 1, &s->b, 0, &s->c));
    ORDER_IS(s->q[2], &s->c, 3);
    CHECK_OK(order_slow(s, NULL, &s->a, &s->b, 3));
    ORDER_IS(s->q[3], &s->b, 4);
}

/* Read on one queue, then written on another: the reader sees what was there. */
static void order_write_after_read(order_scene *s) {
    CHECK_OK(vxg_array_fill(NULL, &s->a, 5));
    CHECK_OK(order_slow(s, s->q[0], &s->a, &s->b, 1));
    CHECK_OK(vxg_array_fill(s->q[1], &s->a, 50));
    ORDER_IS(NULL, &s->b, 6);
    ORDER_IS(NULL, &s->a, 50);
    /* two writers: the later one stays */
    CHECK_OK(order_slow(s, s->q[2], &s->a, &s->b, 1));
    CHECK_OK(vxg_array_fill(s->q[3], &s->b, 7));
    CHECK_OK(vxg_queue_sync(s->q[2]));
    ORDER_IS(NULL, &s->b, 7);
    float host[ORDER_N] = {0};
    CHECK_OK(order_slow(s, s->q[2], &s->b, &s->c, 1));
    CHECK_OK(vxg_array_write(s->q[4], &s->b, host));
    ORDER_IS(NULL, &s->c, 8);
    CHECK_OK(order_slow(s, s->q[2], &s->c, &s->b, 1));
    CHECK_OK(vxg_buffer_zero(s->q[5], s->c.buffer, 0, ORDER_N * sizeof(float)));
    ORDER_IS(NULL, &s->b, 9);
}

/* More readers than a buffer remembers. */
static void order_many_readers(order_scene *s) {
    vxg_array out[6];
    CHECK_OK(vxg_array_fill(NULL, &s->a, 3));
    for (int i = 0; i < 6; i++) {
        CHECK_OK(order_array(s->dev, &out[i]));
        CHECK_OK(order_slow(s, s->q[i], &s->a, &out[i], i));
    }
    CHECK_OK(vxg_array_fill(NULL, &s->a, -1));
    for (int i = 0; i < 6; i++) {
        ORDER_IS(NULL, &out[i], 3 + (float)i);
        vxg_array_release(&out[i]);
    }
}

/* Buffers are released, and queues freed, while their work waits. */
static void order_release_early(order_scene *s) {
    for (int round = 0; round < 4; round++) {
        vxg_array t, u;
        vxg_queue *q;
        CHECK_OK(vxg_queue_new(s->dev, &q));
        CHECK_OK(order_array(s->dev, &t));
        CHECK_OK(order_array(s->dev, &u));
        CHECK_OK(vxg_array_fill(q, &t, 4));
        CHECK_OK(order_slow(s, q, &t, &u, 1));
        CHECK_OK(vxg_array_axpby(s->q[round], 1, &u, 0, &s->b));
        vxg_array_release(&t), vxg_array_release(&u);
        CHECK_OK(order_slow(s, q, &s->b, &s->c, 1));
        vxg_queue_free(q);
        ORDER_IS(NULL, &s->b, 5);
        ORDER_IS(s->q[4], &s->c, 6);
    }
}

/* The first numbers of an array, as the operator's shape. */
static vxg_array order_view(const vxg_array *a, const vxg_space *space) {
    vxg_array v = {.buffer = a->buffer, .dtype = a->dtype, .ndim = space->ndim};
    int64_t n = 1;
    for (int i = space->ndim - 1; i >= 0; i--)
        v.shape[i] = space->shape[i], v.stride[i] = n, n *= space->shape[i];
    return v;
}

/* A bound value is there, whatever queue the operator is applied on. */
static void order_bind(order_scene *s) {
    const vxg_problem problem = {.real = VXG_REAL_F32, .scale = VXG_PROBLEM_TINY, .seed = 1};
    const vxg_op_row *row = vxg_op_row_find("math.multiply");
    vxg_op *multiply, *bound;
    float back[ORDER_N];
    CHECK(row, "no such operator");
    CHECK_OK(row->make(s->dev, &problem, &multiply));
    const vxg_space *space = vxg_op_domain(multiply, 0);
    int64_t n = 1;
    for (int i = 0; i < space->ndim; i++) n *= space->shape[i];
    CHECK(n <= ORDER_N, "%d numbers", (int)n);
    const vxg_array b = order_view(&s->b, space), c = order_view(&s->c, space);
    const vxg_array out = order_view(&s->a, vxg_op_range(multiply));
    CHECK_OK(vxg_array_fill(s->q[0], &s->a, 2));
    CHECK_OK(order_slow(s, s->q[0], &s->a, &s->b, 0));
    CHECK_OK(vxg_array_fill(s->q[1], &s->c, 3));
    CHECK_OK(vxg_op_bind(multiply, 0, &b, &bound));
    CHECK_OK(vxg_array_fill(s->q[0], &s->b, 77)); /* the operator has its own copy */
    const vxg_call call = {.queue = s->q[2]};
    CHECK_OK(vxg_op_apply(bound, &call, &c, &out));
    CHECK_OK(vxg_array_read(NULL, &out, back));
    for (int i = 0; i < n; i++) EXPECT(back[i] == 6, "%d is %g, expected 6", i, (double)back[i]);
    vxg_op_release(bound);
    vxg_op_release(multiply);
}

static void order_events(order_scene *s) {
    vxg_event *e;
    int done = 0;
    CHECK_OK(vxg_event_new(s->dev, &e));
    CHECK_OK(vxg_event_done(e, &done));
    EXPECT(done, "an event that was not recorded is not done");
    CHECK_OK(vxg_event_wait(e, s->q[0]));
    CHECK_OK(vxg_event_sync(e));
    CHECK_OK(vxg_array_fill(s->q[0], &s->a, 1));
    CHECK_OK(order_slow(s, s->q[0], &s->a, &s->b, 0));
    CHECK_OK(vxg_event_record(e, s->q[0]));
    CHECK_OK(vxg_event_wait(e, NULL));
    CHECK_OK(vxg_event_sync(e));
    CHECK_OK(vxg_event_done(e, &done));
    EXPECT(done, "not done after sync");
    CHECK_OK(vxg_event_record(e, NULL)); /* it may be moved */
    CHECK_OK(vxg_event_sync(e));
    vxg_event_free(e);
    CHECK_OK(vxg_event_new(s->dev, &e));
    CHECK_OK(order_slow(s, s->q[0], &s->a, &s->b, 0));
    CHECK_OK(vxg_event_record(e, s->q[0]));
    vxg_event_free(e); /* before it is reached */
}

/* The pointer of a buffer: what comes before is waited for. */
static void order_released(void *context) {
    ++*(int *)context;
}
static void order_wraps(order_scene *s) {
    vxg_buffer *w, *read_only;
    void *p;
    int released = 0;
    CHECK_OK(vxg_array_fill(s->q[0], &s->a, 1));
    CHECK_OK(order_slow(s, s->q[0], &s->a, &s->b, 1));
    CHECK_OK(vxg_buffer_pointer(s->b.buffer, NULL, 0, &p));
    EXPECT(p, "no pointer");
    CHECK_OK(vxg_buffer_wrap(s->dev, p, ORDER_N * sizeof(float), 0, order_released, &released, &w));
    EXPECT(vxg_buffer_size(w) == ORDER_N * sizeof(float) && vxg_buffer_device(w) == s->dev, "wrap");
    vxg_array view = s->b;
    view.buffer = w;
    ORDER_IS(NULL, &view, 2);
    CHECK_OK(vxg_array_fill(s->q[1], &view, 9));
    CHECK_OK(order_slow(s, s->q[2], &view, &s->c, 1));
    vxg_buffer_retain(w);
    vxg_buffer_release(w);
    EXPECT(!released, "released while it is held");
    vxg_buffer_release(w); /* while the slow kernel reads it */
    ORDER_IS(NULL, &s->c, 10);
    CHECK_OK(vxg_queue_sync(s->q[2]));
    EXPECT(released == 1, "released %d times", released);
    CHECK_OK(vxg_buffer_wrap(s->dev, p, 64, VXG_WRAP_READ_ONLY, NULL, NULL, &read_only));
    EXPECT(vxg_buffer_zero(NULL, read_only, 0, 4) == VXG_ERR_ARGUMENT &&
               vxg_buffer_copy(NULL, read_only, 0, s->a.buffer, 0, 4) == VXG_ERR_ARGUMENT &&
               vxg_buffer_write(NULL, read_only, 0, p, 4) == VXG_ERR_ARGUMENT &&
               vxg_buffer_pointer(read_only, NULL, 1, &p) == VXG_ERR_ARGUMENT,
           "written although wrapped for reading");
    view.buffer = read_only, view.shape[0] = 16;
    EXPECT(vxg_array_fill(NULL, &view, 1) == VXG_ERR_ARGUMENT, "a kernel may write it");
    vxg_array first = s->c;
    first.shape[0] = 16;
    CHECK_OK(vxg_array_axpby(NULL, 1, &view, 0, &first));
    vxg_buffer_release(read_only);
    CHECK_OK(vxg_buffer_pointer(s->c.buffer, NULL, 0, &p)); /* the memory goes after that */
}

static void order_all(const char *spec, int spin) {
    order_scene s;
    const int64_t before = vxg_alloc_live();
    if (order_open(&s, spec, spin)) {
        order_close(&s);
        SKIP("%s", vxg_error_message());
    }
    order_read_after_write(&s);
    order_write_after_read(&s);
    order_many_readers(&s);
    order_release_early(&s);
    order_bind(&s);
    order_events(&s);
    order_wraps(&s);
    order_close(&s);
    EXPECT(vxg_alloc_live() == before, "%d blocks are left", (int)(vxg_alloc_live() - before));
}
#endif
