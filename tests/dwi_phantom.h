/* A generated diffusion-weighted series: bundles of fibres (straight, arc, crossings of 90 and 60
 * degrees, fan) in a block of isotropic tissue, one shell, Rician noise. Every number follows from
 * the options; noise is Philox's, by voxel and volume. */
#ifndef DWI_PHANTOM_H
#define DWI_PHANTOM_H
#include <voxgrad/voxgrad.h>

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { PHANTOM_BUNDLES = 7, PHANTOM_DIRECTIONS = 256 };

typedef struct dwi_phantom {
    double side;     /* mm, of the block; voxels fill it */
    double voxel[3]; /* mm */
    double b;        /* s/mm2 */
    int unweighted;  /* volumes, the first ones */
    int directions;  /* volumes of the shell */
    double snr;      /* unweighted signal over the noise's standard deviation; 0: no noise */
    uint32_t seed;
    int64_t n[3]; /* voxels along i, j, k: phantom_begin */
    double direction[3 * PHANTOM_DIRECTIONS];
} dwi_phantom;

#define PHANTOM_S0 1000.0
static const double phantom_along = 1.7e-3, phantom_across = 3e-4,
                    phantom_tissue = 8e-4; /* mm2/s */

/* Directions that repel each other and each other's opposites, from a spiral: 400 steps. */
static void phantom_repel(int n, double *d) {
    for (int i = 0; i < n; i++) {
        const double z = (i + 0.5) / n, r = sqrt(1 - z * z), phi = 2.399963229728653 * i;
        d[3 * i] = r * cos(phi), d[3 * i + 1] = r * sin(phi), d[3 * i + 2] = z;
    }
    for (int step = 0; step < 400; step++) {
        static double force[3 * PHANTOM_DIRECTIONS];
        double most = 0;
        memset(force, 0, sizeof force);
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++)
                for (int sign = -1; sign <= 1 && i != j; sign += 2) {
                    double away[3], r = 0;
                    for (int k = 0; k < 3; k++) {
                        away[k] = d[3 * i + k] - sign * d[3 * j + k];
                        r += away[k] * away[k];
                    }
                    for (int k = 0; k < 3; k++) force[3 * i + k] += away[k] / (r * sqrt(r));
                }
        for (int i = 0; i < n; i++) { /* what lies in the sphere */
            double *f = force + 3 * i, *p = d + 3 * i;
            const double out = f[0] * p[0] + f[1] * p[1] + f[2] * p[2];
            for (int k = 0; k < 3; k++) f[k] -= out * p[k];
            most = fmax(most, sqrt(f[0] * f[0] + f[1] * f[1] + f[2] * f[2]));
        }
        const double pace = most > 0 ? 0.2 / sqrt(n) / most / (1 + 0.05 * step) : 0;
        for (int i = 0; i < n; i++) {
            double length = 0;
            for (int k = 0; k < 3; k++) {
                d[3 * i + k] += pace * force[3 * i + k];
                length += d[3 * i + k] * d[3 * i + k];
            }
            for (int k = 0; k < 3; k++) d[3 * i + k] /= sqrt(length);
        }
    }
}

static void phantom_begin(dwi_phantom *p) {
    for (int k = 0; k < 3; k++) p->n[k] = (int64_t)rint(p->side / p->voxel[k]);
    phantom_repel(p->directions, p->direction);
}

/* 1 inside, 0 outside, a slope over `edge` at the border. */
static double phantom_soft(double inside, double edge) {
    return fmin(1, fmax(0, inside / edge + 0.5));
}
/* Along a straight axis through (x, y, z) with direction (c, s, 0): share in the tube. */
static double phantom_tube(const double *u, double x, double y, double z, double c, double s,
                           double radius, double edge) {
    const double dx = u[0] - x, dy = u[1] - y, dz = u[2] - z, along = c * dx + s * dy;
    return phantom_soft(radius - hypot(c * dy - s * dx, dz), edge) *
           phantom_soft(0.44 - fabs(along), edge);
}

/* Shares of the bundles at a place (mm from the block's corner) and their directions. Sums over 1
 * are made 1. Returns the sum. */
static double phantom_bundles(const dwi_phantom *p, const double *mm, double *share,
                              double direction[][3]) {
    const double u[3] = {mm[0] / p->side, mm[1] / p->side, mm[2] / p->side}, r = 0.075,
                 edge = fmax(p->voxel[0], fmax(p->voxel[1], p->voxel[2])) / p->side;
    const double c = 0.8660254037844387, s = 0.5;
    const double straight[5][5] = {{0.5, 0.2, 0.15, 1, 0},
                                   {0.5, 0.5, 0.38, 1, 0},
                                   {0.5, 0.5, 0.38, 0, 1},
                                   {0.5, 0.5, 0.62, c, s},
                                   {0.5, 0.5, 0.62, c, -s}};
    double sum = 0;
    for (int i = 0; i < 5; i++) {
        const double *t = straight[i];
        share[i] = phantom_tube(u, t[0], t[1], t[2], t[3], t[4], r, edge);
        direction[i][0] = t[3], direction[i][1] = t[4], direction[i][2] = 0;
    }
    const double ax = u[0] - 0.5, ay = u[1] - 0.35, ring = hypot(ax, ay) + 1e-12;
    share[5] = phantom_soft(r - hypot(ring - 0.4, u[2] - 0.15), edge) * phantom_soft(ay, edge);
    direction[5][0] = -ay / ring, direction[5][1] = ax / ring, direction[5][2] = 0;
    const double fx = u[0] + 0.1, fy = u[1] - 0.5, far = hypot(fx, fy);
    share[6] = phantom_soft(0.4 * fx - fabs(fy), edge) *
               phantom_soft(0.4 - fabs(u[0] - 0.5), edge) *
               phantom_soft(r - fabs(u[2] - 0.85), edge);
    direction[6][0] = fx / far, direction[6][1] = fy / far, direction[6][2] = 0;
    for (int i = 0; i < PHANTOM_BUNDLES; i++) sum += share[i];
    for (int i = 0; i < PHANTOM_BUNDLES && sum > 1; i++) share[i] /= sum;
    return fmin(sum, 1);
}

/* The middle of voxel (i, j, k), mm from the block's corner. */
static void phantom_place(const dwi_phantom *p, int64_t voxel, double *mm) {
    mm[0] = ((double)(voxel % p->n[0]) + 0.5) * p->voxel[0];
    mm[1] = ((double)(voxel / p->n[0] % p->n[1]) + 0.5) * p->voxel[1];
    mm[2] = ((double)(voxel / (p->n[0] * p->n[1])) + 0.5) * p->voxel[2];
}

/* A voxel's signals: unweighted volumes, then the shell. Returns the share of fibres. */
static double phantom_voxel(const dwi_phantom *p, int64_t voxel, double *signal) {
    double mm[3], share[PHANTOM_BUNDLES], fibre[PHANTOM_BUNDLES][3];
    const int volumes = p->unweighted + p->directions;
    const uint32_t key[2] = {p->seed, 0x70686e74};
    phantom_place(p, voxel, mm);
    const double fibres = phantom_bundles(p, mm, share, fibre);
    for (int v = 0; v < volumes; v++) {
        const double *g = p->direction + 3 * (v - p->unweighted);
        double s = 1;
        if (v >= p->unweighted) {
            s = (1 - fibres) * exp(-p->b * phantom_tissue);
            for (int i = 0; i < PHANTOM_BUNDLES; i++) {
                if (!(share[i] > 0)) continue;
                const double c = g[0] * fibre[i][0] + g[1] * fibre[i][1] + g[2] * fibre[i][2];
                s += share[i] *
                     exp(-p->b * (phantom_across + (phantom_along - phantom_across) * c * c));
            }
        }
        if (p->snr > 0) {
            const uint32_t counter[4] = {(uint32_t)voxel, (uint32_t)(voxel >> 32), (uint32_t)v, 0};
            uint32_t word[4];
            vxg_philox(counter, key, word);
            const double far = sqrt(-2 * log((word[0] + 0.5) * 0x1p-32)) / p->snr,
                         phi = 6.283185307179586 * (word[1] * 0x1p-32);
            s = hypot(s + far * cos(phi), far * sin(phi));
        }
        signal[v] = PHANTOM_S0 * s;
    }
    return fibres;
}
#endif
