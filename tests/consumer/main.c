/* What a program outside the project does: include, link, call. */
#include <stdio.h>
#include <voxgrad/voxgrad.h>

int main(void) {
    vxg_device *dev;
    if (vxg_device_open("cpu", &dev)) return fprintf(stderr, "%s\n", vxg_error_message()), 1;
    printf("voxgrad %s on %s\n", vxg_version(), vxg_device_get_info(dev)->spec);
    vxg_device_release(dev);
    return 0;
}
