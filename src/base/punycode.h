/* base/punycode.h: host names in other scripts, as DNS knows them. */
#ifndef B24_BASE_PUNYCODE_H
#define B24_BASE_PUNYCODE_H

#include "base/common.h"

B24_PRIVATE_BEGIN

#define B24_HOST_MAX 253 /* bytes of a host name in DNS */

/* A host in UTF-8 -> the same in ASCII, "xn--" where a label needs it, in lower case. False: it is
   too long, no UTF-8, or has characters that only the whole of Unicode's tables could judge; then
   somebody must write the punycode. `out` has a NUL. */
bool b24_host_ascii(struct b24_view host, char out[B24_HOST_MAX + 1]);

B24_PRIVATE_END
#endif
