/* Random and damaged geometries: every call succeeds with finite vectors or fails with words, and
 * nothing stays allocated. Case n depends on n alone. */
#include <voxgrad/voxgrad.h>

#include <dirent.h>

#include "fuzz/geometry_readers.h"
#include "test.h"

#if defined(__SANITIZE_ADDRESS__)
#define CASES 5000
#else
#define CASES 50000 /* of options and as many of texts */
#endif

static uint32_t word, item, purpose;
static uint32_t roll(uint32_t n) {
    const uint32_t key[2] = {20, purpose}, counter[4] = {word++, item, 0, 0};
    uint32_t r[4];
    vxg_philox(counter, key, r);
    return r[0] % n;
}
static double odd_number(void) {
    static const double list[] = {0,   -0.0,   1,     -1,        1e-320, 1e300,  -1e300, NAN,
                                  1e9, 1e-9,   1.5,   -INFINITY, 3,      0.25,   1e-12,  INFINITY,
                                  100, 1.5708, 1e154, 6.2831853, 1e6,    1e-300, 7,      10};
    return list[roll(sizeof list / sizeof *list)];
}
/* mostly usual, now and then odd */
static double number(double usual) {
    return roll(8) ? usual * (0.5 + roll(1000) / 1000.0) : odd_number();
}
static int64_t count(int64_t usual) {
    static const int64_t list[] = {0, -1, 1, 2, INT32_MAX, INT64_MAX, INT64_MIN, (int64_t)1 << 40};
    return roll(12) ? usual : list[roll(8)];
}

/* Everything that takes a geometry; the scan is small. */
static int use(const vxg_ct_geometry *geo) {
    static double P[12 * 64], t[64];
    double r, z[2], p[3];
    vxg_ct_volume vol = {0};
    char *text = NULL;
    vxg_ct_geometry *other = NULL;
    const int64_t n = vxg_ct_geometry_nviews(geo);
    const double angle = number(0.1);
    const double by[3] = {number(1), number(1), number(1)};
    for (int64_t i = 0; i < n; i++) {
        const double *v = (const double *)vxg_ct_geometry_view(geo, i);
        for (int k = 0; k < 12; k++)
            if (!isfinite(v[k])) return 0;
    }
    vxg_ct_field_of_view(geo, &r, z);
    vxg_ct_volume_spec spec = {.nx = roll(2) ? 0 : count(5), .dx = roll(2) ? 0 : number(1)};
    vxg_ct_complete_volume(geo, &spec, &vol);
    vxg_ct_geometry_isocenter(geo, p);
    if (n <= 64) vxg_ct_to_matrices(geo, P), vxg_ct_geometry_angles(geo, t);
    if (n <= 64 && !vxg_ct_geometry_words(geo, NULL, &text)) vxg_free(text);
    if (n <= 64 && !vxg_ct_geometry_svg(geo, NULL, &text)) vxg_free(text);
    if (n <= 64 && !vxg_ct_geometry_to_rtk(geo, &text)) vxg_free(text);
    if (n <= 64 && !vxg_ct_geometry_to_tigre(geo, NULL, &text)) vxg_free(text);
    if (n <= 64 && !vxg_ct_geometry_to_leap(geo, NULL, &text)) vxg_free(text);
    if (n <= 64 && !vxg_ct_geometry_to_cil(geo, NULL, &text)) vxg_free(text);
    if (!vxg_ct_geometry_shift(geo, by, &other)) vxg_ct_geometry_release(other);
    if (!vxg_ct_geometry_scale(geo, by, &other)) vxg_ct_geometry_release(other);
    if (!vxg_ct_detector_roll(geo, angle, &other)) vxg_ct_geometry_release(other);
    if (!vxg_ct_detector_shift(geo, angle, angle, &other)) vxg_ct_geometry_release(other);
    if (n <= 64 && !vxg_ct_geometry_to_json(geo, NULL, (int)roll(2), &text)) {
        int status = vxg_ct_geometry_from_json(text, strlen(text), NULL, &other);
        if (!status) vxg_ct_geometry_release(other);
        /* what is written is read, unless rounding passes a limit of the checks */
        vxg_free(text);
    }
    return 1;
}

static int trajectory_case(vxg_ct_geometry **geo) {
    static double angles[16];
    vxg_ct_trajectory_opts o = {0};
    vxg_ct_trajectory_defaults((vxg_ct_path)roll(6), (vxg_ct_beam)roll(3), &o);
    for (int k = 0; k < 16; k++) angles[k] = number(k);
    o.nviews = count(1 + roll(16)), o.rows = count(1 + roll(4)), o.cols = count(1 + roll(9));
    if (o.nviews > 16) o.rows = o.cols = 3000; /* too much, and it must be seen before memory */
    o.detector = (vxg_ct_detector)(roll(4) == 0);
    o.sod = number(100), o.sdd = number(150), o.pixel = number(1), o.row_pitch = number(1);
    o.start = number(1), o.range = number(6), o.endpoint = (int)roll(2), o.reverse = (int)roll(2);
    o.center = number(4), o.has_center = (int)roll(2), o.has_center_row = (int)roll(2);
    o.center_row = number(2), o.tilt = roll(2) ? 0 : number(0.3), o.roll = number(0.1);
    o.z_range = number(10), o.turns = number(2), o.amplitude = number(10);
    o.frequency = number(2), o.z_amplitude = number(5), o.radial_amplitude = number(5);
    o.sod_std = number(1), o.position_std = number(1), o.angle_std = number(0.1), o.seed = item;
    if (roll(2) && o.nviews <= 16) o.angles = angles;
    return vxg_ct_trajectory(&o, geo);
}
static int circular_case(vxg_ct_geometry **geo) {
    static double angles[16];
    for (int k = 0; k < 16; k++) angles[k] = number(k);
    int64_t nviews = count(1 + roll(16)), rows = count(1 + roll(4)), cols = count(1 + roll(9));
    if (nviews > 16) rows = cols = 3000;
    if (roll(2))
        return vxg_ct_parallel_circular(&(vxg_ct_parallel_opts){.angles = angles,
                                                                .nviews = nviews,
                                                                .rows = rows,
                                                                .cols = cols,
                                                                .pixel = number(1),
                                                                .row_pitch = number(1),
                                                                .center = number(4),
                                                                .has_center = (int)roll(2)},
                                        geo);
    return vxg_ct_cone_circular(&(vxg_ct_cone_opts){.angles = roll(2) ? angles : NULL,
                                                    .nviews = nviews,
                                                    .rows = rows,
                                                    .cols = cols,
                                                    .sod = number(100),
                                                    .sdd = number(150),
                                                    .pixel = number(1),
                                                    .row_pitch = number(1),
                                                    .center = number(4),
                                                    .has_center = (int)roll(2),
                                                    .center_row = number(2),
                                                    .has_center_row = (int)roll(2),
                                                    .detector = (vxg_ct_detector)roll(2)},
                                geo);
}
static int vectors_case(vxg_ct_geometry **geo) {
    static vxg_ct_view views[16];
    vxg_ct_views o = {.beam = (vxg_ct_beam)roll(3),
                      .detector = (vxg_ct_detector)(roll(4) == 0),
                      .nviews = count(1 + roll(16)),
                      .nv = count(1 + roll(4)),
                      .nu = count(1 + roll(9)),
                      .column_offset = number(1),
                      .views = roll(20) ? views : NULL};
    if (o.nviews > 16) o.nv = o.nu = 3000;
    for (int i = 0; i < 16; i++) {
        static const double usual[12] = {0, -100, 0, 0, 50, 0, 1, 0, 0, 0, 0, 1};
        for (int k = 0; k < 12; k++)
            ((double *)&views[i])[k] =
                roll(40) ? usual[k] + (roll(3) ? 0 : roll(100) / 1000.0) : odd_number();
    }
    return vxg_ct_geometry_new(&o, geo);
}
static int matrix_case(vxg_ct_geometry **geo) {
    static double P[12 * 4];
    for (int k = 0; k < 48; k++) P[k] = roll(30) ? number(1) - 1 : odd_number();
    if (roll(3) == 0)
        for (int k = 0; k < 4; k++) P[12 * k + 8] = P[12 * k + 9] = P[12 * k + 10] = 0;
    int64_t rows = count(1 + roll(4)), cols = count(1 + roll(9));
    return vxg_ct_from_matrices(roll(10)       ? 4
                                : count(2) > 4 ? -3
                                               : 0,
                                rows, cols, P, number(100), geo);
}

/* ---- Texts ---- */
static const char *const texts[] = {
    "{\"beam\": \"cone\", \"rows\": 4, \"cols\": 8, \"sod\": 400, \"sdd\": 600, \"pixel\": 0.5,\n"
    " \"center\": 3.2, \"center_row\": 1, \"views\": 9, \"range_deg\": 200, \"start_deg\": 3}",
    "{\"beam\": \"fan\", \"detector\": \"curved\", \"cols\": 8, \"sod\": 4e2, \"sdd\": 600,\n"
    " \"pixel\": 0.5, \"angles_deg\": [0, 10, 20.5, 1e1], \"reverse\": true, \"units\": \"mm\"}",
    "{\"beam\": \"parallel\", \"rows\": 3, \"cols\": 8, \"pixel\": 2, \"row_pitch\": 1,\n"
    " \"views\": 7, \"endpoint\": true, \"tilt_deg\": 30, \"roll_deg\": 1, \"comment\": "
    "\"a\\u00b5\"}",
    "{\"beam\": \"cone\", \"rows\": 2, \"cols\": 3, \"views\": [\n"
    " {\"s\": [0, -4, 0], \"d\": [0, 2, 0], \"U\": [1, 0, 0], \"V\": [0, 0, 1]},\n"
    " {\"s\": [4, 0, 0], \"d\": [-2, 0, 0], \"U\": [0, 1, 0], \"V\": [0, 0, 1]}]}",
    "{\"beam\": \"parallel\", \"rows\": 2, \"cols\": 3, \"views\": [{\"r\": [0, 1, 0],\n"
    " \"d\": [0, 2, 0], \"U\": [1, 0, 0], \"V\": [0, 0, 1]}], \"volume\": {\"nx\": 3, \"dx\": 2}}",
    "{\"beam\": \"cone\", \"rows\": 4, \"cols\": 8, \"sod\": 4, \"sdd\": 6, \"pixel\": 0.5,\n"
    " \"views\": 9, \"z_per_turn\": 3, \"z_start\": 1, \"volume\": {\"voxel\": 1,\n"
    " \"size\": [3, 4, 5], \"center\": [0, 1, 2], \"rotation_deg\": [1, 2, 3]}}",
};
static const char *const pieces[] = {
    "\"",       "{",       "}",    "[",           "]",         ",",
    ":",        "null",    "true", "1e999",       "-1",        "0",
    "NaN",      "1e-300",  "\\",   "\"sod\": 1,", "\"views\"", "99999999999999999999",
    "[[[[[[[[", "\\u0000", "-",    "1.5",         "\"fan\"",
};

static size_t damage(char *text, size_t n, size_t room) {
    for (uint32_t edits = roll(5); edits > 0 && n > 0; edits--) {
        const size_t at = roll((uint32_t)n);
        size_t cut = roll(3) ? roll(3) : roll(30);
        const char *piece = roll(3) ? pieces[roll(sizeof pieces / sizeof *pieces)] : "";
        size_t add = strlen(piece);
        if (cut > n - at) cut = n - at;
        if (n - cut + add >= room) continue;
        memmove(text + at + add, text + at + cut, n - at - cut);
        memcpy(text + at, piece, add);
        n = n - cut + add;
        if (n && roll(4) == 0) text[roll((uint32_t)n)] = (char)roll(256);
    }
    return n;
}
static const char *const others[] = {
    "# cone_vec 3 4\n0 -4 0 0 2 0 1 0 0 0 0 1\n4 0 0 -2 0 0 0 1 0 0 0 1\n",
    "# fanflat_vec 1 4\n0,-4,0,2,1,0\n4 0 -2 0 0 1\n# end\n",
    "<RTKThreeDCircularGeometry version=\"3\">\n<SourceToIsocenterDistance>4"
    "</SourceToIsocenterDistance><SourceToDetectorDistance>6</SourceToDetectorDistance>\n"
    "<Projection><GantryAngle>3</GantryAngle><ProjectionOffsetX>1</ProjectionOffsetX>"
    "<InPlaneAngle>2</InPlaneAngle></Projection>\n<Projection><GantryAngle>9</GantryAngle>"
    "</Projection></RTKThreeDCircularGeometry>",
    "-900 0 30 100\n0 5 900 200\n0.1 1 0 300\n",
    "geometry = cone\nnumAngles = 2\nnumRows = 3\nnumCols = 4\npixelHeight = 1\npixelWidth = 2\n"
    "centerRow = 1\ncenterCol = 2\nphis = 3, 40\nsod = 5\nsdd = 9\ntau = 1\nhelicalPitch = 2\n"
    "tiltAngle = 3\nnumX = 3\nnumY = 4\nnumZ = 5\nvoxelWidth = 1\nvoxelHeight = 1\noffsetX = 1\n",
    "geometry = modular\nnumAngles = 1\nnumRows = 3\nnumCols = 4\npixelHeight = 1\n"
    "pixelWidth = 2\nsourcePositions = 0, -4, 0\nmoduleCenters = 0, 2, 0\nrowVectors = 0, 0, 1\n"
    "colVectors = 1, 0, 0\n",
    "{\"mode\": \"cone\", \"DSD\": 9, \"DSO\": [5, 5.5], \"nDetector\": [3, 4], \"dDetector\": [1, "
    "2], "
    "\"nVoxel\": [3, 4, 5], \"dVoxel\": [1, 2, 3], \"offOrigin\": [0, 1, 2], \"offDetector\": [[1, "
    "2], "
    "[3, 4]], \"rotDetector\": [0, 0.1, 0.2], \"COR\": 1, \"angles\": [[0, 1, 2], [1, 2, 3]]}",
    "{\"geometry\": \"Cone3D\", \"source_position\": [1, -9, 2], \"detector_position\": [2, 9, 3], "
    "\"detector_direction_x\": [1, 0, 0], \"rotation_axis_position\": [1, 1, 0], "
    "\"rotation_axis_direction\": [0, 1, 9], \"angles\": [1, 2, 30], \"num_pixels\": [4, 3], "
    "\"pixel_size\": [1, 2], \"image_geometry\": {\"voxel_num_x\": 3, \"voxel_num_y\": 3}}",
    "{\"geometry\": \"Cone3D_Flex\", \"source_position_set\": [[0, -9, 0], [9, 0, 0]], "
    "\"detector_position_set\": [[0, 9, 0], [-9, 0, 0]], \"detector_direction_x_set\": [[1, 0, 0], "
    "[0, 1, 0]], \"detector_direction_y_set\": [[0, 0, 1], [0, 0, 1]], \"num_pixels\": [4, 3], "
    "\"volume_centre_position\": [1, 2, 3], \"origin\": \"top-right\"}",
};
#define OTHERS ((uint32_t)(sizeof others / sizeof *others))

static int text_case(vxg_ct_geometry **geo) {
    char text[1024];
    const char *from = texts[roll(sizeof texts / sizeof *texts)];
    size_t n = strlen(from);
    memcpy(text, from, n);
    n = damage(text, n, sizeof text);
    char *exact = malloc(n ? n : 1); /* the sanitizer sees a byte too far */
    if (!exact) return VXG_ERR_MEMORY;
    memcpy(exact, text, n);
    vxg_ct_notes notes = {0};
    int status = vxg_ct_geometry_from_json(exact, n, &notes, geo);
    free(exact);
    return status;
}

static int other_case(vxg_ct_geometry **geo) {
    static const int reader[OTHERS] = {READ_ASTRA, READ_ASTRA, READ_RTK, READ_MATRIX, READ_LEAP,
                                       READ_LEAP,  READ_TIGRE, READ_CIL, READ_CIL};
    char text[1024];
    const uint32_t which = roll(OTHERS);
    size_t n = strlen(others[which]);
    memcpy(text, others[which], n);
    n = damage(text, n, sizeof text);
    char *exact = malloc(n ? n : 1);
    if (!exact) return VXG_ERR_MEMORY;
    memcpy(exact, text, n);
    const int status = read_geometry(reader[which], exact, n, NULL, geo);
    free(exact);
    return status == VXG_ERR_UNSUPPORTED ? VXG_ERR_INPUT : status; /* cylinders */
}

/* ---- Where tests/fuzz/fuzz_geometry.c starts, and what it once found ---- */
static int every_reader(const char *text, size_t n) {
    int taken = 0;
    for (int reader = 0; reader < READERS; reader++) {
        vxg_ct_geometry *geo = NULL;
        vxg_ct_notes notes = {0};
        const int status = read_geometry(reader, text, n, &notes, &geo);
        if (status) continue;
        taken += use(geo);
        vxg_ct_geometry_release(geo);
    }
    return taken;
}

/* Files of tests/fuzz/FOLDER whose names begin so; those that a reader takes. */
static int replay(const char *folder, const char *begin, int *taken) {
    char path[1024];
    int files = 0;
    snprintf(path, sizeof path, "%s/tests/fuzz/%s", VXG_SOURCE_DIR, folder);
    DIR *dir = opendir(path);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        if (e->d_name[0] == '.' || strncmp(e->d_name, begin, strlen(begin))) continue;
        snprintf(path, sizeof path, "%s/tests/fuzz/%s/%s", VXG_SOURCE_DIR, folder, e->d_name);
        FILE *f = fopen(path, "rb");
        char *text = f ? malloc(20000) : NULL;
        const size_t n = text ? fread(text, 1, 20000, f) : 0;
        char *exact = malloc(n ? n : 1);
        if (text && exact) *taken += every_reader(memcpy(exact, text, n), n) > 0, files++;
        free(exact);
        free(text);
        if (f) fclose(f);
    }
    if (dir) closedir(dir);
    return files;
}

TEST(stored_inputs)
{
    vxg_ct_geometry *geo = NULL;
    const int64_t alive = vxg_alloc_live();
    int taken = 0, found = 0;
    item = 0, word = 0, purpose = 7;
    const int status = vxg_ct_geometry_from_json(texts[0], strlen(texts[0]), NULL, &geo);
    if (status == VXG_ERR_UNSUPPORTED) SKIP("%s", vxg_error_message());
    vxg_ct_geometry_release(geo);
    const int files = replay("corpus/geometry", "", &taken);
    CHECK(files >= 10 && taken == files, "%d of %d files of the corpus are geometries", taken,
          files);
    replay("findings", "geometry", &found);
    CHECK(vxg_alloc_live() == alive, "memory stays");
}

static void run(const char *name, uint32_t key, int64_t cases, int (*make)(vxg_ct_geometry **),
                int allowed) {
    const int64_t alive = vxg_alloc_live();
    int64_t good = 0;
    purpose = key;
    for (int64_t n = 0; n < cases; n++) {
        vxg_ct_geometry *geo = NULL;
        item = (uint32_t)n, word = 0;
        vxg_error_clear();
        const int status = make(&geo);
        if (status == VXG_ERR_UNSUPPORTED) SKIP("%s", vxg_error_message());
        CHECK(status == VXG_OK || status == VXG_ERR_ARGUMENT || status == allowed,
              "%s %d: status %d (%s)", name, (int)n, status, vxg_error_message());
        CHECK(!status == !!geo, "%s %d: status %d and a geometry", name, (int)n, status);
        CHECK(!status || strlen(vxg_error_message()) > 10, "%s %d: no words", name, (int)n);
        if (!status) {
            good++;
            /* few: a refused nothing is worth more than a used good one */
            if (n % 4 == 0 || vxg_ct_geometry_nviews(geo) < 4)
                CHECK(use(geo), "%s %d: a number is not finite", name, (int)n);
            vxg_ct_geometry_release(geo);
        }
        CHECK(vxg_alloc_live() == alive, "%s %d: memory stays", name, (int)n);
    }
    CHECK(good > cases / 50 && good < cases, "%s: %d of %d are good", name, (int)good, (int)cases);
}

TEST(trajectories)
{ run("trajectory", 1, CASES * 2 / 5, trajectory_case, VXG_ERR_ARGUMENT); }
TEST(circular)
{ run("circular", 2, CASES / 5, circular_case, VXG_ERR_ARGUMENT); }
TEST(vectors)
{ run("vectors", 3, CASES / 5, vectors_case, VXG_ERR_ARGUMENT); }
TEST(matrices)
{ run("matrices", 4, CASES / 5, matrix_case, VXG_ERR_ARGUMENT); }
TEST(texts)
{ run("text", 5, CASES, text_case, VXG_ERR_INPUT); }
TEST(other_formats)
{ run("other format", 6, CASES / 5, other_case, VXG_ERR_INPUT); }

TEST_MAIN("ct_geometry_fuzz", T(trajectories), T(circular), T(vectors), T(matrices), T(texts),
          T(other_formats), T(stored_inputs))
