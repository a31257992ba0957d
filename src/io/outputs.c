/* Several files that appear together or not at all: each is complete under its temporary name
 * before the first gets its own, and a renaming that fails takes the others back.
 *
 * A folder of slices is as many files: it lies in the folder of the other outputs, which holds what
 * is not ours too and cannot be renamed as a whole. So no moment shows all files at once, but the
 * last file of the set, its seal, is the first old one to go and the last new one to come: where it
 * is, the rest is whole. What a process killed outright or a power cut leaves between two renames
 * the next run makes whole (journal.c). */
#include "io/outputs.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int vxg_outputs_new(vxg_outputs **out) {
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "out is NULL");
    *out = vxg__calloc(1, sizeof **out);
    return *out ? VXG_OK : VXG_ERR_MEMORY;
}

/* Room for one more element of size bytes. */
static int make_room(void **list, int count, int *room, size_t size) {
    if (count < *room) return VXG_OK;
    const int n = *room ? 2 * *room : 8;
    void *more = vxg__realloc(*list, (size_t)n, size);
    if (!more) return VXG_ERR_MEMORY;
    *list = more, *room = n;
    return VXG_OK;
}

/* ---- Inputs ---- */

int vxg_outputs_protect(vxg_outputs *set, const char *path) {
    struct stat st;
    VXG_FAIL_IF(!set || !path, VXG_ERR_ARGUMENT, "outputs or path is NULL");
    if (stat(path, &st) != 0) return VXG_OK; /* its reader says so */
    void *list = set->inputs;
    int status = make_room(&list, set->ninputs, &set->input_room, sizeof *set->inputs);
    set->inputs = list;
    char *name = status ? NULL : vxg__strdup(path);
    if (!name) return VXG_ERR_MEMORY;
    set->inputs[set->ninputs++] = (struct vxg__input){name, st.st_dev, st.st_ino};
    return VXG_OK;
}

/* Whatever the names: the file at path is the file of an input. */
static int refuse_input(const vxg_outputs *set, const char *path, const struct stat *st) {
    for (int i = 0; i < set->ninputs; i++)
        VXG_FAIL_IF(set->inputs[i].device == st->st_dev && set->inputs[i].number == st->st_ino,
                    VXG_ERR_OUTPUT, "%s is the input %s, which is not replaced", path,
                    set->inputs[i].name);
    return VXG_OK;
}

/* ---- Claims ---- */

static const char *kind_of_file(mode_t mode) {
    return S_ISDIR(mode)    ? "a folder"
           : S_ISFIFO(mode) ? "a pipe"
           : S_ISSOCK(mode) ? "a socket"
                            : "a device";
}

/* What is at the path already, looked at without opening it. */
static int check_old(const vxg_outputs *set, const char *path, int force, struct stat *old) {
    struct stat link;
    memset(old, 0, sizeof *old);
    if (lstat(path, &link) != 0) return VXG_OK;
    VXG_FAIL_IF(stat(path, old) != 0, VXG_ERR_OUTPUT, "%s exists, a link that leads nowhere (%s)",
                path, strerror(errno));
    VXG_TRY(refuse_input(set, path, old));
    VXG_FAIL_IF(!S_ISREG(old->st_mode), VXG_ERR_OUTPUT, "%s is %s, a regular file expected", path,
                kind_of_file(old->st_mode));
    VXG_FAIL_IF(!force, VXG_ERR_OUTPUT, "%s exists and is not replaced without force", path);
    return VXG_OK;
}

/* The same of every PREFIX_NNNNN.tiff. */
static int check_old_slices(const vxg_outputs *set, const vxg__claim *c) {
    const char *slash = strrchr(c->given, '/'), *prefix = slash ? slash + 1 : c->given;
    const size_t n = strlen(prefix);
    DIR *dir = opendir(c->made.name);
    int status = VXG_OK;
    for (struct dirent *e; dir && !status && (e = readdir(dir));) {
        struct stat old;
        vxg_text t = {0};
        if (strncmp(e->d_name, prefix, n) != 0 || vxg__slice_number(e->d_name + n) < 0) continue;
        vxg__text_append(&t, c->given, (size_t)(prefix - c->given));
        vxg__text_add(&t, "%s", e->d_name);
        status = t.failed ? VXG_ERR_MEMORY : check_old(set, t.s, c->force, &old);
        vxg__text_free(&t);
    }
    if (dir) closedir(dir);
    return status;
}

static int check_claim(const vxg_outputs *set, vxg__claim *c) {
    return c->slices ? check_old_slices(set, c) : check_old(set, c->given, c->force, &c->old);
}

/* Where path leads: a link's target is replaced, not the link. Slices are as they are called. */
static int follow(vxg__claim *c) {
    char *real = c->slices ? NULL : realpath(c->given, NULL);
    struct stat st;
    if (real && (lstat(c->given, &st) != 0 || !S_ISLNK(st.st_mode))) {
        free(real);
        real = NULL;
    }
    c->path = vxg__strdup(real ? real : c->given);
    free(real);
    return c->path ? VXG_OK : VXG_ERR_MEMORY;
}

static void claim_free(vxg__claim *c, int keep_lock) {
    vxg__lock_drop(c, keep_lock);
    vxg__folder_keep(&c->made);
    vxg__free(c->given);
    vxg__free(c->path);
    vxg__free(c->lock);
    vxg__free(c->folder);
    memset(c, 0, sizeof *c);
    c->fd = -1;
}

static int claim_names(vxg__claim *c, const char *path) {
    const char *slash = strrchr(path, '/');
    VXG_FAIL_IF(!*path, VXG_ERR_ARGUMENT, "the output path is empty");
    VXG_FAIL_IF(slash && !slash[1], VXG_ERR_ARGUMENT,
                c->slices ? "path %s ends in a slash; folder/prefix expected, such as out/recon"
                          : "output path %s has no file name",
                path);
    c->given = vxg__strdup(path);
    if (!c->given) return VXG_ERR_MEMORY;
    VXG_TRY(follow(c));
    c->lock = vxg__hidden_name(c->path, ".vxg-lock", 0);
    return c->lock ? VXG_OK : VXG_ERR_MEMORY;
}

static int claim_folder(vxg__claim *c) {
    VXG_TRY(vxg__folder_make(c->path, &c->made));
    char *real = realpath(c->made.name, NULL);
    c->folder = vxg__strdup(real ? real : c->made.name);
    free(real);
    return c->folder ? VXG_OK : VXG_ERR_MEMORY;
}

/* What can be refused without touching anything is; a dead run's lock file is looked at first, as
 * what it left may be made whole. */
static int claim_take(const vxg_outputs *set, vxg__claim *c) {
    struct stat st;
    const int dead = lstat(c->lock, &st) == 0;
    if (!dead && !c->slices) VXG_TRY(check_claim(set, c));
    VXG_TRY(claim_folder(c));
    if (!dead && c->slices) VXG_TRY(check_claim(set, c));
    int first = 1;
    for (int i = 0; i < set->nclaims && first; i++)
        first = strcmp(set->claims[i].folder, c->folder) != 0;
    if (first) vxg__lock_sweep(c);
    VXG_TRY(vxg__lock_take(c, set));
    return check_claim(set, c);
}

static int claim(vxg_outputs *set, const char *path, int slices, int force, vxg__claim **out) {
    VXG_FAIL_IF(!set || !path, VXG_ERR_ARGUMENT, "outputs or path is NULL");
    void *list = set->claims;
    int status = make_room(&list, set->nclaims, &set->claim_room, sizeof *set->claims);
    set->claims = list;
    if (status) return status;
    vxg__claim *c = &set->claims[set->nclaims];
    *c = (vxg__claim){.fd = -1, .slices = slices, .force = force};
    status = claim_names(c, path);
    if (!status) status = claim_take(set, c);
    if (status) {
        vxg__lock_drop(c, 0);
        vxg__folder_undo(&c->made);
        claim_free(c, 0);
        return status;
    }
    set->nclaims++;
    if (out) *out = c;
    return VXG_OK;
}

int vxg_outputs_claim(vxg_outputs *set, const char *path, int force) {
    return claim(set, path, 0, force, NULL);
}

int vxg_outputs_claim_slices(vxg_outputs *set, const char *prefix, int force) {
    return claim(set, prefix, 1, force, NULL);
}

int vxg__outputs_use(vxg_outputs *set, const char *path, int slices, int force, vxg__claim **out) {
    for (int i = 0; i < set->nclaims; i++) {
        vxg__claim *c = &set->claims[i];
        if (c->slices != slices || strcmp(c->given, path) != 0) continue;
        VXG_FAIL_IF(c->used, VXG_ERR_ARGUMENT, "%s: two outputs are this one file", path);
        c->used = 1;
        *out = c;
        return VXG_OK;
    }
    VXG_TRY(claim(set, path, slices, force, out));
    (*out)->used = 1;
    return VXG_OK;
}

/* ---- Files ---- */

int vxg__outputs_add_file(vxg_outputs *set, const char *path, const char *temp, int force) {
    void *list = set->items;
    int status = make_room(&list, set->count, &set->room, sizeof *set->items);
    set->items = list;
    if (status) return status;
    vxg__item it = {.path = vxg__strdup(path), .force = force};
    it.temp = temp ? vxg__strdup(temp) : NULL;
    if (!it.path || (temp && !it.temp)) {
        status = VXG_ERR_MEMORY;
    } else if (lstat(temp ? temp : path, &it.number) != 0) {
        status = vxg_error_set(VXG_ERR_OUTPUT, "%s: cannot find %s: %s", path, temp ? temp : path,
                               strerror(errno));
    }
    if (!status) {
        set->items[set->count++] = it;
        return VXG_OK;
    }
    vxg__free(it.path);
    vxg__free(it.temp);
    return status;
}

int vxg_outputs_text(vxg_outputs *set, const char *path, const char *text, int force) {
    VXG_FAIL_IF(!set || !text, VXG_ERR_ARGUMENT, "outputs or text is NULL");
    vxg__output out;
    VXG_TRY(vxg__output_open(path, force, set, &out));
    int status = vxg__write_all(out.fd, text, strlen(text), -1, path);
    if (!status) return vxg__output_commit(&out);
    vxg__output_abandon(&out);
    return status;
}

/* ---- The end ---- */

static vxg__claim *longest_folder(vxg_outputs *set) {
    vxg__claim *found = NULL;
    for (int i = 0; i < set->nclaims; i++) {
        vxg__claim *c = &set->claims[i];
        if (c->made.name && (!found || strlen(c->made.name) > strlen(found->made.name))) found = c;
    }
    return found;
}

/* undone: the folders that were made go; keep_locks: the next run has something to make whole. */
static void outputs_free(vxg_outputs *set, int undone, int keep_locks) {
    for (int i = 0; i < set->count; i++) {
        vxg__free(set->items[i].path);
        vxg__free(set->items[i].temp);
        vxg__free(set->items[i].aside);
    }
    /* The first lock file has the list: it goes last. */
    for (int i = set->nclaims - 1; i >= 0; i--) vxg__lock_drop(&set->claims[i], keep_locks);
    /* Inner folders before outer ones, whoever made them. */
    for (vxg__claim *c; undone && (c = longest_folder(set));) vxg__folder_undo(&c->made);
    for (int i = 0; i < set->nclaims; i++) claim_free(&set->claims[i], keep_locks);
    for (int i = 0; i < set->ninputs; i++) vxg__free(set->inputs[i].name);
    vxg__free(set->inputs);
    vxg__free(set->claims);
    vxg__free(set->items);
    vxg__free(set);
}

/* The old file under its own name alone; 0 when it cannot have it. */
static int put_back(vxg__item *it) {
    struct stat now, old;
    if (!it->moved) return 1;
    const int back = rename(it->aside, it->path) == 0; /* of two names of one file: nothing */
    const int same = lstat(it->path, &now) == 0 && lstat(it->aside, &old) == 0 &&
                     now.st_dev == old.st_dev && now.st_ino == old.st_ino;
    if (back || same) unlink(it->aside);
    it->moved = !(back || same);
    return !it->moved;
}

static int undo(vxg__item *it) {
    if (!it->renamed && it->temp) unlink(it->temp);
    if (it->renamed && !it->moved) unlink(it->path);
    return put_back(it);
}

void vxg_outputs_abandon(vxg_outputs *set) {
    if (!set) return;
    const int seal = vxg__seal(set);
    int whole = 1;
    for (int i = set->count - 1; i >= 0; i--)
        if (i != seal) whole &= undo(&set->items[i]);
    if (set->count) whole &= undo(&set->items[seal]);
    outputs_free(set, 1, !whole);
}

/* Two outputs under two names of one file: the second would replace the first. */
static int is_ours(const vxg_outputs *set, const struct stat *st) {
    for (int i = 0; i < set->count; i++) {
        const vxg__item *it = &set->items[i];
        if (it->renamed && it->number.st_dev == st->st_dev && it->number.st_ino == st->st_ino)
            return 1;
    }
    return 0;
}

/* Once more, just before: what is there now, and under which name it will be kept. */
static int prepare(const vxg_outputs *set, vxg__item *it, int alone) {
    struct stat st;
    if (!it->force || lstat(it->path, &st) != 0) return VXG_OK;
    VXG_TRY(refuse_input(set, it->path, &st));
    VXG_FAIL_IF(S_ISDIR(st.st_mode), VXG_ERR_OUTPUT, "%s is a folder, a regular file expected",
                it->path);
    if (alone) return VXG_OK; /* one renaming happens or not */
    it->aside = vxg__hidden_name(it->path, ".old.part-", 1);
    return it->aside ? VXG_OK : VXG_ERR_MEMORY;
}

/* Keeps what is at the path under a second name, or under that alone: when asked, and on a file
 * system without links. */
static int set_aside(const vxg_outputs *set, vxg__item *it, int alone) {
    struct stat st;
    if (!it->aside || it->moved || lstat(it->path, &st) != 0) return VXG_OK;
    VXG_FAIL_IF(is_ours(set, &st), VXG_ERR_ARGUMENT, "%s: two outputs are this one file", it->path);
    VXG_FAIL_IF((alone || link(it->path, it->aside) != 0) && rename(it->path, it->aside) != 0,
                VXG_ERR_OUTPUT, "%s: cannot set the old file aside: %s", it->path, strerror(errno));
    it->moved = 1;
    return VXG_OK;
}

static int move(const char *temp, const char *path, int force) {
    if (!force) {
        /* link() is the portable rename that never replaces; not every file system has links. */
        if (link(temp, path) == 0) {
            unlink(temp);
            return VXG_OK;
        }
        VXG_FAIL_IF(errno == EEXIST || access(path, F_OK) == 0, VXG_ERR_OUTPUT,
                    "%s exists and is not replaced without force", path);
    }
    VXG_FAIL_IF(rename(temp, path) != 0, VXG_ERR_OUTPUT, "%s: cannot rename %s: %s", path, temp,
                strerror(errno));
    return VXG_OK;
}

static int rename_one(const vxg_outputs *set, vxg__item *it) {
    VXG_TRY(set_aside(set, it, !it->temp));
    if (!it->temp) return VXG_OK;
    VXG_TRY(move(it->temp, it->path, it->force));
    it->renamed = 1;
    return VXG_OK;
}

static int sync_folders(const vxg_outputs *set) {
    for (int i = 0; i < set->nclaims; i++)
        if (!i || strcmp(set->claims[i].folder, set->claims[i - 1].folder) != 0)
            VXG_TRY(vxg__sync_folder(set->claims[i].folder));
    return VXG_OK;
}

static int give_names(vxg_outputs *set) {
    const int seal = vxg__seal(set);
    VXG_TRY(set_aside(set, &set->items[seal], 1));
    for (int i = 0; i < set->count; i++)
        if (i != seal) VXG_TRY(rename_one(set, &set->items[i]));
    if (set->count > 1) VXG_TRY(sync_folders(set));
    VXG_TRY(rename_one(set, &set->items[seal]));
    return sync_folders(set);
}

int vxg_outputs_commit(vxg_outputs *set) {
    VXG_FAIL_IF(!set, VXG_ERR_ARGUMENT, "outputs is NULL");
    const int alone = set->count == 1;
    int status = VXG_OK;
    for (int i = 0; i < set->count && !status; i++) status = prepare(set, &set->items[i], alone);
    if (!status && set->count > 1) status = vxg__journal_write(set);
    if (!status && set->count > 0) status = give_names(set);
    if (status) {
        vxg_outputs_abandon(set);
        return status;
    }
    for (int i = 0; i < set->count; i++)
        if (set->items[i].moved) unlink(set->items[i].aside);
    outputs_free(set, 0, 0);
    return VXG_OK;
}
