/* Random command lines, most of them nearly valid, run inside this process: no crash, a documented
 * exit code, one message for an error, and a failure leaves the folder as it was. Words come from
 * the verbs' own option tables, so that new options take part. Case n of a verb depends on n alone.
 */
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "test.h"

#if defined(__SANITIZE_ADDRESS__)
#define PART 3 /* one in so many of the cases */
void __sanitizer_set_report_fd(void *fd);
void __sanitizer_set_death_callback(void (*fn)(void));
#else
#define PART 1
#endif
enum { MOST_WORDS = 40, WORD = 320 };

static char work[256];

int voxgrad_main(int argc, char **argv); /* cli/main.c */

static uint32_t item, purpose, word;
static uint32_t roll(uint32_t n) {
    const uint32_t key[2] = {21, purpose}, counter[4] = {word++, item, 0, 0};
    uint32_t r[4];
    vxg_philox(counter, key, r);
    return r[0] % n;
}
#define PICK(list) ((list)[roll(sizeof(list) / sizeof *(list))])

/* ---- The command line ---- */
static struct line {
    int n;
    char text[MOST_WORDS][WORD];
    char geometry[512]; /* what ../in/g.json holds, "": nothing was written */
} line;

/* No word may lead out of the scratch folder, wherever chance puts it: of paths that begin at the
 * root or climb, only ../in stays. */
static void keep_inside(char *s) {
    char rest[WORD];
    size_t n = 0;
    for (const char *p = s; *p;) {
        if (!strncmp(p, "../in/", 6)) {
            p += 6; /* what follows must be harmless behind it */
        } else {
            rest[n++] = *p++;
        }
    }
    rest[n] = 0;
    const int glued = rest[0] == '-' && rest[1] && rest[1] != '-' && rest[2] == '/';
    if (rest[0] != '/' && !glued && !strstr(rest, "=/") && !strstr(rest, "..")) return;
    for (char *p = s; *p; p++)
        if (*p == '/' || *p == '.') *p = '_';
}

__attribute__((format(printf, 1, 2))) static void add(const char *format, ...) {
    va_list ap;
    if (line.n == MOST_WORDS) return;
    va_start(ap, format);
    vsnprintf(line.text[line.n], WORD, format, ap);
    va_end(ap);
    keep_inside(line.text[line.n++]);
}

static const char *spelled(void) {
    static char all[4096];
    size_t n = 0;
    for (int i = 0; i < line.n && n < sizeof all; i++)
        n += (size_t)snprintf(all + n, sizeof all - n, "%s'%s'", i ? " " : "", line.text[i]);
    if (*line.geometry && n < sizeof all)
        snprintf(all + n, sizeof all - n, "\ng.json: %s", line.geometry);
    return all;
}

/* ---- Values ---- */
static void whole_number(const vxg_option *o, char *out) {
    static const char *const odd[] = {"-1",   "1e99", "2147483648", "1.5", "nan", "0x3", " 5",
                                      "5 ",   "",     "-0",         "+2",  "inf", "1e",  "five",
                                      "1e-3", "3,5",  "00003",      ".",   "-",   "--"};
    /* The largest sizes are legal and take long: only values of which nothing comes. */
    const int most = strcmp(o->name, "threads") && strcmp(o->name, "samples") ? 5 : 2;
    if (!roll(12)) {
        snprintf(out, WORD, "%s", PICK(odd));
    } else if (!roll(12)) {
        snprintf(out, WORD, "%.0f", roll(2) ? o->max + 1 : o->min - 1);
    } else {
        int x = (int)roll((uint32_t)most + 1);
        if (x < o->min) x = (int)o->min;
        snprintf(out, WORD, "%d", x);
    }
}
static void real_number(const vxg_option *o, char *out) {
    static const char *const odd[] = {"nan",   "inf",   "-inf", "1e400", "1e-400", "",    "x",
                                      "1.5.2", "0x1p3", "1,5",  "-0",    " 1",     "1 ",  "1e",
                                      "1e-30", "1e30",  "-1",   "0",     "1e9",    "180", "60000"};
    const double usual = o->fallback ? strtod(o->fallback, NULL) : 1;
    if (!roll(6)) {
        snprintf(out, WORD, "%s", PICK(odd));
    } else if (!roll(6)) {
        snprintf(out, WORD, "%.17g", roll(2) ? o->max : o->min);
    } else {
        snprintf(out, WORD, "%.4g", (usual != 0 ? usual : 5) * (0.5 + roll(1000) / 1000.0));
    }
}
static void choice(const vxg_option *o, char *out) {
    int n = 1;
    for (const char *p = o->choices; *p; p++) n += *p == '|';
    const char *p = o->choices;
    for (uint32_t k = roll((uint32_t)n); k > 0; k--) p = strchr(p, '|') + 1;
    snprintf(out, WORD, "%.*s", (int)strcspn(p, "|") + (roll(20) ? 0 : -1), p);
}
static void range(char *out) {
    static const char *const list[] = {
        "0:2",      "0:1",     "1:3",     "2:5",     "1",   "0:3:1", "1:2.5",
        "2:1",      "a:b",     "0.5:1.5", "0:99",    ":",   "1:",    ":1",
        "-1:2",     "0:1e300", "1:1",     "nan:inf", "",    "0:3:0", "0:3:5",
        "3:5:0.25", "7",       "-1",      "1:2:3:4", "2:9", "3:7",   "0:2147483648"};
    snprintf(out, WORD, "%s", roll(2) ? list[roll(6)] : PICK(list));
}
static void file_name(char *out) {
    static const char *const list[] = {
        "new.h5",  "new.json",     "new.npy",     "new.tiff",   "new.svg",    "new.png",
        "new",     "deep/er/a.h5", "deep/b.json", "deep/c.npy", "old.h5",     "old.json",
        "old.svg", "old.png",      "old.npy",     "dir",        "dir/",       "",
        ".",       "./",           "old.json/x",  "old.svg/x",  "dir/x/y.h5", "none/",
        "x.h5/",   "new.tif",      "new.txt",     "new.hdf5",   "old.npy/x",  "dir/new.npy"};
    if (roll(60)) {
        snprintf(out, WORD, "%s", roll(2) ? list[roll(10)] : PICK(list));
    } else {
        memset(out, 'n', 300), out[300] = 0; /* over the limit of names, in a folder to be made */
        if (roll(3)) memcpy(out, "fresh/", 6);
    }
}
static void in_file(char *out) {
    static const char *const list[] = {
        "../in/none.h5", "../in/scan.h5", "../in/cone.h5", "../in/g.json",
        "../in/text",    "../in/cut.h5",  "../in/",        "",
        "old.h5/x",      "new",           "../in/empty",   "../in/phantom"};
    snprintf(out, WORD, "%s", PICK(list));
}
static void text(const vxg_option *o, char *out) {
    static const char *const devices[] = {"cpu",      "cpu",    "cpu",  "cpu:v2", "auto", "cpu:v9",
                                          "opencl:7", "cuda:9", "gpu!", "",       "cpu:", ":"};
    static const char *const axes[] = {"auto", "middle", "3", "2.5", "4.25", "nan", "-1",
                                       "1e9",  "3x",     "",  "0",   "7",    "inf", "0x2"};
    static const char *const rows[] = {"0", "1", "0.5", "1.0", "-1", "1.5", "9", "x", "", "nan"};
    static const char *const phantoms[] = {"disc",   "cube",          "spheres", "shepp-logan-3d",
                                           "sphere", "../in/phantom", "./none",  "",
                                           "a.b",    "../in/text",    "disc",    "../in/g.json"};
    static const char *const units[] = {"mm",        "um", "",   "a very long unit of length",
                                        "\xc2\xb5m", "\"", "<&>"};
    static const char *const sets[] = {"exchange/data", "exchange/theta", "none", "", "/", "//"};
    if (!strcmp(o->name, "device")) {
        snprintf(out, WORD, "%s", PICK(devices));
    } else if (!strcmp(o->name, "rotation-axis")) {
        snprintf(out, WORD, "%s", PICK(axes));
    } else if (!strcmp(o->name, "nsino")) {
        snprintf(out, WORD, "%s", PICK(rows));
    } else if (!strcmp(o->name, "phantom")) {
        snprintf(out, WORD, "%s", PICK(phantoms));
    } else if (!strcmp(o->name, "unit")) {
        snprintf(out, WORD, "%s", PICK(units));
    } else if (!strcmp(o->name, "dataset")) {
        snprintf(out, WORD, "%s", PICK(sets));
    } else if (!strcmp(o->name, "geometry") || !strcmp(o->name, "plugin")) {
        roll(3) ? (void)snprintf(out, WORD, "../in/g.json") : in_file(out);
    } else {
        file_name(out);
    }
}

/* ---- Options ---- */
static void damage(char *s) { /* one letter of a word */
    const size_t n = strlen(s);
    if (n == 0) return;
    const size_t at = roll((uint32_t)n);
    if (roll(3)) {
        s[at] = (char)(33 + roll(94));
    } else {
        memmove(s + at, s + at + 1, n - at);
    }
}

static void option(const cli_verb *v, const char *name) {
    const vxg_option *o = &v->options[roll((uint32_t)v->count)];
    char value[WORD] = "", word_of[80];
    for (int i = 0; name && i < v->count; i++)
        if (!strcmp(v->options[i].name, name)) o = &v->options[i];
    switch (o->type) {
    case VXG_OPT_FLAG: snprintf(value, sizeof value, "%s", roll(2) ? "0" : "1"); break;
    case VXG_OPT_INT64:
    case VXG_OPT_INT: whole_number(o, value); break;
    case VXG_OPT_REAL: real_number(o, value); break;
    case VXG_OPT_FILE:
    case VXG_OPT_OUTPUT:
    case VXG_OPT_TEXT: text(o, value); break;
    case VXG_OPT_CHOICE: choice(o, value); break;
    case VXG_OPT_SPAN:
    case VXG_OPT_RANGE: range(value); break;
    default: break; /* no verb has lists */
    }
    if (o->type != VXG_OPT_INT && o->type != VXG_OPT_INT64 && !roll(100))
        damage(value); /* no million out of ten million */
    snprintf(word_of, sizeof word_of, "--%s", o->name);
    const char *alias = v->rows[o - v->options].also;
    if (alias && !roll(4)) snprintf(word_of, sizeof word_of, "--%s", alias);
    if (!roll(60)) damage(word_of + roll(3));
    if (o->letter && !roll(3)) {
        if (roll(2)) {
            add("-%c%.310s", o->letter, o->type == VXG_OPT_FLAG ? "" : value);
            return;
        }
        snprintf(word_of, sizeof word_of, "-%c", o->letter);
    } else if (o->type == VXG_OPT_FLAG ? !roll(10) : roll(2)) {
        add("%.79s=%.230s", word_of, value);
        return;
    }
    add("%s", word_of);
    if (o->type != VXG_OPT_FLAG && roll(100)) add("%s", value);
}

static void options(const cli_verb *v, uint32_t most) {
    static const char *const stray[] = {
        "--", "-", "--=", "---", "-=", "extra", "", "--no-such", "-Z"};
    for (uint32_t n = roll(most + 1); n > 0; n--) option(v, NULL);
    if (!roll(40)) add("%s", PICK(stray));
    if (!roll(100)) add("--help");
}

/* ---- Input files ---- */
static int spill(const char *path, const char *s, size_t n) {
    unlink(path); /* cheaper than to cut it off */
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
    const int bad = fd < 0 || write(fd, s, n) != (ssize_t)n;
    return (fd >= 0 && close(fd)) || bad;
}

static void geometry_file(void) {
    static const char *const list[] = {
        "{\"beam\": \"cone\", \"rows\": 3, \"cols\": 9, \"sod\": 400, \"sdd\": 600, \"pixel\": 1,\n"
        " \"views\": 8, \"center\": 4, \"volume\": {\"size\": [3, 5, 5], \"voxel\": 1}}",
        "{\"beam\": \"fan\", \"detector\": \"curved\", \"cols\": 9, \"sod\": 40, \"sdd\": 60,\n"
        " \"pixel\": 1, \"angles_deg\": [0, 50, 100, 150, 200, 250, 300, 350], \"units\": \"mm\"}",
        "{\"beam\": \"parallel\", \"rows\": 3, \"cols\": 9, \"views\": 8, \"range_deg\": 180}",
        "{\"beam\": \"parallel\", \"rows\": 2, \"cols\": 3, \"views\": [{\"r\": [0, 1, 0],\n"
        " \"d\": [0, 2, 0], \"U\": [1, 0, 0], \"V\": [0, 0, 1]}]}",
        "# cone_vec 3 4\n0 -4 0 0 2 0 1 0 0 0 0 1\n4 0 0 -2 0 0 0 1 0 0 0 1\n",
        "<RTKThreeDCircularGeometry version=\"3\"><SourceToIsocenterDistance>4"
        "</SourceToIsocenterDistance><SourceToDetectorDistance>6</SourceToDetectorDistance>\n"
        "<Projection><GantryAngle>3</GantryAngle></Projection></RTKThreeDCircularGeometry>",
        "-900 0 30 100\n0 5 900 200\n0.1 1 0 300\n",
        "geometry = cone\nnumAngles = 2\nnumRows = 3\nnumCols = 4\npixelHeight = 1\npixelWidth = "
        "2\n"
        "centerRow = 1\ncenterCol = 2\nphis = 3, 40\nsod = 5\nsdd = 9\n",
        "{\"mode\": \"cone\", \"DSD\": 9, \"DSO\": 5, \"nDetector\": [3, 4], \"dDetector\": [1, "
        "2],\n"
        " \"nVoxel\": [3, 4, 5], \"dVoxel\": [1, 2, 3], \"angles\": [0, 1, 2]}",
        "{\"geometry\": \"Parallel3D\", \"angles\": [1, 2, 30], \"num_pixels\": [4, 3],\n"
        " \"pixel_size\": [1, 2]}",
    };
    static const char *const pieces[] = {"\"",     "{",     "}", "[",   "]",  ",",
                                         "null",   "1e999", "-", "NaN", "\\", "\"sod\": 1,",
                                         "1e-300", "<",     "#", "\xff"};
    char *s = line.geometry;
    size_t n = (size_t)snprintf(s, sizeof line.geometry, "%s", PICK(list));
    for (uint32_t edits = roll(3) ? 0 : roll(4); edits > 0; edits--) {
        const size_t at = roll((uint32_t)n), cut = roll(2) && n - at > 3 ? roll(3) : 0;
        const char *piece = roll(3) ? PICK(pieces) : "";
        const size_t more = strlen(piece);
        if (n + more + 1 >= sizeof line.geometry) continue;
        memmove(s + at + more, s + at + cut, n - at - cut + 1);
        memcpy(s + at, piece, more);
        n += more - cut;
    }
    spill("../in/g.json", s, n);
}

/* ---- Cases of the verbs. Sizes are small, whatever the rest says ---- */
static void info_case(void) {
    char name[WORD];
    add("info");
    in_file(name);
    if (roll(30)) add("%s", roll(2) ? "../in/none.h5" : name);
    options(cli_verb_find("info"), 3);
}
static void center_case(void) {
    char name[WORD];
    add("%s", roll(5) ? "center" : "find_center");
    in_file(name);
    if (roll(30)) add("%s", roll(6) ? name : "../in/scan.h5");
    options(cli_verb_find("center"), 4);
}
static void recon_case(void) {
    static const char *const late[] = {"--rows=0:99", "--device=cpu:v9", "-c99",
                                       "--nsino=9",   "-oold.json",      "-oold.svg/no",
                                       "--ring=4",    "-g../in/cut.h5",  "-oold.json/x",
                                       "-c1e9",       "--rows=1:1.5"};
    const cli_verb *v = cli_verb_find("recon");
    char name[WORD];
    const int given = !roll(3);
    if (given) geometry_file();
    const int opens = !roll(6);
    add("recon");
    do in_file(name);
    while (strstr(name, "scan") || strstr(name, "cone"));
    if (roll(30)) add("%s", opens ? "../in/scan.h5" : name);
    if (roll(20)) option(v, "output");
    if (roll(2)) add("-c4");
    if (given) option(v, "geometry");
    options(v, 5);
    if (!roll(2)) add("--force");
    if (opens && roll(8)) add("%s", PICK(late)); /* pictures take 10 ms and more */
}
static void simulate_case(void) {
    const cli_verb *v = cli_verb_find("simulate");
    const int given = !roll(3);
    if (given) geometry_file();
    add("simulate");
    if (!given) { /* the sizes that follow are small too */
        add("--views=3"), add("--rows=2"), add("--cols=6");
    } else {
        add("--geometry=../in/g.json");
    }
    add("--flats=1"), add("--darks=%u", roll(2));
    if (roll(20)) option(v, "output");
    if (!roll(3)) option(v, roll(3) ? "geometry-out" : "volume-out");
    if (!given && !roll(3)) add("--sod=%u", roll(9)), add("--sdd=%u", 5 + roll(20));
    options(v, 4);
    if (!roll(2)) add("--force");
}
static void geometry_case(void) {
    const cli_verb *v = cli_verb_find("geometry");
    const uint32_t kind = roll(20);
    geometry_file();
    add("geometry");
    add("%s", kind == 0 ? "explan" : kind < 9 ? "explain" : "convert");
    if (roll(30)) add("%s", roll(10) ? "../in/g.json" : "../in/none.json");
    if (kind < 9 ? !roll(2) : roll(2)) option(v, kind < 9 ? "svg" : roll(2) ? "to" : "output");
    if (!roll(2)) add("--rows=%u", roll(5)), add("--cols=%u", roll(5));
    options(v, 3);
}
/* check and bench would work for minutes: patterns that match nothing, or one cheap row. */
static void pattern(const char *row) {
    static const char *const none[] = {"nonsense", "ct.??", "[", "", "CT*", "math.exp.", "*?*!"};
    const int works = !roll(400 / (PART > 1 ? 4 : 1));
    const char *name = PICK(none);
    add("%s", works ? row : *name ? name : "none");
}
static void last_words(const char *first, const char *second) {
    add("%s", first), add("%s", second), add("--device=cpu");
}
static void check_case(void) {
    add("check");
    pattern("math.exp");
    add("--device=cpu");
    options(cli_verb_find("check"), 4);
    if (!strcmp(line.text[1], "math.exp")) last_words("--examples=1", "--thorough=0");
}
static void bench_case(void) {
    add("bench");
    pattern("ct.parallel.fbp");
    add("--device=cpu");
    options(cli_verb_find("bench"), 4);
    if (!strcmp(line.text[1], "ct.parallel.fbp")) {
        last_words("--slices=2", "--runs=1");
        add("--size=%u", 1 + roll(12));
    }
}
/* The verbs that only print; `devices` looks for drivers, which takes milliseconds. */
static void other_case(void) {
    static const char *const verbs[] = {"version", "help",       "man",  "completion", "devices",
                                        "--help",  "--version",  "-h",   "-V",         "recn",
                                        "",        "completion", "help", "--",         "man"};
    static const char *const words[] = {"bash",  "zsh",   "fish", "roff",    "markdown",
                                        "recon", "check", "",     "geometry"};
    const char *name = PICK(verbs);
    if (!roll(100)) return; /* no verb at all */
    add("%s", name);
    const cli_verb *v = cli_verb_find(name);
    if (v && !strcmp(name, "devices") && roll(50)) add("%s", "--nothing");
    if (roll(2)) add("%s", PICK(words));
    if (v) options(v, 2);
}

/* ---- What is in the folder ---- */
static uint64_t mix(uint64_t h, const void *p, size_t n) {
    for (size_t i = 0; i < n; i++) h = (h ^ ((const uint8_t *)p)[i]) * 1099511628211u;
    return h;
}
static uint64_t signature(const char *folder) { /* of names, sizes and times, in any order */
    uint64_t sum = 1;
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        char path[2048];
        struct stat st;
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (lstat(path, &st)) continue;
        const int64_t facts[4] = {S_ISDIR(st.st_mode) ? 0 : (int64_t)st.st_size, st.st_mode,
                                  S_ISDIR(st.st_mode) ? 0 : (int64_t)st.st_mtim.tv_nsec,
                                  (int64_t)st.st_ino};
        sum += mix(mix(14695981039346656037u, e->d_name, strlen(e->d_name)), facts, sizeof facts);
        if (S_ISDIR(st.st_mode)) sum = sum * 31 + signature(path);
    }
    if (dir) closedir(dir);
    return sum;
}
static void clear(const char *folder) {
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        char path[2048];
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (unlink(path)) clear(path), rmdir(path);
    }
    if (dir) closedir(dir);
}
static int fill(void) { /* what outputs find there */
    static const char *const files[] = {"old.h5",       "old.json",
                                        "old.svg",      "old.png",
                                        "old.npy",      "dir/recon_00000.tiff",
                                        "dir/recon.h5", "dir/provenance.json"};
    clear(".");
    int bad = mkdir("dir", 0777);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) bad |= spill(files[i], "old\n", 4);
    return bad;
}

/* ---- One case ---- */
static int real_out, real_err, messages; /* file descriptors; messages: all of standard error */
static off_t said_before;

static void say_case(void) {
    const char *s = spelled();
    dprintf(real_err, "%s %u: voxgrad %s\n", test_suite, item, s);
}
static void on_death(int number) {
    say_case();
    signal(number, SIG_DFL);
    raise(number);
}

static int run_line(void) {
    char copy[MOST_WORDS][WORD], *argv[MOST_WORDS + 2] = {"voxgrad"};
    for (int i = 0; i < line.n; i++) argv[i + 1] = memcpy(copy[i], line.text[i], WORD);
    said_before = lseek(messages, 0, SEEK_END);
    alarm(60); /* a case that hangs is named */
    const int code = voxgrad_main(line.n + 1, argv);
    fflush(stdout);
    alarm(0);
    return code;
}

/* Lines on standard error that are messages of an error; *last: the last line is one. */
static int errors(char *said, size_t size, int *last) {
    int n = 0;
    const ssize_t got = pread(messages, said, size - 1, said_before);
    said[got > 0 ? got : 0] = 0;
    *last = 0;
    for (const char *p = said; *p; p += strcspn(p, "\n"), p += *p == '\n') {
        *last = !strncmp(p, "voxgrad: ", 9) && strncmp(p, "voxgrad: warning: ", 18);
        n += *last;
    }
    return n;
}

static int verbose(void) {
    for (int i = 0; i < line.n; i++)
        if (!strcmp(line.text[i], "-v") || strstr(line.text[i], "verbose")) return 1;
    return 0;
}

/* A checksum may go on after its command has failed, and may not have asked for memory yet. */
static int sums_up(void) {
    DIR *d = opendir("/proc/self/task");
    int found = 0;
    for (struct dirent *e; d && (e = readdir(d));) {
        char path[300], name[32] = "";
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", e->d_name);
        FILE *f = fopen(path, "r");
        if (!f) continue;
        found |= fgets(name, sizeof name, f) && !strcmp(name, "checksum\n");
        fclose(f);
    }
    if (d) closedir(d);
    return found;
}

/* The number of a new file tells whether others stay open. */
static int is_clean(int64_t alive) {
    const int null = open("/dev/null", O_RDONLY);
    close(null);
    return null == messages + 1 && vxg_alloc_live() <= alive;
}

static void one_case(uint64_t *before, int64_t alive, int *good) {
    static char said[8192];
    const int look = item % 16 == 0; /* at the inputs, which nothing should touch */
    const uint64_t inputs = look ? signature("../in") : 0;
    const int code = run_line();
    int last;
    const int n = errors(said, sizeof said, &last);
    for (int i = 0; i < 10000 && (sums_up() || !is_clean(alive)); i++) usleep(1000);
    CHECK(is_clean(alive), "memory or an open file stays: %s", spelled());
    CHECK(code >= 0 && code <= 6, "exit code %d: %s: %s", code, said, spelled());
    CHECK(!look || signature("../in") == inputs, "an input was changed: %s", spelled());
    if (!verbose() && line.n > 0)
        CHECK(n == (code != 0) && last == n, "%d messages, exit code %d: %s: %s", n, code, said,
              spelled());
    CHECK(code == 0 || line.n == 0 || last, "no message at the end, exit code %d: %s: %s", code,
          said, spelled());
    const uint64_t after = signature(".");
    CHECK(code == 0 || after == *before, "exit code %d, and files were left or lost: %s: %s", code,
          said, spelled());
    if (after != *before) {
        CHECK(fill() == 0, "the folder cannot be filled again");
        *before = signature(".");
    }
    *good += code == 0;
}

static void run(uint32_t key, int cases, void (*make)(void), double least) {
    int good = 0;
    cases /= PART;
    purpose = key;
    CHECK(fill() == 0, "the folder cannot be filled");
    uint64_t before = signature(".");
    const int64_t alive = vxg_alloc_live();
    for (int i = 0; i < cases && test_state != 1; i++) {
        item = (uint32_t)i, word = 0;
        memset(&line, 0, sizeof line);
        make();
        one_case(&before, alive, &good);
    }
    if (test_state == 1) return;
    CHECK(good >= least * cases && good < 0.95 * cases, "%d of %d succeed", good, cases);
}

/* 100 000 together */
TEST(geometry)
{ run(1, 40000, geometry_case, 0.1); }
TEST(simulate)
{ run(2, 8000, simulate_case, 0.1); }
TEST(recon)
{ run(3, 8000, recon_case, 0.005); }
TEST(center)
{ run(4, 6000, center_case, 0.02); }
TEST(info)
{ run(5, 12000, info_case, 0.02); }
TEST(check)
{ run(6, 12000, check_case, 0); }
TEST(bench)
{ run(7, 10000, bench_case, 0); }
TEST(others)
{ run(8, 4000, other_case, 0.1); }

/* ---- Where it runs ---- */
static int call(const char *const *words) {
    memset(&line, 0, sizeof line);
    for (; *words; words++) add("%s", *words);
    return run_line();
}

/* Scans of 8 views, 3 rows and 9 columns, and files that are none. */
static int prepare(void) {
    static const char *const scan[] = {"simulate", "-o../in/scan.h5", "--views=8", "--rows=3",
                                       "--cols=9", "--flats=2",       "--darks=1", NULL};
    static const char *const cone[] = {
        "simulate",  "-o../in/cone.h5", "--views=8", "--rows=3", "--cols=9",
        "--flats=1", "--darks=0",       "--sod=40",  "--sdd=60", NULL};
    static const char shapes[] = "phantom 1\nellipsoid add 1.0  0 0 0  0.6 0.5 0.4  30\n";
    char path[512];
    snprintf(path, sizeof path, "%s/out", work);
    if (mkdir(path, 0777) || chdir(path) || mkdir("../in/", 0777)) return 1;
    if (spill("../in/text", "words\n", 6) || spill("../in/empty", "", 0)) return 1;
    if (spill("../in/phantom", shapes, sizeof shapes - 1)) return 1;
    const int code = call(scan);
    if (code) return code != vxg_status_exit_code(VXG_ERR_UNSUPPORTED); /* no HDF5: no scans */
    if (call(cone)) return 1;
    FILE *f = fopen("../in/scan.h5", "rb");
    char bytes[3000];
    const size_t n = f ? fread(bytes, 1, sizeof bytes, f) : 0;
    if (f) fclose(f);
    return spill("../in/cut.h5", bytes, n);
}

static void report(const char *name) { /* the test's own line goes to the real standard output */
    fflush(stdout);
    const int quiet = dup(1);
    dup2(real_out, 1);
    test_case_end(name);
    dup2(quiet, 1);
    close(quiet);
}

static int run_quietly(const test_entry *list, int n, const char *only) {
    real_out = dup(1), real_err = dup(2);
    const int sink = open("/dev/null", O_WRONLY);
    messages = open(work, O_TMPFILE | O_RDWR, 0600);
    if (messages < 0) { /* not every file system has nameless files */
        char path[512];
        snprintf(path, sizeof path, "%s/messages", work);
        messages = open(path, O_CREAT | O_RDWR | O_APPEND, 0600);
    }
    if (sink < 0 || messages < 0 || dup2(sink, 1) < 0 || dup2(messages, 2) < 0) return 1;
    signal(SIGALRM, on_death);
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_set_report_fd((void *)(intptr_t)real_err);
    __sanitizer_set_death_callback(say_case);
#else
    signal(SIGSEGV, on_death), signal(SIGBUS, on_death);
    signal(SIGFPE, on_death), signal(SIGABRT, on_death);
#endif
    const int ready = prepare() == 0;
    for (int i = 0; i < n; i++) {
        if (only && !strstr(list[i].name, only)) continue;
        test_case_begin();
        if (ready) {
            list[i].fn();
        } else {
            test_note(1, __FILE__, __LINE__, "the inputs cannot be made: %s", vxg_error_message());
        }
        report(list[i].name);
    }
    fflush(stdout);
    dup2(real_out, 1), dup2(real_err, 2);
    return test_failed != 0;
}

/* Random words are run without rights over the machine, for good. */
static int become_nobody(void) {
    if (geteuid() != 0) return 0;
    if (chown(work, 65534, 65534) || setgroups(0, NULL) || setresgid(65534, 65534, 65534) ||
        setresuid(65534, 65534, 65534))
        return 1;
    prctl(PR_SET_DUMPABLE, 1); /* the leak sanitizer looks at its own process */
    return 0;
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(geometry), T(simulate), T(recon), T(center),
                                      T(info),     T(check),    T(bench), T(others)};
    const char *many = access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm"; /* small files */
    test_suite = "cli_fuzz";
    setenv("VXG_DEVICE", "cpu", 1); /* "auto" compiles nothing */
    if (test_scratch(work, sizeof work, "cli_fuzz", many)) return 1;
    if (become_nobody()) return 1;
    const int rc = run_quietly(list, (int)(sizeof list / sizeof *list), argc > 1 ? argv[1] : NULL);
    clear(work);
    return rmdir(work) ? 1 : rc;
}
