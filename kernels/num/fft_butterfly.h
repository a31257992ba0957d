/* The discrete Fourier transform of FFT_RADIX numbers in place: FFT_NAME(butterfly)(re, im, sign of the
 * exponent). FFT_T is the type of a number, real or a vector of reals (the cpu's lanes); FFT_FN begins a function, FFT_NAME(word) gives
 * the functions names that differ between radices and types. Included once for each, so without a guard. */
#if FFT_RADIX == 3
K_TABLE real FFT_NAME(cos)[3] = {K_R(1.0), K_R(-0.5), K_R(-0.5)};
K_TABLE real FFT_NAME(sin)[3] = {K_R(0.0), K_R(0.86602540378443864676), K_R(-0.86602540378443864676)};
#elif FFT_RADIX == 5
K_TABLE real FFT_NAME(cos)[5] = {K_R(1.0), K_R(0.30901699437494742410), K_R(-0.80901699437494742410),
                           K_R(-0.80901699437494742410), K_R(0.30901699437494742410)};
K_TABLE real FFT_NAME(sin)[5] = {K_R(0.0), K_R(0.95105651629515357212), K_R(0.58778525229247312917),
                           K_R(-0.58778525229247312917), K_R(-0.95105651629515357212)};
#elif FFT_RADIX == 7
K_TABLE real FFT_NAME(cos)[7] = {K_R(1.0), K_R(0.62348980185873353053), K_R(-0.22252093395631440429),
                           K_R(-0.90096886790241912624), K_R(-0.90096886790241912624),
                           K_R(-0.22252093395631440429), K_R(0.62348980185873353053)};
K_TABLE real FFT_NAME(sin)[7] = {K_R(0.0), K_R(0.78183148246802980871), K_R(0.97492791218182360702),
                           K_R(0.43388373911755812048), K_R(-0.43388373911755812048),
                           K_R(-0.97492791218182360702), K_R(-0.78183148246802980871)};
#endif

#if FFT_RADIX == 4 || FFT_RADIX == 8
/* Four of the numbers, step apart, in place. */
FFT_FN void FFT_NAME(four)(K_PRIVATE FFT_T *re, K_PRIVATE FFT_T *im, const int step, const real sign) {
    const FFT_T ar = re[0] + re[2 * step], ai = im[0] + im[2 * step];
    const FFT_T br = re[0] - re[2 * step], bi = im[0] - im[2 * step];
    const FFT_T cr = re[step] + re[3 * step], ci = im[step] + im[3 * step];
    const FFT_T dr = sign * (re[step] - re[3 * step]), di = sign * (im[step] - im[3 * step]);
    re[0] = ar + cr, im[0] = ai + ci;
    re[step] = br - di, im[step] = bi + dr;
    re[2 * step] = ar - cr, im[2 * step] = ai - ci;
    re[3 * step] = br + di, im[3 * step] = bi - dr;
}
#endif

/* The transform of FFT_RADIX numbers in place. */
FFT_FN void FFT_NAME(butterfly)(K_PRIVATE FFT_T *re, K_PRIVATE FFT_T *im, const real sign) {
#if FFT_RADIX == 2
    (void)sign;
    const FFT_T ar = re[0], ai = im[0];
    re[0] = ar + re[1], im[0] = ai + im[1];
    re[1] = ar - re[1], im[1] = ai - im[1];
#elif FFT_RADIX == 4
    FFT_NAME(four)(re, im, 1, sign);
#elif FFT_RADIX == 8
    const real h = K_R(0.70710678118654752440);
    FFT_T evr[4], evi[4], odr[4], odi[4];
    for (int j = 0; j < 4; j++) {
        evr[j] = re[2 * j], evi[j] = im[2 * j];
        odr[j] = re[2 * j + 1], odi[j] = im[2 * j + 1];
    }
    FFT_NAME(four)(evr, evi, 1, sign);
    FFT_NAME(four)(odr, odi, 1, sign);
    const FFT_T tr1 = h * (odr[1] - sign * odi[1]), ti1 = h * (odi[1] + sign * odr[1]);
    const FFT_T tr2 = -sign * odi[2], ti2 = sign * odr[2];
    const FFT_T tr3 = -h * (odr[3] + sign * odi[3]), ti3 = h * (sign * odr[3] - odi[3]);
    odr[1] = tr1, odi[1] = ti1, odr[2] = tr2, odi[2] = ti2, odr[3] = tr3, odi[3] = ti3;
    for (int k = 0; k < 4; k++) {
        re[k] = evr[k] + odr[k], im[k] = evi[k] + odi[k];
        re[k + 4] = evr[k] - odr[k], im[k + 4] = evi[k] - odi[k];
    }
#else
    /* An odd radix: pairs j, r - j give sums times cosines and differences times sines. */
    FFT_T ar[FFT_RADIX / 2 + 1], ai[FFT_RADIX / 2 + 1], br[FFT_RADIX / 2 + 1], bi[FFT_RADIX / 2 + 1];
    const FFT_T xr = re[0], xi = im[0];
    for (int j = 1; j <= FFT_RADIX / 2; j++) {
        ar[j] = re[j] + re[FFT_RADIX - j], ai[j] = im[j] + im[FFT_RADIX - j];
        br[j] = sign * (re[j] - re[FFT_RADIX - j]), bi[j] = sign * (im[j] - im[FFT_RADIX - j]);
        re[0] += ar[j], im[0] += ai[j];
    }
    for (int k = 1; k <= FFT_RADIX / 2; k++) {
        const real c1 = FFT_NAME(cos)[k], s1 = FFT_NAME(sin)[k];
        FFT_T cr = xr + c1 * ar[1], ci = xi + c1 * ai[1], sr = s1 * br[1], si = s1 * bi[1];
        for (int j = 2; j <= FFT_RADIX / 2; j++) {
            const real c = FFT_NAME(cos)[j * k % FFT_RADIX], s = FFT_NAME(sin)[j * k % FFT_RADIX];
            cr += c * ar[j], ci += c * ai[j];
            sr += s * br[j], si += s * bi[j];
        }
        re[k] = cr - si, im[k] = ci + sr;
        re[FFT_RADIX - k] = cr + si, im[FFT_RADIX - k] = ci - sr;
    }
#endif
}
