/* JSON texts about geometry: objects read by a table of keys, numbers and lists written. `what`
 * names the kind of text in messages, `place` the part of it ("view 3: ", or ""). */
#ifndef VXG_CT_GEOMETRY_KEYS_H
#define VXG_CT_GEOMETRY_KEYS_H

#include "base/json.h"
#include "ct/geometry/tools.h"

#define VXG__MOST_VALUES 16000000
#define VXG__MOST_VIEWS 4000000

typedef enum vxg__key_type {
    VXG__KEY_TEXT,     /* const char * */
    VXG__KEY_NUMBER,   /* double */
    VXG__KEY_POSITIVE, /* double */
    VXG__KEY_COUNT,    /* int64_t, 1 to 2^31 - 1 */
    VXG__KEY_FLAG,     /* int64_t */
    VXG__KEY_LIST,     /* const vxg_json * */
    VXG__KEY_OBJECT,   /* const vxg_json * */
    VXG__KEY_ANY       /* const vxg_json * */
} vxg__key_type;

typedef struct vxg__key {
    const char *name;
    vxg__key_type type;
    int where;     /* for the reader's own use: where the key has a meaning */
    size_t offset; /* of a field of the target */
} vxg__key;

/* A geometry out of a text that is one JSON object: read_tree sees the parsed object and a notes
 * that is there. What the geometry refuses is the text's fault; *out is NULL on errors. */
typedef int vxg__ct_tree_reader(const vxg_json *tree, vxg_ct_notes *notes, vxg_ct_geometry **out);
int vxg__ct_read_json(const char *what, const char *text, size_t n, vxg__ct_tree_reader *read_tree,
                      vxg_ct_notes *notes, vxg_ct_geometry **out);

/* All members of an object into a struct by the table's rows; bit i of *given: row i was there.
 * Unknown keys and keys given twice are errors. */
int vxg__keys_read(const char *what, const vxg__key *table, int count, const char *place,
                   const vxg_json *object, void *target, uint64_t *given);
int vxg__keys_real(const char *what, const vxg_json *v, const char *place, const char *name,
                   double *out);
/* "name": [n numbers] */
int vxg__keys_list(const char *what, const vxg_json *list, const char *place, const char *name,
                   int64_t n, double *out);
/* The text of "units", or NULL, into notes->units. */
int vxg__keys_units(const char *what, const char *units, vxg_ct_notes *notes);
/* Whether a list called name may have n entries, one a view. */
int vxg__keys_views(const char *what, const char *name, int64_t n);
/* "unknown key ... (did you mean ...?)" */
int vxg__keys_unknown(const char *what, const vxg__key *table, int count, const char *place,
                      const char *name);

/* The shortest of the spellings that reads back as the same number. */
void vxg__text_number(vxg_text *t, double x);
/* 410.66 for what came out of a fit as 410.66000000000003. */
double vxg__tidy(double x);
/* ",\n  "key": x" */
void vxg__text_member(vxg_text *t, const char *key, double x);
/* "[...]" of x[i] factor, tidied where factor is not 1 */
void vxg__text_list(vxg_text *t, const double *x, int64_t n, double factor, int per_line);
/* s as it stands between quotation marks */
void vxg__text_quoted(vxg_text *t, const char *s);
#endif
