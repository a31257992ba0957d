/* cgls and lsqr against SciPy's iterates (tests/data/solve/make.py). */
#include <voxgrad/voxgrad.h>

#include "solve_matrix.h"

static int numbers(FILE *f, int n, double *out) {
    for (int i = 0; i < n; i++)
        if (fscanf(f, "%lf", &out[i]) != 1) return 0;
    return 1;
}

TEST(iterates)
{
    char path[4096], line[512], method[16];
    snprintf(path, sizeof path, "%s/tests/data/solve/scipy.txt", VXG_SOURCE_DIR);
    FILE *f = fopen(path, "r");
    static matrix m;
    double b[64], want[64], x[64];
    int cases = 0;
    CHECK(f && fgets(line, sizeof line, f) && fscanf(f, "problem %d %d", &m.rows, &m.cols) == 2 &&
              m.rows * m.cols <= 400 && numbers(f, m.rows * m.cols, m.a) && numbers(f, m.rows, b),
          "%s cannot be read", path);
    vxg_solve_opts o = {0};
    while (fscanf(f, "%15s %lf %d", method, &o.damping, &o.iterations) == 3) {
        CHECK(numbers(f, m.cols, want), "case %d ends early", cases);
        for (int k = 0; k < 2; k++) {
            m.dtype = k ? VXG_F32 : VXG_F64;
            CHECK_OK(solve(method, &m, b, &o, x, NULL));
            double most = 0;
            for (int j = 0; j < m.cols; j++) most = fmax(most, fabs(want[j]));
            /* Directions lose each other: SciPy's ninth iterates are 1.4e-7 from those of exact
             * arithmetic, and 6e-2 in float32 whoever computes them. */
            if (k && o.iterations > 4) continue;
            const double close = k ? 1e-5 : o.iterations > 4 ? 1e-6 : 1e-10;
            EXPECT(off(x, want, m.cols) < close * most,
                   "%s, damping %g, %d iterations, float%d: %.2g apart", method, o.damping,
                   o.iterations, k ? 32 : 64, off(x, want, m.cols) / most);
        }
        cases++;
    }
    fclose(f);
    EXPECT(cases == 12, "%d cases", cases);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(iterates)};
    if (vxg_device_open("cpu", &dev))
        return printf("FAIL solve_scipy.start: %s\n", vxg_error_message()), 1;
    const int failed = test_run("solve_scipy", list, 1, argc, argv);
    vxg_device_release(dev);
    return failed;
}
