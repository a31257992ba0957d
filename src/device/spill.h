/* Memory that the system can take back: buffers of the cpu in a file without a name, mapped. What
 * is not used for a while goes to the disk, so that more than a limit of memory can be worked on;
 * the numbers in it are those of any other buffer. */
#ifndef VXG_SPILL_H
#define VXG_SPILL_H
#include <stddef.h>
#include <stdint.h>

typedef struct vxg__spill {
    int file;           /* open for reading and writing, the owner's */
    int64_t bytes;      /* of it that buffers have, in whole pages */
    const char *folder; /* that it lies in, for messages */
} vxg__spill;

/* Buffers of the cpu that this thread makes from now on lie in s, which lives as long as that;
 * NULL: in memory. */
void vxg__spill_use(vxg__spill *s);
/* n bytes in what is in use, zeros, for vxg__spill_unmap; *out NULL: nothing is in use.
 * VXG_ERR_OUTPUT: there is no room for them. */
int vxg__spill_map(size_t n, void **out);
void vxg__spill_unmap(void *memory, size_t n);
#endif
