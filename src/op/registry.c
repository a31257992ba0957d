/* The registry: rows of the rooms, then rows added at run time. */
#include <string.h>

#include "op/op.h"

#define MAX_ADDED 256

VXG_LOCK(lock, VXG_RANK_LEAF);
static vxg_op_row added[MAX_ADDED];
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
    vxg__lock(&lock);
    total += nadded;
    vxg__unlock(&lock);
    return total;
}

const vxg_op_row *vxg_op_row_at(int index) {
    int total;
    const vxg_op_row *row = room_row(index, &total);
    if (row || index < total) return row;
    vxg__lock(&lock);
    if (index - total < nadded) row = &added[index - total];
    vxg__unlock(&lock);
    return row;
}

/* The lock is held. */
static const vxg_op_row *find(const char *name) {
    int total;
    room_row(-1, &total);
    for (int i = 0; i < total + nadded; i++) {
        int unused;
        const vxg_op_row *row = i < total ? room_row(i, &unused) : &added[i - total];
        if (!strcmp(row->name, name)) return row;
    }
    return NULL;
}

const vxg_op_row *vxg_op_row_find(const char *name) {
    if (!name) return NULL;
    vxg__lock(&lock);
    const vxg_op_row *row = find(name);
    vxg__unlock(&lock);
    return row;
}

void vxg__input_range(const double (*ranges)[2], int n, int input, double *lo, double *hi) {
    *lo = -1, *hi = 1;
    if (!ranges || input < 0 || input >= n || ranges[input][0] == ranges[input][1]) return;
    *lo = ranges[input][0], *hi = ranges[input][1];
}

void vxg_op_row_range(const vxg_op_row *row, int input, double *lo, double *hi) {
    if (!lo || !hi) return;
    vxg__input_range(row ? row->input_range : NULL, row ? row->nranges : 0, input, lo, hi);
}

int vxg_op_register(const vxg_op_row *given) {
    vxg_op_row own;
    const vxg_op_row *row = &own;
    VXG_FAIL_IF(!given, VXG_ERR_ARGUMENT, "operator row is NULL");
    VXG_TRY(VXG_IN(vxg_op_row, &own, given));
    VXG_FAIL_IF(!row->name || !row->make || row->examples < 1, VXG_ERR_ARGUMENT,
                "operator row: name, make or examples is missing");
    int status = VXG_OK;
    vxg__lock(&lock); /* held from the search to the entry: a name comes in once */
    if (find(row->name)) {
        status = vxg_error_set(VXG_ERR_ARGUMENT, "operator '%s' is registered already", row->name);
    } else if (nadded == MAX_ADDED) {
        status = vxg_error_set(VXG_ERR_ARGUMENT, "more than %d operators registered", MAX_ADDED);
    } else {
        added[nadded++] = own;
    }
    vxg__unlock(&lock);
    return status;
}
