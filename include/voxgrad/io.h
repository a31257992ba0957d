/* Voxgrad files: scans in, volumes and pictures out. A library of its own, libvoxgrad_io: link
 * -lvoxgrad_io -lvoxgrad (pkg-config voxgrad_io; CMake voxgrad::voxgrad_io).
 *
 * Readers and writers are the structs of array.h. All HDF5 calls go through one lock. Every writer
 * writes temporary names and renames on finish; outputs that exist are refused unless force is set
 * (VXG_ERR_OUTPUT). Bad files give VXG_ERR_INPUT with the file, the dataset and what was expected.
 *
 * Stability: stable but for what is marked (docs/abi.md). */
#ifndef VOXGRAD_IO_H
#define VOXGRAD_IO_H

#include "array.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Registers this library's formats for vxg_block_open and vxg_block_create, those of streamlines
 * for vxg_tract_open and vxg_tract_create (tracts.h), and the tables of its option structs for
 * vxg_option_table. Thread-safe; further calls do nothing.
 *
 * "hdf5": one dataset of a file, exchange/data unless opts->part names one; 1 to 6 axes, integers
 *   of 8 to 64 bits, floats of 16 to 64. Written with attributes axes, voxel_size, voxel_unit or
 *   axis_units, affine, affine_unit, slope and intercept, which are read back.
 * "npy": 1 to 6 axes, every storage type; either byte order is read. What NumPy's header has no
 *   room for stands behind the elements, where NumPy does not look, and is read back.
 * "tiff": pages, rows, columns; the same types as HDF5. Written as Fiji opens it, with one unit of
 *   length; affine and slope are refused. Files of strips with one sample a pixel are read; the
 *   voxel size is known where ImageJ's description is there.
 * "tiff-slices" (read only): a folder of TIFF files of one page whose names differ by a number, or
 *   folder/beginning where it has several series. Numbers that are missing are an error.
 * "nifti": NIfTI-1 and NIfTI-2, .nii and .nii.gz; pairs of .hdr and .img are read. The block's axes
 *   are the file's backwards: (t, z, y, x). Integers of 8 to 64 bits, float32, float64 and complex
 *   numbers of them, in either byte order. The affine, in mm, is sform's, else qform's, else that
 *   of the sizes with the volume's middle as origin. Attributes descrip, intent_name, intent_code,
 *   sform_code, qform_code, cal_min and cal_max are read and written; "qform" has the qform's
 *   affine where the sform says another.
 * "mif": MRtrix's .mif and .mif.gz; .mih with the elements in a file beside it is read. The block's
 *   axes are the logical ones backwards, whatever the layout in the file; bits are read as uint8.
 *   Lines of other keys, such as dw_scheme, are attributes, those of one key with ends of lines
 *   between them. docs/files.md says more of both.
 *
 * Experimental: streamlines (docs/tractograms.md says what each holds and refuses).
 * "trk": TrackVis, versions 1 to 3 in either byte order, in mm from the image's corner; written as
 *   version 2 with affine, grid, voxel size and order of axes; columns are float32.
 * "tck": MRtrix, float32 and float64 in either byte order; attributes are its header's lines.
 * "trx": a zip file or a folder, with columns of any real type, groups and their numbers. */
VXG_API int vxg_io_register(void);

/* Bytes of the letter at text in UTF-8, 1 to 4; 0: the text ends, or is not UTF-8 here (file names
 * may hold any bytes). */
VXG_API int vxg_utf8_length(const char *text);

/* Opens an HDF5 Data Exchange or NXtomo scan by content. Sizes are checked before memory is taken.
 */
VXG_API int vxg_scan_open(const char *path, vxg_scan_reader **out);
/* The same for one dataset of any HDF5 file, (views, rows, columns) or (views, columns) for one
 * row, without flats and darks: its geometry is said elsewhere. theta is the list of as many finite
 * numbers in the dataset's group called theta, angle, angles or rotation_angle; without one
 * theta_missing is 1.
 * dataset NULL: vxg_scan_open. */
VXG_API int vxg_scan_open_dataset(const char *path, const char *dataset, vxg_scan_reader **out);
/* The same with options; NULL: vxg_scan_open.
 *
 * HDF5 files are opened, walked and read by a helper process (voxgrad-h5) within limits of time and
 * memory: a file that crashes, hangs or bloats the HDF5 library gives VXG_ERR_INPUT. Chunks that
 * are damaged, too short or never written, and sources of virtual datasets that are missing, are
 * errors and not zeros; so is a file that changes while it is read. */
typedef struct vxg_scan_opts {
    uint32_t size;       /* sizeof of this struct, or 0 */
    const char *dataset; /* as of vxg_scan_open_dataset */
    int follow_links; /* 1: external links, sources of virtual datasets and external raw files may
                         lead out of the scan's folder; raw files are read only then */
    int in_process;   /* 1: the HDF5 library reads inside this process, for files that are trusted.
                         VXG_H5=inprocess in the environment does the same */
    int64_t
        max_memory; /* bytes for reading, the helper's included; 0: a quarter of the machine's */
} vxg_scan_opts;
VXG_API int vxg_scan_open_opts(const char *path, const vxg_scan_opts *opts, vxg_scan_reader **out);
VXG_API void vxg_scan_close(vxg_scan_reader *scan);

/* Files that appear together or not at all. A writer opened with a set leaves its finished file
 * under a temporary name; vxg_outputs_commit gives all their names. When one of them fails, those
 * that were there before are there again. The writers end before the set does. The files are
 * renamed one after another, the one finished last (the seal, such as the provenance) at the end;
 * where it was there before it is taken away first. So whoever sees the seal sees one run's files.
 * A process killed just then leaves the rest, old and new, under hidden names; the next set that
 * writes into the folder makes the files whole, and removes what other dead runs left.
 *
 * An output is a regular file, or a link to one, whose target is replaced; a pipe, device, socket,
 * folder or link that leads nowhere is refused (VXG_ERR_OUTPUT), and never opened. A file that
 * replaces another has its rights. A set belongs to one thread. */
typedef struct vxg_outputs vxg_outputs;
VXG_API int vxg_outputs_new(vxg_outputs **out);
/* Keeps a name for the set, before the work: VXG_ERR_OUTPUT when the file exists and force is 0,
 * cannot be made, is an input, or is claimed by another run, which is named. Writers of the set
 * given the same path use the claim; without one they claim it themselves when they are opened. */
VXG_API int vxg_outputs_claim(vxg_outputs *set, const char *path, int force);
/* The same of PREFIX_00000.tiff and so on: "out/recon". */
VXG_API int vxg_outputs_claim_slices(vxg_outputs *set, const char *prefix, int force);
/* The set never replaces this file, whatever its names; to be called before claims. A path where
 * nothing is is fine. */
VXG_API int vxg_outputs_protect(vxg_outputs *set, const char *path);
VXG_API int vxg_outputs_text(vxg_outputs *set, const char *path, const char *text, int force);
VXG_API int vxg_outputs_commit(vxg_outputs *set); /* frees the set, failed or not */
VXG_API void
vxg_outputs_abandon(vxg_outputs *set); /* removes what there is and frees; NULL is fine */

typedef struct vxg_scan_writer_opts {
    uint32_t size; /* of this struct; 0: the first layout */
    int force;
    const char *path; /* one HDF5 Data Exchange file, uint16 */
    int64_t nviews, nrows, ncols, nflats, ndarks;
    const double *theta; /* nviews angles, degrees */
    double pixel_size;   /* 0: unknown */
    const char *pixel_unit;
    const vxg_attribute *attributes; /* of the file */
    int nattributes;
    uint32_t reserved0;   /* 0 */
    vxg_outputs *outputs; /* NULL: finish gives the file its name */
} vxg_scan_writer_opts;
/* Frames go to their place in the file at once, in any order; nothing is held in memory. Space is
 * reserved when the file is opened. */
VXG_API int vxg_scan_writer_open(const vxg_scan_writer_opts *opts, vxg_scan_writer **out);

typedef enum vxg_volume_format {
    VXG_VOLUME_TIFF,       /* folder of slices PREFIX_00000.tiff, BigTIFF when over 4 GB */
    VXG_VOLUME_TIFF_STACK, /* one multi-page BigTIFF Fiji opens as a stack with voxel size */
    VXG_VOLUME_H5,         /* one file, exchange/data (z, y, x) with attributes */
    VXG_VOLUME_NPY         /* one .npy, float32 (z, y, x), without the attributes */
} vxg_volume_format;

typedef struct vxg_volume_writer_opts {
    uint32_t size; /* of this struct; 0: the first layout */
    vxg_volume_format format;
    const char *path; /* file, or for TIFF folder/prefix: "out/recon" */
    int64_t nz, ny, nx;
    double voxel[3];  /* z, y, x size; 0: unknown. TIFF holds 2.4e-10 to 4.2e9: others are left out
                       * there, with a warning in the log */
    const char *unit; /* of the voxel size, at most 15 bytes; NULL or "": pixels */
    const vxg_attribute *attributes;
    int nattributes;
    int force;            /* replace what exists */
    vxg_outputs *outputs; /* NULL: finish gives the files their names */
} vxg_volume_writer_opts;
VXG_API int vxg_volume_writer_open(const vxg_volume_writer_opts *opts, vxg_volume_writer **out);

/* Reads a whole volume, a file or folder that vxg_block_open knows, as float32 for tests and
 * pictures: malloc'ed by the library, freed with vxg_free. */
VXG_API int vxg_volume_read(const char *path, float **data, int64_t shape[3]);

/* NPY of any rank <= 6, every storage type; written atomically. */
VXG_API int vxg_npy_write(const char *path, vxg_dtype dtype, int ndim, const int64_t *shape,
                          const void *data, int force);
/* Reads real numbers of any storage type, in either byte order, as float32. */
VXG_API int vxg_npy_read(const char *path, float **data, int *ndim, int64_t *shape);

/* ---- Tables of numbers ----
 * Experimental: text files of rows of numbers, such as .bval, .bvec, MRtrix's .b and response files
 * and Camino's schemes. Between numbers stand blanks, tabs, commas or semicolons; what follows a #
 * is a comment, and a line that begins with %; "nan" and "inf" are numbers; any end of line and
 * UTF-8's mark at the beginning are fine. Numbers are those of the C locale, whatever the
 * program's. */

/* values: rows * columns, freed with vxg_free as *version is. version (may be NULL): what follows
 * "VERSION:" on the first line, else NULL; without it such a line is refused. VXG_ERR_INPUT, with
 * file and line: rows of different lengths, a word that is no number, no number at all, more than
 * 1 GiB, a file that is no text. */
VXG_API int vxg_numbers_read(const char *path, double **values, int64_t *rows, int64_t *columns,
                             char **version);
/* Rows of numbers with blanks between them, each with the fewest digits that are read as the same
 * number, behind the lines of the comment (may be NULL); of no row the comment alone, which is not
 * read back. outputs: as of vxg_volume_writer_opts. */
VXG_API int vxg_numbers_write(const char *path, const double *values, int64_t rows, int64_t columns,
                              const char *comment, vxg_outputs *outputs, int force);

/* 8-bit pictures with 5x7 text, drawn in memory. */
/* Layout fixed for an ABI version; `size` is 0 or sizeof(vxg_picture). */
typedef struct vxg_picture {
    uint32_t size;
    int channels; /* 1 or 3 */
    int64_t width, height;
    uint8_t *pixels; /* row-major */
} vxg_picture;
VXG_API int vxg_picture_new(int64_t width, int64_t height, int channels, vxg_picture *out);
VXG_API void vxg_picture_free(vxg_picture *pic);
VXG_API int vxg_picture_write_png(const vxg_picture *pic, const char *path,
                                  const vxg_attribute *attributes, int nattributes, int force);
/* The same as one of several outputs. */
VXG_API int vxg_outputs_picture(vxg_outputs *set, const vxg_picture *pic, const char *path,
                                const vxg_attribute *attributes, int nattributes, int force);
/* Text at (x, y), scale 1 to 4096 pixels per dot (others draw nothing); ASCII. */
VXG_API void vxg_picture_text(vxg_picture *pic, int64_t x, int64_t y, int scale, uint8_t gray,
                              const char *text);
/* Window limits of n values: the lo and hi percentiles (0..100) of the finite ones. */
VXG_API int vxg_percentile_window(const float *data, int64_t n, double lo_percent,
                                  double hi_percent, float *lo, float *hi);
/* One axial (ny, nx), one coronal (nz, nx) and one sagittal (nz, ny) slice of a volume of `shape`
 * (nz, ny, nx), each at the middle index (size / 2), side by side, one window, labels and scale
 * bar. Three slices and not the volume, so that a pipeline can collect them while it writes. Of
 * thin volumes (1 or 2 slices, or less than 1/16 of the width) only the axial slice is shown;
 * coronal and sagittal may then be NULL. */
VXG_API int vxg_picture_orthoslices(const float *axial, const float *coronal, const float *sagittal,
                                    const int64_t shape[3], const double voxel[3], const char *unit,
                                    vxg_picture *out);
/* Tiles of (n, ny, nx) in one window with labels[i] printed on each tile. */
VXG_API int vxg_picture_montage(const float *images, int64_t n, int64_t ny, int64_t nx,
                                const char *const *labels, vxg_picture *out);
/* A line chart: axes with numbers, title, several curves, a vertical mark (NaN: none). */
/* Curves stand in arrays: the layout is fixed for an ABI version, `size` is 0 or
 * sizeof(vxg_curve). */
typedef struct vxg_curve {
    uint32_t size;
    uint32_t reserved0; /* 0 */
    const double *x, *y;
    int64_t n;
    const char *label;
    double mark;
    uint64_t reserved[2]; /* 0 */
} vxg_curve;
VXG_API int vxg_picture_curves(const vxg_curve *curves, int ncurves, const char *title,
                               const char *xlabel, const char *ylabel, vxg_picture *out);

/* Experimental: (ny, nx) as a picture of width x height pixels, 0: one for each element; lo is
 * black, hi white, what is not finite black. Averaged where it is made smaller. VXG_ERR_ARGUMENT:
 * no data, no window. */
VXG_API int vxg_picture_gray(const float *data, int64_t ny, int64_t nx, float lo, float hi,
                             int64_t width, int64_t height, vxg_picture *out);

/* ---- Reports: one page that holds all that it shows ----
 * Experimental: all of it. An HTML page (and XML as well) that is built from top to bottom: it
 * needs no network, no script and no other file, is light or dark as its reader's system is, and
 * prints. Texts are any bytes: what is not UTF-8 and control characters are shown as \xHH. Numbers
 * are written as in the C locale. The same calls make the same bytes. A report belongs to one
 * thread.
 *
 * A call that fails adds nothing. But want of memory (VXG_ERR_MEMORY) may spoil the report: later
 * calls fail with that too then. */
typedef struct vxg_report vxg_report;
VXG_API int vxg_report_new(const char *title, vxg_report **out);
VXG_API int vxg_report_section(vxg_report *report, const char *heading);
VXG_API int vxg_report_paragraph(vxg_report *report, const char *text);
VXG_API int vxg_report_code(vxg_report *report, const char *text); /* as it stands, lines kept */
VXG_API int vxg_report_warning(vxg_report *report, const char *text);
/* Names and what they are, one a line; no rows: nothing. */
VXG_API int vxg_report_table(vxg_report *report, const vxg_attribute *rows, int nrows);
/* A picture with its caption, which is its text for who does not see it. lo and hi: the values that
 * are black and white, in `unit` (NULL: none); NaN: its shades are no values. */
VXG_API int vxg_report_picture(vxg_report *report, const vxg_picture *picture, const char *caption,
                               double lo, double hi, const char *unit);
typedef enum vxg_report_axes { VXG_REPORT_LOG_X = 1, VXG_REPORT_LOG_Y = 2 } vxg_report_axes;
/* Curves in one chart, their labels beside it. Values that are not finite are left out, on a
 * logarithmic axis those that are not positive too, and how many is said. Of a curve with more than
 * 4096 points the smallest and the largest of each group are drawn. Labels of axes say the unit:
 * "residual [1]". flags: logarithmic axes, a sum of vxg_report_axes. */
VXG_API int vxg_report_chart(vxg_report *report, const vxg_curve *curves, int ncurves,
                             const char *title, const char *xlabel, const char *ylabel, int flags);
/* What took how long: seconds of each stage, its share of their sum, and a bar. Times that are no
 * times (below 0, not finite) are VXG_ERR_ARGUMENT. */
VXG_API int vxg_report_stages(vxg_report *report, const char *const *names, const double *seconds,
                              int nstages);
/* The page as it is now; free *text with vxg_free. More may be added to the report afterwards. */
VXG_API int vxg_report_html(const vxg_report *report, char **text);
VXG_API void vxg_report_free(vxg_report *report); /* NULL is fine */

/* ---- Jobs: work in blocks that is broken off, gone on with and shared ----
 * Experimental: all of it. A folder with a piece of every block that is done: a file that appears
 * whole, its SHA-256 behind it, on the disk before it counts. A run that is killed at any moment
 * loses the block that it was at. Which blocks there are, and what is in each, is the work's alone,
 * never memory's, threads' or the number of runs': any number of processes, on any number of
 * machines, may work in one folder. A job belongs to one thread at a time. */
typedef struct vxg_job vxg_job;
typedef struct vxg_job_opts {
    uint32_t size;      /* of this struct; 0: the first layout */
    uint32_t reserved0; /* 0 */
    int64_t blocks;     /* 1 to 2^24 */
    const char *key;    /* lines of text that say what work it is; two runs with one key must make
                           the same pieces. NULL: "" */
    int64_t shard, shards; /* this run does blocks shard, shard + shards...; shards 0: all */
} vxg_job_opts;
/* Opens or makes the folder; without opts one that is there, as it is. VXG_ERR_INPUT: it holds
 * pieces of other work; the first line in which the two differ is said. VXG_ERR_OUTPUT: it cannot
 * be made or written. */
VXG_API int vxg_job_open(const char *folder, const vxg_job_opts *opts, vxg_job **out);
/* Whether vxg_job_open would find other work there, or no folder; nothing is made. */
VXG_API int vxg_job_look(const char *folder, const vxg_job_opts *opts);
VXG_API int vxg_job_left(const vxg_job *job, int64_t *count); /* blocks not done, of all shards */
/* The next block of this shard that is not done; *block is -1 where there is none. */
VXG_API int vxg_job_next(vxg_job *job, int64_t *block);
/* A piece: begun, written in any number of parts, done (then it is on the disk and counts) or
 * dropped. VXG_ERR_OUTPUT: it cannot be written; it is dropped then, too. */
VXG_API int vxg_job_begin(vxg_job *job, int64_t block);
VXG_API int vxg_job_write(vxg_job *job, const void *bytes, size_t n);
VXG_API int vxg_job_done(vxg_job *job);
VXG_API void vxg_job_drop(vxg_job *job);
/* The bytes of a piece in order, once its checksum is known to be right. VXG_ERR_INPUT: it is not
 * there, or damaged. use returns a status. */
VXG_API int vxg_job_read(vxg_job *job, int64_t block,
                         int (*use)(void *context, const void *bytes, size_t n), void *context);
/* The file of a piece, whose bytes it begins with: "" where the block is not done. */
VXG_API int vxg_job_piece(const vxg_job *job, int64_t block, char *path, size_t size);
/* Removes a piece: of work whose later blocks hold what the earlier ones did. */
VXG_API int vxg_job_forget(vxg_job *job, int64_t block);
/* Takes over the pieces of another folder with the same work; they stay there, too. */
VXG_API int vxg_job_merge(vxg_job *job, const char *folder);
/* Removes all pieces and, unless others put files there, the folder. */
VXG_API int vxg_job_remove(vxg_job *job);
VXG_API void vxg_job_close(vxg_job *job); /* a piece that was begun is dropped; NULL is fine */

/* Writes a text file atomically (temporary name, rename). */
VXG_API int vxg_text_write(const char *path, const char *text, int force);
/* SHA-256 of a file as 64 hex digits + 0. */
VXG_API int vxg_file_sha256(const char *path, char out[65]);
/* The same of the file a reader was opened on (vxg_scan_reader.id): VXG_ERR_INPUT when path leads
 * to another file by now, or when it has changed since or while it was read. An id without size is
 * not compared. */
VXG_API int vxg_file_sha256_of(const char *path, const vxg_file_id *id, char out[65]);

#ifdef __cplusplus
}
#endif
#endif
