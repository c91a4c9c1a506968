/* rest/posted.h: what Bitrix24 posts to the handler of an event: a form with `event`, `data` and
   `auth`. No I/O. */
#ifndef B24_REST_POSTED_H
#define B24_REST_POSTED_H

#include <cjson/cJSON.h>

#include "base/fault.h"

B24_PRIVATE_BEGIN

/* The body of such a request, as a tree. The caller owns it. NULL: `fault`. */
cJSON *b24_posted_read(struct b24_view body, struct b24_fault *fault);

/* auth.application_token, by which Bitrix24 shows that it is the sender. "": there is none. */
struct b24_view b24_posted_token(const cJSON *posted);

B24_PRIVATE_END
#endif
