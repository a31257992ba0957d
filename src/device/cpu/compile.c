/* Kernels compiled at run time on the CPU, a user's text or the library's with definitions it was
 * not built with: the system C compiler makes a shared object of the text. */
#include "device/cpu/compile.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device/build.h"

#define MAX_WORDS 64

static int write_file(const char *path, const char *text) {
    FILE *f = fopen(path, "wb");
    int good = f && fputs(text, f) >= 0;
    if (f && fclose(f)) good = 0;
    VXG_FAIL_IF(!good, VXG_ERR_DEVICE, "kernel source: cannot write %s: %s", path, strerror(errno));
    return VXG_OK;
}

static void read_log(const char *path, char *log, size_t size) {
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(log, 1, size - 1, f) : 0;
    log[n] = 0;
    if (f) fclose(f);
}

/* The compiler driver waits for children of its own and writes into pipes: what the host ignores or
 * blocks is not passed on. */
static void plain_signals(posix_spawnattr_t *how) {
    sigset_t usual, none;
    sigemptyset(&none), sigemptyset(&usual);
    sigaddset(&usual, SIGCHLD), sigaddset(&usual, SIGPIPE);
    posix_spawnattr_setsigdefault(how, &usual);
    posix_spawnattr_setsigmask(how, &none);
    posix_spawnattr_setflags(how, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
}

/* Runs the compiler with its messages in log_path. The options' words are split at spaces: no
 * shell. */
static int run_compiler(const char *cc, char *options, const char *march, const char *dtype,
                        const char *source, const char *object, const char *log_path,
                        int *exit_code) {
    char *argv[MAX_WORDS + 24], define[64];
    int n = 0;
    snprintf(define, sizeof define, "-DVXG_DTYPE_%s=1", dtype);
    const char *fixed[] = {cc,
                           "-std=gnu11",
                           "-O3",
                           march,
                           "-fPIC",
                           "-shared",
#ifdef __linux__
                           "-Wl,-z,defs", /* a function that is nowhere is the text's fault */
#endif
                           "-w",
                           "-ffp-contract=off",
                           "-fno-math-errno",
                           "-fno-trapping-math",
                           define,
                           "-o",
                           object,
                           source};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        argv[n++] = (char *)(uintptr_t)fixed[i];
    for (char *save, *w = strtok_r(options, " \t\n", &save); w;
         w = strtok_r(NULL, " \t\n", &save)) {
        VXG_FAIL_IF(n > MAX_WORDS, VXG_ERR_ARGUMENT, "kernel options: more than %d words",
                    MAX_WORDS);
        argv[n++] = w;
    }
    argv[n++] = (char *)(uintptr_t) "-lm";
    argv[n] = NULL;
    extern char **environ;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t how;
    pid_t pid;
    VXG_FAIL_IF(posix_spawn_file_actions_init(&actions), VXG_ERR_MEMORY, "out of memory");
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, log_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    int error = posix_spawnattr_init(&how);
    if (!error) {
        plain_signals(&how);
        error = posix_spawnp(&pid, cc, &actions, &how, argv, environ);
        posix_spawnattr_destroy(&how);
    }
    posix_spawn_file_actions_destroy(&actions);
    VXG_FAIL_IF(error, VXG_ERR_DEVICE,
                "no C compiler: '%s' cannot be started (%s); install one or set VXG_CC", cc,
                strerror(error));
    int state = 0;
    pid_t ended;
    while ((ended = waitpid(pid, &state, 0)) < 0 && errno == EINTR) {}
    /* A host that ignores SIGCHLD or collects every child itself leaves no state: then the object
     * says whether the compiler was content. */
    if (ended < 0) {
        *exit_code = access(object, F_OK) != 0;
    } else {
        *exit_code = WIFEXITED(state) ? WEXITSTATUS(state) : 127;
    }
    return VXG_OK;
}

static int load_object(const vxg_kernel *kernel, const char *object, const char *dtype,
                       void **module, vxg_cpu_fn *fn) {
    char symbol[128];
    void *lib = dlopen(object, RTLD_NOW | RTLD_LOCAL);
    VXG_FAIL_IF(!lib, VXG_ERR_DEVICE, "loading the compiled kernel: %s", dlerror());
    snprintf(symbol, sizeof symbol, "k_user_%s_%s", dtype, kernel->name);
    *(void **)fn = dlsym(lib, symbol);
    if (!*fn) {
        dlclose(lib);
        VXG_FAIL(VXG_ERR_ARGUMENT, "the text has no K_KERNEL called '%s'", kernel->name);
    }
    *module = lib;
    return VXG_OK;
}

static int compile_in(const char *dir, const vxg_kernel *kernel, int is_user, const char *source,
                      char *options, const char *march, void **module, vxg_cpu_fn *fn) {
    const char *cc = getenv("VXG_CC") ? getenv("VXG_CC") : "cc";
    const char *dtype = kernel->real == VXG_REAL_F64 ? "f64" : "f32";
    char c[300], so[300], log_path[300], log[4096];
    int exit_code = 0;
    snprintf(c, sizeof c, "%s/kernel.c", dir);
    snprintf(so, sizeof so, "%s/kernel.so", dir);
    snprintf(log_path, sizeof log_path, "%s/log", dir);
    int status = write_file(c, source);
    if (!status) status = run_compiler(cc, options, march, dtype, c, so, log_path, &exit_code);
    if (!status && exit_code == 127) {
        status = vxg_error_set(
            VXG_ERR_DEVICE, "no C compiler: '%s' cannot be started; install one or set VXG_CC", cc);
    } else if (!status && exit_code) {
        read_log(log_path, log, sizeof log);
        status = vxg__build_failed(kernel->name, is_user, cc, log, source);
    }
    if (!status) status = load_object(kernel, so, dtype, module, fn);
    unlink(c), unlink(so), unlink(log_path);
    return status;
}

/* For a kernel of the library when there is no compiler: which definitions need none. */
static int without_compiler(int status, const vxg_kernel *kernel, const char *unit) {
    vxg_text t = {0};
    for (const vxg_kernel_variant *v = vxg__kernel_variants; v->unit; v++)
        if (!strcmp(v->unit, unit)) vxg__text_add(&t, "%s'%s'", t.s ? ", " : "", v->options);
    status = vxg_error_context(
        status,
        "the library is built with %s%s for this kernel, others (here '%s') are compiled now",
        t.s ? "no definitions and with " : "no definitions", t.s ? t.s : "", kernel->options);
    vxg__text_free(&t);
    return status;
}

int vxg__cpu_compile(const vxg_kernel *kernel, const char *unit, const char *text,
                     const char *march, void **module, vxg_cpu_fn *fn) {
    char dir[256];
    const char *tmp = getenv("TMPDIR");
    vxg_text source = {0};
    int status = vxg__program_text("kernels/prelude/c.h", unit ? unit : "kernel", text, &source);
    char *words = status ? NULL : vxg__strdup(kernel->options);
    if (!status && !words) status = VXG_ERR_MEMORY;
    snprintf(dir, sizeof dir, "%s/voxgrad-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!status && !mkdtemp(dir))
        status = vxg_error_set(VXG_ERR_DEVICE, "kernel source: no temporary folder %s: %s", dir,
                               strerror(errno));
    if (!status) {
        status = compile_in(dir, kernel, !unit, source.s, words, march, module, fn);
        rmdir(dir);
        if (status == VXG_ERR_DEVICE && unit) status = without_compiler(status, kernel, unit);
    }
    vxg__free(words);
    vxg__text_free(&source);
    return status;
}
