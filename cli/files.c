/* Output folders that appear whole or not at all; texts in. */
#include "cli.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Makes the folder and those above it that are missing; counts them, so that they can go again. */
static int make_folders(cli_outputs *o) {
    char path[sizeof o->folder];
    snprintf(path, sizeof path, "%s", o->folder);
    for (char *p = path + 1;; p++) {
        if (*p && *p != '/') continue;
        char end = *p;
        *p = 0;
        if (!mkdir(path, 0777)) {
            o->made++;
        } else if (errno != EEXIST) {
            int status = vxg_error_set(VXG_ERR_OUTPUT, "--output: cannot make folder %s: %s", path,
                                       strerror(errno));
            char *slash = strrchr(path, '/'); /* those above may have been made */
            o->folder[slash ? slash - path : 0] = 0;
            return status;
        }
        if (!end) return VXG_OK;
        *p = end;
    }
}

static void remove_folders(cli_outputs *o) {
    for (; o->made > 0 && !rmdir(o->folder); o->made--) { /* stops at one that is not empty */
        char *slash = strrchr(o->folder, '/');
        if (!slash) break;
        *slash = 0;
    }
}

int cli_folder_name(const char *folder, const char *ending, char *out, size_t size) {
    size_t n = strlen(folder);
    while (n > 1 && folder[n - 1] == '/') n--; /* "out/" and "out" are one folder */
    if (n == 0 || n + 64 > size)
        return vxg_error_set(VXG_ERR_ARGUMENT, "--output: %s folder name",
                             n ? "too long a" : "an empty");
    snprintf(out, size, "%.*s%s", (int)n, folder, ending);
    return VXG_OK;
}

int cli_outputs_open(cli_outputs *o, const char *folder, int force, const char *const *inputs,
                     int n_inputs) {
    struct stat st;
    memset(o, 0, sizeof *o);
    o->force = force;
    int status = cli_folder_name(folder, "", o->folder, sizeof o->folder);
    if (status) return status;
    status = make_folders(o);
    if (!status && (stat(o->folder, &st) || !S_ISDIR(st.st_mode)))
        status =
            vxg_error_set(VXG_ERR_OUTPUT, "--output: %s exists and is not a folder", o->folder);
    if (!status && access(o->folder, W_OK | X_OK))
        status = vxg_error_set(VXG_ERR_OUTPUT, "--output: cannot write in folder %s: %s", o->folder,
                               strerror(errno));
    if (!status) status = cli_outputs_new(&o->set, inputs, n_inputs);
    if (status) remove_folders(o);
    return status;
}

/* ---- Names that are only looked at ---- */
/* What is there already and would be refused: as a claim does, as far as that is known without one.
 */
static int look_at(const cli_outputs *o, const char *path) {
    struct stat link, st, in;
    if (lstat(path, &link)) return VXG_OK;
    if (stat(path, &st))
        return vxg_error_set(VXG_ERR_OUTPUT, "%s exists, a link that leads nowhere", path);
    for (int i = 0; i < o->ninputs; i++)
        if (o->inputs[i] && !stat(o->inputs[i], &in) && in.st_dev == st.st_dev &&
            in.st_ino == st.st_ino)
            return vxg_error_set(VXG_ERR_OUTPUT, "%s is the input %s, which is not replaced", path,
                                 o->inputs[i]);
    if (!S_ISREG(st.st_mode)) return vxg_error_set(VXG_ERR_OUTPUT, "%s is no regular file", path);
    if (o->force) return VXG_OK;
    return vxg_error_set(VXG_ERR_OUTPUT, "%s exists (--force replaces it)", path);
}

/* The same of every PREFIX_NNNNN.tiff. */
static int look_at_slices(const cli_outputs *o, const char *name) {
    DIR *dir = opendir(o->folder);
    const size_t n = strlen(name);
    int status = VXG_OK;
    for (struct dirent *e; dir && !status && (e = readdir(dir));) {
        char path[sizeof o->folder + 300];
        const char *digits = e->d_name + n + 1;
        if (strncmp(e->d_name, name, n) != 0 || e->d_name[n] != '_') continue;
        const size_t count = strspn(digits, "0123456789");
        if (count < 5 || count > 15 || strcmp(digits + count, ".tiff") != 0) continue;
        snprintf(path, sizeof path, "%s/%s", o->folder, e->d_name);
        status = look_at(o, path);
    }
    if (dir) closedir(dir);
    return status;
}

int cli_outputs_look(cli_outputs *o, const char *folder, int force, const char *const *inputs,
                     int n) {
    char path[sizeof o->folder];
    struct stat st;
    *o = (cli_outputs){.force = force, .inputs = inputs, .ninputs = n};
    int status = cli_folder_name(folder, "", o->folder, sizeof o->folder);
    if (status) return status;
    snprintf(path, sizeof path, "%s", o->folder);
    while (stat(path, &st)) { /* the folder itself, or the last above it that is there */
        char *slash = strrchr(path, '/');
        if (slash && slash != path)
            *slash = 0;
        else
            snprintf(path, sizeof path, "%s", slash ? "/" : ".");
    }
    if (!S_ISDIR(st.st_mode))
        return vxg_error_set(VXG_ERR_OUTPUT, "--output: %s exists and is not a folder", path);
    if (access(path, W_OK | X_OK))
        return vxg_error_set(VXG_ERR_OUTPUT, "--output: cannot write in folder %s: %s", path,
                             strerror(errno));
    return VXG_OK;
}

int cli_claimed(int status) {
    static const char words[] = " and is not replaced without force";
    const char *message = vxg_error_message(), *at = status ? strstr(message, words) : NULL;
    if (!at) return status;
    char text[4400];
    snprintf(text, sizeof text, "%.*s (--force replaces it)", (int)(at - message), message);
    return vxg_error_set(status, "%s", text);
}

int cli_outputs_path(cli_outputs *o, char *path, size_t size, const char *name) {
    if ((size_t)snprintf(path, size, "%s/%s", o->folder, name) >= size)
        return vxg_error_set(VXG_ERR_ARGUMENT, "--output: too long a folder name");
    if (!o->set) return look_at(o, path);
    return cli_claimed(vxg_outputs_claim(o->set, path, o->force));
}

int cli_outputs_slices(cli_outputs *o, char *prefix, size_t size, const char *name) {
    if ((size_t)snprintf(prefix, size, "%s/%s", o->folder, name) >= size)
        return vxg_error_set(VXG_ERR_ARGUMENT, "--output: too long a folder name");
    if (!o->set) return look_at_slices(o, name);
    return cli_claimed(vxg_outputs_claim_slices(o->set, prefix, o->force));
}

int cli_outputs_new(vxg_outputs **set, const char *const *inputs, int n) {
    int status = vxg_outputs_new(set);
    for (int i = 0; i < n && !status; i++)
        if (inputs[i]) status = vxg_outputs_protect(*set, inputs[i]);
    return status;
}

int cli_protect_scan(vxg_outputs *set, vxg_scan_reader *scan) {
    const vxg_scan_file *list = NULL;
    int64_t n = 0;
    int status = cli_scan_files(scan, &list, &n);
    for (int64_t i = 1; i < n && !status; i++) status = vxg_outputs_protect(set, list[i].path);
    return status;
}

int cli_commit(vxg_outputs **set) {
    cli_signals before;
    int status = VXG_OK;
    cli_ignore_signals(&before); /* from here on they come too late */
    if (cli_cancel) {
        status = vxg_error_set(VXG_ERR_CANCELLED, "interrupted");
    } else {
        status = vxg_outputs_commit(*set);
        *set = NULL;
    }
    cli_heed_signals(&before);
    return status;
}

int cli_outputs_commit(cli_outputs *o) {
    return cli_commit(&o->set);
}

int cli_outputs_close(cli_outputs *o, int status) {
    vxg_outputs_abandon(o->set);
    if (status) remove_folders(o);
    memset(o, 0, sizeof *o);
    return status;
}

/* ---- texts in ---- */
#define MOST_TEXT (256 << 20)

int cli_text_read(const char *path, char **out) {
    FILE *f = fopen(path, "rb");
    size_t n = 0, room = 1 << 16;
    char *text = f ? malloc(room) : NULL;
    int status = VXG_OK;
    if (!f) return vxg_error_set(VXG_ERR_INPUT, "%s: cannot open: %s", path, strerror(errno));
    for (size_t got; text && (got = fread(text + n, 1, room - n - 1, f)) > 0;) {
        n += got;
        if (n + 1 < room) continue;
        char *more = room < MOST_TEXT ? realloc(text, room *= 2) : NULL;
        if (!more) {
            status = vxg_error_set(VXG_ERR_INPUT, "%s: more than 256 MiB", path);
            break;
        }
        text = more;
    }
    if (!text) status = vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    if (!status && ferror(f))
        status = vxg_error_set(VXG_ERR_INPUT, "%s: cannot read: %s", path, strerror(errno));
    fclose(f);
    if (!status) text[n] = 0;
    if (!status && strlen(text) != n)
        status = vxg_error_set(VXG_ERR_INPUT, "%s: not a text file", path);
    if (status) free(text);
    if (!status) *out = text;
    return status;
}
