/* Answers to requests: files, objects, texts; datasets and elements are next door. */
#include "io/h5/server.h"

#ifdef VXG_HAVE_HDF5
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int serve_open(vxg__h5_server *s, vxg__h5_body *request, vxg__h5_body *reply) {
    int index = -1;
    const char *path = vxg__h5_take_words(request);
    s->follow = vxg__h5_take(request) != 0;
    VXG_FAIL_IF(request->bad || s->nfiles, VXG_ERR_ARGUMENT, "a file is open already");
    VXG_TRY(vxg__h5_file_open(s, -1, path, &index));
    vxg__h5_put_id(reply, &s->files[index].was);
    return VXG_OK;
}

static vxg__h5_kind kind_of(hid_t object) {
    switch (H5Iget_type(object)) {
    case H5I_GROUP: return VXG__H5_GROUP;
    case H5I_DATASET: return VXG__H5_SET;
    default: return VXG__H5_OTHER;
    }
}

static int serve_kind(vxg__h5_server *s, vxg__h5_body *request, vxg__h5_body *reply) {
    int file = 0;
    hid_t object = -1;
    VXG_TRY(vxg__h5_walk(s, 0, vxg__h5_take_words(request), &file, &object));
    vxg__h5_put(reply, object < 0 ? VXG__H5_NOTHING : kind_of(object));
    if (object >= 0) H5Oclose(object);
    return VXG_OK;
}

/* Names in order; those too long or with a slash are no names a path could have. */
static int list_group(hid_t group, int64_t most, vxg__h5_body *reply) {
    H5G_info_t info;
    if (H5Gget_info(group, &info) < 0) return vxg__h5_fail(VXG_ERR_INPUT, "cannot read");
    for (hsize_t i = 0; i < info.nlinks && most > 0; i++, most--) {
        char name[128];
        const ssize_t n = H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, i, name,
                                             sizeof name, H5P_DEFAULT);
        if (n < 0) return vxg__h5_fail(VXG_ERR_INPUT, "a name cannot be read");
        if (n > 0 && n < (ssize_t)sizeof name && !strchr(name, '/')) vxg__h5_put_words(reply, name);
    }
    return VXG_OK;
}

static int serve_list(vxg__h5_server *s, vxg__h5_body *request, vxg__h5_body *reply) {
    int file = 0, status = VXG_OK;
    hid_t object = -1;
    const char *path = vxg__h5_take_words(request);
    const int64_t most = vxg__h5_take(request);
    VXG_TRY(vxg__h5_walk(s, 0, path, &file, &object));
    if (object >= 0 && kind_of(object) == VXG__H5_GROUP)
        status = list_group(object, most < 100000 ? most : 100000, reply);
    if (object >= 0) H5Oclose(object);
    return status;
}

/* The text of a string attribute of one element, of fixed or variable length. */
static void read_text(hid_t attribute, hid_t type, char *out, size_t size) {
    char fixed[256] = {0}, *variable = NULL;
    if (H5Tis_variable_str(type) > 0) {
        hid_t memory = H5Tcopy(H5T_C_S1);
        if (memory < 0) return;
        H5Tset_size(memory, H5T_VARIABLE);
        H5Tset_cset(memory, H5Tget_cset(type));
        if (H5Aread(attribute, memory, &variable) >= 0 && variable)
            snprintf(out, size, "%.*s", (int)size - 1, variable);
        if (variable) H5free_memory(variable);
        H5Tclose(memory);
    } else if (H5Tget_size(type) < sizeof fixed && H5Aread(attribute, type, fixed) >= 0) {
        snprintf(out, size, "%.*s", (int)size - 1, fixed);
    }
}

/* Up to 16 numbers as text, with spaces between them. */
static void read_numbers(hid_t attribute, hid_t space, char *out, size_t size) {
    double values[16];
    const hssize_t n = H5Sget_simple_extent_npoints(space);
    size_t at = 0;
    if (n < 1 || n > 16 || H5Aread(attribute, H5T_NATIVE_DOUBLE, values) < 0) return;
    for (hssize_t i = 0; i < n && at + 30 < size; i++)
        at += (size_t)vxg__format(out + at, size - at, "%s%.17g", i ? " " : "", values[i]);
}

static void text_attribute(hid_t object, const char *name, char *out, size_t size) {
    out[0] = 0;
    if (H5Aexists(object, name) <= 0) return;
    const hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
    if (attribute < 0) return;
    const hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    const H5T_class_t class = type >= 0 ? H5Tget_class(type) : H5T_NO_CLASS;
    if (space >= 0 && class == H5T_STRING && H5Sget_simple_extent_npoints(space) == 1)
        read_text(attribute, type, out, size);
    if (space >= 0 && (class == H5T_FLOAT || class == H5T_INTEGER))
        read_numbers(attribute, space, out, size);
    if (space >= 0) H5Sclose(space);
    if (type >= 0) H5Tclose(type);
    H5Aclose(attribute);
    for (char *p = out; *p; p++)
        if ((unsigned char)*p < 32) *p = ' ';
}

static int serve_text(vxg__h5_server *s, vxg__h5_body *request, vxg__h5_body *reply) {
    int file = 0;
    hid_t object = -1;
    char text[1024] = "";
    const char *path = vxg__h5_take_words(request), *name = vxg__h5_take_words(request);
    VXG_TRY(vxg__h5_walk(s, 0, path, &file, &object));
    if (object >= 0) {
        text_attribute(object, name, text, sizeof text);
        H5Oclose(object);
    }
    vxg__h5_put_words(reply, text);
    return VXG_OK;
}

static int serve_dataset(vxg__h5_server *s, vxg__h5_body *request, vxg__h5_body *reply) {
    const int64_t of = vxg__h5_take(request);
    const char *name = vxg__h5_take_words(request), *path = vxg__h5_take_words(request);
    int file = 0;
    VXG_FAIL_IF(request->bad || of < -1 || of >= VXG__H5_MOST_SETS ||
                    (of >= 0 && !s->sets[of].used),
                VXG_ERR_ARGUMENT, "no such dataset is open");
    if (of >= 0) file = s->sets[of].file;
    if (*name) VXG_TRY(vxg__h5_file_open(s, file, name, &file));
    return vxg__h5_set_open(s, file, path, reply);
}

static int serve_close(vxg__h5_server *s, vxg__h5_body *request) {
    const int64_t i = vxg__h5_take(request);
    if (i >= 0 && i < VXG__H5_MOST_SETS) vxg__h5_set_close(s, &s->sets[i]);
    return VXG_OK;
}

int vxg__h5_serve(vxg__h5_server *s, int what, vxg__h5_body *request, vxg__h5_body *reply) {
    vxg__h5_body_clear(reply);
    VXG_FAIL_IF(what != VXG__H5_OPEN && !s->nfiles, VXG_ERR_ARGUMENT, "no file is open");
    int status = VXG_OK;
    switch (what) {
    case VXG__H5_OPEN: status = serve_open(s, request, reply); break;
    case VXG__H5_KIND: status = serve_kind(s, request, reply); break;
    case VXG__H5_LIST: status = serve_list(s, request, reply); break;
    case VXG__H5_TEXT: status = serve_text(s, request, reply); break;
    case VXG__H5_DATASET: status = serve_dataset(s, request, reply); break;
    case VXG__H5_CHUNKS: status = vxg__h5_serve_chunks(s, request, reply); break;
    case VXG__H5_BOX: status = vxg__h5_serve_box(s, request, reply); break;
    case VXG__H5_CLOSE: status = serve_close(s, request); break;
    case VXG__H5_FILES: status = vxg__h5_serve_files(s, request, reply); break;
    default: status = vxg_error_set(VXG_ERR_ARGUMENT, "request %d is unknown", what);
    }
    if (!status && reply->bad) status = vxg_error_set(VXG_ERR_MEMORY, "a reply is too long");
    return status;
}

void vxg__h5_server_close(vxg__h5_server *s) {
    for (int i = 0; i < VXG__H5_MOST_SETS; i++) vxg__h5_set_close(s, &s->sets[i]);
    for (int i = 0; i < s->nfiles; i++) {
        if (s->files[i].id >= 0) H5Fclose(s->files[i].id);
        if (s->files[i].fd >= 0) close(s->files[i].fd);
        vxg__free(s->files[i].path);
    }
    vxg__h5_seen_free(s);
    vxg__free(s->folder);
    memset(s, 0, sizeof *s);
}
#else
typedef int vxg__no_h5_server;
#endif
