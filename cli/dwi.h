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
/* A set of directions by its name; --sphere in messages. */
int cli_sphere(const char *name, vxg_sphere **out);
/* What the volumes of an image of harmonics are, for its description. */
void cli_sh_json(cli_json *j, vxg_sh_basis basis, int order);

/* ---- response.c: what deconvolution needs ----
 * The shell and, where order_given is 0, the highest order that its directions determine, up to
 * csd->order, 4 at least; both are set in csd and said. VXG_ERR_INPUT: fewer than 15 directions. */
int cli_csd_plan(const cli_dwi *d, vxg_csd_opts *csd, int order_given);
typedef struct cli_response_opts { /* a part of a verb's struct; CLI_RESPONSE_ROWS sets it */
    const char *from, *out;
    double fa;
    int everywhere;
} cli_response_opts;
/* clang-format off */
#define CLI_RESPONSE_ROWS(at)                                                                      \
    CLI_OWN("response", 0, VXG_OPT_TEXT, (at) + offsetof(cli_response_opts, from), "auto", 0, 0,   \
     NULL, "auto|recursive|FILE",                                                                  \
     "signal of one fibre: the mean tensor of voxels of high FA in the middle of the image, the "  \
     "voxels with a single peak (recursive calibration), or a file of zonal harmonics as MRtrix "  \
     "writes"),                                                                                    \
    CLI_OWN("response-fa", 0, VXG_OPT_REAL, (at) + offsetof(cli_response_opts, fa), "0.7", 0,      \
     0.999, NULL, NULL, "of --response auto: voxels whose FA is higher count"),                    \
    CLI_OWN("response-everywhere", 0, VXG_OPT_FLAG,                                                \
     (at) + offsetof(cli_response_opts, everywhere), NULL, 0, 0, NULL, NULL,                       \
     "of --response auto: all voxels of the mask, not those within 10 of the image's middle"),     \
    CLI_OWN("response-out", 0, VXG_OPT_OUTPUT, (at) + offsetof(cli_response_opts, out), NULL, 0,   \
     0, NULL, "FILE", "write the response as a line of zonal harmonics")
/* clang-format on */
/* VXG_ERR_ARGUMENT: options of --response auto with another one. */
int cli_response_heeded(const cli_run *run, const cli_response_opts *o);
/* The response of csd's shell and order; says how it was found and, of a tensor that is none of
 * single fibres, warns. */
int cli_response(const cli_dwi *d, const cli_response_opts *o, const vxg_csd_opts *csd,
                 vxg_response *out);
/* --response-out; path NULL: nothing. */
int cli_response_write(const cli_dwi *d, const vxg_csd_opts *csd, const vxg_response *r,
                       const char *path, vxg_outputs *set, int force);
int cli_response_provenance(cli_provenance *p, const vxg_response *r);
void cli_response_json(cli_json *j, const vxg_response *r);

/* Opens an object with what the series is. */
void cli_dwi_json_begin(cli_json *j, const cli_dwi *d);
void cli_dwi_close(cli_dwi *d);

#endif
