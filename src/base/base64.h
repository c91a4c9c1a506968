/* base/base64.h: bytes as text (RFC 4648, 4, with padding), piece by piece. */
#ifndef B24_BASE_BASE64_H
#define B24_BASE_BASE64_H

#include "base/common.h"

B24_PRIVATE_BEGIN

/* Characters that n bytes make. */
static inline uint64_t b24_base64_length(uint64_t n) { return (n + 2) / 3 * 4; }

/* Writes the n bytes at `from` as text, without a NUL; how many characters. Only the last piece of
   a text may have a number of bytes that 3 does not divide. In place: the bytes may stand at the
   end of the room that their text takes. */
size_t b24_base64(const char *from, size_t n, char *to);

B24_PRIVATE_END
#endif
