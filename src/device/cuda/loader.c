/* Finds the CUDA driver and NVRTC at run time.
 *
 * The driver is libcuda.so.1 (VXG_CUDA_LIB names another file). NVRTC is, in this order: the file
 * VXG_NVRTC_LIB alone when set; the folders of VXG_CUDA_PATH; the loader's path; /usr/local/cuda*;
 * the nvidia packages of pip beside the python3 in PATH, in VIRTUAL_ENV, CONDA_PREFIX or ~/.local.
 */
#include "device/cuda/cuda.h"

#include <dlfcn.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

vxg_cuda_api vxg__cu;
vxg_nvrtc_api vxg__nvrtc;
VXG_LOCK(load_lock, VXG_RANK_LOADER);
static void *driver, *compiler; /* stay open */
static unsigned driver_forks;   /* when the driver was loaded */

static int look_up(void *lib, const char *path, const char *name, void *slot) {
    void *p = dlsym(lib, name);
    VXG_FAIL_IF(!p, VXG_ERR_DEVICE, "%s lacks %s: CUDA 11.4 or newer is needed", path, name);
    *(void **)slot = p;
    return VXG_OK;
}

static int driver_symbols(void *lib, const char *path) {
#define X(name, arguments) VXG_TRY(look_up(lib, path, #name, &vxg__cu.name));
    VXG_CUDA_PROCS(X)
#undef X
    return VXG_OK;
}
static int compiler_symbols(void *lib, const char *path) {
#define X(name, arguments) VXG_TRY(look_up(lib, path, #name, &vxg__nvrtc.name));
    VXG_NVRTC_PROCS(X)
#undef X
    return VXG_OK;
}

static int load_driver(void) {
    const char *own = getenv("VXG_CUDA_LIB");
    const char *path = own && *own ? own : "libcuda.so.1";
    void *lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    VXG_FAIL_IF(!lib, VXG_ERR_DEVICE,
                "%s cannot be opened; install the NVIDIA driver of this machine's GPU", path);
    int status = driver_symbols(lib, path);
    if (status) {
        dlclose(lib);
    } else {
        driver = lib;
    }
    return status;
}

int vxg__cuda_load(void) {
    vxg__lock(&load_lock);
    const int was_loaded = driver != NULL;
    int status = driver ? VXG_OK : load_driver();
    if (!status && !was_loaded) driver_forks = vxg__forks();
    const int lost = !status && driver_forks != vxg__forks();
    vxg__unlock(&load_lock);
    VXG_FAIL_IF(lost, VXG_ERR_DEVICE,
                "CUDA was in use before this process was forked and does not work in the child: "
                "use it in the parent alone, or fork before it is used");
    return status;
}

/* ---- NVRTC ---- */
static void *open_nvrtc(const char *path) {
    const char *slash = strrchr(path, '/');
    glob_t beside;
    char pattern[PATH_MAX];
    /* NVRTC opens its built-ins by name; from a folder outside the loader's path it would not find
     * them unless they are already open. */
    if (slash) {
        snprintf(pattern, sizeof pattern, "%.*s/libnvrtc-builtins.so.*", (int)(slash - path), path);
        if (!glob(pattern, 0, NULL, &beside)) {
            dlopen(beside.gl_pathv[0], RTLD_LAZY | RTLD_LOCAL);
            globfree(&beside);
        }
    }
    return dlopen(path, RTLD_NOW | RTLD_LOCAL);
}

/* Tries what matches, the highest name (the newest version) first. */
static void *open_matching(const char *pattern) {
    glob_t found;
    void *lib = NULL;
    if (glob(pattern, 0, NULL, &found)) return NULL;
    for (size_t i = found.gl_pathc; i-- > 0 && !lib;) lib = open_nvrtc(found.gl_pathv[i]);
    globfree(&found);
    return lib;
}

static void *open_in_prefix(const char *prefix) {
    static const char *const places[] = {"lib/python3*/site-packages", "lib/python3*/dist-packages",
                                         "lib/python3/dist-packages"};
    char pattern[PATH_MAX + 128];
    void *lib = NULL;
    for (int i = 0; i < 3 && !lib; i++) {
        snprintf(pattern, sizeof pattern, "%s/%s/nvidia/*/lib/libnvrtc.so.*", prefix, places[i]);
        lib = open_matching(pattern);
    }
    return lib;
}

/* The folder above the bin folder in which PATH finds python3; links are followed, because a
 * system's python3 may be a link out of a virtual environment's prefix or into it. */
static int python_prefix(int follow, char *out, size_t size) {
    char path[PATH_MAX], real[PATH_MAX];
    const char *p = getenv("PATH");
    while (p && *p) {
        size_t n = strcspn(p, ":");
        snprintf(path, sizeof path, "%.*s/python3", (int)n, p);
        if (n && !access(path, X_OK)) {
            const char *used = follow && realpath(path, real) ? real : path;
            int length = (int)strlen(used);
            for (int up = 0; up < 2; up++)
                while (length > 0 && used[--length] != '/') {}
            snprintf(out, size, "%.*s", length, used);
            return 1;
        }
        p += n + (p[n] == ':');
    }
    return 0;
}

static void *open_from_pip(void) {
    char prefix[PATH_MAX];
    const char *venv = getenv("VIRTUAL_ENV"), *conda = getenv("CONDA_PREFIX"),
               *home = getenv("HOME");
    void *lib = NULL;
    if (venv && *venv) lib = open_in_prefix(venv);
    if (!lib && conda && *conda) lib = open_in_prefix(conda);
    for (int follow = 0; follow < 2 && !lib; follow++)
        if (python_prefix(follow, prefix, sizeof prefix)) lib = open_in_prefix(prefix);
    if (!lib && home && *home) {
        snprintf(prefix, sizeof prefix, "%s/.local", home);
        lib = open_in_prefix(prefix);
    }
    return lib ? lib : open_in_prefix("/usr/local");
}

static void *open_from_cuda_path(void) {
    static const char *const folders[] = {"lib64", "lib", "targets/x86_64-linux/lib", "."};
    const char *root = getenv("VXG_CUDA_PATH");
    char pattern[PATH_MAX];
    void *lib = NULL;
    for (int i = 0; root && *root && i < 4 && !lib; i++) {
        snprintf(pattern, sizeof pattern, "%s/%s/libnvrtc.so*", root, folders[i]);
        lib = open_matching(pattern);
    }
    return lib;
}

static void *open_by_name(void) {
    static const char *const names[] = {"libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2",
                                        "libnvrtc.so"};
    void *lib = NULL;
    for (int i = 0; i < 4 && !lib; i++) lib = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    return lib;
}

static int load_compiler(void) {
    const char *own = getenv("VXG_NVRTC_LIB");
    void *lib;
    if (own && *own) {
        lib = open_nvrtc(own);
        VXG_FAIL_IF(!lib, VXG_ERR_DEVICE, "VXG_NVRTC_LIB: %s cannot be opened", own);
    } else {
        lib = open_from_cuda_path();
        if (!lib) lib = open_by_name();
        if (!lib) lib = open_matching("/usr/local/cuda*/lib64/libnvrtc.so*");
        if (!lib) lib = open_from_pip();
        VXG_FAIL_IF(!lib, VXG_ERR_DEVICE,
                    "NVRTC (libnvrtc.so) is not found: install the CUDA toolkit, or "
                    "'pip install nvidia-cuda-nvrtc-cu12', or set VXG_CUDA_PATH to a toolkit");
    }
    int status = compiler_symbols(lib, own && *own ? own : "libnvrtc.so");
    if (status) {
        dlclose(lib);
    } else {
        compiler = lib;
    }
    return status;
}

int vxg__nvrtc_load(void) {
    vxg__lock(&load_lock);
    int status = compiler ? VXG_OK : load_compiler();
    vxg__unlock(&load_lock);
    return status;
}

/* ---- Status ---- */
int vxg__cu_check(CUresult code, const char *call) {
    const char *text = NULL;
    if (code == CUDA_SUCCESS) return VXG_OK;
    if (vxg__cu.cuGetErrorString(code, &text) != CUDA_SUCCESS || !text) text = "error";
    VXG_FAIL(code == CUDA_ERROR_OUT_OF_MEMORY ? VXG_ERR_MEMORY : VXG_ERR_DEVICE, "%s: %s (%d)",
             call, text, (int)code);
}

int vxg__nvrtc_check(nvrtcResult code, const char *call) {
    if (code == NVRTC_SUCCESS) return VXG_OK;
    VXG_FAIL(VXG_ERR_DEVICE, "%s: NVRTC error %d", call, (int)code);
}

/* ---- The device's context ---- */
int vxg__cuda_enter(const vxg_device *dev) {
    const cuda_impl *impl = dev->impl;
    return VXG_CU(cuCtxPushCurrent_v2, impl->context);
}
int vxg__cuda_leave(int status) {
    CUcontext own;
    int popped =
        status ? (vxg__cu.cuCtxPopCurrent_v2(&own), VXG_OK) : VXG_CU(cuCtxPopCurrent_v2, &own);
    return status ? status : popped;
}
