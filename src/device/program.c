/* Program texts for run-time compilers, and the disk cache of what they made. */
#include "device/backend.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_INCLUDES 32
#define CACHE_FORMAT "voxgrad-cache-1"

typedef struct flatten {
    const char *seen[MAX_INCLUDES];
    int count;
    vxg_text *out;
} flatten;

static int add_text(flatten *f, const char *name, const char *text);

static int add_include(flatten *f, const char *name, size_t length) {
    char key[128];
    snprintf(key, sizeof key, "%.*s", (int)length, name);
    const char *text = vxg__kernel_text(key);
    VXG_FAIL_IF(!text, VXG_ERR_ARGUMENT, "#include \"%s\": the library has no such kernel header",
                key);
    for (int i = 0; i < f->count; i++)
        if (f->seen[i] == text) return VXG_OK;
    VXG_FAIL_IF(f->count == MAX_INCLUDES, VXG_ERR_ARGUMENT, "more than %d kernel headers",
                MAX_INCLUDES);
    f->seen[f->count++] = text;
    return add_text(f, key, text);
}

static int add_text(flatten *f, const char *name, const char *text) {
    int line = 0;
    vxg__text_add(f->out, "#line 1 \"%s\"\n", name);
    for (const char *p = text; *p; line++) {
        size_t n = strcspn(p, "\n");
        const char *q = p + strspn(p, " \t");
        const char *open = !strncmp(q, "#include \"", 10) ? q + 10 : NULL;
        const char *close = open ? memchr(open, '"', n - (size_t)(open - p)) : NULL;
        if (close) {
            VXG_TRY(add_include(f, open, (size_t)(close - open)));
            vxg__text_add(f->out, "#line %d \"%s\"\n", line + 2, name);
        } else {
            vxg__text_append(f->out, p, n);
            vxg__text_append(f->out, "\n", 1);
        }
        p += n + (p[n] == '\n');
    }
    return VXG_OK;
}

int vxg__program_text(const char *prelude, const char *name, const char *text, vxg_text *out) {
    flatten f = {.out = out};
    VXG_TRY(add_include(&f, prelude, strlen(prelude)));
    VXG_TRY(add_text(&f, name, text));
    return out->failed ? VXG_ERR_MEMORY : VXG_OK;
}

void vxg__program_listing(const char *source, vxg_text *out) {
    int line = 1;
    for (const char *p = source; *p; line++) {
        size_t n = strcspn(p, "\n");
        vxg__text_add(out, "%5d  %.*s\n", line, (int)n, p);
        if (!strncmp(p, "#line ", 6)) line = atoi(p + 6) - 1;
        p += n + (p[n] == '\n');
    }
}

/* ---- Cache ---- */
static pthread_mutex_t dir_lock = PTHREAD_MUTEX_INITIALIZER;

const char *vxg_cache_dir(void) {
    static _Thread_local char dir[1024];
    const char *off = getenv("VXG_CACHE"), *own = getenv("VXG_CACHE_DIR"),
               *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    dir[0] = 0;
    if (off && !strcmp(off, "0")) return dir;
    if (own && *own) {
        snprintf(dir, sizeof dir, "%s", own);
    } else if (xdg && *xdg) {
        snprintf(dir, sizeof dir, "%s/voxgrad", xdg);
    } else if (home && *home) {
        snprintf(dir, sizeof dir, "%s/.cache/voxgrad", home);
    }
    return dir;
}

static void make_dirs(char *path) {
    for (char *p = path + 1; *p; p++) {
        if (*p != '/') continue;
        *p = 0;
        mkdir(path, 0700);
        *p = '/';
    }
    mkdir(path, 0700);
}

void vxg__cache_key(char key[65], const char *const *parts, int count) {
    vxg_sha256 s;
    vxg__sha256_start(&s);
    vxg__sha256_add(&s, CACHE_FORMAT, sizeof CACHE_FORMAT);
    vxg__sha256_add(&s, VXG_VERSION, sizeof VXG_VERSION);
    for (int i = 0; i < count; i++) vxg__sha256_add(&s, parts[i], strlen(parts[i]) + 1);
    vxg__sha256_hex(&s, key);
}

/* An entry is: key, newline, checksum of the payload, newline, payload. */
#define HEAD_BYTES (65 + 65)

void vxg__cache_load(const char *key, void **data, size_t *bytes) {
    char path[1200], head[HEAD_BYTES], sum[65];
    const char *dir = vxg_cache_dir();
    *data = NULL, *bytes = 0;
    if (!*dir) return;
    snprintf(path, sizeof path, "%s/%s.bin", dir, key);
    FILE *f = fopen(path, "rb");
    struct stat st;
    if (!f) return;
    if (!fstat(fileno(f), &st) && st.st_size > HEAD_BYTES && st.st_size < (1 << 30) &&
        fread(head, 1, HEAD_BYTES, f) == HEAD_BYTES && !memcmp(head, key, 64)) {
        size_t n = (size_t)st.st_size - HEAD_BYTES;
        char *payload = vxg__calloc(n, 1);
        vxg_sha256 s;
        vxg__sha256_start(&s);
        if (payload && fread(payload, 1, n, f) == n) vxg__sha256_add(&s, payload, n);
        vxg__sha256_hex(&s, sum);
        if (payload && !memcmp(sum, head + 65, 64)) {
            *data = payload, *bytes = n;
        } else {
            vxg__log(1, "cache entry %s is damaged and will be rebuilt", path);
            vxg__free(payload);
        }
    }
    fclose(f);
}

void vxg__cache_store(const char *key, const void *data, size_t bytes) {
    char dir[1024], path[1200], temp[1264], sum[65];
    vxg_sha256 s;
    snprintf(dir, sizeof dir, "%s", vxg_cache_dir());
    if (!*dir) return;
    pthread_mutex_lock(&dir_lock);
    make_dirs(dir);
    pthread_mutex_unlock(&dir_lock);
    snprintf(path, sizeof path, "%s/%s.bin", dir, key);
    snprintf(temp, sizeof temp, "%s.%ld.%lx.tmp", path, (long)getpid(),
             (unsigned long)pthread_self());
    vxg__sha256_start(&s);
    vxg__sha256_add(&s, data, bytes);
    vxg__sha256_hex(&s, sum);
    FILE *f = fopen(temp, "wb");
    if (!f) return;
    int good =
        fprintf(f, "%.64s\n%.64s\n", key, sum) == HEAD_BYTES && fwrite(data, 1, bytes, f) == bytes;
    good = fclose(f) == 0 && good;
    if (!good || rename(temp, path)) remove(temp);
}
