/* The command: what its files share. The command sees the public headers only.
 *
 * A verb is one file: a struct of options that starts with cli_shared, a list of cli_row (parsing,
 * --help, man page, completion and provenance all come from it) and a cli_verb. What sets a field
 * of a library's struct is a row that names the library's own description of that field and adds
 * the flag's spelling (docs/adding/option.md). main.c lists the verbs.
 */
#ifndef CLI_H
#define CLI_H

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <voxgrad/voxgrad.h>

/* ---- Options every verb has; the first member of every verb's struct ---- */
typedef struct cli_shared {
    int help, quiet, verbose, json;
} cli_shared;

typedef struct cli_compute { /* rows of verbs that compute */
    const char *device;
    int threads;
} cli_compute;

/* One option of a verb: the command's own, or a field of a library's struct. */
typedef struct cli_row {
    vxg_option own; /* of a field only: name, letter, place of the struct, the command's default */
    const char *table; /* the struct's name in vxg_option_table; NULL: an option of the command's */
    const char *field; /* the row's name there */
    const char *also;  /* another spelling of the name (another package's), or NULL */
} cli_row;

/* clang-format off */
#define CLI_OWN_ALSO(spelling, id, key, kind, at, usual, least, most, measure, words, about)       \
    {.own = {.name = id, .letter = key, .type = kind, .offset = at, .fallback = usual,             \
             .min = least, .max = most, .unit = measure, .choices = words, .help = about},         \
     .also = spelling}
#define CLI_OWN(...) CLI_OWN_ALSO(NULL, __VA_ARGS__)
/* at: where the verb's struct holds one of T; usual: the command's default or NULL. */
#define CLI_FIELD_ALSO(spelling, id, key, at, T, row, usual)                                       \
    {.own = {.name = id, .letter = key, .offset = at, .fallback = usual},                          \
     .table = #T, .field = row, .also = spelling}
#define CLI_FIELD(...) CLI_FIELD_ALSO(NULL, __VA_ARGS__)
/* For a verb that holds the value of T's field alone, in `member`. */
#define CLI_VALUE(V, member, T, field) (offsetof(V, member) - offsetof(T, field))

/* Rows of the shared structs inside a verb's struct V. One line per row: a table is read as one. */
#define CLI_SHARED_ROWS(V)                                                                         \
    CLI_OWN("json", 0, VXG_OPT_FLAG, offsetof(V, shared.json), NULL, 0, 0, NULL, NULL,             \
     "print the result as JSON on standard output"),                                              \
    CLI_OWN("quiet", 'q', VXG_OPT_FLAG, offsetof(V, shared.quiet), NULL, 0, 0, NULL, NULL,         \
     "no progress, messages or warnings, errors alone (provenance and --json keep warnings)"),                                               \
    CLI_OWN("verbose", 'v', VXG_OPT_FLAG, offsetof(V, shared.verbose), NULL, 0, 0, NULL, NULL,     \
     "also show the library's log: devices, compilers, cache"),                                   \
    CLI_OWN("help", 'h', VXG_OPT_FLAG, offsetof(V, shared.help), NULL, 0, 0, NULL, NULL,           \
     "show this help")
#define CLI_THREADS_ROW(at)                                                                        \
    CLI_OWN("threads", 't', VXG_OPT_INT, at, "0", 0, 256, NULL, NULL,                              \
     "CPU threads; 0: as many as this process may use. Results do not depend on it")
#define CLI_COMPUTE_ROWS(V, usual)                                                                 \
    CLI_OWN("device", 'd', VXG_OPT_TEXT, offsetof(V, compute.device), usual, 0, 0, NULL, "DEVICE", \
     "where to compute, as `voxgrad devices` names it: cpu, cpu:v3, opencl:0, cuda:0"),            \
    CLI_THREADS_ROW(offsetof(V, compute.threads))
/* clang-format on */
#define CLI_LINKS_ROW(at) CLI_FIELD("follow-links", 0, at, vxg_scan_opts, "follow-links", NULL)
#define CLI_FORCE_ROW(at) CLI_FIELD("force", 'f', at, vxg_volume_writer_opts, "force", NULL)
/* of verbs that write no volume */
#define CLI_FORCE_ALONE(V) CLI_FORCE_ROW(CLI_VALUE(V, force, vxg_volume_writer_opts, force))
/* The part of a scan to use, and how its views turn; at: of a vxg_ct_recon_opts. */
#define CLI_PART_ROWS(at)                                                                          \
    CLI_FIELD("rows", 0, at, vxg_ct_recon_opts, "rows", NULL),                                     \
        CLI_FIELD("columns", 0, at, vxg_ct_recon_opts, "cols", NULL),                              \
        CLI_FIELD("projections", 0, at, vxg_ct_recon_opts, "views", NULL),                         \
        CLI_FIELD("reverse", 0, at, vxg_ct_recon_opts, "reverse", NULL),                           \
        CLI_FIELD("no-minus-log", 0, at, vxg_ct_recon_opts, "no-minus-log", NULL)

typedef struct cli_run cli_run;

typedef struct cli_verb {
    const char *name;
    const char *alias;    /* another package's spelling, or NULL */
    const char *operands; /* "FILE", "[PATTERN]", "" */
    const char *summary;  /* one line */
    const char *about;    /* paragraphs separated by empty lines */
    const char *examples; /* lines */
    int min_operands, max_operands;
    int hidden;
    const cli_row *rows;
    vxg_option *options; /* made of the rows by cli_tables */
    int count;
    size_t size; /* of the options struct */
    int (*run)(cli_run *run);
} cli_verb;

/* Of a verb: its list of rows and the room for its table. */
#define CLI_ROWS(list)                                                                             \
    .rows = list, .count = (int)(sizeof(list) / sizeof *(list)),                                   \
    .options = (vxg_option[sizeof(list) / sizeof *(list)]) {                                       \
        { 0 }                                                                                      \
    }

enum { CLI_MAX_OPERANDS = 64, CLI_MAX_ROWS = 160 };
struct cli_run {
    const cli_verb *verb;
    const void *options; /* the verb's struct */
    const cli_shared *shared;
    unsigned char given[CLI_MAX_ROWS]; /* 1: that row of the table was on the command line */
    int noperands;
    const char *operands[CLI_MAX_OPERANDS];
    const char *command; /* the whole command line, quoted for a shell */
};

/* main.c */
extern const cli_verb *const cli_verbs[];
extern const int cli_verb_count;
const cli_verb *cli_verb_find(const char *name);
/* An environment variable of the command, for --help and the manual. */
typedef struct cli_variable {
    const char *name, *help;
} cli_variable;
extern const cli_variable cli_variables[];
extern const int cli_variable_count;

/* process.c */
/* Set by the first signal that asks the command to end; handed to every long call. */
extern volatile int cli_cancel;
/* Descriptors 0 to 2 of closed streams are taken, before anything else: otherwise the first file
 * opened would be standard output or standard error, and words would land in it. Writing results to
 * a stream that was closed fails. */
void cli_hold_streams(void);
void cli_set_signals(void);
/* No signal ends the process between the two: while files get their names. */
typedef struct cli_signals {
    struct sigaction action[10];
} cli_signals;
void cli_ignore_signals(cli_signals *before);
void cli_heed_signals(const cli_signals *before);
/* VXG_ERR_OUTPUT when not all of standard output was taken. */
int cli_flush_results(void);
/* Of a status; 128 + its number when a signal ended the work. */
int cli_exit_code(int status);

/* options.c */
/* Makes every verb's table of options; before anything else here. Fails where a row names what the
 * library does not have. */
int cli_tables(void);
/* Fills run from argv[first..argc). Returns a status; VXG_ERR_ARGUMENT with words. */
int cli_parse(cli_run *run, void *options, int argc, char **argv, int first);
/* British spellings become the American ones that names have here: centre, normalise, colour, grey.
 */
void cli_american(const char *word, char *out, size_t size);
/* Whether the option of this name was on the command line, be it with its default. */
int cli_given(const cli_run *run, const char *name);
/* The same of row i of the verb's table. */
int cli_row_given(const cli_run *run, int i);
/* Word for an option's value ("N", "A:B[:STEP]", "tiff|h5"), "" for flags. */
void cli_option_value(const vxg_option *o, char *out, size_t size);
/* Help text of row i with unit, bounds' meaning and default in brackets. */
void cli_option_help(const cli_verb *v, int i, char *out, size_t size);
void cli_help_verb(FILE *f, const cli_verb *verb);
void cli_help_all(FILE *f);
/* message.c */
/* A line on standard error, unless --quiet. */
void cli_say(const cli_run *run, const char *format, ...) VXG_PRINTF(2, 3);
void cli_warn(const cli_run *run, const char *format, ...) VXG_PRINTF(2, 3);
/* One line, or what lines the text has; control characters as '?'. */
void cli_to_stderr(const char *before, const char *text);
/* Picks the UTF-8 or the ASCII spelling for where the text goes. */
const char *cli_utf8(const char *utf8, const char *ascii);
/* The progress callback with a bar (terminal) or lines; valid until the next call. `what` names the
 * things counted. */
const vxg_progress *cli_progress(const cli_run *run);
void cli_progress_end(void); /* clears or completes the bar; before any other message */
double cli_now(void);        /* seconds, monotonic */
void cli_log_to_stderr(void *context, int level, const char *text);
/* From now on warnings are kept as well, of cli_warn and of the library's log, with --quiet too. */
void cli_keep_warnings(const cli_run *run);
int cli_kept_warnings(const char *const **list); /* how many; valid until the next is kept */
void cli_drop_warnings(void);
/* "1.2 MB" in one of a few rotating buffers. */
const char *cli_bytes(double bytes);

/* json.c: text that is always valid JSON; numbers that are not finite become null. */
typedef struct cli_json {
    FILE *f;
    int depth, fresh;
} cli_json;
void cli_json_open(cli_json *j, const char *key, char bracket); /* '{' or '[' ; key NULL in lists */
void cli_json_close(cli_json *j, char bracket);
void cli_json_text(cli_json *j, const char *key, const char *value); /* NULL: null */
void cli_json_real(cli_json *j, const char *key, double value);
void cli_json_int(cli_json *j, const char *key, int64_t value);
void cli_json_bool(cli_json *j, const char *key, int value);

/* provenance.c */
#define CLI_MAX_ATTRIBUTES 192
typedef struct cli_provenance {
    vxg_attribute list[CLI_MAX_ATTRIBUTES];
    int count;
    char *owned[2 * CLI_MAX_ATTRIBUTES];
    int nowned;
    struct cli_linked { /* files that the input leads to */
        char *path;
        int64_t bytes;
        char hex[65]; /* "": not asked for */
    } * linked;
    int64_t nlinked;
    char date[24]; /* UTC; "": not asked for yet */
} cli_provenance;
/* The date of the outputs, the same from the first call on. */
const char *cli_provenance_date(cli_provenance *p);
/* Version, command and every effective option of the run; then what the verb adds. */
int cli_provenance_start(cli_provenance *p, const cli_run *run);
int cli_provenance_add(cli_provenance *p, const char *name, const char *format, ...)
    VXG_PRINTF(3, 4);
void cli_provenance_drop(cli_provenance *p); /* the last entry */
/* A file's name and, as KEY.sha256, its checksum; path NULL or "": nothing. */
int cli_provenance_file(cli_provenance *p, const char *key, const char *path, int checksum);
int cli_provenance_device(cli_provenance *p, const vxg_device *dev);
/* The date and all of them, as keys of an object that is open. */
void cli_provenance_json(cli_provenance *p, cli_json *j);
/* Writes them as JSON with the date. */
int cli_provenance_write(cli_provenance *p, vxg_outputs *set, const char *path, int force);
void cli_provenance_free(cli_provenance *p);
/* SHA-256 of a file, which must be as its id says, by a thread of its own; wait returns it, or
 * stops waiting when interrupted. */
int cli_hash_start(vxg_scan_reader *scan);
int cli_hash_wait(const vxg_progress *progress);
/* The scan's own checksum, input.sha256; and at the end, when all that is read was read, the files
 * its links and virtual datasets led to, each with its own. */
int cli_hash_provenance(cli_provenance *p);
int cli_linked_provenance(cli_provenance *p, vxg_scan_reader *scan, int checksums);
/* A line for each file that the scan leads to, as far as they are known: what a job's text says. */
int cli_linked_key(vxg_scan_reader *scan, int checksums, FILE *f);
/* The files of a scan beside the one it was opened by: none has a reader that does not say. */
int cli_scan_files(vxg_scan_reader *scan, const vxg_scan_file **list, int64_t *count);

/* files.c: a folder of outputs that appears whole or not at all. */
typedef struct cli_outputs {
    char folder[4096];
    int made, force;           /* made: how many folders, from the last up */
    vxg_outputs *set;          /* every file belongs to it; NULL: nothing will be written */
    const char *const *inputs; /* of a set that is NULL: what no output may be */
    int ninputs;
} cli_outputs;
/* The folder of the results, with an ending: without slashes behind it, short enough for names in
 * it.
 */
int cli_folder_name(const char *folder, const char *ending, char *out, size_t size);
/* inputs: n files (NULL: none) that no output may be. */
int cli_outputs_open(cli_outputs *o, const char *folder, int force, const char *const *inputs,
                     int n);
/* The same, but nothing is made or kept: names are only looked at, as far as that can be done. */
int cli_outputs_look(cli_outputs *o, const char *folder, int force, const char *const *inputs,
                     int n);
/* Path of a file in the folder, kept for this run: VXG_ERR_OUTPUT when it exists and force is off,
 * when another run is writing it, when it is an input. Before any work. */
int cli_outputs_path(cli_outputs *o, char *path, size_t size, const char *name);
/* The same of numbered slices NAME_NNNNN.tiff; prefix becomes folder/NAME. */
int cli_outputs_slices(cli_outputs *o, char *prefix, size_t size, const char *name);
/* Outputs that are not in one folder. */
int cli_outputs_new(vxg_outputs **set, const char *const *inputs, int n);
/* No output may be a file that the scan leads to. Called when the scan is open, and again before
 * the commit, as virtual datasets of virtual datasets show their files when they are read. */
int cli_protect_scan(vxg_outputs *set, vxg_scan_reader *scan);
int cli_claimed(int status); /* names --force in the message of a claim */
/* All files get their names, or none; interrupted before: none. */
int cli_outputs_commit(cli_outputs *o);
int cli_commit(vxg_outputs **set); /* the same of a set; NULL then, unless interrupted before */
/* Not committed: removes what was written and the folder if it was made here. Returns status. */
int cli_outputs_close(cli_outputs *o, int status);
/* A whole text file of up to 256 MiB, ends with 0; free() it. Messages name the file. */
int cli_text_read(const char *path, char **out);

/* kind.c: what a file is by what it holds. */
typedef struct cli_kind {
    const char *words;    /* "a TIFF picture or stack; ..." */
    const char *geometry; /* what `geometry --from` calls it; NULL: no geometry file */
} cli_kind;
/* Of the first n bytes, or all of them, with a 0 behind; NULL: nothing known. */
const cli_kind *cli_kind_of(const char *head, size_t n);
/* The same of a file by its first bytes. Only for a file that could be opened, so that no pipe
 * is waited for. */
const cli_kind *cli_file_kind(const char *path);

/* scan.c */
/* vxg_scan_open_opts; what is no HDF5 file is named for what it is. */
int cli_scan_open(const char *path, const vxg_scan_opts *opts, vxg_scan_reader **out);
typedef struct cli_select { /* the part of a scan to use */
    int64_t row0, row1, view0, view1, col0, col1;
    int reverse, no_minus_log;
} cli_select;
/* Rows, columns and projections of a scan, as CLI_PART_ROWS set them; VXG_ERR_ARGUMENT names the
 * option and what the scan has. */
int cli_select_part(cli_select *sel, const vxg_scan_reader *scan, const vxg_ct_recon_opts *part);
/* Line integrals of rows[0..nrows) as (view, row, column) of the selection. free() it. */
int cli_scan_rows(vxg_scan_reader *scan, const cli_select *sel, const int64_t *rows, int64_t nrows,
                  float **out);
/* The selected views as a parallel-beam geometry of one row, the axis at column `center` of the
 * whole detector. */
int cli_scan_geometry(const vxg_scan_reader *scan, const cli_select *sel, double center,
                      vxg_ct_geometry **out);
/* Puts the file's name in front of a message about its contents that lacks it. */
int cli_scan_context(int status, const vxg_scan_reader *scan);
/* Angles of the selected views in radians; free() it. */
int cli_scan_theta(const vxg_scan_reader *scan, const cli_select *sel, double **out);
/* A row from "--nsino": "512" is row 512, "0.5" is the middle. */
int cli_scan_row(const vxg_scan_reader *scan, const cli_select *sel, const char *text,
                 int64_t *row);
/* The same of n rows or slices [first, first + n). */
int cli_scan_row_of(int64_t first, int64_t n, int part, const char *text, int64_t *row);

/* memory.c: --max-memory. */
/* Bytes the process holds now, and what the C library's heap and threads may take on top. */
int64_t cli_memory_beside(void);
int64_t cli_memory_bytes(double megabytes);
/* Bytes that reading takes, its helper process included; counts: flats and darks are read too. */
int cli_memory_reading(vxg_scan_reader *scan, int counts, int64_t *bytes);
/* Refuses by name when `bytes` on top of the program and of reading pass --max-memory of `limit`
 * MB. what: "to find the rotation axis". */
int cli_memory_need(vxg_scan_reader *scan, int counts, double limit, int64_t bytes,
                    const char *what);

/* odd.c: what looks odd about a scan. */
enum { CLI_MAX_ODD = 24 };
typedef struct cli_counts { /* smallest, largest and mean value of some frames */
    double lo, hi, mean;
    int64_t frames, rows, bad;
} cli_counts;
typedef struct cli_facts {
    cli_counts data, flat, dark;
    double theta_lo, theta_hi; /* degrees */
    int sorted;
} cli_facts;
typedef struct cli_odd {
    int n, said;
    struct {
        const char *id; /* "no-angles" */
        int plain;      /* worth a line of info, no warning */
        char text[640];
    } list[CLI_MAX_ODD];
} cli_odd;
/* Reads at most `frames` frames of each kind, of each a band of rows of about `floats` numbers. */
int cli_look(vxg_scan_reader *scan, const cli_select *sel, int frames, int64_t floats,
             cli_facts *facts);
/* Adds what is odd; angles 0: a geometry file says them. */
int cli_odd_find(const vxg_scan_reader *scan, const cli_select *sel, const cli_facts *facts,
                 int angles, cli_odd *odd);
/* Adds what `geometry explain` warns about, but for scans that are refused. notes may be NULL. */
int cli_odd_kind(const vxg_ct_geometry *geo, const vxg_ct_notes *notes, vxg_ct_summary *kind,
                 cli_odd *odd);
/* One entry an id: the second of one id is dropped. */
void cli_odd_add(cli_odd *odd, const char *id, int plain, const char *format, ...) VXG_PRINTF(4, 5);
/* Says the warnings that were not said yet. */
void cli_odd_say(const cli_run *run, const char *name, cli_odd *odd);
/* The warnings as entries warning.ID, or as the list "warnings". */
int cli_odd_provenance(const cli_odd *odd, cli_provenance *p);
void cli_odd_json(cli_json *j, const cli_odd *odd);
/* Says how a scan is reconstructed and what geometry explain warns about. */
int cli_say_kind(const cli_run *run, const char *name, const vxg_ct_geometry *geo, int analytic,
                 const vxg_ct_notes *notes, vxg_ct_summary *kind, cli_odd *odd);

/* find_center.c */
#define CLI_CENTER_CURVE 4096
typedef struct cli_center {
    double wedge, pair; /* columns of the full detector; NaN: the method failed, see *_why */
    char wedge_why[256], pair_why[256];
    char unlike[256]; /* of a full turn: why its opposite views do not say where the axis is */
    double used;
    const char *method;  /* in words */
    double sector[2];    /* full: the same from one half of the directions and from the other */
    int full;            /* pair is of all opposite views of a full turn, and is used */
    int64_t rows;        /* detector rows used */
    double *x[2], *y[2]; /* score curves: wedge, pair */
    int64_t n[2];
    double lo[2], hi[2]; /* columns judged: wedge, pair */
    int at_border[2];    /* the best lies at one of these */
    int range_given;     /* --center-range */
} cli_center;
/* Both methods on up to max_rows rows (evenly spread, or the one given: row >= 0), within
 * --max-memory of `memory` MB, or VXG_ERR_MEMORY. */
int cli_center_find(vxg_scan_reader *scan, const cli_select *sel, const vxg_range *range,
                    int64_t row, int max_rows, double memory, cli_center *out);
/* "centre 295.58 (Fourier wedge) 295.61 (0/180 registration)", and a warning if they disagree by
 * more than a pixel, which becomes a part of odd too. */
void cli_center_say(const cli_run *run, const cli_center *c, cli_odd *odd);
/* Warns that the axis, which is used, lies at the border of the columns lo to hi that were judged;
 * beyond: why there was no judging there. */
void cli_center_border(double axis, double lo, double hi, const char *beyond, cli_odd *odd);
void cli_center_free(cli_center *c);

/* recon.c, try.c, slice of recon */
enum { CLI_TYPE_FULL, CLI_TYPE_SLICE, CLI_TYPE_TRY };
typedef struct cli_recon {
    cli_shared shared;
    cli_compute compute;
    vxg_ct_recon_opts recon;
    vxg_solve_opts solve; /* of --algorithm */
    vxg_scan_opts scan;
    vxg_volume_writer_opts volume; /* format and force */
    const char *output, *axis, *nsino, *geometry, *shard;
    int type, no_checksum, resume, report, dry_run;
    double keep_every; /* seconds */
    double max_memory;
    vxg_range center_range;
} cli_recon;
typedef struct cli_page cli_page; /* report.c */
typedef struct cli_job {          /* what the three types share */
    const cli_run *run;
    const cli_recon *opt;
    vxg_device *dev;
    vxg_scan_reader *scan;
    cli_select sel;
    vxg_ct_recon_opts recon;
    vxg_solve_opts solve; /* values per pixel */
    vxg_ct_geometry *geo; /* of --geometry, or NULL: parallel beam by the scan's angles */
    vxg_ct_volume vol;    /* what is made; voxel sizes 0: unknown */
    const char *unit;     /* of voxel sizes, "" for pixels */
    const char *per;      /* values are attenuation per this: "px", "um" */
    double pixel;         /* values per pixel are divided by this; 0: not at all */
    vxg_ct_notes notes;
    cli_odd odd;
    int64_t row; /* of --nsino: a detector row, with --geometry a slice */
    cli_outputs out;
    cli_provenance prov;
    vxg_job *pieces; /* of --resume and --shard; NULL: none */
    int kept, state; /* the solver was seen; the iteration, from 0, whose state is kept, or -1 */
    double kept_at;  /* seconds, cli_now */
    cli_page *page;  /* of --report; NULL: none */
} cli_job;

/* values.c: values of a volume as they pass. */
enum { CLI_BINS = 4096 };
typedef struct cli_values {
    int64_t n;
    float least, most;
    double sum, squares;
    int exponent;       /* bins are 2^exponent wide */
    double first, last; /* the numbers of the first bin, and of the last that holds a value */
    int64_t bin[CLI_BINS];
} cli_values;
void cli_values_add(cli_values *v, const float *x, int64_t n);
double cli_values_mean(const cli_values *v);
double cli_values_deviation(const cli_values *v);
/* Their distribution without the share `outside` at each end: middles of at most `most` + 1 bins
 * and how many values there are in each; returns how many bins. */
int cli_values_curve(const cli_values *v, double outside, int most, double *x, double *y);

/* page.c: what pages of reports share. */
typedef struct cli_table { /* rows; names live until they are put */
    vxg_attribute list[CLI_MAX_ATTRIBUTES];
    char *owned[CLI_MAX_ATTRIBUTES];
    int n, nowned, failed;
} cli_table;
void cli_table_row(cli_table *r, const char *name, const char *format, ...) VXG_PRINTF(3, 4);
int cli_table_put(vxg_report *page, cli_table *r); /* and empties it */
/* The warnings that were kept; any 0: there were none before, either: "None." */
int cli_page_kept(vxg_report *page, int any);
/* The command and its options: those given, and of the others those that in_force says yes to. */
int cli_page_options(vxg_report *page, const cli_run *run,
                     int (*in_force)(const void *context, int row), const void *context);
/* Entries of the provenance: those of the input, or all others that stand nowhere else. */
int cli_page_entries(vxg_report *page, const cli_provenance *p, int input);

/* report.c: --report. All of it does nothing where that was not given. */
typedef struct cli_middle { /* the middle slices of a volume of `shape` */
    const float *axial, *coronal, *sagittal;
    const int64_t *shape;
} cli_middle;
int cli_page_begin(cli_job *job);
void cli_page_free(cli_job *job);
/* What was done since the last call, or the beginning, was this. */
void cli_page_stage(cli_job *job, const char *name);
/* A sinogram, where that is cheap. */
int cli_page_look(cli_job *job);
/* n more values of the volume, whose writing took so long. p may be NULL. */
void cli_page_slices(cli_page *p, const float *x, int64_t n, double seconds);
void cli_page_trace(cli_job *job); /* the reconstruction tells how iterations go */
/* Bytes that the page of a volume of nz slices takes. */
int64_t cli_page_memory(const cli_job *job, int64_t nz);
int cli_page_write(cli_job *job, const cli_middle *middle, const vxg_ct_recon_stats *s,
                   const char *path);
/* How iterations went, as comma-separated values. */
int cli_page_course(cli_job *job, const vxg_ct_recon_stats *s, const char *path);
/* plan.c: --dry-run. The same facts as lines `key: value` or as keys of one JSON object. */
typedef struct cli_plan {
    cli_json j;
    int json;
} cli_plan;
void cli_plan_text(cli_plan *f, const char *key, const char *value);
void cli_plan_int(cli_plan *f, const char *key, int64_t value);
void cli_plan_real(cli_plan *f, const char *key, double value); /* beyond 2^53, and fractions */
void cli_plan_list(cli_plan *f, const char *key, const char *const *list, int n);
/* What would be done with what memory and work, on standard output. */
int cli_recon_plan(cli_job *job, const char *const *outputs, int noutputs);
/* recon.c: bytes of --max-memory that are not the pipeline's. */
int64_t cli_recon_beside(const cli_job *job);
/* Into writer, all rows of job->recon. */
int cli_reconstruct(cli_job *job, vxg_volume_writer *writer, vxg_ct_recon_stats *stats);
/* "2/3" of --shard: the number, from 0, and of how many. */
int cli_shard_read(const char *text, int64_t *shard, int64_t *shards);
/* Whether an entry of the provenance changes no bit of a piece: names of files, memory, threads. */
int cli_job_beside(const char *name);
/* A name is taken: says where the folder of pieces is there, too. */
int cli_job_left_over(int status, const char *folder);
/* recon_job.c: work in blocks of rows or slices that is broken off and shared. Whether it is asked
 * for; refuses what cannot be cut into blocks. */
int cli_in_pieces(const cli_recon *o);
/* --resume of a method that looks at the whole volume: its solver's state is kept now and then. */
int cli_in_states(const cli_recon *o);
/* Whether the folder of pieces is of this work, as far as there is one; nothing is made. */
int cli_pieces_look(cli_job *job);
int cli_pieces_there(const cli_job *job); /* 1: there is a folder of pieces */
int cli_states_begin(cli_job *job);
int cli_pieces_check(const cli_run *r, const cli_recon *o);
/* How many there are, of them this shard's, and the rows of the largest of all (with --geometry all
 * rows). */
int cli_pieces_plan(const cli_job *job, int64_t *all, int64_t *own, int64_t *begin, int64_t *end);
/* The folder of pieces, beside that of the results. */
int cli_pieces_folder(const cli_recon *o, char *path, size_t size);
/* Makes the pieces of this shard that are not there. */
int cli_pieces_make(cli_job *job);
/* All pieces to writer, and the sum of what they tell. */
int cli_pieces_join(cli_job *job, vxg_volume_writer *writer, vxg_ct_recon_stats *stats);
int cli_recon_try(cli_job *job);
/* What is left of --max-memory for the pipeline; `beside` bytes are others'. */
void cli_set_memory(cli_job *job, int64_t beside);
int cli_memory_context(int status, const cli_job *job, int64_t beside);
/* recon_solve.c: iterative methods. Their flags; at: of a vxg_solve_opts. */
#define CLI_SOLVE_ROW(at, name) CLI_FIELD(name, 0, at, vxg_solve_opts, name, NULL)
/* Whether the method is one; refuses flags that would not be heeded. */
int cli_is_iterative(const cli_recon *o);
int cli_solve_check(const cli_run *r, const cli_recon *o);
/* Whether the algorithm looks at the option of this row; 1 for those that are of none. */
int cli_solve_takes(const cli_recon *o, const cli_row *row);
/* Options in the volume's unit become those per pixel, and belong to the reconstruction. */
int cli_solve_set(cli_job *job);
/* Says how it went, and notes it. */
int cli_solve_say(cli_job *job, const vxg_ct_recon_stats *s);
/* recon_geometry.c: reads --geometry and says what volume it makes. */
int cli_recon_geometry(cli_job *job);
/* -c auto with --geometry: where the scan itself says the axis is; job->geo's detector is moved. */
int cli_recon_axis(cli_job *job);
/* A geometry file; messages name it. notes may be NULL. */
int cli_geometry_read(const char *path, vxg_ct_notes *notes, vxg_ct_geometry **out);
int cli_open_volume(cli_job *job, const char *path, int64_t nz, vxg_volume_format format,
                    vxg_volume_writer **out);
/* Values per pixel become values per length unit of the scan's pixel size, where it is known. */
void cli_convert(const cli_job *job, const float *from, float *to, int64_t n);
int cli_write_picture(cli_job *job, vxg_picture *pic, const char *path);
int cli_write_provenance(cli_job *job, const char *path);

/* check.c: a pattern is a part of the name or, with * ? [, a shell pattern; NULL matches all. */
int cli_row_matches(const char *pattern, const char *name);

extern const cli_verb cli_verb_devices, cli_verb_info, cli_verb_center, cli_verb_recon,
    cli_verb_merge, cli_verb_simulate, cli_verb_geometry, cli_verb_mask, cli_verb_dti, cli_verb_odf,
    cli_verb_csd, cli_verb_peaks, cli_verb_track, cli_verb_cuslines, cli_verb_tracks,
    cli_verb_check, cli_verb_bench, cli_verb_version, cli_verb_help, cli_verb_man,
    cli_verb_completion;

#endif
