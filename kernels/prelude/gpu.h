/* Entry macros of the GPU targets. A prelude defines before: K_ENTRY_WORD, K_ENTRY_SIZED (fixed group size),
 * K_PARAMS_ARG (declares k_v), K_G and K_W (three item or group numbers), K_LOCAL_ID, K_BARRIER. */
#ifndef K_PRELUDE_GPU
#define K_PRELUDE_GPU
#define K_ITEM_ARGS K_PRIVATE const k_params *k_p, const int gx, const int gy, const int gz
#define K_ENTRY(f, attributes, params, entry, call, x, y, z)                                       \
    K_FN void f##_item params;                                                                     \
    K_ENTRY_WORD attributes void f entry {                                                         \
        const int k_x = (int)x, k_y = (int)y, k_z = (int)z;                                        \
        if (k_x >= k_v.n[0] || k_y >= k_v.n[1] || k_z >= k_v.n[2]) return;                         \
        f##_item call;                                                                             \
    }                                                                                              \
    K_FN void f##_item params
#define K_ENTRY1(f, t, p, e, c, w) K_ENTRY2(f, t, p, e, c, w)
#define K_ENTRY2(f, t, p, e, c, x, y, z) K_ENTRY(f, t, p, e, c, x, y, z)
#define K_TAIL &k_v, k_x, k_y, k_z
#define K_O(a, n) (a + k_v.off[n])

#define K_ANY1(f, t, w, A, a)                                                                      \
    K_ENTRY1(f, t, (A a, K_ITEM_ARGS), (A a, K_PARAMS_ARG), (K_O(a, 0), K_TAIL), w)
#define K_ANY2(f, t, w, A, a, B, b)                                                                \
    K_ENTRY1(f, t, (A a, B b, K_ITEM_ARGS), (A a, B b, K_PARAMS_ARG),                              \
             (K_O(a, 0), K_O(b, 1), K_TAIL), w)
#define K_ANY3(f, t, w, A, a, B, b, C, c)                                                          \
    K_ENTRY1(f, t, (A a, B b, C c, K_ITEM_ARGS), (A a, B b, C c, K_PARAMS_ARG),                    \
             (K_O(a, 0), K_O(b, 1), K_O(c, 2), K_TAIL), w)
#define K_ANY4(f, t, w, A, a, B, b, C, c, D, d)                                                    \
    K_ENTRY1(f, t, (A a, B b, C c, D d, K_ITEM_ARGS), (A a, B b, C c, D d, K_PARAMS_ARG),          \
             (K_O(a, 0), K_O(b, 1), K_O(c, 2), K_O(d, 3), K_TAIL), w)
#define K_KERNEL1(f, A, a) K_ANY1(f, , K_G, A, a)
#define K_KERNEL2(f, A, a, B, b) K_ANY2(f, , K_G, A, a, B, b)
#define K_KERNEL3(f, A, a, B, b, C, c) K_ANY3(f, , K_G, A, a, B, b, C, c)
#define K_KERNEL4(f, A, a, B, b, C, c, D, d) K_ANY4(f, , K_G, A, a, B, b, C, c, D, d)

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
