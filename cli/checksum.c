/* Checksums of the files a scan lies in, read by a thread while the centre is looked for. A command
 * that fails meanwhile does not wait: the job belongs to both, the last one frees it. */
#include "cli.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct hashed {
    char *path;
    vxg_file_id id;
    char hex[65];
} hashed;

typedef struct hash_job {
    pthread_mutex_t lock;
    pthread_cond_t done_cond;
    int users, done, status, stop; /* stop: nobody wants it any more */
    hashed *files;                 /* the scan's own first */
    int64_t n;
    char message[512];
} hash_job;
static hash_job *hash; /* of the command that runs */

static void drop(hash_job *job, int stop) {
    pthread_mutex_lock(&job->lock);
    job->stop |= stop;
    const int last = --job->users == 0;
    pthread_mutex_unlock(&job->lock);
    if (!last) return;
    pthread_cond_destroy(&job->done_cond);
    pthread_mutex_destroy(&job->lock);
    for (int64_t i = 0; i < job->n; i++) free(job->files[i].path);
    free(job->files);
    free(job);
}

static int goes_on(hash_job *job) {
    pthread_mutex_lock(&job->lock);
    const int stop = job->stop;
    pthread_mutex_unlock(&job->lock);
    return !stop;
}

static void *hash_main(void *context) {
    hash_job *job = context;
    int status = VXG_OK;
    for (int64_t i = 0; i < job->n && !status && goes_on(job); i++)
        status = vxg_file_sha256_of(job->files[i].path, &job->files[i].id, job->files[i].hex);
    pthread_mutex_lock(&job->lock);
    job->status = status;
    if (status) snprintf(job->message, sizeof job->message, "%s", vxg_error_message());
    job->done = 1;
    pthread_cond_signal(&job->done_cond);
    pthread_mutex_unlock(&job->lock);
    drop(job, 0);
    return NULL;
}

int cli_scan_files(vxg_scan_reader *scan, const vxg_scan_file **list, int64_t *count) {
    *list = NULL, *count = 0;
    if (scan->size < offsetof(vxg_scan_reader, files) + sizeof scan->files || !scan->files)
        return VXG_OK;
    return scan->files(scan, list, count);
}

static int list_files(hash_job *job, vxg_scan_reader *scan) {
    const vxg_scan_file *list = NULL;
    int64_t n = 0;
    int status = cli_scan_files(scan, &list, &n);
    if (status) return status;
    const int64_t all = n > 1 ? n : 1;
    job->files = calloc((size_t)all, sizeof *job->files);
    for (int64_t i = 0; job->files && i < all; i++, job->n++) {
        hashed *h = &job->files[i];
        if (!(h->path = strdup(i ? list[i].path : scan->path))) break;
        h->id = i ? list[i].id : scan->id;
    }
    return job->n == all ? VXG_OK : vxg_error_set(VXG_ERR_MEMORY, "out of memory");
}

int cli_hash_start(vxg_scan_reader *scan) {
    pthread_t thread;
    if (hash) drop(hash, 1); /* of a command that failed, in this process */
    hash = calloc(1, sizeof *hash);
    if (!hash) return vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    pthread_mutex_init(&hash->lock, NULL);
    pthread_cond_init(&hash->done_cond, NULL);
    hash->users = 2;
    int status = list_files(hash, scan);
    if (!status && pthread_create(&thread, NULL, hash_main, hash))
        status = vxg_error_set(VXG_ERR_MEMORY, "cannot start a thread");
    if (status) {
        hash->users = 1, drop(hash, 1);
        hash = NULL;
        return status;
    }
#if defined(__linux__)
    pthread_setname_np(thread, "checksum"); /* told apart in top and in tests */
#endif
    pthread_detach(thread);
    return VXG_OK;
}

int cli_hash_wait(const vxg_progress *progress) {
    int status = VXG_OK;
    pthread_mutex_lock(&hash->lock);
    while (!hash->done && !*progress->cancel) {
        struct timespec t;
        clock_gettime(CLOCK_REALTIME, &t);
        t.tv_nsec += 50000000;
        if (t.tv_nsec >= 1000000000) t.tv_nsec -= 1000000000, t.tv_sec++;
        pthread_cond_timedwait(&hash->done_cond, &hash->lock, &t);
    }
    if (!hash->done) {
        status = vxg_error_set(VXG_ERR_CANCELLED, "interrupted");
    } else if (hash->status) {
        status = vxg_error_set(hash->status, "%s", hash->message);
    }
    pthread_mutex_unlock(&hash->lock);
    if (!status) return VXG_OK;
    drop(hash, 1);
    hash = NULL;
    return status;
}

int cli_hash_provenance(cli_provenance *p) {
    return cli_provenance_add(p, "input.sha256", "%s", hash->files[0].hex);
}

/* The checksum from before the work; it has to be of the file as it was opened. "": none. */
static int known_sum(const vxg_scan_file *f, char hex[65]) {
    hex[0] = 0;
    for (int64_t i = 1; hash && i < hash->n; i++) {
        const vxg_file_id *id = &hash->files[i].id;
        if (id->device != f->id.device || id->inode != f->id.inode) continue;
        if (id->bytes != f->id.bytes || id->seconds != f->id.seconds ||
            id->nanoseconds != f->id.nanoseconds)
            return vxg_error_set(VXG_ERR_INPUT, "%s changed while it was read", f->path);
        memcpy(hex, hash->files[i].hex, sizeof hash->files[i].hex);
    }
    return VXG_OK;
}

int cli_linked_key(vxg_scan_reader *scan, int checksums, FILE *f) {
    const vxg_scan_file *list = NULL;
    int64_t n = 0;
    int status = cli_scan_files(scan, &list, &n);
    for (int64_t i = 1; i < n && !status; i++) {
        char hex[65] = "";
        if (!list[i].opened) continue;
        if (checksums) status = known_sum(&list[i], hex);
        if (!status && checksums && !hex[0])
            status = vxg_file_sha256_of(list[i].path, &list[i].id, hex);
        fprintf(f, "linked %lld %s\n", (long long)list[i].id.bytes, hex);
    }
    return status;
}

int cli_linked_provenance(cli_provenance *p, vxg_scan_reader *scan, int checksums) {
    const vxg_scan_file *list = NULL;
    int64_t n = 0;
    int status = cli_scan_files(scan, &list, &n);
    if (status || n < 2) return status;
    p->linked = calloc((size_t)n, sizeof *p->linked);
    if (!p->linked) return vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    for (int64_t i = 1; i < n && !status; i++) {
        struct cli_linked *l = &p->linked[p->nlinked];
        if (!list[i].opened) continue;
        l->bytes = list[i].id.bytes;
        if (!(l->path = strdup(list[i].path)))
            return vxg_error_set(VXG_ERR_MEMORY, "out of memory");
        p->nlinked++;
        if (!checksums) continue;
        status = known_sum(&list[i], l->hex);
        if (!status && !l->hex[0]) status = vxg_file_sha256_of(l->path, &list[i].id, l->hex);
        if (!status && cli_cancel) status = vxg_error_set(VXG_ERR_CANCELLED, "interrupted");
    }
    return status;
}
