/* Every input goes to the seven readers of geometry texts; what one takes is explained, drawn and
 * written in every format. */
#include "fuzz.h"
#include "geometry_readers.h"

#include "array/launch.h"

#include <math.h>
#include <string.h>

/* The other half of array/random.c, whose random numbers trajectories use; never called. */
int64_t vxg_array_count(const vxg_array *a) {
    (void)a;
    abort();
}
int vxg_array_write(vxg_queue *queue, const vxg_array *a, const void *src) {
    (void)queue, (void)a, (void)src;
    abort();
}
int vxg__array_check(const vxg_array *a, const char *what) {
    (void)a, (void)what;
    abort();
}
int vxg__real_of(vxg_dtype dtype, const char *what, vxg_real *out) {
    (void)dtype, (void)what, (void)out;
    abort();
}

/* A text that says nan or inf where a picture needs a number. */
static void check_picture(const char *svg) {
    for (const char *p = svg; (p = strchr(p, '"')); p++)
        if (!strncmp(p, "\"nan", 4) || !strncmp(p, "\"-nan", 5) || !strncmp(p, "\"inf", 4) ||
            !strncmp(p, "\"-inf", 5))
            abort();
}

static void done(int status, char *text) {
    if (!status) vxg_free(text);
}

static void use(const vxg_ct_geometry *geo, const vxg_ct_notes *notes) {
    vxg_ct_summary s = {0};
    vxg_ct_geometry *again = NULL;
    char words[400], *text = NULL;
    const int64_t n = vxg_ct_geometry_nviews(geo);
    for (int64_t i = 0; i < n; i++)
        for (int k = 0; k < 12; k++)
            if (!isfinite(((const double *)vxg_ct_geometry_view(geo, i))[k])) abort();
    if (n > 1000) return; /* the same again, and slow */
    if (!vxg_ct_geometry_summary(geo, notes, &s))
        for (int w = 0; w < VXG_CT_WARNING_COUNT; w++)
            vxg_ct_warning_words(&s, (vxg_ct_warning)w, words, sizeof words);
    done(vxg_ct_geometry_words(geo, notes, &text), text);
    if (!vxg_ct_geometry_svg(geo, notes, &text)) {
        check_picture(text);
        vxg_free(text);
    }
    done(vxg_ct_geometry_to_astra(geo, &text), text);
    done(vxg_ct_geometry_to_rtk(geo, &text), text);
    done(vxg_ct_geometry_to_matrix_text(geo, &text), text);
    done(vxg_ct_geometry_to_tigre(geo, notes, &text), text);
    done(vxg_ct_geometry_to_leap(geo, notes, &text), text);
    done(vxg_ct_geometry_to_cil(geo, notes, &text), text);
    done(vxg_ct_geometry_to_json(geo, notes, 0, &text), text);
    if (!vxg_ct_geometry_to_json(geo, notes, 1, &text)) {
        if (!vxg_ct_geometry_from_json(text, strlen(text), NULL, &again))
            vxg_ct_geometry_release(again);
        vxg_free(text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    const char *text = (const char *)data;
    for (int reader = 0; reader < READERS; reader++) {
        vxg_ct_geometry *geo = NULL;
        vxg_ct_notes notes = {.reverse = -1};
        const int status = read_geometry(reader, text, n, &notes, &geo);
        if (!status != !!geo || (status && !*vxg_error_message())) abort();
        if (!status) use(geo, &notes);
        vxg_ct_geometry_release(geo);
        vxg_error_clear();
    }
    fuzz_check_leaks();
    return 0;
}
