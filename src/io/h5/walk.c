/* Paths in a file, link by link. libhdf5 would follow soft and external links by itself; here each
 * is looked at, other files are opened only where that is allowed, and circles end. */
#include "io/h5/server.h"

#ifdef VXG_HAVE_HDF5
#include <stdio.h>
#include <string.h>

enum { MOST_PATH = 8192, MOST_HOPS = 100, MOST_VALUE = 66000 };

/* Where a walk is: an open group or object, and what of the path is left. */
typedef struct walk {
    vxg__h5_server *s;
    int file, hops;
    hid_t at;
    char path[MOST_PATH];
} walk;

static int move_to_root(walk *w, int file) {
    if (w->at >= 0) H5Oclose(w->at);
    w->file = file;
    w->at = H5Gopen2(w->s->files[file].id, "/", H5P_DEFAULT);
    return w->at < 0 ? vxg__h5_fail(VXG_ERR_INPUT, "cannot read") : VXG_OK;
}

/* The path becomes a link's target with what is left behind it. */
static int set_path(walk *w, const char *target, const char *left) {
    char path[MOST_PATH];
    const int n = snprintf(path, sizeof path, "%s/%s", target, left);
    VXG_FAIL_IF(n < 0 || n >= (int)sizeof path, VXG_ERR_INPUT, "a path of links is too long");
    memcpy(w->path, path, (size_t)n + 1);
    return VXG_OK;
}

static int follow_external(walk *w, const char *value, size_t n, const char *left) {
    const char *file = NULL, *object = NULL;
    unsigned flags = 0;
    int index = -1;
    if (H5Lunpack_elink_val(value, n, &flags, &file, &object) < 0 || !file || !object)
        return vxg__h5_fail(VXG_ERR_INPUT, "an external link cannot be read");
    VXG_TRY(vxg__h5_file_open(w->s, w->file, file, &index));
    VXG_TRY(move_to_root(w, index));
    return set_path(w, object, left);
}

static int follow(walk *w, const char *name, const H5L_info_t *info, const char *left) {
    VXG_FAIL_IF(++w->hops > MOST_HOPS, VXG_ERR_INPUT, "links that lead in a circle, at %s",
                VXG_SHOW(name));
    VXG_FAIL_IF(info->type != H5L_TYPE_SOFT && info->type != H5L_TYPE_EXTERNAL, VXG_ERR_INPUT,
                "%s is a link of an unknown kind", VXG_SHOW(name));
    VXG_FAIL_IF(info->u.val_size > MOST_VALUE, VXG_ERR_INPUT, "a link of %zu bytes",
                info->u.val_size);
    char *value = vxg__calloc(info->u.val_size + 1, 1);
    if (!value) return VXG_ERR_MEMORY;
    int status = VXG_OK;
    if (H5Lget_val(w->at, name, value, info->u.val_size, H5P_DEFAULT) < 0)
        status = vxg__h5_fail(VXG_ERR_INPUT, "the link %s cannot be read", VXG_SHOW(name));
    if (!status && info->type == H5L_TYPE_EXTERNAL)
        status = follow_external(w, value, info->u.val_size, left);
    if (!status && info->type == H5L_TYPE_SOFT) {
        status = set_path(w, value, left);
        if (!status && *value == '/') status = move_to_root(w, w->file);
    }
    vxg__free(value);
    return status;
}

/* One part of the path. *gone: there is no such link. */
static int step(walk *w, int *gone) {
    char name[MOST_PATH], left[MOST_PATH];
    const char *begin = w->path + strspn(w->path, "/");
    const size_t n = strcspn(begin, "/");
    H5L_info_t info;
    memcpy(name, begin, n);
    name[n] = 0;
    snprintf(left, sizeof left, "%s", begin + n);
    if (n == 0 || !strcmp(name, ".")) {
        memmove(w->path, left, strlen(left) + 1);
        return VXG_OK;
    }
    *gone = H5Iget_type(w->at) != H5I_GROUP || H5Lexists(w->at, name, H5P_DEFAULT) <= 0;
    if (*gone) return VXG_OK;
    if (H5Lget_info(w->at, name, &info, H5P_DEFAULT) < 0)
        return vxg__h5_fail(VXG_ERR_INPUT, "%s: cannot read", VXG_SHOW(name));
    if (info.type != H5L_TYPE_HARD) return follow(w, name, &info, left);
    const hid_t next = H5Oopen(w->at, name, H5P_DEFAULT);
    if (next < 0) return vxg__h5_fail(VXG_ERR_INPUT, "%s: cannot read", VXG_SHOW(name));
    H5Oclose(w->at);
    w->at = next;
    memmove(w->path, left, strlen(left) + 1);
    return VXG_OK;
}

int vxg__h5_walk(vxg__h5_server *s, int file, const char *path, int *in_file, hid_t *object) {
    walk w = {.s = s, .file = file, .at = -1};
    int gone = 0;
    *object = -1;
    int status = set_path(&w, path, "");
    if (!status) status = move_to_root(&w, file);
    while (!status && !gone && w.path[strspn(w.path, "/")]) status = step(&w, &gone);
    if (status || gone) {
        if (w.at >= 0) H5Oclose(w.at);
        return status;
    }
    *in_file = w.file, *object = w.at;
    return VXG_OK;
}
#else
typedef int vxg__no_h5_walk;
#endif
