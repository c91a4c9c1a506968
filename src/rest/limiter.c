#include "rest/limiter.h"

#include <string.h>

#define US 1000 /* microseconds in a millisecond */

/* Requests overtake each other on the way, so the portal sees bursts that we did not send: leave a
   twentieth of its bucket empty (of 50: two calls, one second at 2/s). */
#define SLACK 20

/* A place is at most this far ahead of now: the longest wait (the longest timeout) and the longest
   penalty. Anything beyond is left from another boot or is garbage. */
#define AHEAD_MAX ((int64_t)(600000 + B24_PENALTY_MAX) * US)

/* The portal's bucket by plan. An enterprise portal's is kept as two: the standard one, and what it
   has beyond that, for confs that know of it. What drains both in turn never fills the whole, and
   confs that do not know the plan stay within the standard bucket together, whatever the others do.
 */
static const struct b24_rate standard = {2, 50}, beyond = {3, 200};

/* Whole milliseconds, as waits are: calls then go exactly when their place says. */
static int64_t interval(const struct b24_rate *r) {
    double ms = 1e3 / r->rate;
    int64_t whole = (int64_t)ms;
    return ((double)whole < ms ? whole + 1 : whole) * US;
}

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

/* The wait in ms that the bucket imposes. */
static b24_ms ahead(int64_t arrival, int64_t now, const struct b24_rate *r) {
    int64_t wait = standing(arrival, now, r) - tolerance(r) - now;
    return wait > 0 ? (wait + US - 1) / US : 0;
}

bool b24_limiter_reserve(b24_cell *cell, const struct b24_rate *r, b24_ms now, b24_ms most,
                         b24_ms *wait) {
    *wait = 0;
    if (r->rate <= 0) return true;
    int64_t t = now * US, seen = atomic_load(cell);
    do {
        *wait = ahead(seen, t, r);
        if (*wait > most) return false;
    } while (!atomic_compare_exchange_weak(cell, &seen, standing(seen, t, r) + interval(r)));
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

/* A place that was taken and is not used. */
static void return_place(b24_cell *cell, const struct b24_rate *r) {
    atomic_fetch_sub(cell, interval(r));
}

static void raise(b24_cell *cell, int64_t arrival) {
    int64_t seen = atomic_load(cell);
    while (seen < arrival && !atomic_compare_exchange_weak(cell, &seen, arrival)) continue;
}

/* ------------------------------------------------------------ the portal's page */

struct b24_rate b24_limiter_rate(enum b24_portal_plan plan) {
    if (plan == B24_STANDARD) return standard;
    return (struct b24_rate){standard.rate + beyond.rate, standard.burst + beyond.burst};
}

static b24_ms portal_ahead(struct b24_limiter_page *page, enum b24_portal_plan plan, b24_ms now,
                           bool *in_second) {
    b24_ms first = ahead(atomic_load(&page->first), now * US, &standard);
    *in_second = false;
    if (plan == B24_STANDARD) return first;
    b24_ms second = ahead(atomic_load(&page->second), now * US, &beyond);
    *in_second = second <= first; /* a standard conf has only the first */
    return *in_second ? second : first;
}

static bool portal_reserve(struct b24_limiter_page *page, enum b24_portal_plan plan, b24_ms now,
                           b24_ms most, b24_ms *wait) {
    bool in_second;
    (void)portal_ahead(page, plan, now, &in_second);
    if (in_second && b24_limiter_reserve(&page->second, &beyond, now, most, wait)) return true;
    if (b24_limiter_reserve(&page->first, &standard, now, most, wait)) return true;
    /* Others may have filled the better one since the look at it. */
    return !in_second && plan == B24_ENTERPRISE &&
           b24_limiter_reserve(&page->second, &beyond, now, most, wait);
}

/* ------------------------------------------------------------ a stricter conf's page */

/* Its first cell gives out places to wait for. A call whose place has come may still have to wait
   for the portal, so the second cell counts the calls at the moments when they go: that one is
   never exceeded. */
static enum b24_turn own_turn(struct b24_limiter_page *own, const struct b24_rate *r, bool *queued,
                              b24_ms now, b24_ms most, b24_ms *wait) {
    if (!*queued) {
        int64_t sent = atomic_load(&own->second);
        if (standing(sent, now * US, r) == sent) raise(&own->first, sent);
        if (!b24_limiter_reserve(&own->first, r, now, most, wait)) return B24_TURN_REFUSED;
        *queued = true;
        if (*wait > 0) return B24_TURN_COME_BACK;
    }
    if (b24_limiter_reserve(&own->second, r, now, 0, wait)) return B24_TURN_SEND;
    if (*wait <= most) return B24_TURN_COME_BACK;
    return_place(&own->first, r);
    return B24_TURN_REFUSED;
}

static enum b24_turn both(const struct b24_limits *limits, struct b24_limiter_page *portal,
                          struct b24_limiter_page *own, bool *queued, b24_ms now, b24_ms most,
                          b24_ms *wait) {
    const struct b24_rate *r = &limits->own;
    bool ignored;
    *wait = portal_ahead(portal, limits->plan, now, &ignored);
    if (*wait > most) {
        if (own != NULL && *queued) return_place(&own->first, r);
        return B24_TURN_REFUSED; /* before a wait for its own place that would be for nothing */
    }
    enum b24_turn turn = own != NULL ? own_turn(own, r, queued, now, most, wait) : B24_TURN_SEND;
    if (turn != B24_TURN_SEND) return turn;
    if (!portal_reserve(portal, limits->plan, now, most, wait)) {
        if (own == NULL) return B24_TURN_REFUSED;
        return_place(&own->second, r);
        return_place(&own->first, r);
        return B24_TURN_REFUSED;
    }
    if (own != NULL) raise(&own->second, (now + *wait) * US + interval(r));
    return B24_TURN_SEND;
}

/* ------------------------------------------------------------ keepers */

static struct b24_limiter_page *take_local(struct b24_keeper *keeper, b24_ms now) {
    (void)now;
    return &keeper->local;
}

static void give_local(struct b24_keeper *keeper) { (void)keeper; }

void b24_keeper_init(struct b24_keeper *keeper) {
    memset(keeper, 0, sizeof *keeper);
    keeper->take = take_local;
    keeper->give = give_local;
}

void b24_limiter_remember(struct b24_limiter_page *page, const struct b24_limiter_page *known) {
    raise(&page->first, atomic_load(&known->first));
    raise(&page->second, atomic_load(&known->second));
}

enum b24_turn b24_limiter_turn(const struct b24_limits *limits, struct b24_keeper *portal,
                               struct b24_keeper *own, bool *queued, b24_ms now, b24_ms most,
                               b24_ms *wait) {
    struct b24_limiter_page *mine = NULL, *shared;
    *wait = 0;
    if (limits->off)
        return B24_TURN_SEND; /* before a file is touched: it is only looked after where it is
                                 needed */
    *wait = B24_BUSY_PAUSE;
    if (limits->own.rate <= 0) own = NULL;
    if (own != NULL && (mine = own->take(own, now)) == NULL) return B24_TURN_COME_BACK;
    enum b24_turn turn = B24_TURN_COME_BACK;
    shared = portal->take(portal, now);
    if (shared != NULL) {
        turn = both(limits, shared, mine, queued, now, most, wait);
        portal->give(portal);
    }
    if (own != NULL) own->give(own);
    if (turn != B24_TURN_COME_BACK) *queued = false;
    return turn;
}

void b24_limiter_leave(const struct b24_limits *limits, struct b24_keeper *own, bool *queued,
                       b24_ms now) {
    struct b24_limiter_page *page = *queued ? own->take(own, now) : NULL;
    *queued = false;
    if (page == NULL) return;
    return_place(&page->first, &limits->own);
    own->give(own);
}

bool b24_limiter_overrun(struct b24_keeper *portal, b24_ms now, b24_ms pause) {
    struct b24_limiter_page *page = portal->take(portal, now);
    if (page == NULL) return false;
    b24_limiter_penalise(&page->first, &standard, now, pause);
    b24_limiter_penalise(&page->second, &beyond, now, pause);
    portal->give(portal);
    return true;
}
