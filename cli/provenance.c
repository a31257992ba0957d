/* What made an output: version, command, effective options, input checksum, device. */
#include "cli.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int cli_provenance_add(cli_provenance *p, const char *name, const char *format, ...) {
    va_list ap;
    char *key = strdup(name), *text = NULL;
    va_start(ap, format);
    int n = vasprintf(&text, format, ap);
    va_end(ap);
    if (!key || n < 0 || p->count == CLI_MAX_ATTRIBUTES) {
        free(key);
        if (n >= 0) free(text);
        return vxg_error_set(VXG_ERR_MEMORY, "no room for the provenance entry %s", name);
    }
    p->owned[p->nowned++] = key;
    p->owned[p->nowned++] = text;
    p->list[p->count++] = (vxg_attribute){key, text};
    return VXG_OK;
}

void cli_provenance_drop(cli_provenance *p) {
    p->count--;
    free(p->owned[--p->nowned]);
    free(p->owned[--p->nowned]);
}

/* Options that change only what is shown, not what is computed. */
static int is_talk(const char *name) {
    static const char *const talk[] = {"json", "quiet", "verbose", "help"};
    for (size_t i = 0; i < sizeof talk / sizeof *talk; i++)
        if (!strcmp(talk[i], name)) return 1;
    return 0;
}

int cli_provenance_start(cli_provenance *p, const cli_run *run) {
    memset(p, 0, sizeof *p);
    int status = cli_provenance_add(p, "software", "voxgrad %s", vxg_version());
    if (!status) status = cli_provenance_add(p, "command", "%s", run->command);
    for (int i = 0; !status && i < run->verb->count; i++) {
        const vxg_option *o = &run->verb->options[i];
        char name[80], text[4096];
        if (is_talk(o->name)) continue;
        snprintf(name, sizeof name, "option.%s", o->name);
        vxg_options_text(o, run->options, text, sizeof text);
        status = cli_provenance_add(p, name, "%s", text);
    }
    return status;
}

int cli_provenance_device(cli_provenance *p, const vxg_device *dev) {
    const vxg_device_info *info = vxg_device_get_info(dev);
    int status = cli_provenance_add(p, "device", "%s", info->spec);
    if (!status) status = cli_provenance_add(p, "device.name", "%s", info->name);
    if (!status)
        status = cli_provenance_add(
            p, strcmp(info->backend, "cpu") ? "device.driver" : "device.isa", "%s", info->driver);
    return status;
}

int cli_provenance_write(const cli_provenance *p, vxg_outputs *set, const char *path, int force) {
    char *text = NULL, date[40];
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    if (!f) return vxg_error_set(VXG_ERR_MEMORY, "out of memory writing %s", path);
    time_t now = time(NULL);
    struct tm tm;
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
    cli_json j = {.f = f};
    cli_json_open(&j, NULL, '{');
    cli_json_text(&j, "date", date);
    for (int i = 0; i < p->count; i++) cli_json_text(&j, p->list[i].name, p->list[i].text);
    cli_json_close(&j, '}');
    int bad = fclose(f);
    int status = bad ? vxg_error_set(VXG_ERR_MEMORY, "out of memory writing %s", path)
                     : vxg_outputs_text(set, path, text, force);
    free(text);
    return status;
}

void cli_provenance_free(cli_provenance *p) {
    for (int i = 0; i < p->nowned; i++) free(p->owned[i]);
    memset(p, 0, sizeof *p);
}

/* ---- checksum of the input, read by a thread while the centre is looked for ----
 * A command that fails meanwhile does not wait: the job belongs to both, the last one frees it. */
typedef struct hash_job {
    pthread_mutex_t lock;
    pthread_cond_t done_cond;
    int users, done, status;
    vxg_file_id id;
    char hex[65], message[512], path[];
} hash_job;
static hash_job *hash; /* of the command that runs */

static void drop(hash_job *job) {
    pthread_mutex_lock(&job->lock);
    const int last = --job->users == 0;
    pthread_mutex_unlock(&job->lock);
    if (!last) return;
    pthread_cond_destroy(&job->done_cond);
    pthread_mutex_destroy(&job->lock);
    free(job);
}

static void *hash_main(void *context) {
    hash_job *job = context;
    char hex[65] = "";
    int status = vxg_file_sha256_of(job->path, &job->id, hex);
    pthread_mutex_lock(&job->lock);
    job->status = status;
    memcpy(job->hex, hex, sizeof hex);
    if (status) snprintf(job->message, sizeof job->message, "%s", vxg_error_message());
    job->done = 1;
    pthread_cond_signal(&job->done_cond);
    pthread_mutex_unlock(&job->lock);
    drop(job);
    return NULL;
}

int cli_hash_start(const char *path, const vxg_file_id *id) {
    pthread_t thread;
    const size_t n = strlen(path) + 1;
    if (hash) drop(hash); /* of a command that failed, in this process */
    hash = calloc(1, sizeof *hash + n);
    if (!hash) return vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    memcpy(hash->path, path, n);
    hash->id = *id;
    pthread_mutex_init(&hash->lock, NULL);
    pthread_cond_init(&hash->done_cond, NULL);
    hash->users = 2;
    if (pthread_create(&thread, NULL, hash_main, hash)) {
        hash->users = 1, drop(hash);
        hash = NULL;
        return vxg_error_set(VXG_ERR_MEMORY, "cannot start a thread");
    }
#if defined(__linux__)
    pthread_setname_np(thread, "checksum"); /* told apart in top and in tests */
#endif
    pthread_detach(thread);
    return VXG_OK;
}

int cli_hash_wait(const vxg_progress *progress, char hex[65]) {
    int status = VXG_OK;
    pthread_mutex_lock(&hash->lock);
    while (!hash->done && !*progress->cancel) {
        struct timespec t;
        clock_gettime(CLOCK_REALTIME, &t);
        t.tv_nsec += 50000000;
        if (t.tv_nsec >= 1000000000) {
            t.tv_nsec -= 1000000000;
            t.tv_sec++;
        }
        pthread_cond_timedwait(&hash->done_cond, &hash->lock, &t);
    }
    if (!hash->done) {
        status = vxg_error_set(VXG_ERR_CANCELLED, "interrupted");
    } else if (hash->status) {
        status = vxg_error_set(hash->status, "%s", hash->message);
    } else {
        memcpy(hex, hash->hex, sizeof hash->hex);
    }
    pthread_mutex_unlock(&hash->lock);
    drop(hash);
    hash = NULL;
    return status;
}
