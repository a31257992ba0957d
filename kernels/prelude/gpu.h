/* What the GPU targets share. A prelude defines before, beside what entries.h asks for:
 *   K_ENTRY_WORD                 word of an entry
 *   K_ENTRY_BEGIN                first statement of an entry; with K_PARAMS_ARG it makes k_v
 *   K_LOCAL_ID, K_BARRIER        number of the item in its group; wait for the group
 *   K_ITEM_MORE, K_TAIL_MORE     further arguments of an item, declared and passed on */
#ifndef K_PRELUDE_GPU
#define K_PRELUDE_GPU
#define K_ITEM_ARGS K_PRIVATE const k_params *k_p, const int gx, const int gy, const int gz K_ITEM_MORE
/* Unsigned: rounding 2^31 - 1 items up to whole groups passes INT_MAX. */
#define K_ENTRY(f, words, item, entry, locals, call, x, y, z)                                      \
    K_FN void f##_item item;                                                                       \
    K_ENTRY_WORD words void f entry {                                                              \
        K_ENTRY_BEGIN                                                                              \
        locals                                                                                     \
        const k_uint k_x = (k_uint)(x), k_y = (k_uint)(y), k_z = (k_uint)(z);                      \
        if (k_x >= (k_uint)k_v.n[0] || k_y >= (k_uint)k_v.n[1] || k_z >= (k_uint)k_v.n[2]) return; \
        f##_item call;                                                                             \
    }                                                                                              \
    K_FN void f##_item item
#define K_TAIL &k_v, (int)k_x, (int)k_y, (int)k_z K_TAIL_MORE
#define K_BUF(A, a, n) (a + k_v.off[n])
#define K_IMAGE_BUF(a) a

#define K_BY_LANES
#ifndef K_GROUP
#define K_GROUP 64
#endif
#define K_STRIP_FIRST K_LOCAL_ID
#define K_STRIP_STEP K_GROUP
#define K_STRIP_END K_BARRIER;
#define K_GROUP_ARGS K_ITEM_MORE /* of a function that has K_ITEMS in it, and of its call */
#define K_GROUP_PASS K_GROUP_MORE
#define K_ITEMS(item)                                                                              \
    {                                                                                              \
        const int item = K_LOCAL_ID;
#define K_END_ITEMS                                                                                \
    K_BARRIER;                                                                                     \
    }
#include "kernels/prelude/entries.h"
#endif
