/* Bingham's normaliser: Z(M), the mean over the sphere of exp(n' M n), of a symmetric matrix with eigenvalues l1 >= l2 >=
 * l3. It makes every Gaussian compartment's signal that is dispersed by Watson's or Bingham's distribution exact:
 * E = exp(-b Dperp) Z(kappa mu mu' + beta nu nu' - b (Dpar - Dperp) g g') / Z(kappa mu mu' + beta nu nu').
 * Z = exp(l1) int_0^1 exp(-(l1 - l3) t^2) I0e((l1 - l2) (1 - t^2) / 2) dt, t along the smallest eigenvalue's axis, by 24
 * Gauss-Legendre nodes: 1e-12 for differences up to 32, 1e-8 up to 128 (tests/internal_special.c). */
#ifndef MATHS_BINGHAM_H
#define MATHS_BINGHAM_H
#include "kernels/maths/special.h"

#define BINGHAM_NODES 24

/* t^2, 1 - t^2, the node's weight; formed in 40 digits. */
K_TABLE real bingham_nodes[BINGHAM_NODES][3] = {
    {K_R(5.79071283926776908e-6), K_R(0.999994209287160732), K_R(6.17061489999359977e-3)},
    {K_R(1.59661470823809205e-4), K_R(0.999840338529176191), K_R(0.0142656943144668316)},
    {K_R(9.52507732615835628e-4), K_R(0.999047492267384164), K_R(0.0221387194087099031)},
    {K_R(3.22535812642198767e-3), K_R(0.996774641873578012), K_R(0.0296492924577183904)},
    {K_R(8.09982126333476011e-3), K_R(0.99190017873666524), K_R(0.0366732407055401529)},
    {K_R(0.0168838589506749786), K_R(0.983116141049325021), K_R(0.043095080765976638)},
    {K_R(0.0309595194517636246), K_R(0.969040480548236375), K_R(0.0488093260520569441)},
    {K_R(0.0516604096685719082), K_R(0.948339590331428092), K_R(0.0537221350579828174)},
    {K_R(0.0801474480016043512), K_R(0.919852551998395649), K_R(0.0577528340268628007)},
    {K_R(0.11729163265945316), K_R(0.88270836734054684), K_R(0.0608352364639016956)},
    {K_R(0.163572171639291274), K_R(0.836427828360708726), K_R(0.0629187281734141481)},
    {K_R(0.218997374949500021), K_R(0.781002625050499979), K_R(0.0639690976733760785)},
    {K_R(0.283054267812105647), K_R(0.716945732187894353), K_R(0.0639690976733760785)},
    {K_R(0.354691039112907583), K_R(0.645308960887092417), K_R(0.0629187281734141481)},
    {K_R(0.432334312355616535), K_R(0.567665687644383465), K_R(0.0608352364639016956)},
    {K_R(0.51394095562764949), K_R(0.48605904437235051), K_R(0.0577528340268628007)},
    {K_R(0.597081881057411444), K_R(0.402918118942588556), K_R(0.0537221350579828174)},
    {K_R(0.679053171388739194), K_R(0.320946828611260806), K_R(0.0488093260520569441)},
    {K_R(0.757008050529229343), K_R(0.242991949470770657), K_R(0.043095080765976638)},
    {K_R(0.828101807237237682), K_R(0.171898192762762318), K_R(0.0366732407055401529)},
    {K_R(0.889640885130823022), K_R(0.110359114869176978), K_R(0.0296492924577183904)},
    {K_R(0.939227059735348594), K_R(0.0607729402646514058), K_R(0.0221387194087099031)},
    {K_R(0.974888217442133307), K_R(0.0251117825578666926), K_R(0.0142656943144668316)},
    {K_R(0.995193010709860628), K_R(4.80698929013937205e-3), K_R(6.17061489999359977e-3)},
};

/* ln Z of eigenvalues, falling; slope: its derivatives by each, whose sum is 1. */
V_FN vreal maths_bingham(const vreal l1, const vreal l2, const vreal l3, K_PRIVATE vreal *slope) {
    const vreal zero = V_set(K_R(0.0)), wide = l1 - l3, half = (l1 - l2) * K_R(0.5);
    vreal all = zero, third = zero, second = zero;
    for (int j = 0; j < BINGHAM_NODES; j++) {
        const real rest = bingham_nodes[j][1];
        const vreal x = half * rest, e = V_exp(-wide * bingham_nodes[j][0]) * bingham_nodes[j][2];
        const vreal i0 = e * V_i0e(x), i1 = e * V_i1e(x);
        all = all + i0;
        third = V_fma(i0, V_set(bingham_nodes[j][0]), third);
        /* By l2: x falls, and I0e' = I1e - I0e. */
        second = V_fma(i0 - i1, V_set(rest * K_R(0.5)), second);
    }
    const vreal over = K_R(1.0) / all;
    slope[1] = second * over;
    slope[2] = third * over;
    slope[0] = K_R(1.0) - slope[1] - slope[2];
    return l1 + V_log(all);
}
#endif
