/* The list of the files that a scan's elements come from. */
#include "io/h5/session.h"

#include <string.h>

enum { MOST_AT_ONCE = 1000, MOST_FILES = 1000000 };

static int bad_reply(void) {
    return vxg_error_set(VXG_ERR_INPUT, "the HDF5 helper gave an answer that makes no sense");
}

typedef struct linked {
    vxg_scan_file *list;
    int64_t n;
    vxg_text words; /* the paths one after another, each with its zero byte */
} linked;

static int take_file(vxg__h5_body *b, linked *l, vxg_scan_file *f) {
    const char *path = vxg__h5_take_words(b);
    int64_t id[7];
    *f = (vxg_scan_file){.size = sizeof *f, .opened = vxg__h5_take(b) != 0};
    for (int i = 0; i < 7; i++) id[i] = vxg__h5_take(b);
    if (b->bad || !*path) return bad_reply();
    struct stat st = {.st_dev = (dev_t)id[0], .st_ino = (ino_t)id[1], .st_size = (off_t)id[2]};
    st.st_mtim.tv_sec = (time_t)id[3], st.st_mtim.tv_nsec = (long)id[4];
    st.st_ctim.tv_sec = (time_t)id[5], st.st_ctim.tv_nsec = (long)id[6];
    vxg__file_id(&st, &f->id);
    vxg__text_append(&l->words, path, strlen(path) + 1);
    return l->words.failed ? VXG_ERR_MEMORY : VXG_OK;
}

/* Some more of them; *total: how many there are. */
static int ask(vxg__h5_session *s, linked *l, int64_t *total) {
    vxg__h5_body *b = vxg__h5_request(s);
    vxg__h5_put(b, l->n);
    vxg__h5_put(b, MOST_AT_ONCE);
    VXG_TRY(vxg__h5_ask(s, VXG__H5_FILES));
    *total = vxg__h5_take(&s->reply);
    if (s->reply.bad || *total <= l->n || *total > MOST_FILES) return bad_reply();
    const int64_t left = *total - l->n, more = left < MOST_AT_ONCE ? left : MOST_AT_ONCE;
    vxg_scan_file *list = vxg__realloc(l->list, (size_t)(l->n + more), sizeof *list);
    if (!list) return VXG_ERR_MEMORY;
    l->list = list;
    for (const int64_t end = l->n + more; l->n < end; l->n++)
        VXG_TRY(take_file(&s->reply, l, &list[l->n]));
    return VXG_OK;
}

int vxg__h5_session_files(vxg__h5_session *s, vxg_scan_file **list, int64_t *count, char **words) {
    linked l = {0};
    int64_t total = 1;
    int status = VXG_OK;
    *list = NULL, *count = 0, *words = NULL;
    while (!status && l.n < total) status = ask(s, &l, &total);
    if (status) {
        vxg__free(l.list);
        vxg__text_free(&l.words);
        return vxg_error_context(status, "%s", s->path);
    }
    const char *path = l.words.s;
    for (int64_t i = 0; i < l.n; i++, path += strlen(path) + 1) l.list[i].path = path;
    *list = l.list, *count = l.n, *words = l.words.s;
    return VXG_OK;
}
