#include "limiter.h"

#define US 1000 /* microseconds in a millisecond */

/* Requests overtake each other on the way, so the portal sees bursts that we did not send: leave a twentieth of its
   bucket empty (of 50: two calls, one second at 2/s). */
#define SLACK 20

/* A place is at most this far ahead of now: the longest wait (the longest timeout) and the longest penalty. Anything
   beyond is left from another boot or is garbage. */
#define AHEAD_MAX ((int64_t)(600000 + B24_PENALTY_MAX) * US)

static int64_t interval(const struct b24_rate *r) { return (int64_t)(1e6 / r->rate); }

/* How far the arrival time may run ahead of the clock before calls have to wait. */
static int64_t tolerance(const struct b24_rate *r) {
    int burst = r->burst - r->burst / SLACK;
    return (burst > 1 ? burst - 1 : 0) * interval(r);
}

/* Where the bucket stands: never in the past, never absurd. */
static int64_t standing(int64_t arrival, int64_t now, const struct b24_rate *r) {
    if (arrival < now || arrival > now + tolerance(r) + interval(r) + AHEAD_MAX) return now;
    return arrival;
}

bool b24_limiter_reserve(b24_cell *cell, const struct b24_rate *r, b24_ms now, b24_ms most, b24_ms *wait) {
    *wait = 0;
    if (r->rate <= 0) return true; /* before the cell is touched: its file is only looked after where it is needed */
    int64_t t = now * US, seen = atomic_load(cell), arrival;
    do {
        arrival = standing(seen, t, r);
        int64_t ahead = arrival - tolerance(r) - t;
        *wait = ahead > 0 ? (ahead + US - 1) / US : 0;
        if (*wait > most) return false;
    } while (!atomic_compare_exchange_weak(cell, &seen, arrival + interval(r)));
    return true;
}

void b24_limiter_penalise(b24_cell *cell, const struct b24_rate *r, b24_ms now, b24_ms pause) {
    if (r->rate <= 0) return;
    if (pause > B24_PENALTY_MAX) pause = B24_PENALTY_MAX;
    int64_t t = now * US, full = t + tolerance(r) + pause * US, seen = atomic_load(cell);
    do {
        if (standing(seen, t, r) >= full) return;
    } while (!atomic_compare_exchange_weak(cell, &seen, full));
}
