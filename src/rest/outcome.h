/* rest/outcome.h: what a reply of a portal, or the lack of one, means. */
#ifndef B24_REST_OUTCOME_H
#define B24_REST_OUTCOME_H

#include <cjson/cJSON.h>

#include "rest/conf.h"
#include "rest/parts.h"
#include "rest/times.h"
#include "json/check.h"

B24_PRIVATE_BEGIN

#define B24_CODE_MAX 128 /* bytes of a portal's error code; REST 3 has some of 80 */
#define B24_HINT_MAX 400 /* bytes of a hint that is not static */
#define B24_TEXT_MAX 480 /* bytes of the one-line error text */

/* A complete HTTP reply, as received. Views: see the header of what received it. */
struct b24_reply {
    int status;
    struct b24_view content_type, location, retry_after, date; /* header values, empty if absent */
    struct b24_view last_message_id, expires;                  /* of a push server */
    struct b24_view body;                                      /* decoded; NUL-terminated */
    int http_version;                                          /* 10, 11, 20, 30; 0 = not known */
    bool reused;                                               /* over a kept connection */
};

/* No reply. */
struct b24_failure {
    enum b24_kind kind; /* B24_NETWORK, B24_TLS, B24_TIMEOUT, B24_TOO_LARGE, B24_CLOSED, B24_CONFIG
                           or B24_DECODE */
    const char *code;   /* stable, such as "HOST_NOT_FOUND"; copied */
    const char *hint;   /* or NULL; copied */
    bool sent;          /* may the portal have received the request? */
    struct b24_view text; /* for people; masked here */
};

/* How a call ended. Plain memory except `root` and `body`. */
struct b24_outcome {
    enum b24_kind kind; /* B24_OK: success */
    int status;         /* of the last reply, 0 if there was none */
    int http_version;
    bool reused;
    bool sent;    /* over all attempts: may the portal have received the request? */
    bool not_run; /* the last attempt surely did not run */
    bool retryable;
    b24_ms retry_after; /* B24_NO_MS: not known */
    int attempts;
    b24_ms waited, elapsed;
    const char *hint; /* static, or hint_text, or NULL */
    const char *from; /* who said it, if it was not the portal: a host; NULL: the portal. Set by who
                         makes the outcome, for whom it must live */
    cJSON *root;      /* the whole answer, owned; NULL if there is none */
    cJSON *result;    /* in root, or NULL; whoever shows it may reshape it */
    const cJSON *time, *next, *total; /* as `result` */
    bool keep;     /* set by who makes it: a good reply's text is wanted in `body` */
    bool as_parts; /* the same: of a batch, the results of its commands */
    bool in_parts; /* they are */
    bool as_text;  /* the same: where it can be, the result is wanted as text, not as a tree */
    struct b24_buffer body;                   /* the reply's text, owned; empty without memory */
    const char *result_text;                  /* in body, if the result is there; else NULL */
    const struct b24_json_size *result_sizes; /* in plan: of its containers */
    struct b24_json_plan plan;                /* owned */
    char code[B24_CODE_MAX];
    char message[B24_MESSAGE_MAX]; /* the portal's own text (masked), or ours */
    char text[B24_TEXT_MAX];       /* "b24: CODE: message (HTTP 503)", one line */
    char hint_text[B24_HINT_MAX];
    struct b24_times times; /* if known, there is no `time` */
    struct b24_parts parts; /* if in_parts: results of commands, which `result` has numbers of */
};

void b24_outcome_init(struct b24_outcome *outcome);
/* Frees root and body; the texts stay readable. */
void b24_outcome_free(struct b24_outcome *outcome);

/* Judges one reply: the body first, then the status. Sets everything but attempts, waited, elapsed.
 */
void b24_outcome_reply(struct b24_outcome *outcome, const struct b24_conf *conf,
                       const struct b24_reply *reply);
void b24_outcome_failure(struct b24_outcome *outcome, const struct b24_conf *conf,
                         const struct b24_failure *failure);
/* A success that cannot be used after all (decode). */
void b24_outcome_unusable(struct b24_outcome *outcome, const struct b24_conf *conf,
                          const char *code, const char *message, const char *hint);
/* One error of a batch: {error, error_description}, or a string. */
void b24_outcome_command(struct b24_outcome *outcome, const struct b24_conf *conf,
                         const cJSON *error);
/* For failures before there is a conf. */
void b24_outcome_fault(struct b24_outcome *outcome, const struct b24_fault *fault);

B24_PRIVATE_END
#endif
