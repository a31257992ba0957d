/* TRX: a zip file or a folder with one array in each member, and header.json. */
#ifndef VXG_IO_TRX_H
#define VXG_IO_TRX_H

#include "io/tracts.h"
#include "io/zip.h"

/* The words after the dots of a member's name: base[.components].type */
typedef struct vxg__trx_name {
    char base[64];
    int32_t components;
    vxg_dtype dtype;
} vxg__trx_name;
/* The part of a path behind its last slash. VXG_ERR_INPUT: no such name, an unknown type. */
int vxg__trx_parse(const char *path, const char *member, vxg__trx_name *out);
const char *vxg__trx_type(vxg_dtype dtype);

/* Members of a file or folder, by name. */
typedef struct vxg__trx_store {
    char *path;
    int folder, fd; /* fd of the zip file */
    struct stat was;
    vxg__zip zip; /* of a folder: its files' names and sizes */
    int64_t room;
} vxg__trx_store;
int vxg__trx_store_open(const char *path, vxg__trx_store *s);
void vxg__trx_store_close(vxg__trx_store *s);
int vxg__trx_stream(const vxg__trx_store *s, const vxg__zip_member *m, vxg__zip_stream *out);
const vxg__zip_member *vxg__trx_find(const vxg__trx_store *s, const char *name);
/* All of a member of at most `most` bytes, a zero behind it. Free *bytes with vxg__free. */
int vxg__trx_load(const vxg__trx_store *s, const vxg__zip_member *m, int64_t most, char **bytes);

/* header.json into info: sizes, the image's matrix and grid, other entries as attributes. */
int vxg__trx_header(const vxg__trx_store *s, vxg_tract_info *info);
/* Groups and their columns, with the indices and values in memory. `most`: bytes they may take, 0:
 * any. */
int vxg__trx_groups(const vxg__trx_store *s, int64_t most, vxg_tract_info *info);

#endif
