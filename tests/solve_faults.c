/* What solvers could get wrong in silence: numbers beyond the arithmetic, rays and voxels that
 * nothing meets, operators of low rank or with signs, iterations that end half way, x that somebody
 * wrote. */
#include <voxgrad/voxgrad.h>

#include "solve_matrix.h"
#include "solve_method.h"
#include "solve_refused.h"

static const matrix good = {4, 3, VXG_F64, {1, 1, 0, 0, 1, 1, 1, 0, 2, 0, 2, 1}};
static const double truth[] = {2, 3, 4}, data[] = {5, 7, 10, 10};

static double residual_of(const matrix *m, const double *b, const double *x) {
    double square = 0;
    for (int i = 0; i < m->rows; i++) {
        double r = b[i];
        for (int j = 0; j < m->cols; j++) r -= m->a[i * m->cols + j] * x[j];
        square += r * r;
    }
    return sqrt(square);
}

/* Numbers beyond the arithmetic are refused or an error, never a residual of 0. */
TEST(not_finite)
{
    static const double scales[] = {1e20, 1e-24};
    double x[3], b[4];
    matrix m = good;
    m.dtype = VXG_F32;
    for (int i = 0; i < vxg_solve_row_count(); i++)
        for (int k = 0; k < 2; k++) {
            const char *method = vxg_solve_row_at(i)->name;
            const vxg_solve_opts o = needed(method, (vxg_solve_opts){0});
            for (int j = 0; j < 4; j++) b[j] = data[j] * scales[k];
            REFUSED(solve(method, &m, b, &o, x, NULL), VXG_ERR_INPUT, "scale it");
        }
    const vxg_solve_opts far = {.iterations = 200, .relaxation = 1e4};
    REFUSED(solve("landweber", &m, data, &far, x, NULL), VXG_ERR_NUMERICAL,
            "not finite after iteration");
    const vxg_solve_opts ruled = {
        .iterations = 200, .relaxation = 1e4, .tolerance = 1e-9, .change = 1e-9};
    REFUSED(solve("landweber", &m, data, &ruled, x, NULL), VXG_ERR_NUMERICAL,
            "not finite after iteration");
    for (int j = 0; j < 12; j++) m.a[j] *= 1e-26;
    static const char *const by_squares[] = {"cgls",     "lsqr",  "landweber",
                                             "fista-tv", "lbfgs", "adam"};
    for (int i = 0; i < 6; i++)
        REFUSED(solve(by_squares[i], &m, data, NULL, x, NULL), VXG_ERR_INPUT, "is beyond float32");
}

/* A voxel that a subset does not meet stays; a ray with weight 0 spoils nothing. */
TEST(unseen)
{
    double x[3];
    for (int n = 1; n <= 4; n++) {
        const vxg_solve_opts o = {.iterations = 800, .subsets = n};
        CHECK_OK(solve("osem", &good, data, &o, x, NULL));
        EXPECT(off(x, truth, 3) < 1e-6, "%d subsets: %g %g %g", n, x[0], x[1], x[2]);
    }
    static const matrix tiny = {4, 3, VXG_F32, {1, 1, 0, 0, 1, 1, 1, 0, 2, 1e-35, 0, 0}};
    static const double much[] = {5, 7, 10, 1e10}, weights[] = {1, 1, 1, 0};
    vxg_op *op = matrix_op(&tiny);
    vxg_array b = vector(op, -1, much), w = vector(op, -1, weights);
    vxg_solver *s;
    const vxg_solve_problem p = {.op = op, .data = &b, .weights = &w};
    CHECK_OK(vxg_solver_new("mlem", &p, &(vxg_solve_opts){.iterations = 2000}, &s));
    CHECK_OK(vxg_solver_run(s, NULL));
    for (int j = 0; j < 3; j++) x[j] = get(vxg_solver_x(s), j);
    EXPECT(off(x, truth, 3) < 1e-3, "a dead ray: %g %g %g", x[0], x[1], x[2]);
    vxg_solver_release(s);
    vxg_array_release(&b), vxg_array_release(&w), vxg_op_release(op);
}

/* Of any rank lsqr ends where cgls does, and tells the residual that there is. */
TEST(rank)
{
    uint32_t state = 9;
    double u[64];
    for (int i = 0; i < 64; i++) {
        state = state * 1664525u + 1013904223u;
        u[i] = (double)(state >> 8) / 8388608.0 - 1;
    }
    for (int rank = 0; rank <= 4; rank++)
        for (int f = 0; f < 2; f++) {
            matrix m = {8, 4, f ? VXG_F32 : VXG_F64, {0}};
            double x[4], y[4];
            for (int i = 0; i < 32; i++)
                for (int k = 0; k < rank; k++) m.a[i] += u[i / 4 * 4 + k] * u[32 + i % 4 * 4 + k];
            vxg_solve_report r = {.size = sizeof r};
            const vxg_solve_opts o = {.iterations = 100};
            CHECK_OK(solve("cgls", &m, u + 50, &o, x, NULL));
            CHECK_OK(solve("lsqr", &m, u + 50, &o, y, &r));
            const double there = residual_of(&m, u + 50, y);
            EXPECT(off(x, y, 4) < (f ? 2e-4 : 1e-9) && fabs(there - r.residual) < 2e-6 * there,
                   "rank %d, float%d: apart by %g; residual %g, told %g", rank, f ? 32 : 64,
                   off(x, y, 4), there, r.residual);
        }
}

/* Whatever call fails, running on ends where a run without failures does. */
TEST(half_way)
{
    static const char *const methods[] = {"landweber", "sirt", "sart",    "cgls",     "lsqr",
                                          "mlem",      "osem", "pdhg-tv", "fista-tv", "lbfgs"};
    vxg_op *op = matrix_op(&good);
    vxg_array b = vector(op, -1, data);
    for (int i = 0; i < 10; i++)
        for (int at = 0; at < 6; at++) {
            const vxg_solve_problem p = {.op = op, .data = &b};
            const int once = !strcmp(methods[i], "cgls") || !strcmp(methods[i], "lsqr");
            vxg_solver *s;
            CHECK_OK(vxg_solver_new(methods[i], &p,
                                    &(vxg_solve_opts){.iterations = once ? 9 : 3000}, &s));
            fails = at;
            EXPECT(vxg_solver_run(s, NULL) == VXG_ERR_FAILED, "%s: the failure is lost",
                   methods[i]);
            fails = -1;
            CHECK_OK(vxg_solver_run(s, NULL));
            double x[3];
            for (int j = 0; j < 3; j++) x[j] = get(vxg_solver_x(s), j);
            EXPECT(off(x, truth, 3) < 1e-6, "%s, call %d failed: %g %g %g", methods[i], at, x[0],
                   x[1], x[2]);
            vxg_solver_release(s);
        }
    vxg_array_release(&b), vxg_op_release(op);
}

static int wipe(void *context, const vxg_solve_report *r, const vxg_array *x) {
    (void)context;
    if (r->iteration != 2) return 0;
    for (int j = 0; j < 3; j++) put(x, j, 0);
    return VXG_SOLVE_WROTE;
}
/* x that a callback or the caller wrote is where methods go on. */
TEST(written)
{
    static const char *const methods[] = {"cgls",     "lsqr",    "landweber",
                                          "fista-tv", "pdhg-tv", "lbfgs"};
    vxg_op *op = matrix_op(&good);
    vxg_array b = vector(op, -1, data);
    for (int i = 0; i < 6; i++)
        for (int by = 0; by < 2; by++) {
            const vxg_solve_problem p = {.op = op, .data = &b};
            const vxg_solve_opts o = {.iterations = i < 2 ? 12 : 3000,
                                      .callback = by ? wipe : NULL};
            vxg_solver *s;
            CHECK_OK(vxg_solver_new(methods[i], &p, &o, &s));
            if (!by) {
                CHECK_OK(vxg_solver_step(s));
                CHECK_OK(vxg_solver_step(s));
                for (int j = 0; j < 3; j++) put(vxg_solver_x(s), j, 0);
                CHECK_OK(vxg_solver_restart(s));
            }
            CHECK_OK(vxg_solver_run(s, NULL));
            double x[3];
            for (int j = 0; j < 3; j++) x[j] = get(vxg_solver_x(s), j);
            EXPECT(off(x, truth, 3) < 1e-6, "%s, %s: %g %g %g", methods[i],
                   by ? "callback" : "caller", x[0], x[1], x[2]);
            vxg_solver_release(s);
        }
    vxg_solver *s;
    const vxg_solve_problem p = {.op = op, .data = &b};
    CHECK_OK(vxg_solver_new("lsqr", &p, &(vxg_solve_opts){.damping = 1}, &s));
    REFUSED(vxg_solver_restart(s), VXG_ERR_UNSUPPORTED, "does not go on from another x");
    vxg_solver_release(s);
    const vxg_array start = vector(op, 0, truth);
    const vxg_solve_problem from = {.op = op, .data = &b, .start = &start};
    REFUSED(vxg_solver_new("lsqr", &from, &(vxg_solve_opts){.damping = 1}, &s), VXG_ERR_UNSUPPORTED,
            "with a start");
    vxg_array_release((vxg_array *)&start);
    vxg_array_release(&b), vxg_op_release(op);
}

/* Methods whose steps are sums of columns and rows refuse an A with signs; the others take it. */
TEST(signs)
{
    static const matrix signs = {4, 3, VXG_F64, {1, -1, 0, 0, 1, -1, 1, 0, 2, 0, -2, 1}};
    static const char *const none[] = {"sirt", "sart",    "os-sart", "mlem",
                                       "osem", "pdhg-tv", "dart"};
    static const double b[] = {1, 2, 10, 3};
    double x[3], y[3];
    for (int i = 0; i < 7; i++) {
        const vxg_solve_opts own = needed(none[i], (vxg_solve_opts){0});
        REFUSED(solve(none[i], &signs, b, &own, x, NULL), VXG_ERR_UNSUPPORTED,
                "'matrix' has negative entries");
    }
    const vxg_solve_opts o = {.iterations = 20}, long_one = {.iterations = 4000};
    CHECK_OK(solve("cgls", &signs, b, &o, x, NULL));
    CHECK_OK(solve("landweber", &signs, b, &long_one, y, NULL));
    EXPECT(off(x, y, 3) < 1e-6, "landweber is off by %g", off(x, y, 3));
    CHECK_OK(solve("fista-tv", &signs, b, &long_one, y, NULL));
    EXPECT(off(x, y, 3) < 1e-6, "fista-tv is off by %g", off(x, y, 3));
    CHECK_OK(solve("lbfgs", &signs, b, &o, y, NULL));
    EXPECT(off(x, y, 3) < 1e-6, "lbfgs is off by %g", off(x, y, 3));
}

static int count(void *context, const vxg_solve_report *r, const vxg_array *x) {
    int *calls = context;
    (void)r, (void)x;
    ++*calls;
    return 0;
}
/* A residual of 0 ends it only where nothing else is asked of x; the report tells the change; the
 * callback is told of the last iteration too. */
TEST(told)
{
    vxg_op *op = matrix_op(&good);
    vxg_array b = vector(op, -1, data), start = vector(op, 0, truth);
    const vxg_solve_problem p = {.op = op, .data = &b, .start = &start};
    static const char *const methods[] = {"landweber", "sirt", "fista-tv", "pdhg-tv"};
    for (int i = 0; i < 4; i++)
        for (int asked = 0; asked < 2; asked++) {
            int calls = 0;
            vxg_solver *s;
            vxg_solve_reason reason;
            vxg_solve_report r = {.size = sizeof r};
            vxg_solve_opts o = {.iterations = 30, .callback = count, .context = &calls};
            if (asked && i < 2) o.bounds = VXG_BOUNDS_BOX, o.upper = 2.5;
            if (asked && i >= 2) o.weight = 1;
            CHECK_OK(vxg_solver_new(methods[i], &p, &o, &s));
            CHECK_OK(vxg_solver_run(s, &reason));
            const int exactly = i < 2 && !asked;
            EXPECT(reason == (exactly ? VXG_SOLVED_EXACTLY : VXG_SOLVED_ITERATIONS) &&
                       calls == (exactly ? 1 : 30),
                   "%s, more is asked: %d: reason %d after %d", methods[i], asked, (int)reason,
                   calls);
            vxg_solver_release(s);
            o = (vxg_solve_opts){.iterations = 3, .change = 1e-12};
            CHECK_OK(
                vxg_solver_new(methods[i], &(vxg_solve_problem){.op = op, .data = &b}, &o, &s));
            CHECK_OK(vxg_solver_step(s));
            double square = 0;
            for (int j = 0; j < 3; j++) square += get(vxg_solver_x(s), j) * get(vxg_solver_x(s), j);
            for (int again = 0; again < 2; again++) {
                CHECK_OK(vxg_solver_report(s, &r));
                EXPECT(fabs(r.change - sqrt(square)) < 1e-9, "%s: change %g, expected %g",
                       methods[i], r.change, sqrt(square));
            }
            vxg_solver_release(s);
        }
    vxg_array_release(&b), vxg_array_release(&start), vxg_op_release(op);
}

/* Options that would do nothing, or cannot be held, are refused. */
TEST(options)
{
    double x[3];
    matrix m = good;
    m.dtype = VXG_F32;
    REFUSED(solve("cgls", &m, data, &(vxg_solve_opts){.relaxation = 0.5}, x, NULL),
            VXG_ERR_ARGUMENT, "takes no relaxation");
    REFUSED(solve("sirt", &m, data, &(vxg_solve_opts){.seed = 5}, x, NULL), VXG_ERR_ARGUMENT,
            "takes no seed");
    REFUSED(solve("sirt", &m, data, &(vxg_solve_opts){.upper = 5}, x, NULL), VXG_ERR_ARGUMENT,
            "are a box's");
    REFUSED(solve("sirt", &m, data, &(vxg_solve_opts){.iterations = 1000001}, x, NULL),
            VXG_ERR_ARGUMENT, "expected 0 to 1000000");
    REFUSED(solve("sirt", &m, data, &(vxg_solve_opts){.reserved0 = 1}, x, NULL), VXG_ERR_ARGUMENT,
            "reserved0");
    REFUSED(solve("sirt", &m, data, &(vxg_solve_opts){.bounds = VXG_BOUNDS_BOX, .upper = 1e300}, x,
                  NULL),
            VXG_ERR_ARGUMENT, "upper is 1e+300");
    CHECK_OK(solve(
        "sirt", &m, data,
        &(vxg_solve_opts){
            .iterations = 2000, .bounds = VXG_BOUNDS_BOX, .lower = -INFINITY, .upper = INFINITY},
        x, NULL));
    EXPECT(off(x, truth, 3) < 1e-3, "a box without ends: off by %g", off(x, truth, 3));
}

/* Levels, losses and what goes with them: what says nothing, or not enough, is refused by name. */
TEST(levels)
{
    static double down[] = {1, 0}, twice[] = {0, 1, 1}, nan[] = {0, NAN}, many[13], near[] = {1, 1};
    near[1] = 1 + 1e-12;
    for (int i = 0; i < 13; i++) many[i] = i;
    static double two[] = {0, 1};
    const struct {
        vxg_solve_opts o;
        const char *words;
    } cases[] = {
        {{.iterations = 1}, "levels has 0 numbers; expected 2 to 12"},
        {{.levels = {1, two}}, "levels has 1 numbers"},
        {{.levels = {2, NULL}}, "levels has 0 numbers"},
        {{.levels = {13, many}}, "levels has 13 numbers"},
        {{.levels = {2, down}}, "levels[1] is 0 after 1; they must ascend"},
        {{.levels = {3, twice}}, "levels[2] is 1 after 1"},
        {{.levels = {2, nan}}, "levels[1] is nan"},
        {{.levels = {2, near}}, "are one, or none, in float32"},
        {{.levels = {2, two}, .levels_factor = -1}, "levels-factor is -1"},
        {{.levels = {2, two}, .bounds = VXG_BOUNDS_BOX, .lower = 0.2, .upper = 2},
         "levels[0] is 0, which bounds do not allow"},
        {{.levels = {2, two}, .fixed = 1.5}, "fixed is 1.5; expected 0 to 1"},
        {{.levels = {2, two}, .kept = NAN}, "kept is nan"},
        {{.levels = {2, two}, .first = -1}, "first is -1"},
        {{.levels = {2, two}, .segmented = 1, .change = 0.1}, "segmented goes with a number"},
        {{.levels = {2, two}, .loss = VXG_LOSS_POISSON}, "dart: takes no loss"},
    };
    double x[3];
    matrix m = good;
    m.dtype = VXG_F32;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        REFUSED(solve("dart", &m, data, &cases[i].o, x, NULL), VXG_ERR_ARGUMENT, cases[i].words);
    REFUSED(solve("sirt", &m, data, &(vxg_solve_opts){.levels = {2, two}}, x, NULL),
            VXG_ERR_ARGUMENT, "sirt: takes no levels");
}

TEST(losses)
{
    const struct {
        const char *method;
        vxg_solve_opts o;
        const char *words;
    } cases[] = {
        {"sirt", {.loss = VXG_LOSS_POISSON}, "sirt: takes no loss"},
        {"cgls", {.history = 3}, "cgls: takes no history"},
        {"lbfgs", {.step = 1}, "lbfgs: takes no step"},
        {"lbfgs", {.history = 33}, "history is 33; expected 0 to 32"},
        {"lbfgs", {.loss = (vxg_solve_loss)7}, "loss is 7"},
        {"lbfgs", {.loss = VXG_LOSS_POISSON, .tolerance = 0.1}, "tolerance is of the size"},
        {"lbfgs", {.weight = 1, .penalty = VXG_PENALTY_HUBER}, "bend is 0"},
        {"adam", {.beta1 = 1}, "beta1 is 1; expected 0 to 1, less than 1"},
        {"adam", {.beta2 = -1}, "beta2 is -1"},
        {"adam", {.step = NAN}, "step is nan"},
        {"adam", {.eps = -1}, "eps is -1"},
    };
    static const double low[] = {5, -7, 10, 10}, ones[] = {1, 1, 1, 1};
    double x[3];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        REFUSED(solve(cases[i].method, &good, data, &cases[i].o, x, NULL), VXG_ERR_ARGUMENT,
                cases[i].words);
    REFUSED(solve("lbfgs", &good, low, &(vxg_solve_opts){.loss = VXG_LOSS_POISSON}, x, NULL),
            VXG_ERR_INPUT, "data holds -7; expected none below 0");
    /* without data the operator has to be the loss */
    vxg_op *op = matrix_op(&good), *curved, *product, *sum;
    vxg_array w = vector(op, -1, ones), b = vector(op, -1, data);
    vxg_solver *s;
    CHECK_OK(vxg_op_penalty(dev, vxg_op_domain(op, 0),
                            &(vxg_penalty_opts){.kind = VXG_PENALTY_SQUARE}, &sum));
    CHECK_OK(vxg_op_math(dev, VXG_MATH_EXP, 1, vxg_op_domain(op, 0), &curved));
    CHECK_OK(vxg_op_multiply(dev, vxg_op_domain(op, 0), &product));
    REFUSED(vxg_solver_new("lbfgs", &(vxg_solve_problem){.op = op}, NULL, &s), VXG_ERR_ARGUMENT,
            "data is NULL, and 'matrix' is no loss");
    REFUSED(vxg_solver_new("cgls", &(vxg_solve_problem){.op = op}, NULL, &s), VXG_ERR_ARGUMENT,
            "cgls: data is NULL");
    REFUSED(vxg_solver_new("sirt", &(vxg_solve_problem){.op = curved, .data = &b}, NULL, &s),
            VXG_ERR_ARGUMENT, "'math.exp' is not linear in one input; lbfgs and adam");
    REFUSED(vxg_solver_new("adam", &(vxg_solve_problem){.op = product, .data = &b}, NULL, &s),
            VXG_ERR_ARGUMENT, "'math.multiply' has 2 inputs; vxg_op_bind");
    const vxg_solve_problem own = {.op = sum}, weighed = {.op = sum, .weights = &w};
    REFUSED(vxg_solver_new("adam", &weighed, NULL, &s), VXG_ERR_ARGUMENT, "weights");
    REFUSED(vxg_solver_new("lbfgs", &own, &(vxg_solve_opts){.loss = VXG_LOSS_POISSON}, &s),
            VXG_ERR_ARGUMENT, "loss is of data");
    REFUSED(vxg_solver_new("lbfgs", &own, &(vxg_solve_opts){.noise = 1}, &s), VXG_ERR_ARGUMENT,
            "noise is of data");
    vxg_array_release(&w), vxg_array_release(&b);
    vxg_op_release(op), vxg_op_release(curved), vxg_op_release(product), vxg_op_release(sum);
}

/* Axes with one value have no differences, whatever their spacing; and a strong penalty is found
 * with more inner steps. */
TEST(differences)
{
    enum { N = 12 };
    const double angles[] = {0.1, 0.7, 1.3, 1.9, 2.6};
    const vxg_ct_parallel_opts g = {.angles = angles, .nviews = 5, .rows = 1, .cols = N + 4};
    const vxg_ct_volume vol = {.nz = 1, .ny = N, .nx = N};
    const vxg_ct_projector_opts real = {.real = VXG_REAL_F64};
    vxg_ct_geometry *geo;
    vxg_op *op;
    vxg_array x, b;
    CHECK_OK(vxg_ct_parallel_circular(&g, &geo));
    CHECK_OK(vxg_ct_projector(dev, geo, &vol, &real, &op));
    CHECK_OK(vxg_op_new_array(op, 0, &x));
    CHECK_OK(vxg_op_new_array(op, -1, &b));
    CHECK_OK(vxg_array_random(NULL, &x, 3, 0.1, 1));
    CHECK_OK(vxg_op_apply(op, NULL, &x, &b));
    double objective[3] = {0};
    for (int k = 0; k < 2; k++) {
        vxg_solver *s;
        vxg_solve_report r = {.size = sizeof r};
        const vxg_solve_opts o = {.iterations = 100, .weight = 2, .spacing = {k ? 0.001 : 1, 1, 1}};
        CHECK_OK(vxg_solver_new("pdhg-tv", &(vxg_solve_problem){.op = op, .data = &b}, &o, &s));
        CHECK_OK(vxg_solver_run(s, NULL));
        CHECK_OK(vxg_solver_report(s, &r));
        objective[k] = 0.5 * r.residual * r.residual + r.penalty;
        vxg_solver_release(s);
    }
    EXPECT(objective[0] == objective[1], "%g, and by the spacing of one slice %g", objective[0],
           objective[1]);
    for (int k = 0; k < 3; k++) {
        vxg_solver *s;
        vxg_solve_report r = {.size = sizeof r};
        const vxg_solve_opts o = {
            .iterations = k ? 400 : 20000, .weight = 100, .inner = k == 2 ? 500 : 0};
        CHECK_OK(vxg_solver_new(k ? "fista-tv" : "pdhg-tv",
                                &(vxg_solve_problem){.op = op, .data = &b}, &o, &s));
        CHECK_OK(vxg_solver_run(s, NULL));
        CHECK_OK(vxg_solver_report(s, &r));
        objective[k] = 0.5 * r.residual * r.residual + r.penalty;
        vxg_solver_release(s);
    }
    EXPECT(fabs(objective[1] - objective[0]) < 1e-4 * objective[0] &&
               fabs(objective[2] - objective[0]) < 1e-4 * objective[0],
           "pdhg-tv %g, fista-tv %g, with 500 inner steps %g", objective[0], objective[1],
           objective[2]);
    vxg_array_release(&x), vxg_array_release(&b);
    vxg_op_release(op), vxg_ct_geometry_release(geo);
}

/* So strong a penalty that x is flat: its value and what is minimised are known. Maps that 20 inner
 * steps do not quite find must not add up. */
TEST(flat)
{
    static matrix m = {12, 32, VXG_F64, {0}};
    uint32_t state = 3;
    double b[12], one[12], x[32], rr = 0, rb = 0, want = 0;
    for (int i = 0; i < 12 * 32 + 12; i++) {
        state = state * 1664525u + 1013904223u;
        const double u = (double)(state >> 8) / 16777216.0;
        if (i < 384) m.a[i] = u;
        if (i >= 384) b[i - 384] = 5 * u;
    }
    for (int i = 0; i < 12; i++) {
        one[i] = 0;
        for (int j = 0; j < 32; j++) one[i] += m.a[32 * i + j];
        rr += one[i] * one[i], rb += one[i] * b[i];
    }
    for (int i = 0; i < 12; i++)
        want += 0.5 * (b[i] - rb / rr * one[i]) * (b[i] - rb / rr * one[i]);
    for (int k = 0; k < 2; k++) {
        const vxg_solve_opts o = {.iterations = k ? 20000 : 400, .weight = 300};
        vxg_solve_report r = {.size = sizeof r};
        CHECK_OK(solve(k ? "pdhg-tv" : "fista-tv", &m, b, &o, x, &r));
        const double found = 0.5 * r.residual * r.residual + r.penalty;
        EXPECT(fabs(found - want) < 1e-3 * want, "%s: %g, expected %g", k ? "pdhg-tv" : "fista-tv",
               found, want);
    }
}

/* Rays that are not there. */
TEST(no_rays)
{
    static const matrix none = {0, 3, VXG_F64, {0}};
    double x[3];
    for (int i = 0; i < vxg_solve_row_count(); i++) {
        const char *method = vxg_solve_row_at(i)->name;
        const vxg_solve_opts o = needed(method, (vxg_solve_opts){0});
        const int status = solve(method, &none, data, &o, x, NULL);
        EXPECT(!status, "%s: %s", method, vxg_error_message());
    }
}

int main(int argc, char **argv) {
    static const test_entry list[] = {
        T(not_finite), T(unseen), T(rank),   T(half_way),    T(written), T(signs),  T(told),
        T(options),    T(levels), T(losses), T(differences), T(flat),    T(no_rays)};
    if (vxg_device_open("cpu", &dev))
        return printf("FAIL solve_faults.start: %s\n", vxg_error_message()), 1;
    const int failed =
        test_run("solve_faults", list, (int)(sizeof list / sizeof *list), argc, argv);
    vxg_device_release(dev);
    return failed;
}
