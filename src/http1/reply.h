/* http1/reply.h: reads one HTTP/1.1 reply from pieces of any size. No I/O: for hosts whose sockets
   are not libcurl's. Reads what libcurl reads, so that a portal's answer is the same everywhere;
   but a reply that contradicts itself about its end is refused, or its connection not used again.
 */
#ifndef B24_HTTP1_REPLY_H
#define B24_HTTP1_REPLY_H

#include "base/buffer.h"
#include "rest/outcome.h"

B24_PRIVATE_BEGIN

#define B24_HTTP_VALUE_MAX                                                                         \
    1024 /* bytes of a header value that is kept; longer ones are dropped whole */

enum b24_http_end {
    B24_HTTP_OPEN,     /* not over: wants more bytes */
    B24_HTTP_COMPLETE, /* the reply is whole */
    B24_HTTP_SILENT,   /* closed before a status line was whole */
    B24_HTTP_CUT,      /* closed in the middle */
    B24_HTTP_INVALID,  /* no HTTP/1 reply, or one that breaks the rules; `what` says how */
    B24_HTTP_LARGE,    /* over one of the caps */
    B24_HTTP_ENCODED,  /* encoded, and nobody here decodes it; `what` says more */
    B24_HTTP_NO_MEMORY
};

/* What the next bytes are. */
enum b24_http_part {
    B24_HTTP_STATUS,
    B24_HTTP_FIELDS,
    B24_HTTP_BODY,       /* `left` bytes of it */
    B24_HTTP_REST,       /* body until the connection closes */
    B24_HTTP_CHUNK_SIZE, /* the line before a chunk */
    B24_HTTP_CHUNK,      /* `left` bytes of it */
    B24_HTTP_CHUNK_END,  /* the empty line after it */
    B24_HTTP_TRAILER
};

enum {
    B24_HTTP_CONTENT_TYPE,
    B24_HTTP_LOCATION,
    B24_HTTP_RETRY_AFTER,
    B24_HTTP_DATE,
    B24_HTTP_VALUES
};

/* Read only. An all-zero object may be freed. */
struct b24_http_reply {
    enum b24_http_end end;
    const char *what; /* static */
    bool keep_alive;  /* when complete: may the connection be used again? */
    int status;
    int http_version; /* 10 or 11 */
    char value[B24_HTTP_VALUES][B24_HTTP_VALUE_MAX];
    struct b24_buffer body;
    /* the reader's own */
    enum b24_http_part part;
    struct b24_buffer line;
    size_t header_bytes; /* of status lines, fields and trailers */
    uint64_t length;     /* Content-Length */
    uint64_t left;       /* bytes of the body or chunk that are still to come */
    bool line_waits;     /* `line` is whole, unless the next one is a fold */
    bool is_http;        /* a status line was read */
    bool has_length, chunked, closes, keeps;
};

void b24_http_init(struct b24_http_reply *http, size_t max_reply);

/* Takes the next bytes. Bytes after the end are not read: the connection must then be closed. */
enum b24_http_end b24_http_feed(struct b24_http_reply *http, struct b24_view bytes);

/* The connection was closed by the other side. Never OPEN. */
enum b24_http_end b24_http_eof(struct b24_http_reply *http);

/* The connection was lost. Still OPEN: nothing is known of the reply, and the socket's words are
 * those of the failure. */
enum b24_http_end b24_http_lost(struct b24_http_reply *http);

/* A complete reply; views into `http`. `reused` is the transport's to set. */
void b24_http_take(const struct b24_http_reply *http, struct b24_reply *reply);

/* Any other end as a failure; `sent` is true: there was a request. */
void b24_http_failure(const struct b24_http_reply *http, struct b24_failure *failure);

void b24_http_free(struct b24_http_reply *http);

B24_PRIVATE_END
#endif
