/* atan(t) / t - 1 over t^2 as a polynomial in t^2, highest power first: a Chebyshev fit for |t| <= 0.4143, good
 * to 1e-19. In kernels (ct/cone_place.h) and in the cpu schedule's doubles. */
#ifndef K_CT_CONE_ATAN
#define K_CT_CONE_ATAN
/* TERM(sign, magnitude) */
#define CONE_ATAN(TERM) \
    TERM(+, 0.01511318842131557761) \
    TERM(-, 0.03338725466261087668) \
    TERM(+, 0.04499476137022400441) \
    TERM(-, 0.05217306489015125572) \
    TERM(+, 0.05876833051768914167) \
    TERM(-, 0.06666205161654902381) \
    TERM(+, 0.07692281093187069715) \
    TERM(-, 0.09090908058726948963) \
    TERM(+, 0.1111111108531344402) \
    TERM(-, 0.1428571428532956308) \
    TERM(+, 0.1999999999999701264) \
    TERM(-, 0.333333333333333242)
#endif
