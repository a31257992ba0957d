/* docs/reports.md: a page of one's own. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <voxgrad/voxgrad.h>

static int make(const float *values, char **out) {
    char *page = NULL;
#include "snippet.inc"
    *out = page;
    return e;
}

int main(void) {
    float values[64];
    char *page = NULL;
    for (int i = 0; i < 64; i++) values[i] = (float)i;
    if (make(values, &page)) {
        fprintf(stderr, "%s\n", vxg_error_message());
        return 1;
    }
    const int right = strstr(page, "<h1>A phantom</h1>") &&
                      strstr(page, "data:image/png;base64,") &&
                      strstr(page, "sirt: 1 of 4 points are left out") &&
                      strstr(page, "computing</th><td>1.500</td><td>75.0 %</td>");
    vxg_free(page);
    return !right;
}
