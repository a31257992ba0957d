/* voxgrad tracks density and picture. */
#include "track_picture.h"
#include "tracks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- density ---- */
/* The same box in cubes; the last of each axis may reach beyond it. */
static int resize(cli_grid *g, double side) {
    double half[3];
    for (int k = 0; k < 3; k++) {
        const double n = ceil((double)g->n[k] * g->side[k] / side - 1e-3);
        if (!(n <= 32767))
            return vxg_error_set(VXG_ERR_ARGUMENT, "--voxel %g mm: %.0f voxels along an axis", side,
                                 n);
        half[k] =
            0.5 * (side / g->side[k] - 1); /* from the first voxel's centre to the new one's */
        g->n[k] = n < 1 ? 1 : (int64_t)n;
    }
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++) g->affine[4 * i + 3] += g->affine[4 * i + k] * half[k];
    for (int k = 0; k < 3; k++) {
        for (int i = 0; i < 3; i++) g->affine[4 * i + k] *= side / g->side[k];
        g->side[k] = side;
    }
    return VXG_OK;
}

static int fill_map(const cli_run *r, vxg_tract_reader *in, vxg_tract_density *map) {
    const vxg_progress *progress = cli_progress(r);
    for (;;) {
        vxg_tract_batch b;
        int status = cli_tracks_next(in, &b);
        if (status || b.lines == 0) return status;
        status = vxg_tract_density_add(map, &in->info, &b);
        if (status) return vxg_error_context(status, "%s", in->path);
        if (in->info.streamlines > 0)
            progress->report(progress->context, "streamlines", (double)in->lines,
                             (double)in->info.streamlines);
    }
}

static vxg_block_info map_info(const cli_grid *g, int color, uint32_t most) {
    static const char names[4][2] = {"c", "z", "y", "x"};
    vxg_block_info info = {.ndim = color ? 4 : 3, .has_affine = 1, .affine_unit = "mm"};
    info.dtype = color ? VXG_F32 : most <= INT32_MAX ? VXG_I32 : VXG_U32;
    memcpy(info.affine, g->affine, sizeof info.affine);
    for (int i = 0; i < info.ndim; i++) {
        const int k = info.ndim - 1 - i; /* along i, j, k */
        vxg_axis *a = &info.axis[i];
        a->count = k < 3 ? g->n[k] : 3;
        a->step = k < 3 ? g->side[k] : 0;
        memcpy(a->name, names[3 - k], sizeof names[0]);
        if (k < 3) memcpy(a->unit, "mm", 3);
    }
    return info;
}

typedef struct counted {
    vxg_tract_density_stats stats;
    int64_t voxels, filled;
    uint32_t most;
    double sum;
} counted;

static counted count(const vxg_tract_density *map, const cli_grid *g) {
    counted c = {.voxels = g->n[0] * g->n[1] * g->n[2]};
    const uint32_t *n = vxg_tract_density_counts(map);
    c.stats.size = sizeof c.stats;
    for (int64_t v = 0; v < c.voxels; v++) {
        c.filled += n[v] > 0, c.sum += n[v];
        c.most = n[v] > c.most ? n[v] : c.most;
    }
    return c;
}

static int write_map(const cli_tracks *o, const cli_grid *g, const vxg_tract_density *map,
                     const counted *c, vxg_outputs *set) {
    const int color = o->density.color;
    const int64_t start[4] = {0};
    int64_t size[4] = {3, g->n[2], g->n[1], g->n[0]};
    vxg_block_create_opts create = {.force = o->create.force, .outputs = set};
    vxg_block_writer *w = NULL;
    float *colors = NULL;
    create.info = map_info(g, color, c->most);
    int status = VXG_OK;
    if (color && !(colors = malloc((size_t)c->voxels * 3 * sizeof *colors)))
        status = vxg_error_set(VXG_ERR_MEMORY, "out of memory for the map");
    if (!status && color) status = vxg_tract_density_colors(map, colors);
    if (!status) status = vxg_block_create(o->output, &create, &w);
    if (!status)
        status = w->write(w, start, size + !color,
                          color ? (const void *)colors : vxg_tract_density_counts(map));
    if (!status) {
        status = w->finish(w);
    } else if (w) {
        w->abandon(w);
    }
    free(colors);
    return status;
}

static int describe(cli_provenance *p, const cli_tracks *o, const counted *c) {
    static const char *const by[] = {"segments", "points", "samples"};
    int status =
        cli_provenance_add(p, "map", "streamlines in each voxel, by %s%s", by[o->density.by],
                           o->density.color ? ", times their direction's magnitudes" : "");
    if (!status)
        status = cli_provenance_add(p, "streamlines", "%lld", (long long)c->stats.streamlines);
    if (!status)
        status = cli_provenance_add(p, "points.outside", "%lld", (long long)c->stats.outside);
    if (!status)
        status = cli_provenance_add(p, "streamlines.leaving", "%lld", (long long)c->stats.leaving);
    return status;
}

static void say_map(const cli_run *r, const cli_tracks *o, const cli_grid *g, const counted *c) {
    cli_say(r,
            "%s: %lld x %lld x %lld voxels of %g x %g x %g mm, %lld with streamlines, %u at most",
            o->output, (long long)g->n[0], (long long)g->n[1], (long long)g->n[2], g->side[0],
            g->side[1], g->side[2], (long long)c->filled, c->most);
    if (c->stats.outside || c->stats.missed)
        cli_warn(r,
                 "%lld of %lld points, of %lld of %lld streamlines, lie outside the image; %lld "
                 "streamlines count nowhere",
                 (long long)c->stats.outside, (long long)c->stats.points,
                 (long long)c->stats.leaving, (long long)c->stats.streamlines,
                 (long long)c->stats.missed);
    if (!r->shared->json) return;
    cli_json j = {.f = stdout};
    cli_json_open(&j, NULL, '{');
    cli_json_text(&j, "map", o->output);
    cli_json_int(&j, "streamlines", c->stats.streamlines);
    cli_json_int(&j, "points", c->stats.points);
    cli_json_int(&j, "points_outside", c->stats.outside);
    cli_json_int(&j, "streamlines_leaving", c->stats.leaving);
    cli_json_int(&j, "streamlines_missed", c->stats.missed);
    cli_json_int(&j, "voxels", c->voxels);
    cli_json_int(&j, "voxels_filled", c->filled);
    cli_json_int(&j, "max", c->most);
    cli_json_real(&j, "sum", c->sum);
    cli_json_close(&j, '}');
}

static int make_map(cli_run *r, const cli_tracks *o, vxg_tract_reader *in, const cli_grid *g,
                    const char *beside, vxg_outputs **set) {
    vxg_tract_density_opts opts = o->density;
    vxg_tract_density *map = NULL;
    cli_provenance p = {0};
    counted c = {0};
    memcpy(opts.grid, g->n, sizeof opts.grid);
    memcpy(opts.affine, g->affine, sizeof opts.affine);
    int status = vxg_tract_density_new(&opts, &map);
    if (!status) status = fill_map(r, in, map);
    cli_progress_end();
    if (!status) c = count(map, g);
    if (!status) status = vxg_tract_density_get_stats(map, &c.stats);
    if (!status) status = write_map(o, g, map, &c, *set);
    if (!status) status = cli_tracks_provenance(r, &p);
    if (!status) status = describe(&p, o, &c);
    if (!status) status = cli_provenance_write(&p, *set, beside, o->create.force);
    if (!status) status = cli_commit(set);
    if (!status) say_map(r, o, g, &c);
    cli_provenance_free(&p);
    vxg_tract_density_free(map);
    return status;
}

int cli_tracks_density(cli_run *r, const cli_tracks *o) {
    vxg_tract_reader *in = NULL;
    vxg_outputs *set = NULL;
    cli_grid grid;
    char beside[4200];
    int known = 0;
    int status = vxg_tract_open(r->operands[1], NULL, &in);
    if (!status) status = cli_tracks_place(o, in, &grid, &known);
    if (!status && !known)
        status =
            vxg_error_set(VXG_ERR_ARGUMENT,
                          "%s does not say which image it lies on: --reference IMAGE", in->path);
    if (!status && o->voxel > 0) status = resize(&grid, o->voxel);
    if (!status) status = cli_tracks_beside(o->output, ".json", beside, sizeof beside);
    if (!status) status = cli_tracks_claim(r, o, o->output, beside, &set);
    if (!status) status = make_map(r, o, in, &grid, beside, &set);
    vxg_outputs_abandon(set);
    vxg_tract_close(in);
    return status;
}

/* ---- picture ---- */
static int draw(cli_run *r, const cli_tracks *o, vxg_tract_reader *in, cli_views *views,
                vxg_outputs *set) {
    const vxg_progress *progress = cli_progress(r);
    vxg_picture view[CLI_VIEWS] = {{0}}, all = {0};
    cli_provenance p = {0};
    int status = VXG_OK;
    for (;;) {
        vxg_tract_batch b;
        status = cli_tracks_next(in, &b);
        if (status || b.lines == 0) break;
        status = cli_views_add(views, &in->info, &b);
        if (status) break;
        if (in->info.streamlines > 0)
            progress->report(progress->context, "streamlines", (double)in->lines,
                             (double)in->info.streamlines);
    }
    cli_progress_end();
    if (!status) status = cli_views_finish(views, o->cut, view);
    if (!status) status = cli_views_join(view, &all);
    if (!status) status = cli_tracks_provenance(r, &p);
    for (int i = 0; i < CLI_VIEWS && !status; i++)
        status = cli_provenance_add(&p, "view", "%s", cli_view_caption(i, o->cut));
    if (!status)
        status = vxg_outputs_picture(set, &all, o->output, p.list, p.count, o->create.force);
    for (int i = 0; i < CLI_VIEWS; i++) vxg_picture_free(&view[i]);
    vxg_picture_free(&all);
    cli_provenance_free(&p);
    return status ? vxg_error_context(status, "%s", in->path) : VXG_OK;
}

int cli_tracks_picture(cli_run *r, const cli_tracks *o) {
    const cli_views_opts opts = {.lines = o->lines, .width = o->width, .light = o->light};
    vxg_tract_reader *in = NULL;
    vxg_outputs *set = NULL;
    cli_views *views = NULL;
    int status = vxg_tract_open(r->operands[1], NULL, &in);
    if (!status) status = cli_tracks_claim(r, o, o->output, NULL, &set);
    if (!status) status = cli_views_begin(&opts, &views);
    if (!status) status = draw(r, o, in, views, set);
    if (!status) status = cli_commit(&set);
    if (!status)
        cli_say(r, "%s: %lld of %lld streamlines", o->output, (long long)cli_views_drawn(views),
                (long long)cli_views_seen(views));
    cli_views_free(views);
    vxg_outputs_abandon(set);
    vxg_tract_close(in);
    return status;
}
