/* What every kernel receives by value, the same bytes on every target: element offsets of its buffers, the
 * number of items, 24 ints and 16 reals. The host side builds it in src/device/backend.h. */
#ifndef K_PARAMS_H
#define K_PARAMS_H
typedef struct k_params {
    k_long off[8];
    int n[4];
    int i[24];
    real r[16];
} k_params;
#endif
