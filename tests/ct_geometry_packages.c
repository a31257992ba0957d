/* TIGRE, LEAP and CIL geometries. TIGRE: against the numbers of its own functions
 * (tools/tigre_reference.py). LEAP and CIL, which no package index has: against positions worked
 * out here from their documentation. There and back; refusals. */
#include <voxgrad/voxgrad.h>

#include "geometry_file.h"
#include "test.h"

#define PI 3.14159265358979323846

typedef int from_fn(const char *, size_t, vxg_ct_notes *, vxg_ct_geometry **);
typedef int to_fn(const vxg_ct_geometry *, const vxg_ct_notes *, char **);

/* Where JSON texts cannot be read there is nothing to test. */
static double off3(const double *a, const double *b) {
    return fmax(fabs(a[0] - b[0]), fmax(fabs(a[1] - b[1]), fabs(a[2] - b[2])));
}

/* Views are the same but for `shift`, whatever the length of parallel rays and where along them the
 * detector is. */
static double difference(const vxg_ct_geometry *a, const vxg_ct_geometry *b, const double *shift) {
    double most = 0;
    for (int64_t i = 0; i < vxg_ct_geometry_nviews(a); i++) {
        vxg_ct_view v = *vxg_ct_geometry_view(a, i), w = *vxg_ct_geometry_view(b, i);
        const int cone = vxg_ct_geometry_beam(a) == VXG_CT_BEAM_CONE;
        for (int k = 0; k < 3; k++) v.s[k] += cone ? shift[k] : 0, v.d[k] += shift[k];
        if (!cone) {
            vxg_ct_view *const both[] = {&v, &w};
            for (int j = 0; j < 2; j++) {
                double *r = both[j]->r, *d = both[j]->d;
                const double rr = r[0] * r[0] + r[1] * r[1] + r[2] * r[2];
                const double along = (r[0] * d[0] + r[1] * d[1] + r[2] * d[2]) / rr;
                for (int k = 0; k < 3; k++) d[k] -= along * r[k];
                for (int k = 0; k < 3; k++) r[k] /= sqrt(rr);
            }
        }
        most = fmax(most, fmax(off3(v.s, w.s), off3(v.d, w.d)));
        most = fmax(most, fmax(off3(v.U, w.U), off3(v.V, w.V)));
    }
    return most;
}

/* Writes geo with its notes and reads it: views to 1e-9, sizes and volume stay. Lengths are some
 * hundred. The text is kept for the caller. */
static double moved; /* the volume, in the last there_and_back */

static void there_and_back(const char *what, const vxg_ct_geometry *geo, const vxg_ct_notes *notes,
                           to_fn *to, from_fn *from, char **text) {
    vxg_ct_geometry *again = NULL;
    vxg_ct_notes read = {0};
    double shift[3] = {0};
    CHECK_OK(to(geo, notes, text));
    CHECK_OK(from(*text, strlen(*text), &read, &again));
    CHECK(vxg_ct_geometry_nviews(again) == vxg_ct_geometry_nviews(geo) &&
              vxg_ct_geometry_nv(again) == vxg_ct_geometry_nv(geo) &&
              vxg_ct_geometry_nu(again) == vxg_ct_geometry_nu(geo) &&
              vxg_ct_geometry_beam(again) == vxg_ct_geometry_beam(geo) &&
              vxg_ct_geometry_detector(again) == vxg_ct_geometry_detector(geo),
          "%s: sizes, beam or detector come back changed", what);
    /* TIGRE says where the volume is in every view, not where both are */
    for (int k = 0; k < 3 && to == vxg_ct_geometry_to_tigre; k++)
        shift[k] = read.volume.center[k] - notes->volume.center[k];
    EXPECT(difference(geo, again, shift) < 1e-9, "%s: views come back %g off", what,
           difference(geo, again, shift));
    EXPECT(fabs(vxg_ct_geometry_column_offset(geo) - vxg_ct_geometry_column_offset(again)) < 1e-9,
           "%s: column offset", what);
    if (notes && notes->has_volume) {
        const vxg_ct_volume *a = &notes->volume, *b = &read.volume;
        EXPECT(read.has_volume && a->nx == b->nx && a->ny == b->ny && a->nz == b->nz,
               "%s: voxel counts", what);
        EXPECT(fabs(a->dx - b->dx) < 1e-12 && fabs(a->dy - b->dy) < 1e-12 &&
                   fabs(a->dz - b->dz) < 1e-12,
               "%s: the volume comes back changed", what);
    }
    moved = notes && notes->has_volume ? off3(read.volume.center, notes->volume.center) : 0;
    EXPECT(to == vxg_ct_geometry_to_tigre || moved < 1e-9, "%s: the volume moves", what);
    vxg_ct_geometry_release(again);
}

/* ---- TIGRE ---- */
static int read_file(const char *name, from_fn *from, vxg_ct_notes *notes, vxg_ct_geometry **geo) {
    size_t n;
    char *text = geometry_file(name, &n);
    int status = text ? from(text, n, notes, geo) : VXG_ERR_INPUT;
    free(text);
    return status;
}

/* Sources and pixels of TIGRE's own functions, from the volume's middle. They work in float32 on
 * positions of up to 310 voxels, 3e-5 a step, and a pixel is up to 53 steps from the corner: 1.6e-3
 * voxels of up to 1.25. */
static void tigre_places(const char *kind) {
    char name[80];
    size_t n;
    vxg_ct_geometry *geo = NULL;
    vxg_ct_notes notes = {0};
    snprintf(name, sizeof name, "%s.json", kind);
    CHECK_OK(read_file(name, vxg_ct_geometry_from_tigre, &notes, &geo));
    snprintf(name, sizeof name, "%s_seen.txt", kind);
    char *text = geometry_file(name, &n), *p = text ? strchr(text, '\n') : NULL;
    CHECK(p, "%s is missing", name);
    int count = 0;
    for (;; count++) {
        double x[9], pixel[3], start[3];
        int k = 0;
        for (char *end = p; k < 9 && (x[k] = strtod(p, &end), end != p); k++) p = end;
        if (k < 9) break;
        const vxg_ct_view *v = vxg_ct_geometry_view(geo, (int64_t)x[0]);
        CHECK_OK(vxg_ct_pixel(geo, (int64_t)x[0], x[1], x[2], pixel));
        for (k = 0; k < 3; k++) pixel[k] -= notes.volume.center[k];
        const double length = sqrt(pow(x[6] - x[3], 2) + pow(x[7] - x[4], 2) + pow(x[8] - x[5], 2));
        for (k = 0; k < 3; k++)
            start[k] = vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_CONE
                           ? v->s[k] - notes.volume.center[k]
                           : pixel[k] - length * v->r[k];
        EXPECT(off3(pixel, x + 6) < 2e-3 && off3(start, x + 3) < 2e-3,
               "%s: pixel (%g, %g) of view %g lies at (%g, %g, %g), source (%g, %g, %g); TIGRE's "
               "at (%g, %g, %g), (%g, %g, %g)",
               kind, x[1], x[2], x[0], pixel[0], pixel[1], pixel[2], start[0], start[1], start[2],
               x[6], x[7], x[8], x[3], x[4], x[5]);
    }
    CHECK(count == 20, "%s: %d rows", name, count);
    free(text);
    vxg_ct_geometry_release(geo);
}
TEST(tigre_places)
{
    tigre_places("tigre_cone");
    tigre_places("tigre_parallel");
}

/* Scans that every package can say, and some that one cannot: name, options. */
static vxg_ct_geometry *scan(vxg_ct_path path, vxg_ct_beam beam, double tilt, double roll,
                             double center, double center_row, int rows) {
    static const double angles[] = {0.3, 1.1, 1.7, 2.9, 4.4, 5.2};
    vxg_ct_trajectory_opts o = {0};
    vxg_ct_geometry *geo = NULL;
    vxg_ct_trajectory_defaults(path, beam, &o);
    o.nviews = 6, o.rows = rows, o.cols = 50, o.sod = 100, o.sdd = 150, o.pixel = 0.5;
    o.row_pitch = 0.8, o.tilt = tilt, o.roll = roll, o.center = center, o.has_center = center > 0;
    o.center_row = center_row, o.has_center_row = center_row > 0, o.position_std = 2;
    o.angle_std = 0.1, o.z_range = 30;
    if (path == VXG_CT_PATH_CIRCULAR) o.angles = angles;
    const int status = vxg_ct_trajectory(&o, &geo);
    if (status) printf("# %s\n", vxg_error_message());
    return geo;
}

static const vxg_ct_notes with_volume = {.units = "mm",
                                         .reverse = -1,
                                         .has_volume = 1,
                                         .volume = {.nz = 30,
                                                    .ny = 20,
                                                    .nx = 25,
                                                    .dz = 0.5,
                                                    .dy = 0.75,
                                                    .dx = 0.75,
                                                    .center = {1.5, -2.25, 3}}};

static int has(const char *text, const char *word) {
    return text && strstr(text, word);
}

/* The number (or first number of the list) behind `name` and its separator; NaN: not there. */
static double value(const char *text, const char *name) {
    const char *p = text ? strstr(text, name) : NULL;
    return p ? strtod(p + strlen(name) + strspn(p + strlen(name), "\": =["), NULL) : NAN;
}

TEST(tigre_there_and_back)
{
    static const char *const files[] = {"tigre_cone.json", "tigre_parallel.json"};
    for (int i = 0; i < 2; i++) {
        vxg_ct_geometry *geo = NULL;
        vxg_ct_notes notes = {0};
        char *text = NULL;
        CHECK_OK(read_file(files[i], vxg_ct_geometry_from_tigre, &notes, &geo));
        there_and_back(files[i], geo, &notes, vxg_ct_geometry_to_tigre, vxg_ct_geometry_from_tigre,
                       &text);
        vxg_free(text);
        vxg_ct_geometry_release(geo);
    }
    for (int i = 0; i < 6; i++) {
        static const vxg_ct_path paths[] = {VXG_CT_PATH_CIRCULAR, VXG_CT_PATH_HELICAL,
                                            VXG_CT_PATH_RANDOM,   VXG_CT_PATH_SADDLE,
                                            VXG_CT_PATH_CIRCULAR, VXG_CT_PATH_CIRCULAR};
        const vxg_ct_beam beam = i < 5 ? VXG_CT_BEAM_CONE : VXG_CT_BEAM_PARALLEL;
        vxg_ct_geometry *geo = scan(paths[i], beam, i == 4 ? 0.5 : 0, 0.02 * i, 20, 22, 40);
        char *text = NULL, what[40];
        CHECK(geo, "scan %d", i);
        snprintf(what, sizeof what, "scan %d", i);
        there_and_back(what, geo, &with_volume, vxg_ct_geometry_to_tigre,
                       vxg_ct_geometry_from_tigre, &text);
        /* random heights have another mean; parallel rows are shifted by offOrigin alone */
        EXPECT(i == 2 || i == 5 || moved < 1e-9, "%s: the volume moves by %g", what, moved);
        vxg_free(text);
        vxg_ct_geometry_release(geo);
    }
}

/* A circle in TIGRE: t - 90 degrees, one angle a view, one number for all views. */
TEST(tigre_circle)
{
    vxg_ct_geometry *geo = scan(VXG_CT_PATH_CIRCULAR, VXG_CT_BEAM_CONE, 0, 0.1, 20, 22, 40);
    char *text = NULL;
    CHECK_OK(vxg_ct_geometry_to_tigre(geo, &with_volume, &text));
    EXPECT(fabs(value(text, "\"DSO\"") - 100) < 1e-9 && fabs(value(text, "\"DSD\"") - 150) < 1e-9,
           "distances");
    EXPECT(fabs(value(text, "\"angles\"") - (0.3 - PI / 2)) < 1e-9, "angles");
    EXPECT(value(text, "\"offOrigin\"") == 3, "offOrigin begins with z");
    EXPECT(value(text, "\"nVoxel\"") == 30 && value(text, "\"nDetector\"") == 40, "z and v first");
    EXPECT(fabs(fabs(value(text, "\"rotDetector\"")) - 0.1) < 1e-9, "a roll turns about x");
    EXPECT(!has(text, "[["), "a list for every view");
    vxg_free(text);
    vxg_ct_geometry_release(geo);
}

/* ---- LEAP ---- */
/* LEAP Technical Manual 1.1, "CT Geometries": 7.1 (detector coordinates s, t from centerCol,
 * centerRow), 7.6 (cone, flat: source R theta - tau theta' + pitch z, ray -theta + u theta' + v z;
 * curved: -theta(beta - alpha) + nu z), 7.5 (fan), 7.4 (parallel), with theta = (cos, sin, 0) of
 * beta, theta' its left normal; beta = phi - 90 degrees, the helix about its middle angle, alpha in
 * steps of atan(pixelWidth / sdd) and tiltAngle from u to v: LEAP's parameters.cpp, set_angles,
 * set_helicalPitch, col and convert_conebeam_to_modularbeam. */
typedef struct leap_case {
    const char *text;
    int beam; /* c, C: curved, f, p */
    double sod, sdd, tau, pitch, tilt, pw, ph, cr, cc, phi[3];
} leap_case;
#define LEAP_HEAD                                                                                  \
    "# CT volume parameters\nnumX = 20\nnumY = 22\nnumZ = 5\nvoxelWidth = 4.0e-01\n"               \
    "voxelHeight = 7.000000e-01\noffsetX = 1.0\noffsetY = -2.5\n\n# CT geometry parameters\n"
static const leap_case leap_cases[] = {
    {LEAP_HEAD "geometry = cone\nnumAngles = 3\nnumRows = 5\nnumCols = 8\npixelHeight = 7e-01\n"
               "pixelWidth = 5e-01\ncenterRow = 1.25\ncenterCol = 4.5\nphis =  1.000000e+01, 75, "
               "210\nsod = 100\nsdd = 1.5e+02\ntau = 3\nhelicalPitch = 2.5\ntiltAngle = 4\n"
               "offsetZ = 0.75\n",
     'c',
     100,
     150,
     3,
     2.5,
     4,
     0.5,
     0.7,
     1.25,
     4.5,
     {10, 75, 210}},
    {LEAP_HEAD "geometry = cone\ndetectorType = curved\nnumAngles = 3\nnumRows = 5\nnumCols = 8\n"
               "pixelHeight = 7e-01\npixelWidth = 15\ncenterRow = 2\ncenterCol = 4.5\nphis = 10, "
               "75, 210\nsod = 100\nsdd = 150\ntau = 3\nhelicalPitch = -2.5\noffsetZ = 0.75\n",
     'C',
     100,
     150,
     3,
     -2.5,
     0,
     15,
     0.7,
     2,
     4.5,
     {10, 75, 210}},
    {LEAP_HEAD "geometry = fan\nnumAngles = 3\nnumRows = 1\nnumCols = 8\npixelHeight = 7e-01\n"
               "pixelWidth = 5e-01\ncenterRow = 1.25\ncenterCol = 4.5\nangularRange = 270\n"
               "sod = 100\nsdd = 150\ntau = -3\noffsetZ = 0\n",
     'f',
     100,
     150,
     -3,
     0,
     0,
     0.5,
     0.7,
     1.25,
     4.5,
     {0, 90, 180}},
    {LEAP_HEAD "geometry = parallel\nnumAngles = 3\nnumRows = 5\nnumCols = 8\n"
               "pixelHeight = 7e-01\npixelWidth = 5e-01\ncenterRow = 1.25\ncenterCol = 4.5\n"
               "phis = 210, 75, 10\nsod = 0.000000e+00\nsdd = 0\noffsetZ = 0\n",
     'p',
     0,
     0,
     0,
     0,
     0,
     0.5,
     0.7,
     1.25,
     4.5,
     {210, 75, 10}},
};
#define LEAP_CASES 4

/* Start and a point of the ray of pixel (i, j). */
static void leap_ray(const leap_case *c, int view, double i, double j, double *from, double *to) {
    const double beta = (c->phi[view] - 90) * PI / 180;
    const double theta[3] = {cos(beta), sin(beta), 0}, left[3] = {-sin(beta), cos(beta), 0};
    const double s = c->pw * (i - c->cc), t = c->ph * (j - c->cr), tilt = c->tilt * PI / 180;
    const double z = c->pitch * (c->phi[view] - 0.5 * (c->phi[0] + c->phi[2])) * PI / 180;
    for (int k = 0; k < 3; k++) {
        const double up = k == 2;
        if (c->beam == 'p') {
            to[k] = s * left[k] + t * up, from[k] = to[k] + 200 * theta[k];
            continue;
        }
        from[k] = c->sod * theta[k] - c->tau * left[k] + (c->beam == 'f' ? t : z) * up;
        if (c->beam == 'C') {
            const double b = beta - (i - c->cc) * atan(c->pw / c->sdd);
            to[k] = from[k] - c->sdd * (k == 0 ? cos(b) : k == 1 ? sin(b) : 0) + t * up;
        } else {
            const double u = cos(tilt) * left[k] + sin(tilt) * up;
            const double v = cos(tilt) * up - sin(tilt) * left[k];
            to[k] = from[k] - c->sdd * theta[k] + s * u + (c->beam == 'f' ? 0 : t * v);
        }
    }
}

static void leap_places(const leap_case *c, const vxg_ct_geometry *geo) {
    const int parallel = c->beam == 'p';
    for (int view = 0; view < 3; view++)
        for (int corner = 0; corner < 4; corner++) {
            const double i = corner & 1 ? 7 : 0;
            const double j = corner & 2 ? (double)vxg_ct_geometry_nv(geo) - 1 : 0;
            const vxg_ct_view *v = vxg_ct_geometry_view(geo, view);
            double from[3], to[3], p[3], s[3];
            leap_ray(c, view, i, j, from, to);
            CHECK_OK(vxg_ct_pixel(geo, view, i, j, p));
            for (int k = 0; k < 3; k++) s[k] = parallel ? p[k] - 200 * v->r[k] : v->s[k];
            EXPECT(off3(p, to) < 1e-10 && off3(s, from) < 1e-10,
                   "%c: pixel (%g, %g) of view %d lies at (%.9g, %.9g, %.9g), in LEAP at (%.9g, "
                   "%.9g, %.9g); source (%g, %g, %g), (%g, %g, %g)",
                   c->beam, i, j, view, p[0], p[1], p[2], to[0], to[1], to[2], s[0], s[1], s[2],
                   from[0], from[1], from[2]);
        }
}
TEST(leap_places)
{
    for (int n = 0; n < LEAP_CASES; n++) {
        const leap_case *c = &leap_cases[n];
        vxg_ct_geometry *geo = NULL;
        vxg_ct_notes notes = {0};
        CHECK_OK(vxg_ct_geometry_from_leap(c->text, strlen(c->text), &notes, &geo));
        leap_places(c, geo);
        /* manual 7.2; slices of parallel and fan beams lie at the rows (parameters.cpp, z_0) */
        const int rows = c->beam == 'p' || c->beam == 'f';
        const double center[3] = {1, -2.5, rows ? (2 - c->cr) * 0.7 : 0.75};
        EXPECT(notes.has_volume && off3(notes.volume.center, center) < 1e-12, "%c: volume",
               c->beam);
        vxg_ct_geometry_release(geo);
    }
}

/* What was cone, fan or parallel is written so again, with its numbers. */
TEST(leap_there_and_back)
{
    for (int n = 0; n < LEAP_CASES; n++) {
        const leap_case *c = &leap_cases[n];
        static const char *const names[] = {"pixelWidth", "pixelHeight",  "centerRow", "centerCol",
                                            "tau",        "helicalPitch", "tiltAngle", "offsetZ"};
        vxg_ct_geometry *geo = NULL;
        vxg_ct_notes notes = {0};
        char *text = NULL;
        CHECK_OK(vxg_ct_geometry_from_leap(c->text, strlen(c->text), &notes, &geo));
        if (c->beam == 'f') notes.has_volume = 0; /* five slices, one row */
        there_and_back("LEAP", geo, &notes, vxg_ct_geometry_to_leap, vxg_ct_geometry_from_leap,
                       &text);
        const char *kind = strstr(c->text, "geometry = ");
        EXPECT(text && !strncmp(strstr(text, "geometry = "), kind, 14), "%c: another geometry",
               c->beam);
        for (int k = 0; k < 8; k++) {
            const double a = value(c->text, names[k]), b = value(text, names[k]);
            if (isfinite(a) && isfinite(b))
                EXPECT(fabs(a - b) < 1e-9, "%c: %s is %g, was %g", c->beam, names[k], b, a);
        }
        vxg_free(text);
        vxg_ct_geometry_release(geo);
    }
}

/* Modular beams: manual, table 2 and 7.8. */
TEST(leap_modular)
{
    static const char modular[] =
        "geometry = modular\nnumAngles = 2\nnumRows = 4\nnumCols = 6\npixelHeight = 0.7\n"
        "pixelWidth = 0.5\ncenterRow = 1.5\ncenterCol = 2.5\nangularRange = 0\nsod = 9\nsdd = 9\n"
        "sourcePositions = 1.0e+01, 2, 3, -7, 1, 2\nmoduleCenters = -5, 1, 2, 8, 2, 1\n"
        "rowVectors = 0, 0, 2, 0.6, 0, 0.8\ncolVectors = 0, 1, 0, 0, -3, 0\nnumX = 0\nnumY = 0\n"
        "numZ = 0\nvoxelWidth = 0\nvoxelHeight = 0\n";
    vxg_ct_geometry *geo = NULL;
    char *text = NULL;
    double p[3];
    CHECK_OK(vxg_ct_geometry_from_leap(modular, sizeof modular - 1, NULL, &geo));
    CHECK_OK(vxg_ct_pixel(geo, 1, 4, 3, p)); /* c + s u + t v, s = 0.5 * 1.5, t = 0.7 * 1.5 */
    EXPECT(off3(p, (const double[]){8 + 0.6 * 1.05, 2 - 0.75, 1 + 0.8 * 1.05}) < 1e-12,
           "pixel at (%g, %g, %g)", p[0], p[1], p[2]);
    EXPECT(off3(vxg_ct_geometry_view(geo, 1)->s, (const double[]){-7, 1, 2}) == 0, "source");
    there_and_back("modular", geo, NULL, vxg_ct_geometry_to_leap, vxg_ct_geometry_from_leap, &text);
    vxg_free(text);
    vxg_ct_geometry_release(geo);
    /* scans that are no circle about z */
    for (int i = 0; i < 3; i++) {
        geo = scan(i == 1 ? VXG_CT_PATH_RANDOM : VXG_CT_PATH_CIRCULAR, VXG_CT_BEAM_CONE,
                   i == 2 ? 0.5 : 0, i == 0 ? 0.3 : 0, 20, 22, 40);
        there_and_back("no circle", geo, &with_volume, vxg_ct_geometry_to_leap,
                       vxg_ct_geometry_from_leap, &text);
        EXPECT(has(text, "geometry = modular"), "scan %d is not modular", i);
        vxg_free(text);
        vxg_ct_geometry_release(geo);
    }
}

/* ---- CIL ---- */
/* Turn of p about the unit vector n by an angle (Rodrigues). */
static void turn(const double *n, double angle, double *p) {
    const double c = cos(angle), s = sin(angle), d = n[0] * p[0] + n[1] * p[1] + n[2] * p[2];
    const double x[3] = {n[1] * p[2] - n[2] * p[1], n[2] * p[0] - n[0] * p[2],
                         n[0] * p[1] - n[1] * p[0]};
    for (int k = 0; k < 3; k++) p[k] = c * p[k] + s * x[k] + (1 - c) * d * n[k];
}

/* CIL's documentation: create_Cone3D, create_Parallel3D (positions, directions, rotation axis),
 * set_panel (pixel_size, origin: where pixel 0 is), set_angles (initial_angle); its frame of the
 * volume: align_reference_frame('cil'), the axis becomes z the shortest way, the source looks along
 * y; the object turns by +angle, so source and detector by -angle (plugins, astra,
 * convert_geometry_to_astra_vec_3D). */
typedef struct cil_case {
    const char *geometry, *origin;
    double source[3], detector[3], x[3], y[3], axis[3], axis_direction[3]; /* source: or ray */
    double initial, angles[3];
    int flat; /* two numbers to a vector */
} cil_case;
static const cil_case cil_cases[] = {
    {"Cone3D",
     "bottom-left",
     {3, -100, 2},
     {-4, 60, 5},
     {0.8, 0.6, 0},
     {0, 0, 1},
     {2, 1, -1.5},
     {0.1, -0.2, 1},
     12,
     {0, 70, 190},
     0},
    {"Cone3D",
     "top-right",
     {90, 20, 2},
     {-50, 1, 5},
     {0, 1, 0},
     {0, 0, 1},
     {2, 1, -1.5},
     {0, 0, -1},
     -30,
     {5, 70, 190},
     0},
    {"Parallel3D",
     "top-left",
     {0.3, 1, 0.1},
     {-4, 60, 5},
     {1, 0, 0},
     {0, 0.6, 0.8},
     {2, 1, -1.5},
     {-0.3, 0.2, 2},
     12,
     {0, 70, 190},
     0},
    {"Cone2D",
     "bottom-right",
     {3, -100, 0},
     {-4, 60, 0},
     {0.8, 0.6, 0},
     {0, 0, 1},
     {2, 1, 0},
     {0, 0, 1},
     12,
     {0, 70, 190},
     1},
    {"Parallel2D",
     "bottom-left",
     {0.3, 1, 0},
     {-4, 60, 0},
     {1, 0, 0},
     {0, 0, 1},
     {2, 1, 0},
     {0, 0, 1},
     12,
     {0, 70, 190},
     1},
};
#define CIL_CASES 5

static void cil_text(const cil_case *c, char *out, size_t size) {
    const int cone = c->geometry[0] == 'C';
    char v[6][100];
    const double *const all[] = {c->source, c->detector, c->x, c->y, c->axis, c->axis_direction};
    for (int i = 0; i < 6; i++)
        snprintf(v[i], sizeof v[i], c->flat ? "[%.17g, %.17g]" : "[%.17g, %.17g, %.17g]", all[i][0],
                 all[i][1], all[i][2]);
    int n = snprintf(out, size,
                     "{\"geometry\": \"%s\", \"%s\": %s, \"detector_position\": %s, "
                     "\"detector_direction_x\": %s, \"rotation_axis_position\": %s, "
                     "\"initial_angle\": %g, \"angles\": [%g, %g, %g], \"origin\": \"%s\", ",
                     c->geometry, cone ? "source_position" : "ray_direction", v[0], v[1], v[2],
                     v[4], c->initial, c->angles[0], c->angles[1], c->angles[2], c->origin);
    if (!c->flat)
        n +=
            snprintf(out + n, size - (size_t)n,
                     "\"detector_direction_y\": %s, \"rotation_axis_direction\": %s, ", v[3], v[5]);
    snprintf(out + n, size - (size_t)n,
             "\"num_pixels\": %s, \"pixel_size\": [0.5, 0.7], \"units\": \"um\", "
             "\"image_geometry\": {\"voxel_num_x\": 9, \"voxel_num_y\": 8, \"voxel_num_z\": 7, "
             "\"voxel_size_x\": 0.5, \"voxel_size_y\": 0.6, \"voxel_size_z\": 0.7, "
             "\"center_x\": 1, \"center_y\": 2, \"center_z\": 3}}",
             c->flat ? "8" : "[8, 5]");
}

/* Source (parallel: a point 100 before the pixel) and pixel in the frame of the volume. */
static void cil_ray(const cil_case *c, int view, double i, double j, double *from, double *to) {
    const int cone = c->geometry[0] == 'C', right = !!strstr(c->origin, "right");
    const int top = !!strstr(c->origin, "top");
    const double s = 0.5 * (i - 3.5) * (right ? -1 : 1);
    const double t = c->flat ? 0 : 0.7 * (j - 2) * (top ? -1 : 1);
    const double *a = c->axis_direction, la = sqrt(a[0] * a[0] + a[1] * a[1] + a[2] * a[2]);
    const double z[3] = {0, 0, 1}, flat = hypot(a[0], a[1]);
    const double lr = sqrt(pow(c->source[0], 2) + pow(c->source[1], 2) + pow(c->source[2], 2));
    double along[3];
    for (int k = 0; k < 3; k++) {
        to[k] = c->detector[k] + s * c->x[k] + t * c->y[k] - c->axis[k];
        from[k] = cone ? c->source[k] - c->axis[k] : to[k] - 100 * c->source[k] / lr;
        along[k] = cone ? c->detector[k] - c->source[k] : c->source[k];
    }
    /* the axis to z, about axis x z; against z about x */
    const double n[3] = {flat > 0 ? a[1] / flat : 1, flat > 0 ? -a[0] / flat : 0, 0};
    double *const all[] = {from, to, along};
    for (int k = 0; k < 3; k++) turn(n, acos(a[2] / la), all[k]);
    const double to_y = PI / 2 - atan2(along[1], along[0]);
    for (int k = 0; k < 2; k++) turn(z, to_y - (c->initial + c->angles[view]) * PI / 180, all[k]);
}

TEST(cil_places)
{
    for (int n = 0; n < CIL_CASES; n++) {
        const cil_case *c = &cil_cases[n];
        const int cone = c->geometry[0] == 'C', rows = c->flat ? 1 : 5;
        char text[1200], *again = NULL;
        vxg_ct_geometry *geo = NULL;
        vxg_ct_notes notes = {0};
        cil_text(c, text, sizeof text);
        CHECK_OK(vxg_ct_geometry_from_cil(text, strlen(text), &notes, &geo));
        CHECK(vxg_ct_geometry_nu(geo) == 8 && vxg_ct_geometry_nv(geo) == rows, "panel");
        for (int view = 0; view < 3; view++)
            for (int corner = 0; corner < 4; corner++) {
                const double i = corner & 1 ? 7 : 0, j = corner & 2 ? rows - 1 : 0;
                const vxg_ct_view *v = vxg_ct_geometry_view(geo, view);
                double from[3], to[3], p[3], s[3];
                cil_ray(c, view, i, j, from, to);
                CHECK_OK(vxg_ct_pixel(geo, view, i, j, p));
                for (int k = 0; k < 3; k++) s[k] = cone ? v->s[k] : p[k] - 100 * v->r[k];
                EXPECT(off3(p, to) < 1e-10 && off3(s, from) < 1e-10,
                       "%s, %s: pixel (%g, %g) of view %d lies at (%g, %g, %g), in CIL at (%g, %g, "
                       "%g); source (%g, %g, %g), (%g, %g, %g)",
                       c->geometry, c->origin, i, j, view, p[0], p[1], p[2], to[0], to[1], to[2],
                       s[0], s[1], s[2], from[0], from[1], from[2]);
            }
        EXPECT(!strcmp(notes.units, "um") &&
                   off3(notes.volume.center, (const double[]){1, 2, 3}) == 0 &&
                   notes.volume.nx == 9 && notes.volume.dy == 0.6,
               "units or volume");
        there_and_back(c->geometry, geo, &notes, vxg_ct_geometry_to_cil, vxg_ct_geometry_from_cil,
                       &again);
        EXPECT(has(again, cone ? "\"Cone3D\"" : "\"Parallel3D\""), "%s: another", c->geometry);
        vxg_free(again);
        vxg_ct_geometry_release(geo);
    }
}

/* A circle here is CIL's default setup turned the other way; other cone scans are flexible. */
TEST(cil_there_and_back)
{
    vxg_ct_geometry *geo = scan(VXG_CT_PATH_CIRCULAR, VXG_CT_BEAM_CONE, 0, 0, 0, 0, 40);
    char *text = NULL;
    there_and_back("circle", geo, &with_volume, vxg_ct_geometry_to_cil, vxg_ct_geometry_from_cil,
                   &text);
    EXPECT(has(text, "\"source_position\": [0, -100, 0]") &&
               has(text, "\"detector_position\": [0, 50, 0]") &&
               has(text, "\"detector_direction_x\": [1, 0, 0]"),
           "not CIL's frame: %.600s", text);
    EXPECT(fabs(value(text, "\"angles\"") + 0.3 * 180 / PI) < 1e-9, "angles");
    vxg_free(text);
    vxg_ct_geometry_release(geo);
    for (int i = 0; i < 4; i++) {
        geo = scan(i == 1   ? VXG_CT_PATH_RANDOM
                   : i == 2 ? VXG_CT_PATH_HELICAL
                            : VXG_CT_PATH_CIRCULAR,
                   i == 3 ? VXG_CT_BEAM_PARALLEL : VXG_CT_BEAM_CONE, i == 1 ? 0 : 0.4,
                   i == 0 ? 0.3 : 0, 20, 22, 40);
        there_and_back("scan", geo, &with_volume, vxg_ct_geometry_to_cil, vxg_ct_geometry_from_cil,
                       &text);
        EXPECT(has(text, "Cone3D_Flex") == (i == 1 || i == 2), "scan %d: kind", i);
        vxg_free(text);
        vxg_ct_geometry_release(geo);
    }
}

/* Vectors of a flexible geometry: panel as above, volume at volume_centre_position. */
TEST(cil_flex)
{
    static const char flex[] =
        "{\"geometry\": \"Cone3D_Flex\", \"source_position_set\": [[1, -90, 2], [80, 3, 1]], "
        "\"detector_position_set\": [[2, 60, 3], [-50, 2, 4]], \"detector_direction_x_set\": [[2, "
        "0, 0], [0, 1, 0]], \"detector_direction_y_set\": [[0, 0, 1], [0, 0, 3]], "
        "\"volume_centre_position\": [1, 2, 3], \"num_pixels\": [8, 5], \"pixel_size\": 0.5, "
        "\"origin\": \"top-left\", \"image_geometry\": {\"voxel_num_x\": 4, \"voxel_num_y\": 4, "
        "\"center_x\": 0.5}}";
    vxg_ct_geometry *geo = NULL;
    vxg_ct_notes notes = {0};
    double p[3];
    CHECK_OK(vxg_ct_geometry_from_cil(flex, sizeof flex - 1, &notes, &geo));
    CHECK_OK(vxg_ct_pixel(geo, 1, 0, 0, p)); /* left: y = 2 - 1.75, top: z = 4 + 1 */
    EXPECT(off3(p, (const double[]){-50, 0.25, 5}) < 1e-12, "pixel at (%g, %g, %g)", p[0], p[1],
           p[2]);
    EXPECT(off3(notes.volume.center, (const double[]){1.5, 2, 3}) == 0, "volume");
    vxg_ct_geometry_release(geo);
}

/* ---- Refusals ---- */
#define REFUSED(code, call, word)                                                                  \
    EXPECT((call) == (code) && !geo && !text && strstr(vxg_error_message(), word),                 \
           "'%s' does not say %s", vxg_error_message(), word)
TEST(leap_refusals)
{
    vxg_ct_geometry *geo = NULL, *other = NULL;
    char *text = NULL;
#define HEAD                                                                                       \
    "numAngles = 2\nnumRows = 4\nnumCols = 6\npixelHeight = 0.7\npixelWidth = 0.5\n"               \
    "centerRow = 1.5\ncenterCol = 2.5\n"
#define LEAP(t) vxg_ct_geometry_from_leap(t, strlen(t), NULL, &geo)
    REFUSED(VXG_ERR_INPUT, LEAP(HEAD), "geometry is");
    REFUSED(VXG_ERR_INPUT, LEAP("geometry = cone-parallel\n" HEAD), "geometry is \"cone-parallel");
    REFUSED(VXG_ERR_INPUT, LEAP("geometry = cone\n" HEAD), "sod is missing");
    REFUSED(VXG_ERR_INPUT, LEAP("geometry = parallel\n" HEAD), "angularRange is missing");
    REFUSED(VXG_ERR_INPUT, LEAP("geometry = parallel\n" HEAD "phis = 1\n"), "phis has 1");
    REFUSED(VXG_ERR_INPUT, LEAP("geometry = parallel\n" HEAD "phis = 1, x\n"), "phis: line");
    REFUSED(VXG_ERR_INPUT, LEAP("geometry = parallel\n" HEAD HEAD), "numAngles is there twice");
    REFUSED(VXG_ERR_INPUT, LEAP("geometry = parallel\n" HEAD "axisOfSymmetry = 3\n"),
            "axisOfSymmetry");
    REFUSED(VXG_ERR_INPUT, LEAP("geometry = parallel\n" HEAD "centreRow = 3\n"), "did you mean");
    REFUSED(VXG_ERR_INPUT, LEAP("geometry = parallel\nnumRows 4\n"), "line 2");
    REFUSED(VXG_ERR_INPUT, LEAP("geometry = parallel\nnumRows = 4.5\n"), "numRows is 4.5");
    REFUSED(VXG_ERR_INPUT, LEAP("geometry = parallel\npixelWidth = -4.5\n"), "pixelWidth is -4.5");
    REFUSED(VXG_ERR_INPUT,
            LEAP("geometry = parallel\n" HEAD "angularRange = 9\nhelicalPitch = 1\n"),
            "helicalPitch");
    REFUSED(VXG_ERR_INPUT, LEAP("geometry = parallel\n" HEAD "angularRange = 9\nnumX = 1\n"),
            "numX");
    REFUSED(VXG_ERR_UNSUPPORTED, LEAP("geometry = fan\n" HEAD "sod = 3\nsdd = 4\n"), "numRows");
    REFUSED(VXG_ERR_UNSUPPORTED,
            LEAP("geometry = cone\ndetectorType = curved\nnumAngles = 2\nnumRows = 4\nnumCols = 6\n"
                 "pixelHeight = 0.7\npixelWidth = 0.5\ncenterRow = 2\ncenterCol = 2.5\nsod = 3\n"
                 "sdd = 4\nangularRange = 3\n"),
            "centerRow");
    REFUSED(VXG_ERR_INPUT, LEAP("geometry = modular\n" HEAD), "sourcePositions is missing");
    vxg_ct_notes notes = with_volume;
    other = scan(VXG_CT_PATH_CIRCULAR, VXG_CT_BEAM_PARALLEL, 0.3, 0, 0, 0, 4);
    REFUSED(VXG_ERR_UNSUPPORTED, vxg_ct_geometry_to_leap(other, NULL, &text), "phis");
    vxg_ct_geometry_release(other);
    other = scan(VXG_CT_PATH_CIRCULAR, VXG_CT_BEAM_PARALLEL, 0, 0, 0, 0, 4);
    REFUSED(VXG_ERR_UNSUPPORTED, vxg_ct_geometry_to_leap(other, &notes, &text), "voxelHeight");
    notes.volume.dx = 2;
    REFUSED(VXG_ERR_UNSUPPORTED, vxg_ct_geometry_to_leap(other, &notes, &text), "voxelWidth");
    vxg_ct_rotation(0.1, 0, 0, notes.volume.rotation);
    REFUSED(VXG_ERR_UNSUPPORTED, vxg_ct_geometry_to_leap(other, &notes, &text), "rotated");
    vxg_ct_geometry_release(other);
}

/* Two views, of which the second has another pitch, or columns and rows that are not square. */
static vxg_ct_geometry *odd(double pitch, double skew) {
    const vxg_ct_view views[2] = {
        {.s = {0, -90, 0}, .d = {0, 60, 0}, .U = {1, 0, 0}, .V = {0, 0, 1}},
        {.s = {90, 0, 0},
         .d = {-60, 0, 0},
         .U = {0, pitch, 0},
         .V = {0, skew, sqrt(1 - skew * skew)}}};
    vxg_ct_geometry *geo = NULL;
    vxg_ct_geometry_new(
        &(vxg_ct_views){.beam = VXG_CT_BEAM_CONE, .nviews = 2, .nv = 4, .nu = 6, .views = views},
        &geo);
    return geo;
}
TEST(detector_refusals)
{
    static const struct {
        to_fn *to;
        const char *pitch, *skew, *curved;
    } all[] = {{vxg_ct_geometry_to_tigre, "dDetector", "rotDetector", "curved"},
               {vxg_ct_geometry_to_leap, "pixelWidth", "rowVectors", NULL},
               {vxg_ct_geometry_to_cil, "pixel_size", "detector_direction_y", "curved"}};
    vxg_ct_geometry *geo = NULL, *wide = odd(1.5, 0), *skew = odd(1, 0.1), *curved = NULL;
    vxg_ct_trajectory_opts o = {0};
    char *text = NULL;
    vxg_ct_trajectory_defaults(VXG_CT_PATH_SADDLE, VXG_CT_BEAM_CONE, &o);
    o.nviews = o.rows = o.cols = 3, o.sod = 100, o.sdd = 150, o.detector = VXG_CT_DETECTOR_CURVED;
    CHECK_OK(vxg_ct_trajectory(&o, &curved));
    for (int i = 0; i < 3; i++) {
        REFUSED(VXG_ERR_UNSUPPORTED, all[i].to(wide, NULL, &text), all[i].pitch);
        REFUSED(VXG_ERR_UNSUPPORTED, all[i].to(skew, NULL, &text), all[i].skew);
        REFUSED(VXG_ERR_UNSUPPORTED, all[i].to(curved, NULL, &text),
                all[i].curved ? all[i].curved : "detectorType");
    }
    vxg_ct_geometry_release(wide), vxg_ct_geometry_release(skew), vxg_ct_geometry_release(curved);
    vxg_ct_geometry *tilted = scan(VXG_CT_PATH_CIRCULAR, VXG_CT_BEAM_PARALLEL, 0.3, 0, 0, 0, 4);
    REFUSED(VXG_ERR_UNSUPPORTED, vxg_ct_geometry_to_tigre(tilted, NULL, &text), "angles");
    vxg_ct_geometry_release(tilted);
    tilted = scan(VXG_CT_PATH_RANDOM, VXG_CT_BEAM_PARALLEL, 0, 0, 0, 0, 4);
    REFUSED(VXG_ERR_UNSUPPORTED, vxg_ct_geometry_to_cil(tilted, NULL, &text), "angles");
    vxg_ct_geometry_release(tilted);
}

TEST(json_refusals)
{
    vxg_ct_geometry *geo = NULL;
    char *text = NULL;
#define TIGRE(t) vxg_ct_geometry_from_tigre(t, strlen(t), NULL, &geo)
#define SIZES "\"nDetector\": [4, 6], \"dDetector\": [1, 1], \"nVoxel\": [4, 6, 6], "
#define REST "\"dVoxel\": [1, 1, 1], \"DSD\": 9, \"DSO\": 5, \"angles\": [0, 1]"
    REFUSED(VXG_ERR_INPUT, TIGRE("[]"), "object");
    REFUSED(VXG_ERR_INPUT, TIGRE("{" SIZES "\"dVoxel\": [1, 1, 1]}"), "\"angles\"");
    REFUSED(VXG_ERR_INPUT, TIGRE("{\"angles\": [1]}"), "\"nDetector\" is missing");
    REFUSED(VXG_ERR_INPUT, TIGRE("{" SIZES REST ", \"offorigin\": [0, 0, 0]}"), "did you mean");
    REFUSED(VXG_ERR_INPUT, TIGRE("{" SIZES REST ", \"offOrigin\": [0, 0]}"), "\"offOrigin\" has 2");
    REFUSED(VXG_ERR_INPUT, TIGRE("{" SIZES REST ", \"COR\": [0, 0, 0]}"), "\"COR\" has 3");
    REFUSED(VXG_ERR_INPUT, TIGRE("{" SIZES REST ", \"mode\": \"fan\"}"), "\"mode\"");
    REFUSED(VXG_ERR_INPUT, TIGRE("{" SIZES REST ", \"sVoxel\": [4, 6, 7]}"), "\"sVoxel\" is not");
    REFUSED(VXG_ERR_INPUT,
            TIGRE("{" SIZES "\"dVoxel\": [1, 1, 1], \"DSD\": 9, \"angles\": [0, 1]}"),
            "\"DSO\" is missing");
    REFUSED(VXG_ERR_INPUT,
            TIGRE("{" SIZES "\"dVoxel\": [1, 1, 1], \"DSD\": 9, \"DSO\": -1, \"angles\": [0, 1]}"),
            "\"DSO\" of view 0");
    REFUSED(VXG_ERR_UNSUPPORTED,
            TIGRE("{" SIZES REST ", \"mode\": \"parallel\", \"offDetector\": [0, 1]}"),
            "\"offDetector\"");
    REFUSED(VXG_ERR_UNSUPPORTED,
            TIGRE("{" SIZES "\"dVoxel\": [1, 1, 1], \"DSD\": 9, \"DSO\": 5, \"mode\": "
                  "\"parallel\", \"angles\": [[0, 1, 0]]}"),
            "\"angles\" of view 0");
#define CIL(t) vxg_ct_geometry_from_cil(t, strlen(t), NULL, &geo)
#define PANEL "\"num_pixels\": [6, 4], \"angles\": [0, 1], \"geometry\": "
    REFUSED(VXG_ERR_INPUT, CIL("[]"), "object");
    REFUSED(VXG_ERR_INPUT, CIL("{\"angles\": [1]}"), "\"geometry\" is missing");
    REFUSED(VXG_ERR_INPUT, CIL("{" PANEL "\"Cone4D\"}"), "\"geometry\" is \"Cone4D\"");
    REFUSED(VXG_ERR_INPUT, CIL("{" PANEL "\"Cone3D\"}"), "\"source_position\" is missing");
    REFUSED(VXG_ERR_INPUT, CIL("{" PANEL "\"Parallel3D\", \"source_position\": [0, 1, 2]}"),
            "\"source_position\" has no meaning");
    REFUSED(VXG_ERR_INPUT, CIL("{" PANEL "\"Cone3D_Flex\"}"), "\"angles\" has no meaning");
    REFUSED(VXG_ERR_INPUT, CIL("{" PANEL "\"Parallel2D\"}"), "\"num_pixels\" has 4 rows");
    REFUSED(VXG_ERR_INPUT, CIL("{" PANEL "\"Parallel3D\", \"ray_direction\": [0, 1]}"),
            "\"ray_direction\" has 2");
    REFUSED(VXG_ERR_INPUT, CIL("{" PANEL "\"Parallel3D\", \"ray_direction\": [0, 0, 0]}"),
            "\"ray_direction\" has no length");
    REFUSED(VXG_ERR_INPUT, CIL("{" PANEL "\"Parallel3D\", \"detector_direction_x\": [0, 1, 1]}"),
            "right angles");
    REFUSED(VXG_ERR_INPUT, CIL("{" PANEL "\"Parallel3D\", \"origin\": \"left\"}"), "\"origin\"");
    REFUSED(VXG_ERR_INPUT, CIL("{" PANEL "\"Parallel3D\", \"angle_unit\": \"turn\"}"),
            "\"angle_unit\"");
    REFUSED(VXG_ERR_INPUT, CIL("{" PANEL "\"Parallel3D\", \"pixel_size\": 0}"), "\"pixel_size\"");
    REFUSED(VXG_ERR_INPUT, CIL("{" PANEL "\"Parallel3D\", \"image_geometry\": {}}"),
            "\"voxel_num_x\" is missing");
}

TEST_MAIN("ct_geometry_packages", T(tigre_places), T(tigre_there_and_back), T(tigre_circle),
          T(leap_places), T(leap_there_and_back), T(leap_modular), T(cil_places),
          T(cil_there_and_back), T(cil_flex), T(leap_refusals), T(detector_refusals),
          T(json_refusals))
