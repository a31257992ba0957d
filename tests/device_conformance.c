/* The conformance kernels on every device there is: each instruction-set level of the processor in
 * both precisions, OpenCL and CUDA devices. The simulated CUDA device and the Metal stub have
 * programs of their own. */
#include "conf_device.h"

int main(void) {
    vxg_device_info info[32] = {0};
    int n = 0;
    test_suite = "conformance";
#if defined(__x86_64__)
    conf_device("cpu:v2");
    conf_device("cpu:v3");
    conf_device("cpu:v4");
#endif
    vxg_device_list(info, 32, &n);
    for (int i = 0; i < n && i < 32; i++) conf_device(info[i].spec);
    if (*vxg_device_why("opencl")) conf_device("opencl:0");
    if (*vxg_device_why("cuda")) conf_device("cuda:0");
    return test_failed != 0;
}
