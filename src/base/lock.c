/* Locks that fork respects.
 *
 * fork() copies one thread. A lock that another thread held would stay locked in the child for
 * ever, with what it guards half changed; so fork waits for all locks, in the order of their ranks,
 * and both sides unlock them. A lock of the forking thread itself (fork in a callback) stays as it
 * is.
 */
#include "base.h"

static vxg_lock *first; /* of the first rank there is one; the list changes under it alone, */
static vxg_lock *known; /* or while the library is loaded */
static unsigned forks;
static vxg_fork_work *works;
static void (*when_free)(void);
static _Thread_local int depth; /* locks of this thread; its address names the thread */
static _Thread_local int cancel_state;

#ifndef NDEBUG
#define MOST_HELD 16
static _Thread_local int ranks[MOST_HELD]; /* of the locks this thread holds, in their order */
#endif

static void set_holder(vxg_lock *lock, const void *holder) {
    __atomic_store_n(&lock->holder, holder, __ATOMIC_RELAXED);
}

void vxg__lock(vxg_lock *lock) {
    int before;
    assert(lock->rank >= 0 && lock->rank < VXG_RANKS);
    assert(!vxg__lock_mine(lock) && "a thread takes a lock once");
    assert(depth < MOST_HELD);
    assert((depth == 0 || ranks[depth - 1] < lock->rank) && "locks are taken in order of ranks");
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
    if (depth++ == 0) cancel_state = before;
#ifndef NDEBUG
    ranks[depth - 1] = lock->rank;
#endif
    pthread_mutex_lock(&lock->mutex);
    set_holder(lock, &depth);
}

void vxg__unlock(vxg_lock *lock) {
    assert(depth > 0 && vxg__lock_mine(lock));
    assert(ranks[depth - 1] == lock->rank && "the lock that was taken last is given back first");
    set_holder(lock, NULL);
    pthread_mutex_unlock(&lock->mutex);
    if (depth > 1) {
        depth--;
        return;
    }
    const int state = cancel_state;
    depth = 0;
    if (when_free) when_free();
    pthread_setcancelstate(state, NULL);
}

int vxg__lock_mine(const vxg_lock *lock) {
    return __atomic_load_n(&lock->holder, __ATOMIC_RELAXED) == &depth;
}

int vxg__locks_held(void) {
    return depth;
}

void vxg__lock_wait(vxg_lock *lock, pthread_cond_t *condition) {
    assert(vxg__lock_mine(lock));
    set_holder(lock, NULL);
    pthread_cond_wait(condition, &lock->mutex);
    set_holder(lock, &depth);
}

/* ---- Fork ---- */
static void take(vxg_lock *l) {
    const int taken = __atomic_load_n(&l->holder, __ATOMIC_RELAXED) != &depth;
    if (taken) pthread_mutex_lock(&l->mutex);
    l->taken = taken; /* under the lock: two threads may fork at once */
}

static void before_fork(void) {
    if (first) take(first);
    for (int rank = 1; rank < VXG_RANKS; rank++)
        for (vxg_lock *l = known; l; l = l->next)
            if (l->rank == rank) take(l);
}

static void give_back(vxg_lock *lock) {
    if (!lock->taken) return;
    lock->taken = 0;
    pthread_mutex_unlock(&lock->mutex);
}

/* The first lock last: it guards the list. */
static void release_taken(void) {
    for (vxg_lock *l = known; l; l = l->next) give_back(l);
    if (first) give_back(first);
}

static void after_fork(void) {
    __atomic_add_fetch(&forks, 1, __ATOMIC_RELAXED);
    for (const vxg_fork_work *w = works; w; w = w->next) w->after();
    release_taken();
}

void vxg__fork_add(vxg_fork_work *work) {
    assert(work->after && !work->next);
    work->next = works, works = work;
}

void vxg__when_free(void (*fn)(void)) {
    assert(!when_free && "there is room for one");
    when_free = fn;
}

unsigned vxg__forks(void) {
    return __atomic_load_n(&forks, __ATOMIC_RELAXED);
}

void vxg__lock_add(vxg_lock *lock) {
    assert(lock->rank >= 0 && lock->rank < VXG_RANKS);
    assert((lock->rank > 0 || !first) && "the first rank has one lock");
    static int watching; /* the first static lock comes before any thread */
    if (!watching) pthread_atfork(before_fork, release_taken, after_fork);
    watching = 1;
    if (lock->rank == 0) {
        first = lock;
    } else {
        lock->next = known, known = lock;
    }
}

void vxg__lock_remove(vxg_lock *lock) {
    for (vxg_lock **p = &known; *p; p = &(*p)->next) {
        if (*p != lock) continue;
        *p = lock->next;
        return;
    }
}
