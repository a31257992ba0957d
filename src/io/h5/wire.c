/* Bodies of numbers and texts, and their way through a socket. */
#include "io/h5/wire.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

static int grow(vxg__h5_body *b, size_t more) {
    if (b->bad || more > VXG__H5_MOST_BODY || b->n + more > VXG__H5_MOST_BODY) {
        b->bad = 1;
        return -1;
    }
    if (b->n + more <= b->room) return 0;
    const size_t room = 2 * (b->n + more) + 256;
    uint8_t *p = vxg__realloc(b->p, room, 1);
    if (!p) {
        b->bad = 1;
        return -1;
    }
    b->p = p, b->room = room;
    return 0;
}

void vxg__h5_put(vxg__h5_body *b, int64_t v) {
    if (grow(b, sizeof v)) return;
    memcpy(b->p + b->n, &v, sizeof v);
    b->n += sizeof v;
}

void vxg__h5_put_words(vxg__h5_body *b, const char *text) {
    const size_t n = strlen(text) + 1;
    vxg__h5_put(b, (int64_t)n);
    if (grow(b, n)) return;
    memcpy(b->p + b->n, text, n);
    b->n += n;
}

int64_t vxg__h5_take(vxg__h5_body *b) {
    int64_t v = 0;
    if (b->bad || b->n - b->at < sizeof v) {
        b->bad = 1;
        return 0;
    }
    memcpy(&v, b->p + b->at, sizeof v);
    b->at += sizeof v;
    return v;
}

const char *vxg__h5_take_words(vxg__h5_body *b) {
    const int64_t n = vxg__h5_take(b);
    if (b->bad || n < 1 || (uint64_t)n > b->n - b->at || b->p[b->at + (size_t)n - 1] != 0) {
        b->bad = 1;
        return "";
    }
    const char *text = (const char *)b->p + b->at;
    b->at += (size_t)n;
    return text;
}

void vxg__h5_body_clear(vxg__h5_body *b) {
    b->n = b->at = 0;
    b->bad = 0;
}

void vxg__h5_body_free(vxg__h5_body *b) {
    vxg__free(b->p);
    *b = (vxg__h5_body){0};
}

static int send_all(int fd, const void *data, size_t n) {
    const char *p = data;
    while (n > 0) {
        const ssize_t done = send(fd, p, n, MSG_NOSIGNAL);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return -1;
        p += done, n -= (size_t)done;
    }
    return 0;
}

int vxg__h5_send(int fd, const vxg__h5_head *head, const vxg__h5_body *body) {
    if (send_all(fd, head, sizeof *head)) return -1;
    return head->bytes ? send_all(fd, body->p, head->bytes) : 0;
}

static int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* *got: bytes until the stream ended */
static int receive_all(int fd, int64_t until, void *data, size_t n, size_t *got) {
    *got = 0;
    while (*got < n) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        const int64_t left = until < 0 ? -1 : until - now_ms();
        if (until >= 0 && left <= 0) {
            errno = ETIMEDOUT;
            return -1;
        }
        const int ready = poll(&p, 1, (int)(left < 0 ? -1 : left > 1000000 ? 1000000 : left));
        if (ready < 0 && errno != EINTR) return -1;
        if (ready <= 0) continue;
        const ssize_t done = recv(fd, (char *)data + *got, n - *got, 0);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return -1;
        if (done == 0) return 0;
        *got += (size_t)done;
    }
    return 0;
}

int vxg__h5_receive(int fd, int timeout, vxg__h5_head *head, vxg__h5_body *body, int *got) {
    const int64_t until = timeout < 0 ? -1 : now_ms() + timeout;
    size_t n = 0;
    *got = 0;
    vxg__h5_body_clear(body);
    if (receive_all(fd, until, head, sizeof *head, &n)) return -1;
    if (n < sizeof *head) return 0;
    if (head->wire != VXG__H5_WIRE || head->bytes > VXG__H5_MOST_BODY) {
        errno = EPROTO;
        return -1;
    }
    if (grow(body, head->bytes)) {
        errno = ENOMEM;
        return -1;
    }
    if (receive_all(fd, until, body->p, head->bytes, &n)) return -1;
    if (n < head->bytes) return 0;
    body->n = n;
    *got = 1;
    return 0;
}
