/* The first use of the library by several threads at once, in fresh processes. */
#include <pthread.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <voxgrad/voxgrad.h>

#include "test.h"

enum { THREADS = 4 };
static pthread_barrier_t start;
static const char *spec;
static int failed;

static void *open_first(void *arg) {
    vxg_device *dev;
    vxg_device_info info[8] = {0};
    int n;
    pthread_barrier_wait(&start);
    if ((intptr_t)arg % 2 && vxg_device_list(info, 8, &n)) failed = 1;
    if (vxg_device_open(spec, &dev)) {
        failed = 1;
    } else {
        vxg_device_release(dev);
    }
    if (!vxg_device_why("opencl")) failed = 1;
    return arg;
}

static int first_use(const char *device) {
    pthread_t t[THREADS];
    spec = *device ? device : NULL;
    pthread_barrier_init(&start, NULL, THREADS);
    for (intptr_t i = 0; i < THREADS; i++)
        if (pthread_create(&t[i], NULL, open_first, (void *)i)) return 1;
    for (int i = 0; i < THREADS; i++) pthread_join(t[i], NULL);
    return failed;
}

static void processes(const char *device) {
    extern char **environ;
    char own[4096];
    const ssize_t n = readlink("/proc/self/exe", own, sizeof own - 1);
    CHECK(n > 0, "where is this program?");
    own[n] = 0;
    for (int i = 0; i < 12; i++) {
        char *argv[] = {own, (char *)(uintptr_t) "--first-use", (char *)(uintptr_t)device, NULL};
        pid_t pid;
        int state = -1;
        CHECK(!posix_spawn(&pid, own, NULL, NULL, argv, environ), "spawn");
        waitpid(pid, &state, 0);
        CHECK(WIFEXITED(state) && WEXITSTATUS(state) == 0, "process %d: state %x", i, state);
    }
}

TEST(default_device)
{ processes(""); }
TEST(cpu)
{ processes("cpu"); }
TEST(opencl)
{
    vxg_device *dev;
    if (vxg_device_open("opencl", &dev)) SKIP("%s", vxg_error_message());
    vxg_device_release(dev);
    processes("opencl");
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(default_device), T(cpu), T(opencl)};
    if (argc == 3 && !strcmp(argv[1], "--first-use")) return first_use(argv[2]);
    return test_run("device_races", list, 3, argc, argv);
}
