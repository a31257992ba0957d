/* The simulated CUDA's controls: counts of calls, failures on demand, settings, what is alive. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "fake_internal.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    const char *name;
    int calls;
} counts[128];
static int ncounts;
static struct {
    char name[64];
    int nth, code, hit, always;
} failure;
int fake_devices = 1, fake_arch = 90, fake_grid[3] = {2147483647, 65535, 65535}, fake_known_arch;
int fake_layers = 2048, fake_pools = 1;
int fake_memory_mb = 1024; /* of all there is: what is alive and what pools keep */
int fake_early; /* memory that was freed while work on it was queued, or used before it was there */
static int live[FAKE_KINDS];
static const char *const kind_names[FAKE_KINDS] = {
    "context",    "memory",  "stream", "event",   "module", "graph",
    "graph exec", "program", "array",  "texture", "pool",   "pinned memory"};

void fake_count(int kind, int change) {
    __atomic_add_fetch(&live[kind], change, __ATOMIC_RELAXED);
}

/* Counts a call; the code to return instead of doing it, or 0. */
int fake_enter(const char *name) {
    int i = 0, code = 0;
    pthread_mutex_lock(&lock);
    while (i < ncounts && strcmp(counts[i].name, name)) i++;
    if (i == ncounts) counts[ncounts].name = name, counts[ncounts++].calls = 0;
    counts[i].calls++;
    if (!strcmp(failure.name, name) && (failure.always || failure.nth-- == 0))
        code = failure.code, failure.hit = 1;
    pthread_mutex_unlock(&lock);
    return code;
}

FAKE_API void fake_fail(const char *name, int nth, int code) {
    memset(&failure, 0, sizeof failure);
    snprintf(failure.name, sizeof failure.name, "%s", name ? name : "");
    failure.nth = nth, failure.code = code;
}
FAKE_API void fake_fail_always(const char *name, int code) {
    fake_fail(name, 0, code);
    failure.always = 1;
}
FAKE_API int fake_calls(const char *name) {
    for (int i = 0; i < ncounts; i++)
        if (!strcmp(counts[i].name, name)) return counts[i].calls;
    return 0;
}
FAKE_API int fake_hit(void) {
    return failure.hit;
}
FAKE_API void fake_reset(void) {
    ncounts = 0;
    memset(&failure, 0, sizeof failure);
    fake_devices = 1, fake_arch = 90, fake_known_arch = 0;
    fake_grid[1] = fake_grid[2] = 65535, fake_layers = 2048;
    fake_pools = 1, fake_memory_mb = 1024;
    fake_early = 0;
}
FAKE_API int fake_early_frees(void) {
    return fake_early;
}
FAKE_API void fake_set(const char *what, int value) {
    if (!strcmp(what, "devices")) fake_devices = value;
    if (!strcmp(what, "arch")) fake_arch = value;
    if (!strcmp(what, "grid_y")) fake_grid[1] = value;
    if (!strcmp(what, "grid_z")) fake_grid[2] = value;
    if (!strcmp(what, "known_arch")) fake_known_arch = value;
    if (!strcmp(what, "layers")) fake_layers = value;
    if (!strcmp(what, "pools")) fake_pools = value;
    if (!strcmp(what, "memory_mb")) fake_memory_mb = value;
}
FAKE_API int fake_live(char *words, size_t size) {
    const int depth = fake_depth();
    int total = depth;
    size_t n = 0;
    words[0] = 0;
    for (int i = 0; i < FAKE_KINDS; i++) {
        if (live[i] && n < size)
            n += (size_t)snprintf(words + n, size - n, "%d %s, ", live[i], kind_names[i]);
        total += live[i] < 0 ? -live[i] : live[i];
    }
    if (depth && n < size) snprintf(words + n, size - n, "%d on the context stack", depth);
    return total;
}
