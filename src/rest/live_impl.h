/* rest/live_impl.h: the inside of a live channel, for live*.c only. live.c acts; live_answer.c
   judges what a poll has brought. */
#ifndef B24_REST_LIVE_IMPL_H
#define B24_REST_LIVE_IMPL_H

#include "rest/live.h"
#include "rest/live_frames.h"

B24_PRIVATE_BEGIN

/* X(state, legal events); GO is legal in all. */
#define B24_LIVE_STATES(X)                                                                         \
    X(NEW, 0u)                                                /* nothing done yet */               \
    X(ASKING, 1u << B24_LIVE_CONFIG | 1u << B24_LIVE_REFUSED) /* for the configuration */          \
    X(POLLING, 1u << B24_LIVE_REPLY | 1u << B24_LIVE_FAILED)  /* a request is under way */         \
    X(PAUSED, 1u << B24_LIVE_WOKE)                            /* until `wake`, then `after` */

enum b24_live_phase {
#define X(name, legal) name,
    B24_LIVE_STATES(X)
#undef X
};

enum b24_live_after { THEN_ASK, THEN_POLL };

struct b24_live {
    const struct b24_conf *conf;
    struct b24_live_config config;
    bool usable;  /* the configuration */
    b24_ms renew; /* when to ask for another */
    struct b24_live_state state;
    enum b24_live_phase phase;
    enum b24_live_after after;
    b24_ms now, wake;
    uint64_t random;
    int method;                   /* which one is asked for the configuration */
    bool lacks_scope;             /* one of them said so */
    bool passing;                 /* why it is not on may be over at any time */
    char mid[B24_MID_DIGITS + 1]; /* of the newest message that we have; "": none */
    struct b24_buffer url;
    struct b24_request request;
    struct b24_buffer agent;
    const char *headers[3];
    b24_ms begun; /* the poll */
    b24_ms sign;  /* the last sign of life of the push server */
    bool fresh;   /* not connected yet: what came meanwhile, nobody has told */
    int quick;    /* answers in a row that came at once, and brought nothing */
    int failures; /* in a row */
    int refusals; /* of the channel, in a row */
    int falls;    /* back to polling, in a row */
};

/* What to make of what a poll has brought. */
enum b24_live_verdict {
    B24_LIVE_GOOD,    /* the server is there: poll again */
    B24_LIVE_IDLE,    /* the same, but it had nothing to say, and said so at once */
    B24_LIVE_BAD,     /* a failure */
    B24_LIVE_LOST,    /* the channel is none (any more) */
    B24_LIVE_GONE,    /* no push server answers there */
    B24_LIVE_RENEW,   /* ask for another configuration now */
    B24_LIVE_LATER,   /* the server restarts */
    B24_LIVE_RESUMED, /* we have been away ourselves, not the server: poll again */
    B24_LIVE_SILENT   /* nothing was heard for too long */
};

struct b24_live_judgement {
    enum b24_live_verdict verdict;
    bool changed;
    const char *code; /* of BAD, LOST, GONE, SILENT */
    const char *text;
};

#define B24_LIVE_SILENCE                                                                           \
    70000 /* ms without a sign of life; servers answer after 40 s at the latest */

/* Moves the cursor, swaps channels and notes when the configuration ends, as the answer says. */
struct b24_live_judgement b24_live_judge_reply(struct b24_live *live,
                                               const struct b24_reply *reply);
struct b24_live_judgement b24_live_judge_failure(struct b24_live *live,
                                                 const struct b24_failure *failure);

B24_PRIVATE_END
#endif
