/* What the verbs of diffusion share: a series of diffusion-weighted volumes with its gradient
 * table, and which of its voxels count.
 *
 * A verb opens the series (headers, table and grid of the mask are looked at, nothing large is
 * read), claims its outputs, then reads. */
#ifndef CLI_DWI_H
#define CLI_DWI_H

#include "image.h"

typedef struct cli_dwi_opts { /* a part of a verb's struct; CLI_DWI_ROWS sets it */
    const char *bvals, *bvecs, *grad, *mask;
    vxg_gradients_opts table;
    int no_checksum;
} cli_dwi_opts;

/* clang-format off */
/* at: where the verb's struct holds a cli_dwi_opts. One line per row: a table is read as one. */
#define CLI_DWI_ROWS(at)                                                                           \
    CLI_TABLE_ROWS(at),                                                                            \
    CLI_OWN("mask", 'm', VXG_OPT_TEXT, (at) + offsetof(cli_dwi_opts, mask), "auto", 0, 0, NULL,    \
     "FILE|auto|none",                                                                             \
     "voxels that count: those of an image on the same grid that are not 0, those that `voxgrad "  \
     "mask` finds, or all")
#define CLI_TABLE_ROWS(at)                                                                         \
    CLI_OWN_ALSO("bval", "bvals", 0, VXG_OPT_FILE, (at) + offsetof(cli_dwi_opts, bvals), NULL, 0,  \
     0, NULL, "FILE",                                                                              \
     "FSL's b-values in s/mm2, one a volume; not given, nor --grad: the image's own table, or "    \
     "the files beside it with its name and the endings .bval and .bvec"),                         \
    CLI_OWN_ALSO("bvec", "bvecs", 0, VXG_OPT_FILE, (at) + offsetof(cli_dwi_opts, bvecs), NULL, 0,  \
     0, NULL, "FILE",                                                                              \
     "FSL's directions along the image's axes, three rows or three columns"),                      \
    CLI_OWN("grad", 0, VXG_OPT_FILE, (at) + offsetof(cli_dwi_opts, grad), NULL, 0, 0, NULL,        \
     "FILE",                                                                                       \
     "MRtrix's table instead: x y z b a volume, in scanner coordinates"),                          \
    CLI_FIELD("b0-threshold", 0, (at) + offsetof(cli_dwi_opts, table), vxg_gradients_opts,         \
     "b0-threshold", "50"),                                                                        \
    CLI_FIELD("unit-tolerance", 0, (at) + offsetof(cli_dwi_opts, table), vxg_gradients_opts,       \
     "unit-tolerance", "0.01"),                                                                    \
    CLI_FIELD("shell-tolerance", 0, (at) + offsetof(cli_dwi_opts, table), vxg_gradients_opts,      \
     "shell-tolerance", "80"),                                                                     \
    CLI_OWN("no-checksum", 0, VXG_OPT_FLAG, (at) + offsetof(cli_dwi_opts, no_checksum), NULL, 0,   \
     0, NULL, NULL, "no SHA-256 of the input files in what is written about the outputs")
/* clang-format on */

enum { CLI_DWI_INPUTS = 5 };
typedef struct cli_dwi {
    const cli_run *run;
    const cli_dwi_opts *opts;
    cli_image image;
    cli_image mask; /* of a file; else closed */
    vxg_gradients *gradients;
    const char *inputs[CLI_DWI_INPUTS]; /* files that no output may be, NULL where there is none */
    char bvals[CLI_MAP_PATH], bvecs[CLI_MAP_PATH]; /* those used; "": none */
    const char *table;                             /* in words: where the table comes from */
    /* from cli_dwi_read on */
    vxg_device *dev;
    vxg_array series;      /* float32 (volumes, k, j, i) */
    unsigned char *inside; /* voxels: 1 where one counts */
    vxg_array voxels;      /* uint32: the numbers of those that count, in rising order */
    int64_t count;         /* how many */
    int64_t not_finite;    /* voxels that are left out for that; 0 in the series */
    const char *mask_from; /* in words: where the mask comes from */
} cli_dwi;
/* Headers, table and the mask's grid. weighted: 1: refuses a table without weighted volumes.
 * VXG_ERR_ARGUMENT: options that do not go together; VXG_ERR_INPUT names the file and, of the
 * table, the volume. */
int cli_dwi_open(cli_dwi *d, const cli_run *run, const char *path, const cli_dwi_opts *opts,
                 int weighted);
/* The device, the series and the voxels that count. Voxels with a value that is not finite are left
 * out, which is said; VXG_ERR_INPUT: none is left. */
int cli_dwi_read(cli_dwi *d, const cli_compute *compute);
/* Fills inside by vxg_dwi_mask; *count: how many. Of a series that was read. */
int cli_dwi_auto_mask(cli_dwi *d, const vxg_mask_opts *opts, int64_t *count);
/* Input files, the table, the mask, and how many voxels count. After cli_dwi_read. */
int cli_dwi_provenance(cli_dwi *d, cli_provenance *p);
/* Opens an object with what the series is. */
void cli_dwi_json_begin(cli_json *j, const cli_dwi *d);
void cli_dwi_close(cli_dwi *d);

#endif
