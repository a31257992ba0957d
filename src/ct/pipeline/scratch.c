/* Scratch files: without a name, so that they are gone with the process however that ends; room for
 * all of them is taken at once. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/vfs.h>
#endif

#include "ct/pipeline/pipeline.h"

int vxg__scratch_folder(const char *given, char *out, size_t size) {
    if (!given) given = getenv("TMPDIR");
    const int n = snprintf(out, size, "%s", given && *given ? given : "/var/tmp");
    VXG_FAIL_IF(n < 0 || (size_t)n >= size, VXG_ERR_OUTPUT, "scratch folder: name too long");
    return VXG_OK;
}

/* Says so where the file takes of the memory that it is to spare. */
static void look_where(int file, const char *folder) {
#ifdef __linux__
    const long tmpfs = 0x01021994, ramfs = (long)0x858458f6;
    struct statfs s;
    if (fstatfs(file, &s) || ((long)s.f_type != tmpfs && (long)s.f_type != ramfs)) return;
    vxg__log(0, "%s, where the scratch file is, is kept in memory itself: it spares none", folder);
#else
    (void)file, (void)folder;
#endif
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
    look_where(*file, folder);
    return VXG_OK;
}
