/* The side of libhdf5: files, objects and datasets that are open, and answers to requests. It runs
 * in the helper, or inside the process when somebody asks for that (session.c). Everything here
 * expects the lock of h5.h where there can be several threads. */
#ifndef VXG_IO_H5_SERVER_H
#define VXG_IO_H5_SERVER_H

#include "io/h5.h"
#include "io/h5/wire.h"

#ifdef VXG_HAVE_HDF5
#include <sys/stat.h>

enum { VXG__H5_MOST_FILES = 200, VXG__H5_MOST_SETS = 400, VXG__H5_MOST_RAW = 1000 };

/* A file that is open, twice: by libhdf5, and by a descriptor for what is read past it. */
typedef struct vxg__h5_file {
    hid_t id;
    int fd, users; /* users: datasets of it that are open */
    char *path;    /* real path */
    struct stat was;
} vxg__h5_file;

typedef struct vxg__h5_raw { /* a piece of external raw storage */
    int fd;
    int64_t at, bytes;
    struct stat was;
    char *path;
} vxg__h5_raw;

/* A dataset that is open. */
typedef struct vxg__h5_set {
    hid_t id, type, list; /* list: its creation properties */
    int used, file, ndim;
    int64_t shape[VXG__H5_RANK], chunk[VXG__H5_RANK], bytes; /* bytes of an element */
    enum vxg__h5_layout layout;
    int64_t offset;   /* contiguous */
    vxg__h5_raw *raw; /* contiguous in external files: all of them */
    int nraw;
} vxg__h5_set;

/* A file that elements may come from; once it was opened it has to stay as it was. */
typedef struct vxg__h5_seen {
    char *path;
    struct stat was;
    int opened;
    int next; /* of the same place in the table of places; -1: none */
} vxg__h5_seen;
enum { VXG__H5_PLACES = 4096, VXG__H5_MOST_SEEN = 1000000 };

typedef struct vxg__h5_server {
    int follow;   /* files outside the folder, and raw files, may be read */
    char *folder; /* of the first file, a real path that ends with / */
    vxg__h5_file files[VXG__H5_MOST_FILES];
    int nfiles;
    vxg__h5_set sets[VXG__H5_MOST_SETS];
    vxg__h5_seen *seen;
    int nseen, seen_room;
    int places[VXG__H5_PLACES]; /* of a file's number: 1 + which one is the last in seen */
    uint8_t *window;
    size_t window_bytes;
} vxg__h5_server;

/* Answers one request. A status with its message, or VXG_OK and a reply. */
int vxg__h5_serve(vxg__h5_server *s, int what, vxg__h5_body *request, vxg__h5_body *reply);
void vxg__h5_server_close(vxg__h5_server *s);

/* files.c: the file that `from` (-1: none, it is the first) calls `name`. */
int vxg__h5_file_open(vxg__h5_server *s, int from, const char *name, int *index);
int vxg__h5_file_unchanged(const vxg__h5_file *f);
/* A raw file that a dataset of `from` names, for reading past libhdf5. */
int vxg__h5_raw_open(vxg__h5_server *s, int from, const char *name, vxg__h5_raw *out);
/* seen.c: keeps in mind that elements may come from a file, or that it was opened: VXG_ERR_INPUT
 * when it is not as it was when it was opened before. */
int vxg__h5_see(vxg__h5_server *s, const char *path, const struct stat *was, int opened);
int vxg__h5_serve_files(vxg__h5_server *s, vxg__h5_body *request, vxg__h5_body *reply);
void vxg__h5_seen_free(vxg__h5_server *s);
/* files.c: the real path of a file that `from` names and that may be read; 0: there is none. */
int vxg__h5_file_named(const vxg__h5_server *s, int from, const char *name, char *real, size_t size,
                       struct stat *st);
void vxg__h5_put_id(vxg__h5_body *b, const struct stat *st); /* 7 numbers */
/* walk.c: follows a path of links, one by one; *object < 0: nothing is there. Close it. */
int vxg__h5_walk(vxg__h5_server *s, int file, const char *path, int *in_file, hid_t *object);
/* describe.c */
int vxg__h5_set_open(vxg__h5_server *s, int file, const char *path, vxg__h5_body *reply);
void vxg__h5_set_close(vxg__h5_server *s, vxg__h5_set *set);
/* elements.c */
int vxg__h5_serve_box(vxg__h5_server *s, vxg__h5_body *request, vxg__h5_body *reply);
int vxg__h5_serve_chunks(vxg__h5_server *s, vxg__h5_body *request, vxg__h5_body *reply);

#endif
#endif
