/* What a file is by what it holds, in one table: for messages about a file that is not what was
 * expected (its name and what reads it), and for `geometry --from auto`. */
#include "cli.h"

#include <ctype.h>
#include <string.h>

#define NO_SCAN "; scans are read from HDF5 (Data Exchange, NXtomo): "
#define PUT_IN "put the projections into exchange/data of an HDF5 file"
#define GEOMETRY                                                                                   \
    "; `voxgrad geometry explain` says what a geometry file describes, `voxgrad geometry convert " \
    "-o scan.json` makes what --geometry reads"
#define JSON_FILE "a JSON file, as geometry files are" GEOMETRY

/* How a row knows its files. All but AT are texts: files without a zero byte. */
typedef enum rule {
    AT,     /* these bytes stand at this place */
    HOLDS,  /* the text has these words somewhere */
    BEGINS, /* its first letter that is no blank is this one */
    NUMBERS /* its first line is numbers */
} rule;

/* clang-format off */
#define BYTES(offset, bytes, words) {{words, NULL}, AT, offset, sizeof bytes - 1, bytes},
#define TEXT(rule, mark, words, geometry) {{words, geometry}, rule, 0, 0, mark},
/* The first row that fits counts: what names a format exactly stands before what many share. */
static const struct {
    cli_kind kind;
    rule rule;
    size_t offset, n; /* AT: where, how many bytes */
    const char *bytes;
} kinds[] = {
    BYTES(0, "II*\0",
          "a TIFF picture or stack" NO_SCAN PUT_IN)
    BYTES(0, "MM\0*",
          "a TIFF picture or stack" NO_SCAN PUT_IN)
    BYTES(0, "II+\0",
          "a BigTIFF picture or stack" NO_SCAN PUT_IN)
    BYTES(0, "MM\0+",
          "a BigTIFF picture or stack" NO_SCAN PUT_IN)
    BYTES(0, "\x93NUMPY",
          "a NumPy array (NPY)" NO_SCAN PUT_IN)
    BYTES(0, "MATLAB 7.3",
          "a MATLAB 7.3 file, which is HDF5; `voxgrad recon --dataset NAME` reads " "line integrals from one of its arrays")
    BYTES(0, "MATLAB",
          "a MATLAB file of the old kind (MAT)" NO_SCAN "save it with -v7.3, which is HDF5, for --dataset")
    BYTES(0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
          "an OLE container, as Zeiss' TXRM, TXM and XRM are" NO_SCAN "export it as such")
    BYTES(0, "\x1f\x8b",
          "packed with gzip; unpack it first (gunzip)")
    BYTES(0, "BZh",
          "packed with bzip2; unpack it first (bunzip2)")
    BYTES(0, "\xfd\x37zXZ\0",
          "packed with xz; unpack it first (unxz)")
    BYTES(0, "\x28\xb5\x2f\xfd",
          "packed with zstd; unpack it first (unzstd)")
    BYTES(0, "PK\3\4",
          "a ZIP archive (NumPy's NPZ is one); unpack it first")
    BYTES(257, "ustar",
          "a TAR archive; unpack it first")
    BYTES(0, "\x89PNG\r\n\x1a\n",
          "a PNG picture" NO_SCAN PUT_IN)
    BYTES(0, "\xff\xd8\xff",
          "a JPEG picture" NO_SCAN PUT_IN)
    BYTES(128, "DICM",
          "a DICOM file" NO_SCAN PUT_IN)
    BYTES(344, "n+1",
          "a NIfTI volume" NO_SCAN PUT_IN)
    BYTES(0, "CDF",
          "a NetCDF file of the old kind" NO_SCAN "convert it to NetCDF-4, which is HDF5")
    BYTES(0, "\x89HDF\r\n\x1a\n",
          "an HDF5 file; scans are the FILE of info, center and recon")
    TEXT(HOLDS, "\"beam\"", JSON_FILE, "json")
    TEXT(HOLDS, "_vec ", "vectors of ASTRA" GEOMETRY, "astra")
    TEXT(HOLDS, "<RTK", "a geometry file of RTK" GEOMETRY, "rtk")
    TEXT(HOLDS, "\"nDetector\"", JSON_FILE, "tigre")
    TEXT(HOLDS, "\"DSD\"", JSON_FILE, "tigre")
    TEXT(HOLDS, "pixelWidth", "a geometry file of LEAP" GEOMETRY, "leap")
    TEXT(HOLDS, "\"num_pixels\"", JSON_FILE, "cil")
    TEXT(HOLDS, "\"system\"", JSON_FILE, "cil")
    TEXT(HOLDS, "proj_geometry", "a geometry file of LEAP" GEOMETRY, "leap")
    TEXT(HOLDS, "numAngles", "a geometry file of LEAP" GEOMETRY, "leap")
    TEXT(HOLDS, "numRows", "a geometry file of LEAP" GEOMETRY, "leap")
    TEXT(BEGINS, "{", JSON_FILE, "json")
    TEXT(BEGINS, "[", JSON_FILE, "json")
    TEXT(BEGINS, "<", "an XML or HTML file", "rtk")
    TEXT(NUMBERS, NULL, "a table of numbers, as ASTRA's vectors and projection matrices are" GEOMETRY, "astra")
};
/* clang-format on */

static int is_text(const char *head, size_t n) {
    return !memchr(head, 0, n);
}

static const char *first_letter(const char *text) {
    if (!strncmp(text, "\xef\xbb\xbf", 3)) text += 3;
    while (isspace((unsigned char)*text)) text++;
    return text;
}

const cli_kind *cli_kind_of(const char *head, size_t n) {
    static const cli_kind empty = {"empty", NULL}, blank = {"blank", NULL};
    const int text = is_text(head, n);
    const char *first = text ? first_letter(head) : head;
    if (n == 0) return &empty;
    if (text && !*first) return &blank;
    const size_t line = strcspn(first, "\n"), numbers = strspn(first, "0123456789+-.eE, \t\r");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const char *bytes = kinds[i].bytes;
        const size_t end = kinds[i].offset + kinds[i].n;
        int fits = text;
        switch (kinds[i].rule) {
        case AT: fits = n >= end && !memcmp(head + kinds[i].offset, bytes, kinds[i].n); break;
        case HOLDS: fits = text && strstr(first, bytes); break;
        case BEGINS: fits = text && *first == *bytes; break;
        case NUMBERS: fits = text && numbers > 0 && numbers >= line; break;
        }
        if (fits) return &kinds[i].kind;
    }
    return NULL;
}

const cli_kind *cli_file_kind(const char *path) {
    char head[1025] = "";
    FILE *f = fopen(path, "rb");
    if (!f) return NULL;
    const size_t n = fread(head, 1, sizeof head - 1, f);
    const int unread = ferror(f);
    fclose(f);
    if (unread) return NULL; /* a folder */
    head[n] = 0;
    return cli_kind_of(head, n);
}
