/* Every kernel file compiles as Metal Shading Language through a stub of that language in C++14;
 * the conformance kernels and the parallel-beam projectors run through it and give what the C form
 * gives. Nothing here has seen an Apple device. */
#include <dlfcn.h>
#include <unistd.h>

#include "conformance.h"
#include "device/backend.h"
#include "device/texts.h"

#define STUB VXG_SOURCE_DIR "/tests/metal_stub"
static char work[] = "/tmp/voxgrad-metal-XXXXXX";
static const char *compiler;

static const char *find_compiler(void) {
    static const char *const names[] = {"c++", "g++", "clang++"};
    char command[128];
    for (int i = 0; i < 3; i++) {
        snprintf(command, sizeof command, "%s --version >/dev/null 2>&1", names[i]);
        if (!system(command)) return names[i];
    }
    return NULL;
}

/* The program, then one function per kernel that hands over untyped buffers, then run.h. */
static int write_program(const char *unit, const char *path) {
    vxg_text t = {0};
    FILE *f = fopen(path, "wb");
    if (!f || vxg__program_text("kernels/prelude/metal.h", unit, vxg__kernel_text(unit), &t))
        return 1;
    fprintf(f, "%s#line 1 \"runner\"\n#include \"run.h\"\n", t.s);
    for (int pass = 0; pass < 2; pass++) {
        if (pass) fprintf(f, "static const stub_row rows[] = {\n");
        for (int i = 0; i < vxg__kernel_row_count; i++) {
            const char *name = vxg__kernel_rows[i].name;
            char pattern[96];
            int n = 0, is_group = 0, is_image = 0;
            if (strcmp(vxg__kernel_rows[i].unit, unit)) continue;
            for (int k = 1; k <= VXG_MAX_BUFFERS; k++)
                for (int g = 0; g < 5; g++) {
                    static const char *const kind[] = {"", "GROUP_", "IMAGE_", "LOCAL_", "LANES_"};
                    snprintf(pattern, sizeof pattern, "\nK_%sKERNEL%d(%s,", kind[g], k, name);
                    if (strstr(t.s, pattern)) n = k, is_group = g == 1 || g == 3, is_image = g == 2;
                }
            if (!n) return 1;
            if (pass) {
                fprintf(f, "    {\"%s\", call_%s, %d},\n", name, name, is_group);
                continue;
            }
            fprintf(f,
                    "static void call_%s(void *const *b, const k_params &p, uint3 at, uint3 in, "
                    "uint nr) {\n    %s(",
                    name, name);
            if (is_image) fprintf(f, "texture2d_array<float, access::sample>(), ");
            for (int k = is_image; k < n; k++) fprintf(f, "any_pointer{b[%d]}, ", k);
            fprintf(f, "p, at, in, nr);\n}\n");
        }
    }
    fprintf(f, "    {nullptr, nullptr, 0}};\n"
               "extern \"C\" int run(const char *name, void *const *b, const void *params) {\n"
               "    return stub_run(rows, name, b, params);\n}\n");
    vxg__text_free(&t);
    return fclose(f);
}

static void file_name(const char *unit, const char *options, const char *end, char *out,
                      size_t size) {
    snprintf(out, size, "%s/%s%s%s", work, unit, options, end);
    for (char *p = out + sizeof work; *p; p++)
        if (strchr("/ =", *p)) *p = '_';
}

/* 0, or the compiler's words. */
static int compile_unit(const char *unit, const char *options, char *words, size_t size) {
    char source[256], object[256], log[256], command[1400];
    file_name(unit, options, ".cpp", source, sizeof source);
    file_name(unit, options, ".so", object, sizeof object);
    file_name(unit, options, ".log", log, sizeof log);
    snprintf(words, size, "program text of %s", unit);
    if (write_program(unit, source)) return 1;
    snprintf(command, sizeof command,
             "%s -std=c++14 -O1 -fPIC -shared -pthread -ffp-contract=off -fno-strict-aliasing "
             "-Wall -Wextra -Werror -Wno-attributes -Wno-unknown-pragmas -Wno-unused-function "
             "-Wno-unused-parameter -Wno-missing-field-initializers %s -I%s -o %s %s >%s 2>&1",
             compiler, options, STUB, object, source, log);
    int failed = system(command);
    FILE *f = fopen(log, "rb");
    size_t n = f ? fread(words, 1, size - 1, f) : 0;
    words[n] = 0;
    if (f) fclose(f);
    return failed;
}

static void test_unit(const char *unit) {
    char words[700];
    if (!compiler) SKIP("no C++ compiler");
    CHECK(!compile_unit(unit, "", words, sizeof words), "%s", words);
    for (const vxg_kernel_variant *v = vxg__kernel_variants; v->unit; v++)
        if (!strcmp(v->unit, unit))
            CHECK(!compile_unit(unit, v->options, words, sizeof words), "%s: %s", v->options,
                  words);
}

/* ---- Running ---- */
typedef int (*run_fn)(const char *name, void *const *b, const void *params);

static run_fn open_unit(const char *unit, const char *options) {
    char object[256];
    run_fn fn = NULL;
    file_name(unit, options, ".so", object, sizeof object);
    void *lib = dlopen(object, RTLD_NOW | RTLD_LOCAL);
    if (lib) *(void **)&fn = dlsym(lib, "run");
    return fn;
}

static const char *stub_message(void) {
    return "the stub could not run it";
}
static int stub_target_run(conf_target *t, const conf_launch *c) {
    static const char unit[] = "kernels/num/conformance.k";
    const char *options = c->options ? c->options : "";
    char words[700];
    run_fn run = open_unit(unit, options);
    vxg_launch l = {.nbuffers = c->nbuffers, .nints = c->nints, .nreals = c->nreals};
    vxg_params_f32 params;
    void *b[8];
    if (!run && !compile_unit(unit, options, words, sizeof words)) run = open_unit(unit, options);
    if (!run) return 1;
    for (int i = 0; i < 3; i++) l.global[i] = c->global[i];
    for (int i = 0; i < 8; i++) l.offset[i] = c->offset[i];
    memcpy(l.ints, c->ints, sizeof l.ints);
    memcpy(l.reals, c->reals, sizeof l.reals);
    vxg__params_f32(&l, &params);
    for (int i = 0; i < c->nbuffers; i++) {
        b[i] = malloc(c->count[i] * conf_size(t, c, i));
        conf_pack(t, c, i, b[i]);
    }
    int status = run(c->kernel, b, &params);
    for (int i = 0; i < c->nbuffers; i++) {
        conf_unpack(t, c, i, b[i]);
        free(b[i]);
    }
    return status;
}

static void conformance(void) {
    conf_target t = {.run = stub_target_run, .message = stub_message, .fused = 1, .exact_roots = 1};
    if (compiler) {
        conf_all(&t, "conformance");
        return;
    }
    test_case_begin();
    test_note(2, __FILE__, __LINE__, "no C++ compiler");
    test_case_end("conformance");
}

/* A parallel scan's coefficients as ct/parallel.h has them: rays along (-sin t, cos t, 0), the
 * dominant axis x or y. */
static void view_coefficients(double t, const int *n, float *c) {
    int a = fabs(cos(t)) > fabs(sin(t)) ? 1 : 0;
    double u[2] = {cos(t), sin(t)}, r[2] = {-sin(t), cos(t)};
    double slope = r[1 - a] / r[a], across = u[1 - a] - slope * u[a];
    double v[18] = {a, sqrt(1 + slope * slope), (n[1 - a] - 1) / 2.0, across, 0, slope};
    v[6] = (n[2] - 1) / 2.0, v[8] = 1;
    v[10] = 1 / across, v[13] = 1;
    v[14] = (1.01 + 0.51 * fabs(slope)) / fabs(across) + 0.01, v[15] = 1.02;
    v[16] = slope == 0 ? 0 : 1 / slope;
    for (int i = 0; i < 18; i++) c[i] = (float)v[i];
    /* what float32 leaves of the two lines */
    for (int i = 0; i < 8; i++) c[18 + i] = (float)(v[2 + i] - (double)c[2 + i]);
}

typedef struct problem {
    float vol[7 * 11 * 13], proj[9 * 7 * 17], coef[9 * 26];
} problem;
enum { NX = 13, NY = 11, NZ = 7, NU = 17, NV = 7, VIEWS = 9 };

/* vol and proj in, the kernel's output in its place. */
static int run_c_form(vxg_device *dev, const char *name, const vxg_launch *like, void *const *host,
                      const size_t *bytes) {
    vxg_launch l = *like;
    vxg_kernel *k;
    int status = vxg_kernel_get(dev, name, VXG_REAL_F32, &k);
    if (status) return status;
    for (int i = 0; i < 3; i++) {
        status |= vxg_buffer_new(dev, bytes[i], &l.buffer[i]);
        if (!status) status = vxg_buffer_write(NULL, l.buffer[i], 0, host[i], bytes[i]);
    }
    if (!status) status = vxg_kernel_launch(k, NULL, &l);
    if (!status) status = vxg_buffer_read(NULL, l.buffer[2], 0, host[2], bytes[2]);
    for (int i = 0; i < 3; i++) vxg_buffer_release(l.buffer[i]);
    vxg_kernel_release(k);
    return status;
}

static void one_projector(const char *name, int adjoint) {
    static problem p, q;
    const int n[3] = {NX, NY, NZ};
    run_fn run = compiler ? open_unit("kernels/ct/project/parallel.k", "") : NULL;
    vxg_device *dev;
    vxg_params_f32 params;
    vxg_launch l = {.nbuffers = 3, .nints = 7, .ints = {NX, NY, NZ, NU, NV, VIEWS, 1}};
    if (!run) SKIP("no C++ compiler");
    for (size_t i = 0; i < NX * NY * NZ; i++) p.vol[i] = (float)(i * 7919 % 1000) / 500 - 1;
    for (size_t i = 0; i < VIEWS * NV * NU; i++) p.proj[i] = (float)(i * 6007 % 1000) / 500 - 1;
    for (int v = 0; v < VIEWS; v++) view_coefficients(0.1 + v * 0.7, n, p.coef + v * 26);
    q = p;
    for (int i = 0; i < 3; i++) l.global[i] = adjoint ? n[i] : (int[]){NU, NV, VIEWS}[i];
    void *c_form[3] = {adjoint ? p.proj : p.vol, p.coef, adjoint ? p.vol : p.proj};
    void *metal[3] = {adjoint ? q.proj : q.vol, q.coef, adjoint ? q.vol : q.proj};
    const size_t bytes[3] = {adjoint ? sizeof p.proj : sizeof p.vol, sizeof p.coef,
                             adjoint ? sizeof p.vol : sizeof p.proj};
    CHECK_OK(vxg_device_open("cpu", &dev));
    EXPECT(!run_c_form(dev, name, &l, c_form, bytes), "%s", vxg_error_message());
    /* Without fused multiply-add the C form rounds twice. */
    double bound = conf_is_fused(vxg_device_get_info(dev)) ? 0 : 1e-5, most = 0;
    vxg_device_release(dev);
    vxg__params_f32(&l, &params);
    CHECK(!run(name, metal, &params), "the stub could not run %s", name);
    const float *a = c_form[2], *b = metal[2];
    for (size_t i = 0; i < bytes[2] / 4; i++) most = fmax(most, fabs((double)a[i]));
    CHECK(most > 3, "a ray sum of %g: the beam missed", most);
    for (size_t i = 0; i < bytes[2] / 4; i++)
        CHECK(fabs((double)a[i] - (double)b[i]) <= bound * most, "element %d: %.9g, C form %.9g",
              (int)i, b[i], a[i]);
}

int main(void) {
    static const char *const projectors[] = {"par_joseph", "par_joseph_adjoint", "par_siddon",
                                             "par_siddon_adjoint"};
    char command[64];
    test_suite = "metal_stub";
    compiler = mkdtemp(work) ? find_compiler() : NULL;
    for (const vxg_kernel_text *t = vxg__kernel_texts; t->name; t++) {
        size_t n = strlen(t->name);
        if (n < 2 || strcmp(t->name + n - 2, ".k")) continue;
        test_case_begin();
        test_unit(t->name);
        test_case_end(t->name);
    }
    conformance();
    for (int i = 0; i < 4; i++) {
        test_case_begin();
        one_projector(projectors[i], i % 2);
        test_case_end(projectors[i]);
    }
    snprintf(command, sizeof command, "rm -rf %s", work);
    return test_failed != 0 || system(command);
}
