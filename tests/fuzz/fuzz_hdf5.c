/* What the HDF5 helper answers, and stored chunks, as anything: a helper that a hostile file has
 * taken over must not reach the reader. (HDF5 itself runs in the helper alone and is not fuzzed.)
 * This stands in for src/io/h5/session.c and launch.c. */
#include "fuzz.h"
#include "io/h5/dataset.h"

#include <string.h>

static const uint8_t *now, *end;
static int bad_start;

/* A reply out of the input: bytes below 200 are numbers, then 200: 8 bytes of one, 201 to 219: -1
 * to -19, 220 to 249: a text of so many bytes, 250 to 255: the end. */
static void make_reply(vxg__h5_body *b) {
    vxg__h5_body_clear(b);
    for (int i = 0; i < 400 && now < end; i++) {
        const uint8_t c = *now++;
        int64_t v = c;
        char text[32] = "";
        if (c >= 250) return;
        if (c >= 220) {
            const size_t n =
                (size_t)(c - 220) < (size_t)(end - now) ? (size_t)(c - 220) : (size_t)(end - now);
            memcpy(text, now, n);
            now += n;
            vxg__h5_put_words(b, text);
            continue;
        }
        if (c == 200 && end - now >= 8) {
            memcpy(&v, now, 8);
            now += 8;
        } else if (c > 200) {
            v = 200 - c;
        }
        vxg__h5_put(b, v);
    }
}

vxg__h5_body *vxg__h5_request(vxg__h5_session *s) {
    vxg__h5_body_clear(&s->request);
    return &s->request;
}
int vxg__h5_begin(vxg__h5_session *s, int what) {
    if (s->waiting) abort(); /* one request at a time */
    s->waiting = what;
    return VXG_OK;
}
int vxg__h5_finish(vxg__h5_session *s) {
    if (!s->waiting) abort();
    s->waiting = 0;
    if (now < end && *now == 255) {
        now++;
        return vxg_error_set(VXG_ERR_INPUT, "no answer");
    }
    make_reply(&s->reply);
    return VXG_OK;
}
int vxg__h5_ask(vxg__h5_session *s, int what) {
    vxg__h5_begin(s, what);
    return vxg__h5_finish(s);
}
int vxg__h5_session_open(const char *path, const vxg__h5_opts *opts, vxg__h5_session **out) {
    (void)path, (void)opts, (void)out;
    bad_start = 1;
    return VXG_ERR_UNSUPPORTED;
}
void vxg__h5_session_close(vxg__h5_session *s) {
    (void)s;
}
int vxg__h5_session_unchanged(const vxg__h5_session *s) {
    (void)s;
    return VXG_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    enum { WINDOW = 2 << 20 };
    static uint8_t window[WINDOW];
    static double values[4096];
    static int server; /* not NULL: nothing is launched or closed */
    vxg__h5_session s = {.fd = -1, .socket = -1, .server = &server, .path = (char[]){"f.h5"}};
    s.window = window, s.window_bytes = WINDOW, s.memory = s.share = 1 << 22;
    /* the last half of the input is what lies in the window */
    const size_t half = n / 2;
    memcpy(window, data + half, n - half < WINDOW ? n - half : WINDOW);
    now = data, end = data + half;
    vxg__h5_dataset d;
    double *list = NULL;
    int64_t count[VXG_MAX_DIMS], start[VXG_MAX_DIMS], m = 0;
    if (vxg__h5_dataset_open(&s, "data", "f.h5: data", &d) == VXG_OK) {
        for (int i = 0; i < d.ndim; i++) {
            count[i] = d.shape[i] < 4 ? d.shape[i] : 4;
            start[i] = d.shape[i] - count[i];
        }
        vxg__h5_dataset_read(&d, "f.h5: data", start, count, VXG__H5_AS_DOUBLE, values);
        vxg__h5_dataset_read(&d, "f.h5: data", start, count, VXG__H5_AS_IS, values);
        vxg__h5_dataset_close(&d);
    }
    if (vxg__h5_read_doubles(&s, "list", "f.h5: list", &list, &m) == VXG_OK) vxg__free(list);
    vxg__h5_body_free(&s.request);
    vxg__h5_body_free(&s.reply);
    fuzz_check_leaks();
    return bad_start;
}
