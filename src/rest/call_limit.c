/* The limiter's part of a call: no request without a place in the portal's queue. */
#include "rest/call_impl.h"

static struct b24_decision sleep_for(b24_ms time, enum b24_after after) {
    return (struct b24_decision){.type = SLEEP, .time = time, .after = after, .reason = "limiter"};
}

/* No place within the deadline: the wait is not begun. */
static struct b24_decision no_place(struct b24_call *c, b24_ms wait) {
    if (c->outcome.attempts == 0 || c->moved) {
        struct b24_fault f;
        b24_fail(&f, B24_LIMIT, "LIMITER",
                 "Ask less often, or give the call more time with timeout (seconds).",
                 "the portal's limit of calls leaves no place within the deadline");
        b24_outcome_fault(&c->outcome, &f);
        c->outcome.retryable = c->outcome.not_run = true;
    }
    c->outcome.retry_after = wait;
    return b24_then(FINAL);
}

static struct b24_decision place(const struct b24_call *c, b24_ms wait) {
    if (wait < c->not_before - c->now) wait = c->not_before - c->now;
    return wait <= 0 ? b24_then(SEND) : sleep_for(wait, THEN_SEND);
}

struct b24_decision b24_call_reserve(struct b24_call *c) {
    b24_ms most = c->deadline - c->now, wait;
    if (most <= 0) return b24_then(SEND); /* which knows what to say */
    if (c->own_limiter) return (struct b24_decision){.type = ASK, .time = most};
    /* The portal at a new address counts this request, the conf's own limit has counted the call.
     */
    struct b24_keeper *own = c->moved ? NULL : c->own;
    /* A place at the very deadline would leave no time for the request. */
    struct b24_asking asking = {&c->conf->limits, c->haste, c->begun, c->now, most - 1};
    enum b24_turn turn = b24_limiter_turn(c->portal->limiter, own, &c->queued, &asking, &wait);
    if (turn == B24_TURN_REFUSED) return no_place(c, wait);
    if (turn == B24_TURN_SEND) return place(c, wait);
    return sleep_for(wait, THEN_RESERVE);
}

struct b24_decision b24_call_reserved(struct b24_call *c, enum b24_verdict verdict, b24_ms wait) {
    if (verdict == B24_BROKEN) {
        c->own_limiter = false;
        b24_call_add_note(c, "degraded")->reason = "limiter";
        return b24_then(RESERVE);
    }
    if (verdict == B24_REFUSED || wait >= c->deadline - c->now) return no_place(c, wait);
    return place(c, wait);
}

struct b24_decision b24_call_overrun(struct b24_call *c) {
    b24_ms pause = c->not_before - c->now;
    bool told = c->conf->limits.off ||
                b24_limiter_overrun(c->portal->limiter, c->now, pause > 0 ? pause : 0);
    if (!told && c->now < c->deadline) return sleep_for(B24_BUSY_PAUSE, THEN_OVERRUN);
    return b24_then(c->last_words ? FINAL : RESERVE);
}
