/* rest/redirect.h: the address to which a portal sends the browser after a log-in. No I/O. */
#ifndef B24_REST_REDIRECT_H
#define B24_REST_REDIRECT_H

#include "base/fault.h"
#include "rest/grant.h"

B24_PRIVATE_BEGIN

struct b24_redirect {
    char code[B24_TOKEN_MAX];
    char server[B24_ORIGIN_MAX]; /* the token server as it says: nothing to believe yet */
    char member_id[128];
    char scope[1024];
};

enum b24_redirect_result {
    B24_REDIRECT_NONE, /* neither a code nor a state: not what one waits for */
    B24_REDIRECT_GOOD,
    B24_REDIRECT_BAD /* `fault` */
};

/* Reads "/path?code=…&state=…", or a whole URL. Good is only what has this `state` (compared in
   constant time) and comes from this portal (`host`, with its port if it has one): anybody can
   send a browser here. */
enum b24_redirect_result b24_redirect_read(struct b24_view address, struct b24_view state,
                                           const char *host, struct b24_redirect *out,
                                           struct b24_fault *fault);

B24_PRIVATE_END
#endif
