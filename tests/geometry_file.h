/* Whole files of tests/geometry. */
#ifndef VXG_TEST_GEOMETRY_FILE_H
#define VXG_TEST_GEOMETRY_FILE_H
#include <stdio.h>
#include <stdlib.h>

/* malloc'ed, with a zero byte at the end; NULL: not there. */
static char *geometry_file(const char *name, size_t *n) {
    char path[1024];
    snprintf(path, sizeof path, "%s/tests/geometry/%s", VXG_SOURCE_DIR, name);
    FILE *f = fopen(path, "rb");
    char *text = f ? calloc(1, 1 << 20) : NULL;
    *n = text ? fread(text, 1, (1 << 20) - 1, f) : 0;
    if (f) fclose(f);
    return text;
}
#endif
