/* Datasets of HDF5 files as blocks: the one way in which elements of such files are read. */
#ifndef VXG_IO_H5_BLOCK_H
#define VXG_IO_H5_BLOCK_H

#include "io/h5/dataset.h"

/* A reader of one dataset in a file that is open. owns: closing it closes the session too; it does
 * not when this fails. */
int vxg__h5_block_new(vxg__h5_session *file, const char *part, int owns, vxg_block_reader **out);
/* VXG_ERR_INPUT when it is a dataset that claims far more elements than its file can hold, before
 * memory is taken for all of them. Readers of other formats hold what they say. */
int vxg__h5_block_holds(const vxg_block_reader *r);
/* The row's functions. */
int vxg__h5_block_open(const char *path, const vxg_block_opts *opts, vxg_block_reader **out);
int vxg__h5_sniff(const uint8_t *head, size_t n);

#endif
