/* Definitions of kernels: the "-DNAME=VALUE" words of an options text. */
#ifndef VXG_DEFINITIONS_H
#define VXG_DEFINITIONS_H

#define VXG_GROUP 64       /* K_GROUP of the preludes where no definition says otherwise */
#define VXG_MAX_GROUP 1024 /* the largest that a definition can ask for */

/* The definitions in alphabetical order with one space between, so that the same definitions are
 * one kernel and one cache entry however they are written; the caller frees *out. VXG_ERR_ARGUMENT:
 * a word is no definition, a name is defined twice or belongs to the dialect. */
int vxg__definitions_sort(const char *options, char **out);
/* The value of K_GROUP in sorted options, else `otherwise`. */
int vxg__definitions_group(const char *options, int otherwise, int *out);
/* VXG_ERR_ARGUMENT when sorted options define a name that the library's file `unit`, whose text is
 * given, does not offer by a line "#ifndef NAME". K_GROUP may always be defined. */
int vxg__definitions_known(const char *options, const char *text, const char *unit);

#endif
