/* Is this attempt's outcome final? Decided by "did it run?", not by how bad it looks. */
#include "rest/call_impl.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "rest/codes.h"
#include "json/document.h"

#define FIRST_PAUSE   500   /* ms; doubled with every retry */
#define LONGEST_PAUSE 10000 /* ms */
#define RESET_UNKNOWN 60000 /* ms: the portal sums computing time in buckets of one minute */
#define RESET_MARGIN  1000  /* ms: its clock has whole seconds */

/* ------------------------------------------------------------ the policy */

/* The longest pause before the next retry: 0.5 s, 1 s, 2 s, … 10 s. */
static b24_ms backoff(const struct b24_attempt *a) {
    b24_ms pause = FIRST_PAUSE;
    for (int i = a->spent; i > 0 && pause < LONGEST_PAUSE; i--) pause *= 2;
    return pause < LONGEST_PAUSE ? pause : LONGEST_PAUSE;
}

static b24_ms at_least(b24_ms pause, b24_ms least) { return pause > least ? pause : least; }

/* Full jitter, so that clients that failed together do not come back together; a Retry-After is
 * obeyed. */
static b24_ms jittered(const struct b24_attempt *a) {
    b24_ms pause = (b24_ms)(a->random % (uint64_t)(backoff(a) + 1));
    return at_least(pause, a->outcome->retry_after);
}

static struct b24_judgement final(b24_ms retry_after) {
    return (struct b24_judgement){{.type = FINAL}, false, retry_after};
}

/* A pause that does not fit: that is said now, not at the deadline. */
static struct b24_judgement retry_after(const struct b24_attempt *a, b24_ms pause,
                                        const char *reason) {
    if (pause >= a->time) return final(pause);
    struct b24_decision sleep = {
        .type = SLEEP, .time = pause, .after = THEN_RESERVE, .reason = reason};
    return (struct b24_judgement){sleep, true, a->outcome->retry_after};
}

/* The method has used up its computing time. */
static struct b24_judgement blocked(const struct b24_attempt *a) {
    if (a->blocked == B24_NO_MS) return final(RESET_UNKNOWN);
    b24_ms pause = a->blocked + RESET_MARGIN;
    if (a->left == 0) return final(pause);
    struct b24_judgement v = retry_after(a, pause, "operating");
    v.retry_after = pause;
    return v;
}

/* Too many calls: everybody slows down, whoever asks next. */
static struct b24_judgement overrun(const struct b24_attempt *a) {
    b24_ms pause = at_least(backoff(a), a->outcome->retry_after);
    bool retry = a->left > 0 && pause < a->time;
    struct b24_decision slow = {
        .type = PENALISE, .time = pause, .after = retry ? THEN_RESERVE : THEN_DONE};
    return (struct b24_judgement){slow, retry, pause};
}

struct b24_judgement b24_judge_attempt(const struct b24_attempt *a) {
    const struct b24_outcome *o = a->outcome;
    if (o->kind == B24_OK) return final(o->retry_after);
    if (b24_same(o->code, "OPERATION_TIME_LIMIT")) return blocked(a);
    if (o->kind == B24_LIMIT && o->retryable && o->not_run) return overrun(a);
    if (!o->retryable || !(o->not_run || a->safe) || a->left == 0) return final(o->retry_after);
    return retry_after(a, jittered(a), "retry");
}

/* ------------------------------------------------------------ what the call knows */

/* splitmix64: the n-th number of a seed. */
static uint64_t random_number(uint64_t seed, int n) {
    uint64_t z = seed + (uint64_t)n * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* The portal's clock: a moment as ms from now. B24_NO_MS: it does not say. */
static const double *moment(const struct b24_outcome *o, enum b24_time_name name) {
    if (o->times.known) return b24_time_number(&o->times, name);
    const cJSON *m = b24_member(o->time, b24_time_name(name));
    return cJSON_IsNumber(m) ? &m->valuedouble : NULL;
}

static b24_ms reset_from_now(const struct b24_outcome *o) {
    const double *at = moment(o, B24_TIME_operating_reset_at), *now = moment(o, B24_TIME_finish);
    if (at == NULL || now == NULL) return B24_NO_MS;
    double seconds = *at - *now;
    return seconds >= 0 && seconds < 86400 ? (b24_ms)(seconds * 1000) : B24_NO_MS;
}

/* How long this method stays blocked. Its own last good answer knows; the refusal itself usually
 * does not say. */
static b24_ms blocked_for(const struct b24_call *c) {
    if (c->outcome.kind == B24_OK) return B24_NO_MS;
    b24_ms reset = reset_from_now(&c->outcome);
    if (reset != B24_NO_MS) return reset;
    b24_ms at = b24_portal_reset(c->portal, c->method);
    return at > c->now ? at - c->now : B24_NO_MS;
}

/* A typing error is the likeliest cause. */
static void suggest_method(struct b24_call *c) {
    const char *near = b24_method_nearest(c->method);
    if (near == NULL) return;
    snprintf(c->outcome.hint_text, sizeof c->outcome.hint_text,
             "Did you mean %s? Otherwise its module may be missing on this portal or plan.", near);
    c->outcome.hint = c->outcome.hint_text;
}

void b24_call_learn(struct b24_call *c) {
    const char *hint = b24_code_method_hint(c->outcome.code, c->method);
    if (hint != NULL) c->outcome.hint = hint;
    if (b24_same(c->outcome.code, "ERROR_METHOD_NOT_FOUND")) suggest_method(c);
    if (c->outcome.kind != B24_OK) return;
    b24_ms reset = reset_from_now(&c->outcome);
    if (reset != B24_NO_MS) b24_portal_note_reset(c->portal, c->method, c->now + reset);
}

struct b24_judgement b24_call_judge(const struct b24_call *c) {
    int spent = c->conf->retries - c->retries;
    struct b24_attempt attempt = {.outcome = &c->outcome,
                                  .safe = c->safe,
                                  .left = c->retries,
                                  .spent = spent,
                                  .time = c->deadline - c->now,
                                  .blocked = blocked_for(c),
                                  .random = random_number(c->seed, spent + 1)};
    return b24_judge_attempt(&attempt);
}
