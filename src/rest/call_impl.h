/* rest/call_impl.h: the inside of a call, for call*.c only. call.c acts; below it call_limit.c,
 * call_retry.c and call_move.c decide. */
#ifndef B24_REST_CALL_IMPL_H
#define B24_REST_CALL_IMPL_H

#include "base/url.h"
#include "rest/call.h"
#include "rest/call_decision.h"

B24_PRIVATE_BEGIN

/* X(state, legal events); CANCEL is legal in all. */
#define B24_STATES(X)                                                                              \
    X(NEW, 1u << B24_GO)                           /* nothing done yet */                          \
    X(RESERVING, 1u << B24_ANSWER)                 /* the user's limiter was asked for a place */  \
    X(WAITING, 1u << B24_WOKE)                     /* until `wake`, then `after` */                \
    X(CALLING, 1u << B24_REPLY | 1u << B24_FAILED) /* a request is under way */                    \
    X(PENALISING, 1u << B24_ANSWER)                /* the user's limiter was told to slow down */  \
    X(MOVING, 1u << B24_GO)       /* to another address, whose portal the host looks up */         \
    X(RENEWING, 1u << B24_ANSWER) /* a store, a lock or a function was asked */                    \
    X(REFRESHING, 1u << B24_REPLY | 1u << B24_FAILED) /* the token server was asked */             \
    X(FINISHED, ~0u)

enum b24_state {
#define X(name, legal) name,
    B24_STATES(X)
#undef X
};

#define B24_MOVES_MAX 2 /* new addresses followed on one way: more is a loop */

#define B24_NOTES_MAX 8 /* more than one step can make */

/* How a credential is renewed, see call_token.c. Only calls whose conf's may be have it. */
struct b24_renew {
    struct b24_conf *owner; /* the conf */
    struct b24_token token;
    uint64_t serial;              /* of the conf when the call's text was made */
    struct b24_request_text text; /* for the token server */
    struct b24_request request;
    char server[B24_ORIGIN_MAX]; /* its origin */
    struct b24_outcome said;     /* what it said last */
    char trouble[B24_TEXT_MAX];  /* why the new pair is in no store; "": it is */
};

struct b24_call {
    const struct b24_conf *conf;
    struct b24_portal *portal;
    char *moved_origin; /* what the conf remembers; NULL: nothing */
    bool remembered;    /* it began there, and nobody has answered yet */
    bool go_home;       /* that address failed: the next request goes to the conf's own */
    struct b24_request_text text;
    struct b24_request request;
    struct b24_renew *renew; /* NULL: the credential is what it is */
    enum b24_state state;
    b24_ms timeout; /* from GO to the deadline */
    b24_ms pause;   /* after GO, before anything else */
    b24_ms begun, now, deadline;
    b24_ms slept, wake; /* WAITING: since when, until when */
    enum b24_after after;
    b24_ms not_before; /* the portal asked for a pause until then */
    bool last_words;   /* after PENALISE: the outcome is final */
    bool moved;        /* the last reply was a new address, or of an old credential: no error */
    bool inner;        /* the step goes on: what it told the log stays */
    int retries;       /* left */
    int moves;         /* left */
    bool safe;         /* may run twice */
    bool own_limiter;  /* ask the user's */
    struct b24_keeper
        *own;    /* the conf's own bucket, if it is stricter than the portal's; else NULL */
    bool queued; /* has a place in that */
    enum b24_haste haste;
    uint64_t seed; /* for the jitter */
    size_t note_count, notes_read;
    /* From here on a new call is not zeroed: that would take longer than all else. */
    struct b24_outcome outcome;
    char origin[B24_ORIGIN_MAX]; /* where the request goes */
    char method[B24_METHOD_MAX + 1];
    struct b24_note notes[B24_NOTES_MAX];
};

/* The files below call.c know the call's fields, but none of them calls call.c or its neighbours:
   they return what they want done. */

/* call_note.c: for the log */
struct b24_note *b24_call_add_note(struct b24_call *c, const char *event);
void b24_call_note_outcome(struct b24_call *c, const char *event, const struct b24_outcome *what);

/* call_limit.c: no request without a place in the portal's queue */

/* SEND, SLEEP, ASK, or FINAL with the outcome set: no place within the deadline. */
struct b24_decision b24_call_reserve(struct b24_call *c);
/* The same after the user's own limiter has answered. */
struct b24_decision b24_call_reserved(struct b24_call *c, enum b24_verdict verdict, b24_ms wait);
/* Tells the built-in limiter that the portal was overrun, until not_before. FINAL or RESERVE, or
   SLEEP: the limiter is busy, again THEN_OVERRUN. */
struct b24_decision b24_call_overrun(struct b24_call *c);

/* call_retry.c: the outcome of the last attempt is known */

/* What the outcome teaches: when the method is free again, which name was meant. */
void b24_call_learn(struct b24_call *c);
/* Is it final? */
struct b24_judgement b24_call_judge(const struct b24_call *c);

/* call_token.c: another credential for one that was refused */

/* False: no memory. */
bool b24_call_renew_new(struct b24_call *c, struct b24_conf *conf);
void b24_call_renew_free(struct b24_call *c);
/* Is one wanted before anything can be sent? */
bool b24_call_renew_first(const struct b24_call *c);
/* Was it refused, and may there be another? */
bool b24_call_refused(const struct b24_call *c);
/* RESERVE or MOVED with another one, FINAL with the outcome set, or what has to be done for it. */
struct b24_decision b24_call_renew(struct b24_call *c, enum b24_token_event event);
/* The same after what had to be done: a wait, an answer, a reply of the token server, or none. */
struct b24_decision b24_call_renew_woke(struct b24_call *c);
struct b24_decision b24_call_renew_answer(struct b24_call *c, const struct b24_event *answer);
struct b24_decision b24_call_renew_reply(struct b24_call *c, const struct b24_reply *reply);
struct b24_decision b24_call_renew_failed(struct b24_call *c, const struct b24_failure *failure);
/* The conf may have got another one meanwhile: the request will have that. False: no memory. */
bool b24_call_use_newest(struct b24_call *c);
/* Does the store have nothing newer than the conf? */
bool b24_call_knows_better(const struct b24_call *c, const struct b24_app *stored);
/* What the conf has now is what its store has. */
void b24_call_settle(struct b24_app *app);
/* The server has refused the refresh token. True: that is news, which the store should know. */
bool b24_call_bury(struct b24_call *c);
/* This call renews nothing any more. */
void b24_call_renew_end(struct b24_call *c);

/* call_move.c: renamed portals */

/* May a portal at `origin` be at that endpoint from now on? */
bool b24_call_may_move(const char *origin, const char *endpoint);
/* Turns the request to that endpoint, if it is elsewhere and may be. */
bool b24_call_follow(struct b24_call *c, const char *endpoint);

/* If this reply says that the portal has a new address, turns the request there. */
bool b24_call_moved(struct b24_call *c, const struct b24_reply *reply);
/* Turns the request to the conf's own address. False: it goes there already, or no memory. */
bool b24_call_go_home(struct b24_call *c);
/* Is the request on its way to another address than the conf's own? */
bool b24_call_away(const struct b24_call *c);
/* The outcome of the last attempt is known: remembers or forgets its address. */
void b24_call_judge_address(struct b24_call *c);

B24_PRIVATE_END
#endif
