/* What the files of option tables share. */
#ifndef VXG_BASE_OPTIONS_H
#define VXG_BASE_OPTIONS_H

#include "base/base.h"

enum {
    VXG__OPTION_NAME = 96,  /* bytes of a whole name, "group.group.name", with its end */
    VXG__OPTION_LEVELS = 32 /* structs inside structs, the outermost counted; JSON takes as many */
};

/* "before" and the name of a row in `out`; a group's ends with a dot. VXG_ERR_ARGUMENT: the name is
 * longer than vxg_options_check allows. */
int vxg__option_join(const vxg_option *row, const char *before, char out[VXG__OPTION_NAME]);
/* Sets the field of a row, which lies in `options`, from a text; messages call it `label`. */
int vxg__option_set(const vxg_option *row, void *options, const char *label, const char *text);
/* The row of a name and the struct that it lies in, inside groups too; NULL: none. */
const vxg_option *vxg__option_find(const vxg_option *table, int count, const char *name,
                                   void **options);
/* VXG_ERR_ARGUMENT: there is no option of this name; the message suggests the nearest. */
int vxg__option_unknown(const vxg_option *table, int count, const char *dashes, const char *name);
/* Bytes of a field; 0: unknown type. */
size_t vxg__option_bytes(const vxg_option *row);
int vxg__option_is_list(const vxg_option *row);
/* Frees a list of whatever kind and makes it empty. */
void vxg__option_list_free(void *list);
/* VXG_ERR_ARGUMENT names a field (not a text or file) that is not the same again once the setter
 * has read what vxg_options_text writes of it. */
int vxg__option_comes_back(const vxg_option *row, const void *options, const char *name);
/* Whether a field says nothing: a text or file that is NULL, a range, span or list not given. */
int vxg__option_absent(const vxg_option *row, const void *options);
/* A word of a list in quotes, as JSON has it: the length as snprintf counts. */
size_t vxg__option_quote(const char *word, char *out, size_t size);
/* Reads a quoted word at *text, which moves behind it; NULL: no such word. The word is written to
 * out, which may be where it is read from. */
char *vxg__option_unquote(const char **text, char *out);

#endif
