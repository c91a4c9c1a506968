/* rest/live.h: the user's own push channel, held open by long polling, as a state machine. No I/O,
   no clock, and its randomness is a seed: as with a call (call.h), a host reports what happened and
   carries out what is answered. It only ever says that counters may have changed: the numbers come
   from the portal. */
#ifndef B24_REST_LIVE_H
#define B24_REST_LIVE_H

#include "rest/live_config.h"
#include "rest/outcome.h"
#include "rest/request.h"

B24_PRIVATE_BEGIN

struct b24_live; /* fields: live_impl.h, for live*.c only */

/* X(constant, name) */
#define B24_LIVE_EVENTS(X)                                                                         \
    X(B24_LIVE_GO, "go") /* begin, or begin again: legal at any time, whatever it waits for */     \
    X(B24_LIVE_CONFIG, "config")   /* ASK brought the portal's whole reply */                      \
    X(B24_LIVE_REFUSED, "refused") /* ASK brought none that can be used */                         \
    X(B24_LIVE_REPLY, "reply")     /* POLL brought a complete reply */                             \
    X(B24_LIVE_FAILED, "failed")   /* POLL brought none */                                         \
    X(B24_LIVE_WOKE, "woke")       /* the SLEEP is over, or was cut short */

enum b24_live_event_type {
#define X(constant, name) constant,
    B24_LIVE_EVENTS(X)
#undef X
};

/* Filled by the host; views are read before b24_live_next returns. */
struct b24_live_event {
    enum b24_live_event_type type;
    union {
        struct {
            struct b24_view reply; /* JSON, with a NUL behind it */
            double wall;           /* seconds since 1970 */
        } config;
        struct {
            enum b24_kind kind;
            struct b24_view code, text; /* of the call's outcome; masked */
        } refused;
        struct b24_reply reply;
        struct b24_failure failed;
    } as;
};

#define B24_LIVE_ACTIONS(X)                                                                        \
    X(B24_LIVE_ASK, "ASK")       /* call `method`, then CONFIG or REFUSED */                       \
    X(B24_LIVE_POLL, "POLL")     /* send `poll`, then REPLY or FAILED */                           \
    X(B24_LIVE_SLEEP, "SLEEP")   /* come back with WOKE after `sleep` */                           \
    X(B24_LIVE_MISUSE, "MISUSE") /* this event is not legal now: a bug of the host */

enum b24_live_action_type {
#define X(constant, name) constant,
    B24_LIVE_ACTIONS(X)
#undef X
};

struct b24_live_action {
    enum b24_live_action_type type;
    const char *method;             /* ASK */
    const struct b24_request *poll; /* POLL: valid until the next b24_live_next or free */
    b24_ms sleep;                   /* SLEEP */
    bool changed;                   /* counters may have changed: ask for them */
    bool told;                      /* b24_live_state has news for people */
};

struct b24_live_state {
    bool on;                     /* changes are heard of as they happen */
    bool tried;                  /* it is known whether that is possible */
    char code[B24_CODE_MAX];     /* not on: why, such as "NO_PUSH_SERVER" */
    char text[B24_TEXT_MAX];     /* the same for people */
    const char *hint;            /* what to do about it, or NULL */
    char origin[B24_ORIGIN_MAX]; /* of the push server, as far as it is known */
};

const char *b24_live_event_name(enum b24_live_event_type type);
const char *b24_live_action_name(enum b24_live_action_type type);

/* `conf` must outlive it. NULL: no memory. */
struct b24_live *b24_live_new(const struct b24_conf *conf, uint64_t seed);

/* `now`: of a clock that goes on while the machine is suspended. */
struct b24_live_action b24_live_next(struct b24_live *live, const struct b24_live_event *event,
                                     b24_ms now);

/* Valid until the next b24_live_next. */
const struct b24_live_state *b24_live_state(const struct b24_live *live);

/* Wipes secrets. NULL too. */
void b24_live_free(struct b24_live *live);

B24_PRIVATE_END
#endif
