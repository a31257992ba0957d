/* voxgrad track --device a,b: blocks of seeds are dealt to several devices, each of which holds the
 * field. Streamlines are written in the order of the seeds, as one device alone writes them. */
#include "track.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { SHARE = 1 << 14 /* seeds of a device in a round */ };

/* ---- Devices ---- */

int cli_track_split_devices(cli_tracking *t) {
    const char *text = t->opt->compute.device;
    t->ndevices = 0;
    for (const char *p = text;; p++) {
        const size_t n = strcspn(p, ",");
        if (t->ndevices == CLI_TRACK_DEVICES)
            return vxg_error_set(VXG_ERR_ARGUMENT, "--device: at most %d", CLI_TRACK_DEVICES);
        if (!n || n >= sizeof t->device[0])
            return vxg_error_set(VXG_ERR_ARGUMENT, "--device: '%s' is no list of devices", text);
        snprintf(t->device[t->ndevices++], sizeof t->device[0], "%.*s", (int)n, p);
        p += n;
        if (!*p) break;
    }
    if (t->ndevices > 1 && cli_track_in_pieces(t->opt))
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "--device %s does not go with --%s: give each part a device of its "
                             "own",
                             text, t->opt->shard ? "shard" : "resume");
    return VXG_OK;
}

static int copy_to(vxg_device *dev, const vxg_array *from, vxg_array *to) {
    if (!from->buffer) return VXG_OK;
    const size_t bytes = (size_t)vxg_array_count(from) * vxg_dtype_size(from->dtype);
    void *host = malloc(bytes);
    int status = host ? vxg_array_new(dev, from->dtype, from->ndim, from->shape, to)
                      : vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    if (!status) status = vxg_array_read(NULL, from, host);
    if (!status) status = vxg_array_write(NULL, to, host);
    free(host);
    return status;
}

int cli_track_spread(cli_tracking *t) {
    int status = VXG_OK;
    for (int i = 1; i < t->ndevices && !status; i++) {
        vxg_track_field *f = &t->other[i];
        *f = t->field;
        f->values = f->map = f->regions = (vxg_array){0};
        status = vxg_device_open(t->device[i], &t->other_device[i]);
        if (!status) status = copy_to(t->other_device[i], &t->field.values, &f->values);
        if (!status) status = copy_to(t->other_device[i], &t->field.map, &f->map);
        if (!status) status = copy_to(t->other_device[i], &t->field.regions, &f->regions);
    }
    if (!status && t->ndevices > 1) cli_track_stage(t, "field to the other devices");
    return status;
}

void cli_track_gather_up(cli_tracking *t) {
    for (int i = 1; i < t->ndevices; i++) {
        vxg_array_release(&t->other[i].values), vxg_array_release(&t->other[i].map);
        vxg_array_release(&t->other[i].regions);
        vxg_device_release(t->other_device[i]);
    }
}

/* ---- Streamlines that wait for their turn ---- */
typedef struct kept {
    struct kept *next;
    vxg_tract_batch batch; /* its lists are behind it */
} kept;
typedef struct keeper {
    vxg_tract_writer base;
    kept *first, **last;
} keeper;

static int keep(vxg_tract_writer *self, const vxg_tract_batch *b) {
    keeper *k = self->impl;
    const size_t offsets = (size_t)(b->lines + 1) * sizeof *b->offsets;
    const size_t bytes = (size_t)b->offsets[b->lines] * 3 * vxg_dtype_size(b->dtype);
    kept *one = malloc(sizeof *one + offsets + bytes);
    if (!one) return vxg_error_set(VXG_ERR_MEMORY, "out of memory for streamlines");
    char *lists = (char *)(one + 1);
    memcpy(lists, b->offsets, offsets);
    memcpy(lists + offsets, b->positions, bytes);
    one->next = NULL, one->batch = *b;
    one->batch.offsets = (const int64_t *)(const void *)lists;
    one->batch.positions = lists + offsets;
    *k->last = one, k->last = &one->next;
    return VXG_OK;
}

/* On to the file, or only away. */
static int hand_on(keeper *k, vxg_tract_writer *to) {
    int status = VXG_OK;
    for (kept *one = k->first, *next; one; one = next) {
        if (to && !status) status = vxg_tract_write(to, &one->batch);
        next = one->next;
        free(one);
    }
    k->first = NULL, k->last = &k->first;
    return status;
}

/* ---- Rounds ---- */
typedef struct part {
    cli_tracking *t;
    int device, status, runs;
    int64_t at, n;
    keeper keeper;
    vxg_track_stats stats;
    pthread_t thread;
    char message[640];
} part;

static void *run_part(void *context) {
    part *p = context;
    p->status =
        cli_track_chunk(p->t, p->device, p->t->first + p->at, p->n, &p->keeper.base, &p->stats);
    if (p->status) snprintf(p->message, sizeof p->message, "%s", vxg_error_message());
    return NULL;
}

static void begin_part(part *p, cli_tracking *t, int device, int64_t at,
                       const vxg_tract_writer *to) {
    const int64_t left = t->total - at;
    *p = (part){.t = t, .device = device, .at = at, .n = left < SHARE ? left : SHARE};
    p->keeper.base = (vxg_tract_writer){
        .size = sizeof p->keeper.base, .info = to->info, .write = keep, .impl = &p->keeper};
    p->keeper.last = &p->keeper.first;
}

int cli_track_rounds(cli_tracking *t, vxg_tract_writer *to) {
    part parts[CLI_TRACK_DEVICES];
    int status = VXG_OK;
    for (int64_t at = 0; at < t->total && !status; at += (int64_t)SHARE * t->ndevices) {
        int n = 0;
        for (; n < t->ndevices && at + (int64_t)n * SHARE < t->total; n++)
            begin_part(&parts[n], t, n, at + (int64_t)n * SHARE, to);
        for (int i = 1; i < n; i++)
            parts[i].runs = !pthread_create(&parts[i].thread, NULL, run_part, &parts[i]);
        t->done = (double)at, t->worth = n; /* the first one's seeds stand for all */
        status = cli_track_chunk(t, 0, t->first + at, parts[0].n, to, &t->stats);
        for (int i = 1; i < n; i++) {
            part *p = &parts[i];
            if (p->runs) pthread_join(p->thread, NULL);
            if (!p->runs && !status) run_part(p); /* no thread: here, then */
            if (!status && p->status) status = vxg_error_set(p->status, "%s", p->message);
            const int written = hand_on(&p->keeper, status ? NULL : to);
            if (!status) status = written;
            if (!status) cli_track_add_stats(&t->stats, &p->stats);
        }
    }
    return status;
}
