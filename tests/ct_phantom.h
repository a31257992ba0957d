/* Sinograms of ellipses for the ct tests: exact line integrals in double, averaged over the pixel's
 * width with four sub-rays, then noise from a fixed generator. */
#ifndef CT_PHANTOM_H
#define CT_PHANTOM_H
#include <math.h>
#include <stdint.h>

#define PHANTOM_PI 3.14159265358979323846
#define PHANTOM_COUNT 3

typedef struct phantom_ellipse {
    double x, y, a, b, angle, value; /* in units of the field's radius */
} phantom_ellipse;

/* Shifted and asymmetric on purpose: nothing may hold the centre by symmetry. */
static const phantom_ellipse phantom_list[PHANTOM_COUNT][6] = {
    {{0.1, -0.05, 0.6, 0.45, 0.3, 1},
     {-0.2, 0.15, 0.2, 0.1, 1.1, 0.8},
     {0.3, -0.2, 0.1, 0.15, 0.2, -0.5},
     {0.25, 0.3, 0.05, 0.05, 0, 1.5},
     {-0.1, -0.3, 0.08, 0.03, 2, 1.2},
     {-0.35, -0.1, 0.04, 0.07, 0.7, 0.9}},
    {{0.17, 0.11, 0.55, 0.7, 1.9, 1},
     {0.05, -0.28, 0.16, 0.05, 0.4, 1.4},
     {-0.22, 0.2, 0.1, 0.12, 2.4, -0.9},
     {0.4, 0.26, 0.06, 0.15, 1, 0.6},
     {0.12, 0.5, 0.1, 0.04, 0.1, 1.7},
     {-0.05, 0.02, 0.03, 0.05, 2.8, -1.1}},
    {{-0.12, 0.06, 0.68, 0.52, 2.6, 1},
     {-0.45, 0, 0.12, 0.09, 0.5, 0.7},
     {0.15, 0.28, 0.03, 0.17, 0.9, 1.3},
     {0.2, -0.24, 0.14, 0.06, 1.7, -0.6},
     {-0.15, -0.25, 0.05, 0.05, 0, 2},
     {0.36, 0.08, 0.09, 0.03, 2.2, 0.8}}};

static inline double phantom_noise(uint64_t *state) { /* normal, by the sum of twelve uniforms */
    double sum = -6;
    for (int i = 0; i < 12; i++) {
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        sum += (double)(*state >> 11) / 9007199254740992.0;
    }
    return sum;
}

static inline double phantom_line(const phantom_ellipse *e, double radius, double t, double s) {
    double d = s - radius * (e->x * cos(t) + e->y * sin(t));
    double c = cos(t - e->angle), n = sin(t - e->angle);
    double w2 = radius * radius * (e->a * e->a * c * c + e->b * e->b * n * n);
    if (d * d >= w2) return 0;
    return e->value * 2 * e->a * e->b * radius * radius * sqrt(w2 - d * d) / w2;
}

/* out (nviews, nu); lengths in pixels, scaled so that the largest ellipse has about 2 in its
 * middle; noise is the standard deviation in the same unit. */
static inline void phantom_sinogram(int which, int64_t nviews, int64_t nu, const double *theta,
                                    double center, double radius, double noise, uint64_t seed,
                                    float *out) {
    uint64_t state = seed * 977 + 13;
    for (int64_t v = 0; v < nviews; v++)
        for (int64_t u = 0; u < nu; u++) {
            double sum = 0;
            for (int sub = 0; sub < 4; sub++)
                for (int e = 0; e < 6; e++)
                    sum += phantom_line(&phantom_list[which][e], radius, theta[v],
                                        (double)u - center + 0.25 * sub - 0.375);
            out[v * nu + u] =
                (float)(sum / (4 * radius) + (noise > 0 ? noise * phantom_noise(&state) : 0));
        }
}
#endif
