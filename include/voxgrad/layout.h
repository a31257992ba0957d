/* Voxgrad's interface as data: every public struct, enum and function, so that bindings make their
 * declarations from the library that is loaded and no struct is written twice. docs/abi.md has the
 * rules by which the interface changes. All texts and rows live as long as the library.
 *
 * Stability: stable (docs/abi.md). */
#ifndef VOXGRAD_LAYOUT_H
#define VOXGRAD_LAYOUT_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the binary interface that a program was compiled with; it is in the name of the
 * shared library. 0: nothing is frozen yet. */
#define VXG_ABI_VERSION 0
/* The version of the library that is running. */
VXG_API uint32_t vxg_abi_version(void);

/* The rows below stand in arrays: fixed for an ABI version. Types are texts of C without names, as
 * "const char *", "int64_t", "int (*)(void *context, int level)". */
typedef struct vxg_layout_field { /* of a struct, or a function's parameter */
    const char *name, *type;
    uint32_t offset, bytes; /* of a parameter: 0 */
    uint32_t count;         /* elements of an array (all axes together), 0: no array */
    uint32_t reserved;
} vxg_layout_field;

typedef struct vxg_layout_struct {
    const char *name;
    const char *header; /* "op.h" */
    uint32_t bytes;     /* 0: opaque, pointers to it are handles */
    uint32_t first;     /* bytes of the first layout; what size = 0 means */
    uint32_t nfields;
    uint32_t sized; /* 1: begins with `uint32_t size` */
    const vxg_layout_field *fields;
} vxg_layout_struct;

typedef struct vxg_layout_value {
    const char *name;
    int64_t value;
} vxg_layout_value;

typedef struct vxg_layout_enum { /* stored as int */
    const char *name, *header;
    uint32_t nvalues, reserved;
    const vxg_layout_value *values;
} vxg_layout_enum;

typedef struct vxg_layout_function { /* or a type of pointers to functions */
    const char *name;
    const char *header; /* those of io.h are in libvoxgrad_io, all others in libvoxgrad */
    const char *result; /* "int", "void"... */
    uint32_t nparameters, reserved;
    const vxg_layout_field *parameters; /* the last may be called "..." */
} vxg_layout_function;

typedef struct vxg_layout {
    uint32_t size; /* of this struct, set by the caller; 0: the first layout */
    uint32_t abi;  /* vxg_abi_version() */
    uint32_t nstructs, nenums, nfunctions, ncallbacks;
    const vxg_layout_struct *structs;
    const vxg_layout_enum *enums;
    const vxg_layout_function *functions;
    const vxg_layout_function *callbacks; /* typedefs of pointers to functions */
} vxg_layout;

/* The whole table. Thread-safe. */
VXG_API int vxg_layout_table(vxg_layout *out);

#ifdef __cplusplus
}
#endif
#endif
