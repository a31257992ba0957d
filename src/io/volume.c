/* Volume writers. H5, NPY and the TIFF stack are written by blocks; the TIFF folder is one file per
 * slice. Volumes are read by blocks, whatever the format. */
#include "io/h5_block.h"
#include "io/notes.h"
#include "io/outputs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { TAG = 6 + VXG__RANDOM };

typedef struct volume {
    vxg_volume_writer base;
    vxg_volume_format format;
    int64_t nz, ny, nx, left; /* left: slices not yet written */
    uint8_t *seen;            /* nz flags */
    double voxel[3];
    char *unit, *software; /* software: attributes as text for TIFF */
    int force;
    vxg_block_writer *file; /* one-file formats */
    /* TIFF folder */
    vxg_outputs *set, *own;    /* own: its set is of this volume alone */
    char *path, *folder, *tag; /* folder/prefix, and the ending of temporary names */
    char *names[2];            /* room for a final and a temporary name */
    size_t name_room;
    uint8_t *header; /* of a slice other than the first */
    int64_t header_bytes;
} volume;

static void volume_free(volume *v) {
    vxg__free(v->seen);
    vxg__free(v->unit);
    vxg__free(v->software);
    vxg__free(v->path);
    vxg__free(v->folder);
    vxg__free(v->tag);
    vxg__free(v->names[0]);
    vxg__free(v->names[1]);
    vxg__free(v->header);
    vxg__free(v);
}

/* ---- TIFF folder ---- */

/* Name of slice z, in memory taken when the writer was opened: cleaning up must not need any. */
static const char *slice_name(const volume *v, int64_t z, int temporary) {
    const char *slash = strrchr(v->path, '/'), *name = slash ? slash + 1 : v->path;
    snprintf(v->names[temporary], v->name_room, "%.*s%s%s_%05lld.tiff%s", (int)(name - v->path),
             v->path, temporary ? "." : "", name, (long long)z, temporary ? v->tag : "");
    return v->names[temporary];
}

int64_t vxg__slice_number(const char *rest) {
    const char *digits = rest + 1;
    const size_t count = *rest == '_' ? strspn(digits, "0123456789") : 0;
    if (count < 5 || count > 15 || strcmp(digits + count, ".tiff") != 0) return -1;
    return strtoll(digits, NULL, 10);
}

/* A longer volume was replaced: its last slices must not look like part of the new one. */
static int remove_slice(const volume *v, const char *name, vxg_outputs *set) {
    const char *slash = strrchr(v->path, '/');
    vxg_text t = {0};
    vxg__text_append(&t, v->path, slash ? (size_t)(slash + 1 - v->path) : 0);
    vxg__text_add(&t, "%s", name);
    int status = t.failed ? VXG_ERR_MEMORY : vxg__outputs_add_file(set, t.s, NULL, 1);
    vxg__text_free(&t);
    return status;
}

static int remove_slices(const volume *v, vxg_outputs *set) {
    const char *slash = strrchr(v->path, '/'), *prefix = slash ? slash + 1 : v->path;
    const size_t n = strlen(prefix);
    DIR *dir = opendir(v->folder);
    int status = VXG_OK;
    for (struct dirent *e; dir && !status && (e = readdir(dir));) {
        if (strncmp(e->d_name, prefix, n) != 0) continue;
        if (vxg__slice_number(e->d_name + n) >= v->nz) status = remove_slice(v, e->d_name, set);
    }
    if (dir) closedir(dir);
    return status;
}

static int check_space(const volume *v) {
    struct statvfs fs;
    double need = (double)v->nz * ((double)v->ny * (double)v->nx * 4 + (double)v->header_bytes);
    if (statvfs(v->folder, &fs) != 0 || fs.f_blocks == 0) return VXG_OK;
    double room = (double)fs.f_bavail * (double)fs.f_frsize;
    VXG_FAIL_IF(need > room, VXG_ERR_OUTPUT, "%s: no room for %.1f MB, %.1f MB are free: %s",
                v->path, need / 1e6, room / 1e6, strerror(ENOSPC));
    return VXG_OK;
}

static vxg__tiff_layout tiff_layout(const volume *v, int64_t pages, int first) {
    return (vxg__tiff_layout){.dtype = VXG_F32,
                              .pages = pages,
                              .ny = v->ny,
                              .nx = v->nx,
                              .voxel = v->voxel,
                              .unit = v->unit,
                              .software = first ? v->software : NULL};
}

static int folder_open(volume *v, const vxg_volume_writer_opts *opts) {
    const char *path = opts->path;
    vxg_outputs *set = opts->outputs;
    vxg__claim *c = NULL;
    vxg__tiff_tell(v->voxel, v->unit);
    VXG_TRY(vxg__notes_lines(opts->attributes, opts->nattributes, &v->software));
    v->path = vxg__strdup(path);
    v->tag = vxg__calloc(TAG, 1);
    if (!v->path || !v->tag) return VXG_ERR_MEMORY;
    memcpy(v->tag, ".part-", 6);
    vxg__random_word(v->tag + 6);
    v->name_room = strlen(path) + TAG + 40;
    for (int i = 0; i < 2; i++)
        if (!(v->names[i] = vxg__calloc(v->name_room, 1))) return VXG_ERR_MEMORY;
    if (!set) VXG_TRY(vxg_outputs_new(&v->own));
    v->set = set ? set : v->own;
    VXG_TRY(vxg__outputs_use(v->set, path, 1, v->force, &c));
    if (!(v->folder = vxg__strdup(c->made.name))) return VXG_ERR_MEMORY;
    vxg__tiff_layout layout = tiff_layout(v, 1, 0);
    VXG_TRY(vxg__tiff_header(&layout, 0, &v->header, &v->header_bytes));
    return check_space(v);
}

static int folder_write_file(const volume *v, int fd, int64_t z, const float *src,
                             const char *name) {
    uint8_t *header = v->header;
    int64_t size = v->header_bytes;
    if (z == 0) { /* the first slice carries the attributes */
        vxg__tiff_layout layout = tiff_layout(v, 1, 1);
        VXG_TRY(vxg__tiff_header(&layout, 0, &header, &size));
    }
    int status = vxg__write_all(fd, header, (size_t)size, -1, name);
    if (!status) status = vxg__write_all(fd, src, (size_t)(v->ny * v->nx) * 4, -1, name);
    if (header != v->header) vxg__free(header);
    return status;
}

static int folder_write(volume *v, int64_t z, const float *src) {
    const char *temp = slice_name(v, z, 1), *name = slice_name(v, z, 0);
    struct stat old;
    const int replaces = v->force && stat(name, &old) == 0;
    int fd = vxg__temp_open(temp, replaces);
    VXG_FAIL_IF(fd < 0, VXG_ERR_OUTPUT, "%s: cannot write: %s", name, strerror(errno));
    int status = folder_write_file(v, fd, z, src, name);
    if (status) {
        close(fd);
        unlink(temp);
        return status;
    }
#ifdef __linux__
    /* On its way to the disk while the next ones are made: finishing waits for it. */
    sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
#endif
    if (close(fd) == 0) return VXG_OK;
    status = vxg_error_set(VXG_ERR_OUTPUT, "%s: cannot write: %s", name, strerror(errno));
    unlink(temp);
    return status;
}

/* The slice on the disk, with the rights of the one it replaces. */
static int folder_done(const volume *v, const char *temp, const char *name) {
    struct stat old = {0};
    if (!v->force || stat(name, &old) != 0) old.st_mode = 0;
    const int fd = open(temp, O_RDONLY | O_CLOEXEC);
    VXG_FAIL_IF(fd < 0, VXG_ERR_OUTPUT, "%s: cannot write: %s", name, strerror(errno));
    return vxg__output_done(fd, &old, name);
}

static int folder_add(volume *v) {
    int status = VXG_OK;
    for (int64_t z = 0; z < v->nz && !status; z++) {
        const char *temp = slice_name(v, z, 1), *name = slice_name(v, z, 0);
        status = folder_done(v, temp, name);
        if (!status) status = vxg__outputs_add_file(v->set, name, temp, v->force);
        if (!status) v->seen[z] = 0; /* the set's from now on */
    }
    return status || !v->force ? status : remove_slices(v, v->set);
}

static int folder_finish(volume *v) {
    int status = folder_add(v);
    if (status || !v->own) return status;
    status = vxg_outputs_commit(v->own);
    v->own = NULL;
    return status;
}

/* ---- one file ---- */

static int file_open(volume *v, const vxg_volume_writer_opts *opts) {
    static const char *const names[] = {"z", "y", "x"};
    static const char *const rows[] = {
        [VXG_VOLUME_TIFF_STACK] = "tiff", [VXG_VOLUME_H5] = "hdf5", [VXG_VOLUME_NPY] = "npy"};
    const int64_t counts[3] = {v->nz, v->ny, v->nx};
    vxg_block_create_opts o = {.size = sizeof o,
                               .force = v->force,
                               .format = rows[v->format],
                               .outputs = opts->outputs,
                               .info = {.ndim = 3, .dtype = VXG_F32}};
    /* NPY volumes are compared byte by byte: how they were made stands beside them. */
    if (v->format != VXG_VOLUME_NPY)
        o.info.attributes = opts->attributes, o.info.nattributes = opts->nattributes;
    for (int i = 0; i < 3; i++) {
        vxg_axis *a = &o.info.axis[i];
        a->count = counts[i], a->step = v->voxel[i];
        snprintf(a->name, sizeof a->name, "%s", names[i]);
        snprintf(a->unit, sizeof a->unit, "%s", v->unit);
    }
    VXG_TRY(vxg_io_register());
    return vxg_block_create(opts->path, &o, &v->file);
}

/* ---- what all have in common ---- */

static int volume_write(vxg_volume_writer *self, int64_t z0, int64_t nz, const float *src) {
    volume *v = (volume *)self->impl;
    const int64_t start[3] = {z0, 0, 0}, count[3] = {nz, v->ny, v->nx};
    if (v->file) return v->file->write(v->file, start, count, src);
    VXG_FAIL_IF(!src && nz > 0, VXG_ERR_ARGUMENT, "src is NULL");
    VXG_FAIL_IF(z0 < 0 || nz < 0 || z0 > v->nz || nz > v->nz - z0, VXG_ERR_ARGUMENT,
                "slices %lld:%lld are outside the volume's 0:%lld", (long long)z0,
                (long long)(z0 + nz), (long long)v->nz);
    for (int64_t z = z0; z < z0 + nz; z++)
        VXG_FAIL_IF(v->seen[z], VXG_ERR_ARGUMENT, "slice %lld was written already", (long long)z);
    for (int64_t z = z0; z < z0 + nz; z++) {
        VXG_TRY(folder_write(v, z, src + (z - z0) * v->ny * v->nx));
        v->seen[z] = 1;
        v->left--;
    }
    return VXG_OK;
}

static void volume_abandon(vxg_volume_writer *self) {
    if (!self) return;
    volume *v = (volume *)self->impl;
    if (v->file) v->file->abandon(v->file);
    for (int64_t z = 0; !v->file && v->seen && z < v->nz; z++)
        if (v->seen[z]) unlink(slice_name(v, z, 1));
    vxg_outputs_abandon(v->own);
    volume_free(v);
}

static int volume_finish(vxg_volume_writer *self) {
    volume *v = (volume *)self->impl;
    int status = VXG_OK;
    if (v->file) {
        status = v->file->finish(v->file);
        v->file = NULL;
        volume_free(v);
        return status;
    }
    if (v->left > 0) {
        const uint8_t *missing = memchr(v->seen, 0, (size_t)v->nz);
        status = vxg_error_set(
            VXG_ERR_ARGUMENT, "%lld of %lld slices were never written, the first is %lld",
            (long long)v->left, (long long)v->nz, (long long)(missing ? missing - v->seen : 0));
    } else {
        status = folder_finish(v);
    }
    volume_abandon(self);
    return status;
}

static int check_opts(const vxg_volume_writer_opts *o) {
    VXG_FAIL_IF(!o->path || !*o->path, VXG_ERR_ARGUMENT, "the output path is empty");
    VXG_FAIL_IF((int)o->format < VXG_VOLUME_TIFF || o->format > VXG_VOLUME_NPY, VXG_ERR_ARGUMENT,
                "volume format %d is unknown", (int)o->format);
    const int64_t shape[3] = {o->nz, o->ny, o->nx};
    int64_t count = 0;
    if (vxg__count(3, shape, &count))
        VXG_FAIL(VXG_ERR_ARGUMENT,
                 "volume %lld x %lld x %lld: sizes from 1 to 2^40 in all expected",
                 (long long)o->nz, (long long)o->ny, (long long)o->nx);
    VXG_FAIL_IF((o->format == VXG_VOLUME_TIFF || o->format == VXG_VOLUME_TIFF_STACK) &&
                    (o->ny > UINT32_MAX || o->nx > UINT32_MAX),
                VXG_ERR_ARGUMENT, "a TIFF slice of %lld x %lld is too large", (long long)o->ny,
                (long long)o->nx);
    for (int i = 0; i < 3; i++)
        VXG_FAIL_IF(o->voxel[i] != 0 && !(isnormal(o->voxel[i]) && o->voxel[i] > 0),
                    VXG_ERR_ARGUMENT, "voxel size %g is no length (0 says that it is unknown)",
                    o->voxel[i]);
    VXG_FAIL_IF(o->nattributes < 0 || (o->nattributes && !o->attributes), VXG_ERR_ARGUMENT,
                "attributes are NULL");
    for (int i = 0; i < o->nattributes; i++)
        VXG_FAIL_IF(!o->attributes[i].name || !*o->attributes[i].name || !o->attributes[i].text,
                    VXG_ERR_ARGUMENT, "attribute %d has no name or no text", i);
    return VXG_OK;
}

int vxg_volume_writer_open(const vxg_volume_writer_opts *opts, vxg_volume_writer **out) {
    VXG_FAIL_IF(!opts || !out, VXG_ERR_ARGUMENT, "opts or out is NULL");
    *out = NULL;
    VXG_READ(vxg_volume_writer_opts, opts);
    VXG_TRY(check_opts(opts));
    volume *v = vxg__calloc(1, sizeof *v);
    if (!v) return VXG_ERR_MEMORY;
    v->base = (vxg_volume_writer){.size = (uint32_t)sizeof v->base,
                                  .write = volume_write,
                                  .finish = volume_finish,
                                  .abandon = volume_abandon,
                                  .impl = v};
    v->format = opts->format, v->force = opts->force;
    v->nz = v->left = opts->nz, v->ny = opts->ny, v->nx = opts->nx;
    memcpy(v->voxel, opts->voxel, sizeof v->voxel);
    v->seen = vxg__calloc((size_t)v->nz, 1);
    v->unit = vxg__plain_words(opts->unit ? opts->unit : "", 0);
    int status = v->seen && v->unit ? VXG_OK : VXG_ERR_MEMORY;
    if (!status && strlen(v->unit) >= sizeof((vxg_axis *)0)->unit)
        status = vxg_error_set(VXG_ERR_ARGUMENT, "the unit '%s' is longer than %d bytes", v->unit,
                               (int)sizeof((vxg_axis *)0)->unit - 1);
    if (!status) status = v->format == VXG_VOLUME_TIFF ? folder_open(v, opts) : file_open(v, opts);
    if (status) {
        volume_abandon(&v->base);
        return status;
    }
    *out = &v->base;
    return VXG_OK;
}

/* ---- reading back ---- */

/* A volume of rank 3; NPY files may have one slice of rank 2. */
static int whole_shape(const vxg_block_reader *r, int64_t shape[3]) {
    const vxg_block_info *info = &r->info;
    VXG_FAIL_IF(info->ndim != 3 && (info->ndim != 2 || strcmp(r->format, "npy") != 0),
                VXG_ERR_INPUT, "%s: rank %d, a volume of rank 3 expected", r->path,
                (int)info->ndim);
    shape[0] = 1;
    for (int i = 0; i < info->ndim; i++) shape[3 - info->ndim + i] = info->axis[i].count;
    return vxg__h5_block_holds(r);
}

static int read_whole(vxg_block_reader *r, float **data, int64_t shape[3]) {
    const int64_t zeros[3] = {0};
    VXG_TRY(whole_shape(r, shape));
    float *values = vxg__calloc((size_t)(shape[0] * shape[1] * shape[2]), sizeof *values);
    if (!values) return VXG_ERR_MEMORY;
    const int status = vxg_block_read(r, zeros, shape + 3 - r->info.ndim, VXG_F32, values);
    if (status) {
        vxg__free(values);
        return status;
    }
    *data = values;
    return VXG_OK;
}

int vxg_volume_read(const char *path, float **data, int64_t shape[3]) {
    VXG_FAIL_IF(!path || !data || !shape, VXG_ERR_ARGUMENT, "an argument is NULL");
    *data = NULL;
    vxg_block_reader *r = NULL;
    VXG_TRY(vxg_io_register());
    VXG_TRY(vxg_block_open(path, NULL, &r));
    const int status = read_whole(r, data, shape);
    vxg_block_close(r);
    return status;
}
