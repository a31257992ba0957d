/* Scans in HDF5: Data Exchange and NXtomo, told apart by what the file holds. */
#include "io/scan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what both layouts have in common ---- */

static int set_name(vxg__scan *s, vxg_frame_kind kind, const char *name) {
    VXG_FAIL_IF(strlen(name) >= sizeof s->names[0], VXG_ERR_INPUT, "%s: dataset path too long",
                s->file->path);
    snprintf(s->names[kind], sizeof s->names[0], "%s", name);
    s->kinds[kind].name = s->names[kind];
    return VXG_OK;
}

static int open_set(vxg__scan *s, const char *name, vxg_frame_kind kind, vxg__frames *f) {
    vxg__scan_title(s, name); /* for messages about it */
    VXG_TRY(vxg__h5_block_new(s->file, name, 0, &s->sets[kind]));
    f->data = s->sets[kind];
    return VXG_OK;
}

static int open_data(vxg__scan *s, const char *name) {
    vxg__frames *f = &s->kinds[VXG_FRAME_DATA];
    VXG_TRY(set_name(s, VXG_FRAME_DATA, name));
    VXG_TRY(open_set(s, name, VXG_FRAME_DATA, f));
    VXG_FAIL_IF(f->data->info.ndim != 3, VXG_ERR_INPUT,
                "%s: rank %d, rank 3 (views, rows, columns) expected", s->title,
                f->data->info.ndim);
    f->n = f->data->info.axis[0].count;
    s->reader.nrows = f->data->info.axis[1].count, s->reader.ncols = f->data->info.axis[2].count;
    s->reader.dtype = vxg_dtype_name(f->data->info.dtype);
    return VXG_OK;
}

/* Degrees in one unit of that name; 0: it is not known. Letters may be small or capital, words may
 * follow ("degrees, counter-clockwise"). */
static double unit_of_angles(const char *text) {
    static const double radian = 180 / 3.14159265358979323846;
    const struct {
        const char *words; /* of a list, each between two bars */
        double degrees;
    } units[] = {
        {"|deg|degs|degree|degrees|\xc2\xb0|\xb0|", 1},
        {"|rad|rads|radian|radians|", radian},
        {"|mrad|mrads|milliradian|milliradians|", 1e-3 * radian},
        {"|turn|turns|rev|revs|revolution|revolutions|", 360},
    };
    char word[40] = "|";
    size_t n = 1;
    while (*text == ' ') text++;
    if (!*text) return 1;
    for (; n < sizeof word - 2 && *text && !strchr(" .,;/()[]|\t", *text); text++)
        word[n++] = (char)(*text >= 'A' && *text <= 'Z' ? *text - 'A' + 'a' : *text);
    word[n++] = '|', word[n] = 0;
    for (size_t i = 0; n > 2 && i < sizeof units / sizeof *units; i++)
        if (strstr(units[i].words, word)) return units[i].degrees;
    return 0;
}

/* Angles in another unit become degrees where the file says so. */
static int to_degrees(vxg__scan *s, const char *name, double *angle, int64_t n) {
    char unit[40] = "";
    VXG_TRY(vxg__h5_text_of(s->file, name, "units", unit, sizeof unit));
    if (!*unit) VXG_TRY(vxg__h5_text_of(s->file, name, "unit", unit, sizeof unit));
    const double degrees = unit_of_angles(unit);
    snprintf(s->angle_odd, sizeof s->angle_odd, "%s", degrees == 0 ? unit : "");
    for (int64_t i = 0; i < n && degrees != 0 && degrees != 1; i++) angle[i] *= degrees;
    return VXG_OK;
}

static int check_angles(vxg__scan *s, const char *name) {
    for (int64_t i = 0; i < s->reader.nviews; i++)
        VXG_FAIL_IF(!isfinite(s->theta[i]), VXG_ERR_INPUT,
                    "%s: the angle of projection %lld is %g, a finite number of degrees expected",
                    vxg__scan_title(s, name), (long long)i, s->theta[i]);
    return VXG_OK;
}

static int even_angles(vxg__scan *s) {
    int64_t n = s->reader.nviews;
    /* The views' own list is not in the file: nothing has bounded their number yet. */
    VXG_FAIL_IF(n > (int64_t)s->file->was.st_size && n > (1 << 24), VXG_ERR_INPUT,
                "%s: %lld projections in a file of %lld bytes", s->file->path, (long long)n,
                (long long)s->file->was.st_size);
    s->theta = vxg__calloc((size_t)n, sizeof *s->theta);
    if (!s->theta) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < n; i++) s->theta[i] = 180.0 * (double)i / (double)n;
    s->reader.theta_missing = 1;
    return VXG_OK;
}

/* One word for the units people write. */
static void set_unit(vxg__scan *s, const char *text) {
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

/* A pixel size is welcome, never required: whatever is odd about it means unknown, and a number
 * that is no length is kept to be said. */
static int try_pixel_size(vxg__scan *s, const char *name) {
    char unit[32] = "";
    double *values = NULL;
    int64_t n = 0;
    int there = 0;
    int status = vxg__h5_exists(s->file, name, &there);
    if (!status && !there) return VXG_OK;
    if (!status)
        status = vxg__h5_read_doubles(s->file, name, vxg__scan_title(s, name), &values, &n);
    if (!status && n == 1 && !(isnormal(values[0]) && values[0] > 0)) {
        if (!*s->pixel_odd) snprintf(s->pixel_odd, sizeof s->pixel_odd, "%g", values[0]);
    } else if (!status && n == 1) {
        status = vxg__h5_text_of(s->file, name, "units", unit, sizeof unit);
        if (!status && !*unit) status = vxg__h5_text_of(s->file, name, "unit", unit, sizeof unit);
        s->reader.pixel_size = values[0];
        set_unit(s, unit);
    }
    vxg__free(values);
    if (status == VXG_ERR_MEMORY) return status;
    if (status) vxg_error_clear();
    return VXG_OK;
}

static int find_pixel_size(vxg__scan *s, const char *group, const char *const *names, int count) {
    for (int i = 0; i < count && !(s->reader.pixel_size > 0); i++) {
        char name[400];
        snprintf(name, sizeof name, "%s/%s", group, names[i]);
        VXG_TRY(try_pixel_size(s, name));
    }
    if (s->reader.pixel_size > 0) *s->pixel_odd = 0; /* another name has a length */
    return VXG_OK;
}

/* ---- Data Exchange ---- */

static int open_fields(vxg__scan *s, vxg_frame_kind kind, const char *name) {
    vxg__frames *f = &s->kinds[kind];
    int there = 0;
    VXG_TRY(vxg__h5_exists(s->file, name, &there));
    if (!there) return VXG_OK;
    VXG_TRY(set_name(s, kind, name));
    VXG_TRY(open_set(s, name, kind, f));
    int n = f->data->info.ndim;
    VXG_FAIL_IF(n != 3 && n != 2, VXG_ERR_INPUT,
                "%s: rank %d, rank 3 (frames, rows, columns) expected", s->title, n);
    int64_t rows = f->data->info.axis[n - 2].count, cols = f->data->info.axis[n - 1].count;
    VXG_FAIL_IF(rows != s->reader.nrows || cols != s->reader.ncols, VXG_ERR_INPUT,
                "%s: frames of %lld x %lld, %lld x %lld expected as in exchange/data", s->title,
                (long long)rows, (long long)cols, (long long)s->reader.nrows,
                (long long)s->reader.ncols);
    f->n = n == 3 ? f->data->info.axis[0].count : 1;
    return VXG_OK;
}

static int exchange_angles(vxg__scan *s) {
    static const char name[] = "exchange/theta";
    int64_t n = 0;
    int there = 0;
    VXG_TRY(vxg__h5_exists(s->file, name, &there));
    if (!there) return even_angles(s);
    VXG_TRY(vxg__h5_read_doubles(s->file, name, vxg__scan_title(s, name), &s->theta, &n));
    VXG_FAIL_IF(n != s->reader.nviews, VXG_ERR_INPUT,
                "%s: %lld angles, %lld expected (one for each projection of exchange/data)",
                s->title, (long long)n, (long long)s->reader.nviews);
    VXG_TRY(to_degrees(s, name, s->theta, n));
    return check_angles(s, name);
}

static int open_exchange(vxg__scan *s) {
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

typedef struct walk { /* through the groups of a file */
    vxg__h5_session *file;
    int visited; /* links looked at: a bound for damaged or huge files */
    int status;  /* VXG_ERR_MEMORY ends it */
} walk;

typedef struct search {
    walk *w;
    char found[256]; /* the group with data and image_key */
    int is_detector; /* ... is an NXdetector: nothing better can come */
    int depth;       /* of groups in groups */
} search;

static int has_class(walk *w, const char *path, const char *name) {
    char text[32] = "";
    if (!w->status) w->status = vxg__h5_text_of(w->file, path, "NX_class", text, sizeof text);
    return strcmp(text, name) == 0;
}

/* What cannot be looked at is not what is looked for; a file that cannot be read at all says so
 * with the next request. */
static int is_kind(walk *w, const char *path, vxg__h5_kind wanted) {
    vxg__h5_kind kind;
    const int status = w->status ? w->status : vxg__h5_kind_of(w->file, path, &kind);
    if (!status) return kind == wanted;
    if (status == VXG_ERR_MEMORY)
        w->status = status;
    else
        vxg_error_clear();
    return 0;
}

/* Whether path/name is a dataset. */
static int has_dataset(walk *w, const char *path, const char *name) {
    char full[512];
    snprintf(full, sizeof full, "%s/%s", path, name);
    return is_kind(w, full, VXG__H5_SET);
}

/* The names of a group's links, one after the other, each with its zero byte; vxg__free *names. */
static int list_names(vxg__h5_session *file, const char *path, int most, char **names,
                      int64_t *count) {
    vxg__h5_body *b = vxg__h5_request(file);
    vxg__h5_put_words(b, path);
    vxg__h5_put(b, most);
    *names = NULL, *count = 0;
    VXG_TRY(vxg__h5_ask(file, VXG__H5_LIST));
    char *to = *names = vxg__calloc(file->reply.n + 1, 1);
    if (!to) return VXG_ERR_MEMORY;
    while (file->reply.at < file->reply.n && !file->reply.bad) {
        to = stpcpy(to, vxg__h5_take_words(&file->reply)) + 1;
        ++*count;
    }
    return VXG_OK;
}

/* Calls fn(context, path) for the groups in a group, in order of name; fn returns 1 to stop. */
static int for_groups(walk *w, const char *path, int (*fn)(void *context, const char *path),
                      void *context) {
    enum { MOST_LINKS = 10000 };
    char *names = NULL;
    int64_t count = 0;
    int found = 0;
    const int status = list_names(w->file, path, MOST_LINKS - w->visited, &names, &count);
    if (status == VXG_ERR_MEMORY)
        w->status = status;
    else if (status)
        vxg_error_clear();
    const char *name = names;
    for (int64_t i = 0; i < count && w->visited < MOST_LINKS && !found && !w->status; i++) {
        char full[256];
        w->visited++;
        snprintf(full, sizeof full, "%.120s/%.127s", strcmp(path, "/") ? path : "", name);
        if (*name && strlen(full) <= 120 && is_kind(w, full, VXG__H5_GROUP))
            found = fn(context, full);
        name += strlen(name) + 1;
    }
    vxg__free(names);
    return found;
}

static int visit(void *context, const char *path) {
    enum { DEEPEST = 6 };
    search *s = context;
    if (has_dataset(s->w, path, "data") && has_dataset(s->w, path, "image_key")) {
        int is_detector = has_class(s->w, path, "NXdetector");
        if (!s->found[0] || is_detector) snprintf(s->found, sizeof s->found, "%s", path);
        s->is_detector |= is_detector;
        return s->is_detector;
    }
    if (s->depth == DEEPEST) return 0;
    s->depth++;
    int found = for_groups(s->w, path, visit, s);
    s->depth--;
    return found;
}

typedef struct sample_search {
    walk *w;
    char found[256]; /* path of rotation_angle */
} sample_search;

static int visit_sample(void *context, const char *path) {
    sample_search *s = context;
    if (!has_class(s->w, path, "NXsample") || !has_dataset(s->w, path, "rotation_angle")) return 0;
    snprintf(s->found, sizeof s->found, "%.200s/rotation_angle", path);
    return 1;
}

/* rotation_angle: in a group called sample, or of class NXsample, of the detector's entry; or
 * beside the data. Looked for from the detector outwards. */
static int find_angles(walk *w, const char *detector, char *out, size_t size) {
    sample_search s = {.w = w};
    char path[256];
    snprintf(path, sizeof path, "%s", detector);
    if (has_dataset(w, path, "rotation_angle")) {
        snprintf(out, size, "%s/rotation_angle", path);
        return 1;
    }
    for (char *slash; (slash = strrchr(path, '/'));) {
        char sample[300];
        *slash = 0;
        snprintf(sample, sizeof sample, "%s/sample", path);
        if (has_dataset(w, sample, "rotation_angle")) {
            snprintf(out, size, "%.240s/rotation_angle", sample);
            return 1;
        }
        if (for_groups(w, *path ? path : "/", visit_sample, &s)) {
            snprintf(out, size, "%.255s", s.found);
            return 1;
        }
    }
    return 0;
}

/* Sorts the frames by key: 0 projection, 1 flat, 2 dark; 3 (invalid) and others are left out. */
static int sort_frames(vxg__scan *s, const double *key, int64_t n) {
    for (int k = 0; k < 3; k++) {
        vxg__frames *f = &s->kinds[k];
        f->n = 0;
        for (int64_t i = 0; i < n; i++) f->n += key[i] == k;
        f->map = vxg__calloc(f->n ? (size_t)f->n : 1, sizeof *f->map);
        if (!f->map) return VXG_ERR_MEMORY;
        for (int64_t i = 0, j = 0; i < n; i++)
            if (key[i] == k) f->map[j++] = i;
        f->data = s->kinds[0].data, f->name = s->kinds[0].name;
    }
    s->reader.nviews = s->kinds[VXG_FRAME_DATA].n;
    return VXG_OK;
}

static int read_keys(vxg__scan *s, const char *name) {
    double *key = NULL;
    int64_t n = 0, frames_there = s->kinds[VXG_FRAME_DATA].n;
    VXG_TRY(vxg__h5_read_doubles(s->file, name, vxg__scan_title(s, name), &key, &n));
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

static int tomo_angles(vxg__scan *s, const char *detector, int64_t frames_there) {
    char name[300] = "";
    double *angle = NULL;
    int64_t n = 0, nviews = s->reader.nviews;
    walk w = {.file = s->file};
    const int found = find_angles(&w, detector, name, sizeof name);
    VXG_TRY(w.status);
    if (!found) return even_angles(s);
    VXG_TRY(vxg__h5_read_doubles(s->file, name, vxg__scan_title(s, name), &angle, &n));
    if (n != frames_there && n != nviews) {
        vxg__free(angle);
        VXG_FAIL(VXG_ERR_INPUT, "%s: %lld angles, %lld expected (one for each frame)", s->title,
                 (long long)n, (long long)frames_there);
    }
    s->theta = angle;
    VXG_TRY(to_degrees(s, name, angle, n));
    if (n == frames_there) /* maps increase, so this can be done in place */
        for (int64_t i = 0; i < nviews; i++) angle[i] = angle[s->kinds[VXG_FRAME_DATA].map[i]];
    return check_angles(s, name);
}

static int open_tomo(vxg__scan *s, const char *detector) {
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

/* Angles that stand in the dataset's group under a usual name, as many as there are views. What
 * cannot be read or is another number of values is not them. */
static int angles_beside(vxg__scan *s, const char *dataset) {
    static const char *const names[] = {"theta", "angle", "angles", "rotation_angle"};
    const char *slash = strrchr(dataset, '/');
    const int group = slash ? (int)(slash - dataset) + 1 : 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char name[300];
        double *angle = NULL;
        int64_t n = 0;
        int there = 0;
        snprintf(name, sizeof name, "%.*s%s", group, dataset, names[i]);
        VXG_TRY(vxg__h5_exists(s->file, name, &there));
        if (!there) continue;
        int status = vxg__h5_read_doubles(s->file, name, vxg__scan_title(s, name), &angle, &n),
            good = 1;
        if (!status && n == s->reader.nviews) status = to_degrees(s, name, angle, n);
        for (int64_t v = 0; !status && v < n; v++) good &= isfinite(angle[v]) != 0;
        if (!status && good && n == s->reader.nviews) {
            s->theta = angle;
            return VXG_OK;
        }
        vxg__free(angle);
        if (status == VXG_ERR_MEMORY) return status;
        if (status) vxg_error_clear();
    }
    return even_angles(s);
}

static int open_bare(vxg__scan *s, const char *name) {
    vxg__frames *f = &s->kinds[VXG_FRAME_DATA];
    s->reader.format = "HDF5 dataset";
    VXG_TRY(set_name(s, VXG_FRAME_DATA, name));
    int there = 0;
    VXG_TRY(vxg__h5_exists(s->file, name, &there));
    VXG_FAIL_IF(!there, VXG_ERR_INPUT, "%s: there is no such dataset", vxg__scan_title(s, name));
    VXG_TRY(open_set(s, name, VXG_FRAME_DATA, f));
    VXG_FAIL_IF(f->data->info.ndim != 3 && f->data->info.ndim != 2, VXG_ERR_INPUT,
                "%s: rank %d, rank 3 (views, rows, columns) or 2 (views, columns) expected",
                s->title, f->data->info.ndim);
    f->rowless = f->data->info.ndim == 2;
    f->n = s->reader.nviews = f->data->info.axis[0].count;
    s->reader.nrows = f->rowless ? 1 : f->data->info.axis[1].count;
    s->reader.ncols = f->data->info.axis[f->data->info.ndim - 1].count;
    s->reader.dtype = vxg_dtype_name(f->data->info.dtype);
    return angles_beside(s, name);
}

/* ---- opening ---- */

static int open_by_content(vxg__scan *s, const char *dataset) {
    int there = 0;
    if (dataset) return open_bare(s, dataset);
    VXG_TRY(vxg__h5_exists(s->file, "exchange/data", &there));
    if (there) return open_exchange(s);
    walk w = {.file = s->file};
    search tomo = {.w = &w};
    for_groups(&w, "/", visit, &tomo);
    VXG_TRY(w.status);
    if (tomo.found[0]) return open_tomo(s, tomo.found);
    VXG_FAIL_IF(s->file->dead[0], VXG_ERR_INPUT, "%s: %s", s->file->path, s->file->dead);
    VXG_FAIL(VXG_ERR_INPUT,
             "%s: no scan: neither the dataset exchange/data (Data Exchange) nor a detector group "
             "with data and image_key (NXtomo) is there",
             s->file->path);
}

int vxg_scan_open_opts(const char *path, const vxg_scan_opts *given, vxg_scan_reader **out) {
    vxg_scan_opts own, *opts = &own;
    VXG_FAIL_IF(!path || !out, VXG_ERR_ARGUMENT, "path or out is NULL");
    *out = NULL;
    VXG_TRY(VXG_IN(vxg_scan_opts, &own, given));
    VXG_FAIL_IF(opts->max_memory < 0, VXG_ERR_ARGUMENT, "max_memory is negative");
    const vxg__h5_opts h5 = {
        .follow = opts->follow_links, .in_process = opts->in_process, .memory = opts->max_memory};
    vxg__scan *s = vxg__calloc(1, sizeof *s);
    if (!s) return VXG_ERR_MEMORY;
    int status = vxg__h5_session_open(path, &h5, &s->file);
    if (!status) status = open_by_content(s, opts->dataset);
    if (status) {
        vxg__scan_free(s);
        return status;
    }
    s->reader.path = s->file->path, s->reader.theta = s->theta, s->reader.pixel_unit = s->unit;
    s->reader.pixel_odd = s->pixel_odd, s->reader.angle_odd = s->angle_odd;
    s->reader.nflats = s->kinds[VXG_FRAME_FLAT].n, s->reader.ndarks = s->kinds[VXG_FRAME_DARK].n;
    vxg__scan_reader_functions(s);
    vxg__file_id(&s->file->was, &s->reader.id);
    *out = &s->reader;
    return VXG_OK;
}

int vxg_scan_open_dataset(const char *path, const char *dataset, vxg_scan_reader **out) {
    const vxg_scan_opts opts = {.dataset = dataset};
    return vxg_scan_open_opts(path, &opts, out);
}

int vxg_scan_open(const char *path, vxg_scan_reader **out) {
    return vxg_scan_open_opts(path, NULL, out);
}

void vxg_scan_close(vxg_scan_reader *reader) {
    if (reader) reader->close(reader);
}
