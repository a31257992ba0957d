/* Maps as files: an image on the grid of the input and, beside it, what it is and what made it. */
#include "image.h"

#include <stdlib.h>
#include <string.h>

static const char *const endings[] = {".nii.gz", ".mif.gz", ".nii", ".mif"};

/* Where the ending of an image's file begins; NULL: it has none. */
static const char *ending_of(const char *name) {
    const size_t n = strlen(name);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        const size_t m = strlen(endings[i]);
        if (n > m && !strcmp(name + n - m, endings[i]) && name[n - m - 1] != '/')
            return name + n - m;
    }
    return NULL;
}

/* output where that is a file's name, else OUTPUT_label.ending. */
static int name_map(cli_map *map, const cli_maps_opts *o) {
    static const char *const chosen[] = {"nii.gz", "nii", "mif", "mif.gz"};
    int n;
    if (ending_of(o->output))
        n = snprintf(map->path, sizeof map->path, "%s", o->output);
    else
        n = snprintf(map->path, sizeof map->path, "%s_%s.%s", o->output, map->row->label,
                     chosen[o->ending]);
    if (n > 0 && (size_t)n + 16 <= sizeof map->path) return VXG_OK;
    return vxg_error_set(VXG_ERR_ARGUMENT, "--output: too long a name");
}

static int unknown_map(const cli_map_row *rows, int n, const char *word) {
    char list[256];
    size_t at = 0;
    for (int i = 0; i < n && at < sizeof list; i++)
        at += (size_t)snprintf(list + at, sizeof list - at, "%s%s", i ? ", " : "", rows[i].name);
    return vxg_error_set(VXG_ERR_ARGUMENT, "--maps: '%s' is none of %s", word, list);
}

int cli_maps_choose(const cli_maps_opts *o, const cli_map_row *rows, int n, cli_map *maps) {
    int status = VXG_OK, count = 0;
    if (!o->output)
        return vxg_error_set(VXG_ERR_ARGUMENT, "--output is missing: how the files' names begin");
    const size_t length = strlen(o->output);
    if (!length || o->output[length - 1] == '/')
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "--output: '%s' is no name of a file, nor how one begins", o->output);
    if (n == 1) {
        maps[0].row = rows;
        return name_map(&maps[0], o);
    }
    for (int64_t k = 0; k < o->maps.count && !status; k++) {
        int i = 0;
        while (i < n && strcmp(rows[i].name, o->maps.value[k]) != 0) i++;
        if (i == n) return unknown_map(rows, n, o->maps.value[k]);
        count += !maps[i].row;
        maps[i].row = &rows[i];
        status = name_map(&maps[i], o);
    }
    if (!status && !count) status = vxg_error_set(VXG_ERR_ARGUMENT, "--maps: none is named");
    if (!status && count > 1 && ending_of(o->output))
        status = vxg_error_set(VXG_ERR_ARGUMENT,
                               "--output: %s is the name of one file and there are %d maps: say "
                               "how their names begin (sub-01), or ask for one map (--maps)",
                               o->output, count);
    return status;
}

/* The description's name: .json for the image's ending. */
static void sidecar(const cli_map *map, char path[CLI_MAP_PATH]) {
    snprintf(path, CLI_MAP_PATH, "%.*s.json", (int)(ending_of(map->path) - map->path), map->path);
}

int cli_maps_open(cli_maps *m, const cli_run *run, const cli_image *grid, int force,
                  const char *const *inputs, int n) {
    memset(m, 0, sizeof *m);
    m->run = run, m->grid = grid, m->force = force;
    int status = cli_outputs_new(&m->set, inputs, n);
    return status ? status : cli_provenance_start(&m->prov, run);
}

int cli_maps_claim(cli_maps *m, const cli_map *maps, int n) {
    char path[CLI_MAP_PATH];
    int status = VXG_OK;
    for (int i = 0; i < n && !status; i++) {
        if (!maps[i].row) continue;
        sidecar(&maps[i], path);
        status = cli_claimed(vxg_outputs_claim(m->set, maps[i].path, m->force));
        if (!status) status = cli_claimed(vxg_outputs_claim(m->set, path, m->force));
    }
    return status;
}

/* ---- The image ---- */

static int open_writer(cli_maps *m, const cli_map *map, int64_t rows, vxg_block_writer **out) {
    static const char names[3] = {'z', 'y', 'x'};
    char words[80];
    vxg_attribute about[2] = {{"descrip", words}, {"intent_name", map->row->intent}};
    vxg_block_create_opts o = {.force = m->force, .outputs = m->set};
    const int nifti = !strncmp(ending_of(map->path), ".nii", 4), first = rows > 1;
    snprintf(words, sizeof words, "voxgrad %s", vxg_version());
    o.info.ndim = 3 + first;
    o.info.dtype = map->row->bytes ? VXG_U8 : VXG_F32;
    if (first) o.info.axis[0] = (vxg_axis){.count = rows, .name = "t"};
    for (int k = 0; k < 3; k++) {
        vxg_axis *a = &o.info.axis[first + k];
        *a = (vxg_axis){.count = m->grid->shape[k],
                        .step = m->grid->size[2 - k],
                        .unit = "mm",
                        .name = {names[k]}};
    }
    memcpy(o.info.affine, m->grid->affine, sizeof o.info.affine);
    o.info.has_affine = 1;
    snprintf(o.info.affine_unit, sizeof o.info.affine_unit, "mm");
    if (nifti) o.info.attributes = about, o.info.nattributes = 1 + (map->row->intent != NULL);
    return vxg_block_create(map->path, &o, out);
}

static int write_row(cli_maps *m, const cli_map *map, const vxg_array *row, int64_t at, int four,
                     float *values, vxg_block_writer *w) {
    const int64_t start[4] = {at, 0, 0, 0};
    const int64_t count[4] = {1, m->grid->shape[0], m->grid->shape[1], m->grid->shape[2]};
    unsigned char *bytes = (unsigned char *)values;
    if (cli_cancel) return vxg_error_set(VXG_ERR_CANCELLED, "interrupted");
    int status = vxg_array_read(NULL, row, values);
    for (int64_t i = 0; map->row->bytes && i < m->grid->voxels && !status; i++)
        bytes[i] = (unsigned char)values[i]; /* behind the number that is read */
    return status ? status : w->write(w, start + !four, count + !four, values);
}

static int write_image(cli_maps *m, const cli_map *map, const vxg_array *a) {
    const int four = a->ndim == 4 && a->shape[0] > 1; /* one row: a file of three axes */
    const int64_t rows = a->ndim == 4 ? a->shape[0] : 1;
    vxg_block_writer *w = NULL;
    float *values = malloc((size_t)m->grid->voxels * sizeof *values);
    int status = values ? open_writer(m, map, rows, &w)
                        : vxg_error_set(VXG_ERR_MEMORY, "%s: out of memory", map->path);
    for (int64_t i = 0; i < rows && !status; i++) {
        vxg_array row = {0};
        if (a->ndim == 4)
            status = vxg_array_index(a, i, &row);
        else
            row = vxg_array_retain(a);
        if (!status) status = write_row(m, map, &row, i, four, values, w);
        vxg_array_release(&row);
    }
    free(values);
    if (!w) return status;
    if (!status) return w->finish(w);
    w->abandon(w);
    return status;
}

/* ---- The description ---- */

static int write_sidecar(cli_maps *m, const cli_map *map) {
    char path[CLI_MAP_PATH], *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    sidecar(map, path);
    if (!f) return vxg_error_set(VXG_ERR_MEMORY, "out of memory writing %s", path);
    cli_json j = {.f = f};
    cli_json_open(&j, NULL, '{');
    cli_json_text(&j, "Description", map->row->what);
    if (map->row->unit) cli_json_text(&j, "Units", map->row->unit);
    if (map->row->more) map->row->more(&j, map->context);
    cli_json_open(&j, "Sources", '[');
    cli_json_text(&j, NULL, m->grid->file->path);
    cli_json_close(&j, ']');
    cli_json_open(&j, "GeneratedBy", '[');
    cli_json_open(&j, NULL, '{');
    cli_json_text(&j, "Name", "voxgrad");
    cli_json_text(&j, "Version", vxg_version());
    cli_json_close(&j, '}');
    cli_json_close(&j, ']');
    cli_provenance_json(&m->prov, &j);
    cli_json_close(&j, '}');
    int status = fclose(f) ? vxg_error_set(VXG_ERR_MEMORY, "out of memory writing %s", path)
                           : vxg_outputs_text(m->set, path, text, m->force);
    free(text);
    return status;
}

int cli_map_write(cli_maps *m, const cli_map *map, const vxg_array *a) {
    int status = write_image(m, map, a);
    return status ? status : write_sidecar(m, map);
}

void cli_maps_print(cli_json *j, const cli_map *maps, int n) {
    if (j) cli_json_open(j, "files", '[');
    for (int i = 0; i < n; i++) {
        if (!maps[i].row) continue;
        if (j)
            cli_json_text(j, NULL, maps[i].path);
        else
            printf("%s\n", maps[i].path);
    }
    if (j) cli_json_close(j, ']');
}

int cli_maps_commit(cli_maps *m) {
    return cli_commit(&m->set);
}

void cli_maps_close(cli_maps *m) {
    vxg_outputs_abandon(m->set);
    m->set = NULL;
    cli_provenance_free(&m->prov);
}
