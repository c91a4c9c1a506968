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

/* What who builds values from a checked text wants to know beforehand. */
struct b24_json_member {
    struct b24_view name, value; /* as in the text */
    size_t size;                 /* index in `sizes` of its first container */
};

struct b24_json_size {
    uint32_t members;
    uint32_t after;  /* index of the next container that is not in this one */
    const char *end; /* behind its last byte */
};

#define B24_JSON_TOP 12 /* members of the outermost object that are noted */

struct b24_json_plan {
    const char *value;           /* the first byte of the outermost value */
    struct b24_json_size *sizes; /* of the containers, in the order of their first bytes */
    size_t n, cap;
    struct b24_json_member top[B24_JSON_TOP];
    size_t top_count; /* of all members of the outermost object */
};

/* As b24_json_check, and fills an empty plan, which b24_json_plan_free empties. Of the numbers that
   do not pass through a double, who reads the text takes care: b24_json_as_text. */
bool b24_json_plan(struct b24_view text, int max_depth, struct b24_json_plan *plan,
                   struct b24_json_error *error);
void b24_json_plan_init(struct b24_json_plan *plan);
void b24_json_plan_free(struct b24_json_plan *plan);

/* Must this number of a checked text become a string, because a double, or cJSON, would not keep
   it? */
bool b24_json_as_text(struct b24_view number);

B24_PRIVATE_END
#endif
