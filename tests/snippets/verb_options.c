/* docs/adding/verb.md: options of a verb. */
#include "cli.h"

#include "snippet.inc"

const vxg_option *snippet_rows(void);
const vxg_option *snippet_rows(void) {
    return rows;
}
