/* Every kernel file of the library compiles to machine code for three generations of NVIDIA GPUs,
 * where NVRTC is on the machine. */
#include "device/cuda/cuda.h"
#include "device/texts.h"
#include "test.h"

static int has_bytes(const cuda_image *image, const char *text) {
    size_t n = strlen(text);
    const char *data = image->data;
    for (size_t i = 0; i + n <= image->bytes; i++)
        if (!memcmp(data + i, text, n)) return 1;
    return 0;
}

static void compile_unit(const char *unit, const char *options, int arch) {
    vxg_text source = {0};
    cuda_image image = {0};
    int kernels = 0;
    if (vxg__nvrtc_load()) SKIP("%s", vxg_error_message());
    CHECK_OK(vxg__program_text("kernels/prelude/cuda.h", unit, vxg__kernel_text(unit), &source));
    CHECK_OK(vxg__nvrtc_compile(unit, 0, source.s, options, arch, &image));
    EXPECT(!image.is_ptx, "this NVRTC does not know sm_%d", arch);
    EXPECT(image.bytes > 64 && !memcmp(image.data, "\177ELF", 4), "no machine code came back");
    for (int i = 0; i < vxg__kernel_row_count; i++) {
        if (strcmp(vxg__kernel_rows[i].unit, unit)) continue;
        kernels++;
        EXPECT(has_bytes(&image, vxg__kernel_rows[i].name), "%s is not in the program",
               vxg__kernel_rows[i].name);
    }
    EXPECT(kernels > 0, "the file has no kernel");
    vxg__free(image.data);
    vxg__text_free(&source);
}

TEST(unknown_architecture_becomes_ptx)
{
    vxg_text source = {0};
    cuda_image image = {0};
    if (vxg__nvrtc_load()) SKIP("%s", vxg_error_message());
    CHECK_OK(vxg__program_text("kernels/prelude/cuda.h", "kernels/num/array.k",
                               vxg__kernel_text("kernels/num/array.k"), &source));
    CHECK_OK(vxg__nvrtc_compile("kernels/num/array.k", 0, source.s, "", 999, &image));
    EXPECT(image.is_ptx && has_bytes(&image, ".visible .entry array_fill"), "no PTX");
    EXPECT(!has_bytes(&image, "fma.rn.ftz") && !has_bytes(&image, "mad.f32"), "contracted");
    vxg__free(image.data);
    CHECK(vxg__nvrtc_compile("kernels/num/array.k", 0, source.s, "", 1, &image) == VXG_ERR_DEVICE &&
              strstr(vxg_error_message(), "does not compile for sm_1"),
          "%s", vxg_error_message());
    vxg__text_free(&source);
}

TEST(contraction_is_off)
{
    /* row 15 of the conformance kernel and this: a product and a sum stay two instructions */
    static const char text[] =
        "K_KERNEL1(madd, K_GLOBAL real *, y) { y[gx] = y[gx] * K_P(0) + K_P(1); }";
    vxg_text source = {0};
    cuda_image image = {0};
    if (vxg__nvrtc_load()) SKIP("%s", vxg_error_message());
    CHECK_OK(vxg__program_text("kernels/prelude/cuda.h", "kernel", text, &source));
    CHECK_OK(vxg__nvrtc_compile("kernel", 1, source.s, "", 999, &image));
    EXPECT(has_bytes(&image, "mul.f32") || has_bytes(&image, "mul.rn.f32"), "no product");
    EXPECT(!has_bytes(&image, "fma."), "fused");
    vxg__free(image.data);
    vxg__text_free(&source);
}

TEST(errors_show_the_line)
{
    static const char text[] = "K_KERNEL1(bad, K_GLOBAL real *, y) {\n    y[gx] = nonsense;\n}\n";
    vxg_text source = {0};
    cuda_image image = {0};
    if (vxg__nvrtc_load()) SKIP("%s", vxg_error_message());
    CHECK_OK(vxg__program_text("kernels/prelude/cuda.h", "kernel", text, &source));
    int status = vxg__nvrtc_compile("kernel", 1, source.s, "", 80, &image);
    EXPECT(status == VXG_ERR_ARGUMENT && strstr(vxg_error_message(), "kernel(2)") &&
               strstr(vxg_error_message(), "nonsense"),
           "%d: %s", status, vxg_error_message());
    vxg__text_free(&source);
}

int main(void) {
    static const test_entry list[] = {T(unknown_architecture_becomes_ptx), T(contraction_is_off),
                                      T(errors_show_the_line)};
    static const int archs[] = {75, 80, 90};
    test_run("nvrtc", list, 3, 0, NULL);
    for (const vxg_kernel_text *t = vxg__kernel_texts; t->name; t++) {
        size_t n = strlen(t->name);
        if (n < 2 || strcmp(t->name + n - 2, ".k")) continue;
        for (int i = 0; i < 3; i++) {
            char name[160];
            snprintf(name, sizeof name, "%s.sm_%d", t->name, archs[i]);
            test_case_begin();
            compile_unit(t->name, "", archs[i]);
            for (const vxg_kernel_variant *v = vxg__kernel_variants; v->unit; v++)
                if (!strcmp(v->unit, t->name)) compile_unit(t->name, v->options, archs[i]);
            test_case_end(name);
        }
    }
    return test_failed != 0;
}
