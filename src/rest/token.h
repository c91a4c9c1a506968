/* rest/token.h: how a call comes to a credential that the portal accepts, when the one it has is
   refused: a state machine that is told what happened and answers what to do next. It knows no
   token: whoever carries out a step compares them.

   One refresh for all who hold the pair: lock, read again, refresh, save, unlock. Two refreshes of
   one pair kill each other, a pair that is used before it is saved may be lost. Never on a timer:
   Bitrix24 asks for a refresh when a token was refused. */
#ifndef B24_REST_TOKEN_H
#define B24_REST_TOKEN_H

#include "base/common.h"

B24_PRIVATE_BEGIN

/* Where another credential may come from. */
enum b24_renewal {
    B24_FIXED, /* from nowhere */
    B24_ASKED, /* the user's function, which returned this one */
    B24_FILED, /* the token server; b24's own store keeps the pair */
    B24_STORED /* the token server; the user's {load=, save=} keeps the pair */
};

/* X(constant, name) */
#define B24_TOKEN_EVENTS(X)                                                                        \
    X(B24_TOKEN_MISSING, "missing") /* the call begins, and there is no token yet, or none that    \
                                       has been compared with the store's */                       \
    X(B24_TOKEN_REFUSED, "refused") /* the portal has refused this one */                          \
    X(B24_TOKEN_LOCKED, "locked")   /* LOCK: it is ours */                                         \
    X(B24_TOKEN_BUSY, "busy")       /* LOCK: somebody else renews */                               \
    X(B24_TOKEN_WOKE, "woke")       /* WAIT is over */                                             \
    X(B24_TOKEN_NEWER, "newer")     /* LOAD, ASK: another one than was refused; it was taken */    \
    X(B24_TOKEN_SAME, "same")       /* LOAD, ASK: the refused one, or nothing */                   \
    X(B24_TOKEN_GIVEN, "given")     /* REFRESH: a new pair; it was taken */                        \
    X(B24_TOKEN_LOST, "lost")       /* REFRESH: no answer; the server may have given one */        \
    X(B24_TOKEN_UNSENT, "unsent")   /* REFRESH: it was not reached, or too busy */                 \
    X(B24_TOKEN_STALE, "stale")     /* REFRESH: the refresh token is not good any more */          \
    X(B24_TOKEN_DONE, "done")       /* SAVE, UNLOCK, MARK: over, in whatever way */                \
    X(B24_TOKEN_BROKEN, "broken")   /* nothing helps; the outcome says what is wrong */

enum b24_token_event {
#define X(constant, name) constant,
    B24_TOKEN_EVENTS(X)
#undef X
};

#define B24_TOKEN_STEPS(X)                                                                         \
    X(B24_TOKEN_USE, "use")         /* try what there is now */                                    \
    X(B24_TOKEN_LOCK, "lock")       /* try to be the one who renews */                             \
    X(B24_TOKEN_WAIT, "wait")       /* for `pause` */                                              \
    X(B24_TOKEN_LOAD, "load")       /* from the store */                                           \
    X(B24_TOKEN_REFRESH, "refresh") /* ask the token server */                                     \
    X(B24_TOKEN_SAVE, "save")       /* into the store */                                           \
    X(B24_TOKEN_UNLOCK, "unlock")                                                                  \
    X(B24_TOKEN_MARK, "mark") /* note that the server takes this refresh token no more */          \
    X(B24_TOKEN_ASK, "ask")   /* the user's function */                                            \
    X(B24_TOKEN_FAIL, "fail")

enum b24_token_step {
#define X(constant, name) constant,
    B24_TOKEN_STEPS(X)
#undef X
};

struct b24_token {
    enum b24_renewal from;
    enum b24_token_step step; /* under way; USE: none */
    bool reading;             /* LOAD: only for the first token, without the lock */
    bool none;                /* there is no token at all */
    bool again;               /* LOAD: after the server has refused what was read before */
    bool renewed;             /* this call has had its refresh, or the function's second answer */
    int rounds;               /* refusals so far */
    int sent;                 /* requests to the token server */
    b24_ms pause;
};

/* What to do next. Events that do not belong to the step under way: FAIL. */
enum b24_token_step b24_token_next(struct b24_token *token, enum b24_token_event event);

B24_PRIVATE_END
#endif
