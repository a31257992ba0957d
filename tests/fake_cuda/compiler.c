/* The simulated NVRTC and the driver's module half: program texts go through the system's C
 * compiler with device.h in front, "machine code" is the text and the shared object, PTX is the
 * text. */
#include "fake_internal.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct bytes {
    char *p;
    size_t n;
} bytes;

static bytes read_all(const char *path) {
    bytes b = {0};
    FILE *f = fopen(path, "rb");
    if (!f) return b;
    fseek(f, 0, SEEK_END);
    b.n = (size_t)ftell(f);
    rewind(f);
    b.p = calloc(b.n + 1, 1);
    if (fread(b.p, 1, b.n, f) != b.n) b.n = 0;
    fclose(f);
    return b;
}

/* Compiled objects of this process, so that failing tests need not compile again. */
static struct {
    char *text, *defines;
    bytes object;
} made[64];
static int nmade;

static bytes compile(const char *text, const char *defines, char *log, size_t log_size) {
    char dir[] = "/tmp/fake-cuda-XXXXXX", path[64], command[2048];
    bytes object = {0};
    for (int i = 0; i < nmade; i++)
        if (!strcmp(made[i].text, text) && !strcmp(made[i].defines, defines)) return made[i].object;
    log[0] = 0;
    if (!mkdtemp(dir)) return object;
    snprintf(path, sizeof path, "%s/k.c", dir);
    FILE *f = fopen(path, "wb");
    fputs(text, f);
    fputs("\n__attribute__((visibility(\"default\"))) const int fake_group = K_GROUP;\n", f);
    fclose(f);
    snprintf(command, sizeof command,
             "cc -std=gnu11 -O1 -w -fPIC -shared -fvisibility=hidden -ffp-contract=off "
             "-fno-math-errno %s -include %s -o %s/k.so %s/k.c -lm 2>%s/log",
             defines, FAKE_DEVICE_HEADER, dir, dir, dir);
    int exit_code = system(command);
    snprintf(path, sizeof path, "%s/k.so", dir);
    if (!exit_code) object = read_all(path);
    unlink(path);
    snprintf(path, sizeof path, "%s/log", dir);
    bytes words = read_all(path);
    snprintf(log, log_size, "%s", words.p ? words.p : "");
    free(words.p), unlink(path);
    snprintf(path, sizeof path, "%s/k.c", dir);
    unlink(path), rmdir(dir);
    if (object.p && nmade < 64) {
        made[nmade].text = strdup(text), made[nmade].defines = strdup(defines);
        made[nmade++].object = object;
    }
    return object;
}

/* ---- NVRTC ---- */
struct _nvrtcProgram {
    char *text;
    char log[4096];
    char defines[1024];
    bytes object;
    int machine_code;
};

FAKE_API nvrtcResult nvrtcVersion(int *major, int *minor) {
    ENTER(nvrtcVersion);
    *major = 12, *minor = 4;
    return 0;
}
static const int known[] = {75, 80, 86, 89, 90};
FAKE_API nvrtcResult nvrtcGetNumSupportedArchs(int *count) {
    ENTER(nvrtcGetNumSupportedArchs);
    *count = fake_known_arch ? 1 : 5;
    return 0;
}
FAKE_API nvrtcResult nvrtcGetSupportedArchs(int *archs) {
    ENTER(nvrtcGetSupportedArchs);
    if (fake_known_arch) {
        archs[0] = fake_known_arch;
    } else {
        memcpy(archs, known, sizeof known);
    }
    return 0;
}
FAKE_API nvrtcResult nvrtcCreateProgram(nvrtcProgram *program, const char *text, const char *name,
                                        int n, const char *const *headers,
                                        const char *const *names) {
    ENTER(nvrtcCreateProgram);
    if (!text || !name || n || headers || names) return 3;
    *program = calloc(1, sizeof **program);
    (*program)->text = strdup(text);
    fake_count(FAKE_PROGRAM, 1);
    return 0;
}
FAKE_API nvrtcResult nvrtcDestroyProgram(nvrtcProgram *program) {
    int code = fake_enter("nvrtcDestroyProgram");
    free((*program)->text), free(*program);
    *program = NULL;
    fake_count(FAKE_PROGRAM, -1);
    return code;
}
FAKE_API nvrtcResult nvrtcCompileProgram(nvrtcProgram p, int n, const char *const *options) {
    int exact = 0, host = 0, arch = 0;
    ENTER(nvrtcCompileProgram);
    for (int i = 0; i < n; i++) {
        exact |= !strcmp(options[i], "--fmad=false");
        host |= !strcmp(options[i], "-default-device");
        if (!strncmp(options[i], "-D", 2)) {
            size_t used = strlen(p->defines);
            snprintf(p->defines + used, sizeof p->defines - used, " '%s'", options[i]);
        }
        if (strstr(options[i], "fast")) return 5;
        if (sscanf(options[i], "--gpu-architecture=sm_%d", &arch) == 1) p->machine_code = 1;
        sscanf(options[i], "--gpu-architecture=compute_%d", &arch);
    }
    if (!exact || !host || !arch || (fake_known_arch && arch != fake_known_arch)) return 5;
    p->object = compile(p->text, p->defines, p->log, sizeof p->log);
    return p->object.p ? 0 : 6;
}
FAKE_API nvrtcResult nvrtcGetProgramLogSize(nvrtcProgram p, size_t *n) {
    ENTER(nvrtcGetProgramLogSize);
    *n = strlen(p->log) + 1;
    return 0;
}
FAKE_API nvrtcResult nvrtcGetProgramLog(nvrtcProgram p, char *log) {
    ENTER(nvrtcGetProgramLog);
    strcpy(log, p->log);
    return 0;
}

/* Machine code: magic, lengths, text, object. The driver gets no length, so it stands inside. */
typedef struct image_head {
    char magic[8];
    uint64_t text_bytes, object_bytes;
} image_head;
#define MAGIC "FAKECUBN"
/* PTX: a line with the definitions, the text. */
#define PTX "// simulated PTX"

FAKE_API nvrtcResult nvrtcGetCUBINSize(nvrtcProgram p, size_t *n) {
    ENTER(nvrtcGetCUBINSize);
    if (!p->machine_code) return 4;
    *n = sizeof(image_head) + strlen(p->text) + 1 + p->object.n;
    return 0;
}
FAKE_API nvrtcResult nvrtcGetCUBIN(nvrtcProgram p, char *cubin) {
    ENTER(nvrtcGetCUBIN);
    image_head head = {.text_bytes = strlen(p->text) + 1, .object_bytes = p->object.n};
    memcpy(head.magic, MAGIC, 8);
    memcpy(cubin, &head, sizeof head);
    memcpy(cubin + sizeof head, p->text, head.text_bytes);
    memcpy(cubin + sizeof head + head.text_bytes, p->object.p, p->object.n);
    return 0;
}
FAKE_API nvrtcResult nvrtcGetPTXSize(nvrtcProgram p, size_t *n) {
    ENTER(nvrtcGetPTXSize);
    *n = strlen(PTX) + strlen(p->defines) + 1 + strlen(p->text) + 1;
    return 0;
}
FAKE_API nvrtcResult nvrtcGetPTX(nvrtcProgram p, char *ptx) {
    ENTER(nvrtcGetPTX);
    sprintf(ptx, "%s%s\n%s", PTX, p->defines, p->text);
    return 0;
}

/* ---- Modules ---- */
struct CUmod_st {
    void *lib;
    char *text;
    struct CUfunc_st *functions;
};
struct CUfunc_st {
    struct CUfunc_st *next;
    char name[64];
    void *entry;
    void (*place)(const unsigned *, void (*)(void *), void *);
    int nbuffers, is_group, is_image, group;
};

static void *open_object(const char *object, size_t n) {
    char path[] = "/tmp/fake-cubin-XXXXXX";
    int fd = mkstemp(path);
    if (fd < 0) return NULL;
    int good = write(fd, object, n) == (ssize_t)n;
    close(fd);
    void *lib = good ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    unlink(path);
    return lib;
}

FAKE_API CUresult cuModuleLoadData(CUmodule *module, const void *image) {
    image_head head;
    char log[4096];
    const char *text = image;
    bytes object;
    ENTER(cuModuleLoadData);
    SAFE;
    if (!memcmp(image, MAGIC, 8)) {
        memcpy(&head, image, sizeof head);
        text = (const char *)image + sizeof head;
        object.p = (char *)(uintptr_t)text + head.text_bytes, object.n = head.object_bytes;
    } else if (!strncmp(text, PTX, strlen(PTX))) {
        char defines[1024];
        size_t n = strcspn(text, "\n");
        snprintf(defines, sizeof defines, "%.*s", (int)(n - strlen(PTX)), text + strlen(PTX));
        text += n + 1;
        object = compile(text, defines, log, sizeof log);
    } else {
        return 200; /* invalid image */
    }
    void *lib = object.p ? open_object(object.p, object.n) : NULL;
    if (!lib) return 200;
    *module = calloc(1, sizeof **module);
    (*module)->lib = lib, (*module)->text = strdup(text);
    fake_count(FAKE_MODULE, 1);
    return 0;
}
FAKE_API CUresult cuModuleUnload(CUmodule module) {
    int code = fake_enter("cuModuleUnload");
    fake_run_all();
    for (CUfunction f = module->functions, next; f; f = next) next = f->next, free(f);
    dlclose(module->lib);
    free(module->text), free(module);
    fake_count(FAKE_MODULE, -1);
    return code;
}

/* What an entry takes stands in the text: K_KERNEL3(name, ... */
static int read_entry(const char *text, const char *name, int *nbuffers, int *is_group,
                      int *is_image) {
    static const char *const words[] = {"K_KERNEL", "K_GROUP_KERNEL", "K_LOCAL_KERNEL",
                                        "K_IMAGE_KERNEL", "K_LANES_KERNEL"};
    char pattern[96];
    for (int n = 1; n <= 8; n++)
        for (int kind = 0; kind < 5; kind++) {
            snprintf(pattern, sizeof pattern, "\n%s%d(%s,", words[kind], n, name);
            if (!strstr(text, pattern)) continue;
            *nbuffers = n, *is_group = kind == 1 || kind == 2, *is_image = kind == 3;
            return 1;
        }
    return 0;
}

FAKE_API CUresult cuModuleGetFunction(CUfunction *function, CUmodule module, const char *name) {
    ENTER(cuModuleGetFunction);
    CUfunction f = calloc(1, sizeof *f);
    snprintf(f->name, sizeof f->name, "%s", name);
    f->entry = dlsym(module->lib, name);
    *(void **)&f->place = dlsym(module->lib, "fake_place");
    const int *group = dlsym(module->lib, "fake_group");
    f->group = group ? *group : 0;
    if (!f->entry || !read_entry(module->text, name, &f->nbuffers, &f->is_group, &f->is_image)) {
        free(f);
        return 500; /* not found */
    }
    f->next = module->functions, module->functions = f;
    *function = f;
    return 0;
}
FAKE_API CUresult cuFuncGetAttribute(int *value, CUfunction_attribute what, CUfunction function) {
    ENTER(cuFuncGetAttribute);
    if (what != 0 || !function) return 1;
    *value = 1024;
    return 0;
}

/* ---- Running ---- */
int fake_take_arguments(fake_launch *l, void **params) {
    int n = l->function->nbuffers;
    for (int i = 0; i < n; i++) {
        CUdeviceptr p;
        memcpy(&p, params[i], sizeof p);
        l->buffer[i] = (void *)(uintptr_t)p;
        const int image = i == 0 && l->function->is_image;
        if (image ? !fake_is_texture(l->buffer[i]) : !fake_is_memory(l->buffer[i], 1)) return 1;
    }
    memcpy(&l->params, params[n], sizeof l->params);
    memcpy(&l->y0, params[n + 1], sizeof l->y0);
    memcpy(&l->z0, params[n + 2], sizeof l->z0);
    return l->function->is_group &&
           (l->block[0] != (unsigned)l->function->group || l->block[1] != 1 || l->block[2] != 1);
}

#define B4 void *, void *, void *, void *
#define TAIL vxg_params_f32, unsigned, unsigned
#define REST l->params, l->y0, l->z0
static void call(const fake_launch *l) {
    void *e = l->function->entry, *const *b = l->buffer;
    switch (l->function->nbuffers) {
    case 1: ((void (*)(void *, TAIL))e)(b[0], REST); break;
    case 2: ((void (*)(void *, void *, TAIL))e)(b[0], b[1], REST); break;
    case 3: ((void (*)(void *, void *, void *, TAIL))e)(b[0], b[1], b[2], REST); break;
    case 4: ((void (*)(B4, TAIL))e)(b[0], b[1], b[2], b[3], REST); break;
    case 5: ((void (*)(B4, void *, TAIL))e)(b[0], b[1], b[2], b[3], b[4], REST); break;
    case 6:
        ((void (*)(B4, void *, void *, TAIL))e)(b[0], b[1], b[2], b[3], b[4], b[5], REST);
        break;
    case 7:
        ((void (*)(B4, void *, void *, void *, TAIL))e)(b[0], b[1], b[2], b[3], b[4], b[5], b[6],
                                                        REST);
        break;
    case 8:
        ((void (*)(B4, B4, TAIL))e)(b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], REST);
        break;
    default: abort();
    }
}

static void one_thread(const fake_launch *l, unsigned block, unsigned thread,
                       void (*barrier)(void *), void *context) {
    const unsigned *g = l->grid, *b = l->block;
    const unsigned at[9] = {thread % b[0],
                            thread / b[0] % b[1],
                            thread / b[0] / b[1],
                            block % g[0],
                            block / g[0] % g[1],
                            block / g[0] / g[1],
                            b[0],
                            b[1],
                            b[2]};
    l->function->place(at, barrier, context);
    call(l);
}

typedef struct crew {
    const fake_launch *l;
    pthread_barrier_t barrier;
    unsigned thread;
} crew;
typedef struct member {
    crew *all;
    unsigned thread;
} member;

static void wait_for_crew(void *context) {
    pthread_barrier_wait(context);
}
static void *run_member(void *arg) {
    member *m = arg;
    const fake_launch *l = m->all->l;
    unsigned nblocks = l->grid[0] * l->grid[1] * l->grid[2];
    for (unsigned block = 0; block < nblocks; block++)
        one_thread(l, block, m->thread, wait_for_crew, &m->all->barrier);
    return NULL;
}

void fake_run(const fake_launch *l) {
    unsigned nblocks = l->grid[0] * l->grid[1] * l->grid[2];
    unsigned nthreads = l->block[0] * l->block[1] * l->block[2];
    if (!l->function->is_group) {
        for (unsigned block = 0; block < nblocks; block++)
            for (unsigned t = 0; t < nthreads; t++) one_thread(l, block, t, NULL, NULL);
        return;
    }
    crew all = {.l = l};
    pthread_t threads[1024];
    member members[1024];
    pthread_barrier_init(&all.barrier, NULL, nthreads);
    for (unsigned t = 0; t < nthreads; t++) {
        members[t] = (member){&all, t};
        pthread_create(&threads[t], NULL, run_member, &members[t]);
    }
    for (unsigned t = 0; t < nthreads; t++) pthread_join(threads[t], NULL);
    pthread_barrier_destroy(&all.barrier);
}
