/* Status codes and the log. */
#include "base.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *vxg_version(void) {
    return VXG_VERSION;
}

const char *vxg_status_text(int status) {
    switch (status) {
#define VXG_X(name, value, code, words)                                                            \
    case value: return words;
        VXG_STATUS_LIST(VXG_X)
#undef VXG_X
    }
    return "unknown status";
}

int vxg_status_exit_code(int status) {
    switch (status) {
#define VXG_X(name, value, code, words)                                                            \
    case value: return code;
        VXG_STATUS_LIST(VXG_X)
#undef VXG_X
    }
    return 1;
}

/* ---- Log ----
 * Messages pass through a short list, so that no thread waits for a callback: who finds another
 * thread in the callback leaves the message to it. */
#define LIST 16
typedef struct log_message {
    int level;
    char text[4096];
} log_message;

VXG_LOCK(log_lock, VXG_RANK_LOG);
static pthread_cond_t log_moved = PTHREAD_COND_INITIALIZER;
static vxg_log_fn log_fn;
static void *log_context;
static int log_level = -1;     /* atomic */
static int waiting;            /* atomic: messages in the list */
static int first, lost, busy;  /* busy: a thread hands the list out */
static unsigned calls;         /* callbacks that have ended */
static log_message list[LIST]; /* first, then around */
static _Thread_local int handing_out;

void vxg_set_log(vxg_log_fn fn, void *context, int max_level) {
    vxg__lock(&log_lock);
    log_fn = fn, log_context = context;
    __atomic_store_n(&log_level, fn ? max_level : -1, __ATOMIC_RELAXED);
    const unsigned seen = calls;
    while (busy && !handing_out && calls == seen) vxg__lock_wait(&log_lock, &log_moved);
    vxg__unlock(&log_lock);
}

void vxg__log(int level, const char *format, ...) {
    if (level > __atomic_load_n(&log_level, __ATOMIC_RELAXED) || handing_out) return;
    va_list ap;
    va_start(ap, format);
    vxg__lock(&log_lock);
    if (waiting == LIST) {
        lost++;
    } else {
        log_message *m = &list[(first + waiting) % LIST];
        m->level = level;
        vxg__format_list(m->text, sizeof m->text, format, ap);
        __atomic_add_fetch(&waiting, 1, __ATOMIC_RELAXED);
    }
    vxg__unlock(&log_lock); /* hands out, unless other locks are held */
    va_end(ap);
}

/* Takes the next message, or says how many found no room. */
static int next_message(log_message *m) {
    if (waiting) {
        *m = list[first];
        first = (first + 1) % LIST;
        __atomic_sub_fetch(&waiting, 1, __ATOMIC_RELAXED);
        return 1;
    }
    if (!lost) return 0;
    m->level = 0;
    vxg__format(m->text, sizeof m->text, "%d log messages came too fast and are lost", lost);
    lost = 0;
    return 1;
}

/* What waited for the thread's locks. */
static void deliver(void) {
    char kept[VXG_MESSAGE];
    log_message m;
    if (handing_out || !__atomic_load_n(&waiting, __ATOMIC_RELAXED)) return;
    snprintf(kept, sizeof kept, "%s", vxg_error_message()); /* the callback's own calls may fail */
    handing_out = 1;
    vxg__lock(&log_lock);
    while (!busy && next_message(&m)) {
        const vxg_log_fn fn = log_fn;
        void *const context = log_context;
        busy = 1;
        vxg__unlock(&log_lock);
        if (fn && m.level <= __atomic_load_n(&log_level, __ATOMIC_RELAXED))
            fn(context, m.level, m.text);
        vxg__lock(&log_lock);
        busy = 0, calls++;
        pthread_cond_broadcast(&log_moved);
    }
    vxg__unlock(&log_lock);
    handing_out = 0;
    vxg_error_set(VXG_OK, "%s", kept);
}

/* The child has one thread: nobody else is in a callback. */
static void after_fork(void) {
    pthread_cond_init(&log_moved, NULL);
    busy = handing_out;
    waiting = lost = 0; /* the parent hands them out */
}

__attribute__((constructor)) static void add_log(void) {
    static vxg_fork_work work = {.after = after_fork};
    vxg__fork_add(&work);
    vxg__when_free(deliver);
}
