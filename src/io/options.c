/* The option tables of this library's structs, for vxg_option_table (vxg_io_register). */
#include "io/io.h"
#include <voxgrad/tracts.h>

#include <stddef.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))
#define MOST 1099511627776.0 /* 2^40 */
#define TEXT(id, kind, T, field, measure, word, about)                                             \
    {                                                                                              \
        .name = id, .type = kind, .offset = offsetof(T, field), .unit = measure, .choices = word,  \
        .help = about                                                                              \
    }
#define FLAG(id, T, field, about)                                                                  \
    { .name = id, .type = VXG_OPT_FLAG, .offset = offsetof(T, field), .help = about }
#define SIZE(id, T, field, most, measure, about)                                                   \
    {                                                                                              \
        .name = id, .type = VXG_OPT_INT64, .offset = offsetof(T, field), .max = most,              \
        .unit = measure, .help = about                                                             \
    }
/* What several structs have. */
#define LINKS_ROW(T)                                                                               \
    FLAG("follow-links", T, follow_links,                                                          \
         "read what an HDF5 file links to outside its own folder, and raw files; for files you "   \
         "trust")
#define INSIDE_ROW(T)                                                                              \
    FLAG("in-process", T, in_process,                                                              \
         "read HDF5 inside this process and not by the helper; for files you trust")
#define MEMORY_ROW(T)                                                                              \
    SIZE("max-memory", T, max_memory, 1e15, "bytes", "memory for reading; 0: chosen here")
#define FORCE_ROW(T) FLAG("force", T, force, "replace results that exist")

static const vxg_option scan[] = {
    TEXT("dataset", VXG_OPT_TEXT, vxg_scan_opts, dataset, NULL, "PATH",
         "dataset of line integrals in an HDF5 file that is no scan: (views, rows, columns) or "
         "(views, columns)"),
    LINKS_ROW(vxg_scan_opts),
    INSIDE_ROW(vxg_scan_opts),
    MEMORY_ROW(vxg_scan_opts),
};
static const vxg_option scan_writer[] = {
    FORCE_ROW(vxg_scan_writer_opts),
    TEXT("path", VXG_OPT_OUTPUT, vxg_scan_writer_opts, path, NULL, "FILE",
         "the scan, HDF5 Data Exchange"),
    SIZE("nviews", vxg_scan_writer_opts, nviews, MOST, NULL, "number of projections"),
    SIZE("nrows", vxg_scan_writer_opts, nrows, MOST, "px", "detector rows"),
    SIZE("ncols", vxg_scan_writer_opts, ncols, MOST, "px", "detector columns"),
    SIZE("nflats", vxg_scan_writer_opts, nflats, 100000, "frames", "flat fields"),
    SIZE("ndarks", vxg_scan_writer_opts, ndarks, 100000, "frames", "dark fields"),
    {.name = "pixel-size",
     .type = VXG_OPT_REAL,
     .offset = offsetof(vxg_scan_writer_opts, pixel_size),
     .max = 1e300,
     .help = "pitch of the pixels in pixel-unit; 0: unknown"},
    TEXT("pixel-unit", VXG_OPT_TEXT, vxg_scan_writer_opts, pixel_unit, NULL, "WORD",
         "unit of the pixel size, written beside it: mm, um; not given: neither is written"),
};
static const vxg_option job[] = {
    {.name = "blocks",
     .type = VXG_OPT_INT64,
     .offset = offsetof(vxg_job_opts, blocks),
     .max = 16777216,
     .help = "pieces of the work; at least 1"},
    TEXT("key", VXG_OPT_TEXT, vxg_job_opts, key, NULL, "TEXT", "what work it is"),
    SIZE("shard", vxg_job_opts, shard, 16777216, NULL, "the part that is made, from 0"),
    SIZE("shards", vxg_job_opts, shards, 16777216, NULL, "parts; 0: one"),
};
static const vxg_option volume_writer[] = {
    {.name = "format",
     .type = VXG_OPT_CHOICE,
     .offset = offsetof(vxg_volume_writer_opts, format),
     .fallback = "tiff",
     .choices = "tiff|tiff-stack|h5|npy",
     .help = "file format of the volume; tiff writes one file per slice"},
    TEXT("path", VXG_OPT_OUTPUT, vxg_volume_writer_opts, path, NULL, "FILE",
         "the volume; for tiff folder and prefix of the slices: out/recon"),
    SIZE("nz", vxg_volume_writer_opts, nz, MOST, NULL, "slices"),
    SIZE("ny", vxg_volume_writer_opts, ny, MOST, NULL, "voxels along y"),
    SIZE("nx", vxg_volume_writer_opts, nx, MOST, NULL, "voxels along x"),
    {.name = "voxel",
     .type = VXG_OPT_REAL,
     .offset = offsetof(vxg_volume_writer_opts, voxel),
     .max = 1e300,
     .count = 3,
     .help = "size of a voxel along z, y, x; 0: unknown"},
    TEXT("unit", VXG_OPT_TEXT, vxg_volume_writer_opts, unit, NULL, "WORD",
         "unit of the voxel size; not given: pixels"),
    FORCE_ROW(vxg_volume_writer_opts),
};
static const vxg_option block[] = {
    LINKS_ROW(vxg_block_opts),
    INSIDE_ROW(vxg_block_opts),
    TEXT("format", VXG_OPT_TEXT, vxg_block_opts, format, NULL, "NAME",
         "name of the format; not given: by the file's first bytes"),
    TEXT("part", VXG_OPT_TEXT, vxg_block_opts, part, NULL, "PATH",
         "which numbers of a file that has several: an HDF5 dataset"),
    MEMORY_ROW(vxg_block_opts),
};
static const vxg_option block_create[] = {
    FORCE_ROW(vxg_block_create_opts),
    TEXT("format", VXG_OPT_TEXT, vxg_block_create_opts, format, NULL, "NAME",
         "name of the format; not given: by the ending of the file's name"),
};

static const vxg_option tract_open[] = {
    TEXT("format", VXG_OPT_TEXT, vxg_tract_open_opts, format, NULL, "NAME",
         "name of the format; not given: by the file's first bytes"),
    MEMORY_ROW(vxg_tract_open_opts),
};
static const vxg_option tract_create[] = {
    FORCE_ROW(vxg_tract_create_opts),
    TEXT("format", VXG_OPT_TEXT, vxg_tract_create_opts, format, NULL, "NAME",
         "name of the format; not given: by the ending of the file's name"),
    {.name = "offset-bits",
     .type = VXG_OPT_INT,
     .offset = offsetof(vxg_tract_create_opts, offset_bits),
     .max = 64,
     .help = "TRX: of the numbers that say where streamlines begin, 32 or 64; 0: as few as do"},
    FLAG("folder", vxg_tract_create_opts, folder, "TRX: a folder and not a zip file"),
};

int vxg__io_register_options(void) {
    static const vxg_option_set sets[] = {
        {"vxg_scan_opts", scan, COUNT(scan)},
        {"vxg_job_opts", job, COUNT(job)},
        {"vxg_scan_writer_opts", scan_writer, COUNT(scan_writer)},
        {"vxg_volume_writer_opts", volume_writer, COUNT(volume_writer)},
        {"vxg_block_opts", block, COUNT(block)},
        {"vxg_block_create_opts", block_create, COUNT(block_create)},
        {"vxg_tract_open_opts", tract_open, COUNT(tract_open)},
        {"vxg_tract_create_opts", tract_create, COUNT(tract_create)},
    };
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        VXG_TRY(vxg_option_register(sets[i].name, sets[i].rows, sets[i].count));
    return VXG_OK;
}
