/* rest/error_text.h: what others wrote, on one line for people. */
#ifndef B24_REST_ERROR_TEXT_H
#define B24_REST_ERROR_TEXT_H

#include "base/common.h"

B24_PRIVATE_BEGIN

/* One line, in place: tags, comments, scripts and styles out, HTML's entities decoded once, white
   space and control characters to single spaces. */
void b24_flatten(char *text);

/* Cuts at most `max` bytes, on a character's boundary, with "..." behind. Needs 4 bytes of room
 * behind max. */
void b24_shorten(char *text, size_t max);

B24_PRIVATE_END
#endif
