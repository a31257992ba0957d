/* The thread pool: lazy, re-created after fork, sized by affinity and cgroup quota.
 *
 * No OpenMP run time: host programs bring their own. Work is a numbered list of pieces whose
 * contents do not depend on the thread count; threads take the next number from a counter.
 */
#include "base.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_THREADS 256

static struct {
    pthread_mutex_t lock;
    pthread_cond_t work, done;
    pthread_t threads[MAX_THREADS];
    pid_t owner; /* process the threads belong to */
    int started; /* helper threads running, the caller not counted */
    int wanted;  /* 0: default */
    int quit;
    /* the current job; generation wakes helpers */
    unsigned generation;
    int busy; /* helpers still inside the job */
    vxg_range_fn fn;
    void *context;
    int64_t n, grain;
    _Atomic int64_t next;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER,
          .work = PTHREAD_COND_INITIALIZER,
          .done = PTHREAD_COND_INITIALIZER};
static pthread_mutex_t job_lock = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local int inside; /* nested calls run serially */

static int cgroup_limit(void) {
    FILE *f = fopen("/sys/fs/cgroup/cpu.max", "r");
    double quota = 0, period = 0;
    int n = 0;
    if (!f) return 0;
    if (fscanf(f, "%lf %lf", &quota, &period) == 2 && period > 0) n = (int)(quota / period + 0.999);
    fclose(f);
    return n;
}

static int default_threads(void) {
    int n = 0;
#ifdef __linux__
    cpu_set_t set;
    if (!sched_getaffinity(0, sizeof set, &set)) n = CPU_COUNT(&set);
#endif
    if (n < 1) n = (int)sysconf(_SC_NPROCESSORS_ONLN);
    int limit = cgroup_limit();
    if (limit > 0 && limit < n) n = limit;
    return n < 1 ? 1 : n > MAX_THREADS ? MAX_THREADS : n;
}

int vxg_threads(void) {
    static _Atomic int fallback;
    if (pool.wanted) return pool.wanted;
    if (!atomic_load(&fallback)) atomic_store(&fallback, default_threads());
    return atomic_load(&fallback);
}

static void take_pieces(int worker) {
    for (;;) {
        int64_t begin = atomic_fetch_add(&pool.next, 1) * pool.grain;
        if (begin >= pool.n) return;
        int64_t end = begin + pool.grain < pool.n ? begin + pool.grain : pool.n;
        pool.fn(pool.context, begin, end, worker);
    }
}

static void *helper(void *arg) {
    int worker = (int)(intptr_t)arg;
    unsigned seen = 0;
    inside = 1;
    pthread_mutex_lock(&pool.lock);
    for (;;) {
        while (!pool.quit && pool.generation == seen) pthread_cond_wait(&pool.work, &pool.lock);
        if (pool.quit) break;
        seen = pool.generation;
        if (!pool.fn) continue; /* came too late: the job is over */
        pool.busy++;
        pthread_mutex_unlock(&pool.lock);
        take_pieces(worker);
        pthread_mutex_lock(&pool.lock);
        if (--pool.busy == 0) pthread_cond_signal(&pool.done);
    }
    pthread_mutex_unlock(&pool.lock);
    return NULL;
}

static void stop_helpers(void) {
    pthread_mutex_lock(&pool.lock);
    pool.quit = 1;
    pthread_cond_broadcast(&pool.work);
    pthread_mutex_unlock(&pool.lock);
    for (int i = 0; i < pool.started; i++) pthread_join(pool.threads[i], NULL);
    pool.started = 0, pool.quit = 0;
}

static void start_helpers(int n) {
    if (pool.owner != getpid()) { /* first use, or a fork took the threads away */
        pthread_mutex_init(&pool.lock, NULL);
        pthread_cond_init(&pool.work, NULL);
        pthread_cond_init(&pool.done, NULL);
        pool.started = 0, pool.busy = 0, pool.owner = getpid();
    }
    if (pool.started > n) stop_helpers();
    for (; pool.started < n; pool.started++) /* fewer threads than asked for is no error */
        if (pthread_create(&pool.threads[pool.started], NULL, helper,
                           (void *)(intptr_t)(pool.started + 1)))
            break;
}

int vxg_set_threads(int n) {
    VXG_FAIL_IF(n < 0 || n > MAX_THREADS, VXG_ERR_ARGUMENT, "threads: %d is not in 0..%d", n,
                MAX_THREADS);
    pthread_mutex_lock(&job_lock);
    pool.wanted = n;
    pthread_mutex_unlock(&job_lock);
    return VXG_OK;
}

int vxg__threads_wanted(void) {
    return pool.wanted;
}

/* A child of fork inherits a locked job_lock when another thread was computing. */
static void after_fork(void) {
    pthread_mutex_init(&job_lock, NULL);
}
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;
static void watch_fork(void) {
    pthread_atfork(NULL, NULL, after_fork);
}

void vxg__parallel(int64_t n, int64_t grain, vxg_range_fn fn, void *context) {
    if (n <= 0) return;
    if (grain < 1) grain = 1;
    int threads = vxg_threads();
    if (inside || threads == 1 || n <= grain) {
        for (int64_t b = 0; b < n; b += grain) fn(context, b, b + grain < n ? b + grain : n, 0);
        return;
    }
    pthread_once(&fork_once, watch_fork);
    pthread_mutex_lock(&job_lock); /* one job at a time; other callers wait */
    start_helpers(threads - 1);
    pthread_mutex_lock(&pool.lock);
    pool.fn = fn, pool.context = context, pool.n = n, pool.grain = grain;
    atomic_store(&pool.next, 0);
    pool.generation++;
    pthread_cond_broadcast(&pool.work);
    pthread_mutex_unlock(&pool.lock);
    inside = 1;
    take_pieces(0);
    inside = 0;
    pthread_mutex_lock(&pool.lock);
    while (pool.busy) pthread_cond_wait(&pool.done, &pool.lock);
    pool.fn = NULL; /* only now: helpers read it until they leave */
    pthread_mutex_unlock(&pool.lock);
    pthread_mutex_unlock(&job_lock);
}
