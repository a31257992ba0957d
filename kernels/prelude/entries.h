/* Entry macros, the same on every target: kernels of single items, of groups, and of groups with local memory,
 * each with one to eight buffers. A prelude defines before:
 *   K_ENTRY(name, words, item, entry, locals, call, x, y, z)
 *                       declares the item's function (its parameters: item) and the entry that calls it; C forms
 *                       a loop and uses neither words, entry nor x, y, z
 *   K_ENTRY_SIZED       words of an entry with the fixed group size
 *   K_BUF(A, a, n)      buffer argument n, named a, of pointer type A, moved by its offset
 *   K_SLOT(n)           attribute of buffer argument n of an entry; K_IMAGE_SLOT: of an image
 *   K_IMAGE_BUF(a)      the image argument a
 *   K_PARAMS_ARG        the entry's arguments after the buffers
 *   K_ITEM_ARGS, K_TAIL the item's arguments after the buffers, declared and passed on
 *   K_LOCAL_ARRAY(T, l, n)  declares an array that the items of a group share
 *   K_G, K_W            three numbers of the item; of the group (three arguments by the time K_ENTRY is expanded) */
#ifndef K_PRELUDE_ENTRIES
#define K_PRELUDE_ENTRIES

/* S is K_NONE or K_WITH: without and with a local array tl = (T, l, n). */
#define K_NONE_ITEM(T, l, n)
#define K_NONE_ARRAY(T, l, n)
#define K_NONE_CALL(T, l, n)
#define K_WITH_ITEM(T, l, n) , K_LOCAL T *l
#define K_WITH_ARRAY(T, l, n) K_LOCAL_ARRAY(T, l, n);
#define K_WITH_CALL(T, l, n) , l

#define K_ANY1(name, words, w, S, tl, A, a) \
    K_ENTRY(name, words, \
            (A a, K_ITEM_ARGS S##_ITEM tl), \
            (A a K_SLOT(0), K_PARAMS_ARG), S##_ARRAY tl, \
            (K_BUF(A, a, 0), K_TAIL S##_CALL tl), w)
#define K_ANY2(name, words, w, S, tl, A, a, B, b) \
    K_ENTRY(name, words, \
            (A a, B b, K_ITEM_ARGS S##_ITEM tl), \
            (A a K_SLOT(0), B b K_SLOT(1), K_PARAMS_ARG), S##_ARRAY tl, \
            (K_BUF(A, a, 0), K_BUF(B, b, 1), K_TAIL S##_CALL tl), w)
#define K_ANY3(name, words, w, S, tl, A, a, B, b, C, c) \
    K_ENTRY(name, words, \
            (A a, B b, C c, K_ITEM_ARGS S##_ITEM tl), \
            (A a K_SLOT(0), B b K_SLOT(1), C c K_SLOT(2), K_PARAMS_ARG), S##_ARRAY tl, \
            (K_BUF(A, a, 0), K_BUF(B, b, 1), K_BUF(C, c, 2), K_TAIL S##_CALL tl), w)
#define K_ANY4(name, words, w, S, tl, A, a, B, b, C, c, D, d) \
    K_ENTRY(name, words, \
            (A a, B b, C c, D d, K_ITEM_ARGS S##_ITEM tl), \
            (A a K_SLOT(0), B b K_SLOT(1), C c K_SLOT(2), D d K_SLOT(3), K_PARAMS_ARG), S##_ARRAY tl, \
            (K_BUF(A, a, 0), K_BUF(B, b, 1), K_BUF(C, c, 2), K_BUF(D, d, 3), K_TAIL S##_CALL tl), w)
#define K_ANY5(name, words, w, S, tl, A, a, B, b, C, c, D, d, E, e) \
    K_ENTRY(name, words, \
            (A a, B b, C c, D d, E e, K_ITEM_ARGS S##_ITEM tl), \
            (A a K_SLOT(0), B b K_SLOT(1), C c K_SLOT(2), D d K_SLOT(3), E e K_SLOT(4), K_PARAMS_ARG), S##_ARRAY tl, \
            (K_BUF(A, a, 0), K_BUF(B, b, 1), K_BUF(C, c, 2), K_BUF(D, d, 3), K_BUF(E, e, 4), \
             K_TAIL S##_CALL tl), w)
#define K_ANY6(name, words, w, S, tl, A, a, B, b, C, c, D, d, E, e, F, f) \
    K_ENTRY(name, words, \
            (A a, B b, C c, D d, E e, F f, K_ITEM_ARGS S##_ITEM tl), \
            (A a K_SLOT(0), B b K_SLOT(1), C c K_SLOT(2), D d K_SLOT(3), E e K_SLOT(4), \
             F f K_SLOT(5), K_PARAMS_ARG), S##_ARRAY tl, \
            (K_BUF(A, a, 0), K_BUF(B, b, 1), K_BUF(C, c, 2), K_BUF(D, d, 3), K_BUF(E, e, 4), \
             K_BUF(F, f, 5), K_TAIL S##_CALL tl), w)
#define K_ANY7(name, words, w, S, tl, A, a, B, b, C, c, D, d, E, e, F, f, G, g) \
    K_ENTRY(name, words, \
            (A a, B b, C c, D d, E e, F f, G g, K_ITEM_ARGS S##_ITEM tl), \
            (A a K_SLOT(0), B b K_SLOT(1), C c K_SLOT(2), D d K_SLOT(3), E e K_SLOT(4), \
             F f K_SLOT(5), G g K_SLOT(6), K_PARAMS_ARG), S##_ARRAY tl, \
            (K_BUF(A, a, 0), K_BUF(B, b, 1), K_BUF(C, c, 2), K_BUF(D, d, 3), K_BUF(E, e, 4), \
             K_BUF(F, f, 5), K_BUF(G, g, 6), K_TAIL S##_CALL tl), w)
#define K_ANY8(name, words, w, S, tl, A, a, B, b, C, c, D, d, E, e, F, f, G, g, H, h) \
    K_ENTRY(name, words, \
            (A a, B b, C c, D d, E e, F f, G g, H h, K_ITEM_ARGS S##_ITEM tl), \
            (A a K_SLOT(0), B b K_SLOT(1), C c K_SLOT(2), D d K_SLOT(3), E e K_SLOT(4), \
             F f K_SLOT(5), G g K_SLOT(6), H h K_SLOT(7), K_PARAMS_ARG), S##_ARRAY tl, \
            (K_BUF(A, a, 0), K_BUF(B, b, 1), K_BUF(C, c, 2), K_BUF(D, d, 3), K_BUF(E, e, 4), \
             K_BUF(F, f, 5), K_BUF(G, g, 6), K_BUF(H, h, 7), K_TAIL S##_CALL tl), w)

#define K_KERNEL1(name, A, a) K_ANY1(name, , K_G, K_NONE, (0, 0, 0), A, a)
#define K_KERNEL2(name, A, a, B, b) K_ANY2(name, , K_G, K_NONE, (0, 0, 0), A, a, B, b)
#define K_KERNEL3(name, A, a, B, b, C, c) K_ANY3(name, , K_G, K_NONE, (0, 0, 0), A, a, B, b, C, c)
#define K_KERNEL4(name, A, a, B, b, C, c, D, d) K_ANY4(name, , K_G, K_NONE, (0, 0, 0), A, a, B, b, C, c, D, d)
#define K_KERNEL5(name, A, a, B, b, C, c, D, d, E, e) \
    K_ANY5(name, , K_G, K_NONE, (0, 0, 0), A, a, B, b, C, c, D, d, E, e)
#define K_KERNEL6(name, A, a, B, b, C, c, D, d, E, e, F, f) \
    K_ANY6(name, , K_G, K_NONE, (0, 0, 0), A, a, B, b, C, c, D, d, E, e, F, f)
#define K_KERNEL7(name, A, a, B, b, C, c, D, d, E, e, F, f, G, g) \
    K_ANY7(name, , K_G, K_NONE, (0, 0, 0), A, a, B, b, C, c, D, d, E, e, F, f, G, g)
#define K_KERNEL8(name, A, a, B, b, C, c, D, d, E, e, F, f, G, g, H, h) \
    K_ANY8(name, , K_G, K_NONE, (0, 0, 0), A, a, B, b, C, c, D, d, E, e, F, f, G, g, H, h)

/* Each item does the work of V_LANES items, gx the first of them, whose values lie side by side (kernels/prelude/lanes.h);
 * the range along x is a multiple of 32. */
#define K_LANES_KERNEL1(name, A, a) K_ANY1(name, K_BY_LANES, K_G, K_NONE, (0, 0, 0), A, a)
#define K_LANES_KERNEL2(name, A, a, B, b) K_ANY2(name, K_BY_LANES, K_G, K_NONE, (0, 0, 0), A, a, B, b)
#define K_LANES_KERNEL3(name, A, a, B, b, C, c) \
    K_ANY3(name, K_BY_LANES, K_G, K_NONE, (0, 0, 0), A, a, B, b, C, c)
#define K_LANES_KERNEL4(name, A, a, B, b, C, c, D, d) \
    K_ANY4(name, K_BY_LANES, K_G, K_NONE, (0, 0, 0), A, a, B, b, C, c, D, d)
#define K_LANES_KERNEL5(name, A, a, B, b, C, c, D, d, E, e) \
    K_ANY5(name, K_BY_LANES, K_G, K_NONE, (0, 0, 0), A, a, B, b, C, c, D, d, E, e)
#define K_LANES_KERNEL6(name, A, a, B, b, C, c, D, d, E, e, F, f) \
    K_ANY6(name, K_BY_LANES, K_G, K_NONE, (0, 0, 0), A, a, B, b, C, c, D, d, E, e, F, f)
#define K_LANES_KERNEL7(name, A, a, B, b, C, c, D, d, E, e, F, f, G, g) \
    K_ANY7(name, K_BY_LANES, K_G, K_NONE, (0, 0, 0), A, a, B, b, C, c, D, d, E, e, F, f, G, g)
#define K_LANES_KERNEL8(name, A, a, B, b, C, c, D, d, E, e, F, f, G, g, H, h) \
    K_ANY8(name, K_BY_LANES, K_G, K_NONE, (0, 0, 0), A, a, B, b, C, c, D, d, E, e, F, f, G, g, H, h)

/* Run once per group; gx, gy, gz number groups. */
#define K_GROUP_KERNEL1(name, A, a) K_ANY1(name, K_ENTRY_SIZED, K_W, K_NONE, (0, 0, 0), A, a)
#define K_GROUP_KERNEL2(name, A, a, B, b) K_ANY2(name, K_ENTRY_SIZED, K_W, K_NONE, (0, 0, 0), A, a, B, b)
#define K_GROUP_KERNEL3(name, A, a, B, b, C, c) \
    K_ANY3(name, K_ENTRY_SIZED, K_W, K_NONE, (0, 0, 0), A, a, B, b, C, c)
#define K_GROUP_KERNEL4(name, A, a, B, b, C, c, D, d) \
    K_ANY4(name, K_ENTRY_SIZED, K_W, K_NONE, (0, 0, 0), A, a, B, b, C, c, D, d)
#define K_GROUP_KERNEL5(name, A, a, B, b, C, c, D, d, E, e) \
    K_ANY5(name, K_ENTRY_SIZED, K_W, K_NONE, (0, 0, 0), A, a, B, b, C, c, D, d, E, e)
#define K_GROUP_KERNEL6(name, A, a, B, b, C, c, D, d, E, e, F, f) \
    K_ANY6(name, K_ENTRY_SIZED, K_W, K_NONE, (0, 0, 0), A, a, B, b, C, c, D, d, E, e, F, f)
#define K_GROUP_KERNEL7(name, A, a, B, b, C, c, D, d, E, e, F, f, G, g) \
    K_ANY7(name, K_ENTRY_SIZED, K_W, K_NONE, (0, 0, 0), A, a, B, b, C, c, D, d, E, e, F, f, G, g)
#define K_GROUP_KERNEL8(name, A, a, B, b, C, c, D, d, E, e, F, f, G, g, H, h) \
    K_ANY8(name, K_ENTRY_SIZED, K_W, K_NONE, (0, 0, 0), A, a, B, b, C, c, D, d, E, e, F, f, G, g, H, h)

/* The same with an array l of N elements of type T that the items of a group share. */
#define K_LOCAL_KERNEL1(name, T, l, N, A, a) K_ANY1(name, K_ENTRY_SIZED, K_W, K_WITH, (T, l, N), A, a)
#define K_LOCAL_KERNEL2(name, T, l, N, A, a, B, b) \
    K_ANY2(name, K_ENTRY_SIZED, K_W, K_WITH, (T, l, N), A, a, B, b)
#define K_LOCAL_KERNEL3(name, T, l, N, A, a, B, b, C, c) \
    K_ANY3(name, K_ENTRY_SIZED, K_W, K_WITH, (T, l, N), A, a, B, b, C, c)
#define K_LOCAL_KERNEL4(name, T, l, N, A, a, B, b, C, c, D, d) \
    K_ANY4(name, K_ENTRY_SIZED, K_W, K_WITH, (T, l, N), A, a, B, b, C, c, D, d)
#define K_LOCAL_KERNEL5(name, T, l, N, A, a, B, b, C, c, D, d, E, e) \
    K_ANY5(name, K_ENTRY_SIZED, K_W, K_WITH, (T, l, N), A, a, B, b, C, c, D, d, E, e)
#define K_LOCAL_KERNEL6(name, T, l, N, A, a, B, b, C, c, D, d, E, e, F, f) \
    K_ANY6(name, K_ENTRY_SIZED, K_W, K_WITH, (T, l, N), A, a, B, b, C, c, D, d, E, e, F, f)
#define K_LOCAL_KERNEL7(name, T, l, N, A, a, B, b, C, c, D, d, E, e, F, f, G, g) \
    K_ANY7(name, K_ENTRY_SIZED, K_W, K_WITH, (T, l, N), A, a, B, b, C, c, D, d, E, e, F, f, G, g)
#define K_LOCAL_KERNEL8(name, T, l, N, A, a, B, b, C, c, D, d, E, e, F, f, G, g, H, h) \
    K_ANY8(name, K_ENTRY_SIZED, K_W, K_WITH, (T, l, N), A, a, B, b, C, c, D, d, E, e, F, f, G, g, H, h)

/* Images have no offset. w: see K_ANYn. */
#define K_IMAGE_ANY3(name, w, a, B, b, C, c) \
    K_ENTRY(name, , (K_IMAGE a, B b, C c, K_ITEM_ARGS), \
            (K_IMAGE a K_IMAGE_SLOT, B b K_SLOT(1), C c K_SLOT(2), K_PARAMS_ARG), , \
            (K_IMAGE_BUF(a), K_BUF(B, b, 1), K_BUF(C, c, 2), K_TAIL), w)
#define K_IMAGE_KERNEL3(name, a, B, b, C, c) K_IMAGE_ANY3(name, K_G, a, B, b, C, c)

/* Definitions that the library's own kernels are also compiled with ahead of time for the CPU; the build reads
 * these lines (docs/kernels.md), a compiler has nothing to do with them. */
#define K_VARIANT(definitions)
#endif
