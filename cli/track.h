/* voxgrad track: what its files share. */
#ifndef CLI_TRACK_H
#define CLI_TRACK_H

#include "dwi.h"
#include "track_picture.h"

/* What streamlines run through. */
typedef enum cli_track_model {
    CLI_MODEL_AUTO,
    CLI_MODEL_CSD,
    CLI_MODEL_TENSOR,
    CLI_MODEL_OPDT,
    CLI_MODEL_CSA,
    CLI_MODEL_QBALL,
    CLI_MODEL_FOD,     /* an image of harmonics */
    CLI_MODEL_SAMPLES, /* one of samples */
    CLI_MODEL_VECTORS  /* one of vectors */
} cli_track_model;

typedef struct cli_track {
    cli_shared shared;
    cli_compute compute;
    cli_dwi_opts in;
    vxg_track_opts track;
    vxg_tensor_opts tensor;
    vxg_odf_opts odf;
    vxg_csd_opts csd; /* its order is that of the other models, too */
    cli_response_opts response;
    vxg_tract_filter_opts filter;
    const char *output, *report, *shard, *sphere;
    const char *fod, *samples, *peaks, *stop_map, *stop_mask, *seed_mask, *seed_list;
    vxg_words include, exclude;
    int64_t nseeds, seeds_per_voxel, only_seed;
    int seed_grid, model, dtype, basis, force, no_report, resume, dry_run, cuslines;
} cli_track;

/* What was on the command line, where that matters. */
typedef struct cli_track_given {
    int getter, order, threshold, seeds_per_voxel, seed_grid, only_seed, linearize, positions,
        response_fa;
} cli_track_given;

enum { CLI_TRACK_STAGES = 12, CLI_TRACK_DEVICES = 16 };
typedef struct cli_stages {
    int n;
    const char *name[CLI_TRACK_STAGES];
    double seconds[CLI_TRACK_STAGES], cpu[CLI_TRACK_STAGES]; /* cpu: of all threads */
    double at, cpu_at;
} cli_stages;

/* Files that are written; "": none. */
enum { CLI_TRACK_FILE, CLI_TRACK_ABOUT, CLI_TRACK_REPORT, CLI_TRACK_RESPONSE, CLI_TRACK_OUTPUTS };
enum { CLI_TRACK_FILES = CLI_DWI_INPUTS + 10 };
/* Counted while streamlines pass by. */
typedef struct cli_track_counts {
    int64_t commissural; /* voxel coordinates with min x < half the grid < max x */
} cli_track_counts;

typedef struct cli_tracking {
    const cli_run *run;
    const cli_track *opt;
    cli_track_given given;
    /* Resolved: what is done. */
    cli_track_model model;
    vxg_track_opts track;
    vxg_seeds_opts seeds;
    vxg_csd_opts csd;
    vxg_odf_opts odf;
    vxg_response response;
    int64_t positions;  /* given: the random number that seeds' places begin with */
    double step_voxels; /* above 0: the step */
    int most_steps;     /* above 0: of a half */
    char why[200];      /* the model and the getter, and why these */
    /* Inputs. */
    const char *series; /* NULL: none is needed */
    cli_dwi dwi;
    cli_image function, map_image, stop_image, seed_image; /* file NULL: none */
    const cli_image *grid;
    vxg_device *dev;
    int ndevices; /* 1, or more that are dealt blocks of seeds */
    char device[CLI_TRACK_DEVICES][64];
    vxg_device *other_device[CLI_TRACK_DEVICES]; /* from the second on */
    vxg_track_field other[CLI_TRACK_DEVICES];
    vxg_sphere *sphere;
    const char *inputs[CLI_TRACK_FILES];
    int ninputs;
    /* What streamlines run through. */
    vxg_array values, map, regions, fa, rgb;
    vxg_track_field field;
    unsigned char *seed_voxels;
    int64_t seed_count;   /* voxels with seeds */
    double *list;         /* of --seed-list, mm */
    int64_t first, total; /* seeds: the number of the first, and how many */
    /* Results. */
    char path[CLI_TRACK_OUTPUTS][CLI_MAP_PATH];
    vxg_outputs *set;
    cli_provenance prov;
    vxg_job *pieces;
    vxg_track_stats stats;
    vxg_tract_filter_stats written;
    cli_track_counts counts;
    cli_views *views;
    cli_values lengths;
    const vxg_progress *progress; /* of all seeds */
    double done, worth; /* seeds of earlier chunks; how many one of this chunk stands for */
    cli_stages stages;
} cli_tracking;

/* track.c: everything from the resolved options on; what a front end calls. series: a file, or
 * NULL. */
int cli_track_whole(cli_tracking *t, const char *series);
void cli_track_stage(cli_tracking *t, const char *name); /* what was done since the last call */

/* track_field.c */
/* Model, getter and orders, out of the options and the data; says why. */
int cli_track_resolve(cli_tracking *t);
/* Images beside the series: their grids. */
int cli_track_images(cli_tracking *t);
/* The field, the map, the regions, the voxels with seeds. */
int cli_track_fill(cli_tracking *t);
const char *cli_track_model_name(cli_track_model model);
const char *cli_track_getter_name(vxg_track_getter getter);

/* track_work.c */
/* --seed-list, and how many seeds there are in all. */
int cli_track_count_seeds(cli_tracking *t);
/* Streamlines of all seeds, or of all pieces, into the file. */
int cli_track_make(cli_tracking *t);
/* --shard: pieces alone. */
int cli_track_shard(cli_tracking *t);
/* Whether the folder of pieces is of other work; nothing is made. */
int cli_track_look(cli_tracking *t);
int cli_track_in_pieces(const cli_track *o);
int cli_track_blocks(const cli_tracking *t, int64_t *all, int64_t *own); /* of seeds */

/* Seeds number..number + n on one of the devices. The first alone tells progress. */
int cli_track_chunk(cli_tracking *t, int device, int64_t number, int64_t n, vxg_tract_writer *to,
                    vxg_track_stats *sum);
void cli_track_add_stats(vxg_track_stats *to, const vxg_track_stats *s);

/* track_many.c: --device a,b. The list's names; the field to all of them, and away again; all
 * seeds.
 */
int cli_track_split_devices(cli_tracking *t);
int cli_track_spread(cli_tracking *t);
void cli_track_gather_up(cli_tracking *t);
int cli_track_rounds(cli_tracking *t, vxg_tract_writer *to);

/* track_page.c */
int cli_track_page(cli_tracking *t);
/* track_say.c: --dry-run; the result on standard output and in words. */
int cli_track_plan(cli_tracking *t);
void cli_track_print(cli_tracking *t);
int cli_track_inputs(cli_tracking *t); /* what they are, and what is done, into the provenance */
int cli_track_provenance(cli_tracking *t); /* what came of it */

#endif
