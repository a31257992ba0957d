/* The registry under threads: a name is registered once, whoever asks at the same time. */
#include <pthread.h>
#include <voxgrad/voxgrad.h>

#include "test.h"

#define THREADS 4
#define NAMES 200
#define LENGTH 20000 /* long names with one beginning: looking a name up takes its time */

static int made(vxg_device *dev, const vxg_problem *problem, vxg_op **out) {
    const vxg_space s = {.dtype = vxg_real_dtype(problem->real), .ndim = 1, .shape = {1}};
    return vxg_op_math(dev, VXG_MATH_SCALE, 1, &s, out);
}

static char names[NAMES][LENGTH + 8];
static vxg_op_row rows[THREADS][NAMES];
static int taken[NAMES]; /* atomic: how many threads got the name */
static pthread_barrier_t gate;

static void *register_all(void *row) {
    vxg_op_row *const own = row;
    for (int i = 0; i < NAMES; i++) {
        pthread_barrier_wait(&gate); /* all threads want the same name at once */
        if (!vxg_op_register(&own[i])) __atomic_add_fetch(&taken[i], 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

TEST(a_name_once)
{
    pthread_t threads[THREADS];
    const int before = vxg_op_row_count();
    pthread_barrier_init(&gate, NULL, THREADS);
    for (int i = 0; i < NAMES; i++) {
        memset(names[i], 'n', LENGTH);
        snprintf(names[i] + LENGTH, 8, "%d", i % 1000);
    }
    for (int t = 0; t < THREADS; t++) {
        for (int i = 0; i < NAMES; i++)
            rows[t][i] = (vxg_op_row){.name = names[i], .make = made, .examples = 1};
        CHECK(!pthread_create(&threads[t], NULL, register_all, rows[t]), "thread %d", t);
    }
    for (int t = 0; t < THREADS; t++) pthread_join(threads[t], NULL);
    pthread_barrier_destroy(&gate);
    for (int i = 0; i < NAMES; i++)
        EXPECT(taken[i] == 1, "name %d is registered %d times", i, taken[i]);
    EXPECT(vxg_op_row_count() == before + NAMES, "%d rows more", vxg_op_row_count() - before);
    EXPECT(vxg_op_row_find(names[7]) && !vxg_op_row_find("test.none"), "rows are found by name");
}

TEST(bad_rows)
{
    const vxg_op_row no_name = {.make = made, .examples = 1},
                     no_make = {.name = "x", .examples = 1};
    const vxg_op_row none = {.name = "x", .make = made},
                     taken_name = {.name = "math.exp", .make = made, .examples = 1};
    EXPECT(vxg_op_register(NULL) == VXG_ERR_ARGUMENT, "no row");
    EXPECT(vxg_op_register(&no_name) == VXG_ERR_ARGUMENT, "no name");
    EXPECT(vxg_op_register(&no_make) == VXG_ERR_ARGUMENT, "no make");
    EXPECT(vxg_op_register(&none) == VXG_ERR_ARGUMENT, "no examples");
    EXPECT(vxg_op_register(&taken_name) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "registered already"),
           "a room's name: %s", vxg_error_message());
    EXPECT(!vxg_op_row_find(NULL) && !vxg_op_row_at(-1) && !vxg_op_row_at(1 << 20), "no such row");
}

TEST_MAIN("op_registry", T(bad_rows), T(a_name_once))
