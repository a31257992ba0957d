/* Streamlines after tracking: lengths, points that go, the writer in front of another, maps of
 * density against other programs' and against a search through all voxels. */
#include "io_test.h"
#include "track_keep.h"

static const char *data(const char *name) {
    static char path[2][512];
    static int turn;
    char relative[128];
    turn = !turn;
    snprintf(relative, sizeof relative, "tractograms/%s", name);
    return test_data(relative, path[turn], sizeof path[turn]);
}

static uint64_t random_state = 1;
static double uniform(void) {
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(random_state >> 11) / 9007199254740992.0;
}

/* All streamlines of a file. */
static int read_all(const char *path, keeper *k, vxg_tract_info *info) {
    vxg_tract_reader *r = NULL;
    vxg_tract_batch b = {0};
    *k = keeper_new();
    int status = path ? vxg_io_register() : VXG_ERR_INPUT;
    if (!status) status = vxg_tract_open(path, NULL, &r);
    if (!status && info) *info = r->info;
    do {
        if (!status) status = vxg_tract_next(r, 100, 1 << 20, VXG_F64, &b);
        if (!status && b.lines) status = keep(&k->base, &b);
    } while (!status && b.lines);
    vxg_tract_close(r);
    return status;
}

static vxg_tract_batch batch_of(const keeper *k) {
    return (vxg_tract_batch){
        .dtype = VXG_F64, .lines = k->lines, .offsets = k->begin, .positions = k->p};
}

/* Curves that wind, with steps of unlike lengths; of no, one and two points too. */
static void winding(keeper *k, int64_t lines, int64_t points) {
    *k = keeper_new();
    k->begin = calloc((size_t)lines + 1, sizeof *k->begin);
    k->p = calloc((size_t)(lines * points), 24);
    for (int64_t n = 0; n < lines; n++, k->lines++) {
        const int64_t size = n < 3 ? n : points - (int64_t)(uniform() * 20);
        double *p = k->p + 3 * k->points, d[3] = {1, 0, 0};
        for (int64_t i = 0; i < size; i++) {
            const double step = 0.05 + uniform();
            for (int c = 0; c < 3; c++) {
                d[c] += 0.5 * (uniform() - 0.5);
                p[3 * i + c] = i ? p[3 * i - 3 + c] + step * d[c] : 10 * uniform();
            }
        }
        k->points += size;
        k->begin[n + 1] = k->points;
    }
}

TEST(lengths)
{
    const float f[] = {0, 0, 0, 3, 4, 0, 3, 4, 12, 7, 7, 7};
    const double d[] = {0, 0, 0, 3, 4, 0, 3, 4, 12, 7, 7, 7};
    const int64_t offsets[] = {0, 3, 3, 4};
    double length[3], sum = 0;
    vxg_tract_batch b = {.dtype = VXG_F32, .lines = 3, .offsets = offsets, .positions = f};
    CHECK_OK(vxg_tract_lengths(&b, length));
    EXPECT(length[0] == 17 && length[1] == 0 && length[2] == 0, "%g %g %g", length[0], length[1],
           length[2]);
    b.dtype = VXG_F64, b.positions = d;
    CHECK_OK(vxg_tract_lengths(&b, length));
    EXPECT(length[0] == 17, "%g", length[0]);
    CHECK(vxg_tract_lengths(&b, NULL) == VXG_ERR_ARGUMENT, "without a place for them");
    b.dtype = VXG_F16;
    CHECK(vxg_tract_lengths(&b, length) == VXG_ERR_ARGUMENT, "positions of float16");
    const int64_t falling[] = {0, 3, 2, 4};
    b.dtype = VXG_F64, b.offsets = falling;
    CHECK(vxg_tract_lengths(&b, length) == VXG_ERR_ARGUMENT, "offsets that fall");
    if (!data("dipy_tracks300.trk")) SKIP("no test data");
    keeper k;
    CHECK_OK(read_all(data("dipy_tracks300.trk"), &k, NULL));
    b = batch_of(&k);
    double *all = malloc((size_t)k.lines * sizeof *all);
    CHECK_OK(vxg_tract_lengths(&b, all));
    for (int64_t i = 0; i < k.lines; i++) sum += all[i];
    EXPECT(fabs(sum / (double)k.lines - 40.552547138) < 1e-6, "DIPY's mean is 40.552547, ours %.9f",
           sum / (double)k.lines);
    free(all), keeper_free(&k);
}

static double gap(const double *a, const double *b) {
    return sqrt(pow(a[0] - b[0], 2) + pow(a[1] - b[1], 2) + pow(a[2] - b[2], 2));
}

/* How far a is from the segment p q: looked for, not worked out. */
static double distance(const double *p, const double *q, const double *a) {
    double lo = 0, hi = 1, x[2][3];
    for (int i = 0; i < 200; i++) {
        const double t[2] = {lo + (hi - lo) / 3, hi - (hi - lo) / 3};
        for (int e = 0; e < 2; e++)
            for (int c = 0; c < 3; c++) x[e][c] = p[c] + t[e] * (q[c] - p[c]);
        if (gap(x[0], a) < gap(x[1], a))
            hi = t[1];
        else
            lo = t[0];
    }
    return gap(x[0], a);
}

/* What is promised of the points that stay. */
static void check_kept(const keeper *k, const int64_t *offsets, const int64_t *kept,
                       double tolerance, double max_segment) {
    for (int64_t n = 0; n < k->lines; n++) {
        const int64_t begin = k->begin[n], end = k->begin[n + 1], at = offsets[n];
        const int64_t size = offsets[n + 1] - at;
        CHECK(size == (end - begin < 2 ? end - begin : size) && (end - begin < 2 || size >= 2),
              "streamline %lld of %lld points has %lld", (long long)n, (long long)(end - begin),
              (long long)size);
        if (size < 1) continue;
        CHECK(kept[at] == begin && kept[at + size - 1] == end - 1, "streamline %lld lost an end",
              (long long)n);
        for (int64_t i = at; i + 1 < at + size; i++) {
            const double *p = k->p + 3 * kept[i], *q = k->p + 3 * kept[i + 1];
            CHECK(kept[i + 1] > kept[i], "the points of streamline %lld do not rise", (long long)n);
            CHECK(kept[i + 1] == kept[i] + 1 || gap(p, q) <= max_segment, "a segment of %g mm",
                  gap(p, q));
            for (int64_t j = kept[i] + 1; j < kept[i + 1]; j++)
                CHECK(distance(p, q, k->p + 3 * j) <= tolerance * (1 + 1e-9),
                      "a point is %g mm off, %g allowed", distance(p, q, k->p + 3 * j), tolerance);
        }
    }
}

TEST(linearize)
{
    keeper k;
    winding(&k, 60, 150);
    const vxg_tract_batch b = batch_of(&k);
    int64_t *offsets = calloc((size_t)k.lines + 1, sizeof *offsets);
    int64_t *kept = calloc((size_t)k.points, sizeof *kept);
    const double tries[4][2] = {{0.1, 10}, {0.01, 10}, {0.5, 3}, {2, 1000}};
    int64_t before = 0;
    for (int i = 0; i < 4; i++) {
        const vxg_tract_linearize_opts o = {.tolerance = tries[i][0], .max_segment = tries[i][1]};
        CHECK_OK(vxg_tract_linearize(&b, i ? &o : NULL, offsets, kept));
        check_kept(&k, offsets, kept, tries[i][0], tries[i][1]);
        EXPECT(offsets[k.lines] < k.points && offsets[k.lines] != before, "%lld of %lld points",
               (long long)offsets[k.lines], (long long)k.points);
        before = offsets[k.lines];
    }
    const vxg_tract_linearize_opts bad[2] = {{.tolerance = -1}, {.max_segment = (double)NAN}};
    for (int i = 0; i < 2; i++)
        CHECK(vxg_tract_linearize(&b, &bad[i], offsets, kept) == VXG_ERR_ARGUMENT, "try %d", i);
    free(offsets), free(kept), keeper_free(&k);
}

/* Straight ones are as long as they may be; a turn stays where it is. */
TEST(straight_and_turned)
{
    enum { N = 10001 };
    static double p[3 * N];
    static int64_t kept[N], offsets[2];
    const int64_t all[2] = {0, N};
    const vxg_tract_batch b = {.dtype = VXG_F64, .lines = 1, .offsets = all, .positions = p};
    for (int i = 0; i < N; i++) p[3 * i] = 0.25 * i, p[3 * i + 1] = 4;
    CHECK_OK(vxg_tract_linearize(&b, NULL, offsets, kept));
    EXPECT(offsets[1] == 251 && kept[1] == 40, "%lld points, the second is %lld",
           (long long)offsets[1], (long long)kept[1]);
    const vxg_tract_linearize_opts o = {.max_segment = 1e6};
    CHECK_OK(vxg_tract_linearize(&b, &o, offsets, kept));
    EXPECT(offsets[1] == 4 && kept[1] == 4096, "%lld points: 4096 go in a row at most",
           (long long)offsets[1]);
    for (int i = 41; i < N; i++) p[3 * i] = 10, p[3 * i + 1] = 4 + 0.25 * (i - 40);
    CHECK_OK(vxg_tract_linearize(&b, &o, offsets, kept));
    EXPECT(kept[1] >= 39 && kept[1] <= 41, "the turn at point 40 is at %lld", (long long)kept[1]);
    /* Back and forth: the way back is not on the segment from the begin to the end. */
    for (int i = 0; i < N; i++) p[3 * i] = i < 30 ? 0.1 * i : 0.1 * (60 - i), p[3 * i + 1] = 0;
    const int64_t some[2] = {0, 50};
    const vxg_tract_batch back = {.dtype = VXG_F64, .lines = 1, .offsets = some, .positions = p};
    CHECK_OK(vxg_tract_linearize(&back, NULL, offsets, kept));
    EXPECT(offsets[1] == 3 && kept[1] >= 29 && kept[1] <= 31, "%lld points, the second is %lld",
           (long long)offsets[1], (long long)kept[1]);
}

/* DIPY 1.12's compress_streamlines keeps so many of the 15355 points. */
TEST(linearize_as_dipy)
{
    const double tries[3][3] = {{0.01, 10, 5796}, {0.1, 10, 1790}, {0.1, 2, 2344}};
    keeper k;
    if (!data("mrtrix_tckgen_tensor_det.tck")) SKIP("no test data");
    CHECK_OK(read_all(data("mrtrix_tckgen_tensor_det.tck"), &k, NULL));
    const vxg_tract_batch b = batch_of(&k);
    int64_t *offsets = calloc((size_t)k.lines + 1, sizeof *offsets);
    int64_t *kept = calloc((size_t)k.points, sizeof *kept);
    for (int i = 0; i < 3; i++) {
        const vxg_tract_linearize_opts o = {.tolerance = tries[i][0], .max_segment = tries[i][1]};
        CHECK_OK(vxg_tract_linearize(&b, &o, offsets, kept));
        EXPECT(fabs((double)offsets[k.lines] - tries[i][2]) <= 0.002 * tries[i][2],
               "%lld points, DIPY %g", (long long)offsets[k.lines], tries[i][2]);
    }
    free(offsets), free(kept), keeper_free(&k);
}

/* DIPY 1.12's set_number_of_points of 12. */
TEST(resample_as_dipy)
{
    static const double theirs[3][4] = {{0, 88.18909, 108.8018, 90.63665},
                                        {150, 87.1453, 116.4958, 81.54037},
                                        {299, 88.69974, 110.4011, 88.45567}};
    const vxg_tract_resample_opts o = {.points = 12};
    keeper k;
    vxg_tract_info info;
    double rows[12], sum[3] = {0};
    if (!data("dipy_tracks300.trk")) SKIP("no test data");
    CHECK_OK(read_all(data("dipy_tracks300.trk"), &k, &info));
    CHECK_OK(vxg_tract_to_ras(&info, rows));
    CHECK_OK(vxg_tract_move(rows, VXG_F64, k.points, k.p));
    const vxg_tract_batch b = batch_of(&k);
    int64_t *offsets = calloc((size_t)k.lines + 1, sizeof *offsets);
    CHECK_OK(vxg_tract_resample(&b, &o, offsets, NULL));
    CHECK(offsets[k.lines] == 12 * k.lines, "%lld points", (long long)offsets[k.lines]);
    double *p = calloc((size_t)offsets[k.lines], 3 * sizeof *p);
    CHECK_OK(vxg_tract_resample(&b, &o, offsets, p));
    for (int i = 0; i < 3; i++)
        for (int c = 0; c < 3; c++) {
            const double x = p[3 * (12 * (int64_t)theirs[i][0] + 5) + c];
            EXPECT(fabs(x - theirs[i][1 + c]) < 1e-4, "%.7g, DIPY %.7g", x, theirs[i][1 + c]);
        }
    for (int64_t i = 0; i < 36 * k.lines; i++) sum[i % 3] += p[i];
    EXPECT(fabs(sum[0] - 317584.8) < 0.5 && fabs(sum[1] - 394003.47) < 0.5 &&
               fabs(sum[2] - 294873.75) < 0.5,
           "sums %.8g %.8g %.8g", sum[0], sum[1], sum[2]);
    free(offsets), free(p), keeper_free(&k);
}

/* Steps: even along the line, the ends where they were. */
TEST(resample_by_step)
{
    keeper k;
    int64_t offsets[41];
    winding(&k, 40, 100);
    const vxg_tract_batch b = batch_of(&k);
    const vxg_tract_resample_opts o = {.step = 0.7};
    double length[40];
    CHECK_OK(vxg_tract_lengths(&b, length));
    CHECK_OK(vxg_tract_resample(&b, &o, offsets, NULL));
    double *p = calloc((size_t)offsets[40], 3 * sizeof *p);
    CHECK_OK(vxg_tract_resample(&b, &o, offsets, p));
    for (int n = 0; n < 40; n++) {
        const int64_t have = k.begin[n + 1] - k.begin[n], size = offsets[n + 1] - offsets[n];
        const double *q = p + 3 * offsets[n], *from = k.p + 3 * k.begin[n];
        if (have < 2) CHECK(size == have, "%lld points of %lld", (long long)size, (long long)have);
        if (have < 2) continue;
        const double step = length[n] / (double)(size - 1);
        CHECK(fabs(step - 0.7) <= 0.7 * 0.7 / length[n] || size == 2, "steps of %g mm", step);
        CHECK(!memcmp(q, from, 24) && !memcmp(q + 3 * size - 3, from + 3 * have - 3, 24),
              "the ends of streamline %d moved", n);
        /* Each new point is on the segment that its way along the line leads to. */
        double way = 0;
        int64_t at = 0;
        for (int64_t i = 0; i < size; i++) {
            while (at + 2 < have &&
                   way + gap(from + 3 * at, from + 3 * at + 3) < step * (double)i) {
                way += gap(from + 3 * at, from + 3 * at + 3);
                at++;
            }
            CHECK(fabs(gap(from + 3 * at, q + 3 * i) - (step * (double)i - way)) < 1e-9 &&
                      distance(from + 3 * at, from + 3 * at + 3, q + 3 * i) < 1e-9,
                  "point %lld of streamline %d", (long long)i, n);
        }
    }
    const vxg_tract_resample_opts bad[4] = {
        {0}, {.points = 1}, {.points = 5, .step = 1}, {.step = -1}};
    for (int i = 0; i < 4; i++)
        CHECK(vxg_tract_resample(&b, &bad[i], offsets, NULL) == VXG_ERR_ARGUMENT, "try %d", i);
    free(p), keeper_free(&k);
}

/* ---- The writer in front ---- */
static int kept_finish(vxg_tract_writer *self) {
    self->reserved = 1;
    return VXG_OK;
}
static void kept_abandon(vxg_tract_writer *self) {
    self->reserved = 2;
}
/* The keeper, with a column of each kind that holds the numbers of points and lines. */
static double column_error;
static int64_t column_points, column_lines;
static int keep_columns(vxg_tract_writer *self, const vxg_tract_batch *b) {
    const float *point = b->point_values[0];
    const int16_t *line = b->line_values[0];
    column_points += b->offsets[b->lines], column_lines += b->lines;
    for (int64_t n = 0; n < b->lines; n++)
        for (int64_t i = b->offsets[n]; i < b->offsets[n + 1]; i++) {
            const double x = ((const double *)b->positions)[3 * i];
            column_error = fmax(column_error, fabs(x - (double)point[2 * i]));
            column_error = fmax(column_error, fabs((double)line[n] - (double)point[2 * i + 1]));
        }
    return keep(self, b);
}

TEST(filter)
{
    keeper k, out = keeper_new(), plain = keeper_new();
    vxg_tract_writer *w = NULL;
    vxg_tract_filter_stats s = {.size = sizeof s};
    winding(&k, 40, 120);
    const vxg_tract_batch b = batch_of(&k);
    double *length = malloc((size_t)k.lines * sizeof *length), sum = 0;
    float *point = calloc((size_t)k.points, 2 * sizeof *point);
    int16_t *line = calloc((size_t)k.lines, sizeof *line);
    const void *const point_values[1] = {point}, *const line_values[1] = {line};
    static const vxg_tract_column columns[2] = {{.components = 2, .dtype = VXG_F32, .name = "a"},
                                                {.components = 1, .dtype = VXG_I16, .name = "b"}};
    CHECK_OK(vxg_tract_lengths(&b, length));
    int64_t low = 0, high = 0;
    for (int64_t n = 0; n < k.lines; n++) {
        low += length[n]<60, high += length[n]> 100;
        if (length[n] >= 60 && length[n] <= 100) sum += length[n];
        line[n] = (int16_t)n;
        for (int64_t i = k.begin[n]; i < k.begin[n + 1]; i++) {
            k.p[3 * i] = (double)(float)k.p[3 * i];
            point[2 * i] = (float)k.p[3 * i], point[2 * i + 1] = (float)n;
        }
    }
    CHECK(low > 3 && high > 3 && low + high < k.lines - 3, "%lld and %lld", (long long)low,
          (long long)high);
    vxg_tract_batch with = b;
    with.point_values = point_values, with.line_values = line_values;
    out.base.write = keep_columns, out.base.finish = kept_finish, out.base.abandon = kept_abandon;
    out.base.info.npoint_columns = 1, out.base.info.point_columns = &columns[0];
    out.base.info.nline_columns = 1, out.base.info.line_columns = &columns[1];
    vxg_tract_filter_opts o = {.min_length = 60, .max_length = 100, .linearize = 1};
    CHECK_OK(vxg_tract_filter_new(&out.base, NULL, &o, &w));
    CHECK_OK(vxg_tract_write(w, &with));
    CHECK_OK(vxg_tract_filter_get_stats(w, &s));
    CHECK(s.short_ones == low && s.long_ones == high && s.streamlines == k.lines - low - high &&
              s.streamlines == out.lines && s.points == out.points && s.dropped > 100 &&
              fabs(s.length - sum) < 0.01,
          "%lld short of %lld, %lld long of %lld", (long long)s.short_ones, (long long)low,
          (long long)s.long_ones, (long long)high);
    CHECK(column_points == out.points && column_lines == out.lines && column_error == 0,
          "columns are %g off", column_error);
    CHECK(vxg_tract_filter_get_stats(&out.base, &s) == VXG_ERR_ARGUMENT, "the other is no filter");
    CHECK_OK(w->finish(w));
    EXPECT(out.base.reserved == 1, "the other was not finished");
    /* Without options all goes through as it came. */
    plain.base.finish = kept_finish, plain.base.abandon = kept_abandon;
    CHECK_OK(vxg_tract_filter_new(&plain.base, NULL, NULL, &w));
    CHECK_OK(vxg_tract_write(w, &b));
    CHECK(plain.points == k.points && !memcmp(plain.p, k.p, (size_t)k.points * 24), "changed");
    w->abandon(w);
    EXPECT(plain.base.reserved == 2, "the other was not abandoned");
    const vxg_tract_filter_opts anew[3] = {
        {.points = 3}, {.points = 3, .linearize = 1}, {.points = 3, .step = 1}};
    CHECK(vxg_tract_filter_new(&out.base, NULL, &anew[0], &w) == VXG_ERR_ARGUMENT,
          "numbers of points that are set anew");
    for (int i = 1; i < 3; i++)
        CHECK(vxg_tract_filter_new(&plain.base, NULL, &anew[i], &w) == VXG_ERR_ARGUMENT, "try %d",
              i);
    keeper three = keeper_new();
    three.base.finish = kept_finish, three.base.abandon = kept_abandon;
    CHECK_OK(vxg_tract_filter_new(&three.base, NULL, &anew[0], &w));
    CHECK_OK(vxg_tract_write(w, &b));
    w->abandon(w);
    CHECK(three.lines == k.lines && three.points == 1 + 3 * (k.lines - 2), "%lld points",
          (long long)three.points);
    CHECK(!memcmp(three.p + 3 * three.points - 3, k.p + 3 * k.points - 3, 24), "the end moved");
    keeper_free(&three);
    o = (vxg_tract_filter_opts){.min_length = 5, .max_length = 4};
    CHECK(vxg_tract_filter_new(&plain.base, NULL, &o, &w) == VXG_ERR_ARGUMENT, "lengths of 5 to 4");
    free(length), free(point), free(line);
    keeper_free(&k), keeper_free(&out), keeper_free(&plain);
}

/* From TrackVis' space to the scanner's and back. */
TEST(filter_moves)
{
    keeper ras, out = keeper_new(), back = keeper_new();
    vxg_tract_writer *w = NULL;
    vxg_tract_reader *r = NULL;
    if (!data("nibabel_standard.trk")) SKIP("no test data");
    CHECK_OK(read_all(data("nibabel_standard.tck"), &ras, NULL));
    CHECK_OK(vxg_tract_open(data("nibabel_standard.LPS.trk"), NULL, &r));
    out.base.finish = back.base.finish = kept_finish;
    out.base.abandon = back.base.abandon = kept_abandon;
    CHECK_OK(vxg_tract_filter_new(&out.base, &r->info, NULL, &w));
    CHECK(w->info.space == VXG_TRACT_CORNER, "the filter takes TrackVis' space");
    CHECK_OK(vxg_tract_copy(r, w, NULL));
    w->abandon(w);
    CHECK(out.points == ras.points && ras.points == 360, "%lld points", (long long)out.points);
    for (int64_t i = 0; i < 3 * ras.points; i++)
        CHECK(fabs(out.p[i] - ras.p[i]) < 1e-4, "number %lld: %g, %g", (long long)i, out.p[i],
              ras.p[i]);
    back.base.info = r->info;
    back.base.info.nline_columns = back.base.info.npoint_columns = 0;
    CHECK_OK(vxg_tract_filter_new(&back.base, &out.base.info, NULL, &w));
    const vxg_tract_batch b = batch_of(&out);
    CHECK_OK(vxg_tract_write(w, &b));
    w->abandon(w);
    vxg_tract_close(r);
    keeper file;
    CHECK_OK(read_all(data("nibabel_standard.LPS.trk"), &file, NULL));
    for (int64_t i = 0; i < 3 * file.points; i++)
        CHECK(fabs(back.p[i] - file.p[i]) < 1e-4, "number %lld: %g, %g", (long long)i, back.p[i],
              file.p[i]);
    keeper_free(&ras), keeper_free(&out), keeper_free(&back), keeper_free(&file);
}

/* ---- Density ---- */
static int add_in_parts(vxg_tract_density *d, const keeper *k, int64_t part) {
    const vxg_tract_info info = {.space = VXG_TRACT_RAS};
    int status = VXG_OK;
    for (int64_t n = 0; n < k->lines && !status; n += part) {
        const int64_t lines = k->lines - n < part ? k->lines - n : part;
        int64_t *offsets = malloc((size_t)(lines + 1) * sizeof *offsets);
        for (int64_t i = 0; i <= lines; i++) offsets[i] = k->begin[n + i] - k->begin[n];
        const vxg_tract_batch b = {.dtype = VXG_F64,
                                   .lines = lines,
                                   .offsets = offsets,
                                   .positions = k->p + 3 * k->begin[n]};
        status = vxg_tract_density_add(d, &info, &b);
        free(offsets);
    }
    return status;
}

/* How long the segment p q is within the box of a voxel that is `more` larger on all sides. */
static double within(const double *p, const double *q, const int64_t *at, double more) {
    double a = 0, b = 1;
    for (int k = 0; k < 3; k++) {
        const double lo = (double)at[k] - 0.5 - more, hi = (double)at[k] + 0.5 + more;
        const double way = q[k] - p[k];
        if (way == 0 && (p[k] < lo || p[k] > hi)) return -1;
        if (way == 0) continue;
        a = fmax(a, fmin((lo - p[k]) / way, (hi - p[k]) / way));
        b = fmin(b, fmax((lo - p[k]) / way, (hi - p[k]) / way));
    }
    return b - a;
}

enum { GI = 9, GJ = 8, GK = 7, GRID = GI * GJ * GK };
static const double oblique[12] = {0.2, -1.5, 0.1, 9, 1.8, 0.3, 0, -4, 0, 0.2, 2.2, -3};

/* Winding ones in a grid of turned axes; some leave it. */
static void in_grid(keeper *k, double *voxels) {
    winding(k, 40, 60);
    for (int64_t i = 0; i < k->points; i++) {
        double *v = voxels + 3 * i;
        for (int c = 0; c < 3; c++) v[c] = 0.5 * k->p[3 * i + c];
        if (i % 7 == 0) v[i % 3] = floor(v[i % 3]) + 0.5; /* on a face */
        for (int c = 0; c < 3; c++)
            k->p[3 * i + c] = oblique[4 * c] * v[0] + oblique[4 * c + 1] * v[1] +
                              oblique[4 * c + 2] * v[2] + oblique[4 * c + 3];
    }
}

static vxg_tract_density_opts grid_opts(int by) {
    vxg_tract_density_opts o = {.by = (vxg_tract_density_by)by, .color = 1, .grid = {GI, GJ, GK}};
    memcpy(o.affine, oblique, sizeof oblique);
    return o;
}

/* Each voxel that a line is in must count it, none that it is not near may. */
TEST(density_segments)
{
    keeper k;
    static double voxels[3 * 40 * 60];
    static uint32_t least[GRID], most[GRID];
    in_grid(&k, voxels);
    int64_t outside = 0;
    for (int64_t v = 0; v < GRID; v++)
        for (int64_t n = 0; n < k.lines; n++) {
            const int64_t at[3] = {v % GI, v / GI % GJ, v / GI / GJ};
            double in = -1, near = -1;
            for (int64_t i = k.begin[n]; i < k.begin[n + 1]; i++) {
                const int64_t before = i > k.begin[n] ? i - 1 : i;
                in = fmax(in, within(voxels + 3 * before, voxels + 3 * i, at, -1e-9));
                near = fmax(near, within(voxels + 3 * before, voxels + 3 * i, at, 1e-9));
            }
            least[v] += in > 0, most[v] += near >= 0;
        }
    for (int64_t i = 0; i < k.points; i++) {
        const double *p = voxels + 3 * i;
        outside += p[0] < -0.5 || p[0] >= GI - 0.5 || p[1] < -0.5 || p[1] >= GJ - 0.5 ||
                   p[2] < -0.5 || p[2] >= GK - 0.5;
    }
    vxg_tract_density *d = NULL;
    vxg_tract_density_opts o = grid_opts(VXG_TRACT_BY_SEGMENTS);
    vxg_tract_density_stats s = {0};
    CHECK_OK(vxg_tract_density_new(&o, &d));
    CHECK_OK(add_in_parts(d, &k, 3));
    CHECK_OK(vxg_tract_density_get_stats(d, &s));
    const uint32_t *count = vxg_tract_density_counts(d);
    int64_t sum = 0;
    for (int64_t v = 0; v < GRID; v++, sum += count[v - 1])
        CHECK(count[v] >= least[v] && count[v] <= most[v], "voxel %lld: %u, %u to %u expected",
              (long long)v, count[v], least[v], most[v]);
    CHECK(sum > 300 && s.streamlines == k.lines && s.points == k.points && s.leaving > 0,
          "%lld in all", (long long)sum);
    EXPECT(llabs(s.outside - outside) <= 20 && outside > 20, "%lld points outside, %lld",
           (long long)s.outside, (long long)outside);
    /* The first has no points, the second's one is in the grid. */
    EXPECT(s.missed >= 1 && s.missed < 10, "%lld missed it", (long long)s.missed);
    vxg_tract_density_free(d), keeper_free(&k);
}

/* Batches do not matter; samples are more than points, segments more than both. */
TEST(density_batches)
{
    keeper k;
    static double voxels[3 * 40 * 60];
    static float color[2][3 * GRID];
    uint32_t count[3][GRID];
    in_grid(&k, voxels);
    for (int by = 0; by < 3; by++)
        for (int turn = 0; turn < 2; turn++) {
            vxg_tract_density *d = NULL;
            const vxg_tract_density_opts o = grid_opts(by);
            CHECK_OK(vxg_tract_density_new(&o, &d));
            CHECK_OK(add_in_parts(d, &k, turn ? 1000 : 1));
            CHECK_OK(vxg_tract_density_colors(d, color[turn]));
            const uint32_t *c = vxg_tract_density_counts(d);
            if (turn) CHECK(!memcmp(c, count[by], sizeof count[by]), "counts of definition %d", by);
            memcpy(count[by], c, sizeof count[by]);
            vxg_tract_density_free(d);
            CHECK(!turn || !memcmp(color[0], color[1], sizeof color[0]), "colours of %d", by);
            for (int v = 0; v < GRID && turn; v++) {
                const double norm =
                    sqrt(pow((double)color[0][v], 2) + pow((double)color[0][GRID + v], 2) +
                         pow((double)color[0][2 * GRID + v], 2));
                CHECK(norm == 0 || fabs(norm - count[by][v]) < 1e-4, "voxel %d: %g, %u", v, norm,
                      count[by][v]);
            }
        }
    int more[2] = {0};
    for (int v = 0; v < GRID; v++) {
        CHECK(count[0][v] >= count[1][v] && count[2][v] >= count[1][v], "voxel %d: %u %u %u", v,
              count[0][v], count[1][v], count[2][v]);
        more[0] += count[0][v] > count[1][v], more[1] += count[2][v] > count[1][v];
    }
    EXPECT(more[0] > more[1] && more[1] > 10, "%d, %d", more[0], more[1]);
    keeper_free(&k);
}

/* DIPY 1.12's density_map of the same streamlines. */
TEST(density_as_dipy)
{
    keeper k;
    vxg_tract_density *d = NULL;
    vxg_tract_density_opts o = {.by = VXG_TRACT_BY_POINTS,
                                .grid = {30, 30, 30},
                                .affine = {1.5, 0, 0, 31.609294891357422, 0, 2, 0,
                                           41.709285736083984, 0, 0, 2.5, 26.628225326538086}};
    int64_t sum = 0, any = 0;
    uint32_t most = 0;
    if (!data("mrtrix_tckgen_tensor_det.tck")) SKIP("no test data");
    CHECK_OK(read_all(data("mrtrix_tckgen_tensor_det.tck"), &k, NULL));
    CHECK_OK(vxg_tract_density_new(&o, &d));
    CHECK_OK(add_in_parts(d, &k, 10));
    const uint32_t *c = vxg_tract_density_counts(d);
    for (int i = 0; i < 27000; i++) sum += c[i], any += c[i] > 0, most = c[i] > most ? c[i] : most;
    EXPECT(sum == 3306 && any == 158 && most == 85 && c[(2 * 30 + 7) * 30 + 6] == 85,
           "%lld in %lld voxels, %u at most", (long long)sum, (long long)any, most);
    vxg_tract_density_free(d), keeper_free(&k);
}

/* MRtrix3's tckmap: alike but for streamlines that pass within rounding of a corner. */
static void as_mrtrix(const char *name, int color, double most, double mean) {
    keeper k;
    vxg_block_reader *r = NULL;
    vxg_tract_density *d = NULL;
    int64_t start[4] = {0}, count[4], n = 1;
    vxg_tract_density_opts o = {.by = VXG_TRACT_BY_SAMPLES, .color = color};
    if (!data(name)) SKIP("no test data");
    CHECK_OK(read_all(data("mrtrix_tracks.tck"), &k, NULL));
    CHECK_OK(vxg_block_open(data(name), NULL, &r));
    for (int i = 0; i < r->info.ndim; i++) n *= count[i] = r->info.axis[i].count;
    for (int i = 0; i < 3; i++) o.grid[i] = count[r->info.ndim - 1 - i];
    memcpy(o.affine, r->info.affine, sizeof o.affine);
    double *theirs = malloc((size_t)n * sizeof *theirs), worst = 0, sum = 0;
    float *ours = malloc((size_t)n * sizeof *ours);
    CHECK_OK(vxg_block_read(r, start, count, VXG_F64, theirs));
    CHECK_OK(vxg_tract_density_new(&o, &d));
    CHECK_OK(add_in_parts(d, &k, 50));
    for (int64_t i = 0; i < n && !color; i++) ours[i] = (float)vxg_tract_density_counts(d)[i];
    if (color) CHECK_OK(vxg_tract_density_colors(d, ours));
    for (int64_t i = 0; i < n; i++) {
        const double off = fabs((double)ours[i] - theirs[i]);
        worst = fmax(worst, off), sum += off;
    }
    EXPECT(worst <= most && sum / (double)n <= mean, "off by %g, %g in the mean", worst,
           sum / (double)n);
    free(theirs), free(ours);
    vxg_block_close(r), vxg_tract_density_free(d), keeper_free(&k);
}
TEST(density_as_mrtrix)
{ as_mrtrix("mrtrix_tckmap_tdi.mif.gz", 0, 0, 0); }
TEST(density_of_1_mm_as_mrtrix)
{ as_mrtrix("mrtrix_tckmap_tdi_vox1.mif.gz", 0, 1, 0.002); }
TEST(density_colors_as_mrtrix)
{ as_mrtrix("mrtrix_tckmap_tdi_color.mif.gz", 1, 0.15, 0.005); }

/* A line through the grid from very far; ones along faces and edges; a corner that is cut. */
TEST(density_far_and_close)
{
    static const double affine[12] = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0};
    static const struct {
        double p[6];
        int by, voxels;
    } tries[] = {
        {{-1e7, 2, 2, 1e7, 2, 2}, VXG_TRACT_BY_SEGMENTS, 5},
        {{-1e3, 2, 2, 1e3, 2, 2}, VXG_TRACT_BY_SAMPLES, 5},
        {{-1e6, -1e6, 3, 1e6, 1e6, 3}, VXG_TRACT_BY_SEGMENTS, 5}, /* through the edges */
        {{0, 0, 0, 4, 4, 4}, VXG_TRACT_BY_SEGMENTS, 5},           /* through the corners */
        {{-0.5, 0, 0, -0.5, 4, 0}, VXG_TRACT_BY_SEGMENTS, 5},     /* the face is the voxels' own */
        {{4.5, 0, 0, 4.5, 4, 0}, VXG_TRACT_BY_SEGMENTS, 0},       /* and that is the next ones' */
        {{0.5, 0, 0, 0.5, 4, 0}, VXG_TRACT_BY_SEGMENTS, 5},
        {{0.45, -0.1, 0, 0.6, 0.6, 0}, VXG_TRACT_BY_SEGMENTS, 3}, /* cuts voxel 1, 0 */
        {{0.45, -0.1, 0, 0.6, 0.6, 0}, VXG_TRACT_BY_POINTS, 2},
        {{-2, 6, 0, 6, 5, 0}, VXG_TRACT_BY_SEGMENTS, 0}, /* passes by */
        {{1, 1, 1, 1, 1, 1}, VXG_TRACT_BY_SAMPLES, 1},
        {{1, 1, 1, 1, 1, 1}, VXG_TRACT_BY_SEGMENTS, 1},
    };
    const int64_t offsets[2] = {0, 2};
    const vxg_tract_info info = {.space = VXG_TRACT_RAS};
    for (size_t t = 0; t < sizeof tries / sizeof *tries; t++) {
        vxg_tract_density *d = NULL;
        vxg_tract_density_opts o = {.by = (vxg_tract_density_by)tries[t].by, .grid = {5, 5, 5}};
        const vxg_tract_batch b = {
            .dtype = VXG_F64, .lines = 1, .offsets = offsets, .positions = tries[t].p};
        int voxels = 0;
        memcpy(o.affine, affine, sizeof affine);
        CHECK_OK(vxg_tract_density_new(&o, &d));
        CHECK_OK(vxg_tract_density_add(d, &info, &b));
        CHECK_OK(vxg_tract_density_add(d, &info, &b)); /* a second one counts as well */
        for (int v = 0; v < 125; v++) {
            const uint32_t c = vxg_tract_density_counts(d)[v];
            voxels += c > 0;
            CHECK(c == 0 || c == 2, "try %d: voxel %d: %u", (int)t, v, c);
        }
        EXPECT(voxels == tries[t].voxels, "try %d: %d voxels, %d expected", (int)t, voxels,
               tries[t].voxels);
        vxg_tract_density_free(d);
    }
}

TEST(density_refuses)
{
    static float none[1];
    const vxg_tract_info corner = {.space = VXG_TRACT_CORNER}, ras = {.space = VXG_TRACT_RAS};
    double far[6] = {0, 0, 0, 1e7, 0, 0};
    const int64_t offsets[2] = {0, 2};
    const vxg_tract_batch b = {.dtype = VXG_F64, .lines = 1, .offsets = offsets, .positions = far};
    vxg_tract_density *d = NULL;
    vxg_tract_density_opts o = grid_opts(0);
    o.grid[1] = 0;
    CHECK(vxg_tract_density_new(&o, &d) == VXG_ERR_ARGUMENT && !d, "a grid of 9 x 0 x 7");
    o.grid[0] = o.grid[1] = o.grid[2] = 2000;
    CHECK(vxg_tract_density_new(&o, &d) == VXG_ERR_ARGUMENT && !d, "8e9 voxels");
    o = grid_opts(3);
    CHECK(vxg_tract_density_new(&o, &d) == VXG_ERR_ARGUMENT && !d, "by 3");
    o = grid_opts(0);
    memset(o.affine, 0, 4 * sizeof *o.affine);
    CHECK(vxg_tract_density_new(&o, &d) == VXG_ERR_INPUT && !d, "a flat affine");
    o = grid_opts(VXG_TRACT_BY_SAMPLES);
    o.color = 0;
    CHECK_OK(vxg_tract_density_new(&o, &d));
    CHECK(vxg_tract_density_colors(d, none) == VXG_ERR_ARGUMENT, "colours of none");
    CHECK(vxg_tract_density_add(d, &corner, &b) == VXG_ERR_INPUT, "a space without affine");
    CHECK(vxg_tract_density_add(d, &ras, &b) == VXG_ERR_UNSUPPORTED, "samples over 1e7 mm");
    far[3] = 1e30;
    CHECK(vxg_tract_density_add(d, &ras, &b) == VXG_ERR_INPUT, "a point 1e30 mm away");
    vxg_tract_density_free(d);
}

TEST_MAIN("track_shape", T(lengths), T(linearize), T(straight_and_turned), T(linearize_as_dipy),
          T(resample_as_dipy), T(resample_by_step), T(filter), T(filter_moves), T(density_segments),
          T(density_batches), T(density_as_dipy), T(density_as_mrtrix),
          T(density_of_1_mm_as_mrtrix), T(density_colors_as_mrtrix), T(density_far_and_close),
          T(density_refuses))
