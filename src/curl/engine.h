/* curl/engine.h: many transfers and sleeps at once, carried out by one helper thread that owns a
   curl_multi. Its user never blocks: it adds jobs, watches one descriptor, and takes what is done.
   Knows nothing of Lua.

   One thread uses an engine. A forked child must abandon it (b24_engine_usable). At the process's
   exit all engines stop by themselves, so that no handshake is under way while libraries clean up.
 */
#ifndef B24_CURL_ENGINE_H
#define B24_CURL_ENGINE_H

#include "curl/transfer.h" /* struct b24_interrupt */
#include "rest/call.h"

B24_PRIVATE_BEGIN

struct b24_engine; /* fields: engine_impl.h, for engine*.c only */

/* Never 0, never used twice, exact in a double. */
typedef uint64_t b24_job;

/* No thread before the first job. NULL: no memory or descriptors, or libcurl cannot start. */
struct b24_engine *b24_engine_new(void);

/* False in a forked child: nothing but b24_engine_free may be called there, which then only closes
 * descriptors. */
bool b24_engine_usable(const struct b24_engine *e);

/* Queues a request; everything is copied. What libcurl refuses (an option of the conf) is done at
   once: B24_FAILED. 0: no memory, or no thread. */
b24_job b24_engine_send(struct b24_engine *e, const struct b24_conf *conf,
                        const struct b24_request *request);

/* Queues a sleep. It counts time in which the machine is suspended, too. 0: no memory, or no
 * thread. */
b24_job b24_engine_sleep(struct b24_engine *e, b24_ms duration);

/* Readable while something is done. Valid until b24_engine_free. */
int b24_engine_fd(const struct b24_engine *e);

/* Jobs that were neither taken nor cancelled. 0: the descriptor need not be watched. */
size_t b24_engine_running(const struct b24_engine *e);

/* Takes the oldest job that is done off the list, and tells what happened: B24_WOKE, B24_REPLY or
   B24_FAILED. NULL: none is. Its views are valid until one of the next two, whatever else is done
   with the engine meanwhile, but free. */
const struct b24_event *b24_engine_take(struct b24_engine *e, b24_job *job);

/* The end of a job that was taken. False: it was cancelled meanwhile, and nobody wants to hear of
 * it. */
bool b24_engine_drop(struct b24_engine *e, b24_job job);

/* A job that was taken is the oldest that is done again: it could not be told of yet. */
void b24_engine_put_back(struct b24_engine *e, b24_job job);

/* Gives a job up; nothing more is heard of it. False: there is no such job any more. */
bool b24_engine_cancel(struct b24_engine *e, b24_job job);

/* Waits until something is done. False: not within `most` ms, or interrupted. */
bool b24_engine_wait(struct b24_engine *e, b24_ms most, const struct b24_interrupt *interrupt);

/* Gives up all jobs, ends the thread, closes all connections. NULL too. */
void b24_engine_free(struct b24_engine *e);

B24_PRIVATE_END
#endif
