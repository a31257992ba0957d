/* TRX: header.json and groups. */
#include "io/trx.h"

#include "base/json.h"
#include "io/elements.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

enum {
    MOST_HEADER = 1 << 24,
    MOST_VALUES = 1 << 16,
    MOST_GROUPS = 1 << 14,
    MOST_COLUMNS = 1 << 12
};

/* ---- header.json ---- */

static int whole(const char *path, const vxg_json *v, int64_t *out) {
    char *end = NULL;
    const int good = vxg__json_kind(v) == VXG_JSON_NUMBER;
    const char *digits = good ? vxg__json_digits(v) : "";
    errno = 0;
    const long long n = strtoll(digits, &end, 10);
    VXG_FAIL_IF(!good || *end || errno || n < 0 || n > VXG_MAX_ELEMENTS, VXG_ERR_INPUT,
                "%s: header.json: %s is '%s'; a whole number of 0 to 2^40 expected", path,
                vxg__json_key(v) ? vxg__json_key(v) : "a size", VXG_SHOW(digits));
    *out = n;
    return VXG_OK;
}

/* n numbers in a list, or in lists of a list one after the other. */
static int numbers(const char *path, const char *key, const vxg_json *list, int n, double *out) {
    int k = 0;
    for (const vxg_json *v = vxg__json_first(list); v; v = vxg__json_next(v)) {
        const int nested = vxg__json_kind(v) == VXG_JSON_LIST;
        for (const vxg_json *x = nested ? vxg__json_first(v) : v; x;
             x = nested ? vxg__json_next(x) : NULL) {
            VXG_FAIL_IF(
                vxg__json_kind(x) != VXG_JSON_NUMBER || !isfinite(vxg__json_number(x)) || k == n,
                VXG_ERR_INPUT, "%s: header.json: %s is not %d finite numbers", path, key, n);
            out[k++] = vxg__json_number(x);
        }
    }
    VXG_FAIL_IF(k != n, VXG_ERR_INPUT, "%s: header.json: %s is %d numbers; %d expected", path, key,
                k, n);
    return VXG_OK;
}

static int read_affine(const char *path, const vxg_json *v, vxg_tract_info *info) {
    double m[16];
    VXG_FAIL_IF(vxg__json_kind(v) != VXG_JSON_LIST, VXG_ERR_INPUT,
                "%s: header.json: VOXEL_TO_RASMM is no list", path);
    VXG_TRY(numbers(path, "VOXEL_TO_RASMM", v, 16, m));
    VXG_FAIL_IF(m[12] != 0 || m[13] != 0 || m[14] != 0 || m[15] != 1, VXG_ERR_INPUT,
                "%s: header.json: the last row of VOXEL_TO_RASMM is not 0 0 0 1", path);
    memcpy(info->affine, m, sizeof info->affine);
    info->has_affine = vxg__tract_affine_good(info->affine);
    if (!info->has_affine)
        vxg__log(0, "%s: VOXEL_TO_RASMM places no voxels: the image is not known", path);
    for (int i = 0; i < 3 && info->has_affine; i++)
        info->voxel[i] = sqrt(m[i] * m[i] + m[4 + i] * m[4 + i] + m[8 + i] * m[8 + i]);
    return VXG_OK;
}

static int read_grid(const char *path, const vxg_json *v, vxg_tract_info *info) {
    const vxg_json *x = vxg__json_kind(v) == VXG_JSON_LIST ? vxg__json_first(v) : NULL;
    double n[3];
    VXG_FAIL_IF(!x, VXG_ERR_INPUT, "%s: header.json: DIMENSIONS is no list of 3 sizes", path);
    VXG_TRY(numbers(path, "DIMENSIONS", v, 3, n));
    for (int i = 0; i < 3; i++) {
        VXG_FAIL_IF(!(n[i] >= 0) || n[i] > 65535 || n[i] != floor(n[i]), VXG_ERR_INPUT,
                    "%s: header.json: DIMENSIONS has %g; 0 to 65535 expected", path, n[i]);
        info->grid[i] = (int64_t)n[i];
    }
    return VXG_OK;
}

/* An entry that TRX does not name. */
static int add_attribute(const char *path, const vxg_json *v, vxg_attribute *a, int32_t *n) {
    const char *text = NULL;
    switch (vxg__json_kind(v)) {
    case VXG_JSON_TEXT: text = vxg__json_text(v); break;
    case VXG_JSON_NUMBER: text = vxg__json_digits(v); break;
    case VXG_JSON_BOOL: text = vxg__json_bool(v) ? "true" : "false"; break;
    default: break;
    }
    if (!text || !*vxg__json_key(v)) {
        vxg__log(0, "%s: header.json: '%s' is left out", path, VXG_SHOW(vxg__json_key(v)));
        return VXG_OK;
    }
    a[*n].name = vxg__strdup(vxg__json_key(v));
    a[*n].text = vxg__strdup(text);
    (*n)++;
    return a[*n - 1].name && a[*n - 1].text ? VXG_OK : VXG_ERR_MEMORY;
}

static int read_entries(const char *path, const vxg_json *root, vxg_tract_info *info) {
    static const char *const own[] = {"NB_STREAMLINES", "NB_VERTICES", "VOXEL_TO_RASMM",
                                      "DIMENSIONS"};
    int seen = 0;
    VXG_FAIL_IF(vxg__json_kind(root) != VXG_JSON_OBJECT, VXG_ERR_INPUT,
                "%s: header.json is no object", path);
    vxg_attribute *list = vxg__calloc((size_t)vxg__json_count(root) + 1, sizeof *list);
    info->attributes = list;
    if (!list) return VXG_ERR_MEMORY;
    for (const vxg_json *v = vxg__json_first(root); v; v = vxg__json_next(v)) {
        int k = 0;
        while (k < 4 && strcmp(vxg__json_key(v), own[k]) != 0) k++;
        if (k == 0) VXG_TRY(whole(path, v, &info->streamlines));
        if (k == 1) VXG_TRY(whole(path, v, &info->points));
        if (k == 2) VXG_TRY(read_affine(path, v, info));
        if (k == 3) VXG_TRY(read_grid(path, v, info));
        if (k == 4) VXG_TRY(add_attribute(path, v, list, &info->nattributes));
        VXG_FAIL_IF(k < 4 && (seen & 1 << k), VXG_ERR_INPUT, "%s: header.json: %s is there twice",
                    path, own[k]);
        if (k < 4) seen |= 1 << k;
    }
    for (int k = 0; k < 4; k++)
        VXG_FAIL_IF(!(seen & 1 << k), VXG_ERR_INPUT, "%s: header.json has no %s", path, own[k]);
    return VXG_OK;
}

int vxg__trx_header(const vxg__trx_store *s, vxg_tract_info *info) {
    const vxg__zip_member *m = vxg__trx_find(s, "header.json");
    char *text = NULL;
    vxg_json *root = NULL;
    VXG_FAIL_IF(!m, VXG_ERR_INPUT, "%s: no header.json, which a TRX file has", s->path);
    VXG_FAIL_IF(m->size > MOST_HEADER, VXG_ERR_INPUT, "%s: header.json is %lld bytes", s->path,
                (long long)m->size);
    VXG_TRY(vxg__trx_load(s, m, MOST_HEADER, &text));
    int status = vxg__json_parse(text, (size_t)m->size, "header.json", MOST_VALUES, &root);
    if (status) {
        status = vxg_error_context(status, "%s", s->path);
    } else {
        status = read_entries(s->path, root, info);
        vxg__json_free(root);
    }
    vxg__free(text);
    return status;
}

/* ---- Groups ---- */

/* An element as it stands; negative ones are too large to be a number of a streamline. */
static uint64_t element(vxg_dtype dtype, const char *p) {
    const uint8_t *b = (const uint8_t *)p;
    const size_t n = vxg_dtype_size(dtype);
    const int has_sign =
        dtype == VXG_I8 || dtype == VXG_I16 || dtype == VXG_I32 || dtype == VXG_I64;
    uint64_t v = 0;
    for (size_t i = n; i-- > 0;) v = v << 8 | b[i];
    return has_sign && b[n - 1] >> 7 ? UINT64_MAX : v;
}

static int is_whole(vxg_dtype dtype) {
    return dtype != VXG_F16 && dtype != VXG_F32 && dtype != VXG_F64;
}

/* Elements of the file's type as 32-bit numbers of streamlines. */
static int fill_index(const vxg__trx_store *s, const vxg__zip_member *m, vxg_dtype dtype,
                      int64_t streamlines, const char *bytes, vxg_tract_group *g) {
    const size_t each = vxg_dtype_size(dtype);
    uint32_t *index = vxg__calloc((size_t)g->count + 1, sizeof *index);
    g->index = index;
    if (!index) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < g->count; i++) {
        const uint64_t v = element(dtype, bytes + (size_t)i * each);
        VXG_FAIL_IF(v >= (uint64_t)streamlines || v > UINT32_MAX, VXG_ERR_INPUT,
                    "%s: '%s' has a number that is none of the %lld streamlines", s->path,
                    VXG_SHOW(m->name), (long long)streamlines);
        index[i] = (uint32_t)v;
    }
    return VXG_OK;
}

static int read_group(const vxg__trx_store *s, const vxg__zip_member *m, int64_t *left,
                      const vxg_tract_info *info, vxg_tract_group *g) {
    vxg__trx_name n;
    char *bytes = NULL;
    VXG_TRY(vxg__trx_parse(s->path, m->name, &n));
    const int64_t each = (int64_t)vxg_dtype_size(n.dtype);
    VXG_FAIL_IF(n.components != 1 || !is_whole(n.dtype) || m->size % each, VXG_ERR_INPUT,
                "%s: '%s' is no list of whole numbers", s->path, VXG_SHOW(m->name));
    for (int i = 0; i < info->ngroups; i++)
        VXG_FAIL_IF(!strcmp(info->groups[i].name, n.base), VXG_ERR_INPUT,
                    "%s: the group '%s' is there twice", s->path, VXG_SHOW(n.base));
    VXG_TRY(vxg__trx_load(s, m, *left, &bytes));
    g->size = sizeof *g, g->count = m->size / each;
    memcpy(g->name, n.base, sizeof g->name);
    const int status = fill_index(s, m, n.dtype, info->streamlines, bytes, g);
    vxg__free(bytes);
    *left -= 4 * g->count;
    VXG_FAIL_IF(!status && *left < 0, VXG_ERR_MEMORY, "%s: its groups do not go into max_memory",
                s->path);
    return status;
}

/* dpg/GROUP/name: whether it belongs to the group. */
static int is_of(const char *member, const char *group) {
    const size_t n = strlen(group);
    return !strncmp(member, "dpg/", 4) && !strncmp(member + 4, group, n) && member[4 + n] == '/';
}

/* The first of the members whose names are not before dpg/GROUP/; they are in order. */
static int64_t first_of(const vxg__trx_store *s, const char *group) {
    char prefix[80] = "dpg/";
    const size_t n = strlen(group);
    int64_t low = 0, high = s->zip.count;
    memcpy(prefix + 4, group, n);
    prefix[4 + n] = '/';
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (strcmp(s->zip.members[middle].name, prefix) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int add_value(const vxg__trx_store *s, const vxg__zip_member *m, int64_t *left,
                     vxg_tract_group *g, vxg_tract_column *columns, const void **values) {
    vxg__trx_name n;
    char *bytes = NULL;
    VXG_TRY(vxg__trx_parse(s->path, m->name, &n));
    for (int i = 0; i < g->ncolumns; i++)
        VXG_FAIL_IF(!strcmp(columns[i].name, n.base), VXG_ERR_INPUT,
                    "%s: '%s' is there twice with other types", s->path, VXG_SHOW(m->name));
    VXG_FAIL_IF(m->size != n.components * (int64_t)vxg_dtype_size(n.dtype), VXG_ERR_INPUT,
                "%s: '%s' is %lld bytes; its name says %d x %s", s->path, VXG_SHOW(m->name),
                (long long)m->size, (int)n.components, vxg_dtype_name(n.dtype));
    VXG_TRY(vxg__trx_load(s, m, *left, &bytes));
    *left -= m->size;
    if (!vxg__host_is_little()) vxg__elements_turn(n.dtype, bytes, n.components);
    vxg_tract_column *c = &columns[g->ncolumns];
    *c = (vxg_tract_column){.size = sizeof *c, .components = n.components, .dtype = n.dtype};
    memcpy(c->name, n.base, sizeof c->name);
    values[g->ncolumns++] = bytes;
    return VXG_OK;
}

static int read_values(const vxg__trx_store *s, int64_t *left, vxg_tract_group *g) {
    const int64_t first = first_of(s, g->name);
    int64_t n = 0;
    while (first + n < s->zip.count && is_of(s->zip.members[first + n].name, g->name)) n++;
    VXG_FAIL_IF(n > MOST_COLUMNS, VXG_ERR_INPUT, "%s: the group '%s' has %lld columns", s->path,
                g->name, (long long)n);
    vxg_tract_column *columns = vxg__calloc((size_t)n + 1, sizeof *columns);
    g->columns = columns;
    const void **values = vxg__calloc((size_t)n + 1, sizeof *values);
    g->values = values;
    if (!columns || !values) return VXG_ERR_MEMORY;
    for (int64_t i = first; i < first + n; i++)
        VXG_TRY(add_value(s, &s->zip.members[i], left, g, columns, values));
    return VXG_OK;
}

/* Numbers of a group that is not there belong to nothing. */
static int check_owners(const vxg__trx_store *s, const vxg_tract_info *info) {
    int64_t there = 0, owned = 0;
    for (int64_t i = 0; i < s->zip.count; i++) there += !strncmp(s->zip.members[i].name, "dpg/", 4);
    for (int k = 0; k < info->ngroups; k++) owned += info->groups[k].ncolumns;
    for (int64_t i = 0; i < s->zip.count && there != owned; i++) {
        const char *name = s->zip.members[i].name;
        int owner = strncmp(name, "dpg/", 4) != 0;
        for (int k = 0; k < info->ngroups && !owner; k++) owner = is_of(name, info->groups[k].name);
        VXG_FAIL_IF(!owner, VXG_ERR_INPUT, "%s: '%s' is of a group that is not there", s->path,
                    VXG_SHOW(name));
    }
    return VXG_OK;
}

int vxg__trx_groups(const vxg__trx_store *s, int64_t most, vxg_tract_info *info) {
    int64_t n = 0, left = most ? most : INT64_MAX;
    for (int64_t i = 0; i < s->zip.count; i++) n += !strncmp(s->zip.members[i].name, "groups/", 7);
    VXG_FAIL_IF(n > MOST_GROUPS, VXG_ERR_INPUT, "%s: %lld groups; %d are read", s->path,
                (long long)n, MOST_GROUPS);
    vxg_tract_group *groups = vxg__calloc((size_t)n + 1, sizeof *groups);
    info->groups = groups;
    if (!groups) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < s->zip.count; i++) {
        if (strncmp(s->zip.members[i].name, "groups/", 7) != 0) continue;
        vxg_tract_group *g = &groups[info->ngroups];
        int status = read_group(s, &s->zip.members[i], &left, info, g);
        info->ngroups++; /* so that it is freed */
        if (!status) status = read_values(s, &left, g);
        if (status) return status;
    }
    return check_owners(s, info);
}
