/* Finds a kernel's entry in its text and what the entry says of its buffers: K_KERNELn(name, type,
 * argument, ...), K_GROUP_KERNELn, K_LOCAL_KERNELn, K_LANES_KERNELn or K_IMAGE_KERNELn, whose digit
 * is the number of buffers, an image counted. */
#include "device/entry.h"

#include <assert.h>
#include <string.h>

static const char *const entry_words[] = {"K_KERNEL", "K_GROUP_KERNEL", "K_LOCAL_KERNEL",
                                          "K_IMAGE_KERNEL", "K_LANES_KERNEL"};
#define LOCAL 2
#define NWORDS ((int)(sizeof entry_words / sizeof *entry_words))

static int is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Behind the comment or the string that begins at p; p itself when none does. */
static const char *skip(const char *p) {
    if (p[0] == '/' && p[1] == '/') { /* a backslash joins the next line to the comment */
        while (*p && *p != '\n') p += p[0] == '\\' && p[1] ? 2 : 1;
        return p;
    }
    if (p[0] == '/' && p[1] == '*') {
        const char *end = strstr(p + 2, "*/");
        return end ? end + 2 : p + strlen(p);
    }
    if (*p != '"' && *p != '\'') return p;
    const char quote = *p++;
    while (*p && *p != quote && *p != '\n') p += p[0] == '\\' && p[1] ? 2 : 1;
    return *p == quote ? p + 1 : p;
}

/* The next word at or behind p, comments left out: its length, 0 when another character comes
 * first. *p moves to the word or to that character. */
static size_t word_at(const char **p) {
    for (;;) {
        *p += strspn(*p, " \t\r\n\\");
        const char *behind = skip(*p);
        if (behind == *p) break;
        *p = behind;
    }
    size_t n = 0;
    while (is_word((*p)[n])) n++;
    return n;
}

static int same(const char *p, size_t n, const char *word) {
    return strlen(word) == n && !strncmp(p, word, n);
}

/* Bytes of a type's word; -1: it says nothing of the size; 0: not known. `long` is not here: it has
 * four bytes on some targets and eight on others. */
static int word_bytes(const char *p, size_t n, vxg_real real) {
    static const struct {
        const char *word;
        int bytes;
    } types[] = {
        {"K_GLOBAL", -1}, {"const", -1},   {"volatile", -1}, {"restrict", -1}, {"__restrict", -1},
        {"unsigned", 4},  {"signed", 4},   {"float", 4},     {"double", 8},    {"int", 4},
        {"k_u8", 1},      {"k_u16", 2},    {"k_uint", 4},    {"k_long", 8},    {"short", 2},
        {"ushort", 2},    {"char", 1},     {"uchar", 1},     {"uint", 4},      {"int8_t", 1},
        {"uint8_t", 1},   {"int16_t", 2},  {"uint16_t", 2},  {"int32_t", 4},   {"uint32_t", 4},
        {"int64_t", 8},   {"uint64_t", 8},
    };
    if (same(p, n, "real")) return (int)vxg_real_size(real);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (same(p, n, types[i].word)) return types[i].bytes;
    return 0;
}

/* The element size of the type that begins at *p and ends at a comma; *p moves behind the comma.
 * *is_const: what the pointer points at is only read; a type behind a macro does not say so. */
static int type_bytes(const char **p, vxg_real real, int *is_const) {
    int bytes = -1, pointer = 0;
    *is_const = 0;
    for (;;) {
        size_t n = word_at(p);
        if (n) {
            const int b = word_bytes(*p, n, real);
            if (!pointer && same(*p, n, "const")) *is_const = 1;
            /* "unsigned char": the later word counts; one that is not known spoils the rest */
            if (b >= 0 && bytes != 0) bytes = b;
            *p += n;
        } else if (**p == '*') {
            pointer = 1;
            (*p)++;
        } else {
            if (**p == ',') (*p)++;
            return bytes > 0 ? bytes : 0;
        }
    }
}

/* Behind the next `count` commas outside parentheses. */
static const char *skip_arguments(const char *p, int count) {
    for (int depth = 0; *p && count > 0;) {
        const char *behind = skip(p);
        if (behind != p) {
            p = behind;
            continue;
        }
        depth += (*p == '(') - (*p == ')');
        if (depth < 0) break;
        count -= *p++ == ',' && depth == 0;
    }
    return p;
}

/* From the type of the first buffer on. An image has no type: its name stands alone. */
static void read_types(const char *p, vxg_real real, vxg_kernel_entry *out) {
    for (int i = 0; i < out->nbuffers; i++) {
        int is_const = out->image && i == 0;
        out->element[i] = is_const ? 0 : type_bytes(&p, real, &is_const);
        if (is_const) out->written &= ~(1u << i);
        p += word_at(&p); /* the argument's name */
        word_at(&p);
        if (*p != ',') break;
        p++;
    }
}

int vxg__kernel_entry(const char *text, const char *name, vxg_real real, vxg_kernel_entry *out) {
    assert(text && *name && (real == VXG_REAL_F32 || real == VXG_REAL_F64));
    const char *p = text;
    while (*p) {
        const char *behind = skip(p);
        if (behind != p) {
            p = behind;
            continue;
        }
        if (!is_word(*p)) {
            p++;
            continue;
        }
        const char *word = p;
        while (is_word(*p)) p++;
        const size_t n = (size_t)(p - word);
        for (int kind = 0; kind < NWORDS; kind++) {
            const char digit = word[n - 1];
            if (n != strlen(entry_words[kind]) + 1 || strncmp(word, entry_words[kind], n - 1) ||
                digit < '1' || digit > '0' + VXG_MAX_BUFFERS)
                continue;
            const char *q = p;
            if (word_at(&q) || *q != '(') continue;
            q++;
            const size_t m = word_at(&q);
            if (!same(q, m, name)) continue;
            q += m;
            if (word_at(&q) || *q != ',') continue;
            *out = (vxg_kernel_entry){.nbuffers = digit - '0',
                                      .group = kind == 1 || kind == 2,
                                      .image = kind == 3,
                                      .lanes = kind == 4};
            out->written = (1u << out->nbuffers) - 1;
            q++;
            if (kind == LOCAL) q = skip_arguments(q, 3); /* type, name and count of local memory */
            read_types(q, real, out);
            return 1;
        }
    }
    return 0;
}
