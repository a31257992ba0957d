/* For tests of wrong use: the call is refused, with words. */
#ifndef VXG_TEST_ABUSE_H
#define VXG_TEST_ABUSE_H
#include <voxgrad/voxgrad.h>

#include "test.h"

#define BAD(call)                                                                                  \
    do {                                                                                           \
        vxg_error_clear();                                                                         \
        const int status_ = (call);                                                                \
        EXPECT(status_ != VXG_OK && *vxg_error_message(), "%s: %d '%s'", #call, status_,           \
               vxg_error_message());                                                               \
    } while (0)

/* After everything was released. */
static void nothing_left(void) {
    test_case_begin();
    EXPECT(vxg_alloc_live() == 0, "%lld blocks are left", (long long)vxg_alloc_live());
    test_case_end("nothing_left");
}
#endif
