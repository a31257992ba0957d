/* Voxgrad CT: scan geometry, projectors, filters, reconstruction, preprocessing, rotation centre.
 *
 * Conventions (docs/conventions.md): volume (z, y, x), projections (view, row, column),
 * right-handed world frame with z the rotation axis, angle t counter-clockwise about +z, ray
 * direction
 * (-sin t, cos t, 0), detector column axis (cos t, sin t, 0). Lengths in any one unit; attenuation
 * in 1/unit. Geometry is double everywhere. All functions are thread-safe on distinct objects.
 *
 * Stability: stable but for what is marked (docs/abi.md). */
#ifndef VOXGRAD_CT_H
#define VOXGRAD_CT_H

#include "op.h"
#include "solve.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Geometry ---- */
typedef struct vxg_ct_geometry vxg_ct_geometry; /* immutable, reference-counted */

typedef enum vxg_ct_beam { VXG_CT_BEAM_PARALLEL, VXG_CT_BEAM_CONE } vxg_ct_beam; /* fan: 1 row */
typedef enum vxg_ct_detector {
    VXG_CT_DETECTOR_FLAT,
    VXG_CT_DETECTOR_CURVED /* arc or cylinder focused on the source; cone and fan only */
} vxg_ct_detector;

/* One view: ray direction r (parallel beam, any length) or source s (cone and fan beam), centre d
 * of the detector, step vectors U of a column and V of a row. Flat: pixel (row, column) is centred
 * at d + q' U + r' V, q' = column - (nu-1)/2, r' = row - (nv-1)/2. Curved: n = unit(d - s), rho =
 * |d - s|, angle g = (q' + q0) |U| / rho, pixel centre s + rho (cos g n + sin g U/|U|) + r' V. */
typedef struct vxg_ct_view {
    union {
        double r[3];
        double s[3];
    };
    double d[3], U[3], V[3];
} vxg_ct_view;

typedef struct vxg_ct_views {
    uint32_t size; /* of this struct; 0: the first layout */
    vxg_ct_beam beam;
    vxg_ct_detector detector;
    uint32_t reserved0; /* 0 */
    int64_t nviews, nv, nu;
    double column_offset; /* q0 of a curved detector, columns */
    const vxg_ct_view *views;
} vxg_ct_views;

/* Any set of views, copied. VXG_ERR_ARGUMENT names the view and field of a NaN, a zero-length r, U
 * or V, U parallel to V, rays in the detector plane, a source in the detector plane, a curved
 * detector whose U, V and d - s are not at right angles or whose fan reaches 90 degrees. */
VXG_API int vxg_ct_geometry_new(const vxg_ct_views *views, vxg_ct_geometry **out);
/* The same for flat detectors. */
VXG_API int vxg_ct_parallel_views(int64_t nviews, int64_t nv, int64_t nu, const vxg_ct_view *views,
                                  vxg_ct_geometry **out);
VXG_API int vxg_ct_cone_views(int64_t nviews, int64_t nv, int64_t nu, const vxg_ct_view *views,
                              vxg_ct_geometry **out);

typedef struct vxg_ct_parallel_opts {
    uint32_t size;        /* of this struct; 0: the first layout */
    int has_center;       /* 0: the middle column (cols-1)/2 */
    const double *angles; /* nviews angles, radians */
    int64_t nviews;
    int64_t rows, cols;
    double pixel;     /* column and row pitch; 0: 1 */
    double row_pitch; /* 0: as pixel */
    double center;    /* column of the rotation axis, 0-based, fractional; see has_center */
} vxg_ct_parallel_opts;

/* The standard parallel-beam scan about z. */
VXG_API int vxg_ct_parallel_circular(const vxg_ct_parallel_opts *opts, vxg_ct_geometry **out);

typedef struct vxg_ct_cone_opts {
    uint32_t size; /* of this struct; 0: the first layout */
    vxg_ct_detector detector;
    const double *angles; /* nviews angles, radians; NULL: a full turn, end point excluded */
    int64_t nviews;
    int64_t rows, cols; /* rows 0: 1, a fan beam */
    double sod, sdd;    /* source to axis, source to detector */
    double pixel;       /* column pitch on the detector; 0: 1 */
    double row_pitch;   /* 0: as pixel */
    double center;      /* column the axis is seen at, 0-based, fractional; see has_center */
    double center_row;  /* row of the plane of the source */
    int has_center;     /* 0: the middle column (cols-1)/2 */
    int has_center_row; /* 0: the middle row (rows-1)/2 */
} vxg_ct_cone_opts;
/* Circular cone-beam (fan-beam) scan about z: source at sod (sin t, -cos t, 0). */
VXG_API int vxg_ct_cone_circular(const vxg_ct_cone_opts *opts, vxg_ct_geometry **out);
VXG_API vxg_ct_geometry *vxg_ct_geometry_retain(const vxg_ct_geometry *geo);
VXG_API void vxg_ct_geometry_release(vxg_ct_geometry *geo);
VXG_API vxg_ct_beam vxg_ct_geometry_beam(const vxg_ct_geometry *geo);
VXG_API vxg_ct_detector vxg_ct_geometry_detector(const vxg_ct_geometry *geo);
VXG_API double vxg_ct_geometry_column_offset(const vxg_ct_geometry *geo);
VXG_API int64_t vxg_ct_geometry_nviews(const vxg_ct_geometry *geo);
VXG_API int64_t vxg_ct_geometry_nv(const vxg_ct_geometry *geo);
VXG_API int64_t vxg_ct_geometry_nu(const vxg_ct_geometry *geo);
VXG_API const vxg_ct_view *vxg_ct_geometry_view(const vxg_ct_geometry *geo, int64_t view);

/* Voxel (k, j, i) is centred at center + R ((i-(nx-1)/2) dx, (j-(ny-1)/2) dy, (k-(nz-1)/2) dz).
 * Volumes stand in other structs: the layout is fixed for an ABI version, `size` is 0 or
 * sizeof(vxg_ct_volume). */
typedef struct vxg_ct_volume {
    uint32_t size;
    uint32_t reserved0; /* 0 */
    int64_t nz, ny, nx;
    double dz, dy, dx;    /* 0: 1 */
    double center[3];     /* x, y, z */
    double rotation[9];   /* row-major R; all zero: identity */
    uint64_t reserved[3]; /* 0 */
} vxg_ct_volume;

/* The volume a standard scan reconstructs: nu x nu x nv voxels about the axis, one slice per row;
 * the detector's pitch, divided by the magnification at the origin for a cone beam. */
VXG_API int vxg_ct_fit_volume(const vxg_ct_geometry *geo, vxg_ct_volume *out);

/* ---- Operators (registry rows ct.*) ---- */
typedef enum vxg_ct_model {
    VXG_CT_JOSEPH,
    VXG_CT_SIDDON,
    VXG_CT_FOOTPRINT,   /* trapezoid along u, rectangle along v */
    VXG_CT_FOOTPRINT_TT /* trapezoids along both: rays that climb steeply */
} vxg_ct_model;

/* Weights of voxels in vxg_ct_backprojector. DISTANCE, cone and fan beams: the square of the
 * magnification at the voxel, (D / L)^2 with L its distance from the source and D the detector's,
 * both along the detector's normal (curved detector: in the plane of the fan). */
typedef enum vxg_ct_weighting { VXG_CT_WEIGHTING_NONE, VXG_CT_WEIGHTING_DISTANCE } vxg_ct_weighting;

typedef struct vxg_ct_projector_opts {
    uint32_t size; /* of this struct; 0: the first layout */
    vxg_ct_model model;
    vxg_real real;
    int no_schedule;            /* 1: always the plain loop */
    vxg_ct_weighting weighting; /* backprojectors; projectors do not read it */
    int texture; /* Experimental: 1, vxg_ct_backprojector of cone and fan beams: see there */
} vxg_ct_projector_opts;

/* X-ray transform, volume (nz, ny, nx) -> projections (nviews, nv, nu): line integrals in the
 * volume's length unit; the vjp is the exact transpose. A call's subset of views costs what these
 * views cost, and they have the bits that they have among all. Joseph: P. M. Joseph, IEEE TMI 1
 * (1982) 192; Siddon: R. L. Siddon, Med. Phys. 12 (1985) 252. opts NULL: Joseph, float32.
 * Footprint: means over the bins, not rays, of a trapezoid along u times a rectangle or trapezoid
 * along v (Y. Long, J. A. Fessler, J. M. Balter, IEEE TMI 29 (2010) 1839); projected mass is exact
 * in parallel beam (the second trapezoid is scaled to the rectangle's area).
 * Flat detectors whose V lies within 1e-3 rad of the volume's z; VXG_ERR_ARGUMENT names the first
 * other view. Voxels that touch the plane of the source are left out. */
VXG_API int vxg_ct_projector(vxg_device *dev, const vxg_ct_geometry *geo, const vxg_ct_volume *vol,
                             const vxg_ct_projector_opts *opts, vxg_op **out);
/* The same in 2-D: image (ny, nx) -> sinogram (nviews, nu). The geometry has one row, the volume
 * one slice; rays lie in the slice: VXG_ERR_ARGUMENT names the first view whose rays leave it. */
VXG_API int vxg_ct_projector2d(vxg_device *dev, const vxg_ct_geometry *geo,
                               const vxg_ct_volume *vol, const vxg_ct_projector_opts *opts,
                               vxg_op **out);
/* The Joseph projector with the geometry as a second input: inputs volume (nz, ny, nx) and delta
 * (nviews, 4, 3), a change of every view's vectors (r or s, d, U, V; x, y, z of each) in world
 * units, zero for the geometry as it is. Linear in the volume; jvp and vjp by both inputs. Flat
 * detectors, any beam. Views are derived from geo + delta in double on the host at every call:
 * delta, its tangent and the sums of its gradient go there and back, and the queue is waited for.
 * Bound to a delta (vxg_op_bind of input 1) it is the projector of the moved views, prepared once.
 * A derivative is that of the interpolated volume: where a ray passes exactly through a line of
 * voxel centres or changes its dominant axis, that of one side. VXG_ERR_ARGUMENT: another model or
 * detector, and at a call a delta that makes a view the geometry would refuse. opts NULL: float32.
 */
VXG_API int vxg_ct_projector_geometry(vxg_device *dev, const vxg_ct_geometry *geo,
                                      const vxg_ct_volume *vol, const vxg_ct_projector_opts *opts,
                                      vxg_op **out);
/* The same in 2-D: image (ny, nx), sinogram (nviews, nu). V and components of delta across the
 * slice do nothing and get no gradient. */
VXG_API int vxg_ct_projector2d_geometry(vxg_device *dev, const vxg_ct_geometry *geo,
                                        const vxg_ct_volume *vol, const vxg_ct_projector_opts *opts,
                                        vxg_op **out);
/* Voxel-driven bilinear backprojector, projections -> volume: each voxel adds, over views, the
 * projection interpolated where the voxel's centre falls, times the weight of opts->weighting.
 * Pixels beyond the detector are 0, voxels behind the source get nothing. Not the adjoint of
 * vxg_ct_projector; its own vjp is its exact transpose. Any views, flat and curved detectors. Fast
 * schedules for parallel beams where rows map to slices one to one and for cone and fan beams,
 * except on curved detectors whose columns lean where there are 4 slices or more. VXG_ERR_ARGUMENT
 * on a distance weight for a parallel beam.
 *
 * opts->texture (operator ct.cone.backprojector.texture, float32): projections are copied into a
 * layered image and read through the device's sampler. On NVIDIA devices its fractions have 8 bits:
 * a fetch is off by at most 1/512 of the difference between neighbouring pixels along each axis.
 * It has no vjp (the sampler's weights are the device's own), and holds one image: one call at a
 * time, on one queue. VXG_ERR_UNSUPPORTED, with "texture" in the message: float64, a parallel beam,
 * a device without layered images or with a limit of rows or columns below the detector's. */
VXG_API int vxg_ct_backprojector(vxg_device *dev, const vxg_ct_geometry *geo,
                                 const vxg_ct_volume *vol, const vxg_ct_projector_opts *opts,
                                 vxg_op **out);

/* ---- Partial work ----
 * A part of the views is a geometry of those views, a part of the volume a volume: make operators
 * of them with the constructors above. Projecting some views gives the bits that these views have
 * in the whole; boxes and subsets add up to the whole within rounding (accumulate). */

/* Voxels [z0, z1) x [y0, y1) x [x0, x1) of a volume as a volume: every voxel stays where it is.
 * VXG_ERR_ARGUMENT names the axis of a range that is empty or reaches outside. */
VXG_API int vxg_ct_volume_box(const vxg_ct_volume *vol, int64_t z0, int64_t z1, int64_t y0,
                              int64_t y1, int64_t x0, int64_t x1, vxg_ct_volume *out);

/* A slice of any direction: pixel (j, i) is centred at
 * center + (i - (nx-1)/2) x + (j - (ny-1)/2) y. */
typedef struct vxg_ct_slice {
    uint32_t size;      /* of this struct; 0: the first layout */
    uint32_t reserved0; /* 0 */
    int64_t ny, nx;
    double center[3];
    double x[3], y[3]; /* steps of a column and a row, at right angles */
    double thickness;  /* 0: the shorter step */
} vxg_ct_slice;
/* The slice as a volume one voxel thick, its z along x cross y. */
VXG_API int vxg_ct_volume_slice(const vxg_ct_slice *slice, vxg_ct_volume *out);

/* Prepared projections: kept on the device, filtered and weighted once, backprojected many times
 * into any volumes (patches, slices), with views replaced as new ones arrive. Thread-safe for
 * concurrent backprojections that bring their own queue and workspace; otherwise one thread at a
 * time. */
typedef struct vxg_ct_prepared vxg_ct_prepared; /* reference-counted */
/* Room for projections (views, rows, columns) or (views, columns), zero-filled. filter: applied to
 * views as they arrive; its domain and range are k such views, k a divisor of their number (1:
 * views may come one by one). NULL: none. weights: a factor per view after the filter; NULL: 1. */
VXG_API int vxg_ct_prepared_new(const vxg_space *projections, vxg_device *dev, const vxg_op *filter,
                                const double *weights, vxg_ct_prepared **out);
VXG_API vxg_ct_prepared *vxg_ct_prepared_retain(vxg_ct_prepared *prepared);
VXG_API void vxg_ct_prepared_release(vxg_ct_prepared *prepared);
/* Replaces views [first, first + n) by `views` (n, rows, columns), n a multiple of the filter's k.
 * call: queue and workspace, or NULL. */
VXG_API int vxg_ct_prepared_update(vxg_ct_prepared *prepared, int64_t first, const vxg_call *call,
                                   const vxg_array *views);
/* The stored views [first, first + n), as an array on the same memory. */
VXG_API int vxg_ct_prepared_views(const vxg_ct_prepared *prepared, int64_t first, int64_t n,
                                  vxg_array *out);
/* Applies op, from n views to anything (vxg_ct_backprojector, the vxg_op_adjoint of a
 * projector...), to the stored views [first, first + n). With the same op again, or with workspace
 * in the call, it allocates, compiles and synchronises nothing. Bits are those of vxg_op_apply.
 * VXG_ERR_ARGUMENT: op takes projections of another size; a view that is not there. */
VXG_API int vxg_ct_prepared_backproject(vxg_ct_prepared *prepared, const vxg_op *op, int64_t first,
                                        const vxg_call *call, const vxg_array *out);
/* The same with the n views numbered in `views`, in that order, repeats allowed: op is made for
 * vxg_ct_geometry_take of them. Views that are not neighbours are copied side by side first (from a
 * texture they are read where they are); room for them is kept, so that a second call with as many
 * allocates nothing. One thread and queue at a time. Bits are those of vxg_op_apply on the views
 * taken. VXG_ERR_ARGUMENT: another number than op takes; a view that is not there, by its place. */
VXG_API int vxg_ct_prepared_backproject_list(vxg_ct_prepared *prepared, const vxg_op *op, int64_t n,
                                             const int64_t *views, const vxg_call *call,
                                             const vxg_array *out);
/* Experimental: from now on also keeps the views as a texture: operators made with opts.texture
 * read it in prepared calls instead of filling their own, any number of them; updates replace their
 * views in it. Sums over views in several images or runs agree with one run within rounding.
 * Float32, three axes; VXG_ERR_UNSUPPORTED as for vxg_ct_backprojector with a texture. call: queue,
 * or NULL. */
VXG_API int vxg_ct_prepared_keep_texture(vxg_ct_prepared *prepared, const vxg_call *call);

/* X(enum, name) */
#define VXG_CT_WINDOW_LIST(X)                                                                      \
    X(RAMP, "ramp")                                                                                \
    X(SHEPP, "shepp-logan")                                                                        \
    X(COSINE, "cosine")                                                                            \
    X(HANN, "hann")                                                                                \
    X(HAMMING, "hamming")                                                                          \
    X(PARZEN, "parzen")                                                                            \
    X(BUTTERWORTH, "butterworth")                                                                  \
    X(NONE, "none")
typedef enum vxg_ct_window {
#define VXG_X(e, n) VXG_CT_WINDOW_##e,
    VXG_CT_WINDOW_LIST(VXG_X)
#undef VXG_X
} vxg_ct_window;

/* Response H[0..nfft/2] of a window times the ramp, from spatial-domain ramp taps (no DC bias;
 * Kak & Slaney 1988 eq. 3.61) for column pitch `pitch`: apply by circular convolution of nfft
 * points. nfft a power of two >= 2 n - 1... NONE is all ones (no ramp). Parameters: butterworth
 * cutoff 0.5 of Nyquist, order 8 as stated in docs; cutoff 0: default. */
VXG_API int vxg_ct_filter_response(vxg_ct_window window, double cutoff, int64_t nfft, double pitch,
                                   double *response);
/* Filters every row of (nviews, nv, nu) along u with zero padding to >= 2 nu; weights (nviews)
 * scale the views, NULL: 1. Self-adjoint up to the weights; carries its exact adjoint. The
 * projections' storage type is that of `real` (vxg_real_dtype). */
VXG_API int vxg_ct_filter(vxg_device *dev, const vxg_space *projections, const double *response,
                          int64_t nfft, const double *weights, vxg_real real, vxg_op **out);
/* Quadrature weights over angle (radians) for FBP of a 180 or 360 degree scan, angles in any order
 * and spacing, duplicates (0 and 360, or 0 and 180) shared: sum = pi. A spacing between neighbours
 * that is over 5 times the median and wider than irregular angles explain
 * (docs/ct-preprocessing.md) was not measured: any number of such gaps count as one median spacing
 * each, and the sum is less. */
VXG_API int vxg_ct_angle_weights(int64_t nviews, const double *angles, double *weights);

/* Half-fan or half-acquisition: a full turn with the axis at the detector's side. */
typedef enum vxg_ct_half_fan {
    VXG_CT_HALF_FAN_AUTO, /* when the axis is over 5 % of the detector's width off its middle */
    VXG_CT_HALF_FAN_NO,
    VXG_CT_HALF_FAN_YES
} vxg_ct_half_fan;

typedef struct vxg_ct_fbp_opts {
    uint32_t size; /* of this struct; 0: the first layout */
    vxg_ct_window window;
    double cutoff; /* fraction of Nyquist; 0: the window's default */
    vxg_real real;
    int no_schedule;
    vxg_ct_half_fan half_acquisition;
    const vxg_ct_geometry *whole; /* as in vxg_ct_fdk_opts */
} vxg_ct_fbp_opts;
/* Filtered backprojection of a parallel beam as one operator, projections -> volume in true
 * attenuation. Angles are those of the geometry's rays, pitches those of its rays in the x-y plane:
 * both may differ from view to view, and a detector may be rotated about its columns at will. A
 * full turn with the axis at the detector's side (half-acquisition) is reconstructed as far as the
 * far side reaches. Rows are filtered as they are: detectors may be rotated within their plane by
 * up to 0.2 rad, which is approximate for objects that vary along z. VXG_ERR_UNSUPPORTED, by name:
 * rays over 1e-3 rad off the x-y plane (laminography), a detector that moves along z (a helix);
 * VXG_ERR_ARGUMENT: fan and cone beams, an axis that is not on the detector. */
VXG_API int vxg_ct_fbp(vxg_device *dev, const vxg_ct_geometry *geo, const vxg_ct_volume *vol,
                       const vxg_ct_fbp_opts *opts, vxg_op **out);

typedef struct vxg_ct_fourier_opts {
    uint32_t size; /* of this struct; 0: the first layout */
    vxg_ct_window window;
    double cutoff;   /* fraction of Nyquist; 0: the window's default */
    double accuracy; /* how far a wave, one frequency of one view, may be off anywhere in the
                        volume, of its height: 2e-5 to 2e-2, beside float32's rounding; 0: 2e-2.
                        Of what many make the error is far less: docs/fourier.md */
    vxg_real real;
    int no_schedule;
    vxg_ct_half_fan half_acquisition;
    int sharp;                    /* 1: rows are not smoothed, see below */
    const vxg_ct_geometry *whole; /* as in vxg_ct_fdk_opts */
} vxg_ct_fourier_opts;
/* Experimental: the same reconstruction by the slice's spectrum: of n columns, views and voxels
 * across it takes n^2 log n steps a slice, not n^3 (J. D. O'Sullivan, IEEE Trans. Med. Imaging 4
 * (1985) 200). Filtered rows are interpolated by their band limit and smoothed as the linear
 * interpolation of vxg_ct_fbp smooths them: the two differ by the frequencies beyond the band that
 * linear interpolation adds. Not smoothed (`sharp`) edges are sharper and ring. Outside the circle
 * that all views see, values are what filtered rows continued beyond the detector add up to.
 * Angles, pitches, half-acquisition and errors as vxg_ct_fbp; VXG_ERR_UNSUPPORTED, by name, too:
 * slices that are not detector rows, voxels too large for the projections' frequencies. */
VXG_API int vxg_ct_fourier(vxg_device *dev, const vxg_ct_geometry *geo, const vxg_ct_volume *vol,
                           const vxg_ct_fourier_opts *opts, vxg_op **out);

/* ---- Analytic reconstruction: fan and cone beams (host arrays in double, then one operator) ----
 * A scan turns about an axis along z. Its angle t is that of the source, radius (sin t, -cos t)
 * from the axis. The fan angle g of a ray lies in the x-y plane, counted from the line to the axis
 * and positive towards (cos t, sin t); the ray (t, g) is met again, from the other side, as
 * (t + pi - 2 g, -g). */

/* The axis (x, y) and, for every view, t in (-pi, pi] and the source's distance from the axis;
 * angles, radius: nviews each, may be NULL. The axis is the middle of the circle that fits the
 * sources best; one or two views turn about the origin. VXG_ERR_ARGUMENT on parallel beams and on
 * sources in one place or in a line. */
VXG_API int vxg_ct_source_angles(const vxg_ct_geometry *geo, double axis[2], double *angles,
                                 double *radius);
/* Fan angle g of every pixel (nv, nu) of a view, and the cosine of the angle between its ray and
 * the level line through the axis: the weight of Feldkamp, Davis and Kress (J. Opt. Soc. Am. A 1
 * (1984) 612) for any position of the detector. Either array may be NULL. */
VXG_API int vxg_ct_fan_angles(const vxg_ct_geometry *geo, int64_t view, const double axis[2],
                              double *gamma, double *cosine);
/* Quadrature weights over a turn, angles in any order and spacing, duplicates (0 and 360 degrees)
 * shared; their sum is 2 pi, less the gaps (see vxg_ct_angle_weights). *first and *range: where the
 * scan begins behind its widest gap, and its length from the first view to the last; 2 pi when
 * nothing is missing. Both may be NULL. */
VXG_API int vxg_ct_turn_weights(int64_t nviews, const double *angles, double *weights,
                                double *first, double *range);
/* Redundancy weights of n rays of the view at t in a scan over [first, first + range], pi < range
 * <= 2 pi: with delta = (range - pi) / 2 they rise as sin^2 over t - first < 2 (delta + g) and fall
 * behind pi + 2 g, so that the two measurements of a ray sum to 1; a ray measured once has 1 (D. L.
 * Parker, Med. Phys. 9 (1982) 254; beyond the shortest scan, delta > the largest g: M. D. Silver,
 * Med. Phys. 27 (2000) 773). Views outside the scan and |g| > delta get 0. */
VXG_API int vxg_ct_parker_weights(double t, double first, double range, int64_t n,
                                  const double *gamma, double *weights);
/* Redundancy weights of n rays of a full turn whose detector reaches from fan angle lo < 0 to
 * hi > 0 but further to one side: 0 to 1 as (1 + sin) / 2 over |g| < min(-lo, hi), 1 beyond on the
 * far side, so that g and -g sum to 1 (G. Wang, Med. Phys. 29 (2002) 1634). */
VXG_API int vxg_ct_offset_weights(double lo, double hi, int64_t n, const double *gamma,
                                  double *weights);

/* The arc of a scan. */
typedef enum vxg_ct_arc {
    VXG_CT_ARC_AUTO,   /* what vxg_ct_angle_weights calls gaps was not measured */
    VXG_CT_ARC_FULL,   /* all was */
    VXG_CT_ARC_SHORT,  /* gaps, and the widest spacing in any case, were not */
    VXG_CT_ARC_LIMITED /* as AUTO; rays that no view measures are no reason to refuse */
} vxg_ct_arc;

typedef struct vxg_ct_fdk_opts {
    uint32_t size; /* of this struct; 0: the first layout */
    vxg_ct_window window;
    double cutoff; /* fraction of Nyquist; 0: the window's default */
    vxg_real real;
    int no_schedule;
    vxg_ct_arc arc;
    vxg_ct_half_fan half_fan;
    double extend; /* truncated projections: rows are continued on both sides by this fraction of
                    * the detector's width, edge value times a falling half-cosine; 0: by zeros */
    const vxg_ct_geometry *whole; /* the scan that the geometry is some rows of: weights are those
                                   * of the whole, so that slabs fit together; NULL: itself */
} vxg_ct_fdk_opts;

/* Reconstruction of a circular scan as one linear operator, projections (nviews, nv, nu) -> volume
 * (nz, ny, nx) in true attenuation: fan beam (one row) exact filtered backprojection, cone beam
 * Feldkamp, Davis and Kress; flat and curved detectors; full turns, short scans, scans with gaps,
 * half-fan scans. In short scans and scans with gaps whose axis is at the side the field of view is
 * what the short side sees.
 * Rows are filtered as they are: a flat detector may be rotated about its column axis and about the
 * level line in it at will, and by up to 0.2 rad within its plane, which is approximate for objects
 * that vary along z. A source that moves along z by over 1 % of its distance from the axis is on a
 * helix, views in the order they were taken: every voxel is divided by the turns during which the
 * detector saw it, 0 below half a turn; this is approximate. VXG_ERR_ARGUMENT, by name: parallel
 * beams, distances to the axis over 1 % different, arcs shorter than pi and the fan and gaps that
 * leave rays in no view (but see VXG_CT_ARC_LIMITED), a half-fan that was asked for in less than a
 * turn, an axis at the side on a helix, an axis that is not on the detector. */
VXG_API int vxg_ct_fdk(vxg_device *dev, const vxg_ct_geometry *geo, const vxg_ct_volume *vol,
                       const vxg_ct_fdk_opts *opts, vxg_op **out);

/* ---- Preprocessing (host arrays, float32, C order; in place; one thread per call) ---- */
/* Stands in other structs: the layout is fixed for an ABI version. */
typedef struct vxg_ct_bad_counts {
    uint32_t size;       /* 0 or sizeof(vxg_ct_bad_counts) */
    uint32_t reserved0;  /* 0 */
    int64_t nonpositive; /* transmission <= 0: replaced */
    int64_t nonfinite;   /* NaN or infinite counts: replaced */
    int64_t dead;        /* pixels whose flat equals or is below the dark: line integral set to 0 */
    int64_t reserved[4]; /* 0 */
} vxg_ct_bad_counts;

/* Mean over frames of (nframes, n) into mean[n]; NaN pixels are left out of their mean. */
VXG_API int vxg_ct_frame_mean(const float *frames, int64_t nframes, int64_t n, float *mean);
/* data (nviews, n) becomes -log((data - dark) / (flat - dark)); non-positive or non-finite
 * transmissions are replaced by `floor` (0: 1e-6) and counted; dead pixels give 0. counts is added
 * to, may be NULL. flat, dark: n values each; dark NULL: zero. */
VXG_API int vxg_ct_normalize(float *data, int64_t nviews, int64_t n, const float *flat,
                             const float *dark, double floor, vxg_ct_bad_counts *counts);
/* Values of projections (nviews, nv, nu) that are not finite are replaced by their neighbours:
 * along the row of the view; where that holds no good value, from the same row of the views before
 * and after; a row without good values in all views, up to 4 neighbours, from the good rows on both
 * sides, else it becomes 0 and is counted in *empty_rows. *repaired: values replaced. Both may be
 * NULL. VXG_ERR_ARGUMENT: NULL or empty projections. */
VXG_API int vxg_ct_repair(float *projections, int64_t nviews, int64_t nv, int64_t nu,
                          int64_t *repaired, int64_t *empty_rows);
/* Ring removal by sorting (Vo, Atwood, Drakopoulos, Opt. Express 26 (2018) 28396, algorithm 3):
 * every column of the sinogram (nviews, nu) is sorted over views, the sorted image is
 * median-filtered across columns (odd `size`), and values return to their places. */
VXG_API int vxg_ct_ring_sort(float *sinogram, int64_t nviews, int64_t nu, int size);

/* Removal of offsets that a column of the detector has in all views: of each column and row of
 * projections (nviews, nv, nu) the mean over views less its median over `size` columns (odd; the
 * ends continued) is subtracted. Gentler than sorting where few views pass a column, and linear in
 * what varies over views; an edge of the object that stays in one column is flattened.
 * VXG_ERR_ARGUMENT: sizes; VXG_ERR_INPUT: a mean that is not finite. */
VXG_API int vxg_ct_ring_mean(float *projections, int64_t nviews, int64_t nv, int64_t nu, int size);

/* ---- Rotation centre (host, one sinogram of line integrals (nviews, nu)) ---- */
typedef struct vxg_ct_center_opts {
    uint32_t size;      /* of this struct; 0: the first layout */
    uint32_t reserved0; /* 0 */
    double lo, hi;      /* columns searched; both 0: the middle half of the detector */
    double step;        /* coarse step, 0: 0.5 */
    double fine;        /* fine step, 0: 0.05, or step where that is less */
    double smooth;      /* rows are smoothed by a Gaussian of this sigma, columns; 0: as little as
                         * the method can do with */
} vxg_ct_center_opts;

typedef struct vxg_ct_center_curve { /* score curve; free() nothing: caller's arrays */
    uint32_t size;                   /* of this struct; 0: the first layout */
    uint32_t reserved0;              /* 0 */
    double *center, *score;
    int64_t capacity, count;
    double lo, hi; /* set: the columns that were judged, between which the centre was sought: those
                    * asked for, less those where too little can be compared */
    int at_border; /* set: 1 when the best lies at one of these, so that the axis may lie beyond;
                    * without a curve this is logged as a warning */
    uint32_t reserved1; /* 0 */
} vxg_ct_center_curve;

/* Vo's Fourier double-wedge method (Opt. Express 22 (2014) 19078). theta in radians; the scan
 * covers about 180 degrees. The lowest score wins. curve may be NULL. */
VXG_API int vxg_ct_center_vo(const float *sinogram, int64_t nviews, int64_t nu, const double *theta,
                             const vxg_ct_center_opts *opts, vxg_ct_center_curve *curve,
                             double *center);
/* Registration of the 0-degree row against the mirrored 180-degree row, sub-pixel; where no view is
 * exactly 180 degrees away the opposite row is corrected for the missing angle. `projections` may
 * hold several rows (nviews, nv, nu): all rows vote. */
VXG_API int vxg_ct_center_pair(const float *projections, int64_t nviews, int64_t nv, int64_t nu,
                               const double *theta, const vxg_ct_center_opts *opts,
                               vxg_ct_center_curve *curve, double *center);

/* The axis of a full turn, by all pairs of opposite views: one function of columns for all, less
 * what every view of a column has in common (rings), smoothed as far as noise asks. Searched is the
 * whole detector, so that the axis may be at its side (half-acquisition), down to strips of nu / 16
 * columns (16 at least) that opposite views share; opts->smooth is not looked at. `projections` as
 * above. VXG_ERR_INPUT: under half of the views have an opposite one, values that are not finite,
 * opposite views that agree nowhere. */
VXG_API int vxg_ct_center_opposite(const float *projections, int64_t nviews, int64_t nv, int64_t nu,
                                   const double *theta, const vxg_ct_center_opts *opts,
                                   vxg_ct_center_curve *curve, double *center);

/* Bytes that these and vxg_ct_center_conjugate take at most beside their arguments,
 * vxg_ct_center_vo and vxg_ct_center_conjugate of one row and the others of nv, with as many
 * threads as there are now. -1: the options are refused. Thread-safe. */
VXG_API int64_t vxg_ct_center_memory(int64_t nviews, int64_t nv, int64_t nu,
                                     const vxg_ct_center_opts *opts);
/* Experimental: the column at which the axis of a full turn of a fan beam is seen: every ray is
 * compared with the one that runs the other way, column by column (x beside the axis against -x),
 * by harmonics over views; offsets that a column has in all views do no harm. projections (nviews,
 * nu): of a cone beam the row in the plane of the source. Flat or curved detectors at a right angle
 * to the ray through the axis, source on a circle. Searched are, lo and hi 0, the columns to nu / 8
 * beside the one at which geo sees the axis; opts->smooth is not looked at. vxg_ct_detector_shift
 * by that column less *center puts the geometry right. VXG_ERR_ARGUMENT: sizes, a parallel beam.
 * VXG_ERR_INPUT: a short scan or one with gaps, another path or detector, values that are not
 * finite, conjugate rays that agree nowhere. */
VXG_API int vxg_ct_center_conjugate(const float *projections, int64_t nviews, int64_t nu,
                                    const vxg_ct_geometry *geo, const vxg_ct_center_opts *opts,
                                    vxg_ct_center_curve *curve, double *center);

/* ---- Scan to volume ---- */
typedef struct vxg_ct_recon_opts {
    uint32_t size; /* of this struct; 0: the first layout */
    vxg_ct_window window;
    double center; /* rotation axis, 0-based column of the full detector */
    double cutoff;
    int ring_size;                /* 0: no ring removal; odd window in columns */
    int reverse;                  /* stage turns clockwise */
    int64_t row_begin, row_end;   /* detector rows, the end excluded; end 0: to the last */
    int64_t view_begin, view_end; /* end 0: to the last */
    int64_t col_begin, col_end;   /* end 0: to the last */
    int64_t max_memory; /* bytes the pipeline may hold at once, what reading takes included (its
                         * helper process too), but not what each thread of the pool takes for its
                         * stack, up to 64 kB; 0: an eighth of the device's memory, 1 to 16 GiB */
    int no_minus_log;   /* data are line integrals already */
    int part; /* Experimental: 1: these rows are a part of the work, that too few values of them are
               * good is no error: vxg_ct_recon_judge looks at all of it together */
    int64_t side; /* voxels along x and y; 0: as many as columns */
    const vxg_progress *progress;
    const char
        *scratch; /* folder of the scratch file; NULL: the environment's TMPDIR or /var/tmp */
    /* Experimental: "fbp": filtered backprojection; "fourier": vxg_ct_fourier, of scans without a
     * geometry; NULL, "" or "auto": one of the two, by the device and the sizes of projections and
     * slices alone. Or iterative reconstruction by Joseph's projector, the name of a method
     * (vxg_solve_row). Parallel beams go slab by slab with methods that keep slices apart
     * (slicewise) and no rule for stopping; else the whole volume and all projections are held at
     * once; what max_memory does not hold of them lies, on the cpu, in a scratch file that is
     * mapped (the system keeps what it has room for, and takes it back when it needs it), to the
     * same bits; elsewhere it is refused with VXG_ERR_MEMORY. window and cutoff are those of fbp
     * and fourier: with a method VXG_ERR_ARGUMENT. VXG_ERR_INPUT: data whose squares are beyond the
     * arithmetic, which may be known only after slices were written. VXG_ERR_NUMERICAL: steps so
     * long that the result or its projections are not finite.
     */
    const char *algorithm;
    const vxg_solve_opts
        *solve; /* Experimental: its options, NULL: its own. Values are in the volume's unit
                   (parallel beams without a geometry: per pixel), what stands for 0 is per voxel;
                   progress is not looked at; each spacing of 0: the voxels'. A callback's x, and
                   what it writes there, is in the volume's unit as well */
    /* Experimental: of iterative methods, called at the end of work that succeeded, on the calling
     * thread, once for each iteration from 1 on: the residual and the penalty that
     * vxg_solver_history has of it, of all slices together. NULL: nobody asks. */
    void (*trace)(void *context, int iteration, double residual, double penalty);
    void *trace_context;
    /* Experimental: of iterative methods that hold the whole volume: called when the solver is
     * made and after every iteration, on the calling thread. Nothing but vxg_solver_save and, the
     * first time, vxg_solver_load may be called for it: a run that loads a state of the same work
     * goes on from there, to the same bits. Another number than 0 is a status, which ends the work
     * and is handed on. NULL: nobody. */
    int (*keep)(void *context, vxg_solver *solver);
    void *keep_context;
    /* Experimental: of vxg_ct_reconstruct_views by filtered backprojection: the slices to make, the
     * end excluded; end 0: to the last. The writer's slices count from slice_begin. A slice has the
     * same bits whatever is made beside it; blocks of 64 from 0 on make nothing twice. Values of a
     * detector row are counted in the part with the first slice that needs it, so that what parts
     * count adds up to what one run does; that too few are good is no error of a part
     * (vxg_ct_recon_judge). Elsewhere VXG_ERR_ARGUMENT unless they are 0. */
    int64_t slice_begin, slice_end;
} vxg_ct_recon_opts;

typedef struct vxg_ct_recon_stats {
    uint32_t size;      /* of this struct, set by the caller; 0: the first layout */
    uint32_t reserved0; /* 0 */
    vxg_ct_bad_counts bad;
    int64_t slices, ny, nx;
    int64_t chunk;      /* slices held at once */
    int64_t peak_bytes; /* the pipeline's own, as counted before the run; after VXG_ERR_MEMORY, the
                         * least it would have needed */
    int64_t repaired;   /* values replaced by their neighbours, by vxg_ct_repair's rule */
    int64_t empty_rows; /* detector rows without any good value; they count as 0 */
    /* Experimental: of iterative methods, else 0. */
    int64_t negative; /* line integrals below 0 that count as 0, where data must not be negative */
    int iterations;
    uint32_t reserved1;    /* 0 */
    double residual, data; /* |b - A x| and |b| of all that was written */
    const char
        *algorithm; /* Experimental: what it was made by: "fbp", "fdk", "fourier", a method */
    int64_t values; /* Experimental: those that were looked at, in rows that are not empty */
    double largest; /* Experimental: magnitude of line integrals, of iterative methods */
    int64_t scratch_bytes; /* Experimental: of a scratch file that stands for memory: vectors and
                            * projections of an iterative method (rows of filtered backprojection
                            * are not counted) */
} vxg_ct_recon_stats;

/* Voxels along x and y that show all of the scan's field of view: the number of used columns or, in
 * a half-acquisition (a full turn whose axis is over 5 % of the used columns off their middle),
 * twice the far side. */
VXG_API int vxg_ct_recon_side(const vxg_scan_reader *scan, const vxg_ct_recon_opts *opts,
                              int64_t *side);
/* Reads, corrects, filters, backprojects and writes slab by slab in bounded memory; reading,
 * compute and writing overlap. Bits do not depend on max_memory or threads. Counts that are not
 * finite, transmissions <= 0, pixels whose flat does not exceed the dark, and with no_minus_log
 * values that are not finite are repaired by vxg_ct_repair's rule before rings are removed.
 * VXG_ERR_NUMERICAL: over a quarter of the values of the rows used is bad, no row has a good value,
 * or the volume would hold a value that is not finite. VXG_ERR_MEMORY: max_memory is too small for
 * one slice; the message says what is needed. Where the scan's chunks lie across slabs, so that
 * they would be unpacked more than three times, the reader copies them once into a scratch file
 * without a name in opts->scratch, if there is room. On failure or cancellation the caller abandons
 * the writer. */
VXG_API int vxg_ct_reconstruct(vxg_device *dev, vxg_scan_reader *scan,
                               const vxg_ct_recon_opts *opts, vxg_volume_writer *writer,
                               vxg_ct_recon_stats *stats);
/* Experimental: what vxg_ct_reconstruct or, with a geometry, vxg_ct_reconstruct_views (geo and vol
 * NULL: the former) would do: its sizes, chunk, peak_bytes, algorithm and how many iterations are
 * allowed. Nothing is read but how the file is laid out, nothing computed but what sizes depend on.
 * The same refusals as far as they are known before the work; VXG_ERR_MEMORY: peak_bytes is the
 * least it needs. */
VXG_API int vxg_ct_recon_plan(vxg_device *dev, vxg_scan_reader *scan, const vxg_ct_geometry *geo,
                              const vxg_ct_volume *vol, const vxg_ct_recon_opts *opts,
                              vxg_ct_recon_stats *stats);
/* Experimental: whether the scan is good enough, of the sums of what parts of it (opts->part) have
 * told; pixels: of a projection, all of the parts'. VXG_ERR_NUMERICAL and VXG_ERR_INPUT as of
 * vxg_ct_reconstruct. */
VXG_API int vxg_ct_recon_judge(const vxg_ct_recon_stats *sum, int64_t pixels);
/* The same for scans of any geometry (fan, cone: vxg_ct_fdk, with what it refuses): geo has the
 * used projections and all rows and columns of the scan; its angles, not the scan's, are used, and
 * opts->center, reverse, rows and columns are not looked at. Every detector row that is needed is
 * read, corrected and filtered once; filtered rows are kept while slabs of the volume need them, in
 * memory or, where max_memory is too small for that, in a scratch file without a name in
 * opts->scratch. Slabs and blocks of views are cut by geometry and volume alone. VXG_ERR_INPUT
 * names the size in which scan and geometry differ, VXG_ERR_OUTPUT a scratch folder without room.
 */
VXG_API int vxg_ct_reconstruct_views(vxg_device *dev, vxg_scan_reader *scan,
                                     const vxg_ct_geometry *geo, const vxg_ct_volume *vol,
                                     const vxg_ct_recon_opts *opts, vxg_volume_writer *writer,
                                     vxg_ct_recon_stats *stats);
/* One slice (detector row `row`, 0-based) for each of ncenters centres: out (ncenters, n, n), which
 * is not counted in max_memory. */
VXG_API int vxg_ct_try_centers(vxg_device *dev, vxg_scan_reader *scan,
                               const vxg_ct_recon_opts *opts, int64_t row, int64_t ncenters,
                               const double *centers, float *out);
/* The same to a writer, one slice after another: slice i is that of centers[i]. The row is read
 * once. VXG_ERR_MEMORY as of vxg_ct_reconstruct. stats may be NULL. */
VXG_API int vxg_ct_try_centers_write(vxg_device *dev, vxg_scan_reader *scan,
                                     const vxg_ct_recon_opts *opts, int64_t row, int64_t ncenters,
                                     const double *centers, vxg_volume_writer *writer,
                                     vxg_ct_recon_stats *stats);

#ifdef __cplusplus
}
#endif
#endif
