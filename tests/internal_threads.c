/* The pool under stress: many short jobs while the thread count changes, nesting, and after fork.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "device/cpu/cpu.h"
#include "test.h"

#define N 37

static void square(void *context, int64_t begin, int64_t end, int worker) {
    int64_t *out = context;
    (void)worker;
    for (int64_t i = begin; i < end; i++) out[i] += i * i;
}

static int sums_hold(int rounds) {
    for (int round = 0; round < rounds; round++) {
        int64_t out[N] = {0};
        if (round % 50 == 0) vxg_set_threads(1 + round / 50 % 9);
        vxg__parallel(N, 1 + round % 5, square, out);
        for (int64_t i = 0; i < N; i++)
            if (out[i] != i * i) return 0;
    }
    vxg_set_threads(0);
    return 1;
}

TEST(short_jobs)
{ CHECK(sums_hold(20000), "a piece was lost or done twice"); }

static void nested(void *context, int64_t begin, int64_t end, int worker) {
    (void)worker, (void)begin, (void)end;
    int64_t out[N] = {0}, good = 1;
    vxg__parallel(N, 2, square, out);
    for (int64_t i = 0; i < N; i++) good = good && out[i] == i * i;
    if (good) __atomic_add_fetch((int *)context, 1, __ATOMIC_RELAXED);
}
TEST(nested_jobs)
{
    int good = 0;
    vxg_set_threads(4);
    vxg__parallel(50, 1, nested, &good);
    vxg_set_threads(0);
    CHECK(good == 50, "%d of 50 nested jobs right", good);
}

TEST(after_fork)
{
    vxg_set_threads(3);
    CHECK(sums_hold(10), "before fork");
    vxg_set_threads(3);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(20);
        _exit(sums_hold(200) ? 0 : 1);
    }
    int state = -1;
    waitpid(pid, &state, 0);
    vxg_set_threads(0);
    CHECK(WIFEXITED(state) && WEXITSTATUS(state) == 0, "the child's pool: state %d", state);
}

/* ---- The number of threads changes while work runs: one job has one number ---- */
static int stop;
static void *change_threads(void *arg) {
    for (int i = 0; !__atomic_load_n(&stop, __ATOMIC_RELAXED); i++) vxg_set_threads(1 + i % 16);
    return arg;
}

typedef struct count_args {
    int64_t *sum;
} count_args;
enum { SCRATCH = 5000 };
static void use_scratch(const void *args, int64_t unit, void *scratch) {
    unsigned char *p = scratch;
    for (int i = 0; i < SCRATCH; i++) p[i] = (unsigned char)unit;
    int64_t sum = 0;
    for (int i = 0; i < SCRATCH; i++) sum += p[i];
    __atomic_add_fetch(((const count_args *)args)->sum, sum, __ATOMIC_RELAXED);
}

TEST(threads_change_while_work_runs)
{
    pthread_t t;
    int64_t want = 0, sum = 0;
    for (int i = 0; i < 40; i++) want += i * SCRATCH;
    stop = 0;
    CHECK(!pthread_create(&t, NULL, change_threads, NULL), "thread");
    int wrong = 0, workers = 0;
    for (int round = 0; round < 300; round++) {
        sum = 0;
        wrong += vxg__cpu_run(use_scratch, &(count_args){&sum}, 40, SCRATCH, NULL) || sum != want;
        vxg_scope scope; /* sized and run apart, as operators do */
        vxg__scope_enter(&scope, NULL);
        void *scratch = malloc(vxg__cpu_scratch(SCRATCH));
        for (int spin = 0; spin < 2000; spin++) workers += vxg_threads();
        sum = 0;
        wrong += vxg__cpu_run_in(use_scratch, &(count_args){&sum}, 40, scratch, SCRATCH, NULL) ||
                 sum != want;
        free(scratch); /* a worker too many has written behind it */
        vxg__scope_leave(&scope);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    pthread_join(t, NULL);
    vxg_set_threads(0);
    EXPECT(!wrong && workers > 0, "%d of 600 runs are wrong", wrong);
}

/* And with no race at all: a call sees the number it began with. */
TEST(threads_change_in_a_call)
{
    vxg_scope scope;
    vxg_set_threads(3);
    vxg__scope_enter(&scope, NULL);
    const size_t bytes = vxg__cpu_scratch(SCRATCH);
    vxg_set_threads(11);
    EXPECT(vxg_threads() == 3 && vxg__cpu_scratch(SCRATCH) == bytes, "%d threads of 3",
           vxg_threads());
    vxg__scope_leave(&scope);
    EXPECT(vxg_threads() == 11, "%d threads of 11 after it", vxg_threads());
    vxg_set_threads(0);
}

static void widest(void *context, int64_t begin, int64_t end, int worker) {
    int *most = context, seen = __atomic_load_n(most, __ATOMIC_RELAXED);
    (void)begin, (void)end;
    while (worker > seen && !__atomic_compare_exchange_n(most, &seen, worker, 0, __ATOMIC_RELAXED,
                                                         __ATOMIC_RELAXED)) {}
    usleep(100);
}
TEST(workers_are_bounded)
{
    int most = 0;
    vxg_set_threads(8);
    for (int i = 0; i < 20; i++) {
        vxg__parallel(64, 1, widest, &(int){0}); /* all eight are there */
        vxg__parallel_on(3, 64, 1, widest, &most);
    }
    vxg_set_threads(0);
    EXPECT(most == 2, "worker %d of 3", most);
}

/* ---- Signals are the host's ---- */
static void see_mask(void *context, int64_t begin, int64_t end, int worker) {
    static const int ours[] = {SIGINT, SIGTERM, SIGALRM, SIGUSR1, SIGPROF, SIGCHLD};
    sigset_t mask;
    (void)begin, (void)end;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (sigismember(&mask, ours[i]) != (worker > 0))
            __atomic_add_fetch((int *)context, 1, __ATOMIC_RELAXED);
    usleep(1000);
}
TEST(helpers_block_signals)
{
    int wrong = 0;
    vxg_set_threads(1);
    vxg_set_threads(4);
    vxg__parallel(40, 1, see_mask, &wrong);
    vxg_set_threads(0);
    EXPECT(!wrong, "%d signals can reach the pool's threads, or the caller's mask changed", wrong);
}

/* ---- A thread that is cancelled inside the library leaves the pool usable ---- */
static void *compute_for_ever(void *arg) {
    for (;;) {
        int64_t out[N] = {0};
        vxg__parallel(N, 1, square, out);
        pthread_testcancel();
    }
    return arg;
}
TEST(cancelled_threads)
{
    vxg_set_threads(4);
    alarm(60);
    for (int i = 0; i < 40; i++) {
        pthread_t t;
        CHECK(!pthread_create(&t, NULL, compute_for_ever, NULL), "thread");
        usleep(200 + (useconds_t)i * 50);
        pthread_cancel(t);
        pthread_join(t, NULL);
    }
    CHECK(sums_hold(20), "after cancelling");
    alarm(0);
}

/* ---- Jobs of two callers beside each other ---- */
static int held;    /* pieces wait for it to be let go */
static int holding; /* how many do */
static void wait_held(void *context, int64_t begin, int64_t end, int worker) {
    (void)context, (void)begin, (void)end, (void)worker;
    __atomic_add_fetch(&holding, 1, __ATOMIC_RELAXED);
    while (__atomic_load_n(&held, __ATOMIC_RELAXED)) usleep(100);
}
static void *hold_pool(void *arg) {
    vxg__parallel(64, 1, wait_held, NULL);
    return arg;
}
static int ask_to_stop(void *context) {
    return ++*(int *)context > 3;
}
static void short_piece(void *context, int64_t begin, int64_t end, int worker) {
    (void)context, (void)begin, (void)end, (void)worker;
    usleep(100);
}
TEST(nobody_waits_for_the_pool)
{
    pthread_t t;
    int asked = 0;
    const vxg_progress p = {.size = sizeof p, .poll = ask_to_stop, .context = &asked};
    const int before = vxg__poll_ms;
    vxg_set_threads(3);
    alarm(60);
    held = 1, holding = 0, vxg__poll_ms = 0;
    CHECK(!pthread_create(&t, NULL, hold_pool, NULL), "thread");
    while (__atomic_load_n(&holding, __ATOMIC_RELAXED) < 3) usleep(100); /* the whole pool is */
    const int sums = sums_hold(3);
    vxg_set_threads(3);
    const int status = vxg__parallel_asking(&p, 3, 100000, 1, short_piece, NULL);
    __atomic_store_n(&held, 0, __ATOMIC_RELAXED);
    pthread_join(t, NULL);
    alarm(0);
    vxg__poll_ms = before;
    vxg_set_threads(0);
    EXPECT(sums, "a job beside a held one is wrong");
    EXPECT(status == VXG_ERR_CANCELLED && asked == 4, "status %d after asking %d times", status,
           asked);
}

/* poll needs a lock that another thread holds while it computes: an interpreter's. */
static pthread_mutex_t interpreter = PTHREAD_MUTEX_INITIALIZER;
static int polls, computing;
static int take_interpreter(void *context) {
    (void)context;
    if (++polls < 3) return 0;
    __atomic_store_n(&computing, 1, __ATOMIC_RELAXED);
    usleep(20000);
    pthread_mutex_lock(&interpreter);
    pthread_mutex_unlock(&interpreter);
    return 0;
}
static void *compute_with_interpreter(void *arg) {
    while (!__atomic_load_n(&computing, __ATOMIC_RELAXED)) usleep(100);
    pthread_mutex_lock(&interpreter);
    *(int *)arg = sums_hold(3);
    pthread_mutex_unlock(&interpreter);
    return NULL;
}
TEST(poll_under_no_lock)
{
    pthread_t t;
    int good = 0;
    const vxg_progress p = {.size = sizeof p, .poll = take_interpreter};
    const int before = vxg__poll_ms;
    vxg_set_threads(2);
    alarm(60);
    polls = computing = 0, vxg__poll_ms = 0;
    CHECK(!pthread_create(&t, NULL, compute_with_interpreter, &good), "thread");
    vxg_set_threads(2);
    const int status = vxg__parallel_asking(&p, 2, 200, 1, short_piece, NULL);
    pthread_join(t, NULL);
    alarm(0);
    vxg__poll_ms = before;
    vxg_set_threads(0);
    EXPECT(!status && good && polls > 3, "status %d, the other thread's sums %d", status, good);
}

/* A poll that forks: the child's call is right or says that it is not. */
static pid_t child;
static int slow_in; /* pieces at work */
static void slow_square(void *context, int64_t begin, int64_t end, int worker) {
    __atomic_add_fetch(&slow_in, 1, __ATOMIC_RELAXED);
    usleep(2000);
    square(context, begin, end, worker);
    __atomic_sub_fetch(&slow_in, 1, __ATOMIC_RELAXED);
}
static int fork_once(void *context) {
    (void)context;
    if (child >= 0) return 0;
    const int most = vxg_threads() > 1 ? 20000 : 0; /* alone there is nobody to wait for */
    for (int i = 0; i < most && !__atomic_load_n(&slow_in, __ATOMIC_RELAXED); i++) usleep(1000);
    child = fork();
    return 0;
}
static int slow_sums(int threads, int *right) {
    int64_t out[N] = {0};
    const vxg_progress p = {.size = sizeof p, .poll = fork_once};
    const int status = vxg__parallel_asking(&p, threads, N, 1, slow_square, out);
    *right = 1;
    for (int64_t i = 0; i < N; i++) *right &= out[i] == i * i;
    return status;
}
TEST(fork_in_poll)
{
    const int before = vxg__poll_ms;
    int seen = 0;
    vxg__poll_ms = 0;
    for (int threads = 4; threads > 0; threads -= 3) { /* with helpers at work, and alone */
        int right, state = -1;
        vxg_set_threads(threads);
        child = -1;
        const int status = slow_sums(threads, &right);
        if (child == 0) {
            alarm(20);
            const int told = status == VXG_ERR_FAILED;
            _exit(told ? 3 : status || !right || !sums_hold(20));
        }
        EXPECT(!status && right, "the parent's call: status %d", status);
        waitpid(child, &state, 0);
        CHECK(WIFEXITED(state), "the child was killed");
        seen = WEXITSTATUS(state);
        EXPECT(seen == 0 || (threads > 1 && seen == 3), "the child of %d threads: %d", threads,
               seen);
    }
    vxg__poll_ms = before;
    vxg_set_threads(0);
}

TEST_MAIN("threads", T(nobody_waits_for_the_pool), T(poll_under_no_lock), T(fork_in_poll),
          T(short_jobs), T(nested_jobs), T(after_fork), T(threads_change_while_work_runs),
          T(threads_change_in_a_call), T(workers_are_bounded), T(helpers_block_signals),
          T(cancelled_threads))
