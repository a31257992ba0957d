/* A scan to a volume in ten lines of library: voxgrad recon without the command. */
#include <stdio.h>
#include <stdlib.h>
#include <voxgrad/voxgrad.h>

int main(int argc, char **argv) {
    if (argc < 4) return fprintf(stderr, "usage: recon SCAN.h5 AXIS OUT.npy\n"), 2;
    vxg_device *dev = NULL;
    vxg_scan_reader *scan = NULL;
    vxg_volume_writer *out = NULL;
    int e = vxg_device_open(NULL, &dev); /* NULL: the best device here */
    if (!e) e = vxg_scan_open(argv[1], &scan);
    if (!e) {
        vxg_ct_recon_opts opts = {.center = atof(argv[2]), .window = VXG_CT_WINDOW_SHEPP};
        vxg_volume_writer_opts to = {.format = VXG_VOLUME_NPY,
                                     .path = argv[3],
                                     .nz = scan->nrows,
                                     .ny = scan->ncols,
                                     .nx = scan->ncols};
        e = vxg_volume_writer_open(&to, &out);
        if (!e) e = vxg_ct_reconstruct(dev, scan, &opts, out, NULL);
        if (!e)
            e = out->finish(out);
        else if (out)
            out->abandon(out);
    }
    if (e) fprintf(stderr, "%s\n", vxg_error_message()); /* the whole chain, in words */
    vxg_scan_close(scan);
    vxg_device_release(dev);
    return vxg_status_exit_code(e);
}
