/* curl/transfer.h: carries out one request at a time with libcurl, on a handle that keeps
   connections, TLS sessions and parsed certificates for the next ones. Knows nothing of Lua. */
#ifndef B24_CURL_TRANSFER_H
#define B24_CURL_TRANSFER_H

#include "base/clock.h"
#include "rest/call.h"

B24_PRIVATE_BEGIN

struct b24_transfer; /* fields: transfer.c */

/* Initialises libcurl (once per process). NULL: no memory, or libcurl cannot start. */
struct b24_transfer *b24_transfer_new(void);

/* False in a forked child: the handle then belongs to the parent and must be abandoned, not freed
   (a TLS goodbye would go out on the parent's connection). */
bool b24_transfer_usable(const struct b24_transfer *t);

/* Asked between slices of waiting; true ends the transfer as B24_CLOSED "INTERRUPTED". */
struct b24_interrupt {
    bool (*interrupted)(void *arg);
    void *arg;
};

/* Sends and waits. `event` becomes B24_REPLY or B24_FAILED; its views are valid until the next send
 * or free. */
void b24_transfer_send(struct b24_transfer *t, const struct b24_conf *conf,
                       const struct b24_request *request, const struct b24_interrupt *interrupt,
                       struct b24_event *event);

/* Waits without sending. Returns early when interrupted. */
void b24_transfer_sleep(struct b24_transfer *t, b24_ms duration,
                        const struct b24_interrupt *interrupt);

/* NULL too. */
void b24_transfer_free(struct b24_transfer *t);

B24_PRIVATE_END
#endif
