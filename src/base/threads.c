/* The thread pool: lazy, re-created after fork, sized by affinity and cgroup quota.
 *
 * No OpenMP run time: host programs bring their own. Work is a numbered list of pieces whose
 * contents do not depend on the thread count; threads take the next number from a counter.
 */
#include "base.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_THREADS 256

static struct {
    pthread_mutex_t lock;
    pthread_cond_t work, done;
    pthread_t threads[MAX_THREADS];
    int started;        /* helper threads running, the caller not counted */
    _Atomic int wanted; /* 0: default */
    int quit;
    /* the current job; generation wakes helpers */
    unsigned generation;
    int busy; /* helpers still inside the job */
    vxg_range_fn fn;
    void *context;
    int workers; /* threads that take part */
    int64_t n, grain;
    _Atomic int64_t next;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER,
          .work = PTHREAD_COND_INITIALIZER,
          .done = PTHREAD_COND_INITIALIZER};
static pthread_mutex_t job_lock = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local int inside;  /* nested calls run serially */
static _Thread_local int helping; /* a thread of the pool: never the one that made a call */
static _Thread_local int caller;  /* this thread's job holds job_lock */
static _Thread_local vxg_scope scope;

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
    if (scope.threads) return scope.threads;
    const int wanted = atomic_load(&pool.wanted);
    if (wanted) return wanted;
    if (!atomic_load(&fallback)) atomic_store(&fallback, default_threads());
    return atomic_load(&fallback);
}

/* ---- Asking ---- */
int vxg__poll_ms = 20;
static _Thread_local int polling;       /* what poll calls does not ask again */
static _Thread_local int64_t last_poll; /* milliseconds */

static int is_time(void) {
    struct timespec t;
    if (!vxg__poll_ms) return 1;
#ifdef CLOCK_MONOTONIC_COARSE
    clock_gettime(CLOCK_MONOTONIC_COARSE, &t); /* a few nanoseconds: there may be many pieces */
#else
    clock_gettime(CLOCK_MONOTONIC, &t);
#endif
    const int64_t now = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
    if (now - last_poll < vxg__poll_ms) return 0;
    last_poll = now;
    return 1;
}

int vxg__poll(const vxg_progress *p) {
    if (!p) return 0;
    if (vxg__cancelled(p)) return 1;
    if (p->size && p->size < offsetof(vxg_progress, poll) + sizeof p->poll) return 0;
    if (!p->poll || polling || helping || !is_time()) return 0;
    polling = 1;
    const int stop = p->poll(p->context) != 0;
    polling = 0;
    return stop;
}

/* Pieces until there are none, or until asking says to stop: then nobody takes another one. */
static int take_pieces(int worker, const vxg_progress *progress) {
    for (;;) {
        if (progress && vxg__poll(progress)) {
            atomic_store(&pool.next, (pool.n + pool.grain - 1) / pool.grain);
            return 1;
        }
        int64_t begin = atomic_fetch_add(&pool.next, 1) * pool.grain;
        if (begin >= pool.n) return 0;
        int64_t end = begin + pool.grain < pool.n ? begin + pool.grain : pool.n;
        pool.fn(pool.context, begin, end, worker);
    }
}

static void *helper(void *arg) {
    int worker = (int)(intptr_t)arg;
    unsigned seen = 0;
    inside = helping = 1;
    pthread_mutex_lock(&pool.lock);
    for (;;) {
        while (!pool.quit && pool.generation == seen) pthread_cond_wait(&pool.work, &pool.lock);
        if (pool.quit) break;
        seen = pool.generation;
        if (!pool.fn || worker >= pool.workers) continue; /* too late, or not needed */
        pool.busy++;
        pthread_mutex_unlock(&pool.lock);
        take_pieces(worker, NULL);
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
    if (pool.started > n) stop_helpers();
    for (; pool.started < n; pool.started++) /* fewer threads than asked for is no error */
        if (vxg__thread_start(&pool.threads[pool.started], helper,
                              (void *)(intptr_t)(pool.started + 1)))
            break;
}

/* A signal handler of the host (Python's, a debugger's) must not run on a thread it does not know,
 * and a call there must not be interrupted in the middle of a piece. */
int vxg__thread_start(pthread_t *thread, void *(*fn)(void *), void *context) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int error = pthread_create(thread, NULL, fn, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

int vxg_set_threads(int n) {
    VXG_FAIL_IF(n < 0 || n > MAX_THREADS, VXG_ERR_ARGUMENT, "threads: %d is not in 0..%d", n,
                MAX_THREADS);
    atomic_store(&pool.wanted, n); /* for the next job: one that runs keeps its count */
    return VXG_OK;
}

void vxg__scope_enter(vxg_scope *before, const vxg_progress *progress) {
    const int threads = vxg_threads();
    *before = scope;
    scope.threads = threads;
    if (progress) scope.progress = progress;
}
const vxg_progress *vxg__scope_progress(void) {
    return scope.progress;
}
void vxg__scope_leave(const vxg_scope *before) {
    scope = *before;
}

int vxg__threads_wanted(void) {
    return atomic_load(&pool.wanted);
}

/* fork does not wait for a job to end: a child starts with an empty pool. */
static void after_fork(void) {
    pthread_mutex_init(&pool.lock, NULL);
    pthread_cond_init(&pool.work, NULL);
    pthread_cond_init(&pool.done, NULL);
    pool.started = 0, pool.busy = 0, pool.quit = 0;
    pthread_mutex_init(&job_lock, NULL);
    if (caller) pthread_mutex_lock(&job_lock); /* forked in a callback of its own job */
}

__attribute__((constructor)) static void add_pool(void) {
    static vxg_fork_work work = {.after = after_fork};
    vxg__fork_add(&work);
}

static int run_job(const vxg_progress *progress, int threads, int workers, int64_t n, int64_t grain,
                   vxg_range_fn fn, void *context) {
    pthread_mutex_lock(&job_lock); /* one job at a time; other callers wait */
    caller = 1;
    start_helpers(threads - 1);
    pthread_mutex_lock(&pool.lock);
    pool.fn = fn, pool.context = context, pool.n = n, pool.grain = grain;
    pool.workers = workers;
    atomic_store(&pool.next, 0);
    pool.generation++;
    pthread_cond_broadcast(&pool.work);
    pthread_mutex_unlock(&pool.lock);
    inside = 1;
    const int stopped = take_pieces(0, progress);
    inside = 0;
    pthread_mutex_lock(&pool.lock);
    while (pool.busy) pthread_cond_wait(&pool.done, &pool.lock);
    pool.fn = NULL; /* only now: helpers read it until they leave */
    pthread_mutex_unlock(&pool.lock);
    caller = 0;
    pthread_mutex_unlock(&job_lock);
    return stopped;
}

static int run_serially(const vxg_progress *progress, int64_t n, int64_t grain, vxg_range_fn fn,
                        void *context) {
    for (int64_t b = 0; b < n; b += grain) {
        if (progress && vxg__poll(progress)) return 1;
        fn(context, b, b + grain < n ? b + grain : n, 0);
    }
    return 0;
}

int vxg__parallel_asking(const vxg_progress *progress, int workers, int64_t n, int64_t grain,
                         vxg_range_fn fn, void *context) {
    int cancel_state, stopped;
    if (n <= 0) return VXG_OK;
    if (grain < 1) grain = 1;
    const int threads = vxg_threads(); /* once: it may change at any time */
    if (workers > threads) workers = threads;
    if (inside || workers <= 1 || n <= grain) {
        stopped = run_serially(progress, n, grain, fn, context);
    } else { /* a cancelled thread would leave the pool taken */
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
        stopped = run_job(progress, threads, workers, n, grain, fn, context);
        pthread_setcancelstate(cancel_state, NULL);
    }
    VXG_FAIL_IF(stopped, VXG_ERR_CANCELLED, "interrupted");
    return VXG_OK;
}

void vxg__parallel_on(int workers, int64_t n, int64_t grain, vxg_range_fn fn, void *context) {
    (void)vxg__parallel_asking(NULL, workers, n, grain, fn, context);
}

void vxg__parallel(int64_t n, int64_t grain, vxg_range_fn fn, void *context) {
    vxg__parallel_on(MAX_THREADS, n, grain, fn, context);
}
