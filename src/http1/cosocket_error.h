/* http1/cosocket_error.h: the words of nginx's Lua sockets -> the vocabulary of failures that
 * curl/error.c has too. */
#ifndef B24_HTTP1_COSOCKET_ERROR_H
#define B24_HTTP1_COSOCKET_ERROR_H

#include "rest/outcome.h"

B24_PRIVATE_BEGIN

/* What the socket was asked to do. */
enum b24_cosocket_step {
    B24_COSOCKET_CONNECT,
    B24_COSOCKET_HANDSHAKE,
    B24_COSOCKET_SEND,
    B24_COSOCKET_RECEIVE
};

/* Fills all of `failure`; its text is `words`. A request may have left from SEND on. */
void b24_cosocket_error(enum b24_cosocket_step step, struct b24_view words,
                        struct b24_failure *failure);

B24_PRIVATE_END
#endif
