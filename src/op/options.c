/* The option tables of the operators that no room of physics owns. */
#include "op/op.h"

#include <stddef.h>

static const vxg_option fft[] = {
    {.name = "kind",
     .type = VXG_OPT_CHOICE,
     .offset = offsetof(vxg_fft_opts, kind),
     .fallback = "complex",
     .choices = "complex|real|half",
     .help = "complex to complex, real to half a spectrum, half a spectrum to real"},
    {.name = "axes",
     .type = VXG_OPT_INT,
     .offset = offsetof(vxg_fft_opts, axes),
     .max = 2,
     .help = "1: the last axis, 2: the last two; 0: 1"},
    {.name = "inverse",
     .type = VXG_OPT_FLAG,
     .offset = offsetof(vxg_fft_opts, inverse),
     .help = "the other sign in the exponent"},
    {.name = "scale",
     .type = VXG_OPT_CHOICE,
     .offset = offsetof(vxg_fft_opts, scale),
     .fallback = "plain",
     .choices = "plain|by-n|unitary",
     .help = "factor: 1, 1 / n, 1 / sqrt n"},
};

const vxg_option_set vxg__op_option_sets[] = {
    {"vxg_fft_opts", fft, (int)(sizeof fft / sizeof *fft)},
    {NULL, NULL, 0},
};
