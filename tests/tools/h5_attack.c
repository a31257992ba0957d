/* h5_attack MODE FILE [ARGUMENT...]: small HDF5 scans that are odd, legal or made to do harm.
 *
 * Element (v, r, c) of exchange/data is 1000 + 100 v + 10 r + c where a mode does not say
 * otherwise; there are 6 views of 4 rows and 8 columns. */
#include <hdf5.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { V = 6, R = 4, C = 8 };
static const hsize_t shape[3] = {V, R, C};
static hid_t file;
static const char *path, *arguments[4];

static void need(int good, const char *what) {
    if (good) return;
    fprintf(stderr, "h5_attack: %s\n", what);
    exit(1);
}

static hid_t create(const char *name, hid_t type, int ndim, const hsize_t *dims,
                    const hsize_t *most, hid_t list) {
    const hid_t links = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(links, 1);
    const hid_t space = H5Screate_simple(ndim, dims, most);
    const hid_t id = H5Dcreate2(file, name, type, space, links, list, H5P_DEFAULT);
    need(id >= 0, name);
    H5Sclose(space);
    H5Pclose(links);
    return id;
}

static const uint16_t *frames(void) {
    static uint16_t values[V * R * C];
    for (int i = 0; i < V * R * C; i++)
        values[i] = (uint16_t)(1000 + 100 * (i / (R * C)) + 10 * (i / C % R) + i % C);
    return values;
}

static void put(const char *name, hid_t list) {
    const hid_t id = create(name, H5T_NATIVE_UINT16, 3, shape, NULL, list);
    need(H5Dwrite(id, H5T_NATIVE_UINT16, H5S_ALL, H5S_ALL, H5P_DEFAULT, frames()) >= 0, name);
    H5Dclose(id);
}

static hid_t chunked(hsize_t v, hsize_t r, hsize_t c) {
    const hsize_t chunk[3] = {v, r, c};
    const hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(list, 3, chunk);
    return list;
}

/* ---- legal files ---- */

static void good(void) {
    put("exchange/data", H5P_DEFAULT);
}
static void dense(void) { /* so many links that they are kept in a heap; libver latest */
    for (int i = 0; i < 40; i++) {
        char name[40];
        const hsize_t one = 1;
        snprintf(name, sizeof name, "exchange/x%d", i);
        H5Dclose(create(name, H5T_NATIVE_UINT8, 1, &one, NULL, H5P_DEFAULT));
    }
    put("exchange/data", H5P_DEFAULT);
}
static void filters(void) { /* every filter, chunks that pass the edges */
    const hid_t list = chunked(4, 3, 5);
    H5Pset_shuffle(list);
    H5Pset_deflate(list, 6);
    H5Pset_fletcher32(list);
    put("exchange/data", list);
}
static void checksum_only(void) {
    const hid_t list = chunked(1, 3, 7);
    H5Pset_fletcher32(list);
    put("exchange/data", list);
}
static void twice(void) { /* deflate of deflate */
    const hid_t list = chunked(2, 4, 8);
    H5Pset_deflate(list, 1);
    H5Pset_shuffle(list);
    H5Pset_deflate(list, 1);
    put("exchange/data", list);
}
static void plain_edges(void) { /* chunks at the edges are not packed */
    const hid_t list = chunked(4, 3, 5);
    H5Pset_chunk_opts(list, H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS);
    H5Pset_deflate(list, 6);
    put("exchange/data", list);
}
static void scale_offset(void) { /* a filter the library leaves to HDF5 */
    const hid_t list = chunked(2, 4, 8);
    H5Pset_scaleoffset(list, H5Z_SO_INT, 0);
    put("exchange/data", list);
}
static void compact(void) {
    const hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_layout(list, H5D_COMPACT);
    put("exchange/data", list);
}
/* Views 2 to 5 were never written. A fill value that somebody chose, and a filter that HDF5 alone
 * undoes, where they are asked for. */
static void two_views(const char *name, int fill, int foreign) {
    const uint16_t value = 77;
    const hid_t list = chunked(2, 4, 8);
    if (fill) H5Pset_fill_value(list, H5T_NATIVE_UINT16, &value);
    if (foreign) H5Pset_scaleoffset(list, H5Z_SO_INT, 0);
    const hid_t id = create(name, H5T_NATIVE_UINT16, 3, shape, NULL, list);
    const hsize_t start[3] = {0}, count[3] = {2, R, C};
    const hid_t space = H5Dget_space(id), memory = H5Screate_simple(3, count, NULL);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL);
    H5Dwrite(id, H5T_NATIVE_UINT16, memory, space, H5P_DEFAULT, frames());
}
static void holes(void) {
    two_views("exchange/data", 0, 0);
}
static void filled(void) {
    two_views("exchange/data", 1, 0);
}
static void filled_foreign(void) {
    two_views("exchange/data", 1, 1);
}
static void filled_flats(void) { /* of the flats the first two are there */
    put("exchange/data", H5P_DEFAULT);
    two_views("exchange/data_white", 1, 0);
    put("exchange/data_dark", H5P_DEFAULT);
}
static void filled_darks(void) {
    put("exchange/data", H5P_DEFAULT);
    put("exchange/data_white", H5P_DEFAULT);
    two_views("exchange/data_dark", 1, 0);
}
static void filled_plain(void) { /* in one piece: not even space */
    const uint16_t value = 77;
    const hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_fill_value(list, H5T_NATIVE_UINT16, &value);
    H5Dclose(create("exchange/data", H5T_NATIVE_UINT16, 3, shape, NULL, list));
}
static void unwritten(void) { /* not even space */
    H5Dclose(create("exchange/data", H5T_NATIVE_UINT16, 3, shape, NULL, H5P_DEFAULT));
}

/* ---- links and sources ---- */

static void soft(void) {
    put("a/b/frames", H5P_DEFAULT);
    H5Lcreate_soft("b/frames", file, "a/link", H5P_DEFAULT, H5P_DEFAULT);
    H5Gclose(H5Gcreate2(file, "exchange", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Lcreate_soft("/a/link", file, "exchange/data", H5P_DEFAULT, H5P_DEFAULT);
}
static void soft_circle(void) {
    H5Gclose(H5Gcreate2(file, "exchange", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Lcreate_soft("/exchange/b", file, "exchange/data", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/exchange/data", file, "exchange/b", H5P_DEFAULT, H5P_DEFAULT);
}
static void soft_self(void) {
    H5Lcreate_soft("/exchange", file, "exchange", H5P_DEFAULT, H5P_DEFAULT);
}
static void hard_circle(void) {
    const hid_t group = H5Gcreate2(file, "a", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    for (int i = 0; i < 10; i++) {
        char name[16];
        snprintf(name, sizeof name, "l%d", i);
        H5Lcreate_hard(file, "/", group, name, H5P_DEFAULT, H5P_DEFAULT);
    }
    H5Gclose(group);
}
static void link_set(void) { /* FILE OBJECT: exchange/data is an external link */
    H5Gclose(H5Gcreate2(file, "exchange", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Lcreate_external(arguments[0], arguments[1], file, "exchange/data", H5P_DEFAULT, H5P_DEFAULT);
}
static void link_group(void) { /* FILE OBJECT: exchange is one */
    H5Lcreate_external(arguments[0], arguments[1], file, "exchange", H5P_DEFAULT, H5P_DEFAULT);
}
static hid_t map(hid_t list, const hsize_t *start, const hsize_t *step, const hsize_t *count,
                 const hsize_t *block, int rank, const hsize_t *source, const char *name,
                 const char *set) {
    const hid_t to = H5Screate_simple(3, shape, NULL), from = H5Screate_simple(rank, source, NULL);
    H5Sselect_hyperslab(to, H5S_SELECT_SET, start, step, count, block);
    need(H5Pset_virtual(list, to, name, set, from) >= 0, "a source");
    return list;
}
static void put_virtual(hid_t list) {
    H5Dclose(create("exchange/data", H5T_NATIVE_UINT16, 3, shape, NULL, list));
}
static void whole(void) { /* FILE DATASET: all of it is there */
    const hid_t list = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(3, shape, NULL);
    need(H5Pset_virtual(list, space, arguments[0], arguments[1], space) >= 0, "a source");
    put_virtual(list);
}
static void chain(void) { /* N: a virtual dataset of a virtual dataset ... of real frames */
    const int n = atoi(arguments[0]);
    const hid_t space = H5Screate_simple(3, shape, NULL);
    for (int i = 0; i < n; i++) {
        char name[40], next[40];
        const hid_t list = H5Pcreate(H5P_DATASET_CREATE);
        snprintf(name, sizeof name, i ? "exchange/v%d" : "exchange/data", i);
        snprintf(next, sizeof next, "exchange/v%d", i + 1);
        H5Pset_virtual(list, space, ".", next, space);
        H5Dclose(create(name, H5T_NATIVE_UINT16, 3, shape, NULL, list));
    }
    char name[40];
    snprintf(name, sizeof name, "exchange/v%d", n);
    put(name, H5P_DEFAULT);
}
/* Views 0, 2, 4 and 1, 3, 5 in two datasets, the second frame by frame without a view axis, packed.
 */
static void turns(void) {
    const hsize_t half[3] = {V / 2, R, C}, one[3] = {1, R, C}, start[3] = {0}, step[3] = {2, 1, 1};
    const hsize_t flat[2] = {R, C};
    const hid_t packed = chunked(2, 3, 5), list = H5Pcreate(H5P_DATASET_CREATE);
    uint16_t values[V / 2 * R * C];
    for (int v = 0; v < V / 2; v++)
        memcpy(values + v * R * C, frames() + 2 * v * R * C, R * C * sizeof *values);
    H5Pset_deflate(packed, 6);
    const hid_t even = create("parts/even", H5T_NATIVE_UINT16, 3, half, NULL, packed);
    H5Dwrite(even, H5T_NATIVE_UINT16, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    map(list, start, step, half, NULL, 3, half, ".", "parts/even");
    for (hsize_t v = 1; v < V; v += 2) {
        char name[40];
        const hsize_t at[3] = {v, 0, 0};
        snprintf(name, sizeof name, "parts/odd%d", (int)v);
        const hid_t odd = create(name, H5T_NATIVE_UINT16, 2, flat, NULL, H5P_DEFAULT);
        H5Dwrite(odd, H5T_NATIVE_UINT16, H5S_ALL, H5S_ALL, H5P_DEFAULT, frames() + v * R * C);
        map(list, at, NULL, one, NULL, 2, flat, ".", name);
    }
    put_virtual(list);
}
/* Frames in datasets parts/f0, parts/f1...; the whole has no end and names them by number. */
static void numbered(void) {
    const hsize_t most[3] = {H5S_UNLIMITED, R, C}, one[3] = {1, R, C}, start[3] = {0};
    const hsize_t count[3] = {H5S_UNLIMITED, 1, 1};
    const hid_t list = H5Pcreate(H5P_DATASET_CREATE), to = H5Screate_simple(3, shape, most);
    const hid_t from = H5Screate_simple(3, one, NULL);
    H5Sselect_hyperslab(to, H5S_SELECT_SET, start, one, count, one);
    need(H5Pset_virtual(list, to, ".", "parts/f%b", from) >= 0, "a source");
    for (int v = 0; v < V; v++) {
        char name[40];
        snprintf(name, sizeof name, "parts/f%d", v);
        const hid_t id = create(name, H5T_NATIVE_UINT16, 3, one, NULL, H5P_DEFAULT);
        H5Dwrite(id, H5T_NATIVE_UINT16, H5S_ALL, H5S_ALL, H5P_DEFAULT, frames() + v * R * C);
        H5Dclose(id);
    }
    H5Dclose(create("exchange/data", H5T_NATIVE_UINT16, 3, shape, most, list));
}
static void filled_source(void) {
    const hid_t list = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(3, shape, NULL);
    need(H5Pset_virtual(list, space, ".", "parts/data", space) >= 0, "a source");
    two_views("parts/data", 1, 0);
    put_virtual(list);
}
/* Tiles of rows by columns in one source each, side by side, one over the other and some twice;
 * the last one, of column C - 1 in the last row of views 4 and 5, is there when asked for. */
static void tiles(void) { /* all|gap [fill] */
    static const int boxes[][6] = {{0, 6, 0, 4, 0, 5}, {0, 6, 0, 2, 4, 8}, {0, 4, 2, 4, 3, 8},
                                   {4, 6, 2, 3, 5, 8}, {4, 6, 3, 4, 5, 7}, {0, 2, 0, 4, 0, 8},
                                   {4, 6, 3, 4, 7, 8}};
    const uint16_t value = 77;
    const int n = (int)(sizeof boxes / sizeof *boxes) - !strcmp(arguments[0], "gap");
    const hid_t list = H5Pcreate(H5P_DATASET_CREATE), from = H5Screate_simple(3, shape, NULL);
    if (*arguments[1]) H5Pset_fill_value(list, H5T_NATIVE_UINT16, &value);
    put("parts/data", H5P_DEFAULT);
    for (int i = 0; i < n; i++) {
        hsize_t start[3], count[3];
        for (int k = 0; k < 3; k++) {
            start[k] = (hsize_t)boxes[i][2 * k];
            count[k] = (hsize_t)(boxes[i][2 * k + 1] - boxes[i][2 * k]);
        }
        H5Sselect_hyperslab(from, H5S_SELECT_SET, start, NULL, count, NULL);
        const hid_t to = H5Screate_simple(3, shape, NULL);
        H5Sselect_hyperslab(to, H5S_SELECT_SET, start, NULL, count, NULL);
        need(H5Pset_virtual(list, to, ".", "parts/data", from) >= 0, "a source");
        H5Sclose(to);
    }
    put_virtual(list);
}
static void halves(void) { /* FILE FILE: half of the views in exchange/data of each */
    const hsize_t half[3] = {V / 2, R, C};
    const hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    for (hsize_t i = 0; i < 2; i++) {
        const hsize_t start[3] = {i * V / 2, 0, 0};
        const hid_t to = H5Screate_simple(3, shape, NULL), from = H5Screate_simple(3, shape, NULL);
        H5Sselect_hyperslab(to, H5S_SELECT_SET, start, NULL, half, NULL);
        H5Sselect_hyperslab(from, H5S_SELECT_SET, start, NULL, half, NULL);
        need(H5Pset_virtual(list, to, arguments[i], "exchange/data", from) >= 0, "a source");
    }
    put_virtual(list);
}
static void odd_views(void) { /* the first half of "turns": views 1, 3 and 5 have no source */
    const hsize_t half[3] = {V / 2, R, C}, start[3] = {0}, step[3] = {2, 1, 1};
    const hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    const hid_t even = create("parts/even", H5T_NATIVE_UINT16, 3, half, NULL, H5P_DEFAULT);
    uint16_t values[V / 2 * R * C];
    for (int v = 0; v < V / 2; v++)
        memcpy(values + v * R * C, frames() + 2 * v * R * C, R * C * sizeof *values);
    H5Dwrite(even, H5T_NATIVE_UINT16, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    put_virtual(map(list, start, step, half, NULL, 3, half, ".", "parts/even"));
}
static void small_source(void) { /* the source has two views too few */
    const hsize_t start[3] = {0}, few[3] = {V - 2, R, C};
    const hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    map(list, start, NULL, shape, NULL, 3, shape, ".", "parts/short");
    H5Dclose(create("parts/short", H5T_NATIVE_UINT16, 3, few, NULL, H5P_DEFAULT));
    put_virtual(list);
}
static void small_part(void) { /* views 2 to 5 of a source that has 4 */
    const hsize_t start[3] = {0}, from_view[3] = {V - 4, 0, 0}, four[3] = {4, R, C};
    const hid_t list = H5Pcreate(H5P_DATASET_CREATE), to = H5Screate_simple(3, shape, NULL);
    const hid_t from = H5Screate_simple(3, shape, NULL);
    H5Sselect_hyperslab(to, H5S_SELECT_SET, start, NULL, four, NULL);
    H5Sselect_hyperslab(from, H5S_SELECT_SET, from_view, NULL, four, NULL);
    need(H5Pset_virtual(list, to, ".", "parts/short", from) >= 0, "a source");
    const hid_t id = create("parts/short", H5T_NATIVE_UINT16, 3, four, NULL, H5P_DEFAULT);
    H5Dwrite(id, H5T_NATIVE_UINT16, H5S_ALL, H5S_ALL, H5P_DEFAULT, frames());
    H5Dclose(id);
    put_virtual(list);
}
static void raw(void) { /* FILE: the elements are another file's bytes */
    const hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(list, arguments[0], 0, V * R * C);
    H5Dclose(create("exchange/data", H5T_NATIVE_UINT8, 3, shape, NULL, list));
}
static void raw_dense(void) {
    for (int i = 0; i < 40; i++) {
        char name[40];
        const hsize_t one = 1;
        snprintf(name, sizeof name, "exchange/x%d", i);
        H5Dclose(create(name, H5T_NATIVE_UINT8, 1, &one, NULL, H5P_DEFAULT));
    }
    raw();
}

/* ---- chunks that are not what they say ---- */

/* A deflate stream of so many zeros; *n: its bytes. */
static uint8_t *zeros(double bytes, size_t *n) {
    z_stream z = {0};
    const size_t room = (size_t)(bytes / 900) + (1 << 20), piece = 1 << 20;
    uint8_t *out = malloc(room), *in = calloc(1, piece);
    need(out && in && deflateInit(&z, 9) == Z_OK, "memory");
    z.next_out = out, z.avail_out = (uInt)room;
    while (bytes > 0) {
        const double part = bytes < (double)piece ? bytes : (double)piece;
        z.next_in = in, z.avail_in = (uInt)part;
        bytes -= part;
        deflate(&z, bytes > 0 ? Z_NO_FLUSH : Z_FINISH);
    }
    *n = room - z.avail_out;
    deflateEnd(&z);
    free(in);
    return out;
}
/* Chunks of 64 kB, 4 of them; chunk WHICH unpacks to BYTES. */
static void wrong_chunk(void) {
    const hsize_t dims[3] = {4, 64, 1024};
    const int which = atoi(arguments[0]);
    const hid_t list = chunked(1, 64, 1024);
    H5Pset_deflate(list, 9);
    const hid_t id = create("exchange/data", H5T_NATIVE_UINT8, 3, dims, NULL, list);
    for (int i = 0; i < 4; i++) {
        size_t n = 0;
        const hsize_t at[3] = {(hsize_t)i, 0, 0};
        uint8_t *p = zeros(i == which ? atof(arguments[1]) : 65536, &n);
        need(H5Dwrite_chunk(id, H5P_DEFAULT, 0, at, n, p) >= 0, "a chunk");
        free(p);
    }
    H5Dclose(id);
}
/* Chunk 1 of 4 has fewer bytes than a chunk, without any filter... which HDF5 lets nobody write: a
 * filter that the mask leaves out. */
static void short_chunk(void) {
    const hsize_t dims[3] = {4, 64, 1024};
    static uint8_t bytes[65536];
    const hid_t list = chunked(1, 64, 1024);
    H5Pset_deflate(list, 9);
    const hid_t id = create("exchange/data", H5T_NATIVE_UINT8, 3, dims, NULL, list);
    for (int i = 0; i < 4; i++) {
        const hsize_t at[3] = {(hsize_t)i, 0, 0};
        need(H5Dwrite_chunk(id, H5P_DEFAULT, 1, at, i == 1 ? 100 : sizeof bytes, bytes) >= 0,
             "a chunk");
    }
    H5Dclose(id);
}
/* A small dataset in chunks of MB megabytes: legal, and dear. */
static void huge_chunk(void) {
    const hsize_t most[3] = {H5S_UNLIMITED, H5S_UNLIMITED, H5S_UNLIMITED};
    const hid_t list = chunked(1024, 512, (hsize_t)atol(arguments[0]));
    H5Pset_deflate(list, 1);
    const hid_t id = create("exchange/data", H5T_NATIVE_UINT16, 3, shape, most, list);
    size_t n = 0;
    const hsize_t at[3] = {0};
    uint8_t *p = zeros(atof(arguments[0]) * 1048576, &n);
    need(H5Dwrite_chunk(id, H5P_DEFAULT, 0, at, n, p) >= 0, "a chunk");
    free(p);
    H5Dclose(id);
}
static void no_filter(void) { /* packed by LZ4, which may not be installed */
    const unsigned zero = 0;
    const hid_t list = chunked(1, R, C);
    H5Pset_filter(list, 32004, H5Z_FLAG_OPTIONAL, 1, &zero);
    put("exchange/data", list);
}
static void many_links(void) {
    for (int i = 0; i < 20000; i++) {
        char name[40];
        snprintf(name, sizeof name, "g%07d", i);
        H5Gclose(H5Gcreate2(file, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    }
}
/* Frames of SIDE x SIDE counts, VIEWS of them, all rows of some columns in a chunk through ALL
 * views
 * ("deep") or chunks of one frame ("flat"), packed. */
static void large(void) {
    const hsize_t views = (hsize_t)atol(arguments[0]), side = (hsize_t)atol(arguments[1]);
    const hsize_t dims[3] = {views, side, side};
    const int deep = !strcmp(arguments[2], "deep");
    const hid_t list = deep ? chunked(views, 16, 64) : chunked(1, side, side);
    H5Pset_deflate(list, 1);
    const hid_t id = create("exchange/data", H5T_NATIVE_UINT16, 3, dims, NULL, list);
    const hsize_t rows = deep ? 16 : side, n[3] = {deep ? views : 1, rows, side};
    uint16_t *p = malloc((size_t)(n[0] * n[1] * n[2]) * sizeof *p);
    need(p != NULL, "memory");
    for (hsize_t v = 0; v < views; v += n[0])
        for (hsize_t r = 0; r < side; r += rows) {
            const hsize_t start[3] = {v, r, 0};
            const hid_t space = H5Dget_space(id), memory = H5Screate_simple(3, n, NULL);
            for (hsize_t i = 0; i < n[0] * n[1] * n[2]; i++)
                p[i] =
                    (uint16_t)(7 * (v + i / (n[1] * n[2])) + 3 * (r + i / n[2] % n[1]) + i % n[2]);
            H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, n, NULL);
            need(H5Dwrite(id, H5T_NATIVE_UINT16, memory, space, H5P_DEFAULT, p) >= 0, "frames");
            H5Sclose(memory);
            H5Sclose(space);
        }
    free(p);
    H5Dclose(id);
}

static const struct {
    const char *name;
    void (*fn)(void);
    int latest;
} modes[] = {{"good", good, 0},
             {"dense", dense, 1},
             {"filters", filters, 0},
             {"checksum_only", checksum_only, 0},
             {"twice", twice, 0},
             {"plain_edges", plain_edges, 1},
             {"scale_offset", scale_offset, 0},
             {"compact", compact, 0},
             {"filled", filled, 0},
             {"holes", holes, 0},
             {"filled_foreign", filled_foreign, 0},
             {"filled_flats", filled_flats, 0},
             {"filled_darks", filled_darks, 0},
             {"filled_plain", filled_plain, 0},
             {"filled_source", filled_source, 1},
             {"tiles", tiles, 1},
             {"odd_views", odd_views, 1},
             {"halves", halves, 1},
             {"unwritten", unwritten, 0},
             {"soft", soft, 0},
             {"soft_circle", soft_circle, 0},
             {"soft_self", soft_self, 0},
             {"hard_circle", hard_circle, 0},
             {"link_set", link_set, 0},
             {"link_group", link_group, 0},
             {"whole", whole, 1},
             {"chain", chain, 1},
             {"turns", turns, 1},
             {"numbered", numbered, 1},
             {"small_source", small_source, 1},
             {"small_part", small_part, 1},
             {"raw", raw, 0},
             {"raw_dense", raw_dense, 1},
             {"wrong_chunk", wrong_chunk, 0},
             {"short_chunk", short_chunk, 0},
             {"huge_chunk", huge_chunk, 0},
             {"no_filter", no_filter, 0},
             {"many_links", many_links, 0},
             {"large", large, 0}};

int main(int argc, char **argv) {
    need(argc >= 3, "MODE FILE");
    path = argv[2];
    for (int i = 0; i < 4; i++) arguments[i] = argc > 3 + i ? argv[3 + i] : "";
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (strcmp(modes[i].name, argv[1]) != 0) continue;
        const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
        if (modes[i].latest) H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
        H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
        file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, access);
        need(file >= 0, path);
        modes[i].fn();
        need(H5Fclose(file) >= 0, path);
        return 0;
    }
    need(0, "no such mode");
}
