/* docs/adding/verb.md: options of a verb. */
#include "cli.h"

#include "snippet.inc"

const cli_row *snippet_rows(void);
const cli_row *snippet_rows(void) {
    return rows;
}
