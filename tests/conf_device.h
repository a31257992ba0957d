/* Conformance on a device of the library, through the public API alone. */
#ifndef VXG_CONF_DEVICE_H
#define VXG_CONF_DEVICE_H
#include "conformance.h"

static int conf_transfer(conf_target *t, const conf_launch *c, int b, vxg_buffer *buffer,
                         int to_device) {
    const size_t bytes = c->count[b] * conf_size(t, c, b);
    void *host = malloc(bytes);
    if (to_device) conf_pack(t, c, b, host);
    int status = to_device ? vxg_buffer_write(NULL, buffer, 0, host, bytes)
                           : vxg_buffer_read(NULL, buffer, 0, host, bytes);
    if (!to_device && !status) conf_unpack(t, c, b, host);
    free(host);
    return status;
}

static int conf_device_run(conf_target *t, const conf_launch *c) {
    vxg_device *dev = t->context;
    vxg_kernel *k = NULL;
    vxg_launch l = {.nbuffers = c->nbuffers, .nints = c->nints, .nreals = c->nreals};
    memcpy(l.global, c->global, sizeof l.global);
    memcpy(l.ints, c->ints, sizeof l.ints);
    memcpy(l.reals, c->reals, sizeof l.reals);
    int status = vxg_kernel_get_with(dev, c->kernel, c->options,
                                     t->is_f64 ? VXG_REAL_F64 : VXG_REAL_F32, &k);
    for (int i = 0; i < c->nbuffers && !status; i++) {
        l.offset[i] = c->offset[i] * (int64_t)conf_size(t, c, i);
        status = vxg_buffer_new(dev, c->count[i] * conf_size(t, c, i), &l.buffer[i]);
        if (!status) status = conf_transfer(t, c, i, l.buffer[i], 1);
    }
    if (!status) status = vxg_kernel_launch(k, NULL, &l);
    for (int i = 0; i < c->nbuffers && !status; i++)
        status = conf_transfer(t, c, i, l.buffer[i], 0);
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
                         .needs_compiler = !strcmp(info->backend, "cpu"),
                         .context = dev};
        conf_all(&t, label);
    }
    vxg_device_release(dev);
}
#endif
