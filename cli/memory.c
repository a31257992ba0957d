/* --max-memory: what the process and its HDF5 helper hold at once. */
#include "cli.h"

#include <unistd.h>

/* What the C library's heap, small buffers and threads may take on top of what is counted. */
enum { BESIDE = 8 << 20 };

/* Bytes the process holds, 0 where the system does not say. */
static int64_t resident_bytes(void) {
    long long all, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f) return 0;
    if (fscanf(f, "%lld %lld", &all, &resident) != 2) resident = 0;
    fclose(f);
    return (int64_t)resident * sysconf(_SC_PAGESIZE);
}

int64_t cli_memory_beside(void) {
    return resident_bytes() + BESIDE;
}

int64_t cli_memory_bytes(double megabytes) {
    return (int64_t)(megabytes * 1e6);
}

int cli_memory_reading(vxg_scan_reader *scan, int counts, int64_t *bytes) {
    *bytes = 0;
    for (int kind = VXG_FRAME_DATA; kind <= (counts ? VXG_FRAME_DARK : VXG_FRAME_DATA); kind++) {
        vxg_read_cost cost = {.size = sizeof cost};
        int status =
            scan->cost ? scan->cost(scan, (vxg_frame_kind)kind, 0, scan->nrows, &cost) : VXG_OK;
        if (status) return status;
        if (cost.memory > *bytes) *bytes = cost.memory;
    }
    return VXG_OK;
}

int cli_memory_need(vxg_scan_reader *scan, int counts, double limit, int64_t bytes,
                    const char *what) {
    int64_t reading = 0;
    int status = cli_memory_reading(scan, counts, &reading);
    if (status) return status;
    const int64_t beside = cli_memory_beside(), all = beside + reading + bytes;
    if (all <= cli_memory_bytes(limit)) return VXG_OK;
    return vxg_error_set(VXG_ERR_MEMORY,
                         "--max-memory %g MB: this scan needs %.1f MB %s: the program takes %.1f, "
                         "reading the file, a chunk of it at least, %.1f, the rest %.1f",
                         limit, (double)all * 1e-6, what, (double)beside * 1e-6,
                         (double)reading * 1e-6, (double)bytes * 1e-6);
}
