/* Processor seconds of one call of every registry row, forward and adjoint, at a small size: what
 * two builds are compared by, run in turns. bench_rows [PART OF A NAME] A line a row and direction:
 * name, direction, seconds (the least of three measurements). Sizes are those of the checks
 * (VXG_PROBLEM_SMALL), many of them a few rays through a large volume. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <voxgrad/voxgrad.h>

#define LEAST 0.03 /* seconds of a measurement */

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

typedef struct example {
    vxg_op *op;
    vxg_array in[VXG_MAX_INPUTS], grad[VXG_MAX_INPUTS], out, cotangent;
} example;

static int make(vxg_device *dev, const vxg_op_row *row, example *e) {
    const vxg_problem p = {.scale = VXG_PROBLEM_SMALL, .seed = 1};
    int status = row->make(dev, &p, &e->op);
    for (int i = 0; i < vxg_op_inputs(e->op) && !status; i++) {
        double lo, hi;
        vxg_op_row_range(row, i, &lo, &hi);
        status = vxg_op_new_array(e->op, i, &e->in[i]);
        if (!status) status = vxg_op_new_array(e->op, i, &e->grad[i]);
        if (!status) status = vxg_array_random(NULL, &e->in[i], (uint64_t)i + 1, lo, hi);
    }
    if (!status) status = vxg_op_new_array(e->op, -1, &e->out);
    if (!status) status = vxg_op_new_array(e->op, -1, &e->cotangent);
    return status ? status : vxg_array_random(NULL, &e->cotangent, 9, -1, 1);
}

static void drop(example *e) {
    for (int i = 0; i < VXG_MAX_INPUTS; i++)
        vxg_array_release(&e->in[i]), vxg_array_release(&e->grad[i]);
    vxg_array_release(&e->out), vxg_array_release(&e->cotangent);
    vxg_op_release(e->op);
}

static int measure(const example *e, int adjoint, double *seconds) {
    *seconds = 1e30;
    for (int k = 0; k < 3; k++) {
        const double begin = now();
        double spent = 0;
        int calls = 0, status = 0;
        for (; spent < LEAST && !status; calls++, spent = now() - begin)
            status = adjoint ? vxg_op_vjp(e->op, NULL, e->in, &e->cotangent, e->grad)
                             : vxg_op_apply(e->op, NULL, e->in, &e->out);
        if (status) return status;
        if (spent / calls < *seconds) *seconds = spent / calls;
        if (spent > 0.5) break;
    }
    return 0;
}

int main(int argc, char **argv) {
    vxg_device *dev = NULL;
    if (vxg_device_open("cpu", &dev)) return fprintf(stderr, "%s\n", vxg_error_message()), 1;
    vxg_set_threads(1);
    for (int i = 0; i < vxg_op_row_count(); i++) {
        const vxg_op_row *row = vxg_op_row_at(i);
        example e = {0};
        double seconds;
        if (argc > 1 && !strstr(row->name, argv[1])) continue;
        if (make(dev, row, &e)) fprintf(stderr, "%s: %s\n", row->name, vxg_error_message());
        for (int adjoint = 0; adjoint < 2 && e.cotangent.buffer; adjoint++)
            if (!measure(&e, adjoint, &seconds))
                printf("%s %s %.9f\n", row->name, adjoint ? "adjoint" : "forward", seconds);
        fflush(stdout);
        drop(&e);
    }
    vxg_device_release(dev);
    return 0;
}
