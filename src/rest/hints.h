/* rest/hints.h: what to do next, where libcurl and nginx's sockets meet the same trouble. One
 * sentence each. */
#ifndef B24_REST_HINTS_H
#define B24_REST_HINTS_H

#define B24_HINT_CUT                                                                               \
    "The portal or a proxy closed the connection early; repeat the call, and check proxies if it " \
    "stays."
#define B24_HINT_GARBLED                                                                           \
    "The reply was damaged on its way or packed wrongly; repeat the call, and check proxies if "   \
    "it stays."
#define B24_HINT_LARGE_HEADER                                                                      \
    "The portal or a proxy sends header lines without end: its administrator has to correct that."
#define B24_HINT_NAME     "Check the portal's name in the webhook URL, and the network's DNS."
#define B24_HINT_CONNECT  "Check the network, the portal's address and any firewall."
#define B24_HINT_TIME     "Repeat the call, or allow more time with timeout (seconds)."
#define B24_HINT_NOT_HTTP "Check the address and port: no HTTP server answers there."
#define B24_HINT_TLS                                                                               \
    "Check that the address and port are those of an https server, and the TLS versions of both "  \
    "sides."
#define B24_HINT_DATE                                                                              \
    "Check this machine's clock; if it is right, the portal's administrator has to renew the "     \
    "certificate."

#endif
