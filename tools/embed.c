/* Build tool: turns kernel files into C.
 *
 * embed SOURCE_DIR OUT_DIR FILE...
 *   kernel_texts.c  every file's text as a string, named by its path below SOURCE_DIR
 *   kernel_list.h   X(name, file) for each entry (K_KERNELn, K_GROUP_KERNELn, K_LOCAL_KERNELn,
 *                   K_IMAGE_KERNELn, K_LANES_KERNELn), S(name) for each K_SCHEDULE; for each
 * K_VARIANT("options") of a file U(file, options), and V(name, options, symbol) for each of its
 * entries kernel_all.h    #includes of all .k files, each once more for every variant with its
 *                   definitions and with names of its own, then of all .cpu.h files
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_file(const char *path) {
    FILE *f = fopen(path, "rb");
    if (!f) return NULL;
    size_t n = 0, capacity = 1 << 16;
    char *s = malloc(capacity);
    for (size_t got; s && (got = fread(s + n, 1, capacity - n - 1, f)) > 0;) {
        n += got;
        if (n + 1 >= capacity) s = realloc(s, capacity *= 2);
    }
    fclose(f);
    if (s) s[n] = 0;
    return s;
}

static int ends_with(const char *s, const char *tail) {
    size_t n = strlen(s), m = strlen(tail);
    return n >= m && !strcmp(s + n - m, tail);
}

/* One literal a line: compilers limit the length of a literal, not of their concatenation... so
 * texts are arrays of characters instead. */
static void write_text(FILE *out, int index, const char *text) {
    fprintf(out, "static const char text_%d[] = {", index);
    int column = 0;
    for (const char *p = text; *p; p++) {
        if (column++ % 24 == 0) fputs("\n    ", out);
        fprintf(out, "%d,", (unsigned char)*p);
    }
    fputs("0};\n", out);
}

static int is_name(char c) {
    return isalnum((unsigned char)c) || c == '_';
}

/* The next "WORD<digits>(name" at the start of a line from *p on, and moves *p behind it; 0 at the
 * end. */
static int next_entry(const char **p, const char *word, const char **name, int *length) {
    size_t n = strlen(word);
    for (const char *q = *p; (q = strstr(q, word)); q += n) {
        if (q != *p && q[-1] != '\n') continue;
        const char *w = q + n;
        while (isdigit((unsigned char)*w)) w++;
        if (*w++ != '(') continue;
        while (isspace((unsigned char)*w)) w++;
        for (*length = 0; is_name(w[*length]);) ++*length;
        *name = w, *p = w + *length;
        return 1;
    }
    return 0;
}

static const char *const entry_words[] = {"K_KERNEL", "K_GROUP_KERNEL", "K_LOCAL_KERNEL",
                                          "K_IMAGE_KERNEL", "K_LANES_KERNEL"};
enum { NWORDS = sizeof entry_words / sizeof *entry_words };

static void list_entries(FILE *list, const char *text, const char *file) {
    const char *name;
    int n;
    for (int k = 0; k < NWORDS; k++)
        for (const char *p = text; next_entry(&p, entry_words[k], &name, &n);)
            fprintf(list, "X(%.*s, \"%s\")\n", n, name, file);
}
static void list_schedules(FILE *list, const char *text) {
    const char *name;
    int n;
    for (const char *p = text; next_entry(&p, "K_SCHEDULE", &name, &n);)
        fprintf(list, "S(%.*s)\n", n, name);
}

/* ---- Variants: K_VARIANT("-DA=1 -DB=2") at the start of a line ---- */
static int next_variant(const char **p, char *options, size_t size) {
    const char *q = strstr(*p, "\nK_VARIANT(\"");
    if (!q) return 0;
    q += strlen("\nK_VARIANT(\"");
    size_t n = strcspn(q, "\"");
    if (n >= size) n = size - 1;
    memcpy(options, q, n);
    options[n] = 0;
    *p = q + n;
    return 1;
}

/* The library compares options as text: words in order, one space between. */
static int in_order(const char *options) {
    char before[128] = "", now[128];
    for (const char *p = options; *p;) {
        size_t n = strcspn(p, " ");
        snprintf(now, sizeof now, "%.*s", (int)strcspn(p, "= "), p);
        if (strncmp(p, "-D", 2) || (*before && strcmp(before, now) >= 0)) return 0;
        snprintf(before, sizeof before, "%s", now);
        p += n;
        if (*p && (p[1] == ' ' || !*++p)) return 0;
    }
    return 1;
}

/* Gives the words' names their values, or what they meant before back. */
static void define_words(FILE *all, const char *options, int restore) {
    for (const char *p = options; *p;) {
        int n = (int)strcspn(p, " "), m = (int)strcspn(p, "= ");
        if (restore) {
            fprintf(all, "#pragma pop_macro(\"%.*s\")\n", m - 2, p + 2);
        } else {
            fprintf(all, "#pragma push_macro(\"%.*s\")\n", m - 2, p + 2);
            fprintf(all, "#undef %.*s\n", m - 2, p + 2);
            fprintf(all, "#define %.*s %.*s\n", m - 2, p + 2, n > m ? n - m - 1 : 1,
                    n > m ? p + m + 1 : "1");
        }
        p += n + (p[n] == ' ');
    }
}

static void rename_one(FILE *all, const char *name, int length, int variant) {
    if (variant) {
        fprintf(all, "#define %.*s %.*s_v%d\n", length, name, length, name, variant);
    } else {
        fprintf(all, "#undef %.*s\n", length, name);
    }
}

/* Names that a file defines at file scope get a number, so that one program can hold the file
 * twice: entries, and what "K_FN type", "V_FN type", "K_TABLE type", "struct" at the start of a
 * line declare. variant 0: back to plain names. */
static void rename_all(FILE *all, const char *text, int variant) {
    static const char *const words[] = {"K_FN ", "V_FN ", "K_TABLE ", "struct "};
    static const char *const ends[] = {"(", "(", "[", "{"};
    const char *name;
    int n;
    for (int k = 0; k < NWORDS; k++)
        for (const char *p = text; next_entry(&p, entry_words[k], &name, &n);)
            rename_one(all, name, n, variant);
    for (int k = 0; k < 4; k++)
        for (const char *p = text; (p = strstr(p, words[k])); p++) {
            if (p != text && p[-1] != '\n') continue;
            const char *end = p + strcspn(p, ends[k]);
            while (end > p && !is_name(end[-1])) end--;
            for (n = 0; is_name(end[-n - 1]);) n++;
            rename_one(all, end - n, n, variant);
        }
}

/* The rows and includes of one .k file's variants; 0 when a row is malformed. */
static int add_variants(FILE *list, FILE *all, const char *text, const char *file) {
    char options[256];
    const char *p = text, *name;
    int variant = 0, n;
    while (next_variant(&p, options, sizeof options)) {
        if (!in_order(options)) {
            fprintf(stderr,
                    "%s: K_VARIANT(\"%s\"): -DNAME=VALUE words in alphabetical order, one "
                    "space between\n",
                    file, options);
            return 0;
        }
        variant++;
        fprintf(list, "U(\"%s\", \"%s\")\n", file, options);
        for (int k = 0; k < NWORDS; k++)
            for (const char *q = text; next_entry(&q, entry_words[k], &name, &n);)
                fprintf(list, "V(%.*s, \"%s\", %.*s_v%d)\n", n, name, options, n, name, variant);
        define_words(all, options, 0);
        rename_all(all, text, variant);
        fprintf(all, "#include \"%s\"\n", file);
        rename_all(all, text, 0);
        define_words(all, options, 1);
    }
    return 1;
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int main(int argc, char **argv) {
    if (argc < 4) return fprintf(stderr, "usage: embed SOURCE_DIR OUT_DIR FILE...\n"), 2;
    char path[3][4096];
    const char *names[] = {"kernel_texts.c", "kernel_list.h", "kernel_all.h"};
    FILE *out[3];
    for (int i = 0; i < 3; i++) {
        snprintf(path[i], sizeof path[i], "%s/%s", argv[2], names[i]);
        if (!(out[i] = fopen(path[i], "wb"))) return perror(path[i]), 1;
    }
    size_t root = strlen(argv[1]) + 1;
    int files = argc - 3;
    qsort(argv + 3, (size_t)files, sizeof *argv,
          by_name); /* the order must not depend on the disk */
    fputs("/* generated by tools/embed.c */\n#include \"device/texts.h\"\n", out[0]);
    for (int i = 0; i < files; i++) {
        char *text = read_file(argv[3 + i]);
        if (!text) return perror(argv[3 + i]), 1;
        const char *name = argv[3 + i] + root;
        write_text(out[0], i, text);
        if (ends_with(name, ".k")) {
            list_entries(out[1], text, name);
            fprintf(out[2], "#include \"%s\"\n", name);
            if (!add_variants(out[1], out[2], text, name)) return 1;
        }
        if (ends_with(name, ".cpu.h")) list_schedules(out[1], text);
        free(text);
    }
    for (int i = 0; i < files; i++)
        if (ends_with(argv[3 + i], ".cpu.h"))
            fprintf(out[2], "#include \"%s\"\n", argv[3 + i] + root);
    fprintf(out[0], "const vxg_kernel_text vxg__kernel_texts[] = {\n");
    for (int i = 0; i < files; i++)
        fprintf(out[0], "    {\"%s\", text_%d},\n", argv[3 + i] + root, i);
    fprintf(out[0], "    {0, 0}};\n");
    for (int i = 0; i < 3; i++)
        if (fclose(out[i])) return perror(path[i]), 1;
    return 0;
}
