/* Loads the library given, computes, unloads it, three times: unload LIBRARY. The program is not
 * linked with the library, so that the unloading is real as far as the library lets it be. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

typedef struct array {
    char bytes[1024]; /* a vxg_array, whatever it holds */
} array;

static int round_trip(const char *path) {
    void *lib = dlopen(path, RTLD_NOW);
    if (!lib) return puts(dlerror()), 1;
    int (*set_threads)(int), (*open_device)(const char *, void **), (*fill)(void *, void *, double);
    int (*new_array)(void *, int, int, const int64_t *, void *);
    void (*release_array)(void *), (*release_device)(void *);
    *(void **)&set_threads = dlsym(lib, "vxg_set_threads");
    *(void **)&open_device = dlsym(lib, "vxg_device_open");
    *(void **)&new_array = dlsym(lib, "vxg_array_new");
    *(void **)&fill = dlsym(lib, "vxg_array_fill");
    *(void **)&release_array = dlsym(lib, "vxg_array_release");
    *(void **)&release_device = dlsym(lib, "vxg_device_release");
    void *dev;
    array a;
    const int64_t shape[2] = {512, 512};
    if (set_threads(4) || open_device("cpu", &dev) || new_array(dev, 0, 2, shape, &a)) return 1;
    if (fill(NULL, &a, 1)) return 1;
    release_array(&a);
    release_device(dev);
    if (dlclose(lib)) return puts(dlerror()), 1;
    usleep(50000); /* the pool's threads go on where they were */
    return 0;
}

int main(int argc, char **argv) {
    for (int i = 0; i < 3; i++)
        if (argc < 2 || round_trip(argv[1])) return 1;
    puts("alive");
    return 0;
}
