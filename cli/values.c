/* Values of a volume as they pass: least, largest, mean, spread and how they are distributed, in
 * fixed memory and one pass. Bins are powers of two wide and begin at multiples of their width;
 * when values no longer fit the bins are joined in pairs. So each value is counted in the bin it
 * belongs to, whatever came before it. */
#include "cli.h"

#include <math.h>
#include <string.h>

static double half(double k) {
    return floor(k / 2);
}

/* Bins twice as wide. */
static void widen(cli_values *v) {
    int64_t joined[CLI_BINS] = {0};
    const double first = half(v->first);
    for (int i = 0; i < CLI_BINS; i++)
        if (v->bin[i]) joined[(int)(half(v->first + i) - first)] += v->bin[i];
    memcpy(v->bin, joined, sizeof joined);
    v->first = first, v->last = half(v->last);
    v->exponent++;
}

/* The first bin becomes k, which is below it. */
static void begin_at(cli_values *v, double k) {
    const int by = (int)(v->first - k), kept = (int)(v->last - v->first) + 1;
    memmove(v->bin + by, v->bin, (size_t)kept * sizeof *v->bin);
    memset(v->bin, 0, (size_t)by * sizeof *v->bin);
    v->first = k;
}

static void count(cli_values *v, double x) {
    double k = floor(ldexp(x, -v->exponent));
    while (fmax(k, v->last) - fmin(k, v->first) >= CLI_BINS) {
        widen(v);
        k = half(k);
    }
    if (k < v->first) begin_at(v, k);
    v->last = fmax(v->last, k);
    v->bin[(int)(k - v->first)]++;
}

void cli_values_add(cli_values *v, const float *x, int64_t n) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(x[i])) continue; /* no volume holds one */
        if (!v->n++) {
            int e;
            (void)frexp((double)x[i], &e);
            v->exponent = x[i] != 0 ? e - 30 : -149;
            v->first = v->last = floor(ldexp((double)x[i], -v->exponent));
            v->least = v->most = x[i];
        }
        v->least = fminf(v->least, x[i]), v->most = fmaxf(v->most, x[i]);
        sum += x[i], squares += (double)x[i] * x[i];
        count(v, x[i]);
    }
    v->sum += sum, v->squares += squares;
}

double cli_values_mean(const cli_values *v) {
    return v->n ? v->sum / (double)v->n : 0;
}

double cli_values_deviation(const cli_values *v) {
    const double mean = cli_values_mean(v);
    return v->n ? sqrt(fmax(0, v->squares / (double)v->n - mean * mean)) : 0;
}

/* The bin that holds the value of rank `rank`. */
static int bin_of(const cli_values *v, double rank) {
    double below = 0;
    for (int i = 0; i < CLI_BINS; i++) {
        below += (double)v->bin[i];
        if (below > rank) return i;
    }
    return CLI_BINS - 1;
}

int cli_values_curve(const cli_values *v, double outside, int most, double *x, double *y) {
    if (!v->n) return 0;
    const int lo = bin_of(v, outside * (double)v->n);
    const int hi = bin_of(v, (1 - outside) * (double)(v->n - 1));
    const int group = 1 + (hi - lo) / most;
    const double width = ldexp(1, v->exponent);
    int n = 0;
    for (int i = lo; i <= hi; i += group, n++) {
        y[n] = 0;
        for (int k = i; k < i + group && k < CLI_BINS; k++) y[n] += (double)v->bin[k];
        x[n] = (v->first + i + 0.5 * group) * width;
    }
    return n;
}
