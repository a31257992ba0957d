/* From argv to a verb's options struct, and --help, both out of the verb's table. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

/* ---- from rows to tables ---- */

/* A row of the command's, or the library's under the flag's name. */
static int make_option(const cli_row *row, vxg_option *out) {
    int n;
    *out = row->own;
    if (!row->table) return VXG_OK;
    const vxg_option *table = vxg_option_table(row->table, &n);
    for (int i = 0; i < n; i++) {
        if (strcmp(table[i].name, row->field)) continue;
        *out = table[i];
        out->name = row->own.name;
        out->letter = row->own.letter;
        out->offset = row->own.offset + table[i].offset; /* may wrap: CLI_VALUE */
        if (row->own.fallback) out->fallback = row->own.fallback;
        return VXG_OK;
    }
    return vxg_error_set(VXG_ERR_FAILED, "--%s: the library has no option %s of %s", row->own.name,
                         row->field, row->table);
}

int cli_tables(void) {
    int status = vxg_io_register();
    for (int i = 0; i < cli_verb_count; i++) {
        if (cli_verbs[i]->count > CLI_MAX_ROWS)
            return vxg_error_set(VXG_ERR_FAILED, "%s: more than %d options", cli_verbs[i]->name,
                                 (int)CLI_MAX_ROWS);
        for (int k = 0; !status && k < cli_verbs[i]->count; k++)
            status = make_option(&cli_verbs[i]->rows[k], &cli_verbs[i]->options[k]);
    }
    return status;
}

/* ---- the command line ---- */

void cli_american(const char *word, char *out, size_t size) {
    static const char *const pairs[][2] = {
        {"centre", "center"}, {"colour", "color"}, {"grey", "gray"}, {"lise", "lize"},
        {"mise", "mize"},     {"rise", "rize"},    {"nise", "nize"}, {"tise", "tize"}};
    size_t n = 0;
    while (*word && n + 8 < size) {
        size_t i = 0, count = sizeof pairs / sizeof *pairs;
        while (i < count && strncmp(word, pairs[i][0], strlen(pairs[i][0])) != 0) i++;
        if (i < count) {
            n += (size_t)sprintf(out + n, "%s", pairs[i][1]);
            word += strlen(pairs[i][0]);
        } else {
            out[n++] = *word++;
        }
    }
    snprintf(out + n, size - n, "%s", word);
}

static const vxg_option *find_row(const cli_verb *v, const char *name) {
    for (int i = 0; i < v->count; i++) {
        if (!strcmp(v->options[i].name, name)) return &v->options[i];
        if (v->options[i].letter && v->options[i].letter == name[0] && !name[1])
            return &v->options[i];
    }
    return NULL;
}

/* A long name as it was typed: British and other packages' spellings are fine too. */
static const vxg_option *find_spelled(const cli_verb *v, const char *name) {
    char plain[64];
    const vxg_option *row = find_row(v, name);
    cli_american(name, plain, sizeof plain);
    if (!row) row = find_row(v, plain);
    for (int i = 0; !row && i < v->count; i++)
        if (v->rows[i].also && !strcmp(v->rows[i].also, plain)) row = &v->options[i];
    return row;
}

/* Messages name the option as it was typed. */
static int set(const vxg_option *row, void *options, const char *typed, const char *text) {
    vxg_option one = *row;
    one.letter = 0;
    if (typed[1]) one.name = typed;
    return vxg_options_set(&one, 1, options, one.name, text);
}

/* A list that is given again grows. */
static int set_more(const vxg_option *row, void *options, const char *typed, const char *text) {
    char have[4096], *all = NULL;
    if (vxg_options_text(row, options, have, sizeof have) >= (int)sizeof have ||
        asprintf(&all, "%s,%s", have, text) < 0)
        return vxg_error_set(VXG_ERR_ARGUMENT, "--%s: too long a list", typed);
    const int status = set(row, options, typed, all);
    free(all);
    return status;
}

int cli_given(const cli_run *run, const char *name) {
    const vxg_option *row = find_row(run->verb, name);
    return row && cli_row_given(run, (int)(row - run->verb->options));
}
int cli_row_given(const cli_run *run, int i) {
    return run->given[i];
}

/* One option at argv[i]; *used is how many words it took. */
static int parse_option(cli_run *run, void *options, int argc, char **argv, int i, int *used) {
    const cli_verb *v = run->verb;
    const char *word = argv[i];
    char name[64];
    const char *value = NULL;
    *used = 1;
    if (word[1] == '-') {
        size_t n = strcspn(word + 2, "=");
        if (n >= sizeof name)
            return vxg_error_set(VXG_ERR_ARGUMENT, "unknown option %.80s...", word);
        snprintf(name, sizeof name, "%.*s", (int)n, word + 2);
        if (word[2 + n] == '=') value = word + 3 + n;
        if (!find_spelled(v, name))
            return vxg_options_set(v->options, v->count, options, name, ""); /* its message */
    } else {
        snprintf(name, sizeof name, "%c", word[1]);
        if (word[2]) value = word + 2;
        if (!find_row(v, name))
            return vxg_error_set(VXG_ERR_ARGUMENT, "unknown option -%s (see voxgrad %s --help)",
                                 name, v->name);
    }
    const vxg_option *row = find_spelled(v, name);
    const int again = run->given[row - v->options] && row->type == VXG_OPT_WORDS;
    run->given[row - v->options] = 1;
    if (row->type == VXG_OPT_FLAG) {
        if (value && word[1] != '-')
            return vxg_error_set(VXG_ERR_ARGUMENT, "-%s takes no value ('%s')", name, value);
        return set(row, options, name, value ? value : "1");
    }
    if (!value) {
        if (i + 1 >= argc)
            return vxg_error_set(VXG_ERR_ARGUMENT, "--%s needs a value",
                                 name[1] ? name : row->name);
        value = argv[i + 1];
        *used = 2;
    }
    return again ? set_more(row, options, name, value) : set(row, options, name, value);
}

int cli_parse(cli_run *run, void *options, int argc, char **argv, int first) {
    const cli_verb *v = run->verb;
    int status = vxg_options_defaults(v->options, v->count, options), plain = 0, used;
    run->options = options;
    run->shared = options;
    run->noperands = 0;
    for (int i = first; i < argc && !status; i += used) {
        used = 1;
        if (!plain && !strcmp(argv[i], "--")) {
            plain = 1;
        } else if (!plain && argv[i][0] == '-' && argv[i][1]) {
            status = parse_option(run, options, argc, argv, i, &used);
        } else if (run->noperands == v->max_operands) {
            status = vxg_error_set(VXG_ERR_ARGUMENT,
                                   "'%s' is one operand too many (usage: voxgrad %s %s)", argv[i],
                                   v->name, v->operands);
        } else {
            run->operands[run->noperands++] = argv[i];
        }
    }
    if (!status && !run->shared->help && run->noperands < v->min_operands)
        status = vxg_error_set(VXG_ERR_ARGUMENT,
                               "an operand is missing (usage: voxgrad %s %s [options])", v->name,
                               v->operands);
    return status;
}

/* ---- help ---- */

void cli_option_value(const vxg_option *o, char *out, size_t size) {
    switch (o->type) {
    case VXG_OPT_FLAG: snprintf(out, size, "%s", ""); break;
    case VXG_OPT_INT64:
    case VXG_OPT_INT: snprintf(out, size, "N"); break;
    case VXG_OPT_REAL: snprintf(out, size, "X"); break;
    case VXG_OPT_OUTPUT:
    case VXG_OPT_FILE: snprintf(out, size, "%s", o->choices ? o->choices : "FILE"); break;
    case VXG_OPT_TEXT: snprintf(out, size, "%s", o->choices ? o->choices : "TEXT"); break;
    case VXG_OPT_CHOICE:
        snprintf(out, size, "%s", strlen(o->choices) <= 20 ? o->choices : "NAME");
        break;
    case VXG_OPT_SPAN:
    case VXG_OPT_RANGE: snprintf(out, size, "%s", o->choices ? o->choices : "A:B"); break;
    case VXG_OPT_NUMBERS: snprintf(out, size, "X,X,..."); break;
    case VXG_OPT_RANGES: snprintf(out, size, "A:B,..."); break;
    case VXG_OPT_WORDS: snprintf(out, size, "%s,...", o->choices ? o->choices : "WORD"); break;
    case VXG_OPT_GROUP: snprintf(out, size, "%s", ""); break;
    }
}

/* ": a, b, c" out of "a|b|c"; the length, as snprintf counts. */
static size_t add_choices(const char *choices, char *out, size_t size) {
    size_t n = (size_t)snprintf(out, size, ":");
    for (const char *s = choices; *s && n < size;) {
        size_t word = strcspn(s, "|");
        n += (size_t)snprintf(out + n, size - n, "%s %.*s", s == choices ? "" : ",", (int)word, s);
        s += word + (s[word] == '|');
    }
    return n;
}

/* A number without a default is 0 where 0 is a value of it. */
static const char *usual(const vxg_option *o) {
    const int number =
        o->type == VXG_OPT_INT || o->type == VXG_OPT_REAL || o->type == VXG_OPT_INT64;
    if (o->fallback) return o->type == VXG_OPT_FLAG ? NULL : o->fallback;
    return number && !o->count && o->min <= 0 ? "0" : NULL;
}

void cli_option_help(const cli_verb *v, int i, char *out, size_t size) {
    const vxg_option *o = &v->options[i];
    const char *also = v->rows[i].also;
    size_t n = (size_t)snprintf(out, size, "%s", o->help);
    const char *separator = " [";
    if (n < size && o->type == VXG_OPT_CHOICE && strlen(o->choices) > 20)
        n += add_choices(o->choices, out + n, size - n);
    if (n < size && o->unit) {
        n += (size_t)snprintf(out + n, size - n, "%s%s", separator, o->unit);
        separator = ", ";
    }
    if (n < size && usual(o)) {
        n += (size_t)snprintf(out + n, size - n, "%sdefault %s", separator, usual(o));
        separator = ", ";
    }
    if (n < size && also) {
        n += (size_t)snprintf(out + n, size - n, "%salso --%s", separator, also);
        separator = ", ";
    }
    if (n < size && separator[0] == ',') snprintf(out + n, size - n, "]");
}

/* Text wrapped at column 80 with every line after the first indented. */
static void wrap(FILE *f, const char *text, int column, int indent) {
    while (*text) {
        size_t n = strcspn(text, " \n");
        if (column + (int)n > 80 && column > indent) {
            fprintf(f, "\n%*s", indent, "");
            column = indent;
        }
        fwrite(text, 1, n, f);
        column += (int)n;
        text += n;
        if (text[0] == '\n') {
            int empty = text[1] == '\n';
            fprintf(f, "%s\n%*s", empty ? "\n" : "", indent, "");
            text += 1 + empty;
            column = indent;
        } else if (*text) {
            text++;
            if (column < 80 && column + 1 + (int)strcspn(text, " \n") <= 80) fputc(' ', f);
            column++;
        }
    }
    fputc('\n', f);
}

void cli_help_verb(FILE *f, const cli_verb *v) {
    fprintf(f, "voxgrad %s - %s\n\nusage: voxgrad %s%s%s [options]\n\n", v->name, v->summary,
            v->name, *v->operands ? " " : "", v->operands);
    if (v->about) {
        wrap(f, v->about, 0, 0);
        fputc('\n', f);
    }
    fprintf(f, "options:\n");
    for (int i = 0; i < v->count; i++) {
        const vxg_option *o = &v->options[i];
        char value[64], help[512], left[128];
        cli_option_value(o, value, sizeof value);
        cli_option_help(v, i, help, sizeof help);
        char letter[8] = "   ";
        if (o->letter) snprintf(letter, sizeof letter, "-%c,", o->letter);
        int n =
            snprintf(left, sizeof left, "  %s --%s%s%s", letter, o->name, *value ? " " : "", value);
        if (n > 28) {
            fprintf(f, "%s\n%*s", left, 30, "");
        } else {
            fprintf(f, "%-30s", left);
        }
        wrap(f, help, 30, 30);
    }
    if (v->examples) fprintf(f, "\nexamples:\n%s", v->examples);
}

void cli_help_all(FILE *f) {
    fprintf(f,
            "voxgrad %s - differentiable, physics-based imaging\n\n"
            "usage: voxgrad VERB [operands] [options]\n\nverbs:\n",
            vxg_version());
    for (int i = 0; i < cli_verb_count; i++)
        if (!cli_verbs[i]->hidden)
            fprintf(f, "  %-10s %s\n", cli_verbs[i]->name, cli_verbs[i]->summary);
    fprintf(f,
            "\n`voxgrad VERB --help` shows a verb's options with units and defaults.\n"
            "Results go to files or standard output, messages to standard error.\n"
            "Exit codes: 0 ok, 1 failure, 2 usage, 3 input unreadable or invalid, 4 output exists\n"
            "or cannot be written, 5 device or memory unavailable, 6 numerical failure,\n"
            "130 interrupted (Ctrl-C), 128 + N ended by another signal N.\n\nenvironment:\n");
    for (int i = 0; i < cli_variable_count; i++) {
        fprintf(f, "  %-16s ", cli_variables[i].name);
        wrap(f, cli_variables[i].help, 19, 19);
    }
}
