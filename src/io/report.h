/* What the two files of the report share. */
#ifndef VXG_IO_REPORT_H
#define VXG_IO_REPORT_H

#include "io/io.h"

struct vxg_report {
    char *title;
    vxg_text body; /* what stands between the title and the end; failed: the report is spoilt */
    int in_section, sections, charts;
};

/* Text as XML and HTML take it, in attributes too. */
void vxg__report_escape(vxg_text *t, const char *text);
/* A number to `digits` digits, "1e-5" and not "1e-05". */
void vxg__report_number(char *out, size_t size, double v, int digits);

#endif
