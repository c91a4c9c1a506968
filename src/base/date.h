/* base/date.h: moments as the portal and HTTP write them. */
#ifndef B24_BASE_DATE_H
#define B24_BASE_DATE_H

#include "base/common.h"

B24_PRIVATE_BEGIN

/* ISO 8601 with an offset ("2026-02-25T12:07:10+01:00", "…Z"; a fraction is dropped) as seconds
   since 1970. False for anything else, also for a date without an offset: whose clock it was is not
   known. */
bool b24_date_parse(const char *text, double *seconds);

/* The three forms of RFC 9110 5.6.7 ("Wed, 25 Nov 2026 18:00:00 GMT", "Wednesday, 25-Nov-26
   18:00:00 GMT", "Wed Nov 25 18:00:00 2026"), always GMT, as seconds since 1970. */
bool b24_date_parse_http(struct b24_view text, double *seconds);

B24_PRIVATE_END
#endif
