/* Private side of base: error macros, counted memory, the thread pool, string builder, hashing. */
#ifndef VXG_BASE_PRIVATE_H
#define VXG_BASE_PRIVATE_H

#include <voxgrad/base.h>

#include <stdarg.h>

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

/* Memory of the library: counted, fails on request (vxg_alloc_fail_at), zero-filled, sizes checked
 * for overflow. NULL sets VXG_ERR_MEMORY's message; callers `return VXG_ERR_MEMORY`. */
void *vxg__calloc(size_t count, size_t size);
void *vxg__alloc_aligned(size_t bytes); /* 64-byte aligned, zero-filled */
void *vxg__realloc(void *p, size_t count, size_t size);
char *vxg__strdup(const char *text);
void vxg__free(void *p); /* for all of the above; NULL is fine */

/* Runs fn(context, begin, end, worker) over [0, n) in pieces of `grain` units on the pool. Pieces
 * and their contents do not depend on the number of threads. worker < vxg_threads(). Nested calls
 * run serially. */
int vxg__threads_wanted(void); /* what vxg_set_threads was given last */
typedef void (*vxg_range_fn)(void *context, int64_t begin, int64_t end, int worker);
void vxg__parallel(int64_t n, int64_t grain, vxg_range_fn fn, void *context);

void vxg__log(int level, const char *format, ...) VXG_PRINTF(2, 3);

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

#endif
