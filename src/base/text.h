/* base/text.h: UTF-8, and copies of text that may not be. */
#ifndef B24_BASE_TEXT_H
#define B24_BASE_TEXT_H

#include "base/common.h"

B24_PRIVATE_BEGIN

/* Bytes of the UTF-8 sequence at p (p < end), 0 if it is no valid one: no overlong forms, no
 * surrogates. */
size_t b24_utf8_length(const char *p, const char *end);

/* The code point of the valid UTF-8 sequence of n bytes at p. */
uint32_t b24_utf8_code(const char *p, size_t n);

/* Is all of this valid UTF-8? */
bool b24_utf8_valid(const char *p, size_t n);

/* Copies at most size - 1 bytes of valid UTF-8, never half a character; invalid bytes become '?'.
 */
void b24_copy_text(char *out, size_t size, struct b24_view text);

B24_PRIVATE_END
#endif
