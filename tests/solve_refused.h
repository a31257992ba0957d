/* A call that must be refused, by its status and words of its message. */
#ifndef TESTS_SOLVE_REFUSED_H
#define TESTS_SOLVE_REFUSED_H

#include "test.h"

#define REFUSED(call, status, words)                                                               \
    do {                                                                                           \
        const int got_ = (call);                                                                   \
        EXPECT(got_ == (status) && strstr(vxg_error_message(), words), "status %d: %s", got_,      \
               vxg_error_message());                                                               \
    } while (0)

#endif
