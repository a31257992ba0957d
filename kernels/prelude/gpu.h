/* Entry macros of the GPU targets. A prelude defines before:
 *   K_ENTRY_WORD, K_ENTRY_SIZED  words of an entry; of one with the fixed group size
 *   K_SLOT(n), K_IMAGE_SLOT      attribute of buffer argument n, of the image
 *   K_PARAMS_ARG                 the arguments after the buffers; with K_ENTRY_BEGIN they make k_v
 *   K_ENTRY_BEGIN                first statement of an entry
 *   K_G, K_W                     three numbers of the item; of the group
 *   K_LOCAL_ID, K_BARRIER        number of the item in its group; wait for the group
 *   K_ITEM_MORE, K_TAIL_MORE     further arguments of an item, declared and passed on */
#ifndef K_PRELUDE_GPU
#define K_PRELUDE_GPU
#define K_ITEM_ARGS K_PRIVATE const k_params *k_p, const int gx, const int gy, const int gz K_ITEM_MORE
/* Unsigned: rounding 2^31 - 1 items up to whole groups passes INT_MAX. */
#define K_ENTRY(f, attributes, params, entry, call, x, y, z)                                       \
    K_FN void f##_item params;                                                                     \
    K_ENTRY_WORD attributes void f entry {                                                         \
        K_ENTRY_BEGIN                                                                              \
        const k_uint k_x = (k_uint)(x), k_y = (k_uint)(y), k_z = (k_uint)(z);                      \
        if (k_x >= (k_uint)k_v.n[0] || k_y >= (k_uint)k_v.n[1] || k_z >= (k_uint)k_v.n[2]) return; \
        f##_item call;                                                                             \
    }                                                                                              \
    K_FN void f##_item params
#define K_TAIL &k_v, (int)k_x, (int)k_y, (int)k_z K_TAIL_MORE
#define K_O(a, n) (a + k_v.off[n])

/* w is K_G or K_W, three arguments by the time K_ENTRY is expanded. */
#define K_ANY1(f, t, w, A, a)                                                                      \
    K_ENTRY(f, t, (A a, K_ITEM_ARGS), (A a K_SLOT(0), K_PARAMS_ARG), (K_O(a, 0), K_TAIL), w)
#define K_ANY2(f, t, w, A, a, B, b)                                                                \
    K_ENTRY(f, t, (A a, B b, K_ITEM_ARGS), (A a K_SLOT(0), B b K_SLOT(1), K_PARAMS_ARG),           \
             (K_O(a, 0), K_O(b, 1), K_TAIL), w)
#define K_ANY3(f, t, w, A, a, B, b, C, c)                                                          \
    K_ENTRY(f, t, (A a, B b, C c, K_ITEM_ARGS),                                                   \
             (A a K_SLOT(0), B b K_SLOT(1), C c K_SLOT(2), K_PARAMS_ARG),                          \
             (K_O(a, 0), K_O(b, 1), K_O(c, 2), K_TAIL), w)
#define K_ANY4(f, t, w, A, a, B, b, C, c, D, d)                                                    \
    K_ENTRY(f, t, (A a, B b, C c, D d, K_ITEM_ARGS),                                              \
             (A a K_SLOT(0), B b K_SLOT(1), C c K_SLOT(2), D d K_SLOT(3), K_PARAMS_ARG),           \
             (K_O(a, 0), K_O(b, 1), K_O(c, 2), K_O(d, 3), K_TAIL), w)
#define K_KERNEL1(f, A, a) K_ANY1(f, , K_G, A, a)
#define K_KERNEL2(f, A, a, B, b) K_ANY2(f, , K_G, A, a, B, b)
#define K_KERNEL3(f, A, a, B, b, C, c) K_ANY3(f, , K_G, A, a, B, b, C, c)
#define K_KERNEL4(f, A, a, B, b, C, c, D, d) K_ANY4(f, , K_G, A, a, B, b, C, c, D, d)
/* Images have no offset. */
#define K_IMAGE_ANY3(f, w, a, B, b, C, c)                                                          \
    K_ENTRY(f, , (K_IMAGE a, B b, C c, K_ITEM_ARGS),                                               \
             (K_IMAGE a K_IMAGE_SLOT, B b K_SLOT(1), C c K_SLOT(2), K_PARAMS_ARG),                 \
             (a, K_O(b, 1), K_O(c, 2), K_TAIL), w)
#define K_IMAGE_KERNEL3(f, a, B, b, C, c) K_IMAGE_ANY3(f, K_G, a, B, b, C, c)

#define K_GROUP 64
#define K_GROUP_KERNEL2(f, A, a, B, b) K_ANY2(f, K_ENTRY_SIZED, K_W, A, a, B, b)
#define K_GROUP_KERNEL3(f, A, a, B, b, C, c) K_ANY3(f, K_ENTRY_SIZED, K_W, A, a, B, b, C, c)
#define K_GROUP_KERNEL4(f, A, a, B, b, C, c, D, d)                                                 \
    K_ANY4(f, K_ENTRY_SIZED, K_W, A, a, B, b, C, c, D, d)
#define K_ITEMS(item)                                                                              \
    {                                                                                              \
        const int item = K_LOCAL_ID;
#define K_END_ITEMS                                                                                \
    K_BARRIER;                                                                                     \
    }
#endif
