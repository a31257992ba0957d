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

/* One call of vxg__parallel, on its caller's stack while it is in the pool's list. */
typedef struct job {
    vxg_range_fn fn;
    void *context;
    int workers; /* threads that may take part, the caller counted */
    int64_t n, grain;
    _Atomic int64_t next; /* piece */
    int busy;             /* helpers inside: changed under pool.lock */
    int lost;             /* pieces of theirs are in another process */
    struct job *after;    /* in the list */
} job;

/* Every caller works on its own job and waits for nobody else's: helpers come to the jobs of the
 * list as they are free. A caller that waited for the pool could not be interrupted, and would wait
 * for ever when the other one's poll needs a lock that it holds (an interpreter's). */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t work, done;
    int started;        /* helper threads, which never end */
    _Atomic int wanted; /* 0: default */
    job *jobs;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER,
          .work = PTHREAD_COND_INITIALIZER,
          .done = PTHREAD_COND_INITIALIZER};
static _Thread_local int inside;  /* nested calls run serially */
static _Thread_local int helping; /* a thread of the pool: never the one that made a call */
static _Thread_local job *own;    /* the job that this thread has in the list */
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

static int64_t pieces_of(const job *j) {
    return (j->n + j->grain - 1) / j->grain;
}

/* Pieces until there are none, or until asking says to stop: then nobody takes another one. */
static int take_pieces(job *j, int worker, const vxg_progress *progress) {
    assert(j->fn && j->grain > 0 && worker >= 0 && worker < j->workers);
    assert((!progress || !helping) && "the calling thread alone asks");
    for (;;) {
        if (progress && vxg__poll(progress)) {
            atomic_store(&j->next, pieces_of(j));
            return 1;
        }
        const int64_t begin = atomic_fetch_add(&j->next, 1) * j->grain;
        if (begin >= j->n) return 0;
        const int64_t end = begin + j->grain < j->n ? begin + j->grain : j->n;
        j->fn(j->context, begin, end, worker);
    }
}

/* The first job that has something left for this helper. */
static job *find_job(int worker) {
    for (job *j = pool.jobs; j; j = j->after)
        if (worker < j->workers && atomic_load(&j->next) < pieces_of(j)) return j;
    return NULL;
}

static void *helper(void *arg) {
    const int worker = (int)(intptr_t)arg;
    inside = helping = 1;
    pthread_mutex_lock(&pool.lock);
    for (;;) {
        job *const j = find_job(worker);
        if (!j) {
            pthread_cond_wait(&pool.work, &pool.lock);
            continue;
        }
        j->busy++;
        pthread_mutex_unlock(&pool.lock);
        take_pieces(j, worker, NULL);
        pthread_mutex_lock(&pool.lock);
        if (--j->busy == 0) pthread_cond_broadcast(&pool.done);
    }
    return NULL;
}

/* Under pool.lock. Fewer threads than asked for is no error. */
static void start_helpers(int n) {
    pthread_t thread;
    assert(n >= 0 && n < MAX_THREADS);
    for (; pool.started < n; pool.started++) {
        if (vxg__thread_start(&thread, helper, (void *)(intptr_t)(pool.started + 1))) break;
        pthread_detach(thread);
    }
}

/* A signal handler of the host (Python's, a debugger's) must not run on a thread it does not know,
 * and a call there must not be interrupted in the middle of a piece. */
int vxg__thread_start(pthread_t *thread, void *(*fn)(void *), void *context) {
    sigset_t all, before;
    assert(thread && fn);
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
    assert(before && threads > 0);
    *before = scope;
    scope.threads = threads;
    if (progress) scope.progress = progress;
}
const vxg_progress *vxg__scope_progress(void) {
    return scope.progress;
}
int vxg__in_scope(void) {
    return scope.threads > 0;
}
void vxg__scope_leave(const vxg_scope *before) {
    assert(scope.threads > 0 && "left once too often");
    scope = *before;
}

int vxg__threads_wanted(void) {
    return atomic_load(&pool.wanted);
}

/* fork does not wait for jobs to end: a child starts with an empty pool. Where the forking thread
 * is in a job of its own (its poll forked), the child does the rest of it alone; it cannot when
 * helpers were at work on pieces, as they are not in the child. */
static void after_fork(void) {
    pthread_mutex_init(&pool.lock, NULL);
    pthread_cond_init(&pool.work, NULL);
    pthread_cond_init(&pool.done, NULL);
    pool.started = 0, pool.jobs = NULL;
    if (!own) return;
    own->lost = own->busy > 0;
    own->busy = 0;
    if (own->lost) atomic_store(&own->next, pieces_of(own));
}

__attribute__((constructor)) static void add_pool(void) {
    static vxg_fork_work work = {.after = after_fork};
    vxg__fork_add(&work);
}

static void list_job(job *j, int threads) {
    job **end = &pool.jobs;
    pthread_mutex_lock(&pool.lock);
    start_helpers(threads - 1);
    while (*end) end = &(*end)->after;
    *end = j;
    pthread_cond_broadcast(&pool.work);
    pthread_mutex_unlock(&pool.lock);
}
/* Helpers that are in it end their pieces; no more come. After a fork it is in no list. */
static void unlist_job(job *j) {
    job **at = &pool.jobs;
    pthread_mutex_lock(&pool.lock);
    while (*at && *at != j) at = &(*at)->after;
    if (*at) *at = j->after;
    while (j->busy) pthread_cond_wait(&pool.done, &pool.lock);
    assert(atomic_load(&j->next) >= pieces_of(j) && "all pieces are taken, or left out");
    pthread_mutex_unlock(&pool.lock);
}

static int run_job(const vxg_progress *progress, int threads, job *j) {
    assert(!inside && !own && "a piece of a job runs nested calls serially");
    assert(j->workers > 1 && j->workers <= threads && j->n > j->grain);
    list_job(j, threads);
    inside = 1, own = j;
    const int stopped = take_pieces(j, 0, progress);
    inside = 0, own = NULL;
    unlist_job(j);
    VXG_FAIL_IF(j->lost, VXG_ERR_FAILED,
                "the process forked in the middle of this call: what other threads had in hand is "
                "not in the child");
    VXG_FAIL_IF(stopped, VXG_ERR_CANCELLED, "interrupted");
    return VXG_OK;
}

static int run_serially(const vxg_progress *progress, int64_t n, int64_t grain, vxg_range_fn fn,
                        void *context) {
    for (int64_t b = 0; b < n; b += grain) {
        if (progress && vxg__poll(progress)) return vxg_error_set(VXG_ERR_CANCELLED, "interrupted");
        fn(context, b, b + grain < n ? b + grain : n, 0);
    }
    return VXG_OK;
}

int vxg__parallel_asking(const vxg_progress *progress, int workers, int64_t n, int64_t grain,
                         vxg_range_fn fn, void *context) {
    int cancel_state;
    assert(fn && workers > 0);
    if (n <= 0) return VXG_OK;
    if (grain < 1) grain = 1;
    const int threads = vxg_threads(); /* once: it may change at any time */
    if (workers > threads) workers = threads;
    if (inside || workers <= 1 || n <= grain) return run_serially(progress, n, grain, fn, context);
    job j = {.fn = fn, .context = context, .workers = workers, .n = n, .grain = grain};
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state); /* the job is on this stack */
    const int status = run_job(progress, threads, &j);
    pthread_setcancelstate(cancel_state, NULL);
    return status;
}

void vxg__parallel_on(int workers, int64_t n, int64_t grain, vxg_range_fn fn, void *context) {
    (void)vxg__parallel_asking(NULL, workers, n, grain, fn, context);
}

void vxg__parallel(int64_t n, int64_t grain, vxg_range_fn fn, void *context) {
    vxg__parallel_on(MAX_THREADS, n, grain, fn, context);
}
