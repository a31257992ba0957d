/* voxgrad version, help, man, completion: text made from the verbs' tables. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

/* ---- version ---- */
typedef struct options {
    cli_shared shared;
} options;
static const cli_row rows[] = {CLI_SHARED_ROWS(options)};

static int run_version(cli_run *r) {
    if (r->shared->json) {
        cli_json j = {.f = stdout};
        cli_json_open(&j, NULL, '{');
        cli_json_text(&j, "version", vxg_version());
        cli_json_text(&j, "licence", "Apache-2.0");
        cli_json_close(&j, '}');
    } else {
        printf("voxgrad %s\nLicence Apache-2.0. `voxgrad devices` lists what it can run on.\n",
               vxg_version());
    }
    return VXG_OK;
}

static int run_help(cli_run *r) {
    if (!r->noperands) {
        cli_help_all(stdout);
        return VXG_OK;
    }
    const cli_verb *v = cli_verb_find(r->operands[0]);
    if (!v) return vxg_error_set(VXG_ERR_ARGUMENT, "no verb '%s'", r->operands[0]);
    cli_help_verb(stdout, v);
    return VXG_OK;
}

/* ---- man page ---- */
static void roff(const char *s) {
    int start = 1;
    for (; *s; s++) {
        if (start && (*s == '.' || *s == '\'')) fputs("\\&", stdout);
        start = *s == '\n';
        if (*s == '-') {
            fputs("\\-", stdout);
        } else if (*s == '\\') {
            fputs("\\\\", stdout);
        } else if (*s == '\n' && s[1] == '\n') {
            fputs("\n.PP\n", stdout);
            s++;
        } else {
            putchar(*s);
        }
    }
}

static void man_option(const cli_verb *v, int i) {
    const vxg_option *o = &v->options[i];
    char value[64], help[512];
    cli_option_value(o, value, sizeof value);
    cli_option_help(v, i, help, sizeof help);
    printf(".TP\n");
    if (o->letter) printf("\\fB\\-%c\\fR, ", o->letter);
    printf("\\fB\\-\\-");
    roff(o->name);
    printf("\\fR");
    if (*value) {
        printf(" \\fI");
        roff(value);
        printf("\\fR");
    }
    printf("\n");
    roff(help);
    printf("\n");
}

static void man_roff(void) {
    printf(".TH VOXGRAD 1 \"\" \"voxgrad %s\" \"User Commands\"\n", vxg_version());
    printf(".SH NAME\nvoxgrad \\- differentiable, physics\\-based imaging\n");
    printf(".SH SYNOPSIS\n.B voxgrad\n\\fIVERB\\fR [\\fIoperands\\fR] [\\fIoptions\\fR]\n");
    printf(".SH DESCRIPTION\nTurns X\\-ray scans into volumes and pictures, and checks and "
           "measures the operators it does it with. Results go to files or standard output, "
           "messages to standard error. Unknown options are errors; results that exist are not "
           "replaced without \\fB\\-\\-force\\fR.\n");
    for (int i = 0; i < cli_verb_count; i++) {
        const cli_verb *v = cli_verbs[i];
        if (v->hidden) continue;
        printf(".SH VOXGRAD ");
        for (const char *s = v->name; *s; s++) putchar(*s - 'a' + 'A');
        printf("\n\\fBvoxgrad %s\\fR ", v->name);
        roff(v->operands);
        printf(" [options]\n.PP\n");
        putchar(v->summary[0] - 'a' + 'A');
        roff(v->summary + 1);
        printf(".\n");
        if (v->about) {
            printf(".PP\n");
            roff(v->about);
            printf("\n");
        }
        for (int k = 0; k < v->count; k++) man_option(v, k);
        if (v->examples) {
            printf(".PP\nExamples:\n.PP\n.nf\n");
            roff(v->examples);
            printf(".fi\n");
        }
    }
    printf(".SH ENVIRONMENT\n");
    for (int i = 0; i < cli_variable_count; i++) {
        printf(".TP\n.B %s\n", cli_variables[i].name);
        roff(cli_variables[i].help);
        printf("\n");
    }
    printf(".SH EXIT STATUS\n");
    for (int code = 0; code <= 130; code++)
        for (int s = 0; s <= VXG_ERR_CANCELLED; s++)
            if (vxg_status_exit_code(s) == code && s != VXG_ERR_UNSUPPORTED && s != VXG_ERR_MEMORY)
                printf(".TP\n.B %d\n%s\n", code,
                       code == 5 ? "device or memory unavailable" : vxg_status_text(s));
    printf(".TP\n.B 128+N\nended by signal N: 129 hang-up, 130 Ctrl-C, 143 SIGTERM\n");
}

/* The options part of docs/command-line.md. */
static void man_markdown(void) {
    for (int i = 0; i < cli_verb_count; i++) {
        const cli_verb *v = cli_verbs[i];
        if (v->hidden) continue;
        printf("### voxgrad %s\n\n", v->name);
        printf("```\n");
        cli_help_verb(stdout, v);
        printf("```\n\n");
    }
}

static int check_tables(void) {
    for (int i = 0; i < cli_verb_count; i++) {
        const cli_verb *v = cli_verbs[i];
        int status = vxg_options_check(v->options, v->count);
        if (status) return vxg_error_context(status, "options of voxgrad %s", v->name);
    }
    return VXG_OK;
}

static int run_man(cli_run *r) {
    const char *kind = r->noperands ? r->operands[0] : "roff";
    int status = check_tables();
    if (status) return status;
    if (!strcmp(kind, "roff")) {
        man_roff();
    } else if (!strcmp(kind, "markdown")) {
        man_markdown();
    } else {
        return vxg_error_set(VXG_ERR_ARGUMENT, "'%s' is not roff or markdown", kind);
    }
    return VXG_OK;
}

/* ---- completion ---- */
static int wants_file(const vxg_option *o) {
    return o->type == VXG_OPT_FILE || o->type == VXG_OPT_OUTPUT;
}

static void bash_completion(void) {
    printf("# bash completion of voxgrad, made by `voxgrad completion bash`\n"
           "_voxgrad() {\n"
           "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
           "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        COMPREPLY=($(compgen -W \"");
    const char *between = "";
    for (int i = 0; i < cli_verb_count; i++) {
        if (cli_verbs[i]->hidden) continue;
        printf("%s%s", between, cli_verbs[i]->name);
        between = " ";
    }
    printf("\" -- \"$cur\"))\n        return\n    fi\n    case \"${COMP_WORDS[1]} $prev\" in\n");
    for (int i = 0; i < cli_verb_count; i++) {
        const cli_verb *v = cli_verbs[i];
        for (int k = 0; !v->hidden && k < v->count; k++) {
            const vxg_option *o = &v->options[k];
            if (o->type == VXG_OPT_FLAG) continue;
            printf("    \"%s --%s\"", v->name, o->name);
            if (o->letter) printf("|\"%s -%c\"", v->name, o->letter);
            if (o->type == VXG_OPT_CHOICE) {
                printf(") COMPREPLY=($(compgen -W \"");
                for (const char *s = o->choices; *s; s++) putchar(*s == '|' ? ' ' : *s);
                printf("\" -- \"$cur\")); return ;;\n");
            } else {
                printf(") %sreturn ;;\n",
                       wants_file(o) ? "COMPREPLY=($(compgen -f -- \"$cur\")); " : "");
            }
        }
    }
    printf("    esac\n    case \"$cur\" in -*) ;; *) COMPREPLY=($(compgen -f -- \"$cur\")); return "
           ";; esac\n    case \"${COMP_WORDS[1]}\" in\n");
    for (int i = 0; i < cli_verb_count; i++) {
        const cli_verb *v = cli_verbs[i];
        if (v->hidden) continue;
        printf("    %s", v->name);
        if (v->alias) printf("|%s", v->alias);
        printf(") COMPREPLY=($(compgen -W \"");
        for (int k = 0; k < v->count; k++) printf("%s--%s", k ? " " : "", v->options[k].name);
        printf("\" -- \"$cur\")) ;;\n");
    }
    printf("    esac\n}\ncomplete -o filenames -F _voxgrad voxgrad\n");
}

static void zsh_text(const char *s) { /* inside '...[...]': quotes, brackets and colons escaped */
    for (; *s; s++) {
        if (*s == '\'') {
            fputs("'\\''", stdout);
        } else {
            if (strchr("[]:", *s)) putchar('\\');
            putchar(*s);
        }
    }
}

static void zsh_completion(void) {
    printf("#compdef voxgrad\n# zsh completion of voxgrad, made by `voxgrad completion zsh`\n"
           "_voxgrad() {\n    local -a verbs\n    verbs=(\n");
    for (int i = 0; i < cli_verb_count; i++) {
        if (cli_verbs[i]->hidden) continue;
        printf("        '%s:", cli_verbs[i]->name);
        zsh_text(cli_verbs[i]->summary);
        printf("'\n");
    }
    printf("    )\n    if (( CURRENT == 2 )); then\n        _describe verb verbs\n        return\n"
           "    fi\n    local verb=$words[2]\n    shift words\n    (( CURRENT-- ))\n"
           "    case $verb in\n");
    for (int i = 0; i < cli_verb_count; i++) {
        const cli_verb *v = cli_verbs[i];
        if (v->hidden) continue;
        printf("    %s%s%s) _arguments", v->name, v->alias ? "|" : "", v->alias ? v->alias : "");
        for (int k = 0; k < v->count; k++) {
            const vxg_option *o = &v->options[k];
            printf(" \\\n        '--%s%s[", o->name, o->type == VXG_OPT_FLAG ? "" : "=");
            zsh_text(o->help);
            printf("]");
            if (o->type == VXG_OPT_CHOICE) {
                printf(":%s:(", o->name);
                for (const char *s = o->choices; *s; s++) putchar(*s == '|' ? ' ' : *s);
                printf(")");
            } else if (o->type != VXG_OPT_FLAG) {
                printf(":%s:%s", o->name, wants_file(o) ? "_files" : "");
            }
            printf("'");
        }
        printf(" \\\n        '*:file:_files' ;;\n");
    }
    printf("    esac\n}\n_voxgrad \"$@\"\n");
}

static int run_completion(cli_run *r) {
    if (!strcmp(r->operands[0], "bash")) {
        bash_completion();
    } else if (!strcmp(r->operands[0], "zsh")) {
        zsh_completion();
    } else {
        return vxg_error_set(VXG_ERR_ARGUMENT, "'%s' is not bash or zsh", r->operands[0]);
    }
    return VXG_OK;
}

#define TABLE CLI_ROWS(rows), .size = sizeof(options)

const cli_verb cli_verb_version = {
    .name = "version",
    .operands = "",
    .summary = "print the version",
    TABLE,
    .run = run_version,
};
const cli_verb cli_verb_help = {
    .name = "help",
    .operands = "[VERB]",
    .summary = "show the verbs, or one verb's options",
    .max_operands = 1,
    TABLE,
    .run = run_help,
};
const cli_verb cli_verb_man = {
    .name = "man",
    .operands = "[roff|markdown]",
    .summary = "write the manual page",
    .max_operands = 1,
    .hidden = 1,
    TABLE,
    .run = run_man,
};
const cli_verb cli_verb_completion = {
    .name = "completion",
    .operands = "bash|zsh",
    .summary = "write a completion script",
    .min_operands = 1,
    .max_operands = 1,
    .hidden = 1,
    TABLE,
    .run = run_completion,
};
