/* Scratch files without a name. */
#include "io/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int vxg__nameless_open(const char *folder, int64_t bytes, int *fd) {
    char path[4096];
    const char *usual = getenv("TMPDIR");
    *fd = -1;
    if (!folder) folder = usual && *usual ? usual : "/var/tmp";
#ifdef O_TMPFILE
    *fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
#endif
    if (*fd < 0) { /* not every file system has them */
        const int n = snprintf(path, sizeof path, "%s/.voxgrad-scratch-XXXXXX", folder);
        if (n > 0 && n < (int)sizeof path) *fd = mkostemp(path, O_CLOEXEC);
        if (*fd >= 0) unlink(path);
    }
    VXG_FAIL_IF(*fd < 0, VXG_ERR_OUTPUT, "%s: no scratch file can be made here: %s", folder,
                strerror(errno));
    const int status = vxg__reserve(*fd, bytes, folder);
    if (status) {
        close(*fd);
        *fd = -1;
    }
    return status;
}
