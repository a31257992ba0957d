/* The pool under stress: many short jobs while the thread count changes, nesting, and after fork.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
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

TEST_MAIN("threads", T(short_jobs), T(nested_jobs), T(after_fork))
