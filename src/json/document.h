/* json/document.h: from bytes to a cJSON tree, through the strict check; and the one way to look up
 * a member. */
#ifndef B24_JSON_DOCUMENT_H
#define B24_JSON_DOCUMENT_H

#include <cjson/cJSON.h>

#include "json/check.h"

B24_PRIVATE_BEGIN

/* text.p[text.n] must be NUL (Lua strings and b24_buffers are). The caller owns the tree
   (cJSON_Delete). NULL: `error` says why. */
cJSON *b24_document_parse(struct b24_view text, int max_depth, struct b24_json_error *error);

/* The member of that exact name; of several the last, as in PHP and JavaScript. NULL: none, or not
 * an object. */
cJSON *b24_member(const cJSON *object, const char *name);

/* A decimal integer written as a string ("3", "-12"), at most 15 digits, the whole string. */
bool b24_decimal(const char *s, double *out);

B24_PRIVATE_END
#endif
