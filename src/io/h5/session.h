/* A file that is read through the HDF5 helper, one process for each open file; or, where somebody
 * asks for it (VXG_H5=inprocess, in_process), by libhdf5 inside this process. One thread at a time.
 */
#ifndef VXG_IO_H5_SESSION_H
#define VXG_IO_H5_SESSION_H

#include "io/h5/wire.h"
#include "io/io.h"

#include <sys/stat.h>

typedef struct vxg__h5_opts {
    int follow;     /* links may lead out of the file's folder */
    int in_process; /* no helper */
    int64_t memory; /* bytes that reading may take, the helper's included; 0: a quarter of all */
} vxg__h5_opts;

typedef struct vxg__h5_session {
    char *path;
    int fd;          /* of the file, to see whether it changes */
    struct stat was; /* when it was opened */
    int64_t memory;  /* as in the options, the default filled in */
    int64_t share;   /* of it, what reading keeps to where a single chunk does not need more */
    uint8_t *window; /* shared with the helper */
    int64_t window_bytes;
    int attached; /* the window is System V memory */
    vxg__h5_body request, reply;
    int socket, pid, owner, seconds; /* owner: the process that started the helper */
    int waiting;                     /* a reply is still to come */
    char dead[400];                  /* why there is no helper any more */
    void *server;                    /* in_process */
} vxg__h5_session;

/* VXG_ERR_INPUT with the path in front: no such file, no HDF5 file, a damaged one. */
int vxg__h5_session_open(const char *path, const vxg__h5_opts *opts, vxg__h5_session **out);
void vxg__h5_session_close(vxg__h5_session *s);

/* A request: put its body into s->request, then ask; the answer is in s->reply. Messages lack the
 * file's name. begin and finish are its halves: work may be done between them. */
vxg__h5_body *vxg__h5_request(vxg__h5_session *s);
int vxg__h5_begin(vxg__h5_session *s, int what);
int vxg__h5_finish(vxg__h5_session *s);
int vxg__h5_ask(vxg__h5_session *s, int what);
/* linked.c: the files that elements came or may come from so far, the first one first. vxg__free
 * the list and *words, in which the paths lie. */
int vxg__h5_session_files(vxg__h5_session *s, vxg_scan_file **list, int64_t *count, char **words);
/* Whether the file is as it was when it was opened. */
int vxg__h5_session_unchanged(const vxg__h5_session *s);

/* launch.c: starts the helper on the window, a file or a segment; its socket and process. */
int vxg__h5_launch(vxg__h5_session *s, int window_fd, int segment, int64_t heap);
/* After the socket failed or ended: ends the helper and says in s->dead why it did. */
void vxg__h5_autopsy(vxg__h5_session *s, int timed_out);

#endif
