/* json/check.h: a strict JSON check in front of cJSON, which accepts and silently alters too much
   (NUL and control bytes as white space, \u0000 as the end of a string, 01, 1e999, rounded
   integers). */
#ifndef B24_JSON_CHECK_H
#define B24_JSON_CHECK_H

#include "base/buffer.h"

B24_PRIVATE_BEGIN

#define B24_DEPTH_DEFAULT 100  /* no portal answer nests deeper than about ten */
#define B24_DEPTH_MAX     1000 /* cJSON's own limit (CJSON_NESTING_LIMIT) */

struct b24_json_error {
    const char *what; /* a static phrase such as "invalid UTF-8" */
    size_t at;        /* byte offset, from 0 */
    bool no_memory;   /* the text may be fine */
};

/* True when `text` is exactly one JSON value (RFC 8259; a byte order mark in front is allowed):
   valid UTF-8, no raw control bytes, no NUL also as an escape, no lone surrogates, finite numbers,
   at most max_depth levels. Integers beyond 2^53 cannot pass through a double: where there are any,
   `quoted` receives a copy of the text with those integers as strings; otherwise `quoted` stays
   empty. False: `error` says why. */
bool b24_json_check(struct b24_view text, int max_depth, struct b24_buffer *quoted,
                    struct b24_json_error *error);

B24_PRIVATE_END
#endif
