/* Diffusion inside cylinders (across them) and spheres with pulses of finite length, in the approximation of Gaussian
 * phases (P. van Gelderen et al., J. Magn. Reson. B 103, 1994; J. S. Murday, R. M. Cotts, J. Chem. Phys. 48, 1968; B.
 * Balinov et al., J. Magn. Reson. A 104, 1993):
 *   ln E = -2 (gamma G)^2 (R^6 / D^2) F(s),  s = D / R^2,  F = sum over roots w N(alpha^2 s delta, alpha^2 s Delta),
 * w = 1 / (alpha^6 (alpha^2 - 1)) with J1'(alpha) = 0 for cylinders, 1 / (alpha^6 (alpha^2 - 2)) with j1'(alpha) = 0 for
 * spheres, N(y, z) = 2 y - 2 + 2 e^-y + 2 e^-z - e^-(z-y) - e^-(z+y). 20 roots; behind them N is 2 y - 2, whose sums are
 * constants, while a pulse is long for the 20th: up to R = 27 sqrt(D delta). Until there ln E is right to 1e-6 at b D = 3;
 * in wider pores, where diffusion is nearly free, to a hundredth. */
#ifndef MICRO_GPD_H
#define MICRO_GPD_H
#include "kernels/maths/special.h"

#define GPD_ROOTS 20
/* Sums of alpha^2 w and of w over the roots from the 21st on. */
#define GPD_TAIL_CYLINDER K_R(6.0976568253e-11)
#define GPD_REST_CYLINDER K_R(1.07381869951e-14)
#define GPD_TAIL_SPHERE K_R(5.74272495484e-11)
#define GPD_REST_SPHERE K_R(9.87381907497e-15)

/* alpha^2 and w; formed in 40 digits. */
K_TABLE real gpd_cylinder[GPD_ROOTS][2] = {
    {K_R(3.389957716671888727), K_R(0.01074056032916193989)},
    {K_R(28.42428204737229244), K_R(1.587801549714576273e-6)},
    {K_R(72.86869710635145683), K_R(3.59614516997387346e-8)},
    {K_R(137.0305507795094401), K_R(2.857007191162825933e-9)},
    {K_R(220.9262670780697969), K_R(4.216778935841088746e-10)},
    {K_R(324.5592441710643991), K_R(9.039912728401730622e-11)},
    {K_R(447.9305515365389238), K_R(2.489590406493226265e-11)},
    {K_R(591.0406135581379914), K_R(8.208543807056760129e-12)},
    {K_R(753.8896260617048607), K_R(3.0998835911071479e-12)},
    {K_R(936.4776896251724507), K_R(1.30159016881633242e-12)},
    {K_R(1138.804860230310906), K_R(5.950922295964946216e-13)},
    {K_R(1360.871171053650423), K_R(2.917770916601580828e-13)},
    {K_R(1602.676642772758562), K_R(1.516657212819288182e-13)},
    {K_R(1864.221288820034219), K_R(8.284058798398753009e-14)},
    {K_R(2145.505118229108256), K_R(4.721546250076711341e-14)},
    {K_R(2446.528137256945654), K_R(2.792393968697344415e-14)},
    {K_R(2767.29035034856897), K_R(1.705839050387579568e-14)},
    {K_R(3107.791760732180138), K_R(1.072339052340912109e-14)},
    {K_R(3468.032370798097447), K_R(6.915007823144264502e-15)},
    {K_R(3848.012182346822741), K_R(4.562124400932133157e-15)},
};
K_TABLE real gpd_sphere[GPD_ROOTS][2] = {
    {K_R(4.332958551429381685), K_R(5.269135574802231481e-3)},
    {K_R(35.28799562489684836), K_R(6.836461643807287639e-7)},
    {K_R(84.74749273730415512), K_R(1.98547572345008306e-8)},
    {K_R(153.8702563013886623), K_R(1.807437308332788695e-9)},
    {K_R(242.7126071307338193), K_R(2.905521927644260729e-10)},
    {K_R(351.2867635164766269), K_R(6.604387006631526709e-11)},
    {K_R(479.5967058939084494), K_R(1.898060725287494134e-11)},
    {K_R(627.6440545599596671), K_R(6.464462497829356175e-12)},
    {K_R(795.4295719192605005), K_R(2.504300374396922508e-12)},
    {K_R(982.9536556309128279), K_R(1.073377243220094436e-12)},
    {K_R(1190.216529809621091), K_R(4.991447157938822627e-13)},
    {K_R(1417.218328647394743), K_R(2.482368630131993314e-13)},
    {K_R(1663.959136506950815), K_R(1.306025596307899293e-13)},
    {K_R(1930.439008596437475), K_R(7.208183560734132971e-14)},
    {K_R(2216.657982281198718), K_R(4.145694225255497719e-14)},
    {K_R(2522.616083585086048), K_R(2.471381639298838758e-14)},
    {K_R(2848.313331085800783), K_R(1.520386502996432257e-14)},
    {K_R(3193.7497383336073), K_R(9.617640132653612212e-15)},
    {K_R(3558.925315400371088), K_R(6.236897841437142875e-15)},
    {K_R(3943.840069898884633), K_R(4.135643689027381231e-15)},
};

/* 2 (y - 1 + e^-y) - (1 - e^-y)^2 without cancellation: up to 1 its series, the sum of (-1)^n (4 - 2^n) / n! y^n from
 * n = 3 on. q: 1 - e^-y. */
V_FN vreal gpd_rest(const vreal y, const vreal q) {
#if defined(VXG_DTYPE_f64)
    vreal p = V_set(K_R(-2.70404629186446499e-17));
    p = V_fma(p, y, V_set(K_R(3.24485477660332379e-16)));
    p = V_fma(p, y, V_set(K_R(-3.73158121373554389e-15)));
    p = V_fma(p, y, V_set(K_R(4.10473542052088572e-14)));
    p = V_fma(p, y, V_set(K_R(-4.30996397091168357e-13)));
    p = V_fma(p, y, V_set(K_R(4.30994752964119047e-12)));
    p = V_fma(p, y, V_set(K_R(-4.09441891474519341e-11)));
    p = V_fma(p, y, V_set(K_R(3.68492079412558712e-10)));
    p = V_fma(p, y, V_set(K_R(-3.13208708546010125e-09)));
#else
    vreal p = V_set(K_R(-3.13208708546010125e-09));
#endif
    p = V_fma(p, y, V_set(K_R(2.50551672509344457e-08)));
    p = V_fma(p, y, V_set(K_R(-1.87890812890812882e-07)));
    p = V_fma(p, y, V_set(K_R(1.31491450935895383e-06)));
    p = V_fma(p, y, V_set(K_R(-8.54276895943562685e-06)));
    p = V_fma(p, y, V_set(K_R(5.12065095398428724e-05)));
    p = V_fma(p, y, V_set(K_R(-0.00028108465608465608)));
    p = V_fma(p, y, V_set(K_R(0.00139991181657848321)));
    p = V_fma(p, y, V_set(K_R(-0.00625000000000000035)));
    p = V_fma(p, y, V_set(K_R(0.0246031746031746025)));
    p = V_fma(p, y, V_set(K_R(-0.0833333333333333287)));
    p = V_fma(p, y, V_set(K_R(0.233333333333333337)));
    p = V_fma(p, y, V_set(K_R(-0.5)));
    p = V_fma(p, y, V_set(K_R(0.66666666666666663)));
    return V_select(V_lt(y, V_set(K_R(1.0))), p * (y * y * y), K_R(2.0) * (y - q) - q * q);
}

/* F of s delta and s (Delta - delta), of spheres or of cylinders; slope: its derivative by s, times s. */
V_FN vreal gpd_sum(const int sphere, const vreal pulse, const vreal apart, K_PRIVATE vreal *slope) {
    vreal sum = V_set(K_R(0.0));
    *slope = sum;
    for (int k = 0; k < GPD_ROOTS; k++) {
        const real root = sphere ? gpd_sphere[k][0] : gpd_cylinder[k][0];
        const vreal w = V_set(sphere ? gpd_sphere[k][1] : gpd_cylinder[k][1]);
        const vreal y = pulse * root, x = apart * root;
        const vreal q = -V_expm1(-y), p = -V_expm1(-x), square = q * q;
        /* N, then its derivatives by y and z = x + y: sums of what is not negative. */
        const vreal n = V_fma(square, p, gpd_rest(y, q));
        const vreal by_y = q * V_fma(K_R(2.0) - q, p, q), by_z = square - square * p;
        sum = V_fma(n, w, sum);
        *slope = V_fma(V_fma(y, by_y, (x + y) * by_z), w, *slope);
    }
    const real last = sphere ? gpd_sphere[GPD_ROOTS - 1][0] : gpd_cylinder[GPD_ROOTS - 1][0];
    const vmask there = V_lt(V_set(K_R(5.0)), pulse * last);
    const vreal tail = pulse * (sphere ? K_R(2.0) * GPD_TAIL_SPHERE : K_R(2.0) * GPD_TAIL_CYLINDER);
    const real rest = sphere ? K_R(2.0) * GPD_REST_SPHERE : K_R(2.0) * GPD_REST_CYLINDER;
    *slope = *slope + V_select(there, tail, V_set(K_R(0.0)));
    return sum + V_select(there, tail - rest, V_set(K_R(0.0)));
}

/* ln E for (gamma G)^2 (gradients across a cylinder, any of a sphere), R and D in units that go together; by_r, by_d: its
 * derivatives. R > 0, D > 0. */
V_FN vreal gpd_log_signal(const int sphere, const vreal gradient2, const vreal pulse, const vreal apart,
                          const vreal radius, const vreal diffusivity, K_PRIVATE vreal *by_r, K_PRIVATE vreal *by_d) {
    const vreal square = radius * radius, s = diffusivity / square;
    vreal slope;
    const vreal f = gpd_sum(sphere, s * pulse, s * apart, &slope);
    /* R^6 / D^2 = R^2 / s^2 */
    const vreal scale = gradient2 * square / (s * s) * K_R(-2.0);
    *by_r = scale * (K_R(6.0) * f - K_R(2.0) * slope) / radius;
    *by_d = scale * (slope - K_R(2.0) * f) / diffusivity;
    return scale * f;
}
#endif
