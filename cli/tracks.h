/* voxgrad tracks: what its files share. */
#ifndef CLI_TRACKS_H
#define CLI_TRACKS_H

#include "cli.h"

typedef struct cli_tracks {
    cli_shared shared;
    vxg_tract_create_opts create; /* force, folder */
    vxg_tract_filter_opts filter;
    vxg_tract_density_opts density; /* by, color */
    const char *output, *reference;
    int dtype; /* 0: by format and file */
    double voxel;
    vxg_words columns;
    int lines, width, light, cut;
} cli_tracks;

/* ---- Files (tracks.c) ---- */
/* The next streamlines into *batch, 0 of them at the end; asks for an interruption. */
int cli_tracks_next(vxg_tract_reader *in, vxg_tract_batch *batch);
/* The format that the ending of a name says; NULL: none. */
const vxg_tract_format *cli_tracks_format(const char *path);
/* Where the voxels of an image lie. */
typedef struct cli_grid {
    int64_t n[3];      /* along i, j, k */
    double affine[12]; /* rows of 4: index and 1 to mm */
    double side[3];    /* mm */
    char order[4];     /* where the axes run most: "RAS" */
} cli_grid;
/* Of an image file. */
int cli_grid_read(const char *path, cli_grid *out);
/* Of a file of streamlines that says it; 0: it does not. */
int cli_grid_of(const vxg_tract_info *info, cli_grid *out);
/* Whether the corners of both are the same, within a thousandth of a voxel. */
int cli_grid_same(const cli_grid *a, const cli_grid *b);
/* The grid of an input: that of --reference, else what the file itself says. *known 0: neither. A
 * TrackVis file without an affine gets the reference's, whose grid has to be its own. */
int cli_tracks_place(const cli_tracks *o, vxg_tract_reader *in, cli_grid *grid, int *known);
/* Version, command, options, the checksum of each input that is a file. */
int cli_tracks_provenance(const cli_run *r, cli_provenance *p);
/* A set of outputs that replaces no input, with these names kept for it (NULL: not that one).
 * Before any work. */
int cli_tracks_claim(const cli_run *r, const cli_tracks *o, const char *a, const char *b,
                     vxg_outputs **set);
/* The name of an output with another ending: "map.nii.gz" and ".json" are "map.json". */
int cli_tracks_beside(const char *path, const char *ending, char *out, size_t size);

/* ---- Actions: r->operands[0] is their name ---- */
int cli_tracks_info(cli_run *r, const cli_tracks *o);    /* tracks_info.c */
int cli_tracks_length(cli_run *r, const cli_tracks *o);  /* tracks_info.c */
int cli_tracks_convert(cli_run *r, const cli_tracks *o); /* tracks_convert.c */
int cli_tracks_merge(cli_run *r, const cli_tracks *o);   /* tracks_convert.c */
int cli_tracks_density(cli_run *r, const cli_tracks *o); /* tracks_map.c */
int cli_tracks_picture(cli_run *r, const cli_tracks *o); /* tracks_map.c */

#endif
