/* Private side of base: error macros, counted memory, the thread pool, string builder, hashing. */
#ifndef VXG_BASE_PRIVATE_H
#define VXG_BASE_PRIVATE_H

#include <voxgrad/base.h>

#include <assert.h>
#include <pthread.h>
#include <stdarg.h>

/* assert states what functions inside the library expect of each other: NULL or not, ranges, who
 * holds a lock. What comes from a caller of the library gets a status, never an assert. Builds with
 * VXG_ASSERT have them, others do not (CMakeLists.txt). */

/* The four error macros of the whole code base. A message says what was wrong and with which field.
 */
#define VXG_FAIL(status, ...) return vxg_error_set((status), __VA_ARGS__)
#define VXG_FAIL_IF(condition, status, ...)                                                        \
    do {                                                                                           \
        if (condition) return vxg_error_set((status), __VA_ARGS__);                                \
    } while (0)
#define VXG_TRY(call)                                                                              \
    do {                                                                                           \
        int vxg_try_status_ = (call);                                                              \
        if (vxg_try_status_) return vxg_try_status_;                                               \
    } while (0)
/* For functions that clean up: stores the status and jumps. */
#define VXG_GOTO(status, call, label)                                                              \
    do {                                                                                           \
        if (((status) = (call)) != 0) goto label;                                                  \
    } while (0)

#define VXG_MESSAGE 2048 /* bytes of a message with its end; longer ones are cut */

/* Memory of the library: counted, fails on request (vxg_alloc_fail_at), zero-filled, sizes checked
 * for overflow. NULL sets VXG_ERR_MEMORY's message; callers `return VXG_ERR_MEMORY`. */
void *vxg__calloc(size_t count, size_t size);
void *vxg__alloc_aligned(size_t bytes); /* 64-byte aligned, zero-filled */
void *vxg__realloc(void *p, size_t count, size_t size);
char *vxg__strdup(const char *text);
void vxg__free(void *p); /* for all of the above; NULL is fine */

/* One more request in the counts, as vxg__calloc makes one: 0 when it shall fail, with the message
 * set. vxg__memory_returned takes it off what is alive. */
int vxg__memory_request(size_t bytes);
void vxg__memory_returned(void);

/* ---- Objects behind handles: the first member of their structs. See object.c. ---- */
typedef enum vxg_kind {
    VXG_KIND_DEVICE,
    VXG_KIND_QUEUE,
    VXG_KIND_BUFFER,
    VXG_KIND_KERNEL,
    VXG_KIND_GRAPH,
    VXG_KIND_EVENT,
    VXG_KIND_OP,
    VXG_KIND_GRADIENTS,
    VXG_KIND_SPHERE,
    VXG_KINDS
} vxg_kind;
#define VXG_MARK 0x564F5847u /* a mark of an object that is alive is this plus its kind */
typedef struct vxg_object {
    unsigned mark; /* atomic */
    vxg_kind kind;
    struct vxg_object *next;
} vxg_object;
void *vxg__object_new(vxg_kind kind, size_t size); /* zero-filled; NULL with a message */
void vxg__object_free(void *object);
/* The handle is dead from here on; the memory stays until vxg__object_free. */
static inline void vxg__object_hide(void *object) {
    __atomic_store_n(&((vxg_object *)object)->mark, 0, __ATOMIC_RELAXED);
}
/* Whether a handle is one of an object of this kind that is alive. NULL is not. */
static inline int vxg__object_is(const void *object, vxg_kind kind) {
    const vxg_object *o = (const vxg_object *)object;
    return o && __atomic_load_n(&o->mark, __ATOMIC_RELAXED) == VXG_MARK + (unsigned)kind;
}

/* ---- Locks: fork() takes all of them first and gives them back on both sides, so that a child
 * never inherits one that another thread held. A thread that holds several took them in the order
 * of their ranks. While a thread holds one it cannot be cancelled, and messages that it logs wait
 * until it holds none: a log callback never runs under a lock. */
enum {
    VXG_RANK_OPEN,   /* the list of open devices */
    VXG_RANK_FILES,  /* a file library that is not thread-safe */
    VXG_RANK_DEVICE, /* one device's kernels and queue */
    VXG_RANK_ORDER,  /* one device's record of who reads and writes what */
    VXG_RANK_LOADER, /* drivers and compilers that are loaded at run time */
    VXG_RANK_LEAF,   /* nothing else is locked inside */
    VXG_RANK_LOG,
    VXG_RANKS
};
typedef struct vxg_lock {
    pthread_mutex_t mutex;
    const void *holder; /* atomic: which thread has it, NULL: none */
    int rank, taken;    /* taken: by the fork that is under way */
    struct vxg_lock *next;
} vxg_lock;
void vxg__lock(vxg_lock *lock);
void vxg__unlock(vxg_lock *lock);
int vxg__lock_mine(const vxg_lock *lock); /* this thread holds it; for asserts */
/* pthread_cond_wait. */
void vxg__lock_wait(vxg_lock *lock, pthread_cond_t *condition);
/* Adds a lock to those that fork takes, or removes it. Static locks are added while the library is
 * loaded; others under a lock of a smaller rank. */
void vxg__lock_add(vxg_lock *lock);
void vxg__lock_remove(vxg_lock *lock);
/* A static lock: VXG_LOCK(name, rank); */
#define VXG_LOCK(name, its_rank)                                                                   \
    static vxg_lock name = {.mutex = PTHREAD_MUTEX_INITIALIZER, .rank = (its_rank)};               \
    __attribute__((constructor)) static void name##_add(void) {                                    \
        vxg__lock_add(&name);                                                                      \
    }                                                                                              \
    struct vxg_lock        /* takes the semicolon */
int vxg__locks_held(void); /* by this thread */
/* How many forks lie between the process that loaded the library and this one. */
unsigned vxg__forks(void);
/* What files that use locks do themselves: lock.c lies below them and calls them through these.
 * Both are added while the library is loaded. Work after a fork is done in the child, under all
 * locks; when_free's function is called when a thread has given back the last lock it held. */
typedef struct vxg_fork_work {
    void (*after)(void);
    struct vxg_fork_work *next;
} vxg_fork_work;
void vxg__fork_add(vxg_fork_work *work);
void vxg__when_free(void (*fn)(void));

/* ---- Threads ----
 * Runs fn(context, begin, end, worker) over [0, n) in pieces of `grain` units on the pool. Pieces
 * and their contents do not depend on the number of threads. Nested calls run serially. Memory per
 * worker is sized by the number that is given to vxg__parallel_on, never by a later vxg_threads(),
 * which may have changed by then. */
typedef void (*vxg_range_fn)(void *context, int64_t begin, int64_t end, int worker);
void vxg__parallel(int64_t n, int64_t grain, vxg_range_fn fn, void *context);
/* worker < workers. */
void vxg__parallel_on(int workers, int64_t n, int64_t grain, vxg_range_fn fn, void *context);
/* The same, with vxg__poll between the calling thread's pieces: VXG_ERR_CANCELLED when it says so;
 * then pieces are left out. */
int vxg__parallel_asking(const vxg_progress *progress, int workers, int64_t n, int64_t grain,
                         vxg_range_fn fn, void *context);
/* One call of an operator: between enter and leave vxg_threads() answers this thread with one
 * number, so that memory and work that are planned apart agree while vxg_set_threads is called. */
typedef struct vxg_scope {
    int threads;                  /* 0: outside */
    const vxg_progress *progress; /* of the innermost call that was given one */
} vxg_scope;
void vxg__scope_enter(vxg_scope *before, const vxg_progress *progress);
const vxg_progress *vxg__scope_progress(void);
void vxg__scope_leave(const vxg_scope *before);
int vxg__in_scope(void);       /* for asserts */
int vxg__threads_wanted(void); /* what vxg_set_threads was given last */
/* pthread_create of a thread that leaves the host's signals to the host's threads. */
int vxg__thread_start(pthread_t *thread, void *(*fn)(void *), void *context);

/* Structs of callers begin with `uint32_t size` (docs/abi.md). Those passed singly may be shorter
 * or longer than the library's: they are read into, and written from, a struct of the library's own
 * at the entry. Functions inside work on the library's.
 *
 * VXG_IN(type, dst, src): dst, a type *, becomes src as far as src says that it reaches, the rest
 * zero; all zero when src is NULL. dst->size is the library's. Refuses a size below the first
 * layout (VXG_ERR_ARGUMENT) and bytes behind the library's that are not zero (VXG_ERR_UNSUPPORTED).
 * VXG_OUT(type, dst, src): writes as much of src, a type *, as dst says it has room for.
 * VXG_OUT_CHECK(type, dst): whether VXG_OUT will do, before work is done.
 * VXG_FIXED(type, s): structs that stand in arrays or in other structs have one layout: size is 0
 * or that. */
int vxg__struct_in(void *dst, size_t known, size_t first, const void *src, const char *name);
int vxg__struct_out_check(const void *dst, size_t first, const char *name);
int vxg__struct_out(void *dst, const void *src, size_t known, size_t first, const char *name);
int vxg__struct_fixed(const void *s, size_t known, const char *name);
/* Bytes of a struct's first layout: until the first release all of it, then constants that stay
 * (docs/abi.md says how). */
#define VXG_FIRST(type) sizeof(type)
#define VXG_IN(type, dst, src)                                                                     \
    vxg__struct_in((type *){dst}, sizeof(type), VXG_FIRST(type), (const type *){src}, #type)
/* At an entry, for a parameter `const type *name`: name points at the library's copy from here on.
 * VXG_READ leaves NULL as it is, VXG_READ_OPTS makes it a struct of zeros. */
#define VXG_READ(type, name)                                                                       \
    type name##_own;                                                                               \
    VXG_TRY(VXG_IN(type, &name##_own, name));                                                      \
    if (name) name = &name##_own
#define VXG_READ_OPTS(type, name)                                                                  \
    type name##_own;                                                                               \
    VXG_TRY(VXG_IN(type, &name##_own, name));                                                      \
    name = &name##_own
#define VXG_OUT_CHECK(type, dst) vxg__struct_out_check((const type *){dst}, VXG_FIRST(type), #type)
#define VXG_OUT(type, dst, src)                                                                    \
    vxg__struct_out((type *){dst}, (const type *){src}, sizeof(type), VXG_FIRST(type), #type)
#define VXG_FIXED(type, s) vxg__struct_fixed((const type *){s}, sizeof(type), #type)
/* The words such a struct keeps for later are zero. */
static inline int vxg__are_zero(const uint32_t *words, size_t n) {
    uint32_t any = 0;
    for (size_t i = 0; i < n; i++) any |= words[i];
    return !any;
}
#define VXG_RESERVED(type, s)                                                                      \
    VXG_FAIL_IF(!vxg__are_zero((s)->reserved, sizeof(s)->reserved / sizeof *(s)->reserved),        \
                VXG_ERR_ARGUMENT, "%s: words that must be zero are set", #type)

/* A library's option struct by name and its table; lists end with name NULL. */
typedef struct vxg_option_set {
    const char *name;
    const vxg_option *rows;
    int count;
} vxg_option_set;

void vxg__log(int level, const char *format, ...) VXG_PRINTF(2, 3);

/* Whether a caller's progress, NULL or not, is one the library knows. Entries that take one ask
 * this; the functions below read fields of the first layout alone. */
int vxg__progress_check(const vxg_progress *p);
/* Whether to stop, asked on the thread that made the call: cancel, and poll when it is time. */
int vxg__poll(const vxg_progress *p);
extern int vxg__poll_ms; /* between two calls of poll; tests set it to 0: at every chance */
/* The same of cancel alone, on any thread. */
static inline int vxg__cancelled(const vxg_progress *p) {
    return p && p->cancel && *p->cancel;
}
static inline void vxg__report(const vxg_progress *p, const char *what, double done, double total) {
    if (p && p->report) p->report(p->context, what, done, total);
}

/* Growing text. After a failed append text stays valid and failed is set. */
typedef struct vxg_text {
    char *s;
    size_t length, capacity;
    int failed;
} vxg_text;
void vxg__text_add(vxg_text *t, const char *format, ...) VXG_PRINTF(2, 3);
void vxg__text_append(vxg_text *t, const char *s, size_t n);
void vxg__text_free(vxg_text *t);

/* Numbers as the C locale has them, whatever the host program's locale: strtod, snprintf and
 * vsnprintf of text that is read again or shown. Between enter and leave other code of this thread,
 * such as a parser of another library, does the same. */
double vxg__number(const char *text, char **end);
int vxg__format(char *out, size_t size, const char *format, ...) VXG_PRINTF(3, 4);
int vxg__format_list(char *out, size_t size, const char *format, va_list list);
void *vxg__plain_enter(void);
void vxg__plain_leave(void *before);

/* What a message shows of a word out of a file: its beginning, on one line, nothing a terminal
 * obeys. Returns out. */
#define VXG_SHOWN 41
#define VXG_SHOW(text) vxg__shown((text), (char[VXG_SHOWN]){0}) /* for the block it stands in */
const char *vxg__shown(const char *text, char out[VXG_SHOWN]);

/* Letters to change between two words, for "did you mean"; 99 for long ones. */
int vxg__word_distance(const char *a, const char *b);

/* SHA-256 (FIPS 180-4). */
typedef struct vxg_sha256 {
    uint32_t h[8];
    uint64_t bytes;
    uint8_t block[64];
} vxg_sha256;
void vxg__sha256_start(vxg_sha256 *s);
void vxg__sha256_add(vxg_sha256 *s, const void *data, size_t n);
void vxg__sha256_hex(vxg_sha256 *s, char out[65]);

/* For qsort and bsearch: doubles in rising order. */
static inline int vxg__compare_doubles(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

#endif
