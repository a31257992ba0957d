/* Images of voxels for the verbs of diffusion: files with an affine, on one grid or not, and maps
 * that are written with a description beside them. */
#ifndef CLI_IMAGE_H
#define CLI_IMAGE_H

#include "cli.h"

/* ---- image.c: a file that is read ---- */
typedef struct cli_image {
    vxg_block_reader *file; /* NULL: closed */
    int64_t rows;           /* volumes; 1 of a file with three axes */
    int64_t shape[3];       /* k, j, i, as of arrays */
    int64_t voxels;
    double affine[12]; /* rows of 4: index i, j, k of a voxel's middle and 1 to scanner mm */
    double size[3];    /* mm, of a voxel along i, j, k */
} cli_image;
/* A file of any format with 3 or 4 axes of real numbers and an affine in mm; axes: how many it must
 * have, 0: either. VXG_ERR_INPUT names the file and what is missing. */
int cli_image_open(const char *path, int axes, cli_image *out);
void cli_image_close(cli_image *im);
/* VXG_ERR_INPUT unless both have the same voxels: shape, and every corner within a hundredth of a
 * voxel's smallest side. */
int cli_image_same_grid(const cli_image *im, const cli_image *other);
/* All rows as a float32 array (rows, k, j, i) on the device. bad (voxels; not NULL) becomes 1 where
 * a row holds NaN or an infinite number; such a voxel is 0 in every row then. *nbad: how many. */
int cli_image_read(const cli_image *im, vxg_device *dev, unsigned char *bad, int64_t *nbad,
                   vxg_array *out);
/* inside (voxels) becomes 1 where a mask's value is a finite number other than 0; how many voxels
 * have another is said. *count: how many are inside. */
int cli_image_mask(const cli_run *run, const cli_image *im, unsigned char *inside, int64_t *count);
/* The numbers of the voxels that are inside and not bad, as uint32 on the device; bad ones are not
 * inside any more, and how many they are is said. VXG_ERR_INPUT: none is left. */
int cli_image_list(const cli_run *run, const cli_image *im, vxg_device *dev, unsigned char *inside,
                   const unsigned char *bad, int64_t *count, vxg_array *list);
/* input.KEY, its format and, where that is asked for, its SHA-256; VXG_ERR_INPUT: it changed. */
int cli_image_provenance(cli_provenance *p, const char *key, const cli_image *im, int checksum);

/* ---- maps.c: files that are written ----
 * A file NAME.nii.gz, .nii, .mif or .mif.gz with its description in NAME.json. */
enum { CLI_MAP_PATH = 4096 };
typedef struct cli_map_row { /* a kind of map that a verb makes */
    const char *name;        /* of --maps */
    const char *label;       /* in names of files, as BIDS has it: "model-DTI_param-FA_dwimap" */
    int64_t rows;            /* 0: as many as the array has */
    const char *what;        /* one sentence */
    const char *unit;        /* "mm2/s"; "1": none; NULL: the series' own */
    const char *intent;      /* NIfTI's intent_name, or NULL */
    int bytes;               /* 1: uint8, of masks; else float32 */
    /* Further keys of the description: the model, its parameters, what the rows are. NULL: none. */
    void (*more)(cli_json *j, const void *context);
} cli_map_row;
typedef struct cli_map {
    const cli_map_row *row; /* NULL: not wanted */
    const void *context;    /* of row->more */
    char path[CLI_MAP_PATH];
} cli_map;
typedef struct cli_maps {
    const cli_run *run;
    const cli_image *grid; /* of every map */
    int force;
    vxg_outputs *set;
    cli_provenance prov; /* started; the verb adds */
} cli_maps;
/* inputs: n files (NULL: none) that no map may be. */
int cli_maps_open(cli_maps *m, const cli_run *run, const cli_image *grid, int force,
                  const char *const *inputs, int n);
/* Whether a name ends as an image's file does. */
int cli_map_is_file(const char *name);
/* Rows of verbs that make maps: how the files are named, in V's out. One line per row: a table is
 * read as one. */
/* clang-format off */
#define CLI_MAP_ROWS(V, words)                                                                     \
    CLI_OWN("output", 'o', VXG_OPT_OUTPUT, offsetof(V, out.output), NULL, 0, 0, NULL, "NAME",      \
     words),                                                                                       \
    CLI_OWN("ending", 0, VXG_OPT_CHOICE, offsetof(V, out.ending), "nii.gz", 0, 0, NULL,            \
     "nii.gz|nii|mif|mif.gz", "of the files' names where --output is how they begin"),             \
    CLI_FORCE_ROW(offsetof(V, out.force) - offsetof(vxg_volume_writer_opts, force))
#define CLI_MAPS_ROWS(V, usual, words)                                                             \
    CLI_MAP_ROWS(V,                                                                                \
     "how the files' names begin (sub-01, out/sub-01); with one map the file's name too, ending "  \
     "in .nii.gz, .nii, .mif or .mif.gz"),                                                         \
    CLI_OWN("maps", 0, VXG_OPT_WORDS, offsetof(V, out.maps), usual, 0, 0, NULL, "MAP",             \
     "what to write: " words)
/* of a verb that makes one; name: as the row's label */
#define CLI_ONE_MAP_ROWS(V, label)                                                                 \
    CLI_MAP_ROWS(V,                                                                                \
     "the file's name, ending in .nii.gz, .nii, .mif or .mif.gz; or how it begins: "               \
     "NAME_" label ".nii.gz")
/* clang-format on */
typedef struct cli_maps_opts { /* a part of a verb's struct */
    const char *output;
    vxg_words maps;
    int ending, force;
} cli_maps_opts;
/* maps[i] of rows[i], n of them: those that --maps names, or the only one, get row and path. */
int cli_maps_choose(const cli_maps_opts *o, const cli_map_row *rows, int n, cli_map *maps);
/* Keeps the names of all of them and of their descriptions for this run, before any work. */
int cli_maps_claim(cli_maps *m, const cli_map *maps, int n);
/* a: (rows, k, j, i) or (k, j, i) of float32. One row makes a file of three axes. */
int cli_map_write(cli_maps *m, const cli_map *map, const vxg_array *a);
/* The files: one a line, or (j) as the list "files". */
void cli_maps_print(cli_json *j, const cli_map *maps, int n);
/* All files get their names, or none. */
int cli_maps_commit(cli_maps *m);
/* What is not committed is removed. */
void cli_maps_close(cli_maps *m);

#endif
