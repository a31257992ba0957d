/* What the scan-to-volume pipelines share: the part of a scan, its correction, host memory beside
 * device memory. */
#ifndef VXG_CT_PIPELINE_H
#define VXG_CT_PIPELINE_H

#include <pthread.h>

#include "ct/analytic/fdk.h"
#include "ct/geometry/geometry.h"
#include "ct/prep/prep.h"
#include "device/spill.h"

/* The part of a scan that is used, and its angles in radians (owned). */
typedef struct vxg__scan_part {
    int64_t v0, v1, r0, r1, c0, c1, nviews, ncols;
    double *angles;
} vxg__scan_part;
int vxg__scan_plan(const vxg_scan_reader *scan, const vxg_ct_recon_opts *opts, vxg__scan_part *p);

typedef struct vxg__scan_fields { /* mean flat and dark of some rows, (rows, ncols) */
    float *flat, *dark;
} vxg__scan_fields;

/* Reads rows of a scan and makes them line integrals: correct.c. */
typedef struct vxg__corrector {
    vxg_scan_reader *scan;
    const vxg__scan_part *part;
    const vxg_ct_recon_opts *opts;
    pthread_mutex_t *reading; /* held while the scan is read; NULL: one thread does all */
    int64_t ring_lanes;       /* rows whose rings are removed at once */
    int64_t seen0, seen1;     /* detector rows whose values were counted, here or in other parts */
    vxg_ct_bad_counts bad;
    int64_t values, repaired, empty_rows;
} vxg__corrector;
/* Values and fields of rows [r0, r1): (nviews, rows, ncols) and (rows, ncols). */
int vxg__correct_read(const vxg__corrector *c, int64_t r0, int64_t r1, float *proj,
                      const vxg__scan_fields *f);
/* Counts of rows [r0, r1) become line integrals, bad values are repaired, rings removed. Each row
 * is counted once, however often it comes. */
int vxg__correct_rows(vxg__corrector *c, int64_t r0, int64_t r1, const vxg__scan_fields *f,
                      float *proj);
/* What reading costs: reading.c. */
typedef struct vxg__reading {
    int64_t memory;   /* bytes beside the pipeline's, the reader's helper process included */
    int64_t row_step; /* bands of projections that begin at multiples of it read nothing twice */
} vxg__reading;
int vxg__reading_look(const vxg__corrector *c, vxg__reading *out);
/* Rows [begin, end) come in bands: one of `first`, then of `step` rows. Where their chunks would be
 * unpacked over and over, the reader makes a copy that takes at most `room` bytes of memory. */
typedef struct vxg__bands {
    int64_t begin, end, first, step;
} vxg__bands;
int vxg__reading_prepare(const vxg__corrector *c, const vxg__bands *bands, int64_t room);
/* The folder of scratch files: the one given, TMPDIR, or /var/tmp. scratch.c */
int vxg__scratch_folder(const char *given, char *out, size_t size);
/* A file there without a name, for the caller's close(); -1 in *file: none was made. VXG_ERR_OUTPUT
 * says so, or that there is no room for so many bytes of `what`. */
int vxg__scratch_open(const char *folder, const char *what, int64_t bytes, int *file);
/* After all rows: an error when too little of the scan is good. */
int vxg__correct_judge(const vxg__corrector *c);
/* Bytes a row takes while its rings are removed. */
int64_t vxg__ring_bytes(const vxg__scan_part *p);

/* A device array with host memory beside it; on the cpu device they are the same bytes. */
typedef struct vxg__staging {
    vxg_array array;
    float *host, *owned; /* owned: NULL where host is the array's */
    vxg_buffer *pinned;  /* that owned lies in, NULL: in plain memory */
} vxg__staging;
int vxg__staging_new(vxg_device *dev, int64_t n, vxg__staging *s);
void vxg__staging_free(vxg__staging *s);
/* What every pipeline refuses of its arguments. */
int vxg__pipeline_arguments(vxg_device *dev, const vxg_scan_reader *scan,
                            const vxg_ct_recon_opts *opts, const vxg_volume_writer *writer);
/* Refuses a choice of slices, where there is none. */
int vxg__pipeline_all_slices(const vxg_ct_recon_opts *opts);
/* The array under a shape of rank 3, borrowed. */
vxg_array vxg__staging_array(const vxg__staging *s, const int64_t *shape);

/* ---- Iterative methods (iterate.c) ---- */
typedef enum vxg__analytic { VXG__AUTO, VXG__FBP, VXG__FOURIER } vxg__analytic;
typedef struct vxg__iterate {
    const vxg_solve_row *row; /* NULL: an analytic reconstruction, nothing below is set */
    vxg__analytic analytic;
    vxg_solve_opts opts;
    int slabs; /* 1: slices are solved apart from each other, to the same bits; 0 with a geometry */
    const vxg_progress *outer;
    vxg_progress progress; /* of solvers: tells `outer` of it as a part of what is counted there */
    const char *unit;
    double begun, part, whole;
    int64_t negative; /* values set to 0 */
    int iterations;
    double residual2, data2; /* squares, of all solves */
    double most;             /* largest magnitude of the data so far */
    void (*trace)(void *context, int iteration, double residual, double penalty);
    void *trace_context;
    int (*keep)(void *context, vxg_solver *solver); /* not of slabs */
    void *keep_context;
    vxg__spill *spill; /* where vectors lie; NULL: in memory */
    double *course;    /* with a trace: squares of residuals, then penalties, of every iteration */
    int course_room, course_count;
} vxg__iterate;
/* What opts ask for. VXG_ERR_ARGUMENT names what is not there. */
int vxg__iterate_begin(const vxg_ct_recon_opts *opts, vxg__iterate *it);
/* The next solve's iterations are `part` of `whole`, from `begun` on, counted in `unit`. */
void vxg__iterate_progress(vxg__iterate *it, const char *unit, double begun, double part,
                           double whole);
/* Bytes that a solver, and afterwards the look at what it left, take on the device beside the data;
 * where vectors lie in a scratch file: those, and the rest. */
typedef struct vxg__iterate_need {
    int64_t all, vectors, rest;
} vxg__iterate_need;
int vxg__iterate_bytes(const vxg__iterate *it, const vxg_op *op, vxg__iterate_need *need);
/* What the method cannot take of n line integrals becomes 0, and is counted. */
void vxg__iterate_data(vxg__iterate *it, float *data, int64_t n);
/* Solves op x = proj, which is on the host; proj is spoilt: it becomes what is left of it. */
int vxg__iterate_run(vxg__iterate *it, const vxg_op *op, const vxg__staging *proj, vxg_array *x);
int vxg__iterate_judge(const vxg__iterate *it);
void vxg__iterate_stats(const vxg__iterate *it, vxg_ct_recon_stats *s);
/* As many as are done when no rule stops them. */
int vxg__iterate_count(const vxg__iterate *it);
/* Tells the trace of all iterations after work that went well; frees what was kept for it. */
void vxg__iterate_end(vxg__iterate *it, int status);

/* A scan of any geometry whose projections and volume are held at once (whole.c). */
typedef struct vxg__whole {
    vxg_device *dev;
    const vxg_ct_geometry *geo; /* rows [r0, r1) of the scan, the corrector's views and columns */
    vxg_ct_volume vol;
    int64_t r0, r1;
    vxg__corrector *correct;
    vxg__iterate *it;
    vxg_volume_writer *writer;
    int plan; /* 1: nothing but how much would be held */
} vxg__whole;
int vxg__reconstruct_whole(const vxg__whole *w, vxg_ct_recon_stats *found);
/* What vxg_ct_reconstruct_views would hold (views.c). */
int vxg__views_plan(vxg_device *dev, vxg_scan_reader *scan, const vxg_ct_geometry *geo,
                    const vxg_ct_volume *vol, const vxg_ct_recon_opts *opts,
                    vxg_ct_recon_stats *found);

/* Filtered rows of a scan, all views: each is read, corrected, weighted and filtered once and kept
 * while it is needed, in memory or in a scratch file without a name. (filtered.c) */
typedef struct vxg__filtered {
    vxg_device *dev;
    const vxg_ct_geometry *geo;
    vxg__corrector *correct;
    vxg__fdk_plan *plan;
    vxg_ct_fdk_opts opts;
    int64_t nviews, nu, width; /* columns of the scan, of filtered rows */
    int64_t first, last;       /* rows that are needed at all */
    int64_t chunk;             /* rows made at a time */
    int64_t held;              /* rows that memory keeps; 0: the scratch file keeps all */
    float *ring;               /* (nviews, held, width): row r is in place r % held */
    int file;
    int64_t w0, w1; /* rows that are there */
    vxg__staging proj, wide;
    float *fields;
    vxg_op *filter; /* of filter_rows rows */
    int64_t filter_rows;
} vxg__filtered;
/* Memory for the sizes set in f; closed by vxg__filtered_free in any case. folder: of the scratch
 * file, NULL: TMPDIR or /var/tmp. */
int vxg__filtered_open(vxg__filtered *f, const char *folder);
void vxg__filtered_free(vxg__filtered *f);
/* Host bytes while `chunk` rows are made, without what keeps them. */
int64_t vxg__filtered_bytes(const vxg__filtered *f, int64_t chunk);
/* Makes rows [r0, r1) be there; then copies those of views [v0, v1) to row `at` on of
 * (views, rows, width). */
int vxg__filtered_need(vxg__filtered *f, int64_t r0, int64_t r1);
int vxg__filtered_copy(const vxg__filtered *f, int64_t v0, int64_t v1, int64_t r0, int64_t r1,
                       float *dst, int64_t rows, int64_t at);

/* Bytes the pipelines may hold when the caller does not say: an eighth of the device's, 1 to 16
 * GiB. */
int64_t vxg__pipeline_room(const vxg_device *dev, int64_t max_memory);
/* No volume holds a value that is not finite without a word: slices z0 on. */
int vxg__check_slices(const float *vol, int64_t z0, int64_t nz, int64_t ny, int64_t nx);

#endif
