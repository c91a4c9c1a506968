/* base/clock.h: the machine's monotonic clock, which all processes share. */
#ifndef B24_BASE_CLOCK_H
#define B24_BASE_CLOCK_H

#include "base/common.h"

B24_PRIVATE_BEGIN

b24_ms b24_clock(void);

/* The same for spans that go on while the machine is suspended, where the system tells them apart.
 */
b24_ms b24_clock_boot(void);

/* Seconds since 1970, by the clock that people set: for dates only. */
double b24_clock_wall(void);

B24_PRIVATE_END
#endif
