/* curl/exchange.h: one HTTP exchange on an easy handle: its options, its callbacks, and what became
   of it. Who runs the handle (transfer.c in the caller's thread, engine_thread.c in a thread of its
   own) is not its business. */
#ifndef B24_CURL_EXCHANGE_H
#define B24_CURL_EXCHANGE_H

#include <curl/curl.h>

#include "curl/error.h"
#include "curl/inherit.h"
#include "rest/call.h"

B24_PRIVATE_BEGIN

enum {
    B24_CONTENT_TYPE,
    B24_LOCATION,
    B24_RETRY_AFTER,
    B24_DATE,
    B24_CONTENT_ENCODING,
    B24_LAST_MESSAGE_ID,
    B24_EXPIRES,
    B24_HEADERS
}; /* those that we read */

#define B24_HEADER_VALUE_MAX 1024 /* bytes of a header value that we read */

struct b24_header {
    char value[B24_HEADER_VALUE_MAX];
};

struct b24_exchange {
    CURL *easy;               /* a new one for each new set of options */
    struct curl_slist *lines; /* header lines of the request */
    uint64_t
        prepared;    /* serial of the requests that the handle's options are of; 0: set them all */
    uint64_t serial; /* of the request of this exchange */
    bool repeatable;
    bool streamed;                /* its body goes through the read callback */
    struct b24_open_fds *lookups; /* NULL: this libcurl leaks none */
    bool checks_idle;             /* libcurl does not, within a second of use */
    bool guards_folds;            /* libcurl does not: see b24_on_first_line */
    struct b24_buffer body;
    struct b24_header header[B24_HEADERS];
    struct b24_header *folds; /* the one that a folded line continues */
    size_t header_bytes;
    bool header_complete; /* the empty line was seen: a header cut in the middle is no reply */
    bool header_too_large;
    bool is_http;                  /* a status line came */
    bool first_line;               /* the next line comes to the body's callback first */
    bool bad_fold;                 /* it was folded */
    struct b24_body_reader upload; /* what is left of a body that is streamed */
    struct b24_progress progress;  /* `began`: libcurl had a connection and went on to send */
    bool hung_up; /* the kept connection that libcurl chose was dead: nothing was sent on it */
    bool again;   /* on a connection of its own, because of a dead one */
    void (*connected)(void *arg); /* called when `began` becomes true, by who runs the handle; NULL:
                                     nobody asks */
    void *connected_arg;
    char words[CURL_ERROR_SIZE];
};

/* Once per process. False: libcurl cannot start, which can only be a lack of memory. */
bool b24_start_libcurl(void);

/* May this libcurl raise SIGPIPE? See sigpipe.h. */
bool b24_curl_raises_sigpipe(void);

/* curl_multi_perform for handles that share `lookups`: children inherit nothing that it opens. */
CURLMcode b24_multi_perform(CURLM *multi, struct b24_open_fds *lookups, int *running);

/* NULL: no memory. */
CURLM *b24_new_multi(long kept_connections);

/* `lookups`: of who runs the handle, for b24_multi_perform. NULL: no memory, or libcurl cannot
   start. */
struct b24_exchange *b24_exchange_new(struct b24_open_fds *lookups);

/* Sets the handle's options. The request's body and files must stay where they are until the end;
 * the rest is copied. */
CURLcode b24_exchange_prepare(struct b24_exchange *x, const struct b24_conf *conf,
                              const struct b24_request *request);

/* True: the transfer ended because its kept connection was dead, and nothing was sent or it may be
   sent twice; run the handle once more, and it will open a connection of its own. Asked before
   b24_exchange_end. */
bool b24_exchange_again(struct b24_exchange *x, CURLcode result);

/* Libcurl's callback for the lines of a header; arg is the exchange. */
size_t b24_on_header(char *p, size_t size, size_t n, void *arg);

/* The line behind a status line, before libcurl stores it: 0, which ends the transfer, if it is
   folded. Libcurl hands such a line to the body's callback because b24_on_header has asked for it.
 */
size_t b24_on_first_line(struct b24_exchange *x, const char *p, size_t n);

/* What came so far was of another reply. */
void b24_forget_header(struct b24_exchange *x);

/* `event` becomes B24_REPLY or B24_FAILED; its views are valid until the next prepare or free. */
void b24_exchange_end(struct b24_exchange *x, CURLcode result, struct b24_event *event);

/* The same for one that was prepared but never began: B24_FAILED, nothing sent. */
void b24_exchange_unsent(struct b24_exchange *x, CURLcode result, struct b24_event *event);

/* The same for an exchange that was broken off: B24_FAILED "INTERRUPTED". */
void b24_exchange_stop(struct b24_exchange *x, struct b24_event *event);

/* Not while it is in a multi handle. NULL too. */
void b24_exchange_free(struct b24_exchange *x);

B24_PRIVATE_END
#endif
