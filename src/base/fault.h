/* base/fault.h: what can be wrong, in one vocabulary: the kinds of DESIGN's error table. */
#ifndef B24_BASE_FAULT_H
#define B24_BASE_FAULT_H

#include "base/common.h"
#include "base/text.h"

B24_PRIVATE_BEGIN

/* X(constant, name in info.kind) */
#define B24_KINDS(X)                                                                               \
    X(B24_OK, "ok")               /* success; never seen by users */                               \
    X(B24_CONFIG, "config")       /* unusable conf */                                              \
    X(B24_NETWORK, "network")     /* no connection, or cut */                                      \
    X(B24_TLS, "tls")             /* handshake or certificate */                                   \
    X(B24_TIMEOUT, "timeout")     /* our deadline, or 408 */                                       \
    X(B24_LIMIT, "limit")         /* the portal's limits, or our limiter */                        \
    X(B24_AUTH, "auth")           /* credential missing, wrong, expired, its owner blocked */      \
    X(B24_DENIED, "denied")       /* known, but not allowed */                                     \
    X(B24_PORTAL, "portal")       /* any other error body */                                       \
    X(B24_HTTP, "http")           /* other non-2xx without an error body */                        \
    X(B24_DECODE, "decode")       /* 2xx, but empty, not JSON or refused by json/check */          \
    X(B24_TOO_LARGE, "too_large") /* reply over max_reply */                                       \
    X(B24_CLOSED, "closed")       /* cancelled, interrupted or closed */

enum b24_kind {
#define X(constant, name) constant,
    B24_KINDS(X)
#undef X
};

const char *b24_kind_name(enum b24_kind kind);

#define B24_MESSAGE_MAX                                                                            \
    1024 /* longest text of the portal that is kept; real ones are one sentence */

/* A failure that we found ourselves. */
struct b24_fault {
    enum b24_kind kind;
    const char *code; /* a static, stable name such as "HOST_NOT_FOUND" */
    const char *hint; /* a static sentence, or NULL */
    char message[B24_MESSAGE_MAX];
};

/* Fills `fault` and answers false, for `return b24_fail(...)`. `message` is a printf format. */
bool b24_fail(struct b24_fault *fault, enum b24_kind kind, const char *code, const char *hint,
              const char *message, ...) B24_PRINTF(5, 6);

B24_PRIVATE_END
#endif
