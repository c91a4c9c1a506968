#include "rest/token.h"

#define BUSY_PAUSE  25  /* ms between two looks at a lock: a refresh takes some hundred */
#define RETRY_PAUSE 500 /* ms before a token server that was not reached is asked again */
#define SENT_MAX    3   /* requests to it for one renewal */

/* Refusals in one call. What another process has stored may be hours old, and be refused, too. */
#define ROUNDS_MAX 3

static enum b24_token_step wait(struct b24_token *t, b24_ms pause) {
    t->pause = pause;
    return B24_TOKEN_WAIT;
}

/* Another credential is wanted. One refresh for each call: if that is refused, nothing helps. */
static enum b24_token_step begin(struct b24_token *t, enum b24_token_event event) {
    bool missing = event == B24_TOKEN_MISSING;
    if (t->from == B24_FIXED || t->renewed || (!missing && event != B24_TOKEN_REFUSED))
        return B24_TOKEN_FAIL;
    if (!missing && ++t->rounds > ROUNDS_MAX) return B24_TOKEN_FAIL;
    t->sent = 0;
    t->again = false;
    t->reading = missing && t->from == B24_STORED;
    return t->reading ? B24_TOKEN_LOAD : B24_TOKEN_LOCK;
}

static enum b24_token_step locked(struct b24_token *t, enum b24_token_event event) {
    if (event == B24_TOKEN_BUSY) return wait(t, BUSY_PAUSE);
    if (event != B24_TOKEN_LOCKED) return B24_TOKEN_FAIL;
    return t->from == B24_ASKED ? B24_TOKEN_ASK : B24_TOKEN_LOAD;
}

/* After a lost answer the first pair may be dead, and the old refresh token still good, or not:
   nothing but asking tells. At once, before the server forgets that it has just been asked. */
static enum b24_token_step refreshed(struct b24_token *t, enum b24_token_event event) {
    switch (event) {
    case B24_TOKEN_GIVEN: t->renewed = true; return B24_TOKEN_SAVE;
    case B24_TOKEN_LOST:
        if (t->sent == 1) return B24_TOKEN_REFRESH;
        return t->sent < SENT_MAX ? wait(t, RETRY_PAUSE) : B24_TOKEN_FAIL;
    case B24_TOKEN_UNSENT: return t->sent < SENT_MAX ? wait(t, RETRY_PAUSE) : B24_TOKEN_FAIL;
    case B24_TOKEN_STALE: /* somebody who knows no lock may have refreshed */
        if (t->again) return B24_TOKEN_FAIL;
        t->again = true;
        return B24_TOKEN_LOAD;
    default: return B24_TOKEN_FAIL;
    }
}

static enum b24_token_step loaded(struct b24_token *t, enum b24_token_event event) {
    if (event == B24_TOKEN_NEWER) return t->reading ? B24_TOKEN_USE : B24_TOKEN_UNLOCK;
    if (event != B24_TOKEN_SAME) return B24_TOKEN_FAIL;
    if (t->again) return B24_TOKEN_MARK;
    if (!t->reading) return B24_TOKEN_REFRESH;
    if (!t->none) return B24_TOKEN_USE;
    t->reading = false; /* nothing was stored: perhaps the conf has something to begin with */
    return B24_TOKEN_LOCK;
}

static enum b24_token_step next(struct b24_token *t, enum b24_token_event event) {
    switch (t->step) {
    case B24_TOKEN_USE: return begin(t, event);
    case B24_TOKEN_LOCK: return locked(t, event);
    case B24_TOKEN_WAIT:
        if (event != B24_TOKEN_WOKE) return B24_TOKEN_FAIL;
        return t->sent > 0 ? B24_TOKEN_REFRESH : B24_TOKEN_LOCK;
    case B24_TOKEN_LOAD: return loaded(t, event);
    case B24_TOKEN_REFRESH: return refreshed(t, event);
    case B24_TOKEN_SAVE: return event == B24_TOKEN_DONE ? B24_TOKEN_UNLOCK : B24_TOKEN_FAIL;
    case B24_TOKEN_ASK:
        t->renewed = true;
        return event == B24_TOKEN_NEWER ? B24_TOKEN_UNLOCK : B24_TOKEN_FAIL;
    case B24_TOKEN_UNLOCK: return event == B24_TOKEN_DONE ? B24_TOKEN_USE : B24_TOKEN_FAIL;
    default: return B24_TOKEN_FAIL;
    }
}

enum b24_token_step b24_token_next(struct b24_token *t, enum b24_token_event event) {
    t->step = next(t, event);
    if (t->step == B24_TOKEN_REFRESH) t->sent++;
    return t->step;
}
