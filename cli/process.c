/* What the process owes its surroundings: standard streams that are really there, signals that stop
 * the work and leave nothing behind, results that reached standard output. */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

volatile int cli_cancel;
static volatile sig_atomic_t cancelled_by; /* number of the first signal */

/* ---- Standard streams ---- */

void cli_hold_streams(void) {
    for (int fd = 0; fd < 3; fd++) {
        if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
        /* Opened the wrong way round: results written there must fail, not vanish. The lowest free
         * number is fd itself. */
        int got = open("/dev/null", fd ? O_RDONLY : O_WRONLY);
        if (got < 0) got = open("/", O_RDONLY);
        if (got != fd) _exit(vxg_status_exit_code(VXG_ERR_FAILED)); /* no stream for words */
    }
}

int cli_flush_results(void) {
    int bad = fflush(stdout) || ferror(stdout);
    /* Some file systems report a full disk only when a descriptor is closed. */
    const int copy = bad ? -1 : dup(1);
    if (copy >= 0) bad = close(copy) != 0;
    if (!bad) return VXG_OK;
    return vxg_error_set(VXG_ERR_OUTPUT, "cannot write to standard output: %s", strerror(errno));
}

/* ---- Signals ---- */

/* Every signal that would end the process and that somebody outside sends: the terminal, the
 * scheduler, a limit. */
static const int numbers[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM,   SIGALRM,
                              SIGUSR1, SIGUSR2, SIGXCPU, SIGVTALRM, SIGPROF};
enum { SIGNALS = sizeof numbers / sizeof *numbers };

/* The first signal asks the work to stop and clean up, the next one ends the process. */
static void on_signal(int number) {
    static const char words[] = "\nvoxgrad: stopping and cleaning up (again: stop at once)\n";
    const int saved = errno;
    if (cli_cancel) {
        signal(number, SIG_DFL);
        raise(number);
        return;
    }
    cancelled_by = number;
    cli_cancel = 1;
    /* A failure is nothing to do about here: the words are a courtesy. */
    if (number != SIGHUP && isatty(2)) (void)!write(2, words, sizeof words - 1);
    errno = saved;
}

void cli_set_signals(void) {
    struct sigaction act = {.sa_handler = on_signal}, before;
    sigemptyset(&act.sa_mask);
    cancelled_by = 0;
    /* What the caller ignores stays ignored: nohup, jobs in the background of a script. */
    for (int i = 0; i < SIGNALS; i++)
        if (!sigaction(numbers[i], NULL, &before) && before.sa_handler == SIG_DFL)
            sigaction(numbers[i], &act, NULL);
    /* Writing to a reader that went away, or past a size limit, is a write error, which is cleaned
     * up after. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

void cli_ignore_signals(cli_signals *before) {
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&ignore.sa_mask);
    for (int i = 0; i < SIGNALS; i++) sigaction(numbers[i], &ignore, &before->action[i]);
}

void cli_heed_signals(const cli_signals *before) {
    for (int i = 0; i < SIGNALS; i++) sigaction(numbers[i], &before->action[i], NULL);
}

int cli_exit_code(int status) {
    if (status == VXG_ERR_CANCELLED && cancelled_by) return 128 + cancelled_by;
    return vxg_status_exit_code(status);
}
