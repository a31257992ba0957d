/* The library's option tables against the layouts of their structs: every row is a field of a
 * fitting type, every field that a text can set has a row, defaults parse, and a struct of zeros is
 * a struct of defaults. */
#include <voxgrad/voxgrad.h>

#include "test.h"

static vxg_layout layout;

static const vxg_layout_struct *struct_of(const char *name) {
    for (uint32_t i = 0; i < layout.nstructs; i++)
        if (!strcmp(layout.structs[i].name, name)) return &layout.structs[i];
    return NULL;
}
static int is_enum(const char *type) {
    for (uint32_t i = 0; i < layout.nenums; i++)
        if (!strcmp(layout.enums[i].name, type)) return 1;
    return 0;
}
static int fits(vxg_option_type type, const vxg_layout_field *f) {
    switch (type) {
    case VXG_OPT_FLAG:
    case VXG_OPT_INT: return !strcmp(f->type, "int");
    case VXG_OPT_REAL: return !strcmp(f->type, "double");
    case VXG_OPT_TEXT:
    case VXG_OPT_FILE: return !strcmp(f->type, "const char *");
    case VXG_OPT_CHOICE: return is_enum(f->type);
    case VXG_OPT_RANGE: return !strcmp(f->type, "vxg_range");
    case VXG_OPT_INT64: return !strcmp(f->type, "int64_t") || !strcmp(f->type, "uint64_t");
    }
    return 0;
}
static int words(const char *choices) {
    int n = 1;
    for (; *choices; choices++) n += *choices == '|';
    return n;
}

/* "half_fan" is --half-fan. */
static const vxg_option *row_of(const vxg_option *rows, int n, const char *field) {
    for (int i = 0; i < n; i++) {
        const char *a = rows[i].name, *b = field;
        while (*a && (*a == *b || (*a == '-' && *b == '_'))) a++, b++;
        if (!*a && !*b) return &rows[i];
    }
    return NULL;
}

static void one_table(const char *name) {
    int n;
    const vxg_option *rows = vxg_option_table(name, &n);
    const vxg_layout_struct *s = struct_of(name);
    static double zeros[64], filled[64];
    CHECK(rows && n > 0 && s && s->bytes <= sizeof zeros, "no table or no struct");
    CHECK_OK(vxg_options_check(rows, n));
    for (uint32_t k = 0; k < s->nfields; k++) {
        const vxg_layout_field *f = &s->fields[k];
        const vxg_option *row = row_of(rows, n, f->name);
        const int no_text = f->count || !strcmp(f->name, "size") ||
                            !strncmp(f->name, "reserved", 8) ||
                            (strchr(f->type, '*') && strcmp(f->type, "const char *") != 0);
        EXPECT(no_text == !row, "%s: %s", f->name, row ? "has a row" : "has no row");
        if (!row) continue;
        EXPECT(row->offset == f->offset && fits(row->type, f), "--%s: offset or type", row->name);
        for (uint32_t e = 0; row->type == VXG_OPT_CHOICE && e < layout.nenums; e++)
            if (!strcmp(layout.enums[e].name, f->type) && strcmp(f->type, "vxg_dtype") != 0)
                EXPECT(words(row->choices) == (int)layout.enums[e].nvalues, "--%s: %d words of %u",
                       row->name, words(row->choices), layout.enums[e].nvalues);
    }
    memset(filled, 0, sizeof filled);
    CHECK_OK(vxg_options_defaults(rows, n, filled));
    EXPECT(!memcmp(filled, zeros, sizeof zeros), "zeros are not the defaults");
    for (int i = 0; i < n; i++) {
        char text[64];
        EXPECT(row_of(rows, n, rows[i].name), "--%s is no name of a field", rows[i].name);
        if (rows[i].type == VXG_OPT_FILE) continue;
        vxg_options_text(&rows[i], zeros, text, sizeof text);
        EXPECT(!vxg_options_set(rows, n, filled, rows[i].name, text),
               "--%s: its zero is refused: %s", rows[i].name, vxg_error_message());
    }
}

int main(void) {
    int n = -1;
    test_suite = "option_tables";
    if (vxg_layout_table(&layout)) return 1;
    for (int i = 0; vxg_option_table_name(i); i++) {
        test_case_begin();
        one_table(vxg_option_table_name(i));
        test_case_end(vxg_option_table_name(i));
    }
    test_case_begin();
    EXPECT(vxg_option_table_name(6) && !vxg_option_table_name(-1) && !vxg_option_table_name(99),
           "names");
    EXPECT(!vxg_option_table("vxg_nothing", &n) && n == 0 && !vxg_option_table(NULL, NULL), "none");
    vxg_ct_recon_opts o = {0};
    const vxg_option *rows = vxg_option_table("vxg_ct_recon_opts", &n);
    EXPECT(!vxg_options_set(rows, n, &o, "row-end", "5000000000") && o.row_end == 5000000000, "%s",
           vxg_error_message());
    EXPECT(vxg_options_set(rows, n, &o, "row-end", "1.5") == VXG_ERR_ARGUMENT, "half a row");
    EXPECT(vxg_options_set(rows, n, &o, "max-memory", "1e16") == VXG_ERR_ARGUMENT, "beyond 2^53");
    EXPECT(!vxg_options_set(rows, n, &o, "window", "hann") && o.window == VXG_CT_WINDOW_HANN,
           "hann");
    test_case_end("by_name");
    return test_failed != 0;
}
