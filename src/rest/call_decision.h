/* rest/call_decision.h: what a part of a call (call_limit.c, call_retry.c) wants done next. The
 * parts decide; call.c alone acts. */
#ifndef B24_REST_CALL_DECISION_H
#define B24_REST_CALL_DECISION_H

#include "rest/call.h"

B24_PRIVATE_BEGIN

enum b24_decision_type {
    FINAL,    /* the outcome stands */
    SEND,     /* the request goes now */
    SLEEP,    /* for `time`, then `after` */
    RESERVE,  /* take a place in the portal's queue */
    ASK,      /* the user's own limiter gives the place, within `time` */
    QUESTION, /* the user's own store or function is asked `question` */
    STORE,    /* b24's own store or lock: `store` */
    REFRESH,  /* the token server is asked */
    PENALISE, /* slow everybody down for `time`; then `after` */
    MOVED     /* the request goes to another address */
};

enum b24_after { THEN_SEND, THEN_RESERVE, THEN_OVERRUN, THEN_RENEW, THEN_DONE };

struct b24_decision {
    enum b24_decision_type type;
    b24_ms time;
    enum b24_after after;
    const char *reason; /* of a SLEEP, for the log: "limiter", "retry", "operating", "token" */
    enum b24_question question;
    enum b24_store_act store;
};

static inline struct b24_decision b24_then(enum b24_decision_type type) {
    return (struct b24_decision){.type = type};
}

/* ---- call_retry.c: the policy of retries, a function of these values and nothing else */

struct b24_attempt {
    const struct b24_outcome *outcome;
    bool safe;       /* may run twice */
    int left, spent; /* retries */
    b24_ms time;     /* until the deadline; 0 or less: it has passed */
    b24_ms blocked;  /* until the portal runs the method again; B24_NO_MS: not known */
    uint64_t random; /* for the jitter */
};

struct b24_judgement {
    struct b24_decision next; /* FINAL, SLEEP or PENALISE */
    bool retry;               /* costs a retry */
    b24_ms retry_after;       /* what the outcome tells the caller */
};

struct b24_judgement b24_judge_attempt(const struct b24_attempt *attempt);

B24_PRIVATE_END
#endif
