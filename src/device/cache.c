/* The disk cache of compiled programs.
 *
 * What lies here is run, so it is believed only when nobody else can have written it: the folder
 * and the entry belong to the user and others cannot write them, and the entry's checksum is keyed
 * with a secret that only the user can read (HMAC-SHA256), so that an entry that was moved here, or
 * written while the folder stood open, is no entry. Everything is opened below the folder that was
 * checked, links are not followed, and what is no regular file is not opened.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "device/backend.h"

#define FORMAT "voxgrad-cache-2"
#define SECRET "secret"
#define SECRET_BYTES 32
#define USUAL_MB 512        /* what all entries may take; VXG_CACHE_MB */
#define LEFT_AFTER 3600     /* seconds after which a temporary file is nobody's */
#define TRIES 16            /* names for a temporary file */
#define ENTRY_NAME (64 + 4) /* key, ".bin" */

VXG_LOCK(cache_lock, VXG_RANK_LEAF); /* making folders, clearing up */

const char *vxg_cache_dir(void) {
    static _Thread_local char dir[PATH_MAX];
    const char *off = getenv("VXG_CACHE"), *own = getenv("VXG_CACHE_DIR"),
               *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int n = 0;
    dir[0] = 0;
    if (off && !strcmp(off, "0")) return dir;
    if (own && *own) {
        n = snprintf(dir, sizeof dir, "%s", own);
    } else if (xdg && *xdg) {
        n = snprintf(dir, sizeof dir, "%s/voxgrad", xdg);
    } else if (home && *home) {
        n = snprintf(dir, sizeof dir, "%s/.cache/voxgrad", home);
    }
    if (n < 0 || (size_t)n >= sizeof dir) {
        dir[0] = 0;
        vxg__log(0,
                 "the cache folder's name has %d characters, %d are possible: compiled programs "
                 "are not kept",
                 n, (int)sizeof dir - 1);
    }
    return dir;
}

void vxg__cache_key(char key[65], const char *const *parts, int count) {
    vxg_sha256 s;
    vxg__sha256_start(&s);
    vxg__sha256_add(&s, FORMAT, sizeof FORMAT);
    vxg__sha256_add(&s, VXG_VERSION, sizeof VXG_VERSION);
    for (int i = 0; i < count; i++) vxg__sha256_add(&s, parts[i], strlen(parts[i]) + 1);
    vxg__sha256_hex(&s, key);
}

/* ---- Whom to believe ---- */
/* Why what was opened is not believed; NULL: it is. */
static const char *distrust(const struct stat *st, int is_folder) {
    if (is_folder ? !S_ISDIR(st->st_mode) : !S_ISREG(st->st_mode))
        return is_folder ? "it is no folder" : "it is no regular file";
    if (st->st_uid != geteuid()) return "it belongs to another user";
    if (st->st_mode & (S_IWGRP | S_IWOTH)) return "others can write it";
    return NULL;
}

/* Opens what is in the folder, for reading; -1. FIFOs and devices are not waited for. */
static int open_own(int folder, const char *name, struct stat *st) {
    const int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        if (errno == ELOOP) vxg__log(0, "cache: %s is a link and is not used", name);
        return -1;
    }
    const char *why = fstat(fd, st) ? "it cannot be looked at" : distrust(st, 0);
    if (!why) return fd;
    vxg__log(0, "cache: %s is not used: %s", name, why);
    close(fd);
    return -1;
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

static int open_folder(int create) {
    char path[PATH_MAX];
    struct stat st;
    snprintf(path, sizeof path, "%s", vxg_cache_dir());
    if (!*path) return -1;
    if (create) {
        vxg__lock(&cache_lock);
        make_dirs(path);
        vxg__unlock(&cache_lock);
    }
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return -1;
    const char *why = fstat(fd, &st) ? "it cannot be looked at" : distrust(&st, 1);
    if (!why) return fd;
    vxg__log(0, "cache folder %s is not used: %s", path, why);
    close(fd);
    return -1;
}

static int read_all(int fd, void *out, size_t bytes) {
    char *p = out;
    while (bytes) {
        const ssize_t n = read(fd, p, bytes);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return 0;
        p += n, bytes -= (size_t)n;
    }
    return 1;
}
static int write_all(int fd, const void *data, size_t bytes) {
    const char *p = data;
    while (bytes) {
        const ssize_t n = write(fd, p, bytes);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return 0;
        p += n, bytes -= (size_t)n;
    }
    return 1;
}

static int random_bytes(void *out, size_t n) {
    ssize_t got;
    while ((got = getrandom(out, n, 0)) < 0 && errno == EINTR) {}
    return got == (ssize_t)n;
}

/* A new file that nobody had before; -1. name gets what it is called. */
static int open_temporary(int folder, char name[64]) {
    for (int i = 0; i < TRIES; i++) {
        uint64_t word[2];
        if (!random_bytes(word, sizeof word)) return -1;
        snprintf(name, 64, "%016llx%016llx.tmp", (unsigned long long)word[0],
                 (unsigned long long)word[1]);
        const int fd =
            openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd >= 0 || errno != EEXIST) return fd;
    }
    return -1;
}

/* ---- The secret: random, made once, readable by the user alone ---- */
static int read_secret(int folder, uint8_t secret[SECRET_BYTES]) {
    struct stat st;
    const int fd = open_own(folder, SECRET, &st);
    if (fd < 0) return 0;
    const int closed = !(st.st_mode & (S_IRGRP | S_IROTH));
    const int good = closed && st.st_size == SECRET_BYTES && read_all(fd, secret, SECRET_BYTES);
    if (!closed) vxg__log(0, "cache: others can read the secret; remove it to get a new one");
    close(fd);
    return good;
}

/* Of several processes that make one at once, the first link stays. */
static void make_secret(int folder) {
    uint8_t secret[SECRET_BYTES];
    char name[64];
    const int fd = random_bytes(secret, sizeof secret) ? open_temporary(folder, name) : -1;
    if (fd < 0) return;
    int good = write_all(fd, secret, sizeof secret);
    good = close(fd) == 0 && good;
    if (good) (void)!linkat(folder, name, folder, SECRET, 0);
    unlinkat(folder, name, 0);
}

static int hex_value(char c) {
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* HMAC-SHA256 (RFC 2104) of key and payload, as hex. */
static void keyed_sum(const uint8_t secret[SECRET_BYTES], const char *key, const void *data,
                      size_t bytes, char out[65]) {
    uint8_t block[64] = {0}, inner[32];
    vxg_sha256 s;
    for (int i = 0; i < 64; i++) block[i] = (uint8_t)((i < SECRET_BYTES ? secret[i] : 0) ^ 0x36);
    vxg__sha256_start(&s);
    vxg__sha256_add(&s, block, sizeof block);
    vxg__sha256_add(&s, key, 64);
    vxg__sha256_add(&s, data, bytes);
    vxg__sha256_hex(&s, out);
    for (int i = 0; i < 32; i++)
        inner[i] = (uint8_t)(16 * hex_value(out[2 * i]) + hex_value(out[2 * i + 1]));
    for (int i = 0; i < 64; i++) block[i] ^= 0x36 ^ 0x5c;
    vxg__sha256_start(&s);
    vxg__sha256_add(&s, block, sizeof block);
    vxg__sha256_add(&s, inner, sizeof inner);
    vxg__sha256_hex(&s, out);
}

/* ---- Entries: key, newline, keyed checksum, newline, payload ---- */
#define HEAD_BYTES (65 + 65)

static void *read_entry(int fd, const char *key, const uint8_t *secret, size_t n) {
    char head[HEAD_BYTES], sum[65];
    char *payload = NULL;
    if (!read_all(fd, head, sizeof head) || memcmp(head, key, 64)) return NULL;
    if (!(payload = vxg__calloc(n, 1))) return NULL;
    if (read_all(fd, payload, n)) {
        keyed_sum(secret, key, payload, n, sum);
        if (!memcmp(sum, head + 65, 64)) return payload;
    }
    vxg__free(payload);
    return NULL;
}

void vxg__cache_load(const char *key, void **data, size_t *bytes) {
    uint8_t secret[SECRET_BYTES];
    char name[ENTRY_NAME + 1];
    struct stat st;
    *data = NULL, *bytes = 0;
    const int folder = open_folder(0);
    if (folder < 0) return;
    snprintf(name, sizeof name, "%.64s.bin", key);
    const int fd = read_secret(folder, secret) ? open_own(folder, name, &st) : -1;
    if (fd >= 0) {
        if (st.st_size > HEAD_BYTES && st.st_size < (1 << 30))
            *data = read_entry(fd, key, secret, (size_t)st.st_size - HEAD_BYTES);
        if (*data) {
            *bytes = (size_t)st.st_size - HEAD_BYTES;
            futimens(fd, NULL); /* used last: kept longest */
        } else {
            vxg__log(1, "cache entry %s is damaged and will be rebuilt", name);
        }
        close(fd);
    }
    close(folder);
}

/* ---- Size ---- */
typedef struct entry {
    char name[ENTRY_NAME + 1];
    struct timespec used;
    int64_t bytes;
} entry;

static int64_t size_limit(void) {
    const char *set = getenv("VXG_CACHE_MB");
    char *end;
    const double mb = set && *set ? vxg__number(set, &end) : USUAL_MB;
    if (set && *set && (*end || !(mb >= 0 && mb < 1e9))) {
        vxg__log(0, "VXG_CACHE_MB: '%s' is no number of megabytes", set);
        return (int64_t)USUAL_MB << 20;
    }
    return (int64_t)(mb * 1048576);
}

static int is_entry(const char *name) {
    return strlen(name) == ENTRY_NAME && strspn(name, "0123456789abcdef") == 64 &&
           !strcmp(name + 64, ".bin");
}

static int older_first(const void *a, const void *b) {
    const struct timespec *s = &((const entry *)a)->used, *t = &((const entry *)b)->used;
    if (s->tv_sec != t->tv_sec) return s->tv_sec < t->tv_sec ? -1 : 1;
    return (s->tv_nsec > t->tv_nsec) - (s->tv_nsec < t->tv_nsec);
}

/* The folder's entries; temporary files that were left behind go. */
static int list_entries(int folder, DIR *dir, entry **out, int *count, int64_t *total) {
    int room = 0;
    struct stat st;
    for (struct dirent *d; (d = readdir(dir));) {
        const size_t n = strlen(d->d_name);
        const int temporary = n > 4 && !strcmp(d->d_name + n - 4, ".tmp");
        if (!temporary && !is_entry(d->d_name)) continue;
        if (fstatat(folder, d->d_name, &st, AT_SYMLINK_NOFOLLOW)) continue;
        if (temporary) {
            if (S_ISREG(st.st_mode) && st.st_mtime + LEFT_AFTER < time(NULL))
                unlinkat(folder, d->d_name, 0);
            continue;
        }
        if (*count == room) {
            room = 2 * room + 64;
            entry *more = vxg__realloc(*out, (size_t)room, sizeof *more);
            if (!more) return 0;
            *out = more;
        }
        entry *e = &(*out)[(*count)++];
        memcpy(e->name, d->d_name, sizeof e->name);
        e->used = st.st_mtim, e->bytes = st.st_size;
        *total += st.st_size;
    }
    return 1;
}

/* Removes the entries that were not used for longest, until the rest fits. */
static void bound_size(int folder, int64_t limit) {
    entry *list = NULL;
    int count = 0;
    int64_t total = 0;
    const int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        if (fd >= 0) close(fd);
        return;
    }
    if (list_entries(folder, dir, &list, &count, &total) && total > limit) {
        qsort(list, (size_t)count, sizeof *list, older_first);
        for (int i = 0; i < count && total > limit; i++)
            if (!unlinkat(folder, list[i].name, 0)) total -= list[i].bytes;
    }
    vxg__free(list);
    closedir(dir);
}

static int write_entry(int fd, const char *key, const uint8_t *secret, const void *data,
                       size_t bytes) {
    char sum[65], head[HEAD_BYTES + 1];
    keyed_sum(secret, key, data, bytes, sum);
    snprintf(head, sizeof head, "%.64s\n%.64s\n", key, sum);
    return write_all(fd, head, HEAD_BYTES) && write_all(fd, data, bytes);
}

void vxg__cache_store(const char *key, const void *data, size_t bytes) {
    uint8_t secret[SECRET_BYTES];
    char name[ENTRY_NAME + 1], temporary[64];
    const int64_t limit = size_limit();
    if ((int64_t)bytes + HEAD_BYTES > limit) return;
    const int folder = open_folder(1);
    if (folder < 0) return;
    snprintf(name, sizeof name, "%.64s.bin", key);
    if (!read_secret(folder, secret)) make_secret(folder);
    const int fd = read_secret(folder, secret) ? open_temporary(folder, temporary) : -1;
    if (fd >= 0) {
        int good = write_entry(fd, key, secret, data, bytes);
        good = close(fd) == 0 && good;
        if (!good || renameat(folder, temporary, folder, name)) unlinkat(folder, temporary, 0);
        vxg__lock(&cache_lock);
        bound_size(folder, limit);
        vxg__unlock(&cache_lock);
    }
    close(folder);
}
