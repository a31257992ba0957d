/* What the fuzz targets share: the bytes as a file in memory, and readers that use what they
 * return. */
#ifndef VXG_FUZZ_H
#define VXG_FUZZ_H
#include <voxgrad/io.h>

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char fuzz_path[64];
static void fuzz_remove(void) {
    unlink(fuzz_path);
}

/* The one file of the process, in memory, rewritten for every input. (HDF5 resolves the names of
 * the files it opens, so a nameless file does not do.) */
static const char *fuzz_file(const uint8_t *data, size_t n) {
    static int fd = -1;
    if (fd < 0) {
        snprintf(fuzz_path, sizeof fuzz_path, "/dev/shm/voxgrad-fuzz-%ld", (long)getpid());
        fd = open(fuzz_path, O_RDWR | O_CREAT | O_TRUNC, 0600);
        atexit(fuzz_remove);
    }
    if (fd < 0 || ftruncate(fd, 0) != 0 || pwrite(fd, data, n, 0) != (ssize_t)n) abort();
    return fuzz_path;
}

/* Option tables are kept by the whole library, which is not linked. */
int vxg_option_register(const char *name, const vxg_option *rows, int count) {
    (void)name, (void)rows, (void)count;
    return VXG_OK;
}

/* Nothing may stay allocated between inputs. */
static void fuzz_check_leaks(void) {
    if (vxg_alloc_live() != 0) abort();
}
#endif
