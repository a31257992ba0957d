/* Rows of the formats this library reads and writes: by blocks HDF5, NPY, TIFF, NIfTI, MRtrix's
 * images; streamlines as TRK, TCK, TRX. */
#include "io/block_write.h"
#include "io/grid.h"
#include "io/h5_block.h"
#include "io/npy.h"
#include "io/tiff.h"
#include "io/tracts.h"

#include <pthread.h>
#include <string.h>

static int npy_sniff(const uint8_t *head, size_t n) {
    return n >= 6 && !memcmp(head, "\x93NUMPY", 6) ? 100 : 0;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int registered;

static int register_tracts(void) {
    static const vxg_tract_format rows[] = {
        {.name = "trk",
         .summary = "TrackVis's streamlines, in mm from the image's corner",
         .extensions = "trk",
         .sniff = vxg__trk_sniff,
         .open = vxg__trk_open,
         .create = vxg__trk_create},
        {.name = "tck",
         .summary = "MRtrix's streamlines",
         .extensions = "tck",
         .sniff = vxg__tck_sniff,
         .open = vxg__tck_open,
         .create = vxg__tck_create},
        {.name = "trx",
         .summary = "streamlines with their numbers and groups, a zip file or a folder",
         .extensions = "trx",
         .sniff = vxg__trx_sniff,
         .open = vxg__trx_open,
         .create = vxg__trx_create,
         .sniff_path = vxg__trx_sniff_path},
    };
    int status = VXG_OK;
    for (size_t i = 0; i < sizeof rows / sizeof *rows && !status; i++)
        status = vxg_tract_format_register(&rows[i]);
    return status;
}

static void register_all(void) {
    static const vxg_format rows[] = {
        {.name = "hdf5",
         .summary = "HDF5: one dataset of a file",
         .extensions = "h5 hdf5 hdf nxs",
         .sniff = vxg__h5_sniff,
         .open = vxg__h5_block_open,
         .create = vxg__h5_block_create},
        {.name = "npy",
         .summary = "NumPy's array file",
         .extensions = "npy",
         .sniff = npy_sniff,
         .open = vxg__npy_block_open,
         .create = vxg__npy_block_create},
        {.name = "tiff",
         .summary = "a TIFF stack with voxel size, as Fiji opens it",
         .extensions = "tif tiff",
         .sniff = vxg__tiff_sniff,
         .open = vxg__tiff_stack_open,
         .create = vxg__tiff_block_create},
        {.name = "tiff-slices",
         .summary = "a folder of TIFF slices (read only)",
         .extensions = "",
         .sniff_path = vxg__tiff_slices_sniff,
         .open = vxg__tiff_slices_open},
        {.name = "nifti",
         .summary = "NIfTI-1 and NIfTI-2, packed too (pairs of .hdr and .img: read only)",
         .extensions = "nii nii.gz hdr img",
         .sniff = vxg__nifti_sniff,
         .sniff_path = vxg__nifti_sniff_path,
         .open = vxg__nifti_open,
         .create = vxg__nifti_create},
        {.name = "mif",
         .summary = "MRtrix's image, packed too (.mih with a file beside it: read only)",
         .extensions = "mif mif.gz mih",
         .sniff = vxg__mif_sniff,
         .open = vxg__mif_open,
         .create = vxg__mif_create},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows && !registered; i++)
        registered = vxg_format_register(&rows[i]);
    if (!registered) registered = register_tracts();
    if (!registered) registered = vxg__io_register_options();
}

int vxg_io_register(void) {
    pthread_once(&once, register_all);
    VXG_FAIL_IF(registered, registered,
                "the formats or option tables of libvoxgrad_io could not be registered");
    return VXG_OK;
}
