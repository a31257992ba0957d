/* Jobs: killed at random moments and gone on with, by several processes, merged: the same pieces,
 * nothing done twice; damage and other work are seen. */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <voxgrad/voxgrad.h>
#include <voxgrad/io.h>

#include "test.h"

static char scratch[512];
enum { BLOCKS = 13, SIZE = 3000 };

static const char *at(const char *name) {
    static char path[2][640];
    static int which;
    which = !which;
    snprintf(path[which], sizeof path[which], "%s/%s", scratch, name);
    return path[which];
}
static void fill(int64_t block, unsigned char *bytes) {
    for (int i = 0; i < SIZE; i++) bytes[i] = (unsigned char)(block * 31 + i * (block + 7) % 253);
}

typedef struct seen {
    unsigned char bytes[SIZE + 1];
    size_t n;
} seen;
static int use(void *context, const void *bytes, size_t n) {
    seen *s = context;
    if (s->n + n > sizeof s->bytes) return VXG_ERR_FAILED;
    memcpy(s->bytes + s->n, bytes, n);
    s->n += n;
    return VXG_OK;
}
static void whole(vxg_job *j, const char *what) {
    int64_t left;
    CHECK_OK(vxg_job_left(j, &left));
    EXPECT(left == 0, "%s: %lld blocks are left", what, (long long)left);
    for (int64_t k = 0; k < BLOCKS; k++) {
        unsigned char want[SIZE];
        seen got = {.n = 0};
        fill(k, want);
        CHECK_OK(vxg_job_read(j, k, use, &got));
        EXPECT(got.n == SIZE && !memcmp(got.bytes, want, SIZE), "%s: piece %d is another", what,
               (int)k);
    }
}

/* Blocks of a shard; a mark for each that was begun, behind its piece. */
static int work(const char *folder, int64_t shard, int64_t shards, int slow) {
    const vxg_job_opts o = {
        .blocks = BLOCKS, .key = "a 1\nb 2\n", .shard = shard, .shards = shards};
    vxg_job *j;
    int64_t k = 0;
    int status = vxg_job_open(folder, &o, &j);
    while (!status && !(status = vxg_job_next(j, &k)) && k >= 0) {
        unsigned char bytes[SIZE];
        fill(k, bytes);
        status = vxg_job_begin(j, k);
        for (int i = 0; i < SIZE && !status; i += 500) {
            status = vxg_job_write(j, bytes + i, 500);
            if (slow) nanosleep(&(struct timespec){0, 100000}, NULL);
        }
        if (!status) status = vxg_job_done(j);
    }
    vxg_job_close(j);
    return status;
}

/* 50 children killed at random moments; then a last one does what is left. */
TEST(killed)
{
    const char *folder = at("killed");
    char name[640];
    snprintf(name, sizeof name, "%s", folder);
    uint32_t state = 12345;
    int64_t before = BLOCKS;
    for (int i = 0; i < 50; i++) {
        const pid_t child = fork();
        if (child == 0) _exit(work(name, 0, 1, 1) ? 1 : 0);
        state = state * 1664525u + 1013904223u;
        nanosleep(&(struct timespec){0, (long)(state >> 8) % 2500000}, NULL);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        const vxg_job_opts o = {.blocks = BLOCKS, .key = "a 1\nb 2\n"};
        vxg_job *j;
        int64_t left;
        CHECK_OK(vxg_job_open(name, &o, &j));
        CHECK_OK(vxg_job_left(j, &left));
        EXPECT(left <= before, "after kill %d: %lld are left, before %lld", i, (long long)left,
               (long long)before);
        before = left;
        vxg_job_close(j);
    }
    CHECK_OK(work(name, 0, 1, 0));
    const vxg_job_opts o = {.blocks = BLOCKS, .key = "a 1\nb 2\n"};
    vxg_job *j;
    CHECK_OK(vxg_job_open(name, &o, &j));
    whole(j, "killed");
    CHECK_OK(vxg_job_remove(j));
    vxg_job_close(j);
    EXPECT(access(name, F_OK) != 0, "the folder stays");
}

/* Three shards at once in one folder, and in folders of their own that are merged. */
TEST(shards)
{
    char name[4][640];
    for (int i = 0; i < 4; i++) {
        char word[24];
        snprintf(word, sizeof word, "shard%d", i);
        snprintf(name[i], sizeof name[i], "%s", at(word));
    }
    for (int apart = 0; apart < 2; apart++) {
        pid_t child[3];
        for (int i = 0; i < 3; i++)
            if ((child[i] = fork()) == 0) _exit(work(name[apart ? i : 3], i, 3, 1) ? 1 : 0);
        for (int i = 0; i < 3; i++) {
            int code;
            waitpid(child[i], &code, 0);
            EXPECT(code == 0, "shard %d failed", i);
        }
        const vxg_job_opts o = {.blocks = BLOCKS, .key = "a 1\nb 2\n"};
        vxg_job *j;
        int64_t k, left;
        CHECK_OK(vxg_job_open(name[apart ? 0 : 3], &o, &j));
        if (apart) {
            CHECK_OK(vxg_job_left(j, &left));
            EXPECT(left == BLOCKS - (BLOCKS + 2) / 3, "a shard made others' blocks: %d left",
                   (int)left);
            CHECK_OK(vxg_job_merge(j, name[1]));
            CHECK_OK(vxg_job_merge(j, name[2]));
        }
        whole(j, apart ? "merged" : "in one folder");
        CHECK_OK(vxg_job_next(j, &k));
        EXPECT(k == -1, "block %d is done again", (int)k);
        CHECK_OK(vxg_job_remove(j));
        vxg_job_close(j);
    }
}

#define REFUSED(call, status, words)                                                               \
    do {                                                                                           \
        const int is = (call);                                                                     \
        EXPECT(is == (status) && strstr(vxg_error_message(), words), "%s: %d, %s", words, is,      \
               vxg_error_message());                                                               \
    } while (0)
TEST(refused)
{
    char name[640];
    snprintf(name, sizeof name, "%s", at("other"));
    CHECK_OK(work(name, 0, 1, 0));
    vxg_job *j = NULL;
    vxg_job_opts o = {.blocks = BLOCKS, .key = "a 1\nb 3\n"};
    REFUSED(vxg_job_open(name, &o, &j), VXG_ERR_INPUT, "there 'b 2', here 'b 3'");
    o = (vxg_job_opts){.blocks = BLOCKS + 1, .key = "a 1\nb 2\n"};
    REFUSED(vxg_job_open(name, &o, &j), VXG_ERR_INPUT, "there 'blocks 13', here 'blocks 14'");
    o = (vxg_job_opts){.blocks = BLOCKS, .key = "a 1\n"};
    REFUSED(vxg_job_open(name, &o, &j), VXG_ERR_INPUT, "there 'b 2', here ''");
    o = (vxg_job_opts){.blocks = 0};
    REFUSED(vxg_job_open(name, &o, &j), VXG_ERR_ARGUMENT, "0 blocks");
    o = (vxg_job_opts){.blocks = 2, .shard = 2, .shards = 2};
    REFUSED(vxg_job_open(name, &o, &j), VXG_ERR_ARGUMENT, "shard 2 of 2");
    o = (vxg_job_opts){.blocks = 2};
    REFUSED(vxg_job_open("/proc/nothing/here", &o, &j), VXG_ERR_OUTPUT, "cannot make");
    REFUSED(vxg_job_open(NULL, &o, &j), VXG_ERR_ARGUMENT, "NULL");
    REFUSED(vxg_job_open(at("nobody"), NULL, &j), VXG_ERR_INPUT, "cannot open");
    CHECK_OK(vxg_job_open(name, NULL, &j)); /* as it is there */
    whole(j, "as it is there");
    vxg_job_close(j);
    j = NULL;
    EXPECT(!j, "a refused job is there");
    /* damage: seen when the piece is read, and by its length before */
    o = (vxg_job_opts){.blocks = BLOCKS, .key = "a 1\nb 2\n"};
    CHECK_OK(vxg_job_open(name, &o, &j));
    char piece[700];
    snprintf(piece, sizeof piece, "%s/piece_00000005", name);
    const int fd = open(piece, O_RDWR);
    seen got = {.n = 0};
    CHECK(fd >= 0 && pwrite(fd, "x", 1, 100) == 1, "no piece 5");
    REFUSED(vxg_job_read(j, 5, use, &got), VXG_ERR_INPUT, "damaged");
    EXPECT(got.n == 0, "%zu bytes of a damaged piece are used", got.n);
    EXPECT(ftruncate(fd, 1000) == 0, "no truncation");
    close(fd);
    int64_t k, left;
    CHECK_OK(vxg_job_left(j, &left));
    CHECK_OK(vxg_job_next(j, &k));
    EXPECT(left == 1 && k == 5, "of a piece cut off: %d left, next %d", (int)left, (int)k);
    REFUSED(vxg_job_read(j, 99, use, &got), VXG_ERR_ARGUMENT, "block 99");
    REFUSED(vxg_job_write(j, "x", 1), VXG_ERR_ARGUMENT, "no block was begun");
    REFUSED(vxg_job_done(j), VXG_ERR_ARGUMENT, "no block was begun");
    CHECK_OK(vxg_job_begin(j, 5));
    REFUSED(vxg_job_begin(j, 6), VXG_ERR_ARGUMENT, "block 5 is being written");
    vxg_job_drop(j);
    REFUSED(vxg_job_begin(j, -1), VXG_ERR_ARGUMENT, "block -1");
    REFUSED(vxg_job_merge(j, at("nobody")), VXG_ERR_INPUT, "cannot open");
    CHECK_OK(vxg_job_remove(j));
    vxg_job_close(j);
    vxg_job_close(NULL), vxg_job_drop(NULL);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(killed), T(shards), T(refused)};
    char command[600];
    if (test_scratch(scratch, sizeof scratch, "io_job", "/tmp"))
        return printf("FAIL io_job.scratch: no folder\n"), 1;
    const int failed = test_run("io_job", list, (int)(sizeof list / sizeof *list), argc, argv);
    snprintf(command, sizeof command, "rm -rf '%s'", scratch);
    return system(command) != 0 || failed;
}
