/* DART: x has a few values, its levels. Every iteration takes each voxel for the level that it is
 * next to, holds those whose neighbours are of the same level there, but for some at random, and
 * moves the others by sweeps of SIRT or its relatives (sirt.c) alone; what sweeps left of voxels at
 * borders is smoothed, but not in the last iteration.
 *
 * The residual is b - A x of all of x, so that what is held is taken off the data as it is,
 * whatever their sign; rays' sums are those of the free voxels, and a ray that meets none does
 * nothing. A voxel is free at random by its place, the iteration and the seed: on every device the
 * same, and slices are not alone, as they are neighbours.
 *
 * Source: K. J. Batenburg, J. Sijbers, IEEE Trans. Image Process. 20 (2011) 2542. */
#include "array/launch.h"
#include "solve/solve.h"

enum { STEP, COLUMNS, LABEL, FREE, VECTORS }; /* over the domain; two are the sweep's */
enum { INNER = 10, FIRST = 50 };              /* sweeps */
enum { DRAWS = 1 << 24, PURPOSE = 0x64617274, KEPT = 12 }; /* as dart.k knows them */

static vxg__solve_needs needs(const vxg_solve_opts *o, int has_weights, int subsets) {
    vxg__solve_needs n = vxg__sweep_needs(o, has_weights, subsets);
    n.domain = VECTORS;
    return n;
}

static int prepare(vxg_solver *s) {
    const vxg_solve_opts *o = &s->opts;
    s->nlevels = (int)o->levels.count;
    for (int i = 0; i < s->nlevels; i++)
        s->level[i] = o->levels.value[i] * (o->levels_factor > 0 ? o->levels_factor : 1);
    VXG_TRY(vxg__solve_bound(s));
    return vxg__sweep_prepare(s);
}

static int launch(vxg_solver *s, const char *kernel, const vxg_array *a, const vxg_array *b,
                  const vxg_array *c) {
    const vxg_solve_opts *o = &s->opts;
    const double fixed = o->fixed > 0 ? o->fixed : 0.85, kept = o->kept > 0 ? o->kept : 0.8;
    const vxg_array *const arrays[] = {a, vxg__has(b) ? b : a, c};
    int64_t n[3];
    vxg__tv_sizes(s, n);
    vxg_launch l = {.global = {n[0], n[1], n[2]},
                    .nints = 9,
                    .ints = {(int)n[0], (int)n[1], (int)n[2], s->nlevels, vxg__has(&s->mask),
                             (int32_t)((uint32_t)o->seed ^ PURPOSE), (int32_t)(o->seed >> 32),
                             s->iteration, (int)(fixed * DRAWS)},
                    .nreals = KEPT + 2};
    for (int i = 0; i < s->nlevels; i++) l.reals[i] = s->level[i];
    l.reals[KEPT] = kept, l.reals[KEPT + 1] = 1 - kept;
    for (int i = 0; i < (c ? 3 : 2); i++) vxg__push_array(&l, arrays[i]);
    return vxg__launch(s->dev, s->queue, kernel, s->real, &l);
}

static int label(vxg_solver *s) {
    return launch(s, "dart_label", &s->x, &s->mask, &s->domain[LABEL]);
}
static int sweeps(vxg_solver *s, int n) {
    VXG_TRY(vxg__sweep_among(s, &s->domain[FREE]));
    for (int i = 0; i < n; i++) VXG_TRY(vxg__sweep(s));
    return VXG_OK;
}

/* All voxels move. */
static int begin(vxg_solver *s) {
    const int n = s->opts.first ? s->opts.first : s->has_start ? 0 : FIRST;
    if (n == 0) return VXG_OK;
    VXG_TRY(vxg_array_fill(s->queue, &s->domain[FREE], 1));
    VXG_TRY(vxg__solve_masked(s, &s->domain[FREE]));
    return sweeps(s, n);
}

static int smooth(vxg_solver *s) {
    const vxg_array *y = &s->domain[STEP];
    if (s->opts.kept == 1) return VXG_OK;
    VXG_TRY(launch(s, "dart_smooth", &s->domain[LABEL], &s->x, y));
    return vxg_array_copy(s->queue, y, &s->x);
}

static int iterate(vxg_solver *s) {
    const vxg_solve_opts *o = &s->opts;
    if (s->iteration == 0) VXG_TRY(begin(s));
    VXG_TRY(label(s));
    VXG_TRY(launch(s, "dart_free", &s->domain[LABEL], &s->x, &s->domain[FREE]));
    VXG_TRY(sweeps(s, o->inner ? o->inner : INNER));
    if (s->iteration + 1 != o->iterations) return smooth(s);
    if (!o->segmented) return VXG_OK;
    VXG_TRY(label(s));
    return launch(s, "dart_round", &s->domain[LABEL], &s->x, NULL);
}

const vxg__method vxg__solve_dart = {
    .row = {.size = sizeof(vxg_solve_row),
            .name = "dart",
            .summary = "a few grey values: sweeps that move voxels at their borders",
            .source = "Batenburg and Sijbers 2011",
            .uses = "relaxation bounds lower upper plain subsets order seed list inner levels "
                    "fixed kept first segmented",
            .iterations = 20,
            .relaxation = 1},
    .subsets = 1,
    .levels = 1,
    .needs = needs,
    .prepare = prepare,
    .iterate = iterate,
};
