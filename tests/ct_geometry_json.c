/* Geometry files: both forms against the constructors, what is written read back, every refusal by
 * name. */
#include <voxgrad/voxgrad.h>

#include "test.h"

static int reads(const char *text, vxg_ct_notes *notes, vxg_ct_geometry **geo) {
    return vxg_ct_geometry_from_json(text, strlen(text), notes, geo);
}

static double difference(const vxg_ct_geometry *a, const vxg_ct_geometry *b) {
    double most = 0;
    if (vxg_ct_geometry_nviews(a) != vxg_ct_geometry_nviews(b) ||
        vxg_ct_geometry_nu(a) != vxg_ct_geometry_nu(b) ||
        vxg_ct_geometry_nv(a) != vxg_ct_geometry_nv(b) ||
        vxg_ct_geometry_beam(a) != vxg_ct_geometry_beam(b) ||
        vxg_ct_geometry_detector(a) != vxg_ct_geometry_detector(b) ||
        fabs(vxg_ct_geometry_column_offset(a) - vxg_ct_geometry_column_offset(b)) > 1e-9)
        return INFINITY;
    for (int64_t i = 0; i < vxg_ct_geometry_nviews(a); i++) {
        const double *x = (const double *)vxg_ct_geometry_view(a, i);
        const double *y = (const double *)vxg_ct_geometry_view(b, i);
        for (int k = 0; k < 12; k++) most = fmax(most, fabs(x[k] - y[k]));
    }
    return most;
}

TEST(compact_cone)
{
    static const char text[] =
        "{\"beam\": \"cone\", \"detector\": \"flat\", \"units\": \"mm\", \"rows\": 5, "
        "\"cols\": 8, \"sod\": 400, \"sdd\": 600, \"pixel\": 0.4, \"row_pitch\": 0.5, "
        "\"center\": 3.1, \"center_row\": 2.25, \"angles_deg\": [0, 30, 200], "
        "\"start_deg\": 90, \"reverse\": true, \"comment\": \"x\"}";
    const double t[3] = {M_PI / 2, M_PI / 3, -110 * M_PI / 180};
    vxg_ct_geometry *geo = NULL, *want = NULL;
    vxg_ct_notes notes = {0};
    CHECK_OK(reads(text, &notes, &geo));
    CHECK_OK(vxg_ct_cone_circular(&(vxg_ct_cone_opts){.angles = t,
                                                      .nviews = 3,
                                                      .rows = 5,
                                                      .cols = 8,
                                                      .sod = 400,
                                                      .sdd = 600,
                                                      .pixel = 0.4,
                                                      .row_pitch = 0.5,
                                                      .center = 3.1,
                                                      .has_center = 1,
                                                      .center_row = 2.25,
                                                      .has_center_row = 1},
                                  &want));
    EXPECT(difference(geo, want) < 1e-12, "differs by %g", difference(geo, want));
    EXPECT(!strcmp(notes.units, "mm") && notes.reverse == 1 && !notes.has_volume, "notes: '%s' %d",
           notes.units, notes.reverse);
    vxg_ct_geometry_release(geo), vxg_ct_geometry_release(want);
}

TEST(compact_fan_and_parallel)
{
    vxg_ct_geometry *geo = NULL, *want = NULL;
    double t[4];
    CHECK_OK(reads("{\"beam\": \"fan\", \"detector\": \"curved\", \"cols\": 9, \"sod\": 50, "
                   "\"sdd\": 90, \"pixel\": 2, \"center\": 3, \"views\": 4}",
                   NULL, &geo));
    for (int i = 0; i < 4; i++) t[i] = i * M_PI / 2;
    CHECK_OK(vxg_ct_cone_circular(&(vxg_ct_cone_opts){.angles = t,
                                                      .nviews = 4,
                                                      .cols = 9,
                                                      .sod = 50,
                                                      .sdd = 90,
                                                      .pixel = 2,
                                                      .center = 3,
                                                      .has_center = 1,
                                                      .detector = VXG_CT_DETECTOR_CURVED},
                                  &want));
    EXPECT(difference(geo, want) < 1e-12, "fan: differs by %g", difference(geo, want));
    vxg_ct_geometry_release(geo), vxg_ct_geometry_release(want);
    CHECK_OK(reads("{\"beam\": \"parallel\", \"rows\": 3, \"cols\": 9, \"pixel\": 2, \"center\": "
                   "3, \"views\": 4, \"range_deg\": 180, \"endpoint\": true}",
                   NULL, &geo));
    for (int i = 0; i < 4; i++) t[i] = i * M_PI / 3;
    CHECK_OK(vxg_ct_parallel_circular(&(vxg_ct_parallel_opts){.angles = t,
                                                              .nviews = 4,
                                                              .rows = 3,
                                                              .cols = 9,
                                                              .pixel = 2,
                                                              .center = 3,
                                                              .has_center = 1},
                                      &want));
    EXPECT(difference(geo, want) < 1e-12, "parallel: differs by %g", difference(geo, want));
    vxg_ct_geometry_release(geo), vxg_ct_geometry_release(want);
}

TEST(helix)
{
    vxg_ct_geometry *geo = NULL;
    for (int reverse = 0; reverse < 2; reverse++) {
        char text[300];
        snprintf(text, sizeof text,
                 "{\"beam\": \"cone\", \"rows\": 3, \"cols\": 9, \"sod\": 50, \"sdd\": 90, "
                 "\"pixel\": 2, \"views\": 9, \"range_deg\": 720, \"endpoint\": true, "
                 "\"z_per_turn\": 10, \"reverse\": %s}",
                 reverse ? "true" : "false");
        CHECK_OK(reads(text, NULL, &geo));
        for (int64_t i = 0; i < 9; i++) {
            const vxg_ct_view *v = vxg_ct_geometry_view(geo, i);
            EXPECT(fabs(v->s[2] - (-10 + 2.5 * (double)i)) < 1e-12 && v->s[2] == v->d[2],
                   "view %d lies at %g", (int)i, v->s[2]);
        }
        vxg_ct_geometry_release(geo);
    }
}

/* Reads what was written; the long form is exact to the bit. */
static void round_trip(const char *name, const vxg_ct_geometry *geo, int compact) {
    vxg_ct_notes notes = {.units = "um", .reverse = 0, .has_volume = 1}, back;
    vxg_ct_volume_spec spec = {.nx = 5, .ny = 6, .nz = 7, .dx = 0.1, .dy = 0.2, .dz = 0.3};
    vxg_ct_geometry *again = NULL;
    char *text = NULL;
    spec.center[0] = 3, spec.has_center = 1;
    vxg_ct_rotation(0.1, -0.2, 0.3, spec.rotation);
    CHECK_OK(vxg_ct_complete_volume(geo, &spec, &notes.volume));
    for (int vectors = 0; vectors < 2; vectors++) {
        CHECK_OK(vxg_ct_geometry_to_json(geo, &notes, vectors, &text));
        const int is_compact = !strstr(text, "\"U\"");
        EXPECT(is_compact == (compact && !vectors), "%s: compact %d", name, is_compact);
        CHECK(reads(text, &back, &again) == 0, "%s: %s in\n%.600s", name, vxg_error_message(),
              text);
        const double d = difference(geo, again);
        EXPECT(d <= (vectors ? 0 : 1e-9), "%s: %d differs by %g", name, vectors, d);
        EXPECT(!strcmp(back.units, "um") && back.reverse == 0 && back.has_volume, "%s: notes",
               name);
        EXPECT(back.volume.nx == 5 && back.volume.dz == 0.3 && back.volume.center[0] == 3,
               "%s: volume", name);
        for (int k = 0; k < 9; k++)
            EXPECT(fabs(back.volume.rotation[k] - spec.rotation[k]) < 1e-14, "%s: rotation", name);
        vxg_ct_geometry_release(again);
        vxg_free(text);
    }
}

TEST(round_trips)
{
    for (int c = 0; c < 9; c++) {
        static const char *const names[] = {"cone",   "fan",        "parallel", "curved", "tilted",
                                            "rolled", "sinusoidal", "helical",  "random"};
        vxg_ct_trajectory_opts o = {0};
        vxg_ct_geometry *geo = NULL;
        vxg_ct_path path = c == 6   ? VXG_CT_PATH_SINUSOIDAL
                           : c == 7 ? VXG_CT_PATH_HELICAL
                           : c == 8 ? VXG_CT_PATH_RANDOM
                                    : VXG_CT_PATH_CIRCULAR;
        vxg_ct_trajectory_defaults(path, c == 2 || c == 4 ? VXG_CT_BEAM_PARALLEL : VXG_CT_BEAM_CONE,
                                   &o);
        o.nviews = 37, o.rows = c == 1 ? 1 : 6, o.cols = 11, o.sod = 300.7, o.sdd = 500.1;
        o.pixel = 0.37, o.row_pitch = c == 1 ? 0 : 0.41, o.start = 0.3, o.reverse = c % 2;
        if (c < 4) o.center = 4.7, o.has_center = 1;
        if (c == 0) o.center_row = 2.2, o.has_center_row = 1;
        if (c == 3) o.detector = VXG_CT_DETECTOR_CURVED;
        if (c == 4) o.tilt = 0.4;
        if (c == 5) o.roll = 0.02;
        if (c == 8) o.position_std = 0.1, o.seed = 3;
        CHECK_OK(vxg_ct_trajectory(&o, &geo));
        round_trip(names[c], geo, c != 6 && c != 8);
        vxg_ct_geometry_release(geo);
    }
}

#define CONE "\"beam\": \"cone\", \"rows\": 4, \"cols\": 8, \"sod\": 4, \"sdd\": 6, \"pixel\": 1"
#define VIEW "\"d\": [0, 2, 0], \"U\": [1, 0, 0], \"V\": [0, 0, 1]"
#define LONG "\"beam\": \"cone\", \"rows\": 4, \"cols\": 8"
static const struct {
    const char *name, *text, *words;
} bad[] = {
    {"empty", "", "no text"},
    {"syntax", "{\"beam\":\n \"cone\",,}", "line 2, column"},
    {"tail", "{} {}", "more text after the end"},
    {"deep", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "32 levels"},
    {"number_zero", "{\"sod\": 01}", "line 1, column 9: a number that begins with 0"},
    {"number_point", "{\"sod\": 1.}", "a digit expected"},
    {"number_plus", "{\"sod\": +1}", "not JSON from here on"},
    {"number_hex", "{\"sod\": 0x10}", "a comma or the end"},
    {"number_cut", "-", "a digit expected"},
    {"list_comma", "[1,]", "column 4: not JSON"},
    {"list_open", "[1", "a comma or the end"},
    {"text_open", "{\"beam", "without end"},
    {"text_line", "{\"beam\": \"co\nne\"}", "control character"},
    {"text_escape", "{\"beam\": \"\\q\"}", "unknown escape"},
    {"text_half", "{\"beam\": \"\\ud800\"}", "without a character"},
    {"text_zero", "{\"beam\": \"\\u0000\"}", "zero character"},
    {"text_latin", "{\"beam\": \"\xb5m\"}", "not UTF-8"},
    {"text_overlong", "{\"beam\": \"\xc0\xaf\"}", "not UTF-8"},
    {"word_cut", "{\"reverse\": tru}", "not JSON from here on"},
    {"list", "[1]", "an object"},
    {"nothing", "{}", "\"beam\" is missing"},
    {"beam", "{\"beam\": \"conne\"}", "one of parallel, fan, cone"},
    {"beam_type", "{\"beam\": 3}", "\"beam\" is no text"},
    {"unknown", "{" CONE ", \"sodd\": 1, \"views\": 3}", "\"sodd\" (did you mean \"sod\"?)"},
    {"unknown_far", "{" CONE ", \"wavelength\": 1}", "unknown key \"wavelength\""},
    {"twice", "{" CONE ", \"sod\": 1, \"views\": 3}", "\"sod\" is there twice"},
    {"missing_sod", "{\"beam\": \"fan\", \"cols\": 4, \"sdd\": 6, \"pixel\": 1, \"views\": 3}",
     "\"sod\" is missing"},
    {"missing_sdd", "{\"beam\": \"fan\", \"cols\": 4, \"sod\": 6, \"pixel\": 1, \"views\": 3}",
     "\"sdd\" is missing"},
    {"missing_cols", "{\"beam\": \"fan\", \"pixel\": 1, \"views\": 3}", "\"cols\" is missing"},
    {"missing_rows", "{\"beam\": \"cone\", \"cols\": 3, \"pixel\": 1, \"views\": 3}",
     "\"rows\" is missing"},
    {"missing_pixel", "{\"beam\": \"parallel\", \"cols\": 3, \"rows\": 1, \"views\": 3}",
     "\"pixel\" is missing"},
    {"missing_views", "{" CONE "}", "\"views\" is missing"},
    {"sod_parallel",
     "{\"beam\": \"parallel\", \"cols\": 3, \"rows\": 1, \"pixel\": 1, \"sod\": 3, \"views\": 3}",
     "\"sod\" has no meaning for a parallel beam"},
    {"fan_rows", "{\"beam\": \"fan\", \"rows\": 4, \"cols\": 4}", "a fan beam has 1"},
    {"fraction", "{\"beam\": \"cone\", \"rows\": 4.5}", "\"rows\" is 4.5, a whole number"},
    {"negative_pixel", "{\"beam\": \"cone\", \"pixel\": -1}", "\"pixel\" is -1, a positive number"},
    {"infinite", "{\"beam\": \"cone\", \"sod\": 1e999}", "\"sod\" is not a finite number"},
    {"no_number", "{\"beam\": \"cone\", \"sod\": \"4\"}", "\"sod\" is no number"},
    {"nan", "{\"beam\": \"cone\", \"sod\": NaN}", "line 1, column 25"},
    {"flag", "{" CONE ", \"views\": 3, \"reverse\": 1}", "\"reverse\" is not true or false"},
    {"counts", "{" CONE ", \"views\": 3, \"angles_deg\": [1, 2]}", "but \"angles_deg\" has 2"},
    {"no_angles", "{" CONE ", \"angles_deg\": []}", "\"angles_deg\" has 0 numbers"},
    {"angle_word", "{" CONE ", \"angles_deg\": [1, \"2\"]}", "\"angles_deg\" is no number"},
    {"range_and_list", "{" CONE ", \"angles_deg\": [1, 2], \"range_deg\": 3}",
     "\"range_deg\" does not go with"},
    {"too_many", "{" CONE ", \"views\": 4000001}", "\"views\" is 4e+06"},
    {"too_large",
     "{\"beam\": \"cone\", \"rows\": 2000000, \"cols\": 2000000, \"sod\": 4, \"sdd\": 6, "
     "\"pixel\": 1, \"views\": 3}",
     "2^40"},
    {"curved_row", "{" CONE ", \"detector\": \"curved\", \"center_row\": 3, \"views\": 3}",
     "\"center_row\" needs a flat detector"},
    {"curved_wide",
     "{\"beam\": \"fan\", \"detector\": \"curved\", \"cols\": 50, \"sod\": 4, "
     "\"sdd\": 6, \"pixel\": 1, \"views\": 3}",
     "88.8"},
    {"vectors_sod", "{" LONG ", \"sod\": 3, \"views\": [{" VIEW "}]}",
     "\"sod\" has no meaning where every view is given by vectors"},
    {"no_views", "{" LONG ", \"views\": []}", "\"views\" has 0 entries"},
    {"view_missing", "{" LONG ", \"views\": [{" VIEW "}]}", "view 0: \"s\" is missing"},
    {"view_r", "{" LONG ", \"views\": [{\"r\": [0, 1, 0], " VIEW "}]}",
     "view 0: \"r\" has no meaning for a fan or cone beam"},
    {"view_key", "{" LONG ", \"views\": [{\"S\": [0, 1, 0], " VIEW "}]}", "unknown key \"S\""},
    {"view_short", "{" LONG ", \"views\": [{\"s\": [0, -4], " VIEW "}]}",
     "\"s\" has 2 numbers, 3 are"},
    {"view_twice", "{" LONG ", \"views\": [{\"d\": [0, 2, 0], " VIEW "}]}", "\"d\" is there twice"},
    {"view_plane", "{" LONG ", \"views\": [{\"s\": [3, 2, 1], " VIEW "}]}",
     "view 0: the source s lies in the detector plane"},
    {"view_zero_u",
     "{" LONG ", \"views\": [{\"s\": [0, -4, 0], \"d\": [0, 2, 0], \"U\": [0, 0, 0], \"V\": [0, 0, "
     "1]}]}",
     "view 0: U has no length"},
    {"volume_key", "{" CONE ", \"views\": 3, \"volume\": {\"nq\": 3}}",
     "\"volume\": unknown key \"nq\" (did you mean \"n"},
    {"volume_zero", "{" CONE ", \"views\": 3, \"volume\": {\"nx\": 0}}", "\"nx\" is 0"},
    {"volume_voxel", "{" CONE ", \"views\": 3, \"volume\": {\"dx\": 1, \"voxel\": 2}}",
     "\"voxel\" does not go with"},
    {"volume_contradiction",
     "{" CONE ", \"views\": 3, \"volume\": {\"nx\": 4, \"dx\": 1, \"size\": [5, 5, 5]}}",
     "nx = 4 times dx = 1 is not size[0] = 5"},
    {"volume_list", "{" CONE ", \"views\": 3, \"volume\": {\"size\": [5, 5]}}",
     "\"size\" has 2 numbers"},
};

TEST(texts)
{
    vxg_ct_notes notes = {0};
    vxg_ct_geometry *geo = NULL;
    static const char mark[] = "\xef\xbb\xbf";
    char text[400];
    snprintf(text, sizeof text,
             "%s {" CONE ", \"views\": 3, \"units\": \"\\u00b5m\\/\\ud83d\\ude00\", "
             "\"reverse\" :\ttrue } \r\n",
             mark);
    CHECK_OK(reads(text, &notes, &geo));
    EXPECT(!strcmp(notes.units, "\xc2\xb5m/\xf0\x9f\x98\x80"), "units are '%s'", notes.units);
    EXPECT(notes.reverse == 1, "reverse is %d", notes.reverse);
    vxg_ct_geometry_release(geo);
}

TEST(refusals)
{
    const int64_t alive = vxg_alloc_live();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        vxg_ct_geometry *geo = NULL;
        const int status = reads(bad[i].text, NULL, &geo);
        EXPECT(status == VXG_ERR_INPUT && !geo, "%s: status %d (%s)", bad[i].name, status,
               vxg_error_message());
        EXPECT(strstr(vxg_error_message(), bad[i].words), "%s: the message is '%s'", bad[i].name,
               vxg_error_message());
        vxg_ct_geometry_release(geo);
    }
    EXPECT(vxg_alloc_live() == alive, "%d blocks stay alive", (int)(vxg_alloc_live() - alive));
}

TEST_MAIN("ct_geometry_json", T(compact_cone), T(compact_fan_and_parallel), T(helix),
          T(round_trips), T(texts), T(refusals))
