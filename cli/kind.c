/* What a file is by its first bytes, for messages about a file that is not what was expected: its
 * name and what reads it. */
#include "cli.h"

#include <ctype.h>
#include <string.h>

#define NO_SCAN "; scans are read from HDF5 (Data Exchange, NXtomo): "
#define PUT_IN "put the projections into exchange/data of an HDF5 file"
#define GEOMETRY                                                                                   \
    "; `voxgrad geometry explain` says what a geometry file describes, `voxgrad geometry convert " \
    "-o scan.json` makes what --geometry reads"

static const struct {
    int offset, n;
    const char *bytes, *words;
} kinds[] = {
    {0, 4, "II*\0", "a TIFF picture or stack" NO_SCAN PUT_IN},
    {0, 4, "MM\0*", "a TIFF picture or stack" NO_SCAN PUT_IN},
    {0, 4, "II+\0", "a BigTIFF picture or stack" NO_SCAN PUT_IN},
    {0, 4, "MM\0+", "a BigTIFF picture or stack" NO_SCAN PUT_IN},
    {0, 6, "\x93NUMPY", "a NumPy array (NPY)" NO_SCAN PUT_IN},
    {0, 10, "MATLAB 7.3",
     "a MATLAB 7.3 file, which is HDF5; `voxgrad recon --dataset NAME` reads "
     "line integrals from one of its arrays"},
    {0, 6, "MATLAB",
     "a MATLAB file of the old kind (MAT)" NO_SCAN
     "save it with -v7.3, which is HDF5, for --dataset"},
    {0, 8, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
     "an OLE container, as Zeiss' TXRM, TXM and XRM are" NO_SCAN "export it as such"},
    {0, 2, "\x1f\x8b", "packed with gzip; unpack it first (gunzip)"},
    {0, 3, "BZh", "packed with bzip2; unpack it first (bunzip2)"},
    {0, 6, "\xfd\x37zXZ\0", "packed with xz; unpack it first (unxz)"},
    {0, 4, "\x28\xb5\x2f\xfd", "packed with zstd; unpack it first (unzstd)"},
    {0, 4, "PK\3\4", "a ZIP archive (NumPy's NPZ is one); unpack it first"},
    {257, 5, "ustar", "a TAR archive; unpack it first"},
    {0, 8, "\x89PNG\r\n\x1a\n", "a PNG picture" NO_SCAN PUT_IN},
    {0, 3, "\xff\xd8\xff", "a JPEG picture" NO_SCAN PUT_IN},
    {128, 4, "DICM", "a DICOM file" NO_SCAN PUT_IN},
    {344, 3, "n+1", "a NIfTI volume" NO_SCAN PUT_IN},
    {0, 3, "CDF", "a NetCDF file of the old kind" NO_SCAN "convert it to NetCDF-4, which is HDF5"},
    {0, 8, "\x89HDF\r\n\x1a\n", "an HDF5 file; scans are the FILE of info, center and recon"},
};

/* Texts: the first letter that is no blank, and words in the part that was read. */
static const char *text_kind(const char *head, size_t n) {
    size_t at = 0;
    if (n >= 3 && !memcmp(head, "\xef\xbb\xbf", 3)) at = 3;
    while (at < n && isspace((unsigned char)head[at])) at++;
    const char *p = head + at;
    if (at == n) return n ? "blank" : "empty";
    for (size_t i = at; i < n; i++)
        if (!head[i]) return NULL;
    if (*p == '{' || *p == '[') return "a JSON file, as geometry files are" GEOMETRY;
    if (strstr(p, "RTKThreeDCircularGeometry")) return "a geometry file of RTK" GEOMETRY;
    if (*p == '<') return "an XML or HTML file";
    if (strstr(p, "proj_geometry") || strstr(p, "numAngles") || strstr(p, "numRows"))
        return "a geometry file of LEAP" GEOMETRY;
    const size_t line = strcspn(p, "\n"), number = strspn(p, "0123456789+-.eE, \t\r");
    if (number >= line && number > 0)
        return "a table of numbers, as ASTRA's vectors and projection matrices are" GEOMETRY;
    return NULL;
}

const char *cli_file_kind(const char *path) {
    char head[1025] = "";
    FILE *f = fopen(path, "rb");
    if (!f) return NULL;
    const size_t n = fread(head, 1, sizeof head - 1, f);
    const int unread = ferror(f);
    fclose(f);
    if (unread) return NULL; /* a folder */
    head[n] = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (n >= (size_t)(kinds[i].offset + kinds[i].n) &&
            !memcmp(head + kinds[i].offset, kinds[i].bytes, (size_t)kinds[i].n))
            return kinds[i].words;
    return text_kind(head, n);
}
