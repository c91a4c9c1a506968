/* rest/call.h: one REST call as a state machine. No I/O, no clock, no globals, no callbacks, and
   its randomness is a seed: a host reports what happened to b24_call_next and carries out what it
   answers. Deadline, limiter, retries and a renamed portal all live here, so that every host has
   them. */
#ifndef B24_REST_CALL_H
#define B24_REST_CALL_H

#include "rest/outcome.h"
#include "rest/portal.h"
#include "rest/request.h"

B24_PRIVATE_BEGIN

struct b24_call; /* fields: call_impl.h, for call*.c only */

/* X(constant, name) */
#define B24_EVENTS(X)                                                                              \
    X(B24_GO, "go")         /* begin */                                                            \
    X(B24_WOKE, "woke")     /* the SLEEP is over, or was cut short */                              \
    X(B24_REPLY, "reply")   /* SEND brought a complete reply */                                    \
    X(B24_FAILED, "failed") /* SEND brought none */                                                \
    X(B24_ANSWER, "answer") /* to ASK or STORE */                                                  \
    X(B24_CANCEL, "cancel") /* give up */

enum b24_event_type {
#define X(constant, name) constant,
    B24_EVENTS(X)
#undef X
};

enum b24_verdict {
    B24_GRANTED, /* yes; RESERVE: `wait` tells from when on */
    B24_REFUSED, /* no; RESERVE: not within the time that was asked for, `wait` tells when, or
                    B24_NO_MS; LOCK: somebody else has it; LOAD: there is nothing */
    B24_BROKEN   /* what was asked failed; RESERVE: the built-in limiter takes over for this call;
                    else `text` says why */
};

/* Filled by the host; views are read before b24_call_next returns. */
struct b24_event {
    enum b24_event_type type;
    union {
        struct b24_reply reply;
        struct b24_failure failed;
        struct {
            enum b24_verdict verdict;
            b24_ms wait;
            const struct b24_app *stored; /* LOAD: what there is, or NULL */
            struct b24_view text;         /* CREDENTIAL: it; BROKEN: why */
            const char *code;             /* BROKEN: a stable name, or NULL */
        } answer;
    } as;
};

#define B24_ACTIONS(X)                                                                             \
    X(B24_SEND, "SEND")   /* carry out as.send, then REPLY or FAILED */                            \
    X(B24_SLEEP, "SLEEP") /* come back with WOKE after as.sleep */                                 \
    X(B24_ASK, "ASK")     /* ask the user's own limiter or store, then ANSWER */                   \
    X(B24_STORE, "STORE") /* do as.store with b24's own store and lock, then ANSWER */             \
    X(B24_MOVE, "MOVE")   /* the next request goes to as.move: b24_call_set_portal, then GO */     \
    X(B24_DONE, "DONE")   /* as.done is final */                                                   \
    X(B24_MISUSE,                                                                                  \
      "MISUSE") /* this event is not legal in this state: a bug of the host; nothing changed */

enum b24_action_type {
#define X(constant, name) constant,
    B24_ACTIONS(X)
#undef X
};

/* X(constant, name) */
#define B24_QUESTIONS(X)                                                                           \
    X(B24_RESERVE, "reserve")   /* may a call go within `time` ms? */                              \
    X(B24_PENALISE, "penalise") /* the portal was overrun: no call for `time` ms; the answer does  \
                                   not matter */                                                   \
    X(B24_LOAD, "load")         /* which tokens are kept? */                                       \
    X(B24_SAVE, "save")         /* keep conf->app's */                                             \
    X(B24_CREDENTIAL, "credential") /* which token, or webhook, is it now? */

enum b24_question {
#define X(constant, name) constant,
    B24_QUESTIONS(X)
#undef X
};

/* Of b24's own store, and of the lock that goes with any store. */
enum b24_store_act {
    B24_STORE_LOCK,
    B24_STORE_LOAD,
    B24_STORE_SAVE,
    B24_STORE_MARK,
    B24_STORE_UNLOCK
};

struct b24_action {
    enum b24_action_type type;
    union {
        const struct b24_request *send; /* valid until the next b24_call_next or free */
        b24_ms sleep;
        const char *move; /* an origin; valid until the next b24_call_next */
        struct {
            enum b24_question question;
            b24_ms time;
        } ask;
        enum b24_store_act store;
        const struct b24_outcome *done; /* valid until free */
    } as;
};

const char *b24_event_name(enum b24_event_type type);
const char *b24_action_name(enum b24_action_type type);
const char *b24_question_name(enum b24_question question);

/* Something that a log may tell. Texts are masked. */
struct b24_note {
    const char *event;  /* "attempt", "reply", "failed", "wait", "retry", "moved", "degraded",
                           "refresh", "renewed" */
    const char *reason; /* of a wait: "limiter", "retry", "operating", "token"; else NULL */
    int attempt;        /* how many requests have been sent */
    b24_ms wait;        /* B24_NO_MS: none */
    int status;         /* HTTP status, or 0 */
    char code[B24_CODE_MAX];
    char text[B24_TEXT_MAX];
};

/* May a call that may have run be sent again? By its name and conf, or whatever these say. */
enum b24_idempotent { B24_BY_NAME, B24_IDEMPOTENT, B24_NOT_IDEMPOTENT };

/* What a call needs besides its conf. */
struct b24_call_setup {
    struct b24_view method;         /* copied */
    struct b24_view body;           /* copied; JSON, NUL-terminated; empty: no parameters */
    struct b24_files *files;        /* whose contents stand in it; kept. NULL: none */
    uint64_t seed;                  /* for the jitter */
    enum b24_idempotent idempotent; /* may it run twice? */
    b24_ms spent;           /* of the conf's timeout, by the requests that this one follows */
    b24_ms pause;           /* first of all wait so long: the method's computing time is used up */
    enum b24_haste haste;   /* bulk leaves room for others */
    bool bare;              /* exactly one request, and nobody is asked */
    struct b24_keeper *own; /* of conf's own limits (limiter.h); NULL: only the portal's hold */
    bool keep;              /* the outcome has the reply's text, too */
    bool as_text, as_parts; /* its result is text, if it can be: see outcome.h */
    /* B24_ORIGIN_MAX bytes where this conf remembers the portal's new origin, "" for none; they
       must outlive the call. NULL: nothing is remembered. Never shared between confs: what a
       redirect said to one account or trust store is not for another. */
    char *moved_origin;
    struct b24_conf *renewable; /* the conf itself, if its credential may be renewed; else NULL */
    struct b24_call *spare;     /* a retired call, whose memory becomes the new one's; NULL: none */
};

/* `conf` and `portal`, the one at setup->moved_origin if there is one, must outlive the call. NULL:
 * no memory. */
struct b24_call *b24_call_new(const struct b24_conf *conf, struct b24_portal *portal,
                              const struct b24_call_setup *setup);

/* Frees what a call holds, its outcome too, but not its memory: that is for the next one. */
void b24_call_retire(struct b24_call *call);

/* `now`: milliseconds of the machine's monotonic clock (the limiter's file is shared by it). The
   deadline counts from GO. Time never runs backwards inside a call: an earlier `now` counts as the
   last one. After DONE every event is answered by the same DONE. */
struct b24_action b24_call_next(struct b24_call *call, const struct b24_event *event, b24_ms now);

/* After MOVE: what is remembered of the portal at as.move. It must outlive the call. */
void b24_call_set_portal(struct b24_call *call, struct b24_portal *portal);

/* The origin that the call talks to now. */
const char *b24_call_origin(const struct b24_call *call);

/* Why a new pair of tokens is in no store, masked; NULL: it is, or there is none. */
const char *b24_call_store_trouble(const struct b24_call *call);

/* What happened inside the last b24_call_next, note by note; NULL: no more. Valid until the next
 * b24_call_next. */
const struct b24_note *b24_call_note(struct b24_call *call);

/* In any state; NULL too. Wipes secrets. */
void b24_call_free(struct b24_call *call);

B24_PRIVATE_END
#endif
