/* The directory of a zip file. */
#include "io/zip.h"

#include "io/tracts.h"

#include <stdlib.h>

enum {
    LOCAL = 30,
    CENTRAL = 46,
    END = 22,
    END64 = 56,
    LOCATOR = 20,
    MOST_COMMENT = 65535,
    MOST_DIRECTORY = 1 << 26
};

void vxg__zip_free(vxg__zip *z) {
    for (int64_t i = 0; z->members && i < z->count; i++) vxg__free(z->members[i].name);
    vxg__free(z->members);
    *z = (vxg__zip){0};
}

/* ---- The end of the file ---- */

typedef struct directory {
    int64_t at, bytes, count, limit; /* limit: what follows it begins there */
} directory;

/* Fields that do not go into the old record. */
static int read_end64(int fd, const char *path, int64_t end_at, directory *d) {
    uint8_t locator[LOCATOR], end[END64];
    VXG_FAIL_IF(end_at < LOCATOR, VXG_ERR_INPUT, "%s: no zip64 record", path);
    VXG_TRY(vxg__read_exact(fd, locator, LOCATOR, end_at - LOCATOR, path));
    const uint64_t at = vxg__u64le(locator + 8);
    VXG_FAIL_IF(memcmp(locator, "PK\6\7", 4) != 0 || end_at - LOCATOR < END64 ||
                    at > (uint64_t)(end_at - LOCATOR - END64),
                VXG_ERR_INPUT, "%s: no zip64 record", path);
    VXG_TRY(vxg__read_exact(fd, end, END64, (int64_t)at, path));
    VXG_FAIL_IF(memcmp(end, "PK\6\6", 4) != 0 || vxg__u32le(end + 16) || vxg__u32le(end + 20),
                VXG_ERR_INPUT, "%s: the zip64 record is damaged", path);
    const uint64_t count = vxg__u64le(end + 32), bytes = vxg__u64le(end + 40),
                   begin = vxg__u64le(end + 48);
    VXG_FAIL_IF(begin > at || bytes > at - begin || count > bytes / CENTRAL, VXG_ERR_INPUT,
                "%s: the zip file's directory does not lie in it", path);
    *d = (directory){(int64_t)begin, (int64_t)bytes, (int64_t)count, (int64_t)at};
    return VXG_OK;
}

/* The record at the end, behind which only a comment of the length that it says may stand. */
static int find_end(int fd, const char *path, int64_t bytes, uint8_t end[END], int64_t *at) {
    const int64_t n = bytes < END + MOST_COMMENT ? bytes : END + MOST_COMMENT;
    VXG_FAIL_IF(n < END, VXG_ERR_INPUT, "%s: too short for a zip file", path);
    uint8_t *tail = vxg__calloc((size_t)n, 1);
    if (!tail) return VXG_ERR_MEMORY;
    int status = vxg__read_exact(fd, tail, (size_t)n, bytes - n, path);
    *at = -1;
    for (int64_t i = n - END; i >= 0 && !status && *at < 0; i--)
        if (!memcmp(tail + i, "PK\5\6", 4) && i + END + vxg__u16le(tail + i + 20) == n) {
            memcpy(end, tail + i, END);
            *at = bytes - n + i;
        }
    vxg__free(tail);
    if (status) return status;
    VXG_FAIL_IF(*at < 0, VXG_ERR_INPUT, "%s: no zip file, or one that is cut off", path);
    return VXG_OK;
}

static int find_directory(int fd, const char *path, int64_t bytes, directory *d) {
    uint8_t end[END] = {0};
    int64_t at = 0;
    VXG_TRY(find_end(fd, path, bytes, end, &at));
    const uint32_t count = vxg__u16le(end + 10), size = vxg__u32le(end + 12),
                   begin = vxg__u32le(end + 16);
    if (count == 0xffff || size == 0xffffffffu || begin == 0xffffffffu)
        return read_end64(fd, path, at, d);
    VXG_FAIL_IF(vxg__u16le(end + 4) || vxg__u16le(end + 6) || vxg__u16le(end + 8) != count,
                VXG_ERR_INPUT, "%s: a zip file in several parts", path);
    VXG_FAIL_IF(begin > at || size > at - begin || count > size / CENTRAL, VXG_ERR_INPUT,
                "%s: the zip file's directory does not lie in it", path);
    *d = (directory){begin, size, count, at};
    return VXG_OK;
}

/* ---- Members ---- */

/* Names are paths inside the folder and nothing else. */
static int check_name(const char *path, const char *name) {
    int good = name[0] && name[0] != '/' && !strchr(name, '\\') && !strchr(name, ':');
    for (const char *p = name; good && *p;) {
        const size_t n = strcspn(p, "/");
        good = n > 0 && !(n == 1 && p[0] == '.') && !(n == 2 && p[0] == '.' && p[1] == '.');
        p += n + (p[n] == '/');
    }
    for (const char *p = name; good && *p; p++) good = (unsigned char)*p >= ' ' && *p != 127;
    VXG_FAIL_IF(!good, VXG_ERR_INPUT, "%s: a member of the zip file is called '%s'", path,
                VXG_SHOW(name));
    return VXG_OK;
}

/* Sizes and place of zip64, in this order where the old fields are full. */
static int read_extra(const char *path, const uint8_t *p, size_t n, vxg__zip_member *m,
                      const uint32_t old[3]) {
    int64_t *const fields[3] = {&m->size, &m->packed, &m->place};
    while (n >= 4) {
        const size_t bytes = vxg__u16le(p + 2);
        VXG_FAIL_IF(bytes > n - 4, VXG_ERR_INPUT, "%s: an extra field of '%s' is cut off", path,
                    VXG_SHOW(m->name));
        size_t at = 4;
        for (int i = 0; i < 3 && vxg__u16le(p) == 1; i++) {
            if (old[i] != 0xffffffffu) continue;
            VXG_FAIL_IF(at + 8 > bytes + 4, VXG_ERR_INPUT, "%s: the sizes of '%s' are cut off",
                        path, VXG_SHOW(m->name));
            const uint64_t v = vxg__u64le(p + at);
            VXG_FAIL_IF(v > INT64_MAX, VXG_ERR_INPUT, "%s: '%s' has a size beyond 2^63", path,
                        VXG_SHOW(m->name));
            *fields[i] = (int64_t)v, at += 8;
        }
        p += 4 + bytes, n -= 4 + bytes;
    }
    return VXG_OK;
}

/* Deflate makes at most 1032 bytes of one; a size beyond that is a lie. */
static int check_sizes(const char *path, const vxg__zip *z, const vxg__zip_member *m) {
    const int64_t room = z->begin - LOCAL - (int64_t)strlen(m->name);
    VXG_FAIL_IF(room < 0 || m->place > room || m->packed > room - m->place, VXG_ERR_INPUT,
                "%s: '%s' does not lie in the zip file", path, VXG_SHOW(m->name));
    VXG_FAIL_IF(!m->deflated && m->packed != m->size, VXG_ERR_INPUT,
                "%s: '%s' is stored, but its two sizes differ", path, VXG_SHOW(m->name));
    VXG_FAIL_IF(m->deflated && m->size / 1032 > m->packed, VXG_ERR_INPUT,
                "%s: '%s' says that it is %lld bytes, %lld packed ones cannot be so many", path,
                VXG_SHOW(m->name), (long long)m->size, (long long)m->packed);
    return VXG_OK;
}

/* One record; *used: its bytes. Folders have m->name NULL. */
static int read_member(const char *path, const vxg__zip *z, const uint8_t *p, size_t n,
                       vxg__zip_member *m, size_t *used) {
    VXG_FAIL_IF(n < CENTRAL || memcmp(p, "PK\1\2", 4) != 0, VXG_ERR_INPUT,
                "%s: the zip file's directory is damaged", path);
    const size_t name = vxg__u16le(p + 28), extra = vxg__u16le(p + 30),
                 comment = vxg__u16le(p + 32);
    VXG_FAIL_IF(name + extra + comment > n - CENTRAL, VXG_ERR_INPUT,
                "%s: the zip file's directory is damaged", path);
    *used = CENTRAL + name + extra + comment;
    const char *text = (const char *)p + CENTRAL;
    VXG_FAIL_IF(name == 0 || memchr(text, 0, name), VXG_ERR_INPUT,
                "%s: a member of the zip file has no name, or one with a zero", path);
    m->name = vxg__calloc(name + 1, 1);
    if (!m->name) return VXG_ERR_MEMORY;
    memcpy(m->name, text, name);
    VXG_TRY(check_name(path, m->name));
    const uint32_t flags = vxg__u16le(p + 8), method = vxg__u16le(p + 10);
    const uint32_t old[3] = {vxg__u32le(p + 24), vxg__u32le(p + 20), vxg__u32le(p + 42)};
    VXG_FAIL_IF(flags & 0x2041, VXG_ERR_INPUT, "%s: '%s' is encrypted", path, VXG_SHOW(m->name));
    VXG_FAIL_IF(method != 0 && method != 8, VXG_ERR_UNSUPPORTED,
                "%s: '%s' is packed by method %u; stored or deflated expected", path,
                VXG_SHOW(m->name), (unsigned)method);
    m->crc = vxg__u32le(p + 16), m->deflated = method == 8;
    m->size = old[0], m->packed = old[1], m->place = old[2];
    VXG_TRY(read_extra(path, (const uint8_t *)text + name, extra, m, old));
    VXG_TRY(check_sizes(path, z, m));
    if (m->name[name - 1] == '/') {
        VXG_FAIL_IF(m->size != 0, VXG_ERR_INPUT, "%s: the folder '%s' has bytes", path,
                    VXG_SHOW(m->name));
        vxg__free(m->name);
        m->name = NULL;
    }
    return VXG_OK;
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const vxg__zip_member *)a)->name, ((const vxg__zip_member *)b)->name);
}

static int by_place(const void *a, const void *b) {
    const int64_t x = ((const vxg__zip_member *)a)->place, y = ((const vxg__zip_member *)b)->place;
    return (x > y) - (x < y);
}

/* Each name once, each byte of the file one member's. Leaves the members in the file's order. */
static int check_members(const char *path, const vxg__zip *z) {
    if (z->count > 1) qsort(z->members, (size_t)z->count, sizeof *z->members, by_name);
    for (int64_t i = 1; i < z->count; i++)
        VXG_FAIL_IF(!by_name(&z->members[i - 1], &z->members[i]), VXG_ERR_INPUT,
                    "%s: '%s' is there twice", path, VXG_SHOW(z->members[i].name));
    if (z->count > 1) qsort(z->members, (size_t)z->count, sizeof *z->members, by_place);
    for (int64_t i = 1; i < z->count; i++) {
        const vxg__zip_member *a = &z->members[i - 1];
        const int64_t end = a->place + LOCAL + (int64_t)strlen(a->name) + a->packed;
        VXG_FAIL_IF(end > z->members[i].place, VXG_ERR_INPUT, "%s: '%s' and '%s' overlap", path,
                    VXG_SHOW(a->name), VXG_SHOW(z->members[i].name));
    }
    return VXG_OK;
}

static int read_members(const char *path, const uint8_t *p, size_t n, int64_t count, vxg__zip *z) {
    z->members = vxg__calloc((size_t)count + 1, sizeof *z->members);
    if (!z->members) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < count; i++) {
        size_t used = 0;
        vxg__zip_member *m = &z->members[z->count];
        *m = (vxg__zip_member){0};
        const int status = read_member(path, z, p, n, m, &used);
        z->count += m->name != NULL; /* so that its name is freed */
        if (status) return status;
        p += used, n -= used;
    }
    return check_members(path, z);
}

int vxg__zip_open(int fd, const char *path, int64_t bytes, vxg__zip *z) {
    directory d = {0};
    *z = (vxg__zip){0};
    VXG_TRY(find_directory(fd, path, bytes, &d));
    VXG_FAIL_IF(d.bytes > MOST_DIRECTORY, VXG_ERR_INPUT, "%s: a directory of %lld bytes", path,
                (long long)d.bytes);
    z->begin = d.at;
    uint8_t *p = vxg__calloc((size_t)d.bytes + 1, 1);
    if (!p) return VXG_ERR_MEMORY;
    int status = vxg__read_exact(fd, p, (size_t)d.bytes, d.at, path);
    if (!status) status = read_members(path, p, (size_t)d.bytes, d.count, z);
    vxg__free(p);
    if (status) vxg__zip_free(z);
    return status;
}

int vxg__zip_place(int fd, const char *path, const vxg__zip *z, const vxg__zip_member *m,
                   int64_t *at) {
    uint8_t head[LOCAL];
    VXG_TRY(vxg__read_exact(fd, head, LOCAL, m->place, path));
    const size_t name = vxg__u16le(head + 26), extra = vxg__u16le(head + 28);
    VXG_FAIL_IF(memcmp(head, "PK\3\4", 4) != 0 || name != strlen(m->name) ||
                    (vxg__u16le(head + 8) == 8) != m->deflated || (vxg__u16le(head + 6) & 1),
                VXG_ERR_INPUT, "%s: the directory and the header of '%s' disagree", path,
                VXG_SHOW(m->name));
    char *text = vxg__calloc(name + 1, 1);
    if (!text) return VXG_ERR_MEMORY;
    int status = vxg__read_exact(fd, text, name, m->place + LOCAL, path);
    if (!status && memcmp(text, m->name, name) != 0)
        status = vxg_error_set(VXG_ERR_INPUT, "%s: the directory and the header of '%s' disagree",
                               path, VXG_SHOW(m->name));
    vxg__free(text);
    if (status) return status;
    const uint32_t size = vxg__u32le(head + 22), packed = vxg__u32le(head + 18);
    const int later = vxg__u16le(head + 6) & 8; /* sizes stand behind the bytes */
    VXG_FAIL_IF(!later && ((size != 0xffffffffu && (int64_t)size != m->size) ||
                           (packed != 0xffffffffu && (int64_t)packed != m->packed)),
                VXG_ERR_INPUT, "%s: the directory and the header of '%s' say other sizes", path,
                VXG_SHOW(m->name));
    *at = m->place + LOCAL + (int64_t)name + (int64_t)extra;
    VXG_FAIL_IF(*at > z->begin || m->packed > z->begin - *at, VXG_ERR_INPUT,
                "%s: '%s' does not lie in the zip file", path, VXG_SHOW(m->name));
    return VXG_OK;
}
