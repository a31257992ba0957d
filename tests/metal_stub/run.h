// Runs a kernel of the program above it in this file: threads in groups, as a GPU would place them.
#undef kernel
#undef device
#undef thread
#undef threadgroup
#undef constant

struct any_pointer {
    void *p;
    template <class T> operator T *() const { return static_cast<T *>(p); }
};
typedef void (*stub_call)(void *const *b, const k_params &p, uint3 at, uint3 in, uint nr);
struct stub_row {
    const char *name;
    stub_call call;
    int is_group;
};

struct stub_item {
    stub_call call;
    void *const *b;
    const k_params *p;
    pthread_barrier_t *barrier;
    const uint *groups, *shape;
    uint nr;
};

static void stub_item_run(const stub_item &s) {
    const uint x = s.nr % s.shape[0], y = s.nr / s.shape[0];
    metal::stub_barrier = s.barrier;
    for (uint gz = 0; gz < s.groups[2]; gz++)
        for (uint gy = 0; gy < s.groups[1]; gy++)
            for (uint gx = 0; gx < s.groups[0]; gx++)
                s.call(s.b, *s.p, uint3{gx * s.shape[0] + x, gy * s.shape[1] + y, gz},
                       uint3{gx, gy, gz}, s.nr);
}
static void *stub_item_start(void *item) {
    stub_item_run(*static_cast<stub_item *>(item));
    return nullptr;
}

static int stub_run(const stub_row *rows, const char *name, void *const *b, const void *params) {
    k_params p;
    memcpy(&p, params, sizeof p);
    for (const stub_row *r = rows; r->name; r++) {
        if (strcmp(r->name, name)) continue;
        // items: groups of 16 x 4, so that ranges do not fill the last one
        const uint shape[2] = {r->is_group ? uint(K_GROUP) : 16u, r->is_group ? 1u : 4u};
        uint groups[3] = {uint(p.n[0]), uint(p.n[1]), uint(p.n[2])};
        stub_item items[1024];
        pthread_t threads[1024];
        pthread_barrier_t barrier;
        const uint count = shape[0] * shape[1];
        for (int i = 0; i < 2 && !r->is_group; i++)
            groups[i] = (groups[i] + shape[i] - 1) / shape[i];
        pthread_barrier_init(&barrier, nullptr, count);
        for (uint t = 0; t < count; t++) {
            items[t] =
                stub_item{r->call, b, &p, r->is_group ? &barrier : nullptr, groups, shape, t};
            if (!r->is_group) {
                stub_item_run(items[t]);
            } else if (pthread_create(&threads[t], nullptr, stub_item_start, &items[t])) {
                return 2;
            }
        }
        for (uint t = 0; t < count && r->is_group; t++) pthread_join(threads[t], nullptr);
        pthread_barrier_destroy(&barrier);
        return 0;
    }
    return 1;
}
