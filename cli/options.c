/* From argv to a verb's options struct, and --help, both out of the verb's table. */
#include "cli.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Spellings of tomopy, tomocupy and older habits that mean the same thing here. */
static const struct {
    const char *alias, *name;
} aliases[] = {
    {"reconstruction-type", "type"},
    {"fbp-filter", "filter"},
    {"center", "rotation-axis"},
};

const char *cli_option_name(const char *name) {
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (!strcmp(aliases[i].alias, name)) return aliases[i].name;
    return name;
}

const char *cli_option_alias(const char *name, int index) {
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (!strcmp(aliases[i].name, name) && index-- == 0) return aliases[i].alias;
    return NULL;
}

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

static int set(const cli_verb *v, void *options, const char *name, const char *text) {
    return vxg_options_set(v->options, v->count, options, name, text);
}

int cli_given(const cli_run *run, const char *name) {
    const vxg_option *row = find_row(run->verb, name);
    return row && (run->given >> (row - run->verb->options) & 1);
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
        char plain[sizeof name];
        cli_american(name, plain, sizeof plain);
        const char *here = cli_option_name(plain);
        if (!find_row(v, name) && find_row(v, here)) snprintf(name, sizeof name, "%s", here);
    } else {
        snprintf(name, sizeof name, "%c", word[1]);
        if (word[2]) value = word + 2;
        if (!find_row(v, name))
            return vxg_error_set(VXG_ERR_ARGUMENT, "unknown option -%s (see voxgrad %s --help)",
                                 name, v->name);
    }
    const vxg_option *row = find_row(v, name);
    if (row) run->given |= (uint64_t)1 << (row - v->options);
    if (row && row->type == VXG_OPT_FLAG) {
        if (value && word[1] != '-')
            return vxg_error_set(VXG_ERR_ARGUMENT, "-%s takes no value ('%s')", name, value);
        return set(v, options, name, value ? value : "1");
    }
    if (row && !value) {
        if (i + 1 >= argc) return vxg_error_set(VXG_ERR_ARGUMENT, "--%s needs a value", row->name);
        value = argv[i + 1];
        *used = 2;
    }
    return set(v, options, name, value ? value : "");
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
    case VXG_OPT_FILE: snprintf(out, size, "%s", o->choices ? o->choices : "FILE"); break;
    case VXG_OPT_TEXT: snprintf(out, size, "%s", o->choices ? o->choices : "TEXT"); break;
    case VXG_OPT_CHOICE:
        snprintf(out, size, "%s", strlen(o->choices) <= 20 ? o->choices : "NAME");
        break;
    case VXG_OPT_RANGE: snprintf(out, size, "%s", o->choices ? o->choices : "A:B"); break;
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

void cli_option_help(const vxg_option *o, char *out, size_t size) {
    size_t n = (size_t)snprintf(out, size, "%s", o->help);
    const char *separator = " [";
    if (n < size && o->type == VXG_OPT_CHOICE && strlen(o->choices) > 20)
        n += add_choices(o->choices, out + n, size - n);
    if (n < size && o->unit) {
        n += (size_t)snprintf(out + n, size - n, "%s%s", separator, o->unit);
        separator = ", ";
    }
    if (n < size && o->fallback && o->type != VXG_OPT_FLAG) {
        n += (size_t)snprintf(out + n, size - n, "%sdefault %s", separator, o->fallback);
        separator = ", ";
    }
    for (int i = 0; n < size && cli_option_alias(o->name, i); i++) {
        n += (size_t)snprintf(out + n, size - n, "%salso --%s", separator,
                              cli_option_alias(o->name, i));
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
        cli_option_help(o, help, sizeof help);
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

int cli_span(const char *name, const vxg_range *range, int64_t n, int64_t *begin, int64_t *end) {
    *begin = 0, *end = n;
    if (!range->given) return VXG_OK;
    double a = range->start, b = range->stop == range->start ? a + 1 : range->stop;
    if (isinf(b)) b = a < (double)n ? (double)n : a + 1; /* to the end, which the start is before */
    if (a != floor(a) || b != floor(b) || range->step != 0)
        return vxg_error_set(VXG_ERR_ARGUMENT, "--%s: first:stop in whole numbers without a step",
                             name);
    if (a < 0 || b > (double)n)
        return vxg_error_set(VXG_ERR_ARGUMENT, "--%s: %g:%g reaches outside 0:%lld", name, a, b,
                             (long long)n);
    *begin = (int64_t)a, *end = (int64_t)b;
    return VXG_OK;
}
