/* The journal of a commit, and what the next run does with it.
 *
 * Renaming several files is no one step. Before the first one the lock file gets the list of all
 * that will be done, closed by a checksum, and is on the disk, as the new files are. From then on
 * the commit is decided. A run that dies between two renamings leaves the list: when every new
 * file is still there, under its temporary or its own name, the rest is renamed; otherwise (the
 * commit had failed and was being taken back) the old files get their names again. Either way the
 * last file, the seal, is the first to go and the last to come: a folder that has it is whole.
 *
 * Outputs may lie in several folders, each with its lock file: the first one's holds the list, the
 * others point to it.
 *
 * Lines: "commit ID", then "file TEMP NAME ASIDE INODE BYTES" or "gone NAME ASIDE INODE", "part ID
 * LOCK" in the others; "end SHA-256" of all before. Names in the lock file's folder stand without
 * it. */
#include "io/outputs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int vxg__sync_folder(const char *folder) {
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return VXG_OK; /* may be written, not read: then the system decides when */
    const int error = fsync(fd) != 0 ? errno : 0;
    close(fd);
    VXG_FAIL_IF(error == EIO || error == ENOSPC || error == EDQUOT, VXG_ERR_OUTPUT,
                "%s: cannot write: %s", folder, strerror(error));
    return VXG_OK;
}

int vxg__seal(const vxg_outputs *set) {
    int last = set->count - 1;
    while (last > 0 && !set->items[last].temp) last--;
    return last;
}

/* ---- Writing ---- */

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* The name with bytes that would end a word as %XX; without its folder where that is the lock's. */
static void add_name(vxg_text *t, const char *lock, const char *path) {
    const size_t n = (size_t)(base_name(path) - path), m = (size_t)(base_name(lock) - lock);
    if (n == m && !memcmp(path, lock, n)) path += n;
    vxg__text_append(t, " ", 1);
    for (const unsigned char *p = (const unsigned char *)path; *p; p++) {
        if (*p <= ' ' || *p == '%' || *p > '~') {
            vxg__text_add(t, "%%%02x", *p);
        } else {
            vxg__text_append(t, (const char *)p, 1);
        }
    }
}

/* Appends the text and its checksum to the lock file; both are on the disk then. */
static int append(const vxg__claim *c, vxg_text *t) {
    struct stat st;
    char hex[65];
    vxg_sha256 sha;
    vxg__sha256_start(&sha);
    if (!t->failed) vxg__sha256_add(&sha, t->s, t->length);
    vxg__sha256_hex(&sha, hex);
    vxg__text_add(t, "end %s\n", hex);
    if (t->failed) return VXG_ERR_MEMORY;
    VXG_FAIL_IF(fstat(c->fd, &st) != 0, VXG_ERR_OUTPUT, "%s: %s", c->lock, strerror(errno));
    VXG_TRY(vxg__write_all(c->fd, t->s, t->length, st.st_size, c->lock));
    VXG_FAIL_IF(fsync(c->fd) != 0 && errno != EINVAL && errno != ENOTSUP, VXG_ERR_OUTPUT,
                "%s: cannot write: %s", c->lock, strerror(errno));
    return VXG_OK;
}

static int write_list(const vxg_outputs *set, const char *id) {
    const vxg__claim *c = &set->claims[0];
    vxg_text t = {0};
    vxg__text_add(&t, "commit %s\n", id);
    for (int i = 0; i < set->count; i++) {
        const vxg__item *it = &set->items[i];
        vxg__text_add(&t, it->temp ? "file" : "gone");
        if (it->temp) add_name(&t, c->lock, it->temp);
        add_name(&t, c->lock, it->path);
        if (it->aside) {
            add_name(&t, c->lock, it->aside);
        } else {
            vxg__text_append(&t, " -", 2);
        }
        vxg__text_add(&t, " %" PRIu64 " %lld\n", (uint64_t)it->number.st_ino,
                      (long long)it->number.st_size);
    }
    int status = append(c, &t);
    vxg__text_free(&t);
    return status;
}

int vxg__journal_write(const vxg_outputs *set) {
    char id[VXG__RANDOM];
    vxg__random_word(id);
    for (int i = 1; i < set->nclaims; i++) {
        vxg_text t = {0};
        vxg__text_add(&t, "part %s", id);
        add_name(&t, set->claims[i].lock, set->claims[0].lock);
        vxg__text_append(&t, "\n", 1);
        int status = append(&set->claims[i], &t);
        vxg__text_free(&t);
        VXG_TRY(status);
    }
    for (int i = 0; i < set->nclaims; i++) VXG_TRY(vxg__sync_folder(set->claims[i].folder));
    VXG_TRY(write_list(set, id));
    return vxg__sync_folder(set->claims[0].folder);
}

/* ---- Reading ---- */

typedef struct line {
    int gone;
    char *temp, *path, *aside; /* aside NULL: there was no old file */
    uint64_t inode;
    int64_t bytes;
} line;
typedef struct journal {
    char id[VXG__RANDOM];
    char *first; /* the lock file that has the list; NULL: this one */
    line *lines;
    int count;
} journal;

static void journal_free(journal *j) {
    for (int i = 0; i < j->count; i++) {
        vxg__free(j->lines[i].temp);
        vxg__free(j->lines[i].path);
        vxg__free(j->lines[i].aside);
    }
    vxg__free(j->lines);
    vxg__free(j->first);
    memset(j, 0, sizeof *j);
}

/* The next word of a line; *p moves behind it. */
static size_t word(const char **p) {
    *p += strspn(*p, " ");
    return strcspn(*p, " \n");
}

/* A name, with the folder of the lock file where it has none. */
static int read_name(const char **p, const char *lock, char **out) {
    const size_t n = word(p);
    const char *end = *p + n;
    vxg_text t = {0};
    *out = NULL;
    if (n == 1 && **p == '-') {
        *p = end;
        return VXG_OK;
    }
    if (!memchr(*p, '/', n)) vxg__text_append(&t, lock, (size_t)(base_name(lock) - lock));
    for (const char *s = *p; s < end; s++) {
        unsigned code = (unsigned char)*s;
        if (*s == '%' && end - s > 2 && sscanf(s + 1, "%2x", &code) == 1) s += 2;
        const char byte = (char)code;
        vxg__text_append(&t, &byte, 1);
    }
    *p = end;
    if (t.failed || !t.s) {
        vxg__text_free(&t);
        return VXG_ERR_MEMORY;
    }
    *out = t.s;
    return VXG_OK;
}

/* Hidden names end in ".part-" and a random word, and lie beside the file. */
static int is_hidden_name(const char *hidden, const char *path) {
    static const char part[] = ".part-";
    const char *name = base_name(hidden);
    const size_t n = strlen(name), tail = sizeof part - 1 + VXG__RANDOM - 1;
    const size_t folder = (size_t)(name - hidden);
    return folder == (size_t)(base_name(path) - path) && !memcmp(hidden, path, folder) &&
           name[0] == '.' && n > tail && !memcmp(name + n - tail, part, sizeof part - 1) &&
           vxg__is_random_word(name + n - (VXG__RANDOM - 1), VXG__RANDOM - 1);
}

static int read_line(const char *p, const char *lock, line *l) {
    l->gone = !strncmp(p, "gone", 4);
    p += 4;
    if (!l->gone) VXG_TRY(read_name(&p, lock, &l->temp));
    VXG_TRY(read_name(&p, lock, &l->path));
    VXG_TRY(read_name(&p, lock, &l->aside));
    char *end;
    l->inode = strtoull(p, &end, 10);
    l->bytes = strtoll(end, NULL, 10);
    const int good = l->path && *base_name(l->path) && (l->gone || l->temp) &&
                     (!l->temp || is_hidden_name(l->temp, l->path)) &&
                     (!l->aside || is_hidden_name(l->aside, l->path));
    VXG_FAIL_IF(!good, VXG_ERR_OUTPUT, "%s: the list of files is damaged; remove this file", lock);
    return VXG_OK;
}

/* Where the list begins and ends, when it is all there: the checksum says so. */
static const char *find_list(const char *text, const char **end) {
    const char *start = strstr(text, "\ncommit ");
    if (!start) start = strstr(text, "\npart ");
    if (!start) return NULL;
    *end = strstr(++start, "\nend ");
    if (!*end) return NULL;
    *end += 1;
    char hex[65];
    vxg_sha256 sha;
    vxg__sha256_start(&sha);
    vxg__sha256_add(&sha, start, (size_t)(*end - start));
    vxg__sha256_hex(&sha, hex);
    return !strncmp(*end + 4, hex, 64) ? start : NULL;
}

static int read_list(const char *lock, const char *start, const char *end, journal *j) {
    const int part = !strncmp(start, "part", 4);
    const char *p = start + (part ? 4 : 6);
    int room = 0;
    size_t n = word(&p);
    snprintf(j->id, sizeof j->id, "%.*s", (int)(n < VXG__RANDOM ? n : 0), p);
    p += n;
    if (part) return read_name(&p, lock, &j->first);
    for (p = strchr(p, '\n') + 1; p < end; p = strchr(p, '\n') + 1) {
        if (j->count == room) {
            room = room ? 2 * room : 16;
            line *more = vxg__realloc(j->lines, (size_t)room, sizeof *more);
            if (!more) return VXG_ERR_MEMORY;
            j->lines = more;
        }
        memset(&j->lines[j->count], 0, sizeof *j->lines);
        VXG_TRY(read_line(p, lock, &j->lines[j->count++]));
    }
    return VXG_OK;
}

/* ---- Making whole ---- */

static int is_number(const char *path, const line *l) {
    struct stat st;
    return path && lstat(path, &st) == 0 && (uint64_t)st.st_ino == l->inode &&
           (l->gone || (int64_t)st.st_size == l->bytes);
}

static int can_go_on(const journal *j) {
    for (int i = 0; i < j->count; i++) {
        const line *l = &j->lines[i];
        if (!l->gone && !is_number(l->temp, l) && !is_number(l->path, l)) return 0;
    }
    return 1;
}

static void do_line(const line *l) {
    if (l->gone) {
        if (is_number(l->path, l)) unlink(l->path);
    } else if (is_number(l->temp, l)) {
        (void)rename(l->temp, l->path);
        unlink(l->temp); /* of two names of one file renaming leaves both */
    }
}

static void undo_line(const line *l) {
    struct stat now, old;
    if (l->temp) unlink(l->temp);
    if (!l->aside) {
        if (!l->gone && is_number(l->path, l)) unlink(l->path);
        return;
    }
    if (lstat(l->aside, &old) != 0) return; /* the old file kept its name */
    const int same = lstat(l->path, &now) == 0 && now.st_ino == old.st_ino;
    if (same || rename(l->aside, l->path) == 0) unlink(l->aside);
}

static int sync_all(const journal *j) {
    for (int i = 0; i < j->count; i++) {
        const char *path = j->lines[i].path, *before = i ? j->lines[i - 1].path : "";
        const size_t n = (size_t)(base_name(path) - path);
        if (n == (size_t)(base_name(before) - before) && !memcmp(path, before, n)) continue;
        vxg_text t = {0};
        vxg__text_append(&t, path, n);
        vxg__text_add(&t, ".");
        int status = t.failed ? VXG_ERR_MEMORY : vxg__sync_folder(t.s);
        vxg__text_free(&t);
        VXG_TRY(status);
    }
    return VXG_OK;
}

static int make_whole(const journal *j) {
    int seal = j->count - 1;
    while (seal > 0 && j->lines[seal].gone) seal--;
    const int forward = can_go_on(j);
    void (*const step)(const line *) = forward ? do_line : undo_line;
    if (forward && j->lines[seal].aside && !is_number(j->lines[seal].path, &j->lines[seal]))
        (void)rename(j->lines[seal].path, j->lines[seal].aside);
    for (int i = 0; i < j->count; i++)
        if (i != seal) step(&j->lines[i]);
    VXG_TRY(sync_all(j));
    step(&j->lines[seal]);
    VXG_TRY(sync_all(j));
    for (int i = 0; i < j->count; i++) {
        const line *l = &j->lines[i];
        const int done = l->gone || is_number(l->path, l);
        VXG_FAIL_IF(forward && !done, VXG_ERR_OUTPUT,
                    "%s: an interrupted run's file cannot get its name; it is %s", l->path,
                    l->temp);
        if (forward && l->aside) unlink(l->aside);
    }
    vxg__log(0,
             forward ? "%s: the results of a run that was interrupted at its end are complete now"
                     : "%s: the results from before a run that was interrupted are back",
             j->lines[seal].path);
    return VXG_OK;
}

static int recover_list(const char *lock, int fd, const char *text, const char *id);

static int has_list(const char *text, const char *id) {
    const char *end = NULL, *start = find_list(text, &end);
    return start && !strncmp(start, "commit ", 7) && !strncmp(start + 7, id, VXG__RANDOM - 1);
}

/* The list is in another lock file, which its own next run may be reading just now. */
static int recover_first(const journal *j) {
    for (int wait = 0;; wait++) {
        int fd = -1, status = VXG_OK;
        const vxg__lock_state state = vxg__lock_try(j->first, 0, &fd);
        if (state == VXG__LOCK_ABSENT) return VXG_OK; /* it was done, all of it */
        VXG_FAIL_IF(state == VXG__LOCK_FAILED, VXG_ERR_OUTPUT, "%s: %s", j->first, strerror(errno));
        char *text = vxg__lock_read(fd);
        int done = state != VXG__LOCK_HELD;
        if (!text) {
            status = VXG_ERR_MEMORY;
        } else if (done) {
            const int there = has_list(text, j->id);
            status = recover_list(j->first, fd, text, j->id);
            if (there && !status && state == VXG__LOCK_TAKEN) {
                vxg__journal_sweep(j->first);
                unlink(j->first);
            }
        } else if (wait == 250) {
            status = vxg_error_set(VXG_ERR_OUTPUT, "%s: held by another run", j->first);
        } else { /* its holder, which this set may be, did it before anything else */
            done = !has_list(text, j->id);
        }
        vxg__free(text);
        close(fd);
        if (done || status) return status;
        const struct timespec moment = {0, 20000000};
        nanosleep(&moment, NULL);
    }
}

/* id: only that commit's list; NULL: whichever there is. */
static int recover_list(const char *lock, int fd, const char *text, const char *id) {
    struct stat st;
    const char *end = NULL, *start = find_list(text, &end);
    journal j = {0};
    if (!start) return VXG_OK; /* nothing was decided */
    const int mine = fstat(fd, &st) == 0 && st.st_uid == geteuid() && st.st_nlink == 1 &&
                     (st.st_mode & 022) == 0;
    VXG_FAIL_IF(!mine, VXG_ERR_OUTPUT,
                "%s: another user's run was interrupted while its files got their names; a new run "
                "of that user makes them whole",
                lock);
    int status = read_list(lock, start, end, &j);
    if (!status && id && (j.first || strcmp(j.id, id) != 0)) {
        journal_free(&j);
        return VXG_OK; /* a later one: that commit was done */
    }
    if (!status && j.first) {
        status = recover_first(&j);
    } else if (!status && j.count > 0) {
        status = make_whole(&j);
    }
    if (!status && ftruncate(fd, 0) == 0) (void)!fsync(fd);
    journal_free(&j);
    return status;
}

int vxg__journal_recover(const char *lock, int fd, const char *text) {
    return recover_list(lock, fd, text, NULL);
}

/* ---- Temporary files ---- */

/* .STEM.part-X, or .STEM_NNNNN.tiff.part-X of numbered slices */
static int is_part_of(const char *name, const char *stem, size_t n) {
    static const char tiff[] = ".tiff", part[] = ".part-";
    if (strncmp(name, stem, n) != 0) return 0;
    name += n;
    if (*name == '_') {
        name += 1 + strspn(name + 1, "0123456789");
        if (strncmp(name, tiff, sizeof tiff - 1) != 0) return 0;
        name += sizeof tiff - 1;
    }
    return !strncmp(name, part, sizeof part - 1) &&
           vxg__is_random_word(name + sizeof part - 1, strlen(name) - (sizeof part - 1));
}

void vxg__journal_sweep(const char *lock) {
    const char *name = base_name(lock);
    const size_t n = (size_t)(name - lock), stem = strlen(name) - strlen(".vxg-lock");
    vxg_text t = {0};
    vxg__text_append(&t, lock, n);
    vxg__text_add(&t, ".");
    DIR *dir = t.failed ? NULL : opendir(t.s);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        if (!is_part_of(e->d_name, name, stem)) continue;
        t.length = n;
        vxg__text_add(&t, "%s", e->d_name);
        if (!t.failed) unlink(t.s);
    }
    if (dir) closedir(dir);
    vxg__text_free(&t);
}
