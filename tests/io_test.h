/* Helpers of the io tests: a scratch folder, whole files, what is left in a folder. */
#ifndef VXG_IO_TEST_H
#define VXG_IO_TEST_H
#include "test.h"
#include <voxgrad/io.h>

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char scratch[256]; /* of this program, made by the first call of at() and removed at exit */

__attribute__((unused)) static void scratch_clear(const char *folder) {
    DIR *dir = opendir(folder);
    if (!dir) return;
    for (struct dirent *e; (e = readdir(dir));) {
        char path[1024];
        struct stat st;
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
            scratch_clear(path), rmdir(path);
        else
            unlink(path);
    }
    closedir(dir);
}
__attribute__((unused)) static void scratch_remove(void) {
    scratch_clear(scratch), rmdir(scratch);
}

/* A path in the scratch folder; valid until eight more calls. */
__attribute__((unused)) static const char *at(const char *name) {
    static char paths[8][512];
    static int next;
    if (!scratch[0]) {
        const char *root = getenv("TMPDIR");
        snprintf(scratch, sizeof scratch, "%s/voxgrad-io-XXXXXX", root && *root ? root : "/tmp");
        if (!mkdtemp(scratch)) abort();
        atexit(scratch_remove);
    }
    char *p = paths[next++ % 8];
    snprintf(p, sizeof paths[0], "%s%s%s", scratch, *name ? "/" : "", name);
    return p;
}

/* Files and folders in a folder, hidden ones too. -1: no such folder. */
__attribute__((unused)) static int entries(const char *folder) {
    DIR *dir = opendir(folder);
    int n = 0;
    if (!dir) return -1;
    for (struct dirent *e; (e = readdir(dir));)
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(dir);
    return n;
}

/* A whole file; free() it. NULL when it cannot be read. One zero byte follows. */
__attribute__((unused)) static uint8_t *slurp(const char *path, size_t *n) {
    FILE *f = fopen(path, "rb");
    *n = 0;
    if (!f) return NULL;
    fseek(f, 0, SEEK_END);
    long size = ftell(f);
    rewind(f);
    uint8_t *p = calloc((size_t)size + 1, 1);
    *n = fread(p, 1, (size_t)size, f);
    fclose(f);
    return p;
}

__attribute__((unused)) static int spill(const char *path, const void *data, size_t n) {
    FILE *f = fopen(path, "wb");
    if (!f) return -1;
    size_t done = fwrite(data, 1, n, f);
    return fclose(f) != 0 || done != n;
}

__attribute__((unused)) static int same_files(const char *a, const char *b) {
    size_t n = 0, m = 0;
    uint8_t *p = slurp(a, &n), *q = slurp(b, &m);
    int same = p && q && n == m && !memcmp(p, q, n);
    free(p);
    free(q);
    return same;
}

__attribute__((unused)) static int contains(const uint8_t *p, size_t n, const char *text) {
    return memmem(p, n, text, strlen(text)) != NULL;
}

/* Files of this process may not grow over so many bytes: a full disk in small. 0: no limit again.
 */
__attribute__((unused)) static void limit_file_size(rlim_t bytes) {
    struct rlimit r;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &r);
    r.rlim_cur = bytes ? bytes : r.rlim_max;
    setrlimit(RLIMIT_FSIZE, &r);
}

#endif
