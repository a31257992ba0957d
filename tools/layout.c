/* Build tool: reads the public headers as the preprocessor leaves them and writes the layout table
 * (include/voxgrad/layout.h) as C. Offsets, sizes and values are worked out by the compiler that
 * compiles the table: the tool knows names and types alone.
 *
 * layout HEADERS.i > layout_table.c
 *
 * HEADERS.i comes from `cc -E -DVXG_STATIC include/voxgrad/voxgrad.h`. Of C it knows what the
 * headers use: opaque and whole structs, enums, pointers to functions, functions. Anything else is
 * an error. */
#include <ctype.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_TOKENS 65536
#define MOST_ROWS 512
#define MOST_PARTS 64

typedef struct token {
    char *text;
    int header; /* index into headers */
} token;

static token tokens[MOST_TOKENS];
static int ntokens;
static char headers[32][64];
static int nheaders;

static void fail(int at, const char *words) {
    fprintf(stderr, "layout: %s near:", words);
    for (int i = at > 5 ? at - 5 : 0; i < at + 10 && i < ntokens; i++)
        fprintf(stderr, " %s", tokens[i].text);
    fprintf(stderr, "\n");
    exit(1);
}

static char *copy(const char *s, size_t n) {
    char *t = malloc(n + 1);
    if (!t) exit(1);
    memcpy(t, s, n);
    t[n] = 0;
    return t;
}

static char *read_all(const char *path) {
    FILE *f = fopen(path, "rb");
    size_t n = 0, room = 1 << 22;
    char *s = f ? malloc(room) : NULL;
    if (!s) {
        perror(path);
        exit(1);
    }
    n = fread(s, 1, room - 1, f);
    if (!feof(f)) exit(1);
    fclose(f);
    s[n] = 0;
    return s;
}

/* ---- Tokens of the lines that stand in include/voxgrad ---- */
static int header_of(const char *line) {
    const char *open = strchr(line, '"'), *close = open ? strchr(open + 1, '"') : NULL;
    if (!close) return -1;
    const char *slash = close;
    while (slash > open && slash[-1] != '/') slash--;
    const char *folder = "voxgrad/";
    const size_t m = strlen(folder);
    if (slash - open < (ptrdiff_t)m || strncmp(slash - m, folder, m) != 0) return -1;
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)(close - slash), slash);
    for (int i = 0; i < nheaders; i++)
        if (!strcmp(headers[i], name)) return i;
    snprintf(headers[nheaders], sizeof headers[0], "%s", name);
    return nheaders++;
}

static int is_word(char c) {
    return isalnum((unsigned char)c) || c == '_';
}

static void tokenise(const char *p) {
    int header = -1;
    while (*p) {
        const size_t line = strcspn(p, "\n");
        if (*p == '#') {
            if (isdigit((unsigned char)p[2])) header = header_of(p);
            p += line + (p[line] == '\n');
            continue;
        }
        const char *end = p + line;
        while (p < end) {
            size_t n = 1;
            if (isspace((unsigned char)*p)) {
                p++;
                continue;
            }
            if (is_word(*p))
                while (is_word(p[n])) n++;
            if (header >= 0 && ntokens < MOST_TOKENS)
                tokens[ntokens++] = (token){copy(p, n), header};
            p += n;
        }
        p = end + (*end == '\n');
    }
}

static int is(int at, const char *text) {
    return at < ntokens && !strcmp(tokens[at].text, text);
}

/* Behind the bracket that closes the one at `at`. */
static int behind(int at) {
    int depth = 0;
    for (; at < ntokens; at++) {
        if (strchr("([{", tokens[at].text[0])) depth++;
        if (strchr(")]}", tokens[at].text[0]) && --depth == 0) return at + 1;
    }
    fail(at - 1, "a bracket is not closed");
    return 0;
}

/* Tokens [from, to) as text: spaces between words, none around brackets. */
static void text_of(int from, int to, char *out, size_t size) {
    out[0] = 0;
    for (int i = from; i < to; i++) {
        const size_t n = strlen(out);
        const char *t = tokens[i].text;
        const char last = n ? out[n - 1] : 0;
        const int tight = !n || last == '(' || last == '*' || last == '[' || strchr(")],[", *t) ||
                          (*t == '(' && is_word(last));
        if (n + strlen(t) + 2 > size) fail(i, "a type is too long");
        snprintf(out + n, size - n, "%s%s", tight && !(last == '*' && is_word(*t)) ? "" : " ", t);
    }
}

/* ---- Declarators ---- */
typedef struct part {
    char name[80], type[600], count[80]; /* count: "6", "(3)*(4)", "0" no array */
} part;

/* Reads "TYPE a, *b, c[3]" or "RET (*name)(params)"; tokens [from, to). Arrays of parameters are
 * pointers. */
static int declare(int from, int to, part *out, int is_parameter) {
    char base[200];
    for (int i = from; i + 1 < to; i++)
        if (is(i, "(") && is(i + 1, "*")) { /* a pointer to a function */
            char result[200], parameters[300];
            text_of(from, i, result, sizeof result);
            text_of(behind(i), to, parameters, sizeof parameters);
            snprintf(out->name, sizeof out->name, "%s", tokens[i + 2].text);
            snprintf(out->type, sizeof out->type, "%s%s(*)%s", result,
                     result[strlen(result) - 1] == '*' ? "" : " ", parameters);
            strcpy(out->count, "0");
            return 1;
        }
    int name = from;
    while (name < to && !is(name, ",") && !is(name, "[")) name++;
    name--;
    int stars = name;
    while (stars > from && is(stars - 1, "*")) stars--;
    text_of(from, stars, base, sizeof base);
    int n = 0;
    for (int at = stars; at < to && n < MOST_PARTS; n++) {
        part *p = &out[n];
        snprintf(p->type, sizeof p->type, "%s", base);
        if (is(at, "*")) strcat(p->type, " ");
        for (; is(at, "*"); at++) strcat(p->type, "*");
        if (!is_word(tokens[at].text[0])) fail(at, "a name is expected");
        snprintf(p->name, sizeof p->name, "%s", tokens[at++].text);
        strcpy(p->count, "0");
        for (int first = 1; at < to && is(at, "["); first = 0) {
            char size[40];
            const int end = behind(at);
            text_of(at + 1, end - 1, size, sizeof size);
            const size_t m = first ? 0 : strlen(p->count);
            snprintf(p->count + m, sizeof p->count - m, "%s(%s)", first ? "" : "*", size);
            at = end;
        }
        if (is_parameter && strcmp(p->count, "0") != 0) {
            strcat(p->type, strchr(p->type, '*') ? "*" : " *");
            strcpy(p->count, "0");
        }
        if (at < to && !is(at, ",")) fail(at, "an unexpected declarator");
        at++;
    }
    return n;
}

/* ---- Rows ---- */
static char struct_rows[1 << 18], enum_rows[1 << 16], function_rows[1 << 18], type_rows[1 << 16];
static int counts[4];
enum { STRUCT, ENUM, FUNCTION, CALLBACK };

static void add(char *to, size_t size, const char *format, ...) {
    const size_t n = strlen(to);
    va_list list;
    va_start(list, format);
    if ((size_t)vsnprintf(to + n, size - n, format, list) >= size - n) {
        fprintf(stderr, "layout: too many rows\n");
        exit(1);
    }
    va_end(list);
}
#define ADD(rows, ...) add(rows, sizeof rows, __VA_ARGS__)

static void field(const char *owner, const part *p, int *count) {
    printf("    {\"%s\", \"%s\", (uint32_t)offsetof(%s, %s),\n"
           "     (uint32_t)sizeof(((%s *)0)->%s), (uint32_t)(%s), 0},\n",
           p->name, p->type, owner, p->name, owner, p->name, p->count);
    ++*count;
}

static void fields(const char *owner, int at, int end, int *count) {
    part parts[MOST_PARTS];
    while (at < end) {
        if (is(at, "union") && is(at + 1, "{")) { /* without a name: its members are the struct's */
            const int close = behind(at + 1);
            fields(owner, at + 2, close - 1, count);
            at = close + 1;
            continue;
        }
        int stop = at;
        while (stop < end && !is(stop, ";"))
            stop = strchr("([{", tokens[stop].text[0]) ? behind(stop) : stop + 1;
        const int n = declare(at, stop, parts, 0);
        for (int i = 0; i < n; i++) field(owner, &parts[i], count);
        at = stop + 1;
    }
}

static void add_struct(const char *name, int at, int header) {
    int n = 0;
    printf("static const vxg_layout_field fields_%s[] = {\n", name);
    fields(name, at + 1, behind(at) - 1, &n);
    printf("};\n");
    const int sized = is(at + 1, "uint32_t") && is(at + 2, "size");
    ADD(struct_rows,
        "    {\"%s\", \"%s\", (uint32_t)sizeof(%s), (uint32_t)VXG_FIRST(%s), %d, %d, fields_%s},\n",
        name, headers[header], name, name, n, sized, name);
    counts[STRUCT]++;
}

static void add_opaque(const char *name, int header) {
    ADD(struct_rows, "    {\"%s\", \"%s\", 0, 0, 0, 0, 0},\n", name, headers[header]);
    counts[STRUCT]++;
}

static void add_enum(const char *name, int at, int header) {
    const int end = behind(at) - 1;
    int n = 0;
    printf("static const vxg_layout_value values_%s[] = {\n", name);
    for (int i = at + 1; i < end; n++) {
        printf("    {\"%s\", %s},\n", tokens[i].text, tokens[i].text);
        while (i < end && !is(i, ",")) i++;
        i++;
    }
    printf("};\n");
    ADD(enum_rows, "    {\"%s\", \"%s\", %d, 0, values_%s},\n", name, headers[header], n, name);
    counts[ENUM]++;
}

/* RESULT NAME ( parameters ): a function, or with is_type what a pointer points at. */
static void add_function(int from, int name, int open, int header, int is_type) {
    part p[MOST_PARTS];
    char result[200];
    int end = behind(open) - 1, n = 0;
    text_of(from, is_type ? open - 4 : name, result, sizeof result);
    for (int at = open + 1; at < end; n++) {
        int stop = at;
        while (stop < end && !is(stop, ","))
            stop = strchr("([{", tokens[stop].text[0]) ? behind(stop) : stop + 1;
        if (stop == at + 1 && is(at, "void")) break;
        if (is(at, ".")) {
            p[n] = (part){.name = "...", .type = "..."};
        } else if (declare(at, stop, &p[n], 1) != 1) {
            fail(at, "a parameter");
        }
        at = stop + 1;
    }
    const char *id = tokens[name].text;
    if (n) printf("static const vxg_layout_field parameters_%s[] = {\n", id);
    for (int i = 0; i < n; i++) printf("    {\"%s\", \"%s\", 0, 0, 0, 0},\n", p[i].name, p[i].type);
    if (n) printf("};\n");
    char *rows = is_type ? type_rows : function_rows;
    add(rows, is_type ? sizeof type_rows : sizeof function_rows,
        "    {\"%s\", \"%s\", \"%s\", %d, 0, %s%s},\n", id, headers[header], result, n,
        n ? "parameters_" : "0", n ? id : "");
    counts[is_type ? CALLBACK : FUNCTION]++;
}

/* Opaque names first: a struct that comes later completes them. */
static int completed(const char *name) {
    for (int i = 0; i + 2 < ntokens; i++)
        if (is(i, "struct") && is(i + 1, name) && is(i + 2, "{")) return 1;
    return 0;
}

static int declaration(int at) {
    const int header = tokens[at].header;
    int end = at;
    while (end < ntokens && !is(end, ";"))
        end = strchr("([{", tokens[end].text[0]) ? behind(end) : end + 1;
    const int is_typedef = is(at, "typedef"), body = at + is_typedef;
    if (is(body, "struct") && is(body + 2, "{")) {
        add_struct(tokens[body + 1].text, body + 2, header);
    } else if (is(body, "enum") && is(body + 2, "{")) {
        add_enum(tokens[body + 1].text, body + 2, header);
    } else if (is_typedef && is(body, "struct") && body + 3 == end) {
        if (!completed(tokens[body + 1].text)) add_opaque(tokens[body + 1].text, header);
    } else if (is_typedef) { /* typedef RET (*name)(params) */
        int open = body;
        while (open < end && !is(open, "(")) open++;
        if (!is(open + 1, "*") || !is(open + 3, ")") || !is(open + 4, "("))
            fail(at, "an unknown typedef");
        add_function(body, open + 2, open + 4, header, 1);
    } else {
        int open = at;
        while (open < end && !is(open, "(")) open++;
        if (open == end || open == at) fail(at, "an unknown declaration");
        add_function(at, open - 1, open, header, 0);
    }
    return end + 1;
}

/* Attributes are no part of an interface. */
static void drop_attributes(void) {
    int n = 0;
    for (int i = 0; i < ntokens;) {
        if (is(i, "__attribute__")) {
            i = behind(i + 1);
        } else {
            tokens[n++] = tokens[i++];
        }
    }
    ntokens = n;
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    tokenise(read_all(argv[1]));
    drop_attributes();
    if (ntokens < 100) fail(0, "no declarations");
    printf(
        "/* generated by tools/layout.c */\n#include <stddef.h>\n#include <voxgrad/voxgrad.h>\n\n"
        "#include \"base/base.h\"\n#include \"base/layout.h\"\n");
    for (int at = 0; at < ntokens;) at = declaration(at);
    printf("const vxg_layout_struct vxg__layout_structs[] = {\n%s};\n", struct_rows);
    printf("const vxg_layout_enum vxg__layout_enums[] = {\n%s};\n", enum_rows);
    printf("const vxg_layout_function vxg__layout_functions[] = {\n%s};\n", function_rows);
    printf("const vxg_layout_function vxg__layout_callbacks[] = {\n%s};\n", type_rows);
    printf("const uint32_t vxg__layout_counts[4] = {%d, %d, %d, %d};\n", counts[STRUCT],
           counts[ENUM], counts[FUNCTION], counts[CALLBACK]);
    return fflush(stdout) || ferror(stdout);
}
