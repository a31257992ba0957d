/* Bodies with closed-form line integrals along the rays s = x cos t + y sin t. */
#ifndef CT_EXACT_H
#define CT_EXACT_H
#include <math.h>

typedef struct exact_ellipse {
    double x, y, a, b, angle, value; /* centre, half axes, angle of a against +x */
} exact_ellipse;

static inline int exact_inside(const exact_ellipse *e, double x, double y) {
    double c = cos(e->angle), s = sin(e->angle), dx = x - e->x, dy = y - e->y;
    double p = (c * dx + s * dy) / e->a, q = (c * dy - s * dx) / e->b;
    return p * p + q * q <= 1;
}

static inline double exact_ellipses(const exact_ellipse *e, int count, double t, double s) {
    double sum = 0;
    for (int i = 0; i < count; i++, e++) {
        double d = s - (e->x * cos(t) + e->y * sin(t));
        double p = e->a * cos(t - e->angle), q = e->b * sin(t - e->angle), w2 = p * p + q * q;
        if (d * d < w2) sum += e->value * 2 * e->a * e->b * sqrt(w2 - d * d) / w2;
    }
    return sum;
}

/* The head phantom of Shepp and Logan with the contrasts of P. A. Toft (thesis, 1996, table B.1),
 * in the field [-1, 1]. */
#define EXACT_SHEPP 10
#define EXACT_DEGREE (3.14159265358979323846 / 180)
static const exact_ellipse exact_shepp[EXACT_SHEPP] = {
    {0, 0, 0.69, 0.92, 0, 1},
    {0, -0.0184, 0.6624, 0.874, 0, -0.8},
    {0.22, 0, 0.11, 0.31, -18 * EXACT_DEGREE, -0.2},
    {-0.22, 0, 0.16, 0.41, 18 * EXACT_DEGREE, -0.2},
    {0, 0.35, 0.21, 0.25, 0, 0.1},
    {0, 0.1, 0.046, 0.046, 0, 0.1},
    {0, -0.1, 0.046, 0.046, 0, 0.1},
    {-0.08, -0.605, 0.046, 0.023, 0, 0.1},
    {0, -0.606, 0.023, 0.023, 0, 0.1},
    {0.06, -0.605, 0.023, 0.046, 0, 0.1},
};

/* Three Gaussian blobs well inside [-1, 1]. */
typedef struct exact_blob {
    double x, y, sigma, value;
} exact_blob;
static const exact_blob exact_blobs[3] = {
    {0.21, -0.13, 0.11, 1}, {-0.3, 0.08, 0.08, 0.7}, {0.05, 0.33, 0.09, 1.3}};

static inline double exact_blobs_value(double x, double y) {
    double sum = 0;
    for (int i = 0; i < 3; i++) {
        const exact_blob *b = &exact_blobs[i];
        double dx = x - b->x, dy = y - b->y;
        sum += b->value * exp(-(dx * dx + dy * dy) / (2 * b->sigma * b->sigma));
    }
    return sum;
}
static inline double exact_blobs_line(double t, double s) {
    double sum = 0;
    for (int i = 0; i < 3; i++) {
        const exact_blob *b = &exact_blobs[i];
        double d = s - (b->x * cos(t) + b->y * sin(t));
        sum += b->value * b->sigma * sqrt(2 * 3.14159265358979323846) *
               exp(-d * d / (2 * b->sigma * b->sigma));
    }
    return sum;
}
#endif
