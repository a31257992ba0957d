/* Whether a file is as it was; the HDF5 helper has this too. */
#include "io/io.h"

#include <sys/stat.h>

static int same_time(const struct timespec *a, const struct timespec *b) {
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* A change of links or rights explains a new time of change: a file that lost its name to a new one
 * is read on. */
int vxg__stat_same(const struct stat *a, const struct stat *b) {
    const int same_entry = a->st_nlink == b->st_nlink && a->st_mode == b->st_mode &&
                           a->st_uid == b->st_uid && a->st_gid == b->st_gid;
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           same_time(&a->st_mtim, &b->st_mtim) &&
           (!same_entry || same_time(&a->st_ctim, &b->st_ctim));
}
