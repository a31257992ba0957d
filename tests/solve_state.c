/* A solver's state: what was broken off goes on with the same bits, and nothing else is taken for a
 * state. */
#include <voxgrad/voxgrad.h>

#include "solve_method.h"
#include "test.h"

static vxg_device *dev;

typedef struct bytes {
    unsigned char *at;
    size_t n, room, read;
    size_t fails; /* write and read fail behind so many */
} bytes;
static int put(void *context, const void *from, size_t n) {
    bytes *b = context;
    if (b->n + n > b->fails) return VXG_ERR_OUTPUT;
    while (b->n + n > b->room) b->at = realloc(b->at, b->room = 2 * b->room + 4096);
    memcpy(b->at + b->n, from, n);
    b->n += n;
    return VXG_OK;
}
static int get(void *context, void *to, size_t n) {
    bytes *b = context;
    if (b->read + n > b->n) return VXG_ERR_INPUT;
    memcpy(to, b->at + b->read, n);
    b->read += n;
    return VXG_OK;
}

#define MOST 512
typedef struct problem {
    vxg_op *op;
    vxg_array b, w, mask;
} problem;

static int open_problem(uint64_t seed, vxg_real real, problem *p) {
    const vxg_problem q = {.scale = VXG_PROBLEM_TINY, .seed = seed, .real = real};
    *p = (problem){0};
    int status = vxg_op_row_find("ct.parallel2d.joseph")->make(dev, &q, &p->op);
    if (!status) status = vxg_op_new_array(p->op, -1, &p->b);
    if (!status) status = vxg_op_new_array(p->op, -1, &p->w);
    if (!status) status = vxg_op_new_array(p->op, 0, &p->mask);
    if (!status) status = vxg_array_random(NULL, &p->b, 2, 0.5, 3);
    if (!status) status = vxg_array_random(NULL, &p->w, 3, 0.5, 1);
    if (!status) status = vxg_array_random(NULL, &p->mask, 4, 0.5, 1);
    return status;
}
static void close_problem(problem *p) {
    vxg_array_release(&p->b), vxg_array_release(&p->w), vxg_array_release(&p->mask);
    vxg_op_release(p->op);
}

static int solver(const problem *p, const char *method, int iterations, vxg_solver **out) {
    const vxg_solve_problem q = {.op = p->op, .data = &p->b, .weights = &p->w, .mask = &p->mask};
    const char *const uses = vxg_solve_row_find(method)->uses;
    vxg_solve_opts o = needed(method, (vxg_solve_opts){.iterations = iterations});
    if (strstr(uses, "weight")) o.weight = 0.1, o.inner = strstr(uses, "inner") ? 5 : 0;
    if (strstr(uses, "history")) o.history = 2; /* fewer than the steps that are saved */
    if (strstr(uses, "subsets")) o.subsets = 2, o.order = VXG_ORDER_RANDOM, o.seed = 7;
    if (strstr(uses, "delta")) o.delta = 0.5;
    return vxg_solver_new(method, &q, &o, out);
}
static int steps(vxg_solver *s, int n) {
    int status = VXG_OK;
    for (int i = 0; i < n && !status; i++) status = vxg_solver_step(s);
    return status;
}

#define ALL 7
#define FIRST 3
/* ALL iterations at once; FIRST of them, saved, and the others by a solver made anew. */
static void goes_on(const problem *p, const char *method) {
    vxg_solver *whole = NULL, *first = NULL, *second = NULL;
    bytes state = {.fails = SIZE_MAX};
    double a[2][ALL], b[2][ALL], x[MOST] = {0}, y[MOST] = {0};
    int n, m;
    CHECK_OK(solver(p, method, ALL, &whole));
    CHECK_OK(vxg_solver_run(whole, NULL));
    CHECK_OK(solver(p, method, ALL, &first));
    CHECK_OK(steps(first, FIRST));
    CHECK_OK(vxg_solver_save(first, put, &state));
    vxg_solver_release(first);
    CHECK_OK(solver(p, method, ALL, &second));
    CHECK_OK(vxg_solver_load(second, get, &state));
    EXPECT(state.read == state.n, "%s: %zu of %zu bytes were read", method, state.read, state.n);
    CHECK_OK(vxg_solver_run(second, NULL));
    CHECK_OK(vxg_array_read(NULL, vxg_solver_x(whole), x));
    CHECK_OK(vxg_array_read(NULL, vxg_solver_x(second), y));
    EXPECT(!memcmp(x, y, sizeof x), "%s goes on with other bits", method);
    CHECK_OK(vxg_solver_history(whole, a[0], a[1], ALL, &n));
    CHECK_OK(vxg_solver_history(second, b[0], b[1], ALL, &m));
    EXPECT(n == ALL && m == ALL && !memcmp(a, b, sizeof a), "%s: another history", method);
    vxg_solver_release(whole), vxg_solver_release(second);
    free(state.at);
}
TEST(every_method)
{
    for (int real = 0; real < 2; real++) {
        problem p;
        CHECK_OK(open_problem(1, (vxg_real)real, &p));
        for (int i = 0; i < vxg_solve_row_count(); i++) goes_on(&p, vxg_solve_row_at(i)->name);
        close_problem(&p);
    }
}

static void refused(const problem *p, const char *method, int iterations, bytes state,
                    const char *words, int usable) {
    vxg_solver *s = NULL;
    CHECK_OK(solver(p, method, iterations, &s));
    state.read = 0;
    const int is = vxg_solver_load(s, get, &state);
    EXPECT(is == VXG_ERR_INPUT && strstr(vxg_error_message(), words), "%s: %d, %s", words, is,
           vxg_error_message());
    const int step = vxg_solver_step(s);
    EXPECT(step == (usable ? VXG_OK : VXG_ERR_FAILED), "%s: a step gives %d", words, step);
    bytes none = {.fails = SIZE_MAX};
    EXPECT(usable || vxg_solver_save(s, put, &none) == VXG_ERR_FAILED, "%s: saved", words);
    free(none.at);
    vxg_solver_release(s);
}
TEST(no_state)
{
    problem p, other;
    vxg_solver *s = NULL;
    bytes state = {.fails = SIZE_MAX};
    CHECK_OK(open_problem(1, VXG_REAL_F32, &p));
    CHECK_OK(open_problem(2, VXG_REAL_F32, &other));
    CHECK_OK(solver(&p, "cgls", ALL, &s));
    CHECK_OK(steps(s, 2));
    CHECK_OK(vxg_solver_save(s, put, &state));
    refused(&p, "sirt", ALL, state, "the state is of cgls", 1);
    refused(&p, "cgls", ALL + 1, state, "another problem", 1);
    refused(&other, "cgls", ALL, state, "another problem", 1);
    /* every kind of damage: in the header, in a vector, in the checksum, an end that is missing */
    for (size_t at = 0; at < state.n; at += state.n / 23) {
        state.at[at] ^= 0x20;
        vxg_solver *t = NULL;
        CHECK_OK(solver(&p, "cgls", ALL, &t));
        state.read = 0;
        EXPECT(vxg_solver_load(t, get, &state), "byte %zu of %zu is changed and taken", at,
               state.n);
        vxg_solver_release(t);
        state.at[at] ^= 0x20;
    }
    state.at[state.n - 1] ^= 1;
    refused(&p, "cgls", ALL, state, "its checksum is another", 0);
    state.at[state.n - 1] ^= 1;
    bytes shorter = state;
    shorter.n -= 100;
    vxg_error_clear();
    refused(&p, "cgls", ALL, shorter, "", 0);
    shorter.n = 20;
    refused(&p, "cgls", ALL, shorter, "", 1);
    bytes full = {.fails = 1000};
    EXPECT(vxg_solver_save(s, put, &full) == VXG_ERR_OUTPUT, "a write that fails is not seen");
    EXPECT(vxg_solver_step(s) == VXG_OK, "what could not be saved cannot go on");
    EXPECT(vxg_solver_save(NULL, put, &full) == VXG_ERR_ARGUMENT, "no solver");
    EXPECT(vxg_solver_save(s, NULL, &full) == VXG_ERR_ARGUMENT, "no write");
    EXPECT(vxg_solver_load(NULL, get, &full) == VXG_ERR_ARGUMENT, "no solver");
    EXPECT(vxg_solver_load(s, NULL, &full) == VXG_ERR_ARGUMENT, "no read");
    free(full.at), free(state.at);
    vxg_solver_release(s);
    close_problem(&p), close_problem(&other);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(every_method), T(no_state)};
    if (vxg_device_open("cpu", &dev))
        return printf("FAIL solve_state.cpu: %s\n", vxg_error_message()), 1;
    const int failed = test_run("solve_state", list, (int)(sizeof list / sizeof *list), argc, argv);
    vxg_device_release(dev);
    return failed;
}
