/* What a kernel's entry says of its buffers. */
#ifndef VXG_ENTRY_H
#define VXG_ENTRY_H
#include <voxgrad/device.h>

typedef struct vxg_kernel_entry {
    int nbuffers;
    int group;                    /* a group kernel, with local memory or without */
    int lanes;                    /* its items do the work of several: x in whole 32s */
    int image;                    /* its first buffer is an image */
    int element[VXG_MAX_BUFFERS]; /* bytes of an element; 0: an image, or a type not known */
    unsigned
        written; /* bit i: buffer i may be written: its type has no const before the asterisk */
} vxg_kernel_entry;

/* Finds the entry `name` outside comments and strings. 1: found. */
int vxg__kernel_entry(const char *text, const char *name, vxg_real real, vxg_kernel_entry *out);
#endif
