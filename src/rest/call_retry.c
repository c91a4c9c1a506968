/* Is this attempt's outcome final? Decided by "did it run?", not by how bad it looks. */
#include "rest/call_impl.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "json/document.h"

#define FIRST_PAUSE   500   /* ms; doubled with every retry */
#define LONGEST_PAUSE 10000 /* ms */
#define RESET_UNKNOWN 60000 /* ms: the portal sums computing time in buckets of one minute */
#define RESET_MARGIN  1000  /* ms: its clock has whole seconds */

/* splitmix64 */
static uint64_t random_number(struct b24_call *c) {
    uint64_t z = (c->random += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* The longest pause before the next retry: 0.5 s, 1 s, 2 s, … 10 s. */
static b24_ms backoff(const struct b24_call *c) {
    b24_ms pause = FIRST_PAUSE;
    for (int i = c->conf->retries - c->retries; i > 0 && pause < LONGEST_PAUSE; i--) pause *= 2;
    return pause < LONGEST_PAUSE ? pause : LONGEST_PAUSE;
}

/* Full jitter, so that clients that failed together do not come back together; a Retry-After is
 * obeyed. */
static b24_ms jittered(struct b24_call *c) {
    b24_ms pause = (b24_ms)(random_number(c) % (uint64_t)(backoff(c) + 1));
    return pause > c->outcome.retry_after ? pause : c->outcome.retry_after;
}

/* The portal's clock: a moment as ms from now. B24_NO_MS: it does not say. */
static b24_ms from_now(const cJSON *time, const char *name) {
    const cJSON *at = b24_member(time, name), *finish = b24_member(time, "finish");
    if (!cJSON_IsNumber(at) || !cJSON_IsNumber(finish)) return B24_NO_MS;
    double seconds = at->valuedouble - finish->valuedouble;
    return seconds >= 0 && seconds < 86400 ? (b24_ms)(seconds * 1000) : B24_NO_MS;
}

static void remember_reset(struct b24_call *c) {
    b24_ms reset = from_now(c->outcome.time, "operating_reset_at");
    if (reset != B24_NO_MS) b24_portal_note_reset(c->portal, c->method, c->now + reset);
}

/* How long this method stays blocked. Its own last good answer knows; the refusal itself usually
 * does not say. */
static b24_ms blocked_for(struct b24_call *c) {
    b24_ms reset = from_now(c->outcome.time, "operating_reset_at");
    if (reset == B24_NO_MS) {
        b24_ms at = b24_portal_reset(c->portal, c->method);
        reset = at > c->now ? at - c->now : B24_NO_MS;
    }
    return reset != B24_NO_MS ? reset + RESET_MARGIN : B24_NO_MS;
}

static void use_retry(struct b24_call *c) {
    c->retries--;
    struct b24_note *n = b24_call_add_note(c, "retry");
    memcpy(n->code, c->outcome.code, sizeof n->code);
}

static struct b24_action retry_after(struct b24_call *c, b24_ms pause, const char *reason) {
    if (c->now + pause >= c->deadline) { /* would not fit: say so now, not at the deadline */
        c->outcome.retry_after = pause;
        return b24_call_done(c);
    }
    use_retry(c);
    return b24_call_sleep(c, c->now + pause, THEN_RESERVE, reason);
}

static struct b24_action blocked(struct b24_call *c) {
    b24_ms pause = blocked_for(c);
    c->outcome.retry_after = pause != B24_NO_MS ? pause : RESET_UNKNOWN;
    if (c->retries == 0 || pause == B24_NO_MS) return b24_call_done(c);
    return retry_after(c, pause, "operating");
}

static struct b24_action overrun(struct b24_call *c) {
    b24_ms pause = backoff(c) > c->outcome.retry_after ? backoff(c) : c->outcome.retry_after;
    c->outcome.retry_after = pause;
    if (c->retries == 0 || c->now + pause >= c->deadline) return b24_call_penalise(c, pause, true);
    use_retry(c);
    return b24_call_penalise(c, pause, false);
}

static bool code_is(const struct b24_call *c, const char *code) {
    return b24_same(c->outcome.code, code);
}

/* A typing error is the likeliest cause. */
static void suggest_method(struct b24_call *c) {
    const char *near = b24_method_nearest(c->method);
    if (near == NULL) return;
    snprintf(c->outcome.hint_text, sizeof c->outcome.hint_text,
             "Did you mean %s? Otherwise its module may be missing on this portal or plan.", near);
    c->outcome.hint = c->outcome.hint_text;
}

struct b24_action b24_call_decide(struct b24_call *c) {
    const struct b24_outcome *o = &c->outcome;
    if (code_is(c, "ERROR_METHOD_NOT_FOUND")) suggest_method(c);
    if (o->kind == B24_OK) {
        remember_reset(c);
        return b24_call_done(c);
    }
    if (code_is(c, "OPERATION_TIME_LIMIT")) return blocked(c);
    if (o->kind == B24_LIMIT && o->retryable && o->not_run) return overrun(c);
    if (!o->retryable || !(o->not_run || c->safe) || c->retries == 0) return b24_call_done(c);
    return retry_after(c, jittered(c), "retry");
}
