/* Writes simulated HDF5 scans for tests and benchmarks: three balls, exact line integrals, uint16
 * counts with a flat and a dark field, an axis off the middle; and scans that are wrong in one way.
 *
 *   make_scan FILE [views=N] [rows=N] [cols=N] [center=C] [arc=DEGREES] [flaw=NAME] [format=nxtomo]
 *             [chunk=VIEWS,ROWS,COLUMNS] [deflate=LEVEL] [unit=WORD] [pixel=NUMBER]
 *
 * unit: of the angles, which run from 0 to `arc` of them (not of format=nxtomo). pixel: a size in
 * um. chunk: the projections, and as far as they go flats and darks, lie in chunks of that size.
 * Flaws: rank (projections of rank 2), flat-shape, zero-flat, nan-theta, no-theta, no-flat,
 * theta-length, string-data, zero-data, int16 (counts above 32767 wrapped to negative ones), rings
 * (columns of unlike gain that the flat field does not show), no-dark, swapped (flats and darks),
 * nan-data (float32, one value of the middle view is no number), no-unit (a pixel size without
 * one), matlab (a header of MATLAB 7.3 in front), only-array (an array and nothing of a scan, with
 * such a header).
 */
#include <hdf5.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct scan {
    long views, rows, cols;
    double center, arc;
    const char *flaw, *path, *unit, *pixel;
    int nxtomo;
    long chunk[3]; /* 0: none */
    int deflate;
} scan;

static const double balls[3][5] = {/* x y z radius, relative to half the width; attenuation/px */
                                   {0.0, 0.0, 0.0, 0.7, 1.0},
                                   {0.3, 0.1, 0.1, 0.2, 2.0},
                                   {-0.2, -0.35, -0.1, 0.15, -1.0}};

static int is(const scan *s, const char *flaw) {
    return !strcmp(s->flaw, flaw);
}

static void projection(const scan *s, long view, uint16_t *frame) {
    double t = s->arc * M_PI / 180 * (double)view / (double)s->views, c = cos(t), n = sin(t);
    double half = 0.45 * (double)s->cols;
    for (long r = 0; r < s->rows; r++) {
        for (long q = 0; q < s->cols; q++) {
            double sum = 0, u = (double)q - s->center, z = (double)r - 0.5 * (double)(s->rows - 1);
            for (int b = 0; b < 3; b++) {
                double x = half * (balls[b][0] * c + balls[b][1] * n), rad = half * balls[b][3];
                double du = u - x, dz = z - half * balls[b][2];
                double q2 = rad * rad - du * du - dz * dz;
                if (q2 > 0) sum += 2 * sqrt(q2) * balls[b][4] * 0.8 / half;
            }
            double count = 100.5 + (is(s, "int16") ? 60000 : 30000) * exp(-sum);
            if (is(s, "rings")) count *= 1 - 0.9 * (double)(q * q * 7919 % 101) / 101;
            frame[r * s->cols + q] = (uint16_t)(is(s, "zero-data") ? 0 : count);
        }
    }
}

static hid_t must(hid_t id, const char *what) {
    if (id < 0) {
        fprintf(stderr, "make_scan: %s failed\n", what);
        exit(1);
    }
    return id;
}

/* Frames lie in chunks where the scan says so. */
static hid_t frames_list(const scan *s, int rank, const hsize_t *dims) {
    hid_t list = must(H5Pcreate(H5P_DATASET_CREATE), "H5Pcreate");
    hsize_t chunk[3];
    if (!s || !s->chunk[0] || rank != 3) return list;
    for (int i = 0; i < 3; i++)
        chunk[i] = (hsize_t)s->chunk[i] < dims[i] ? (hsize_t)s->chunk[i] : dims[i];
    must(H5Pset_chunk(list, 3, chunk), "chunks");
    if (s->deflate) must(H5Pset_deflate(list, (unsigned)s->deflate), "deflate");
    return list;
}

static hid_t dataset(hid_t file, const scan *s, const char *name, hid_t type, int rank,
                     const hsize_t *dims) {
    hid_t list = frames_list(s, rank, dims);
    hid_t space = must(H5Screate_simple(rank, dims, NULL), "H5Screate");
    hid_t links = must(H5Pcreate(H5P_LINK_CREATE), "H5Pcreate");
    H5Pset_create_intermediate_group(links, 1);
    hid_t access = must(H5Pcreate(H5P_DATASET_ACCESS), "H5Pcreate");
    H5Pset_chunk_cache(access, 521, (size_t)64 << 20, 0.75); /* chunks are packed once */
    hid_t set = must(H5Dcreate2(file, name, type, space, links, list, access), name);
    H5Pclose(list);
    H5Pclose(access);
    H5Pclose(links);
    H5Sclose(space);
    return set;
}

static void put_frame(hid_t set, long index, long rows, long cols, const uint16_t *frame) {
    hsize_t start[3] = {(hsize_t)index, 0, 0}, count[3] = {1, (hsize_t)rows, (hsize_t)cols};
    hid_t space = must(H5Dget_space(set), "H5Dget_space");
    hid_t memory = must(H5Screate_simple(3, count, NULL), "H5Screate");
    must(H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL), "select");
    hid_t type = must(H5Dget_type(set), "H5Dget_type"); /* wrapped, not cut, where it has a sign */
    const int sign = H5Tget_class(type) == H5T_INTEGER && H5Tget_sign(type) == H5T_SGN_2;
    H5Tclose(type);
    must(H5Dwrite(set, sign ? H5T_NATIVE_INT16 : H5T_NATIVE_UINT16, memory, space, H5P_DEFAULT,
                  frame),
         "H5Dwrite");
    H5Sclose(space);
    H5Sclose(memory);
}

static void constant(hid_t set, long from, long n, long rows, long cols, uint16_t value,
                     uint16_t *frame) {
    for (long i = 0; i < rows * cols; i++) frame[i] = value;
    for (long i = 0; i < n; i++) put_frame(set, from + i, rows, cols, frame);
}

static void units(hid_t set, const char *word) {
    hid_t text = H5Tcopy(H5T_C_S1), space = must(H5Screate(H5S_SCALAR), "H5Screate");
    H5Tset_size(text, strlen(word) + 1);
    hid_t a = must(H5Acreate2(set, "units", text, space, H5P_DEFAULT, H5P_DEFAULT), "H5Acreate");
    must(H5Awrite(a, text, word), "H5Awrite");
    H5Aclose(a);
    H5Sclose(space);
    H5Tclose(text);
}

static void angles(hid_t file, const scan *s, const char *name, long before, long n) {
    hsize_t dims[1] = {(hsize_t)(before + n)};
    double *theta = calloc((size_t)(before + n), sizeof *theta);
    for (long i = 0; theta && i < n; i++) theta[before + i] = s->arc * (double)i / (double)s->views;
    if (theta && is(s, "nan-theta")) theta[before + n / 2] = NAN;
    hid_t set = dataset(file, s, name, H5T_IEEE_F64LE, 1, dims);
    must(H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, theta), name);
    if (s->unit) units(set, s->unit);
    H5Dclose(set);
    free(theta);
}

static hid_t type_of_data(const scan *s) {
    return is(s, "int16") ? H5T_STD_I16LE : is(s, "nan-data") ? H5T_IEEE_F32LE : H5T_STD_U16LE;
}

static void put_nan(hid_t set, const scan *s) {
    const float nan = NAN;
    hsize_t at[3] = {(hsize_t)s->views / 2, (hsize_t)s->rows / 2, (hsize_t)s->cols / 2}, one = 1;
    hid_t space = must(H5Dget_space(set), "H5Dget_space");
    hid_t memory = must(H5Screate_simple(1, &one, NULL), "H5Screate");
    must(H5Sselect_elements(space, H5S_SELECT_SET, 1, at), "select");
    must(H5Dwrite(set, H5T_NATIVE_FLOAT, memory, space, H5P_DEFAULT, &nan), "H5Dwrite");
    H5Sclose(space);
    H5Sclose(memory);
}

static void pixel_size(hid_t file, const scan *s) {
    const double size = s->pixel ? strtod(s->pixel, NULL) : 0.65;
    hsize_t one = 1;
    hid_t set =
        dataset(file, NULL, "measurement/instrument/detector/pixel_size", H5T_IEEE_F64LE, 1, &one);
    must(H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, &size), "pixel_size");
    if (s->pixel) units(set, "um");
    H5Dclose(set);
}

static void flats_and_darks(hid_t file, const scan *s, uint16_t *frame) {
    const char *names[2] = {"exchange/data_white", "exchange/data_dark"};
    hsize_t dims[3] = {2, (hsize_t)s->rows, (hsize_t)s->cols - (is(s, "flat-shape") ? 3 : 0)};
    uint16_t flat = is(s, "zero-flat") ? 0 : 30100, dark = is(s, "zero-flat") ? 0 : 100;
    hid_t set = dataset(file, s, names[is(s, "swapped")], H5T_STD_U16LE, 3, dims);
    constant(set, 0, 2, s->rows, (long)dims[2], flat, frame);
    H5Dclose(set);
    if (is(s, "no-dark")) return;
    dims[2] = (hsize_t)s->cols;
    set = dataset(file, s, names[!is(s, "swapped")], H5T_STD_U16LE, 3, dims);
    constant(set, 0, 2, s->rows, s->cols, dark, frame);
    H5Dclose(set);
}

static void data_exchange(hid_t file, const scan *s, uint16_t *frame) {
    const char *name = is(s, "only-array") ? "sinogram" : "exchange/data";
    hsize_t dims[3] = {(hsize_t)s->views, (hsize_t)s->rows, (hsize_t)s->cols};
    hid_t set;
    if (is(s, "rank") || is(s, "string-data")) {
        hid_t text = H5Tcopy(H5T_C_S1);
        H5Tset_size(text, 8);
        set = dataset(file, s, "exchange/data", is(s, "rank") ? H5T_STD_U16LE : text,
                      is(s, "rank") ? 2 : 3, dims);
        H5Tclose(text);
    } else {
        set = dataset(file, s, name, type_of_data(s), 3, dims);
        for (long v = 0; v < s->views; v++) {
            projection(s, v, frame);
            put_frame(set, v, s->rows, s->cols, frame);
        }
        if (is(s, "nan-data")) put_nan(set, s);
    }
    H5Dclose(set);
    if (is(s, "only-array")) return;
    if (!is(s, "no-flat")) flats_and_darks(file, s, frame);
    if (is(s, "no-unit") || s->pixel) pixel_size(file, s);
    if (!is(s, "no-theta"))
        angles(file, s, "exchange/theta", 0, s->views - (is(s, "theta-length") ? 5 : 0));
}

static void nxtomo(hid_t file, const scan *s, uint16_t *frame) {
    hsize_t dims[3] = {(hsize_t)s->views + 2, (hsize_t)s->rows, (hsize_t)s->cols};
    hid_t set =
        dataset(file, s, "entry1/tomo_entry/instrument/detector/data", H5T_STD_U16LE, 3, dims);
    constant(set, 0, 1, s->rows, s->cols, 100, frame);
    constant(set, 1, 1, s->rows, s->cols, 30100, frame);
    for (long v = 0; v < s->views; v++) {
        projection(s, v, frame);
        put_frame(set, v + 2, s->rows, s->cols, frame);
    }
    H5Dclose(set);
    int *key = calloc((size_t)s->views + 2, sizeof *key);
    if (key) key[0] = 2, key[1] = 1;
    set =
        dataset(file, s, "entry1/tomo_entry/instrument/detector/image_key", H5T_STD_I32LE, 1, dims);
    must(H5Dwrite(set, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, key), "image_key");
    H5Dclose(set);
    free(key);
    angles(file, s, "entry1/tomo_entry/sample/rotation_angle", 2, s->views);
}

static int option(scan *s, const char *word) {
    const char *value = strchr(word, '=');
    if (!value) return 0;
    size_t n = (size_t)(value++ - word);
#define KEY(text) (n == strlen(text) && !strncmp(word, text, n))
    if (KEY("views")) return s->views = atol(value), s->views > 0;
    if (KEY("rows")) return s->rows = atol(value), s->rows > 0;
    if (KEY("cols")) return s->cols = atol(value), s->cols > 3;
    if (KEY("center")) return s->center = atof(value), 1;
    if (KEY("arc")) return s->arc = atof(value), 1;
    if (KEY("flaw")) return s->flaw = value, 1;
    if (KEY("unit")) return s->unit = value, 1;
    if (KEY("pixel")) return s->pixel = value, 1;
    if (KEY("chunk"))
        return sscanf(value, "%ld,%ld,%ld", &s->chunk[0], &s->chunk[1], &s->chunk[2]) == 3 &&
               s->chunk[0] > 0 && s->chunk[1] > 0 && s->chunk[2] > 0;
    if (KEY("deflate")) return s->deflate = atoi(value), s->deflate >= 0 && s->deflate < 10;
    if (KEY("format")) return s->nxtomo = !strcmp(value, "nxtomo"), s->nxtomo;
#undef KEY
    return 0;
}

/* What MATLAB writes into the 512 bytes before the file's own beginning. */
static int put_header(const char *path) {
    FILE *f = fopen(path, "r+b");
    if (!f) return 1;
    int bad = fputs("MATLAB 7.3 MAT-file, Platform: GLNXA64", f) < 0;
    return (fclose(f) != 0) | bad;
}

int main(int argc, char **argv) {
    scan s = {.views = 90, .rows = 8, .cols = 64, .center = -1, .arc = 180, .flaw = ""};
    if (argc < 2) return 2;
    s.path = argv[1];
    for (int i = 2; i < argc; i++) {
        if (!option(&s, argv[i])) {
            fprintf(stderr, "make_scan: '%s' is not an option\n", argv[i]);
            return 2;
        }
    }
    if (s.center < 0) s.center = 0.5 * (double)(s.cols - 1) + 1.7;
    uint16_t *frame = calloc((size_t)(s.rows * s.cols), sizeof *frame);
    if (!frame) return 1;
    const int matlab = is(&s, "matlab") || is(&s, "only-array");
    hid_t create = must(H5Pcreate(H5P_FILE_CREATE), "H5Pcreate");
    if (matlab) must(H5Pset_userblock(create, 512), "H5Pset_userblock");
    hid_t file = must(H5Fcreate(s.path, H5F_ACC_TRUNC, create, H5P_DEFAULT), s.path);
    H5Pclose(create);
    if (s.nxtomo) {
        nxtomo(file, &s, frame);
    } else {
        data_exchange(file, &s, frame);
    }
    must(H5Fclose(file), "H5Fclose");
    free(frame);
    return matlab ? put_header(s.path) : 0;
}
