/* How a test steers the simulated CUDA: its functions, looked up in the library that the backend
 * opens too. */
#ifndef VXG_FAKE_OPEN_H
#define VXG_FAKE_OPEN_H
#include <dlfcn.h>

#include "device/cuda/procs.h"
#include "fake.h"

#define FAKE_LIB VXG_BINARY_DIR "/tests/libfake_cuda.so"
static struct {
    void (*fail)(const char *, int, int);
    void (*fail_always)(const char *, int);
    int (*calls)(const char *);
    int (*hit)(void);
    void (*reset)(void);
    int (*live)(char *, size_t);
    void (*set)(const char *, int);
    int (*early_frees)(void);
    size_t (*kept)(void);
    CUresult (*retain)(CUcontext *, CUdevice);
    CUresult (*release)(CUdevice);
    CUresult (*push)(CUcontext);
    CUresult (*pop)(CUcontext *);
    CUresult (*stream_new)(CUstream *, unsigned);
    CUresult (*stream_free)(CUstream);
} fake;

static int open_fake(void) {
    void *lib = dlopen(FAKE_LIB, RTLD_NOW | RTLD_LOCAL);
    if (!lib) return 0;
    *(void **)&fake.fail = dlsym(lib, "fake_fail");
    *(void **)&fake.fail_always = dlsym(lib, "fake_fail_always");
    *(void **)&fake.calls = dlsym(lib, "fake_calls");
    *(void **)&fake.hit = dlsym(lib, "fake_hit");
    *(void **)&fake.reset = dlsym(lib, "fake_reset");
    *(void **)&fake.live = dlsym(lib, "fake_live");
    *(void **)&fake.set = dlsym(lib, "fake_set");
    *(void **)&fake.early_frees = dlsym(lib, "fake_early_frees");
    *(void **)&fake.kept = dlsym(lib, "fake_kept");
    *(void **)&fake.retain = dlsym(lib, "cuDevicePrimaryCtxRetain");
    *(void **)&fake.release = dlsym(lib, "cuDevicePrimaryCtxRelease_v2");
    *(void **)&fake.push = dlsym(lib, "cuCtxPushCurrent_v2");
    *(void **)&fake.pop = dlsym(lib, "cuCtxPopCurrent_v2");
    *(void **)&fake.stream_new = dlsym(lib, "cuStreamCreate");
    *(void **)&fake.stream_free = dlsym(lib, "cuStreamDestroy_v2");
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
