/* Scans in HDF5: Data Exchange and NXtomo, told apart by what the file holds. */
#include "io/h5.h"

#ifdef VXG_HAVE_HDF5
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The frames of one kind: frame i is frame map[i] of the dataset, or i itself without a map. A
 * dataset of rank 2 is one frame. */
typedef struct frames {
    vxg__h5_dataset data;
    const char *name;
    int64_t n;
    int64_t *map;
    int rowless; /* (view, column): one detector row */
} frames;

typedef struct scan {
    vxg_scan_reader reader;
    hid_t file;
    int64_t file_bytes;
    char *path;
    double *theta;
    char unit[16];
    char title[1024];   /* "a.h5: exchange/data", for messages */
    char names[3][256]; /* paths in the file of the frames' datasets */
    frames kinds[3];    /* by vxg_frame_kind; NXtomo: data.id of kinds 1 and 2 borrowed */
    int shared;         /* 1: one dataset for all kinds */
} scan;

static const char *title(scan *s, const char *name) {
    snprintf(s->title, sizeof s->title, "%s: %s", s->path, name + (*name == '/'));
    return s->title;
}

/* ---- reading ---- */

static int read_run(scan *s, const frames *f, int64_t first, int64_t n, const int64_t box[4],
                    float *dst) {
    const int64_t start[3] = {first, box[0], box[2]};
    const int64_t count[3] = {n, box[1] - box[0], box[3] - box[2]};
    if (f->rowless) {
        const int64_t from[2] = {first, box[2]}, size[2] = {n, box[3] - box[2]};
        return vxg__h5_dataset_read(&f->data, title(s, f->name), from, size, H5T_NATIVE_FLOAT, dst);
    }
    int skip = f->data.ndim == 2; /* a single frame has no frame axis */
    return vxg__h5_dataset_read(&f->data, title(s, f->name), start + skip, count + skip,
                                H5T_NATIVE_FLOAT, dst);
}

static int scan_read(vxg_scan_reader *self, vxg_frame_kind kind, int64_t v0, int64_t v1, int64_t r0,
                     int64_t r1, int64_t c0, int64_t c1, float *dst) {
    static const char *const words[3] = {"projections", "flats", "darks"};
    scan *s = self->impl;
    VXG_FAIL_IF((int)kind < 0 || kind > VXG_FRAME_DARK, VXG_ERR_ARGUMENT,
                "frame kind %d is unknown", (int)kind);
    const frames *f = &s->kinds[kind];
    VXG_FAIL_IF(
        v0 < 0 || v1 < v0 || v1 > f->n || r0 < 0 || r1 < r0 || r1 > self->nrows || c0 < 0 ||
            c1 < c0 || c1 > self->ncols,
        VXG_ERR_ARGUMENT,
        "%s: block %lld:%lld x %lld:%lld x %lld:%lld of the %s is outside %lld x %lld x %lld",
        s->path, (long long)v0, (long long)v1, (long long)r0, (long long)r1, (long long)c0,
        (long long)c1, words[kind], (long long)f->n, (long long)self->nrows,
        (long long)self->ncols);
    int64_t frame = (r1 - r0) * (c1 - c0);
    if (v0 == v1 || frame == 0) return VXG_OK;
    VXG_FAIL_IF(!dst, VXG_ERR_ARGUMENT, "dst is NULL");
    const int64_t box[4] = {r0, r1, c0, c1};
    vxg__h5_guard guard;
    int status = VXG_OK;
    vxg__h5_enter(&guard);
    for (int64_t v = v0, n = 0; v < v1 && !status; v += n, dst += n * frame) {
        int64_t first = f->map ? f->map[v] : v;
        for (n = 1; v + n < v1 && (!f->map || f->map[v + n] == first + n);) n++;
        status = read_run(s, f, first, n, box, dst);
    }
    vxg__h5_leave(&guard);
    return status;
}

static void scan_free(scan *s) {
    for (int k = 0; k < 3; k++) {
        if (k == 0 || !s->shared) vxg__h5_dataset_close(&s->kinds[k].data);
        vxg__free(s->kinds[k].map);
    }
    if (s->file >= 0) H5Fclose(s->file);
    vxg__free(s->theta);
    vxg__free(s->path);
    vxg__free(s);
}

static void scan_close(vxg_scan_reader *self) {
    vxg__h5_guard guard;
    vxg__h5_enter(&guard);
    scan_free(self->impl);
    vxg__h5_leave(&guard);
}

/* ---- what both layouts have in common ---- */

static int set_name(scan *s, vxg_frame_kind kind, const char *name) {
    VXG_FAIL_IF(strlen(name) >= sizeof s->names[0], VXG_ERR_INPUT, "%s: dataset path too long",
                s->path);
    snprintf(s->names[kind], sizeof s->names[0], "%s", name);
    s->kinds[kind].name = s->names[kind];
    return VXG_OK;
}

static int open_data(scan *s, const char *name) {
    frames *f = &s->kinds[VXG_FRAME_DATA];
    VXG_TRY(set_name(s, VXG_FRAME_DATA, name));
    VXG_TRY(vxg__h5_dataset_open(s->file, name, title(s, name), s->file_bytes, &f->data));
    VXG_FAIL_IF(f->data.ndim != 3, VXG_ERR_INPUT,
                "%s: rank %d, rank 3 (views, rows, columns) expected", s->title, f->data.ndim);
    f->n = f->data.shape[0];
    s->reader.nrows = f->data.shape[1], s->reader.ncols = f->data.shape[2];
    s->reader.dtype = f->data.dtype;
    return VXG_OK;
}

/* Angles in radians become degrees where the file says so. */
static void to_degrees(const scan *s, const char *name, double *angle, int64_t n) {
    char unit[16] = "";
    hid_t id = H5Dopen2(s->file, name, H5P_DEFAULT);
    if (id < 0) return;
    vxg__h5_text_attribute(id, "units", unit, sizeof unit);
    H5Dclose(id);
    if (strncmp(unit, "rad", 3) != 0) return;
    for (int64_t i = 0; i < n; i++) angle[i] *= 180 / 3.14159265358979323846;
}

static int check_angles(scan *s, const char *name) {
    for (int64_t i = 0; i < s->reader.nviews; i++)
        VXG_FAIL_IF(!isfinite(s->theta[i]), VXG_ERR_INPUT,
                    "%s: the angle of projection %lld is %g, a finite number of degrees expected",
                    title(s, name), (long long)i, s->theta[i]);
    return VXG_OK;
}

static int even_angles(scan *s) {
    int64_t n = s->reader.nviews;
    /* The views' own list is not in the file: nothing has bounded their number yet. */
    VXG_FAIL_IF(n > s->file_bytes && n > (1 << 24), VXG_ERR_INPUT,
                "%s: %lld projections in a file of %lld bytes", s->path, (long long)n,
                (long long)s->file_bytes);
    s->theta = vxg__calloc((size_t)n, sizeof *s->theta);
    if (!s->theta) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < n; i++) s->theta[i] = 180.0 * (double)i / (double)n;
    s->reader.theta_missing = 1;
    return VXG_OK;
}

/* One word for the units people write. */
static void set_unit(scan *s, const char *text) {
    static const char *const words[][2] = {
        {"um", "um"},        {"micron", "um"},    {"micrometer", "um"}, {"micrometre", "um"},
        {"\xc2\xb5m", "um"}, {"\xce\xbcm", "um"}, {"nm", "nm"},         {"nanomet", "nm"},
        {"mm", "mm"},        {"millimet", "mm"},  {"cm", "cm"},         {"centimet", "cm"},
        {"m", "m"},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t n = strlen(words[i][0]);
        /* Short words whole, long ones by their beginning ("microns per pixel"). */
        if (n > 3 ? strncmp(text, words[i][0], n) == 0
                  : strncmp(text, words[i][0], n) == 0 &&
                        (!text[n] || text[n] == ' ' || text[n] == '/')) {
            snprintf(s->unit, sizeof s->unit, "%s", words[i][1]);
            return;
        }
    }
    if (!strncmp(text, "meter", 5) || !strncmp(text, "metre", 5)) {
        snprintf(s->unit, sizeof s->unit, "m");
    } else {
        snprintf(s->unit, sizeof s->unit, "%.15s", text);
    }
}

/* A pixel size is welcome, never required: whatever is odd about it means unknown. */
static int try_pixel_size(scan *s, const char *name) {
    char unit[32] = "";
    double *values = NULL;
    int64_t n = 0;
    if (!vxg__h5_exists(s->file, name)) return VXG_OK;
    int status = vxg__h5_read_doubles(s->file, name, title(s, name), s->file_bytes, &values, &n);
    if (!status && n == 1 && isfinite(values[0]) && values[0] > 0) {
        hid_t id = H5Dopen2(s->file, name, H5P_DEFAULT);
        if (id >= 0) {
            vxg__h5_text_attribute(id, "units", unit, sizeof unit);
            if (!*unit) vxg__h5_text_attribute(id, "unit", unit, sizeof unit);
            H5Dclose(id);
        }
        s->reader.pixel_size = values[0];
        set_unit(s, unit);
    }
    vxg__free(values);
    if (status == VXG_ERR_MEMORY) return status;
    if (status) vxg_error_clear();
    return VXG_OK;
}

static int find_pixel_size(scan *s, const char *group, const char *const *names, int count) {
    for (int i = 0; i < count && !(s->reader.pixel_size > 0); i++) {
        char name[400];
        snprintf(name, sizeof name, "%s/%s", group, names[i]);
        VXG_TRY(try_pixel_size(s, name));
    }
    return VXG_OK;
}

/* ---- Data Exchange ---- */

static int open_fields(scan *s, vxg_frame_kind kind, const char *name) {
    frames *f = &s->kinds[kind];
    if (!vxg__h5_exists(s->file, name)) return VXG_OK;
    VXG_TRY(set_name(s, kind, name));
    VXG_TRY(vxg__h5_dataset_open(s->file, name, title(s, name), s->file_bytes, &f->data));
    int n = f->data.ndim;
    VXG_FAIL_IF(n != 3 && n != 2, VXG_ERR_INPUT,
                "%s: rank %d, rank 3 (frames, rows, columns) expected", s->title, n);
    int64_t rows = f->data.shape[n - 2], cols = f->data.shape[n - 1];
    VXG_FAIL_IF(rows != s->reader.nrows || cols != s->reader.ncols, VXG_ERR_INPUT,
                "%s: frames of %lld x %lld, %lld x %lld expected as in exchange/data", s->title,
                (long long)rows, (long long)cols, (long long)s->reader.nrows,
                (long long)s->reader.ncols);
    f->n = n == 3 ? f->data.shape[0] : 1;
    return VXG_OK;
}

static int exchange_angles(scan *s) {
    static const char name[] = "exchange/theta";
    int64_t n = 0;
    if (!vxg__h5_exists(s->file, name)) return even_angles(s);
    VXG_TRY(vxg__h5_read_doubles(s->file, name, title(s, name), s->file_bytes, &s->theta, &n));
    VXG_FAIL_IF(n != s->reader.nviews, VXG_ERR_INPUT,
                "%s: %lld angles, %lld expected (one for each projection of exchange/data)",
                s->title, (long long)n, (long long)s->reader.nviews);
    to_degrees(s, name, s->theta, n);
    return check_angles(s, name);
}

static int open_exchange(scan *s) {
    static const char *const sizes[] = {
        "instrument/detector/actual_pixel_size_x",
        "instrument/detection_system/objective/resolution",
        "instrument/detector/pixel_size",
        "instrument/detector/pixel_size_x",
        "instrument/detector/x_pixel_size",
        "instrument/detector/x_actual_pixel_size",
    };
    s->reader.format = "Data Exchange";
    VXG_TRY(open_data(s, "exchange/data"));
    s->reader.nviews = s->kinds[VXG_FRAME_DATA].n;
    VXG_TRY(open_fields(s, VXG_FRAME_FLAT, "exchange/data_white"));
    VXG_TRY(open_fields(s, VXG_FRAME_DARK, "exchange/data_dark"));
    VXG_TRY(exchange_angles(s));
    return find_pixel_size(s, "measurement", sizes, (int)(sizeof sizes / sizeof *sizes));
}

/* ---- NXtomo ---- */

typedef struct search {
    hid_t file;
    char found[256]; /* the group with data and image_key */
    int is_detector; /* ... is an NXdetector: nothing better can come */
    int visited;     /* links looked at: a bound for damaged or huge files */
    int depth;       /* of groups in groups */
} search;

static int has_class(hid_t file, const char *path, const char *name) {
    char text[32] = "";
    hid_t id = H5Oopen(file, path, H5P_DEFAULT);
    if (id < 0) return 0;
    vxg__h5_text_attribute(id, "NX_class", text, sizeof text);
    H5Oclose(id);
    return strcmp(text, name) == 0;
}

/* Whether path/name is a dataset. */
static int has_dataset(hid_t file, const char *path, const char *name) {
    char full[512];
    H5O_info_t info;
    snprintf(full, sizeof full, "%s/%s", path, name);
    return H5Lexists(file, full, H5P_DEFAULT) > 0 &&
           H5Oexists_by_name(file, full, H5P_DEFAULT) > 0 &&
           H5Oget_info_by_name2(file, full, &info, H5O_INFO_BASIC, H5P_DEFAULT) >= 0 &&
           info.type == H5O_TYPE_DATASET;
}

/* Calls fn(context, path) for the groups in a group, in order of name; fn returns 1 to stop. */
static int for_groups(hid_t file, const char *path, int *visited,
                      int (*fn)(void *context, const char *path), void *context) {
    enum { MOST_LINKS = 10000 };
    H5G_info_t info;
    if (H5Gget_info_by_name(file, path, &info, H5P_DEFAULT) < 0) return 0;
    for (hsize_t i = 0; i < info.nlinks && *visited < MOST_LINKS; i++) {
        char name[128], full[256];
        H5O_info_t object;
        ++*visited;
        ssize_t n = H5Lget_name_by_idx(file, path, H5_INDEX_NAME, H5_ITER_INC, i, name, sizeof name,
                                       H5P_DEFAULT);
        if (n < 0) break; /* a damaged group */
        if (n >= (ssize_t)sizeof name || strlen(path) + (size_t)n + 2 > sizeof full) continue;
        snprintf(full, sizeof full, "%.120s/%.127s", strcmp(path, "/") ? path : "", name);
        if (!*name || strchr(name, '/') || strlen(full) > 120) continue;
        if (H5Oexists_by_name(file, full, H5P_DEFAULT) <= 0 ||
            H5Oget_info_by_name2(file, full, &object, H5O_INFO_BASIC, H5P_DEFAULT) < 0 ||
            object.type != H5O_TYPE_GROUP)
            continue;
        if (fn(context, full)) return 1;
    }
    return 0;
}

static int visit(void *context, const char *path) {
    enum { DEEPEST = 6 };
    search *s = context;
    if (has_dataset(s->file, path, "data") && has_dataset(s->file, path, "image_key")) {
        int is_detector = has_class(s->file, path, "NXdetector");
        if (!s->found[0] || is_detector) snprintf(s->found, sizeof s->found, "%s", path);
        s->is_detector |= is_detector;
        return s->is_detector;
    }
    if (s->depth == DEEPEST) return 0;
    s->depth++;
    int found = for_groups(s->file, path, &s->visited, visit, s);
    s->depth--;
    return found;
}

typedef struct sample_search {
    hid_t file;
    char found[256]; /* path of rotation_angle */
} sample_search;

static int visit_sample(void *context, const char *path) {
    sample_search *s = context;
    if (!has_class(s->file, path, "NXsample") || !has_dataset(s->file, path, "rotation_angle"))
        return 0;
    snprintf(s->found, sizeof s->found, "%.200s/rotation_angle", path);
    return 1;
}

/* rotation_angle: in a group called sample, or of class NXsample, of the detector's entry; or
 * beside the data. Looked for from the detector outwards. */
static int find_angles(hid_t file, const char *detector, char *out, size_t size) {
    sample_search s = {.file = file};
    char path[256];
    int visited = 0;
    snprintf(path, sizeof path, "%s", detector);
    if (has_dataset(file, path, "rotation_angle")) {
        snprintf(out, size, "%s/rotation_angle", path);
        return 1;
    }
    for (char *slash; (slash = strrchr(path, '/'));) {
        char sample[300];
        *slash = 0;
        snprintf(sample, sizeof sample, "%s/sample", path);
        if (vxg__h5_exists(file, sample) && has_dataset(file, sample, "rotation_angle")) {
            snprintf(out, size, "%.240s/rotation_angle", sample);
            return 1;
        }
        if (for_groups(file, *path ? path : "/", &visited, visit_sample, &s)) {
            snprintf(out, size, "%.255s", s.found);
            return 1;
        }
    }
    return 0;
}

/* Sorts the frames by key: 0 projection, 1 flat, 2 dark; 3 (invalid) and others are left out. */
static int sort_frames(scan *s, const double *key, int64_t n) {
    for (int k = 0; k < 3; k++) {
        frames *f = &s->kinds[k];
        f->n = 0;
        for (int64_t i = 0; i < n; i++) f->n += key[i] == k;
        f->map = vxg__calloc(f->n ? (size_t)f->n : 1, sizeof *f->map);
        if (!f->map) return VXG_ERR_MEMORY;
        for (int64_t i = 0, j = 0; i < n; i++)
            if (key[i] == k) f->map[j++] = i;
        f->data = s->kinds[0].data, f->name = s->kinds[0].name;
    }
    s->shared = 1;
    s->reader.nviews = s->kinds[VXG_FRAME_DATA].n;
    return VXG_OK;
}

static int read_keys(scan *s, const char *name) {
    double *key = NULL;
    int64_t n = 0, frames_there = s->kinds[VXG_FRAME_DATA].n;
    VXG_TRY(vxg__h5_read_doubles(s->file, name, title(s, name), s->file_bytes, &key, &n));
    int status = VXG_OK;
    if (n != frames_there)
        status = vxg_error_set(VXG_ERR_INPUT, "%s: %lld keys, %lld expected (one for each frame)",
                               s->title, (long long)n, (long long)frames_there);
    if (!status) status = sort_frames(s, key, n);
    if (!status && s->reader.nviews == 0)
        status = vxg_error_set(VXG_ERR_INPUT, "%s: no frame has key 0 (projection)", s->title);
    vxg__free(key);
    return status;
}

static int tomo_angles(scan *s, const char *detector, int64_t frames_there) {
    char name[300] = "";
    double *angle = NULL;
    int64_t n = 0, nviews = s->reader.nviews;
    if (!find_angles(s->file, detector, name, sizeof name)) return even_angles(s);
    VXG_TRY(vxg__h5_read_doubles(s->file, name, title(s, name), s->file_bytes, &angle, &n));
    if (n != frames_there && n != nviews) {
        vxg__free(angle);
        VXG_FAIL(VXG_ERR_INPUT, "%s: %lld angles, %lld expected (one for each frame)", s->title,
                 (long long)n, (long long)frames_there);
    }
    to_degrees(s, name, angle, n);
    s->theta = angle;
    if (n == frames_there) /* maps increase, so this can be done in place */
        for (int64_t i = 0; i < nviews; i++) angle[i] = angle[s->kinds[VXG_FRAME_DATA].map[i]];
    return check_angles(s, name);
}

static int open_tomo(scan *s, const char *detector) {
    static const char *const sizes[] = {"x_pixel_size", "pixel_size", "pixel_size_x"};
    char name[300];
    s->reader.format = "NXtomo";
    snprintf(name, sizeof name, "%s/data", detector + (*detector == '/'));
    VXG_TRY(open_data(s, name));
    int64_t frames_there = s->kinds[VXG_FRAME_DATA].n;
    snprintf(name, sizeof name, "%s/image_key", detector + (*detector == '/'));
    VXG_TRY(read_keys(s, name));
    VXG_TRY(tomo_angles(s, detector, frames_there));
    return find_pixel_size(s, detector, sizes, (int)(sizeof sizes / sizeof *sizes));
}

/* ---- a bare dataset ---- */

static int open_bare(scan *s, const char *name) {
    frames *f = &s->kinds[VXG_FRAME_DATA];
    s->reader.format = "HDF5 dataset";
    VXG_TRY(set_name(s, VXG_FRAME_DATA, name));
    VXG_FAIL_IF(!vxg__h5_exists(s->file, name), VXG_ERR_INPUT, "%s: there is no such dataset",
                title(s, name));
    VXG_TRY(vxg__h5_dataset_open(s->file, name, title(s, name), s->file_bytes, &f->data));
    VXG_FAIL_IF(f->data.ndim != 3 && f->data.ndim != 2, VXG_ERR_INPUT,
                "%s: rank %d, rank 3 (views, rows, columns) or 2 (views, columns) expected",
                s->title, f->data.ndim);
    f->rowless = f->data.ndim == 2;
    f->n = s->reader.nviews = f->data.shape[0];
    s->reader.nrows = f->rowless ? 1 : f->data.shape[1];
    s->reader.ncols = f->data.shape[f->data.ndim - 1];
    s->reader.dtype = f->data.dtype;
    return even_angles(s);
}

/* ---- opening ---- */

static int open_by_content(scan *s, const char *dataset) {
    VXG_TRY(vxg__h5_open(s->path, &s->file, &s->file_bytes));
    if (dataset) return open_bare(s, dataset);
    if (vxg__h5_exists(s->file, "exchange/data")) return open_exchange(s);
    search tomo = {.file = s->file};
    for_groups(s->file, "/", &tomo.visited, visit, &tomo);
    if (tomo.found[0]) return open_tomo(s, tomo.found);
    VXG_FAIL(VXG_ERR_INPUT,
             "%s: no scan: neither the dataset exchange/data (Data Exchange) nor a detector group "
             "with data and image_key (NXtomo) is there",
             s->path);
}

int vxg_scan_open_dataset(const char *path, const char *dataset, vxg_scan_reader **out) {
    VXG_FAIL_IF(!path || !out, VXG_ERR_ARGUMENT, "path or out is NULL");
    *out = NULL;
    scan *s = vxg__calloc(1, sizeof *s);
    if (!s) return VXG_ERR_MEMORY;
    s->file = -1;
    for (int k = 0; k < 3; k++) s->kinds[k].data = VXG__H5_NONE;
    s->path = vxg__strdup(path);
    vxg__h5_guard guard;
    vxg__h5_enter(&guard);
    int status = s->path ? open_by_content(s, dataset) : VXG_ERR_MEMORY;
    if (status) scan_free(s);
    vxg__h5_leave(&guard);
    if (status) return status;
    s->reader.path = s->path, s->reader.theta = s->theta, s->reader.pixel_unit = s->unit;
    s->reader.nflats = s->kinds[VXG_FRAME_FLAT].n, s->reader.ndarks = s->kinds[VXG_FRAME_DARK].n;
    s->reader.read = scan_read, s->reader.close = scan_close, s->reader.impl = s;
    *out = &s->reader;
    return VXG_OK;
}
#else
int vxg_scan_open_dataset(const char *path, const char *dataset, vxg_scan_reader **out) {
    (void)dataset;
    if (out) *out = NULL;
    VXG_FAIL(VXG_ERR_UNSUPPORTED,
             "%s: built without HDF5; install its headers (Debian: libhdf5-dev) and build again",
             path ? path : "");
}
#endif

int vxg_scan_open(const char *path, vxg_scan_reader **out) {
    return vxg_scan_open_dataset(path, NULL, out);
}

void vxg_scan_close(vxg_scan_reader *reader) {
    if (reader) reader->close(reader);
}
