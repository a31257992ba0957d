/* The registry: rows of the rooms, then rows added at run time. */
#include <pthread.h>
#include <string.h>

#include "op/op.h"

#define MAX_ADDED 256

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const vxg_op_row *added[MAX_ADDED];
static int nadded;

static const vxg_op_row *room_row(int index, int *total) {
    *total = 0;
    const vxg_op_row *found = NULL;
    for (const vxg_room *r = vxg__rooms; r->rows; r++) {
        if (index >= *total && index < *total + *r->count) found = &r->rows[index - *total];
        *total += *r->count;
    }
    return found;
}

int vxg_op_row_count(void) {
    int total;
    room_row(-1, &total);
    pthread_mutex_lock(&lock);
    total += nadded;
    pthread_mutex_unlock(&lock);
    return total;
}

const vxg_op_row *vxg_op_row_at(int index) {
    int total;
    const vxg_op_row *row = room_row(index, &total);
    if (row || index < total) return row;
    pthread_mutex_lock(&lock);
    if (index - total < nadded) row = added[index - total];
    pthread_mutex_unlock(&lock);
    return row;
}

const vxg_op_row *vxg_op_row_find(const char *name) {
    for (int i = 0, n = vxg_op_row_count(); i < n; i++) {
        const vxg_op_row *row = vxg_op_row_at(i);
        if (row && !strcmp(row->name, name)) return row;
    }
    return NULL;
}

int vxg_op_register(const vxg_op_row *row) {
    VXG_FAIL_IF(!row || !row->name || !row->make || row->examples < 1, VXG_ERR_ARGUMENT,
                "operator row: name, make or examples is missing");
    VXG_FAIL_IF(vxg_op_row_find(row->name), VXG_ERR_ARGUMENT, "operator '%s' is registered already",
                row->name);
    int status = VXG_OK;
    pthread_mutex_lock(&lock);
    if (nadded == MAX_ADDED) {
        status = vxg_error_set(VXG_ERR_ARGUMENT, "more than %d operators registered", MAX_ADDED);
    } else {
        added[nadded++] = row;
    }
    pthread_mutex_unlock(&lock);
    return status;
}
