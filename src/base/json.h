/* Reading JSON (RFC 8259) into a tree of values. */
#ifndef VXG_BASE_JSON_H
#define VXG_BASE_JSON_H

#include "base/base.h"

typedef struct vxg_json vxg_json; /* a value of a tree */

typedef enum vxg_json_kind {
    VXG_JSON_NULL,
    VXG_JSON_BOOL,
    VXG_JSON_NUMBER,
    VXG_JSON_TEXT,
    VXG_JSON_LIST,
    VXG_JSON_OBJECT
} vxg_json_kind;

/* Parses n bytes. VXG_ERR_INPUT with `what`, line and column of a syntax error; more than
 * max_values values, 32 levels or 256 MiB are refused before a tree is made. Free the tree. */
int vxg__json_parse(const char *text, size_t n, const char *what, int64_t max_values,
                    vxg_json **out);
void vxg__json_free(vxg_json *tree);

vxg_json_kind vxg__json_kind(const vxg_json *v);
const char *vxg__json_key(const vxg_json *v);    /* of a member of an object */
double vxg__json_number(const vxg_json *v);      /* may be infinite: 1e999 */
const char *vxg__json_digits(const vxg_json *v); /* a number as it was written */
const char *vxg__json_text(const vxg_json *v);
int vxg__json_bool(const vxg_json *v);
const vxg_json *vxg__json_first(const vxg_json *v); /* of a list or object; NULL: empty */
const vxg_json *vxg__json_next(const vxg_json *v);
int64_t vxg__json_count(const vxg_json *v);
int vxg__json_is_utf8(const char *text);
#endif
