/* Pictures of streamlines and of the maps they run through, for reports and `tracks picture`.
 *
 * The subject's right is on the right of all views that show it (neurological). Colours say
 * directions: red right-left, green front-back, blue top-bottom. */
#ifndef CLI_TRACK_PICTURE_H
#define CLI_TRACK_PICTURE_H

#include "cli.h"

/* The three views: from above, from behind, from the right. */
enum { CLI_AXIAL, CLI_CORONAL, CLI_SAGITTAL, CLI_VIEWS };

/* ---- Streamlines (track_picture.c) ---- */
typedef struct cli_views_opts {
    int64_t lines; /* so many are drawn at most, whichever they are being a matter of their numbers
                      alone; 0: 20000 */
    int width;     /* pixels of the longest side of all views; 0: 900 */
    int light;     /* 1: on white */
} cli_views_opts;
typedef struct cli_views cli_views;
/* opts may be NULL. */
int cli_views_begin(const cli_views_opts *opts, cli_views **out);
/* Streamlines as they come, in the space that info says. Of each that may be drawn the points that
 * it needs (0.1 mm) are kept, in bounded memory. */
int cli_views_add(cli_views *v, const vxg_tract_info *info, const vxg_tract_batch *batch);
int64_t cli_views_seen(const cli_views *v);  /* streamlines added */
int64_t cli_views_drawn(const cli_views *v); /* of them with a segment, and kept to be drawn */
/* Three pictures of one scale, which vxg_picture_free frees; cut 1: without what is nearer than
 * the middle, so that the inside shows. More than once is fine. VXG_ERR_INPUT: there is nothing to
 * draw. */
int cli_views_finish(cli_views *v, int cut, vxg_picture out[CLI_VIEWS]);
/* The three beside each other. */
int cli_views_join(const vxg_picture views[CLI_VIEWS], vxg_picture *out);
void cli_views_free(cli_views *v); /* NULL is fine */
const char *cli_view_caption(int view, int cut);
void cli_direction_colour(const double d[3], double colour[3]); /* need not be a unit vector */

/* A writer that hands all it is given to another, and looks at it on the way: views and lengths
 * may each be NULL. Finishing or abandoning it does that to the other. */
int cli_watch(vxg_tract_writer *to, cli_views *views, cli_values *lengths, vxg_tract_writer **out);

/* ---- Lengths (track_lengths.c) ---- */
/* Of each streamline of a batch, mm. */
int cli_lengths_of(const vxg_tract_info *info, const vxg_tract_batch *batch, double *out);
/* To their distribution. */
int cli_lengths_add(cli_values *lengths, const vxg_tract_info *info, const vxg_tract_batch *batch);
/* Their histogram; of none nothing. */
int cli_lengths_chart(vxg_report *page, const cli_values *lengths);

/* ---- Maps (track_slices.c) ---- */
typedef struct cli_shown {
    int64_t grid[3];      /* voxels along i, j, k */
    const double *affine; /* rows of 4: index of a voxel's centre and 1 to mm */
    const float *values;  /* (rows, k, j, i) */
    int rows;             /* 1: grey, 3: red, green, blue */
    double lo, hi;        /* the values that are black and bright */
} cli_shown;
typedef struct cli_sticks {
    int peaks;               /* of each voxel */
    const float *directions; /* (3 peaks, k, j, i), scanner axes, 0 0 0 where there is none */
    const float *values;     /* (peaks, k, j, i): the stick's length over that of the longest of its
                                voxel; NULL: all alike */
} cli_sticks;
/* The middle of the box of voxels that are not 0. */
void cli_map_middle(const cli_shown *map, int64_t at[3]);
/* Three slices through voxel `at` (NULL: the middle), along the voxels' axes, shown along the
 * scanner axes that these are nearest to, in one scale. sticks may be NULL. width: pixels of the
 * longest side, 0: 480. */
int cli_map_slices(const cli_shown *map, const cli_sticks *sticks, const int64_t at[3], int width,
                   vxg_picture out[CLI_VIEWS]);
/* "Axial slice 31: right is on the right, front above" for the view of that map. */
void cli_map_caption(const cli_shown *map, const int64_t at[3], int view, char *out, size_t size);

/* ---- What both draw with (track_draw.c) ---- */
/* Tubes in front of each other: three samples a pixel each way. Depth: larger is nearer, pixels. */
typedef struct cli_scene cli_scene;
int cli_scene_new(int64_t width, int64_t height, cli_scene **out);
typedef struct cli_vertex {
    double x, y, depth; /* pixels from the upper left corner */
    double colour[3];   /* 0 to 1 */
} cli_vertex;
void cli_scene_tube(cli_scene *s, const cli_vertex *a, const cli_vertex *b, double width);
/* What is far is darker (on white: paler), and what lies behind something near. depth: of the
 * farthest and the nearest. */
int cli_scene_picture(cli_scene *s, const double depth[2], int light, vxg_picture *out);
void cli_scene_free(cli_scene *s);
/* A line with round ends over a picture of three channels. */
void cli_draw_stick(vxg_picture *pic, const double from[2], const double to[2], double width,
                    const double colour[3]);
/* Letters at the four edges: left, right, top, bottom. */
void cli_draw_letters(vxg_picture *pic, const char letters[4], int scale, int grey);

#endif
