/* The layout table against the compiler's own reading of the headers, against the exported names,
 * and against the layouts that were written down (tests/data/abi/layout.txt): a field that has
 * moved, an enumerator with another value, a function with other parameters is a new ABI version.
 *
 * test_abi_layout --write writes the file anew: a deliberate act. */
#include <dlfcn.h>
#include <voxgrad/voxgrad.h>

#include "test.h"

#define GOLDEN VXG_SOURCE_DIR "/tests/data/abi/layout.txt"

static vxg_layout table;

static const vxg_layout_struct *struct_of(const char *name) {
    for (uint32_t i = 0; i < table.nstructs; i++)
        if (!strcmp(table.structs[i].name, name)) return &table.structs[i];
    return NULL;
}
static const vxg_layout_field *field_of(const vxg_layout_struct *s, const char *name) {
    for (uint32_t i = 0; i < s->nfields; i++)
        if (!strcmp(s->fields[i].name, name)) return &s->fields[i];
    return NULL;
}

TEST(table)
{
    EXPECT(vxg_layout_table(NULL) == VXG_ERR_ARGUMENT, "NULL");
    EXPECT(table.abi == VXG_ABI_VERSION && vxg_abi_version() == VXG_ABI_VERSION, "version");
    EXPECT(table.nstructs > 50 && table.nenums > 15 && table.nfunctions > 200, "%u %u %u",
           table.nstructs, table.nenums, table.nfunctions);
    const vxg_layout_struct *s = struct_of("vxg_ct_view");
    CHECK(s && s->bytes == sizeof(vxg_ct_view) && !s->sized, "vxg_ct_view");
    const vxg_layout_field *f = field_of(s, "U");
    CHECK(f && f->offset == offsetof(vxg_ct_view, U) && f->count == 3 && f->bytes == 24, "U");
    s = struct_of("vxg_device");
    CHECK(s && s->bytes == 0 && !s->fields, "an opaque type");
}

/* A field in the padding at the end could not be told from the padding of an older caller. */
TEST(no_padding_at_the_end)
{
    for (uint32_t i = 0; i < table.nstructs; i++) {
        const vxg_layout_struct *s = &table.structs[i];
        uint32_t end = 0;
        for (uint32_t k = 0; k < s->nfields; k++) {
            const uint32_t e = s->fields[k].offset + s->fields[k].bytes;
            if (e > end) end = e;
        }
        if (!s->sized) continue;
        EXPECT(s->fields[0].offset == 0 && !strcmp(s->fields[0].name, "size"), "%s", s->name);
        EXPECT(end == s->bytes, "%s has %u bytes of fields and %u in all: add a reserved field",
               s->name, end, s->bytes);
        EXPECT(s->first <= s->bytes && s->first >= 8, "%s: first layout %u", s->name, s->first);
    }
}

/* Every public struct that is more than a group of numbers begins with size. */
TEST(sized)
{
    static const char *const plain[] = {
        "vxg_range",       "vxg_option",          "vxg_ct_view",       "vxg_attribute",
        "vxg_shape",       "vxg_layout_field",    "vxg_layout_struct", "vxg_layout_value",
        "vxg_layout_enum", "vxg_layout_function", "vxg_numbers",       "vxg_ranges",
        "vxg_words"};
    for (uint32_t i = 0; i < table.nstructs; i++) {
        const vxg_layout_struct *s = &table.structs[i];
        int known = s->bytes == 0 || s->sized;
        for (size_t k = 0; k < sizeof plain / sizeof *plain; k++)
            known |= !strcmp(plain[k], s->name);
        EXPECT(known,
               "%s does not begin with `uint32_t size` and is not in the list of docs/abi.md",
               s->name);
    }
}

/* Every function of the table is there. */
TEST(functions)
{
    int (*volatile keep)(vxg_outputs **) =
        vxg_outputs_new; /* so that the program has libvoxgrad_io */
    void *io = dlopen(NULL, RTLD_NOW);
    (void)keep;
    CHECK(io, "%s", dlerror());
    for (uint32_t i = 0; i < table.nfunctions; i++)
        EXPECT(dlsym(io, table.functions[i].name), "%s is declared in %s and not exported",
               table.functions[i].name, table.functions[i].header);
    dlclose(io);
}

/* ---- The compiler's reading ---- */
static void squeeze(char *s) {
    char *to = s;
    for (; *s; s++)
        if (*s != ' ') *to++ = *s;
    *to = 0;
}

/* "        16 |   int64_t[6] shape" -> offset, type and name; 0: not a field of the struct itself.
 */
static int clang_field(char *line, uint32_t *offset, char *type, char *name, int *depth) {
    char *bar = strchr(line, '|'), *end;
    if (!bar) return 0;
    *offset = (uint32_t)strtoul(line, &end, 10);
    if (end == line) return 0;
    *depth = (int)strspn(bar + 1, " ");
    line[strcspn(line, "\n")] = 0;
    char *last = strrchr(bar, ' ');
    snprintf(name, 128, "%s", last + 1);
    *last = 0;
    snprintf(type, 512, "%s", bar + 1 + *depth);
    return *depth >= 3;
}

static void compare(const vxg_layout_struct *s, uint32_t offset, char *type, const char *name,
                    int *seen) {
    char mine[600];
    const vxg_layout_field *f = field_of(s, name);
    EXPECT(f, "%s.%s is not in the table", s->name, name);
    if (!f) return;
    ++*seen;
    EXPECT(f->offset == offset, "%s.%s: the table says offset %u, the compiler %u", s->name, name,
           f->offset, offset);
    if (strstr(type, "(*)")) { /* names of parameters are not the compiler's to say */
        EXPECT(strstr(f->type, "(*)"), "%s.%s: '%s'", s->name, name, f->type);
        return;
    }
    uint32_t count = 0;
    for (char *p = strchr(type, '['); p; p = strchr(p + 1, '['))
        count = (count ? count : 1) * (uint32_t)strtoul(p + 1, NULL, 10);
    if (strchr(type, '[')) *strchr(type, '[') = 0;
    snprintf(mine, sizeof mine, "%s", f->type);
    squeeze(mine), squeeze(type);
    const char *plain = strncmp(type, "struct", 6) ? type : type + 6;
    if (!strncmp(plain, "enum", 4)) plain += 4;
    EXPECT(!strcmp(mine, plain) && f->count == count,
           "%s.%s: '%s' x %u, the compiler has '%s' x %u", s->name, name, mine, f->count, plain,
           count);
}

TEST(compiler)
{
    char line[1024], type[512], name[128];
    if (system("clang --version >/dev/null 2>&1")) SKIP("there is no clang");
    FILE *f = popen("echo '#include <voxgrad/voxgrad.h>' | clang -x c -I " VXG_SOURCE_DIR
                    "/include -Xclang -fdump-record-layouts-complete -fsyntax-only - 2>&1",
                    "r");
    CHECK(f, "clang does not start");
    const vxg_layout_struct *s = NULL;
    int structs = 0, fields = 0, inside = 0;
    while (fgets(line, sizeof line, f)) {
        char *record = strstr(line, "| struct vxg_");
        unsigned bytes;
        if (strstr(line, "*** Dumping")) {
            s = NULL, inside = 0;
        } else if (record && !s) {
            line[strcspn(line, "\n")] = 0;
            s = struct_of(record + strlen("| struct "));
            structs += s != NULL;
            EXPECT(s, "%s is not in the table", record);
        } else if (s && strstr(line, "[sizeof=") &&
                   sscanf(strstr(line, "[sizeof="), "[sizeof=%u", &bytes) == 1) {
            EXPECT(bytes == s->bytes, "%s: the table says %u bytes, the compiler %u", s->name,
                   s->bytes, bytes);
            EXPECT(inside == (int)s->nfields, "%s: %d fields of %u", s->name, inside, s->nfields);
            fields += inside;
        } else if (s) {
            uint32_t offset;
            int depth;
            if (!clang_field(line, &offset, type, name, &depth)) continue;
            if (depth == 3 && !strncmp(type, "union", 5)) continue; /* without a name */
            if (depth > 3 && !field_of(s, name)) continue;          /* of a struct inside */
            if (depth > 3 && strcmp(s->name, "vxg_ct_view") != 0) continue;
            compare(s, offset, type, name, &inside);
        }
    }
    pclose(f);
    EXPECT(structs > 40 && fields > 250, "%d structs, %d fields were compared", structs, fields);
}

/* ---- The file ---- */
static int write_golden(const char *path) {
    FILE *f = fopen(path, "w");
    if (!f) return 1;
    fprintf(f, "# Layouts of a 64-bit machine, ABI %u: written by test_abi_layout --write.\n",
            table.abi);
    for (uint32_t i = 0; i < table.nstructs; i++) {
        const vxg_layout_struct *s = &table.structs[i];
        if (!s->bytes) continue;
        fprintf(f, "struct %s %u\n", s->name, s->bytes);
        for (uint32_t k = 0; k < s->nfields; k++)
            fprintf(f, "field %s %u %u %s\n", s->fields[k].name, s->fields[k].offset,
                    s->fields[k].bytes, s->fields[k].type);
    }
    for (uint32_t i = 0; i < table.nenums; i++) {
        fprintf(f, "enum %s\n", table.enums[i].name);
        for (uint32_t k = 0; k < table.enums[i].nvalues; k++)
            fprintf(f, "value %s %lld\n", table.enums[i].values[k].name,
                    (long long)table.enums[i].values[k].value);
    }
    for (uint32_t i = 0; i < table.nfunctions; i++) {
        const vxg_layout_function *c = &table.functions[i];
        fprintf(f, "function %s %s(", c->name, c->result);
        for (uint32_t k = 0; k < c->nparameters; k++)
            fprintf(f, "%s%s", k ? ", " : "", c->parameters[k].type);
        fprintf(f, ")\n");
    }
    return fclose(f);
}

static void check_line(const char *line, const vxg_layout_struct **s, const vxg_layout_enum **e) {
    char name[128], rest[1024];
    unsigned a, b;
    long long value;
    if (sscanf(line, "struct %127s %u", name, &a) == 2) {
        *s = struct_of(name);
        EXPECT(*s && (*s)->bytes >= a, "%s is gone or smaller", name);
    } else if (*s && sscanf(line, "field %127s %u %u %1023[^\n]", name, &a, &b, rest) == 4) {
        const vxg_layout_field *f = field_of(*s, name);
        EXPECT(f && f->offset == a && f->bytes == b && !strcmp(f->type, rest),
               "%s.%s moved or changed: offset %u, %u bytes, %s were written down", (*s)->name,
               name, a, b, rest);
    } else if (sscanf(line, "enum %127s", name) == 1) {
        *s = NULL, *e = NULL;
        for (uint32_t i = 0; i < table.nenums; i++)
            if (!strcmp(table.enums[i].name, name)) *e = &table.enums[i];
        EXPECT(*e, "enum %s is gone", name);
    } else if (*e && sscanf(line, "value %127s %lld", name, &value) == 2) {
        int same = 0;
        for (uint32_t k = 0; k < (*e)->nvalues; k++)
            same |= !strcmp((*e)->values[k].name, name) && (*e)->values[k].value == value;
        EXPECT(same, "%s is not %lld any more", name, value);
    } else if (sscanf(line, "function %127s %1023[^\n]", name, rest) == 2) {
        char mine[1024] = "";
        for (uint32_t i = 0; i < table.nfunctions; i++) {
            const vxg_layout_function *c = &table.functions[i];
            if (strcmp(c->name, name) != 0) continue;
            int n = snprintf(mine, sizeof mine, "%s(", c->result);
            for (uint32_t k = 0; k < c->nparameters; k++)
                n += snprintf(mine + n, sizeof mine - (size_t)n, "%s%s", k ? ", " : "",
                              c->parameters[k].type);
            snprintf(mine + n, sizeof mine - (size_t)n, ")");
        }
        EXPECT(!strcmp(mine, rest), "%s: '%s' was '%s'", name, mine, rest);
    }
}

TEST(written_down)
{
    char line[1400];
    const vxg_layout_struct *s = NULL;
    const vxg_layout_enum *e = NULL;
    if (sizeof(void *) != 8) SKIP("the file is of a 64-bit machine");
    FILE *f = fopen(GOLDEN, "r");
    CHECK(f, "%s is missing", GOLDEN);
    int lines = 0;
    for (; fgets(line, sizeof line, f); lines++) check_line(line, &s, &e);
    fclose(f);
    EXPECT(lines > 500, "%d lines", lines);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(table),    T(no_padding_at_the_end), T(sized), T(functions),
                                      T(compiler), T(written_down)};
    if (vxg_layout_table(&table)) return 1;
    if (argc > 1 && !strcmp(argv[1], "--write")) return write_golden(GOLDEN);
    return test_run("abi_layout", list, (int)(sizeof list / sizeof *list), argc, argv);
}
