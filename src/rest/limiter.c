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

/* Of a bucket, what bulk leaves to others: of the standard 50 twelve calls, six seconds of its
   drain. */
#define SHARE 4

/* Bulk takes no place far ahead, where it would be in the way of others. It comes back when its
   place is near; the longer it has waited, the earlier it may take it, so that who came first goes
   first without a list of who waits: a hundredth of its wait, at most half of the share. */
#define PATIENCE 100
#define EARLIEST 3000 /* ms */

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

/* By how much the bucket is full for bulk before it is. */
static int64_t share(const struct b24_rate *r, enum b24_haste haste) {
    return haste == B24_BULK ? r->burst / SHARE * interval(r) : 0;
}

/* Where the bucket stands: never in the past, never absurd. */
static int64_t standing(int64_t arrival, int64_t now, const struct b24_rate *r) {
    if (arrival < now || arrival > now + tolerance(r) + interval(r) + AHEAD_MAX) return now;
    return arrival;
}

/* The wait in ms that the bucket imposes. */
static b24_ms ahead(int64_t arrival, int64_t now, const struct b24_rate *r, enum b24_haste haste) {
    int64_t wait = standing(arrival, now, r) - (tolerance(r) - share(r, haste)) - now;
    return wait > 0 ? (wait + US - 1) / US : 0;
}

static bool reserve(b24_cell *cell, const struct b24_rate *r, enum b24_haste haste, b24_ms now,
                    b24_ms most, b24_ms *wait) {
    *wait = 0;
    if (r->rate <= 0) return true;
    int64_t t = now * US, seen = atomic_load(cell);
    do {
        *wait = ahead(seen, t, r, haste);
        if (*wait > most) return false;
    } while (!atomic_compare_exchange_weak(cell, &seen, standing(seen, t, r) + interval(r)));
    return true;
}

bool b24_limiter_reserve(b24_cell *cell, const struct b24_rate *r, b24_ms now, b24_ms most,
                         b24_ms *wait) {
    return reserve(cell, r, B24_PROMPT, now, most, wait);
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

/* Its wait, in the better of the two buckets; a standard conf has only the first. */
static b24_ms portal_ahead(struct b24_limiter_page *page, const struct b24_asking *a,
                           bool *in_second) {
    b24_ms first = ahead(atomic_load(&page->first), a->now * US, &standard, a->haste);
    *in_second = false;
    if (a->limits->plan == B24_STANDARD) return first;
    b24_ms second = ahead(atomic_load(&page->second), a->now * US, &beyond, a->haste);
    *in_second = second <= first;
    return *in_second ? second : first;
}

/* How far ahead its place may be. */
static b24_ms horizon(const struct b24_asking *a) {
    b24_ms early = (a->now - a->begun) / PATIENCE;
    if (early > EARLIEST) early = EARLIEST;
    return a->haste == B24_BULK && early < a->most ? early : a->most;
}

static bool portal_reserve(struct b24_limiter_page *page, const struct b24_asking *a,
                           b24_ms *wait) {
    bool in_second;
    b24_ms most = horizon(a);
    (void)portal_ahead(page, a, &in_second);
    if (in_second && reserve(&page->second, &beyond, a->haste, a->now, most, wait)) return true;
    if (reserve(&page->first, &standard, a->haste, a->now, most, wait)) return true;
    /* Others may have filled the better one since the look at it. */
    return !in_second && a->limits->plan == B24_ENTERPRISE &&
           reserve(&page->second, &beyond, a->haste, a->now, most, wait);
}

/* ------------------------------------------------------------ a stricter conf's page */

/* Its first cell gives out places to wait for. A call whose place has come may still have to wait
   for the portal, so the second cell counts the calls at the moments when they go: that one is
   never exceeded. */
static enum b24_turn own_turn(struct b24_limiter_page *own, bool *queued,
                              const struct b24_asking *a, b24_ms *wait) {
    const struct b24_rate *r = &a->limits->own;
    b24_ms now = a->now, most = a->most;
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

/* No place at the portal, for a call that may have one in its conf's own queue. */
static enum b24_turn no_place(struct b24_limiter_page *own, bool *queued,
                              const struct b24_asking *a, b24_ms *wait) {
    b24_ms most = horizon(a);
    if (a->haste == B24_BULK && *wait > most && *wait <= a->most) {
        /* When its place and its horizon meet: that one grows meanwhile. */
        *wait = ((*wait - most) * PATIENCE + PATIENCE) / (PATIENCE + 1);
        return B24_TURN_COME_BACK;
    }
    if (own != NULL && *queued) return_place(&own->first, &a->limits->own);
    return B24_TURN_REFUSED;
}

static enum b24_turn both(struct b24_limiter_page *portal, struct b24_limiter_page *own,
                          bool *queued, const struct b24_asking *a, b24_ms *wait) {
    bool ignored;
    *wait = portal_ahead(portal, a, &ignored);
    /* Before a wait for its own place that would be for nothing. */
    if (*wait > horizon(a)) return no_place(own, queued, a, wait);
    enum b24_turn turn = own != NULL ? own_turn(own, queued, a, wait) : B24_TURN_SEND;
    if (turn != B24_TURN_SEND) return turn;
    if (!portal_reserve(portal, a, wait)) {
        if (own != NULL) return_place(&own->second, &a->limits->own);
        return no_place(own, queued, a, wait);
    }
    if (own != NULL) raise(&own->second, (a->now + *wait) * US + interval(&a->limits->own));
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

enum b24_turn b24_limiter_turn(struct b24_keeper *portal, struct b24_keeper *own, bool *queued,
                               const struct b24_asking *a, b24_ms *wait) {
    struct b24_limiter_page *mine = NULL, *shared;
    *wait = 0;
    if (a->limits->off)
        return B24_TURN_SEND; /* before a file is touched: it is only looked after where it is
                                 needed */
    *wait = B24_BUSY_PAUSE;
    if (a->limits->own.rate <= 0) own = NULL;
    if (own != NULL && (mine = own->take(own, a->now)) == NULL) return B24_TURN_COME_BACK;
    enum b24_turn turn = B24_TURN_COME_BACK;
    shared = portal->take(portal, a->now);
    if (shared != NULL) {
        turn = both(shared, mine, queued, a, wait);
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
