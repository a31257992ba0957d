/* Voxgrad CT: making, changing, describing and converting scan geometry (docs/geometry.md).
 *
 * Frame and signs are those of docs/conventions.md whatever package a formula or file comes from.
 * Lengths in any one unit, angles in radians; geometry files give degrees. Texts made here are
 * freed with vxg_free. All functions are thread-safe.
 *
 * Stability: stable but for what is marked (docs/abi.md). */
#ifndef VOXGRAD_GEOMETRY_H
#define VOXGRAD_GEOMETRY_H

#include "ct.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Trajectories ---- */
typedef enum vxg_ct_path {
    VXG_CT_PATH_CIRCULAR,
    VXG_CT_PATH_HELICAL,    /* z grows with the angle */
    VXG_CT_PATH_SINUSOIDAL, /* sod + A sin(f t); parallel beam: the detector shifts along U */
    VXG_CT_PATH_SADDLE,     /* z = Z cos 2t, sod + R sin 2t */
    VXG_CT_PATH_RANDOM      /* circular with normal errors */
} vxg_ct_path;

/* Start from vxg_ct_trajectory_defaults; a zero then means zero. */
typedef struct vxg_ct_trajectory_opts {
    uint32_t size; /* of this struct; 0: the first layout */
    vxg_ct_path path;
    vxg_ct_beam beam;
    vxg_ct_detector detector;
    int64_t nviews, rows, cols;
    const double *angles;           /* nviews angles, radians; NULL: start + i range / nviews */
    double start, range;            /* default 0; a full turn, parallel beam half a turn */
    int endpoint;                   /* 1: the last view lies at start + range */
    int reverse;                    /* 1: t = start - (angle - start): the scan turns clockwise */
    double sod, sdd;                /* source to axis, source to detector; cone and fan */
    double pixel;                   /* column pitch, default 1 */
    double row_pitch;               /* 0: as pixel */
    double center;                  /* column of the axis; see has_center */
    double center_row;              /* row of the plane of the source (parallel: of z = 0) */
    int has_center, has_center_row; /* 0: the middle (cols-1)/2, (rows-1)/2 */
    double tilt;                    /* laminography: angle of the rays below the x-y plane */
    double roll;      /* detector rotated in its plane about pixel (center_row, center), U to V */
    double z_range;   /* helical: from -z_range/2 to +z_range/2, both ends included; default 100 */
    double turns;     /* helical: angles cover this many turns; default 2 */
    double amplitude; /* sinusoidal; default 50 */
    double frequency; /* sinusoidal, per turn; default 2 */
    double z_amplitude, radial_amplitude; /* saddle; default 50, 30 */
    double sod_std;                       /* random: one error of a view's sod and sdd; default 0 */
    double position_std;                  /* of every component of s and d */
    double angle_std;                     /* of the angle of U about z */
    uint64_t seed;
} vxg_ct_trajectory_opts;

/* Defaults of a path and beam; sizes, sod and sdd remain 0. opts->size is read: set it (or 0)
 * before. */
VXG_API int vxg_ct_trajectory_defaults(vxg_ct_path path, vxg_ct_beam beam,
                                       vxg_ct_trajectory_opts *opts);
/* Circular: s = sod (sin t, -cos t, 0), d = (sdd - sod)(-sin t, cos t, 0), U || (cos t, sin t, 0),
 * V || z; the other paths as above. With a tilt l: rays cos l (-sin t, cos t, 0) - sin l z. Errors
 * (VXG_ERR_ARGUMENT) name the field. Random numbers: Philox, view i depends on (seed, i). */
VXG_API int vxg_ct_trajectory(const vxg_ct_trajectory_opts *opts, vxg_ct_geometry **out);

/* Sets v->s (cone, fan), or v->r and v->d (parallel), of view i at angle t; v holds the circular
 * view. A non-zero return ends the construction with that status. */
typedef int (*vxg_ct_path_fn)(void *context, int64_t i, double t, vxg_ct_view *v);
/* Any path around the origin. Cone: d = -s/|s| (sdd - |s|), U || (-s_y, s_x, 0), or x where s lies
 * on z, V || s x U; |s| in (1e-6, sdd). Parallel: U || (r_y, -r_x, 0), V || U x r. opts->path is
 * not looked at. */
VXG_API int vxg_ct_trajectory_custom(const vxg_ct_trajectory_opts *opts, vxg_ct_path_fn fn,
                                     void *context, vxg_ct_geometry **out);

/* Angle t of every view about z, radians, continuous from view to view: that of the source (cone
 * and fan) or of the rays (parallel). */
VXG_API int vxg_ct_geometry_angles(const vxg_ct_geometry *geo, double *angles);

/* Centre of pixel (column, row), 0-based and possibly fractional, of a flat or curved detector. */
VXG_API int vxg_ct_pixel(const vxg_ct_geometry *geo, int64_t view, double column, double row,
                         double point[3]);

/* Views of 3 x 4 projection matrices P (nviews, 3, 4), row-major, from world points (x, y, z, 1) to
 * 0-based (column, row, 1) up to a factor. A third row of (0, 0, 0, c) in every view: parallel
 * beam. Else cone: the source is P's null point, the detector's plane lies `sdd` from it on the
 * side of the world's origin (any positive sdd describes the same rays). VXG_ERR_ARGUMENT names the
 * view whose matrix is singular. Only the rays are given by a matrix, so d, U and V are those of
 * one detector that sees them. R. Hartley, A. Zisserman, Multiple View Geometry (2004), ch. 6. */
VXG_API int vxg_ct_from_matrices(int64_t nviews, int64_t rows, int64_t cols, const double *P,
                                 double sdd, vxg_ct_geometry **out);
/* The reverse, for flat detectors: P (nviews, 3, 4). Cone: the third row gives the depth along the
 * detector's normal, positive in front of the source; parallel: (0, 0, 0, 1). */
VXG_API int vxg_ct_to_matrices(const vxg_ct_geometry *geo, double *P);

/* ---- Geometry files ---- */
typedef struct vxg_ct_notes { /* what a geometry file says beside the views */
    uint32_t size;            /* of this struct, set by the caller; 0: the first layout */
    int reverse;              /* declared: 1 clockwise, 0 counter-clockwise, -1 not said */
    char units[16];           /* length unit, a label; "" when not given */
    vxg_ct_volume volume;     /* completed by vxg_ct_complete_volume */
    int has_volume;
    uint32_t reserved0; /* 0 */
} vxg_ct_notes;

/* Reads a geometry file's text of n bytes (JSON, docs/geometry.md). VXG_ERR_INPUT names the line of
 * a syntax error, the unknown key and the one it may mean, the missing or wrong field.
 * notes may be NULL. */
VXG_API int vxg_ct_geometry_from_json(const char *text, size_t n, vxg_ct_notes *notes,
                                      vxg_ct_geometry **out);
/* Writes one: the compact form where it gives the same views to 1e-12 of the source's distance or
 * detector's width, else one entry per view (vectors = 1: always). Reading it back gives the views
 * bit for bit in the long form. notes may be NULL. Free *text with vxg_free. */
VXG_API int vxg_ct_geometry_to_json(const vxg_ct_geometry *geo, const vxg_ct_notes *notes,
                                    int vectors, char **text);

/* ---- Algebra: every function makes a new geometry ---- */
/* Views by index, in that order, repeats allowed; VXG_ERR_ARGUMENT names an index outside. */
VXG_API int vxg_ct_geometry_take(const vxg_ct_geometry *geo, int64_t n, const int64_t *index,
                                 vxg_ct_geometry **out);
/* Views begin, begin + step, ... below end (step > 0) or above end (step < 0). */
VXG_API int vxg_ct_geometry_slice(const vxg_ct_geometry *geo, int64_t begin, int64_t end,
                                  int64_t step, vxg_ct_geometry **out);
/* All views of n geometries with the same beam and detector, one after the other: several pairs of
 * source and detector. VXG_ERR_ARGUMENT names what differs. */
VXG_API int vxg_ct_geometry_concat(int64_t n, const vxg_ct_geometry *const *list,
                                   vxg_ct_geometry **out);
/* Source and detector moved by `by` (x, y, z). */
VXG_API int vxg_ct_geometry_shift(const vxg_ct_geometry *geo, const double by[3],
                                  vxg_ct_geometry **out);
/* Every length along x, y, z multiplied: positions, steps, ray directions. A curved detector takes
 * three equal factors. */
VXG_API int vxg_ct_geometry_scale(const vxg_ct_geometry *geo, const double factor[3],
                                  vxg_ct_geometry **out);
/* Source and detector rotated by a rotation matrix (row-major). */
VXG_API int vxg_ct_geometry_rotate(const vxg_ct_geometry *geo, const double R[9],
                                   vxg_ct_geometry **out);
/* R = Rz(yaw) Ry(pitch) Rx(roll): about the fixed axes x, then y, then z, counter-clockwise. */
VXG_API void vxg_ct_rotation(double roll, double pitch, double yaw, double R[9]);
/* The point nearest, in the least-squares sense, to the rays of all views through the middle of the
 * detector. VXG_ERR_ARGUMENT when they are parallel (use a scan of more angles). */
VXG_API int vxg_ct_geometry_isocenter(const vxg_ct_geometry *geo, double point[3]);
/* Shifted so that `point` (NULL: the isocenter) becomes the origin. */
VXG_API int vxg_ct_geometry_recenter(const vxg_ct_geometry *geo, const double *point,
                                     vxg_ct_geometry **out);
/* Detector rotated in its plane about its middle by an angle from U towards V; flat detectors. */
VXG_API int vxg_ct_detector_roll(const vxg_ct_geometry *geo, double angle, vxg_ct_geometry **out);
/* Detector moved by whole or part columns along U and rows along V; curved: along its arc. */
VXG_API int vxg_ct_detector_shift(const vxg_ct_geometry *geo, double columns, double rows,
                                  vxg_ct_geometry **out);

/* ---- Volumes ---- */
typedef struct vxg_ct_volume_spec { /* 0: open */
    uint32_t size;                  /* of this struct; 0: the first layout */
    int has_center;                 /* 0: the middle of the field of view */
    int64_t nx, ny, nz;
    double dx, dy, dz; /* voxel sizes */
    double extent[3]; /* along x, y, z: n times voxel size; messages, as geometry files, say size */
    double center[3];
    double rotation[9]; /* all zero: identity; not considered where extents are suggested */
} vxg_ct_volume_spec;

/* Field of view about the z axis: radius of the cylinder that the middle row of every view covers
 * (half-fan and half-acquisition, a full turn whose axis is seen off the middle by over 5 % of the
 * detector's width: the view or its opposite) and, at the axis, the heights seen by every view (a
 * helix: by any). VXG_ERR_ARGUMENT when a view's detector misses the axis. */
VXG_API int vxg_ct_field_of_view(const vxg_ct_geometry *geo, double *radius, double z[2]);
/* Closes what is open: n d = size per axis, enlarged to whole voxels; the smallest voxel size goes
 * to axes without one (no size at all: the field of view's over the count given, else the pixel at
 * the axis); counts of x and y stand in for each other; extents are the field of view's.
 * VXG_ERR_ARGUMENT names a contradiction (n d is not size) or what cannot be closed. */
VXG_API int vxg_ct_complete_volume(const vxg_ct_geometry *geo, const vxg_ct_volume_spec *spec,
                                   vxg_ct_volume *out);

/* ---- Explaining ---- */
/* X(enum, id): what can look wrong about a scan; docs/geometry.md has the conditions. */
#define VXG_CT_WARNING_LIST(X)                                                                     \
    X(AXIS_OFF, "axis-off-detector")                                                               \
    X(DETECTOR_NEAR, "detector-before-axis")                                                       \
    X(RADIANS, "angles-in-radians")                                                                \
    X(SHORT, "short-coverage")                                                                     \
    X(GAPS, "gaps-between-views")                                                                  \
    X(DUPLICATE, "duplicate-view")                                                                 \
    X(ROWS_REVERSED, "rows-reversed")                                                              \
    X(MIRRORED, "mirrored")                                                                        \
    X(DIRECTION, "direction-reversed")                                                             \
    X(VOLUME_OUTSIDE, "volume-outside-beam")                                                       \
    X(VOLUME_LARGE, "volume-beyond-view")                                                          \
    X(VOXEL_FINE, "voxel-too-fine")                                                                \
    X(SOURCE_INSIDE, "source-in-volume")                                                           \
    X(SKEW, "not-perpendicular")                                                                   \
    X(UNEVEN, "uneven-steps")                                                                      \
    X(WIDE, "fan-too-wide")                                                                        \
    X(OBLONG, "pixels-not-square")                                                                 \
    X(REFUSED, "not-reconstructed")
typedef enum vxg_ct_warning {
#define VXG_X(e, id) VXG_CT_WARNING_##e,
    VXG_CT_WARNING_LIST(VXG_X)
#undef VXG_X
        VXG_CT_WARNING_COUNT
} vxg_ct_warning;
VXG_API const char *vxg_ct_warning_id(vxg_ct_warning warning);

/* Numbers of a scan. Pairs are the least and the greatest of all views; NaN: does not apply. */
typedef struct vxg_ct_summary {
    uint32_t size;     /* of this struct, set by the caller; 0: the first layout */
    uint32_t warnings; /* bit w: vxg_ct_warning w */
    vxg_ct_beam beam;
    vxg_ct_detector detector;
    int64_t nviews, rows, cols;
    double sod[2], sdd[2];        /* source to axis; source to the detector along its normal */
    double magnification[2];      /* at the axis */
    double pixel[2], at_axis[2];  /* column and row pitch of view 0: on the detector, at the axis */
    double center[2], row[2];     /* column and row at which the axis' middle is seen */
    double fov_radius, fov_z[2];  /* vxg_ct_field_of_view */
    double fan_angle, cone_angle; /* of view 0, radians, both sides together */
    double first, last;           /* angle of the first and last view, radians, continuous */
    double step[3];               /* size of a step: least, median, greatest */
    double covered;               /* |last - first| + the median step; gaps are not covered */
    double needed;                /* short scan: pi + fan angle, parallel pi */
    int direction;                /* 1 counter-clockwise seen from +z, -1 clockwise, 0 neither */
    int half_fan;                 /* half-fan or half-acquisition: see vxg_ct_field_of_view */
    int repeated_end;             /* the last view is the first one */
    uint32_t reserved0;           /* 0 */
    double z[2];                  /* height of the source (parallel: of the detector) */
    double z_per_turn;            /* helix; 0 */
    double tilt;                  /* of the rays below the x-y plane, view 0 */
    double roll;                  /* of the detector in its plane, view 0: V against z */
    int64_t gaps;                 /* arcs of a turn that were not measured (vxg_ct_angle_weights) */
    double gap[2];                /* the widest: angle of the view before and after it, radians */
    double unseen;                /* part of the rays through the field of view in no view */
    double ray_pitch[2];          /* distance of neighbouring rays (cone: columns) on the level */
    int refused;                  /* neither vxg_ct_fbp nor vxg_ct_fdk reconstructs it */
    uint32_t reserved1;           /* 0 */
    char method[400];             /* how they do; refused: why not */
} vxg_ct_summary;

/* notes (NULL: none) hold the declared direction and the volume. */
VXG_API int vxg_ct_geometry_summary(const vxg_ct_geometry *geo, const vxg_ct_notes *notes,
                                    vxg_ct_summary *out);
/* Words for one of the summary's warnings; the length snprintf would return. */
VXG_API int vxg_ct_warning_words(const vxg_ct_summary *summary, vxg_ct_warning warning, char *out,
                                 size_t size);
/* What the scan is, in lines of text, without the warnings. vxg_free it. */
VXG_API int vxg_ct_geometry_words(const vxg_ct_geometry *geo, const vxg_ct_notes *notes,
                                  char **text);
/* A sketch in SVG, seen from +z and from the side: path of the source, detector of view 0, volume,
 * field of view, axis, direction. vxg_free it. */
VXG_API int vxg_ct_geometry_svg(const vxg_ct_geometry *geo, const vxg_ct_notes *notes, char **text);

/* ---- Other packages (docs/geometry.md says what was checked against which version) ---- */
typedef struct vxg_ct_detector_size { /* for formats that do not hold it */
    uint32_t size;                    /* of this struct; 0: the first layout */
    uint32_t reserved0;               /* 0 */
    int64_t rows, cols;
    double pixel, row_pitch; /* row_pitch 0: as pixel */
} vxg_ct_detector_size;

/* ASTRA toolbox vectors: rows of (ray or source, detector centre, u, v), 12 numbers, or without v
 * and z, 6 numbers. The same frame; ASTRA's 2-D images have row 0 at the largest y. */
typedef enum vxg_ct_astra {
    VXG_CT_ASTRA_PARALLEL,
    VXG_CT_ASTRA_FANFLAT,
    VXG_CT_ASTRA_PARALLEL3D,
    VXG_CT_ASTRA_CONE
} vxg_ct_astra;
/* vectors (nviews, 6 or 12). */
VXG_API int vxg_ct_from_astra(vxg_ct_astra kind, int64_t nviews, int64_t rows, int64_t cols,
                              const double *vectors, vxg_ct_geometry **out);
VXG_API int vxg_ct_to_astra(const vxg_ct_geometry *geo, vxg_ct_astra kind, double *vectors);
/* The 2-D kind where there is one row and all lies in the plane z = 0, else the 3-D kind. */
VXG_API vxg_ct_astra vxg_ct_astra_kind(const vxg_ct_geometry *geo);
/* Texts: "# cone_vec ROWS COLS", then one view a line. Free *text with vxg_free. */
VXG_API int vxg_ct_geometry_from_astra(const char *text, size_t n, vxg_ct_geometry **out);
VXG_API int vxg_ct_geometry_to_astra(const vxg_ct_geometry *geo, char **text);

/* RTK's geometry XML (ThreeDCircularProjectionGeometry), whose world (x, y, z) is (x, -z, y) here.
 * The detector image's origin is taken as its middle. VXG_ERR_UNSUPPORTED: cylindrical detectors,
 * mirrored or skewed U and V. */
VXG_API int vxg_ct_geometry_from_rtk(const char *text, size_t n, const vxg_ct_detector_size *size,
                                     vxg_ct_geometry **out);
VXG_API int vxg_ct_geometry_to_rtk(const vxg_ct_geometry *geo, char **text);

/* Experimental: geometries of TIGRE (a JSON object of its attributes and "angles"), LEAP (its
 * parameter file) and CIL (a JSON object of its constructors' parameters); docs/geometry.md has the
 * keys and frames. notes: units and volume; may be NULL. VXG_ERR_INPUT names the key;
 * VXG_ERR_UNSUPPORTED the parameter of the other package that would have to say what it cannot.
 * Free *text with vxg_free. to_tigre without a volume in the notes: vxg_ct_fit_volume's. to_leap:
 * cone, fan, parallel where a circle or helix about z says it all, else modular. to_cil: a circle
 * about z, else Cone3D_Flex. */
VXG_API int vxg_ct_geometry_from_tigre(const char *text, size_t n, vxg_ct_notes *notes,
                                       vxg_ct_geometry **out);
VXG_API int vxg_ct_geometry_to_tigre(const vxg_ct_geometry *geo, const vxg_ct_notes *notes,
                                     char **text);
VXG_API int vxg_ct_geometry_from_leap(const char *text, size_t n, vxg_ct_notes *notes,
                                      vxg_ct_geometry **out);
VXG_API int vxg_ct_geometry_to_leap(const vxg_ct_geometry *geo, const vxg_ct_notes *notes,
                                    char **text);
VXG_API int vxg_ct_geometry_from_cil(const char *text, size_t n, vxg_ct_notes *notes,
                                     vxg_ct_geometry **out);
VXG_API int vxg_ct_geometry_to_cil(const vxg_ct_geometry *geo, const vxg_ct_notes *notes,
                                   char **text);

/* Texts of 3 x 4 matrices, 12 numbers a view (vxg_ct_from_matrices); the detector lies where the
 * columns of view 0 are `pixel` wide. */
VXG_API int vxg_ct_geometry_from_matrix_text(const char *text, size_t n,
                                             const vxg_ct_detector_size *size,
                                             vxg_ct_geometry **out);
VXG_API int vxg_ct_geometry_to_matrix_text(const vxg_ct_geometry *geo, char **text);

#ifdef __cplusplus
}
#endif
#endif
