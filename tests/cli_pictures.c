/* Pictures of streamlines and maps: what is drawn where, in which colour, in front of what; the
 * same however streamlines come. */
#include "track_keep.h"
#include "track_picture.h"

static const vxg_tract_info ras = {.space = VXG_TRACT_RAS};

/* A straight streamline of 41 points. */
static void add_line(cli_views *v, const double a[3], const double b[3]) {
    double p[41][3];
    const int64_t offsets[2] = {0, 41};
    const vxg_tract_batch batch = {
        .dtype = VXG_F64, .lines = 1, .offsets = offsets, .positions = p};
    for (int i = 0; i < 41; i++)
        for (int k = 0; k < 3; k++) p[i][k] = a[k] + i * (b[k] - a[k]) / 40;
    CHECK_OK(cli_views_add(v, &ras, &batch));
}

/* Mean place (0 to 1) and number of the pixels whose channel is far above both others. */
typedef struct blob {
    double x, y;
    int n;
} blob;
static blob find(const vxg_picture *p, int channel) {
    blob b = {0};
    for (int64_t i = 0; i < p->width * p->height; i++) {
        const uint8_t *c = p->pixels + 3 * i;
        int above = c[channel] > 60;
        for (int k = 0; k < 3; k++) above &= k == channel || c[channel] > c[k] + 50;
        if (!above) continue;
        b.x += (double)(i % p->width), b.y += (double)(i / p->width), b.n++;
    }
    b.x /= (double)(b.n + !b.n) * (double)p->width, b.y /= (double)(b.n + !b.n) * (double)p->height;
    return b;
}
static void free_all(vxg_picture p[CLI_VIEWS]) {
    for (int i = 0; i < CLI_VIEWS; i++) vxg_picture_free(&p[i]);
}

/* Along x at the front and top, along y on the right, along z behind on the left. */
TEST(where_and_colour)
{
    cli_views *v = NULL;
    vxg_picture p[CLI_VIEWS];
    for (int light = 0; light < 2; light++) {
        const cli_views_opts o = {.width = 300, .light = light};
        CHECK_OK(cli_views_begin(&o, &v));
        add_line(v, (double[]){-50, 60, 50}, (double[]){50, 60, 50});
        add_line(v, (double[]){60, -50, 0}, (double[]){60, 50, 0});
        add_line(v, (double[]){-60, -60, -50}, (double[]){-60, -60, 50});
        CHECK_OK(cli_views_finish(v, 0, p));
        const blob red = find(&p[CLI_AXIAL], 0), green = find(&p[CLI_AXIAL], 1);
        EXPECT(red.n > 200 && red.y < 0.25, "the front line: %d pixels, %g down", red.n, red.y);
        EXPECT(green.n > 200 && green.x > 0.75, "the right line: %d pixels, %g to the right",
               green.n, green.x);
        const blob top = find(&p[CLI_CORONAL], 0), up = find(&p[CLI_CORONAL], 2);
        EXPECT(top.n > 200 && top.y < 0.3, "the upper line: %d pixels, %g down", top.n, top.y);
        EXPECT(up.n > 200 && up.x < 0.25, "the left line: %d pixels, %g to the right", up.n, up.x);
        const blob back = find(&p[CLI_SAGITTAL], 2), level = find(&p[CLI_SAGITTAL], 1);
        EXPECT(back.n > 200 && back.x < 0.25, "the line behind: %d pixels, %g to the right", back.n,
               back.x);
        EXPECT(level.n > 200 && level.y > 0.4 && level.y < 0.6, "the level line: %g", level.y);
        const uint8_t *ground = p[CLI_AXIAL].pixels;
        EXPECT(light ? ground[0] == 255 : ground[0] < 30, "the ground is %d", ground[0]);
        free_all(p), cli_views_free(v);
    }
}

/* Lines that cross: the nearer one is whole, seen from any side; a cut leaves the farther one. */
TEST(nearer_in_front)
{
    static const int axes[CLI_VIEWS][3] = {{0, 1, 2}, {0, 2, 1}, {1, 2, 0}};
    static const int near[CLI_VIEWS] = {1, -1, 1};
    cli_views *v = NULL;
    vxg_picture p[CLI_VIEWS];
    for (int view = 0; view < CLI_VIEWS; view++)
        for (int turn = 0; turn < 2; turn++) { /* which comes first does not matter */
            const cli_views_opts o = {.width = 300};
            CHECK_OK(cli_views_begin(&o, &v));
            for (int i = 0; i < 2; i++) {
                double a[3] = {0}, b[3] = {0};
                const int k = axes[view][(i + turn) % 2];
                a[k] = -50, b[k] = 50; /* the one along the picture's width is nearer */
                a[axes[view][2]] = b[axes[view][2]] =
                    (i + turn) % 2 == 0 ? 10 * near[view] : -10 * near[view];
                add_line(v, a, b);
            }
            CHECK_OK(cli_views_finish(v, 0, p));
            const int64_t w = p[view].width, h = p[view].height;
            const uint8_t *middle = p[view].pixels + 3 * (h / 2 * w + w / 2);
            const int wide = axes[view][0], high = axes[view][1];
            EXPECT(middle[wide] > middle[high] + 50, "view %d, order %d: %d %d %d", view, turn,
                   middle[0], middle[1], middle[2]);
            EXPECT(find(&p[view], wide).n > 100 && find(&p[view], high).n > 100, "one is missing");
            free_all(p);
            CHECK_OK(cli_views_finish(v, 1, p));
            EXPECT(find(&p[view], wide).n == 0 && find(&p[view], high).n > 100,
                   "view %d: a cut leaves %d and %d pixels", view, find(&p[view], wide).n,
                   find(&p[view], high).n);
            free_all(p), cli_views_free(v);
        }
}

/* Lines all over the place; of n so many are kept at most. */
static void many(cli_views *v, int n, int part) {
    enum { SIZE = 6 };
    double *p = malloc((size_t)n * SIZE * 24);
    int64_t *offsets = malloc(((size_t)n + 1) * sizeof *offsets);
    uint64_t s = 7;
    for (int64_t i = 0; i < (int64_t)n * SIZE * 3; i++) {
        s = s * UINT64_C(6364136223846793005) + 1442695040888963407u;
        const double u = (double)(s >> 40) / 16777216.0;
        p[i] = i % (SIZE * 3) < 3 ? 100 * u : p[i - 3] + 8 * (u - 0.3);
    }
    for (int at = 0; at < n; at += part) {
        const int lines = n - at < part ? n - at : part;
        for (int i = 0; i <= lines; i++) offsets[i] = SIZE * i;
        const vxg_tract_batch b = {.dtype = VXG_F64,
                                   .lines = lines,
                                   .offsets = offsets,
                                   .positions = p + 3 * SIZE * (int64_t)at};
        CHECK_OK(cli_views_add(v, &ras, &b));
    }
    free(p), free(offsets);
}

TEST(same_for_all_batches)
{
    vxg_picture p[2][CLI_VIEWS], all = {0};
    for (int turn = 0; turn < 2; turn++) {
        const cli_views_opts o = {.lines = 100, .width = 200};
        cli_views *v = NULL;
        CHECK_OK(cli_views_begin(&o, &v));
        many(v, 1000, turn ? 1000 : 7);
        CHECK(cli_views_seen(v) == 1000 && cli_views_drawn(v) <= 100 && cli_views_drawn(v) > 40,
              "%lld of %lld", (long long)cli_views_drawn(v), (long long)cli_views_seen(v));
        CHECK_OK(cli_views_finish(v, 0, p[turn]));
        cli_views_free(v);
    }
    for (int i = 0; i < CLI_VIEWS; i++) {
        const vxg_picture *a = &p[0][i], *b = &p[1][i];
        EXPECT(a->width == b->width && a->height == b->height &&
                   !memcmp(a->pixels, b->pixels, (size_t)(3 * a->width * a->height)),
               "view %d depends on the batches", i);
        EXPECT(a->width <= 202 && a->height <= 202, "%lld x %lld", (long long)a->width,
               (long long)a->height);
    }
    CHECK_OK(cli_views_join(p[0], &all));
    EXPECT(all.width > p[0][0].width + p[0][1].width + p[0][2].width, "%lld", (long long)all.width);
    vxg_picture_free(&all), free_all(p[0]), free_all(p[1]);
}

TEST(nothing_to_draw)
{
    const double point[6] = {1, 2, 3, 4, 5, 6};
    const int64_t offsets[4] = {0, 0, 1, 2}; /* no streamline has a segment */
    const vxg_tract_batch b = {
        .dtype = VXG_F64, .lines = 3, .offsets = offsets, .positions = point};
    const vxg_tract_info corner = {.space = VXG_TRACT_CORNER};
    vxg_picture p[CLI_VIEWS];
    cli_views *v = NULL;
    CHECK_OK(cli_views_begin(NULL, &v));
    CHECK_OK(cli_views_add(v, &ras, &b));
    EXPECT(cli_views_finish(v, 0, p) == VXG_ERR_INPUT && !p[0].pixels, "drawn");
    EXPECT(cli_views_add(v, &corner, &b) == VXG_ERR_INPUT, "a space that is not known");
    cli_views_free(v);
}

/* A writer that looks hands all on. */
static int ended;
static int finish(vxg_tract_writer *self) {
    (void)self;
    ended = 1;
    return VXG_OK;
}
TEST(watch)
{
    const double p[15] = {0, 0, 0, 3, 4, 0, 0, 0, 0, 10, 0, 0, 10, 10, 0};
    const int64_t offsets[3] = {0, 2, 5};
    const vxg_tract_batch b = {.dtype = VXG_F64, .lines = 2, .offsets = offsets, .positions = p};
    keeper k = keeper_new();
    cli_values lengths = {0};
    cli_views *v = NULL;
    vxg_tract_writer *w = NULL;
    vxg_report *page = NULL;
    char *html = NULL;
    k.base.finish = finish;
    CHECK_OK(cli_views_begin(NULL, &v));
    CHECK_OK(cli_watch(&k.base, v, &lengths, &w));
    CHECK_OK(vxg_tract_write(w, &b));
    CHECK_OK(w->finish(w));
    EXPECT(ended && k.lines == 2 && !memcmp(k.p, p, sizeof p) && cli_views_seen(v) == 2,
           "not handed on");
    EXPECT(lengths.n == 2 && lengths.least == 5 && lengths.most == 20, "%lld lengths, %g to %g",
           (long long)lengths.n, (double)lengths.least, (double)lengths.most);
    CHECK_OK(vxg_report_new("lengths", &page));
    CHECK_OK(cli_lengths_chart(page, &lengths));
    CHECK_OK(vxg_report_html(page, &html));
    EXPECT(strstr(html, "length [mm]") && strstr(html, "12.5"), "the chart has no mean");
    vxg_free(html), vxg_report_free(page), keeper_free(&k), cli_views_free(v);
}

/* ---- Maps ---- */
enum { NI = 20, NJ = 24, NK = 10, N = NI * NJ * NK };
static float gray[N], color[3 * N], sticks[3 * N];
/* i runs to the left, k to the front, j up: 2, 1 and 3 mm. */
static const double affine[12] = {-2, 0, 0, 30, 0, 0, 3, -20, 0, 1, 0, 5};
static const cli_shown map = {{NI, NJ, NK}, affine, gray, 1, 0, 1};

static int64_t at(int i, int j, int k) {
    return (k * NJ + j) * NI + i;
}

/* A block that is bright, in a box that is grey: right, front, top. */
static void fill(void) {
    for (int v = 0; v < N; v++) gray[v] = 0.2f;
    for (int k = NK - 3; k < NK; k++)
        for (int j = NJ - 6; j < NJ; j++)
            for (int i = 0; i < 5; i++) gray[at(i, j, k)] = 1;
}

TEST(slices_lie_right)
{
    vxg_picture p[CLI_VIEWS];
    char words[128];
    const int64_t through[3] = {2, NJ - 3, NK - 2};
    fill();
    CHECK_OK(cli_map_slices(&map, NULL, through, 120, p));
    for (int view = 0; view < CLI_VIEWS; view++) {
        /* The block is at the upper right in all of them. */
        const vxg_picture *s = &p[view];
        double x = 0, y = 0, n = 0;
        for (int64_t i = 0; i < s->width * s->height; i++) {
            if (s->pixels[3 * i] < 220) continue;
            x += (double)(i % s->width) / (double)s->width, n++;
            y += (double)(i / s->width) / (double)s->height;
        }
        EXPECT(n > 50 && x / n > 0.7 && y / n < 0.3, "view %d: %g pixels at %g %g", view, n, x / n,
               y / n);
    }
    /* 40 mm right-left, 30 mm front-back, 24 mm up in one scale: 3 pixels a mm. */
    EXPECT(p[0].width == 120 && p[0].height == 90 && p[1].height == 72 && p[2].width == 90,
           "%lld x %lld, %lld high, %lld wide", (long long)p[0].width, (long long)p[0].height,
           (long long)p[1].height, (long long)p[2].width);
    cli_map_caption(&map, through, CLI_AXIAL, words, sizeof words);
    EXPECT(!strcmp(words, "Axial slice j = 21: the front at the top, right on the right"), "%s",
           words);
    cli_map_caption(&map, through, CLI_CORONAL, words, sizeof words);
    EXPECT(strstr(words, "Coronal slice k = 8"), "%s", words);
    free_all(p);
}

TEST(box_of_a_map)
{
    int64_t middle[3];
    vxg_picture p[CLI_VIEWS];
    memset(gray, 0, sizeof gray);
    for (int k = 4; k < 7; k++)
        for (int j = 10; j < 14; j++)
            for (int i = 6; i < 9; i++) gray[at(i, j, k)] = 0.5f;
    cli_map_middle(&map, middle);
    EXPECT(middle[0] == 7 && middle[1] == 12 && middle[2] == 5, "%lld %lld %lld",
           (long long)middle[0], (long long)middle[1], (long long)middle[2]);
    CHECK_OK(cli_map_slices(&map, NULL, NULL, 210, p)); /* 7, 8 and 7 voxels are shown: 21 mm */
    EXPECT(p[0].width == 140 && p[0].height == 210 && p[1].height == 80, "%lld x %lld",
           (long long)p[0].width, (long long)p[0].height);
    free_all(p);
    memset(gray, 0, sizeof gray);
    cli_map_middle(&map, middle);
    EXPECT(middle[0] == NI / 2 && middle[2] == NK / 2, "the middle of an empty map");
    gray[5] = (float)NAN;
    CHECK_OK(cli_map_slices(&map, NULL, NULL, 100, p));
    free_all(p);
}

TEST(colours_and_sticks)
{
    vxg_picture p[CLI_VIEWS];
    cli_shown rgb = map;
    rgb.values = color, rgb.rows = 3;
    const cli_sticks s = {1, sticks, NULL};
    for (int v = 0; v < N; v++) {
        color[v] = 0.1f, color[N + v] = 0.9f, color[2 * N + v] = 0.1f;
        gray[v] = 0.1f, sticks[v] = 1; /* along x */
    }
    CHECK_OK(cli_map_slices(&rgb, NULL, NULL, 120, p));
    EXPECT(find(&p[0], 1).n > 0.9 * (double)(p[0].width * p[0].height), "%d green pixels",
           find(&p[0], 1).n);
    free_all(p);
    CHECK_OK(cli_map_slices(&map, &s, NULL, 400, p));
    const blob axial = find(&p[CLI_AXIAL], 0), sagittal = find(&p[CLI_SAGITTAL], 0);
    EXPECT(axial.n > 1000, "%d red pixels", axial.n);
    EXPECT(sagittal.n > 50 && sagittal.n < axial.n, "sticks along the eye are dots: %d, %d",
           sagittal.n, axial.n);
    EXPECT(!find(&p[CLI_AXIAL], 1).n, "green ones");
    free_all(p);
}

TEST_MAIN("cli_pictures", T(where_and_colour), T(nearer_in_front), T(same_for_all_batches),
          T(nothing_to_draw), T(watch), T(slices_lie_right), T(box_of_a_map), T(colours_and_sticks))
