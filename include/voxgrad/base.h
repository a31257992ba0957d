/* Voxgrad base: status codes, error text, log, progress, threads, memory, options.
 *
 * Every fallible call returns a vxg_status (0 is success) and leaves a message chain that
 * vxg_error_message() returns. The chain is per thread; the library never prints, exits or aborts.
 *
 * Stability: stable but for what is marked (docs/abi.md). */
#ifndef VOXGRAD_BASE_H
#define VOXGRAD_BASE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(VXG_STATIC) || !defined(__GNUC__)
#define VXG_API
#else
#define VXG_API __attribute__((visibility("default")))
#endif
#if defined(__GNUC__)
#define VXG_PRINTF(a, b) __attribute__((format(printf, a, b)))
#else
#define VXG_PRINTF(a, b)
#endif

/* Structs that callers and plug-ins fill begin with `size`: sizeof of the struct, or 0 for its
 * first layout (docs/abi.md). Name the fields where you fill one: the first value of a list without
 * names would be `size`. */

#define VXG_VERSION_MAJOR 0
#define VXG_VERSION_MINOR 1
#define VXG_VERSION_PATCH 0
#define VXG_VERSION "0.1.0"

/* X(name, value, exit code of the command, words) */
#define VXG_STATUS_LIST(X)                                                                         \
    X(OK, 0, 0, "ok")                                                                              \
    X(ERR_FAILED, 1, 1, "failure")                                                                 \
    X(ERR_ARGUMENT, 2, 2, "bad argument")                                                          \
    X(ERR_INPUT, 3, 3, "input unreadable or invalid")                                              \
    X(ERR_OUTPUT, 4, 4, "output exists or cannot be written")                                      \
    X(ERR_DEVICE, 5, 5, "device unavailable or failed")                                            \
    X(ERR_NUMERICAL, 6, 6, "numerical failure")                                                    \
    X(ERR_MEMORY, 7, 5, "out of memory")                                                           \
    X(ERR_UNSUPPORTED, 8, 1, "not supported")                                                      \
    X(ERR_CANCELLED, 9, 130, "interrupted")

typedef enum vxg_status {
#define VXG_X(name, value, code, words) VXG_##name = value,
    VXG_STATUS_LIST(VXG_X)
#undef VXG_X
} vxg_status;

/* Version of the library that is running, "0.1.0". Thread-safe. */
VXG_API const char *vxg_version(void);
/* Words for a status, never NULL. Thread-safe. */
VXG_API const char *vxg_status_text(int status);
/* Process exit code the command uses for a status (0, 1, 2, 3, 4, 5, 6 or 130). */
VXG_API int vxg_status_exit_code(int status);
/* The calling thread's message chain of its last failed call, outermost first, joined by ": ".
 * "" when there is none. Valid until the thread's next failing call. */
VXG_API const char *vxg_error_message(void);
VXG_API void vxg_error_clear(void);
/* For callbacks and plug-ins: sets the calling thread's message and returns status. */
VXG_API int vxg_error_set(int status, const char *format, ...) VXG_PRINTF(2, 3);
/* Puts words in front of the calling thread's message ("reading a.h5: ...") and returns status. */
VXG_API int vxg_error_context(int status, const char *format, ...) VXG_PRINTF(2, 3);

/* Log: off by default. level 0 warning, 1 information, 2 detail (build logs, cache). The callback
 * may be called from any thread, one call at a time, and may call the library (vxg_set_log too);
 * what its own calls would log is dropped. It runs under no lock of the library. Messages that come
 * while another thread is in the callback are handed to it by that thread a little later. When
 * vxg_set_log returns, the callback before is not running any more, unless it was the caller. */
typedef void (*vxg_log_fn)(void *context, int level, const char *text);
VXG_API void vxg_set_log(vxg_log_fn fn, void *context, int max_level);

/* Progress and cancellation; every member may be NULL. report is called by one thread at a time,
 * with done in [0, total]. Long calls end soon with VXG_ERR_CANCELLED when *cancel becomes
 * non-zero, or when poll returns non-zero. poll is called with `context` on the thread that made
 * the call, every 20 milliseconds or so while one operator runs, on every device (between pieces of
 * its work; GPUs are given large launches in pieces then, with the same results): a place for
 * Ctrl-C, an interpreter's signal handlers, a stop button. It runs under no lock and may call the
 * library. */
typedef struct vxg_progress {
    uint32_t size; /* of this struct; 0: the first layout */
    void (*report)(void *context, const char *what, double done, double total);
    void *context;
    const volatile int *cancel;
    int (*poll)(void *context);
} vxg_progress;

/* Number of compute threads of the process's pool; n = 0 restores the default (CPU affinity and
 * cgroup quota). Results do not depend on it. May be called at any time, from any thread: work that
 * is running keeps the number it began with. The pool's threads block all signals. */
VXG_API int vxg_set_threads(int n);
VXG_API int vxg_threads(void);

/* For tests: makes the nth memory request from now fail (n = 0 the next one; n < 0 switches off).
 * vxg_alloc_count() counts requests since the last call. Affects the library's own requests only.
 */
VXG_API void vxg_alloc_fail_at(int64_t n);
VXG_API int64_t vxg_alloc_count(void);
/* Frees what a function of the libraries says is to be freed with it; NULL is fine. */
VXG_API void vxg_free(void *p);
/* For tests: memory blocks of the library that are alive now. */
VXG_API int64_t vxg_alloc_live(void);

/* ---- Options: plain structs described once by a table (docs/adding/option.md) -------------------
 * The table drives the command's flags, --help, man pages, shell completion and bindings. */
typedef enum vxg_option_type {
    VXG_OPT_FLAG,   /* int, 0 or 1; given without a value */
    VXG_OPT_INT,    /* int; with a count: an array of as many, "1,2,3" (REAL and INT64 too) */
    VXG_OPT_REAL,   /* double */
    VXG_OPT_TEXT,   /* const char *, points at the given text */
    VXG_OPT_CHOICE, /* int, index into choices "a|b|c" */
    /* vxg_range, "start:stop[:step]", stop excluded; a single number: start and stop are the same;
     * no start: 0; no stop: infinite, which means the end of what is ranged over */
    VXG_OPT_RANGE,
    VXG_OPT_INT64,  /* int64_t, up to 2^53 */
    VXG_OPT_FILE,   /* const char *, the name of a file or folder that is read */
    VXG_OPT_OUTPUT, /* const char *, the name of a file or folder that is written */
    /* two int64_t, begin and behind it end (excluded): "begin:end" in whole numbers from 0; a
     * single number: that one; no begin: 0; no end: 0, which means to the last */
    VXG_OPT_SPAN,
    /* Lists of any length, elements separated by commas; "" is the empty list. What a text sets is
     * the struct's own until vxg_options_free. */
    VXG_OPT_NUMBERS, /* vxg_numbers; bounds hold for each */
    VXG_OPT_RANGES,  /* vxg_ranges, each as VXG_OPT_RANGE: "0:100,200:300:2,7" */
    VXG_OPT_WORDS, /* vxg_words; those with commas, quotes, blanks at an end: "quoted" as in JSON */
    VXG_OPT_GROUP  /* a struct inside the struct, whose `count` rows are `part`: name.row */
} vxg_option_type;

typedef struct vxg_range {
    double start, stop, step; /* step 0: not given */
    int given;
} vxg_range;
typedef struct vxg_numbers {
    int64_t count;
    double *value;
} vxg_numbers;
typedef struct vxg_ranges {
    int64_t count;
    vxg_range *value;
} vxg_ranges;
typedef struct vxg_words {
    int64_t count;
    char **value;
} vxg_words;

typedef struct vxg_option {
    const char *name; /* long name without dashes */
    char letter;      /* one-letter form or 0 */
    vxg_option_type type;
    size_t offset;        /* offsetof the field in the options struct */
    const char *fallback; /* default as text; NULL: zero / not given */
    double min, max;      /* inclusive bounds for numbers; both 0: none */
    const char *unit;     /* "px", "deg", "files"... or NULL */
    const char *choices;  /* CHOICE: "a|b|c"; TEXT and files: word for the value ("FILE") */
    const char *help;     /* one sentence */
    const struct vxg_option *part; /* GROUP: the rows of the struct inside */
    int count;                     /* GROUP: how many rows; numbers: of an array, 0: a single one */
    int reserved0;                 /* 0 */
} vxg_option;

/* Names of rows inside groups are "group.name", everywhere below. */
/* Fills a struct with the table's defaults. */
VXG_API int vxg_options_defaults(const vxg_option *table, int count, void *options);
/* Sets one field from text. VXG_ERR_ARGUMENT names the option, the text and what was expected; an
 * unknown name's message suggests the nearest one. A list that was set before is freed. */
VXG_API int vxg_options_set(const vxg_option *table, int count, void *options, const char *name,
                            const char *text);
/* Checks a table: defaults parse, bounds hold, names and letters are unique, "group.name" has at
 * most 95 letters and at most 32 structs lie inside each other. */
VXG_API int vxg_options_check(const vxg_option *table, int count);
/* The table of one of the library's own option structs by its name ("vxg_ct_fdk_opts"): the fields
 * that a text can set, under their names with dashes ("row_begin" and "row_end" are the span
 * "rows"). Zero is every field's default (defaults of a trajectory follow from its path and beam);
 * a field whose bounds leave zero out must be given. NULL: there is no such table. *count may be
 * NULL. Those of voxgrad/io.h are there after vxg_io_register. Thread-safe. */
VXG_API const vxg_option *vxg_option_table(const char *name, int *count);
/* The names there are, by index; NULL behind the last. Thread-safe. */
VXG_API const char *vxg_option_table_name(int index);
/* Adds a table of another library or a plug-in; name and rows must stay as long as the process.
 * Again with the same rows does nothing. VXG_ERR_ARGUMENT: another table of that name, a table that
 * vxg_options_check refuses, more than 256 tables. Thread-safe. */
VXG_API int vxg_option_register(const char *name, const vxg_option *rows, int count);
/* Writes one field back as text, as vxg_options_set takes it. Returns the length snprintf would;
 * -1 with an error's words for NULL and for a choice that is none, out is "" then. */
VXG_API int vxg_options_text(const vxg_option *row, const void *options, char *out, size_t size);

/* A whole struct as text. LINES: `name = value`, one a line; JSON: one object, groups are objects
 * inside it, numbers, flags and lists are JSON's. Texts, files, ranges, spans and lists that are
 * not given are left out. Free *out with vxg_free. What is written is what vxg_options_read reads
 * back to the same values (a flag that is not 0 is 1). VXG_ERR_ARGUMENT names a field that holds
 * what no text can set: a number out of its bounds or not finite, a choice that is none, a range
 * that ends before it begins, a text that is not UTF-8 as JSON (lines hold any bytes). */
typedef enum vxg_options_form { VXG_OPTIONS_LINES, VXG_OPTIONS_JSON } vxg_options_form;
VXG_API int vxg_options_write(const vxg_option *table, int count, const void *options,
                              vxg_options_form form, char **out);
/* Reads either form (JSON begins with a brace; lines may be empty or begin with #) into the fields
 * it names; the others stay. All or nothing: VXG_ERR_INPUT with title, line and name, and the
 * struct is as it was; VXG_ERR_ARGUMENT: NULL. A name that stands twice is refused. Texts of the
 * struct point into *kept: vxg_free when it is not used any longer. */
VXG_API int vxg_options_read(const vxg_option *table, int count, void *options, const char *text,
                             const char *title, char **kept);
/* Frees the lists that texts have set, which are empty then. */
VXG_API void vxg_options_free(const vxg_option *table, int count, void *options);

#ifdef __cplusplus
}
#endif
#endif
