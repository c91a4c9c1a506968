/* json/repair.h: JSON with wrong characters in it, for what is only read to say what went wrong. */
#ifndef B24_JSON_REPAIR_H
#define B24_JSON_REPAIR_H

#include "base/buffer.h"

B24_PRIVATE_BEGIN

/* A copy that b24_json_check may take: NUL, lone surrogates, unknown escapes and bytes that are not
   UTF-8 become U+FFFD, raw control bytes become spaces, and what follows the value is left out.
   Never the base of a result: what stood there is lost. False: no memory. */
bool b24_json_repair(struct b24_view text, struct b24_buffer *out);

B24_PRIVATE_END
#endif
