/* The simulated CUDA driver.
 *
 * Streams hold back what they are given until something waits for them, as late as a GPU might be:
 * host code that forgets to wait, or to zero (memory is born full of a pattern), fails its tests.
 * Kernels are compiled from the text NVRTC was given (compiler.c) and run block by block. */
#include "fake_internal.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards memory and textures */
/* ---- Operations, streams, graphs ---- */
typedef struct operation {
    struct operation *next;
    int kind; /* 'c' copy, 'z' set, 'k' kernel, 'e' an event is reached, 'w' wait for one; of a
                 pool: 'a' memory is there, 'f' it is given back */
    void *dst;
    const void *src;
    size_t bytes;
    int value;
    fake_launch launch;
    CUevent event;
    int nth; /* which record of the event */
} operation;
typedef struct op_list {
    operation *first, **end;
} op_list;
struct CUstream_st {
    CUcontext context;
    op_list pending;
    struct CUgraph_st *recording;
    struct CUstream_st *next;
};
struct CUgraph_st {
    op_list list;
    int spoilt;
};
/* What this thread records; what might be part of another stream's work spoils it unless the
 * thread has said that it knows. */
static _Thread_local struct CUgraph_st *own_recording;
static _Thread_local CUstreamCaptureMode capture_mode = 1;
int fake_is_unsafe(void) {
    const int unsafe = own_recording && capture_mode != 2;
    if (unsafe) own_recording->spoilt = 1;
    return unsafe;
}
struct CUgraphExec_st {
    op_list list;
};
struct CUevent_st {
    int records, reached; /* how often; the work before the last `reached` records is done */
    int references;       /* the owner's and those of queued operations */
    CUstream stream;      /* of the last record */
};
static CUstream streams;
/* Guards the streams and what they hold back; work runs under it. */
static pthread_mutex_t work_lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

static void list_add(op_list *l, const operation *op) {
    operation *copy = malloc(sizeof *copy);
    *copy = *op;
    copy->next = NULL;
    if (!l->first) l->end = &l->first;
    *l->end = copy, l->end = &copy->next;
}
static void list_copy(op_list *to, const op_list *from) {
    for (const operation *op = from->first; op; op = op->next) list_add(to, op);
}
static void list_free(op_list *l) {
    for (operation *op = l->first, *next; op; op = next) next = op->next, free(op);
    l->first = NULL;
}
static void drop_event(CUevent e) {
    if (--e->references == 0) free(e);
}
static void run_one(CUstream s);
static void pool_step(int kind, void *memory);
static void pools_after_wait(void);
static void check_born(const operation *op);
/* Runs the stream of the event as far as the event's nth record. */
static void run_until(CUevent e, int nth) {
    while (e->reached < nth && e->stream->pending.first) run_one(e->stream);
}
static void run_one(CUstream s) {
    operation *op = s->pending.first;
    s->pending.first = op->next;
    if (op->kind == 'c') memmove(op->dst, op->src, op->bytes);
    if (op->kind == 'z') memset(op->dst, op->value, op->bytes);
    if (op->kind == 'k') fake_run(&op->launch);
    if (op->kind == 'w') run_until(op->event, op->nth);
    if (op->kind == 'a' || op->kind == 'f') pool_step(op->kind, op->dst);
    check_born(op);
    if (op->kind == 'e' && op->event->reached < op->nth) op->event->reached = op->nth;
    if (op->event) drop_event(op->event);
    free(op);
}
static void run_pending(CUstream s) {
    pthread_mutex_lock(&work_lock);
    while (s->pending.first) run_one(s);
    pthread_mutex_unlock(&work_lock);
}
static int is_stream(CUstream s) {
    int found = 0;
    pthread_mutex_lock(&work_lock);
    for (CUstream t = streams; t; t = t->next) found |= t == s;
    pthread_mutex_unlock(&work_lock);
    return found;
}
/* A stream by its handle, NULL being the default one, which is there without having been made. */
static int find_stream(CUstream *s) {
    static struct CUstream_st first;
    static int listed;
    if (*s) return is_stream(*s);
    pthread_mutex_lock(&work_lock);
    if (!listed) first.next = streams, streams = &first;
    listed = 1;
    first.context = fake_context();
    pthread_mutex_unlock(&work_lock);
    *s = &first;
    return 1;
}
static void submit(CUstream s, const operation *op) {
    pthread_mutex_lock(&work_lock);
    list_add(s->recording ? &s->recording->list : &s->pending, op);
    pthread_mutex_unlock(&work_lock);
}

FAKE_API CUresult cuStreamCreate(CUstream *stream, unsigned flags) {
    ENTER(cuStreamCreate);
    NEED_CONTEXT;
    NEED(flags <= 1, INVALID);
    CUstream s = calloc(1, sizeof *s);
    s->context = fake_context();
    pthread_mutex_lock(&work_lock);
    s->next = streams, streams = s;
    pthread_mutex_unlock(&work_lock);
    fake_count(FAKE_STREAM, 1);
    *stream = s;
    return 0;
}
FAKE_API CUresult cuStreamDestroy_v2(CUstream stream) {
    int code = fake_enter("cuStreamDestroy_v2");
    NEED(is_stream(stream), BAD_HANDLE);
    run_pending(stream);
    if (stream->recording == own_recording) own_recording = NULL;
    if (stream->recording) list_free(&stream->recording->list), free(stream->recording);
    pthread_mutex_lock(&work_lock);
    for (CUstream *p = &streams; *p; p = &(*p)->next)
        if (*p == stream) {
            *p = stream->next;
            break;
        }
    pthread_mutex_unlock(&work_lock);
    free(stream);
    fake_count(FAKE_STREAM, -1);
    return code;
}
/* What is held back will never run. Who waits for its events is let go: the error has been told,
 * and the stream may be gone by then. */
static void give_up(CUstream s) {
    pthread_mutex_lock(&work_lock);
    for (operation *op = s->pending.first; op; op = op->next) {
        if (op->kind == 'e' && op->event->reached < op->nth) op->event->reached = op->nth;
        if (op->event) drop_event(op->event);
    }
    list_free(&s->pending);
    pthread_mutex_unlock(&work_lock);
}
FAKE_API CUresult cuStreamSynchronize(CUstream stream) {
    int code = fake_enter("cuStreamSynchronize");
    NEED(find_stream(&stream), BAD_HANDLE);
    if (code) {
        give_up(stream);
        return code;
    }
    NEED(!stream->recording, CAPTURING);
    run_pending(stream);
    pools_after_wait();
    return 0;
}
void fake_run_all(void) {
    pthread_mutex_lock(&work_lock);
    for (CUstream s = streams; s; s = s->next) run_pending(s);
    pthread_mutex_unlock(&work_lock);
}
FAKE_API CUresult cuCtxSynchronize(void) {
    int code = fake_enter("cuCtxSynchronize");
    SAFE;
    NEED_CONTEXT;
    fake_run_all();
    return code;
}
FAKE_API CUresult cuStreamGetCtx(CUstream stream, CUcontext *context) {
    ENTER(cuStreamGetCtx);
    NEED_CONTEXT;
    NEED(find_stream(&stream), BAD_HANDLE);
    *context = stream->context;
    return 0;
}
FAKE_API CUresult cuStreamIsCapturing(CUstream stream, CUstreamCaptureStatus *status) {
    ENTER(cuStreamIsCapturing);
    NEED_CONTEXT;
    NEED(find_stream(&stream), BAD_HANDLE);
    *status = stream->recording != NULL;
    return 0;
}
FAKE_API CUresult cuStreamBeginCapture_v2(CUstream stream, CUstreamCaptureMode mode) {
    ENTER(cuStreamBeginCapture_v2);
    NEED(find_stream(&stream) && mode == 1, INVALID);
    NEED(!stream->recording, CAPTURING);
    stream->recording = calloc(1, sizeof *stream->recording);
    own_recording = stream->recording;
    return 0;
}
FAKE_API CUresult cuThreadExchangeStreamCaptureMode(CUstreamCaptureMode *mode) {
    ENTER(cuThreadExchangeStreamCaptureMode);
    const CUstreamCaptureMode before = capture_mode;
    capture_mode = *mode, *mode = before;
    return 0;
}
FAKE_API CUresult cuStreamEndCapture(CUstream stream, CUgraph *graph) {
    int code = fake_enter("cuStreamEndCapture");
    NEED(find_stream(&stream) && stream->recording, INVALID);
    own_recording = NULL;
    if (stream->recording->spoilt && !code) code = 901;
    if (code) { /* an invalidated capture ends, and yields nothing */
        list_free(&stream->recording->list), free(stream->recording);
        stream->recording = NULL, *graph = NULL;
        return code;
    }
    *graph = stream->recording, stream->recording = NULL;
    fake_count(FAKE_GRAPH, 1);
    return 0;
}
FAKE_API CUresult cuGraphInstantiateWithFlags(CUgraphExec *exec, CUgraph graph,
                                              unsigned long long flags) {
    ENTER(cuGraphInstantiateWithFlags);
    NEED(graph && !flags, INVALID);
    *exec = calloc(1, sizeof **exec);
    list_copy(&(*exec)->list, &graph->list);
    fake_count(FAKE_EXEC, 1);
    return 0;
}
FAKE_API CUresult cuGraphLaunch(CUgraphExec exec, CUstream stream) {
    ENTER(cuGraphLaunch);
    NEED(exec && find_stream(&stream) && !stream->recording, INVALID);
    pthread_mutex_lock(&work_lock);
    list_copy(&stream->pending, &exec->list);
    pthread_mutex_unlock(&work_lock);
    return 0;
}
FAKE_API CUresult cuGraphExecDestroy(CUgraphExec exec) {
    int code = fake_enter("cuGraphExecDestroy");
    list_free(&exec->list), free(exec);
    fake_count(FAKE_EXEC, -1);
    return code;
}
FAKE_API CUresult cuGraphDestroy(CUgraph graph) {
    int code = fake_enter("cuGraphDestroy");
    list_free(&graph->list), free(graph);
    fake_count(FAKE_GRAPH, -1);
    return code;
}

/* ---- Events ---- */
FAKE_API CUresult cuEventCreate(CUevent *event, unsigned flags) {
    ENTER(cuEventCreate);
    NEED_CONTEXT;
    NEED(!flags || flags == 2, INVALID);
    *event = calloc(1, sizeof **event);
    (*event)->references = 1;
    fake_count(FAKE_EVENT, 1);
    return 0;
}
FAKE_API CUresult cuEventDestroy_v2(CUevent event) {
    int code = fake_enter("cuEventDestroy_v2");
    pthread_mutex_lock(&work_lock);
    drop_event(event);
    pthread_mutex_unlock(&work_lock);
    fake_count(FAKE_EVENT, -1);
    return code;
}
FAKE_API CUresult cuEventRecord(CUevent event, CUstream stream) {
    ENTER(cuEventRecord);
    NEED_CONTEXT;
    NEED(find_stream(&stream), BAD_HANDLE);
    NEED(!stream->recording, CAPTURING);
    pthread_mutex_lock(&work_lock);
    /* what was recorded before is given up: who waits for it by now keeps its own number */
    if (event->records) run_until(event, event->records);
    event->stream = stream;
    operation op = {.kind = 'e', .event = event, .nth = ++event->records};
    event->references++;
    list_add(&stream->pending, &op);
    pthread_mutex_unlock(&work_lock);
    return 0;
}
FAKE_API CUresult cuStreamWaitEvent(CUstream stream, CUevent event, unsigned flags) {
    ENTER(cuStreamWaitEvent);
    NEED_CONTEXT;
    NEED(find_stream(&stream) && !flags, BAD_HANDLE);
    NEED(!stream->recording, CAPTURING);
    pthread_mutex_lock(&work_lock);
    operation op = {.kind = 'w', .event = event, .nth = event->records};
    event->references++;
    list_add(&stream->pending, &op);
    pthread_mutex_unlock(&work_lock);
    return 0;
}
FAKE_API CUresult cuEventQuery(CUevent event) {
    ENTER(cuEventQuery);
    SAFE;
    pthread_mutex_lock(&work_lock);
    const int done = event->reached == event->records;
    pthread_mutex_unlock(&work_lock);
    return done ? 0 : 600;
}
FAKE_API CUresult cuEventSynchronize(CUevent event) {
    ENTER(cuEventSynchronize);
    SAFE;
    NEED(event->records, BAD_HANDLE);
    pthread_mutex_lock(&work_lock);
    run_until(event, event->records);
    pthread_mutex_unlock(&work_lock);
    pools_after_wait();
    return 0;
}
FAKE_API CUresult cuEventElapsedTime(float *ms, CUevent begin, CUevent end) {
    ENTER(cuEventElapsedTime);
    NEED(begin->records && end->records, BAD_HANDLE);
    NEED(end->reached == end->records, 600); /* not ready */
    *ms = 1.5f;
    return 0;
}

/* ---- Memory ---- */
typedef struct block {
    struct block *next;
    char *p;
    size_t bytes;
    CUmemoryPool pool; /* NULL: a plain allocation, or pinned memory of the host */
    int born;          /* its stream has come to the allocation */
    int is_pinned;
} block;
struct CUmemPoolHandle_st {
    size_t kept, used, bound; /* bytes that were freed to it, that are in use, that may be both */
    CUmemoryPool next;
};
static CUmemoryPool pools;
static block *blocks;
static size_t in_use; /* bytes of plain and pools' blocks, and of what pools keep */

/* The lock is held. */
static block **find_block(const void *p) {
    block **b = &blocks;
    while (*b && ((const char *)p < (*b)->p || (const char *)p >= (*b)->p + (*b)->bytes))
        b = &(*b)->next;
    return b;
}

int fake_is_memory(const void *p, size_t bytes) {
    pthread_mutex_lock(&lock);
    const block *b = *find_block(p);
    const int good = b && (const char *)p + bytes <= b->p + b->bytes;
    pthread_mutex_unlock(&lock);
    return good;
}

/* Work on memory that is not there yet, or no more: in another stream, without an order. */
static int is_unborn(const void *p) {
    const block *b = p ? *find_block(p) : NULL;
    return b && !b->born;
}
static void check_born(const operation *op) {
    int bad = 0;
    pthread_mutex_lock(&lock);
    if (op->kind == 'c' || op->kind == 'z') bad = is_unborn(op->dst) || is_unborn(op->src);
    for (int i = 0; op->kind == 'k' && i < 8; i++) bad |= is_unborn(op->launch.buffer[i]);
    fake_early += bad;
    pthread_mutex_unlock(&lock);
}

/* Whether work that is queued will touch the block. */
static int in_block(const block *b, const void *p) {
    return (const char *)p >= b->p && (const char *)p < b->p + b->bytes;
}
static int is_queued(const block *b) {
    int used = 0;
    pthread_mutex_lock(&work_lock);
    for (CUstream s = streams; s; s = s->next)
        for (const operation *op = s->pending.first; op; op = op->next) {
            if (op->kind == 'a' || op->kind == 'f') continue;
            if (op->dst) used |= in_block(b, op->dst);
            if (op->src) used |= in_block(b, op->src);
            for (int i = 0; op->kind == 'k' && i < 8; i++)
                used |= in_block(b, op->launch.buffer[i]);
        }
    pthread_mutex_unlock(&work_lock);
    return used;
}

/* A block full of a pattern; 2 when there is no room. What pools keep is room for their own. */
static CUresult new_block(size_t bytes, CUmemoryPool pool, int is_pinned, block **out) {
    pthread_mutex_lock(&lock);
    const size_t reused = !pool ? 0 : bytes < pool->kept ? bytes : pool->kept;
    const int fits = is_pinned || in_use - reused + bytes <= (size_t)fake_memory_mb << 20;
    if (fits && !is_pinned) in_use += bytes - reused;
    if (fits && pool) pool->kept -= reused, pool->used += bytes;
    pthread_mutex_unlock(&lock);
    NEED(fits, 2);
    block *b = calloc(1, sizeof *b);
    *b = (block){.p = malloc(bytes), .bytes = bytes, .pool = pool, .born = !pool};
    b->is_pinned = is_pinned;
    memset(b->p, 0xFF, bytes);
    pthread_mutex_lock(&lock);
    b->next = blocks, blocks = b;
    pthread_mutex_unlock(&lock);
    fake_count(is_pinned ? FAKE_PINNED : FAKE_MEMORY, 1);
    *out = b;
    return 0;
}
static CUresult free_block(const void *p, int is_pinned) {
    pthread_mutex_lock(&lock);
    block **at = find_block(p), *found = *at;
    const int good = found && found->p == p && !found->pool && found->is_pinned == is_pinned;
    if (good) *at = found->next;
    if (good && !is_pinned) in_use -= found->bytes;
    pthread_mutex_unlock(&lock);
    NEED(good, INVALID);
    if (is_queued(found)) fake_early++;
    fake_run_all(); /* a driver may wait for the device here, or not */
    free(found->p), free(found);
    fake_count(is_pinned ? FAKE_PINNED : FAKE_MEMORY, -1);
    return 0;
}

FAKE_API CUresult cuMemAlloc_v2(CUdeviceptr *pointer, size_t bytes) {
    block *b;
    ENTER(cuMemAlloc_v2);
    SAFE;
    NEED_CONTEXT;
    NEED(bytes > 0, INVALID);
    const CUresult code = new_block(bytes, NULL, 0, &b);
    if (!code) *pointer = (CUdeviceptr)(uintptr_t)b->p;
    return code;
}
FAKE_API CUresult cuMemFree_v2(CUdeviceptr pointer) {
    const int code = fake_enter("cuMemFree_v2");
    SAFE;
    const CUresult done = free_block((const void *)(uintptr_t)pointer, 0);
    return done ? done : code;
}
FAKE_API CUresult cuMemHostAlloc(void **memory, size_t bytes, unsigned flags) {
    block *b;
    ENTER(cuMemHostAlloc);
    SAFE;
    NEED_CONTEXT;
    NEED(bytes > 0 && flags == 3, INVALID);
    const CUresult code = new_block(bytes, NULL, 1, &b);
    if (!code) *memory = b->p;
    return code;
}
FAKE_API CUresult cuMemHostGetDevicePointer_v2(CUdeviceptr *pointer, void *memory, unsigned flags) {
    ENTER(cuMemHostGetDevicePointer_v2);
    NEED(!flags && fake_is_memory(memory, 1), INVALID);
    *pointer = (CUdeviceptr)(uintptr_t)memory;
    return 0;
}
FAKE_API CUresult cuMemFreeHost(void *memory) {
    const int code = fake_enter("cuMemFreeHost");
    SAFE;
    const CUresult done = free_block(memory, 1);
    return done ? done : code;
}

/* ---- Pools: memory is there when its stream comes to it, and stays until trimmed ---- */
static void pool_step(int kind, void *memory) {
    pthread_mutex_lock(&lock);
    block **at = find_block(memory), *b = *at;
    if (b && kind == 'a') b->born = 1;
    if (b && kind == 'f') {
        *at = b->next;
        b->pool->kept += b->bytes, b->pool->used -= b->bytes;
        free(b->p), free(b);
        fake_count(FAKE_MEMORY, -1);
    }
    pthread_mutex_unlock(&lock);
}
FAKE_API CUresult cuMemPoolCreate(CUmemoryPool *pool, const CUmemPoolProps *props) {
    ENTER(cuMemPoolCreate);
    NEED(props->allocType == 1 && !props->handleTypes && props->location.type == 1, INVALID);
    NEED(props->location.id >= 0 && props->location.id < fake_devices, INVALID);
    NEED(!props->win32SecurityAttributes && !props->maxSize && fake_pools, INVALID);
    *pool = calloc(1, sizeof **pool);
    pthread_mutex_lock(&lock);
    (*pool)->next = pools, pools = *pool;
    pthread_mutex_unlock(&lock);
    fake_count(FAKE_POOL, 1);
    return 0;
}
static void keep_at_most(CUmemoryPool pool, size_t bytes) {
    pthread_mutex_lock(&lock);
    const size_t free_bytes = bytes > pool->used ? bytes - pool->used : 0;
    if (pool->kept > free_bytes) in_use -= pool->kept - free_bytes, pool->kept = free_bytes;
    pthread_mutex_unlock(&lock);
}
FAKE_API size_t fake_kept(void) {
    size_t n = 0;
    for (CUmemoryPool p = pools; p; p = p->next) n += p->kept;
    return n;
}
/* Beyond the bound a pool gives memory back whenever something waits. */
static void pools_after_wait(void) {
    for (CUmemoryPool p = pools; p; p = p->next) keep_at_most(p, p->bound);
}
FAKE_API CUresult cuMemPoolSetAttribute(CUmemoryPool pool, CUmemPool_attribute what, void *value) {
    ENTER(cuMemPoolSetAttribute);
    NEED(what == 4, INVALID);
    pool->bound = (size_t) * (uint64_t *)value;
    return 0;
}
FAKE_API CUresult cuMemPoolTrimTo(CUmemoryPool pool, size_t bytes) {
    ENTER(cuMemPoolTrimTo);
    NEED_CONTEXT;
    keep_at_most(pool, bytes);
    return 0;
}
FAKE_API CUresult cuMemPoolDestroy(CUmemoryPool pool) {
    const int code = fake_enter("cuMemPoolDestroy");
    fake_run_all();
    keep_at_most(pool, 0);
    pthread_mutex_lock(&lock);
    CUmemoryPool *at = &pools;
    while (*at != pool) at = &(*at)->next;
    *at = pool->next;
    const int empty = !pool->used;
    pthread_mutex_unlock(&lock);
    NEED(empty, INVALID);
    free(pool);
    fake_count(FAKE_POOL, -1);
    return code;
}
FAKE_API CUresult cuMemAllocFromPoolAsync(CUdeviceptr *pointer, size_t bytes, CUmemoryPool pool,
                                          CUstream stream) {
    block *b;
    ENTER(cuMemAllocFromPoolAsync);
    NEED_CONTEXT;
    NEED(bytes > 0 && find_stream(&stream) && !stream->recording, INVALID);
    const CUresult code = new_block(bytes, pool, 0, &b);
    NEED(!code, code);
    const operation op = {.kind = 'a', .dst = b->p};
    submit(stream, &op);
    *pointer = (CUdeviceptr)(uintptr_t)b->p;
    return 0;
}
FAKE_API CUresult cuMemFreeAsync(CUdeviceptr pointer, CUstream stream) {
    const operation op = {.kind = 'f', .dst = (void *)(uintptr_t)pointer};
    const int code = fake_enter("cuMemFreeAsync");
    pthread_mutex_lock(&lock);
    const block *b = *find_block(op.dst);
    pthread_mutex_unlock(&lock);
    NEED(b && b->p == op.dst && b->pool && find_stream(&stream), INVALID);
    if (is_queued(b)) fake_early++;
    submit(stream, &op);
    return code;
}
FAKE_API CUresult cuPointerGetAttribute(void *data, CUpointer_attribute what, CUdeviceptr pointer) {
    ENTER(cuPointerGetAttribute);
    NEED(what == 9 && fake_is_memory((void *)(uintptr_t)pointer, 1), INVALID);
    NEED_CONTEXT;
    *(int *)data = 0; /* all memory is the first device's */
    return 0;
}
static CUresult copy(void *dst, const void *src, size_t bytes, CUstream stream) {
    operation op = {.kind = 'c', .dst = dst, .src = src, .bytes = bytes};
    NEED_CONTEXT;
    NEED(find_stream(&stream), BAD_HANDLE);
    submit(stream, &op);
    return 0;
}
FAKE_API CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr dst, const void *src, size_t bytes,
                                       CUstream stream) {
    ENTER(cuMemcpyHtoDAsync_v2);
    NEED(fake_is_memory((void *)(uintptr_t)dst, bytes), INVALID);
    return copy((void *)(uintptr_t)dst, src, bytes, stream);
}
FAKE_API CUresult cuMemcpyDtoHAsync_v2(void *dst, CUdeviceptr src, size_t bytes, CUstream stream) {
    ENTER(cuMemcpyDtoHAsync_v2);
    NEED(fake_is_memory((void *)(uintptr_t)src, bytes), INVALID);
    return copy(dst, (void *)(uintptr_t)src, bytes, stream);
}
FAKE_API CUresult cuMemcpyAsync(CUdeviceptr dst, CUdeviceptr src, size_t bytes, CUstream stream) {
    ENTER(cuMemcpyAsync);
    NEED(fake_is_memory((void *)(uintptr_t)dst, bytes), INVALID);
    NEED(fake_is_memory((void *)(uintptr_t)src, bytes), INVALID);
    return copy((void *)(uintptr_t)dst, (void *)(uintptr_t)src, bytes, stream);
}
FAKE_API CUresult cuMemsetD8Async(CUdeviceptr dst, unsigned char value, size_t bytes,
                                  CUstream stream) {
    operation op = {.kind = 'z', .dst = (void *)(uintptr_t)dst, .bytes = bytes, .value = value};
    ENTER(cuMemsetD8Async);
    NEED_CONTEXT;
    NEED(fake_is_memory(op.dst, bytes), INVALID);
    NEED(find_stream(&stream), BAD_HANDLE);
    submit(stream, &op);
    return 0;
}

/* ---- Layered textures ---- */
struct CUarray_st {
    struct CUarray_st *next;
    size_t width, height, layers;
    float *data;
};
/* What fake_tex2DLayered of device.h reads. */
struct texture {
    const float *data;
    int width, height;
    struct texture *next;
};
static struct texture *textures;

FAKE_API CUresult cuArray3DCreate_v2(CUarray *array, const CUDA_ARRAY3D_DESCRIPTOR *d) {
    ENTER(cuArray3DCreate_v2);
    SAFE;
    NEED_CONTEXT;
    NEED(d->Format == 32 && d->NumChannels == 1 && d->Flags == 1, INVALID);
    NEED(d->Width && d->Height && d->Depth && d->Width <= 32768 && d->Height <= 32768, INVALID);
    NEED(d->Depth <= (size_t)fake_layers, INVALID);
    const size_t n = d->Width * d->Height * d->Depth;
    *array = calloc(1, sizeof **array);
    (*array)->width = d->Width, (*array)->height = d->Height, (*array)->layers = d->Depth;
    (*array)->data = malloc(n * sizeof(float));
    memset((*array)->data, 0xFF, n * sizeof(float));
    fake_count(FAKE_ARRAY, 1);
    return 0;
}
FAKE_API CUresult cuArrayDestroy(CUarray array) {
    int code = fake_enter("cuArrayDestroy");
    SAFE;
    fake_run_all();
    free(array->data), free(array);
    fake_count(FAKE_ARRAY, -1);
    return code;
}
FAKE_API CUresult cuMemcpy3DAsync_v2(const CUDA_MEMCPY3D *c, CUstream stream) {
    const CUarray a = c->dstArray;
    const size_t bytes = c->srcPitch * c->srcHeight * c->Depth;
    ENTER(cuMemcpy3DAsync_v2);
    NEED_CONTEXT;
    NEED(find_stream(&stream), BAD_HANDLE);
    NEED(c->srcMemoryType == 2 && c->dstMemoryType == 3 && !c->srcXInBytes && !c->srcY, INVALID);
    NEED(!c->srcZ && !c->srcLOD && !c->dstXInBytes && !c->dstY && !c->dstLOD, INVALID);
    NEED(c->WidthInBytes == a->width * 4 && c->srcPitch == c->WidthInBytes, INVALID);
    NEED(c->Height == a->height && c->srcHeight == a->height && c->Depth, INVALID);
    NEED(c->dstZ <= a->layers && c->Depth <= a->layers - c->dstZ, INVALID);
    NEED(fake_is_memory((void *)(uintptr_t)c->srcDevice, bytes), INVALID);
    operation op = {.kind = 'c', .src = (void *)(uintptr_t)c->srcDevice, .bytes = bytes};
    op.dst = a->data + c->dstZ * a->height * a->width;
    submit(stream, &op);
    return 0;
}
FAKE_API CUresult cuTexObjectCreate(CUtexObject *texture, const CUDA_RESOURCE_DESC *r,
                                    const CUDA_TEXTURE_DESC *t,
                                    const CUDA_RESOURCE_VIEW_DESC *view) {
    ENTER(cuTexObjectCreate);
    NEED_CONTEXT;
    NEED(r->resType == 0 && r->res.array.hArray && !r->flags && !view, INVALID);
    NEED(t->filterMode == 1 && !t->flags, INVALID); /* linear; texels by number */
    for (int i = 0; i < 2; i++) NEED(t->addressMode[i] == 3, INVALID); /* border */
    const CUarray a = r->res.array.hArray;
    struct texture *made = calloc(1, sizeof *made);
    made->data = a->data, made->width = (int)a->width, made->height = (int)a->height;
    pthread_mutex_lock(&lock);
    made->next = textures, textures = made;
    pthread_mutex_unlock(&lock);
    fake_count(FAKE_TEXTURE, 1);
    *texture = (CUtexObject)(uintptr_t)made;
    return 0;
}
FAKE_API CUresult cuTexObjectDestroy(CUtexObject texture) {
    int code = fake_enter("cuTexObjectDestroy");
    fake_run_all();
    pthread_mutex_lock(&lock);
    struct texture **p = &textures, *found;
    while (*p && *p != (struct texture *)(uintptr_t)texture) p = &(*p)->next;
    if ((found = *p)) *p = found->next;
    pthread_mutex_unlock(&lock);
    NEED(found, INVALID);
    free(found);
    fake_count(FAKE_TEXTURE, -1);
    return code;
}
int fake_is_texture(const void *p) {
    int found = 0;
    pthread_mutex_lock(&lock);
    for (const struct texture *t = textures; t; t = t->next) found |= t == p;
    pthread_mutex_unlock(&lock);
    return found;
}

/* ---- Launches ---- */
FAKE_API CUresult cuLaunchKernel(CUfunction function, unsigned gx, unsigned gy, unsigned gz,
                                 unsigned bx, unsigned by, unsigned bz, unsigned shared,
                                 CUstream stream, void **params, void **extra) {
    operation op = {.kind = 'k'};
    ENTER(cuLaunchKernel);
    NEED_CONTEXT;
    NEED(find_stream(&stream), BAD_HANDLE);
    NEED(gx && gy && gz && bx && by && bz && !shared && !extra, INVALID);
    NEED(gx <= (unsigned)fake_grid[0] && gy <= (unsigned)fake_grid[1] &&
             gz <= (unsigned)fake_grid[2],
         INVALID);
    NEED(bx <= 1024 && by <= 1024 && bz <= 64 && bx * by * bz <= 1024, INVALID);
    op.launch.function = function;
    memcpy(op.launch.grid, (unsigned[3]){gx, gy, gz}, sizeof op.launch.grid);
    memcpy(op.launch.block, (unsigned[3]){bx, by, bz}, sizeof op.launch.block);
    NEED(!fake_take_arguments(&op.launch, params), INVALID);
    submit(stream, &op);
    return 0;
}
