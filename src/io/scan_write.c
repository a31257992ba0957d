/* Scans out: one HDF5 Data Exchange file whose datasets are made first; frames then go to their
 * place in the file, in any order, without HDF5. */
#include "io/h5.h"

#include <math.h>
#include <string.h>

#define KINDS 3

typedef struct scan {
    vxg_scan_writer base;
    vxg__output out;
    int64_t frames[KINDS], offset[KINDS]; /* by vxg_frame_kind */
    int64_t pixels;                       /* of a frame */
    int64_t left;                         /* frames not yet written */
    uint8_t *seen[KINDS];
} scan;

static const char *const words[KINDS] = {"projections", "flats", "darks"};

#ifdef VXG_HAVE_HDF5
static int put_frames(hid_t group, const vxg_scan_writer_opts *o, scan *s) {
    static const char *const names[KINDS] = {"data", "data_white", "data_dark"};
    for (int k = 0; k < KINDS; k++) {
        const int64_t shape[3] = {s->frames[k], o->nrows, o->ncols};
        hid_t id = -1;
        if (!s->frames[k]) continue;
        int status =
            vxg__h5_put_data(group, names[k], H5T_NATIVE_UINT16, 3, shape, &id, &s->offset[k]);
        if (!status) status = vxg__h5_put_text(id, "axes", "theta:y:x");
        if (id >= 0) H5Dclose(id);
        VXG_TRY(status);
    }
    return VXG_OK;
}

static int put_doubles(hid_t group, const char *name, int ndim, int64_t n, const double *values,
                       const char *unit) {
    hid_t id = -1;
    int64_t offset = 0;
    int status = vxg__h5_put_data(group, name, H5T_NATIVE_DOUBLE, ndim, &n, &id, &offset);
    if (!status && H5Dwrite(id, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0)
        status = vxg__h5_fail(VXG_ERR_OUTPUT, "%s", name);
    if (!status && unit && *unit) status = vxg__h5_put_text(id, "units", unit);
    if (id >= 0) H5Dclose(id);
    return status;
}

static int put_pixel(hid_t file, const vxg_scan_writer_opts *o) {
    hid_t links = H5Pcreate(H5P_LINK_CREATE), group = -1;
    if (!(o->pixel_size > 0)) {
        H5Pclose(links);
        return VXG_OK;
    }
    if (links >= 0 && H5Pset_create_intermediate_group(links, 1) >= 0)
        group =
            H5Gcreate2(file, "measurement/instrument/detector", links, H5P_DEFAULT, H5P_DEFAULT);
    int status = group < 0 ? vxg__h5_fail(VXG_ERR_OUTPUT, "measurement") : VXG_OK;
    static const char *const names[] = {"actual_pixel_size_x", "actual_pixel_size_y"};
    for (int i = 0; i < 2 && !status; i++)
        status = put_doubles(group, names[i], 1, 1, &o->pixel_size, o->pixel_unit);
    if (group >= 0) H5Gclose(group);
    if (links >= 0) H5Pclose(links);
    return status;
}

static int put_all(hid_t file, const vxg_scan_writer_opts *o, scan *s) {
    for (int i = 0; i < o->nattributes; i++)
        VXG_TRY(vxg__h5_put_text(file, o->attributes[i].name, o->attributes[i].text));
    VXG_TRY(vxg__h5_put_implements(file, o->pixel_size > 0 ? "exchange:measurement" : "exchange"));
    hid_t group = H5Gcreate2(file, "exchange", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (group < 0) return vxg__h5_fail(VXG_ERR_OUTPUT, "exchange");
    int status = put_frames(group, o, s);
    if (!status) status = put_doubles(group, "theta", 1, o->nviews, o->theta, "degrees");
    H5Gclose(group);
    return status ? status : put_pixel(file, o);
}

static int create(const vxg_scan_writer_opts *o, scan *s) {
    vxg__h5_guard guard;
    vxg__h5_enter(&guard);
    hid_t file = H5Fcreate(s->out.temp, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    int status =
        file < 0 ? vxg__h5_fail(VXG_ERR_OUTPUT, "cannot make the file") : put_all(file, o, s);
    if (file >= 0 && H5Fclose(file) < 0 && !status)
        status = vxg__h5_fail(VXG_ERR_OUTPUT, "cannot write");
    vxg__h5_leave(&guard);
    return status ? vxg_error_context(status, "%s", o->path) : VXG_OK;
}
#else
static int create(const vxg_scan_writer_opts *o, scan *s) {
    (void)s;
    VXG_FAIL(VXG_ERR_UNSUPPORTED,
             "%s: built without HDF5; install its headers (Debian: libhdf5-dev) and build again",
             o->path);
}
#endif

static int scan_write(vxg_scan_writer *self, vxg_frame_kind kind, int64_t first, int64_t n,
                      const uint16_t *src) {
    scan *s = self->impl;
    VXG_FAIL_IF((int)kind < 0 || kind > VXG_FRAME_DARK, VXG_ERR_ARGUMENT,
                "frame kind %d is unknown", (int)kind);
    VXG_FAIL_IF(!src && n > 0, VXG_ERR_ARGUMENT, "src is NULL");
    VXG_FAIL_IF(first < 0 || n < 0 || first > s->frames[kind] || n > s->frames[kind] - first,
                VXG_ERR_ARGUMENT, "%s %lld:%lld are outside the scan's 0:%lld", words[kind],
                (long long)first, (long long)(first + n), (long long)s->frames[kind]);
    for (int64_t i = first; i < first + n; i++)
        VXG_FAIL_IF(s->seen[kind][i], VXG_ERR_ARGUMENT, "frame %lld of the %s was written already",
                    (long long)i, words[kind]);
    VXG_TRY(vxg__write_all(s->out.fd, src, (size_t)(n * s->pixels) * 2,
                           s->offset[kind] + first * s->pixels * 2, s->out.path));
    if (n > 0) memset(s->seen[kind] + first, 1, (size_t)n);
    s->left -= n;
    return VXG_OK;
}

static void scan_abandon(vxg_scan_writer *self) {
    if (!self) return;
    scan *s = self->impl;
    vxg__output_abandon(&s->out);
    for (int k = 0; k < KINDS; k++) vxg__free(s->seen[k]);
    vxg__free(s);
}

static int scan_finish(vxg_scan_writer *self) {
    scan *s = self->impl;
    int status = s->left > 0
                     ? vxg_error_set(VXG_ERR_ARGUMENT, "%lld frames of the scan were never written",
                                     (long long)s->left)
                     : vxg__output_commit(&s->out);
    scan_abandon(self);
    return status;
}

static int check_opts(const vxg_scan_writer_opts *o) {
    VXG_FAIL_IF(!o->path || !*o->path, VXG_ERR_ARGUMENT, "the output path is empty");
    const int64_t shape[3] = {o->nviews, o->nrows, o->ncols};
    int64_t count = 0;
    if (vxg__count(3, shape, &count))
        VXG_FAIL(VXG_ERR_ARGUMENT, "scan %lld x %lld x %lld: sizes from 1 to 2^40 in all expected",
                 (long long)o->nviews, (long long)o->nrows, (long long)o->ncols);
    const int64_t most = VXG_MAX_ELEMENTS / (o->nrows * o->ncols);
    VXG_FAIL_IF(o->nflats < 0 || o->ndarks < 0 || o->nflats > most || o->ndarks > most,
                VXG_ERR_ARGUMENT, "scan: %lld flats and %lld darks", (long long)o->nflats,
                (long long)o->ndarks);
    VXG_FAIL_IF(!o->theta, VXG_ERR_ARGUMENT, "scan: theta is NULL");
    for (int64_t i = 0; i < o->nviews; i++)
        VXG_FAIL_IF(!isfinite(o->theta[i]), VXG_ERR_ARGUMENT,
                    "scan: theta of view %lld is not a finite number", (long long)i);
    VXG_FAIL_IF(o->pixel_size != 0 && !(isnormal(o->pixel_size) && o->pixel_size > 0),
                VXG_ERR_ARGUMENT, "scan: pixel_size %g is no length (0 says that it is unknown)",
                o->pixel_size);
    VXG_FAIL_IF(o->nattributes < 0 || (o->nattributes && !o->attributes), VXG_ERR_ARGUMENT,
                "attributes are NULL");
    for (int i = 0; i < o->nattributes; i++)
        VXG_FAIL_IF(!o->attributes[i].name || !*o->attributes[i].name || !o->attributes[i].text,
                    VXG_ERR_ARGUMENT, "attribute %d has no name or no text", i);
    return VXG_OK;
}

static int open_file(const vxg_scan_writer_opts *o, scan *s) {
    for (int k = 0; k < KINDS; k++) {
        s->left += s->frames[k];
        s->seen[k] = vxg__calloc((size_t)s->frames[k] + 1, 1);
        if (!s->seen[k]) return VXG_ERR_MEMORY;
    }
    VXG_TRY(vxg__output_open(o->path, o->force, o->outputs, &s->out));
    /* HDF5 cannot recover from a disk that is full while it writes: try before. */
    const int64_t bytes = s->left * s->pixels * 2 + o->nviews * 8 + 65536;
    VXG_TRY(vxg__reserve(s->out.fd, bytes, o->path));
    VXG_TRY(create(o, s));
    int64_t end = 0;
    for (int k = 0; k < KINDS; k++)
        if (s->frames[k] && s->offset[k] + s->frames[k] * s->pixels * 2 > end)
            end = s->offset[k] + s->frames[k] * s->pixels * 2;
    return vxg__reserve(s->out.fd, end, o->path);
}

int vxg_scan_writer_open(const vxg_scan_writer_opts *o, vxg_scan_writer **out) {
    VXG_FAIL_IF(!o || !out, VXG_ERR_ARGUMENT, "opts or out is NULL");
    *out = NULL;
    VXG_READ(vxg_scan_writer_opts, o);
    VXG_TRY(check_opts(o));
    scan *s = vxg__calloc(1, sizeof *s);
    if (!s) return VXG_ERR_MEMORY;
    s->base = (vxg_scan_writer){.size = (uint32_t)sizeof s->base,
                                .write = scan_write,
                                .finish = scan_finish,
                                .abandon = scan_abandon,
                                .impl = s};
    s->out.fd = -1, s->pixels = o->nrows * o->ncols;
    s->frames[VXG_FRAME_DATA] = o->nviews, s->frames[VXG_FRAME_FLAT] = o->nflats;
    s->frames[VXG_FRAME_DARK] = o->ndarks;
    int status = open_file(o, s);
    if (status) {
        scan_abandon(&s->base);
        return status;
    }
    *out = &s->base;
    return VXG_OK;
}
