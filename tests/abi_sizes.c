/* Structs of other sizes than the library's (docs/abi.md), at every function that takes one: size
 * 0, exact, longer with zeros and with something, too short; each struct ends where memory ends, so
 * that a byte read or written behind it is a crash. */
#include <sys/mman.h>
#include <unistd.h>
#include <voxgrad/voxgrad.h>

#include "test.h"

#define EXTRA 24 /* bytes of a newer library's fields */

static vxg_device *dev;
static vxg_op *op;
static vxg_array x, y;
static vxg_kernel *kernel;
static vxg_ct_geometry *parallel, *cone;
static vxg_ct_volume volume;

static char *page; /* followed by one that cannot be touched */
static size_t page_bytes;

typedef struct sizes_case {
    const char *name;
    const char *type;
    size_t bytes;
    const void *start; /* what the struct holds; NULL: zeros */
    int (*call)(void *s);
    int is_output;
} sizes_case;

/* A struct of `bytes` with the given size word at the end of the page. */
static void *place(const sizes_case *c, size_t bytes, uint32_t size) {
    char *s = page + page_bytes - bytes;
    memset(page, 0xa5, page_bytes);
    memset(s, 0, bytes);
    if (c->start) memcpy(s, c->start, c->bytes < bytes ? c->bytes : bytes);
    memcpy(s, &size, sizeof size);
    return s;
}

static int says(const char *a, const char *b) {
    return strstr(vxg_error_message(), a) && strstr(vxg_error_message(), b);
}

static void one_case(const sizes_case *c) {
    char usual[512];
    vxg_error_clear();
    const int status = c->call(place(c, c->bytes, 0));
    snprintf(usual, sizeof usual, "%s", vxg_error_message());
    EXPECT(!says("size is", c->type), "size 0: %s", vxg_error_message());
    EXPECT(c->call(place(c, c->bytes, (uint32_t)c->bytes)) == status, "exact: %s, not '%s'",
           vxg_error_message(), usual);
    char *s = place(c, c->bytes + EXTRA, (uint32_t)(c->bytes + EXTRA));
    EXPECT(c->call(s) == status, "longer: %s, not '%s'", vxg_error_message(), usual);
    s = place(c, c->bytes + EXTRA, (uint32_t)(c->bytes + EXTRA));
    s[c->bytes + 3] = 1;
    vxg_error_clear();
    int got = c->call(s);
    if (c->is_output) { /* what the library does not know stays as it was */
        EXPECT(got == status && s[c->bytes + 3] == 1, "longer output: %d, %d", got,
               s[c->bytes + 3]);
    } else {
        EXPECT(got == VXG_ERR_UNSUPPORTED && says(c->type, "newer library"),
               "longer with something: %d: %s", got, vxg_error_message());
    }
    for (uint32_t size = 1; size < c->bytes;
         size += size < 8 ? 1 : 13) { /* nothing is frozen yet */
        vxg_error_clear();
        got = c->call(place(c, size < 8 ? 8 : size, size));
        EXPECT(got == VXG_ERR_ARGUMENT && says(c->type, "size is"), "size %u: %d: %s", size, got,
               vxg_error_message());
    }
}

/* ---- The calls ---- */
static int call_launch(void *s) {
    return vxg_kernel_launch(kernel, NULL, s);
}
static int call_apply(void *s) {
    return vxg_op_apply(op, s, &x, &y);
}
static int call_vjp(void *s) {
    return vxg_op_vjp(op, s, &x, &y, &x);
}
static int call_progress(void *s) {
    const vxg_call call = {.progress = s};
    return vxg_op_apply(op, &call, &x, &y);
}
static int voxelize(const vxg_phantom_opts *o) {
    double out[8];
    vxg_phantom *p;
    const vxg_ct_volume v = {.nz = 2, .ny = 2, .nx = 2};
    if (vxg_phantom_named("spheres", &p)) return 0;
    const int status = vxg_phantom_voxelize(p, &v, o, out);
    vxg_phantom_release(p);
    return status;
}
static int call_phantom(void *s) {
    return voxelize(s);
}
static int call_phantom_progress(void *s) {
    const vxg_phantom_opts o = {.progress = s, .dtype = VXG_F64};
    return voxelize(&o);
}
static int call_op_new(void *s) {
    vxg_op *made = NULL;
    const vxg_space space = {.ndim = 1, .shape = {2}};
    const vxg_op_opts o = {.device = dev, .in = &space, .ninputs = 1, .out = &space};
    const int status = vxg_op_new(s, &o, &made);
    vxg_op_release(made);
    return status;
}
static int no_apply(const vxg_op *o, const vxg_call *call, const vxg_array *in,
                    const vxg_array *out) {
    (void)o, (void)call, (void)in, (void)out;
    return 0;
}
static int call_op_opts(void *s) {
    vxg_op *made = NULL;
    static const vxg_op_class cls = {.name = "test.sizes", .apply = no_apply};
    const int status = vxg_op_new(&cls, s, &made);
    vxg_op_release(made);
    return status;
}
static int call_register(void *s) {
    return vxg_op_register(s);
}
static int call_subset(void *s) {
    vxg_op *made = NULL;
    const int status = vxg_op_subset(op, s, &made);
    vxg_op_release(made);
    return status;
}
static int call_check_opts(void *s) {
    vxg_check_result r = {0};
    return vxg_check_repeat(op, s, &r);
}
static int call_check_result(void *s) {
    return vxg_check_adjoint(op, NULL, s);
}
#define MAKES(name, type, call)                                                                    \
    static int call_##name(void *s) {                                                              \
        type *made = NULL;                                                                         \
        const int status = call;                                                                   \
        type##_release(made);                                                                      \
        return status;                                                                             \
    }
MAKES(views, vxg_ct_geometry, vxg_ct_geometry_new(s, &made))
MAKES(parallel_opts, vxg_ct_geometry, vxg_ct_parallel_circular(s, &made))
MAKES(cone_opts, vxg_ct_geometry, vxg_ct_cone_circular(s, &made))
MAKES(trajectory, vxg_ct_geometry, vxg_ct_trajectory(s, &made))
MAKES(projector, vxg_op, vxg_ct_projector(dev, parallel, &volume, s, &made))
MAKES(projector2d, vxg_op, vxg_ct_projector2d(dev, parallel, &volume, s, &made))
MAKES(backprojector, vxg_op, vxg_ct_backprojector(dev, parallel, &volume, s, &made))
MAKES(projector_geometry, vxg_op, vxg_ct_projector_geometry(dev, cone, &volume, s, &made))
MAKES(fbp, vxg_op, vxg_ct_fbp(dev, parallel, &volume, s, &made))
MAKES(fourier, vxg_op, vxg_ct_fourier(dev, parallel, &volume, s, &made))
MAKES(fdk, vxg_op, vxg_ct_fdk(dev, cone, &volume, s, &made))
static const vxg_space fft_signal = {.dtype = VXG_C64, .ndim = 1, .shape = {6}};
MAKES(fft, vxg_op, vxg_op_fft(dev, &fft_signal, s, &made))
static const vxg_space plane = {.ndim = 2, .shape = {4, 5}};
MAKES(penalty, vxg_op, vxg_op_penalty(dev, &plane, s, &made))
static int call_solve(void *s) {
    vxg_solver *made = NULL;
    const vxg_solve_problem p = {.op = op, .data = &y};
    const int status = vxg_solver_new("cgls", &p, s, &made);
    vxg_solver_release(made);
    return status;
}
static int nowhere(void *context, int64_t i, double t, vxg_ct_view *v) {
    (void)context, (void)i, (void)t, (void)v;
    return VXG_ERR_FAILED;
}
MAKES(custom, vxg_ct_geometry, vxg_ct_trajectory_custom(s, nowhere, NULL, &made))
static int call_defaults(void *s) {
    return vxg_ct_trajectory_defaults(VXG_CT_PATH_CIRCULAR, VXG_CT_BEAM_CONE, s);
}
static int call_slice(void *s) {
    vxg_ct_volume v = {0};
    return vxg_ct_volume_slice(s, &v);
}
static int call_spec(void *s) {
    vxg_ct_volume v = {0};
    return vxg_ct_complete_volume(parallel, s, &v);
}
static int call_summary(void *s) {
    return vxg_ct_geometry_summary(cone, NULL, s);
}
#define WRITES(name, call)                                                                         \
    static int call_##name(void *s) {                                                              \
        char *text = NULL;                                                                         \
        const int status = call;                                                                   \
        vxg_free(text);                                                                            \
        return status;                                                                             \
    }
WRITES(to_json, vxg_ct_geometry_to_json(cone, s, 0, &text))
WRITES(to_tigre, vxg_ct_geometry_to_tigre(cone, s, &text))
WRITES(to_leap, vxg_ct_geometry_to_leap(cone, s, &text))
WRITES(to_cil, vxg_ct_geometry_to_cil(cone, s, &text))
WRITES(words, vxg_ct_geometry_words(cone, s, &text))
WRITES(svg, vxg_ct_geometry_svg(cone, s, &text))
static int call_summary_notes(void *s) {
    vxg_ct_summary found = {0};
    return vxg_ct_geometry_summary(cone, s, &found);
}
/* A text that is written and read back with the struct. */
#define READS(name, to, from)                                                                      \
    static int call_##name(void *s) {                                                              \
        char *text = NULL;                                                                         \
        vxg_ct_geometry *geo = NULL;                                                               \
        int status = to;                                                                           \
        if (!status) status = vxg_ct_geometry_from_##from(text, strlen(text), s, &geo);            \
        vxg_ct_geometry_release(geo);                                                              \
        vxg_free(text);                                                                            \
        return status;                                                                             \
    }
READS(from_json, vxg_ct_geometry_to_json(cone, NULL, 0, &text), json)
READS(from_leap, vxg_ct_geometry_to_leap(cone, NULL, &text), leap)
READS(matrix_text, vxg_ct_geometry_to_matrix_text(cone, &text), matrix_text)
READS(rtk, vxg_ct_geometry_to_rtk(cone, &text), rtk)
#define VIEWS 24
#define COLS 16
static float sinogram[VIEWS * COLS];
static double theta[VIEWS];
static void draw_sinogram(void) {
    for (int v = 0; v < VIEWS; v++) {
        theta[v] = M_PI * v / VIEWS;
        for (int u = 0; u < COLS; u++)
            sinogram[v * COLS + u] =
                (float)exp(-0.3 * pow(u - 7.5 - 2 * cos(theta[v]) - sin(2 * theta[v]), 2));
    }
}
static int call_center(void *s) {
    double c;
    return vxg_ct_center_vo(sinogram, VIEWS, COLS, theta, s, NULL, &c);
}
static int call_center_pair(void *s) {
    double c;
    return vxg_ct_center_pair(sinogram, VIEWS, 1, COLS, theta, s, NULL, &c);
}
static int call_curve(void *s) {
    double c;
    return vxg_ct_center_vo(sinogram, VIEWS, COLS, theta, NULL, s, &c);
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
static int reconstruct(const vxg_ct_recon_opts *o, vxg_ct_recon_stats *stats) {
    vxg_scan_reader scan = {.size = sizeof scan,
                            .path = "nowhere",
                            .format = "none",
                            .dtype = "uint16",
                            .nviews = VIEWS,
                            .nrows = 2,
                            .ncols = COLS,
                            .nflats = 1,
                            .ndarks = 1,
                            .theta = theta,
                            .pixel_unit = "",
                            .read = no_frames};
    vxg_volume_writer writer = {.size = sizeof writer, .write = no_slices};
    return vxg_ct_reconstruct(dev, &scan, o, &writer, stats);
}
static int call_recon(void *s) {
    return reconstruct(s, NULL);
}
static int call_recon_stats(void *s) {
    const vxg_ct_recon_opts o = {.center = 7.5};
    return reconstruct(&o, s);
}
#define WRITER(name)                                                                               \
    static int call_##name##_writer(void *s) {                                                     \
        vxg_##name##_writer *w = NULL;                                                             \
        const int status = vxg_##name##_writer_open(s, &w);                                        \
        if (w) w->abandon(w);                                                                      \
        return status;                                                                             \
    }
WRITER(volume)
WRITER(scan)
static int call_scan(void *s) {
    vxg_scan_reader *r = NULL;
    return vxg_scan_open_opts("/nowhere/scan.h5", s, &r);
}
static int call_block(void *s) {
    vxg_block_reader *r = NULL;
    return vxg_block_open("/nowhere/volume.npy", s, &r);
}
static int call_tract_open(void *s) {
    vxg_tract_reader *r = NULL;
    return vxg_tract_open("/nowhere/lines.trk", s, &r);
}
static int call_tract_create(void *s) {
    vxg_tract_writer *w = NULL;
    return vxg_tract_create("/nowhere/lines.none", s, &w);
}
static int call_expose(void *s) {
    uint16_t counts[4];
    return vxg_ct_expose(s, VXG_FRAME_FLAT, 0, 1, 2, 2, NULL, counts, NULL);
}
static int call_layout(void *s) {
    return vxg_layout_table(s);
}

static double curve_center[64], curve_score[64];
static const vxg_space two = {.ndim = 1, .shape = {2}};
static const vxg_ct_detector_size detector = {.rows = 4, .cols = 16, .pixel = 1};

#define IN(name, T, first)                                                                         \
    { #name, #T, sizeof(T), first, call_##name, 0 }
#define OUT(name, T, first)                                                                        \
    { #name, #T, sizeof(T), first, call_##name, 1 }

static void run_cases(void) {
    vxg_launch launch = {.nbuffers = 1, .nints = 6, .nreals = 1, .buffer = {x.buffer}};
    const vxg_op_class cls = {.name = "test.class", .apply = no_apply};
    const vxg_op_opts opts = {.device = dev, .in = &two, .ninputs = 1, .out = &two};
    const vxg_subset subset = {.count = 1};
    const vxg_ct_center_curve curve = {
        .center = curve_center, .score = curve_score, .capacity = 64};
    const vxg_ct_recon_opts recon = {.center = 7.5};
    vxg_ct_trajectory_opts path = {0};
    vxg_ct_trajectory_defaults(VXG_CT_PATH_CIRCULAR, VXG_CT_BEAM_PARALLEL, &path);
    path.nviews = 4, path.rows = path.cols = 4;
    const vxg_ct_slice slice = {.ny = 2, .nx = 2, .x = {1, 0, 0}, .y = {0, 1, 0}};
    const vxg_ct_parallel_opts around = {.angles = theta, .nviews = 4, .rows = 2, .cols = 4};
    const vxg_ct_cone_opts fan = {.nviews = 4, .cols = 4, .sod = 10, .sdd = 20};
    const sizes_case cases[] = {
        IN(launch, vxg_launch, &launch),
        IN(apply, vxg_call, NULL),
        IN(vjp, vxg_call, NULL),
        IN(progress, vxg_progress, NULL),
        IN(phantom_progress, vxg_progress, NULL),
        IN(op_new, vxg_op_class, &cls),
        IN(op_opts, vxg_op_opts, &opts),
        IN(register, vxg_op_row, NULL),
        IN(subset, vxg_subset, &subset),
        IN(check_opts, vxg_check_opts, NULL),
        OUT(check_result, vxg_check_result, NULL),
        IN(views, vxg_ct_views, NULL),
        IN(parallel_opts, vxg_ct_parallel_opts, &around),
        IN(cone_opts, vxg_ct_cone_opts, &fan),
        IN(trajectory, vxg_ct_trajectory_opts, &path),
        IN(custom, vxg_ct_trajectory_opts, &path),
        OUT(defaults, vxg_ct_trajectory_opts, NULL),
        IN(projector, vxg_ct_projector_opts, NULL),
        IN(projector2d, vxg_ct_projector_opts, NULL),
        IN(backprojector, vxg_ct_projector_opts, NULL),
        IN(projector_geometry, vxg_ct_projector_opts, NULL),
        IN(fbp, vxg_ct_fbp_opts, NULL),
        IN(fourier, vxg_ct_fourier_opts, NULL),
        IN(fdk, vxg_ct_fdk_opts, NULL),
        IN(fft, vxg_fft_opts, NULL),
        IN(penalty, vxg_penalty_opts, NULL),
        IN(solve, vxg_solve_opts, NULL),
        IN(slice, vxg_ct_slice, &slice),
        IN(spec, vxg_ct_volume_spec, NULL),
        OUT(summary, vxg_ct_summary, NULL),
        IN(summary_notes, vxg_ct_notes, NULL),
        IN(to_json, vxg_ct_notes, NULL),
        IN(to_tigre, vxg_ct_notes, NULL),
        IN(to_leap, vxg_ct_notes, NULL),
        IN(to_cil, vxg_ct_notes, NULL),
        IN(words, vxg_ct_notes, NULL),
        IN(svg, vxg_ct_notes, NULL),
        OUT(from_json, vxg_ct_notes, NULL),
        OUT(from_leap, vxg_ct_notes, NULL),
        IN(matrix_text, vxg_ct_detector_size, &detector),
        IN(rtk, vxg_ct_detector_size, &detector),
        IN(center, vxg_ct_center_opts, NULL),
        IN(center_pair, vxg_ct_center_opts, NULL),
        IN(curve, vxg_ct_center_curve, &curve),
        IN(recon, vxg_ct_recon_opts, &recon),
        OUT(recon_stats, vxg_ct_recon_stats, NULL),
        IN(volume_writer, vxg_volume_writer_opts, NULL),
        IN(scan_writer, vxg_scan_writer_opts, NULL),
        IN(scan, vxg_scan_opts, NULL),
        IN(block, vxg_block_opts, NULL),
        IN(tract_open, vxg_tract_open_opts, NULL),
        IN(tract_create, vxg_tract_create_opts, NULL),
        IN(phantom, vxg_phantom_opts, NULL),
        IN(expose, vxg_ct_exposure, NULL),
        OUT(layout, vxg_layout, NULL),
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        test_case_begin();
        one_case(&cases[i]);
        test_case_end(cases[i].name);
    }
}

static int prepare(void) {
    const vxg_space space = {.ndim = 1, .shape = {8}};
    const vxg_ct_parallel_opts o = {.angles = theta, .nviews = VIEWS, .rows = 1, .cols = COLS};
    const vxg_ct_cone_opts c = {.nviews = VIEWS, .rows = 4, .cols = COLS, .sod = 100, .sdd = 200};
    page_bytes = 4 * (size_t)sysconf(_SC_PAGESIZE);
    page = mmap(NULL, 2 * page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED || mprotect(page + page_bytes, page_bytes, PROT_NONE)) return 1;
    draw_sinogram();
    int status = vxg_device_open("cpu", &dev);
    if (!status) status = vxg_op_math(dev, VXG_MATH_SCALE, 2, &space, &op);
    if (!status) status = vxg_op_new_array(op, 0, &x);
    if (!status) status = vxg_op_new_array(op, -1, &y);
    if (!status) status = vxg_kernel_get(dev, "array_fill", VXG_REAL_F32, &kernel);
    if (!status) status = vxg_ct_parallel_circular(&o, &parallel);
    if (!status) status = vxg_ct_cone_circular(&c, &cone);
    if (!status) status = vxg_ct_fit_volume(parallel, &volume);
    return status;
}

int main(void) {
    test_suite = "abi_sizes";
    if (prepare()) {
        printf("FAIL abi_sizes.prepare: %s\n", vxg_error_message());
        return 1;
    }
    run_cases();
    vxg_array_release(&x), vxg_array_release(&y);
    vxg_op_release(op), vxg_kernel_release(kernel);
    vxg_ct_geometry_release(parallel), vxg_ct_geometry_release(cone);
    vxg_device_release(dev);
    test_case_begin();
    EXPECT(vxg_alloc_live() == 0, "%lld blocks are left", (long long)vxg_alloc_live());
    test_case_end("nothing_left");
    return test_failed != 0;
}
