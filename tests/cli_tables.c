/* The command says nothing about an option that the library says: its flags that set a field of a
 * library's struct are rows of the library's tables, every field of the structs that a verb holds
 * is set through a table or named here with who sets it, and no value is copied into a field by
 * hand.
 */
#include <ctype.h>

#include "cli.h"
#include "test.h"

/* Options of the command alone that share a name with a row of the library: another thing. */
static const struct {
    const char *verb, *name, *why;
} homonyms[] = {
    {"recon", "shard", "which and of how many, in one word and counted from 1"},
    {"recon", "max-memory", "of the whole process, in MB; the pipeline gets what is left of it"},
    {"center", "max-memory", "of the whole process, in MB"},
    {"simulate", "max-memory", "of the frames at work, in MB"},
    {"simulate", "scale", "attenuation of value 1"},
    {"simulate", "range", "an angle in degrees whose default follows from the beam"},
    {"track", "model", "what is fitted to a series; auto chooses"},
    {"track", "basis", "of an image that is read; of a model it is MRtrix3's"},
    {"track", "shard", "which and of how many, in one word and counted from 1"},
    {"track --cuslines", "step-size", "in voxels"},
    {"track --cuslines", "model", "what is fitted to a series"},
    {"track", "peaks", "an image of vectors"},
    {"track", "dtype", "of positions, one word more: auto"},
    {"tracks", "voxel", "of the map, cubes"},
    {"tracks", "dtype", "of positions, one word more: auto"},
    {"bench", "slices", "how many there are; of vxg_ct_recon_opts it is a span"},
};

/* Fields of the structs that verbs hold which no flag sets: who does. */
static const struct {
    const char *verb, *table, *rows;
} computed[] = {
    /* found or --rotation-axis, which is auto too; what is left of --max-memory; the field of view;
     * the folder of the results; blocks of --resume */
    {"recon", "vxg_ct_recon_opts", " center max-memory side scratch part slices "},
    {"recon", "vxg_solve_opts",
     " list spacing levels-factor "},                      /* orders are named; of the voxels */
    {"recon", "vxg_scan_opts", " in-process max-memory "}, /* VXG_H5; --max-memory */
    /* names in the folder, sizes of the volume */
    {"recon", "vxg_volume_writer_opts", " path nz ny nx voxel unit "},
    /* center looks at a few rows: nothing is filtered, nothing reconstructed */
    {"center", "vxg_ct_recon_opts",
     " window center cutoff ring-size max-memory side scratch algorithm part slices "},
    {"center", "vxg_scan_opts", " dataset in-process max-memory "},
    {"info", "vxg_scan_opts", " dataset in-process max-memory "},
    /* of the circle that simulate makes; other paths come from geometry files */
    {"simulate", "vxg_ct_trajectory_opts",
     " path beam row-pitch start range endpoint reverse center has-center center-row has-center-row"
     " tilt roll z-range turns amplitude frequency z-amplitude radial-amplitude sod-std"
     " position-std angle-std seed "},
    /* --size and --scale have a meaning of their own at 0; blocks of frames and slices */
    {"simulate", "vxg_phantom_opts", " dtype unit density center range "},
    {"simulate", "vxg_scan_writer_opts", " nviews nrows ncols pixel-size "}, /* of the geometry */
    {"center", "vxg_volume_writer_opts", NULL}, /* --force alone: CLI_VALUE */
    {"geometry", "vxg_volume_writer_opts", NULL},
    /* --linearize is the tolerance; the ending of the name; always by the file's; of the image */
    {"tracks", "vxg_tract_filter_opts", " linearize "},
    {"tracks", "vxg_tract_create_opts", " format offset-bits "},
    {"tracks", "vxg_tract_density_opts", " grid affine "},
    {"mask", "vxg_volume_writer_opts", NULL},
    {"dti", "vxg_volume_writer_opts", NULL},
    {"odf", "vxg_volume_writer_opts", NULL},
    {"csd", "vxg_volume_writer_opts", NULL},
    {"peaks", "vxg_volume_writer_opts", NULL},
    {"track", "vxg_volume_writer_opts", NULL},
    {"track --cuslines", "vxg_volume_writer_opts", NULL},
    {"track --cuslines", "vxg_track_opts", NULL}, /* single values of that program's options */
    {"track --cuslines", "vxg_odf_opts", NULL},
    /* of what is handed on to tracking; by --model, --order and --shell; seeds are numbered */
    {"track", "vxg_csd_opts", " basis "},
    {"track", "vxg_odf_opts", " kind order shell basis "},
    {"track", "vxg_tensor_opts", " start min-signal min-share min-eigenvalue "},
    {"track", "vxg_track_opts", " first "},
    {"track", "vxg_tract_filter_opts", " linearize min-length max-length points step "},
};

static const cli_row *sets(const cli_verb *v, const char *table, const char *field) {
    for (int i = 0; i < v->count; i++) {
        const cli_row *r = &v->rows[i];
        if (r->table && !strcmp(r->table, table) && !strcmp(r->field, field)) return r;
    }
    return NULL;
}

/* What a flag says of itself is the library's; the command adds spelling and its own default. */
TEST(rows)
{
    int fields = 0;
    for (int i = 0; i < cli_verb_count; i++) {
        const cli_verb *v = cli_verbs[i];
        CHECK_OK(vxg_options_check(v->options, v->count));
        for (int k = 0; k < v->count; k++) {
            const cli_row *r = &v->rows[k];
            const vxg_option *o = &v->options[k], *row = NULL;
            int n = 0;
            const vxg_option *table = r->table ? vxg_option_table(r->table, &n) : NULL;
            for (int j = 0; j < n; j++)
                if (!strcmp(table[j].name, r->field)) row = &table[j];
            if (!r->table) continue;
            CHECK(row, "%s --%s", v->name, o->name);
            fields++;
            EXPECT(!r->own.help && !r->own.choices && !r->own.unit && r->own.min == 0 &&
                       r->own.max == 0 && r->own.type == VXG_OPT_FLAG,
                   "%s --%s says what the library says", v->name, o->name);
            EXPECT(o->help == row->help && o->type == row->type && o->min == row->min &&
                       o->max == row->max && o->choices == row->choices && o->unit == row->unit,
                   "%s --%s: not the library's row", v->name, o->name);
        }
    }
    EXPECT(fields >= 40, "%d flags set fields", fields);
}

static int is_homonym(const char *verb, const char *name) {
    for (size_t i = 0; i < sizeof homonyms / sizeof *homonyms; i++)
        if (!strcmp(homonyms[i].verb, verb) && !strcmp(homonyms[i].name, name)) return 1;
    return 0;
}

/* An option of the command alone repeats no row of the library: neither its name nor its words. */
TEST(no_repeats)
{
    for (int i = 0; i < cli_verb_count; i++)
        for (int k = 0; k < cli_verbs[i]->count; k++) {
            const cli_row *r = &cli_verbs[i]->rows[k];
            const char *name;
            for (int t = 0; !r->table && (name = vxg_option_table_name(t)); t++) {
                int n;
                const vxg_option *rows = vxg_option_table(name, &n);
                for (int j = 0; j < n; j++) {
                    EXPECT(strcmp(r->own.help, rows[j].help) != 0, "%s --%s has the words of %s.%s",
                           cli_verbs[i]->name, r->own.name, name, rows[j].name);
                    EXPECT(strcmp(r->own.name, rows[j].name) != 0 ||
                               is_homonym(cli_verbs[i]->name, r->own.name),
                           "%s --%s is described by %s too", cli_verbs[i]->name, r->own.name, name);
                }
            }
        }
}

/* The struct that a verb holds is one place for all rows of its table. */
TEST(every_field)
{
    for (int i = 0; i < cli_verb_count; i++) {
        const cli_verb *v = cli_verbs[i];
        for (int k = 0; k < v->count; k++) {
            const cli_row *r = &v->rows[k];
            const char *others = "";
            int n = 0;
            const vxg_option *rows = r->table ? vxg_option_table(r->table, &n) : NULL;
            for (size_t c = 0; c < sizeof computed / sizeof *computed; c++)
                if (!strcmp(computed[c].verb, v->name) && r->table &&
                    !strcmp(computed[c].table, r->table))
                    others = computed[c].rows;
            for (int j = 0; others && j < n; j++) {
                char word[64];
                snprintf(word, sizeof word, " %s ", rows[j].name);
                const cli_row *by = sets(v, r->table, rows[j].name);
                const int listed = strstr(others, word) != NULL;
                EXPECT(listed == !by, "%s: %s.%s is %s", v->name, r->table, rows[j].name,
                       by ? "set by a flag and listed as computed" : "set by nobody");
                EXPECT(!by || by->own.offset == r->own.offset, "%s: two structs %s", v->name,
                       r->table);
            }
        }
    }
}

/* ---- No field is set by hand from an option: `.window = o->filter` ---- */
static vxg_layout layout;

/* Whether some verb has flags for the struct. */
static int is_used(const char *table) {
    for (int i = 0; i < cli_verb_count; i++)
        for (int k = 0; k < cli_verbs[i]->count; k++) {
            const char *t = cli_verbs[i]->rows[k].table;
            if (t && !strcmp(t, table)) return 1;
        }
    return 0;
}

static int is_field(const char *name, size_t n) {
    for (uint32_t i = 0; i < layout.nstructs; i++) {
        const vxg_layout_struct *s = &layout.structs[i];
        for (uint32_t k = 1; k < s->nfields && is_used(s->name); k++) /* 0: size */
            if (strlen(s->fields[k].name) == n && !strncmp(s->fields[k].name, name, n)) return 1;
    }
    return 0;
}

/* An option of the command itself in [p, end): "o->name" or "opt->name" that is not the beginning
 * of "o->recon.name". */
static const char *own_option(const char *p, const char *end) {
    for (; p < end; p++) {
        if (strncmp(p, "->", 2) != 0) continue;
        const int short_one = p[-1] == 'o' && !isalnum((unsigned char)p[-2]) && p[-2] != '_';
        if (!short_one && strncmp(p - 3, "opt", 3) != 0) continue;
        const char *q = p + 2;
        while (isalnum((unsigned char)*q) || *q == '_') q++;
        if (*q != '.') return p + 2;
    }
    return NULL;
}

/* `.field = ...` up to the comma or semicolon. Returns how many were found. */
static int by_hand(const char *text, char *found, size_t size) {
    int n = 0;
    for (const char *p = text; (p = strstr(p, " = ")); p += 3) {
        const char *start = p;
        while (start > text && (isalnum((unsigned char)start[-1]) || start[-1] == '_')) start--;
        if (start == text || (start[-1] != '.' && start[-1] != '>') ||
            !is_field(start, (size_t)(p - start)))
            continue;
        const char *end = p + strcspn(p, ",;{}");
        const char *option = own_option(p + 2, end);
        if (option && n++ == 0) snprintf(found, size, "%.*s", (int)(end - start), start);
    }
    return n;
}

/* Values that are another thing in other units, and files that a run makes beside its result. */
static int is_fine(const char *found) {
    static const char *const fine[] = {"max_memory = (int64_t)(o->max_memory * 1e6)",
                                       "max_memory = cli_memory_bytes(o->max_memory)",
                                       "path = j->opt->volume_out",
                                       "center = strtod(o->axis", /* or middle */
                                       ("range = o->range != 0 ? o->range : o->path.sod > 0 ? "
                                        "360 : 180")}; /* degrees */
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
        if (!strcmp(found, fine[i])) return 1;
    return 0;
}

TEST(by_hand)
{
    static const char *const files[] = {"bench", "center",   "check", "find_center",
                                        "info",  "recon",    "scan",  "recon_geometry",
                                        "try",   "simulate", "odd",   "geometry"};
    char found[200] = "";
    /* the test itself notices it */
    EXPECT(by_hand("x = {.cutoff = o->cutoff, .reverse = o->recon.reverse};", found, 200) == 1 &&
               !strcmp(found, "cutoff = o->cutoff"),
           "'%s'", found);
    CHECK_OK(vxg_layout_table(&layout));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[512], *text = NULL;
        snprintf(path, sizeof path, "%s/cli/%s.c", VXG_SOURCE_DIR, files[i]);
        CHECK_OK(cli_text_read(path, &text));
        for (char *p = text; by_hand(p, found, sizeof found);) {
            EXPECT(is_fine(found), "cli/%s.c: `%s` is no row", files[i], found);
            p = strstr(p, found) + strlen(found);
        }
        free(text);
    }
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(rows), T(no_repeats), T(every_field), T(by_hand)};
    test_suite = "cli_tables";
    if (cli_tables() || vxg_layout_table(&layout)) {
        printf("FAIL cli_tables.tables: %s\n", vxg_error_message());
        return 1;
    }
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        if (argc > 1 && strcmp(argv[1], list[i].name) != 0) continue;
        test_case_begin();
        list[i].fn();
        test_case_end(list[i].name);
    }
    return test_failed != 0;
}
