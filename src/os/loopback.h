/* os/loopback.h: a web server for one request: the browser that comes back from a portal. */
#ifndef B24_OS_LOOPBACK_H
#define B24_OS_LOOPBACK_H

#include "base/common.h"

B24_PRIVATE_BEGIN

#define B24_BROWSERS 8            /* connections at a time: browsers open some in advance */
#define B24_HEAD_MAX (16u * 1024) /* bytes of a request's head; cookies may be in it */

struct b24_browser {
    int fd; /* -1: free */
    size_t n;
    char head[B24_HEAD_MAX];
};

struct b24_loopback {
    int fd; /* -1: closed */
    size_t next;
    struct b24_browser browsers[B24_BROWSERS];
};

/* Listens on 127.0.0.1, and nobody else can on this port. False: errno. */
bool b24_loopback_listen(struct b24_loopback *server, int port);

/* Which port that is: for 0, one that was free. */
int b24_loopback_port(const struct b24_loopback *server);

enum b24_loopback_event {
    B24_LOOPBACK_REQUEST, /* `*browser`; `*target` is in its head */
    B24_LOOPBACK_LATE,
    B24_LOOPBACK_STOPPED, /* `interrupted` said so */
    B24_LOOPBACK_BROKEN   /* errno */
};

/* Waits for a whole request, at most `limit`. */
enum b24_loopback_event b24_loopback_wait(struct b24_loopback *server, b24_ms limit,
                                          bool (*interrupted)(void *), void *arg,
                                          struct b24_browser **browser, struct b24_view *target);

/* Answers with these bytes and hangs up. */
void b24_loopback_answer(struct b24_browser *browser, struct b24_view bytes);

/* May be called again. */
void b24_loopback_close(struct b24_loopback *server);

/* Ends a TCP connection with RST; the descriptor stays the caller's. For the mock portal. */
void b24_connection_reset(int fd);

B24_PRIVATE_END
#endif
