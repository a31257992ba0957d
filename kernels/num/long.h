/* A 64-bit number in two ints, low 31 bits first (src/array/launch.h packs it). */
#define K_L(k) ((k_long)K_I(k) + ((k_long)K_I((k) + 1)) * ((k_long)1 << 31))
