/* Conformance on a device of the library, through the public API alone. */
#ifndef VXG_CONF_DEVICE_H
#define VXG_CONF_DEVICE_H
#include "conformance.h"

static int conf_transfer(vxg_buffer *b, int to_device, double *data, size_t n, int is_f64) {
    if (is_f64) {
        return to_device ? vxg_buffer_write(NULL, b, 0, data, n * 8)
                         : vxg_buffer_read(NULL, b, 0, data, n * 8);
    }
    float *f = malloc(n * sizeof *f);
    for (size_t i = 0; to_device && i < n; i++) f[i] = (float)data[i];
    int status =
        to_device ? vxg_buffer_write(NULL, b, 0, f, n * 4) : vxg_buffer_read(NULL, b, 0, f, n * 4);
    for (size_t i = 0; !to_device && i < n; i++) data[i] = f[i];
    free(f);
    return status;
}

static int conf_device_run(conf_target *t, const conf_launch *c) {
    vxg_device *dev = t->context;
    vxg_kernel *k = NULL;
    vxg_launch l = {.nbuffers = c->nbuffers, .nints = c->nints, .nreals = c->nreals};
    memcpy(l.global, c->global, sizeof l.global);
    memcpy(l.ints, c->ints, sizeof l.ints);
    memcpy(l.reals, c->reals, sizeof l.reals);
    int status = vxg_kernel_get(dev, c->kernel, t->is_f64 ? VXG_F64 : VXG_F32, &k);
    for (int i = 0; i < c->nbuffers && !status; i++) {
        l.offset[i] = c->offset[i];
        status = vxg_buffer_new(dev, c->count[i] * (t->is_f64 ? 8 : 4), &l.buffer[i]);
        if (!status) status = conf_transfer(l.buffer[i], 1, c->data[i], c->count[i], t->is_f64);
    }
    if (!status) status = vxg_kernel_launch(k, NULL, &l);
    for (int i = 0; i < c->nbuffers && !status; i++)
        status = conf_transfer(l.buffer[i], 0, c->data[i], c->count[i], t->is_f64);
    for (int i = 0; i < c->nbuffers; i++) vxg_buffer_release(l.buffer[i]);
    vxg_kernel_release(k);
    return status;
}

/* Conformance on one device, in float32 and where it has it in float64; a skip when the device is
 * not there. Names its tests by spec. */
static void conf_device(const char *spec) {
    vxg_device *dev;
    char label[64];
    snprintf(label, sizeof label, "%s", spec);
    for (char *p = label; *p; p++)
        if (*p == ':') *p = '_';
    if (vxg_device_open(spec, &dev)) {
        test_case_begin();
        test_note(2, __FILE__, __LINE__, "%s", vxg_error_message());
        test_case_end(label);
        return;
    }
    const vxg_device_info *info = vxg_device_get_info(dev);
    for (int f64 = 0; f64 <= info->has_f64; f64++) {
        conf_target t = {.run = conf_device_run,
                         .message = vxg_error_message,
                         .is_f64 = f64,
                         .fused = conf_is_fused(info),
                         .exact_roots = strcmp(info->backend, "opencl") != 0,
                         .context = dev};
        conf_all(&t, label);
    }
    vxg_device_release(dev);
}
#endif
