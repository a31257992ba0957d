/* Preloaded into the command: sends the process SIGNAL_NUMBER when it first makes a file whose path
   contains SIGNAL_PATH. So a test interrupts the command at the same moment of its work on every
   machine, however fast. A signal that the shell of a test in the background ignores is heeded
   again, unless SIGNAL_IGNORED is set: then it is ignored. */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int open_function(const char *path, int flags, ...);

static void signal_once(const char *path, int flags) {
    static volatile sig_atomic_t sent;
    const char *part = getenv("SIGNAL_PATH"), *number = getenv("SIGNAL_NUMBER");
    if (!(flags & O_CREAT) || !part || !number || sent || !strstr(path, part)) return;
    sent = 1;
    kill(getpid(), atoi(number)); /* the process: threads of the library block signals */
}

__attribute__((constructor)) static void set_action(void) {
    const char *number = getenv("SIGNAL_NUMBER");
    if (number) signal(atoi(number), getenv("SIGNAL_IGNORED") ? SIG_IGN : SIG_DFL);
}

static int forward(const char *name, const char *path, int flags, unsigned mode) {
    open_function *next = NULL;
    void *symbol = dlsym(RTLD_NEXT, name);
    memcpy(&next, &symbol, sizeof next);
    signal_once(path, flags);
    return next(path, flags, mode);
}

#define WRAP(name)                                                                                 \
    __attribute__((visibility("default"))) int name(const char *path, int flags, ...) {            \
        va_list args;                                                                              \
        va_start(args, flags);                                                                     \
        unsigned mode = flags & O_CREAT ? va_arg(args, unsigned) : 0;                              \
        va_end(args);                                                                              \
        return forward(#name, path, flags, mode);                                                  \
    }

WRAP(open)
#ifdef __GLIBC__
WRAP(open64)
#endif
