/* Buffers in a mapped file: spill.h. */
#include "device/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/base.h"

static _Thread_local vxg__spill *used;

void vxg__spill_use(vxg__spill *s) {
    used = s;
}

static size_t whole_pages(size_t n) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (n + page - 1) / page * page;
}

/* Room is taken on the disk first: a page that cannot be written later would end the process. */
int vxg__spill_map(size_t n, void **out) {
    *out = NULL;
    if (!used) return VXG_OK;
    const size_t all = whole_pages(n ? n : 1);
    const int full = posix_fallocate(used->file, used->bytes, (off_t)all);
    VXG_FAIL_IF(full, VXG_ERR_OUTPUT, "scratch file in %s: no room for %.1f MB more (%s)",
                used->folder, (double)all * 1e-6, strerror(full));
    void *const p =
        mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_SHARED, used->file, (off_t)used->bytes);
    VXG_FAIL_IF(p == MAP_FAILED, VXG_ERR_MEMORY, "scratch file in %s: cannot map %.1f MB (%s)",
                used->folder, (double)all * 1e-6, strerror(errno));
    used->bytes += (int64_t)all;
    *out = p;
    return VXG_OK;
}

void vxg__spill_unmap(void *memory, size_t n) {
    (void)munmap(memory, whole_pages(n ? n : 1));
}
