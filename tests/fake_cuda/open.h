/* How a test steers the simulated CUDA: its functions, looked up in the library that the backend
 * opens too. */
#ifndef VXG_FAKE_OPEN_H
#define VXG_FAKE_OPEN_H
#include <dlfcn.h>
#include <stdlib.h>

#include "device/cuda/procs.h"
#include "fake.h"

#define FAKE_LIB VXG_BINARY_DIR "/tests/libfake_cuda.so"

/* X(member, result, arguments, symbol): its own functions, then calls of the driver that a test
 * makes as a caller would. */
#define FAKE_FUNCTIONS(X)                                                                          \
    X(fail, void, (const char *, int, int), "fake_fail")                                           \
    X(fail_always, void, (const char *, int), "fake_fail_always")                                  \
    X(calls, int, (const char *), "fake_calls")                                                    \
    X(hit, int, (void), "fake_hit")                                                                \
    X(reset, void, (void), "fake_reset")                                                           \
    X(live, int, (char *, size_t), "fake_live")                                                    \
    X(set, void, (const char *, int), "fake_set")                                                  \
    X(early_frees, int, (void), "fake_early_frees")                                                \
    X(kept, size_t, (void), "fake_kept")                                                           \
    X(retain, CUresult, (CUcontext *, CUdevice), "cuDevicePrimaryCtxRetain")                       \
    X(release, CUresult, (CUdevice), "cuDevicePrimaryCtxRelease_v2")                               \
    X(push, CUresult, (CUcontext), "cuCtxPushCurrent_v2")                                          \
    X(pop, CUresult, (CUcontext *), "cuCtxPopCurrent_v2")                                          \
    X(stream_new, CUresult, (CUstream *, unsigned), "cuStreamCreate")                              \
    X(stream_free, CUresult, (CUstream), "cuStreamDestroy_v2")                                     \
    X(stream_sync, CUresult, (CUstream), "cuStreamSynchronize")                                    \
    X(capture, CUresult, (CUstream, CUstreamCaptureMode), "cuStreamBeginCapture_v2")               \
    X(capture_end, CUresult, (CUstream, CUgraph *), "cuStreamEndCapture")                          \
    X(graph_free, CUresult, (CUgraph), "cuGraphDestroy")                                           \
    X(memset8, CUresult, (CUdeviceptr, unsigned char, size_t, CUstream), "cuMemsetD8Async")        \
    X(alloc, CUresult, (CUdeviceptr *, size_t), "cuMemAlloc_v2")                                   \
    X(free, CUresult, (CUdeviceptr), "cuMemFree_v2")
static struct {
#define X(member, result, arguments, symbol) result(*member) arguments;
    FAKE_FUNCTIONS(X)
#undef X
} fake;

/* 0: there is none, or no C compiler for the kernels' texts. */
static int open_fake(void) {
    void *lib = dlopen(FAKE_LIB, RTLD_NOW | RTLD_LOCAL);
    if (!lib || system("cc --version >/dev/null 2>&1")) return 0;
#define X(member, result, arguments, symbol)                                                       \
    if (!(*(void **)&fake.member = dlsym(lib, symbol))) return 0;
    FAKE_FUNCTIONS(X)
#undef X
    return 1;
}

#define EXPECT_CLEAN()                                                                             \
    do {                                                                                           \
        char words_[256];                                                                          \
        int n_ = fake.live(words_, sizeof words_);                                                 \
        EXPECT(n_ == 0, "alive: %s", words_);                                                      \
        EXPECT(fake.early_frees() == 0, "freed early, or used before it was there: %d times",      \
               fake.early_frees());                                                                \
    } while (0)

#endif
