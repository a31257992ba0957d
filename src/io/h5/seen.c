/* Which files a scan's elements come from: all that were opened, whether they still are or not, and
 * those that virtual datasets name. */
#include "io/h5/server.h"

#ifdef VXG_HAVE_HDF5
#include <limits.h>
#include <string.h>

void vxg__h5_put_id(vxg__h5_body *b, const struct stat *st) {
    vxg__h5_put(b, (int64_t)st->st_dev);
    vxg__h5_put(b, (int64_t)st->st_ino);
    vxg__h5_put(b, (int64_t)st->st_size);
    vxg__h5_put(b, (int64_t)st->st_mtim.tv_sec);
    vxg__h5_put(b, (int64_t)st->st_mtim.tv_nsec);
    vxg__h5_put(b, (int64_t)st->st_ctim.tv_sec);
    vxg__h5_put(b, (int64_t)st->st_ctim.tv_nsec);
}

static int *place_of(vxg__h5_server *s, const struct stat *st) {
    return &s->places[(uint64_t)st->st_ino % VXG__H5_PLACES];
}

static int add(vxg__h5_server *s, const char *path, const struct stat *was, int opened) {
    VXG_FAIL_IF(s->nseen == VXG__H5_MOST_SEEN, VXG_ERR_INPUT,
                "parts of it are in more than %d files", VXG__H5_MOST_SEEN);
    if (s->nseen == s->seen_room) {
        const int room = s->seen_room ? 2 * s->seen_room : 16;
        vxg__h5_seen *more = vxg__realloc(s->seen, (size_t)room, sizeof *more);
        if (!more) return VXG_ERR_MEMORY;
        s->seen = more, s->seen_room = room;
    }
    char *copy = vxg__strdup(path);
    if (!copy) return VXG_ERR_MEMORY;
    int *place = place_of(s, was);
    s->seen[s->nseen++] = (vxg__h5_seen){copy, *was, opened, *place - 1};
    *place = s->nseen;
    return VXG_OK;
}

int vxg__h5_see(vxg__h5_server *s, const char *path, const struct stat *was, int opened) {
    for (int i = *place_of(s, was) - 1; i >= 0; i = s->seen[i].next) {
        vxg__h5_seen *f = &s->seen[i];
        if (f->was.st_dev != was->st_dev || f->was.st_ino != was->st_ino) continue;
        VXG_FAIL_IF(f->opened && opened && !vxg__stat_same(was, &f->was), VXG_ERR_INPUT,
                    "%s changed while it was read (%lld bytes before, %lld now)", path,
                    (long long)f->was.st_size, (long long)was->st_size);
        if (!f->opened && opened) f->was = *was;
        f->opened |= opened;
        return VXG_OK;
    }
    return add(s, path, was, opened);
}

/* A source whose name has a number in it has no name before it is read. */
static int see_source(vxg__h5_server *s, const vxg__h5_set *d, size_t i) {
    char name[4096] = "", real[PATH_MAX];
    struct stat st;
    const ssize_t n = H5Pget_virtual_filename(d->list, i, name, sizeof name);
    if (n <= 0 || n >= (ssize_t)sizeof name || !strcmp(name, ".") || strchr(name, '%'))
        return VXG_OK;
    if (!vxg__h5_file_named(s, d->file, name, real, sizeof real, &st)) return VXG_OK;
    return vxg__h5_see(s, real, &st, 0);
}

static int see_sources(vxg__h5_server *s) {
    for (int k = 0; k < VXG__H5_MOST_SETS; k++) {
        const vxg__h5_set *d = &s->sets[k];
        size_t n = 0;
        if (!d->used || d->layout != VXG__H5_VIRTUAL || H5Pget_virtual_count(d->list, &n) < 0)
            continue;
        for (size_t i = 0; i < n; i++) VXG_TRY(see_source(s, d, i));
    }
    return VXG_OK;
}

int vxg__h5_serve_files(vxg__h5_server *s, vxg__h5_body *request, vxg__h5_body *reply) {
    const int64_t first = vxg__h5_take(request), most = vxg__h5_take(request);
    VXG_FAIL_IF(request->bad || first < 0 || most < 0, VXG_ERR_ARGUMENT, "no such files");
    if (first == 0) VXG_TRY(see_sources(s));
    vxg__h5_put(reply, s->nseen);
    for (int64_t i = first; i < s->nseen && i - first < most; i++) {
        vxg__h5_put_words(reply, s->seen[i].path);
        vxg__h5_put(reply, s->seen[i].opened);
        vxg__h5_put_id(reply, &s->seen[i].was);
    }
    return VXG_OK;
}

void vxg__h5_seen_free(vxg__h5_server *s) {
    for (int i = 0; i < s->nseen; i++) vxg__free(s->seen[i].path);
    vxg__free(s->seen);
}
#else
typedef int vxg__no_h5_seen;
#endif
