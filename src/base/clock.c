#define _POSIX_C_SOURCE 200809L
#include "base/clock.h"

#include <time.h>

static b24_ms read_clock(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (b24_ms)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

b24_ms b24_clock(void) { return read_clock(CLOCK_MONOTONIC); }

#ifdef CLOCK_BOOTTIME
b24_ms b24_clock_boot(void) { return read_clock(CLOCK_BOOTTIME); }
#else /* elsewhere (macOS) the monotonic clock goes on while suspended */
b24_ms b24_clock_boot(void) { return read_clock(CLOCK_MONOTONIC); }
#endif

double b24_clock_wall(void) { return (double)time(NULL); }
