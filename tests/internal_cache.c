/* The disk cache of compiled programs: an entry is what was stored under that very key, or a miss.
 */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <voxgrad/voxgrad.h>

#include "device/backend.h"
#include "test.h"

static char root[] = "/tmp/voxgrad-cache-XXXXXX";

static void use_dir(const char *name, char *out, size_t size) {
    snprintf(out, size, "%s/%s", root, name);
    setenv("VXG_CACHE_DIR", out, 1);
}
static void key_of(const char *text, char key[65]) {
    const char *parts[] = {"test", text};
    vxg__cache_key(key, parts, 2);
}
static int loads(const char *key, const void *want, size_t n) {
    void *data;
    size_t bytes;
    vxg__cache_load(key, &data, &bytes);
    int same = data && bytes == n && !memcmp(data, want, n);
    vxg__free(data);
    return same;
}
static int misses(const char *key) {
    void *data;
    size_t bytes;
    vxg__cache_load(key, &data, &bytes);
    vxg__free(data);
    return !data && !bytes;
}
static int files_in(const char *dir, const char *end) {
    DIR *d = opendir(dir);
    int n = 0;
    for (struct dirent *e; d && (e = readdir(d));) {
        size_t length = strlen(e->d_name), m = strlen(end);
        n += length >= m && e->d_name[0] != '.' && !strcmp(e->d_name + length - m, end);
    }
    if (d) closedir(d);
    return n;
}

TEST(folder)
{
    setenv("VXG_CACHE_DIR", "/a", 1);
    setenv("XDG_CACHE_HOME", "/b", 1);
    EXPECT(!strcmp(vxg_cache_dir(), "/a"), "%s", vxg_cache_dir());
    unsetenv("VXG_CACHE_DIR");
    EXPECT(!strcmp(vxg_cache_dir(), "/b/voxgrad"), "%s", vxg_cache_dir());
    unsetenv("XDG_CACHE_HOME");
    setenv("HOME", "/c", 1);
    EXPECT(!strcmp(vxg_cache_dir(), "/c/.cache/voxgrad"), "%s", vxg_cache_dir());
    setenv("VXG_CACHE", "0", 1);
    EXPECT(!*vxg_cache_dir(), "%s", vxg_cache_dir());
    unsetenv("VXG_CACHE");
    unsetenv("HOME");
    EXPECT(!*vxg_cache_dir(), "%s", vxg_cache_dir());
}

TEST(round_trip)
{
    char dir[256], key[65], other[65];
    unsigned char data[5000];
    use_dir("a/deep/folder", dir, sizeof dir);
    for (int i = 0; i < 5000; i++) data[i] = (unsigned char)(i * 31);
    key_of("one", key), key_of("two", other);
    EXPECT(strlen(key) == 64 && strcmp(key, other), "keys %s %s", key, other);
    EXPECT(misses(key), "an empty folder hit");
    vxg__cache_store(key, data, sizeof data);
    EXPECT(loads(key, data, sizeof data), "not what was stored");
    EXPECT(misses(other), "another key hit");
    vxg__cache_store(key, data, 77); /* the newer entry stands */
    EXPECT(loads(key, data, 77), "not the second entry");
    EXPECT(files_in(dir, ".bin") == 1 && files_in(dir, "") == 2, "%d files", files_in(dir, ""));
    struct stat st;
    EXPECT(!stat(dir, &st) && (st.st_mode & 0777) == 0700, "folder mode %o", st.st_mode & 0777);
}

/* The parts of a key cannot run into each other. */
TEST(key_separates_parts)
{
    const char *a[] = {"ab", "c"}, *b[] = {"a", "bc"}, *c[] = {"abc", ""};
    char ka[65], kb[65], kc[65];
    vxg__cache_key(ka, a, 2), vxg__cache_key(kb, b, 2), vxg__cache_key(kc, c, 2);
    EXPECT(strcmp(ka, kb) && strcmp(kb, kc) && strcmp(ka, kc), "equal keys");
    /* every part counts: a driver's version is the last one */
    for (int part = 0; part < 3; part++) {
        const char *one[] = {"text", "options", "driver 1"},
                   *other[] = {"text", "options", "driver 1"};
        other[part] = "changed";
        vxg__cache_key(ka, one, 3), vxg__cache_key(kb, other, 3);
        EXPECT(strcmp(ka, kb), "part %d does not count", part);
    }
}

static void change_byte(const char *path, long at) {
    FILE *f = fopen(path, "r+b");
    fseek(f, at, SEEK_SET);
    int c = fgetc(f);
    fseek(f, at, SEEK_SET);
    fputc(c ^ 1, f);
    fclose(f);
}

TEST(damage)
{
    char dir[256], path[512], key[65], other[65], to[512];
    static const long bytes[] = {0, 63, 65, 128, 130, 131, 329};
    static const long lengths[] = {0, 1, 64, 129, 130, 131, 329};
    char data[200];
    memset(data, 'x', sizeof data);
    use_dir("damage", dir, sizeof dir);
    key_of("program", key), key_of("another program", other);
    snprintf(path, sizeof path, "%s/%s.bin", dir, key);
    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
        vxg__cache_store(key, data, sizeof data);
        CHECK(loads(key, data, sizeof data), "fresh entry");
        change_byte(path, bytes[i]);
        EXPECT(misses(key), "byte %ld changed and it still hit", bytes[i]);
    }
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        vxg__cache_store(key, data, sizeof data);
        CHECK(!truncate(path, lengths[i]), "truncate");
        EXPECT(misses(key), "cut to %ld bytes and it still hit", lengths[i]);
    }
    /* an entry of another program under this key's name: stale, however it came there */
    vxg__cache_store(other, data, sizeof data);
    snprintf(to, sizeof to, "%s/%s.bin", dir, other);
    CHECK(!rename(to, path), "rename");
    EXPECT(misses(key), "another program's entry hit");
    vxg__cache_store(key, data, sizeof data);
    EXPECT(loads(key, data, sizeof data), "a damaged entry cannot be replaced");
}

TEST(nowhere_to_write)
{
    char dir[256], path[400], key[65];
    use_dir("file", dir, sizeof dir);
    FILE *f = fopen(dir, "wb");
    CHECK(f && !fclose(f), "%s", dir);
    key_of("x", key);
    vxg__cache_store(key, "abc", 3); /* the folder is a file */
    EXPECT(misses(key), "hit");
    snprintf(path, sizeof path, "%s/below", dir);
    setenv("VXG_CACHE_DIR", path, 1);
    vxg__cache_store(key, "abc", 3); /* a parent is a file */
    EXPECT(misses(key), "hit");
    use_dir("fine", dir, sizeof dir);
    setenv("VXG_CACHE", "0", 1);
    vxg__cache_store(key, "abc", 3);
    unsetenv("VXG_CACHE");
    EXPECT(misses(key) && files_in(dir, "") == 0, "VXG_CACHE=0 wrote");
    snprintf(path, sizeof path, "%s/%s.bin", dir, key);
    mkdir(dir, 0700), mkdir(path, 0700); /* the entry's name is taken by a folder */
    vxg__cache_store(key, "abc", 3);
    EXPECT(misses(key) && files_in(dir, ".tmp") == 0, "a temporary file was left");
}

/* ---- Whom to believe ---- */
static char dir_now[256], path_now[512], key_now[65];
static void fresh_entry(const char *name) {
    use_dir(name, dir_now, sizeof dir_now);
    key_of("trust", key_now);
    vxg__cache_store(key_now, "program", 7);
    snprintf(path_now, sizeof path_now, "%s/%s.bin", dir_now, key_now);
    CHECK(loads(key_now, "program", 7), "fresh entry in %s", name);
}

TEST(writable_by_others)
{
    static const mode_t modes[] = {0720, 0702, 0777};
    for (int i = 0; i < 3; i++) {
        fresh_entry("open");
        CHECK(!chmod(path_now, modes[i]), "chmod");
        EXPECT(misses(key_now), "an entry of mode %o hit", modes[i]);
        unlink(path_now);
        fresh_entry("open");
        CHECK(!chmod(dir_now, modes[i]), "chmod");
        EXPECT(misses(key_now), "an entry in a folder of mode %o hit", modes[i]);
        const int before = files_in(dir_now, "");
        char other[65];
        key_of("not stored", other);
        vxg__cache_store(other, "x", 1);
        EXPECT(files_in(dir_now, "") == before, "stored in a folder of mode %o", modes[i]);
        chmod(dir_now, 0700);
    }
}

TEST(of_another_user)
{
    if (geteuid() != 0) SKIP("only root can give files away");
    fresh_entry("given");
    CHECK(!chown(path_now, 12345, 12345), "chown");
    EXPECT(misses(key_now), "another user's entry hit");
    unlink(path_now);
    fresh_entry("given");
    CHECK(!chown(dir_now, 12345, 12345), "chown");
    EXPECT(misses(key_now), "another user's folder hit");
    CHECK(!chown(dir_now, 0, 0), "chown");
}

/* What only somebody without the secret could have written. */
TEST(keyed)
{
    char moved[600];
    fresh_entry("keyed");
    snprintf(moved, sizeof moved, "%s/secret", dir_now);
    struct stat st;
    CHECK(!stat(moved, &st) && (st.st_mode & 0777) == 0600 && st.st_size == 32, "the secret");
    change_byte(moved, 5);
    EXPECT(misses(key_now), "an entry under another secret hit");
    change_byte(moved, 5);
    EXPECT(loads(key_now, "program", 7), "the old secret");
    CHECK(!chmod(moved, 0644), "chmod");
    EXPECT(misses(key_now), "a secret that others can read is used");
    chmod(moved, 0600);
    /* the checksum without the secret, as an entry of the format before had it */
    char sum[65];
    vxg_sha256 s;
    vxg__sha256_start(&s);
    vxg__sha256_add(&s, "program", 7);
    vxg__sha256_hex(&s, sum);
    FILE *f = fopen(path_now, "wb");
    CHECK(f && fprintf(f, "%s\n%s\nprogram", key_now, sum) > 0 && !fclose(f), "writing");
    EXPECT(misses(key_now), "a checksum without the secret hit");
}

TEST(links_and_pipes)
{
    char to[600];
    fresh_entry("kinds");
    snprintf(to, sizeof to, "%s/moved", dir_now);
    CHECK(!rename(path_now, to) && !symlink(to, path_now), "link");
    EXPECT(misses(key_now), "a link hit");
    CHECK(!unlink(path_now) && !mkfifo(path_now, 0600), "fifo");
    alarm(20); /* opening a FIFO waits for a writer */
    EXPECT(misses(key_now), "a FIFO hit");
    vxg__cache_store(key_now, "program", 7);
    EXPECT(loads(key_now, "program", 7), "a FIFO cannot be replaced");
    snprintf(to, sizeof to, "%s/secret", dir_now);
    CHECK(!unlink(to) && !mkfifo(to, 0600), "fifo");
    EXPECT(misses(key_now), "a FIFO as secret");
    alarm(0);
}

TEST(bounded)
{
    static char data[300000];
    char key[6][65], left[600];
    use_dir("bounded", dir_now, sizeof dir_now);
    setenv("VXG_CACHE_MB", "1", 1);
    for (int i = 0; i < 6; i++) {
        char name[8] = {(char)('a' + i)};
        key_of(name, key[i]);
    }
    for (int i = 0; i < 3; i++) {
        vxg__cache_store(key[i], data, sizeof data);
        usleep(20000); /* time stamps of files are coarse */
    }
    EXPECT(loads(key[0], data, sizeof data), "0 was removed too early");
    usleep(20000);
    vxg__cache_store(key[3], data, sizeof data); /* the fourth does not fit: 1 is the oldest */
    EXPECT(misses(key[1]), "the limit does not hold");
    EXPECT(loads(key[0], data, sizeof data) && loads(key[2], data, sizeof data) &&
               loads(key[3], data, sizeof data),
           "an entry was removed that is not the one used longest ago");
    static char large[1100000];
    vxg__cache_store(key[4], large, sizeof large);
    EXPECT(misses(key[4]) && loads(key[3], data, sizeof data), "larger than the limit");
    snprintf(left, sizeof left, "%s/0123.tmp", dir_now);
    FILE *f = fopen(left, "wb");
    const struct timespec old[2] = {{1000, 0}, {1000, 0}};
    CHECK(f && !fclose(f) && !utimensat(AT_FDCWD, left, old, 0), "a file that was left");
    vxg__cache_store(key[5], data, 10);
    EXPECT(files_in(dir_now, ".tmp") == 0, "temporary files stay for ever");
    unsetenv("VXG_CACHE_MB");
}

/* A folder's name of any length that the system takes is taken whole; a longer one is no folder. */
TEST(long_names)
{
    char dir[6000] = "", key[65];
    key_of("long", key);
    snprintf(dir, sizeof dir, "%s", root);
    while (strlen(dir) < 2000) strcat(dir, "/0123456789012345678");
    setenv("VXG_CACHE_DIR", dir, 1);
    EXPECT(!strcmp(vxg_cache_dir(), dir), "cut to %zu characters", strlen(vxg_cache_dir()));
    vxg__cache_store(key, "abc", 3);
    EXPECT(loads(key, "abc", 3) && files_in(dir, ".bin") == 1, "not in that folder");
    while (strlen(dir) < 5000) strcat(dir, "/0123456789012345678");
    setenv("VXG_CACHE_DIR", dir, 1);
    EXPECT(!*vxg_cache_dir(), "a name that cannot be opened is used: %zu", strlen(vxg_cache_dir()));
    vxg__cache_store(key, "abc", 3);
    EXPECT(misses(key), "hit");
}

/* ---- Several writers and readers of one key ---- */
enum { BIG = 300000, ROUNDS = 40 };
static char shared_key[65];
static int torn;

static void *writer(void *arg) {
    int letter = (int)(intptr_t)arg;
    size_t n = (size_t)BIG - 1000 * (size_t)letter;
    char *data = malloc(n);
    memset(data, 'a' + letter, n);
    for (int i = 0; i < ROUNDS; i++) vxg__cache_store(shared_key, data, n);
    free(data);
    return NULL;
}
static int one_read(void) {
    void *data;
    size_t n;
    vxg__cache_load(shared_key, &data, &n);
    const char *p = data;
    int good = !data || n == (size_t)BIG - 1000 * (size_t)(p[0] - 'a');
    for (size_t i = 0; data && i < n; i++) good &= p[i] == p[0];
    vxg__free(data);
    return good;
}
static void *reader(void *arg) {
    (void)arg;
    for (int i = 0; i < ROUNDS; i++)
        if (!one_read()) __atomic_store_n(&torn, 1, __ATOMIC_RELAXED);
    return NULL;
}

TEST(many_writers)
{
    char dir[256];
    pthread_t t[6];
    use_dir("many", dir, sizeof dir);
    key_of("shared", shared_key);
    pid_t child = fork();
    if (child == 0) {
        writer((void *)(intptr_t)5);
        _exit(0);
    }
    for (int i = 0; i < 6; i++)
        CHECK(!pthread_create(&t[i], NULL, i < 3 ? writer : reader, (void *)(intptr_t)i), "thread");
    for (int i = 0; i < 6; i++) pthread_join(t[i], NULL);
    int state;
    waitpid(child, &state, 0);
    EXPECT(!torn, "a reader saw half an entry");
    EXPECT(!misses(shared_key) && one_read(), "nothing was stored");
    EXPECT(files_in(dir, ".bin") == 1 && files_in(dir, "") == 2, "%d files left",
           files_in(dir, ""));
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(folder),
                                      T(round_trip),
                                      T(key_separates_parts),
                                      T(damage),
                                      T(nowhere_to_write),
                                      T(writable_by_others),
                                      T(of_another_user),
                                      T(keyed),
                                      T(links_and_pipes),
                                      T(bounded),
                                      T(long_names),
                                      T(many_writers)};
    char command[64];
    const char *home = getenv("HOME");
    char *kept = home ? strdup(home) : NULL;
    if (!mkdtemp(root)) return 1;
    unsetenv("VXG_CACHE");
    int status = test_run("cache", list, 1, argc, argv);
    if (kept) setenv("HOME", kept, 1);
    status |= test_run("cache", list + 1, 11, argc, argv);
    free(kept);
    snprintf(command, sizeof command, "rm -rf %s", root);
    return status || system(command);
}
