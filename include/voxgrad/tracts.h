/* Voxgrad streamlines as files and pipelines see them: ragged lists of points in batches, and the
 * formats that hold them as rows (libvoxgrad_io's TRK, TCK and TRX by vxg_io_register, others by
 * vxg_tract_format_register).
 *
 * A reader gives the numbers that stand in the file and says in which space; track.h has the rules
 * that lead to scanner coordinates. A reader or writer belongs to one thread at a time; several may
 * be open at once.
 *
 * Stability: stable but for what is marked (docs/abi.md). Experimental: all of it. */
#ifndef VOXGRAD_TRACTS_H
#define VOXGRAD_TRACTS_H

#include "array.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum vxg_tract_space {
    VXG_TRACT_RAS = 0, /* scanner coordinates in mm: right, front, top; voxel 0's *centre* is where
                          the affine leads index 0 */
    VXG_TRACT_CORNER   /* TrackVis: mm along the image's axes in the order voxel_order, from the
                          outer *corner* of voxel 0 */
} vxg_tract_space;

/* Numbers that belong to every point, or to every streamline. */
typedef struct vxg_tract_column { /* of one layout: it stands in arrays */
    uint32_t size;                /* of this struct, or 0 */
    int32_t components;           /* numbers for each point or streamline, at least 1 */
    vxg_dtype dtype;              /* of each; u8 for TRX's bits */
    uint32_t reserved;            /* 0 */
    char name[64];                /* UTF-8, what fits; no "/" and no "." */
} vxg_tract_column;

/* Some streamlines under a name. */
typedef struct vxg_tract_group { /* of one layout: it stands in arrays */
    uint32_t size;               /* of this struct, or 0 */
    int32_t ncolumns;            /* numbers that belong to the group as a whole (TRX's dpg) */
    int64_t count;
    const uint32_t *index; /* `count` numbers of streamlines, each below the file's number */
    const vxg_tract_column *columns;
    const void *const *values; /* of each column, `components` elements */
    char name[64];
} vxg_tract_group;

/* What a file says of its streamlines. */
typedef struct vxg_tract_info { /* of one layout: it stands in readers */
    uint32_t size;
    vxg_tract_space space;
    int64_t streamlines, points; /* -1: not known until the end is read (vxg_tract_next sets them
                                    then) */
    vxg_dtype dtype;             /* of positions in the file: f16, f32, f64 */
    int32_t has_affine;          /* 1: affine is known */
    double affine[12];   /* rows of 4: index (i, j, k) of a voxel's centre and 1 to RAS mm */
    int64_t grid[3];     /* voxels along i, j, k; 0: not known */
    double voxel[3];     /* their sizes, mm; 0: not known */
    char voxel_order[8]; /* TrackVis: "RAS", "LPS"...; "": not said */
    int32_t npoint_columns, nline_columns, ngroups, nattributes;
    const vxg_tract_column *point_columns, *line_columns;
    const vxg_tract_group *groups;
    const vxg_attribute *attributes; /* further names and texts of the header */
    uint64_t reserved[4];            /* 0 */
} vxg_tract_info;

/* Some streamlines, one after the other. Streamline n has points offsets[n] .. offsets[n + 1] - 1;
 * offsets[0] is 0. */
typedef struct vxg_tract_batch {
    uint32_t size;   /* of this struct, or 0 */
    vxg_dtype dtype; /* of positions: f32 or f64 */
    int64_t lines;
    const int64_t *offsets;          /* lines + 1 */
    const void *positions;           /* (points, 3) */
    const void *const *point_values; /* for each point column (points, components) of its type */
    const void *const *line_values;  /* for each line column (lines, components) of its type */
} vxg_tract_batch;

typedef struct vxg_tract_reader vxg_tract_reader;
struct vxg_tract_reader {
    uint32_t size;
    uint32_t reserved;
    const char *path;
    const char *format; /* the row's name */
    vxg_tract_info info;
    vxg_file_id id;
    int64_t lines, points; /* given so far; vxg_tract_next counts them */
    /* The next streamlines, at most max_lines, and so many that they have at most max_points
     * points together, but at least one; 0 lines: the end. What *out points to is the reader's,
     * until the next call. Call vxg_tract_next, which checks. */
    int (*next)(vxg_tract_reader *self, int64_t max_lines, int64_t max_points, vxg_dtype dtype,
                vxg_tract_batch *out);
    void (*close)(vxg_tract_reader *self);
    void *impl;
};

typedef struct vxg_tract_writer vxg_tract_writer;
struct vxg_tract_writer {
    uint32_t size;
    uint32_t reserved;
    vxg_tract_info info;   /* the writer's copy of what it was created with */
    int64_t lines, points; /* written so far; vxg_tract_write counts them */
    /* Adds streamlines behind those before. Positions are in info.space. Call vxg_tract_write,
     * which checks. */
    int (*write)(vxg_tract_writer *self, const vxg_tract_batch *batch);
    int (*finish)(vxg_tract_writer *self); /* completes the file and frees self; on failure nothing
                                              is left */
    void (*abandon)(vxg_tract_writer *self); /* removes it and frees self */
    void *impl;
};

typedef struct vxg_tract_open_opts {
    uint32_t size;
    uint32_t reserved;
    const char *format; /* a row's name; NULL: by the file's first bytes */
    int64_t max_memory; /* bytes for reading, at least 2^16: batches are smaller then; a streamline
                           that alone needs more is VXG_ERR_MEMORY. 0: the format's choice */
} vxg_tract_open_opts;

typedef struct vxg_tract_create_opts {
    uint32_t size;
    int32_t force;       /* 1: replace what exists */
    const char *format;  /* a row's name; NULL: by the ending of path */
    vxg_tract_info info; /* streamlines and points are not read; columns, groups and attributes are
                            copied, and checked: groups against what was written, at the end */
    void *outputs;       /* a vxg_outputs the file belongs to, or NULL */
    int32_t offset_bits; /* TRX: 32 or 64; 0: 32 where they do, else 64 */
    int32_t folder;      /* TRX: 1: a folder and not a zip file */
} vxg_tract_create_opts;

/* A format: one row. Open and create may be NULL: not read, not written. */
typedef struct vxg_tract_format {
    uint32_t size;
    uint32_t reserved;
    const char *name;       /* one word: "trk" */
    const char *summary;    /* one line */
    const char *extensions; /* lower case, separated by spaces */
    /* How sure the first n bytes of a file make it: 0 no, 100 certain. */
    int (*sniff)(const uint8_t *head, size_t n);
    int (*open)(const char *path, const vxg_tract_open_opts *opts, vxg_tract_reader **out);
    int (*create)(const char *path, const vxg_tract_create_opts *opts, vxg_tract_writer **out);
    int (*sniff_path)(const char *path); /* the same of a folder; NULL: none is */
} vxg_tract_format;

/* Adds a format; its texts and functions must stay as long as the process. VXG_ERR_ARGUMENT: a name
 * that is there already, something missing. Thread-safe. */
VXG_API int vxg_tract_format_register(const vxg_tract_format *row);
VXG_API int vxg_tract_format_count(void);
VXG_API const vxg_tract_format *vxg_tract_format_at(int i); /* NULL beyond the last */
VXG_API const vxg_tract_format *vxg_tract_format_find(const char *name);

/* Opens a file of any registered format. VXG_ERR_INPUT: no such file, no format knows it (the
 * message lists them), or the format refuses it. opts may be NULL. */
VXG_API int vxg_tract_open(const char *path, const vxg_tract_open_opts *opts,
                           vxg_tract_reader **out);
/* dtype: VXG_F32 or VXG_F64, what positions become. VXG_ERR_ARGUMENT: limits below 1, another
 * type. VXG_ERR_INPUT: the file is damaged, a position is not finite, or there are other numbers of
 * streamlines and points than info says (which are those of the header where a format's header must
 * be right). After an error the reader can only be closed. */
VXG_API int vxg_tract_next(vxg_tract_reader *reader, int64_t max_lines, int64_t max_points,
                           vxg_dtype dtype, vxg_tract_batch *out);
VXG_API void vxg_tract_close(vxg_tract_reader *reader); /* NULL is fine */
VXG_API int vxg_tract_create(const char *path, const vxg_tract_create_opts *opts,
                             vxg_tract_writer **out);
/* Checks the batch (offsets that rise from 0, finite positions, what the columns need), then
 * writes it. */
VXG_API int vxg_tract_write(vxg_tract_writer *writer, const vxg_tract_batch *batch);

/* Writes all streamlines that a reader still has. Both are in one space, and every column of the
 * writer is one of the reader's, by name, components and type; the reader's other columns are left
 * out. Groups and attributes are the writer's from when it was created. The writer is not finished.
 * VXG_ERR_CANCELLED when progress (NULL is fine) says so. */
VXG_API int vxg_tract_copy(vxg_tract_reader *from, vxg_tract_writer *to,
                           const vxg_progress *progress);

/* ---- Shapes ----
 * In the space that the positions are in, which is one of mm; of float32 or float64. Thread-safe.
 * VXG_ERR_ARGUMENT: a batch that is none, limits that are not positive. */

/* lengths (lines): of each streamline in mm, the sum of its segments' in float64 from the first to
 * the last; 0 of one without a segment. */
VXG_API int vxg_tract_lengths(const vxg_tract_batch *batch, double *lengths);

typedef struct vxg_tract_linearize_opts {
    uint32_t size;      /* of this struct; 0: the first layout */
    uint32_t reserved0; /* 0 */
    double tolerance;   /* mm; 0: 0.1 */
    double max_segment; /* mm; 0: 10 */
} vxg_tract_linearize_opts;
/* Which points a streamline needs: C. Presseau et al., NeuroImage 109, 2015. From a point that is
 * kept on, the next that is kept is the last before one whose straight line back to it would leave
 * a point between them further away than the tolerance, or be longer than max_segment. So every
 * point that goes lies within the tolerance of the segment that stands for it; the first and the
 * last stay; a segment above max_segment was one before. At most 4096 points go in a row.
 *
 * offsets (lines + 1): as a batch's, of what is kept; kept: offsets[lines] numbers of the batch's
 * points, rising, with room for all of them. opts may be NULL. */
VXG_API int vxg_tract_linearize(const vxg_tract_batch *batch, const vxg_tract_linearize_opts *opts,
                                int64_t *offsets, int64_t *kept);

typedef struct vxg_tract_resample_opts {
    uint32_t size;  /* of this struct; 0: the first layout */
    int32_t points; /* of each streamline, at least 2; or 0 and */
    double step;    /* mm along it between neighbours, as near as a whole number of equal steps
                       comes */
} vxg_tract_resample_opts;
/* Points that are spaced evenly along each streamline, on its segments; the ends stay (DIPY's
 * set_number_of_points). A streamline of one point or none stays as it is. offsets (lines + 1): as
 * a batch's, of the new points; positions: (offsets[lines], 3), or NULL: only offsets are wanted.
 * VXG_ERR_ARGUMENT: neither or both are said; over 2^31 - 1 points of a streamline. */
VXG_API int vxg_tract_resample(const vxg_tract_batch *batch, const vxg_tract_resample_opts *opts,
                               int64_t *offsets, double *positions);

#ifdef __cplusplus
}
#endif
#endif
