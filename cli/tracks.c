/* voxgrad tracks: looks at files of streamlines, converts them, makes maps and pictures of them. */
#include "tracks.h"

#include <math.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { MOST_LINES = 1 << 16, MOST_POINTS = 1 << 18 };

/* ---- Actions ---- */
enum { INFO = 1, CONVERT = 2, MERGE = 4, DENSITY = 8, LENGTH = 16, PICTURE = 32 };
static const struct action {
    const char *name;
    int bit, least, most; /* operands behind the name */
    int output;           /* 1: --output is needed */
    int (*run)(cli_run *r, const cli_tracks *o);
} actions[] = {
    {"info", INFO, 1, 1, 0, cli_tracks_info},
    {"convert", CONVERT, 2, 2, 0, cli_tracks_convert},
    {"merge", MERGE, 1, CLI_MAX_OPERANDS, 1, cli_tracks_merge},
    {"density", DENSITY, 1, 1, 1, cli_tracks_density},
    {"length", LENGTH, 1, 1, 0, cli_tracks_length},
    {"picture", PICTURE, 1, 1, 1, cli_tracks_picture},
};
#define ACTIONS ((int)(sizeof actions / sizeof *actions))

static const cli_row rows[] = {
    CLI_OWN("output", 'o', VXG_OPT_OUTPUT, offsetof(cli_tracks, output), NULL, 0, 0, NULL, "FILE",
            "merge, density, picture, length: the file to write (length: not given: standard "
            "output)"),
    CLI_OWN("reference", 0, VXG_OPT_FILE, offsetof(cli_tracks, reference), NULL, 0, 0, NULL,
            "IMAGE",
            "the image that the streamlines lie on: density counts in its voxels; convert and "
            "merge take what a TCK or an old TRK file does not say from it"),
    CLI_OWN("dtype", 0, VXG_OPT_CHOICE, offsetof(cli_tracks, dtype), "auto", 0, 0, NULL,
            "auto|float16|float32|float64",
            "convert, merge: type of positions; auto: the input's where the format has it"),
    CLI_OWN("columns", 0, VXG_OPT_WORDS, offsetof(cli_tracks, columns), NULL, 0, 0, NULL, "NAME",
            "convert, merge: which numbers beside points and streamlines to keep; not given: all "
            "that the format holds"),
    CLI_FIELD("min-length", 0, offsetof(cli_tracks, filter), vxg_tract_filter_opts, "min-length",
              NULL),
    CLI_FIELD("max-length", 0, offsetof(cli_tracks, filter), vxg_tract_filter_opts, "max-length",
              NULL),
    CLI_FIELD("linearize", 0, offsetof(cli_tracks, filter), vxg_tract_filter_opts, "tolerance",
              NULL),
    CLI_FIELD("max-segment", 0, offsetof(cli_tracks, filter), vxg_tract_filter_opts, "max-segment",
              NULL),
    CLI_FIELD("points", 0, offsetof(cli_tracks, filter), vxg_tract_filter_opts, "points", NULL),
    CLI_FIELD("step", 0, offsetof(cli_tracks, filter), vxg_tract_filter_opts, "step", NULL),
    CLI_FIELD("folder", 0, offsetof(cli_tracks, create), vxg_tract_create_opts, "folder", NULL),
    CLI_OWN("voxel", 0, VXG_OPT_REAL, offsetof(cli_tracks, voxel), NULL, 0, 1e6, "mm", NULL,
            "density: side of the map's voxels, which fill the same box; 0: the image's"),
    CLI_FIELD("by", 0, offsetof(cli_tracks, density), vxg_tract_density_opts, "by", NULL),
    CLI_FIELD("color", 0, offsetof(cli_tracks, density), vxg_tract_density_opts, "color", NULL),
    CLI_OWN("lines", 0, VXG_OPT_INT, offsetof(cli_tracks, lines), "20000", 1, 1000000, NULL, NULL,
            "picture: streamlines that are drawn at most"),
    CLI_OWN("width", 0, VXG_OPT_INT, offsetof(cli_tracks, width), "900", 100, 4000, "px", NULL,
            "picture: longest side of the views"),
    CLI_OWN("cut", 0, VXG_OPT_FLAG, offsetof(cli_tracks, cut), NULL, 0, 0, NULL, NULL,
            "picture: without the half nearer than the middle: the inside shows"),
    CLI_OWN("light", 0, VXG_OPT_FLAG, offsetof(cli_tracks, light), NULL, 0, 0, NULL, NULL,
            "picture: on white"),
    CLI_FIELD("force", 'f', offsetof(cli_tracks, create), vxg_tract_create_opts, "force", NULL),
    CLI_SHARED_ROWS(cli_tracks),
};

/* Which actions heed an option; others refuse it. */
static const struct {
    const char *name;
    int bits;
} heeded[] = {
    {"output", MERGE | DENSITY | LENGTH | PICTURE},
    {"reference", CONVERT | MERGE | DENSITY},
    {"dtype", CONVERT | MERGE},
    {"columns", CONVERT | MERGE},
    {"min-length", CONVERT | MERGE},
    {"max-length", CONVERT | MERGE},
    {"linearize", CONVERT | MERGE},
    {"max-segment", CONVERT | MERGE},
    {"points", CONVERT | MERGE},
    {"step", CONVERT | MERGE},
    {"folder", CONVERT | MERGE},
    {"voxel", DENSITY},
    {"by", DENSITY},
    {"color", DENSITY},
    {"lines", PICTURE},
    {"width", PICTURE},
    {"cut", PICTURE},
    {"light", PICTURE},
    {"force", CONVERT | MERGE | DENSITY | LENGTH | PICTURE},
};

/* "convert, merge" */
static void action_names(int bits, char *out, size_t size) {
    int n = 0;
    for (int i = 0; i < ACTIONS; i++)
        if (bits & actions[i].bit)
            n += snprintf(out + n, size - (size_t)n, "%s%s", n ? ", " : "", actions[i].name);
}

static int check_options(const cli_run *r, const struct action *a) {
    char names[96];
    for (size_t i = 0; i < sizeof heeded / sizeof *heeded; i++) {
        if ((heeded[i].bits & a->bit) || !cli_given(r, heeded[i].name)) continue;
        action_names(heeded[i].bits, names, sizeof names);
        return vxg_error_set(VXG_ERR_ARGUMENT, "--%s goes with %s, not with %s", heeded[i].name,
                             names, a->name);
    }
    const cli_tracks *o = r->options;
    if (a->output && !o->output)
        return vxg_error_set(VXG_ERR_ARGUMENT, "tracks %s: --output is missing", a->name);
    if (cli_given(r, "max-segment") && !cli_given(r, "linearize"))
        return vxg_error_set(VXG_ERR_ARGUMENT, "--max-segment goes with --linearize");
    return VXG_OK;
}

static int run(cli_run *r) {
    const struct action *a = NULL;
    char names[96];
    for (int i = 0; i < ACTIONS && !a; i++)
        if (!strcmp(actions[i].name, r->operands[0])) a = &actions[i];
    if (!a) {
        action_names(-1, names, sizeof names);
        return vxg_error_set(VXG_ERR_ARGUMENT, "'%s' is none of %s", r->operands[0], names);
    }
    const int n = r->noperands - 1;
    if (n < a->least || n > a->most)
        return vxg_error_set(VXG_ERR_ARGUMENT, "tracks %s takes %s, %d given", a->name,
                             a->least == 2  ? "the file to read and the file to write"
                             : a->most == 1 ? "one file"
                                            : "files to read",
                             n);
    const int status = check_options(r, a);
    return status ? status : a->run(r, r->options);
}

/* ---- Files ---- */
int cli_tracks_next(vxg_tract_reader *in, vxg_tract_batch *batch) {
    if (cli_cancel) return vxg_error_set(VXG_ERR_CANCELLED, "interrupted");
    *batch = (vxg_tract_batch){.size = sizeof *batch};
    return vxg_tract_next(in, MOST_LINES, MOST_POINTS,
                          in->info.dtype == VXG_F64 ? VXG_F64 : VXG_F32, batch);
}

const vxg_tract_format *cli_tracks_format(const char *path) {
    const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
    for (int i = 0; dot && i < vxg_tract_format_count(); i++) {
        const vxg_tract_format *f = vxg_tract_format_at(i);
        for (const char *p = f->extensions; *p; p += strspn(p, " ")) {
            const size_t n = strcspn(p, " ");
            if (f->create && strlen(dot + 1) == n && !strncasecmp(dot + 1, p, n)) return f;
            p += n;
        }
    }
    return NULL;
}

/* Sides and letters out of the affine: the most certain axis first. */
static void complete(cli_grid *g) {
    static const char up[] = "RAS", down[] = "LPI";
    const double *a = g->affine;
    int used[3] = {0};
    for (int k = 0; k < 3; k++)
        g->side[k] = sqrt(a[k] * a[k] + a[4 + k] * a[4 + k] + a[8 + k] * a[8 + k]);
    memset(g->order, 0, sizeof g->order);
    for (int step = 0; step < 3; step++) {
        double best = -1;
        int column = 0, row = 0;
        for (int c = 0; c < 3; c++)
            for (int i = 0; i < 3; i++) {
                const double share = g->side[c] > 0 ? fabs(a[4 * i + c]) / g->side[c] : 0;
                if (!g->order[c] && !used[i] && share > best) best = share, column = c, row = i;
            }
        used[row] = 1;
        g->order[column] = a[4 * row + column] < 0 ? down[row] : up[row];
    }
}

int cli_grid_read(const char *path, cli_grid *g) {
    vxg_block_reader *r = NULL;
    int status = vxg_block_open(path, NULL, &r);
    if (status) return status;
    const vxg_block_info *info = &r->info;
    if (info->ndim < 3 || !info->has_affine)
        status =
            vxg_error_set(VXG_ERR_INPUT, "--reference %s: no image that says where it lies", path);
    else if (strcmp(info->affine_unit, "mm") && *info->affine_unit)
        status = vxg_error_set(VXG_ERR_INPUT, "--reference %s: lengths are in %s, mm expected",
                               path, info->affine_unit);
    for (int k = 0; k < 3 && !status; k++) g->n[k] = info->axis[info->ndim - 1 - k].count;
    memcpy(g->affine, info->affine, sizeof g->affine);
    vxg_block_close(r);
    if (!status) complete(g);
    return status;
}

int cli_grid_of(const vxg_tract_info *info, cli_grid *g) {
    if (!info->has_affine || info->grid[0] < 1 || info->grid[1] < 1 || info->grid[2] < 1) return 0;
    memcpy(g->n, info->grid, sizeof g->n);
    memcpy(g->affine, info->affine, sizeof g->affine);
    complete(g);
    return 1;
}

int cli_grid_same(const cli_grid *a, const cli_grid *b) {
    for (int k = 0; k < 3; k++)
        if (a->n[k] != b->n[k]) return 0;
    for (int corner = 0; corner < 8; corner++)
        for (int row = 0; row < 3; row++) {
            double off = a->affine[4 * row + 3] - b->affine[4 * row + 3];
            for (int k = 0; k < 3; k++)
                off += (corner >> k & 1) * (double)(a->n[k] - 1) *
                       (a->affine[4 * row + k] - b->affine[4 * row + k]);
            if (!(fabs(off) <= 1e-3 * fmin(a->side[0], fmin(a->side[1], a->side[2])))) return 0;
        }
    return 1;
}

int cli_tracks_place(const cli_tracks *o, vxg_tract_reader *in, cli_grid *grid, int *known) {
    vxg_tract_info *info = &in->info;
    *known = 1;
    if (!o->reference) {
        *known = cli_grid_of(info, grid);
        return VXG_OK;
    }
    int status = cli_grid_read(o->reference, grid);
    if (status || info->space == VXG_TRACT_RAS || info->has_affine) return status;
    for (int k = 0; k < 3; k++) {
        if (info->grid[k] > 0 && info->grid[k] != grid->n[k])
            return vxg_error_set(VXG_ERR_INPUT,
                                 "%s lies on %lld x %lld x %lld voxels, --reference %s has %lld x "
                                 "%lld x %lld",
                                 in->path, (long long)info->grid[0], (long long)info->grid[1],
                                 (long long)info->grid[2], o->reference, (long long)grid->n[0],
                                 (long long)grid->n[1], (long long)grid->n[2]);
        if (info->voxel[k] > 0 && fabs(info->voxel[k] - grid->side[k]) > 1e-3 * grid->side[k])
            return vxg_error_set(VXG_ERR_INPUT,
                                 "%s lies on voxels of %g x %g x %g mm, those of --reference %s "
                                 "are %g x %g x %g",
                                 in->path, info->voxel[0], info->voxel[1], info->voxel[2],
                                 o->reference, grid->side[0], grid->side[1], grid->side[2]);
    }
    memcpy(info->affine, grid->affine, sizeof info->affine);
    memcpy(info->grid, grid->n, sizeof info->grid);
    for (int k = 0; k < 3; k++)
        if (!(info->voxel[k] > 0)) info->voxel[k] = grid->side[k];
    info->has_affine = 1;
    return VXG_OK;
}

/* Whether the action heeds an option; those that all verbs have are in no list. */
static int is_heeded(const cli_run *r, const char *name) {
    int bit = 0;
    for (int i = 0; i < ACTIONS; i++)
        if (!strcmp(actions[i].name, r->operands[0])) bit = actions[i].bit;
    for (size_t i = 0; i < sizeof heeded / sizeof *heeded; i++)
        if (!strcmp(heeded[i].name, name)) return (heeded[i].bits & bit) != 0;
    return 1;
}

int cli_tracks_provenance(const cli_run *r, cli_provenance *p) {
    static const char option[] = "option.";
    const size_t letters = sizeof option - 1;
    int kept = 0, status = cli_provenance_start(p, r);
    for (int i = 0; i < p->count; i++) { /* only what this action looks at */
        const char *name = p->list[i].name;
        if (!strncmp(name, option, letters) && !is_heeded(r, name + letters)) continue;
        p->list[kept++] = p->list[i];
    }
    p->count = kept;
    const int n = !strcmp(r->operands[0], "convert") ? 2 : r->noperands;
    for (int i = 1; i < n && !status; i++) {
        char hex[65], name[32] = "input.sha256";
        struct stat st;
        if (stat(r->operands[i], &st) || !S_ISREG(st.st_mode)) continue; /* a TRX folder */
        if (n > 2) snprintf(name, sizeof name, "input.%d.sha256", i);
        status = vxg_file_sha256(r->operands[i], hex);
        if (!status) status = cli_provenance_add(p, name, "%s", hex);
    }
    return status;
}

int cli_tracks_claim(const cli_run *r, const cli_tracks *o, const char *a, const char *b,
                     vxg_outputs **set) {
    const int n = !strcmp(r->operands[0], "convert") ? 1 : r->noperands - 1;
    int status = cli_outputs_new(set, &r->operands[1], n);
    if (!status && o->reference) status = vxg_outputs_protect(*set, o->reference);
    if (!status && a) status = cli_claimed(vxg_outputs_claim(*set, a, o->create.force));
    if (!status && b) status = cli_claimed(vxg_outputs_claim(*set, b, o->create.force));
    return status;
}

int cli_tracks_beside(const char *path, const char *ending, char *out, size_t size) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t n = strlen(path);
    if (strlen(name) > 3 && !strcasecmp(path + n - 3, ".gz")) n -= 3;
    for (size_t i = n; i > (size_t)(name - path) + 1; i--)
        if (path[i - 1] == '.') {
            n = i - 1;
            break;
        }
    if ((size_t)snprintf(out, size, "%.*s%s", (int)n, path, ending) >= size)
        return vxg_error_set(VXG_ERR_ARGUMENT, "--output: too long a name");
    return VXG_OK;
}

const cli_verb cli_verb_tracks = {
    .name = "tracks",
    .operands = "ACTION FILE...",
    .summary = "look at, convert and map streamlines",
    .about =
        "Files of streamlines are TRK (TrackVis), TCK (MRtrix) and TRX; they are told apart by "
        "their contents, and written by the ending of their name. ACTION is one of:\n\n"
        "info FILE says what is in one: counts, the image it lies on, columns, groups, lengths.\n\n"
        "convert IN OUT writes IN in OUT's format. What the format cannot hold is left out and "
        "said. TRK and TRX lie on an image: where IN does not say which (TCK), --reference "
        "does.\n\n"
        "merge A B... -o OUT writes all streamlines of several files into one.\n\n"
        "density IN -o MAP counts the streamlines in each voxel of --reference, or of the image "
        "that IN itself lies on: a NIfTI or MIF image of int32; with --color of float32 with the "
        "directions' magnitudes along x, y and z in three volumes. --by segments counts where "
        "lines pass through, points where they have a point (DIPY), samples where they have a "
        "point or one of those that are set between (MRtrix3's tckmap).\n\n"
        "length IN -o TEXT writes each streamline's length in mm on a line.\n\n"
        "picture IN -o PNG draws them from above, from behind and from the right, coloured by "
        "direction: red right-left, green front-back, blue top-bottom. The subject's right is on "
        "the right.",
    .examples = "  voxgrad tracks info whole.trx\n"
                "  voxgrad tracks convert whole.tck whole.trx --reference dwi.nii.gz --dtype "
                "float16 --linearize 0.1\n"
                "  voxgrad tracks density whole.trx -o density.nii.gz --voxel 1\n"
                "  voxgrad tracks picture whole.trx -o inside.png --cut\n",
    .min_operands = 2,
    .max_operands = CLI_MAX_OPERANDS,
    CLI_ROWS(rows),
    .size = sizeof(cli_tracks),
    .run = run,
};
