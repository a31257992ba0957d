/* Several files that appear together or not at all: each is complete under its temporary name
 * before the first gets its own, and a renaming that fails takes the others back.
 *
 * A folder of slices is as many files: it lies in the folder of the other outputs, which holds what
 * is not ours too and cannot be renamed as a whole. So no moment shows all files at once. What a
 * process killed outright or a power cut leaves between two renames: some names hold new files, the
 * others old ones; beside them, hidden, the old files of the former (.NAME.old.part-...) and the
 * new ones of the latter (.NAME.part-...). Nothing is lost that the disk had, and nothing cleans it
 * up. Files are not flushed to the disk here: after a power cut the file system decides. */
#include "io/io.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct item {
    vxg__output out; /* complete, closed; temp NULL: only its folder is left */
    int removes;     /* no new file: the one at path goes */
    char *aside;     /* second name of the file that was there before; NULL: there was none */
    int renamed;     /* path is the new file */
    dev_t device;    /* of the new file */
    ino_t number;
} item;

struct vxg_outputs {
    item *items;
    int count, room;
};

int vxg_outputs_new(vxg_outputs **out) {
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "out is NULL");
    *out = vxg__calloc(1, sizeof **out);
    return *out ? VXG_OK : VXG_ERR_MEMORY;
}

static int make_room(vxg_outputs *set) {
    if (set->count < set->room) return VXG_OK;
    const int room = set->room ? 2 * set->room : 8;
    item *more = vxg__realloc(set->items, (size_t)room, sizeof *more);
    if (!more) return VXG_ERR_MEMORY;
    set->items = more, set->room = room;
    return VXG_OK;
}

/* Takes over what out holds; its file is closed. */
int vxg__outputs_add(vxg_outputs *set, vxg__output *out) {
    struct stat st = {0};
    VXG_TRY(make_room(set));
    VXG_FAIL_IF(out->temp && lstat(out->temp, &st) != 0, VXG_ERR_OUTPUT, "%s: cannot find %s: %s",
                out->path, out->temp, strerror(errno));
    set->items[set->count++] = (item){.out = *out, .device = st.st_dev, .number = st.st_ino};
    memset(out, 0, sizeof *out);
    out->fd = -1;
    return VXG_OK;
}

int vxg__outputs_add_file(vxg_outputs *set, const char *path, const char *temp, int force) {
    vxg__output out = {.path = vxg__strdup(path), .fd = -1, .force = force};
    out.temp = temp ? vxg__strdup(temp) : NULL;
    int status = out.path && (out.temp || !temp) ? VXG_OK : VXG_ERR_MEMORY;
    if (!status) status = vxg__outputs_add(set, &out);
    if (!status && !temp) set->items[set->count - 1].removes = 1;
    vxg__free(out.path);
    vxg__free(out.temp);
    return status;
}

/* ---- The end ---- */
/* The old file under its own name alone. Where that fails it stays under the other. */
static void put_back(item *it) {
    struct stat now, old;
    if (!it->aside) return;
    const int back = rename(it->aside, it->out.path) == 0; /* of two names of one file: nothing */
    if (back || (lstat(it->out.path, &now) == 0 && lstat(it->aside, &old) == 0 &&
                 now.st_dev == old.st_dev && now.st_ino == old.st_ino))
        unlink(it->aside);
    vxg__free(it->aside);
    it->aside = NULL;
}

static void clean(item *it) {
    if (it->aside) unlink(it->aside);
    vxg__free(it->aside);
    vxg__free(it->out.path);
    vxg__free(it->out.temp);
}

static item *longest_folder(vxg_outputs *set) {
    item *found = NULL;
    for (int i = 0; i < set->count; i++) {
        item *it = &set->items[i];
        if (it->out.folder.name &&
            (!found || strlen(it->out.folder.name) > strlen(found->out.folder.name)))
            found = it;
    }
    return found;
}

void vxg_outputs_abandon(vxg_outputs *set) {
    if (!set) return;
    for (int i = set->count - 1; i >= 0; i--) {
        item *it = &set->items[i];
        if (it->renamed && !it->aside) unlink(it->out.path);
        if (!it->renamed && it->out.temp) unlink(it->out.temp);
        put_back(it);
        clean(it);
    }
    /* Inner folders before outer ones, whoever made them. */
    for (item *it; (it = longest_folder(set));) vxg__folder_undo(&it->out.folder);
    vxg__free(set->items);
    vxg__free(set);
}

/* Two outputs under two spellings of one name: the second would replace the first. */
static int is_ours(const vxg_outputs *set, const struct stat *st) {
    for (int i = 0; i < set->count; i++) {
        const item *it = &set->items[i];
        if (it->renamed && it->device == st->st_dev && it->number == st->st_ino) return 1;
    }
    return 0;
}

/* A hidden name beside path that says whose old file it is. */
static char *aside_name(const char *path) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    char *folder = vxg__strdup(slash ? path : "."), *aside = NULL;
    vxg_text t = {0};
    if (folder && slash) folder[slash == path ? 1 : slash - path] = 0;
    vxg__text_add(&t, "%.140s.old", name);
    if (folder && !t.failed) aside = vxg__temp_name(folder, t.s);
    vxg__text_free(&t);
    vxg__free(folder);
    return aside;
}

/* Keeps what is at the path under a second name; a file system without links: under that alone. */
static int set_aside(const vxg_outputs *set, item *it) {
    struct stat st;
    if (!it->out.force || lstat(it->out.path, &st) != 0) return VXG_OK;
    VXG_FAIL_IF(is_ours(set, &st), VXG_ERR_ARGUMENT, "%s: two outputs are this one file",
                it->out.path);
    VXG_FAIL_IF(S_ISDIR(st.st_mode), VXG_ERR_OUTPUT, "%s is a folder, a file name expected",
                it->out.path);
    char *aside = aside_name(it->out.path);
    if (!aside) return VXG_ERR_MEMORY;
    if ((it->removes || link(it->out.path, aside) != 0) && rename(it->out.path, aside) != 0) {
        const int error = errno;
        vxg__free(aside);
        VXG_FAIL(VXG_ERR_OUTPUT, "%s: cannot set the old file aside: %s", it->out.path,
                 strerror(error));
    }
    it->aside = aside;
    return VXG_OK;
}

static int rename_one(const vxg_outputs *set, item *it) {
    if (!it->out.temp && !it->removes) return VXG_OK;
    VXG_TRY(set_aside(set, it));
    if (it->removes) return VXG_OK;
    int status = vxg__output_rename(it->out.temp, it->out.path, it->out.force);
    if (!status) it->renamed = 1;
    if (status) put_back(it);
    return status;
}

int vxg_outputs_commit(vxg_outputs *set) {
    VXG_FAIL_IF(!set, VXG_ERR_ARGUMENT, "outputs is NULL");
    int status = VXG_OK;
    for (int i = 0; i < set->count && !status; i++) status = rename_one(set, &set->items[i]);
    if (status) {
        vxg_outputs_abandon(set);
        return status;
    }
    for (int i = 0; i < set->count; i++) {
        vxg__folder_keep(&set->items[i].out.folder);
        clean(&set->items[i]);
    }
    vxg__free(set->items);
    vxg__free(set);
    return VXG_OK;
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
