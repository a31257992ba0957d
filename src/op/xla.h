/* XLA's foreign function interface as far as vxg_xla_call uses it: own declarations of its C API,
 * version 0.3, so that neither JAX nor XLA is needed to build. Structs grow at their ends only
 * (their struct_size says how far they reach); tests/xla_declarations.sh compares them with XLA's
 * header where there is one. */
#ifndef VXG_XLA_H
#define VXG_XLA_H

#include <stddef.h>
#include <stdint.h>

typedef struct vxg_xla_extension {
    size_t struct_size;
    int type; /* 1: metadata */
    struct vxg_xla_extension *next;
} vxg_xla_extension;

typedef struct vxg_xla_version {
    size_t struct_size;
    vxg_xla_extension *extension_start;
    int major_version, minor_version;
} vxg_xla_version;

typedef struct vxg_xla_metadata {
    size_t struct_size;
    vxg_xla_version api_version;
    uint32_t traits;
} vxg_xla_metadata;

typedef struct vxg_xla_metadata_extension {
    vxg_xla_extension base;
    vxg_xla_metadata *metadata;
} vxg_xla_metadata_extension;

typedef struct vxg_xla_buffer {
    size_t struct_size;
    vxg_xla_extension *extension_start;
    int dtype;
    void *data;
    int64_t rank;
    int64_t *dims;
} vxg_xla_buffer;

typedef struct vxg_xla_values { /* arguments and results alike */
    size_t struct_size;
    vxg_xla_extension *extension_start;
    int64_t size;
    int *types; /* 1: a buffer */
    void **values;
} vxg_xla_values;

typedef struct vxg_xla_text {
    const char *ptr;
    size_t len;
} vxg_xla_text;

typedef struct vxg_xla_scalar {
    int dtype;
    void *value;
} vxg_xla_scalar;

typedef struct vxg_xla_attributes {
    size_t struct_size;
    vxg_xla_extension *extension_start;
    int64_t size;
    int *types; /* 3: a scalar */
    vxg_xla_text **names;
    void **values;
} vxg_xla_attributes;

typedef struct vxg_xla_error_args {
    size_t struct_size;
    vxg_xla_extension *extension_start;
    const char *message;
    int code;
} vxg_xla_error_args;

typedef struct vxg_xla_stream_args {
    size_t struct_size;
    vxg_xla_extension *extension_start;
    void *context;
    void *stream;
} vxg_xla_stream_args;

typedef struct vxg_xla_api {
    size_t struct_size;
    vxg_xla_extension *extension_start;
    vxg_xla_version version;
    const void *internal;
    void *(*error_create)(vxg_xla_error_args *args);
    void *error_message, *error_destroy, *handler_register;
    void *(*stream_get)(vxg_xla_stream_args *args);
} vxg_xla_api;

typedef struct vxg_xla_frame {
    size_t struct_size;
    vxg_xla_extension *extension_start;
    const vxg_xla_api *api;
    void *context;
    int stage; /* 3: execute */
    vxg_xla_values args, rets;
    vxg_xla_attributes attrs;
} vxg_xla_frame;

enum {
    VXG_XLA_METADATA = 1,
    VXG_XLA_BUFFER = 1,
    VXG_XLA_SCALAR = 3,
    VXG_XLA_EXECUTE = 3,
    VXG_XLA_S64 = 5,
    VXG_XLA_F32 = 11,
    VXG_XLA_F64 = 12,
    VXG_XLA_C64 = 15,
    VXG_XLA_C128 = 18,
    VXG_XLA_CANCELLED = 1,
    VXG_XLA_UNKNOWN = 2,
    VXG_XLA_INVALID = 3,
    VXG_XLA_EXHAUSTED = 8,
    VXG_XLA_UNIMPLEMENTED = 12
};

#endif
