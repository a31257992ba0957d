/* The angle of a curved detector's columns in doubles, for the cpu schedules. */
#ifndef VXG_CONE_ATAN_CPU_H
#define VXG_CONE_ATAN_CPU_H
#include "kernels/ct/project/cone_atan.h"
#include "kernels/num/lanes.cpu.h"
#if !defined(VXG_DTYPE_f64)

/* atan(b / a) of a > 0, h = sqrt(a^2 + b^2), as cone_angle of ct/cone_place.h. */
LANE_FN double cone_atan(double a, double b, double h) {
    const double t1 = b / (a + h), t = t1 / (1 + __builtin_sqrt(t1 * t1 + 1)), s = t * t;
    double p = 0;
#define CONE_TERM(sign, c) p = p * s + (sign c);
    CONE_ATAN(CONE_TERM)
#undef CONE_TERM
    return 4 * (p * s * t + t);
}
#endif
#endif
