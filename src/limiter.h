/* limiter.h: how often a portal may be called. One 64-bit cell holds the theoretical arrival time (GCRA, the exact
   leaky bucket) and is moved by compare-and-swap: no lock that a killed process could keep. No I/O, no clock. */
#ifndef B24_LIMITER_H
#define B24_LIMITER_H

#include <stdatomic.h>

#include "common.h"

B24_PRIVATE_BEGIN

/* Microseconds of the machine's monotonic clock. Zero: an empty bucket. May be shared between processes. */
typedef _Atomic int64_t b24_cell;

/* The portal's documented limits (REST limits page): calls a second, and how many may come at once. */
#define B24_RATE_DEFAULT     2.0
#define B24_BURST_DEFAULT    50
#define B24_RATE_ENTERPRISE  5.0
#define B24_BURST_ENTERPRISE 250

struct b24_rate {
    double rate; /* calls a second; 0: no limit */
    int burst;   /* calls at once */
};

/* When may the next call go? Takes its place in the queue and answers the wait in ms, 0 for now. If the wait were
   longer than `most`, no place is taken, the answer is false and *wait is what it would have been. */
bool b24_limiter_reserve(b24_cell *cell, const struct b24_rate *rate, b24_ms now, b24_ms most, b24_ms *wait);

/* The portal said "too many": its bucket is full. Nobody's next call comes before `pause` ms from now. */
void b24_limiter_penalise(b24_cell *cell, const struct b24_rate *rate, b24_ms now, b24_ms pause);

#define B24_PENALTY_MAX 60000 /* ms */

B24_PRIVATE_END
#endif
