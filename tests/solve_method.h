/* Options without which some methods cannot be made, for tests that go through all of them. */
#ifndef TESTS_SOLVE_METHOD_H
#define TESTS_SOLVE_METHOD_H

#include <string.h>

/* Whether a method takes an option. */
__attribute__((unused)) static int takes(const char *method, const char *option) {
    return strstr(vxg_solve_row_find(method)->uses, option) != NULL;
}
/* o, with levels where the method needs them. */
__attribute__((unused)) static vxg_solve_opts needed(const char *method, vxg_solve_opts o) {
    static double levels[] = {0.35, 0.55};
    if (takes(method, "levels")) o.levels = (vxg_numbers){2, levels}, o.first = 4, o.inner = 2;
    return o;
}

#endif
