/* Scratch files: without a name, so that they are gone with the process however that ends; room for
 * all of them is taken at once. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ct/pipeline/pipeline.h"

int vxg__scratch_folder(const char *given, char *out, size_t size) {
    if (!given) given = getenv("TMPDIR");
    const int n = snprintf(out, size, "%s", given && *given ? given : "/var/tmp");
    VXG_FAIL_IF(n < 0 || (size_t)n >= size, VXG_ERR_OUTPUT, "scratch folder: name too long");
    return VXG_OK;
}

int vxg__scratch_open(const char *folder, const char *what, int64_t bytes, int *file) {
    char path[4200];
    const int n = snprintf(path, sizeof path, "%s/.voxgrad-scratch-XXXXXX", folder);
    VXG_FAIL_IF(n < 0 || n >= (int)sizeof path, VXG_ERR_OUTPUT, "scratch folder: name too long");
    *file = mkstemp(path);
    VXG_FAIL_IF(*file < 0, VXG_ERR_OUTPUT, "scratch file in %s for %lld MB of %s: %s", folder,
                (long long)(bytes / 1000000), what, strerror(errno));
    (void)unlink(path);
    (void)fcntl(*file, F_SETFD, FD_CLOEXEC);
    const int full = posix_fallocate(*file, 0, bytes);
    VXG_FAIL_IF(full && full != EINVAL && full != EOPNOTSUPP, VXG_ERR_OUTPUT,
                "scratch file in %s: no room for %lld MB of %s (%s): allow more memory, or free "
                "space there",
                folder, (long long)(bytes / 1000000), what, strerror(full));
    return VXG_OK;
}
