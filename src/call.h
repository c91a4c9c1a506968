/* call.h: one REST call as a state machine. No I/O, no clock, no randomness, no globals, no callbacks: a host tells
   b24_call_next what happened and carries out what it answers. */
#ifndef B24_CALL_H
#define B24_CALL_H

#include "reply.h"
#include "request.h"

B24_PRIVATE_BEGIN

struct b24_call; /* fields: call.c */

/* X(constant, name) */
#define B24_EVENTS(X)                                                                                                  \
    X(B24_GO, "go")         /* begin */                                                                                \
    X(B24_WOKE, "woke")     /* the SLEEP is over, or was cut short */                                                  \
    X(B24_REPLY, "reply")   /* SEND brought a complete reply */                                                        \
    X(B24_FAILED, "failed") /* SEND brought none */                                                                    \
    X(B24_CANCEL, "cancel") /* give up */

enum b24_event_type {
#define X(constant, name) constant,
    B24_EVENTS(X)
#undef X
};

/* Filled by the host; views are read before b24_call_next returns. */
struct b24_event {
    enum b24_event_type type;
    union {
        struct b24_reply reply;
        struct b24_failure failed;
    } as;
};

#define B24_ACTIONS(X)                                                                                                 \
    X(B24_SEND, "SEND")     /* carry out as.send, then REPLY or FAILED */                                              \
    X(B24_SLEEP, "SLEEP")   /* come back with WOKE after as.sleep */                                                   \
    X(B24_DONE, "DONE")     /* as.done is final */                                                                     \
    X(B24_MISUSE, "MISUSE") /* this event is not legal in this state: a bug of the host; nothing changed */

enum b24_action_type {
#define X(constant, name) constant,
    B24_ACTIONS(X)
#undef X
};

struct b24_action {
    enum b24_action_type type;
    union {
        const struct b24_request *send; /* valid until the next b24_call_next or free */
        b24_ms sleep;
        const struct b24_outcome *done; /* valid until free */
    } as;
};

const char *b24_event_name(enum b24_event_type type);
const char *b24_action_name(enum b24_action_type type);

/* Copies method and body (JSON; empty: no parameters). `conf` must outlive the call. NULL: no memory. */
struct b24_call *b24_call_new(const struct b24_conf *conf, struct b24_view method, struct b24_view body);

/* `now`: milliseconds of any monotonic clock. The deadline counts from GO. Time never runs backwards inside a call: an
   earlier `now` counts as the last one. After DONE every event is answered by the same DONE. */
struct b24_action b24_call_next(struct b24_call *call, const struct b24_event *event, b24_ms now);

/* In any state; NULL too. Wipes secrets. */
void b24_call_free(struct b24_call *call);

B24_PRIVATE_END
#endif
