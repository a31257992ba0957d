/* Wrong use of the public functions gives a status with words, never a crash: geometries, phantoms,
 * projectors, reconstruction, preparation, files and pictures. array_abuse.c, device_abuse.c and
 * op_misuse.c have their headers. */
#include <unistd.h>

#include "abuse.h"

static vxg_device *dev;
static vxg_ct_geometry *parallel, *cone;
static vxg_ct_volume vol = {.nz = 4, .ny = 8, .nx = 8};
static vxg_op *projector;
static const double angles[6] = {0, .5, 1, 1.5, 2, 2.5};
static const int64_t shape[3] = {4, 8, 8};
static vxg_array released;
static char folder[512];

/* ---- Geometries ---- */
TEST(geometry)
{
    vxg_ct_geometry *g;
    const vxg_ct_parallel_opts flat = {.angles = angles, .nviews = 2, .rows = 1, .cols = 4};
    const vxg_ct_cone_opts round = {.nviews = 2, .rows = 1, .cols = 4, .sod = 1, .sdd = 2};
#define FLAT(...)                                                                                  \
    do {                                                                                           \
        vxg_ct_parallel_opts o = flat;                                                             \
        __VA_ARGS__;                                                                               \
        BAD(vxg_ct_parallel_circular(&o, &g));                                                     \
        EXPECT(!g, "out is set");                                                                  \
    } while (0)
#define ROUND(...)                                                                                 \
    do {                                                                                           \
        vxg_ct_cone_opts o = round;                                                                \
        __VA_ARGS__;                                                                               \
        BAD(vxg_ct_cone_circular(&o, &g));                                                         \
        EXPECT(!g, "out is set");                                                                  \
    } while (0)
    BAD(vxg_ct_parallel_circular(NULL, &g));
    BAD(vxg_ct_parallel_circular(&flat, NULL));
    FLAT(o.angles = NULL);
    FLAT(o.nviews = -1);
    FLAT(o.nviews = 0);
    FLAT(o.rows = o.cols = (int64_t)1 << 62);
    FLAT(o.pixel = NAN);
    FLAT(o.pixel = -1);
    FLAT(o.center = INFINITY, o.has_center = 1);
    FLAT(o.size = 3);
    BAD(vxg_ct_cone_circular(NULL, &g));
    BAD(vxg_ct_cone_circular(&round, NULL));
    ROUND(o.nviews = (int64_t)1 << 40);
    ROUND(o.nviews = (int64_t)1 << 60);
    ROUND(o.sdd = -0.5);
    ROUND(o.sod = o.sdd = INFINITY);
    ROUND(o.detector = (vxg_ct_detector)9);
    const vxg_ct_view v = {.s = {0, -1, 0}, .d = {0, 1, 0}, .U = {1, 0, 0}, .V = {0, 0, 1}};
    const vxg_ct_views beam = {.beam = (vxg_ct_beam)9, .nviews = 1, .nv = 1, .nu = 1, .views = &v};
    const vxg_ct_views no_views = {.nviews = 1, .nv = 1, .nu = 1};
    BAD(vxg_ct_geometry_new(NULL, &g));
    BAD(vxg_ct_geometry_new(&beam, &g));
    BAD(vxg_ct_geometry_new(&beam, NULL));
    BAD(vxg_ct_geometry_new(&no_views, &g));
    BAD(vxg_ct_parallel_views(1, 1, 1, NULL, &g));
    BAD(vxg_ct_cone_views(1, 1, 1, NULL, &g));
    vxg_ct_geometry_release(NULL);
    EXPECT(!vxg_ct_geometry_retain(NULL), "retained NULL");
    EXPECT(vxg_ct_geometry_nviews(NULL) == 0 && vxg_ct_geometry_nv(NULL) == 0 &&
               vxg_ct_geometry_nu(NULL) == 0 && vxg_ct_geometry_column_offset(NULL) == 0,
           "sizes of NULL");
    EXPECT(vxg_ct_geometry_beam(NULL) == VXG_CT_BEAM_PARALLEL &&
               vxg_ct_geometry_detector(NULL) == VXG_CT_DETECTOR_FLAT,
           "beam of NULL");
    EXPECT(!vxg_ct_geometry_view(NULL, 0) && !vxg_ct_geometry_view(parallel, -1) &&
               !vxg_ct_geometry_view(parallel, 9999),
           "views that are none");
}

TEST(geometry_algebra)
{
    vxg_ct_geometry *g;
    const int64_t wrong = 99, zero = 0;
    const vxg_ct_geometry *two[2] = {parallel, cone}, *hole[2] = {parallel, NULL};
    const double none[9] = {0}, bad[3] = {NAN, 1, 1}, by[3] = {1, 2, 3};
    double point[3], a[6], P[72];
    BAD(vxg_ct_geometry_take(parallel, 1, &wrong, &g));
    BAD(vxg_ct_geometry_take(parallel, (int64_t)1 << 60, &zero, &g));
    BAD(vxg_ct_geometry_take(parallel, 1, NULL, &g));
    BAD(vxg_ct_geometry_take(NULL, 1, &zero, &g));
    BAD(vxg_ct_geometry_take(parallel, 1, &zero, NULL));
    BAD(vxg_ct_geometry_slice(parallel, 0, 6, 0, &g));
    BAD(vxg_ct_geometry_slice(parallel, 0, 6, INT64_MIN, &g));
    BAD(vxg_ct_geometry_slice(parallel, 0, INT64_MAX, 1, &g));
    BAD(vxg_ct_geometry_slice(parallel, INT64_MIN, INT64_MAX, INT64_MAX, &g));
    BAD(vxg_ct_geometry_slice(NULL, 0, 1, 1, &g));
    BAD(vxg_ct_geometry_slice(parallel, 0, 1, 1, NULL));
    BAD(vxg_ct_geometry_concat(2, NULL, &g));
    BAD(vxg_ct_geometry_concat(0, two, &g));
    BAD(vxg_ct_geometry_concat(-1, two, &g));
    BAD(vxg_ct_geometry_concat(2, two, &g));
    BAD(vxg_ct_geometry_concat(2, hole, &g));
    BAD(vxg_ct_geometry_concat(1, two, NULL));
    BAD(vxg_ct_geometry_shift(NULL, by, &g));
    BAD(vxg_ct_geometry_shift(parallel, NULL, &g));
    BAD(vxg_ct_geometry_shift(parallel, bad, &g));
    BAD(vxg_ct_geometry_shift(parallel, by, NULL));
    BAD(vxg_ct_geometry_scale(parallel, none, &g));
    BAD(vxg_ct_geometry_scale(parallel, bad, &g));
    BAD(vxg_ct_geometry_scale(parallel, NULL, &g));
    BAD(vxg_ct_geometry_scale(NULL, by, &g));
    BAD(vxg_ct_geometry_scale(parallel, by, NULL));
    BAD(vxg_ct_geometry_rotate(parallel, none, &g));
    BAD(vxg_ct_geometry_rotate(parallel, NULL, &g));
    BAD(vxg_ct_geometry_rotate(NULL, none, &g));
    BAD(vxg_ct_geometry_isocenter(NULL, point));
    BAD(vxg_ct_geometry_isocenter(cone, NULL));
    BAD(vxg_ct_geometry_recenter(NULL, point, &g));
    BAD(vxg_ct_geometry_recenter(cone, NULL, NULL));
    BAD(vxg_ct_detector_roll(NULL, 0.1, &g));
    BAD(vxg_ct_detector_roll(cone, NAN, &g));
    BAD(vxg_ct_detector_roll(cone, 0.1, NULL));
    BAD(vxg_ct_detector_shift(NULL, 1, 1, &g));
    BAD(vxg_ct_detector_shift(cone, INFINITY, 1, &g));
    BAD(vxg_ct_detector_shift(cone, 1, 1, NULL));
    BAD(vxg_ct_geometry_angles(NULL, a));
    BAD(vxg_ct_geometry_angles(cone, NULL));
    BAD(vxg_ct_pixel(cone, 99, 0, 0, point));
    BAD(vxg_ct_pixel(NULL, 0, 0, 0, point));
    BAD(vxg_ct_pixel(cone, 0, 0, 0, NULL));
    BAD(vxg_ct_from_matrices(1, 2, 2, NULL, 1, &g));
    BAD(vxg_ct_from_matrices(1, 2, 2, (const double[12]){0}, 1, &g));
    BAD(vxg_ct_from_matrices(1, 2, 2, P, 1, NULL));
    BAD(vxg_ct_to_matrices(NULL, P));
    BAD(vxg_ct_to_matrices(cone, NULL));
    BAD(vxg_ct_from_astra((vxg_ct_astra)17, 1, 2, 2, P, &g));
    BAD(vxg_ct_from_astra(VXG_CT_ASTRA_CONE, 1, 2, 2, NULL, &g));
    BAD(vxg_ct_from_astra(VXG_CT_ASTRA_CONE, 1, 2, 2, P, NULL));
    BAD(vxg_ct_to_astra(NULL, VXG_CT_ASTRA_CONE, P));
    BAD(vxg_ct_to_astra(cone, VXG_CT_ASTRA_CONE, NULL));
    BAD(vxg_ct_to_astra(cone, (vxg_ct_astra)17, P));
    (void)vxg_ct_astra_kind(NULL);
    BAD(vxg_ct_source_angles(NULL, point, NULL, NULL));
    BAD(vxg_ct_source_angles(cone, NULL, NULL, NULL));
    BAD(vxg_ct_fan_angles(NULL, 0, point, NULL, NULL));
    BAD(vxg_ct_fan_angles(cone, 99, point, NULL, NULL));
    BAD(vxg_ct_fan_angles(cone, 0, NULL, NULL, NULL));
    vxg_ct_rotation(0, 0, 0, NULL);
}

TEST(geometry_texts)
{
    vxg_ct_geometry *g;
    vxg_ct_notes notes = {0};
    vxg_ct_summary s = {0};
    char *text, words[64];
    const vxg_ct_detector_size size = {.rows = 2, .cols = 2, .pixel = 1};
    static int (*const readers[])(const char *, size_t, vxg_ct_notes *, vxg_ct_geometry **) = {
        vxg_ct_geometry_from_json, vxg_ct_geometry_from_tigre, vxg_ct_geometry_from_leap,
        vxg_ct_geometry_from_cil};
    for (int i = 0; i < 4; i++) {
        BAD(readers[i](NULL, 5, &notes, &g));
        BAD(readers[i]("{}", 2, &notes, NULL));
        BAD(readers[i]("", 0, &notes, &g));
        BAD(readers[i]("{", 1, NULL, &g));
    }
    BAD(vxg_ct_geometry_from_astra(NULL, 5, &g));
    BAD(vxg_ct_geometry_from_astra("x", 1, NULL));
    BAD(vxg_ct_geometry_from_rtk(NULL, 4, &size, &g));
    BAD(vxg_ct_geometry_from_rtk("<RTK", 4, NULL, &g));
    BAD(vxg_ct_geometry_from_rtk("<RTK", 4, &size, NULL));
    BAD(vxg_ct_geometry_from_matrix_text(NULL, 4, &size, &g));
    BAD(vxg_ct_geometry_from_matrix_text("1", 1, NULL, &g));
    BAD(vxg_ct_geometry_from_matrix_text("1", 1, &size, NULL));
    static int (*const writers[])(const vxg_ct_geometry *, const vxg_ct_notes *, char **) = {
        vxg_ct_geometry_to_tigre, vxg_ct_geometry_to_leap, vxg_ct_geometry_to_cil,
        vxg_ct_geometry_words, vxg_ct_geometry_svg};
    for (int i = 0; i < 5; i++) {
        BAD(writers[i](NULL, NULL, &text));
        BAD(writers[i](cone, NULL, NULL));
    }
    BAD(vxg_ct_geometry_to_json(NULL, NULL, 1, &text));
    BAD(vxg_ct_geometry_to_json(cone, NULL, 1, NULL));
    BAD(vxg_ct_geometry_to_astra(NULL, &text));
    BAD(vxg_ct_geometry_to_astra(cone, NULL));
    BAD(vxg_ct_geometry_to_rtk(NULL, &text));
    BAD(vxg_ct_geometry_to_rtk(cone, NULL));
    BAD(vxg_ct_geometry_to_matrix_text(NULL, &text));
    BAD(vxg_ct_geometry_to_matrix_text(cone, NULL));
    BAD(vxg_ct_geometry_summary(NULL, NULL, &s));
    BAD(vxg_ct_geometry_summary(cone, NULL, NULL));
    CHECK_OK(vxg_ct_geometry_summary(cone, NULL, &s));
    vxg_ct_warning_words(NULL, VXG_CT_WARNING_SHORT, words, sizeof words);
    vxg_ct_warning_words(&s, (vxg_ct_warning)99, words, sizeof words);
    vxg_ct_warning_words(&s, VXG_CT_WARNING_SHORT, NULL, 0);
    EXPECT(vxg_ct_warning_id((vxg_ct_warning)99), "no word for an unknown warning");
    EXPECT(vxg_ct_warning_id((vxg_ct_warning)-1), "no word for an unknown warning");
    memset(notes.units, 'u', sizeof notes.units); /* no end */
    CHECK_OK(vxg_ct_geometry_words(cone, &notes, &text));
    vxg_free(text);
    notes.has_volume = 1, notes.volume.size = 7;
    BAD(vxg_ct_geometry_words(cone, &notes, &text));
}

TEST(trajectories_and_volumes)
{
    vxg_ct_geometry *g;
    vxg_ct_trajectory_opts o = {0};
    vxg_ct_volume v = {0};
    double z[2];
    BAD(vxg_ct_trajectory_defaults(VXG_CT_PATH_CIRCULAR, VXG_CT_BEAM_CONE, NULL));
    CHECK_OK(vxg_ct_trajectory_defaults(VXG_CT_PATH_CIRCULAR, VXG_CT_BEAM_CONE, &o));
    o.nviews = 3, o.rows = o.cols = 2, o.sod = 1, o.sdd = 2;
    BAD(vxg_ct_trajectory(NULL, &g));
    BAD(vxg_ct_trajectory(&o, NULL));
    BAD(vxg_ct_trajectory_custom(&o, NULL, NULL, &g));
    BAD(vxg_ct_trajectory_custom(NULL, NULL, NULL, &g));
    o.path = (vxg_ct_path)99;
    BAD(vxg_ct_trajectory(&o, &g));
    BAD(vxg_ct_fit_volume(NULL, &v));
    BAD(vxg_ct_fit_volume(cone, NULL));
    BAD(vxg_ct_field_of_view(NULL, &z[0], z));
    BAD(vxg_ct_field_of_view(parallel, NULL, NULL));
    BAD(vxg_ct_complete_volume(cone, NULL, &v));
    BAD(vxg_ct_complete_volume(cone, &(vxg_ct_volume_spec){.nx = 2}, NULL));
    BAD(vxg_ct_complete_volume(cone, &(vxg_ct_volume_spec){.extent = {1e300}, .dx = 1e-300}, &v));
    BAD(vxg_ct_volume_box(&vol, 3, 1, 0, 1, 0, 1, &v));
    BAD(vxg_ct_volume_box(NULL, 0, 1, 0, 1, 0, 1, &v));
    BAD(vxg_ct_volume_box(&vol, 0, 1, 0, 1, 0, 1, NULL));
    BAD(vxg_ct_volume_slice(NULL, &v));
    BAD(vxg_ct_volume_slice(&(vxg_ct_slice){0}, &v));
    BAD(vxg_ct_volume_slice(&(vxg_ct_slice){.nx = 1, .ny = 1, .x = {1}, .y = {0, 1}}, NULL));
}

/* ---- Operators of CT ---- */
TEST(projectors)
{
    vxg_op *o;
    static int (*const makers[])(vxg_device *, const vxg_ct_geometry *, const vxg_ct_volume *,
                                 const vxg_ct_projector_opts *, vxg_op **) = {
        vxg_ct_projector, vxg_ct_projector2d, vxg_ct_backprojector, vxg_ct_projector_geometry,
        vxg_ct_projector2d_geometry};
    const vxg_ct_volume bad[] = {
        {0},
        {.nz = -1, .ny = 8, .nx = 8},
        {.nz = (int64_t)1 << 62, .ny = 8, .nx = 8},
        {.nz = (int64_t)1 << 30, .ny = (int64_t)1 << 30, .nx = (int64_t)1 << 30},
        {.nz = 4, .ny = 8, .nx = 8, .dx = -1},
        {.nz = 4, .ny = 8, .nx = 8, .center = {NAN}},
        {.nz = 4, .ny = 8, .nx = 8, .rotation = {1, 2, 3, 4, 5, 6, 7, 8, 9}},
        {.size = 9, .nz = 4, .ny = 8, .nx = 8}};
    for (size_t m = 0; m < sizeof makers / sizeof *makers; m++) {
        BAD(makers[m](NULL, cone, &vol, NULL, &o));
        BAD(makers[m](dev, NULL, &vol, NULL, &o));
        BAD(makers[m](dev, cone, NULL, NULL, &o));
        BAD(makers[m](dev, cone, &vol, NULL, NULL));
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
            vxg_error_clear();
            EXPECT(makers[m](dev, cone, &bad[i], NULL, &o) && *vxg_error_message(),
                   "maker %zu, volume %zu", m, i);
        }
        const vxg_ct_projector_opts no_real = {.real = (vxg_real)42};
        BAD(makers[m](dev, cone, &vol, &no_real, &o));
    }
    BAD(vxg_ct_projector(dev, parallel, &vol, &(vxg_ct_projector_opts){.model = (vxg_ct_model)42},
                         &o));
    BAD(vxg_ct_backprojector(dev, cone, &vol,
                             &(vxg_ct_projector_opts){.weighting = (vxg_ct_weighting)42}, &o));
    BAD(vxg_ct_fbp(NULL, parallel, &vol, NULL, &o));
    BAD(vxg_ct_fbp(dev, NULL, &vol, NULL, &o));
    BAD(vxg_ct_fbp(dev, parallel, NULL, NULL, &o));
    BAD(vxg_ct_fbp(dev, parallel, &vol, NULL, NULL));
    BAD(vxg_ct_fbp(dev, cone, &vol, NULL, &o));
    BAD(vxg_ct_fbp(dev, parallel, &vol, &(vxg_ct_fbp_opts){.window = (vxg_ct_window)99}, &o));
    BAD(vxg_ct_fbp(dev, parallel, &vol, &(vxg_ct_fbp_opts){.real = (vxg_real)99}, &o));
    BAD(vxg_ct_fourier(NULL, parallel, &vol, NULL, &o));
    BAD(vxg_ct_fourier(dev, NULL, &vol, NULL, &o));
    BAD(vxg_ct_fourier(dev, parallel, NULL, NULL, &o));
    BAD(vxg_ct_fourier(dev, parallel, &vol, NULL, NULL));
    BAD(vxg_ct_fourier(dev, cone, &vol, NULL, &o));
    BAD(vxg_ct_fourier(dev, parallel, &vol, &(vxg_ct_fourier_opts){.accuracy = -1}, &o));
    BAD(vxg_ct_fdk(NULL, cone, &vol, NULL, &o));
    BAD(vxg_ct_fdk(dev, NULL, &vol, NULL, &o));
    BAD(vxg_ct_fdk(dev, cone, NULL, NULL, &o));
    BAD(vxg_ct_fdk(dev, cone, &vol, NULL, NULL));
    BAD(vxg_ct_fdk(dev, parallel, &vol, NULL, &o));
    BAD(vxg_ct_fdk(dev, cone, &vol, &(vxg_ct_fdk_opts){.window = (vxg_ct_window)99}, &o));
    BAD(vxg_ct_fdk(dev, cone, &vol, &(vxg_ct_fdk_opts){.real = (vxg_real)99}, &o));
}

TEST(filters_and_weights)
{
    vxg_op *o;
    double r[65] = {0}, w[6], first, range;
    const vxg_space rows = {.ndim = 3, .shape = {2, 2, 4}}, wide = {.ndim = 3, .shape = {2, 2, 64}};
    const vxg_space flat = {.ndim = 2, .shape = {2, 4}};
    BAD(vxg_ct_filter_response(VXG_CT_WINDOW_RAMP, 0, 7, 1, r));
    BAD(vxg_ct_filter_response(VXG_CT_WINDOW_RAMP, 0, -8, 1, r));
    BAD(vxg_ct_filter_response(VXG_CT_WINDOW_RAMP, 0, 8, 1, NULL));
    BAD(vxg_ct_filter_response(VXG_CT_WINDOW_RAMP, 0, 8, NAN, r));
    BAD(vxg_ct_filter_response((vxg_ct_window)99, 0, 8, 1, r));
    BAD(vxg_ct_filter(NULL, &rows, r, 8, NULL, VXG_REAL_F32, &o));
    BAD(vxg_ct_filter(dev, NULL, r, 8, NULL, VXG_REAL_F32, &o));
    BAD(vxg_ct_filter(dev, &rows, NULL, 8, NULL, VXG_REAL_F32, &o));
    BAD(vxg_ct_filter(dev, &rows, r, 8, NULL, VXG_REAL_F32, NULL));
    BAD(vxg_ct_filter(dev, &wide, r, 8, NULL, VXG_REAL_F32, &o));
    BAD(vxg_ct_filter(dev, &flat, r, 8, NULL, VXG_REAL_F32, &o));
    BAD(vxg_ct_filter(dev, &rows, r, 8, NULL, VXG_REAL_F64, &o));
    BAD(vxg_ct_filter(dev, &rows, r, 8, NULL, (vxg_real)5, &o));
    BAD(vxg_ct_angle_weights(-1, angles, w));
    BAD(vxg_ct_angle_weights(0, angles, w));
    BAD(vxg_ct_angle_weights(2, NULL, w));
    BAD(vxg_ct_angle_weights(2, angles, NULL));
    BAD(vxg_ct_angle_weights(2, (const double[]){NAN, 1}, w));
    BAD(vxg_ct_turn_weights(2, (const double[]){INFINITY, 1}, w, NULL, NULL));
    BAD(vxg_ct_turn_weights(2, NULL, w, &first, &range));
    BAD(vxg_ct_turn_weights(0, angles, w, &first, &range));
    BAD(vxg_ct_parker_weights(0, 0, 4, 2, NULL, w));
    BAD(vxg_ct_parker_weights(0, 0, 4, 2, angles, NULL));
    BAD(vxg_ct_parker_weights(0, 0, 1, 2, angles, w));
    BAD(vxg_ct_offset_weights(-0.1, 0.3, 2, NULL, w));
    BAD(vxg_ct_offset_weights(0.1, 0.3, 2, angles, w));
    BAD(vxg_ct_offset_weights(-0.1, 0.3, 2, angles, NULL));
}

TEST(prepared)
{
    const vxg_space all = {.ndim = 3, .shape = {6, 4, 8}}, high = {.ndim = 9};
    vxg_ct_prepared *p, *none;
    vxg_array y, out, t;
    vxg_op *back;
    const int64_t list[6] = {0, 1, 2, 3, 4, -9};
    BAD(vxg_ct_prepared_new(NULL, dev, NULL, NULL, &none));
    BAD(vxg_ct_prepared_new(&all, NULL, NULL, NULL, &none));
    BAD(vxg_ct_prepared_new(&all, dev, NULL, NULL, NULL));
    BAD(vxg_ct_prepared_new(&high, dev, NULL, NULL, &none));
    CHECK_OK(vxg_ct_prepared_new(&all, dev, NULL, NULL, &p));
    CHECK_OK(vxg_op_new_array(projector, -1, &y));
    CHECK_OK(vxg_op_adjoint(projector, &back));
    CHECK_OK(vxg_op_new_array(back, -1, &out));
    BAD(vxg_ct_prepared_update(NULL, 0, NULL, &y));
    BAD(vxg_ct_prepared_update(p, 0, NULL, NULL));
    BAD(vxg_ct_prepared_update(p, INT64_MAX, NULL, &y));
    BAD(vxg_ct_prepared_update(p, INT64_MAX - 1, NULL, &y));
    BAD(vxg_ct_prepared_update(p, -1, NULL, &y));
    BAD(vxg_ct_prepared_update(p, 1, NULL, &y));
    BAD(vxg_ct_prepared_update(p, 0, NULL, &out));
    BAD(vxg_ct_prepared_update(p, 0, NULL, &released));
    BAD(vxg_ct_prepared_views(NULL, 0, 1, &t));
    BAD(vxg_ct_prepared_views(p, 0, 1, NULL));
    BAD(vxg_ct_prepared_views(p, INT64_MAX - 1, INT64_MAX - 1, &t));
    BAD(vxg_ct_prepared_views(p, -1, 1, &t));
    BAD(vxg_ct_prepared_backproject(NULL, back, 0, NULL, &out));
    BAD(vxg_ct_prepared_backproject(p, NULL, 0, NULL, &out));
    BAD(vxg_ct_prepared_backproject(p, back, INT64_MAX, NULL, &out));
    BAD(vxg_ct_prepared_backproject(p, back, 0, NULL, NULL));
    BAD(vxg_ct_prepared_backproject(p, projector, 0, NULL, &out));
    BAD(vxg_ct_prepared_backproject_list(NULL, back, 6, list, NULL, &out));
    BAD(vxg_ct_prepared_backproject_list(p, NULL, 6, list, NULL, &out));
    BAD(vxg_ct_prepared_backproject_list(p, back, 6, NULL, NULL, &out));
    BAD(vxg_ct_prepared_backproject_list(p, back, 6, list, NULL, &out));
    BAD(vxg_ct_prepared_backproject_list(p, back, INT64_MAX, list, NULL, &out));
    BAD(vxg_ct_prepared_keep_texture(NULL, NULL));
    vxg_ct_prepared_release(NULL);
    EXPECT(!vxg_ct_prepared_retain(NULL), "retained NULL");
    vxg_array_release(&y), vxg_array_release(&out);
    vxg_op_release(back);
    vxg_ct_prepared_release(p);
}

TEST(preparation)
{
    float f[64] = {0};
    double d, twice[4] = {0, 0, 0, 0}, nan4[4] = {NAN, NAN, NAN, NAN};
    vxg_ct_bad_counts wrong = {.size = 3};
    BAD(vxg_ct_frame_mean(NULL, 2, 2, f));
    BAD(vxg_ct_frame_mean(f, 2, 2, NULL));
    BAD(vxg_ct_frame_mean(f, -1, -1, f));
    BAD(vxg_ct_normalize(NULL, 2, 4, f, NULL, 0, NULL));
    BAD(vxg_ct_normalize(f, 2, 4, NULL, NULL, 0, NULL));
    BAD(vxg_ct_normalize(f, 2, -4, f, NULL, 0, NULL));
    BAD(vxg_ct_normalize(f, 2, 4, f, NULL, NAN, NULL));
    BAD(vxg_ct_normalize(f, 2, 4, f, NULL, 0, &wrong));
    BAD(vxg_ct_ring_sort(NULL, 4, 8, 3));
    BAD(vxg_ct_ring_sort(f, 4, 8, 2));
    BAD(vxg_ct_ring_sort(f, 4, 8, -3));
    BAD(vxg_ct_ring_sort(f, (int64_t)1 << 40, (int64_t)1 << 40, 3));
    BAD(vxg_ct_center_vo(NULL, 4, 8, angles, NULL, NULL, &d));
    BAD(vxg_ct_center_vo(f, 0, 8, angles, NULL, NULL, &d));
    BAD(vxg_ct_center_vo(f, 1, 8, angles, NULL, NULL, &d));
    BAD(vxg_ct_center_vo(f, 4, 8, NULL, NULL, NULL, &d));
    BAD(vxg_ct_center_vo(f, 4, 8, angles, NULL, NULL, NULL));
    BAD(vxg_ct_center_vo(f, 4, 8, nan4, NULL, NULL, &d));
    BAD(vxg_ct_center_vo(f, (int64_t)1 << 40, (int64_t)1 << 40, angles, NULL, NULL, &d));
    BAD(vxg_ct_center_vo(f, 4, 8, angles, &(vxg_ct_center_opts){.hi = 7, .step = 1e-300}, NULL,
                         &d));
    BAD(vxg_ct_center_vo(f, 4, 8, angles, &(vxg_ct_center_opts){.hi = 7, .step = -1}, NULL, &d));
    BAD(vxg_ct_center_vo(f, 4, 8, angles, &(vxg_ct_center_opts){.lo = NAN, .hi = 7}, NULL, &d));
    BAD(vxg_ct_center_vo(f, 4, 8, angles, &(vxg_ct_center_opts){.lo = -1e300, .hi = 1e300}, NULL,
                         &d));
    BAD(vxg_ct_center_vo(f, 4, 8, angles, NULL, &(vxg_ct_center_curve){.capacity = 9}, &d));
    BAD(vxg_ct_center_pair(NULL, 4, 1, 8, twice, NULL, NULL, &d));
    BAD(vxg_ct_center_pair(f, 4, 1, 1, angles, NULL, NULL, &d));
    BAD(vxg_ct_center_pair(f, 4, 1, 8, NULL, NULL, NULL, &d));
    BAD(vxg_ct_center_pair(f, 4, 1, 8, angles, &(vxg_ct_center_opts){.hi = 7, .step = 1e-12}, NULL,
                           &d));
    BAD(vxg_ct_center_pair(f, 4, (int64_t)1 << 40, (int64_t)1 << 40, angles, NULL, NULL, &d));
}

static int no_frames(vxg_scan_reader *self, vxg_frame_kind kind, int64_t v0, int64_t v1, int64_t r0,
                     int64_t r1, int64_t c0, int64_t c1, float *dst) {
    (void)self, (void)kind, (void)v0, (void)v1, (void)r0, (void)r1, (void)c0, (void)c1, (void)dst;
    return vxg_error_set(VXG_ERR_INPUT, "no frames");
}
static int no_slices(vxg_volume_writer *self, int64_t z0, int64_t nz, const float *src) {
    (void)self, (void)z0, (void)nz, (void)src;
    return VXG_OK;
}

TEST(pipelines)
{
    vxg_scan_reader good = {.size = sizeof good,
                            .path = "nowhere",
                            .format = "none",
                            .dtype = "uint16",
                            .nviews = 6,
                            .nrows = 4,
                            .ncols = 8,
                            .theta = angles,
                            .pixel_unit = "",
                            .read = no_frames};
    vxg_volume_writer into = {.size = sizeof into, .write = no_slices}, mute = {0};
    const vxg_ct_recon_opts o = {.center = 3.5};
    float out[64];
    double c[1] = {3.5};
#define RECON(...)                                                                                 \
    do {                                                                                           \
        vxg_ct_recon_opts q = o;                                                                   \
        __VA_ARGS__;                                                                               \
        BAD(vxg_ct_reconstruct(dev, &good, &q, &into, NULL));                                      \
    } while (0)
    BAD(vxg_ct_reconstruct(dev, NULL, NULL, NULL, NULL));
    BAD(vxg_ct_reconstruct(NULL, &good, &o, &into, NULL));
    BAD(vxg_ct_reconstruct(dev, &good, NULL, &into, NULL));
    BAD(vxg_ct_reconstruct(dev, &good, &o, NULL, NULL));
    BAD(vxg_ct_reconstruct(dev, &good, &o, &mute, NULL));
    RECON(q.center = NAN);
    RECON(q.center = 1e300);
    RECON(q.row_begin = 3, q.row_end = 1);
    RECON(q.row_end = 99);
    RECON(q.view_begin = -1, q.view_end = 3);
    RECON(q.col_begin = 7, q.col_end = 7);
    RECON(q.max_memory = -1);
    RECON(q.ring_size = 4);
    RECON(q.window = (vxg_ct_window)99);
    BAD(vxg_ct_reconstruct_views(dev, &good, NULL, &vol, &o, &into, NULL));
    BAD(vxg_ct_reconstruct_views(dev, &good, cone, NULL, &o, &into, NULL));
    BAD(vxg_ct_reconstruct_views(dev, NULL, cone, &vol, &o, &into, NULL));
    BAD(vxg_ct_reconstruct_views(dev, &good, cone, &vol, NULL, &into, NULL));
    BAD(vxg_ct_reconstruct_views(dev, &good, cone, &vol, &o, NULL, NULL));
    BAD(vxg_ct_try_centers(dev, NULL, NULL, 0, 1, c, out));
    BAD(vxg_ct_try_centers(dev, &good, &o, 0, -1, c, out));
    BAD(vxg_ct_try_centers(dev, &good, &o, 99, 1, c, out));
    BAD(vxg_ct_try_centers(dev, &good, &o, 0, 1, NULL, out));
    BAD(vxg_ct_try_centers(dev, &good, &o, 0, 1, c, NULL));
    BAD(vxg_ct_try_centers(dev, &good, &o, 0, 1, (const double[]){NAN}, out));
    good.nviews = -1;
    BAD(vxg_ct_reconstruct(dev, &good, &o, &into, NULL));
    good.nviews = 6, good.read = NULL;
    BAD(vxg_ct_reconstruct(dev, &good, &o, &into, NULL));
    good.read = no_frames, good.theta = NULL;
    BAD(vxg_ct_reconstruct(dev, &good, &o, &into, NULL));
}

/* ---- Phantoms ---- */
TEST(phantoms)
{
    vxg_phantom *p, *disc;
    float f[512];
    uint16_t counts[4];
    const vxg_shape nan_shape = {.value = NAN, .half = {1, 1, 1}},
                    no_kind = {.kind = (vxg_shape_kind)99, .half = {1, 1, 1}};
    BAD(vxg_phantom_new(NULL, 0, &p));
    BAD(vxg_phantom_new(NULL, 1, &p));
    BAD(vxg_phantom_new(&nan_shape, 1, NULL));
    BAD(vxg_phantom_new(&nan_shape, 1, &p));
    BAD(vxg_phantom_new(&no_kind, 1, &p));
    BAD(vxg_phantom_parse(NULL, NULL, &p));
    BAD(vxg_phantom_parse("junk", NULL, &p));
    BAD(vxg_phantom_parse("junk", "t", NULL));
    BAD(vxg_phantom_named(NULL, &p));
    BAD(vxg_phantom_named("disc", NULL));
    EXPECT(!vxg_phantom_name(-1, NULL) && !vxg_phantom_name(99, NULL), "names");
    vxg_phantom_release(NULL);
    EXPECT(vxg_phantom_count(NULL) == 0 && !vxg_phantom_shapes(NULL), "NULL");
    CHECK_OK(vxg_phantom_named("disc", &disc));
#define PROJECT(...) BAD(vxg_phantom_project(disc, parallel, &(vxg_phantom_opts){__VA_ARGS__}, f))
    BAD(vxg_phantom_project(NULL, parallel, NULL, f));
    BAD(vxg_phantom_project(disc, NULL, NULL, f));
    BAD(vxg_phantom_project(disc, parallel, NULL, NULL));
    PROJECT(.begin = 3, .end = 99);
    PROJECT(.samples = -1);
    PROJECT(.samples = 1000000);
    PROJECT(.dtype = VXG_U16);
    PROJECT(.dtype = (vxg_dtype)99);
    PROJECT(.unit = NAN);
    PROJECT(.size = 9);
    BAD(vxg_phantom_voxelize(NULL, &vol, NULL, f));
    BAD(vxg_phantom_voxelize(disc, NULL, NULL, f));
    BAD(vxg_phantom_voxelize(disc, &vol, NULL, NULL));
    BAD(vxg_phantom_voxelize(disc, &(vxg_ct_volume){.nz = -1, .ny = 1, .nx = 1}, NULL, f));
    BAD(vxg_ct_expose(NULL, VXG_FRAME_FLAT, 0, 1, 2, 2, NULL, counts, NULL));
#define EXPOSE(...) &(vxg_ct_exposure){__VA_ARGS__}
    BAD(vxg_ct_expose(EXPOSE(.white = 1), VXG_FRAME_FLAT, 0, 1, 2, 2, NULL, NULL, NULL));
    BAD(vxg_ct_expose(EXPOSE(.photons = NAN), VXG_FRAME_FLAT, 0, 1, 2, 2, NULL, counts, NULL));
    BAD(vxg_ct_expose(EXPOSE(.white = 1), (vxg_frame_kind)9, 0, 1, 2, 2, NULL, counts, NULL));
    BAD(vxg_ct_expose(EXPOSE(.white = 1), VXG_FRAME_FLAT, 0, (int64_t)1 << 62, (int64_t)1 << 62, 2,
                      NULL, counts, NULL));
    vxg_phantom_release(disc);
}

/* ---- Files and pictures ---- */
static const char *in_folder(const char *name) {
    static char path[600];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

TEST(files)
{
    vxg_scan_reader *r;
    vxg_scan_writer *sw;
    vxg_volume_writer *vw;
    vxg_outputs *set;
    float *data, f[4] = {0};
    int ndim;
    int64_t s[99] = {0};
    char hex[65];
    BAD(vxg_scan_open(NULL, &r));
    BAD(vxg_scan_open("/nowhere", NULL));
    BAD(vxg_scan_open(folder, &r));
    BAD(vxg_scan_open_dataset(NULL, "x", &r));
    BAD(vxg_scan_open_dataset("/nowhere", "x", NULL));
    vxg_scan_close(NULL);
    BAD(vxg_scan_writer_open(NULL, &sw));
    BAD(vxg_scan_writer_open(&(vxg_scan_writer_opts){.nviews = 1}, NULL));
    BAD(vxg_scan_writer_open(&(vxg_scan_writer_opts){.nviews = 1}, &sw));
    BAD(vxg_scan_writer_open(
        &(vxg_scan_writer_opts){.path = in_folder("w.h5"), .nviews = 2, .nrows = 2, .ncols = 2},
        &sw));
    BAD(vxg_scan_writer_open(&(vxg_scan_writer_opts){.path = in_folder("w.h5"),
                                                     .nviews = (int64_t)1 << 62,
                                                     .nrows = 1 << 30,
                                                     .ncols = 1 << 30,
                                                     .theta = angles},
                             &sw));
    BAD(vxg_volume_writer_open(NULL, &vw));
    BAD(vxg_volume_writer_open(&(vxg_volume_writer_opts){.path = in_folder("w.npy")}, NULL));
    BAD(vxg_volume_writer_open(&(vxg_volume_writer_opts){.nz = 1, .ny = 1, .nx = 1}, &vw));
    BAD(vxg_volume_read(NULL, &data, s));
    BAD(vxg_volume_read("/nowhere", NULL, s));
    BAD(vxg_volume_read("/nowhere", &data, NULL));
    BAD(vxg_npy_write(NULL, VXG_F32, 0, NULL, f, 1));
    BAD(vxg_npy_write(in_folder("w.npy"), VXG_F32, 99, s, f, 1));
    BAD(vxg_npy_write(in_folder("w.npy"), VXG_F32, 1, NULL, f, 1));
    BAD(vxg_npy_write(in_folder("w.npy"), VXG_F32, 1, (const int64_t[]){1}, NULL, 1));
    BAD(vxg_npy_write(in_folder("w.npy"), (vxg_dtype)99, 1, (const int64_t[]){1}, f, 1));
    BAD(vxg_npy_read(NULL, &data, &ndim, s));
    BAD(vxg_npy_read("/nowhere", NULL, &ndim, s));
    BAD(vxg_outputs_new(NULL));
    BAD(vxg_outputs_commit(NULL));
    vxg_outputs_abandon(NULL);
    BAD(vxg_outputs_text(NULL, in_folder("t"), "x", 1));
    CHECK_OK(vxg_outputs_new(&set));
    BAD(vxg_outputs_text(set, NULL, "x", 1));
    BAD(vxg_outputs_text(set, in_folder("t"), NULL, 1));
    vxg_outputs_abandon(set);
    BAD(vxg_text_write(NULL, "x", 1));
    BAD(vxg_text_write(in_folder("t"), NULL, 1));
    BAD(vxg_file_sha256(NULL, hex));
    BAD(vxg_file_sha256("/nowhere", NULL));
    BAD(vxg_file_sha256(folder, hex));
    vxg_free(NULL);
}

TEST(pictures)
{
    vxg_picture p, none = {0};
    float f[64] = {0}, lo, hi;
    const double v[3] = {1, 1, 1}, odd[2] = {NAN, INFINITY};
    const vxg_curve no_x = {.n = 2}, other_size = {.size = 8, .x = v, .y = v, .n = 2};
    const vxg_curve nans = {.x = odd, .y = odd, .n = 2, .mark = NAN};
    BAD(vxg_picture_new((int64_t)1 << 40, (int64_t)1 << 40, 3, &p));
    BAD(vxg_picture_new(-1, 4, 1, &p));
    BAD(vxg_picture_new(4, 4, 9, &p));
    BAD(vxg_picture_new(4, 4, 1, NULL));
    vxg_picture_free(NULL);
    BAD(vxg_picture_write_png(NULL, in_folder("w.png"), NULL, 0, 1));
    BAD(vxg_picture_write_png(&none, in_folder("w.png"), NULL, 0, 1));
    CHECK_OK(vxg_picture_new(8, 8, 1, &p));
    BAD(vxg_picture_write_png(&p, NULL, NULL, 0, 1));
    BAD(vxg_picture_write_png(&p, in_folder("w.png"), NULL, 3, 1));
    BAD(vxg_outputs_picture(NULL, &p, in_folder("w.png"), NULL, 0, 1));
    vxg_picture_text(&p, INT64_MAX - 2, INT64_MIN, 1 << 30, 255, "abc");
    vxg_picture_text(&p, -100, -100, 3, 255, "\xff\x01z");
    vxg_picture_text(NULL, 0, 0, 1, 255, "a");
    vxg_picture_text(&p, 0, 0, 1, 255, NULL);
    vxg_picture_free(&p);
    BAD(vxg_percentile_window(NULL, 4, 1, 99, &lo, &hi));
    BAD(vxg_percentile_window(f, 4, 1, 99, NULL, &hi));
    BAD(vxg_percentile_window(f, -1, 1, 99, &lo, &hi));
    BAD(vxg_picture_orthoslices(NULL, NULL, NULL, shape, v, "", &p));
    BAD(vxg_picture_orthoslices(f, f, f, NULL, v, "", &p));
    BAD(vxg_picture_orthoslices(f, f, f, (const int64_t[]){-1, -1, -1}, v, "", &p));
    BAD(vxg_picture_orthoslices(f, f, f, (const int64_t[]){4, 4, 4}, v, "", NULL));
    BAD(vxg_picture_montage(f, 0, 4, 4, NULL, &p));
    BAD(vxg_picture_montage(NULL, 1, 4, 4, NULL, &p));
    BAD(vxg_picture_montage(f, 1, 4, 4, NULL, NULL));
    BAD(vxg_picture_curves(NULL, 3, NULL, NULL, NULL, &p));
    BAD(vxg_picture_curves(&no_x, 1, NULL, NULL, NULL, &p));
    BAD(vxg_picture_curves(&other_size, 1, NULL, NULL, NULL, &p));
    BAD(vxg_picture_curves(&nans, -1, NULL, NULL, NULL, &p));
    BAD(vxg_picture_curves(&nans, 1, NULL, NULL, NULL, NULL));
    CHECK_OK(vxg_picture_curves(&nans, 1, "t", "x", "y", &p));
    vxg_picture_free(&p);
}

TEST(base)
{
    struct {
        int n;
    } o = {0};
    const vxg_option row = {.name = "n", .type = VXG_OPT_INT};
    BAD(vxg_set_threads(-1));
    BAD(vxg_options_set(NULL, 0, &o, "x", "y"));
    BAD(vxg_options_set(&row, 1, &o, NULL, "1"));
    BAD(vxg_options_set(&row, 1, &o, "n", NULL));
    BAD(vxg_options_set(&row, 1, NULL, "n", "1"));
    BAD(vxg_options_defaults(&row, 1, NULL));
    BAD(vxg_options_check(NULL, 1));
    char *text = NULL;
    BAD(vxg_options_write(NULL, 1, &o, VXG_OPTIONS_JSON, &text));
    BAD(vxg_options_write(&row, 1, NULL, VXG_OPTIONS_JSON, &text));
    BAD(vxg_options_write(&row, 1, &o, VXG_OPTIONS_LINES, NULL));
    BAD(vxg_options_read(NULL, 1, &o, "", "t", &text));
    BAD(vxg_options_read(&row, 1, NULL, "", "t", &text));
    BAD(vxg_options_read(&row, 1, &o, NULL, "t", &text));
    BAD(vxg_options_read(&row, 1, &o, "", NULL, &text));
    BAD(vxg_options_read(&row, 1, &o, "", "t", NULL));
    BAD(vxg_option_register(NULL, &row, 1));
    BAD(vxg_option_register("t", NULL, 1));
    BAD(vxg_option_register("t", &row, 0));
    vxg_options_free(NULL, 1, &o);
    vxg_options_free(&row, 1, NULL);
    EXPECT(vxg_status_text(-7) && vxg_status_text(99), "words");
    vxg_error_set(VXG_ERR_INPUT, "%9000s", "long");
    EXPECT(*vxg_error_message(), "a long message");
}

static int prepare(void) {
    const vxg_ct_parallel_opts p = {.angles = angles, .nviews = 6, .rows = 4, .cols = 8};
    const vxg_ct_cone_opts c = {.nviews = 6, .rows = 4, .cols = 8, .sod = 100, .sdd = 150};
    if (test_scratch(folder, sizeof folder, "api_abuse", "/tmp")) return 1;
    if (vxg_device_open("cpu", &dev)) return 1;
    int status = vxg_ct_parallel_circular(&p, &parallel);
    if (!status) status = vxg_ct_cone_circular(&c, &cone);
    if (!status) status = vxg_ct_projector(dev, parallel, &vol, NULL, &projector);
    if (!status) status = vxg_array_new(dev, VXG_F32, 3, shape, &released);
    vxg_buffer_release(released.buffer); /* the struct still names it */
    return status;
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(geometry),
                                      T(geometry_algebra),
                                      T(geometry_texts),
                                      T(trajectories_and_volumes),
                                      T(projectors),
                                      T(filters_and_weights),
                                      T(prepared),
                                      T(preparation),
                                      T(pipelines),
                                      T(phantoms),
                                      T(files),
                                      T(pictures),
                                      T(base)};
    if (prepare()) {
        printf("FAIL api_abuse.prepare: %s\n", vxg_error_message());
        return 1;
    }
    const int failed = test_run("api_abuse", list, (int)(sizeof list / sizeof *list), argc, argv);
    vxg_op_release(projector);
    vxg_ct_geometry_release(parallel), vxg_ct_geometry_release(cone);
    vxg_device_release(dev);
    rmdir(folder);
    nothing_left();
    return failed || test_failed;
}
