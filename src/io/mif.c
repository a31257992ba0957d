/* MRtrix's images by blocks: .mif, packed too, and .mih with the elements in a file beside it. The
 * block's axes are the file's logical ones backwards, whatever the layout on the disk. */
#include "io/mif.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MAGIC "mrtrix image"
enum { FIRST = 1 << 14, MOST = 1 << 23, KEYS = 256 }; /* bytes of a header; names in it */

int vxg__mif_sniff(const uint8_t *head, size_t n) {
    uint8_t unpacked[sizeof MAGIC];
    if (n >= 2 && head[0] == 0x1f && head[1] == 0x8b) {
        n = vxg__gz_head(head, n, unpacked, sizeof unpacked);
        head = unpacked;
    }
    return n >= sizeof MAGIC && !memcmp(head, MAGIC, sizeof MAGIC - 1) &&
                   (head[sizeof MAGIC - 1] == '\n' || head[sizeof MAGIC - 1] == '\r')
               ? 100
               : 0;
}

/* ---- the header's text ---- */

/* Where the line END ends, 0: it is not there. */
static size_t end_of_header(const char *text, size_t n) {
    for (size_t at = 0; at < n;) {
        const char *line = text + at, *feed = memchr(line, '\n', n - at);
        const size_t length = feed ? (size_t)(feed - line) : n - at;
        if (length >= 3 && !memcmp(line, "END", 3) &&
            (length == 3 || (length == 4 && line[3] == '\r')))
            return feed ? at + length + 1 : n;
        at += length + 1;
    }
    return 0;
}

/* The header with END, ended by a zero; *size: the bytes it takes in the file. */
static int load(vxg__grid *g, char **text, size_t *size) {
    for (size_t room = FIRST;; room *= 8) {
        size_t n = 0;
        char *p = vxg__calloc(room + 1, 1);
        if (!p) return VXG_ERR_MEMORY;
        int status = vxg__stream_head(&g->file, p, room, &n);
        if (!status) *size = end_of_header(p, n);
        if (!status && *size) {
            p[*size] = 0;
            *text = p;
            if (!memchr(p, 0, *size)) return VXG_OK;
            *text = NULL;
            status = vxg_error_set(VXG_ERR_INPUT, "%s: MIF header: it has bytes that are no text",
                                   g->file.path);
        }
        vxg__free(p);
        if (status) return status;
        VXG_FAIL_IF(n < room || room >= MOST, VXG_ERR_INPUT,
                    "%s: MIF header: the line END is missing", g->file.path);
    }
}

/* Cuts blanks at both ends. */
static char *trim(char *text) {
    text += strspn(text, " \t\r");
    for (size_t n = strlen(text); n > 0 && strchr(" \t\r", text[n - 1]); n--) text[n - 1] = 0;
    return text;
}

/* Keys that are none of the format's, and their lines. */
typedef struct words {
    int n;
    const char *key[KEYS];
    vxg_text text[KEYS];
} words;

static int add_words(const char *path, words *w, const char *key, const char *value) {
    int i = w->n - 1; /* lines of one key follow each other */
    while (i >= 0 && strcmp(w->key[i], key) != 0) i--;
    VXG_FAIL_IF(i < 0 && w->n == KEYS, VXG_ERR_INPUT, "%s: MIF header: more than %d names", path,
                KEYS);
    if (i < 0) w->key[i = w->n++] = key;
    if (w->text[i].length) vxg__text_append(&w->text[i], "\n", 1);
    vxg__text_append(&w->text[i], value, strlen(value));
    return w->text[i].failed ? VXG_ERR_MEMORY : VXG_OK;
}

static int read_lines(vxg__grid *g, vxg__mif *m, words *w, char *text) {
    VXG_FAIL_IF(strncmp(text, MAGIC, sizeof MAGIC - 1) != 0, VXG_ERR_INPUT,
                "%s: not an MRtrix image: it does not begin with '" MAGIC "'", g->file.path);
    for (char *line = strchr(text, '\n'), *next; line; line = next) {
        line++;
        if ((next = strchr(line, '\n'))) *next = 0;
        char *colon = strchr(line, ':');
        int known = 0;
        line = trim(line);
        if (!strcmp(line, "END")) return VXG_OK;
        if (!colon || *line == '#') continue; /* MRtrix passes over them, too */
        *colon = 0;
        const char *key = trim(line), *value = trim(colon + 1);
        if (!*key || !*value) continue;
        VXG_TRY(vxg__mif_line(g->file.path, m, key, value, &known));
        if (!known) VXG_TRY(add_words(g->file.path, w, key, value));
    }
    return VXG_OK;
}

static int read_header(vxg__grid *g, vxg__mif *m, char *text) {
    words *w = vxg__calloc(1, sizeof *w);
    if (!w) return VXG_ERR_MEMORY;
    int status = read_lines(g, m, w, text);
    for (int i = 0; i < w->n; i++) {
        if (!status) status = vxg__grid_attribute(g, w->key[i], w->text[i].s);
        vxg__text_free(&w->text[i]);
    }
    vxg__free(w);
    return status;
}

/* ---- the block ---- */

static int check_layout(const char *path, const vxg__mif *m) {
    uint32_t seen = 0;
    VXG_FAIL_IF(!m->ndim, VXG_ERR_INPUT, "%s: MIF header: dim is missing", path);
    VXG_FAIL_IF(!m->typed, VXG_ERR_INPUT, "%s: MIF header: datatype is missing", path);
    VXG_FAIL_IF(m->order[0] < 0, VXG_ERR_INPUT, "%s: MIF header: layout is missing", path);
    for (int i = 0; i < m->ndim; i++) {
        VXG_FAIL_IF(m->order[i] < 0 || m->order[i] >= m->ndim || seen >> m->order[i] & 1,
                    VXG_ERR_INPUT, "%s: MIF header: layout does not name each of %d axes once",
                    path, m->ndim);
        seen |= 1u << m->order[i];
    }
    VXG_FAIL_IF(m->ndim < VXG__MIF_AXES && m->order[m->ndim] >= 0, VXG_ERR_INPUT,
                "%s: MIF header: layout has more axes than dim", path);
    return VXG_OK;
}

/* Steps of the elements in the order of the layout; axes of one element at the end count for
 * nothing, so that a volume has three. */
static int set_axes(vxg__grid *g, const vxg__mif *m) {
    vxg_block_info *info = &g->base.info;
    int64_t step[VXG__MIF_AXES] = {0}, n = 1;
    int ndim = m->ndim;
    VXG_TRY(check_layout(g->file.path, m));
    for (int place = 0; place < m->ndim; place++)
        for (int i = 0; i < m->ndim; i++) {
            if (m->order[i] != place) continue;
            VXG_FAIL_IF(m->dim[i] > VXG_MAX_ELEMENTS / n, VXG_ERR_INPUT,
                        "%s: MIF header: dim makes more than 2^40 elements", g->file.path);
            step[i] = m->backwards[i] ? -n : n;
            if (m->backwards[i]) g->first += (m->dim[i] - 1) * n;
            n *= m->dim[i];
        }
    while (ndim > 3 && m->dim[ndim - 1] == 1) ndim--;
    VXG_FAIL_IF(ndim > VXG_MAX_DIMS, VXG_ERR_UNSUPPORTED,
                "%s: an MRtrix image of %d axes; at most %d are read", g->file.path, ndim,
                VXG_MAX_DIMS);
    info->ndim = ndim;
    for (int i = 0; i < ndim; i++) {
        vxg__grid_axis(g, ndim, i, m->dim[i], step[i]);
        vxg_axis *a = &info->axis[ndim - 1 - i];
        if (isnormal(m->vox[i]) && m->vox[i] > 0) a->step = m->vox[i];
        if (i < 3) snprintf(a->unit, sizeof a->unit, "mm");
    }
    return VXG_OK;
}

/* From the logical index to the scanner: rotation and origin times the sizes. */
static int set_affine(vxg__grid *g, const vxg__mif *m) {
    vxg_block_info *info = &g->base.info;
    const char *path = g->file.path;
    double a[12];
    int sized = 1;
    VXG_FAIL_IF(m->rows != 0 && m->rows < 3, VXG_ERR_INPUT,
                "%s: MIF header: %d lines of transform, 3 expected", path, m->rows);
    for (int k = 0; k < 3; k++) {
        const double size = k < m->ndim ? m->vox[k] : 1;
        sized &= isnormal(size) && size > 0;
        for (int i = 0; i < 3; i++) a[4 * i + k] = m->transform[4 * i + k] * size;
        a[4 * k + 3] = m->transform[4 * k + 3];
    }
    if (m->rows == 0) {
        info->has_affine = vxg__grid_centred(info, info->affine);
    } else if (sized) {
        VXG_FAIL_IF(!vxg__affine_good(a), VXG_ERR_INPUT,
                    "%s: MIF header: transform is not finite or cannot be inverted", path);
        memcpy(info->affine, a, sizeof a);
        info->has_affine = 1;
    }
    if (info->has_affine) snprintf(info->affine_unit, sizeof info->affine_unit, "mm");
    return VXG_OK;
}

/* The elements are behind the header, or in a file beside it. */
static int find_elements(vxg__grid *g, const vxg__mif *m, int64_t header) {
    const char *path = g->file.path, *slash = strrchr(path, '/');
    VXG_FAIL_IF(!m->file, VXG_ERR_INPUT, "%s: MIF header: file is missing", path);
    g->offset = m->offset;
    if (!*m->file) {
        VXG_FAIL_IF(m->offset < header, VXG_ERR_INPUT,
                    "%s: MIF header: the elements begin at byte %lld, inside the header of %lld",
                    path, (long long)m->offset, (long long)header);
        return VXG_OK;
    }
    vxg_text t = {0};
    if (slash) vxg__text_append(&t, path, (size_t)(slash + 1 - path));
    vxg__text_add(&t, "%s", m->file);
    const int status = t.failed ? VXG_ERR_MEMORY : vxg__stream_open(&g->other, t.s, VXG__PLAIN);
    vxg__text_free(&t);
    return status;
}

static int set_all(vxg__grid *g, const vxg__mif *m, int64_t header) {
    vxg_block_info *info = &g->base.info;
    VXG_TRY(set_axes(g, m));
    info->dtype = m->dtype;
    g->turned = m->turned, g->bits = m->bits;
    if (m->scaled && m->dtype != VXG_C64 && m->dtype != VXG_C128)
        info->slope = m->scaling[1], info->intercept = m->scaling[0];
    VXG_TRY(set_affine(g, m));
    return find_elements(g, m, header);
}

int vxg__mif_open(const char *path, const vxg_block_opts *opts, vxg_block_reader **out) {
    vxg__grid *g = NULL;
    vxg__mif m = {.order = {-1}};
    char *text = NULL;
    size_t size = 0;
    VXG_FAIL_IF(opts->part, VXG_ERR_ARGUMENT, "%s: an MRtrix image has no parts", path);
    for (int i = 0; i < VXG__MIF_AXES; i++) m.vox[i] = NAN;
    VXG_TRY(vxg__grid_new(path, opts, "mif", &g));
    int status = load(g, &text, &size);
    if (!status) status = read_header(g, &m, text);
    if (!status) status = set_all(g, &m, (int64_t)size);
    if (!status) status = vxg__grid_ready(g, out);
    vxg__free(text);
    vxg__free(m.file);
    if (status) vxg__grid_close(g);
    return status;
}
