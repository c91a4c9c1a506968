/* json/form.h: a form (application/x-www-form-urlencoded) as PHP reads it: a tree of objects,
   lists and strings. */
#ifndef B24_JSON_FORM_H
#define B24_JSON_FORM_H

#include <cjson/cJSON.h>

#include "base/common.h"

B24_PRIVATE_BEGIN

#define B24_FORM_FIELDS 1000 /* PHP's own limits: max_input_vars, max_input_nesting_level */
#define B24_FORM_DEPTH  64

/* "a[b][]=1&a[b][]=2" -> {"a":{"b":["1","2"]}}. Numbers 0, 1, 2 in this order are a list; of
   equal names the last counts. Values are UTF-8 without NUL. The caller owns the object. NULL:
   *what is a static phrase such as "it has too many fields"; NULL there too: no memory. */
cJSON *b24_form_parse(struct b24_view text, const char **what);

B24_PRIVATE_END
#endif
